import type { GuideGroup } from "./group.ts";

export const upyogGuide: GuideGroup = {
  title: "Number formats, and UPYOG's way of apportioning",
  intro: "Raised at UPYOG's addresses too, there as HTTP 400 in UPYOG's shape and words.",
  codes: {
    NO_TAXHEAD_FOUND:
      "Set the business service's advance head, or its tax heads, in the ULB's list of UPYOG's services.",
    INVALID_TAXHEAD_CODE: "Give the head an order in the ULB's list of UPYOG's services, or correct its code.",
    INVALID_ORDER: "Give every head an order, with rebates and advances before charges.",
    APPORTION_ORDER_MISSING: "Give heads of equal amount an order; it says which is paid first.",
    ID_NOT_FOUND: "Set a format of that name, or send one with the request.",
    IDGEN_FORMAT_ERROR: "Write the format with the tokens that are named.",
    INVALID_FORMAT: "Write a financial year as [fy:yyyy-yy] and a date as [cy:yyyy-MM-dd].",
    SEQ_NUMBER_ERROR: "Name the series with letters, digits, points, - and _ after SEQ.",
    NUMBER_FORMAT_SET: "Let the new format begin on a later day.",
    IDGEN_COUNT: "Ask for at most 1,000 numbers at once.",
  },
};
