import { randomBytes, randomFillSync } from "node:crypto";

const COUNTER = 2 ** 18;
const pool = Buffer.allocUnsafe(7 * 512);
let used = pool.length;
let last = { ms: -1, no: 0 };

/**
 * A UUID version 7 (RFC 9562, 6.2 method 1): unique, and ordered as it was made, also within one millisecond of this process, so that indexes grow
 * at one end and rows that were written together have an order. 56 bits of it are random.
 */
export function newId(now: number = Date.now()): string {
  const no = last.ms === now ? last.no + 1 : 0;
  last = { ms: now, no };
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.toString("hex", used, (used += 7));
  // Above 2^18 in one millisecond the counter begins again: still unique by its random part.
  const counter = no % COUNTER;
  const time = now.toString(16).padStart(12, "0");
  const high = (0x7000 | (counter >> 6)).toString(16);
  const low = (0x80 | (counter & 0x3f)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${high}-${low}${random.slice(0, 2)}-${random.slice(2)}`;
}

/** A secret for links (receipt, session): 160 random bits, URL-safe. */
export function newToken(): string {
  return randomBytes(20).toString("base64url");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export function isUuid(input: string): boolean {
  return UUID.test(input);
}
