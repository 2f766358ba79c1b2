import { indianDate } from "./calendar.ts";

/** One line of the bank's statement, in paise; exactly one of debit and credit is set. */
export type BankLine = {
  readonly day: string;
  readonly valueDay?: string;
  readonly narration: string;
  readonly reference: string;
  readonly debit?: number;
  readonly credit?: number;
  /** A transfer of the gateway's own: its books count on it. */
  readonly isSettlement?: boolean;
};

export type StatementRange = { readonly openingPaise: number; readonly from: string; readonly to: string };

export const rupees = (paise: number): string =>
  `${paise < 0 ? "-" : ""}${Math.floor(Math.abs(paise) / 100)}.${String(Math.abs(paise) % 100).padStart(2, "0")}`;
const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The lines within the days, oldest first and in their own order within a day, each with the balance after it; and the balance before. */
export function runningLines(
  lines: readonly BankLine[],
  { openingPaise, from, to }: StatementRange,
): { readonly opening: number; readonly lines: readonly { readonly line: BankLine; readonly balance: number }[] } {
  let opening = openingPaise;
  let balance = openingPaise;
  const within: { line: BankLine; balance: number }[] = [];
  const sorted = lines
    .map((line, at) => ({ line, at }))
    .sort((a, b) => a.line.day.localeCompare(b.line.day) || a.at - b.at);
  for (const { line } of sorted) {
    if (line.day > to) break;
    balance += (line.credit ?? 0) - (line.debit ?? 0);
    if (line.day < from) opening = balance;
    else within.push({ line, balance });
  }
  return { opening, lines: within };
}

/**
 * The statement as Indian banks hand it out: Date, Value Date, Narration, Ref No/UTR, Debit, Credit, Balance; dates 01/04/2026, the
 * first row is the opening balance, every row carries the running balance.
 */
export function bankStatementCsv(lines: readonly BankLine[], openingPaise: number, from: string, to: string): string {
  const within = runningLines(lines, { openingPaise, from, to });
  const rows = [
    openingRow(from, within.opening),
    ...within.lines.map(({ line, balance }) =>
      [
        indianDate(line.day),
        indianDate(line.valueDay ?? line.day),
        cell(line.narration),
        cell(line.reference),
        line.debit === undefined ? "" : rupees(line.debit),
        line.credit === undefined ? "" : rupees(line.credit),
        rupees(balance),
      ].join(","),
    ),
  ];
  return `Date,Value Date,Narration,Ref No/UTR,Debit,Credit,Balance\r\n${rows.join("\r\n")}\r\n`;
}

function openingRow(day: string, balance: number): string {
  return `${indianDate(day)},${indianDate(day)},OPENING BALANCE,,,,${rupees(balance)}`;
}
