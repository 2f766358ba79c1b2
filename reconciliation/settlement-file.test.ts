import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../billing/testing.ts";
import {
  createOrder,
  processInbox,
  type CollectionsApp,
  type Gateway,
  type SettlementItem,
} from "../collections/index.ts";
import { balances, brokenTies, testCity, testClock, testGateway } from "../collections/testing.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot, type Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { approveResolution, listExceptions, proposeResolution } from "./exceptions/index.ts";
import { importSettlementFile } from "./settlement-file.ts";
import { importSettlements, listSettlements } from "./settlements.ts";
import { importStatement } from "./statements.ts";
import { BANK } from "./testing.ts";
import { threeWayRows } from "./three-way/index.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
// A gateway account for each test: a settlement pays out everything of its account.
const gateways = await Promise.all(
  ["file-one", "file-two", "file-three", "file-four"].map((seed) =>
    testGateway(base, ulbs, { seed, fees: { netbanking: 90, upi: 0 } }),
  ),
);
let used = 0;
type Town = TestUlb & (typeof gateways)[number] & { pay(amount: string): Promise<string> };

async function town(): Promise<Town> {
  clock.set("2026-06-01T04:30:00Z");
  const gateway = gateways[used++];
  if (!gateway) throw new Error("one gateway per test");
  const { app, simulator } = gateway;
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const consumer = await city.tx("accountant", async (tx) => {
    await addBankAccount(tx, { account: BANK, bank: "State Bank of India", name: "Main account", number: "12345678" });
    const made = await testConsumer(tx);
    await testDemand(tx, made, "50000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return made;
  });
  let orders = 0;
  const pay = async (amount: string): Promise<string> => {
    const order = await createOrder(app, city.as("citizen"), {
      consumerId: consumer.id,
      amount: rupees(amount),
      idempotencyKey: `order-number-${++orders}`,
    });
    const { payment } = simulator.payOrder(order.providerOrderId ?? "", { method: "netbanking" });
    return payment.id;
  };
  return { ...city, ...gateway, pay };
}
async function drain(t: Town): Promise<void> {
  await t.simulator.deliverWebhooks();
  await processInbox(t.app, t.ulb);
}
const june = { from: localDate("2026-06-01"), to: localDate("2026-06-30") };
const read = <T>(t: Town, fn: Parameters<typeof inSnapshot<T>>[2]): Promise<T> => inSnapshot(base, t.as("auditor"), fn);
const books = (t: Town) => read(t, (r) => balances(r));
/** A ULB whose gateway cannot be asked for settlements: it has only the report that was downloaded. */
function withoutAnswers(app: CollectionsApp): CollectionsApp {
  const fetchSettlement: Gateway["fetchSettlement"] = () =>
    Promise.resolve({ kind: "rejected", status: 503, code: "GATEWAY_NOT_SET_UP", description: "not set up" });
  return { ...app, gateway: { ...app.gateway, fetchSettlement } };
}
async function rowsOf(t: Town): Promise<SettlementItem[]> {
  const told = await t.app.gateway.settlementItems({ year: 2026, month: 6, count: 1000 });
  if (told.kind !== "ok") throw new Error("the gateway answers");
  return told.value;
}
/** The report as it is downloaded from the gateway's dashboard: rupees, and the fee without its tax. */
function dashboard(rows: readonly SettlementItem[]): string {
  const titles =
    "transaction_entity,entity_id,amount,currency,fee (exclusive tax),tax,debit,credit,payment_method,settlement_id,settled_at,settlement_utr,order_receipt,dispute_id";
  const utr = rows.find((r) => r.utr !== null)?.utr ?? "";
  return [
    titles,
    ...rows.map((r) =>
      [
        r.type,
        r.entityId,
        toRupees(r.amount),
        "INR",
        toRupees((r.fee - r.tax) as SettlementItem["fee"]),
        toRupees(r.tax),
        toRupees(r.debit),
        toRupees(r.credit),
        r.method ?? "",
        r.settlementId ?? "",
        "03/06/2026 10:00:00",
        utr,
        r.orderReceipt ?? "",
        r.disputeId ?? "",
      ].join(","),
    ),
  ].join("\n");
}
/** The same as the API gives it: paise, and the fee with its tax. */
const json = (rows: readonly SettlementItem[]): string =>
  JSON.stringify({
    count: rows.length,
    items: rows.map((r) => ({
      entity_id: r.entityId,
      type: r.type,
      debit: Number(r.debit),
      credit: Number(r.credit),
      amount: Number(r.amount),
      currency: "INR",
      fee: Number(r.fee),
      tax: Number(r.tax),
      on_hold: r.isOnHold,
      settled_at: 1780459200,
      settlement_id: r.settlementId,
      settlement_utr: r.utr,
      payment_id: r.paymentId,
      order_receipt: r.orderReceipt,
      method: r.method,
      dispute_id: r.disputeId ?? null,
    })),
  });
const take = (t: Town, content: string, app: CollectionsApp = t.app) =>
  importSettlementFile(app, t.as("accountant"), { content });

test("a report file books each settlement once, whichever form it has and however often it comes, as the gateway's own answer does", async () => {
  const t = await town();
  await t.pay("3000.00");
  await drain(t);
  const [settlement] = t.simulator.advance(3);
  const id = settlement?.id ?? "";
  const rows = await rowsOf(t);
  expect(await take(t, json([]))).toMatchObject({ status: "refused", problems: [{ code: "SETTLEMENT_EMPTY" }] });
  expect(await take(t, dashboard(rows))).toMatchObject({
    status: "imported",
    booked: [id],
    exceptions: [],
    problems: [],
  });
  const after = await books(t);
  expect(after).toMatchObject({ "4501007": "2968.14", "2408003": "27.00", "2407003": "4.86" });
  for (const again of [dashboard(rows), json(rows)])
    expect(await take(t, again)).toMatchObject({ status: "unchanged", booked: [], known: [id], problems: [] });
  expect(
    await importSettlements(t.app, t.as("accountant"), { from: june.from, to: localDate("2026-06-10") }),
  ).toMatchObject({
    booked: [],
    known: [id],
  });
  expect(await books(t)).toEqual(after);
  // A row that is missing from a settlement that is booked is said, and changes nothing.
  const more = rows.map((r) => ({ ...r, credit: rupees("2968.13"), fee: rupees("31.87"), tax: rupees("4.86") }));
  expect(await take(t, json(more))).toMatchObject({ status: "unchanged", problems: [{ code: "SETTLEMENT_SUM" }] });
  expect(await books(t)).toEqual(after);
});

test("without the gateway's word a file proves itself against the bank's credit; cut off by its dates it is an exception until it is whole", async () => {
  const t = await town();
  await t.pay("3000.00");
  await t.pay("1000.00");
  await drain(t);
  const [settlement] = t.simulator.advance(3);
  const id = settlement?.id ?? "";
  const rows = await rowsOf(t);
  const app = withoutAnswers(t.app);
  const code = async (content: string) =>
    (await take(t, content, app)).exceptions.map((e) => e.problems.map((p) => p.code));
  expect(await code(dashboard(rows.slice(0, 1)))).toEqual([["SETTLEMENT_AMOUNT_UNKNOWN"]]);
  // What only the rows said before is no proof of them.
  expect(await code(dashboard(rows.slice(0, 1)))).toEqual([["SETTLEMENT_AMOUNT_UNKNOWN"]]);
  expect((await books(t))["4501007"]).toBeUndefined();
  const csv = t.simulator.bankStatementCsv();
  await t.tx("accountant", (tx) => importStatement(tx, { account: BANK, csv, fileName: "june.csv" }));
  expect(await code(dashboard(rows.slice(0, 1)))).toEqual([["SETTLEMENT_SUM"]]);
  expect(await take(t, dashboard(rows), app)).toMatchObject({ booked: [id], exceptions: [] });
  expect(await books(t)).toMatchObject({ "4501007": toRupees((rupees("2968.14") + rupees("989.38")) as never) });
  expect(await read(t, (r) => listExceptions(r, { account: BANK, status: "open" }))).toEqual([]);
  expect(await read(t, brokenTies)).toEqual([]);
});

test("rows that nobody else vouches for are booked when two people say so", async () => {
  const t = await town();
  await t.pay("3000.00");
  await drain(t);
  const [settlement] = t.simulator.advance(3);
  await take(t, json(await rowsOf(t)), withoutAnswers(t.app));
  const [exception] = await read(t, (r) => listExceptions(r, { account: BANK, status: "open" }));
  expect(exception).toMatchObject({ kind: "settlement", subjectId: settlement?.id });
  await t.tx("accountant", (tx) =>
    proposeResolution(tx, {
      exceptionId: exception?.id ?? "",
      resolution: { kind: "settlement-adjusted", role: "bank-claims" },
      reason: "compared with the gateway's mail of the day",
    }),
  );
  await t.tx("checker", (tx) => approveResolution(tx, exception?.id ?? ""));
  expect(await books(t)).toMatchObject({ "4501007": "2968.14" });
  expect(await read(t, (r) => listSettlements(r, june))).toMatchObject([{ status: "booked", fee: rupees("27.00") }]);
});

test("what a lost dispute takes is netted in its settlement, and the dispute is settled; one that the books do not know yet is asked for", async () => {
  const t = await town();
  const lost = await t.pay("1000.00");
  await t.pay("4000.00");
  await drain(t);
  const dispute = t.simulator.openDispute(lost);
  t.simulator.webhookPlan({ drop: 1 });
  t.simulator.decideDispute(dispute.id, "lost");
  t.simulator.webhookPlan({});
  const [settlement] = t.simulator.advance(3);
  const rows = await rowsOf(t);
  expect(rows.filter((r) => r.disputeId === dispute.id)).toMatchObject([
    { type: "adjustment", debit: rupees("1000.00") },
  ]);
  expect(await take(t, dashboard(rows))).toMatchObject({ booked: [settlement?.id], exceptions: [] });
  expect(await read(t, brokenTies)).toEqual([]);
  expect((await books(t))["4501005"]).toBeUndefined();
  expect(
    await t.tx("auditor", (tx) =>
      tx.query("select settlement_id from collections.disputes where ulb_id = :ulb", { ulb: tx.ulb.id }),
    ),
  ).toEqual([{ settlement_id: settlement?.id }]);
  expect(await read(t, (r) => threeWayRows(r, settlement?.id ?? "", { limit: 10 }))).toHaveLength(3);
});
