import { findEntryBySource } from "../../ledger/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { need } from "../register.ts";
import { REDUCING_KINDS } from "../settle.ts";
import { carryOut, CHANGE_SOURCE, planChange } from "./carry-out.ts";
import type { ChangeContent, ChangeProposal, DemandChange } from "./change.ts";
import { checkChecker, decidedAlready, getChange, insertChange, insertDecision, lockChange } from "./proposals.ts";

/** What an approved change did, read from the register. */
export type ChangeOutcome = {
  readonly change: DemandChange;
  /** Null while it is not approved, and if what it changed does not stand in the books (dues on receipt basis). */
  readonly entry: { readonly id: bigint; readonly number: string; readonly date: LocalDate } | null;
  /** Demands that it raised: supplementary, retrospective, transferred. */
  readonly raised: readonly string[];
  /** What it took off demands. */
  readonly reduced: Paise;
  /** The money that became the consumer's advance. */
  readonly advance: Paise;
};

/**
 * Approves a change: in this transaction the register is changed and the journal entry posted. The maker is not the checker. What was proposed
 * is decided again under locks, so that a payment in between is seen. A change that is approved already is given back: it is made once.
 * Raises DEMAND_CHANGE_NOT_FOUND, DEMAND_CHANGE_DECIDED, MAKER_IS_CHECKER, what proposing raises, and the ledger's refusals.
 */
export async function approveChange(tx: Tx, id: string): Promise<ChangeOutcome> {
  const change = await lockChange(tx, id);
  if (change.decision?.outcome === "approved") return outcomeOf(tx, change);
  if (change.decision) throw decidedAlready(change);
  checkChecker(tx, change);
  const planned = await planChange(tx, change.content, change.date);
  await insertDecision(tx, change, "approved", null);
  await carryOut(tx, change, planned);
  return outcomeOf(tx, await getChange(tx, id));
}

/**
 * Arrears pass to another consumer as part of what one person proposed and the actor approves now (a merge, a split): it stands among the changes as
 * proposed by that person, and is made at once, of as many demands as there are. The caller sees to it that they are two.
 * Raises what proposing and approving raise.
 */
export async function transferSanctioned(
  tx: Tx,
  proposedBy: string,
  proposedAt: Date,
  proposal: ChangeProposal & { readonly content: Extract<ChangeContent, { kind: "transfer" }> },
): Promise<void> {
  const planned = await planChange(tx, proposal.content, proposal.date);
  const change = await insertChange(tx, proposal, planned.consumerId, proposedBy, proposedAt);
  await insertDecision(tx, change, "approved", null);
  await carryOut(tx, change, planned);
}

/** Raises DEMAND_CHANGE_NOT_FOUND. */
export async function changeOutcome(read: Read, id: string): Promise<ChangeOutcome> {
  return outcomeOf(read, await getChange(read, id));
}

async function outcomeOf(read: Read, change: DemandChange): Promise<ChangeOutcome> {
  const entry =
    (await findEntryBySource(read, { type: CHANGE_SOURCE, id: change.id })) ??
    (await findEntryBySource(read, { type: "demand-batch", id: change.id }));
  const row = await read.queryOne<{ raised: string[]; reduced: Paise; advance: Paise }>(
    `select
       array(select demand_id::text from billing.demands
         where ulb_id = :ulb and source_type in (:source, 'demand-batch') and source_id = :id order by period_from, demand_id) as raised,
       coalesce((select sum(amount) from billing.allocations
         where ulb_id = :ulb and source_type = :source and source_id = :id and kind = any(:reducing::text[])), 0)::bigint as reduced,
       coalesce((select sum(amount) from billing.advances
         where ulb_id = :ulb and source_type = :source and source_id = :id and kind = 'restored'), 0)::bigint as advance`,
    { ulb: read.ulb.id, source: CHANGE_SOURCE, id: change.id, reducing: REDUCING_KINDS },
  );
  return {
    change,
    entry: entry ? { id: entry.id, number: entry.number, date: entry.date } : null,
    ...need(row, change.id),
  };
}
