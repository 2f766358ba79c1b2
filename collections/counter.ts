import { applyPayment, billingErrors, listTaxHeads } from "../billing/index.ts";
import { postingAccounts } from "../ledger/index.ts";
import { audit } from "../ledger/kernel/audit.ts";
import { addMonths, dateInIndia, formatDate, formatMoment, type LocalDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { add, formatIndian, paise, rupees, subtract, sum, toRupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../ledger/kernel/tx.ts";
import { chequeParty, receiptLines, type Party } from "./entries.ts";
import { collectionErrors } from "./errors.ts";
import {
  getReceipt,
  linesOf,
  lockPayers,
  serviceName,
  writeDocuments,
  type Receipt,
  type ReceiptDraft,
} from "./receipts.ts";

export type CounterSession = {
  readonly id: string;
  readonly counter: string;
  readonly cashier: string;
  readonly status: "open" | "closed";
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly counted: Paise | null;
};

/** How the money is tendered. A draft ("dd") is a cheque that a bank wrote. A bank transfer is on the bank's statement already. */
export type Tender =
  | { readonly kind: "cash" }
  | {
      readonly kind: "cheque" | "dd";
      readonly number: string;
      /** The drawee bank: its name, or better its MICR or IFSC code. */
      readonly bank: string;
      readonly branch?: string | undefined;
      readonly date: LocalDate;
    }
  | { readonly kind: "bank-transfer"; readonly utr: string; readonly date: LocalDate };

export type CounterReceipt = {
  readonly sessionId: string;
  readonly consumerId: string;
  readonly amount: Paise;
  readonly tender: Tender;
  readonly payerName?: string | undefined;
  readonly billId?: string | undefined;
  /** The payer was told that more than the dues becomes his advance. */
  readonly acceptAdvance?: boolean | undefined;
  /** Of the form that was filled in: the same form gives the same receipt, also when the printer failed after the commit. */
  readonly idempotencyKey: string;
};

/** Income-tax Act 2025 s.186 (before it s.269ST of 1961): from this sum on, nothing may be received in cash. */
export const CASH_LIMIT = rupees("200000");
const COLUMNS = `session_id as id, counter, cashier, status, opened_at as "openedAt", closed_at as "closedAt", counted`;

/** Opens a counter for the acting cashier. Raises SESSION_OPEN_ALREADY. */
export async function openCounterSession(tx: Tx, options: { readonly counter: string }): Promise<CounterSession> {
  const row = await tx.queryOne<CounterSession>(
    `insert into collections.counter_sessions (ulb_id, session_id, counter, cashier, opened_at)
     values (:ulb, :id, :counter, :cashier, :now)
     on conflict (ulb_id, cashier) where status = 'open' do nothing
     returning ${COLUMNS}`,
    { ulb: tx.ulb.id, id: newId(), counter: options.counter, cashier: tx.actor.id, now: tx.clock() },
  );
  if (row) return row;
  const open = await currentSession(tx);
  throw collectionErrors.SESSION_OPEN_ALREADY({
    cashier: tx.actor.id,
    counter: open?.counter ?? "?",
    since: open ? formatMoment(open.openedAt) : "?",
  });
}

/** The acting cashier's open session, if any. */
export async function currentSession(read: Read): Promise<CounterSession | undefined> {
  return read.queryOne<CounterSession>(
    `select ${COLUMNS} from collections.counter_sessions where ulb_id = :ulb and cashier = :cashier and status = 'open'`,
    { ulb: read.ulb.id, cashier: read.actor.id },
  );
}

/** Raises SESSION_NOT_FOUND. */
export async function getSession(read: Read, sessionId: string): Promise<CounterSession> {
  const row = await read.queryOne<CounterSession>(
    `select ${COLUMNS} from collections.counter_sessions where ulb_id = :ulb and session_id = :id::uuid`,
    { ulb: read.ulb.id, id: sessionId },
  );
  if (!row) throw collectionErrors.SESSION_NOT_FOUND({ session: sessionId });
  return row;
}

/** What the session took so far, by mode; cancelled receipts are left out. */
export async function sessionTotals(
  read: Read,
  sessionId: string,
): Promise<{ readonly mode: string; readonly receipts: bigint; readonly amount: Paise }[]> {
  return read.query(
    `select mode, count(*) as receipts, sum(amount)::bigint as amount from collections.receipts
     where ulb_id = :ulb and session_id = :id::uuid and status <> 'cancelled' group by mode order by mode`,
    { ulb: read.ulb.id, id: sessionId },
  );
}

/**
 * Receives money at the counter: allocations, receipt, instrument and journal entry in this one transaction. The receipt is dated today.
 * Raises SESSION_*, COUNTER_AMOUNT, OVERPAYMENT (unless accepted as an advance), CASH_LIMIT, CHEQUE_*, TRANSFER_*, CONSUMER_NOT_FOUND, and the
 * ledger's refusals (a closed month).
 */
export async function receiveAtCounter(tx: Tx, request: CounterReceipt): Promise<Receipt> {
  if (!/^[A-Za-z0-9:._-]{8,100}$/.test(request.idempotencyKey)) {
    throw collectionErrors.IDEMPOTENCY_KEY({ key: request.idempotencyKey.slice(0, 120) });
  }
  if (request.amount <= 0n) throw collectionErrors.COUNTER_AMOUNT({ amount: formatIndian(request.amount) });
  const today = dateInIndia(tx.clock());
  await lockSession(tx, request.sessionId, today);
  const before = await findByKey(tx, request);
  if (before) return before;
  checkTender(request.tender, today);

  const payer = (await lockPayers(tx, [request.consumerId])).get(request.consumerId);
  if (!payer) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: request.consumerId });
  if (request.tender.kind === "cash") await checkCash(tx, request, today);
  const receiptId = newId();
  const applied = await applyPayment(tx, {
    consumerId: request.consumerId,
    amount: request.amount,
    date: today,
    source: { type: "receipt", id: receiptId },
    billId: request.billId ?? null,
  });
  // Rounding up to whole rupees, as bills ask, is no overpayment that anyone needs to confirm.
  const isRounding = applied.advance < 100n && applied.advance < request.amount;
  if (applied.advance > 0n && request.acceptAdvance !== true && !isRounding) {
    throw collectionErrors.OVERPAYMENT({
      amount: formatIndian(request.amount),
      due: formatIndian(subtract(request.amount, applied.advance)),
      excess: formatIndian(applied.advance),
    });
  }
  const titles = new Map((await listTaxHeads(tx, today)).map((h) => [h.code, h]));
  const money = await moneyOf(tx, request.tender);
  const draft: ReceiptDraft = {
    receiptId,
    payer,
    payerName: request.payerName?.trim() || payer.name,
    billId: request.billId ?? null,
    channel: "counter",
    mode: request.tender.kind,
    amount: request.amount,
    paidAt: tx.clock(),
    valueDate: today,
    entryDate: today,
    sessionId: request.sessionId,
    paymentId: null,
    idempotencyKey: request.idempotencyKey,
    instrument: money.instrument,
    entryLines: receiptLines(money.instrument.account, money.party, applied.ledgerLines, request.amount),
    lines: linesOf(applied, titles),
    narration: `${serviceName(payer.service)}, ${payer.code}, ${money.words}`,
  };
  try {
    await writeDocuments(tx, [draft]);
  } catch (error) {
    const rule = violatedRule(error);
    if (rule === "cheque_is_entered_once" && (request.tender.kind === "cheque" || request.tender.kind === "dd")) {
      throw collectionErrors.CHEQUE_ENTERED_ALREADY({ number: request.tender.number, bank: request.tender.bank });
    }
    if (rule === "transfer_is_entered_once" && request.tender.kind === "bank-transfer") {
      throw collectionErrors.TRANSFER_ENTERED_ALREADY({ utr: request.tender.utr });
    }
    throw error;
  }
  return getReceipt(tx, receiptId);
}

/** Holds the session, so that it is not closed meanwhile. Raises SESSION_*. */
async function lockSession(tx: Tx, sessionId: string, today: LocalDate): Promise<void> {
  await tx.query(
    "select 1 from collections.counter_sessions where ulb_id = :ulb and session_id = :id::uuid for no key update",
    {
      ulb: tx.ulb.id,
      id: sessionId,
    },
  );
  const session = await getSession(tx, sessionId);
  if (session.cashier !== tx.actor.id)
    throw collectionErrors.SESSION_OF_ANOTHER({ counter: session.counter, cashier: session.cashier });
  if (session.closedAt)
    throw collectionErrors.SESSION_CLOSED({ counter: session.counter, closed: formatMoment(session.closedAt) });
  const opened = dateInIndia(session.openedAt);
  if (opened !== today) {
    throw collectionErrors.SESSION_OF_ANOTHER_DAY({
      counter: session.counter,
      opened: formatDate(opened),
      today: formatDate(today),
    });
  }
}

async function findByKey(tx: Tx, request: CounterReceipt): Promise<Receipt | undefined> {
  const row = await tx.queryOne<{ id: string; consumer_id: string; amount: bigint; mode: string }>(
    `select receipt_id as id, consumer_id, amount, mode from collections.receipts
     where ulb_id = :ulb and issued_by = :actor and idempotency_key = :key`,
    { ulb: tx.ulb.id, actor: tx.actor.id, key: request.idempotencyKey },
  );
  if (!row) return undefined;
  if (row.consumer_id !== request.consumerId || row.amount !== request.amount || row.mode !== request.tender.kind) {
    throw collectionErrors.IDEMPOTENCY_CONFLICT({ key: request.idempotencyKey });
  }
  return getReceipt(tx, row.id);
}

/** Rules that need no database. Cheques are payable for three months (RBI, from 1 April 2012). */
export function checkTender(tender: Tender, today: LocalDate): void {
  if (tender.kind === "cheque" || tender.kind === "dd") {
    if (!/^\d{6}$/.test(tender.number)) throw collectionErrors.CHEQUE_NUMBER({ number: tender.number.slice(0, 20) });
    if (tender.date > today) {
      throw collectionErrors.CHEQUE_POST_DATED({
        number: tender.number,
        dated: formatDate(tender.date),
        today: formatDate(today),
      });
    }
    const until = addMonths(tender.date, 3);
    if (today > until) {
      throw collectionErrors.CHEQUE_STALE({
        number: tender.number,
        dated: formatDate(tender.date),
        until: formatDate(until),
      });
    }
  }
  if (tender.kind === "bank-transfer" && !/^[A-Za-z0-9]{10,30}$/.test(tender.utr)) {
    throw collectionErrors.TRANSFER_REFERENCE({ utr: tender.utr.slice(0, 40) });
  }
}

/** Counts what the same payer gave in cash today, and what was taken in cash for the same bill on any day. His row is locked. */
async function checkCash(tx: Tx, request: CounterReceipt, today: LocalDate): Promise<void> {
  const row = await tx.queryOne<{ earlier: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as earlier from collections.receipts
     where ulb_id = :ulb and mode = 'cash' and status <> 'cancelled'
       and ((consumer_id = :consumer::uuid and entry_date = :today::date) or (consumer_id = :consumer::uuid and bill_id = :bill::uuid))`,
    { ulb: tx.ulb.id, consumer: request.consumerId, today, bill: request.billId ?? null },
  );
  const earlier = paise(row?.earlier ?? 0n);
  const total = add(earlier, request.amount);
  if (total >= CASH_LIMIT) {
    throw collectionErrors.CASH_LIMIT({
      amount: formatIndian(request.amount),
      earlier: formatIndian(earlier),
      total: formatIndian(total),
      on: formatDate(today),
    });
  }
}

async function moneyOf(
  tx: Tx,
  tender: Tender,
): Promise<{
  readonly instrument: ReceiptDraft["instrument"];
  readonly party: Party | undefined;
  readonly words: string;
}> {
  const accounts = await postingAccounts(tx, "cash-in-hand", "cheques-in-hand", "bank-main");
  const none = { number: null, bank: null, branch: null, date: null };
  if (tender.kind === "cash") {
    return {
      instrument: { ...none, kind: "cash", account: accounts["cash-in-hand"], status: "received" },
      party: undefined,
      words: "cash",
    };
  }
  if (tender.kind === "bank-transfer") {
    return {
      instrument: {
        ...none,
        kind: tender.kind,
        account: accounts["bank-main"],
        status: "deposited",
        number: tender.utr,
        date: tender.date,
      },
      party: { type: "utr", id: tender.utr },
      words: `bank transfer ${tender.utr}`,
    };
  }
  return {
    instrument: {
      kind: tender.kind,
      account: accounts["cheques-in-hand"],
      status: "received",
      number: tender.number,
      bank: tender.bank.trim().toUpperCase(),
      branch: tender.branch ?? null,
      date: tender.date,
    },
    party: chequeParty(tender.number),
    words: `${tender.kind === "dd" ? "draft" : "cheque"} ${tender.number} of ${tender.bank}, subject to realisation`,
  };
}

/** Pieces by denomination in rupees: {"500": 12, "100": 3, "0.50": 1}. */
export type Denominations = Readonly<Record<string, number>>;
const DENOMINATIONS = new Set(["2000", "500", "200", "100", "50", "20", "10", "5", "2", "1", "0.50"]);

/** What the pieces are worth. Raises DENOMINATION_UNKNOWN. */
export function countDrawer(denominations: Denominations): Paise {
  return sum(
    Object.entries(denominations).map(([denomination, count]) => {
      if (!DENOMINATIONS.has(denomination) || !Number.isSafeInteger(count) || count < 0) {
        throw collectionErrors.DENOMINATION_UNKNOWN({ denomination: denomination.slice(0, 20), count: String(count) });
      }
      return paise(rupees(denomination) * BigInt(count));
    }),
  );
}

/**
 * Closes the session when the drawer was counted and tallies with the cash receipts to the paisa; otherwise the refusal says how much is short or
 * over and the session stays open. Raises SESSION_*, DENOMINATION_UNKNOWN, DRAWER_MISMATCH.
 */
export async function closeCounterSession(
  tx: Tx,
  sessionId: string,
  denominations: Denominations,
): Promise<CounterSession> {
  await tx.query(
    "select 1 from collections.counter_sessions where ulb_id = :ulb and session_id = :id::uuid for update",
    {
      ulb: tx.ulb.id,
      id: sessionId,
    },
  );
  const session = await getSession(tx, sessionId);
  if (session.cashier !== tx.actor.id)
    throw collectionErrors.SESSION_OF_ANOTHER({ counter: session.counter, cashier: session.cashier });
  if (session.closedAt)
    throw collectionErrors.SESSION_CLOSED({ counter: session.counter, closed: formatMoment(session.closedAt) });
  const counted = countDrawer(denominations);
  const expected = (await sessionTotals(tx, sessionId)).find((t) => t.mode === "cash")?.amount ?? ZERO;
  if (counted !== expected) {
    const isShort = counted < expected;
    throw collectionErrors.DRAWER_MISMATCH({
      expected: formatIndian(expected),
      counted: formatIndian(counted),
      difference: formatIndian(isShort ? subtract(expected, counted) : subtract(counted, expected)),
      kind: isShort ? "short" : "over",
    });
  }
  await tx.query(
    `update collections.counter_sessions set status = 'closed', closed_at = :now, counted = :counted, denominations = :denominations
     where ulb_id = :ulb and session_id = :id::uuid`,
    { ulb: tx.ulb.id, id: sessionId, now: tx.clock(), counted, denominations: JSON.stringify(denominations) },
  );
  await audit(tx, {
    action: "close",
    subject: "counter-session",
    subjectId: sessionId,
    after: { counted: toRupees(counted), denominations },
  });
  return getSession(tx, sessionId);
}
