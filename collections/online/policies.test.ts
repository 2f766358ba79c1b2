import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { openDues } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import {
  approveRefund,
  askRefund,
  attachEvidence,
  captureAuthorised,
  createOrder,
  findPayments,
  listReceipts,
  listRefunds,
  openTasks,
  payRefundFromBank,
  pollDueOrders,
  pollOrder,
  processInbox,
  receiveWebhook,
  rejectRefund,
  sendDueRefunds,
  setExcessPolicy,
  setMerchantSettings,
  type Order,
  type Receipt,
} from "../index.ts";
import { balances, brokenTies, entryText, testCity, testClock, testGateway } from "../testing.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "policies" });

type Street = { city: TestUlb; consumerId: string; code: string };
async function street(amounts = "5000", name?: string): Promise<Street> {
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const { id, code } = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, name === undefined ? {} : { name });
    await testDemand(tx, consumer, amounts, {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer;
  });
  return { city, consumerId: id, code };
}
const order = (s: Street, amount: string): Promise<Order> =>
  createOrder(app, s.city.as("citizen"), { consumerId: s.consumerId, amount: rupees(amount), idempotencyKey: newId() });
const at = (o: Order): string => o.providerOrderId ?? expect.fail("the order is confirmed");
async function drain(s: Street): Promise<void> {
  await simulator.deliverWebhooks();
  await processInbox(app, s.city.ulb);
}
async function payTwice(s: Street, amount: string): Promise<readonly [string, string]> {
  const o = await order(s, amount);
  const first = simulator.payOrder(at(o), { method: "netbanking" }).payment.id;
  const second = simulator.payOrder(at(o), { method: "netbanking", force: true }).payment.id;
  await drain(s);
  return [first, second];
}
const receipts = (s: Street): Promise<Receipt[]> =>
  s.city.tx("auditor", (tx) => listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }));
const due = (s: Street): Promise<string> =>
  s.city.tx("citizen", async (tx) =>
    toRupees((await openDues(tx, s.consumerId)).reduce((total, d) => total + d.outstanding, 0n) as Paise),
  );
const books = (s: Street): Promise<Record<string, string>> => s.city.tx("auditor", (tx) => balances(tx));
const ties = (s: Street): Promise<string[]> => s.city.tx("auditor", brokenTies);
const tasks = (s: Street): Promise<string[]> =>
  s.city.tx("auditor", async (tx) => (await openTasks(tx)).map((t) => t.kind).sort());
const send = (s: Street, body: string, id: string): Promise<unknown> =>
  receiveWebhook(app, s.city.ulb, Buffer.from(body), {
    "x-razorpay-event-id": id,
    "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret).update(body).digest("hex"),
  });

test("recurring dues: a second payment is the consumer's advance with its own receipt; he may ask it back, and a second person approves", async () => {
  const s = await street();
  const [, second] = await payTwice(s, "5000.00");
  expect((await receipts(s)).map((r) => r.lines.map((l) => l.kind))).toEqual([["tax"], ["advance"]]);
  expect(await books(s)).toMatchObject({ "4501005": "10000.00", "3504101": "-5000.00" });

  const ask = (amount?: string) =>
    s.city.tx("citizen", (tx) =>
      askRefund(tx, {
        paymentId: second,
        origin: "advance",
        reason: "paid twice by mistake",
        ...(amount === undefined ? {} : { amount: rupees(amount) }),
      }),
    );
  await expect(ask("5000.01")).rejects.toThrow(
    "captured 5,000.00 − refunded or being refunded 0.00 − disputed 0.00 = 5,000.00",
  );
  const asked = await ask();
  expect(await books(s)).toMatchObject({ "3504101": "-5000.00" });
  await expect(ask("1.00")).rejects.toThrow("REFUND_ROOM");
  await expect(s.city.tx("citizen", (tx) => approveRefund(tx, asked.id))).rejects.toThrow("REFUND_OWN");
  await s.city.tx("checker", (tx) => approveRefund(tx, asked.id));
  expect(await s.city.tx("auditor", (tx) => entryText(tx, { type: "refund-sanction", id: asked.id }))).toEqual([
    `Dr 3504101 5000.00 ${s.code}`,
    `Cr 3504008 5000.00 ${s.code}`,
  ]);
  expect(await ties(s)).toEqual([]);
  clock.set("2026-06-01T04:45:00Z");
  expect(await sendDueRefunds(app, s.city.as("system"))).toBe(1);
  await drain(s);
  clock.set("2026-06-01T04:30:00Z");
  expect(await s.city.tx("auditor", (tx) => listRefunds(tx))).toMatchObject([{ status: "processed" }]);
  const now = await books(s);
  expect([now["3504008"], now["3504101"], now["4501005"]]).toEqual([undefined, undefined, "5000.00"]);
  expect(await ties(s)).toEqual([]);
});

test("held for a person: the second payment's receipt is refundable and settles nothing; who means to pay in advance meanwhile is no third", async () => {
  const s = await street();
  await s.city.tx("admin", (tx) => setExcessPolicy(tx, "property-tax", { policy: "HOLD" }));
  const o = await order(s, "5000.00");
  simulator.payOrder(at(o));
  await drain(s);
  clock.set("2026-06-01T04:31:00Z");
  const ahead = await order(s, "5000.00");
  clock.set("2026-06-01T04:32:00Z");
  const second = simulator.payOrder(at(o), { force: true }).payment.id;
  await drain(s);
  simulator.payOrder(at(ahead));
  await drain(s);
  clock.set("2026-06-01T04:30:00Z");
  expect((await receipts(s)).map((r) => r.lines.map((l) => l.kind))).toEqual([["tax"], ["refundable"], ["advance"]]);
  expect(await books(s)).toMatchObject({ "4501005": "15000.00", "3504008": "-5000.00", "3504101": "-5000.00" });
  expect(await s.city.tx("auditor", (tx) => listRefunds(tx))).toMatchObject([
    { paymentId: second, status: "payable", receipt: { number: "RC/2026-27/000002" } },
  ]);
  expect(await ties(s)).toEqual([]);
  // The tie sees a receipt that is refundable for a note that gives back another sum.
  await s.city.tx("system", (tx) =>
    tx.query("update collections.refunds set amount = amount - 1 where ulb_id = :ulb", { ulb: tx.ulb.id }),
  );
  expect(await ties(s)).toEqual(["captured payments = receipts and refund notes for them: 3 against 2"]);
});

test("a refund that is rejected leaves nothing in the books, and its money may be asked for again", async () => {
  const s = await street();
  const [, second] = await payTwice(s, "5000.00");
  const ask = () =>
    s.city.tx("citizen", (tx) =>
      askRefund(tx, { paymentId: second, origin: "advance", reason: "paid twice by mistake" }),
    );
  const asked = await ask();
  await s.city.tx("checker", (tx) => rejectRefund(tx, asked.id, "the next demand is due in a week"));
  expect(await s.city.tx("auditor", (tx) => listRefunds(tx))).toMatchObject([
    { status: "rejected", number: "RN/2026-27/000001" },
  ]);
  expect((await ask()).number).toBe("RN/2026-27/000002");
});

test("fees that are paid once: the second payment is refunded without a person, within the limit; above it it stays an advance", async () => {
  const s = await street();
  await s.city.tx("admin", (tx) =>
    setExcessPolicy(tx, "property-tax", { policy: "AUTO_REFUND", limit: rupees("5000.00"), windowDays: 7 }),
  );
  await payTwice(s, "5000.00");
  expect(await receipts(s)).toHaveLength(2);
  expect(await s.city.tx("auditor", (tx) => listRefunds(tx))).toMatchObject([
    { status: "approved", approvedBy: "policy:auto-refund" },
  ]);
  await sendDueRefunds(app, s.city.as("system"));
  await drain(s);
  const now = await books(s);
  expect([now["3504008"], now["3504101"], now["4501005"]]).toEqual([undefined, undefined, "5000.00"]);
  expect(await ties(s)).toEqual([]);

  const other = await street("5000");
  await other.city.tx("admin", (tx) =>
    setExcessPolicy(tx, "property-tax", { policy: "AUTO_REFUND", limit: rupees("4999.99"), windowDays: 7 }),
  );
  await payTwice(other, "5000.00");
  expect(await other.city.tx("auditor", (tx) => listRefunds(tx))).toEqual([]);
  expect(await books(other)).toMatchObject({ "3504101": "-5000.00" });
});

test("the whole payment is given back: its dues open again, the receipt is reversed, and the books are as if it had never come", async () => {
  const s = await street("4600+400");
  const o = await order(s, "5000.00");
  const { payment } = simulator.payOrder(at(o));
  await drain(s);
  const ask = (amount: string) =>
    s.city.tx("accountant", (tx) =>
      askRefund(tx, {
        paymentId: payment.id,
        origin: "receipt",
        reason: "levied on the wrong house",
        amount: rupees(amount),
      }),
    );
  const asked = await ask("5000.00");
  await s.city.tx("checker", (tx) => approveRefund(tx, asked.id));
  expect(await receipts(s)).toMatchObject([{ status: "reversed" }]);
  expect(await due(s)).toBe("5000.00");
  expect(await ties(s)).toEqual([]);
  clock.set("2026-06-01T04:45:00Z");
  await sendDueRefunds(app, s.city.as("system"));
  await drain(s);
  clock.set("2026-06-01T04:30:00Z");
  expect((await books(s))["4501005"]).toBeUndefined();
  expect(await ties(s)).toEqual([]);
});

test("parts of a payment are given back one after the other: what was settled last is due again, and the receipt stands until nothing is left", async () => {
  const s = await street("4600+400");
  const { payment } = simulator.payOrder(at(await order(s, "5000.00")));
  await drain(s);
  const giveBack = async (amount: string) => {
    const asked = await s.city.tx("accountant", (tx) =>
      askRefund(tx, {
        paymentId: payment.id,
        origin: "receipt",
        reason: "levied on the wrong house",
        amount: rupees(amount),
      }),
    );
    await s.city.tx("checker", (tx) => approveRefund(tx, asked.id));
    return [(await receipts(s))[0]?.status, await due(s)];
  };
  expect(await giveBack("1000.00")).toEqual(["issued", "1000.00"]);
  expect(await ties(s)).toEqual([]);
  expect(await giveBack("1500.00")).toEqual(["issued", "2500.00"]);
  expect(await ties(s)).toEqual([]);
  await expect(giveBack("2500.01")).rejects.toThrow("REFUND_ROOM");
  expect(await giveBack("2500.00")).toEqual(["reversed", "5000.00"]);
  expect(await ties(s)).toEqual([]);
});

test("a part that is given back on the gateway's dashboard takes back what the receipt settled, in whatever order it is heard, and a person is told", async () => {
  const s = await street("4600+400");
  const o = await order(s, "5000.00");
  const first = simulator.payOrder(at(o)).payment.id;
  const part = simulator.refundPayment(first, { amount: 150_000 });
  simulator.webhookPlan({ reorder: true, duplicate: 1 });
  await drain(s);
  simulator.webhookPlan({});
  await drain(s);
  const [refund] = await s.city.tx("auditor", (tx) => listRefunds(tx));
  expect(refund).toMatchObject({ origin: "gateway", status: "processed", providerRefundId: part.id });
  const lines = await s.city.tx("auditor", (tx) => entryText(tx, { type: "refund-sanction", id: refund?.id ?? "" }));
  expect(lines.filter((l) => l.startsWith("Cr 3504008"))).toEqual([`Cr 3504008 1500.00 ${s.code}`]);
  expect(await s.city.tx("auditor", (tx) => entryText(tx, { type: "refund", id: refund?.id ?? "" }))).toEqual([
    `Dr 3504008 1500.00 ${s.code}`,
    `Cr 4501005 1500.00 ${first}`,
  ]);
  const now = await books(s);
  expect([now["3508006"], now["3504008"], now["4501005"]]).toEqual([undefined, undefined, "3500.00"]);
  expect(await due(s)).toBe("1500.00");
  expect(await receipts(s)).toMatchObject([{ status: "issued" }]);
  const [task] = await s.city.tx("auditor", (tx) => openTasks(tx));
  expect(task).toMatchObject({ kind: "refund-unsanctioned" });
  expect(task?.message).toMatch(
    /1,500\.00 of pay_.* without a refund of ours; so much of what receipt RC\/2026-27\/00000\d had paid/,
  );
  expect(await ties(s)).toEqual([]);
});

test("parts on the dashboard, one after the other: the demand is due again by as much, and the receipt stands until nothing is left", async () => {
  const s = await street("4600+400");
  const o = await order(s, "5000.00");
  const { payment } = simulator.payOrder(at(o));
  await drain(s);
  for (const [amount, open, status] of [
    [100_000, "1000.00", "issued"],
    [400_000, "5000.00", "reversed"],
  ] as const) {
    simulator.refundPayment(payment.id, { amount });
    await drain(s);
    expect(await due(s)).toBe(open);
    expect(await receipts(s)).toMatchObject([{ status }]);
    expect(await ties(s)).toEqual([]);
  }
  const now = await books(s);
  expect([now["3508006"], now["3504008"], now["4501005"]]).toEqual([undefined, undefined, undefined]);
});

test("a part on the dashboard whose credit is given back already cannot be taken back: it stands among unidentified receipts", async () => {
  const s = await street("4000");
  const o = await order(s, "5000.00");
  const { payment } = simulator.payOrder(at(o));
  await drain(s);
  const asked = await s.city.tx("citizen", (tx) =>
    askRefund(tx, { paymentId: payment.id, origin: "advance", amount: rupees("1000"), reason: "paid too much" }),
  );
  await s.city.tx("checker", (tx) => approveRefund(tx, asked.id));
  simulator.refundPayment(payment.id, { amount: 200_000 });
  await drain(s);
  expect(await due(s)).toBe("0.00");
  expect(await books(s)).toMatchObject({ "3508006": "2000.00", "3504008": "-1000.00", "4501005": "3000.00" });
  expect(await ties(s)).toEqual([]);
});

test("the gateway has no balance: it is asked on three more working days, then the refund is to be paid from the bank", async () => {
  const own = new Map<string, Ulb>();
  const poor = await testGateway(base, own, { seed: "poor" });
  const city = await testCity(base, own, { startsOn: localDate("2026-04-01") });
  const consumer = await city.tx("accountant", (tx) => testConsumer(tx));
  const o = await createOrder(poor.app, city.as("citizen"), {
    consumerId: consumer.id,
    amount: rupees("5000.00"),
    idempotencyKey: newId(),
  });
  const { payment } = poor.simulator.payOrder(at(o));
  await poor.simulator.deliverWebhooks();
  await processInbox(poor.app, city.ulb);
  const asked = await city.tx("citizen", (tx) =>
    askRefund(tx, { paymentId: payment.id, origin: "advance", reason: "paid for the wrong house" }),
  );
  await city.tx("checker", (tx) => approveRefund(tx, asked.id));
  // Everything is settled: nothing is left to refund from. 1 June is a Monday; the 6th is a first Saturday, the 7th a Sunday.
  const seen: string[] = [];
  for (const day of ["2026-06-04", "2026-06-05", "2026-06-06", "2026-06-07", "2026-06-08"]) {
    clock.set(`${day}T05:00:00Z`);
    if (day === "2026-06-04") poor.simulator.runSettlement(day);
    await sendDueRefunds(poor.app, city.as("system"));
    const [refund] = await city.tx("auditor", (tx) => listRefunds(tx));
    seen.push(`${day} ${refund?.status} ${refund?.sendAttempts}`);
  }
  clock.set("2026-06-01T04:30:00Z");
  expect(seen).toEqual([
    "2026-06-04 approved 1",
    "2026-06-05 approved 2",
    "2026-06-06 approved 3",
    "2026-06-07 approved 3",
    "2026-06-08 bank-due 4",
  ]);
  expect(await city.tx("auditor", brokenTies)).toEqual([]);
});

test("manual capture: authorised money is captured once although the answer is lost; what was paid meanwhile is declined", async () => {
  const own = new Map<string, Ulb>();
  const manual = await testGateway(base, own, { seed: "manual", autoCapture: false });
  const city = await testCity(base, own, { startsOn: localDate("2026-04-01") });
  await city.tx("admin", (tx) => setMerchantSettings(tx, { capture: "manual" }));
  const s: Street = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    await testDemand(tx, consumer, "5000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return { city, consumerId: consumer.id, code: consumer.code };
  });
  const open = (amount: string) =>
    createOrder(manual.app, city.as("citizen"), {
      consumerId: s.consumerId,
      amount: rupees(amount),
      idempotencyKey: newId(),
    });
  const deliver = async () => {
    await manual.simulator.deliverWebhooks();
    await processInbox(manual.app, city.ulb);
  };
  const [a, b] = [await open("5000.00"), await open("4000.00")];
  const first = manual.simulator.payOrder(at(a), { method: "card" }).payment;
  await deliver();
  expect(await receipts(s)).toEqual([]);
  manual.simulator.addFault({ match: "POST /v1/payments/.*/capture", do: "drop_after" } as never);
  await captureAuthorised(manual.app, city.as("system"));
  await deliver();
  expect(await receipts(s)).toMatchObject([{ paymentId: first.id, amount: rupees("5000.00") }]);

  manual.simulator.payOrder(at(b), { method: "card" });
  await deliver();
  await captureAuthorised(manual.app, city.as("system"));
  expect(await receipts(s)).toHaveLength(1);
  const [command] = await city.tx("auditor", (tx) =>
    tx.query<{ reason: string }>(
      "select reason from collections.capture_commands where ulb_id = :ulb and state = 'declined'",
      {
        ulb: tx.ulb.id,
      },
    ),
  );
  expect(command?.reason).toContain("nothing is due any more");
  expect(await ties(s)).toEqual([]);
});

test("payers bear the gateway's fee: it is recovered apart, and the bill gets what it asked for", async () => {
  const own = new Map<string, Ulb>();
  const borne = await testGateway(base, own, { seed: "borne", feeBearer: "customer" });
  const city = await testCity(base, own, { startsOn: localDate("2026-04-01") });
  await city.tx("admin", (tx) => setMerchantSettings(tx, { feeBearer: "payer" }));
  const consumer = await city.tx("accountant", async (tx) => {
    const c = await testConsumer(tx);
    await testDemand(tx, c, "10000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return c;
  });
  const o = await createOrder(borne.app, city.as("citizen"), {
    consumerId: consumer.id,
    amount: rupees("10000.00"),
    idempotencyKey: newId(),
  });
  const { payment } = borne.simulator.payOrder(at(o), { method: "netbanking" });
  await borne.simulator.deliverWebhooks();
  await processInbox(borne.app, city.ulb);
  const s = { city, consumerId: consumer.id, code: consumer.code };
  const [receipt] = await receipts(s);
  expect(payment.amount).toBe(1_023_600);
  expect(receipt?.lines.map((l) => [l.kind, toRupees(l.amount)])).toEqual([
    ["tax", "10000.00"],
    ["convenience-fee", "236.00"],
  ]);
  expect(await books(s)).toMatchObject({ "4501005": "10236.00", "1808006": "-236.00" });
  expect(await due(s)).toBe("0.00");
  expect(await tasks(s)).toEqual([]);
  expect(await ties(s)).toEqual([]);
});

test("the gateway made two orders of one request, and both are paid: dues and advance, two receipts, and the second order is watched", async () => {
  const s = await street("10000");
  const o = await order(s, "10000.00");
  const twin = simulator.createOrder({ amount: 1_000_000, notes: { ulb: s.city.ulb.code, order: o.id } });
  simulator.payOrder(at(o));
  simulator.payOrder(twin.id);
  await drain(s);
  expect((await receipts(s)).map((r) => r.lines.map((l) => l.kind))).toEqual([["tax"], ["advance"]]);
  expect(await tasks(s)).toEqual(["orphan-order"]);
  expect(await books(s)).toMatchObject({ "4501005": "20000.00", "3504101": "-10000.00" });
  expect(await ties(s)).toEqual([]);
});

test("an event of another account is parked, one of our own is not; nothing of it is in the books", async () => {
  const s = await street();
  await s.city.tx("admin", (tx) => setMerchantSettings(tx, { accountId: "acc_Another0000001" }));
  const o = await order(s, "5000.00");
  simulator.payOrder(at(o));
  await simulator.deliverWebhooks();
  expect(await processInbox(app, s.city.ulb)).toMatchObject({ receipts: 0, failed: 0 });
  expect(await receipts(s)).toEqual([]);
  expect(new Set(await tasks(s))).toEqual(new Set(["event-parked"]));
  // The poll asks our own account, and finds it there.
  await pollOrder(app, s.city.as("system"), o.id);
  expect(await receipts(s)).toHaveLength(1);
});

test("a late authorisation that only the poll saw is paid when it was seen, and is marked as late", async () => {
  const s = await street();
  const o = await order(s, "5000.00");
  simulator.webhookPlan({ drop: 1 });
  const { payment } = simulator.payOrder(at(o), { method: "netbanking", outcome: "late" });
  clock.set("2026-06-02T04:30:00Z");
  await pollDueOrders(app, s.city.as("system"));
  clock.set("2026-06-03T02:30:00Z");
  simulator.completeLate(payment.id);
  clock.set("2026-06-03T04:30:00Z");
  await pollDueOrders(app, s.city.as("system"));
  simulator.webhookPlan({});
  expect(await receipts(s)).toMatchObject([{ valueDate: "2026-06-03" }]);
  expect(await s.city.tx("auditor", (tx) => findPayments(tx, { paymentId: payment.id }))).toMatchObject([
    { isLate: true },
  ]);
  clock.set("2026-06-01T04:30:00Z");
});

test("nobody marks a payment as paid: evidence is kept, and the gateway's own answer decides", async () => {
  const s = await street();
  const o = await order(s, "5000.00");
  const bring = () =>
    attachEvidence(app, s.city.as("cashier"), {
      about: { orderId: o.id },
      note: "bank's message of 1 June, Rs 5000 debited",
    });
  expect(await bring()).toEqual({ status: "processing" });
  expect(await receipts(s)).toEqual([]);
  simulator.payOrder(at(o));
  expect(await bring()).toMatchObject({ status: "paid" });
  expect(await receipts(s)).toHaveLength(1);
});

test("text of any kind in an event is text: SQL and Indian scripts are stored and shown as they came, and nothing else happens", async () => {
  const name = "ਗੁਰਪ੍ਰੀਤ ਕੌਰ'); drop table collections.receipts; --";
  const s = await street("5000", name);
  const o = await order(s, "5000.00");
  const { payment } = simulator.payOrder(at(o), {
    contact: "'; delete from collections.payments; --",
    notes: { note: "राम'--" },
  });
  await drain(s);
  await send(
    s,
    JSON.stringify({ event: "x'; drop table kernel.outbox; --", created_at: 1, payload: {} }),
    "sql-event-1",
  );
  await processInbox(app, s.city.ulb);
  const asked = await s.city.tx("citizen", (tx) =>
    askRefund(tx, {
      paymentId: payment.id,
      origin: "receipt",
      reason: "'); update collections.refunds set amount = 0; -- द्वितीय",
    }),
  );
  expect(asked.reason).toContain("द्वितीय");
  expect((await receipts(s)).map((r) => r.payerName)).toEqual([name]);
  expect(await ties(s)).toEqual([]);
});

test("what the gateway is told to pay from the bank was never paid by it; paid from the bank it is paid once", async () => {
  const s = await street();
  const [, second] = await payTwice(s, "5000.00");
  const asked = await s.city.tx("citizen", (tx) =>
    askRefund(tx, { paymentId: second, origin: "advance", reason: "paid twice by mistake" }),
  );
  await s.city.tx("checker", (tx) => approveRefund(tx, asked.id));
  const bank = { bankAccount: "4502101", reference: "UTIBN26060112345", date: localDate("2026-06-01") };
  await expect(payRefundFromBank(app, s.city.as("accountant"), asked.id, bank)).rejects.toThrow("REFUND_STATUS");
  await s.city.tx("system", (tx) =>
    tx.query("update collections.refunds set status = 'bank-due' where ulb_id = :ulb", { ulb: tx.ulb.id }),
  );
  const paid = await payRefundFromBank(app, s.city.as("accountant"), asked.id, bank);
  expect(paid).toMatchObject({ status: "bank-paid", bankReference: "UTIBN26060112345" });
  expect(await s.city.tx("auditor", (tx) => entryText(tx, { type: "refund-bank", id: asked.id }))).toEqual([
    `Dr 3504008 5000.00 ${s.code}`,
    `Cr 4502101 5000.00 ${second}`,
  ]);
  expect(await sendDueRefunds(app, s.city.as("system"))).toBe(0);
  // The gateway gives it back on its dashboard after all: it went out twice, and is claimed.
  simulator.refundPayment(second, {});
  await drain(s);
  expect(await tasks(s)).toContain("double-outflow");
  expect(await books(s)).toMatchObject({ "4314009": "5000.00", "4501005": "5000.00" });
  expect(await ties(s)).toEqual([]);
});
