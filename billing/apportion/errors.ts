import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of UPYOG's way of apportioning, in UPYOG's words: test suites of its users read them. */
export const apportionErrors = defineErrors({
  NO_TAXHEAD_FOUND: {
    status: 400,
    message: (f: { businessService: string; isAdvance: boolean }) =>
      `No ${f.isAdvance ? "Advance taxHead" : "taxHeads"} found for businessService: ${f.businessService}`,
  },
  INVALID_TAXHEAD_CODE: {
    status: 400,
    message: (f: { taxHead: string }) => `Order is null or taxHead is not found for code: ${f.taxHead}`,
  },
  INVALID_ORDER: {
    status: 400,
    message: (f: { taxHead: string | null }) =>
      f.taxHead === null ? "Positive TaxHeads should be after Negative TaxHeads" : `Order is null for: ${f.taxHead}`,
  },
  APPORTION_ORDER_MISSING: {
    status: 400,
    message: (f: { taxHeads: readonly string[] }) =>
      `${f.taxHeads.join(" and ")} have the same amount and no order: which is paid first cannot be said`,
  },
});
