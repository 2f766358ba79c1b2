import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of the desk where vouchers are written, signed and filed. Amounts in facts are whole paise as text. */
export const voucherErrors = defineErrors({
  APPROVAL_LIMIT_EXCEEDED: {
    status: 403,
    message: (f: { voucher: string; kind: string; amount: string; limit: string; actor: string }) =>
      `${f.kind} voucher ${f.voucher} is of ${money(f.amount)}, and ${f.actor} may approve up to ${money(f.limit)}; an approver with a higher limit must decide`,
  },
  SECOND_SIGNATURE_MISSING: {
    status: 409,
    message: (f: { voucher: string; amount: string; above: string }) =>
      `voucher ${f.voucher} is of ${money(f.amount)}; above ${money(f.above)} two people sign: one signs first, then another approves`,
  },
  SIGNATURE_NOT_NEEDED: {
    status: 409,
    message: (f: { voucher: string; amount: string }) =>
      `voucher ${f.voucher} is of ${money(f.amount)} and needs no first signature now; it is approved by one person`,
  },
  SIGNATORY_TWICE: {
    status: 403,
    message: (f: { voucher: string; actor: string }) =>
      `${f.actor} was the first to sign voucher ${f.voucher}; the second signatory must be another person`,
  },
  BACK_DATE_REASON_MISSING: {
    status: 422,
    message: (f: { voucher: string; date: string; drafted: string; days: number; allowed: number }) =>
      `voucher ${f.voucher} is dated ${f.date}, ${f.days} days before it was drafted on ${f.drafted}; more than ${f.allowed} days need a reason`,
  },
  ATTACHMENT_TYPE: {
    status: 422,
    message: (f: { file: string }) =>
      `"${f.file}" is not a PDF, PNG, JPEG, CSV or XLSX file; its content decides, not its name`,
  },
  ATTACHMENT_SIZE: {
    status: 422,
    message: (f: { file: string; bytes: number }) =>
      `"${f.file}" has ${f.bytes} bytes; a file has 1 to 10,485,760 (10 MB)`,
  },
  ATTACHMENTS_TOO_MANY: {
    status: 409,
    message: (f: { voucher: string }) => `voucher ${f.voucher} has 20 files already; join pages into one file`,
  },
  ATTACHMENT_NOT_FOUND: {
    status: 404,
    message: (f: { voucher: string; number: number }) => `voucher ${f.voucher} has no file ${f.number}`,
  },
  ATTACHMENT_STAYS: {
    status: 409,
    message: (f: { voucher: string; number: number }) =>
      `voucher ${f.voucher} was submitted with file ${f.number}; what a checker saw stays with the voucher`,
  },
  REVERSAL_REASON_UNKNOWN: {
    status: 422,
    message: (f: { reason: string }) => `"${f.reason}" is not a reason for which an entry is reversed`,
  },
  REVERSAL_OF_ANOTHER_PAPER: {
    status: 409,
    message: (f: { entry: string; source: string }) =>
      `entry ${f.entry} comes from a ${f.source}; it is taken back through that, so that register and books stay equal`,
  },
  REVERSAL_UNDER_WAY: {
    status: 409,
    message: (f: { entry: string; voucher: string }) =>
      `entry ${f.entry} is being reversed already, by voucher ${f.voucher}`,
  },
  REVERSAL_LINES_FIXED: {
    status: 409,
    message: (f: { voucher: string; entry: string }) =>
      `voucher ${f.voucher} reverses entry ${f.entry}: its type and lines are the mirror of that entry and cannot be changed`,
  },
  AUTO_REVERSAL_DATE: {
    status: 422,
    message: (f: { date: string; reverseOn: string }) =>
      `a voucher of ${f.date} cannot be reversed on ${f.reverseOn}; the day of its reversal comes after it`,
  },
  RECURRING_NOT_FOUND: {
    status: 404,
    message: (f: { recurring: string }) => `there is no recurring voucher ${f.recurring}`,
  },
  RECURRING_STOPPED: {
    status: 409,
    message: (f: { recurring: string }) => `recurring voucher ${f.recurring} is stopped already`,
  },
  RECURRING_RANGE: {
    status: 422,
    message: (f: { day: number; from: string; to: string }) =>
      `a recurring voucher is due on a day from 1 to 31 (not ${f.day}) and ends no earlier than it starts (${f.from} to ${f.to})`,
  },
});
