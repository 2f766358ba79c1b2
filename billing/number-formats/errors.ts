import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of number formats; where UPYOG's idgen has the same refusal, in its words. */
export const numberFormatErrors = defineErrors({
  ID_NOT_FOUND: {
    status: 400,
    message: () => "No Format is available in the MDMS for the given name and tenant",
  },
  IDGEN_FORMAT_ERROR: {
    status: 400,
    message: (f: { token: string | null }) =>
      f.token === null
        ? "Blank format is not allowed"
        : `[${f.token}] is no token of a number format; use [SEQ_name], [fy:yyyy-yy], [cy:yyyy-MM-dd], [city], [tenantid], [tenant_id], [TENANT_ID] or [d{6}]`,
  },
  INVALID_FORMAT: {
    status: 400,
    message: (f: { of: "financial" | "current" }) =>
      `Error while generating ${f.of} year in provided format. Given format invalid.`,
  },
  SEQ_NUMBER_ERROR: {
    status: 400,
    message: () => "Error in retrieving seq number from DB",
  },
  NUMBER_FORMAT_SET: {
    status: 409,
    message: (f: { idName: string; validFrom: string }) =>
      `the format of ${f.idName} from ${f.validFrom} is set already; numbers may have been printed by it, so give a new one a later day`,
  },
  IDGEN_COUNT: {
    status: 400,
    message: (f: { count: number; most: number }) =>
      `${f.count} numbers cannot be given at once; ask for a whole number from 0 to ${f.most}`,
  },
});
