import type { LocalDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { payableErrors } from "./errors.ts";
import type { PartyRef } from "./items.ts";

export const PAYMENT_KINDS = ["bills", "remittance", "deposit", "advance", "reissue"] as const;
export type PaymentKind = (typeof PAYMENT_KINDS)[number];
export type PaymentStatus = "submitted" | "issued" | "rejected" | "cancelled";

export type PaymentLine = {
  readonly lineNo: number;
  readonly itemId: string | null;
  readonly account: string;
  readonly party: PartyRef;
  readonly name: string;
  readonly amount: Paise;
  readonly what: string;
  readonly code: string;
  readonly billId: string | null;
};

export type Payment = {
  readonly id: string;
  readonly kind: PaymentKind;
  readonly mode: "cheque" | "transfer";
  readonly account: string;
  readonly fund: string;
  readonly leaf: string | null;
  readonly payee: string;
  /** The authority that a remittance by transfer goes to. */
  readonly payeeParty: PartyRef | null;
  readonly date: LocalDate;
  readonly narration: string;
  readonly amount: Paise;
  readonly status: PaymentStatus;
  readonly version: number;
  readonly createdBy: string;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly entryId: bigint | null;
  readonly cancelledBy: string | null;
  readonly cancelReason: string | null;
  readonly cancelEntryId: bigint | null;
  readonly challanNumber: string | null;
  readonly challanDate: LocalDate | null;
  readonly chequeId: string | null;
  readonly adviceId: string | null;
  readonly adviceNumber: string | null;
  readonly lines: readonly PaymentLine[];
};

/** "cheque 000321 to Shri Balaji Constructions": how refusals and narrations name it. */
export const paymentName = (p: {
  readonly mode: string;
  readonly leaf: string | null;
  readonly payee: string;
}): string => (p.mode === "cheque" ? `cheque ${p.leaf ?? ""} to ${p.payee}` : `the transfer to ${p.payee}`);

/** Raises PAYMENT_UNKNOWN. */
export async function getPayment(read: Read, id: string): Promise<Payment> {
  const [payment] = await readPayments(read, "y.payment_id = :id::uuid", { id }, 1, 0);
  if (!payment) throw payableErrors.PAYMENT_UNKNOWN({ payment: id });
  return payment;
}

/** Payments, the newest first; at most 200 from `offset`. */
export async function listPayments(
  read: Read,
  filter: {
    readonly status?: PaymentStatus | undefined;
    readonly kind?: PaymentKind | undefined;
    readonly from?: LocalDate | undefined;
    readonly to?: LocalDate | undefined;
    readonly billId?: string | undefined;
    readonly limit?: number;
    readonly offset?: number;
  },
): Promise<Payment[]> {
  const params: Record<string, unknown> = {};
  const where = ["true"];
  const add = (condition: string, name: string, value: unknown): void => {
    if (value === undefined) return;
    where.push(condition);
    params[name] = value;
  };
  add("y.status = :status", "status", filter.status);
  add("y.kind = :kind", "kind", filter.kind);
  add("y.payment_date >= :from_day::date", "from_day", filter.from);
  add("y.payment_date <= :to_day::date", "to_day", filter.to);
  add(
    `exists (select 1 from ledger.payment_lines l join ledger.payable_items i on i.ulb_id = l.ulb_id and i.item_id = l.item_id
       where l.ulb_id = y.ulb_id and l.payment_id = y.payment_id and i.bill_id = :bill::uuid)`,
    "bill",
    filter.billId,
  );
  return readPayments(read, where.join(" and "), params, Math.min(filter.limit ?? 100, 200), filter.offset ?? 0);
}

async function readPayments(
  read: Read,
  where: string,
  params: Record<string, unknown>,
  limit: number,
  offset: number,
): Promise<Payment[]> {
  const rows = await read.query<{
    payment_id: string;
    kind: PaymentKind;
    mode: "cheque" | "transfer";
    account: string;
    fund: string;
    leaf: string | null;
    payee: string;
    payee_type: string | null;
    payee_id: string | null;
    payment_date: LocalDate;
    narration: string;
    amount: bigint;
    status: PaymentStatus;
    version: number;
    created_by: string;
    decided_by: string | null;
    decision_reason: string | null;
    entry_id: bigint | null;
    cancelled_by: string | null;
    cancel_reason: string | null;
    cancel_entry_id: bigint | null;
    challan_number: string | null;
    challan_date: LocalDate | null;
    cheque_id: string | null;
    advice_id: string | null;
    advice_number: string | null;
  }>(
    `select y.payment_id, y.kind, y.mode, y.account, y.fund, y.leaf, y.payee, y.payee_type, y.payee_id, y.payment_date, y.narration, y.amount,
       y.status, y.version, y.created_by, y.decided_by, y.decision_reason, y.entry_id, y.cancelled_by, y.cancel_reason, y.cancel_entry_id,
       y.challan_number, y.challan_date, c.cheque_id, a.advice_id, a.number as advice_number
     from ledger.payments y
     left join ledger.cheques c on c.ulb_id = y.ulb_id and c.payment_id = y.payment_id
     left join ledger.advices a on a.ulb_id = y.ulb_id and a.payment_id = y.payment_id
     where y.ulb_id = :ulb and ${where}
     order by y.payment_date desc, y.payment_id desc
     limit :row_limit offset :row_offset`,
    { ...params, ulb: read.ulb.id, row_limit: limit, row_offset: offset },
  );
  if (rows.length === 0) return [];
  const lines = groupBy(
    await read.query<{
      payment_id: string;
      line_no: number;
      item_id: string | null;
      account: string;
      party_type: string;
      party_id: string;
      name: string | null;
      amount: bigint;
      what: string;
      code: string;
      bill_id: string | null;
    }>(
      `select l.payment_id, l.line_no, l.item_id, l.account, l.party_type, l.party_id, p.name, l.amount, l.what, l.code, i.bill_id
       from ledger.payment_lines l
       left join ledger.parties p on p.ulb_id = l.ulb_id and p.party_type = l.party_type and p.party_id = l.party_id
       left join ledger.payable_items i on i.ulb_id = l.ulb_id and i.item_id = l.item_id
       where l.ulb_id = :ulb and l.payment_id = any(:ids::uuid[]) order by l.payment_id, l.line_no`,
      { ulb: read.ulb.id, ids: rows.map((r) => r.payment_id) },
    ),
    (l) => l.payment_id,
  );
  return rows.map((r) => ({
    id: r.payment_id,
    kind: r.kind,
    mode: r.mode,
    account: r.account,
    fund: r.fund,
    leaf: r.leaf,
    payee: r.payee,
    payeeParty: r.payee_type !== null && r.payee_id !== null ? { type: r.payee_type, id: r.payee_id } : null,
    date: r.payment_date,
    narration: r.narration,
    amount: paise(r.amount),
    status: r.status,
    version: r.version,
    createdBy: r.created_by,
    decidedBy: r.decided_by,
    decisionReason: r.decision_reason,
    entryId: r.entry_id,
    cancelledBy: r.cancelled_by,
    cancelReason: r.cancel_reason,
    cancelEntryId: r.cancel_entry_id,
    challanNumber: r.challan_number,
    challanDate: r.challan_date,
    chequeId: r.cheque_id,
    adviceId: r.advice_id,
    adviceNumber: r.advice_number,
    lines: (lines.get(r.payment_id) ?? []).map((l) => ({
      lineNo: l.line_no,
      itemId: l.item_id,
      account: l.account,
      party: { type: l.party_type, id: l.party_id },
      name: l.name ?? `${l.party_type} ${l.party_id}`,
      amount: paise(l.amount),
      what: l.what,
      code: l.code,
      billId: l.bill_id,
    })),
  }));
}
