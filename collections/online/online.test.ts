import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { openDues } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { closePeriod } from "../../ledger/index.ts";
import { localDate, period } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import {
  createOrder,
  findPayments,
  getOrder,
  getReceipt,
  handleCallback,
  listReceipts,
  listRefunds,
  observePayments,
  openTasks,
  pollDueOrders,
  pollOrder,
  processInbox,
  receiveWebhook,
  resolveOrders,
  ulbsWithEvents,
  type Order,
  type Receipt,
} from "../index.ts";
import {
  balances,
  brokenTies,
  countRows,
  entryText,
  testCity,
  testClock,
  testGateway,
  webhookActor,
} from "../testing.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 12 });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "online" });

type Street = { city: TestUlb; consumerId: string; code: string };
/** A ULB with one property that owes `amounts` of property tax ("8000+640"). */
async function street(amounts = "10000"): Promise<Street> {
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const { id, code } = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
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
let keys = 0;
const order = (s: Street, amount: string, key = `key-${process.pid}-${++keys}`): Promise<Order> =>
  createOrder(app, s.city.as("citizen"), { consumerId: s.consumerId, amount: rupees(amount), idempotencyKey: key });
const at = (o: Order): string => {
  if (o.providerOrderId === null) throw new Error("the order is confirmed");
  return o.providerOrderId;
};
async function drain(s: Street): Promise<void> {
  await simulator.deliverWebhooks();
  await processInbox(app, s.city.ulb);
}
const receipts = (s: Street): Promise<Receipt[]> =>
  s.city.tx("auditor", (tx) => listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }));
const due = async (s: Street): Promise<string> =>
  s.city.tx("citizen", async (tx) =>
    toRupees((await openDues(tx, s.consumerId)).reduce((total, d) => total + d.outstanding, 0n) as Paise),
  );
const allTies = (s: Street): Promise<string[]> => s.city.tx("auditor", brokenTies);

test("a bill is paid by UPI: one receipt head by head, one entry, nothing due, the fee not booked yet", async () => {
  const s = await street("8000+640");
  const o = await order(s, "8640.00");
  const { payment } = simulator.payOrder(at(o), { method: "upi" });
  await drain(s);
  const [receipt] = await receipts(s);
  expect(receipt).toMatchObject({
    number: "RC/2026-27/000001",
    amount: rupees("8640.00"),
    status: "issued",
    channel: "online",
    paymentId: payment.id,
    valueDate: "2026-06-01",
    consumerCode: s.code,
    online: { method: "upi", reference: payment.bankReference },
  });
  expect(receipt?.lines.map((l) => [l.kind, l.demandYear, toRupees(l.amount)])).toEqual([
    ["tax", "2026-27", "8000.00"],
    ["cess", "2026-27", "640.00"],
  ]);
  await s.city.tx("auditor", async (tx) => {
    expect(await entryText(tx, { type: "receipt", id: receipt?.id ?? "" })).toEqual([
      `Dr 4501005 8640.00 ${payment.id}`,
      `Cr 4311001 8640.00 ${s.code}/2026-27`,
      "Dr 4319100 640.00",
      "Cr 3503001 640.00",
    ]);
    expect(await getReceipt(tx, receipt?.token ?? "")).toEqual(receipt);
    const told = await tx.query<{ topic: string }>("select topic from kernel.outbox where ulb_id = :ulb", {
      ulb: tx.ulb.id,
    });
    expect(told.map((t) => t.topic)).toContain("receipt.issued");
  });
  expect(await due(s)).toBe("0.00");
  expect(await allTies(s)).toEqual([]);
});

test("of all ULBs those are named in whose inbox an event is due", async () => {
  const [{ city }, quiet] = [await street(), await street()];
  const body = Buffer.from(JSON.stringify({ event: "invoice.paid", id: "of no interest" }));
  const signature = createHmac("sha256", simulator.webhookSecret).update(body).digest("hex");
  await receiveWebhook(app, city.ulb, body, { "x-razorpay-signature": signature });
  const waiting = await ulbsWithEvents(base.db, clock());
  expect([waiting.has(city.ulb.id), waiting.has(quiet.city.ulb.id)]).toEqual([true, false]);
  await processInbox(app, city.ulb);
  expect((await ulbsWithEvents(base.db, clock())).has(city.ulb.id)).toBe(false);
});

test("200 duplicates of one webhook with callback and poll at the same time give one receipt and one entry", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  const { payment, callback } = simulator.payOrder(at(o));
  const captured = simulator.webhooks.find(
    (e) => e.event === "payment.captured" && e.body.toString().includes(payment.id),
  );
  const paid = simulator.webhooks.find((e) => e.event === "order.paid" && e.body.toString().includes(payment.id));
  if (!captured || !paid) throw new Error("the simulator tells of the capture");
  const deliver = async (event: typeof captured, id: string): Promise<void> => {
    await receiveWebhook(app, s.city.ulb, event.body, {
      "x-razorpay-event-id": id,
      "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret).update(event.body).digest("hex"),
    });
    await processInbox(app, s.city.ulb);
  };
  const jobs: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    jobs.push(deliver(captured, captured.id));
    if (i % 20 === 0) {
      jobs.push(handleCallback(app, s.city.as("citizen"), o.id, callback));
      jobs.push(pollOrder(app, s.city.as("system"), o.id));
      // The same fact under new event ids, and from the other event.
      jobs.push(deliver(captured, `again${i}xxxx`));
      jobs.push(deliver(paid, paid.id));
    }
  }
  await Promise.all(jobs);
  await processInbox(app, s.city.ulb);
  expect(await receipts(s)).toHaveLength(1);
  await s.city.tx("auditor", async (tx) => {
    const entries = await tx.query("select 1 from ledger.entries where ulb_id = :ulb and source_type = 'receipt'", {
      ulb: tx.ulb.id,
    });
    expect(entries).toHaveLength(1);
    expect(await countRows(tx, "collections.gateway_events")).toBe(12);
    const open = await tx.query("select 1 from collections.gateway_events where ulb_id = :ulb and state <> 'done'", {
      ulb: tx.ulb.id,
    });
    expect(open).toEqual([]);
    expect((await balances(tx))["4501005"]).toBe("10000.00");
  });
  expect(await due(s)).toBe("0.00");
  expect(await allTies(s)).toEqual([]);
}, 60_000);

test("a hundred payments' webhooks in any order are worked off in sets, each with its own receipt", async () => {
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const many = 120;
  const consumers = await city.tx("accountant", async (tx) => {
    const list = [];
    for (let i = 0; i < many; i++) {
      const consumer = await testConsumer(tx);
      await testDemand(tx, consumer, `${100 + i}.25`, {
        date: localDate("2026-04-01"),
        periodFrom: localDate("2026-04-01"),
        periodTo: localDate("2026-09-30"),
        dueDate: localDate("2026-09-30"),
      });
      list.push(consumer);
    }
    return list;
  });
  for (const [i, c] of consumers.entries()) {
    const o = await createOrder(app, city.as("citizen"), {
      consumerId: c.id,
      amount: rupees(`${100 + i}.25`),
      idempotencyKey: `many-${process.pid}-${i}`,
    });
    simulator.payOrder(at(o), { method: i % 2 === 0 ? "upi" : "netbanking" });
  }
  simulator.webhookPlan({ reorder: true, duplicate: 0.2, again: 0.1, drop: 0 });
  await simulator.deliverWebhooks();
  simulator.webhookPlan({});
  const result = await processInbox(app, city.ulb);
  expect(result.failed).toBe(0);
  expect(result.receipts).toBe(many);
  const s = { city, consumerId: "", code: "" };
  expect(await receipts({ ...s, city })).toHaveLength(100); // a page
  expect(await allTies(s)).toEqual([]);
}, 60_000);

test("a wrong signature is refused and nothing is written but the note of it", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.payOrder(at(o));
  const event = simulator.webhooks.find((e) => e.event === "payment.captured" && e.body.toString().includes(at(o)));
  if (!event) throw new Error("there is an event");
  for (const signature of [undefined, "", "a", "0".repeat(64)]) {
    await expect(
      receiveWebhook(app, s.city.ulb, event.body, {
        "x-razorpay-event-id": event.id,
        "x-razorpay-signature": signature,
      }),
    ).rejects.toThrow("WEBHOOK_SIGNATURE");
  }
  await expect(receiveWebhook(app, s.city.ulb, Buffer.alloc(300_000), {})).rejects.toThrow("WEBHOOK_TOO_LARGE");
  await expect(
    handleCallback(app, s.city.as("citizen"), o.id, {
      razorpay_payment_id: "pay_00000000000000",
      razorpay_signature: "0".repeat(64),
    }),
  ).rejects.toThrow("CALLBACK_SIGNATURE");
  await s.city.tx("auditor", async (tx) => {
    expect(await countRows(tx, "collections.gateway_events")).toBe(0);
    expect(await countRows(tx, "collections.payments")).toBe(0);
    expect(await countRows(tx, "collections.receipts")).toBe(0);
    expect(await countRows(tx, "collections.rejected_webhooks")).toBe(4);
  });
  expect(await due(s)).toBe("10000.00");
  await drain(s);
});

test("the answer to create-order is lost: the order is found again by our id, there is one at the gateway", async () => {
  const s = await street();
  simulator.addFault({ match: "POST /v1/orders", do: "drop_after" });
  const o = await order(s, "10000.00");
  expect(o.state).toBe("confirmed");
  expect(simulator.ordersByReceipt.get(o.receipt)).toHaveLength(1);
});

test("the gateway is down while an order is made: the caller is told, the order is kept and made later, once", async () => {
  const s = await street();
  simulator.addFault({ match: "POST /v1/orders", do: "html_502", times: 9 });
  await expect(order(s, "10000.00", "down-00000001")).rejects.toThrow("GATEWAY_UNREACHABLE");
  simulator.clearFaults();
  expect(await resolveOrders(app, s.city.as("system"))).toBe(1);
  const o = await order(s, "10000.00", "down-00000001");
  expect(o.state).toBe("confirmed");
  expect(simulator.ordersByReceipt.get(o.receipt)).toHaveLength(1);
});

test("a crash between the gateway's call and the confirmation leaves no second order", async () => {
  const s = await street();
  // What a process leaves behind that died after the gateway had made the order: a planned row, and the order over there.
  const [planned] = await s.city.tx("citizen", (tx) =>
    tx.query<{ id: string; receipt: string }>(
      `insert into collections.orders (ulb_id, order_id, receipt, consumer_id, amount, requested_by, created_at, attempted_at)
       values (:ulb, gen_random_uuid(), :receipt, :consumer, 1000000, 'citizen@test', :at, :at) returning order_id as id, receipt`,
      {
        ulb: tx.ulb.id,
        receipt: `crash-${process.pid}`,
        consumer: s.consumerId,
        at: new Date(clock().getTime() - 60_000),
      },
    ),
  );
  simulator.createOrder({ amount: 1_000_000, receipt: planned?.receipt ?? "", notes: { ulb: s.city.ulb.code } });
  expect(await resolveOrders(app, s.city.as("system"))).toBe(1);
  expect((await s.city.tx("citizen", (tx) => getOrder(tx, planned?.id ?? ""))).state).toBe("confirmed");
  expect(simulator.ordersByReceipt.get(planned?.receipt ?? "")).toHaveLength(1);
  // The payer comes back and gets the same order.
  expect((await order(s, "10000.00")).id).toBe(planned?.id);
});

test("two tabs share one order; the same key gives the same order, with another amount it is refused", async () => {
  const s = await street();
  const made = await Promise.all(Array.from({ length: 10 }, (_, i) => order(s, "10000.00", `tab-0000000${i}`)));
  expect(new Set(made.map((o) => o.id)).size).toBe(1);
  expect(new Set(made.map((o) => o.providerOrderId)).size).toBe(1);
  expect((await order(s, "10000.00", "tab-00000000")).id).toBe(made[0]?.id);
  await expect(order(s, "9000.00", "tab-00000000")).rejects.toThrow("IDEMPOTENCY_CONFLICT");
  await expect(order(s, "0.99")).rejects.toThrow("ORDER_AMOUNT");
  await expect(order(s, "9.99", "short")).rejects.toThrow("IDEMPOTENCY_KEY");
});

test("a payer who comes back after a payment of which we had not heard is not sent to pay again", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.webhookPlan({ drop: 1 });
  simulator.payOrder(at(o));
  simulator.webhookPlan({});
  expect(await order(s, "10000.00")).toMatchObject({ id: o.id, status: "paid" });
  expect(await pollDueOrders(app, s.city.as("system"))).toBe(1);
  expect(await receipts(s)).toHaveLength(1);
});

test("an order that the gateway does not know any more is put aside, and a new one is made", async () => {
  const s = await street();
  const gone = await order(s, "10000.00");
  await s.city.tx("system", (tx) =>
    tx.query("update collections.orders set provider_order_id = 'order_00000000000000' where ulb_id = :ulb", {
      ulb: tx.ulb.id,
    }),
  );
  const next = await order(s, "10000.00");
  expect(next.id).not.toBe(gone.id);
  expect(await s.city.tx("system", (tx) => getOrder(tx, gone.id))).toMatchObject({
    state: "rejected",
    providerOrderId: null,
  });
  simulator.payOrder(at(next));
  await drain(s);
  expect(await receipts(s)).toHaveLength(1);
});

test("a refund made on the gateway's dashboard that we hear of before the capture: capture, then refund, and a person is told", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  const { payment } = simulator.payOrder(at(o));
  simulator.refundPayment(payment.id, {});
  const send = async (name: string): Promise<void> => {
    const event = simulator.webhooks.find((e) => e.event === name && e.body.toString().includes(payment.id));
    await receiveWebhook(app, s.city.ulb, event?.body ?? Buffer.alloc(0), {
      "x-razorpay-event-id": event?.id,
      "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret)
        .update(event?.body ?? "")
        .digest("hex"),
    });
    await processInbox(app, s.city.ulb);
  };
  await send("refund.processed");
  await send("payment.captured");
  await send("refund.created");
  expect(await receipts(s)).toHaveLength(1);
  await s.city.tx("auditor", async (tx) => {
    const now = await balances(tx);
    expect(now["4501005"]).toBeUndefined();
    expect(now["3508006"]).toBe("10000.00");
    expect((await openTasks(tx)).map((t) => t.kind)).toEqual(["refund-unsanctioned"]);
    expect(await listRefunds(tx, { paymentId: payment.id })).toMatchObject([
      { status: "processed", amount: rupees("10000.00") },
    ]);
  });
  expect(await allTies(s)).toEqual([]);

  // The bank sends it back after all: the entry is taken back, and the refund is owed again.
  const failed = JSON.stringify({
    entity: "event",
    event: "refund.failed",
    created_at: Math.floor(clock().getTime() / 1000),
    payload: {
      refund: {
        entity: { ...simulator.toJson.refund([...simulator.refunds.values()].at(-1) as never), status: "failed" },
      },
    },
  });
  await receiveWebhook(app, s.city.ulb, Buffer.from(failed), {
    "x-razorpay-event-id": "refund-failed-1",
    "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret).update(failed).digest("hex"),
  });
  expect(await processInbox(app, s.city.ulb)).toMatchObject({ failed: 0 });
  await s.city.tx("auditor", async (tx) => expect(await balances(tx)).toMatchObject({ "4501005": "10000.00" }));
  expect(await allTies(s)).toEqual([]);
});

test("failed, then captured under the same id: the failure was not the end", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  const { payment } = simulator.payOrder(at(o), { outcome: "late" });
  await drain(s);
  expect(await receipts(s)).toEqual([]);
  expect(await handleCallback(app, s.city.as("citizen"), o.id, { "error[description]": "declined" })).toMatchObject({
    status: "failed",
  });
  simulator.completeLate(payment.id);
  await drain(s);
  expect(await receipts(s)).toHaveLength(1);
  expect(await due(s)).toBe("0.00");
});

test("the payer closes the tab and every webhook is lost: the poller issues the receipt", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.webhookPlan({ drop: 1 });
  simulator.payOrder(at(o));
  simulator.webhookPlan({});
  expect(await pollDueOrders(app, s.city.as("system"))).toBe(0);
  clock.set("2026-06-01T04:31:30Z");
  expect(await pollDueOrders(app, s.city.as("system"))).toBe(1);
  expect(await receipts(s)).toHaveLength(1);
  expect(await pollDueOrders(app, s.city.as("system"))).toBe(0);
  clock.set("2026-06-01T04:30:00Z");
  expect(await allTies(s)).toEqual([]);
});

test("the payer's return alone issues the receipt when the gateway confirms it; a poll that meets a 502 tries again", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  const { callback } = simulator.payOrder(at(o));
  simulator.addFault({ match: "GET /v1/payments", do: "html_502" });
  expect(await handleCallback(app, s.city.as("citizen"), o.id, callback)).toEqual({ status: "processing" });
  expect(await handleCallback(app, s.city.as("citizen"), o.id, callback)).toMatchObject({ status: "paid" });
  await drain(s);
  expect(await receipts(s)).toHaveLength(1);
});

test("the bill was reduced between order and capture: what exceeds it is the consumer's advance", async () => {
  const s = await street("7000");
  const o = await order(s, "10000.00");
  simulator.payOrder(at(o));
  await drain(s);
  const [receipt] = await receipts(s);
  expect(receipt?.lines.map((l) => [l.kind, toRupees(l.amount)])).toEqual([
    ["tax", "7000.00"],
    ["advance", "3000.00"],
  ]);
  await s.city.tx("auditor", async (tx) =>
    expect(await balances(tx)).toMatchObject({ "3504101": "-3000.00", "4501005": "10000.00" }),
  );
});

test("another amount than the order's is an unidentified receipt, and a person is told", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.payOrder(at(o), { amount: 900_000 });
  await drain(s);
  expect(await due(s)).toBe("10000.00");
  const tasks = await s.city.tx("accountant", (tx) => openTasks(tx));
  expect(tasks.map((t) => t.kind)).toContain("amount-mismatch");
  expect((await receipts(s)).map((r) => r.lines.map((l) => [l.kind, toRupees(l.amount)]))).toEqual([
    [["unidentified", "9000.00"]],
  ]);
  await s.city.tx("auditor", async (tx) =>
    expect(await balances(tx)).toMatchObject({ "3508006": "-9000.00", "4501005": "9000.00" }),
  );
});

test("money for no order of ours is an unidentified receipt with a task; another ULB's event is parked", async () => {
  const [s, other] = [await street(), await street()];
  const stranger = simulator.createOrder({ amount: 12_300, notes: { ulb: s.city.ulb.code } });
  simulator.payOrder(stranger.id);
  await drain(s);
  const [receipt] = await receipts(s);
  expect(receipt).toMatchObject({ consumerId: null, payerName: "Not identified", amount: 12_300n });
  await s.city.tx("auditor", async (tx) => {
    expect(await balances(tx)).toMatchObject({ "3508006": "-123.00", "4501005": "123.00" });
    expect((await openTasks(tx)).map((t) => t.kind)).toEqual(["unidentified-payment"]);
  });

  const theirs = await order(other, "10000.00");
  simulator.payOrder(at(theirs));
  const event = simulator.webhooks.find(
    (e) => e.event === "payment.captured" && e.body.toString().includes(at(theirs)),
  );
  if (!event) throw new Error("there is an event");
  await receiveWebhook(app, s.city.ulb, event.body, {
    "x-razorpay-event-id": "misdirected1",
    "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret).update(event.body).digest("hex"),
  });
  expect(await processInbox(app, s.city.ulb)).toMatchObject({ parked: 1, receipts: 0 });
  expect(await receipts(s)).toHaveLength(1);
  await drain(other);
  expect(await receipts(other)).toHaveLength(1);
  expect(await allTies(s)).toEqual([]);
});

test("one poisoned event does not hold up the others, and is put before a person in the end", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.payOrder(at(o));
  const send = (body: string, id: string): Promise<unknown> =>
    receiveWebhook(app, s.city.ulb, Buffer.from(body), {
      "x-razorpay-event-id": id,
      "x-razorpay-signature": createHmac("sha256", simulator.webhookSecret).update(body).digest("hex"),
    });
  await send("not json at all", "poison-1");
  await send('{"event":"payment.pending","payload":{},"created_at":1}', "future-1");
  const event = simulator.webhooks.find((e) => e.event === "payment.captured" && e.body.toString().includes(at(o)));
  // A number as text: nothing is guessed, the gateway is asked.
  await send((event?.body.toString() ?? "").replaceAll('"amount":1000000', '"amount":"1000000"'), "astext-1");
  await processInbox(app, s.city.ulb);
  expect(await receipts(s)).toHaveLength(1);
  await s.city.tx("auditor", async (tx) => {
    const states = await tx.query<{ event_key: string; state: string }>(
      "select event_key, state from collections.gateway_events where ulb_id = :ulb order by event_key",
      { ulb: tx.ulb.id },
    );
    expect(states).toEqual([
      { event_key: "astext-1", state: "done" },
      { event_key: "future-1", state: "ignored" },
      { event_key: "poison-1", state: "dead" },
    ]);
    expect((await openTasks(tx)).map((t) => t.kind)).toEqual(["event-dead"]);
  });
});

test("captured on 31 March 23:58 and told on 1 April: receipt and entry belong to the old year; a minute later to the new", async () => {
  const s = await street();
  clock.set("2027-03-31T18:20:00Z");
  const o = await order(s, "4000.00");
  clock.set("2027-03-31T18:28:00Z");
  simulator.payOrder(at(o));
  clock.set("2027-03-31T18:35:00Z");
  await drain(s);
  const o2 = await order(s, "5000.00");
  simulator.payOrder(at(o2));
  // The books of 2027-28 are not opened yet: money that has come is booked all the same.
  await drain(s);
  const list = await s.city.tx("auditor", (tx) =>
    listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2028-03-31") }),
  );
  expect(list.map((r) => [r.number, r.valueDate, r.entryDate])).toEqual([
    ["RC/2026-27/000001", "2027-03-31", "2027-03-31"],
    ["RC/2027-28/000001", "2027-04-01", "2027-04-01"],
  ]);
  clock.set("2026-06-01T04:30:00Z");
  expect(await allTies(s)).toEqual([]);
});

test("money for a closed month is booked on the day it is found, keeps its value date, and a person is told", async () => {
  const s = await street();
  clock.set("2026-04-20T06:00:00Z");
  const o = await order(s, "10000.00");
  simulator.webhookPlan({ drop: 1 });
  const { payment } = simulator.payOrder(at(o));
  simulator.webhookPlan({});
  clock.set("2026-06-01T04:30:00Z");
  await s.city.tx("checker", async (tx) => {
    await closePeriod(tx, period("2026-04"));
  });
  // May is open still, but what was handed out of it does not change: the money stands where it was found.
  await observePayments(app, s.city.as("system"), [payment.id], "settlement");
  const [receipt] = await receipts(s);
  expect(receipt).toMatchObject({ valueDate: "2026-04-20", entryDate: "2026-06-01" });
  expect((await s.city.tx("accountant", (tx) => openTasks(tx))).map((t) => t.kind)).toEqual(["closed-period"]);
  expect(await allTies(s)).toEqual([]);
});

test("an application may not change or delete a receipt, nor remove an observation", async () => {
  const s = await street();
  const o = await order(s, "10000.00");
  simulator.payOrder(at(o));
  await drain(s);
  const run = (sql: string) => inTransaction(app, { ulb: s.city.ulb, actor: webhookActor }, (tx) => tx.query(sql));
  await expect(run("update collections.receipts set amount = amount + 1")).rejects.toThrow("is not changed");
  await expect(run("delete from collections.receipts")).rejects.toThrow("permission denied");
  await expect(run("update collections.receipt_lines set amount = 1")).rejects.toThrow("permission denied");
  await expect(run("delete from collections.payment_observations")).rejects.toThrow("permission denied");
  expect(
    await s.city.tx("auditor", async (tx) => (await findPayments(tx, { orderId: o.id })).map((p) => p.rank)),
  ).toEqual([3]);
});
