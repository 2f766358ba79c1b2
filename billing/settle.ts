import { financialYearOf, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { add, negate, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { apportion, type ApportionOrder } from "./apportion/index.ts";
import { cessWithin } from "./cess.ts";
import { lineKey, outstandingOf, type DemandLine } from "./due.ts";
import type { PenaltyTerms } from "./interest.ts";
import { rebateOffers, rebateOn } from "./rebate-offers.ts";
import type { RebateTerms } from "./rebate.ts";

/** What a service's Act and byelaws say: versioned data of the ULB. */
export type ServiceTerms = {
  readonly order: ApportionOrder;
  /** For demands that no rule file gave terms of their own. */
  readonly rebate: RebateTerms | null;
  readonly penalty: PenaltyTerms | null;
  /** Charged beside the penalty, under a head of its own. */
  readonly interest?: PenaltyTerms | null;
  /** `rupee`: bills ask for whole rupees, rounded up; the paise above the dues become the consumer's advance. */
  readonly roundTo: "paisa" | "rupee";
};

/**
 * What settles a demand line. Money: `payment`, `advance`. No money: `rebate`, `write-off`. No money, and the line counts as if less had been
 * demanded from the start: `reduction` (credit note), `remission`, `cancelled`, `transferred` to another consumer.
 */
export type AllocationKind =
  "payment" | "advance" | "rebate" | "write-off" | "reduction" | "remission" | "cancelled" | "transferred";

/** Kinds that take off what was demanded: the trigger of billing.allocations keeps their sum beside what is settled. */
export const REDUCING_KINDS: readonly AllocationKind[] = ["reduction", "remission", "cancelled", "transferred"];

export type PlannedAllocation = {
  readonly line: DemandLine;
  readonly kind: AllocationKind;
  readonly amount: Paise;
  /** The State's cess inside `amount`. */
  readonly cess: Paise;
};

export type Settled = {
  readonly allocations: readonly PlannedAllocation[];
  readonly excess: Paise;
  /** The same lines, with what is settled now. */
  readonly lines: readonly DemandLine[];
};

/**
 * Plans what a sum of money (or of advance) settles on that day: apportions it by the service's order, grants the rebate of every demand
 * that it completes in time, and says how much cess is in each part. Money + rebates = allocations + excess, to the paisa.
 */
export function settle(
  lines: readonly DemandLine[],
  amount: Paise,
  on: LocalDate,
  terms: ServiceTerms,
  kind: "payment" | "advance" = "payment",
): Settled {
  const year = financialYearOf(on);
  const offers = rebateOffers(terms, lines, on, year);
  let candidates = new Set(offers.keys());
  for (;;) {
    const rebates = new Map<string, Paise>();
    for (const line of lines) {
      if (candidates.has(line.demandId)) rebates.set(lineKey(line), rebateOn(offers.get(line.demandId) ?? [], line));
    }
    const rebateOf = (line: DemandLine): Paise => rebates.get(lineKey(line)) ?? ZERO;
    const dues = lines.map((line) => ({ ...line, outstanding: subtract(outstandingOf(line), rebateOf(line)) }));
    const { lines: parts, excess } = apportion(dues, amount, terms.order, year);
    const paid = new Map(parts.map((p) => [lineKey(p.due), p.amount]));
    const short = dues.filter((d) => candidates.has(d.demandId) && d.outstanding > (paid.get(lineKey(d)) ?? ZERO));
    if (short.length > 0) {
      candidates = new Set([...candidates].filter((id) => !short.some((d) => d.demandId === id)));
      continue;
    }
    return allocate(lines, rebateOf, new Map(parts.map((p) => [lineKey(p.due), p.amount])), kind, excess);
  }
}

function allocate(
  lines: readonly DemandLine[],
  rebateOf: (line: DemandLine) => Paise,
  paid: ReadonlyMap<string, Paise>,
  kind: "payment" | "advance",
  excess: Paise,
): Settled {
  const allocations: PlannedAllocation[] = [];
  const order = [...paid.keys()];
  const after = lines.map((line) => {
    let now = line;
    const rebate = rebateOf(line);
    // The rebate stands before the money, so that the money is what settles the line last and takes all cess that is left.
    if (rebate > 0n) {
      const planned: PlannedAllocation = { line: now, kind: "rebate", amount: rebate, cess: ZERO };
      allocations.push(planned);
      now = settledBy(now, planned);
    }
    const part = paid.get(lineKey(line)) ?? ZERO;
    if (part > 0n) {
      const planned: PlannedAllocation = { line: now, kind, amount: part, cess: cessWithin(now, part) };
      allocations.push(planned);
      now = settledBy(now, planned);
    }
    return now;
  });
  const rank = new Map(order.map((key, i) => [key, i]));
  allocations.sort((a, b) => (rank.get(lineKey(a.line)) ?? order.length) - (rank.get(lineKey(b.line)) ?? order.length));
  return { allocations, excess, lines: after };
}

/** The line after an allocation (or, with negative amounts, after one was taken back). */
export function settledBy(line: DemandLine, part: { readonly amount: Paise; readonly cess: Paise }): DemandLine {
  const now = { ...line, settled: add(line.settled, part.amount), cessSettled: add(line.cessSettled, part.cess) };
  invariant(
    now.settled >= 0n && now.settled <= now.amount,
    `${lineKey(line)} is settled between nothing and its amount`,
  );
  invariant(
    now.cessSettled >= 0n && now.cessSettled <= now.cess,
    `cess of ${lineKey(line)} is settled between nothing and its amount`,
  );
  return now;
}

/** Part of an earlier allocation taken back: its cess in proportion, all of it with the last of the amount. Both results are negative or zero. */
export function takeBack(
  allocation: { readonly amount: Paise; readonly cess: Paise },
  part: Paise,
): { readonly amount: Paise; readonly cess: Paise } {
  invariant(part > 0n && part <= allocation.amount, "no more is taken back than was allocated");
  const cess =
    part === allocation.amount
      ? allocation.cess
      : cessWithin({ amount: allocation.amount, cess: allocation.cess, settled: ZERO, cessSettled: ZERO }, part);
  return { amount: negate(part), cess: negate(cess) };
}
