import type { FeeTable } from "./fees.ts";
import type { Notes, SimMethod } from "./state.ts";
import type { SendWebhook } from "./webhooks.ts";

/** What the documentation says in two ways, or leaves to the account: settings, so that both are met. */
export type Settings = {
  autoCapture: boolean;
  /** Working days from capture to settlement: 1 (RBI's directions of 2025) or 2 (Razorpay's page). */
  settlementDays: number;
  /** What a second order with the same receipt meets; the documentation says both. */
  repeatedReceipt: "refuse" | "same" | "allow";
  /** A refund becomes processed at once (usual) or after `refundDays` (5 to 7, another page says 7 to 10). */
  refundsAreInstant: boolean;
  refundDays: number;
  /** For how many days the bank is asked after a payment was given up: 3, other pages say 5. */
  lateAuthDays: number;
  /** After how many days an authorised payment that nobody captured goes back: 3, the API page says 5. */
  autoRefundDays: number;
  /** "not yet confirmed to work in test mode": switched off, the key is ignored. */
  refundIdempotency: boolean;
  /** India allows many attempts an order; other pages say one. */
  attemptsPerOrder: "many" | "one";
  /** Who pays the gateway's fee: on "customer" the payment is larger than its order. */
  feeBearer: "merchant" | "customer";
  /** Whether a dispute takes its money when it is made, and gives it back when it is won, or only when it is lost. */
  disputesDeductAtCreation: boolean;
  /** Keys of webhooks in an order that the seed decides: nobody may count on theirs. */
  shuffleKeys: boolean;
  /** When the day's settlement is made, in India. */
  settlementHour: number;
  /** Settles by itself once its hour has come; otherwise when `runSettlement`, `advance` or the control API says so. */
  autoSettle: boolean;
};

export const usualSettings: Settings = {
  autoCapture: true,
  settlementDays: 2,
  repeatedReceipt: "refuse",
  refundsAreInstant: true,
  refundDays: 5,
  lateAuthDays: 3,
  autoRefundDays: 3,
  refundIdempotency: true,
  attemptsPerOrder: "many",
  feeBearer: "merchant",
  disputesDeductAtCreation: false,
  shuffleKeys: false,
  settlementHour: 10.5,
  autoSettle: false,
};

export type SimulatorOptions = Partial<Settings> & {
  readonly keyId?: string;
  readonly keySecret?: string;
  readonly webhookSecret?: string;
  readonly accountId?: string;
  readonly merchantName?: string;
  /** Same seed, same calls: same ids. Without it every start makes fresh ids. */
  readonly seed?: string;
  /** Time at the gateway: the wall clock unless given; `advance` and `setClock` move it on from there. */
  readonly clock?: () => Date;
  /** Where webhooks go; {ulb} is taken from the order's notes. */
  readonly webhookUrl?: string;
  /** Only these events; all unless given. */
  readonly webhookEvents?: readonly string[];
  /** How webhooks are sent; over HTTP unless given. */
  readonly sendWebhook?: SendWebhook;
  /** Deliver by itself shortly after each event, and retry: for a running demo. Tests call deliverWebhooks. */
  readonly autoDeliver?: boolean;
  /** Whether an address that took nothing for 24 hours is given up, as the gateway does; yes unless said. */
  readonly autoDisable?: boolean;
  readonly holidays?: readonly string[];
  readonly fees?: Partial<FeeTable>;
  /** How far below zero the balance may go for refunds, in paise. */
  readonly reserveLimit?: number;
  /** The path under which it is mounted on another server, such as "/__sim/razorpay". */
  readonly mountPath?: string;
  /** Where people reach it, for links and QR codes: "http://127.0.0.1:8090". */
  readonly publicUrl?: string;
  /** Needed as X-Sim-Token for the control API, when it is set. */
  readonly controlToken?: string;
  /** Balance of the merchant's bank account before the first line, in paise. */
  readonly bankOpening?: number;
  /** What `snapshot` gave when it was stopped: it goes on from there. */
  readonly snapshot?: string;
};

/** What the bank says, and when. */
export const OUTCOMES = [
  "success",
  "failure",
  /** Fails now; the bank's yes arrives with `completeLate`. */
  "late",
  /** Nothing yet; yes or no `after` (10 minutes unless said). Given up after ten minutes in between. */
  "pending-success",
  "pending-fail",
  /** Taken, but the payer's browser never comes back. */
  "success-then-user-closes-tab",
  /** No, and yes for the same payment `after` (4 minutes unless said). */
  "fail-then-success",
  /** The payer's bank debits, and nobody ever tells the gateway. */
  "debit-without-notify",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type PayOptions = {
  readonly method?: SimMethod;
  readonly outcome?: Outcome;
  /** For pending and fail-then-success: how long the bank takes, in milliseconds. */
  readonly afterMs?: number;
  /** Why the bank says no: payment_declined, insufficient_funds, … */
  readonly reason?: string;
  /** For tampering tests and parts; the order's amount otherwise. */
  readonly amount?: number;
  /** Pays although the order is paid already: what must not happen, and does. */
  readonly force?: boolean;
  readonly contact?: string;
  readonly email?: string;
  readonly notes?: Notes;
  /** The bank's reference (RRN, UTR), where a test must know it. */
  readonly reference?: string;
  /** NEFT, RTGS or IMPS, into a virtual account. */
  readonly mode?: string;
};

/** What the bank will do with one of the next payments. */
export type BankPlan = {
  readonly outcome: Outcome;
  readonly afterMs?: number;
  readonly reason?: string;
  readonly orderId?: string;
  readonly method?: SimMethod;
};
