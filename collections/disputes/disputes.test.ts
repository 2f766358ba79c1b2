import fc from "fast-check";
import { expect, test } from "vitest";
import { openDues } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { paise, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inTransaction, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import type { GatewayDispute } from "../gateway/index.ts";
import {
  acceptDispute,
  alertDisputes,
  closeRequest,
  contestDispute,
  createOrder,
  createPaymentRequest,
  findDisputes,
  getDispute,
  listReceipts,
  listRefunds,
  openTasks,
  pollDisputes,
  pollDueOrders,
  pollDueRequests,
  postExternalPayment,
  processInbox,
  setExcessPolicy,
  resolveRequests,
  reverseExternalPayment,
  setPartner,
  settleExternal,
  unsettledExternal,
  type RequestTerms,
} from "../index.ts";
import { balances, brokenTies, entryText, testCity, testClock, testGateway } from "../testing.ts";
import { deductedOf, disputeStateOf, lossParts, mergeDisputes, type DisputeObservation } from "./dispute-state.ts";

const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "disputes" });

type Street = { city: TestUlb; consumerId: string; code: string };
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
async function drain(s: Street): Promise<void> {
  await simulator.deliverWebhooks();
  await processInbox(app, s.city.ulb);
}
async function pay(s: Street, amount: string, deliver = true): Promise<string> {
  const o = await createOrder(app, s.city.as("citizen"), {
    consumerId: s.consumerId,
    amount: rupees(amount),
    idempotencyKey: newId(),
  });
  const { payment } = simulator.payOrder(o.providerOrderId ?? "");
  if (deliver) await drain(s);
  return payment.id;
}
const receipts = (s: Street) =>
  s.city.tx("auditor", (tx) => listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }));
const books = (s: Street) => s.city.tx("auditor", (tx) => balances(tx));
const ties = (s: Street) => s.city.tx("auditor", brokenTies);
const tasks = (s: Street) => s.city.tx("auditor", async (tx) => (await openTasks(tx)).map((t) => t.kind).sort());
const due = (s: Street) =>
  s.city.tx("citizen", async (tx) =>
    toRupees((await openDues(tx, s.consumerId)).reduce((total, d) => total + d.outstanding, 0n) as Paise),
  );
const dispute = (s: Street, id: string) => s.city.tx("auditor", (tx) => getDispute(tx, id));

test("a dispute is created, contested with evidence and won: nothing is posted, and its tasks close", async () => {
  const s = await street();
  const payment = await pay(s, "10000.00");
  const d = simulator.openDispute(payment);
  await drain(s);
  expect(await tasks(s)).toEqual(["dispute-respond"]);
  const summary = "Receipt RC/2026-27/000001 was issued for this payment.";
  await expect(
    contestDispute(app, s.city.as("accountant"), d.id, "submit", { summary, documents: [] }),
  ).rejects.toThrow("DISPUTE_ANSWER");
  const file = { name: "receipt.pdf", type: "application/pdf", content: Buffer.from("%PDF-1.7 receipt") };
  expect(
    await contestDispute(app, s.city.as("accountant"), d.id, "submit", { summary, documents: [file] }),
  ).toMatchObject({ status: "under_review" });
  await expect(acceptDispute(app, s.city.as("accountant"), d.id)).rejects.toThrow("DISPUTE_STATUS");
  simulator.decideDispute(d.id, "won");
  await drain(s);
  expect(await dispute(s, d.id)).toMatchObject({ status: "won", bookedOn: null });
  expect(await tasks(s)).toEqual([]);
  expect(await books(s)).toMatchObject({ "4501005": "10000.00" });
  expect(await ties(s)).toEqual([]);
});

test("a dispute that is lost opens the dues again and reverses the receipt, once, by whichever feed it is heard of", async () => {
  const s = await street("9200+800");
  const payment = await pay(s, "10000.00");
  const d = simulator.openDispute(payment);
  simulator.webhookPlan({ drop: 1 });
  simulator.decideDispute(d.id, "lost");
  simulator.webhookPlan({});
  await findDisputes(app, s.city.as("system"));
  await drain(s);
  expect(await dispute(s, d.id)).toMatchObject({ status: "lost", reopened: rupees("10000.00"), adjusted: 0n });
  expect((await s.city.tx("auditor", (tx) => entryText(tx, { type: "dispute", id: d.id }))).sort()).toEqual(
    [
      `Dr 4311001 10000.00 ${s.code}/2026-27`,
      "Dr 3503001 800.00",
      "Cr 4319100 800.00",
      `Cr 4501005 10000.00 ${payment}`,
    ].sort(),
  );
  expect(await receipts(s)).toMatchObject([{ status: "reversed" }]);
  expect(await due(s)).toBe("10000.00");
  expect(await tasks(s)).toEqual(["dispute-lost"]);
  expect(await ties(s)).toEqual([]);
});

test("part of a payment is lost: the whole is taken back and the rest applied anew", async () => {
  const s = await street();
  const payment = await pay(s, "10000.00");
  const d = simulator.openDispute(payment, { amount: 400_000 });
  simulator.decideDispute(d.id, "lost");
  await drain(s);
  expect(await due(s)).toBe("4000.00");
  expect(await books(s)).toMatchObject({ "4501005": "6000.00" });
  expect(await ties(s)).toEqual([]);
});

test("a second payment that is held is lost in a dispute: nothing is due again, its refundable receipt is reversed and its note is void", async () => {
  const s = await street();
  await s.city.tx("admin", (tx) => setExcessPolicy(tx, "property-tax", { policy: "HOLD" }));
  const o = await createOrder(app, s.city.as("citizen"), {
    consumerId: s.consumerId,
    amount: rupees("10000.00"),
    idempotencyKey: newId(),
  });
  simulator.payOrder(o.providerOrderId ?? "");
  await drain(s);
  const second = simulator.payOrder(o.providerOrderId ?? "", { force: true }).payment.id;
  await drain(s);
  const d = simulator.openDispute(second);
  simulator.decideDispute(d.id, "lost");
  await drain(s);
  expect(await s.city.tx("auditor", (tx) => entryText(tx, { type: "dispute", id: d.id }))).toEqual([
    `Dr 3504008 10000.00 ${s.code}`,
    `Cr 4501005 10000.00 ${second}`,
  ]);
  expect((await receipts(s)).map((r) => [r.status, r.refundNote?.number])).toEqual([
    ["issued", undefined],
    ["reversed", "RN/2026-27/000001"],
  ]);
  expect(await s.city.tx("auditor", (tx) => listRefunds(tx))).toMatchObject([{ status: "failed" }]);
  expect([await due(s), (await books(s))["3504008"]]).toEqual(["0.00", undefined]);
  expect(await ties(s)).toEqual([]);
});

test("lost after we refunded: nothing is due again, what went out twice is claimed from the gateway, and that is critical", async () => {
  const s = await street();
  const payment = await pay(s, "10000.00");
  simulator.refundPayment(payment, {});
  await drain(s);
  const d = simulator.openDispute(payment);
  simulator.decideDispute(d.id, "lost");
  await drain(s);
  expect(await s.city.tx("auditor", (tx) => entryText(tx, { type: "dispute", id: d.id }))).toEqual([
    `Dr 4314009 10000.00 ${payment}`,
    `Cr 4501005 10000.00 ${payment}`,
  ]);
  expect(await due(s)).toBe("0.00");
  expect(await tasks(s)).toContain("double-outflow");
  expect(await ties(s)).toEqual([]);
});

test("who has not answered is reminded three days, one day and four hours before it is too late", async () => {
  const s = await street();
  const d = simulator.openDispute(await pay(s, "10000.00"));
  await drain(s);
  const respondBy = (await dispute(s, d.id)).respondBy ?? expect.fail("it has a last day");
  const count = async (hoursBefore: number) => {
    clock.set(new Date(respondBy.getTime() - hoursBefore * 3_600_000).toISOString());
    await inTransaction(app, s.city.as("system"), (tx) => alertDisputes(tx));
    await inTransaction(app, s.city.as("system"), (tx) => alertDisputes(tx));
    return (await tasks(s)).length;
  };
  expect([await count(73), await count(72), await count(24), await count(4)]).toEqual([1, 2, 3, 4]);
  clock.set("2026-06-01T04:30:00Z");
  await pollDisputes(app, s.city.as("system"));
});

const fact = fc
  .record({
    status: fc.constantFrom<GatewayDispute["status"]>("open", "under_review", "closed", "won", "lost"),
    phase: fc.constantFrom<GatewayDispute["phase"]>("retrieval", "chargeback", "arbitration"),
    deducted: fc.constantFrom(0n, 500n),
    minute: fc.nat(5000),
    feed: fc.constantFrom<DisputeObservation["feed"]>("webhook", "poll", "answer"),
    more: fc.boolean(),
  })
  .map(({ status, phase, deducted, minute, feed, more }): DisputeObservation => {
    const at = new Date(clock().getTime() + minute * 60_000);
    const dispute: GatewayDispute = {
      id: "disp_00000000000001",
      paymentId: "pay_00000000000001",
      amount: paise(1000n),
      amountDeducted: paise(deducted),
      status,
      phase,
      reasonCode: "unknown",
      respondBy: at,
      createdAt: clock(),
    };
    return { dispute, feed, at, actionRequired: more };
  });

test("order does not matter, twice is once: every permutation of a dispute's observations ends in the same state", () => {
  const all = (list: readonly DisputeObservation[]) => list.map(disputeStateOf).reduce(mergeDisputes);
  fc.assert(
    fc.property(
      fc
        .array(fact, { minLength: 1, maxLength: 7 })
        .chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
        ),
      ([list, shuffled]) => {
        expect(all(shuffled)).toEqual(all(list));
        expect(deductedOf(all(list)) > 0n).toBe(list.some((o) => o.dispute.status === "lost"));
      },
    ),
  );
});

test("what is lost is borne by what was kept first; nothing of it is lost in between", () => {
  const sum = fc.bigInt({ min: 0n, max: 10_000n });
  fc.assert(
    fc.property(sum, sum, sum, (amount, refunded, deducted) => {
      const parts = lossParts(paise(deducted), { amount, refunded });
      expect(parts.reopened + parts.adjusted).toBe(deducted);
      expect(parts.reopened >= 0n && parts.adjusted >= 0n).toBe(true);
      expect(parts.reopened <= (amount > refunded ? amount - refunded : 0n)).toBe(true);
    }),
  );
});

test.each<[RequestTerms["kind"], Partial<RequestTerms>]>([
  ["link", { amount: rupees("10000.00") }],
  ["qr", { amount: rupees("10000.00") }],
  ["virtual-account", {}],
])(
  "money through a %s is its consumer's: one receipt, however many events tell of it, also when all of them are lost",
  async (kind, terms) => {
    for (const isLost of [false, true]) {
      const s = await street();
      const request = await createPaymentRequest(app, s.city.as("cashier"), {
        kind,
        consumerId: s.consumerId,
        ...terms,
      });
      expect(request.state).toBe("open");
      const id = request.providerId ?? "";
      if (isLost) simulator.webhookPlan({ drop: 1 });
      if (kind === "link") simulator.payLink(id);
      else if (kind === "qr") simulator.payQr(id);
      else simulator.payVirtualAccount(id, { amount: 1_000_000 });
      simulator.webhookPlan({});
      if (isLost) {
        clock.set("2026-06-01T04:40:00Z");
        expect(await pollDueRequests(app, s.city.as("system"))).toBe(1);
        clock.set("2026-06-01T04:30:00Z");
      } else await drain(s);
      expect(await receipts(s)).toMatchObject([{ consumerCode: s.code, amount: rupees("10000.00") }]);
      expect(await due(s)).toBe("0.00");
      expect(await tasks(s)).toEqual([]);
      expect(await ties(s)).toEqual([]);
    }
  },
);

test("a code at a counter takes a second payment too, as an advance; the answer to its making is lost and it is made once", async () => {
  const s = await street("1500");
  simulator.addFault({ match: "POST /v1/payments/qr_codes", do: "drop_after" });
  const made = await createPaymentRequest(app, s.city.as("cashier"), {
    kind: "qr",
    consumerId: s.consumerId,
    amount: rupees("1500.00"),
    usage: "multiple",
  });
  expect(await resolveRequests(app, s.city.as("system"))).toBe(0);
  simulator.payQr(made.providerId ?? "");
  simulator.payQr(made.providerId ?? "");
  await drain(s);
  expect((await receipts(s)).map((r) => r.lines.map((l) => l.kind))).toEqual([["tax"], ["advance"]]);
  expect(await closeRequest(app, s.city.as("cashier"), made.id, "the counter closed")).toMatchObject({
    state: "closed",
  });
  await expect(closeRequest(app, s.city.as("cashier"), made.id, "again")).rejects.toThrow("REQUEST_STATE");
  expect(await ties(s)).toEqual([]);
});

test("a portal posts a payment: the same reference is the same receipt, at the same time too; other figures are refused with both", async () => {
  const s = await street("1500");
  await s.city.tx("admin", (tx) =>
    setPartner(tx, { partner: "bbps", name: "Test BOU", channel: "bbps", actor: "bbps@test" }),
  );
  const who = { ulb: s.city.ulb, actor: { id: "bbps@test", roles: ["system" as const] } };
  const post = (amount: string, reference = "BB01AB12CD34", actor = who) =>
    inTransaction(app, actor, (tx) =>
      postExternalPayment(tx, {
        consumerId: s.consumerId,
        amount: rupees(amount),
        reference,
        instrument: "UPI",
        paidAt: clock(),
      }),
    );
  const posted = await Promise.all([post("1500.00"), post("1500.00"), post("1500.00")]);
  expect(new Set(posted.map((p) => p.receipt.id)).size).toBe(1);
  expect(posted.filter((p) => p.isNew)).toHaveLength(1);
  await expect(post("1500.01")).rejects.toThrow(
    /posted BB01AB12CD34 before with 1,500.00 for .*, receipt RC\/2026-27\/000001; now it is sent with 1,500.01/,
  );
  await expect(post("1500.00", "X1234567", s.city.as("cashier") as never)).rejects.toThrow("PARTNER_NOT_FOUND");
  expect(await due(s)).toBe("0.00");
  expect(await books(s)).toMatchObject({ "4501008": "1500.00" });
  expect(await ties(s)).toEqual([]);

  // Three were taken, two and a stranger are paid over.
  await post("100.00", "BB01AB12CD35");
  await post("50.00", "BB01AB12CD36");
  const settle = (amount: string) =>
    s.city.tx("accountant", (tx) =>
      settleExternal(tx, {
        partner: "bbps",
        reference: "NPCI-20260602",
        date: localDate("2026-06-02"),
        bankAccount: "4502101",
        amount: rupees(amount),
        items: [
          { reference: "BB01AB12CD34", amount: rupees("1500.00") },
          { reference: "BB01AB12CD36", amount: rupees("50.00") },
          { reference: "BB09ZZ99ZZ99", amount: rupees("7.00") },
        ],
      }),
    );
  await expect(settle("1550.00")).rejects.toThrow("3 items sum to 1,557.00, 1,550.00 was paid over");
  const outcome = await settle("1557.00");
  expect(outcome.short).toEqual([{ reference: "BB01AB12CD35", amount: rupees("100.00") }]);
  expect(outcome.problems.map((p) => p.code)).toEqual(["EXTERNAL_ITEM_UNKNOWN"]);
  await expect(settle("1557.00")).rejects.toThrow("EXTERNAL_SETTLED");
  expect(await books(s)).toMatchObject({ "4501008": "100.00", "4502101": "1557.00", "3508006": "-7.00" });
  expect(await s.city.tx("auditor", (tx) => unsettledExternal(tx))).toMatchObject([{ reference: "BB01AB12CD35" }]);
  expect(await ties(s)).toEqual([]);
});

/* The model: what the gateway says is the truth. Whatever is done, in whatever order, however often and with however much lost, the books end there. */
type Act = {
  readonly kind: "pay" | "twice" | "refund" | "dispute" | "lose" | "win" | "deliver" | "poll" | "replay";
  readonly pick: number;
};
const act = fc.record({
  kind: fc.constantFrom<Act["kind"]>("pay", "twice", "refund", "dispute", "lose", "win", "deliver", "poll", "replay"),
  pick: fc.nat(20),
});

test("a portal takes a payment back: its dues open again, once and at the same time too; what it paid over before is refused with the figures", async () => {
  const s = await street("1500");
  await s.city.tx("admin", (tx) =>
    setPartner(tx, { partner: "bbps", name: "Test BOU", channel: "bbps", actor: "bbps@test" }),
  );
  const who = { ulb: s.city.ulb, actor: { id: "bbps@test", roles: ["system" as const] } };
  const post = (amount: string, reference: string) =>
    inTransaction(app, who, (tx) =>
      postExternalPayment(tx, {
        consumerId: s.consumerId,
        amount: rupees(amount),
        reference,
        instrument: "UPI",
        paidAt: clock(),
      }),
    );
  const reverse = (reference: string, reversalReference: string, amount: string) =>
    inTransaction(app, who, (tx) =>
      reverseExternalPayment(tx, {
        reference,
        reversalReference,
        amount: rupees(amount),
        reason: "failed at the customer's unit",
        reversedAt: clock(),
      }),
    );
  const { receipt } = await post("1800.00", "BB01AB12CD34");
  await expect(reverse("BB01AB12CD99", "RV0001", "1800.00")).rejects.toThrow(
    "EXTERNAL_NOT_FOUND: bbps posted no payment BB01AB12CD99 here",
  );
  await expect(reverse("BB01AB12CD34", "RV0001", "800.00")).rejects.toThrow(
    /EXTERNAL_REVERSAL_CONFLICT: bbps: BB01AB12CD34 was posted with 1,800.00, receipt RC\/2026-27\/000001; now .* with 800.00/,
  );
  await expect(
    inTransaction(app, s.city.as("cashier"), (tx) =>
      reverseExternalPayment(tx, {
        reference: "BB01AB12CD34",
        reversalReference: "RV0001",
        amount: rupees("1800.00"),
        reason: "not his",
        reversedAt: clock(),
      }),
    ),
  ).rejects.toThrow("PARTNER_NOT_FOUND");
  expect([await due(s), (await books(s))["4501008"]]).toEqual(["0.00", "1800.00"]);

  const done = await Promise.all([1, 2, 3].map(() => reverse("BB01AB12CD34", "RV0001", "1800.00")));
  expect(done.filter((d) => d.isNew)).toHaveLength(1);
  expect(done.map((d) => [d.receipt.id, d.receipt.status])).toEqual(Array(3).fill([receipt.id, "reversed"]));
  const now = await books(s);
  expect([await due(s), now["4501008"], now["3504101"]]).toEqual(["1500.00", undefined, undefined]);
  await expect(reverse("BB01AB12CD34", "RV0002", "1800.00")).rejects.toThrow(
    "reversal RV0001 took back BB01AB12CD34 with 1,800.00",
  );
  expect(await s.city.tx("auditor", (tx) => unsettledExternal(tx, "bbps"))).toEqual([]);
  // Posted again after it was taken back: the answer is the reversed receipt, and nothing is paid by it.
  expect((await post("1800.00", "BB01AB12CD34")).receipt.status).toBe("reversed");
  expect(await ties(s)).toEqual([]);

  await post("1500.00", "BB01AB12CD35");
  const settle = (reference: string, items: readonly (readonly [string, string])[], amount: string) =>
    s.city.tx("accountant", (tx) =>
      settleExternal(tx, {
        partner: "bbps",
        reference,
        date: localDate("2026-06-02"),
        bankAccount: "4502101",
        amount: rupees(amount),
        items: items.map(([r, a]) => ({ reference: r, amount: rupees(a) })),
      }),
    );
  expect(
    await settle(
      "NPCI-20260602",
      [
        ["BB01AB12CD34", "1800.00"],
        ["BB01AB12CD35", "1500.00"],
      ],
      "3300.00",
    ),
  ).toMatchObject({ settled: 1, problems: [{ code: "EXTERNAL_ITEM_REVERSED" }], short: [] });
  await expect(reverse("BB01AB12CD35", "RV0003", "1500.00")).rejects.toThrow(
    "EXTERNAL_REVERSAL_SETTLED: BB01AB12CD35 of 1,500.00, receipt RC/2026-27/000002, was paid over on 02/06/2026 in settlement NPCI-20260602",
  );
  expect(await books(s)).toMatchObject({ "3508006": "-1800.00", "4502101": "3300.00" });
  expect(await ties(s)).toEqual([]);
});

test("payments, refunds and disputes in any order and with repeats end in the books of the gateway", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 6, maxLength: 14 }),
      fc.integer({ min: 0, max: 3 }),
      async (acts, lost) => {
        const s = await street();
        const paid: string[] = [];
        const disputes: string[] = [];
        const settled = new Set<string>();
        const pickOf = <T>(list: readonly T[], n: number): T | undefined =>
          list.length === 0 ? undefined : list[n % list.length];
        simulator.webhookPlan({ drop: lost / 10, reorder: true, duplicate: 0.3, again: 0.2 });
        for (const { kind, pick } of acts) {
          const payment = pickOf(paid, pick);
          const open = pickOf(
            disputes.filter((d) => !settled.has(d)),
            pick,
          );
          if (kind === "pay") paid.push(await pay(s, `${100 + paid.length}.00`, false));
          else if (kind === "twice" && payment) {
            const order = simulator.payments.get(payment)?.order_id ?? "";
            paid.push(simulator.payOrder(order, { force: true }).payment.id);
          } else if (kind === "refund" && payment && (simulator.payments.get(payment)?.amountRefunded ?? 1) === 0)
            simulator.refundPayment(payment, {});
          else if (kind === "dispute" && payment) disputes.push(simulator.openDispute(payment).id);
          else if ((kind === "lose" || kind === "win") && open) {
            settled.add(open);
            simulator.decideDispute(open, kind === "lose" ? "lost" : "won");
          } else if (kind === "deliver") await drain(s);
          else if (kind === "poll") await pollDueOrders(app, s.city.as("system"));
          else if (kind === "replay") {
            const event = pickOf(simulator.webhooks, pick);
            if (event) simulator.replayWebhook(event, { newId: true });
          }
        }
        simulator.webhookPlan({});
        await drain(s);
        // Whatever was lost is found by asking.
        clock.set("2026-06-01T05:30:00Z");
        await pollDueOrders(app, s.city.as("system"));
        for (const event of [...simulator.webhooks]) simulator.replayWebhook(event, { newId: true });
        await drain(s);
        await findDisputes(app, s.city.as("system"));
        clock.set("2026-06-01T04:30:00Z");
        const truth =
          paid.reduce((t, id) => t + BigInt(simulator.payments.get(id)?.amount ?? 0), 0n) -
          paid.reduce((t, id) => t + BigInt(simulator.payments.get(id)?.amountRefunded ?? 0), 0n) -
          disputes.reduce((t, id) => t + BigInt(simulator.disputes.get(id)?.amountDeducted ?? 0), 0n);
        expect((await books(s))["4501005"] ?? "0.00").toBe(toRupees(truth as Paise));
        expect((await receipts(s)).map((r) => r.paymentId).sort()).toEqual([...paid].sort());
        expect(await ties(s)).toEqual([]);
      },
    ),
    { numRuns: 5, seed: 20_260_601 },
  );
}, 120_000);
