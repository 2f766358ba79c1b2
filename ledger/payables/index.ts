// What the room "payables" gives to others; everything else in the folder is its own.
export { getAdvice, returnAdviceLine, sendAdvice, transferMethod, type Advice, type AdviceLine } from "./advices.ts";
export {
  BILL_KINDS,
  billName,
  getBill,
  listBills,
  type AskedPayee,
  type Bill,
  type BillInput,
  type BillKind,
  type BillParty,
  type BillStatus,
} from "./bill-store.ts";
export {
  cancelBill,
  changeBill,
  contractSoFar,
  draftBill,
  inputOf,
  passBill,
  previewBill,
  rejectBill,
  sendBillBack,
  submitBill,
  type BillPreview,
} from "./bills.ts";
export { type ChequeStatus } from "./cheque-states.ts";
export {
  bookChequesDue,
  chequeHistory,
  chequesDue,
  clearCheque,
  clearFromBank,
  deliverCheque,
  getCheque,
  listCheques,
  nextLeaf,
  spoilLeaf,
  takeChequeBack,
  unclearFromBank,
  type Cheque,
  type ChequeHistory,
  type DueCheque,
} from "./cheques.ts";
export { type Deduction } from "./deductions.ts";
export {
  decideOrder,
  depositLapsesFrom,
  getOrder,
  orderOnDeposit,
  receiveDeposit,
  refundAdvance,
  waitingOrders,
  type DepositSort,
  type ItemOrder,
  type OrderKind,
} from "./deposits.ts";
export { type BillLine } from "./entries.ts";
export { payableErrors } from "./errors.ts";
export { getItem, itemMovements, listItems, type Item, type ItemKind, type ItemMovement } from "./items.ts";
export {
  getPayment,
  listPayments,
  PAYMENT_KINDS,
  paymentName,
  type Payment,
  type PaymentKind,
  type PaymentStatus,
} from "./payment-store.ts";
export {
  ADVANCE_PURPOSES,
  approvePayment,
  cancelPayment,
  preparePayment,
  rejectPayment,
  type AdvancePurpose,
  type PaymentInput,
} from "./payments.ts";
export { recordChallan, recoveryAgeing, remittancesDue, type AgeingRow, type RemittanceDue } from "./remittances.ts";
export {
  payableSettings,
  recoveryTerms,
  setPayableSettings,
  setRecoveryTerms,
  type PayableSettings,
} from "./settings.ts";
export {
  directLines,
  payableCloseChecks,
  payableSelfTie,
  payableTies,
  takeOverEntry,
  type DirectLine,
  type PayableTieRow,
} from "./ties.ts";
