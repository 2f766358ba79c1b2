import { createOrder } from "../orders.ts";
import { captureByMerchant } from "../payments.ts";
import { refundPayment } from "../refunds.ts";
import { reconItems } from "../settlements.ts";
import { bankTransferJson, cardJson, isCard, orderJson, paymentJson, refundJson, settlementJson } from "../shapes.ts";
import { known, SimRefusal, type SimOrder } from "../state.ts";
import type { World } from "../world.ts";
import { collection, json, type SimResponse } from "./messages.ts";
import type { Call, Route } from "./routes.ts";
import {
  bodyOf,
  currencyOf,
  flagOf,
  integer,
  notesOf,
  only,
  page,
  receiptOf,
  textOf,
  type Body,
} from "./validation.ts";

// Orders, payments, refunds and settlements.

function newOrder({ w, request }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, [
    "amount",
    "currency",
    "receipt",
    "notes",
    "partial_payment",
    "first_payment_min_amount",
    "payment_capture",
    "payment",
    "unique_receipt",
    "convenience_fee_config",
    "offers",
    "method",
  ]);
  const amount = integer(body["amount"], "amount", 100);
  currencyOf(body["currency"]);
  const capture = captureOf(body);
  return json(
    orderJson(
      createOrder(w, {
        amount,
        receipt: receiptOf(body["receipt"]),
        notes: notesOf(body["notes"]),
        isPartial: flagOf(body, "partial_payment") === true,
        isUniqueReceipt: flagOf(body, "unique_receipt") === true,
        ...(capture === undefined ? {} : { capture }),
      }),
    ),
  );
}

/** `payment.capture` of the order wins over the account; `payment_capture` is the older way to say it. */
function captureOf(body: Body): SimOrder["capture"] | undefined {
  const payment = body["payment"];
  if (payment === undefined || payment === null) {
    const old = flagOf(body, "payment_capture");
    return old === undefined ? undefined : { isManual: !old, manualMinutes: null };
  }
  if (typeof payment !== "object") throw new SimRefusal("The payment must be an array.", { field: "payment" });
  const p = payment as Body;
  const how = textOf(p, "capture");
  if (how !== "automatic" && how !== "manual")
    throw new SimRefusal("The selected capture is invalid.", { field: "capture" });
  const options = (p["capture_options"] ?? {}) as Body;
  const minutes = (field: string, least: number, most: number): number | null => {
    const value = options[field];
    if (value === undefined || value === null) return null;
    const number = integer(value, field, 0);
    if (number < least) throw new SimRefusal(`The ${field} must be at least ${least}.`, { field });
    if (number > most) throw new SimRefusal(`The ${field} may not be greater than ${most}.`, { field });
    return number;
  };
  minutes("automatic_expiry_period", 12, 7200);
  return { isManual: how === "manual", manualMinutes: minutes("manual_expiry_period", 12, 7200) };
}

function listOrders({ w, url }: Call): SimResponse {
  const receipt = url.searchParams.get("receipt");
  let all = receipt === null ? [...w.orders.values()].reverse() : [...(w.ordersByReceipt.get(receipt) ?? [])];
  const authorized = url.searchParams.get("authorized");
  if (authorized !== null) {
    const wanted = authorized === "1" || authorized === "true";
    all = all.filter(
      (o) => (w.paymentsByOrder.get(o.id) ?? []).some((p) => p.status === "authorized" || p.captured) === wanted,
    );
  }
  return collection(page(all, url).map(orderJson));
}

function newRefund({ w, request, id }: Call): SimResponse {
  const body = bodyOf(request);
  only(body, ["amount", "speed", "receipt", "notes", "reverse_all"]);
  const key = request.headers["x-refund-idempotency"];
  if (key !== undefined && (typeof key !== "string" || !/^[A-Za-z0-9_-]{10,}$/.test(key))) {
    throw new SimRefusal("The idempotency key should be at least 10 characters of letters, digits, _ and -");
  }
  const speed = textOf(body, "speed");
  if (speed !== undefined && speed !== "normal" && speed !== "optimum")
    throw new SimRefusal("The selected speed is invalid.", { field: "speed" });
  return json(
    refundJson(
      refundPayment(
        w,
        id,
        {
          ...(body["amount"] === undefined ? {} : { amount: integer(body["amount"], "amount", 100) }),
          receipt: receiptOf(body["receipt"]),
          notes: notesOf(body["notes"]),
          ...(speed === undefined ? {} : { speed }),
        },
        key,
      ),
    ),
  );
}

const refundsOf = (w: World, paymentId: string) => {
  known(w.payments.get(paymentId));
  return [...w.refunds.values()].filter((r) => r.payment_id === paymentId);
};

function recon({ w, url }: Call): SimResponse {
  const year = url.searchParams.get("year") ?? "";
  const month = (url.searchParams.get("month") ?? "").padStart(2, "0");
  const day = url.searchParams.get("day");
  if (!/^\d{4}$/.test(year) || !/^(0[1-9]|1[0-2])$/.test(month))
    throw new SimRefusal("The year and month fields are required.", { field: "year" });
  if (day !== null && !/^\d{1,2}$/.test(day)) throw new SimRefusal("The day must be an integer.", { field: "day" });
  const prefix = day === null ? `${year}-${month}-` : `${year}-${month}-${day.padStart(2, "0")}`;
  return collection(
    page(
      reconItems(w, (d) => d.startsWith(prefix)),
      url,
      1000,
      1000,
    ),
  );
}

export const moneyRoutes: readonly Route[] = [
  { at: "POST /v1/orders", answer: newOrder },
  { at: "GET /v1/orders", answer: listOrders },
  { at: "GET /v1/orders/:id", answer: ({ w, id }) => json(orderJson(known(w.orders.get(id)))) },
  {
    at: "GET /v1/orders/:id/payments",
    answer: ({ w, id }) => {
      known(w.orders.get(id));
      return collection((w.paymentsByOrder.get(id) ?? []).map(paymentJson));
    },
  },
  {
    at: "PATCH /v1/orders/:id",
    answer: ({ w, id, request }) => {
      const order = known(w.orders.get(id));
      const body = bodyOf(request);
      only(body, ["notes"]);
      order.notes = notesOf(body["notes"]);
      return json(orderJson(order));
    },
  },
  {
    at: "GET /v1/payments",
    answer: ({ w, url }) => collection(page([...w.payments.values()].reverse(), url).map(paymentJson)),
  },
  { at: "GET /v1/payments/:id", answer: ({ w, id }) => json(paymentJson(known(w.payments.get(id)))) },
  {
    at: "PATCH /v1/payments/:id",
    answer: ({ w, id, request }) => {
      const payment = known(w.payments.get(id));
      const body = bodyOf(request);
      only(body, ["notes"]);
      payment.notes = notesOf(body["notes"]);
      return json(paymentJson(payment));
    },
  },
  {
    at: "POST /v1/payments/:id/capture",
    answer: ({ w, id, request }) => {
      const body = bodyOf(request);
      only(body, ["amount", "currency"]);
      return json(paymentJson(captureByMerchant(w, id, integer(body["amount"], "amount", 100))));
    },
  },
  {
    at: "GET /v1/payments/:id/card",
    answer: ({ w, id }) => {
      const payment = known(w.payments.get(id));
      if (!isCard(payment)) throw new SimRefusal("The payment was not made by card");
      return json(cardJson(payment));
    },
  },
  {
    at: "GET /v1/payments/:id/bank_transfer",
    answer: ({ w, id }) => {
      const payment = known(w.payments.get(id));
      const account =
        payment.virtualAccountId === undefined ? undefined : w.virtualAccounts.get(payment.virtualAccountId);
      if (!account) throw new SimRefusal("The payment was not made by bank transfer");
      return json(bankTransferJson(payment, account));
    },
  },
  { at: "POST /v1/payments/:id/refund", answer: newRefund },
  {
    at: "GET /v1/payments/:id/refunds",
    answer: ({ w, id, url }) => collection(page(refundsOf(w, id), url).map(refundJson)),
  },
  {
    at: "GET /v1/payments/:id/refunds/:rid",
    answer: ({ w, id, second }) => json(refundJson(known(refundsOf(w, id).find((r) => r.id === second)))),
  },
  {
    at: "GET /v1/refunds",
    answer: ({ w, url }) => collection(page([...w.refunds.values()].reverse(), url).map(refundJson)),
  },
  { at: "GET /v1/refunds/:id", answer: ({ w, id }) => json(refundJson(known(w.refunds.get(id)))) },
  {
    at: "PATCH /v1/refunds/:id",
    answer: ({ w, id, request }) => {
      const refund = known(w.refunds.get(id));
      const body = bodyOf(request);
      only(body, ["notes"]);
      refund.notes = notesOf(body["notes"]);
      return json(refundJson(refund));
    },
  },
  {
    at: "GET /v1/settlements",
    answer: ({ w, url }) => collection(page([...w.settlements.values()].reverse(), url).map(settlementJson)),
  },
  { at: "GET /v1/settlements/recon/combined", answer: recon },
  { at: "GET /v1/settlements/:id", answer: ({ w, id }) => json(settlementJson(known(w.settlements.get(id)))) },
];
