export {
  type ConsumerChange,
  type ConsumerChangeContent,
  type ConsumerChangeKind,
  type ConsumerChangeProposal,
  type Particulars,
  type SplitPart,
} from "./change.ts";
export {
  addConsumer,
  consumersByWard,
  consumersOf,
  getConsumer,
  getConsumerByCode,
  listConsumers,
  type Consumer,
  type ConsumerDraft,
} from "./consumers.ts";
export { consumerErrors } from "./errors.ts";
export { consumerHistory, type ConsumerEvent } from "./history.ts";
export { CONSUMER_CSV, importConsumers } from "./import.ts";
export { enterOwners, ownersOn, ownerVersions, type Owner, type OwnerDraft, type OwnerVersion } from "./owners.ts";
export type { PlannedChange } from "./plan.ts";
export {
  approveConsumerChange,
  getConsumerChange,
  listConsumerChanges,
  previewConsumerChange,
  proposeConsumerChange,
  rejectConsumerChange,
  withdrawConsumerChange,
} from "./proposals.ts";
export { findConsumers } from "./search.ts";
