import { books } from "./books.ts";
import { paymentJson, refundJson } from "./shapes.ts";
import { known, SimRefusal, type Notes, type SimPayment, type SimRefund } from "./state.ts";
import { emit, notesFor, type World } from "./world.ts";

const SIX_MONTHS_MS = 183 * 86_400_000;
/** In test mode a refund of ₹24.68 fails, as the gateway's test page says. */
const FAILING_AMOUNT = 2_468;

export type RefundRequest = {
  readonly amount?: number;
  readonly receipt?: string | null;
  readonly notes?: Notes;
  readonly speed?: string;
};

/** Sends money of a captured payment back. The same key with the same body is the same refund; with another body it is refused. */
export function refundPayment(w: World, paymentId: string, input: RefundRequest, idempotencyKey?: string): SimRefund {
  const key = w.settings.refundIdempotency && !w.repeating ? idempotencyKey : undefined;
  const body = JSON.stringify([paymentId, input.amount ?? null, input.receipt ?? null, input.notes ?? {}]);
  if (key !== undefined) {
    const before = w.refundKeys.get(key);
    if (before && before.body !== body) {
      throw new SimRefusal("Different request with the same idempotency key has already been processed.");
    }
    if (before) return before.refund;
  }
  const payment = known(w.payments.get(paymentId));
  if (!payment.captured) throw new SimRefusal("The payment status should be captured for action to be taken");
  if (w.clock.now() - payment.createdAt > SIX_MONTHS_MS) {
    throw new SimRefusal("Refund is not supported for payments older than six months");
  }
  const left = payment.amount - payment.amountRefunded;
  const amount = input.amount ?? left;
  if (left === 0) throw new SimRefusal("The payment has been fully refunded already");
  if (amount < 100 || amount > left) {
    throw new SimRefusal("The total refund amount is greater than the refund payment amount", { field: "amount" });
  }
  if (amount > books(w).available + (w.options.reserveLimit ?? 0))
    throw new SimRefusal("Your account does not have enough balance to carry out the refund operation.");
  const refund = makeRefund(w, payment, { ...input, amount }, false);
  if (key !== undefined) w.refundKeys.set(key, { body, refund });
  return refund;
}

/** The refund itself, without asking whether it may be: for the merchant's, and for the gateway's own of uncaptured money. */
export function makeRefund(
  w: World,
  payment: SimPayment,
  input: RefundRequest & { readonly amount: number },
  isOfUncaptured: boolean,
): SimRefund {
  const refund: SimRefund = {
    id: w.random.id("rfnd"),
    payment_id: payment.id,
    amount: input.amount,
    receipt: input.receipt ?? null,
    status: "pending",
    notes: input.notes ?? {},
    isOfUncaptured,
    settlementId: null,
    createdAt: w.clock.now(),
    ...(input.speed === undefined ? {} : { speedRequested: input.speed }),
  };
  w.refunds.set(refund.id, refund);
  payment.amountRefunded += input.amount;
  if (payment.amountRefunded === payment.amount) payment.status = "refunded";
  if (!isOfUncaptured) w.unsettled.push(refund);
  say(w, "refund.created", refund);
  if (w.keys[0]?.id.startsWith("rzp_test_") === true && refund.amount === FAILING_AMOUNT) failRefund(w, refund.id);
  else if (w.settings.refundsAreInstant) processRefund(w, refund);
  else w.timers.add(w.clock.now() + w.settings.refundDays * 86_400_000, "refund-processed", refund.id);
  return refund;
}

/** The refund left the gateway; the bank's reference may come after that. */
export function processRefund(w: World, refund: SimRefund): void {
  if (refund.status !== "pending") return;
  w.timers.cancel("refund-processed", refund.id);
  refund.status = "processed";
  say(w, "refund.processed", refund);
}

/** Pending refunds become processed. */
export function processRefunds(w: World, refundId?: string): number {
  if (refundId !== undefined) known(w.refunds.get(refundId));
  let count = 0;
  for (const refund of w.refunds.values()) {
    if (refund.status !== "pending" || (refundId !== undefined && refund.id !== refundId)) continue;
    processRefund(w, refund);
    count++;
  }
  return count;
}

/**
 * The payer's bank sends the refund back: from pending, and from processed too (the gateway moves a refund to processed before it has the
 * bank's reference). The money is the merchant's again; if the refund was settled already, by an adjustment.
 */
export function failRefund(w: World, refundId: string): SimRefund {
  const refund = known(w.refunds.get(refundId));
  const payment = known(w.payments.get(refund.payment_id));
  if (refund.status === "failed") throw new SimRefusal("The refund has failed already");
  w.timers.cancel("refund-processed", refund.id);
  refund.status = "failed";
  payment.amountRefunded -= refund.amount;
  if (payment.status === "refunded") payment.status = payment.captured ? "captured" : "authorized";
  if (!refund.isOfUncaptured) {
    if (refund.settlementId === null) w.unsettled = w.unsettled.filter((x) => x.id !== refund.id);
    else {
      const adjustment = {
        id: w.random.id("adj"),
        amount: refund.amount,
        description: `Reversal of failed refund ${refund.id}`,
        settlementId: null,
        createdAt: w.clock.now(),
      };
      w.adjustments.push(adjustment);
      w.unsettled.push(adjustment);
    }
  }
  say(w, "refund.failed", refund);
  return refund;
}

/** The bank's reference arrives later, and the speed may turn out to be another. */
export function changeRefundSpeed(w: World, refundId: string): SimRefund {
  const refund = known(w.refunds.get(refundId));
  refund.reference = w.random.digits(12);
  say(w, "refund.speed_changed", refund);
  return refund;
}

function say(w: World, event: string, refund: SimRefund): void {
  const payment = known(w.payments.get(refund.payment_id));
  emit(w, event, notesFor(w, payment), {
    refund: { entity: refundJson(refund) },
    payment: { entity: paymentJson(payment) },
  });
}
