import { expect, test } from "vitest";
import { billFor } from "../../../billing/index.ts";
import { testConsumer, testDemand } from "../../../billing/testing.ts";
import { getOrder } from "../../../collections/index.ts";
import { testClock, testGateway } from "../../../collections/testing.ts";
import { localDate, type LocalDate } from "../../../ledger/kernel/dates.ts";
import { toRupees } from "../../../ledger/kernel/money.ts";
import type { Ulb } from "../../../ledger/kernel/tx.ts";
import { testApp } from "../../../ledger/testing.ts";
import { upyogTown } from "../testing.ts";

const TODAY: LocalDate = localDate("2026-07-15");
const clock = testClock("2026-07-15T05:00:00Z");
const base = await testApp({ clock });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "upyog" });
const { call, city, tenantId, web } = await upyogTown(base, {}, app.gateway);
ulbs.set(city.ulb.code, city.ulb);

type Opened = { txnId: string; redirectUrl: string; txnStatus: string; receipt: string | null };
type Billed = { readonly id: string; readonly code: string; readonly total: string };

async function bill(code: string): Promise<Billed> {
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code, name: "Ishita Rao" });
    await testDemand(tx, consumer, "2500", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2027-03-31"),
      dueDate: localDate("2026-09-30"),
    });
    const made = await billFor(tx, consumer.id, TODAY);
    return { id: made.id, code, total: toRupees(made.total) };
  });
}

const transaction = (b: Billed, over: object = {}) => ({
  Transaction: {
    tenantId,
    txnAmount: b.total,
    module: "PT",
    billId: b.id,
    consumerCode: b.code,
    productInfo: "Common Payment",
    gateway: "RAZORPAY",
    callbackUrl: "https://city.example/citizen/payment/success?lang=pa",
    taxAndPayments: [{ taxAmount: Number(b.total), amountPaid: Number(b.total), billId: b.id }],
    user: { uuid: "u-1", name: "M/s Rao & Sons", userName: "9999900001", mobileNumber: "9999900001", tenantId: "pb" },
    ...over,
  },
});
const create = (b: Billed, over: object = {}) =>
  call("system", "/pg-service/transaction/v1/_create", transaction(b, over));
const opened = (answer: { body: unknown }): Opened => (answer.body as { Transaction: Opened }).Transaction;
const orderOf = (t: Opened): string => t.redirectUrl.split("/").at(-1) ?? "";
const update = async (txnId: string, params = "") =>
  (
    (await call("system", `/pg-service/transaction/v1/_update?eg_pg_txnid=${txnId}${params}`)).body as {
      Transaction: [Opened];
    }
  ).Transaction[0];
const atGateway = async (orderId: string): Promise<string> =>
  (await city.tx("accountant", (tx) => getOrder(tx, orderId))).providerOrderId ?? "";

test("a transaction opens an order, and once paid it is a success with its receipt, however often it is asked", async () => {
  const b = await bill("PT/1");
  const made = await create(b);
  expect(made).toMatchObject({
    status: 200,
    body: {
      ResponseInfo: { status: "successful" },
      Transaction: { txnStatus: "PENDING", txnStatusMsg: "Transaction initiated", receipt: null, gatewayTxnId: null },
    },
  });
  const t = opened(made);
  expect(t.txnId).toMatch(/^PG_PG_2026_07_15_\d+_\d{2}$/);
  expect(await update(t.txnId)).toMatchObject({ txnStatus: "PENDING" });

  simulator.payOrder(await atGateway(orderOf(t)), { method: "upi" });
  const paid = await update(t.txnId);
  expect(paid).toMatchObject({
    txnStatus: "SUCCESS",
    txnStatusMsg: "Transaction successful",
    gatewayPaymentMode: "upi",
  });
  expect(paid.receipt).toMatch(/2026-27/);
  expect((await update(t.txnId)).receipt).toBe(paid.receipt);
  const found = await call("auditor", `/pg-service/transaction/v1/_search?txnId=${t.txnId}`);
  expect((found.body as { Transaction: Opened[] }).Transaction).toMatchObject([
    { txnStatus: "SUCCESS", receipt: paid.receipt },
  ]);

  expect(await create(b)).toMatchObject({ status: 400, body: { Errors: [{ code: "TXN_CREATE_BILL_ALREADY_PAID" }] } });
});

test("a pending transaction locks nothing: the second one shares its order, and both are the one payment", async () => {
  const b = await bill("PT/2");
  const [first, second] = [opened(await create(b)), opened(await create(b))];
  expect(second.txnId).not.toBe(first.txnId);
  expect(orderOf(second)).toBe(orderOf(first));
  simulator.payOrder(await atGateway(orderOf(first)), { method: "netbanking" });
  expect((await update(first.txnId)).receipt).toBe((await update(second.txnId)).receipt);
});

test("a transaction that failed succeeds when the bank says so later", async () => {
  const t = opened(await create(await bill("PT/3")));
  const order = await atGateway(orderOf(t));
  simulator.payOrder(order, { method: "upi", outcome: "failure" });
  expect(await update(t.txnId)).toMatchObject({ txnStatus: "FAILURE", receipt: null });
  simulator.payOrder(order, { method: "upi" });
  expect(await update(t.txnId)).toMatchObject({ txnStatus: "SUCCESS" });
});

test("the payer's browser comes back to the program's address with the transaction's number", async () => {
  const t = opened(await create(await bill("PT/4")));
  const { callback } = simulator.payOrder(await atGateway(orderOf(t)), { method: "upi" });
  const answer = await web.inject({
    method: "POST",
    url: `/pay/callback/${orderOf(t)}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: new URLSearchParams(callback).toString(),
  });
  expect(answer.statusCode).toBe(303);
  expect(answer.headers.location).toBe(`https://city.example/citizen/payment/success?lang=pa&eg_pg_txnid=${t.txnId}`);
});

test("sums, gateways, users, bills and addresses that are wrong are refused by UPYOG's codes, and no order is opened", async () => {
  const b = await bill("PT/5");
  const half = [{ taxAmount: 2500, amountPaid: 1, billId: b.id }];
  for (const [over, code] of [
    [{ taxAndPayments: half }, "TXN_CREATE_INVALID_TXN_AMT"],
    [{ gateway: "PAYU" }, "INVALID_PAYMENT_GATEWAY"],
    [{ user: { uuid: "u-1" } }, "INVALID_USER_DETAILS"],
    [{ callbackUrl: "javascript:alert(1)" }, "INVALID_CALLBACK_URL"],
    [
      { txnAmount: "2600.00", taxAndPayments: [{ taxAmount: 2500, amountPaid: 2600, billId: b.id }] },
      "INVALID_PAYMENTDETAIL",
    ],
    [{ billId: "none", taxAndPayments: [{ taxAmount: 1, amountPaid: 2500, billId: "none" }] }, "INVALID_BILL_ID"],
  ] as const) {
    expect(await create(b, over)).toMatchObject({ status: 400, body: { Errors: [{ code }] } });
  }
  const { rows } = await base.db.batch.query<{ n: number }>(
    "select count(*)::integer as n from collections.orders where ulb_id = $1 and bill_id = $2",
    [city.ulb.id, b.id],
  );
  expect(rows[0]?.n).toBe(0);
  expect(await call("system", "/pg-service/transaction/v1/_update")).toMatchObject({
    body: { Errors: [{ code: "MISSING_UPDATE_TXN_ID" }] },
  });
  expect(await call("system", "/pg-service/transaction/v1/_update?eg_pg_txnid=PG_1")).toMatchObject({
    body: { Errors: [{ code: "TXN_UPDATE_NOT_FOUND" }] },
  });
});

test("a search by status or receipt finds older transactions, too: the page is cut after the choice, not before", async () => {
  const paid = opened(await create(await bill("PT/31")));
  simulator.payOrder(await atGateway(orderOf(paid)), { method: "upi" });
  const { receipt } = await update(paid.txnId);
  const failed = opened(await create(await bill("PT/32")));
  simulator.payOrder(await atGateway(orderOf(failed)), { method: "upi", outcome: "failure" });
  await update(failed.txnId);
  const open = opened(await create(await bill("PT/33")));
  const found = async (criterion: string): Promise<string[]> =>
    (
      (await call("auditor", `/pg-service/transaction/v1/_search?${criterion}`)).body as { Transaction: Opened[] }
    ).Transaction.map((t) => t.txnId);
  expect(await found("limit=1")).toEqual([open.txnId]);
  expect(await found("txnStatus=FAILURE&limit=1")).toEqual([failed.txnId]);
  expect(await found("txnStatus=SUCCESS&limit=1")).toEqual([paid.txnId]);
  expect(await found(`receipt=${encodeURIComponent(receipt ?? "")}&limit=1`)).toEqual([paid.txnId]);
  expect(await found("receipt=RC/2026-27/999999")).toEqual([]);
});
