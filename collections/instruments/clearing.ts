import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import { counterErrors } from "../counter/errors.ts";
import { collectionErrors } from "../errors.ts";
import { realise } from "./acknowledgements.ts";

export type DepositedLeaf = {
  readonly id: string;
  readonly receiptId: string | null;
  readonly ackId: string | null;
  readonly kind: string;
  readonly number: string;
  readonly bank: string;
  readonly amount: Paise;
  readonly depositedOn: LocalDate;
  readonly slipNumber: string;
  readonly bankAccount: string;
};

/** Cheques, drafts and postal orders at the bank of which nothing was heard yet, oldest first; at most 1,000. */
export async function leavesAtBank(read: Read): Promise<DepositedLeaf[]> {
  return read.query<DepositedLeaf>(
    `select i.instrument_id as id, i.receipt_id as "receiptId", i.ack_id as "ackId", i.kind, i.number, coalesce(i.bank, '') as bank, i.amount,
       m.deposited_on as "depositedOn", m.slip_number as "slipNumber", m.bank_account as "bankAccount"
     from collections.instruments i
     join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
     where i.ulb_id = :ulb and i.status = 'deposited' and i.kind in ('cheque', 'dd', 'postal-order')
     order by m.deposited_on, i.instrument_id limit 1000`,
    { ulb: read.ulb.id },
  );
}

/**
 * The bank's statement shows the money of these leaves: they are cleared, and those that were only acknowledged get their receipt, dated the day of
 * realisation. A leaf that pays several accounts is cleared whole. Saying it again changes nothing. Gives the receipts that were issued; they stand
 * in the books on `bookedOn` where the month of the day is closed.
 * Raises INSTRUMENT_NOT_FOUND, INSTRUMENT_NOT_DEPOSITED, CLEARED_EARLY, and the ledger's refusals.
 */
export async function clearInstruments(
  tx: Tx,
  instrumentIds: readonly string[],
  on: LocalDate,
  bookedOn = on,
): Promise<string[]> {
  const rows = await tx.query<{
    id: string;
    kind: string;
    number: string;
    status: string;
    ack_id: string | null;
    deposited_on: LocalDate | null;
  }>(
    `select i.instrument_id as id, i.kind, i.number, i.status, i.ack_id, m.deposited_on
     from collections.instruments i
     left join collections.remittances m on m.ulb_id = i.ulb_id and m.remittance_id = i.remittance_id
     where i.ulb_id = :ulb and (i.instrument_id = any(:ids::uuid[]) or i.tender_id in (
       select tender_id from collections.instruments where ulb_id = :ulb and instrument_id = any(:ids::uuid[]) and tender_id is not null))
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, ids: instrumentIds },
  );
  const found = new Set(rows.map((r) => r.id));
  const missing = instrumentIds.find((id) => !found.has(id));
  if (missing !== undefined) throw collectionErrors.INSTRUMENT_NOT_FOUND({ instrument: missing });
  const fresh = rows.filter((r) => r.status !== "cleared");
  for (const row of fresh) {
    if (row.status !== "deposited" || row.deposited_on === null)
      throw counterErrors.INSTRUMENT_NOT_DEPOSITED({ instrument: `${row.kind} ${row.number}`, status: row.status });
    if (on < row.deposited_on)
      throw counterErrors.CLEARED_EARLY({ on: formatDate(on), deposited: formatDate(row.deposited_on) });
  }
  await tx.query(
    "update collections.instruments set status = 'cleared', cleared_on = :on_date where ulb_id = :ulb and instrument_id = any(:ids::uuid[])",
    { ulb: tx.ulb.id, ids: fresh.map((r) => r.id), on_date: on },
  );
  const receipts: string[] = [];
  for (const row of fresh) if (row.ack_id !== null) receipts.push(await realise(tx, row.ack_id, on, bookedOn));
  await audit(tx, {
    action: "clear",
    subject: "instruments",
    subjectId: instrumentIds[0] ?? "",
    after: { cleared: rows.length, on },
  });
  return receipts;
}

/**
 * The bank's money was not that of these leaves after all: they are at the bank again, as if nothing had been heard of them. One that was returned
 * meanwhile stays returned. Raises INSTRUMENT_REALISED for a leaf whose receipt was issued when it was realised: that is a document, and only the
 * return of the leaf takes it back.
 */
export async function unclearInstruments(tx: Tx, instrumentIds: readonly string[]): Promise<void> {
  const rows = await tx.query<{ id: string; kind: string; number: string; receipt: string | null }>(
    `select i.instrument_id as id, i.kind, i.number, r.fy || '/' || r.number as receipt
     from collections.instruments i
     left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id and a.status = 'realised'
     left join collections.receipts r on r.ulb_id = a.ulb_id and r.receipt_id = a.receipt_id
     where i.ulb_id = :ulb and i.instrument_id = any(:ids::uuid[]) and i.status = 'cleared'
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, ids: instrumentIds },
  );
  const [first] = rows;
  if (!first) return;
  const realised = rows.find((r) => r.receipt !== null);
  if (realised)
    throw counterErrors.INSTRUMENT_REALISED({
      instrument: `${realised.kind} ${realised.number}`,
      receipt: realised.receipt ?? "",
    });
  await tx.query(
    "update collections.instruments set status = 'deposited', cleared_on = null where ulb_id = :ulb and instrument_id = any(:ids::uuid[])",
    { ulb: tx.ulb.id, ids: rows.map((r) => r.id) },
  );
  await audit(tx, {
    action: "unclear",
    subject: "instruments",
    subjectId: first.id,
    after: { uncleared: rows.length },
  });
}
