export {
  assessedByHead,
  assessments,
  type AssessedDemand,
  type AssessedHead,
  type RaisedOptions,
} from "./assessments.ts";
export { defaulters, duesByYear, type Defaulter, type DefaulterOptions } from "./defaulters.ts";
export { reducedByHead, reductions, type Reduction, type ReductionOptions } from "./reductions.ts";
