import { isDeepStrictEqual } from "node:util";
import { ledgerErrors } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { lockConsumers } from "../register.ts";
import { checkReason } from "./cancel.ts";
import { planChange } from "./carry-out.ts";
import {
  contentFromJson,
  contentToJson,
  type ChangeContent,
  type ChangeKind,
  type ChangeProposal,
  type DemandChange,
} from "./change.ts";
import { changeErrors } from "./errors.ts";

const MOST_PARTS = 500;
const NEEDS_ORDER: readonly ChangeKind[] = ["remission", "exemption", "retrospective"];

/**
 * Proposes a change of demands; another person approves it. It is checked as if it were carried out now, so that what cannot be is refused at
 * once, with the figures. The same proposal again is the one that is there.
 * Raises DEMAND_CHANGE_REASON, DEMAND_CHANGE_ORDER_MISSING, DEMAND_CHANGE_ORDER_LATER, DEMAND_CHANGE_EXISTS, and what `planChange` raises.
 */
export async function proposeChange(tx: Tx, proposal: ChangeProposal): Promise<DemandChange> {
  const { content, date } = proposal;
  checkReason(`a ${content.kind}`, proposal.reason);
  const order = checkOrder(content.kind, proposal.order ?? {}, date);
  checkSize(content);
  const id = proposal.changeId ?? newId(tx.clock().getTime());
  const said = { date, reason: proposal.reason.trim(), order, content: contentFromJson(contentToJson(content)) };
  const there = isUuid(id) ? await findChange(tx, id) : undefined;
  if (there) {
    const known = { date: there.date, reason: there.reason, order: there.order, content: there.content };
    if (isDeepStrictEqual(known, said)) return there;
    throw changeErrors.DEMAND_CHANGE_EXISTS({ change: id, by: there.proposedBy });
  }
  const { consumerId } = await planChange(tx, content, date);
  return insertChange(tx, { ...proposal, changeId: id }, consumerId, tx.actor.id, tx.clock());
}

/** Writes a proposal that was checked. Raises DEMAND_CHANGE_ORDER_MISSING, DEMAND_CHANGE_ORDER_LATER. */
export async function insertChange(
  tx: Tx,
  proposal: ChangeProposal,
  consumerId: string,
  proposedBy: string,
  proposedAt: Date,
): Promise<DemandChange> {
  const { content, date } = proposal;
  const order = checkOrder(content.kind, proposal.order ?? {}, date);
  const id = proposal.changeId ?? newId(tx.clock().getTime());
  const reason = proposal.reason.trim();
  await tx.query(
    `insert into billing.demand_changes (ulb_id, change_id, kind, consumer_id, change_date, reason, order_number, order_date, content, proposed_at,
       proposed_by)
     values (:ulb, :id, :kind, :consumer, :on_date, :reason, :order_number, :order_date, :content, :proposed_at, :proposed_by)`,
    {
      ulb: tx.ulb.id,
      id,
      kind: content.kind,
      consumer: consumerId,
      on_date: date,
      reason,
      order_number: order?.number ?? null,
      order_date: order?.date ?? null,
      content: contentToJson(content),
      proposed_at: proposedAt,
      proposed_by: proposedBy,
    },
  );
  await audit(tx, {
    action: "propose",
    subject: "demand-change",
    subjectId: id,
    reason,
    after: { kind: content.kind, date, order: order?.number ?? null },
  });
  return getChange(tx, id);
}

/** The checker refuses a change, with a reason. Raises DEMAND_CHANGE_NOT_FOUND, DEMAND_CHANGE_REASON, DEMAND_CHANGE_DECIDED, MAKER_IS_CHECKER. */
export async function rejectChange(tx: Tx, id: string, reason: string): Promise<DemandChange> {
  return refuse(tx, id, "rejected", reason);
}

/** The maker takes a change back, with a reason. Raises DEMAND_CHANGE_NOT_FOUND, DEMAND_CHANGE_REASON, DEMAND_CHANGE_DECIDED, DEMAND_CHANGE_WITHDRAWN_BY_MAKER. */
export async function withdrawChange(tx: Tx, id: string, reason: string): Promise<DemandChange> {
  return refuse(tx, id, "withdrawn", reason);
}

async function refuse(tx: Tx, id: string, decision: "rejected" | "withdrawn", reason: string): Promise<DemandChange> {
  const change = await lockChange(tx, id);
  checkReason(decision === "rejected" ? "a rejection" : "a withdrawal", reason);
  if (change.decision) throw decidedAlready(change);
  if (decision === "rejected") checkChecker(tx, change);
  else if (change.proposedBy !== tx.actor.id) {
    throw changeErrors.DEMAND_CHANGE_WITHDRAWN_BY_MAKER({ change: id, maker: change.proposedBy, actor: tx.actor.id });
  }
  await insertDecision(tx, change, decision, reason.trim());
  return getChange(tx, id);
}

/** Raises DEMAND_CHANGE_NOT_FOUND. */
export async function getChange(read: Read, id: string): Promise<DemandChange> {
  const change = isUuid(id) ? await findChange(read, id) : undefined;
  if (!change) throw changeErrors.DEMAND_CHANGE_NOT_FOUND({ change: id.slice(0, 60) });
  return change;
}

/** Changes of a consumer, or those that wait for a decision, or all; the newest first, at most `limit` (200), those after the change named. */
export async function listChanges(
  read: Read,
  search: {
    readonly consumerId?: string;
    readonly status?: "waiting" | "approved" | "rejected" | "withdrawn";
    readonly after?: string;
    readonly limit?: number;
  } = {},
): Promise<DemandChange[]> {
  const rows = await read.query<ChangeRow>(
    `${CHANGES}
     where c.ulb_id = :ulb and (:consumer::uuid is null or c.consumer_id = :consumer::uuid)
       and (:status::text is null or coalesce(d.decision, 'waiting') = :status)
       and (:after::uuid is null or (c.proposed_at, c.change_id) < (
         select a.proposed_at, a.change_id from billing.demand_changes a where a.ulb_id = :ulb and a.change_id = :after::uuid
       ))
     order by c.proposed_at desc, c.change_id desc
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      consumer: search.consumerId ?? null,
      status: search.status ?? null,
      after: search.after ?? null,
      row_limit: Math.min(search.limit ?? 200, 200),
    },
  );
  return rows.map(changeOf);
}

/** The change and its decision, with nobody deciding it meanwhile: whoever decides locks its consumer first. */
export async function lockChange(tx: Tx, id: string): Promise<DemandChange> {
  const change = await getChange(tx, id);
  const { content } = change;
  await lockConsumers(tx, [change.consumerId, ...(content.kind === "transfer" ? [content.toConsumerId] : [])]);
  return getChange(tx, id);
}

export async function insertDecision(
  tx: Tx,
  change: DemandChange,
  decision: "approved" | "rejected" | "withdrawn",
  reason: string | null,
): Promise<void> {
  await tx.query(
    `insert into billing.demand_change_decisions (ulb_id, change_id, proposed_by, decision, reason, decided_at, decided_by)
     values (:ulb, :id, :proposed_by, :decision, :reason, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      id: change.id,
      proposed_by: change.proposedBy,
      decision,
      reason,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: { approved: "approve", rejected: "reject", withdrawn: "withdraw" }[decision],
    subject: "demand-change",
    subjectId: change.id,
    ...(reason !== null && { reason }),
    after: { kind: change.content.kind },
  });
}

/** Raises MAKER_IS_CHECKER. */
export function checkChecker(tx: Tx, change: DemandChange): void {
  if (change.proposedBy === tx.actor.id) {
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${change.content.kind} ${change.id}`, actor: tx.actor.id });
  }
}

export function decidedAlready(change: DemandChange) {
  return changeErrors.DEMAND_CHANGE_DECIDED({
    change: change.id,
    decision: change.decision?.outcome ?? "",
    by: change.decision?.by ?? "",
  });
}

function checkOrder(
  kind: ChangeKind,
  order: { readonly number?: string | null; readonly date?: LocalDate | null },
  on: LocalDate,
): DemandChange["order"] {
  const number = order.number?.trim() ?? "";
  const date = order.date ?? null;
  if (number === "" && date === null && !NEEDS_ORDER.includes(kind)) return null;
  const missing = [...(number === "" ? ["the number"] : []), ...(date === null ? ["the date"] : [])];
  if (number === "" || date === null)
    throw changeErrors.DEMAND_CHANGE_ORDER_MISSING({ kind: `a ${kind}`, missing: missing.join(" and ") });
  if (date > on) {
    throw changeErrors.DEMAND_CHANGE_ORDER_LATER({ order: number, orderedOn: formatDate(date), on: formatDate(on) });
  }
  return { number, date };
}

function checkSize(content: ChangeContent): void {
  const parts = partsOf(content);
  if (parts === 0) throw changeErrors.DEMAND_CHANGE_EMPTY({ kind: `a ${content.kind}` });
  if (parts > MOST_PARTS)
    throw changeErrors.DEMAND_CHANGE_TOO_LARGE({ kind: `a ${content.kind}`, items: parts, most: MOST_PARTS });
}

function partsOf(content: ChangeContent): number {
  switch (content.kind) {
    case "debit-note":
      return content.lines.length;
    case "cancellation":
      return content.demandIds.length;
    case "retrospective":
      return content.periods.length;
    default:
      return content.items.length;
  }
}

// ---------------------------------------------------------------- rows

type ChangeRow = {
  id: string;
  consumer_id: string;
  on_date: LocalDate;
  reason: string;
  order_number: string | null;
  order_date: LocalDate | null;
  content: string;
  proposed_by: string;
  proposed_at: Date;
  decision: "approved" | "rejected" | "withdrawn" | null;
  decided_by: string | null;
  decided_at: Date | null;
  decision_reason: string | null;
};

const CHANGES = `
  select c.change_id as id, c.consumer_id, c.change_date as on_date, c.reason, c.order_number, c.order_date, c.content::text as content,
    c.proposed_by, c.proposed_at, d.decision, d.decided_by, d.decided_at, d.reason as decision_reason
  from billing.demand_changes c
  left join billing.demand_change_decisions d on d.ulb_id = c.ulb_id and d.change_id = c.change_id`;

async function findChange(read: Read, id: string): Promise<DemandChange | undefined> {
  const row = await read.queryOne<ChangeRow>(`${CHANGES} where c.ulb_id = :ulb and c.change_id = :id::uuid`, {
    ulb: read.ulb.id,
    id,
  });
  return row && changeOf(row);
}

function changeOf(r: ChangeRow): DemandChange {
  return {
    id: r.id,
    consumerId: r.consumer_id,
    date: r.on_date,
    reason: r.reason,
    order: r.order_number !== null && r.order_date !== null ? { number: r.order_number, date: r.order_date } : null,
    content: contentFromJson(r.content),
    proposedBy: r.proposed_by,
    proposedAt: r.proposed_at,
    decision:
      r.decision !== null && r.decided_by !== null && r.decided_at !== null
        ? { outcome: r.decision, by: r.decided_by, at: r.decided_at, reason: r.decision_reason }
        : null,
  };
}
