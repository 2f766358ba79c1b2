import { defineErrors } from "../../ledger/kernel/errors.ts";
import { formatIndian, paise } from "../../ledger/kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of rules that book lines of the bank. Amounts in facts are whole paise as text. */
export const autoPostErrors = defineErrors({
  AUTO_POST_UNKNOWN: {
    status: 404,
    message: (f: { rule: string }) => `there is no rule ${f.rule} for lines of the bank in this ULB`,
  },
  AUTO_POST_RULE: {
    status: 422,
    message: (f: { problem: string }) => `the rule cannot be proposed: ${f.problem}`,
  },
  AUTO_POST_WAITS: {
    status: 409,
    message: (f: { rule: string; version: number; by: string }) =>
      `version ${f.version} of "${f.rule}", proposed by ${f.by}, waits for its decision; it is approved or rejected first`,
  },
  AUTO_POST_DECIDED: {
    status: 409,
    message: (f: { rule: string; version: number; decision: string; by: string }) =>
      `version ${f.version} of "${f.rule}" was ${f.decision} already by ${f.by}`,
  },
  AUTO_POST_ENDED: {
    status: 409,
    message: (f: { rule: string; by: string; reason: string }) => `rule "${f.rule}" was ended by ${f.by}: ${f.reason}`,
  },
  AUTO_POST_REASON: {
    status: 422,
    message: (f: { what: string }) => `${f.what} needs a reason that an auditor can read (at least 5 characters)`,
  },
  AUTO_POST_ABOVE_LIMIT: {
    status: 403,
    message: (f: { lineLimit: string; limit: string; actor: string }) =>
      `the rule books up to ${money(f.lineLimit)} a line, and ${f.actor} may approve up to ${money(f.limit)}; an approver with a higher limit must decide`,
  },
});
