import type { Refund, RefundOrigin, RefundStatus } from "../../../collections/index.ts";

/** How a refund stands, as people say it. */
export const STATUS: Readonly<
  Record<RefundStatus, { readonly kind: "good" | "bad" | "wait"; readonly says: string; readonly means: string }>
> = {
  asked: {
    kind: "wait",
    says: "asked for",
    means: "Nothing is in the books. A checker who did not ask for it approves or rejects it.",
  },
  rejected: { kind: "bad", says: "rejected", means: "Nothing was in the books, and nothing is." },
  payable: { kind: "wait", says: "payable", means: "It is owed. A checker approves it." },
  approved: {
    kind: "wait",
    says: "approved",
    means: "It is owed, and sent to the gateway by itself within ten minutes.",
  },
  requested: {
    kind: "wait",
    says: "at the gateway",
    means: "The gateway has been asked; the entry follows its answer.",
  },
  processed: { kind: "good", says: "paid by the gateway", means: "It went back the way it came." },
  failed: { kind: "bad", says: "failed", means: "The gateway could not pay it: pay it from the bank." },
  "bank-due": {
    kind: "bad",
    says: "to be paid from the bank",
    means: "The gateway had no balance on several days: pay it from the bank.",
  },
  "bank-paid": { kind: "good", says: "paid from the bank", means: "It is paid; the gateway is not asked any more." },
};

export const ORIGIN: Readonly<Record<RefundOrigin, string>> = {
  "second-payment": "a second payment of what was paid",
  advance: "the consumer’s advance",
  receipt: "the whole receipt; its dues open again",
  unidentified: "unidentified receipts",
  gateway: "made at the gateway itself",
};

/** Which people take the next step. */
export function stepsOf(refund: Refund): readonly ("decide" | "send" | "bank")[] {
  switch (refund.status) {
    case "asked":
    case "payable":
      return ["decide"];
    case "approved":
      return ["send"];
    case "failed":
    case "bank-due":
      return ["bank"];
    default:
      return [];
  }
}
