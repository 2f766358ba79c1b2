import { applyPayments, listTaxHeads, openDuesOf, type AppliedPayment, type TaxHead } from "../billing/index.ts";
import {
  findEntryBySource,
  bookingDay,
  openFinancialYear,
  postEntries,
  postingAccounts,
  takeNumbers,
  type EntryDraft,
  type Line,
} from "../ledger/index.ts";
import {
  dateInIndia,
  financialYearOf,
  nextFinancialYear,
  type FinancialYear,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { isUuid, newId, newToken } from "../ledger/kernel/ids.ts";
import { formatIndian, negate, subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { enqueueAll } from "../ledger/kernel/outbox.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import {
  convenienceFeeLines,
  duplicateLines,
  gatewayParty,
  netByFund,
  receiptLines,
  unidentifiedLines,
} from "./entries.ts";
import { collectionErrors } from "./errors.ts";
import type { Claim } from "./orders.ts";
import { convenienceFee, type Booked, type PaymentState } from "./payment-state.ts";
import { excessPolicies, merchantSettings } from "./payment-settings.ts";
import { ensureSigningKey } from "./receipt-signature.ts";
import { setTasks } from "./tasks.ts";

export type ReceiptMode =
  "cash" | "cheque" | "dd" | "postal-order" | "bank-transfer" | "challan" | "pos" | "upi" | "gateway";
export type ReceiptStatus = "issued" | "dishonoured" | "cancelled" | "transferred" | "reversed";

export type ReceiptLine = {
  /** tax, charge, fee, penalty, interest, cess, advance, rounding, head, unidentified: these sum to the amount. rebate is shown beside them. */
  readonly kind: string;
  readonly taxHead: string | null;
  readonly title: string;
  readonly demandYear: FinancialYear | null;
  readonly periodFrom: LocalDate | null;
  readonly periodTo: LocalDate | null;
  readonly amount: Paise;
  /** The head of account of a line that is no consumer's: rounding, miscellaneous receipts. */
  readonly account?: string | null;
};

/** Captured money that is not booked yet. */
export type Capture = { readonly payment: PaymentState; readonly order: Claim | null; readonly paidAt: Date };

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

/**
 * Books captured payments: for each the receipt with its allocations, instrument and journal entry, in this one transaction and once. Money taken is
 * never refused: what exceeds the dues is the consumer's advance; where the service's policy is HOLD, a second payment of what is paid already
 * becomes a refund payable with a refund note; money of nobody we know, or of another sum than its order, is an unidentified receipt with a task.
 * Money for a closed month is booked on the day on which it is found, with its own value date. A fee that the payer bore is kept apart. The caller
 * holds the orders' locks.
 */
export async function bookCaptures(tx: Tx, captures: readonly Capture[]): Promise<Map<string, Booked>> {
  const results = new Map<string, Booked>();
  // A consumer's second payment is judged when his first is booked.
  let waiting = [...captures].sort(
    (a, b) => a.paidAt.getTime() - b.paidAt.getTime() || compare(a.payment.paymentId, b.payment.paymentId),
  );
  while (waiting.length > 0) {
    const round: Capture[] = [];
    const later: Capture[] = [];
    const seen = new Set<string>();
    for (const capture of waiting) {
      const consumerId = capture.order?.consumerId;
      if (consumerId !== undefined && seen.has(consumerId)) later.push(capture);
      else {
        if (consumerId !== undefined) seen.add(consumerId);
        round.push(capture);
      }
    }
    for (const [id, booked] of await bookRound(tx, round)) results.set(id, booked);
    waiting = later;
  }
  return results;
}

/** Issues the receipt for one captured payment, once; see bookCaptures. */
export async function issueReceipt(tx: Tx, capture: Capture): Promise<Booked> {
  const booked = (await bookCaptures(tx, [capture])).get(capture.payment.paymentId);
  invariant(booked, "a captured payment is booked");
  return booked;
}

async function bookRound(tx: Tx, round: readonly Capture[]): Promise<Map<string, Booked>> {
  const accounts = await postingAccounts(
    tx,
    "gateway-clearing",
    "unidentified-credits",
    "refunds-payable",
    "convenience-fee",
  );
  const payers = await lockPayers(
    tx,
    round.flatMap((c) => (c.order ? [c.order.consumerId] : [])),
  );
  const settings = await merchantSettings(tx);
  const policies = await excessPolicies(
    tx,
    [...payers.values()].map((p) => p.service),
  );
  const duplicates = await findDuplicates(
    tx,
    round.filter((c) => policies.get(payers.get(c.order?.consumerId ?? "")?.service ?? "")?.policy === "HOLD"),
  );
  const entryDates = await entryDatesFor(
    tx,
    round.map((c) => dateInIndia(c.paidAt)),
  );
  const clearing = accounts["gateway-clearing"];

  const drafts: ReceiptDraft[] = [];
  const notes: RefundNoteDraft[] = [];
  const regular: {
    capture: Capture;
    payer: Payer;
    receiptId: string;
    valueDate: LocalDate;
    entryDate: LocalDate;
    fee: Paise;
  }[] = [];
  for (const capture of round) {
    const { payment } = capture;
    const payer =
      capture.order && !isMismatch(capture, settings.feeBearer) ? payers.get(capture.order.consumerId) : undefined;
    const valueDate = dateInIndia(capture.paidAt);
    const entryDate = need(entryDates.get(valueDate));
    if (payer && duplicates.has(payment.paymentId)) {
      notes.push({
        refundId: newId(),
        payment,
        payer,
        valueDate,
        entryDate,
        liabilityAccount: accounts["refunds-payable"],
        lines: duplicateLines(
          { clearing, refundsPayable: accounts["refunds-payable"] },
          payment.paymentId,
          payer.code,
          payment.amount,
        ),
      });
    } else if (payer) {
      const fee = convenienceFee(payment, capture.order?.amount ?? null, settings.feeBearer);
      regular.push({ capture, payer, receiptId: newId(), valueDate, entryDate, fee });
    } else {
      drafts.push({
        ...gatewayDraft(capture, newId(), valueDate, entryDate, clearing),
        payer: null,
        payerName: "Not identified",
        entryLines: unidentifiedLines(
          { clearing, unidentified: accounts["unidentified-credits"] },
          payment.paymentId,
          payment.amount,
        ),
        lines: [{ ...noHead, kind: "unidentified", title: "Unidentified receipt", amount: payment.amount }],
        narration: `Unidentified payment ${payment.paymentId}`,
      });
    }
  }
  const applied = await applyPayments(
    tx,
    regular.map((r) => ({
      consumerId: r.payer.id,
      amount: subtract(r.capture.payment.amount, r.fee),
      date: r.entryDate,
      reckonedOn: settings.rebateDate === "attempt" ? dateInIndia(r.capture.payment.createdAt) : r.valueDate,
      source: { type: "receipt", id: r.receiptId },
      billId: r.capture.order?.billId ?? null,
    })),
  );
  const heads = regular.length === 0 ? [] : await listTaxHeads(tx, latest(regular.map((r) => r.entryDate)));
  const titles = new Map(heads.map((h) => [h.code, h]));
  regular.forEach((r, i) => {
    const result = applied[i];
    invariant(result && result.consumerId === r.payer.id, "payments are applied in the order given");
    const { payment } = r.capture;
    drafts.push({
      ...gatewayDraft(r.capture, r.receiptId, r.valueDate, r.entryDate, clearing),
      payer: r.payer,
      payerName: r.payer.name,
      entryLines: receiptLines(
        clearing,
        gatewayParty(payment.paymentId),
        [...result.ledgerLines, ...convenienceFeeLines(accounts["convenience-fee"], r.fee)],
        payment.amount,
      ),
      lines: [
        ...linesOf(result, titles),
        ...(r.fee > 0n
          ? [{ ...noHead, kind: "convenience-fee", title: "Convenience fee of the gateway", amount: r.fee }]
          : []),
      ],
      narration: `${serviceName(r.payer.service)}, ${r.payer.code}, ${payment.method} ${payment.paymentId}`,
    });
  });

  const fees = new Map(regular.filter((r) => r.fee > 0n).map((r) => [r.capture.payment.paymentId, r.fee]));
  const ids = await writeDocuments(tx, drafts, notes, fees);
  await setTasks(tx, [
    ...round.flatMap((c) =>
      fees.has(c.payment.paymentId) && (c.payment.method === "upi" || c.payment.cardNetwork === "RuPay")
        ? [
            {
              kind: "fee-on-free-mode" as const,
              subject: c.payment.paymentId,
              message: `${c.payment.paymentId} by ${c.payment.method} bore a fee of ${formatIndian(fees.get(c.payment.paymentId) ?? ZERO)}; UPI and RuPay debit cards are free of it (PSS Act s.10A), take it off at the gateway`,
            },
          ]
        : [],
    ),
    ...round.flatMap((c) =>
      c.order && c.order.amount !== null && c.order.amount !== c.payment.amount && !fees.has(c.payment.paymentId)
        ? [
            {
              kind: "amount-mismatch" as const,
              subject: c.payment.paymentId,
              message: `${c.order.kind === "request" ? "Request" : "Order"} ${c.order.id} is for ${formatIndian(c.order.amount)}, ${formatIndian(c.payment.amount)} was captured and booked${c.order.kind === "order" ? " as unidentified; say whose dues it settles, or refund it" : ""}`,
            },
          ]
        : [],
    ),
    ...drafts.flatMap((d) =>
      d.entryDate === d.valueDate
        ? []
        : [
            {
              kind: "closed-period" as const,
              subject: d.paymentId ?? d.receiptId,
              message: `Paid on ${d.valueDate}, whose month is closed; booked on ${d.entryDate}`,
            },
          ],
    ),
    ...notes.map((n) => ({
      kind: "refund-payable" as const,
      subject: n.refundId,
      message: `${n.payer.code} paid ${formatIndian(n.payment.amount)} a second time (${n.payment.paymentId}); approve the refund`,
    })),
  ]);
  return ids;
}

/**
 * Another sum than the order's, beside the fee that a payer bears: nobody knows what it was meant for, so it is an unidentified receipt with a task.
 * What came by a request of ours (a code, a link, a virtual account) settles what it can, whatever its sum.
 */
function isMismatch({ payment, order }: Capture, feeBearer: "ulb" | "payer"): boolean {
  if (!order || order.kind !== "order" || order.amount === null || order.amount === payment.amount) return false;
  return convenienceFee(payment, order.amount, feeBearer) === 0n;
}

function gatewayDraft(
  capture: Capture,
  receiptId: string,
  valueDate: LocalDate,
  entryDate: LocalDate,
  account: string,
): Omit<ReceiptDraft, "payer" | "payerName" | "entryLines" | "lines" | "narration"> {
  const { payment } = capture;
  return {
    receiptId,
    channel: "online",
    mode: "gateway",
    amount: payment.amount,
    billId: capture.order?.billId ?? null,
    paidAt: capture.paidAt,
    valueDate,
    entryDate,
    sessionId: null,
    paymentId: payment.paymentId,
    idempotencyKey: null,
    instrument: {
      kind: "gateway",
      account,
      status: "in-clearing",
      number: payment.paymentId,
      bank: payment.bank,
      branch: null,
      date: null,
    },
  };
}

/**
 * Which captures pay what another receipt paid already: their order was opened before that receipt was issued, for the same bill or the same
 * sum, and nothing is due any more. Nobody who opens an order afterwards is caught by it: he means to pay in advance.
 */
async function findDuplicates(tx: Tx, round: readonly Capture[]): Promise<ReadonlySet<string>> {
  const asked = round.flatMap((c) => (c.order ? [{ capture: c, order: c.order }] : []));
  if (asked.length === 0) return new Set();
  const rows = await tx.query<{ payment_id: string; consumer_id: string }>(
    `select distinct c.payment_id, c.consumer_id
     from unnest(:payments::text[], :consumers::uuid[], :bills::uuid[], :amounts::bigint[], :opened::timestamptz[])
       as c (payment_id, consumer_id, bill_id, amount, opened_at)
     join collections.receipts r on r.ulb_id = :ulb and r.consumer_id = c.consumer_id and r.issued_at >= c.opened_at
       and r.status = 'issued' and (r.bill_id = c.bill_id or r.amount = c.amount)`,
    {
      ulb: tx.ulb.id,
      payments: asked.map((a) => a.capture.payment.paymentId),
      consumers: asked.map((a) => a.order.consumerId),
      bills: asked.map((a) => a.order.billId),
      amounts: asked.map((a) => a.capture.payment.amount),
      opened: asked.map((a) => a.order.createdAt),
    },
  );
  if (rows.length === 0) return new Set();
  const dues = await openDuesOf(
    tx,
    rows.map((r) => r.consumer_id),
  );
  return new Set(rows.filter((r) => (dues.get(r.consumer_id) ?? []).length === 0).map((r) => r.payment_id));
}

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
async function entryDatesFor(tx: Tx, days: readonly LocalDate[]): Promise<ReadonlyMap<LocalDate, LocalDate>> {
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

const noHead = { taxHead: null, demandYear: null, periodFrom: null, periodTo: null } as const;

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

type RefundNoteDraft = {
  readonly refundId: string;
  readonly payment: PaymentState;
  readonly payer: Payer;
  readonly valueDate: LocalDate;
  readonly entryDate: LocalDate;
  readonly liabilityAccount: string;
  readonly lines: readonly Line[];
};

/**
 * Writes receipts and refund notes with everything that belongs to them, in a handful of statements however many they are.
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
  const booked = new Map<string, Booked>();
  for (const r of receipts)
    if (r.paymentId !== null) booked.set(r.paymentId, { status: "receipt", receiptId: r.receiptId, isNew: true });
  for (const n of notes) booked.set(n.payment.paymentId, { status: "refund-note", refundId: n.refundId, isNew: true });
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
  await postEntries(tx, [...receipts.map(entryOfReceipt), ...notes.map(entryOfNote)]);
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

function entryOfNote(n: RefundNoteDraft): EntryDraft {
  return {
    voucher: "receipt",
    date: n.entryDate,
    valueDate: n.valueDate,
    narration: `Second payment ${n.payment.paymentId} of ${n.payer.code}, refundable`,
    source: { type: "refund-note", id: n.refundId },
    lines: n.lines,
  };
}

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
  booked: ReadonlyMap<string, Booked>,
  fees: ReadonlyMap<string, Paise>,
): Promise<void> {
  if (booked.size === 0) return;
  const rows = await tx.query(
    `update collections.payments p
     set booked_as = case when b.receipt_id is null then 'refund-note' else 'receipt' end, receipt_id = b.receipt_id, refund_id = b.refund_id,
       convenience_fee = b.fee, booked_at = :now
     from unnest(:ids::text[], :receipts::uuid[], :refunds::uuid[], :fees::bigint[]) as b (payment_id, receipt_id, refund_id, fee)
     where p.ulb_id = :ulb and p.payment_id = b.payment_id and p.booked_as is null
     returning p.payment_id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: [...booked.keys()],
      receipts: [...booked.values()].map((b) => (b.status === "receipt" ? b.receiptId : null)),
      refunds: [...booked.values()].map((b) => (b.status === "refund-note" ? b.refundId : null)),
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

/** A receipt as it is printed and verified. */
export type Receipt = {
  readonly id: string;
  /** "RC/2026-27/000123". */
  readonly number: string;
  readonly token: string;
  readonly fy: FinancialYear;
  readonly consumerId: string | null;
  readonly consumerCode: string | null;
  readonly service: string | null;
  readonly ward: string | null;
  readonly payerName: string;
  readonly billId: string | null;
  readonly channel: "online" | "counter" | "external";
  readonly mode: ReceiptMode;
  readonly amount: Paise;
  readonly paidAt: Date;
  readonly valueDate: LocalDate;
  readonly entryDate: LocalDate;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly status: ReceiptStatus;
  readonly statusReason: string | null;
  readonly statusDate: LocalDate | null;
  readonly sessionId: string | null;
  readonly paymentId: string | null;
  readonly printCount: number;
  /** A replacement takes the place of a receipt that was transferred to the right consumer; its money is that one's. */
  readonly kind: "original" | "replacement";
  readonly replaces: string | null;
  /** The payment at the counter that it is part of. */
  readonly tenderId: string | null;
  readonly bookNo: string | null;
  readonly leafNo: string | null;
  readonly instrument: {
    readonly id: string;
    readonly kind: ReceiptMode;
    readonly number: string | null;
    readonly bank: string | null;
    readonly branch: string | null;
    readonly date: LocalDate | null;
    readonly status: string;
    readonly acquirer: string | null;
  };
  /** How the payer paid online: UPI with its RRN, a card's network and last four digits, a bank. */
  readonly online: {
    readonly method: string;
    readonly reference: string | null;
    readonly bank: string | null;
    readonly cardNetwork: string | null;
    readonly cardLast4: string | null;
  } | null;
  readonly lines: readonly ReceiptLine[];
};

export function receiptNumber(fy: string, number: bigint): string {
  return `RC/${fy}/${number.toString().padStart(6, "0")}`;
}

type ReceiptRow = Omit<Receipt, "number" | "lines" | "instrument" | "online"> & {
  readonly serial: bigint;
  readonly instrumentId: string;
  readonly instrumentNumber: string | null;
  readonly instrumentBank: string | null;
  readonly instrumentBranch: string | null;
  readonly instrumentDate: LocalDate | null;
  readonly instrumentStatus: string;
  readonly instrumentAcquirer: string | null;
  readonly method: string | null;
  readonly reference: string | null;
  readonly bank: string | null;
  readonly cardNetwork: string | null;
  readonly cardLast4: string | null;
};

const RECEIPTS = `
  select r.receipt_id as id, r.fy, r.number as serial, r.token, r.consumer_id as "consumerId", r.consumer_code as "consumerCode", r.service, r.ward,
    r.payer_name as "payerName", r.bill_id as "billId", r.channel, r.mode, r.amount, r.paid_at as "paidAt", r.value_date as "valueDate",
    r.entry_date as "entryDate", r.issued_at as "issuedAt", r.issued_by as "issuedBy", r.status, r.status_reason as "statusReason",
    r.status_date as "statusDate", r.session_id as "sessionId", r.payment_id as "paymentId", r.print_count as "printCount",
    r.kind, r.replaces, r.tender_id as "tenderId", r.book_no as "bookNo", r.leaf_no as "leafNo", i.acquirer as "instrumentAcquirer",
    i.instrument_id as "instrumentId", i.number as "instrumentNumber", i.bank as "instrumentBank", i.branch as "instrumentBranch",
    i.instrument_date as "instrumentDate", i.status as "instrumentStatus",
    p.method, p.reference, p.bank, p.card_network as "cardNetwork", p.card_last4 as "cardLast4"
  from collections.receipts r
  join collections.instruments i on i.ulb_id = r.ulb_id and i.receipt_id = coalesce(r.original_id, r.receipt_id)
  left join collections.payments p on p.ulb_id = r.ulb_id and p.payment_id = r.payment_id
  where r.ulb_id = :ulb`;

export async function readReceipts(read: Read, where: string, params: Record<string, unknown>): Promise<Receipt[]> {
  const rows = await read.query<ReceiptRow>(`${RECEIPTS} and ${where}`, { ...params, ulb: read.ulb.id });
  if (rows.length === 0) return [];
  const lines = await read.query<ReceiptLine & { receiptId: string }>(
    `select receipt_id as "receiptId", kind, tax_head as "taxHead", title, demand_year as "demandYear", period_from as "periodFrom",
       period_to as "periodTo", amount, account
     from collections.receipt_lines where ulb_id = :ulb and receipt_id = any(:ids::uuid[]) order by receipt_id, line_no`,
    { ulb: read.ulb.id, ids: rows.map((r) => r.id) },
  );
  const byReceipt = groupBy(lines, (l) => l.receiptId);
  return rows.map((r) => {
    const {
      serial,
      instrumentId,
      instrumentNumber,
      instrumentBank,
      instrumentBranch,
      instrumentDate,
      instrumentStatus,
      instrumentAcquirer,
      method,
      reference,
      bank,
      cardNetwork,
      cardLast4,
      ...receipt
    } = r;
    return {
      ...receipt,
      number: receiptNumber(r.fy, serial),
      instrument: {
        id: instrumentId,
        kind: r.mode,
        number: instrumentNumber,
        bank: instrumentBank,
        branch: instrumentBranch,
        date: instrumentDate,
        status: instrumentStatus,
        acquirer: instrumentAcquirer,
      },
      online: method === null ? null : { method, reference, bank, cardNetwork, cardLast4 },
      lines: (byReceipt.get(r.id) ?? []).map(({ receiptId: _own, ...line }) => line),
    };
  });
}

/** A receipt by its id, or by the token of its QR code. Raises RECEIPT_NOT_FOUND. */
export async function getReceipt(read: Read, idOrToken: string): Promise<Receipt> {
  const [receipt] = isUuid(idOrToken)
    ? await readReceipts(read, "r.receipt_id = :id::uuid", { id: idOrToken })
    : await readReceipts(read, "r.token = :token", { token: idOrToken });
  if (!receipt) throw collectionErrors.RECEIPT_NOT_FOUND({ receipt: idOrToken.slice(0, 60) });
  return receipt;
}

/** The entry of a receipt, and the entry that took it back, if any; of a replacement the entry of its transfer. */
export async function receiptEntry(read: Read, receiptId: string): ReturnType<typeof findEntryBySource> {
  return (
    (await findEntryBySource(read, { type: "receipt", id: receiptId })) ??
    findEntryBySource(read, { type: "receipt-transfer", id: receiptId })
  );
}

/** Receipts of the dates in the books, by number, after the cursor; at most `limit` (500). */
export async function listReceipts(
  read: Read,
  options: {
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly consumerId?: string;
    readonly sessionId?: string;
    readonly service?: string;
    readonly ward?: string;
    readonly after?: { readonly date: LocalDate; readonly number: string };
    readonly limit?: number;
  },
): Promise<Receipt[]> {
  return readReceipts(
    read,
    `r.entry_date between :from_day and :to_day
     and (r.entry_date, r.number) > (:after_day::date, :after_number::bigint)
     and (:consumer::uuid is null or r.consumer_id = :consumer::uuid)
     and (:session::uuid is null or r.session_id = :session::uuid)
     and (:service::text is null or r.service = :service)
     and (:ward::text is null or r.ward = :ward)
     order by r.entry_date, r.number limit :row_limit`,
    {
      from_day: options.from,
      to_day: options.to,
      after_day: options.after?.date ?? "0001-01-01",
      after_number: options.after === undefined ? 0n : BigInt(options.after.number.split("/").at(-1) ?? "0"),
      consumer: options.consumerId ?? null,
      session: options.sessionId ?? null,
      service: options.service ?? null,
      ward: options.ward ?? null,
      row_limit: Math.min(options.limit ?? 100, 500),
    },
  );
}

/** Counts a print, so that every copy after the first is marked as a duplicate. Gives how many copies there are now. */
export async function countPrint(tx: Tx, receiptId: string): Promise<number> {
  const row = await tx.queryOne<{ n: number }>(
    `update collections.receipts set print_count = print_count + 1 where ulb_id = :ulb and receipt_id = :id::uuid returning print_count as n`,
    { ulb: tx.ulb.id, id: receiptId },
  );
  if (!row) throw collectionErrors.RECEIPT_NOT_FOUND({ receipt: receiptId });
  return row.n;
}

/** Marks a receipt as dishonoured, cancelled, transferred or reversed (its money went back), once. It stays visible with its number. */
export async function markReceipt(
  tx: Tx,
  receiptId: string,
  status: Exclude<ReceiptStatus, "issued">,
  on: LocalDate,
  reason: string,
): Promise<void> {
  const rows = await tx.query(
    `update collections.receipts set status = :status, status_reason = :reason, status_date = :on_date
     where ulb_id = :ulb and receipt_id = :id::uuid and status = 'issued' returning receipt_id`,
    { ulb: tx.ulb.id, id: receiptId, status, reason, on_date: on },
  );
  if (rows.length === 0) {
    const receipt = await getReceipt(tx, receiptId);
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });
  }
}

/** "property-tax" -> "Property tax". */
export function serviceName(service: string): string {
  const text = service.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function need<T>(value: T | undefined): T {
  invariant(value !== undefined, "it was put there");
  return value;
}
function latest(days: readonly LocalDate[]): LocalDate {
  return days.reduce((a, b) => (a > b ? a : b));
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
