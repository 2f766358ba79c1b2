import { rangeOf, span } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { readBooks } from "../statements/books.ts";
import { cashFlowOf, cashOf, lastFigure } from "../statements/statements.ts";
import { amountColumn, lineColumn, lineRow, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

/** The cash flow statement by the indirect method. Each amount is what it adds to cash: deductions are negative. */
export const cashFlowReport: TableReport = {
  name: "cash-flow",
  title: "Statement of cash flows",
  description:
    "cash flows of operating, investing and financing activities, from the surplus to the change of cash (--fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "cash-flow");
    const slice = sliceOf("cash-flow", options, ["fund"]);
    const statement = cashFlowOf(await readBooks(read, range, slice));
    const isEqual = lastFigure(statement) === cashOf(statement.books, "closing");
    return {
      title: "Statement of cash flows",
      titleLocal: "नकद प्रवाह विवरण",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "section", label: "Section", labelLocal: "खंड", kind: "text", weight: 0.7, isDataOnly: true },
        { ...lineColumn, weight: 8 },
        amountColumn("amount", "Amount", "राशि"),
      ],
      rows: statement.lines.map((line) =>
        lineRow(line, line.kind === "heading" ? {} : { section: line.section, amount: line.amount }),
      ),
      notes: [
        isEqual
          ? "Cash at the end equals cash and bank balances of the balance sheet (schedule B-17)."
          : "CASH AT THE END DOES NOT EQUAL SCHEDULE B-17.",
      ],
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};
