import { Type } from "typebox";
import { Value as Check } from "typebox/value";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { rupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Settlement } from "../interest.ts";
import { holds, readValue, type Value } from "./conditions.ts";
import { rateErrors } from "./errors.ts";
import type { Inputs, RuleFile } from "./format.ts";

type Raw = Readonly<Record<string, unknown>>;

/** What is open from an earlier period: the head's own amount without cess, and what has settled it when. */
export type Arrear = {
  readonly head: string;
  readonly periodFrom: LocalDate;
  readonly dueDate: LocalDate;
  readonly amount: Paise;
  readonly paid?: readonly Settlement[];
};

/** What is known of a consumer. Numbers are text; dates and amounts are their own types. */
export type ConsumerFacts = {
  readonly attributes: Raw;
  readonly lists?: Readonly<Record<string, readonly Raw[]>>;
  /** The due date of a demand that was raised already; otherwise the file's rule gives it. */
  readonly dueDate?: LocalDate;
  /** What has settled this period's demand; late charges are reckoned on what was unpaid. */
  readonly paid?: readonly Settlement[];
  readonly arrears?: readonly Arrear[];
};

export type Values = ReadonlyMap<string, Value>;
export type ReadFacts = { readonly global: Values; readonly lists: ReadonlyMap<string, readonly Values[]> };

/** One attribute that is missing or not allowed; of an item (from 1) of a list, or of the list itself (`name` is null). */
export type FactProblem = {
  readonly list: string | null;
  readonly item: number | null;
  readonly name: string | null;
  readonly message: string;
};
type Where = Pick<FactProblem, "list" | "item">;

const MISSING = "is missing";

function readInputs(
  inputs: Inputs,
  raw: Raw,
  where: Where,
  outer: Values,
  problems: FactProblem[],
): Map<string, Value> {
  const values = new Map<string, Value>();
  const missing: string[] = [];
  for (const [name, input] of Object.entries(inputs)) {
    const given = raw[name] ?? input.default;
    if (given === undefined || given === "") {
      missing.push(name);
      continue;
    }
    const read = readValue(given, input);
    if ("value" in read) values.set(name, read.value);
    else problems.push({ ...where, name, message: read.wrong });
  }
  // Asked only now: whether an attribute is needed may depend on another one.
  for (const name of missing) {
    const needed = inputs[name]?.neededWhen;
    if (needed === undefined || holds(needed, (n) => values.get(n) ?? outer.get(n))) {
      problems.push({ ...where, name, message: MISSING });
    }
  }
  return values;
}

type Attributes = Pick<RuleFile, "inputs" | "lists">;

/** Every attribute that is missing or not allowed, one by one, so that a form can say it where it was typed. */
export function factProblems(file: Attributes, facts: ConsumerFacts): FactProblem[] {
  return look(file, facts).problems;
}

/** The facts as values of the file's attributes. Raises RULES_FACTS with every attribute that is missing or not allowed. */
export function readFacts(file: Attributes, facts: ConsumerFacts): ReadFacts {
  const { read, problems } = look(file, facts);
  if (problems.length === 0) return read;
  throw rateErrors.RULES_FACTS({
    problems: problems.map(({ list, item, name, message }) => {
      const where = item === null ? "" : `${list ?? ""} ${item}: `;
      return `${where}${name ?? list ?? ""}${message === MISSING || name === null ? " " : ": "}${message}`;
    }),
  });
}

function look(file: Attributes, facts: ConsumerFacts): { readonly read: ReadFacts; readonly problems: FactProblem[] } {
  const problems: FactProblem[] = [];
  const global = readInputs(file.inputs, facts.attributes, { list: null, item: null }, new Map(), problems);
  const lists = new Map<string, readonly Values[]>();
  for (const [name, list] of Object.entries(file.lists)) {
    const items = facts.lists?.[name] ?? [];
    if (items.length < list.min || items.length > list.max) {
      const message = `has ${items.length} items (${list.min} to ${list.max} are allowed)`;
      problems.push({ list: name, item: null, name: null, message });
      continue;
    }
    lists.set(
      name,
      items.map((item, i) => readInputs(list.inputs, item, { list: name, item: i + 1 }, global, problems)),
    );
  }
  return { read: { global, lists }, problems };
}

const Raws = Type.Record(Type.String(), Type.Unknown());
const Paid = Type.Array(Type.Object({ date: Type.String(), amount: Type.String() }));
const FactsForm = Type.Object({
  attributes: Raws,
  lists: Type.Optional(Type.Record(Type.String(), Type.Array(Raws))),
  dueDate: Type.Optional(Type.String()),
  paid: Type.Optional(Paid),
  arrears: Type.Optional(
    Type.Array(
      Type.Object({
        head: Type.String(),
        periodFrom: Type.String(),
        dueDate: Type.String(),
        amount: Type.String(),
        paid: Type.Optional(Paid),
      }),
    ),
  ),
});

/** Facts as JSON (dates "2025-04-01", amounts "1234.50") -> ConsumerFacts. Raises RULES_FACTS. */
export function factsFromJson(json: unknown): ConsumerFacts {
  if (!Check.Check(FactsForm, json)) {
    const found = Check.Errors(FactsForm, json).map((e) => `facts${e.instancePath} ${e.message}`);
    throw rateErrors.RULES_FACTS({ problems: found });
  }
  const settlements = (paid: readonly { date: string; amount: string }[]): Settlement[] =>
    paid.map((p) => ({ date: localDate(p.date), amount: rupees(p.amount), cess: ZERO }));
  try {
    return {
      attributes: json.attributes,
      ...(json.lists ? { lists: json.lists } : {}),
      ...(json.dueDate === undefined ? {} : { dueDate: localDate(json.dueDate) }),
      ...(json.paid ? { paid: settlements(json.paid) } : {}),
      ...(json.arrears
        ? {
            arrears: json.arrears.map((a) => ({
              head: a.head,
              periodFrom: localDate(a.periodFrom),
              dueDate: localDate(a.dueDate),
              amount: rupees(a.amount),
              ...(a.paid ? { paid: settlements(a.paid) } : {}),
            })),
          }
        : {}),
    };
  } catch (error) {
    if (error instanceof Refusal) throw rateErrors.RULES_FACTS({ problems: [error.detail] });
    throw error;
  }
}
