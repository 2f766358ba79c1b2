import { createHash } from "node:crypto";
import Papa from "papaparse";
import type { Problem } from "./errors.ts";

/** Text, its bytes, or chunks of either as they arrive (bytes are UTF-8). */
export type CsvInput = string | Uint8Array | AsyncIterable<string | Uint8Array>;

export type CsvRow<Column extends string> = { readonly line: number; readonly cells: Readonly<Record<Column, string>> };

export type CsvFile<Column extends string> = {
  readonly hash: string;
  readonly rows: readonly CsvRow<Column>[];
  /** Columns of the file that nobody asked for. */
  readonly furtherColumns: readonly string[];
  readonly problems: readonly Problem[];
};

/** Larger files are split by whoever makes them; this bounds what one transaction holds. */
const LIMIT = { rows: 200_000, megabytes: 64 };

/**
 * Reads a CSV file with a header row. Columns may stand in any order; further columns are named and ignored, rows of empty cells are passed
 * over. A row with too few or too many cells, an unclosed quote, an unknown encoding and a missing column are problems with their line: a
 * file that was cut off never passes.
 */
export async function readCsv<const Column extends string>(
  input: CsvInput,
  columns: readonly Column[],
  optional: readonly Column[] = [],
  limit: { readonly rows: number; readonly megabytes: number } = LIMIT,
): Promise<CsvFile<Column>> {
  const problems: Problem[] = [];
  const text = await textOf(input, limit.megabytes, problems);
  const hash = createHash("sha256").update(text).digest("hex");
  if (problems.length > 0) return { hash, rows: [], furtherColumns: [], problems };

  const rows: CsvRow<Column>[] = [];
  let header: string[] | undefined;
  let places: readonly (readonly [Column, number])[] = [];
  let cursor = 0;
  let line = 1;
  const parsed = (cells: string[], errors: readonly Papa.ParseError[], end: number): boolean => {
    const at = line;
    for (let i = text.indexOf("\n", cursor); i >= 0 && i < end; i = text.indexOf("\n", i + 1)) line += 1;
    cursor = end;
    const quotes = errors.find((e) => e.type === "Quotes");
    if (quotes) {
      problems.push({
        code: "CSV_QUOTE",
        line: at,
        message: `line ${at}: a quoted cell is not closed; the file is damaged or was cut off`,
      });
      return false;
    }
    if (cells.every((cell) => cell.trim() === "")) return true;
    if (!header) {
      header = cells.map((c) => c.trim().toLowerCase());
      const names = header;
      places = columns.map((column) => [column, names.indexOf(column)]);
      const missing = columns.filter((c) => !optional.includes(c) && !header?.includes(c));
      for (const column of missing) {
        problems.push({
          code: "CSV_COLUMN_MISSING",
          line: at,
          column,
          message: `line ${at}: the column ${column} is missing`,
        });
      }
      const twice = header.find((c, i) => c !== "" && header?.indexOf(c) !== i);
      if (twice)
        problems.push({
          code: "CSV_COLUMN_TWICE",
          line: at,
          column: twice,
          message: `line ${at}: the column ${twice} is there twice`,
        });
      return missing.length === 0 && !twice;
    }
    if (cells.length !== header.length) {
      const few = cells.length < header.length;
      problems.push({
        code: few ? "CSV_TRUNCATED" : "CSV_CELLS",
        line: at,
        message: `line ${at}: ${cells.length} cells where the header has ${header.length}${few ? "; the line or the file was cut off" : ""}`,
      });
      return problems.length < 1000;
    }
    const record = {} as Record<Column, string>;
    for (const [column, place] of places) record[column] = (cells[place] ?? "").trim();
    rows.push({ line: at, cells: record });
    if (rows.length > limit.rows) {
      problems.push({
        code: "CSV_TOO_LONG",
        line: at,
        message: `line ${at}: a file has at most ${limit.rows} rows; split it`,
      });
      return false;
    }
    return true;
  };
  Papa.parse<string[]>(text, {
    delimiter: ",",
    step: (result, parser) => {
      if (!parsed(result.data, result.errors, result.meta.cursor)) parser.abort();
    },
  });
  if (!header) problems.push({ code: "CSV_EMPTY", line: 1, message: "line 1: the file has no header row" });
  else if (rows.length === 0 && problems.length === 0) {
    problems.push({ code: "CSV_EMPTY", line, message: `line ${line}: the file has a header and no rows` });
  }
  const furtherColumns = (header ?? []).filter((c) => c !== "" && !(columns as readonly string[]).includes(c));
  return { hash, rows, furtherColumns, problems };
}

async function textOf(input: CsvInput, megabytes: number, problems: Problem[]): Promise<string> {
  const most = megabytes * 1024 * 1024;
  let text = "";
  if (typeof input === "string") text = input;
  else {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      for await (const chunk of input instanceof Uint8Array ? [input] : input) {
        text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
        if (text.length > most) break;
      }
      text += decoder.decode();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const line = text.split("\n").length;
      problems.push({
        code: "CSV_ENCODING",
        line,
        message: `near line ${line}: the file is not UTF-8; save it from the spreadsheet as "CSV UTF-8"`,
      });
    }
  }
  if (text.length > most) {
    problems.push({ code: "CSV_TOO_LONG", message: `the file is larger than ${megabytes} MB; split it` });
    return "";
  }
  return text.startsWith("\uFEFF") ? text.slice(1) : text; // a byte-order mark, as spreadsheets write it
}
