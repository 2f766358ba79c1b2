import { accountBalance } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { paise, sum, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bankAccountOfHead, getBankAccount, type BankAccount } from "./bank-accounts.ts";
import { bankCalendar } from "./bank-holidays.ts";
import { composeBrs, memorandumOf, type Brs, type BrsDetail, type BrsItem, type BrsLine } from "./brs.ts";
import { reconciliationErrors } from "./errors.ts";
import { match } from "./match.ts";
import { openItems } from "./open-items.ts";
import type { EntryTemplate } from "./entries.ts";
import { chainEnds, openingDay, openLines } from "./statements.ts";

export type BankReconciliation = Brs & {
  readonly bank: BankAccount;
  /** The last day that a stored statement covers; if it is before `asOf`, the bank may have moved since. */
  readonly statementTo: LocalDate;
  /** Settlements paid out by the gateway and not yet in this bank book: they stand in their own account, so they are no item of this statement. */
  readonly settlementsInTransit: readonly BrsItem[];
  readonly settlementsInTransitTotal: Paise;
  /** Deposited cheques that the bank has neither credited nor returned, where the ULB keeps them in a head of cheques in clearing: no item either. */
  readonly chequesInClearing: readonly BrsDetail[];
  readonly chequesInClearingTotal: Paise;
};

/**
 * The bank reconciliation statement of an account at the end of a day, from what is stored: balance as per book, every open item of either
 * side, and what the bank should say, compared with what it says. It can be asked for any past day: a match counts from the day on which all
 * of it was there. Raises BANK_ACCOUNT_UNKNOWN, STATEMENT_MISSING when no statement reaches back that far.
 */
export async function brs(read: Read, account: string, asOf: LocalDate): Promise<BankReconciliation> {
  const chain = await chainEnds(read, account);
  const bank = chain ? await getBankAccount(read, account) : await bankAccountOfHead(read, account, undefined);
  if (!chain || asOf < openingDay(chain)) throw reconciliationErrors.STATEMENT_MISSING({ account, day: asOf });
  const lines = await openLines(read, account, asOf);
  const all = await openItems(read, account, asOf);
  const items = all.filter((i) => "entryId" in i.of);
  const transit = all.filter((i) => "settlementId" in i.of);
  const clearing = all.filter((i) => "leaves" in i.of);
  const template = templatesOf(
    match(
      lines.map((l) => ({ ...l, date: l.bookedOn })),
      all,
      asOf,
      { calendar: await bankCalendar(read, account) },
    ),
  );
  const last = await read.queryOne<{ balance: bigint }>(
    `select balance from reconciliation.bank_lines
     where ulb_id = :ulb and account = :account and booked_on <= :as_of::date
     order by position desc limit 1`,
    { ulb: read.ulb.id, account, as_of: asOf },
  );
  const covered = await read.queryOne<{ day: LocalDate | null }>(
    "select max(to_date) as day from reconciliation.statements where ulb_id = :ulb and account = :account",
    { ulb: read.ulb.id, account },
  );
  const opening = await read.query(
    "select 1 from reconciliation.live_legs where ulb_id = :ulb and account = :account and kind = 'opening'",
    { ulb: read.ulb.id, account },
  );
  const errors = await bankErrors(read, account);
  const composed = composeBrs({
    account,
    asOf,
    bookBalance: await accountBalance(read, account, asOf),
    statementBalance: last ? paise(last.balance) : chain.opening,
    items,
    lines: lines.map((l): BrsLine => ({
      id: l.id,
      date: l.bookedOn,
      amount: l.amount,
      text: l.narration,
      reference: l.reference,
      template: template.get(l.id),
      ...(errors.has(l.id) ? { isBankError: true } : {}),
    })),
    ...(opening.length > 0 ? {} : { openingUnmatched: { amount: chain.opening, date: openingDay(chain) } }),
  });
  return {
    ...composed,
    bank,
    statementTo: covered?.day ?? chain.last.bookedOn,
    settlementsInTransit: transit,
    settlementsInTransitTotal: sum(transit.map((t) => t.amount)),
    chequesInClearing: memorandumOf(asOf, clearing),
    chequesInClearingTotal: sum(clearing.map((c) => c.amount)),
  };
}

/** Lines that a maker and a checker found to be mistakes of the bank. */
async function bankErrors(read: Read, account: string): Promise<ReadonlySet<string>> {
  const rows = await read.query<{ id: string }>(
    `select subject_id as id from reconciliation.bank_exceptions
     where ulb_id = :ulb and account = :account and subject = 'line' and is_bank_error`,
    { ulb: read.ulb.id, account },
  );
  return new Set(rows.map((r) => r.id));
}

function templatesOf(result: ReturnType<typeof match>): Map<string, EntryTemplate> {
  const found = new Map<string, EntryTemplate>(result.proposedEntries.map((e) => [e.line, e.template]));
  for (const e of result.exceptions) if (e.subject === "line" && e.template) found.set(e.id, e.template);
  return found;
}
