import { addDays, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { autoPost, type AutoPost, type HeldBack } from "../auto-post/index.ts";
import { lockBankAccount } from "../bank-accounts.ts";
import { comparison } from "../comparison.ts";
import type { OpenItem } from "../open-items.ts";
import { reconcile, type ReconcileReport } from "../reconcile.ts";
import { isLeaf, type ExceptionSubject } from "./templates.ts";

/** Days until somebody should have settled an exception. A returned cheque has the notice of s.138 to run; a stale one can wait for the month. */
const DAYS: Readonly<Record<string, number>> = {
  "cheque-returned": 2,
  "unidentified-credit": 3,
  "unidentified-debit": 3,
  "short-deposit": 3,
  settlement: 3,
  "stale-cheque": 15,
  "unidentified-held": 30,
};
const USUAL_DAYS = 7;

/**
 * Matches what is proved, books what approved rules book of the lines that the bank itself caused, and keeps the list of exceptions in step, in one
 * transaction. What a rule left to a person for its figures says so on its exception. Raises what `reconcile` raises.
 */
export async function reconcileAccount(
  tx: Tx,
  account: string,
): Promise<
  ReconcileReport & { readonly autoPosted: readonly AutoPost[]; readonly opened: number; readonly closed: number }
> {
  const report = await reconcile(tx, account);
  const { posted, held } = await autoPost(tx, await lockBankAccount(tx, account), report.proposedEntries);
  const isPosted = new Set(posted.map((p) => p.line));
  const kept = await keepExceptions(tx, account);
  await noteHeldBack(tx, held);
  return {
    ...report,
    proposedEntries: report.proposedEntries.filter((p) => !isPosted.has(p.line)),
    autoPosted: posted,
    ...kept,
  };
}

/** What a person wrote on an exception stays; what a rule said before is said anew. */
async function noteHeldBack(tx: Tx, held: readonly HeldBack[]): Promise<void> {
  if (held.length === 0) return;
  await tx.query(
    `update reconciliation.bank_exceptions x set note = t.note
     from unnest(:lines::text[], :notes::text[]) as t (line, note)
     where x.ulb_id = :ulb and x.subject = 'line' and x.subject_id = t.line and x.status <> 'closed'
       and (x.note is null or x.note like :ours) and x.note is distinct from t.note`,
    {
      ulb: tx.ulb.id,
      lines: held.map((h) => h.line),
      notes: held.map((h) => `${NOT_AUTO}${h.why}`.slice(0, 500)),
      ours: `${NOT_AUTO}%`,
    },
  );
}

const NOT_AUTO = "Not booked by itself: ";

/**
 * Writes down what nobody has settled yet, once each, and closes what is settled meanwhile. An exception that a person works on keeps its owner, day
 * and proposal. The bank account is locked by the caller.
 */
export async function keepExceptions(
  tx: Tx,
  account: string,
): Promise<{ readonly opened: number; readonly closed: number }> {
  const { lines, items, result } = await comparison(tx, account);
  // Writing ten thousand anew, or only asking which of them changed, costs seconds; reading them costs little, and so does looking which differ.
  const written = new Map((await writtenExceptions(tx, account)).map((e) => [e.subjectId, e]));
  const stillFound = new Set<string>();
  const changed: NewException[] = [];
  const weigh = (id: string, kind: string, candidates: readonly string[], draw: () => NewException): void => {
    stillFound.add(id);
    const before = written.get(id);
    if (before?.kind !== kind || before.candidates !== candidates.slice(0, MOST_CANDIDATES).join(" "))
      changed.push(draw());
  };
  for (const p of result.proposedEntries) {
    const line = lines.get(p.line);
    if (line)
      weigh(p.line, p.template, [], () => ({
        ...lineFacts(line),
        kind: p.template,
        candidates: [],
        template: p.template,
      }));
  }
  for (const e of result.exceptions) {
    const line = e.subject === "line" ? lines.get(e.id) : undefined;
    const item = e.subject === "item" ? items.get(e.id) : undefined;
    const more = { candidates: e.candidates, template: e.template ?? null };
    if (line) {
      const isShort = e.kind === "amount-differs" && e.candidates.some((c) => items.get(c)?.kind === "cash");
      const kind = isShort ? "short-deposit" : e.kind;
      weigh(e.id, kind, e.candidates, () => ({ ...lineFacts(line), ...more, kind }));
    } else if (item && ("entryId" in item.of || (isLeaf(item.id) && e.kind === "overdue")))
      weigh(e.id, e.kind, e.candidates, () => ({ ...itemFacts(item), ...more, kind: e.kind }));
  }
  const arrived = await closeLeaves(tx, account);
  const opened = await openExceptions(tx, account, changed);
  const gone = [...written.values()].filter((e) => !stillFound.has(e.subjectId));
  const settled = gone.filter((e) => !lines.has(e.subjectId) && !items.has(e.subjectId));
  const over = gone.filter((e) => (lines.has(e.subjectId) || items.has(e.subjectId)) && e.isFree);
  const closed =
    arrived +
    (await closeExceptions(tx, settled, "it is matched", ["open", "proposed"])) +
    (await closeExceptions(tx, over, "it is no exception any more", ["open"]));
  return { opened, closed };
}

type WrittenException = {
  /** Lines have a UUID and items the name of their entry, so that one cannot be taken for the other. */
  readonly subjectId: string;
  readonly kind: string;
  readonly candidates: string;
  /** Nobody works on it, and it is no error of the bank. */
  readonly isFree: boolean;
};

async function writtenExceptions(tx: Tx, account: string): Promise<WrittenException[]> {
  return tx.query<WrittenException>(
    `select subject_id as "subjectId", kind, array_to_string(candidates, ' ') as candidates, status = 'open' and not is_bank_error as "isFree"
     from reconciliation.bank_exceptions
     where ulb_id = :ulb and account = :account and subject in ('line', 'item') and status <> 'closed'`,
    { ulb: tx.ulb.id, account },
  );
}

const MOST_CANDIDATES = 20;

export type NewException = {
  readonly subject: ExceptionSubject;
  readonly subjectId: string;
  readonly kind: string;
  readonly amount: Paise;
  readonly date: LocalDate;
  readonly particulars: string;
  readonly reference: string;
  readonly candidates: readonly string[];
  readonly template: string | null;
  /** Whose business it is from the start; nobody's when it is left out. */
  readonly owner?: string | undefined;
};

function lineFacts(line: {
  readonly id: string;
  readonly bookedOn: LocalDate;
  readonly amount: Paise;
  readonly narration: string;
  readonly reference: string;
}): Pick<NewException, "subject" | "subjectId" | "date" | "amount" | "particulars" | "reference"> {
  return {
    subject: "line",
    subjectId: line.id,
    date: line.bookedOn,
    amount: line.amount,
    particulars: line.narration,
    reference: line.reference,
  };
}

function itemFacts(
  item: OpenItem,
): Pick<NewException, "subject" | "subjectId" | "date" | "amount" | "particulars" | "reference" | "owner"> {
  return {
    owner: item.depositedBy,
    subject: "item",
    subjectId: item.id,
    date: item.date,
    amount: item.amount,
    particulars: item.text,
    reference: item.reference,
  };
}

/** Opens exceptions; one that is open already takes the newer kind and candidates unless somebody proposed something for it. Gives how many are new. */
export async function openExceptions(tx: Tx, account: string, found: readonly NewException[]): Promise<number> {
  const today = dateInIndia(tx.clock());
  const now = tx.clock().getTime();
  let opened = 0;
  for (let from = 0; from < found.length; from += 2000) {
    const part = found.slice(from, from + 2000);
    const rows = await tx.query<{ is_new: boolean }>(
      `insert into reconciliation.bank_exceptions (ulb_id, exception_id, account, subject, subject_id, kind, amount, on_date, particulars, reference,
         candidates, template, status, owner, due_on, opened_at)
       select :ulb, t.id, :account, t.subject, t.subject_id, t.kind, t.amount, t.day, t.particulars, t.reference,
         array(select jsonb_array_elements_text(t.candidates)), t.template, 'open', t.owner, t.due, :now
       from unnest(:ids::uuid[], :subjects::text[], :subject_ids::text[], :kinds::text[], :amounts::bigint[], :days::date[], :texts::text[],
         :refs::text[], :candidates::jsonb[], :templates::text[], :owners::text[], :dues::date[])
         as t (id, subject, subject_id, kind, amount, day, particulars, reference, candidates, template, owner, due)
       on conflict (ulb_id, subject, subject_id) where status <> 'closed'
       do update set kind = excluded.kind, candidates = excluded.candidates, template = excluded.template
         where bank_exceptions.status = 'open' and not bank_exceptions.is_bank_error
           and (bank_exceptions.kind, bank_exceptions.candidates) is distinct from (excluded.kind, excluded.candidates)
       returning (xmax = 0) as is_new`,
      {
        ulb: tx.ulb.id,
        account,
        now: tx.clock(),
        ids: part.map(() => newId(now)),
        subjects: part.map((e) => e.subject),
        subject_ids: part.map((e) => e.subjectId),
        kinds: part.map((e) => e.kind),
        amounts: part.map((e) => e.amount.toString()),
        days: part.map((e) => e.date),
        texts: part.map((e) => e.particulars.slice(0, 500)),
        refs: part.map((e) => e.reference.slice(0, 100)),
        candidates: part.map((e) => JSON.stringify(e.candidates.slice(0, MOST_CANDIDATES))),
        templates: part.map((e) => e.template),
        owners: part.map((e) => e.owner ?? null),
        dues: part.map((e) => addDays(today, DAYS[e.kind] ?? USUAL_DAYS)),
      },
    );
    opened += rows.filter((r) => r.is_new).length;
  }
  return opened;
}

/** Closes exceptions of lines and items that are matched now, or are none any more. A proposal that waits goes with the line that is matched. */
async function closeExceptions(
  tx: Tx,
  gone: readonly WrittenException[],
  resolution: string,
  from: readonly ("open" | "proposed")[],
): Promise<number> {
  if (gone.length === 0) return 0;
  const rows = await tx.query(
    `update reconciliation.bank_exceptions
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = :resolution
     where ulb_id = :ulb and subject in ('line', 'item') and subject_id = any(:ids::text[]) and status <> 'closed' and status = any(:from::text[])
     returning 1`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      resolution,
      ids: gone.map((e) => e.subjectId),
      from: [...from],
    },
  );
  return rows.length;
}

/** Closes the exceptions of leaves in clearing that the bank has credited or returned meanwhile; gives how many. */
export async function closeLeaves(tx: Tx, account: string): Promise<number> {
  const rows = await tx.query(
    `update reconciliation.bank_exceptions x
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = 'the bank has ' || s.word || ' the cheque'
     from (
       select ('leaf:' || i.instrument_id) collate "C" as subject_id, case i.status when 'cleared' then 'credited' else 'returned' end as word
       from collections.instruments i
       where i.ulb_id = :ulb and i.status <> 'deposited' and i.instrument_id in (
         select substring(o.subject_id from 6)::uuid from reconciliation.bank_exceptions o
         where o.ulb_id = :ulb and o.account = :account and o.subject = 'item' and o.status <> 'closed' and o.subject_id like 'leaf:%')
     ) s
     where x.ulb_id = :ulb and x.account = :account and x.status <> 'closed' and x.subject = 'item' and x.subject_id = s.subject_id
     returning 1`,
    { ulb: tx.ulb.id, account, now: tx.clock(), actor: tx.actor.id },
  );
  return rows.length;
}

/** Closes the exceptions of the lines and items of these matches: after a person matched by hand. */
export async function closeMatched(tx: Tx, account: string, matchIds: readonly string[]): Promise<void> {
  await tx.query(
    `update reconciliation.bank_exceptions x
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = 'it is matched'
     from (
       select distinct case g.kind when 'line' then 'line' else 'item' end as subject,
         coalesce(g.line_id::text, 'entry:' || g.entry_id || ':' || g.line_no) collate "C" as subject_id
       from reconciliation.match_legs g
       where g.ulb_id = :ulb and g.match_id = any(:matches::uuid[]) and g.kind in ('line', 'item')
     ) s
     where x.ulb_id = :ulb and x.account = :account and x.status <> 'closed' and x.subject = s.subject and x.subject_id = s.subject_id`,
    { ulb: tx.ulb.id, account, now: tx.clock(), actor: tx.actor.id, matches: matchIds },
  );
  await closeLeaves(tx, account);
}
