import { createHash } from "node:crypto";
import {
  applyPayments,
  billingErrors,
  listTaxHeads,
  type AppliedPayment,
  type Payment,
  type TaxHead,
} from "../../billing/index.ts";
import { cr, postingAccounts, type Line } from "../../ledger/index.ts";
import {
  addDays,
  addMonths,
  dateInIndia,
  formatDate,
  startOfDayInIndia,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { receiptLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { acknowledge, getAcknowledgement, type Acknowledgement } from "../instruments/acknowledgements.ts";
import { getReceipt, receiptNumber, serviceName, type Receipt } from "../receipts/receipts.ts";
import { linesOf, lockPayers, writeDocuments, type Payer, type ReceiptDraft } from "../receipts/documents.ts";
import { checkCash, mobileOf, panOf, type CashPermission } from "./cash-limit.ts";
import { counterErrors } from "./errors.ts";
import { headDraft, type HeadItem } from "./heads.ts";
import { counterPolicy, type CounterPolicy } from "./policy.ts";
import { lockSession } from "./sessions.ts";
import { checkTender, enteredAlready, moneyOf, type Tender, type TenderedMoney } from "./tender.ts";

/** What of a payment is one consumer's. */
export type ConsumerItem = {
  readonly consumerId: string;
  readonly amount: Paise;
  readonly billId?: string | undefined;
  /** The payer was told that more than the dues becomes his advance. */
  readonly acceptAdvance?: boolean | undefined;
};

/** One payment at the counter: one money, and a receipt for each consumer and one for the heads of account that it pays. */
export type CounterPayment = {
  readonly sessionId: string;
  readonly tender: Tender;
  readonly consumers: readonly ConsumerItem[];
  readonly heads?: readonly HeadItem[] | undefined;
  readonly payer?:
    | { readonly name?: string | undefined; readonly mobile?: string | undefined; readonly pan?: string | undefined }
    | undefined;
  /** A leaf of a manual receipt book, written on another day. */
  readonly book?: { readonly book: string; readonly leaf: string; readonly date: LocalDate } | undefined;
  /** The cashier was told that the same account paid the same amount some minutes ago, and that this is another payment. */
  readonly isAnother?: boolean | undefined;
  /** Of the form that was filled in: the same form gives the same receipts, also when the printer failed after the commit. */
  readonly idempotencyKey: string;
};

export type TakenPayment = {
  readonly tenderId: string;
  readonly amount: Paise;
  readonly receipts: readonly Receipt[];
  /** For cheques where the ULB gives its receipt when the bank has the money. */
  readonly acknowledgements: readonly Acknowledgement[];
};

/** The most accounts and heads of one payment. */
export const BASKET_AT_MOST = 50;
/** Within so many minutes the same account and amount is taken for the same payment, entered again. */
const REPEAT_MINUTES = 10;

/**
 * Takes one payment at the counter: allocations, receipts, instruments and journal entries in this one transaction. The receipts are dated today,
 * or on the date of the manual leaf. Raises SESSION_*, COUNTER_AMOUNT, BASKET, OVERPAYMENT (unless accepted as an advance), CASH_*, CHEQUE_*,
 * TRANSFER_*, CARD_SLIP*, POSTAL_ORDER, MANUAL_*, MISC_*, PAYER_IDENTITY, REPEATED_PAYMENT, CONSUMER_NOT_FOUND, and the ledger's refusals
 * (a closed month).
 */
export async function takePayment(tx: Tx, request: CounterPayment): Promise<TakenPayment> {
  const { tender } = request;
  const heads = request.heads ?? [];
  if (!/^[A-Za-z0-9:._-]{8,100}$/.test(request.idempotencyKey)) {
    throw collectionErrors.IDEMPOTENCY_KEY({ key: request.idempotencyKey.slice(0, 120) });
  }
  const amounts = [...request.consumers, ...heads].map((i) => i.amount);
  for (const amount of amounts) {
    if (amount <= 0n) throw collectionErrors.COUNTER_AMOUNT({ amount: formatIndian(amount) });
  }
  checkBasket(request, amounts.length);
  const today = dateInIndia(tx.clock());
  await lockSession(tx, request.sessionId, today);
  const before = await findTaken(tx, request);
  if (before) return before;

  const policy = await counterPolicy(tx);
  const date = request.book?.date ?? today;
  checkBook(request, policy, today);
  checkTender(tender, today);
  checkWholeRupees(request, policy);
  const mobile = mobileOf(request.payer?.mobile);
  const pan = panOf(request.payer?.pan);
  const payers = await lockPayers(
    tx,
    request.consumers.map((c) => c.consumerId),
  );
  for (const { consumerId } of request.consumers) {
    if (!payers.has(consumerId)) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: consumerId });
  }
  if (tender.kind === "cheque") await checkFacility(tx, payers, policy, today);
  if (request.isAnother !== true) await refuseRepeated(tx, request, payers);
  const tenderId = newId();
  const total = sum(amounts);
  const knownMobile = mobile ?? (request.payer?.name ? null : await mobileOn(tx, [...payers.keys()]));
  const permission =
    tender.kind === "cash" && policy.hasCashLimit
      ? await checkCash(
          tx,
          {
            consumerIds: [...payers.keys()],
            mobile: knownMobile,
            pan,
            billIds: request.consumers.flatMap((c) => c.billId ?? []),
          },
          total,
          date,
          tenderId,
        )
      : null;
  await tx.query(
    `insert into collections.tenders (ulb_id, tender_id, session_id, mode, amount, taken_by, taken_at, idempotency_key, request_hash)
     values (:ulb, :id, :session, :mode, :amount, :actor, :now, :key, :hash)`,
    {
      ulb: tx.ulb.id,
      id: tenderId,
      session: request.sessionId,
      mode: tender.kind,
      amount: total,
      actor: tx.actor.id,
      now: tx.clock(),
      key: request.idempotencyKey,
      hash: hashOf(request),
    },
  );
  const facts: Facts = {
    request,
    tenderId,
    date,
    policy,
    payers,
    mobile: knownMobile,
    pan,
    permission,
    money: await moneyOf(tx, tender),
    now: tx.clock(),
  };
  try {
    if (tender.kind === "cheque" && policy.chequeReceipt === "at-realisation") await acknowledgeAll(tx, facts);
    else await writeDocuments(tx, await draftsOf(tx, facts));
  } catch (error) {
    const rule = violatedRule(error);
    if (rule === "leaf_is_used_once" && request.book)
      throw counterErrors.MANUAL_LEAF({ book: request.book.book, leaf: request.book.leaf });
    throw enteredAlready(rule, tender) ?? error;
  }
  return readTaken(tx, tenderId);
}

type Facts = {
  readonly request: CounterPayment;
  readonly tenderId: string;
  readonly date: LocalDate;
  readonly policy: CounterPolicy;
  readonly payers: ReadonlyMap<string, Payer>;
  readonly mobile: string | null;
  readonly pan: string | null;
  readonly permission: CashPermission | null;
  readonly money: TenderedMoney;
  readonly now: Date;
};

function checkBasket(request: CounterPayment, count: number): void {
  const problem = (text: string): Error => counterErrors.BASKET({ problem: text });
  if (count === 0) throw problem("nothing is to be paid");
  if (count > BASKET_AT_MOST) throw problem(`${count} items; ${BASKET_AT_MOST} are taken at once`);
  if (new Set(request.consumers.map((c) => c.consumerId)).size < request.consumers.length)
    throw problem("the same account stands twice; add its amounts together");
  if ((request.heads ?? []).length > 0 && (request.payer?.name ?? "").trim() === "")
    throw problem("the name of the payer is missing");
  if ((request.payer?.name ?? "").length > 200) throw problem("the name of the payer is longer than 200 characters");
}

function checkBook({ book, tender }: CounterPayment, policy: CounterPolicy, today: LocalDate): void {
  if (!book) return;
  if (tender.kind !== "cash" && tender.kind !== "cheque" && tender.kind !== "dd")
    throw counterErrors.MANUAL_MODE({ mode: tender.kind });
  if (!/^[\w/ -]{1,20}$/.test(book.book) || !/^\d{1,6}$/.test(book.leaf))
    throw counterErrors.BASKET({ problem: "book and leaf are not numbers of a receipt book" });
  const from = addDays(today, -policy.manualDays);
  if (book.date > today || book.date < from) {
    throw counterErrors.MANUAL_DATE({ on: formatDate(book.date), from: formatDate(from), to: formatDate(today) });
  }
}

function checkWholeRupees(request: CounterPayment, policy: CounterPolicy): void {
  if (request.tender.kind !== "cash" || policy.cashRounding !== "up-to-rupee") return;
  for (const { amount } of [...request.consumers, ...(request.heads ?? [])]) {
    if (amount % 100n === 0n) continue;
    throw counterErrors.CASH_WHOLE_RUPEES({ amount: formatIndian(amount), ask: formatIndian(roundedUp(amount)) });
  }
}

/** What the cashier asks for in cash where it is taken in whole rupees. */
export function roundedUp(amount: Paise): Paise {
  return paise(((amount + 99n) / 100n) * 100n);
}

async function checkFacility(
  tx: Tx,
  payers: ReadonlyMap<string, Payer>,
  policy: CounterPolicy,
  today: LocalDate,
): Promise<void> {
  if (policy.chequeBlockAfter === 0 || payers.size === 0) return;
  const [blocked] = await tx.query<{ consumer_id: string; n: bigint }>(
    `select coalesce(r.consumer_id, a.consumer_id) as consumer_id, count(*) as n
     from collections.dishonours d
     left join collections.receipts r on r.ulb_id = d.ulb_id and r.receipt_id = d.receipt_id
     left join collections.acknowledgements a on a.ulb_id = d.ulb_id and a.ack_id = d.ack_id
     where d.ulb_id = :ulb and d.is_drawers_fault and d.dishonoured_on > :since::date
       and coalesce(r.consumer_id, a.consumer_id) = any(:ids::uuid[])
     group by 1 having count(*) >= :most::bigint order by 1 limit 1`,
    { ulb: tx.ulb.id, ids: [...payers.keys()], since: addMonths(today, -12), most: policy.chequeBlockAfter },
  );
  if (blocked) {
    throw counterErrors.CHEQUE_FACILITY({
      consumer: payers.get(blocked.consumer_id)?.code ?? "",
      returned: Number(blocked.n),
    });
  }
}

/** S99: the answer was lost and the cashier fills in a new form. */
async function refuseRepeated(tx: Tx, request: CounterPayment, payers: ReadonlyMap<string, Payer>): Promise<void> {
  if (request.consumers.length === 0) return;
  const row = await tx.queryOne<{ consumer_id: string; amount: bigint; fy: string; number: bigint; issued_at: Date }>(
    `select r.consumer_id, r.amount::bigint as amount, r.fy, r.number, r.issued_at
     from unnest(:ids::uuid[], :amounts::bigint[]) as i (consumer_id, amount)
     join collections.receipts r on r.ulb_id = :ulb and r.consumer_id = i.consumer_id and r.amount = i.amount
       and r.issued_at > :since::timestamptz and r.status = 'issued' and r.channel = 'counter'
     order by r.issued_at desc limit 1`,
    {
      ulb: tx.ulb.id,
      ids: request.consumers.map((c) => c.consumerId),
      amounts: request.consumers.map((c) => c.amount),
      since: new Date(tx.clock().getTime() - REPEAT_MINUTES * 60_000),
    },
  );
  if (!row) return;
  throw counterErrors.REPEATED_PAYMENT({
    account: payers.get(row.consumer_id)?.code ?? "",
    amount: formatIndian(paise(row.amount)),
    receipt: receiptNumber(row.fy, row.number),
    minutes: Math.floor((tx.clock().getTime() - row.issued_at.getTime()) / 60_000),
  });
}

/** The mobile number on the register, where it is one and the same for all the consumers of the payment. */
async function mobileOn(tx: Tx, ids: readonly string[]): Promise<string | null> {
  const rows = await tx.query<{ mobile: string | null }>(
    "select distinct mobile from billing.consumers where ulb_id = :ulb and consumer_id = any(:ids::uuid[])",
    { ulb: tx.ulb.id, ids },
  );
  return rows.length === 1 ? (rows[0]?.mobile ?? null) : null;
}

async function draftsOf(tx: Tx, facts: Facts): Promise<ReceiptDraft[]> {
  const { request, payers, money, date } = facts;
  const titles = new Map((await listTaxHeads(tx, date)).map((h) => [h.code, h]));
  const accounts = await postingAccounts(tx, "rounding");
  const ids = request.consumers.map(() => newId());
  const applied = await applyAll(tx, facts, ids);
  const drafts = request.consumers.map((item, i): ReceiptDraft => {
    const payer = payers.get(item.consumerId);
    const result = applied[i];
    invariant(payer && result, "each consumer is applied once");
    return consumerDraft(facts, item, payer, ids[i] ?? "", result, titles, accounts.rounding, i);
  });
  const heads = request.heads ?? [];
  if (heads.length > 0) {
    drafts.push(
      await headDraft(tx, {
        ...base(facts, newId(), drafts.length),
        items: heads,
        money,
        payerName: request.payer?.name?.trim() ?? "",
      }),
    );
  }
  return drafts;
}

/** What every receipt of the payment has in common. */
function base(facts: Facts, receiptId: string, shareNo: number) {
  const { request, date, money } = facts;
  const isManual = request.book !== undefined;
  return {
    receiptId,
    channel: "counter" as const,
    mode: request.tender.kind,
    // A leaf says its day, not the hour: noon in India.
    paidAt: isManual ? new Date(startOfDayInIndia(date).getTime() + 12 * 3_600_000) : facts.now,
    valueDate: date,
    entryDate: date,
    sessionId: request.sessionId,
    paymentId: null,
    idempotencyKey: shareNo === 0 ? request.idempotencyKey : null,
    instrument: money.instrument,
    counter: {
      tenderId: facts.tenderId,
      shareNo,
      mobile: facts.mobile,
      pan: facts.pan,
      // A leaf has one receipt; where it paid several accounts they are its shares.
      book:
        request.book === undefined
          ? null
          : {
              book: request.book.book,
              leaf: shareNo === 0 ? request.book.leaf : `${request.book.leaf}/${shareNo + 1}`,
            },
      limit: facts.permission,
    },
  };
}

function consumerDraft(
  facts: Facts,
  item: ConsumerItem,
  payer: Payer,
  receiptId: string,
  applied: AppliedPayment,
  titles: ReadonlyMap<string, TaxHead>,
  roundingAccount: string,
  shareNo: number,
): ReceiptDraft {
  const { request, money } = facts;
  const common = base(facts, receiptId, shareNo);
  const rounding = applied.excess;
  const credits: Line[] = [
    ...applied.ledgerLines,
    ...(rounding > 0n ? [cr(roundingAccount, rounding, { fund: applied.ledgerLines[0]?.fund, function: "03" })] : []),
  ];
  return {
    ...common,
    payer,
    payerName: (request.payer?.name ?? "").trim() || payer.name,
    billId: item.billId ?? null,
    amount: item.amount,
    entryLines: receiptLines(money.instrument.account, money.party, credits, item.amount),
    lines: [
      ...linesOf(applied, titles),
      ...(rounding > 0n
        ? [
            {
              kind: "rounding",
              taxHead: null,
              title: "Rounding to whole rupees",
              demandYear: null,
              periodFrom: null,
              periodTo: null,
              amount: rounding,
              account: roundingAccount,
            },
          ]
        : []),
    ],
    narration: `${serviceName(payer.service)}, ${payer.code}, ${money.words}${request.book ? `, book ${request.book.book} leaf ${request.book.leaf}` : ""}`,
  };
}

/**
 * Applies the consumers' parts. Where cash is taken in whole rupees, what is less than a rupee above the dues is left to be booked as rounding;
 * what is more is an advance, if the payer agreed.
 */
async function applyAll(tx: Tx, facts: Facts, ids: readonly string[]): Promise<AppliedPayment[]> {
  const { request, policy, date } = facts;
  const payments = request.consumers.map((item, i): Payment => ({
    consumerId: item.consumerId,
    amount: item.amount,
    date,
    source: { type: "receipt", id: ids[i] ?? "" },
    billId: item.billId ?? null,
  }));
  if (payments.length === 0) return [];
  const rounds = request.tender.kind === "cash" && policy.cashRounding === "up-to-rupee";
  if (!rounds) {
    const applied = await applyPayments(tx, payments);
    // Rounding up to whole rupees, as bills ask, is no overpayment that anyone needs to confirm.
    applied.forEach((a, i) => refuseExcess(request.consumers[i], a.advance, a.advance < 100n));
    return applied;
  }
  await tx.query("savepoint before_rounding");
  const tried = await applyPayments(
    tx,
    payments.map((p) => ({ ...p, excess: "leave" as const })),
  );
  if (tried.every((t, i) => t.excess < 100n && t.excess < (request.consumers[i]?.amount ?? ZERO))) return tried;
  await tx.query("rollback to savepoint before_rounding");
  tried.forEach((t, i) => refuseExcess(request.consumers[i], t.excess, t.excess < 100n));
  return applyPayments(
    tx,
    payments.map((p, i) => ({
      ...p,
      excess:
        (tried[i]?.excess ?? ZERO) < 100n && (tried[i]?.excess ?? ZERO) < p.amount
          ? ("leave" as const)
          : ("advance" as const),
    })),
  );
}

function refuseExcess(item: ConsumerItem | undefined, excess: Paise, isSmall: boolean): void {
  invariant(item, "what was applied was asked for");
  if (excess <= 0n || item.acceptAdvance === true || (isSmall && excess < item.amount)) return;
  throw collectionErrors.OVERPAYMENT({
    amount: formatIndian(item.amount),
    due: formatIndian(subtract(item.amount, excess)),
    excess: formatIndian(excess),
  });
}

async function acknowledgeAll(tx: Tx, facts: Facts): Promise<void> {
  const { request, money } = facts;
  if ((request.heads ?? []).length > 0)
    throw counterErrors.BASKET({
      problem:
        "a cheque gets an acknowledgement in this ULB, for consumers only; take cash, card or a draft for heads of account",
    });
  if (request.book) throw counterErrors.MANUAL_MODE({ mode: "cheques that are only acknowledged" });
  await acknowledge(
    tx,
    request.consumers.map((item, i) => {
      const payer = facts.payers.get(item.consumerId);
      invariant(payer, "the consumers are locked");
      return {
        payer,
        payerName: (request.payer?.name ?? "").trim() || payer.name,
        amount: item.amount,
        billId: item.billId ?? null,
        sessionId: request.sessionId,
        tenderId: facts.tenderId,
        shareNo: i,
        idempotencyKey: i === 0 ? request.idempotencyKey : `${request.idempotencyKey}#${i + 1}`,
        money,
      };
    }),
    facts.date,
  );
}

/** Only what makes it another payment: the same form may come back with a bill that is there by now, or none. */
function hashOf(request: CounterPayment): Buffer {
  const essence = {
    consumers: request.consumers.map((c) => [c.consumerId, c.amount.toString()]),
    heads: (request.heads ?? []).map((h) => [h.account, h.amount.toString()]),
    mode: request.tender.kind,
  };
  return createHash("sha256").update(JSON.stringify(essence)).digest();
}

async function findTaken(tx: Tx, request: CounterPayment): Promise<TakenPayment | undefined> {
  const row = await tx.queryOne<{ id: string; request_hash: Buffer }>(
    `select tender_id as id, request_hash from collections.tenders
     where ulb_id = :ulb and taken_by = :actor and idempotency_key = :key`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key: request.idempotencyKey },
  );
  if (!row) return undefined;
  if (!row.request_hash.equals(hashOf(request)))
    throw collectionErrors.IDEMPOTENCY_CONFLICT({ key: request.idempotencyKey });
  return readTaken(tx, row.id);
}

/** A payment with its papers, in the order of the basket. Raises BASKET when there is none. */
export async function readTaken(read: Read, tenderId: string): Promise<TakenPayment> {
  const tender = await read.queryOne<{ amount: Paise }>(
    "select amount from collections.tenders where ulb_id = :ulb and tender_id = :id::uuid",
    { ulb: read.ulb.id, id: tenderId },
  );
  if (!tender) throw counterErrors.BASKET({ problem: `there is no payment ${tenderId}` });
  const papers = await read.query<{ receipt_id: string | null; ack_id: string | null }>(
    `select receipt_id, ack_id from collections.instruments where ulb_id = :ulb and tender_id = :id::uuid order by share_no`,
    { ulb: read.ulb.id, id: tenderId },
  );
  const receipts: Receipt[] = [];
  const acknowledgements: Acknowledgement[] = [];
  for (const paper of papers) {
    if (paper.ack_id !== null) acknowledgements.push(await getAcknowledgement(read, paper.ack_id));
    else if (paper.receipt_id !== null) receipts.push(await getReceipt(read, paper.receipt_id));
  }
  return { tenderId, amount: tender.amount, receipts, acknowledgements };
}
