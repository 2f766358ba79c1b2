import { expect, test } from "vitest";
import { getConsumer, openDues, openReceivables, raiseDemands } from "../billing/index.ts";
import { demandDraft, testConsumer, testDemand } from "../billing/testing.ts";
import { financialYear, localDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { rupees, toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import {
  approveRefund,
  askRefund,
  createOrder,
  depositInstruments,
  dishonour,
  findPayments,
  getReceipt,
  getRefund,
  instrumentsInHand,
  listReceipts,
  listRefunds,
  markSettled,
  openCounterSession,
  processInbox,
  receiveAtCounter,
  refundable,
  sendRefund,
  setExcessPolicy,
  unsettledMoney,
  type Receipt,
} from "./index.ts";
import { balances, brokenTies, entryText, testCity, testClock, testGateway } from "./testing.ts";

/* The revenue-cycle cases of the project's fixtures that collections answers for, to the paisa, through its public functions. */

const clock = testClock("2025-04-10T05:00:00Z");
const base = await testApp({ clock });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "cycle", fees: { netbanking: 90 } });

type A = { city: TestUlb; id: string; code: string };
const sumOf = (amounts: readonly Paise[]): string => toRupees(amounts.reduce((a, b) => a + b, 0n) as Paise);

/** A1 of the cases: 1,080.00 of 2023-24 and 2,160.00 of 2024-25 open, 1,188.00 of the first half of 2025-26 demanded, penalty 150.00. */
async function a1(): Promise<A> {
  const city = await testCity(base, ulbs);
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code: "A1" });
    const opening = (from: string, to: string, amounts: string) =>
      demandDraft(consumer, amounts, { periodFrom: localDate(from), periodTo: localDate(to), dueDate: localDate(to) });
    await openReceivables(tx, {
      detail: "by-consumer",
      demands: [opening("2023-04-01", "2024-03-31", "1000+80"), opening("2024-04-01", "2025-03-31", "2000+160")],
    });
    await testDemand(tx, consumer, "1100+88");
    return { city, id: consumer.id, code: consumer.code };
  });
}

async function a3(): Promise<A> {
  const city = await testCity(base, ulbs);
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code: "A3" });
    await testDemand(tx, consumer, "5000+400");
    return { city, id: consumer.id, code: consumer.code };
  });
}

const dues = async (a: A): Promise<Record<string, string>> =>
  a.city.tx("auditor", async (tx) => {
    const by = new Map<string, bigint>();
    for (const d of await openDues(tx, a.id)) {
      const key = d.taxHead.includes("DISHONOUR") ? "charge" : d.demandYear;
      by.set(key, (by.get(key) ?? 0n) + d.outstanding);
    }
    return Object.fromEntries([...by].map(([k, v]) => [k, toRupees(v as Paise)]));
  });

async function online(a: A, amount: string, force = false): Promise<string> {
  const order = await createOrder(app, a.city.as("citizen"), {
    consumerId: a.id,
    amount: rupees(amount),
    idempotencyKey: newId(),
  });
  const { payment } = simulator.payOrder(order.providerOrderId ?? "", { method: "netbanking" });
  const second = force
    ? simulator.payOrder(order.providerOrderId ?? "", { method: "netbanking", force }).payment
    : undefined;
  await simulator.deliverWebhooks();
  await processInbox(app, a.city.ulb);
  return second?.id ?? payment.id;
}

async function counter(a: A, amount: string, cheque?: string): Promise<Receipt> {
  return a.city.tx("cashier", async (tx) => {
    const session = await openCounterSession(tx, { counter: "C1" });
    return receiveAtCounter(tx, {
      sessionId: session.id,
      consumerId: a.id,
      amount: rupees(amount),
      tender:
        cheque === undefined
          ? { kind: "cash" }
          : { kind: "cheque", number: cheque, bank: "Test Bank", date: localDate(clock().toISOString().slice(0, 10)) },
      idempotencyKey: newId(),
    });
  });
}
const ties = (a: A): Promise<string[]> => a.city.tx("auditor", brokenTies);

/** C02's "penalty computed to date" of 150.00, as a charge. */
async function penalty(a: A, amount: string): Promise<void> {
  const on = localDate("2025-04-10");
  await a.city.tx("accountant", (tx) =>
    raiseDemands(tx, {
      kind: "charge",
      date: on,
      demands: [
        {
          consumerId: a.id,
          periodFrom: on,
          periodTo: on,
          dueDate: on,
          lines: [{ taxHead: "PT_PENALTY", amount: rupees(amount) }],
        },
      ],
    }),
  );
}

test("C02, C03: part payment goes to penalty, oldest arrears, newer arrears; the excess of an online payment is an advance", async () => {
  clock.set("2025-04-10T05:00:00Z");
  const a = await a1();
  await penalty(a, "150.00");
  const cash = await counter(a, "2000.00");
  expect(cash.lines.map((l) => [l.kind, l.demandYear, toRupees(l.amount)])).toEqual([
    ["penalty", "2025-26", "150.00"],
    ["tax", "2023-24", "1000.00"],
    ["cess", "2023-24", "80.00"],
    ["tax", "2024-25", "712.96"],
    ["cess", "2024-25", "57.04"],
  ]);
  expect(sumOf(cash.lines.map((l) => l.amount))).toBe("2000.00");
  await a.city.tx("auditor", async (tx) => {
    expect((await entryText(tx, { type: "receipt", id: cash.id })).sort()).toEqual(
      [
        "Dr 4501001 2000.00",
        "Cr 1402010 150.00",
        "Cr 4311004 1080.00 A1/2023-24",
        "Cr 4311004 770.00 A1/2024-25",
        "Dr 4319100 137.04",
        "Cr 3503001 137.04",
      ].sort(),
    );
  });
  expect(await dues(a)).toEqual({ "2024-25": "1390.00", "2025-26": "1188.00" });

  clock.set("2025-04-15T05:00:00Z");
  const paymentId = await online(a, "3000.00");
  await a.city.tx("auditor", async (tx) => {
    const [payment] = await findPayments(tx, { paymentId });
    expect((await entryText(tx, { type: "receipt", id: payment?.receiptId ?? "" })).sort()).toEqual(
      [
        `Dr 4501005 3000.00 ${paymentId}`,
        "Cr 4311004 1390.00 A1/2024-25",
        "Cr 4311001 1188.00 A1/2025-26",
        "Cr 3504101 422.00 A1",
        "Dr 4319100 190.96",
        "Cr 3503001 190.96",
      ].sort(),
    );
    expect((await getConsumer(tx, a.id)).advance).toBe(rupees("422.00"));
    // Nothing of the cess is left behind in the control head.
    expect((await balances(tx))["4319100"]).toBeUndefined();
  });
  expect(await dues(a)).toEqual({});
  expect(await ties(a)).toEqual([]);
});

test("C07, C08, C09: a cheque is received, deposited and returned; then two captures of one bill, the second is refundable", async () => {
  clock.set("2025-05-02T05:00:00Z");
  const a = await a3();
  const receipt = await counter(a, "5400.00", "000123");
  expect(await ties(a)).toEqual([]);
  await a.city.tx("cashier", async (tx) => {
    const [held] = await instrumentsInHand(tx);
    expect(held).toMatchObject({ kind: "cheque", number: "000123", amount: rupees("5400.00") });
    const remittance = await depositInstruments(tx, {
      kind: "cheques",
      slipNumber: "S-1",
      date: localDate("2025-05-02"),
    });
    expect(await entryText(tx, { type: "receipt", id: receipt.id })).toEqual([
      "Dr 4501051 5400.00 000123",
      "Cr 4311001 5400.00 A3/2025-26",
      "Dr 4319100 400.00",
      "Cr 3503001 400.00",
    ]);
    expect(await entryText(tx, { type: "remittance", id: remittance.id })).toEqual([
      "Dr 4502101 5400.00 000123",
      "Cr 4501051 5400.00 000123",
    ]);
    await expect(
      depositInstruments(tx, { kind: "cheques", slipNumber: "S-2", date: localDate("2025-05-02") }),
    ).rejects.toThrow("REMITTANCE_EMPTY");
  });

  clock.set("2025-05-09T05:00:00Z");
  await a.city.tx("accountant", async (tx) => {
    const { id } = (await getReceipt(tx, receipt.id)).instrument;
    const result = await dishonour(tx, {
      instrumentId: id,
      date: localDate("2025-05-09"),
      reason: "funds insufficient",
      bankCharge: rupees("118.00"),
      payerCharge: rupees("250.00"),
    });
    expect(result.noticeBy).toBe("2025-06-08");
    expect(result.receipt).toMatchObject({ status: "dishonoured", number: receipt.number, amount: rupees("5400.00") });
    const [row] = await tx.query<{ source_id: string; reverses: bigint; original: bigint }>(
      `select d.source_id, d.reverses_entry_id as reverses, o.entry_id as original from ledger.entries d
       join ledger.entries o on o.ulb_id = d.ulb_id and o.source_type = 'receipt' and o.source_id = :receipt
       where d.ulb_id = :ulb and d.source_type = 'dishonour'`,
      { ulb: tx.ulb.id, receipt: receipt.id },
    );
    expect(row?.reverses).toBe(row?.original);
    expect((await entryText(tx, { type: "dishonour", id: row?.source_id ?? "" })).sort()).toEqual(
      [
        "Dr 4311001 5400.00 A3/2025-26",
        "Cr 4502101 5400.00 000123",
        "Dr 3503001 400.00",
        "Cr 4319100 400.00",
        "Dr 2407001 118.00",
        "Cr 4502101 118.00",
        "Dr 4314006 250.00 A3/2025-26",
        "Cr 1808002 250.00",
      ].sort(),
    );
    await expect(
      dishonour(tx, {
        instrumentId: id,
        date: localDate("2025-05-09"),
        reason: "again",
        bankCharge: rupees("0"),
        payerCharge: rupees("0"),
      }),
    ).rejects.toThrow("INSTRUMENT_STATUS");
  });
  expect(await dues(a)).toEqual({ "2025-26": "5400.00", charge: "250.00" });
  expect(await ties(a)).toEqual([]);

  clock.set("2025-05-12T05:00:00Z");
  await a.city.tx("admin", (tx) => setExcessPolicy(tx, "property-tax", { policy: "HOLD" }));
  const second = await online(a, "5650.00", true);
  const refund = await a.city.tx("auditor", async (tx) => {
    const list = await listReceipts(tx, { from: localDate("2025-05-12"), to: localDate("2025-05-12") });
    // Every capture has its receipt; one of them settles the bill, the other settles nothing and is given back.
    expect(list).toHaveLength(2);
    const first = list[0]?.paymentId ?? "";
    expect((await entryText(tx, { type: "receipt", id: list[0]?.id ?? "" })).sort()).toEqual(
      [
        `Dr 4501005 5650.00 ${first}`,
        "Cr 4314006 250.00 A3/2025-26",
        "Cr 4311001 5400.00 A3/2025-26",
        "Dr 4319100 400.00",
        "Cr 3503001 400.00",
      ].sort(),
    );
    const [note] = await listRefunds(tx, { paymentId: second });
    expect(note).toMatchObject({
      number: "RN/2025-26/000001",
      status: "payable",
      amount: rupees("5650.00"),
      consumerCode: "A3",
    });
    const paper = list[1];
    expect(paper).toMatchObject({
      paymentId: second,
      status: "issued",
      lines: [{ kind: "refundable", title: "Refundable, set against no due", amount: rupees("5650.00") }],
      refundNote: { id: note?.id, number: "RN/2025-26/000001" },
    });
    expect(note?.receipt).toEqual({ id: paper?.id, number: paper?.number });
    expect(await entryText(tx, { type: "refund-note", id: note?.id ?? "" })).toEqual([]);
    expect(await entryText(tx, { type: "receipt", id: paper?.id ?? "" })).toEqual([
      `Dr 4501005 5650.00 ${second}`,
      "Cr 3504008 5650.00 A3",
    ]);
    expect(await balances(tx)).toMatchObject({ "3504008": "-5650.00", "4501005": "11300.00" });
    return note;
  });
  expect(await dues(a)).toEqual({});
  for (const origin of ["receipt", "advance"] as const) {
    await expect(
      a.city.tx("citizen", (tx) =>
        askRefund(tx, { paymentId: second, origin, amount: rupees("100"), reason: "paid twice" }),
      ),
    ).rejects.toThrow(/REFUND_SOURCE.*refundable as a whole; its refund note RN\/2025-26\/000001 gives 5,650.00 back/);
  }
  expect((await a.city.tx("auditor", (tx) => refundable(tx, second))).choices).toEqual([]);
  for (const event of [...simulator.webhooks].filter((e) => e.body.toString().includes(second)))
    simulator.replayWebhook(event, { newId: true });
  await simulator.deliverWebhooks();
  expect(await processInbox(app, a.city.ulb)).toMatchObject({ failed: 0, receipts: 0 });
  expect(await ties(a)).toEqual([]);

  // C10, as far as it is collections': the refund is processed and nets in the settlement.
  const refundId = refund?.id ?? "";
  await expect(sendRefund(app, a.city.as("accountant"), refundId)).rejects.toThrow("REFUND_STATUS");
  await a.city.tx("checker", (tx) => approveRefund(tx, refundId));
  simulator.addFault({ match: `POST /v1/payments/${second}/refund`, do: "drop_after" });
  expect(await sendRefund(app, a.city.as("accountant"), refundId)).toMatchObject({
    status: "requested",
    providerRefundId: null,
  });
  expect(await sendRefund(app, a.city.as("accountant"), refundId)).toMatchObject({ status: "processed" });
  expect(simulator.refunds.size).toBe(1);
  await simulator.deliverWebhooks();
  await processInbox(app, a.city.ulb);
  await a.city.tx("accountant", async (tx) => {
    const paid = await getRefund(tx, refundId);
    expect(await entryText(tx, { type: "refund", id: refundId })).toEqual([
      "Dr 3504008 5650.00 A3",
      `Cr 4501005 5650.00 ${second}`,
    ]);
    expect(await balances(tx)).toMatchObject({ "4501005": "5650.00" });
    expect((await balances(tx))["3504008"]).toBeUndefined();
    const open = await unsettledMoney(tx, localDate("2025-05-12"));
    expect(sumOf(open.map((o) => o.amount))).toBe("5650.00");
    expect(open.map((o) => o.id)).toContain(paid.providerRefundId);
  });
  expect(await ties(a)).toEqual([]);
});

test("C11: captured on 31 March 23:58 IST, it belongs to the year that ends; what is not settled is listed at the year's end", async () => {
  clock.set("2025-10-01T05:00:00Z");
  const a = await a3();
  clock.set("2026-03-31T18:28:00Z");
  const order = await createOrder(app, a.city.as("citizen"), {
    consumerId: a.id,
    amount: rupees("766.00"),
    idempotencyKey: "c11-payment",
  });
  const { payment } = simulator.payOrder(order.providerOrderId ?? "");
  clock.set("2026-04-01T01:00:00Z");
  await simulator.deliverWebhooks();
  await processInbox(app, a.city.ulb);
  await a.city.tx("accountant", async (tx) => {
    const [receipt] = await listReceipts(tx, { from: localDate("2026-03-31"), to: localDate("2026-03-31") });
    expect(receipt).toMatchObject({
      number: "RC/2025-26/000001",
      fy: financialYear("2025-26"),
      valueDate: "2026-03-31",
    });
    expect((await entryText(tx, { type: "receipt", id: receipt?.id ?? "" })).sort()).toEqual(
      [
        `Dr 4501005 766.00 ${payment.id}`,
        "Cr 4311001 766.00 A3/2025-26",
        "Dr 4319100 56.74",
        "Cr 3503001 56.74",
      ].sort(),
    );
    expect((await balances(tx, localDate("2026-03-31")))["4501005"]).toBe("766.00");
    await markSettled(tx, [payment.id], "setl_00000000000001", localDate("2026-04-02"));
    await markSettled(tx, [payment.id], "setl_00000000000001", localDate("2026-04-02"));
    expect((await unsettledMoney(tx, localDate("2026-03-31"))).map((m) => [m.id, toRupees(m.amount)])).toEqual([
      [payment.id, "766.00"],
    ]);
    expect(await unsettledMoney(tx, localDate("2026-04-02"))).toEqual([]);
    await expect(markSettled(tx, [payment.id], "setl_00000000000002")).rejects.toThrow("SETTLED_ELSEWHERE");
    await expect(markSettled(tx, ["pay_99999999999999"], "setl_00000000000001")).rejects.toThrow("SETTLED_UNBOOKED");
  });
});
