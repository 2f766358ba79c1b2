import { addDays, localDate, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { max, min, paise, percentOf, rate, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { demandedOf, LATE_KINDS, outstandingOf, type DemandLine } from "./due.ts";

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

/** The rebate that settling this line in full would earn: at most what is left of the own tax. */
export function rebateOn(terms: RebateTerms, line: DemandLine): Paise {
  if (line.kind !== "tax" || line.basis !== "accrual" || line.accounts.rebate === null) return ZERO;
  const demanded = demandedOf(line);
  const own = subtract(demanded.amount, demanded.cess);
  const ownLeft = paise(outstandingOf(line) - (line.cess - line.cessSettled));
  return rebateOf(terms, own, ownLeft);
}

/** The demands of these lines that may earn a rebate if paid in full on that day. */
export function rebateCandidates(
  terms: RebateTerms | null,
  lines: readonly DemandLine[],
  on: LocalDate,
  currentYear: FinancialYear,
): ReadonlySet<string> {
  const found = new Set<string>();
  if (!terms) return found;
  const open = lines.filter((l) => outstandingOf(l) > 0n && !LATE_KINDS.includes(l.kind));
  for (const line of open) {
    if (line.rebateUntil === null || on > line.rebateUntil) continue;
    const inArrears = open.some(
      (other) =>
        other.demandId !== line.demandId &&
        (other.periodFrom < line.periodFrom ||
          (other.demandYear < line.demandYear && other.demandYear < currentYear)) &&
        // An earlier demand that is itself paid early, by the same payment, is no arrear.
        (other.rebateUntil === null || on > other.rebateUntil),
    );
    if (!inArrears || terms.needsNoArrears === false) found.add(line.demandId);
  }
  return found;
}
