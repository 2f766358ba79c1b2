import { inTransaction, violatedRule, type App, type Read, type Tx, type Who } from "./kernel/tx.ts";
import type { LocalDate } from "./kernel/dates.ts";
import { financialYearOf } from "./kernel/dates.ts";
import type { Refusal } from "./kernel/errors.ts";
import { invariant } from "./kernel/errors.ts";
import { groupBy } from "./kernel/group.ts";
import { sum, toRupees, type Paise } from "./kernel/money.ts";
import { checkBudget } from "./budget/control.ts";
import { closeErrors } from "./close/errors.ts";
import { ledgerErrors } from "./errors.ts";
import {
  entryNumber,
  lineOf,
  type EntryDraft,
  type EntryLine,
  type Line,
  type LineRow,
  type VoucherType,
} from "./lines.ts";
import { masterErrors } from "./masters/errors.ts";

export {
  cr,
  dr,
  entryNumber,
  lineOf,
  type Dimensions,
  type EntryDraft,
  type EntryLine,
  type Line,
  type LineRow,
  type VoucherType,
} from "./lines.ts";

export type PostedEntry = {
  readonly id: bigint;
  /** "R/2026-27/000123": voucher series, financial year, gapless number. */
  readonly number: string;
  readonly date: LocalDate;
  /** False when the same fact, with the same content, was there already. */
  readonly isNew: boolean;
};

/** The largest set that one call of the posting function takes. */
export const MAX_BATCH = 5000;
/** The longest entry; what is longer is several vouchers. */
export const MAX_LINES = 10_000;
const CALL_LINES = 50_000;
/** The largest line: ten lakh crore rupees. Sums of many such still fit the bigint in which balances are read. */
export const MAX_LINE = 1_000_000_000_000_000n;

const what = (draft: EntryDraft): string => `${draft.voucher} voucher ${draft.source.type} ${draft.source.id}`;

/**
 * Posts one entry. Call it last among the writes of the fact's transaction: its number stays locked until commit
 * (measured: twice the throughput of taking numbers first). The same source with the same content gives back the entry that is there.
 * Raises the refusals of `ledger/errors.ts` (ENTRY_*, LINE_AMOUNT, FUND_*, ACCOUNT_*, FUNCTION_*, VOUCHER_RULE, PERIOD_*); nothing is written then.
 */
export async function postEntry(tx: Tx, draft: EntryDraft): Promise<PostedEntry> {
  const [posted] = await postEntries(tx, [draft]);
  invariant(posted, "one draft gives one entry");
  return posted;
}

/**
 * Posts a set in one round trip: all of them, or (raising the first refusal, in order) none. A source that stands twice in the set is
 * posted once; its second draft gets the entry of the first. Where the year's budget is set to refuse, raises BUDGET_EXCEEDED.
 */
export async function postEntries(tx: Tx, drafts: readonly EntryDraft[]): Promise<PostedEntry[]> {
  checkSet(drafts);
  await checkBudget(tx, drafts);
  const posted: PostedEntry[] = [];
  for (const part of calls(drafts)) {
    const own = part.map(({ draft }) => draft);
    const [row] = await tx
      .prepared<PostResult>("ledger-post", POST_SQL, postValues(tx.ulb.id, tx.actor.id, own))
      .catch((error: unknown) => {
        throw isPostingRace(error) ? new PostingRace(error) : error;
      });
    invariant(row, "the posting function answers");
    part.forEach(({ draft, at }, i) => (posted[at] = resultOf(draft, row, i)));
  }
  return posted;
}

/**
 * Another transaction posted the same source, or reversed the same entry, at this instant, under another voucher or year (otherwise the
 * series row would have queued us behind it). The code is that of a serialization failure: the whole transaction runs again and is judged.
 */
class PostingRace extends Error {
  readonly code = "40001";
  constructor(cause: unknown) {
    super("the same fact was posted at the same instant", { cause });
  }
}
export function isPostingRace(error: unknown): boolean {
  return ["entry_posted_once_per_source", "entry_reversed_once"].includes(violatedRule(error) ?? "");
}

function checkSet(drafts: readonly EntryDraft[]): void {
  const reversedBy = new Map<bigint, string>();
  for (const draft of drafts) {
    checkDraft(draft);
    if (draft.reverses === undefined) continue;
    const source = sourceKey(draft);
    if ((reversedBy.get(draft.reverses) ?? source) !== source) {
      throw ledgerErrors.ENTRY_ALREADY_REVERSED({ entry: String(draft.reverses) });
    }
    reversedBy.set(draft.reverses, source);
  }
}

export const sourceKey = (draft: EntryDraft): string => `${draft.source.type}\u0001${draft.source.id}`;

type Numbered = { readonly draft: EntryDraft; readonly at: number };

/** Cuts a set into calls of at most MAX_BATCH entries and CALL_LINES lines, each source at most once in a call. */
function calls(drafts: readonly EntryDraft[]): Numbered[][] {
  const parts: Numbered[][] = [];
  let waiting: readonly Numbered[] = drafts.map((draft, at) => ({ draft, at }));
  while (waiting.length > 0) {
    const later: Numbered[] = [];
    const seen = new Set<string>();
    let part: Numbered[] = [];
    let lines = 0;
    for (const one of waiting) {
      const key = sourceKey(one.draft);
      if (seen.has(key)) {
        later.push(one);
        continue;
      }
      seen.add(key);
      if (part.length > 0 && (part.length >= MAX_BATCH || lines + one.draft.lines.length > CALL_LINES)) {
        parts.push(part);
        part = [];
        lines = 0;
      }
      part.push(one);
      lines += one.draft.lines.length;
    }
    parts.push(part);
    waiting = later;
  }
  return parts;
}

export type PostResult = {
  readonly status: readonly string[];
  readonly entry_id: readonly (bigint | null)[];
  readonly number: readonly (bigint | null)[];
  readonly detail: readonly (string | null)[];
};

export const POST_SQL = `select o_status as status, o_entry_id as entry_id, o_number as number, o_detail as detail from ledger.post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
  $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`;

/** What became of draft `i`: the posted entry, or the refusal thrown. */
export function resultOf(draft: EntryDraft, row: PostResult, i: number): PostedEntry {
  const status = row.status[i];
  const id = row.entry_id[i];
  const number = row.number[i];
  if (status !== "posted" && status !== "exists") throw refusalOf(draft, status ?? "", row.detail[i] ?? "");
  invariant(typeof id === "bigint" && typeof number === "bigint", "a posted entry has an id and a number");
  return {
    id,
    number: entryNumber(draft.voucher, financialYearOf(draft.date), number),
    date: draft.date,
    isNew: status === "posted",
  };
}

/** What TypeScript can see without the database, explained with figures. The posting function checks the same again. */
export function checkDraft(draft: EntryDraft): void {
  const name = what(draft);
  if (draft.narration.trim() === "") throw ledgerErrors.NARRATION_MISSING({ what: name });
  invariant(
    draft.source.type !== "" && draft.source.id !== "",
    `the source of an entry has a name (${draft.narration})`,
  );
  if (draft.lines.length < 2 || draft.lines.length > MAX_LINES)
    throw ledgerErrors.ENTRY_LINES({ what: name, lines: draft.lines.length });
  const funds = new Map<string, bigint>();
  let debits = 0n;
  let credits = 0n;
  draft.lines.forEach((line, i) => {
    if (line.amount <= 0n || line.amount > MAX_LINE) {
      throw ledgerErrors.LINE_AMOUNT({ what: name, line: i + 1, account: line.account, amount: String(line.amount) });
    }
    const fund = line.fund ?? "01";
    const signed = line.side === "debit" ? line.amount : -line.amount;
    funds.set(fund, (funds.get(fund) ?? 0n) + signed);
    if (line.side === "debit") debits += line.amount;
    else credits += line.amount;
  });
  if (debits !== credits) {
    throw ledgerErrors.ENTRY_UNBALANCED({ what: name, debits: String(debits), credits: String(credits) });
  }
  for (const [fund, difference] of funds) {
    if (difference !== 0n) throw ledgerErrors.FUND_UNBALANCED({ what: name, fund, difference: String(difference) });
  }
}

function refusalOf(draft: EntryDraft, status: string, detail: string): Refusal {
  const name = what(draft);
  const [first = "", second = ""] = detail.split(":");
  switch (status) {
    case "NARRATION":
      return ledgerErrors.NARRATION_MISSING({ what: name });
    case "LINES":
      return ledgerErrors.ENTRY_LINES({ what: name, lines: Number(first) });
    case "AMOUNT":
      return ledgerErrors.LINE_AMOUNT({ what: name, line: 0, account: first, amount: "0" });
    case "ACCOUNT_UNKNOWN":
      return ledgerErrors.ACCOUNT_UNKNOWN({ what: name, account: first });
    case "ACCOUNT_NOT_POSTING":
      return ledgerErrors.ACCOUNT_NOT_POSTING({ what: name, account: first });
    case "ACCOUNT_INACTIVE":
      return ledgerErrors.ACCOUNT_INACTIVE({ what: name, account: first });
    case "FUND_UNKNOWN":
      return ledgerErrors.FUND_UNKNOWN({ what: name, fund: second });
    case "FUND_CLOSED":
      return masterErrors.FUND_CLOSED({ what: name, fund: second });
    case "FUNCTION_CLOSED":
      return masterErrors.FUNCTION_CLOSED({ what: name, account: first });
    case "FUNCTION_MISSING":
      return ledgerErrors.FUNCTION_MISSING({ what: name, account: first });
    case "FUNCTION_UNKNOWN":
      return ledgerErrors.FUNCTION_UNKNOWN({ what: name, account: first });
    case "UNBALANCED":
      return ledgerErrors.ENTRY_UNBALANCED({ what: name, debits: first, credits: second });
    case "FUND_UNBALANCED":
      return ledgerErrors.FUND_UNBALANCED({ what: name, fund: first, difference: second });
    case "VOUCHER_RULE":
      return ledgerErrors.VOUCHER_RULE({ what: name, voucher: first });
    case "PERIOD_MISSING":
      return ledgerErrors.PERIOD_MISSING({ what: name, period: first });
    case "PERIOD_CLOSED":
      return ledgerErrors.PERIOD_CLOSED({ what: name, period: first });
    case "DAY_CLOSED":
      return closeErrors.DAY_CLOSED({ what: name, day: first, lockedTo: second });
    case "REVERSAL":
      return first === "again"
        ? ledgerErrors.ENTRY_ALREADY_REVERSED({ entry: second })
        : ledgerErrors.ENTRY_NOT_FOUND({ entry: second });
    case "SOURCE_CONFLICT":
      return ledgerErrors.ENTRY_SOURCE_CONFLICT({ what: name, entry: first });
    default:
      throw new Error(`invariant broken: the posting function answered "${status}"`);
  }
}

/** The arguments of ledger.post: columns, not rows; equal dimension sets are sent once. */
export function postValues(ulbId: number, actor: string, drafts: readonly EntryDraft[]): unknown[] {
  const dims = new Map<string, number>();
  const dimColumns: (string | null)[][] = [[], [], [], [], [], []];
  const lEntry: number[] = [];
  const lNo: number[] = [];
  const lAccount: string[] = [];
  const lDebit: string[] = [];
  const lCredit: string[] = [];
  const lDim: number[] = [];
  const lPartyType: (string | null)[] = [];
  const lPartyId: (string | null)[] = [];
  const lYear: (string | null)[] = [];
  drafts.forEach((draft, d) => {
    draft.lines.forEach((line, i) => {
      const set = [line.fund ?? "01", line.function, line.ward, line.functionary, line.budgetHead, line.scheme];
      const key = set.join("\u0001");
      let dim = dims.get(key);
      if (dim === undefined) {
        dim = dims.size + 1;
        dims.set(key, dim);
        set.forEach((value, c) => dimColumns[c]?.push(value ?? null));
      }
      lEntry.push(d + 1);
      lNo.push(i + 1);
      lAccount.push(line.account);
      lDebit.push(line.side === "debit" ? line.amount.toString() : "0");
      lCredit.push(line.side === "credit" ? line.amount.toString() : "0");
      lDim.push(dim);
      lPartyType.push(line.party?.type ?? null);
      lPartyId.push(line.party?.id ?? null);
      lYear.push(line.demandYear ?? null);
    });
  });
  return [
    ulbId,
    actor,
    drafts.map((d) => d.voucher),
    drafts.map((d) => d.date),
    drafts.map((d) => d.valueDate ?? null),
    drafts.map((d) => d.source.type),
    drafts.map((d) => d.source.id),
    drafts.map((d) => d.reverses?.toString() ?? null),
    drafts.map((d) => d.narration),
    ...dimColumns,
    lEntry,
    lNo,
    lAccount,
    lDebit,
    lCredit,
    lDim,
    lPartyType,
    lPartyId,
    lYear,
  ];
}

export type Entry = {
  readonly id: bigint;
  readonly voucher: VoucherType;
  readonly number: string;
  readonly date: LocalDate;
  readonly valueDate: LocalDate;
  readonly postedAt: Date;
  readonly postedBy: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly narration: string;
  readonly reverses: bigint | null;
  readonly reversedBy: bigint | null;
  readonly total: Paise;
  readonly lines: readonly EntryLine[];
};

/** One entry with its lines and its links. Raises ENTRY_NOT_FOUND. */
export async function getEntry(read: Read, entryId: bigint): Promise<Entry> {
  const [entry] = await readEntries(read, "e.entry_id = :id", { id: entryId });
  if (!entry) throw ledgerErrors.ENTRY_NOT_FOUND({ entry: String(entryId) });
  return entry;
}

/** The entry of a fact, if it was posted. */
export async function findEntryBySource(
  read: Read,
  source: { readonly type: string; readonly id: string },
): Promise<Entry | undefined> {
  const [entry] = await readEntries(read, "e.source_type = :source_type and e.source_id = :source_id", {
    source_type: source.type,
    source_id: source.id,
  });
  return entry;
}

/** A page of the day book: entries of the dates in order of date and number, after the cursor. At most `limit` (500). */
export async function dayBook(
  read: Read,
  options: {
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly after?: { readonly date: LocalDate; readonly id: bigint };
    readonly limit?: number;
  },
): Promise<Entry[]> {
  return readEntries(
    read,
    `e.entry_date between :from_day and :to_day and (e.entry_date, e.entry_id) > (:after_day::date, :after_id::bigint)`,
    {
      from_day: options.from,
      to_day: options.to,
      after_day: options.after?.date ?? "0001-01-01",
      after_id: options.after?.id ?? 0n,
    },
    Math.min(options.limit ?? 100, 500),
  );
}

type EntryRow = {
  entry_id: bigint;
  voucher: VoucherType;
  fy: string;
  number: bigint;
  entry_date: LocalDate;
  value_date: LocalDate;
  posted_at: Date;
  posted_by: string;
  source_type: string;
  source_id: string;
  narration: string;
  reverses_entry_id: bigint | null;
  reversed_by: bigint | null;
};
async function readEntries(read: Read, where: string, params: Record<string, unknown>, limit = 1): Promise<Entry[]> {
  const entries = await read.query<EntryRow>(
    `select e.entry_id, e.voucher, e.fy, e.number, e.entry_date, e.value_date, e.posted_at, e.posted_by, e.source_type, e.source_id,
       e.narration, e.reverses_entry_id, r.entry_id as reversed_by
     from ledger.entries e
     left join ledger.entries r on r.ulb_id = e.ulb_id and r.reverses_entry_id = e.entry_id
     where e.ulb_id = :ulb and ${where}
     order by e.entry_date, e.entry_id
     limit :row_limit`,
    { ...params, ulb: read.ulb.id, row_limit: limit },
  );
  if (entries.length === 0) return [];
  const lines = await read.query<LineRow>(
    `select l.entry_id, l.line_no, l.account, a.name as account_name, l.debit, l.credit, l.fund, l.function, l.ward, l.functionary,
       l.budget_head, l.scheme, l.party_type, l.party_id, l.demand_year
     from ledger.lines l
     join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     where l.ulb_id = :ulb and l.entry_id = any(:ids::bigint[])
     order by l.entry_id, l.line_no`,
    { ulb: read.ulb.id, ids: entries.map((e) => e.entry_id) },
  );
  const byEntry = groupBy(lines, (l) => l.entry_id);
  return entries.map((e) => {
    const own = (byEntry.get(e.entry_id) ?? []).map(lineOf);
    return {
      id: e.entry_id,
      voucher: e.voucher,
      number: entryNumber(e.voucher, e.fy, e.number),
      date: e.entry_date,
      valueDate: e.value_date,
      postedAt: e.posted_at,
      postedBy: e.posted_by,
      source: { type: e.source_type, id: e.source_id },
      narration: e.narration,
      reverses: e.reverses_entry_id,
      reversedBy: e.reversed_by,
      total: sum(own.filter((l) => l.side === "debit").map((l) => l.amount)),
      lines: own,
    };
  });
}

/**
 * Posts the mirror of an entry, naming it: the only way to take something back. The date must lie in an open period.
 * Raises ENTRY_NOT_FOUND, ENTRY_ALREADY_REVERSED, REASON_MISSING, and the refusals of postEntry.
 */
export async function reverseEntry(
  tx: Tx,
  reversal: {
    readonly entryId: bigint;
    readonly date: LocalDate;
    readonly reason: string;
    /** The fact that takes it back; by default the entry itself, so that it is reversed once. */
    readonly source?: { readonly type: string; readonly id: string };
  },
): Promise<PostedEntry> {
  if (reversal.reason.trim().length < 5)
    throw ledgerErrors.REASON_MISSING({ what: `the reversal of entry ${reversal.entryId}` });
  const entry = await getEntry(tx, reversal.entryId);
  return postEntry(tx, {
    voucher: entry.voucher,
    date: reversal.date,
    narration: `Reversal of ${entry.number}: ${reversal.reason.trim()}`,
    source: reversal.source ?? { type: "reversal", id: String(entry.id) },
    reverses: entry.id,
    lines: entry.lines.map((l) => ({ ...l, side: l.side === "debit" ? "credit" : "debit" })),
  });
}

/** Debits of a set of lines, in rupees, for narrations and messages. */
export function totalOf(lines: readonly Line[]): string {
  return toRupees(sum(lines.filter((l) => l.side === "debit").map((l) => l.amount)));
}

/** One posting as a transaction of its own. For many callers at once use a lane. */
export async function postAlone(app: App, who: Who, draft: EntryDraft): Promise<PostedEntry> {
  return inTransaction(app, who, (tx) => postEntry(tx, draft));
}
