import { applyPayment, refundAdvance, reversePayment } from "../../billing/index.ts";
import { dr, postEntry, postingAccount, postingAccounts, takeNumber, type Line } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, financialYearOf, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { isUuid, newId, newToken } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { enqueue } from "../../ledger/kernel/outbox.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { gatewayParty, sanctionLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import type { GatewayRefund } from "../gateway/index.ts";
import { excessPolicies } from "../online/payment-settings.ts";
import { entryDateFor } from "../receipts/documents.ts";
import {
  getReceipt,
  markReceipt,
  receiptEntry,
  receiptNumber,
  refundableOf,
  refundNumber,
  type Receipt,
} from "../receipts/receipts.ts";
import { setTasks } from "../tasks.ts";

/**
 * asked: somebody wants it, nothing is in the books. rejected: a second person said no. payable: we owe it. approved: a second person agreed.
 * requested: the gateway was asked. processed, failed: what it said. bank-due: the gateway cannot, the bank must. bank-paid: it did.
 */
export type RefundStatus =
  "asked" | "rejected" | "payable" | "approved" | "requested" | "processed" | "failed" | "bank-due" | "bank-paid";

/** What it is paid out of; see the table. */
export type RefundOrigin = "second-payment" | "advance" | "receipt" | "unidentified" | "gateway";

export type Refund = {
  readonly id: string;
  /** "RN/2026-27/000004". */
  readonly number: string;
  readonly token: string;
  readonly paymentId: string;
  readonly consumerId: string | null;
  readonly consumerCode: string | null;
  readonly amount: Paise;
  readonly reason: string;
  readonly origin: RefundOrigin;
  readonly status: RefundStatus;
  readonly entryDate: LocalDate;
  readonly createdBy: string;
  readonly approvedBy: string | null;
  readonly rejectedReason: string | null;
  readonly sanctionedOn: LocalDate | null;
  readonly providerRefundId: string | null;
  readonly processedAt: Date | null;
  readonly sendAttempts: number;
  readonly nextSendAt: Date | null;
  readonly bankReference: string | null;
  readonly bankPaidOn: LocalDate | null;
  readonly lastError: string | null;
  readonly liabilityAccount: string;
  /** The receipt of its payment; null where a second payment was booked as its refund note alone. */
  readonly receipt: { readonly id: string; readonly number: string } | null;
};

/** `isUncaptured`: the payment itself was seen, and was never captured; its refund is none of ours. */
export type RefundObservation = { readonly refund: GatewayRefund; readonly at: Date; readonly isUncaptured?: boolean };

export type RefundRow = Omit<Refund, "number" | "receipt"> & {
  readonly fy: FinancialYear;
  readonly serial: bigint;
  /** Id, year and number. */
  readonly receipt: readonly [string, string, string] | null;
};
export const REFUND_COLUMNS = `refund_id as id, fy, number as serial, token, payment_id as "paymentId", consumer_id as "consumerId",
  consumer_code as "consumerCode", amount, reason, origin, status, entry_date as "entryDate", created_by as "createdBy",
  approved_by as "approvedBy", rejected_reason as "rejectedReason", sanctioned_on as "sanctionedOn", provider_refund_id as "providerRefundId",
  processed_at as "processedAt", send_attempts as "sendAttempts", next_send_at as "nextSendAt", bank_reference as "bankReference",
  bank_paid_on as "bankPaidOn", last_error as "lastError", liability_account as "liabilityAccount",
  (select array[c.receipt_id::text, c.fy, c.number::text] from collections.payments p
   join collections.receipts c on c.ulb_id = p.ulb_id and c.receipt_id = p.receipt_id
   where p.ulb_id = refunds.ulb_id and p.payment_id = refunds.payment_id) as receipt`;

export function refundOf({ fy, serial, receipt, ...row }: RefundRow): Refund {
  return {
    ...row,
    number: refundNumber(fy, serial),
    receipt: receipt && { id: receipt[0], number: receiptNumber(receipt[1], BigInt(receipt[2])) },
  };
}

/** A refund note by its id, or by the token of its QR code. Raises REFUND_NOT_FOUND. */
export async function getRefund(read: Read, idOrToken: string): Promise<Refund> {
  const row = await read.queryOne<RefundRow>(
    `select ${REFUND_COLUMNS} from collections.refunds
     where ulb_id = :ulb and ${isUuid(idOrToken) ? "refund_id = :id::uuid" : "token = :id"}`,
    { ulb: read.ulb.id, id: idOrToken },
  );
  if (!row) throw collectionErrors.REFUND_NOT_FOUND({ refund: idOrToken.slice(0, 60) });
  return refundOf(row);
}

/** Refunds, newest first; at most `limit` (200). */
export async function listRefunds(
  read: Read,
  options: { readonly status?: RefundStatus; readonly paymentId?: string; readonly limit?: number } = {},
): Promise<Refund[]> {
  const rows = await read.query<RefundRow>(
    `select ${REFUND_COLUMNS} from collections.refunds
     where ulb_id = :ulb and (:status::text is null or status = :status) and (:payment::text is null or payment_id = :payment)
     order by created_at desc, refund_id limit :row_limit`,
    {
      ulb: read.ulb.id,
      status: options.status ?? null,
      payment: options.paymentId ?? null,
      row_limit: Math.min(options.limit ?? 50, 200),
    },
  );
  return rows.map(refundOf);
}

export type RefundRequest = {
  readonly paymentId: string;
  /** What may still be refunded of it, unless given. */
  readonly amount?: Paise;
  /** advance: out of the credit that it became. receipt: what it had settled is due again, all or part of it. unidentified: money of nobody we know. */
  readonly origin: "advance" | "receipt" | "unidentified";
  readonly reason: string;
};

/** How much of a capture may still be refunded: captured − refunded (or being refunded) − disputed, never below nothing. */
export function refundRoom(p: {
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly disputed: bigint;
}): Paise {
  const room = p.amount - p.refunded - p.disputed;
  return paise(room > 0n ? room : 0n);
}

type Capture = {
  readonly amount: bigint;
  readonly refunded: bigint;
  readonly disputed: bigint;
  readonly receipt_id: string | null;
};

/**
 * A citizen or the office asks that money goes back the way it came. Nothing is in the books until a second person approves; while it waits, the
 * same person asking for the same amount with the same reason asked once.
 * Raises PAYMENT_NOT_FOUND, REFUND_REASON, REFUND_ROOM, REFUND_SOURCE.
 */
export async function askRefund(tx: Tx, request: RefundRequest): Promise<Refund> {
  if (request.reason.trim().length < 5) throw collectionErrors.REFUND_REASON({ reason: request.reason.slice(0, 60) });
  const payment = await tx.queryOne<Capture>(
    `select amount, refunded, disputed, receipt_id from collections.payments
     where ulb_id = :ulb and payment_id = :id and rank = 3 for no key update`,
    { ulb: tx.ulb.id, id: request.paymentId },
  );
  if (!payment) throw collectionErrors.PAYMENT_NOT_FOUND({ payment: request.paymentId.slice(0, 40) });
  // The same person asks for the same again (a form that is sent twice): it is the same wish while it waits.
  const waiting = await tx.queryOne<RefundRow>(
    `select ${REFUND_COLUMNS} from collections.refunds
     where ulb_id = :ulb and payment_id = :id and status = 'asked' and created_by = :actor and origin = :origin and amount = :amount::bigint
       and reason = :reason
     limit 1`,
    {
      ulb: tx.ulb.id,
      id: request.paymentId,
      actor: tx.actor.id,
      origin: request.origin,
      amount: request.amount ?? null,
      reason: request.reason.trim().slice(0, 500),
    },
  );
  if (waiting) return refundOf(waiting);
  const held = payment.receipt_id === null ? null : await getReceipt(tx, payment.receipt_id);
  const refuse = (reason: string): never => {
    throw collectionErrors.REFUND_SOURCE({ payment: request.paymentId, origin: request.origin, reason });
  };
  if (held && refundableOf(held) > 0n)
    return refuse(
      `receipt ${held.number} is refundable as a whole; its refund note ${held.refundNote?.number ?? ""} gives ${formatIndian(refundableOf(held))} back`,
    );
  const room = refundRoom(payment);
  const amount = request.amount ?? room;
  if (amount <= 0n || amount > room) {
    throw collectionErrors.REFUND_ROOM({
      asked: formatIndian(amount),
      captured: formatIndian(paise(payment.amount)),
      refunded: formatIndian(paise(payment.refunded)),
      disputed: formatIndian(paise(payment.disputed)),
      room: formatIndian(room),
    });
  }
  if (held === null) return refuse("it has no receipt; its refund note is approved instead");
  const receipt = held;
  if (receipt.status !== "issued") return refuse(`receipt ${receipt.number} is ${receipt.status}`);
  if ((request.origin === "unidentified") !== (receipt.consumerId === null))
    return refuse(receipt.consumerId === null ? "nobody knows whose it is" : `it is ${receipt.consumerCode}'s`);
  const fee = feeOf(receipt);
  if (request.origin === "receipt" && amount < room && fee > 0n && room - amount <= fee)
    return refuse(
      `what is left of it, ${formatIndian(subtract(room, amount))}, is no more than the convenience fee of ${formatIndian(fee)} on it; refund all of it, or less`,
    );
  if (request.origin === "advance") {
    const credit = await tx.queryOne<{ advance: bigint }>(
      "select advance from billing.consumers where ulb_id = :ulb and consumer_id = :id::uuid for no key update",
      { ulb: tx.ulb.id, id: receipt.consumerId },
    );
    if ((credit?.advance ?? 0n) < amount)
      return refuse(`the credit of ${receipt.consumerCode} is ${formatIndian(paise(credit?.advance ?? 0n))}`);
  }
  const refund = await insertRefund(tx, {
    paymentId: request.paymentId,
    consumerId: receipt.consumerId,
    consumerCode: receipt.consumerCode,
    amount,
    origin: request.origin,
    reason: request.reason.trim().slice(0, 500),
    status: "asked",
    approvedBy: null,
    nextSendAt: null,
  });
  await setTasks(tx, [
    {
      kind: "refund-payable",
      subject: refund.id,
      message: `A refund of ${formatIndian(amount)} of ${request.paymentId} to ${receipt.consumerCode ?? "an unidentified payer"} is asked for: ${request.reason.trim().slice(0, 200)}; approve or reject it`,
    },
  ]);
  return refund;
}

async function insertRefund(
  tx: Tx,
  draft: {
    readonly paymentId: string;
    readonly consumerId: string | null;
    readonly consumerCode: string | null;
    readonly amount: Paise;
    readonly origin: RefundOrigin;
    readonly reason: string;
    readonly status: "asked" | "approved";
    readonly approvedBy: string | null;
    readonly nextSendAt: Date | null;
  },
): Promise<Refund> {
  const liability = await postingAccount(tx, "refunds-payable");
  const entryDate = await entryDateFor(tx, dateInIndia(tx.clock()));
  const fy = financialYearOf(entryDate);
  const number = await takeNumber(tx, "refund-note-no", fy);
  const row = await tx.queryOne<RefundRow>(
    `insert into collections.refunds (ulb_id, refund_id, fy, number, token, payment_id, consumer_id, consumer_code, amount, origin, reason, status,
       entry_date, created_by, created_at, approved_by, approved_at, next_send_at, liability_account)
     values (:ulb, :id, :fy, :number, :token, :payment, :consumer::uuid, :code, :amount, :origin, :reason, :status, :entry_date, :actor, :now,
       :approver, case when :approver::text is null then null else :now::timestamptz end, :next_at::timestamptz, :liability)
     returning ${REFUND_COLUMNS}`,
    {
      ulb: tx.ulb.id,
      id: newId(),
      fy,
      number,
      token: newToken(),
      payment: draft.paymentId,
      consumer: draft.consumerId,
      code: draft.consumerCode,
      amount: draft.amount,
      origin: draft.origin,
      reason: draft.reason,
      status: draft.status,
      entry_date: entryDate,
      actor: tx.actor.id,
      now: tx.clock(),
      approver: draft.approvedBy,
      next_at: draft.nextSendAt,
      liability,
    },
  );
  invariant(row, "an inserted refund comes back");
  return refundOf(row);
}

/** People send an approved refund themselves; what they leave is sent after this while. */
const SEND_AFTER_MS = 10 * 60_000;

/**
 * A second person agrees to pay a refund out. One that was only asked for is sanctioned in the books now: Dr what it comes out of, Cr refunds
 * payable. Raises REFUND_NOT_FOUND, REFUND_STATUS, REFUND_OWN, and where its source is gone meanwhile REFUND_SOURCE or billing's refusals.
 */
export async function approveRefund(tx: Tx, refundId: string): Promise<Refund> {
  const refund = await lockRefund(tx, refundId);
  if (refund.status !== "payable" && refund.status !== "asked") {
    throw collectionErrors.REFUND_STATUS({ refund: refund.number, status: refund.status, wanted: "payable or asked" });
  }
  if (refund.createdBy === tx.actor.id) throw collectionErrors.REFUND_OWN({ person: tx.actor.id });
  await tx.query(
    `update collections.refunds set status = 'approved', approved_by = :actor, approved_at = :now, next_send_at = :next_at
     where ulb_id = :ulb and refund_id = :id`,
    {
      ulb: tx.ulb.id,
      id: refundId,
      actor: tx.actor.id,
      now: tx.clock(),
      next_at: new Date(tx.clock().getTime() + SEND_AFTER_MS),
    },
  );
  if (refund.status === "asked") await sanction(tx, refund);
  await audit(tx, { action: "approve", subject: "refund", subjectId: refundId });
  return getRefund(tx, refundId);
}

/** A second person says no, with a reason; nothing was in the books. Raises REFUND_NOT_FOUND, REFUND_STATUS, REFUND_OWN, REFUND_REASON. */
export async function rejectRefund(tx: Tx, refundId: string, reason: string): Promise<Refund> {
  const refund = await lockRefund(tx, refundId);
  if (refund.status !== "asked")
    throw collectionErrors.REFUND_STATUS({ refund: refund.number, status: refund.status, wanted: "asked" });
  if (refund.createdBy === tx.actor.id) throw collectionErrors.REFUND_OWN({ person: tx.actor.id });
  if (reason.trim().length < 5) throw collectionErrors.REFUND_REASON({ reason: reason.slice(0, 60) });
  await tx.query(
    `update collections.refunds set status = 'rejected', rejected_by = :actor, rejected_reason = :reason, next_send_at = null
     where ulb_id = :ulb and refund_id = :id`,
    { ulb: tx.ulb.id, id: refundId, actor: tx.actor.id, reason: reason.trim().slice(0, 500) },
  );
  await audit(tx, { action: "reject", subject: "refund", subjectId: refundId, reason: reason.trim().slice(0, 500) });
  return getRefund(tx, refundId);
}

export async function lockRefund(tx: Tx, refundId: string): Promise<Refund> {
  await tx.query("select 1 from collections.refunds where ulb_id = :ulb and refund_id = :id::uuid for no key update", {
    ulb: tx.ulb.id,
    id: isUuid(refundId) ? refundId : "00000000-0000-0000-0000-000000000000",
  });
  return getRefund(tx, refundId);
}

/** Dr credit, receivables or unidentified receipts, Cr refunds payable: from now on the ULB owes it. Raises billing's refusals. */
export async function sanction(tx: Tx, refund: Refund): Promise<void> {
  const source = { type: "refund-sanction", id: refund.id };
  const valueDate = dateInIndia(tx.clock());
  const date = await entryDateFor(tx, valueDate);
  const debits = await sanctionDebits(tx, refund, date, source);
  await tx.query("update collections.refunds set sanctioned_on = :on_date where ulb_id = :ulb and refund_id = :id", {
    ulb: tx.ulb.id,
    id: refund.id,
    on_date: date,
  });
  // The first part names the receipt's entry as what it takes back; a later part takes back what the first had left.
  const original =
    takesBack(refund) && (await restOf(tx, refund.paymentId, refund.id)) === undefined
      ? await receiptEntry(tx, await receiptOf(tx, refund))
      : undefined;
  await postEntry(tx, {
    voucher: "journal",
    date,
    valueDate,
    narration: `Refund ${refund.number} of ${refund.paymentId} sanctioned: ${refund.reason}`.slice(0, 1000),
    source,
    ...(original ? { reverses: original.id } : {}),
    lines: sanctionLines(refund.liabilityAccount, refund.paymentId, refund.consumerCode, debits),
  });
}

/** What a receipt had settled is due again: also where a part of it was given back on the gateway's dashboard. */
const takesBack = ({ origin }: Refund): boolean => origin === "receipt" || origin === "gateway";

async function receiptOf(read: Read, refund: Refund): Promise<string> {
  const row = await read.queryOne<{ receipt_id: string | null }>(
    "select receipt_id from collections.payments where ulb_id = :ulb and payment_id = :id",
    { ulb: read.ulb.id, id: refund.paymentId },
  );
  invariant(row?.receipt_id, "a refund that was asked for is of a payment with a receipt");
  return row.receipt_id;
}

async function sanctionDebits(
  tx: Tx,
  refund: Refund,
  date: LocalDate,
  source: { readonly type: string; readonly id: string },
): Promise<readonly Line[]> {
  if (refund.origin === "unidentified") {
    const account = await postingAccount(tx, "unidentified-credits");
    return [dr(account, refund.amount, { party: gatewayParty(refund.paymentId) })];
  }
  if (refund.origin === "advance") {
    invariant(refund.consumerId !== null, "an advance is somebody's");
    return (await refundAdvance(tx, { consumerId: refund.consumerId, amount: refund.amount, date, source }))
      .ledgerLines;
  }
  const receipt = await getReceipt(tx, await receiptOf(tx, refund));
  const before = await restOf(tx, refund.paymentId, refund.id);
  const back = await reversePayment(tx, before ?? { type: "receipt", id: receipt.id }, { date, newSource: source });
  const rest = subtract(back.amount, refund.amount);
  if (rest > 0n) {
    // Billing takes back whole payments only: what stays is applied anew, and the receipt stands for it.
    const restId = newId();
    const applied = await applyPayment(tx, {
      consumerId: back.consumerId,
      amount: rest,
      date,
      source: { type: REFUND_REST, id: restId },
    });
    await tx.query("update collections.refunds set rest_id = :rest where ulb_id = :ulb and refund_id = :id", {
      ulb: tx.ulb.id,
      id: refund.id,
      rest: restId,
    });
    return [...back.ledgerLines, ...applied.ledgerLines];
  }
  await markReceipt(tx, receipt.id, "reversed", date, `refunded: ${refund.number}`);
  const fee = feeOf(receipt);
  const accounts = await postingAccounts(tx, "convenience-fee");
  return [...back.ledgerLines, ...(fee > 0n ? [dr(accounts["convenience-fee"], fee, { function: "03" })] : [])];
}

const REFUND_REST = "refund-rest";

/** What the payer bore of the gateway's fee on a receipt; nothing where he bore none. */
export function feeOf(receipt: Receipt): Paise {
  return receipt.lines.find((l) => l.kind === "convenience-fee")?.amount ?? ZERO;
}

/**
 * Where the rest of a payment stands in billing of which parts were refunded before: under the last of them. Undefined while the receipt's own application
 * stands. `except` is the refund that is being sanctioned.
 */
export async function restOf(
  read: Read,
  paymentId: string,
  except?: string,
): Promise<{ readonly type: string; readonly id: string } | undefined> {
  const row = await read.queryOne<{ id: string }>(
    `select rest_id as id from collections.refunds
     where ulb_id = :ulb and payment_id = :payment and rest_id is not null and refund_id is distinct from :except::uuid
     order by rest_id desc limit 1`,
    { ulb: read.ulb.id, payment: paymentId, except: except ?? null },
  );
  return row ? { type: REFUND_REST, id: row.id } : undefined;
}

/**
 * Where the service's policy is AUTO_REFUND: a payment that is a credit as a whole, of the same bill and sum as one shortly before it, is refunded
 * without a person, up to the policy's limit. Called with payments that were receipted in this transaction.
 */
export async function refundSecondPayments(tx: Tx, paymentIds: readonly string[]): Promise<void> {
  if (paymentIds.length === 0) return;
  // Each looked up by its keys: while a run of receipts is being written, no statistics know how large the register is.
  const credits = await tx.query<{ payment_id: string; receipt_id: string; amount: bigint }>(
    `select p.payment_id, p.receipt_id, a.amount::bigint as amount
     from unnest(:ids::text[]) as asked (payment_id)
     cross join lateral (
       select payment_id, receipt_id, amount, convenience_fee from collections.payments
       where ulb_id = :ulb and payment_id = asked.payment_id limit 1
     ) as p
     -- All of it is credit: nothing was due any more.
     cross join lateral (
       select l.amount from collections.receipt_lines l
       where l.ulb_id = :ulb and l.receipt_id = p.receipt_id and l.kind = 'advance' and l.amount = p.amount - p.convenience_fee limit 1
     ) as a`,
    { ulb: tx.ulb.id, ids: paymentIds },
  );
  if (credits.length === 0) return;
  const rows = await tx.query<{
    payment_id: string;
    amount: bigint;
    service: string;
    consumer_id: string;
    consumer_code: string;
    days: number;
  }>(
    `select asked.payment_id, asked.amount, r.service, r.consumer_id, r.consumer_code, (r.value_date - f.last)::integer as days
     from unnest(:ids::text[], :receipts::uuid[], :amounts::bigint[]) as asked (payment_id, receipt_id, amount)
     cross join lateral (
       select * from collections.receipts
       where ulb_id = :ulb and receipt_id = asked.receipt_id and status = 'issued' limit 1
     ) as r
     cross join lateral (
       select max(value_date) as last from collections.receipts
       where ulb_id = :ulb and consumer_id = r.consumer_id and receipt_id <> r.receipt_id and status = 'issued'
         and bill_id is not distinct from r.bill_id and amount = r.amount and value_date between r.value_date - 180 and r.value_date
         and not exists (select 1 from collections.receipt_lines l
           where l.ulb_id = receipts.ulb_id and l.receipt_id = receipts.receipt_id and l.kind = 'refundable')
     ) as f
     where f.last is not null
     order by asked.payment_id`,
    {
      ulb: tx.ulb.id,
      ids: credits.map((c) => c.payment_id),
      receipts: credits.map((c) => c.receipt_id),
      amounts: credits.map((c) => c.amount),
    },
  );
  const policies = await excessPolicies(
    tx,
    rows.map((r) => r.service),
  );
  for (const row of rows) {
    const policy = policies.get(row.service);
    if (policy?.policy !== "AUTO_REFUND" || row.amount > policy.limit || row.days > policy.windowDays) continue;
    const refund = await insertRefund(tx, {
      paymentId: row.payment_id,
      consumerId: row.consumer_id,
      consumerCode: row.consumer_code,
      amount: paise(row.amount),
      origin: "advance",
      reason: "second payment of what was paid already",
      status: "approved",
      approvedBy: "policy:auto-refund",
      nextSendAt: tx.clock(),
    });
    await sanction(tx, refund);
    await enqueue(tx, "refund-note.issued", { refundId: refund.id }, { dedupeKey: `refund-note:${refund.id}` });
  }
}
