import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, toRupees, ZERO } from "../ledger/kernel/money.ts";
import { penaltyTo, type PenaltyTerms } from "./interest.ts";
import { rebateUntil } from "./rebate.ts";

const terms: PenaltyTerms = { kind: "monthly", percent: "1", taxHead: "PT_PENALTY" };
const demand = { amount: rupees("1080.00"), cess: rupees("80.00"), dueDate: localDate("2025-09-30") };
const at = (day: string, t = terms, history: Parameters<typeof penaltyTo>[2] = []) =>
  toRupees(penaltyTo(t, demand, history, localDate(day)));

test("nothing is charged up to the due date; a month begun counts", () => {
  expect([at("2025-09-30"), at("2025-10-01"), at("2025-10-30"), at("2025-10-31"), at("2026-09-30")]).toEqual([
    "0.00",
    "10.00",
    "10.00",
    "20.00",
    "120.00",
  ]);
});

test("by months run out, a broken month is free", () => {
  const complete: PenaltyTerms = { ...terms, months: "complete" };
  expect([at("2025-10-30", complete), at("2025-10-31", complete), at("2025-12-01", complete)]).toEqual([
    "0.00",
    "10.00",
    "20.00",
  ]);
});

test("the cess bears it only where the terms say so", () => {
  expect(at("2025-10-01", { ...terms, onCess: true })).toBe("10.80");
});

test("a single penalty, days of grace, and a cap", () => {
  expect(at("2026-09-30", { ...terms, kind: "once", percent: "5" })).toBe("50.00");
  expect([at("2025-10-15", { ...terms, graceDays: 15 }), at("2025-10-16", { ...terms, graceDays: 15 })]).toEqual([
    "0.00",
    "10.00",
  ]);
  expect(at("2030-01-01", { ...terms, capPercent: "20" })).toBe("200.00");
});

test("what was paid stops bearing from the next month on", () => {
  const half = [{ date: localDate("2025-11-10"), amount: rupees("540.00"), cess: rupees("40.00") }];
  // October and November on 1,000.00, December on 500.00.
  expect(at("2025-12-15", terms, half)).toBe("25.00");
});

test("it never falls as days pass, and reckoning twice gives the same", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      fc.nat(3000),
      fc.nat(3000),
      fc.array(fc.record({ day: fc.nat(2000), part: fc.bigInt({ min: 0n, max: 10n ** 8n }) }), { maxLength: 4 }),
      (amount, days, more, paid) => {
        const line = { amount: paise(amount), cess: ZERO, dueDate: localDate("2019-09-30") };
        const history = paid.map((p) => ({ date: addDays(line.dueDate, p.day), amount: paise(p.part), cess: ZERO }));
        const a = penaltyTo(terms, line, history, addDays(line.dueDate, days));
        expect(penaltyTo(terms, line, history, addDays(line.dueDate, days))).toBe(a);
        expect(penaltyTo(terms, line, history, addDays(line.dueDate, days + more)) >= a).toBe(true);
        expect(a >= 0n).toBe(true);
      },
    ),
  );
});

test("by the day on what is unpaid when it begins, for a year of 365 days; a payment counts from the next day on", () => {
  const daily: PenaltyTerms = { kind: "daily", percent: "18", taxHead: "PT_INTEREST" };
  // On 1,000.00: 49.3 paise a day.
  expect([at("2025-09-30", daily), at("2025-10-01", daily), at("2025-10-30", daily), at("2026-09-30", daily)]).toEqual([
    "0.00",
    "0.49",
    "14.79",
    "180.00",
  ]);
  const paid = [{ date: localDate("2025-10-30"), amount: rupees("540.00"), cess: rupees("40.00") }];
  expect([at("2025-10-30", daily, paid), at("2025-10-31", daily, paid), at("2025-11-29", daily, paid)]).toEqual([
    "14.79",
    "15.04",
    "22.19",
  ]);
});

test("what was paid after the day asked changes nothing on that day", () => {
  const later = [{ date: localDate("2025-11-20"), amount: rupees("1080.00"), cess: rupees("80.00") }];
  for (const kind of ["daily", "monthly", "once"] as const) {
    expect([kind, at("2025-11-10", { ...terms, kind }, later)]).toEqual([kind, at("2025-11-10", { ...terms, kind })]);
  }
});

test("where the Act says so, lateness begins with the financial year after the one in which it was due", () => {
  const later: PenaltyTerms = { kind: "daily", percent: "18", taxHead: "PT_INTEREST", starts: "next-year" };
  expect([at("2026-03-31", later), at("2026-04-02", later)]).toEqual(["0.00", "0.99"]);
  expect([
    at("2026-03-31", { ...terms, starts: "next-year" }),
    at("2026-04-01", { ...terms, starts: "next-year" }),
  ]).toEqual(["0.00", "10.00"]);
});

test("a daily reckoning is the same however the time is cut by payments of nothing", () => {
  const daily: PenaltyTerms = { kind: "daily", percent: "12.5", taxHead: "PT_INTEREST" };
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 9n }), fc.nat(900), fc.array(fc.nat(900)), (amount, days, cuts) => {
      const line = { amount: paise(amount), cess: ZERO, dueDate: localDate("2022-09-30") };
      const nothing = cuts.map((d) => ({ date: addDays(line.dueDate, d), amount: ZERO, cess: ZERO }));
      const asOf = addDays(line.dueDate, days);
      expect(penaltyTo(daily, line, nothing, asOf)).toBe(penaltyTo(daily, line, [], asOf));
    }),
  );
});

test("a rebate until a day of the year ends on the first such day of the period", () => {
  const until = (untilDay: string, from: string) => rebateUntil({ percent: "10", days: 0, untilDay }, localDate(from));
  expect([
    until("09-30", "2025-04-01"),
    until("03-31", "2025-04-01"),
    until("02-29", "2025-04-01"),
    until("04-01", "2025-04-01"),
  ]).toEqual(["2025-09-30", "2026-03-31", "2026-02-28", "2025-04-01"]);
  expect(rebateUntil({ percent: "10", days: 0 }, localDate("2025-04-01"))).toBe("2025-03-31");
});
