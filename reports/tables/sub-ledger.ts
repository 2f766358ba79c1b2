import { financialYearOf, financialYearStart } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { CLOSING_SOURCE } from "../../ledger/index.ts";
import { rangeOf, span, type Range } from "../ranges.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amountColumn, sliceOf, subtitleOf } from "./common.ts";

type Row = {
  account: string;
  name: string;
  party_type: string | null;
  party_id: string | null;
  demand_year: string | null;
  opening: bigint;
  debit: bigint;
  credit: bigint;
};

/**
 * The sub-ledger: what stands on each account for each party and demand year. Lines without either are left out, so an account's rows here
 * are the part of its balance that belongs to somebody. Streams: a city has a party for every consumer.
 */
export const subLedgerReport: TableReport = {
  name: "sub-ledger",
  title: "Sub-ledger",
  description:
    "opening, debits, credits and closing by account, party and demand year (--account, --party-type, --party, --demand-year)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "sub-ledger");
    const slice = sliceOf("sub-ledger", options, ["fund", "ward"]);
    const of = [
      options.account === undefined ? "" : `account ${options.account}`,
      options.partyType === undefined ? "" : `parties: ${options.partyType}`,
      options.party === undefined ? "" : `party ${options.party}`,
      options.demandYear === undefined ? "" : `demand of ${options.demandYear}`,
    ].filter(Boolean);
    return {
      title: "Sub-ledger",
      titleLocal: "सहायक खाता",
      subtitle: [...(await subtitleOf(read, slice, range)), ...(of.length === 0 ? [] : [of.join(" · ")])],
      columns: [
        { key: "account", label: "Account", kind: "text", weight: 1.2 },
        { key: "name", label: "Name", kind: "text", weight: 4, isPrintOnly: true },
        { key: "party_type", label: "Party type", kind: "text", weight: 1.2 },
        { key: "party", label: "Party", kind: "text", weight: 2 },
        { key: "demand_year", label: "Demand year", kind: "text", weight: 1.2 },
        { ...amountColumn("opening", "Opening"), isCarried: true },
        { ...amountColumn("dr", "Debit"), isCarried: true },
        { ...amountColumn("cr", "Credit"), isCarried: true },
        { ...amountColumn("closing", "Closing"), isCarried: true },
      ],
      rows: rowsOf(read, range, options),
      notes: ["Debit balances are positive, credit balances stand in brackets."],
      signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
      of: [options.account, options.partyType, options.party, span(range)].filter(Boolean).join("_"),
    };
  },
};

async function* rowsOf(read: Read, range: Range, options: ReportOptions): AsyncGenerator<ReportRow> {
  // Income and expenditure begin each year at nil; everything else carries its whole past. Opening vouchers of the first day of the books
  // are what they began with.
  const rows = read.stream<Row>(
    `select l.account, a.name, l.party_type, l.party_id, l.demand_year,
       sum(case when l.entry_date < :from_day::date or x.is_opening then l.debit - l.credit else 0 end)::bigint as opening,
       sum(case when l.entry_date >= :from_day::date and not x.is_opening then l.debit else 0 end)::bigint as debit,
       sum(case when l.entry_date >= :from_day::date and not x.is_opening then l.credit else 0 end)::bigint as credit
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
     cross join lateral (select e.voucher = 'opening' and e.entry_date = :starts_on::date as is_opening) as x
     where l.ulb_id = :ulb and l.entry_date <= :to_day::date and (l.party_id is not null or l.demand_year is not null)
       and (a.type in ('asset', 'liability') or l.entry_date >= :year_start::date)
       and (e.source_type <> '${CLOSING_SOURCE}' or l.entry_date < :year_start::date)
       and (:account::text is null or l.account = :account)
       and (:party_type::text is null or l.party_type = :party_type)
       and (:party::text is null or l.party_id = :party)
       and (:demand_year::text is null or l.demand_year = :demand_year)
       and (:fund::text is null or l.fund = :fund)
       and (:ward::text is null or l.ward = :ward)
     group by 1, 2, 3, 4, 5
     having sum(l.debit - l.credit) <> 0 or bool_or(l.entry_date >= :from_day::date)
     order by l.account, l.party_type, l.party_id, l.demand_year`,
    {
      ulb: read.ulb.id,
      from_day: range.from,
      to_day: range.to,
      year_start: financialYearStart(financialYearOf(range.from)),
      starts_on: read.ulb.startsOn,
      account: options.account ?? null,
      party_type: options.partyType ?? null,
      party: options.party ?? null,
      demand_year: options.demandYear ?? null,
      fund: options.fund ?? null,
      ward: options.ward ?? null,
    },
  );
  for await (const row of rows) {
    const amount = (value: bigint): Paise => paise(value);
    yield {
      cells: {
        account: row.account,
        name: row.name,
        party_type: row.party_type,
        party: row.party_id,
        demand_year: row.demand_year,
        opening: amount(row.opening),
        dr: amount(row.debit),
        cr: amount(row.credit),
        closing: amount(row.opening + row.debit - row.credit),
      },
      drill: { account: row.account },
    };
  }
}
