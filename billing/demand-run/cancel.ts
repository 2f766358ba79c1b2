import { audit } from "../../ledger/kernel/audit.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type App, type Read, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { cancelDemands } from "../changes/index.ts";
import { runErrors } from "./errors.ts";
import { endRun, getRun, type DemandRun } from "./run.ts";

/** The source of the entries that take a run back: one for each batch of it. */
const CANCELLED = "demand-run-cancelled";

export type CancelledRun = {
  readonly run: DemandRun;
  readonly demands: number;
  readonly cancelled: Paise;
  /** Money that had been paid on its demands: the consumers' advance now. */
  readonly advance: Paise;
};

/**
 * Takes a run back as a whole, finished or not: from this moment nothing more of it is raised, and every batch is reversed in a transaction with
 * one entry. Whatever kills it, the next call goes on where it stopped. Another person than the one who started the run cancels it. What was
 * cancelled one by one before stays as it is. Raises RUN_NOT_FOUND, RUN_REASON, RUN_STARTER_IS_CANCELLER and the ledger's refusals.
 */
export async function cancelRun(
  app: App,
  who: Who,
  runId: string,
  cancellation: {
    readonly date: LocalDate;
    readonly reason: string;
    readonly onProgress?: (p: { readonly done: number; readonly of: number }) => void;
  },
): Promise<CancelledRun> {
  const reason = cancellation.reason.trim();
  if (reason.length < 5) throw runErrors.RUN_REASON({ reason });
  const run = await inTransaction(app, who, async (tx) => {
    const found = await getRun(tx, runId);
    if (found.startedBy === tx.actor.id) throw runErrors.RUN_STARTER_IS_CANCELLER({ run: runId, actor: tx.actor.id });
    if (found.cancelledAt !== null) return found;
    // The lock of whoever is at work on a batch: after it no batch of the run can be written (RUN_ENDED).
    await tx.query("select pg_advisory_xact_lock(hashtextextended(:name, :ulb::bigint))", {
      name: `billing.demand-run.${runId}`,
      ulb: tx.ulb.id,
    });
    await endRun(tx, runId, "cancelled", reason);
    await audit(tx, {
      action: "cancel",
      subject: "demand-run",
      subjectId: runId,
      reason,
      after: { raised: found.raised, total: formatIndian(found.total) },
    });
    return getRun(tx, runId);
  });
  const batches = await inSnapshot(app, who, (read) =>
    read.query<{ batch_no: number; batch_id: string }>(
      `select batch_no, batch_id from billing.demand_run_batches
       where ulb_id = :ulb and run_id = :run::uuid and batch_id is not null order by batch_no desc`,
      { ulb: read.ulb.id, run: runId },
    ),
  );
  let demands = 0;
  const [cancelled, advance]: [Paise[], Paise[]] = [[], []];
  for (const [i, batch] of batches.entries()) {
    const done = await inTransaction(app, who, (tx) => cancelBatch(tx, run, batch, cancellation.date, reason));
    demands += done.demands;
    cancelled.push(done.cancelled);
    advance.push(done.advance);
    cancellation.onProgress?.({ done: i + 1, of: batches.length });
  }
  return {
    run: await inSnapshot(app, who, (read) => getRun(read, runId)),
    demands,
    cancelled: sum(cancelled),
    advance: sum(advance),
  };
}

/** Demands of a run that are not cancelled: of a cancelled run, what is left to take back. */
export async function standingOf(read: Read, runId: string): Promise<number> {
  const row = await read.queryOne<{ count: number }>(
    `select count(*)::integer as count
     from billing.demand_run_batches b
     join billing.demands d on d.ulb_id = b.ulb_id and d.source_type = 'demand-batch' and d.source_id = b.batch_id::text
     where b.ulb_id = :ulb and b.run_id = :run::uuid
       and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = d.ulb_id and c.demand_id = d.demand_id)`,
    { ulb: read.ulb.id, run: runId },
  );
  return row?.count ?? 0;
}

async function cancelBatch(
  tx: Tx,
  run: DemandRun,
  batch: { readonly batch_no: number; readonly batch_id: string },
  date: LocalDate,
  reason: string,
): Promise<{ demands: number; cancelled: Paise; advance: Paise }> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended(:name, :ulb::bigint))", {
    name: `billing.demand-run.${run.id}`,
    ulb: tx.ulb.id,
  });
  const rows = await tx.query<{ id: string }>(
    `select d.demand_id as id from billing.demands d
     where d.ulb_id = :ulb and d.source_type = 'demand-batch' and d.source_id = :batch
       and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = d.ulb_id and c.demand_id = d.demand_id)`,
    { ulb: tx.ulb.id, batch: batch.batch_id },
  );
  if (rows.length === 0) return { demands: 0, cancelled: ZERO, advance: ZERO };
  const done = await cancelDemands(tx, {
    source: { type: CANCELLED, id: `${run.id}/${batch.batch_no}` },
    date,
    demandIds: rows.map((r) => r.id),
    reason,
  });
  return { demands: rows.length, cancelled: done.cancelled, advance: done.advance };
}
