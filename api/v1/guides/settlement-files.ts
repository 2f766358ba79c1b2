import type { GuideGroup } from "./group.ts";

export const settlementFilesGuide: GuideGroup = {
  title: "Settlement reports and bank holidays",
  intro: "The gateway's settlements, from its report or a file of it; the days on which banks are closed.",
  codes: {
    BANK_HOLIDAY: "Give the day a name, and name a bank as its account has it, or none for all banks.",
    SETTLEMENT_DISPUTE:
      "Ask the gateway what it took for the dispute; the difference is an adjustment that two people book.",
  },
};
