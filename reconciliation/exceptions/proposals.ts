import { approvalLimit, ledgerErrors } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { lockedBankAccount } from "../bank-accounts.ts";
import { carryOut, type Outcome } from "./carry-out.ts";
import { exceptionErrors } from "./errors.ts";
import { draftText, draftToJson, resolutionToJson, type BankException, type Proposal } from "./exception.ts";
import { closeLeaves } from "./keep.ts";
import { getException, lockException, proposalsOf, refuseClosed } from "./store.ts";
import type { Resolution } from "./templates.ts";

/** Documents whose entry follows the dues of the day: what is drafted may rightly differ from what is posted. */
const FOLLOWS_DUES: readonly Resolution["kind"][] = ["receipt", "cheque-returned"];

/**
 * Proposes a way out of an exception. It is carried out and taken back at once, so that what cannot be is refused now and the entry that it drafts
 * is kept for the checker to see; nothing of the books moves. Another person approves it.
 * Raises EXCEPTION_NOT_FOUND, EXCEPTION_CLOSED, EXCEPTION_PROPOSED, EXCEPTION_REASON, and what carrying it out raises.
 */
export async function proposeResolution(
  tx: Tx,
  input: { readonly exceptionId: string; readonly resolution: Resolution; readonly reason: string },
): Promise<Proposal> {
  const exception = await lockBoth(tx, input.exceptionId);
  refuseClosed(exception);
  const reason = reasonOf(input.reason, "a way out of an exception");
  const [waiting] = (await proposalsOf(tx, exception.id)).filter(
    (p) => p.decision === null && p.id === exception.proposalId,
  );
  if (waiting)
    throw exceptionErrors.EXCEPTION_PROPOSED({
      exception: exception.id,
      by: waiting.proposedBy,
      template: waiting.resolution.kind,
    });
  const id = newId(tx.clock().getTime());
  const tried = await tryOut(tx, () => carryOut(tx, { exception, proposalId: id, reason }, input.resolution));
  await tx.query(
    `insert into reconciliation.exception_proposals (ulb_id, proposal_id, exception_id, template, content, draft, reason, proposed_at, proposed_by)
     values (:ulb, :id::uuid, :exception::uuid, :template, :content, :draft, :reason, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id,
      exception: exception.id,
      template: input.resolution.kind,
      content: JSON.stringify(resolutionToJson(input.resolution)),
      draft: JSON.stringify(draftToJson(tried.draft)),
      reason,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await tx.query(
    `update reconciliation.bank_exceptions set status = 'proposed', proposal_id = :proposal::uuid
     where ulb_id = :ulb and exception_id = :id::uuid`,
    { ulb: tx.ulb.id, id: exception.id, proposal: id },
  );
  await audit(tx, {
    action: "propose",
    subject: "bank-exception",
    subjectId: exception.id,
    reason,
    after: { template: input.resolution.kind, draft: draftText(tried.draft) },
  });
  return proposalOf(tx, exception.id, id);
}

/**
 * Approves what was proposed: the entry is posted and the line matched in this transaction, once. The maker is not the checker, and nobody
 * approves more than his limit. If the entry would not be the one that was proposed, it is refused. An exception that was approved already
 * with this proposal is given back.
 * Raises EXCEPTION_NOT_FOUND, EXCEPTION_CLOSED, EXCEPTION_NOT_PROPOSED, MAKER_IS_CHECKER, EXCEPTION_ABOVE_LIMIT, EXCEPTION_DRAFT_CHANGED,
 * and what carrying it out raises.
 */
export async function approveResolution(
  tx: Tx,
  exceptionId: string,
): Promise<{ readonly proposal: Proposal; readonly says: string }> {
  const exception = await lockBoth(tx, exceptionId);
  const last = (await proposalsOf(tx, exception.id)).at(-1);
  if (exception.status === "closed" && last?.decision?.outcome === "approved" && last.decision.by === tx.actor.id)
    return { proposal: last, says: exception.resolution ?? "" };
  refuseClosed(exception);
  const proposal = waitingOf(exception, last);
  if (proposal.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${proposal.resolution.kind} ${proposal.id}`, actor: tx.actor.id });
  await refuseAboveLimit(tx, exception);
  const done = await carryOut(tx, { exception, proposalId: proposal.id, reason: proposal.reason }, proposal.resolution);
  if (!FOLLOWS_DUES.includes(proposal.resolution.kind) && draftText(done.draft) !== draftText(proposal.draft))
    throw exceptionErrors.EXCEPTION_DRAFT_CHANGED({
      exception: exception.id,
      proposed: draftText(proposal.draft),
      now: draftText(done.draft),
    });
  await insertDecision(tx, proposal, "approved", null, done);
  // A cheque that came back is overdue no more.
  await closeLeaves(tx, exception.account);
  await tx.query(
    done.isOver
      ? `update reconciliation.bank_exceptions set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = :says
         where ulb_id = :ulb and exception_id = :id::uuid`
      : `update reconciliation.bank_exceptions set status = 'open', proposal_id = null,
           note = concat_ws('; ', note, :says::text || ', approved by ' || :actor::text || ' on ' || (:now::timestamptz)::date)
         where ulb_id = :ulb and exception_id = :id::uuid`,
    { ulb: tx.ulb.id, id: exception.id, now: tx.clock(), actor: tx.actor.id, says: done.says },
  );
  return { proposal: await proposalOf(tx, exception.id, proposal.id), says: done.says };
}

/** Another person rejects it, with a reason; the exception is open again. Raises MAKER_IS_CHECKER, EXCEPTION_NOT_PROPOSED, EXCEPTION_REASON. */
export async function rejectResolution(tx: Tx, exceptionId: string, reason: string): Promise<void> {
  await give(tx, exceptionId, "rejected", reason);
}

/** Its maker takes it back, with a reason. Raises EXCEPTION_WITHDRAWN_BY_MAKER, EXCEPTION_NOT_PROPOSED, EXCEPTION_REASON. */
export async function withdrawResolution(tx: Tx, exceptionId: string, reason: string): Promise<void> {
  await give(tx, exceptionId, "withdrawn", reason);
}

async function give(tx: Tx, exceptionId: string, outcome: "rejected" | "withdrawn", reason: string): Promise<void> {
  const exception = await lockBoth(tx, exceptionId);
  refuseClosed(exception);
  const proposal = waitingOf(exception, (await proposalsOf(tx, exception.id)).at(-1));
  const isMaker = proposal.proposedBy === tx.actor.id;
  if (outcome === "rejected" && isMaker)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${proposal.resolution.kind} ${proposal.id}`, actor: tx.actor.id });
  if (outcome === "withdrawn" && !isMaker)
    throw exceptionErrors.EXCEPTION_WITHDRAWN_BY_MAKER({ maker: proposal.proposedBy, actor: tx.actor.id });
  const why = reasonOf(reason, outcome === "rejected" ? "a rejection" : "a withdrawal");
  await insertDecision(tx, proposal, outcome, why, null);
  await tx.query(
    `update reconciliation.bank_exceptions set status = 'open', proposal_id = null where ulb_id = :ulb and exception_id = :id::uuid`,
    { ulb: tx.ulb.id, id: exception.id },
  );
}

async function insertDecision(
  tx: Tx,
  proposal: Proposal,
  decision: "approved" | "rejected" | "withdrawn",
  reason: string | null,
  done: Outcome | null,
): Promise<void> {
  await tx.query(
    `insert into reconciliation.exception_decisions (ulb_id, proposal_id, proposed_by, decision, reason, entry_id, match_id, decided_at, decided_by)
     values (:ulb, :id::uuid, :maker, :decision, :reason, :entry, :match, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id: proposal.id,
      maker: proposal.proposedBy,
      decision,
      reason,
      entry: done?.entryId ?? null,
      match: done?.matchId ?? null,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: { approved: "approve", rejected: "reject", withdrawn: "withdraw" }[decision],
    subject: "bank-exception",
    subjectId: proposal.exceptionId,
    ...(reason === null ? {} : { reason }),
    after: {
      template: proposal.resolution.kind,
      ...(done ? { says: done.says, entry: String(done.entryId ?? "") } : {}),
    },
  });
}

/** Runs a deed whole and takes all of it back within the transaction; its result, or its refusal, is what remains. */
async function tryOut<T>(tx: Tx, deed: () => Promise<T>): Promise<T> {
  await tx.query("savepoint tried_out");
  try {
    return await deed();
  } finally {
    await tx.query("rollback to savepoint tried_out");
    await tx.query("release savepoint tried_out");
  }
}

/** The bank account first, as every import and match does, then the exception. */
async function lockBoth(tx: Tx, id: string): Promise<BankException> {
  const { account } = await getException(tx, id);
  await lockedBankAccount(tx, account);
  return lockException(tx, id);
}

function waitingOf(exception: BankException, last: Proposal | undefined): Proposal {
  if (!last || last.decision !== null || last.id !== exception.proposalId)
    throw exceptionErrors.EXCEPTION_NOT_PROPOSED({ exception: exception.id });
  return last;
}

async function refuseAboveLimit(tx: Tx, exception: BankException): Promise<void> {
  const size = exception.amount < 0n ? -exception.amount : exception.amount;
  const limit = await approvalLimit(
    tx,
    tx.actor,
    exception.amount < 0n ? "payment" : "receipt",
    dateInIndia(tx.clock()),
  );
  if (limit !== null && size > limit)
    throw exceptionErrors.EXCEPTION_ABOVE_LIMIT({ amount: String(size), limit: String(limit), actor: tx.actor.id });
}

function reasonOf(reason: string, what: string): string {
  const text = reason.trim();
  if (text.length < 5) throw exceptionErrors.EXCEPTION_REASON({ what });
  return text.slice(0, 500);
}

async function proposalOf(tx: Tx, exceptionId: string, id: string): Promise<Proposal> {
  const found = (await proposalsOf(tx, exceptionId)).find((p) => p.id === id);
  if (!found) throw exceptionErrors.EXCEPTION_NOT_PROPOSED({ exception: exceptionId });
  return found;
}
