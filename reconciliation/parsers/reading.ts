import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";

export type StatementFormat =
  "mt940" | "mt942" | "camt" | "bai2" | "ofx" | "csv" | "xlsx" | "xls" | "html" | "razorpay";

/**
 * A figure as the file writes it, exactly: ISO 20022 allows five decimals, OFX does not say how many, and programs write what their floats
 * hold. A file may be in any currency. It becomes Paise in the proof, which refuses what is not whole paise.
 */
export type Exact = bigint;

const EXACT_DECIMALS = 15;
export const EXACT_PER_PAISA = 10n ** BigInt(EXACT_DECIMALS - 2);

/** One movement as the file has it. `amount` is positive when the bank credited the account. */
export type ReadLine = {
  /** Where it stands in the file, counted from 1. */
  readonly fileLine: number;
  /** The booking day; missing when what the file writes is no day. */
  readonly date?: LocalDate | undefined;
  readonly valueDate?: LocalDate | undefined;
  readonly amount: Exact;
  /** The running balance, where the format has one. */
  readonly balance?: Exact | undefined;
  readonly narration: string;
  readonly reference: string;
  /** Announced, not booked: no money yet, so it never enters. */
  readonly isPending?: boolean;
  /** The line is a reversal, whose direction some banks write from the other side: the balances decide. */
  readonly isReversal?: boolean;
  /** The file gives a debit or credit a minus sign of its own. */
  readonly isNegative?: boolean;
};

/** One statement of one account. What is wrong with it stands in `problems`; then it is shown but never enters. */
export type ReadStatement = {
  readonly account?: string | undefined;
  readonly currency?: string | undefined;
  readonly opening?: Exact | undefined;
  readonly closing?: Exact | undefined;
  readonly openedOn?: LocalDate | undefined;
  readonly closedOn?: LocalDate | undefined;
  readonly lines: readonly ReadLine[];
  /** Lines of the file where the stated balances stand. */
  readonly openingLine?: number | undefined;
  readonly closingLine?: number | undefined;
  /** Line of the file where it begins, for messages. */
  readonly fileLine: number;
  readonly problems: readonly Problem[];
};

/** What a file says, or why it cannot be read at all. Nothing is left out of a file that is read. */
export type Reading =
  | {
      readonly ok: true;
      readonly format: StatementFormat;
      /** Dialect and version: "camt.053.001.02", "OFX 102". */
      readonly variant: string;
      readonly statements: readonly ReadStatement[];
    }
  | { readonly ok: false; readonly format?: StatementFormat; readonly problems: readonly Problem[] };

/** The limits of every reader; a file beyond them is refused whole. */
export const LIMITS = {
  bytes: 64 * 1024 * 1024,
  lines: 500_000,
  cellChars: 4000,
  depth: 40,
  problems: 100,
} as const;

export function unreadable(
  format: StatementFormat | undefined,
  code: string,
  message: string,
  line?: number,
  column?: string,
): Reading {
  return {
    ok: false,
    ...(format === undefined ? {} : { format }),
    problems: [{ code, message, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) }],
  };
}

/** Collects problems up to the limit. */
export function problemList(): {
  readonly list: Problem[];
  add(code: string, message: string, line?: number, column?: string): void;
} {
  const list: Problem[] = [];
  return {
    list,
    add(code, message, line, column) {
      if (list.length >= LIMITS.problems) return;
      list.push({
        code,
        message,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      });
    },
  };
}

/**
 * "1234.5", "-12,30" -> Exact, or undefined when it is not a number or has more than fifteen decimals. The decimal mark is a point or a comma;
 * where both stand the last one is it and the other groups. A lone comma is a decimal mark unless it stands several times.
 */
export function exact(text: string): Exact | undefined {
  const match = /^([+-]?)([\d.,]*)$/.exec(text.trim());
  if (!match) return undefined;
  let digits = match[2] ?? "";
  if (!/\d/.test(digits)) return undefined;
  const comma = digits.lastIndexOf(",");
  const point = digits.lastIndexOf(".");
  if (comma >= 0 && point >= 0) {
    const group = comma > point ? "." : ",";
    if (!isGrouped(digits.slice(0, Math.max(comma, point)), group)) return undefined;
    digits = digits.replaceAll(group, "");
  } else {
    for (const mark of [",", "."]) {
      if (digits.split(mark).length <= 2) continue;
      if (!isGrouped(digits, mark)) return undefined;
      digits = digits.replaceAll(mark, "");
    }
  }
  const [leading = "", part = ""] = digits.split(/[.,]/);
  const whole = leading.replace(/^0+/, "");
  const decimals = part.replace(/0+$/, "");
  if (decimals.length > EXACT_DECIMALS || whole.length > 15) return undefined;
  const value = BigInt((whole === "" ? "0" : whole) + decimals.padEnd(EXACT_DECIMALS, "0"));
  return match[1] === "-" ? -value : value;
}

const isGrouped = (digits: string, mark: string): boolean =>
  mark === "," ? /^\d{1,3}(,\d{2,3})*(,\d{3})$/.test(digits) : /^\d{1,3}(\.\d{3})+$/.test(digits);

/** Paise, what is less than one left out: for showing a figure before its proof, which refuses what is not whole paise. */
export const paiseOf = (value: Exact): Paise => paise(value / EXACT_PER_PAISA);

/** A whole number of the smallest unit of a currency with two decimals. */
export const exactOfMinor = (minor: bigint): Exact => minor * EXACT_PER_PAISA;

/** Exact as people write it, with at least two decimals. */
export function exactText(value: Exact): string {
  const digits = (value < 0n ? -value : value).toString().padStart(EXACT_DECIMALS + 1, "0");
  const part = digits.slice(-EXACT_DECIMALS).replace(/0+$/, "").padEnd(2, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -EXACT_DECIMALS)}.${part}`;
}

/** A day from its numbers, or undefined when the calendar has none such. */
export function dayOf(year: number, month: number, day: number): LocalDate | undefined {
  const two = (n: number): string => String(n).padStart(2, "0");
  return isoDay(`${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`);
}

export function isoDay(text: string): LocalDate | undefined {
  try {
    return localDate(text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A two-digit year: statements are of 1980 to 2079. */
export const fullYear = (yy: number): number => (yy < 80 ? 2000 + yy : 1900 + yy);

/** Joins the parts of a narration, cut to what a cell may hold. */
export function narrationOf(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((p) => p !== undefined && p.trim() !== "")
    .join(" ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, LIMITS.cellChars);
}
