import { indianDate } from "./calendar.ts";

/** One line of the bank's statement, in paise; exactly one of debit and credit is set. */
export type BankLine = {
  readonly day: string;
  readonly valueDay?: string;
  readonly narration: string;
  readonly reference: string;
  readonly debit?: number;
  readonly credit?: number;
};

const rupees = (paise: number): string =>
  `${paise < 0 ? "-" : ""}${Math.floor(Math.abs(paise) / 100)}.${String(Math.abs(paise) % 100).padStart(2, "0")}`;
const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The statement as Indian banks hand it out: Date, Value Date, Narration, Ref No/UTR, Debit, Credit, Balance; dates 01/04/2026, the
 * first row is the opening balance, every row carries the running balance.
 */
export function bankStatementCsv(lines: readonly BankLine[], openingPaise: number, from: string, to: string): string {
  const sorted = lines
    .map((line, at) => ({ line, at }))
    .sort((a, b) => a.line.day.localeCompare(b.line.day) || a.at - b.at);
  let balance = openingPaise;
  const rows: string[] = [];
  for (const { line } of sorted) {
    const change = (line.credit ?? 0) - (line.debit ?? 0);
    if (line.day > to) break;
    if (line.day < from) {
      balance += change;
      continue;
    }
    if (rows.length === 0) rows.push(openingRow(from, balance));
    balance += change;
    rows.push(
      [
        indianDate(line.day),
        indianDate(line.valueDay ?? line.day),
        cell(line.narration),
        cell(line.reference),
        line.debit === undefined ? "" : rupees(line.debit),
        line.credit === undefined ? "" : rupees(line.credit),
        rupees(balance),
      ].join(","),
    );
  }
  if (rows.length === 0) rows.push(openingRow(from, balance));
  return `Date,Value Date,Narration,Ref No/UTR,Debit,Credit,Balance\r\n${rows.join("\r\n")}\r\n`;
}

function openingRow(day: string, balance: number): string {
  return `${indianDate(day)},${indianDate(day)},OPENING BALANCE,,,,${rupees(balance)}`;
}
