import {
  dateInIndia,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  formatDate,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { reportErrors } from "./errors.ts";
import type { ReportOptions } from "./report-table.ts";

export type Range = { readonly from: LocalDate; readonly to: LocalDate };

/** The range of a report: a financial year, two days, or the year up to a day. Raises REPORT_OPTION_MISSING, REPORT_RANGE. */
export function rangeOf(read: Read, options: ReportOptions, report: string): Range {
  const { from, to, asOf, fy } = options;
  const chosen =
    fy !== undefined
      ? { from: financialYearStart(fy), to: financialYearEnd(fy) }
      : from !== undefined && to !== undefined
        ? { from, to }
        : asOf !== undefined
          ? { from: financialYearStart(financialYearOf(asOf)), to: asOf }
          : undefined;
  if (!chosen) throw reportErrors.REPORT_OPTION_MISSING({ report, option: "from, --to", example: exampleRange(read) });
  if (chosen.from > chosen.to) throw reportErrors.REPORT_RANGE(chosen);
  return chosen;
}

/** The day of a report of balances. Raises REPORT_OPTION_MISSING. */
export function dayOf(read: Read, options: ReportOptions, report: string): LocalDate {
  const day = options.asOf ?? options.to ?? (options.fy === undefined ? undefined : financialYearEnd(options.fy));
  if (day === undefined)
    throw reportErrors.REPORT_OPTION_MISSING({ report, option: "as-of", example: dateInIndia(read.clock()) });
  return day;
}

function exampleRange(read: Read): string {
  const today = dateInIndia(read.clock());
  return `--from ${financialYearStart(financialYearOf(today))} --to ${today}`;
}

/** "2026-04-01_2026-07-31", for a file's name. */
export const span = ({ from, to }: Range): string => `${from}_${to}`;

/** "01/04/2026 to 31/07/2026". */
export const rangeText = ({ from, to }: Range): string => `${formatDate(from)} to ${formatDate(to)}`;
