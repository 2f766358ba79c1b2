import { addDays, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import type { EntryTemplate } from "../entries.ts";
import { comparison } from "../comparison.ts";
import { reconcile, type ReconcileReport } from "../reconcile.ts";
import type { ExceptionSubject } from "./templates.ts";

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

/** Matches what is proved and keeps the list of exceptions in step, in one transaction. Raises what `reconcile` raises. */
export async function reconcileAccount(
  tx: Tx,
  account: string,
): Promise<ReconcileReport & { readonly opened: number; readonly closed: number }> {
  const report = await reconcile(tx, account);
  return { ...report, ...(await keepExceptions(tx, account)) };
}

/**
 * Writes down what nobody has settled yet, once each, and closes what is settled meanwhile. An exception that a person works on keeps its owner, day
 * and proposal. The bank account is locked by the caller.
 */
export async function keepExceptions(
  tx: Tx,
  account: string,
): Promise<{ readonly opened: number; readonly closed: number }> {
  const { lines, items, result } = await comparison(tx, account);
  const found: NewException[] = [];
  for (const p of result.proposedEntries) {
    const line = lines.get(p.line);
    if (line) found.push({ ...lineFacts(line), kind: p.template, candidates: [], template: p.template });
  }
  for (const e of result.exceptions) {
    const line = e.subject === "line" ? lines.get(e.id) : undefined;
    const item = e.subject === "item" ? items.get(e.id) : undefined;
    const template: EntryTemplate | null = e.template ?? null;
    if (line) {
      const isCash = e.candidates.some((c) => items.get(c)?.kind === "cash");
      const kind = e.kind === "amount-differs" && isCash ? "short-deposit" : e.kind;
      found.push({ ...lineFacts(line), kind, candidates: e.candidates, template });
    } else if (item && "entryId" in item.of) {
      const facts = { date: item.date, amount: item.amount, particulars: item.text, reference: item.reference };
      found.push({ ...facts, subject: "item", subjectId: item.id, kind: e.kind, candidates: e.candidates, template });
    }
  }
  // Writing ten thousand anew, or only asking which of them changed, costs seconds; reading them costs little.
  const written = await writtenExceptions(tx, account);
  const opened = await openExceptions(tx, account, changedExceptions(written, found));
  const stillFound = new Set(found.map((e) => e.subjectId));
  const settled = written.filter((e) => !lines.has(e.subjectId) && !items.has(e.subjectId));
  const over = written.filter(
    (e) =>
      (lines.has(e.subjectId) || items.has(e.subjectId)) &&
      e.status === "open" &&
      !e.isBankError &&
      !stillFound.has(e.subjectId),
  );
  const closed =
    (await closeExceptions(tx, settled, "it is matched", ["open", "proposed"])) +
    (await closeExceptions(tx, over, "it is no exception any more", ["open"]));
  return { opened, closed };
}

type WrittenException = {
  readonly id: string;
  readonly subject: string;
  readonly subjectId: string;
  readonly kind: string;
  readonly candidates: string;
  readonly status: "open" | "proposed";
  readonly isBankError: boolean;
};

async function writtenExceptions(tx: Tx, account: string): Promise<WrittenException[]> {
  return tx.query<WrittenException>(
    `select exception_id::text as id, subject, subject_id as "subjectId", kind, to_jsonb(candidates)::text as candidates, status,
       is_bank_error as "isBankError"
     from reconciliation.bank_exceptions
     where ulb_id = :ulb and account = :account and subject in ('line', 'item') and status <> 'closed'`,
    { ulb: tx.ulb.id, account },
  );
}

/** Those that are not written down yet, or with another kind or other candidates. */
function changedExceptions(
  written: readonly WrittenException[],
  found: readonly NewException[],
): readonly NewException[] {
  const factsOf = (kind: string, candidates: readonly string[]): string =>
    [kind, ...candidates.slice(0, MOST_CANDIDATES)].join("\n");
  const known = new Map(
    written.map((r) => [`${r.subject} ${r.subjectId}`, factsOf(r.kind, JSON.parse(r.candidates) as string[])]),
  );
  return found.filter((e) => known.get(`${e.subject} ${e.subjectId}`) !== factsOf(e.kind, e.candidates));
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

/** Opens exceptions; one that is open already takes the newer kind and candidates unless somebody proposed something for it. Gives how many are new. */
export async function openExceptions(tx: Tx, account: string, found: readonly NewException[]): Promise<number> {
  const today = dateInIndia(tx.clock());
  const now = tx.clock().getTime();
  let opened = 0;
  for (let from = 0; from < found.length; from += 2000) {
    const part = found.slice(from, from + 2000);
    const rows = await tx.query<{ is_new: boolean }>(
      `insert into reconciliation.bank_exceptions (ulb_id, exception_id, account, subject, subject_id, kind, amount, on_date, particulars, reference,
         candidates, template, status, due_on, opened_at)
       select :ulb, t.id, :account, t.subject, t.subject_id, t.kind, t.amount, t.day, t.particulars, t.reference,
         array(select jsonb_array_elements_text(t.candidates)), t.template, 'open', t.due, :now
       from unnest(:ids::uuid[], :subjects::text[], :subject_ids::text[], :kinds::text[], :amounts::bigint[], :days::date[], :texts::text[],
         :refs::text[], :candidates::jsonb[], :templates::text[], :dues::date[])
         as t (id, subject, subject_id, kind, amount, day, particulars, reference, candidates, template, due)
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
  from: readonly WrittenException["status"][],
): Promise<number> {
  if (gone.length === 0) return 0;
  const rows = await tx.query(
    `update reconciliation.bank_exceptions
     set status = 'closed', proposal_id = null, closed_at = :now, closed_by = :actor, resolution = :resolution
     where ulb_id = :ulb and exception_id = any(:ids::uuid[]) and status = any(:from::text[])
     returning 1`,
    { ulb: tx.ulb.id, now: tx.clock(), actor: tx.actor.id, resolution, ids: gone.map((e) => e.id), from: [...from] },
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
}
