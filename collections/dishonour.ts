import { dishonourHeadOf, raiseCharge, reversePayment } from "../billing/index.ts";
import { postEntry, postingAccounts } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { addDays, dateInIndia, formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { type Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import { bankChargeLines, cancellationLines, chequeParty, dishonourLines } from "./entries.ts";
import { collectionErrors } from "./errors.ts";
import { getReceipt, markReceipt, receiptEntry, type Receipt } from "./receipts.ts";

export type Dishonour = {
  readonly instrumentId: string;
  /** The date of the bank's memo. */
  readonly date: LocalDate;
  readonly reason: string;
  /** What the bank took for it. */
  readonly bankCharge: Paise;
  /** What the payer is charged: zero where the drawer is not at fault (Madras High Court, 2019). Becomes a due of the consumer. */
  readonly payerCharge: Paise;
  /** The tax head under which the charge is demanded. */
  readonly chargeHead?: string;
};

type Held = {
  receipt_id: string;
  kind: string;
  number: string;
  status: string;
  amount: bigint;
  bank_account: string | null;
  deposited_on: LocalDate | null;
};

/**
 * The bank returned a cheque or draft: what it had settled is due again (as if it had never been paid: cess, rebate and the penalty's clock
 * included), the bank's charge is booked, the payer is charged, and the receipt is DISHONOURED but stays visible; all in one entry that names the
 * receipt's. Gives the receipt and the last day of the notice under s.138 of the Negotiable Instruments Act (thirty days).
 * Raises INSTRUMENT_NOT_FOUND, INSTRUMENT_STATUS, DISHONOUR_DATE, and the ledger's refusals.
 */
export async function dishonour(
  tx: Tx,
  fact: Dishonour,
): Promise<{ readonly receipt: Receipt; readonly noticeBy: LocalDate; readonly entryNumber: string }> {
  const held = await tx.queryOne<Held>(
    `select i.receipt_id, i.kind, i.number, i.status, i.amount, m.bank_account, m.deposited_on
     from collections.instruments i
     left join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
     where i.ulb_id = :ulb and i.instrument_id = :id::uuid for no key update of i`,
    { ulb: tx.ulb.id, id: fact.instrumentId },
  );
  if (!held) throw collectionErrors.INSTRUMENT_NOT_FOUND({ instrument: fact.instrumentId });
  if (
    (held.kind !== "cheque" && held.kind !== "dd") ||
    held.status !== "deposited" ||
    held.bank_account === null ||
    held.deposited_on === null
  ) {
    throw collectionErrors.INSTRUMENT_STATUS({ instrument: `${held.kind} ${held.number}`, status: held.status });
  }
  if (fact.date < held.deposited_on) {
    throw collectionErrors.DISHONOUR_DATE({ on: formatDate(fact.date), deposited: formatDate(held.deposited_on) });
  }
  const id = newId();
  const source = { type: "dishonour", id };
  const bank = held.bank_account;
  const receipt = await getReceipt(tx, held.receipt_id);
  const back = await reversePayment(tx, { type: "receipt", id: receipt.id }, { date: fact.date, newSource: source });
  const charge =
    fact.payerCharge > 0n
      ? await raiseCharge(tx, {
          consumerId: back.consumerId,
          taxHead: fact.chargeHead ?? dishonourHeadOf(receipt.service),
          amount: fact.payerCharge,
          date: fact.date,
          source,
        })
      : { ledgerLines: [] };
  const accounts = await postingAccounts(tx, "bank-charges");
  const noticeBy = addDays(fact.date, 30);
  await tx.query(
    `insert into collections.dishonours (ulb_id, dishonour_id, instrument_id, receipt_id, dishonoured_on, reason, bank_charge, payer_charge, notice_by,
       recorded_by, recorded_at)
     values (:ulb, :id, :instrument, :receipt, :on_date, :reason, :bank_charge, :payer_charge, :notice_by, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      instrument: fact.instrumentId,
      receipt: receipt.id,
      on_date: fact.date,
      reason: fact.reason,
      bank_charge: fact.bankCharge,
      payer_charge: fact.payerCharge,
      notice_by: noticeBy,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `update collections.instruments set status = 'dishonoured' where ulb_id = :ulb and instrument_id = :id::uuid`,
    {
      ulb: tx.ulb.id,
      id: fact.instrumentId,
    },
  );
  await markReceipt(tx, receipt.id, "dishonoured", fact.date, fact.reason);
  const original = await receiptEntry(tx, receipt.id);
  const entry = await postEntry(tx, {
    voucher: "payment",
    date: fact.date,
    narration: `Cheque ${held.number} returned: ${fact.reason}; receipt ${receipt.number}`,
    source,
    ...(original ? { reverses: original.id } : {}),
    lines: [
      ...dishonourLines(bank, held.number, back.ledgerLines),
      ...(fact.bankCharge > 0n
        ? bankChargeLines({ bank, bankCharges: accounts["bank-charges"] }, fact.bankCharge)
        : []),
      ...charge.ledgerLines,
    ],
  });
  return { receipt: await getReceipt(tx, receipt.id), noticeBy, entryNumber: entry.number };
}

/**
 * Cancels a counter receipt whose money is still in the drawer (mis-keyed, payer gone): the dues are open again, the money leaves the books, the
 * number stays used. The acting person approves what `requestedBy` asked for; nobody cancels a receipt of his own.
 * Raises RECEIPT_NOT_FOUND, RECEIPT_STATUS, CANCEL_REASON, CANCEL_OWN, CANCEL_DEPOSITED, and the ledger's refusals.
 */
export async function cancelReceipt(
  tx: Tx,
  cancellation: { readonly receiptId: string; readonly reason: string; readonly requestedBy: string },
): Promise<Receipt> {
  const receipt = await getReceipt(tx, cancellation.receiptId);
  if (cancellation.reason.trim().length < 5) throw collectionErrors.CANCEL_REASON({ reason: cancellation.reason });
  if (receipt.status !== "issued") {
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });
  }
  if (tx.actor.id === receipt.issuedBy || tx.actor.id === cancellation.requestedBy) {
    throw collectionErrors.CANCEL_OWN({ person: tx.actor.id });
  }
  const held = await tx.queryOne<{ account: string; status: string; number: string | null; kind: string }>(
    `select i.account, i.status, i.number, i.kind
     from collections.instruments i
     join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
     join collections.counter_sessions s on s.ulb_id = r.ulb_id and s.session_id = r.session_id and s.status = 'open'
     where i.ulb_id = :ulb and i.receipt_id = :id::uuid for no key update of i, s`,
    { ulb: tx.ulb.id, id: receipt.id },
  );
  if (held?.status !== "received") throw collectionErrors.CANCEL_DEPOSITED({ receipt: receipt.number });
  const date = dateInIndia(tx.clock());
  const id = newId();
  const source = { type: "cancellation", id };
  const back = await reversePayment(tx, { type: "receipt", id: receipt.id }, { date, newSource: source });
  await tx.query(
    `insert into collections.cancellations (ulb_id, cancellation_id, receipt_id, cancelled_on, reason, requested_by, approved_by, recorded_at)
     values (:ulb, :id, :receipt, :on_date, :reason, :requested_by, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      receipt: receipt.id,
      on_date: date,
      reason: cancellation.reason,
      requested_by: cancellation.requestedBy,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await tx.query(
    `update collections.instruments set status = 'cancelled' where ulb_id = :ulb and receipt_id = :id::uuid`,
    {
      ulb: tx.ulb.id,
      id: receipt.id,
    },
  );
  await markReceipt(tx, receipt.id, "cancelled", date, cancellation.reason);
  await audit(tx, { action: "cancel", subject: "receipt", subjectId: receipt.id, reason: cancellation.reason });
  const original = await receiptEntry(tx, receipt.id);
  const party = held.kind === "cash" ? undefined : chequeParty(held.number ?? "");
  await postEntry(tx, {
    voucher: "payment",
    date,
    narration: `Receipt ${receipt.number} cancelled: ${cancellation.reason}`,
    source,
    ...(original ? { reverses: original.id } : {}),
    lines: cancellationLines(held.account, party, back.ledgerLines),
  });
  return getReceipt(tx, receipt.id);
}
