import { createHash } from "node:crypto";
import Papa from "papaparse";
import type { Problem } from "../ledger/kernel/errors.ts";

/** Text, or chunks of it as they arrive (bytes are UTF-8). */
export type CsvInput = string | AsyncIterable<string | Uint8Array>;

export type CsvRow<Column extends string> = { readonly line: number; readonly cells: Readonly<Record<Column, string>> };

export type CsvFile<Column extends string> = {
  readonly hash: string;
  readonly rows: readonly CsvRow<Column>[];
  readonly problems: readonly Problem[];
};

/** Larger files are split by whoever makes them; this bounds what one transaction holds. */
const MAX_BYTES = 64 * 1024 * 1024;
export const MAX_ROWS = 200_000;

/**
 * Reads a CSV file with a header row. Columns may stand in any order; further columns are ignored. A row with too few or too many cells,
 * an unclosed quote, an unknown encoding and a missing column are problems with their line: a file that was cut off never passes.
 */
export async function readCsv<const Column extends string>(
  input: CsvInput,
  columns: readonly Column[],
  optional: readonly Column[] = [],
): Promise<CsvFile<Column>> {
  const problems: Problem[] = [];
  const text = await textOf(input, problems);
  const hash = createHash("sha256").update(text).digest("hex");
  if (problems.length > 0) return { hash, rows: [], problems };

  const rows: CsvRow<Column>[] = [];
  let header: string[] | undefined;
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
    if (cells.length === 1 && (cells[0] ?? "").trim() === "") return true;
    if (!header) {
      header = cells.map((c) => c.trim().toLowerCase());
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
    const names = header;
    const record = Object.fromEntries(columns.map((c) => [c, (cells[names.indexOf(c)] ?? "").trim()])) as Record<
      Column,
      string
    >;
    rows.push({ line: at, cells: record });
    if (rows.length > MAX_ROWS) {
      problems.push({
        code: "CSV_TOO_LONG",
        line: at,
        message: `line ${at}: a file has at most ${MAX_ROWS} rows; split it`,
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
  return { hash, rows, problems };
}

async function textOf(input: CsvInput, problems: Problem[]): Promise<string> {
  let text = "";
  if (typeof input === "string") text = input;
  else {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      for await (const chunk of input) {
        text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
        if (text.length > MAX_BYTES) break;
      }
      text += decoder.decode();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const line = text.split("\n").length;
      problems.push({ code: "CSV_ENCODING", line, message: `near line ${line}: the file is not UTF-8` });
    }
  }
  if (text.length > MAX_BYTES) {
    problems.push({ code: "CSV_TOO_LONG", message: `the file is larger than ${MAX_BYTES / 1024 / 1024} MB; split it` });
    return "";
  }
  return text.startsWith("\uFEFF") ? text.slice(1) : text; // a byte-order mark, as spreadsheets write it
}
