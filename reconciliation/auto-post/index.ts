// What the rest of reconciliation, and through it the other folders, use of this one.
export { AUTO_POST_KINDS, type AutoPostKind, type HeldBack } from "./decide.ts";
export { autoPostErrors } from "./errors.ts";
export { autoPost, type AutoPost } from "./post.ts";
export {
  approveAutoPostRule,
  autoPostRule,
  endAutoPostRule,
  listAutoPostRules,
  proposeAutoPostRule,
  rejectAutoPostRule,
  type AutoPostRule,
  type RuleDraft,
} from "./rules.ts";
