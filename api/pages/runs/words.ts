import { periodName, type DemandRun } from "../../../billing/index.ts";
import { formatIndian, groupIndian, negate, subtract, type Paise } from "../../../ledger/kernel/money.ts";

/** A run without a batch for so long stands still: the duty that continues runs would have come by several times. */
const STILL_MS = 60_000;

export type RunState = {
  readonly kind: "good" | "bad" | "wait" | "plain";
  readonly says: string;
  readonly is: "going" | "stopped" | "finished" | "cancelled";
};

export const count = (n: number): string => groupIndian(String(n));

/** Where a run stands. */
export function stateOf(run: DemandRun, now: Date): RunState {
  if (run.cancelledAt !== null) return { kind: "bad", is: "cancelled", says: "cancelled" };
  if (run.finishedAt !== null) return { kind: "good", is: "finished", says: "finished" };
  const far = `${count(run.done)} of ${count(run.consumers)}`;
  return now.getTime() - (run.lastBatchAt ?? run.startedAt).getTime() > STILL_MS
    ? { kind: "bad", is: "stopped", says: `stopped at ${far}` }
    : { kind: "wait", is: "going", says: `going on, ${far}` };
}

export const periodOf = (run: Pick<DemandRun, "periodFrom" | "periodTo">): string =>
  periodName({ from: run.periodFrom, to: run.periodTo });

export const whereOf = (ward: string | null): string => (ward === null ? "whole city" : `ward ${ward}`);

/** Consumers a second since the start, and how long the rest takes at that; undefined before the first batch. */
export function pace(run: DemandRun): { readonly perSecond: string; readonly left: string } | undefined {
  if (run.lastBatchAt === null || run.done === 0) return undefined;
  const seconds = Math.max((run.lastBatchAt.getTime() - run.startedAt.getTime()) / 1000, 0.1);
  const rate = run.done / seconds;
  const left = Math.max(0, run.consumers - run.done) / rate;
  return {
    perSecond: rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1),
    left: left < 60 ? "less than a minute" : `about ${count(Math.ceil(left / 60))} minutes`,
  };
}

/** How much more, or less, than last year: "+1,200.00" and "+4.5 %"; no percentage where there was nothing. */
export function change(now: Paise, before: Paise): { readonly amount: string; readonly percent: string } {
  const more = subtract(now, before);
  const size = more < 0n ? negate(more) : more;
  const sign = more > 0n ? "+" : more < 0n ? "−" : "";
  if (before <= 0n) return { amount: `${sign}${formatIndian(size)}`, percent: "–" };
  const tenths = (size * 1000n + before / 2n) / before;
  return {
    amount: `${sign}${formatIndian(size)}`,
    percent: `${tenths === 0n ? "" : sign}${groupIndian(String(tenths / 10n))}.${tenths % 10n} %`,
  };
}
