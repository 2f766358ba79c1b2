import { IMPORTED } from "../ledger/index.ts";
import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { paise, subtract, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { REDUCING_KINDS } from "./settle.ts";

/** Two figures that must be equal; `difference` is ledger less register. */
export type TieRow = {
  readonly account: string;
  readonly demandYear: FinancialYear | null;
  readonly ledger: Paise;
  readonly register: Paise;
  readonly difference: Paise;
};

type Row = { account: string; demand_year: FinancialYear | null; ledger: bigint; register: bigint };

const rowOf = (r: Row): TieRow => ({
  account: r.account,
  demandYear: r.demand_year,
  ledger: paise(r.ledger),
  register: paise(r.register),
  difference: subtract(paise(r.ledger), paise(r.register)),
});

/** What is receivable by the demand register on a day, per account and demand year, with the cess not yet collected in it. */
export async function registerTotals(
  read: Read,
  asOf: LocalDate,
): Promise<
  { readonly account: string; readonly demandYear: FinancialYear; readonly outstanding: Paise; readonly cess: Paise }[]
> {
  return read.query(
    `select account, demand_year as "demandYear", sum(amount)::bigint as outstanding, sum(cess)::bigint as cess
     from (${REGISTER}) as r group by account, demand_year having sum(amount) <> 0 or sum(cess) <> 0 order by account, demand_year`,
    { ulb: read.ulb.id, as_of: asOf },
  );
}

const REGISTER = `
  select t.receivable_account as account, d.demand_year, t.amount, t.cess,
    coalesce(c.cess_control_account, h.cess_control_account) as cess_account
  from billing.demand_details t
  join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
  join billing.tax_heads h on h.ulb_id = t.ulb_id and h.code = t.tax_head and h.valid_from = t.head_version
  left join billing.tax_heads c on c.ulb_id = t.ulb_id and c.code = t.cess_head and c.valid_from = t.cess_version
  where t.ulb_id = :ulb and t.basis = 'accrual' and d.raised_on <= :as_of::date
  union all
  select t.receivable_account, d.demand_year, -a.amount, -a.cess, coalesce(c.cess_control_account, h.cess_control_account)
  from billing.allocations a
  join billing.demand_details t on t.ulb_id = a.ulb_id and t.demand_id = a.demand_id and t.tax_head = a.tax_head
  join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
  join billing.tax_heads h on h.ulb_id = t.ulb_id and h.code = t.tax_head and h.valid_from = t.head_version
  left join billing.tax_heads c on c.ulb_id = t.ulb_id and c.code = t.cess_head and c.valid_from = t.cess_version
  where a.ulb_id = :ulb and t.basis = 'accrual' and a.on_date <= :as_of::date`;

// Lines that were brought in from files have no register behind them, and an account that the register never used is none of its business:
// a town may keep its demands here for water alone, and bring in the rest as vouchers.
const NOT_IMPORTED = `join ledger.entry_origins o on o.ulb_id = l.ulb_id and o.entry_id = l.entry_id and o.origin <> all(:imported::text[])`;

/**
 * The receivable accounts that the register uses, but for lines brought in from files, in the ledger = the demand register, per account and
 * demand year.
 */
export async function receivableTie(read: Read, asOf: LocalDate): Promise<TieRow[]> {
  const rows = await read.query<Row>(
    `with heads as (
       select distinct receivable_account as account from billing.demand_details where ulb_id = :ulb and receivable_account is not null
     ), books as (
       select l.account, l.demand_year, sum(l.debit - l.credit) as amount
       from ledger.lines l ${NOT_IMPORTED}
       where l.ulb_id = :ulb and l.entry_date <= :as_of::date and l.account in (select account from heads)
       group by l.account, l.demand_year
     ), register as (
       select account, demand_year, sum(amount) as amount from (${REGISTER}) as r group by account, demand_year
     )
     select coalesce(b.account, r.account) as account, coalesce(b.demand_year, r.demand_year) as demand_year,
       coalesce(b.amount, 0)::bigint as ledger, coalesce(r.amount, 0)::bigint as register
     from books b full join register r on r.account = b.account and r.demand_year is not distinct from b.demand_year
     order by 1, 2`,
    { ulb: read.ulb.id, as_of: asOf, imported: IMPORTED },
  );
  return rows.map(rowOf);
}

/** The credit of each advance account that the register uses, but for imports, in the ledger = the credit of consumers that no demand has used. */
export async function advanceTie(read: Read, asOf: LocalDate): Promise<TieRow[]> {
  const rows = await read.query<Row>(
    `with accounts as (
       select distinct account from billing.advances where ulb_id = :ulb
     )
     select a.account, null as demand_year,
       coalesce((select sum(l.credit - l.debit) from ledger.lines l ${NOT_IMPORTED}
         where l.ulb_id = :ulb and l.account = a.account and l.entry_date <= :as_of::date), 0)::bigint as ledger,
       coalesce((select sum(v.amount) from billing.advances v
         where v.ulb_id = :ulb and v.account = a.account and v.on_date <= :as_of::date), 0)::bigint as register
     from accounts a order by 1`,
    { ulb: read.ulb.id, as_of: asOf, imported: IMPORTED },
  );
  return rows.map(rowOf);
}

/** The credit of each cess control head that the register uses, but for imports, = the State's cess inside what is still receivable. */
export async function cessTie(read: Read, asOf: LocalDate): Promise<TieRow[]> {
  const rows = await read.query<Row>(
    `with register as (
       select cess_account as account, sum(cess) as cess from (${REGISTER}) as r where cess_account is not null group by cess_account
     ), accounts as (
       select account from register
     )
     select a.account, null as demand_year,
       coalesce((select sum(l.credit - l.debit) from ledger.lines l ${NOT_IMPORTED}
         where l.ulb_id = :ulb and l.account = a.account and l.entry_date <= :as_of::date), 0)::bigint as ledger,
       coalesce(r.cess, 0)::bigint as register
     from accounts a left join register r on r.account = a.account order by 1`,
    { ulb: read.ulb.id, as_of: asOf, imported: IMPORTED },
  );
  return rows.map(rowOf);
}

/**
 * Lines and consumers whose running totals are not the sum of what made them: always empty, because the database keeps them;
 * `verify` asks all the same.
 */
export async function registerSelfTie(
  read: Read,
): Promise<{ readonly subject: string; readonly kept: Paise; readonly summed: Paise }[]> {
  return read.query(
    `select t.demand_id || '/' || t.tax_head as subject, t.settled as kept, coalesce(sum(a.amount), 0)::bigint as summed
     from billing.demand_details t
     left join billing.allocations a on a.ulb_id = t.ulb_id and a.demand_id = t.demand_id and a.tax_head = t.tax_head
     where t.ulb_id = :ulb
     group by t.demand_id, t.tax_head, t.settled, t.cess_settled, t.reduced, t.cess_reduced
     having t.settled <> coalesce(sum(a.amount), 0) or t.cess_settled <> coalesce(sum(a.cess), 0)
       or t.reduced <> coalesce(sum(a.amount) filter (where a.kind = any(:reducing::text[])), 0)
       or t.cess_reduced <> coalesce(sum(a.cess) filter (where a.kind = any(:reducing::text[])), 0)
     union all
     select 'advance of ' || c.code, c.advance, coalesce(sum(v.amount), 0)::bigint
     from billing.consumers c
     left join billing.advances v on v.ulb_id = c.ulb_id and v.consumer_id = c.consumer_id
     where c.ulb_id = :ulb
     group by c.consumer_id, c.code, c.advance
     having c.advance <> coalesce(sum(v.amount), 0)`,
    { ulb: read.ulb.id, reducing: REDUCING_KINDS },
  );
}
