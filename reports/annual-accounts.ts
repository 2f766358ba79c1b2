import { rangeOf, span } from "./ranges.ts";
import type { Report } from "./report-file.ts";
import type { TableReport } from "./report-table.ts";
import { toXlsx, type XlsxSheet } from "./render/xlsx.ts";
import { balanceSheetReport } from "./tables/balance-sheet.ts";
import { cashFlowReport } from "./tables/cash-flow.ts";
import { crossChecksReport } from "./tables/cross-checks.ts";
import { functionWiseReport } from "./tables/function-wise.ts";
import { incomeExpenditureReport } from "./tables/income-expenditure.ts";
import { ratiosReport } from "./tables/ratios.ts";
import { receiptsPaymentsReport } from "./tables/receipts-payments.ts";
import { schedulesReport } from "./tables/schedules.ts";

const SHEETS: readonly (readonly [string, TableReport])[] = [
  ["Balance sheet", balanceSheetReport],
  ["Income and expenditure", incomeExpenditureReport],
  ["Schedules", schedulesReport],
  ["Receipts and payments", receiptsPaymentsReport],
  ["Cash flows", cashFlowReport],
  ["Function-wise", functionWiseReport],
  ["Ratios", ratiosReport],
  ["Cross-checks", crossChecksReport],
];

/** The annual accounts as one workbook, all of one instant: a sheet for each statement. */
export const annualAccounts: Report = {
  description: "balance sheet, income and expenditure, schedules and the other statements in one workbook (--fund)",
  formats: {
    xlsx: async (read, options, report) => {
      const range = rangeOf(read, options, report);
      const sheets: XlsxSheet[] = [];
      for (const [name, { build }] of SHEETS)
        sheets.push({ name, table: await build(read, { ...options, ...range, fy: undefined, asOf: undefined }) });
      const isLocal = options.language !== undefined && options.language !== "en";
      return {
        isLive: false,
        body: toXlsx(sheets, { ulbName: read.ulb.name, createdAt: read.clock(), isLocal }),
        of: span(range),
      };
    },
  },
};
