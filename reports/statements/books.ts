import {
  listAccounts,
  movements,
  postingAccount,
  type Account,
  type Movement,
  type MovementOptions,
} from "../../ledger/index.ts";
import {
  addMonths,
  financialYearOf,
  financialYearStart,
  periodEnd,
  periodOf,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { reportErrors } from "../errors.ts";
import { layoutsOf, type Layouts } from "../layouts/index.ts";
import { asAmounts, misplaced, type Amounts, type Layout } from "../layouts/language.ts";
import type { Range } from "../ranges.ts";

export type { Amounts };

/** What a statement may be restricted to. */
export type StatementSlice = {
  readonly fund?: string | undefined;
  readonly function?: string | undefined;
  readonly ward?: string | undefined;
};

/** Everything that statements of a range are made of, read once. */
export type Books = {
  readonly range: Range;
  readonly slice: StatementSlice;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly layouts: Layouts;
  /** Where the surplus of a year stands until it joins the Municipal Fund. */
  readonly surplus: string;
  readonly rows: readonly Movement[];
};

/** The books of a range: one reading of balances, the chart, and the layouts of its version. */
export async function readBooks(
  read: Read,
  range: Range,
  slice: StatementSlice = {},
  by?: MovementOptions["by"],
): Promise<Books> {
  const rows = await movements(read, { ...range, ...slice, by });
  const accounts = new Map((await listAccounts(read)).map((account) => [account.code, account]));
  return {
    range,
    slice,
    accounts,
    layouts: await layoutsOf(read),
    surplus: await postingAccount(read, "surplus"),
    rows,
  };
}

/** The same books over another range; chart and layouts are not read again. */
export async function withRange(read: Read, books: Books, range: Range): Promise<Books> {
  if (range.to < read.ulb.startsOn) return { ...books, range, rows: [] };
  return { ...books, range, rows: await movements(read, { ...range, ...books.slice }) };
}

/** The financial year up to a day: what a balance sheet of that day is read from. */
export function yearTo(day: LocalDate): Range {
  return { from: financialYearStart(financialYearOf(day)), to: day };
}

/** The same range a year before; a range that ends with a month ends with it there too (29 February). */
export function yearBefore({ from, to }: Range): Range {
  const back = addMonths(to, -12);
  return { from: addMonths(from, -12), to: to === periodEnd(periodOf(to)) ? periodEnd(periodOf(back)) : back };
}

/** Code and name of a head; heads that the ULB's chart does not name are called by their code. */
export function nameOf(books: Books, code: string): string {
  return books.accounts.get(code)?.name ?? code;
}

const isOfYear = (books: Books, account: string): boolean =>
  ["income", "expense"].includes(books.accounts.get(account)?.type ?? "");

/** What moved on each account in the range. */
export function moved(books: Books): Amounts[] {
  return books.rows.map(({ account, debit, credit }) => ({ account, debit, credit }));
}

/** Income and expenditure of the range. */
export function ofYear(books: Books): Amounts[] {
  return moved(books).filter(({ account }) => isOfYear(books, account));
}

/**
 * The balances of assets and liabilities at the end of the range (or before it), the surplus of the year so far within the surplus account:
 * so a balance sheet balances on every day, closed or not.
 */
export function balances(books: Books, when: "opening" | "closing"): Amounts[] {
  const sums = new Map<string, bigint>();
  for (const row of books.rows) {
    const account = isOfYear(books, row.account) ? books.surplus : row.account;
    const balance = when === "opening" ? row.opening : row.opening + row.debit - row.credit;
    sums.set(account, (sums.get(account) ?? 0n) + balance);
  }
  return [...sums].filter(([, sum]) => sum !== 0n).map(([account, sum]) => asAmounts(account, sum));
}

/** Refuses to print a statement that leaves out or doubles an account that has an amount. Raises LAYOUT_ACCOUNT_UNPLACED. */
export function placed(
  layout: Layout,
  amounts: readonly (readonly Amounts[])[],
  options: Parameters<typeof misplaced>[2] = {},
): void {
  const accounts = new Set(amounts.flat().map(({ account }) => account));
  const problems = misplaced(layout, [...accounts], options);
  if (problems.length > 0)
    throw reportErrors.LAYOUT_ACCOUNT_UNPLACED({ layout: layout.name, problems: problems.slice(0, 5).join("; ") });
}
