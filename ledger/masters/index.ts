// What the room "masters" gives to others; everything else in the folder is its own.
export { addAccount, closeAccount, renameAccount, reopenAccount } from "./accounts.ts";
export {
  addBankBook,
  addChequeBook,
  chequeNumber,
  closeBankBook,
  getBankBook,
  getChequeBook,
  listBankBooks,
  listChequeBooks,
  setChequeBookStatus,
  type BankBook,
  type BankBookInput,
  type ChequeBook,
  type ChequeBookStatus,
} from "./bank-books.ts";
export {
  confirmMasterChange,
  listMasterChanges,
  proposeMasterChange,
  rejectMasterChange,
  type MasterChange,
  type MasterProposal,
} from "./changes.ts";
export {
  getCrosswalk,
  trialBalanceInChart,
  type Crosswalk,
  type MappedRow,
  type MappedTrialBalance,
} from "./crosswalk.ts";
export { masterCounts, type MasterCounts } from "./counts.ts";
export { masterErrors } from "./errors.ts";
export { accountNamesOn, masterHistory, type Change, type MasterVersion } from "./history.ts";
export {
  addMaster,
  closeMaster,
  getMaster,
  listBudgetHeads,
  listFields,
  listFunctionaries,
  listFunctions,
  listFundSources,
  listFunds,
  listMaster,
  listSchemes,
  LISTS,
  renameMaster,
  reopenMaster,
  type BudgetHeadItem,
  type FieldItem,
  type FunctionaryItem,
  type FunctionItem,
  type FundItem,
  type FundSourceItem,
  type ListInput,
  type ListName,
  type ListOptions,
  type SchemeItem,
} from "./lists.ts";
export {
  addParty,
  changeParty,
  getParty,
  getPayableParty,
  listParties,
  PARTY_TYPES,
  setPartyEnd,
  setPartyStatus,
  similarParties,
  type Party,
  type PartyDetails,
  type PartyInput,
  type PartyStatus,
  type PartyType,
} from "./parties.ts";
export { importParties, PARTY_CSV, type PartyImport } from "./party-import.ts";
export { payeeKindOf } from "./party-checks.ts";
export {
  eventAccounts,
  isPostingKey,
  listEventAccounts,
  listPostingMap,
  setEventAccount,
  setPostingAccount,
  type EventAccount,
  type MappedKey,
} from "./posting.ts";
export {
  addTaxSection,
  endTaxSection,
  getTaxSection,
  listTaxSections,
  taxSectionsOn,
  type TaxKind,
  type TaxSection,
  type TaxSectionInput,
} from "./tax-sections.ts";
