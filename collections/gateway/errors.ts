import { defineErrors } from "../../ledger/kernel/errors.ts";

export const gatewayErrors = defineErrors({
  GATEWAY_CONFIG: {
    status: 500,
    message: (f: { problem: string }) => `the payment gateway is not set up: ${f.problem}`,
  },
  GATEWAY_ID: {
    status: 422,
    message: (f: { kind: string; id: string }) => `"${f.id}" is not a gateway id of kind ${f.kind}`,
  },
});
