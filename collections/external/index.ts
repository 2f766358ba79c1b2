export { getPartner, listPartners, partnerOf, setPartner, type Partner, type PartnerChannel } from "./partners.ts";
export { postExternalPayment, unsettledExternal, type ExternalPayment } from "./payments.ts";
export { reverseExternalPayment, type ExternalReversal } from "./reversals.ts";
export {
  EXTERNAL_SETTLEMENT_CSV,
  readSettlementFile,
  listExternalSettlements,
  settleExternal,
  type BookedSettlement,
  type ExternalSettlement,
  type SettlementOutcome,
} from "./settlements.ts";
