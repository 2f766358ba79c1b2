import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate } from "../ledger/kernel/dates.ts";
import { paise } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { learnedHeads, narrationPattern, pastCases, type PastCase } from "./learning.ts";
import { postBankLine } from "./by-hand.ts";
import { comparison } from "./comparison.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { BANK, bankUlb } from "./testing.ts";

const app = await testApp();

const past = (n: number, narration: string, amount: bigint, head: string): PastCase => ({
  lineId: `L${n}`,
  matchId: `M${n}`,
  date: addDays(localDate("2026-04-01"), n),
  amount: paise(amount),
  narration,
  head,
});
const line = (narration: string, amount: bigint) => ({ id: "new", narration, amount: paise(amount) });

test("a pattern keeps the words and leaves out what changes", () => {
  expect(narrationPattern("Locker rent 0042/2026 HALF YR")).toBe("LOCKER RENT # HALF YR");
  expect(narrationPattern("NEFT*ABCB0001234*ABCBN26093123456")).toBe("NEFT #");
  expect(narrationPattern("ABCBN26093123456 / 42")).toBe("");
});

test("what was done twice alike is proposed with its cases; once, or in two ways, teaches nothing", () => {
  const cases = [1, 2].map((n) => past(n, `LOCKER RENT ${n}`, -500n, "2407001"));
  const [found, ...others] = learnedHeads(cases, [line("LOCKER RENT 77", -900n)]);
  expect([found?.head, found?.cases, others]).toEqual(["2407001", 2, []]);
  expect(found?.examples.map((c) => c.lineId)).toEqual(["L2", "L1"]);
  expect(learnedHeads(cases.slice(0, 1), [line("LOCKER RENT 77", -900n)])).toEqual([]);
  expect(learnedHeads([...cases, past(3, "LOCKER RENT 3", -1n, "2208000")], [line("LOCKER RENT 77", -900n)])).toEqual(
    [],
  );
  expect(learnedHeads(cases, [line("LOCKER RENT 77", 900n)])).toEqual([]);
});

test("the order of the cases does not matter", () => {
  const cases = Array.from({ length: 8 }, (_, n) => past(n, n % 2 ? "RENT 1" : "SUBSIDY 1", 5n, n % 2 ? "a" : "b"));
  fc.assert(
    fc.property(fc.shuffledSubarray(cases, { minLength: 8 }), (shuffled) => {
      const told = [line("RENT 9", 1n), line("SUBSIDY 9", 1n)];
      expect(learnedHeads(shuffled, told)).toEqual(learnedHeads(cases, told));
    }),
    { numRuns: 50 },
  );
});

test("booked by persons twice, the third is proposed and not booked; what is taken back is forgotten", async () => {
  const town = await bankUlb(app);
  await town.bank("1000.00", [
    ["2026-04-02", "-100.00", "LOCKER RENT 4411 HALF YR"],
    ["2026-04-03", "-120.00", "LOCKER RENT 4412 HALF YR"],
    ["2026-04-04", "-130.00", "LOCKER RENT 4413 HALF YR"],
  ]);
  const open = async () => [
    ...(await inSnapshot(app, town.as("auditor"), (read) => comparison(read, BANK))).lines.values(),
  ];
  const learned = async () => {
    const lines = await open();
    return inSnapshot(app, town.as("auditor"), async (read) => learnedHeads(await pastCases(read, BANK), lines));
  };
  const [first, second] = await open();
  if (!first || !second) throw new Error("three lines");
  const post = (lineId: string) => town.tx("accountant", (tx) => postBankLine(tx, { lineId, template: "bank-charge" }));
  await post(first.id);
  expect(await learned()).toEqual([]);
  const { matchId } = await post(second.id);
  expect(await learned()).toMatchObject([{ head: "2407001", cases: 2, pattern: "LOCKER RENT # HALF YR" }]);
  const run = await town.tx("accountant", (tx) => reconcile(tx, BANK));
  expect([run.confirmed, (await open()).length]).toEqual([[], 1]);
  await town.tx("accountant", (tx) => unmatch(tx, matchId, "was not a charge"));
  expect(await learned()).toEqual([]);
});
