import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { brs } from "../reconciliation/index.ts";
import { headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { BrsView } from "./pdf/statements.ts";

/** The bank reconciliation statement for printing. Raises BANK_ACCOUNT_UNKNOWN, STATEMENT_MISSING. */
export async function brsView(
  read: Read,
  options: { readonly account: string; readonly asOf: LocalDate; readonly language?: Language },
): Promise<BrsView> {
  const statement = await brs(read, options.account, options.asOf);
  return {
    ...headOf(read, options.language),
    account: { code: statement.account, name: `${statement.bank.name} ${statement.bank.numberMasked}`.trim() },
    asOf: options.asOf,
    bookBalance: statement.bookBalance,
    groups: statement.groups.map((group) => ({
      label: group.label,
      total: group.total,
      items: group.details.map((item) => ({
        date: item.date,
        reference: item.reference || item.voucher,
        particulars: [item.voucher, item.text, item.isStale ? "stale" : ""].filter(Boolean).join(", "),
        amount: item.amount,
      })),
    })),
    computedBalance: statement.computedBalance,
    statementBalance: statement.statementBalance,
    difference: statement.difference,
  };
}
