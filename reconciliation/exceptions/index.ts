// What the rest of reconciliation, and through it the other folders, use of this one.
export { exceptionErrors } from "./errors.ts";
export { draftText, type BankException, type DraftLine, type Proposal } from "./exception.ts";
export { closeMatched, keepExceptions, reconcileAccount } from "./keep.ts";
export { approveResolution, proposeResolution, rejectResolution, withdrawResolution } from "./proposals.ts";
export { waitingSettlement, type WaitingItem, type WaitingSettlement } from "./settlements.ts";
export {
  assignException,
  exceptionCounts,
  exceptionOf,
  getException,
  listExceptions,
  proposalsOf,
  type ExceptionCount,
  type ExceptionFilter,
} from "./store.ts";
export {
  ADJUSTMENT_ROLES,
  DIFFERENCE_ROLES,
  fitting,
  RESOLUTION_KINDS,
  type AdjustmentRole,
  type DifferenceRole,
  type ExceptionSubject,
  type Resolution,
  type ResolutionKind,
} from "./templates.ts";
