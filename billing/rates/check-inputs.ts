import { readValue, wrongCondition } from "./conditions.ts";
import { figure } from "./expression.ts";
import type { Inputs, RuleFile } from "./format.ts";

/** Names that the engine itself fills into texts. */
const RESERVED = ["result", "base", "percent", "until", "due", "since", "asOf"];

/** What is wrong with the attributes and lists of a file, and with names that stand for two things. */
export function wrongInputs(file: RuleFile, say: (where: string, message: string) => void): void {
  const at = new Map<string, string>();
  const claim = (name: string, where: string): void => {
    const before = at.get(name);
    if (before !== undefined) say(where, `${name} is the name of ${before} already`);
    else if (RESERVED.includes(name)) say(where, `${name} is a word of the texts; choose another name`);
    else at.set(name, where);
  };
  for (const name of Object.keys(file.inputs)) claim(name, `inputs.${name}`);
  for (const [list, { inputs }] of Object.entries(file.lists)) {
    claim(list, `lists.${list}`);
    for (const name of Object.keys(inputs)) claim(name, `lists.${list}.${name}`);
  }
  for (const id of new Set(file.rules.map((r) => r.id))) claim(id, `rules.${id}`);
  inputProblems(file.inputs, {}, "inputs", say);
  for (const [list, { inputs, min, max }] of Object.entries(file.lists)) {
    if (min > max) say(`lists.${list}`, `at least ${min} and at most ${max} items`);
    inputProblems(inputs, file.inputs, `lists.${list}`, say);
  }
}

function inputProblems(inputs: Inputs, outer: Inputs, at: string, say: (where: string, message: string) => void): void {
  for (const [name, input] of Object.entries(inputs)) {
    const where = `${at}.${name}`;
    if (input.type === "choice" && Object.keys(input.values).length === 0) say(where, "allows no value");
    if (input.type === "number" && figure(input.min).gt(figure(input.max))) {
      say(where, `runs from ${input.min} to ${input.max}`);
    }
    if (input.default !== undefined) {
      const read = readValue(input.default, input);
      if ("wrong" in read) say(where, `default: ${read.wrong}`);
    }
    for (const [other, wanted] of Object.entries(input.neededWhen ?? {})) {
      const named = inputs[other] ?? outer[other];
      const wrong = named ? wrongCondition(wanted, named) : "is not an attribute";
      if (wrong) say(where, `neededWhen: ${other} ${wrong}`);
    }
  }
}
