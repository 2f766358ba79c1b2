import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of the budget. Amounts in facts are whole paise as text. */
export const budgetErrors = defineErrors({
  BUDGET_EXCEEDED: {
    status: 409,
    message: (f: {
      what: string;
      head: string;
      fy: string;
      sanctioned: string;
      limit: string;
      spent: string;
      committed: string;
      amount: string;
      short: string;
    }) =>
      `${f.what} goes beyond the budget of ${f.head}, ${f.fy}: sanctioned ${money(f.sanctioned)}${f.limit === f.sanctioned ? "" : ` (limit ${money(f.limit)})`}, spent ${money(f.spent)}, committed ${money(f.committed)}, this entry ${money(f.amount)}, short by ${money(f.short)}; have money re-appropriated or a supplementary sanctioned`,
  },
  BUDGET_LINE_UNKNOWN: {
    status: 404,
    message: (f: { line: string }) => `there is no budget line ${f.line}`,
  },
  BUDGET_LINE_NOT_FOUND: {
    status: 422,
    message: (f: { fy: string; account: string; function: string; fund: string }) =>
      `no budget line of ${f.fy} covers account ${f.account}${f.function === "" ? "" : `, function ${f.function}`}, fund ${f.fund}; enter the budget first`,
  },
  BUDGET_SETTING: {
    status: 422,
    message: (f: { threshold: number }) =>
      `the control acts from ${f.threshold} percent of the sanctioned amount; write a whole number from 1 to 200`,
  },
  BUDGET_OVERRIDE_NOT_ALLOWED: {
    status: 409,
    message: (f: { fy: string }) =>
      `this ULB lets nobody go beyond the budget of ${f.fy}; have money re-appropriated or a supplementary sanctioned`,
  },
  BUDGET_OVERRIDE_TWICE: {
    status: 409,
    message: (f: { what: string; by: string }) => `${f.by} let ${f.what} go beyond the budget already`,
  },
  REAPPROPRIATION_NOT_FOUND: {
    status: 404,
    message: (f: { id: string }) => `there is no re-appropriation ${f.id}`,
  },
  REAPPROPRIATION_DECIDED: {
    status: 409,
    message: (f: { id: string; status: string }) => `re-appropriation ${f.id} is ${f.status} already`,
  },
  REAPPROPRIATION_LINES: {
    status: 422,
    message: (f: { from: string; to: string; why: string }) =>
      `nothing can be moved from ${f.from} to ${f.to}: ${f.why}`,
  },
  REAPPROPRIATION_AMOUNT: {
    status: 422,
    message: (f: { amount: string }) => `a re-appropriation moves more than 0.00, not ${money(f.amount)}`,
  },
  REAPPROPRIATION_OVER_BALANCE: {
    status: 409,
    message: (f: {
      head: string;
      sanctioned: string;
      spent: string;
      committed: string;
      balance: string;
      amount: string;
    }) =>
      `${f.head} has ${money(f.balance)} left (sanctioned ${money(f.sanctioned)}, spent ${money(f.spent)}, committed ${money(f.committed)}); ${money(f.amount)} cannot be taken from it`,
  },
  SANCTION_MISSING: {
    status: 422,
    message: (f: { what: string }) =>
      `${f.what} names the resolution or order that sanctions it (at least 3 characters)`,
  },
  COMMITMENT_NOT_FOUND: {
    status: 404,
    message: (f: { id: string }) => `there is no commitment ${f.id}`,
  },
  COMMITMENT_REFERENCE_USED: {
    status: 409,
    message: (f: { reference: string; fy: string }) =>
      `${f.reference} is committed against the budget of ${f.fy} already`,
  },
  COMMITMENT_AMOUNT: {
    status: 422,
    message: (f: { what: string; amount: string }) => `${f.what} is more than 0.00, not ${money(f.amount)}`,
  },
  COMMITMENT_OVERDRAWN: {
    status: 409,
    message: (f: { reference: string; open: string; amount: string }) =>
      `${f.reference} has ${money(f.open)} left; ${money(f.amount)} is more than that, so raise the commitment first`,
  },
  COMMITMENT_MOVE_CONFLICT: {
    status: 409,
    message: (f: { reference: string; source: string }) =>
      `${f.source} has moved ${f.reference} before, by another amount; a document moves a commitment once`,
  },
});
