import { paise, type Paise } from "../../ledger/kernel/money.ts";
import { reportErrors } from "../errors.ts";
import { bySchedule, holds, sumCodes, type Amounts, type LayoutLine } from "../layouts/language.ts";
import { balances, ofYear, type Books } from "./books.ts";

export type ScheduleRow = { readonly code: string; readonly amount: Paise; readonly previous: Paise };
export type ScheduleMinor = ScheduleRow & { readonly accounts: readonly ScheduleRow[] };
/** A line of the face with the heads and accounts that make it. */
export type SchedulePart = { readonly line: LayoutLine; readonly minors: readonly ScheduleMinor[] } & Omit<
  ScheduleRow,
  "code"
>;
export type Schedule = {
  readonly code: string;
  readonly statement: "balance-sheet" | "income-expenditure";
  readonly parts: readonly SchedulePart[];
  readonly amount: Paise;
  readonly previous: Paise;
};

/** What a line that stands on the face alone is called among schedules: by its major head ("272"). */
export const scheduleCode = (line: LayoutLine): string => (line.schedule === "(face)" ? line.head : line.schedule);

/**
 * The schedules behind both statements: every line of the face split by minor head and account. They are made of the same amounts and the
 * same codes as the face, so each comes to the figure of its line.
 */
export function schedulesOf(books: {
  readonly sheet: Books;
  readonly year: Books;
  readonly yearBefore: Books;
}): Schedule[] {
  const { layouts } = books.sheet;
  const balanceSheet = [balances(books.sheet, "closing"), balances(books.sheet, "opening")] as const;
  const incomeExpenditure = [ofYear(books.year), ofYear(books.yearBefore)] as const;
  const from = (
    statement: Schedule["statement"],
    layout: typeof layouts.balanceSheet,
    [now, then]: readonly [readonly Amounts[], readonly Amounts[]],
  ): Schedule[] =>
    [...bySchedule(layout)]
      .flatMap(([code, lines]): [string, LayoutLine[]][] =>
        code === "(face)" ? lines.map((line) => [scheduleCode(line), [line]]) : [[code, lines]],
      )
      .map(([code, lines]) => {
        const parts = lines.map((line) => partOf(line, now, then));
        return { code, statement, parts, ...totalOf(parts) };
      });
  return [
    ...from("balance-sheet", layouts.balanceSheet, balanceSheet),
    ...from("income-expenditure", layouts.incomeExpenditure, incomeExpenditure),
  ];
}

function totalOf(rows: readonly { readonly amount: Paise; readonly previous: Paise }[]): {
  amount: Paise;
  previous: Paise;
} {
  const sum = (key: "amount" | "previous"): Paise => paise(rows.reduce((total, row) => total + row[key], 0n));
  return { amount: sum("amount"), previous: sum("previous") };
}

function partOf(line: LayoutLine, now: readonly Amounts[], then: readonly Amounts[]): SchedulePart {
  const codes = [...new Set([...now, ...then].map(({ account }) => account))].filter((a) => holds(line, a)).sort();
  const amount = (amounts: readonly Amounts[], code: string): Paise =>
    paise(
      line.codes
        ? sumCodes(
            line.codes,
            line.side,
            amounts.filter(({ account }) => account === code),
          )
        : 0n,
    );
  const minors = [...new Set(codes.map((code) => code.slice(0, 5)))].map((minor): ScheduleMinor => {
    const accounts = codes
      .filter((code) => code.startsWith(minor))
      .map((code) => ({ code, amount: amount(now, code), previous: amount(then, code) }));
    return { code: minor, accounts, ...totalOf(accounts) };
  });
  return { line, minors, ...totalOf(minors) };
}

/** One schedule by its code. Raises SCHEDULE_UNKNOWN. */
export function scheduleNamed(schedules: readonly Schedule[], code: string): Schedule {
  const found = schedules.find((schedule) => schedule.code === code.toUpperCase());
  if (!found)
    throw reportErrors.SCHEDULE_UNKNOWN({
      schedule: code.slice(0, 20),
      known: schedules.map((schedule) => schedule.code).join(", "),
    });
  return found;
}
