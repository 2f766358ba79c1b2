import { movements } from "../balances.ts";
import { financialYearEnd, financialYearStart, type FinancialYear, type LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { listBudgetHeads } from "../masters/lists.ts";
import { budgetLines, lineFor, openCommitments, sanctions, type BudgetLine, type Sanction } from "./lines.ts";

/** A budget line against what was booked. */
export type VarianceRow = BudgetLine &
  Sanction & {
    /** Of the budget head in the masters, else of the account. */
    readonly name: string;
    /** Spent (debits less credits), or earned (credits less debits) on the income side. */
    readonly actual: Paise;
    readonly committed: Paise;
    /** Sanctioned less actual less committed. */
    readonly balance: Paise;
  };

export type Variance = {
  readonly rows: readonly VarianceRow[];
  /** Income and expenditure that no line covers. */
  readonly unbudgeted: readonly {
    readonly account: string;
    readonly name: string;
    readonly actual: Paise;
    readonly side: BudgetLine["side"];
  }[];
};

/**
 * Budget against actual from the first of the year to `to`: every budget line, and what was booked without one. Opening balances and closing
 * entries are no actuals.
 */
export async function budgetVariance(
  read: Read,
  fy: FinancialYear,
  to: LocalDate = financialYearEnd(fy),
  only: { readonly fund?: string | undefined } = {},
): Promise<Variance> {
  const lines = (await budgetLines(read, fy)).filter((l) => only.fund === undefined || l.fund === only.fund);
  const ids = lines.map((l) => l.id);
  const sanctioned = await sanctions(read, ids, to);
  const committed = await openCommitments(read, ids);
  const accounts = new Map(
    (
      await read.query<{ code: string; name: string; type: string }>(
        "select code, name, type from ledger.accounts where ulb_id = :ulb",
        { ulb: read.ulb.id },
      )
    ).map((a) => [a.code, a]),
  );
  const heads = new Map((await listBudgetHeads(read)).map((h) => [h.code, h.name]));
  const actual = new Map<bigint, bigint>();
  const without = new Map<string, bigint>();
  for (const m of await nets(read, fy, to, lines)) {
    if (only.fund !== undefined && m.fund !== only.fund) continue;
    const line = lineFor(lines, m);
    if (line) actual.set(line.id, (actual.get(line.id) ?? 0n) + m.net);
    else if (["income", "expense"].includes(accounts.get(m.account)?.type ?? ""))
      without.set(m.account, (without.get(m.account) ?? 0n) + m.net);
  }
  const nil: Sanction = { original: paise(0n), revised: paise(0n), reappropriated: paise(0n), sanctioned: paise(0n) };
  return {
    rows: lines.map((line) => {
      const net = actual.get(line.id) ?? 0n;
      const done = paise(line.side === "income" ? -net : net);
      const sanction = sanctioned.get(line.id) ?? nil;
      const held = committed.get(line.id) ?? paise(0n);
      return {
        ...line,
        ...sanction,
        name: heads.get(line.budgetHead) ?? accounts.get(line.accountPrefix)?.name ?? "",
        actual: done,
        committed: held,
        balance: paise(sanction.sanctioned - done - held),
      };
    }),
    unbudgeted: [...without]
      .filter(([, net]) => net !== 0n)
      .map(([account, net]) => {
        const side = accounts.get(account)?.type === "income" ? ("income" as const) : ("expenditure" as const);
        return {
          account,
          name: accounts.get(account)?.name ?? "",
          side,
          actual: paise(side === "income" ? -net : net),
        };
      })
      .sort((a, b) => (a.account < b.account ? -1 : 1)),
  };
}

type Net = { account: string; function: string; fund: string; functionary: string; net: bigint };

/** Debits less credits of the year by account, function and fund; by functionary where a budget line asks for one. */
async function nets(read: Read, fy: FinancialYear, to: LocalDate, lines: readonly BudgetLine[]): Promise<Net[]> {
  const from = financialYearStart(fy);
  const found: Net[] = (await movements(read, { from, to, by: ["fund", "function"] })).map((m) => ({
    account: m.account,
    function: m.function,
    fund: m.fund,
    functionary: "",
    net: m.debit - m.credit,
  }));
  // Balances brought into the books are not spent in the year; those of the books' first day are no movement to begin with.
  const openings = await read.query<{ account: string; function: string; fund: string; net: bigint }>(
    `select l.account, coalesce(l.function, '') as function, l.fund, sum(l.credit - l.debit)::bigint as net
     from ledger.entries e
     join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
     where e.ulb_id = :ulb and e.voucher = 'opening' and e.fy = :fy and e.entry_date <= :to_day::date
       and e.entry_date <> :starts_on::date
     group by 1, 2, 3`,
    { ulb: read.ulb.id, fy, to_day: to, starts_on: read.ulb.startsOn },
  );
  found.push(...openings.map((o) => ({ ...o, functionary: "" })));
  const named = lines.filter((l) => l.functionary !== "");
  if (named.length > 0) {
    const own = await read.query<Net>(
      `select l.account, coalesce(l.function, '') as function, l.fund, l.functionary, sum(l.debit - l.credit)::bigint as net
       from (select distinct unnest(:prefixes::text[]) as prefix) as p
       cross join lateral (
         select l.account, l.function, l.fund, l.functionary, l.debit, l.credit, l.entry_id from ledger.lines l
         where l.ulb_id = :ulb and l.account >= p.prefix and l.account < p.prefix || '~' and l.entry_date between :from_day::date and :to_day::date
           and l.functionary = any(:functionaries::text[])
         offset 0) as l
       where not exists (
         select 1 from ledger.entries e where e.ulb_id = :ulb and e.entry_id = l.entry_id and e.voucher = 'opening')
       group by 1, 2, 3, 4`,
      {
        ulb: read.ulb.id,
        from_day: from,
        to_day: to,
        prefixes: outermost(named.map((l) => l.accountPrefix)),
        functionaries: [...new Set(named.map((l) => l.functionary))],
      },
    );
    // Taken from the sum that does not know functionaries, put under the one that does.
    for (const o of own) found.push({ ...o, functionary: "", net: -o.net }, o);
  }
  return found;
}

/** Prefixes without those that another of them contains: each line is read once. */
function outermost(prefixes: readonly string[]): string[] {
  return prefixes.filter((p) => !prefixes.some((q) => q !== p && p.startsWith(q)));
}

/** Expenditure lines that are spent and committed beyond what is sanctioned; undefined where the year has no budget. */
export async function budgetExcesses(read: Read, fy: FinancialYear): Promise<VarianceRow[] | undefined> {
  const lines = await budgetLines(read, fy);
  if (lines.length === 0) return undefined;
  return (await budgetVariance(read, fy)).rows.filter((r) => r.side === "expenditure" && r.balance < 0n);
}
