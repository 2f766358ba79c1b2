import { CLOSING_SOURCE } from "../balances.ts";
import { entryNumber, type VoucherType } from "../entries.ts";
import type { FinancialYear, LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { closeErrors } from "./errors.ts";
import { yearVersions } from "./year-status.ts";

export type VersionDifference = {
  readonly account: string;
  readonly name: string;
  readonly fund: string;
  /** Closing balances, debit positive. */
  readonly before: Paise;
  readonly after: Paise;
  readonly change: Paise;
};
export type VersionDiff = {
  readonly differences: readonly VersionDifference[];
  /** What was posted into the year between the two closes, oldest first; at most 500. */
  readonly entries: readonly {
    readonly id: bigint;
    readonly number: string;
    readonly date: LocalDate;
    readonly narration: string;
    readonly amount: Paise;
    readonly postedBy: string;
    readonly accounts: readonly string[];
  }[];
};

/** What changed between two versions of a year: accounts by how much, and the entries that did it. Raises VERSION_NOT_FOUND. */
export async function yearVersionDiff(read: Read, fy: FinancialYear, from: number, to: number): Promise<VersionDiff> {
  const versions = await yearVersions(read, fy);
  const [first, second] = [from, to].map((version) => {
    const found = versions.find((v) => v.version === version);
    if (!found) throw closeErrors.VERSION_NOT_FOUND({ fy, version });
    return found;
  });
  const differences = await read.query<Omit<VersionDifference, "change">>(
    `select b.account, a.name, b.fund,
       coalesce(sum(b.opening + b.debit - b.credit) filter (where b.version = :from_version), 0)::bigint as before,
       coalesce(sum(b.opening + b.debit - b.credit) filter (where b.version = :to_version), 0)::bigint as after
     from ledger.year_version_balances b
     join ledger.accounts a on a.ulb_id = b.ulb_id and a.code = b.account
     where b.ulb_id = :ulb and b.fy = :fy and b.version in (:from_version, :to_version)
     group by b.account, a.name, b.fund
     having coalesce(sum(b.opening + b.debit - b.credit) filter (where b.version = :from_version), 0)
       <> coalesce(sum(b.opening + b.debit - b.credit) filter (where b.version = :to_version), 0)
     order by b.account, b.fund`,
    { ulb: read.ulb.id, fy, from_version: from, to_version: to },
  );
  const low = first && second && first.version < second.version ? first : second;
  const high = low === first ? second : first;
  const entries = await read.query<{
    id: bigint;
    voucher: VoucherType;
    fy: string;
    number: bigint;
    date: LocalDate;
    narration: string;
    posted_by: string;
    amount: Paise;
    accounts: string[];
  }>(
    `select e.entry_id as id, e.voucher, e.fy, e.number, e.entry_date as date, e.narration, e.posted_by, l.amount, l.accounts
     from ledger.entries e
     cross join lateral (
       select sum(l.debit)::bigint as amount, array_agg(distinct l.account::text order by l.account::text) as accounts from ledger.lines l
       where l.ulb_id = e.ulb_id and l.entry_id = e.entry_id) as l
     where e.ulb_id = :ulb and e.fy = :fy and e.source_type <> '${CLOSING_SOURCE}'
       and e.entry_id > :after_id and e.entry_id <= :until_id
     order by e.entry_id limit 500`,
    { ulb: read.ulb.id, fy, after_id: low?.lastEntryId ?? 0n, until_id: high?.lastEntryId ?? 0n },
  );
  return {
    differences: differences.map((d) => ({ ...d, change: paise(d.after - d.before) })),
    entries: entries.map((e) => ({
      id: e.id,
      number: entryNumber(e.voucher, e.fy, e.number),
      date: e.date,
      narration: e.narration,
      amount: e.amount,
      postedBy: e.posted_by,
      accounts: e.accounts,
    })),
  };
}
