import { functionNames } from "../statements/names.ts";
import { paise, subtract } from "../../ledger/kernel/money.ts";
import { rangeOf, span } from "../ranges.ts";
import type { ReportTable, TableReport } from "../report-table.ts";
import { functionWise } from "../statements/statements.ts";
import { amountColumn, SIGNATURES, sliceOf, subtitleOf } from "./common.ts";

/** Income and expenditure by function (GEN-33 and GEN-34 in one), and by ward with `--by ward`. Comes to the income and expenditure account. */
export const functionWiseReport: TableReport = {
  name: "function-wise",
  title: "Function-wise income and expenditure",
  description: "income, expenditure and net of each function (--by ward, --ward, --fund)",
  build: async (read, options): Promise<ReportTable> => {
    const range = rangeOf(read, options, "function-wise");
    const slice = sliceOf("function-wise", options, ["fund", "ward", "function"]);
    const byWard = options.by === "ward";
    const { rows } = await functionWise(read, range, slice, byWard);
    const names = await functionNames(read);
    const sum = (key: "income" | "expenditure") => paise(rows.reduce((total, row) => total + row[key], 0n));
    const [income, expenditure] = [sum("income"), sum("expenditure")];
    return {
      title: "Function-wise income and expenditure",
      titleLocal: "कार्य-वार आय एवं व्यय",
      subtitle: await subtitleOf(read, slice, range),
      columns: [
        { key: "function", label: "Function", labelLocal: "कार्य", kind: "text" },
        { key: "name", label: "Name", labelLocal: "नाम", kind: "text", weight: 5, isPrintOnly: true },
        ...(byWard ? [{ key: "ward", label: "Ward", labelLocal: "वार्ड", kind: "text" } as const] : []),
        amountColumn("income", "Income", "आय"),
        amountColumn("expenditure", "Expenditure", "व्यय"),
        amountColumn("net", "Net", "शुद्ध"),
      ],
      rows: [
        ...rows.map((row) => ({
          cells: {
            function: row.code,
            name: names.get(row.code) ?? "",
            ward: row.ward,
            income: row.income,
            expenditure: row.expenditure,
            net: subtract(row.income, row.expenditure),
          },
          drill: {
            report: "income-expenditure",
            only: { function: row.code, ...(byWard ? { ward: row.ward } : {}) },
          },
        })),
        {
          kind: "total",
          isPrintOnly: true,
          cells: { name: "Total", income, expenditure, net: subtract(income, expenditure) },
          local: { name: "योग" },
          drill: { report: "income-expenditure" },
        },
      ],
      notes: [
        "Expenditure includes prior period items (net) and transfers to reserve funds, so the net total is the net balance of the income and " +
          "expenditure account.",
      ],
      signatures: SIGNATURES,
      of: span(range),
    };
  },
};
