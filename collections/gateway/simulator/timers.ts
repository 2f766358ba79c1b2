import { dayOf, momentOf, plusDays } from "./calendar.ts";
import type { Timer } from "./clock.ts";
import { respondByPassed } from "./disputes.ts";
import { expireLink } from "./links.ts";
import { authorize, autoRefund, fail } from "./payments.ts";
import { expireQr } from "./qr.ts";
import { processRefund } from "./refunds.ts";
import { runSettlement, settleAgain } from "./settlements.ts";
import { known, type SimSettlement } from "./state.ts";
import { closeVirtualAccount } from "./virtual-accounts.ts";
import type { World } from "./world.ts";

const DAY_MS = 86_400_000;

function run(w: World, timer: Timer): void {
  switch (timer.kind) {
    case "attempt-timeout":
      fail(w, known(w.payments.get(timer.id)), "payment_timed_out");
      return;
    case "bank-yes":
      authorize(w, known(w.payments.get(timer.id)));
      return;
    case "bank-no":
      fail(w, known(w.payments.get(timer.id)), "payment_declined");
      return;
    case "auto-refund":
      autoRefund(w, timer.id);
      return;
    case "refund-processed":
      processRefund(w, known(w.refunds.get(timer.id)));
      return;
    case "respond-by":
      respondByPassed(w, timer.id);
      return;
    case "link-expires":
      expireLink(w, timer.id);
      return;
    case "qr-expires":
      expireQr(w, timer.id);
      return;
    case "account-closes":
      if (w.virtualAccounts.get(timer.id)?.status === "active") closeVirtualAccount(w, timer.id);
      return;
    case "settlement-again":
      settleAgain(w, timer.id);
      return;
  }
}

/** Does what has become due, each at its own moment and in order. */
export function tick(w: World): void {
  const now = w.clock.now();
  for (let t = w.timers.take(now); t !== undefined; t = w.timers.take(now)) {
    const timer = t;
    w.clock.during(timer.at, () => run(w, timer));
  }
  if (!w.settings.autoSettle) return;
  const today = dayOf(now);
  if (w.lastSettlementDay === "") w.lastSettlementDay = plusDays(today, -1);
  for (let day = plusDays(w.lastSettlementDay, 1); day <= today; day = plusDays(day, 1)) {
    const at = settlementMoment(w, day);
    if (at > now) return;
    w.clock.during(at, () => runSettlement(w, day));
  }
}

function settlementMoment(w: World, day: string): number {
  return momentOf(day, 0, Math.round(w.settings.settlementHour * 60));
}

/** Moves time on, day by day, and settles on each working day passed. */
export function advanceDays(w: World, days: number): SimSettlement[] {
  const made: SimSettlement[] = [];
  for (let i = 0; i < days; i++) {
    const day = plusDays(dayOf(w.clock.now()), 1);
    w.clock.setOffset(w.clock.offset() + DAY_MS);
    tick(w);
    const settlement = runSettlement(w, day);
    if (settlement) made.push(settlement);
  }
  return made;
}

/**
 * Moves time on by so many milliseconds: everything that becomes due on the way happens at its own moment, the settlements of the days
 * passed (at their hour) among it.
 */
export function advanceBy(w: World, ms: number): SimSettlement[] {
  const made: SimSettlement[] = [];
  const target = w.clock.now() + ms;
  let day = dayOf(w.clock.now());
  if (settlementMoment(w, day) <= w.clock.now()) day = plusDays(day, 1);
  for (; settlementMoment(w, day) <= target; day = plusDays(day, 1)) {
    w.clock.set(settlementMoment(w, day));
    tick(w);
    if (w.settings.autoSettle || w.lastSettlementDay >= day) continue;
    const settlement = runSettlement(w, day);
    if (settlement) made.push(settlement);
  }
  w.clock.set(target);
  tick(w);
  return made;
}
