import type { SimResponse } from "../wire/messages.ts";
import { document, escape, hidden, rupees } from "./layout.ts";

export type CheckoutView = {
  readonly action: string;
  readonly keyId: string;
  readonly merchant: string;
  readonly description: string;
  readonly orderId: string;
  readonly amount: number;
  readonly isPaid: boolean;
  readonly callbackUrl: string | null;
  readonly cancelUrl: string | null;
  readonly contact: string;
  readonly email: string;
  /** The origin of the page that opened this one by checkout.js: it hears the result instead of being posted to. */
  readonly opener: string | null;
};

/** The fields that every page of the checkout hands on to the next. */
function carried(view: CheckoutView): Record<string, string> {
  return {
    key_id: view.keyId,
    order_id: view.orderId,
    name: view.merchant,
    description: view.description,
    "prefill[contact]": view.contact,
    "prefill[email]": view.email,
    ...(view.callbackUrl === null ? {} : { callback_url: view.callbackUrl }),
    ...(view.cancelUrl === null ? {} : { cancel_url: view.cancelUrl }),
    ...(view.opener === null ? {} : { opener: view.opener }),
  };
}
const headOf = (view: CheckoutView): string =>
  `<header><h1>${escape(view.merchant)}</h1><p>${escape(view.description)}</p><p class="amount">${rupees(view.amount)}</p></header>`;

/** The hosted page: the payer chooses a method, the tester chooses what the bank says. Works without JavaScript. */
export function checkoutPage(view: CheckoutView): SimResponse {
  const head = headOf(view);
  if (view.isPaid) {
    return document(
      "Already paid",
      `${head}<div class="body"><p class="note" role="alert">Payment already done for this order.</p>` +
        (view.cancelUrl === null
          ? ""
          : `<p><a href="${escape(view.cancelUrl)}">Back to ${escape(view.merchant)}</a></p>`) +
        `</div>`,
    );
  }
  const methods = [
    ["upi", "UPI", "Google Pay, PhonePe, Paytm, BHIM"],
    ["card", "Debit or credit card", "Visa, Mastercard"],
    ["rupay_debit", "RuPay debit card", "no charges"],
    ["netbanking", "Net banking", "all banks"],
    ["wallet", "Wallet", "Simulated Wallet"],
  ] as const;
  const body =
    `${head}<form method="post" action="${escape(view.action)}">` +
    hidden(carried(view)) +
    `<p class="note"><strong>Simulator.</strong> No real money moves. Choose what the bank will say.</p>` +
    `<fieldset><legend>How do you want to pay?</legend>` +
    methods
      .map(
        ([value, title, hint], i) =>
          `<label><input type="radio" name="method" value="${value}"${i === 0 ? " checked" : ""}><span>${title} <small>${hint}</small></span></label>`,
      )
      .join("") +
    `</fieldset>` +
    `<button name="outcome" value="success">Pay ${rupees(view.amount)}</button>` +
    `<button name="outcome" value="failure" class="warn">The bank declines</button>` +
    `<button name="outcome" value="closed" class="quiet">Pay, then close the tab</button>` +
    `<button name="outcome" value="bank" class="quiet">Go to the bank's page</button>` +
    `<button name="outcome" value="cancel" class="quiet">Cancel and go back</button>` +
    `</form>`;
  return document(`Pay ${rupees(view.amount)} to ${view.merchant}`, body);
}

/** The bank's page, or the UPI application: what the payer meets after the checkout, and what may happen there. */
export function bankPage(view: CheckoutView, method: string): SimResponse {
  const isUpi = method === "upi";
  const title = isUpi
    ? "UPI application"
    : method === "netbanking"
      ? "Simulated Bank"
      : "Simulated Bank: one-time password";
  const intent = `upi://pay?${new URLSearchParams({ pa: "gateway@simbank", pn: view.merchant, tr: view.orderId.slice(6), am: (view.amount / 100).toFixed(2), cu: "INR", mode: "04" }).toString()}`;
  return document(
    title,
    `<header><h1>${title}</h1><p>${escape(view.merchant)}</p><p class="amount">${rupees(view.amount)}</p></header>` +
      `<form method="post" action="${escape(view.action)}">${hidden({ ...carried(view), method })}` +
      (isUpi
        ? `<p><a href="${escape(intent)}">Open the UPI application</a> <small>(${escape(intent)})</small></p>`
        : "") +
      `<p class="note"><strong>Simulator.</strong> What happens at the bank?</p>` +
      `<button name="outcome" value="success">Success</button>` +
      `<button name="outcome" value="failure" class="warn">Failure</button>` +
      `<button name="outcome" value="pending" class="quiet">Pending: the bank says yes later</button>` +
      `<button name="outcome" value="closed" class="quiet">Success, then close the tab</button>` +
      `</form>`,
  );
}

/** Sends the browser back to the merchant with the result, by itself where scripts run, by a button where they do not. */
export function returnPage(
  view: CheckoutView,
  fields: Readonly<Record<string, string>>,
  result: "success" | "failure" | "pending",
): SimResponse {
  const title = { success: "Payment successful", failure: "Payment failed", pending: "Payment is being processed" }[
    result
  ];
  const head = `<header><h1>${title}</h1><p class="amount">${rupees(view.amount)}</p></header>`;
  if (view.opener !== null && Object.keys(fields).length > 0) {
    const message = JSON.stringify({ simulatedCheckout: view.orderId, fields }).replaceAll("<", "\\u003c");
    return document(
      title,
      `${head}<div class="body"><p>You may close this page.</p></div>`,
      `if (window.opener) { window.opener.postMessage(${message}, ${JSON.stringify(view.opener)}); window.close(); }`,
    );
  }
  if (view.callbackUrl === null) {
    return document("Done", `${head}<div class="body"><p>You may close this page.</p></div>`);
  }
  return document(
    title,
    `${head}<form id="back" method="post" action="${escape(view.callbackUrl)}">${hidden(fields)}` +
      `<p role="status">Taking you back to ${escape(view.merchant)}…</p><button>Continue</button></form>`,
    `document.getElementById("back").submit();`,
  );
}
