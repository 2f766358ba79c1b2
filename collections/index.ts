// The public face of collections. Other folders import this file, nothing else of collections.
export { atAccountOf, atGatewayOf, type CollectionsApp } from "./context.ts";
export {
  addGatewayAccount,
  createGatewayRouter,
  listGatewayAccounts,
  rotateGatewayKey,
  rotateWebhookSecret,
  sealingKey,
  type GatewayAccount,
  type GatewayRouter,
  type NewGatewayAccount,
  type SealingKey,
} from "./gateway-accounts/index.ts";
export {
  createGateway,
  type Gateway,
  type GatewayConfig,
  type GatewayBankTransfer,
  type GatewayDispute,
  type GatewayLink,
  type GatewayOrder,
  type GatewayPayment,
  type GatewayQr,
  type GatewayRefund,
  type GatewaySettlement,
  type GatewayVirtualAccount,
  type Outcome,
  type SettlementItem,
} from "./gateway/index.ts";
export {
  createSimulator,
  startSimulator,
  type BankLine,
  type RunningSimulator,
  type SimMethod,
  type SimRequest,
  type SimResponse,
  type Simulator,
  type SimulatorOptions,
} from "./gateway/simulator/index.ts";
export {
  checkoutForm,
  createOrder,
  getOrder,
  resolveOrders,
  type Order,
  type OrderRequest,
  type OrderState,
} from "./orders.ts";
export {
  inboxCounts,
  MAX_WEBHOOK_BYTES,
  processInbox,
  receiveWebhook,
  ulbsWithEvents,
  type InboxResult,
  type WebhookHeaders,
} from "./gateway-events.ts";
export { applyObservation, applyObservations, findPayments, type PaymentInfo } from "./payments.ts";
export { listUpiLimits, setUpiLimit, upiLimit, USUAL_UPI_LIMIT, type UpiLimit } from "./payment-limits.ts";
export { handleCallback, pollDueOrders, pollOrder, type PayerSees } from "./polling.ts";
export { observePayments } from "./strangers.ts";
export { captureAuthorised } from "./captures.ts";
export {
  excessPolicies,
  listExcessPolicies,
  listMerchantSettings,
  merchantSettings,
  setExcessPolicy,
  setMerchantSettings,
  usualExcessPolicy,
  type ExcessPolicy,
  type ExcessPolicyVersion,
  type MerchantSettings,
  type MerchantSettingsVersion,
} from "./payment-settings.ts";
export { type Booked, type Feed, type Observation } from "./payment-state.ts";
export {
  countPrint,
  getReceipt,
  listReceipts,
  receiptEntry,
  receiptNumber,
  type Receipt,
  type ReceiptLine,
  type ReceiptMode,
  type ReceiptStatus,
} from "./receipts.ts";
export { issueReceipt } from "./book-captures.ts";
export { countReceipts, findReceipts, moneyStage, type MoneyStage, type ReceiptSearch } from "./receipt-search.ts";
export { receiveAtCounter, type CounterReceipt } from "./counter.ts";
export * from "./counter/index.ts";
export * from "./instruments/index.ts";
export {
  ensureSigningKey,
  fingerprintOf,
  publicKeys,
  receiptSigner,
  verifyReceiptCode,
  type PublicKey,
  type SignedReceipt,
} from "./receipt-signature.ts";
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
export {
  approveRefund,
  askRefund,
  getRefund,
  listRefunds,
  rejectRefund,
  type Refund,
  type RefundOrigin,
  type RefundRequest,
  type RefundStatus,
} from "./refunds.ts";
export { refundable, type Refundable } from "./refundable.ts";
export { observeRefunds } from "./refund-observations.ts";
export { payRefundFromBank, sendDueRefunds, sendRefund } from "./refund-sending.ts";
export * from "./disputes/index.ts";
export { attachEvidence, listEvidence, type Evidence, type KeptEvidence } from "./evidence.ts";
export * from "./external/index.ts";
export * from "./requests/index.ts";
export * from "./unidentified/index.ts";
export {
  alertUnsettled,
  markSettled,
  unmarkSettled,
  unsettledFees,
  unsettledMoney,
  unsettledSince,
  type UnsettledMoney,
} from "./settlement-marks.ts";
export { closeTasks, finishTask, openTasks, setTasks, TASK_KINDS, type Task, type TaskKind } from "./tasks.ts";
export {
  captureTie,
  cardTie,
  cashTie,
  collectionTies,
  instrumentTie,
  numberTies,
  paymentReceiptTie,
  provisionalTie,
  receiptEntryTie,
  receiptLineTie,
  type CollectionTie,
} from "./ties.ts";
export { collectionCloseChecks } from "./close-checks.ts";
export { collectionErrors } from "./errors.ts";
