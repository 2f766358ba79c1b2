import { tz } from "@date-fns/tz";
import {
  addDays as addDaysTo,
  addMonths as addMonthsTo,
  differenceInCalendarDays,
  format,
  isValid,
  lastDayOfMonth,
} from "date-fns";
import { utc } from "@date-fns/utc";
import { defineErrors } from "./errors.ts";

/** A business date "2026-04-01". It has no time and no zone; it is never a JS Date (which shifts it to the day before). */
export type LocalDate = string & { readonly __localDate: unique symbol };
/** A financial year "2026-27", April to March. */
export type FinancialYear = string & { readonly __financialYear: unique symbol };
/** A calendar month "2026-07", the unit that is closed. */
export type Period = string & { readonly __period: unique symbol };
/** A moment in time; ISO with zone when written. */
export type Instant = Date;

export const dateErrors = defineErrors({
  DATE_FORMAT: {
    status: 422,
    message: (f: { input: string }) => `"${f.input}" is not a date; write it like 2026-04-01`,
  },
  FINANCIAL_YEAR_FORMAT: {
    status: 422,
    message: (f: { input: string }) => `"${f.input}" is not a financial year; write it like 2026-27`,
  },
  PERIOD_FORMAT: {
    status: 422,
    message: (f: { input: string }) => `"${f.input}" is not a month; write it like 2026-07`,
  },
});

const IST = tz("Asia/Kolkata");
/** India keeps one time without summer time since 1945. Reckoned, not looked up: bulk paths ask for the day of every payment. */
const IST_MS = 19_800_000;

function asUtc(date: LocalDate): Date {
  return new Date(`${date}T00:00:00Z`);
}
function fromUtc(date: Date): LocalDate {
  return date.toISOString().slice(0, 10) as LocalDate;
}

/** "2026-04-01" -> LocalDate. Raises DATE_FORMAT, also for days that do not exist (2026-02-30). */
export function localDate(input: string): LocalDate {
  if (/^\d{4}-\d{2}-\d{2}$/.test(input)) {
    const parsed = asUtc(input as LocalDate);
    if (isValid(parsed) && fromUtc(parsed) === input) return input as LocalDate;
  }
  throw dateErrors.DATE_FORMAT({ input: input.slice(0, 40) });
}

/** The date in India at that moment: 2026-03-31T18:28Z is 31 March 23:58 IST. */
export function dateInIndia(moment: Instant): LocalDate {
  return fromUtc(new Date(moment.getTime() + IST_MS));
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return fromUtc(addDaysTo(asUtc(date), days, { in: utc }));
}
export function addMonths(date: LocalDate, months: number): LocalDate {
  return fromUtc(addMonthsTo(asUtc(date), months, { in: utc }));
}
/** Days from `a` to `b`; negative if b is earlier. */
export function daysBetween(a: LocalDate, b: LocalDate): number {
  return differenceInCalendarDays(asUtc(b), asUtc(a), { in: utc });
}

/** "01/04/2026", as Indian documents print a date. */
export function formatDate(date: LocalDate): string {
  return `${date.slice(8, 10)}/${date.slice(5, 7)}/${date.slice(0, 4)}`;
}
/** "01/04/2026 14:05" in Indian Standard Time. */
export function formatMoment(moment: Instant): string {
  return format(moment, "dd/MM/yyyy HH:mm", { in: IST });
}

/** The time of day in India at that moment, "14:05:09.120". */
export function timeInIndia(moment: Instant): string {
  return format(moment, "HH:mm:ss.SSS", { in: IST });
}

/** The moment at which `date` begins in India. */
export function startOfDayInIndia(date: LocalDate): Instant {
  return new Date(`${date}T00:00:00+05:30`);
}

/** "2026-27" -> FinancialYear. Raises FINANCIAL_YEAR_FORMAT, also when the halves do not follow each other. */
export function financialYear(input: string): FinancialYear {
  const match = /^(\d{4})-(\d{2})$/.exec(input);
  if (match && (Number(match[1]) + 1) % 100 === Number(match[2])) return input as FinancialYear;
  throw dateErrors.FINANCIAL_YEAR_FORMAT({ input: input.slice(0, 40) });
}
/** The financial year that begins in April of `year`. */
export function financialYearFrom(year: number): FinancialYear {
  return `${year}-${String((year + 1) % 100).padStart(2, "0")}` as FinancialYear;
}
export function financialYearOf(date: LocalDate): FinancialYear {
  const year = Number(date.slice(0, 4));
  return financialYearFrom(date.slice(5, 7) >= "04" ? year : year - 1);
}
export function financialYearStart(fy: FinancialYear): LocalDate {
  return `${fy.slice(0, 4)}-04-01` as LocalDate;
}
export function financialYearEnd(fy: FinancialYear): LocalDate {
  return `${Number(fy.slice(0, 4)) + 1}-03-31` as LocalDate;
}
export function previousFinancialYear(fy: FinancialYear): FinancialYear {
  return financialYearFrom(Number(fy.slice(0, 4)) - 1);
}
export function nextFinancialYear(fy: FinancialYear): FinancialYear {
  return financialYearFrom(Number(fy.slice(0, 4)) + 1);
}

/** "2026-07" -> Period. Raises PERIOD_FORMAT. */
export function period(input: string): Period {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(input)) return input as Period;
  throw dateErrors.PERIOD_FORMAT({ input: input.slice(0, 40) });
}
export function periodOf(date: LocalDate): Period {
  return date.slice(0, 7) as Period;
}
export function periodStart(p: Period): LocalDate {
  return `${p}-01` as LocalDate;
}
export function periodEnd(p: Period): LocalDate {
  return fromUtc(lastDayOfMonth(asUtc(periodStart(p)), { in: utc }));
}
export function nextPeriod(p: Period): Period {
  return periodOf(addMonths(periodStart(p), 1));
}
export function previousPeriod(p: Period): Period {
  return periodOf(addMonths(periodStart(p), -1));
}
/** The twelve periods of a financial year, April first. */
export function periodsOf(fy: FinancialYear): Period[] {
  const first = financialYearStart(fy);
  return Array.from({ length: 12 }, (_, i) => periodOf(addMonths(first, i)));
}
/** "July 2026". */
export function periodName(p: Period): string {
  return format(asUtc(periodStart(p)), "MMMM yyyy", { in: utc });
}

/** The wall clock: tests and the demo pass their own. */
export type Clock = () => Instant;
export const systemClock: Clock = () => new Date();
