import {
  financialYearOf,
  nextPeriod,
  periodEnd,
  periodOf,
  periodStart,
  previousPeriod,
  type LocalDate,
  type Period,
} from "./kernel/dates.ts";
import type { Read, Tx } from "./kernel/tx.ts";

/** The source type of the entries that close a year, and of those that take such a closing back. Nothing else posts under it. */
export const CLOSING_SOURCE = "year-close";

/** Days that the roll-up holds together: whole financial years, whole months, or single days; both ends included, each by its first day. */
export type Piece = { readonly span: "day" | "month" | "year"; readonly from: string; readonly to: string };

/** Cuts the days from `from` (the beginning of time if there is none) to `to` into as few whole years, months and days as there are. */
export function piecesOf(from: LocalDate | undefined, to: LocalDate): Piece[] {
  const year = Number(financialYearOf(to).slice(0, 4));
  if (from === undefined) {
    return isYearEnd(to)
      ? [{ span: "year", from: "0001-04-01", to: yearStart(year) }]
      : [{ span: "year", from: "0001-04-01", to: yearStart(year - 1) }, ...piecesOf(yearStart(year) as LocalDate, to)];
  }
  if (from > to) return [];
  const [first, last] = [periodOf(from), periodOf(to)];
  const isWholeEnd = to === periodEnd(last);
  if (first === last) {
    if (from === periodStart(first) && isWholeEnd) return [{ span: "month", from, to: from }];
    return [{ span: "day", from, to }];
  }
  const pieces: Piece[] = [];
  const startsWhole = from === periodStart(first);
  if (!startsWhole) pieces.push({ span: "day", from, to: periodEnd(first) });
  pieces.push(...wholeMonths(startsWhole ? first : nextPeriod(first), isWholeEnd ? last : previousPeriod(last)));
  if (!isWholeEnd) pieces.push({ span: "day", from: periodStart(last), to });
  return pieces;
}

function wholeMonths(first: Period, last: Period): Piece[] {
  if (first > last) return [];
  const months = (a: string, b: string): Piece[] => (a > b ? [] : [{ span: "month", from: `${a}-01`, to: `${b}-01` }]);
  const firstYear = Number(first.slice(0, 4)) + (first.slice(5) > "04" ? 1 : 0);
  const lastYear = Number(last.slice(0, 4)) - (last.slice(5) >= "03" ? 1 : 2);
  if (firstYear > lastYear) return months(first, last);
  return [
    ...months(first, `${digits(firstYear)}-03`),
    { span: "year", from: yearStart(firstYear), to: yearStart(lastYear) },
    ...months(`${digits(lastYear + 1)}-04`, last),
  ];
}
const digits = (year: number): string => String(year).padStart(4, "0");
const yearStart = (year: number): string => `${digits(year)}-04-01`;
const isYearEnd = (day: LocalDate): boolean => day.endsWith("-03-31");

// What is above the marks is read from the lines. The laterals keep that tail a look-up per entry: a planner that guesses "number > mark" to be
// a third of the table reads all of it (measured: 677 ms instead of 30).
const TAIL = `select l.account, l.entry_date, l.fund, coalesce(l.function, '') as function, coalesce(l.ward, '') as ward, l.debit, l.credit,
    e.source_type = '${CLOSING_SOURCE}' as is_closing
  from (
    select s.series, s.fy, coalesce(m.rolled_to, 0) as rolled_to
    from ledger.series s
    left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
    where s.ulb_id = :ulb and s.next_number - 1 > coalesce(m.rolled_to, 0)
    offset 0
  ) as tail
  cross join lateral (
    select e.entry_id, e.source_type from ledger.entries e
    where e.ulb_id = :ulb and e.voucher = tail.series and e.fy = tail.fy and e.number > tail.rolled_to
    offset 0
  ) as e
  cross join lateral (
    select l.account, l.entry_date, l.fund, l.function, l.ward, l.debit, l.credit from ledger.lines l
    where l.ulb_id = :ulb and l.entry_id = e.entry_id
    offset 0
  ) as l`;

/** Whether entries lie above the marks. What is rolled up between this question and the sums is in the sums. */
export async function hasTail(read: Read): Promise<boolean> {
  const row = await read.queryOne<{ tail: boolean }>(
    `select exists (
       select 1 from ledger.series s
       left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
       where s.ulb_id = :ulb and s.series in ('receipt', 'payment', 'contra', 'journal', 'opening') and s.next_number - 1 > coalesce(m.rolled_to, 0)
     ) as tail`,
    { ulb: read.ulb.id },
  );
  return row?.tail === true;
}

type MovementSums = { readonly sql: string; readonly params: Readonly<Record<string, string>> };

/**
 * `movement`: sums of the roll-up for these days, and the tail. A year or month stands under its first day, so that whoever asks for pieces
 * that begin where his ranges do may tell the ranges apart by `entry_date`. Ask `hasTail` before: a tail that is empty costs the planner more
 * than the sums cost to read, and a server with JIT would compile it each time.
 */
export function movementOf(
  pieces: readonly Piece[],
  keeps: { readonly function: boolean; readonly ward: boolean; readonly tail: boolean },
): MovementSums {
  const grain = keeps.ward ? "all" : keeps.function ? "function" : "fund";
  const params: Record<string, string> = {};
  const parts = pieces.map((piece, i) => {
    params[`piece_from_${i}`] = piece.from;
    params[`piece_to_${i}`] = piece.to;
    const days = `between :piece_from_${i}::date and :piece_to_${i}::date`;
    return piece.span === "day" && keeps.ward
      ? `select account, entry_date, fund, function, ward, debit, credit, is_closing
  from ledger.balance_daily where ulb_id = :ulb and entry_date ${days}`
      : `select account, starts_on as entry_date, fund, function, ward, debit, credit, is_closing
  from ledger.balance_sums where ulb_id = :ulb and grain = '${grain}' and span = '${piece.span}' and starts_on ${days}`;
  });
  return { sql: `movement as (\n  ${[...parts, ...(keeps.tail ? [TAIL] : [])].join("\n  union all\n  ")}\n)`, params };
}

const ADD_UP = `debit = b.debit + excluded.debit, credit = b.credit + excluded.credit, line_count = b.line_count + excluded.line_count`;

// The cells of the batch once, then each level from the level below it: what is added costs a few rows, however old the day.
const ROLL = `with cells as materialized (
  select l.entry_date as day, l.account, l.fund, coalesce(l.function, '') as function, coalesce(l.ward, '') as ward,
    e.source_type = '${CLOSING_SOURCE}' as is_closing, sum(l.debit) as debit, sum(l.credit) as credit, count(*) as lines
  from (
    select e.entry_id, e.source_type from ledger.entries e
    where e.ulb_id = :ulb and e.voucher = :series and e.fy = :fy and e.number > :low and e.number <= :high
    offset 0
  ) as e
  cross join lateral (select l.* from ledger.lines l where l.ulb_id = :ulb and l.entry_id = e.entry_id offset 0) as l
  group by 1, 2, 3, 4, 5, 6
), days as materialized (
  select day, account, fund, function, is_closing, sum(debit) as debit, sum(credit) as credit, sum(lines) as lines from cells group by 1, 2, 3, 4, 5
), months as materialized (
  select ledger.span_start('month', day) as month, account, fund, function, ward, is_closing, sum(debit) as debit, sum(credit) as credit,
    sum(lines) as lines
  from cells group by 1, 2, 3, 4, 5, 6
), sums as (
  select 'function' as grain, 'day' as span, day as starts_on, account, fund, function, '' as ward, is_closing, debit, credit, lines from days
  union all
  select 'fund', 'day', day, account, fund, '', '', is_closing, sum(debit), sum(credit), sum(lines) from days group by day, account, fund, is_closing
  union all
  select g.grain, g.span, ledger.span_start(g.span, m.month), m.account, m.fund, case when g.grain <> 'fund' then m.function else '' end,
    case when g.grain = 'all' then m.ward else '' end, m.is_closing, sum(m.debit), sum(m.credit), sum(m.lines)
  from months m
  cross join (
    values ('fund', 'month'), ('fund', 'year'), ('function', 'month'), ('function', 'year'), ('all', 'month'), ('all', 'year')
  ) as g (grain, span)
  group by 1, 2, 3, 4, 5, 6, 7, 8
), daily as (
  insert into ledger.balance_daily as b (ulb_id, account, entry_date, fund, function, ward, is_closing, debit, credit, line_count)
  select :ulb, account, day, fund, function, ward, is_closing, debit, credit, lines from cells
  on conflict (ulb_id, entry_date, account, fund, function, ward, is_closing) do update set ${ADD_UP}
)
insert into ledger.balance_sums as b (ulb_id, grain, span, starts_on, account, fund, function, ward, is_closing, debit, credit, line_count)
select :ulb, grain, span, starts_on, account, fund, function, ward, is_closing, debit, credit, lines from sums
on conflict (ulb_id, grain, span, starts_on, account, fund, function, ward, is_closing) do update set ${ADD_UP}`;

/**
 * Adds entries above the marks to the daily roll-up and moves the marks: balances stay what they were, and get cheaper to read.
 * Takes at most `limit` entries of each series; gives how many were rolled. Two jobs at once: the second waits, and finds nothing to do.
 */
export async function rollUp(tx: Tx, limit = 100_000): Promise<number> {
  await tx.query("select pg_advisory_xact_lock(7244003, :ulb::integer)", { ulb: tx.ulb.id });
  // Numbers below next_number are committed, all of them: whoever holds the series row has not given his number out yet.
  const ranges = await tx.query<{ series: string; fy: string; low: bigint; high: bigint }>(
    `select s.series, s.fy, coalesce(m.rolled_to, 0) as low, least(s.next_number - 1, coalesce(m.rolled_to, 0) + :row_limit) as high
     from ledger.series s
     left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
     where s.ulb_id = :ulb and s.series in ('receipt', 'payment', 'contra', 'journal', 'opening') and s.next_number - 1 > coalesce(m.rolled_to, 0)`,
    { ulb: tx.ulb.id, row_limit: limit },
  );
  let rolled = 0n;
  for (const r of ranges) {
    await tx.query(ROLL, { ulb: tx.ulb.id, series: r.series, fy: r.fy, low: r.low, high: r.high });
    await tx.query(
      `insert into ledger.rollup_marks (ulb_id, series, fy, rolled_to) values (:ulb, :series, :fy, :high)
       on conflict (ulb_id, series, fy) do update set rolled_to = excluded.rolled_to`,
      { ulb: tx.ulb.id, series: r.series, fy: r.fy, high: r.high },
    );
    rolled += r.high - r.low;
  }
  return Number(rolled);
}
