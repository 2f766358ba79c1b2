// What the room "registers" gives to others; everything else in the folder is its own.
export type { ActKind } from "./act-kinds.ts";
export { getAct, listActs, type Act, type ActDraft } from "./act-rows.ts";
export { approveAct, previewAct, proposeAct, rejectAct } from "./acts.ts";
export { listAssetRates, setAssetRate, type AssetRate } from "./asset-classes.ts";
export { assetStates, depreciationCharges, type Charge } from "./assets.ts";
export { actKindOf, ASSET_CLASSES, registerOf, REGISTERS, type RegisterDefinition } from "./catalogue.ts";
export { depositWorks } from "./deposit-works.ts";
export { writeFacts, type Typed } from "./fields.ts";
export { grants } from "./grants.ts";
export { investments } from "./investments.ts";
export { addItem, type Item as RegisterItem, type ItemKind as RegisterItemKind } from "./items.ts";
export { loanSchedule, type LoanTerms } from "./loan-schedule.ts";
export { loans } from "./loans.ts";
export {
  balances,
  byItem,
  flows,
  MEASURES,
  type Balance,
  type Flow,
  type Measure,
  type RegisterName,
} from "./measures.ts";
export {
  PROVISION_NORMS,
  provisionNorms,
  provisionRate,
  REVENUES,
  setProvisionNorms,
  yearsOld,
  type NormStep,
  type ProvisionNorms,
  type Revenue,
} from "./norms.ts";
export { provisionStatement, type ProvisionStatement } from "./provisions.ts";
export { receivableAges, type ReceivableAge } from "./receivable-ages.ts";
export {
  keepRegister,
  keptRegisters,
  notInRegister,
  registerCloseChecks,
  registerTies,
  type RegisterTie,
  type Unregistered,
} from "./ties.ts";
