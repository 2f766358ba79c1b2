import type { GuideGroup } from "./group.ts";

export const settlementFilesGuide: GuideGroup = {
  title: "Settlement reports and bank holidays",
  intro: "The gateway's settlements, from its report or a file of it; the days on which banks are closed.",
  codes: {
    AUTO_POST_UNKNOWN: "Name a rule of this account (GET /v1/bank-accounts/{account}/rules).",
    AUTO_POST_RULE: "Correct what the sentence names, and propose the rule again.",
    AUTO_POST_WAITS: "Have the version that waits approved or rejected, then propose the next one.",
    AUTO_POST_DECIDED: "Nothing: it is decided. Propose a next version for a change.",
    AUTO_POST_ENDED: "Propose a new rule; one that has ended does not come back.",
    AUTO_POST_REASON: "Say why, so that an auditor can read it.",
    AUTO_POST_ABOVE_LIMIT:
      "Have it approved by somebody who may approve that much, or propose a lower limit of a line.",
    BANK_HOLIDAY: "Give the day a name, and name a bank as its account has it, or none for all banks.",
    SETTLEMENT_DISPUTE:
      "Ask the gateway what it took for the dispute; the difference is an adjustment that two people book.",
  },
};
