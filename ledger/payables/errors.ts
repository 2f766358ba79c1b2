import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of paying. Amounts in facts are whole paise as text; `what` names a bill or payment as people call it. */
export const payableErrors = defineErrors({
  BILL_UNKNOWN: { status: 404, message: (f: { bill: string }) => `there is no bill ${f.bill}` },
  BILL_STATUS: {
    status: 409,
    message: (f: { what: string; status: string; step: string }) => `${f.what} is ${f.status}; it cannot be ${f.step}`,
  },
  BILL_CHANGED: {
    status: 412,
    message: (f: { what: string; expected: number; found: number }) =>
      `${f.what} was changed by somebody else meanwhile (you had version ${f.expected}, it is now ${f.found}); look at it again`,
  },
  BILL_DUPLICATE: {
    status: 409,
    message: (f: { number: string; party: string; gross: string; date: string; status: string; register: string }) =>
      `bill ${f.number} of ${f.party} is there already: ${money(f.gross)}, dated ${f.date}, ${f.status}${f.register === "" ? "" : ` (${f.register})`}; a bill is taken in once`,
  },
  BILL_INPUT: { status: 422, message: (f: { what: string }) => f.what },
  DEDUCTIONS_EXCEED_BILL: {
    status: 422,
    message: (f: { of: string; gross: string; deductions: string }) =>
      `deductions of ${money(f.deductions)} are more than the ${money(f.gross)} of ${f.of}, by ${money(String(BigInt(f.deductions) - BigInt(f.gross)))}; recover less from this bill`,
  },
  DEDUCTIONS_CHANGED: {
    status: 409,
    message: (f: { what: string; code: string; saved: string; now: string }) =>
      `${f.code} of ${f.what} was computed as ${money(f.saved)} and is ${money(f.now)} today, because other bills of the party were passed or a section changed; send it back and compute it again`,
  },
  ADVANCE_EXCEEDS_OUTSTANDING: {
    status: 422,
    message: (f: { what: string; outstanding: string; asked: string }) =>
      `${money(f.asked)} cannot be recovered from ${f.what}: ${money(f.outstanding)} is outstanding`,
  },
  PAYEES_DIFFER: {
    status: 422,
    message: (f: { gross: string; payees: string }) =>
      `the payees' gross pay adds up to ${money(f.payees)}, the bill to ${money(f.gross)}; difference ${money(String(BigInt(f.gross) - BigInt(f.payees)))}`,
  },
  BILL_NOT_UNPAID: {
    status: 409,
    message: (f: { what: string; item: string; amount: string; open: string; waiting: string }) =>
      f.waiting === "0"
        ? `${f.what} cannot be cancelled: of ${f.item} ${money(f.amount)} only ${money(f.open)} is still open; cancel what was paid first`
        : `${f.what} cannot be cancelled: ${money(f.waiting)} of ${f.item} stands in a payment or order that waits for approval; reject that first`,
  },
  ITEM_UNKNOWN: { status: 404, message: (f: { item: string }) => `there is no open item ${f.item}` },
  ITEM_KIND: {
    status: 422,
    message: (f: { what: string; kind: string; step: string }) => `${f.what} is a ${f.kind}; it cannot be ${f.step}`,
  },
  PAYMENT_UNKNOWN: { status: 404, message: (f: { payment: string }) => `there is no payment ${f.payment}` },
  PAYMENT_STATUS: {
    status: 409,
    message: (f: { what: string; status: string; step: string }) => `${f.what} is ${f.status}; it cannot be ${f.step}`,
  },
  PAYMENT_CHANGED: {
    status: 412,
    message: (f: { what: string; expected: number; found: number }) =>
      `${f.what} was changed by somebody else meanwhile (you had version ${f.expected}, it is now ${f.found}); look at it again`,
  },
  PAYMENT_EMPTY: {
    status: 422,
    message: () => "a payment pays something: choose what is paid, with an amount of more than 0.00 for each",
  },
  PAYMENT_EXCEEDS_PAYABLE: {
    status: 409,
    message: (f: { what: string; payable: string; asked: string; waiting: string }) =>
      f.payable === "0" && f.waiting === "0"
        ? `${money(f.asked)} cannot be paid for ${f.what}: it is settled in full already; look at what settled it, and cancel that if it was wrong`
        : `${money(f.asked)} is more than is payable for ${f.what}: ${money(f.payable)}${f.waiting === "0" ? "" : ` (${money(f.waiting)} more waits for approval in other payments)`}; pay at most that`,
  },
  PAYMENT_FUND_DIFFERS: {
    status: 422,
    message: (f: { what: string; fund: string; account: string; bankFund: string }) =>
      `${f.what} is payable from fund ${f.fund}, but bank book ${f.account} belongs to fund ${f.bankFund}; pay it from a bank book of fund ${f.fund}`,
  },
  PAYMENT_ONE_PAYEE: {
    status: 422,
    message: (f: { payees: number }) =>
      `a cheque is for one payee, and ${f.payees} were chosen; write one cheque for each, or pay them by one transfer advice`,
  },
  PAYMENT_KINDS: {
    status: 422,
    message: (f: { what: string; kind: string }) =>
      `${f.what} is not paid by a payment of the kind "${f.kind}"; bills, remittances, deposits and stale cheques are paid apart`,
  },
  PAYEE_MISSING: {
    status: 422,
    message: () =>
      "a remittance says to whom it goes: name the authority, and choose it from the parties for a transfer",
  },
  PAYEE_BANK_MISSING: {
    status: 422,
    message: (f: { party: string }) =>
      `${f.party} has no bank account with IFSC among the parties; add them there, or pay by cheque`,
  },
  BANK_BOOK_MISSING: {
    status: 422,
    message: (f: { account: string }) =>
      `account ${f.account} is not one of the ULB's bank books in use; choose one of them, or have it added to the masters`,
  },
  CHEQUE_UNKNOWN: { status: 404, message: (f: { cheque: string }) => `there is no cheque ${f.cheque}` },
  CHEQUE_LEAF_UNKNOWN: {
    status: 422,
    message: (f: { leaf: string; account: string }) =>
      `leaf ${f.leaf} is in no cheque book of bank book ${f.account}; take a leaf of a book that was received, or add the book to the masters`,
  },
  CHEQUE_LEAVES_NONE: {
    status: 422,
    message: (f: { account: string }) =>
      `no leaf is left in the cheque books of bank book ${f.account}; add a new book to the masters`,
  },
  CHEQUE_ISSUED_ALREADY: {
    status: 409,
    message: (f: { leaf: string; account: string; payee: string; amount: string; date: string; status: string }) =>
      f.status === "spoiled"
        ? `leaf ${f.leaf} of ${f.account} was spoiled on ${f.date} (${f.payee}); a leaf is used once, take the next`
        : `leaf ${f.leaf} of ${f.account} was used for ${f.payee}, ${money(f.amount)}, on ${f.date} (${f.status}); a leaf is used once, take the next`,
  },
  CHEQUE_STATUS: {
    status: 409,
    message: (f: { cheque: string; status: string; step: string }) =>
      `cheque ${f.cheque} is ${f.status}; it cannot be ${f.step}`,
  },
  CHEQUE_DATE: {
    status: 422,
    message: (f: { cheque: string; issued: string; date: string; step: string }) =>
      `cheque ${f.cheque} was issued on ${f.issued}; it cannot have been ${f.step} on ${f.date}`,
  },
  CHEQUE_NOT_DUE: {
    status: 409,
    message: (f: { cheque: string; due: string; day: string; step: string }) =>
      `cheque ${f.cheque} becomes ${f.step} on ${f.due}, not by ${f.day}`,
  },
  ADVICE_UNKNOWN: { status: 404, message: (f: { advice: string }) => `there is no advice ${f.advice}` },
  ADVICE_STATUS: {
    status: 409,
    message: (f: { advice: string; status: string; step: string }) =>
      `advice ${f.advice} is ${f.status}; it cannot be ${f.step}`,
  },
  ADVICE_LINE_UNKNOWN: {
    status: 404,
    message: (f: { advice: string; line: number }) =>
      `advice ${f.advice} has no line ${f.line} that could be returned by the bank`,
  },
  ORDER_UNKNOWN: { status: 404, message: (f: { order: string }) => `there is no order ${f.order}` },
  ORDER_STATUS: {
    status: 409,
    message: (f: { status: string }) => `the order is ${f.status}; it is decided once`,
  },
  ADVANCE_PURPOSE: {
    status: 422,
    message: (f: { purpose: string }) =>
      `"${f.purpose}" is not a purpose of an advance; contractor, supplier, employee, imprest, materials and other are`,
  },
  PAYABLE_SETTING: { status: 422, message: (f: { what: string }) => f.what },
  TAKE_OVER_LINE: {
    status: 422,
    message: (f: { entry: string; line: number; why: string }) =>
      `line ${f.line} of entry ${f.entry} cannot be taken into the register: ${f.why}`,
  },
});
