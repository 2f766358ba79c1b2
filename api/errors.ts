import { defineErrors } from "../ledger/kernel/errors.ts";

export const apiErrors = defineErrors({
  NOT_SIGNED_IN: { status: 401, message: () => "please sign in first" },
  SIGN_IN_FAILED: {
    status: 401,
    message: () => "the sign-in name or the password is wrong, or the account is locked for some minutes",
  },
  ROLE_DENIED: {
    status: 403,
    message: (f: { needed: readonly string[]; actor: string }) =>
      `${f.actor} may not do this; it takes the role ${f.needed.join(" or ")}`,
  },
  FORM_EXPIRED: {
    status: 403,
    message: () => "this form has expired or was not made by this site; go back, reload the page and send it again",
  },
  PAGE_NOT_FOUND: { status: 404, message: (f: { path: string }) => `there is nothing at ${f.path}` },
  USER_NOT_FOUND: { status: 404, message: (f: { login: string }) => `there is no user ${f.login}` },
  USER_EXISTS: { status: 409, message: (f: { login: string }) => `there is a user ${f.login} already` },
  PASSWORD_WEAK: {
    status: 422,
    message: (f: { length: number }) => `the password has ${f.length} characters; it needs at least 12`,
  },
});
