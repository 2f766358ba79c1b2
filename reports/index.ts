// The public face of reports. Other folders import this file, nothing else of reports.
export { accountLedgerView, accountLines } from "./account-ledger.ts";
export { brsView } from "./brs.ts";
export { chartSvg, type Chart, type ChartSeries } from "./charts.ts";
export {
  collectionRegisterRows,
  collectionRegisterView,
  type CollectionRegisterOptions,
} from "./collection-register.ts";
export {
  acknowledgementPdf,
  chequeNoticePdf,
  daySheetPdf,
  depositSlipPdf,
  sessionReadingPdf,
} from "./counter-papers.ts";
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
export { headOf } from "./head.ts";
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
export { noticesPdf, type NoticePaper } from "./pdf/notice.ts";
export { billView, billViews, noticeViews, type PayUrl } from "./bill-view.ts";
export { billPdf, billsPdf, type BillPaper } from "./pdf/bill.ts";
export { printPapers, type PapersToPrint } from "./print-papers.ts";
export { receiptView, receiptViews, type VerifyUrl } from "./receipt-view.ts";
export { toCsv, type CellValue, type CsvOptions, type CsvRow } from "./render/csv.ts";
export { toJson, toJsonRows } from "./render/json.ts";
export { tableCsv, tableJson } from "./render/table.ts";
export { toXlsx, type XlsxSheet } from "./render/xlsx.ts";
export type { Drill, ReportCell, ReportColumn, ReportRow, ReportTable, TableReport } from "./report-table.ts";
export { listCollectionTargets, setCollectionTarget, targetFor, type CollectionTarget } from "./targets.ts";
export { allTies, bookFaults, brokenTies, statementTies, type BookFaults, type Tie } from "./ties.ts";
export { packName, writePack } from "./pack/write-pack.ts";
export { verifyPack, type PackProblem, type PackVerdict } from "./pack/verify-pack.ts";
export { TABLE_REPORTS } from "./tables/index.ts";
export { functionNames, fundNames } from "./statements/names.ts";
export { trialBalanceView } from "./trial-balance.ts";
export {
  adviceCsv,
  adviceLetterPdf,
  paymentOrderPdf,
  type AdviceView,
  type PaymentOrderView,
} from "./pdf/payment-advice.ts";
export { qrSvg } from "./pdf/qr-svg.ts";
