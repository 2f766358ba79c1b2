import { expect, test } from "vitest";
import { createSimulator } from "../../collections/index.ts";
import { testClock } from "../../collections/testing.ts";
import { testApp } from "../../ledger/testing.ts";
import { keepSimulator, keptSimulatorState } from "./simulator-state.ts";

const clock = testClock("2026-07-01T05:00:00Z");
const app = await testApp({ clock });
const failed = (error: unknown): void => expect.fail(String(error));

test("the demo's gateway is there again after a restart: what it knew is kept while it runs and when it stops", async () => {
  expect(await keptSimulatorState(app)).toBeUndefined();
  const first = createSimulator({ clock, sendWebhook: () => Promise.resolve(500) });
  const keeper = keepSimulator(app, first, { failed, everyMs: 20 });
  const early = first.createOrder({ amount: 10_000, receipt: "early" });
  await keeper.start();
  const { payment } = first.payOrder(early.id, { method: "netbanking" });
  await expect.poll(async () => (await keptSimulatorState(app))?.includes(payment.id)).toBe(true);
  const late = first.createOrder({ amount: 20_000, receipt: "late" });
  await keeper.close();

  const kept = await keptSimulatorState(app);
  const second = createSimulator({ clock, sendWebhook: () => Promise.resolve(200), ...(kept && { snapshot: kept }) });
  expect([...second.orders.keys()]).toEqual([early.id, late.id]);
  expect(second.books()).toEqual(first.books());
  expect(await second.drainWebhooks()).toMatchObject({ waiting: 0, delivered: 3 });
});

test("what has not changed is not written again, and a keeper that never started writes nothing", async () => {
  const savedAt = async () =>
    (await app.db.batch.query<{ at: Date }>("select saved_at as at from api.simulator_state")).rows[0]?.at;
  const kept = await keptSimulatorState(app);
  const before = await savedAt();
  clock.set("2026-07-01T06:00:00Z");
  const same = createSimulator({ clock, sendWebhook: () => Promise.resolve(200), ...(kept && { snapshot: kept }) });
  expect(same.snapshot()).toBe(kept);
  const keeper = keepSimulator(app, same, { kept, failed });
  await keeper.start();
  await keeper.close();
  expect(await savedAt()).toEqual(before);

  // A second server that finds the port taken must not overwrite what the first one knows.
  const other = createSimulator({ clock, sendWebhook: () => Promise.resolve(200) });
  await keepSimulator(app, other, { kept, failed }).close();
  expect(await keptSimulatorState(app)).toBe(kept);
});
