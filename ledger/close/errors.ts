import { defineErrors } from "../kernel/errors.ts";
import { formatIndian, paise } from "../kernel/money.ts";

const money = (amount: string): string => formatIndian(paise(BigInt(amount)));

/** The refusals of closing. Amounts in facts are whole paise as text. */
export const closeErrors = defineErrors({
  DAY_CLOSED: {
    status: 409,
    message: (f: { what: string; day: string; lockedTo: string }) =>
      `the cash and bank book is signed up to ${f.lockedTo}, so nothing is dated ${f.day} under cash and bank heads (${f.what}); date it on a later day, or have the day reopened with a reason`,
  },
  DAY_CLOSED_ALREADY: {
    status: 409,
    message: (f: { day: string; lockedTo: string }) =>
      `${f.day} is closed already: the cash and bank book is signed up to ${f.lockedTo}`,
  },
  DAY_NOT_CLOSED: {
    status: 409,
    message: (f: { day: string }) => `${f.day} is not closed, so it cannot be reopened`,
  },
  DAY_IN_FUTURE: {
    status: 422,
    message: (f: { day: string; today: string }) => `${f.day} has not come yet (today is ${f.today})`,
  },
  DAY_COUNT_DIFFERS: {
    status: 409,
    message: (f: { day: string; counted: string; book: string }) =>
      `cash counted on ${f.day} is ${money(f.counted)}, the cash book says ${money(f.book)}, difference ${money(String(BigInt(f.counted) - BigInt(f.book)))}; count again, or say in the remark why it differs`,
  },
  DAY_COUNT_FORM: {
    status: 422,
    message: (f: { denomination: string }) =>
      `the number of pieces of ${f.denomination} rupees is a whole number from 0 to 9,99,999`,
  },
  SIGNATURE_MISSING: {
    status: 422,
    message: (f: { what: string }) => `${f.what} is signed with name and office (at least 3 characters)`,
  },
  CHECKLIST_ITEM_UNKNOWN: {
    status: 404,
    message: (f: { item: string }) => `there is no item ${f.item} in the closing checklist`,
  },
  CHECKLIST_ITEM_COMPUTED: {
    status: 409,
    message: (f: { item: string; task: string }) =>
      `${f.item} (${f.task}) is found from the books and is not attested; put right what it lists`,
  },
  CHECKLIST_SETTING_FIXED: {
    status: 409,
    message: (f: { item: string }) =>
      `${f.item} always refuses a close: without it the books do not agree with themselves`,
  },
  ATTESTATION_SUBJECT: {
    status: 422,
    message: (f: { item: string; kind: string; subject: string }) =>
      `${f.item} is ${f.kind}; it is attested for a ${f.kind === "annual" ? "financial year such as 2025-26" : "month such as 2026-07"}, not for "${f.subject}"`,
  },
  ATTESTATION_REMARK: {
    status: 422,
    message: (f: { item: string }) =>
      `the attestation of ${f.item} says nothing; write what was done or seen (at least 3 characters)`,
  },
  ATTESTATION_NOT_THERE: {
    status: 409,
    message: (f: { item: string; subject: string }) =>
      `${f.item} is not attested for ${f.subject}, so there is nothing to withdraw`,
  },
  SUBJECT_CLOSED: {
    status: 409,
    message: (f: { item: string; subject: string }) =>
      `${f.subject} is closed; what was attested for it (${f.item}) stays as it was when it was closed`,
  },
  YEAR_MISSING: {
    status: 422,
    message: (f: { fy: string }) => `${f.fy} is not a year of this ULB's books; open the financial year first`,
  },
  YEAR_NOT_OPEN: {
    status: 409,
    message: (f: { fy: string; status: string }) => `the year ${f.fy} is ${f.status}, so it cannot be closed`,
  },
  YEAR_CLOSED: {
    status: 409,
    message: (f: { fy: string; period: string }) =>
      `${f.period} belongs to the closed year ${f.fy}; have the year reopened first, with a reason`,
  },
  YEAR_AUDITED: {
    status: 409,
    message: (f: { fy: string; certificate: string; link: string }) =>
      `the year ${f.fy} is audited (certificate ${f.certificate}) and is never opened again; book what was found as a prior-period item (280) in the open year: ${f.link}`,
  },
  YEAR_NOT_PROVISIONAL: {
    status: 409,
    message: (f: { fy: string; status: string; step: string }) =>
      `the year ${f.fy} is ${f.status}; only a closed year that is not audited can be ${f.step}`,
  },
  YEAR_NOT_PROPOSED: {
    status: 409,
    message: (f: { fy: string }) =>
      `nobody has proposed to close the year ${f.fy}; the accountant proposes, another person approves`,
  },
  YEAR_PROPOSED_ALREADY: {
    status: 409,
    message: (f: { fy: string; by: string }) =>
      `${f.by} has proposed to close the year ${f.fy}; it waits to be approved or rejected`,
  },
  YEAR_CLOSE_REFUSED: {
    status: 409,
    message: (f: { fy: string; problems: readonly string[] }) =>
      `the year ${f.fy} is not ready to be closed: ${f.problems.join("; ")}`,
  },
  LATER_YEAR_CLOSED: {
    status: 409,
    message: (f: { fy: string; later: string }) =>
      `the year ${f.later} rests on ${f.fy} and is closed; have ${f.later} reopened first`,
  },
  YEAR_FIGURES_CHANGED: {
    status: 409,
    message: (f: { fy: string; version: number }) =>
      `the books of ${f.fy} are no longer what stood in version ${f.version}: somebody changed them in the database; run verify`,
  },
  CERTIFICATE_MISSING: {
    status: 422,
    message: (f: { fy: string; missing: string }) =>
      `the audit of ${f.fy} is recorded with the certificate's number and date and the auditor's name; ${f.missing} is missing`,
  },
  VERSION_NOT_FOUND: {
    status: 404,
    message: (f: { fy: string; version: number }) => `the year ${f.fy} has no version ${f.version}`,
  },
});
