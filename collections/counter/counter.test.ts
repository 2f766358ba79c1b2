import fc from "fast-check";
import { expect, test } from "vitest";
import { openDues } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { closePeriod } from "../../ledger/index.ts";
import { addDays, localDate, period } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { checkTender, type Tender } from "./tender.ts";
import {
  cancelReceipt,
  closeCounterSession,
  collectionCloseChecks,
  countDrawer,
  countPrint,
  currentSession,
  depositInstruments,
  getReceipt,
  instrumentsInHand,
  openCounterSession,
  receiveAtCounter,
  sessionTotals,
  type CounterReceipt,
  type Receipt,
} from "../index.ts";
import { balances, brokenTies, entryText, testCity, testClock } from "../testing.ts";

const clock = testClock("2026-06-01T05:00:00Z");
const app = await testApp({ clock });
const ulbs = new Map<string, Ulb>();
const today = localDate("2026-06-01");

type Desk = { city: TestUlb; sessionId: string; consumerId: string };
async function desk(amounts = "10000"): Promise<Desk> {
  clock.set("2026-06-01T05:00:00Z");
  const city = await testCity(app, ulbs, { startsOn: localDate("2026-04-01") });
  const consumerId = await property({ city, sessionId: "", consumerId: "" }, amounts);
  const session = await city.tx("cashier", (tx) => openCounterSession(tx, { counter: "Ward office 1" }));
  return { city, sessionId: session.id, consumerId };
}
async function property(d: Desk, amounts: string): Promise<string> {
  return d.city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    await testDemand(tx, consumer, amounts, {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer.id;
  });
}
let forms = 0;
const receive = (d: Desk, amount: string, over: Partial<CounterReceipt> = {}): Promise<Receipt> =>
  d.city.tx("cashier", (tx) =>
    receiveAtCounter(tx, {
      sessionId: d.sessionId,
      consumerId: d.consumerId,
      amount: rupees(amount),
      tender: { kind: "cash" },
      idempotencyKey: `form-${process.pid}-${++forms}`,
      ...over,
    }),
  );
const cheque = (number: string, date = today): Tender => ({ kind: "cheque", number, bank: "110002003", date });
const ties = (d: Desk): Promise<string[]> => d.city.tx("auditor", brokenTies);
const due = (d: Desk): Promise<string> =>
  d.city.tx("auditor", async (tx) =>
    toRupees((await openDues(tx, d.consumerId)).reduce((t, x) => t + x.outstanding, 0n) as Paise),
  );

test("cash: receipt, entry, drawer, count, deposit; the bag holds what the receipts say", async () => {
  const d = await desk();
  const receipt = await receive(d, "7500.50");
  expect(receipt).toMatchObject({
    number: "RC/2026-27/000001",
    channel: "counter",
    mode: "cash",
    status: "issued",
    issuedBy: "cashier@test",
  });
  await receive(d, "1000.00", { tender: cheque("000451") });
  expect(await ties(d)).toEqual([]);
  await d.city.tx("cashier", async (tx) => {
    expect(await sessionTotals(tx, d.sessionId)).toEqual([
      { mode: "cash", receipts: 1n, amount: rupees("7500.50") },
      { mode: "cheque", receipts: 1n, amount: rupees("1000.00") },
    ]);
    // The drawer is not counted: its cash cannot be deposited yet.
    await expect(depositInstruments(tx, { kind: "cash", slipNumber: "1", date: today })).rejects.toThrow(
      "REMITTANCE_EMPTY",
    );
  });
  await expect(
    d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 14, "100": 4, "0.50": 1 })),
  ).rejects.toThrow("DRAWER_MISMATCH: receipts of the session 7,500.50, counted 7,400.50: 100.00 short");
  await expect(d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 16 }))).rejects.toThrow(
    "499.50 over",
  );
  await expect(d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "300": 1 }))).rejects.toThrow(
    "DENOMINATION_UNKNOWN",
  );
  await d.city.tx("cashier", async (tx) => {
    const closed = await closeCounterSession(tx, d.sessionId, { "500": 15, "0.50": 1 });
    expect(closed).toMatchObject({ status: "closed", counted: rupees("7500.50") });
    expect(await currentSession(tx)).toBeUndefined();
  });
  await expect(receive(d, "1.00")).rejects.toThrow("SESSION_CLOSED");
  await d.city.tx("cashier", async (tx) => {
    const cash = await depositInstruments(tx, { kind: "cash", slipNumber: "77", date: localDate("2026-06-02") });
    expect(await entryText(tx, { type: "remittance", id: cash.id })).toEqual([
      "Dr 4502101 7500.50",
      "Cr 4501001 7500.50",
    ]);
    expect((await instrumentsInHand(tx)).map((i) => i.number)).toEqual(["000451"]);
    await depositInstruments(tx, { kind: "cheques", slipNumber: "78", date: localDate("2026-06-02") });
    expect(await balances(tx)).toMatchObject({ "4502101": "8500.50" });
  });
  expect(await ties(d)).toEqual([]);
});

test("a slip is booked once, a deposit is not older than what it holds, and only what is in hand is deposited", async () => {
  const d = await desk();
  const one = await receive(d, "10.00", { tender: cheque("000001") });
  const two = await receive(d, "20.00", { tender: cheque("000002") });
  const deposit = (slipNumber: string, date: string, ids?: string[]) =>
    d.city.tx("cashier", (tx) =>
      depositInstruments(tx, {
        kind: "cheques",
        slipNumber,
        date: localDate(date),
        ...(ids ? { instrumentIds: ids } : {}),
      }),
    );
  await expect(deposit("A", "2026-05-31")).rejects.toThrow("REMITTANCE_EARLY");
  expect(await deposit("A", "2026-06-01", [one.instrument.id])).toMatchObject({
    amount: rupees("10.00"),
    instruments: 1,
  });
  await expect(deposit("B", "2026-06-01", [one.instrument.id, two.instrument.id])).rejects.toThrow(
    "REMITTANCE_NOT_IN_HAND",
  );
  await expect(deposit("A", "2026-06-01")).rejects.toThrow("REMITTANCE_SLIP");
  expect(await ties(d)).toEqual([]);
});

test("the same form gives the same receipt, whatever happened to the printer; copies are counted", async () => {
  const d = await desk();
  const form = { idempotencyKey: "the-form-0001" };
  const first = await receive(d, "100.00", form);
  expect(await receive(d, "100.00", form)).toEqual(first);
  await expect(receive(d, "200.00", form)).rejects.toThrow("IDEMPOTENCY_CONFLICT");
  expect(await due(d)).toBe("9900.00");
  await d.city.tx("cashier", async (tx) => {
    expect(await countPrint(tx, first.id)).toBe(1);
    expect(await countPrint(tx, first.id)).toBe(2);
    expect((await getReceipt(tx, first.id)).printCount).toBe(2);
  });
});

test("more than is due is taken only when the payer was told that it becomes his advance", async () => {
  const d = await desk();
  await expect(receive(d, "11000.00")).rejects.toThrow(
    "OVERPAYMENT: 11,000.00 is tendered, 10,000.00 is due: say that 1,000.00",
  );
  expect(await due(d)).toBe("10000.00");
  const receipt = await receive(d, "11000.00", { acceptAdvance: true });
  expect(receipt.lines.map((l) => [l.kind, toRupees(l.amount)])).toEqual([
    ["tax", "10000.00"],
    ["advance", "1000.00"],
  ]);
  expect(await ties(d)).toEqual([]);
});

test("two lakh or more in cash from one payer in a day is refused, split or not; a paisa less is taken", async () => {
  const d = await desk("500000");
  await expect(receive(d, "200000.00")).rejects.toThrow("CASH_LIMIT");
  await receive(d, "120000.00");
  await expect(receive(d, "80000.00")).rejects.toThrow("makes 2,00,000.00");
  await receive(d, "79999.99");
  await receive(d, "80000.00", { tender: cheque("123456") });
  const second = await property(d, "500000");
  await receive(d, "199999.99", { consumerId: second });
  // The next day counts anew.
  clock.set("2026-06-02T05:00:00Z");
  const tomorrow = await d.city.tx("cashier", (tx) => currentSession(tx));
  expect(tomorrow?.id).toBe(d.sessionId);
  await expect(receive(d, "1.00")).rejects.toThrow("SESSION_OF_ANOTHER_DAY");
  clock.set("2026-06-01T05:00:00Z");
});

test("two cashiers taking cash from one payer at once cannot pass the limit together", async () => {
  const d = await desk("900000");
  const who = d.city.as("cashier", "second");
  const session = await inTransaction(app, who, (tx) => openCounterSession(tx, { counter: "2" }));
  const second = inTransaction(app, who, (tx) =>
    receiveAtCounter(tx, {
      sessionId: session.id,
      consumerId: d.consumerId,
      amount: rupees("150000"),
      tender: { kind: "cash" },
      idempotencyKey: `second-${++forms}-xxxx`,
    }),
  );
  const results = await Promise.allSettled([receive(d, "150000.00"), second]);
  expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("cheques: stale, post-dated and misnumbered ones are refused, the last good day is taken", () => {
  const check =
    (date: string, number = "000123") =>
    () =>
      checkTender(cheque(number, localDate(date)), today);
  expect(check("2026-03-01")).not.toThrow();
  expect(check("2026-02-28")).toThrow(
    "CHEQUE_STALE: cheque 000123 is dated 28/02/2026 and was payable until 28/05/2026",
  );
  expect(check("2026-06-02")).toThrow("CHEQUE_POST_DATED");
  expect(check("2026-06-01", "12345")).toThrow("CHEQUE_NUMBER");
  expect(() => checkTender({ kind: "bank-transfer", utr: "short", date: today }, today)).toThrow("TRANSFER_REFERENCE");
  fc.assert(
    fc.property(fc.integer({ min: -400, max: 400 }), (days) => {
      const dated = addDays(today, days);
      let isTaken = true;
      try {
        checkTender(cheque("000001", dated), today);
      } catch {
        isTaken = false;
      }
      expect(isTaken).toBe(days <= 0 && days >= -92);
    }),
  );
});

test("the same cheque is not entered twice while it lives; a UTR never", async () => {
  const d = await desk();
  await receive(d, "100.00", { tender: cheque("000451") });
  await expect(receive(d, "100.00", { tender: cheque("000451") })).rejects.toThrow("CHEQUE_ENTERED_ALREADY");
  await receive(d, "100.00", { tender: { kind: "cheque", number: "000451", bank: "Another Bank", date: today } });
  const transfer: Tender = { kind: "bank-transfer", utr: "SBIN126152000001", date: today };
  const receipt = await receive(d, "300.00", { tender: transfer });
  await expect(receive(d, "300.00", { tender: transfer })).rejects.toThrow("TRANSFER_ENTERED_ALREADY");
  await d.city.tx("auditor", async (tx) => {
    expect((await entryText(tx, { type: "receipt", id: receipt.id }))[0]).toBe("Dr 4502101 300.00 SBIN126152000001");
  });
  expect(await ties(d)).toEqual([]);
});

test("a receipt is cancelled by another person while its money is in the drawer; its number stays used", async () => {
  const d = await desk();
  const receipt = await receive(d, "1500.00");
  const cancel = (name: string, over: { reason?: string; requestedBy?: string } = {}) =>
    d.city.tx("checker", async (tx) => {
      const as = { ...tx, actor: { id: `${name}@test`, roles: ["checker" as const] } };
      return cancelReceipt(as, {
        receiptId: receipt.id,
        reason: "wrong property",
        requestedBy: "cashier@test",
        ...over,
      });
    });
  await expect(cancel("cashier")).rejects.toThrow("CANCEL_OWN");
  await expect(cancel("checker", { reason: "x" })).rejects.toThrow("CANCEL_REASON");
  expect(await cancel("checker")).toMatchObject({
    status: "cancelled",
    number: receipt.number,
    statusReason: "wrong property",
  });
  await expect(cancel("checker")).rejects.toThrow("RECEIPT_STATUS");
  expect(await due(d)).toBe("10000.00");
  const next = await receive(d, "1500.00");
  expect(next.number).toBe("RC/2026-27/000002");
  await d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 3 }));
  await expect(
    d.city.tx("checker", (tx) =>
      cancelReceipt(tx, { receiptId: next.id, reason: "too late now", requestedBy: "cashier@test" }),
    ),
  ).rejects.toThrow("CANCEL_DEPOSITED");
  expect(await ties(d)).toEqual([]);
});

test("a cashier works on his own session, one at a time; a closed month takes no counter money", async () => {
  const d = await desk();
  await expect(d.city.tx("cashier", (tx) => openCounterSession(tx, { counter: "2" }))).rejects.toThrow(
    "SESSION_OPEN_ALREADY",
  );
  await expect(d.city.tx("accountant", (tx) => closeCounterSession(tx, d.sessionId, {}))).rejects.toThrow(
    "SESSION_OF_ANOTHER",
  );
  await d.city.tx("checker", async (tx) => {
    for (const month of ["2026-04", "2026-05", "2026-06"]) await closePeriod(tx, period(month));
  });
  await expect(receive(d, "100.00")).rejects.toThrow("PERIOD_CLOSED");
  expect(await due(d)).toBe("10000.00");
});

test("a month with an open counter and money not deposited is not closed; all problems are listed", async () => {
  const d = await desk();
  await receive(d, "100.00");
  await d.city.tx("checker", async (tx) => {
    await closePeriod(tx, period("2026-04"), collectionCloseChecks);
    await closePeriod(tx, period("2026-05"), collectionCloseChecks);
  });
  await expect(d.city.tx("checker", (tx) => closePeriod(tx, period("2026-06"), collectionCloseChecks))).rejects.toThrow(
    "PERIOD_CLOSE_REFUSED",
  );
  await d.city.tx("cashier", async (tx) => {
    await closeCounterSession(tx, d.sessionId, { "100": 1 });
    await depositInstruments(tx, { kind: "cash", slipNumber: "9", date: today });
  });
  await d.city.tx("checker", (tx) => closePeriod(tx, period("2026-06"), collectionCloseChecks));
});

test("the drawer's worth is the sum of its pieces", () => {
  expect(countDrawer({ "500": 2, "0.50": 3, "1": 0 })).toBe(rupees("1001.50"));
  expect(() => countDrawer({ "500": -1 })).toThrow("DENOMINATION_UNKNOWN");
});
