import { postingAccount } from "../ledger/index.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { accountLedgerView, accountLines } from "./account-ledger.ts";
import { brsView } from "./brs.ts";
import { collectionRegisterRows, collectionRegisterView } from "./collection-register.ts";
import { dayBookView } from "./day-book.ts";
import { dcbStatement, dcbView } from "./dcb.ts";
import { reportErrors } from "./errors.ts";
import { cityfinanceJson, cityfinanceTables } from "./cityfinance.ts";
import { beancountJournal, hledgerJournal, JOURNAL_COLUMNS, journalLines, journalRows } from "./journal-export.ts";
import { tallyJournal } from "./tally-export.ts";
import type { Language } from "./labels.ts";
import {
  accountLedgerPdf,
  brsPdf,
  collectionRegisterPdf,
  dayBookPdf,
  dcbPdf,
  trialBalancePdf,
  type BrsView,
} from "./pdf/statements.ts";
import { sliceName, sliceText } from "./tables/demand-columns.ts";
import { dayOf, rangeOf, rangeText, span } from "./ranges.ts";
import { once, xlsxOf, type Maker, type Report, type ReportFormat } from "./report-file.ts";
import type { ReportColumn, ReportOptions, ReportRow, ReportTable } from "./report-table.ts";
import { toCsv, type CsvRow } from "./render/csv.ts";
import { toJson, toJsonRows } from "./render/json.ts";
import { tableCsv } from "./render/table.ts";
import { toXlsx } from "./render/xlsx.ts";
import { TRIAL_BALANCE_COLUMNS, trialBalanceRows, trialBalanceView } from "./trial-balance.ts";

/*
 * The registers that have a form of their own: a view that JSON gives whole and pdf/statements.ts prints, and a table of columns for CSV
 * and XLSX.
 */

const inLanguage = (options: ReportOptions): { language?: Language } =>
  options.language === undefined ? {} : { language: options.language };
const sliceOf = (options: ReportOptions): { service?: string; ward?: string } => ({
  ...(options.service === undefined ? {} : { service: options.service }),
  ...(options.ward === undefined ? {} : { ward: options.ward }),
});

function accountOf(options: ReportOptions, report: string): string {
  if (options.account === undefined)
    throw reportErrors.REPORT_OPTION_MISSING({ report, option: "account", example: "4502101" });
  return options.account;
}

type Rows = { readonly title: string; readonly subtitle: readonly string[]; readonly of: string } & (
  | { readonly isLive: true; readonly rows: AsyncIterable<CsvRow> }
  | { readonly isLive: false; readonly rows: Iterable<CsvRow> }
);
type RowsOf = (read: Read, options: ReportOptions, report: string) => Rows | Promise<Rows>;

const AMOUNTS = new Set(
  (
    "open_dr open_cr dr cr close_dr close_cr debit credit balance amount item_amount opening_balance demand_raised_in_year total_demand " +
    "collected_incl_advance_adjusted rebate_remission_writeoff closing_balance"
  ).split(" "),
);
const DATES = new Set(["date", "value_date"]);
const WIDE = new Set(["name", "account_name", "narration", "payer", "particulars", "section"]);

/** Columns of a register, with headings made from their names: "close_dr" is "Close dr". */
function columnsOf(keys: readonly string[]): ReportColumn[] {
  return keys.map((key) => ({
    key,
    label: key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " "),
    kind: AMOUNTS.has(key) ? "amount" : DATES.has(key) ? "date" : "text",
    ...(WIDE.has(key) ? { weight: 4 } : {}),
  }));
}

/** CSV and XLSX of the same rows. */
function rowsAs(keys: readonly string[], rowsOf: RowsOf): { csv: Maker; xlsx: Maker } {
  return {
    csv: async (read, options, report) => {
      const { rows, isLive, of } = await rowsOf(read, options, report);
      return { isLive, body: toCsv(keys, rows, options), of };
    },
    xlsx: async (read, options, report) => {
      const { rows, isLive, of, title, subtitle } = await rowsOf(read, options, report);
      async function* asRows(): AsyncGenerator<ReportRow> {
        for await (const row of rows) yield { cells: row as ReportRow["cells"] };
      }
      const table: ReportTable = { title, subtitle, columns: columnsOf(keys), rows: asRows(), of };
      return { isLive, body: xlsxOf(read, table, options), of };
    },
  };
}

/** JSON and PDF of the same view. */
function viewAs<View>(
  viewOf: (read: Read, options: ReportOptions, report: string) => Promise<{ view: View; of: string }>,
  pdf: (view: View) => Promise<Buffer>,
): { json: Maker; pdf: Maker } {
  return {
    json: async (read, options, report) => {
      const { view, of } = await viewOf(read, options, report);
      return { isLive: false, body: once(() => toJson(view)), of };
    },
    pdf: async (read, options, report) => {
      const { view, of } = await viewOf(read, options, report);
      return { isLive: false, body: once(() => pdf(view)), of };
    },
  };
}

const fundOf = (options: ReportOptions): { fund?: string } =>
  options.fund === undefined ? {} : { fund: options.fund };

const trialBalanceOf = async (read: Read, options: ReportOptions, report: string) => {
  const range = rangeOf(read, options, report);
  const view = await trialBalanceView(read, { ...range, ...inLanguage(options), ...fundOf(options) });
  return { view, of: span(range) };
};
const dayBookOf = async (read: Read, options: ReportOptions, report: string) => {
  const range = rangeOf(read, options, report);
  return { view: await dayBookView(read, { ...range, ...inLanguage(options) }), of: span(range) };
};
const brsOf = async (read: Read, options: ReportOptions, report: string) => {
  const asOf = dayOf(read, options, report);
  const account = options.account ?? (await postingAccount(read, "bank-main"));
  return { view: await brsView(read, { account, asOf, ...inLanguage(options) }), of: `${account}_${asOf}` };
};

const journal: RowsOf = (read, options, report) => {
  const range = rangeOf(read, options, report);
  const title = report === "journal" ? "Journal" : "Day book";
  return { isLive: true, rows: journalRows(read, range), of: span(range), title, subtitle: [rangeText(range)] };
};

const accountLedger: RowsOf = (read, options, report) => {
  const range = rangeOf(read, options, report);
  const account = accountOf(options, report);
  async function* rows(): AsyncGenerator<CsvRow> {
    for await (const line of accountLines(read, { account, ...range }))
      yield {
        date: line.date,
        entry: line.number,
        narration: line.narration,
        dr: line.side === "debit" ? line.amount : null,
        cr: line.side === "credit" ? line.amount : null,
        balance: line.balance,
        party: line.party ? `${line.party.type}:${line.party.id}` : null,
        demand_year: line.demandYear,
        ward: line.ward,
        fund: line.fund,
      };
  }
  const subtitle = [account, rangeText(range)];
  return { isLive: true, rows: rows(), of: `${account}_${span(range)}`, title: "Account ledger", subtitle };
};

const collectionRegister: RowsOf = (read, options, report) => {
  const range = rangeOf(read, options, report);
  async function* rows(): AsyncGenerator<CsvRow> {
    for await (const line of collectionRegisterRows(read, { ...range, ...sliceOf(options) }))
      yield {
        date: line.date,
        receipt: line.receiptNo,
        status: line.status,
        consumer_code: line.consumerCode,
        payer: line.consumerName,
        ward: line.ward,
        service: line.service,
        mode: line.mode,
        counter: line.counter,
        instrument: line.instrument,
        amount: line.amount,
      };
  }
  return { isLive: true, rows: rows(), of: span(range), title: "Collection register", subtitle: [rangeText(range)] };
};

/** The form, then the items of each of its lines with their age; at the end what stands in another head, with its sum. */
function brsRows(view: BrsView): CsvRow[] {
  return [
    ...view.lines.map((l): CsvRow => ({ line: l.letter, particulars: l.label, amount: l.amount })),
    ...view.annexures.flatMap((a) =>
      a.bands.flatMap((b) =>
        b.items.map((item): CsvRow => ({
          line: a.letter,
          date: item.date,
          reference: item.reference,
          particulars: item.particulars,
          age: b.age,
          item_amount: item.amount,
        })),
      ),
    ),
    ...view.memoranda.flatMap((m): CsvRow[] => [
      { line: "memorandum", particulars: m.title, amount: m.total },
      ...m.bands.flatMap((b) =>
        b.items.map((item): CsvRow => ({
          line: "memorandum",
          date: item.date,
          reference: item.reference,
          particulars: item.particulars,
          age: b.age,
          item_amount: item.amount,
        })),
      ),
    ]),
  ];
}

const dcb: RowsOf = async (read, options, report) => {
  const range = rangeOf(read, options, report);
  const statement = await dcbStatement(read, { ...range, ...sliceOf(options) });
  const rows = statement.rows.map((row): CsvRow => ({
    demand_year: row.demandYear,
    opening_balance: row.openingBalance,
    demand_raised_in_year: row.demandRaised,
    total_demand: row.totalDemand,
    collected_incl_advance_adjusted: row.collected,
    rebate_remission_writeoff: row.reduced,
    closing_balance: row.closingBalance,
  }));
  const title = "Demand, collection and balance register";
  const subtitle = [rangeText(range), sliceText(options), ...statement.notes];
  return { isLive: false, rows, of: [...sliceName(options), span(range)].join("_"), title, subtitle };
};

export const SPECIAL_REPORTS = {
  "trial-balance": {
    description: "opening balance, debits, credits and closing balance of every account",
    formats: {
      ...rowsAs(TRIAL_BALANCE_COLUMNS, async (read, options, report) => {
        const { view, of } = await trialBalanceOf(read, options, report);
        const subtitle = [rangeText(view), ...(view.fund === null ? [] : [`Fund ${view.fund}`])];
        return { isLive: false, rows: trialBalanceRows(view.rows), of, title: "Trial balance", subtitle };
      }),
      ...viewAs(trialBalanceOf, trialBalancePdf),
    },
  },
  "day-book": {
    description: "every journal entry of the range with its lines",
    formats: { ...rowsAs(JOURNAL_COLUMNS, journal), ...viewAs(dayBookOf, dayBookPdf) },
  },
  "account-ledger": {
    description: "the lines of one account (--account) with the running balance",
    formats: {
      ...rowsAs(
        ["date", "entry", "narration", "dr", "cr", "balance", "party", "demand_year", "ward", "fund"],
        accountLedger,
      ),
      ...viewAs(async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const account = accountOf(options, report);
        const view = await accountLedgerView(read, { account, ...range, ...inLanguage(options) });
        return { view, of: `${account}_${span(range)}` };
      }, accountLedgerPdf),
    },
  },
  "collection-register": {
    description: "every receipt day by day, and what was taken back",
    formats: {
      ...rowsAs(
        [
          "date",
          "receipt",
          "status",
          "consumer_code",
          "payer",
          "ward",
          "service",
          "mode",
          "counter",
          "instrument",
          "amount",
        ],
        collectionRegister,
      ),
      ...viewAs(async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const view = await collectionRegisterView(read, { ...range, ...sliceOf(options), ...inLanguage(options) });
        return { view, of: span(range) };
      }, collectionRegisterPdf),
    },
  },
  brs: {
    description: "bank reconciliation statement of a bank account (--account, or the main one) at a day",
    formats: {
      ...rowsAs(
        ["line", "date", "reference", "particulars", "age", "item_amount", "amount"],
        async (read, options, report) => {
          const { view, of } = await brsOf(read, options, report);
          const subtitle = [
            `${view.account.bank} · ${view.account.code} ${view.account.name} · fund ${view.account.fund}`,
            `As at ${view.asOf}${view.signed?.status === "approved" ? `, approved by ${view.signed.approvedBy}` : ""}`,
          ];
          return { isLive: false, rows: brsRows(view), of, title: "Bank reconciliation statement", subtitle };
        },
      ),
      ...viewAs(brsOf, brsPdf),
    },
  },
  dcb: {
    description: "demand, collection and balance by demand year (--service, --ward)",
    formats: {
      ...rowsAs(
        [
          "demand_year",
          "opening_balance",
          "demand_raised_in_year",
          "total_demand",
          "collected_incl_advance_adjusted",
          "rebate_remission_writeoff",
          "closing_balance",
        ],
        dcb,
      ),
      ...viewAs(async (read, options, report) => {
        const range = rangeOf(read, options, report);
        return {
          view: await dcbView(read, { ...range, ...sliceOf(options), ...inLanguage(options) }),
          of: [...sliceName(options), span(range)].join("_"),
        };
      }, dcbPdf),
    },
  },
  cityfinance: {
    description: "the year's line items as cityfinance.in takes them, with its 22 rules judged",
    formats: {
      csv: async (read, options, report) => {
        const { input } = await cityfinanceTables(read, rangeOf(read, options, report));
        return { isLive: false, body: tableCsv(input, options), of: input.of };
      },
      json: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const feed = await cityfinanceJson(read, range);
        return { isLive: false, body: once(() => feed), of: span(range) };
      },
      xlsx: async (read, options, report) => {
        const { overview, input } = await cityfinanceTables(read, rangeOf(read, options, report));
        const sheets = [
          { name: "Overview", table: overview },
          { name: "Input sheet", table: input },
        ];
        const body = toXlsx(sheets, { ulbName: read.ulb.name, createdAt: read.clock() });
        return { isLive: false, body, of: input.of };
      },
    },
  },
  journal: {
    description: "the whole journal, for people who check it with a program that is not ours",
    formats: {
      ...rowsAs(JOURNAL_COLUMNS, journal),
      json: (read, options, report) => {
        const range = rangeOf(read, options, report);
        async function* rows(): AsyncGenerator<unknown> {
          for await (const line of journalLines(read, range)) {
            const { entryId: _own, ...rest } = line;
            yield rest;
          }
        }
        return Promise.resolve({ isLive: true, body: toJsonRows(rows()), of: span(range) });
      },
      pdf: viewAs(dayBookOf, dayBookPdf).pdf,
      hledger: (read, options, report) => {
        const range = rangeOf(read, options, report);
        return Promise.resolve({ isLive: true, body: hledgerJournal(read, range), of: span(range) });
      },
      beancount: (read, options, report) => {
        const range = rangeOf(read, options, report);
        return Promise.resolve({ isLive: true, body: beancountJournal(read, range), of: span(range) });
      },
      "tally-xml": (read, options, report) => {
        const range = rangeOf(read, options, report);
        return Promise.resolve({ isLive: true, body: tallyJournal(read, range), of: span(range) });
      },
    },
  },
} as const satisfies Record<string, Report & { formats: Partial<Record<ReportFormat, Maker>> }>;
