import type { GuideGroup } from "./group.ts";

export const noticesGuide: GuideGroup = {
  title: "Notices",
  intro: "Demand notices, reminders, warrants; no notice was issued and no fee charged.",
  codes: {
    NOTICE_NOTHING_OVERDUE: "Nothing needs doing; issue a notice when a due date has passed unpaid.",
    NOTICE_NOT_DEMANDED: "Issue a demand notice for what is overdue first.",
    NOTICE_NOT_SERVED: "Have the demand notice served and record the day and how.",
    NOTICE_TOO_EARLY: "Wait until the days that the notice gives have run out.",
    NOTICE_TO_WHOM: "Give the code of a consumer, or choose the ward whose defaulters get it.",
    NOTICE_TOO_MANY: "Issue them in several transactions, a part of the ward in each.",
    NOTICE_NOT_FOUND: "Take the notice from the list of this ULB.",
    NOTICE_SERVED_ALREADY: "Nothing needs doing; the day that was recorded stands.",
    NOTICE_SERVICE_DATE: "Give the day of service; it is not before the day of the notice and not to come.",
    NOTICE_SERVICE_HOW: "Say how it was served: by hand, by post, by affixing it.",
    NOTICE_TERMS_INVALID: "Correct the days or the fee as the sentence says.",
    NOTICE_TERMS_SET: "Set other terms from a later day.",
  },
};
