import type { GuideGroup } from "./group.ts";

export const consumersGuide: GuideGroup = {
  title: "Owners and changes of consumers",
  intro: "Owners with their shares, mutations, merges, splits; nothing was changed.",
  codes: {
    CONSUMER_OWNER: "Correct what the sentence says of this owner.",
    CONSUMER_OWNER_SHARES:
      "Correct the shares so that together they make the whole; 1/3 is exact where 33.33 % is not.",
    CONSUMER_OWNERS_KNOWN: "Propose a mutation with the new owners.",
    CONSUMER_CHANGE_NOT_FOUND: "Take the change from the list of changes of this ULB.",
    CONSUMER_CHANGE_DECIDED: "Nothing needs doing; if it is still wanted, propose a new change.",
    CONSUMER_CHANGE_WITHDRAWN_BY_MAKER: "Reject the change, or ask its maker to withdraw it.",
    CONSUMER_CHANGE_REASON: "Say in a few words why.",
    CONSUMER_CHANGE_DOCUMENT:
      "Give the number and the date of the deed, order or application; it is not later than the change.",
    CONSUMER_CHANGE_DATE: "Give a day that has come and is not before the last change of its owners.",
    CONSUMER_CHANGE_VALUE: "Correct the field that is named.",
    CONSUMER_CHANGE_EMPTY: "Name what is to be other than it is.",
    CONSUMER_CHANGE_EXISTS: "Propose the other change under an id of its own.",
    CONSUMER_CHANGE_OVERTAKEN:
      "Look at what was changed meanwhile, reject this one, and propose it anew if it is still wanted.",
    CONSUMER_MERGE:
      "Choose two consumers of one service, and a day on or after the last movement that the sentence names.",
    CONSUMER_SPLIT: "Correct the parts: new numbers, and together no more of each due than there is.",
    CONSUMER_INACTIVE: "Change the consumer that took its place.",
  },
};
