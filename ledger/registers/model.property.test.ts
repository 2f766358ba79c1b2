import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { Refusal } from "../kernel/errors.ts";
import { fundDifferences } from "../balances.ts";
import { testApp, testUlb, type TestUlb } from "../testing.ts";
import { listActs } from "./act-rows.ts";
import { BANK, asset, done, enter, enterClasses } from "./testing.ts";
import { registerTies } from "./ties.ts";

const app = await testApp();

type Step = readonly [kind: string, item: string, facts: Record<string, string>];
const money = fc.bigInt({ min: 1n, max: 200_000n }).map((n) => `${n / 100n}.${String(n % 100n).padStart(2, "0")}`);
const bank = { account: BANK, mode: "post" };

let assetsMade = 0;
/** Acts of every kind, in any order and with any amounts: many of them are refused. */
const step: fc.Arbitrary<Step> = fc.tuple(money, money, fc.integer({ min: 0, max: 23 })).map(([a, b, n]): Step => {
  const date = `2025-${String(4 + (n % 9)).padStart(2, "0")}-15`;
  const kinds: readonly Step[] = [
    ["grant-receipt", "G-1", { date, amount: a, mode: "post" }],
    ["grant-interest", "G-1", { date, amount: a, mode: "post" }],
    ["grant-refund", "G-1", { date, amount: b, mode: "post" }],
    ["grant-revenue-use", "G-2", { date, amount: b, mode: "post" }],
    ["grant-receipt", "G-2", { date, amount: a, mode: "post" }],
    ["deposit-receipt", "D-1", { date, amount: a, ...bank }],
    ["deposit-spend", "D-1", { date, amount: b, ...bank }],
    ["deposit-completion", "D-1", { date, charge: "1" }],
    ["deposit-refund", "D-1", { date, mode: "post" }],
    ["work-cost", "W-1", { date, amount: a, ...bank }],
    ["asset-capitalisation", "W-1", capital(date, b, {})],
    ["asset-capitalisation", "W-1", capital(date, b, { grant: "G-1" })],
    ["asset-purchase", "", asset(`P-${(assetsMade += 1)}`, "VEHICLE", a, date)],
    ["asset-disposal", `P-${Math.max(assetsMade - 1, 1)}`, { date, proceeds: b, buyer: "a dealer" }],
    ["depreciation", "", { date: "2026-03-31", fy: "2025-26" }],
    ["loan-drawdown", "L-1", { date, amount: a, ...bank }],
    ["loan-interest", "L-1", { date, due: "3", accrued: "2" }],
    ["loan-repayment", "L-1", { date, principal: b, interest: "4", ...bank }],
    ["investment-purchase", "I-1", { date, amount: a, ...bank }],
    ["investment-decline", "I-1", { date, amount: "5" }],
    ["investment-sale", "I-1", { date, proceeds: b, cost: b, account: BANK }],
    [
      "inter-fund-payment",
      "",
      { date, payer: "01", receiver: "02", amount: a, purpose: "3501003", narration: "x", ...bank },
    ],
    ["inter-fund-settlement", "", { date, payer: "01", receiver: "02", amount: b, from: "4502102", to: BANK }],
    ["take-back", "some", { date: "2026-03-31", reason: "it was a mistake" }],
  ];
  return kinds[n] ?? kinds[0] ?? ["", "", {}];
});
function capital(date: string, amount: string, over: Record<string, string>): Record<string, string> {
  assetsMade += 1;
  return {
    date,
    asset: `C-${assetsMade}`,
    name: "Tank",
    class: "WATER",
    location: "Hill",
    acquiredOn: date,
    residual: "1",
    amount,
    ...over,
  };
}

async function someAct(city: TestUlb): Promise<string> {
  const acts = await city.tx("auditor", (t) => listActs(t, { status: "approved" }));
  return acts.find((a) => a.takesBack === null && a.takenBackBy === null)?.id ?? "none";
}

test("after any sequence of acts, refused ones and taken-back ones among them, every register equals its control accounts", async () => {
  let refused = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 40 }), async (steps) => {
      const city = await testUlb(app);
      await enterClasses(city);
      await enter(city, "grant", "G-1");
      await enter(city, "grant", "G-2", { purpose: "revenue" });
      await enter(city, "loan", "L-1");
      for (const register of ["deposit-work", "work", "investment"])
        await enter(city, register, `${register.charAt(0).toUpperCase()}-1`);
      for (const [kind, item, facts] of steps) {
        try {
          await done(city, kind, kind === "take-back" ? await someAct(city) : item, facts);
          taken += 1;
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          refused += 1;
        }
      }
      for (const on of ["2025-08-31", "2027-03-31"]) {
        const ties = await city.tx("auditor", (t) => registerTies(t, localDate(on)));
        expect(ties.filter((t) => t.difference !== 0n)).toEqual([]);
      }
      const funds = await city.tx("auditor", (t) => fundDifferences(t, localDate("2027-03-31")));
      expect([...funds.values()].every((d) => d === 0n)).toBe(true);
    }),
    { numRuns: 6 },
  );
  expect(taken).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(5);
}, 120_000);
