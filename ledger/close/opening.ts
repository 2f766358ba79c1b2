import { movements } from "../balances.ts";
import { financialYearEnd, financialYearStart, nextFinancialYear, type FinancialYear } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";

export type OpeningDifference = {
  readonly account: string;
  readonly fund: string;
  readonly function: string;
  readonly ward: string;
  readonly closing: Paise;
  readonly opening: Paise;
};

/**
 * The tie "opening of next year = closing of this", by account, fund, function and ward: the opening is derived from all entries, the
 * closing is this year with its closing entries. Empty when all is well; income and expenditure of a closed year end at nil.
 */
export async function openingDifferences(read: Read, fy: FinancialYear): Promise<OpeningDifference[]> {
  const by = ["fund", "function", "ward"] as const;
  const key = (r: { account: string; fund: string; function: string; ward: string }): string =>
    `${r.account}|${r.fund}|${r.function}|${r.ward}`;
  const first = financialYearStart(nextFinancialYear(fy));
  const closing = new Map<string, { account: string; fund: string; function: string; ward: string; amount: bigint }>();
  for (const r of await movements(read, {
    from: financialYearStart(fy),
    to: financialYearEnd(fy),
    by,
    closing: "in",
  })) {
    const amount = r.opening + r.debit - r.credit;
    if (amount !== 0n) closing.set(key(r), { ...r, amount });
  }
  const found: OpeningDifference[] = [];
  for (const r of await movements(read, { from: first, to: first, by })) {
    const was = closing.get(key(r))?.amount ?? 0n;
    closing.delete(key(r));
    if (r.opening !== was)
      found.push({
        account: r.account,
        fund: r.fund,
        function: r.function,
        ward: r.ward,
        closing: paise(was),
        opening: r.opening,
      });
  }
  for (const r of closing.values())
    found.push({
      account: r.account,
      fund: r.fund,
      function: r.function,
      ward: r.ward,
      closing: paise(r.amount),
      opening: paise(0n),
    });
  return found;
}
