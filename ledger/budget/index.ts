// What the room "budget" gives to others; everything else in the folder is its own.
export {
  commitBudget,
  consumeCommitment,
  getCommitment,
  listCommitments,
  releaseCommitment,
  restoreCommitment,
  type Commitment,
} from "./commitments.ts";
export {
  allowOverBudget,
  budgetForecast,
  budgetSetting,
  budgetWarnings,
  setBudgetSetting,
  type BudgetMode,
  type BudgetSetting,
  type BudgetWarning,
} from "./control.ts";
export { BUDGET_CSV, importBudget, type BudgetImport } from "./imports.ts";
export { type BudgetLine } from "./lines.ts";
export {
  approveReappropriation,
  listReappropriations,
  proposeReappropriation,
  rejectReappropriation,
  type Reappropriation,
} from "./reappropriations.ts";
export { budgetVariance, type Variance, type VarianceRow } from "./variance.ts";
