import { postEntry, reverseEntry, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import {
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  formatDate,
  type LocalDate,
} from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { paise, rupees, subtract, sum, toRupees, ZERO, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getPayableParty, getTaxSection, taxSectionsOn, type TaxSection } from "../masters/index.ts";
import { postingAccount, type PostingKey } from "../posting-map.ts";
import { takeNumber } from "../series.ts";
import {
  billName,
  getBill,
  writeBillParts,
  type AskedPayee,
  type Bill,
  type BillInput,
  type BillKind,
  type BillParty,
} from "./bill-store.ts";
import {
  computeDeductions,
  type AdvanceRecovery,
  type Deduction,
  type Earlier,
  type OtherDeduction,
  type SectionTerms,
} from "./deductions.ts";
import { billEntry } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { createItems, getItem, itemsOfBill, lockItems, moveItems, type Movement, type NewItem } from "./items.ts";
import { dueDate, recoveryTerms } from "./settings.ts";

/** What a bill comes to, with each deduction explained: shown before it is saved, and saved as it was shown. */
export type BillPreview = {
  readonly gross: Paise;
  readonly taxable: Paise;
  readonly deductions: readonly Deduction[];
  readonly considered: readonly { readonly code: string; readonly rule: string }[];
  readonly net: Paise;
  /** Whom it pays, and what each gets. */
  readonly payees: readonly { readonly party: BillParty; readonly gross: Paise; readonly net: Paise }[];
};

const PAYABLE: Record<BillKind, PostingKey> = {
  contractor: "creditors-contractors",
  supplier: "creditors-suppliers",
  salary: "salaries-payable",
  other: "creditors-other",
};

/** The financial year's day for thresholds and the sections in force: that of the bill's receipt. */
const dayOf = (input: { readonly receivedOn: LocalDate }): LocalDate => input.receivedOn;

/**
 * Computes a bill without saving it. Raises BILL_INPUT, PARTY_UNKNOWN, PARTY_BARRED, TAX_SECTION_UNKNOWN, ITEM_UNKNOWN, ITEM_KIND,
 * PAYEES_DIFFER, DEDUCTIONS_EXCEED_BILL, ADVANCE_EXCEEDS_OUTSTANDING.
 */
export async function previewBill(read: Read, input: BillInput): Promise<BillPreview> {
  checkInput(input);
  const gross = sum(input.lines.map((l) => l.amount));
  const taxable = subtract(gross, input.gst ?? ZERO);
  if (taxable <= 0n) throw payableErrors.BILL_INPUT({ what: "the GST inside a bill is less than the bill" });
  const day = dayOf(input);
  await getPayableParty(read, input.party.type, input.party.id, day);
  const payees = input.payees ?? [];
  const sections: TaxSection[] = [];
  for (const code of input.asked.sections) sections.push(await getTaxSection(read, code, day));
  const recovered: AdvanceRecovery[] = [];
  for (const a of input.asked.advances) recovered.push(await recovery(read, a, input.party, input.fund ?? "01"));
  const shares = await payeeShares(read, payees, day, input.fund ?? "01");
  if (payees.length > 0) {
    const together = sum(shares.map((s) => s.gross));
    if (together !== gross) throw payableErrors.PAYEES_DIFFER({ gross: String(gross), payees: String(together) });
  }
  const found = computeDeductions({
    gross,
    taxable,
    contractValue: input.contractValue ?? null,
    sections: sections.map(termsOf),
    earlier: await earlierBills(read, input.party, day, input.asked.sections),
    ...(input.asked.retentionPercent === undefined
      ? {}
      : {
          retention: {
            percent: input.asked.retentionPercent,
            account: await postingAccount(read, "deposit-retention"),
          },
        }),
    advances: [...recovered, ...shares.flatMap((s) => s.advances)],
    others: [
      ...input.asked.others.map((o) => ({ ...o, amount: rupees(o.amount) })),
      ...shares.flatMap((s) => s.others),
    ],
  });
  return {
    gross,
    taxable,
    deductions: found.deductions,
    considered: found.considered,
    net: found.net,
    payees:
      payees.length > 0
        ? shares.map((s) => ({ party: s.party, gross: s.gross, net: s.net }))
        : [{ party: input.party, gross, net: found.net }],
  };
}

function checkInput(input: BillInput): void {
  const refuse = (what: string): never => {
    throw payableErrors.BILL_INPUT({ what });
  };
  if (input.number.trim() === "") refuse("a bill has the number that its party gave it");
  if (input.narration.trim() === "") refuse("say what the bill is for");
  if (input.lines.length === 0) refuse("a bill has at least one line with an account and an amount");
  if (input.lines.length > 500) refuse("a bill has at most 500 lines; make several");
  input.lines.forEach((l, i) => {
    if (l.amount <= 0n) refuse(`line ${i + 1} of the bill is not more than 0.00`);
  });
  if (input.billDate > input.receivedOn)
    refuse(`the bill is dated ${formatDate(input.billDate)}, after the day on which it was received`);
  if (input.dueOn !== undefined && input.dueOn < input.billDate) refuse("a bill is not due before its date");
  if ((input.payees?.length ?? 0) > 500) refuse("a pay bill has at most 500 payees; make one for each office");
  const asked = input.asked;
  if ((input.payees?.length ?? 0) > 0 && asked.sections.length + asked.advances.length + asked.others.length > 0)
    refuse("in a bill of many payees the deductions stand with each payee");
  if ((input.payees?.length ?? 0) > 0 && asked.retentionPercent !== undefined)
    refuse("retention is held from one party, not from a bill of many payees");
  const codes = new Set(asked.sections);
  if (codes.size !== asked.sections.length) refuse("a section is named once in a bill");
  const items = [
    ...asked.advances.map((a) => a.itemId),
    ...(input.payees ?? []).flatMap((p) => p.deductions.flatMap((d) => ("itemId" in d ? [d.itemId] : []))),
  ];
  if (new Set(items).size !== items.length) refuse("an advance is recovered once in a bill; add the amounts");
}

const termsOf = (s: TaxSection): SectionTerms => ({
  code: s.code,
  kind: s.kind,
  section: s.section,
  description: s.description,
  rate: s.ratePercent,
  thresholdSingle: s.thresholdSingle,
  thresholdYear: s.thresholdYear,
  account: s.account,
});

async function recovery(
  read: Read,
  asked: { readonly itemId: string; readonly amount: string },
  party: BillParty,
  fund: string,
): Promise<AdvanceRecovery> {
  const item = await getItem(read, asked.itemId);
  if (item.kind !== "advance" || item.party.type !== party.type || item.party.id !== party.id || item.fund !== fund)
    throw payableErrors.ITEM_KIND({
      what: item.what,
      kind: `${item.kind} of ${item.party.id} in fund ${item.fund}`,
      step: `recovered from ${party.id} in fund ${fund}`,
    });
  return {
    itemId: item.id,
    what: item.what,
    account: item.account,
    outstanding: paise(item.open - item.waiting),
    recover: rupees(asked.amount),
    party,
  };
}

async function payeeShares(read: Read, payees: readonly AskedPayee[], day: LocalDate, fund: string) {
  if (payees.length === 0) return [];
  const sections = new Map((await taxSectionsOn(read, day)).map((s) => [s.code, s]));
  const shares = [];
  for (const payee of payees) {
    const party = await getPayableParty(read, payee.party.type, payee.party.id, day);
    const gross = rupees(payee.gross);
    if (gross <= 0n) throw payableErrors.BILL_INPUT({ what: `the pay of ${party.id} is not more than 0.00` });
    const others: OtherDeduction[] = [];
    const advances: AdvanceRecovery[] = [];
    for (const d of payee.deductions) {
      if ("itemId" in d) {
        advances.push(await recovery(read, d, payee.party, fund));
        continue;
      }
      const section = sections.get(d.code) ?? (await getTaxSection(read, d.code, day));
      const amount = rupees(d.amount);
      if (amount <= 0n) throw payableErrors.BILL_INPUT({ what: `${d.code} of ${party.id} is not more than 0.00` });
      const { code, account, description: label } = section;
      others.push({ kind: "recovery", code, label, account, amount, party: payee.party });
    }
    const taken = sum([...others.map((o) => o.amount), ...advances.map((a) => a.recover)]);
    if (taken > gross)
      throw payableErrors.DEDUCTIONS_EXCEED_BILL({
        of: `the pay of ${party.name} (${party.id})`,
        gross: String(gross),
        deductions: String(taken),
      });
    shares.push({ party: payee.party, gross, net: subtract(gross, taken), others, advances });
  }
  return shares;
}

/** What passed bills of the party in the financial year came to under each section, and what of it was not deducted from. */
async function earlierBills(
  read: Read,
  party: BillParty,
  day: LocalDate,
  sections: readonly string[],
): Promise<Map<string, Earlier>> {
  const fy = financialYearOf(day);
  const rows = await read.query<{ code: string; taxable: bigint; deducted_from: bigint }>(
    `select s.code, coalesce(sum(b.taxable), 0)::bigint as taxable,
       coalesce(sum((select sum(d.base) from ledger.bill_deductions d
         where d.ulb_id = b.ulb_id and d.bill_id = b.bill_id and d.code = s.code)), 0)::bigint as deducted_from
     from unnest(:sections::text[]) as s (code)
     join ledger.bills b on b.ulb_id = :ulb and b.party_type = :party_type and b.party_id = :party_id and b.status = 'passed'
       and b.received_on between :first_day::date and :last_day::date and b.asked -> 'sections' ? s.code
     group by s.code`,
    {
      ulb: read.ulb.id,
      sections,
      party_type: party.type,
      party_id: party.id,
      first_day: financialYearStart(fy),
      last_day: financialYearEnd(fy),
    },
  );
  return new Map(
    rows.map((r) => [
      r.code,
      { taxable: paise(r.taxable), undeducted: paise(r.taxable > r.deducted_from ? r.taxable - r.deducted_from : 0n) },
    ]),
  );
}

/** Saves a new bill with its deductions computed. Raises BILL_DUPLICATE and what `previewBill` raises. */
export async function draftBill(tx: Tx, input: BillInput): Promise<Bill> {
  const found = await previewBill(tx, input);
  const id = newId(tx.clock().getTime());
  await refuseDuplicate(tx, input, id);
  await tx.query(
    `insert into ledger.bills (ulb_id, bill_id, kind, party_type, party_id, number, bill_date, received_on, due_on, narration, fund, contract_ref,
       contract_value, gross, taxable, net, asked, created_by, created_at)
     values (:ulb, :id, :kind, :party_type, :party_id, :number, :bill_date, :received_on, :due_on, :narration, :fund, :contract_ref, :contract_value,
       :gross, :taxable, :net, :asked, :actor, :now)`,
    { ...columnsOf(tx, id, input, found), actor: tx.actor.id, now: tx.clock() },
  );
  await writeBillParts(tx, id, partsOf(input, found));
  await audit(tx, {
    action: "make",
    subject: "bill",
    subjectId: id,
    after: { gross: toRupees(found.gross), net: toRupees(found.net) },
  });
  return getBill(tx, id);
}

/** Replaces a draft and computes it again. Raises BILL_UNKNOWN, BILL_STATUS, BILL_CHANGED, and what `draftBill` raises. */
export async function changeBill(tx: Tx, id: string, version: number, input: BillInput): Promise<Bill> {
  await lockBill(tx, id, version, "draft", "changed");
  const found = await previewBill(tx, input);
  await refuseDuplicate(tx, input, id);
  await tx.query(
    `update ledger.bills set kind = :kind, party_type = :party_type, party_id = :party_id, number = :number, bill_date = :bill_date,
       received_on = :received_on, due_on = :due_on, narration = :narration, fund = :fund, contract_ref = :contract_ref,
       contract_value = :contract_value, gross = :gross, taxable = :taxable, net = :net, asked = :asked, version = version + 1
     where ulb_id = :ulb and bill_id = :id`,
    columnsOf(tx, id, input, found),
  );
  await writeBillParts(tx, id, partsOf(input, found));
  return getBill(tx, id);
}

const columnsOf = (tx: Tx, id: string, input: BillInput, found: BillPreview) => ({
  ulb: tx.ulb.id,
  id,
  kind: input.kind,
  party_type: input.party.type,
  party_id: input.party.id,
  number: input.number.trim(),
  bill_date: input.billDate,
  received_on: input.receivedOn,
  due_on: input.dueOn ?? null,
  narration: input.narration.trim(),
  fund: input.fund ?? "01",
  contract_ref: input.contractRef ?? null,
  contract_value: input.contractValue ?? null,
  gross: found.gross,
  taxable: found.taxable,
  net: found.net,
  asked: JSON.stringify({ ...input.asked, payees: input.payees ?? [] }),
});
const partsOf = (input: BillInput, found: BillPreview) => ({
  party: input.party,
  lines: input.lines,
  deductions: found.deductions,
  payees: (input.payees?.length ?? 0) > 0 ? found.payees : [],
});

async function refuseDuplicate(tx: Tx, input: BillInput, id: string): Promise<void> {
  // Two people with the same bill at the same time: the second waits here and finds the first one's.
  await tx.query("select pg_advisory_xact_lock(7244006, hashtext(:key))", {
    key: `${tx.ulb.id}/${input.party.type}/${input.party.id}/${input.number.trim().toUpperCase()}`,
  });
  const other = await tx.queryOne<{
    gross: bigint;
    bill_date: LocalDate;
    status: string;
    register_number: string | null;
  }>(
    `select gross, bill_date, status, register_number from ledger.bills
     where ulb_id = :ulb and party_type = :party_type and party_id = :party_id and upper(number) = upper(:number)
       and status not in ('rejected', 'cancelled') and bill_id <> :id::uuid`,
    { ulb: tx.ulb.id, party_type: input.party.type, party_id: input.party.id, number: input.number.trim(), id },
  );
  if (other)
    throw payableErrors.BILL_DUPLICATE({
      number: input.number.trim(),
      party: input.party.id,
      gross: String(other.gross),
      date: formatDate(other.bill_date),
      status: other.status,
      register: other.register_number ?? "",
    });
}

/** Hands a draft in to be passed; it gets its number in the register of bills. Raises BILL_*, DEDUCTIONS_CHANGED. */
export async function submitBill(tx: Tx, id: string, version: number): Promise<Bill> {
  const bill = await lockBill(tx, id, version, "draft", "submitted");
  await refuseOldDeductions(tx, bill);
  await audit(tx, { action: "submit", subject: "bill", subjectId: id });
  const fy = financialYearOf(bill.receivedOn);
  const number = bill.registerNumber ?? `PB/${fy}/${String(await takeNumber(tx, "payable-bill", fy)).padStart(6, "0")}`;
  await tx.query(
    `update ledger.bills set status = 'submitted', submitted_by = :actor, submitted_at = :now, decision_reason = null, register_number = :number,
       version = version + 1
     where ulb_id = :ulb and bill_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), number },
  );
  return getBill(tx, id);
}

/**
 * Passes a bill: posts its journal, opens what is payable to its party and what was deducted, adjusts advances, in one commit. The entry is
 * dated `on`, or today. Raises MAKER_IS_CHECKER, BILL_STATUS, BILL_CHANGED, PARTY_BARRED, DEDUCTIONS_CHANGED and the refusals of postEntry.
 */
export async function passBill(
  tx: Tx,
  id: string,
  version: number,
  on?: LocalDate,
): Promise<{ readonly bill: Bill; readonly entry: PostedEntry }> {
  const bill = await lockBill(tx, id, version, "submitted", "passed");
  refuseOwn(tx, bill);
  // Two bills of a party passed at the same time would each miss the other in the year's total.
  await tx.query("select pg_advisory_xact_lock(7244007, hashtext(:key))", {
    key: `${tx.ulb.id}/${bill.party.type}/${bill.party.id}`,
  });
  const advances = bill.deductions.flatMap((d) => (d.itemId === undefined ? [] : [d.itemId]));
  await lockItems(tx, advances);
  await refuseOldDeductions(tx, bill);
  const date = on ?? dateInIndia(tx.clock());
  const account = await postingAccount(tx, PAYABLE[bill.kind]);
  const payees: readonly { readonly party: BillParty; readonly net: Paise }[] =
    bill.payees.length > 0 ? bill.payees : [{ party: bill.party, net: bill.net }];
  const items = await itemsOf(tx, bill, date, account, payees);
  const made = await createItems(tx, items);
  await audit(tx, { action: "pass", subject: "bill", subjectId: id, after: { net: toRupees(bill.net) } });
  const entry = await postEntry(
    tx,
    billEntry({
      id,
      date,
      narration:
        `${bill.narration} (bill ${bill.number} of ${bill.partyName}${bill.registerNumber === null ? "" : `, ${bill.registerNumber}`})`.slice(
          0,
          500,
        ),
      fund: bill.fund,
      party: bill.party,
      payableAccount: account,
      lines: bill.lines,
      deductions: bill.deductions,
      payees,
    }),
  );
  const movements: Movement[] = [
    ...items.map((item, i) => ({ itemId: made[i] ?? "", amount: item.amount, why: "bill passed", billId: id })),
    ...bill.deductions.flatMap((d) =>
      d.itemId === undefined ? [] : [{ itemId: d.itemId, amount: -d.amount, why: "adjusted", billId: id }],
    ),
  ];
  await moveItems(tx, entry, movements);
  await tx.query(
    `update ledger.bills set status = 'passed', decided_by = :actor, decided_at = :now, booked_on = :booked_on, entry_id = :entry, version = version + 1
     where ulb_id = :ulb and bill_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), booked_on: date, entry: entry.id },
  );
  return { bill: await getBill(tx, id), entry };
}

async function itemsOf(
  tx: Tx,
  bill: Bill,
  date: LocalDate,
  account: string,
  payees: readonly { readonly party: BillParty; readonly net: Paise }[],
): Promise<NewItem[]> {
  const recoveries = bill.deductions.filter((d) => ["tds", "gst-tds", "cess", "recovery"].includes(d.kind));
  const terms = await recoveryTerms(tx, recoveries);
  const common = { fund: bill.fund, openedOn: date, billId: bill.id };
  return [
    ...payees
      .filter((p) => p.net > 0n)
      .map((p): NewItem => ({
        ...common,
        kind: "creditor",
        account,
        party: p.party,
        dueOn: bill.dueOn ?? undefined,
        amount: p.net,
        what: `bill ${bill.number} of ${formatDate(bill.billDate)}`,
        code: bill.kind,
      })),
    ...recoveries.map((d): NewItem => ({
      ...common,
      kind: "recovery",
      account: d.account,
      party: d.party ?? bill.party,
      dueOn: dueDate(date, terms.get(d.code)?.dueDay ?? 15),
      amount: d.amount,
      what: `${d.label}, bill ${bill.number}`,
      code: d.code,
      base: d.base,
      rate: d.rate ?? undefined,
    })),
    ...bill.deductions
      .filter((d) => d.kind === "retention")
      .map((d): NewItem => ({
        ...common,
        kind: "deposit",
        account: d.account,
        party: bill.party,
        amount: d.amount,
        what: `retention from bill ${bill.number}${bill.contractRef === null ? "" : `, ${bill.contractRef}`}`,
        code: "retention",
      })),
  ];
}

/** The deductions as they were saved must be those of today: other bills of the party may have been passed, or a section changed. */
async function refuseOldDeductions(read: Read, bill: Bill): Promise<void> {
  const now = await previewBill(read, inputOf(bill));
  const total = (deductions: readonly Deduction[], code: string): Paise =>
    sum(deductions.filter((d) => d.code === code).map((d) => d.amount));
  for (const code of new Set([...bill.deductions, ...now.deductions].map((d) => d.code))) {
    const [saved, today] = [total(bill.deductions, code), total(now.deductions, code)];
    if (saved !== today)
      throw payableErrors.DEDUCTIONS_CHANGED({ what: billName(bill), code, saved: String(saved), now: String(today) });
  }
}

/** A saved bill as it was asked for, to compute it again or to change it. */
export function inputOf(bill: Bill): BillInput {
  const { payees, ...asked } = bill.asked;
  return {
    kind: bill.kind,
    party: bill.party,
    number: bill.number,
    billDate: bill.billDate,
    receivedOn: bill.receivedOn,
    dueOn: bill.dueOn ?? undefined,
    narration: bill.narration,
    fund: bill.fund,
    contractRef: bill.contractRef ?? undefined,
    contractValue: bill.contractValue ?? undefined,
    gst: subtract(bill.gross, bill.taxable),
    lines: bill.lines,
    asked,
    payees,
  };
}

/** Gives a submitted bill back to its maker, with a reason; it is a draft again. Raises MAKER_IS_CHECKER, REASON_MISSING. */
export async function sendBillBack(tx: Tx, id: string, version: number, reason: string): Promise<Bill> {
  const said = reasonOf(reason, "sending a bill back");
  const bill = await lockBill(tx, id, version, "submitted", "sent back");
  refuseOwn(tx, bill);
  await tx.query(
    `update ledger.bills set status = 'draft', decision_reason = :reason, version = version + 1 where ulb_id = :ulb and bill_id = :id`,
    { ulb: tx.ulb.id, id, reason: said },
  );
  await audit(tx, { action: "send back", subject: "bill", subjectId: id, reason: said });
  return getBill(tx, id);
}

/** Refuses a submitted bill for good. Raises MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectBill(tx: Tx, id: string, version: number, reason: string): Promise<Bill> {
  const said = reasonOf(reason, "rejecting a bill");
  const bill = await lockBill(tx, id, version, "submitted", "rejected");
  refuseOwn(tx, bill);
  await tx.query(
    `update ledger.bills set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and bill_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: said },
  );
  await audit(tx, { action: "reject", subject: "bill", subjectId: id, reason: said });
  return getBill(tx, id);
}

/**
 * Takes a passed bill back by the reversal of its entry: what it opened must be wholly unpaid, unremitted and in no payment that waits;
 * advances that it recovered are outstanding again. Raises BILL_NOT_UNPAID, MAKER_IS_CHECKER, REASON_MISSING and the refusals of postEntry.
 */
export async function cancelBill(tx: Tx, id: string, version: number, reason: string, on?: LocalDate): Promise<Bill> {
  const said = reasonOf(reason, "cancelling a bill");
  const bill = await lockBill(tx, id, version, "passed", "cancelled");
  if (tx.actor.id === bill.createdBy)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: billName(bill), actor: tx.actor.id });
  const opened = await itemsOfBill(tx, id);
  const advances = bill.deductions.flatMap((d) =>
    d.itemId === undefined ? [] : [{ itemId: d.itemId, amount: d.amount }],
  );
  const locked = await lockItems(tx, [...opened, ...advances.map((a) => a.itemId)]);
  const items = opened.flatMap((itemId) => locked.get(itemId) ?? []);
  for (const item of items) {
    if (item.open !== item.amount || item.waiting > 0n)
      throw payableErrors.BILL_NOT_UNPAID({
        what: billName(bill),
        item: item.what,
        amount: String(item.amount),
        open: String(item.open),
        waiting: item.open === item.amount ? String(item.waiting) : "0",
      });
  }
  if (bill.entryId === null)
    throw payableErrors.BILL_STATUS({ what: billName(bill), status: bill.status, step: "cancelled" });
  await audit(tx, { action: "cancel", subject: "bill", subjectId: id, reason: said });
  const entry = await reverseEntry(tx, { entryId: bill.entryId, date: on ?? dateInIndia(tx.clock()), reason: said });
  await moveItems(tx, entry, [
    ...items.map((i) => ({ itemId: i.id, amount: -i.amount, why: "bill cancelled", billId: id })),
    ...advances.map((a) => ({ itemId: a.itemId, amount: a.amount, why: "adjustment cancelled", billId: id })),
  ]);
  await tx.query(
    `update ledger.bills set status = 'cancelled', cancelled_by = :actor, cancelled_at = :now, cancel_reason = :reason, cancel_entry_id = :entry,
       version = version + 1
     where ulb_id = :ulb and bill_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: said, entry: entry.id },
  );
  return getBill(tx, id);
}

/** What a contract came to so far: its value, and what its passed bills were and paid. */
export async function contractSoFar(
  read: Read,
  party: BillParty,
  contractRef: string,
): Promise<{ readonly bills: number; readonly gross: Paise; readonly paid: Paise }> {
  const row = await read.queryOne<{ bills: bigint; gross: bigint; paid: bigint }>(
    `select count(*) as bills, coalesce(sum(b.gross), 0)::bigint as gross,
       coalesce(sum((select -sum(m.amount) from ledger.payable_items i
         join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.why in ('paid', 'payment cancelled', 'returned')
         where i.ulb_id = b.ulb_id and i.bill_id = b.bill_id and i.kind = 'creditor')), 0)::bigint as paid
     from ledger.bills b
     where b.ulb_id = :ulb and b.party_type = :party_type and b.party_id = :party_id and b.contract_ref = :contract and b.status = 'passed'`,
    { ulb: read.ulb.id, party_type: party.type, party_id: party.id, contract: contractRef },
  );
  return { bills: Number(row?.bills ?? 0), gross: paise(row?.gross ?? 0n), paid: paise(row?.paid ?? 0n) };
}

function refuseOwn(tx: Tx, bill: Bill): void {
  if (tx.actor.id === bill.createdBy || tx.actor.id === bill.submittedBy)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: billName(bill), actor: tx.actor.id });
}

function reasonOf(reason: string, what: string): string {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what });
  return reason.trim();
}

async function lockBill(tx: Tx, id: string, version: number, status: Bill["status"], step: string): Promise<Bill> {
  await tx.query("select 1 from ledger.bills where ulb_id = :ulb and bill_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const bill = await getBill(tx, id);
  const what = billName(bill);
  if (bill.status !== status) throw payableErrors.BILL_STATUS({ what, status: bill.status, step });
  if (bill.version !== version) throw payableErrors.BILL_CHANGED({ what, expected: version, found: bill.version });
  return bill;
}
