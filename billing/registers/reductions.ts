import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";

export type ReductionOptions = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly service?: Service;
  /** The ward in which it was demanded, as in the DCB. */
  readonly ward?: string;
};

/** What lessened a demand without money; negative where it fell again (the rebate of a returned cheque, of a cancelled demand). */
export type Reduction = {
  readonly date: LocalDate;
  readonly service: Service;
  readonly code: string;
  readonly name: string;
  readonly ward: string;
  readonly demandYear: FinancialYear;
  readonly taxHead: string;
  readonly headName: string;
  readonly kind: "rebate" | "credit-note" | "remission" | "exemption" | "cancellation" | "write-off";
  readonly amount: Paise;
  /** The State's cess inside `amount`. */
  readonly cess: Paise;
  /** Of the demand change; of a write-off, the council's resolution. */
  readonly order: { readonly number: string; readonly date: LocalDate } | null;
  readonly reason: string | null;
};

// Whatever is neither money nor a transfer, as the DCB counts it. The days come from the index of allocations by date.
const REDUCTIONS = `
  from billing.allocations a
  join billing.demand_details t on t.ulb_id = a.ulb_id and t.demand_id = a.demand_id and t.tax_head = a.tax_head
  join billing.demands d on d.ulb_id = a.ulb_id and d.demand_id = a.demand_id
  join billing.consumers c on c.ulb_id = a.ulb_id and c.consumer_id = a.consumer_id
  join billing.tax_heads h on h.ulb_id = t.ulb_id and h.code = t.tax_head and h.valid_from = t.head_version
  left join billing.demand_changes g on g.ulb_id = a.ulb_id
    and g.change_id = case when a.source_type = 'demand-change' then a.source_id::uuid end`;
const WHERE = `
  where a.ulb_id = :ulb and a.on_date between :from_date::date and :to_date::date
    and a.kind not in ('payment', 'advance', 'transferred') and t.basis = 'accrual'
    and (:service::text is null or c.service = :service) and (:ward::text is null or t.ward = :ward)`;
const KIND = `
  case when a.kind = 'reduction' then 'credit-note' when a.kind = 'cancelled' then 'cancellation'
    when a.kind = 'remission' and g.kind = 'exemption' then 'exemption' else a.kind end`;

const paramsOf = (read: Read, options: ReductionOptions) => ({
  ulb: read.ulb.id,
  from_date: options.from,
  to_date: options.to,
  service: options.service ?? null,
  ward: options.ward ?? null,
});

/** Everything that reduced demands on these days, in their order, with the order or resolution behind it. Streams in bounded memory. */
export async function* reductions(read: Read, options: ReductionOptions): AsyncGenerator<Reduction> {
  type Row = Omit<Reduction, "order"> & { readonly orderNumber: string | null; readonly orderDate: LocalDate | null };
  const rows = read.stream<Row>(
    `select a.on_date as date, c.service, c.code, c.name, t.ward, d.demand_year as "demandYear", t.tax_head as "taxHead", h.name as "headName",
       ${KIND} as kind, a.amount, a.cess, coalesce(w.resolution_number, g.order_number) as "orderNumber",
       coalesce(w.resolution_date, g.order_date) as "orderDate", coalesce(w.reason, g.reason, x.reason) as reason
     ${REDUCTIONS}
     left join billing.write_offs w on w.ulb_id = a.ulb_id
       and w.write_off_id = case when a.source_type = 'write-off' then a.source_id::uuid end
     left join billing.cancelled_demands x on x.ulb_id = a.ulb_id and x.demand_id = a.demand_id
       and x.source_type = a.source_type and x.source_id = a.source_id
     ${WHERE}
     order by a.on_date, c.service, c.code, d.demand_year, h.priority, a.allocation_id`,
    paramsOf(read, options),
  );
  for await (const { orderNumber, orderDate, ...row } of rows)
    yield {
      ...row,
      order: orderNumber === null || orderDate === null ? null : { number: orderNumber, date: orderDate },
    };
}

/** The sums of `reductions` by head, demand year and kind. */
export async function reducedByHead(
  read: Read,
  options: ReductionOptions,
): Promise<(Pick<Reduction, "taxHead" | "demandYear" | "kind" | "amount"> & { readonly count: number })[]> {
  return read.query(
    `select t.tax_head as "taxHead", d.demand_year as "demandYear", ${KIND} as kind, sum(a.amount)::bigint as amount, count(*)::integer as count
     ${REDUCTIONS}
     ${WHERE}
     group by 1, 2, 3
     order by 1, 2, 3`,
    paramsOf(read, options),
  );
}
