import { financialYearOf, type FinancialYear, type LocalDate } from "../kernel/dates.ts";
import { groupBy } from "../kernel/group.ts";
import { paise, subtract, sum, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { postingAccounts, type PostingKey } from "../posting-map.ts";
import { REVENUES, yearsOld, type Revenue } from "./norms.ts";

/** What is outstanding of one revenue and demand year in the books, with the State's cess in it. */
export type ReceivableAge = {
  readonly revenue: Revenue;
  /** Null: lines that name no demand year; they have no age and nothing is provided for them. */
  readonly demandYear: FinancialYear | null;
  readonly yearsOld: number | null;
  readonly gross: Paise;
  /** The State's part of `gross` (credit of 431-91, -92, -99): not the ULB's income, so not its loss. */
  readonly cess: Paise;
  readonly own: Paise;
};

/** The same by fund, with the function that most of the lines name: under it the provision is charged. */
export type FundReceivableAge = ReceivableAge & { readonly fund: string; readonly function: string | null };

/** The heading of each revenue's receivables, and of the control head of the cess inside them where it has one. */
const HEADINGS: Readonly<Record<Revenue, { readonly gross: PostingKey; readonly cess?: PostingKey }>> = {
  "property-tax": { gross: "receivable-property-tax", cess: "receivable-cess-control-property-tax" },
  "other-taxes": { gross: "receivable-other-taxes", cess: "receivable-cess-control-other-taxes" },
  cess: { gross: "receivable-cess" },
  "fees-and-charges": { gross: "receivable-fees-and-charges", cess: "receivable-cess-control-fees-and-charges" },
  other: { gross: "receivable-other" },
};

/**
 * Receivables at the end of a day by revenue, fund and demand year, oldest year first, from the ledger's own lines on 431. Age is the
 * financial year of that day less the demand year.
 */
export async function receivableAgesByFund(read: Read, asOf: LocalDate): Promise<FundReceivableAge[]> {
  const headings = REVENUES.flatMap((revenue) => {
    const { gross, cess } = HEADINGS[revenue];
    return [
      { revenue, isCess: false, key: gross },
      ...(cess === undefined ? [] : [{ revenue, isCess: true, key: cess }]),
    ];
  });
  const heads = await postingAccounts(read, ...headings.map((h) => h.key));
  const rows = await read.query<{
    revenue: Revenue;
    fund: string;
    function: string | null;
    demand_year: FinancialYear | null;
    gross: bigint;
    cess: bigint;
  }>(
    `with recursive below as (
       select h.revenue, h.is_cess, a.code from unnest(:revenues::text[], :cesses::boolean[], :heads::text[]) as h (revenue, is_cess, head)
       join ledger.accounts a on a.ulb_id = :ulb and a.code = h.head
       union all
       select b.revenue, b.is_cess, a.code from below b join ledger.accounts a on a.ulb_id = :ulb and a.parent = b.code
     ), aged as (
       select b.revenue, l.fund, l.demand_year, sum(case when b.is_cess then 0 else l.debit - l.credit end)::bigint as gross,
         sum(case when b.is_cess then l.credit - l.debit else 0 end)::bigint as cess
       from below b
       join ledger.lines l on l.ulb_id = :ulb and l.account = b.code
       where l.entry_date <= :as_of::date
       group by 1, 2, 3
     ), named as (
       select b.revenue, l.fund, mode() within group (order by l.function) as function
       from below b
       join ledger.lines l on l.ulb_id = :ulb and l.account = b.code
       where l.entry_date <= :as_of::date and l.function is not null
       group by 1, 2
     )
     select a.revenue, a.fund, n.function, a.demand_year, a.gross, a.cess
     from aged a
     left join named n on n.revenue = a.revenue and n.fund = a.fund
     where a.gross <> 0 or a.cess <> 0
     order by array_position(:order_of::text[], a.revenue), a.fund, a.demand_year nulls last`,
    {
      ulb: read.ulb.id,
      as_of: asOf,
      revenues: headings.map((h) => h.revenue),
      cesses: headings.map((h) => h.isCess),
      heads: headings.map((h) => heads[h.key]),
      order_of: REVENUES,
    },
  );
  const fy = financialYearOf(asOf);
  return rows.map((r) => ({
    revenue: r.revenue,
    fund: r.fund,
    function: r.function,
    demandYear: r.demand_year,
    yearsOld: r.demand_year === null ? null : yearsOld(fy, r.demand_year),
    gross: paise(r.gross),
    cess: paise(r.cess),
    own: subtract(paise(r.gross), paise(r.cess)),
  }));
}

/** Receivables by revenue and demand year over all funds: the rows of the ageing. */
export async function receivableAges(read: Read, asOf: LocalDate): Promise<ReceivableAge[]> {
  const byYear = groupBy(await receivableAgesByFund(read, asOf), (r) => `${r.revenue} ${r.demandYear ?? "~"}`);
  return [...byYear.values()]
    .flatMap((rows): ReceivableAge[] => {
      const [first] = rows;
      if (!first) return [];
      const gross = sum(rows.map((r) => r.gross));
      const cess = sum(rows.map((r) => r.cess));
      const { revenue, demandYear, yearsOld: age } = first;
      return [{ revenue, demandYear, yearsOld: age, gross, cess, own: subtract(gross, cess) }];
    })
    .sort(
      (a, b) =>
        REVENUES.indexOf(a.revenue) - REVENUES.indexOf(b.revenue) ||
        ((a.demandYear ?? "~") < (b.demandYear ?? "~") ? -1 : 1),
    );
}
