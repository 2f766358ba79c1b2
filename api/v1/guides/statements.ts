import type { GuideGroup } from "./group.ts";

export const statementsGuide: GuideGroup = {
  title: "Statements and books",
  intro: "What is printed from the books.",
  codes: {
    REPORT_SLICE:
      "Leave the option out, or take the income and expenditure, schedules or function-wise statement, which can be cut so.",
    REPORT_ACCOUNT:
      "Name one of the accounts that are listed; the bank book has the banks, the cash book has cash in hand and in transit.",
    LAYOUT_MISSING: "Add the layouts of this chart to reports/layouts, in a folder with the chart's name.",
    LAYOUT_ACCOUNT_UNPLACED:
      "Give the account's head a line in the layout of the statement, or move its balance to an account that has one.",
    SCHEDULE_UNKNOWN: "Name one of the schedules that are listed.",
  },
};
