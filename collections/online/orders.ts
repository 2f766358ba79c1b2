import { createHash } from "node:crypto";
import { getConsumer } from "../../billing/index.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Read, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { atAccountOf, type CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import type { GatewayOrder } from "../gateway/index.ts";
import { setTasks } from "../tasks.ts";

/** `planned`: about to be made at the gateway. `unknown`: its answer was lost. `confirmed`: the gateway has it. `rejected`: it will not. */
export type OrderState = "planned" | "unknown" | "confirmed" | "rejected";

export type Order = {
  readonly id: string;
  readonly receipt: string;
  readonly consumerId: string;
  readonly billId: string | null;
  readonly amount: Paise;
  readonly state: OrderState;
  readonly status: "created" | "attempted" | "paid";
  readonly providerOrderId: string | null;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly attemptedAt: Date;
  readonly lastError: string | null;
};

/** What a payment is for: an order, or a request of the ULB (a link, a code, a virtual account), which may name no amount. */
export type Claim = {
  readonly kind: "order" | "request";
  readonly id: string;
  readonly consumerId: string;
  readonly billId: string | null;
  readonly amount: Paise | null;
  readonly createdAt: Date;
};

export type OrderRequest = {
  readonly consumerId: string;
  readonly amount: Paise;
  readonly billId?: string | undefined;
  /** The caller's own: the same key gives the same order, however often it is sent. */
  readonly idempotencyKey: string;
};

export const ORDER_COLUMNS = `order_id as id, receipt, consumer_id as "consumerId", bill_id as "billId", amount, state, status,
  provider_order_id as "providerOrderId", requested_by as "requestedBy", created_at as "createdAt", attempted_at as "attemptedAt",
  last_error as "lastError"`;

/** How long another caller may be busy creating the order before we look for it ourselves. */
const CREATING_MS = 15_000;
/** Minutes after creation at which an unpaid order is asked for: webhooks get lost, browsers are closed, banks answer days later. */
const POLL_MINUTES = [1, 3, 10, 15, 30, 60, 180, 360, 720, 1440, 2880, 4320, 5760, 7200];

/**
 * Opens an order at the gateway for a consumer's payment: reserved in a transaction, made at the gateway outside any, confirmed in a second.
 * An open order of the same consumer, bill and amount is used again (its status is "paid" if it was paid and we had not heard of it: poll it
 * and show the receipt). A lost answer is resolved by asking for our own id.
 * Raises ORDER_AMOUNT, IDEMPOTENCY_CONFLICT, CONSUMER_NOT_FOUND, GATEWAY_REJECTED, GATEWAY_UNREACHABLE (the order is kept then).
 */
export async function createOrder(app: CollectionsApp, who: Who, request: OrderRequest): Promise<Order> {
  if (request.amount < 100n) throw collectionErrors.ORDER_AMOUNT({ amount: formatIndian(request.amount) });
  if (!/^[A-Za-z0-9:._-]{8,100}$/.test(request.idempotencyKey)) {
    throw collectionErrors.IDEMPOTENCY_KEY({ key: request.idempotencyKey.slice(0, 120) });
  }
  for (;;) {
    const { order, kind } = await inTransaction(app, who, (tx) => reserveOrder(tx, request));
    if (kind === "made") return makeAtGateway(app, who, order, true);
    if (order.state === "rejected") {
      throw collectionErrors.GATEWAY_REJECTED({
        what: `order ${order.id}`,
        reason: order.lastError ?? "no reason given",
      });
    }
    if (kind === "asked-before") return order.state === "confirmed" ? order : awaitOrder(app, who, order.id);
    const open = order.state === "confirmed" ? order : await awaitOrder(app, who, order.id);
    const known = await askForOpenOrder(app, who, open);
    if (known) {
      await inTransaction(app, who, (tx) => noteRequest(tx, request, open.id));
      return known;
    }
  }
}

/**
 * An open order is handed out again only if the gateway still has it; one that it does not know (any more) is put aside. One that is paid over
 * there while its webhook was lost comes back as paid, and is polled at the next opportunity: the payer must not pay twice.
 */
async function askForOpenOrder(app: CollectionsApp, who: Who, order: Order): Promise<Order | undefined> {
  if (order.providerOrderId === null) return undefined;
  const found = await app.gateway.fetchOrder(order.providerOrderId);
  if (found.kind === "ok" && found.value.status === "paid") {
    await inTransaction(app, who, (tx) =>
      tx.query(
        `update collections.orders set next_poll_at = :now where ulb_id = :ulb and order_id = :id and status <> 'paid'`,
        { ulb: tx.ulb.id, id: order.id, now: tx.clock() },
      ),
    );
    return { ...order, status: "paid" };
  }
  if (found.kind !== "rejected" || (found.status !== 400 && found.status !== 404)) return order;
  await inTransaction(app, who, (tx) =>
    tx.query(
      `update collections.orders
       set state = 'rejected', last_error = left(provider_order_id || ' is not known to the gateway: ' || :reason, 500), provider_order_id = null,
         next_poll_at = null
       where ulb_id = :ulb and order_id = :id and status <> 'paid'
         and not exists (select 1 from collections.payments p where p.ulb_id = orders.ulb_id and p.order_id = orders.order_id)`,
      { ulb: tx.ulb.id, id: order.id, reason: found.description },
    ),
  );
  return undefined;
}

function requestHash(request: OrderRequest): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([request.consumerId, request.amount.toString(), request.billId ?? null]))
    .digest();
}

async function noteRequest(tx: Tx, request: OrderRequest, orderId: string): Promise<void> {
  await tx.query(
    `insert into collections.order_requests (ulb_id, actor, idempotency_key, request_hash, order_id, created_at)
     values (:ulb, :actor, :key, :hash, :order_id, :now)
     on conflict (ulb_id, actor, idempotency_key) do nothing`,
    {
      ulb: tx.ulb.id,
      actor: tx.actor.id,
      key: request.idempotencyKey,
      hash: requestHash(request),
      order_id: orderId,
      now: tx.clock(),
    },
  );
}

/**
 * Reserves the order, or finds the one that the key ("asked-before") or the same open money ("shared") has already. "made": this caller creates
 * it at the gateway.
 */
async function reserveOrder(
  tx: Tx,
  request: OrderRequest,
): Promise<{ readonly order: Order; readonly kind: "made" | "asked-before" | "shared" }> {
  const asked = await tx.queryOne<{ order_id: string; request_hash: Buffer }>(
    `select order_id, request_hash from collections.order_requests
     where ulb_id = :ulb and actor = :actor and idempotency_key = :key`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key: request.idempotencyKey },
  );
  if (asked) {
    if (!asked.request_hash.equals(requestHash(request)))
      throw collectionErrors.IDEMPOTENCY_CONFLICT({ key: request.idempotencyKey });
    return { order: await getOrder(tx, asked.order_id), kind: "asked-before" };
  }
  const consumer = await getConsumer(tx, request.consumerId);
  const id = newId();
  const now = tx.clock();
  const made = await tx.queryOne<Order>(
    `insert into collections.orders (ulb_id, order_id, receipt, consumer_id, bill_id, amount, requested_by, created_at, attempted_at)
     values (:ulb, :id, :receipt, :consumer, :bill, :amount, :actor, :now, :now)
     on conflict (ulb_id, consumer_id, amount, coalesce(bill_id, '00000000-0000-0000-0000-000000000000'::uuid))
       where status <> 'paid' and state <> 'rejected' do nothing
     returning ${ORDER_COLUMNS}`,
    {
      ulb: tx.ulb.id,
      id,
      // 32 characters of the 40 that the gateway takes.
      receipt: id.replaceAll("-", ""),
      consumer: consumer.id,
      bill: request.billId ?? null,
      amount: request.amount,
      actor: tx.actor.id,
      now,
    },
  );
  // No row: another tab has the same money open. It has committed, because the insert waited for it.
  const order =
    made ??
    (await tx.queryOne<Order>(
      `select ${ORDER_COLUMNS} from collections.orders
       where ulb_id = :ulb and consumer_id = :consumer and amount = :amount and bill_id is not distinct from :bill::uuid
         and status <> 'paid' and state <> 'rejected'`,
      { ulb: tx.ulb.id, consumer: consumer.id, amount: request.amount, bill: request.billId ?? null },
    ));
  // Paid in the very moment between the two statements: run again as a whole, a new order is made then.
  if (!order) return reserveOrder(tx, request);
  if (made) await noteRequest(tx, request, order.id);
  return { order, kind: made ? "made" : "shared" };
}

/** Another caller is at the gateway for this order: waits a little for his answer, then looks for it. */
async function awaitOrder(app: CollectionsApp, who: Who, orderId: string): Promise<Order> {
  for (let i = 0; ; i++) {
    const order = await inTransaction(app, who, async (tx) => {
      const found = await getOrder(tx, orderId);
      const isStale = app.clock().getTime() - found.attemptedAt.getTime() > CREATING_MS;
      if ((found.state === "planned" && !isStale) || found.state === "confirmed" || found.state === "rejected")
        return found;
      // Ours now: only one caller moves the mark, the others go on waiting.
      const claimed = await tx.queryOne<Order>(
        `update collections.orders set attempted_at = :now, state = 'planned'
         where ulb_id = :ulb and order_id = :id and state in ('planned', 'unknown') and attempted_at = :before
         returning ${ORDER_COLUMNS}`,
        { ulb: tx.ulb.id, id: orderId, now: new Date(app.clock().getTime() + 1), before: found.attemptedAt },
      );
      return claimed ? { ...claimed, isClaimed: true } : found;
    });
    if (order.state === "confirmed") return order;
    if (order.state === "rejected") {
      throw collectionErrors.GATEWAY_REJECTED({
        what: `order ${order.id}`,
        reason: order.lastError ?? "no reason given",
      });
    }
    if ("isClaimed" in order) return makeAtGateway(app, who, order, false);
    if (i >= 40) throw collectionErrors.GATEWAY_UNREACHABLE({ order: orderId });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Makes the order at the gateway. What may have been made before is looked for by our id first. */
async function makeAtGateway(given: CollectionsApp, who: Who, order: Order, isFirst: boolean): Promise<Order> {
  const app = await atAccountOf(given, who, order.consumerId);
  let mayExist = !isFirst;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (mayExist) {
      const found = await app.gateway.findOrders(order.receipt);
      if (found.kind === "ok" && found.value.length > 0) return adoptOrder(app, who, order, found.value);
      if (found.kind !== "ok") continue;
    }
    const made = await app.gateway.createOrder({
      amount: order.amount,
      receipt: order.receipt,
      // The ULB is told to the gateway so that a webhook at another ULB's door can be told apart.
      notes: { ulb: who.ulb.code, order: order.id },
    });
    if (made.kind === "ok") return adoptOrder(app, who, order, [made.value]);
    if (made.kind === "rejected" && !/receipt should be unique/i.test(made.description)) {
      await inTransaction(app, who, (tx) =>
        tx.query(
          `update collections.orders set state = 'rejected', last_error = left(:error, 500)
           where ulb_id = :ulb and order_id = :id and state <> 'confirmed'`,
          { ulb: tx.ulb.id, id: order.id, error: made.description },
        ),
      );
      throw collectionErrors.GATEWAY_REJECTED({ what: `order ${order.id}`, reason: made.description });
    }
    mayExist = true;
  }
  await inTransaction(app, who, (tx) =>
    tx.query(
      `update collections.orders set state = 'unknown', last_error = 'the gateway gave no clear answer'
       where ulb_id = :ulb and order_id = :id and state = 'planned'`,
      { ulb: tx.ulb.id, id: order.id },
    ),
  );
  throw collectionErrors.GATEWAY_UNREACHABLE({ order: order.id });
}

/** Confirms the order with what the gateway made of it; of several (a fault on its side) the oldest, and the others are watched. */
async function adoptOrder(app: CollectionsApp, who: Who, order: Order, found: readonly GatewayOrder[]): Promise<Order> {
  const fitting = found.filter((o) => o.amount === order.amount && o.currency === "INR" && o.receipt === order.receipt);
  const [oldest, ...others] = [...fitting].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  if (!oldest)
    throw collectionErrors.GATEWAY_REJECTED({
      what: `order ${order.id}`,
      reason: "it holds our id with another amount",
    });
  return inTransaction(app, who, async (tx) => {
    const confirmed = await tx.queryOne<Order>(
      `update collections.orders
       set state = 'confirmed', provider_order_id = :provider_id, confirmed_at = :now, last_error = null, next_poll_at = :poll_at
       where ulb_id = :ulb and order_id = :id and state <> 'confirmed'
       returning ${ORDER_COLUMNS}`,
      { ulb: tx.ulb.id, id: order.id, provider_id: oldest.id, now: tx.clock(), poll_at: pollAt(order.createdAt, 0) },
    );
    const now = confirmed ?? (await getOrder(tx, order.id));
    await watchOrphans(
      tx,
      now,
      [oldest, ...others].map((o) => o.id),
    );
    return now;
  });
}

/** Orders of one request besides the one that we hold: kept, polled, and a person is told. */
async function watchOrphans(tx: Tx, order: Order, providerIds: readonly string[]): Promise<void> {
  const orphans = providerIds.filter((id) => id !== order.providerOrderId);
  if (orphans.length === 0) return;
  const now = tx.clock();
  await tx.query(
    `insert into collections.orphan_orders (ulb_id, provider_order_id, order_id, found_at, next_poll_at)
     select :ulb, id, :order_id, :now::timestamptz, :poll_at::timestamptz from unnest(:ids::text[]) as o (id)
     on conflict do nothing`,
    { ulb: tx.ulb.id, order_id: order.id, now, poll_at: pollAt(now, 0), ids: orphans },
  );
  await setTasks(
    tx,
    orphans.map((id) => ({
      kind: "orphan-order" as const,
      subject: id,
      message: `The gateway made more than one order for our order ${order.id}; ${id} is not handed out, and is watched for money`,
    })),
  );
}

/** Asks the gateway whether it made more than one order of this one's request, and watches the others. */
export async function adoptOrphans(app: CollectionsApp, who: Who, orderId: string): Promise<void> {
  const order = await inTransaction(app, who, (tx) => getOrder(tx, orderId));
  if (order.state !== "confirmed") return;
  const found = await app.gateway.findOrders(order.receipt);
  if (found.kind !== "ok" || found.value.length < 2) return;
  await inTransaction(app, who, (tx) =>
    watchOrphans(
      tx,
      order,
      found.value.filter((o) => o.receipt === order.receipt).map((o) => o.id),
    ),
  );
}

/** An order of the gateway that carries our ids but is not the one we hold becomes an orphan of that one. Gives whose, if it is one. */
export async function claimOrphan(
  tx: Tx,
  providerOrderId: string | null,
  origin: { readonly orderId: string | null; readonly receipt: string | null },
): Promise<string | undefined> {
  if (providerOrderId === null || (origin.orderId === null && origin.receipt === null)) return undefined;
  const order = await tx.queryOne<Order>(
    `select ${ORDER_COLUMNS} from collections.orders
     where ulb_id = :ulb and state = 'confirmed' and (receipt = :receipt or order_id::text = :order_id)
     order by receipt = :receipt desc nulls last limit 1`,
    { ulb: tx.ulb.id, receipt: origin.receipt, order_id: origin.orderId },
  );
  if (!order || order.providerOrderId === providerOrderId) return order?.id;
  await watchOrphans(tx, order, [providerOrderId]);
  return order.id;
}

/** Orders whose creation was interrupted (a crash, a lost answer) are looked for and confirmed, or made. Gives how many are settled now. */
export async function resolveOrders(app: CollectionsApp, who: Who, limit = 50): Promise<number> {
  const stale = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      `select order_id as id from collections.orders
       where ulb_id = :ulb and state in ('planned', 'unknown') and (state = 'unknown' or attempted_at < :before)
       order by attempted_at limit :row_limit`,
      { ulb: tx.ulb.id, before: new Date(app.clock().getTime() - CREATING_MS), row_limit: limit },
    ),
  );
  let resolved = 0;
  for (const { id } of stale) {
    const isDone = await awaitOrder(app, who, id).then(
      () => true,
      (error: unknown) => {
        if (isGatewayTrouble(error)) return false;
        throw error;
      },
    );
    if (isDone) resolved++;
  }
  return resolved;
}

function isGatewayTrouble(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "GATEWAY_UNREACHABLE" || error.code === "GATEWAY_REJECTED")
  );
}

/** The moment of the next poll, or null when the last one is behind. */
export function pollAt(createdAt: Date, pollCount: number): Date | null {
  const minutes = POLL_MINUTES[pollCount];
  return minutes === undefined ? null : new Date(createdAt.getTime() + minutes * 60_000);
}

/** Raises ORDER_NOT_FOUND. */
export async function getOrder(read: Read, orderId: string): Promise<Order> {
  const order = await read.queryOne<Order>(
    `select ${ORDER_COLUMNS} from collections.orders where ulb_id = :ulb and order_id = :id::uuid`,
    { ulb: read.ulb.id, id: orderId },
  );
  if (!order) throw collectionErrors.ORDER_NOT_FOUND({ order: orderId });
  return order;
}

/** What the payer's browser posts to the hosted page: a plain form, no script. Raises ORDER_NOT_FOUND, ORDER_PAID. */
export async function checkoutForm(
  app: CollectionsApp,
  read: Read,
  orderId: string,
  page: {
    readonly callbackUrl: string;
    readonly cancelUrl: string;
    readonly description: string;
    readonly contact?: string | undefined;
    readonly email?: string | undefined;
  },
): Promise<{ readonly action: string; readonly fields: Readonly<Record<string, string>> }> {
  const order = await getOrder(read, orderId);
  if (order.status === "paid") throw collectionErrors.ORDER_PAID({ order: orderId });
  invariant(order.providerOrderId !== null, "an order that is handed to the browser is confirmed");
  return {
    action: app.gateway.checkoutUrl,
    fields: {
      key_id: app.gateway.keyId,
      order_id: order.providerOrderId,
      amount: order.amount.toString(),
      currency: "INR",
      name: read.ulb.name,
      description: page.description.slice(0, 255),
      callback_url: page.callbackUrl,
      cancel_url: page.cancelUrl,
      ...(page.contact === undefined ? {} : { "prefill[contact]": page.contact }),
      ...(page.email === undefined ? {} : { "prefill[email]": page.email }),
    },
  };
}
