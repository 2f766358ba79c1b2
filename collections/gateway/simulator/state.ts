// The simulator stands for the other side of the wire: it knows nothing of the ledger's types and speaks the gateway's JSON.

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
};

export type SimRefund = {
  readonly id: string;
  readonly payment_id: string;
  readonly amount: number;
  readonly receipt: string | null;
  status: "pending" | "processed" | "failed";
  readonly notes: Notes;
  readonly isOfUncaptured: boolean;
  settlementId: string | null;
  readonly createdAt: number;
};

export type SimAdjustment = {
  readonly id: string;
  /** Positive: in the merchant's favour. */
  readonly amount: number;
  readonly description: string;
  settlementId: string | null;
  readonly createdAt: number;
};

export type SimSettlement = {
  readonly id: string;
  readonly amount: number;
  status: "created" | "processed" | "failed";
  utr: string;
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

const unix = (ms: number): number => Math.floor(ms / 1000);
const notesJson = (notes: Notes): Notes | [] => (Object.keys(notes).length === 0 ? [] : notes);

export function orderJson(o: SimOrder): Record<string, unknown> {
  return { ...o, notes: notesJson(o.notes) };
}

export function paymentJson(p: SimPayment): Record<string, unknown> {
  const isCard = p.method === "card" || p.method === "rupay_debit";
  return {
    id: p.id,
    entity: "payment",
    amount: p.amount,
    currency: "INR",
    status: p.status,
    order_id: p.order_id,
    invoice_id: null,
    international: false,
    method: isCard ? "card" : p.method,
    amount_refunded: p.amountRefunded,
    refund_status: p.amountRefunded === 0 ? null : p.amountRefunded < p.amount ? "partial" : "full",
    captured: p.captured,
    description: null,
    card_id: isCard ? `card_${p.id.slice(4)}` : null,
    ...(isCard
      ? {
          card: {
            id: `card_${p.id.slice(4)}`,
            entity: "card",
            name: "",
            last4: p.bankReference.slice(-4),
            network: p.method === "rupay_debit" ? "RuPay" : "Visa",
            type: p.method === "rupay_debit" ? "debit" : "credit",
            issuer: "SIMB",
          },
        }
      : {}),
    bank: p.method === "netbanking" ? "SIMB" : null,
    wallet: p.method === "wallet" ? "simwallet" : null,
    vpa: p.method === "upi" ? "payer@simbank" : null,
    email: p.email,
    contact: p.contact,
    notes: notesJson(p.notes),
    fee: p.fee,
    tax: p.tax,
    error_code: p.error?.code ?? null,
    error_description: p.error?.description ?? null,
    error_source: p.error ? "customer" : null,
    error_step: p.error ? "payment_authorization" : null,
    error_reason: p.error?.reason ?? null,
    acquirer_data:
      p.method === "upi"
        ? { rrn: p.bankReference, upi_transaction_id: `SIM${p.bankReference}` }
        : isCard
          ? { auth_code: p.bankReference.slice(0, 6) }
          : { bank_transaction_id: p.bankReference },
    ...(p.method === "upi" ? { upi: { vpa: "payer@simbank", payer_account_type: "bank_account" } } : {}),
    created_at: unix(p.createdAt),
  };
}

export function refundJson(r: SimRefund): Record<string, unknown> {
  return {
    id: r.id,
    entity: "refund",
    amount: r.amount,
    currency: "INR",
    payment_id: r.payment_id,
    notes: notesJson(r.notes),
    receipt: r.receipt,
    acquirer_data: { arn: null },
    created_at: unix(r.createdAt),
    batch_id: null,
    status: r.status,
    speed_requested: "normal",
    speed_processed: "normal",
  };
}

export function settlementJson(s: SimSettlement): Record<string, unknown> {
  // The real entity says 0 for both; the fees are only in the recon items.
  return {
    id: s.id,
    entity: "settlement",
    amount: s.amount,
    status: s.status,
    fees: 0,
    tax: 0,
    utr: s.utr,
    created_at: unix(s.createdAt),
  };
}
