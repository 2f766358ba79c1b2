import type { LocalDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import type { PartyType } from "../masters/index.ts";
import type { Deduction } from "./deductions.ts";
import type { BillLine } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import type { PartyRef } from "./items.ts";

export const BILL_KINDS = ["contractor", "supplier", "salary", "other"] as const;
export type BillKind = (typeof BILL_KINDS)[number];
export type BillStatus = "draft" | "submitted" | "passed" | "rejected" | "cancelled";
export type BillParty = { readonly type: PartyType; readonly id: string };

/** One recovery from one bill: what is typed, the rest is computed. Amounts are rupees as text, because they are kept as they were asked. */
export type AskedDeductions = {
  /** Codes of tax sections and cess to be looked at. */
  readonly sections: readonly string[];
  /** Per cent of the value without GST, "5". */
  readonly retentionPercent?: string | undefined;
  readonly advances: readonly { readonly itemId: string; readonly amount: string }[];
  readonly others: readonly {
    readonly kind: "recovery" | "income";
    readonly code: string;
    readonly label: string;
    readonly account: string;
    readonly amount: string;
    readonly function?: string | undefined;
  }[];
};

/** One of the many whom a pay bill pays. Deductions name a tax section of the kind "other" (PF, professional tax), or an advance. */
export type AskedPayee = {
  readonly party: BillParty;
  readonly gross: string;
  readonly deductions: readonly (
    { readonly code: string; readonly amount: string } | { readonly itemId: string; readonly amount: string }
  )[];
};

export type BillInput = {
  readonly kind: BillKind;
  readonly party: BillParty;
  /** The party's own number of the bill. */
  readonly number: string;
  readonly billDate: LocalDate;
  readonly receivedOn: LocalDate;
  readonly dueOn?: LocalDate | undefined;
  readonly narration: string;
  readonly fund?: string | undefined;
  readonly contractRef?: string | undefined;
  /** Without GST. */
  readonly contractValue?: Paise | undefined;
  /** GST inside the bill; nothing is deducted from it. */
  readonly gst?: Paise | undefined;
  readonly lines: readonly BillLine[];
  readonly asked: AskedDeductions;
  readonly payees?: readonly AskedPayee[] | undefined;
};

export type BillPayee = {
  readonly party: BillParty;
  readonly name: string;
  readonly gross: Paise;
  readonly net: Paise;
};

export type Bill = {
  readonly id: string;
  readonly kind: BillKind;
  readonly party: BillParty;
  readonly partyName: string;
  readonly number: string;
  readonly billDate: LocalDate;
  readonly receivedOn: LocalDate;
  readonly dueOn: LocalDate | null;
  readonly narration: string;
  readonly fund: string;
  readonly contractRef: string | null;
  readonly contractValue: Paise | null;
  readonly gross: Paise;
  readonly taxable: Paise;
  readonly net: Paise;
  /** Of the net, what was paid so far. */
  readonly paid: Paise;
  readonly asked: AskedDeductions & { readonly payees: readonly AskedPayee[] };
  readonly status: BillStatus;
  readonly version: number;
  readonly registerNumber: string | null;
  readonly createdBy: string;
  readonly submittedBy: string | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly bookedOn: LocalDate | null;
  readonly entryId: bigint | null;
  readonly cancelledBy: string | null;
  readonly cancelReason: string | null;
  readonly cancelEntryId: bigint | null;
  readonly lines: readonly BillLine[];
  readonly deductions: readonly Deduction[];
  readonly payees: readonly BillPayee[];
};

/** "bill 17/2026 of C-0012": how refusals and the audit name it. */
export const billName = (bill: { readonly number: string; readonly party: PartyRef }): string =>
  `bill ${bill.number} of ${bill.party.id}`;

type Row = {
  bill_id: string;
  kind: BillKind;
  party_type: PartyType;
  party_id: string;
  party_name: string;
  number: string;
  bill_date: LocalDate;
  received_on: LocalDate;
  due_on: LocalDate | null;
  narration: string;
  fund: string;
  contract_ref: string | null;
  contract_value: bigint | null;
  gross: bigint;
  taxable: bigint;
  net: bigint;
  paid: bigint;
  asked: AskedDeductions & { readonly payees: readonly AskedPayee[] };
  status: BillStatus;
  version: number;
  register_number: string | null;
  created_by: string;
  submitted_by: string | null;
  decided_by: string | null;
  decision_reason: string | null;
  booked_on: LocalDate | null;
  entry_id: bigint | null;
  cancelled_by: string | null;
  cancel_reason: string | null;
  cancel_entry_id: bigint | null;
};

/** Raises BILL_UNKNOWN. */
export async function getBill(read: Read, id: string): Promise<Bill> {
  const [bill] = await readBills(read, "b.bill_id = :id::uuid", { id }, 1);
  if (!bill) throw payableErrors.BILL_UNKNOWN({ bill: id });
  return bill;
}

/** Bills, the newest first; at most 200 from `offset`. */
export async function listBills(
  read: Read,
  filter: {
    readonly status?: BillStatus | undefined;
    readonly party?: PartyRef | undefined;
    readonly contractRef?: string | undefined;
    readonly receivedFrom?: LocalDate | undefined;
    readonly receivedTo?: LocalDate | undefined;
    readonly limit?: number;
    readonly offset?: number;
  },
): Promise<Bill[]> {
  const params: Record<string, unknown> = {};
  const where = ["true"];
  const add = (condition: string, name: string, value: unknown): void => {
    if (value === undefined) return;
    where.push(condition);
    params[name] = value;
  };
  add("b.status = :status", "status", filter.status);
  add("b.party_type = :party_type", "party_type", filter.party?.type);
  add("b.party_id = :party_id", "party_id", filter.party?.id);
  add("b.contract_ref = :contract", "contract", filter.contractRef);
  add("b.received_on >= :received_from::date", "received_from", filter.receivedFrom);
  add("b.received_on <= :received_to::date", "received_to", filter.receivedTo);
  return readBills(read, where.join(" and "), params, Math.min(filter.limit ?? 100, 200), filter.offset ?? 0);
}

async function readBills(
  read: Read,
  where: string,
  params: Record<string, unknown>,
  limit: number,
  offset = 0,
): Promise<Bill[]> {
  const rows = await read.query<Row>(
    `select b.bill_id, b.kind, b.party_type, b.party_id, p.name as party_name, b.number, b.bill_date, b.received_on, b.due_on, b.narration, b.fund,
       b.contract_ref, b.contract_value, b.gross, b.taxable, b.net, b.asked, b.status, b.version, b.register_number, b.created_by, b.submitted_by,
       b.decided_by, b.decision_reason, b.booked_on, b.entry_id, b.cancelled_by, b.cancel_reason, b.cancel_entry_id,
       coalesce((select -sum(m.amount) from ledger.payable_items i
         join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.why in ('paid', 'payment cancelled', 'returned')
         where i.ulb_id = b.ulb_id and i.bill_id = b.bill_id and i.kind = 'creditor'), 0)::bigint as paid
     from ledger.bills b
     join ledger.parties p on p.ulb_id = b.ulb_id and p.party_type = b.party_type and p.party_id = b.party_id
     where b.ulb_id = :ulb and ${where}
     order by b.received_on desc, b.bill_id desc
     limit :row_limit offset :row_offset`,
    { ...params, ulb: read.ulb.id, row_limit: limit, row_offset: offset },
  );
  if (rows.length === 0) return [];
  const of = { ulb: read.ulb.id, ids: rows.map((r) => r.bill_id) };
  const lines = groupBy(
    await read.query<{
      bill_id: string;
      account: string;
      amount: bigint;
      function: string | null;
      ward: string | null;
      functionary: string | null;
      budget_head: string | null;
      scheme: string | null;
      what: string | null;
    }>(
      `select bill_id, account, amount, function, ward, functionary, budget_head, scheme, what from ledger.bill_lines
       where ulb_id = :ulb and bill_id = any(:ids::uuid[]) order by bill_id, line_no`,
      of,
    ),
    (l) => l.bill_id,
  );
  const deductions = groupBy(
    await read.query<{
      bill_id: string;
      kind: Deduction["kind"];
      code: string;
      label: string;
      party_type: string;
      party_id: string;
      base: bigint;
      rate: string | null;
      amount: bigint;
      account: string;
      function: string | null;
      rule: string;
      item_id: string | null;
    }>(
      `select bill_id, kind, code, label, party_type, party_id, base, rate::text as rate, amount, account, function, rule, item_id
       from ledger.bill_deductions where ulb_id = :ulb and bill_id = any(:ids::uuid[]) order by bill_id, line_no`,
      of,
    ),
    (d) => d.bill_id,
  );
  const payees = groupBy(
    await read.query<{
      bill_id: string;
      party_type: PartyType;
      party_id: string;
      name: string;
      gross: bigint;
      net: bigint;
    }>(
      `select y.bill_id, y.party_type, y.party_id, p.name, y.gross, y.net from ledger.bill_payees y
       join ledger.parties p on p.ulb_id = y.ulb_id and p.party_type = y.party_type and p.party_id = y.party_id
       where y.ulb_id = :ulb and y.bill_id = any(:ids::uuid[]) order by y.bill_id, y.line_no`,
      of,
    ),
    (p) => p.bill_id,
  );
  return rows.map((r) => ({
    id: r.bill_id,
    kind: r.kind,
    party: { type: r.party_type, id: r.party_id },
    partyName: r.party_name,
    number: r.number,
    billDate: r.bill_date,
    receivedOn: r.received_on,
    dueOn: r.due_on,
    narration: r.narration,
    fund: r.fund,
    contractRef: r.contract_ref,
    contractValue: r.contract_value === null ? null : paise(r.contract_value),
    gross: paise(r.gross),
    taxable: paise(r.taxable),
    net: paise(r.net),
    paid: paise(r.paid),
    asked: r.asked,
    status: r.status,
    version: r.version,
    registerNumber: r.register_number,
    createdBy: r.created_by,
    submittedBy: r.submitted_by,
    decidedBy: r.decided_by,
    decisionReason: r.decision_reason,
    bookedOn: r.booked_on,
    entryId: r.entry_id,
    cancelledBy: r.cancelled_by,
    cancelReason: r.cancel_reason,
    cancelEntryId: r.cancel_entry_id,
    lines: (lines.get(r.bill_id) ?? []).map((l) => ({
      account: l.account,
      amount: paise(l.amount),
      function: l.function ?? undefined,
      ward: l.ward ?? undefined,
      functionary: l.functionary ?? undefined,
      budgetHead: l.budget_head ?? undefined,
      scheme: l.scheme ?? undefined,
      what: l.what ?? undefined,
    })),
    deductions: (deductions.get(r.bill_id) ?? []).map((d) => ({
      kind: d.kind,
      code: d.code,
      label: d.label,
      base: paise(d.base),
      rate: d.rate,
      amount: paise(d.amount),
      account: d.account,
      function: d.function ?? undefined,
      party: { type: d.party_type, id: d.party_id },
      itemId: d.item_id ?? undefined,
      rule: d.rule,
    })),
    payees: (payees.get(r.bill_id) ?? []).map((p) => ({
      party: { type: p.party_type, id: p.party_id },
      name: p.name,
      gross: paise(p.gross),
      net: paise(p.net),
    })),
  }));
}

/** Replaces what hangs under a bill that is still a draft. */
export async function writeBillParts(
  tx: Tx,
  billId: string,
  bill: {
    readonly party: BillParty;
    readonly lines: readonly BillLine[];
    readonly deductions: readonly Deduction[];
    readonly payees: readonly { readonly party: BillParty; readonly gross: Paise; readonly net: Paise }[];
  },
): Promise<void> {
  const of = { ulb: tx.ulb.id, id: billId };
  for (const table of ["bill_lines", "bill_deductions", "bill_payees"])
    await tx.query(`delete from ledger.${table} where ulb_id = :ulb and bill_id = :id::uuid`, of);
  const { lines, deductions, payees } = bill;
  await tx.query(
    `insert into ledger.bill_lines (ulb_id, bill_id, line_no, account, amount, function, ward, functionary, budget_head, scheme, what)
     select :ulb, :id::uuid, no, account, amount, fn, ward, functionary, head, scheme, what
     from unnest(:accounts::text[], :amounts::bigint[], :functions::text[], :wards::text[], :functionaries::text[], :heads::text[], :schemes::text[],
       :whats::text[]) with ordinality as t (account, amount, fn, ward, functionary, head, scheme, what, no)`,
    {
      ...of,
      accounts: lines.map((l) => l.account),
      amounts: lines.map((l) => l.amount.toString()),
      functions: lines.map((l) => l.function ?? null),
      wards: lines.map((l) => l.ward ?? null),
      functionaries: lines.map((l) => l.functionary ?? null),
      heads: lines.map((l) => l.budgetHead ?? null),
      schemes: lines.map((l) => l.scheme ?? null),
      whats: lines.map((l) => l.what ?? null),
    },
  );
  await tx.query(
    `insert into ledger.bill_deductions (ulb_id, bill_id, line_no, kind, code, label, party_type, party_id, base, rate, amount, account, function, rule,
       item_id)
     select :ulb, :id::uuid, no, kind, code, label, party_type, party_id, base, rate, amount, account, fn, rule, item
     from unnest(:kinds::text[], :codes::text[], :labels::text[], :party_types::text[], :party_ids::text[], :bases::bigint[], :rates::numeric[],
       :amounts::bigint[], :accounts::text[], :functions::text[], :rules::text[], :items::uuid[])
       with ordinality as t (kind, code, label, party_type, party_id, base, rate, amount, account, fn, rule, item, no)`,
    {
      ...of,
      kinds: deductions.map((d) => d.kind),
      codes: deductions.map((d) => d.code),
      labels: deductions.map((d) => d.label),
      party_types: deductions.map((d) => (d.party ?? bill.party).type),
      party_ids: deductions.map((d) => (d.party ?? bill.party).id),
      bases: deductions.map((d) => d.base.toString()),
      rates: deductions.map((d) => d.rate),
      amounts: deductions.map((d) => d.amount.toString()),
      accounts: deductions.map((d) => d.account),
      functions: deductions.map((d) => d.function ?? null),
      rules: deductions.map((d) => d.rule),
      items: deductions.map((d) => d.itemId ?? null),
    },
  );
  await tx.query(
    `insert into ledger.bill_payees (ulb_id, bill_id, line_no, party_type, party_id, gross, net)
     select :ulb, :id::uuid, no, party_type, party_id, gross, net
     from unnest(:party_types::text[], :party_ids::text[], :grosses::bigint[], :nets::bigint[]) with ordinality
       as t (party_type, party_id, gross, net, no)`,
    {
      ...of,
      party_types: payees.map((p) => p.party.type),
      party_ids: payees.map((p) => p.party.id),
      grosses: payees.map((p) => p.gross.toString()),
      nets: payees.map((p) => p.net.toString()),
    },
  );
}
