import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of notices. Amounts in facts are rupees as printed ("1,188.00"). */
export const noticeErrors = defineErrors({
  NOTICE_NOTHING_OVERDUE: {
    status: 409,
    message: (f: { consumer: string; on: string; due: string }) =>
      `nothing is overdue from ${f.consumer} on ${f.on}; ${f.due} is due that is not late`,
  },
  NOTICE_NOT_DEMANDED: {
    status: 409,
    message: (f: { kind: string; consumer: string; overdue: string }) =>
      `a ${f.kind} follows a demand notice; none stands for any of the ${f.overdue} overdue from ${f.consumer}`,
  },
  NOTICE_NOT_SERVED: {
    status: 409,
    message: (f: { notice: string; consumer: string; overdue: string }) =>
      `a warrant follows a demand notice that was served; ${f.notice} to ${f.consumer} (${f.overdue} overdue) has no date of service`,
  },
  NOTICE_TOO_EARLY: {
    status: 409,
    message: (f: { notice: string; servedOn: string; days: number; until: string; on: string }) =>
      `${f.notice} was served on ${f.servedOn} and gives ${f.days} days, to ${f.until}; no warrant follows it on ${f.on}`,
  },
  NOTICE_TOO_MANY: {
    status: 422,
    message: (f: { asked: number; most: number }) =>
      `${f.asked} notices were asked for at once; issue at most ${f.most} in one transaction`,
  },
  NOTICE_NOT_FOUND: { status: 404, message: (f: { notice: string }) => `there is no notice ${f.notice} in this ULB` },
  NOTICE_SERVED_ALREADY: {
    status: 409,
    message: (f: { notice: string; servedOn: string }) => `${f.notice} is recorded as served on ${f.servedOn} already`,
  },
  NOTICE_SERVICE_DATE: {
    status: 422,
    message: (f: { notice: string; issued: string; servedOn: string }) =>
      `${f.notice} of ${f.issued} cannot have been served on ${f.servedOn}`,
  },
  NOTICE_SERVICE_HOW: {
    status: 422,
    message: (f: { notice: string }) => `say how ${f.notice} was served: by hand, by post, by affixing it`,
  },
  NOTICE_TERMS_INVALID: {
    status: 422,
    message: (f: { kind: string; days: number | string; fee: string; rule: string }) =>
      `a ${f.kind} with ${f.days} days and a fee of ${f.fee} cannot be set: ${f.rule}`,
  },
  NOTICE_TERMS_SET: {
    status: 409,
    message: (f: { service: string; kind: string; validFrom: string }) =>
      `the terms of a ${f.kind} for ${f.service} from ${f.validFrom} are set already; set others from a later day`,
  },
});
