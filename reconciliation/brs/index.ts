// What the rest of reconciliation, and through it the other folders, use of this one.
export { brsErrors } from "./errors.ts";
export { bandsOf, brsForm, type BrsAnnexure, type BrsForm, type BrsFormLine, type BrsLetter } from "./form.ts";
export { brsIdentity, identityOf, type BrsIdentity } from "./identity.ts";
export {
  approveBrs,
  changedSince,
  checkBrs,
  getSignedBrs,
  listSignedBrs,
  prepareBrs,
  readSignedBrs,
  signedBrsAt,
  withdrawBrs,
  type BrsStatus,
  type SignedBrs,
} from "./signed.ts";
