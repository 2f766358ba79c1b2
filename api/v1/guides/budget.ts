import type { GuideGroup } from "./group.ts";

export const budgetGuide: GuideGroup = {
  title: "Budget",
  intro: "What was sanctioned, and what may still be spent.",
  codes: {
    BUDGET_EXCEEDED:
      "Have money re-appropriated or a supplementary sanctioned; where the ULB allows it, a checker may let this one voucher pass with a reason.",
    BUDGET_LINE_UNKNOWN: "Take the line from the budget page of its year.",
    BUDGET_LINE_NOT_FOUND:
      "Enter the budget of the year first; a line covers accounts by their first digits, in one fund.",
    BUDGET_SETTING: "Write the percentage as a whole number from 1 to 200.",
    BUDGET_OVERRIDE_NOT_ALLOWED:
      "Have money re-appropriated; or the administrator allows exceptions in the year's setting.",
    BUDGET_OVERRIDE_TWICE: "Approve the voucher; it was let pass already.",
    REAPPROPRIATION_NOT_FOUND: "Look it up on the budget page.",
    REAPPROPRIATION_DECIDED: "Propose a new one.",
    REAPPROPRIATION_LINES: "Choose two different expenditure lines of one year and one fund.",
    REAPPROPRIATION_AMOUNT: "Write an amount of more than nil.",
    REAPPROPRIATION_OVER_BALANCE: "Take less, or release commitments of the head that will not be billed.",
    SANCTION_MISSING: "Name the resolution or order.",
    COMMITMENT_NOT_FOUND: "Look it up on the budget page.",
    COMMITMENT_REFERENCE_USED: "Use the commitment that is there, or number the new order otherwise.",
    COMMITMENT_AMOUNT: "Write an amount of more than nil.",
    COMMITMENT_OVERDRAWN: "Bill within what is left, or commit the difference under a further order.",
    COMMITMENT_MOVE_CONFLICT: "Correct the document by a new one; each moves a commitment once.",
  },
};
