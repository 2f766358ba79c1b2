import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { reportErrors } from "./errors.ts";
import type { Language } from "./labels.ts";
import type { DocumentHead } from "./pdf/table.ts";

/** Who made the report and when, from the handle: the same for every report of one snapshot. */
export function headOf(read: Read, language: Language = "en"): DocumentHead {
  const { code, name, nameLocal } = read.ulb;
  return { ulb: { code, name, nameLocal }, language, generatedAt: read.clock(), generatedBy: read.actor.id };
}

/** Raises REPORT_RANGE when the range runs backwards. */
export function checkRange(range: { readonly from: LocalDate; readonly to: LocalDate }): void {
  if (range.from > range.to) throw reportErrors.REPORT_RANGE({ from: range.from, to: range.to });
}
