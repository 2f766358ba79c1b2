import { applyPayments, listTaxHeads } from "../../billing/index.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { receiptLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { entryDateFor, linesOf, lockPayers, writeDocuments } from "../receipts/documents.ts";
import { getReceipt, serviceName, type Receipt } from "../receipts/receipts.ts";
import { partnerOf, type Partner } from "./partners.ts";

export type ExternalPayment = {
  readonly consumerId: string;
  readonly billId?: string;
  /** What the payer paid for the ULB: a fee that the network took from him is not in it. */
  readonly amount: Paise;
  /** The partner's own id of the payment: the same again is the same payment. */
  readonly reference: string;
  /** How he paid, in the partner's words: "UPI", "Debit Card", "Cash". */
  readonly instrument: string;
  readonly paidAt: Date;
  /** A second id of the network, for people who look it up. */
  readonly networkReference?: string;
};

/**
 * The one door for money that others took: posted once by the partner's reference, with its receipt, allocations and entry, in this transaction. The
 * same reference with the same amount gives the same receipt, however often and by however many at a time it is sent. Money taken is never
 * refused: what exceeds the dues is the consumer's advance.
 * Raises PARTNER_NOT_FOUND, EXTERNAL_REFERENCE, EXTERNAL_AMOUNT, EXTERNAL_CONFLICT (the figures differ), CONSUMER_NOT_FOUND.
 */
export async function postExternalPayment(
  tx: Tx,
  payment: ExternalPayment,
): Promise<{ readonly receipt: Receipt; readonly isNew: boolean }> {
  const partner = await partnerOf(tx);
  checkReference(payment.reference);
  if (payment.amount <= 0n) throw collectionErrors.EXTERNAL_AMOUNT({ amount: formatIndian(payment.amount) });
  // Who sends the same reference at the same time waits here, and finds the first one's receipt.
  await lockReference(tx, partner.partner, payment.reference);
  const before = await tx.queryOne<{ receipt_id: string; amount: bigint; consumer_id: string }>(
    `select receipt_id, amount, consumer_id from collections.external_payments
     where ulb_id = :ulb and partner = :partner and reference = :reference`,
    { ulb: tx.ulb.id, partner: partner.partner, reference: payment.reference },
  );
  if (before) {
    const receipt = await getReceipt(tx, before.receipt_id);
    if (before.amount !== payment.amount || before.consumer_id !== payment.consumerId) {
      throw collectionErrors.EXTERNAL_CONFLICT({
        partner: partner.partner,
        reference: payment.reference,
        posted: `${formatIndian(paise(before.amount))} for ${receipt.consumerCode}`,
        sent: formatIndian(payment.amount) + (before.consumer_id === payment.consumerId ? "" : " for another consumer"),
        receipt: receipt.number,
      });
    }
    return { receipt, isNew: false };
  }
  return { receipt: await post(tx, partner, payment), isNew: true };
}

/** Raises EXTERNAL_REFERENCE where it is none. */
export function checkReference(reference: string): void {
  if (!/^[A-Za-z0-9._:-]{4,64}$/.test(reference))
    throw collectionErrors.EXTERNAL_REFERENCE({ reference: reference.slice(0, 80) });
}

/** One at a time says what became of a partner's payment. */
export async function lockReference(tx: Tx, partner: string, reference: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:reference))", {
    ulb: tx.ulb.id,
    reference: `external/${partner}/${reference}`,
  });
}

async function post(tx: Tx, partner: Partner, payment: ExternalPayment): Promise<Receipt> {
  const receiptId = newId();
  const paidAt = payment.paidAt > tx.clock() ? tx.clock() : payment.paidAt;
  const valueDate = dateInIndia(paidAt);
  const entryDate = await entryDateFor(tx, valueDate);
  const [applied] = await applyPayments(tx, [
    {
      consumerId: payment.consumerId,
      amount: payment.amount,
      date: entryDate,
      reckonedOn: valueDate,
      source: { type: "receipt", id: receiptId },
      billId: payment.billId ?? null,
    },
  ]);
  const payer = (await lockPayers(tx, [payment.consumerId])).get(payment.consumerId);
  invariant(applied && payer, "a payment that was applied has its payer");
  const titles = new Map((await listTaxHeads(tx, entryDate)).map((h) => [h.code, h]));
  const party = { type: "external-payment", id: `${partner.partner}/${payment.reference}` };
  await writeDocuments(tx, [
    {
      receiptId,
      payer,
      payerName: payer.name,
      billId: payment.billId ?? null,
      channel: "external",
      mode: "gateway",
      amount: payment.amount,
      paidAt,
      valueDate,
      entryDate,
      sessionId: null,
      paymentId: null,
      externalRef: `${partner.partner}/${payment.reference}`,
      idempotencyKey: null,
      instrument: {
        kind: "gateway",
        account: partner.clearingAccount,
        status: "in-clearing",
        number: payment.reference,
        bank: partner.name,
        branch: null,
        date: null,
      },
      entryLines: receiptLines(partner.clearingAccount, party, applied.ledgerLines, payment.amount),
      lines: linesOf(applied, titles),
      narration: `${serviceName(payer.service)}, ${payer.code}, ${partner.name} ${payment.reference}`,
    },
  ]);
  await tx.query(
    `insert into collections.external_payments (ulb_id, partner, reference, consumer_id, bill_id, amount, instrument, paid_at, network_reference,
       receipt_id, posted_at)
     values (:ulb, :partner, :reference, :consumer, :bill::uuid, :amount, :instrument, :paid_at, :network, :receipt, :now)`,
    {
      ulb: tx.ulb.id,
      partner: partner.partner,
      reference: payment.reference,
      consumer: payment.consumerId,
      bill: payment.billId ?? null,
      amount: payment.amount,
      instrument: payment.instrument.slice(0, 60),
      paid_at: paidAt,
      network: payment.networkReference?.slice(0, 80) ?? null,
      receipt: receiptId,
      now: tx.clock(),
    },
  );
  return getReceipt(tx, receiptId);
}

/** What a partner took and has neither paid over nor taken back, oldest first; at most 1,000. */
export async function unsettledExternal(
  read: Read,
  partner?: string,
): Promise<
  {
    readonly partner: string;
    readonly reference: string;
    readonly amount: Paise;
    readonly paidAt: Date;
    readonly receiptId: string;
  }[]
> {
  return read.query(
    `select partner, reference, amount, paid_at as "paidAt", receipt_id as "receiptId" from collections.external_payments
     where ulb_id = :ulb and settlement_id is null and (:partner::text is null or partner = :partner)
       and not exists (select 1 from collections.external_reversals v
         where v.ulb_id = external_payments.ulb_id and v.partner = external_payments.partner and v.reference = external_payments.reference)
     order by paid_at, reference limit 1000`,
    { ulb: read.ulb.id, partner: partner ?? null },
  );
}
