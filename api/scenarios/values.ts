import { toRupees, type Paise } from "../../ledger/kernel/money.ts";

/** What a scenario file holds once it is read: plain data. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
export type Fields = { readonly [key: string]: Value };

/** What is wrong with the file itself, not with the program under test: it names the place and the words that are known there. */
export class ScenarioFault extends Error {
  override readonly name = "ScenarioFault";
}

/** What a file expects does not stand in the books: told also where a refusal is looked for or passed over. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as fields, every one of them known. Raises a fault that names the unknown one: nothing in a file is passed over in silence. */
export function fieldsOf(value: Value | undefined, where: string, known: readonly string[]): Fields {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new ScenarioFault(`${where} must be fields (${known.join(", ")}), not ${show(value)}`);
  knownOnly(value, where, known);
  return value;
}

export function knownOnly(value: Fields, where: string, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new ScenarioFault(
      `${where}: unknown ${unknown.map((k) => `"${k}"`).join(", ")}; known are ${known.join(", ")}`,
    );
  }
}

export function textOf(value: Value | undefined, where: string): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.message;
  if (typeof value === "number" || typeof value === "boolean") return plain(value);
  throw new ScenarioFault(`${where} must be text, not ${show(value)}`);
}

export function optionalText(value: Value | undefined, where: string): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value, where);
}

export function numberOf(value: Value | undefined, where: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new ScenarioFault(`${where} must be a number, not ${show(value)}`);
}

export function listOf(value: Value | undefined): readonly Value[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? (value as readonly Value[]) : [value];
}

const RUPEES = /^(?:rs\.?|inr|₹)\s*|\s*(?:\/-|inr|rupees)$/gi;
const GROUPED = /^-?\d{1,3}(?:,\d{2,3})+$/;

/**
 * Money as files write it: a whole number is paise (1000000); with two decimals it is rupees (10000.00, "6,00,000.00"), and with Rs, ₹, INR or /-
 * beside it too ("Rs 1,00,000"). Raises ScenarioFault for anything else, also for "10,000", which could be either.
 */
export function paiseOf(value: Value | undefined, where: string): Paise {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value) as Paise;
  if (typeof value === "string") {
    const said = value.trim();
    const isNegative = /^-|^(?:rs\.?|inr|₹)\s*-/i.test(said);
    const bare = said.replace(/^-\s*/, "").replace(RUPEES, "").replace(/^-\s*/, "").trim();
    const isRupees = bare !== said.replace(/^-\s*/, "");
    const digits = bare.replaceAll(",", "").replaceAll("_", "");
    const sign = isNegative ? -1n : 1n;
    const rupees = /^(\d+)\.(\d\d)$/.exec(digits);
    if (rupees) return (BigInt(`${rupees[1]}${rupees[2]}`) * sign) as Paise;
    if (/^\d+$/.test(digits) && isRupees) return (BigInt(digits) * 100n * sign) as Paise;
    if (GROUPED.test(bare))
      throw new ScenarioFault(
        `${where}: "${said}" is rupees or paise? Write "${bare}.00" for rupees, ${digits} for paise`,
      );
    if (/^\d+$/.test(digits)) return (BigInt(digits) * sign) as Paise;
  }
  throw new ScenarioFault(
    `${where} must be money: paise as a whole number, or rupees as text with two decimals, not ${show(value)}`,
  );
}

/** The found sum is not what is expected: money, `none`, `any`, or a comparison of money ({at_least: "100.00"}). Both figures are told. */
export function moneyDifferences(where: string, expected: Value, found: bigint): Difference[] {
  if (isFields(expected) || expected === "any" || expected === "none") return differences(where, expected, found);
  const wanted = paiseOf(expected, where);
  return found === wanted
    ? []
    : [`${where}: expected ${wanted} (${toRupees(wanted)}), got ${found} (${toRupees(found as Paise)})`];
}

/** Milliseconds of "PT2S", "P2D", "PT1H30M", "P1DT6H", "2s", "15 min", "46h", "3 days". */
export function durationMs(text: string): number {
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text.trim());
  if (iso && text.trim().length > 1 && !/T$/i.test(text.trim())) {
    const [w, d, h, m, s] = iso.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number];
    return ((w * 7 + d) * 86_400 + h * 3600 + m * 60 + s) * 1000;
  }
  const plain = /^(\d+(?:\.\d+)?)\s*(ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)$/i.exec(text.trim());
  if (plain) {
    const unit = (plain[2] ?? "").toLowerCase();
    const ms =
      unit === "ms"
        ? 1
        : unit.startsWith("s")
          ? 1000
          : unit.startsWith("m")
            ? 60_000
            : unit.startsWith("h")
              ? 3_600_000
              : 86_400_000;
    return Number(plain[1]) * ms;
  }
  throw new ScenarioFault(`"${text}" is not a duration: PT2S, PT15M, P2D, or 2s, 15 min, 46 h, 3 days`);
}

// ------------------------------------------------------------------------------------------------ variables

/** `${name}` is written as these two marks while the file is YAML: braces would end a flow mapping. */
const OPEN = "\u27e6";
const CLOSE = "\u27e7";
export const protectVariables = (text: string): string =>
  text
    .replace(/\$\{([^}\n]*)\}/g, (_all, name: string) => `${OPEN}${name.trim()}${CLOSE}`)
    // A path with an index would begin a list inside a flow mapping.
    .replace(/(:\s+)(\$[^\s,}"']*\[[^\s,}"']*\][^\s,}"']*)/g, '$1"$2"')
    // Commas within an amount or a call would end it in a flow mapping or list. What is quoted or a comment stays as it is.
    .replace(BROKEN_BY_COMMAS, (all, before: string | undefined, whole: string) =>
      before === undefined ? all : `${before}"${whole}"`,
    );
const QUOTED_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|(?<=^|\s)#.*$/;
const AMOUNT = /(?:(?:Rs\.?|INR|₹)\s*)?-?\d{1,3}(?:,\d{2,3})+(?:\.\d{1,2})?(?:\s*\/-)?/;
const CALL = /[a-z_]+\([^()"'\n]*,[^()"'\n]*\)/;
const BROKEN_BY_COMMAS = new RegExp(
  `${QUOTED_OR_COMMENT.source}|(:[ \\t]+|[[,][ \\t]*(?=[a-z_]+\\())(${AMOUNT.source}|${CALL.source})(?=\\s*(?:[,}\\]]|#|$))`,
  "gm",
);
/** A variable as it stands in a value that is not filled in yet. */
export const variable = (name: string): string => `${OPEN}${name}${CLOSE}`;
const VARIABLE = new RegExp(`${OPEN}([^${CLOSE}]*)${CLOSE}`, "g");

/** The value with its variables filled in. A value that is nothing but a variable keeps the variable's type. */
export function substitute(value: Value, lookUp: (name: string) => Value): Value {
  if (typeof value === "string") {
    const whole = new RegExp(`^${OPEN}([^${CLOSE}]*)${CLOSE}$`).exec(value);
    if (whole) return lookUp(whole[1] ?? "");
    return value.replace(VARIABLE, (_all, name: string) => {
      const found = lookUp(name);
      return typeof found === "string" ? found : JSON.stringify(found);
    });
  }
  if (Array.isArray(value)) return (value as readonly Value[]).map((v) => substitute(v, lookUp));
  if (isFields(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [textOf(substitute(k, lookUp), "a key"), substitute(v, lookUp)]),
    );
  }
  return value;
}

/** What stands at "$.items[0].id", "$.items[-1]", "$['x-y']" or "items.0.id" of a value; undefined where there is nothing. */
export function valueAt(root: unknown, path: string): unknown {
  const parts = path
    .replace(/^\$/, "")
    .replace(/\[\s*(-?\d+)\s*\]/g, ".$1")
    .replace(/\[\s*["']([^"']+)["']\s*\]/g, ".$1")
    .split(".")
    .filter((p) => p !== "");
  let at: unknown = root;
  for (const part of parts) {
    if (at === null || at === undefined) return undefined;
    if (Array.isArray(at)) {
      if (part === "length") at = at.length;
      else at = at.at(Number(part)) as unknown;
    } else if (typeof at === "object") at = (at as Record<string, unknown>)[part];
    else return undefined;
  }
  return at;
}

// ------------------------------------------------------------------------------------------------ comparing

const COMPARISONS = [
  "contains",
  "not_contains",
  "matches",
  "at_least",
  "at_most",
  "between",
  "one_of",
  "not",
  "exists",
  "length",
] as const;
export type Difference = string;

/**
 * Where the found value is not what is expected; [] when all is well. Fields that are not expected are not looked at; lists are compared whole.
 * Instead of a value a comparison may stand: {contains: …}, {matches: …}, {at_least: …}, {one_of: […]}, {not: …}, {exists: false}, {length: 2}.
 */
export function differences(where: string, expected: Value, found: unknown): Difference[] {
  if (
    isFields(expected) &&
    Object.keys(expected).length > 0 &&
    Object.keys(expected).every((k) => (COMPARISONS as readonly string[]).includes(k))
  ) {
    return Object.entries(expected).flatMap(([how, wanted]) =>
      compared(where, how as (typeof COMPARISONS)[number], wanted, found),
    );
  }
  if (isFields(expected)) {
    if (typeof found !== "object" || found === null)
      return [`${where}: expected ${show(expected)}, got ${show(found)} (comparisons are ${COMPARISONS.join(", ")})`];
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(
        `${where}.${key.replace(/^\$\.?/, "")}`,
        value,
        key.startsWith("$") ? valueAt(found, key) : (found as Record<string, unknown>)[key],
      ),
    );
  }
  if (expected === "any" && found !== "any")
    return found === undefined || found === null ? [`${where}: expected any, got ${show(found)}`] : [];
  if (expected === "none" && isCounted(found))
    return isNothing(found) ? [] : [`${where}: expected none, got ${show(found)}`];
  if (Array.isArray(expected)) {
    if (!Array.isArray(found) || found.length !== expected.length) {
      return [`${where}: expected ${show(expected)}, got ${show(found)}`];
    }
    return (expected as readonly Value[]).flatMap((value, i) => differences(`${where}[${i}]`, value, found[i]));
  }
  return isSame(expected, found) ? [] : [`${where}: expected ${show(expected)}, got ${show(found)}`];
}

function compared(where: string, how: (typeof COMPARISONS)[number], wanted: Value, found: unknown): Difference[] {
  const text = typeof found === "string" ? found : (JSON.stringify(found, bigints) ?? "");
  const fails = (claim: string): Difference[] => [`${where}: expected ${claim} ${show(wanted)}, got ${show(found)}`];
  switch (how) {
    case "contains":
      return listOf(wanted).every((w) => contains(text, found, w)) ? [] : fails("something that contains");
    case "not_contains":
      return listOf(wanted).some((w) => contains(text, found, w)) ? fails("nothing that contains") : [];
    case "matches":
      return new RegExp(textOf(wanted, `${where}.matches`), "i").test(text) ? [] : fails("something that matches");
    case "at_least":
      return isCounted(found) && Number(found) >= figureOf(wanted, found, where) ? [] : fails("at least");
    case "at_most":
      return isCounted(found) && Number(found) <= figureOf(wanted, found, where) ? [] : fails("at most");
    case "between": {
      const [low = null, high = null] = listOf(wanted);
      const [least, most] = [figureOf(low, found, where), figureOf(high, found, where)];
      return isCounted(found) && Number(found) >= least && Number(found) <= most ? [] : fails("something between");
    }
    case "one_of":
      return listOf(wanted).some((w) => differences(where, w, found).length === 0) ? [] : fails("one of");
    case "not":
      return differences(where, wanted, found).length > 0 ? [] : fails("anything but");
    case "exists":
      return (found !== undefined && found !== null) === (wanted === true) ? [] : fails("exists");
    case "length":
      return differences(`${where}.length`, wanted, (found as { length?: number } | undefined)?.length);
  }
}

function contains(text: string, found: unknown, wanted: Value): boolean {
  if (typeof wanted === "string") return text.toLowerCase().includes(wanted.toLowerCase());
  return Array.isArray(found) && found.some((f) => differences("", wanted, f).length === 0);
}

const isCounted = (found: unknown): boolean =>
  typeof found === "number" || typeof found === "bigint" || Array.isArray(found);
const isNothing = (found: unknown): boolean => (Array.isArray(found) ? found.length === 0 : Number(found) === 0);

/** The figure that a whole number is compared with: text that only money has ("500.00", "Rs 500") in paise. */
function figureOf(wanted: Value, found: unknown, where: string): number {
  const isWhole = typeof found === "bigint" || Number.isInteger(found);
  return typeof wanted === "string" && isWhole && !/^-?\d+(\.\d)?$/.test(wanted.trim())
    ? Number(paiseOf(wanted, where))
    : numberOf(wanted, where);
}

/** Scalars are the same when they say the same: 5 and "5", 1000000 paise and "10000.00" rupees where the found one is money. */
function isSame(expected: Value, found: unknown): boolean {
  if (expected === null) return found === null || found === undefined;
  if (typeof found === "bigint") {
    return (typeof expected === "number" || typeof expected === "string") && paiseText(expected) === plain(found);
  }
  if (found instanceof Date) return typeof expected === "string" && Date.parse(expected) === found.getTime();
  // Whole numbers with which the gateway and the scenarios speak of money are paise; a share (0.20) is a number as it stands.
  if (typeof found === "number" && typeof expected === "string" && expected.trim() !== "")
    return Number.isInteger(found) ? paiseText(expected) === plain(found) : Number(expected) === found;
  return (
    expected === found ||
    (found !== null && found !== undefined && typeof found !== "object" && plain(expected) === plain(found))
  );
}

/** Money in paise, as text; what is no money as it stands. */
function paiseText(value: number | string): string {
  if (typeof value === "number" || GROUPED.test(value.trim())) return plain(value);
  try {
    return plain(paiseOf(value, ""));
  } catch (error) {
    if (!(error instanceof ScenarioFault)) throw error;
    return value;
  }
}

const bigints = (_key: string, v: unknown): unknown => (typeof v === "bigint" ? plain(v) : v);

/** Text of anything: scalars as they are, the rest as JSON. */
export function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return `${value}`;
  return JSON.stringify(value, bigints) ?? "";
}

/** A value in a message: short, readable. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return `${value} paise (${toRupees(value as Paise)})`;
  const text = typeof value === "string" ? value : (JSON.stringify(value, bigints) ?? "nothing");
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
