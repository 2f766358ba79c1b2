import { payLink, payOrder, payQr } from "../pay.ts";
import { upiUri } from "../qr.ts";
import { signLinkReturn } from "../payments.ts";
import { known, SIM_METHODS, SimRefusal, type SimPayment } from "../state.ts";
import type { Outcome } from "../options.ts";
import { html, type SimRequest, type SimResponse } from "../wire/messages.ts";
import { currentKey, type World } from "../world.ts";
import { bankPage, checkoutPage, returnPage, type CheckoutView } from "./checkout-page.ts";
import { CHECKOUT_JS } from "./checkout-js.ts";
import { document, escape, hidden, rupees, typedPaise } from "./layout.ts";

/** How long the bank takes when a person chose "later": past the moment at which the gateway gives up. */
const LATER_MS = 15 * 60_000;

export function formOf(request: SimRequest, url: URL): URLSearchParams {
  return request.method === "POST" ? new URLSearchParams(request.body.toString("utf8")) : url.searchParams;
}

/** Only these may be sent to by the browser: http(s) addresses without credentials. */
function returnUrl(text: string | null): string | null {
  if (text === null || text === "") return null;
  try {
    const url = new URL(text);
    if ((url.protocol === "http:" || url.protocol === "https:") && url.username === "") return url.href;
  } catch {
    // Falls through.
  }
  throw new SimRefusal("The callback url is not valid", { field: "callback_url" });
}

const outcomeOf = (text: string | null): Outcome =>
  text === "failure"
    ? "failure"
    : text === "late"
      ? "late"
      : text === "pending"
        ? "pending-success"
        : text === "closed"
          ? "success-then-user-closes-tab"
          : "success";

function failureFields(payment: SimPayment): Record<string, string> {
  return {
    "error[code]": payment.error?.code ?? "",
    "error[description]": payment.error?.description ?? "",
    "error[source]": "customer",
    "error[step]": "payment_authorization",
    "error[reason]": payment.error?.reason ?? "",
    "error[metadata]": JSON.stringify({ payment_id: payment.id, order_id: payment.order_id }),
  };
}

/** The hosted checkout, the bank behind it, and checkout.js. */
export function checkout(w: World, request: SimRequest, url: URL): SimResponse {
  if (url.pathname === "/v1/checkout.js")
    return html(CHECKOUT_JS, 200, { "content-type": "text/javascript; charset=utf-8" });
  const form = formOf(request, url);
  const callbackUrl = returnUrl(form.get("callback_url"));
  const cancelUrl = returnUrl(form.get("cancel_url"));
  const opener = returnUrl(form.get("opener"));
  if (!w.keys.some((k) => k.id === form.get("key_id")))
    throw new SimRefusal("The api key provided is invalid", { status: 401 });
  const order = known(w.orders.get(form.get("order_id") ?? ""));
  const view: CheckoutView = {
    action: `${w.mountPath}/v1/checkout/embedded/pay`,
    keyId: form.get("key_id") ?? currentKey(w).id,
    merchant: form.get("name") ?? w.merchantName,
    description: form.get("description") ?? order.receipt ?? order.id,
    orderId: order.id,
    amount: order.isPartial === true ? order.amount_due : order.amount,
    isPaid: order.status === "paid",
    callbackUrl,
    cancelUrl,
    contact: form.get("prefill[contact]") ?? form.get("contact") ?? "",
    email: form.get("prefill[email]") ?? form.get("email") ?? "",
    opener: opener === null ? null : new URL(opener).origin,
  };
  if (url.pathname === "/v1/checkout/embedded") return checkoutPage(view);
  if (url.pathname !== "/v1/checkout/embedded/pay" || request.method !== "POST")
    throw new SimRefusal("The requested URL was not found on the server.");

  const method = SIM_METHODS.find((m) => m === form.get("method")) ?? "upi";
  const outcome = form.get("outcome");
  if (outcome === "cancel") return html("", 303, { location: cancelUrl ?? callbackUrl ?? "/" });
  if (outcome === "bank") return bankPage(view, method);
  const { payment, callback } = payOrder(w, order.id, {
    method,
    outcome: outcomeOf(outcome),
    afterMs: LATER_MS,
    ...(view.contact === "" ? {} : { contact: view.contact }),
    ...(view.email === "" ? {} : { email: view.email }),
  });
  // Paid, but the browser never returns.
  if (outcome === "closed") return returnPage({ ...view, callbackUrl: null, opener: null }, {}, "success");
  // Nobody knows yet: the payer is left at the bank, as payers are.
  if (payment.status === "created") return returnPage({ ...view, callbackUrl: cancelUrl, opener: null }, {}, "pending");
  return payment.error === null
    ? returnPage(view, { ...callback }, "success")
    : returnPage(view, failureFields(payment), "failure");
}

/** What a payer's application shows after scanning the code; the tester chooses what happens. */
export function upiPage(w: World, request: SimRequest, url: URL, id: string): SimResponse {
  const qr = known(w.qrCodes.get(id));
  const form = formOf(request, url);
  const head = `<header><h1>UPI: ${escape(w.merchantName)}</h1><p>${escape(qr.description ?? qr.name ?? qr.id)}</p>${qr.amount === null ? "" : `<p class="amount">${rupees(qr.amount)}</p>`}</header>`;
  if (request.method === "POST") {
    const typed = typedPaise(form.get("amount") ?? "");
    if (qr.amount === null && (typed === undefined || typed < 100))
      throw new SimRefusal("The amount must be at least 1.00.", { field: "amount" });
    const payment = payQr(w, id, {
      outcome: outcomeOf(form.get("outcome")),
      afterMs: LATER_MS,
      ...(qr.amount === null && typed !== undefined ? { amount: typed } : {}),
    });
    const said = payment.captured
      ? "Payment successful"
      : payment.error === null
        ? "Payment is being processed"
        : "Payment failed";
    return document(
      said,
      `<header><h1>${said}</h1><p class="amount">${rupees(payment.amount)}</p></header><div class="body"><p>UPI reference ${escape(payment.bankReference)}</p></div>`,
    );
  }
  if (qr.status === "closed")
    return document(
      "Closed",
      `${head}<div class="body"><p class="note" role="alert">This QR code is closed.</p></div>`,
    );
  return document(
    "UPI",
    `${head}<form method="post" action="${escape(`${w.mountPath}/upi/${qr.id}`)}">` +
      `<p><small>${escape(upiUri(w, qr))}</small></p>` +
      (qr.amount === null
        ? `<label>Amount in rupees <input name="amount" inputmode="decimal" required pattern="\\d+(\\.\\d{1,2})?"></label>`
        : "") +
      `<p class="note"><strong>Simulator.</strong> No real money moves.</p>` +
      `<button name="outcome" value="success">Pay</button>` +
      `<button name="outcome" value="failure" class="warn">The bank declines</button>` +
      `<button name="outcome" value="pending" class="quiet">Pending: the bank says yes later</button></form>`,
  );
}

/** The page of a payment link; afterwards the browser goes to the link's own callback with five signed parameters. */
export function linkPage(w: World, request: SimRequest, url: URL, id: string): SimResponse {
  const link = known(w.links.get(id));
  const order = known(w.orders.get(link.orderId));
  const head = `<header><h1>${escape(w.merchantName)}</h1><p>${escape(link.description)}</p><p class="amount">${rupees(order.amount_due)}</p></header>`;
  if (request.method === "POST") {
    const form = formOf(request, url);
    const typed = link.acceptPartial ? typedPaise(form.get("amount") ?? "") : undefined;
    if (link.acceptPartial && (typed === undefined || typed === 0))
      throw new SimRefusal("The amount must be rupees with at most two decimals.", { field: "amount" });
    const payment = payLink(w, id, {
      method: SIM_METHODS.find((m) => m === form.get("method")) ?? "upi",
      outcome: outcomeOf(form.get("outcome")),
      afterMs: LATER_MS,
      ...(typed === undefined ? {} : { amount: typed }),
    });
    if (payment.captured && link.callbackUrl !== "")
      return html("", 303, { location: signLinkReturn(w, link, payment) });
    const said = payment.captured
      ? "Payment successful"
      : payment.error === null
        ? "Payment is being processed"
        : "Payment failed";
    return document(
      said,
      `<header><h1>${said}</h1><p class="amount">${rupees(payment.amount)}</p></header><div class="body"><p>Payment ${escape(payment.id)}</p></div>`,
    );
  }
  if (link.status !== "created" && link.status !== "partially_paid")
    return document(
      "Payment link",
      `${head}<div class="body"><p class="note" role="alert">This payment link is ${link.status}.</p></div>`,
    );
  return document(
    "Payment link",
    `${head}<form method="post" action="${escape(`${w.mountPath}/l/${link.id}`)}">${hidden({ method: link.isUpi ? "upi" : "netbanking" })}` +
      (link.acceptPartial
        ? `<label>Amount in rupees <input name="amount" inputmode="decimal" value="${(order.amount_due / 100).toFixed(2)}"></label>`
        : "") +
      `<p class="note"><strong>Simulator.</strong> No real money moves.</p>` +
      `<button name="outcome" value="success">Pay</button>` +
      `<button name="outcome" value="failure" class="warn">The bank declines</button>` +
      `<button name="outcome" value="pending" class="quiet">Pending: the bank says yes later</button></form>`,
  );
}
