import { expect, test } from "vitest";
import { addDays, localDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { penaltyTo } from "../interest.ts";
import { assess } from "./assess.ts";
import { packRules } from "./testing.ts";
import {
  compareWaterBill,
  summariseComparison,
  upyogApplicable,
  upyogInterest,
  upyogPropertyTaxBill,
  upyogRoundOff,
  upyogWaterBill,
} from "./upyog.ts";

const water = packRules("punjab-water");
const july = { from: localDate("2025-07-01"), to: localDate("2025-07-31") };
const metered = (use: string, consumption: string) => ({ attributes: { connection: "METERED", use, consumption } });
const slabsOf = (use: string) => {
  const rule = water.file.rules.find((r) => r.id === "waterCharge");
  if (rule?.kind !== "slabs") throw new Error("the water pack has slabs");
  const table = rule.tables.find((t) => [t.when?.["use"]].flat().includes(use));
  if (!table) throw new Error(`the water pack has slabs for ${use}`);
  return table.slabs;
};

// Units, what UPYOG's class gives without the least charge, and what telescopic slabs give.
const RUN: [string, string, string, string][] = [
  ["RESIDENTIAL", "25", "57.50", "85.00"],
  ["RESIDENTIAL", "30", "180.00", "125.00"],
  ["RESIDENTIAL", "31", "133.00", "137.00"],
  ["RESIDENTIAL", "45", "245.00", "320.00"],
  ["RESIDENTIAL", "50", "405.00", "395.00"],
  ["NONRESIDENTIAL", "10", "266.20", "133.10"],
  ["NONRESIDENTIAL", "60", "2861.65", "3260.95"],
  ["NONRESIDENTIAL", "150", "15506.15", "14175.15"],
];

test.each(RUN)("%s, %s kl: UPYOG charges %s where the slabs give %s", (use, units, theirs, right) => {
  expect(toRupees(upyogWaterBill({ slabs: slabsOf(use) }, units).charge)).toBe(theirs);
  const step = assess(water, metered(use, units), july, july.to).steps.find((s) => s.rule === "waterCharge");
  const slabs = step?.parts.reduce((all, p) => all + (p.what === "slab" ? rupees(Number(p.value).toFixed(2)) : 0n), 0n);
  expect(toRupees(paise(slabs ?? 0n))).toBe(right);
});

test("a comparison says which way the bills differ, by how much and why", () => {
  const at = (use: string, units: string) => {
    const c = compareWaterBill(water, metered(use, units), july);
    return [toRupees(c.ours), toRupees(c.upyog), c.reason.en];
  };
  expect(at("RESIDENTIAL", "15")).toEqual(["100.00", "100.00", "Both come to the same."]);
  expect(at("RESIDENTIAL", "30")).toEqual([
    "125.00",
    "180.00",
    "₹55.00 more in UPYOG: of 30 kl it had 20 left, exactly the upper bound of the slab to 20; it passed that slab over and charged all 20 at ₹8.",
  ]);
  expect(at("RESIDENTIAL", "45")).toEqual([
    "320.00",
    "245.00",
    "₹75.00 less in UPYOG: of 45 kl it had 25 left and compared them with the bound 30 counted from nought, not with the width of the slab; so all 25 were charged at ₹8.",
  ]);
  expect(at("RESIDENTIAL", "0")).toEqual([
    "100.00",
    "0.00",
    "₹100.00 less in UPYOG: it charges nothing when no water is used, not even the least charge.",
  ]);
  expect(compareWaterBill(water, metered("RESIDENTIAL", "30"), july).reason.hi).toMatch(/^UPYOG में ₹55.00 अधिक/);
});

test("the report of a parallel run counts bills over and under", () => {
  const all = ["15", "30", "31", "45", "50"].map((u) => compareWaterBill(water, metered("RESIDENTIAL", u), july));
  const { overchargedBy, underchargedBy, ...counts } = summariseComparison(all);
  expect(counts).toEqual({ bills: 5, overcharged: 2, undercharged: 2 });
  expect([toRupees(overchargedBy), toRupees(underchargedBy)]).toEqual(["65.00", "79.00"]);
});

test("UPYOG's bill has the cess rounded up and a round-off head", () => {
  const bill = upyogWaterBill({ slabs: slabsOf("NONRESIDENTIAL"), minimum: "200" }, "60");
  expect([bill.charge, bill.cess, bill.roundOff, bill.total].map(toRupees)).toEqual([
    "2861.65",
    "143.09",
    "0.26",
    "3005.00",
  ]);
  expect(toRupees(upyogWaterBill({ slabs: slabsOf("RESIDENTIAL"), minimum: "100" }, "25").total)).toBe("105.00");
});

test("UPYOG's interest on ₹1,000 at 18 %: the first day is free, the second counts two, a year is exact", () => {
  const at = (days: number) => upyogInterest(rupees("1000"), "18", days);
  expect([at(0), at(1), at(29), at(364)]).toEqual(["0", "0.98622", "14.79456", "180"]);
});

test("ours is the same to the paisa but for the free first day: days × rate ÷ 365, rounded once", () => {
  const due = localDate("2026-03-31");
  const at = (day: string) =>
    toRupees(
      penaltyTo(
        { kind: "daily", percent: "18", taxHead: "PT_INTEREST" },
        { amount: rupees("1000"), cess: ZERO, dueDate: due },
        [],
        localDate(day),
      ),
    );
  // One day elapsed from 1 April is 2 April, the second day.
  expect(["2026-03-31", "2026-04-01", "2026-04-02", "2026-04-30", "2027-03-31"].map(at)).toEqual([
    "0.00",
    "0.49",
    "0.99",
    "14.79",
    "180.00",
  ]);
  expect(addDays(due, 365)).toBe("2027-03-31");
});

test("UPYOG's percentages are capped, or else lifted, and rounded up; a flat amount is at most the amount", () => {
  const base = rupees("1000.10");
  const at = (m: Parameters<typeof upyogApplicable>[1]) => toRupees(upyogApplicable(base, m));
  expect(at({ rate: "10" })).toBe("100.01");
  expect(at({ rate: "2.5" })).toBe("25.01");
  expect(at({ rate: "10", maxAmount: "50", minAmount: "200" })).toBe("50.00");
  expect(at({ rate: "10", minAmount: "200" })).toBe("200.00");
  expect([at({ flatAmount: "300" }), at({ flatAmount: "5000" })]).toEqual(["300.00", "1000.10"]);
});

test("UPYOG's round-off: 50 paise go up, but stand in a trade licence; a property tax that became whole keeps the old head", () => {
  const all = ["10.49", "10.50", "10.51", "10.00"].map((a) => rupees(a));
  expect(all.map((a) => toRupees(upyogRoundOff(a)))).toEqual(["-0.49", "0.50", "0.49", "0.00"]);
  expect(all.map((a) => toRupees(upyogRoundOff(a, "trade-licence")))).toEqual(["-0.49", "0.00", "0.49", "0.00"]);
  expect(toRupees(upyogPropertyTaxBill(rupees("1100.00"), rupees("-0.25")))).toBe("1099.75");
  expect(toRupees(upyogPropertyTaxBill(rupees("1100.25"), rupees("-0.25")))).toBe("1100.00");
});
