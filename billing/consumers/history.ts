import type { Json } from "../../ledger/kernel/audit.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ConsumerChangeKind } from "./change.ts";
import { getConsumer } from "./consumers.ts";

/** One event in the life of a consumer: who, when, why, by which document, and what was before and after. */
export type ConsumerEvent = {
  readonly kind: "entered" | ConsumerChangeKind;
  /** The day from which it counts; the day of entry for the first. */
  readonly changeId: string | null;
  readonly date: LocalDate | null;
  readonly reason: string | null;
  readonly document: { readonly number: string; readonly date: LocalDate } | null;
  readonly by: string;
  readonly approvedBy: string | null;
  readonly at: Date;
  readonly before: Json;
  readonly after: Json;
  /** Consumers of a merge or a split: from which, into which. */
  readonly from: readonly Related[];
  readonly to: readonly Related[];
};
export type Related = { readonly id: string; readonly code: string };

/** The life of a consumer, the newest first: approved changes of it, what was merged into it or split from it, and its entry. Raises CONSUMER_NOT_FOUND. */
export async function consumerHistory(read: Read, consumerId: string): Promise<ConsumerEvent[]> {
  await getConsumer(read, consumerId);
  const rows = await read.query<
    Omit<ConsumerEvent, "document"> & { document_number: string | null; document_date: LocalDate | null }
  >(
    `select c.kind, c.change_id as "changeId", c.change_date as date, c.reason, c.document_number, c.document_date, c.proposed_by as "by",
       d.decided_by as "approvedBy", d.decided_at as at, d.before, d.after,
       coalesce(l."from", '[]'::jsonb) as "from", coalesce(l."to", '[]'::jsonb) as "to"
     from billing.consumer_changes c
     join billing.consumer_change_decisions d on d.ulb_id = c.ulb_id and d.change_id = c.change_id and d.decision = 'approved'
     left join lateral (
       select jsonb_agg(distinct jsonb_build_object('id', f.consumer_id, 'code', f.code)) as "from",
         jsonb_agg(distinct jsonb_build_object('id', t.consumer_id, 'code', t.code)) as "to"
       from billing.consumer_lineage l
       join billing.consumers f on f.ulb_id = l.ulb_id and f.consumer_id = l.from_consumer_id
       join billing.consumers t on t.ulb_id = l.ulb_id and t.consumer_id = l.to_consumer_id
       where l.ulb_id = c.ulb_id and l.change_id = c.change_id
     ) as l on true
     where c.ulb_id = :ulb and c.change_id in (
       select change_id from billing.consumer_changes where ulb_id = :ulb and consumer_id = :id::uuid
       union all
       select change_id from billing.consumer_lineage where ulb_id = :ulb and to_consumer_id = :id::uuid)
     union all
     select 'entered', null, null, null, null, null, created_by, null, created_at, null, null, '[]', '[]'
     from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid
     order by at desc, "changeId" desc nulls last`,
    { ulb: read.ulb.id, id: consumerId },
  );
  return rows.map(({ document_number: number, document_date: date, ...event }) => ({
    ...event,
    document: number !== null && date !== null ? { number, date } : null,
  }));
}
