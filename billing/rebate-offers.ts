import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { min, paise, subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { earlyTermsOf, type EarlyTerms, type LateAndEarlyTerms } from "./demand-terms.ts";
import { demandedOf, isOfLateness, outstandingOf, type DemandLine } from "./due.ts";
import { rebateOf } from "./rebate.ts";

/** The rebate that settling this line in full would earn by these terms: at most what is left of the own tax. */
export function rebateOn(early: readonly EarlyTerms[], line: DemandLine): Paise {
  if (line.basis !== "accrual" || line.accounts.rebate === null) return ZERO;
  const demanded = demandedOf(line);
  const own = subtract(demanded.amount, demanded.cess);
  const ownLeft = paise(outstandingOf(line) - (line.cess - line.cessSettled));
  const earned = early
    .filter((terms) => terms.on?.includes(line.taxHead) ?? line.kind === "tax")
    .map((terms) => rebateOf(terms, own, ownLeft));
  return min(sum(earned), ownLeft);
}

/** The demands of these lines that may earn a rebate if paid in full on that day, and by which terms. */
export function rebateOffers(
  service: Pick<LateAndEarlyTerms, "rebate">,
  lines: readonly DemandLine[],
  on: LocalDate,
  currentYear: FinancialYear,
): ReadonlyMap<string, readonly EarlyTerms[]> {
  const found = new Map<string, readonly EarlyTerms[]>();
  const open = lines.filter((l) => outstandingOf(l) > 0n && !isOfLateness(l));
  for (const line of open) {
    if (found.has(line.demandId)) continue;
    const inTime = earlyTermsOf(line, service, on);
    if (inTime.length === 0) continue;
    const inArrears = open.some(
      (other) =>
        other.demandId !== line.demandId &&
        (other.periodFrom < line.periodFrom ||
          (other.demandYear < line.demandYear && other.demandYear < currentYear)) &&
        // An earlier demand that is itself paid early, by the same payment, is no arrear.
        (other.rebateUntil === null || on > other.rebateUntil),
    );
    const earned = inArrears ? inTime.filter((terms) => terms.needsNoArrears === false) : inTime;
    if (earned.length > 0) found.set(line.demandId, earned);
  }
  return found;
}
