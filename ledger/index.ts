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
  balancesBefore,
  CLOSING_SOURCE,
  fundDifferences,
  getAccount,
  listAccounts,
  movements,
  rollUp,
  trialBalance,
  trialBalanceTotals,
  type Account,
  type AccountStatement,
  type Movement,
  type MovementOptions,
  type Slice,
  type StatementCursor,
  type StatementLine,
  type TrialBalanceRow,
  type TrialBalanceTotals,
} from "./balances.ts";
export { DEFAULT_CHART, loadCharts, prepareDatabase } from "./charts.ts";
export { ledgerErrors } from "./errors.ts";
export { createLanes, type Lanes } from "./lanes.ts";
export { IMPORTED, movedBy, REVENUE } from "./origins.ts";
export {
  closePeriod,
  closeProblems,
  closeRefusals,
  bookingDay,
  firstOpenDay,
  firstOpenPeriod,
  listPeriods,
  openFinancialYear,
  periodStatus,
  reopenPeriod,
  type PeriodStatus,
} from "./periods.ts";
export { DEFAULT_POSTING_MAP, postingAccount, postingAccounts, type PostingKey } from "./posting-map.ts";
export { recheckEntries, rollUpFaults, type BookFault } from "./recheck.ts";
export { seriesGaps, takeNumber, takeNumbers, type SeriesGap } from "./series.ts";
export { createUlb, findUlb, getUlb, getUlbById, ulbJsonSql, listUlbs } from "./ulbs.ts";
export {
  againstKnown,
  canonicalEntry,
  chainOf,
  eachSeal,
  leafOf,
  leavesOf,
  listSeals,
  readRanges,
  seal,
  sealLag,
  verifyBlock,
  verifyChain,
  verifyHeader,
  verifySeals,
  type KnownBlock,
  type Seal,
  type SealedEntry,
  type SealedRange,
  type SealProblem,
} from "./seal.ts";
export * from "./budget/index.ts";
export * from "./close/index.ts";
export * from "./imports/index.ts";
export * from "./masters/index.ts";
export * from "./payables/index.ts";
export * from "./registers/index.ts";
export * from "./templates/index.ts";
export * from "./vouchers/index.ts";
