import { movements } from "../balances.ts";
import { ledgerErrors } from "../errors.ts";
import { audit, type Json } from "../kernel/audit.ts";
import {
  addDays,
  dateInIndia,
  periodEnd,
  periodOf,
  periodStart,
  type LocalDate,
  type Period,
} from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { lockPeriod, periodStatus } from "../periods.ts";
import { postingAccount } from "../posting-map.ts";
import { closeErrors } from "./errors.ts";

/** Notes and coins in rupees, largest first: what a physical count is written down by. */
export const CASH_DENOMINATIONS = [2000, 500, 200, 100, 50, 20, 10, 5, 2, 1] as const;

export type CashBookLine = {
  readonly account: string;
  readonly name: string;
  readonly opening: Paise;
  readonly receipts: Paise;
  readonly payments: Paise;
  readonly closing: Paise;
};
export type CashBook = {
  readonly day: LocalDate;
  readonly lines: readonly CashBookLine[];
  readonly total: Omit<CashBookLine, "account" | "name">;
  /** The head of physical cash (posting map "cash-in-hand") and what it must be when counted. */
  readonly cashAccount: string;
  readonly cashInHand: Paise;
};

/** The cash and bank book of a day: opening, receipts, payments and closing of each cash or bank head that has any. */
export async function cashBook(read: Read, day: LocalDate): Promise<CashBook> {
  const accounts = new Map(
    (
      await read.query<{ code: string; name: string }>(
        "select code, name from ledger.accounts where ulb_id = :ulb and is_cash_bank and is_posting",
        { ulb: read.ulb.id },
      )
    ).map((a) => [a.code, a.name]),
  );
  const lines = (await movements(read, { from: day, to: day }))
    .filter((r) => accounts.has(r.account))
    .map((r) => ({
      account: r.account,
      name: accounts.get(r.account) ?? "",
      opening: r.opening,
      receipts: r.debit,
      payments: r.credit,
      closing: paise(r.opening + r.debit - r.credit),
    }));
  const total = (key: "opening" | "receipts" | "payments" | "closing"): Paise =>
    paise(lines.reduce((a, l) => a + l[key], 0n));
  const cashAccount = await postingAccount(read, "cash-in-hand");
  return {
    day,
    lines,
    total: {
      opening: total("opening"),
      receipts: total("receipts"),
      payments: total("payments"),
      closing: total("closing"),
    },
    cashAccount,
    cashInHand: lines.find((l) => l.account === cashAccount)?.closing ?? paise(0n),
  };
}

/** Counted notes and coins by denomination in rupees; what is not named was none. */
export type CashCount = Readonly<Record<string, number>>;

export function countedAmount(counts: CashCount): Paise {
  return paise(CASH_DENOMINATIONS.reduce((a, d) => a + BigInt(d) * 100n * BigInt(counts[String(d)] ?? 0), 0n));
}

/**
 * Closes and signs the cash and bank book of a day. From then on nothing is dated on or before it under cash and bank heads; other days are
 * untouched. The physical count must be what the book says, or the remark says why not. Raises DAY_IN_FUTURE, DAY_CLOSED_ALREADY,
 * SIGNATURE_MISSING, DAY_COUNT_FORM, DAY_COUNT_DIFFERS, PERIOD_MISSING.
 */
export async function closeDay(
  tx: Tx,
  close: {
    readonly day: LocalDate;
    readonly counts: CashCount;
    readonly signedAs: string;
    readonly remark?: string;
  },
): Promise<CashBook> {
  const { day } = close;
  const today = dateInIndia(tx.clock());
  if (day > today) throw closeErrors.DAY_IN_FUTURE({ day, today });
  if (close.signedAs.trim().length < 3)
    throw closeErrors.SIGNATURE_MISSING({ what: `the cash and bank book of ${day}` });
  for (const [denomination, pieces] of Object.entries(close.counts))
    if (!Number.isInteger(pieces) || pieces < 0 || pieces > 999_999) throw closeErrors.DAY_COUNT_FORM({ denomination });
  await periodStatus(tx, periodOf(day));
  await lockOpenMonths(tx, periodOf(day));
  const locked = await lockedTo(tx);
  if (locked !== undefined && day <= locked) throw closeErrors.DAY_CLOSED_ALREADY({ day, lockedTo: locked });
  const book = await cashBook(tx, day);
  const counted = countedAmount(close.counts);
  const remark = close.remark?.trim() ?? "";
  if (counted !== book.cashInHand && remark.length < 5) {
    throw closeErrors.DAY_COUNT_DIFFERS({ day, counted: String(counted), book: String(book.cashInHand) });
  }
  await writeEvent(tx, day, {
    event: "closed",
    signedAs: close.signedAs.trim().slice(0, 200),
    reason: remark === "" ? null : remark.slice(0, 1000),
    cashBook: book.lines.map((l) => ({
      account: l.account,
      opening: String(l.opening),
      receipts: String(l.receipts),
      payments: String(l.payments),
      closing: String(l.closing),
    })),
    counted: Object.fromEntries(CASH_DENOMINATIONS.map((d) => [String(d), close.counts[String(d)] ?? 0])),
    countedAmount: counted,
    bookAmount: book.cashInHand,
  });
  await setLock(tx, day);
  await audit(tx, {
    action: "close",
    subject: "day",
    subjectId: day,
    after: { signedAs: close.signedAs.trim(), counted: String(counted), book: String(book.cashInHand) },
    ...(remark === "" ? {} : { reason: remark }),
  });
  return book;
}

/**
 * Opens a closed day again, with a reason that stays on record, and with it every closed day after it, because their opening balances rest
 * on it. Gives the days that are open now. Raises REASON_MISSING, DAY_NOT_CLOSED.
 */
export async function reopenDay(tx: Tx, day: LocalDate, reason: string): Promise<LocalDate[]> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `reopening ${day}` });
  await lockOpenMonths(tx, periodOf(dateInIndia(tx.clock())));
  const locked = await lockedTo(tx);
  if (locked === undefined || day > locked) throw closeErrors.DAY_NOT_CLOSED({ day });
  const later = await tx.query<{ day: LocalDate }>(
    `select distinct on (day) day, event from ledger.day_closes where ulb_id = :ulb and day >= :day::date order by day, event_no desc`,
    { ulb: tx.ulb.id, day },
  );
  const closed = (later as { day: LocalDate; event: string }[]).filter((d) => d.event === "closed").map((d) => d.day);
  const opened = [...new Set([day, ...closed])];
  for (const d of opened) await writeEvent(tx, d, { event: "reopened", reason: reason.trim().slice(0, 1000) });
  await setLock(tx, addDays(day, -1));
  await audit(tx, {
    action: "reopen",
    subject: "day",
    subjectId: day,
    after: { days: opened as readonly Json[] },
    reason: reason.trim(),
  });
  return opened;
}

/** Up to which day the cash and bank book is signed. */
export async function lockedTo(read: Read): Promise<LocalDate | undefined> {
  const row = await read.queryOne<{ locked_to: LocalDate }>(
    "select locked_to from ledger.cash_locks where ulb_id = :ulb",
    { ulb: read.ulb.id },
  );
  return row?.locked_to;
}

export type DayEvent = {
  readonly day: LocalDate;
  readonly event: "closed" | "reopened";
  readonly at: Date;
  readonly actor: string;
  readonly signedAs: string | null;
  readonly reason: string | null;
  readonly countedAmount: Paise | null;
  readonly bookAmount: Paise | null;
};

/** Every close and reopening of the days of a month, in order of day. */
export async function dayEvents(read: Read, month: Period): Promise<DayEvent[]> {
  return read.query<DayEvent>(
    `select day, event, at, actor, signed_as as "signedAs", reason, counted_amount as "countedAmount", book_amount as "bookAmount"
     from ledger.day_closes where ulb_id = :ulb and day between :from_day::date and :to_day::date
     order by day, event_no limit 500`,
    { ulb: read.ulb.id, from_day: periodStart(month), to_day: periodEnd(month) },
  );
}

// Alone in every open month up to the day's: postings under way are in the book that is signed, and later ones see the lock.
async function lockOpenMonths(tx: Tx, until: Period): Promise<void> {
  const months = await tx.query<{ period: Period }>(
    "select period from ledger.periods where ulb_id = :ulb and period <= :until and status = 'open' order by period",
    { ulb: tx.ulb.id, until },
  );
  for (const m of months) await lockPeriod(tx, m.period);
}

async function setLock(tx: Tx, day: LocalDate): Promise<void> {
  await tx.query(
    `insert into ledger.cash_locks (ulb_id, locked_to) values (:ulb, :day)
     on conflict (ulb_id) do update set locked_to = excluded.locked_to`,
    { ulb: tx.ulb.id, day },
  );
}

async function writeEvent(
  tx: Tx,
  day: LocalDate,
  e: {
    readonly event: "closed" | "reopened";
    readonly signedAs?: string;
    readonly reason: string | null;
    readonly cashBook?: Json;
    readonly counted?: Json;
    readonly countedAmount?: Paise;
    readonly bookAmount?: Paise;
  },
): Promise<void> {
  await tx.query(
    `insert into ledger.day_closes (ulb_id, day, event_no, event, at, actor, signed_as, reason, cash_book, counted, counted_amount, book_amount)
     select :ulb, :day, 1 + coalesce(max(event_no), 0), :event, :now, :actor, :signed, :reason, :book::jsonb, :counted::jsonb, :counted_amount::bigint,
       :book_amount::bigint
     from ledger.day_closes where ulb_id = :ulb and day = :day`,
    {
      ulb: tx.ulb.id,
      day,
      event: e.event,
      now: tx.clock(),
      actor: tx.actor.id,
      signed: e.signedAs ?? null,
      reason: e.reason,
      book: e.cashBook === undefined ? null : JSON.stringify(e.cashBook),
      counted: e.counted === undefined ? null : JSON.stringify(e.counted),
      counted_amount: e.countedAmount ?? null,
      book_amount: e.bookAmount ?? null,
    },
  );
}
