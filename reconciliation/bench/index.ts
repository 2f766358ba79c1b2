// What the rest of reconciliation, and through it the other folders, use of this one.
export { benchErrors } from "./errors.ts";
export { matchLegs, type MatchLeg } from "./match-legs.ts";
export {
  bench,
  type Bench,
  type BenchFilter,
  type BenchPage,
  type BenchProposal,
  type BenchRow,
  type Progress,
} from "./view.ts";
export { acceptMatches, mergeMatches, splitMatch, undoMatch, type Pairing } from "./work.ts";
