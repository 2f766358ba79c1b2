import { parseDocument, type ScalarTag } from "yaml";
import { expectationsOf } from "./expect.ts";
import { GIVEN } from "./given.ts";
import { COMPOSITE, readStep, type Step } from "./step.ts";
import { STEPS } from "./steps/index.ts";
import {
  isFields,
  knownOnly,
  listOf,
  protectVariables,
  ScenarioFault,
  textOf,
  type Fields,
  type Value,
} from "./values.ts";

export type Scenario = {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly given: Fields;
  readonly steps: readonly Step[];
  readonly expect: readonly Fields[];
  /** What of the global check does not hold on purpose, each with the reason. */
  readonly except: Fields;
};

/**
 * Numbers that mean what is written: 10000.00 is text, because with two decimals it is rupees and not ten thousand paise; and a number of a cheque or a
 * bank (000451, 12E5, one of twenty digits) keeps its digits.
 */
const NUMBERS: readonly ScalarTag[] = [
  {
    tag: "tag:yaml.org,2002:int",
    default: true,
    test: /^-?(?:0|[1-9]\d*)$/,
    resolve: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
  },
  {
    tag: "tag:yaml.org,2002:float",
    default: true,
    test: /^-?(?:0|[1-9]\d*)\.\d+$/,
    resolve: (text) => (/\.\d\d$/.test(text) ? text : Number(text)),
  },
];

/** By what a problem of the global check begins. */
const GLOBAL_CHECKS = ["I1", "I2", "I4", "I5", "I6", "I7", "I8", "I10", "inbox", "outbox"];
const TOP = ["id", "title", "priority", "tags", "note", "given", "steps", "expect", "global_except"];

/**
 * The scenarios of a file: one, a list, or several documents. Everything is checked before anything runs: every key of the top, of `given`,
 * of a step and of `expect` must be known. Raises ScenarioFault, which names the file, the place, and the word that is not known; with `onFault` that is told
 * for each scenario that cannot be read, and the others of the file are given.
 */
export function readScenarios(file: string, text: string, onFault?: (fault: ScenarioFault) => void): Scenario[] {
  const orTold = (read: () => Scenario[]): Scenario[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ScenarioFault) || onFault === undefined) throw error;
      onFault(error);
      return [];
    }
  };
  const protectedText = protectVariables(text);
  const documents = protectedText
    .split(/^---(?:[ \t]+#.*)?[ \t]*$/m)
    .filter((part) => part.replace(/^\s*#.*$/gm, "").trim() !== "");
  return documents.flatMap((part) =>
    orTold(() => {
      const document = parseDocument(part, {
        prettyErrors: true,
        customTags: (tags) => [
          ...tags.filter((t) => typeof t === "string" || !/:(?:int|float)$/.test(t.tag)),
          ...NUMBERS,
        ],
      });
      const [error] = [...document.errors, ...document.warnings];
      if (error) throw new ScenarioFault(`${file} is not YAML: ${error.message}`);
      const value = document.toJS() as Value;
      const all = isFields(value) && Array.isArray(value["scenarios"]) ? listOf(value["scenarios"]) : listOf(value);
      return all.flatMap((one) => orTold(() => [scenarioOf(file, one)]));
    }),
  );
}

function scenarioOf(file: string, value: Value): Scenario {
  if (!isFields(value)) throw new ScenarioFault(`${file} holds no scenario: fields ${TOP.join(", ")} are expected`);
  const id = value["id"] === undefined ? "" : textOf(value["id"], `${file}: id`);
  const where = `${file}${id === "" ? "" : ` ${id}`}`;
  knownOnly(value, where, TOP);
  if (id === "") throw new ScenarioFault(`${where}: a scenario needs an id`);
  const given = fields(value["given"], `${where}: given`);
  knownOnly(given, `${where}: given`, Object.keys(GIVEN));
  const expect = expectationsOf(value["expect"] ?? null, `${where}: expect`);
  return {
    id,
    title: value["title"] === undefined ? "" : textOf(value["title"], `${where}: title`),
    file,
    given,
    steps: stepsOf(value["steps"] ?? null, `${where}: step`),
    expect,
    except: exceptOf(value["global_except"], `${where}: global_except`),
  };
}

/** The steps, each with its keys known; those inside another (together, repeat, kill …) and what is expected in between as well. */
function stepsOf(value: Value, where: string): readonly Step[] {
  return listOf(value).map((one, i) => {
    const step = readStep(one, `${where} ${i + 1}`, STEPS);
    if (step.kind === "expect") expectationsOf(step.value, step.where);
    if (COMPOSITE.has(step.kind)) {
      const inner = isFields(step.value) ? (step.value["steps"] ?? step.value["during"]) : undefined;
      const beside = step.fields["steps"] ?? step.fields["during"];
      const steps = inner ?? beside ?? (["repeat", "kill"].includes(step.kind) ? null : step.value);
      for (const part of listOf(steps)) stepsOf(part, `${step.where} step`);
    }
    return step;
  });
}

/** "I6" of "I6 gateway clearing is what is not settled: …". */
export const firstWord = (text: string): string => text.split(/[ :]/)[0] ?? text;

function exceptOf(value: Value | undefined, where: string): Fields {
  const f = fields(value, where);
  knownOnly(Object.fromEntries(Object.entries(f).map(([name, why]) => [firstWord(name), why])), where, GLOBAL_CHECKS);
  return f;
}

function fields(value: Value | undefined, where: string): Fields {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new ScenarioFault(`${where} must be fields`);
  return value;
}
