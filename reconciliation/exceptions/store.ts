import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { exceptionErrors } from "./errors.ts";
import { draftFromJson, resolutionFromJson, type BankException, type DraftLine, type Proposal } from "./exception.ts";

const COLUMNS = `x.exception_id as id, x.account, x.subject, x.subject_id as "subjectId", x.kind, x.amount, x.on_date as date, x.particulars,
  x.reference, x.candidates, x.template, x.status, x.owner, x.due_on as "dueOn", x.note, x.is_bank_error as "isBankError",
  x.proposal_id as "proposalId", x.opened_at as "openedAt", x.closed_at as "closedAt", x.closed_by as "closedBy", x.resolution,
  greatest(0, :today::date - x.on_date) as "ageDays"`;

export type ExceptionFilter = {
  readonly account?: string | undefined;
  readonly status?: "open" | "proposed" | "closed" | undefined;
  readonly kind?: string | undefined;
  readonly owner?: string | undefined;
  /** Only those whose day has passed. */
  readonly isOverdue?: boolean | undefined;
  /** Part of the particulars or the reference. */
  readonly text?: string | undefined;
  readonly after?: { readonly dueOn: LocalDate; readonly id: string } | undefined;
  readonly limit?: number | undefined;
};

/** Exceptions by the day on which they are due; closed ones only when asked for. At most 200 at a time, the next ones `after` the last. */
export async function listExceptions(read: Read, filter: ExceptionFilter = {}): Promise<BankException[]> {
  return read.query<BankException>(
    `select ${COLUMNS} from reconciliation.bank_exceptions x
     where x.ulb_id = :ulb
       and (:account::text is null or x.account = :account)
       and (case when :status::text is null then x.status <> 'closed' else x.status = :status end)
       and (:kind::text is null or x.kind = :kind)
       and (:owner::text is null or x.owner = :owner)
       and (not :overdue::boolean or x.due_on < :today::date)
       and (:search::text is null or concat_ws(' ', x.particulars, x.reference) ilike :search)
       and (:after_day::date is null or (x.due_on, x.exception_id) > (:after_day::date, :after_id::uuid))
     order by x.due_on, x.exception_id
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      today: dateInIndia(read.clock()),
      account: filter.account ?? null,
      status: filter.status ?? null,
      kind: filter.kind ?? null,
      owner: filter.owner ?? null,
      overdue: filter.isOverdue ?? false,
      search: filter.text === undefined || filter.text === "" ? null : `%${filter.text.replace(/[\\%_]/g, "\\$&")}%`,
      after_day: filter.after?.dueOn ?? null,
      after_id: filter.after?.id ?? null,
      row_limit: Math.min(filter.limit ?? 100, 201),
    },
  );
}

export type ExceptionCount = {
  readonly kind: string;
  readonly count: number;
  readonly overdue: number;
  readonly amount: Paise;
};

/** How many of each kind are not closed, and how many of them are overdue. */
export async function exceptionCounts(read: Read, account: string): Promise<ExceptionCount[]> {
  return read.query<ExceptionCount>(
    `select kind, count(*)::integer as count, count(*) filter (where due_on < :today::date)::integer as overdue,
       coalesce(sum(abs(amount)), 0)::bigint as amount
     from reconciliation.bank_exceptions where ulb_id = :ulb and account = :account and status <> 'closed'
     group by kind order by kind`,
    { ulb: read.ulb.id, account, today: dateInIndia(read.clock()) },
  );
}

/** Raises EXCEPTION_NOT_FOUND. */
export async function getException(read: Read, id: string): Promise<BankException> {
  return find(read, id, "");
}

/** The same with its row locked: nobody resolves it meanwhile. */
export async function lockException(tx: Tx, id: string): Promise<BankException> {
  return find(tx, id, "for no key update");
}

async function find(read: Read, id: string, lock: string): Promise<BankException> {
  const row = isUuid(id)
    ? await read.queryOne<BankException>(
        `select ${COLUMNS} from reconciliation.bank_exceptions x where x.ulb_id = :ulb and x.exception_id = :id::uuid ${lock}`,
        { ulb: read.ulb.id, id, today: dateInIndia(read.clock()) },
      )
    : undefined;
  if (!row) throw exceptionErrors.EXCEPTION_NOT_FOUND({ exception: id.slice(0, 60) });
  return row;
}

/** The exception of a line, item or settlement that is not closed; undefined when there is none. */
export async function exceptionOf(read: Read, subject: string, subjectId: string): Promise<BankException | undefined> {
  return read.queryOne<BankException>(
    `select ${COLUMNS} from reconciliation.bank_exceptions x
     where x.ulb_id = :ulb and x.subject = :subject and x.subject_id = :subject_id and x.status <> 'closed'`,
    { ulb: read.ulb.id, subject, subject_id: subjectId, today: dateInIndia(read.clock()) },
  );
}

/**
 * Says whose business an exception is and by when. Nothing of the books moves.
 * Raises EXCEPTION_NOT_FOUND, EXCEPTION_CLOSED.
 */
export async function assignException(
  tx: Tx,
  id: string,
  to: { readonly owner: string | null; readonly dueOn: LocalDate; readonly note: string | null },
): Promise<BankException> {
  const before = await lockException(tx, id);
  refuseClosed(before);
  await tx.query(
    `update reconciliation.bank_exceptions set owner = :owner, due_on = :due_on, note = :note
     where ulb_id = :ulb and exception_id = :id::uuid`,
    { ulb: tx.ulb.id, id, owner: to.owner, due_on: to.dueOn, note: to.note },
  );
  await audit(tx, {
    action: "assign",
    subject: "bank-exception",
    subjectId: id,
    before: { owner: before.owner, dueOn: before.dueOn, note: before.note },
    after: { owner: to.owner, dueOn: to.dueOn, note: to.note },
  });
  return getException(tx, id);
}

export function refuseClosed(exception: BankException): void {
  if (exception.status === "closed")
    throw exceptionErrors.EXCEPTION_CLOSED({
      exception: exception.id,
      resolution: exception.resolution ?? "",
      by: exception.closedBy ?? "",
    });
}

type ProposalRow = {
  id: string;
  exception_id: string;
  content: Record<string, unknown>;
  draft: (Omit<DraftLine, "amount"> & { amount: string })[];
  reason: string;
  proposed_at: Date;
  proposed_by: string;
  decision: "approved" | "rejected" | "withdrawn" | null;
  decided_by: string | null;
  decided_at: Date | null;
  decision_reason: string | null;
  entry_id: bigint | null;
  match_id: string | null;
};

/** What was proposed for an exception and what became of it, oldest first. */
export async function proposalsOf(read: Read, exceptionId: string): Promise<Proposal[]> {
  const rows = await read.query<ProposalRow>(
    `select p.proposal_id as id, p.exception_id, p.content, p.draft, p.reason, p.proposed_at, p.proposed_by, d.decision, d.decided_by,
       d.decided_at, d.reason as decision_reason, d.entry_id, d.match_id
     from reconciliation.exception_proposals p
     left join reconciliation.exception_decisions d on d.ulb_id = p.ulb_id and d.proposal_id = p.proposal_id
     where p.ulb_id = :ulb and p.exception_id = :id::uuid
     order by p.proposed_at, p.proposal_id
     limit 100`,
    { ulb: read.ulb.id, id: exceptionId },
  );
  return rows.map((r) => ({
    id: r.id,
    exceptionId: r.exception_id,
    resolution: resolutionFromJson(r.content),
    draft: draftFromJson(r.draft),
    reason: r.reason,
    proposedAt: r.proposed_at,
    proposedBy: r.proposed_by,
    decision:
      r.decision === null || r.decided_by === null || r.decided_at === null
        ? null
        : {
            outcome: r.decision,
            by: r.decided_by,
            at: r.decided_at,
            reason: r.decision_reason,
            entryId: r.entry_id,
            matchId: r.match_id,
          },
  }));
}
