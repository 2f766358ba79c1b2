import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { min, paise, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { lineKey, type HeadKind } from "./due.ts";

/** What apportioning looks at; `outstanding` is not negative. */
export type Due = {
  readonly demandId: string;
  readonly taxHead: string;
  readonly kind: HeadKind;
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  readonly priority: number;
  readonly outstanding: Paise;
};

/** A due belongs to the first step that it fits; a step that names nothing takes what is left. */
export type ApportionStep = { readonly kinds?: readonly HeadKind[]; readonly age?: "arrears" | "current" };
/** The order of settlement: data of the service, because State Acts differ. */
export type ApportionOrder = readonly ApportionStep[];

/** Penalty, interest and fees first, then arrears from the oldest year, then the current year. */
export const DEFAULT_ORDER: ApportionOrder = [
  { kinds: ["penalty", "interest", "fee"] },
  { age: "arrears" },
  { age: "current" },
];

export type Apportioned<D extends Due> = { readonly due: D; readonly amount: Paise };

/**
 * Divides a payment over dues, exactly, in paise: by the steps of `order`; within a step the oldest period first, then head priority.
 * Nothing is allocated beyond what is due; `excess` is what remains. The order in which dues are given does not matter.
 * `currentYear` tells arrears (demands of earlier years) from current.
 */
export function apportion<D extends Due>(
  dues: readonly D[],
  amount: Paise,
  order: ApportionOrder,
  currentYear: FinancialYear,
): { readonly lines: readonly Apportioned<D>[]; readonly excess: Paise } {
  invariant(amount >= 0n, "a payment is not negative");
  let left: bigint = amount;
  const lines: Apportioned<D>[] = [];
  for (const due of inOrder(dues, order, currentYear)) {
    if (left === 0n) break;
    invariant(due.outstanding >= 0n, "no due is negative");
    const part = min(due.outstanding, paise(left));
    if (part === ZERO) continue;
    lines.push({ due, amount: part });
    left -= part;
  }
  return { lines, excess: paise(left) };
}

/** Dues in the order in which they are settled. */
export function inOrder<D extends Due>(dues: readonly D[], order: ApportionOrder, currentYear: FinancialYear): D[] {
  const ranked = dues.map((due) => {
    const step = order.findIndex((s) => fits(due, s, currentYear));
    return { due, step: step < 0 ? order.length : step };
  });
  return ranked.sort((a, b) => a.step - b.step || compareDues(a.due, b.due)).map((r) => r.due);
}

function fits(due: Due, step: ApportionStep, currentYear: FinancialYear): boolean {
  if (step.kinds && !step.kinds.includes(due.kind)) return false;
  if (step.age && (due.demandYear < currentYear ? "arrears" : "current") !== step.age) return false;
  return true;
}

function compareDues(a: Due, b: Due): number {
  return (
    compare(a.demandYear, b.demandYear) ||
    compare(a.periodFrom, b.periodFrom) ||
    a.priority - b.priority ||
    compare(lineKey(a), lineKey(b)) // total, so that the result never depends on the order of the input
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
