import type { Read } from "./kernel/tx.ts";
import { ledgerErrors } from "./errors.ts";

/**
 * What a posting rule asks for, and the NMAM head a new ULB gets for it. A ULB may map a key to another posting head of its chart
 * (its own bank, its State's cess head); the rules stay the same.
 */
export const DEFAULT_POSTING_MAP = {
  "bank-main": "4502101",
  "cash-in-hand": "4501001",
  "cash-in-transit": "4501002",
  "cheques-in-hand": "4501051",
  "gateway-clearing": "4501005",
  "settlement-in-transit": "4501007",
  "gateway-fee": "2408003",
  "gateway-fee-gst": "2407003",
  "bank-charges": "2407001",
  "bank-interest": "1711001",
  "unidentified-credits": "3508006",
  "stale-cheques": "3508001",
  "refunds-payable": "3504008",
  "dishonour-charge-receivable": "4314006",
  "dishonour-charge-income": "1808002",
  "opening-balance": "3101001",
} as const;

export type PostingKey = keyof typeof DEFAULT_POSTING_MAP;

/** The accounts for several keys at once. Raises ACCOUNT_NOT_MAPPED. */
export async function postingAccounts<K extends PostingKey>(
  read: Read,
  ...keys: readonly K[]
): Promise<Record<K, string>> {
  const rows = await read.query<{ key: K; account: string }>(
    "select key, account from ledger.posting_map where ulb_id = :ulb and key = any(:keys::text[])",
    { ulb: read.ulb.id, keys },
  );
  const found = Object.fromEntries(rows.map((r) => [r.key, r.account])) as Record<K, string>;
  for (const key of keys) if (!found[key]) throw ledgerErrors.ACCOUNT_NOT_MAPPED({ key });
  return found;
}

/** The account a posting rule uses in this ULB. Raises ACCOUNT_NOT_MAPPED. */
export async function postingAccount(read: Read, key: PostingKey): Promise<string> {
  return (await postingAccounts(read, key))[key];
}
