import { applyPayments, listTaxHeads, openDuesOf } from "../../billing/index.ts";
import { postingAccounts } from "../../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, subtract, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { convenienceFeeLines, duplicateLines, gatewayParty, receiptLines, unidentifiedLines } from "../entries.ts";
import type { Claim } from "./orders.ts";
import { convenienceFee, type Booked, type PaymentState } from "./payment-state.ts";
import { excessPolicies, merchantSettings } from "./payment-settings.ts";
import { setTasks } from "../tasks.ts";
import {
  compare,
  entryDatesFor,
  linesOf,
  lockPayers,
  need,
  noHead,
  refundableLine,
  writeDocuments,
  type Payer,
  type ReceiptDraft,
  type RefundNoteDraft,
} from "../receipts/documents.ts";
import { serviceName } from "../receipts/receipts.ts";

/** Captured money that is not booked yet. */
export type Capture = { readonly payment: PaymentState; readonly order: Claim | null; readonly paidAt: Date };

/**
 * Books captured payments: for each the receipt with its allocations, instrument and journal entry, in this one transaction and once. Money taken is
 * never refused: what exceeds the dues is the consumer's advance; where the service's policy is HOLD, a second payment of what is paid already
 * has a receipt whose line is refundable, a liability, and a refund note that gives it back; money of nobody we know, or of another sum than its order, is an unidentified receipt with a task.
 * Money for a closed month is booked on the day on which it is found, with its own value date. A fee that the payer bore is kept apart. The caller
 * holds the orders' locks.
 */
export async function bookCaptures(tx: Tx, captures: readonly Capture[]): Promise<Map<string, Booked>> {
  const results = new Map<string, Booked>();
  // A consumer's second payment is judged when his first is booked.
  let waiting = [...captures].sort(
    (a, b) => a.paidAt.getTime() - b.paidAt.getTime() || compare(a.payment.paymentId, b.payment.paymentId),
  );
  while (waiting.length > 0) {
    const round: Capture[] = [];
    const later: Capture[] = [];
    const seen = new Set<string>();
    for (const capture of waiting) {
      const consumerId = capture.order?.consumerId;
      if (consumerId !== undefined && seen.has(consumerId)) later.push(capture);
      else {
        if (consumerId !== undefined) seen.add(consumerId);
        round.push(capture);
      }
    }
    for (const [id, booked] of await bookRound(tx, round)) results.set(id, booked);
    waiting = later;
  }
  return results;
}

/** Issues the receipt for one captured payment, once; see bookCaptures. */
export async function issueReceipt(tx: Tx, capture: Capture): Promise<Booked> {
  const booked = (await bookCaptures(tx, [capture])).get(capture.payment.paymentId);
  invariant(booked, "a captured payment is booked");
  return booked;
}

async function bookRound(tx: Tx, round: readonly Capture[]): Promise<Map<string, Booked>> {
  const accounts = await postingAccounts(
    tx,
    "gateway-clearing",
    "unidentified-credits",
    "refunds-payable",
    "convenience-fee",
  );
  const payers = await lockPayers(
    tx,
    round.flatMap((c) => (c.order ? [c.order.consumerId] : [])),
  );
  const settings = await merchantSettings(tx);
  const policies = await excessPolicies(
    tx,
    [...payers.values()].map((p) => p.service),
  );
  const duplicates = await findDuplicates(
    tx,
    round.filter((c) => policies.get(payers.get(c.order?.consumerId ?? "")?.service ?? "")?.policy === "HOLD"),
  );
  const entryDates = await entryDatesFor(
    tx,
    round.map((c) => dateInIndia(c.paidAt)),
  );
  const clearing = accounts["gateway-clearing"];

  const drafts: ReceiptDraft[] = [];
  const notes: RefundNoteDraft[] = [];
  const regular: {
    capture: Capture;
    payer: Payer;
    receiptId: string;
    valueDate: LocalDate;
    entryDate: LocalDate;
    fee: Paise;
  }[] = [];
  for (const capture of round) {
    const { payment } = capture;
    const payer =
      capture.order && !isMismatch(capture, settings.feeBearer) ? payers.get(capture.order.consumerId) : undefined;
    const valueDate = dateInIndia(capture.paidAt);
    const entryDate = need(entryDates.get(valueDate));
    if (payer && duplicates.has(payment.paymentId)) {
      const refundsPayable = accounts["refunds-payable"];
      notes.push({ refundId: newId(), payment, payer, entryDate, liabilityAccount: refundsPayable });
      drafts.push({
        ...gatewayDraft(capture, newId(), valueDate, entryDate, clearing),
        payer,
        payerName: payer.name,
        entryLines: duplicateLines({ clearing, refundsPayable }, payment.paymentId, payer.code, payment.amount),
        lines: [refundableLine(payment.amount)],
        narration: `Second payment ${payment.paymentId} of ${payer.code}, refundable`,
      });
    } else if (payer) {
      const fee = convenienceFee(payment, capture.order?.amount ?? null, settings.feeBearer);
      regular.push({ capture, payer, receiptId: newId(), valueDate, entryDate, fee });
    } else {
      drafts.push({
        ...gatewayDraft(capture, newId(), valueDate, entryDate, clearing),
        payer: null,
        payerName: "Not identified",
        entryLines: unidentifiedLines(
          { clearing, unidentified: accounts["unidentified-credits"] },
          payment.paymentId,
          payment.amount,
        ),
        lines: [{ ...noHead, kind: "unidentified", title: "Unidentified receipt", amount: payment.amount }],
        narration: `Unidentified payment ${payment.paymentId}`,
      });
    }
  }
  const applied = await applyPayments(
    tx,
    regular.map((r) => ({
      consumerId: r.payer.id,
      amount: subtract(r.capture.payment.amount, r.fee),
      date: r.entryDate,
      reckonedOn: settings.rebateDate === "attempt" ? dateInIndia(r.capture.payment.createdAt) : r.valueDate,
      source: { type: "receipt", id: r.receiptId },
      billId: r.capture.order?.billId ?? null,
    })),
  );
  const heads = regular.length === 0 ? [] : await listTaxHeads(tx, latest(regular.map((r) => r.entryDate)));
  const titles = new Map(heads.map((h) => [h.code, h]));
  regular.forEach((r, i) => {
    const result = applied[i];
    invariant(result && result.consumerId === r.payer.id, "payments are applied in the order given");
    const { payment } = r.capture;
    drafts.push({
      ...gatewayDraft(r.capture, r.receiptId, r.valueDate, r.entryDate, clearing),
      payer: r.payer,
      payerName: r.payer.name,
      entryLines: receiptLines(
        clearing,
        gatewayParty(payment.paymentId),
        [...result.ledgerLines, ...convenienceFeeLines(accounts["convenience-fee"], r.fee)],
        payment.amount,
      ),
      lines: [
        ...linesOf(result, titles),
        ...(r.fee > 0n
          ? [{ ...noHead, kind: "convenience-fee", title: "Convenience fee of the gateway", amount: r.fee }]
          : []),
      ],
      narration: `${serviceName(r.payer.service)}, ${r.payer.code}, ${payment.method} ${payment.paymentId}`,
    });
  });

  const fees = new Map(regular.filter((r) => r.fee > 0n).map((r) => [r.capture.payment.paymentId, r.fee]));
  const ids = await writeDocuments(tx, drafts, notes, fees);
  await setTasks(tx, [
    ...round.flatMap((c) =>
      fees.has(c.payment.paymentId) && (c.payment.method === "upi" || c.payment.cardNetwork === "RuPay")
        ? [
            {
              kind: "fee-on-free-mode" as const,
              subject: c.payment.paymentId,
              message: `${c.payment.paymentId} by ${c.payment.method} bore a fee of ${formatIndian(fees.get(c.payment.paymentId) ?? ZERO)}; UPI and RuPay debit cards are free of it (PSS Act s.10A), take it off at the gateway`,
            },
          ]
        : [],
    ),
    ...round.flatMap((c) =>
      c.order && c.order.amount !== null && c.order.amount !== c.payment.amount && !fees.has(c.payment.paymentId)
        ? [
            {
              kind: "amount-mismatch" as const,
              subject: c.payment.paymentId,
              message: `${c.order.kind === "request" ? "Request" : "Order"} ${c.order.id} is for ${formatIndian(c.order.amount)}, ${formatIndian(c.payment.amount)} was captured and booked${c.order.kind === "order" ? " as unidentified; say whose dues it settles, or refund it" : ""}`,
            },
          ]
        : [],
    ),
    ...drafts.flatMap((d) =>
      d.entryDate === d.valueDate
        ? []
        : [
            {
              kind: "closed-period" as const,
              subject: d.paymentId ?? d.receiptId,
              message: `Paid on ${d.valueDate}, whose month is closed; booked on ${d.entryDate}`,
            },
          ],
    ),
    ...notes.map((n) => ({
      kind: "refund-payable" as const,
      subject: n.refundId,
      message: `${n.payer.code} paid ${formatIndian(n.payment.amount)} a second time (${n.payment.paymentId}); approve the refund`,
    })),
  ]);
  return ids;
}

/**
 * Another sum than the order's, beside the fee that a payer bears: nobody knows what it was meant for, so it is an unidentified receipt with a task.
 * What came by a request of ours (a code, a link, a virtual account) settles what it can, whatever its sum.
 */
function isMismatch({ payment, order }: Capture, feeBearer: "ulb" | "payer"): boolean {
  if (!order || order.kind !== "order" || order.amount === null || order.amount === payment.amount) return false;
  return convenienceFee(payment, order.amount, feeBearer) === 0n;
}

function gatewayDraft(
  capture: Capture,
  receiptId: string,
  valueDate: LocalDate,
  entryDate: LocalDate,
  account: string,
): Omit<ReceiptDraft, "payer" | "payerName" | "entryLines" | "lines" | "narration"> {
  const { payment } = capture;
  return {
    receiptId,
    channel: "online",
    mode: "gateway",
    amount: payment.amount,
    billId: capture.order?.billId ?? null,
    paidAt: capture.paidAt,
    valueDate,
    entryDate,
    sessionId: null,
    paymentId: payment.paymentId,
    idempotencyKey: null,
    instrument: {
      kind: "gateway",
      account,
      status: "in-clearing",
      number: payment.paymentId,
      bank: payment.bank,
      branch: null,
      date: null,
    },
  };
}

/**
 * Which captures pay what another receipt paid already: their order was opened before that receipt was issued, for the same bill or the same
 * sum, and nothing is due any more. Nobody who opens an order afterwards is caught by it: he means to pay in advance. A refundable receipt has paid
 * nothing, so that nobody pays it a second time.
 */
async function findDuplicates(tx: Tx, round: readonly Capture[]): Promise<ReadonlySet<string>> {
  const asked = round.flatMap((c) => (c.order ? [{ capture: c, order: c.order }] : []));
  if (asked.length === 0) return new Set();
  const rows = await tx.query<{ payment_id: string; consumer_id: string }>(
    `select distinct c.payment_id, c.consumer_id
     from unnest(:payments::text[], :consumers::uuid[], :bills::uuid[], :amounts::bigint[], :opened::timestamptz[])
       as c (payment_id, consumer_id, bill_id, amount, opened_at)
     join collections.receipts r on r.ulb_id = :ulb and r.consumer_id = c.consumer_id and r.issued_at >= c.opened_at
       and r.status = 'issued' and (r.bill_id = c.bill_id or r.amount = c.amount)
     where not exists (
       select 1 from collections.receipt_lines l where l.ulb_id = r.ulb_id and l.receipt_id = r.receipt_id and l.kind = 'refundable')`,
    {
      ulb: tx.ulb.id,
      payments: asked.map((a) => a.capture.payment.paymentId),
      consumers: asked.map((a) => a.order.consumerId),
      bills: asked.map((a) => a.order.billId),
      amounts: asked.map((a) => a.capture.payment.amount),
      opened: asked.map((a) => a.order.createdAt),
    },
  );
  if (rows.length === 0) return new Set();
  const dues = await openDuesOf(
    tx,
    rows.map((r) => r.consumer_id),
  );
  return new Set(rows.filter((r) => (dues.get(r.consumer_id) ?? []).length === 0).map((r) => r.payment_id));
}

function latest(days: readonly LocalDate[]): LocalDate {
  return days.reduce((a, b) => (a > b ? a : b));
}
