import { formatDate, localDate } from "../../ledger/kernel/dates.ts";
import { reportErrors } from "../errors.ts";
import { isLabelKey } from "../labels.ts";
import type { ReportCell, ReportColumn, ReportRow, ReportTable } from "../report-table.ts";
import { printedText } from "../render/table.ts";
import { tablePdf, type DocumentHead, type TableCellValue, type TableColumn, type TableRow } from "./table.ts";

/** What a PDF can hold with its limit of pages, and room for rows of several lines. */
const ROWS_AT_MOST = 20_000;

/**
 * Reads a table whole and gives what draws it, so that no transaction is open while pages are made. Raises REPORT_TOO_MANY_ROWS; drawing
 * raises REPORT_TOO_LONG.
 */
export async function reportPdf(
  head: DocumentHead,
  table: ReportTable,
  options: { readonly report: string; readonly inRupees: boolean },
): Promise<() => Promise<Buffer>> {
  const columns = table.columns.filter((column) => column.isDataOnly !== true);
  const rows: TableRow[] = [];
  for await (const row of table.rows) {
    if (rows.length === ROWS_AT_MOST)
      throw reportErrors.REPORT_TOO_MANY_ROWS({ report: options.report, atMost: ROWS_AT_MOST });
    rows.push(tableRow(row, columns, head.language !== "en"));
  }
  const rounded = "Whole rupees: each figure is rounded by itself; totals are made of exact amounts.";
  return () =>
    tablePdf({
      head,
      title: { en: table.title, local: table.titleLocal },
      subtitle: table.subtitle,
      columns: columns.map(tableColumn),
      rows,
      // A statement brings its own totals; without them the sums of the columns are the last row.
      ...(hasGrandTotal(rows, columns) ? {} : { total: null }),
      orientation: columns.length > 5 ? "landscape" : "portrait",
      inRupees: options.inRupees,
      notes: [...(table.notes ?? []), ...(options.inRupees ? [rounded] : [])],
      signatures: (table.signatures ?? []).map((words) => (isLabelKey(words) ? words : { en: words })),
    });
}

function hasGrandTotal(rows: readonly TableRow[], columns: readonly ReportColumn[]): boolean {
  return (
    columns.some((column) => column.kind === "amount" && column.isCarried !== false) && rows.at(-1)?.kind !== "total"
  );
}

function tableColumn(column: ReportColumn): TableColumn {
  const weight = column.weight ?? (column.kind === "text" ? 1 : 0.8);
  return {
    label: { en: column.label, local: column.labelLocal },
    kind: column.kind === "amount" ? "money" : { text: weight },
    ...(column.kind === "count" ? { align: "right" } : {}),
    ...(column.kind === "amount" ? { carried: column.isCarried !== false } : {}),
    ...(column.isIndented ? { indented: true } : {}),
  };
}

function tableRow(row: ReportRow, columns: readonly ReportColumn[], isLocal: boolean): TableRow {
  return {
    kind: row.kind ?? "line",
    ...(row.level === undefined ? {} : { level: row.level }),
    cells: columns.map((column) => cellOf(row.cells[column.key], column, printedText(row, column.key, isLocal))),
  };
}

function cellOf(value: ReportCell, column: ReportColumn, text: string): TableCellValue {
  if (typeof value === "bigint") return value;
  if (column.kind === "date" && typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value))
    return formatDate(localDate(value));
  return text;
}
