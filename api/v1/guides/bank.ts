import type { GuideGroup } from "./group.ts";

export const bankGuide: GuideGroup = {
  title: "Exceptions of the bank, matches, signed reconciliations",
  intro: "What a person decides about the bank. One proposes, another approves; three sign a reconciliation.",
  codes: {
    EXCEPTION_NOT_FOUND: "Look for the exception in the list (GET /v1/bank-exceptions).",
    EXCEPTION_CLOSED:
      "Nothing to do: it is settled. If it was settled wrongly, un-match the line; then it is an exception again.",
    EXCEPTION_PROPOSED: "Have the waiting proposal approved or rejected, or withdraw it, before another is made.",
    EXCEPTION_NOT_PROPOSED: "Propose a way out first; a checker then approves it.",
    EXCEPTION_TEMPLATE: "Choose one of the ways out that the sentence lists.",
    EXCEPTION_REASON: "Write a reason of at least five characters that an auditor will understand.",
    EXCEPTION_HEAD: "Name a posting head that is neither cash nor a bank.",
    EXCEPTION_DRAFT_CHANGED:
      "Reject the proposal and have it made again: the books or the posting map have changed since.",
    EXCEPTION_ABOVE_LIMIT: "Have it approved by somebody with a higher limit.",
    EXCEPTION_DIFFERENCE_NONE: "Match the line with the items; nothing is to be booked.",
    EXCEPTION_ITEMS:
      "Name the items of the book that the line belongs to (only one to correct its entry; settlements by themselves).",
    EXCEPTION_ITEM_DIFFERS: "Choose an item of the same amount in the other bank's book.",
    EXCEPTION_ENTRY_OF_REGISTER:
      "Take the paper back in its own room (receipt, payment, remittance); the entry follows.",
    EXCEPTION_CHEQUE: "Choose the cheque that came back, and say how much of the line is the bank's charge.",
    EXCEPTION_RECEIPT_ACCOUNT: "Move the money to the main account first, or name the head that it belongs to.",
    EXCEPTION_SETTLEMENT_ROWS: "Import settlements again, or ask the gateway for the rows that are missing.",
    EXCEPTION_WITHDRAWN_BY_MAKER: "Reject it instead, with a reason.",
    MATCH_POSTED: "Un-match it with a reason, then match its parts anew.",
    MATCH_PARTS: "Put every line and item of the match into exactly one of at least two parts.",
    MATCH_MERGE_ONE: "Name two or more live matches of one bank account.",
    MATCHES_TOO_MANY: "Send fewer at once.",
    BRS_NOT_FOUND: "Check the id; statements of another ULB are not seen.",
    BRS_NOT_PROVED: "Explain the difference first: import what is missing, match, or resolve exceptions.",
    BRS_NOT_COVERED: "Import the bank's statement that reaches to the day.",
    BRS_EXISTS: "Go on with the one that is there, or withdraw it while it is not approved.",
    BRS_STATUS: "Read it again: somebody has taken this step or another already.",
    BRS_SIGNED_BY: "Have another person sign: three different people prepare, check and approve.",
    BRS_CHANGED: "Withdraw it with a reason and prepare it anew, so that all three sign the same figures.",
    BRS_REASON: "Say why it is withdrawn, in at least five characters.",
  },
};
