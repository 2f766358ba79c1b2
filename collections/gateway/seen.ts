import type { Instant } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";

// What is seen of the gateway: the outcome of a call, and its entities as types of ours.

/**
 * What a call to the gateway told us. `unknown` means the call may or may not have taken effect (no answer, 5xx, 429, a page instead
 * of JSON): it is resolved by asking, never by declaring failure and never by repeating blindly.
 */
export type Outcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "rejected"; readonly status: number; readonly code: string; readonly description: string }
  | { readonly kind: "unknown"; readonly status: number; readonly cause: string };

export type OrderStatus = "created" | "attempted" | "paid";
export type GatewayOrder = {
  readonly id: string;
  readonly amount: Paise;
  readonly amountPaid: Paise;
  readonly currency: string;
  /** Our own id for the order: the way back to it when the answer to "create" was lost. */
  readonly receipt: string | null;
  readonly status: OrderStatus;
  readonly notes: Readonly<Record<string, string>>;
  readonly createdAt: Instant;
};

export type PaymentStatus = "created" | "failed" | "authorized" | "captured" | "refunded";
export type GatewayPayment = {
  readonly id: string;
  readonly orderId: string | null;
  readonly amount: Paise;
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly captured: boolean;
  readonly method: string;
  /** Null until captured; `fee` includes `tax`. Settlement's own figures are the ones that are booked. */
  readonly fee: Paise | null;
  readonly tax: Paise | null;
  readonly amountRefunded: Paise;
  readonly bank: string | null;
  readonly cardLast4: string | null;
  readonly cardNetwork: string | null;
  /** The bank's own reference: UPI RRN, authorisation code or bank transaction id. */
  readonly reference: string | null;
  readonly contact: string | null;
  readonly errorCode: string | null;
  readonly errorDescription: string | null;
  readonly notes: Readonly<Record<string, string>>;
  readonly createdAt: Instant;
};

export type RefundStatus = "pending" | "processed" | "failed";
export type GatewayRefund = {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: Paise;
  readonly currency: string;
  readonly status: RefundStatus;
  readonly receipt: string | null;
  readonly createdAt: Instant;
};

export type GatewaySettlement = {
  readonly id: string;
  /** What the bank receives. The entity's own `fees` and `tax` are zero for normal settlements; use the items. */
  readonly amount: Paise;
  readonly status: "created" | "processed" | "failed";
  readonly utr: string | null;
  readonly createdAt: Instant;
};

export type SettlementItem = {
  /** pay_…, rfnd_… or adj_… */
  readonly entityId: string;
  readonly type: "payment" | "refund" | "transfer" | "adjustment";
  readonly debit: Paise;
  readonly credit: Paise;
  readonly amount: Paise;
  /** Includes `tax`. */
  readonly fee: Paise;
  readonly tax: Paise;
  readonly isOnHold: boolean;
  readonly isSettled: boolean;
  readonly settlementId: string | null;
  readonly utr: string | null;
  readonly paymentId: string | null;
  readonly orderId: string | null;
  readonly orderReceipt: string | null;
  readonly method: string | null;
  readonly cardNetwork?: string | null;
  readonly cardType?: string | null;
  /** Of an adjustment: the dispute for which the gateway took or gave back money. */
  readonly disputeId?: string | null;
  readonly description?: string | null;
  readonly createdAt: Instant;
  readonly settledAt: Instant | null;
};

export type Page = { readonly count?: number; readonly skip?: number };
