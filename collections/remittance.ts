import { postEntry, postingAccounts, takeNumber } from "../ledger/index.ts";
import { financialYearOf, formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { paise, sum, toRupees, type Paise } from "../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { cashRemittanceLines, chequeRemittanceLines } from "./entries.ts";
import { collectionErrors } from "./errors.ts";

export type InstrumentInHand = {
  readonly id: string;
  readonly receiptId: string;
  readonly kind: "cash" | "cheque" | "dd";
  readonly amount: Paise;
  readonly receivedOn: LocalDate;
  readonly number: string | null;
  readonly bank: string | null;
  readonly isSessionOpen: boolean;
};

export type Remittance = {
  readonly id: string;
  /** "RM/2026-27/000007". */
  readonly number: string;
  readonly kind: "cash" | "cheques";
  readonly amount: Paise;
  readonly slipNumber: string;
  readonly depositedOn: LocalDate;
  readonly instruments: number;
};

type Row = Omit<InstrumentInHand, "isSessionOpen"> & {
  readonly isSessionOpen: boolean;
  readonly funds: Record<string, string>;
};
const IN_HAND = `
  select i.instrument_id as id, i.receipt_id as "receiptId", i.kind, i.amount, i.received_on as "receivedOn", i.number, i.bank, i.funds,
    coalesce(s.status = 'open', false) as "isSessionOpen"
  from collections.instruments i
  join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
  left join collections.counter_sessions s on s.ulb_id = r.ulb_id and s.session_id = r.session_id
  where i.ulb_id = :ulb and i.status = 'received'`;

/** Cash, cheques and drafts that were received and not deposited, oldest first. */
export async function instrumentsInHand(read: Read): Promise<InstrumentInHand[]> {
  const rows = await read.query<Row>(`${IN_HAND} order by i.received_on, i.instrument_id`, { ulb: read.ulb.id });
  return rows.map(({ funds: _funds, ...row }) => row);
}

/**
 * Deposits cash of closed sessions, or cheques and drafts, at the bank: contra, Dr bank Cr cash or cheques in hand. Without `instrumentIds` all that
 * is in hand of closed sessions goes. Raises REMITTANCE_EMPTY, REMITTANCE_NOT_IN_HAND, REMITTANCE_EARLY, REMITTANCE_SLIP, PERIOD_CLOSED.
 */
export async function depositInstruments(
  tx: Tx,
  deposit: {
    readonly kind: "cash" | "cheques";
    readonly instrumentIds?: readonly string[];
    readonly slipNumber: string;
    readonly date: LocalDate;
    /** The bank's account in the books; the ULB's main bank when not said. */
    readonly bankAccount?: string;
  },
): Promise<Remittance> {
  const kinds = deposit.kind === "cash" ? ["cash"] : ["cheque", "dd"];
  const rows = await tx.query<Row>(
    `${IN_HAND} and i.kind = any(:kinds::text[]) and (:ids::uuid[] is null or i.instrument_id = any(:ids::uuid[]))
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, kinds, ids: deposit.instrumentIds ?? null },
  );
  // The drawer of an open session is not counted yet: its cash cannot be in the bag. Cheques may go at any time.
  const taken = deposit.kind === "cash" ? rows.filter((r) => !r.isSessionOpen) : rows;
  if (deposit.instrumentIds && taken.length < deposit.instrumentIds.length) {
    const found = new Set(taken.map((r) => r.id));
    throw collectionErrors.REMITTANCE_NOT_IN_HAND({
      instruments: deposit.instrumentIds.filter((id) => !found.has(id)).join(", "),
    });
  }
  if (taken.length === 0) throw collectionErrors.REMITTANCE_EMPTY({ kind: deposit.kind });
  const latest = taken.map((r) => r.receivedOn).reduce((a, b) => (a > b ? a : b));
  if (latest > deposit.date) {
    throw collectionErrors.REMITTANCE_EARLY({ on: formatDate(deposit.date), received: formatDate(latest) });
  }
  const accounts = await postingAccounts(tx, "bank-main", "cash-in-hand", "cheques-in-hand");
  const bank = deposit.bankAccount ?? accounts["bank-main"];
  const amount = sum(taken.map((r) => r.amount));
  const id = newId();
  const fy = financialYearOf(deposit.date);
  const lines =
    deposit.kind === "cash"
      ? cashRemittanceLines({ bank, cash: accounts["cash-in-hand"] }, fundsOf(taken))
      : chequeRemittanceLines(
          { bank, cheques: accounts["cheques-in-hand"] },
          taken.map((r) => ({ number: r.number ?? "", byFund: fundsOf([r]) })),
        );
  const number = await takeNumber(tx, "remittance-no", fy);
  try {
    await tx.query(
      `insert into collections.remittances (ulb_id, remittance_id, fy, number, kind, bank_account, amount, slip_number, deposited_on, made_by, made_at)
       values (:ulb, :id, :fy, :number, :kind, :bank, :amount, :slip, :on_date, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        id,
        fy,
        number,
        kind: deposit.kind,
        bank,
        amount,
        slip: deposit.slipNumber,
        on_date: deposit.date,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) === "slip_is_booked_once") {
      throw collectionErrors.REMITTANCE_SLIP({ slip: deposit.slipNumber, on: formatDate(deposit.date) });
    }
    throw error;
  }
  await tx.query(
    `update collections.instruments set status = 'deposited', remittance_id = :id where ulb_id = :ulb and instrument_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, id, ids: taken.map((r) => r.id) },
  );
  await postEntry(tx, {
    voucher: "contra",
    date: deposit.date,
    narration: `Deposit of ${deposit.kind} ${toRupees(amount)}, slip ${deposit.slipNumber}`,
    source: { type: "remittance", id },
    lines,
  });
  return {
    id,
    number: `RM/${fy}/${number.toString().padStart(6, "0")}`,
    kind: deposit.kind,
    amount,
    slipNumber: deposit.slipNumber,
    depositedOn: deposit.date,
    instruments: taken.length,
  };
}

function fundsOf(rows: readonly Row[]): Map<string, Paise> {
  const total = new Map<string, bigint>();
  for (const row of rows)
    for (const [fund, amount] of Object.entries(row.funds)) total.set(fund, (total.get(fund) ?? 0n) + BigInt(amount));
  return new Map([...total].map(([fund, amount]) => [fund, paise(amount)]));
}
