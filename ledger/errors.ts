import { formatIndian, paise } from "./kernel/money.ts";
import { defineErrors } from "./kernel/errors.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of the books. `what` names the draft ("receipt rzp:capture:pay_…"), amounts in facts are whole paise as text. */
export const ledgerErrors = defineErrors({
  ENTRY_LINES: {
    status: 422,
    message: (f: { what: string; lines: number }) => `${f.what} has ${f.lines} lines; an entry has 2 to 10,000`,
  },
  LINE_AMOUNT: {
    status: 422,
    message: (f: { what: string; line: number; account: string; amount: string }) =>
      `line ${f.line} (${f.account}) of ${f.what} is ${money(f.amount)}; a line is a debit or a credit of more than 0.00 and at most 10,00,00,00,00,00,000.00`,
  },
  ENTRY_UNBALANCED: {
    status: 422,
    message: (f: { what: string; debits: string; credits: string }) =>
      `debits ${money(f.debits)}, credits ${money(f.credits)}, difference ${money(String(BigInt(f.debits) - BigInt(f.credits)))} (${f.what})`,
  },
  FUND_UNBALANCED: {
    status: 422,
    message: (f: { what: string; fund: string; difference: string }) =>
      `${f.what} balances in total but not in fund ${f.fund}: debits less credits ${money(f.difference)}; money between funds passes through 470-20 in each`,
  },
  ACCOUNT_UNKNOWN: {
    status: 422,
    message: (f: { what: string; account: string }) => `account ${f.account} is not in the chart (${f.what})`,
  },
  ACCOUNT_NOT_POSTING: {
    status: 422,
    message: (f: { what: string; account: string }) =>
      `account ${f.account} is a heading; entries go to the detailed heads below it (${f.what})`,
  },
  ACCOUNT_INACTIVE: {
    status: 422,
    message: (f: { what: string; account: string }) => `account ${f.account} is no longer in use (${f.what})`,
  },
  FUND_UNKNOWN: {
    status: 422,
    message: (f: { what: string; fund: string }) => `fund ${f.fund} is not one of this ULB's funds (${f.what})`,
  },
  FUNCTION_MISSING: {
    status: 422,
    message: (f: { what: string; account: string }) =>
      `account ${f.account} is income or expenditure: its line needs a function (${f.what})`,
  },
  FUNCTION_UNKNOWN: {
    status: 422,
    message: (f: { what: string; account: string }) =>
      `the function on the line of account ${f.account} is not one of this ULB's functions (${f.what})`,
  },
  SEAL_GAP: {
    status: 409,
    message: (f: { entry: string }) => `entry ${f.entry} was given out and is not there; nothing is sealed over a gap`,
  },
  VOUCHER_RULE: {
    status: 422,
    message: (f: { what: string; voucher: string }) =>
      f.voucher === "journal"
        ? `${f.what} is a journal voucher but has a cash or bank line (450); use a receipt, payment or contra voucher`
        : f.voucher === "contra"
          ? `${f.what} is a contra voucher; it moves money between cash and bank heads (450), only fees (240) may stand beside them`
          : `${f.what} is a ${f.voucher} voucher but has no cash or bank line (450)`,
  },
  PERIOD_MISSING: {
    status: 422,
    message: (f: { what: string; period: string }) =>
      `${f.period} is not a period of this ULB's books (${f.what}); open the financial year first`,
  },
  PERIOD_CLOSED: {
    status: 409,
    message: (f: { what: string; period: string }) =>
      `${f.period} is closed (${f.what}); date it in an open month, or have the period reopened with a reason`,
  },
  PERIOD_NOT_OPEN: {
    status: 409,
    message: (f: { period: string; status: string }) => `${f.period} is ${f.status}, so it cannot be closed`,
  },
  PERIOD_NOT_CLOSED: {
    status: 409,
    message: (f: { period: string; status: string }) => `${f.period} is ${f.status}, so it cannot be reopened`,
  },
  PERIOD_CLOSE_REFUSED: {
    status: 409,
    message: (f: { period: string; problems: readonly string[] }) =>
      `${f.period} is not ready to be closed: ${f.problems.join("; ")}`,
  },
  REASON_MISSING: {
    status: 422,
    message: (f: { what: string }) => `${f.what} needs a reason that an auditor can read (at least 5 characters)`,
  },
  ENTRY_SOURCE_CONFLICT: {
    status: 409,
    message: (f: { what: string; entry: string }) =>
      `${f.what} was posted before, as entry ${f.entry}, with other content; a fact is posted once`,
  },
  ENTRY_NOT_FOUND: {
    status: 404,
    message: (f: { entry: string }) => `there is no entry ${f.entry} in these books`,
  },
  ENTRY_ALREADY_REVERSED: {
    status: 409,
    message: (f: { entry: string }) => `entry ${f.entry} has been reversed already; an entry is reversed once`,
  },
  ACCOUNT_NOT_MAPPED: {
    status: 500,
    message: (f: { key: string }) => `no account is set for "${f.key}" in this ULB's posting map`,
  },
  ACCOUNT_NOT_FOUND: {
    status: 404,
    message: (f: { account: string }) => `there is no account ${f.account} in this ULB's chart`,
  },
  ULB_NOT_FOUND: { status: 404, message: (f: { code: string }) => `there is no ULB "${f.code}"` },
  ULB_EXISTS: { status: 409, message: (f: { code: string }) => `the ULB "${f.code}" is there already` },
  CHART_NOT_FOUND: { status: 404, message: (f: { chart: string }) => `there is no chart of accounts "${f.chart}"` },
  VOUCHER_NOT_FOUND: { status: 404, message: (f: { voucher: string }) => `there is no voucher ${f.voucher}` },
  VOUCHER_STATUS: {
    status: 409,
    message: (f: { voucher: string; status: string; step: string }) =>
      `voucher ${f.voucher} is ${f.status}; it cannot be ${f.step}`,
  },
  VOUCHER_CHANGED: {
    status: 412,
    message: (f: { voucher: string; expected: number; found: number }) =>
      `voucher ${f.voucher} was changed by somebody else meanwhile (you had version ${f.expected}, it is now ${f.found})`,
  },
  MAKER_IS_CHECKER: {
    status: 403,
    message: (f: { voucher: string; actor: string }) =>
      `${f.actor} made or submitted voucher ${f.voucher}; another person must approve it`,
  },
  NARRATION_MISSING: {
    status: 422,
    message: (f: { what: string }) => `${f.what} has no narration; say what the entry is for`,
  },
});
