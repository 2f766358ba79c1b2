import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear, financialYearFrom, financialYearOf, localDate, type FinancialYear } from "../kernel/dates.ts";
import { paise, rupees } from "../kernel/money.ts";
import { depreciate, type Depreciable } from "./depreciation.ts";

const asset = (over: Partial<Depreciable> = {}): Depreciable => ({
  acquiredOn: localDate("2025-06-01"),
  cost: rupees("100000"),
  accumulated: paise(0n),
  residual: rupees("1"),
  ratePercent: "10",
  charged: new Set(),
  ...over,
});
const fy = financialYear("2025-26");

test("added on or before 30 September an asset bears the whole rate, after it half, before it is there nothing", () => {
  const on = (day: string) => depreciate(asset({ acquiredOn: localDate(day) }), fy);
  expect([on("2025-04-01"), on("2025-09-30"), on("2025-10-01"), on("2026-03-31"), on("2026-04-01")]).toEqual(
    ["10000", "10000", "5000", "5000", "0"].map(rupees),
  );
  expect(depreciate(asset({ acquiredOn: localDate("2024-12-01") }), fy)).toBe(rupees("10000"));
});

test("land, a year that was charged, and what stands at its residual value bear nothing", () => {
  expect(depreciate(asset({ ratePercent: null }), fy)).toBe(0n);
  expect(depreciate(asset({ charged: new Set([fy]) }), fy)).toBe(0n);
  expect(depreciate(asset({ accumulated: rupees("99999") }), fy)).toBe(0n);
  expect(depreciate(asset({ accumulated: rupees("99998") }), fy)).toBe(rupees("1"));
  expect(depreciate(asset({ cost: rupees("1") }), fy)).toBe(0n);
});

test("over its life an asset bears its cost less the residual value, no year more than its rate, and never falls below it", () => {
  const life = fc.record({
    cost: fc.bigInt({ min: 1n, max: 10n ** 13n }),
    residual: fc.bigInt({ min: 0n, max: 10n ** 4n }),
    rate: fc.integer({ min: 200, max: 10000 }),
    acquired: fc.integer({ min: 0, max: 3000 }),
  });
  fc.assert(
    fc.property(life, ({ cost, residual, rate, acquired }) => {
      const acquiredOn = localDate(new Date(Date.UTC(2000, 0, 1 + acquired)).toISOString().slice(0, 10));
      const percent = `${Math.floor(rate / 100)}.${String(rate % 100).padStart(2, "0")}`;
      const charged = new Set<FinancialYear>();
      let accumulated = 0n;
      const first = Number(financialYearOf(acquiredOn).slice(0, 4));
      for (let year = first; year < first + 200; year++) {
        const of = asset({
          acquiredOn,
          cost: paise(cost),
          residual: paise(residual),
          ratePercent: percent,
          accumulated: paise(accumulated),
          charged: new Set(charged),
        });
        const charge = depreciate(of, financialYearFrom(year));
        expect(charge >= 0n && charge * 10000n <= cost * BigInt(rate) + 10000n).toBe(true);
        accumulated += charge;
        charged.add(financialYearFrom(year));
        expect(depreciate({ ...of, charged }, financialYearFrom(year))).toBe(0n);
      }
      expect(accumulated).toBe(cost > residual ? cost - residual : 0n);
    }),
    { numRuns: 60 },
  );
});
