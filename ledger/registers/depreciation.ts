import {
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  type FinancialYear,
  type LocalDate,
} from "../kernel/dates.ts";
import { max, min, paise, percentOf, rate, ZERO, type Paise } from "../kernel/money.ts";

/** What depreciation is reckoned from. */
export type Depreciable = {
  readonly acquiredOn: LocalDate;
  readonly cost: Paise;
  readonly accumulated: Paise;
  /** What is never written off: Re 1 unless the ULB says otherwise. */
  readonly residual: Paise;
  /** Percent of cost a year; null for a class that is not depreciated (land). */
  readonly ratePercent: string | null;
  /** The years that were charged already. */
  readonly charged: ReadonlySet<FinancialYear>;
};

/**
 * The charge of one year, straight line on cost (NMAM): in the year of acquisition the whole rate if acquired on or before 30 September,
 * half of it if after; never for a year that is charged already or that ends before the asset is there; never below the residual value.
 */
export function depreciate(asset: Depreciable, fy: FinancialYear): Paise {
  if (asset.ratePercent === null || asset.charged.has(fy) || asset.acquiredOn > financialYearEnd(fy)) return ZERO;
  const depreciableLeft = max(ZERO, paise(asset.cost - asset.residual - asset.accumulated));
  const full = rate(asset.ratePercent);
  const charge = percentOf(asset.cost, isHalfYear(asset.acquiredOn, fy) ? full.div(2) : full);
  // A rate on a cost of a few paise rounds to nothing, for ever: a paisa at least, so that every life ends.
  return min(max(ONE_PAISA, charge), depreciableLeft);
}

const ONE_PAISA = paise(1n);

/** Acquired after 30 September of that very year. */
function isHalfYear(acquiredOn: LocalDate, fy: FinancialYear): boolean {
  return financialYearOf(acquiredOn) === fy && acquiredOn > `${financialYearStart(fy).slice(0, 4)}-09-30`;
}
