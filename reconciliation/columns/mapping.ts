import type { Problem } from "../../ledger/kernel/errors.ts";
import { columnLabels, dateOf, normalise, titlesByPlace, type Row } from "../parsers/cells.ts";
import { profileOf, type ColumnMapping, type ColumnRole, type TablePreview } from "../parsers/preview.ts";
import type { BankProfile, DateForm } from "../profiles.ts";

/** What a column of a statement can be, in the order in which a person is asked. */
export const COLUMN_ROLES = [
  "date",
  "value-date",
  "narration",
  "reference",
  "debit",
  "credit",
  "amount",
  "mark",
  "balance",
  "balance-mark",
] as const satisfies readonly ColumnRole[];

export const ROLE_WORDS: Readonly<Record<ColumnRole, string>> = {
  date: "date",
  "value-date": "value date",
  narration: "narration",
  reference: "reference",
  debit: "debit",
  credit: "credit",
  amount: "amount",
  mark: "CR/DR mark",
  balance: "balance",
  "balance-mark": "mark of the balance",
};

/** How the days of a file are written; the first is what banks in India use. */
export const DATE_FORMS = [
  "dd/mm/yyyy",
  "dd/mm/yy",
  "d mmm yyyy",
  "yyyy-mm-dd",
  "yyyymmdd",
  "mm/dd/yyyy",
] as const satisfies readonly DateForm[];

/** `headerLine` of a file that names its columns nowhere. */
export const NO_HEADER = 0;

/**
 * What a person says of the columns: where the titles stand (line of the file; 0: nowhere, the columns are known by their place) and which column,
 * counted from 0, is what.
 */
export type ColumnChoice = {
  readonly headerLine: number;
  readonly columns: Readonly<Partial<Record<ColumnRole, number>>>;
  readonly dates: DateForm;
};

export type Mapped =
  | { readonly ok: true; readonly mapping: ColumnMapping; readonly profile: BankProfile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The bank profile that a person's choice makes, or all that is missing or contradicts itself: no date, no narration, no amount with its direction,
 * one column said to be two things, a header without titles. Whether the file proves under it is for the balances to say.
 */
export function mappingOf(
  rows: readonly Row[],
  choice: ColumnChoice,
  named: { readonly id: string; readonly version: number; readonly bank: string },
): Mapped {
  const problems: Problem[] = [];
  const header = rows.find((r) => r.line === choice.headerLine);
  const cells = header?.cells ?? [];
  const isByPlace = choice.headerLine === NO_HEADER;
  const titles = isByPlace ? titlesByPlace(widthOf(rows)) : columnLabels(cells);
  if (!isByPlace && cells.filter((c) => normalise(c) !== "").length < 2)
    problems.push({
      code: "COLUMNS_HEADER",
      message: header
        ? `line ${choice.headerLine} names ${cells.filter((c) => normalise(c) !== "").length} columns; choose the line in which the columns are named`
        : `line ${choice.headerLine} is not among the first ${rows.length} rows of the file`,
      line: choice.headerLine,
    });
  const roles = new Map<number, ColumnRole>();
  for (const role of COLUMN_ROLES) {
    const at = choice.columns[role];
    if (at === undefined) continue;
    const before = roles.get(at);
    if (at < 0 || at >= titles.length)
      problems.push({
        code: "COLUMNS_UNKNOWN",
        message: `the ${ROLE_WORDS[role]} is said to stand in column ${at + 1}; ${isByPlace ? "the file" : `line ${choice.headerLine}`} has ${titles.length}`,
      });
    else if (before !== undefined)
      problems.push({
        code: "COLUMNS_TWICE",
        message: `column ${at + 1} (${titles[at] ?? ""}) is said to be the ${ROLE_WORDS[before]} and the ${ROLE_WORDS[role]}; it is one of them`,
      });
    else roles.set(at, role);
  }
  const has = (role: ColumnRole): boolean => choice.columns[role] !== undefined;
  if (!has("date"))
    problems.push({ code: "COLUMNS_DATE", message: "say which column has the date on which the bank booked a line" });
  if (!has("narration"))
    problems.push({ code: "COLUMNS_NARRATION", message: "say which column has the narration (what the line is for)" });
  problems.push(...amountProblems(has));
  if (has("balance-mark") && !has("balance"))
    problems.push({ code: "COLUMNS_BALANCE", message: "the balance has a mark but no column; say where it stands" });
  if (problems.length > 0) return { ok: false, problems };
  const mapping: ColumnMapping = {
    ...named,
    titles,
    roles: titles.map((_, i) => roles.get(i)),
    dates: [choice.dates],
  };
  const profile = profileOf(mapping);
  if (!profile) return { ok: false, problems: amountProblems(() => false) };
  return { ok: true, mapping, profile };
}

/** The columns of a file without a header: as many as most of its rows with more than one cell have, so that a note at its top counts for nothing. */
export function widthOf(rows: readonly Row[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of rows)
    if (cells.filter((c) => c !== "").length > 1) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].reduce((best, [width, n]) => (n > (counts.get(best) ?? 0) ? width : best), 0);
}

function amountProblems(has: (role: ColumnRole) => boolean): Problem[] {
  const isTwo = has("debit") || has("credit");
  const isOne = has("amount") || has("mark");
  if (isTwo && isOne)
    return [
      {
        code: "COLUMNS_AMOUNT",
        message:
          "amounts stand either in a debit and a credit column, or in one amount column (with a CR/DR mark or a sign); not both",
      },
    ];
  if (isTwo && !(has("debit") && has("credit")))
    return [
      {
        code: "COLUMNS_AMOUNT",
        message: `the ${has("debit") ? "debit" : "credit"} has a column and the ${has("debit") ? "credit" : "debit"} has none`,
      },
    ];
  if (!isTwo && !has("amount"))
    return [
      {
        code: "COLUMNS_AMOUNT",
        message: "say where the amounts stand: a debit and a credit column, or one amount column",
      },
    ];
  return [];
}

/** What the header's titles usually mean, for a person to correct; days by the form that most cells of the date's column have. */
export function guessChoice(preview: TablePreview): ColumnChoice {
  const place = guessByPlace(preview.rows);
  if (place) return place;
  const header = preview.rows[preview.headerRow];
  const columns: Partial<Record<ColumnRole, number>> = {};
  preview.roles.forEach((role, i) => {
    if (role !== undefined) columns[role] ??= i;
  });
  if (columns.debit !== undefined && columns.credit !== undefined) {
    delete columns.amount;
    delete columns.mark;
  }
  if (columns.date === undefined && columns["value-date"] !== undefined) {
    columns.date = columns["value-date"];
    delete columns["value-date"];
  }
  if (columns.narration === undefined && columns.reference !== undefined) {
    columns.narration = columns.reference;
    delete columns.reference;
  }
  const at = columns.date;
  const days = at === undefined ? [] : preview.rows.slice(preview.headerRow + 1).map((r) => r.cells[at] ?? "");
  const read = (form: DateForm): number => days.filter((d) => dateOf(d, [form]) !== undefined).length;
  const best = DATE_FORMS.reduce<DateForm>((b, form) => (read(form) > read(b) ? form : b), DATE_FORMS[0]);
  return { headerLine: header?.line ?? 1, columns, dates: best };
}

/** A file whose first row is a line already, with a date and an amount in it: only its date is guessed. */
function guessByPlace(rows: readonly Row[]): ColumnChoice | undefined {
  const first = rows.find((r) => r.cells.some((c) => c !== ""))?.cells ?? [];
  const hasMoney = first.some((c) => /\d[.]\d\d\b/.test(c));
  const form = DATE_FORMS.find((f) => first.some((c) => dateOf(c, [f]) !== undefined));
  if (form === undefined || !hasMoney) return undefined;
  const date = first.findIndex((c) => dateOf(c, [form]) !== undefined);
  return { headerLine: NO_HEADER, columns: { date }, dates: form };
}

/** A name for a profile from the bank's: "Town Co-operative Bank" is "town-co-operative-bank". */
export function profileIdOf(bank: string, taken: readonly string[]): string {
  const slug = bank
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50);
  return taken.includes(slug) ? `${slug}-own` : slug;
}
