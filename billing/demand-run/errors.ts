import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of consumers' facts and of demand runs. */
export const runErrors = defineErrors({
  PERIOD_UNKNOWN: {
    status: 422,
    message: (f: { period: string }) =>
      `"${f.period}" is not a period; write 2026-27, 2026-27/H1, 2026-27/Q3 or 2026-07`,
  },
  RUN_PERIOD: {
    status: 422,
    message: (f: { period: string; file: string; cycle: string; asked: string }) =>
      `${f.file} charges by the ${f.cycle}: for ${f.asked} run ${f.period}`,
  },
  RUN_NOT_FOUND: { status: 404, message: (f: { run: string }) => `there is no demand run ${f.run} in this ULB` },
  RUN_NOBODY: {
    status: 422,
    message: (f: { service: string; where: string }) => `there is no active ${f.service} consumer in ${f.where}`,
  },
  RUN_OPEN: {
    status: 409,
    message: (f: { run: string; done: number; of: number }) =>
      `run ${f.run} of the same service and period has done ${f.done} of ${f.of} consumers; continue or cancel it first`,
  },
  RUN_AT_WORK: {
    status: 409,
    message: (f: { run: string }) => `somebody else is at work on run ${f.run}; look at it again in a minute`,
  },
  RUN_ENDED: {
    status: 409,
    message: (f: { run: string; ending: string; by: string }) => `run ${f.run} was ${f.ending} by ${f.by}`,
  },
  RUN_REASON: {
    status: 422,
    message: (f: { reason: string }) =>
      `a run is cancelled for a reason that stays on record, in some words; "${f.reason}" is none`,
  },
  RUN_STARTER_IS_CANCELLER: {
    status: 409,
    message: (f: { run: string; actor: string }) => `${f.actor} started run ${f.run}; another person cancels it`,
  },
  ASSESSMENT_NOT_FOUND: {
    status: 404,
    message: (f: { demand: string }) =>
      `demand ${f.demand} was not made by rules: it came from a file or was raised by hand, and no arithmetic is kept with it`,
  },
});
