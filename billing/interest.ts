import { addDays, addMonths, type LocalDate } from "../ledger/kernel/dates.ts";
import { min, paise, percentOf, rate, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";

/**
 * How late payment is charged. `monthly`: simple, on what is unpaid at the start of each month after the due date; a month begun counts
 * (`begun`) or only a month run out (`complete`). `once`: a single percentage after the due date. Percentages are text: "1", "1.25".
 */
export type PenaltyTerms = {
  readonly kind: "monthly" | "once";
  readonly percent: string;
  /** The receipt-basis head under which it is charged. */
  readonly taxHead: string;
  readonly graceDays?: number;
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
  const starts = addDays(line.dueDate, terms.graceDays ?? 0);
  if (asOf <= starts) return ZERO;
  const base = terms.onCess ? line.amount : subtract(line.amount, line.cess);
  const unpaidAfter = (day: LocalDate): bigint =>
    history.reduce<bigint>(
      (left, s) => (s.date <= day ? left - (terms.onCess ? s.amount : s.amount - s.cess) : left),
      base,
    );
  let months = 0n;
  for (let k = 0; k < (terms.kind === "once" ? 1 : MAX_MONTHS); k++) {
    const from = k === 0 ? line.dueDate : addMonths(line.dueDate, k);
    const counts =
      terms.kind === "once" || terms.months !== "complete" ? from < asOf : addMonths(line.dueDate, k + 1) < asOf;
    if (!counts) break;
    const unpaid = unpaidAfter(from);
    months += unpaid > 0n ? unpaid : 0n;
  }
  const charged = percentOf(paise(months), rate(terms.percent));
  return terms.capPercent ? min(charged, percentOf(base, rate(terms.capPercent))) : charged;
}
