import { checklist, refusing, type Checklist, type CloseCheck, type ItemState } from "./close/checklist.ts";
import { scopeOfMonth } from "./close/computed.ts";
import { figuresOf, recordEvent } from "./close/figures.ts";
import { refuseClosedYear } from "./close/year-status.ts";
import { audit } from "./kernel/audit.ts";
import {
  addDays,
  periodEnd,
  periodOf,
  periodsOf,
  periodStart,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "./kernel/dates.ts";
import type { Problem } from "./kernel/errors.ts";
import type { Read, Tx } from "./kernel/tx.ts";
import { ledgerErrors } from "./errors.ts";

export type { CloseCheck } from "./close/checklist.ts";

export type PeriodStatus = {
  readonly period: Period;
  readonly status: "open" | "closed";
  readonly changedAt: Date | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
};

type Row = {
  period: Period;
  status: "open" | "closed";
  changed_at: Date | null;
  changed_by: string | null;
  reason: string | null;
};
const statusOf = (r: Row): PeriodStatus => ({
  period: r.period,
  status: r.status,
  changedAt: r.changed_at,
  changedBy: r.changed_by,
  reason: r.reason,
});

/** All periods of the ULB's books, oldest first. */
export async function listPeriods(read: Read): Promise<PeriodStatus[]> {
  const rows = await read.query<Row>(
    "select period, status, changed_at, changed_by, reason from ledger.periods where ulb_id = :ulb order by period",
    { ulb: read.ulb.id },
  );
  return rows.map(statusOf);
}

/** Raises PERIOD_MISSING. */
export async function periodStatus(read: Read, period: Period): Promise<PeriodStatus> {
  const row = await read.queryOne<Row>(
    "select period, status, changed_at, changed_by, reason from ledger.periods where ulb_id = :ulb and period = :month",
    { ulb: read.ulb.id, month: period },
  );
  if (!row) throw ledgerErrors.PERIOD_MISSING({ what: "the period", period });
  return statusOf(row);
}

/** The first open period at or after `period`, where money that came for a closed month is booked. Undefined if none. */
export async function firstOpenPeriod(read: Read, period: Period): Promise<Period | undefined> {
  const row = await read.queryOne<{ period: Period }>(
    "select min(period) as period from ledger.periods where ulb_id = :ulb and period >= :month and status = 'open' having min(period) is not null",
    { ulb: read.ulb.id, month: period },
  );
  return row?.period;
}

/**
 * The first day on which a fact of `day` can stand in the books, under any head: the day itself while its month is open and its cash book
 * is not signed, else the first such day after it. Undefined when no later month is open.
 */
export async function firstOpenDay(read: Read, day: LocalDate): Promise<LocalDate | undefined> {
  const found = await read.queryOne<{ period: Period | null; locked_to: LocalDate | null }>(
    `select min(p.period) as period, (select c.locked_to from ledger.cash_locks c where c.ulb_id = :ulb) as locked_to
     from ledger.periods p where p.ulb_id = :ulb and p.period >= :month and p.status = 'open'`,
    { ulb: read.ulb.id, month: periodOf(day) },
  );
  if (!found?.period) return undefined;
  const from = found.period === periodOf(day) ? day : periodStart(found.period);
  if (found.locked_to === null || found.locked_to < from) return from;
  const next = addDays(found.locked_to, 1);
  return periodOf(next) === found.period ? next : firstOpenDay(read, next);
}

/**
 * The day on which a fact of `day` that is found on `found` is booked: its own while its month is open and its cash book is not signed; the next open
 * day where only the cash book is signed; where the month is closed, the day on which it was found, or the first open one after it: what was handed
 * out of the months between does not change any more. Undefined when no such month is open.
 */
export async function bookingDay(read: Read, day: LocalDate, found: LocalDate): Promise<LocalDate | undefined> {
  const open = await firstOpenDay(read, day);
  if (open === undefined || periodOf(open) === periodOf(day) || found <= open) return open;
  return (await firstOpenDay(read, found)) ?? open;
}

/** Opens the twelve months of a financial year; months that are there stay as they are. */
export async function openFinancialYear(tx: Tx, fy: FinancialYear): Promise<void> {
  await tx.query(
    "insert into ledger.periods (ulb_id, period) select :ulb, unnest(:months::text[]) on conflict do nothing",
    { ulb: tx.ulb.id, months: periodsOf(fy) },
  );
}

/** Runs every check of the closing checklist and gives all problems that refuse the close, not the first. */
export async function closeProblems(read: Read, period: Period, checks: readonly CloseCheck[]): Promise<Problem[]> {
  return closeRefusals(await checklist(read, scopeOfMonth(period), checks));
}

/** The same, of a checklist that was read already: balanced books first, then the callers' own checks, then item by item. */
export function closeRefusals(found: Checklist): Problem[] {
  const isBooks = (state: ItemState): boolean => state.item.checks.includes("ledger:books-balanced");
  return [
    ...(found.items.find(isBooks)?.problems ?? []),
    ...refusing({ others: found.others, items: found.items.filter((i) => !isBooks(i)) }),
  ];
}

/**
 * Closes a month: nothing dated in it is posted from then on. Waits for postings under way, then checks. The figures at that moment are
 * kept (`listPeriodEvents`). Raises PERIOD_NOT_OPEN, PERIOD_CLOSE_REFUSED with all problems.
 */
export async function closePeriod(tx: Tx, period: Period, checks: readonly CloseCheck[] = []): Promise<void> {
  await lockPeriod(tx, period);
  const now = await periodStatus(tx, period);
  if (now.status !== "open") throw ledgerErrors.PERIOD_NOT_OPEN({ period, status: now.status });
  const problems = await closeProblems(tx, period, checks);
  if (problems.length > 0)
    throw ledgerErrors.PERIOD_CLOSE_REFUSED({ period, problems: problems.map((p) => p.message) });
  await closeChecked(tx, period);
}

/** Closes a month whose lock is held and whose checks were made. */
export async function closeChecked(tx: Tx, period: Period): Promise<void> {
  await setStatus(tx, period, "closed", null);
  await recordEvent(
    tx,
    { subject: period, event: "closed" },
    await figuresOf(tx, periodStart(period), periodEnd(period)),
  );
  await audit(tx, { action: "close", subject: "period", subjectId: period });
}

/**
 * Opens a closed month again, with a reason that stays on record for ever. A month of a closed year is opened only after the year.
 * Raises PERIOD_NOT_CLOSED, REASON_MISSING, YEAR_CLOSED, YEAR_AUDITED.
 */
export async function reopenPeriod(tx: Tx, period: Period, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `reopening ${period}` });
  await lockPeriod(tx, period);
  const now = await periodStatus(tx, period);
  if (now.status !== "closed") throw ledgerErrors.PERIOD_NOT_CLOSED({ period, status: now.status });
  await refuseClosedYear(tx, period);
  await recordEvent(
    tx,
    { subject: period, event: "reopened", reason: reason.trim() },
    await figuresOf(tx, periodStart(period), periodEnd(period)),
  );
  await setStatus(tx, period, "open", reason.trim());
  await audit(tx, { action: "reopen", subject: "period", subjectId: period, reason: reason.trim() });
}

/** Alone: postings of the month hold the same lock shared (ledger.post), so whoever comes second sees what the first committed. */
export async function lockPeriod(tx: Tx, period: Period): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, :month_key::integer)", {
    ulb: tx.ulb.id,
    month_key: Number(period.replace("-", "")),
  });
}

async function setStatus(tx: Tx, period: Period, status: "open" | "closed", reason: string | null): Promise<void> {
  await tx.query(
    `update ledger.periods set status = :status, changed_at = :now, changed_by = :actor, reason = :reason
     where ulb_id = :ulb and period = :month`,
    { ulb: tx.ulb.id, month: period, status, now: tx.clock(), actor: tx.actor.id, reason },
  );
}
