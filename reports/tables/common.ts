import { listPeriods } from "../../ledger/index.ts";
import { formatDate, periodOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { reportErrors } from "../errors.ts";
import type { LayoutLine } from "../layouts/language.ts";
import { rangeText, type Range } from "../ranges.ts";
import type { ReportColumn, ReportOptions, ReportRow } from "../report-table.ts";
import { yearTo, type StatementSlice } from "../statements/books.ts";
import { functionNames, fundNames } from "../statements/names.ts";

/** Who signs a statement: keys of the catalogue of labels. */
export const SIGNATURES = ["preparedBy", "checkedBy", "accountsOfficer", "executiveOfficer"] as const;

export const lineColumn: ReportColumn = {
  key: "line",
  label: "Particulars",
  labelLocal: "विवरण",
  kind: "text",
  weight: 6,
  isIndented: true,
};
export const scheduleColumn: ReportColumn = { key: "schedule", label: "Schedule", labelLocal: "अनुसूची", kind: "text" };
export const headColumn: ReportColumn = { key: "head", label: "Head", labelLocal: "शीर्ष", kind: "text", weight: 0.8 };
export const codeColumn: ReportColumn = { key: "code", label: "Code", labelLocal: "कोड", kind: "text" };
export const amountColumn = (key: string, label: string, labelLocal?: string): ReportColumn => ({
  key,
  label,
  ...(labelLocal === undefined ? {} : { labelLocal }),
  kind: "amount",
  // Statements have totals of their own; nothing is carried from page to page.
  isCarried: false,
});

/** The slice that options ask for; refuses what this statement cannot be cut by, with the reason. Raises REPORT_SLICE. */
export function sliceOf(
  report: string,
  options: ReportOptions,
  by: readonly ("fund" | "ward" | "function")[],
): StatementSlice {
  for (const option of ["fund", "ward", "function"] as const)
    if (options[option] !== undefined && !by.includes(option))
      throw reportErrors.REPORT_SLICE({
        report,
        option,
        why: "entries balance in each fund, but the ward and the function of a line are those of what it is about, and cash has neither",
      });
  return {
    ...(options.fund === undefined ? {} : { fund: options.fund }),
    ...(options.ward === undefined ? {} : { ward: options.ward }),
    ...(options.function === undefined ? {} : { function: options.function }),
  };
}

/**
 * The lines below a statement's title: its dates, what it is restricted to, and whether its months are closed. Where the office declares
 * versions of a year (provisional, audited), they belong here.
 */
export async function subtitleOf(read: Read, slice: StatementSlice, when: Range | LocalDate): Promise<string[]> {
  const range = typeof when === "string" ? yearTo(when) : when;
  const dates = typeof when === "string" ? `As on ${formatDate(when)}` : rangeText(range);
  const fund = slice.fund === undefined ? undefined : (await fundNames(read)).get(slice.fund);
  const fn = slice.function === undefined ? undefined : (await functionNames(read)).get(slice.function);
  const of = [
    slice.fund === undefined ? "All funds" : `Fund ${slice.fund}${fund ? ` ${fund}` : ""}`,
    ...(slice.ward === undefined ? [] : [`Ward ${slice.ward}`]),
    ...(slice.function === undefined ? [] : [`Function ${slice.function}${fn ? ` ${fn}` : ""}`]),
    "amounts in rupees",
  ];
  return [`${dates} · ${await versionNote(read, range)}`, of.join(" · ")];
}

/** What the state of the months says about the figures. */
async function versionNote(read: Read, { from, to }: Range): Promise<string> {
  const months = (await listPeriods(read)).filter((p) => p.period >= periodOf(from) && p.period <= periodOf(to));
  const open = months.filter((p) => p.status === "open").length;
  return open === 0 ? "books closed" : `provisional: ${open} of ${months.length} months open`;
}

/** How a line of a layout stands in a table: the kind of its row, its words in both languages. */
export function lineRow(line: LayoutLine, cells: ReportRow["cells"]): ReportRow {
  return {
    kind: line.kind,
    level: line.level,
    cells: { line: line.label, ...cells },
    ...(line.labelLocal === "" ? {} : { local: { line: line.labelLocal } }),
  };
}
