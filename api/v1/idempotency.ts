import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { invariant, Refusal } from "../../ledger/kernel/errors.ts";
import { inTransaction, type App, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { v1Errors } from "./errors.ts";
import { callerOf } from "./route.ts";

/** What a request is answered with; kept as it is for whoever sends the same again. */
export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
type Kept = {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isReplay: boolean;
};

type KeyRow = {
  readonly fingerprint: Buffer;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: string | null;
};

/** How long a duplicate waits for the first before it is told to come again. */
const WAIT = "10s";

/**
 * Does a deed once per Idempotency-Key of the actor: the key's row, the deed and the answer commit together. The same request again gives the stored
 * answer; the same key with another request raises IDEMPOTENCY_KEY_REUSED. A duplicate that comes meanwhile waits on the key's row, and raises
 * IDEMPOTENCY_KEY_BUSY after ten seconds. A refused deed wrote nothing, so its key is free again. Without a key the deed is simply done.
 */
export async function doOnce(
  app: App,
  who: Who,
  request: FastifyRequest,
  deed: (tx: Tx) => Promise<Answer>,
): Promise<Kept> {
  const key = keyOf(request);
  if (key === undefined) return keep(await inTransaction(app, who, deed));
  const fingerprint = fingerprintOf(request);
  try {
    return await inTransaction(app, who, async (tx) => {
      const earlier = await claim(tx, key, fingerprint);
      if (earlier) {
        invariant(earlier.status !== null, "a key and the answer of its deed commit together");
        return replay(earlier);
      }
      const kept = keep(await deed(tx));
      await finish(tx, key, kept);
      return kept;
    });
  } catch (error) {
    if (isLockTimeout(error)) throw v1Errors.IDEMPOTENCY_KEY_BUSY({ key });
    throw error;
  }
}

/**
 * The same for a flow that talks to the outside world between transactions. The flow must itself do the same thing once when it is run again with
 * the same key (as createOrder does): then a crash between claim and answer loses nothing, and duplicates run side by side.
 */
export async function flowOnce(
  app: App,
  who: Who,
  request: FastifyRequest,
  flow: (key: string) => Promise<Answer>,
): Promise<Kept> {
  const key = keyOf(request);
  if (key === undefined) throw v1Errors.IDEMPOTENCY_KEY_MISSING(undefined);
  const fingerprint = fingerprintOf(request);
  const earlier = await inTransaction(app, who, (tx) => claim(tx, key, fingerprint));
  if (earlier?.status != null) return replay(earlier);
  let kept: Kept;
  try {
    kept = keep(await flow(key));
  } catch (error) {
    // Refused: the key is free again here. What the flow itself keeps under it (an order whose answer was lost) it finds again.
    if (error instanceof Refusal) await inTransaction(app, who, (tx) => release(tx, key));
    throw error;
  }
  await inTransaction(app, who, (tx) => finish(tx, key, kept));
  return kept;
}

/** Does a deed once (`doOnce`) for whoever asks, and answers with it. */
export async function answerOnce(
  app: App,
  request: FastifyRequest,
  reply: FastifyReply,
  deed: (tx: Tx) => Promise<Answer>,
): Promise<FastifyReply> {
  return send(reply, await doOnce(app, callerOf(request), request, deed));
}

/** Whether the request asks to be done once: without a key a route may go a way of its own. */
export const hasKey = (request: FastifyRequest): boolean => keyOf(request) !== undefined;

/** Answers a deed that was done without a key. */
export const answer = (reply: FastifyReply, given: Answer): FastifyReply => send(reply, keep(given));

/** Sends what was kept. A repeated answer says so. */
export function send(reply: FastifyReply, kept: Kept): FastifyReply {
  if (kept.isReplay) void reply.header("idempotency-replayed", "true");
  for (const [name, value] of Object.entries(kept.headers)) void reply.header(name, value);
  // A string is sent as it is; the type must be said before.
  return reply
    .code(kept.status)
    .type("application/json; charset=utf-8")
    .serializer((text: unknown) => text as string)
    .send(kept.text);
}

/** Forgets answers of before that moment; their keys may be used again. Gives how many. */
export async function forgetIdempotencyKeys(tx: Tx, before: Date): Promise<number> {
  const rows = await tx.query(
    "delete from api.idempotency_keys where ulb_id = :ulb and created_at < :before returning 1",
    {
      ulb: tx.ulb.id,
      before,
    },
  );
  return rows.length;
}

/** Takes the key for this request, or gives the row of the request that has it. Raises IDEMPOTENCY_KEY_REUSED. */
async function claim(tx: Tx, key: string, fingerprint: Buffer): Promise<KeyRow | undefined> {
  // The insert waits for another transaction that holds the same key, not for ever.
  await tx.query(`set local lock_timeout = '${WAIT}'`);
  const made = await tx.query(
    `insert into api.idempotency_keys (ulb_id, actor, idempotency_key, fingerprint, created_at)
     values (:ulb, :actor, :key, :fingerprint, :now) on conflict do nothing returning 1`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key, fingerprint, now: tx.clock() },
  );
  await tx.query("set local lock_timeout = 0");
  if (made.length > 0) return undefined;
  const row = await tx.queryOne<KeyRow>(
    `select fingerprint, created_at, finished_at, status, headers, body from api.idempotency_keys
     where ulb_id = :ulb and actor = :actor and idempotency_key = :key`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key },
  );
  invariant(row, "the key that was in the way is there");
  if (!row.fingerprint.equals(fingerprint)) {
    throw v1Errors.IDEMPOTENCY_KEY_REUSED({ key, since: row.created_at.toISOString() });
  }
  return row;
}

async function release(tx: Tx, key: string): Promise<void> {
  await tx.query(
    `delete from api.idempotency_keys
     where ulb_id = :ulb and actor = :actor and idempotency_key = :key and finished_at is null`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key },
  );
}

async function finish(tx: Tx, key: string, kept: Kept): Promise<void> {
  await tx.query(
    `update api.idempotency_keys set finished_at = :now, status = :status, headers = :headers, body = :body
     where ulb_id = :ulb and actor = :actor and idempotency_key = :key and finished_at is null`,
    {
      ulb: tx.ulb.id,
      actor: tx.actor.id,
      key,
      now: tx.clock(),
      status: kept.status,
      headers: JSON.stringify(kept.headers),
      body: kept.text,
    },
  );
}

function keep(answer: Answer): Kept {
  return { status: answer.status, text: JSON.stringify(answer.body), headers: answer.headers ?? {}, isReplay: false };
}

function replay(row: KeyRow): Kept {
  invariant(row.status !== null && row.body !== null, "a finished key has its answer");
  return { status: row.status, text: row.body, headers: row.headers ?? {}, isReplay: true };
}

function keyOf(request: FastifyRequest): string | undefined {
  const value = request.headers["idempotency-key"];
  return typeof value === "string" ? value : undefined;
}

function fingerprintOf(request: FastifyRequest): Buffer {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([request.method, request.url, request.headers["if-match"] ?? null]));
  if (Buffer.isBuffer(request.body)) hash.update(request.body);
  else hash.update(JSON.stringify(sorted(request.body ?? null)));
  return hash.digest();
}

/** The order of keys in JSON says nothing: the same content is the same request. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "55P03";
}
