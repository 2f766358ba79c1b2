import { afterAll, beforeAll, expect, test } from "vitest";
import Razorpay from "razorpay";
import { rupees } from "../../../ledger/kernel/money.ts";
import { readGatewayEvent } from "./contract-events.ts";
import type { Gateway, Outcome } from "../gateway.ts";
import { createGateway } from "../razorpay.ts";
import { startSimulator, type RunningSimulator } from "./server.ts";

// The real SDK against the simulator: every method we call or may call, and what comes back looks like the documented entity: the same keys,
// the same JSON type of each, whatever the values.

type Calls = Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>;
let sim: RunningSimulator;
let gateway: Gateway;
let sdk: Calls;
const sent: Buffer[] = [];
const NOW = new Date("2026-06-01T04:30:00Z");
const HOUR = Math.floor(NOW.getTime() / 1000) + 3600;

beforeAll(async () => {
  sim = await startSimulator(0, {
    seed: "shapes",
    clock: () => NOW,
    sendWebhook: ({ body }) => {
      sent.push(body);
      return Promise.resolve(200);
    },
  });
  gateway = createGateway({ ...sim.gatewayConfig(sim.url), timeoutMs: 5000 });
  const real = new Razorpay({ key_id: sim.keyId, key_secret: sim.keySecret });
  (real as unknown as { api: { rq: { defaults: { baseURL: string } } } }).api.rq.defaults.baseURL = sim.url;
  sdk = real as unknown as Calls;
});
afterAll(async () => {
  gateway.close();
  await sim.close();
});

const of = (resource: string, method: string, ...args: unknown[]): Promise<unknown> => {
  const fn = sdk[resource]?.[method];
  if (!fn) throw new Error(`the SDK has no ${resource}.${method}`);
  return fn.apply(sdk[resource], args);
};
function ok<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== "ok") throw new Error(`expected ok, got ${JSON.stringify(outcome)}`);
  return outcome.value;
}
const type = (v: unknown): string => (v === null ? "null" : Array.isArray(v) ? "array" : typeof v);
/** "id string" per key; a key may have several types: "receipt string|null". */
function shape(value: unknown, wanted: Readonly<Record<string, string>>): void {
  const given = value as Record<string, unknown>;
  expect(Object.keys(given).sort()).toEqual(Object.keys(wanted).sort());
  for (const [key, types] of Object.entries(wanted))
    expect(types.split("|"), `${key} is ${type(given[key])}`).toContain(type(given[key]));
}
const collection = (value: unknown): unknown[] => {
  shape(value, { entity: "string", count: "number", items: "array" });
  return (value as { items: unknown[] }).items;
};

const ORDER = {
  id: "string",
  entity: "string",
  amount: "number",
  amount_paid: "number",
  amount_due: "number",
  currency: "string",
  receipt: "string|null",
  offer_id: "null",
  status: "string",
  attempts: "number",
  notes: "object|array",
  created_at: "number",
};
const PAYMENT = {
  id: "string",
  entity: "string",
  amount: "number",
  currency: "string",
  status: "string",
  order_id: "string|null",
  invoice_id: "null",
  international: "boolean",
  method: "string",
  amount_refunded: "number",
  refund_status: "string|null",
  captured: "boolean",
  description: "null",
  card_id: "string|null",
  bank: "string|null",
  wallet: "string|null",
  vpa: "string|null",
  email: "string",
  contact: "string",
  notes: "object|array",
  fee: "number|null",
  tax: "number|null",
  error_code: "string|null",
  error_description: "string|null",
  error_source: "string|null",
  error_step: "string|null",
  error_reason: "string|null",
  acquirer_data: "object",
  created_at: "number",
};
const REFUND = {
  id: "string",
  entity: "string",
  amount: "number",
  currency: "string",
  payment_id: "string",
  notes: "object|array",
  receipt: "string|null",
  acquirer_data: "object",
  created_at: "number",
  batch_id: "null",
  status: "string",
  speed_requested: "string",
  speed_processed: "string",
};
const SETTLEMENT = {
  id: "string",
  entity: "string",
  amount: "number",
  status: "string",
  fees: "number",
  tax: "number",
  utr: "string",
  created_at: "number",
};
const ITEM = {
  entity_id: "string",
  type: "string",
  debit: "number",
  credit: "number",
  amount: "number",
  currency: "string",
  fee: "number",
  tax: "number",
  on_hold: "boolean",
  settled: "boolean",
  created_at: "number",
  settled_at: "number",
  settlement_id: "string",
  posted_at: "null",
  credit_type: "string",
  description: "string|null",
  notes: "object|array",
  payment_id: "string|null",
  settlement_utr: "string|null",
  order_id: "string|null",
  order_receipt: "string|null",
  method: "string|null",
  card_network: "string|null",
  card_issuer: "string|null",
  card_type: "string|null",
  dispute_id: "string|null",
};

test("orders: create, fetch, all, fetchPayments, edit", async () => {
  const made = (await of("orders", "create", {
    amount: 50_000,
    currency: "INR",
    receipt: "o-1",
    notes: { a: "b" },
  })) as {
    id: string;
  };
  shape(made, ORDER);
  shape(await of("orders", "fetch", made.id), ORDER);
  for (const o of collection(await of("orders", "all", { receipt: "o-1" }))) shape(o, ORDER);
  shape(await of("orders", "edit", made.id, { notes: { a: "c" } }), ORDER);
  sim.payOrder(made.id, { method: "netbanking" });
  for (const p of collection(await of("orders", "fetchPayments", made.id))) shape(p, PAYMENT);
});

test("payments: fetch, all, edit, capture, card, refund, refunds; refunds: fetch, all, edit", async () => {
  const order = sim.createOrder({ amount: 300_000, capture: { isManual: true, manualMinutes: null } });
  const { payment } = sim.payOrder(order.id, { method: "card" });
  const card = { ...PAYMENT, card: "object" };
  shape(await of("payments", "fetch", payment.id), card);
  expect(collection(await of("payments", "all", { count: 5 })).length).toBeGreaterThan(0);
  shape(await of("payments", "edit", payment.id, { notes: { k: "v" } }), card);
  shape(await of("payments", "capture", payment.id, 300_000, "INR"), card);
  shape(await of("payments", "fetchCardDetails", payment.id), {
    id: "string",
    entity: "string",
    name: "string",
    last4: "string",
    network: "string",
    type: "string",
    issuer: "string",
    international: "boolean",
    emi: "boolean",
    sub_type: "string",
  });
  const refund = (await of("payments", "refund", payment.id, { amount: 1_000 })) as { id: string };
  shape(refund, REFUND);
  for (const r of collection(await of("payments", "fetchMultipleRefund", payment.id, {}))) shape(r, REFUND);
  shape(await of("payments", "fetchRefund", payment.id, refund.id), REFUND);
  shape(await of("refunds", "fetch", refund.id), REFUND);
  shape(await of("refunds", "edit", refund.id, { notes: { why: "duplicate" } }), REFUND);
  for (const r of collection(await of("refunds", "all", {}))) shape(r, REFUND);
});

test("settlements: all, fetch, reports; pages of one item each add up", async () => {
  sim.payOrder(sim.createOrder({ amount: 20_000 }).id, { method: "netbanking" });
  sim.addAdjustment(-100, "correction");
  const made = sim.advance(3);
  expect(made.length).toBeGreaterThan(0);
  for (const s of collection(await of("settlements", "all", {}))) shape(s, SETTLEMENT);
  shape(await of("settlements", "fetch", made[0]?.id), SETTLEMENT);
  const items = collection(await of("settlements", "reports", { year: 2026, month: 6 }));
  for (const i of items) shape(i, ITEM);
  const paged: unknown[] = [];
  for (let skip = 0; skip < items.length; skip++)
    paged.push(...collection(await of("settlements", "reports", { year: 2026, month: 6, count: 1, skip })));
  expect(paged).toEqual(items);
});

test("a payment link is made, found by our reference, paid in the hosted page's way, and cancelled", async () => {
  const link = ok(
    await gateway.links.create({
      amount: rupees("1500.00"),
      referenceId: "bill-7",
      description: "Property tax",
      expiresAt: new Date(NOW.getTime() + 86_400_000 * 5),
      callbackUrl: "http://127.0.0.1/back",
      notes: { ulb: "demo" },
    }),
  );
  expect(link).toMatchObject({ status: "created", amount: 150_000n, referenceId: "bill-7", orderId: null });
  expect(ok(await gateway.links.find("bill-7"))).toEqual([link]);
  expect(
    await gateway.links.create({ amount: rupees("1.00"), referenceId: "bill-7", description: "", notes: {} }),
  ).toMatchObject({ kind: "rejected", description: expect.stringContaining("already attempted") as string });
  expect(ok(await gateway.links.notify(link.id, "sms"))).toBe(true);
  sent.length = 0;
  const form = new URLSearchParams({ outcome: "success", method: "upi" });
  const response = await fetch(`${sim.url}/l/${link.id}`, { method: "POST", body: form, redirect: "manual" });
  const back = new URL(response.headers.get("location") ?? "");
  const paymentId = back.searchParams.get("razorpay_payment_id") ?? "";
  const said = {
    linkId: link.id,
    referenceId: "bill-7",
    status: "paid",
    paymentId,
    signature: back.searchParams.get("razorpay_signature") ?? "",
  };
  expect(gateway.links.verifyReturn(said)).toBe(true);
  expect(gateway.links.verifyReturn({ ...said, status: "created" })).toBe(false);
  expect(ok(await gateway.links.fetch(link.id))).toMatchObject({ status: "paid", paymentIds: [paymentId] });
  await sim.deliverWebhooks();
  expect(sent.map(readGatewayEvent)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        event: "payment_link.paid",
        kind: "link",
        payment: expect.objectContaining({ id: paymentId }) as unknown,
      }),
    ]),
  );
  const other = ok(
    await gateway.links.create({ amount: rupees("10.00"), referenceId: "bill-8", description: "", notes: {} }),
  );
  expect(ok(await gateway.links.cancel(other.id)).status).toBe("cancelled");
  shape(await of("paymentLink", "all", { count: 1 }), { payment_links: "array" });
});

test("a UPI QR code is paid once when it is for one use; its event carries the sums from before", async () => {
  sent.length = 0;
  const qr = ok(
    await gateway.qrCodes.create({
      usage: "single_use",
      amount: rupees("1500.00"),
      description: "B2",
      notes: { ulb: "demo" },
    }),
  );
  const payment = sim.payQr(qr.id);
  expect(() => sim.payQr(qr.id)).toThrow("closed");
  expect(sim.payQr(qr.id, { force: true })).toMatchObject({ captured: false, status: "refunded" });
  expect(ok(await gateway.qrCodes.payments(qr.id)).map((p) => [p.id, p.captured])).toContainEqual([payment.id, true]);
  expect(ok(await gateway.qrCodes.fetch(qr.id))).toMatchObject({
    status: "closed",
    amountReceived: 150_000n,
    paymentCount: 1,
  });
  await sim.deliverWebhooks();
  const credited = sent.map(readGatewayEvent).find((e) => e.kind === "qr" && e.event === "qr_code.credited");
  expect(credited).toMatchObject({ qr: { amountReceived: 0n, paymentCount: 0 }, payment: { id: payment.id } });
  const open = ok(await gateway.qrCodes.create({ usage: "multiple_use", description: "", notes: {} }));
  expect(ok(await gateway.qrCodes.list()).map((q) => q.id)).toContain(open.id);
  expect(ok(await gateway.qrCodes.close(open.id)).status).toBe("closed");
});

test("a virtual account takes whatever amount comes, says its UTR, and sends back what comes after it is closed", async () => {
  sent.length = 0;
  const account = ok(
    await gateway.virtualAccounts.create({ name: "PT-0001", description: "", notes: { ulb: "demo" } }),
  );
  expect(account.accountNumber).toMatch(/^2223\d{12}$/);
  const payment = sim.payVirtualAccount(account.id, { amount: 12_345, mode: "RTGS", reference: "SIMBR52026060100001" });
  expect(ok(await gateway.virtualAccounts.transfer(payment.id))).toMatchObject({
    amount: 12_345n,
    mode: "RTGS",
    utr: "SIMBR52026060100001",
    virtualAccountId: account.id,
  });
  expect(ok(await gateway.virtualAccounts.payments(account.id)).map((p) => p.id)).toEqual([payment.id]);
  await sim.deliverWebhooks();
  expect(
    sent.map(readGatewayEvent).filter((e) => e.kind === "virtual-account" && e.transfer !== undefined),
  ).toHaveLength(1);
  expect(ok(await gateway.virtualAccounts.close(account.id)).status).toBe("closed");
  expect(sim.payVirtualAccount(account.id, { amount: 500 })).toMatchObject({ captured: false, status: "refunded" });
  expect(ok(await gateway.virtualAccounts.list()).map((v) => v.id)).toContain(account.id);
  await of(
    "virtualAccounts",
    "addReceiver",
    ok(await gateway.virtualAccounts.create({ name: "x", description: "", notes: {} })).id,
    {
      types: ["bank_account"],
    },
  );
});

test("a dispute is contested with an uploaded document, and accepted: lost money leaves by an adjustment", async () => {
  const { payment } = sim.payOrder(sim.createOrder({ amount: 80_000 }).id);
  const dispute = sim.openDispute(payment.id);
  expect(ok(await gateway.disputes.list()).map((d) => d.id)).toEqual([dispute.id]);
  const document = ok(
    await gateway.disputes.upload({
      name: "receipt.pdf",
      content: Buffer.from("%PDF-1.4 receipt"),
    }),
  );
  expect(document).toMatch(/^doc_/);
  expect(ok(await gateway.disputes.contest(dispute.id, "draft", { summary: "paid and receipted" })).status).toBe(
    "open",
  );
  expect(await gateway.disputes.contest(dispute.id, "submit", {})).toMatchObject({ kind: "rejected" });
  const documents = { explanation_letter: [document] };
  expect(ok(await gateway.disputes.contest(dispute.id, "submit", { documents })).status).toBe("under_review");
  expect(await gateway.disputes.accept(dispute.id)).toMatchObject({ kind: "rejected" });
  const second = sim.openDispute(sim.payOrder(sim.createOrder({ amount: 70_000 }).id).payment.id);
  expect(ok(await gateway.disputes.accept(second.id))).toMatchObject({ status: "lost", amountDeducted: 70_000n });
  expect(sim.checkBooks().filter((c) => !c.ok)).toEqual([]);
});

test("customers and documents answer too; what is not there is refused with 400", async () => {
  const made = (await of("customers", "create", { name: "Asha Devi", contact: "9000000001" })) as { id: string };
  await of("customers", "edit", made.id, { name: "Asha D" });
  expect(await of("customers", "fetch", made.id)).toMatchObject({ name: "Asha D", entity: "customer" });
  await expect(of("transfers", "all", {})).rejects.toMatchObject({ statusCode: 400 });
});

test.each([
  ["orders", "create", [{ amount: 99, currency: "INR" }], "Order amount less than minimum amount allowed"],
  ["orders", "create", [{ amount: 100.5, currency: "INR" }], "The amount must be an integer."],
  [
    "orders",
    "create",
    [{ amount: 100, currency: "INR", colour: "red" }],
    "colour is/are not required and should not be sent",
  ],
  [
    "orders",
    "create",
    [{ amount: 100, currency: "INR", receipt: "r".repeat(41) }],
    "The receipt may not be greater than 40 characters.",
  ],
  ["orders", "all", [{ count: 101 }], "The count may not be greater than 100."],
  ["payments", "fetch", ["pay_00000000000000"], "The id provided does not exist"],
  [
    "paymentLink",
    "create",
    [{ amount: 100, expire_by: HOUR - 3500 }],
    "timestamp must be atleast 15 minutes after current time",
  ],
  ["qrCode", "create", [{ type: "bharat_qr", usage: "single_use" }], "The selected type is invalid."],
] as const)("%s.%s(%j) is refused: %s", async (resource, method, args, sentence) => {
  await expect(of(resource, method, ...args)).rejects.toMatchObject({
    statusCode: 400,
    error: { code: "BAD_REQUEST_ERROR", description: sentence },
  });
});

test("events of every kind are typed, odd ones are told apart from broken ones, and nothing is guessed", () => {
  const read = (value: unknown) =>
    readGatewayEvent(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
  const base = { entity: "event", account_id: "acc_Simulator00001", created_at: HOUR, contains: [] };
  expect(read("{")).toMatchObject({ kind: "broken" });
  expect(read({ ...base, event: "payment.pending", payload: {} })).toMatchObject({ kind: "other" });
  const json = sim.toJson.payment(sim.payOrder(sim.createOrder({ amount: 1_000 }).id).payment);
  const captured = (change: object) =>
    read({ ...base, event: "payment.captured", payload: { payment: { entity: { ...json, ...change } } } });
  expect(captured({ notes: [], fee: null, extra: 1 })).toMatchObject({ kind: "payment" });
  expect(captured({ amount: "1000" })).toMatchObject({ kind: "unreadable", paymentId: json["id"] });
  expect(captured({ amount: 1000.5 })).toMatchObject({ kind: "unreadable" });
});
