import Papa from "papaparse";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { Refusal, type Problem } from "../../ledger/kernel/errors.ts";
import { formatIndian, negate, rupees, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { BANK_PROFILES, type BankProfile, type DateForm } from "../profiles.ts";

/** One line of a bank statement as the bank wrote it. The amount is positive when the bank credited us. */
export type ParsedLine = {
  /** Where it stands in the file, counted from 1, for messages. */
  readonly fileLine: number;
  readonly date: LocalDate;
  readonly valueDate: LocalDate;
  readonly amount: Paise;
  /** The running balance after this line; negative is an overdraft. */
  readonly balance: Paise;
  readonly narration: string;
  readonly reference: string;
};

/** A statement whose balance chain holds. Lines are oldest first, whatever the order of the file. */
export type ParsedStatement = {
  /** Profile and version that read it: "sbi@1". */
  readonly profile: string;
  readonly order: "oldest-first" | "newest-first";
  readonly lines: readonly ParsedLine[];
  readonly opening: Paise;
  readonly closing: Paise;
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Last four digits of the account number, when the file names one. */
  readonly accountEnds?: string;
};

export type ParseResult =
  | { readonly ok: true; readonly statement: ParsedStatement }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export type ParseOptions = {
  /** Profile id; recognised by the header when not said. */
  readonly profile?: string | undefined;
  readonly profiles?: readonly BankProfile[];
  /** Control figures that a person copied from the bank's page. */
  readonly expected?: { readonly opening?: Paise; readonly closing?: Paise; readonly lines?: number };
};

const CSV_LIMITS = {
  bytes: 64 * 1024 * 1024,
  lines: 500_000,
  cellChars: 4000,
  preambleRows: 80,
  problems: 100,
} as const;

/**
 * Reads a bank statement and proves it: every line's balance follows from the one before, opening + Σ = closing, and control figures in
 * the file agree. Gives the statement or all problems (line, column, rule, arithmetic), at most 100; it throws nothing and guesses nothing.
 */
export function parseStatement(file: string | Uint8Array, options: ParseOptions = {}): ParseResult {
  const problems: Problem[] = [];
  const refuse = (code: string, message: string, line?: number, column?: string): void => {
    if (problems.length >= CSV_LIMITS.problems) return;
    problems.push({
      code,
      message,
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    });
  };
  const refused = (): ParseResult => ({ ok: false, problems });

  const text = typeof file === "string" ? file.replace(/^\uFEFF/, "") : decodeStatement(file);
  if (text.length > CSV_LIMITS.bytes) {
    refuse("STATEMENT_TOO_LARGE", `the file has ${text.length} characters; at most ${CSV_LIMITS.bytes} are read`);
    return refused();
  }
  if (text.trim() === "") {
    refuse("STATEMENT_EMPTY", "the file is empty");
    return refused();
  }
  if (text.includes("\0")) {
    refuse("STATEMENT_FORMAT", "this is a binary file (a spreadsheet?); save it as CSV");
    return refused();
  }

  const profiles = options.profiles ?? BANK_PROFILES;
  const table = recognise(
    text,
    options.profile === undefined ? profiles : profiles.filter((p) => p.id === options.profile),
    refuse,
  );
  if (!table) return refused();
  const { profile, rows, header } = table;
  const reader = cellReader(profile, header.columns);

  const lines: ParsedLine[] = [];
  const declared: { opening?: Declared; closing?: Declared } = {};
  let accountEnds: string | undefined;
  for (const row of rows.slice(0, header.row)) {
    accountEnds ??= accountEndsOf(row.cells);
    readDeclared(row, profile, declared);
  }
  for (const [i, row] of rows.entries()) {
    if (i <= header.row) continue;
    if (profile.footer && row.cells.some((c) => profile.footer?.test(c))) {
      readSummary(rows.slice(i), declared);
      break;
    }
    const cells = joinNarration(row.cells, profile, header);
    if (cells.every((c) => c === "" || /^[*_=-]+$/.test(c)) || isHeader(cells, header)) continue;
    readDeclared(row, profile, declared);
    if (lines.length >= CSV_LIMITS.lines) {
      refuse("STATEMENT_TOO_LARGE", `more than ${CSV_LIMITS.lines} lines`, row.line);
      return refused();
    }
    const tooLong = cells.find((c) => c.length > CSV_LIMITS.cellChars);
    if (tooLong !== undefined) {
      refuse(
        "STATEMENT_CELL",
        `a cell has ${tooLong.length} characters; at most ${CSV_LIMITS.cellChars} are read`,
        row.line,
      );
      continue;
    }
    const line = reader(row.line, cells, refuse, declared);
    if (line) lines.push(line);
  }
  if (problems.length > 0) return refused();
  if (lines.length === 0) {
    refuse("STATEMENT_EMPTY", `no statement line was found below the header in line ${rows[header.row]?.line ?? 1}`);
    return refused();
  }
  const statement = prove(lines, profile, declared, options.expected ?? {}, refuse);
  if (!statement || problems.length > 0) return refused();
  return { ok: true, statement: accountEnds === undefined ? statement : { ...statement, accountEnds } };
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;
type Row = { readonly line: number; readonly cells: readonly string[] };
type Header = {
  readonly row: number;
  readonly columns: ReadonlyMap<string, number>;
  readonly width: number;
  readonly titles: readonly string[];
};
type Declared = { readonly amount: Paise; readonly line: number };

/** Bytes to text: UTF-8, UTF-16 by its mark, else Windows-1252, which knows every byte. */
function decodeStatement(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// ------------------------------------------------------------------------------------------------ recognition

const normalise = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]/g, "");

function titlesOf(p: BankProfile): string[] {
  const amount =
    p.amount.kind === "two-columns"
      ? [p.amount.debit, p.amount.credit]
      : p.amount.kind === "marked"
        ? [p.amount.amount, p.amount.mark]
        : [p.amount.amount];
  return [p.date, p.valueDate, p.narration, p.reference, ...amount, p.balance, ...(p.also ?? [])]
    .filter((t) => t !== undefined)
    .map(normalise);
}

function recognise(text: string, profiles: readonly BankProfile[], refuse: Refuse) {
  if (profiles.length === 0) {
    refuse("STATEMENT_FORMAT", `no bank profile of that name; there are ${BANK_PROFILES.map((p) => p.id).join(", ")}`);
    return undefined;
  }
  const found: { profile: BankProfile; header: Header; titles: number }[] = [];
  for (const delimiter of new Set(profiles.map((p) => p.delimiter))) {
    const head = tokenise(text, delimiter, CSV_LIMITS.preambleRows).rows;
    for (const profile of profiles.filter((p) => p.delimiter === delimiter)) {
      const wanted = titlesOf(profile);
      for (const [row, { cells }] of head.entries()) {
        const titles = cells.map(normalise);
        if (!wanted.every((t) => titles.includes(t))) continue;
        const columns = new Map(wanted.map((t) => [t, titles.indexOf(t)]));
        found.push({
          profile,
          titles: wanted.length,
          header: { row, columns, width: Math.max(...columns.values()) + 1, titles },
        });
        break;
      }
    }
  }
  const most = Math.max(0, ...found.map((f) => f.titles));
  const best = found.filter((f) => f.titles === most);
  const newest = best.filter((f) =>
    best.every((o) => o.profile.id !== f.profile.id || o.profile.version <= f.profile.version),
  );
  const [only] = newest;
  if (!only || newest.length > 1) {
    refuse(
      "STATEMENT_FORMAT",
      only
        ? `the header fits several bank profiles (${newest.map((f) => f.profile.id).join(", ")}); say which one`
        : `no header of a known bank statement in the first ${CSV_LIMITS.preambleRows} rows; known: ${profiles.map((p) => `${p.id} (${titlesInWords(p)})`).join("; ")}`,
    );
    return undefined;
  }
  const { rows, error } = tokenise(text, only.profile.delimiter);
  if (error) {
    refuse("STATEMENT_TRUNCATED", `a quotation mark is not closed: the file was cut off or damaged`, error.line);
    return undefined;
  }
  return { profile: only.profile, header: only.header, rows };
}

const titlesInWords = (p: BankProfile): string =>
  [p.date, p.valueDate, p.narration, p.reference].filter((t) => t !== undefined).join(", ");

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

// Spreadsheet guards (="000123") keep leading zeros; what they guard is the text inside. Line breaks within a cell are spaces.
function clean(cell: string): string {
  const text = cell.replace(/\s+/g, " ").trim();
  const guarded = /^="(.*)"$/.exec(text);
  return guarded ? (guarded[1] ?? "").trim() : text;
}

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

function accountEndsOf(cells: readonly string[]): string | undefined {
  const at = cells.findIndex((c) => /\b(a\/c|account)\s*(no\b|number)/i.test(c));
  if (at < 0) return undefined;
  const digits = /(\d{6,})/.exec(
    cells
      .slice(at)
      .join(" ")
      .replace(/[X*x]+(?=\d)/g, "000000"),
  );
  return digits?.[1]?.slice(-4);
}

function readDeclared(row: Row, profile: BankProfile, declared: { opening?: Declared; closing?: Declared }): void {
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
function readSummary(rows: readonly Row[], declared: { opening?: Declared; closing?: Declared }): void {
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

function cellReader(profile: BankProfile, columns: ReadonlyMap<string, number>) {
  const at = (title: string | undefined): number => (title === undefined ? -1 : (columns.get(normalise(title)) ?? -1));
  const where = {
    date: at(profile.date),
    valueDate: at(profile.valueDate),
    narration: at(profile.narration),
    reference: at(profile.reference),
    balance: at(profile.balance),
  };
  const width = Math.max(...columns.values()) + 1;
  const fillers = new Set(["", ...(profile.fillers ?? [])]);
  const cell = (cells: readonly string[], i: number): string => {
    const value = i < 0 ? "" : (cells[i] ?? "");
    return fillers.has(value) ? "" : value;
  };

  return (
    line: number,
    cells: readonly string[],
    refuse: Refuse,
    declared: { opening?: Declared; closing?: Declared },
  ): ParsedLine | undefined => {
    const dateText = cell(cells, where.date);
    const looksLikeLine = /^\d{1,4}[ /.-]/.test(dateText);
    if (looksLikeLine && cells.length < width) {
      refuse("STATEMENT_TRUNCATED", `the line has ${cells.length} of ${width} cells: the file was cut off`, line);
      return undefined;
    }
    let isBad = false;
    const money = (title: string): Paise | undefined => {
      const text = cell(cells, at(title));
      if (text === "") return undefined;
      const amount = amountOf(text);
      if (typeof amount !== "string") return amount;
      if (looksLikeLine) {
        refuse("STATEMENT_AMOUNT", amount, line, title);
        isBad = true;
      }
      return undefined;
    };
    const date = dateOf(dateText, profile.dates);
    if (!date) {
      const anyMoney = [...columns.keys()].some(
        (t) =>
          /debit|credit|withdrawal|deposit|amount|balance/.test(t) &&
          /\d\.\d\d$/.test(cells[columns.get(t) ?? -1] ?? ""),
      );
      if (looksLikeLine || (anyMoney && where.narration >= 0 && cell(cells, where.narration) !== "")) {
        const pseudo = pseudoRow(cells, cell(cells, where.narration), money(profile.balance), line, declared);
        if (!pseudo)
          refuse(
            "STATEMENT_DATE",
            `"${dateText.slice(0, 40)}" is not a date of the form ${profile.dates.join(" or ")}`,
            line,
            profile.date,
          );
      }
      return undefined; // Preamble, page headings and legends.
    }
    const valueText = cell(cells, where.valueDate);
    const valueDate = valueText === "" ? date : dateOf(valueText, profile.dates);
    if (!valueDate) {
      refuse(
        "STATEMENT_DATE",
        `"${valueText.slice(0, 40)}" is not a date of the form ${profile.dates.join(" or ")}`,
        line,
        profile.valueDate,
      );
      return undefined;
    }
    const balance = money(profile.balance);
    const narration = cell(cells, where.narration);
    let amount: Paise | undefined;
    if (profile.amount.kind === "two-columns") {
      const debit = money(profile.amount.debit) ?? ZERO;
      const credit = money(profile.amount.credit) ?? ZERO;
      if (debit !== 0n && credit !== 0n) {
        refuse("STATEMENT_AMOUNT", `debit ${formatIndian(debit)} and credit ${formatIndian(credit)} on one line`, line);
        return undefined;
      }
      amount = subtract(credit, debit);
    } else if (profile.amount.kind === "marked") {
      const figure = money(profile.amount.amount);
      const mark = /^(cr|dr)\b\.?$/i.exec(cell(cells, at(profile.amount.mark)))?.[1]?.toLowerCase();
      if (!mark) {
        refuse("STATEMENT_AMOUNT", `the mark is neither Cr nor Dr`, line, profile.amount.mark);
        return undefined;
      }
      amount = figure === undefined ? undefined : mark === "cr" ? figure : subtract(ZERO, figure);
    } else {
      const text = cell(cells, at(profile.amount.amount));
      if (!/\(?(cr|dr)\.?\)?$/i.test(text)) {
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
    if (balance === undefined) {
      refuse("STATEMENT_BALANCE", "the line has no balance, so the file cannot be proved", line, profile.balance);
      return undefined;
    }
    return { fileLine: line, date, valueDate, amount, balance, narration, reference: cell(cells, where.reference) };
  };
}

// "Opening balance", "B/F": not a movement, but a control figure.
function pseudoRow(
  cells: readonly string[],
  narration: string,
  balance: Paise | undefined,
  line: number,
  declared: { opening?: Declared; closing?: Declared },
): boolean {
  const label = narration === "" ? cells.join(" ") : narration;
  const which = /\b(opening balance|b\/f|brought forward)\b/i.test(label)
    ? "opening"
    : /\b(closing balance|c\/f|carried forward)\b/i.test(label)
      ? "closing"
      : undefined;
  if (!which || balance === undefined) return false;
  declared[which] = { amount: balance, line };
  return true;
}

const LAKH_OR_MILLION = /^\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$/;

/** "1,23,456.70 Cr" -> paise; a sentence when it is not an amount. */
function amountOf(text: string): Paise | string {
  const match = /^([+-]?)\s*([\d,]*\.?\d*)\s*\(?(cr|dr)?\.?\)?$/i.exec(text.replace(/^_/, ""));
  const digits = match?.[2] ?? "";
  if (!match || !/\d/.test(digits)) return `"${text.slice(0, 40)}" is not an amount`;
  if (digits.includes(",") && !LAKH_OR_MILLION.test(digits))
    return `"${text.slice(0, 40)}" has commas where an amount has none`;
  const plain = digits.replaceAll(",", "").replace(/^\./, "0.").replace(/\.$/, "");
  try {
    const value = rupees(plain);
    return (match[1] === "-") !== (match[3]?.toLowerCase() === "dr") ? subtract(ZERO, value) : value;
  } catch (error) {
    if (error instanceof Refusal) return error.detail;
    throw error;
  }
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function dateOf(text: string, forms: readonly DateForm[]): LocalDate | undefined {
  // Some banks add the time of day; the business date is the day.
  const day = text.replace(/[ T]\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?$/i, "");
  for (const form of forms) {
    const iso = isoOf(day, form);
    if (iso === undefined) continue;
    try {
      return localDate(iso);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return undefined;
}

function isoOf(text: string, form: DateForm): string | undefined {
  const two = (s: string | undefined): string => (s ?? "").padStart(2, "0");
  switch (form) {
    case "yyyy-mm-dd":
      return text;
    case "dd/mm/yyyy": {
      const m = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$/.exec(text);
      return m ? `${m[4]}-${two(m[3])}-${two(m[1])}` : undefined;
    }
    case "dd/mm/yy": {
      const m = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{2})$/.exec(text);
      return m ? `20${m[4]}-${two(m[3])}-${two(m[1])}` : undefined;
    }
    case "d mmm yyyy": {
      const m = /^(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{4})$/i.exec(text);
      const month = m ? MONTHS.indexOf((m[2] ?? "").toLowerCase()) + 1 : 0;
      return m && month > 0 ? `${m[3]}-${two(String(month))}-${two(m[1])}` : undefined;
    }
  }
}

// ------------------------------------------------------------------------------------------------ proof

function prove(
  inFile: readonly ParsedLine[],
  profile: BankProfile,
  declared: { opening?: Declared; closing?: Declared },
  expected: { readonly opening?: Paise; readonly closing?: Paise; readonly lines?: number },
  refuse: Refuse,
): ParsedStatement | undefined {
  const backwards = inFile.toReversed();
  const breaks = { forward: firstBreak(inFile), backward: firstBreak(backwards) };
  const order = directionOf(inFile, breaks, declared, expected);
  const lines = order === "newest-first" ? backwards : inFile;
  const broken = order === "newest-first" ? breaks.backward : breaks.forward;
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return undefined;
  if (broken !== undefined) {
    const before = lines[broken - 1];
    const line = lines[broken];
    if (before && line) {
      const should = sum([before.balance, line.amount]);
      refuse(
        "STATEMENT_CHAIN",
        `balance ${formatIndian(before.balance)} ${line.amount < 0n ? "−" : "+"} ${formatIndian(line.amount < 0n ? negate(line.amount) : line.amount)} ` +
          `= ${formatIndian(should)}, but the file shows ${formatIndian(line.balance)}: difference ${formatIndian(subtract(line.balance, should))}; ` +
          `a line is missing, doubled or changed`,
        line.fileLine,
      );
    }
    return undefined;
  }
  const opening = subtract(first.balance, first.amount);
  const closing = last.balance;
  const total = sum(lines.map((l) => l.amount));
  if (sum([opening, total]) !== closing) {
    refuse(
      "STATEMENT_TOTAL",
      `opening ${formatIndian(opening)} + movements ${formatIndian(total)} is not closing ${formatIndian(closing)}`,
    );
  }
  const control = (what: string, stated: Paise | undefined, found: Paise, line?: number): void => {
    if (stated === undefined || stated === found) return;
    refuse(
      "STATEMENT_CONTROL",
      `the ${what} balance is stated as ${formatIndian(stated)}, the lines give ${formatIndian(found)}: difference ${formatIndian(subtract(found, stated))}`,
      line,
    );
  };
  control("opening", declared.opening?.amount, opening, declared.opening?.line);
  control("closing", declared.closing?.amount, closing, declared.closing?.line);
  control("opening", expected.opening, opening);
  control("closing", expected.closing, closing);
  if (expected.lines !== undefined && expected.lines !== lines.length) {
    refuse("STATEMENT_CONTROL", `${expected.lines} lines were announced, the file has ${lines.length}`);
  }
  const dates = lines.map((l) => l.date).sort();
  return {
    profile: `${profile.id}@${profile.version}`,
    order,
    lines,
    opening,
    closing,
    from: dates[0] ?? first.date,
    to: dates.at(-1) ?? last.date,
  };
}

/** Index of the first line whose balance does not follow from the one before it. */
function firstBreak(lines: readonly ParsedLine[]): number | undefined {
  for (let i = 1; i < lines.length; i++) {
    const before = lines[i - 1];
    const line = lines[i];
    if (before && line && before.balance + line.amount !== line.balance) return i;
  }
  return undefined;
}

// The chain decides. Where both directions hold (one line, or lines that cancel), control figures decide, then the dates.
function directionOf(
  inFile: readonly ParsedLine[],
  breaks: { readonly forward: number | undefined; readonly backward: number | undefined },
  declared: { readonly opening?: Declared; readonly closing?: Declared },
  expected: { readonly opening?: Paise; readonly closing?: Paise },
): "oldest-first" | "newest-first" {
  if (breaks.forward === undefined && breaks.backward !== undefined) return "oldest-first";
  if (breaks.backward === undefined && breaks.forward !== undefined) return "newest-first";
  const first = inFile[0];
  const last = inFile.at(-1);
  if (!first || !last) return "oldest-first";
  const closing = expected.closing ?? declared.closing?.amount;
  const opening = expected.opening ?? declared.opening?.amount;
  if (breaks.forward === undefined) {
    if (closing !== undefined && first.balance !== last.balance)
      return closing === first.balance ? "newest-first" : "oldest-first";
    if (opening !== undefined)
      return last.balance - last.amount === opening && first.balance - first.amount !== opening
        ? "newest-first"
        : "oldest-first";
  }
  return first.date > last.date ? "newest-first" : "oldest-first";
}
