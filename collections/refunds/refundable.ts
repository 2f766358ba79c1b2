import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";
import { getReceipt, type Receipt } from "../receipts/receipts.ts";
import { refundRoom } from "./refunds.ts";

/** What may still be given back of a payment, and out of what: the figures that a person sees before he asks. */
export type Refundable = {
  readonly paymentId: string;
  readonly captured: Paise;
  readonly refunded: Paise;
  readonly disputed: Paise;
  /** captured − refunded or being refunded − disputed. */
  readonly room: Paise;
  readonly receipt: Receipt | null;
  /** The consumer's credit now; null where nobody knows whose the payment is. */
  readonly advance: Paise | null;
  /** What it can be paid out of, and how much of each: nothing where neither is possible. */
  readonly choices: readonly { readonly origin: "advance" | "receipt" | "unidentified"; readonly upTo: Paise }[];
};

/** The figures of a captured payment. Raises PAYMENT_NOT_FOUND. */
export async function refundable(read: Read, paymentId: string): Promise<Refundable> {
  const row = await read.queryOne<{
    amount: bigint;
    refunded: bigint;
    disputed: bigint;
    receipt_id: string | null;
    advance: bigint | null;
  }>(
    `select p.amount, p.refunded, p.disputed, p.receipt_id, c.advance
     from collections.payments p
     left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id
     left join billing.consumers c on c.ulb_id = r.ulb_id and c.consumer_id = r.consumer_id
     where p.ulb_id = :ulb and p.payment_id = :id and p.rank = 3`,
    { ulb: read.ulb.id, id: paymentId },
  );
  if (!row) throw collectionErrors.PAYMENT_NOT_FOUND({ payment: paymentId.slice(0, 40) });
  const receipt = row.receipt_id === null ? null : await getReceipt(read, row.receipt_id);
  const room = refundRoom(row);
  const advance = row.advance === null ? null : paise(row.advance);
  return {
    paymentId,
    captured: paise(row.amount),
    refunded: paise(row.refunded),
    disputed: paise(row.disputed),
    room,
    receipt,
    advance,
    choices: choicesOf(room, receipt, advance),
  };
}

function choicesOf(room: Paise, receipt: Receipt | null, advance: Paise | null): Refundable["choices"] {
  // A refundable receipt's own note gives it back.
  if (receipt?.status !== "issued" || room === 0n || receipt.refundNote !== null) return [];
  if (receipt.consumerId === null) return [{ origin: "unidentified", upTo: room }];
  const credit = advance === null || advance > room ? room : advance;
  return [
    ...(credit > 0n ? [{ origin: "advance" as const, upTo: credit }] : []),
    { origin: "receipt" as const, upTo: room },
  ];
}
