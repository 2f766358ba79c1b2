import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Problem } from "../../ledger/kernel/errors.ts";
import { formatIndian, negate, paise, subtract, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { BankProfile } from "../profiles.ts";
import {
  EXACT_PER_PAISA,
  exactText,
  problemList,
  type Exact,
  type Reading,
  type ReadLine,
  type ReadStatement,
} from "./reading.ts";

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

/** A statement that proved itself. Lines are oldest first, whatever the order of the file. */
export type ParsedStatement = {
  /** What read it: profile and version ("sbi@1"), or the format ("mt940", "camt.053.001.02"). */
  readonly profile: string;
  readonly order: "oldest-first" | "newest-first";
  readonly lines: readonly ParsedLine[];
  readonly opening: Paise;
  readonly closing: Paise;
  readonly from: LocalDate;
  readonly to: LocalDate;
  /** Last four digits of the account number, when the file names one. */
  readonly accountEnds?: string;
  /** How the bank writes what can be written two ways, where the balances had to decide. */
  readonly convention?: Convention;
  /** Nothing in the file or by a person states the opening balance: it is the closing one less the lines, and only the statement before proves it. */
  readonly isOpeningInferred?: boolean;
};

export type ParseResult =
  | { readonly ok: true; readonly statement: ParsedStatement }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export type ParseOptions = {
  /** Profile id; recognised by the header when not said. */
  readonly profile?: string | undefined;
  /** The profile of the account's earlier statements: where its header fits, it goes before others. */
  readonly usualProfile?: string | undefined;
  /**
   * A statement before this one is known, so that a file which states only its closing balance may open at what its lines leave of it. Whoever says
   * so holds that opening balance against the known one.
   */
  readonly isContinuation?: boolean;
  readonly profiles?: readonly BankProfile[];
  /** Control figures that a person copied from the bank's page. */
  readonly expected?: { readonly opening?: Paise; readonly closing?: Paise; readonly lines?: number };
  /** Last four digits of the account that is meant, for files with several. */
  readonly accountEnds?: string | undefined;
};

/**
 * What two banks write in two ways. `as-written`: the format's own rule. `reversals-turned`: a reversal carries the direction of what it
 * reverses. `minus-is-mark`: a minus before a debit or credit adds nothing to its column. `columns-swapped`: the titles of debit and credit
 * stand over each other's columns.
 */
export type Convention = "as-written" | "reversals-turned" | "minus-is-mark" | "columns-swapped";
const CONVENTIONS: readonly Convention[] = ["as-written", "reversals-turned", "minus-is-mark", "columns-swapped"];

function inConvention(line: ReadLine, convention: Convention): Exact {
  switch (convention) {
    case "as-written":
      return line.amount;
    case "reversals-turned":
      return line.isReversal ? -line.amount : line.amount;
    case "minus-is-mark":
      return line.isNegative ? -line.amount : line.amount;
    case "columns-swapped":
      return -line.amount;
  }
}

/**
 * Proves what was read. With running balances each follows from the one before; without, opening + Σ = closing for every statement, and
 * each opens as the one before it closed. A file that states no opening and closing proves itself only against a closing balance that a
 * person copied from the bank (`expected.closing`); one that states its closing balance alone, against the opening balance that a person states or
 * that follows from the statement before. Gives the statement in paise, or all problems; never a part of it.
 */
export function prove(reading: Reading, options: ParseOptions = {}): ParseResult {
  if (!reading.ok) return { ok: false, problems: reading.problems };
  const problems = problemList();
  const chosen = ofOneAccount(reading.statements, options.accountEnds, problems.add);
  if (!chosen) return { ok: false, problems: problems.list };
  const faults = chosen.flatMap((s) => s.problems);
  if (faults.length > 0) return { ok: false, problems: faults.slice(0, 100) };
  for (const s of chosen)
    if (s.currency !== undefined && s.currency.toUpperCase() !== "INR")
      problems.add(
        "STATEMENT_CURRENCY",
        `the statement is in ${s.currency.slice(0, 10)}; the books are in INR`,
        s.fileLine,
      );
  if (problems.list.length > 0) return { ok: false, problems: problems.list };

  const usable = chosen.map((s) => ({ ...s, lines: s.lines.filter((l) => !l.isPending && l.amount !== 0n) }));
  const lines = usable.flatMap((s) => s.lines);
  if (lines.length === 0)
    return {
      ok: false,
      problems: [{ code: "STATEMENT_EMPTY", message: "the file has no booked movement, so there is nothing to enter" }],
    };
  for (const line of lines)
    if (!line.date) problems.add("STATEMENT_DATE", "the line has no booking day", line.fileLine);
  if (problems.list.length > 0) return { ok: false, problems: problems.list };

  const [only] = usable;
  const isChain = usable.length === 1 && only !== undefined && only.lines.every((l) => l.balance !== undefined);
  const proved = isChain && only ? proveChain(only, options, problems.add) : proveTotals(usable, options, problems.add);
  if (!proved || problems.list.length > 0) return { ok: false, problems: problems.list };
  const dates = proved.lines.map((l) => l.date).sort();
  const first = dates[0];
  const last = dates.at(-1);
  if (first === undefined || last === undefined) return { ok: false, problems: problems.list };
  const ends = chosen.map((s) => endOf(s.account)).find((e) => e !== undefined);
  const closedOn = usable
    .map((s) => s.closedOn)
    .filter((d) => d !== undefined)
    .sort()
    .at(-1);
  return {
    ok: true,
    statement: {
      profile: reading.variant,
      order: proved.order,
      lines: proved.lines,
      opening: proved.opening,
      closing: proved.closing,
      from: first,
      to: closedOn !== undefined && closedOn > last ? closedOn : last,
      ...(ends === undefined ? {} : { accountEnds: ends }),
      ...(proved.convention === "as-written" ? {} : { convention: proved.convention }),
      ...(proved.isOpeningInferred === true ? { isOpeningInferred: true } : {}),
    },
  };
}

type Refuse = (code: string, message: string, line?: number, column?: string) => void;
type Proved = Pick<ParsedStatement, "order" | "lines" | "opening" | "closing" | "isOpeningInferred"> & {
  readonly convention: Convention;
};

const endOf = (account: string | undefined): string | undefined => {
  const digits = (account ?? "").replace(/[^0-9]/g, "");
  return digits.length >= 4 ? digits.slice(-4) : undefined;
};

function ofOneAccount(
  statements: readonly ReadStatement[],
  ends: string | undefined,
  refuse: Refuse,
): readonly ReadStatement[] | undefined {
  const key = (s: ReadStatement): string => (s.account ?? "").replace(/[^0-9A-Za-z]/g, "");
  const accounts = [...new Set(statements.map(key))];
  if (accounts.length === 1) return statements;
  const ours = accounts.filter((a) => ends !== undefined && a.endsWith(ends));
  if (ours.length === 1) return statements.filter((s) => key(s) === ours[0]);
  refuse(
    "STATEMENT_ACCOUNT",
    `the file has statements of ${accounts.length} accounts (ending in ${accounts
      .slice(0, 10)
      .map((a) => a.slice(-4) || "?")
      .join(", ")}); ` +
      (ends === undefined
        ? "which one is meant cannot be told, because the bank account has no number yet"
        : `${ours.length === 0 ? "none" : "more than one"} of them ends in ${ends}`),
  );
  return undefined;
}

// ------------------------------------------------------------------------------------------------ paise

function paiseOf(value: Exact, refuse: Refuse, line: number): Paise {
  if (value % EXACT_PER_PAISA !== 0n)
    refuse("STATEMENT_AMOUNT", `${exactText(value)} is not a whole number of paise`, line);
  return paise(value / EXACT_PER_PAISA);
}

function control(what: string, stated: Paise | undefined, found: Paise, refuse: Refuse, line?: number): void {
  if (stated === undefined || stated === found) return;
  refuse(
    "STATEMENT_CONTROL",
    `the ${what} balance is stated as ${formatIndian(stated)}, the lines give ${formatIndian(found)}: difference ${formatIndian(subtract(found, stated))}`,
    line,
  );
}

function controlLines(expected: number | undefined, found: number, refuse: Refuse): void {
  if (expected !== undefined && expected !== found)
    refuse("STATEMENT_CONTROL", `${expected} lines were announced, the file has ${found}`);
}

// ------------------------------------------------------------------------------------------------ running balances

function proveChain(statement: ReadStatement, options: ParseOptions, refuse: Refuse): Proved | undefined {
  const expected = options.expected ?? {};
  const stated = {
    opening: statement.opening === undefined ? undefined : paiseOf(statement.opening, refuse, statement.fileLine),
    closing: statement.closing === undefined ? undefined : paiseOf(statement.closing, refuse, statement.fileLine),
  };
  const asWritten = statement.lines.map((l) => lineOf(l, refuse));
  let convention: Convention = "as-written";
  let inFile = asWritten;
  // The chain decides about the columns too. A single line has no chain, so nothing is turned for it.
  for (const other of CONVENTIONS) {
    const turned = statement.lines.map((l, i) => ({
      ...(asWritten[i] ?? lineOf(l, refuse)),
      amount: paise(inConvention(l, other) / EXACT_PER_PAISA),
    }));
    const holds = firstBreak(turned) === undefined || firstBreak(turned.toReversed()) === undefined;
    if (!holds || (other !== "as-written" && turned.length < 3)) continue;
    inFile = turned;
    convention = other;
    break;
  }
  const backwards = inFile.toReversed();
  const breaks = { forward: firstBreak(inFile), backward: firstBreak(backwards) };
  const order = directionOf(inFile, breaks, stated, expected);
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
  control("opening", stated.opening, opening, refuse, statement.openingLine);
  control("closing", stated.closing, closing, refuse, statement.closingLine);
  control("opening", expected.opening, opening, refuse);
  control("closing", expected.closing, closing, refuse);
  controlLines(expected.lines, lines.length, refuse);
  return { order, lines, opening, closing, convention };
}

function lineOf(line: ReadLine, refuse: Refuse): ParsedLine {
  const date = line.date ?? line.valueDate;
  return {
    fileLine: line.fileLine,
    // Undated lines were refused before.
    date: date ?? ("1970-01-01" as LocalDate),
    valueDate: line.valueDate ?? date ?? ("1970-01-01" as LocalDate),
    amount: paiseOf(line.amount, refuse, line.fileLine),
    balance: paiseOf(line.balance ?? 0n, refuse, line.fileLine),
    narration: line.narration,
    reference: line.reference,
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
  stated: { readonly opening?: Paise | undefined; readonly closing?: Paise | undefined },
  expected: { readonly opening?: Paise; readonly closing?: Paise },
): "oldest-first" | "newest-first" {
  if (breaks.forward === undefined && breaks.backward !== undefined) return "oldest-first";
  if (breaks.backward === undefined && breaks.forward !== undefined) return "newest-first";
  const first = inFile[0];
  const last = inFile.at(-1);
  if (!first || !last) return "oldest-first";
  const closing = expected.closing ?? stated.closing;
  const opening = expected.opening ?? stated.opening;
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

// ------------------------------------------------------------------------------------------------ opening and closing only

/** The lines of a statement under the first convention by which it closes; as written when it has no balances or closes under none. */
export function settleLines(s: ReadStatement): {
  readonly convention: Convention;
  readonly closes: boolean | undefined;
} {
  if (s.opening === undefined || s.closing === undefined) return { convention: "as-written", closes: undefined };
  const movement = s.closing - s.opening;
  const booked = s.lines.filter((l) => !l.isPending);
  for (const convention of CONVENTIONS) {
    if (convention === "columns-swapped") continue;
    if (booked.reduce((t, l) => t + inConvention(l, convention), 0n) === movement) return { convention, closes: true };
  }
  return { convention: "as-written", closes: false };
}

/** The amount of a line under a convention. */
export const settledAmount = inConvention;

function proveTotals(inFile: readonly ReadStatement[], options: ParseOptions, refuse: Refuse): Proved | undefined {
  const expected = options.expected ?? {};
  const isNewestFirst = !follows(inFile) && follows(inFile.toReversed());
  const statements = isNewestFirst ? inFile.toReversed() : inFile;
  const settled = statements.map(settleLines);
  const convention = settled.find((s) => s.convention !== "as-written")?.convention ?? "as-written";
  const amountsOf = (i: number): Exact[] =>
    statements[i]?.lines.map((l) => inConvention(l, settled[i]?.convention ?? "as-written")) ?? [];
  const total = (i: number): Exact => amountsOf(i).reduce((t, a) => t + a, 0n);

  const first = statements[0];
  const last = statements.at(-1);
  if (!first || !last) return undefined;
  const all = statements.reduce((t, _, i) => t + total(i), 0n);
  const typed = expected.closing === undefined ? undefined : expected.closing * EXACT_PER_PAISA;
  const typedOpening = expected.opening === undefined ? undefined : expected.opening * EXACT_PER_PAISA;
  const end = typed ?? last.closing;
  const stated = first.opening ?? (typed !== undefined ? typed - all : undefined) ?? typedOpening;
  const isOpeningInferred = stated === undefined && end !== undefined && options.isContinuation === true;
  const opening = isOpeningInferred ? end - all : stated;
  if (opening === undefined || end === undefined) {
    refuse("STATEMENT_UNPROVED", unproved(opening, end, all), last.fileLine);
    return undefined;
  }

  // Each statement closes, and opens as the one before it closed.
  let at = opening;
  let isBroken = false;
  const broken: Refuse = (...problem) => {
    isBroken = true;
    refuse(...problem);
  };
  statements.forEach((s, i) => {
    if (s.opening !== undefined && s.opening !== at)
      broken(
        "STATEMENT_GAP",
        `the statement opens at ${exactText(s.opening)}, the one before it closed at ${exactText(at)}: difference ${exactText(s.opening - at)}; one between them is missing`,
        s.fileLine,
      );
    const movement = total(i);
    const closing = (s.opening ?? at) + movement;
    if (s.closing !== undefined && s.closing !== closing)
      broken(
        "STATEMENT_TOTAL",
        `opening ${exactText(s.opening ?? at)} + movements ${exactText(movement)} = ${exactText(closing)}, but the statement closes at ${exactText(s.closing)}: difference ${exactText(s.closing - closing)}`,
        s.fileLine,
      );
    at = s.closing ?? closing;
  });
  if (isBroken) return undefined;
  const found = { opening: paiseOf(opening, refuse, first.fileLine), closing: paiseOf(at, refuse, last.fileLine) };
  control("opening", expected.opening, found.opening, refuse);
  control("closing", expected.closing, found.closing, refuse);

  const dated = statements.map((s, i) => ({ s, amounts: amountsOf(i) }));
  const ordered = dated.flatMap(({ s, amounts }) => {
    const pairs = s.lines.map((line, i) => ({ line, amount: amounts[i] ?? 0n }));
    return isFalling(s.lines) ? pairs.toReversed() : pairs;
  });
  controlLines(expected.lines, ordered.length, refuse);
  let balance: Paise = found.opening;
  const lines = ordered.map(({ line, amount }) => {
    const value = paiseOf(amount, refuse, line.fileLine);
    balance = sum([balance, value]);
    return { ...lineOf(line, refuse), amount: value, balance };
  });
  if (balance !== found.closing && lines.length > 0)
    refuse(
      "STATEMENT_TOTAL",
      `opening ${formatIndian(found.opening)} and the movements give ${formatIndian(balance)}, the closing balance is ${formatIndian(found.closing)}`,
    );
  const isTurned = isNewestFirst || (statements.length === 1 && ordered[0]?.line !== first.lines[0]);
  return { order: isTurned ? "newest-first" : "oldest-first", lines, ...found, convention, isOpeningInferred };
}

/** What is missing to prove the file, with the figures that it has. */
function unproved(opening: Exact | undefined, closing: Exact | undefined, movement: Exact): string {
  const why = "so nothing shows that no line is missing";
  if (closing !== undefined)
    return (
      `the file states no opening balance (its own last balance is ${exactText(closing)}, its lines sum to ${exactText(movement)}), ${why}; ` +
      `give the opening balance of the bank's page`
    );
  if (opening !== undefined)
    return (
      `the file states no closing balance, ${why}: opening ${exactText(opening)} + movements ${exactText(movement)} = ` +
      `${exactText(opening + movement)}; give the closing balance of the bank's page, which must be that`
    );
  return `the file states no opening balance and no closing balance (its lines sum to ${exactText(movement)}), ${why}; give the closing balance of the bank's page`;
}

/** Without running balances only the days tell that a file lists the newest line first. */
function isFalling(lines: readonly ReadLine[]): boolean {
  const days = lines.map((l) => l.date ?? "");
  return days.every((d, i) => i === 0 || d <= (days[i - 1] ?? "")) && (days[0] ?? "") > (days.at(-1) ?? "");
}

function follows(statements: readonly ReadStatement[]): boolean {
  return statements.every((s, i) => {
    const before = statements[i - 1];
    return before?.closing === undefined || s.opening === undefined || before.closing === s.opening;
  });
}
