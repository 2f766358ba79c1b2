import { formatIndian, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { BANK_PROFILES, type BankProfile } from "../profiles.ts";
import { amountOf, columnLabels, dateOf, hasMark, normalise, titlesByPlace, type Row } from "./cells.ts";
import { columnsIn, profileFromTitles } from "./columns.ts";
import type { ParseOptions } from "./prove.ts";
import {
  EXACT_PER_PAISA,
  LIMITS,
  narrationOf,
  problemList,
  unreadable,
  type Reading,
  type ReadLine,
  type StatementFormat,
} from "./reading.ts";

/** The header stands in the first rows; further down nothing is looked for. */
export const PREAMBLE_ROWS = 80;

/**
 * Reads the table of a bank statement by the profile whose header it has, or by the field's usual titles. Rows above the header, page
 * headings and legends are not lines; a row that looks like a line and cannot be read is a problem, and then nothing is read.
 */
export function readTable(rows: readonly Row[], format: StatementFormat, options: ParseOptions = {}): Reading {
  const profiles = options.profiles ?? BANK_PROFILES;
  const found = bestHeader(rows.slice(0, PREAMBLE_ROWS), profiles, options, format);
  if (found.kind === "refused") return found.reading;
  if (found.kind === "none") return unknownHeader(format, profiles, options.profile);
  const { profile, header } = found;
  const problems = problemList();
  const refuse = problems.add;
  const lines: ReadLine[] = [];
  const declared: Stated = {};
  let account: string | undefined;
  for (const row of rows.slice(0, Math.max(0, header.row))) {
    account ??= accountIn(row.cells);
    readDeclared(row, profile, declared);
  }
  const reader = cellReader(profile, header);
  let isBelowLine = false;
  for (const [i, row] of rows.entries()) {
    if (i <= header.row) continue;
    if (profile.footer && row.cells.some((c) => profile.footer?.test(c))) {
      readSummary(rows.slice(i), declared);
      break;
    }
    const cells = joinNarration(row.cells, profile, header);
    if (cells.every((c) => c === "" || /^[*_=-]+$/.test(c)) || isHeader(cells, header)) {
      isBelowLine = false;
      continue;
    }
    readDeclared(row, profile, declared);
    if (lines.length >= LIMITS.lines)
      return unreadable(format, "STATEMENT_TOO_LARGE", `more than ${LIMITS.lines} lines`, row.line);
    const tooLong = cells.find((c) => c.length > LIMITS.cellChars);
    if (tooLong !== undefined) {
      refuse(
        "STATEMENT_CELL",
        `a cell has ${tooLong.length} characters; at most ${LIMITS.cellChars} are read`,
        row.line,
      );
      continue;
    }
    const more = isBelowLine ? continuation(cells, header, profile) : undefined;
    const before = lines.at(-1);
    if (more !== undefined && before) {
      lines[lines.length - 1] = { ...before, narration: narrationOf([before.narration, more]) };
      continue;
    }
    const line = reader(row.line, cells, refuse, declared);
    if (line) lines.push(line);
    isBelowLine = line !== undefined;
  }
  if (problems.list.length > 0) return { ok: false, format, problems: problems.list };
  if (lines.length === 0)
    return unreadable(
      format,
      "STATEMENT_EMPTY",
      header.row < 0
        ? `no row has a date in column ${(header.columns.get(normalise(profile.date)) ?? 0) + 1}`
        : `no statement line was found below the header in line ${rows[header.row]?.line ?? 1}`,
    );
  return {
    ok: true,
    format,
    variant: `${profile.id}@${profile.version}`,
    statements: [
      {
        account,
        opening: declared.opening && declared.opening.amount * EXACT_PER_PAISA,
        closing: declared.closing && declared.closing.amount * EXACT_PER_PAISA,
        openingLine: declared.opening?.line,
        closingLine: declared.closing?.line,
        lines,
        fileLine: rows[header.row]?.line ?? 1,
        problems: [],
      },
    ],
  };
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;
type Declared = { readonly amount: Paise; readonly line: number };
type Stated = { opening?: Declared; closing?: Declared };
type Header = {
  /** −1: the file has none. */
  readonly row: number;
  /** Column of each title of the profile, normalised. */
  readonly columns: ReadonlyMap<string, number>;
  /** As they stand, normalised; `names` has each once. */
  readonly titles: readonly string[];
  readonly names: readonly string[];
};

// ------------------------------------------------------------------------------------------------ recognition

function amountTitlesOf({ amount }: BankProfile): string[] {
  if (amount.kind === "two-columns") return [amount.debit, amount.credit];
  return amount.kind === "marked" ? [amount.amount, amount.mark] : [amount.amount];
}

/** The titles that a header of the profile has, each once. */
function titlesOf(p: BankProfile): string[] {
  return [...new Set([...readTitlesOf(p), ...(p.also ?? []).map(normalise)])];
}

/** Those of the columns that are read. */
function readTitlesOf(p: BankProfile): string[] {
  return [p.date, p.valueDate, p.narration, p.reference, ...amountTitlesOf(p), p.balance]
    .filter((t) => t !== undefined)
    .map(normalise);
}

export type HeaderSearch =
  | { readonly kind: "found"; readonly profile: BankProfile; readonly header: Header; readonly titles: number }
  | { readonly kind: "refused"; readonly reading: Reading }
  | { readonly kind: "none" };

/**
 * The profile with the most titles in one of the rows, of equals the ULB's own and then the newest version; the account's own profile before all
 * where its header is there. Where none fits, the field's usual titles; a profile by place only where it is asked for, or is the account's own.
 */
export function bestHeader(
  rows: readonly Row[],
  profiles: readonly BankProfile[],
  options: Pick<ParseOptions, "profile" | "usualProfile">,
  format: StatementFormat,
): HeaderSearch {
  const only = options.profile;
  const asked = only === undefined ? profiles : profiles.filter((p) => p.id === only);
  const found: { profile: BankProfile; header: Header; titles: number }[] = [];
  const heads = rows.map(({ cells }) => namesOf(cells));
  for (const profile of asked) {
    if (profile.positions !== undefined) continue;
    const wanted = titlesOf(profile);
    const row = heads.findIndex((names) => wanted.every((t) => names.includes(t)));
    const cells = rows[row]?.cells;
    if (!cells) continue;
    found.push({ profile, titles: wanted.length, header: headerAt(row, cells, profile) });
  }
  const usual = found.filter((f) => f.profile.id === options.usualProfile);
  const fitting = usual.length > 0 ? usual : found;
  const most = Math.max(0, ...fitting.map((f) => f.titles));
  const equal = fitting.filter((f) => f.titles === most);
  const own = equal.filter((f) => f.profile.isOwn === true);
  const best = own.length > 0 ? own : equal;
  const newest = best.filter((f) =>
    best.every((o) => o.profile.id !== f.profile.id || o.profile.version <= f.profile.version),
  );
  const [first] = newest;
  if (first && newest.length > 1)
    return {
      kind: "refused",
      reading: unreadable(
        format,
        "STATEMENT_FORMAT",
        `the header fits several bank profiles (${newest.map((f) => f.profile.id).join(", ")}); say which one`,
      ),
    };
  if (first) return { kind: "found", ...first };
  const titled = only === undefined ? byUsualTitles(rows) : NONE;
  return titled.kind === "found"
    ? titled
    : byPlace(
        rows,
        asked.filter((p) => p.id === (only ?? options.usualProfile)),
      );
}

const NONE: HeaderSearch = { kind: "none" };

/** The newest version without a header under which a row is as wide as it says and has its date in its place. */
function byPlace(rows: readonly Row[], profiles: readonly BankProfile[]): HeaderSearch {
  for (const profile of profiles.toSorted((a, b) => b.version - a.version)) {
    const { positions } = profile;
    if (positions === undefined) continue;
    const names = titlesByPlace(positions).map(normalise);
    const columns = new Map(readTitlesOf(profile).map((t) => [t, names.indexOf(t)]));
    const date = columns.get(normalise(profile.date)) ?? -1;
    const isLine = ({ cells }: Row): boolean =>
      cells.length === positions && dateOf(cells[date] ?? "", profile.dates) !== undefined;
    // One title: the weakest of all that can be found.
    if (rows.some(isLine))
      return { kind: "found", profile, titles: 1, header: { row: -1, columns, titles: names, names } };
  }
  return NONE;
}

function byUsualTitles(rows: readonly Row[]): HeaderSearch {
  for (const [row, { cells }] of rows.entries()) {
    const profile = profileFromTitles(columnsIn(cells), cells);
    if (profile)
      return {
        kind: "found",
        profile,
        titles: titlesOf(profile).length,
        header: headerAt(row, cells, profile),
      };
  }
  return NONE;
}

const namesOf = (cells: readonly string[]): string[] => columnLabels(cells).map(normalise);

function headerAt(row: number, cells: readonly string[], profile: BankProfile): Header {
  const names = namesOf(cells);
  return {
    row,
    names,
    titles: cells.map(normalise),
    columns: new Map(readTitlesOf(profile).map((t) => [t, names.indexOf(t)])),
  };
}

export function unknownHeader(
  format: StatementFormat,
  profiles: readonly BankProfile[],
  only: string | undefined,
): Reading {
  if (only !== undefined && !profiles.some((p) => p.id === only))
    return unreadable(
      format,
      "STATEMENT_FORMAT",
      `no bank profile of that name; there are ${profiles.map((p) => p.id).join(", ")}`,
    );
  return unreadable(
    format,
    "STATEMENT_FORMAT",
    `no header of a known bank statement in the first ${PREAMBLE_ROWS} rows; known: ${profiles.map((p) => `${p.id} (${titlesInWords(p)})`).join("; ")}`,
  );
}

const titlesInWords = (p: BankProfile): string =>
  [p.date, p.valueDate, p.narration, p.reference].filter((t) => t !== undefined).join(", ");

function isHeader(cells: readonly string[], header: Header): boolean {
  return cells.length === header.titles.length && cells.every((c, i) => normalise(c) === header.titles[i]);
}

// Unquoted commas of a narration make surplus cells: give them back to it.
function joinNarration(cells: readonly string[], profile: BankProfile, header: Header): readonly string[] {
  const surplus = cells.length - header.titles.length;
  const at = header.columns.get(normalise(profile.narration));
  if (!profile.narrationHasCommas || surplus <= 0 || at === undefined) return cells;
  return [...cells.slice(0, at), cells.slice(at, at + surplus + 1).join(", "), ...cells.slice(at + surplus + 1)];
}

/** A row directly below a line that has text in the narration's column alone goes on with that narration. */
function continuation(cells: readonly string[], header: Header, profile: BankProfile): string | undefined {
  const at = header.columns.get(normalise(profile.narration)) ?? -1;
  const text = cells[at] ?? "";
  const isAlone = cells.every((c, i) => i === at || c === "");
  return isAlone && text !== "" && !/\b(opening|closing|balance|total|b\/f|c\/f)\b/i.test(text) ? text : undefined;
}

function accountIn(cells: readonly string[]): string | undefined {
  const at = cells.findIndex((c) => /\b(a\/c|acct?|account)\s*(no\b|num|number)|\bacct -/i.test(c));
  if (at < 0) return undefined;
  const digits = /(\d{6,})/.exec(
    cells
      .slice(at)
      .join(" ")
      .replace(/[X*x]+(?=\d)/g, "000000"),
  );
  return digits?.[1];
}

function readDeclared(row: Row, profile: BankProfile, declared: Stated): void {
  for (const which of ["opening", "closing"] as const) {
    const label = profile[which];
    if (!label) continue;
    const at = row.cells.findIndex((c) => label.test(c));
    if (at < 0) continue;
    for (const cell of row.cells.slice(at + 1)) {
      const amount = amountOf(cell);
      if (typeof amount !== "string") {
        declared[which] = { amount, line: row.line };
        break;
      }
    }
  }
}

// A summary below the table: titles in one row, figures in the next.
function readSummary(rows: readonly Row[], declared: Stated): void {
  rows.forEach((row, i) => {
    const figures = rows[i + 1];
    if (!figures) return;
    for (const [which, label] of [
      ["opening", /^opening bal(ance)?$/i],
      ["closing", /^closing bal(ance)?$/i],
    ] as const) {
      const amount = amountOf(figures.cells[row.cells.findIndex((c) => label.test(c))] ?? "");
      if (typeof amount !== "string") declared[which] = { amount, line: figures.line };
    }
  });
}

// ------------------------------------------------------------------------------------------------ cells

/** What stands in an amount's cell when there is none. */
const NO_AMOUNT = /^(-+|–|—|n\.?a\.?|n\/a|nil|null|\.)$/i;

function cellReader(profile: BankProfile, header: Header) {
  const { columns } = header;
  const at = (title: string | undefined): number => (title === undefined ? -1 : (columns.get(normalise(title)) ?? -1));
  const where = {
    date: at(profile.date),
    valueDate: at(profile.valueDate),
    narration: at(profile.narration),
    reference: at(profile.reference),
    balance: at(profile.balance),
  };
  // Two columns of one name: the mark of the balance is the one behind it.
  const balanceMark =
    profile.balanceMark === undefined
      ? -1
      : profile.isOwn === true
        ? header.names.indexOf(normalise(profile.balanceMark))
        : header.titles.findIndex((t, i) => i > where.balance && t === normalise(profile.balanceMark ?? ""));
  const width = Math.max(...columns.values()) + 1;
  const fillers = new Set(["", ...(profile.fillers ?? [])]);
  const cell = (cells: readonly string[], i: number): string => {
    const value = i < 0 ? "" : (cells[i] ?? "");
    return fillers.has(value) ? "" : value;
  };
  const forms = profile.dates.join(" or ");
  const moneyTitles = new Set([...amountTitlesOf(profile), profile.balance].map((t) => normalise(t ?? "")));

  return (line: number, cells: readonly string[], refuse: Refuse, declared: Stated): ReadLine | undefined => {
    const dateText = cell(cells, where.date);
    const looksLikeLine = /^\d{1,4}[ /.-]|^\d{8}$/.test(dateText);
    if (looksLikeLine && cells.length < width) {
      refuse("STATEMENT_TRUNCATED", `the line has ${cells.length} of ${width} cells: the file was cut off`, line);
      return undefined;
    }
    let isBad = false;
    const money = (title: string | undefined): Paise | undefined => {
      const text = cell(cells, at(title));
      if (text === "" || NO_AMOUNT.test(text)) return undefined;
      const amount = amountOf(text);
      if (typeof amount !== "string") return amount;
      if (looksLikeLine) {
        refuse("STATEMENT_AMOUNT", amount, line, title);
        isBad = true;
      }
      return undefined;
    };
    const balanceOf = (): Paise | undefined => {
      const amount = money(profile.balance);
      return amount !== undefined && /^dr\b/i.test(cells[balanceMark] ?? "") ? subtract(ZERO, amount) : amount;
    };
    const narration = cell(cells, where.narration);
    const date = dateOf(dateText, profile.dates);
    if (!date) {
      // What a person said is money is money, whatever its title.
      const anyMoney = [...columns.keys()].some(
        (t) =>
          (/debit|credit|withdrawal|deposit|amount|balance/.test(t) ||
            (profile.isOwn === true && moneyTitles.has(t))) &&
          /\d\.\d\d$/.test(cells[columns.get(t) ?? -1] ?? ""),
      );
      const isTotal = !looksLikeLine && cells.some((c) => /^(page |grand |sub ?)?totals?\b/i.test(c));
      if (!isTotal && (looksLikeLine || (anyMoney && narration !== ""))) {
        if (!pseudoRow(cells, narration, balanceOf(), line, declared))
          refuse("STATEMENT_DATE", `"${dateText.slice(0, 40)}" is not a date of the form ${forms}`, line, profile.date);
      }
      return undefined; // Preamble, page headings, totals and legends.
    }
    const valueText = cell(cells, where.valueDate);
    const valueDate = valueText === "" || NO_AMOUNT.test(valueText) ? date : dateOf(valueText, profile.dates);
    if (!valueDate) {
      refuse(
        "STATEMENT_DATE",
        `"${valueText.slice(0, 40)}" is not a date of the form ${forms}`,
        line,
        profile.valueDate,
      );
      return undefined;
    }
    const balance = balanceOf();
    let amount: Paise | undefined;
    let isNegative = false;
    if (profile.amount.kind === "two-columns") {
      const debit = money(profile.amount.debit) ?? ZERO;
      const credit = money(profile.amount.credit) ?? ZERO;
      if (debit !== 0n && credit !== 0n) {
        refuse("STATEMENT_AMOUNT", `debit ${formatIndian(debit)} and credit ${formatIndian(credit)} on one line`, line);
        return undefined;
      }
      isNegative = debit < 0n || credit < 0n;
      amount = subtract(credit, debit);
    } else if (profile.amount.kind === "marked") {
      const figure = money(profile.amount.amount);
      const mark = markOf(cell(cells, at(profile.amount.mark)));
      if (mark === undefined) {
        if (pseudoRow(cells, narration, balance, line, declared)) return undefined;
        refuse("STATEMENT_AMOUNT", `the mark is neither Cr nor Dr`, line, profile.amount.mark);
        return undefined;
      }
      isNegative = figure !== undefined && figure < 0n;
      amount = figure === undefined ? undefined : mark === "credit" ? figure : subtract(ZERO, figure);
    } else {
      const text = cell(cells, at(profile.amount.amount));
      if (profile.amount.kind === "suffixed" && !hasMark(text)) {
        if (pseudoRow(cells, narration, balance, line, declared)) return undefined;
        refuse("STATEMENT_AMOUNT", `"${text.slice(0, 40)}" says neither (Cr) nor (Dr)`, line, profile.amount.amount);
        return undefined;
      }
      amount = money(profile.amount.amount);
    }
    if (isBad) return undefined;
    if (amount === undefined || amount === 0n) {
      if (pseudoRow(cells, narration, balance, line, declared)) return undefined;
      refuse("STATEMENT_AMOUNT", "the line has neither a debit nor a credit", line);
      return undefined;
    }
    if (profile.balance !== undefined && balance === undefined) {
      refuse("STATEMENT_BALANCE", "the line has no balance, so the file cannot be proved", line, profile.balance);
      return undefined;
    }
    return {
      fileLine: line,
      date,
      valueDate,
      amount: amount * EXACT_PER_PAISA,
      ...(balance === undefined ? {} : { balance: balance * EXACT_PER_PAISA }),
      narration,
      reference: cell(cells, where.reference),
      ...(isNegative ? { isNegative: true } : {}),
    };
  };
}

function markOf(text: string): "credit" | "debit" | undefined {
  const mark = /^\(?(cr|dr|c|d|credit|debit)\b\.?\)?$/i.exec(text)?.[1]?.toLowerCase();
  return mark === undefined ? undefined : mark.startsWith("c") ? "credit" : "debit";
}

// "Opening balance", "B/F": not a movement, but a control figure.
function pseudoRow(
  cells: readonly string[],
  narration: string,
  balance: Paise | undefined,
  line: number,
  declared: Stated,
): boolean {
  const label = narration === "" ? cells.join(" ") : narration;
  const which = /\b(opening bal(ance)?|b\/f|brought forward)\b/i.test(label)
    ? "opening"
    : /\b(closing bal(ance)?|c\/f|carried forward)\b/i.test(label)
      ? "closing"
      : undefined;
  if (!which || balance === undefined) return false;
  // Where every page repeats them, the first brought forward and the last carried forward are the statement's.
  if (which === "closing" || declared.opening === undefined) declared[which] = { amount: balance, line };
  return true;
}
