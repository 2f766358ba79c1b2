import type { GuideGroup } from "./group.ts";

export const unidentifiedGuide: GuideGroup = {
  title: "Unidentified receipts",
  intro: "Money of nobody we know is given to its consumer: one proposes, another approves.",
  codes: {
    OWNER_KNOWN: "Nothing to do: whose it is is known. If that is wrong, refund it or correct it by a voucher.",
    OWNER_PROPOSED: "Have the waiting proposal approved or rejected before another is made.",
    OWNER_NOT_FOUND: "Take the proposal from the page of unidentified receipts.",
    OWNER_DECIDED: "Read the list again: somebody has decided it meanwhile.",
    OWNER_OWN: "Have another person decide.",
    OWNER_REASON: "Write a reason of at least five characters that an auditor will understand.",
    OWNER_TIED: "Wait for the end of the refund or the dispute; what is given back is nobody's due.",
  },
};
