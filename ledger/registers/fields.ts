import { financialYear, localDate, type FinancialYear, type LocalDate } from "../kernel/dates.ts";
import type { Json } from "../kernel/audit.ts";
import { paise, rate, rupees, toRupees, type Paise } from "../kernel/money.ts";
import type { PostingKey } from "../posting-map.ts";
import { registerErrors } from "./errors.ts";

/** One fact of a form: its label, how it is typed, and how text becomes its value. Forms, stored facts and columns all come from it. */
export type Field<T> = {
  readonly label: string;
  readonly hint: string | undefined;
  readonly input: "text" | "lines" | "amount" | "date" | "choice";
  /** The most characters that it takes. */
  readonly size: number;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly isOptional: boolean;
  /** An account stands below one of these headings, so that what the item holds is part of its control account. */
  readonly below: readonly PostingKey[];
  /** What a form offers before anything is typed. */
  readonly initial: string;
  /** Text of a form or of stored facts. Raises MONEY_*, DATE_FORMAT, RATE_FORMAT, REGISTER_FIELD. */
  readonly parse: (text: string) => T;
  /** A column's value as the database gives it. */
  readonly restore: (raw: unknown) => T;
  // A method, so that a field of amounts is a field of anything in a list of fields.
  show(value: T): string;
};

export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The values of a set of fields. */
export type FactsOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };
/** Facts as text, by the names of their fields: what a form sends and what an act keeps. */
export type Typed = Readonly<Record<string, string>>;

function field<T>(
  label: string,
  input: Field<T>["input"],
  parse: (text: string) => T,
  over: Partial<Omit<Field<T>, "parse" | "input" | "label">> = {},
): Field<T> {
  return {
    label,
    input,
    parse,
    hint: undefined,
    choices: [],
    isOptional: false,
    below: [],
    size: 300,
    initial: "",
    restore: (raw) => parse(String(raw)),
    show: String,
    ...over,
  };
}

/** A word or a sentence of at most `size` characters. */
export function text(label: string, hint?: string, size = 200): Field<string> {
  return field(
    label,
    "text",
    (typed) => {
      if (typed.length > size)
        throw registerErrors.REGISTER_FIELD({ field: label, rule: `at most ${size} characters, not ${typed.length}` });
      return typed;
    },
    { hint },
  );
}

/** A table pasted from a spreadsheet: many lines. */
export function lines(label: string, hint: string): Field<string> {
  return field(label, "lines", (typed) => typed, { hint, size: 600_000 });
}

/** A code of the chart, a fund, a function: its first word, as lists offer "4501001 Cash on hand". */
export function code(
  label: string,
  over: { readonly hint?: string; readonly initial?: string; readonly below?: readonly PostingKey[] } = {},
): Field<string> {
  return field(label, "text", (typed) => typed.split(/\s/)[0] ?? "", over);
}

/** An amount of more than nothing, in rupees. */
export function amount(label: string, hint?: string, initial = ""): Field<Paise> {
  return amountFrom(1n, label, hint, initial);
}
/** An amount that may be nothing. */
export function amountOrNil(label: string, hint?: string, initial = "0"): Field<Paise> {
  return amountFrom(0n, label, hint, initial);
}

function amountFrom(least: bigint, label: string, hint: string | undefined, initial: string): Field<Paise> {
  return field(
    label,
    "amount",
    (typed) => {
      const value = rupees(typed);
      if (value < least)
        throw registerErrors.REGISTER_FIELD({ field: label, rule: `${least === 0n ? "not less" : "more"} than 0.00` });
      return value;
    },
    { hint, initial, restore: (raw) => paise(BigInt(String(raw))), show: toRupees },
  );
}

export function day(label: string, hint?: string): Field<LocalDate> {
  return field(label, "date", localDate, { hint });
}

export function year(label: string, hint = "Like 2026-27"): Field<FinancialYear> {
  return field(label, "text", financialYear, { hint });
}

/** A percentage a year, as text with its decimals ("8.25"). */
export function percent(label: string, hint?: string): Field<string> {
  return field(
    label,
    "text",
    (typed) => {
      const value = rate(typed);
      if (value.lt(0) || value.gt(100))
        throw registerErrors.REGISTER_FIELD({ field: label, rule: `between 0 and 100, not ${typed}` });
      return value.toString();
    },
    { hint },
  );
}

export function count(label: string, most: number, initial = ""): Field<number> {
  return field(
    label,
    "text",
    (typed) => {
      const value = Number(typed);
      if (!/^\d{1,6}$/.test(typed) || value < 1 || value > most)
        throw registerErrors.REGISTER_FIELD({ field: label, rule: `a number from 1 to ${most}` });
      return value;
    },
    { initial },
  );
}

export function choice<const V extends string>(
  label: string,
  choices: Readonly<Record<V, string>>,
  hint?: string,
): Field<V> {
  const values = Object.keys(choices) as V[];
  return field(
    label,
    "choice",
    (typed) => {
      const found = values.find((v) => v === typed);
      if (found === undefined)
        throw registerErrors.REGISTER_FIELD({ field: label, rule: `one of ${values.join(", ")}` });
      return found;
    },
    { hint, choices: values.map((value) => ({ value, label: choices[value] })), initial: values[0] ?? "" },
  );
}

/** The same field, left empty where there is nothing to say. */
export function optional<T>(of: Field<T>): Field<T | undefined> {
  return {
    ...of,
    isOptional: true,
    choices: of.choices.length === 0 ? [] : [{ value: "", label: "(none)" }, ...of.choices],
    initial: of.choices.length === 0 ? of.initial : "",
    parse: (typed) => (typed === "" ? undefined : of.parse(typed)),
    restore: (raw) => (raw === null || raw === undefined ? undefined : of.restore(raw)),
    show: (value) => (value === undefined ? "" : of.show(value)),
  };
}

/** The values of what was typed. Raises REGISTER_FIELD for one that is missing, and what its field raises. */
export function readFacts<F extends Fields>(fields: F, typed: Typed): FactsOf<F> {
  const facts: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(fields)) {
    const given = (typed[name] ?? "").trim();
    if (given === "" && !of.isOptional) throw registerErrors.REGISTER_FIELD({ field: of.label, rule: "it is missing" });
    facts[name] = of.parse(given);
  }
  return facts as FactsOf<F>;
}

/** Facts as text: `readFacts` gives the same facts back. */
export function writeFacts(fields: Fields, facts: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, of]) => [name, of.show(facts[name])] as const)
      .filter(([, shown]) => shown !== ""),
  );
}

/** Facts for the audit trail and for jsonb: text only, so that no digit of an amount is lost. */
export const jsonOf = (typed: Typed): Json => ({ ...typed });
