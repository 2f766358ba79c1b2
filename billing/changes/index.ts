export { approveChange, changeOutcome, type ChangeOutcome } from "./approve.ts";
export { cancelDemands, type Cancellation, type CancelledDemands } from "./cancel.ts";
export {
  contentToJson,
  type ChangeContent,
  type ChangeKind,
  type ChangeProposal,
  type DemandChange,
  type HeadReduction,
} from "./change.ts";
export { changeErrors } from "./errors.ts";
export { previewChange, previewProposed, type ChangePreview } from "./preview.ts";
export { restateDemand, type Restatement } from "./restate.ts";
export { getChange, listChanges, proposeChange, rejectChange, withdrawChange } from "./proposals.ts";
