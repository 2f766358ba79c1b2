import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of working on matches. */
export const benchErrors = defineErrors({
  MATCH_POSTED: {
    status: 422,
    message: (f: { match: string }) =>
      `match ${f.match} posted an entry; it cannot be split or merged, un-match it (its entry is reversed) and match anew`,
  },
  MATCH_PARTS: {
    status: 422,
    message: (f: { match: string; missing: number; foreign: number }) =>
      `the parts are not what match ${f.match} holds: ${f.missing} of its lines and items are in no part, ${f.foreign} are not of it or stand twice`,
  },
  MATCH_MERGE_ONE: {
    status: 422,
    message: (f: { given: number }) => `a merge needs at least two matches of one bank account, given: ${f.given}`,
  },
  MATCHES_TOO_MANY: {
    status: 422,
    message: (f: { given: number; most: number }) => `${f.given} at once; at most ${f.most}, send the rest after them`,
  },
});
