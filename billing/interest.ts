import {
  addDays,
  addMonths,
  daysBetween,
  financialYearEnd,
  financialYearOf,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { min, paise, percentOf, rate, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";

/**
 * How late payment is charged. `monthly`: simple, on what is unpaid at the start of each month after the due date; a month begun counts
 * (`begun`) or only a month run out (`complete`). `daily`: simple, a percentage for a year of 365 days, for each day after the due date on
 * what is unpaid when that day begins. `once`: a single percentage after the due date. Percentages are text: "1", "1.25".
 */
export type PenaltyTerms = {
  readonly kind: "monthly" | "daily" | "once";
  readonly percent: string;
  /** The receipt-basis head under which it is charged. */
  readonly taxHead: string;
  readonly graceDays?: number;
  /** Reckoned from the due date (usual), or only from 1 April after the financial year in which it was due. */
  readonly starts?: "due-date" | "next-year";
  readonly months?: "begun" | "complete";
  /** Whether the State's cess inside the demand bears it too; by default only the own tax does. */
  readonly onCess?: boolean;
  /** Never more than this share of the demand. */
  readonly capPercent?: string;
};

/** What reduced a line and when; rows that a dishonour took back are left out by the caller, as if the money had never come. */
export type Settlement = { readonly date: LocalDate; readonly amount: Paise; readonly cess: Paise };

const MAX_MONTHS = 600; // fifty years: older than any demand that a town still follows

/**
 * The penalty on one demand line up to `asOf`, from its whole history, in paise. It depends on facts only, so that reckoning again
 * gives the same; charge the difference to what was charged before. Rounded once, half up.
 */
export function penaltyTo(
  terms: PenaltyTerms,
  line: { readonly amount: Paise; readonly cess: Paise; readonly dueDate: LocalDate },
  history: readonly Settlement[],
  asOf: LocalDate,
): Paise {
  const due = lateAfter(terms, line.dueDate);
  if (asOf <= addDays(due, terms.graceDays ?? 0)) return ZERO;
  const base = terms.onCess ? line.amount : subtract(line.amount, line.cess);
  const unpaidAfter = (day: LocalDate): bigint =>
    history.reduce<bigint>(
      (left, s) => (s.date <= day ? left - (terms.onCess ? s.amount : s.amount - s.cess) : left),
      base,
    );
  const charged =
    terms.kind === "daily"
      ? percentOf(unpaidDays(due, asOf, history, unpaidAfter), rate(terms.percent).div(365))
      : percentOf(unpaidMonths(terms, due, asOf, unpaidAfter), rate(terms.percent));
  return terms.capPercent ? min(charged, percentOf(base, rate(terms.capPercent))) : charged;
}

/** The last day on which nothing is late. */
export function lateAfter(terms: PenaltyTerms, dueDate: LocalDate): LocalDate {
  return terms.starts === "next-year" ? financialYearEnd(financialYearOf(dueDate)) : dueDate;
}

/**
 * The last day, from `asOf` on, to which no more penalty comes than on `asOf`; null if none comes any more. A cap is not looked at: the day may
 * be early, never late.
 */
export function penaltyHoldsUntil(terms: PenaltyTerms, dueDate: LocalDate, asOf: LocalDate): LocalDate | null {
  const due = lateAfter(terms, dueDate);
  const free = addDays(due, terms.graceDays ?? 0);
  if (asOf <= free) return free;
  if (terms.kind === "once") return null;
  if (terms.kind === "daily") return asOf;
  for (let k = 1; k < MAX_MONTHS; k++) {
    const month = addMonths(due, k);
    if (month >= asOf) return month;
  }
  return null;
}

/** What is unpaid at the start of each month after the due date, added up. */
function unpaidMonths(
  terms: PenaltyTerms,
  due: LocalDate,
  asOf: LocalDate,
  unpaidAfter: (day: LocalDate) => bigint,
): Paise {
  let months = 0n;
  for (let k = 0; k < (terms.kind === "once" ? 1 : MAX_MONTHS); k++) {
    const from = k === 0 ? due : addMonths(due, k);
    const counts = terms.kind === "once" || terms.months !== "complete" ? from < asOf : addMonths(due, k + 1) < asOf;
    if (!counts) break;
    const unpaid = unpaidAfter(from);
    months += unpaid > 0n ? unpaid : 0n;
  }
  return paise(months);
}

/** What is unpaid as each day after the due date begins, up to `asOf`, added up: from one payment to the next. */
function unpaidDays(
  due: LocalDate,
  asOf: LocalDate,
  history: readonly Settlement[],
  unpaidAfter: (day: LocalDate) => bigint,
): Paise {
  const turns = [...new Set(history.map((s) => s.date))].filter((d) => d > due && d < asOf).sort();
  let total = 0n;
  for (const [k, from] of [due, ...turns].entries()) {
    const unpaid = unpaidAfter(from);
    if (unpaid > 0n) total += unpaid * BigInt(daysBetween(from, turns[k] ?? asOf));
  }
  return paise(total);
}
