import { postingAccounts } from "../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bankCalendar } from "./bank-holidays.ts";
import { match, type MatchResult } from "./match.ts";
import { openItems, type OpenItem } from "./open-items.ts";
import { openLines, type BankLine } from "./statements.ts";

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
  return compare(read, account, asOf ?? (await horizon(read, account)));
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
  const state = await stateOf(read, account);
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
  return found;
}

/**
 * Everything that a comparison rests on, as one text. Lines of the bank, lines of the ledger and records of matches are only ever added, so that equal
 * counts are equal rows; settlements, cheques in clearing and holidays change, so that their content is in it.
 */
async function stateOf(read: Read, account: string): Promise<string> {
  const row = await read.queryOne<{ state: string }>(
    `select concat_ws(' ', current_database(), pg_postmaster_start_time(),
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
  const accounts = await postingAccounts(read, "bank-main", "settlement-in-transit");
  return [row?.state, dateInIndia(read.clock()), ...Object.values(accounts)].join(" ");
}

async function compare(read: Read, account: string, asOf: LocalDate) {
  const lines = new Map((await openLines(read, account, asOf)).map((l) => [l.id, l]));
  const items = new Map((await openItems(read, account, asOf)).map((i) => [i.id, i]));
  const result = match(matchable(lines.values()), [...items.values()], asOf, {
    calendar: await bankCalendar(read, account),
  });
  return { lines, items, result };
}

/** Lines as match() sees them: by the day the bank booked them. */
export const matchable = (lines: Iterable<BankLine>) => [...lines].map((l) => ({ ...l, date: l.bookedOn }));

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
