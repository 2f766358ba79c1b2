export { listPartners, partnerOf, setPartner, type Partner, type PartnerChannel } from "./partners.ts";
export { postExternalPayment, unsettledExternal, type ExternalPayment } from "./payments.ts";
export {
  EXTERNAL_SETTLEMENT_CSV,
  readSettlementFile,
  settleExternal,
  type ExternalSettlement,
  type SettlementOutcome,
} from "./settlements.ts";
