// What refunds give to the other files of collections' public face.
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
export { observeRefunds } from "./observations.ts";
export { payRefundFromBank, sendDueRefunds, sendRefund } from "./sending.ts";
