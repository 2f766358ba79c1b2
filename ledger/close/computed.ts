import { CLOSING_SOURCE, movements, type Movement } from "../balances.ts";
import { budgetExcesses } from "../budget/variance.ts";
import {
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  formatDate,
  nextFinancialYear,
  periodEnd,
  periodOf,
  periodStart,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "../kernel/dates.ts";
import type { Problem } from "../kernel/errors.ts";
import { formatIndian, paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { seriesGaps } from "../series.ts";
import type { ChecklistItem } from "./checklist-data.ts";
import { openingDifferences } from "./opening.ts";

/** What is to be closed: a month or a financial year. */
export type Scope =
  | { readonly kind: "month"; readonly subject: Period; readonly from: LocalDate; readonly to: LocalDate }
  | { readonly kind: "year"; readonly subject: FinancialYear; readonly from: LocalDate; readonly to: LocalDate };

export type Computed = {
  readonly result: "ok" | "open" | "not-applicable";
  readonly figure?: string;
  readonly facts?: readonly (readonly [string, string])[];
  readonly problems: readonly Problem[];
};

/** The books of the scope, read once for all items that ask. */
export type Ground = { readonly scope: Scope; readonly rows: () => Promise<readonly Movement[]> };

export function groundOf(read: Read, scope: Scope): Ground {
  let rows: Promise<readonly Movement[]> | undefined;
  return { scope, rows: () => (rows ??= movements(read, { from: scope.from, to: scope.to })) };
}

const under = (account: string, heads: readonly string[]): boolean => heads.some((h) => account.startsWith(h));
const signed = (amount: bigint): string =>
  amount === 0n ? "nil" : `${formatIndian(paise(amount < 0n ? -amount : amount))} ${amount > 0n ? "Dr" : "Cr"}`;

/** The balance of heads at the end of the scope, as a figure and fact by fact. */
export async function headBalances(
  ground: Ground,
  heads: readonly string[],
): Promise<{ readonly total: Paise; readonly facts: readonly (readonly [string, string])[] }> {
  const rows = await ground.rows();
  const of = (prefixes: readonly string[]): bigint =>
    rows.filter((r) => under(r.account, prefixes)).reduce((a, r) => a + r.opening + r.debit - r.credit, 0n);
  return { total: paise(of(heads)), facts: heads.map((h) => [h, signed(of([h]))] as const) };
}
export const signedFigure = signed;

/** The questions that the ledger itself can answer, by the name that `checklist.csv` gives them ("ledger:…"). */
export const LEDGER_CHECKS: Readonly<
  Record<string, (read: Read, ground: Ground, item: ChecklistItem) => Promise<Computed>>
> = {
  "ledger:books-balanced": async (read, { scope }) => {
    const problems =
      scope.kind === "month"
        ? await monthProblems(read, scope.subject)
        : [...(await pendingVouchers(read, scope)), ...(await fundsOff(read, scope))];
    return { result: problems.length === 0 ? "ok" : "open", problems };
  },

  "ledger:number-gaps": async (read) => {
    const gaps = await seriesGaps(read);
    return {
      result: gaps.length === 0 ? "ok" : "open",
      figure: `${gaps.length} series with gaps`,
      problems: gaps.map((g) => ({
        code: "NUMBER_GAP",
        message: `series ${g.series} of ${g.fy}: ${g.lastNumber} numbers were given, ${g.entries} entries are there`,
      })),
    };
  },

  "ledger:days-signed": async (read, { scope }) => {
    const days = await read.query<{ day: LocalDate; signed: boolean }>(
      `select d.day, coalesce((
           select c.event = 'closed' from ledger.day_closes c where c.ulb_id = :ulb and c.day = d.day order by c.event_no desc limit 1), false) as signed
       from (
         select distinct l.entry_date as day from ledger.accounts a
         cross join lateral (
           select l.entry_date from ledger.lines l
           where l.ulb_id = :ulb and l.account = a.code and l.entry_date between :from_day::date and :to_day::date) as l
         where a.ulb_id = :ulb and a.is_cash_bank and a.is_posting
       ) as d order by d.day`,
      { ulb: read.ulb.id, from_day: scope.from, to_day: scope.to },
    );
    if (days.length === 0)
      return { result: "not-applicable", figure: "no day with cash or bank entries", problems: [] };
    const open = days.filter((d) => !d.signed);
    return {
      result: open.length === 0 ? "ok" : "open",
      figure: `${days.length - open.length} of ${days.length} days signed`,
      problems:
        open.length === 0
          ? []
          : [
              {
                code: "DAYS_NOT_SIGNED",
                message: `${open.length} days with cash or bank entries are not closed and signed, the first is ${formatDate(open[0]?.day ?? scope.from)}`,
              },
            ],
    };
  },

  "ledger:budget-kept": async (read, { scope }) => {
    const excesses = await budgetExcesses(read, financialYearOf(scope.to));
    if (excesses === undefined) return { result: "not-applicable", figure: "no budget was entered", problems: [] };
    return {
      result: excesses.length === 0 ? "ok" : "open",
      figure: `${excesses.length} heads above their budget`,
      problems: excesses.slice(0, 20).map((x) => ({
        code: "BUDGET_OVERSPENT",
        message: `${x.budgetHead} (${x.accountPrefix}): sanctioned ${formatIndian(x.sanctioned)}, spent ${formatIndian(x.actual)} and committed ${formatIndian(x.committed)}, over by ${formatIndian(paise(-x.balance))}`,
      })),
    };
  },

  "ledger:heads-nil": async (_read, ground, item) => {
    const { total } = await headBalances(ground, item.heads);
    return {
      result: total === 0n ? "ok" : "open",
      problems:
        total === 0n
          ? []
          : [
              {
                code: "HEADS_NOT_NIL",
                message: `${item.heads.join(", ")}: the balance of all funds together is ${signed(total)}; it must be nil`,
              },
            ],
    };
  },

  "ledger:moved": async (_read, ground, item) => {
    const rows = await ground.rows();
    const standing = rows.some((r) => under(r.account, item.heads) && r.opening + r.debit - r.credit !== 0n);
    if (!standing) return { result: "not-applicable", figure: `nothing under ${item.heads[0]}`, problems: [] };
    const moved = rows.filter((r) => under(r.account, item.moved)).reduce((a, r) => a + r.debit + r.credit, 0n);
    return {
      result: moved > 0n ? "ok" : "open",
      facts: [[`entries under ${item.moved.join(", ")}`, formatIndian(paise(moved))]],
      problems:
        moved > 0n
          ? []
          : [
              {
                code: "NOT_BOOKED",
                message: `${item.heads.length > 1 ? `${item.heads[0]} and the heads beside it have` : `${item.heads[0]} has`} a balance, but nothing was booked under ${item.moved.join(" or ")} in ${ground.scope.subject}; book it, or attest why not`,
              },
            ],
    };
  },

  "ledger:months-closed": async (read, { scope }) => {
    const open = await read.query<{ period: Period }>(
      `select period from ledger.periods where ulb_id = :ulb and status = 'open' and period between :first and :last order by period`,
      { ulb: read.ulb.id, first: periodOf(scope.from), last: periodOf(scope.to) },
    );
    // The last month may be closed in the same act, once everything else holds.
    const waiting = open.filter((p) => p.period !== periodOf(scope.to));
    return {
      result: open.length === 0 ? "ok" : waiting.length === 0 ? "not-applicable" : "open",
      figure: `${12 - open.length} of 12 months closed`,
      problems: waiting.map((p) => ({
        code: "MONTH_OPEN",
        message: `${p.period} is still open; months are closed before their year`,
      })),
    };
  },

  "ledger:opening-carried": async (read, { scope }) => {
    const fy = financialYearOf(scope.to);
    const year = await read.queryOne<{ status: string }>(
      "select status from ledger.years where ulb_id = :ulb and fy = :fy",
      { ulb: read.ulb.id, fy },
    );
    const strange = await strayClosings(read, fy, year?.status ?? "open");
    if (year === undefined || year.status === "open") {
      return {
        result: strange.length > 0 ? "open" : "not-applicable",
        figure: "made by the close itself",
        problems: strange,
      };
    }
    const off = await openingDifferences(read, fy);
    const problems: Problem[] = [
      ...strange,
      ...off.slice(0, 20).map((d) => ({
        code: "OPENING_DIFFERS",
        message: `account ${d.account}, fund ${d.fund}: closing ${formatIndian(d.closing)} of ${fy}, opening ${formatIndian(d.opening)} of ${nextFinancialYear(fy)}`,
      })),
    ];
    return { result: problems.length === 0 ? "ok" : "open", figure: `${off.length} differences`, problems };
  },

  "ledger:audited": async (read, { scope }) => {
    const year = await read.queryOne<{ status: string }>(
      "select status from ledger.years where ulb_id = :ulb and fy = :fy",
      { ulb: read.ulb.id, fy: financialYearOf(scope.to) },
    );
    return year?.status === "audited"
      ? { result: "ok", problems: [] }
      : { result: "not-applicable", figure: "after the close", problems: [] };
  },
};

/** What must hold in a month whatever the ULB sets: vouchers decided, earlier months closed, each fund balanced. */
export async function monthProblems(read: Read, period: Period): Promise<Problem[]> {
  const problems = await pendingVouchers(read, scopeOfMonth(period));
  const earlier = await read.queryOne<{ period: string | null }>(
    "select min(period) as period from ledger.periods where ulb_id = :ulb and period < :month and status = 'open'",
    { ulb: read.ulb.id, month: period },
  );
  if (earlier?.period)
    problems.push({
      code: "EARLIER_PERIOD_OPEN",
      message: `${earlier.period} is still open; months are closed in order`,
    });
  return [...problems, ...(await fundsOff(read, scopeOfMonth(period)))];
}

async function pendingVouchers(read: Read, scope: Scope): Promise<Problem[]> {
  const drafts = await read.queryOne<{ n: bigint }>(
    `select count(*) as n from ledger.vouchers
     where ulb_id = :ulb and status in ('draft', 'submitted', 'sent-back') and entry_date between :from_day::date and :to_day::date`,
    { ulb: read.ulb.id, from_day: scope.from, to_day: scope.to },
  );
  return drafts && drafts.n > 0n
    ? [
        {
          code: "VOUCHERS_PENDING",
          message: `${drafts.n} vouchers dated in ${scope.subject} are neither approved nor rejected`,
        },
      ]
    : [];
}

async function fundsOff(read: Read, scope: Scope): Promise<Problem[]> {
  const off = await read.query<{ fund: string; debit: bigint; credit: bigint }>(
    `select fund, sum(debit)::bigint as debit, sum(credit)::bigint as credit from ledger.lines
     where ulb_id = :ulb and entry_date between :from_day::date and :to_day::date
     group by fund having sum(debit) <> sum(credit)`,
    { ulb: read.ulb.id, from_day: scope.from, to_day: scope.to },
  );
  return off.map((f) => ({
    code: "FUND_OFF",
    message: `fund ${f.fund}: debits ${formatIndian(paise(f.debit))}, credits ${formatIndian(paise(f.credit))}`,
  }));
}

/** Entries under the closing's name that no version of the year made: the statements would leave them out, so nobody may slip one in. */
async function strayClosings(read: Read, fy: FinancialYear, status: string): Promise<Problem[]> {
  const strays = await read.query<{ entry_id: bigint; source_id: string }>(
    `select e.entry_id, e.source_id from ledger.entries e
     where e.ulb_id = :ulb and e.source_type = '${CLOSING_SOURCE}' and e.fy = :fy and e.reverses_entry_id is null
       and not exists (select 1 from ledger.entries r where r.ulb_id = e.ulb_id and r.reverses_entry_id = e.entry_id)
       and (:status = 'open' or not exists (
         select 1 from ledger.year_versions v
         where v.ulb_id = e.ulb_id and v.fy = :fy and v.kind = 'provisional' and starts_with(e.source_id, v.fy || '/v' || v.version || '/')))
     order by e.entry_id limit 20`,
    { ulb: read.ulb.id, fy, status },
  );
  return strays.map((s) => ({
    code: "STRAY_CLOSING",
    message: `entry ${s.entry_id} (${s.source_id}) calls itself a closing entry of ${fy}, but no close of that year made it`,
  }));
}

export function scopeOfMonth(period: Period): Scope {
  return { kind: "month", subject: period, from: periodStart(period), to: periodEnd(period) };
}
export function scopeOfYear(fy: FinancialYear): Scope {
  return { kind: "year", subject: fy, from: financialYearStart(fy), to: financialYearEnd(fy) };
}
