export { cancelRun, standingOf, type CancelledRun } from "./cancel.ts";
export { assessedOf, assessmentOf, explainDemand, type KeptAssessment } from "./assessments.ts";
export { type NotCharged } from "./charge.ts";
export { wards } from "./cohort.ts";
export { runErrors } from "./errors.ts";
export {
  FACTS_CSV,
  factsHistory,
  factsOn,
  importConsumerFacts,
  setConsumerFacts,
  type FactsDraft,
  type FactsVersion,
  type KnownFacts,
} from "./facts.ts";
export { periodName, periodNamed } from "./period.ts";
export { previewRun, type RunPreview, type RunTotal } from "./preview.ts";
export {
  continueRun,
  getRun,
  listRuns,
  openRuns,
  runRefusals,
  startRun,
  type DemandRun,
  type RunProgress,
} from "./run.ts";
