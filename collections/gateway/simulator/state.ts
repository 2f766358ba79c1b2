// The simulator stands for the other side of the wire: it knows nothing of the ledger's types and speaks the gateway's JSON. Amounts are
// paise as JSON numbers, moments are milliseconds since 1970 here and seconds on the wire (shapes.ts).

export type SimMethod = "upi" | "card" | "rupay_debit" | "netbanking" | "wallet" | "bank_transfer";
export const SIM_METHODS: readonly SimMethod[] = [
  "upi",
  "card",
  "rupay_debit",
  "netbanking",
  "wallet",
  "bank_transfer",
];

export type Notes = Record<string, string | number>;

export type SimOrder = {
  readonly id: string;
  readonly entity: "order";
  readonly amount: number;
  amount_paid: number;
  amount_due: number;
  readonly currency: string;
  readonly receipt: string | null;
  readonly offer_id: null;
  status: "created" | "attempted" | "paid";
  attempts: number;
  notes: Notes;
  readonly created_at: number;
  /** Parts are taken until the whole is paid. */
  readonly isPartial?: boolean;
  /** Set when this order decides its capture itself, whatever the account does. */
  readonly capture?: { readonly isManual: boolean; readonly manualMinutes: number | null };
  /** The payment link that stands before it. */
  readonly linkId?: string;
};

export type SimPayment = {
  readonly id: string;
  readonly order_id: string | null;
  readonly amount: number;
  readonly method: SimMethod;
  readonly bankReference: string;
  status: "created" | "authorized" | "captured" | "refunded" | "failed";
  captured: boolean;
  capturedAt: number | null;
  amountRefunded: number;
  fee: number | null;
  tax: number | null;
  error: { readonly code: string; readonly description: string; readonly reason: string } | null;
  readonly contact: string;
  readonly email: string;
  notes: Notes;
  settlementId: string | null;
  isOnHold: boolean;
  readonly createdAt: number;
  /** The bank's yes came after it was given up. */
  isLate?: boolean;
  /** The fee that the payer bears on top, where the account is set so. */
  readonly payerFee?: number;
  readonly linkId?: string;
  readonly qrId?: string;
  readonly virtualAccountId?: string;
  /** NEFT, RTGS or IMPS, for money that came into a virtual account. */
  readonly transferMode?: string;
};

export type SimRefund = {
  readonly id: string;
  readonly payment_id: string;
  readonly amount: number;
  readonly receipt: string | null;
  status: "pending" | "processed" | "failed";
  notes: Notes;
  /** Money that was authorised and never captured: no balance pays for it. */
  readonly isOfUncaptured: boolean;
  settlementId: string | null;
  readonly createdAt: number;
  speedRequested?: string;
  reference?: string | null;
};

export type SimAdjustment = {
  readonly id: string;
  /** Positive: in the merchant's favour. */
  readonly amount: number;
  readonly description: string;
  settlementId: string | null;
  readonly createdAt: number;
  readonly disputeId?: string;
};

export type SimSettlement = {
  readonly id: string;
  readonly amount: number;
  status: "created" | "processed" | "failed";
  utr: string;
  readonly createdAt: number;
  /** What it pays out. */
  readonly itemIds?: readonly string[];
};

export type SimDispute = {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: number;
  amountDeducted: number;
  readonly reasonCode: string;
  respondBy: number;
  status: "open" | "under_review" | "won" | "lost" | "closed";
  phase: "fraud" | "retrieval" | "chargeback" | "pre_arbitration" | "arbitration";
  comments: string | null;
  evidence: Record<string, unknown>;
  submittedAt: number | null;
  readonly createdAt: number;
};

export type SimLink = {
  readonly id: string;
  readonly orderId: string;
  readonly amount: number;
  acceptPartial: boolean;
  readonly firstMinPartial: number;
  readonly description: string;
  readonly customer: Readonly<Record<string, string>>;
  referenceId: string;
  expireBy: number;
  expiredAt: number;
  cancelledAt: number;
  updatedAt: number;
  status: "created" | "partially_paid" | "paid" | "cancelled" | "expired";
  reminderEnable: boolean;
  notes: Notes;
  readonly notify: { readonly sms: boolean; readonly email: boolean };
  readonly callbackUrl: string;
  readonly isUpi: boolean;
  readonly createdAt: number;
};

export type SimQr = {
  readonly id: string;
  readonly name: string | null;
  readonly usage: "single_use" | "multiple_use";
  readonly isFixed: boolean;
  readonly amount: number | null;
  status: "active" | "closed";
  readonly description: string | null;
  received: number;
  count: number;
  readonly notes: Notes;
  readonly customerId: string | null;
  readonly closeBy: number | null;
  closedAt: number | null;
  closeReason: "on_demand" | "paid" | "expired" | null;
  readonly createdAt: number;
};

export type SimReceiver = {
  readonly id: string;
  readonly accountNumber: string;
  readonly ifsc: string;
  readonly name: string;
};
export type SimVirtualAccount = {
  readonly id: string;
  readonly name: string;
  status: "active" | "closed";
  readonly description: string | null;
  readonly amountExpected: number | null;
  amountPaid: number;
  readonly notes: Notes;
  readonly customerId: string | null;
  readonly closeBy: number | null;
  closedAt: number | null;
  readonly receivers: SimReceiver[];
  readonly allowedPayers: Record<string, unknown>[];
  readonly createdAt: number;
};

export type SimCustomer = {
  readonly id: string;
  name: string;
  email: string | null;
  contact: string | null;
  gstin: string | null;
  notes: Notes;
  readonly createdAt: number;
};

export type SimDocument = {
  readonly id: string;
  readonly purpose: string;
  readonly name: string;
  readonly mimeType: string;
  readonly size: number;
  readonly createdAt: number;
};

/** A refusal in the gateway's own words. */
export class SimRefusal extends Error {
  override readonly name = "SimRefusal";
  readonly status: number;
  readonly code: string;
  readonly description: string;
  readonly field: string | null;
  constructor(description: string, options: { status?: number; code?: string; field?: string } = {}) {
    super(description);
    this.status = options.status ?? 400;
    this.code = options.code ?? "BAD_REQUEST_ERROR";
    this.description = description;
    this.field = options.field ?? null;
  }
}

/** What the gateway says of an id that it does not know: 400, not 404. */
export function known<T>(entity: T | undefined): T {
  if (entity === undefined) throw new SimRefusal("The id provided does not exist");
  return entity;
}
