import { postEntry } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { takeBack } from "../counter/take-back.ts";
import { cancellationLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { getReceipt, markReceipt, type Receipt } from "../receipts/receipts.ts";
import { partnerOf, type Partner } from "./partners.ts";
import { checkReference, lockReference } from "./payments.ts";

export type ExternalReversal = {
  /** The reference under which the payment was posted. */
  readonly reference: string;
  /** The partner's own id of the reversal: the same again is the same reversal. */
  readonly reversalReference: string;
  /** What is taken back: the whole payment, or it is refused. */
  readonly amount: Paise;
  readonly reason: string;
  readonly reversedAt: Date;
};

type Taken = {
  readonly amount: bigint;
  readonly receipt_id: string;
  readonly settled_on: LocalDate | null;
  readonly settlement: string | null;
  /** The clearing account in which its money stands. */
  readonly account: string;
};

/**
 * A partner takes a payment of before back, because it gave the payer his money again: the receipt is reversed and what it had paid is due again, in this
 * transaction. Dr what the receipt had credited, Cr the partner's clearing. The same reversal reference with the same figures gives the same answer,
 * however often and by however many at a time it is sent. Refused is what the partner has paid over: that money is the ULB's, and goes back as a refund.
 * Raises PARTNER_NOT_FOUND, EXTERNAL_REFERENCE, EXTERNAL_NOT_FOUND, EXTERNAL_REVERSAL_CONFLICT (other figures, or reversed before), EXTERNAL_REVERSAL_SETTLED,
 * RECEIPT_STATUS, and billing's ADVANCE_GIVEN_BACK where the credit that it became was refunded.
 */
export async function reverseExternalPayment(
  tx: Tx,
  reversal: ExternalReversal,
): Promise<{ readonly receipt: Receipt; readonly isNew: boolean }> {
  const partner = await partnerOf(tx);
  const { reference, reversalReference } = reversal;
  checkReference(reference);
  checkReference(reversalReference);
  await lockReference(tx, partner.partner, reference);
  const taken = await tx.queryOne<Taken>(
    `select e.amount, e.receipt_id, e.settled_on, s.reference as settlement, i.account
     from collections.external_payments e
     join collections.instruments i on i.ulb_id = e.ulb_id and i.receipt_id = e.receipt_id
     left join collections.external_settlements s on s.ulb_id = e.ulb_id and s.settlement_id = e.settlement_id
     where e.ulb_id = :ulb and e.partner = :partner and e.reference = :reference for no key update of e`,
    { ulb: tx.ulb.id, partner: partner.partner, reference },
  );
  if (!taken) throw collectionErrors.EXTERNAL_NOT_FOUND({ partner: partner.partner, reference });
  const [before] = await tx.query<{ reference: string; reversal: string; amount: Paise }>(
    `select reference, reversal_reference as reversal, amount from collections.external_reversals
     where ulb_id = :ulb and partner = :partner and (reversal_reference = :reversal or reference = :reference)
     order by (reversal_reference = :reversal) desc limit 1`,
    { ulb: tx.ulb.id, partner: partner.partner, reversal: reversalReference, reference },
  );
  const receipt = await getReceipt(tx, taken.receipt_id);
  const told = before ?? { reference, reversal: reversalReference, amount: paise(taken.amount) };
  if (told.reference !== reference || told.reversal !== reversalReference || told.amount !== reversal.amount) {
    throw collectionErrors.EXTERNAL_REVERSAL_CONFLICT({
      partner: partner.partner,
      known: before
        ? `reversal ${told.reversal} took back ${told.reference} with ${formatIndian(told.amount)}`
        : `${reference} was posted with ${formatIndian(told.amount)}, receipt ${receipt.number}`,
      sent: `${reversalReference} takes back ${reference} with ${formatIndian(reversal.amount)}`,
    });
  }
  if (before) return { receipt, isNew: false };
  if (taken.settled_on !== null) {
    throw collectionErrors.EXTERNAL_REVERSAL_SETTLED({
      reference,
      amount: formatIndian(paise(taken.amount)),
      receipt: receipt.number,
      settlement: taken.settlement ?? "",
      on: formatDate(taken.settled_on),
    });
  }
  if (receipt.status !== "issued")
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });
  await reverse(tx, partner, taken.account, receipt, reversal);
  return { receipt: await getReceipt(tx, receipt.id), isNew: true };
}

async function reverse(
  tx: Tx,
  partner: Partner,
  account: string,
  receipt: Receipt,
  reversal: ExternalReversal,
): Promise<void> {
  const id = newId();
  const source = { type: "external-reversal", id };
  const reversedAt = reversal.reversedAt > tx.clock() ? tx.clock() : reversal.reversedAt;
  const said = dateInIndia(reversedAt);
  // What is taken back was there before.
  const valueDate = said < receipt.entryDate ? receipt.entryDate : said;
  const date = await entryDateFor(tx, valueDate);
  const reason = reversal.reason.trim().slice(0, 300);
  const back = await takeBack(tx, receipt, { date, newSource: source });
  await tx.query(
    `insert into collections.external_reversals (ulb_id, partner, reversal_reference, reference, reversal_id, amount, reason, reversed_at, booked_on,
       posted_at, posted_by)
     values (:ulb, :partner, :reversal, :reference, :id, :amount, :reason, :reversed_at, :on_date, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      partner: partner.partner,
      reversal: reversal.reversalReference,
      reference: reversal.reference,
      id,
      amount: reversal.amount,
      reason,
      reversed_at: reversedAt,
      on_date: date,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  const why = `${partner.name} took it back (${reversal.reversalReference}): ${reason}`;
  await markReceipt(tx, receipt.id, "reversed", date, why);
  await audit(tx, { action: "reverse", subject: "receipt", subjectId: receipt.id, reason: why });
  await postEntry(tx, {
    voucher: "payment",
    date,
    valueDate,
    narration: `Receipt ${receipt.number} reversed, ${why}`.slice(0, 1000),
    source,
    ...(back.entry === undefined ? {} : { reverses: back.entry }),
    lines: cancellationLines(
      account,
      { type: "external-payment", id: `${partner.partner}/${reversal.reference}` },
      back.lines,
    ),
  });
}
