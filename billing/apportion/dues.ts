import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { min, paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { lineKey, type HeadKind } from "../due.ts";

/** What apportioning looks at; `outstanding` is not negative. */
export type Due = {
  readonly demandId: string;
  readonly taxHead: string;
  readonly kind: HeadKind;
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  /** The order of the head in the tax head master. */
  readonly priority: number;
  readonly outstanding: Paise;
};

/** A due belongs to the first step that it fits; a step that names nothing takes what is left. */
export type ApportionStep = { readonly kinds?: readonly HeadKind[]; readonly age?: "arrears" | "current" };

/**
 * `nmam`: penalty, interest and fees; arrears from the oldest year; current. `master-order`: the oldest period first, in it by the order of the
 * tax head master. `upyog-v2`: the oldest period first, in it the smallest amount first, order breaks ties (receipts by head as UPYOG makes
 * them, for a parallel run).
 */
export type ApportionPolicy = "nmam" | "master-order" | "upyog-v2";

/** The order of settlement: data of the service, because State Acts differ. A policy by its name, or steps of the ULB's own. */
export type ApportionOrder = ApportionPolicy | readonly ApportionStep[];

/** Penalty, interest and fees first, then arrears from the oldest year, then the current year: the steps of `nmam`. */
export const DEFAULT_ORDER: readonly ApportionStep[] = [
  { kinds: ["penalty", "interest", "fee"] },
  { age: "arrears" },
  { age: "current" },
];

export type Apportioned<D extends Due> = { readonly due: D; readonly amount: Paise };

/**
 * Divides a payment over dues, exactly, in paise, in the order of the policy. Nothing is allocated beyond what is due; `excess` is what
 * remains. The order in which dues are given does not matter. `currentYear` tells arrears (demands of earlier years) from current.
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
  const before = typeof order === "string" ? POLICIES[order] : bySteps(order);
  invariant(before, "the order of settlement is a policy that there is, or steps");
  return [...dues].sort((a, b) => before(a, b, currentYear) || compare(lineKey(a), lineKey(b))); // total: the input's order never tells
}

type Before = (a: Due, b: Due, currentYear: FinancialYear) => number;

const byPeriod: Before = (a, b) => compare(a.demandYear, b.demandYear) || compare(a.periodFrom, b.periodFrom);
const byHead: Before = (a, b) => a.priority - b.priority;
const byAmount: Before = (a, b) => (a.outstanding < b.outstanding ? -1 : a.outstanding > b.outstanding ? 1 : 0);

const POLICIES: Readonly<Record<ApportionPolicy, Before>> = {
  nmam: bySteps(DEFAULT_ORDER),
  "master-order": (a, b, year) => byPeriod(a, b, year) || byHead(a, b, year),
  "upyog-v2": (a, b, year) => byPeriod(a, b, year) || byAmount(a, b, year) || byHead(a, b, year),
};

function bySteps(steps: readonly ApportionStep[]): Before {
  const stepOf = (due: Due, year: FinancialYear): number => {
    const step = steps.findIndex((s) => fits(due, s, year));
    return step < 0 ? steps.length : step;
  };
  return (a, b, year) => stepOf(a, year) - stepOf(b, year) || byPeriod(a, b, year) || byHead(a, b, year);
}

function fits(due: Due, step: ApportionStep, currentYear: FinancialYear): boolean {
  if (step.kinds && !step.kinds.includes(due.kind)) return false;
  if (step.age && (due.demandYear < currentYear ? "arrears" : "current") !== step.age) return false;
  return true;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
