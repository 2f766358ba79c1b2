import { createHmac, timingSafeEqual } from "node:crypto";
import { invariant } from "../../ledger/kernel/errors.ts";

// The SDK's own check compares with ===, accepts an empty secret, and hashes whatever toString gives. Ours is constant-time and takes
// only the bytes that arrived; a test holds the two together for well-formed input.

/** HMAC-SHA256 in lower-case hex, as the gateway signs. */
function sign(message: Buffer | string, secret: string): string {
  invariant(secret.length > 0, "a signing secret is not empty");
  return createHmac("sha256", secret).update(message).digest("hex");
}

/** Whether `signature` (hex) is the HMAC of exactly these bytes. A missing, short or malformed signature is simply not valid. */
export function isSignedBy(message: Buffer | string, signature: string | undefined, secret: string): boolean {
  if (signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return false;
  return timingSafeEqual(Buffer.from(sign(message, secret), "hex"), Buffer.from(signature, "hex"));
}

/** The browser's callback: HMAC of "order|payment" with the key secret. */
export function checkoutMessage(orderId: string, paymentId: string): string {
  return `${orderId}|${paymentId}`;
}

/** A payment link's return: HMAC of "link|reference|status|payment" with the key secret. */
export function linkMessage(back: {
  readonly linkId: string;
  readonly referenceId: string;
  readonly status: string;
  readonly paymentId: string;
}): string {
  return `${back.linkId}|${back.referenceId}|${back.status}|${back.paymentId}`;
}
