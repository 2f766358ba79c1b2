import { describe, expect, test } from "vitest";
import { createSimulator } from "../simulator.ts";
import { callOf, faultOf, webhookPlanOf } from "./control-words.ts";

const make = () => {
  const s = createSimulator({
    seed: "words",
    clock: () => new Date("2026-06-01T04:30:00Z"),
    sendWebhook: () => Promise.resolve(200),
  });
  const call = (method: string, url: string, body: unknown = {}) => {
    const answer = s.respond({ method, url, headers: {}, body: Buffer.from(JSON.stringify(body)) });
    return {
      status: answer.status,
      end: answer.end,
      value: answer.body === "" ? {} : (JSON.parse(answer.body) as Record<string, unknown>),
    };
  };
  const control = (path: string, body: unknown = {}, method = "POST") => call(method, `/__sim/${path}`, body);
  const order = () => s.createOrder({ amount: 100_000, currency: "INR", receipt: String(s.orders.size), notes: {} });
  return { s, control, call, order };
};

test.each([
  ["POST payments", "payments", { order_id: "order_1", vpa: "x@y" }, "vpa"],
  ["POST settlements/run", "settlements/run", { dya: "2026-06-03" }, "dya"],
  ["POST disputes", "disputes", { payment_id: "pay_1", colour: "red" }, "colour"],
  ["POST clock/advance", "clock/advance", { weeks: 1 }, "weeks"],
  ["POST faults", "faults", { do: "drop_after", mtach: "POST" }, "mtach"],
  ["POST faults (webhook)", "faults", { webhook: "order.paid", do: "drop", status: 500 }, "status"],
  ["POST webhooks/plan", "webhooks/plan", { drops: 1, do: "drop" }, "drops"],
  ["POST webhooks/disable", "webhooks/disable", { adress: "x" }, "adress"],
  ["POST settlements/again", "settlements/setl_1/reissue", { amount: 5 }, "amount"],
])("%s refuses a key that it does not know, by its name", (_title, path, body, key) => {
  const { control } = make();
  const { status, value } = control(path, body);
  expect(status).toBe(400);
  expect(JSON.stringify(value)).toContain(key);
});

describe("one meaning, however it is written", () => {
  test.each([
    ["disputes/disp_1/won", {}, "POST disputes/decide", { dispute_id: "disp_1", verdict: "won" }],
    ["disputes", { id: "disp_1", status: "lost" }, "POST disputes/decide", { dispute_id: "disp_1", verdict: "lost" }],
    ["disputes/close", { dispute: "disp_1" }, "POST disputes/decide", { dispute_id: "disp_1", verdict: "closed" }],
    ["disputes", { dispute_id: "disp_1", action: "accept" }, "POST disputes/accept", { dispute_id: "disp_1" }],
    ["disputes", { payment: "pay_1", amount: "3000.00" }, "POST disputes", { payment_id: "pay_1", amount: 300_000 }],
    ["payments/pay_1/hold", {}, "POST payments/hold", { payment_id: "pay_1" }],
    ["payments/pay_1/release", {}, "POST payments/hold", { payment_id: "pay_1", on_hold: false }],
    [
      "settlements/setl_1/fail",
      { returned: true },
      "POST settlements/fail",
      { settlement_id: "setl_1", returned: true },
    ],
    ["settlements/run", { date: "2026-06-03" }, "POST settlements/run", { day: "2026-06-03" }],
    ["refunds/fail", { refund: "rfnd_1" }, "POST refunds/fail", { refund_id: "rfnd_1" }],
  ])("%s %o", (path, body, route, canonical) => {
    expect(callOf("POST", path, body)).toEqual({ route, body: canonical });
  });

  test("a fault is written with its arguments in brackets, in words or in keys", () => {
    const match = "GET /v1/payments/:id";
    expect(faultOf({ match, do: "status(502, html)", times: 3 })).toEqual({
      of: "calls",
      rule: { match, do: "status", status: 502, body: "html", times: 3 },
    });
    expect(faultOf({ match, do: "status 502 html", times: 3 })).toEqual(
      faultOf({ match, do: "status(502, html)", times: 3 }),
    );
    expect(faultOf({ match, do: 429, retry_after: 30 })).toMatchObject({ rule: { do: "429", retry_after: 30 } });
    expect(faultOf({ match, do: "stale_read(3)" })).toEqual(faultOf({ match, do: "stale_read", n: 3 }));
    expect(faultOf({ match, do: { latency: 8000 } })).toEqual(faultOf({ match, do: "latency", ms: "PT8S" }));
    expect(faultOf({ method: "POST", path: "/v1/orders", do: "hang" })).toEqual(
      faultOf({ match: "POST /v1/orders", do: "hang" }),
    );
  });

  test("a fault of webhooks may stand in the fault plan; without a count it hits every event", () => {
    const all = Number.MAX_SAFE_INTEGER;
    expect(faultOf({ webhook: "*", do: "drop" })).toEqual({ of: "webhooks", rules: [{ do: "drop", times: all }] });
    expect(faultOf({ match: "webhook payment.captured", do: "duplicate(3, concurrent)" })).toEqual({
      of: "webhooks",
      rules: [{ event: "payment.captured", do: "duplicate", n: 3, times: all }],
    });
    expect(faultOf({ event: "order.paid", nth: 2, do: "late(2)" })).toEqual({
      of: "webhooks",
      rules: [{ event: "order.paid", do: "late", days: 2, nth: 2 }],
    });
    expect(webhookPlanOf({ do: "drop" }).rules).toEqual([{ do: "drop", times: all }]);
    expect(webhookPlanOf({ drop: true, reorder: true }).shares).toEqual({ drop: 1, reorder: true });
    expect(() => webhookPlanOf({ duplicate: 10 })).toThrow(/share between 0 and 1/);
  });
});

test.each([
  ["POST /v1/orders", "POST", "/v1/orders", true],
  ["POST /v1/orders", "GET", "/v1/orders", false],
  ["/v1/orders", "POST", "/v1/orders", true],
  ["* /v1/orders", "POST", "/v1/orders", true],
  [".*", "POST", "/v1/orders", true],
  ["(GET|POST) /v1/.*", "POST", "/v1/orders", true],
  ["GET /v1/orders?receipt=", "GET", "/v1/orders?receipt=x", true],
  ["GET /v1/orders/:id", "GET", "/v1/orders/order_AAAAAAAAAAAAAA?x=1", true],
  ["GET /v1/orders/:id", "GET", "/v1/orders/order_AAAAAAAAAAAAAA/payments", false],
  ["GET /v1/orders/.*/payments", "GET", "/v1/orders/order_AAAAAAAAAAAAAA/payments", true],
  ["GET /v1/orders/*/payments", "GET", "/v1/orders/order_AAAAAAAAAAAAAA/payments", true],
  ["GET /v1/orders/*/payments", "GET", "/v1/orders/order_AAAAAAAAAAAAAA", false],
])("the match %s and %s %s: %s", (match, method, url, isHit) => {
  const { control, call } = make();
  expect(control("faults", { match, do: "hang" }).status).toBe(200);
  expect(call(method, url).end === "hang").toBe(isHit);
});

test("a match that could never be one is refused", () => {
  const { control } = make();
  expect(control("faults", { match: "create order", do: "hang" }).status).toBe(400);
});

test("faults of webhooks and of the clock end with faults/clear", async () => {
  const { s, control, order } = make();
  control("faults", { webhook: "*", do: "drop" });
  control("faults", { do: "clock_skew", seconds: 600 });
  expect(s.now().toISOString()).toBe("2026-06-01T04:40:00.000Z");
  s.payOrder(order().id);
  expect(s.webhooks.every((e) => e.status === "dropped")).toBe(true);
  expect(control("faults", {}, "DELETE").status).toBe(200);
  expect(s.now().toISOString()).toBe("2026-06-01T04:30:00.000Z");
  s.payOrder(order().id);
  expect((await s.deliverWebhooks()).delivered).toBe(3);
});
