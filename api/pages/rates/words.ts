import type { ComputedRule, Expression, Input, Language, Rule, RuleFile, Texts, When } from "../../../billing/index.ts";
import { formatDate, localDate } from "../../../ledger/kernel/dates.ts";
import { formatIndian, rupees } from "../../../ledger/kernel/money.ts";

/** A rule file and the language in which its own texts are said; the words around them are English, as in the other offices. */
export type Words = { readonly file: RuleFile; readonly lang: Language };

/** "floorFactor" -> "floor factor": a rule has no title besides its id. */
export const plain = (id: string): string => id.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
/** The same as a heading. */
export const titled = (id: string): string => plain(id).replace(/^./, (first) => first.toUpperCase());
export const dayOf = (day: string): string => formatDate(localDate(day));
/** "1234.5" -> "1,234.50". */
export const money = (amount: string): string => formatIndian(rupees(amount));
export const listed = (parts: readonly string[], last: string): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${last} ${parts.at(-1) ?? ""}`;

/** Where a name is looked up: of a rule over a list, or of an attribute of one, the list's attributes come first. */
type Where = Rule | { readonly per: string | undefined };
const perOf = (where: Where): string | undefined => ("per" in where ? where.per : undefined);

function inputOf(file: RuleFile, where: Where, name: string): Input | undefined {
  const per = perOf(where);
  return (per === undefined ? undefined : file.lists[per]?.inputs[name]) ?? file.inputs[name];
}

/** What a name of a rule means: the label of an attribute, or another rule. */
export const named = ({ file, lang }: Words, where: Where, name: string): string =>
  inputOf(file, where, name)?.label[lang] ?? plain(name);

export function headName({ file, lang }: Words, code: string): string {
  return file.heads.find((h) => h.code === code)?.name[lang] ?? code;
}

export function listName({ file, lang }: Words, list: string): string {
  return file.lists[list]?.label[lang] ?? plain(list);
}

/** What must hold of one attribute: "residential or commercial", "above 50, up to 100", "yes". */
export function condition({ file, lang }: Words, where: Where, name: string, is: When[string]): string {
  const input = inputOf(file, where, name);
  const said = (value: string): string => (input?.type === "choice" ? input.values[value]?.[lang] : undefined) ?? value;
  if (typeof is === "boolean") return is ? "yes" : "no";
  if (typeof is === "string") return said(is);
  if (Array.isArray(is)) return listed(is.map(said), "or");
  const { above, upTo } = is;
  return [above === undefined ? "" : `above ${above}`, upTo === undefined ? "" : `up to ${upTo}`]
    .filter(Boolean)
    .join(", ");
}

/** "Connection: metered; Use: residential". */
export const conditions = (words: Words, where: Where, when: When): string =>
  Object.entries(when)
    .map(([name, is]) => `${named(words, where, name)}: ${condition(words, where, name, is)}`)
    .join("; ");

/** An expression as it would be written on paper; parts of another operation stand in brackets. */
export function formula(words: Words, rule: Rule, e: Expression, isInside = false): string {
  const part = (x: Expression): string => formula(words, rule, x, true);
  const bracketed = (text: string): string => (isInside ? `(${text})` : text);
  if (typeof e === "string") return /^-?\d/.test(e) ? e : named(words, rule, e);
  if ("plus" in e) return bracketed(e.plus.map(part).join(" + "));
  if ("minus" in e) return bracketed(e.minus.map(part).join(" − "));
  if ("times" in e) return bracketed(e.times.map(part).join(" × "));
  if ("over" in e) return bracketed(e.over.map(part).join(" ÷ "));
  if ("percent" in e) return bracketed(`${part(e.percent[0])}% of ${part(e.percent[1])}`);
  const free = (x: Expression): string => formula(words, rule, x);
  if ("least" in e) return `the least of ${e.least.map(free).join("; ")}`;
  if ("most" in e) return `the highest of ${e.most.map(free).join("; ")}`;
  if ("count" in e) return `the number of items under ${listName(words, e.count)}`;
  const over = (how: string, name: string): string =>
    `the ${how} of ${words.file.lists[e.of]?.inputs[name]?.label[words.lang] ?? plain(name)} over every ${listName(words, e.of)}`;
  if ("sum" in e) return over("sum", e.sum);
  if ("mean" in e) return over("mean", e.mean);
  if ("highest" in e) return over("highest", e.highest);
  return over("lowest", e.lowest);
}

const PER_PERIOD = { month: "a month", quarter: "a quarter", "half-year": "half a year", year: "a year" } as const;
export const cycleOf = (file: RuleFile): string => PER_PERIOD[file.cycle];

const monthDay = (text: string): string => {
  const months = "January February March April May June July August September October November December".split(" ");
  return `${Number(text.slice(3))} ${months[Number(text.slice(0, 2)) - 1] ?? ""}`;
};
const daysFrom = (days: number, day: string): string =>
  days === 0
    ? day
    : days < 0
      ? `${-days} ${days === -1 ? "day" : "days"} before ${day}`
      : `${days} ${days === 1 ? "day" : "days"} after ${day}`;

export const MODES = {
  telescopic: "each part of the quantity at the rate of its slab",
  flat: "the whole quantity at the rate of the slab in which it lies",
  fixed: "the amount of the slab in which the quantity lies",
} as const;

/** What a rule does, in a sentence. */
export function deed(words: Words, rule: Rule): string {
  const heads = (codes: readonly string[]): string =>
    listed(
      codes.map((c) => headName(words, c)),
      "and",
    );
  switch (rule.kind) {
    case "value":
      return formula(words, rule, rule.amount);
    case "table":
      return "a figure by the table";
    case "slabs":
      return `${formula(words, rule, rule.of)} by slabs: ${MODES[rule.mode]}`;
    case "due":
      return rule.onDay !== undefined
        ? `due on ${monthDay(rule.onDay)}`
        : `due ${daysFrom(rule.days ?? 0, rule.after === "period-end" ? "the last day of the period" : "the first day of the period")}`;
    case "rebate": {
      const until =
        rule.untilDay === undefined ? daysFrom(rule.days ?? 0, "the first day of the period") : monthDay(rule.untilDay);
      const arrears = rule.needsNoArrears === false ? "also when there are arrears" : "not while an arrear is open";
      return `${rule.percent}% off ${heads(rule.on)}, if all is paid until ${until}; ${arrears}`;
    }
    case "late": {
      const how = {
        once: "once",
        monthly: rule.months === "complete" ? "for each complete month" : "for each month begun",
        daily: "a year, by days",
      }[rule.charge];
      const since = rule.starts === "next-year" ? "the next financial year" : "the due date";
      const grace =
        rule.graceDays === undefined || rule.graceDays === 0 ? "" : `, after ${rule.graceDays} days of grace`;
      const cap = rule.capPercent === undefined ? "" : `, at most ${rule.capPercent}%`;
      return `${rule.percent}% ${how} on what is unpaid of ${heads(rule.on)} since ${since}${grace}${cap}, as ${headName(words, rule.head)}`;
    }
  }
}

/** What else holds of a rule that computes: its list, its bounds, its rounding, the head it is charged under. */
export function additions(words: Words, rule: ComputedRule): (readonly [string, string])[] {
  const bound = (e: Expression): string => formula(words, rule, e);
  return [
    ...(rule.per === undefined ? [] : [["Reckoned for", `every ${listName(words, rule.per)}`] as const]),
    ...(rule.minimum === undefined ? [] : [["At least", bound(rule.minimum)] as const]),
    ...(rule.maximum === undefined ? [] : [["At most", bound(rule.maximum)] as const]),
    ...(rule.round === undefined
      ? []
      : [["Rounded", `to ${rule.round.to}, ${rule.round.mode.replace("-", " ")}`] as const]),
    ...(rule.head === undefined ? [] : [["Charged as", `${headName(words, rule.head)} (${rule.head})`] as const]),
    ...(rule.headBy === undefined
      ? []
      : [["Charged under the head named by", named(words, rule, rule.headBy)] as const]),
    ...(rule.isExemption ? [["Counted as", "an exemption"] as const] : []),
  ];
}

type Piece = { readonly text: string; readonly isName: boolean };

/** A text of the file in pieces: what is written, and what is filled in, by its name. */
export function pieces(words: Words, rule: Rule, text: string): Piece[] {
  return text.split(/(\{[a-z][A-Za-z0-9]*(?::rs)?\})/).flatMap((piece): Piece[] => {
    const [, name, isMoney] = /^\{([a-z][A-Za-z0-9]*)(:rs)?\}$/.exec(piece) ?? [];
    if (name === undefined) return piece === "" ? [] : [{ text: piece, isName: false }];
    return [
      {
        text: `${isMoney === undefined ? "" : "₹ "}${name === "result" ? "…" : named(words, rule, name)}`,
        isName: true,
      },
    ];
  });
}

export const bothOf = (texts: Texts): readonly (readonly [Language, string])[] => [
  ["en", texts.en],
  ["hi", texts.hi],
];
