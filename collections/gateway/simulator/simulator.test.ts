import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import Razorpay from "razorpay";
import { validatePaymentVerification } from "razorpay/dist/utils/razorpay-utils.js";
import { rupees } from "../../../ledger/kernel/money.ts";
import { createGateway } from "../razorpay.ts";
import type { Gateway, Outcome } from "../gateway.ts";
import { parsePayment } from "../entities.ts";
import { bankStatementCsv } from "./bank.ts";
import { feeFor, usualFees } from "./fees.ts";
import { createSimulator } from "./simulator.ts";
import { startSimulator, type RunningSimulator } from "./server.ts";

let sim: RunningSimulator;
let gateway: Gateway;
const sent: { url: string; headers: Readonly<Record<string, string>>; body: Buffer }[] = [];
let receiver = (): number => 200;
const taken = (): Promise<number> => Promise.resolve(200);

beforeAll(async () => {
  sim = await startSimulator(0, {
    seed: "contract",
    clock: () => new Date("2026-06-01T04:30:00Z"),
    webhookUrl: "http://ulb.invalid/webhooks/razorpay/{ulb}",
    sendWebhook: (request) => {
      sent.push(request);
      return Promise.resolve(receiver());
    },
    bankOpening: 100_000_00,
  });
  gateway = createGateway({ ...sim.gatewayConfig(sim.url), timeoutMs: 400 });
});
afterAll(async () => {
  gateway.close();
  await sim.close();
});

function ok<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== "ok") throw new Error(`expected ok, got ${JSON.stringify(outcome)}`);
  return outcome.value;
}
const order = async (amount: string, receipt: string) =>
  ok(await gateway.createOrder({ amount: rupees(amount), receipt, notes: { ulb: "demo" } }));

test("rounds of deliveries that overlap send every webhook once, and each of them ends when all is delivered", async () => {
  const urls: string[] = [];
  const slow = createSimulator({
    seed: "overlap",
    sendWebhook: async (request) => {
      urls.push(String(request.headers["x-razorpay-event-id"]));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return 200;
    },
  });
  for (let i = 0; i < 6; i++) slow.payOrder(slow.createOrder({ amount: 100_000, currency: "INR", notes: {} }).id);
  const rounds = [slow.deliverWebhooks(2), slow.deliverWebhooks(2)];
  slow.payOrder(slow.createOrder({ amount: 100_000, currency: "INR", notes: {} }).id);
  rounds.push(slow.deliverWebhooks(2));
  for (const { waiting } of await Promise.all(rounds)) expect(waiting).toBe(0);
  expect(new Set(urls).size).toBe(slow.webhooks.length);
  expect(urls).toHaveLength(slow.webhooks.length);
});

test("an order, its payment and its list are read back through the real SDK as they are", async () => {
  const made = await order("10000.00", "r-1");
  expect(made).toMatchObject({ amount: 1_000_000n, status: "created", receipt: "r-1", notes: { ulb: "demo" } });
  expect(ok(await gateway.fetchOrder(made.id))).toEqual(made);
  expect(ok(await gateway.findOrders("r-1"))).toEqual([made]);
  expect(ok(await gateway.findOrders("nobody"))).toEqual([]);

  const { payment, callback } = sim.payOrder(made.id, { method: "netbanking" });
  const paid = ok(await gateway.fetchPayment(payment.id));
  expect(paid).toMatchObject({ orderId: made.id, amount: 1_000_000n, status: "captured", fee: 23_600n, tax: 3_600n });
  expect(ok(await gateway.orderPayments(made.id))).toEqual([paid]);
  expect(ok(await gateway.fetchOrder(made.id)).status).toBe("paid");
  const back = { orderId: made.id, paymentId: payment.id, signature: callback.razorpay_signature };
  expect(gateway.verifyCheckout(back)).toBe(true);
  // The SDK's own check agrees with ours.
  expect(
    validatePaymentVerification({ order_id: made.id, payment_id: payment.id }, back.signature, sim.keySecret),
  ).toBe(true);
  expect(gateway.verifyCheckout({ ...back, paymentId: "pay_00000000000000" })).toBe(false);
});

test("an order that is paid takes no second payment; a repeated receipt is refused", async () => {
  const made = await order("20.00", "r-2");
  sim.payOrder(made.id);
  expect(() => sim.payOrder(made.id)).toThrow("Payment already done for this order.");
  expect(await gateway.createOrder({ amount: rupees("20.00"), receipt: "r-2", notes: {} })).toEqual({
    kind: "rejected",
    status: 400,
    code: "BAD_REQUEST_ERROR",
    description: "Order receipt should be unique.",
  });
});

test("what is wrong with a request is refused in the gateway's words: amount, unknown id, key", async () => {
  expect(await gateway.createOrder({ amount: rupees("0.99"), receipt: "r-3", notes: {} })).toMatchObject({
    kind: "rejected",
    status: 400,
  });
  expect(await gateway.fetchPayment("pay_00000000000000")).toMatchObject({
    kind: "rejected",
    description: "The id provided does not exist",
  });
  const stranger = createGateway({ ...sim.gatewayConfig(sim.url), keySecret: "not-the-secret" });
  expect(await stranger.fetchOrder("order_00000000000000")).toMatchObject({ kind: "rejected", status: 401 });
});

test("an id that is not one never reaches the wire", () => {
  expect(() => gateway.fetchPayment("../orders/order_1?x=")).toThrow("GATEWAY_ID");
  expect(() => gateway.fetchOrder("pay_00000000000000")).toThrow("GATEWAY_ID");
});

test.each(["drop_before", "hang", "html_502", "rate_limit", "truncate", "drop_after", "html_after"] as const)(
  "a call that meets %s has an unknown outcome, never a refusal",
  async (fault) => {
    sim.addFault({ match: "POST /v1/orders", do: fault });
    const outcome = await gateway.createOrder({ amount: rupees("5.00"), receipt: `f-${fault}`, notes: {} });
    expect(outcome.kind).toBe("unknown");
    const isDone = ["truncate", "drop_after", "html_after"].includes(fault);
    expect(ok(await gateway.findOrders(`f-${fault}`))).toHaveLength(isDone ? 1 : 0);
  },
);

test("a refund with the same key is the same refund, with another body it is refused", async () => {
  const made = await order("500.00", "r-4");
  const { payment } = sim.payOrder(made.id);
  const refund = {
    paymentId: payment.id,
    amount: rupees("200.00"),
    idempotencyKey: "refund-key-0001",
    receipt: "x",
    notes: {},
  };
  sim.addFault({ match: `POST /v1/payments/${payment.id}/refund`, do: "drop_after" });
  expect((await gateway.refundPayment(refund)).kind).toBe("unknown");
  const first = ok(await gateway.refundPayment(refund));
  expect(ok(await gateway.paymentRefunds(payment.id))).toEqual([first]);
  expect(await gateway.refundPayment({ ...refund, amount: rupees("201.00") })).toMatchObject({
    kind: "rejected",
    description: "Different request with the same idempotency key has already been processed.",
  });
  expect(
    await gateway.refundPayment({ ...refund, amount: rupees("301.00"), idempotencyKey: "refund-key-0002" }),
  ).toMatchObject({
    kind: "rejected",
  });
});

test("manual capture takes the authorised amount only, and says when it is captured already", async () => {
  const manual = await startSimulator(0, { seed: "manual", autoCapture: false, sendWebhook: taken });
  const port = createGateway(manual.gatewayConfig(manual.url));
  const made = ok(await port.createOrder({ amount: rupees("10.00"), receipt: "m", notes: {} }));
  const { payment } = manual.payOrder(made.id);
  expect(ok(await port.fetchPayment(payment.id)).status).toBe("authorized");
  expect(await port.capturePayment(payment.id, rupees("9.00"))).toMatchObject({ kind: "rejected" });
  expect(ok(await port.capturePayment(payment.id, rupees("10.00"))).status).toBe("captured");
  expect(await port.capturePayment(payment.id, rupees("10.00"))).toMatchObject({
    description: "This payment has already been captured",
  });
  port.close();
  await manual.close();
});

test("webhooks carry an event id and a signature of exactly the bytes sent; our check and the SDK's agree", async () => {
  sent.length = 0;
  const made = await order("77.00", "r-5");
  sim.payOrder(made.id, { outcome: "failure" });
  sim.payOrder(made.id);
  await sim.deliverWebhooks();
  const mine = sent.filter((s) => s.body.toString().includes(made.id));
  const events = mine.map((s) => (JSON.parse(s.body.toString()) as { event: string }).event);
  expect(events).toEqual(["payment.failed", "payment.authorized", "payment.captured", "order.paid"]);
  for (const { url, headers, body } of mine) {
    expect(url).toBe("http://ulb.invalid/webhooks/razorpay/demo");
    expect(headers["x-razorpay-event-id"]).toMatch(/^[A-Za-z0-9]{14}$/);
    const signature = headers["x-razorpay-signature"] ?? "";
    expect(gateway.verifyWebhook(body, signature, new Date())).toBe(true);
    expect(Razorpay.validateWebhookSignature(body.toString(), signature, sim.webhookSecret)).toBe(true);
    const changed = Buffer.concat([body, Buffer.from(" ")]);
    expect(gateway.verifyWebhook(changed, signature, new Date())).toBe(false);
    for (const bad of [
      undefined,
      "",
      "a",
      signature.toUpperCase(),
      signature.slice(1),
      `${signature}0`,
      "0".repeat(64),
    ]) {
      expect(gateway.verifyWebhook(body, bad, new Date())).toBe(false);
    }
  }
});

test("a webhook that is not accepted is sent again later with the same id, for a day", async () => {
  sent.length = 0;
  receiver = () => 500;
  sim.payOrder((await order("3.00", "r-6")).id, { outcome: "failure" });
  expect(await sim.deliverWebhooks()).toMatchObject({ sent: 1, delivered: 0, waiting: 1 });
  expect(await sim.deliverWebhooks()).toMatchObject({ sent: 0 });
  receiver = () => 200;
  expect(await sim.drainWebhooks()).toMatchObject({ delivered: 1, waiting: 0 });
  expect(new Set(sent.map((s) => s.headers["x-razorpay-event-id"])).size).toBe(1);
});

test("an old webhook secret is good until its day, and an empty or short one is refused at the start", () => {
  const config = sim.gatewayConfig(sim.url);
  const rotated = createGateway({
    ...config,
    webhookSecrets: [
      { secret: "the-new-secret" },
      { secret: sim.webhookSecret, validUntil: new Date("2026-06-08T00:00:00Z") },
    ],
  });
  const event = sim.webhooks[0];
  if (!event) throw new Error("there is an event");
  const signature = sent.find((s) => s.headers["x-razorpay-event-id"] !== "")?.headers["x-razorpay-signature"];
  const body = sent[0]?.body ?? Buffer.alloc(0);
  expect(rotated.verifyWebhook(body, signature, new Date("2026-06-07T00:00:00Z"))).toBe(true);
  expect(rotated.verifyWebhook(body, signature, new Date("2026-06-09T00:00:00Z"))).toBe(false);
  expect(() => createGateway({ ...config, webhookSecrets: [{ secret: "" }] })).toThrow("GATEWAY_CONFIG");
  expect(() => createGateway({ ...config, keySecret: "" })).toThrow("GATEWAY_CONFIG");
});

test("a live key talks to Razorpay only; production refuses test keys and simulators that were not allowed", () => {
  const config = sim.gatewayConfig(sim.url);
  expect(() => createGateway({ ...config, keyId: "rzp_live_AAAAAAAAAAAAAA" })).toThrow("live key");
  expect(() => createGateway({ ...config, isProduction: true, allowSimulator: false })).toThrow(
    "simulator must be allowed",
  );
  expect(() =>
    createGateway({ ...config, baseUrl: "https://api.razorpay.com", isProduction: true, allowSimulator: false }),
  ).toThrow("test key");
  expect(
    createGateway({
      ...config,
      keyId: "rzp_live_AAAAAAAAAAAAAA",
      baseUrl: "https://api.razorpay.com",
      isProduction: true,
    }).mode,
  ).toBe("live");
});

test("GST on a fee is nine per cent twice, each rounded: all published samples", () => {
  // base fee -> tax, from samples in the gateway's documentation
  for (const [fee, tax] of [
    [731, 112],
    [296, 46],
    [50, 8],
    [22, 4],
    [24, 4],
    [12, 2],
    [236, 36],
    [11_800, 1_800],
  ] as const) {
    expect(feeFor((fee - tax) * 50, "netbanking", usualFees)).toEqual({ fee, tax });
  }
  expect(feeFor(150_000, "card", usualFees)).toEqual({ fee: 3_000, tax: 0 });
  expect(feeFor(1_000_000, "upi", usualFees)).toEqual({ fee: 0, tax: 0 });
});

test("settlement after two working days nets fees and refunds, says so item by item, and reaches the bank", async () => {
  const other = await startSimulator(0, {
    seed: "settle",
    clock: () => new Date("2026-06-01T04:30:00Z"),
    sendWebhook: taken,
  });
  const port = createGateway(other.gatewayConfig(other.url));
  const a = ok(await port.createOrder({ amount: rupees("10000.00"), receipt: "a", notes: { ulb: "demo" } }));
  const b = ok(await port.createOrder({ amount: rupees("1500.00"), receipt: "b", notes: { ulb: "demo" } }));
  const pa = other.payOrder(a.id, { method: "netbanking" }).payment;
  const pb = other.payOrder(b.id, { method: "upi" }).payment;
  ok(
    await port.refundPayment({
      paymentId: pb.id,
      amount: rupees("1500.00"),
      idempotencyKey: "refund-of-pb-1",
      receipt: "rb",
      notes: {},
    }),
  );
  other.addAdjustment(1_012, "correction");
  expect(other.advance(1)).toEqual([]);
  const [settlement] = other.advance(1);
  expect(settlement).toMatchObject({ amount: 977_412 });

  const listed = ok(
    await port.listSettlements({ from: new Date("2026-06-01T00:00:00Z"), to: new Date("2026-06-30T00:00:00Z") }),
  );
  expect(listed).toEqual([ok(await port.fetchSettlement(settlement?.id ?? ""))]);
  const items = ok(await port.settlementItems({ year: 2026, month: 6 }));
  expect(items.map((i) => [i.type, i.entityId, i.credit - i.debit, i.fee, i.tax])).toEqual(
    expect.arrayContaining([
      ["payment", pa.id, 976_400n, 23_600n, 3_600n],
      ["payment", pb.id, 150_000n, 0n, 0n],
      ["refund", expect.stringMatching(/^rfnd_/), -150_000n, 0n, 0n],
      ["adjustment", expect.stringMatching(/^adj_/), 1_012n, 0n, 0n],
    ]),
  );
  expect(items.reduce((sum, i) => sum + i.credit - i.debit, 0n)).toBe(977_412n);
  expect(ok(await port.settlementItems({ year: 2026, month: 6, day: 3, count: 1, skip: 1 }))).toHaveLength(1);
  expect(ok(await port.settlementItems({ year: 2026, month: 6, day: 4 }))).toEqual([]);
  expect(other.books().available).toBe(0);
  const utr = settlement?.utr ?? "";
  expect(utr).toMatch(/^AXISN26154\d{6}$/);
  expect(other.bankStatementCsv({ from: "2026-06-01", to: "2026-06-30" })).toBe(
    [
      "Date,Value Date,Narration,Ref No/UTR,Debit,Credit,Balance",
      "01/06/2026,01/06/2026,OPENING BALANCE,,,,0.00",
      `03/06/2026,03/06/2026,NEFT CR-${utr}-RAZORPAY PAYMENTS PVT LTD-NAGARKOSH DEMO,${utr},,9774.12,9774.12`,
      "",
    ].join("\r\n"),
  );
  port.close();
  await other.close();
});

test("a stopped simulator goes on where it was: orders, balances, waiting webhooks, what is to be settled", async () => {
  const clock = () => new Date("2026-06-01T04:30:00Z");
  const before = createSimulator({ seed: "s", clock, settlementDays: 1, sendWebhook: () => Promise.resolve(500) });
  const made = before.createOrder({ amount: 10_000, receipt: "kept" });
  const { payment } = before.payOrder(made.id, { method: "netbanking" });
  before.refundPayment(payment.id, { amount: 1_000 }, "refund-key-0001");
  await before.deliverWebhooks();
  const delivered: Buffer[] = [];
  const after = createSimulator({
    seed: "t",
    clock,
    settlementDays: 1,
    snapshot: before.snapshot(),
    sendWebhook: (request) => {
      delivered.push(request.body);
      return Promise.resolve(200);
    },
  });
  expect(after.books()).toEqual(before.books());
  expect(after.refundPayment(payment.id, { amount: 1_000 }, "refund-key-0001").id).toBe([...before.refunds.keys()][0]);
  expect(() => after.createOrder({ amount: 10_000, receipt: "kept" })).toThrow("unique");
  await after.drainWebhooks();
  expect(delivered.map((b) => (JSON.parse(b.toString()) as { event: string }).event)).toContain("payment.captured");
  expect(after.advance(1).map((x) => x.amount)).toEqual(before.advance(1).map((x) => x.amount));
});

test("nothing is lost in a snapshot: taken again it is the same, and what happens next is the same, ids included", async () => {
  let day = "2026-06-01T04:30:00Z";
  const options = { seed: "whole", clock: () => new Date(day), settlementDays: 1, bankOpening: 500_000 };
  const before = createSimulator({ ...options, refundsAreInstant: false, sendWebhook: () => Promise.resolve(500) });
  const pay = (amount: number, receipt: string, how: Parameters<typeof before.payOrder>[1] = {}) =>
    before.payOrder(before.createOrder({ amount, receipt, notes: { ulb: "demo" } }).id, how).payment;
  pay(100_000, "a", { method: "netbanking" });
  const late = pay(200_000, "b", { outcome: "late" });
  const refunded = pay(300_000, "c", { method: "card" });
  before.holdPayment(pay(50_000, "d").id, true);
  await before.deliverWebhooks(); // refused: they wait for their next attempt
  before.advance(1);
  before.refundPayment(refunded.id, { amount: 1_000, receipt: "r" }, "refund-key-0002");
  before.addAdjustment(-700, "correction");
  before.addBankLine({ day: "2026-06-02", narration: "BY CASH", reference: "S-1", credit: 12_300 });
  const kept = before.snapshot();

  const sent: string[] = [];
  const receiver = (request: { readonly body: Buffer }): Promise<number> => {
    sent.push(request.body.toString());
    return Promise.resolve(200);
  };
  const [one, two] = [0, 1].map(() =>
    createSimulator({ ...options, refundsAreInstant: false, snapshot: kept, sendWebhook: receiver }),
  );
  if (!one || !two) throw new Error("two of them");
  expect(JSON.parse(one.snapshot())).toEqual(JSON.parse(kept));
  expect(one.now()).toEqual(before.now());
  expect(one.paymentsOf(late.order_id ?? "")).toEqual([late]);
  expect(one.bankStatementCsv()).toBe(before.bankStatementCsv());

  // What happens next, twice: once on each copy.
  day = "2026-06-01T05:30:00Z";
  for (const copy of [one, two]) {
    copy.completeLate(late.id);
    expect(copy.processRefunds()).toBe(1);
    copy.payOrder(copy.createOrder({ amount: 400_000, receipt: "e" }).id);
    copy.advance(3);
  }
  expect(JSON.parse(two.snapshot())).toEqual(JSON.parse(one.snapshot()));
  expect(one.settlements.size).toBe(before.settlements.size + 1);
  const ids = [...one.orders.keys(), ...one.payments.keys(), ...one.settlements.keys(), ...one.refunds.keys()];
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining([...before.orders.keys(), ...before.payments.keys()]));
  expect(ids.length).toBe(
    before.orders.size + before.payments.size + before.settlements.size + before.refunds.size + 3,
  );

  const waiting = (JSON.parse(kept) as { events: unknown[] }).events.length;
  expect(waiting).toBeGreaterThan(8);
  const { delivered } = await one.drainWebhooks();
  expect(delivered).toBe(sent.length);
  expect(delivered).toBeGreaterThan(waiting);
});

test("no settlement on a Sunday, a second Saturday or a holiday; a payment on hold waits", () => {
  const s = createSimulator({
    seed: "d",
    clock: () => new Date("2026-06-11T04:30:00Z"),
    settlementDays: 1,
    holidays: ["2026-06-15"],
    sendWebhook: taken,
  });
  const held = s.payOrder(s.createOrder({ amount: 50_000 }).id).payment;
  s.holdPayment(held.id, true);
  s.payOrder(s.createOrder({ amount: 10_000 }).id);
  s.advance(1); // Friday 12 June: captured on Thursday
  expect([...s.settlements.values()].map((x) => x.amount)).toEqual([10_000]);
  s.holdPayment(held.id, false);
  expect(s.advance(3)).toEqual([]); // second Saturday, Sunday, holiday
  expect(s.advance(1).map((x) => x.amount)).toEqual([50_000]);
});

test("refunds larger than the day's captures are carried forward and netted in the next settlement", () => {
  const s = createSimulator({
    seed: "n",
    clock: () => new Date("2026-06-01T04:30:00Z"),
    settlementDays: 1,
    sendWebhook: taken,
  });
  const p = s.payOrder(s.createOrder({ amount: 150_000 }).id).payment;
  s.advance(1);
  s.payOrder(s.createOrder({ amount: 1_000_000 }).id, { method: "netbanking" });
  s.refundPayment(p.id, {});
  expect(s.advance(1).map((x) => x.amount)).toEqual([976_400 - 150_000]);
  expect(s.books().available).toBe(0);
});

test("a late yes revives a failed payment, and is sent back when another payment took the order meanwhile", () => {
  const s = createSimulator({ seed: "l", sendWebhook: taken });
  const one = s.createOrder({ amount: 1_000 });
  const late = s.payOrder(one.id, { outcome: "late" }).payment;
  expect(late.status).toBe("failed");
  expect(s.completeLate(late.id)).toMatchObject({ status: "captured", error: null });
  const two = s.createOrder({ amount: 1_000 });
  const slow = s.payOrder(two.id, { outcome: "late" }).payment;
  s.payOrder(two.id);
  expect(s.completeLate(slow.id)).toMatchObject({ status: "refunded", captured: false });
  expect(s.books()).toMatchObject({ captured: 2_000, refunded: 0 });
});

test("the hosted page is a plain form: it pays, fails, cancels, and hands the browser back", () => {
  const s = createSimulator({ seed: "page", mountPath: "/__sim/razorpay", sendWebhook: taken });
  const made = s.createOrder({ amount: 123_450, notes: { ulb: "demo" } });
  const form = (fields: Record<string, string>) =>
    Buffer.from(
      new URLSearchParams({
        key_id: s.keyId,
        order_id: made.id,
        callback_url: "http://127.0.0.1/cb?o=1",
        cancel_url: "http://127.0.0.1/no",
        ...fields,
      }).toString(),
    );
  const post = (path: string, fields: Record<string, string>) =>
    s.respond({ method: "POST", url: path, headers: {}, body: form(fields) });

  const page = post("/__sim/razorpay/v1/checkout/embedded", { name: "Nagar <Palika>" });
  expect(page.status).toBe(200);
  expect(page.body).toContain("₹1,234.50");
  expect(page.body).toContain("Nagar &lt;Palika&gt;");
  expect(page.body).toContain('action="/__sim/razorpay/v1/checkout/embedded/pay"');
  expect(post("/__sim/razorpay/v1/checkout/embedded/pay", { outcome: "cancel" })).toMatchObject({
    status: 303,
    headers: { location: "http://127.0.0.1/no" },
  });
  const failed = post("/__sim/razorpay/v1/checkout/embedded/pay", { outcome: "failure" });
  expect(failed.body).toContain("error[code]");
  const done = post("/__sim/razorpay/v1/checkout/embedded/pay", { outcome: "success", method: "upi" });
  expect(done.body).toContain("razorpay_signature");
  expect(done.body).toContain('action="http://127.0.0.1/cb?o=1"');
  expect(post("/__sim/razorpay/v1/checkout/embedded", {}).body).toContain("already done");
  expect(post("/__sim/razorpay/v1/checkout/embedded", { callback_url: "javascript:alert(1)" }).status).toBe(400);
});

test("payloads that are well signed but odd are read where they can be, and nothing is guessed where they cannot", () => {
  const s = createSimulator({ seed: "odd", sendWebhook: taken });
  const json = s.toJson.payment(s.payOrder(s.createOrder({ amount: 1_000 }).id).payment);
  expect(
    parsePayment({ ...json, notes: [], fee: null, tax: null, acquirer_data: undefined, new_key: 1 }),
  ).toMatchObject({ amount: 1_000n, fee: null });
  expect(parsePayment({ ...json, amount: "1000" })).toBeUndefined();
  expect(parsePayment({ ...json, amount: 1000.5 })).toBeUndefined();
  expect(parsePayment({ ...json, id: "pay_1" })).toBeUndefined();
  expect(parsePayment("{}")).toBeUndefined();
});

test("the statement's balances run on from the opening, whatever the lines", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          day: fc.integer({ min: 1, max: 28 }),
          credit: fc.integer({ min: 1, max: 1e9 }),
          isDebit: fc.boolean(),
        }),
      ),
      fc.integer({ min: 0, max: 1e9 }),
      (items, opening) => {
        const lines = items.map((i) => ({
          day: `2026-06-${String(i.day).padStart(2, "0")}`,
          narration: 'A "quoted", line',
          reference: "R",
          ...(i.isDebit ? { debit: i.credit } : { credit: i.credit }),
        }));
        const csv = bankStatementCsv(lines, opening, "2026-06-01", "2026-06-30");
        const last = csv.trimEnd().split("\r\n").at(-1)?.split(",").at(-1);
        const expected = opening + items.reduce((sum, i) => sum + (i.isDebit ? -i.credit : i.credit), 0);
        expect(Math.round(Number(last) * 100)).toBe(expected);
      },
    ),
  );
});

test("the simulator's books balance whatever is done to it", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("pay" as const),
      amount: fc.integer({ min: 100, max: 5_000_000 }),
      method: fc.constantFrom("upi", "card", "netbanking"),
    }),
    fc.record({ do: fc.constant("refund" as const), pick: fc.nat() }),
    fc.record({ do: fc.constant("advance" as const), days: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const s = createSimulator({
        seed: "books",
        clock: () => new Date("2026-06-01T04:30:00Z"),
        sendWebhook: taken,
      });
      for (const one of steps) {
        if (one.do === "pay") s.payOrder(s.createOrder({ amount: one.amount }).id, { method: one.method as "upi" });
        if (one.do === "advance") s.advance(one.days);
        const all = [...s.payments.keys()];
        if (one.do === "refund" && all.length > 0) {
          try {
            s.refundPayment(all[one.pick % all.length] ?? "", {});
          } catch {
            // Refused for want of balance or because it is refunded already.
          }
        }
      }
      const b = s.books();
      expect(b.available).toBeGreaterThanOrEqual(0);
      const items = s.reconItems(() => true).reduce((sum, i) => sum + Number(i["credit"]) - Number(i["debit"]), 0);
      expect(items).toBe(b.settled);
      expect(s.bankLines.reduce((sum, l) => sum + (l.credit ?? 0), 0)).toBe(b.settled);
    }),
  );
});
