import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, formatMoment, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { receiptNumber } from "../receipts/receipts.ts";
import { cashTie, cardTie, instrumentTie, provisionalTie } from "../ties.ts";
import { drawerOf, type Drawer } from "./drawer.ts";
import { counterErrors } from "./errors.ts";
import { handoversOf, type Handover } from "./handovers.ts";
import { getSession, listSessions, sessionTotals, type CounterSession } from "./sessions.ts";

/** A session read without closing it: what the drawer must hold, what came by mode, the first and last receipt, what was cancelled. */
export type SessionReading = {
  readonly session: CounterSession;
  readonly drawer: Drawer;
  readonly totals: readonly { readonly mode: string; readonly receipts: bigint; readonly amount: Paise }[];
  readonly handovers: readonly Handover[];
  readonly firstReceipt: string | null;
  readonly lastReceipt: string | null;
  readonly cancelled: { readonly count: number; readonly amount: Paise };
  readonly readAt: Date;
};

/** The X-reading. Raises SESSION_NOT_FOUND. */
export async function readSession(read: Read, sessionId: string): Promise<SessionReading> {
  const session = await getSession(read, sessionId);
  const span = await read.queryOne<{
    fy: string | null;
    first: bigint | null;
    last: bigint | null;
    cancelled: bigint;
    amount: Paise;
  }>(
    `select max(fy) as fy, min(number) as first, max(number) as last, count(*) filter (where status = 'cancelled') as cancelled,
       coalesce(sum(amount) filter (where status = 'cancelled'), 0)::bigint as amount
     from collections.receipts where ulb_id = :ulb and session_id = :id::uuid and kind = 'original'`,
    { ulb: read.ulb.id, id: sessionId },
  );
  const numberOf = (n: bigint | null | undefined): string | null =>
    n === null || n === undefined || !span?.fy ? null : receiptNumber(span.fy, n);
  return {
    session,
    drawer: await drawerOf(read, sessionId),
    totals: await sessionTotals(read, sessionId),
    handovers: await handoversOf(read, sessionId),
    firstReceipt: numberOf(span?.first),
    lastReceipt: numberOf(span?.last),
    cancelled: { count: Number(span?.cancelled ?? 0n), amount: span?.amount ?? (0n as Paise) },
    readAt: read.clock(),
  };
}

/** One line of the check list before the day of an office is closed. */
export type DayCheck = {
  readonly name: string;
  /** What is found; empty: in order. */
  readonly problems: readonly string[];
  /** Whether the day may be closed all the same: it is carried over to the next, on record. */
  readonly mayStand: boolean;
};

export type DaySheet = {
  readonly office: string;
  readonly day: LocalDate;
  readonly sessions: readonly SessionReading[];
  readonly totals: readonly { readonly mode: string; readonly receipts: bigint; readonly amount: Paise }[];
  readonly checks: readonly DayCheck[];
  readonly closed: { readonly by: string; readonly at: Date } | null;
};

/** What an office's counters did on a day, session by session, and its check list as it stands now. */
export async function daySheet(read: Read, office: string, day: LocalDate): Promise<DaySheet> {
  const own = (await listSessions(read, day)).filter((s) => s.office === office);
  const sessions: SessionReading[] = [];
  for (const session of own) sessions.push(await readSession(read, session.id));
  const totals = new Map<string, { receipts: bigint; amount: bigint }>();
  for (const { totals: modes } of sessions) {
    for (const t of modes) {
      const sum = totals.get(t.mode) ?? { receipts: 0n, amount: 0n };
      totals.set(t.mode, { receipts: sum.receipts + t.receipts, amount: sum.amount + t.amount });
    }
  }
  const closed = await read.queryOne<{ by: string; at: Date }>(
    `select closed_by as by, closed_at as at from collections.counter_days where ulb_id = :ulb and office = :office and day = :on_day::date`,
    { ulb: read.ulb.id, office, on_day: day },
  );
  return {
    office,
    day,
    sessions,
    totals: [...totals]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([mode, t]) => ({ mode, receipts: t.receipts, amount: t.amount as Paise })),
    checks: await dayChecks(read, office, day, sessions),
    closed: closed ?? null,
  };
}

async function dayChecks(
  read: Read,
  office: string,
  day: LocalDate,
  sessions: readonly SessionReading[],
): Promise<DayCheck[]> {
  const open = sessions.filter((s) => s.session.status === "open").map((s) => s.session);
  const held = await read.query<{ kind: string; n: bigint; amount: Paise }>(
    `select i.kind, count(*) as n, sum(i.amount)::bigint as amount
     from collections.instruments i
     left join collections.receipts r on r.ulb_id = i.ulb_id and r.receipt_id = i.receipt_id
     left join collections.acknowledgements a on a.ulb_id = i.ulb_id and a.ack_id = i.ack_id
     join collections.counter_sessions s on s.ulb_id = i.ulb_id and s.session_id = coalesce(r.session_id, a.session_id)
     where i.ulb_id = :ulb and s.office = :office and i.status = 'received' and i.received_on <= :on_day::date
       and i.kind in ('cash', 'cheque', 'dd', 'postal-order')
     group by i.kind order by i.kind`,
    { ulb: read.ulb.id, office, on_day: day },
  );
  const ties = [
    ...(await cashTie(read)),
    ...(await instrumentTie(read)),
    ...(await cardTie(read)),
    ...(await provisionalTie(read)),
  ];
  const pending = sessions.flatMap((s) => s.handovers.filter((h) => h.status === "given"));
  return [
    {
      name: "every counter is counted and closed",
      problems: open.map(
        (s) =>
          `${s.counter} of ${s.cashier}, opened ${formatMoment(s.openedAt)}, ${s.declared ? "waits for the approval of its difference" : "is open"}`,
      ),
      mayStand: false,
    },
    {
      name: "every handover is answered",
      problems: [...new Map(pending.map((h) => [h.id, h])).values()].map(
        (h) => `${formatIndian(h.amount)} from ${h.fromCashier} to ${h.toCashier} is not accepted`,
      ),
      mayStand: false,
    },
    {
      name: "cash and cheques are deposited",
      problems: held.map(
        (h) => `${h.kind}: ${h.n} of ${formatIndian(h.amount)} in hand, to be deposited the next working day`,
      ),
      mayStand: true,
    },
    {
      name: "cash, cheques and card slips in the books are those in hand",
      problems: ties
        .filter((t) => !t.ok)
        .map((t) => `${t.name}: ${toRupees(t.left as Paise)} against ${toRupees(t.right as Paise)}`),
      mayStand: false,
    },
  ];
}

/**
 * Closes the day of an office's counters: none of them is opened for it any more. What is not deposited yet is carried over on record.
 * Raises COUNTER_DAY_NOT_READY with all that stands in the way, COUNTER_DAY_CLOSED.
 */
export async function closeCounterDay(tx: Tx, office: string, day: LocalDate): Promise<DaySheet> {
  const sheet = await daySheet(tx, office, day);
  const name = office === "" ? "the office" : office;
  if (sheet.closed) throw counterErrors.COUNTER_DAY_CLOSED({ office: name, day: formatDate(day) });
  const problems = sheet.checks.filter((c) => !c.mayStand).flatMap((c) => c.problems);
  if (problems.length > 0) throw counterErrors.COUNTER_DAY_NOT_READY({ day: formatDate(day), problems });
  try {
    await tx.query(
      `insert into collections.counter_days (ulb_id, office, day, checks, totals, closed_by, closed_at)
       values (:ulb, :office, :on_day, :checks, :totals, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        office,
        on_day: day,
        checks: JSON.stringify(sheet.checks),
        totals: JSON.stringify(
          sheet.totals.map((t) => ({ ...t, receipts: t.receipts.toString(), amount: toRupees(t.amount) })),
        ),
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) === "counter_days_pkey")
      throw counterErrors.COUNTER_DAY_CLOSED({ office: name, day: formatDate(day) });
    throw error;
  }
  await audit(tx, { action: "close-day", subject: "counter-office", subjectId: `${office}/${day}` });
  return { ...sheet, closed: { by: tx.actor.id, at: tx.clock() } };
}
