import {
  askDispute,
  closeTasks,
  heldDisputes,
  holdDisputes,
  markSettled,
  observePayments,
  observeRefunds,
  releaseDisputes,
  setTasks,
  unmarkSettled,
  type CollectionsApp,
  type GatewayRefund,
  type GatewaySettlement,
  type Outcome,
  type SettlementItem,
} from "../collections/index.ts";
import { getEntry, postEntry, postingAccounts, reverseEntry } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { addDays, dateInIndia, daysBetween, startOfDayInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../ledger/kernel/errors.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { formatIndian, subtract, sum, toRupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { inTransaction, type Read, type Tx, type Who } from "../ledger/kernel/tx.ts";
import { bookingDate } from "./booking-date.ts";
import { settlementEntry, type Adjusted } from "./entries.ts";
import { knownAdjustments } from "./known-adjustments.ts";
import { reconciliationErrors } from "./errors.ts";
import { closeSettlementException, keepWaiting } from "./exceptions/settlements.ts";
import { unmatch } from "./matches.ts";
import { checkSettlement, disputesOf, type SettlementFigures, type SettlementRow } from "./settlement.ts";

export type SettlementReport = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Booked by this run. */
  readonly booked: readonly string[];
  /** Booked before. */
  readonly known: readonly string[];
  /** Created or failed: nothing was paid out yet. A failed one is tried again by the gateway, with a new UTR. */
  readonly waiting: readonly string[];
  /** Booked before, and failed since: taken back by this run. */
  readonly takenBack: readonly string[];
  /** What does not add up, with figures; nothing was posted for these. */
  readonly exceptions: readonly { readonly settlementId: string; readonly problems: readonly Problem[] }[];
};

/**
 * Pulls the settlements of some days (India's) and their rows from the gateway, outside any transaction; then books each in one transaction
 * of its own: stored, posted once (source "settlement", the gateway's id), its payments and refunds marked settled. One that does not add up
 * is stored as an exception with its figures, and a later run tries it again. Run it over a moving window: what is known is left alone, rows
 * come late. Payments that only the settlement knows are adopted first. Raises GATEWAY_SILENT when the gateway gives no whole answer.
 */
export async function importSettlements(
  app: CollectionsApp,
  who: Who,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<SettlementReport> {
  const settlements = await pullSettlements(app, range);
  const known = await inTransaction(app, who, (tx) => bookedSettlements(tx, settlements));
  const takenBack: string[] = [];
  // Before the others: what a failed one had paid comes again in one of them.
  for (const { id } of settlements.filter((s) => s.status === "failed"))
    if (await inTransaction(app, who, (tx) => undoSettlement(tx, id))) takenBack.push(id);
  const paidOut = settlements.filter((s) => s.status === "processed");
  const missing = paidOut.filter((s) => !known.has(s.id));
  const items = missing.length === 0 ? new Map<string, SettlementItem[]>() : await pullItems(app, range);
  const report = { booked: [] as string[], exceptions: [] as { settlementId: string; problems: readonly Problem[] }[] };
  for (const settlement of missing) {
    const problems = await bookOne(app, who, settlement, items.get(settlement.id) ?? []);
    if (problems.length === 0) report.booked.push(settlement.id);
    else report.exceptions.push({ settlementId: settlement.id, problems });
  }
  return {
    ...range,
    ...report,
    known: paidOut.filter((s) => known.has(s.id)).map((s) => s.id),
    waiting: settlements.filter((s) => s.status !== "processed").map((s) => s.id),
    takenBack,
  };
}

// ------------------------------------------------------------------------------------------------ the gateway, outside transactions

const PAGE = 100;
const ITEM_PAGE = 1000;
const MAX_PAGES = 2000;

function told<T>(asked: string, outcome: Outcome<T>): T {
  if (outcome.kind === "ok") return outcome.value;
  const cause =
    outcome.kind === "rejected" ? `${outcome.code}: ${outcome.description}` : `${outcome.status} ${outcome.cause}`;
  throw reconciliationErrors.GATEWAY_SILENT({ asked, cause: cause.slice(0, 200) });
}

async function allPages<T>(asked: string, size: number, page: (skip: number) => Promise<Outcome<T[]>>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < MAX_PAGES; n++) {
    const part = told(asked, await page(n * size));
    all.push(...part);
    if (part.length < size) return all;
  }
  throw reconciliationErrors.GATEWAY_SILENT({ asked, cause: `more than ${MAX_PAGES} pages` });
}

async function pullSettlements(
  app: CollectionsApp,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<GatewaySettlement[]> {
  const from = startOfDayInIndia(range.from);
  const to = new Date(startOfDayInIndia(addDays(range.to, 1)).getTime() - 1000);
  const all = await allPages("which settlements it made", PAGE, (skip) =>
    app.gateway.listSettlements({ from, to, count: PAGE, skip }),
  );
  // A page may shift while it is read: the same settlement twice is one.
  const unique = new Map(all.map((s) => [s.id, s]));
  return [...unique.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
}

/** The rows of the range by settlement: day by day for a few days, by month for a longer range. A row read twice is one. */
async function pullItems(
  app: CollectionsApp,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<Map<string, SettlementItem[]>> {
  const days = Array.from({ length: daysBetween(range.from, range.to) + 1 }, (_, i) => addDays(range.from, i));
  const parts =
    days.length <= 10
      ? days.map((d) => ({ year: Number(d.slice(0, 4)), month: Number(d.slice(5, 7)), day: Number(d.slice(8, 10)) }))
      : [...new Set(days.map((d) => d.slice(0, 7)))].map((m) => ({
          year: Number(m.slice(0, 4)),
          month: Number(m.slice(5, 7)),
        }));
  const rows = new Map<string, SettlementItem>();
  for (const part of parts) {
    const found = await allPages("what its settlements hold", ITEM_PAGE, (skip) =>
      app.gateway.settlementItems({ ...part, count: ITEM_PAGE, skip }),
    );
    for (const row of found) if (row.settlementId !== null) rows.set(`${row.settlementId}/${row.entityId}`, row);
  }
  return groupBy(rows.values(), (r) => r.settlementId ?? "");
}

// ------------------------------------------------------------------------------------------------ booking

/** A settlement as the books need it, and where the amount paid out is known from: the gateway, the bank's lines, or only the sum of its rows. */
export type PaidOut = Pick<GatewaySettlement, "id" | "amount" | "utr" | "createdAt"> & {
  readonly amountFrom?: "gateway" | "bank" | "rows";
};
type Row = StoredItem & Pick<SettlementItem, "isOnHold" | "settlementId">;

/**
 * Books a settlement in a transaction of its own, or writes down why it is none: problems of its rows, of the caller (`more`), or of the books.
 * Payments, refunds and disputes that the books do not know are asked for first.
 */
export async function bookOne(
  app: CollectionsApp,
  who: Who,
  settlement: PaidOut,
  items: readonly Row[],
  more: readonly Problem[] = [],
): Promise<readonly Problem[]> {
  const givenBack = [...disputesOf(items)].flatMap(([id, amount]) => (amount < 0n ? [id] : []));
  const held = await inTransaction(app, who, (tx) => heldDisputes(tx, givenBack));
  const check = checkSettlement(settlement, items, held);
  let problems: readonly Problem[] = [...more, ...(check.ok ? [] : check.problems)];
  // What was captured is booked whether or not the settlement adds up: money is never refused.
  await adoptUnknown(app, who, items);
  if (check.ok && more.length === 0) {
    try {
      await inTransaction(app, who, (tx) => bookSettlement(tx, settlement, check.figures, items));
    } catch (error) {
      // A refusal of the books (a payment that is not ours, a month without periods) is an exception of this settlement, not of the run.
      if (!(error instanceof Refusal)) throw error;
      problems = [{ code: error.code, message: error.detail }];
    }
  }
  if (problems.length > 0)
    await inTransaction(app, who, (tx) => recordException(tx, settlement, check.figures, problems, items));
  return problems;
}

/** Payments, refunds and lost disputes that we hear of only by the settlement (the webhook was lost) are fetched and booked before it. */
async function adoptUnknown(app: CollectionsApp, who: Who, items: readonly Row[]): Promise<void> {
  const ids = items.map((i) => i.entityId);
  const disputes = [...disputesOf(items)].flatMap(([id, taken]) => (taken > 0n ? [id] : []));
  const rows = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      `select payment_id as id from collections.payments where ulb_id = :ulb and payment_id = any(:ids::text[]) and booked_as is not null
       union all
       select provider_refund_id from collections.refunds
       where ulb_id = :ulb and provider_refund_id = any(:ids::text[]) and processed_on is not null
       union all
       select dispute_id from collections.disputes
       where ulb_id = :ulb and dispute_id = any(:disputes::text[]) and (booked_on is not null or status in ('won', 'closed'))`,
      { ulb: tx.ulb.id, ids, disputes },
    ),
  );
  const booked = new Set(rows.map((r) => r.id));
  const unknown = items.filter((i) => !booked.has(i.entityId));
  const payments = unknown.filter((i) => i.type === "payment").map((i) => i.entityId);
  if (payments.length > 0) await observePayments(app, who, payments, "settlement");
  for (const dispute of disputes) if (!booked.has(dispute)) await askDispute(app, who, dispute);
  const refundOf = groupBy(
    unknown.filter((i) => i.type === "refund" && i.paymentId !== null),
    (i) => i.paymentId ?? "",
  );
  for (const [paymentId, wanted] of refundOf) {
    const outcome = await app.gateway.paymentRefunds(paymentId);
    if (outcome.kind !== "ok") continue;
    const refunds: GatewayRefund[] = outcome.value.filter((r) => wanted.some((w) => w.entityId === r.id));
    await inTransaction(app, who, (tx) =>
      observeRefunds(
        tx,
        refunds.map((refund) => ({ refund, at: app.clock() })),
      ),
    );
  }
}

/** What is kept of a row of the gateway's report. */
export type StoredItem = Pick<
  SettlementItem,
  | "entityId"
  | "type"
  | "debit"
  | "credit"
  | "amount"
  | "fee"
  | "tax"
  | "paymentId"
  | "orderReceipt"
  | "method"
  | "disputeId"
> &
  Partial<Pick<SettlementItem, "cardNetwork" | "cardType" | "description">>;

/**
 * Books one settlement whose figures were proved: stored with its rows, its payments and refunds marked, its entry posted last. The same
 * settlement again changes nothing. Raises SETTLED_UNBOOKED, SETTLED_ELSEWHERE and the refusals of postEntry.
 */
export async function bookSettlement(
  tx: Tx,
  settlement: PaidOut,
  figures: SettlementFigures,
  items: readonly (StoredItem & Pick<SettlementItem, "isOnHold" | "settlementId">)[],
  adjusted?: Adjusted,
): Promise<{ readonly entryId: bigint; readonly isNew: boolean }> {
  // Two runs at once: the second waits here and finds it booked.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:settlement))", {
    ulb: tx.ulb.id,
    settlement: settlement.id,
  });
  const before = await tx.queryOne<{ entry_id: bigint | null }>(
    "select entry_id from reconciliation.settlements where ulb_id = :ulb and settlement_id = :settlement and status = 'booked'",
    { ulb: tx.ulb.id, settlement: settlement.id },
  );
  if (before?.entry_id) return { entryId: before.entry_id, isNew: false };
  const accounts = await postingAccounts(
    tx,
    "settlement-in-transit",
    "gateway-clearing",
    "gateway-fee",
    "gateway-fee-gst",
    "gateway-adjustments",
  );
  const settledOn = dateInIndia(settlement.createdAt);
  const date = await bookingDate(tx, settledOn);
  const ofDisputes = disputesOf(items);
  // What was taken before its verdict, or given back after it, goes through gateway adjustments: nothing is lost yet.
  const held = adjusted ? new Set<string>() : await holdDisputes(tx, ofDisputes, settlement.id);
  const heldAmount = sum([...ofDisputes].flatMap(([id, amount]) => (held.has(id) ? [amount] : [])));
  // With an adjustment that a person explained, a dispute that the books do not know is part of what he explained.
  const lost = adjusted
    ? await lostDisputes(tx, settlement.id, items)
    : [...ofDisputes].flatMap(([id, taken]) => (taken > 0n && !held.has(id) ? [id] : []));
  const known = await knownAdjustments(tx, adjusted ? [] : items);
  const rest = subtract(subtract(figures.adjustments ?? ZERO, heldAmount), known);
  const explained = adjusted ?? (rest === 0n ? undefined : { amount: rest, account: accounts["gateway-adjustments"] });
  await markSettled(
    tx,
    [...items.filter((i) => i.type === "payment" || i.type === "refund").map((i) => i.entityId), ...lost],
    settlement.id,
    date,
  );
  if (!adjusted) await sameLoss(tx, settlement.id, disputesOf(items));
  const draft = settlementEntry(
    { id: settlement.id, utr: settlement.utr, date },
    { ...figures, disputes: subtract(figures.disputes, heldAmount) },
    accounts,
    "01",
    explained,
    known,
  );
  const entry = await postEntry(tx, { ...draft, valueDate: settledOn });
  await tx.query(
    `insert into reconciliation.settlements (ulb_id, settlement_id, status, amount, utr, settled_on, payments, gross, refunds, fee, tax, adjustments,
       entry_id, transit_account, recorded_at, amount_from)
     values (:ulb, :id, 'booked', :amount, :utr, :on_date, :payments, :gross, :refunds, :fee, :tax, :adjustments, :entry, :transit, :now, :amount_from)
     on conflict (ulb_id, settlement_id) do update set status = 'booked', amount = excluded.amount, utr = excluded.utr,
       settled_on = excluded.settled_on, payments = excluded.payments, gross = excluded.gross, refunds = excluded.refunds, fee = excluded.fee,
       tax = excluded.tax, adjustments = excluded.adjustments, entry_id = excluded.entry_id, transit_account = excluded.transit_account, recorded_at = excluded.recorded_at,
       amount_from = excluded.amount_from`,
    {
      ulb: tx.ulb.id,
      id: settlement.id,
      amount: settlement.amount,
      utr: settlement.utr,
      on_date: settledOn,
      payments: figures.payments,
      gross: figures.gross,
      refunds: figures.refunds,
      fee: figures.fee,
      tax: figures.tax,
      adjustments: subtract(adjusted?.amount ?? figures.adjustments ?? ZERO, figures.disputes),
      amount_from: settlement.amountFrom ?? "gateway",
      entry: entry.id,
      transit: accounts["settlement-in-transit"],
      now: tx.clock(),
    },
  );
  await storeItems(tx, settlement.id, items);
  await setTasks(tx, chargedOnFreeModes(items));
  await closeTroubles(tx, settlement.id, "the settlement adds up now and is booked");
  return { entryId: entry.id, isNew: true };
}

/** Nobody has to look at this settlement any more. */
async function closeTroubles(tx: Tx, settlementId: string, resolution: string): Promise<void> {
  await closeTasks(tx, "settlement-waits", [settlementId], resolution);
  await closeSettlementException(tx, settlementId, resolution);
  await tx.query(
    `update reconciliation.exceptions set closed_at = :now, closed_by = :actor, resolution = :resolution
     where ulb_id = :ulb and subject = 'settlement' and subject_id = :id and closed_at is null`,
    { ulb: tx.ulb.id, id: settlementId, now: tx.clock(), actor: tx.actor.id, resolution },
  );
}

/**
 * A settlement that was booked has failed at the gateway: its entry is reversed (and its arrival at the bank un-matched, where it had come and was returned), and
 * what it had netted waits in gateway clearing for the settlement that pays it again. One that waited as an exception waits no more. Gives whether there
 * was an entry to take back.
 */
async function undoSettlement(tx: Tx, settlementId: string): Promise<boolean> {
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:settlement))", {
    ulb: tx.ulb.id,
    settlement: settlementId,
  });
  const found = await tx.queryOne<{ entry_id: bigint | null; match: string | null }>(
    `select entry_id, arrival_match_id::text as match from reconciliation.settlements
     where ulb_id = :ulb and settlement_id = :id and status <> 'failed' for update`,
    { ulb: tx.ulb.id, id: settlementId },
  );
  if (!found) return false;
  const reason = `settlement ${settlementId} failed at the gateway`;
  if (found.entry_id === null) {
    await tx.query(
      "update reconciliation.settlements set status = 'failed' where ulb_id = :ulb and settlement_id = :id",
      {
        ulb: tx.ulb.id,
        id: settlementId,
      },
    );
    await closeTroubles(tx, settlementId, reason);
    return false;
  }
  if (found.match !== null) await unmatch(tx, found.match, reason);
  const entry = await getEntry(tx, found.entry_id);
  await reverseEntry(tx, {
    entryId: entry.id,
    // On its own day while that is open, so that no day between shows money that never came.
    date: await bookingDate(tx, entry.date),
    reason,
    source: { type: "settlement", id: `${settlementId}:rev` },
  });
  await tx.query(
    "update reconciliation.settlements set status = 'failed' where ulb_id = :ulb and settlement_id = :id",
    {
      ulb: tx.ulb.id,
      id: settlementId,
    },
  );
  await unmarkSettled(tx, settlementId);
  await releaseDisputes(tx, settlementId);
  await audit(tx, { action: "take-back", subject: "settlement", subjectId: settlementId, reason });
  return true;
}

/** Of the disputes that these rows were netted for, those which the books lost, with the same amount and in no other settlement. */
export async function lostDisputes(
  read: Read,
  settlementId: string,
  rows: readonly SettlementRow[],
): Promise<readonly string[]> {
  const taken = disputesOf(rows);
  if (taken.size === 0) return [];
  const booked = await read.query<{ id: string; amount: Paise }>(
    `select dispute_id as id, amount_deducted as amount from collections.disputes
     where ulb_id = :ulb and dispute_id = any(:ids::text[]) and booked_on is not null
       and (settlement_id is null or settlement_id = :settlement)
     order by dispute_id`,
    { ulb: read.ulb.id, ids: [...taken.keys()], settlement: settlementId },
  );
  return booked.flatMap((d) => (taken.get(d.id) === d.amount ? [d.id] : []));
}

/** Raises SETTLEMENT_DISPUTE where the gateway took another sum for a dispute than the books lost by it. */
async function sameLoss(read: Read, settlementId: string, taken: ReadonlyMap<string, Paise>): Promise<void> {
  const ids = [...taken].flatMap(([id, amount]) => (amount > 0n ? [id] : []));
  if (ids.length === 0) return;
  const booked = await read.query<{ id: string; amount: Paise }>(
    "select dispute_id as id, amount_deducted as amount from collections.disputes where ulb_id = :ulb and dispute_id = any(:ids::text[]) and booked_on is not null",
    { ulb: read.ulb.id, ids },
  );
  for (const { id, amount } of booked)
    if (taken.get(id) !== amount)
      throw reconciliationErrors.SETTLEMENT_DISPUTE({
        settlement: settlementId,
        dispute: id,
        taken: String(taken.get(id)),
        booked: String(amount),
      });
}

/** UPI and RuPay debit cards bear no merchant discount (PSS Act s.10A): what was charged is booked as it happened, and asked back. */
function chargedOnFreeModes(items: readonly StoredItem[]) {
  return items
    .filter(
      (i) =>
        i.type === "payment" &&
        i.fee > 0n &&
        (i.method === "upi" || (/^rupay$/i.test(i.cardNetwork ?? "") && /^debit$/i.test(i.cardType ?? ""))),
    )
    .map((i) => ({
      kind: "fee-on-free-mode" as const,
      subject: i.entityId,
      message: `MDR on zero-MDR instrument: ${i.entityId} by ${i.method === "upi" ? "UPI" : "RuPay debit card"} of ${formatIndian(i.amount)} was settled less a fee of ${formatIndian(i.fee)}; UPI and RuPay debit cards are free of it (PSS Act s.10A), ask it back`,
    }));
}

async function storeItems(tx: Tx, settlementId: string, items: readonly StoredItem[]): Promise<void> {
  for (let from = 0; from < items.length; from += 5000) {
    const part = items.slice(from, from + 5000);
    await tx.query(
      `insert into reconciliation.settlement_items (ulb_id, settlement_id, entity_id, type, debit, credit, amount, fee, tax, payment_id,
         order_receipt, method, dispute_id)
       select :ulb, :settlement, id, kind, debit, credit, amount, fee, tax, payment, receipt, method, dispute
       from unnest(:ids::text[], :kinds::text[], :debits::bigint[], :credits::bigint[], :amounts::bigint[], :fees::bigint[], :taxes::bigint[],
         :payments::text[], :receipts::text[], :methods::text[], :disputes::text[])
         as t (id, kind, debit, credit, amount, fee, tax, payment, receipt, method, dispute)`,
      {
        ulb: tx.ulb.id,
        settlement: settlementId,
        ids: part.map((i) => i.entityId),
        kinds: part.map((i) => i.type),
        debits: part.map((i) => i.debit.toString()),
        credits: part.map((i) => i.credit.toString()),
        amounts: part.map((i) => i.amount.toString()),
        fees: part.map((i) => i.fee.toString()),
        taxes: part.map((i) => i.tax.toString()),
        payments: part.map((i) => i.paymentId),
        receipts: part.map((i) => i.orderReceipt),
        methods: part.map((i) => i.method),
        disputes: part.map((i) => i.disputeId ?? null),
      },
    );
  }
}

/** After so many days a person asks the gateway why the rows do not add up. */
const WAITS_DAYS = 3;

async function recordException(
  tx: Tx,
  settlement: PaidOut,
  figures: SettlementFigures,
  problems: readonly Problem[],
  items: readonly Row[],
): Promise<void> {
  await tx.query(
    `insert into reconciliation.settlements (ulb_id, settlement_id, status, amount, utr, settled_on, recorded_at, amount_from)
     values (:ulb, :id, 'exception', :amount, :utr, :on_date, :now, :amount_from)
     on conflict (ulb_id, settlement_id) do update set amount = excluded.amount, utr = excluded.utr, recorded_at = excluded.recorded_at,
       amount_from = excluded.amount_from
     where settlements.status = 'exception'`,
    {
      ulb: tx.ulb.id,
      id: settlement.id,
      amount: settlement.amount,
      utr: settlement.utr,
      on_date: dateInIndia(settlement.createdAt),
      now: tx.clock(),
      amount_from: settlement.amountFrom ?? "gateway",
    },
  );
  const message = problems
    .map((p) => p.message)
    .join("; ")
    .slice(0, 2000);
  if (daysBetween(dateInIndia(settlement.createdAt), dateInIndia(tx.clock())) >= WAITS_DAYS) {
    await setTasks(tx, [
      {
        kind: "settlement-waits",
        subject: settlement.id,
        message: `The settlement ${settlement.id} of ${formatIndian(settlement.amount)} is not booked after ${WAITS_DAYS} days: ${message}`,
      },
    ]);
  }
  const facts = {
    amount: toRupees(settlement.amount),
    gross: toRupees(figures.gross),
    refunds: toRupees(figures.refunds),
    disputes: toRupees(figures.disputes),
    fee: toRupees(figures.fee),
    tax: toRupees(figures.tax),
    problems: problems.slice(0, 50).map((p) => `${p.code}: ${p.message}`),
  };
  const id = newId(tx.clock().getTime());
  const rows = await tx.query<{ exception_id: string }>(
    `insert into reconciliation.exceptions (ulb_id, exception_id, subject, subject_id, kind, message, facts, opened_at)
     values (:ulb, :id, 'settlement', :subject, :kind, :message, :facts, :now)
     on conflict (ulb_id, subject, subject_id) where closed_at is null
     do update set kind = excluded.kind, message = excluded.message, facts = excluded.facts
     returning exception_id`,
    {
      ulb: tx.ulb.id,
      id,
      subject: settlement.id,
      kind: problems[0]?.code ?? "SETTLEMENT",
      message,
      facts: JSON.stringify(facts),
      now: tx.clock(),
    },
  );
  if (rows[0]?.exception_id === id) {
    await audit(tx, { action: "except", subject: "settlement", subjectId: settlement.id, after: facts });
  }
  await keepWaiting(tx, settlement, message, items);
}

export async function bookedSettlements(
  tx: Tx,
  settlements: readonly { readonly id: string; readonly utr: string | null }[],
): Promise<Set<string>> {
  const rows = await tx.query<{ settlement_id: string; utr: string | null }>(
    `select settlement_id, utr from reconciliation.settlements
     where ulb_id = :ulb and settlement_id = any(:ids::text[]) and status = 'booked'`,
    { ulb: tx.ulb.id, ids: settlements.map((s) => s.id) },
  );
  // A payout that failed at the bank is sent again under another UTR: the entry stands, the reference to look for changes.
  const now = new Map(settlements.map((s) => [s.id, s.utr]));
  for (const row of rows) {
    const utr = now.get(row.settlement_id) ?? null;
    if (utr === null || utr === row.utr) continue;
    await tx.query("update reconciliation.settlements set utr = :utr where ulb_id = :ulb and settlement_id = :id", {
      ulb: tx.ulb.id,
      id: row.settlement_id,
      utr,
    });
    await audit(tx, {
      action: "change-utr",
      subject: "settlement",
      subjectId: row.settlement_id,
      before: { utr: row.utr },
      after: { utr },
    });
  }
  return new Set(rows.map((r) => r.settlement_id));
}

// ------------------------------------------------------------------------------------------------ reading

export type Settlement = {
  readonly id: string;
  readonly status: "booked" | "exception";
  readonly amount: Paise;
  readonly utr: string | null;
  readonly settledOn: LocalDate;
  readonly payments: number | null;
  readonly gross: Paise | null;
  readonly refunds: Paise | null;
  readonly fee: Paise | null;
  readonly tax: Paise | null;
  readonly entryId: bigint | null;
  /** When and by which match it was seen at the bank; null while in transit, or where it was booked straight to the bank. */
  readonly arrivedOn: LocalDate | null;
  readonly arrivalMatchId: string | null;
};

/** Settlements of some days, newest first; at most 500. */
export async function listSettlements(
  read: Read,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<Settlement[]> {
  return read.query<Settlement>(
    `select settlement_id as id, status, amount, utr, settled_on as "settledOn", payments, gross, refunds, fee, tax, entry_id as "entryId",
       arrived_on as "arrivedOn", arrival_match_id as "arrivalMatchId"
     from reconciliation.settlements
     where ulb_id = :ulb and settled_on between :from_day::date and :to_day::date
     order by settled_on desc, settlement_id
     limit 500`,
    { ulb: read.ulb.id, from_day: range.from, to_day: range.to },
  );
}

export type OpenException = {
  readonly id: string;
  readonly subject: string;
  readonly subjectId: string;
  readonly kind: string;
  readonly message: string;
  readonly openedAt: Date;
};

/** What waits for a person: settlements that do not add up. Oldest first; at most 500. */
export async function openExceptions(read: Read): Promise<OpenException[]> {
  return read.query<OpenException>(
    `select exception_id as id, subject, subject_id as "subjectId", kind, message, opened_at as "openedAt"
     from reconciliation.exceptions
     where ulb_id = :ulb and closed_at is null
     order by opened_at, exception_id
     limit 500`,
    { ulb: read.ulb.id },
  );
}
