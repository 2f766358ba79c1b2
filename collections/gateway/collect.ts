import type { Instant } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { GatewayPayment, Outcome, Page } from "./seen.ts";

// The other ways in (payment links, UPI QR codes, virtual accounts) and disputes, as this project sees them.

type Notes = Readonly<Record<string, string>>;

export type LinkStatus = "created" | "partially_paid" | "paid" | "cancelled" | "expired";
export type GatewayLink = {
  readonly id: string;
  /** Null until somebody has paid. The event's own copy comes without its prefix and is put right. */
  readonly orderId: string | null;
  readonly amount: Paise;
  readonly amountPaid: Paise;
  readonly status: LinkStatus;
  /** Our own id for it: unique among the links that are open. */
  readonly referenceId: string | null;
  readonly url: string;
  readonly expiresAt: Instant | null;
  readonly paymentIds: readonly string[];
  readonly notes: Notes;
  readonly createdAt: Instant;
};

export type GatewayQr = {
  readonly id: string;
  readonly usage: "single_use" | "multiple_use";
  /** Null where the payer chooses. */
  readonly amount: Paise | null;
  readonly status: "active" | "closed";
  /** In an event these are the sums from before it. */
  readonly amountReceived: Paise;
  readonly paymentCount: number;
  readonly imageUrl: string;
  readonly closeBy: Instant | null;
  readonly notes: Notes;
  readonly createdAt: Instant;
};

export type GatewayVirtualAccount = {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "closed";
  readonly amountPaid: Paise;
  readonly accountNumber: string | null;
  readonly ifsc: string | null;
  readonly closeBy: Instant | null;
  readonly notes: Notes;
  readonly createdAt: Instant;
};

/** The transfer behind a payment into a virtual account. */
export type GatewayBankTransfer = {
  readonly paymentId: string;
  readonly amount: Paise;
  /** NEFT, RTGS, IMPS. */
  readonly mode: string;
  readonly utr: string | null;
  readonly virtualAccountId: string;
  readonly payerName: string | null;
};

export type DisputeStatus = "open" | "under_review" | "won" | "lost" | "closed";
export type GatewayDispute = {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: Paise;
  /** Nothing unless it is lost. */
  readonly amountDeducted: Paise;
  readonly status: DisputeStatus;
  readonly phase: "fraud" | "retrieval" | "chargeback" | "pre_arbitration" | "arbitration";
  readonly reasonCode: string;
  readonly respondBy: Instant | null;
  readonly createdAt: Instant;
};

export type DisputeEvidence = {
  /** At most a thousand characters. */
  readonly summary?: string;
  /** How much of it is contested; all of it unless given. */
  readonly amount?: Paise;
  /** doc_… by kind: "explanation_letter", "proof_of_service", "billing_proof" and the gateway's other kinds. */
  readonly documents?: Readonly<Record<string, readonly string[]>>;
};

export type LinkCalls = {
  /** `expiresAt` from 15 minutes to six months ahead. A repeated `referenceId` is rejected: find it instead. */
  create(link: {
    readonly amount: Paise;
    readonly referenceId: string;
    readonly description: string;
    /** It may be paid in parts, the first of at least so much. */
    readonly firstPart?: Paise;
    readonly expiresAt?: Instant;
    readonly customer?: { readonly name?: string; readonly contact?: string; readonly email?: string };
    readonly callbackUrl?: string;
    readonly isUpi?: boolean;
    readonly notes: Notes;
  }): Promise<Outcome<GatewayLink>>;
  fetch(linkId: string): Promise<Outcome<GatewayLink>>;
  /** The way back to a link whose creation was not answered. */
  find(referenceId: string): Promise<Outcome<GatewayLink[]>>;
  edit(linkId: string, change: { readonly expiresAt?: Instant; readonly notes?: Notes }): Promise<Outcome<GatewayLink>>;
  cancel(linkId: string): Promise<Outcome<GatewayLink>>;
  notify(linkId: string, medium: "sms" | "email"): Promise<Outcome<true>>;
  /** Whether the gateway's page sent this browser back: five parameters, of which the ids come from our own database. */
  verifyReturn(back: {
    readonly linkId: string;
    readonly referenceId: string;
    readonly status: string;
    readonly paymentId: string;
    readonly signature: string;
  }): boolean;
};

export type QrCalls = {
  create(qr: {
    readonly usage: "single_use" | "multiple_use";
    /** Fixed when given. */
    readonly amount?: Paise;
    readonly name?: string;
    readonly description: string;
    readonly closeBy?: Instant;
    readonly notes: Notes;
  }): Promise<Outcome<GatewayQr>>;
  fetch(qrId: string): Promise<Outcome<GatewayQr>>;
  list(page?: Page): Promise<Outcome<GatewayQr[]>>;
  payments(qrId: string, page?: Page): Promise<Outcome<GatewayPayment[]>>;
  close(qrId: string): Promise<Outcome<GatewayQr>>;
};

export type VirtualAccountCalls = {
  create(account: {
    readonly name: string;
    readonly description: string;
    readonly closeBy?: Instant;
    readonly notes: Notes;
  }): Promise<Outcome<GatewayVirtualAccount>>;
  fetch(accountId: string): Promise<Outcome<GatewayVirtualAccount>>;
  list(page?: Page): Promise<Outcome<GatewayVirtualAccount[]>>;
  payments(accountId: string): Promise<Outcome<GatewayPayment[]>>;
  close(accountId: string): Promise<Outcome<GatewayVirtualAccount>>;
  transfer(paymentId: string): Promise<Outcome<GatewayBankTransfer>>;
};

export type DisputeCalls = {
  fetch(disputeId: string): Promise<Outcome<GatewayDispute>>;
  list(page?: Page): Promise<Outcome<GatewayDispute[]>>;
  accept(disputeId: string): Promise<Outcome<GatewayDispute>>;
  /** A draft keeps the evidence at the gateway; a submission is final and needs a summary and a document. */
  contest(disputeId: string, action: "draft" | "submit", evidence: DisputeEvidence): Promise<Outcome<GatewayDispute>>;
  /** A document for a contest (PDF, JPEG or PNG, told by the name): gives doc_…. */
  upload(file: { readonly name: string; readonly content: Buffer }): Promise<Outcome<string>>;
};
