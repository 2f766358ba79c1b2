import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";

export type RaisedOptions = {
  /** The days on which demands were raised: those of their entries in the books. */
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly service?: Service;
  /** The ward in which it was demanded, as in the DCB. */
  readonly ward?: string;
  readonly demandYear?: FinancialYear;
};

/** A demand as it was raised. Arrears that were brought in when the books began, or came from another consumer, are none. */
export type AssessedDemand = {
  readonly demandId: string;
  readonly consumerId: string;
  readonly service: Service;
  readonly code: string;
  readonly name: string;
  readonly ward: string;
  readonly kind: "regular" | "supplementary" | "charge";
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly raisedOn: LocalDate;
  readonly dueDate: LocalDate;
  /** What the rates asked of the consumer as it was known when a demand run raised the demand; null where no rules made it. */
  readonly facts: {
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly lists?: Readonly<Record<string, readonly unknown[]>>;
  } | null;
  /** By head; a cess for the State is a head of its own beside the tax on which it is levied. */
  readonly heads: ReadonlyMap<string, Paise>;
  readonly total: Paise;
  /** What was taken off it until now (credit note, remission, transfer, cancellation). */
  readonly takenOff: Paise;
  /** As it stands now. */
  readonly status: "raised" | "revised" | "cancelled";
};

// Accrual only, as in the DCB: a penalty on receipt basis becomes a demand with the payment that pays it.
const RAISED = `
  d.ulb_id = :ulb and d.raised_on between :from_date::date and :to_date::date and t.basis = 'accrual'
  and (:demand_year::text is null or d.demand_year = :demand_year) and (:ward::text is null or t.ward = :ward)
  and (:service::text is null or c.service = :service)`;

const paramsOf = (read: Read, options: RaisedOptions) => ({
  ulb: read.ulb.id,
  from_date: options.from,
  to_date: options.to,
  service: options.service ?? null,
  ward: options.ward ?? null,
  demand_year: options.demandYear ?? null,
});

type Row = Omit<AssessedDemand, "heads" | "total" | "takenOff" | "status"> & {
  readonly heads: readonly string[];
  readonly total: bigint;
  readonly takenOff: bigint;
  readonly isCancelled: boolean;
};

/**
 * Every demand that was raised on these days, by ward and consumer, with the facts on which a demand run rested it. Streams in bounded memory.
 * The facts are those of the run's own rule (the first day of the period; of one who came later, the first that was known), as entered by then.
 */
export async function* assessments(read: Read, options: RaisedOptions): AsyncGenerator<AssessedDemand> {
  const rows = read.stream<Row>(
    `with by_rules as materialized (
       select distinct batch_id::text collate "C" as source_id from billing.assessments where ulb_id = :ulb
     )
     select d.demand_id as "demandId", d.consumer_id as "consumerId", d.service, d.code, d.name, d.ward, d.kind, d.demand_year as "demandYear",
       d.period_from as "periodFrom", d.period_to as "periodTo", d.raised_on as "raisedOn", d.due_date as "dueDate", f.facts, d.heads, d.total,
       d.taken_off as "takenOff", x.demand_id is not null as "isCancelled"
     from (
       select d.demand_id, d.consumer_id, c.service, c.code, c.name, t.ward, d.kind, d.demand_year, d.period_from, d.period_to, d.raised_on,
         d.due_date, d.created_at, r.source_id is not null as by_rules, sum(t.amount)::bigint as total, sum(t.reduced)::bigint as taken_off,
         array_agg(t.tax_head || ':' || (t.amount - t.cess) || ':' || coalesce(t.cess_head, '') || ':' || t.cess order by t.tax_head) as heads
       from billing.demands d
       join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
       join billing.consumers c on c.ulb_id = d.ulb_id and c.consumer_id = d.consumer_id
       left join by_rules r on d.source_type = 'demand-batch' and r.source_id = d.source_id
       where ${RAISED} and d.kind not in ('opening', 'transferred')
       group by d.ulb_id, d.demand_id, c.ulb_id, c.consumer_id, t.ward, r.source_id
     ) as d
     left join billing.cancelled_demands x on x.ulb_id = :ulb and x.demand_id = d.demand_id
     left join lateral (
       select f.facts from billing.consumer_facts f
       where d.by_rules and f.ulb_id = :ulb and f.consumer_id = d.consumer_id and f.valid_from <= d.period_to and f.set_at <= d.created_at
       order by f.valid_from > d.period_from, abs(f.valid_from - d.period_from), f.version desc
       limit 1
     ) as f on true
     order by d.ward, d.service, d.code, d.period_from, d.raised_on, d.demand_id`,
    paramsOf(read, options),
  );
  for await (const { heads: packed, total, takenOff, isCancelled, ...row } of rows) {
    const heads = new Map<string, Paise>();
    const add = (head: string, amount: bigint): void => {
      if (amount !== 0n) heads.set(head, paise((heads.get(head) ?? 0n) + amount));
    };
    for (const text of packed) {
      const [head = "", own = "0", cessHead = "", cess = "0"] = text.split(":");
      add(head, BigInt(own));
      add(cessHead, BigInt(cess));
    }
    yield {
      ...row,
      heads,
      total: paise(total),
      takenOff: paise(takenOff),
      status: isCancelled ? "cancelled" : takenOff > 0n ? "revised" : "raised",
    };
  }
}

/** What was raised under a head and its cess for a demand year, and what of it moved between consumers. */
export type AssessedHead = {
  readonly taxHead: string;
  readonly name: string;
  readonly cessHead: string | null;
  readonly cessName: string | null;
  readonly demandYear: FinancialYear;
  /** With the cess in it. */
  readonly amount: Paise;
  /** Arrears that came from other consumers less those that went to others: nothing in the ULB as a whole. */
  readonly moved: Paise;
};

/** The sums of `assessments` by head and demand year: `amount` + `moved` is what the DCB shows as demand raised. */
export async function assessedByHead(read: Read, options: RaisedOptions): Promise<AssessedHead[]> {
  return read.query<AssessedHead>(
    `with part as (
       select t.tax_head, t.cess_head, d.demand_year, sum(case when d.kind = 'transferred' then 0 else t.amount end) as amount,
         sum(case when d.kind = 'transferred' then t.amount else 0 end) as moved
       from billing.demands d
       join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
       join billing.consumers c on c.ulb_id = d.ulb_id and c.consumer_id = d.consumer_id
       where ${RAISED} and d.kind <> 'opening'
       group by t.tax_head, t.cess_head, d.demand_year
       union all
       select t.tax_head, t.cess_head, d.demand_year, 0, -sum(a.amount)
       from billing.allocations a
       join billing.demand_details t on t.ulb_id = a.ulb_id and t.demand_id = a.demand_id and t.tax_head = a.tax_head
       join billing.demands d on d.ulb_id = a.ulb_id and d.demand_id = a.demand_id
       join billing.consumers c on c.ulb_id = a.ulb_id and c.consumer_id = a.consumer_id
       where a.ulb_id = :ulb and a.kind = 'transferred' and a.on_date between :from_date::date and :to_date::date and t.basis = 'accrual'
         and (:demand_year::text is null or d.demand_year = :demand_year) and (:ward::text is null or t.ward = :ward)
         and (:service::text is null or c.service = :service)
       group by t.tax_head, t.cess_head, d.demand_year
     ), names as (
       select code, (array_agg(name order by valid_from desc))[1] as name, min(priority) as priority
       from billing.tax_heads where ulb_id = :ulb group by code
     )
     select p.tax_head as "taxHead", h.name, p.cess_head as "cessHead", s.name as "cessName", p.demand_year as "demandYear",
       sum(p.amount)::bigint as amount, sum(p.moved)::bigint as moved
     from part p
     join names h on h.code = p.tax_head
     left join names s on s.code = p.cess_head
     group by p.tax_head, h.name, h.priority, p.cess_head, s.name, p.demand_year
     order by h.priority, p.tax_head, p.cess_head nulls first, p.demand_year`,
    paramsOf(read, options),
  );
}
