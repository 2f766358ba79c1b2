import { dateInIndia, financialYearOf, financialYearStart, type LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { movements } from "../balances.ts";
import { masterErrors } from "./errors.ts";

/** Long after every entry: a balance at its end is what is left of all that was ever posted. */
const END_OF_BOOKS = "2999-12-31" as LocalDate;

/**
 * Whether anything is left on an account, or in a fund, from a day on. Income and expenditure begin each year at nil, so a head that was used
 * in this year can be closed with effect from the next. Raises MASTER_HAS_BALANCE with the largest figure.
 * Nothing may be posted meanwhile: take `holdPostings` before.
 */
export async function nilOrRefused(
  tx: Tx,
  of: { readonly account?: string; readonly fund?: string },
  what: string,
  from: LocalDate,
): Promise<void> {
  for (const to of [from, END_OF_BOOKS]) {
    const rows = await movements(tx, {
      from: financialYearStart(financialYearOf(from)),
      to,
      ...(of.fund === undefined ? {} : { fund: of.fund }),
      closing: "in",
    });
    const left = rows
      .filter((r) => of.account === undefined || r.account === of.account)
      .map((r) => ({ account: r.account, balance: paise(r.opening + r.debit - r.credit) }))
      .filter((r) => r.balance !== 0n)
      .sort((a, b) => (size(a.balance) > size(b.balance) ? -1 : 1));
    const worst = left[0];
    if (worst) {
      const where = of.account === undefined ? ` on account ${worst.account}` : "";
      const more = left.length > 1 ? ` (and on ${left.length - 1} more)` : "";
      throw masterErrors.MASTER_HAS_BALANCE({ what, balance: String(worst.balance), where: `${where}${more}` });
    }
  }
}
const size = (amount: Paise): bigint => (amount < 0n ? -amount : amount);

/** Waits for postings under way and holds new ones until commit, so that what is read now is what is left. */
export async function holdPostings(tx: Tx): Promise<void> {
  // In the order in which ledger.post takes them, each as its own row so that no plan changes the order.
  const months = await tx.query<{ period: string }>(
    "select period from ledger.periods where ulb_id = :ulb and status = 'open' order by period",
    { ulb: tx.ulb.id },
  );
  for (const { period } of months) {
    await tx.query("select pg_advisory_xact_lock(:ulb::integer, :month_key::integer)", {
      ulb: tx.ulb.id,
      month_key: Number(period.replace("-", "")),
    });
  }
}

/** Where an account is named by data of the ULB: a key of the posting map, an event, a tax section, a bank account in use. */
export async function usesOfAccount(read: Read, account: string): Promise<string[]> {
  const rows = await read.query<{ used_by: string }>(
    `select 'posting map "' || key || '"' as used_by from ledger.posting_map where ulb_id = :ulb and account = :account
     union all
     select 'event ' || rule_id || ' leg ' || leg from ledger.event_accounts where ulb_id = :ulb and account = :account
     union all
     select 'tax section ' || code from ledger.tax_sections
     where ulb_id = :ulb and account = :account and coalesce(valid_to, 'infinity') >= :today::date
     union all
     select 'bank account ' || bank from ledger.bank_books where ulb_id = :ulb and account = :account and is_active
     order by 1`,
    { ulb: read.ulb.id, account, today: dateInIndia(read.clock()) },
  );
  return rows.map((r) => r.used_by);
}
