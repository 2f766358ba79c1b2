import type { GuideGroup } from "./group.ts";

export const onlineMoneyGuide: GuideGroup = {
  title: "Refunds, disputes, requests, portals",
  intro: "Money that goes back, that a payer's bank takes back, that the ULB asks for, and that others take for it.",
  codes: {
    REFUND_ROOM:
      "Ask for no more than the sentence leaves; a disputed payment is not refunded while its dispute is open.",
    REFUND_SOURCE:
      "Choose what the money comes from: the consumer's credit, the whole receipt, or an unidentified payment.",
    REFUND_REASON: "Write a reason of at least five characters that an auditor will understand.",
    REFUND_AT_GATEWAY: "Nothing needs paying: the gateway has the refund or is paying it; read it again.",
    BANK_REFERENCE: "Copy the UTR from the bank's advice, without spaces.",
    PAYMENT_NOT_FOUND: "Check the id (pay_ and fourteen characters); ask the gateway for it with evidence attached.",
    EVIDENCE_FILE: "Bring a PDF, JPEG, PNG or text of at most 5 MB, and say what it shows.",
    MERCHANT_ACCOUNT: "Copy the account's id from the gateway's dashboard.",
    EXCESS_POLICY: "Give a limit of more than 0.00 and a window of 0 to 180 days.",
    DISPUTE_NOT_FOUND: "Check the id (disp_ and fourteen characters); it is found once the gateway has told of it.",
    DISPUTE_STATUS: "Read the dispute again: it was answered, accepted or decided meanwhile.",
    DISPUTE_ANSWER:
      "Write a summary of up to a thousand characters and attach the receipt, the bill or the proof of refund.",
    PARTNER_NOT_FOUND: "Have an administrator name the partner that this access token posts for.",
    PARTNER_UNKNOWN: "Check the partner's code (GET /v1/partners).",
    UPI_LIMIT: "Give the limit in rupees and what it rests on: the circular or the bank's letter.",
    PARTNER_INVALID: "Correct the partner as the sentence says.",
    EXTERNAL_REFERENCE: "Send the network's own reference of the payment.",
    EXTERNAL_AMOUNT: "Send the amount that the payer paid for the bill.",
    EXTERNAL_CONFLICT: "Nothing was posted; look at both figures and send a correction under a new reference.",
    EXTERNAL_NOT_FOUND: "Send the reference under which the payment was posted.",
    EXTERNAL_REVERSAL_CONFLICT:
      "Nothing was taken back; look at both figures. A reversal is of the whole payment and has a reference of its own.",
    EXTERNAL_REVERSAL_SETTLED: "The money is the ULB's: ask it for a refund of the receipt.",
    EXTERNAL_SETTLEMENT: "Correct the file until its items sum to what was paid over.",
    EXTERNAL_SETTLED: "Nothing needs doing: it is booked.",
    REQUEST_NOT_FOUND: "Take the payment request from the list of this ULB.",
    REQUEST_INVALID_TERMS: "Correct the amount or the time as the sentence says.",
    REQUEST_STATE: "Read the request again: it was closed or paid meanwhile.",
  },
};
