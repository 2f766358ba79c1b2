import { paise, subtract } from "../../ledger/kernel/money.ts";
import { rangeOf, span } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { statementChecks } from "../statements/checks.ts";
import { amountColumn, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

/** What the statements must agree on, each pair with its difference: printed with the statements, for whoever signs them. */
export const crossChecksReport: TableReport = {
  name: "cross-checks",
  title: "Cross-checks of the statements",
  description: "the figures that must agree between trial balance, statements and schedules (--fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "cross-checks");
    const slice = sliceOf("cross-checks", options, ["fund"]);
    const checks = await statementChecks(read, range, slice.fund);
    const wrong = checks.filter((check) => check.left !== check.right).length;
    return {
      title: "Cross-checks of the statements",
      titleLocal: "विवरणों की प्रति-जाँच",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "check", label: "Check", labelLocal: "जाँच", kind: "text", weight: 5 },
        amountColumn("left", "First", "पहला"),
        amountColumn("right", "Second", "दूसरा"),
        amountColumn("difference", "Difference", "अंतर"),
        { key: "result", label: "Result", labelLocal: "परिणाम", kind: "text" },
      ],
      rows: checks.map(({ name, left, right }) => ({
        cells: {
          check: name,
          left: paise(left),
          right: paise(right),
          difference: subtract(paise(left), paise(right)),
          result: left === right ? "equal" : "differs",
        },
      })),
      notes: [wrong === 0 ? "All figures agree." : `${wrong} OF ${checks.length} CHECKS FAIL.`],
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};
