import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import type { Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { Language } from "./labels.ts";
import type { CsvOptions } from "./render/csv.ts";

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
  readonly function?: string | undefined;
  /** Splits a statement by a dimension, where it can be split. */
  readonly by?: "ward" | "function" | "fund" | undefined;
  /** One schedule of the statements: "B-15". */
  readonly schedule?: string | undefined;
  /** The sub-ledger's parties: all of a type, or one. */
  readonly partyType?: string | undefined;
  readonly party?: string | undefined;
  readonly demandYear?: FinancialYear | undefined;
  /** Of a register of dues: who owes less is left out. */
  readonly minimum?: Paise | undefined;
  /** How collections of receivables stand in the receipts and payments account: under the head posted, or under the revenue head collected. */
  readonly presentation?: "minor-head" | "revenue-head" | undefined;
  /** PDF prints whole rupees: each figure rounded by itself, totals from exact sums. Data formats stay exact to the paisa. */
  readonly inRupees?: boolean | undefined;
  /** The language beside English in a PDF. */
  readonly language?: Language | undefined;
};

/** A cell: text (codes, dates and names), an amount in paise, a count, or nothing. */
export type ReportCell = string | Paise | number | null | undefined;

export type ReportColumn = {
  /** The column's name in CSV and JSON: fixed once published. */
  readonly key: string;
  /** Its heading in XLSX and PDF. */
  readonly label: string;
  /** What it means in Hindi, where the report is printed in two languages. */
  readonly labelLocal?: string;
  readonly kind: "text" | "amount" | "date" | "count";
  /** Share of the width that text columns divide among them; 1 unless said. */
  readonly weight?: number;
  /** Amounts are added up at the foot and carried from page to page unless their sum means nothing. */
  readonly isCarried?: boolean;
  /** Printed (XLSX, PDF, pages) and in JSON, but not in the CSV, whose columns other programs rely on. */
  readonly isPrintOnly?: boolean;
  /** In CSV, JSON and XLSX, but not on paper and pages, where headings say the same. */
  readonly isDataOnly?: boolean;
  /** The column whose text is indented by the row's level. */
  readonly isIndented?: boolean;
};

/** Where a figure leads: to the schedule behind it, the account, the entry, or another statement. Data, from which pages make links. */
export type Drill =
  | { readonly schedule: string }
  | { readonly account: string }
  | { readonly entry: string }
  | { readonly report: string; readonly only?: Readonly<Partial<Record<"function" | "ward" | "fund", string>>> };

export type ReportRow = {
  /** "line" is summed; "total" is printed bold and not summed again; "heading" spans the table and is left out of CSV. */
  readonly kind?: "line" | "total" | "heading";
  /** In print, on pages and in JSON, but not in the CSV: a subtotal whose parts stand there already. */
  readonly isPrintOnly?: boolean;
  /** How deep the row is indented in print. */
  readonly level?: number;
  readonly cells: Readonly<Record<string, ReportCell>>;
  /** What cells mean in the local language, printed beside them where the report is printed in two languages. */
  readonly local?: Readonly<Record<string, string>>;
  readonly drill?: Drill;
};

/** One table, from which CSV, JSON, XLSX and PDF are all made: a figure is computed once and stands in all of them. */
export type ReportTable = {
  readonly title: string;
  readonly titleLocal?: string;
  /** Lines below the title: range, fund, account. */
  readonly subtitle: readonly string[];
  readonly columns: readonly ReportColumn[];
  /** An async iterable streams from the database (CSV, XLSX and JSON in bounded memory); PDF takes at most its page limit of it. */
  readonly rows: Iterable<ReportRow> | AsyncIterable<ReportRow>;
  /** Sentences below the table. */
  readonly notes?: readonly string[];
  readonly signatures?: readonly string[];
  /** Stands in the file's name: "2026-04-01_2026-07-31". */
  readonly of: string;
};

/** A report that is one table: name on the command line, what it shows, and how it is read. */
export type TableReport = {
  readonly name: string;
  readonly description: string;
  /** How pages call it: "Balance sheet"; made from the name when it is not said. */
  readonly title?: string;
  /** What its page lets choose beside dates and the slices of every statement. */
  readonly asks?: readonly ("service" | "demandYear" | "minimum")[];
  readonly build: (read: Read, options: ReportOptions) => Promise<ReportTable>;
};
