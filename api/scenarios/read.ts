import { parseDocument } from "yaml";
import { EXPECTATIONS } from "./expect.ts";
import { GIVEN } from "./given.ts";
import { readStep, type Step } from "./step.ts";
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
  readonly expect: Fields;
  /** What of the global check does not hold on purpose, each with the reason. */
  readonly except: Fields;
};

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
  const documents = protectedText.split(/^---\s*$/m).filter((part) => part.replace(/^\s*#.*$/gm, "").trim() !== "");
  return documents.flatMap((part) =>
    orTold(() => {
      const document = parseDocument(part, { prettyErrors: true });
      const [error] = document.errors;
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
  const expect = fields(value["expect"], `${where}: expect`);
  knownOnly(expect, `${where}: expect`, Object.keys(EXPECTATIONS));
  return {
    id,
    title: value["title"] === undefined ? "" : textOf(value["title"], `${where}: title`),
    file,
    given,
    steps: listOf(value["steps"]).map((step, i) => readStep(step, `${where}: step ${i + 1}`, STEPS)),
    expect,
    except: fields(value["global_except"], `${where}: global_except`),
  };
}

function fields(value: Value | undefined, where: string): Fields {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new ScenarioFault(`${where} must be fields`);
  return value;
}
