import { addDays, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { namesIn } from "./conditions.ts";
import { readExpression, type Named } from "./expression.ts";
import {
  isComputed,
  type ComputedRule,
  type DueRule,
  type LateRule,
  type RebateRule,
  type Rule,
  type RuleFile,
} from "./format.ts";

export const END_OF_TIME = "9999-12-31" as LocalDate;

/** The rules in force over some days, those that compute in an order in which each follows what it names. */
export type Stretch = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly computed: readonly ComputedRule[];
  readonly due: readonly DueRule[];
  readonly rebates: readonly RebateRule[];
  readonly late: readonly LateRule[];
};

/** A rule file ready to assess by: made only by `readRules`, which has checked it. */
export type Rules = {
  readonly file: RuleFile;
  readonly hash: string;
  readonly stretches: readonly Stretch[];
};

/** What an expression, a condition or a text of the rule names. */
export function namesOf(rule: Rule): Named {
  const named: Named = { names: new Set(), lists: [], divides: false };
  const add = (names: readonly string[]): void => names.forEach((n) => named.names.add(n));
  add(namesIn(rule.when));
  if (rule.kind !== "due") add(namesIn(rule.unless));
  if (!isComputed(rule)) return named;
  add([...placeholders(rule.text.en), ...placeholders(rule.text.hi)].filter((n) => n !== "result"));
  if (rule.headBy !== undefined) named.names.add(rule.headBy);
  for (const e of [rule.minimum, rule.maximum]) if (e !== undefined) readExpression(e, named);
  if (rule.kind === "value") readExpression(rule.amount, named);
  if (rule.kind === "slabs") {
    readExpression(rule.of, named);
    for (const t of rule.tables) add(namesIn(t.when));
  }
  if (rule.kind === "table") for (const row of rule.rows) add(namesIn(row.when));
  return named;
}

/** The names in a text: "{area} × {rate:rs}" -> area, rate. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(/\{([a-z][A-Za-z0-9]*)(?::rs)?\}/g)].map((m) => m[1] ?? "");
}

const lastDay = (rule: { readonly validTo?: string | undefined }): LocalDate =>
  rule.validTo === undefined ? END_OF_TIME : localDate(rule.validTo);

/** The days at which some rule begins or ends cut the file's time into stretches in which nothing changes. */
export function stretchesOf(file: RuleFile): { from: LocalDate; to: LocalDate; rules: Rule[] }[] {
  const begin = localDate(file.validFrom);
  const end = lastDay(file);
  const cuts = new Set<LocalDate>([begin]);
  for (const rule of file.rules) {
    cuts.add(localDate(rule.validFrom));
    if (rule.validTo !== undefined && localDate(rule.validTo) < end) cuts.add(addDays(localDate(rule.validTo), 1));
  }
  const days = [...cuts].filter((d) => d >= begin && d <= end).sort();
  return days.map((from, i) => {
    const next = days[i + 1];
    return {
      from,
      to: next === undefined ? end : addDays(next, -1),
      rules: file.rules.filter((r) => r.validFrom <= from && lastDay(r) >= from),
    };
  });
}

/** The computing rules, each after those that it names; by id where that leaves a choice. Or the ids that name each other in a circle. */
export function inOrder(rules: readonly Rule[]): { ordered: ComputedRule[] } | { circle: string[] } {
  const waiting = new Map<string, { rule: ComputedRule; needs: Set<string> }>();
  const ids = new Set(rules.filter(isComputed).map((r) => r.id));
  for (const rule of [...rules].filter(isComputed).sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const named = namesOf(rule);
    const all = [...named.names, ...named.lists.flatMap((l) => l.name ?? [])];
    waiting.set(rule.id, { rule, needs: new Set(all.filter((n) => ids.has(n))) });
  }
  const ordered: ComputedRule[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].find(({ needs }) => ![...needs].some((n) => waiting.has(n)));
    if (!ready) {
      // Every rule left waits for another one left: following them leads into the circle.
      const path: string[] = [];
      let at = [...waiting.keys()][0] ?? "";
      while (!path.includes(at)) {
        path.push(at);
        at = [...(waiting.get(at)?.needs ?? [])].find((n) => waiting.has(n)) ?? "";
      }
      return { circle: [...path.slice(path.indexOf(at)), at] };
    }
    ordered.push(ready.rule);
    waiting.delete(ready.rule.id);
  }
  return { ordered };
}
