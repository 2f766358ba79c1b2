import { postingAccounts } from "../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bankCalendar } from "./bank-holidays.ts";
import { SERVER } from "./known-rows.ts";
import { match, type BankCalendar, type MatchResult } from "./match.ts";
import { keepOpenItems, openItems, type OpenItem } from "./open-items.ts";
import { keepOpenLines, openLines, type BankLine } from "./statements.ts";

/** What reconcile() would find, without writing: for the screen. Items and lines are given along, by id. */
export async function comparison(
  read: Read,
  account: string,
  asOf?: LocalDate,
): Promise<{
  readonly lines: ReadonlyMap<string, BankLine>;
  readonly items: ReadonlyMap<string, OpenItem>;
  readonly result: MatchResult;
}> {
  const until = asOf ?? (await horizon(read, account));
  const lines = new Map((await openLines(read, account, until)).map((l) => [l.id, l]));
  const items = new Map((await openItems(read, account, until)).map((i) => [i.id, i]));
  const result = matchOnce(read, account, lines.values(), items.values(), until, await bankCalendar(read, account));
  return { lines, items, result };
}

type Compared = Awaited<ReturnType<typeof comparison>>;
const KEPT = 8;
const LARGEST = 100_000;
const kept = new Map<string, { readonly state: string; readonly found: Compared }>();

/**
 * The same for a page: what was compared last is given again while nothing that it rests on has changed, because a person turns pages and narrows lists
 * more often than he matches. Only in a snapshot: what a transaction has not committed yet must not be kept.
 */
export async function knownComparison(read: Read, account: string): Promise<Compared> {
  const { server, state } = await stateOf(read, account);
  const key = `${read.ulb.id} ${account}`;
  const before = kept.get(key);
  // What was used last stands at the end.
  kept.delete(key);
  if (before?.state === state) {
    kept.set(key, before);
    return before.found;
  }
  const found = await comparison(read, account);
  if (found.lines.size + found.items.size <= LARGEST) kept.set(key, { state, found });
  for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
  keepOpenLines(read, account, server, found.lines);
  keepOpenItems(read, account, server, found.items.values());
  return found;
}

/**
 * Everything that a comparison rests on, as one text. Lines of the bank, lines of the ledger and records of matches are only ever added, so that equal
 * counts are equal rows; settlements, cheques in clearing and holidays change, so that their content is in it.
 */
async function stateOf(
  read: Read,
  account: string,
): Promise<{
  readonly server: string;
  readonly state: string;
}> {
  const row = await read.queryOne<{ server: string; state: string }>(
    `select ${SERVER} as server, concat_ws(' ',
       (select count(*) from reconciliation.bank_lines where ulb_id = :ulb and account = :account),
       (select count(*) from reconciliation.matches where ulb_id = :ulb and account = :account),
       (select count(*) from ledger.lines where ulb_id = :ulb and account = :account),
       (select md5(string_agg(concat_ws('|', settlement_id, status, amount, utr, settled_on, transit_account, arrival_match_id), ',' order by settlement_id))
        from reconciliation.settlements where ulb_id = :ulb),
       (select md5(string_agg(i.instrument_id::text, ',' order by i.instrument_id))
        from collections.remittances m
        join collections.instruments i on i.ulb_id = m.ulb_id and i.remittance_id = m.remittance_id and i.status = 'deposited'
        where m.ulb_id = :ulb and m.bank_account = :account and m.clearing_account is not null),
       (select md5(string_agg(concat_ws('|', bank, day), ',' order by bank, day)) from reconciliation.bank_holidays where ulb_id = :ulb),
       (select bank from reconciliation.bank_accounts where ulb_id = :ulb and account = :account)) as state`,
    { ulb: read.ulb.id, account },
  );
  invariant(row, "a question without a table has one answer");
  const accounts = await postingAccounts(read, "bank-main", "settlement-in-transit");
  return {
    server: row.server,
    state: [row.server, row.state, dateInIndia(read.clock()), ...Object.values(accounts)].join(" "),
  };
}

type Weighed = {
  readonly lines: readonly BankLine[];
  readonly items: readonly OpenItem[];
  readonly asOf: LocalDate;
  readonly calendar: BankCalendar;
  readonly result: MatchResult;
};
const weighed = new Map<string, Weighed>();

/**
 * What match() says of these lines and items; when they are the ones that it was asked about last, what it said then. A pure function of what is given,
 * so that it matters to nobody whether that is committed: undoing, matching and the page after it ask the same question one after the other.
 */
export function matchOnce(
  read: Read,
  account: string,
  lines: Iterable<BankLine>,
  items: Iterable<OpenItem>,
  asOf: LocalDate,
  calendar: BankCalendar,
): MatchResult {
  const asked = { lines: [...lines], items: [...items], asOf, calendar };
  const key = `${read.ulb.id} ${account}`;
  const before = weighed.get(key);
  weighed.delete(key);
  const result =
    before?.asOf === asOf &&
    before.calendar.equals(calendar) &&
    isSame(before.lines, asked.lines, looksTheSameLine) &&
    isSame(before.items, asked.items, looksTheSameItem)
      ? before.result
      : match(matchable(asked.lines), asked.items, asOf, { calendar });
  if (asked.lines.length + asked.items.length <= LARGEST) weighed.set(key, { ...asked, result });
  for (const oldest of weighed.keys()) if (weighed.size > KEPT) weighed.delete(oldest);
  return result;
}

function isSame<T>(before: readonly T[], now: readonly T[], looksTheSame: (a: T, b: T) => boolean): boolean {
  return (
    before.length === now.length &&
    before.every((a, i) => {
      const b = now[i];
      return b !== undefined && (a === b || looksTheSame(a, b));
    })
  );
}

/** As far as match() looks. */
const looksTheSameLine = (a: BankLine, b: BankLine): boolean =>
  a.id === b.id &&
  a.bookedOn === b.bookedOn &&
  a.amount === b.amount &&
  a.narration === b.narration &&
  a.reference === b.reference;

const looksTheSameItem = (a: OpenItem, b: OpenItem): boolean =>
  a.id === b.id &&
  a.date === b.date &&
  a.amount === b.amount &&
  a.kind === b.kind &&
  a.group === b.group &&
  a.refs.length === b.refs.length &&
  a.refs.every((r, i) => r.kind === b.refs[i]?.kind && r.value === b.refs[i]?.value);

/** Lines as match() sees them: by the day the bank booked them. */
const matchable = (lines: Iterable<BankLine>) => [...lines].map((l) => ({ ...l, date: l.bookedOn }));

// Everything known counts: books and statements may reach beyond today (post-dated by a day, or a demo in another month).
export async function horizon(read: Read, account: string): Promise<LocalDate> {
  const today = dateInIndia(read.clock());
  const row = await read.queryOne<{ last: LocalDate | null }>(
    `select greatest(
       (select max(booked_on) from reconciliation.bank_lines where ulb_id = :ulb and account = :account),
       (select max(entry_date) from ledger.lines where ulb_id = :ulb and account = :account)) as last`,
    { ulb: read.ulb.id, account },
  );
  return row?.last && row.last > today ? row.last : today;
}
