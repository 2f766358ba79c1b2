import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { GatewayBankTransfer, GatewayDispute, GatewayLink, GatewayQr, GatewayVirtualAccount } from "./collect.ts";
import { amount, epoch, field, moment, money, notesOf, optionalText, textOf } from "./entities.ts";

const loose = Type.Optional(Type.Unknown());
const optionalAmount = Type.Optional(Type.Union([amount, Type.Null()]));

const Link = Type.Object({
  id: Type.String({ pattern: "^plink_[A-Za-z0-9]{14}$" }),
  amount,
  amount_paid: optionalAmount,
  status: Type.Union([
    Type.Literal("created"),
    Type.Literal("partially_paid"),
    Type.Literal("paid"),
    Type.Literal("cancelled"),
    Type.Literal("expired"),
  ]),
  order_id: optionalText,
  reference_id: optionalText,
  short_url: optionalText,
  expire_by: loose,
  payments: loose,
  notes: loose,
  created_at: epoch,
});

const Qr = Type.Object({
  id: Type.String({ pattern: "^qr_[A-Za-z0-9]{14}$" }),
  usage: Type.Union([Type.Literal("single_use"), Type.Literal("multiple_use")]),
  payment_amount: optionalAmount,
  fixed_amount: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  status: Type.Union([Type.Literal("active"), Type.Literal("closed")]),
  payments_amount_received: optionalAmount,
  payments_count_received: optionalAmount,
  image_url: optionalText,
  close_by: loose,
  notes: loose,
  created_at: epoch,
});

const VirtualAccount = Type.Object({
  id: Type.String({ pattern: "^va_[A-Za-z0-9]{14}$" }),
  name: optionalText,
  status: Type.Union([Type.Literal("active"), Type.Literal("closed")]),
  amount_paid: optionalAmount,
  receivers: loose,
  close_by: loose,
  notes: loose,
  created_at: epoch,
});

const BankTransfer = Type.Object({
  payment_id: Type.String({ pattern: "^pay_[A-Za-z0-9]{14}$" }),
  amount,
  mode: optionalText,
  bank_reference: optionalText,
  payer_bank_account: loose,
  virtual_account_id: Type.String({ pattern: "^va_[A-Za-z0-9]{14}$" }),
});

const Dispute = Type.Object({
  id: Type.String({ pattern: "^disp_[A-Za-z0-9]{14}$" }),
  payment_id: Type.String({ pattern: "^pay_[A-Za-z0-9]{14}$" }),
  amount,
  amount_deducted: optionalAmount,
  status: Type.Union([
    Type.Literal("open"),
    Type.Literal("under_review"),
    Type.Literal("won"),
    Type.Literal("lost"),
    Type.Literal("closed"),
  ]),
  phase: Type.Union([
    Type.Literal("fraud"),
    Type.Literal("retrieval"),
    Type.Literal("chargeback"),
    Type.Literal("pre_arbitration"),
    Type.Literal("arbitration"),
  ]),
  reason_code: optionalText,
  respond_by: loose,
  created_at: epoch,
});

/** Compiled once: a backlog of webhooks is checked by the thousand. */
const checked = {
  Link: Compile(Link),
  Qr: Compile(Qr),
  VirtualAccount: Compile(VirtualAccount),
  BankTransfer: Compile(BankTransfer),
  Dispute: Compile(Dispute),
};

/** A moment that the samples write as a number, as text, as 0 or as null. */
function optionalMoment(value: unknown): Date | null {
  const number = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? moment(number) : null;
}

/** The order's id, whose prefix the sample of payment_link.paid leaves out. */
function orderIdOf(value: unknown): string | null {
  const text = textOf(value);
  if (text === null) return null;
  if (/^order_[A-Za-z0-9]{14}$/.test(text)) return text;
  return /^[A-Za-z0-9]{14}$/.test(text) ? `order_${text}` : null;
}

/** The entity, or undefined when the JSON is not one. */
export function parseLink(json: unknown): GatewayLink | undefined {
  if (!checked.Link.Check(json)) return undefined;
  const l: Static<typeof Link> = json;
  const payments: unknown[] = Array.isArray(l.payments) ? l.payments : [];
  return {
    id: l.id,
    orderId: orderIdOf(l.order_id),
    amount: money(l.amount),
    amountPaid: money(l.amount_paid ?? 0),
    status: l.status,
    referenceId: textOf(l.reference_id),
    url: l.short_url ?? "",
    expiresAt: optionalMoment(l.expire_by),
    paymentIds: payments.flatMap((p) => textOf(field(p, "payment_id")) ?? []),
    notes: notesOf(l.notes),
    createdAt: moment(l.created_at),
  };
}

export function parseQr(json: unknown): GatewayQr | undefined {
  if (!checked.Qr.Check(json)) return undefined;
  const q: Static<typeof Qr> = json;
  return {
    id: q.id,
    usage: q.usage,
    amount: q.fixed_amount === true && typeof q.payment_amount === "number" ? money(q.payment_amount) : null,
    status: q.status,
    amountReceived: money(q.payments_amount_received ?? 0),
    paymentCount: q.payments_count_received ?? 0,
    imageUrl: q.image_url ?? "",
    closeBy: optionalMoment(q.close_by),
    notes: notesOf(q.notes),
    createdAt: moment(q.created_at),
  };
}

export function parseVirtualAccount(json: unknown): GatewayVirtualAccount | undefined {
  if (!checked.VirtualAccount.Check(json)) return undefined;
  const v: Static<typeof VirtualAccount> = json;
  const receivers: unknown[] = Array.isArray(v.receivers) ? v.receivers : [];
  const account = receivers.find((r) => textOf(field(r, "account_number")) !== null);
  return {
    id: v.id,
    name: v.name ?? "",
    status: v.status,
    amountPaid: money(v.amount_paid ?? 0),
    accountNumber: textOf(field(account, "account_number")),
    ifsc: textOf(field(account, "ifsc")),
    closeBy: optionalMoment(v.close_by),
    notes: notesOf(v.notes),
    createdAt: moment(v.created_at),
  };
}

export function parseBankTransfer(json: unknown): GatewayBankTransfer | undefined {
  if (!checked.BankTransfer.Check(json)) return undefined;
  const t: Static<typeof BankTransfer> = json;
  return {
    paymentId: t.payment_id,
    amount: money(t.amount),
    mode: t.mode ?? "",
    utr: textOf(t.bank_reference),
    virtualAccountId: t.virtual_account_id,
    payerName: textOf(field(t.payer_bank_account, "name")),
  };
}

export function parseDispute(json: unknown): GatewayDispute | undefined {
  if (!checked.Dispute.Check(json)) return undefined;
  const d: Static<typeof Dispute> = json;
  return {
    id: d.id,
    paymentId: d.payment_id,
    amount: money(d.amount),
    amountDeducted: money(d.amount_deducted ?? 0),
    status: d.status,
    phase: d.phase,
    reasonCode: d.reason_code ?? "",
    respondBy: optionalMoment(d.respond_by),
    createdAt: moment(d.created_at),
  };
}
