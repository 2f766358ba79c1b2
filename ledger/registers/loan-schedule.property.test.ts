import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { paise, rupees, sum, toRupees } from "../kernel/money.ts";
import { loanSchedule, type LoanTerms } from "./loan-schedule.ts";

const terms = (over: Partial<LoanTerms> = {}): LoanTerms => ({
  amount: rupees("1000000"),
  ratePercent: "9",
  method: "equal-principal",
  instalments: 4,
  everyMonths: 3,
  firstDue: localDate("2025-08-31"),
  ...over,
});
const shown = (of: LoanTerms) => loanSchedule(of).map((r) => [r.due, toRupees(r.principal), toRupees(r.interest)]);

test("equal principal, equal instalments and one payment at the end, by hand", () => {
  expect(shown(terms())).toEqual([
    ["2025-08-31", "250000.00", "22500.00"],
    ["2025-11-30", "250000.00", "16875.00"],
    ["2026-02-28", "250000.00", "11250.00"],
    ["2026-05-31", "250000.00", "5625.00"],
  ]);
  expect(shown(terms({ method: "bullet", instalments: 2, everyMonths: 12 }))).toEqual([
    ["2025-08-31", "0.00", "90000.00"],
    ["2026-08-31", "1000000.00", "90000.00"],
  ]);
  // 10,00,000 at 12 % a year in 12 monthly instalments: 88,848.79 each, as every EMI table says.
  const emi = loanSchedule(terms({ method: "emi", ratePercent: "12", instalments: 12, everyMonths: 1 }));
  expect(emi.slice(0, 11).map((r) => toRupees(r.total))).toEqual(Array.from({ length: 11 }, () => "88848.79"));
  expect(emi.at(-1)?.outstanding).toBe(0n);
});

test("the principal parts sum to the loan, none is negative, and the last takes the remainder", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 14n }),
      fc.integer({ min: 0, max: 3600 }),
      fc.constantFrom("equal-principal" as const, "emi" as const, "bullet" as const),
      fc.integer({ min: 1, max: 240 }),
      fc.constantFrom(1, 3, 6, 12),
      (amount, rate, method, instalments, everyMonths) => {
        const rows = loanSchedule(
          terms({ amount: paise(amount), ratePercent: (rate / 100).toFixed(2), method, instalments, everyMonths }),
        );
        expect(rows).toHaveLength(instalments);
        expect(sum(rows.map((r) => r.principal))).toBe(amount);
        expect(rows.every((r) => r.principal >= 0n && r.interest >= 0n && r.outstanding >= 0n)).toBe(true);
        expect(rows.at(-1)?.outstanding).toBe(0n);
      },
    ),
    { numRuns: 100 },
  );
});
