import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of ready services. */
export const readyServiceErrors = defineErrors({
  READY_SERVICE_UNKNOWN: {
    status: 422,
    message: (f: { service: string; names: readonly string[] }) =>
      `"${f.service}" is no ready service; there are ${f.names.join(", ")}`,
  },
});
