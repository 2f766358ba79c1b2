import { invariant } from "../../ledger/kernel/errors.ts";
import { gatewayErrors } from "./errors.ts";
import type { Outcome } from "./seen.ts";

// 408, 409 and 429 may be answered while, or although, the work is done: they are not refusals.
const UNDECIDED = new Set([0, 408, 409, 425, 429]);

export type IdKind =
  "order" | "pay" | "rfnd" | "setl" | "disp" | "plink" | "qr" | "va" | "cust" | "doc" | "trf" | "adj";
const ID = /^(order|pay|rfnd|setl|disp|plink|qr|va|cust|doc|trf|adj)_[A-Za-z0-9]{14}$/;

/** The SDK puts ids into paths unescaped; an id that is not one must never leave the house. Raises GATEWAY_ID. */
export function checkId(kind: IdKind, id: string): void {
  if (!ID.test(id) || !id.startsWith(`${kind}_`)) throw gatewayErrors.GATEWAY_ID({ kind, id: id.slice(0, 40) });
}

/** One call through the SDK, and which of the three outcomes it had: only a 4xx with the gateway's own error is a refusal. */
export async function call<T>(
  request: () => Promise<unknown>,
  parse: (json: unknown) => T | undefined,
): Promise<Outcome<T>> {
  try {
    const value = parse(await request());
    return value === undefined ? { kind: "unknown", status: 200, cause: "UNEXPECTED_BODY" } : { kind: "ok", value };
  } catch (error) {
    const thrown = error as { statusCode?: unknown; error?: { code?: unknown; description?: unknown } };
    const status = typeof thrown.statusCode === "number" ? thrown.statusCode : 0;
    const code = typeof thrown.error?.code === "string" ? thrown.error.code : "NO_BODY";
    if (status >= 400 && status < 500 && !UNDECIDED.has(status) && code !== "NON_JSON" && code !== "NO_BODY") {
      const description = typeof thrown.error?.description === "string" ? thrown.error.description : code;
      return { kind: "rejected", status, code, description: description.slice(0, 500) };
    }
    return { kind: "unknown", status, cause: error instanceof Error ? error.message.slice(0, 200) : code };
  }
}

/** Paise as the JSON number that the API wants: exact, or not at all. */
export function wire(amount: bigint): number {
  invariant(
    amount > 0n && amount <= BigInt(Number.MAX_SAFE_INTEGER),
    "an amount on the wire is a positive safe integer of paise",
  );
  return Number(amount);
}
export function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
