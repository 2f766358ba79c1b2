import type { LocalDate } from "./kernel/dates.ts";
import { paise, type Paise } from "./kernel/money.ts";
import type { Read, Tx } from "./kernel/tx.ts";
import { entryNumber, lineOf, type EntryLine, type LineRow, type VoucherType } from "./entries.ts";
import { ledgerErrors } from "./errors.ts";

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
export async function listAccounts(read: Read): Promise<Account[]> {
  return read.query<Account>(`select ${ACCOUNT_COLUMNS} from ledger.accounts where ulb_id = :ulb order by code`, {
    ulb: read.ulb.id,
  });
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

// Balances are read from the daily roll-up and, for entries whose numbers lie above its marks, from their lines. The laterals keep the tail
// a look-up per entry: a planner that guesses "number > mark" to be a third of the table reads all of it (measured: 677 ms instead of 30).
const MOVEMENTS = `movement as (
  select account, entry_date, fund, function, ward, debit, credit from ledger.balance_daily where ulb_id = :ulb
  union all
  select l.account, l.entry_date, l.fund, coalesce(l.function, ''), coalesce(l.ward, ''), l.debit, l.credit
  from (
    select s.series, s.fy, coalesce(m.rolled_to, 0) as rolled_to
    from ledger.series s
    left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
    where s.ulb_id = :ulb and s.next_number - 1 > coalesce(m.rolled_to, 0)
    offset 0
  ) as tail
  cross join lateral (
    select e.entry_id from ledger.entries e
    where e.ulb_id = :ulb and e.voucher = tail.series and e.fy = tail.fy and e.number > tail.rolled_to
    offset 0
  ) as e
  cross join lateral (
    select l.account, l.entry_date, l.fund, l.function, l.ward, l.debit, l.credit from ledger.lines l
    where l.ulb_id = :ulb and l.entry_id = e.entry_id
    offset 0
  ) as l
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

/**
 * Opening balance before `from`, debits and credits from `from` to `to`, closing balance: one row per account that has any of them,
 * in order of code. Balances are netted to one side. Restricted to a fund if one is named.
 */
export async function trialBalance(
  read: Read,
  range: { readonly from: LocalDate; readonly to: LocalDate; readonly fund?: string | undefined },
): Promise<TrialBalanceRow[]> {
  const rows = await read.query<{ code: string; name: string; opening: bigint; debit: bigint; credit: bigint }>(
    `with ${MOVEMENTS}
     select m.account as code, a.name,
       coalesce(sum(m.debit - m.credit) filter (where m.entry_date < :from_day::date), 0)::bigint as opening,
       coalesce(sum(m.debit) filter (where m.entry_date >= :from_day::date), 0)::bigint as debit,
       coalesce(sum(m.credit) filter (where m.entry_date >= :from_day::date), 0)::bigint as credit
     from movement m
     join ledger.accounts a on a.ulb_id = :ulb and a.code = m.account
     where m.entry_date <= :to_day::date ${range.fund === undefined ? "" : "and m.fund = :fund"}
     group by m.account, a.name
     order by m.account`,
    {
      ulb: read.ulb.id,
      from_day: range.from,
      to_day: range.to,
      ...(range.fund === undefined ? {} : { fund: range.fund }),
    },
  );
  return rows.map((r) => {
    const closing = r.opening + r.debit - r.credit;
    return {
      code: r.code,
      name: r.name,
      openDebit: paise(r.opening > 0n ? r.opening : 0n),
      openCredit: paise(r.opening < 0n ? -r.opening : 0n),
      debit: paise(r.debit),
      credit: paise(r.credit),
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
  const rows = await read.query<{ account: string; balance: bigint }>(
    `with ${MOVEMENTS}
     select account, sum(debit - credit)::bigint as balance from movement
     where account = any(:accounts::text[]) and entry_date <= :as_of::date ${fund === undefined ? "" : "and fund = :fund"}
     group by account`,
    { ulb: read.ulb.id, accounts, as_of: asOf, ...(fund === undefined ? {} : { fund }) },
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
  const rows = await read.query<{ fund: string; balance: bigint }>(
    `with ${MOVEMENTS} select fund, sum(debit - credit)::bigint as balance from movement where entry_date <= :as_of::date group by fund order by fund`,
    { ulb: read.ulb.id, as_of: asOf },
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
    readonly after?: StatementCursor | undefined;
    readonly limit?: number;
  },
): Promise<AccountStatement> {
  const account = await getAccount(read, options.account);
  const limit = Math.min(options.limit ?? 200, 1000);
  const opening = options.after
    ? options.after.balance
    : paise(
        (
          await read.queryOne<{ balance: bigint }>(
            `with ${MOVEMENTS} select coalesce(sum(debit - credit), 0)::bigint as balance from movement
             where account = :account and entry_date < :from_day::date`,
            { ulb: read.ulb.id, account: options.account, from_day: options.from },
          )
        )?.balance ?? 0n,
      );
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
       and (l.entry_date, l.entry_id, l.line_no) > (:after_day::date, :after_entry::bigint, :after_line::integer)
     order by l.entry_date, l.entry_id, l.line_no
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      account: options.account,
      from_day: options.from,
      to_day: options.to,
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

/**
 * Adds entries above the marks to the daily roll-up and moves the marks: balances stay what they were, and get cheaper to read.
 * Takes at most `limit` entries of each series; gives how many were rolled. Two jobs at once: the second waits, and finds nothing to do.
 */
export async function rollUp(tx: Tx, limit = 100_000): Promise<number> {
  await tx.query("select pg_advisory_xact_lock(7244003, :ulb::integer)", { ulb: tx.ulb.id });
  // Numbers below next_number are committed, all of them: whoever holds the series row has not given his number out yet.
  const ranges = await tx.query<{ series: string; fy: string; low: bigint; high: bigint }>(
    `select s.series, s.fy, coalesce(m.rolled_to, 0) as low, least(s.next_number - 1, coalesce(m.rolled_to, 0) + :row_limit) as high
     from ledger.series s
     left join ledger.rollup_marks m on m.ulb_id = s.ulb_id and m.series = s.series and m.fy = s.fy
     where s.ulb_id = :ulb and s.series in ('receipt', 'payment', 'contra', 'journal', 'opening') and s.next_number - 1 > coalesce(m.rolled_to, 0)`,
    { ulb: tx.ulb.id, row_limit: limit },
  );
  let rolled = 0n;
  for (const r of ranges) {
    await tx.query(
      `insert into ledger.balance_daily as b (ulb_id, account, entry_date, fund, function, ward, debit, credit, line_count)
       select :ulb, l.account, l.entry_date, l.fund, coalesce(l.function, ''), coalesce(l.ward, ''), sum(l.debit), sum(l.credit), count(*)
       from ledger.entries e
       join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       where e.ulb_id = :ulb and e.voucher = :series and e.fy = :fy and e.number > :low and e.number <= :high
       group by l.account, l.entry_date, l.fund, coalesce(l.function, ''), coalesce(l.ward, '')
       on conflict (ulb_id, account, entry_date, fund, function, ward)
       do update set debit = b.debit + excluded.debit, credit = b.credit + excluded.credit, line_count = b.line_count + excluded.line_count`,
      { ulb: tx.ulb.id, series: r.series, fy: r.fy, low: r.low, high: r.high },
    );
    await tx.query(
      `insert into ledger.rollup_marks (ulb_id, series, fy, rolled_to) values (:ulb, :series, :fy, :high)
       on conflict (ulb_id, series, fy) do update set rolled_to = excluded.rolled_to`,
      { ulb: tx.ulb.id, series: r.series, fy: r.fy, high: r.high },
    );
    rolled += r.high - r.low;
  }
  return Number(rolled);
}
