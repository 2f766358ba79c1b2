import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../billing/testing.ts";
import {
  createOrder,
  listReceipts,
  listRefunds,
  openCounterSession,
  processInbox,
  setExcessPolicy,
  receiveAtCounter,
  type Receipt,
  type Tender,
} from "../collections/index.ts";
import { testCity, testClock, testGateway } from "../collections/testing.ts";
import type { Consumer } from "../billing/index.ts";
import { prepareRoles } from "../ledger/kernel/database.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { rupees } from "../ledger/kernel/money.ts";
import { enqueue } from "../ledger/kernel/outbox.ts";
import type { Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { handlers } from "./jobs/handlers.ts";
import { startJobs } from "./jobs/jobs.ts";
import { languageOf, listMessages, messageHandlers, type MessageService, type OutgoingMessage } from "./messages.ts";

const clock = testClock("2025-05-02T05:00:00Z");
const base = await testApp({ clock });
await prepareRoles(base.db.address); // the queue's own schema
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "messages" });
const baseUrl = "https://pay.testpur.example";

async function receive(city: TestUlb, consumer: Consumer, tender: Tender): Promise<Receipt> {
  return city.tx("cashier", async (tx) => {
    const [session] = await tx.query<{ id: string }>(
      "select session_id as id from collections.counter_sessions where ulb_id = :ulb and status = 'open'",
      { ulb: tx.ulb.id },
    );
    return receiveAtCounter(tx, {
      sessionId: session?.id ?? (await openCounterSession(tx, { counter: "C1" })).id,
      consumerId: consumer.id,
      amount: rupees("1188.00"),
      tender,
      idempotencyKey: newId(),
    });
  });
}

/** Three consumers with the demand of a half-year: written in English, in Hindi, and one without a telephone. */
async function town(): Promise<{ city: TestUlb; a: Consumer; b: Consumer; c: Consumer }> {
  const city = await testCity(base, ulbs);
  return city.tx("accountant", async (tx) => {
    const a = await testConsumer(tx, { code: "A1", mobile: "9000000001" });
    const b = await testConsumer(tx, { code: "B1", mobile: "9000000002", nameLocal: "आरती जोशी" });
    const c = await testConsumer(tx, { code: "C1" });
    for (const consumer of [a, b, c]) await testDemand(tx, consumer, "1100+88");
    return { city, a, b, c };
  });
}

/** Everything of the outbox is rung for and handled. */
async function handleAll(service?: MessageService): Promise<void> {
  const jobs = await startJobs({
    app: base,
    address: base.db.address,
    redisUrl: undefined,
    handlers: handlers({ baseUrl }, service),
    duties: [],
    log: { info: () => undefined, error: () => undefined },
  });
  try {
    await jobs.drain();
  } finally {
    await jobs.close();
  }
}

/** The bells ring once more, a little later, for what was done already. */
async function ringAgain(city: TestUlb): Promise<void> {
  clock.set(new Date(clock().getTime() + 1000).toISOString());
  await city.tx("admin", (tx) =>
    tx.query("update kernel.outbox set done_at = null, rung_at = null where ulb_id = :ulb", { ulb: tx.ulb.id }),
  );
}

test("each receipt and refund note is told once, in the person's language, with its link; without a service it is held", async () => {
  const { city, a, b, c } = await town();
  const today = localDate("2025-05-02");
  const cheque: Tender = { kind: "cheque", number: "000123", bank: "Test Bank", date: today };
  const receipts = [
    await receive(city, b, cheque),
    await receive(city, c, { kind: "cash" }),
    // The double click that the gateway let through, where the ULB holds such money.
    ...(await (async () => {
      await city.tx("admin", (tx) => setExcessPolicy(tx, "property-tax", { policy: "HOLD" }));
      const order = await createOrder(app, city.as("citizen"), {
        consumerId: a.id,
        amount: rupees("1188.00"),
        idempotencyKey: newId(),
      });
      simulator.payOrder(order.providerOrderId ?? "");
      simulator.payOrder(order.providerOrderId ?? "", { force: true });
      await simulator.deliverWebhooks();
      await processInbox(app, city.ulb);
      return city.tx("auditor", (tx) => listReceipts(tx, { from: today, to: today, consumerId: a.id }));
    })()),
  ];
  const link = (code: string): string =>
    `${baseUrl}/receipt/${receipts.find((r) => r.consumerCode === code)?.token ?? "?"}`;
  const [note] = await city.tx("auditor", (tx) => listRefunds(tx));
  const second = `${baseUrl}/receipt/${receipts.find((r) => r.refundNote !== null)?.token ?? "?"}`;

  await handleAll();
  await ringAgain(city);
  await handleAll();

  const messages = await city.tx("auditor", (tx) => listMessages(tx));
  expect(messages.map((m) => [m.status, m.mobile, m.language, m.body].join("|")).sort()).toEqual(
    [
      `held|9000000001|en|Rs 1,188.00 received for property tax A1 on 02/05/2025, receipt RC/2025-26/000003. Verify: ${link("A1")} - ${city.ulb.name}`,
      `held|9000000001|en|Rs 1,188.00 received for property tax A1 on 02/05/2025, receipt RC/2025-26/000004, refundable: not set against any due. Verify: ${second} - ${city.ulb.name}`,
      `held|9000000001|en|Rs 1,188.00 for A1 was paid twice. It will be refunded the way it came: refund note ${note?.number ?? "?"}. - ${city.ulb.name}`,
      `held|9000000002|hi|संपत्ति कर B1: 02/05/2025 को रु 1,188.00 प्राप्त, रसीद RC/2025-26/000001, चेक की वसूली के अधीन। जाँचें: ${link("B1")} - ${city.ulb.nameLocal ?? "?"}`,
      `unaddressed||en|Rs 1,188.00 received for property tax C1 on 02/05/2025, receipt RC/2025-26/000002. Verify: ${link("C1")} - ${city.ulb.name}`,
    ].sort(),
  );
  expect(await city.tx("auditor", (tx) => listMessages(tx, { status: "unaddressed" }))).toHaveLength(1);
});

test("a service is handed each message with one id; what it refuses is not tried again, a service that is away is", async () => {
  const { city, a, b, c } = await town();
  for (const consumer of [a, b, c]) await receive(city, consumer, { kind: "cash" });
  const handed: OutgoingMessage[] = [];
  let isAway = true;
  const service: MessageService = {
    send: async (batch) => {
      await Promise.resolve();
      if (isAway) throw new Error("connection refused");
      handed.push(...batch);
      return batch.map((m) =>
        m.mobile === "9000000002"
          ? { id: m.id, status: "refused", reason: "number not in service" }
          : { id: m.id, status: "accepted", reference: `ref-${m.mobile}` },
      );
    },
  };
  const stand = async () =>
    (await city.tx("auditor", (tx) => listMessages(tx))).map((m) => [m.mobile, m.status, m.refusal]).sort();

  await handleAll(service);
  expect(await stand()).toEqual([
    [null, "unaddressed", null],
    ["9000000001", "ready", null],
    ["9000000002", "ready", null],
  ]);
  isAway = false;
  // The outbox tries again half a minute later.
  clock.set("2025-05-02T05:01:00Z");
  await handleAll(service);
  const done = [
    [null, "unaddressed", null],
    ["9000000001", "sent", null],
    ["9000000002", "refused", "number not in service"],
  ];
  expect(await stand()).toEqual(done);
  await ringAgain(city);
  await handleAll(service);
  expect(await stand()).toEqual(done);
  expect(handed.map((m) => m.mobile).sort()).toEqual(["9000000001", "9000000002"]);
});

test("a worker that dies while sending leaves its messages to another, after a while and with the same ids", async () => {
  const { city, a } = await town();
  const receipt = await receive(city, a, { kind: "cash" });
  const handler = (service: MessageService) =>
    messageHandlers({ baseUrl }, service)["receipt.issued"] ?? expect.fail("nobody handles receipts");
  const row = { ulbId: city.ulb.id, id: 1n, topic: "receipt.issued", payload: { receiptId: receipt.id }, attempts: 0 };
  const ids: string[] = [];
  const dead: MessageService = {
    send: (batch) => {
      ids.push(...batch.map((m) => m.id));
      return new Promise(() => undefined);
    },
  };
  void handler(dead)(base, city.ulb, [row]);
  await expect.poll(() => ids.length).toBe(1);
  const alive: MessageService = {
    send: (batch) => {
      ids.push(...batch.map((m) => m.id));
      return Promise.resolve(batch.map((m) => ({ id: m.id, status: "accepted" as const })));
    },
  };
  await expect(handler(alive)(base, city.ulb, [row])).rejects.toThrow("1 messages are being sent by another worker");
  clock.set("2025-05-02T05:30:00Z");
  await handler(alive)(base, city.ulb, [row]);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  await city.tx("admin", (tx) =>
    tx.query("update kernel.outbox set done_at = now() where ulb_id = :u", { u: tx.ulb.id }),
  );
});

test("an outbox row that names nothing is set aside alone; the others of its batch are told", async () => {
  const { city, a } = await town();
  await city.tx("cashier", (tx) => enqueue(tx, "receipt.issued", { receipt: "wrong field" }));
  await receive(city, a, { kind: "cash" });
  await handleAll();
  expect(await city.tx("auditor", (tx) => listMessages(tx))).toHaveLength(1);
  const left = await city.tx("admin", (tx) =>
    tx.query<{ last_error: string }>("select last_error from kernel.outbox where ulb_id = :u and done_at is null", {
      u: tx.ulb.id,
    }),
  );
  expect(left.map((l) => l.last_error)).toEqual([expect.stringMatching(/carries no receiptId$/)]);
});

test("a person is written to in the script of his name", () => {
  expect([null, "Aarti Joshi", "आरती जोशी", "ਗੁਰਪ੍ਰੀਤ ਕੌਰ"].map(languageOf)).toEqual(["en", "en", "hi", "pa"]);
});
