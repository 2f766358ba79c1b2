import { addDays, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { max, min, paise, percentOf, rate, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { LATE_KINDS, outstandingOf, type DemandLine } from "./due.ts";

/** The rebate for paying a demand in full and early: a percentage of the own tax, nothing on the State's cess. */
export type RebateTerms = {
  readonly percent: string;
  /** Days from the first day of the period, that day counted: 30 from 1 April is 30 April. */
  readonly days: number;
  /** Refused while an earlier demand is open (the usual rule of the Acts); default true. */
  readonly needsNoArrears?: boolean;
};

/** The last day on which paying the demand in full earns the rebate. */
export function rebateUntil(terms: RebateTerms | null, periodFrom: LocalDate): LocalDate | null {
  return terms ? addDays(periodFrom, terms.days - 1) : null;
}

/** The rebate that settling this line in full would earn: at most what is left of the own tax. */
export function rebateOn(terms: RebateTerms, line: DemandLine): Paise {
  if (line.kind !== "tax" || line.basis !== "accrual" || line.accounts.rebate === null) return ZERO;
  const own = subtract(line.amount, line.cess);
  const ownLeft = paise(outstandingOf(line) - (line.cess - line.cessSettled));
  return max(ZERO, min(percentOf(own, rate(terms.percent)), ownLeft));
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
