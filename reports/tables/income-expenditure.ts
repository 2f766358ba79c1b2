import { rangeOf, span } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { scheduleCode } from "../statements/schedules.ts";
import { incomeExpenditure } from "../statements/statements.ts";
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

/** The income and expenditure account: net movements of the range, beside those of the same range a year before. */
export const incomeExpenditureReport: TableReport = {
  name: "income-expenditure",
  title: "Income and expenditure account",
  description: "income, expenditure and surplus of the range, with the year before (--fund, --ward, --function)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "income-expenditure");
    const slice = sliceOf("income-expenditure", options, ["fund", "ward", "function"]);
    const { lines } = await incomeExpenditure(read, range, slice);
    return {
      title: "Income and expenditure account",
      titleLocal: "आय एवं व्यय लेखा",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        scheduleColumn,
        headColumn,
        lineColumn,
        amountColumn("amount", "Current year", "चालू वर्ष"),
        { ...amountColumn("previous", "Previous year", "गत वर्ष"), isPrintOnly: true },
      ],
      rows: lines.map((line) => ({
        ...lineRow(
          line,
          line.kind === "heading"
            ? {}
            : { schedule: line.schedule, head: line.head, amount: line.amount, previous: line.previous },
        ),
        ...(line.kind === "line" ? { drill: { schedule: scheduleCode(line) } } : {}),
      })),
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};
