export { addAttachment, getAttachment, listAttachments, removeAttachment, type Attachment } from "./attachments.ts";
export { listAutoReversalsDue, postDueAutoReversals, type AutoReversalRun } from "./auto-reversals.ts";
export {
  approvalLimit,
  listApprovalLimits,
  setApprovalLimit,
  setVoucherRules,
  voucherRules,
  type ApprovalLimit,
  type VoucherRules,
} from "./limits.ts";
export {
  addRecurring,
  draftDueRecurring,
  EVERY,
  listRecurring,
  recurringDue,
  stopRecurring,
  type DueRecurring,
  type Every,
  type RecurringInput,
  type RecurringVoucher,
} from "./recurring.ts";
export { draftReversal, isReversible, reversalReasons, type ReversalReason } from "./reversals.ts";
export {
  draftOf,
  getVoucher,
  listVouchers,
  VOUCHER_STATUSES,
  voucherAmount,
  voucherSteps,
  type Voucher,
  type VoucherFilter,
  type VoucherInput,
  type VoucherStatus,
  type VoucherStep,
} from "./vouchers.ts";
export {
  approveVoucher,
  cancelVoucher,
  changeVoucher,
  draftVoucher,
  rejectVoucher,
  sendBackVoucher,
  signVoucher,
  submitVoucher,
} from "./workflow.ts";
