import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { evaluate, type Layout, type LayoutLine } from "../layouts/language.ts";
import type { Range } from "../ranges.ts";
import {
  balances,
  moved,
  ofYear,
  placed,
  readBooks,
  withRange,
  yearBefore,
  yearTo,
  type Books,
  type StatementSlice,
} from "./books.ts";

/** A line of a statement with its figures; headings have none. */
export type StatementLine = LayoutLine & { readonly amount: Paise; readonly previous: Paise };
export type Statement = { readonly books: Books; readonly lines: readonly StatementLine[] };

const amountIn = (amounts: ReadonlyMap<number, bigint>, no: number): Paise => paise(amounts.get(no) ?? 0n);

function linesOf(
  layout: Layout,
  amounts: ReadonlyMap<number, bigint>,
  previous: ReadonlyMap<number, bigint>,
): StatementLine[] {
  return layout.lines.map((line) => ({
    ...line,
    amount: amountIn(amounts, line.no),
    previous: amountIn(previous, line.no),
  }));
}

/** The last total of a statement: what it comes to. */
export function lastFigure(statement: Statement): Paise {
  return statement.lines.at(-1)?.amount ?? paise(0n);
}

/** Income and expenditure of a range, beside the same range a year before. Entries that close a year are not part of it. */
export async function incomeExpenditure(read: Read, range: Range, slice: StatementSlice = {}): Promise<Statement> {
  const books = await readBooks(read, range, slice);
  return incomeExpenditureOf(books, await withRange(read, books, yearBefore(range)));
}

export function incomeExpenditureOf(books: Books, before: Books): Statement {
  const { incomeExpenditure: layout } = books.layouts;
  const [now, then] = [ofYear(books), ofYear(before)];
  placed(layout, [now, then]);
  return { books, lines: linesOf(layout, evaluate(layout, { "": now }), evaluate(layout, { "": then })) };
}

/** Assets and liabilities at the end of a day, beside those at the end of the financial year before it. */
export async function balanceSheet(read: Read, day: Range["to"], slice: StatementSlice = {}): Promise<Statement> {
  return balanceSheetOf(await readBooks(read, yearTo(day), slice));
}

export function balanceSheetOf(books: Books): Statement {
  const { balanceSheet: layout } = books.layouts;
  const [now, then] = [balances(books, "closing"), balances(books, "opening")];
  placed(layout, [now, then]);
  return { books, lines: linesOf(layout, evaluate(layout, { "": now }), evaluate(layout, { "": then })) };
}

/** Total liabilities and total assets of a balance sheet. */
export function totalsOf(sheet: Statement): { readonly liabilities: Paise; readonly assets: Paise } {
  const [liabilities, assets] = sheet.lines.filter((line) => line.kind === "total" && line.level === 0);
  return { liabilities: liabilities?.amount ?? paise(0n), assets: assets?.amount ?? paise(0n) };
}

/**
 * Cash flows by the indirect method. Every movement of every account but cash stands in exactly one line, so the lines add up to what cash
 * moved by, whatever was booked; the layout is checked for it.
 */
export function cashFlowOf(books: Books): Statement {
  const { cashFlow: layout } = books.layouts;
  const isCash = (account: string): boolean => books.accounts.get(account)?.isCashBank === true;
  const flows = moved(books).filter(({ account }) => !isCash(account));
  placed(layout, [flows], { inParts: true });
  const opening = balances(books, "opening").filter(({ account }) => isCash(account));
  const amounts = evaluate(layout, { "": flows, opening });
  return { books, lines: linesOf(layout, amounts, new Map()) };
}

/** The balance of cash and banks at the end of the range. */
export function cashOf(books: Books, when: "opening" | "closing"): Paise {
  let sum = 0n;
  for (const { account, debit, credit } of balances(books, when))
    if (books.accounts.get(account)?.isCashBank) sum += debit - credit;
  return paise(sum);
}

export type FunctionRow = {
  readonly code: string;
  readonly ward: string;
  readonly income: Paise;
  readonly expenditure: Paise;
};

/**
 * Income and expenditure by function (and ward): credits less debits of income, debits less credits of all expenditure, prior-period items
 * and transfers to reserves among it; so income less expenditure is the net balance of the income and expenditure account.
 */
export async function functionWise(
  read: Read,
  range: Range,
  slice: StatementSlice = {},
  byWard = false,
): Promise<{ readonly books: Books; readonly rows: readonly FunctionRow[] }> {
  const books = await readBooks(read, range, slice, byWard ? ["function", "ward"] : ["function"]);
  const rows = new Map<string, { code: string; ward: string; income: bigint; expenditure: bigint }>();
  for (const row of books.rows) {
    const type = books.accounts.get(row.account)?.type;
    if (type !== "income" && type !== "expense") continue;
    const key = `${row.function}\u0001${row.ward}`;
    const sums = rows.get(key) ?? { code: row.function, ward: row.ward, income: 0n, expenditure: 0n };
    if (type === "income") sums.income += row.credit - row.debit;
    else sums.expenditure += row.debit - row.credit;
    rows.set(key, sums);
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return {
    books,
    rows: [...rows.values()]
      .filter((row) => row.income !== 0n || row.expenditure !== 0n)
      .sort((a, b) => order(a.code, b.code) || order(a.ward, b.ward))
      .map((row) => ({ ...row, income: paise(row.income), expenditure: paise(row.expenditure) })),
  };
}
