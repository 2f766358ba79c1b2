import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { add, paise, subtract, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { Service } from "./due.ts";

/** Demand, collection, balance of one head and demand year, in paise. opening + demand = total; total − collected − reduced = closing. */
export type DcbRow = {
  readonly service: Service;
  readonly taxHead: string;
  readonly name: string;
  readonly demandYear: FinancialYear;
  readonly openingBalance: Paise;
  /** Less arrears that went to another consumer: with those that came from one they are nothing in the ULB as a whole. */
  readonly demandRaised: Paise;
  readonly totalDemand: Paise;
  /** Money and advances adjusted, less what was taken back. */
  readonly collected: Paise;
  /** Rebates, remissions, credit notes, cancellations and write-offs. */
  readonly reduced: Paise;
  readonly closingBalance: Paise;
};

export type DcbOptions = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly service?: Service;
  readonly ward?: string;
  readonly consumerId?: string;
  /** Heads on receipt basis (penalties) are left out unless asked for: they are not receivable in the books. */
  readonly withReceiptBasis?: boolean;
};

/** The DCB register per tax head and demand year, oldest year first. Opening receivables are opening balance, whenever they were entered. */
export async function dcb(read: Read, options: DcbOptions): Promise<DcbRow[]> {
  const rows = await read.query<{
    service: string;
    tax_head: string;
    name: string;
    demand_year: FinancialYear;
    opening: bigint;
    raised: bigint;
    collected: bigint;
    reduced: bigint;
  }>(
    `with detail as (
       select t.demand_id, t.tax_head, t.head_version, d.demand_year,
         case when d.raised_on < :from_date::date or (d.kind = 'opening' and d.raised_on <= :to_date::date) then t.amount else 0 end as before,
         case when d.raised_on between :from_date::date and :to_date::date and d.kind <> 'opening' then t.amount else 0 end as raised
       from billing.demand_details t
       join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
       where t.ulb_id = :ulb and d.raised_on <= :to_date::date and (t.basis = 'accrual' or :with_receipt::boolean)
         and (:ward::text is null or t.ward = :ward) and (:consumer::uuid is null or t.consumer_id = :consumer::uuid)
     ), settled as (
       select a.demand_id, a.tax_head,
         sum(case when a.on_date < :from_date::date then a.amount else 0 end) as before,
         sum(case when a.on_date >= :from_date::date and a.kind in ('payment', 'advance') then a.amount else 0 end) as collected,
         sum(case when a.on_date >= :from_date::date and a.kind = 'transferred' then a.amount else 0 end) as transferred,
         sum(case when a.on_date >= :from_date::date and a.kind not in ('payment', 'advance', 'transferred') then a.amount else 0 end) as reduced
       from billing.allocations a
       where a.ulb_id = :ulb and a.on_date <= :to_date::date
       group by a.demand_id, a.tax_head
     )
     select h.service, h.code as tax_head, max(h.name) as name, x.demand_year,
       sum(x.before - coalesce(s.before, 0))::bigint as opening, sum(x.raised - coalesce(s.transferred, 0))::bigint as raised,
       sum(coalesce(s.collected, 0))::bigint as collected, sum(coalesce(s.reduced, 0))::bigint as reduced
     from detail x
     join billing.tax_heads h on h.ulb_id = :ulb and h.code = x.tax_head and h.valid_from = x.head_version
     left join settled s on s.demand_id = x.demand_id and s.tax_head = x.tax_head
     where :service::text is null or h.service = :service
     group by h.service, h.code, x.demand_year
     order by h.service, min(h.priority), h.code, x.demand_year`,
    {
      ulb: read.ulb.id,
      from_date: options.from,
      to_date: options.to,
      service: options.service ?? null,
      ward: options.ward ?? null,
      consumer: options.consumerId ?? null,
      with_receipt: options.withReceiptBasis ?? false,
    },
  );
  return rows.map((r) => {
    const totalDemand = add(paise(r.opening), paise(r.raised));
    return {
      service: r.service,
      taxHead: r.tax_head,
      name: r.name,
      demandYear: r.demand_year,
      openingBalance: paise(r.opening),
      demandRaised: paise(r.raised),
      totalDemand,
      collected: paise(r.collected),
      reduced: paise(r.reduced),
      closingBalance: subtract(totalDemand, add(paise(r.collected), paise(r.reduced))),
    };
  });
}

/** The same by demand year alone: the columns of the DCB statement. */
export async function dcbByYear(
  read: Read,
  options: DcbOptions,
): Promise<Omit<DcbRow, "service" | "taxHead" | "name">[]> {
  const years = new Map<FinancialYear, Omit<DcbRow, "service" | "taxHead" | "name">>();
  for (const r of await dcb(read, options)) {
    const y = years.get(r.demandYear);
    years.set(
      r.demandYear,
      y
        ? {
            demandYear: r.demandYear,
            openingBalance: add(y.openingBalance, r.openingBalance),
            demandRaised: add(y.demandRaised, r.demandRaised),
            totalDemand: add(y.totalDemand, r.totalDemand),
            collected: add(y.collected, r.collected),
            reduced: add(y.reduced, r.reduced),
            closingBalance: add(y.closingBalance, r.closingBalance),
          }
        : {
            demandYear: r.demandYear,
            openingBalance: r.openingBalance,
            demandRaised: r.demandRaised,
            totalDemand: r.totalDemand,
            collected: r.collected,
            reduced: r.reduced,
            closingBalance: r.closingBalance,
          },
    );
  }
  return [...years.values()].sort((a, b) => (a.demandYear < b.demandYear ? -1 : 1));
}
