import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { paise, subtract, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import type { Consumer } from "../consumers/consumers.ts";
import { dcb } from "../dcb.ts";
import { demandedOf } from "../due.ts";
import { demandRegister, openDues } from "../dues.ts";
import { USUAL_PENALTY, USUAL_REBATE } from "../tax-heads.ts";
import { registerTotals } from "../ties.ts";
import { testBillingUlb, testConsumer, testDemand } from "../testing.ts";
import type { ChangeContent } from "./change.ts";
import { change, dishonour, pay, untied } from "./testing.ts";

const app = await testApp();

const OPS = [
  "demand",
  "payment",
  "dishonour",
  "debit-note",
  "credit-note",
  "remission",
  "remission-of-paid",
  "cancellation",
  "retrospective",
  "transfer",
] as const;
type Op = (typeof OPS)[number];
type Step = {
  readonly op: Op;
  readonly who: 0 | 1;
  readonly paise: bigint;
  readonly pick: number;
  readonly days: number;
};

const anyStep: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...OPS, "demand", "payment", "payment", "cancellation"),
  who: fc.constantFrom(0, 1),
  paise: fc.bigInt({ min: 1n, max: 150_000n }),
  pick: fc.nat(1000),
  days: fc.constantFrom(0, 1, 20, 100),
});
const step = (op: Op, rupees: number, over: Partial<Step> = {}): Step => ({
  op,
  who: 0,
  paise: BigInt(rupees) * 100n,
  pick: 0,
  days: 1,
  ...over,
});

/** A cheque pays a demand, the demand is cancelled and raised again, the cheque comes back; and every other kind once, with success. */
const STORY: readonly Step[] = [
  step("demand", 1000),
  step("payment", 1300),
  step("cancellation", 0),
  step("demand", 900),
  step("dishonour", 0),
  step("payment", 500),
  step("debit-note", 100),
  step("credit-note", 200),
  step("remission", 50),
  step("transfer", 60),
  step("remission-of-paid", 500),
  step("demand", 700, { who: 1, pick: 1 }),
  step("dishonour", 0),
  step("retrospective", 80, { who: 1, days: 365 }),
  step("cancellation", 0, { who: 1 }),
];

const START = localDate("2025-04-01");
const HALVES = [
  { periodFrom: localDate("2025-04-01"), periodTo: localDate("2025-09-30"), dueDate: localDate("2025-05-31") },
  { periodFrom: localDate("2025-10-01"), periodTo: localDate("2026-03-31"), dueDate: localDate("2025-11-30") },
];

type World = {
  readonly city: TestUlb;
  readonly consumers: readonly [Consumer, Consumer];
  readonly receipts: string[];
  readonly done: Set<Op>;
};

/** One step; what the rules refuse writes nothing. Gives whether it was done. */
async function take(world: World, { op, who, paise: amount, pick, days }: Step, date: LocalDate): Promise<boolean> {
  const { city, consumers, receipts } = world;
  const consumer = consumers[who];
  const own = paise(amount);
  const all = await city.tx("auditor", (tx) => demandRegister(tx, consumer.id));
  // Now and then something that is cancelled already, so that the refusals are in the mixture too.
  const register = pick % 10 === 9 ? all : all.filter((l) => demandedOf(l).amount > 0n && l.basis === "accrual");
  const line = register[pick % Math.max(register.length, 1)];
  const half = HALVES[pick % 2] ?? HALVES[0];
  const withCess = (base: bigint) => `${toRupees(paise(base))}+${toRupees(paise((base * 8n) / 100n + 1n))}`;
  const make = (content: ChangeContent) => change(city, content, date, { order: { number: "7", date: START } });
  const head = line && { demandId: line.demandId, taxHead: line.taxHead };
  switch (op) {
    case "demand":
      await city.tx("accountant", (tx) => testDemand(tx, consumer, withCess(amount), { ...half, date }));
      return true;
    case "payment":
      receipts.push(await city.tx("cashier", (tx) => pay(tx, consumer, toRupees(own), date)));
      return true;
    case "dishonour": {
      const receipt = receipts.splice(pick % Math.max(receipts.length, 1), 1)[0];
      if (receipt === undefined) return false;
      await city.tx("cashier", (tx) => dishonour(tx, receipt, date));
      return true;
    }
    case "retrospective": {
      const lines = [{ taxHead: "PT_TAX", amount: own }];
      await make({
        kind: "retrospective",
        consumerId: consumer.id,
        periods: [{ ...(half ?? HALVES[0]), lines } as never],
      });
      return true;
    }
  }
  if (!head) return false;
  switch (op) {
    case "debit-note": {
      const dueDate = addDays(date, 30 + days);
      await make({ kind: op, demandId: head.demandId, dueDate, lines: [{ taxHead: "PT_TAX", amount: own }] });
      return true;
    }
    case "credit-note":
    case "remission":
      await make({ kind: op, items: [{ ...head, own }] });
      return true;
    case "remission-of-paid":
      await make({ kind: "remission", items: [{ ...head, own }], intoPaid: true });
      return true;
    case "cancellation":
      await make({ kind: op, demandIds: [head.demandId] });
      return true;
    case "transfer":
      await make({ kind: op, toConsumerId: consumers[who === 0 ? 1 : 0].id, items: [{ ...head, amount: own }] });
      return true;
  }
}

async function owed(world: World): Promise<Paise> {
  const all = await Promise.all(
    world.consumers.map((c) => inSnapshot(app, world.city.as("auditor"), (read) => openDues(read, c.id))),
  );
  return sum(
    all
      .flat()
      .filter((d) => d.basis === "accrual")
      .map((d) => d.outstanding),
  );
}

async function live(steps: readonly Step[]): Promise<World> {
  const city = await testBillingUlb(app, { rebate: USUAL_REBATE, penalty: USUAL_PENALTY });
  const consumers = await city.tx(
    "accountant",
    async (tx) => [await testConsumer(tx), await testConsumer(tx, { ward: "W02" })] as const,
  );
  const world: World = { city, consumers, receipts: [], done: new Set() };
  let date = START;
  const then = new Map<LocalDate, Paise>();
  for (const s of steps) {
    if (addDays(date, s.days) <= localDate("2027-03-31")) date = addDays(date, s.days);
    try {
      if (await take(world, s, date)) world.done.add(s.op);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    then.set(date, await owed(world));
  }
  await inSnapshot(app, city.as("auditor"), async (read) => {
    for (const [day, dues] of then) {
      expect([day, await untied(read, day)]).toEqual([day, []]);
      // What was due on a day then is what the register says of that day now: raised less settled.
      expect([day, sum((await registerTotals(read, day)).map((t) => t.outstanding))]).toEqual([day, dues]);
      const rows = await dcb(read, { from: START, to: day });
      expect([day, sum(rows.map((r) => r.closingBalance))]).toEqual([day, dues]);
      for (const r of rows) {
        const left = subtract(r.totalDemand, paise(r.collected + r.reduced));
        expect(left).toBe(r.closingBalance);
      }
    }
  });
  return world;
}

test("a story in which every kind of change is made once leaves register and books as one", async () => {
  expect([...(await live(STORY)).done].sort()).toEqual([...OPS].sort());
});

test("after any mixture of demands, payments, dishonours and changes the register and the books are one, on every day", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 14 }), async (steps) => {
      await live(steps);
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 60_000);
