import type { ConsumerFacts, Example, FactProblem, Input, RuleFile } from "../../../billing/index.ts";
import { field, typedAmount } from "../kit.tsx";

/** Rows of a list in the form; what a consumer has more of is not tried by hand. */
export const MOST_ROWS = 60;

/** What was typed into the form of a trial, by the names of its fields, and how many rows each list has. */
export type TypedTrial = {
  readonly on: string;
  readonly from: string;
  readonly to: string;
  /** Yes-no attributes have "yes" or "". */
  readonly values: ReadonlyMap<string, string>;
  readonly rows: Readonly<Record<string, number>>;
};

export const attributeKey = (name: string): string => `a-${name}`;
export const itemKey = (list: string, row: number, name: string): string => `l-${list}-${row}-${name}`;
export const rowsKey = (list: string): string => `rows-${list}`;

/** The field at which a problem is shown; a list's own problem stands at its rows. */
export function keyOf({ list, item, name }: FactProblem): string {
  if (list === null) return attributeKey(name ?? "");
  return item === null ? rowsKey(list) : itemKey(list, item - 1, name ?? "");
}

type Place = { readonly key: string; readonly input: Input };
const placesOf = (file: RuleFile, rows: Readonly<Record<string, number>>): Place[] => [
  ...Object.entries(file.inputs).map(([name, input]) => ({ key: attributeKey(name), input })),
  ...Object.entries(file.lists).flatMap(([list, { inputs }]) =>
    Array.from({ length: rows[list] ?? 0 }, (_, i) =>
      Object.entries(inputs).map(([name, input]) => ({ key: itemKey(list, i, name), input })),
    ).flat(),
  ),
];

function defaultOf(input: Input): string {
  if (input.type === "yes-no") return input.default === true ? "yes" : "";
  return input.default ?? "";
}

/** The form before anything was typed: what the file takes for granted, and the fewest rows. */
export function emptyTrial(file: RuleFile, days: Pick<TypedTrial, "on" | "from" | "to">): TypedTrial {
  const rows = Object.fromEntries(
    Object.entries(file.lists).map(([name, list]) => [name, Math.min(list.min, MOST_ROWS)]),
  );
  return { ...days, rows, values: new Map(placesOf(file, rows).map((p) => [p.key, defaultOf(p.input)])) };
}

const asTyped = (value: unknown): string =>
  value === true ? "yes" : typeof value === "string" || typeof value === "number" ? String(value) : "";

/** The form filled in with an example of the file. */
export function exampleTrial(file: RuleFile, example: Example): TypedTrial {
  const facts = example.facts as ConsumerFacts;
  const rows = Object.fromEntries(
    Object.keys(file.lists).map((list) => [list, Math.min(facts.lists?.[list]?.length ?? 0, MOST_ROWS)]),
  );
  const values = new Map<string, string>();
  for (const [name, input] of Object.entries(file.inputs)) {
    values.set(attributeKey(name), name in facts.attributes ? asTyped(facts.attributes[name]) : defaultOf(input));
  }
  for (const [list, { inputs }] of Object.entries(file.lists)) {
    for (const [i, item] of (facts.lists?.[list] ?? []).entries()) {
      for (const [name, input] of Object.entries(inputs)) {
        values.set(itemKey(list, i, name), name in item ? asTyped(item[name]) : defaultOf(input));
      }
    }
  }
  return { on: example.asOf, from: example.period.from, to: example.period.to, values, rows };
}

/** The form as it was sent. A button adds an empty row to a list, or takes one away. */
export function typedTrial(file: RuleFile, body: unknown): TypedTrial {
  const sent = Object.fromEntries(
    Object.keys(file.lists).map((list) => {
      const said = Number(field(body, rowsKey(list)));
      return [list, Number.isSafeInteger(said) && said >= 0 ? Math.min(said, MOST_ROWS) : 0];
    }),
  );
  const typed: TypedTrial = {
    on: field(body, "on").slice(0, 10),
    from: field(body, "from").slice(0, 10),
    to: field(body, "to").slice(0, 10),
    rows: sent,
    values: new Map(placesOf(file, sent).map((p) => [p.key, field(body, p.key).slice(0, 80)])),
  };
  const [deed = "", list = "", row = ""] = field(body, "do").split("-");
  if (deed === "add") return withRow(file, typed, list);
  return deed === "remove" ? withoutRow(file, typed, list, Number(row)) : typed;
}

function withRow(file: RuleFile, typed: TypedTrial, list: string): TypedTrial {
  const there = file.lists[list];
  const before = typed.rows[list] ?? 0;
  if (!there || before >= Math.min(there.max, MOST_ROWS)) return typed;
  const values = new Map(typed.values);
  for (const [name, input] of Object.entries(there.inputs)) values.set(itemKey(list, before, name), defaultOf(input));
  return { ...typed, values, rows: { ...typed.rows, [list]: before + 1 } };
}

function withoutRow(file: RuleFile, typed: TypedTrial, list: string, row: number): TypedTrial {
  const names = Object.keys(file.lists[list]?.inputs ?? {});
  const before = typed.rows[list] ?? 0;
  if (!(row >= 0 && row < before)) return typed;
  const values = new Map(typed.values);
  for (let i = row; i < before; i++) {
    for (const name of names) {
      const next = values.get(itemKey(list, i + 1, name));
      if (i === before - 1 || next === undefined) values.delete(itemKey(list, i, name));
      else values.set(itemKey(list, i, name), next);
    }
  }
  return { ...typed, values, rows: { ...typed.rows, [list]: before - 1 } };
}

/** What was typed as facts of a consumer. What was left empty is not given. */
export function factsOf(file: RuleFile, typed: TypedTrial): ConsumerFacts {
  const read = (inputs: RuleFile["inputs"], key: (name: string) => string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(inputs).flatMap(([name, input]): [string, unknown][] => {
        const text = typed.values.get(key(name)) ?? "";
        if (input.type === "yes-no") return [[name, text === "yes"]];
        if (text === "") return [];
        return [[name, input.type === "number" ? typedAmount(text) : text]];
      }),
    );
  return {
    attributes: read(file.inputs, attributeKey),
    lists: Object.fromEntries(
      Object.entries(file.lists).map(([list, { inputs }]) => [
        list,
        Array.from({ length: typed.rows[list] ?? 0 }, (_, i) => read(inputs, (name) => itemKey(list, i, name))),
      ]),
    ),
  };
}

/** The address at which the same trial can be read again, in the other language too; the empty form where it would be too long. */
export function addressOf(at: string, typed: TypedTrial, example: string): string {
  const query = new URLSearchParams({ do: "try", on: typed.on, from: typed.from, to: typed.to });
  if (example !== "") query.set("like", example);
  for (const [list, rows] of Object.entries(typed.rows)) query.set(rowsKey(list), String(rows));
  for (const [key, value] of typed.values) if (value !== "") query.set(key, value);
  const address = `${at}?${query.toString()}`;
  return address.length > 6000 ? at : address;
}
