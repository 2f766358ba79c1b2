import type { Database } from "./database.ts";
import type { Json } from "./audit.ts";
import type { Instant } from "./dates.ts";
import type { Tx } from "./tx.ts";

/** A thing to do after the fact committed: SMS, e-mail, a PDF file, a feed. */
export type OutboxRow = {
  readonly ulbId: number;
  readonly id: bigint;
  readonly topic: string;
  readonly payload: Json;
  readonly attempts: number;
};

/** Puts work into the outbox in the fact's own transaction. The same `dedupeKey` is said once for ever. */
export async function enqueue(
  tx: Tx,
  topic: string,
  payload: Json,
  options: { readonly dedupeKey?: string; readonly availableAt?: Instant } = {},
): Promise<void> {
  await enqueueAll(tx, topic, [{ payload, ...options }]);
}

/** Many at once, in one statement. */
export async function enqueueAll(
  tx: Tx,
  topic: string,
  items: readonly { readonly payload: Json; readonly dedupeKey?: string; readonly availableAt?: Instant }[],
): Promise<void> {
  if (items.length === 0) return;
  const now = tx.clock();
  await tx.query(
    `insert into kernel.outbox (ulb_id, topic, payload, dedupe_key, created_at, available_at)
     select :ulb, :topic, p, k, :now, a
     from unnest(:payloads::jsonb[], :keys::text[], :available::timestamptz[]) as item (p, k, a)
     on conflict on constraint outbox_said_once do nothing`,
    {
      ulb: tx.ulb.id,
      topic,
      now,
      payloads: items.map((i) => JSON.stringify(i.payload)),
      keys: items.map((i) => i.dedupeKey ?? null),
      available: items.map((i) => i.availableAt ?? now),
    },
  );
}

/**
 * Open rows whose bell has not been rung for `againAfterSeconds`: the relay rings for them, and a sweeper that calls this again makes
 * a wiped queue whole. Rows are marked as rung in the same statement; two relays never get the same row.
 */
export async function claimOutbox(
  db: Database,
  now: Instant,
  limit: number,
  againAfterSeconds = 60,
): Promise<OutboxRow[]> {
  const result = await db.batch.query<{
    ulb_id: number;
    outbox_id: bigint;
    topic: string;
    payload: Json;
    attempts: number;
  }>(
    `update kernel.outbox as o set rung_at = $1
     from (
       select ulb_id, outbox_id from kernel.outbox
       where done_at is null and available_at <= $1 and (rung_at is null or rung_at < $1::timestamptz - make_interval(secs => $2))
       order by available_at, outbox_id limit $3 for update skip locked
     ) as due
     where o.ulb_id = due.ulb_id and o.outbox_id = due.outbox_id
     returning o.ulb_id, o.outbox_id, o.topic, o.payload, o.attempts`,
    [now, againAfterSeconds, limit],
  );
  return result.rows
    .map((r) => ({ ulbId: r.ulb_id, id: r.outbox_id, topic: r.topic, payload: r.payload, attempts: r.attempts }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Rows that are still open, by id; what was done meanwhile is left out, so a bell rung twice does nothing. */
export async function openOutboxRows(db: Database, ulbId: number, ids: readonly bigint[]): Promise<OutboxRow[]> {
  const result = await db.batch.query<{ outbox_id: bigint; topic: string; payload: Json; attempts: number }>(
    `select outbox_id, topic, payload, attempts from kernel.outbox
     where ulb_id = $1 and outbox_id = any($2::bigint[]) and done_at is null order by outbox_id`,
    [ulbId, ids],
  );
  return result.rows.map((r) => ({ ulbId, id: r.outbox_id, topic: r.topic, payload: r.payload, attempts: r.attempts }));
}

export async function completeOutbox(db: Database, now: Instant, ulbId: number, ids: readonly bigint[]): Promise<void> {
  await db.batch.query(`update kernel.outbox set done_at = $1 where ulb_id = $2 and outbox_id = any($3::bigint[])`, [
    now,
    ulbId,
    ids,
  ]);
}

/** Notes the failure and tries again later: 30 s, doubling, at most six hours. */
export async function postponeOutbox(
  db: Database,
  now: Instant,
  ulbId: number,
  id: bigint,
  error: string,
): Promise<void> {
  await db.batch.query(
    `update kernel.outbox
     set attempts = attempts + 1, last_error = left($4, 500), rung_at = null,
         available_at = $1::timestamptz + least(interval '6 hours', interval '30 seconds' * power(2, least(attempts, 12)))
     where ulb_id = $2 and outbox_id = $3`,
    [now, ulbId, id, error],
  );
}
