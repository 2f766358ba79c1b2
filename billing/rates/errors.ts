import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of the rate engine. */
export const rateErrors = defineErrors({
  RULE_FILE_INVALID: {
    status: 422,
    message: (f: { file: string; problems: readonly string[] }) => `${f.file}: ${f.problems.join("; ")}`,
  },
  RULE_FILE_NOT_FOUND: { status: 404, message: (f: { file: string }) => `there is no rule file ${f.file} in this ULB` },
  RULE_FILE_EXISTS: {
    status: 409,
    message: (f: { file: string; by: string }) =>
      `${f.file} was loaded already by ${f.by} with other content; raise the file's version`,
  },
  RULE_FILE_APPROVED: {
    status: 409,
    message: (f: { file: string; by: string }) => `${f.file} was approved already by ${f.by}`,
  },
  RULE_FILE_OVERLAPS: {
    status: 409,
    message: (f: { file: string; from: string; other: string; otherFrom: string }) =>
      `${f.file} holds from ${f.from}, but ${f.other} holds from ${f.otherFrom} already; let it begin later, or say that it replaces that file`,
  },
  RULE_FILE_HEADS: {
    status: 422,
    message: (f: { file: string; from: string; heads: readonly string[] }) =>
      `${f.file} charges under ${f.heads.join(", ")}, which on ${f.from} are no tax heads of its service in this ULB`,
  },
  RULE_FILE_TERMS: {
    status: 422,
    message: (f: { file: string; problems: readonly string[] }) =>
      `${f.file} cannot be kept by the register: ${f.problems.join("; ")}`,
  },
  RULES_NOT_IN_FORCE: {
    status: 422,
    message: (f: { service: string; on: string }) => `no approved rules of ${f.service} are in force on ${f.on}`,
  },
  RULES_PERIOD: {
    status: 422,
    message: (f: { file: string; from: string; to: string; validFrom: string; validTo: string }) =>
      `the period ${f.from} to ${f.to} cannot be assessed by ${f.file}, which holds from ${f.validFrom} to ${f.validTo}`,
  },
  RULES_FACTS: {
    status: 422,
    message: (f: { problems: readonly string[] }) => f.problems.join("; "),
  },
  RULES_NOTHING: {
    status: 422,
    message: (f: { file: string }) => `by ${f.file} nothing is to be charged; a demand is more than 0.00`,
  },
  RULES_NEGATIVE: {
    status: 422,
    message: (f: { head: string; amount: string; rule: string }) =>
      `${f.head} comes to ${f.amount} by rule ${f.rule}; a demand is never less than nothing`,
  },
});
