import { createHash } from "node:crypto";
import { systemActor, inTransaction, type Read, type Tx, type Ulb, type Who } from "../ledger/kernel/tx.ts";
import type { CollectionsApp } from "./context.ts";
import { collectionErrors } from "./errors.ts";
import { parsePayment, parseRefund, type GatewayPayment } from "./gateway/index.ts";
import { merchantSettings } from "./payment-settings.ts";
import { applyObservations } from "./payments.ts";
import type { Booked, Observation } from "./payment-state.ts";
import { observeRefunds } from "./refund-observations.ts";
import type { RefundObservation } from "./refunds.ts";
import { observePayments } from "./strangers.ts";
import { setTasks } from "./tasks.ts";

/** Bodies above this are refused; the gateway's own are a few kilobytes. */
export const MAX_WEBHOOK_BYTES = 262_144;
const BATCH = 200;
const MAX_ATTEMPTS = 8;
const KEPT_REJECTIONS = 1000;

export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Takes in a webhook: checks the signature over the raw bytes, stores them, and returns; the work is done by `processInbox`. A repeated
 * event id is stored once; an event without an id is known by its bytes. Raises WEBHOOK_TOO_LARGE, WEBHOOK_SIGNATURE (noted, nothing else written).
 */
export async function receiveWebhook(
  app: CollectionsApp,
  ulb: Ulb,
  rawBody: Buffer,
  headers: WebhookHeaders,
): Promise<{ readonly isNew: boolean; readonly eventKey: string }> {
  if (rawBody.length > MAX_WEBHOOK_BYTES) {
    throw collectionErrors.WEBHOOK_TOO_LARGE({ bytes: rawBody.length, limit: MAX_WEBHOOK_BYTES });
  }
  const who: Who = { ulb, actor: systemActor("webhook") };
  const eventId = headerOf(headers, "x-razorpay-event-id");
  if (!app.gateway.verifyWebhook(rawBody, headerOf(headers, "x-razorpay-signature"), app.clock())) {
    await inTransaction(app, who, (tx) => noteRejection(tx, rawBody, "signature", eventId));
    throw collectionErrors.WEBHOOK_SIGNATURE({ event: eventId?.slice(0, 64) ?? "(without id)" });
  }
  const eventKey =
    eventId !== undefined && /^[A-Za-z0-9_-]{6,64}$/.test(eventId)
      ? eventId
      : `sha256:${createHash("sha256").update(rawBody).digest("hex")}`;
  return inTransaction(app, who, async (tx) => {
    const rows = await tx.query(
      `insert into collections.gateway_events (ulb_id, event_key, event, raw, received_at, next_at)
       values (:ulb, :event_key, :event, :raw, :now, :now)
       on conflict (ulb_id, event_key) do nothing
       returning event_key`,
      { ulb: ulb.id, event_key: eventKey, event: eventName(rawBody), raw: rawBody, now: tx.clock() },
    );
    return { isNew: rows.length > 0, eventKey };
  });
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

function eventName(rawBody: Buffer): string {
  const body = parseJson(rawBody);
  return typeof body?.["event"] === "string" ? body["event"].slice(0, 100) : "not-json";
}

function parseJson(raw: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

async function noteRejection(tx: Tx, raw: Buffer, reason: string, eventId: string | undefined): Promise<void> {
  const row = await tx.queryOne<{ id: bigint }>(
    `insert into collections.rejected_webhooks (ulb_id, received_at, reason, event_key, body_bytes, body_sha256, body_start)
     values (:ulb, :now, :reason, :event_key, :bytes, :hash, :body_start)
     returning rejected_id as id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      reason,
      event_key: eventId?.slice(0, 64) ?? null,
      bytes: raw.length,
      hash: createHash("sha256").update(raw).digest(),
      // Enough to recognise it, too little to keep anybody's data; bytes that are not text are dropped.
      body_start: raw
        .subarray(0, 200)
        .toString("utf8")
        .replace(/[^\x20-\x7e]/g, "?"),
    },
  );
  if (row && row.id % 50n === 0n) {
    await tx.query(
      `delete from collections.rejected_webhooks where ulb_id = :ulb and rejected_id <= (
         select rejected_id from collections.rejected_webhooks where ulb_id = :ulb
         order by rejected_id desc offset :kept limit 1)`,
      { ulb: tx.ulb.id, kept: KEPT_REJECTIONS },
    );
  }
}

type EventRow = { event_key: string; event: string; raw: Buffer; received_at: Date; attempts: number };
type Reading =
  | { readonly kind: "payment"; readonly observation: Observation }
  | { readonly kind: "refund"; readonly payment: GatewayPayment | undefined; readonly refund: RefundObservation }
  | { readonly kind: "ignore" }
  | { readonly kind: "ask"; readonly paymentId: string }
  | { readonly kind: "dead"; readonly reason: string };

const PAYMENT_EVENTS = new Set(["payment.authorized", "payment.captured", "payment.failed", "order.paid"]);
const REFUND_EVENTS = new Set(["refund.created", "refund.processed", "refund.failed"]);

/** What an event says, without looking at anything but its bytes. */
function readEvent(raw: Buffer, eventKey: string): Reading {
  const body = parseJson(raw);
  if (!body) return { kind: "dead", reason: "the body is signed but is not JSON" };
  const event = body["event"];
  const payload = body["payload"];
  const entityOf = (name: string): unknown => {
    const part =
      typeof payload === "object" && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
    return typeof part === "object" && part !== null ? (part as Record<string, unknown>)["entity"] : undefined;
  };
  if (typeof event !== "string") return { kind: "dead", reason: "the body has no event" };
  const seconds = body["created_at"];
  const at = typeof seconds === "number" && Number.isSafeInteger(seconds) ? new Date(seconds * 1000) : undefined;
  if (PAYMENT_EVENTS.has(event)) {
    const payment = parsePayment(entityOf("payment"));
    if (payment && at) return { kind: "payment", observation: { payment, feed: "webhook", at, eventKey } };
    // Numbers as text, a missing key: nothing is guessed, the gateway is asked for the payment itself.
    const id = (entityOf("payment") as { id?: unknown } | undefined)?.id;
    return typeof id === "string" && /^pay_[A-Za-z0-9]{14}$/.test(id)
      ? { kind: "ask", paymentId: id }
      : { kind: "dead", reason: `${event} without a payment` };
  }
  if (REFUND_EVENTS.has(event)) {
    const refund = parseRefund(entityOf("refund"));
    if (!refund || !at) return { kind: "dead", reason: `${event} without a refund` };
    return { kind: "refund", payment: parsePayment(entityOf("payment")), refund: { refund, at } };
  }
  return { kind: "ignore" };
}

export type InboxResult = {
  readonly processed: number;
  readonly receipts: number;
  readonly parked: number;
  readonly failed: number;
};

/**
 * Works through the inbox until nothing is due (or `limit` events are done): two hundred at a time in one transaction; when one of a set is
 * refused, each alone, so that a poisoned event never holds up the others. Events about orders that we do not know are asked for at the gateway.
 */
export async function processInbox(
  app: CollectionsApp,
  ulb: Ulb,
  options: { readonly limit?: number } = {},
): Promise<InboxResult> {
  const who: Who = { ulb, actor: systemActor("webhook") };
  const limit = options.limit ?? 10_000;
  const total = { processed: 0, receipts: 0, parked: 0, failed: 0 };
  while (total.processed + total.failed < limit) {
    const take = Math.min(BATCH, limit - total.processed - total.failed);
    let set: SetResult | undefined;
    try {
      set = await inTransaction(app, who, (tx) => processSet(app, tx, take));
    } catch {
      // One of the set is refused: each is tried alone and answers for itself. What fails then is noted with its own reason.
      const single = await processOneByOne(app, who, take);
      total.processed += single.processed;
      total.receipts += single.receipts;
      total.failed += single.failed;
      total.parked += await settleAsks(app, who, single.asks);
      if (single.processed + single.failed === 0) break;
      continue;
    }
    total.processed += set.count;
    total.receipts += set.receipts;
    total.parked += await settleAsks(app, who, set.asks);
    if (set.count === 0) break;
  }
  return total;
}

type Ask = { readonly eventKey: string; readonly paymentId: string; readonly refund?: RefundObservation };
type SetResult = { readonly count: number; readonly receipts: number; readonly asks: readonly Ask[] };

async function claim(tx: Tx, limit: number, only?: string): Promise<EventRow[]> {
  return tx.query<EventRow>(
    `select event_key, event, raw, received_at, attempts from collections.gateway_events
     where ulb_id = :ulb and state = 'new' and next_at <= :now and (:only::text is null or event_key = :only)
     order by next_at, arrival limit :row_limit for update skip locked`,
    { ulb: tx.ulb.id, now: tx.clock(), only: only ?? null, row_limit: limit },
  );
}

async function processSet(app: CollectionsApp, tx: Tx, limit: number, only?: string): Promise<SetResult> {
  const rows = await claim(tx, limit, only);
  if (rows.length === 0) return { count: 0, receipts: 0, asks: [] };
  const readings = rows.map((row) => ({ row, reading: readEvent(row.raw, row.event_key) }));
  const observations = readings.flatMap(({ reading }) =>
    reading.kind === "payment"
      ? [reading.observation]
      : reading.kind === "refund" && reading.payment
        ? [{ payment: reading.payment, feed: "webhook" as const, at: reading.refund.at }]
        : [],
  );
  const applied = await applyObservations(tx, observations);
  const refunds = readings.flatMap(({ row, reading }) =>
    reading.kind === "refund" ? [{ eventKey: row.event_key, observation: reading.refund }] : [],
  );
  const unknownRefunds = new Set(
    await observeRefunds(
      tx,
      refunds.map((r) => r.observation),
    ),
  );

  const asks: Ask[] = [];
  const done = new Map<string, { state: "done" | "ignored" | "dead"; error: string | null }>();
  for (const { row, reading } of readings) {
    if (reading.kind === "dead") done.set(row.event_key, { state: "dead", error: reading.reason });
    else if (reading.kind === "ignore") done.set(row.event_key, { state: "ignored", error: null });
    else if (reading.kind === "ask") asks.push({ eventKey: row.event_key, paymentId: reading.paymentId });
    else if (reading.kind === "payment" && applied.unknown.has(reading.observation.payment.id)) {
      asks.push({ eventKey: row.event_key, paymentId: reading.observation.payment.id });
    } else if (reading.kind === "refund" && unknownRefunds.has(reading.refund.refund.id)) {
      asks.push({ eventKey: row.event_key, paymentId: reading.refund.refund.paymentId, refund: reading.refund });
    } else done.set(row.event_key, { state: "done", error: null });
  }
  // What must be asked for is taken out of the queue for a minute; the asking happens after this transaction.
  await tx.query(
    `update collections.gateway_events e
     set state = d.state, last_error = d.error, processed_at = case when d.state = 'new' then null else :now::timestamptz end,
         attempts = e.attempts + 1, next_at = case when d.state = 'new' then :now::timestamptz + interval '1 minute' else e.next_at end
     from unnest(:keys::text[], :states::text[], :errors::text[]) as d (event_key, state, error)
     where e.ulb_id = :ulb and e.event_key = d.event_key`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      keys: [...done.keys(), ...asks.map((a) => a.eventKey)],
      states: [...[...done.values()].map((d) => d.state), ...asks.map(() => "new")],
      errors: [...[...done.values()].map((d) => d.error), ...asks.map(() => null)],
    },
  );
  await setTasks(
    tx,
    [...done].flatMap(([key, d]) =>
      d.state === "dead"
        ? [{ kind: "event-dead" as const, subject: key, message: `Gateway event ${key}: ${d.error ?? ""}` }]
        : [],
    ),
  );
  return { count: rows.length, receipts: applied.receipts, asks };
}

async function processOneByOne(
  app: CollectionsApp,
  who: Who,
  limit: number,
): Promise<{ processed: number; receipts: number; failed: number; asks: Ask[] }> {
  const keys = await inTransaction(app, who, async (tx) => (await claim(tx, limit)).map((r) => r.event_key));
  const result = { processed: 0, receipts: 0, failed: 0, asks: [] as Ask[] };
  for (const key of keys) {
    try {
      const one = await inTransaction(app, who, (tx) => processSet(app, tx, 1, key));
      result.processed += one.count;
      result.receipts += one.receipts;
      result.asks.push(...one.asks);
    } catch (error) {
      result.failed++;
      await inTransaction(app, who, (tx) => postpone(tx, key, error));
    }
  }
  return result;
}

/** Notes why an event failed and tries it later (1 minute, doubling); after eight times a person must look. */
async function postpone(tx: Tx, eventKey: string, error: unknown): Promise<void> {
  // Database messages begin with the statement: only refusals' own sentences are shown to people.
  const message =
    error instanceof Error && error.name === "Refusal"
      ? error.message
      : `failed: ${error instanceof Error ? error.name : "error"}`;
  const row = await tx.queryOne<{ state: string }>(
    `update collections.gateway_events
     set attempts = attempts + 1, last_error = left(:message, 500),
         state = case when attempts + 1 >= :most then 'dead' else 'new' end,
         next_at = :now::timestamptz + interval '1 minute' * power(2, least(attempts, 8))
     where ulb_id = :ulb and event_key = :event_key and state = 'new'
     returning state`,
    { ulb: tx.ulb.id, event_key: eventKey, message, most: MAX_ATTEMPTS, now: tx.clock() },
  );
  if (row?.state === "dead") {
    await setTasks(tx, [
      {
        kind: "event-dead",
        subject: eventKey,
        message: `Gateway event ${eventKey} failed ${MAX_ATTEMPTS} times: ${message}`,
      },
    ]);
  }
}

/** Asks the gateway about payments of orders that we do not know, and closes their events. Gives how many were parked. */
async function settleAsks(app: CollectionsApp, who: Who, asks: readonly Ask[]): Promise<number> {
  let parked = 0;
  for (const ask of asks) {
    const result = await observePayments(app, who, [ask.paymentId], "webhook").catch(() => undefined);
    const booked: Booked | undefined = result?.get(ask.paymentId);
    if (booked === undefined) continue; // the gateway did not answer; the event comes up again in a minute
    await inTransaction(app, who, async (tx) => {
      const isForeign = booked.status === "foreign";
      if (ask.refund && !isForeign) await observeRefunds(tx, [ask.refund]);
      await tx.query(
        `update collections.gateway_events set state = :state, processed_at = :now, last_error = :reason
         where ulb_id = :ulb and event_key = :event_key and state = 'new'`,
        {
          ulb: tx.ulb.id,
          event_key: ask.eventKey,
          state: isForeign ? "parked" : "done",
          now: tx.clock(),
          reason: isForeign ? booked.reason : null,
        },
      );
      if (isForeign) {
        parked++;
        await setTasks(tx, [
          {
            kind: "event-parked",
            subject: ask.eventKey,
            message: `Gateway event ${ask.eventKey} about ${ask.paymentId}: ${booked.reason}`,
          },
        ]);
      }
    });
  }
  return parked;
}

/** How many events stand in each state: for the dashboard and the close check. */
export async function inboxCounts(read: Read): Promise<Readonly<Record<string, bigint>>> {
  const rows = await read.query<{ state: string; n: bigint }>(
    "select state, count(*) as n from collections.gateway_events where ulb_id = :ulb group by state",
    { ulb: read.ulb.id },
  );
  return Object.fromEntries(rows.map((r) => [r.state, r.n]));
}
