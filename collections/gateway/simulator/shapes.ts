import type {
  Notes,
  SimCustomer,
  SimDispute,
  SimDocument,
  SimLink,
  SimOrder,
  SimPayment,
  SimQr,
  SimRefund,
  SimSettlement,
  SimVirtualAccount,
} from "./state.ts";

// How each entity looks on the wire: the key set and the JSON type of every key, quirks included.

const unix = (ms: number): number => Math.floor(ms / 1000);
const unixOrNull = (ms: number | null): number | null => (ms === null ? null : unix(ms));
/** `notes` is [] when empty, an object otherwise. */
const notesJson = (notes: Notes): Notes | [] => (Object.keys(notes).length === 0 ? [] : notes);

export function orderJson(o: SimOrder): Record<string, unknown> {
  return {
    id: o.id,
    entity: "order",
    amount: o.amount,
    amount_paid: o.amount_paid,
    amount_due: o.amount_due,
    currency: o.currency,
    receipt: o.receipt,
    offer_id: null,
    status: o.status,
    attempts: o.attempts,
    notes: notesJson(o.notes),
    created_at: o.created_at,
  };
}

export function isCard(p: SimPayment): boolean {
  return p.method === "card" || p.method === "rupay_debit";
}

export function cardJson(p: SimPayment): Record<string, unknown> {
  return {
    id: `card_${p.id.slice(4)}`,
    entity: "card",
    name: "",
    last4: p.bankReference.slice(-4),
    network: p.method === "rupay_debit" ? "RuPay" : "Visa",
    type: p.method === "rupay_debit" ? "debit" : "credit",
    issuer: "SIMB",
    international: false,
    emi: false,
    sub_type: "consumer",
  };
}

export function paymentJson(p: SimPayment): Record<string, unknown> {
  return {
    id: p.id,
    entity: "payment",
    amount: p.amount,
    currency: "INR",
    status: p.status,
    order_id: p.order_id,
    invoice_id: null,
    international: false,
    method: isCard(p) ? "card" : p.method,
    amount_refunded: p.amountRefunded,
    refund_status: p.amountRefunded === 0 ? null : p.amountRefunded < p.amount ? "partial" : "full",
    captured: p.captured,
    description: null,
    card_id: isCard(p) ? `card_${p.id.slice(4)}` : null,
    ...(isCard(p) ? { card: cardJson(p) } : {}),
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
        : isCard(p)
          ? { auth_code: p.bankReference.slice(0, 6) }
          : { bank_transaction_id: p.bankReference },
    ...(p.method === "upi" ? { upi: { vpa: "payer@simbank", payer_account_type: "bank_account" } } : {}),
    ...(p.isLate === true ? { late_authorized: true } : {}),
    ...(p.payerFee === undefined ? {} : { fee_bearer: "customer" }),
    created_at: unix(p.createdAt),
  };
}

export function bankTransferJson(p: SimPayment, account: SimVirtualAccount): Record<string, unknown> {
  return {
    id: `bt_${p.id.slice(4)}`,
    entity: "bank_transfer",
    payment_id: p.id,
    mode: p.transferMode ?? "NEFT",
    bank_reference: p.bankReference,
    amount: p.amount,
    payer_bank_account: {
      id: `ba_${p.id.slice(4)}`,
      entity: "bank_account",
      ifsc: "SIMB0000001",
      bank_name: "Simulated Bank",
      name: "Asha Devi",
      notes: [],
      account_number: `9${p.bankReference}`,
    },
    virtual_account_id: account.id,
    virtual_account: virtualAccountJson(account),
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
    acquirer_data: { arn: r.reference ?? null },
    created_at: unix(r.createdAt),
    batch_id: null,
    status: r.status,
    speed_requested: r.speedRequested ?? "normal",
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

export const EVIDENCE_KINDS = [
  "shipping_proof",
  "billing_proof",
  "cancellation_proof",
  "customer_communication",
  "proof_of_service",
  "explanation_letter",
  "refund_confirmation",
  "access_activity_log",
  "refund_cancellation_policy",
  "term_and_conditions",
] as const;

export function disputeJson(d: SimDispute): Record<string, unknown> {
  return {
    id: d.id,
    entity: "dispute",
    payment_id: d.paymentId,
    amount: d.amount,
    currency: "INR",
    amount_deducted: d.amountDeducted,
    reason_code: d.reasonCode,
    reason_description: d.reasonCode.replaceAll("_", " "),
    respond_by: unix(d.respondBy),
    status: d.status,
    phase: d.phase,
    comments: d.comments,
    evidence: evidenceJson(d),
    created_at: unix(d.createdAt),
  };
}

export function evidenceJson(d: SimDispute): Record<string, unknown> {
  return {
    amount: d.evidence["amount"] ?? d.amount,
    summary: d.evidence["summary"] ?? null,
    ...Object.fromEntries(EVIDENCE_KINDS.map((kind) => [kind, d.evidence[kind] ?? null])),
    others: d.evidence["others"] ?? null,
    submitted_at: unixOrNull(d.submittedAt),
  };
}

export function linkJson(
  l: SimLink,
  amountPaid: number,
  payments: readonly SimPayment[],
  shortUrl: string,
): Record<string, unknown> {
  const taken = payments.filter((p) => p.captured);
  return {
    accept_partial: l.acceptPartial,
    amount: l.amount,
    amount_paid: amountPaid,
    callback_method: l.callbackUrl === "" ? "" : "get",
    callback_url: l.callbackUrl,
    cancelled_at: unix(l.cancelledAt),
    created_at: unix(l.createdAt),
    currency: "INR",
    customer: l.customer,
    description: l.description,
    expire_by: unix(l.expireBy),
    expired_at: unix(l.expiredAt),
    first_min_partial_amount: l.firstMinPartial,
    id: l.id,
    notes: Object.keys(l.notes).length === 0 ? null : l.notes,
    notify: { ...l.notify, whatsapp: false },
    order_id: l.status === "created" ? null : l.orderId,
    payments:
      taken.length === 0
        ? null
        : taken.map((p) => ({
            amount: p.amount,
            created_at: unix(p.createdAt),
            method: isCard(p) ? "card" : p.method,
            payment_id: p.id,
            plink_id: l.id,
            status: p.status,
            updated_at: unix(p.capturedAt ?? p.createdAt),
          })),
    reference_id: l.referenceId,
    reminder_enable: l.reminderEnable,
    reminders: [],
    short_url: shortUrl,
    status: l.status,
    updated_at: unix(l.updatedAt),
    upi_link: l.isUpi,
    user_id: "",
    whatsapp_link: false,
  };
}

export function qrJson(q: SimQr, imageUrl: string): Record<string, unknown> {
  return {
    id: q.id,
    entity: "qr_code",
    created_at: unix(q.createdAt),
    name: q.name,
    usage: q.usage,
    type: "upi_qr",
    image_url: imageUrl,
    payment_amount: q.amount,
    status: q.status,
    description: q.description,
    fixed_amount: q.isFixed,
    payments_amount_received: q.received,
    payments_count_received: q.count,
    notes: notesJson(q.notes),
    customer_id: q.customerId,
    close_by: unixOrNull(q.closeBy),
    closed_at: unixOrNull(q.closedAt),
    close_reason: q.closeReason === "expired" ? null : q.closeReason,
  };
}

export function virtualAccountJson(v: SimVirtualAccount): Record<string, unknown> {
  return {
    id: v.id,
    name: v.name,
    entity: "virtual_account",
    status: v.status,
    description: v.description,
    amount_expected: v.amountExpected,
    notes: notesJson(v.notes),
    amount_paid: v.amountPaid,
    customer_id: v.customerId,
    close_by: unixOrNull(v.closeBy),
    closed_at: unixOrNull(v.closedAt),
    created_at: unix(v.createdAt),
    receivers: v.receivers.map((r) => ({
      id: r.id,
      entity: "bank_account",
      ifsc: r.ifsc,
      bank_name: "Simulated Bank",
      name: r.name,
      notes: [],
      account_number: r.accountNumber,
    })),
    ...(v.allowedPayers.length === 0 ? {} : { allowed_payers: v.allowedPayers }),
  };
}

export function customerJson(c: SimCustomer): Record<string, unknown> {
  return {
    id: c.id,
    entity: "customer",
    name: c.name,
    email: c.email,
    contact: c.contact,
    gstin: c.gstin,
    notes: notesJson(c.notes),
    created_at: unix(c.createdAt),
  };
}

export function documentJson(d: SimDocument): Record<string, unknown> {
  return {
    id: d.id,
    entity: "document",
    purpose: d.purpose,
    name: d.name,
    mime_type: d.mimeType,
    size: d.size,
    created_at: unix(d.createdAt),
  };
}
