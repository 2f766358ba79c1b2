import { addDays, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { paise, sum, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { lateAfter, penaltyTo, type PenaltyTerms, type Settlement } from "../interest.ts";
import { firstOnOrAfter, rebateOf, rebateUntil, type RebateTerms } from "../rebate.ts";
import type { DemandTerms } from "../demand-terms.ts";
import type { AssessedPeriod, Early, Late, Step } from "./assessment.ts";
import { holds } from "./conditions.ts";
import type { ConsumerFacts, ReadFacts } from "./facts.ts";
import type { Rules, Stretch } from "./compile.ts";
import type { DueRule, LateRule, RebateRule } from "./format.ts";

type What = {
  readonly facts: ConsumerFacts;
  readonly read: ReadFacts;
  readonly heads: ReadonlyMap<string, Paise>;
  readonly period: AssessedPeriod;
  readonly asOf: LocalDate;
};

/** The terms that billing's own reckoning takes (`penaltyTo`): there is one arithmetic of lateness. */
export function penaltyTermsOf(rule: LateRule): PenaltyTerms {
  return {
    kind: rule.charge,
    percent: rule.percent,
    taxHead: rule.head,
    ...(rule.graceDays === undefined ? {} : { graceDays: rule.graceDays }),
    ...(rule.starts === undefined ? {} : { starts: rule.starts }),
    ...(rule.months === undefined ? {} : { months: rule.months }),
    ...(rule.capPercent === undefined ? {} : { capPercent: rule.capPercent }),
  };
}

/** The terms that billing grants rebates by (`rebateUntil`). */
export function rebateTermsOf(rule: RebateRule): RebateTerms {
  return {
    percent: rule.percent,
    days: rule.days ?? 0,
    ...(rule.untilDay === undefined ? {} : { untilDay: rule.untilDay }),
    needsNoArrears: rule.needsNoArrears ?? true,
  };
}

const dueDates = new WeakMap<DueRule, Map<string, LocalDate>>();

/** The day by which the period's demand is due. */
export function dueDateOf(rule: DueRule, period: AssessedPeriod): LocalDate {
  // A run asks a million times for one day.
  const known = dueDates.get(rule) ?? new Map<string, LocalDate>();
  dueDates.set(rule, known);
  const key = `${period.from}/${period.to}`;
  const day = known.get(key) ?? reckonedDue(rule, period);
  known.set(key, day);
  return day;
}

function reckonedDue(rule: DueRule, period: AssessedPeriod): LocalDate {
  if (rule.onDay !== undefined) return firstOnOrAfter(period.from, rule.onDay);
  return addDays(rule.after === "period-end" ? period.to : period.from, rule.days ?? 0);
}

const termsKept = new WeakMap<Stretch, Map<string, DemandTerms>>();

/**
 * The terms of early and late payment that the rules in force (`now`) give a demand: what `lateAndEarly` reckons by, for the register to keep with
 * the demand; undefined for a file that says nothing of early and late payment, which leaves it to the terms of the service. Demands to which the
 * same rules apply are given one and the same object.
 */
export function demandTermsOf(rules: Rules, now: Stretch, read: ReadFacts): DemandTerms | undefined {
  if (rules.stretches.every((s) => s.rebates.length + s.late.length === 0)) return undefined;
  const early = now.rebates.filter((r) => applies(r, read));
  const late = now.late.filter((r) => applies(r, read));
  const key = [...early, ...late].map((r) => `${r.id} ${r.version}`).join("/");
  const known = termsKept.get(now) ?? new Map<string, DemandTerms>();
  termsKept.set(now, known);
  const found = known.get(key) ?? {
    early: early.map((r) => ({ ...rebateTermsOf(r), on: r.on })),
    late: late.map((r) => ({ ...penaltyTermsOf(r), on: r.on })),
  };
  known.set(key, found);
  return found;
}

const applies = (rule: LateRule | RebateRule, read: ReadFacts): boolean =>
  holds(rule.when, (n) => read.global.get(n)) && !(rule.unless && holds(rule.unless, (n) => read.global.get(n)));

const settledTo = (paid: readonly Settlement[] | undefined, asOf: LocalDate): Paise =>
  sum((paid ?? []).filter((s) => s.date <= asOf).map((s) => s.amount));

/**
 * What early payment takes off and lateness adds on the day. The rules are those of the first day of the period that was demanded (of an
 * arrear's own period; the file's first rules when that lies before them).
 */
export function lateAndEarly(
  rules: Rules,
  now: Stretch,
  what: What,
): {
  dueDate: LocalDate;
  paid: Paise;
  arrears: Paise;
  rebates: Early[];
  late: Late[];
  steps: Step[];
} {
  const { facts, read, heads, period, asOf } = what;
  const steps: Step[] = [];
  const on = (rule: LateRule | RebateRule): Paise => sum(rule.on.map((h) => heads.get(h) ?? ZERO));
  const dueRule = now.due.find((r) => holds(r.when, (n) => read.global.get(n)));
  invariant(dueRule, "some rule says when a demand is due");
  const dueDate = facts.dueDate ?? dueDateOf(dueRule, period);
  const paid = settledTo(facts.paid, asOf);
  const open = (facts.arrears ?? []).map((a) => paise(a.amount - settledTo(a.paid, asOf)));
  const arrears = sum(open);
  const hasArrears = open.some((a) => a > 0n);

  const rebates = now.rebates.flatMap((rule): Early[] => {
    const terms = rebateTermsOf(rule);
    const until = rebateUntil(terms, period.from);
    invariant(until, "terms give a day");
    const base = on(rule);
    const left = paise(base > paid ? base - paid : 0n);
    const isLost = asOf > until || (hasArrears && terms.needsNoArrears !== false);
    const amount = !applies(rule, read) || isLost ? ZERO : rebateOf(terms, base, left);
    if (amount === 0n) return [];
    steps.push({
      rule: rule.id,
      version: rule.version,
      figures: { percent: rule.percent, base: toRupees(base), until },
      parts: [{ what: "term", value: `-${toRupees(amount)}` }],
      result: `-${toRupees(amount)}`,
    });
    return [{ rule: rule.id, amount, until }];
  });

  const late: Late[] = [];
  const charge = (
    rule: LateRule,
    base: Paise,
    due: LocalDate,
    periodFrom: LocalDate,
    history: readonly Settlement[],
  ): void => {
    const terms = penaltyTermsOf(rule);
    const amount = penaltyTo(terms, { amount: base, cess: ZERO, dueDate: due }, history, asOf);
    if (amount === 0n) return;
    late.push({ rule: rule.id, head: rule.head, amount, periodFrom });
    steps.push({
      rule: rule.id,
      version: rule.version,
      head: rule.head,
      figures: {
        percent: rule.percent,
        base: toRupees(base),
        due,
        since: addDays(lateAfter(terms, due), 1),
        asOf,
      },
      parts: [{ what: "term", value: toRupees(amount) }],
      result: toRupees(amount),
    });
  };
  for (const rule of now.late) if (applies(rule, read)) charge(rule, on(rule), dueDate, period.from, facts.paid ?? []);
  for (const arrear of facts.arrears ?? []) {
    const then = rules.stretches.findLast((s) => s.from <= arrear.periodFrom) ?? rules.stretches[0];
    for (const rule of then?.late ?? []) {
      if (!applies(rule, read) || !rule.on.includes(arrear.head)) continue;
      charge(rule, arrear.amount, arrear.dueDate, arrear.periodFrom, arrear.paid ?? []);
    }
  }
  return { dueDate, paid, arrears, rebates, late, steps };
}
