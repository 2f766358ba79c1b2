import { defineErrors } from "../../ledger/kernel/errors.ts";
import { formatIndian, paise } from "../../ledger/kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of resolving exceptions. Amounts in facts are whole paise as text. */
export const exceptionErrors = defineErrors({
  EXCEPTION_NOT_FOUND: {
    status: 404,
    message: (f: { exception: string }) => `there is no exception ${f.exception} in this ULB`,
  },
  EXCEPTION_CLOSED: {
    status: 409,
    message: (f: { exception: string; resolution: string; by: string }) =>
      `exception ${f.exception} is closed already by ${f.by}: ${f.resolution}`,
  },
  EXCEPTION_PROPOSED: {
    status: 409,
    message: (f: { exception: string; by: string; template: string }) =>
      `${f.by} proposed "${f.template}" for exception ${f.exception} already; it is decided or withdrawn first`,
  },
  EXCEPTION_NOT_PROPOSED: {
    status: 409,
    message: (f: { exception: string }) =>
      `nothing is proposed for exception ${f.exception} now; propose a way out first`,
  },
  EXCEPTION_TEMPLATE: {
    status: 422,
    message: (f: { template: string; what: string; amount: string; fitting: readonly string[] }) =>
      `"${f.template}" does not fit ${f.what} of ${money(f.amount)}; what fits: ${f.fitting.join(", ")}`,
  },
  EXCEPTION_REASON: {
    status: 422,
    message: (f: { what: string }) => `${f.what} needs a reason that an auditor can read (at least 5 characters)`,
  },
  EXCEPTION_HEAD: {
    status: 422,
    message: (f: { account: string; why: string }) => `account ${f.account || "(none)"} cannot take it: ${f.why}`,
  },
  EXCEPTION_DRAFT_CHANGED: {
    status: 409,
    message: (f: { exception: string; proposed: string; now: string }) =>
      `what was proposed for exception ${f.exception} was ${f.proposed}; it would be ${f.now} now: reject it and have it proposed again`,
  },
  EXCEPTION_ABOVE_LIMIT: {
    status: 403,
    message: (f: { amount: string; limit: string; actor: string }) =>
      `it is of ${money(f.amount)}, and ${f.actor} may approve up to ${money(f.limit)}; an approver with a higher limit must decide`,
  },
  EXCEPTION_DIFFERENCE_NONE: {
    status: 422,
    message: (f: { amount: string }) =>
      `the bank and the items agree on ${money(f.amount)}; match them, there is no difference to book`,
  },
  EXCEPTION_ITEMS: {
    status: 422,
    message: (f: { template: string }) => `"${f.template}" needs the items of the book that the line belongs to`,
  },
  EXCEPTION_ITEM_DIFFERS: {
    status: 422,
    message: (f: { line: string; item: string; account: string }) =>
      `the line is ${money(f.line)}, the item in the book of ${f.account} is ${money(f.item)}; they must be equal`,
  },
  EXCEPTION_ENTRY_OF_REGISTER: {
    status: 422,
    message: (f: { entry: string; source: string }) =>
      `entry ${f.entry} belongs to a ${f.source}; take it back there, so that its register follows`,
  },
  EXCEPTION_CHEQUE: {
    status: 422,
    message: (f: { cheque: string; deposited: string; line: string; account: string; expected: string }) =>
      `cheque ${f.cheque} was deposited in ${f.deposited}; the line is in ${f.account} and takes ${money(f.line)}, the return would take ${money(f.expected)}`,
  },
  EXCEPTION_RECEIPT_ACCOUNT: {
    status: 422,
    message: (f: { account: string; main: string }) =>
      `a receipt for a transfer is booked in the main bank account ${f.main}, this money is in ${f.account}; move it with "wrong account" or name the head`,
  },
  EXCEPTION_SETTLEMENT_ROWS: {
    status: 422,
    message: (f: { settlement: string; why: string }) =>
      `settlement ${f.settlement} cannot be booked as adjusted: ${f.why}`,
  },
  EXCEPTION_WITHDRAWN_BY_MAKER: {
    status: 403,
    message: (f: { maker: string; actor: string }) =>
      `${f.maker} proposed it; ${f.actor} may reject it, only its maker withdraws it`,
  },
});
