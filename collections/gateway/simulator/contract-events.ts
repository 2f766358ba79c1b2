import type { Instant } from "../../../ledger/kernel/dates.ts";
import type { GatewayBankTransfer, GatewayDispute, GatewayLink, GatewayQr, GatewayVirtualAccount } from "../collect.ts";
import { parseBankTransfer, parseDispute, parseLink, parseQr, parseVirtualAccount } from "../collect-entities.ts";
import { field, parseOrder, parsePayment, parseRefund, parseSettlement } from "../entities.ts";
import type { GatewayOrder, GatewayPayment, GatewayRefund, GatewaySettlement } from "../seen.ts";

type Base = { readonly event: string; readonly at: Instant; readonly accountId: string | null };

/**
 * What a webhook says, with nothing guessed. `unreadable` is an event that we do know whose entity does not parse (a number as text, a missing
 * key): the payment named in it is to be asked for. `other` is stored and ignored. `broken` is not an event at all.
 */
export type GatewayEvent =
  | (Base & { readonly kind: "payment"; readonly payment: GatewayPayment; readonly order: GatewayOrder | undefined })
  | (Base & { readonly kind: "refund"; readonly refund: GatewayRefund; readonly payment: GatewayPayment | undefined })
  | (Base & { readonly kind: "settlement"; readonly settlement: GatewaySettlement })
  | (Base & {
      readonly kind: "dispute";
      readonly dispute: GatewayDispute;
      readonly payment: GatewayPayment | undefined;
      /** The bank wants more evidence before `respondBy`. */
      readonly isActionRequired: boolean;
    })
  | (Base & { readonly kind: "link"; readonly link: GatewayLink; readonly payment: GatewayPayment | undefined })
  | (Base & { readonly kind: "qr"; readonly qr: GatewayQr; readonly payment: GatewayPayment | undefined })
  | (Base & {
      readonly kind: "virtual-account";
      readonly account: GatewayVirtualAccount;
      readonly payment: GatewayPayment | undefined;
      readonly transfer: GatewayBankTransfer | undefined;
    })
  | (Base & { readonly kind: "other" })
  | (Base & { readonly kind: "unreadable"; readonly paymentId: string | null; readonly reason: string })
  | { readonly kind: "broken"; readonly reason: string };

const PAYMENT_EVENTS = new Set(["payment.authorized", "payment.captured", "payment.failed", "order.paid"]);
const REFUND_EVENTS = new Set(["refund.created", "refund.processed", "refund.failed", "refund.speed_changed"]);

/**
 * Reads the bytes of a webhook, every entity by its parser: for the contract tests, which ask that all that the simulator says can be read. What the
 * product makes of an event is `collections/online/event-reading.ts`. Never throws.
 */
export function readGatewayEvent(raw: Buffer): GatewayEvent {
  let body: unknown;
  try {
    body = JSON.parse(raw.toString("utf8"));
  } catch {
    return { kind: "broken", reason: "the body is signed but is not JSON" };
  }
  const event = field(body, "event");
  if (typeof event !== "string") return { kind: "broken", reason: "the body has no event" };
  const seconds = field(body, "created_at");
  if (typeof seconds !== "number" || !Number.isSafeInteger(seconds) || seconds < 0 || seconds > 253_402_300_799)
    return { kind: "broken", reason: `${event} without a moment` };
  const account = field(body, "account_id");
  const base = { event, at: new Date(seconds * 1000), accountId: typeof account === "string" ? account : null };
  return readEntities(base, field(body, "payload"));
}

function readEntities(base: Base, payload: unknown): GatewayEvent {
  const entityOf = (name: string): unknown => field(field(payload, name), "entity");
  const { event } = base;
  const payment = parsePayment(entityOf("payment"));
  const unreadable = (what: string): GatewayEvent => {
    const id = field(entityOf("payment"), "id");
    return {
      ...base,
      kind: "unreadable",
      paymentId: typeof id === "string" && /^pay_[A-Za-z0-9]{14}$/.test(id) ? id : null,
      reason: `${event} without a ${what} that can be read`,
    };
  };
  if (PAYMENT_EVENTS.has(event))
    return payment
      ? { ...base, kind: "payment", payment, order: parseOrder(entityOf("order")) }
      : unreadable("payment");
  if (REFUND_EVENTS.has(event)) {
    const refund = parseRefund(entityOf("refund"));
    return refund ? { ...base, kind: "refund", refund, payment } : unreadable("refund");
  }
  if (event.startsWith("settlement.")) {
    const settlement = parseSettlement(entityOf("settlement"));
    return settlement ? { ...base, kind: "settlement", settlement } : unreadable("settlement");
  }
  if (event.startsWith("payment.dispute.")) {
    const dispute = parseDispute(entityOf("dispute"));
    if (!dispute) return unreadable("dispute");
    return {
      ...base,
      kind: "dispute",
      dispute,
      payment,
      isActionRequired: event === "payment.dispute.action_required",
    };
  }
  if (event.startsWith("payment_link.")) {
    const link = parseLink(entityOf("payment_link"));
    return link ? { ...base, kind: "link", link, payment } : unreadable("payment link");
  }
  if (event.startsWith("qr_code.")) {
    const qr = parseQr(entityOf("qr_code"));
    return qr ? { ...base, kind: "qr", qr, payment } : unreadable("QR code");
  }
  if (event.startsWith("virtual_account.")) {
    const account = parseVirtualAccount(entityOf("virtual_account"));
    if (!account) return unreadable("virtual account");
    return {
      ...base,
      kind: "virtual-account",
      account,
      payment,
      transfer: parseBankTransfer(entityOf("bank_transfer")),
    };
  }
  return { ...base, kind: "other" };
}
