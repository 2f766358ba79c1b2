import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of the masters. `what` names a master ("ward W-07"); amounts in facts are whole paise as text. */
export const masterErrors = defineErrors({
  MASTER_UNKNOWN: {
    status: 404,
    message: (f: { what: string }) => `${f.what} is not in this ULB's masters`,
  },
  MASTER_EXISTS: {
    status: 409,
    message: (f: { what: string; name: string }) =>
      `${f.what} is there already ("${f.name}"); a code is used once, also after it is closed`,
  },
  MASTER_DETAILS: {
    status: 422,
    message: (f: { what: string; problems: readonly string[] }) => `${f.what}: ${f.problems.join("; ")}`,
  },
  MASTER_BACKDATED: {
    status: 409,
    message: (f: { what: string; from: string; last: string }) =>
      `${f.what} was last changed with effect from ${f.last}; a later change cannot count from ${f.from}`,
  },
  MASTER_AHEAD: {
    status: 422,
    message: (f: { what: string; from: string; today: string }) =>
      `a change of ${f.what} cannot count from ${f.from}: today is ${f.today}, make the change on the day itself`,
  },
  MASTER_CLOSED: {
    status: 409,
    message: (f: { what: string; from: string }) => `${f.what} is closed since ${f.from}; open it again first`,
  },
  MASTER_OPEN: { status: 409, message: (f: { what: string }) => `${f.what} is open already` },
  MASTER_HAS_CHILDREN: {
    status: 409,
    message: (f: { what: string; children: readonly string[] }) =>
      `${f.what} has open ones below it (${f.children.join(", ")}); close those first`,
  },
  MASTER_HAS_BALANCE: {
    status: 409,
    message: (f: { what: string; balance: string; where: string }) =>
      `${f.what} has a balance of ${money(f.balance)}${f.where}; transfer it by a journal voucher, then close`,
  },
  MASTER_IN_USE: {
    status: 409,
    message: (f: { what: string; uses: readonly string[] }) =>
      `${f.what} is used by ${f.uses.join(", ")}; point those elsewhere first`,
  },
  ACCOUNT_PLACE: {
    status: 422,
    message: (f: { code: string; problem: string }) => `account ${f.code} does not fit into the chart: ${f.problem}`,
  },
  FUND_CLOSED: {
    status: 422,
    message: (f: { what: string; fund: string }) => `fund ${f.fund} is closed (${f.what})`,
  },
  FUNCTION_CLOSED: {
    status: 422,
    message: (f: { what: string; account: string }) =>
      `the function on the line of account ${f.account} is closed (${f.what})`,
  },
  CHANGE_NOT_FOUND: { status: 404, message: (f: { id: string }) => `there is no proposed change ${f.id}` },
  CHANGE_DECIDED: {
    status: 409,
    message: (f: { summary: string; status: string; by: string }) =>
      `"${f.summary}" is ${f.status} already, by ${f.by}`,
  },
  PARTY_UNKNOWN: {
    status: 404,
    message: (f: { type: string; id: string }) => `there is no ${f.type} ${f.id} among this ULB's parties`,
  },
  PARTY_EXISTS: {
    status: 409,
    message: (f: { type: string; id: string; name: string }) =>
      `the code ${f.id} belongs to the ${f.type} "${f.name}" already`,
  },
  PARTY_DETAILS: {
    status: 422,
    message: (f: { name: string; problems: readonly string[] }) => `party "${f.name}": ${f.problems.join("; ")}`,
  },
  PARTY_BARRED: {
    status: 409,
    message: (f: { id: string; name: string; status: string; from: string; reason: string }) =>
      `${f.id} ${f.name} is ${f.status} since ${f.from}: ${f.reason}`,
  },
  TAX_SECTION_UNKNOWN: {
    status: 404,
    message: (f: { code: string; day: string }) => `no tax section "${f.code}" is in force on ${f.day}`,
  },
  TAX_SECTION_OVERLAPS: {
    status: 409,
    message: (f: { code: string; from: string; other: string }) =>
      `section "${f.code}" from ${f.from} overlaps the one from ${f.other}; end that one the day before`,
  },
  BANK_BOOK_UNKNOWN: {
    status: 404,
    message: (f: { account: string }) => `account ${f.account} is not one of this ULB's bank accounts`,
  },
  CHEQUE_BOOK_UNKNOWN: { status: 404, message: (f: { book: string }) => `there is no cheque book ${f.book}` },
  CHEQUE_BOOK_OVERLAPS: {
    status: 409,
    message: (f: { account: string; first: string; last: string; otherFirst: string; otherLast: string }) =>
      `cheques ${f.first} to ${f.last} of account ${f.account} overlap the book ${f.otherFirst} to ${f.otherLast}; a leaf is in one book`,
  },
  CHEQUE_BOOK_STATUS: {
    status: 409,
    message: (f: { first: string; last: string; status: string; wanted: string }) =>
      `the cheque book ${f.first} to ${f.last} is ${f.status}; it cannot become ${f.wanted}`,
  },
});
