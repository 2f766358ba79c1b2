import type { TableReport } from "../report-table.ts";
import { advanceRegister } from "./advance-register.ts";
import { ageingReport } from "./ageing.ts";
import { balanceSheetReport } from "./balance-sheet.ts";
import { billsRegister } from "./bills-register.ts";
import { bankBookReport, cashBookReport } from "./cash-book.ts";
import { budgetVarianceReport } from "./budget-variance.ts";
import { cashFlowReport } from "./cash-flow.ts";
import { chequeRegister } from "./cheque-register.ts";
import { crossChecksReport } from "./cross-checks.ts";
import { demandRegisters } from "./demand-registers.ts";
import { depositRegister } from "./deposit-register.ts";
import { functionWiseReport } from "./function-wise.ts";
import { incomeExpenditureReport } from "./income-expenditure.ts";
import { paymentRegister } from "./payment-register.ts";
import { ratiosReport } from "./ratios.ts";
import { receiptsPaymentsReport } from "./receipts-payments.ts";
import { registerReports } from "./registers.ts";
import { schedulesReport } from "./schedules.ts";
import { subLedgerReport } from "./sub-ledger.ts";
import { tdsRegister } from "./tds-register.ts";

/**
 * Every report that is one table, in the order in which pages list them. A new one is a file of this folder and a line here; CSV, JSON,
 * XLSX, PDF, the command line and the pages follow from it.
 */
export const TABLE_REPORTS: readonly TableReport[] = [
  incomeExpenditureReport,
  balanceSheetReport,
  schedulesReport,
  receiptsPaymentsReport,
  cashFlowReport,
  functionWiseReport,
  budgetVarianceReport,
  ageingReport,
  ...demandRegisters,
  ratiosReport,
  crossChecksReport,
  cashBookReport,
  bankBookReport,
  subLedgerReport,
  billsRegister,
  paymentRegister,
  chequeRegister,
  tdsRegister,
  depositRegister,
  advanceRegister,
  ...registerReports,
];
