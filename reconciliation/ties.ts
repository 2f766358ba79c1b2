import { IMPORTED, postingAccounts } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { paise, subtract, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { listBankAccounts } from "./bank-accounts.ts";
import { brs } from "./brs-read.ts";
import { chainEnds, openingDay } from "./statements.ts";

/** Two figures that must be equal; `difference` is ledger less register. */
export type BankTieRow = {
  readonly account: string;
  readonly ledger: Paise;
  readonly register: Paise;
  readonly difference: Paise;
};

/**
 * The balance of settlements in transit = settlements booked and not yet seen at the bank. No row where the ULB books settlements
 * straight to its bank account: then they are items of the bank reconciliation instead.
 */
export async function settlementTransitTie(read: Read, asOf: LocalDate): Promise<BankTieRow[]> {
  const accounts = await postingAccounts(read, "bank-main", "settlement-in-transit");
  const account = accounts["settlement-in-transit"];
  if (account === accounts["bank-main"]) return [];
  const row = await read.queryOne<{ ledger: bigint; register: bigint }>(
    `select
       coalesce((select sum(l.debit - l.credit) from ledger.lines l
         join ledger.entry_origins o on o.ulb_id = l.ulb_id and o.entry_id = l.entry_id and o.origin <> all(:imported::text[])
         where l.ulb_id = :ulb and l.account = :account and l.entry_date <= :as_of::date), 0)::bigint as ledger,
       coalesce((select sum(s.amount) from reconciliation.settlements s
         join ledger.entries e on e.ulb_id = s.ulb_id and e.entry_id = s.entry_id
         where s.ulb_id = :ulb and s.status = 'booked' and s.transit_account = :account and e.entry_date <= :as_of::date
           and (s.arrived_on is null or s.arrived_on > :as_of::date)), 0)::bigint as register`,
    { ulb: read.ulb.id, account, as_of: asOf, imported: IMPORTED },
  );
  return [tieRow(account, paise(row?.ledger ?? 0n), paise(row?.register ?? 0n))];
}

/**
 * Per bank account with a statement: balance of the bank book, with every item of the reconciliation, = balance of the bank's statement.
 * `ledger` is what the books compute for the bank, `register` what the bank says.
 */
export async function bankTie(read: Read, asOf: LocalDate): Promise<BankTieRow[]> {
  const rows: BankTieRow[] = [];
  for (const { account } of await listBankAccounts(read)) {
    const chain = await chainEnds(read, account);
    if (!chain || asOf < openingDay(chain)) continue;
    const found = await brs(read, account, asOf);
    rows.push(tieRow(account, found.computedBalance, found.statementBalance));
  }
  return rows;
}

/** What was stored of bank statements still forms one chain per account, and live matches balance: always empty, and asked every night. */
export async function bankSelfTie(
  read: Read,
): Promise<{ readonly account: string; readonly subject: string; readonly difference: Paise }[]> {
  return read.query(
    `select account, 'line ' || line_id as subject, difference from (
       select account, line_id,
         (balance - amount - lag(balance) over (partition by account order by position))::bigint as difference
       from reconciliation.bank_lines where ulb_id = :ulb
     ) as chain
     where difference <> 0
     union all
     select account, 'match ' || match_id, sum(case when kind = 'item' then -amount else amount end)::bigint
     from reconciliation.live_legs where ulb_id = :ulb
     group by account, match_id
     having sum(case when kind = 'item' then -amount else amount end) <> 0`,
    { ulb: read.ulb.id },
  );
}

function tieRow(account: string, ledger: Paise, register: Paise): BankTieRow {
  return { account, ledger, register, difference: subtract(ledger, register) };
}
