import { movements, listAccounts, entryNumber, type Account, type VoucherType } from "../../ledger/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { reportErrors } from "../errors.ts";
import { layoutsOf, type AccountGroup } from "../layouts/index.ts";
import { areOf } from "../layouts/language.ts";
import { rangeOf, span, type Range } from "../ranges.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amountColumn, sliceOf, subtitleOf } from "./common.ts";

type Row = {
  account: string;
  entry_id: bigint;
  entry_date: LocalDate;
  voucher: VoucherType;
  fy: string;
  number: bigint;
  narration: string;
  debit: bigint;
  credit: bigint;
  counters: string[];
};

/** The lines of some accounts, account by account in order of date, each with the heads that stand against it. Streams. */
function linesOf(read: Read, accounts: readonly string[], range: Range, fund: string | undefined): AsyncIterable<Row> {
  return read.stream<Row>(
    `select l.account, l.entry_id, l.entry_date, e.voucher, e.fy, e.number, e.narration, l.debit, l.credit, o.counters
     from ledger.lines l
     join ledger.entries e on e.ulb_id = l.ulb_id and e.entry_id = l.entry_id
     cross join lateral (
       -- The other side of the entry; of a set of credits, the debits.
       select coalesce(array_agg(distinct o.account), '{}') as counters
       from ledger.lines o
       where o.ulb_id = :ulb and o.entry_id = l.entry_id and (o.debit > 0) <> (l.debit > 0)
     ) as o
     where l.ulb_id = :ulb and l.account = any(:accounts::text[]) and l.entry_date between :from_day::date and :to_day::date
       and not (e.voucher = 'opening' and e.entry_date = :starts_on::date)
       and (:fund::text is null or l.fund = :fund)
     order by l.account, l.entry_date, l.entry_id, l.line_no`,
    {
      ulb: read.ulb.id,
      accounts,
      from_day: range.from,
      to_day: range.to,
      starts_on: read.ulb.startsOn,
      fund: fund ?? null,
    },
  );
}

/** Each account with its opening balance, its receipts and payments with a running balance, and its closing balance. */
async function* rowsOf(
  read: Read,
  options: {
    readonly accounts: readonly Account[];
    readonly names: ReadonlyMap<string, string>;
    readonly openings: ReadonlyMap<string, Paise>;
    readonly range: Range;
    readonly fund: string | undefined;
  },
): AsyncGenerator<ReportRow> {
  const { names, openings, range } = options;
  const waiting = [...options.accounts];
  let balance = ZERO;
  let receipts = 0n;
  let payments = 0n;
  let open: Account | undefined;
  const begin = (account: Account): ReportRow[] => {
    open = account;
    balance = openings.get(account.code) ?? ZERO;
    receipts = payments = 0n;
    return [
      {
        kind: "heading",
        cells: { account: account.code, particulars: `${account.code} ${account.name}` },
        drill: { account: account.code },
      },
      {
        kind: "total",
        cells: { account: account.code, date: range.from, particulars: "Opening balance", balance },
        drill: { account: account.code },
      },
    ];
  };
  const end = (): ReportRow[] =>
    open
      ? [
          {
            kind: "total",
            cells: {
              account: open.code,
              date: range.to,
              particulars: "Closing balance",
              receipt: paise(receipts),
              payment: paise(payments),
              balance,
            },
            drill: { account: open.code },
          },
        ]
      : [];
  function* until(code: string | undefined): Generator<ReportRow> {
    while (open?.code !== code) {
      yield* end();
      open = undefined;
      const next = waiting.shift();
      if (!next) return;
      yield* begin(next);
    }
  }
  for await (const row of linesOf(
    read,
    options.accounts.map(({ code }) => code),
    range,
    options.fund,
  )) {
    yield* until(row.account);
    balance = paise(balance + row.debit - row.credit);
    receipts += row.debit;
    payments += row.credit;
    yield {
      cells: {
        account: row.account,
        date: row.entry_date,
        entry: entryNumber(row.voucher, row.fy, row.number),
        particulars: row.counters.map((code) => `${code} ${names.get(code) ?? ""}`.trim()).join("; "),
        narration: row.narration,
        receipt: row.debit > 0n ? paise(row.debit) : null,
        payment: row.credit > 0n ? paise(row.credit) : null,
        balance,
      },
      drill: { entry: String(row.entry_id) },
    };
  }
  yield* until(undefined);
}

function bookReport(
  name: "cash-book" | "bank-book",
  group: AccountGroup,
  title: string,
  titleLocal: string,
): TableReport {
  const build = async (read: Read, options: ReportOptions): Promise<ReportTable> => {
    const range = rangeOf(read, options, name);
    const slice = sliceOf(name, options, ["fund"]);
    const chart = await listAccounts(read);
    const { groups } = await layoutsOf(read);
    const own = chart.filter((a) => a.isPosting && a.isCashBank && areOf(groups[group], a.code));
    const balances = new Map((await movements(read, { ...range, ...slice })).map((row) => [row.account, row]));
    const chosen =
      options.account === undefined
        ? own.filter((a) => balances.has(a.code))
        : own.filter((a) => a.code === options.account);
    if (options.account !== undefined && chosen.length === 0)
      throw reportErrors.REPORT_ACCOUNT({
        report: name,
        account: options.account.slice(0, 20),
        known: own.map((a) => a.code).join(", "),
      });
    return {
      title,
      titleLocal,
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "account", label: "Account", kind: "text", isDataOnly: true },
        { key: "date", label: "Date", labelLocal: "दिनांक", kind: "date", weight: 1.1 },
        { key: "entry", label: "Voucher", labelLocal: "वाउचर", kind: "text", weight: 1.7 },
        { key: "particulars", label: "Particulars", labelLocal: "विवरण", kind: "text", weight: 4 },
        { key: "narration", label: "Narration", kind: "text", weight: 4 },
        amountColumn("receipt", "Receipt", "प्राप्ति"),
        amountColumn("payment", "Payment", "भुगतान"),
        amountColumn("balance", "Balance", "शेष"),
      ],
      rows: rowsOf(read, {
        accounts: chosen,
        names: new Map(chart.map((a) => [a.code, a.name])),
        openings: new Map(chosen.map((a) => [a.code, balances.get(a.code)?.opening ?? ZERO])),
        range,
        fund: slice.fund,
      }),
      signatures: ["preparedBy", "checkedBy", "accountsOfficer"],
      of: options.account === undefined ? span(range) : `${options.account}_${span(range)}`,
    };
  };
  return {
    name,
    title,
    description: `GEN-1: the ${name.replace("-", " ")} of each account (--account for one) with heads and running balance`,
    build,
  };
}

/** GEN-1 for cash in hand and in transit. */
export const cashBookReport = bookReport("cash-book", "cash", "Cash book", "रोकड़ बही");
/** GEN-1 for banks, treasury and post offices. */
export const bankBookReport = bookReport("bank-book", "bank", "Bank book", "बैंक बही");
