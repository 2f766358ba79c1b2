export {
  approveImport,
  declineImport,
  getImportDraft,
  handInImport,
  listImportDrafts,
  previewImport,
  type ImportDraft,
  type ImportDraftOptions,
} from "./drafts.ts";
export { listImportFiles } from "./files.ts";
export { importOpeningBalances, OPENING_CSV } from "./opening.ts";
export { importPublishedBalances, importPublishedIncome } from "./published.ts";
export type { BookImport, ImportKind } from "./report.ts";
export { importVouchers, VOUCHER_CSV } from "./vouchers.ts";
