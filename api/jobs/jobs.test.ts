import { expect, test } from "vitest";
import { enqueueAll } from "../../ledger/kernel/outbox.ts";
import { prepareRoles, withConnection } from "../../ledger/kernel/database.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { startJobs, type Handler } from "./jobs.ts";

const app = await testApp();
await prepareRoles(app.db.address); // the queue's own schema
const redisUrl = process.env["NAGARKOSH_TEST_REDIS_URL"];
const log = { info: () => undefined, error: () => undefined };

for (const backend of redisUrl ? ["PostgreSQL", "Redis"] : ["PostgreSQL"]) {
  test(`what was said in a committed transaction is done, in batches; what rolled back is not (${backend})`, async () => {
    const { tx, ulb } = await testUlb(app);
    const done: string[] = [];
    let calls = 0;
    const handler: Handler = async (_app, _ulb, rows) => {
      await Promise.resolve();
      calls += 1;
      if (rows.some((r) => r.payload === "bad")) throw new Error("refused");
      done.push(...rows.map((r) => JSON.stringify(r.payload)));
    };
    const jobs = await startJobs({
      app,
      address: app.db.address,
      redisUrl: backend === "Redis" ? redisUrl : undefined,
      handlers: { [`test-${ulb.id}`]: handler },
      duties: [],
      log,
    });
    const items = Array.from({ length: 250 }, (_, i) => ({
      payload: i === 17 ? "bad" : `item ${i}`,
      dedupeKey: `k${i}`,
    }));
    await tx("cashier", (t) => enqueueAll(t, `test-${ulb.id}`, items));
    await tx("cashier", (t) => enqueueAll(t, `test-${ulb.id}`, items)); // said twice
    await expect(
      tx("cashier", async (t) => {
        await enqueueAll(t, `test-${ulb.id}`, [{ payload: "never" }]);
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    await jobs.drain();
    await jobs.close();
    expect(new Set(done).size).toBe(249);
    expect(done).not.toContain('"never"');
    expect(calls).toBeLessThan(120);
    const left = await tx("admin", (t) =>
      t.query<{ attempts: number; last_error: string }>(
        "select attempts, last_error from kernel.outbox where ulb_id = :ulb and done_at is null",
        {
          ulb: t.ulb.id,
        },
      ),
    );
    expect(left).toEqual([{ attempts: 1, last_error: "Error: refused" }]);
  });
}

test("a wiped queue loses no work: the sweeper rings again", async () => {
  const { tx, ulb } = await testUlb(app);
  const topic = `wiped-${ulb.id}`;
  await tx("cashier", (t) => enqueueAll(t, topic, [{ payload: "a" }, { payload: "b" }]));
  // Their bells were rung by a process that died, long enough ago, and the queue's tables are gone.
  await app.db.batch.query("update kernel.outbox set rung_at = now() - interval '5 minutes' where ulb_id = $1", [
    ulb.id,
  ]);
  await withConnection(app.db.address, "admin", (c) =>
    c.query("drop schema bullmq cascade; create schema bullmq authorization nagarkosh_jobs"),
  );
  const done: unknown[] = [];
  const jobs = await startJobs({
    app,
    address: app.db.address,
    redisUrl: undefined,
    handlers: {
      [topic]: async (_a, _u, rows) => void (await Promise.resolve(done.push(...rows.map((r) => r.payload)))),
    },
    duties: [],
    log,
  });
  await jobs.drain();
  await jobs.close();
  expect(done.sort()).toEqual(["a", "b"]);
});

test("a duty that knows where there is anything to do goes there, and nowhere else", async () => {
  const [here, there] = [await testUlb(app), await testUlb(app)];
  const seen: number[] = [];
  let asked = 0;
  const jobs = await startJobs({
    app,
    address: app.db.address,
    redisUrl: undefined,
    handlers: {},
    duties: [
      {
        name: "among-test",
        when: { everyMs: 50 },
        among: () => {
          asked += 1;
          return Promise.resolve(asked === 1 ? new Set() : new Set([there.ulb.id]));
        },
        run: (_app, ulb) => Promise.resolve(void seen.push(ulb.id)),
      },
    ],
    log,
  });
  await expect.poll(() => asked, { timeout: 15_000 }).toBeGreaterThan(2);
  await jobs.close();
  expect(new Set(seen)).toEqual(new Set([there.ulb.id]));
  expect(seen).not.toContain(here.ulb.id);
});
