import {
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  formatDate,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import { reportErrors } from "../errors.ts";
import { checkRange } from "../head.ts";
import type { ReportColumn, ReportOptions } from "../report-table.ts";

/** From and to, or the financial year, or the year up to a day. Raises REPORT_OPTION_MISSING, REPORT_RANGE. */
export function registerRange(
  report: string,
  options: ReportOptions,
): { readonly from: LocalDate; readonly to: LocalDate } {
  const { from, to, fy, asOf } = options;
  const range =
    fy !== undefined
      ? { from: financialYearStart(fy), to: financialYearEnd(fy) }
      : from !== undefined && to !== undefined
        ? { from, to }
        : asOf !== undefined
          ? { from: financialYearStart(financialYearOf(asOf)), to: asOf }
          : undefined;
  if (!range) throw reportErrors.REPORT_OPTION_MISSING({ report, option: "fy", example: "2026-27" });
  checkRange(range);
  return range;
}

/** The day at whose end a register is shown. Raises REPORT_OPTION_MISSING. */
export function registerDay(report: string, options: ReportOptions): LocalDate {
  const day = options.asOf ?? options.to ?? (options.fy === undefined ? undefined : financialYearEnd(options.fy));
  if (day === undefined) throw reportErrors.REPORT_OPTION_MISSING({ report, option: "as-of", example: "2027-03-31" });
  return day;
}

export const rangeLine = (range: { readonly from: LocalDate; readonly to: LocalDate }): string =>
  `From ${formatDate(range.from)} to ${formatDate(range.to)}`;

export const text = (key: string, label: string, weight = 1): ReportColumn => ({ key, label, kind: "text", weight });
export const date = (key: string, label: string): ReportColumn => ({ key, label, kind: "date" });
export const amount = (key: string, label: string, isCarried = true): ReportColumn => ({
  key,
  label,
  kind: "amount",
  isCarried,
});

/** bigint of the database as an amount: the domain of the column is paise. */
export const money = (value: bigint): Paise => value as Paise;
