import { dayOf } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { balanceSheet, totalsOf } from "../statements/statements.ts";
import {
  amountColumn,
  headColumn,
  lineColumn,
  lineRow,
  scheduleColumn,
  SIGNATURES,
  sliceOf,
  subtitleOf,
} from "./common.ts";

/** The balance sheet at the end of a day, beside that of the financial year before. Deductions are negative; the surplus so far is in 310. */
export const balanceSheetReport: TableReport = {
  name: "balance-sheet",
  title: "Balance sheet",
  description: "assets and liabilities at a day, with the end of the year before (--fund)",
  build: async (read, options): Promise<ReportTable> => {
    const day = dayOf(read, options, "balance-sheet");
    const slice = sliceOf("balance-sheet", options, ["fund"]);
    const sheet = await balanceSheet(read, day, slice);
    const { liabilities, assets } = totalsOf(sheet);
    return {
      title: "Balance sheet",
      titleLocal: "तुलन पत्र",
      subtitle: await subtitleOf(read, slice, day),
      columns: [
        scheduleColumn,
        headColumn,
        lineColumn,
        amountColumn("amount", "Current year", "चालू वर्ष"),
        amountColumn("previous", "Previous year", "गत वर्ष"),
      ],
      rows: sheet.lines.map((line) => ({
        ...lineRow(
          line,
          line.kind === "heading"
            ? {}
            : { schedule: line.schedule, head: line.head, amount: line.amount, previous: line.previous },
        ),
        ...(line.kind === "line" ? { drill: { schedule: line.schedule } } : {}),
      })),
      notes: [
        liabilities === assets
          ? "Total liabilities equal total assets."
          : "TOTAL LIABILITIES DO NOT EQUAL TOTAL ASSETS.",
        "The Municipal Fund holds the excess of income over expenditure of the year so far.",
      ],
      signatures: SIGNATURES,
      of: day,
    };
  },
};
