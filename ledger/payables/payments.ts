import { postEntry, reverseEntry, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import { dateInIndia, formatDate, type LocalDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { newId } from "../kernel/ids.ts";
import { sum, toRupees, type Paise } from "../kernel/money.ts";
import type { Tx } from "../kernel/tx.ts";
import { getBankBook, getPayableParty, type BankBook, type PartyType } from "../masters/index.ts";
import { postingAccount, type PostingKey } from "../posting-map.ts";
import { issueAdvice, cancelAdviceOf, type Beneficiary } from "./advices.ts";
import { cancelChequeOf, issueCheque, leafOrNext, moveCheque, refuseUsedLeaf } from "./cheques.ts";
import { paymentEntry } from "./entries.ts";
import { payableErrors } from "./errors.ts";
import { createItems, lockItems, moveItems, type Item, type ItemKind, type Movement, type PartyRef } from "./items.ts";
import { getPayment, paymentName, type Payment, type PaymentKind, type PaymentLine } from "./payment-store.ts";
import { recoveryTerms } from "./settings.ts";

const SETTLES: Record<Exclude<PaymentKind, "advance">, ItemKind> = {
  bills: "creditor",
  remittance: "recovery",
  deposit: "deposit",
  reissue: "stale",
};

/** For what an advance is given, and the head it stands on until it is adjusted. */
export const ADVANCE_PURPOSES = {
  contractor: "advance-contractors",
  supplier: "advance-suppliers",
  employee: "advance-employees",
  imprest: "advance-imprest",
  materials: "advance-materials",
  other: "advance-other",
} as const satisfies Record<string, PostingKey>;
export type AdvancePurpose = keyof typeof ADVANCE_PURPOSES;

export type PaymentInput = {
  readonly kind: PaymentKind;
  readonly mode: "cheque" | "transfer";
  /** The bank book it is paid from; it must be of the fund of what is paid. */
  readonly account: string;
  /** The leaf of a cheque; the next one of the cheque books when not said. */
  readonly leaf?: string | undefined;
  /** To whom, where it is not the party itself (an authority, for a remittance). */
  readonly payee?: string | undefined;
  readonly payeeParty?: { readonly type: PartyType; readonly id: string } | undefined;
  readonly date: LocalDate;
  readonly narration?: string | undefined;
  /** What is settled, and how much of it. */
  readonly items?: readonly { readonly itemId: string; readonly amount: Paise }[] | undefined;
  /** For a payment of the kind "advance". */
  readonly advance?:
    | {
        readonly party: { readonly type: PartyType; readonly id: string };
        readonly purpose: AdvancePurpose;
        readonly what: string;
        readonly amount: Paise;
        readonly fund?: string | undefined;
      }
    | undefined;
};

type DraftLine = Omit<PaymentLine, "lineNo" | "billId">;

/**
 * Writes a payment voucher for another person to approve. It settles bills of a party, or of several by one transfer advice, in full or in part;
 * or remits recoveries, refunds deposits, pays a stale cheque anew, or gives an advance. What it pays is kept for it from now on.
 * Raises PAYMENT_EMPTY, PAYMENT_EXCEEDS_PAYABLE, PAYMENT_FUND_DIFFERS, PAYMENT_ONE_PAYEE, PAYMENT_KINDS, PAYEE_MISSING, PAYEE_BANK_MISSING,
 * BANK_BOOK_UNKNOWN, BANK_BOOK_MISSING, CHEQUE_ISSUED_ALREADY, CHEQUE_LEAF_UNKNOWN, CHEQUE_LEAVES_NONE, PARTY_BARRED.
 */
export async function preparePayment(tx: Tx, input: PaymentInput): Promise<Payment> {
  const bank = await bankInUse(tx, input.account);
  const lines = input.kind === "advance" ? [await advanceLine(tx, input, bank)] : await settledLines(tx, input, bank);
  const payee = await payeeOf(tx, input, lines);
  const id = newId(tx.clock().getTime());
  const leaf = input.mode === "cheque" ? await leafOrNext(tx, bank.account, input.leaf) : null;
  const amount = sum(lines.map((l) => l.amount));
  const narration = input.narration?.trim() ?? "";
  await tx.query(
    `insert into ledger.payments (ulb_id, payment_id, kind, mode, account, fund, leaf, payee, payee_type, payee_id, payment_date, narration, amount,
       created_by, created_at)
     values (:ulb, :id, :kind, :mode, :account, :fund, :leaf, :payee, :payee_type, :payee_id, :day, :narration, :amount, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      kind: input.kind,
      mode: input.mode,
      account: bank.account,
      fund: bank.fund,
      leaf,
      payee,
      payee_type: input.payeeParty?.type ?? null,
      payee_id: input.payeeParty?.id ?? null,
      day: input.date,
      narration: narration === "" ? describe(lines) : narration,
      amount,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `insert into ledger.payment_lines (ulb_id, payment_id, line_no, item_id, account, party_type, party_id, amount, what, code)
     select :ulb, :id::uuid, no, item, account, party_type, party_id, amount, what, code
     from unnest(:items::uuid[], :accounts::text[], :party_types::text[], :party_ids::text[], :amounts::bigint[], :whats::text[], :codes::text[])
       with ordinality as t (item, account, party_type, party_id, amount, what, code, no)`,
    {
      ulb: tx.ulb.id,
      id,
      items: lines.map((l) => l.itemId),
      accounts: lines.map((l) => l.account),
      party_types: lines.map((l) => l.party.type),
      party_ids: lines.map((l) => l.party.id),
      amounts: lines.map((l) => l.amount.toString()),
      whats: lines.map((l) => l.what),
      codes: lines.map((l) => l.code),
    },
  );
  await audit(tx, { action: "make", subject: "payment", subjectId: id, after: { amount: toRupees(amount), payee } });
  return getPayment(tx, id);
}

async function bankInUse(tx: Tx, account: string): Promise<BankBook> {
  const bank = await getBankBook(tx, account);
  if (!bank.isActive) throw payableErrors.BANK_BOOK_MISSING({ account });
  return bank;
}

async function advanceLine(tx: Tx, input: PaymentInput, bank: BankBook): Promise<DraftLine> {
  const advance = input.advance;
  if (!advance || advance.amount <= 0n) throw payableErrors.PAYMENT_EMPTY(undefined);
  if (!Object.hasOwn(ADVANCE_PURPOSES, advance.purpose))
    throw payableErrors.ADVANCE_PURPOSE({ purpose: advance.purpose });
  const party = await getPayableParty(tx, advance.party.type, advance.party.id, input.date);
  const fund = advance.fund ?? bank.fund;
  refuseOtherFund(bank, { what: "the advance", fund });
  return {
    itemId: null,
    account: await postingAccount(tx, ADVANCE_PURPOSES[advance.purpose]),
    party: advance.party,
    name: party.name,
    amount: advance.amount,
    what: advance.what.trim() === "" ? `advance of ${formatDate(input.date)}` : advance.what.trim(),
    code: advance.purpose,
  };
}

async function settledLines(tx: Tx, input: PaymentInput, bank: BankBook): Promise<DraftLine[]> {
  const asked = input.items ?? [];
  if (asked.length === 0 || asked.some((a) => a.amount <= 0n)) throw payableErrors.PAYMENT_EMPTY(undefined);
  const items = await lockItems(
    tx,
    asked.map((a) => a.itemId),
  );
  const totals = groupBy(asked, (a) => a.itemId);
  const lines: DraftLine[] = [];
  for (const [itemId, parts] of totals) {
    const item = items.get(itemId);
    if (!item) throw payableErrors.ITEM_UNKNOWN({ item: itemId });
    refuseOtherKind(input.kind, item);
    refuseOtherFund(bank, item);
    const amount = sum(parts.map((p) => p.amount));
    const payable = item.open - item.waiting;
    if (amount > payable) throw exceeds(item, payable, amount, item.waiting);
    lines.push({
      itemId,
      account: item.account,
      party: item.party,
      name: item.name,
      amount,
      what: item.what,
      code: item.code,
    });
  }
  if (input.kind === "bills" || input.kind === "deposit") {
    for (const party of parties(lines)) await getPayableParty(tx, party.type as PartyType, party.id, input.date);
  }
  return lines;
}

function refuseOtherKind(kind: PaymentKind, item: Item): void {
  if (kind === "advance" || SETTLES[kind] !== item.kind) throw payableErrors.PAYMENT_KINDS({ what: item.what, kind });
}
function refuseOtherFund(bank: BankBook, paid: { readonly what: string; readonly fund: string }): void {
  if (paid.fund !== bank.fund)
    throw payableErrors.PAYMENT_FUND_DIFFERS({
      what: paid.what,
      fund: paid.fund,
      account: bank.account,
      bankFund: bank.fund,
    });
}
const exceeds = (
  item: { readonly what: string; readonly name: string },
  payable: bigint,
  asked: bigint,
  waiting: bigint,
) =>
  payableErrors.PAYMENT_EXCEEDS_PAYABLE({
    what: `${item.what} (${item.name})`,
    payable: String(payable),
    asked: String(asked),
    waiting: String(waiting),
  });

function parties(lines: readonly { readonly party: PartyRef }[]): PartyRef[] {
  return [...new Map(lines.map((l) => [`${l.party.type}|${l.party.id}`, l.party])).values()];
}

/** Who is written on the cheque or leads the advice. A cheque has one payee; a remittance goes to its authority. */
async function payeeOf(tx: Tx, input: PaymentInput, lines: readonly DraftLine[]): Promise<string> {
  const named = input.payee?.trim() ?? "";
  if (input.kind === "remittance") {
    if (input.payeeParty) {
      const party = await getPayableParty(tx, input.payeeParty.type, input.payeeParty.id, input.date);
      if (input.mode === "transfer") refuseWithoutBank(party);
      return named === "" ? party.name : named;
    }
    if (input.mode === "transfer") throw payableErrors.PAYEE_MISSING(undefined);
    const [first] = lines;
    const terms = first && (await recoveryTerms(tx, [{ code: first.code, kind: await kindOfCode(tx, first.code) }]));
    const payee = named === "" ? ((first && terms?.get(first.code)?.payee) ?? "") : named;
    if (payee === "") throw payableErrors.PAYEE_MISSING(undefined);
    return payee;
  }
  const whom = parties(lines);
  if (input.mode === "cheque") {
    if (whom.length > 1) throw payableErrors.PAYMENT_ONE_PAYEE({ payees: whom.length });
    return named === "" ? (lines[0]?.name ?? "") : named;
  }
  for (const party of whom) {
    if (party.type === "cheque") throw payableErrors.PAYEE_BANK_MISSING({ party: `cheque ${party.id}` });
    refuseWithoutBank(await getPayableParty(tx, party.type as PartyType, party.id, input.date));
  }
  return whom.length === 1 ? (lines[0]?.name ?? "") : `${whom.length} beneficiaries`;
}

function refuseWithoutBank(party: {
  readonly name: string;
  readonly id: string;
  readonly bankAccount: string | null;
  readonly bankIfsc: string | null;
}): void {
  if (party.bankAccount === null || party.bankIfsc === null)
    throw payableErrors.PAYEE_BANK_MISSING({ party: `${party.name} (${party.id})` });
}

async function kindOfCode(tx: Tx, code: string): Promise<string> {
  const row = await tx.queryOne<{ kind: string }>(
    "select min(kind) as kind from ledger.tax_sections where ulb_id = :ulb and code = :code having min(kind) is not null",
    { ulb: tx.ulb.id, code },
  );
  return row?.kind ?? "recovery";
}

const describe = (lines: readonly DraftLine[]): string => {
  const whats = [...new Set(lines.map((l) => l.what))];
  return whats.length <= 4 ? whats.join(", ") : `${whats.slice(0, 3).join(", ")} and ${whats.length - 3} more`;
};

/**
 * Approves a payment: the cheque or advice is issued, the entry posted, what it settles is smaller by it, in one commit. Whatever changed since
 * it was written is looked at again under lock, so that two approvals at the same time never pay more than is payable.
 * Raises MAKER_IS_CHECKER, PAYMENT_STATUS, PAYMENT_CHANGED, PAYMENT_EXCEEDS_PAYABLE, CHEQUE_ISSUED_ALREADY, PARTY_BARRED, and the refusals of postEntry.
 */
export async function approvePayment(
  tx: Tx,
  id: string,
  version: number,
): Promise<{ readonly payment: Payment; readonly entry: PostedEntry }> {
  const payment = await lockPayment(tx, id, version, "submitted", "approved");
  refuseOwn(tx, payment);
  const bank = await bankInUse(tx, payment.account);
  const items = await lockItems(
    tx,
    payment.lines.flatMap((l) => l.itemId ?? []),
  );
  for (const line of payment.lines) {
    const item = line.itemId === null ? undefined : items.get(line.itemId);
    if (!item) continue;
    refuseOtherFund(bank, item);
    if (line.amount > item.open) throw exceeds(item, item.open, line.amount, 0n);
  }
  // A stale cheque is of a party or of itself; what is owed to a party is paid while it may be paid.
  if (payment.kind !== "reissue" && payment.kind !== "remittance")
    for (const p of parties(payment.lines)) await getPayableParty(tx, p.type as PartyType, p.id, payment.date);
  await audit(tx, {
    action: "approve",
    subject: "payment",
    subjectId: id,
    after: { amount: toRupees(payment.amount) },
  });

  let legs;
  let mark: string;
  if (payment.mode === "cheque") {
    const number = payment.leaf ?? "";
    await refuseUsedLeaf(tx, bank.account, number, id);
    await issueCheque(tx, {
      paymentId: id,
      account: bank.account,
      number,
      payee: payment.payee,
      amount: payment.amount,
      date: payment.date,
    });
    legs = [{ party: { type: "cheque", id: number }, amount: payment.amount }];
    mark = `cheque ${number} to ${payment.payee}`;
  } else {
    const beneficiaries = await beneficiariesOf(tx, payment);
    const advice = await issueAdvice(tx, {
      paymentId: id,
      account: bank.account,
      date: payment.date,
      amount: payment.amount,
      beneficiaries,
    });
    legs = beneficiaries.map((b) => ({ party: { type: "advice", id: advice.number }, amount: b.amount }));
    mark = `advice ${advice.number} to ${payment.payee}`;
  }
  const made = await createItems(
    tx,
    payment.lines
      .filter((l) => l.itemId === null)
      .map((l) => ({
        kind: "advance" as const,
        account: l.account,
        fund: payment.fund,
        party: l.party,
        openedOn: payment.date,
        amount: l.amount,
        what: l.what,
        code: l.code,
        paymentId: id,
      })),
  );
  // An advance has one line; its item is known from now on.
  const [advanceId] = made;
  if (advanceId !== undefined)
    await tx.query(
      "update ledger.payment_lines set item_id = :item::uuid where ulb_id = :ulb and payment_id = :id::uuid and item_id is null",
      { ulb: tx.ulb.id, id, item: advanceId },
    );
  const entry = await postEntry(
    tx,
    paymentEntry({
      id,
      date: payment.date,
      narration: `${mark}: ${payment.narration}`.slice(0, 500),
      fund: payment.fund,
      bank: bank.account,
      settled: payment.lines.map((l) => ({ account: l.account, party: l.party, amount: l.amount })),
      legs,
    }),
  );
  await moveItems(
    tx,
    entry,
    payment.lines.map((l): Movement =>
      l.itemId === null
        ? { itemId: advanceId ?? "", amount: l.amount, why: "advance paid", paymentId: id }
        : { itemId: l.itemId, amount: -l.amount, why: "paid", paymentId: id },
    ),
  );
  if (payment.kind === "reissue") {
    for (const item of items.values())
      if (item.chequeId !== null) await moveCheque(tx, item.chequeId, "reissue", payment.date, `paid by ${mark}`);
  }
  await tx.query(
    `update ledger.payments set status = 'issued', decided_by = :actor, decided_at = :now, entry_id = :entry, version = version + 1
     where ulb_id = :ulb and payment_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), entry: entry.id },
  );
  return { payment: await getPayment(tx, id), entry };
}

/** Who gets how much of a transfer, with the bank details of today. */
async function beneficiariesOf(tx: Tx, payment: Payment): Promise<Beneficiary[]> {
  const shares: { readonly party: PartyRef; readonly amount: Paise }[] = payment.payeeParty
    ? [{ party: payment.payeeParty, amount: payment.amount }]
    : [...groupBy(payment.lines, (l) => `${l.party.type}|${l.party.id}`).values()].flatMap((lines) =>
        lines[0] ? [{ party: lines[0].party, amount: sum(lines.map((l) => l.amount)) }] : [],
      );
  const beneficiaries: Beneficiary[] = [];
  for (const { party, amount } of shares) {
    const found = await getPayableParty(tx, party.type as PartyType, party.id, payment.date);
    if (found.bankAccount === null || found.bankIfsc === null)
      throw payableErrors.PAYEE_BANK_MISSING({ party: `${found.name} (${found.id})` });
    beneficiaries.push({ party, name: found.name, bankAccount: found.bankAccount, ifsc: found.bankIfsc, amount });
  }
  return beneficiaries;
}

/** Refuses a payment that waits; what it would have paid is free again. Raises MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectPayment(tx: Tx, id: string, version: number, reason: string): Promise<Payment> {
  const said = reasonOf(reason, "rejecting a payment");
  const payment = await lockPayment(tx, id, version, "submitted", "rejected");
  refuseOwn(tx, payment);
  await tx.query(
    `update ledger.payments set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and payment_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: said },
  );
  await audit(tx, { action: "reject", subject: "payment", subjectId: id, reason: said });
  return getPayment(tx, id);
}

/**
 * Cancels an issued payment by the reversal of its entry (BK-06): a cheque before it is delivered, an advice before it is sent. What it settled
 * is payable again; an advance that it gave must be untouched. Raises CHEQUE_STATUS, ADVICE_STATUS, BILL_NOT_UNPAID, MAKER_IS_CHECKER, REASON_MISSING.
 */
export async function cancelPayment(
  tx: Tx,
  id: string,
  version: number,
  reason: string,
  on?: LocalDate,
): Promise<Payment> {
  const said = reasonOf(reason, "cancelling a payment");
  const payment = await lockPayment(tx, id, version, "issued", "cancelled");
  if (tx.actor.id === payment.createdBy)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: paymentName(payment), actor: tx.actor.id });
  if (payment.entryId === null)
    throw payableErrors.PAYMENT_STATUS({ what: paymentName(payment), status: payment.status, step: "cancelled" });
  const date = on ?? dateInIndia(tx.clock());
  const items = await lockItems(
    tx,
    payment.lines.flatMap((l) => l.itemId ?? []),
  );
  if (payment.kind === "advance") {
    for (const item of items.values())
      if (item.open !== item.amount || item.waiting > 0n)
        throw payableErrors.BILL_NOT_UNPAID({
          what: paymentName(payment),
          item: item.what,
          amount: String(item.amount),
          open: String(item.open),
          waiting: item.open === item.amount ? String(item.waiting) : "0",
        });
  }
  if (payment.chequeId !== null) await cancelChequeOf(tx, payment.chequeId, date, said);
  if (payment.adviceId !== null) await cancelAdviceOf(tx, payment.adviceId);
  await audit(tx, { action: "cancel", subject: "payment", subjectId: id, reason: said });
  const entry = await reverseEntry(tx, { entryId: payment.entryId, date, reason: said });
  await moveItems(
    tx,
    entry,
    payment.lines.map((l) => ({
      itemId: l.itemId ?? "",
      amount: payment.kind === "advance" ? -l.amount : l.amount,
      why: "payment cancelled",
      paymentId: id,
    })),
  );
  if (payment.kind === "reissue") {
    for (const item of items.values())
      if (item.chequeId !== null) await moveCheque(tx, item.chequeId, "cancel reissue", date, said);
  }
  await tx.query(
    `update ledger.payments set status = 'cancelled', cancelled_by = :actor, cancelled_at = :now, cancel_reason = :reason,
       cancel_entry_id = :entry, version = version + 1
     where ulb_id = :ulb and payment_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: said, entry: entry.id },
  );
  return getPayment(tx, id);
}

function refuseOwn(tx: Tx, payment: Payment): void {
  if (tx.actor.id === payment.createdBy)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: paymentName(payment), actor: tx.actor.id });
}

function reasonOf(reason: string, what: string): string {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what });
  return reason.trim();
}

async function lockPayment(
  tx: Tx,
  id: string,
  version: number,
  status: Payment["status"],
  step: string,
): Promise<Payment> {
  await tx.query("select 1 from ledger.payments where ulb_id = :ulb and payment_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const payment = await getPayment(tx, id);
  const what = paymentName(payment);
  if (payment.status !== status) throw payableErrors.PAYMENT_STATUS({ what, status: payment.status, step });
  if (payment.version !== version)
    throw payableErrors.PAYMENT_CHANGED({ what, expected: version, found: payment.version });
  return payment;
}
