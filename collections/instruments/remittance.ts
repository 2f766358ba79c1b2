import { postEntry, postingAccounts, takeNumber } from "../../ledger/index.ts";
import { financialYearOf, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { formatIndian, paise, sum, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { countDrawer, type Denominations } from "../counter/drawer.ts";
import { counterErrors } from "../counter/errors.ts";
import { counterPolicy } from "../counter/policy.ts";
import { cashRemittanceLines, chequeRemittanceLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { fundsOf } from "./funds.ts";

export type InstrumentInHand = {
  readonly id: string;
  /** Null for a cheque that is only acknowledged. */
  readonly receiptId: string | null;
  readonly ackId: string | null;
  readonly kind: "cash" | "cheque" | "dd" | "postal-order";
  readonly amount: Paise;
  readonly receivedOn: LocalDate;
  readonly number: string | null;
  readonly bank: string | null;
  /** Its drawer, or one to which the drawer's cash was handed, is not counted yet. */
  readonly isSessionOpen: boolean;
  /** Of one payment: a leaf that pays several accounts goes to the bank whole. */
  readonly tenderId: string | null;
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

type Row = InstrumentInHand & { readonly funds: Record<string, string>; readonly office: string };
const IN_HAND = `
  with recursive open_drawers as (
    select session_id from collections.counter_sessions where ulb_id = :ulb and status = 'open'
    union
    -- Cash that was handed on lies in the drawer of whoever took it.
    select h.from_session from collections.handovers h
    join open_drawers o on h.to_session = o.session_id
    where h.ulb_id = :ulb and h.status = 'accepted'
  )
  select i.instrument_id as id, i.receipt_id as "receiptId", i.ack_id as "ackId", i.kind, i.amount, i.received_on as "receivedOn", i.number, i.bank,
    i.funds, i.tender_id as "tenderId", coalesce(r.session_id, a.session_id) in (select session_id from open_drawers) as "isSessionOpen",
    coalesce(s.office, '') as office
  from collections.instruments i
  left join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
  left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id
  left join collections.counter_sessions s on s.ulb_id = i.ulb_id and s.session_id = coalesce(r.session_id, a.session_id)
  where i.ulb_id = :ulb and i.status = 'received' and i.kind in ('cash', 'cheque', 'dd', 'postal-order')`;

/** Cash, cheques and drafts that were received and not deposited, oldest first. */
export async function instrumentsInHand(read: Read): Promise<InstrumentInHand[]> {
  const rows = await read.query<Row>(`${IN_HAND} order by i.received_on, i.instrument_id`, { ulb: read.ulb.id });
  return rows.map(({ funds: _funds, office: _office, ...row }) => row);
}

/**
 * Deposits cash of closed sessions, or cheques and drafts, at the bank: contra, Dr bank Cr cash or cheques in hand; a ULB that keeps cheques in
 * clearing apart has them there until the bank credits them. Without `instrumentIds` all that
 * is in hand of closed sessions goes. What its drawers were short of or over when they were closed goes with the cash of their office; a leaf that
 * pays several accounts goes whole. Raises REMITTANCE_EMPTY, REMITTANCE_NOT_IN_HAND, REMITTANCE_EARLY, REMITTANCE_SLIP, REMITTANCE_NET,
 * REMITTANCE_COUNT, PERIOD_CLOSED.
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
    /** The pieces in the bag, for the pay-in slip; they must come to the deposit. */
    readonly denominations?: Denominations;
  },
): Promise<Remittance> {
  const kinds = deposit.kind === "cash" ? ["cash"] : ["cheque", "dd", "postal-order"];
  const rows = await tx.query<Row>(
    `${IN_HAND} and i.kind = any(:kinds::text[]) and (:ids::uuid[] is null or i.instrument_id = any(:ids::uuid[])
       or (i.kind <> 'cash' and i.tender_id in (select t.tender_id from collections.instruments t where t.ulb_id = :ulb and t.instrument_id = any(:ids::uuid[]))))
     order by i.instrument_id for no key update of i`,
    { ulb: tx.ulb.id, kinds, ids: deposit.instrumentIds ?? null },
  );
  // The drawer of an open session is not counted yet: its cash cannot be in the bag. Cheques may go at any time.
  const taken = deposit.kind === "cash" ? rows.filter((r) => !r.isSessionOpen) : rows;
  const found = new Set(taken.map((r) => r.id));
  const missing = (deposit.instrumentIds ?? []).filter((id) => !found.has(id));
  if (missing.length > 0) throw collectionErrors.REMITTANCE_NOT_IN_HAND({ instruments: missing.join(", ") });
  if (taken.length === 0) throw collectionErrors.REMITTANCE_EMPTY({ kind: deposit.kind });
  const latest = taken.map((r) => r.receivedOn).reduce((a, b) => (a > b ? a : b));
  if (latest > deposit.date) {
    throw collectionErrors.REMITTANCE_EARLY({ on: formatDate(deposit.date), received: formatDate(latest) });
  }
  const accounts = await postingAccounts(tx, "bank-main", "cash-in-hand", "cheques-in-hand");
  const bank = deposit.bankAccount ?? accounts["bank-main"];
  const clearing = deposit.kind === "cheques" ? await clearingHead(tx, deposit.date, bank) : null;
  const differences =
    deposit.kind === "cash" ? await openDifferences(tx, [...new Set(taken.map((r) => r.office))], deposit.date) : [];
  const byFund = withDifferences(fundsOf(taken), differences);
  const amount = sum(byFund.values());
  if (deposit.denominations && countDrawer(deposit.denominations) !== amount) {
    throw counterErrors.REMITTANCE_COUNT({
      amount: formatIndian(amount),
      counted: formatIndian(countDrawer(deposit.denominations)),
    });
  }
  const id = newId();
  const fy = financialYearOf(deposit.date);
  const lines =
    deposit.kind === "cash"
      ? cashRemittanceLines({ bank, cash: accounts["cash-in-hand"] }, byFund)
      : chequeRemittanceLines(
          { bank: clearing ?? bank, cheques: accounts["cheques-in-hand"] },
          [...groupBy(taken, (r) => `${r.number ?? ""}/${r.tenderId ?? r.id}`).values()].map((shares) => ({
            number: shares[0]?.number ?? "",
            byFund: fundsOf(shares),
          })),
        );
  const number = await takeNumber(tx, "remittance-no", fy);
  try {
    await tx.query(
      `insert into collections.remittances (ulb_id, remittance_id, fy, number, kind, bank_account, amount, slip_number, deposited_on, made_by, made_at,
         denominations, clearing_account)
       values (:ulb, :id, :fy, :number, :kind, :bank, :amount, :slip, :on_date, :actor, :now, :pieces, :clearing)`,
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
        pieces: deposit.denominations ? JSON.stringify(deposit.denominations) : null,
        clearing,
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
  await tx.query(
    `update collections.cash_differences set remittance_id = :id where ulb_id = :ulb and difference_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, id, ids: differences.map((d) => d.id) },
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
    number: remittanceNumber(fy, number),
    kind: deposit.kind,
    amount,
    slipNumber: deposit.slipNumber,
    depositedOn: deposit.date,
    instruments: taken.length,
  };
}

/** Where a ULB keeps cheques in clearing apart on that day: their head. Null where they go to the bank's head, or the ULB maps the one to the other. */
async function clearingHead(read: Read, on: LocalDate, bank: string): Promise<string | null> {
  const { clearingHeadFrom } = await counterPolicy(read);
  if (clearingHeadFrom === null || on < clearingHeadFrom) return null;
  const { "cheques-in-clearing": head } = await postingAccounts(read, "cheques-in-clearing");
  return head === bank ? null : head;
}

export type DepositSlip = Omit<Remittance, "instruments"> & {
  readonly bankAccount: string;
  readonly bankName: string;
  readonly madeBy: string;
  readonly denominations: Denominations | null;
  readonly leaves: readonly {
    readonly kind: string;
    readonly number: string;
    readonly bank: string;
    readonly date: LocalDate | null;
    readonly amount: Paise;
  }[];
};

/** A deposit as its pay-in slip shows it: pieces of cash, or leaf by leaf. Raises REMITTANCE_NOT_FOUND. */
export async function getDepositSlip(read: Read, id: string): Promise<DepositSlip> {
  const row = await read.queryOne<Omit<DepositSlip, "number" | "leaves"> & { fy: string; serial: bigint }>(
    `select m.remittance_id as id, m.fy, m.number as serial, m.kind, m.amount, m.slip_number as "slipNumber", m.deposited_on as "depositedOn",
       m.bank_account as "bankAccount", a.name as "bankName", m.made_by as "madeBy", m.denominations
     from collections.remittances m
     join ledger.accounts a on a.ulb_id = m.ulb_id and a.code = m.bank_account
     where m.ulb_id = :ulb and m.remittance_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!row) throw counterErrors.REMITTANCE_NOT_FOUND({ remittance: id });
  const { fy, serial, ...slip } = row;
  const leaves = await read.query<DepositSlip["leaves"][number]>(
    `select kind, coalesce(number, '') as number, coalesce(bank, '') as bank, instrument_date as date, sum(amount)::bigint as amount
     from collections.instruments where ulb_id = :ulb and remittance_id = :id::uuid and kind <> 'cash'
     group by kind, number, bank, instrument_date order by bank, number`,
    { ulb: read.ulb.id, id },
  );
  return { ...slip, number: remittanceNumber(fy, serial), leaves };
}

/** The latest deposits, newest first; at most 100. */
export async function listRemittances(read: Read): Promise<Remittance[]> {
  const rows = await read.query<Omit<Remittance, "number"> & { fy: string; serial: bigint }>(
    `select m.remittance_id as id, m.fy, m.number as serial, m.kind, m.amount, m.slip_number as "slipNumber", m.deposited_on as "depositedOn",
       (select count(*) from collections.instruments i where i.ulb_id = m.ulb_id and i.remittance_id = m.remittance_id)::integer as instruments
     from collections.remittances m where m.ulb_id = :ulb order by m.deposited_on desc, m.fy desc, m.number desc limit 100`,
    { ulb: read.ulb.id },
  );
  return rows.map(({ fy, serial, ...r }) => ({ ...r, number: remittanceNumber(fy, serial) }));
}

function remittanceNumber(fy: string, number: bigint): string {
  return `RM/${fy}/${number.toString().padStart(6, "0")}`;
}

type CashDifference = { readonly id: string; readonly fund: string; readonly amount: bigint };

/** What the closed drawers of these offices were short of (negative) or over, and is in no deposit yet. */
async function openDifferences(tx: Tx, offices: readonly string[], until: LocalDate): Promise<CashDifference[]> {
  return tx.query<CashDifference>(
    `select d.difference_id as id, d.fund, d.amount from collections.cash_differences d
     join collections.counter_sessions s on s.ulb_id = d.ulb_id and s.session_id = d.session_id
     where d.ulb_id = :ulb and d.remittance_id is null and not d.is_of_float and s.office = any(:offices::text[]) and d.booked_on <= :until::date
     order by d.difference_id for no key update of d`,
    { ulb: tx.ulb.id, offices, until },
  );
}

/** The bag as it is: the receipts' cash less what was short, more what was over, in each fund. Raises REMITTANCE_NET. */
export function withDifferences(
  cash: ReadonlyMap<string, Paise>,
  differences: readonly Pick<CashDifference, "fund" | "amount">[],
): Map<string, Paise> {
  const bag = new Map<string, bigint>(cash);
  for (const { fund, amount } of differences) bag.set(fund, (bag.get(fund) ?? 0n) + amount);
  for (const [fund, amount] of bag) {
    if (amount >= 0n) continue;
    throw counterErrors.REMITTANCE_NET({
      cash: formatIndian(cash.get(fund) ?? paise(0n)),
      short: formatIndian(paise((cash.get(fund) ?? 0n) - amount)),
      fund,
    });
  }
  const left = new Map([...bag].filter(([, amount]) => amount > 0n).map(([fund, amount]) => [fund, paise(amount)]));
  if (left.size === 0) throw collectionErrors.REMITTANCE_EMPTY({ kind: "cash" });
  return left;
}
