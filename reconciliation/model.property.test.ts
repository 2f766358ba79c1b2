import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createOrder,
  findDisputes,
  pollDisputes,
  pollDueOrders,
  processInbox,
  type CollectionsApp,
} from "../collections/index.ts";
import { balances, brokenTies, testCity, testClock, testGateway, type TestGateway } from "../collections/testing.ts";
import { testConsumer, testDemand } from "../billing/testing.ts";
import { addDays, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { rupees, toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { Ulb } from "../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { importSettlements } from "./settlements.ts";
import { settlementTransitTie } from "./ties.ts";

/*
 * A model test: what the gateway says is the truth. Payments, second payments, refunds, disputes before and after their deduction, adjustments, settlements
 * that are paid, fail, are returned and paid again; events, polls and the reports of settlements arrive in any order, late, twice, in part or never. In the
 * end everything is asked for once, and then the books are those of the gateway: one end state, whatever the order was.
 */

const FIRST = localDate("2026-06-01");
const clock = testClock("2026-06-01T04:30:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();

type Real = {
  readonly app: CollectionsApp;
  readonly simulator: TestGateway["simulator"];
  readonly city: TestUlb;
  readonly consumerId: string;
};
/** What was made, so that later commands can pick from it. The truth itself is the simulator. */
type Model = { readonly payments: string[]; readonly disputes: string[]; day: LocalDate };

type Command = fc.AsyncCommand<Model, Real>;
const pickOf = <T>(list: readonly T[], n: number): T | undefined =>
  list.length === 0 ? undefined : list[n % list.length];

const system = (r: Real) => r.city.as("system");

/** The gateway says no to what is not possible (no balance, fully refunded, decided already): then nothing happened there, and nothing may here. */
function unlessRefused(deed: () => unknown): void {
  try {
    deed();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "SimRefusal") throw error;
  }
}

function command(name: string, run: (m: Model, r: Real) => unknown, check?: (m: Model) => boolean) {
  return {
    check: (m: Readonly<Model>) => check?.(m) ?? true,
    run: async (m: Model, r: Real) => void (await run(m, r)),
    toString: () => name,
  } satisfies Command;
}

async function moveOn(m: Model, days: number): Promise<void> {
  m.day = addDays(m.day, days);
  clock.set(`${m.day}T05:00:00Z`);
  await Promise.resolve();
}

const commands = [
  fc.constantFrom("upi", "netbanking", "card").map((method) =>
    command(`pay by ${method}`, async (m, r) => {
      const o = await createOrder(r.app, r.city.as("citizen"), {
        consumerId: r.consumerId,
        amount: rupees(`${1000 + m.payments.length}.00`),
        idempotencyKey: newId(),
      });
      m.payments.push(r.simulator.payOrder(o.providerOrderId ?? "", { method: method as "upi" }).payment.id);
    }),
  ),
  fc.nat(20).map((n) =>
    command(
      `pay order ${n} again`,
      (m, r) => {
        const order = r.simulator.payments.get(pickOf(m.payments, n) ?? "")?.order_id ?? "";
        m.payments.push(r.simulator.payOrder(order, { force: true }).payment.id);
      },
      (m) => m.payments.length > 0,
    ),
  ),
  fc.nat(20).map((n) =>
    command(
      `refund ${n} at the gateway`,
      (m, r) => unlessRefused(() => r.simulator.refundPayment(pickOf(m.payments, n) ?? "", {})),
      (m) => m.payments.length > 0,
    ),
  ),
  fc.nat(20).map((n) =>
    command(
      `dispute ${n}`,
      (m, r) => {
        const payment = pickOf(m.payments, n) ?? "";
        const isDisputed = m.disputes.some((d) => r.simulator.disputes.get(d)?.paymentId === payment);
        if (!isDisputed) m.disputes.push(r.simulator.openDispute(payment, { respondAfterMs: 90 * 86_400_000 }).id);
      },
      (m) => m.payments.length > 0,
    ),
  ),
  fc.record({ n: fc.nat(20), verdict: fc.constantFrom("won", "lost") }).map(({ n, verdict }) =>
    command(
      `dispute ${n} ${verdict}`,
      (m, r) => unlessRefused(() => r.simulator.decideDispute(pickOf(m.disputes, n) ?? "", verdict)),
      (m) => m.disputes.length > 0,
    ),
  ),
  fc
    .integer({ min: -900, max: 900 })
    .filter((n) => n !== 0)
    .map((n) => command(`adjust by ${n}`, (_m, r) => r.simulator.addAdjustment(n, "correction"))),
  fc.record({ days: fc.integer({ min: 1, max: 4 }), hide: fc.nat(2) }).map(({ days, hide }) =>
    command(`settle after ${days} days, ${hide} rows hidden`, async (m, r) => {
      await moveOn(m, days);
      const plan = hide === 0 ? {} : { hideItems: hide, hideForMs: 86_400_000 };
      r.simulator.runSettlement(m.day, { outcome: "processed", ...plan });
    }),
  ),
  fc.constant(
    command("a usual day: paid, settled and reported", async (m, r) => {
      const o = await createOrder(r.app, r.city.as("citizen"), {
        consumerId: r.consumerId,
        amount: rupees(`${5000 + m.payments.length}.00`),
        idempotencyKey: newId(),
      });
      m.payments.push(r.simulator.payOrder(o.providerOrderId ?? "", { method: "netbanking" }).payment.id);
      await moveOn(m, 3);
      r.simulator.runSettlement(m.day, { outcome: "processed" });
      await importSettlements(r.app, system(r), { from: addDays(m.day, -1), to: m.day });
    }),
  ),
  fc.record({ n: fc.nat(20), returned: fc.boolean() }).map(({ n, returned }) =>
    command(`settlement ${n} ${returned ? "is returned" : "fails"}`, (_m, r) => {
      const settlement = pickOf([...r.simulator.settlements.keys()], n);
      if (settlement) unlessRefused(() => r.simulator.failSettlement(settlement, { isReturned: returned }));
    }),
  ),
  fc.constant(
    command("deliver", async (_m, r) => {
      await r.simulator.deliverWebhooks();
      await processInbox(r.app, r.city.ulb);
    }),
  ),
  fc.nat(50).map((n) =>
    command(`replay ${n}`, (_m, r) => {
      const event = pickOf(r.simulator.webhooks, n);
      if (event) r.simulator.replayWebhook(event, { newId: true });
    }),
  ),
  fc.constant(command("poll", (_m, r) => pollDueOrders(r.app, system(r)))),
  fc.record({ back: fc.nat(12), days: fc.nat(12) }).map(({ back, days }) =>
    command(`report of ${days + 1} days, from ${back} days ago`, async (m, r) => {
      const from = addDays(m.day, -back);
      const to = addDays(from, days);
      await importSettlements(r.app, system(r), { from: from < FIRST ? FIRST : from, to: to < FIRST ? FIRST : to });
    }),
  ),
];

async function askEverything(m: Model, r: Real): Promise<void> {
  await moveOn(m, 2);
  r.simulator.webhookPlan({});
  await r.simulator.deliverWebhooks();
  await processInbox(r.app, r.city.ulb);
  await pollDueOrders(r.app, system(r));
  for (const event of [...r.simulator.webhooks]) r.simulator.replayWebhook(event, { newId: true });
  await r.simulator.deliverWebhooks();
  await processInbox(r.app, r.city.ulb);
  await findDisputes(r.app, system(r));
  await pollDisputes(r.app, system(r));
  // Twice is once.
  for (let i = 0; i < 2; i++) await importSettlements(r.app, system(r), { from: FIRST, to: m.day });
}

/** The gateway's side of our heads, in paise. */
function truth(simulator: Real["simulator"], claimed: bigint) {
  const isPaidOut = (x: { readonly settlementId: string | null }): boolean =>
    x.settlementId !== null && simulator.settlements.get(x.settlementId)?.status !== "failed";
  const sumOf = (amounts: readonly number[]): bigint => amounts.reduce((a, n) => a + BigInt(n), 0n);
  const payments = [...simulator.payments.values()].filter((p) => p.captured);
  const refunds = [...simulator.refunds.values()].filter((f) => f.status === "processed" && !f.isOfUncaptured);
  const { adjustments } = simulator.world;
  const isLost = (a: (typeof adjustments)[number]): boolean =>
    a.disputeId !== undefined && simulator.disputes.get(a.disputeId)?.status === "lost";
  return {
    clearing:
      sumOf(payments.filter((p) => !isPaidOut(p)).map((p) => p.amount)) -
      sumOf(refunds.filter((f) => !isPaidOut(f)).map((f) => f.amount)) +
      sumOf(adjustments.filter((a) => isLost(a) && !isPaidOut(a)).map((a) => a.amount)),
    transit: sumOf([...simulator.settlements.values()].filter((s) => s.status === "processed").map((s) => s.amount)),
    fees: sumOf(payments.filter(isPaidOut).map((p) => p.fee ?? 0)),
    // What it took that nobody's payment explains, what it holds for disputes that are not lost, and what went out twice.
    adjustments: claimed - sumOf(adjustments.filter((a) => !isLost(a) && isPaidOut(a)).map((a) => a.amount)),
  };
}

let runs = 0;

test("payments, refunds, disputes and settlements in any order, late, twice and in part end in the books of the gateway", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.commands(commands, { maxCommands: 40, size: "max" }),
      fc.boolean(),
      fc.integer({ min: 0, max: 4 }),
      async (cmds, deductsAtOnce, lost) => {
        clock.set(`${FIRST}T04:30:00Z`);
        const { app, simulator } = await testGateway(base, ulbs, {
          seed: `model ${++runs}`,
          settlementDays: 1,
          autoDisable: false,
          disputesDeductAtCreation: deductsAtOnce,
        });
        const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
        const consumerId = await city.tx("accountant", async (tx) => {
          const consumer = await testConsumer(tx);
          await testDemand(tx, consumer, "3500", {
            date: localDate("2026-04-01"),
            periodFrom: localDate("2026-04-01"),
            periodTo: localDate("2026-09-30"),
            dueDate: localDate("2026-09-30"),
          });
          return consumer.id;
        });
        simulator.webhookPlan({ drop: lost / 10, reorder: true, duplicate: 0.3, again: 0.2 });
        const model: Model = { payments: [], disputes: [], day: FIRST };
        const real: Real = { app, simulator, city, consumerId };
        await fc.asyncModelRun(() => ({ model, real }), cmds);
        await askEverything(model, real);

        expect(simulator.checkBooks().filter((c) => !c.ok)).toEqual([]);
        const { books, claimed, waiting, broken } = await city.tx("auditor", async (tx) => ({
          books: await balances(tx),
          claimed: await tx.queryOne<{ amount: bigint }>(
            "select coalesce(sum(adjusted), 0)::bigint as amount from collections.disputes where ulb_id = :ulb",
            { ulb: tx.ulb.id },
          ),
          waiting: await tx.query(
            `select x.* from reconciliation.settlements s left join reconciliation.exceptions x on x.ulb_id = s.ulb_id and x.subject_id = s.settlement_id and x.closed_at is null
             where s.ulb_id = :ulb and s.status = 'exception'`,
            { ulb: tx.ulb.id },
          ),
          broken: [
            ...(await brokenTies(tx)),
            ...(await settlementTransitTie(tx, localDate("2027-03-31"))).filter((t) => t.difference !== 0n),
          ],
        }));
        const wanted = truth(simulator, claimed?.amount ?? 0n);
        const head = (code: string): string => books[code] ?? "0.00";
        const added = (...codes: string[]): string =>
          toRupees(codes.reduce((t, c) => t + BigInt(head(c).replace(".", "")), 0n) as Paise);
        expect(waiting).toEqual([]);
        expect({
          clearing: head("4501005"),
          transit: head("4501007"),
          fees: added("2408003", "2407003"),
          adjustments: head("4314009"),
        }).toEqual({
          clearing: toRupees(wanted.clearing as Paise),
          transit: toRupees(wanted.transit as Paise),
          fees: toRupees(wanted.fees as Paise),
          adjustments: toRupees(wanted.adjustments as Paise),
        });
        expect(broken).toEqual([]);
      },
    ),
    { numRuns: Number(process.env["MODEL_RUNS"] ?? 12), seed: 20_260_603, interruptAfterTimeLimit: 300_000 },
  );
}, 400_000);
