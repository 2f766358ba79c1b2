import { invariant } from "../ledger/kernel/errors.ts";
import { formatIndian, paise, type Paise } from "../ledger/kernel/money.ts";
import { inTransaction, type Read, type Tx, type Who } from "../ledger/kernel/tx.ts";
import type { CollectionsApp } from "./context.ts";
import { collectionErrors } from "./errors.ts";
import type { GatewayPayment } from "./gateway/index.ts";
import { getOrder, ORDER_COLUMNS, pollAt, type Order } from "./orders.ts";
import {
  capturedAt,
  CAPTURED,
  mergeStates,
  stateOf,
  type Booked,
  type Feed,
  type Observation,
  type PaymentState,
  type Rank,
} from "./payment-state.ts";
import { bookCaptures, type Capture } from "./receipts.ts";
import { setTasks } from "./tasks.ts";

export type Applied = {
  readonly booked: ReadonlyMap<string, Booked>;
  /** Payments of orders that are not ours, as far as we can see: the caller asks the gateway. */
  readonly unknown: ReadonlySet<string>;
  /** How many receipts and refund notes were issued. */
  readonly receipts: number;
};

type PaymentRow = {
  payment_id: string;
  provider_order_id: string | null;
  amount: bigint;
  rank: Rank;
  method: string;
  bank: string | null;
  card_last4: string | null;
  card_network: string | null;
  reference: string | null;
  contact: string | null;
  fee: bigint | null;
  tax: bigint | null;
  created_at: Date;
  uncaptured_at: Date | null;
  captured_at: Date | null;
};

/**
 * Applies what the feeds said, in one transaction: the one place where a payment's state changes. Whichever feed first says "captured" makes
 * the receipt, with its allocations, instrument, journal entry and outbox row; everything after that is a no-op. Any number of
 * observations, in any order, of any age. Locks: gateway orders, then consumers, then number series, each in order.
 * `adopt`: payments without an order of ours that the gateway confirmed to be this ULB's; they become unidentified receipts.
 */
export async function applyObservations(
  tx: Tx,
  observations: readonly Observation[],
  adopt: ReadonlySet<string> = new Set(),
): Promise<Applied> {
  if (observations.length === 0) return { booked: new Map(), unknown: new Set(), receipts: 0 };
  const said = new Map<string, PaymentState>();
  for (const o of observations) {
    const before = said.get(o.payment.id);
    said.set(o.payment.id, before ? mergeStates(before, stateOf(o)) : stateOf(o));
  }
  const orders = await lockOrders(tx, [...said.values()]);
  const unknown = new Set<string>();
  const wanted: PaymentState[] = [];
  for (const state of said.values()) {
    const isOurs = state.providerOrderId !== null && orders.has(state.providerOrderId);
    if ((isOurs && state.currency === "INR") || adopt.has(state.paymentId)) wanted.push(state);
    else unknown.add(state.paymentId);
  }
  // In the order of their ids: two transactions that bring the same payments never wait for each other.
  wanted.sort((a, b) => (a.paymentId < b.paymentId ? -1 : 1));
  const merged = await mergeStored(tx, wanted);
  const rows = await storePayments(tx, merged, orders);
  await storeObservations(
    tx,
    observations.filter((o) => !unknown.has(o.payment.id)),
  );
  await touchOrders(tx, merged, orders);

  const booked = new Map<string, Booked>();
  const captures: Capture[] = [];
  merged.forEach((state) => {
    const row = rows.get(state.paymentId);
    invariant(row, "a stored payment comes back");
    if (row.receipt_id !== null)
      booked.set(state.paymentId, { status: "receipt", receiptId: row.receipt_id, isNew: false });
    else if (row.refund_id !== null)
      booked.set(state.paymentId, { status: "refund-note", refundId: row.refund_id, isNew: false });
    else if (row.rank < CAPTURED) booked.set(state.paymentId, { status: "open", rank: row.rank });
    else {
      invariant(row.captured_at !== null, "a captured payment has its moment");
      const order = state.providerOrderId === null ? undefined : orders.get(state.providerOrderId);
      captures.push({ payment: state, order: order ?? null, paidAt: row.captured_at });
    }
  });
  for (const [paymentId, result] of await bookCaptures(tx, captures)) booked.set(paymentId, result);
  return { booked, unknown, receipts: captures.length };
}

/** One observation; see applyObservations. */
export async function applyObservation(tx: Tx, observation: Observation): Promise<Booked | undefined> {
  return (await applyObservations(tx, [observation])).booked.get(observation.payment.id);
}

async function lockOrders(tx: Tx, states: readonly PaymentState[]): Promise<Map<string, Order>> {
  const ids = [...new Set(states.flatMap((s) => (s.providerOrderId === null ? [] : [s.providerOrderId])))];
  if (ids.length === 0) return new Map();
  const rows = await tx.query<Order>(
    `select ${ORDER_COLUMNS} from collections.orders
     where ulb_id = :ulb and provider_order_id = any(:ids::text[])
     order by order_id for no key update`,
    { ulb: tx.ulb.id, ids },
  );
  return new Map(rows.map((o) => [o.providerOrderId ?? "", o]));
}

/** Joins what was said now with what was known, row by row. */
async function mergeStored(tx: Tx, states: readonly PaymentState[]): Promise<PaymentState[]> {
  if (states.length === 0) return [];
  const rows = await tx.query<PaymentRow>(
    `select payment_id, provider_order_id, amount, rank, method, bank, card_last4, card_network, reference, contact, fee, tax, created_at,
       uncaptured_at, captured_at
     from collections.payments where ulb_id = :ulb and payment_id = any(:ids::text[])
     order by payment_id for no key update`,
    { ulb: tx.ulb.id, ids: states.map((s) => s.paymentId) },
  );
  const known = new Map(rows.map((r) => [r.payment_id, r]));
  return states.map((state) => {
    const row = known.get(state.paymentId);
    return row ? mergeStates(storedState(row), state) : state;
  });
}

function storedState(r: PaymentRow): PaymentState {
  return {
    paymentId: r.payment_id,
    providerOrderId: r.provider_order_id,
    amount: paise(r.amount),
    currency: "INR",
    rank: r.rank,
    method: r.method,
    bank: r.bank,
    cardLast4: r.card_last4,
    cardNetwork: r.card_network,
    reference: r.reference,
    contact: r.contact,
    fee: r.fee === null ? null : paise(r.fee),
    tax: r.tax === null ? null : paise(r.tax),
    createdAt: r.created_at,
    uncapturedAt: r.uncaptured_at,
    capturedEventAt: r.captured_at,
  };
}

type StoredRow = {
  readonly rank: Rank;
  readonly captured_at: Date | null;
  readonly receipt_id: string | null;
  readonly refund_id: string | null;
};

async function storePayments(
  tx: Tx,
  states: readonly PaymentState[],
  orders: ReadonlyMap<string, Order>,
): Promise<Map<string, StoredRow>> {
  if (states.length === 0) return new Map();
  // A payment without an order of ours has no order row to serialise on; there the conflict clause keeps the greater rank.
  const rows = await tx.query<StoredRow & { payment_id: string }>(
    `insert into collections.payments as p (ulb_id, payment_id, order_id, provider_order_id, amount, rank, method, bank, card_last4, card_network,
       reference, contact, fee, tax, created_at, uncaptured_at, captured_at, first_seen_at)
     select :ulb, s.*, :now::timestamptz
     from unnest(:ids::text[], :orders::uuid[], :provider_orders::text[], :amounts::bigint[], :ranks::smallint[], :methods::text[], :banks::text[],
       :last4s::text[], :networks::text[], :refs::text[], :contacts::text[], :fees::bigint[], :taxes::bigint[], :created::timestamptz[],
       :uncaptured::timestamptz[], :captured::timestamptz[]) as s
     on conflict (ulb_id, payment_id) do update set
       order_id = coalesce(p.order_id, excluded.order_id),
       provider_order_id = coalesce(p.provider_order_id, excluded.provider_order_id),
       amount = case when p.booked_as is null then excluded.amount else p.amount end,
       rank = greatest(p.rank, excluded.rank),
       method = excluded.method, bank = excluded.bank, card_last4 = excluded.card_last4, card_network = excluded.card_network,
       reference = excluded.reference, contact = excluded.contact, fee = excluded.fee, tax = excluded.tax, created_at = excluded.created_at,
       uncaptured_at = excluded.uncaptured_at,
       captured_at = coalesce(p.captured_at, excluded.captured_at)
     returning payment_id, rank, captured_at, receipt_id, refund_id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: states.map((s) => s.paymentId),
      orders: states.map((s) => (s.providerOrderId === null ? null : (orders.get(s.providerOrderId)?.id ?? null))),
      provider_orders: states.map((s) => s.providerOrderId),
      amounts: states.map((s) => s.amount),
      ranks: states.map((s) => s.rank),
      methods: states.map((s) => s.method),
      banks: states.map((s) => s.bank),
      last4s: states.map((s) => s.cardLast4),
      networks: states.map((s) => s.cardNetwork),
      refs: states.map((s) => s.reference),
      contacts: states.map((s) => s.contact),
      fees: states.map((s) => s.fee),
      taxes: states.map((s) => s.tax),
      created: states.map((s) => s.createdAt),
      uncaptured: states.map((s) => s.uncapturedAt),
      captured: states.map((s) => (s.rank === CAPTURED ? capturedAt(s) : null)),
    },
  );
  return new Map(rows.map((r) => [r.payment_id, r]));
}

async function storeObservations(tx: Tx, observations: readonly Observation[]): Promise<void> {
  if (observations.length === 0) return;
  await tx.query(
    `insert into collections.payment_observations (ulb_id, payment_id, feed, rank, event_key, observed_at)
     select :ulb, o.*, :now::timestamptz
     from unnest(:ids::text[], :feeds::text[], :ranks::smallint[], :keys::text[]) as o`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: observations.map((o) => o.payment.id),
      feeds: observations.map((o) => o.feed),
      ranks: observations.map((o) => stateOf(o).rank),
      keys: observations.map((o) => o.eventKey ?? null),
    },
  );
}

/** An order with a capture is paid and is not polled any more; one with an attempt says so. */
async function touchOrders(tx: Tx, states: readonly PaymentState[], orders: ReadonlyMap<string, Order>): Promise<void> {
  const status = new Map<string, "attempted" | "paid">();
  for (const s of states) {
    const order = s.providerOrderId === null ? undefined : orders.get(s.providerOrderId);
    if (!order || order.status === "paid") continue;
    if (s.rank === CAPTURED) status.set(order.id, "paid");
    else if (order.status === "created" && status.get(order.id) !== "paid") status.set(order.id, "attempted");
  }
  if (status.size === 0) return;
  await tx.query(
    `update collections.orders o
     set status = s.status, next_poll_at = case when s.status = 'paid' then null else o.next_poll_at end
     from unnest(:ids::uuid[], :statuses::text[]) as s (order_id, status)
     where o.ulb_id = :ulb and o.order_id = s.order_id`,
    { ulb: tx.ulb.id, ids: [...status.keys()], statuses: [...status.values()] },
  );
}

// ---------------------------------------------------------------- the feeds that ask

export type CallbackFields = Readonly<Record<string, string | undefined>>;
export type PayerSees =
  | { readonly status: "paid"; readonly receiptId: string }
  | { readonly status: "refundable"; readonly refundId: string }
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
  return payerSees(booked);
}

/** Asks the gateway what became of an order, and applies it. The payer's page, the sweeper and "search payment" at the counter do this. */
export async function pollOrder(app: CollectionsApp, who: Who, orderId: string): Promise<PayerSees> {
  const order = await inTransaction(app, who, (tx) => getOrder(tx, orderId));
  if (order.providerOrderId === null) return { status: "processing" };
  const found = await app.gateway.orderPayments(order.providerOrderId);
  return inTransaction(app, who, async (tx) => {
    await tx.query(
      `update collections.orders set poll_count = poll_count + 1,
         next_poll_at = case when status = 'paid' then null else :next_at::timestamptz end
       where ulb_id = :ulb and order_id = :id`,
      { ulb: tx.ulb.id, id: order.id, next_at: nextPoll(order, tx.clock()) },
    );
    if (found.kind !== "ok") return { status: "processing" };
    const { booked } = await applyObservations(
      tx,
      found.value.map((payment) => ({ payment, feed: "poll" as const, at: tx.clock() })),
    );
    const results = [...booked.values()].map(payerSees);
    return (
      results.find((r) => r.status === "paid") ??
      results.find((r) => r.status === "refundable") ??
      results.find((r) => r.status === "processing") ??
      results.at(-1) ?? { status: "processing" }
    );
  });
}

/** The first moment of the schedule that lies ahead. */
function nextPoll(order: Order, now: Date): Date | null {
  for (let i = 0; ; i++) {
    const at = pollAt(order.createdAt, i);
    if (at === null || at > now) return at;
  }
}

/** Polls the orders that are due: a payer closed the tab and every webhook was lost. Gives how many were asked for. */
export async function pollDueOrders(app: CollectionsApp, who: Who, limit = 100): Promise<number> {
  const due = await inTransaction(app, who, (tx) =>
    tx.query<{ id: string }>(
      `select order_id as id from collections.orders
       where ulb_id = :ulb and next_poll_at <= :now and state = 'confirmed' and status <> 'paid'
       order by next_poll_at limit :row_limit`,
      { ulb: tx.ulb.id, now: tx.clock(), row_limit: limit },
    ),
  );
  for (const { id } of due) await pollOrder(app, who, id);
  return due.length;
}

function payerSees(booked: Booked | undefined): PayerSees {
  if (booked?.status === "receipt") return { status: "paid", receiptId: booked.receiptId };
  if (booked?.status === "refund-note") return { status: "refundable", refundId: booked.refundId };
  if (booked?.status === "foreign") return { status: "failed", reason: booked.reason };
  if (booked?.status === "open" && booked.rank === 1)
    return { status: "failed", reason: "The bank declined the payment." };
  return { status: "processing" };
}

/**
 * Asks the gateway for payments by id and applies them: for events whose order we do not know, for payments that only a settlement shows, for
 * "search payment". A captured payment whose order names no other ULB is adopted as unidentified: money taken is never refused.
 * Payments for which the gateway did not answer are missing from the result.
 */
export async function observePayments(
  app: CollectionsApp,
  who: Who,
  paymentIds: readonly string[],
  feed: Feed,
): Promise<ReadonlyMap<string, Booked>> {
  const result = new Map<string, Booked>();
  for (const id of paymentIds) {
    const outcome = await app.gateway.fetchPayment(id);
    // Only "no such payment" tells something about the payment; a refused key or the like is our own trouble and is tried again.
    if (outcome.kind === "rejected" && (outcome.status === 400 || outcome.status === 404)) {
      result.set(id, {
        status: "foreign",
        reason: `the gateway does not know it in our account: ${outcome.description}`,
      });
    }
    if (outcome.kind !== "ok") continue;
    const payment = outcome.value;
    const observation: Observation = { payment, feed, at: app.clock() };
    const first = await inTransaction(app, who, (tx) => applyObservations(tx, [observation]));
    const booked = first.booked.get(id) ?? (await adoptStranger(app, who, observation));
    if (booked) result.set(id, booked);
  }
  return result;
}

async function adoptStranger(app: CollectionsApp, who: Who, observation: Observation): Promise<Booked | undefined> {
  const { payment } = observation;
  if (payment.currency !== "INR")
    return { status: "foreign", reason: `it is in ${payment.currency}, the books are in rupees` };
  const ulb = await ulbOf(app, payment);
  if (ulb === undefined) return undefined;
  if (ulb !== null && ulb !== who.ulb.code) return { status: "foreign", reason: `it belongs to the ULB ${ulb}` };
  // An uncaptured stranger is nobody's money yet; if it is captured later, that comes as an event of its own.
  if (!payment.captured) return { status: "open", rank: stateOf(observation).rank };
  return inTransaction(app, who, async (tx) => {
    const applied = await applyObservations(tx, [observation], new Set([payment.id]));
    await setTasks(tx, [
      {
        kind: "unidentified-payment",
        subject: payment.id,
        message: `${formatIndian(payment.amount)} was captured as ${payment.id} for no order of ours; find whose it is`,
      },
    ]);
    return applied.booked.get(payment.id);
  });
}

/** The ULB that the gateway's order (or the payment itself) names; null when it names none, undefined when the gateway did not answer. */
async function ulbOf(app: CollectionsApp, payment: GatewayPayment): Promise<string | null | undefined> {
  if (payment.notes["ulb"] !== undefined) return payment.notes["ulb"];
  if (payment.orderId === null) return null;
  const order = await app.gateway.fetchOrder(payment.orderId);
  if (order.kind === "unknown") return undefined;
  return order.kind === "ok" ? (order.value.notes["ulb"] ?? null) : null;
}

export type PaymentInfo = {
  readonly id: string;
  readonly orderId: string | null;
  readonly amount: Paise;
  readonly rank: Rank;
  readonly method: string;
  readonly reference: string | null;
  readonly capturedAt: Date | null;
  readonly receiptId: string | null;
  readonly refundId: string | null;
  readonly settlementId: string | null;
};

/** The payments of an order, or one by its id. */
export async function findPayments(
  read: Read,
  by: { readonly orderId?: string; readonly paymentId?: string },
): Promise<PaymentInfo[]> {
  return read.query<PaymentInfo>(
    `select payment_id as id, order_id as "orderId", amount, rank, method, reference, captured_at as "capturedAt", receipt_id as "receiptId",
       refund_id as "refundId", settlement_id as "settlementId"
     from collections.payments
     where ulb_id = :ulb and (order_id = :order_id::uuid or payment_id = :payment_id)
     order by created_at, payment_id`,
    { ulb: read.ulb.id, order_id: by.orderId ?? null, payment_id: by.paymentId ?? null },
  );
}
