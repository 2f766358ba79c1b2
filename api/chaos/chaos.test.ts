import { expect, test } from "vitest";
import { runChaos } from "./chaos.ts";

test("payments taken while the web server, the worker and PostgreSQL are killed and the gateway misbehaves end in the books of a calm day", async () => {
  const result = await runChaos({
    payments: 40,
    faults: 0.2,
    kills: 1,
    seed: 20260715,
    stormMs: 120_000,
    drainMs: 90_000,
    say: () => undefined,
  });
  expect(result.wrong).toEqual([]);
  expect(result).toMatchObject({ payments: 40, kills: { web: 1, worker: 1, postgres: 1 } });
}, 240_000);
