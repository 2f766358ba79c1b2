import { createPostgresBackend, Queue, runMigrations, Worker, type Job, type PostgresConnectionOptions } from "bullmq";
import { Redis } from "ioredis";
import { connectionConfig, withConnection, type DatabaseAddress } from "../../ledger/kernel/database.ts";

/** What a bell carries: which rows of which ULB's outbox, or the name of a scheduled duty. Never the work itself. */
export type Bell = { readonly ulbId: number; readonly ids: readonly string[] } | { readonly duty: string };

/** BullMQ on PostgreSQL (default) or Redis, behind the few calls we need. Its tables or Redis may be wiped without losing work. */
export type BellQueue = {
  ring(bells: readonly { readonly name: string; readonly bell: Bell; readonly id: string }[]): Promise<void>;
  /** Rings `duty` again and again: every so many milliseconds, or by a cron pattern in Indian time. Said twice it is one schedule. */
  schedule(duty: string, when: { readonly everyMs: number } | { readonly cron: string }): Promise<void>;
  /** Hears bells, at most `concurrency` at a time, until closed. */
  listen(concurrency: number, heard: (name: string, bell: Bell) => Promise<void>, failed: (error: Error) => void): void;
  close(): Promise<void>;
};

type Listener = { on(event: "error", listener: (error: Error) => void): unknown };

const NAME = "nagarkosh";

/** Opens the queue: on Redis if an address is given, on PostgreSQL otherwise (schema `bullmq`, owned by the role for jobs). */
export async function openBellQueue(address: DatabaseAddress, redisUrl: string | undefined): Promise<BellQueue> {
  const failures = new Set<(error: Error) => void>();
  const report = (error: Error): void => failures.forEach((f) => f(error));
  // The two backends give classes that differ in their type parameters alone; this is what we use of them.
  let queue: Pick<Queue, "addBulk" | "upsertJobScheduler" | "waitUntilReady" | "close"> & Listener;
  let makeWorker: (handler: (job: Job) => Promise<void>, concurrency: number) => Pick<Worker, "close"> & Listener;
  let closeConnection = async (): Promise<void> => {};
  // Finished bells are of no further use; failed ones are kept a while for people who look.
  const keep = { removeOnComplete: { count: 1000 }, removeOnFail: { age: 7 * 86_400 } };
  if (redisUrl) {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    redis.on("error", report);
    queue = new Queue(NAME, { connection: redis, defaultJobOptions: keep });
    makeWorker = (handler, concurrency) => new Worker(NAME, handler, { connection: redis, concurrency });
    closeConnection = async () => {
      await redis.quit();
    };
  } else {
    await withConnection(address, "jobs", (client) => runMigrations(client));
    const connection = {
      ...connectionConfig(address, "jobs"),
      max: 4,
      schema: "bullmq",
    } as unknown as PostgresConnectionOptions;
    queue = new Queue(NAME, { connection, defaultJobOptions: keep }, createPostgresBackend);
    makeWorker = (handler, concurrency) =>
      new Worker(NAME, handler, { connection, concurrency }, createPostgresBackend);
  }
  queue.on("error", report);
  await queue.waitUntilReady();
  const workers: Pick<Worker, "close">[] = [];
  return {
    ring: async (bells) => {
      if (bells.length > 0)
        await queue.addBulk(bells.map((b) => ({ name: b.name, data: b.bell, opts: { jobId: b.id } })));
    },
    schedule: async (duty, when) => {
      const every = "everyMs" in when ? { every: when.everyMs } : { pattern: when.cron, tz: "Asia/Kolkata" };
      await queue.upsertJobScheduler(duty, every, { name: duty, data: { duty } satisfies Bell });
    },
    listen: (concurrency, heard, failed) => {
      failures.add(failed);
      const worker = makeWorker((job) => heard(job.name, job.data as Bell), concurrency);
      worker.on("error", report);
      workers.push(worker);
    },
    close: async () => {
      await Promise.all(workers.map((w) => w.close()));
      await queue.close();
      await closeConnection();
    },
  };
}
