import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { checkoutPage, returnPage } from "./checkout-page.ts";
import type { FaultKind, FaultRule } from "./faults.ts";
import type { Engine } from "./engine.ts";
import type { SimRequest, SimResponse } from "./messages.ts";
import { SIM_METHODS, SimRefusal, type Notes, type SimMethod } from "./state.ts";

const MAX_BODY = 1024 * 1024;

/** Serves one request of node:http. */
export async function serve(simulator: Engine, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) {
      res.writeHead(413).end();
      return;
    }
    chunks.push(chunk);
  }
  const response = answer(simulator, {
    method: req.method ?? "GET",
    url: req.url ?? "/",
    headers: req.headers,
    body: Buffer.concat(chunks),
  });
  if (response.end === "drop") res.destroy();
  else if (response.end === "answer") res.writeHead(response.status, response.headers).end(response.body);
}

const json = (value: unknown, status = 200): SimResponse => ({
  end: "answer",
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});
const html = (body: string, status = 200, headers: Record<string, string> = {}): SimResponse => ({
  end: "answer",
  status,
  headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers },
  body,
});
const nothing = (end: "drop" | "hang"): SimResponse => ({ end, status: 0, headers: {}, body: "" });
const badGateway = html("<html><body><h1>502 Bad Gateway</h1></body></html>", 502);

function refusal(error: SimRefusal): SimResponse {
  return json(
    {
      error: {
        code: error.code,
        description: error.description,
        source: "business",
        step: "payment_initiation",
        reason: "input_validation_failed",
        metadata: {},
        ...(error.field === null ? {} : { field: error.field }),
      },
    },
    error.status,
  );
}

/** The answer to one request: API under /v1, hosted checkout, control API under /__sim. */
export function answer(simulator: Engine, request: SimRequest): SimResponse {
  const raw = request.url.startsWith(`${simulator.mountPath}/`)
    ? request.url.slice(simulator.mountPath.length)
    : request.url;
  const url = new URL(raw, "http://simulator.invalid");
  try {
    if (url.pathname.startsWith("/__sim/")) return control(simulator, request, url);
    if (url.pathname.startsWith("/v1/checkout/")) return checkout(simulator, request, url);
    const fault = simulator.nextFault(request.method, url.pathname);
    if (fault === "drop_before") return nothing("drop");
    if (fault === "hang") return nothing("hang");
    if (fault === "html_502") return badGateway;
    if (fault === "rate_limit") {
      return json(
        { error: { code: "BAD_REQUEST_ERROR", description: "Too many requests", reason: "rate_limited" } },
        429,
      );
    }
    const response = api(simulator, request, url);
    if (fault === "duplicate_apply") api(simulator, request, url);
    return afterFault(response, fault);
  } catch (error) {
    if (error instanceof SimRefusal) return refusal(error);
    throw error;
  }
}

function afterFault(response: SimResponse, fault: FaultKind | undefined): SimResponse {
  if (fault === "drop_after") return nothing("drop");
  if (fault === "html_after") return badGateway;
  if (fault === "truncate") return { ...response, body: response.body.slice(0, Math.floor(response.body.length / 2)) };
  return response;
}

// ---- API

function isAuthorized(simulator: Engine, request: SimRequest): boolean {
  const header = request.headers["authorization"];
  // "basic" and "BASIC" are refused by the real gateway too.
  if (typeof header !== "string" || !header.startsWith("Basic ")) return false;
  const given = Buffer.from(header.slice(6), "base64");
  const wanted = Buffer.from(`${simulator.keyId}:${simulator.keySecret}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function bodyOf(request: SimRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body.toString("utf8") || "{}");
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through to the gateway's own refusal.
  }
  throw new SimRefusal("Invalid JSON in the request body");
}

function only(body: Record<string, unknown>, allowed: readonly string[]): void {
  const extra = Object.keys(body).filter((k) => !allowed.includes(k));
  if (extra.length > 0) throw new SimRefusal(`${extra.join(", ")} is/are not required and should not be sent`);
}

function notesOf(value: unknown): Notes {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return {};
  if (typeof value !== "object") throw new SimRefusal("notes should be key-value pairs", { field: "notes" });
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > 15)
    throw new SimRefusal("Number of fields in notes should be less than or equal to 15", { field: "notes" });
  for (const [key, v] of entries) {
    if ((typeof v !== "string" && typeof v !== "number") || String(v).length > 256 || key.length > 256) {
      throw new SimRefusal("notes value cannot be an array or longer than 256 characters", { field: "notes" });
    }
  }
  return Object.fromEntries(entries) as Notes;
}

function integer(value: unknown, field: string, min: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new SimRefusal(`The ${field} must be an integer.`, { field });
  if (value < min) throw new SimRefusal(`Order ${field} less than minimum amount allowed`, { field });
  return value;
}

function receiptOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || value.length > 40) {
    throw new SimRefusal("The receipt may not be greater than 40 characters.", { field: "receipt" });
  }
  return value;
}

function page<T>(all: readonly T[], url: URL, maximum: number, usual: number): T[] {
  const number = (name: string, fallback: number): number => {
    const text = url.searchParams.get(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw new SimRefusal(`The ${name} must be an integer.`, { field: name });
    return value;
  };
  const count = number("count", usual);
  if (count > maximum) throw new SimRefusal(`The count may not be greater than ${maximum}.`, { field: "count" });
  const from = number("from", 0) * 1000;
  const to = number("to", 99_999_999_999) * 1000;
  const skip = number("skip", 0);
  const within = all.filter((item) => {
    const x = item as { createdAt?: number; created_at?: number };
    const at = x.createdAt ?? (x.created_at ?? 0) * 1000;
    return at >= from && at < to + 1000;
  });
  return within.slice(skip, skip + count);
}
const collection = (items: readonly unknown[]): SimResponse =>
  json({ entity: "collection", count: items.length, items });

function api(simulator: Engine, request: SimRequest, url: URL): SimResponse {
  if (!isAuthorized(simulator, request)) {
    return json(
      {
        error: {
          code: "BAD_REQUEST_ERROR",
          description: "Authentication failed",
          source: "NA",
          step: "NA",
          reason: "NA",
          metadata: {},
        },
      },
      401,
    );
  }
  const { toJson } = simulator;
  const parts = url.pathname.split("/").filter((p) => p !== "");
  const [version, entity, id, sub, subId] = parts;
  const route = `${request.method} ${version}/${entity ?? ""}`;
  const unknownId = (): never => {
    throw new SimRefusal("The id provided does not exist");
  };

  if (route === "POST v1/orders" && id === undefined) {
    const body = bodyOf(request);
    only(body, [
      "amount",
      "currency",
      "receipt",
      "notes",
      "partial_payment",
      "payment_capture",
      "payment",
      "unique_receipt",
    ]);
    const amount = integer(body["amount"], "amount", 100);
    if (body["currency"] !== "INR") throw new SimRefusal("The currency is not supported", { field: "currency" });
    return json(
      toJson.order(
        simulator.createOrder({ amount, receipt: receiptOf(body["receipt"]), notes: notesOf(body["notes"]) }),
      ),
    );
  }
  if (route === "GET v1/orders") {
    if (id === undefined) {
      const receipt = url.searchParams.get("receipt");
      const all =
        receipt === null
          ? [...simulator.orders.values()].reverse()
          : [...(simulator.ordersByReceipt.get(receipt) ?? [])];
      return collection(page(all, url, 100, 10).map(toJson.order));
    }
    const order = simulator.orders.get(id) ?? unknownId();
    return sub === "payments" ? collection(simulator.paymentsOf(id).map(toJson.payment)) : json(toJson.order(order));
  }
  if (route === "GET v1/payments") {
    if (id === undefined)
      return collection(page([...simulator.payments.values()].reverse(), url, 100, 10).map(toJson.payment));
    const payment = simulator.payments.get(id) ?? unknownId();
    if (sub === "refunds") {
      const all = [...simulator.refunds.values()].filter((r) => r.payment_id === id);
      if (subId !== undefined) return json(toJson.refund(all.find((r) => r.id === subId) ?? unknownId()));
      return collection(page(all, url, 100, 10).map(toJson.refund));
    }
    return json(toJson.payment(payment));
  }
  if (route === "POST v1/payments" && id !== undefined && sub === "capture") {
    return json(toJson.payment(simulator.captureByMerchant(id, integer(bodyOf(request)["amount"], "amount", 100))));
  }
  if (route === "POST v1/payments" && id !== undefined && sub === "refund") {
    const body = bodyOf(request);
    only(body, ["amount", "speed", "receipt", "notes"]);
    const key = request.headers["x-refund-idempotency"];
    if (key !== undefined && (typeof key !== "string" || !/^[A-Za-z0-9_-]{10,}$/.test(key))) {
      throw new SimRefusal("The idempotency key should be at least 10 characters of letters, digits, _ and -");
    }
    const refund = simulator.refundPayment(
      id,
      {
        ...(body["amount"] === undefined ? {} : { amount: integer(body["amount"], "amount", 100) }),
        receipt: receiptOf(body["receipt"]),
        notes: notesOf(body["notes"]),
      },
      key,
    );
    return json(toJson.refund(refund));
  }
  if (route === "GET v1/refunds") {
    if (id === undefined)
      return collection(page([...simulator.refunds.values()].reverse(), url, 100, 10).map(toJson.refund));
    return json(toJson.refund(simulator.refunds.get(id) ?? unknownId()));
  }
  if (route === "GET v1/settlements") {
    if (id === undefined)
      return collection(page([...simulator.settlements.values()].reverse(), url, 100, 10).map(toJson.settlement));
    if (id === "recon") return recon(simulator, url);
    return json(toJson.settlement(simulator.settlements.get(id) ?? unknownId()));
  }
  return json(
    { error: { code: "BAD_REQUEST_ERROR", description: "The requested URL was not found on the server." } },
    400,
  );
}

function recon(simulator: Engine, url: URL): SimResponse {
  const year = url.searchParams.get("year") ?? "";
  const month = (url.searchParams.get("month") ?? "").padStart(2, "0");
  const day = url.searchParams.get("day");
  if (!/^\d{4}$/.test(year) || !/^(0[1-9]|1[0-2])$/.test(month))
    throw new SimRefusal("The year and month fields are required.", { field: "year" });
  const prefix = day === null ? `${year}-${month}-` : `${year}-${month}-${day.padStart(2, "0")}`;
  return collection(
    page(
      simulator.reconItems((d) => d.startsWith(prefix)),
      url,
      1000,
      1000,
    ),
  );
}

// ---- hosted checkout

function formOf(request: SimRequest, url: URL): URLSearchParams {
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

function checkout(simulator: Engine, request: SimRequest, url: URL): SimResponse {
  const form = formOf(request, url);
  const callbackUrl = returnUrl(form.get("callback_url"));
  const cancelUrl = returnUrl(form.get("cancel_url"));
  const order = simulator.orders.get(form.get("order_id") ?? "");
  if (form.get("key_id") !== simulator.keyId) throw new SimRefusal("The api key provided is invalid", { status: 401 });
  if (!order) throw new SimRefusal("The id provided does not exist");
  const view = {
    action: `${simulator.mountPath}/v1/checkout/embedded/pay`,
    keyId: simulator.keyId,
    merchant: form.get("name") ?? simulator.merchantName,
    description: form.get("description") ?? order.receipt ?? order.id,
    orderId: order.id,
    amount: order.amount,
    isPaid: order.status === "paid",
    callbackUrl,
    cancelUrl,
    contact: form.get("prefill[contact]") ?? form.get("contact") ?? "",
    email: form.get("prefill[email]") ?? form.get("email") ?? "",
  };
  if (url.pathname === "/v1/checkout/embedded") return checkoutPage(view, html);
  if (url.pathname !== "/v1/checkout/embedded/pay" || request.method !== "POST")
    throw new SimRefusal("The requested URL was not found on the server.");

  const method = SIM_METHODS.find((m) => m === form.get("method")) ?? "upi";
  const outcome = form.get("outcome");
  if (outcome === "cancel") return html("", 303, { location: cancelUrl ?? callbackUrl ?? "/" });
  const { payment, callback } = simulator.payOrder(order.id, {
    method,
    outcome: outcome === "failure" || outcome === "late" ? outcome : "success",
    ...(view.contact === "" ? {} : { contact: view.contact }),
    ...(view.email === "" ? {} : { email: view.email }),
  });
  if (outcome === "closed") return returnPage({ ...view, callbackUrl: null }, {}, true, html); // paid, but the browser never returns
  const fields: Record<string, string> =
    payment.error === null
      ? { ...callback }
      : {
          "error[code]": payment.error.code,
          "error[description]": payment.error.description,
          "error[source]": "customer",
          "error[step]": "payment_authorization",
          "error[reason]": payment.error.reason,
          "error[metadata]": JSON.stringify({ payment_id: payment.id, order_id: order.id }),
        };
  return returnPage(view, fields, payment.error === null, html);
}

// ---- control: for tests, demo and scenario files; only where the simulator runs

function control(simulator: Engine, request: SimRequest, url: URL): SimResponse {
  const route = `${request.method} ${url.pathname.slice("/__sim/".length)}`;
  const body = request.method === "POST" ? bodyOf(request) : {};
  const text = (name: string): string | undefined => {
    const value = body[name];
    return typeof value === "string" ? value : undefined;
  };
  switch (route) {
    case "GET state":
      return json({
        now: simulator.now().toISOString(),
        books: simulator.books(),
        orders: simulator.orders.size,
        payments: simulator.payments.size,
        refunds: simulator.refunds.size,
        settlements: [...simulator.settlements.values()].map(simulator.toJson.settlement),
        webhooks: countByStatus(simulator),
      });
    case "POST payments": {
      const method = SIM_METHODS.find((m): m is SimMethod => m === body["method"]);
      const outcome = body["outcome"];
      const result = simulator.payOrder(text("order_id") ?? "", {
        ...(method ? { method } : {}),
        ...(outcome === "failure" || outcome === "late" ? { outcome } : {}),
        ...(typeof body["amount"] === "number" ? { amount: body["amount"] } : {}),
        ...(body["force"] === true ? { force: true } : {}),
      });
      return json({ payment: simulator.toJson.payment(result.payment), callback: result.callback });
    }
    case "POST payments/late":
      return json(simulator.toJson.payment(simulator.completeLate(text("payment_id") ?? "")));
    case "POST faults":
      simulator.addFault(body as unknown as FaultRule);
      return json({ ok: true });
    case "POST faults/clear":
      simulator.clearFaults();
      return json({ ok: true });
    case "POST webhooks/plan":
      simulator.webhookPlan(body);
      return json({ ok: true });
    case "POST webhooks/deliver":
      // Delivered after this answer, so that a test's own server may be the receiver.
      setImmediate(() => void simulator.deliverWebhooks());
      return json({ ok: true }, 202);
    case "GET webhooks/log":
      return json(
        simulator.webhooks
          .slice(-500)
          .map(({ body: raw, secret: _secret, ...event }) => ({ ...event, bytes: raw.length })),
      );
    case "POST clock/advance":
      return json({
        settlements: simulator.advance(Math.min(Number(body["days"] ?? 1), 400)).map(simulator.toJson.settlement),
        now: simulator.now().toISOString(),
      });
    case "POST clock": {
      const at = new Date(text("now") ?? "");
      if (Number.isNaN(at.getTime())) throw new SimRefusal("now is not a moment");
      simulator.setClock(at);
      return json({ now: simulator.now().toISOString() });
    }
    case "POST settlements/run": {
      const made = simulator.runSettlement(text("day") ?? "");
      return json(made ? simulator.toJson.settlement(made) : null);
    }
    case "GET bank-statement.csv":
      return {
        end: "answer",
        status: 200,
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": 'attachment; filename="bank-statement.csv"',
        },
        body: simulator.bankStatementCsv({
          ...(url.searchParams.has("from") ? { from: url.searchParams.get("from") ?? "" } : {}),
          ...(url.searchParams.has("to") ? { to: url.searchParams.get("to") ?? "" } : {}),
        }),
      };
    default:
      return json({ error: { code: "NOT_FOUND", description: `no control ${route}` } }, 404);
  }
}

function countByStatus(simulator: Engine): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of simulator.webhooks) counts[event.status] = (counts[event.status] ?? 0) + 1;
  return counts;
}
