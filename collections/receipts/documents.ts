import type { AppliedPayment, TaxHead } from "../../billing/index.ts";
import {
  bookingDay,
  openFinancialYear,
  postEntries,
  takeNumbers,
  type EntryDraft,
  type Line,
} from "../../ledger/index.ts";
import {
  dateInIndia,
  financialYearOf,
  nextFinancialYear,
  type FinancialYear,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { newId, newToken } from "../../ledger/kernel/ids.ts";
import { negate, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { enqueueAll } from "../../ledger/kernel/outbox.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { netByFund } from "../entries.ts";
import type { Booked, PaymentState } from "../online/payment-state.ts";
import { ensureSigningKey } from "./signature.ts";
import type { ReceiptLine, ReceiptMode } from "./receipts.ts";

/** A consumer as the receipt names it. */
export type Payer = {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly service: string;
  readonly ward: string;
};

const RECEIPT_SERIES = "receipt-no";
const REFUND_SERIES = "refund-note-no";

/** Locks the consumers in the order of their ids and gives what a receipt prints of them. Unknown ids are left out. */
export async function lockPayers(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, Payer>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.query<Payer>(
    `select consumer_id as id, code, name, service, ward from billing.consumers
     where ulb_id = :ulb and consumer_id = any(:ids::uuid[])
     order by consumer_id for no key update`,
    { ulb: tx.ulb.id, ids: [...new Set(ids)] },
  );
  return new Map(rows.map((r) => [r.id, r]));
}

/**
 * The booking date of each value date: the day itself, the next day whose cash book is not signed, or, where its month is closed, the day on which
 * it is found. Where the books of the year were not opened yet they are: money that has come is booked.
 */
export async function entryDatesFor(tx: Tx, days: readonly LocalDate[]): Promise<ReadonlyMap<LocalDate, LocalDate>> {
  const found = new Map<LocalDate, LocalDate>();
  const today = dateInIndia(tx.clock());
  for (const day of new Set(days)) {
    let open = await bookingDay(tx, day, today);
    for (let fy = financialYearOf(day); open === undefined; fy = nextFinancialYear(fy)) {
      await openFinancialYear(tx, fy);
      open = await bookingDay(tx, day, today);
    }
    found.set(day, open);
  }
  return found;
}

/** The date on which a fact of that day is booked; see entryDatesFor. */
export async function entryDateFor(tx: Tx, day: LocalDate): Promise<LocalDate> {
  return need((await entryDatesFor(tx, [day])).get(day));
}

export const noHead = { taxHead: null, demandYear: null, periodFrom: null, periodTo: null } as const;

/** What a receipt prints of an applied payment: head by head and year by year, tax and cess apart; the lines sum to the money. */
export function linesOf(applied: AppliedPayment, titles: ReadonlyMap<string, TaxHead>): ReceiptLine[] {
  const lines: ReceiptLine[] = [];
  for (const a of applied.allocations) {
    const head = titles.get(a.taxHead);
    const period = { demandYear: a.demandYear, periodFrom: a.periodFrom, periodTo: a.periodTo };
    const title = head?.name ?? a.taxHead;
    if (a.kind === "rebate")
      lines.push({ ...period, kind: "rebate", taxHead: a.taxHead, title: `Rebate on ${title}`, amount: a.amount });
    if (a.kind !== "payment") continue;
    if (a.own > 0n) lines.push({ ...period, kind: head?.kind ?? "tax", taxHead: a.taxHead, title, amount: a.own });
    if (a.cess > 0n) {
      const cess = a.cessHead === null ? undefined : titles.get(a.cessHead);
      lines.push({
        ...period,
        kind: "cess",
        taxHead: a.cessHead,
        title: cess?.name ?? a.cessHead ?? `Cess on ${title}`,
        amount: a.cess,
      });
    }
  }
  if (applied.advance > 0n) lines.push({ ...noHead, kind: "advance", title: "Advance", amount: applied.advance });
  return lines;
}

export type ReceiptDraft = {
  readonly receiptId: string;
  readonly payer: Payer | null;
  readonly payerName: string;
  readonly billId: string | null;
  readonly channel: "online" | "counter" | "external";
  readonly mode: ReceiptMode;
  readonly amount: Paise;
  readonly paidAt: Date;
  readonly valueDate: LocalDate;
  readonly entryDate: LocalDate;
  readonly sessionId: string | null;
  readonly paymentId: string | null;
  /** "partner/reference" of money that another portal took. */
  readonly externalRef?: string;
  readonly idempotencyKey: string | null;
  readonly instrument: {
    readonly kind: ReceiptMode;
    readonly account: string;
    readonly status: "received" | "deposited" | "in-clearing";
    readonly number: string | null;
    readonly bank: string | null;
    readonly branch: string | null;
    readonly date: LocalDate | null;
    readonly acquirer?: string | null;
    readonly batchNo?: string | null;
  };
  readonly entryLines: readonly Line[];
  readonly lines: readonly ReceiptLine[];
  readonly narration: string;
  readonly counter?: CounterFacts;
};

/** What only papers of the counter have. */
export type CounterFacts = {
  /** The payment that it is part of, and which part. */
  readonly tenderId?: string;
  readonly shareNo?: number;
  readonly mobile?: string | null;
  readonly pan?: string | null;
  readonly book?: { readonly book: string; readonly leaf: string } | null;
  readonly limit?: { readonly reason: string; readonly allowedBy: string } | null;
  /** The instrument is there already: an acknowledged cheque that was realised gets its receipt. */
  readonly realises?: string;
  /** It is booked together with the bank's credit: a receipt of money, not a journal of what came before. */
  readonly isCredited?: boolean;
  /** A replacement: the receipt of the money itself, the receipt that it takes the place of, and that one's entry. */
  readonly replaces?: { readonly original: string; readonly receipt: string; readonly entry: bigint | undefined };
};

/** Gives back what a refundable receipt, written beside it, has brought: the entry is the receipt's. */
export type RefundNoteDraft = {
  readonly refundId: string;
  readonly payment: PaymentState;
  readonly payer: Payer;
  readonly entryDate: LocalDate;
  readonly liabilityAccount: string;
};

/** Money that pays nothing because it was paid already: a liability until it is given back. */
export function refundableLine(amount: Paise): ReceiptLine {
  return { ...noHead, kind: "refundable", title: "Refundable, set against no due", amount };
}

/**
 * Writes receipts, and the refund notes of those that are refundable, with everything that belongs to them, in a handful of statements however many
 * they are.
 * Numbers are taken last, and the entries are posted last of all: both series stay locked until commit.
 */
export async function writeDocuments(
  tx: Tx,
  receipts: readonly ReceiptDraft[],
  notes: readonly RefundNoteDraft[] = [],
  /** What payers bore of the gateway's fee, by payment. */
  fees: ReadonlyMap<string, Paise> = new Map(),
): Promise<Map<string, Booked>> {
  const now = tx.clock();
  for (const r of receipts) {
    const printed = sum(r.lines.filter((l) => l.kind !== "rebate").map((l) => l.amount));
    invariant(printed === r.amount, `the lines of a receipt sum to its amount: ${printed} of ${r.amount}`);
  }
  if (receipts.length > 0) await ensureSigningKey(tx);
  await insertLines(tx, receipts);
  await insertInstruments(tx, receipts);
  const noteOf = new Map(notes.map((n) => [n.payment.paymentId, n.refundId]));
  const booked = new Map<string, BookedReceipt>();
  for (const { paymentId, receiptId } of receipts) {
    if (paymentId === null) continue;
    booked.set(paymentId, { status: "receipt", receiptId, refundId: noteOf.get(paymentId) ?? null, isNew: true });
  }
  invariant(
    notes.every((n) => booked.has(n.payment.paymentId)),
    "a second payment has its receipt",
  );
  await markBooked(tx, booked, fees);
  await enqueueAll(
    tx,
    "receipt.issued",
    receipts.map((r) => ({ payload: { receiptId: r.receiptId }, dedupeKey: `receipt:${r.receiptId}` })),
  );
  await enqueueAll(
    tx,
    "refund-note.issued",
    notes.map((n) => ({ payload: { refundId: n.refundId }, dedupeKey: `refund-note:${n.refundId}` })),
  );

  for (const [fy, group] of byYear(receipts)) {
    const first = await takeNumbers(tx, RECEIPT_SERIES, fy, group.length);
    await insertReceipts(tx, fy, first, group, now);
  }
  for (const [fy, group] of byYear(notes)) {
    const first = await takeNumbers(tx, REFUND_SERIES, fy, group.length);
    await insertNotes(tx, fy, first, group, now);
  }
  await postEntries(tx, receipts.map(entryOfReceipt));
  return booked;
}

function entryOfReceipt(r: ReceiptDraft): EntryDraft {
  const replaces = r.counter?.replaces;
  if (replaces) {
    // No cash moves: what one consumer had is taken back and given to another.
    return {
      voucher: "journal",
      date: r.entryDate,
      narration: r.narration,
      source: { type: "receipt-transfer", id: r.receiptId },
      ...(replaces.entry === undefined ? {} : { reverses: replaces.entry }),
      lines: r.entryLines,
    };
  }
  return {
    voucher: r.counter?.realises === undefined || r.counter.isCredited === true ? "receipt" : "journal",
    date: r.entryDate,
    valueDate: r.valueDate,
    narration: r.narration,
    source: { type: "receipt", id: r.receiptId },
    lines: r.entryLines,
  };
}

type BookedReceipt = Extract<Booked, { readonly status: "receipt" }>;

function byYear<D extends { readonly entryDate: LocalDate }>(documents: readonly D[]): [FinancialYear, D[]][] {
  return [...groupBy(documents, (d) => financialYearOf(d.entryDate))]
    .sort(([a], [b]) => compare(a, b))
    .map(([fy, group]) => [fy, [...group]]);
}

async function insertReceipts(
  tx: Tx,
  fy: FinancialYear,
  first: bigint,
  group: readonly ReceiptDraft[],
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into collections.receipts (ulb_id, fy, number, issued_at, issued_by, receipt_id, token, consumer_id, consumer_code, service, ward,
       payer_name, bill_id, channel, mode, amount, paid_at, value_date, entry_date, session_id, payment_id, idempotency_key, external_ref,
       tender_id, kind, original_id, replaces, book_no, leaf_no, payer_mobile, payer_pan, limit_reason, limit_allowed_by)
     select :ulb, :fy, :first::bigint + r.at - 1, :now::timestamptz, :actor, r.id, r.token, r.consumer, r.code, r.service, r.ward, r.payer, r.bill,
       r.channel, r.mode, r.amount, r.paid_at, r.value_date, r.entry_date, r.session, r.payment, r.idempotency, r.external_ref,
       r.tender, case when r.replaces is null then 'original' else 'replacement' end, r.original, r.replaces, r.book, r.leaf, r.mobile, r.pan,
       r.limit_reason, r.limit_by
     from unnest(:ids::uuid[], :tokens::text[], :consumers::uuid[], :codes::text[], :services::text[], :wards::text[], :payers::text[],
       :bills::uuid[], :channels::text[], :modes::text[], :amounts::bigint[], :paid::timestamptz[], :value_dates::date[], :entry_dates::date[],
       :sessions::uuid[], :payments::text[], :idempotency::text[], :externals::text[], :tenders::uuid[], :originals::uuid[], :replaced::uuid[],
       :books::text[], :leaves::text[], :mobiles::text[], :pans::text[], :limit_reasons::text[], :limit_bys::text[]) with ordinality
       as r (id, token, consumer, code, service, ward, payer, bill, channel, mode, amount, paid_at, value_date, entry_date, session, payment,
         idempotency, external_ref, tender, original, replaces, book, leaf, mobile, pan, limit_reason, limit_by, at)`,
    {
      ulb: tx.ulb.id,
      fy,
      first,
      now,
      actor: tx.actor.id,
      ids: group.map((r) => r.receiptId),
      tokens: group.map(() => newToken()),
      consumers: group.map((r) => r.payer?.id ?? null),
      codes: group.map((r) => r.payer?.code ?? null),
      services: group.map((r) => r.payer?.service ?? null),
      wards: group.map((r) => r.payer?.ward ?? null),
      payers: group.map((r) => r.payerName),
      bills: group.map((r) => r.billId),
      channels: group.map((r) => r.channel),
      modes: group.map((r) => r.mode),
      amounts: group.map((r) => r.amount),
      paid: group.map((r) => r.paidAt),
      value_dates: group.map((r) => r.valueDate),
      entry_dates: group.map((r) => r.entryDate),
      sessions: group.map((r) => r.sessionId),
      payments: group.map((r) => r.paymentId),
      idempotency: group.map((r) => r.idempotencyKey),
      externals: group.map((r) => r.externalRef ?? null),
      tenders: group.map((r) => r.counter?.tenderId ?? null),
      originals: group.map((r) => r.counter?.replaces?.original ?? null),
      replaced: group.map((r) => r.counter?.replaces?.receipt ?? null),
      books: group.map((r) => r.counter?.book?.book ?? null),
      leaves: group.map((r) => r.counter?.book?.leaf ?? null),
      mobiles: group.map((r) => r.counter?.mobile ?? null),
      pans: group.map((r) => r.counter?.pan ?? null),
      limit_reasons: group.map((r) => r.counter?.limit?.reason ?? null),
      limit_bys: group.map((r) => r.counter?.limit?.allowedBy ?? null),
    },
  );
}

async function insertLines(tx: Tx, receipts: readonly ReceiptDraft[]): Promise<void> {
  const lines = receipts.flatMap((r) => r.lines.map((line, i) => ({ ...line, receiptId: r.receiptId, lineNo: i + 1 })));
  if (lines.length === 0) return;
  await tx.query(
    `insert into collections.receipt_lines (ulb_id, receipt_id, line_no, kind, tax_head, title, demand_year, period_from, period_to, amount, account)
     select :ulb, l.*
     from unnest(:ids::uuid[], :numbers::smallint[], :kinds::text[], :heads::text[], :titles::text[], :years::text[], :froms::date[], :tos::date[],
       :amounts::bigint[], :accounts::text[]) as l`,
    {
      ulb: tx.ulb.id,
      ids: lines.map((l) => l.receiptId),
      numbers: lines.map((l) => l.lineNo),
      kinds: lines.map((l) => l.kind),
      heads: lines.map((l) => l.taxHead),
      titles: lines.map((l) => l.title),
      years: lines.map((l) => l.demandYear),
      froms: lines.map((l) => l.periodFrom),
      tos: lines.map((l) => l.periodTo),
      amounts: lines.map((l) => l.amount),
      accounts: lines.map((l) => l.account ?? null),
    },
  );
}

async function insertInstruments(tx: Tx, all: readonly ReceiptDraft[]): Promise<void> {
  for (const { receiptId, counter } of all) {
    if (counter?.realises === undefined) continue;
    await tx.query(
      "update collections.instruments set receipt_id = :receipt where ulb_id = :ulb and instrument_id = :id::uuid and receipt_id is null",
      { ulb: tx.ulb.id, receipt: receiptId, id: counter.realises },
    );
  }
  // A replacement is about money that has its instrument.
  const receipts = all.filter((r) => r.counter?.realises === undefined && r.counter?.replaces === undefined);
  if (receipts.length === 0) return;
  const fundsOf = (r: ReceiptDraft): string => {
    const own = r.entryLines.filter((l) => l.account === r.instrument.account);
    return JSON.stringify(Object.fromEntries([...netByFund(own)].map(([fund, net]) => [fund, negate(net).toString()])));
  };
  await tx.query(
    `insert into collections.instruments (ulb_id, instrument_id, receipt_id, kind, amount, received_on, number, bank, branch, instrument_date, status,
       account, funds, tender_id, share_no, acquirer, batch_no)
     select :ulb, i.*
     from unnest(:ids::uuid[], :receipts::uuid[], :kinds::text[], :amounts::bigint[], :days::date[], :numbers::text[], :banks::text[],
       :branches::text[], :dates::date[], :statuses::text[], :accounts::text[], :funds::jsonb[], :tenders::uuid[], :shares::smallint[],
       :acquirers::text[], :batches::text[]) as i`,
    {
      ulb: tx.ulb.id,
      ids: receipts.map(() => newId()),
      receipts: receipts.map((r) => r.receiptId),
      kinds: receipts.map((r) => r.instrument.kind),
      amounts: receipts.map((r) => r.amount),
      days: receipts.map((r) => r.valueDate),
      numbers: receipts.map((r) => r.instrument.number),
      banks: receipts.map((r) => r.instrument.bank),
      branches: receipts.map((r) => r.instrument.branch),
      dates: receipts.map((r) => r.instrument.date),
      statuses: receipts.map((r) => r.instrument.status),
      accounts: receipts.map((r) => r.instrument.account),
      funds: receipts.map(fundsOf),
      tenders: receipts.map((r) => r.counter?.tenderId ?? null),
      shares: receipts.map((r) => r.counter?.shareNo ?? 0),
      acquirers: receipts.map((r) => r.instrument.acquirer ?? null),
      batches: receipts.map((r) => r.instrument.batchNo ?? null),
    },
  );
}

async function markBooked(
  tx: Tx,
  booked: ReadonlyMap<string, BookedReceipt>,
  fees: ReadonlyMap<string, Paise>,
): Promise<void> {
  if (booked.size === 0) return;
  const rows = await tx.query(
    `update collections.payments p
     set booked_as = 'receipt', receipt_id = b.receipt_id, refund_id = b.refund_id,
       convenience_fee = b.fee, booked_at = :now
     from unnest(:ids::text[], :receipts::uuid[], :refunds::uuid[], :fees::bigint[]) as b (payment_id, receipt_id, refund_id, fee)
     where p.ulb_id = :ulb and p.payment_id = b.payment_id and p.booked_as is null
     returning p.payment_id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: [...booked.keys()],
      receipts: [...booked.values()].map((b) => b.receiptId),
      refunds: [...booked.values()].map((b) => b.refundId),
      fees: [...booked.keys()].map((id) => fees.get(id) ?? ZERO),
    },
  );
  invariant(rows.length === booked.size, "a payment is booked once");
}

async function insertNotes(
  tx: Tx,
  fy: FinancialYear,
  first: bigint,
  group: readonly RefundNoteDraft[],
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into collections.refunds (ulb_id, fy, number, created_at, created_by, reason, refund_id, token, payment_id, consumer_id, consumer_code,
       amount, entry_date, liability_account)
     select :ulb, :fy, :first::bigint + n.at - 1, :now::timestamptz, :actor, 'second payment of what was paid already', n.id, n.token, n.payment,
       n.consumer, n.code, n.amount, n.entry_date, n.liability
     from unnest(:ids::uuid[], :tokens::text[], :payments::text[], :consumers::uuid[], :codes::text[], :amounts::bigint[], :days::date[],
       :liabilities::text[]) with ordinality as n (id, token, payment, consumer, code, amount, entry_date, liability, at)`,
    {
      ulb: tx.ulb.id,
      fy,
      first,
      now,
      actor: tx.actor.id,
      ids: group.map((n) => n.refundId),
      tokens: group.map(() => newToken()),
      payments: group.map((n) => n.payment.paymentId),
      consumers: group.map((n) => n.payer.id),
      codes: group.map((n) => n.payer.code),
      amounts: group.map((n) => n.payment.amount),
      days: group.map((n) => n.entryDate),
      liabilities: group.map((n) => n.liabilityAccount),
    },
  );
}

// ---------------------------------------------------------------- reading

export function need<T>(value: T | undefined): T {
  invariant(value !== undefined, "it was put there");
  return value;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
