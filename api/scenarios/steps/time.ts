import { processInbox } from "../../../collections/index.ts";
import { getUlb } from "../../../ledger/index.ts";
import { dateInIndia } from "../../../ledger/kernel/dates.ts";
import { moveTo } from "../clock.ts";
import { drain, drainPartsOf } from "../drain.ts";
import type { StepKinds } from "../step.ts";
import { durationMs, isFields, listOf, optionalText, ScenarioFault, textOf, type Value } from "../values.ts";

/** Time passes, and what is due is done. */
export const timeSteps: StepKinds = {
  advance: {
    keys: ["to"],
    run: async (stage, { value, fields, where }) => {
      const to = optionalText(fields["to"] ?? (isFields(value) ? value["to"] : undefined), where);
      const now = stage.world.clock.now();
      const at = to === undefined ? new Date(now.getTime() + durationMs(textOf(value, where))) : momentOf(to, where);
      if (at < now) throw new ScenarioFault(`${where}: time does not go back, it is ${now.toISOString()}`);
      await moveTo(stage, at);
      return { now: at.toISOString(), today: dateInIndia(at) };
    },
  },
  clock: {
    keys: [],
    run: async (stage, { value, where }) => {
      const at = momentOf(textOf(value, where), where);
      const now = stage.world.clock.now();
      if (at < now) throw new ScenarioFault(`${where}: time does not go back, it is ${now.toISOString()}`);
      await moveTo(stage, at);
      return { now: stage.world.clock.now().toISOString() };
    },
  },
  drain: {
    keys: [],
    run: async (stage, { value }) => {
      await drain(stage, drainPartsOf(wordsOf(value)));
      return { troubles: stage.troubles };
    },
  },
  /** The inbox of another ULB. */
  drain_ulb: {
    keys: [],
    run: async (stage, { value, where }) =>
      processInbox(stage.world.app, await getUlb(stage.world.app, textOf(value, where))),
  },
  wait: {
    keys: [],
    run: async (_stage, { value, where }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.min(durationMs(textOf(value, where)), 10_000)));
      return {};
    },
  },
};

function wordsOf(value: Value): string[] {
  return listOf(value).flatMap((v) =>
    v === true
      ? ["all"]
      : textOf(v, "drain")
          .split(/[,\s]+/)
          .filter((w) => w !== ""),
  );
}

/** A moment: with a zone, or India's time. */
export function momentOf(text: string, where: string): Date {
  const at = new Date(
    /[zZ]|[+-]\d\d:?\d\d$/.test(text)
      ? text
      : `${text.length === 10 ? `${text}T10:00:00` : text.replace(" ", "T")}+05:30`,
  );
  if (Number.isNaN(at.getTime())) throw new ScenarioFault(`${where}: "${text}" is not a moment`);
  return at;
}
