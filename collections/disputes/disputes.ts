import { reversePayment, applyPayment } from "../../billing/index.ts";
import { dr, postEntry, postingAccounts, type Line } from "../../ledger/index.ts";
import { dateInIndia, formatMoment, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { disputeLossLines, gatewayParty } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { getReceipt, markReceipt, receiptEntry } from "../receipts/receipts.ts";
import { restOf } from "../refunds/refunds.ts";
import { setTasks } from "../tasks.ts";
import {
  decidedAt,
  deductedOf,
  disputeStateOf,
  isDecided,
  lossParts,
  mergeDisputes,
  type DisputeFeed,
  type DisputeObservation,
  type DisputePhase,
  type DisputeState,
  type DisputeStatus,
} from "./dispute-state.ts";

export type Dispute = {
  readonly id: string;
  readonly paymentId: string;
  readonly consumerCode: string | null;
  readonly receiptId: string | null;
  readonly amount: Paise;
  readonly amountDeducted: Paise;
  readonly reasonCode: string;
  readonly phase: DisputePhase;
  readonly status: DisputeStatus;
  readonly actionRequiredAt: Date | null;
  readonly respondBy: Date | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly answer: string | null;
  readonly answerDocuments: readonly string[];
  readonly answeredAt: Date | null;
  readonly answeredBy: string | null;
  readonly acceptedBy: string | null;
  /** A lost dispute in the books: what opened again, and what is claimed from the gateway. */
  readonly bookedOn: LocalDate | null;
  readonly reopened: Paise;
  readonly adjusted: Paise;
  readonly settlementId: string | null;
};

const COLUMNS = `d.dispute_id as id, d.payment_id as "paymentId", r.consumer_code as "consumerCode", p.receipt_id as "receiptId", d.amount,
  d.amount_deducted as "amountDeducted", d.reason_code as "reasonCode", d.phase, d.status, d.action_required_at as "actionRequiredAt",
  d.respond_by as "respondBy", d.created_at as "createdAt", d.decided_at as "decidedAt", d.answer, d.answer_documents as "answerDocuments",
  d.answered_at as "answeredAt", d.answered_by as "answeredBy", d.accepted_by as "acceptedBy", d.booked_on as "bookedOn", d.reopened, d.adjusted,
  d.settlement_id as "settlementId"`;
const FROM = `collections.disputes d
  join collections.payments p on p.ulb_id = d.ulb_id and p.payment_id = d.payment_id
  left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id`;

/** Raises DISPUTE_NOT_FOUND. */
export async function getDispute(read: Read, id: string): Promise<Dispute> {
  const row = await read.queryOne<Dispute>(
    `select ${COLUMNS} from ${FROM} where d.ulb_id = :ulb and d.dispute_id = :id`,
    {
      ulb: read.ulb.id,
      id,
    },
  );
  if (!row) throw collectionErrors.DISPUTE_NOT_FOUND({ dispute: id.slice(0, 40) });
  return row;
}

/** Disputes: those that wait for an answer first, by the day it is due; then the others, newest first. At most `limit` (200). */
export async function listDisputes(
  read: Read,
  options: { readonly isLive?: boolean; readonly limit?: number } = {},
): Promise<Dispute[]> {
  return read.query<Dispute>(
    `select ${COLUMNS} from ${FROM}
     where d.ulb_id = :ulb and (:live::boolean is null or (d.status in ('open', 'under_review')) = :live)
     order by d.status in ('open', 'under_review') desc, case when d.status in ('open', 'under_review') then d.respond_by end nulls last, d.created_at desc,
       d.dispute_id
     limit :row_limit`,
    { ulb: read.ulb.id, live: options.isLive ?? null, row_limit: Math.min(options.limit ?? 100, 200) },
  );
}

type Stored = {
  readonly amount: bigint;
  readonly amount_deducted: bigint;
  readonly reason_code: string;
  readonly phase: DisputePhase;
  readonly status: DisputeStatus;
  readonly action_required_at: Date | null;
  readonly respond_by: Date | null;
  readonly created_at: Date;
  readonly seen_open_at: Date | null;
  readonly decided_at: Date | null;
  readonly booked_on: LocalDate | null;
  readonly held_amount: bigint;
  readonly held_in: string | null;
};

/**
 * What settlements took for disputes of which no verdict is known here, or gave back for them: each is locked, and what is taken before its verdict is
 * noted as held, in the caller's transaction, which books it against gateway adjustments. Gives the disputes concerned; one that is lost in the books, or
 * that they do not know, is not among them.
 */
export async function holdDisputes(
  tx: Tx,
  taken: ReadonlyMap<string, Paise>,
  settlementId: string,
): Promise<ReadonlySet<string>> {
  const ids = [...taken].flatMap(([id, amount]) => (amount === 0n ? [] : [id]));
  if (ids.length === 0) return new Set();
  // Payments before their disputes, as everywhere.
  await tx.query(
    `select 1 from collections.payments where ulb_id = :ulb and payment_id in (
       select payment_id from collections.disputes where ulb_id = :ulb and dispute_id = any(:ids::text[]))
     order by payment_id for no key update`,
    { ulb: tx.ulb.id, ids },
  );
  const rows = await tx.query<{ id: string; isBooked: boolean; held: bigint }>(
    `select dispute_id as id, booked_on is not null as "isBooked", held_amount as held from collections.disputes
     where ulb_id = :ulb and dispute_id = any(:ids::text[]) order by dispute_id for no key update`,
    { ulb: tx.ulb.id, ids },
  );
  const held = rows.filter((d) => !d.isBooked && d.held + (taken.get(d.id) ?? ZERO) >= 0n);
  await tx.query(
    `update collections.disputes d set held_amount = d.held_amount + t.amount, held_in = :settlement
     from unnest(:ids::text[], :amounts::bigint[]) as t (id, amount)
     where d.ulb_id = :ulb and d.dispute_id = t.id`,
    {
      ulb: tx.ulb.id,
      settlement: settlementId,
      ids: held.map((d) => d.id),
      amounts: held.map((d) => (taken.get(d.id) ?? ZERO).toString()),
    },
  );
  return new Set(held.map((d) => d.id));
}

/**
 * A settlement failed and its entry was reversed: what it had held for disputes without a verdict is held no more. One that was lost out of it meanwhile
 * keeps its loss in gateway adjustments until the money is taken again.
 */
export async function releaseDisputes(tx: Tx, settlementId: string): Promise<void> {
  await tx.query(
    `update collections.disputes set held_amount = 0, held_in = null
     where ulb_id = :ulb and held_in = :settlement and booked_on is null`,
    { ulb: tx.ulb.id, settlement: settlementId },
  );
}

/** Of these disputes, those for which a settlement took money that none has given back yet. */
export async function heldDisputes(read: Read, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await read.query<{ id: string }>(
    "select dispute_id as id from collections.disputes where ulb_id = :ulb and dispute_id = any(:ids::text[]) and held_amount > 0 and booked_on is null",
    { ulb: read.ulb.id, ids },
  );
  return new Set(rows.map((r) => r.id));
}

/**
 * Applies what was said of disputes: the one place where their state changes, in whatever order the feeds bring it. Created, contested and won
 * post nothing; lost posts once. Gives the ids of payments that are not booked here: the caller fetches them first.
 */
export async function observeDisputes(tx: Tx, observations: readonly DisputeObservation[]): Promise<string[]> {
  const said = new Map<string, DisputeState>();
  for (const o of observations) {
    const before = said.get(o.dispute.id);
    said.set(o.dispute.id, before ? mergeDisputes(before, disputeStateOf(o)) : disputeStateOf(o));
  }
  const unknown: string[] = [];
  // Payments are locked in the order of their ids, as everywhere.
  for (const state of [...said.values()].sort((a, b) => compare(a.paymentId, b.paymentId) || compare(a.id, b.id))) {
    const payment = await tx.queryOne<Paid>(
      `select payment_id, amount, refunded, convenience_fee, receipt_id, refund_id from collections.payments
       where ulb_id = :ulb and payment_id = :id and booked_as is not null for no key update`,
      { ulb: tx.ulb.id, id: state.paymentId },
    );
    if (payment) await apply(tx, payment, state);
    else unknown.push(state.paymentId);
  }
  const missing = new Set(unknown);
  await noteObservations(
    tx,
    observations.filter((o) => !missing.has(o.dispute.paymentId)),
  );
  return unknown;
}

type Paid = {
  readonly payment_id: string;
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly convenience_fee: bigint;
  readonly receipt_id: string | null;
  readonly refund_id: string | null;
};

async function apply(tx: Tx, payment: Paid, said: DisputeState): Promise<void> {
  const row = await tx.queryOne<Stored>(
    `select amount, amount_deducted, reason_code, phase, status, action_required_at, respond_by, created_at, seen_open_at, decided_at, booked_on,
       held_amount, held_in
     from collections.disputes where ulb_id = :ulb and dispute_id = :id for no key update`,
    { ulb: tx.ulb.id, id: said.id },
  );
  const before: DisputeState | undefined = row && {
    id: said.id,
    paymentId: said.paymentId,
    amount: paise(row.amount),
    amountDeducted: paise(row.amount_deducted),
    reasonCode: row.reason_code,
    respondBy: row.respond_by,
    status: row.status,
    phase: row.phase,
    createdAt: row.created_at,
    actionRequiredAt: row.action_required_at,
    seenOpenAt: row.seen_open_at,
    decidedEventAt: null,
    decidedSeenAt: row.decided_at,
  };
  const now = before ? mergeDisputes(before, said) : said;
  const decided = row?.decided_at ?? decidedAt(now);
  const deducted = row?.booked_on ? paise(row.amount_deducted) : deductedOf(now);
  await tx.query(
    `insert into collections.disputes as d (ulb_id, dispute_id, payment_id, amount, amount_deducted, reason_code, phase, status, action_required_at,
       respond_by, created_at, first_seen_at, seen_open_at, decided_at, next_poll_at)
     values (:ulb, :id, :payment, :amount, :deducted, :reason, :phase, :status, :action, :respond_by, :created, :now, :seen_open, :decided,
       :poll_at::timestamptz)
     on conflict (ulb_id, dispute_id) do update set amount = excluded.amount, amount_deducted = excluded.amount_deducted,
       reason_code = excluded.reason_code, phase = excluded.phase, status = excluded.status, action_required_at = excluded.action_required_at,
       respond_by = excluded.respond_by, created_at = excluded.created_at, seen_open_at = excluded.seen_open_at,
       decided_at = excluded.decided_at, next_poll_at = excluded.next_poll_at`,
    {
      ulb: tx.ulb.id,
      id: now.id,
      payment: now.paymentId,
      amount: now.amount,
      deducted,
      reason: now.reasonCode,
      phase: now.phase,
      status: now.status,
      action: now.actionRequiredAt,
      respond_by: now.respondBy,
      created: now.createdAt,
      now: tx.clock(),
      seen_open: now.seenOpenAt,
      decided,
      poll_at: isDecided(now.status) ? null : new Date(tx.clock().getTime() + POLL_MS),
    },
  );
  await keepDisputed(tx, payment.payment_id);
  if (now.status === "lost" && !row?.booked_on)
    await bookLoss(tx, payment, now, deducted, decided ?? tx.clock(), row?.held_amount ? row.held_in : null);
  if (!isDecided(now.status)) {
    await setTasks(tx, [
      {
        kind: "dispute-respond",
        subject: now.id,
        message: `${formatIndian(now.amount)} of ${now.paymentId} is disputed (${now.phase}, ${now.reasonCode})${now.respondBy === null ? "" : `; answer by ${formatMoment(now.respondBy)}`}`,
      },
    ]);
  } else await closeTasks(tx, now);
}

const POLL_MS = 6 * 3_600_000;

/** The payment keeps what is disputed or was lost of it, so that no refund is promised out of it. */
async function keepDisputed(tx: Tx, paymentId: string): Promise<void> {
  await tx.query(
    `update collections.payments p set disputed = (
       select coalesce(sum(case when d.status = 'lost' then d.amount_deducted else d.amount end), 0) from collections.disputes d
       where d.ulb_id = p.ulb_id and d.payment_id = p.payment_id and d.status in ('open', 'under_review', 'lost'))
     where p.ulb_id = :ulb and p.payment_id = :id`,
    { ulb: tx.ulb.id, id: paymentId },
  );
}

async function closeTasks(tx: Tx, dispute: DisputeState): Promise<void> {
  await tx.query(
    `update collections.tasks set done_at = :now, done_by = :actor, resolution = :resolution
     where ulb_id = :ulb and kind = 'dispute-respond' and (subject = :id or subject like :id || '/%') and done_at is null`,
    {
      ulb: tx.ulb.id,
      id: dispute.id,
      now: tx.clock(),
      actor: tx.actor.id,
      resolution: `the dispute is ${dispute.status}`,
    },
  );
}

/**
 * A lost dispute: the gateway took the money back. What of it had been refunded went out twice: Dr gateway adjustments, with a critical task. The
 * rest opens the dues again as if it had never been paid: Dr what the receipt had credited. Cr gateway clearing with all of it; or, where a settlement
 * took it before the verdict (`heldIn`), gateway adjustments, where it stands since then.
 */
async function bookLoss(
  tx: Tx,
  payment: Paid,
  dispute: DisputeState,
  deducted: Paise,
  at: Date,
  heldIn: string | null,
): Promise<void> {
  const source = { type: "dispute", id: dispute.id };
  const valueDate = dateInIndia(at);
  const date = await entryDateFor(tx, valueDate);
  const accounts = await postingAccounts(
    tx,
    "gateway-clearing",
    "gateway-adjustments",
    "unidentified-credits",
    "refunds-payable",
    "convenience-fee",
  );
  const parts = lossParts(deducted, await refundedOf(tx, payment));
  const opened = await reopen(tx, payment, dispute, parts.reopened, date, accounts);
  // What could not be opened again (its credit is spent, its receipt is reversed already) is claimed like what went out twice.
  const reopened = opened === undefined ? paise(0n) : parts.reopened;
  const adjusted = subtract(deducted, reopened);
  const debits: Line[] = [
    ...(opened?.lines ?? []),
    // What a settlement took already stands there as a claim.
    ...(adjusted > 0n && heldIn === null
      ? [dr(accounts["gateway-adjustments"], adjusted, { party: gatewayParty(payment.payment_id) })]
      : []),
  ];
  await tx.query(
    `update collections.disputes set booked_on = :on_date::date, reopened = :reopened, adjusted = :adjusted,
       settlement_id = :settlement::text, settled_on = case when :settlement::text is null then null else :on_date::date end
     where ulb_id = :ulb and dispute_id = :id`,
    { ulb: tx.ulb.id, id: dispute.id, on_date: date, reopened, adjusted, settlement: heldIn },
  );
  await setTasks(tx, [
    adjusted > 0n
      ? {
          kind: "double-outflow",
          subject: dispute.id,
          message: `CRITICAL: dispute ${dispute.id} of ${payment.payment_id} is lost, ${formatIndian(adjusted)} of it had been given back already: double outflow, contest with refund proof`,
        }
      : {
          kind: "dispute-lost",
          subject: dispute.id,
          message: `Dispute ${dispute.id} of ${payment.payment_id} is lost: ${formatIndian(deducted)} went back to the payer, and what it had paid is due again`,
        },
  ]);
  if (debits.length === 0) return;
  await postEntry(tx, {
    voucher: heldIn === null ? "payment" : "journal",
    date,
    valueDate,
    narration: `Dispute ${dispute.id} of ${payment.payment_id} lost (${dispute.phase}, ${dispute.reasonCode})`.slice(
      0,
      1000,
    ),
    source,
    ...(opened?.reverses === undefined ? {} : { reverses: opened.reverses }),
    lines: disputeLossLines(
      accounts[heldIn === null ? "gateway-clearing" : "gateway-adjustments"],
      payment.payment_id,
      debits,
    ),
  });
}

/** What was given back for good by now; a refund that is only promised is not sent any more once the money is gone. */
async function refundedOf(tx: Tx, payment: Paid): Promise<{ readonly amount: bigint; readonly refunded: bigint }> {
  const row = await tx.queryOne<{ paid: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as paid from collections.refunds
     where ulb_id = :ulb and payment_id = :id and status in ('processed', 'bank-paid', 'requested')`,
    { ulb: tx.ulb.id, id: payment.payment_id },
  );
  return { amount: payment.amount, refunded: row?.paid ?? 0n };
}

type Opened = { readonly lines: readonly Line[]; readonly reverses: bigint | undefined };

async function reopen(
  tx: Tx,
  payment: Paid,
  dispute: DisputeState,
  amount: Paise,
  date: LocalDate,
  accounts: Readonly<Record<"unidentified-credits" | "refunds-payable" | "convenience-fee", string>>,
): Promise<Opened | undefined> {
  if (amount === 0n) return undefined;
  const party = gatewayParty(payment.payment_id);
  if (payment.refund_id !== null || payment.receipt_id === null) {
    // A second payment that we owed back: the payer has it now.
    await tx.query(
      `update collections.refunds set status = 'failed', last_error = :why, next_send_at = null
       where ulb_id = :ulb and payment_id = :id and status in ('payable', 'approved', 'bank-due')`,
      { ulb: tx.ulb.id, id: payment.payment_id, why: `lost in dispute ${dispute.id}` },
    );
    const owed = await tx.queryOne<{ consumer_code: string | null }>(
      "select consumer_code from collections.refunds where ulb_id = :ulb and refund_id = :id",
      { ulb: tx.ulb.id, id: payment.refund_id },
    );
    const creditor = owed?.consumer_code ? { type: "consumer", id: owed.consumer_code } : party;
    const lines = [dr(accounts["refunds-payable"], amount, { party: creditor })];
    if (payment.receipt_id === null || amount < payment.amount) return { lines, reverses: undefined };
    await markReceipt(tx, payment.receipt_id, "reversed", date, `lost in dispute ${dispute.id}`);
    return { lines, reverses: (await receiptEntry(tx, payment.receipt_id))?.id };
  }
  const receipt = await getReceipt(tx, payment.receipt_id);
  if (receipt.status !== "issued") return undefined;
  if (receipt.consumerId === null)
    return { lines: [dr(accounts["unidentified-credits"], amount, { party })], reverses: undefined };
  const source = { type: "dispute", id: dispute.id };
  let back: Awaited<ReturnType<typeof reversePayment>>;
  // What was refunded of it before has taken the receipt's own entry back.
  const standing = await restOf(tx, payment.payment_id);
  try {
    back = await reversePayment(tx, standing ?? { type: "receipt", id: receipt.id }, { date, newSource: source });
  } catch (error) {
    // Billing refuses before it has written anything: the credit of this payment is spent or given back.
    if (error instanceof Refusal && (error.code === "ADVANCE_GIVEN_BACK" || error.code === "PAYMENT_REVERSED"))
      return undefined;
    throw error;
  }
  await markReceipt(tx, receipt.id, "reversed", date, `lost in dispute ${dispute.id}`);
  // The whole payment is taken back; what the payer's bank left us is applied anew.
  const fee = paise(payment.convenience_fee);
  const rest = subtract(paise(back.amount + fee), amount);
  const feeBack = rest === 0n ? fee : paise(0n);
  const applied =
    rest > fee || (rest > 0n && fee === 0n)
      ? await applyPayment(tx, {
          consumerId: receipt.consumerId,
          amount: subtract(rest, fee),
          date,
          source: { type: "dispute-rest", id: newId() },
        })
      : { ledgerLines: [] as readonly Line[] };
  const left =
    rest > 0n && rest <= fee && fee > 0n
      ? [dr(accounts["convenience-fee"], subtract(fee, rest), { function: "03" })]
      : [];
  const original = await receiptEntry(tx, receipt.id);
  return {
    lines: [
      ...back.ledgerLines,
      ...(feeBack > 0n ? [dr(accounts["convenience-fee"], feeBack, { function: "03" })] : []),
      ...applied.ledgerLines,
      ...left.filter((l) => l.amount > 0n),
    ],
    reverses: standing ? undefined : original?.id,
  };
}

async function noteObservations(tx: Tx, observations: readonly DisputeObservation[]): Promise<void> {
  if (observations.length === 0) return;
  await tx.query(
    `insert into collections.dispute_observations (ulb_id, dispute_id, feed, status, event_key, observed_at)
     select :ulb, o.*, :now::timestamptz
     from unnest(:ids::text[], :feeds::text[], :statuses::text[], :keys::text[]) as o`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: observations.map((o) => o.dispute.id),
      feeds: observations.map((o): DisputeFeed => o.feed),
      statuses: observations.map((o) => o.dispute.status),
      keys: observations.map((o) => o.eventKey ?? null),
    },
  );
}

const ALERTS = [
  ["3 days", 3 * 86_400_000],
  ["1 day", 86_400_000],
  ["4 hours", 4 * 3_600_000],
] as const;

/** Which alerts of a dispute are due: three days, one day and four hours before its answer is. */
export function dueAlerts(respondBy: Date, now: Date): readonly string[] {
  return ALERTS.filter(([, before]) => now.getTime() >= respondBy.getTime() - before).map(([name]) => name);
}

/** Sets a task for every dispute that is still to be answered, three days, one day and four hours before it is too late. Once each. */
export async function alertDisputes(tx: Tx): Promise<void> {
  const rows = await tx.query<{ id: string; amount: Paise; payment: string; respond_by: Date }>(
    `select dispute_id as id, amount, payment_id as payment, respond_by from collections.disputes
     where ulb_id = :ulb and status in ('open', 'under_review') and accepted_by is null
       and (answered_at is null or answered_at < action_required_at)
       and respond_by <= :now::timestamptz + interval '3 days'
     order by respond_by, dispute_id limit 1000`,
    { ulb: tx.ulb.id, now: tx.clock() },
  );
  await setTasks(
    tx,
    rows.flatMap((r) =>
      dueAlerts(r.respond_by, tx.clock()).map((name) => ({
        kind: "dispute-respond" as const,
        subject: `${r.id}/${name}`,
        message: `Less than ${name} left: the dispute of ${formatIndian(r.amount)} (${r.payment}) must be answered by ${formatMoment(r.respond_by)}`,
      })),
    ),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
