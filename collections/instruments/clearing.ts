import { getEntry, postEntries, reverseEntry } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import { counterErrors } from "../counter/errors.ts";
import { chequeCreditLines, chequeParty } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { entryDateFor } from "../receipts/documents.ts";
import { receiptEntry } from "../receipts/receipts.ts";
import { realise } from "./acknowledgements.ts";
import { fundsOf } from "./funds.ts";

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

/** A leaf that stood in clearing and was credited: the entry, and its lines in the bank's head. */
export type LeafCredit = {
  readonly instrumentId: string;
  readonly number: string;
  readonly entryId: bigint;
  readonly isRealised: boolean;
  readonly lines: readonly { readonly lineNo: number; readonly amount: Paise }[];
};

export type Cleared = { readonly receipts: readonly string[]; readonly credits: readonly LeafCredit[] };

/**
 * The bank's statement shows the money of these leaves: they are cleared, and those that were only acknowledged get their receipt, dated the day of
 * realisation. A leaf that pays several accounts is cleared whole. Saying it again changes nothing. Gives the receipts that were issued; they stand
 * in the books on `bookedOn` where the month of the day is closed. Where a leaf stood in clearing, Dr bank, Cr cheques in clearing.
 * Raises INSTRUMENT_NOT_FOUND, INSTRUMENT_NOT_DEPOSITED, CLEARED_EARLY, and the ledger's refusals.
 */
export async function clearInstruments(
  tx: Tx,
  instrumentIds: readonly string[],
  on: LocalDate,
  bookedOn = on,
): Promise<string[]> {
  return [...(await creditInstruments(tx, instrumentIds, on, bookedOn)).receipts];
}

type Leaf = {
  readonly id: string;
  readonly kind: string;
  readonly number: string;
  readonly status: string;
  readonly ack_id: string | null;
  readonly deposited_on: LocalDate | null;
  readonly bank_account: string;
  readonly clearing_account: string | null;
  readonly funds: Readonly<Record<string, string>>;
};

/** clearInstruments, with what it booked into the bank's head: the reconciliation matches that with the statement. */
export async function creditInstruments(
  tx: Tx,
  instrumentIds: readonly string[],
  on: LocalDate,
  bookedOn = on,
): Promise<Cleared> {
  const rows = await tx.query<Leaf>(
    `select i.instrument_id as id, i.kind, i.number, i.status, i.ack_id, m.deposited_on, m.bank_account, m.clearing_account, i.funds
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
  const credits: LeafCredit[] = [];
  for (const row of fresh) {
    if (row.ack_id === null) continue;
    const receiptId = await realise(tx, row.ack_id, on, bookedOn, creditOf(row));
    receipts.push(receiptId);
    const entry = row.clearing_account === null ? undefined : await receiptEntry(tx, receiptId);
    if (entry) credits.push(leafCredit(row, entry.id));
  }
  const plain = fresh.filter((r) => r.ack_id === null && r.clearing_account !== null);
  credits.push(...(await postCredits(tx, plain, on, bookedOn)));
  await tx.query(
    `update collections.instruments i set credit_entry_id = t.entry from unnest(:ids::uuid[], :entries::bigint[]) as t (id, entry)
     where i.ulb_id = :ulb and i.instrument_id = t.id`,
    {
      ulb: tx.ulb.id,
      ids: credits.map((c) => c.instrumentId),
      entries: credits.map((c) => c.entryId.toString()),
    },
  );
  await audit(tx, {
    action: "clear",
    subject: "instruments",
    subjectId: instrumentIds[0] ?? "",
    after: { cleared: rows.length, on },
  });
  return { receipts, credits };
}

function creditOf(leaf: Leaf) {
  return leaf.clearing_account === null
    ? undefined
    : { bank: leaf.bank_account, clearing: leaf.clearing_account, byFund: fundsOf([leaf]) };
}

/** The bank's lines of a credit are the first, one for each fund. */
function leafCredit(leaf: Leaf, entryId: bigint): LeafCredit {
  return {
    instrumentId: leaf.id,
    number: leaf.number,
    entryId,
    isRealised: leaf.ack_id !== null,
    lines: [...fundsOf([leaf]).values()].map((amount, i) => ({ lineNo: i + 1, amount })),
  };
}

/** CO-18, an entry for each leaf, so that each can be taken back alone. */
async function postCredits(tx: Tx, leaves: readonly Leaf[], on: LocalDate, bookedOn: LocalDate): Promise<LeafCredit[]> {
  const posted = await postEntries(
    tx,
    leaves.flatMap((leaf) => {
      const credit = creditOf(leaf);
      return credit
        ? [
            {
              voucher: "contra" as const,
              date: bookedOn,
              valueDate: on,
              narration: `Cheque ${leaf.number} credited by the bank`,
              source: { type: "cheque-credit", id: newId() },
              lines: chequeCreditLines(credit, chequeParty(leaf.number), credit.byFund),
            },
          ]
        : [];
    }),
  );
  return leaves.flatMap((leaf, i) => {
    const entry = posted[i];
    return entry ? [leafCredit(leaf, entry.id)] : [];
  });
}

/**
 * The bank's money was not that of these leaves after all: they are at the bank again, as if nothing had been heard of them. One that was returned
 * meanwhile stays returned. A credit out of clearing is reversed; gives how many were. Raises INSTRUMENT_REALISED for a leaf whose receipt was issued
 * when it was realised: that is a document, and only the return of the leaf takes it back.
 */
export async function unclearInstruments(tx: Tx, instrumentIds: readonly string[]): Promise<number> {
  const rows = await tx.query<{
    id: string;
    kind: string;
    number: string;
    receipt: string | null;
    credit_entry_id: bigint | null;
  }>(
    `select i.instrument_id as id, i.kind, i.number, r.fy || '/' || r.number as receipt, i.credit_entry_id
     from collections.instruments i
     left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id and a.status = 'realised'
     left join collections.receipts r on r.ulb_id = a.ulb_id and r.receipt_id = a.receipt_id
     where i.ulb_id = :ulb and i.instrument_id = any(:ids::uuid[]) and i.status = 'cleared'
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, ids: instrumentIds },
  );
  const [first] = rows;
  if (!first) return 0;
  const realised = rows.find((r) => r.receipt !== null);
  if (realised)
    throw counterErrors.INSTRUMENT_REALISED({
      instrument: `${realised.kind} ${realised.number}`,
      receipt: realised.receipt ?? "",
    });
  await tx.query(
    `update collections.instruments set status = 'deposited', cleared_on = null, credit_entry_id = null
     where ulb_id = :ulb and instrument_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, ids: rows.map((r) => r.id) },
  );
  for (const row of rows) {
    if (row.credit_entry_id === null) continue;
    const entry = await getEntry(tx, row.credit_entry_id);
    await reverseEntry(tx, {
      entryId: entry.id,
      date: await entryDateFor(tx, entry.date),
      reason: `cheque ${row.number} was not what the bank had credited`,
      source: { type: "cheque-credit", id: newId() },
    });
  }
  await audit(tx, {
    action: "unclear",
    subject: "instruments",
    subjectId: first.id,
    after: { uncleared: rows.length },
  });
  return rows.filter((r) => r.credit_entry_id !== null).length;
}
