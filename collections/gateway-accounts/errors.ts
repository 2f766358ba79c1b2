import { defineErrors } from "../../ledger/kernel/errors.ts";

export const gatewayAccountErrors = defineErrors({
  GATEWAY_ACCOUNT_EXISTS: {
    status: 409,
    message: (f: { name: string; service: string }) =>
      `the gateway account "${f.name}" for ${f.service} cannot be added: there is one with that name or for that service`,
  },
  GATEWAY_ACCOUNT_NOT_FOUND: {
    status: 404,
    message: (f: { name: string }) => `this ULB has no gateway account "${f.name}"`,
  },
  GATEWAY_SECRETS_KEY: {
    status: 500,
    message: (f: { problem: string }) => `the key that seals the gateway's secrets cannot be used: ${f.problem}`,
  },
  GATEWAY_SECRET_SHORT: {
    status: 422,
    message: (f: { what: string; characters: number }) =>
      `the ${f.what} has ${f.characters} characters; at least 8 are needed`,
  },
  GATEWAY_SECRET_UNREADABLE: {
    status: 500,
    message: (f: { account: string; kind: string; version: number }) =>
      `version ${f.version} of the ${f.kind} of gateway account "${f.account}" cannot be opened: it was sealed with another key, or changed`,
  },
});
