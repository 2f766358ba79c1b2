import {
  getEntry,
  postEntry,
  findEntryBySource,
  postingAccount,
  takeNumber,
  type EntryDraft,
} from "../ledger/index.ts";
import { dateInIndia, financialYearOf, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import { isUuid, newId, newToken } from "../ledger/kernel/ids.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { formatIndian, type Paise } from "../ledger/kernel/money.ts";
import { inTransaction, type Read, type Tx, type Who } from "../ledger/kernel/tx.ts";
import type { CollectionsApp } from "./context.ts";
import { refundLines } from "./entries.ts";
import { collectionErrors } from "./errors.ts";
import type { GatewayRefund } from "./gateway/index.ts";
import { entryDateFor } from "./receipts.ts";
import { setTasks } from "./tasks.ts";

/** payable: we owe it. approved: a second person agreed. requested: the gateway was asked. processed, failed: what it said. */
export type RefundStatus = "payable" | "approved" | "requested" | "processed" | "failed";

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
  readonly status: RefundStatus;
  readonly entryDate: LocalDate;
  readonly createdBy: string;
  readonly approvedBy: string | null;
  readonly providerRefundId: string | null;
  readonly processedAt: Date | null;
  readonly lastError: string | null;
  readonly liabilityAccount: string;
};

export type RefundObservation = { readonly refund: GatewayRefund; readonly at: Date };

type Row = Omit<Refund, "number"> & { readonly fy: FinancialYear; readonly serial: bigint };
const COLUMNS = `refund_id as id, fy, number as serial, token, payment_id as "paymentId", consumer_id as "consumerId", consumer_code as "consumerCode",
  amount, reason, status, entry_date as "entryDate", created_by as "createdBy", approved_by as "approvedBy",
  provider_refund_id as "providerRefundId", processed_at as "processedAt", last_error as "lastError", liability_account as "liabilityAccount"`;

function refundOf({ fy, serial, ...row }: Row): Refund {
  return { ...row, number: `RN/${fy}/${serial.toString().padStart(6, "0")}` };
}

/** A refund note by its id, or by the token of its QR code. Raises REFUND_NOT_FOUND. */
export async function getRefund(read: Read, idOrToken: string): Promise<Refund> {
  const row = await read.queryOne<Row>(
    `select ${COLUMNS} from collections.refunds
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
  const rows = await read.query<Row>(
    `select ${COLUMNS} from collections.refunds
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

/** A second person agrees to pay a refund out. Raises REFUND_NOT_FOUND, REFUND_STATUS, REFUND_OWN. */
export async function approveRefund(tx: Tx, refundId: string): Promise<Refund> {
  const refund = await lockRefund(tx, refundId);
  if (refund.status !== "payable") {
    throw collectionErrors.REFUND_STATUS({ refund: refund.number, status: refund.status, wanted: "payable" });
  }
  if (refund.createdBy === tx.actor.id) throw collectionErrors.REFUND_OWN({ person: tx.actor.id });
  await tx.query(
    `update collections.refunds set status = 'approved', approved_by = :actor, approved_at = :now where ulb_id = :ulb and refund_id = :id`,
    { ulb: tx.ulb.id, id: refundId, actor: tx.actor.id, now: tx.clock() },
  );
  await audit(tx, { action: "approve", subject: "refund", subjectId: refundId });
  return getRefund(tx, refundId);
}

async function lockRefund(tx: Tx, refundId: string): Promise<Refund> {
  await tx.query("select 1 from collections.refunds where ulb_id = :ulb and refund_id = :id::uuid for no key update", {
    ulb: tx.ulb.id,
    id: refundId,
  });
  return getRefund(tx, refundId);
}

/**
 * Asks the gateway to pay an approved refund out. The request is noted before it is sent and carries a key of its own, so that a lost answer is
 * resolved by sending it again: the gateway gives the same refund. The entry follows when the gateway says "processed".
 * Raises REFUND_STATUS; a refusal of the gateway (no balance) leaves the refund approved, with its reason and a task.
 */
export async function sendRefund(app: CollectionsApp, who: Who, refundId: string): Promise<Refund> {
  const refund = await inTransaction(app, who, async (tx) => {
    const found = await lockRefund(tx, refundId);
    if (found.status !== "approved" && !(found.status === "requested" && found.providerRefundId === null)) {
      throw collectionErrors.REFUND_STATUS({ refund: found.number, status: found.status, wanted: "approved" });
    }
    await tx.query(`update collections.refunds set status = 'requested' where ulb_id = :ulb and refund_id = :id`, {
      ulb: tx.ulb.id,
      id: refundId,
    });
    return found;
  });
  const outcome = await app.gateway.refundPayment({
    paymentId: refund.paymentId,
    amount: refund.amount,
    idempotencyKey: `refund-${refund.id}`,
    receipt: refund.id.replaceAll("-", ""),
    notes: { ulb: who.ulb.code, refund: refund.id },
  });
  return inTransaction(app, who, async (tx) => {
    if (outcome.kind === "ok") await observeRefunds(tx, [{ refund: outcome.value, at: tx.clock() }]);
    else {
      const error = outcome.kind === "rejected" ? outcome.description : `no clear answer (${outcome.cause})`;
      await tx.query(
        `update collections.refunds set status = case when :is_rejected::boolean then 'approved' else status end, last_error = left(:error, 500)
         where ulb_id = :ulb and refund_id = :id and status = 'requested' and provider_refund_id is null`,
        { ulb: tx.ulb.id, id: refundId, is_rejected: outcome.kind === "rejected", error },
      );
      if (outcome.kind === "rejected") {
        await setTasks(tx, [
          {
            kind: "refund-failed",
            subject: refundId,
            message: `The gateway refused refund ${refund.number} of ${formatIndian(refund.amount)}: ${error}`,
          },
        ]);
      }
    }
    return getRefund(tx, refundId);
  });
}

/**
 * Applies what the gateway said of refunds: pending < processed < failed. Processed posts Dr what we owed, Cr gateway clearing, once; failed after
 * processed takes that entry back. A refund that nobody here asked for (made on the gateway's dashboard) is booked against unidentified
 * credits with a task. Gives the ids of refunds whose payment is not booked here: the caller fetches the payment first.
 */
export async function observeRefunds(tx: Tx, observations: readonly RefundObservation[]): Promise<string[]> {
  const unknown: string[] = [];
  const sorted = [...observations].sort((a, b) =>
    a.refund.paymentId < b.refund.paymentId ? -1 : a.refund.paymentId > b.refund.paymentId ? 1 : 0,
  );
  for (const { refund, at } of sorted) {
    const payment = await tx.queryOne<{
      rank: number;
      booked_as: string | null;
      consumer_id: string | null;
      consumer_code: string | null;
    }>(
      `select p.rank, p.booked_as, r.consumer_id, r.consumer_code
       from collections.payments p
       left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id
       where p.ulb_id = :ulb and p.payment_id = :id for no key update of p`,
      { ulb: tx.ulb.id, id: refund.paymentId },
    );
    if (!payment) {
      unknown.push(refund.id);
      continue;
    }
    // The gateway gave back money that it never captured for us: nothing of it was ever in the books.
    if (payment.rank < 3) continue;
    const ours = (await findOurs(tx, refund)) ?? (await adoptRefund(tx, refund, payment));
    await advance(tx, ours, refund, at);
  }
  return unknown;
}

async function findOurs(tx: Tx, refund: GatewayRefund): Promise<Refund | undefined> {
  const row = await tx.queryOne<Row>(
    `select ${COLUMNS} from collections.refunds
     where ulb_id = :ulb and payment_id = :payment and amount = :amount
       and (provider_refund_id = :provider_id
         or (provider_refund_id is null and status in ('approved', 'requested') and replace(refund_id::text, '-', '') = :receipt))
     order by provider_refund_id nulls last limit 1 for no key update`,
    {
      ulb: tx.ulb.id,
      payment: refund.paymentId,
      amount: refund.amount,
      provider_id: refund.id,
      receipt: refund.receipt ?? "",
    },
  );
  if (row) return refundOf(row);
  // Paid out on the dashboard instead of through us: it is the refund that we owe, if there is one of the sum.
  const owed = await tx.queryOne<Row>(
    `select ${COLUMNS} from collections.refunds
     where ulb_id = :ulb and payment_id = :payment and amount = :amount and provider_refund_id is null and status in ('payable', 'approved')
     order by number limit 1 for no key update`,
    { ulb: tx.ulb.id, payment: refund.paymentId, amount: refund.amount },
  );
  return owed ? refundOf(owed) : undefined;
}

async function adoptRefund(
  tx: Tx,
  refund: GatewayRefund,
  payment: { readonly consumer_id: string | null; readonly consumer_code: string | null },
): Promise<Refund> {
  const id = newId();
  const entryDate = await entryDateFor(tx, dateInIndia(tx.clock()));
  const fy = financialYearOf(entryDate);
  await setTasks(tx, [
    {
      kind: "refund-unsanctioned",
      subject: refund.id,
      message: `${formatIndian(refund.amount)} of ${refund.paymentId} was refunded at the gateway (${refund.id}) without a refund of ours; find the sanction and the head`,
    },
  ]);
  const liability = await postingAccount(tx, "unidentified-credits");
  const number = await takeNumber(tx, "refund-note-no", fy);
  const row = await tx.queryOne<Row>(
    `insert into collections.refunds (ulb_id, refund_id, fy, number, token, payment_id, consumer_id, consumer_code, amount, reason, status, entry_date,
       created_by, created_at, provider_refund_id, liability_account)
     values (:ulb, :id, :fy, :number, :token, :payment, :consumer, :code, :amount, 'made at the gateway without a refund of ours', 'requested',
       :entry_date, :actor, :now, :provider_id, :liability)
     returning ${COLUMNS}`,
    {
      ulb: tx.ulb.id,
      id,
      fy,
      number,
      token: newToken(),
      payment: refund.paymentId,
      consumer: payment.consumer_id,
      code: payment.consumer_code,
      amount: refund.amount,
      entry_date: entryDate,
      actor: tx.actor.id,
      now: tx.clock(),
      provider_id: refund.id,
      liability,
    },
  );
  invariant(row, "an inserted refund comes back");
  return refundOf(row);
}

async function advance(tx: Tx, ours: Refund, refund: GatewayRefund, at: Date): Promise<void> {
  if (ours.status === "failed" || (ours.status === "processed" && refund.status !== "failed")) return;
  const set = (status: RefundStatus, on: LocalDate | null): Promise<unknown[]> =>
    tx.query(
      `update collections.refunds set status = :status, provider_refund_id = :provider_id, last_error = null,
         processed_at = case when :status::text = 'processed' then :at::timestamptz else processed_at end,
         processed_on = case when :status::text = 'processed' then :on_date::date else processed_on end,
         failed_on = case when :status::text = 'failed' then :on_date::date else failed_on end
       where ulb_id = :ulb and refund_id = :id`,
      { ulb: tx.ulb.id, id: ours.id, status, provider_id: refund.id, at, on_date: on },
    );
  const source = { type: "refund", id: ours.id };
  if (refund.status === "pending") {
    await set("requested", null);
    return;
  }
  const clearing = await postingAccount(tx, "gateway-clearing");
  const valueDate = dateInIndia(at);
  const date = await entryDateFor(tx, valueDate);
  const draft: EntryDraft = {
    voucher: "payment",
    date,
    valueDate,
    narration: `Refund ${ours.number} of ${ours.paymentId} (${refund.id})`,
    source,
    lines: refundLines({ liability: ours.liabilityAccount, clearing }, ours.paymentId, ours.consumerCode, ours.amount),
  };
  if (refund.status === "processed") {
    await set("processed", date);
    await postEntry(tx, draft);
    return;
  }
  await set("failed", date);
  await setTasks(tx, [
    {
      kind: "refund-failed",
      subject: ours.id,
      message: `The gateway could not pay refund ${ours.number} of ${formatIndian(ours.amount)} out; pay it from the bank`,
    },
  ]);
  // "Processed" came first: the money is back in the gateway's account and is owed again.
  const entry = await findEntryBySource(tx, source);
  if (!entry) return;
  await postEntry(tx, {
    voucher: "payment",
    date,
    valueDate,
    narration: `Refund ${ours.number} failed at the gateway (${refund.id})`,
    source: { type: "refund-failed", id: ours.id },
    reverses: entry.id,
    lines: (await getEntry(tx, entry.id)).lines.map((l) => ({ ...l, side: l.side === "debit" ? "credit" : "debit" })),
  });
}
