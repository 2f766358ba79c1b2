import { isDeepStrictEqual } from "node:util";
import { ledgerErrors } from "../../ledger/index.ts";
import { audit, type Json } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { inDryRun, type App, type Read, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { lockConsumers } from "../register.ts";
import { carryOut } from "./carry-out.ts";
import {
  contentFromJson,
  contentToJson,
  type ConsumerChange,
  type ConsumerChangeContent,
  type ConsumerChangeKind,
  type ConsumerChangeProposal,
} from "./change.ts";
import { consumerErrors } from "./errors.ts";
import { nameOf, planConsumerChange, type PlannedChange } from "./plan.ts";

/**
 * Proposes a mutation, a merge or a split; another person approves it. It is checked as if it were carried out now, so that what cannot be is
 * refused at once, with the figures. The same proposal again is the one that is there. Raises CONSUMER_CHANGE_EXISTS, CONSUMER_CHANGE_REASON, CONSUMER_CHANGE_DOCUMENT, and what `planConsumerChange` raises.
 */
export async function proposeConsumerChange(tx: Tx, proposal: ConsumerChangeProposal): Promise<ConsumerChange> {
  const { content, date } = proposal;
  checkReason(`a ${content.kind}`, proposal.reason);
  const number = proposal.document.number.trim();
  const problem =
    number === ""
      ? "the number is missing"
      : proposal.document.date > date
        ? `${formatDate(proposal.document.date)} is later than ${formatDate(date)}, the day of the change`
        : null;
  if (problem !== null) throw consumerErrors.CONSUMER_CHANGE_DOCUMENT({ kind: content.kind, problem });
  const id =
    proposal.changeId !== undefined && isUuid(proposal.changeId) ? proposal.changeId : newId(tx.clock().getTime());
  const said = {
    date,
    reason: proposal.reason.trim(),
    document: { number, date: proposal.document.date },
    content: asKept(content),
  };
  const [there] = await changes(tx, "c.change_id = :id::uuid", { id }, 1);
  if (there) {
    const known = { date: there.date, reason: there.reason, document: there.document, content: there.content };
    if (isDeepStrictEqual(known, said)) return there;
    throw consumerErrors.CONSUMER_CHANGE_EXISTS({ change: id, by: there.proposedBy });
  }
  const planned = await planConsumerChange(tx, content, date);
  await tx.query(
    `insert into billing.consumer_changes (ulb_id, change_id, kind, consumer_id, change_date, reason, document_number, document_date, content,
       proposed_at, proposed_by)
     values (:ulb, :id, :kind, :consumer, :on_date, :reason, :number, :document_date, :content, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id,
      kind: content.kind,
      consumer: content.consumerId,
      on_date: date,
      reason: proposal.reason.trim(),
      number,
      document_date: proposal.document.date,
      content: contentToJson({
        content,
        seen: planned.does === "mutation" ? planned.before : {},
        seenOwners: planned.does === "mutation" ? (planned.owners?.before ?? null) : null,
      }),
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: "propose",
    subject: "consumer-change",
    subjectId: id,
    reason: proposal.reason.trim(),
    after: { kind: content.kind, consumer: nameOf(planned.consumer), date, document: number },
  });
  return getConsumerChange(tx, id);
}

const asKept = (content: ConsumerChangeContent): ConsumerChangeContent =>
  contentFromJson(contentToJson({ content, seen: {}, seenOwners: null })).content;

/**
 * Approves a change: in this transaction it is carried out. The maker is not the checker; what was proposed is decided again under locks. A change
 * that is approved already is given back: it is made once. Raises CONSUMER_CHANGE_NOT_FOUND, CONSUMER_CHANGE_DECIDED, MAKER_IS_CHECKER,
 * CONSUMER_CHANGE_OVERTAKEN, what proposing raises, and the refusals of demand changes and of the ledger.
 */
export async function approveConsumerChange(tx: Tx, id: string): Promise<ConsumerChange> {
  const change = await lockChange(tx, id);
  if (change.decision?.outcome === "approved") return change;
  if (change.decision) throw decidedAlready(change);
  checkChecker(tx, change);
  const planned = await planAgain(tx, change);
  const done = await carryOut(tx, change, planned);
  await insertDecision(tx, change, "approved", null, done);
  return getConsumerChange(tx, id);
}

/** What a change that waits would do if it were approved now; nothing is written. Raises what approving raises, but for MAKER_IS_CHECKER. */
export async function previewConsumerChange(app: App, who: Who, id: string): Promise<PlannedChange> {
  return inDryRun(app, who, async (tx) => {
    const change = await lockChange(tx, id);
    if (change.decision) throw decidedAlready(change);
    return planAgain(tx, change);
  });
}

/** Decides again under locks what was proposed, and that no other change was approved in between. */
async function planAgain(tx: Tx, change: ConsumerChange): Promise<PlannedChange> {
  const planned = await planConsumerChange(tx, change.content, change.date);
  if (planned.does === "mutation") {
    const seen = change.seen;
    const now = planned.consumer;
    const overtaken: string[] = (Object.keys(seen) as (keyof typeof seen)[]).filter((f) => seen[f] !== now[f]);
    const owners = planned.owners && (JSON.parse(JSON.stringify(planned.owners.before)) as unknown);
    if (owners && !isDeepStrictEqual(owners, change.seenOwners)) overtaken.push("owners");
    if (overtaken.length > 0)
      throw consumerErrors.CONSUMER_CHANGE_OVERTAKEN({ consumer: nameOf(now), fields: overtaken });
  }
  return planned;
}

/** The checker refuses a change, with a reason. Raises CONSUMER_CHANGE_NOT_FOUND, CONSUMER_CHANGE_REASON, CONSUMER_CHANGE_DECIDED, MAKER_IS_CHECKER. */
export async function rejectConsumerChange(tx: Tx, id: string, reason: string): Promise<ConsumerChange> {
  const change = await lockChange(tx, id);
  checkReason("a rejection", reason);
  if (change.decision) throw decidedAlready(change);
  checkChecker(tx, change);
  await insertDecision(tx, change, "rejected", reason.trim());
  return getConsumerChange(tx, id);
}

/**
 * The maker takes a change back, with a reason. Raises CONSUMER_CHANGE_NOT_FOUND, CONSUMER_CHANGE_REASON, CONSUMER_CHANGE_DECIDED,
 * CONSUMER_CHANGE_WITHDRAWN_BY_MAKER.
 */
export async function withdrawConsumerChange(tx: Tx, id: string, reason: string): Promise<ConsumerChange> {
  const change = await lockChange(tx, id);
  checkReason("a withdrawal", reason);
  if (change.decision) throw decidedAlready(change);
  if (change.proposedBy !== tx.actor.id) {
    const facts = { change: id, maker: change.proposedBy, actor: tx.actor.id };
    throw consumerErrors.CONSUMER_CHANGE_WITHDRAWN_BY_MAKER(facts);
  }
  await insertDecision(tx, change, "withdrawn", reason.trim());
  return getConsumerChange(tx, id);
}

/** Raises CONSUMER_CHANGE_NOT_FOUND. */
export async function getConsumerChange(read: Read, id: string): Promise<ConsumerChange> {
  const [change] = isUuid(id) ? await changes(read, "c.change_id = :id::uuid", { id }, 1) : [];
  if (!change) throw consumerErrors.CONSUMER_CHANGE_NOT_FOUND({ change: id.slice(0, 60) });
  return change;
}

/** Changes of a consumer, or those that wait for a decision, or all; the newest first, at most `limit` (200). */
export async function listConsumerChanges(
  read: Read,
  search: { readonly consumerId?: string; readonly isWaiting?: boolean; readonly limit?: number } = {},
): Promise<ConsumerChange[]> {
  return changes(
    read,
    `(:consumer::uuid is null or c.consumer_id = :consumer::uuid) and (not :waiting::boolean or d.decision is null)`,
    { consumer: search.consumerId ?? null, waiting: search.isWaiting ?? false },
    Math.min(search.limit ?? 200, 200),
  );
}

/** The change and its decision, with nobody deciding it meanwhile: whoever decides locks its consumers first. */
async function lockChange(tx: Tx, id: string): Promise<ConsumerChange> {
  const { content } = await getConsumerChange(tx, id);
  await lockConsumers(tx, [content.consumerId, ...(content.kind === "merge" ? [content.intoConsumerId] : [])]);
  return getConsumerChange(tx, id);
}

async function insertDecision(
  tx: Tx,
  change: ConsumerChange,
  decision: "approved" | "rejected" | "withdrawn",
  reason: string | null,
  done?: { readonly before: Json; readonly after: Json },
): Promise<void> {
  await tx.query(
    `insert into billing.consumer_change_decisions (ulb_id, change_id, proposed_by, decision, reason, before, after, decided_at, decided_by)
     values (:ulb, :id, :proposed_by, :decision, :reason, :before, :after, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id: change.id,
      proposed_by: change.proposedBy,
      decision,
      reason,
      before: done ? JSON.stringify(done.before) : null,
      after: done ? JSON.stringify(done.after) : null,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: { approved: "approve", rejected: "reject", withdrawn: "withdraw" }[decision],
    subject: "consumer-change",
    subjectId: change.id,
    ...(reason !== null && { reason }),
    ...(done && { before: done.before, after: done.after }),
  });
}

/** Raises MAKER_IS_CHECKER. */
function checkChecker(tx: Tx, change: ConsumerChange): void {
  if (change.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${change.kind} ${change.id}`, actor: tx.actor.id });
}

function checkReason(what: string, reason: string): void {
  const said = reason.trim();
  if (said.length < 5) throw consumerErrors.CONSUMER_CHANGE_REASON({ what, reason: said });
}

function decidedAlready(change: ConsumerChange) {
  return consumerErrors.CONSUMER_CHANGE_DECIDED({
    change: change.id,
    decision: change.decision?.outcome ?? "",
    by: change.decision?.by ?? "",
  });
}

type ChangeRow = {
  id: string;
  kind: ConsumerChangeKind;
  on_date: LocalDate;
  reason: string;
  document_number: string;
  document_date: LocalDate;
  content: string;
  proposed_by: string;
  proposed_at: Date;
  decision: "approved" | "rejected" | "withdrawn" | null;
  decided_by: string | null;
  decided_at: Date | null;
  decision_reason: string | null;
};

async function changes(
  read: Read,
  where: string,
  params: Record<string, unknown>,
  limit: number,
): Promise<ConsumerChange[]> {
  const rows = await read.query<ChangeRow>(
    `select c.change_id as id, c.kind, c.change_date as on_date, c.reason, c.document_number, c.document_date, c.content::text as content,
       c.proposed_by, c.proposed_at, d.decision, d.decided_by, d.decided_at, d.reason as decision_reason
     from billing.consumer_changes c
     left join billing.consumer_change_decisions d on d.ulb_id = c.ulb_id and d.change_id = c.change_id
     where c.ulb_id = :ulb and ${where}
     order by c.proposed_at desc, c.change_id desc
     limit :row_limit`,
    { ulb: read.ulb.id, ...params, row_limit: limit },
  );
  return rows.map((r) => ({
    ...contentFromJson(r.content),
    id: r.id,
    kind: r.kind,
    date: r.on_date,
    reason: r.reason,
    document: { number: r.document_number, date: r.document_date },
    proposedBy: r.proposed_by,
    proposedAt: r.proposed_at,
    decision:
      r.decision !== null && r.decided_by !== null && r.decided_at !== null
        ? { outcome: r.decision, by: r.decided_by, at: r.decided_at, reason: r.decision_reason }
        : null,
  }));
}
