import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { rupees, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { DateForm } from "../profiles.ts";
import { isoDay } from "./reading.ts";

/** A row of a table: its number in the file and its cells, cleaned. */
export type Row = { readonly line: number; readonly cells: readonly string[] };

/** Titles are compared by their letters and digits alone, in any script. */
export const normalise = (title: string): string => title.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]/gu, "");

/** The titles of a row as people name the columns, each once: a second "Amount" is "Amount (2)", a column without a title "Column 4". */
export function columnLabels(titles: readonly string[]): string[] {
  const bare = titles.map(normalise);
  const taken = new Set(bare);
  const seen = new Set<string>();
  // Where to go on counting, so that a row of one title a thousand times over is not counted from the start for each.
  const next = new Map<string, number>();
  return titles.map((title, i) => {
    const name = bare[i] ?? "";
    if (name !== "" && !seen.has(name)) {
      seen.add(name);
      return title;
    }
    const stem = name === "" ? "column" : name;
    let n = Math.max(next.get(stem) ?? 2, name === "" ? i + 1 : 2);
    while (taken.has(`${stem}${n}`)) n += 1;
    next.set(stem, n + 1);
    taken.add(`${stem}${n}`);
    return name === "" ? `Column ${n}` : `${title} (${n})`;
  });
}

/** The titles of the columns of a file without a header, as `columnLabels` names columns without a title. */
export const titlesByPlace = (count: number): string[] => Array.from({ length: count }, (_, i) => `Column ${i + 1}`);
export const isByPlace = (title: string): boolean => /^Column \d+$/.test(title);

/** Spreadsheet guards (="000123") keep leading zeros; what they guard is the text inside. Line breaks within a cell are spaces. */
export function clean(cell: string): string {
  const text = cell.replace(/\s+/g, " ").trim();
  const guarded = /^="(.*)"$/.exec(text) ?? /^'(\d.*)$/.exec(text);
  return guarded ? (guarded[1] ?? "").trim() : text;
}

const LAKH_OR_MILLION = /^\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$/;

/**
 * "1,23,456.70 Cr", "(500.00)", "500.00-", "₹ 12" -> paise; a sentence when it is not an amount. Negative are Dr, a minus sign before or
 * behind, and brackets.
 */
export function amountOf(text: string): Paise | string {
  const bare = text
    .replace(/^_/, "")
    .replace(/^([+-]?)\s*(?:₹|rs\.?|inr)\s*/i, "$1")
    .replace(/\s*inr$/i, "");
  const bracketed = /^\(\s*([\d.,]+)\s*\)$/.exec(bare);
  const match = /^([+-]?)\s*([\d,]*\.?\d*)\s*(-?)\s*\(?(cr|dr|c|d)?\.?\)?$/i.exec(
    bracketed ? `-${bracketed[1]}` : bare,
  );
  const digits = match?.[2] ?? "";
  if (!match || !/\d/.test(digits) || (match[1] === "-" && match[3] === "-"))
    return `"${text.slice(0, 40)}" is not an amount`;
  if (digits.includes(",") && !LAKH_OR_MILLION.test(digits))
    return `"${text.slice(0, 40)}" has commas where an amount has none`;
  const plain = digits.replaceAll(",", "").replace(/^\./, "0.").replace(/\.$/, "");
  const isMinus = match[1] === "-" || match[3] === "-";
  try {
    const value = rupees(plain);
    return isMinus !== /^d/i.test(match[4] ?? "") ? subtract(ZERO, value) : value;
  } catch (error) {
    if (error instanceof Refusal) return error.detail;
    throw error;
  }
}

/** Whether an amount says by a suffix which way it went. */
export const hasMark = (text: string): boolean => /\(?\b(cr|dr|c|d)\.?\)?$/i.test(text) || /\d(cr|dr)\.?$/i.test(text);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * A day by the forms of a profile, which say what cannot be seen: that the day comes before the month. A month in letters, and the
 * 2026-04-01 that typed spreadsheet cells become, mean one thing only, and so does a short year after a day that comes first.
 */
export function dateOf(text: string, forms: readonly DateForm[]): LocalDate | undefined {
  // Some banks add the time of day; the business date is the day.
  const day = text.replace(/[ T]\d{1,2}[:.]\d{2}([:.]\d{2})?(\.\d+)?Z?( ?[ap]\.?m\.?)?$/i, "").trim();
  const isDayFirst = forms.includes("dd/mm/yyyy") || forms.includes("dd/mm/yy");
  const also: readonly DateForm[] = isDayFirst ? ["dd/mm/yyyy", "dd/mm/yy"] : [];
  for (const form of [...forms, ...also, "d mmm yyyy", "yyyy-mm-dd"] as const) {
    const iso = isoOf(day, form);
    const found = iso === undefined ? undefined : isoDay(iso);
    if (found) return found;
  }
  return undefined;
}

function isoOf(text: string, form: DateForm): string | undefined {
  const two = (s: string | undefined): string => (s ?? "").padStart(2, "0");
  switch (form) {
    case "yyyymmdd": {
      const m = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
      return m ? `${m[1]}-${m[2]}-${m[3]}` : undefined;
    }
    case "mm/dd/yyyy": {
      const m = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$/.exec(text);
      return m ? `${(m[4] ?? "").padStart(4, "20")}-${two(m[1])}-${two(m[3])}` : undefined;
    }
    case "yyyy-mm-dd":
      return text.replace(/^(\d{4})\/(\d\d)\/(\d\d)$/, "$1-$2-$3");
    case "dd/mm/yyyy": {
      const m = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$/.exec(text);
      return m ? `${m[4]}-${two(m[3])}-${two(m[1])}` : undefined;
    }
    case "dd/mm/yy": {
      const m = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{2})$/.exec(text);
      return m ? `20${m[4]}-${two(m[3])}-${two(m[1])}` : undefined;
    }
    case "d mmm yyyy": {
      const m = /^(\d{1,2})[ /.-]?([a-z]{3})[a-z]*[ /.,-]*(\d{4}|\d{2})$/i.exec(text);
      const month = m ? MONTHS.indexOf((m[2] ?? "").toLowerCase()) + 1 : 0;
      const year = (m?.[3] ?? "").padStart(4, "20");
      return m && month > 0 ? `${year}-${two(String(month))}-${two(m[1])}` : undefined;
    }
  }
}
