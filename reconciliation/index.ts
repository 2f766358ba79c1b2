// The public face of reconciliation. Other folders import this file, nothing else of reconciliation.
export { addBankAccount, getBankAccount, listBankAccounts, type BankAccount } from "./bank-accounts.ts";
export {
  bankCalendar,
  declareBankHolidays,
  listBankHolidays,
  withdrawBankHoliday,
  type BankHoliday,
} from "./bank-holidays.ts";
export { brs, type BankReconciliation } from "./brs-read.ts";
export {
  composeBrs,
  type Brs,
  type BrsDetail,
  type BrsGroup,
  type BrsGroupKey,
  type BrsItem,
  type BrsLine,
} from "./brs.ts";
export { closeChecks } from "./close-checks.ts";
export { settlementEntry, templateLines, type EntryTemplate } from "./entries.ts";
export { reconciliationErrors } from "./errors.ts";
export { accrueGatewayFees, type FeeAccrual } from "./fee-accrual.ts";
export { learnedHeads, narrationPattern, pastCases, type LearnedHead, type PastCase } from "./learning.ts";
export {
  BankCalendar,
  match,
  MATCH_RULES,
  type Exception,
  type ExceptionKind,
  type ItemKind,
  type Match,
  type MatchItem,
  type MatchLine,
  type MatchOptions,
  type MatchResult,
  type Pass,
  type ProposedEntry,
} from "./match.ts";
export { cancelStaleCheque, confirmProposal, postBankLine } from "./by-hand.ts";
export { comparison, knownComparison } from "./comparison.ts";
export { listMatches, type MatchRecord } from "./matches.ts";
export { agreeOpening } from "./opening.ts";
export { reconcile, type ReconcileReport } from "./reconcile.ts";
export { unmatch } from "./unmatch.ts";
export { openItems, type OpenItem } from "./open-items.ts";
export { parseStatement } from "./parsers/csv.ts";
export { previewTable, type ColumnRole, type TablePreview } from "./parsers/preview.ts";
export { type ParsedLine, type ParsedStatement, type ParseResult } from "./parsers/prove.ts";
export { parseSettlementReport, type SettlementReportFile, type SettlementReportRow } from "./parsers/razorpay.ts";
export { parseStatementFile, readStatementFile } from "./parsers/read.ts";
export { paiseOf, type Reading, type ReadLine, type ReadStatement, type StatementFormat } from "./parsers/reading.ts";
export { BANK_PROFILES, type BankProfile } from "./profiles.ts";
export { checkSettlement, type SettlementCheck, type SettlementFigures, type SettlementRow } from "./settlement.ts";
export { importSettlementFile, type SettlementFileReport } from "./settlement-file.ts";
export {
  bookSettlement,
  importSettlements,
  listSettlements,
  openExceptions,
  type OpenException,
  type Settlement,
  type SettlementReport,
} from "./settlements.ts";
export {
  bankLines,
  getBankLine,
  importStatement,
  listStatements,
  type BankLine,
  type StatementImport,
  type StatementReport,
  type StatementSummary,
} from "./statements.ts";
export { bankSelfTie, bankTie, settlementTransitTie, type BankTieRow } from "./ties.ts";
export * from "./auto-post/index.ts";
export * from "./bench/index.ts";
export * from "./brs/index.ts";
export * from "./columns/index.ts";
export * from "./exceptions/index.ts";
export * from "./three-way/index.ts";
