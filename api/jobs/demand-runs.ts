import { continueRun, openRuns, type DemandRun } from "../../billing/index.ts";
import { refreshStatistics } from "../../ledger/kernel/database.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { inSnapshot, systemActor, type App, type Ulb } from "../../ledger/kernel/tx.ts";

/** A turn is short beside a city's run: a stopping server waits for it, and the next city has its turn after it. */
const TURN_MS = 20_000;
/** So long after its last batch a run counts as left alone. A batch takes a second or two. */
const ALONE_MS = 10_000;
/** Whoever begins a run at the command line works on it himself, and has done a batch by then. */
const BEGUN_MS = 5_000;
/** A run whose batch was refused (a closed month, an account that is missing) is tried again after this. */
const REFUSED_MS = 60_000;

/**
 * The duty that does what people begin with "Run": it continues every open run that nobody is at work on, a turn at a time. What is done
 * stands in the run's batches, so whoever comes after a kill, here or on another machine, goes on behind the last of them. One turn at a
 * time in a process: the other hands of its queue stay free for payments.
 */
export function continueRuns(): (app: App, ulb: Ulb) => Promise<void> {
  let isBusy = false;
  /** Runs that this process let go when their turn was over: it need not wait to see that nobody else is at work. */
  const letGo = new Set<string>();
  const refusedAt = new Map<string, number>();

  const isDue = (run: DemandRun, now: number): boolean =>
    now - (refusedAt.get(run.id) ?? -Infinity) >= REFUSED_MS &&
    (letGo.has(run.id) ||
      now - (run.lastBatchAt ?? run.startedAt).getTime() >= (run.batches === 0 ? BEGUN_MS : ALONE_MS));

  return async (app, ulb) => {
    if (isBusy) return;
    isBusy = true;
    try {
      const who = { ulb, actor: systemActor("demand-runs") };
      const now = app.clock().getTime();
      const due = (await inSnapshot(app, who, openRuns)).filter((run) => isDue(run, now));
      let failure: Error | undefined;
      let hasGrown = false;
      for (const run of due) {
        letGo.delete(run.id);
        try {
          const after = await continueRun(app, who, run.id, { atMostMs: TURN_MS });
          if (after.finishedAt === null) letGo.add(run.id);
          if (after.finishedAt !== null || run.batches === 0) hasGrown = true;
        } catch (error) {
          // Somebody else has taken it up or ended it.
          if (error instanceof Refusal && (error.code === "RUN_AT_WORK" || error.code === "RUN_ENDED")) continue;
          refusedAt.set(run.id, app.clock().getTime());
          failure ??= new Error(`demand run ${run.id} stopped at ${run.done} of ${run.consumers}`, { cause: error });
        }
      }
      // The database plans by what it believes the register to hold: a statement begun on old beliefs about a new city runs for hours.
      if (hasGrown) await refreshStatistics(app.db.address);
      if (failure) throw failure;
    } finally {
      isBusy = false;
    }
  };
}
