import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { GatewayOrder, GatewayPayment, GatewayRefund, GatewaySettlement, SettlementItem } from "./seen.ts";

// The SDK's types promise what the API does not keep (fee is null before capture, notes is [] when empty, a truncated body arrives as
// a string). So everything that comes back is checked here before it becomes one of our types. Unknown keys are allowed: the gateway adds.

export const amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const epoch = Type.Integer({ minimum: 0, maximum: 253_402_300_799 });
export const optionalText = Type.Optional(Type.Union([Type.String({ maxLength: 2000 }), Type.Null()]));
const optionalAmount = Type.Optional(Type.Union([amount, Type.Null()]));
const notes = Type.Optional(Type.Unknown());

const Order = Type.Object({
  id: Type.String({ pattern: "^order_[A-Za-z0-9]{14}$" }),
  amount,
  amount_paid: amount,
  currency: Type.String({ minLength: 3, maxLength: 3 }),
  receipt: optionalText,
  status: Type.Union([Type.Literal("created"), Type.Literal("attempted"), Type.Literal("paid")]),
  notes,
  created_at: epoch,
});

const Payment = Type.Object({
  id: Type.String({ pattern: "^pay_[A-Za-z0-9]{14}$" }),
  amount,
  currency: Type.String({ minLength: 3, maxLength: 3 }),
  status: Type.Union([
    Type.Literal("created"),
    Type.Literal("authorized"),
    Type.Literal("captured"),
    Type.Literal("refunded"),
    Type.Literal("failed"),
  ]),
  order_id: Type.Optional(Type.Union([Type.String({ pattern: "^order_[A-Za-z0-9]{14}$" }), Type.Null()])),
  method: Type.Optional(Type.Union([Type.String({ maxLength: 40 }), Type.Null()])),
  captured: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  amount_refunded: optionalAmount,
  fee: optionalAmount,
  tax: optionalAmount,
  bank: optionalText,
  contact: optionalText,
  error_code: optionalText,
  error_description: optionalText,
  card: Type.Optional(Type.Unknown()),
  acquirer_data: Type.Optional(Type.Unknown()),
  notes,
  created_at: epoch,
});

const Refund = Type.Object({
  id: Type.String({ pattern: "^rfnd_[A-Za-z0-9]{14}$" }),
  payment_id: Type.String({ pattern: "^pay_[A-Za-z0-9]{14}$" }),
  amount,
  currency: Type.String({ minLength: 3, maxLength: 3 }),
  status: Type.Union([Type.Literal("pending"), Type.Literal("processed"), Type.Literal("failed")]),
  receipt: optionalText,
  created_at: epoch,
});

const Settlement = Type.Object({
  id: Type.String({ pattern: "^setl_[A-Za-z0-9]{14}$" }),
  amount,
  status: Type.Union([Type.Literal("created"), Type.Literal("processed"), Type.Literal("failed")]),
  utr: optionalText,
  created_at: epoch,
});

const Item = Type.Object({
  entity_id: Type.String({ pattern: "^[a-z]+_[A-Za-z0-9]{14}$" }),
  type: Type.Union([
    Type.Literal("payment"),
    Type.Literal("refund"),
    Type.Literal("transfer"),
    Type.Literal("adjustment"),
  ]),
  debit: amount,
  credit: amount,
  amount,
  currency: Type.String({ minLength: 3, maxLength: 3 }),
  fee: amount,
  tax: amount,
  on_hold: Type.Boolean(),
  settled: Type.Boolean(),
  created_at: epoch,
  settled_at: Type.Optional(Type.Union([epoch, Type.Null()])),
  settlement_id: optionalText,
  settlement_utr: optionalText,
  payment_id: optionalText,
  order_id: optionalText,
  order_receipt: optionalText,
  method: optionalText,
  card_network: optionalText,
  card_type: optionalText,
  dispute_id: optionalText,
  description: optionalText,
});

/** Compiled once: a backlog of webhooks is checked by the thousand. */
const checked = {
  Order: Compile(Order),
  Payment: Compile(Payment),
  Refund: Compile(Refund),
  Settlement: Compile(Settlement),
  Item: Compile(Item),
};

export function money(value: number): Paise {
  return paise(BigInt(value));
}
export function moment(seconds: number): Date {
  return new Date(seconds * 1000);
}
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** `notes` is [] when empty, else an object whose values may be numbers; what is not a short text is left out. */
export function notesOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const result: Record<string, string> = {};
  for (const [key, v] of Object.entries(value)) {
    if (typeof v === "string" || typeof v === "number") result[key] = String(v).slice(0, 256);
  }
  return result;
}

/** The entity, or undefined when the JSON is not one. */
export function parseOrder(json: unknown): GatewayOrder | undefined {
  if (!checked.Order.Check(json)) return undefined;
  const o: Static<typeof Order> = json;
  return {
    id: o.id,
    amount: money(o.amount),
    amountPaid: money(o.amount_paid),
    currency: o.currency,
    receipt: o.receipt ?? null,
    status: o.status,
    notes: notesOf(o.notes),
    createdAt: moment(o.created_at),
  };
}

export function parsePayment(json: unknown): GatewayPayment | undefined {
  if (!checked.Payment.Check(json)) return undefined;
  const p: Static<typeof Payment> = json;
  const acquirer = p.acquirer_data;
  return {
    id: p.id,
    orderId: p.order_id ?? null,
    amount: money(p.amount),
    currency: p.currency,
    status: p.status,
    // A sample of payment.authorized says captured: true; the status is what counts.
    captured: p.status === "captured" || (p.status === "refunded" && p.captured !== false),
    method: p.method ?? "unknown",
    fee: p.fee === null || p.fee === undefined ? null : money(p.fee),
    tax: p.tax === null || p.tax === undefined ? null : money(p.tax),
    amountRefunded: money(p.amount_refunded ?? 0),
    bank: textOf(p.bank),
    cardLast4: textOf(field(p.card, "last4")),
    cardNetwork: textOf(field(p.card, "network")),
    reference:
      textOf(field(acquirer, "rrn")) ??
      textOf(field(acquirer, "upi_transaction_id")) ??
      textOf(field(acquirer, "bank_transaction_id")) ??
      textOf(field(acquirer, "auth_code")),
    contact: textOf(p.contact),
    errorCode: textOf(p.error_code),
    errorDescription: textOf(p.error_description),
    notes: notesOf(p.notes),
    createdAt: moment(p.created_at),
  };
}

export function parseRefund(json: unknown): GatewayRefund | undefined {
  if (!checked.Refund.Check(json)) return undefined;
  const r: Static<typeof Refund> = json;
  return {
    id: r.id,
    paymentId: r.payment_id,
    amount: money(r.amount),
    currency: r.currency,
    status: r.status,
    receipt: r.receipt ?? null,
    createdAt: moment(r.created_at),
  };
}

export function parseSettlement(json: unknown): GatewaySettlement | undefined {
  if (!checked.Settlement.Check(json)) return undefined;
  const s: Static<typeof Settlement> = json;
  return { id: s.id, amount: money(s.amount), status: s.status, utr: s.utr ?? null, createdAt: moment(s.created_at) };
}

export function parseSettlementItem(json: unknown): SettlementItem | undefined {
  if (!checked.Item.Check(json)) return undefined;
  const i: Static<typeof Item> = json;
  if (i.currency !== "INR") return undefined;
  return {
    entityId: i.entity_id,
    type: i.type,
    debit: money(i.debit),
    credit: money(i.credit),
    amount: money(i.amount),
    fee: money(i.fee),
    tax: money(i.tax),
    isOnHold: i.on_hold,
    isSettled: i.settled,
    settlementId: i.settlement_id ?? null,
    utr: i.settlement_utr ?? null,
    paymentId: i.payment_id ?? null,
    orderId: i.order_id ?? null,
    orderReceipt: i.order_receipt ?? null,
    method: i.method ?? null,
    cardNetwork: i.card_network ?? null,
    cardType: i.card_type ?? null,
    disputeId: i.dispute_id ?? null,
    description: i.description ?? null,
    createdAt: moment(i.created_at),
    settledAt: i.settled_at ? moment(i.settled_at) : null,
  };
}

/** A collection `{items: […]}` in which every member is well-formed, or undefined: half a list would hide money. */
export function parseList<T>(json: unknown, parse: (item: unknown) => T | undefined): T[] | undefined {
  const items = field(json, "items");
  if (!Array.isArray(items)) return undefined;
  const result: T[] = [];
  for (const item of items) {
    const parsed = parse(item);
    if (parsed === undefined) return undefined;
    result.push(parsed);
  }
  return result;
}
