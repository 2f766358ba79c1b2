import type { GuideGroup } from "./group.ts";

export const payablesGuide: GuideGroup = {
  title: "Bills and payments",
  intro: "What the ULB owes, and how it pays.",
  codes: {
    BILL_UNKNOWN: "Look the bill up in the list of bills; the address may have been cut.",
    BILL_STATUS:
      "Look at where the bill stands: a draft is submitted, a submitted bill is passed, sent back or rejected, a passed one is paid or cancelled.",
    BILL_CHANGED: "Open the bill again, look at what was changed, and repeat your step.",
    BILL_DUPLICATE:
      "Look at the bill that is there; if yours is another one, give it the number that tells them apart.",
    BILL_INPUT: "Correct the field that the sentence names.",
    DEDUCTIONS_EXCEED_BILL: "Recover a smaller part of the advance, or take a deduction in a later bill.",
    DEDUCTIONS_CHANGED: "Send the bill back; its maker opens it, computes it again and submits it.",
    ADVANCE_EXCEEDS_OUTSTANDING:
      "Recover at most what is outstanding; what waits in other bills and payments counts as recovered.",
    PAYEES_DIFFER: "Correct the payees or the heads until both add up to the same gross pay.",
    BILL_NOT_UNPAID:
      "Cancel the payments, remittances and orders that touched it first, or book a correction by voucher.",
    ITEM_UNKNOWN: "Choose it from the list of what is open.",
    ITEM_KIND: "Choose an item of the right sort, party and fund.",
    PAYMENT_UNKNOWN: "Look the payment up in the list of payments.",
    PAYMENT_STATUS:
      "Look at where the payment stands; it is approved or rejected once, and cancelled only when it was issued.",
    PAYMENT_CHANGED: "Open the payment again, look at what was changed, and repeat your step.",
    PAYMENT_EMPTY: "Choose at least one thing to pay, with an amount.",
    PAYMENT_EXCEEDS_PAYABLE: "Pay at most what is payable; reject the payment that waits if it is the wrong one.",
    PAYMENT_FUND_DIFFERS: "Choose a bank book of the fund that owes, or move money between the funds first.",
    PAYMENT_ONE_PAYEE: "Write one cheque for each payee, or choose the transfer advice.",
    PAYMENT_KINDS: "Make a payment of the kind that fits what is to be paid.",
    PAYEE_MISSING: "Name the authority to whom the deduction is remitted.",
    PAYEE_BANK_MISSING: "Add account number and IFSC of the party to the masters, or pay by cheque.",
    BANK_BOOK_MISSING: "Choose a bank book that is in use.",
    CHEQUE_UNKNOWN: "Look the cheque up in the register of cheques.",
    CHEQUE_LEAF_UNKNOWN: "Take a leaf of a cheque book that was received for this bank book.",
    CHEQUE_LEAVES_NONE: "Add the new cheque book to the masters.",
    CHEQUE_ISSUED_ALREADY: "Take the next leaf; if the first use is wrong, cancel that payment.",
    CHEQUE_STATUS: "Look at the history of the cheque: what was delivered must come back before it is cancelled.",
    CHEQUE_DATE: "Correct the date; nothing happens to a cheque before it is issued.",
    CHEQUE_NOT_DUE: "Wait until its day, or have the period changed in the settings.",
    ADVICE_UNKNOWN: "Only an approved payment by transfer has an advice.",
    ADVICE_STATUS:
      "What was sent to the bank is not cancelled: mark the beneficiary as come back when the bank returns it.",
    ADVICE_LINE_UNKNOWN: "Choose a beneficiary of this advice that did not come back yet.",
    ORDER_UNKNOWN: "Look the order up in the list of deposits.",
    ORDER_STATUS: "The order was decided; ask for another one.",
    ADVANCE_PURPOSE: "Choose one of the purposes.",
    PAYABLE_SETTING: "Correct the setting that the sentence names.",
    TAKE_OVER_LINE:
      "Take over entries that increase what is owed and name a party of the masters; settle the others here.",
  },
};
