import type { ReportColumn, ReportRow, ReportTable } from "../report-table.ts";
import { toCsv, type CsvOptions, type CsvRow } from "./csv.ts";
import { jsonText } from "./json.ts";

const isPrinted = (column: ReportColumn): boolean => column.isPrintOnly !== true;

/** A table as CSV: the columns that other programs rely on, lines and totals; headings are left out. Streams. */
export async function* tableCsv(table: ReportTable, options: CsvOptions = {}): AsyncGenerator<string> {
  const columns = table.columns.filter(isPrinted).map((column) => column.key);
  async function* rows(): AsyncGenerator<CsvRow> {
    for await (const row of table.rows) if (row.kind !== "heading" && row.isPrintOnly !== true) yield row.cells;
  }
  yield* toCsv(columns, rows(), options);
}

/**
 * A table as JSON: title, subtitle and columns, then the rows one a line with every column, headings too (`kind` says what a row is), then
 * the notes. Amounts are strings in rupees. Streams.
 */
export async function* tableJson(
  table: ReportTable,
  about: { readonly ulb: string; readonly report: string },
): AsyncGenerator<string> {
  const { title, titleLocal, subtitle, columns, notes = [] } = table;
  const head = {
    ulb: about.ulb,
    report: about.report,
    title,
    ...(titleLocal === undefined ? {} : { titleLocal }),
    subtitle,
    columns: columns.map(({ key, label, kind }) => ({ key, label, kind })),
  };
  yield `${jsonText(head).slice(0, -1)},\n"rows":`;
  let separator = "[\n";
  for await (const row of table.rows) {
    yield separator + jsonText(jsonRow(row, columns));
    separator = ",\n";
  }
  yield `${separator === "[\n" ? "[]" : "\n]"},\n"notes":${jsonText(notes)}}\n`;
}

function jsonRow(row: ReportRow, columns: readonly ReportColumn[]): Record<string, unknown> {
  const cells = Object.fromEntries(columns.map(({ key }) => [key, row.cells[key] ?? null]));
  return { kind: row.kind ?? "line", ...(row.level === undefined ? {} : { level: row.level }), ...cells };
}

/** The text of a cell in print, with the local word after a stroke where the print is in two languages. */
export function printedText(row: ReportRow, key: string, isLocal: boolean): string {
  const value = row.cells[key];
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  const local = row.local?.[key];
  return isLocal && local !== undefined && local !== "" && local !== text ? `${text} / ${local}` : text;
}
