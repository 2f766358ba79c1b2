import { toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { BrsItem } from "../brs.ts";
import type { BankReconciliation } from "../brs-read.ts";

/** The statement as JSON text: money in rupees, settlements on their way as they are printed. The same statement is the same text. */
export function composeText(statement: BankReconciliation): string {
  const kept = {
    ...statement,
    settlementsInTransit: statement.settlementsInTransit.map(
      ({ id, date, amount, kind, voucher, reference, text }): BrsItem => ({
        id,
        date,
        amount,
        kind,
        voucher,
        reference,
        text,
      }),
    ),
  };
  return JSON.stringify(kept, (_key, value: unknown) => (typeof value === "bigint" ? toRupees(value as Paise) : value));
}
