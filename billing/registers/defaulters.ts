import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import { financialYearOf } from "../../ledger/kernel/dates.ts";
import { paise, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";

export type DefaulterOptions = {
  readonly asOf: LocalDate;
  readonly service?: Service;
  /** The ward in which it was demanded, as in the DCB. */
  readonly ward?: string;
  /** Only what is due of this demand year and of those before it. */
  readonly demandYear?: FinancialYear;
};

/** A consumer and what he owes in a ward. Whoever was demanded of in two wards stands once for each, so that wards add up. */
export type Defaulter = {
  readonly consumerId: string;
  readonly service: Service;
  readonly code: string;
  readonly name: string;
  readonly mobile: string | null;
  readonly address: string;
  readonly ward: string;
  /** Oldest first; what nets to nothing is left out. */
  readonly years: readonly { readonly demandYear: FinancialYear; readonly due: Paise }[];
  /** Of demand years before that of the day. */
  readonly arrears: Paise;
  readonly current: Paise;
  readonly total: Paise;
  readonly oldestDueDate: LocalDate;
  /** The last payment that was not taken back by the day. */
  readonly lastPayment: { readonly date: LocalDate; readonly amount: Paise } | null;
};

// What is open now, and what moved after the day put back: for today the index of open lines, for an earlier day the index of allocations by
// date besides. The DCB goes the other way, from everything that was ever demanded and settled, so that comparing them says something.
const DUE = `
  select x.demand_id, x.consumer_id, x.ward, d.demand_year, d.due_date, sum(x.due) as due
  from (
    select t.demand_id, t.consumer_id, t.ward, t.amount - t.settled as due
    from billing.demand_details t
    where t.ulb_id = :ulb and t.basis = 'accrual' and t.settled < t.amount and (:ward::text is null or t.ward = :ward)
    union all
    select t.demand_id, t.consumer_id, t.ward, a.amount
    from billing.allocations a
    join billing.demand_details t on t.ulb_id = a.ulb_id and t.demand_id = a.demand_id and t.tax_head = a.tax_head
    where a.ulb_id = :ulb and a.on_date > :as_of::date and t.basis = 'accrual' and (:ward::text is null or t.ward = :ward)
  ) as x
  join billing.demands d on d.ulb_id = :ulb and d.demand_id = x.demand_id
  join billing.consumers c on c.ulb_id = :ulb and c.consumer_id = x.consumer_id
  where d.raised_on <= :as_of::date and (:demand_year::text is null or d.demand_year <= :demand_year)
    and (:service::text is null or c.service = :service)
  group by x.demand_id, x.consumer_id, x.ward, d.demand_year, d.due_date
  having sum(x.due) <> 0`;

const paramsOf = (read: Read, options: DefaulterOptions) => ({
  ulb: read.ulb.id,
  as_of: options.asOf,
  service: options.service ?? null,
  ward: options.ward ?? null,
  demand_year: options.demandYear ?? null,
});

type Row = Omit<Defaulter, "years" | "lastPayment" | "arrears" | "current" | "total"> & {
  readonly years: readonly string[];
  readonly paidOn: LocalDate | null;
  readonly paid: bigint | null;
};

/**
 * Who owes what at the end of a day, on accrual basis: the largest sum first, or ward by ward. Streams in bounded memory (the database sorts);
 * everything is one statement, and last payments are looked up by the consumer's index.
 */
export async function* defaulters(
  read: Read,
  options: DefaulterOptions & { readonly atLeast?: Paise; readonly order?: "amount" | "ward" },
): AsyncGenerator<Defaulter> {
  const rows = read.stream<Row>(
    `select o.consumer_id as "consumerId", c.service, c.code, c.name, c.mobile, c.address, o.ward, o.years, o.oldest as "oldestDueDate",
       p.on_date as "paidOn", p.amount as paid
     from (
       select y.consumer_id, y.ward, sum(y.due) as total, min(y.oldest) as oldest,
         array_agg(y.demand_year || ':' || y.due order by y.demand_year) as years
       from (
         select consumer_id, ward, demand_year, sum(due) as due, min(due_date) as oldest
         from (${DUE}) as d group by consumer_id, ward, demand_year
       ) as y
       group by y.consumer_id, y.ward
       having sum(y.due) >= coalesce(:at_least::bigint, sum(y.due)) and bool_or(y.due <> 0)
     ) as o
     join billing.consumers c on c.ulb_id = :ulb and c.consumer_id = o.consumer_id
     left join lateral (
       select p.on_date, p.amount from billing.applied_payments p
       where p.ulb_id = :ulb and p.consumer_id = o.consumer_id and p.on_date <= :as_of::date and p.amount > 0
         and not exists (
           select 1 from billing.applied_payments r
           where r.ulb_id = p.ulb_id and r.reverses_type = p.source_type and r.reverses_id = p.source_id and r.on_date <= :as_of::date
         )
       order by p.on_date desc, p.made_at desc
       limit 1
     ) as p on true
     order by ${options.order === "ward" ? "o.ward, " : ""}o.total desc, o.ward, c.service, c.code`,
    { ...paramsOf(read, options), at_least: options.atLeast ?? null },
  );
  const year = financialYearOf(options.asOf);
  for await (const { years: packed, paidOn, paid, ...row } of rows) {
    const years = packed.map((text) => {
      const [demandYear, due] = text.split(":") as [FinancialYear, string];
      return { demandYear, due: paise(BigInt(due)) };
    });
    const total = sum(years.map((y) => y.due));
    const arrears = sum(years.filter((y) => y.demandYear < year).map((y) => y.due));
    yield {
      ...row,
      years: years.filter((y) => y.due !== ZERO),
      arrears,
      current: paise(total - arrears),
      total,
      lastPayment: paidOn === null || paid === null ? null : { date: paidOn, amount: paise(paid) },
    };
  }
}

/** What all of them owe together, by demand year: to be compared with the closing balance of the DCB before a long list is read. */
export async function duesByYear(read: Read, options: DefaulterOptions): Promise<ReadonlyMap<FinancialYear, Paise>> {
  const rows = await read.query<{ demand_year: FinancialYear; due: bigint }>(
    `select demand_year, sum(due)::bigint as due from (${DUE}) as d group by demand_year order by demand_year`,
    paramsOf(read, options),
  );
  return new Map(rows.map((r) => [r.demand_year, paise(r.due)]));
}
