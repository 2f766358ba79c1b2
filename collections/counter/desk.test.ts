import fc from "fast-check";
import { expect, test } from "vitest";
import { openDues } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { closePeriod } from "../../ledger/index.ts";
import { addDays, localDate, period } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { paise, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Role, type Tx, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import {
  acceptHandover,
  allowCash,
  approveDifference,
  cancelReceipt,
  cashExceptions,
  clearInstruments,
  closeCounterDay,
  closeCounterSession,
  daySheet,
  declareDifference,
  depositInstruments,
  drawerOf,
  getAcknowledgement,
  getReceipt,
  giveNotice,
  handOver,
  heldAcknowledgements,
  instrumentsInHand,
  noticeDates,
  openCounterSession,
  publicKeys,
  readSession,
  receiptSigner,
  refuseHandover,
  rejectDifference,
  returnedCheques,
  returnInstrument,
  counterPolicy,
  setCounterPolicy,
  startCounterPolicy,
  settleCardBatch,
  takePayment,
  transferReceipt,
  unsettledSlips,
  verifyReceiptCode,
  waitingHandovers,
  type CounterPayment,
  type TakenPayment,
  type Tender,
} from "../index.ts";
import { balances, brokenTies, entryText, testCity, testClock } from "../testing.ts";
import { expectedIn, spreadShortage } from "./drawer.ts";

const clock = testClock("2026-06-01T05:00:00Z");
const app = await testApp({ clock });
const today = localDate("2026-06-01");

type Desk = { city: TestUlb; sessionId: string; consumerId: string };
async function desk(amounts = "10000", float = "0"): Promise<Desk> {
  clock.set("2026-06-01T05:00:00Z");
  const city = await testCity(app, new Map<string, Ulb>(), { startsOn: localDate("2026-04-01") });
  const consumerId = await property(city, amounts);
  const session = await city.tx("cashier", (tx) =>
    openCounterSession(tx, {
      counter: "Counter 1",
      ...(float === "0" ? {} : { float: { amount: rupees(float), from: "treasurer@test" } }),
    }),
  );
  return { city, sessionId: session.id, consumerId };
}
async function property(
  city: TestUlb,
  amounts: string,
  over: Parameters<typeof testConsumer>[1] = {},
): Promise<string> {
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, over);
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
const key = (): string => `desk-form-${++forms}`;
const take = (d: Desk, amount: string, over: Partial<CounterPayment> = {}): Promise<TakenPayment> =>
  d.city.tx("cashier", (tx) =>
    takePayment(tx, {
      sessionId: d.sessionId,
      tender: { kind: "cash" },
      consumers: [{ consumerId: d.consumerId, amount: rupees(amount) }],
      isAnother: true,
      idempotencyKey: key(),
      ...over,
    }),
  );
const as = <T>(d: Desk, role: Role, name: string, fn: (tx: Tx) => Promise<T>): Promise<T> =>
  inTransaction(app, d.city.as(role, name), fn);
const cheque = (number: string, date = today): Tender => ({ kind: "cheque", number, bank: "110002003", date });
const ties = (d: Desk): Promise<string[]> => d.city.tx("auditor", brokenTies);
const due = (d: Desk, consumerId = d.consumerId): Promise<string> =>
  d.city.tx("auditor", async (tx) =>
    toRupees((await openDues(tx, consumerId)).reduce((t, x) => t + x.outstanding, 0n) as Paise),
  );
const lines = (d: Desk, type: string, id: string): Promise<string[]> =>
  d.city.tx("auditor", (tx) => entryText(tx, { type, id }));
const receiptOf = (t: TakenPayment) => {
  const [receipt] = t.receipts;
  if (!receipt) throw new Error("a receipt was expected");
  return receipt;
};

test("the drawer is float + cash − cash given back ± handovers, whatever happens in whatever order", async () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 5, maxLength: 5 }), ([f, r, c, i, o]) => {
      const facts = {
        float: paise(f ?? 0n),
        received: paise(r ?? 0n),
        cancelled: paise(c ?? 0n),
        handedIn: paise(i ?? 0n),
        handedOut: paise(o ?? 0n),
      };
      expect(expectedIn(facts) + facts.cancelled + facts.handedOut).toBe(facts.float + facts.received + facts.handedIn);
    }),
  );
  const d = await desk("10000", "500");
  await take(d, "1000.00");
  const gone = receiptOf(await take(d, "300.00"));
  await take(d, "200.00", { tender: cheque("000001") });
  await d.city.tx("checker", (tx) =>
    cancelReceipt(tx, { receiptId: gone.id, reason: "wrong amount", requestedBy: "cashier@test" }),
  );
  const given = await d.city.tx("cashier", (tx) =>
    handOver(tx, { sessionId: d.sessionId, to: "second@test", denominations: { "500": 1 } }),
  );
  const reading = await d.city.tx("cashier", (tx) => readSession(tx, d.sessionId));
  expect(reading.drawer).toEqual({
    float: rupees("500"),
    received: rupees("1300"),
    cancelled: rupees("300"),
    handedIn: 0n,
    handedOut: rupees("500"),
    expected: rupees("1000"),
  });
  expect(reading).toMatchObject({
    firstReceipt: "RC/2026-27/000001",
    lastReceipt: "RC/2026-27/000003",
    cancelled: { count: 1 },
  });
  await expect(d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 2 }))).rejects.toThrow(
    "HANDOVER_WAITING",
  );
  await expect(as(d, "cashier", "third", (tx) => acceptHandover(tx, given.id, { "500": 1 }))).rejects.toThrow(
    "SESSION_NOT_FOUND",
  );

  const second = await as(d, "cashier", "second", (tx) => openCounterSession(tx, { counter: "Counter 2" }));
  expect((await as(d, "cashier", "second", (tx) => waitingHandovers(tx))).map((h) => h.id)).toEqual([given.id]);
  await expect(as(d, "cashier", "second", (tx) => acceptHandover(tx, given.id, { "100": 4 }))).rejects.toThrow(
    "HANDOVER_COUNT",
  );
  await as(d, "cashier", "second", (tx) => acceptHandover(tx, given.id, { "500": 1 }));
  await expect(as(d, "cashier", "second", (tx) => refuseHandover(tx, given.id))).rejects.toThrow("HANDOVER_ANSWERED");
  await d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 2 }));
  // Its cash lies in the second drawer, which is not counted yet.
  await expect(
    d.city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cash", slipNumber: "1", date: today })),
  ).rejects.toThrow("REMITTANCE_EMPTY");
  await as(d, "cashier", "second", (tx) => closeCounterSession(tx, second.id, { "500": 1 }));
  const deposit = await d.city.tx("cashier", (tx) =>
    depositInstruments(tx, { kind: "cash", slipNumber: "1", date: today }),
  );
  expect(deposit.amount).toBe(rupees("1000"));
  expect(await ties(d)).toEqual([]);
});

test("a counter is one cashier's; who is handed it over opens it under its name, and refused cash is the giver's again", async () => {
  const d = await desk("10000", "100");
  await expect(as(d, "cashier", "second", (tx) => openCounterSession(tx, { counter: "counter 1" }))).rejects.toThrow(
    "COUNTER_TAKEN",
  );
  await expect(
    as(d, "cashier", "second", (tx) =>
      openCounterSession(tx, { counter: "9", float: { amount: rupees("50"), from: "second@test" } }),
    ),
  ).rejects.toThrow("FLOAT_GIVER");
  await expect(
    as(d, "cashier", "second", (tx) =>
      openCounterSession(tx, {
        counter: "9",
        float: { amount: rupees("50"), from: "chief@test", denominations: { "20": 2 } },
      }),
    ),
  ).rejects.toThrow("FLOAT_COUNT: a float of 50.00 was said, 40.00 was counted");
  await expect(
    d.city.tx("cashier", (tx) =>
      handOver(tx, { sessionId: d.sessionId, to: "second@test", denominations: { "500": 1 } }),
    ),
  ).rejects.toThrow("HANDOVER_TOO_MUCH: 500.00 cannot be handed over; the drawer holds 100.00");
  const first = await d.city.tx("cashier", (tx) =>
    handOver(tx, { sessionId: d.sessionId, to: "second@test", denominations: { "100": 1 }, leaves: true }),
  );
  await expect(take(d, "10.00")).rejects.toThrow("SESSION_LEFT");
  await as(d, "cashier", "second", (tx) => refuseHandover(tx, first.id));
  await take(d, "10.00");
  const again = await d.city.tx("cashier", (tx) =>
    handOver(tx, { sessionId: d.sessionId, to: "second@test", denominations: { "100": 1, "10": 1 }, leaves: true }),
  );
  const session = await as(d, "cashier", "second", (tx) => openCounterSession(tx, { counter: "Counter 1" }));
  await as(d, "cashier", "second", (tx) => acceptHandover(tx, again.id, { "100": 1, "10": 1 }));
  await d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, {}));
  expect((await as(d, "cashier", "second", (tx) => drawerOf(tx, session.id))).expected).toBe(rupees("110"));
});

test("a drawer that does not tally is closed by another person with a reason, and posted: short from the cashier, over as payable", async () => {
  const d = await desk("10000", "100");
  await take(d, "1000.00");
  const declare = (pieces: Record<string, number>, reason = "wrong change given") =>
    d.city.tx("cashier", (tx) => declareDifference(tx, d.sessionId, pieces, reason));
  await expect(declare({ "500": 2, "100": 1 })).rejects.toThrow("DIFFERENCE_NONE");
  await expect(declare({ "500": 2 }, "?")).rejects.toThrow("DIFFERENCE_REASON");
  await declare({ "500": 2 });
  await expect(take(d, "1.00")).rejects.toThrow("SESSION_DECLARED");
  await expect(d.city.tx("cashier", (tx) => approveDifference(tx, d.sessionId))).rejects.toThrow("DIFFERENCE_OWN");
  await d.city.tx("checker", (tx) => rejectDifference(tx, d.sessionId));
  await take(d, "50.00");
  await declare({ "500": 1, "100": 4 });
  const closed = await d.city.tx("checker", (tx) => approveDifference(tx, d.sessionId));
  expect(closed).toMatchObject({ status: "closed", difference: -rupees("250"), differenceApprovedBy: "checker@test" });
  expect(await lines(d, "cash-difference", d.sessionId)).toEqual([
    "Dr 4601006 250.00 cashier@test",
    "Cr 4501001 250.00",
  ]);
  expect(await ties(d)).toEqual([]);
  const deposit = await d.city.tx("cashier", (tx) =>
    depositInstruments(tx, { kind: "cash", slipNumber: "7", date: today }),
  );
  expect(deposit.amount).toBe(rupees("800"));
  expect(await ties(d)).toEqual([]);

  const next = await d.city.tx("cashier", (tx) => openCounterSession(tx, { counter: "Counter 1" }));
  await d.city.tx("cashier", (tx) => declareDifference(tx, next.id, { "20": 1 }, "found under the tray"));
  await d.city.tx("checker", (tx) => approveDifference(tx, next.id));
  expect(await lines(d, "cash-difference", next.id)).toEqual(["Dr 4501001 20.00", "Cr 3504007 20.00 cashier@test"]);
  expect(await ties(d)).toEqual([]);
});

test("a shortage takes from no fund more than its cash, and what no cash covers is the float's", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 8n }),
      fc.dictionary(fc.constantFrom("01", "02", "03"), fc.bigInt({ min: 0n, max: 10n ** 8n })),
      (short, cash) => {
        const { funds, ofFloat } = spreadShortage(
          paise(short),
          new Map(Object.entries(cash).map(([f, a]) => [f, paise(a)])),
        );
        let sum: bigint = ofFloat;
        for (const [fund, part] of funds) {
          expect(part > 0n && part <= (cash[fund] ?? 0n)).toBe(true);
          sum += part;
        }
        expect(sum).toBe(short);
      },
    ),
  );
});

test("several accounts and heads are one payment: a receipt each, one money, one leaf; the same form is the same receipts", async () => {
  const d = await desk();
  const other = await property(d.city, "700", { name: "M/s Gupta & Sons" });
  const form: Partial<CounterPayment> = {
    tender: cheque("000777"),
    consumers: [
      { consumerId: d.consumerId, amount: rupees("1000") },
      { consumerId: other, amount: rupees("700") },
    ],
    heads: [{ account: "1808006", amount: rupees("25"), purpose: "Sale of forms" }],
    payer: { name: "गुप्ता'; drop table collections.receipts; --" },
    idempotencyKey: key(),
  };
  const taken = await take(d, "0", form);
  expect(
    taken.receipts.map((r) => [r.number, r.consumerId === null ? "head" : "consumer", toRupees(r.amount)]),
  ).toEqual([
    ["RC/2026-27/000001", "consumer", "1000.00"],
    ["RC/2026-27/000002", "consumer", "700.00"],
    ["RC/2026-27/000003", "head", "25.00"],
  ]);
  expect(await take(d, "0", form)).toEqual(taken);
  await expect(
    take(d, "0", { ...form, consumers: [{ consumerId: d.consumerId, amount: rupees("5") }] }),
  ).rejects.toThrow("IDEMPOTENCY_CONFLICT");
  await expect(take(d, "5", { tender: cheque("000777") })).rejects.toThrow("CHEQUE_ENTERED_ALREADY");
  expect(await lines(d, "receipt", taken.receipts[2]?.id ?? "")).toEqual([
    "Dr 4501051 25.00 000777",
    "Cr 1808006 25.00",
  ]);
  // A part of the leaf takes the whole leaf to the bank, and the whole comes back.
  const slip = await d.city.tx("cashier", (tx) =>
    depositInstruments(tx, {
      kind: "cheques",
      slipNumber: "3",
      date: today,
      instrumentIds: [taken.receipts[1]?.instrument.id ?? ""],
    }),
  );
  expect(slip).toMatchObject({ amount: rupees("1725"), instruments: 3 });
  expect(await lines(d, "remittance", slip.id)).toEqual(["Dr 4502101 1725.00 000777", "Cr 4501051 1725.00 000777"]);
  await d.city.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: taken.receipts[0]?.instrument.id ?? "",
      date: addDays(today, 2),
      reason: "",
      reasonCode: "01",
      bankCharge: rupees("118"),
    }),
  );
  expect(await due(d)).toBe("10000.00");
  expect(await due(d, other)).toBe("700.00");
  for (const r of taken.receipts)
    expect((await d.city.tx("auditor", (tx) => getReceipt(tx, r.id))).status).toBe("dishonoured");
  expect(await ties(d)).toEqual([]);
});

test("what is no head of a miscellaneous receipt is refused by name; deposits say whose they are", async () => {
  const d = await desk();
  const head = (account: string, more: object = {}) =>
    take(d, "0", {
      consumers: [],
      payer: { name: "Ravi Traders" },
      heads: [{ account, amount: rupees("500"), purpose: "Earnest money, tender 12", ...more }],
    });
  await expect(head("4501001")).rejects.toThrow("MISC_HEAD");
  await expect(head("4311001")).rejects.toThrow("MISC_HEAD");
  await expect(head("99")).rejects.toThrow("there is no such head");
  await expect(head("34010")).rejects.toThrow("is a heading");
  await expect(head("3401001")).rejects.toThrow("MISC_PARTY");
  const taken = await head("3401001", { party: { type: "contractor", id: "C-0042" } });
  expect(await lines(d, "receipt", receiptOf(taken).id)).toEqual(["Dr 4501001 500.00", "Cr 3401001 500.00 C-0042"]);
  await expect(take(d, "0", { consumers: [] })).rejects.toThrow("nothing is to be paid");
  await d.city.tx("checker", (tx) =>
    cancelReceipt(tx, { receiptId: receiptOf(taken).id, reason: "tender withdrawn", requestedBy: "cashier@test" }),
  );
  expect((await d.city.tx("auditor", (tx) => balances(tx)))["3401001"]).toBeUndefined();
  expect(await ties(d)).toEqual([]);
});

test("cash of two lakh from one person is refused across accounts, mobile and PAN; with permission it is taken once and listed", async () => {
  const d = await desk("500000");
  const other = await property(d.city, "500000");
  const who = (over: CounterPayment["payer"]) => ({ payer: over });
  await take(d, "120000.00", who({ name: "Asha", mobile: "+91 98765 43210" }));
  const second = { consumers: [{ consumerId: other, amount: rupees("80000") }] };
  await expect(take(d, "0", { ...second, payer: { name: "Asha", mobile: "9876543210" } })).rejects.toThrow(
    "CASH_LIMIT: cash of 80,000.00 with 1,20,000.00",
  );
  await expect(take(d, "0", { ...second, payer: { name: "A", mobile: "12345" } })).rejects.toThrow("PAYER_IDENTITY");
  await expect(take(d, "0", { ...second, payer: { name: "A", pan: "ABC" } })).rejects.toThrow("PAYER_IDENTITY");
  const basket = {
    consumers: [
      { consumerId: d.consumerId, amount: rupees("60000") },
      { consumerId: other, amount: rupees("30000") },
    ],
  };
  await expect(take(d, "0", basket)).rejects.toThrow("makes 2,10,000.00");
  await d.city.tx("checker", (tx) =>
    allowCash(tx, {
      payerKind: "mobile",
      payer: "9876543210",
      upTo: rupees("200000"),
      day: today,
      reason: "order of the court, WP 12/2026",
    }),
  );
  await take(d, "0", { ...second, payer: { name: "Asha", mobile: "9876543210" } });
  await expect(
    take(d, "0", {
      ...second,
      consumers: [{ consumerId: other, amount: rupees("1") }],
      payer: { name: "Asha", mobile: "9876543210" },
    }),
  ).rejects.toThrow("CASH_LIMIT");
  expect(await d.city.tx("auditor", (tx) => cashExceptions(tx, today, today))).toMatchObject([
    { amount: rupees("80000"), allowedBy: "checker@test", reason: "order of the court, WP 12/2026" },
  ]);
  // The switch of the ULB, and a fresh payer just below.
  const third = await property(d.city, "500000");
  await take(d, "0", { consumers: [{ consumerId: third, amount: rupees("199999") }] });
  await d.city.tx("admin", (tx) => setCounterPolicy(tx, { hasCashLimit: false }, "resolution 14 of 2026"));
  await take(d, "0", { consumers: [{ consumerId: third, amount: rupees("100000") }] });
});

test("the same account and amount some minutes ago is asked about, not silently taken again", async () => {
  const d = await desk();
  await take(d, "100.00");
  clock.set("2026-06-01T05:02:10Z");
  await expect(take(d, "100.00", { isAnother: false })).rejects.toThrow(
    "paid 100.00 already, 2 minutes ago (receipt RC/2026-27/000001)",
  );
  await take(d, "101.00", { isAnother: false });
  await take(d, "100.00");
});

test("cash in whole rupees: 2,500.00 for 2,499.50 is a rounding of 0.50, not an advance; more is an advance only when agreed", async () => {
  const d = await desk("2499.50");
  await d.city.tx("admin", (tx) => setCounterPolicy(tx, { cashRounding: "up-to-rupee" }, "resolution 15 of 2026"));
  await expect(take(d, "2499.50")).rejects.toThrow(
    "CASH_WHOLE_RUPEES: cash is taken in whole rupees; 2,499.50 would be 2,500.00",
  );
  await expect(take(d, "2600.00")).rejects.toThrow("OVERPAYMENT: 2,600.00 is tendered, 2,499.50 is due");
  const taken = receiptOf(await take(d, "2500.00"));
  expect((await lines(d, "receipt", taken.id)).map((l) => l.replace(/ A\d+\/.*/, ""))).toEqual([
    "Dr 4501001 2500.00",
    "Cr 4311001 2499.50",
    "Cr 1808007 0.50",
  ]);
  expect(await ties(d)).toEqual([]);
  await d.city.tx("checker", (tx) =>
    cancelReceipt(tx, { receiptId: taken.id, reason: "payer went away", requestedBy: "cashier@test" }),
  );
  expect(await due(d)).toBe("2499.50");
  expect(await ties(d)).toEqual([]);
});

test("a leaf of a manual book is entered once, with its own date, not in a closed month and not too late", async () => {
  const d = await desk();
  const leaf = (date: string, n = "17") =>
    take(d, "100.00", { book: { book: "B-12", leaf: n, date: localDate(date) } });
  await expect(leaf("2026-06-02")).rejects.toThrow("MANUAL_DATE");
  await expect(leaf("2026-04-20")).rejects.toThrow("leaves of 01/05/2026 to 01/06/2026 can");
  const taken = receiptOf(await leaf("2026-05-20"));
  expect(taken).toMatchObject({ valueDate: "2026-05-20", entryDate: "2026-05-20", bookNo: "B-12", leafNo: "17" });
  await expect(leaf("2026-05-21")).rejects.toThrow("MANUAL_LEAF: leaf 17 of book B-12");
  await expect(
    take(d, "5.00", {
      tender: { kind: "pos", rrn: "612345678901", acquirer: "SBI" },
      book: { book: "B-12", leaf: "18", date: today },
    }),
  ).rejects.toThrow("MANUAL_MODE");
  await d.city.tx("checker", async (tx) => {
    for (const month of ["2026-04", "2026-05"]) await closePeriod(tx, period(month));
  });
  await expect(leaf("2026-05-22", "19")).rejects.toThrow("PERIOD_CLOSED");
  expect(await ties(d)).toEqual([]);
});

test("next day a receipt goes to the right account without cash: TRANSFERRED, a REPLACEMENT, and a later return takes that one back", async () => {
  const d = await desk();
  const right = await property(d.city, "5000");
  const wrong = receiptOf(await take(d, "1500.00", { tender: cheque("004455") }));
  await d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, {}));
  await d.city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cheques", slipNumber: "5", date: today }));
  clock.set("2026-06-02T05:00:00Z");
  const transfer = (role: Role, name: string, to = right) =>
    as(d, role, name, (tx) =>
      transferReceipt(tx, {
        receiptId: wrong.id,
        toConsumerId: to,
        reason: "keyed to the neighbour",
        requestedBy: "clerk@test",
      }),
    );
  await expect(transfer("checker", "cashier")).rejects.toThrow("CANCEL_OWN");
  await expect(transfer("checker", "checker", d.consumerId)).rejects.toThrow("TRANSFER_SAME");
  const replacement = await transfer("checker", "checker");
  expect(replacement).toMatchObject({
    kind: "replacement",
    replaces: wrong.id,
    number: "RC/2026-27/000002",
    instrument: { number: "004455" },
  });
  expect((await lines(d, "receipt-transfer", replacement.id)).map((l) => l.split(" ").slice(0, 3).join(" "))).toEqual([
    "Dr 4311001 1500.00",
    "Cr 4311001 1500.00",
  ]);
  expect((await d.city.tx("auditor", (tx) => getReceipt(tx, wrong.id))).status).toBe("transferred");
  await expect(transfer("checker", "checker")).rejects.toThrow("RECEIPT_STATUS");
  expect([await due(d), await due(d, right)]).toEqual(["10000.00", "3500.00"]);
  expect(await ties(d)).toEqual([]);
  const back = await d.city.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: wrong.instrument.id,
      date: addDays(today, 3),
      reason: "funds insufficient",
      bankCharge: rupees("0"),
      payerCharge: rupees("0"),
    }),
  );
  expect(back.receipt).toMatchObject({ id: replacement.id, status: "dishonoured" });
  expect(await due(d, right)).toBe("5000.00");
  expect(await ties(d)).toEqual([]);
});

test("card slips: clearing at tender, settled by batch with fee and GST to the paisa; a batch that does not add up books nothing", async () => {
  const d = await desk();
  const slip = (rrn: string): Tender => ({ kind: "pos", rrn, acquirer: "sbi", batchNo: "000071" });
  const one = receiptOf(await take(d, "1000.00", { tender: slip("612345678901") }));
  await take(d, "234.50", { tender: { kind: "upi", rrn: "612345678902", acquirer: "SBI", batchNo: "000071" } });
  await expect(take(d, "1.00", { tender: slip("612345678901") })).rejects.toThrow("CARD_SLIP_ENTERED_ALREADY");
  await expect(take(d, "1.00", { tender: slip("1") })).rejects.toThrow("CARD_SLIP");
  expect((await lines(d, "receipt", one.id))[0]).toBe("Dr 4501006 1000.00 612345678901");
  expect(await ties(d)).toEqual([]);
  const settle = (gross: string, fee = "9.00") =>
    d.city.tx("accountant", (tx) =>
      settleCardBatch(tx, {
        acquirer: "SBI",
        batchNo: "000071",
        gross: rupees(gross),
        fee: rupees(fee),
        feeGst: rupees("1.62"),
        utr: "SBIN126153000077",
        date: addDays(today, 1),
      }),
    );
  await expect(settle("1234.00")).rejects.toThrow(
    "BATCH_TOTAL: the batch settles 1,234.00; its 2 slips here come to 1,234.50, difference 0.50",
  );
  await expect(settle("1234.50", "1234.50")).rejects.toThrow("BATCH_FEE");
  const batch = await settle("1234.50");
  expect(batch).toMatchObject({ net: rupees("1223.88"), slips: 2 });
  expect(await lines(d, "pos-settlement", batch.id)).toEqual([
    "Dr 4502101 1223.88 SBIN126153000077",
    "Dr 2408003 9.00",
    "Dr 2407003 1.62",
    "Cr 4501006 1000.00 612345678901",
    "Cr 4501006 234.50 612345678902",
  ]);
  await expect(settle("1234.50")).rejects.toThrow("BATCH_SETTLED");
  expect(await d.city.tx("auditor", unsettledSlips)).toEqual([]);
  expect(await ties(d)).toEqual([]);
});

test("a new ULB acknowledges cheques and gives the receipt at realisation; one that never decided gives it at tender; both may decide", async () => {
  const [fresh, standing] = [await desk(), await desk()];
  await fresh.city.tx("admin", startCounterPolicy);
  const of = (d: Awaited<ReturnType<typeof desk>>) =>
    d.city.tx("auditor", async (tx) => (await counterPolicy(tx)).chequeReceipt);
  expect([await of(fresh), await of(standing)]).toEqual(["at-realisation", "at-tender"]);
  expect((await take(fresh, "10000.00", { tender: cheque("000461") })).receipts).toEqual([]);
  expect((await take(standing, "10000.00", { tender: cheque("000462") })).acknowledgements).toEqual([]);
  await fresh.city.tx("admin", (tx) => setCounterPolicy(tx, { chequeReceipt: "at-tender" }, "resolution 3 of 2026"));
  expect((await take(fresh, "100.00", { tender: cheque("000463") })).receipts).toHaveLength(1);
});

test("realisation first (S83): acknowledgement and liability at tender, the receipt when the bank has the money, nothing settled before", async () => {
  const d = await desk();
  await d.city.tx("admin", (tx) =>
    setCounterPolicy(tx, { chequeReceipt: "at-realisation", dishonourCharge: rupees("200") }, "resolution 16 of 2026"),
  );
  const taken = await take(d, "10000.00", { tender: cheque("000451") });
  expect(taken.receipts).toEqual([]);
  const [ack] = taken.acknowledgements;
  if (!ack) throw new Error("an acknowledgement was expected");
  expect(ack).toMatchObject({ number: "AK/2026-27/000001", status: "held" });
  expect(await lines(d, "acknowledgement", ack.id)).toEqual([
    "Dr 4501051 10000.00 000451",
    "Cr 3408000 10000.00 000451",
  ]);
  expect(await due(d)).toBe("10000.00");
  expect(await ties(d)).toEqual([]);
  await expect(d.city.tx("accountant", (tx) => clearInstruments(tx, [ack.instrumentId], today))).rejects.toThrow(
    "INSTRUMENT_NOT_DEPOSITED",
  );
  await d.city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cheques", slipNumber: "1", date: today }));
  const [receiptId] = await d.city.tx("accountant", (tx) =>
    clearInstruments(tx, [ack.instrumentId], addDays(today, 1)),
  );
  expect(await d.city.tx("accountant", (tx) => clearInstruments(tx, [ack.instrumentId], addDays(today, 1)))).toEqual(
    [],
  );
  expect((await lines(d, "receipt", receiptId ?? "")).map((l) => l.split(" ").slice(0, 3).join(" "))).toEqual([
    "Dr 3408000 10000.00",
    "Cr 4311001 10000.00",
  ]);
  expect(await d.city.tx("auditor", (tx) => getReceipt(tx, receiptId ?? ""))).toMatchObject({
    valueDate: "2026-06-02",
    instrument: { status: "cleared", number: "000451" },
  });
  expect(await due(d)).toBe("0.00");
  expect(await ties(d)).toEqual([]);
  // S89: credited, and returned the next day.
  await d.city.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: ack.instrumentId,
      date: addDays(today, 2),
      reason: "",
      reasonCode: "01",
      bankCharge: rupees("0"),
    }),
  );
  expect(await due(d)).toBe("10200.00");
  expect(await ties(d)).toEqual([]);
  const second = (await take(d, "100.00", { tender: cheque("000452") })).acknowledgements[0];
  await d.city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cheques", slipNumber: "2", date: today }));
  const back = await d.city.tx("accountant", (tx) =>
    returnInstrument(tx, {
      instrumentId: second?.instrumentId ?? "",
      date: addDays(today, 2),
      reason: "",
      reasonCode: "85",
      bankCharge: rupees("59"),
    }),
  );
  expect(back.receipt).toBeNull();
  expect((await lines(d, "dishonour", back.dishonourId)).slice(0, 2)).toEqual([
    "Dr 3408000 100.00 000452",
    "Cr 4502101 100.00 000452",
  ]);
  expect(await d.city.tx("auditor", (tx) => getAcknowledgement(tx, second?.id ?? ""))).toMatchObject({
    status: "returned",
  });
  expect(await d.city.tx("auditor", (tx) => heldAcknowledgements(tx))).toEqual([]);
  expect(await ties(d)).toEqual([]);
});

test("the drawer's fault decides: charge, notice under s.138 within thirty days, and no further cheque after so many returns", async () => {
  const d = await desk();
  await d.city.tx("admin", (tx) => setCounterPolicy(tx, { chequeBlockAfter: 1 }, "resolution 17 of 2026"));
  const bounce = async (number: string, code: string, payerCharge?: string) => {
    const r = receiptOf(await take(d, "500.00", { tender: cheque(number) }));
    await d.city.tx("cashier", (tx) => depositInstruments(tx, { kind: "cheques", slipNumber: number, date: today }));
    return d.city.tx("accountant", (tx) =>
      returnInstrument(tx, {
        instrumentId: r.instrument.id,
        date: addDays(today, 1),
        reason: "",
        reasonCode: code,
        bankCharge: rupees("0"),
        ...(payerCharge === undefined ? {} : { payerCharge: rupees(payerCharge) }),
      }),
    );
  };
  await expect(bounce("000001", "85", "150")).rejects.toThrow("RETURN_NOT_DRAWERS_FAULT");
  await expect(bounce("000002", "999")).rejects.toThrow("RETURN_REASON");
  const technical = await bounce("000003", "85");
  await expect(d.city.tx("accountant", (tx) => giveNotice(tx, technical.dishonourId))).rejects.toThrow(
    "NOTICE_NOT_DUE",
  );
  const funds = await bounce("000004", "01");
  await expect(take(d, "10.00", { tender: cheque("000005") })).rejects.toThrow("CHEQUE_FACILITY");
  await take(d, "10.00", { tender: { kind: "dd", number: "000006", bank: "SBI", date: today } });
  clock.set("2026-06-20T05:00:00Z");
  expect(await d.city.tx("accountant", (tx) => giveNotice(tx, funds.dishonourId))).toMatchObject({
    issuedOn: "2026-06-20",
    dates: { noticeBy: "2026-07-02" },
  });
  await expect(d.city.tx("accountant", (tx) => giveNotice(tx, funds.dishonourId))).rejects.toThrow("NOTICE_GIVEN");
  expect(await d.city.tx("auditor", (tx) => returnedCheques(tx, today, localDate("2026-06-30")))).toHaveLength(2);
  expect(noticeDates(localDate("2026-06-02"), localDate("2026-06-25"))).toEqual({
    noticeBy: "2026-07-02",
    payBy: "2026-07-10",
    complaintFrom: "2026-07-11",
    complaintBy: "2026-08-11",
  });
});

test("the day of an office is closed when its counters are; what is not deposited is carried over on record", async () => {
  const d = await desk();
  await take(d, "100.00");
  await expect(d.city.tx("checker", (tx) => closeCounterDay(tx, "", today))).rejects.toThrow("COUNTER_DAY_NOT_READY");
  await d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "100": 1 }));
  const sheet = await d.city.tx("checker", (tx) => closeCounterDay(tx, "", today));
  expect(sheet.totals).toEqual([{ mode: "cash", receipts: 1n, amount: rupees("100") }]);
  expect(sheet.checks.flatMap((c) => c.problems)).toEqual([
    "cash: 1 of 100.00 in hand, to be deposited the next working day",
  ]);
  await expect(d.city.tx("checker", (tx) => closeCounterDay(tx, "", today))).rejects.toThrow("COUNTER_DAY_CLOSED");
  await expect(d.city.tx("cashier", (tx) => openCounterSession(tx, { counter: "Counter 1" }))).rejects.toThrow(
    "COUNTER_DAY_CLOSED",
  );
  expect((await d.city.tx("auditor", (tx) => daySheet(tx, "", today))).closed?.by).toBe("checker@test");
});

test("a receipt's code is checked without asking; whatever is altered in it is invalid", async () => {
  const d = await desk();
  const r = receiptOf(await take(d, "1234.50"));
  const { code, refundable, keys } = await d.city.tx("auditor", async (tx) => {
    const signer = await receiptSigner(tx);
    const signed = {
      ulb: d.city.ulb.code,
      number: r.number,
      date: r.valueDate,
      amount: r.amount,
      consumerCode: r.consumerCode ?? "",
      mode: r.mode,
      isRefundable: false,
    };
    return {
      code: signer?.sign(signed) ?? "",
      refundable: signer?.sign({ ...signed, isRefundable: true }) ?? "",
      keys: await publicKeys(tx),
    };
  });
  expect(verifyReceiptCode(`https://pay.example.org/receipt/abc?s=${code}`, keys)).toMatchObject({
    number: r.number,
    amount: rupees("1234.50"),
    isRefundable: false,
  });
  // That a paper settles nothing is signed too, and cannot be taken off it.
  expect(verifyReceiptCode(refundable, keys)).toMatchObject({ number: r.number, isRefundable: true });
  expect(() => verifyReceiptCode([...code.split(".").slice(0, 2), refundable.split(".")[2]].join("."), keys)).toThrow(
    "SIGNATURE_INVALID",
  );
  const [format = "", payload = "", signature = ""] = code.split(".");
  const altered = Buffer.from(Buffer.from(payload, "base64url").toString().replace("123450", "923450")).toString(
    "base64url",
  );
  expect(() => verifyReceiptCode(`${format}.${altered}.${signature}`, keys)).toThrow(
    "SIGNATURE_INVALID: signature invalid: what the code says is not what was signed",
  );
  expect(() => verifyReceiptCode(code, [])).toThrow("not the ULB's");
  expect(() => verifyReceiptCode("hello", keys)).toThrow("SIGNATURE_INVALID");
  fc.assert(
    fc.property(fc.nat(payload.length - 1), fc.constantFrom("A", "b", "7", "_"), (at, letter) => {
      fc.pre(payload[at] !== letter);
      const changed = payload.slice(0, at) + letter + payload.slice(at + 1);
      fc.pre(Buffer.from(changed, "base64url").compare(Buffer.from(payload, "base64url")) !== 0);
      expect(() => verifyReceiptCode(`${format}.${changed}.${signature}`, keys)).toThrow("SIGNATURE_INVALID");
    }),
    { seed: 138, numRuns: 60 },
  );
  expect(await d.city.tx("cashier", (tx) => instrumentsInHand(tx))).toHaveLength(1);
});

test("cash handed to a name that nobody has is taken back by the giver, who can close his drawer then; capitals make no other person", async () => {
  const d = await desk();
  await d.city.tx("cashier", (tx) =>
    takePayment(tx, {
      sessionId: d.sessionId,
      tender: { kind: "cash" },
      consumers: [{ consumerId: d.consumerId, amount: rupees("500.00") }],
      idempotencyKey: newId(),
    }),
  );
  const give = (to: string) =>
    d.city.tx("cashier", (tx) => handOver(tx, { sessionId: d.sessionId, to, denominations: { "500": 1 } }));
  await expect(give("CASHIER@test")).rejects.toThrow("HANDOVER_TO");
  const lost = await give("nobody-of-that-name");
  const close = () => d.city.tx("cashier", (tx) => closeCounterSession(tx, d.sessionId, { "500": 1 }));
  await expect(close()).rejects.toThrow("HANDOVER_WAITING");
  const stranger = d.city.as("cashier", "third");
  await expect(inTransaction(app, stranger, (tx) => refuseHandover(tx, lost.id))).rejects.toThrow(
    "HANDOVER_OF_ANOTHER",
  );
  expect(await d.city.tx("cashier", (tx) => refuseHandover(tx, lost.id))).toMatchObject({ status: "refused" });
  await expect(d.city.tx("cashier", (tx) => refuseHandover(tx, lost.id))).rejects.toThrow("HANDOVER_ANSWERED");
  // A cashier whose name has capitals finds what was handed to him.
  const second = await give("Second@Test");
  const capitals = { ...d.city.as("cashier"), actor: { id: "Second@Test", roles: ["cashier" as const] } };
  expect(await inTransaction(app, capitals, (tx) => waitingHandovers(tx))).toMatchObject([{ id: second.id }]);
  await d.city.tx("cashier", (tx) => refuseHandover(tx, second.id));
  expect((await close()).status).toBe("closed");
  expect(await d.city.tx("auditor", brokenTies)).toEqual([]);
});
