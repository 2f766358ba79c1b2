// What online payments give to the other files of collections' public face.
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
export { issueReceipt } from "./book-captures.ts";
export { attachEvidence, listEvidence, type Evidence, type KeptEvidence } from "./evidence.ts";
