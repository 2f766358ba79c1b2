import type { GuideGroup } from "./group.ts";

export const changesGuide: GuideGroup = {
  title: "Changes of demands",
  intro:
    "Debit and credit notes, remissions, cancellations, retrospective demands, transfers of arrears; nothing was changed.",
  codes: {
    DEMAND_CHANGE_NOT_FOUND: "Take the change from the list of changes of this ULB.",
    DEMAND_CHANGE_EXISTS: "Propose it under a new id, or look at the one that is there.",
    DEMAND_CHANGE_DECIDED: "Nothing needs doing; if it is still wanted, propose a new change.",
    DEMAND_CHANGE_WITHDRAWN_BY_MAKER: "Reject the change, or ask its maker to withdraw it.",
    DEMAND_CHANGE_REASON: "Say in a few words why.",
    DEMAND_CHANGE_ORDER_MISSING: "Give the number and the date of the sanction order.",
    DEMAND_CHANGE_ORDER_LATER: "Date the change on or after the day of its order.",
    DEMAND_CHANGE_EMPTY: "Name at least one demand or head.",
    DEMAND_CHANGE_TOO_LARGE: "Make several changes of it.",
    DEMAND_CHANGE_AMOUNT: "Give an amount of more than 0.00 under a head on which something is due.",
    DEMAND_CHANGE_LINE_TWICE: "Add the two amounts together.",
    DEMAND_NOT_FOUND:
      "Take the demand and its head from the consumer's register; the cess goes with the head on which it is levied.",
    DEMAND_CHANGE_CONSUMERS: "Make one change for each consumer.",
    DEMAND_CHANGE_DATE: "Date the change on or after the last movement of the demand.",
    DEMAND_CHANGE_EXCEEDS_DUE:
      "Take off no more than is due, cancel the demand, or have a remission sanctioned that gives paid money back.",
    DEMAND_CHANGE_REMISSION_HEAD: "Set a rebate account (110-90) on a new version of the tax head first.",
    DEMAND_CANCELLED: "Nothing of it is left to change; raise the demand of its period again if it is due.",
    DEMAND_RESTATED_KIND: "Propose a change of it; opening, transferred and single charges are not restated.",
    DEMAND_RESTATED_BELOW_SETTLED:
      "Demand no less than what is settled, or have a remission sanctioned that gives it back.",
    DEMAND_RESTATED_LESS: "Propose a credit note or a remission; another person approves it.",
    RETROSPECTIVE_YEAR: "Raise a demand of the running year as a regular demand.",
    RETROSPECTIVE_BEFORE_BOOKS: "Enter it as an opening receivable if it was one when the books began.",
    TRANSFER_CONSUMER: "Name another consumer of the same service.",
  },
};
