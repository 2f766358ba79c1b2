import type { GuideGroup } from "./group.ts";

export const settlementFilesGuide: GuideGroup = {
  title: "Settlement reports",
  intro: "The gateway's settlements, from its report or a file of it.",
  codes: {
    SETTLEMENT_DISPUTE:
      "Ask the gateway what it took for the dispute; the difference is an adjustment that two people book.",
  },
};
