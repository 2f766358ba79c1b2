import { audit } from "./kernel/audit.ts";
import type { FinancialYear, Period } from "./kernel/dates.ts";
import { periodsOf } from "./kernel/dates.ts";
import type { Problem } from "./kernel/errors.ts";
import { formatIndian, paise } from "./kernel/money.ts";
import type { Read, Tx } from "./kernel/tx.ts";
import { ledgerErrors } from "./errors.ts";

export type PeriodStatus = {
  readonly period: Period;
  readonly status: "open" | "closed";
  readonly changedAt: Date | null;
  readonly changedBy: string | null;
  readonly reason: string | null;
};

/** A question that must have no problems before a month is closed; other folders bring their own, so the ledger asks nobody upward. */
export type CloseCheck = {
  readonly name: string;
  readonly run: (read: Read, period: Period) => Promise<readonly Problem[]>;
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

/** Opens the twelve months of a financial year; months that are there stay as they are. */
export async function openFinancialYear(tx: Tx, fy: FinancialYear): Promise<void> {
  await tx.query(
    "insert into ledger.periods (ulb_id, period) select :ulb, unnest(:months::text[]) on conflict do nothing",
    { ulb: tx.ulb.id, months: periodsOf(fy) },
  );
}

/** Runs every check and gives all problems, not the first. */
export async function closeProblems(read: Read, period: Period, checks: readonly CloseCheck[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  const drafts = await read.queryOne<{ n: bigint }>(
    `select count(*) as n from ledger.vouchers
     where ulb_id = :ulb and status in ('draft', 'submitted') and to_char(entry_date, 'YYYY-MM') = :month`,
    { ulb: read.ulb.id, month: period },
  );
  if (drafts && drafts.n > 0n) {
    problems.push({
      code: "VOUCHERS_PENDING",
      message: `${drafts.n} vouchers dated in ${period} are neither approved nor rejected`,
    });
  }
  const earlier = await read.queryOne<{ period: string | null }>(
    "select min(period) as period from ledger.periods where ulb_id = :ulb and period < :month and status = 'open'",
    { ulb: read.ulb.id, month: period },
  );
  if (earlier?.period)
    problems.push({
      code: "EARLIER_PERIOD_OPEN",
      message: `${earlier.period} is still open; months are closed in order`,
    });
  const off = await read.query<{ fund: string; debit: bigint; credit: bigint }>(
    `select fund, sum(debit)::bigint as debit, sum(credit)::bigint as credit from ledger.lines
     where ulb_id = :ulb and entry_date between :first::date and (:first::date + interval '1 month' - interval '1 day')::date
     group by fund having sum(debit) <> sum(credit)`,
    { ulb: read.ulb.id, first: `${period}-01` },
  );
  for (const f of off)
    problems.push({
      code: "FUND_OFF",
      message: `fund ${f.fund}: debits ${formatIndian(paise(f.debit))}, credits ${formatIndian(paise(f.credit))}`,
    });
  for (const check of checks) problems.push(...(await check.run(read, period)));
  return problems;
}

/**
 * Closes a month: nothing dated in it is posted from then on. Waits for postings under way, then checks.
 * Raises PERIOD_NOT_OPEN, PERIOD_CLOSE_REFUSED with all problems.
 */
export async function closePeriod(tx: Tx, period: Period, checks: readonly CloseCheck[] = []): Promise<void> {
  await lockPeriod(tx, period);
  const now = await periodStatus(tx, period);
  if (now.status !== "open") throw ledgerErrors.PERIOD_NOT_OPEN({ period, status: now.status });
  const problems = await closeProblems(tx, period, checks);
  if (problems.length > 0)
    throw ledgerErrors.PERIOD_CLOSE_REFUSED({ period, problems: problems.map((p) => p.message) });
  await setStatus(tx, period, "closed", null);
  await audit(tx, { action: "close", subject: "period", subjectId: period });
}

/** Opens a closed month again, with a reason that stays on record. Raises PERIOD_NOT_CLOSED, REASON_MISSING. */
export async function reopenPeriod(tx: Tx, period: Period, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `reopening ${period}` });
  await lockPeriod(tx, period);
  const now = await periodStatus(tx, period);
  if (now.status !== "closed") throw ledgerErrors.PERIOD_NOT_CLOSED({ period, status: now.status });
  await setStatus(tx, period, "open", reason.trim());
  await audit(tx, { action: "reopen", subject: "period", subjectId: period, reason: reason.trim() });
}

// Alone: postings of the month hold the same lock shared (ledger.post), so whoever comes second sees what the first committed.
async function lockPeriod(tx: Tx, period: Period): Promise<void> {
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
