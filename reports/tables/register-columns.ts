import { dateInIndia, financialYearEnd, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { paise, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { Flow, Measure } from "../../ledger/index.ts";
import type { ReportColumn, ReportOptions } from "../report-table.ts";

/** The day that a register is drawn up at: the one asked for, the end of the year asked for, today. */
export function registerDay(read: Read, options: ReportOptions): LocalDate {
  return (
    options.asOf ?? options.to ?? (options.fy === undefined ? dateInIndia(read.clock()) : financialYearEnd(options.fy))
  );
}

export const asAt = (day: LocalDate): readonly string[] => [`As at ${formatDate(day)}`];

export const text = (key: string, label: string, labelLocal?: string, weight = 1): ReportColumn => ({
  key,
  label,
  kind: "text",
  weight,
  ...(labelLocal === undefined ? {} : { labelLocal }),
});
export const date = (key: string, label: string): ReportColumn => ({ key, label, kind: "date" });
export const money = (key: string, label: string, labelLocal?: string): ReportColumn => ({
  key,
  label,
  kind: "amount",
  ...(labelLocal === undefined ? {} : { labelLocal }),
});
/** An amount whose sum over the rows means nothing. */
export const loose = (key: string, label: string): ReportColumn => ({ key, label, kind: "amount", isCarried: false });

export const REGISTER_SIGNATURES: readonly string[] = ["Accountant", "Chief Accounts Officer"];

/** Sums of what moved, by item and measure: of some kinds of act, or of all but some. */
export function flowsOf(flows: readonly Flow[]) {
  const byItem = groupBy(flows, (f) => f.item);
  return (
    item: string,
    measure: Measure,
    kinds: { readonly of?: readonly string[]; readonly not?: readonly string[] },
  ): Paise =>
    sum(
      (byItem.get(item) ?? [])
        .filter(
          (f) =>
            f.measure === measure &&
            (kinds.of === undefined || kinds.of.includes(f.kind)) &&
            !kinds.not?.includes(f.kind),
        )
        .map((f) => f.amount),
    );
}

export const less = (amount: Paise): Paise => paise(-amount);
