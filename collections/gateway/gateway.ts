import type { Instant } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";

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
  readonly createdAt: Instant;
  readonly settledAt: Instant | null;
};

export type Page = { readonly count?: number; readonly skip?: number };

/** The payment gateway as this project sees it. One implementation talks to Razorpay (or its simulator) through the real SDK. */
export type Gateway = {
  readonly provider: "razorpay";
  readonly keyId: string;
  /** "test" or "live", told by the key's prefix. */
  readonly mode: "test" | "live";
  /** Where the payer's browser posts the hosted checkout form. */
  readonly checkoutUrl: string;
  createOrder(order: {
    readonly amount: Paise;
    readonly receipt: string;
    readonly notes: Readonly<Record<string, string>>;
  }): Promise<Outcome<GatewayOrder>>;
  fetchOrder(orderId: string): Promise<Outcome<GatewayOrder>>;
  /** All orders that carry our id: after a lost answer there is one, or none, or (a fault at the gateway) several. */
  findOrders(receipt: string): Promise<Outcome<GatewayOrder[]>>;
  orderPayments(orderId: string): Promise<Outcome<GatewayPayment[]>>;
  fetchPayment(paymentId: string): Promise<Outcome<GatewayPayment>>;
  listPayments(range: { readonly from: Instant; readonly to: Instant } & Page): Promise<Outcome<GatewayPayment[]>>;
  capturePayment(paymentId: string, amount: Paise): Promise<Outcome<GatewayPayment>>;
  /** The same key with the same body gives the same refund again; with another body it is rejected. */
  refundPayment(refund: {
    readonly paymentId: string;
    readonly amount: Paise;
    readonly idempotencyKey: string;
    readonly receipt: string;
    readonly notes: Readonly<Record<string, string>>;
  }): Promise<Outcome<GatewayRefund>>;
  paymentRefunds(paymentId: string): Promise<Outcome<GatewayRefund[]>>;
  listSettlements(
    range: { readonly from: Instant; readonly to: Instant } & Page,
  ): Promise<Outcome<GatewaySettlement[]>>;
  fetchSettlement(settlementId: string): Promise<Outcome<GatewaySettlement>>;
  /** One page (at most 1,000) of what was settled on a day or in a month, payment by payment. */
  settlementItems(
    of: { readonly year: number; readonly month: number; readonly day?: number } & Page,
  ): Promise<Outcome<SettlementItem[]>>;
  /** Whether the raw bytes were signed with a secret that is valid at `at`. */
  verifyWebhook(rawBody: Buffer, signature: string | undefined, at: Instant): boolean;
  /** Whether the browser's callback was signed by the gateway. `orderId` comes from our own database, never from the callback. */
  verifyCheckout(callback: {
    readonly orderId: string;
    readonly paymentId: string;
    readonly signature: string;
  }): boolean;
  /** Closes idle connections. */
  close(): void;
};

export type WebhookSecret = {
  readonly secret: string;
  /** After a rotation the old one still signs retries of older events. */ readonly validUntil?: Instant;
};

export type GatewayConfig = {
  readonly keyId: string;
  readonly keySecret: string;
  readonly webhookSecrets: readonly WebhookSecret[];
  /** https://api.razorpay.com, or the simulator's address in test mode. */
  readonly baseUrl?: string;
  readonly timeoutMs?: number;
  /** In production a simulator address and test keys are refused. */
  readonly isProduction?: boolean;
  readonly allowSimulator?: boolean;
};
