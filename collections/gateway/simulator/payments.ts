import { createHmac } from "node:crypto";
import { feeFor } from "./fees.ts";
import { linkPaid } from "./links.ts";
import type { BankPlan, Outcome, PayOptions } from "./options.ts";
import { qrCredited } from "./qr.ts";
import { makeRefund } from "./refunds.ts";
import { orderJson, paymentJson } from "./shapes.ts";
import { known, SimRefusal, type SimLink, type SimOrder, type SimPayment } from "./state.ts";
import { virtualAccountCredited } from "./virtual-accounts.ts";
import { currentKey, emit, notesFor, type World } from "./world.ts";

const GIVEN_UP_AFTER_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** What is paid, and by which way the payer came to it. */
export type Target = {
  readonly order?: SimOrder;
  readonly linkId?: string;
  readonly qrId?: string;
  readonly virtualAccountId?: string;
  readonly amount: number;
};

/** What the payer's browser brings back to the callback page. */
export type CheckoutReturn = {
  readonly razorpay_order_id: string;
  readonly razorpay_payment_id: string;
  readonly razorpay_signature: string;
};

export function signedReturn(w: World, orderId: string, paymentId: string): CheckoutReturn {
  return {
    razorpay_order_id: orderId,
    razorpay_payment_id: paymentId,
    razorpay_signature: createHmac("sha256", currentKey(w).secret).update(`${orderId}|${paymentId}`).digest("hex"),
  };
}

/** Where a link's page sends the browser: five parameters, signed over "link|reference|status|payment". */
export function signLinkReturn(w: World, link: SimLink, payment: SimPayment): string {
  const url = new URL(link.callbackUrl);
  const signature = createHmac("sha256", currentKey(w).secret)
    .update(`${link.id}|${link.referenceId}|${link.status}|${payment.id}`)
    .digest("hex");
  url.searchParams.set("razorpay_payment_id", payment.id);
  url.searchParams.set("razorpay_payment_link_id", link.id);
  url.searchParams.set("razorpay_payment_link_reference_id", link.referenceId);
  url.searchParams.set("razorpay_payment_link_status", link.status);
  url.searchParams.set("razorpay_signature", signature);
  return url.href;
}

/** What was said to come next, if it fits this payment; otherwise success. */
function nextPlan(w: World, target: Target, how: PayOptions): BankPlan {
  const at = w.bankPlans.findIndex(
    (p) =>
      (p.orderId === undefined || p.orderId === target.order?.id) &&
      (p.method === undefined || p.method === how.method),
  );
  const [plan] = at < 0 ? [] : w.bankPlans.splice(at, 1);
  return plan ?? { outcome: "success" };
}

/** A payer's attempt, and what the bank says to it. */
export function startPayment(w: World, target: Target, how: PayOptions): SimPayment {
  const plan: Omit<BankPlan, "orderId" | "method"> =
    how.outcome === undefined || how.outcome === "success"
      ? nextPlan(w, target, how)
      : {
          outcome: how.outcome,
          ...(how.afterMs === undefined ? {} : { afterMs: how.afterMs }),
          ...(how.reason === undefined ? {} : { reason: how.reason }),
        };
  const method = how.method ?? (target.virtualAccountId === undefined ? "upi" : "bank_transfer");
  const isPayersFee = w.settings.feeBearer === "customer" && target.order !== undefined;
  const payerFee = isPayersFee ? feeFor(target.amount, method, w.fees).fee : 0;
  const payment: SimPayment = {
    id: w.random.id("pay"),
    order_id: target.order?.id ?? null,
    amount: target.amount + payerFee,
    method,
    bankReference: how.reference ?? w.random.digits(12),
    status: "created",
    captured: false,
    capturedAt: null,
    amountRefunded: 0,
    fee: null,
    tax: null,
    error: null,
    contact: how.contact ?? "+919000000000",
    email: how.email ?? "payer@example.test",
    notes: how.notes ?? {},
    settlementId: null,
    isOnHold: false,
    createdAt: w.clock.now(),
    ...(isPayersFee ? { payerFee } : {}),
    ...(target.linkId === undefined ? {} : { linkId: target.linkId }),
    ...(target.qrId === undefined ? {} : { qrId: target.qrId }),
    ...(target.virtualAccountId === undefined
      ? {}
      : { virtualAccountId: target.virtualAccountId, transferMode: how.mode ?? "NEFT" }),
  };
  addPayment(w, payment);
  if (target.order) {
    target.order.attempts++;
    if (target.order.status === "created") target.order.status = "attempted";
  }
  bankSays(w, payment, plan.outcome, plan, how.force === true);
  return payment;
}

export function addPayment(w: World, payment: SimPayment): void {
  w.payments.set(payment.id, payment);
  if (payment.order_id !== null)
    w.paymentsByOrder.set(payment.order_id, [...(w.paymentsByOrder.get(payment.order_id) ?? []), payment]);
}

function bankSays(
  w: World,
  payment: SimPayment,
  outcome: Outcome,
  plan: { readonly afterMs?: number; readonly reason?: string },
  isForced: boolean,
): void {
  const later = (kind: "bank-yes" | "bank-no", usual: number): void => {
    const after = plan.afterMs ?? usual;
    const window = w.settings.lateAuthDays * DAY_MS;
    // After its window the gateway does not ask the bank any more: a later yes never reaches it.
    if (after <= window) w.timers.add(w.clock.now() + after, kind, payment.id);
    if (payment.status === "created" && after > GIVEN_UP_AFTER_MS)
      w.timers.add(w.clock.now() + GIVEN_UP_AFTER_MS, "attempt-timeout", payment.id);
  };
  switch (outcome) {
    case "success":
    case "success-then-user-closes-tab":
      authorize(w, payment, isForced);
      return;
    case "failure":
      fail(w, payment, plan.reason ?? "payment_declined");
      return;
    case "late":
      fail(w, payment, "payment_timed_out");
      return;
    case "pending-success":
      later("bank-yes", GIVEN_UP_AFTER_MS);
      return;
    case "pending-fail":
      later("bank-no", GIVEN_UP_AFTER_MS);
      return;
    case "fail-then-success":
      fail(w, payment, plan.reason ?? "payment_declined");
      later("bank-yes", 4 * 60_000);
      return;
    case "debit-without-notify":
      w.timers.add(w.clock.now() + GIVEN_UP_AFTER_MS, "attempt-timeout", payment.id);
      return;
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  payment_declined: "Your payment was declined by the bank. Please try another method.",
  payment_timed_out: "Payment was not completed on time.",
  insufficient_funds: "Payment failed because the account has insufficient funds.",
  payment_cancelled: "Payment processing cancelled by user",
  transaction_limit_exceeded: "Payment failed because the amount is above the limit of the account.",
  incorrect_pin: "Payment failed because the PIN was incorrect.",
};

export function fail(w: World, payment: SimPayment, reason: string): void {
  if (payment.status !== "created") return;
  w.timers.cancel("attempt-timeout", payment.id);
  payment.status = "failed";
  payment.error = {
    code: "BAD_REQUEST_ERROR",
    description: SENTENCES[reason] ?? `Payment failed: ${reason.replaceAll("_", " ")}.`,
    reason,
  };
  emit(w, "payment.failed", notesFor(w, payment), { payment: { entity: paymentJson(payment) } });
}

/** The bank said yes. Money for what is paid or closed already goes back at once and is never captured. */
export function authorize(w: World, payment: SimPayment, isForced = false): void {
  if (payment.status !== "created" && payment.status !== "failed") return;
  w.timers.cancel("attempt-timeout", payment.id);
  if (w.clock.now() - payment.createdAt > GIVEN_UP_AFTER_MS || payment.status === "failed") payment.isLate = true;
  payment.status = "authorized";
  payment.error = null;
  const order = payment.order_id === null ? undefined : w.orders.get(payment.order_id);
  const isTaken =
    order?.status === "paid" ||
    (order !== undefined && !order.isPartial && hasOtherAuthorized(w, order.id, payment)) ||
    isShut(w, payment);
  if (isTaken && !isForced) {
    makeRefund(w, payment, { amount: payment.amount }, true);
    return;
  }
  emit(w, "payment.authorized", notesFor(w, payment), { payment: { entity: paymentJson(payment) } });
  const stands = order !== undefined || payment.qrId !== undefined || payment.virtualAccountId !== undefined;
  const isManual = order?.capture?.isManual ?? (!w.settings.autoCapture && order !== undefined);
  if (stands && !isManual) {
    capture(w, payment);
    return;
  }
  // Nobody captured it, or nobody can (it belongs to no order): it goes back at the end of the window.
  const minutes = order?.capture?.manualMinutes ?? null;
  const window = minutes === null ? w.settings.autoRefundDays * DAY_MS : minutes * 60_000;
  w.timers.add(w.clock.now() + window, "auto-refund", payment.id);
}

function hasOtherAuthorized(w: World, orderId: string, payment: SimPayment): boolean {
  return (w.paymentsByOrder.get(orderId) ?? []).some((p) => p !== payment && p.status === "authorized");
}
function isShut(w: World, payment: SimPayment): boolean {
  const qr = payment.qrId === undefined ? undefined : w.qrCodes.get(payment.qrId);
  const account = payment.virtualAccountId === undefined ? undefined : w.virtualAccounts.get(payment.virtualAccountId);
  const link = payment.linkId === undefined ? undefined : w.links.get(payment.linkId);
  return (
    qr?.status === "closed" ||
    account?.status === "closed" ||
    link?.status === "cancelled" ||
    link?.status === "expired"
  );
}

export function capture(w: World, payment: SimPayment): void {
  const order = payment.order_id === null ? undefined : w.orders.get(payment.order_id);
  w.timers.cancel("auto-refund", payment.id);
  payment.status = "captured";
  payment.captured = true;
  payment.capturedAt = w.clock.now();
  const { fee, tax } = feeFor(payment.amount - (payment.payerFee ?? 0), payment.method, w.fees);
  payment.fee = fee;
  payment.tax = tax;
  w.unsettled.push(payment);
  if (order) {
    order.amount_paid += payment.amount - (payment.payerFee ?? 0);
    order.amount_due = Math.max(0, order.amount - order.amount_paid);
    if (order.isPartial !== true || order.amount_due === 0) order.status = "paid";
  }
  const entity = paymentJson(payment);
  emit(w, "payment.captured", notesFor(w, payment), { payment: { entity } });
  if (order?.status === "paid")
    emit(w, "order.paid", order.notes, { payment: { entity }, order: { entity: orderJson(order) } });
  const link = payment.linkId === undefined ? undefined : w.links.get(payment.linkId);
  if (link) linkPaid(w, link, payment);
  const qr = payment.qrId === undefined ? undefined : w.qrCodes.get(payment.qrId);
  if (qr) qrCredited(w, qr, payment);
  const account = payment.virtualAccountId === undefined ? undefined : w.virtualAccounts.get(payment.virtualAccountId);
  if (account) virtualAccountCredited(w, account, payment);
}

/** The bank's late yes to a payment that had failed. On an order that another payment has paid, the gateway sends the money back. */
export function completeLate(w: World, paymentId: string): SimPayment {
  const payment = w.payments.get(paymentId);
  if (payment?.status !== "failed") throw new SimRefusal("The payment is not one that failed");
  w.timers.cancel("bank-yes", paymentId);
  authorize(w, payment);
  return payment;
}

export function captureByMerchant(w: World, paymentId: string, amount: number): SimPayment {
  const payment = known(w.payments.get(paymentId));
  if (payment.captured) throw new SimRefusal("This payment has already been captured");
  if (payment.status !== "authorized")
    throw new SimRefusal("Only payments which have been authorized and not yet captured can be captured");
  if (payment.order_id === null)
    throw new SimRefusal("Payments without an order cannot be captured", { field: "order_id" });
  if (amount !== payment.amount) {
    throw new SimRefusal("Capture amount must be equal to the amount authorized", { field: "amount" });
  }
  capture(w, payment);
  return payment;
}

/** The window for capturing is over. */
export function autoRefund(w: World, paymentId: string): void {
  const payment = known(w.payments.get(paymentId));
  if (payment.status === "authorized") makeRefund(w, payment, { amount: payment.amount }, true);
}

export function holdPayment(w: World, paymentId: string, isOnHold: boolean): SimPayment {
  const payment = known(w.payments.get(paymentId));
  payment.isOnHold = isOnHold;
  return payment;
}
