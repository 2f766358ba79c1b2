// What receipts give to the other files of collections' public face.
export {
  countPrint,
  getReceipt,
  listReceipts,
  receiptEntry,
  receiptNumber,
  refundableOf,
  type Receipt,
  type ReceiptLine,
  type ReceiptMode,
  type ReceiptStatus,
} from "./receipts.ts";
export { countReceipts, findReceipts, moneyStage, type MoneyStage, type ReceiptSearch } from "./search.ts";
export {
  ensureSigningKey,
  fingerprintOf,
  publicKeys,
  receiptSigner,
  ulbOfReceiptCode,
  verifyReceiptCode,
  type PublicKey,
  type SignedReceipt,
} from "./signature.ts";
