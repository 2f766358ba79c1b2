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
