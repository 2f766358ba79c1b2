import Papa from "papaparse";
import { BANK_PROFILES } from "../profiles.ts";
import { clean, type Row } from "./cells.ts";
import { prove, type ParseOptions, type ParseResult } from "./prove.ts";
import { LIMITS, unreadable, type Reading } from "./reading.ts";
import { bestHeader, PREAMBLE_ROWS, readTable, unknownHeader } from "./table.ts";
import { decodeText } from "./text.ts";

const DELIMITERS = [",", "\t", ";", "|", "~"] as const;

/**
 * Reads a bank statement of separated text and proves it: every line's balance follows from the one before, opening + Σ = closing, and
 * control figures in the file agree. Gives the statement or all problems (line, column, rule, arithmetic), at most 100; it throws nothing
 * and guesses nothing.
 */
export function parseStatement(file: string | Uint8Array, options: ParseOptions = {}): ParseResult {
  return prove(readDelimited(typeof file === "string" ? file : decodeText(file), options), options);
}

/** Text separated by commas, tabs, semicolons or bars: the one under which a bank's header is found. */
export function readDelimited(input: string, options: ParseOptions = {}): Reading {
  const text = input.replace(/^\uFEFF/, "");
  if (text.length > LIMITS.bytes)
    return unreadable(
      "csv",
      "STATEMENT_TOO_LARGE",
      `the file has ${text.length} characters; at most ${LIMITS.bytes} are read`,
    );
  if (text.trim() === "") return unreadable("csv", "STATEMENT_EMPTY", "the file is empty");
  if (text.includes("\0"))
    return unreadable(
      "csv",
      "STATEMENT_FORMAT",
      "this is a binary file of an unknown kind; a statement is text, a spreadsheet or a bank message",
    );
  const profiles = options.profiles ?? BANK_PROFILES;
  let best: { readonly delimiter: string; readonly titles: number } | undefined;
  let ambiguous: Reading | undefined;
  for (const delimiter of DELIMITERS) {
    if (!text.includes(delimiter)) continue;
    const found = bestHeader(tokenise(text, delimiter, PREAMBLE_ROWS).rows, profiles, options, "csv");
    if (found.kind === "refused") ambiguous ??= found.reading;
    if (found.kind === "found" && found.titles > (best?.titles ?? 0)) best = { delimiter, titles: found.titles };
  }
  if (!best) return ambiguous ?? unknownHeader("csv", profiles, options.profile);
  const { rows, error } = tokenise(text, best.delimiter);
  if (error)
    return unreadable(
      "csv",
      "STATEMENT_TRUNCATED",
      `a quotation mark is not closed: the file was cut off or damaged`,
      error.line,
    );
  return readTable(rows, "csv", options);
}

function tokenise(text: string, delimiter: string, preview = 0): { rows: Row[]; error?: { line: number } } {
  const parsed = Papa.parse<string[]>(text, { delimiter, preview, skipEmptyLines: false });
  const rows: Row[] = [];
  let line = 1;
  for (const cells of parsed.data) {
    rows.push({ line, cells: cells.map(clean) });
    line += 1;
    for (const cell of cells) if (cell.includes("\n")) line += cell.split("\n").length - 1;
  }
  const broken =
    preview === 0 ? parsed.errors.find((e) => e.type === "Quotes" && e.code === "MissingQuotes") : undefined;
  return broken ? { rows, error: { line: rows[broken.row ?? 0]?.line ?? line } } : { rows };
}

/** The rows of separated text, by the mark that makes the most columns in the most rows. */
export function delimitedRows(text: string): readonly Row[] {
  const width = (delimiter: string): number => {
    const { rows } = tokenise(text, delimiter, PREAMBLE_ROWS);
    return rows.reduce((most, r) => most + (r.cells.length > 2 ? r.cells.length : 0), 0);
  };
  const widths = DELIMITERS.map(width);
  const best = DELIMITERS[widths.indexOf(Math.max(...widths))] ?? ",";
  return tokenise(text.replace(/^\uFEFF/, ""), best).rows;
}
