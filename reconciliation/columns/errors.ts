import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of saying what the columns of a file are. What is wrong with a choice or a file comes back as a list of problems. */
export const columnErrors = defineErrors({
  UPLOAD_UNKNOWN: {
    status: 404,
    message: (f: { upload: string; days: number }) =>
      `no file ${f.upload} is held; it was imported or discarded, or it is older than ${f.days} days: hand it in again`,
  },
  UPLOAD_NO_TABLE: {
    status: 422,
    message: (f: { file: string; why: string }) => `${f.file} has no columns to say anything of: ${f.why}`,
  },
  PROFILE_BANK: {
    status: 422,
    message: (f: { bank: string }) =>
      `"${f.bank}" is no name of a bank: it has 2 to 100 characters and a letter or figure among them`,
  },
});
