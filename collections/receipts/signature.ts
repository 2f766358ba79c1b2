import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { counterErrors } from "../counter/errors.ts";

/** What a receipt's code says by itself: enough to see that number, date, amount and payer on the paper are those that were issued. */
export type SignedReceipt = {
  readonly ulb: string;
  readonly number: string;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly consumerCode: string;
  readonly mode: string;
  /** The money was set against no due and is to be given back. */
  readonly isRefundable: boolean;
};

export type PublicKey = {
  /** The first sixteen hexadecimal digits of the key's SHA-256: it stands in the code and, in groups of four, on the paper. */
  readonly keyId: string;
  /** Ed25519, raw, base64url. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
};

const FORMAT = "NK1";
const SIGNED_CODE = /(?:^|[?&#]s=)(NK1\.[A-Za-z0-9_-]{10,600}\.[A-Za-z0-9_-]{86})$/;
/** The code's last word where the money is refundable: such a paper is no proof that a due was paid. */
const REFUNDABLE = "refundable";
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** "9F0C 11D2 …": as people compare it. */
export function fingerprintOf(keyId: string): string {
  return (keyId.toUpperCase().match(/.{4}/g) ?? []).join(" ");
}

function keyIdOf(raw: Buffer): string {
  return createHash("sha256").update(raw).digest("hex").slice(0, 16);
}

/** Makes the ULB's signing key if it has none; otherwise nothing. */
export async function ensureSigningKey(tx: Tx): Promise<void> {
  const [there] = await tx.query("select 1 from collections.signing_keys where ulb_id = :ulb and retired_at is null", {
    ulb: tx.ulb.id,
  });
  if (there) return;
  const pair = generateKeyPairSync("ed25519");
  const raw = pair.publicKey.export({ type: "spki", format: "der" }).subarray(SPKI_PREFIX.length);
  await tx.query(
    `insert into collections.signing_keys (ulb_id, key_id, public_key, private_key, created_at)
     values (:ulb, :id, :public, :private, :now) on conflict (ulb_id) where retired_at is null do nothing`,
    {
      ulb: tx.ulb.id,
      id: keyIdOf(raw),
      public: raw.toString("base64url"),
      private: pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64url"),
      now: tx.clock(),
    },
  );
}

/** The ULB's public keys, the one in use first. A key that was replaced stays for what it signed. */
export async function publicKeys(read: Read): Promise<PublicKey[]> {
  const rows = await read.query<Omit<PublicKey, "fingerprint">>(
    `select key_id as "keyId", public_key as "publicKey", created_at as "createdAt", retired_at as "retiredAt"
     from collections.signing_keys where ulb_id = :ulb order by retired_at nulls first, created_at desc`,
    { ulb: read.ulb.id },
  );
  return rows.map((r) => ({ ...r, fingerprint: fingerprintOf(r.keyId) }));
}

export type ReceiptSigner = { readonly keyId: string; sign(receipt: SignedReceipt): string };

/** Signs with the key in use; undefined where the ULB has none yet. */
export async function receiptSigner(read: Read): Promise<ReceiptSigner | undefined> {
  const row = await read.queryOne<{ key_id: string; private_key: string }>(
    "select key_id, private_key from collections.signing_keys where ulb_id = :ulb and retired_at is null",
    { ulb: read.ulb.id },
  );
  if (!row) return undefined;
  const key = createPrivateKey({ key: Buffer.from(row.private_key, "base64url"), format: "der", type: "pkcs8" });
  return { keyId: row.key_id, sign: (receipt) => signReceipt(receipt, row.key_id, key) };
}

/** "NK1.payload.signature", all of it letters, digits, "-", "_" and ".": it stands in the code's address behind "s=". */
export function signReceipt(receipt: SignedReceipt, keyId: string, key: KeyObject): string {
  const payload = Buffer.from(
    JSON.stringify([
      receipt.ulb,
      receipt.number,
      receipt.date,
      receipt.amount.toString(),
      receipt.consumerCode,
      receipt.mode,
      keyId,
      ...(receipt.isRefundable ? [REFUNDABLE] : []),
    ]),
  ).toString("base64url");
  const signature = sign(null, Buffer.from(`${FORMAT}.${payload}`), key).toString("base64url");
  return `${FORMAT}.${payload}.${signature}`;
}

/**
 * Checks a receipt's code without asking anybody: `text` is what a scanner reads (the whole address, or the part behind "s="). Says what was signed;
 * whether the receipt was cancelled since only the ULB's page knows. Raises SIGNATURE_INVALID.
 */
export function verifyReceiptCode(
  text: string,
  keys: readonly Pick<PublicKey, "keyId" | "publicKey">[],
): SignedReceipt & { readonly keyId: string } {
  const invalid = (reason: string): Error => counterErrors.SIGNATURE_INVALID({ reason });
  const code = SIGNED_CODE.exec(text.trim())?.[1];
  if (code === undefined) throw invalid("this is no signed code of a receipt");
  const [, payload = "", signature = ""] = code.split(".");
  const fields = readPayload(payload);
  if (!fields) throw invalid("the code cannot be read");
  const { keyId, ...receipt } = fields;
  const known = keys.find((k) => k.keyId === keyId);
  if (!known) throw invalid(`it is signed with a key (${fingerprintOf(keyId)}) that is not the ULB's`);
  const raw = Buffer.from(known.publicKey, "base64url");
  if (raw.length !== 32 || keyIdOf(raw) !== keyId) throw invalid("the public key does not fit its own fingerprint");
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  if (!verify(null, Buffer.from(`${FORMAT}.${payload}`), key, Buffer.from(signature, "base64url")))
    throw invalid("what the code says is not what was signed");
  return { ...receipt, keyId };
}

/** The code of the ULB that a signed code says it is of; undefined when it cannot be read. Believed by nobody before the signature is checked by its key. */
export function ulbOfReceiptCode(text: string): string | undefined {
  const payload = SIGNED_CODE.exec(text.trim())?.[1]?.split(".")[1];
  return payload === undefined ? undefined : readPayload(payload)?.ulb;
}

function readPayload(payload: string): (SignedReceipt & { readonly keyId: string }) | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || !parts.every((p): p is string => typeof p === "string")) return undefined;
  const isRefundable = parts.length === 8 && parts[7] === REFUNDABLE;
  if (parts.length !== 7 && !isRefundable) return undefined;
  const [ulb = "", number = "", date = "", amount = "", consumerCode = "", mode = "", keyId = ""] = parts;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || !/^\d{1,18}$/.test(amount) || !/^[0-9a-f]{16}$/.test(keyId))
    return undefined;
  return {
    ulb,
    number,
    date: date as LocalDate,
    amount: paise(BigInt(amount)),
    consumerCode,
    mode,
    keyId,
    isRefundable,
  };
}
