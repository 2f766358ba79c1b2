import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import type { AssessedPeriod } from "../rates/assessment.ts";
import type { Chargeable } from "./charge.ts";
import type { KnownFacts } from "./facts.ts";

/** Whom a run charges: the active consumers of a service, of the city or of a ward. */
export type Cohort = { readonly service: Service; readonly period: AssessedPeriod; readonly ward: string | null };

/** A place in the order of ward and consumer. */
export type Place = { readonly ward: string; readonly id: string };
export const START: Place = { ward: "", id: "00000000-0000-0000-0000-000000000000" };

export async function countCohort(read: Read, cohort: Cohort): Promise<number> {
  const row = await read.queryOne<{ count: number }>(
    `select count(*)::integer as count from billing.consumers
     where ulb_id = :ulb and service = :service and is_active and (:ward::text is null or ward = :ward)`,
    { ulb: read.ulb.id, service: cohort.service, ward: cohort.ward },
  );
  return row?.count ?? 0;
}

/** The wards that have active consumers, by name. */
export async function wards(read: Read): Promise<string[]> {
  const rows = await read.query<{ ward: string }>(
    "select distinct ward from billing.consumers where ulb_id = :ulb and is_active order by ward",
    { ulb: read.ulb.id },
  );
  return rows.map((r) => r.ward);
}

/**
 * The next consumers after a place, with what held of them on the first day of the period (of one who came later, what was known of him first
 * in it) and whether a demand overlaps the period already. At most `limit`.
 */
export async function nextOf(read: Read, cohort: Cohort, after: Place, limit: number): Promise<Chargeable[]> {
  type Row = { id: string; code: string; ward: string; facts: KnownFacts | null; is_demanded: boolean };
  const rows = await read.query<Row>(
    `select c.consumer_id as id, c.code, c.ward, f.facts, d.is_demanded is not null as is_demanded
     from (
       select consumer_id, code, ward from billing.consumers
       where ulb_id = :ulb and service = :service and is_active and (:ward::text is null or ward = :ward)
         and (ward, consumer_id) > (:after_ward, :after_id::uuid)
       order by ward, consumer_id
       limit :row_limit
     ) as c
     -- Looked up one by one: the planner would rather read every demand of the city for each batch of a run that fills the table.
     left join lateral (
       select true as is_demanded from billing.demands d
       where d.ulb_id = :ulb and d.consumer_id = c.consumer_id and d.kind in ('regular', 'opening')
         and d.period_from <= :to_date::date and d.period_to >= :from_date::date
         and not exists (select 1 from billing.cancelled_demands x where x.ulb_id = d.ulb_id and x.demand_id = d.demand_id)
       limit 1
     ) as d on true
     left join lateral (
       select f.facts from billing.consumer_facts f
       where f.ulb_id = :ulb and f.consumer_id = c.consumer_id and f.valid_from <= :to_date::date
       order by f.valid_from > :from_date::date, abs(f.valid_from - :from_date::date), f.version desc
       limit 1
     ) as f on true
     order by c.ward, c.consumer_id`,
    {
      ulb: read.ulb.id,
      service: cohort.service,
      ward: cohort.ward,
      from_date: cohort.period.from satisfies LocalDate,
      to_date: cohort.period.to,
      after_ward: after.ward,
      after_id: after.id,
      row_limit: limit,
    },
  );
  return rows.map((r) => ({ id: r.id, code: r.code, ward: r.ward, facts: r.facts, isDemanded: r.is_demanded }));
}
