import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { gatewayAccountErrors } from "./errors.ts";

const NONCE = 12;
const TAG = 16;

/** The key that seals secrets: 32 bytes that are not in the database. Its bytes never leave this object, printed or as JSON. */
export type SealingKey = {
  seal(secret: string, context: string): Buffer;
  /** Undefined when it was sealed with another key, for another place, or was changed. */
  open(sealed: Buffer, context: string): string | undefined;
};

/** Takes 32 bytes as base64 or hex. Raises GATEWAY_SECRETS_KEY. */
export function sealingKey(text: string): SealingKey {
  const trimmed = text.trim();
  const key = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed, "base64");
  if (key.length !== 32)
    throw gatewayAccountErrors.GATEWAY_SECRETS_KEY({ problem: `it has ${key.length} bytes, 32 are needed` });
  return {
    seal: (secret, context) => {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      // The context is authenticated with it: a row copied to another account does not open there.
      cipher.setAAD(Buffer.from(context));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open: (sealed, context) => {
      if (sealed.length <= NONCE + TAG) return undefined;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE));
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
        return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
