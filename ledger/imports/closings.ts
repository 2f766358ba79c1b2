import { financialYearEnd, financialYearOf, type FinancialYear } from "../kernel/dates.ts";
import type { EntryDraft } from "../entries.ts";

/** The accounts of a year's end: 310-90, and 310-10 to which it goes (posting map "surplus" and "municipal-fund"). */
export type YearEndAccounts = { readonly surplus: string; readonly municipalFund: string };

/**
 * Which vouchers of a file close a year: journals of 31 March that bring income and expenditure to 310-90, and, where a file has such, those that
 * move 310-90 to 310-10 on that day. Posted as vouchers they would leave an income and expenditure account of nils; the close of the year
 * makes these entries itself, from the balances as they are, and the statements know them apart. Pure.
 */
export function yearClosings<T extends { readonly draft: EntryDraft }>(
  vouchers: readonly T[],
  isOfYear: (account: string) => boolean,
  { surplus, municipalFund }: YearEndAccounts,
): ReadonlySet<T> {
  const isAtEnd = ({ draft }: T): boolean =>
    draft.voucher === "journal" &&
    draft.date === financialYearEnd(financialYearOf(draft.date)) &&
    draft.lines.some((l) => l.account === surplus);
  const atEnd = vouchers.filter(isAtEnd);
  const closing = atEnd.filter(
    ({ draft }) =>
      draft.lines.some((l) => isOfYear(l.account)) &&
      draft.lines.every((l) => isOfYear(l.account) || l.account === surplus || l.account === municipalFund),
  );
  const years = new Set<FinancialYear>(closing.map(({ draft }) => financialYearOf(draft.date)));
  const moving = atEnd.filter(
    ({ draft }) =>
      years.has(financialYearOf(draft.date)) &&
      draft.lines.every((l) => l.account === surplus || l.account === municipalFund),
  );
  return new Set([...closing, ...moving]);
}
