export {
  approveOwner,
  getOwnerProposal,
  listOwnerProposals,
  listUnidentified,
  proposeOwner,
  rejectOwner,
  type OwnerProposal,
} from "./owners.ts";
export { ownerErrors } from "./errors.ts";
