import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { negate, paise, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Brs } from "../brs.ts";

/**
 * The identity of a reconciliation, both ways. By what is open: book less unmatched items, and bank less unmatched lines. By what is matched: the sums
 * of both sides of all matches that were complete by the day. All four are one figure, or it does not reconcile.
 */
export type BrsIdentity = {
  readonly bookLessOpen: Paise;
  readonly bankLessOpen: Paise;
  readonly matchedItems: Paise;
  readonly matchedLines: Paise;
  readonly holds: boolean;
};

const OF_BANK = new Set([
  "interest",
  "other-credits",
  "unidentified-credits",
  "charges",
  "other-debits",
  "bank-errors",
  "opening",
]);

/** The second way reads nothing that the first one read: only the legs of the matches. */
export async function brsIdentity(read: Read, statement: Brs, asOf: LocalDate): Promise<BrsIdentity> {
  const row = await read.queryOne<{ items: bigint; lines: bigint }>(
    `select coalesce(sum(g.amount) filter (where g.kind = 'item'), 0)::bigint as items,
       coalesce(sum(g.amount) filter (where g.kind <> 'item'), 0)::bigint as lines
     from reconciliation.live_legs g
     where g.ulb_id = :ulb and g.account = :account
       and not exists (
         select 1 from reconciliation.live_legs o where o.ulb_id = g.ulb_id and o.match_id = g.match_id and o.on_date > :as_of::date)`,
    { ulb: read.ulb.id, account: statement.account, as_of: asOf },
  );
  return identityOf(statement, paise(row?.items ?? 0n), paise(row?.lines ?? 0n));
}

/** Pure: an item group's total is what the book must still lose to come to the bank, so it is the open items with the other sign. */
export function identityOf(statement: Brs, matchedItems: Paise, matchedLines: Paise): BrsIdentity {
  const total = (isBank: boolean): Paise =>
    sum([ZERO, ...statement.groups.filter((g) => OF_BANK.has(g.key) === isBank).map((g) => g.total)]);
  const openItems = negate(total(false));
  const bookLessOpen = subtract(statement.bookBalance, openItems);
  const bankLessOpen = subtract(statement.statementBalance, total(true));
  const holds = bookLessOpen === bankLessOpen && matchedItems === matchedLines && bookLessOpen === matchedItems;
  return { bookLessOpen, bankLessOpen, matchedItems, matchedLines, holds };
}
