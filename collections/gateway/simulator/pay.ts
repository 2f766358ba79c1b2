import type { PayOptions } from "./options.ts";
import { signedReturn, startPayment, type CheckoutReturn } from "./payments.ts";
import { known, SimRefusal, type SimPayment } from "./state.ts";
import type { World } from "./world.ts";

// What a payer does, without a browser: at the checkout of an order, on a link's page, by a QR code, by transfer to a virtual account.

/** Pays an order. Gives the payment and what the browser would bring back. */
export function payOrder(
  w: World,
  orderId: string,
  how: PayOptions = {},
): { payment: SimPayment; callback: CheckoutReturn } {
  const order = known(w.orders.get(orderId));
  if (order.status === "paid" && how.force !== true) throw new SimRefusal("Payment already done for this order.");
  const before = w.paymentsByOrder.get(orderId) ?? [];
  if (how.force !== true) {
    if (order.isPartial !== true && before.some((p) => p.status === "authorized"))
      throw new SimRefusal("A payment of this order is authorized already and waits to be captured.");
    if (w.settings.attemptsPerOrder === "one" && before.length > 0)
      throw new SimRefusal("Only one payment attempt is allowed for this order.");
  }
  const usual = order.isPartial === true ? order.amount_due : order.amount;
  if (order.isPartial === true && how.amount !== undefined && how.amount > order.amount_due && how.force !== true)
    throw new SimRefusal("Payment amount is greater than the amount due for this order.", { field: "amount" });
  const payment = startPayment(
    w,
    { order, amount: how.amount ?? usual, ...(order.linkId === undefined ? {} : { linkId: order.linkId }) },
    how,
  );
  return { payment, callback: signedReturn(w, order.id, payment.id) };
}

export function payLink(w: World, linkId: string, how: PayOptions = {}): SimPayment {
  const link = known(w.links.get(linkId));
  if (link.status !== "created" && link.status !== "partially_paid" && how.force !== true)
    throw new SimRefusal(`This payment link is ${link.status}.`);
  const order = known(w.orders.get(link.orderId));
  const amount = how.amount ?? order.amount_due;
  if (how.force !== true && amount !== order.amount_due) {
    if (!link.acceptPartial)
      throw new SimRefusal("Partial payments are not accepted by this link.", { field: "amount" });
    if (amount < link.firstMinPartial && order.amount_paid === 0)
      throw new SimRefusal("The amount is less than the first minimum partial amount.", { field: "amount" });
  }
  return payOrder(w, link.orderId, { ...how, amount }).payment;
}

/** By a QR code: its own amount when it is fixed, else the payer's. Closed, it is refused; forced, the gateway sends the money back. */
export function payQr(w: World, qrId: string, how: PayOptions = {}): SimPayment {
  const qr = known(w.qrCodes.get(qrId));
  if (qr.status === "closed" && how.force !== true) throw new SimRefusal("The QR code is closed.");
  const amount = how.amount ?? qr.amount;
  if (amount === null)
    throw new SimRefusal("The amount is missing: the QR code has none of its own.", { field: "amount" });
  return startPayment(w, { qrId, amount }, { ...how, method: "upi", force: false });
}

/** By NEFT, RTGS or IMPS. Any amount is taken; what comes to a closed account goes back. */
export function payVirtualAccount(w: World, accountId: string, how: PayOptions = {}): SimPayment {
  const account = known(w.virtualAccounts.get(accountId));
  const amount = how.amount ?? account.amountExpected;
  if (amount === null) throw new SimRefusal("The amount is missing.", { field: "amount" });
  return startPayment(w, { virtualAccountId: accountId, amount }, { ...how, method: "bank_transfer", force: false });
}

/** Money that belongs to no order: it is never captured and goes back by itself. */
export function payNothing(w: World, amount: number, how: PayOptions = {}): SimPayment {
  return startPayment(w, { amount }, how);
}
