import type { DatabaseAddress } from "../../ledger/kernel/database.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import {
  claimOutbox,
  completeOutbox,
  openOutboxRows,
  postponeOutbox,
  type OutboxRow,
} from "../../ledger/kernel/outbox.ts";
import type { App, Ulb } from "../../ledger/kernel/tx.ts";
import { getUlbById, listUlbs } from "../../ledger/index.ts";
import { openBellQueue, type Bell } from "./queue.ts";

/** Does the work of a batch of outbox rows of one ULB and topic. At-least-once: doing it twice must do nothing more. */
export type Handler = (app: App, ulb: Ulb, rows: readonly OutboxRow[]) => Promise<void>;

/** Work that comes by the clock, once for every ULB. */
export type Duty = {
  readonly name: string;
  readonly when: { readonly everyMs: number } | { readonly cron: string };
  /** The ULBs in which there is anything to do, where one question finds them; all of them otherwise. */
  readonly among?: (app: App) => Promise<ReadonlySet<number>>;
  readonly run: (app: App, ulb: Ulb) => Promise<void>;
};

export type JobsLog = { info(message: string): void; error(message: string, error: unknown): void };

export type Jobs = {
  /** Rings for every open row now, and waits until none is left that is due. For the demo and tests. */
  drain(): Promise<void>;
  close(): Promise<void>;
};

const BATCH = 100;
const RELAY_MS = 250;

/**
 * Starts the relay (outbox -> queue) and a worker (queue -> handlers) in this process; several processes and machines may do the same.
 * The outbox is the truth: a row whose bell was lost is rung again after a minute, one that is done is not done again.
 */
export async function startJobs(options: {
  readonly app: App;
  readonly address: DatabaseAddress;
  readonly redisUrl: string | undefined;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly duties: readonly Duty[];
  readonly log: JobsLog;
  readonly concurrency?: number;
}): Promise<Jobs> {
  const { app, handlers, duties, log } = options;
  const queue = await openBellQueue(options.address, options.redisUrl);
  let closing = false;

  async function relay(againAfterSeconds = 60): Promise<number> {
    const rows = await claimOutbox(app.db, app.clock(), 500, againAfterSeconds);
    const groups = groupBy(rows, (r) => `${r.ulbId} ${r.topic}`);
    const bells: { name: string; bell: Bell; id: string }[] = [];
    for (const own of groups.values()) {
      for (let at = 0; at < own.length; at += BATCH) {
        const part = own.slice(at, at + BATCH);
        const first = part[0];
        if (!first) continue;
        const ids = part.map((r) => String(r.id));
        // A bell rung again is another job: the id names the moment too.
        bells.push({
          name: first.topic,
          bell: { ulbId: first.ulbId, ids },
          id: `o-${first.ulbId}-${ids[0]}-${app.clock().getTime()}`,
        });
      }
    }
    await queue.ring(bells);
    return rows.length;
  }

  async function work(ulbId: number, topic: string, rows: readonly OutboxRow[]): Promise<void> {
    const handler = handlers[topic];
    if (!handler) throw new Error(`nobody handles "${topic}"`);
    const ulb = await getUlbById(app, ulbId);
    try {
      await handler(app, ulb, rows);
      await completeOutbox(
        app.db,
        app.clock(),
        ulbId,
        rows.map((r) => r.id),
      );
    } catch (error) {
      if (rows.length > 1) {
        for (const row of rows) await work(ulbId, topic, [row]); // one bad row does not hold up its batch
        return;
      }
      for (const row of rows) await postponeOutbox(app.db, app.clock(), ulbId, row.id, String(error));
      log.error(`${topic} for ${ulb.code} failed; it is tried again later`, error);
    }
  }

  queue.listen(
    options.concurrency ?? 4,
    async (name, bell) => {
      if ("duty" in bell) {
        const duty = duties.find((d) => d.name === bell.duty);
        if (!duty) return; // a schedule left behind by an older version
        const among = await duty.among?.(app);
        if (among?.size === 0) return;
        for (const ulb of await listUlbs(app)) {
          if (closing) return;
          if (among && !among.has(ulb.id)) continue;
          try {
            await duty.run(app, ulb);
          } catch (error) {
            log.error(`${duty.name} for ${ulb.code} failed`, error);
          }
        }
        return;
      }
      const rows = await openOutboxRows(app.db, bell.ulbId, bell.ids.map(BigInt));
      if (rows.length > 0) await work(bell.ulbId, name, rows);
    },
    (error) => {
      if (!closing) log.error("the job queue reports an error", error);
    },
  );
  for (const duty of duties) await queue.schedule(duty.name, duty.when);

  let timer: NodeJS.Timeout | undefined;
  let pass: Promise<void> = Promise.resolve();
  const tick = (): void => {
    pass = (async () => {
      try {
        while (!closing && (await relay()) === 500);
      } catch (error) {
        if (!closing) log.error("the outbox relay failed; it tries again", error);
      }
      if (!closing) timer = setTimeout(tick, RELAY_MS);
    })();
  };
  tick();

  return {
    drain: async () => {
      for (;;) {
        const { rows } = await app.db.batch.query<{ n: bigint }>(
          "select count(*) as n from kernel.outbox where done_at is null and available_at <= $1",
          [app.clock()],
        );
        if ((rows[0]?.n ?? 0n) === 0n) return;
        await new Promise((r) => setTimeout(r, 50));
      }
    },
    close: async () => {
      closing = true;
      if (timer) clearTimeout(timer);
      await pass;
      await queue.close();
    },
  };
}
