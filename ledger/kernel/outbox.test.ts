import { expect, test } from "vitest";
import {
  claimOutbox,
  completeOutbox,
  enqueue,
  enqueueAll,
  openOutboxRows,
  postponeOutbox,
  type OutboxRow,
} from "./outbox.ts";
import { testApp, testTenant } from "./testing.ts";
import { inTransaction, type App } from "./tx.ts";

const start = new Date("2026-05-10T06:00:00Z");
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const payloads = (rows: readonly OutboxRow[]): unknown[] => rows.map((r) => r.payload);
// Relays look at all ULBs: each test has a database of its own.
const fresh = async (): Promise<App> => testApp({ clock: () => start });

test("work is in the outbox when the fact commits, and not when it does not", async () => {
  const app = await fresh();
  const who = testTenant();
  await inTransaction(app, who, (tx) => enqueue(tx, "sms", { to: "1" }));
  await inTransaction(app, who, async (tx) => {
    await enqueue(tx, "sms", { to: "2" });
    throw new Error("the receipt failed");
  }).catch(() => undefined);
  const rows = await claimOutbox(app.db, start, 10);
  expect(rows).toEqual([{ ulbId: who.ulb.id, id: rows[0]?.id, topic: "sms", payload: { to: "1" }, attempts: 0 }]);
});

test("two relays never get the same row", async () => {
  const app = await fresh();
  const who = testTenant();
  await inTransaction(app, who, (tx) =>
    enqueueAll(
      tx,
      "sms",
      Array.from({ length: 200 }, (_, i) => ({ payload: i })),
    ),
  );
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimOutbox(app.db, start, 30)));
  const all = claims.flat().map((r) => r.payload as number);
  expect(new Set(all).size).toBe(all.length);
  expect([...all, ...payloads(await claimOutbox(app.db, start, 500))].sort((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  );
  expect(await claimOutbox(app.db, start, 10)).toEqual([]);
});

test("the sweeper rings again for a row that stays open, and never for one that is done", async () => {
  const app = await fresh();
  const who = testTenant();
  await inTransaction(app, who, (tx) => enqueueAll(tx, "pdf", [{ payload: "kept" }, { payload: "done" }]));
  const [kept, done] = await claimOutbox(app.db, start, 10, 60);
  expect(await claimOutbox(app.db, after(59), 10, 60)).toEqual([]);
  await completeOutbox(app.db, after(5), who.ulb.id, [done?.id ?? 0n]);
  expect(payloads(await claimOutbox(app.db, after(61), 10, 60))).toEqual(["kept"]);
  expect(payloads(await openOutboxRows(app.db, who.ulb.id, [kept?.id ?? 0n, done?.id ?? 0n]))).toEqual(["kept"]);
});

test("the same key is said once for ever, in one set and in the next, also when it is done; another ULB says its own", async () => {
  const app = await fresh();
  const [one, two] = [testTenant(), testTenant()];
  await inTransaction(app, one, (tx) =>
    enqueueAll(tx, "sms", [
      { payload: 1, dedupeKey: "receipt-1" },
      { payload: 2, dedupeKey: "receipt-1" },
    ]),
  );
  const [row] = await claimOutbox(app.db, start, 10);
  await completeOutbox(app.db, start, one.ulb.id, [row?.id ?? 0n]);
  await inTransaction(app, one, (tx) => enqueue(tx, "sms", 3, { dedupeKey: "receipt-1" }));
  await inTransaction(app, two, (tx) => enqueue(tx, "sms", 4, { dedupeKey: "receipt-1" }));
  await inTransaction(app, two, (tx) => enqueue(tx, "sms", 5));
  await inTransaction(app, two, (tx) => enqueue(tx, "sms", 6));
  expect([row?.payload, ...payloads(await claimOutbox(app.db, after(600), 10))]).toEqual([1, 4, 5, 6]);
});

test("work for later is not due before its time", async () => {
  const app = await fresh();
  await inTransaction(app, testTenant(), (tx) => enqueue(tx, "reminder", "later", { availableAt: after(3600) }));
  expect(await claimOutbox(app.db, after(3599), 10)).toEqual([]);
  expect(payloads(await claimOutbox(app.db, after(3600), 10))).toEqual(["later"]);
});

test("what failed is tried again after 30 s, doubling to six hours, with its error on record", async () => {
  const app = await fresh();
  const who = testTenant();
  await inTransaction(app, who, (tx) => enqueue(tx, "sms", "flaky"));
  let now = start;
  const waits: number[] = [];
  for (let i = 0; i < 14; i++) {
    const [row] = await claimOutbox(app.db, now, 10);
    expect(row?.attempts).toBe(i);
    await postponeOutbox(app.db, now, who.ulb.id, row?.id ?? 0n, `attempt ${i}: ${"x".repeat(1000)}`);
    const { rows } = await app.db.batch.query<{ available_at: Date; last_error: string }>(
      "select available_at, last_error from kernel.outbox",
    );
    expect(rows[0]?.last_error).toHaveLength(500);
    const due = rows[0]?.available_at ?? now;
    waits.push((due.getTime() - now.getTime()) / 1000);
    expect(await claimOutbox(app.db, new Date(due.getTime() - 1000), 10)).toEqual([]);
    now = due;
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600, 21600, 21600]);
});

test("nothing to say is said without a statement, and money in a payload is text", async () => {
  const app = await fresh();
  const who = testTenant();
  await inTransaction(app, who, (tx) => enqueueAll(tx, "sms", []));
  await inTransaction(app, who, (tx) => enqueue(tx, "sms", { amount: "90071992547409.93", name: "नगर ' \" \\" }));
  expect(payloads(await claimOutbox(app.db, start, 10))).toEqual([
    { amount: "90071992547409.93", name: "नगर ' \" \\" },
  ]);
});
