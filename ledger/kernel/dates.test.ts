import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addDays,
  addMonths,
  dateInIndia,
  daysBetween,
  financialYear,
  financialYearEnd,
  financialYearFrom,
  financialYearOf,
  financialYearStart,
  formatDate,
  formatMoment,
  localDate,
  nextFinancialYear,
  nextPeriod,
  period,
  periodEnd,
  periodName,
  periodOf,
  periodsOf,
  periodStart,
  previousFinancialYear,
  previousPeriod,
  startOfDayInIndia,
  type LocalDate,
} from "./dates.ts";

const anyDate = fc.integer({ min: 0, max: 36_500 }).map((n) => addDays(localDate("1995-01-01"), n));

test("a payment at 23:58 on 31 March in India belongs to 31 March, two minutes later to 1 April", () => {
  expect(dateInIndia(new Date("2026-03-31T18:28:00Z"))).toBe("2026-03-31");
  expect(dateInIndia(new Date("2026-03-31T18:29:59.999Z"))).toBe("2026-03-31");
  expect(dateInIndia(new Date("2026-03-31T18:30:00Z"))).toBe("2026-04-01");
  expect(financialYearOf(dateInIndia(new Date("2026-03-31T18:28:00Z")))).toBe("2025-26");
  expect(financialYearOf(dateInIndia(new Date("2026-03-31T18:30:00Z")))).toBe("2026-27");
});

test("the day in India is the one that the time zone database says, for any moment of two lifetimes", () => {
  const said = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Kolkata" });
  fc.assert(
    fc.property(
      fc.date({ min: new Date("1950-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
      (moment) => {
        expect(dateInIndia(moment)).toBe(said.format(moment));
      },
    ),
  );
});

test("the moment at which a day begins in India is in that day, and the one before it is not", () => {
  fc.assert(
    fc.property(anyDate, (d) => {
      const start = startOfDayInIndia(d);
      expect(dateInIndia(start)).toBe(d);
      expect(dateInIndia(new Date(start.getTime() - 1))).toBe(addDays(d, -1));
    }),
  );
});

test.each([
  ["2026-02-30"],
  ["2025-02-29"],
  ["2026-13-01"],
  ["2026-00-10"],
  ["2026-04-31"],
  ["2026-4-1"],
  ["01/04/2026"],
  ["2026-04-01T00:00:00Z"],
  [""],
  ["0000-00-00"],
])("%j is not a date", (input) => {
  expect(() => localDate(input)).toThrow(/^DATE_FORMAT: /);
});

test("29 February is a date in a leap year", () => {
  expect(localDate("2028-02-29")).toBe("2028-02-29");
  expect(addMonths(localDate("2028-02-29"), 12)).toBe("2029-02-28");
  expect(addMonths(localDate("2026-01-31"), 1)).toBe("2026-02-28");
});

test("days are counted on the calendar, back and forth", () => {
  fc.assert(
    fc.property(anyDate, fc.integer({ min: -4000, max: 4000 }), (d, n) => {
      expect(daysBetween(d, addDays(d, n))).toBe(n);
      expect(addDays(addDays(d, n), -n)).toBe(d);
    }),
  );
});

test("a financial year runs from 1 April to 31 March", () => {
  expect(financialYearOf(localDate("2026-03-31"))).toBe("2025-26");
  expect(financialYearOf(localDate("2026-04-01"))).toBe("2026-27");
  expect(financialYearStart(financialYear("2026-27"))).toBe("2026-04-01");
  expect(financialYearEnd(financialYear("2026-27"))).toBe("2027-03-31");
  expect(financialYearFrom(1999)).toBe("1999-00");
  expect(financialYear("1999-00")).toBe("1999-00");
  expect(nextFinancialYear(financialYear("2025-26"))).toBe("2026-27");
  expect(previousFinancialYear(financialYear("2025-26"))).toBe("2024-25");
  fc.assert(
    fc.property(anyDate, (d) => {
      const fy = financialYearOf(d);
      expect(financialYearStart(fy) <= d && d <= financialYearEnd(fy)).toBe(true);
      expect(addDays(financialYearEnd(fy), 1)).toBe(financialYearStart(nextFinancialYear(fy)));
      expect(previousFinancialYear(nextFinancialYear(fy))).toBe(fy);
    }),
  );
});

test.each([["2026-28"], ["2026-26"], ["2026"], ["26-27"], ["2026-2027"], ["2026/27"], [""]])(
  "%j is not a financial year",
  (input) => {
    expect(() => financialYear(input)).toThrow(/^FINANCIAL_YEAR_FORMAT: /);
  },
);

test("a period is a calendar month and ends on its last day", () => {
  expect(period("2026-07")).toBe("2026-07");
  expect(periodStart(period("2028-02"))).toBe("2028-02-01");
  expect(periodEnd(period("2028-02"))).toBe("2028-02-29");
  expect(periodEnd(period("2026-12"))).toBe("2026-12-31");
  expect(nextPeriod(period("2026-12"))).toBe("2027-01");
  expect(previousPeriod(period("2027-01"))).toBe("2026-12");
  expect(periodName(period("2026-07"))).toBe("July 2026");
  expect(() => period("2026-13")).toThrow(/^PERIOD_FORMAT: /);
  expect(() => period("2026-7")).toThrow(/^PERIOD_FORMAT: /);
  fc.assert(
    fc.property(anyDate, (d) => {
      const p = periodOf(d);
      expect(periodStart(p) <= d && d <= periodEnd(p)).toBe(true);
      expect(addDays(periodEnd(p), 1)).toBe(periodStart(nextPeriod(p)));
    }),
  );
});

test("the twelve periods of a year are April to March", () => {
  const all = periodsOf(financialYear("2026-27"));
  expect(all).toHaveLength(12);
  expect(all[0]).toBe("2026-04");
  expect(all[11]).toBe("2027-03");
  expect(new Set(all).size).toBe(12);
});

test("documents print the day first, and the time of India", () => {
  expect(formatDate("2026-04-01" as LocalDate)).toBe("01/04/2026");
  expect(formatMoment(new Date("2026-04-01T08:35:00Z"))).toBe("01/04/2026 14:05");
  expect(formatMoment(new Date("2026-03-31T18:30:00Z"))).toBe("01/04/2026 00:00");
});
