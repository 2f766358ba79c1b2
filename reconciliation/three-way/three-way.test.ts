import fc from "fast-check";
import { expect, test } from "vitest";
import { createOrder, processInbox } from "../../collections/index.ts";
import { balances, brokenTies, entryText, testCity, testClock, testGateway } from "../../collections/testing.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { addDays, localDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inSnapshot, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { addBankAccount } from "../bank-accounts.ts";
import {
  approveResolution,
  keepExceptions,
  listExceptions,
  proposeResolution,
  reconcileAccount,
} from "../exceptions/index.ts";
import { adjustedFigures, keepWaiting, type WaitingItem } from "../exceptions/settlements.ts";
import { openExceptions } from "../settlements.ts";
import { importSettlements } from "../settlements.ts";
import { importStatement } from "../statements.ts";
import { BANK, statementCsv } from "../testing.ts";
import { settlementTransitTie } from "../ties.ts";
import { threeWay, threeWayRows, threeWayTotals, unsettledPayments } from "./index.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock });
const ulbs = new Map<string, Ulb>();
const gateway = await testGateway(base, ulbs, { seed: "three-way", fees: { netbanking: 90, upi: 0 } });

test("payments, settlement and bank line stand beside each other; a settlement with an adjustment is booked when two people say what it is", async () => {
  const { app, simulator } = gateway;
  const t = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const consumer = await t.tx("accountant", async (tx) => {
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
  const read = <T>(fn: Parameters<typeof inSnapshot<T>>[2]): Promise<T> => inSnapshot(base, t.as("auditor"), fn);
  const pay = async (amount: string, key: string): Promise<string> => {
    const order = await createOrder(app, t.as("citizen"), {
      consumerId: consumer.id,
      amount: rupees(amount),
      idempotencyKey: key,
    });
    const { payment } = simulator.payOrder(order.providerOrderId ?? "", { method: "netbanking" });
    await simulator.deliverWebhooks();
    await processInbox(app, t.ulb);
    return payment.id;
  };
  const first = await pay("3000.00", "order-number-1");
  expect(await read((r) => unsettledPayments(r))).toMatchObject([
    { paymentId: first, receipt: "RC/2026-27/000001", state: "waiting" },
  ]);
  const [settlement] = simulator.advance(3);
  const id = settlement?.id ?? "";
  const range = { from: localDate("2026-06-01"), to: localDate("2026-06-30") };
  await importSettlements(app, t.as("accountant"), { from: range.from, to: addDays(range.from, 9) });
  expect(await read((r) => threeWay(r, range))).toMatchObject([
    { id, state: "in-transit", payments: 1, gross: 300000n, amount: 296814n, atBank: null },
  ]);
  expect(await read((r) => threeWayRows(r, id))).toMatchObject([
    { entityId: first, receipt: "RC/2026-27/000001", booked: 300000n, net: 296814n },
  ]);

  // The bank credits less than the gateway paid out: the rest is a claim, and the settlement has arrived.
  await t.tx("accountant", (tx) =>
    importStatement(tx, {
      account: BANK,
      csv: statementCsv("0.00", [["2026-06-04", "2900.00", `NEFT CR-RAZORPAY-${settlement?.utr ?? ""}`]]),
      fileName: "june.csv",
    }),
  );
  await t.tx("accountant", (tx) => reconcileAccount(tx, BANK));
  const [short] = await t.tx("auditor", (tx) => listExceptions(tx, { account: BANK }));
  const resolve = async (exceptionId: string, resolution: Parameters<typeof proposeResolution>[1]["resolution"]) => {
    await t.tx("accountant", (tx) =>
      proposeResolution(tx, { exceptionId, resolution, reason: "as the gateway's mail says" }),
    );
    return t.tx("checker", (tx) => approveResolution(tx, exceptionId));
  };
  await resolve(short?.id ?? "", { kind: "difference", items: [`settlement:${id}`], role: "bank-claims" });
  expect(await read((r) => threeWay(r, range))).toMatchObject([
    { id, state: "differs", amount: 296814n, atBank: 290000n },
  ]);
  expect(await read((r) => balances(r))).toMatchObject({ [BANK]: "2900.00", "4603000": "68.14" });
  expect((await read((r) => settlementTransitTie(r, range.to))).map((x) => toRupees(x.difference))).toEqual(["0.00"]);

  // The next settlement holds a chargeback: it does not add up by itself and waits for a person.
  const second = await pay("2000.00", "order-number-2");
  const row = (
    entityId: string,
    type: WaitingItem["type"],
    credit: string,
    debit: string,
    amount: string,
    fee: string,
  ): WaitingItem => ({
    entityId,
    type,
    credit: rupees(credit),
    debit: rupees(debit),
    amount: rupees(amount),
    fee: rupees(fee),
    tax: rupees("0.00"),
    isOnHold: false,
    settlementId: "setl_adjusted000001",
    paymentId: null,
    orderReceipt: null,
    method: null,
  });
  await t.tx("accountant", async (tx) => {
    await tx.query(
      `insert into reconciliation.settlements (ulb_id, settlement_id, status, amount, utr, settled_on, recorded_at)
       values (:ulb, 'setl_adjusted000001', 'exception', 148200, 'UTR0000000042', '2026-06-05', :now)`,
      { ulb: t.ulb.id, now: tx.clock() },
    );
    await keepWaiting(
      tx,
      { id: "setl_adjusted000001", amount: rupees("1482.00"), utr: "UTR0000000042", createdAt: clock() },
      "adj_1 is an adjustment of -500.00; a person must say what it is",
      [
        row(second, "payment", "1982.00", "0.00", "2000.00", "18.00"),
        row("adj_1", "adjustment", "0.00", "500.00", "500.00", "0.00"),
      ],
    );
  });
  expect(await read(openExceptions)).toEqual([]);
  expect(await read((r) => unsettledPayments(r))).toMatchObject([
    { paymentId: second, state: "in exception", settlementId: "setl_adjusted000001" },
  ]);
  expect(await read(threeWayTotals)).toMatchObject({ exceptions: 1, inException: 148200n, unsettledPayments: 1 });
  await t.tx("accountant", (tx) => keepExceptions(tx, BANK));
  const [adjusted] = await t.tx("auditor", (tx) => listExceptions(tx, { kind: "settlement" }));
  await resolve(adjusted?.id ?? "", { kind: "settlement-adjusted", role: "bank-claims" });
  expect(await read((r) => entryText(r, { type: "settlement", id: "setl_adjusted000001" }))).toEqual([
    "Dr 4501007 1482.00 setl_adjusted000001",
    "Dr 2408003 18.00",
    "Cr 4501005 2000.00 setl_adjusted000001",
    "Dr 4603000 500.00 setl_adjusted000001",
  ]);
  expect(await read((r) => unsettledPayments(r))).toEqual([]);
  expect(await read(brokenTies)).toEqual([]);
});

test("whatever the rows say, the figures of an adjusted settlement add up to what was paid out", () => {
  const amount = fc.bigInt({ min: 0n, max: 10_000_000n }).map((a): Paise => paise(a));
  const rows = fc.array(
    fc.record({
      entityId: fc.uuid(),
      type: fc.constantFrom("payment", "refund", "adjustment", "transfer"),
      credit: amount,
      debit: amount,
      amount,
      fee: amount,
      tax: amount,
      isOnHold: fc.boolean(),
      settlementId: fc.constant("setl_1"),
    }),
  );
  fc.assert(
    fc.property(amount, rows, (net, given) => {
      const { figures: f, adjustments } = adjustedFigures(net, given);
      expect(f.gross - f.refunds - f.fee - f.tax + adjustments).toBe(net);
      expect(f.tax >= 0n).toBe(true);
    }),
    { seed: 6, numRuns: 200 },
  );
});
