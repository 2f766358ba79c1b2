import { defineErrors } from "../../ledger/kernel/errors.ts";

/** The refusals of the machine interface itself; those of the rooms behind it pass through as they are. */
export const v1Errors = defineErrors({
  UNAUTHENTICATED: {
    status: 401,
    message: () => "this address needs a bearer token that is valid, not expired and not revoked",
  },
  ROLE_REQUIRED: {
    status: 403,
    message: (f: { actor: string; roles: readonly string[]; needed: readonly string[] }) =>
      `${f.actor} has the roles ${f.roles.join(", ") || "(none)"}; this takes ${f.needed.join(" or ")}`,
  },
  REQUEST_INVALID: {
    status: 422,
    message: (f: { problems: readonly string[] }) => f.problems.join("; "),
  },
  REQUEST_UNREADABLE: {
    status: 400,
    message: (f: { reason: string }) => `the request could not be read: ${f.reason}`,
  },
  MOMENT_FORMAT: {
    status: 422,
    message: (f: { given: string }) => `"${f.given}" is not a moment; write it like 2026-07-31T10:15:00Z`,
  },
  CURSOR_INVALID: {
    status: 400,
    message: (f: { cursor: string }) =>
      `"${f.cursor}" is not a cursor of this list; give back what an earlier page said in "next"`,
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    message: () =>
      'this request moves money and needs the header Idempotency-Key: 8 to 100 letters, digits, "-", "_", ":" or "."',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 409,
    message: (f: { key: string; since: string }) =>
      `Idempotency-Key ${f.key} was used at ${f.since} for another request; the same key means the same request`,
  },
  IDEMPOTENCY_KEY_BUSY: {
    status: 409,
    message: (f: { key: string }) =>
      `a request with Idempotency-Key ${f.key} is still being worked on; send the same again in a few seconds`,
  },
  IF_MATCH_MISSING: {
    status: 428,
    message: () => 'say which version you saw: the header If-Match with the ETag you were given, such as "3"',
  },
  IF_MATCH_INVALID: {
    status: 400,
    message: (f: { given: string }) =>
      `${f.given} is not a version; If-Match takes the ETag you were given, such as "3"`,
  },
  IMPORT_REFUSED: {
    status: 422,
    message: (f: { file: string; problems: number; first: string }) =>
      `${f.file} was not imported, nothing was written: ${f.problems} ${f.problems === 1 ? "problem" : "problems"}, the first: ${f.first}`,
  },
  TOKEN_ROLES: {
    status: 422,
    message: (f: { roles: readonly string[] }) =>
      `a token needs at least one role, and none of a citizen; given: ${f.roles.join(", ") || "(none)"}`,
  },
  TOKEN_NOT_FOUND: { status: 404, message: (f: { token: string }) => `there is no live access token ${f.token}` },
  ADDRESS_NOT_FOUND: { status: 404, message: (f: { address: string }) => `there is nothing at ${f.address}` },
  DATABASE_DOWN: {
    status: 503,
    message: () => "the database does not answer; nothing was written, please send the same again in a minute",
  },
  INTERNAL: {
    status: 500,
    message: (f: { incident: string }) =>
      `something went wrong on our side and was noted; nothing half done remains. Name incident ${f.incident} when you report it`,
  },
});
