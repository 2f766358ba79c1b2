import { applyPayment, billingErrors, listTaxHeads } from "../../billing/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";
import { getReceipt, markReceipt, serviceName, type Receipt } from "../receipts/receipts.ts";
import { linesOf, lockPayers, writeDocuments } from "../receipts/documents.ts";
import { counterErrors } from "./errors.ts";
import { takeBack } from "./take-back.ts";

/**
 * A receipt was keyed to the wrong consumer and found after its day (case S97): it is marked TRANSFERRED, a REPLACEMENT receipt settles the right
 * consumer's dues as of today, and no cash moves. The money keeps its instrument: a cheque that is returned afterwards takes back the replacement.
 * The acting person approves what `requestedBy` asked for; nobody transfers a receipt of his own. Raises RECEIPT_*, TRANSFER_*, CANCEL_REASON,
 * CANCEL_OWN, CONSUMER_NOT_FOUND, and the ledger's refusals.
 */
export async function transferReceipt(
  tx: Tx,
  transfer: {
    readonly receiptId: string;
    readonly toConsumerId: string;
    readonly reason: string;
    readonly requestedBy: string;
  },
): Promise<Receipt> {
  const seen = await getReceipt(tx, transfer.receiptId);
  const reason = transfer.reason.trim();
  if (reason.length < 5) throw collectionErrors.CANCEL_REASON({ reason });
  if (seen.channel !== "counter" || seen.consumerId === null)
    throw counterErrors.TRANSFER_KIND({ receipt: seen.number });
  if (tx.actor.id === seen.issuedBy || tx.actor.id === transfer.requestedBy)
    throw collectionErrors.CANCEL_OWN({ person: tx.actor.id });
  if (seen.consumerId === transfer.toConsumerId)
    throw counterErrors.TRANSFER_SAME({ consumer: seen.consumerCode ?? "" });
  const payers = await lockPayers(tx, [seen.consumerId, transfer.toConsumerId]);
  const payer = payers.get(transfer.toConsumerId);
  if (!payer) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: transfer.toConsumerId });
  // Again, now that nobody else can take it back.
  const receipt = await getReceipt(tx, seen.id);
  if (receipt.status !== "issued")
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });

  const date = dateInIndia(tx.clock());
  const id = newId();
  const back = await takeBack(tx, receipt, { date, newSource: { type: "receipt-transfer", id } });
  const applied = await applyPayment(tx, {
    consumerId: payer.id,
    amount: receipt.amount,
    date,
    source: { type: "receipt", id },
  });
  const titles = new Map((await listTaxHeads(tx, date)).map((h) => [h.code, h]));
  await markReceipt(tx, receipt.id, "transferred", date, `${reason}; paid for ${payer.code}`);
  const original = await originalOf(tx, receipt);
  await writeDocuments(tx, [
    {
      receiptId: id,
      payer,
      payerName: receipt.payerName === "" ? payer.name : receipt.payerName,
      billId: null,
      channel: "counter",
      mode: receipt.mode,
      amount: receipt.amount,
      paidAt: receipt.paidAt,
      valueDate: receipt.valueDate,
      entryDate: date,
      sessionId: receipt.sessionId,
      paymentId: null,
      idempotencyKey: null,
      instrument: {
        kind: receipt.mode,
        account: "",
        status: "received",
        number: null,
        bank: null,
        branch: null,
        date: null,
      },
      entryLines: [...back.lines, ...applied.ledgerLines],
      lines: linesOf(applied, titles),
      narration: `${serviceName(payer.service)}: receipt ${receipt.number} of ${receipt.consumerCode ?? ""} transferred to ${payer.code}: ${reason}`,
      counter: { replaces: { original, receipt: receipt.id, entry: back.entry } },
    },
  ]);
  await tx.query(
    `insert into collections.receipt_transfers (ulb_id, transfer_id, from_receipt, to_receipt, transferred_on, reason, requested_by, approved_by, recorded_at)
     values (:ulb, :id, :from_receipt, :to_receipt, :on_date, :reason, :requested_by, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id: newId(),
      from_receipt: receipt.id,
      to_receipt: id,
      on_date: date,
      reason,
      requested_by: transfer.requestedBy,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, { action: "transfer", subject: "receipt", subjectId: receipt.id, reason, after: { to: payer.code } });
  return getReceipt(tx, id);
}

async function originalOf(tx: Tx, receipt: Receipt): Promise<string> {
  const row = await tx.queryOne<{ id: string }>(
    "select coalesce(original_id, receipt_id) as id from collections.receipts where ulb_id = :ulb and receipt_id = :id::uuid",
    { ulb: tx.ulb.id, id: receipt.id },
  );
  return row?.id ?? receipt.id;
}
