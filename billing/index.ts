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
export {
  apportion,
  apportionBill,
  apportionDemands,
  DEFAULT_ORDER,
  type Apportioned,
  type ApportionOrder,
  type ApportionPolicy,
  type Due,
  type UpyogBill,
  type UpyogDemand,
} from "./apportion/index.ts";
export {
  billFor,
  cancelBill,
  getBill,
  getBillByNumber,
  issueBills,
  latestBills,
  listBills,
  paidBills,
  previewBill,
  type Bill,
  type BillPlace,
  type IssuedBill,
  type NamedBillLine,
} from "./bills.ts";
export { createBillLanes, type BillLanes } from "./bill-lanes.ts";
export { billValidity, type BillValidity } from "./bill-validity.ts";
export {
  approveChange,
  cancelDemands,
  changeErrors,
  changeOutcome,
  contentToJson,
  getChange,
  listChanges,
  previewChange,
  previewProposed,
  proposeChange,
  rejectChange,
  restateDemand,
  withdrawChange,
  type Cancellation,
  type CancelledDemands,
  type ChangeContent,
  type ChangeKind,
  type ChangeOutcome,
  type ChangePreview,
  type ChangeProposal,
  type DemandChange,
  type HeadReduction,
  type Restatement,
} from "./changes/index.ts";
export { type BillBody, type BillLine } from "./compose-bill.ts";
export { billingCloseChecks } from "./close-checks.ts";
export * from "./consumers/index.ts";
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
export { findDemands, type Demand } from "./demand-search.ts";
export * from "./demand-run/index.ts";
export { demandedOf, type Basis, type DemandLine, type HeadKind, type Service } from "./due.ts";
export { demandRegister, openDues, openDuesOf, type OpenDue } from "./dues.ts";
export { type Detail, type Resolution } from "./entries.ts";
export { billingErrors } from "./errors.ts";
export { DEMAND_CSV, importDemands, type ImportReport } from "./imports.ts";
export { type PenaltyTerms } from "./interest.ts";
export * from "./notices/index.ts";
export { generateNumbers, numberFormat, setNumberFormat, type NumberRequest } from "./number-formats/index.ts";
export { assess, periodAround } from "./rates/assess.ts";
export { type AssessedPeriod, type Assessment, type Step } from "./rates/assessment.ts";
export { type RuleProblem } from "./rates/check.ts";
export { type Rules } from "./rates/compile.ts";
export { rateErrors } from "./rates/errors.ts";
export { explain, type Explained, type Language } from "./rates/explain.ts";
export { type Expression } from "./rates/expression.ts";
export { factProblems, factsFromJson, type ConsumerFacts, type FactProblem } from "./rates/facts.ts";
export {
  approveRuleFile,
  demandLinesOf,
  getRuleFile,
  listRuleFiles,
  loadRuleFile,
  missingHeads,
  ruleFileContent,
  rulesOf,
  rulesOn,
  tryRules,
  type LoadedRuleFile,
  type Trial,
} from "./rates/files.ts";
export {
  isComputed,
  type ComputedRule,
  type Example,
  type Input,
  type Rule,
  type RuleFile,
  type SlabsRule,
  type Texts,
  type When,
} from "./rates/format.ts";
export { rulePack, RULE_PACKS, type RulePack } from "./rates/packs.ts";
export { assessmentJson, checkRuleFile, readRules } from "./rates/read.ts";
export { compareWaterBill, summariseComparison, type WaterComparison } from "./rates/upyog.ts";
export { type RebateTerms } from "./rebate.ts";
export * from "./registers/index.ts";
export {
  addService,
  dishonourHeadOf,
  listReadyServices,
  readyServiceErrors,
  type AddedService,
  type AddServiceOptions,
  type ReadyHead,
  type ReadyService,
} from "./services/index.ts";
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
export { listUpiAddresses, setUpiAddress, upiAddressOn, type SetUpiAddress, type UpiAddress } from "./upi-address.ts";
export { setUpyogService, upyogServices, type UpyogService } from "./upyog-services.ts";
export { writeOff, type WriteOff } from "./write-offs.ts";
