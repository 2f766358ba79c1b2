// What instruments give to the other files of collections' public face.
export {
  cancelAcknowledgement,
  getAcknowledgement,
  heldAcknowledgements,
  type Acknowledgement,
} from "./acknowledgements.ts";
export { settleCardBatch, unsettledSlips, type CardBatch, type CardSlip } from "./card-batches.ts";
export {
  clearInstruments,
  creditInstruments,
  leavesAtBank,
  unclearInstruments,
  type DepositedLeaf,
  type LeafCredit,
} from "./clearing.ts";
export { chequesInOffice, type ChequesInOffice } from "./office.ts";
export { RETURN_REASONS, returnReason, type ReturnReason } from "./return-reasons.ts";
export {
  getReturnedCheque,
  giveNotice,
  noticeDates,
  noticeServed,
  returnedCheques,
  type NoticeDates,
  type ReturnedCheque,
} from "./section-138.ts";
export {
  depositInstruments,
  getDepositSlip,
  instrumentsInHand,
  listRemittances,
  type DepositSlip,
  type InstrumentInHand,
  type Remittance,
} from "./remittance.ts";
export { cancelReceipt, dishonour, returnInstrument, type Dishonour, type Dishonoured } from "./dishonour.ts";
