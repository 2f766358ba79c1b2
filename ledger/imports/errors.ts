import { defineErrors } from "../kernel/errors.ts";

/** What an import is asked for and cannot do at all. What is wrong inside a file is a list of problems in its report, never thrown. */
export const importErrors = defineErrors({
  IMPORT_DATE: {
    status: 422,
    message: (f: { date: string; startsOn: string }) =>
      `${f.date} lies before the first day of these books, ${f.startsOn}; opening balances stand on that day or later`,
  },
  IMPORT_FUNCTION: {
    status: 422,
    message: (f: { function: string }) => `the default function ${f.function} is not one of this ULB's functions`,
  },
  IMPORT_DRAFT_NOT_FOUND: {
    status: 404,
    message: (f: { draft: string }) => `there is no file ${f.draft} that was handed in`,
  },
  IMPORT_DRAFT_DECIDED: {
    status: 409,
    message: (f: { file: string; status: string; by: string }) => `${f.file} was ${f.status} by ${f.by} already`,
  },
  IMPORT_MAKER_IS_CHECKER: {
    status: 403,
    message: (f: { file: string; actor: string }) =>
      `${f.actor} handed in ${f.file}; another person must look at it and import it`,
  },
});
