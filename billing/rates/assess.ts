import { addDays, addMonths, daysBetween, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant, type Refusal } from "../../ledger/kernel/errors.ts";
import { formatIndian, paiseOf, rateOf, roundRate, sum, type Paise, type Rate } from "../../ledger/kernel/money.ts";
import { rateErrors } from "./errors.ts";
import { evaluate, figure, termsOf, ZERO_RATE, type Scope } from "./expression.ts";
import { holds, namesIn, type Value } from "./conditions.ts";
import { readFacts, type ConsumerFacts, type ReadFacts } from "./facts.ts";
import { END_OF_TIME, placeholders, type Rules, type Stretch } from "./compile.ts";
import type { ComputedRule, Rounding, SlabsRule, When } from "./format.ts";
import type { AssessedPeriod, Assessment, Part, Step } from "./assessment.ts";
import type { DemandTerms } from "../demand-terms.ts";
import { demandTermsOf, lateAndEarly } from "./late.ts";

type HeadPiece = { readonly rule: ComputedRule; readonly item: number; readonly head: string; readonly exact: Rate };
type Ran = { readonly steps: Step[]; readonly pieces: HeadPiece[]; exempted: Rate };

const text = (value: Value): string | boolean => (typeof value === "object" ? value.toFixed() : value);

/**
 * The demand of one consumer for a period by the file's rules, and what is to be paid on `asOf`. Pure: the same facts give the same, and
 * amounts are exact except where the file rounds. Raises RULES_FACTS, RULES_PERIOD, RULES_NOTHING, RULES_NEGATIVE.
 */
export function assess(rules: Rules, facts: ConsumerFacts, period: AssessedPeriod, asOf: LocalDate): Assessment {
  return assessDemand(rules, facts, period, asOf).assessment;
}

/** The same, with the terms of early and late payment under which the demand is to stand, where the file has any. */
export function assessDemand(
  rules: Rules,
  facts: ConsumerFacts,
  period: AssessedPeriod,
  asOf: LocalDate,
): { readonly assessment: Assessment; readonly terms?: DemandTerms } {
  const { file } = rules;
  const read = readFacts(file, facts);
  const inForce = rules.stretches.filter((s) => s.from <= period.to && s.to >= period.from);
  const [first] = inForce;
  const isCovered = first && first.from <= period.from && (inForce.at(-1)?.to ?? period.from) >= period.to;
  if (!isCovered || period.to < period.from) {
    throw rateErrors.RULES_PERIOD({
      file: `${file.id} ${file.version}`,
      from: formatDate(period.from),
      to: formatDate(period.to),
      validFrom: formatDate(file.validFrom as LocalDate),
      validTo: formatDate((file.validTo as LocalDate | undefined) ?? END_OF_TIME),
    });
  }
  const stretches = file.onChange === "apportion" ? inForce : [first];
  const { steps, pieces, exempted } =
    stretches.length === 1 ? run(first, read, null) : apportioned(stretches, read, period);

  const amounts = new Map<string, Paise>(file.heads.map((h) => [h.code, paiseOf(ZERO_RATE)]));
  for (const piece of pieces) {
    const amount = paiseOf(rounded(piece.exact, piece.rule.round));
    if (amount < 0n) {
      throw rateErrors.RULES_NEGATIVE({ head: piece.head, amount: formatIndian(amount), rule: piece.rule.id });
    }
    amounts.set(piece.head, sum([amounts.get(piece.head) ?? amount, amount]));
  }
  const heads = [...amounts].flatMap(([head, amount]) => (amount === 0n ? [] : [{ head, amount }]));
  const demand = sum(amounts.values());
  if (demand === 0n && !file.mayBeNil) throw rateErrors.RULES_NOTHING({ file: `${file.id} ${file.version}` });

  const after = lateAndEarly(rules, first, { facts, read, heads: amounts, period, asOf });
  const before = sum([demand, ...after.rebates.map((r) => -r.amount as Paise), ...after.late.map((l) => l.amount)]);
  const open = sum([before, after.arrears, -after.paid as Paise]);
  const payable = file.roundOff ? paiseOf(rounded(rateOf(open), file.roundOff)) : open;
  const assessment: Assessment = {
    service: file.service,
    file: file.id,
    fileVersion: file.version,
    fileHash: rules.hash,
    period,
    asOf,
    dueDate: after.dueDate,
    heads,
    demand,
    exempted: paiseOf(roundRate(exempted, figure("0.01"), "half-up")),
    paid: after.paid,
    arrears: after.arrears,
    rebates: after.rebates,
    late: after.late,
    rounding: sum([payable, -open as Paise]),
    payable,
    steps: [...steps, ...after.steps],
  };
  const terms = demandTermsOf(rules, first, read);
  return { assessment, ...(terms && { terms }) };
}

const rounded = (value: Rate, how: Rounding | undefined): Rate =>
  how ? roundRate(value, figure(how.to), how.mode) : value;

/** Where a rule looks: the consumer's values, or an item's before them. Made once for each item, not for each rule: a run has millions. */
type Place = {
  readonly values: Map<string, Value>;
  readonly valueOf: (name: string) => Value | undefined;
  readonly scope: Scope;
};

/** `at` names the rule at work, for what is missing. */
function placesOf(
  read: ReadFacts,
  at: { rule: string },
): { readonly global: Place; readonly items: ReadonlyMap<string, readonly Place[]> } {
  const values = new Map(read.global);
  const items = new Map<string, Place[]>();
  const numberIn = (valueOf: Place["valueOf"], where: string, name: string): Rate => {
    const value = valueOf(name);
    if (typeof value === "object") return value;
    throw rateErrors.RULES_FACTS({ problems: [`${where}${name} is missing, rule ${at.rule} needs it`] });
  };
  const list: Scope["list"] = (of, name) =>
    (items.get(of) ?? []).map((it, i) => numberIn((n) => it.values.get(n), `${of} ${i + 1}: `, name));
  const count: Scope["count"] = (of) => (items.get(of) ?? []).length;
  const place = (own: Map<string, Value>, valueOf: Place["valueOf"], where: string): Place => ({
    values: own,
    valueOf,
    scope: { number: (name) => numberIn(valueOf, where, name), list, count },
  });
  const global = place(values, (name) => values.get(name), "");
  for (const [name, all] of read.lists) {
    const places = all.map((item, i) => {
      const own = new Map(item);
      return place(own, (n) => own.get(n) ?? values.get(n), `${name} ${i + 1}: `);
    });
    items.set(name, places);
  }
  return { global, items };
}

/** The rules of one stretch over the whole of the facts. */
function run(stretch: Stretch, read: ReadFacts, no: number | null): Ran {
  const at = { rule: "" };
  const { global, items } = placesOf(read, at);
  const alone = [global];
  const ran: Ran = { steps: [], pieces: [], exempted: ZERO_RATE };
  for (const rule of stretch.computed) {
    at.rule = rule.id;
    const places = rule.per === undefined ? alone : (items.get(rule.per) ?? []);
    let item = 0;
    for (const { values, valueOf, scope } of places) {
      if (rule.per !== undefined) item += 1;
      const applies = holds(rule.when, valueOf) && !(rule.unless && holds(rule.unless, valueOf));
      if (!applies) {
        values.set(rule.id, ZERO_RATE);
        continue;
      }
      const parts: Part[] = [];
      const exact = limited(rule, scope, base(rule, scope, valueOf, parts), parts);
      const result = rounded(exact, rule.round);
      if (result !== exact && !result.eq(exact)) parts.push({ what: "rounding", value: result.minus(exact).toFixed() });
      values.set(rule.id, result);
      const head = rule.head ?? (rule.headBy === undefined ? null : String(valueOf(rule.headBy)));
      if (head !== null) ran.pieces.push({ rule, item, head, exact });
      if (rule.isExemption) ran.exempted = ran.exempted.plus(result);
      ran.steps.push({
        rule: rule.id,
        version: rule.version,
        ...(no === null ? {} : { stretch: no }),
        ...(item > 0 ? { item } : {}),
        ...(head === null ? {} : { head }),
        figures: figuresOf(rule, valueOf),
        parts,
        result: result.toFixed(),
      });
    }
  }
  return ran;
}

const named = new WeakMap<ComputedRule, readonly string[]>();
function figuresOf(rule: ComputedRule, valueOf: (name: string) => Value | undefined): Step["figures"] {
  let names = named.get(rule);
  if (!names) {
    names = [...new Set([...placeholders(rule.text.en), ...placeholders(rule.text.hi)])].filter((n) => n !== "result");
    named.set(rule, names);
  }
  const figures: Record<string, string | boolean> = {};
  for (const name of names) {
    const value = valueOf(name);
    if (value !== undefined) figures[name] = text(value);
  }
  return figures;
}

function base(rule: ComputedRule, scope: Scope, valueOf: (name: string) => Value | undefined, parts: Part[]): Rate {
  if (rule.kind === "slabs") return bySlabs(rule, evaluate(rule.of, scope), valueOf, parts);
  if (rule.kind === "table") {
    const row = rule.rows.find((r) => holds(r.when, valueOf));
    const found = row?.value ?? rule.otherwise;
    if (found === undefined)
      throw notAsked(
        rule,
        rule.rows.map((r) => r.when),
        valueOf,
      );
    const value = figure(found);
    parts.push({ what: "term", value: value.toFixed() });
    return value;
  }
  let total: Rate | undefined;
  for (const { term, sign } of termsOf(rule.amount)) {
    const found = evaluate(term, scope);
    const value = sign === 1 ? found : found.neg();
    parts.push({ what: "term", value: value.toFixed() });
    total = total === undefined ? value : total.plus(value);
  }
  return total ?? ZERO_RATE;
}

/** The rows cover whatever the inputs allow (`checkRuleFile`); what is left is an attribute that this consumer was not asked. */
function notAsked(
  rule: ComputedRule,
  rows: readonly (When | undefined)[],
  valueOf: (name: string) => Value | undefined,
): Refusal {
  const missing = [...new Set(rows.flatMap(namesIn))].filter((n) => valueOf(n) === undefined);
  invariant(missing.length > 0, `the rows of ${rule.id} cover what the inputs allow`);
  return rateErrors.RULES_FACTS({ problems: missing.map((n) => `${n} is missing, rule ${rule.id} needs it`) });
}

/** Telescopic: every slab takes its part of the quantity. Otherwise the slab that holds the quantity takes all of it, its upper bound included. */
function bySlabs(rule: SlabsRule, quantity: Rate, valueOf: (name: string) => Value | undefined, parts: Part[]): Rate {
  const table = rule.tables.find((t) => holds(t.when, valueOf));
  if (!table)
    throw notAsked(
      rule,
      rule.tables.map((t) => t.when),
      valueOf,
    );
  let total = ZERO_RATE;
  for (const slab of table.slabs) {
    const from = figure(slab.from);
    const to = slab.to === undefined ? null : figure(slab.to);
    const isLast = to === null || quantity.lte(to);
    if (rule.mode !== "telescopic" && !isLast) continue;
    const part = rule.mode === "telescopic" ? (isLast ? quantity : (to ?? quantity)).minus(from) : quantity;
    const value = rule.mode === "fixed" ? figure(slab.rate) : part.times(figure(slab.rate));
    parts.push({
      what: "slab",
      from: slab.from,
      to: slab.to ?? null,
      quantity: part.toFixed(),
      rate: slab.rate,
      value: value.toFixed(),
    });
    total = total.plus(value);
    if (isLast) break;
  }
  const least = table.minimum === undefined ? null : figure(table.minimum);
  const most = table.maximum === undefined ? null : figure(table.maximum);
  return between(total, least, most, parts);
}

function between(value: Rate, least: Rate | null, most: Rate | null, parts: Part[]): Rate {
  if (least?.gt(value)) {
    parts.push({ what: "minimum", value: least.minus(value).toFixed() });
    return least;
  }
  if (most?.lt(value)) {
    parts.push({ what: "maximum", value: most.minus(value).toFixed() });
    return most;
  }
  return value;
}

function limited(rule: ComputedRule, scope: Scope, value: Rate, parts: Part[]): Rate {
  const least = rule.minimum === undefined ? null : evaluate(rule.minimum, scope);
  const most = rule.maximum === undefined ? null : evaluate(rule.maximum, scope);
  return between(value, least, most, parts);
}

/**
 * A rule changed inside the period: each stretch is reckoned as if it held all along and counts by its days. The days' shares are added up
 * before the one rounding of the head, so that a change that changes nothing costs no paisa.
 */
function apportioned(stretches: readonly Stretch[], read: ReadFacts, period: AssessedPeriod): Ran {
  const of = daysBetween(period.from, period.to) + 1;
  const all: Ran = { steps: [], pieces: [], exempted: ZERO_RATE };
  const shares = new Map<string, { piece: HeadPiece; weighted: Rate; days: { days: number; exact: Rate }[] }>();
  let exempted = ZERO_RATE;
  for (const [k, stretch] of stretches.entries()) {
    const from = stretch.from < period.from ? period.from : stretch.from;
    const to = stretch.to > period.to ? period.to : stretch.to;
    const days = daysBetween(from, to) + 1;
    const ran = run(stretch, read, k + 1);
    all.steps.push(...ran.steps);
    exempted = exempted.plus(ran.exempted.times(days));
    for (const piece of ran.pieces) {
      const key = `${piece.rule.id}/${piece.item}/${piece.head}`;
      const share = shares.get(key) ?? { piece, weighted: ZERO_RATE, days: [] };
      share.weighted = share.weighted.plus(piece.exact.times(days));
      share.days.push({ days, exact: piece.exact });
      shares.set(key, share);
    }
  }
  for (const { piece, weighted, days } of shares.values()) {
    const exact = weighted.div(of);
    all.pieces.push({ ...piece, exact });
    all.steps.push({
      rule: piece.rule.id,
      version: piece.rule.version,
      ...(piece.item > 0 ? { item: piece.item } : {}),
      head: piece.head,
      figures: {},
      parts: dayParts(days, of, piece.rule.round),
      result: rounded(exact, piece.rule.round).toFixed(),
    });
  }
  all.exempted = exempted.div(of);
  return all;
}

/** The shares as printed: each takes what the rounded sum grew by, so that they add up to the head. */
function dayParts(
  days: readonly { readonly days: number; readonly exact: Rate }[],
  of: number,
  how: Rounding | undefined,
): Part[] {
  let weighted = ZERO_RATE;
  let before = ZERO_RATE;
  return days.map((d) => {
    weighted = weighted.plus(d.exact.times(d.days));
    const after = rounded(weighted.div(of), how);
    const part: Part = {
      what: "days",
      days: d.days,
      of,
      full: d.exact.toFixed(),
      value: after.minus(before).toFixed(),
    };
    before = after;
    return part;
  });
}

/** The period of the file's cycle in which a day lies, by the financial year. */
export function periodAround(cycle: Rules["file"]["cycle"], on: LocalDate): AssessedPeriod {
  const months = { month: 1, quarter: 3, "half-year": 6, year: 12 }[cycle];
  const sinceApril = (Number(on.slice(5, 7)) + 8) % 12;
  const from = addMonths(`${on.slice(0, 7)}-01` as LocalDate, -(sinceApril % months));
  return { from, to: addDays(addMonths(from, months), -1) };
}
