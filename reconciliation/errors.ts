import { defineErrors } from "../ledger/kernel/errors.ts";
import { formatIndian, paise } from "../ledger/kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));
const difference = (a: string, b: string): string => money(String(BigInt(a) - BigInt(b)));

/** The refusals of reconciliation. Amounts in facts are whole paise as text. */
export const reconciliationErrors = defineErrors({
  BANK_ACCOUNT_UNKNOWN: {
    status: 404,
    message: (f: { account: string }) => `account ${f.account} is not set up as a bank account of this ULB`,
  },
  BANK_ACCOUNT_EXISTS: {
    status: 409,
    message: (f: { account: string }) => `account ${f.account} is set up as a bank account already`,
  },
  BANK_ACCOUNT_HEAD: {
    status: 422,
    message: (f: { account: string }) =>
      `account ${f.account} is not a bank head (450); a bank account is kept under one`,
  },
  BANK_ACCOUNT_NUMBER: {
    status: 422,
    message: (f: { account: string }) => `the number of bank account ${f.account} must end in four digits`,
  },
  BANK_HOLIDAY: {
    status: 422,
    message: (f: { day: string; problem: string }) => `the holiday of ${f.day} was not declared: ${f.problem}`,
  },
  BANK_LINE_UNKNOWN: { status: 404, message: (f: { line: string }) => `there is no bank statement line ${f.line}` },
  BANK_LINE_MATCHED: {
    status: 409,
    message: (f: { line: string }) => `bank statement line ${f.line} is in a live match already; un-match that first`,
  },
  OPEN_ITEM_UNKNOWN: {
    status: 404,
    message: (f: { item: string }) => `there is no open item ${f.item} in this bank book (it may be matched already)`,
  },
  CHEQUE_IN_REGISTER: {
    status: 409,
    message: (f: { cheque: string }) =>
      `cheque ${f.cheque} was issued by a payment and stands in the register of cheques; book it as stale there (Bills and payments, Cheques), so that its payee keeps the claim`,
  },
  MATCH_UNKNOWN: { status: 404, message: (f: { match: string }) => `there is no live match ${f.match}` },
  MATCH_TAKEN: {
    status: 409,
    message: (f: { account: string }) =>
      `a line or an item of this match in account ${f.account} was matched by somebody else meanwhile; reconcile again`,
  },
  MATCH_EMPTY: {
    status: 422,
    message: (f: { account: string }) =>
      `a match in account ${f.account} has at least one statement line and one open item, or lines that cancel each other`,
  },
  MATCH_UNBALANCED: {
    status: 422,
    message: (f: { lines: string; items: string }) =>
      `statement lines ${money(f.lines)}, book items ${money(f.items)}, difference ${difference(f.lines, f.items)}; a match never hides a difference`,
  },
  REASON_MISSING_FOR_UNMATCH: {
    status: 422,
    message: (f: { match: string }) =>
      `un-matching ${f.match} needs a reason that an auditor can read (at least 5 characters)`,
  },
  TEMPLATE_DIRECTION: {
    status: 422,
    message: (f: { line: string; template: string; amount: string }) =>
      `statement line ${f.line} is ${money(f.amount)}; "${f.template}" is for money ${f.template === "bank-charge" ? "the bank took" : "the bank credited"}`,
  },
  OPENING_NOT_PROVED: {
    status: 422,
    message: (f: { account: string; statement: string; items: string }) =>
      `account ${f.account}: the first statement opens at ${money(f.statement)}, the book items before it that are not named as outstanding sum to ` +
      `${money(f.items)}, difference ${difference(f.statement, f.items)}`,
  },
  OPENING_MATCHED: {
    status: 409,
    message: (f: { account: string }) =>
      `the opening balance of account ${f.account} is matched with the books; un-match it before an earlier statement is added`,
  },
  SETTLEMENT_DISPUTE: {
    status: 409,
    message: (f: { settlement: string; dispute: string; taken: string; booked: string }) =>
      `settlement ${f.settlement} takes ${money(f.taken)} for dispute ${f.dispute}, the books lost ${money(f.booked)} by it: difference ${difference(f.taken, f.booked)}`,
  },
  STATEMENT_MISSING: {
    status: 404,
    message: (f: { account: string; day: string }) =>
      `no bank statement of account ${f.account} reaches back to ${f.day}`,
  },
  GATEWAY_SILENT: {
    status: 502,
    message: (f: { asked: string; cause: string }) =>
      `the gateway did not say ${f.asked} (${f.cause}); nothing was written, ask again later`,
  },
});
