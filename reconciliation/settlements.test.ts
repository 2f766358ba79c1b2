import { expect, test } from "vitest";
import { createOrder, processInbox, unsettledMoney, type Order } from "../collections/index.ts";
import { balances, brokenTies, entryText, testCity, testClock, testGateway } from "../collections/testing.ts";
import { testConsumer, testDemand } from "../billing/testing.ts";
import { closeProblems, postEntry } from "../ledger/index.ts";
import { localDate, period } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot, type Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { brs } from "./brs-read.ts";
import { closeChecks } from "./close-checks.ts";
import { settlementEntry } from "./entries.ts";
import { listMatches } from "./matches.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { checkSettlement } from "./settlement.ts";
import { importSettlements, listSettlements, openExceptions, type SettlementReport } from "./settlements.ts";
import { importStatement } from "./statements.ts";
import { BANK } from "./testing.ts";
import { settlementTransitTie } from "./ties.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
// A gateway account for each test: a settlement pays out everything of its account.
const gateways = await Promise.all(
  ["one", "two", "three", "four", "five", "six", "seven", "eight"].map((seed) =>
    // 0.90 % and 18 % on it, as in case C04.
    testGateway(base, ulbs, { seed, fees: { netbanking: 90, upi: 0 } }),
  ),
);
let used = 0;

type Town = TestUlb & (typeof gateways)[number] & { pay(amount: string, how?: "netbanking" | "upi"): Promise<string> };

async function town(): Promise<Town> {
  clock.set("2026-06-01T04:30:00Z");
  const gateway = gateways[used++];
  if (!gateway) throw new Error("one gateway per test");
  const { app, simulator } = gateway;
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const consumer = await city.tx("accountant", async (tx) => {
    await addBankAccount(tx, {
      account: BANK,
      bank: "State Bank of India",
      name: "Main account",
      number: "00000012345678",
    });
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
  const pay = async (amount: string, how: "netbanking" | "upi" = "netbanking"): Promise<string> => {
    orders += 1;
    const order: Order = await createOrder(app, city.as("citizen"), {
      consumerId: consumer.id,
      amount: rupees(amount),
      idempotencyKey: `order-number-${orders}`,
    });
    const { payment } = simulator.payOrder(order.providerOrderId ?? "", { method: how });
    return payment.id;
  };
  return { ...city, ...gateway, pay };
}
async function drain(t: Town): Promise<void> {
  await t.simulator.deliverWebhooks();
  await processInbox(t.app, t.ulb);
}
const june = { from: localDate("2026-06-01"), to: localDate("2026-06-10") };
const pull = (t: Town): Promise<SettlementReport> => importSettlements(t.app, t.as("accountant"), june);
const read = <T>(t: Town, fn: Parameters<typeof inSnapshot<T>>[2]): Promise<T> => inSnapshot(base, t.as("auditor"), fn);
const books = (t: Town) => read(t, (r) => balances(r));
const transitOff = (t: Town) =>
  read(t, async (r) => (await settlementTransitTie(r, localDate("2026-12-31"))).map((x) => toRupees(x.difference)));

test("C04 from the gateway to the bank: fee and GST booked once, the net in transit until the bank shows it", async () => {
  const t = await town();
  const payment = await t.pay("3000.00");
  await drain(t);
  expect(await books(t)).toMatchObject({ "4501005": "3000.00" });
  const [settlement] = t.simulator.advance(3);
  expect(await pull(t)).toMatchObject({ booked: [settlement?.id], known: [], waiting: [], exceptions: [] });
  expect(await read(t, (r) => entryText(r, { type: "settlement", id: settlement?.id ?? "" }))).toEqual([
    `Dr 4501007 2968.14 ${settlement?.id}`,
    "Dr 2408003 27.00",
    "Dr 2407003 4.86",
    `Cr 4501005 3000.00 ${settlement?.id}`,
  ]);
  const after = await books(t);
  expect(after).toMatchObject({ "4501007": "2968.14" });
  expect(after["4501005"]).toBeUndefined();
  expect(await pull(t)).toMatchObject({ booked: [], known: [settlement?.id] });
  expect(await books(t)).toEqual(after);
  expect(await read(t, (r) => unsettledMoney(r, localDate("2026-06-30")))).toEqual([]);
  expect(await read(t, brokenTies)).toEqual([]);
  expect(await transitOff(t)).toEqual(["0.00"]);

  const csv = t.simulator.bankStatementCsv();
  const imported = await t.tx("accountant", (tx) => importStatement(tx, { account: BANK, csv, fileName: "june.csv" }));
  expect(imported).toMatchObject({ status: "imported", linesAdded: 1, profile: "indian-csv@1" });
  const before = await read(t, (r) => brs(r, BANK, localDate("2026-06-30")));
  expect([before.groups.map((g) => g.key), toRupees(before.settlementsInTransitTotal), before.isProved]).toEqual([
    ["other-credits"],
    "2968.14",
    true,
  ]);
  const report = await t.tx("accountant", (tx) => reconcile(tx, BANK));
  expect(report).toMatchObject({ confirmed: [{ pass: "P1" }], settlementsArrived: 1 });
  expect(await books(t)).toMatchObject({ [BANK]: "2968.14" });
  expect((await books(t))["4501007"]).toBeUndefined();
  expect(await transitOff(t)).toEqual(["0.00"]);
  expect(await read(t, (r) => brs(r, BANK, localDate("2026-06-30")))).toMatchObject({
    groups: [],
    isProved: true,
    settlementsInTransit: [],
  });
  expect(await read(t, (r) => listSettlements(r, june))).toMatchObject([
    { id: settlement?.id, arrivedOn: "2026-06-03", payments: 1 },
  ]);
  expect(payment).toMatch(/^pay_/);

  const [match] = await read(t, (r) => listMatches(r, BANK));
  await t.tx("accountant", (tx) => unmatch(tx, match?.id ?? "", "looked at the wrong line"));
  expect(await books(t)).toMatchObject({ "4501007": "2968.14" });
  expect(await transitOff(t)).toEqual(["0.00"]);
  expect(await t.tx("accountant", (tx) => reconcile(tx, BANK))).toMatchObject({ settlementsArrived: 1 });
  expect(await books(t)).toMatchObject({ [BANK]: "2968.14" });
});

test("C04 and C10 through the public functions where the ULB books settlements straight to its bank: the clearing is left empty", async () => {
  const t = await town();
  const straight = {
    "settlement-in-transit": BANK,
    "gateway-clearing": "4501005",
    "gateway-fee": "2408003",
    "gateway-fee-gst": "2407003",
  };
  const row = { debit: 0n, credit: 0n, fee: 0n, tax: 0n, isOnHold: false };
  const money = (rows: Record<string, unknown>[]): Parameters<typeof checkSettlement>[1] =>
    rows as unknown as Parameters<typeof checkSettlement>[1];
  const c04 = checkSettlement(
    { id: "setl_0001", amount: rupees("2968.14") },
    money([
      {
        ...row,
        entityId: "pay_0001",
        type: "payment",
        amount: 300000n,
        fee: 3186n,
        tax: 486n,
        credit: 296814n,
        settlementId: "setl_0001",
      },
    ]),
  );
  const c10 = checkSettlement(
    { id: "setl_0002", amount: rupees("5529.99") },
    money([
      {
        ...row,
        entityId: "pay_0002",
        type: "payment",
        amount: 565000n,
        fee: 6001n,
        tax: 915n,
        credit: 558999n,
        settlementId: "setl_0002",
      },
      {
        ...row,
        entityId: "pay_0003",
        type: "payment",
        amount: 565000n,
        fee: 6000n,
        tax: 916n,
        credit: 559000n,
        settlementId: "setl_0002",
      },
      { ...row, entityId: "rfnd_001", type: "refund", amount: 565000n, debit: 565000n, settlementId: "setl_0002" },
    ]),
  );
  if (!c04.ok || !c10.ok) throw new Error("both cases add up");
  const [a, b] = [c04.figures, c10.figures];
  await t.tx("accountant", async (tx) => {
    await postEntry(
      tx,
      settlementEntry({ id: "setl_0001", utr: "AXISN25107000777", date: localDate("2026-04-17") }, a, straight),
    );
    await postEntry(tx, settlementEntry({ id: "setl_0002", utr: null, date: localDate("2026-05-15") }, b, straight));
  });
  expect(await books(t)).toMatchObject({
    [BANK]: "8498.13",
    "2408003": "128.70",
    "2407003": "23.17",
    "4501005": "-8650.00",
  });
});

test("a payment whose webhook was lost is adopted by its settlement, and receipted", async () => {
  const t = await town();
  t.simulator.webhookPlan({ drop: 1 });
  const payment = await t.pay("1000.00", "upi");
  await drain(t);
  t.simulator.webhookPlan({});
  expect((await books(t))["4501005"]).toBeUndefined();
  t.simulator.advance(3);
  expect(await pull(t)).toMatchObject({ booked: [expect.stringMatching(/^setl_/)], exceptions: [] });
  expect(await books(t)).toMatchObject({ "4501007": "1000.00" });
  expect(await read(t, brokenTies)).toEqual([]);
  expect(payment).toMatch(/^pay_/);
});

test("a settlement with an adjustment is booked; what no payment explains stands in a head of its own until it is cleared up", async () => {
  const t = await town();
  await t.pay("1000.00", "upi");
  await drain(t);
  t.simulator.addAdjustment(-500, "fee of a chargeback");
  t.simulator.advance(3);
  expect((await pull(t)).exceptions).toEqual([]);
  expect(await books(t)).toMatchObject({ "4501007": "995.00", "4314009": "5.00" });
  expect((await books(t))["4501005"]).toBeUndefined();
  expect(await read(t, (r) => listSettlements(r, june))).toMatchObject([
    { status: "booked", gross: rupees("1000.00") },
  ]);
  expect(await read(t, brokenTies)).toEqual([]);
});

test("a settlement whose rows do not sum to it is an exception with its figures, posts nothing, and stops the month's close", async () => {
  const t = await town();
  await t.pay("1000.00", "upi");
  await t.pay("400.00", "upi");
  await drain(t);
  t.simulator.nextSettlement({ outcome: "processed", hideItems: 1, hideForMs: 30 * 86_400_000 });
  t.simulator.advance(3);
  const report = await pull(t);
  expect(report.booked).toEqual([]);
  expect(report.exceptions[0]?.problems.map((p) => p.code)).toEqual(["SETTLEMENT_SUM"]);
  await pull(t);
  expect(await read(t, openExceptions)).toMatchObject([{ subject: "settlement", kind: "SETTLEMENT_SUM" }]);
  expect(await books(t)).toMatchObject({ "4501005": "1400.00" });
  const codes = await read(t, async (r) => (await closeProblems(r, period("2026-06"), closeChecks)).map((p) => p.code));
  expect(codes).toContain("SETTLEMENT_EXCEPTION");
});

test("when the gateway does not answer, nothing is written; the next run books", async () => {
  const t = await town();
  await t.pay("1000.00", "upi");
  await drain(t);
  t.simulator.advance(3);
  for (const path of ["GET /v1/settlements", "GET /v1/settlements/recon"]) {
    t.simulator.clearFaults();
    t.simulator.addFault({ match: path, do: "html_502", times: 50 });
    await expect(pull(t)).rejects.toThrow("GATEWAY_SILENT");
    expect(await read(t, (r) => listSettlements(r, june))).toEqual([]);
  }
  t.simulator.clearFaults();
  expect((await pull(t)).booked).toHaveLength(1);
});

test("two runs at the same moment book a settlement once", async () => {
  const t = await town();
  await t.pay("1000.00", "upi");
  await t.pay("2000.00", "netbanking");
  await drain(t);
  t.simulator.advance(3);
  const reports = await Promise.all([pull(t), pull(t), pull(t)]);
  expect(reports.flatMap((r) => r.exceptions)).toEqual([]);
  expect(await books(t)).toMatchObject({ "4501007": "2978.76" });
  expect(await read(t, (r) => listSettlements(r, june))).toHaveLength(1);
  expect(await transitOff(t)).toEqual(["0.00"]);
  expect(await read(t, brokenTies)).toEqual([]);
});

test("a settlement that holds another ULB's money is an exception: nothing of it is booked here", async () => {
  const t = await town();
  await t.pay("1000.00", "upi");
  await drain(t);
  t.simulator.advance(3);
  const other = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const report = await importSettlements(t.app, other.as("accountant"), june);
  expect(report.exceptions[0]?.problems.map((p) => p.code)).toEqual(["SETTLED_UNBOOKED"]);
  expect(await inSnapshot(base, other.as("auditor"), (r) => balances(r))).toEqual({});
  expect((await pull(t)).booked).toHaveLength(1);
});
