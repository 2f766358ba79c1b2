import { setImmediate } from "node:timers/promises";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import {
  inSnapshot,
  inTransaction,
  violatedRule,
  type App,
  type Read,
  type Tx,
  type Who,
} from "../../ledger/kernel/tx.ts";
import { raiseDemands } from "../demands.ts";
import type { Service } from "../due.ts";
import type { AssessedPeriod } from "../rates/assessment.ts";
import type { Rules } from "../rates/compile.ts";
import { ruleFileOn, rulesOf } from "../rates/files.ts";
import { IN_A_CHUNK, keepAssessments, packAssessments, type PackedAssessments } from "./assessments.ts";
import { charge, type Chargeable, type Charged, type Outcome } from "./charge.ts";
import { nextOf, START, type Cohort, type Place } from "./cohort.ts";
import { runErrors } from "./errors.ts";
import { periodName } from "./period.ts";
import { AT_ONCE, openCohort } from "./preview.ts";

export type DemandRun = {
  readonly id: string;
  readonly service: Service;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  /** The date of its entries. */
  readonly date: LocalDate;
  readonly ward: string | null;
  readonly ruleFileId: string;
  readonly consumers: number;
  readonly startedAt: Date;
  readonly startedBy: string;
  readonly batches: number;
  /** Consumers looked at so far: raised, demanded already, or refused. */
  readonly done: number;
  readonly raised: number;
  readonly already: number;
  readonly refused: number;
  readonly total: Paise;
  readonly lastBatchAt: Date | null;
  readonly finishedAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly cancelledBy: string | null;
  readonly cancelReason: string | null;
};

const RUN = `select r.run_id as id, r.service, r.period_from as "periodFrom", r.period_to as "periodTo", r.demand_date as date, r.ward,
    r.rule_file_id as "ruleFileId", r.consumer_count as consumers, r.started_at as "startedAt", r.started_by as "startedBy",
    b.batches, b.done, b.raised, b.already, b.refused, b.total, b.last as "lastBatchAt",
    f.ended_at as "finishedAt", x.ended_at as "cancelledAt", x.ended_by as "cancelledBy", x.reason as "cancelReason"
  from billing.demand_runs r
  cross join lateral (
    select count(*)::integer as batches, coalesce(sum(raised + already + refused), 0)::integer as done, coalesce(sum(raised), 0)::integer as raised,
      coalesce(sum(already), 0)::integer as already, coalesce(sum(refused), 0)::integer as refused, coalesce(sum(total), 0)::bigint as total,
      max(done_at) as last
    from billing.demand_run_batches b where b.ulb_id = r.ulb_id and b.run_id = r.run_id
  ) as b
  left join billing.demand_run_endings f on f.ulb_id = r.ulb_id and f.run_id = r.run_id and f.ending = 'finished'
  left join billing.demand_run_endings x on x.ulb_id = r.ulb_id and x.run_id = r.run_id and x.ending = 'cancelled'
  where r.ulb_id = :ulb`;

/** Raises RUN_NOT_FOUND. */
export async function getRun(read: Read, runId: string): Promise<DemandRun> {
  const run = isUuid(runId)
    ? await read.queryOne<DemandRun>(`${RUN} and r.run_id = :id::uuid`, { ulb: read.ulb.id, id: runId })
    : undefined;
  if (!run) throw runErrors.RUN_NOT_FOUND({ run: runId.slice(0, 40) });
  return run;
}

/** Runs that were begun and neither finished nor cancelled, the oldest first. */
export async function openRuns(read: Read): Promise<DemandRun[]> {
  return read.query<DemandRun>(`${RUN} and f.run_id is null and x.run_id is null order by r.started_at, r.run_id`, {
    ulb: read.ulb.id,
  });
}

/** The newest first, at most 200. */
export async function listRuns(read: Read, service?: Service): Promise<DemandRun[]> {
  return read.query<DemandRun>(
    `${RUN} and (:service::text is null or r.service = :service) order by r.started_at desc, r.run_id desc limit 200`,
    { ulb: read.ulb.id, service: service ?? null },
  );
}

/** Whom a run could not charge, in the order of their codes, and why. */
export async function runRefusals(
  read: Read,
  runId: string,
  page: { readonly after?: string; readonly limit?: number } = {},
): Promise<{ consumerId: string; consumer: string; ward: string; code: string; message: string }[]> {
  return read.query(
    `select c.consumer_id as "consumerId", c.code as consumer, c.ward, f.code, f.message
     from billing.demand_run_refusals f
     join billing.consumers c on c.ulb_id = f.ulb_id and c.consumer_id = f.consumer_id
     where f.ulb_id = :ulb and f.run_id = :id::uuid and c.code > :after
     order by c.code limit :row_limit`,
    { ulb: read.ulb.id, id: runId, after: page.after ?? "", row_limit: Math.min(page.limit ?? 200, 5000) },
  );
}

/**
 * Begins a run; nothing is raised yet. A run of the same service and period (city, or the same ward) that was begun and neither finished nor
 * cancelled is to be continued instead. Raises RUN_OPEN, RUN_PERIOD, RUN_NOBODY, RULES_NOT_IN_FORCE.
 */
export async function startRun(
  tx: Tx,
  wanted: {
    readonly service: Service;
    readonly period: AssessedPeriod;
    readonly ward?: string | null;
    readonly date: LocalDate;
  },
): Promise<DemandRun> {
  const cohort: Cohort = { service: wanted.service, period: wanted.period, ward: wanted.ward ?? null };
  // One beginning of a service after another, so that the second sees the first.
  await tx.query("select pg_advisory_xact_lock(hashtextextended(:name, :ulb::bigint))", {
    name: `billing.demand-run.${wanted.service}`,
    ulb: tx.ulb.id,
  });
  const { count } = await openCohort(tx, cohort);
  const open = (await listRuns(tx, wanted.service)).find(
    (r) =>
      r.finishedAt === null &&
      r.cancelledAt === null &&
      r.periodFrom === cohort.period.from &&
      (r.ward === null || cohort.ward === null || r.ward === cohort.ward),
  );
  if (open) throw runErrors.RUN_OPEN({ run: open.id, done: open.done, of: open.consumers });
  const id = newId(tx.clock().getTime());
  const ruleFile = await ruleFileOn(tx, cohort.service, cohort.period.from);
  await tx.query(
    `insert into billing.demand_runs (ulb_id, run_id, service, period_from, period_to, demand_date, ward, rule_file_id, consumer_count, started_at,
       started_by)
     values (:ulb, :id, :service, :from_date, :to_date, :on_date, :ward, :rule_file, :count, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id,
      service: cohort.service,
      from_date: cohort.period.from,
      to_date: cohort.period.to,
      on_date: wanted.date,
      ward: cohort.ward,
      rule_file: ruleFile.id,
      count,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: "start",
    subject: "demand-run",
    subjectId: id,
    after: { service: cohort.service, period: periodName(cohort.period), ward: cohort.ward, consumers: count },
  });
  return getRun(tx, id);
}

export type RunProgress = {
  readonly done: number;
  readonly of: number;
  readonly raised: number;
  readonly refused: number;
  readonly total: Paise;
};

/** A batch that is reckoned and not yet written. */
type Reckoned = {
  readonly outcome: Drafted;
  readonly packed: readonly PackedAssessments[];
  readonly last: Place;
  readonly count: number;
};

/**
 * Does what is left of a run: batches in the order of ward and consumer, each one transaction with its summarised entry, its demands, their
 * arithmetic and the mark how far the run is. Whatever kills it, the next call begins after the last batch that was committed; nobody is
 * charged twice. While one batch is written the next is reckoned. Raises RUN_NOT_FOUND, RUN_ENDED, RUN_AT_WORK and the ledger's refusals.
 */
export async function continueRun(
  app: App,
  who: Who,
  runId: string,
  options: {
    readonly onProgress?: (p: RunProgress) => void;
    readonly batchSize?: number;
    /** After so many milliseconds no further batch is begun, and the run is given back as far as it is. At least one is done. */
    readonly atMostMs?: number;
  } = {},
): Promise<DemandRun> {
  const started = performance.now();
  const size = options.batchSize ?? AT_ONCE;
  const { run, from, rules } = await inSnapshot(app, who, async (read) => {
    const found = await getRun(read, runId);
    refuseEnded(found);
    return { run: found, from: await lastPlace(read, runId), rules: await rulesOf(read, found.ruleFileId) };
  });
  const cohort: Cohort = {
    service: run.service,
    period: { from: run.periodFrom, to: run.periodTo },
    ward: run.ward,
  };
  const reckon = async (after: Place): Promise<Reckoned | null> => {
    const consumers = await inSnapshot(app, who, (read) => nextOf(read, cohort, after, size));
    const last = consumers.at(-1);
    if (!last) return null;
    return {
      ...(await chargeAll(rules, cohort.period, run.date, consumers)),
      last: { ward: last.ward, id: last.id },
      count: consumers.length,
    };
  };

  let progress: RunProgress = {
    done: run.done,
    of: run.consumers,
    raised: run.raised,
    refused: run.refused,
    total: run.total,
  };
  let place = from;
  let no = run.batches;
  let next = reckon(place);
  for (let batch = await next; batch; batch = await next) {
    no += 1;
    const [here, at] = [place, batch];
    next = reckon(at.last);
    // An error of the next batch is raised when it is asked for, not while this one is being written.
    next.catch(() => undefined);
    let written: Written;
    try {
      written = await inTransaction(app, who, (tx) => writeBatch(tx, run, no, at));
    } catch (error) {
      if (!isDemandedMeanwhile(error)) throw error;
      // Somebody demanded the same period of one of them by hand: they are looked at again.
      const again = await reckon(here);
      if (!again) throw error;
      written = await inTransaction(app, who, (tx) => writeBatch(tx, run, no, again));
    }
    place = at.last;
    progress = {
      done: progress.done + at.count,
      of: Math.max(progress.of, progress.done + at.count),
      raised: progress.raised + written.raised,
      refused: progress.refused + written.refused,
      total: sum([progress.total, written.total]),
    };
    options.onProgress?.(progress);
    if (performance.now() - started >= (options.atMostMs ?? Infinity)) {
      // Nothing is left reading behind the caller's back; the last batch of all is followed by the end of the run.
      if (await next) return inSnapshot(app, who, (read) => getRun(read, runId));
    }
  }
  return inTransaction(app, who, async (tx) => {
    await endRun(tx, runId, "finished", null);
    await audit(tx, {
      action: "finish",
      subject: "demand-run",
      subjectId: runId,
      after: { raised: progress.raised, refused: progress.refused, total: formatIndian(progress.total) },
    });
    return getRun(tx, runId);
  });
}

/** Who is charged by which draft; the arithmetic is packed already. */
type Drafted = Omit<Outcome, "charged"> & { readonly charged: readonly Pick<Charged, "draft">[] };

/**
 * In slices, so that the answers of the batch that is being written are not kept waiting, and so that the arithmetic of a slice, a hundred times
 * the size of its demands, is text before the next is made.
 */
async function chargeAll(
  rules: Rules,
  period: AssessedPeriod,
  on: LocalDate,
  consumers: readonly Chargeable[],
): Promise<Pick<Reckoned, "outcome" | "packed">> {
  const parts: Drafted[] = [];
  const packed: Promise<PackedAssessments>[] = [];
  for (let at = 0; at < consumers.length; at += IN_A_CHUNK) {
    const { charged, already, refused } = charge(rules, period, on, consumers.slice(at, at + IN_A_CHUNK));
    if (charged.length > 0) packed.push(packAssessments(charged.map((c) => c.assessment)));
    parts.push({ charged: charged.map(({ draft }) => ({ draft })), already, refused });
    await setImmediate();
  }
  const outcome = {
    charged: parts.flatMap((p) => p.charged),
    already: parts.reduce((n, p) => n + p.already, 0),
    refused: parts.flatMap((p) => p.refused),
  };
  return { outcome, packed: await Promise.all(packed) };
}

function refuseEnded(run: DemandRun): void {
  if (run.cancelledAt !== null) {
    throw runErrors.RUN_ENDED({ run: run.id, ending: "cancelled", by: run.cancelledBy ?? "" });
  }
  if (run.finishedAt !== null) throw runErrors.RUN_ENDED({ run: run.id, ending: "finished", by: run.startedBy });
}

const isDemandedMeanwhile = (error: unknown): boolean =>
  violatedRule(error) === "demand_raised_once_per_period" ||
  (error instanceof Refusal && error.code === "DEMAND_EXISTS");

async function lastPlace(read: Read, runId: string): Promise<Place> {
  const last = await read.queryOne<Place>(
    `select last_ward as ward, last_consumer_id as id from billing.demand_run_batches
     where ulb_id = :ulb and run_id = :run::uuid order by batch_no desc limit 1`,
    { ulb: read.ulb.id, run: runId },
  );
  return last ?? START;
}

/** Two who continue a run at once: whoever comes second finds the batch being written, or written. */
async function refuseSecondWorker(tx: Tx, runId: string, no: number): Promise<void> {
  const lock = await tx.queryOne<{ free: boolean }>(
    "select pg_try_advisory_xact_lock(hashtextextended(:name, :ulb::bigint)) as free",
    { name: `billing.demand-run.${runId}`, ulb: tx.ulb.id },
  );
  const run = await getRun(tx, runId);
  refuseEnded(run);
  if (!lock?.free || run.batches !== no - 1) throw runErrors.RUN_AT_WORK({ run: runId });
}

type Written = { readonly raised: number; readonly refused: number; readonly total: Paise };

async function writeBatch(tx: Tx, run: DemandRun, no: number, batch: Reckoned): Promise<Written> {
  await refuseSecondWorker(tx, run.id, no);
  const { charged, refused, already } = batch.outcome;
  const batchId = charged.length > 0 ? newId() : null;
  let total: Paise = ZERO;
  if (batchId !== null) {
    const raised = await raiseDemands(tx, {
      batchId,
      date: run.date,
      narration: `Demand run ${run.service} ${periodName({ from: run.periodFrom, to: run.periodTo })}, batch ${no}, ${charged.length} demands`,
      demands: charged.map((c) => c.draft),
    });
    total = raised.total;
    await keepAssessments(tx, { batchId, ruleFileId: run.ruleFileId, demandIds: raised.demandIds }, batch.packed);
  }
  await tx.query(
    `insert into billing.demand_run_batches (ulb_id, run_id, batch_no, batch_id, last_ward, last_consumer_id, raised, already, refused, total, done_at)
     values (:ulb, :run, :no, :batch, :ward, :consumer, :raised, :already, :refused, :total, :now)`,
    {
      ulb: tx.ulb.id,
      run: run.id,
      no,
      batch: batchId,
      ward: batch.last.ward,
      consumer: batch.last.id,
      raised: charged.length,
      already,
      refused: refused.length,
      total,
      now: tx.clock(),
    },
  );
  if (refused.length > 0) {
    await tx.query(
      `insert into billing.demand_run_refusals (ulb_id, run_id, consumer_id, code, message)
       select :ulb::integer, :run::uuid, r.id, r.code, r.message
       from unnest(:ids::uuid[], :codes::text[], :messages::text[]) as r (id, code, message)`,
      {
        ulb: tx.ulb.id,
        run: run.id,
        ids: refused.map((r) => r.consumerId),
        codes: refused.map((r) => r.code),
        messages: refused.map((r) => r.message),
      },
    );
  }
  return { raised: charged.length, refused: refused.length, total };
}

/** Raises RUN_ENDED when it ended so already. */
export async function endRun(
  tx: Tx,
  runId: string,
  ending: "finished" | "cancelled",
  reason: string | null,
): Promise<void> {
  const rows = await tx.query(
    `insert into billing.demand_run_endings (ulb_id, run_id, ending, reason, ended_at, ended_by)
     values (:ulb, :run, :ending, :reason, :now, :actor) on conflict do nothing returning 1`,
    { ulb: tx.ulb.id, run: runId, ending, reason, now: tx.clock(), actor: tx.actor.id },
  );
  if (rows.length === 0) throw runErrors.RUN_ENDED({ run: runId, ending, by: tx.actor.id });
}
