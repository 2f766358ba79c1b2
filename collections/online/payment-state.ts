import type { Instant } from "../../ledger/kernel/dates.ts";
import { ZERO, paise, type Paise } from "../../ledger/kernel/money.ts";
import type { GatewayPayment } from "../gateway/index.ts";

/** The feeds that tell us about a payment. None is trusted more than another: what the gateway says happened, happened. */
export type Feed = "callback" | "webhook" | "poll" | "settlement";

/** What one feed said about one payment. `at` is the moment of the statement: the event's own time, or when we asked. */
export type Observation = {
  readonly payment: GatewayPayment;
  readonly feed: Feed;
  readonly at: Instant;
  readonly eventKey?: string | undefined;
};

/** created 0 < failed 1 < authorized 2 < captured 3. Failed is never the end: a late yes of the bank may follow. */
export type Rank = 0 | 1 | 2 | 3;
export const AUTHORIZED: Rank = 2;
export const CAPTURED: Rank = 3;

export function rankOf(payment: GatewayPayment): Rank {
  if (payment.captured) return 3;
  if (payment.status === "authorized" || payment.status === "refunded") return 2;
  return payment.status === "failed" ? 1 : 0;
}

/** What all observations together say. It only grows: merging is commutative, associative and idempotent (property-tested). */
export type PaymentState = {
  readonly paymentId: string;
  readonly providerOrderId: string | null;
  readonly amount: Paise;
  readonly currency: string;
  readonly rank: Rank;
  readonly method: string;
  readonly bank: string | null;
  readonly cardLast4: string | null;
  readonly cardNetwork: string | null;
  readonly reference: string | null;
  readonly contact: string | null;
  readonly fee: Paise | null;
  readonly tax: Paise | null;
  readonly createdAt: Instant;
  /** The last moment at which it was said not to be captured. */
  readonly uncapturedAt: Instant | null;
  /** The first moment at which it was said to be captured: by an event of its own, or by an answer to our asking. */
  readonly capturedEventAt: Instant | null;
  /** The first answer to our asking that showed it captured: it was captured at that moment or before. */
  readonly capturedSeenAt: Instant | null;
};

/** What is authorised later than this after the attempt is a late authorisation: the bank had not answered, and the payer thinks it failed. */
export const LATE_MS = 15 * 60_000;

export function stateOf({ payment, feed, at }: Observation): PaymentState {
  const rank = rankOf(payment);
  return {
    paymentId: payment.id,
    providerOrderId: payment.orderId,
    amount: payment.amount,
    currency: payment.currency,
    rank,
    method: payment.method,
    bank: payment.bank,
    cardLast4: payment.cardLast4,
    cardNetwork: payment.cardNetwork,
    reference: payment.reference,
    contact: payment.contact,
    fee: payment.fee,
    tax: payment.tax,
    createdAt: payment.createdAt,
    uncapturedAt: rank < CAPTURED ? at : null,
    // Only the gateway's own event knows the moment of capture; an answer to our asking comes later than it.
    capturedEventAt: rank === CAPTURED && feed === "webhook" ? at : null,
    capturedSeenAt: rank === CAPTURED && feed !== "webhook" ? at : null,
  };
}

const greater = <T extends string | bigint>(a: T | null, b: T | null): T | null =>
  a === null ? b : b === null ? a : a > b ? a : b;
const later = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null ? b : b === null ? a : a > b ? a : b;
const earlier = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null ? b : b === null ? a : a < b ? a : b;

/** Joins two states of one payment. The higher rank tells the amount and the method; of equals the greater, so that order never matters. */
export function mergeStates(a: PaymentState, b: PaymentState): PaymentState {
  const [high, low] = a.rank >= b.rank ? [a, b] : [b, a];
  const isTie = a.rank === b.rank;
  const pick = <T extends string | bigint>(x: T | null, y: T | null): T | null => (isTie ? greater(x, y) : (x ?? y));
  return {
    paymentId: high.paymentId,
    providerOrderId: greater(a.providerOrderId, b.providerOrderId),
    amount: pick(high.amount, low.amount) ?? high.amount,
    currency: pick(high.currency, low.currency) ?? high.currency,
    rank: high.rank,
    method: pick(high.method, low.method) ?? high.method,
    bank: greater(a.bank, b.bank),
    cardLast4: greater(a.cardLast4, b.cardLast4),
    cardNetwork: greater(a.cardNetwork, b.cardNetwork),
    reference: greater(a.reference, b.reference),
    contact: greater(a.contact, b.contact),
    fee: greater(a.fee, b.fee),
    tax: greater(a.tax, b.tax),
    createdAt: earlier(a.createdAt, b.createdAt) ?? a.createdAt,
    uncapturedAt: later(a.uncapturedAt, b.uncapturedAt),
    capturedEventAt: earlier(a.capturedEventAt, b.capturedEventAt),
    capturedSeenAt: earlier(a.capturedSeenAt, b.capturedSeenAt),
  };
}

/**
 * When the money was paid: the captured event's own time. Without one, when the payment was made, or the last time it was still said not to be
 * captured, if that is later; and where that is a late authorisation (a day later, webhooks lost), when it was first seen captured: the gateway
 * gives no other moment, and the money did not exist before the last time it was denied.
 */
export function capturedAt(state: PaymentState): Instant {
  if (state.capturedEventAt !== null) return state.capturedEventAt;
  const { createdAt, uncapturedAt, capturedSeenAt } = state;
  if (uncapturedAt === null || uncapturedAt <= createdAt) return createdAt;
  const isLate = uncapturedAt.getTime() - createdAt.getTime() >= LATE_MS;
  return isLate && capturedSeenAt !== null && capturedSeenAt > uncapturedAt ? capturedSeenAt : uncapturedAt;
}

/** Whether the bank's yes came late; see LATE_MS. */
export function isLate(capturedAt: Instant, createdAt: Instant): boolean {
  return capturedAt.getTime() - createdAt.getTime() >= LATE_MS;
}

/**
 * What of a captured amount is the gateway's fee that the payer bore on top of the order's amount. The gateway's own figure of the fee must be the
 * difference; where it tells none yet, a difference of up to a twentieth. Anything else is an amount that differs, and a person is told.
 */
export function convenienceFee(
  payment: Pick<PaymentState, "amount" | "fee">,
  asked: Paise | null,
  feeBearer: "ulb" | "payer",
): Paise {
  if (feeBearer !== "payer" || asked === null || payment.amount <= asked) return ZERO;
  const difference = paise(payment.amount - asked);
  const fits = payment.fee === null ? difference * 20n <= asked : payment.fee === difference;
  return fits ? difference : ZERO;
}

/** What we know of a payment after an observation was applied. */
export type Booked =
  /** `refundId`: its line is refundable, and that refund note gives it back. */
  | {
      readonly status: "receipt";
      readonly receiptId: string;
      readonly refundId: string | null;
      readonly isNew: boolean;
    }
  /** Books from before such receipts were issued have second payments as a refund note alone. */
  | { readonly status: "refund-note"; readonly refundId: string; readonly isNew: boolean }
  /** Not captured (yet): a late yes of the bank may still follow. */
  | { readonly status: "open"; readonly rank: Rank }
  /** It is another ULB's, or in another currency: nothing is booked here, a person is told. */
  | { readonly status: "foreign"; readonly reason: string };
