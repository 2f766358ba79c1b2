import { applyPayment, listTaxHeads, serviceOn } from "../../billing/index.ts";
import { postEntries, postEntry, postingAccounts, takeNumbers } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, financialYearOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { newId, newToken } from "../../ledger/kernel/ids.ts";
import { type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import {
  acknowledgementBackLines,
  acknowledgementLines,
  chequeCreditLines,
  chequeParty,
  receiptLines,
} from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { counterErrors } from "../counter/errors.ts";
import type { TenderedMoney } from "../counter/tender.ts";
import { linesOf, lockPayers, writeDocuments, type Payer } from "../receipts/documents.ts";
import { serviceName } from "../receipts/receipts.ts";
import { fundsOf } from "./funds.ts";

/** A cheque that is only acknowledged: what it is to settle stays due until the bank has the money (case S83). */
export type Acknowledgement = {
  readonly id: string;
  /** "AK/2026-27/000012". */
  readonly number: string;
  readonly token: string;
  readonly sessionId: string;
  readonly consumerId: string;
  readonly consumerCode: string;
  readonly payerName: string;
  readonly billId: string | null;
  readonly mode: string;
  readonly amount: Paise;
  readonly receivedOn: LocalDate;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly status: "held" | "realised" | "returned" | "cancelled";
  readonly statusOn: LocalDate | null;
  readonly receiptId: string | null;
  readonly instrumentId: string;
  readonly chequeNumber: string;
  readonly chequeBank: string;
  readonly chequeDate: LocalDate;
  readonly instrumentStatus: string;
};

type Row = Omit<Acknowledgement, "number"> & { readonly fy: string; readonly serial: bigint };
const SELECT = `
  select a.ack_id as id, a.fy, a.number as serial, a.token, a.session_id as "sessionId", a.consumer_id as "consumerId",
    a.consumer_code as "consumerCode", a.payer_name as "payerName", a.bill_id as "billId", a.mode, a.amount, a.received_on as "receivedOn",
    a.issued_at as "issuedAt", a.issued_by as "issuedBy", a.status, a.status_on as "statusOn", a.receipt_id as "receiptId",
    i.instrument_id as "instrumentId", i.number as "chequeNumber", i.bank as "chequeBank", i.instrument_date as "chequeDate",
    i.status as "instrumentStatus"
  from collections.acknowledgements a
  join collections.instruments i on i.ulb_id = a.ulb_id and i.ack_id = a.ack_id
  where a.ulb_id = :ulb`;
const ackOf = ({ fy, serial, ...row }: Row): Acknowledgement => ({
  ...row,
  number: `AK/${fy}/${serial.toString().padStart(6, "0")}`,
});

/** Raises ACK_NOT_FOUND. */
export async function getAcknowledgement(read: Read, id: string): Promise<Acknowledgement> {
  const row = await read.queryOne<Row>(`${SELECT} and a.ack_id = :id::uuid`, { ulb: read.ulb.id, id });
  if (!row) throw counterErrors.ACK_NOT_FOUND({ ack: id });
  return ackOf(row);
}

/** Acknowledged cheques that are neither realised nor returned, oldest first: what a consumer's dues show as "under clearing". At most 500. */
export async function heldAcknowledgements(read: Read, consumerId?: string): Promise<Acknowledgement[]> {
  const rows = await read.query<Row>(
    `${SELECT} and a.status = 'held' and (:consumer::uuid is null or a.consumer_id = :consumer::uuid) order by a.received_on, a.number limit 500`,
    { ulb: read.ulb.id, consumer: consumerId ?? null },
  );
  return rows.map(ackOf);
}

export type AcknowledgementDraft = {
  readonly payer: Payer;
  readonly payerName: string;
  readonly amount: Paise;
  readonly billId: string | null;
  readonly sessionId: string;
  readonly tenderId: string;
  readonly shareNo: number;
  readonly idempotencyKey: string;
  readonly money: TenderedMoney;
};

/** Writes the acknowledgements of one cheque, each with its instrument and entry; the consumers are locked by the caller. */
export async function acknowledge(tx: Tx, drafts: readonly AcknowledgementDraft[], on: LocalDate): Promise<void> {
  const accounts = await postingAccounts(tx, "cheques-in-hand", "cheques-provisional");
  const fy = financialYearOf(on);
  const made: { readonly draft: AcknowledgementDraft; readonly id: string; readonly fund: string }[] = [];
  for (const draft of drafts) {
    const id = newId();
    const { fund } = await serviceOn(tx, draft.payer.service, on);
    const { instrument } = draft.money;
    await tx.query(
      `insert into collections.instruments (ulb_id, instrument_id, ack_id, kind, amount, received_on, number, bank, branch, instrument_date, status,
         account, funds, tender_id, share_no)
       values (:ulb, :instrument, :id, :kind, :amount, :on_date, :number, :bank, :branch, :cheque_date, 'received', :account, :funds, :tender, :share)`,
      {
        ulb: tx.ulb.id,
        instrument: newId(),
        id,
        kind: instrument.kind,
        amount: draft.amount,
        on_date: on,
        number: instrument.number,
        bank: instrument.bank,
        branch: instrument.branch,
        cheque_date: instrument.date,
        account: accounts["cheques-in-hand"],
        funds: JSON.stringify({ [fund]: draft.amount.toString() }),
        tender: draft.tenderId,
        share: draft.shareNo,
      },
    );
    made.push({ draft, id, fund });
  }
  const first = await takeNumbers(tx, "acknowledgement-no", fy, made.length);
  for (const [i, { draft, id }] of made.entries()) {
    await tx.query(
      `insert into collections.acknowledgements (ulb_id, ack_id, fy, number, token, session_id, consumer_id, consumer_code, payer_name, bill_id,
         mode, amount, received_on, issued_at, issued_by, idempotency_key)
       values (:ulb, :id, :fy, :number, :token, :session, :consumer, :code, :payer, :bill, :mode, :amount, :on_date, :now, :actor, :key)`,
      {
        ulb: tx.ulb.id,
        id,
        fy,
        number: first + BigInt(i),
        token: newToken(),
        session: draft.sessionId,
        consumer: draft.payer.id,
        code: draft.payer.code,
        payer: draft.payerName,
        bill: draft.billId,
        mode: draft.money.instrument.kind,
        amount: draft.amount,
        on_date: on,
        now: tx.clock(),
        actor: tx.actor.id,
        key: draft.idempotencyKey,
      },
    );
  }
  await postEntries(
    tx,
    made.map(({ draft, id, fund }) => ({
      voucher: "receipt" as const,
      date: on,
      narration: `${serviceName(draft.payer.service)}, ${draft.payer.code}, ${draft.money.words}, acknowledged`,
      source: { type: "acknowledgement", id },
      lines: acknowledgementLines(
        { cheques: accounts["cheques-in-hand"], provisional: accounts["cheques-provisional"] },
        chequeParty(draft.money.instrument.number ?? ""),
        new Map([[fund, draft.amount]]),
      ),
    })),
  );
}

/** Holds an acknowledgement that nothing came of yet. Raises ACK_NOT_FOUND, ACK_STATUS. */
async function holdAcknowledgement(tx: Tx, id: string): Promise<Acknowledgement> {
  await tx.query(
    "select 1 from collections.acknowledgements where ulb_id = :ulb and ack_id = :id::uuid for no key update",
    { ulb: tx.ulb.id, id },
  );
  const ack = await getAcknowledgement(tx, id);
  if (ack.status !== "held") throw counterErrors.ACK_STATUS({ ack: ack.number, status: ack.status });
  return ack;
}

/**
 * The bank has the money of an acknowledged cheque: the receipt is issued, dated the day of realisation, and the dues are settled as of it; what
 * exceeds them by then is an advance. Called where its instrument is cleared. Where the month of that day is closed it is booked on `bookedOn` and
 * keeps its value date. Where the cheque stood in clearing, the same entry has the bank's credit. Raises ACK_*, and the ledger's refusals.
 */
export async function realise(
  tx: Tx,
  ackId: string,
  on: LocalDate,
  bookedOn = on,
  credit?: {
    readonly bank: string;
    readonly clearing: string;
    readonly byFund: ReadonlyMap<string, Paise>;
  },
): Promise<string> {
  const ack = await holdAcknowledgement(tx, ackId);
  const accounts = await postingAccounts(tx, "cheques-provisional", "cheques-in-hand");
  const payer = (await lockPayers(tx, [ack.consumerId])).get(ack.consumerId);
  invariant(payer, "an acknowledgement has its consumer");
  const receiptId = newId();
  const applied = await applyPayment(tx, {
    consumerId: ack.consumerId,
    amount: ack.amount,
    date: bookedOn,
    source: { type: "receipt", id: receiptId },
    billId: ack.billId,
  });
  const titles = new Map((await listTaxHeads(tx, bookedOn)).map((h) => [h.code, h]));
  await mark(tx, ack.id, "realised", bookedOn, receiptId);
  await writeDocuments(tx, [
    {
      receiptId,
      payer,
      payerName: ack.payerName,
      billId: ack.billId,
      channel: "counter",
      mode: ack.mode === "dd" ? "dd" : "cheque",
      amount: ack.amount,
      paidAt: tx.clock(),
      valueDate: on,
      entryDate: bookedOn,
      sessionId: ack.sessionId,
      paymentId: null,
      idempotencyKey: null,
      instrument: {
        kind: "cheque",
        account: accounts["cheques-provisional"],
        status: "deposited",
        number: null,
        bank: null,
        branch: null,
        date: null,
      },
      entryLines: [
        ...(credit ? chequeCreditLines(credit, chequeParty(ack.chequeNumber), credit.byFund) : []),
        ...receiptLines(
          accounts["cheques-provisional"],
          chequeParty(ack.chequeNumber),
          applied.ledgerLines,
          ack.amount,
        ),
      ],
      lines: linesOf(applied, titles),
      narration: `${serviceName(payer.service)}, ${payer.code}, cheque ${ack.chequeNumber} realised, acknowledged by ${ack.number}`,
      counter: { realises: ack.instrumentId, isCredited: credit !== undefined },
    },
  ]);
  return receiptId;
}

/** The bank returned it, or it was given back: nothing was settled by it, so nothing opens again. The lines that undo the acknowledgement. */
export async function takeBackAcknowledgement(
  tx: Tx,
  ackId: string,
  back: { readonly status: "returned" | "cancelled"; readonly on: LocalDate; readonly money: string },
): Promise<{ readonly ack: Acknowledgement; readonly lines: ReturnType<typeof acknowledgementBackLines> }> {
  const ack = await holdAcknowledgement(tx, ackId);
  const accounts = await postingAccounts(tx, "cheques-provisional");
  const row = await tx.queryOne<{ funds: Record<string, string> }>(
    "select funds from collections.instruments where ulb_id = :ulb and ack_id = :id::uuid",
    { ulb: tx.ulb.id, id: ackId },
  );
  await mark(tx, ack.id, back.status, back.on, null);
  return {
    ack,
    lines: acknowledgementBackLines(
      { money: back.money, provisional: accounts["cheques-provisional"] },
      chequeParty(ack.chequeNumber),
      fundsOf([{ funds: row?.funds ?? {} }]),
    ),
  };
}

/** A cheque that was acknowledged and not yet deposited is given back; another person than who took it approves. Raises ACK_*, CANCEL_*. */
export async function cancelAcknowledgement(
  tx: Tx,
  cancellation: { readonly ackId: string; readonly reason: string },
): Promise<Acknowledgement> {
  const ack = await getAcknowledgement(tx, cancellation.ackId);
  if (cancellation.reason.trim().length < 5) throw collectionErrors.CANCEL_REASON({ reason: cancellation.reason });
  if (tx.actor.id === ack.issuedBy) throw collectionErrors.CANCEL_OWN({ person: tx.actor.id });
  await tx.query(
    "select 1 from collections.instruments where ulb_id = :ulb and instrument_id = :id::uuid for no key update",
    { ulb: tx.ulb.id, id: ack.instrumentId },
  );
  const now = await getAcknowledgement(tx, ack.id);
  if (now.instrumentStatus !== "received") throw collectionErrors.CANCEL_DEPOSITED({ receipt: ack.number });
  const accounts = await postingAccounts(tx, "cheques-in-hand");
  const on = dateInIndia(tx.clock());
  const { lines } = await takeBackAcknowledgement(tx, ack.id, {
    status: "cancelled",
    on,
    money: accounts["cheques-in-hand"],
  });
  await tx.query(
    "update collections.instruments set status = 'cancelled' where ulb_id = :ulb and instrument_id = :id::uuid",
    { ulb: tx.ulb.id, id: ack.instrumentId },
  );
  await audit(tx, {
    action: "cancel",
    subject: "acknowledgement",
    subjectId: ack.id,
    reason: cancellation.reason.trim(),
  });
  await postEntry(tx, {
    voucher: "payment",
    date: on,
    narration: `Cheque ${ack.chequeNumber} given back, acknowledgement ${ack.number}: ${cancellation.reason.trim()}`,
    source: { type: "acknowledgement", id: `${ack.id}/cancelled` },
    lines,
  });
  return getAcknowledgement(tx, ack.id);
}

async function mark(
  tx: Tx,
  id: string,
  status: "realised" | "returned" | "cancelled",
  on: LocalDate,
  receiptId: string | null,
): Promise<void> {
  await tx.query(
    "update collections.acknowledgements set status = :status, status_on = :on_date, receipt_id = :receipt where ulb_id = :ulb and ack_id = :id::uuid",
    { ulb: tx.ulb.id, id, status, on_date: on, receipt: receiptId },
  );
}
