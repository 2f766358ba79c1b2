import { Value as Check } from "typebox/value";
import type { TSchema } from "typebox";
import { addDays, formatDate, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { uncovered, wrongCondition } from "./conditions.ts";
import { END_OF_TIME, inOrder, namesOf, placeholders, stretchesOf } from "./compile.ts";
import { figure, readExpression, type Named } from "./expression.ts";
import {
  isComputed,
  RuleFileForm,
  RULES,
  type ComputedRule,
  type Input,
  type Inputs,
  type Rule,
  type RuleFile,
  type SlabsRule,
  type When,
} from "./format.ts";
import { wrongInputs } from "./check-inputs.ts";

/** One thing wrong with a rule file, and where: "rules.unitTax 2". */
export type RuleProblem = { readonly where: string; readonly message: string };

type Say = (where: string, message: string) => void;

function formProblems(form: TSchema, value: unknown, where: string): RuleProblem[] {
  if (Check.Check(form, value)) return [];
  // A key too many is said twice, of the key and of what holds it: once is enough.
  return Check.Errors(form, value)
    .filter((e) => e.keyword !== "additionalProperties")
    .map((e) => ({
      where: `${where}${e.instancePath.replaceAll("/", ".")}`.replace(/^\./, "") || "file",
      message: e.keyword === "boolean" ? "is not known here" : e.message,
    }));
}

/** The form alone: what is wrong with it, or the file as its type. The rest of the checks needs a file of sound form. */
export function readForm(json: unknown): { file: RuleFile } | { problems: RuleProblem[] } {
  const problems = formProblems(RuleFileForm, json, "");
  const rules = (json as { rules?: unknown } | null)?.rules;
  for (const [i, rule] of (Array.isArray(rules) ? (rules as unknown[]) : []).entries()) {
    const said = (rule ?? {}) as { kind?: unknown; id?: unknown };
    const where = `rules.${typeof said.id === "string" ? said.id : String(i + 1)}`;
    const form = typeof said.kind === "string" && Object.hasOwn(RULES, said.kind) ? RULES[said.kind] : undefined;
    if (form) problems.push(...formProblems(form, rule, where));
    else problems.push({ where, message: `kind is one of ${Object.keys(RULES).join(", ")}` });
  }
  return problems.length > 0 ? { problems } : { file: json as RuleFile };
}

const isDay = (day: string): boolean => {
  try {
    return localDate(day) === day;
  } catch {
    return false;
  }
};
const whereOf = (rule: Rule): string => `rules.${rule.id} ${rule.version}`;

/** Everything that is wrong with the rules of a file of sound form; the examples are run by `readRules`. */
export function ruleProblems(file: RuleFile): RuleProblem[] {
  const problems = new Map<string, RuleProblem>();
  // A rule is looked at in every stretch in which it is in force; the same thing is said once.
  const say: Say = (where, message) => problems.set(`${where}|${message}`, { where, message });
  if (!wrongDates(file, say)) return [...problems.values()];
  wrongInputs(file, say);
  wrongVersions(file, say);
  for (const rule of file.rules) {
    wrongTexts(rule, say);
    wrongHeads(file, rule, say);
    if (rule.kind === "slabs") wrongSlabs(rule, say);
    if (isComputed(rule)) wrongArithmetic(rule, say);
  }
  const codes = file.heads.map((h) => h.code);
  for (const code of codes.filter((c, i) => codes.indexOf(c) !== i)) say(`heads.${code}`, "stands there twice");
  for (const code of new Set(codes)) {
    if (!file.rules.some((r) => headsOf(file, r).includes(code))) say(`heads.${code}`, "no rule gives this head");
  }
  if (file.roundOff && !figure(file.roundOff.to).gt(0)) say("roundOff", "rounds to a step of more than 0");
  for (const stretch of stretchesOf(file)) wrongStretch(file, stretch, say);
  return [...problems.values()];
}

/** False when there are dates that do not exist: nothing that reckons with dates can be looked at then. */
function wrongDates(file: RuleFile, say: Say): boolean {
  const before = { found: false };
  const day = (where: string, from: string, to: string | undefined): void => {
    for (const d of [from, to ?? from]) {
      if (isDay(d)) continue;
      before.found = true;
      say(where, `"${d}" is not a date`);
    }
    if (to !== undefined && to < from) {
      before.found = true;
      say(where, `ends on ${to}, before it begins on ${from}`);
    }
  };
  day("file", file.validFrom, file.validTo);
  for (const rule of file.rules) {
    day(whereOf(rule), rule.validFrom, rule.validTo);
    for (const monthDay of ["onDay" in rule ? rule.onDay : undefined, "untilDay" in rule ? rule.untilDay : undefined]) {
      // Looked at in a leap year, so that 29 February passes.
      if (monthDay !== undefined && !isDay(`2024-${monthDay}`)) {
        before.found = true;
        say(whereOf(rule), `"${monthDay}" is not a day of a year`);
      }
    }
  }
  for (const e of file.examples) {
    day(`examples.${e.name}`, e.period.from, e.period.to);
    if (!isDay(e.asOf)) say(`examples.${e.name}`, `"${e.asOf}" is not a date`);
  }
  return !before.found;
}

function wrongVersions(file: RuleFile, say: Say): void {
  const byId = new Map<string, Rule[]>();
  for (const rule of file.rules) byId.set(rule.id, [...(byId.get(rule.id) ?? []), rule]);
  for (const [id, versions] of byId) {
    const sorted = [...versions].sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
    for (const [i, rule] of sorted.entries()) {
      const next = sorted[i + 1];
      if (versions.some((o) => o !== rule && o.version === rule.version && o.validFrom > rule.validFrom)) {
        say(`rules.${id}`, `has version ${rule.version} twice`);
      }
      if (!next) continue;
      const end = rule.validTo ?? END_OF_TIME;
      if (end >= next.validFrom) {
        say(
          `rules.${id}`,
          `versions ${rule.version} and ${next.version} overlap: one holds to ${rule.validTo ?? "the end"}, the other from ${next.validFrom}`,
        );
      } else if (addDays(localDate(end), 1) < next.validFrom) {
        say(
          `rules.${id}`,
          `no version holds between ${end} (version ${rule.version}) and ${next.validFrom} (version ${next.version})`,
        );
      }
      if (next.kind !== rule.kind || perOf(next) !== perOf(rule)) {
        say(`rules.${id}`, `versions ${rule.version} and ${next.version} are of different kinds`);
      }
    }
  }
}

const perOf = (rule: Rule): string | undefined => (isComputed(rule) ? rule.per : undefined);

const CLOCK_NAMES: Readonly<Record<string, readonly string[]>> = {
  due: [],
  rebate: ["percent", "base", "until", "result"],
  late: ["percent", "base", "due", "since", "asOf", "result"],
};

function wrongTexts(rule: Rule, say: Say): void {
  const en = new Set(placeholders(rule.text.en));
  const hi = new Set(placeholders(rule.text.hi));
  for (const name of [...en].filter((n) => !hi.has(n))) say(whereOf(rule), `the Hindi text leaves out {${name}}`);
  for (const name of [...hi].filter((n) => !en.has(n))) say(whereOf(rule), `the English text leaves out {${name}}`);
  const allowed = CLOCK_NAMES[rule.kind];
  if (allowed) {
    for (const name of new Set([...en, ...hi])) {
      if (!allowed.includes(name)) say(whereOf(rule), `the text names {${name}}; it may name ${allowed.join(", ")}`);
    }
  } else if (!en.has("result")) say(whereOf(rule), "the text does not say {result}");
}

/** The heads that a rule may charge under. */
function headsOf(file: RuleFile, rule: Rule): string[] {
  if (rule.kind === "late") return [rule.head];
  if (!isComputed(rule)) return [];
  if (rule.headBy === undefined) return rule.head === undefined ? [] : [rule.head];
  const input = inputsFor(file, rule)(rule.headBy);
  return input?.type === "choice" ? Object.keys(input.values) : [];
}

function wrongHeads(file: RuleFile, rule: Rule, say: Say): void {
  const kinds = new Map(file.heads.map((h) => [h.code, h.kind]));
  for (const head of headsOf(file, rule)) if (!kinds.has(head)) say(whereOf(rule), `${head} is not among the heads`);
  if (rule.kind === "rebate" || rule.kind === "late") {
    const demanded = new Set(file.rules.filter(isComputed).flatMap((r) => headsOf(file, r)));
    for (const head of rule.on) if (!demanded.has(head)) say(whereOf(rule), `no rule computes ${head}, on which it is`);
  }
  if (rule.kind === "rebate" && (rule.days === undefined) === (rule.untilDay === undefined)) {
    say(whereOf(rule), "says either days or untilDay");
  }
  if (rule.kind === "due") {
    const isCounted = rule.after !== undefined && rule.days !== undefined;
    if (isCounted === (rule.onDay !== undefined)) say(whereOf(rule), "says either after and days, or onDay");
  }
  if (rule.kind === "late" && !["penalty", "interest", "fee"].includes(kinds.get(rule.head) ?? "penalty")) {
    say(whereOf(rule), `charges lateness under ${rule.head}, which is a ${kinds.get(rule.head)}`);
  }
  if (isComputed(rule) && rule.headBy !== undefined) {
    if (rule.head !== undefined) say(whereOf(rule), "says either head or headBy");
    if (inputsFor(file, rule)(rule.headBy)?.type !== "choice") {
      say(whereOf(rule), `headBy names ${rule.headBy}, which is not a choice`);
    }
  }
}

function wrongArithmetic(rule: ComputedRule, say: Say): void {
  const named: Named = { names: new Set(), lists: [], divides: false };
  const parts: [string, unknown][] = [
    ["amount", rule.kind === "value" ? rule.amount : rule.kind === "slabs" ? rule.of : "0"],
    ["minimum", rule.minimum ?? "0"],
    ["maximum", rule.maximum ?? "0"],
  ];
  for (const [what, e] of parts) {
    const wrong = readExpression(e, named);
    if (wrong) say(whereOf(rule), `${what}: ${wrong}`);
  }
  if (rule.round && !figure(rule.round.to).gt(0)) say(whereOf(rule), "rounds to a step of more than 0");
  const isCharged = rule.head !== undefined || rule.headBy !== undefined;
  if (isCharged && !rule.round) say(whereOf(rule), "charges under a head and does not say how it is rounded");
  else if (isCharged && rule.round && !figure(rule.round.to).times(100).isInteger()) {
    say(whereOf(rule), `rounds to ${rule.round.to}, which is finer than a paisa`);
  }
  if (named.divides && !rule.round) say(whereOf(rule), "divides and does not say how the result is rounded");
}

function wrongSlabs(rule: SlabsRule, say: Say): void {
  for (const [t, table] of rule.tables.entries()) {
    const where = `${whereOf(rule)}, table ${t + 1}`;
    const [first] = table.slabs;
    if (first && !figure(first.from).isZero()) say(where, `the first slab begins at ${first.from}, not at 0`);
    for (const [i, slab] of table.slabs.entries()) {
      const next = table.slabs[i + 1];
      if (figure(slab.rate).lt(0)) say(where, `slab ${i + 1} has the rate ${slab.rate}`);
      if (slab.to !== undefined && !figure(slab.to).gt(figure(slab.from))) {
        say(where, `slab ${i + 1} runs from ${slab.from} to ${slab.to}`);
      }
      if (!next) {
        if (slab.to !== undefined) say(where, `nothing is said above ${slab.to}; the last slab is open`);
      } else if (slab.to === undefined) {
        say(where, `slab ${i + 1} is open and not the last`);
      } else if (figure(slab.to).lt(figure(next.from))) {
        say(where, `gap: no slab from ${slab.to} to ${next.from}`);
      } else if (figure(slab.to).gt(figure(next.from))) {
        say(where, `slabs overlap from ${next.from} to ${slab.to}`);
      }
    }
    if (table.minimum !== undefined && table.maximum !== undefined && figure(table.minimum).gt(figure(table.maximum))) {
      say(where, `the minimum ${table.minimum} is more than the maximum ${table.maximum}`);
    }
  }
}

/** The inputs that a rule sees: its list's and the consumer's. */
function inputsFor(file: RuleFile, rule: Rule): (name: string) => Input | undefined {
  const own: Inputs = (perOf(rule) === undefined ? undefined : file.lists[perOf(rule) ?? ""]?.inputs) ?? {};
  return (name) => own[name] ?? file.inputs[name];
}

function wrongStretch(file: RuleFile, stretch: { from: LocalDate; to: LocalDate; rules: Rule[] }, say: Say): void {
  const { rules, from } = stretch;
  const computed = rules.filter(isComputed);
  const byId = new Map(computed.map((r) => [r.id, r]));
  const on = ` on ${formatDate(from)}`;
  const due = rules.filter((r) => r.kind === "due");
  if (due.length === 0) say("rules", `no rule says when a demand is due${on}`);
  for (const rule of rules) {
    const inputs = inputsFor(file, rule);
    const named = namesOf(rule);
    const per = perOf(rule);
    if (per !== undefined && !file.lists[per]) say(whereOf(rule), `${per} is not a list`);
    for (const name of named.names) {
      const other = byId.get(name);
      if (!isComputed(rule) && other) {
        say(whereOf(rule), `${name} is a rule; when it applies may depend on attributes only`);
        continue;
      }
      if (!inputs(name) && !other) {
        say(whereOf(rule), `${name} is neither an attribute nor a rule in force${on}`);
      } else if (other?.per !== undefined && other.per !== per) {
        say(
          whereOf(rule),
          `${name} is reckoned for each of ${other.per}; say whether its sum, mean, highest or lowest is meant`,
        );
      }
    }
    for (const { list, name } of named.lists) {
      if (!file.lists[list]) say(whereOf(rule), `${list} is not a list`);
      else if (name !== null && file.lists[list].inputs[name]?.type !== "number" && byId.get(name)?.per !== list) {
        say(whereOf(rule), `${name} is neither a number nor a rule of ${list} in force${on}`);
      }
    }
    wrongConditions(rule, inputs, byId, say);
  }
  const global = (name: string): Input | undefined => file.inputs[name];
  if (due.length > 0 && due.every((r) => Object.keys(r.when ?? {}).every((n) => global(n)))) {
    for (const found of uncovered(
      due.map((r) => r.when ?? {}),
      global,
      {},
      false,
    ))
      say("rules, when a demand is due", found);
  }
  const order = inOrder(rules);
  if ("circle" in order) say("rules", `${order.circle.join(" needs ")}: rules in a circle${on}`);
}

function wrongConditions(
  rule: Rule,
  inputs: (name: string) => Input | undefined,
  byId: ReadonlyMap<string, ComputedRule>,
  say: Say,
): void {
  const where = whereOf(rule);
  let isSound = true;
  const look = (at: string, when: When | undefined): void => {
    for (const [name, wanted] of Object.entries(when ?? {})) {
      const input = inputs(name);
      if (!input && !byId.has(name)) {
        isSound = false; // said with the other names
        continue;
      }
      const wrong = wrongCondition(wanted, input);
      if (!wrong) continue;
      isSound = false;
      say(where, `${at}: ${name} ${wrong}`);
    }
  };
  look("when", rule.when);
  if (rule.kind !== "due") look("unless", rule.unless);
  if (rule.kind !== "table" && rule.kind !== "slabs") return;
  const rows = rule.kind === "table" ? rule.rows.map((r) => r.when) : rule.tables.map((t) => t.when ?? {});
  for (const [i, row] of rows.entries()) look(`row ${i + 1}`, row);
  if (!isSound) return;
  const hasOtherwise = rule.kind === "table" && rule.otherwise !== undefined;
  for (const found of uncovered(rows, inputs, rule, hasOtherwise)) say(where, found);
}
