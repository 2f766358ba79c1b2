import type { DisputeObservation } from "../disputes/dispute-state.ts";
import { parseDispute, parsePayment, parseRefund, type GatewayPayment } from "../gateway/index.ts";
import type { Observation } from "./payment-state.ts";
import type { RefundObservation } from "../refunds/refunds.ts";

/** What an event says; its bytes alone decide, nothing is looked up and nothing guessed. */
export type Reading =
  /** A payment, and the request (plink_…, qr_…, va_…) that it came through, where the event tells. */
  | { readonly kind: "payment"; readonly observation: Observation; readonly request: string | undefined }
  | { readonly kind: "refund"; readonly payment: GatewayPayment | undefined; readonly refund: RefundObservation }
  | { readonly kind: "dispute"; readonly dispute: DisputeObservation }
  /** A request was closed, cancelled or has expired: its end is asked for. */
  | { readonly kind: "request"; readonly request: string }
  | { readonly kind: "ignore" }
  /** Numbers as text, a missing key: the gateway is asked for the thing itself. */
  | { readonly kind: "ask"; readonly paymentId: string; readonly request: string | undefined }
  | { readonly kind: "ask-order"; readonly orderId: string }
  | { readonly kind: "ask-dispute"; readonly disputeId: string }
  | { readonly kind: "mismatch"; readonly account: string }
  | { readonly kind: "dead"; readonly reason: string };

const PAYMENT_EVENTS = new Set(["payment.authorized", "payment.captured", "payment.failed", "order.paid"]);
const REFUND_EVENTS = new Set(["refund.created", "refund.processed", "refund.failed", "refund.speed_changed"]);
/** Events of money that came through a request, with the name of the request in the payload. */
const CREDITED: Readonly<Record<string, string>> = {
  "payment_link.paid": "payment_link",
  "payment_link.partially_paid": "payment_link",
  "qr_code.credited": "qr_code",
  "virtual_account.credited": "virtual_account",
};
const ENDED: Readonly<Record<string, string>> = {
  "payment_link.cancelled": "payment_link",
  "payment_link.expired": "payment_link",
  "qr_code.closed": "qr_code",
  "virtual_account.closed": "virtual_account",
};

export function parseJson(raw: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const idOf = (entity: unknown, pattern: RegExp): string | undefined => {
  const id = typeof entity === "object" && entity !== null ? (entity as { id?: unknown }).id : undefined;
  return typeof id === "string" && pattern.test(id) ? id : undefined;
};
const PAYMENT_ID = /^pay_[A-Za-z0-9]{14}$/;
const ORDER_ID = /^order_[A-Za-z0-9]{14}$/;
const REQUEST_ID = /^(plink|qr|va)_[A-Za-z0-9]{14}$/;
const DISPUTE_ID = /^disp_[A-Za-z0-9]{14}$/;

/** Reads an event. `ownAccounts`: the ULB's accounts at the gateway, where they are known; an event that names another is not read any further. */
export function readEvent(raw: Buffer, eventKey: string, ownAccounts: ReadonlySet<string>): Reading {
  const body = parseJson(raw);
  if (!body) return { kind: "dead", reason: "the body is signed but is not JSON" };
  const { event, payload, account_id: account, created_at: seconds } = body;
  if (ownAccounts.size > 0 && typeof account === "string" && !ownAccounts.has(account))
    return { kind: "mismatch", account: account.slice(0, 40) };
  const partOf = (name: string): Record<string, unknown> | undefined => {
    const part =
      typeof payload === "object" && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
    return typeof part === "object" && part !== null ? (part as Record<string, unknown>) : undefined;
  };
  const entityOf = (name: string): unknown => partOf(name)?.["entity"];
  if (typeof event !== "string") return { kind: "dead", reason: "the body has no event" };
  const at =
    typeof seconds === "number" && Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 253_402_300_800
      ? new Date(seconds * 1000)
      : undefined;
  const credited = CREDITED[event];
  if (PAYMENT_EVENTS.has(event) || credited !== undefined) {
    const request = credited === undefined ? undefined : idOf(entityOf(credited), REQUEST_ID);
    const payment = parsePayment(entityOf("payment"));
    if (payment && at) return { kind: "payment", observation: { payment, feed: "webhook", at, eventKey }, request };
    const paymentId = idOf(entityOf("payment"), PAYMENT_ID);
    if (paymentId !== undefined) return { kind: "ask", paymentId, request };
    const orderId = idOf(entityOf("order"), ORDER_ID);
    if (orderId !== undefined) return { kind: "ask-order", orderId };
    if (request !== undefined) return { kind: "request", request };
    return { kind: "dead", reason: `${event.slice(0, 60)} without a payment` };
  }
  if (REFUND_EVENTS.has(event)) {
    const refund = parseRefund(entityOf("refund"));
    const payment = parsePayment(entityOf("payment"));
    if (refund && at)
      return {
        kind: "refund",
        payment,
        refund: { refund, at, ...(payment && !payment.captured ? { isUncaptured: true } : {}) },
      };
    const named = (entityOf("refund") as { payment_id?: unknown } | undefined)?.payment_id;
    return typeof named === "string" && PAYMENT_ID.test(named)
      ? { kind: "ask", paymentId: named, request: undefined }
      : { kind: "dead", reason: `${event} without a refund` };
  }
  if (event.startsWith("payment.dispute.")) {
    const dispute = parseDispute(entityOf("dispute"));
    if (dispute && at) {
      const isAction = event === "payment.dispute.action_required";
      return { kind: "dispute", dispute: { dispute, feed: "webhook", at, eventKey, actionRequired: isAction } };
    }
    const disputeId = idOf(entityOf("dispute"), DISPUTE_ID);
    return disputeId === undefined
      ? { kind: "dead", reason: `${event.slice(0, 60)} without a dispute` }
      : { kind: "ask-dispute", disputeId };
  }
  const ended = ENDED[event];
  const request = ended === undefined ? undefined : idOf(entityOf(ended), REQUEST_ID);
  return request === undefined ? { kind: "ignore" } : { kind: "request", request };
}
