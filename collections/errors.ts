import { defineErrors } from "../ledger/kernel/errors.ts";

/** The refusals of collections. Amounts in facts are formatted rupees. Captured money is never refused: none of these can meet it. */
export const collectionErrors = defineErrors({
  ORDER_AMOUNT: {
    status: 422,
    message: (f: { amount: string }) => `an online payment of ${f.amount} is refused; the gateway takes 1.00 or more`,
  },
  ORDER_NOT_FOUND: { status: 404, message: (f: { order: string }) => `there is no order ${f.order} in this ULB` },
  ORDER_PAID: { status: 409, message: (f: { order: string }) => `order ${f.order} is paid already` },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    message: (f: { key: string }) =>
      `Idempotency-Key ${f.key} was used for another request; use a new key for a new payment`,
  },
  IDEMPOTENCY_KEY: {
    status: 422,
    message: (f: { key: string }) =>
      `"${f.key}" is not an Idempotency-Key of 8 to 100 letters, digits, "-", "_", ":" or "."`,
  },
  GATEWAY_UNREACHABLE: {
    status: 503,
    message: (f: { order: string }) =>
      `the payment gateway does not answer; nothing is lost, order ${f.order} is kept and will be looked for, please try again in a minute`,
  },
  GATEWAY_REJECTED: {
    status: 502,
    message: (f: { what: string; reason: string }) => `the payment gateway refused ${f.what}: ${f.reason}`,
  },
  WEBHOOK_SIGNATURE: {
    status: 400,
    message: (f: { event: string }) => `the signature of event ${f.event} does not fit its body; nothing was done`,
  },
  WEBHOOK_TOO_LARGE: {
    status: 413,
    message: (f: { bytes: number; limit: number }) => `the body has ${f.bytes} bytes; ${f.limit} are taken`,
  },
  CALLBACK_SIGNATURE: {
    status: 400,
    message: (f: { order: string }) =>
      `the return from the payment page for order ${f.order} is not signed by the gateway; nothing was done`,
  },
  RECEIPT_NOT_FOUND: { status: 404, message: (f: { receipt: string }) => `there is no receipt ${f.receipt}` },
  RECEIPT_STATUS: {
    status: 409,
    message: (f: { receipt: string; status: string; wanted: string }) =>
      `receipt ${f.receipt} is ${f.status}; only one that is ${f.wanted} can be treated so`,
  },
  SESSION_OPEN_ALREADY: {
    status: 409,
    message: (f: { cashier: string; counter: string; since: string }) =>
      `${f.cashier} has counter ${f.counter} open since ${f.since}; close it first`,
  },
  SESSION_NOT_FOUND: { status: 404, message: (f: { session: string }) => `there is no counter session ${f.session}` },
  SESSION_CLOSED: {
    status: 409,
    message: (f: { counter: string; closed: string }) =>
      `counter ${f.counter} was closed on ${f.closed}; open it anew to receive money`,
  },
  SESSION_OF_ANOTHER: {
    status: 403,
    message: (f: { counter: string; cashier: string }) =>
      `counter ${f.counter} is kept by ${f.cashier}; a cashier works on a session of his own`,
  },
  SESSION_OF_ANOTHER_DAY: {
    status: 409,
    message: (f: { counter: string; opened: string; today: string }) =>
      `counter ${f.counter} was opened on ${f.opened}; count and close it, and open it anew for ${f.today}`,
  },
  DRAWER_MISMATCH: {
    status: 409,
    message: (f: { expected: string; counted: string; difference: string; kind: "short" | "over" }) =>
      `receipts of the session ${f.expected}, counted ${f.counted}: ${f.difference} ${f.kind}`,
  },
  DENOMINATION_UNKNOWN: {
    status: 422,
    message: (f: { denomination: string; count: string }) =>
      `${f.count} pieces of "${f.denomination}" cannot be counted; denominations are 2000 500 200 100 50 20 10 5 2 1 0.50`,
  },
  COUNTER_AMOUNT: {
    status: 422,
    message: (f: { amount: string }) => `${f.amount} cannot be received; a receipt is for more than 0.00`,
  },
  OVERPAYMENT: {
    status: 409,
    message: (f: { amount: string; due: string; excess: string }) =>
      `${f.amount} is tendered, ${f.due} is due: say that ${f.excess} is to be kept as an advance, or take less`,
  },
  CASH_LIMIT: {
    status: 422,
    message: (f: { amount: string; earlier: string; total: string; on: string }) =>
      `cash of ${f.amount} with ${f.earlier} received from the same payer on ${f.on} or for the same bill makes ${f.total}; ` +
      `2,00,000.00 or more may not be taken in cash (Income-tax Act 2025 s.186, before it s.269ST)`,
  },
  CHEQUE_STALE: {
    status: 422,
    message: (f: { number: string; dated: string; until: string }) =>
      `cheque ${f.number} is dated ${f.dated} and was payable until ${f.until} (three months)`,
  },
  CHEQUE_POST_DATED: {
    status: 422,
    message: (f: { number: string; dated: string; today: string }) =>
      `cheque ${f.number} is dated ${f.dated}, after ${f.today}; post-dated cheques are not taken`,
  },
  CHEQUE_NUMBER: {
    status: 422,
    message: (f: { number: string }) => `"${f.number}" is not a cheque number; it has six digits`,
  },
  CHEQUE_ENTERED_ALREADY: {
    status: 409,
    message: (f: { number: string; bank: string }) =>
      `cheque ${f.number} of ${f.bank} was received already and is live`,
  },
  TRANSFER_ENTERED_ALREADY: {
    status: 409,
    message: (f: { utr: string }) => `the transfer ${f.utr} was received already`,
  },
  TRANSFER_REFERENCE: {
    status: 422,
    message: (f: { utr: string }) => `"${f.utr}" is not a UTR; it has 10 to 30 letters and digits`,
  },
  REMITTANCE_EMPTY: { status: 422, message: (f: { kind: string }) => `there are no ${f.kind} to deposit` },
  REMITTANCE_NOT_IN_HAND: {
    status: 409,
    message: (f: { instruments: string }) => `not in hand, so they cannot be deposited: ${f.instruments}`,
  },
  REMITTANCE_EARLY: {
    status: 422,
    message: (f: { on: string; received: string }) =>
      `a deposit on ${f.on} cannot hold what was received on ${f.received}`,
  },
  REMITTANCE_SLIP: {
    status: 409,
    message: (f: { slip: string; on: string }) => `slip ${f.slip} of ${f.on} is booked already`,
  },
  INSTRUMENT_NOT_FOUND: {
    status: 404,
    message: (f: { instrument: string }) => `there is no instrument ${f.instrument}`,
  },
  INSTRUMENT_STATUS: {
    status: 409,
    message: (f: { instrument: string; status: string }) =>
      `${f.instrument} is ${f.status}; only a cheque or draft that was deposited can be returned by the bank`,
  },
  DISHONOUR_DATE: {
    status: 422,
    message: (f: { on: string; deposited: string; credited: string | null }) =>
      f.credited === null
        ? `a cheque deposited on ${f.deposited} is not returned on ${f.on}`
        : `a cheque that the bank credited on ${f.credited} is not returned on ${f.on}`,
  },
  CANCEL_REASON: { status: 422, message: (f: { reason: string }) => `"${f.reason}" does not say why; give the reason` },
  CANCEL_OWN: {
    status: 403,
    message: (f: { person: string }) => `${f.person} issued the receipt; another person approves its cancellation`,
  },
  CANCEL_DEPOSITED: {
    status: 409,
    message: (f: { receipt: string }) =>
      `the money of receipt ${f.receipt} is no longer in the open drawer; correct it by a transfer or a refund`,
  },
  REFUND_NOT_FOUND: { status: 404, message: (f: { refund: string }) => `there is no refund ${f.refund}` },
  REFUND_STATUS: {
    status: 409,
    message: (f: { refund: string; status: string; wanted: string }) =>
      `refund ${f.refund} is ${f.status}; it must be ${f.wanted}`,
  },
  REFUND_OWN: {
    status: 403,
    message: (f: { person: string }) => `${f.person} asked for this refund; another person approves it`,
  },
  REFUND_ROOM: {
    status: 409,
    message: (f: { asked: string; captured: string; refunded: string; disputed: string; room: string }) =>
      `a refund of ${f.asked} is refused: captured ${f.captured} − refunded or being refunded ${f.refunded} − disputed ${f.disputed} = ${f.room}`,
  },
  REFUND_SOURCE: {
    status: 422,
    message: (f: { payment: string; origin: string; reason: string }) =>
      `nothing of payment ${f.payment} can be refunded from ${f.origin}: ${f.reason}`,
  },
  REFUND_REASON: { status: 422, message: (f: { reason: string }) => `"${f.reason}" does not say why; give the reason` },
  REFUND_AT_GATEWAY: {
    status: 409,
    message: (f: { refund: string; found: string }) =>
      `refund ${f.refund} is not paid from the bank: the gateway says ${f.found}`,
  },
  BANK_REFERENCE: {
    status: 422,
    message: (f: { reference: string }) => `"${f.reference}" is not a UTR; it has 10 to 30 letters and digits`,
  },
  PAYMENT_NOT_FOUND: {
    status: 404,
    message: (f: { payment: string }) => `there is no payment ${f.payment} in this ULB`,
  },
  EVIDENCE_FILE: {
    status: 422,
    message: (f: { problem: string }) => `the evidence is refused: ${f.problem}`,
  },
  MERCHANT_ACCOUNT: {
    status: 422,
    message: (f: { account: string }) =>
      `"${f.account}" is not an account of the gateway; it is like acc_ with 14 characters`,
  },
  EXCESS_POLICY: {
    status: 422,
    message: (f: { service: string; limit: string; days: string }) =>
      `the policy for ${f.service} is refused: limit ${f.limit}, ${f.days} days; the limit is more than 0.00, the days 0 to 180`,
  },
  DISPUTE_NOT_FOUND: {
    status: 404,
    message: (f: { dispute: string }) => `there is no dispute ${f.dispute} in this ULB`,
  },
  DISPUTE_STATUS: {
    status: 409,
    message: (f: { dispute: string; status: string }) =>
      `dispute ${f.dispute} is ${f.status}; only one that is open and not answered yet can be answered`,
  },
  DISPUTE_ANSWER: {
    status: 422,
    message: (f: { problem: string }) => `the answer to the dispute is refused: ${f.problem}`,
  },
  UPI_LIMIT: { status: 422, message: (f: { problem: string }) => `the limit of UPI payments is refused: ${f.problem}` },
  PARTNER_NOT_FOUND: {
    status: 403,
    message: (f: { actor: string }) =>
      `${f.actor} posts for no partner of this ULB; an administrator names the partner first`,
  },
  PARTNER_UNKNOWN: { status: 404, message: (f: { partner: string }) => `there is no partner ${f.partner} in this ULB` },
  PARTNER_INVALID: { status: 422, message: (f: { problem: string }) => `the partner is refused: ${f.problem}` },
  EXTERNAL_REFERENCE: {
    status: 422,
    message: (f: { reference: string }) =>
      `"${f.reference}" is not a reference; it has 4 to 64 letters, digits, ".", "_", ":" or "-"`,
  },
  EXTERNAL_AMOUNT: {
    status: 422,
    message: (f: { amount: string }) => `a payment of ${f.amount} cannot be posted; it is for more than 0.00`,
  },
  EXTERNAL_CONFLICT: {
    status: 409,
    message: (f: { partner: string; reference: string; posted: string; sent: string; receipt: string }) =>
      `${f.partner} posted ${f.reference} before with ${f.posted}, receipt ${f.receipt}; now it is sent with ${f.sent}`,
  },
  EXTERNAL_NOT_FOUND: {
    status: 404,
    message: (f: { partner: string; reference: string }) => `${f.partner} posted no payment ${f.reference} here`,
  },
  EXTERNAL_REVERSAL_CONFLICT: {
    status: 409,
    message: (f: { partner: string; known: string; sent: string }) =>
      `${f.partner}: ${f.known}; now it is sent that ${f.sent}. A payment is taken back whole, and once`,
  },
  EXTERNAL_REVERSAL_SETTLED: {
    status: 409,
    message: (f: { reference: string; amount: string; receipt: string; settlement: string; on: string }) =>
      `${f.reference} of ${f.amount}, receipt ${f.receipt}, was paid over on ${f.on} in settlement ${f.settlement}: it is not reversed any more, ask the ULB for a refund`,
  },
  EXTERNAL_SETTLEMENT: {
    status: 422,
    message: (f: { problem: string }) => `the settlement is refused: ${f.problem}`,
  },
  EXTERNAL_SETTLED: {
    status: 409,
    message: (f: { partner: string; reference: string; amount: string }) =>
      `settlement ${f.reference} of ${f.partner} is booked already, with ${f.amount}`,
  },
  REQUEST_NOT_FOUND: {
    status: 404,
    message: (f: { request: string }) => `there is no payment request ${f.request} in this ULB`,
  },
  REQUEST_INVALID_TERMS: {
    status: 422,
    message: (f: { problem: string }) => `the payment request is refused: ${f.problem}`,
  },
  REQUEST_STATE: {
    status: 409,
    message: (f: { request: string; state: string }) =>
      `payment request ${f.request} is ${f.state}; only an open one can be closed`,
  },
  TASK_NOT_FOUND: { status: 404, message: (f: { task: string }) => `there is no open task ${f.task}` },
  SETTLED_ELSEWHERE: {
    status: 409,
    message: (f: { entity: string; settlement: string; other: string }) =>
      `${f.entity} is in settlement ${f.other} already and cannot be in ${f.settlement}`,
  },
  SETTLED_UNBOOKED: {
    status: 409,
    message: (f: { entity: string; settlement: string }) =>
      `settlement ${f.settlement} holds ${f.entity}, which is not booked here; adopt it first`,
  },
});
