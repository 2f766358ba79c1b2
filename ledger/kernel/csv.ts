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
export type CsvLimit = typeof LIMIT;

/**
 * Reads a CSV file with a header row. Columns may stand in any order; further columns are named and ignored, rows of empty cells are passed
 * over. A row with too few or too many cells, an unclosed quote, an unknown encoding and a missing column are problems with their line: a
 * file that was cut off never passes.
 */
export async function readCsv<const Column extends string>(
  input: CsvInput,
  columns: readonly Column[],
  optional: readonly Column[] = [],
  limit: CsvLimit = LIMIT,
): Promise<CsvFile<Column>> {
  const problems: Problem[] = [];
  let text = "";
  for await (const piece of textOf(input, limit.megabytes, (p) => problems.push(p))) text += piece;
  const hash = createHash("sha256").update(text).digest("hex");
  if (problems.length > 0) return { hash, rows: [], furtherColumns: [], problems };
  const rows: CsvRow<Column>[] = [];
  const sheet = sheetOf(columns, optional, limit.rows, {
    row: (row) => rows.push(row),
    problem: (p) => problems.push(p) < 1000,
  });
  sheet.read(text);
  if (problems.length === 0) sheet.end();
  return { hash, rows, furtherColumns: sheet.furtherColumns(), problems };
}

/** What a streamed file held, known at its end. */
export type CsvEnd = {
  readonly hash: string;
  readonly rows: number;
  readonly problems: readonly Problem[];
  readonly moreProblems: number;
};

// A record beyond this is a quote that was never closed.
const MOST_IN_A_RECORD = 4 * 1024 * 1024;
const PIECE = 256 * 1024;

/**
 * The same for a file of any size, in bounded memory: rows go to `take` in batches, in their order; of the problems the first `mostProblems` are
 * kept. The hash is the one that `readCsv` finds.
 */
export async function streamCsv<const Column extends string>(
  input: CsvInput,
  columns: readonly Column[],
  optional: readonly Column[],
  options: { readonly batch: number; readonly mostProblems: number; readonly limit?: CsvLimit },
  take: (rows: readonly CsvRow<Column>[]) => Promise<void>,
): Promise<CsvEnd> {
  const problems: Problem[] = [];
  let found = 0;
  const say = (p: Problem): boolean => {
    found += 1;
    if (problems.length < options.mostProblems) problems.push(p);
    return true;
  };
  let rows: CsvRow<Column>[] = [];
  let count = 0;
  const hash = createHash("sha256");
  const sheet = sheetOf(columns, optional, options.limit?.rows ?? Infinity, {
    row: (row) => {
      count += 1;
      return rows.push(row);
    },
    problem: say,
  });
  const records = recordEnds();
  let held = "";
  let goesOn = true;
  for await (const piece of textOf(input, options.limit?.megabytes ?? Infinity, say)) {
    hash.update(piece);
    if (!goesOn) continue;
    const whole = records.next(piece, held.length);
    held += piece;
    if (whole > 0 && held.length >= PIECE) {
      goesOn = sheet.read(held.slice(0, whole));
      held = held.slice(whole);
      records.moved(whole);
    }
    if (goesOn && held.length > MOST_IN_A_RECORD) goesOn = sheet.unclosed();
    while (rows.length >= options.batch) {
      await take(rows.slice(0, options.batch));
      rows = rows.slice(options.batch);
    }
  }
  if (goesOn) sheet.read(held);
  for (let i = 0; i < rows.length; i += options.batch) await take(rows.slice(i, i + options.batch));
  if (found === 0) sheet.end();
  return { hash: hash.digest("hex"), rows: count, problems, moreProblems: found - problems.length };
}

/** Where the last complete record of a growing text ends: after a line end that stands in no quoted cell, as Papa Parse reads quotes. */
function recordEnds() {
  let at: "cell-start" | "plain" | "quoted" | "quote-in-quoted" = "cell-start";
  let end = 0;
  return {
    next(piece: string, offset: number): number {
      for (let i = 0; i < piece.length; i++) {
        const c = piece.charCodeAt(i);
        if (at === "quoted") {
          if (c === QUOTE) at = "quote-in-quoted";
        } else if (c === COMMA) at = "cell-start";
        else if (c === LINE_END) {
          at = "cell-start";
          end = offset + i + 1;
        } else if (at === "cell-start") at = c === QUOTE ? "quoted" : "plain";
        // A doubled quote is one of the text; after a closing one only blanks stand before the comma.
        else if (at === "quote-in-quoted" && c !== RETURN && c !== BLANK) at = "quoted";
      }
      return end;
    },
    moved(by: number) {
      end -= by;
    },
  };
}
const [QUOTE, COMMA, LINE_END, RETURN, BLANK] = [34, 44, 10, 13, 32] as const;

/** A header and the rows below it, read piece by piece; a piece ends where a record ends. */
function sheetOf<Column extends string>(
  columns: readonly Column[],
  optional: readonly Column[],
  mostRows: number,
  /** Gives whether to go on after a problem. */
  to: { readonly row: (row: CsvRow<Column>) => void; readonly problem: (problem: Problem) => boolean },
) {
  let header: string[] | undefined;
  let places: readonly (readonly [Column, number])[] = [];
  let line = 1;
  let rows = 0;

  const unclosed = (at: number): false => {
    to.problem({
      code: "CSV_QUOTE",
      line: at,
      message: `line ${at}: a quoted cell is not closed; the file is damaged or was cut off`,
    });
    return false;
  };

  const takeHeader = (cells: readonly string[], at: number): boolean => {
    const names = cells.map((c) => c.trim().toLowerCase());
    header = names;
    places = columns.map((column) => [column, names.indexOf(column)]);
    const missing = columns.filter((c) => !optional.includes(c) && !names.includes(c));
    for (const column of missing) {
      to.problem({
        code: "CSV_COLUMN_MISSING",
        line: at,
        column,
        message: `line ${at}: the column ${column} is missing`,
      });
    }
    const twice = names.find((c, i) => c !== "" && names.indexOf(c) !== i);
    if (twice)
      to.problem({
        code: "CSV_COLUMN_TWICE",
        line: at,
        column: twice,
        message: `line ${at}: the column ${twice} is there twice`,
      });
    return missing.length === 0 && !twice;
  };

  const takeRow = (cells: string[], errors: readonly Papa.ParseError[], at: number): boolean => {
    if (errors.some((e) => e.type === "Quotes")) return unclosed(at);
    if (cells.every((cell) => cell.trim() === "")) return true;
    if (!header) return takeHeader(cells, at);
    if (cells.length !== header.length) {
      const few = cells.length < header.length;
      return to.problem({
        code: few ? "CSV_TRUNCATED" : "CSV_CELLS",
        line: at,
        message: `line ${at}: ${cells.length} cells where the header has ${header.length}${few ? "; the line or the file was cut off" : ""}`,
      });
    }
    const record = {} as Record<Column, string>;
    for (const [column, place] of places) record[column] = (cells[place] ?? "").trim();
    rows += 1;
    to.row({ line: at, cells: record });
    if (rows > mostRows) {
      to.problem({
        code: "CSV_TOO_LONG",
        line: at,
        message: `line ${at}: a file has at most ${mostRows} rows; split it`,
      });
      return false;
    }
    return true;
  };

  return {
    /** Gives whether reading goes on. */
    read(text: string): boolean {
      let cursor = 0;
      let goesOn = true;
      Papa.parse<string[]>(text, {
        delimiter: ",",
        step: (result, parser) => {
          const at = line;
          const end = result.meta.cursor;
          for (let i = text.indexOf("\n", cursor); i >= 0 && i < end; i = text.indexOf("\n", i + 1)) line += 1;
          cursor = end;
          if (takeRow(result.data, result.errors, at)) return;
          goesOn = false;
          parser.abort();
        },
      });
      return goesOn;
    },
    unclosed: () => unclosed(line),
    end(): void {
      if (!header) to.problem({ code: "CSV_EMPTY", line: 1, message: "line 1: the file has no header row" });
      else if (rows === 0)
        to.problem({ code: "CSV_EMPTY", line, message: `line ${line}: the file has a header and no rows` });
    },
    furtherColumns: () => (header ?? []).filter((c) => c !== "" && !(columns as readonly string[]).includes(c)),
  };
}

/** The text of the input as it comes, without a byte-order mark, which spreadsheets write. */
async function* textOf(
  input: CsvInput,
  megabytes: number,
  problem: (problem: Problem) => unknown,
): AsyncGenerator<string> {
  const most = megabytes * 1024 * 1024;
  let length = 0;
  let lines = 1;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string | undefined => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      problem({
        code: "CSV_ENCODING",
        line: lines,
        message: `near line ${lines}: the file is not UTF-8; save it from the spreadsheet as "CSV UTF-8"`,
      });
      return undefined;
    }
  };
  for await (const chunk of typeof input === "string" || input instanceof Uint8Array ? [input] : input) {
    const decoded = typeof chunk === "string" ? chunk : decode(chunk);
    if (decoded === undefined) return;
    const text = length === 0 && decoded.startsWith("\uFEFF") ? decoded.slice(1) : decoded;
    length += decoded.length;
    if (length > most) {
      problem({ code: "CSV_TOO_LONG", message: `the file is larger than ${megabytes} MB; split it` });
      return;
    }
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines += 1;
    if (text !== "") yield text;
  }
  const rest = decode();
  if (rest) yield rest;
}
