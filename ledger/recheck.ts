import { entryNumber, type VoucherType } from "./entries.ts";
import { CLOSING_SOURCE } from "./rollup.ts";
import type { Read } from "./kernel/tx.ts";

/** What is not as the posting function leaves it: where, and what. */
export type BookFault = { readonly where: string; readonly problem: string };

/** No more than so many of a kind are listed: books with so many faults are restored, not repaired. */
const LISTED = 100;

type Numbered = { voucher: VoucherType; fy: string; number: bigint };
const nameOf = (e: Numbered): string => entryNumber(e.voucher, e.fy, e.number);

/**
 * Every entry judged again by the rules that need no history, in SQL that shares nothing with the posting function: it balances in total and
 * in each fund, has two lines or more, numbered from 1 without a gap, each a debit or a credit of more than zero on a posting account and on the
 * entry's day, and stands in the series of its own financial year. Reads every line once; empty when all is well.
 */
export async function recheckEntries(read: Read): Promise<BookFault[]> {
  const ulb = read.ulb.id;
  const unbalanced = await read.query<Numbered & { fund: string; difference: bigint }>(
    `select e.voucher, e.fy, e.number, off.fund, off.difference
     from (
       select entry_id, fund, sum(debit - credit)::bigint as difference from ledger.lines where ulb_id = :ulb
       group by entry_id, fund having sum(debit - credit) <> 0
       order by entry_id, fund limit ${LISTED}
     ) as off
     left join ledger.entries e on e.ulb_id = :ulb and e.entry_id = off.entry_id
     order by off.entry_id, off.fund`,
    { ulb },
  );
  const misshapen = await read.query<
    Numbered & { lines: bigint; last: number | null; other_days: bigint; wrong: bigint; own_fy: string }
  >(
    `select e.voucher, e.fy, e.number, coalesce(l.lines, 0) as lines, l.last, coalesce(l.other_days, 0) as other_days, coalesce(l.wrong, 0) as wrong,
       ledger.fy_of(e.entry_date) as own_fy
     from ledger.entries e
     left join (
       select entry_id, count(*) as lines, max(line_no) as last, count(*) filter (where entry_date <> day) as other_days,
         count(*) filter (where not ((debit > 0 and credit = 0) or (credit > 0 and debit = 0))) as wrong
       from (select *, first_value(entry_date) over (partition by entry_id order by line_no) as day from ledger.lines where ulb_id = :ulb) as l
       group by entry_id
     ) as l on l.entry_id = e.entry_id
     where e.ulb_id = :ulb and ((l.lines >= 2 and l.last = l.lines and l.other_days = 0 and l.wrong = 0) is not true or e.fy <> ledger.fy_of(e.entry_date))
     order by e.fy, e.voucher, e.number limit ${LISTED}`,
    { ulb },
  );
  const accounts = await read.query<{ account: string; lines: bigint; is_known: boolean }>(
    `select l.account, count(*) as lines, a.code is not null as is_known
     from ledger.lines l
     left join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     where l.ulb_id = :ulb and a.is_posting is not true
     group by l.account, a.code order by l.account limit ${LISTED}`,
    { ulb },
  );
  return [
    ...unbalanced.map((e) => ({
      where: e.voucher === null ? "lines of no entry" : nameOf(e),
      problem: `debits less credits of fund ${e.fund} are ${e.difference} paise, not 0`,
    })),
    ...misshapen.map((e) => ({
      where: nameOf(e),
      problem:
        e.fy !== e.own_fy
          ? `stands in the series of ${e.fy}, its day lies in ${e.own_fy}`
          : e.lines < 2n
            ? `has ${e.lines} lines; an entry has two at least`
            : e.other_days > 0n
              ? "has lines of different days"
              : e.wrong > 0n
                ? "has a line that is not a debit or a credit of more than zero"
                : `has ${e.lines} lines, the last is numbered ${e.last ?? 0}`,
    })),
    ...accounts.map((a) => ({
      where: `account ${a.account}`,
      problem: `${a.lines} lines stand on it, and ${a.is_known ? "it is a heading" : "the chart does not know it"}`,
    })),
  ];
}

/**
 * The roll-up against itself ("cheap": every level says the same, its debits and credits are equal, it holds as many lines as numbers were rolled)
 * and, "whole", against every line below the marks. Empty when a balance read from the roll-up is the balance of the lines.
 */
export async function rollUpFaults(read: Read, how: "cheap" | "whole"): Promise<BookFault[]> {
  const ulb = read.ulb.id;
  const levels = await read.query<{ level: string; debit: bigint; credit: bigint; lines: bigint; mixed: string }>(
    `select grain || ' by ' || span as level, sum(debit)::bigint as debit, sum(credit)::bigint as credit, sum(line_count)::bigint as lines,
       sum(hashtext(account || fund || is_closing || ledger.span_start('year', starts_on))::numeric * (debit - credit))::text as mixed
     from ledger.balance_sums where ulb_id = :ulb group by grain, span
     union all
     select 'days', coalesce(sum(debit), 0)::bigint, coalesce(sum(credit), 0)::bigint, coalesce(sum(line_count), 0)::bigint,
       coalesce(sum(hashtext(account || fund || is_closing || ledger.span_start('year', entry_date))::numeric * (debit - credit)), 0)::text
     from ledger.balance_daily where ulb_id = :ulb
     order by 1`,
    { ulb },
  );
  const faults: BookFault[] = [];
  const [days] = levels.filter((l) => l.level === "days");
  for (const l of levels) {
    if (l.debit !== l.credit)
      faults.push({ where: `roll-up ${l.level}`, problem: `debits ${l.debit} and credits ${l.credit} paise differ` });
    if (days && (l.debit !== days.debit || l.lines !== days.lines || l.mixed !== days.mixed))
      faults.push({
        where: `roll-up ${l.level}`,
        problem: `holds ${l.lines} lines of ${l.debit} paise debit, the days hold ${days.lines} of ${days.debit}, or under other accounts`,
      });
  }
  if (how === "cheap") return faults;
  const cells = await read.query<{ cell: string; rolled: string; lines: string }>(
    `with truth as (
       select l.entry_date, l.account, l.fund, coalesce(l.function, '') as function, coalesce(l.ward, '') as ward, e.source_type = '${CLOSING_SOURCE}' as is_closing,
         sum(l.debit) as debit, sum(l.credit) as credit, count(*) as line_count
       from ledger.entries e
       join ledger.rollup_marks m on m.ulb_id = e.ulb_id and m.series = e.voucher and m.fy = e.fy and e.number <= m.rolled_to
       join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       where e.ulb_id = :ulb
       group by 1, 2, 3, 4, 5, 6
     ), daily as (
       select entry_date, account, fund, function, ward, is_closing, debit::numeric as debit, credit::numeric as credit, line_count
       from ledger.balance_daily where ulb_id = :ulb
     )
     select concat_ws(' ', k.entry_date, k.account, 'fund', k.fund, 'function', k.function, 'ward', k.ward) as cell,
       concat_ws('/', d.debit, d.credit, d.line_count) as rolled, concat_ws('/', t.debit, t.credit, t.line_count) as lines
     from truth t
     full join daily d using (entry_date, account, fund, function, ward, is_closing)
     cross join lateral (select coalesce(t.entry_date, d.entry_date) as entry_date, coalesce(t.account, d.account) as account, coalesce(t.fund, d.fund) as fund,
       coalesce(t.function, d.function) as function, coalesce(t.ward, d.ward) as ward) as k
     where (t.debit, t.credit, t.line_count) is distinct from (d.debit, d.credit, d.line_count)
     order by 1 limit ${LISTED}`,
    { ulb },
  );
  const sums = await read.query<{ cell: string; kept: string; made: string }>(
    `with truth as (
       select g.grain, g.span, ledger.span_start(g.span, d.entry_date) as starts_on, d.account, d.fund,
         case when g.grain <> 'fund' then d.function else '' end as function, case when g.grain = 'all' then d.ward else '' end as ward,
         d.is_closing, sum(d.debit) as debit, sum(d.credit) as credit, sum(d.line_count) as line_count
       from ledger.balance_daily d
       cross join (values ('fund', 'day'), ('fund', 'month'), ('fund', 'year'), ('function', 'day'), ('function', 'month'), ('function', 'year'),
         ('all', 'month'), ('all', 'year')) as g (grain, span)
       where d.ulb_id = :ulb
       group by 1, 2, 3, 4, 5, 6, 7, 8
     ), kept as (
       select grain, span, starts_on, account, fund, function, ward, is_closing, debit::numeric as debit, credit::numeric as credit,
         line_count::numeric as line_count
       from ledger.balance_sums where ulb_id = :ulb
     )
     select concat_ws(' ', 'sum of', grain, span, starts_on, account, 'fund', fund, 'function', function, 'ward', ward) as cell,
       concat_ws('/', k.debit, k.credit, k.line_count) as kept, concat_ws('/', t.debit, t.credit, t.line_count) as made
     from truth t
     full join kept k using (grain, span, starts_on, account, fund, function, ward, is_closing)
     where (t.debit, t.credit, t.line_count) is distinct from (k.debit, k.credit, k.line_count)
     order by 1 limit ${LISTED}`,
    { ulb },
  );
  return [
    ...faults,
    ...cells.map((c) => ({
      where: `roll-up ${c.cell}`,
      problem: `holds ${c.rolled || "nothing"}, its lines are ${c.lines || "not there"}`,
    })),
    ...sums.map((c) => ({
      where: `roll-up ${c.cell}`,
      problem: `holds ${c.kept || "nothing"}, its days are ${c.made || "not there"}`,
    })),
  ];
}
