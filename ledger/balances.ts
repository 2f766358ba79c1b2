import { addDays, financialYearOf, financialYearStart, type FinancialYear, type LocalDate } from "./kernel/dates.ts";
import { paise, type Paise } from "./kernel/money.ts";
import { onceInSnapshot, type Read } from "./kernel/tx.ts";
import { entryNumber, lineOf, type EntryLine, type LineRow, type VoucherType } from "./lines.ts";
import { ledgerErrors } from "./errors.ts";
import { accountNamesOn } from "./masters/history.ts";
import { postingAccount } from "./posting-map.ts";
import { CLOSING_SOURCE, hasTail, movementOf, piecesOf } from "./rollup.ts";

export type Account = {
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly parent: string | null;
  readonly type: "income" | "expense" | "liability" | "asset";
  readonly normalSide: "Dr" | "Cr" | "either";
  readonly schedule: string | null;
  readonly isPosting: boolean;
  readonly isActive: boolean;
  readonly isCashBank: boolean;
  readonly needsFunction: boolean;
};

const ACCOUNT_COLUMNS = `code, name, name_local as "nameLocal", parent, type, normal_side as "normalSide", schedule,
  is_posting as "isPosting", is_active as "isActive", is_cash_bank as "isCashBank", needs_function as "needsFunction"`;

/** The ULB's chart, in order of code. */
export async function listAccounts(read: Read): Promise<readonly Account[]> {
  return onceInSnapshot(read, "accounts", () =>
    read.query<Account>(`select ${ACCOUNT_COLUMNS} from ledger.accounts where ulb_id = :ulb order by code`, {
      ulb: read.ulb.id,
    }),
  );
}

/** Raises ACCOUNT_NOT_FOUND. */
export async function getAccount(read: Read, code: string): Promise<Account> {
  const account = await read.queryOne<Account>(
    `select ${ACCOUNT_COLUMNS} from ledger.accounts where ulb_id = :ulb and code = :code`,
    {
      ulb: read.ulb.id,
      code,
    },
  );
  if (!account) throw ledgerErrors.ACCOUNT_NOT_FOUND({ account: code });
  return account;
}

export { CLOSING_SOURCE, rollUp } from "./rollup.ts";

// Opening vouchers of the first day of the books are what the ULB began with: an opening balance of every range that has that day in it, never a
// movement of the year (a receipt, a demand, a purchase). They are few, and found by their numbers.
const OPENED = `opened as (
  select l.account, l.entry_date, l.fund, coalesce(l.function, '') as function, coalesce(l.ward, '') as ward, l.debit, l.credit,
    e.source_type = '${CLOSING_SOURCE}' as is_closing
  from ledger.entries e
  join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
  where e.ulb_id = :ulb and e.voucher = 'opening' and e.fy = ledger.fy_of(:starts_on::date) and e.entry_date = :starts_on::date
    and :starts_on::date between :from_day::date and :to_day::date
), counted as (
  select account, entry_date, fund, function, ward, debit, credit, is_closing, false as is_opening from movement
  union all
  select account, entry_date, fund, function, ward, debit, credit, is_closing, true from opened
  union all
  select account, entry_date, fund, function, ward, -debit, -credit, is_closing, false from opened
)`;

export type TrialBalanceRow = {
  readonly code: string;
  readonly name: string;
  readonly openDebit: Paise;
  readonly openCredit: Paise;
  readonly debit: Paise;
  readonly credit: Paise;
  readonly closeDebit: Paise;
  readonly closeCredit: Paise;
};

/** What a report may be restricted to, and split by, besides the account. */
export type Slice = {
  readonly fund?: string | undefined;
  readonly function?: string | undefined;
  readonly ward?: string | undefined;
};

export type MovementOptions = Slice & {
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Dimensions to split by; the others are summed over. */
  readonly by?: readonly ("fund" | "function" | "ward")[] | undefined;
  /** Whether entries that close the year of `to` count; they are left out unless asked for. */
  readonly closing?: "in" | "out" | undefined;
};

export type Movement = {
  readonly account: string;
  /** Empty unless split by it, or where a line has none. */
  readonly fund: string;
  readonly function: string;
  readonly ward: string;
  /** Before `from`: debit positive. */
  readonly opening: Paise;
  readonly debit: Paise;
  readonly credit: Paise;
};

/**
 * What every balance and statement is made of: per account (and dimension asked for) the balance before `from`, debits and credits from
 * `from` to `to`. The opening of a year is derived, never rebuilt: income and expenditure begin each financial year at nil, and what
 * earlier years left, closed or not, is in the surplus account (310-90; posting map "surplus"). Opening vouchers of the first day of the books
 * count as opening of a range that begins with that day or before it. In order of account.
 */
export async function movements(read: Read, options: MovementOptions): Promise<readonly Movement[]> {
  const { from, to, by = [], closing = "out", fund, function: ofFunction, ward } = options;
  const question = JSON.stringify(["movements", from, to, by, closing, fund ?? null, ofFunction ?? null, ward ?? null]);
  return onceInSnapshot(read, question, () => movementsOf(read, options));
}

/**
 * Balances by account and fund before the first day of a financial year, as `movements` derives them, opening vouchers of that day not among them:
 * with every entry of the year they give its balances. In order of account.
 */
export async function balancesBefore(read: Read, fy: FinancialYear): Promise<Movement[]> {
  const day = financialYearStart(fy);
  const rows = await movementsOf(read, { from: day, to: day, by: ["fund"] }, undefined, "as posted");
  return rows.filter((r) => r.opening !== 0n);
}

async function movementsOf(
  read: Read,
  options: MovementOptions,
  account?: string,
  openingVouchers: "as opening" | "as posted" = "as opening",
): Promise<Movement[]> {
  const { from, to, by = [], closing = "out" } = options;
  const start = financialYearStart(financialYearOf(from));
  const dayBefore = (day: LocalDate): LocalDate => (addDays(day, -1) < to ? addDays(day, -1) : to);
  const keeps = (name: "function" | "ward"): boolean => by.includes(name) || options[name] !== undefined;
  const movement = movementOf(
    [...piecesOf(undefined, dayBefore(start)), ...piecesOf(start, dayBefore(from)), ...piecesOf(from, to)],
    {
      function: keeps("function"),
      ward: keeps("ward"),
      tail: await hasTail(read),
    },
  );
  const dimension = (name: "fund" | "function" | "ward"): string => (by.includes(name) ? name : "''");
  const only = (["fund", "function", "ward"] as const).filter((d) => options[d] !== undefined);
  const rows = await read.query<{
    account: string;
    fund: string;
    function: string;
    ward: string;
    opening: bigint;
    debit: bigint;
    credit: bigint;
  }>(
    `with ${movement.sql}, ${OPENED}, summed as materialized (
       select account, ${dimension("fund")} as fund, ${dimension("function")} as function, ${dimension("ward")} as ward,
         entry_date < :year_start::date as of_earlier_year,
         coalesce(sum(debit - credit) filter (where entry_date < :from_day::date or is_opening), 0) as opening,
         coalesce(sum(debit) filter (where entry_date >= :from_day::date and not is_opening), 0) as debit,
         coalesce(sum(credit) filter (where entry_date >= :from_day::date and not is_opening), 0) as credit
       from counted
       where entry_date <= :to_day::date and (not is_closing or entry_date < :year_start::date or :with_closing::boolean)
         ${account === undefined ? "" : "and account = :account"} ${only.map((d) => `and ${d} = :only_${d}`).join(" ")}
       group by 1, 2, 3, 4, 5
     )
     select case when folded then :surplus else s.account end as account, s.fund, case when folded then '' else s.function end as function,
       case when folded then '' else s.ward end as ward,
       sum(s.opening)::bigint as opening, sum(s.debit)::bigint as debit, sum(s.credit)::bigint as credit
     from summed s
     join ledger.accounts a on a.ulb_id = :ulb and a.code = s.account
     cross join lateral (select s.of_earlier_year and a.type in ('income', 'expense') as folded) as f
     group by 1, 2, 3, 4
     having sum(s.opening) <> 0 or sum(s.debit) <> 0 or sum(s.credit) <> 0
     order by 1, 2, 3, 4`,
    {
      ulb: read.ulb.id,
      year_start: start,
      from_day: from,
      to_day: to,
      starts_on: openingVouchers === "as opening" ? read.ulb.startsOn : null,
      with_closing: closing === "in",
      surplus: await postingAccount(read, "surplus"),
      ...(account === undefined ? {} : { account }),
      ...movement.params,
      ...Object.fromEntries(only.map((d) => [`only_${d}`, options[d]])),
    },
  );
  return rows.map((r) => ({ ...r, opening: paise(r.opening), debit: paise(r.debit), credit: paise(r.credit) }));
}

/**
 * Opening balance before `from`, debits and credits from `from` to `to`, closing balance: one row per account that has any of them,
 * in order of code. Balances are netted to one side; opening as `movements` derives it. The entries that close the year are left out
 * unless `closing` is "in". Restricted to a fund, function or ward if one is named.
 */
export async function trialBalance(read: Read, range: Omit<MovementOptions, "by">): Promise<TrialBalanceRow[]> {
  const rows = await movements(read, range);
  // A statement of an old year is printed with the names of that year.
  const names = await accountNamesOn(
    read,
    range.to,
    rows.map((r) => r.account),
  );
  return rows.map((r) => {
    const closing = r.opening + r.debit - r.credit;
    return {
      code: r.account,
      name: names.get(r.account) ?? "",
      openDebit: paise(r.opening > 0n ? r.opening : 0n),
      openCredit: paise(r.opening < 0n ? -r.opening : 0n),
      debit: r.debit,
      credit: r.credit,
      closeDebit: paise(closing > 0n ? closing : 0n),
      closeCredit: paise(closing < 0n ? -closing : 0n),
    };
  });
}

export type TrialBalanceTotals = { readonly [K in Exclude<keyof TrialBalanceRow, "code" | "name">]: Paise };

export function trialBalanceTotals(rows: readonly TrialBalanceRow[]): TrialBalanceTotals {
  const total = (key: keyof TrialBalanceTotals): Paise => paise(rows.reduce((a, r) => a + r[key], 0n));
  return {
    openDebit: total("openDebit"),
    openCredit: total("openCredit"),
    debit: total("debit"),
    credit: total("credit"),
    closeDebit: total("closeDebit"),
    closeCredit: total("closeCredit"),
  };
}

/** Balances of accounts at the end of a day: debits less credits. Accounts without entries are 0. */
export async function accountBalances(
  read: Read,
  accounts: readonly string[],
  asOf: LocalDate,
  fund?: string,
): Promise<Map<string, Paise>> {
  const movement = movementOf(piecesOf(undefined, asOf), { function: false, ward: false, tail: await hasTail(read) });
  const rows = await read.query<{ account: string; balance: bigint }>(
    `with ${movement.sql}
     select account, sum(debit - credit)::bigint as balance from movement
     where account = any(:accounts::text[]) and entry_date <= :as_of::date ${fund === undefined ? "" : "and fund = :fund"}
     group by account`,
    { ulb: read.ulb.id, accounts, as_of: asOf, ...movement.params, ...(fund === undefined ? {} : { fund }) },
  );
  const found = new Map(rows.map((r) => [r.account, paise(r.balance)]));
  return new Map(accounts.map((a) => [a, found.get(a) ?? paise(0n)]));
}

/** The balance of one account at the end of a day: debit positive. */
export async function accountBalance(read: Read, account: string, asOf: LocalDate): Promise<Paise> {
  return (await accountBalances(read, [account], asOf)).get(account) ?? paise(0n);
}

/** Balance of each fund at a day; every one must be 0. */
export async function fundDifferences(read: Read, asOf: LocalDate): Promise<Map<string, Paise>> {
  const movement = movementOf(piecesOf(undefined, asOf), { function: false, ward: false, tail: await hasTail(read) });
  const rows = await read.query<{ fund: string; balance: bigint }>(
    `with ${movement.sql} select fund, sum(debit - credit)::bigint as balance from movement where entry_date <= :as_of::date group by fund order by fund`,
    { ulb: read.ulb.id, as_of: asOf, ...movement.params },
  );
  return new Map(rows.map((r) => [r.fund, paise(r.balance)]));
}

export type StatementLine = EntryLine & {
  readonly entryId: bigint;
  readonly number: string;
  readonly date: LocalDate;
  readonly narration: string;
  readonly source: { readonly type: string; readonly id: string };
  /** After this line: debit positive. */
  readonly balance: Paise;
};
export type AccountStatement = {
  readonly account: Account;
  readonly opening: Paise;
  readonly lines: readonly StatementLine[];
  /** Give it back as `after` for the next page; undefined on the last. */
  readonly next: StatementCursor | undefined;
};
export type StatementCursor = {
  readonly date: LocalDate;
  readonly entryId: bigint;
  readonly lineNo: number;
  readonly balance: Paise;
};

/** One account's lines in order of date and entry, each with the balance after it, a page at a time (at most 1,000). Raises ACCOUNT_NOT_FOUND. */
export async function accountStatement(
  read: Read,
  options: {
    readonly account: string;
    readonly from: LocalDate;
    readonly to: LocalDate;
    /** Whether the entries that close a year are shown; they are left out unless asked for, as in the trial balance. */
    readonly closing?: "in" | "out" | undefined;
    readonly after?: StatementCursor | undefined;
    readonly limit?: number;
  },
): Promise<AccountStatement> {
  const account = await getAccount(read, options.account);
  const limit = Math.min(options.limit ?? 200, 1000);
  // The cursor is said twice: its first two parts are where the index starts (without them every page would read the year from its first day).
  const opening = options.after ? options.after.balance : await openingOf(read, account, options.from, options.to);
  const rows = await read.query<
    LineRow & {
      voucher: VoucherType;
      fy: string;
      number: bigint;
      entry_date: LocalDate;
      narration: string;
      source_type: string;
      source_id: string;
    }
  >(
    `select l.entry_id, l.line_no, l.account, '' as account_name, l.debit, l.credit, l.fund, l.function, l.ward, l.functionary, l.budget_head,
       l.scheme, l.party_type, l.party_id, l.demand_year, e.voucher, e.fy, e.number, e.entry_date, e.narration, e.source_type, e.source_id
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     where l.ulb_id = :ulb and l.account = :account and l.entry_date between :from_day::date and :to_day::date
       and (e.source_type <> '${CLOSING_SOURCE}' or :with_closing::boolean)
       and (l.entry_date, l.entry_id) >= (:after_day::date, :after_entry::bigint)
       and not (e.voucher = 'opening' and l.entry_date = :starts_on::date)
       and (l.entry_date, l.entry_id, l.line_no) > (:after_day::date, :after_entry::bigint, :after_line::integer)
     order by l.entry_date, l.entry_id, l.line_no
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      account: options.account,
      from_day: options.from,
      to_day: options.to,
      starts_on: read.ulb.startsOn,
      with_closing: options.closing === "in",
      after_day: options.after?.date ?? "0001-01-01",
      after_entry: options.after?.entryId ?? 0n,
      after_line: options.after?.lineNo ?? 0,
      row_limit: limit + 1,
    },
  );
  let balance: bigint = opening;
  const lines = rows.slice(0, limit).map((r): StatementLine => {
    balance += r.debit - r.credit;
    return {
      ...lineOf({ ...r, account_name: account.name }),
      entryId: r.entry_id,
      number: entryNumber(r.voucher, r.fy, r.number),
      date: r.entry_date,
      narration: r.narration,
      source: { type: r.source_type, id: r.source_id },
      balance: paise(balance),
    };
  });
  const last = lines.at(-1);
  const next =
    rows.length > limit && last
      ? { date: last.date, entryId: last.entryId, lineNo: last.lineNo, balance: last.balance }
      : undefined;
  return { account, opening, lines, next };
}

/** The balance of an account before a day, as the trial balance of a range from that day opens it. */
async function openingOf(read: Read, account: Account, from: LocalDate, to: LocalDate): Promise<Paise> {
  // The surplus account holds what other accounts of earlier years leave; every other account's opening is made of its own lines.
  const isAlone = account.code !== (await postingAccount(read, "surplus"));
  const rows = await movementsOf(read, { from, to }, isAlone ? account.code : undefined);
  return rows.find((r) => r.account === account.code)?.opening ?? paise(0n);
}
