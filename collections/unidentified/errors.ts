import { defineErrors } from "../../ledger/kernel/errors.ts";

export const ownerErrors = defineErrors({
  OWNER_KNOWN: {
    status: 409,
    message: (f: { receipt: string; owner: string }) => `receipt ${f.receipt} is not unidentified: it is ${f.owner}`,
  },
  OWNER_PROPOSED: {
    status: 409,
    message: (f: { receipt: string; consumer: string; person: string }) =>
      `${f.person} proposed ${f.consumer} for receipt ${f.receipt}; approve or reject that first`,
  },
  OWNER_NOT_FOUND: { status: 404, message: (f: { id: string }) => `nothing is proposed under ${f.id}` },
  OWNER_DECIDED: {
    status: 409,
    message: (f: { receipt: string; outcome: string }) => `whose receipt ${f.receipt} is was ${f.outcome} already`,
  },
  OWNER_OWN: {
    status: 403,
    message: (f: { person: string }) => `${f.person} proposed whose it is; another person decides`,
  },
  OWNER_REASON: { status: 422, message: (f: { reason: string }) => `"${f.reason}" does not say why; give the reason` },
  OWNER_TIED: {
    status: 409,
    message: (f: { receipt: string; refunded: string; disputed: string }) =>
      `receipt ${f.receipt} stays unidentified: ${f.refunded} of it is refunded or being refunded, ${f.disputed} disputed`,
  },
});
