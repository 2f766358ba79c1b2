// The public face of billing. Other folders import this file, nothing else of billing.
export {
  allocationsOf,
  applyPayment,
  applyPayments,
  refundAdvance,
  reversePayment,
  type Allocation,
  type AppliedPayment,
  type Payment,
  type Source,
} from "./allocations.ts";
export { apportion, DEFAULT_ORDER, type Apportioned, type ApportionOrder, type Due } from "./apportion.ts";
export { billFor, getBill, getBillByNumber, previewBill, type Bill, type NamedBillLine } from "./bills.ts";
export { type BillBody, type BillLine } from "./compose-bill.ts";
export { billingCloseChecks } from "./close-checks.ts";
export {
  addConsumer,
  findConsumers,
  getConsumer,
  getConsumerByCode,
  listConsumers,
  type Consumer,
  type ConsumerDraft,
} from "./consumers.ts";
export { dcb, dcbByYear, type DcbOptions, type DcbRow } from "./dcb.ts";
export {
  openReceivables,
  raiseCharge,
  raiseDemands,
  withCess,
  type DemandBatch,
  type DemandDraft,
  type DemandKind,
  type RaisedDemands,
} from "./demands.ts";
export { type Basis, type DemandLine, type HeadKind, type Service } from "./due.ts";
export { demandRegister, openDues, openDuesOf, type OpenDue } from "./dues.ts";
export { type Detail, type Resolution } from "./entries.ts";
export { billingErrors } from "./errors.ts";
export { CONSUMER_CSV, DEMAND_CSV, importConsumers, importDemands, type ImportReport } from "./imports.ts";
export { type PenaltyTerms } from "./interest.ts";
export { type RebateTerms } from "./rebate.ts";
export { type AllocationKind, type ServiceTerms } from "./settle.ts";
export {
  listTaxHeads,
  seedTaxHeads,
  serviceOn,
  services,
  setServiceTerms,
  setTaxHead,
  taxHeads,
  USUAL_PENALTY,
  USUAL_REBATE,
  USUAL_WATER_PENALTY,
  type SeedOptions,
  type ServiceSetup,
  type TaxHead,
} from "./tax-heads.ts";
export { advanceTie, cessTie, receivableTie, registerSelfTie, registerTotals, type TieRow } from "./ties.ts";
export { writeOff, type WriteOff } from "./write-offs.ts";
