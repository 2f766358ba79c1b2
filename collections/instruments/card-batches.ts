import { postEntry, postingAccounts } from "../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { add, formatIndian, paise, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { batchLines } from "../entries.ts";
import { counterErrors } from "../counter/errors.ts";
import { collectionErrors } from "../errors.ts";
import { fundsOf } from "./funds.ts";

export type CardSlip = {
  readonly instrumentId: string;
  readonly receiptId: string;
  readonly kind: "pos" | "upi";
  readonly rrn: string;
  readonly acquirer: string;
  readonly batchNo: string | null;
  readonly amount: Paise;
  readonly receivedOn: LocalDate;
};

type SlipRow = CardSlip & { readonly funds: Record<string, string> };
const WAITING = `
  select instrument_id as "instrumentId", receipt_id as "receiptId", kind, number as rrn, acquirer, batch_no as "batchNo", amount,
    received_on as "receivedOn", funds
  from collections.instruments where ulb_id = :ulb and kind in ('pos', 'upi') and status = 'received'`;

/** Slips of card machines and their UPI codes that their acquirers have not settled, oldest first; at most 2,000. */
export async function unsettledSlips(read: Read): Promise<CardSlip[]> {
  const rows = await read.query<SlipRow>(
    `${WAITING} order by acquirer, batch_no, received_on, instrument_id limit 2000`,
    {
      ulb: read.ulb.id,
    },
  );
  return rows.map(({ funds: _own, ...slip }) => slip);
}

export type CardBatch = {
  readonly id: string;
  readonly acquirer: string;
  readonly batchNo: string;
  readonly settledOn: LocalDate;
  readonly gross: Paise;
  readonly fee: Paise;
  readonly feeGst: Paise;
  readonly net: Paise;
  readonly slips: number;
};

/**
 * The acquirer's statement of one batch: its slips are settled, the net is at the bank under the UTR, the fee and its GST are expense. The slips
 * are those of the batch number, or the ones named by their RRN; they must come to the gross to the paisa, else nothing is booked and the refusal
 * says what is missing. Raises BATCH_*, TRANSFER_REFERENCE, and the ledger's refusals.
 */
export async function settleCardBatch(
  tx: Tx,
  batch: {
    readonly acquirer: string;
    readonly batchNo: string;
    readonly rrns?: readonly string[] | undefined;
    readonly gross: Paise;
    readonly fee: Paise;
    readonly feeGst: Paise;
    readonly utr: string;
    readonly date: LocalDate;
    readonly bankAccount?: string | undefined;
  },
): Promise<CardBatch> {
  const acquirer = batch.acquirer.trim().toUpperCase();
  const utr = batch.utr.trim().toUpperCase();
  if (!/^[A-Z0-9]{10,30}$/.test(utr)) throw collectionErrors.TRANSFER_REFERENCE({ utr: utr.slice(0, 40) });
  const charged = add(batch.fee, batch.feeGst);
  if (batch.fee < 0n || batch.feeGst < 0n || charged >= batch.gross)
    throw counterErrors.BATCH_FEE({ gross: formatIndian(batch.gross), fee: formatIndian(charged) });
  const done = await tx.queryOne<{ on: LocalDate }>(
    `select settled_on as on from collections.pos_batches
     where ulb_id = :ulb and acquirer = :acquirer and batch_no = :batch and settled_on = :on_date::date`,
    { ulb: tx.ulb.id, acquirer, batch: batch.batchNo, on_date: batch.date },
  );
  if (done) throw counterErrors.BATCH_SETTLED({ acquirer, batch: batch.batchNo, on: formatDate(batch.date) });
  const slips = await tx.query<SlipRow>(
    `${WAITING} and acquirer = :acquirer and received_on <= :on_date::date
       and case when :rrns::text[] is null then batch_no = :batch else number = any(:rrns::text[]) end
     order by instrument_id for no key update`,
    { ulb: tx.ulb.id, acquirer, batch: batch.batchNo, rrns: batch.rrns ?? null, on_date: batch.date },
  );
  if (slips.length === 0) throw counterErrors.BATCH_EMPTY({ acquirer, batch: batch.batchNo });
  const total = sum(slips.map((s) => s.amount));
  if (total !== batch.gross) {
    throw counterErrors.BATCH_TOTAL({
      gross: formatIndian(batch.gross),
      slips: formatIndian(total),
      difference: formatIndian(paise(total > batch.gross ? total - batch.gross : batch.gross - total)),
      count: slips.length,
    });
  }
  const accounts = await postingAccounts(tx, "bank-main", "pos-clearing", "gateway-fee", "gateway-fee-gst");
  const bank = batch.bankAccount ?? accounts["bank-main"];
  const id = newId();
  try {
    await tx.query(
      `insert into collections.pos_batches (ulb_id, batch_id, acquirer, batch_no, settled_on, gross, fee, fee_gst, utr, bank_account, recorded_by, recorded_at)
       values (:ulb, :id, :acquirer, :batch, :on_date, :gross, :fee, :gst, :utr, :bank, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        id,
        acquirer,
        batch: batch.batchNo,
        on_date: batch.date,
        gross: batch.gross,
        fee: batch.fee,
        gst: batch.feeGst,
        utr,
        bank,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) === "batch_is_settled_once")
      throw counterErrors.BATCH_SETTLED({ acquirer, batch: batch.batchNo, on: formatDate(batch.date) });
    throw error;
  }
  await tx.query(
    `update collections.instruments set status = 'settled', batch_id = :id where ulb_id = :ulb and instrument_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, id, ids: slips.map((s) => s.instrumentId) },
  );
  const byRrn = new Map<string, SlipRow[]>();
  for (const slip of slips) byRrn.set(slip.rrn, [...(byRrn.get(slip.rrn) ?? []), slip]);
  await postEntry(tx, {
    voucher: "receipt",
    date: batch.date,
    narration: `${acquirer} settled batch ${batch.batchNo}: ${toRupees(batch.gross)} less ${toRupees(charged)}, UTR ${utr}`,
    source: { type: "pos-settlement", id },
    lines: batchLines(
      { bank, clearing: accounts["pos-clearing"], fee: accounts["gateway-fee"], feeGst: accounts["gateway-fee-gst"] },
      { type: "utr", id: utr },
      [...byRrn].map(([rrn, shares]) => ({ rrn, byFund: fundsOf(shares) })),
      batch,
    ),
  });
  return {
    id,
    acquirer,
    batchNo: batch.batchNo,
    settledOn: batch.date,
    gross: batch.gross,
    fee: batch.fee,
    feeGst: batch.feeGst,
    net: paise(batch.gross - charged),
    slips: byRrn.size,
  };
}
