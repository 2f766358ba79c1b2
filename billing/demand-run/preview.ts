import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { add, paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { inSnapshot, type App, type Read, type Who } from "../../ledger/kernel/tx.ts";
import type { Service } from "../due.ts";
import type { AssessedPeriod } from "../rates/assessment.ts";
import { rulesOn } from "../rates/files.ts";
import { taxHeads } from "../tax-heads.ts";
import { charge, type NotCharged } from "./charge.ts";
import { countCohort, nextOf, START, type Cohort } from "./cohort.ts";
import { runErrors } from "./errors.ts";
import { checkCycle, yearBefore } from "./period.ts";

/** What a run would raise, beside what the same period of last year raised. */
export type RunTotal = {
  readonly demands: number;
  readonly amount: Paise;
  readonly lastYearDemands: number;
  readonly lastYear: Paise;
};

export type RunPreview = {
  readonly service: Service;
  readonly period: AssessedPeriod;
  readonly ruleFile: string;
  readonly consumers: number;
  readonly already: number;
  readonly refused: number;
  /** The reasons with their numbers, the commonest first. */
  readonly reasons: readonly { readonly code: string; readonly message: string; readonly count: number }[];
  /** The first of those who cannot be charged. */
  readonly refusals: readonly NotCharged[];
  readonly total: RunTotal;
  readonly byWard: ReadonlyMap<string, RunTotal>;
  readonly byHead: ReadonlyMap<string, RunTotal & { readonly name: string }>;
};

/** How many consumers are looked at in one go. */
export const AT_ONCE = 2000;
const REFUSALS_SHOWN = 200;

export type Progress = { readonly done: number; readonly of: number };

/**
 * What a run would do, by ward and by head, against the same period of last year; writes nothing and holds no more than one batch in memory.
 * Raises RUN_PERIOD, RUN_NOBODY, RULES_NOT_IN_FORCE.
 */
export async function previewRun(
  app: App,
  who: Who,
  wanted: {
    readonly service: Service;
    readonly period: AssessedPeriod;
    readonly ward?: string | null;
    readonly date: LocalDate;
  },
  onProgress: (p: Progress) => void = () => undefined,
): Promise<RunPreview> {
  const cohort: Cohort = { service: wanted.service, period: wanted.period, ward: wanted.ward ?? null };
  return inSnapshot(app, who, async (read) => {
    const { rules, count } = await openCohort(read, cohort);
    const byWard = new Map<string, RunTotal>();
    const byHead = new Map<string, RunTotal>();
    const reasons = new Map<string, { code: string; message: string; count: number }>();
    const refusals: NotCharged[] = [];
    let [done, already, refused] = [0, 0, 0];
    let total = NOTHING;
    for (let place = START; ;) {
      const consumers = await nextOf(read, cohort, place, AT_ONCE);
      const last = consumers.at(-1);
      if (!last) break;
      place = last;
      const outcome = charge(rules, cohort.period, wanted.date, consumers);
      for (const { draft, ward } of outcome.charged) {
        const amount = draft.lines.reduce<Paise>((sum, l) => add(sum, l.amount), ZERO);
        total = plus(total, 1, amount);
        byWard.set(ward, plus(byWard.get(ward) ?? NOTHING, 1, amount));
        for (const l of draft.lines) byHead.set(l.taxHead, plus(byHead.get(l.taxHead) ?? NOTHING, 1, l.amount));
      }
      for (const r of outcome.refused) {
        // Reasons are counted without what is particular to a consumer: figures in quotes and numbers of items.
        const message = r.message.replace(/"[^"]*"/g, "…").replace(/\b\d[\d,.]*/g, "…");
        const reason = reasons.get(`${r.code}/${message}`) ?? { code: r.code, message, count: 0 };
        reason.count += 1;
        reasons.set(`${r.code}/${message}`, reason);
        if (refusals.length < REFUSALS_SHOWN) refusals.push(r);
      }
      already += outcome.already;
      refused += outcome.refused.length;
      done += consumers.length;
      onProgress({ done, of: count });
    }
    const before = await raisedIn(read, { ...cohort, period: yearBefore(cohort.period) });
    for (const b of before) {
      total = plusBefore(total, 0, b.amount);
      byHead.set(b.tax_head, plusBefore(byHead.get(b.tax_head) ?? NOTHING, b.demands, b.amount));
      byWard.set(b.ward, plusBefore(byWard.get(b.ward) ?? NOTHING, 0, b.amount));
    }
    for (const [ward, n] of await demandsIn(read, { ...cohort, period: yearBefore(cohort.period) })) {
      total = plusBefore(total, n, ZERO);
      byWard.set(ward, plusBefore(byWard.get(ward) ?? NOTHING, n, ZERO));
    }
    const heads = await taxHeads(read, wanted.date);
    return {
      service: cohort.service,
      period: cohort.period,
      ruleFile: `${rules.file.id} ${rules.file.version}`,
      consumers: done,
      already,
      refused,
      reasons: [...reasons.values()].sort((a, b) => b.count - a.count).slice(0, 50),
      refusals,
      total,
      byWard: new Map([...byWard].sort(([a], [b]) => (a < b ? -1 : 1))),
      byHead: new Map([...byHead].map(([code, t]) => [code, { ...t, name: heads.get(code)?.name ?? code }])),
    };
  });
}

/** The rules that a run goes by, and how many consumers it has. Raises RUN_PERIOD, RUN_NOBODY, RULES_NOT_IN_FORCE. */
export async function openCohort(read: Read, cohort: Cohort) {
  const rules = await rulesOn(read, cohort.service, cohort.period.from);
  checkCycle(rules, cohort.period);
  const count = await countCohort(read, cohort);
  if (count === 0) {
    throw runErrors.RUN_NOBODY({
      service: cohort.service,
      where: cohort.ward === null ? "this ULB" : `ward ${cohort.ward}`,
    });
  }
  return { rules, count };
}

const NOTHING: RunTotal = { demands: 0, amount: ZERO, lastYearDemands: 0, lastYear: ZERO };
const plus = (t: RunTotal, demands: number, amount: Paise): RunTotal => ({
  ...t,
  demands: t.demands + demands,
  amount: add(t.amount, amount),
});
const plusBefore = (t: RunTotal, demands: number, amount: Paise): RunTotal => ({
  ...t,
  lastYearDemands: t.lastYearDemands + demands,
  lastYear: add(t.lastYear, amount),
});

const OF_COHORT = `from billing.demands d
  join billing.consumers c on c.ulb_id = d.ulb_id and c.consumer_id = d.consumer_id and c.service = :service`;
const IN_PERIOD = `d.ulb_id = :ulb and d.kind = 'regular' and d.period_from = :from_date::date and d.period_to = :to_date::date
  and not exists (select 1 from billing.cancelled_demands x where x.ulb_id = d.ulb_id and x.demand_id = d.demand_id)`;
const params = (read: Read, cohort: Cohort) => ({
  ulb: read.ulb.id,
  service: cohort.service,
  ward: cohort.ward,
  from_date: cohort.period.from,
  to_date: cohort.period.to,
});

/** The cess stands under its own head, as in a draft. */
async function raisedIn(
  read: Read,
  cohort: Cohort,
): Promise<{ ward: string; tax_head: string; demands: number; amount: Paise }[]> {
  const rows = await read.query<{ ward: string; tax_head: string; demands: number; amount: bigint }>(
    `select t.ward, h.head as tax_head, count(*)::integer as demands, sum(h.amount)::bigint as amount
     ${OF_COHORT}
     join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
     cross join lateral (values (t.tax_head, t.amount - t.cess), (t.cess_head, t.cess)) as h (head, amount)
     where ${IN_PERIOD} and (:ward::text is null or t.ward = :ward) and h.amount > 0
     group by t.ward, h.head`,
    params(read, cohort),
  );
  return rows.map((r) => ({ ...r, amount: paise(r.amount) }));
}

async function demandsIn(read: Read, cohort: Cohort): Promise<Map<string, number>> {
  const rows = await read.query<{ ward: string; demands: number }>(
    `select c.ward, count(*)::integer as demands ${OF_COHORT} where ${IN_PERIOD} and (:ward::text is null or c.ward = :ward) group by c.ward`,
    params(read, cohort),
  );
  return new Map(rows.map((r) => [r.ward, r.demands]));
}
