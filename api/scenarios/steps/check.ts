import { EXPECTATIONS, expectationsOf } from "../expect.ts";
import { act, billOf, type Stage } from "../stage.ts";
import type { StepKinds } from "../step.ts";
import { durationMs, fieldsOf, isFields, listOf, numberOf, ScenarioFault, textOf, Unmet, plain } from "../values.ts";
import { Refusal } from "../../../ledger/kernel/errors.ts";

/** Looking in between, and steps that may be refused. */
export const checkSteps: StepKinds = {
  /** What must stand now: the same words as the scenario's own `expect`. */
  expect: {
    keys: [],
    run: async (stage, { value, where }) => {
      const parts = expectationsOf(value, where);
      if (parts.length === 0) throw new ScenarioFault(`${where}: expect says nothing`);
      const differ: string[] = [];
      for (const [name, expected] of parts.flatMap((part) => Object.entries(part)))
        differ.push(...((await EXPECTATIONS[name]?.(stage, expected)) ?? []));
      if (differ.length > 0) throw new Unmet(differ.join("; "));
      return {};
    },
  },
  /** Steps of which one may be refused; how many were done, refused or failed is counted as `attempts`. */
  try: {
    keys: [],
    run: async (stage, { value, where }) => {
      try {
        await stage.perform(value, where);
        count(stage, "done");
      } catch (error) {
        if (error instanceof ScenarioFault || error instanceof Unmet) throw error;
        const isRefused = isRefusal(error);
        count(stage, isRefused ? "refused" : "failed");
        if (!isRefused) stage.troubles.push(error instanceof Error ? error.message : plain(error));
      }
      return {};
    },
  },
  /** A short wait that the seed decides, so that what stands together begins in another order each time. */
  jitter: {
    keys: [],
    run: async (stage, { value, where }) => {
      await new Promise((resolve) => setTimeout(resolve, stage.random() * durationMs(textOf(value, where))));
      return {};
    },
  },
  /** Holds the row of a bill's consumer for a while, as a long posting does. */
  lock: {
    keys: [],
    run: async (stage, { value, where }) => {
      const f = fieldsOf(value, where, ["bill", "for"]);
      const bill = billOf(stage, f["bill"], where);
      const ms = durationMs(textOf(f["for"], where));
      await act(stage, "system", async (tx) => {
        await tx.query("select 1 from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid for update", {
          ulb: tx.ulb.id,
          id: bill.consumerId,
        });
        await new Promise((resolve) => setTimeout(resolve, ms));
      });
      return {};
    },
  },
  /** No address of the server has these words. */
  routes: {
    keys: [],
    run: async (stage, { value, where }) => {
      const none = listOf(isFields(value) ? value["none"] : value);
      const routes = stage.world.server.printRoutes({ commonPrefix: false });
      const found = none.filter((word) => new RegExp(textOf(word, where), "im").test(routes));
      if (found.length > 0) throw new Error(`the server has an address with ${found.map(plain).join(", ")}`);
      await Promise.resolve();
      return {};
    },
  },
};

function isRefusal(error: unknown): boolean {
  if (error instanceof Refusal) return error.status < 500;
  return error instanceof Error && (isRefusal(error.cause) || /answered 4\d\d/.test(error.message));
}

function count(stage: Stage, what: string): void {
  const kept = stage.vars.get("attempts");
  const before = isFields(kept) ? kept : { done: 0, refused: 0, failed: 0 };
  stage.vars.set("attempts", { ...before, [what]: numberOf(before[what], "attempts") + 1 });
}
