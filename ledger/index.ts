// The public face of the books. Other folders import this file and ledger/kernel/*, nothing else of ledger.
export {
  checkDraft,
  cr,
  dayBook,
  dr,
  entryNumber,
  findEntryBySource,
  getEntry,
  postAlone,
  postEntries,
  postEntry,
  reverseEntry,
  totalOf,
  type Dimensions,
  type Entry,
  type EntryDraft,
  type EntryLine,
  type Line,
  type PostedEntry,
  type VoucherType,
} from "./entries.ts";
export {
  accountBalance,
  accountBalances,
  accountStatement,
  fundDifferences,
  getAccount,
  listAccounts,
  rollUp,
  trialBalance,
  trialBalanceTotals,
  type Account,
  type AccountStatement,
  type StatementCursor,
  type StatementLine,
  type TrialBalanceRow,
  type TrialBalanceTotals,
} from "./balances.ts";
export { DEFAULT_CHART, loadCharts, prepareDatabase } from "./charts.ts";
export { ledgerErrors } from "./errors.ts";
export { createLanes, type Lanes } from "./lanes.ts";
export {
  closePeriod,
  closeProblems,
  firstOpenPeriod,
  listPeriods,
  openFinancialYear,
  periodStatus,
  reopenPeriod,
  type CloseCheck,
  type PeriodStatus,
} from "./periods.ts";
export { DEFAULT_POSTING_MAP, postingAccount, postingAccounts, type PostingKey } from "./posting-map.ts";
export { seriesGaps, takeNumber, takeNumbers, type SeriesGap } from "./series.ts";
export { createUlb, findUlb, getUlb, getUlbById, listUlbs } from "./ulbs.ts";
export {
  approveVoucher,
  changeVoucher,
  draftVoucher,
  getVoucher,
  listVouchers,
  rejectVoucher,
  submitVoucher,
  type Voucher,
  type VoucherInput,
  type VoucherStatus,
} from "./vouchers.ts";
export {
  listSeals,
  readRanges,
  seal,
  verifyBlock,
  verifySeals,
  type Seal,
  type SealedEntry,
  type SealedRange,
  type SealProblem,
} from "./seal.ts";
