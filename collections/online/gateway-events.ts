import { createHash } from "node:crypto";
import type { Database } from "../../ledger/kernel/database.ts";
import { systemActor, inTransaction, type Read, type Tx, type Ulb, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import { askDispute, placeDisputes } from "../disputes/answers.ts";
import type { DisputeObservation } from "../disputes/dispute-state.ts";
import { observeDisputes } from "../disputes/disputes.ts";
import { parseJson, readEvent } from "./event-reading.ts";
import { merchantSettings } from "./payment-settings.ts";
import { applyObservations } from "./payments.ts";
import type { Booked } from "./payment-state.ts";
import { observeRefunds } from "../refunds/observations.ts";
import type { RefundObservation } from "../refunds/refunds.ts";
import { noteRequestPayments, wakeRequests } from "../requests/request-payments.ts";
import { observePayments } from "./strangers.ts";
import { setTasks } from "../tasks.ts";

/** Bodies above this are refused; the gateway's own are a few kilobytes. */
export const MAX_WEBHOOK_BYTES = 262_144;
const BATCH = 200;
const LANES = 2;
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
  const eventId = headerOf(headers, "x-razorpay-event-id");
  if (!app.gateway.verifyWebhook(rawBody, headerOf(headers, "x-razorpay-signature"), app.clock())) {
    const who: Who = { ulb, actor: systemActor("webhook") };
    await inTransaction(app, who, (tx) => noteRejection(tx, rawBody, "signature", eventId));
    throw collectionErrors.WEBHOOK_SIGNATURE({ event: eventId?.slice(0, 64) ?? "(without id)" });
  }
  const eventKey =
    eventId !== undefined && /^[A-Za-z0-9_-]{6,64}$/.test(eventId)
      ? eventId
      : `sha256:${createHash("sha256").update(rawBody).digest("hex")}`;
  // One statement is its own transaction: one message to the database and back, while the gateway waits.
  const { rowCount } = await app.db.batch.query({
    name: "store-gateway-event",
    text: `insert into collections.gateway_events (ulb_id, event_key, event, raw, received_at, next_at)
           values ($1, $2, $3, $4, $5, $5)
           on conflict (ulb_id, event_key) do nothing`,
    values: [ulb.id, eventKey, eventName(rawBody), rawBody, app.clock()],
  });
  return { isNew: rowCount === 1, eventKey };
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

function eventName(rawBody: Buffer): string {
  const body = parseJson(rawBody);
  return typeof body?.["event"] === "string" ? body["event"].slice(0, 100).replace(/[^\x20-\x7e]/g, "?") : "not-json";
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
export type InboxResult = {
  readonly processed: number;
  readonly receipts: number;
  readonly parked: number;
  readonly failed: number;
};

/**
 * Works through the inbox until nothing is due (or `limit` events are done): two hundred at a time in one transaction; when one of a set is
 * refused, each alone, so that a poisoned event never holds up the others. Events about orders that we do not know are asked for at the gateway.
 * A backlog is worked off in two lanes: while the database writes one set, the next is reckoned.
 */
export async function processInbox(
  app: CollectionsApp,
  ulb: Ulb,
  options: { readonly limit?: number } = {},
): Promise<InboxResult> {
  const who: Who = { ulb, actor: systemActor("webhook") };
  let left = options.limit ?? 10_000;
  let isEmpty = false;
  const total = { processed: 0, receipts: 0, parked: 0, failed: 0 };
  const step = async (): Promise<void> => {
    const take = Math.min(BATCH, left);
    left -= take;
    const set = await workOff(app, who, take);
    left += take - set.processed - set.failed;
    total.processed += set.processed;
    total.receipts += set.receipts;
    total.parked += set.parked;
    total.failed += set.failed;
    if (set.processed + set.failed < take) isEmpty = true;
  };
  const lane = async (): Promise<void> => {
    while (left > 0 && !isEmpty) await step();
  };
  await step();
  await settled(Array.from({ length: LANES }, lane));
  return total;
}

/** All of them end before the first error is raised: nothing goes on behind the caller's back. */
async function settled(lanes: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(lanes)).find((l) => l.status === "rejected");
  if (failed) throw failed.reason;
}

/** One set of at most `take` events. */
async function workOff(app: CollectionsApp, who: Who, take: number): Promise<InboxResult> {
  let set: SetResult;
  try {
    set = await inTransaction(app, who, (tx) => processSet(app, tx, take));
  } catch {
    // One of the set is refused: each is tried alone and answers for itself. What fails then is noted with its own reason.
    const { asks, ...single } = await processOneByOne(app, who, take);
    return { ...single, parked: single.parked + (await settleAsks(app, who, asks)) };
  }
  const parked = set.parked + (await settleAsks(app, who, set.asks));
  return { processed: set.count, receipts: set.receipts, parked, failed: 0 };
}

/** What must be asked for at the gateway, outside the transaction, before its event is closed. */
type Ask = {
  readonly eventKey: string;
  readonly paymentId?: string;
  readonly refund?: RefundObservation;
  readonly dispute?: DisputeObservation;
  readonly disputeId?: string;
  readonly orderId?: string;
};
type SetResult = {
  readonly count: number;
  readonly receipts: number;
  readonly parked: number;
  readonly asks: readonly Ask[];
};

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
  if (rows.length === 0) return { count: 0, receipts: 0, parked: 0, asks: [] };
  const own = await ownAccounts(tx);
  const readings = rows.map((row) => ({ row, reading: readEvent(row.raw, row.event_key, own) }));
  // Which request a payment came through is noted before the payment itself is placed.
  await noteRequestPayments(
    tx,
    readings.flatMap(({ reading }) => {
      if ((reading.kind !== "payment" && reading.kind !== "ask") || reading.request === undefined) return [];
      const paymentId = reading.kind === "ask" ? reading.paymentId : reading.observation.payment.id;
      return [{ paymentId, providerId: reading.request }];
    }),
  );
  const observations = readings.flatMap(({ reading }) =>
    reading.kind === "payment"
      ? [reading.observation]
      : reading.kind === "refund" && reading.payment
        ? [{ payment: reading.payment, feed: "webhook" as const, at: reading.refund.at }]
        : [],
  );
  const applied = await applyObservations(tx, observations);
  const unknownRefunds = new Set(
    await observeRefunds(
      tx,
      readings.flatMap(({ reading }) => (reading.kind === "refund" ? [reading.refund] : [])),
    ),
  );
  const unknownDisputed = new Set(
    await observeDisputes(
      tx,
      readings.flatMap(({ reading }) => (reading.kind === "dispute" ? [reading.dispute] : [])),
    ),
  );
  await wakeRequests(
    tx,
    readings.flatMap(({ reading }) => (reading.kind === "request" ? [reading.request] : [])),
  );

  const asks: Ask[] = [];
  const done = new Map<string, { state: "done" | "ignored" | "dead" | "parked"; error: string | null }>();
  for (const { row, reading } of readings) {
    const eventKey = row.event_key;
    if (reading.kind === "dead") done.set(eventKey, { state: "dead", error: reading.reason });
    else if (reading.kind === "mismatch") {
      const error = `account_mismatch: it is of account ${reading.account}, ours is ${[...own].join(", ")}`;
      done.set(eventKey, { state: "parked", error });
    } else if (reading.kind === "ignore") done.set(eventKey, { state: "ignored", error: null });
    else if (reading.kind === "ask") asks.push({ eventKey, paymentId: reading.paymentId });
    else if (reading.kind === "ask-order") asks.push({ eventKey, orderId: reading.orderId });
    else if (reading.kind === "ask-dispute") asks.push({ eventKey, disputeId: reading.disputeId });
    else if (reading.kind === "payment" && applied.unknown.has(reading.observation.payment.id)) {
      asks.push({ eventKey, paymentId: reading.observation.payment.id });
    } else if (reading.kind === "refund" && unknownRefunds.has(reading.refund.refund.id)) {
      asks.push({ eventKey, paymentId: reading.refund.refund.paymentId, refund: reading.refund });
    } else if (reading.kind === "dispute" && unknownDisputed.has(reading.dispute.dispute.paymentId)) {
      asks.push({ eventKey, paymentId: reading.dispute.dispute.paymentId, dispute: reading.dispute });
    } else done.set(eventKey, { state: "done", error: null });
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
      d.state === "dead" || d.state === "parked"
        ? [
            {
              kind: d.state === "dead" ? ("event-dead" as const) : ("event-parked" as const),
              subject: key,
              message: `Gateway event ${key}: ${d.error ?? ""}`,
            },
          ]
        : [],
    ),
  );
  const parked = [...done.values()].filter((d) => d.state === "parked").length;
  return { count: rows.length, receipts: applied.receipts, parked, asks };
}

/** The accounts of the ULB by the gateway's names: that of the settings, and those that it keeps keys for. */
async function ownAccounts(tx: Tx): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(
    "select merchant_id as id from collections.gateway_accounts where ulb_id = :ulb and merchant_id is not null",
    { ulb: tx.ulb.id },
  );
  const { accountId } = await merchantSettings(tx);
  return new Set([...rows.map((r) => r.id), ...(accountId === null ? [] : [accountId])]);
}

async function processOneByOne(
  app: CollectionsApp,
  who: Who,
  limit: number,
): Promise<{ processed: number; receipts: number; failed: number; parked: number; asks: Ask[] }> {
  const keys = await inTransaction(app, who, async (tx) => (await claim(tx, limit)).map((r) => r.event_key));
  const result = { processed: 0, receipts: 0, failed: 0, parked: 0, asks: [] as Ask[] };
  for (const key of keys) {
    try {
      const one = await inTransaction(app, who, (tx) => processSet(app, tx, 1, key));
      result.processed += one.count;
      result.receipts += one.receipts;
      result.parked += one.parked;
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

/** Asks the gateway about what we do not know, or could not read, and closes the events. Gives how many were parked. */
async function settleAsks(app: CollectionsApp, who: Who, asks: readonly Ask[]): Promise<number> {
  let parked = 0;
  for (const ask of asks) {
    // The gateway did not answer, or the books refused for the moment: the event comes up again in a minute.
    const answer = await settleAsk(app, who, ask).catch(() => undefined);
    if (answer === undefined) continue;
    await inTransaction(app, who, async (tx) => {
      await tx.query(
        `update collections.gateway_events set state = :state, processed_at = :now, last_error = left(:reason, 500)
         where ulb_id = :ulb and event_key = :event_key and state = 'new'`,
        {
          ulb: tx.ulb.id,
          event_key: ask.eventKey,
          state: answer === "done" ? "done" : "parked",
          now: tx.clock(),
          reason: answer === "done" ? null : answer.parked,
        },
      );
      if (answer === "done") return;
      parked++;
      await setTasks(tx, [
        {
          kind: "event-parked",
          subject: ask.eventKey,
          message: `Gateway event ${ask.eventKey}${ask.paymentId === undefined ? "" : ` about ${ask.paymentId}`}: ${answer.parked}`,
        },
      ]);
    });
  }
  return parked;
}

type Answer = "done" | { readonly parked: string } | undefined;

async function settleAsk(app: CollectionsApp, who: Who, ask: Ask): Promise<Answer> {
  if (ask.disputeId !== undefined) return (await askDispute(app, who, ask.disputeId, "poll")) ? "done" : undefined;
  if (ask.orderId !== undefined) return askOrder(app, who, ask.orderId);
  const paymentId = ask.paymentId ?? "";
  const booked: Booked | undefined = (await observePayments(app, who, [paymentId], "webhook")).get(paymentId);
  if (booked === undefined) return undefined;
  if (booked.status === "foreign") return { parked: booked.reason };
  if (ask.refund) {
    const refund = { ...ask.refund, ...(booked.status === "open" ? { isUncaptured: true } : {}) };
    const unknown = await inTransaction(app, who, (tx) => observeRefunds(tx, [refund]));
    if (unknown.length > 0) return { parked: "its payment is not ours" };
  }
  if (ask.dispute) {
    const unknown = await placeDisputes(app, who, [ask.dispute]);
    if (unknown.length > 0) return { parked: "the disputed payment was never captured for us" };
  }
  return "done";
}

/** An event that names an order and no payment that can be read. */
async function askOrder(app: CollectionsApp, who: Who, orderId: string): Promise<Answer> {
  const found = await app.gateway.orderPayments(orderId);
  if (found.kind === "unknown") return undefined;
  if (found.kind === "rejected") return { parked: `the gateway does not know order ${orderId} in our account` };
  const ids = found.value.map((p) => p.id);
  const booked = await observePayments(app, who, ids, "webhook");
  const foreign = [...booked.values()].find((b) => b.status === "foreign");
  if (foreign?.status === "foreign") return { parked: foreign.reason };
  return ids.every((id) => booked.has(id)) ? "done" : undefined;
}

/** The ids of the ULBs in whose inbox an event is due. Reads across ULBs, as jobs may. */
export async function ulbsWithEvents(db: Database, now: Date): Promise<ReadonlySet<number>> {
  const { rows } = await db.batch.query<{ id: number }>(
    "select distinct ulb_id as id from collections.gateway_events where state = 'new' and next_at <= $1",
    [now],
  );
  return new Set(rows.map((r) => r.id));
}

/** How many events stand in each state: for the dashboard and the close check. */
export async function inboxCounts(read: Read): Promise<Readonly<Record<string, bigint>>> {
  const rows = await read.query<{ state: string; n: bigint }>(
    "select state, count(*) as n from collections.gateway_events where ulb_id = :ulb group by state",
    { ulb: read.ulb.id },
  );
  return Object.fromEntries(rows.map((r) => [r.state, r.n]));
}
