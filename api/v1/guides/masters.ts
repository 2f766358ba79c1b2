import type { GuideGroup } from "./group.ts";

export const mastersGuide: GuideGroup = {
  title: "Masters",
  intro: "Charts, funds, functions, parties, bank accounts, tax sections and the posting map.",
  codes: {
    MASTER_UNKNOWN: "Check the code against the list; masters of another ULB are not seen.",
    MASTER_EXISTS: "Take another code, or open the one that is there again; a code keeps its meaning for ever.",
    MASTER_DETAILS: "Correct what the sentence lists; nothing was written.",
    MASTER_BACKDATED:
      "Date the change on the day of the last one or later; what was printed for earlier days stays as it was.",
    MASTER_AHEAD: "Make the change on the day from which it counts.",
    MASTER_CLOSED: "Use the one that took its place, or have this one opened again with a reason.",
    MASTER_OPEN: "It is in use; there is nothing to open.",
    MASTER_HAS_CHILDREN: "Close what hangs below it first.",
    MASTER_HAS_BALANCE:
      "Transfer the balance by a journal voucher first; a head of income or expenditure is closed with effect from 1 April.",
    MASTER_IN_USE: "Let what is listed use another one first.",
    ACCOUNT_PLACE: "Choose a code that begins with its parent's and has the digits of its level: 3, 5 or 7.",
    FUND_CLOSED: "Use a fund that is in use, or have this one opened again.",
    FUNCTION_CLOSED: "Use a function that is in use, or have this one opened again.",
    CHANGE_NOT_FOUND: "Look at the list of proposed changes.",
    CHANGE_DECIDED: "Somebody has decided it; propose another change if it is still wanted.",
    PARTY_UNKNOWN: "Search the parties by name, code or PAN; add the party if it is new.",
    PARTY_EXISTS: "Take another code, or none: the next free one is given.",
    PARTY_DETAILS: "Correct what the sentence lists: it says for each number what is wrong with it.",
    PARTY_BARRED: "Nothing is passed or paid to this party until it is made active again, with a reason.",
    TAX_SECTION_UNKNOWN: "Choose a section that is in force on the day of the deduction, or have it added.",
    TAX_SECTION_OVERLAPS: "End the row that is in force the day before the new one begins.",
    BANK_BOOK_UNKNOWN: "Choose one of the ULB's bank accounts, or have it added to the masters.",
    CHEQUE_BOOK_UNKNOWN: "Look the cheque book up under its bank account.",
    CHEQUE_BOOK_OVERLAPS: "Check the first and last leaf on the book itself; a leaf is in one book.",
    CHEQUE_BOOK_STATUS: "A book goes from stock into use and is finished or cancelled there; it does not come back.",
  },
};
