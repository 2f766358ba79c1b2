import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals about consumers, their owners and changes of them. Amounts in facts are rupees as printed ("1,188.00"). */
export const consumerErrors = defineErrors({
  CONSUMER_OWNER: {
    status: 422,
    message: (f: { owner: string; problem: string }) => `owner ${f.owner}: ${f.problem}`,
  },
  CONSUMER_OWNER_SHARES: {
    status: 422,
    message: (f: { shares: readonly string[]; sum: string; difference: string }) =>
      `the shares ${f.shares.join(" + ")} make ${f.sum}, not 1; ${f.difference}`,
  },
  CONSUMER_OWNERS_KNOWN: {
    status: 409,
    message: (f: { consumer: string; since: string }) =>
      `${f.consumer} has owners since ${f.since}; who comes after them is a mutation`,
  },
  CONSUMER_CHANGE_NOT_FOUND: {
    status: 404,
    message: (f: { change: string }) => `there is no change of a consumer ${f.change} in this ULB`,
  },
  CONSUMER_CHANGE_DECIDED: {
    status: 409,
    message: (f: { change: string; decision: string; by: string }) =>
      `change ${f.change} was ${f.decision} already by ${f.by}; propose a new one`,
  },
  CONSUMER_CHANGE_WITHDRAWN_BY_MAKER: {
    status: 403,
    message: (f: { change: string; maker: string; actor: string }) =>
      `change ${f.change} was proposed by ${f.maker}; ${f.actor} may reject it, only its maker withdraws it`,
  },
  CONSUMER_CHANGE_REASON: {
    status: 422,
    message: (f: { what: string; reason: string }) =>
      `${f.what} needs a reason of at least 5 letters; "${f.reason}" is none`,
  },
  CONSUMER_CHANGE_DOCUMENT: {
    status: 422,
    message: (f: { kind: string; problem: string }) =>
      `a ${f.kind} needs the number and the date of its document: ${f.problem}`,
  },
  CONSUMER_CHANGE_DATE: {
    status: 422,
    message: (f: { kind: string; on: string; problem: string }) => `a ${f.kind} cannot be of ${f.on}: ${f.problem}`,
  },
  CONSUMER_CHANGE_VALUE: {
    status: 422,
    message: (f: { field: string; value: string; rule: string }) => `${f.field} "${f.value}": ${f.rule}`,
  },
  CONSUMER_CHANGE_EMPTY: {
    status: 422,
    message: (f: { consumer: string }) => `nothing of ${f.consumer} would be other than it is; name what changes`,
  },
  CONSUMER_CHANGE_EXISTS: {
    status: 409,
    message: (f: { change: string; by: string }) =>
      `${f.change} names another change of a consumer already, proposed by ${f.by}`,
  },
  CONSUMER_CHANGE_OVERTAKEN: {
    status: 409,
    message: (f: { consumer: string; fields: readonly string[] }) =>
      `${f.consumer} was changed since this was proposed (${f.fields.join(", ")}); reject it, and propose it anew if it is still wanted`,
  },
  CONSUMER_MERGE: {
    status: 422,
    message: (f: { from: string; into: string; problem: string }) =>
      `${f.from} cannot be merged into ${f.into}: ${f.problem}`,
  },
  CONSUMER_SPLIT: {
    status: 422,
    message: (f: { consumer: string; problem: string }) => `${f.consumer} cannot be split: ${f.problem}`,
  },
  CONSUMER_INACTIVE: {
    status: 409,
    message: (f: { consumer: string; since: string }) => `${f.consumer} is not in use any more${f.since}`,
  },
});
