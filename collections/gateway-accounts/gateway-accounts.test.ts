import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { rupees } from "../../ledger/kernel/money.ts";
import { testApp } from "../../ledger/testing.ts";
import { createGateway } from "../gateway/index.ts";
import { startSimulator } from "../gateway/simulator/index.ts";
import { testConsumer } from "../../billing/testing.ts";
import { atGatewayOf, type CollectionsApp } from "../context.ts";
import { createOrder, resolveOrders } from "../online/orders.ts";
import { createPaymentRequest, resolveRequests } from "../requests/index.ts";
import { testCity, testClock } from "../testing.ts";
import { openGatewayAccounts } from "./accounts.ts";
import {
  addGatewayAccount,
  createGatewayRouter,
  listGatewayAccounts,
  rotateGatewayKey,
  rotateWebhookSecret,
  sealingKey,
  type NewGatewayAccount,
} from "./index.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const app = await testApp({ clock });
const key = sealingKey("11".repeat(32));
const taken = (): Promise<number> => Promise.resolve(200);

const account = (change: Partial<NewGatewayAccount> = {}): NewGatewayAccount => ({
  name: "taxes",
  keyId: "rzp_test_Taxes000000001",
  keySecret: "the-key-secret-1",
  webhookSecret: "the-webhook-secret-1",
  ...change,
});

test("what is sealed opens again in its place only, and any change to it is noticed", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 200 }), fc.nat(), (secret, at) => {
      const sealed = key.seal(secret, "gateway/1/a/key/1");
      expect(key.open(sealed, "gateway/1/a/key/1")).toBe(secret);
      expect(key.open(sealed, "gateway/1/b/key/1")).toBeUndefined();
      expect(sealingKey("22".repeat(32)).open(sealed, "gateway/1/a/key/1")).toBeUndefined();
      const changed = Buffer.from(sealed);
      const i = at % changed.length;
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(key.open(changed, "gateway/1/a/key/1")).toBeUndefined();
    }),
    { seed: 1, numRuns: 50 },
  );
  expect(() => sealingKey("short")).toThrow("32 are needed");
  expect(JSON.stringify(key)).toBe("{}");
});

test("secrets stand in the database sealed and are never listed", async () => {
  const city = await testCity(app, new Map());
  await city.tx("admin", async (tx) => {
    const made = await addGatewayAccount(tx, key, account());
    expect(made).toMatchObject({ name: "taxes", keyId: "rzp_test_Taxes000000001", keyVersion: 1, oldKeyUntil: null });
    const rows = await tx.query<{ row: string }>(
      "select c::text as row from collections.gateway_credentials c where ulb_id = :ulb",
      { ulb: tx.ulb.id },
    );
    const shown = JSON.stringify([rows, await listGatewayAccounts(tx)]);
    for (const secret of ["the-key-secret-1", "the-webhook-secret-1"]) {
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(Buffer.from(secret).toString("hex"));
    }
    await expect(openGatewayAccounts(tx, sealingKey("33".repeat(32)))).rejects.toThrow("GATEWAY_SECRET_UNREADABLE");
  });
});

test("a second account with the same name, or for the same service, is refused; a short secret too", async () => {
  const city = await testCity(app, new Map());
  const add = (a: NewGatewayAccount) => city.tx("admin", (tx) => addGatewayAccount(tx, key, a));
  await add(account());
  await expect(add(account())).rejects.toThrow("GATEWAY_ACCOUNT_EXISTS");
  await expect(add(account({ name: "other" }))).rejects.toThrow("GATEWAY_ACCOUNT_EXISTS");
  await add(account({ name: "licences", serviceCode: "TL" }));
  await expect(add(account({ name: "x", serviceCode: "WS", keySecret: "short" }))).rejects.toThrow("5 characters");
  await expect(city.tx("admin", (tx) => rotateWebhookSecret(tx, key, "nobody", "long-enough-1"))).rejects.toThrow(
    "GATEWAY_ACCOUNT_NOT_FOUND",
  );
  const other = await testCity(app, new Map());
  expect(await other.tx("admin", (tx) => listGatewayAccounts(tx))).toEqual([]);
});

test("the old webhook secret is believed for seven days, the old key for one, and what was signed with it as long", async () => {
  clock.set("2026-06-01T04:30:00Z");
  const city = await testCity(app, new Map());
  await city.tx("admin", (tx) => addGatewayAccount(tx, key, account()));
  await city.tx("admin", async (tx) => {
    await rotateWebhookSecret(tx, key, "taxes", "the-webhook-secret-2");
    await rotateGatewayKey(tx, key, "taxes", { keyId: "rzp_test_Taxes000000002", keySecret: "the-key-secret-2" });
  });
  const secrets = async (): Promise<string[]> => {
    const [opened] = await city.tx("admin", (tx) => openGatewayAccounts(tx, key));
    return [
      opened?.keySecret ?? "",
      ...(opened?.oldKeySecrets ?? []).map((k) => k.secret),
      ...(opened?.webhookSecrets ?? []).map((w) => w.secret),
    ];
  };
  const [k1, k2, w1, w2] = ["the-key-secret-1", "the-key-secret-2", "the-webhook-secret-1", "the-webhook-secret-2"];
  expect(await secrets()).toEqual([k2, k1, w2, w1]);
  clock.set("2026-06-02T04:30:01Z");
  expect(await secrets()).toEqual([k2, w2, w1]);
  clock.set("2026-06-08T04:30:01Z");
  expect(await secrets()).toEqual([k2, w2]);
  clock.set("2026-06-01T04:30:00Z");
});

test("money of a service goes to its account; what is there is found wherever it is, and each account's signature is good", async () => {
  const accounts = [1, 2, 3].map((n) => ({
    seed: `account-${n}`,
    keyId: `rzp_test_Account000000${n}`,
    keySecret: `key-secret-of-${n}`,
    webhookSecret: `webhook-secret-of-${n}`,
    accountId: `acc_Account000000${n}`,
    sendWebhook: taken,
  }));
  const [one, ...others] = accounts;
  const simulator = await startSimulator(0, { ...one, clock }, others);
  const usual = createGateway(simulator.gatewayConfig(simulator.url));
  const router = createGatewayRouter(app, { usual, key, allowSimulator: true });
  afterAll(async () => {
    router.close();
    usual.close();
    await simulator.close();
  });
  const city = await testCity(app, new Map());
  const ulb = city.ulb;
  expect((await router.of(ulb)).keyId).toBe("rzp_test_Account0000001");
  await city.tx("admin", async (tx) => {
    for (const [n, a] of [
      [2, { name: "general" }],
      [3, { name: "licences", serviceCode: "TL" }],
    ] as const)
      await addGatewayAccount(tx, key, {
        ...a,
        keyId: `rzp_test_Account000000${n}`,
        keySecret: `key-secret-of-${n}`,
        webhookSecret: `webhook-secret-of-${n}`,
        baseUrl: simulator.url,
      });
  });
  clock.set("2026-06-01T04:32:00Z"); // what was read before is a minute old by now
  const general = await router.of(ulb, "PT");
  const licences = await router.of(ulb, "TL");
  expect([general.keyId, licences.keyId]).toEqual(["rzp_test_Account0000002", "rzp_test_Account0000003"]);
  const ids: string[] = [];
  for (const [n, gateway] of [usual, general, licences].entries()) {
    const made = await gateway.createOrder({ amount: rupees("10.00"), receipt: `r-${n}`, notes: {} });
    if (made.kind !== "ok") throw new Error(JSON.stringify(made));
    ids.push(made.value.id);
  }
  expect(accounts.map((a) => simulator.account(a.accountId).orders.size)).toEqual([1, 1, 1]);
  for (const id of ids) expect(await general.fetchOrder(id)).toMatchObject({ kind: "ok", value: { id } });
  expect(await general.findOrders("r-2")).toMatchObject({ value: [{ id: ids[2] }] });
  expect(await general.fetchOrder("order_00000000000000")).toMatchObject({ kind: "rejected" });

  const far = simulator.account("acc_Account0000003");
  const { payment, callback } = far.payOrder(ids[2] ?? "");
  simulator.account("acc_Account0000002").payOrder(ids[1] ?? "");
  const back = { orderId: ids[2] ?? "", paymentId: payment.id, signature: callback.razorpay_signature };
  expect(general.verifyCheckout(back)).toBe(true);
  const event = far.webhooks.at(-1);
  const { createHmac } = await import("node:crypto");
  const signature = createHmac("sha256", "webhook-secret-of-3")
    .update(event?.body ?? "")
    .digest("hex");
  expect(general.verifyWebhook(event?.body ?? Buffer.alloc(0), signature, clock())).toBe(true);
  expect(usual.verifyWebhook(event?.body ?? Buffer.alloc(0), signature, clock())).toBe(false);
  const range = { from: new Date("2026-05-31T00:00:00Z"), to: new Date("2026-06-30T00:00:00Z") };
  const pages = [];
  for (let skip = 0; skip < 3; skip++) pages.push(await general.listPayments({ ...range, count: 1, skip }));
  expect(pages.map((p) => (p.kind === "ok" ? p.value.length : p))).toEqual([1, 1, 0]);
  // Money moves at the one account that has it: a refusal there is the answer, and no other account is asked to refund.
  const refund = { paymentId: payment.id, idempotencyKey: "refund-key-0001", receipt: "x", notes: {} };
  expect(await general.refundPayment({ ...refund, amount: rupees("11.00") })).toMatchObject({ kind: "rejected" });
  expect(
    await general.refundPayment({ ...refund, idempotencyKey: "refund-key-0002", amount: rupees("10.00") }),
  ).toMatchObject({ kind: "ok" });
  expect(far.refunds.size).toBe(1);

  simulator.addFault({ match: "GET /v1/orders", do: "html_502", times: 5 });
  expect((await general.fetchOrder("order_00000000000000")).kind).toBe("unknown");
});

test("an order and a link whose making was interrupted are made at their service's account, whoever resumes them", async () => {
  clock.set("2026-06-01T04:30:00Z");
  const accounts = [1, 2].map((n) => ({
    seed: `resume-${n}`,
    keyId: `rzp_test_Resumed000000${n}`,
    keySecret: `key-secret-of-${n}`,
    webhookSecret: `webhook-secret-of-${n}`,
    accountId: `acc_Resumed000000${n}`,
    sendWebhook: taken,
  }));
  const [one, ...others] = accounts;
  const simulator = await startSimulator(0, { ...one, clock }, others);
  const usual = createGateway({ ...simulator.gatewayConfig(simulator.url), timeoutMs: 1000 });
  const gateways = createGatewayRouter(app, { usual, key, allowSimulator: true });
  afterAll(async () => {
    gateways.close();
    usual.close();
    await simulator.close();
  });
  const city = await testCity(app, new Map());
  const consumer = await city.tx("accountant", (tx) => testConsumer(tx));
  await city.tx("admin", async (tx) => {
    for (const [n, a] of [
      [1, { name: "general" }],
      [2, { name: "taxes", serviceCode: consumer.service }],
    ] as const)
      await addGatewayAccount(tx, key, {
        ...a,
        keyId: `rzp_test_Resumed000000${n}`,
        keySecret: `key-secret-of-${n}`,
        webhookSecret: `webhook-secret-of-${n}`,
        baseUrl: simulator.url,
      });
  });
  clock.set("2026-06-01T04:32:00Z");
  const who = city.as("system");
  const whole: CollectionsApp = { ...app, gateway: usual, gateways };
  const terms = { consumerId: consumer.id, amount: rupees("10.00") };
  // The gateway is away for as long as it is tried.
  for (const a of accounts) simulator.account(a.accountId).addFault({ regex: ".*", do: "html_502", times: 100 });
  const atService = await atGatewayOf(whole, city.ulb, consumer.service);
  await expect(createOrder(atService, who, { ...terms, idempotencyKey: "interrupted-1" })).rejects.toThrow("GATEWAY_");
  await expect(createPaymentRequest(atService, who, { ...terms, kind: "link" })).rejects.toThrow("GATEWAY_");
  for (const a of accounts) simulator.account(a.accountId).clearFaults();
  clock.set("2026-06-01T04:35:00Z");
  // The poller knows of the ULB's accounts, not of the service of what it finds.
  const poller = await atGatewayOf(whole, city.ulb);
  expect(await resolveOrders(poller, who)).toBe(1);
  expect(await resolveRequests(poller, who)).toBe(1);
  // The gateway makes an order of its own for a link.
  expect(accounts.map((a) => simulator.account(a.accountId).orders.size)).toEqual([0, 2]);
  expect(accounts.map((a) => simulator.account(a.accountId).links.size)).toEqual([0, 1]);
});
