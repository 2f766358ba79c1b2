// The public face of reports. Other folders import this file, nothing else of reports.
export { bilingual, isLanguage, label, labelOfCode, type LabelKey, type Language } from "./labels.ts";
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
  trialBalancePdf,
  withSide,
  type AccountLedgerView,
  type BrsView,
  type CollectionRegisterView,
  type DayBookView,
  type TrialBalanceView,
} from "./pdf/statements.ts";
export type { DocumentHead } from "./pdf/table.ts";
export { chartSvg, type Chart, type ChartSeries } from "./charts.ts";
export { toCsv, type CellValue, type CsvOptions, type CsvRow } from "./render/csv.ts";
export { toJson, toJsonRows } from "./render/json.ts";
export { reportErrors } from "./errors.ts";
