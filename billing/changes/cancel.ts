import { postEntry, type PostedEntry } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { formatIndian, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import type { Source } from "../allocations.ts";
import type { Detail } from "../entries.ts";
import { need } from "../register.ts";
import { changeLines } from "./entries.ts";
import { changeErrors } from "./errors.ts";
import { planCancellation } from "./plan.ts";
import { changeAccounts, lockDemands, settledOf, writeLineChanges } from "./register.ts";

export type Cancellation = {
  /** Names the fact, and its entry: a change, a demand run that is taken back. */
  readonly source: Source;
  /** The date of the entry. */
  readonly date: LocalDate;
  readonly demandIds: readonly string[];
  readonly reason: string;
  /** How the entry shows receivables and advances; `summary` by default, as demands are raised. */
  readonly detail?: Detail;
};

export type CancelledDemands = {
  /** The demands that were named, and the penalties that were charged on their lateness. */
  readonly demandIds: readonly string[];
  /** What was demanded by them and was neither remitted nor written off before. */
  readonly cancelled: Paise;
  /** The money that had settled them: the consumers' advance now. */
  readonly advance: Paise;
  /** Null if nothing of them stood in the books (penalties not paid). */
  readonly entry: PostedEntry | null;
};

/**
 * Cancels demands that were raised in error, as many as there are, in one journal entry: what is due is taken back from the very income, or from
 * the prior-period account if an earlier financial year had it; all money and advances that had settled them become advances again, rebates
 * fall, and penalties on them are cancelled with them. Their periods may be demanded again. A step of the caller's transaction; all or nothing.
 * Raises DEMAND_CHANGE_EMPTY, DEMAND_CHANGE_REASON, DEMAND_NOT_FOUND, DEMAND_CANCELLED, DEMAND_CHANGE_DATE, and the ledger's refusals.
 */
export async function cancelDemands(tx: Tx, cancellation: Cancellation): Promise<CancelledDemands> {
  const { source, date, reason } = cancellation;
  checkReason("a cancellation", reason);
  if (cancellation.demandIds.length === 0) throw changeErrors.DEMAND_CHANGE_EMPTY({ kind: "a cancellation" });
  const named = [...new Set(cancellation.demandIds)];
  const demands = await lockDemands(tx, named, date);
  const penalties = await penaltiesOn(tx, named);
  const all = penalties.length === 0 ? demands : await lockDemands(tx, [...new Set([...named, ...penalties])], date);
  const demandIds = [...new Set(all.lines.map((l) => l.demandId))];
  const changes = all.lines.map((line) => planCancellation(line, settledOf(all, line)));

  await tx.query(
    `insert into billing.cancelled_demands (ulb_id, demand_id, consumer_id, period_from, period_to, revision, cancelled_on, source_type, source_id,
       reason, cancelled_at, cancelled_by)
     select d.ulb_id, d.demand_id, d.consumer_id, d.period_from, d.period_to, case when d.kind in ('regular', 'opening') then d.revision end,
       :on_date::date, :source_type, :source_id, :reason, :now::timestamptz, :actor
     from billing.demands d
     where d.ulb_id = :ulb and d.demand_id = any(:ids::uuid[])`,
    {
      ulb: tx.ulb.id,
      ids: demandIds,
      on_date: date,
      source_type: source.type,
      source_id: source.id,
      reason: reason.trim(),
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  const advance = await writeLineChanges(tx, changes, { source, date });
  const cancelled = sum(changes.map((c) => c.amount));
  await audit(tx, {
    action: "cancel",
    subject: "demand",
    subjectId: source.id,
    reason: reason.trim(),
    after: { demands: demandIds.length, cancelled: toRupees(cancelled), advance: toRupees(advance) },
  });
  const lines = changeLines(
    changes.map((change) => ({
      change,
      payer: need(all.consumers.get(change.line.consumerId), change.line.consumerId),
    })),
    await changeAccounts(tx, date),
    date,
    cancellation.detail ?? "summary",
  );
  const entry =
    lines.length === 0
      ? null
      : await postEntry(tx, {
          voucher: "journal",
          date,
          narration: `Cancelled: ${demandIds.length} demands, ${formatIndian(cancelled)}${advance > 0n ? `, ${formatIndian(advance)} to advances` : ""}: ${reason.trim()}`,
          source,
          lines,
        });
  return { demandIds, cancelled, advance, entry };
}

/** Penalties that were charged on these demands and still stand. */
async function penaltiesOn(tx: Tx, demandIds: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select d.demand_id as id
     from billing.demands d
     where d.ulb_id = :ulb and d.late_demand_id = any(:ids::uuid[])
       and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = d.ulb_id and c.demand_id = d.demand_id)`,
    { ulb: tx.ulb.id, ids: demandIds.filter(isUuid) },
  );
  return rows.map((r) => r.id);
}

/** Raises DEMAND_CHANGE_REASON. */
export function checkReason(what: string, reason: string): void {
  if (reason.trim().length < 5) throw changeErrors.DEMAND_CHANGE_REASON({ what, reason: reason.trim().slice(0, 60) });
}
