import type { LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { isUuid } from "../ledger/kernel/ids.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { linesOf, type ConsumerLine } from "./dues.ts";

/** A demand as it stands: what was demanded under each head and what of it is settled. */
export type Demand = {
  readonly id: string;
  readonly consumerId: string;
  readonly kind: string;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
  readonly isCancelled: boolean;
  readonly createdAt: Date;
  readonly lines: readonly ConsumerLine[];
};

/** Demands of these consumers, or these demands, oldest period first; at most 500. What is no id of this ULB finds nothing. */
export async function findDemands(
  read: Read,
  search: {
    readonly consumerIds?: readonly string[];
    readonly demandIds?: readonly string[];
    /** Only demands whose period lies in these days. */
    readonly from?: LocalDate;
    readonly to?: LocalDate;
  },
): Promise<Demand[]> {
  const demands = await read.query<Omit<Demand, "lines">>(
    `select demand_id as id, consumer_id as "consumerId", kind, period_from as "periodFrom", period_to as "periodTo", due_date as "dueDate",
       exists (
         select 1 from billing.cancelled_demands c where c.ulb_id = demands.ulb_id and c.demand_id = demands.demand_id
       ) as "isCancelled", created_at as "createdAt"
     from billing.demands
     where ulb_id = :ulb
       and (:demands::uuid[] is null or demand_id = any(:demands::uuid[]))
       -- The details have the index by consumer; one more on demands would slow every demand run.
       and (:consumers::uuid[] is null or demand_id in (
         select t.demand_id from billing.demand_details t where t.ulb_id = :ulb and t.consumer_id = any(:consumers::uuid[])
       ))
       and (:demands::uuid[] is not null or :consumers::uuid[] is not null)
       and (:from_date::date is null or period_from >= :from_date::date)
       and (:to_date::date is null or period_to <= :to_date::date)
     order by period_from, period_to, demand_id
     limit 500`,
    {
      ulb: read.ulb.id,
      demands: search.demandIds?.filter(isUuid) ?? null,
      consumers: search.consumerIds ?? null,
      from_date: search.from ?? null,
      to_date: search.to ?? null,
    },
  );
  const lines = groupBy(
    await linesOf(
      read,
      demands.map((d) => d.id),
    ),
    (l) => l.demandId,
  );
  return demands.map((d) => ({ ...d, lines: lines.get(d.id) ?? [] }));
}
