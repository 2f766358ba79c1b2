import { createUlb } from "../../ledger/index.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { drain } from "./drain.ts";
import { EXPECTATIONS, expectAnswer } from "./expect.ts";
import { FIRST_DAY, makeUlb } from "./fixture.ts";
import { prepare, simulatorOptions, startOf } from "./given.ts";
import { globalCheck } from "./global-check.ts";
import { letterOf } from "./letters.ts";
import { firstWord, type Scenario } from "./read.ts";
import { saveAll, type Answer, type Stage, type World } from "./stage.ts";
import { COMPOSITE, readStep, type Step } from "./step.ts";
import { STEPS } from "./steps/index.ts";
import {
  differences,
  isFields,
  listOf,
  ScenarioFault,
  substitute,
  Unmet,
  valueAt,
  type Difference,
  type Value,
  plain,
} from "./values.ts";
import { accountBalances, newestEntry } from "./view.ts";
import { openGateway } from "./world.ts";

export type Outcome = {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly ms: number;
  readonly problems: readonly string[];
};

/** The code of the ULB in every scenario, and of a neighbour where one is named: each scenario has its own behind these names. */
const DEMO = "demo.np";
const OTHER = "other.np";

/** Runs one scenario to its end and the global check. What differs is a list of sentences; a fault of the file is one of them. */
export async function runScenario(world: World, scenario: Scenario): Promise<Outcome> {
  const began = performance.now();
  const problems = await play(world, scenario).catch((error: unknown) => [tell(error)]);
  return {
    id: scenario.id,
    title: scenario.title,
    file: scenario.file,
    ms: Math.round(performance.now() - began),
    problems,
  };
}

async function play(world: World, scenario: Scenario): Promise<string[]> {
  world.clock.set(FIRST_DAY);
  const stage = await setStage(world, scenario);
  try {
    const problems: string[] = [];
    try {
      await stage.perform(
        scenario.steps.map((s) => s.fields),
        scenario.file === "" ? scenario.id : `${scenario.id}`,
      );
    } catch (error) {
      problems.push(tell(error));
    }
    if (problems.length === 0) {
      for (const [name, expected] of scenario.expect.flatMap((part) => Object.entries(part))) {
        const expectation = EXPECTATIONS[name];
        try {
          if (expectation)
            problems.push(
              ...(await expectation(
                stage,
                substitute(expected, (v) => lookUp(stage, v)),
              )),
            );
        } catch (error) {
          problems.push(`expect.${name}: ${tell(error)}`);
        }
      }
    }
    await drain(stage, "all");
    const excused = Object.keys(scenario.except).map(firstWord);
    problems.push(
      ...(await globalCheck(stage)).filter((p) => !excused.includes(firstWord(p))).map((p) => `global check: ${p}`),
    );
    if (problems.length > 0 && stage.troubles.length > 0)
      problems.push(`in the background: ${[...new Set(stage.troubles)].join("; ")}`);
    return problems;
  } finally {
    for (const close of stage.closing.reverse()) await close();
  }
}

async function setStage(world: World, scenario: Scenario): Promise<Stage> {
  const code = `s-${newId().slice(-12)}`;
  const ulb = await makeUlb(world.app, code);
  const { simulator, gateway } = await openGateway(world, simulatorOptions(scenario.given));
  world.app.gateway = gateway;
  const map = await mapOf(world, ulb.id);
  const stage: Stage = {
    world,
    id: scenario.id,
    ulb,
    simulator,
    bills: new Map(),
    vars: new Map<string, Value>([["ulb", code]]),
    letterOf: letterOf(map),
    baseline: new Map(),
    baselineEntry: 0n,
    tokens: new Map(),
    phone: [],
    troubles: [],
    settings: new Map(),
    answer: undefined,
    perform: (steps, where) => perform(stage, steps, where),
    random: shares(scenario.id),
    another: async (at) => {
      const before = world.app.gateway;
      world.clock.set(FIRST_DAY);
      const other = await setStage(world, { ...scenario, given: { ...scenario.given, clock: at.toISOString() } });
      return Object.assign(other, {
        leave: async () => {
          for (const close of other.closing.reverse()) await close();
          stage.troubles.push(...other.troubles);
          world.app.gateway = before;
          world.onStage(stage);
        },
      });
    },
    closing: [
      async () => {
        gateway.close();
        await simulator.close();
      },
    ],
  };
  world.onStage(stage);
  await prepare(stage, scenario.given);
  world.clock.set(startOf(scenario.given));
  stage.baseline = await accountBalances(stage);
  stage.baselineEntry = await newestEntry(stage);
  return stage;
}

async function mapOf(world: World, ulbId: number): Promise<ReadonlyMap<string, string>> {
  const { rows: found } = await world.app.db.batch.query<{ key: string; account: string }>(
    "select key, account from ledger.posting_map where ulb_id = $1",
    [ulbId],
  );
  return new Map(found.map((r) => [r.key, r.account]));
}

async function perform(stage: Stage, steps: Value | undefined, where: string): Promise<void> {
  let n = 0;
  for (const raw of listOf(steps)) {
    n += 1;
    const step = readStep(raw, `${where} step ${n}`, STEPS);
    await performOne(stage, COMPOSITE.has(step.kind) ? step : await filled(stage, step));
  }
}

/** The same shares for the same scenario, whenever it runs. */
function shares(id: string): () => number {
  let state = [...id].reduce((h, c) => (h * 31 + c.charCodeAt(0)) >>> 0, 7);
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function filled(stage: Stage, step: Step): Promise<Step> {
  const fields = substitute(step.fields, (name) => lookUp(stage, name));
  const named = JSON.stringify(fields);
  if (named.includes(OTHER) && !stage.vars.has("other_ulb")) await makeNeighbour(stage);
  const text = named.replaceAll(DEMO, stage.ulb.code).replaceAll(OTHER, plain(stage.vars.get("other_ulb") ?? OTHER));
  const ready = JSON.parse(text) as { [key: string]: Value };
  return { ...step, fields: ready, value: ready[step.kind] ?? null };
}

async function makeNeighbour(stage: Stage): Promise<void> {
  const code = `o-${newId().slice(-12)}`;
  await createUlb(stage.world.app, {
    code,
    name: "Other Nagar Palika",
    state: "Demo Pradesh",
    startsOn: localDate("2026-04-01"),
  });
  stage.vars.set("other_ulb", code);
}

async function performOne(stage: Stage, step: Step): Promise<void> {
  const kind = STEPS[step.kind];
  if (!kind) throw new ScenarioFault(`${step.where}: unknown`);
  const wantedError = step.fields["expect_error"];
  let found: unknown;
  try {
    found = await kind.run(stage, step);
  } catch (error) {
    if (wantedError === undefined || !(error instanceof Refusal))
      throw error instanceof ScenarioFault
        ? error
        : error instanceof Unmet
          ? new Unmet(step.kind === "expect" ? `${step.where}: ${error.message}` : error.message)
          : new Error(`${step.where}: ${tell(error)}`, { cause: error });
    fail(step, differences("error", refusalOf(wantedError), `${error.code}: ${error.message}`));
    return;
  }
  if (isAnswer(found)) stage.answer = found;
  if (wantedError !== undefined) {
    fail(
      step,
      isAnswer(found) && found.status >= 400
        ? differences("error", refusalOf(wantedError), found.text)
        : [`expected to be refused (${plain(wantedError)}), was done`],
    );
    return;
  }
  const { status } = step.fields;
  if (status !== undefined) fail(step, differences("status", status, valueAt(found, "$.status")));
  if (step.kind === "expect") return;
  if (step.fields["expect"] !== undefined) {
    const expected = substitute(step.fields["expect"], (name) => lookUp(stage, name));
    fail(step, isAnswer(found) ? expectAnswer("answer", expected, found) : differences("answer", expected, found));
  } else if (status === undefined && isAnswer(found) && found.status >= 400) {
    throw new Error(
      `${step.where}: answered ${found.status}: ${found.text.slice(0, 400)} (say status: ${found.status} where that is expected)`,
    );
  }
  saveAll(
    stage,
    // A name alone is the beginning of several names there.
    step.kind === "pay" && typeof step.fields["save"] === "string" ? undefined : step.fields["save"],
    step.kind !== "pay" && isAnswer(found) ? found.body : found,
    step.where,
    (root, path) =>
      isAnswer(found) && /^\$(status|headers|text)/.test(path) ? valueAt(found, path.slice(1)) : valueAt(root, path),
  );
}

function fail(step: Step, differ: readonly Difference[]): void {
  if (differ.length > 0) throw new Unmet(`${step.where}: ${differ.join("; ")}`);
}

/** Text that the refusal must contain, `true` for any refusal, or a comparison. */
function refusalOf(wanted: Value): Value {
  return typeof wanted === "string" ? { contains: wanted } : wanted === true ? { exists: true } : wanted;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && "status" in value && "body" in value && "text" in value;
}

/** A saved value by its name, or deeper in it: ${answer.items[0].id}. */
function lookUp(stage: Stage, name: string): Value {
  const [head = "", ...rest] = name.split(/(?=[.[])/);
  const value =
    stage.vars.get(name) ??
    (stage.vars.has(head) ? (valueAt(stage.vars.get(head), rest.join("")) as Value | undefined) : undefined);
  if (value === undefined)
    throw new ScenarioFault(`nothing was saved as "${name}"; there are ${[...stage.vars.keys()].join(", ")}`);
  return value;
}

function tell(error: unknown): string {
  if (error instanceof Refusal) return `${error.code}: ${error.message}`;
  if (error instanceof Error) return isFields(error) && error.message === "" ? JSON.stringify(error) : error.message;
  return plain(error);
}
