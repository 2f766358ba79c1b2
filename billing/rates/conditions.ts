import { rate, type Rate } from "../../ledger/kernel/money.ts";
import { figure } from "./expression.ts";
import type { Band, Input, When } from "./format.ts";

/** What an attribute or a rule is worth: a choice, yes or no, or a number. */
export type Value = string | boolean | Rate;
type Wanted = When[string];

const isBand = (w: Wanted): w is Band => typeof w === "object" && !Array.isArray(w);

function matches(wanted: Wanted, value: Value | undefined): boolean {
  // What is not asked of this consumer (`neededWhen`) meets no condition.
  if (value === undefined) return false;
  if (typeof value === "string") return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
  if (typeof value === "boolean") return wanted === value;
  if (!isBand(wanted)) return false;
  return (
    (wanted.above === undefined || value.gt(figure(wanted.above))) &&
    (wanted.upTo === undefined || value.lte(figure(wanted.upTo)))
  );
}

/** Whether every condition holds; no condition always holds. */
export function holds(when: When | undefined, valueOf: (name: string) => Value | undefined): boolean {
  for (const name in when) {
    const wanted = when[name];
    if (wanted !== undefined && !matches(wanted, valueOf(name))) return false;
  }
  return true;
}

/** What is wrong with a condition on this input (undefined: on the figure of a rule), or null. */
export function wrongCondition(wanted: Wanted, input: Input | undefined): string | null {
  if (input?.type === "choice") {
    if (typeof wanted !== "string" && !Array.isArray(wanted)) return "takes one or several of its values";
    const strange = [wanted].flat().filter((v) => !Object.hasOwn(input.values, v));
    return strange.length === 0
      ? null
      : `${strange.map((v) => `"${v}"`).join(", ")} is not one of its values (${Object.keys(input.values).join(", ")})`;
  }
  if (input?.type === "yes-no") return typeof wanted === "boolean" ? null : "takes true or false";
  if (!isBand(wanted)) return 'takes a band, like {"above": "50", "upTo": "100"}';
  if (wanted.above === undefined && wanted.upTo === undefined) return "has a band without bounds";
  if (wanted.above !== undefined && wanted.upTo !== undefined && !figure(wanted.above).lt(figure(wanted.upTo))) {
    return `has a band from ${wanted.above} to ${wanted.upTo}, which holds nothing`;
  }
  return null;
}

const FAR = "999999999999999";
const MAX_CASES = 20_000;

/** Values that stand for all the values of a name: between two bounds of bands nothing changes. */
function samples(name: string, input: Input | undefined, rows: readonly When[]): Value[] {
  if (input?.type === "choice") return Object.keys(input.values);
  if (input?.type === "yes-no") return [true, false];
  const least = figure(input?.min ?? `-${FAR}`);
  const most = figure(input?.max ?? FAR);
  const bounds = rows.flatMap((row) => {
    const wanted = row[name];
    return wanted !== undefined && isBand(wanted) ? [wanted.above, wanted.upTo].flatMap((b) => b ?? []) : [];
  });
  const inside = [...new Set(bounds)].map(figure).filter((b) => b.gt(least) && b.lt(most));
  return [least, ...inside.sort((a, b) => a.comparedTo(b)), most];
}

/**
 * Looks at every case that the inputs allow and says which are met by no row (unless others are provided for) and which by several.
 * `only` and `never` are the conditions of the rule itself: cases outside them do not occur. At most three cases of each are named.
 */
export function uncovered(
  rows: readonly When[],
  inputOf: (name: string) => Input | undefined,
  rule: { readonly when?: When | undefined; readonly unless?: When | undefined },
  hasOtherwise: boolean,
): string[] {
  const all = [...rows, ...(rule.when ? [rule.when] : []), ...(rule.unless ? [rule.unless] : [])];
  const names = [...new Set(all.flatMap((r) => Object.keys(r)))].sort();
  const values = names.map((n) => samples(n, inputOf(n), all));
  const cases = values.reduce((n, v) => n * v.length, 1);
  if (cases > MAX_CASES)
    return [`has ${cases} cases to look at; more than ${MAX_CASES} is more than people can review`];
  const none: string[] = [];
  const several: string[] = [];
  for (let k = 0; k < cases; k++) {
    const at = new Map<string, Value>();
    let rest = k;
    for (const [i, name] of names.entries()) {
      const domain = values[i] ?? [];
      const value = domain[rest % domain.length];
      if (value !== undefined) at.set(name, value);
      rest = Math.floor(rest / domain.length);
    }
    const valueOf = (name: string): Value | undefined => at.get(name);
    if (!holds(rule.when, valueOf) || (rule.unless && holds(rule.unless, valueOf))) continue;
    const met = rows.flatMap((row, i) => (holds(row, valueOf) ? [i + 1] : []));
    const said = [...at].map(([n, v]) => `${n} ${typeof v === "object" ? v.toString() : String(v)}`).join(", ");
    if (met.length === 0 && !hasOtherwise) none.push(said);
    if (met.length > 1) several.push(`${said || "any case"} (rows ${met.join(" and ")})`);
  }
  const some = (found: readonly string[]): string =>
    found.slice(0, 3).join("; ") + (found.length > 3 ? `; and ${found.length - 3} more` : "");
  return [
    ...(none.length > 0 ? [`no row matches ${some(none)}`] : []),
    ...(several.length > 0 ? [`more than one row matches ${some(several)}`] : []),
  ];
}

/** The conditions' names. */
export const namesIn = (when: When | undefined): string[] => Object.keys(when ?? {});

/** Text, number or boolean as an attribute of that input, or what is wrong with it. Numbers are text; whole JSON numbers are taken too. */
export function readValue(raw: unknown, input: Input): { readonly value: Value } | { readonly wrong: string } {
  switch (input.type) {
    case "choice":
      return typeof raw === "string" && Object.hasOwn(input.values, raw)
        ? { value: raw }
        : { wrong: `"${String(raw).slice(0, 40)}" is not allowed (${Object.keys(input.values).join(", ")})` };
    case "yes-no":
      if (typeof raw === "boolean") return { value: raw };
      return { wrong: `"${String(raw).slice(0, 40)}" is neither true nor false` };
    case "number": {
      const text = typeof raw === "number" && Number.isSafeInteger(raw) ? String(raw) : raw;
      if (typeof text !== "string" || !/^-?\d{1,15}(\.\d{1,10})?$/.test(text)) {
        return { wrong: `"${String(raw).slice(0, 40)}" is not a number as text, like "12.50"` };
      }
      const value = rate(text);
      if (value.decimalPlaces() > input.decimals) {
        return { wrong: `${text} has ${value.decimalPlaces()} decimals, at most ${input.decimals} are allowed` };
      }
      if (value.lt(figure(input.min)) || value.gt(figure(input.max))) {
        return { wrong: `${text} is not allowed (${input.min} to ${input.max})` };
      }
      return { value };
    }
  }
}
