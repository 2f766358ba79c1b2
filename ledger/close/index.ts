// What the room "close" gives to others; everything else in the folder is its own.
export { type CloseCheck, type Checklist, type ItemState, checklist, warnings } from "./checklist.ts";
export { type ChecklistItem, type Severity } from "./checklist-data.ts";
export { scopeOfMonth } from "./computed.ts";
export {
  attest,
  attestationHistory,
  listCloseSettings,
  setCloseSetting,
  withdrawAttestation,
  type Attestation,
} from "./attestations.ts";
export { listPeriodEvents, type PeriodEvent } from "./figures.ts";
export {
  CASH_DENOMINATIONS,
  cashBook,
  closeDay,
  countedAmount,
  dayEvents,
  lockedTo,
  reopenDay,
  type CashBook,
  type DayEvent,
} from "./days.ts";
export { openingDifferences } from "./opening.ts";
export {
  closeYear,
  declineYearClose,
  markAudited,
  proposeYearClose,
  reopenYear,
  yearChecklist,
  yearCloseProblems,
  type YearChecks,
} from "./year.ts";
export { listYears, yearProposals, yearStatus, type YearStatus, type YearVersion } from "./year-status.ts";
export { yearVersionDiff, type VersionDiff } from "./versions.ts";
