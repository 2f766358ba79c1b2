import {
  findEntryBySource,
  getAccount,
  getEntry,
  isReversible,
  postEntry,
  postingAccount,
  postingAccounts,
  reverseEntry,
  type Entry,
  type EntryDraft,
  type Line,
  type PostedEntry,
} from "../../ledger/index.ts";
import {
  closeCounterSession,
  currentSession,
  openCounterSession,
  receiveAtCounter,
  returnInstrument,
} from "../../collections/index.ts";
import { financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { add, negate, subtract, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { lockBankAccount, type BankAccount } from "../bank-accounts.ts";
import { bookingDate } from "../booking-date.ts";
import { reconciliationErrors } from "../errors.ts";
import { MATCH_RULES } from "../match.ts";
import { cancelStaleCheque } from "../by-hand.ts";
import { horizon } from "../comparison.ts";
import { insertMatches, itemLegs, leafLegs, lineLeg, type Leg } from "../matches.ts";
import { cancelReversals, unmatch } from "../unmatch.ts";
import { openItems, type OpenItem } from "../open-items.ts";
import { bookSettlement, lostDisputes } from "../settlements.ts";
import { getBankLine, type BankLine } from "../statements.ts";
import { exceptionErrors } from "./errors.ts";
import { draftLines, type BankException, type DraftLine } from "./exception.ts";
import { openExceptions } from "./keep.ts";
import { adjustedFigures, waitingSettlement } from "./settlements.ts";
import {
  againstHead,
  contraDraft,
  differenceDraft,
  fitting,
  FINANCE_FUNCTION,
  functionOf,
  heldDraft,
  ROLE_OF,
  type Draft,
  type Resolution,
} from "./templates.ts";

/** What carrying a resolution out did. */
export type Outcome = {
  readonly entryId: bigint | null;
  readonly matchId: string | null;
  readonly draft: readonly DraftLine[];
  /** In words, for the record. */
  readonly says: string;
  /** A bank error stays: only the bank settles it. */
  readonly isOver: boolean;
};

type Deed = {
  readonly exception: BankException;
  readonly proposalId: string;
  readonly reason: string;
};
type Of<K extends Resolution["kind"]> = Extract<Resolution, { kind: K }>;

/**
 * Carries a resolution out: posts its entry or makes its document, and matches the statement line with it, all in this transaction.
 * Accounts come from the posting map. Money of a closed month is booked on the next open day with its own value date; charges and interest
 * of a closed year go to the heads of earlier years (280).
 * Raises EXCEPTION_TEMPLATE and the other EXCEPTION_* refusals, BANK_LINE_MATCHED, OPEN_ITEM_UNKNOWN, and what the ledger and collections refuse.
 */
export async function carryOut(tx: Tx, deed: Deed, resolution: Resolution): Promise<Outcome> {
  const { exception } = deed;
  const fits = fitting(exception);
  if (!fits.includes(resolution.kind))
    throw exceptionErrors.EXCEPTION_TEMPLATE({
      template: resolution.kind,
      what: `${exception.subject === "item" ? "an item of the book" : `a ${exception.subject}`}`,
      amount: String(exception.amount),
      fitting: fits,
    });
  switch (resolution.kind) {
    case "settlement-adjusted":
      return adjustSettlement(tx, deed, resolution);
    case "stale-cheque":
    case "reverse-entry":
      return settleItem(tx, deed, resolution.kind);
    default:
      return exception.subject === "held"
        ? explainHeld(tx, deed, resolution as Of<"receipt" | "named-head">)
        : settleLine(tx, deed, resolution);
  }
}

async function settleLine(
  tx: Tx,
  deed: Deed,
  resolution: Exclude<Resolution, Of<"settlement-adjusted"> | { kind: "stale-cheque" | "reverse-entry" }>,
): Promise<Outcome> {
  // Two accounts are locked in the order of their heads, as un-matching does.
  if (resolution.kind === "wrong-account" && resolution.otherAccount < deed.exception.account)
    await lockBankAccount(tx, resolution.otherAccount);
  const bank = await lockBankAccount(tx, deed.exception.account);
  const line = await getBankLine(tx, deed.exception.subjectId);
  if (line.matchId !== null) throw reconciliationErrors.BANK_LINE_MATCHED({ line: line.id });
  switch (resolution.kind) {
    case "bank-charge":
    case "bank-interest":
    case "unidentified-credit":
      return bookSimple(tx, deed, bank, line, resolution.kind);
    case "named-head": {
      await checkHead(tx, resolution.account);
      const dims = { fund: bank.fund, function: resolution.function };
      const draft = againstHead(line.amount, { bank: bank.account, other: resolution.account }, dims);
      return book(tx, deed, bank, line, [], draft, `booked against ${resolution.account}`);
    }
    case "bank-error":
      await tx.query(
        "update reconciliation.bank_exceptions set is_bank_error = true where ulb_id = :ulb and exception_id = :id::uuid",
        { ulb: tx.ulb.id, id: deed.exception.id },
      );
      return { entryId: null, matchId: null, draft: [], says: "an error of the bank", isOver: false };
    case "receipt":
      return receipt(tx, deed, bank, line, resolution);
    case "cheque-returned":
      return chequeReturned(tx, deed, bank, line, resolution);
    case "difference":
      return difference(tx, deed, bank, line, resolution);
    case "wrong-account":
      return wrongAccount(tx, deed, bank, line, resolution);
  }
}

/** Charges, interest, credits of nobody we know: against the head of their role. */
async function bookSimple(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  kind: keyof typeof ROLE_OF,
): Promise<Outcome> {
  const date = await bookingDate(tx, line.valueDate);
  const isOld = kind !== "unidentified-credit" && financialYearOf(line.valueDate) < financialYearOf(date);
  const role = !isOld
    ? ROLE_OF[kind]
    : kind === "bank-charge"
      ? ("prior-period-expense" as const)
      : ("prior-period-other-income" as const);
  const draft = againstHead(
    line.amount,
    { bank: bank.account, other: await postingAccount(tx, role) },
    {
      fund: bank.fund,
      function: functionOf(kind),
      ...(kind === "unidentified-credit" ? { party: { type: "bank-credit", id: line.id } } : {}),
    },
  );
  const done = await book(tx, deed, bank, line, [], draft, WORDS[kind]);
  if (kind === "unidentified-credit")
    await openExceptions(tx, bank.account, [
      {
        subject: "held",
        subjectId: line.id,
        kind: "unidentified-held",
        amount: line.amount,
        date: line.bookedOn,
        particulars: line.narration,
        reference: line.reference,
        candidates: [],
        template: "receipt",
      },
    ]);
  return done;
}

const WORDS = {
  "bank-charge": "bank charge",
  "bank-interest": "interest of the bank",
  "unidentified-credit": "held as an unidentified credit",
} as const;

/** Posts an entry for a line and matches them, with items of the book where the entry is only their difference. */
async function book(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  legs: readonly Leg[],
  draft: Draft,
  says: string,
): Promise<Outcome> {
  const date = await bookingDate(tx, line.valueDate);
  const entry = await postEntry(tx, {
    ...draft,
    date,
    valueDate: line.valueDate,
    narration: narrationOf(says, line, deed.reason),
    source: { type: "bank-line", id: deed.proposalId },
  });
  const matchId = await writeMatch(tx, bank.account, says, entry.id, [
    lineLeg(line),
    ...legs,
    ...entryLegs(bank.account, entry, draft.lines, date),
  ]);
  return { entryId: entry.id, matchId, draft: draftLines(draft.lines), says, isOver: true };
}

function narrationOf(says: string, line: BankLine, reason: string): string {
  return `${says.charAt(0).toUpperCase()}${says.slice(1)}: ${line.narration || line.reference || "no narration"} (${reason})`.slice(
    0,
    500,
  );
}

function entryLegs(account: string, entry: PostedEntry, lines: readonly Line[], date: LocalDate): Leg[] {
  return lines.flatMap((l, i): Leg[] =>
    l.account === account
      ? [
          {
            kind: "item",
            entryId: entry.id,
            lineNo: i + 1,
            amount: l.side === "debit" ? l.amount : negate(l.amount),
            onDate: date,
          },
        ]
      : [],
  );
}

async function writeMatch(
  tx: Tx,
  account: string,
  evidence: string,
  entryId: bigint | undefined,
  legs: readonly Leg[],
): Promise<string> {
  const id = newId(tx.clock().getTime());
  await insertMatches(tx, account, [
    { id, pass: "manual", rules: MATCH_RULES.version, evidence, ...(entryId === undefined ? {} : { entryId }), legs },
  ]);
  return id;
}

async function checkHead(tx: Tx, account: string): Promise<void> {
  if (account === "") throw exceptionErrors.EXCEPTION_HEAD({ account, why: "name the head" });
  const head = await getAccount(tx, account);
  if (!head.isPosting) throw exceptionErrors.EXCEPTION_HEAD({ account, why: "it is a heading; name a head below it" });
  if (head.isCashBank)
    throw exceptionErrors.EXCEPTION_HEAD({
      account,
      why: "it is cash or a bank; use “wrong account” for money between two banks",
    });
}

// ------------------------------------------------------------------------------------------------ receipts

/**
 * The payer of a credit is known: a receipt through the register of receipts, dated now and with the bank's reference, and the line is matched with
 * its money. More than the dues is the payer's advance.
 */
async function receipt(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  resolution: Of<"receipt">,
): Promise<Outcome> {
  const main = await postingAccount(tx, "bank-main");
  if (bank.account !== main) throw exceptionErrors.EXCEPTION_RECEIPT_ACCOUNT({ account: bank.account, main });
  const open = await currentSession(tx);
  const session = open ?? (await openCounterSession(tx, { counter: "Bank reconciliation" }));
  const made = await receiveAtCounter(tx, {
    sessionId: session.id,
    consumerId: resolution.consumerId,
    amount: line.amount,
    tender: { kind: "bank-transfer", utr: resolution.utr, date: line.valueDate },
    acceptAdvance: true,
    idempotencyKey: `bank-${deed.proposalId}`,
  });
  if (!open) await closeCounterSession(tx, session.id, {});
  const entry = await entryOf(tx, { type: "receipt", id: made.id });
  const items = await itemsOfEntry(tx, bank.account, entry);
  const says = `receipt ${made.number} to ${made.payerName}`;
  const matchId = await writeMatch(tx, bank.account, says, undefined, [lineLeg(line), ...items.flatMap(itemLegs)]);
  return { entryId: entry.id, matchId, draft: draftLines(entry.lines), says, isOver: true };
}

async function entryOf(tx: Tx, source: { readonly type: string; readonly id: string }): Promise<Entry> {
  const entry = await findEntryBySource(tx, source);
  invariant(entry, "a document has its entry");
  return entry;
}

async function itemsOfEntry(tx: Tx, account: string, entry: Entry): Promise<OpenItem[]> {
  const asOf = await horizon(tx, account);
  const all = await openItems(tx, account, asOf > entry.date ? asOf : entry.date);
  return all.filter((i) => "entryId" in i.of && i.of.entryId === entry.id);
}

/** Money among unidentified credits: its entry is taken back and the receipt takes its place; or another head explains it. */
async function explainHeld(tx: Tx, deed: Deed, resolution: Of<"receipt" | "named-head">): Promise<Outcome> {
  const bank = await lockBankAccount(tx, deed.exception.account);
  const line = await getBankLine(tx, deed.exception.subjectId);
  invariant(line.matchId !== null, "a credit that is held was booked");
  if (resolution.kind === "receipt") {
    await unmatch(tx, line.matchId, `The payer is known: ${deed.reason}`.slice(0, 400));
    return receipt(tx, deed, bank, line, resolution);
  }
  await checkHead(tx, resolution.account);
  const heads = { unidentified: await postingAccount(tx, "unidentified-credits"), other: resolution.account };
  const draft = heldDraft(line.amount, heads, { fund: bank.fund, function: resolution.function });
  const says = `explained, and moved to ${resolution.account}`;
  const entry = await postEntry(tx, {
    ...draft,
    date: await bookingDate(tx, line.valueDate),
    valueDate: line.valueDate,
    narration: narrationOf(says, line, deed.reason),
    source: { type: "bank-line", id: deed.proposalId },
  });
  return { entryId: entry.id, matchId: null, draft: draftLines(draft.lines), says, isOver: true };
}

/**
 * The bank took a cheque back, at once or after it had credited it: its receipt is dishonoured, or its acknowledgement ends, what it had settled is
 * due again, and the line is matched with that. A cheque that paid several accounts comes back for all of them in one line.
 */
async function chequeReturned(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  resolution: Of<"cheque-returned">,
): Promise<Outcome> {
  const shares = isUuid(resolution.instrumentId)
    ? await tx.query<{
        id: string;
        number: string | null;
        amount: Paise;
        bank_account: string | null;
        known_until: LocalDate | null;
      }>(
        `select i.instrument_id::text as id, i.number, i.amount, m.bank_account, coalesce(i.cleared_on, m.deposited_on) as known_until
         from collections.instruments i
         left join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
         where i.ulb_id = :ulb and (i.instrument_id = :id::uuid or i.tender_id =
           (select tender_id from collections.instruments where ulb_id = :ulb and instrument_id = :id::uuid))
         order by (i.instrument_id = :id::uuid) desc, i.instrument_id`,
        { ulb: tx.ulb.id, id: resolution.instrumentId },
      )
    : [];
  const [held] = shares;
  const expected = negate(add(sum(shares.map((s) => s.amount)), resolution.bankCharge));
  if (held?.bank_account && (held.bank_account !== bank.account || expected !== line.amount))
    throw exceptionErrors.EXCEPTION_CHEQUE({
      cheque: held.number ?? "",
      deposited: held.bank_account,
      line: String(line.amount),
      account: bank.account,
      expected: String(expected),
    });
  // A bank may value the return like the credit; the cheque cannot have come back before it was there.
  const day = held?.known_until && held.known_until > line.valueDate ? held.known_until : line.valueDate;
  const done = await returnInstrument(tx, {
    instrumentId: resolution.instrumentId,
    date: await bookingDate(tx, day),
    reason: deed.reason,
    bankCharge: resolution.bankCharge,
    payerCharge: resolution.payerCharge,
    isDebited: true,
  });
  const returns = await tx.query<{ id: string }>(
    `select dishonour_id::text as id from collections.dishonours where ulb_id = :ulb and instrument_id = any(:ids::uuid[])
     order by (dishonour_id = :first::uuid) desc, dishonour_id`,
    { ulb: tx.ulb.id, ids: shares.map((s) => s.id), first: done.dishonourId },
  );
  const legs: Leg[] = [];
  const lines: Line[] = [];
  let entryId: bigint | null = null;
  for (const { id } of returns) {
    const entry = await entryOf(tx, { type: "dishonour", id });
    entryId ??= entry.id;
    lines.push(...entry.lines);
    // What the bank had given before it took it back, of a leaf in clearing, is another line of its statement.
    const taken = (await itemsOfEntry(tx, bank.account, entry)).filter((i) => i.amount < 0n);
    legs.push(...taken.flatMap(itemLegs));
  }
  const says = `cheque ${held?.number ?? ""} of ${done.receipt ? `receipt ${done.receipt.number}` : "an acknowledgement"} returned`;
  const matchId = await writeMatch(tx, bank.account, says, undefined, [lineLeg(line), ...legs]);
  return { entryId, matchId, draft: draftLines(lines), says, isOver: true };
}

// ------------------------------------------------------------------------------------------------ differences

/** The bank shows another sum than the book: the difference is an entry of its own, and line, items and entry are matched. */
async function difference(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  resolution: Of<"difference">,
): Promise<Outcome> {
  const open = new Map((await openItems(tx, bank.account, await horizon(tx, bank.account))).map((i) => [i.id, i]));
  const items = [...new Set(resolution.items)].map((id) => {
    const item = open.get(id);
    if (!item) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: id });
    return item;
  });
  if (items.length === 0) throw exceptionErrors.EXCEPTION_ITEMS({ template: "difference" });
  const inBook = sum(items.map((i) => i.amount));
  if (inBook === line.amount) throw exceptionErrors.EXCEPTION_DIFFERENCE_NONE({ amount: String(inBook) });
  const other = await differenceHead(tx, bank, items, resolution.role);
  const says = `difference to ${items.map((i) => i.reference || i.voucher || i.id).join(", ")}`.slice(0, 200);
  const dims = { fund: bank.fund, function: other.function };
  if (items.some((i) => "settlementId" in i.of)) return settlementDiffers(tx, deed, bank, line, items, other, says);
  const draft = differenceDraft(line.amount, inBook, { bank: bank.account, other: other.account }, dims);
  const leaves = await leafLegs(
    tx,
    items.map((item) => ({ item, lines: [line] })),
  );
  return book(tx, deed, bank, line, [...items.flatMap(itemLegs), ...[...leaves.values()].flat()], draft, says);
}

async function differenceHead(
  tx: Tx,
  bank: BankAccount,
  items: readonly OpenItem[],
  role: Of<"difference">["role"],
): Promise<{ readonly account: string; readonly function?: string | undefined }> {
  if (role !== "item-entry")
    return {
      account: await postingAccount(tx, role),
      ...(role === "bank-charges" ? { function: FINANCE_FUNCTION } : {}),
    };
  const of = items[0]?.of;
  if (items.length !== 1 || !of || !("entryId" in of))
    throw exceptionErrors.EXCEPTION_ITEMS({ template: "item-entry" });
  const entry = await getEntry(tx, of.entryId);
  refuseRegister(entry);
  const others = entry.lines.filter((l) => l.account !== bank.account);
  const [largest] = [...others].sort((a, b) =>
    a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : a.lineNo - b.lineNo,
  );
  invariant(largest, "an entry has another side");
  return { account: largest.account, function: largest.function };
}

function refuseRegister(entry: Entry): void {
  if (!isReversible(entry))
    throw exceptionErrors.EXCEPTION_ENTRY_OF_REGISTER({
      entry: entry.number,
      source: (entry.reverses === null ? entry.source.type : "reversal").replaceAll("-", " "),
    });
}

/** A settlement arrived with another sum: what is missing is a claim, and the settlement has arrived. One entry, so that un-matching takes back all. */
async function settlementDiffers(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  items: readonly OpenItem[],
  other: { readonly account: string; readonly function?: string | undefined },
  says: string,
): Promise<Outcome> {
  const settlements = items.flatMap((i) =>
    "settlementId" in i.of ? [{ id: i.of.settlementId, amount: i.amount }] : [],
  );
  if (settlements.length !== items.length) throw exceptionErrors.EXCEPTION_ITEMS({ template: "difference" });
  const { "settlement-in-transit": transit } = await postingAccounts(tx, "settlement-in-transit");
  const { fund } = bank;
  const short = subtract(sum(settlements.map((s) => s.amount)), line.amount);
  const head = { account: other.account, fund, ...(other.function ? { function: other.function } : {}) };
  const lines: Line[] = [
    { account: bank.account, side: "debit", amount: line.amount, fund },
    ...settlements.map((s): Line => ({
      account: transit,
      side: "credit",
      amount: s.amount,
      fund,
      party: { type: "settlement", id: s.id },
    })),
    short > 0n ? { ...head, side: "debit", amount: short } : { ...head, side: "credit", amount: negate(short) },
  ];
  const done = await book(
    tx,
    deed,
    bank,
    line,
    [],
    { voucher: other.function === undefined ? "receipt" : "contra", lines },
    says,
  );
  await tx.query(
    `update reconciliation.settlements set arrival_match_id = :match::uuid, arrived_on = :day
     where ulb_id = :ulb and settlement_id = any(:ids::text[])`,
    {
      ulb: tx.ulb.id,
      match: done.matchId,
      day: await bookingDate(tx, line.valueDate),
      ids: settlements.map((s) => s.id),
    },
  );
  return done;
}

/** The bank booked into another account of the ULB than the one whose book waits for it: a contra, matched on both sides. */
async function wrongAccount(
  tx: Tx,
  deed: Deed,
  bank: BankAccount,
  line: BankLine,
  resolution: Of<"wrong-account">,
): Promise<Outcome> {
  const other = await lockBankAccount(tx, resolution.otherAccount);
  const asOf = await horizon(tx, other.account);
  const item = (await openItems(tx, other.account, asOf)).find((i) => i.id === resolution.otherItem);
  if (!item || !("entryId" in item.of) || other.account === bank.account)
    throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: resolution.otherItem });
  if (item.amount !== line.amount)
    throw exceptionErrors.EXCEPTION_ITEM_DIFFERS({
      line: String(line.amount),
      item: String(item.amount),
      account: other.account,
    });
  const draft = contraDraft(line.amount, bank.account, other.account, bank.fund);
  const says = `booked by the bank here instead of ${other.account}`;
  const done = await book(tx, deed, bank, line, [], draft, says);
  invariant(done.entryId !== null, "a contra was posted");
  const leg: Leg = {
    kind: "item",
    entryId: done.entryId,
    lineNo: 2,
    amount: negate(line.amount),
    onDate: await bookingDate(tx, line.valueDate),
  };
  await writeMatch(tx, other.account, `booked by the bank in ${bank.account} instead`, undefined, [
    ...itemLegs(item),
    leg,
  ]);
  return done;
}

// ------------------------------------------------------------------------------------------------ items and settlements

async function settleItem(tx: Tx, deed: Deed, kind: "stale-cheque" | "reverse-entry"): Promise<Outcome> {
  const { exception } = deed;
  const bank = await lockBankAccount(tx, exception.account);
  if (kind === "stale-cheque") {
    const { matchId, entryId } = await cancelStaleCheque(tx, { account: bank.account, item: exception.subjectId });
    const { lines } = await getEntry(tx, entryId);
    return {
      entryId,
      matchId,
      draft: draftLines(lines),
      says: "the cheque is stale; the payee's claim stays",
      isOver: true,
    };
  }
  const asOf = await horizon(tx, bank.account);
  const item = (await openItems(tx, bank.account, asOf)).find((i) => i.id === exception.subjectId);
  if (!item || !("entryId" in item.of)) throw reconciliationErrors.OPEN_ITEM_UNKNOWN({ item: exception.subjectId });
  const entry = await getEntry(tx, item.of.entryId);
  refuseRegister(entry);
  const back: EntryDraft | PostedEntry = await reverseEntry(tx, {
    entryId: entry.id,
    date: await bookingDate(tx, entry.date),
    reason: deed.reason,
  });
  await cancelReversals(tx, bank);
  const { lines } = await getEntry(tx, back.id);
  return {
    entryId: back.id,
    matchId: null,
    draft: draftLines(lines),
    says: `${entry.number} is taken back`,
    isOver: true,
  };
}

/** A settlement with adjustments: a person says what they are, and it is booked with them. */
async function adjustSettlement(tx: Tx, deed: Deed, resolution: Of<"settlement-adjusted">): Promise<Outcome> {
  const settlement = await waitingSettlement(tx, deed.exception.subjectId);
  const refuse = (why: string) =>
    exceptionErrors.EXCEPTION_SETTLEMENT_ROWS({ settlement: deed.exception.subjectId, why });
  if (!settlement) throw refuse("it is booked already, or the gateway has not told of it");
  const foreign = settlement.rows.find((r) => r.settlementId !== settlement.id);
  if (settlement.rows.length === 0) throw refuse("the gateway has told no rows of it yet; import settlements again");
  if (foreign) throw refuse(`${foreign.entityId} belongs to another settlement`);
  const lost = await lostDisputes(tx, settlement.id, settlement.rows);
  const { figures, adjustments } = adjustedFigures(settlement.amount, settlement.rows, new Set(lost));
  if (figures.fee < 0n) throw refuse("its rows pay out more than their amounts; ask the gateway");
  const account = await postingAccount(tx, resolution.role);
  const made = await bookSettlement(
    tx,
    // The day is India's; any moment of it gives it back.
    { ...settlement, createdAt: new Date(`${settlement.settledOn}T06:00:00Z`) },
    figures,
    settlement.rows,
    { amount: adjustments, account, ...(resolution.role === "gateway-fee" ? { function: FINANCE_FUNCTION } : {}) },
  );
  const { lines } = await getEntry(tx, made.entryId);
  return {
    entryId: made.entryId,
    matchId: null,
    draft: draftLines(lines),
    says: `settlement ${settlement.id} is booked with its adjustments`,
    isOver: true,
  };
}
