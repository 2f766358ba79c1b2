import { inTransaction, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import type { CollectionsApp } from "../context.ts";
import { collectionErrors } from "../errors.ts";
import { adoptOrphans, getOrder, pollAt, type Order } from "./orders.ts";
import { paceOf, retryAt } from "./pace.ts";
import type { Booked } from "./payment-state.ts";
import { applyObservations } from "./payments.ts";
import { observePayments } from "./strangers.ts";

export type CallbackFields = Readonly<Record<string, string | undefined>>;

export type PayerSees =
  | { readonly status: "paid"; readonly receiptId: string }
  /** Captured, set against no due, and to be given back. */
  | { readonly status: "refundable"; readonly refundId: string; readonly receiptId?: string }
  /** The bank may still say yes: the page looks again. */
  | { readonly status: "processing" }
  | { readonly status: "failed"; readonly reason: string };

/**
 * The payer's browser is back from the payment page. Its signature is checked with our own order's id; then the gateway itself is asked,
 * because a callback alone issues no receipt. Raises ORDER_NOT_FOUND, CALLBACK_SIGNATURE (nothing written).
 */
export async function handleCallback(
  app: CollectionsApp,
  who: Who,
  orderId: string,
  fields: CallbackFields,
): Promise<PayerSees> {
  const order = await inTransaction(app, who, (tx) => getOrder(tx, orderId));
  const paymentId = fields["razorpay_payment_id"];
  if (paymentId === undefined) {
    const result = await pollOrder(app, who, orderId);
    const reason = fields["error[description]"] ?? "The payment was not completed.";
    return result.status === "processing" ? { status: "failed", reason: reason.slice(0, 300) } : result;
  }
  const isSigned =
    order.providerOrderId !== null &&
    /^pay_[A-Za-z0-9]{14}$/.test(paymentId) &&
    app.gateway.verifyCheckout({
      orderId: order.providerOrderId,
      paymentId,
      signature: fields["razorpay_signature"] ?? "",
    });
  if (!isSigned) throw collectionErrors.CALLBACK_SIGNATURE({ order: orderId });
  const booked = (await observePayments(app, who, [paymentId], "callback")).get(paymentId);
  return seenOf(booked);
}

/**
 * Asks the gateway what became of an order, and applies it. The payer's page, the sweeper and "search payment" at the counter do this. Without an
 * answer the order is asked for again soon, ever more slowly, and keeps its place in the schedule.
 */
export async function pollOrder(app: CollectionsApp, who: Who, orderId: string): Promise<PayerSees> {
  const order = await inTransaction(app, who, (tx) => getOrder(tx, orderId));
  if (order.providerOrderId === null) return { status: "processing" };
  const found = await app.gateway.orderPayments(order.providerOrderId);
  paceOf(app.gateway).noteAnswer(found, app.clock());
  return inTransaction(app, who, async (tx) => {
    await noteAsked(tx, order, found.kind === "ok");
    if (found.kind !== "ok") return { status: "processing" };
    const { booked } = await applyObservations(
      tx,
      found.value.map((payment) => ({ payment, feed: "poll" as const, at: tx.clock() })),
    );
    const results = [...booked.values()].map(seenOf);
    return (
      results.find((r) => r.status === "paid") ??
      results.find((r) => r.status === "refundable") ??
      results.find((r) => r.status === "processing") ??
      results.at(-1) ?? { status: "processing" }
    );
  });
}

async function noteAsked(tx: Tx, order: Order, isAnswered: boolean): Promise<void> {
  const now = tx.clock();
  if (isAnswered) {
    await tx.query(
      `update collections.orders set poll_count = poll_count + 1, poll_failures = 0,
         next_poll_at = case when status = 'paid' then null else :next_at::timestamptz end
       where ulb_id = :ulb and order_id = :id`,
      { ulb: tx.ulb.id, id: order.id, next_at: nextPoll(order, now) },
    );
    return;
  }
  const row = await tx.queryOne<{ n: number }>(
    `update collections.orders set poll_failures = poll_failures + 1 where ulb_id = :ulb and order_id = :id returning poll_failures as n`,
    { ulb: tx.ulb.id, id: order.id },
  );
  await tx.query(
    `update collections.orders set next_poll_at = :next_at::timestamptz
     where ulb_id = :ulb and order_id = :id and status <> 'paid'`,
    { ulb: tx.ulb.id, id: order.id, next_at: retryAt(now, (row?.n ?? 1) - 1) },
  );
}

/** The first moment of the schedule that lies ahead. */
function nextPoll(order: { readonly createdAt: Date }, now: Date): Date | null {
  for (let i = 0; ; i++) {
    const at = pollAt(order.createdAt, i);
    if (at === null || at > now) return at;
  }
}

/**
 * Polls the orders that are due (a payer closed the tab and every webhook was lost), and orders that the gateway made twice, as fast as the gateway
 * lets sweepers ask: what does not fit stays due. Gives how many were asked for.
 */
export async function pollDueOrders(app: CollectionsApp, who: Who, limit = 100): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string; count: number }>(
      `select order_id as id, poll_count as count from collections.orders
       where ulb_id = :ulb and next_poll_at <= :now and state = 'confirmed' and status <> 'paid'
       order by next_poll_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  const pace = paceOf(app.gateway);
  let asked = 0;
  for (const { id, count } of due) {
    if (!pace.mayAsk(app.clock())) return asked;
    await pollOrder(app, who, id);
    // Once, early: whether the gateway made one order of our request, or two.
    if (count === 0 && pace.mayAsk(app.clock())) await adoptOrphans(app, who, id);
    asked++;
  }
  return asked + (await pollOrphans(app, who, limit - asked));
}

/** Asks for the payments of orders that the gateway made twice: somebody may pay the one that we never handed out. */
async function pollOrphans(app: CollectionsApp, who: Who, limit: number): Promise<number> {
  if (limit <= 0) return 0;
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string; createdAt: Date }>(
      `select f.provider_order_id as id, f.found_at as "createdAt" from collections.orphan_orders f
       where f.ulb_id = :ulb and f.next_poll_at <= :now order by f.next_poll_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  const pace = paceOf(app.gateway);
  let asked = 0;
  for (const orphan of due) {
    if (!pace.mayAsk(app.clock())) return asked;
    const found = await app.gateway.orderPayments(orphan.id);
    pace.noteAnswer(found, app.clock());
    await inTransaction(app, who, async (tx) => {
      await tx.query(
        `update collections.orphan_orders set poll_count = poll_count + 1, next_poll_at = :next_at::timestamptz
         where ulb_id = :ulb and provider_order_id = :id`,
        {
          ulb: tx.ulb.id,
          id: orphan.id,
          next_at: found.kind === "ok" ? nextPoll(orphan, tx.clock()) : retryAt(tx.clock(), 0),
        },
      );
      if (found.kind !== "ok") return;
      await applyObservations(
        tx,
        found.value.map((payment) => ({ payment, feed: "poll" as const, at: tx.clock() })),
      );
    });
    asked++;
  }
  return asked;
}

export function seenOf(booked: Booked | undefined): PayerSees {
  if (booked?.status === "receipt") {
    const { receiptId, refundId } = booked;
    return refundId === null ? { status: "paid", receiptId } : { status: "refundable", refundId, receiptId };
  }
  if (booked?.status === "refund-note") return { status: "refundable", refundId: booked.refundId };
  if (booked?.status === "foreign") return { status: "failed", reason: booked.reason };
  if (booked?.status === "open" && booked.rank === 1)
    return { status: "failed", reason: "The bank declined the payment." };
  return { status: "processing" };
}
