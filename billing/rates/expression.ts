import { rate, type Rate } from "../../ledger/kernel/money.ts";

/**
 * The arithmetic of a rule as data. Text is a figure ("7.5") or the name of an attribute or rule; `percent` is [percentage, of what];
 * `sum`, `mean`, `highest`, `lowest` take the name of a rule or attribute over a list, `count` the list.
 */
export type Expression =
  | string
  | { readonly plus: readonly Expression[] }
  | { readonly minus: readonly [Expression, Expression] }
  | { readonly times: readonly Expression[] }
  | { readonly over: readonly [Expression, Expression] }
  | { readonly percent: readonly [Expression, Expression] }
  | { readonly least: readonly Expression[] }
  | { readonly most: readonly Expression[] }
  | { readonly sum: string; readonly of: string }
  | { readonly mean: string; readonly of: string }
  | { readonly highest: string; readonly of: string }
  | { readonly lowest: string; readonly of: string }
  | { readonly count: string };

const FIGURE = /^-?\d+(\.\d+)?$/;
const NAME = /^[a-z][A-Za-z0-9]{0,39}$/;
export const ZERO_RATE = rate("0");
const HUNDRED = rate("100");

/** Where names get their values: a number by its name, and a list's numbers. */
export type Scope = {
  number(name: string): Rate;
  list(list: string, name: string): readonly Rate[];
  count(list: string): number;
};

/** What an expression names: plain names, and names over a list. `divides` says that its result may not end. */
export type Named = {
  readonly names: Set<string>;
  readonly lists: { list: string; name: string | null }[];
  divides: boolean;
};

const MANY = ["plus", "times", "least", "most"] as const;
const PAIR = ["minus", "over", "percent"] as const;
const OVER_LIST = ["sum", "mean", "highest", "lowest"] as const;

/** What is wrong with the form of an expression, or null; what it names is added to `named`. */
export function readExpression(e: unknown, named: Named): string | null {
  if (typeof e === "string") {
    if (FIGURE.test(e)) return null;
    if (!NAME.test(e)) return `"${e.slice(0, 40)}" is neither a figure nor a name`;
    named.names.add(e);
    return null;
  }
  if (typeof e !== "object" || e === null || Array.isArray(e)) {
    return `${JSON.stringify(e)?.slice(0, 40) ?? "nothing"} is not an expression; figures are text, like "7.5"`;
  }
  const record = e as Record<string, unknown>;
  const keys = Object.keys(record);
  const [word = ""] = keys.filter((k) => k !== "of");
  const isOver = OVER_LIST.some((w) => w === word);
  if (keys.length !== (isOver ? 2 : 1)) return `{${keys.join(", ")}} is not an expression`;
  const value = record[word];
  if (isOver || word === "count") {
    const list = isOver ? record["of"] : value;
    if (typeof list !== "string" || typeof value !== "string") return `${word} takes names`;
    named.lists.push({ list, name: isOver ? value : null });
    if (word === "mean") named.divides = true;
    return null;
  }
  const isPair = PAIR.some((w) => w === word);
  if (!isPair && !MANY.some((w) => w === word)) return `"${word}" is not an operation`;
  if (!Array.isArray(value) || (isPair ? value.length !== 2 : value.length < 2)) {
    return `${word} takes ${isPair ? "two" : "two or more"} values`;
  }
  if (word === "over" && !(typeof value[1] === "string" && FIGURE.test(value[1]) && Number(value[1]) !== 0)) {
    return "over divides by a figure that is not 0";
  }
  if (word === "over") named.divides = true;
  for (const part of value) {
    const wrong = readExpression(part, named);
    if (wrong) return wrong;
  }
  return null;
}

/** The terms that add up to the expression, each with its sign, when it is a sum or a difference; otherwise itself alone. */
export function termsOf(e: Expression): readonly { readonly term: Expression; readonly sign: 1 | -1 }[] {
  if (typeof e === "object" && "plus" in e) return e.plus.map((term) => ({ term, sign: 1 as const }));
  if (typeof e === "object" && "minus" in e) {
    return [
      { term: e.minus[0], sign: 1 },
      { term: e.minus[1], sign: -1 },
    ];
  }
  return [{ term: e, sign: 1 }];
}

const figures = new Map<string, Rate>();
/** A figure of a rule file, read once. */
export function figure(text: string): Rate {
  let found = figures.get(text);
  if (!found) {
    found = rate(text);
    // Figures come from reviewed files, but a process may live long.
    if (figures.size > 5000) figures.clear();
    figures.set(text, found);
  }
  return found;
}

const fold = (values: readonly Rate[], pick: (a: Rate, b: Rate) => Rate): Rate => {
  const [first, ...rest] = values;
  return first === undefined ? ZERO_RATE : rest.reduce(pick, first);
};
const highest = (a: Rate, b: Rate): Rate => (a.lt(b) ? b : a);
const lowest = (a: Rate, b: Rate): Rate => (b.lt(a) ? b : a);
const plus = (a: Rate, b: Rate): Rate => a.plus(b);

/** The value, exact to 40 digits; nothing is rounded. */
export function evaluate(e: Expression, scope: Scope): Rate {
  if (typeof e === "string") return FIGURE.test(e) ? figure(e) : scope.number(e);
  if ("plus" in e)
    return fold(
      e.plus.map((x) => evaluate(x, scope)),
      plus,
    );
  if ("minus" in e) return evaluate(e.minus[0], scope).minus(evaluate(e.minus[1], scope));
  if ("times" in e)
    return fold(
      e.times.map((x) => evaluate(x, scope)),
      (a, b) => a.times(b),
    );
  if ("over" in e) return evaluate(e.over[0], scope).div(evaluate(e.over[1], scope));
  if ("percent" in e) return evaluate(e.percent[1], scope).times(evaluate(e.percent[0], scope)).div(HUNDRED);
  if ("least" in e)
    return fold(
      e.least.map((x) => evaluate(x, scope)),
      lowest,
    );
  if ("most" in e)
    return fold(
      e.most.map((x) => evaluate(x, scope)),
      highest,
    );
  if ("sum" in e) return fold(scope.list(e.of, e.sum), plus);
  if ("highest" in e) return fold(scope.list(e.of, e.highest), highest);
  if ("lowest" in e) return fold(scope.list(e.of, e.lowest), lowest);
  if ("count" in e) return rate(String(scope.count(e.count)));
  const values = scope.list(e.of, e.mean);
  return values.length === 0 ? ZERO_RATE : fold(values, plus).div(values.length);
}
