import type { LocalDate } from "../ledger/kernel/dates.ts";
import { inTransaction, type App, type Who } from "../ledger/kernel/tx.ts";
import { billOrRefusal, billsFor, type Bill } from "./bills.ts";

type Waiting = {
  readonly consumerId: string;
  readonly resolve: (bill: Bill) => void;
  readonly reject: (error: unknown) => void;
};
type Lane = { queue: Waiting[]; running: number };

const BATCH = 64;
// With this many waiting a second transaction is prepared while the first commits; below it two small ones would only pay the fixed cost twice.
const SECOND_FROM = 8;

/**
 * Issues the bills of many who ask one by one. The number of a bill stays locked until its transaction commits, so that one transaction a bill is
 * one commit of the disk after another; what gathers for one (ULB, actor, day) meanwhile goes into the next transaction. No timer: an idle
 * lane works at once. One who is refused is refused alone.
 */
export type BillLanes = {
  /** As `billFor`, in a transaction of the lane's. Raises what `billFor` raises. */
  billFor(who: Who, consumerId: string, asOf: LocalDate): Promise<Bill>;
};

export function createBillLanes(app: App): BillLanes {
  const lanes = new Map<string, Lane>();

  async function issue(who: Who, batch: readonly Waiting[], asOf: LocalDate): Promise<void> {
    const ids = [...new Set(batch.map((w) => w.consumerId))];
    try {
      const asked = await inTransaction(app, who, (tx) => billsFor(tx, ids, asOf), { byKey: true });
      const byId = new Map(asked.map((a) => [a.consumer.id, a]));
      for (const w of batch) {
        try {
          const own = byId.get(w.consumerId);
          if (!own) throw new Error(`invariant broken: ${w.consumerId} has an answer`);
          w.resolve(billOrRefusal(own, asOf));
        } catch (refusal) {
          w.reject(refusal);
        }
      }
    } catch (error) {
      // Nothing of the batch was written: each is tried alone and gets its own answer.
      if (batch.length > 1) for (const w of batch) await issue(who, [w], asOf);
      else for (const w of batch) w.reject(error);
    }
  }

  async function run(who: Who, lane: Lane, key: string, asOf: LocalDate): Promise<void> {
    lane.running += 1;
    while (lane.queue.length > 0 && (lane.running === 1 || lane.queue.length >= SECOND_FROM)) {
      await issue(who, lane.queue.splice(0, BATCH), asOf);
    }
    lane.running -= 1;
    if (lane.running === 0) lanes.delete(key);
  }

  return {
    billFor: (who, consumerId, asOf) =>
      new Promise((resolve, reject) => {
        const key = `${who.ulb.id} ${asOf} ${who.actor.id}`;
        const lane = lanes.get(key) ?? { queue: [], running: 0 };
        lanes.set(key, lane);
        lane.queue.push({ consumerId, resolve, reject });
        if (lane.running === 0 || (lane.running === 1 && lane.queue.length >= SECOND_FROM))
          void run(who, lane, key, asOf);
      }),
  };
}
