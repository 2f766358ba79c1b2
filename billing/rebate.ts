import { addDays, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { max, min, percentOf, rate, ZERO, type Paise } from "../ledger/kernel/money.ts";

/** The rebate for paying a demand in full and early: a percentage of the own tax, nothing on the State's cess. */
export type RebateTerms = {
  readonly percent: string;
  /** Days from the first day of the period, that day counted: 30 from 1 April is 30 April, 0 is the day before. */
  readonly days: number;
  /** A day of the year instead of `days`, "09-30": the first one on or after the first day of the period. */
  readonly untilDay?: string;
  /** Refused while an earlier demand is open (the usual rule of the Acts); default true. */
  readonly needsNoArrears?: boolean;
};

/** The last day on which paying the demand in full earns the rebate. */
export function rebateUntil(terms: RebateTerms | null, periodFrom: LocalDate): LocalDate | null {
  if (!terms) return null;
  return terms.untilDay === undefined
    ? addDays(periodFrom, terms.days - 1)
    : firstOnOrAfter(periodFrom, terms.untilDay);
}

/** The first day with that month and day ("09-30") on or after `from`. "02-29" is the last of February. */
export function firstOnOrAfter(from: LocalDate, monthAndDay: string): LocalDate {
  const inYear = (year: string): LocalDate =>
    monthAndDay === "02-29" ? addDays(localDate(`${year}-03-01`), -1) : localDate(`${year}-${monthAndDay}`);
  const same = inYear(from.slice(0, 4));
  return same >= from ? same : inYear(String(Number(from.slice(0, 4)) + 1));
}

/** What paying early takes off: the percentage of the own tax, never more than what is left of it. */
export function rebateOf(terms: RebateTerms, own: Paise, ownLeft: Paise): Paise {
  return max(ZERO, min(percentOf(own, rate(terms.percent)), ownLeft));
}
