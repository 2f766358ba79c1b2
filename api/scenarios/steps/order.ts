import type { StepKinds } from "../step.ts";
import { fieldsOf, listOf, numberOf, type Value } from "../values.ts";

/** Steps made of steps. */
export const orderSteps: StepKinds = {
  together: {
    keys: [],
    run: async (stage, { value, where }) => barrier(value, (one, i) => stage.perform([one], `${where} ${i + 1}`)),
  },
  barrier: {
    keys: [],
    run: async (stage, { value, where }) => barrier(value, (one, i) => stage.perform([one], `${where} ${i + 1}`)),
  },
  parallel: {
    keys: [],
    run: async (stage, { value, where }) => barrier(value, (one, i) => stage.perform([one], `${where} ${i + 1}`)),
  },
  sequence: {
    keys: [],
    run: async (stage, { value, where }) => {
      await stage.perform(value, where);
      return {};
    },
  },
  repeat: {
    keys: ["times", "steps"],
    run: async (stage, { value, fields, where }) => {
      const inner = typeof value === "number" ? fields : fieldsOf(value, where, ["times", "steps", "as"]);
      const times = numberOf(typeof value === "number" ? value : inner["times"], `${where}: times`);
      for (let i = 1; i <= times; i++) {
        stage.vars.set("i", i);
        await stage.perform(inner["steps"], `${where} round ${i}`);
      }
      return { times };
    },
  },
};

/** All at once; the first that fails is told when all have ended. A list inside is done in its own order. */
async function barrier(value: Value, perform: (one: Value, i: number) => Promise<void>): Promise<unknown> {
  const ended = await Promise.allSettled(
    listOf(value).map((one, i) => perform(Array.isArray(one) ? { sequence: one as readonly Value[] } : one, i)),
  );
  for (const result of ended) if (result.status === "rejected") throw result.reason;
  return {};
}
