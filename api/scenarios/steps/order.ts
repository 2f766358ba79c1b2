import type { StepKinds } from "../step.ts";
import { fieldsOf, isFields, listOf, numberOf, substitute, variable, type Value } from "../values.ts";

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
      const inner = isFields(value) ? fieldsOf(value, where, ["times", "steps", "at_once", "whole"]) : fields;
      const asked = numberOf(isFields(value) ? inner["times"] : value, `${where}: times`);
      const { mostRounds } = stage.world;
      const times = mostRounds === undefined || inner["whole"] === true ? asked : Math.min(asked, mostRounds);
      stage.vars.set("rounds", times);
      const lanes =
        inner["at_once"] === undefined
          ? 1
          : inner["at_once"] === true
            ? times
            : numberOf(inner["at_once"], `${where}: at_once`);
      let next = 1;
      const lane = async (): Promise<void> => {
        for (let i = next++; i <= times; i = next++)
          await stage.perform(withRound(inner["steps"] ?? null, i), `${where} round ${i}`);
      };
      await Promise.all(Array.from({ length: Math.min(lanes, times) }, lane));
      return { times };
    },
  },
};

/** Each round has its own number, also where several go on at once. */
function withRound(value: Value, i: number): Value {
  return substitute(value, (name) => (name === "i" ? i : variable(name)));
}

/** All at once; the first that fails is told when all have ended. A list inside is done in its own order. */
async function barrier(value: Value, perform: (one: Value, i: number) => Promise<void>): Promise<unknown> {
  const ended = await Promise.allSettled(
    listOf(value).map((one, i) => perform(Array.isArray(one) ? { sequence: one as readonly Value[] } : one, i)),
  );
  for (const result of ended) if (result.status === "rejected") throw result.reason;
  return {};
}
