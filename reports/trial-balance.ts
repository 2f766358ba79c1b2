import { trialBalance, trialBalanceTotals, type TrialBalanceRow } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { subtract } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { TrialBalanceView } from "./pdf/statements.ts";
import type { CsvRow } from "./render/csv.ts";

/** The trial balance of a range as every form of it prints it; `balances` says whether debits and credits agree. Raises REPORT_RANGE. */
export async function trialBalanceView(
  read: Read,
  options: { readonly from: LocalDate; readonly to: LocalDate; readonly fund?: string; readonly language?: Language },
): Promise<TrialBalanceView> {
  checkRange(options);
  const { from, to, fund } = options;
  const rows = await trialBalance(read, { from, to, fund });
  const totals = trialBalanceTotals(rows);
  const differences = {
    opening: subtract(totals.openDebit, totals.openCredit),
    period: subtract(totals.debit, totals.credit),
    closing: subtract(totals.closeDebit, totals.closeCredit),
  };
  return {
    ...headOf(read, options.language),
    from,
    to,
    fund: fund ?? null,
    rows,
    totals,
    differences,
    balances: Object.values(differences).every((difference) => difference === 0n),
  };
}

/** Fixed by the interface: other programs read it. */
export const TRIAL_BALANCE_COLUMNS = [
  "code",
  "name",
  "open_dr",
  "open_cr",
  "dr",
  "cr",
  "close_dr",
  "close_cr",
] as const;

/** Rows for CSV; sums are the reader's business, so that the file holds accounts alone. */
export function trialBalanceRows(rows: readonly TrialBalanceRow[]): CsvRow[] {
  return rows.map((row) => ({
    code: row.code,
    name: row.name,
    open_dr: row.openDebit,
    open_cr: row.openCredit,
    dr: row.debit,
    cr: row.credit,
    close_dr: row.closeDebit,
    close_cr: row.closeCredit,
  }));
}
