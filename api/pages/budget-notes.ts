import { budgetForecast, budgetWarnings, draftOf, type Voucher } from "../../ledger/index.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";

/** What the budget says about a voucher: what it would go beyond while it waits, what it went beyond once it is posted. */
export async function budgetNotes(read: Read, voucher: Voucher): Promise<string[]> {
  const draft = draftOf(voucher);
  if (voucher.entryId === null) return budgetForecast(read, draft);
  return (await budgetWarnings(read, { source: draft.source })).map(
    (w) =>
      `${w.budgetHead ?? w.accounts}: beyond the limit by ${formatIndian(w.overBy)}` +
      (w.overriddenBy === null ? "" : `, let pass by ${w.overriddenBy} (${w.reason ?? ""})`),
  );
}
