import type { Instant } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { DisputeCalls, LinkCalls, QrCalls, VirtualAccountCalls } from "./collect.ts";
import type {
  GatewayOrder,
  GatewayPayment,
  GatewayRefund,
  GatewaySettlement,
  Outcome,
  Page,
  SettlementItem,
} from "./seen.ts";

export type * from "./seen.ts";

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
  readonly links: LinkCalls;
  readonly qrCodes: QrCalls;
  readonly virtualAccounts: VirtualAccountCalls;
  readonly disputes: DisputeCalls;
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
  /** Secrets of keys that were rolled lately: checkouts begun before come back signed with them. */
  readonly previousKeySecrets?: readonly string[];
  readonly webhookSecrets: readonly WebhookSecret[];
  /** https://api.razorpay.com, or the simulator's address in test mode. */
  readonly baseUrl?: string;
  readonly timeoutMs?: number;
  /** In production a simulator address and test keys are refused. */
  readonly isProduction?: boolean;
  readonly allowSimulator?: boolean;
};
