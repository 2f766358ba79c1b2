import { defineErrors } from "../../ledger/kernel/errors.ts";
import { formatIndian, paise } from "../../ledger/kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of signing bank reconciliation statements. Amounts in facts are whole paise as text. */
export const brsErrors = defineErrors({
  BRS_NOT_FOUND: { status: 404, message: (f: { brs: string }) => `there is no bank reconciliation statement ${f.brs}` },
  BRS_NOT_PROVED: {
    status: 422,
    message: (f: { account: string; asOf: string; computed: string; statement: string; difference: string }) =>
      `account ${f.account} at ${f.asOf} does not reconcile: the book comes to ${money(f.computed)}, the bank says ${money(f.statement)}, ` +
      `difference ${money(f.difference)}; nothing is signed until it is explained`,
  },
  BRS_NOT_COVERED: {
    status: 422,
    message: (f: { account: string; asOf: string; to: string }) =>
      `the bank's statements of account ${f.account} end on ${f.to}; a reconciliation at ${f.asOf} waits for the statement of that day`,
  },
  BRS_EXISTS: {
    status: 409,
    message: (f: { account: string; asOf: string; status: string; by: string }) =>
      `the reconciliation of account ${f.account} at ${f.asOf} is ${f.status} already by ${f.by}`,
  },
  BRS_STATUS: {
    status: 409,
    message: (f: { account: string; asOf: string; status: string; wanted: string }) =>
      `the reconciliation of account ${f.account} at ${f.asOf} is ${f.status}, not ${f.wanted}`,
  },
  BRS_SIGNED_BY: {
    status: 403,
    message: (f: { step: string; actor: string; done: string }) =>
      `${f.actor} ${f.done} this reconciliation; it is prepared, checked and approved by three different people, another one must ${f.step} it`,
  },
  BRS_CHANGED: {
    status: 409,
    message: (f: { account: string; asOf: string; was: string; now: string }) =>
      `account ${f.account} at ${f.asOf} has changed since it was prepared: ${f.was}; now ${f.now}; withdraw it and prepare it anew`,
  },
  BRS_REASON: {
    status: 422,
    message: (f: { account: string; asOf: string }) =>
      `withdrawing the reconciliation of account ${f.account} at ${f.asOf} needs a reason of at least 5 characters`,
  },
});
