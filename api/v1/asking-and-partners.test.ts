import { expect, test } from "vitest";
import { createOrder, listReceipts, processInbox } from "../../collections/index.ts";
import { balances, brokenTies } from "../../collections/testing.ts";
import { openDues } from "../../billing/index.ts";
import { addBankBook } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { newKey, testServer, testTown, type Answer, type TestTown } from "./testing.ts";

// Payment requests, partners and their settlements, money of nobody, payment settings: what machines ask of them.

const on = await testServer();
const BANK = "4502101";
const codeOf = (answer: Answer): [number, string] => [answer.statusCode, answer.json<{ code: string }>().code];
const drain = async (t: TestTown): Promise<void> => {
  await on.simulator.deliverWebhooks();
  await processInbox(on.app, t.city.ulb);
};
const receiptsOf = (t: TestTown) =>
  t.city.tx("auditor", (tx) => listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }));
async function townWithBank(): Promise<TestTown> {
  const town = await testTown(on);
  await town.city.tx("admin", (tx) =>
    addBankBook(tx, {
      account: BANK,
      bank: "State Bank of India",
      branch: "Main Branch",
      number: "00000012345678",
      validFrom: localDate("2026-04-01"),
    }),
  );
  return town;
}

test("a payment link is for the bill of today, made once under its key, and its payment is found by asking", async () => {
  const town = await testTown(on);
  const key = newKey();
  const body = { kind: "link", consumerId: town.consumer.id, minutes: 1440 };
  const ask = (k = key) => town.call("accountant", "POST /v1/payment-requests", { key: k, body });
  const both = await Promise.all([ask(), ask()]);
  expect(both.map((a) => a.statusCode)).toEqual([201, 201]);
  expect(both[0]?.body).toBe(both[1]?.body);
  const made = both[0]?.json<{ id: string; providerId: string }>() ?? expect.fail("it is made");
  expect(made).toMatchObject({ kind: "link", state: "open", amount: "1188.00", usage: "single" });
  const listed = await town.call("auditor", `GET /v1/payment-requests?consumerId=${town.consumer.id}&state=open`);
  expect(listed.json<{ items: object[] }>().items).toHaveLength(1);

  on.simulator.webhookPlan({ drop: 1 });
  on.simulator.payLink(made.providerId);
  on.simulator.webhookPlan({});
  const polled = await town.call("cashier", `POST /v1/payment-requests/${made.id}/poll`);
  expect(polled.json()).toMatchObject({ payments: [{ amount: "1188.00", receiptId: expect.any(String) as string }] });
  expect(await receiptsOf(town)).toHaveLength(1);
  // Asked for twice at the same moment it is one request at the gateway too, and the money came once.
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("a payment link is paid in parts: each has its receipt, the first is not below its least, the last closes it", async () => {
  const town = await testTown(on);
  const ask = (body: object) =>
    town.call("accountant", "POST /v1/payment-requests", {
      key: newKey(),
      body: { kind: "link", consumerId: town.consumer.id, ...body },
    });
  expect(codeOf(await ask({ kind: "qr", amount: "500.00", firstPart: "100.00" }))).toEqual([
    422,
    "REQUEST_INVALID_TERMS",
  ]);
  const whole = await ask({ firstPart: "1188.00" });
  expect([whole.statusCode, whole.body]).toEqual([
    422,
    expect.stringContaining("the first part is at least 1,188.00 of 1,188.00"),
  ]);
  const made = (await ask({ firstPart: "400.00" })).json<{ id: string; providerId: string }>();
  expect(made).toMatchObject({ amount: "1188.00", usage: "multiple", firstPart: "400.00", state: "open" });
  expect(() => on.simulator.payLink(made.providerId, { amount: 30_000 })).toThrow("first minimum partial amount");

  // The first part is told by its event, of the second nothing is heard: asking finds it.
  on.simulator.payLink(made.providerId, { amount: 50_000 });
  await on.simulator.deliverWebhooks();
  await processInbox(on.app, town.city.ulb);
  expect(await receiptsOf(town)).toHaveLength(1);
  on.simulator.webhookPlan({ drop: 1 });
  on.simulator.payLink(made.providerId, { amount: 68_800 });
  on.simulator.webhookPlan({});
  const polled = await town.call("cashier", `POST /v1/payment-requests/${made.id}/poll`);
  // Both parts are of one moment: in which order they are listed says nothing.
  const { request, payments } = polled.json<{
    request: { state: string };
    payments: { amount: string; receiptId: string | null }[];
  }>();
  expect(request.state).toBe("closed");
  expect(payments.map((p) => [p.amount, typeof p.receiptId]).sort()).toEqual([
    ["500.00", "string"],
    ["688.00", "string"],
  ]);
  expect(await receiptsOf(town)).toHaveLength(2);
  expect(await town.city.tx("auditor", (tx) => openDues(tx, town.consumer.id))).toEqual([]);
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("a UPI code and an account number are asked for, and closed with a reason; what makes no sense is refused", async () => {
  const town = await testTown(on);
  const ask = (body: object) =>
    town.call("cashier", "POST /v1/payment-requests", {
      key: newKey(),
      body: { consumerId: town.consumer.id, ...body },
    });
  const code = (await ask({ kind: "qr", amount: "500.00" })).json<{ id: string }>();
  expect(code).toMatchObject({ kind: "qr", amount: "500.00", state: "open" });
  expect((await ask({ kind: "virtual-account" })).json()).toMatchObject({
    amount: null,
    usage: "multiple",
    accountNumber: expect.any(String) as string,
  });
  expect(codeOf(await ask({ kind: "link", amount: "0.50" }))).toEqual([422, "REQUEST_INVALID_TERMS"]);
  expect(codeOf(await ask({ kind: "virtual-account", usage: "single" }))).toEqual([422, "REQUEST_INVALID_TERMS"]);
  const close = () =>
    town.call("cashier", `POST /v1/payment-requests/${code.id}/close`, { body: { reason: "he paid in cash" } });
  expect((await close()).json()).toMatchObject({ state: "closed", closedReason: "he paid in cash" });
  expect(codeOf(await close())).toEqual([409, "REQUEST_STATE"]);
});

test("a partner posts a payment once by its reference and pays it over; what does not fit is said and stands as a liability", async () => {
  const town = await townWithBank();
  const partner = { name: "State portal", channel: "portal", actor: "system@test" };
  expect(codeOf(await town.call("accountant", "PUT /v1/partners/state-portal", { body: partner }))[0]).toBe(403);
  expect((await town.call("admin", "PUT /v1/partners/state-portal", { body: partner })).json()).toMatchObject({
    code: "state-portal",
    isActive: true,
  });
  const payment = {
    service: town.consumer.service,
    consumerCode: town.consumer.code,
    amount: "1000.00",
    reference: "PORTAL-0001",
    instrument: "UPI",
    paidAt: "2026-07-14T10:00:00+05:30",
  };
  const post = (over: object = {}) =>
    town.call("system", "POST /v1/external-payments", { body: { ...payment, ...over } });
  const first = await post();
  expect([first.statusCode, first.json()]).toMatchObject([201, { isNew: true, receipt: { amount: "1000.00" } }]);
  const again = (await post()).json<{ isNew: boolean; receipt: { id: string } }>();
  expect(again).toMatchObject({ isNew: false, receipt: { id: first.json<{ receipt: { id: string } }>().receipt.id } });
  expect(codeOf(await post({ amount: "1000.01" }))).toEqual([409, "EXTERNAL_CONFLICT"]);
  expect(codeOf(await post({ reference: "PORTAL-0002", paidAt: "yesterday" }))).toEqual([422, "MOMENT_FORMAT"]);

  const unsettled = await town.call("auditor", "GET /v1/partners/state-portal/unsettled");
  expect(unsettled.json()).toMatchObject({ items: [{ reference: "PORTAL-0001", amount: "1000.00" }] });
  const settlement = {
    reference: "SBIN226195000077",
    date: "2026-07-15",
    bankAccount: BANK,
    amount: "1100.00",
    items: [
      { reference: "PORTAL-0001", amount: "1000.00" },
      { reference: "PORTAL-0009", amount: "100.00" },
    ],
  };
  const settle = (over: object = {}, key = newKey()) =>
    town.call("accountant", "POST /v1/partners/state-portal/settlements", { key, body: { ...settlement, ...over } });
  expect(codeOf(await settle({ amount: "1100.01" }))).toEqual([422, "EXTERNAL_SETTLEMENT"]);
  const done = await settle();
  expect([done.statusCode, done.json()]).toMatchObject([
    201,
    { settled: 1, problems: [{ code: "EXTERNAL_ITEM_UNKNOWN" }], leftOut: [] },
  ]);
  expect(codeOf(await settle())).toEqual([409, "EXTERNAL_SETTLED"]);
  const kept = await town.call("auditor", "GET /v1/partners/state-portal/settlements");
  expect(kept.json()).toMatchObject({ items: [{ reference: "SBIN226195000077", amount: "1100.00", items: 2 }] });
  expect((await town.call("auditor", "GET /v1/partners/state-portal/unsettled")).json()).toEqual({ items: [] });
  expect(codeOf(await town.call("auditor", "GET /v1/partners/nobody/unsettled"))).toEqual([404, "PARTNER_UNKNOWN"]);
  expect(await town.city.tx("auditor", (tx) => balances(tx))).toMatchObject({
    [BANK]: "1100.00",
    "3508006": "-100.00",
  });
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("a payment that a partner dates tomorrow, or long before the books, is taken with its receipt all the same", async () => {
  const town = await testTown(on);
  await town.call("admin", "PUT /v1/partners/state-portal", {
    body: { name: "State portal", channel: "portal", actor: "system@test" },
  });
  const post = (reference: string, paidAt: string) =>
    town.call("system", "POST /v1/external-payments", {
      body: {
        service: town.consumer.service,
        consumerCode: town.consumer.code,
        amount: "100.00",
        reference,
        paidAt,
      },
    });
  for (const [i, paidAt] of ["2026-07-16T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"].entries()) {
    const answer = await post(`ODD-${i}-0001`, paidAt);
    expect([answer.statusCode, paidAt], answer.body).toEqual([201, paidAt]);
    const { receipt } = answer.json<{ receipt: { entryDate: string; valueDate: string } }>();
    expect(receipt.entryDate <= "2026-07-15", receipt.entryDate).toBe(true);
    expect(receipt.valueDate <= "2026-07-15", receipt.valueDate).toBe(true);
  }
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("money of nobody is given to its consumer by two people", async () => {
  const town = await testTown(on);
  on.simulator.payOrder(on.simulator.createOrder({ amount: 118_800, notes: { ulb: town.city.ulb.code } }).id);
  await drain(town);
  const listed = (await town.call("auditor", "GET /v1/unidentified-receipts")).json<{ items: { id: string }[] }>();
  const receipt = listed.items[0]?.id ?? expect.fail("it is listed");
  const propose = (reason: string) =>
    town.call("accountant", `POST /v1/unidentified-receipts/${receipt}/owner`, {
      key: newKey(),
      body: { consumerId: town.consumer.id, reason },
    });
  const made = await propose("his bank's letter names the UTR");
  expect([made.statusCode, made.json()]).toMatchObject([201, { outcome: null, consumerCode: town.consumer.code }]);
  const { id } = made.json<{ id: string }>();
  const decide = (role: "accountant" | "checker", body: object) =>
    town.call(role, `POST /v1/owner-proposals/${id}/decision`, { key: newKey(), body });
  expect((await decide("accountant", { isApproved: true })).statusCode).toBe(403);
  expect(codeOf(await decide("checker", { isApproved: false }))).toEqual([422, "OWNER_REASON"]);
  expect((await decide("checker", { isApproved: true })).json()).toMatchObject({
    outcome: "approved",
    decidedBy: "checker@test",
  });
  expect(codeOf(await decide("checker", { isApproved: true }))).toEqual([409, "OWNER_DECIDED"]);
  expect((await town.call("auditor", `GET /v1/owner-proposals/${id}`)).json()).toMatchObject({
    bookedOn: "2026-07-15",
  });
  expect((await town.call("auditor", "GET /v1/unidentified-receipts")).json()).toEqual({ items: [] });
  expect(await receiptsOf(town)).toMatchObject([{ consumerCode: town.consumer.code }]);
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("payment settings are set by an administrator, each change a version with who and when", async () => {
  const town = await testTown(on);
  const put = (role: "admin" | "accountant", what: string, body: object) =>
    town.call(role, `PUT /v1/payment-settings/${what}`, { body });
  const seen = async () => (await town.call("auditor", "GET /v1/payment-settings")).json<Record<string, object>>();
  expect(await seen()).toMatchObject({
    merchant: { accountId: null, capture: "auto" },
    upiLimit: { amount: "500000.00", basis: expect.stringContaining("OC-185A") as string, setBy: null },
  });
  expect((await put("accountant", "merchant", { capture: "manual" })).statusCode).toBe(403);
  expect(codeOf(await put("admin", "merchant", { accountId: "acc_1" }))).toEqual([422, "MERCHANT_ACCOUNT"]);
  expect((await put("admin", "merchant", { capture: "manual" })).json()).toMatchObject({ capture: "manual" });
  const policy = { policy: "AUTO_REFUND", limit: "2500.00", windowDays: 3 };
  expect((await put("admin", `excess/${town.consumer.service}`, policy)).json()).toEqual(policy);
  expect(codeOf(await put("admin", "excess/no-such-service", policy))).toEqual([422, "SERVICE_UNKNOWN"]);
  expect(codeOf(await put("admin", "upi-limit", { amount: "0.99", basis: "a letter of the bank" }))).toEqual([
    422,
    "UPI_LIMIT",
  ]);
  const limit = { amount: "200000.00", basis: "SBI's letter of 1 July 2026" };
  expect((await put("admin", "upi-limit", limit)).json()).toMatchObject({ ...limit, setBy: "admin@test" });
  expect(await seen()).toMatchObject({ merchant: { capture: "manual" }, upiLimit: limit });
  const versions = await town.call("auditor", "GET /v1/payment-settings/versions");
  expect(versions.json()).toMatchObject({
    merchant: [{ capture: "manual", setBy: "admin@test", setAt: "2026-07-15T05:00:00.000Z" }],
    excess: [{ service: town.consumer.service, ...policy }],
    upiLimit: [{ amount: "200000.00" }],
  });
});

test("an order that was opened before stays what it was when settings change", async () => {
  const town = await testTown(on);
  const order = await createOrder(on.app, town.city.as("citizen"), {
    consumerId: town.consumer.id,
    amount: rupees("1188.00"),
    idempotencyKey: newKey(),
  });
  await town.call("admin", "PUT /v1/payment-settings/merchant", { body: { rebateDate: "capture" } });
  on.simulator.payOrder(order.providerOrderId ?? "");
  await drain(town);
  expect(await receiptsOf(town)).toMatchObject([{ amount: 118_800n }]);
});
