// The public face of reports. Other folders import this file, nothing else of reports.
export { accountLedgerView, accountLines } from "./account-ledger.ts";
export { brsView } from "./brs.ts";
export { chartSvg, type Chart, type ChartSeries } from "./charts.ts";
export {
  collectionRegisterRows,
  collectionRegisterView,
  type CollectionRegisterOptions,
} from "./collection-register.ts";
export { dayBookView, entriesOf } from "./day-book.ts";
export { dcbView } from "./dcb.ts";
export { reportErrors } from "./errors.ts";
export {
  exportReport,
  listReports,
  writeReport,
  type ReportFile,
  type ReportFormat,
  type ReportOptions,
} from "./exports.ts";
export { beancountJournal, hledgerJournal, journalLines, type JournalLine } from "./journal-export.ts";
export { bilingual, isLanguage, label, labelOfCode, type LabelKey, type Language } from "./labels.ts";
export {
  COLLECTION_DEFINITION,
  collectionDashboard,
  dashboardTie,
  type CollectionDashboard,
  type CollectionFilter,
  type CollectionPoint,
  type CollectionSlice,
  type DashboardTie,
} from "./metrics/collection.ts";
export { toPdf, type PdfMeta } from "./pdf/document.ts";
export {
  receiptPdf,
  receiptsPdf,
  type Paper,
  type ReceiptLine,
  type ReceiptStatus,
  type ReceiptView,
} from "./pdf/receipt.ts";
export {
  accountLedgerPdf,
  brsPdf,
  collectionRegisterPdf,
  dayBookPdf,
  dcbPdf,
  trialBalancePdf,
  withSide,
  type AccountLedgerView,
  type BrsView,
  type CollectionRegisterView,
  type DayBookView,
  type DcbView,
  type TrialBalanceView,
} from "./pdf/statements.ts";
export type { DocumentHead } from "./pdf/table.ts";
export { receiptView, receiptViews, type VerifyUrl } from "./receipt-view.ts";
export { toCsv, type CellValue, type CsvOptions, type CsvRow } from "./render/csv.ts";
export { toJson, toJsonRows } from "./render/json.ts";
export { listCollectionTargets, setCollectionTarget, targetFor, type CollectionTarget } from "./targets.ts";
export { allTies, brokenTies, type Tie } from "./ties.ts";
export { trialBalanceView } from "./trial-balance.ts";
