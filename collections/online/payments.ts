import { invariant } from "../../ledger/kernel/errors.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { planCaptures } from "./capture-plan.ts";
import type { Claim } from "./orders.ts";
import {
  AUTHORIZED,
  capturedAt,
  CAPTURED,
  isLate,
  mergeStates,
  stateOf,
  type Booked,
  type Observation,
  type PaymentState,
  type Rank,
} from "./payment-state.ts";
import { bookCaptures, type Capture } from "./book-captures.ts";
import { refundSecondPayments } from "../refunds/refunds.ts";

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
  captured_seen_at: Date | null;
};

/** What a payment is for, and how its row is locked against other feeds. */
type Claimed = Claim & { readonly status: "created" | "attempted" | "paid" };

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
  const claims = await lockClaims(tx, [...said.values()]);
  const unknown = new Set<string>();
  const wanted: PaymentState[] = [];
  for (const state of said.values()) {
    if ((claims.has(state.paymentId) && state.currency === "INR") || adopt.has(state.paymentId)) wanted.push(state);
    else unknown.add(state.paymentId);
  }
  // In the order of their ids: two transactions that bring the same payments never wait for each other.
  wanted.sort((a, b) => (a.paymentId < b.paymentId ? -1 : 1));
  const merged = await mergeStored(tx, wanted);
  const rows = await storePayments(tx, merged, claims);
  await storeObservations(
    tx,
    observations.filter((o) => !unknown.has(o.payment.id)),
  );
  await touchOrders(tx, merged, claims);

  const booked = new Map<string, Booked>();
  const captures: Capture[] = [];
  merged.forEach((state) => {
    const row = rows.get(state.paymentId);
    invariant(row, "a stored payment comes back");
    if (row.receipt_id !== null)
      booked.set(state.paymentId, {
        status: "receipt",
        receiptId: row.receipt_id,
        refundId: row.refund_id,
        isNew: false,
      });
    else if (row.refund_id !== null)
      booked.set(state.paymentId, { status: "refund-note", refundId: row.refund_id, isNew: false });
    else if (row.rank < CAPTURED) booked.set(state.paymentId, { status: "open", rank: row.rank });
    else {
      invariant(row.captured_at !== null, "a captured payment has its moment");
      captures.push({ payment: state, order: claims.get(state.paymentId) ?? null, paidAt: row.captured_at });
    }
  });
  for (const [paymentId, result] of await bookCaptures(tx, captures)) booked.set(paymentId, result);
  await refundSecondPayments(
    tx,
    captures.flatMap((c) => (booked.get(c.payment.paymentId)?.status === "receipt" ? [c.payment.paymentId] : [])),
  );
  await planCaptures(
    tx,
    merged.flatMap((s) => {
      const claim = claims.get(s.paymentId);
      return claim && rows.get(s.paymentId)?.rank === AUTHORIZED ? [{ paymentId: s.paymentId, claim }] : [];
    }),
  );
  return { booked, unknown, receipts: captures.length };
}

/** One observation; see applyObservations. */
export async function applyObservation(tx: Tx, observation: Observation): Promise<Booked | undefined> {
  return (await applyObservations(tx, [observation])).booked.get(observation.payment.id);
}

/**
 * What each payment is for: its order (by the gateway's id of it, or of one that the gateway made twice), else the request that it came through.
 * Locked, so that feeds that tell of the same payment wait for each other.
 */
async function lockClaims(tx: Tx, states: readonly PaymentState[]): Promise<Map<string, Claimed>> {
  const orderIds = [...new Set(states.flatMap((s) => (s.providerOrderId === null ? [] : [s.providerOrderId])))];
  const orders =
    orderIds.length === 0
      ? []
      : await tx.query<Claimed & { readonly providerId: string }>(
          `select o.order_id as id, 'order' as kind, o.consumer_id as "consumerId", o.bill_id as "billId", o.amount, o.status,
             o.created_at as "createdAt", p.provider_id as "providerId"
           from (
             select order_id, provider_order_id as provider_id from collections.orders
             where ulb_id = :ulb and provider_order_id = any(:ids::text[])
             union all
             select order_id, provider_order_id from collections.orphan_orders
             where ulb_id = :ulb and provider_order_id = any(:ids::text[])
           ) as p
           join collections.orders o on o.ulb_id = :ulb and o.order_id = p.order_id
           order by o.order_id for no key update of o`,
          { ulb: tx.ulb.id, ids: orderIds },
        );
  const byOrder = new Map(orders.map(({ providerId, ...claim }) => [providerId, claim]));
  const claims = new Map<string, Claimed>();
  const rest: string[] = [];
  for (const s of states) {
    const order = s.providerOrderId === null ? undefined : byOrder.get(s.providerOrderId);
    if (order) claims.set(s.paymentId, order);
    else rest.push(s.paymentId);
  }
  if (rest.length > 0) {
    const requests = await tx.query<Claimed & { readonly paymentId: string }>(
      `select r.request_id as id, 'request' as kind, r.consumer_id as "consumerId", r.bill_id as "billId", r.amount, 'created' as status,
         r.created_at as "createdAt", m.payment_id as "paymentId"
       from collections.request_payments m
       join collections.payment_requests r on r.ulb_id = m.ulb_id and r.request_id = m.request_id
       where m.ulb_id = :ulb and m.payment_id = any(:ids::text[])
       order by r.request_id for no key update of r`,
      { ulb: tx.ulb.id, ids: rest },
    );
    for (const { paymentId, ...claim } of requests) claims.set(paymentId, claim);
  }
  return claims;
}

/** Joins what was said now with what was known, row by row. */
async function mergeStored(tx: Tx, states: readonly PaymentState[]): Promise<PaymentState[]> {
  if (states.length === 0) return [];
  const rows = await tx.query<PaymentRow>(
    `select payment_id, provider_order_id, amount, rank, method, bank, card_last4, card_network, reference, contact, fee, tax, created_at,
       uncaptured_at, captured_at, captured_seen_at
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
    // A stored moment stays: what was booked on it is not moved by what is heard later.
    capturedEventAt: r.captured_at,
    capturedSeenAt: r.captured_seen_at,
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
  claims: ReadonlyMap<string, Claimed>,
): Promise<Map<string, StoredRow>> {
  if (states.length === 0) return new Map();
  // A payment without an order of ours has no order row to serialise on; there the conflict clause keeps the greater rank.
  const rows = await tx.query<StoredRow & { payment_id: string }>(
    `insert into collections.payments as p (ulb_id, payment_id, order_id, provider_order_id, amount, rank, method, bank, card_last4, card_network,
       reference, contact, fee, tax, created_at, uncaptured_at, captured_at, captured_seen_at, request_id, first_seen_at)
     select :ulb, s.*, :now::timestamptz
     from unnest(:ids::text[], :orders::uuid[], :provider_orders::text[], :amounts::bigint[], :ranks::smallint[], :methods::text[], :banks::text[],
       :last4s::text[], :networks::text[], :refs::text[], :contacts::text[], :fees::bigint[], :taxes::bigint[], :created::timestamptz[],
       :uncaptured::timestamptz[], :captured::timestamptz[], :seen::timestamptz[], :requests::uuid[]) as s
     on conflict (ulb_id, payment_id) do update set
       order_id = coalesce(p.order_id, excluded.order_id),
       provider_order_id = coalesce(p.provider_order_id, excluded.provider_order_id),
       amount = case when p.booked_as is null then excluded.amount else p.amount end,
       rank = greatest(p.rank, excluded.rank),
       method = excluded.method, bank = excluded.bank, card_last4 = excluded.card_last4, card_network = excluded.card_network,
       reference = excluded.reference, contact = excluded.contact, fee = excluded.fee, tax = excluded.tax, created_at = excluded.created_at,
       uncaptured_at = excluded.uncaptured_at,
       captured_at = coalesce(p.captured_at, excluded.captured_at),
       captured_seen_at = least(p.captured_seen_at, excluded.captured_seen_at),
       request_id = coalesce(p.request_id, excluded.request_id)
     returning payment_id, rank, captured_at, receipt_id, refund_id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      ids: states.map((s) => s.paymentId),
      orders: states.map((s) => idOf(claims.get(s.paymentId), "order")),
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
      seen: states.map((s) => s.capturedSeenAt),
      requests: states.map((s) => idOf(claims.get(s.paymentId), "request")),
    },
  );
  return new Map(rows.map((r) => [r.payment_id, r]));
}

const idOf = (claim: Claimed | undefined, kind: Claim["kind"]): string | null =>
  claim?.kind === kind ? claim.id : null;

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
async function touchOrders(
  tx: Tx,
  states: readonly PaymentState[],
  claims: ReadonlyMap<string, Claimed>,
): Promise<void> {
  const status = new Map<string, "attempted" | "paid">();
  for (const s of states) {
    const order = claims.get(s.paymentId);
    if (order?.kind !== "order" || order.status === "paid") continue;
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
  readonly createdAt: Date;
  readonly requestId: string | null;
  readonly convenienceFee: Paise;
  readonly refunded: Paise;
  readonly disputed: Paise;
  /** The bank's yes came long after the attempt: the payer had been told that it failed. */
  readonly isLate: boolean;
};

/** The payments of an order, or of a payment request, or one by its id. */
export async function findPayments(
  read: Read,
  by: { readonly orderId?: string; readonly paymentId?: string; readonly requestId?: string },
): Promise<PaymentInfo[]> {
  const { requestId } = by;
  // Two statements: an "or" over a third column would read every payment.
  const rows = await read.query<Omit<PaymentInfo, "isLate">>(
    `select payment_id as id, order_id as "orderId", amount, rank, method, reference, captured_at as "capturedAt", receipt_id as "receiptId",
       refund_id as "refundId", settlement_id as "settlementId", created_at as "createdAt", request_id as "requestId",
       convenience_fee as "convenienceFee", refunded, disputed
     from collections.payments
     where ulb_id = :ulb and ${
       requestId === undefined
         ? "(order_id = :order_id::uuid or payment_id = :payment_id)"
         : "payment_id in (select payment_id from collections.request_payments where ulb_id = :ulb and request_id = :request_id::uuid)"
     }
     order by created_at, first_seen_at, payment_id`,
    {
      ulb: read.ulb.id,
      ...(requestId === undefined
        ? { order_id: by.orderId ?? null, payment_id: by.paymentId ?? null }
        : { request_id: requestId }),
    },
  );
  return rows.map((r) => ({ ...r, isLate: r.capturedAt !== null && isLate(r.capturedAt, r.createdAt) }));
}
