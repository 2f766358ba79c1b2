import { Readable } from "node:stream";
import { stringify } from "csv-stringify";
import { toRupees, type Paise } from "../../ledger/kernel/money.ts";

/** What a report's row may hold: text, an amount, a count, or nothing. */
export type CellValue = string | Paise | number | boolean | null | undefined;
export type CsvRow = Readonly<Record<string, CellValue>>;
export type CsvOptions = {
  /** A byte order mark at the front, so that spreadsheet programs read UTF-8. */
  readonly bom?: boolean;
  /** Text that a spreadsheet would run as a formula gets an apostrophe in front; on unless switched off. Amounts are never touched. */
  readonly escapeFormulas?: boolean;
};

const FORMULA = /^[=+\-@\t\r]/;

/** One cell as CSV text: amounts as "1234.50", exact. */
export function csvCell(value: CellValue, escapeFormulas = true): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "bigint") return toRupees(value);
  if (typeof value !== "string") return String(value);
  return escapeFormulas && FORMULA.test(value) ? `'${value}` : value;
}

/**
 * CSV (UTF-8, header row, "\n") as a stream of text chunks; memory does not grow with the rows. Only the named columns go out,
 * in their order, and the header is there even when there are no rows.
 */
export async function* toCsv(
  columns: readonly string[],
  rows: Iterable<CsvRow> | AsyncIterable<CsvRow>,
  options: CsvOptions = {},
): AsyncGenerator<string> {
  const { bom = false, escapeFormulas = true } = options;
  async function* records(): AsyncGenerator<string[]> {
    yield [...columns];
    for await (const row of rows) yield columns.map((column) => csvCell(row[column], escapeFormulas));
  }
  const source = Readable.from(records());
  const output = stringify({ bom });
  // An error of the rows (a refused query) must end the reader too, not leave it waiting.
  source.on("error", (error) => output.destroy(error));
  source.pipe(output);
  try {
    for await (const chunk of output) yield String(chunk);
  } finally {
    source.destroy();
    output.destroy();
  }
}
