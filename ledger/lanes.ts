import type { Database } from "./kernel/database.ts";
import type { Who } from "./kernel/tx.ts";
import {
  checkDraft,
  isPostingRace,
  POST_SQL,
  postValues,
  resultOf,
  sourceKey,
  type EntryDraft,
  type PostedEntry,
  type PostResult,
} from "./entries.ts";

type Waiting = {
  readonly draft: EntryDraft;
  readonly resolve: (entry: PostedEntry) => void;
  readonly reject: (error: unknown) => void;
};
type Lane = { queue: Waiting[]; running: number; woken: boolean };

/**
 * Posts single entries of many callers: each is a transaction's worth of durability, but what gathers for one (ULB, actor) while its
 * previous batch commits goes in one call. No timer: an idle lane sends at once. One bad draft fails alone.
 * A lane does not ask the budget: it carries receipts and what else spends nothing. Row locks queue badly; serialising here keeps 256 callers faster than 32 would be, one commit each (docs/decisions.md).
 */
export type Lanes = { post(who: Who, draft: EntryDraft): Promise<PostedEntry> };

const BATCH = 512;
// With this many waiting, a second call goes out while the first commits: the database queues it on the series row, and Node prepares and
// answers meanwhile. Below it, two small batches would only pay the fixed cost twice.
const SECOND_FROM = 96;

export function createLanes(db: Database): Lanes {
  const lanes = new Map<string, Lane>();

  async function send(who: Who, batch: readonly Waiting[], again = false): Promise<void> {
    try {
      const { rows } = await db.lanes.query<PostResult>({
        name: "ledger-post",
        text: POST_SQL,
        values: postValues(
          who.ulb.id,
          who.actor.id,
          batch.map((w) => w.draft),
        ),
      });
      const row = rows[0] as PostResult;
      batch.forEach((w, i) => {
        try {
          w.resolve(resultOf(w.draft, row, i));
        } catch (refusal) {
          w.reject(refusal);
        }
      });
    } catch (error) {
      // The whole call failed (a race on a unique rule, a deadlock, a lost connection): each is tried alone and gets its own answer.
      // A commit that did succeed is found again by its source.
      // A single one that lost a race is sent once more, and finds what won.
      if (batch.length > 1) for (const w of batch) await send(who, [w]);
      else if (!again && isPostingRace(error)) await send(who, batch, true);
      else for (const w of batch) w.reject(error);
    }
  }

  async function run(who: Who, lane: Lane): Promise<void> {
    lane.running += 1;
    try {
      while (lane.queue.length > 0 && (lane.running === 1 || lane.queue.length >= SECOND_FROM)) {
        // The same source twice in one call would break the unique rule: the second waits for the next call and finds the first.
        const size = Math.min(BATCH, Math.max(SECOND_FROM, Math.ceil(lane.queue.length / 2)));
        const batch: Waiting[] = [];
        const later: Waiting[] = [];
        const seen = new Set<string>();
        for (const w of lane.queue) {
          const key = sourceKey(w.draft);
          if (batch.length >= size || seen.has(key)) later.push(w);
          else {
            seen.add(key);
            batch.push(w);
          }
        }
        lane.queue = later;
        if (lane.running === 1 && later.length >= SECOND_FROM) void run(who, lane);
        await send(who, batch);
      }
    } finally {
      lane.running -= 1;
    }
  }

  return {
    post: (who, draft) =>
      new Promise((resolve, reject) => {
        checkDraft(draft);
        const key = `${who.ulb.id} ${who.actor.id}`;
        let lane = lanes.get(key);
        if (!lane) lanes.set(key, (lane = { queue: [], running: 0, woken: false }));
        const own = lane;
        own.queue.push({ draft, resolve, reject });
        if (own.running === 0 && !own.woken) {
          own.woken = true;
          setImmediate(() => {
            own.woken = false;
            void run(who, own);
          });
        }
      }),
  };
}
