import { dcbByYear } from "../billing/index.ts";
import { postingAccount } from "../ledger/index.ts";
import {
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  type FinancialYear,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { inSnapshot, type App, type Read, type Who } from "../ledger/kernel/tx.ts";
import { accountLedgerView, accountLines } from "./account-ledger.ts";
import { brsView } from "./brs.ts";
import { collectionRegisterRows, collectionRegisterView } from "./collection-register.ts";
import { dayBookView } from "./day-book.ts";
import { dcbView } from "./dcb.ts";
import { reportErrors } from "./errors.ts";
import { beancountJournal, hledgerJournal, JOURNAL_COLUMNS, journalLines, journalRows } from "./journal-export.ts";
import type { Language } from "./labels.ts";
import {
  accountLedgerPdf,
  brsPdf,
  collectionRegisterPdf,
  dayBookPdf,
  dcbPdf,
  trialBalancePdf,
} from "./pdf/statements.ts";
import { toCsv, type CsvOptions, type CsvRow } from "./render/csv.ts";
import { toJson, toJsonRows } from "./render/json.ts";
import { TRIAL_BALANCE_COLUMNS, trialBalanceRows, trialBalanceView } from "./trial-balance.ts";

export type ReportFormat = "csv" | "json" | "pdf" | "hledger" | "beancount";

/** How the range is named: `from` and `to`, or a financial year, or a day (the year up to it; for statements at a day, that day). */
export type ReportOptions = CsvOptions & {
  readonly from?: LocalDate | undefined;
  readonly to?: LocalDate | undefined;
  readonly asOf?: LocalDate | undefined;
  readonly fy?: FinancialYear | undefined;
  readonly account?: string | undefined;
  readonly fund?: string | undefined;
  readonly service?: string | undefined;
  readonly ward?: string | undefined;
  /** The language beside English in a PDF. */
  readonly language?: Language | undefined;
};

export type ReportFile = {
  readonly fileName: string;
  readonly contentType: string;
  /** Read it inside the snapshot when `isLive`; otherwise everything was read already, and a PDF is made only now. */
  readonly isLive: boolean;
  readonly body: AsyncIterable<string | Uint8Array>;
};

type Range = { readonly from: LocalDate; readonly to: LocalDate };
type Made = {
  readonly isLive: boolean;
  readonly body: AsyncIterable<string | Uint8Array>;
  /** Stands in the file's name. */
  readonly of: string;
};
type Maker = (read: Read, options: ReportOptions, report: string) => Promise<Made>;
type Report = {
  readonly description: string;
  readonly formats: Partial<Record<ReportFormat, Maker>>;
};

const CONTENT: Record<ReportFormat, { readonly type: string; readonly extension: string }> = {
  csv: { type: "text/csv; charset=utf-8", extension: "csv" },
  json: { type: "application/json; charset=utf-8", extension: "json" },
  pdf: { type: "application/pdf", extension: "pdf" },
  hledger: { type: "text/plain; charset=utf-8", extension: "hledger" },
  beancount: { type: "text/plain; charset=utf-8", extension: "beancount" },
};

async function* once(make: () => string | Promise<string> | Promise<Buffer>): AsyncGenerator<string | Uint8Array> {
  yield await make();
}

function rangeOf(read: Read, options: ReportOptions, report: string): Range {
  const { from, to, asOf, fy } = options;
  const chosen =
    fy !== undefined
      ? { from: financialYearStart(fy), to: financialYearEnd(fy) }
      : from !== undefined && to !== undefined
        ? { from, to }
        : asOf !== undefined
          ? { from: financialYearStart(financialYearOf(asOf)), to: asOf }
          : undefined;
  if (!chosen) throw reportErrors.REPORT_OPTION_MISSING({ report, option: "from, --to", example: exampleRange(read) });
  if (chosen.from > chosen.to) throw reportErrors.REPORT_RANGE(chosen);
  return chosen;
}

function dayOf(read: Read, options: ReportOptions, report: string): LocalDate {
  const day = options.asOf ?? options.to ?? (options.fy === undefined ? undefined : financialYearEnd(options.fy));
  if (day === undefined)
    throw reportErrors.REPORT_OPTION_MISSING({ report, option: "as-of", example: dateInIndia(read.clock()) });
  return day;
}

function exampleRange(read: Read): string {
  const today = dateInIndia(read.clock());
  return `--from ${financialYearStart(financialYearOf(today))} --to ${today}`;
}

function accountOf(options: ReportOptions, report: string): string {
  if (options.account === undefined)
    throw reportErrors.REPORT_OPTION_MISSING({ report, option: "account", example: "4502101" });
  return options.account;
}

const inLanguage = (options: ReportOptions): { language?: Language } =>
  options.language === undefined ? {} : { language: options.language };
const sliceOf = (options: ReportOptions): { service?: string; ward?: string } => ({
  ...(options.service === undefined ? {} : { service: options.service }),
  ...(options.ward === undefined ? {} : { ward: options.ward }),
});
const span = ({ from, to }: Range): string => `${from}_${to}`;

/** A table whose rows are streamed from the database. */
function streamed(
  columns: readonly string[],
  rows: (read: Read, options: ReportOptions, report: string) => { rows: AsyncIterable<CsvRow>; of: string },
) {
  return {
    csv: (read: Read, options: ReportOptions, report: string): Promise<Made> => {
      const made = rows(read, options, report);
      return Promise.resolve({ isLive: true, body: toCsv(columns, made.rows, options), of: made.of });
    },
  };
}

const trialBalanceOf = async (read: Read, options: ReportOptions, report: string) => {
  const range = rangeOf(read, options, report);
  const view = await trialBalanceView(read, {
    ...range,
    ...inLanguage(options),
    ...(options.fund === undefined ? {} : { fund: options.fund }),
  });
  return { view, of: span(range) };
};
const dcbOf = async (read: Read, options: ReportOptions, report: string) => {
  const range = rangeOf(read, options, report);
  const view = await dcbView(read, { ...range, ...sliceOf(options), ...inLanguage(options) });
  return { view, of: span(range) };
};
const brsOf = async (read: Read, options: ReportOptions, report: string) => {
  const asOf = dayOf(read, options, report);
  const account = options.account ?? (await postingAccount(read, "bank-main"));
  return { view: await brsView(read, { account, asOf, ...inLanguage(options) }), of: `${account}_${asOf}` };
};

const REPORTS = {
  "trial-balance": {
    description: "opening balance, debits, credits and closing balance of every account",
    formats: {
      csv: async (read, options, report) => {
        const { view, of } = await trialBalanceOf(read, options, report);
        return { isLive: false, body: toCsv(TRIAL_BALANCE_COLUMNS, trialBalanceRows(view.rows), options), of };
      },
      json: async (read, options, report) => {
        const { view, of } = await trialBalanceOf(read, options, report);
        return { isLive: false, body: once(() => toJson(view)), of };
      },
      pdf: async (read, options, report) => {
        const { view, of } = await trialBalanceOf(read, options, report);
        return { isLive: false, body: once(() => trialBalancePdf(view)), of };
      },
    },
  },
  "day-book": {
    description: "every journal entry of the range with its lines",
    formats: {
      ...streamed(JOURNAL_COLUMNS, (read, options, report) => {
        const range = rangeOf(read, options, report);
        return { rows: journalRows(read, range), of: span(range) };
      }),
      json: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const view = await dayBookView(read, { ...range, ...inLanguage(options) });
        return { isLive: false, body: once(() => toJson(view)), of: span(range) };
      },
      pdf: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const view = await dayBookView(read, { ...range, ...inLanguage(options) });
        return { isLive: false, body: once(() => dayBookPdf(view)), of: span(range) };
      },
    },
  },
  "account-ledger": {
    description: "the lines of one account (--account) with the running balance",
    formats: {
      ...streamed(
        ["date", "entry", "narration", "dr", "cr", "balance", "party", "demand_year", "ward", "fund"],
        (read, options, report) => {
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
          return { rows: rows(), of: `${account}_${span(range)}` };
        },
      ),
      json: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const account = accountOf(options, report);
        const view = await accountLedgerView(read, { account, ...range, ...inLanguage(options) });
        return { isLive: false, body: once(() => toJson(view)), of: `${account}_${span(range)}` };
      },
      pdf: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const account = accountOf(options, report);
        const view = await accountLedgerView(read, { account, ...range, ...inLanguage(options) });
        return { isLive: false, body: once(() => accountLedgerPdf(view)), of: `${account}_${span(range)}` };
      },
    },
  },
  "collection-register": {
    description: "every receipt day by day, and what was taken back",
    formats: {
      ...streamed(
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
        (read, options, report) => {
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
          return { rows: rows(), of: span(range) };
        },
      ),
      json: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const view = await collectionRegisterView(read, { ...range, ...sliceOf(options), ...inLanguage(options) });
        return { isLive: false, body: once(() => toJson(view)), of: span(range) };
      },
      pdf: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const view = await collectionRegisterView(read, { ...range, ...sliceOf(options), ...inLanguage(options) });
        return { isLive: false, body: once(() => collectionRegisterPdf(view)), of: span(range) };
      },
    },
  },
  brs: {
    description: "bank reconciliation statement of a bank account (--account, or the main one) at a day",
    formats: {
      csv: async (read, options, report) => {
        const { view, of } = await brsOf(read, options, report);
        const row = (section: string, amount: CsvRow["amount"], rest: CsvRow = {}): CsvRow => ({
          section,
          amount,
          ...rest,
        });
        const rows: CsvRow[] = [
          row("Balance as per bank book", view.bookBalance),
          ...view.groups.flatMap((group) =>
            group.items.map((item) =>
              row(group.label, item.amount, {
                date: item.date,
                reference: item.reference,
                particulars: item.particulars,
              }),
            ),
          ),
          row("Balance that the bank should show", view.computedBalance),
          row("Balance as per bank statement", view.statementBalance),
          row("Difference", view.difference),
        ];
        return {
          isLive: false,
          body: toCsv(["section", "date", "reference", "particulars", "amount"], rows, options),
          of,
        };
      },
      json: async (read, options, report) => {
        const { view, of } = await brsOf(read, options, report);
        return { isLive: false, body: once(() => toJson(view)), of };
      },
      pdf: async (read, options, report) => {
        const { view, of } = await brsOf(read, options, report);
        return { isLive: false, body: once(() => brsPdf(view)), of };
      },
    },
  },
  dcb: {
    description: "demand, collection and balance by demand year",
    formats: {
      csv: async (read, options, report) => {
        const range = rangeOf(read, options, report);
        const rows = await dcbByYear(read, { ...range, ...sliceOf(options) });
        const columns = [
          "demand_year",
          "opening_balance",
          "demand_raised_in_year",
          "total_demand",
          "collected_incl_advance_adjusted",
          "rebate_remission_writeoff",
          "closing_balance",
        ];
        const out = rows.map((row): CsvRow => ({
          demand_year: row.demandYear,
          opening_balance: row.openingBalance,
          demand_raised_in_year: row.demandRaised,
          total_demand: row.totalDemand,
          collected_incl_advance_adjusted: row.collected,
          rebate_remission_writeoff: row.reduced,
          closing_balance: row.closingBalance,
        }));
        return { isLive: false, body: toCsv(columns, out, options), of: span(range) };
      },
      json: async (read, options, report) => {
        const { view, of } = await dcbOf(read, options, report);
        return { isLive: false, body: once(() => toJson(view)), of };
      },
      pdf: async (read, options, report) => {
        const { view, of } = await dcbOf(read, options, report);
        return { isLive: false, body: once(() => dcbPdf(view)), of };
      },
    },
  },
  journal: {
    description: "the whole journal, for people who check it with a program that is not ours",
    formats: {
      ...streamed(JOURNAL_COLUMNS, (read, options, report) => {
        const range = rangeOf(read, options, report);
        return { rows: journalRows(read, range), of: span(range) };
      }),
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
      hledger: (read, options, report) => {
        const range = rangeOf(read, options, report);
        return Promise.resolve({ isLive: true, body: hledgerJournal(read, range), of: span(range) });
      },
      beancount: (read, options, report) => {
        const range = rangeOf(read, options, report);
        return Promise.resolve({ isLive: true, body: beancountJournal(read, range), of: span(range) });
      },
    },
  },
} as const satisfies Record<string, Report>;

/** What can be exported and how, for `--help` and the page of reports. */
export function listReports(): { readonly name: string; readonly description: string; readonly formats: string[] }[] {
  return Object.entries(REPORTS).map(([name, { description, formats }]) => ({
    name,
    description,
    formats: Object.keys(formats),
  }));
}

function makerOf(name: string, format: string): Maker {
  const reports: Record<string, Report> = REPORTS;
  const report = Object.hasOwn(reports, name) ? reports[name] : undefined;
  if (!report) throw reportErrors.REPORT_UNKNOWN({ report: name.slice(0, 60), known: Object.keys(reports).join(", ") });
  const makers: Partial<Record<string, Maker>> = report.formats;
  const maker = Object.hasOwn(makers, format) ? makers[format] : undefined;
  if (!maker)
    throw reportErrors.REPORT_FORMAT({
      report: name,
      format: format.slice(0, 20),
      known: Object.keys(makers).join(", "),
    });
  return maker;
}

/**
 * One report as a file. Raises REPORT_UNKNOWN, REPORT_FORMAT (naming what there is), REPORT_OPTION_MISSING, REPORT_RANGE, and what the
 * report itself refuses. A body that `isLive` is read within the same snapshot; prefer `writeReport`, which sees to it.
 */
export async function exportReport(
  read: Read,
  name: string,
  options: ReportOptions,
  format: string,
): Promise<ReportFile> {
  const made = await makerOf(name, format)(read, options, name);
  const { type, extension } = CONTENT[format as ReportFormat];
  return {
    fileName: `${read.ulb.code}_${name}_${made.of}.${extension}`,
    contentType: type,
    isLive: made.isLive,
    body: made.body,
  };
}

/**
 * Makes a report and hands its pieces to `write`, one by one: what is streamed from the database within the snapshot, a PDF after it (no
 * transaction is held open while pages are drawn). Gives the file's name and type.
 */
export async function writeReport(
  app: App,
  who: Who,
  report: { readonly name: string; readonly format: string; readonly options: ReportOptions },
  write: (piece: string | Uint8Array) => Promise<void> | void,
): Promise<Omit<ReportFile, "body" | "isLive">> {
  const send = async (body: ReportFile["body"]): Promise<void> => {
    for await (const piece of body) await write(piece);
  };
  const file = await inSnapshot(app, who, async (read) => {
    const made = await exportReport(read, report.name, report.options, report.format);
    if (made.isLive) await send(made.body);
    return made;
  });
  if (!file.isLive) await send(file.body);
  return { fileName: file.fileName, contentType: file.contentType };
}
