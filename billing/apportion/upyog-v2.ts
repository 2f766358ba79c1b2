import { apportionErrors } from "./errors.ts";

/*
 * UPYOG's apportioning (its class OrderByPriority) on UPYOG's own shapes: periods with heads, charges positive, rebates, exemptions and advances
 * negative. It is reproduced with its faults, because a city that runs both systems side by side must get the same receipts by head:
 * the smallest amount is paid first; the first rupee grants a whole rebate; a negative head that was part-used is overwritten; an excess becomes
 * an advance whether or not the service allows advances; a period that is not reached forgets what was paid on it before.
 * Amounts are whole numbers of any one unit (paise, or smaller where a caller has more decimals).
 */

/** One head of a period. Due is `amount` − `adjustedAmount`. */
export type UpyogHead = {
  readonly taxHeadCode: string;
  readonly amount: bigint;
  readonly adjustedAmount: bigint;
  readonly order: number | null;
};

export type UpyogPeriod = {
  /** Epoch milliseconds. */
  readonly fromPeriod: number;
  /** The period's total as the bill states it; it tells which periods are owed, heads are not summed. */
  readonly amountToBePaid: bigint;
  readonly amountPaid: bigint;
  readonly heads: readonly UpyogHead[];
};

export type UpyogRequest = {
  readonly businessService: string;
  readonly amountPaid: bigint;
  readonly isAdvanceAllowed: boolean;
  readonly periods: readonly UpyogPeriod[];
  /** The service's head of category ADVANCE_COLLECTION; null if it has none. */
  readonly advanceHead: string | null;
  /**
   * UPYOG's flag `egov.apportion.default.value.order`, shipped as true: amount, then order. False: amount alone, and every positive head's
   * order must not be below a negative head's.
   */
  readonly byValueAndOrder?: boolean;
};

/** What became of a head: `adjustedAmount` is new; `amount` only where an advance head took the excess. */
export type UpyogAdjusted = { readonly amount: bigint; readonly adjustedAmount: bigint };

export type UpyogApportioned = {
  /** One for each period of the request, in the order of the request; so are the heads. */
  readonly periods: readonly { readonly amountPaid: bigint; readonly heads: readonly UpyogAdjusted[] }[];
  /** The excess as a new head of the latest period; null when there is none or an advance head is there. */
  readonly newAdvance: { readonly period: number; readonly taxHeadCode: string; readonly amount: bigint } | null;
};

type Head = { readonly source: UpyogHead; amount: bigint; adjusted: bigint };
type Period = { readonly index: number; readonly source: UpyogPeriod; amountPaid: bigint; readonly heads: Head[] };

/**
 * Apportions what was paid, as UPYOG does. Raises NO_TAXHEAD_FOUND when an excess has no advance head to go to, APPORTION_ORDER_MISSING
 * when equal amounts have no order, INVALID_ORDER with `byValueAndOrder` false. Nothing that was given is changed.
 */
export function apportionAsUpyog(request: UpyogRequest): UpyogApportioned {
  const periods: Period[] = request.periods.map((source, index) => ({
    index,
    source,
    amountPaid: source.amountPaid,
    heads: source.heads.map((h) => ({ source: h, amount: h.amount, adjusted: h.adjustedAmount })),
  }));
  // Stable, as the original's sort: periods of one date stay in the order of the request.
  const oldestFirst = [...periods].sort((a, b) => a.source.fromPeriod - b.source.fromPeriod);
  const newAdvance = settleAll(request, oldestFirst);
  return {
    periods: periods.map((p) => ({
      amountPaid: p.amountPaid,
      heads: p.heads.map((h) => ({ amount: h.amount, adjustedAmount: h.adjusted })),
    })),
    newAdvance,
  };
}

function settleAll(request: UpyogRequest, periods: readonly Period[]): UpyogApportioned["newAdvance"] {
  const total = periods.reduce((t, p) => t + p.source.amountToBePaid, 0n);
  if (request.amountPaid === 0n && total === 0n) {
    for (const p of periods) for (const h of p.heads) h.adjusted = h.amount;
    return null;
  }
  let remaining = request.amountPaid;
  if (request.isAdvanceAllowed) remaining += takeAdvances(periods);
  const byOrder = request.byValueAndOrder ?? true;
  if (!byOrder) for (const p of periods) checkOrder(p.source);

  for (const period of periods) {
    if (remaining === 0n) {
      period.amountPaid = 0n; // set, not kept: the original forgets what was paid on it before
      continue;
    }
    const before = remaining;
    for (const head of smallestFirst(period.heads, byOrder)) {
      const due = head.amount - head.adjusted;
      if (due >= 0n) {
        const part = remaining <= due ? remaining : due;
        head.adjusted += part;
        remaining -= part;
      } else if (!isAdvance(head)) {
        head.adjusted = due; // overwritten, not added to
        remaining -= due;
      }
    }
    period.amountPaid += before - remaining;
  }
  return remaining > 0n ? keepAsAdvance(request, periods, remaining) : null;
}

/** Advance heads are used oldest first, up to what the periods with a positive total ask for; the last is used in part. Gives what was taken. */
function takeAdvances(periods: readonly Period[]): bigint {
  const wanted = periods.reduce((t, p) => (p.source.amountToBePaid > 0n ? t + p.source.amountToBePaid : t), 0n);
  if (wanted === 0n) return 0n;
  let taken = 0n; // negative, as the heads are
  for (const period of periods) {
    for (const head of period.heads) {
      if (!isAdvance(head)) continue;
      const net = head.amount - head.adjusted;
      if (abs(taken + net) > wanted) {
        const part = abs(taken) - wanted;
        head.adjusted += part;
        period.amountPaid += part;
        taken = -wanted;
        break;
      }
      taken += net;
      head.adjusted = head.amount;
      period.amountPaid += net;
    }
  }
  return -taken;
}

/** What is left over goes to the latest period: into the advance head that it has, or into a new one. */
function keepAsAdvance(
  request: UpyogRequest,
  periods: readonly Period[],
  amount: bigint,
): UpyogApportioned["newAdvance"] {
  // The head is looked up first, as in the original: without one even an advance that is there takes nothing.
  if (request.advanceHead === null) {
    throw apportionErrors.NO_TAXHEAD_FOUND({ businessService: request.businessService, isAdvance: true });
  }
  const latest = periods.at(-1);
  if (!latest) return null; // a bill without periods is passed over by the caller
  latest.amountPaid += amount;
  const there = smallestFirst(latest.heads, request.byValueAndOrder ?? true).find(isAdvance);
  if (!there) return { period: latest.index, taxHeadCode: request.advanceHead, amount: -amount };
  there.amount -= amount;
  return null;
}

/** By the head's gross amount, not by what is due of it; equal amounts by order, else as given. */
function smallestFirst(heads: readonly Head[], byOrder: boolean): Head[] {
  return [...heads].sort((a, b) => {
    if (a.source.amount !== b.source.amount) return a.source.amount < b.source.amount ? -1 : 1;
    if (!byOrder) return 0;
    if (a.source.order === null || b.source.order === null) {
      throw apportionErrors.APPORTION_ORDER_MISSING({ taxHeads: [a.source.taxHeadCode, b.source.taxHeadCode] });
    }
    return a.source.order - b.source.order;
  });
}

function checkOrder(period: UpyogPeriod): void {
  let leastOfPositive = Infinity;
  let mostOfNegative = -Infinity;
  for (const h of period.heads) {
    if (h.order === null) throw apportionErrors.INVALID_ORDER({ taxHead: h.taxHeadCode });
    if (h.amount > 0n) leastOfPositive = Math.min(leastOfPositive, h.order);
    if (h.amount < 0n) mostOfNegative = Math.max(mostOfNegative, h.order);
  }
  if (leastOfPositive < mostOfNegative) throw apportionErrors.INVALID_ORDER({ taxHead: null });
}

/** By the name, as the original does it; a head of another kind with ADVANCE in its code is taken for one, too. */
function isAdvance(head: Head): boolean {
  return head.source.taxHeadCode.includes("ADVANCE");
}

const abs = (n: bigint): bigint => (n < 0n ? -n : n);
