import { postEntry, postingAccounts } from "../../ledger/index.ts";
import { audit } from "../../ledger/kernel/audit.ts";
import { dateInIndia, formatDate, formatMoment, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, paise, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { cashOverLines, cashShortLines } from "../entries.ts";
import { collectionErrors } from "../errors.ts";
import { countDrawer, difference, differenceText, drawerOf, spreadShortage, type Denominations } from "./drawer.ts";
import { counterErrors } from "./errors.ts";

export type CounterSession = {
  readonly id: string;
  readonly counter: string;
  /** The counters of one building close their day together; "" where the ULB has one. */
  readonly office: string;
  readonly cashier: string;
  readonly status: "open" | "closed";
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly counted: Paise | null;
  readonly float: Paise;
  readonly floatFrom: string | null;
  readonly isLeaving: boolean;
  /** Counted with a difference and waiting for the supervisor. */
  readonly declared: {
    readonly counted: string;
    readonly denominations: Denominations;
    readonly reason: string;
  } | null;
  /** What it was short of (negative) or over when it was closed. */
  readonly difference: Paise;
  readonly differenceReason: string | null;
  readonly differenceApprovedBy: string | null;
};

const COLUMNS = `session_id as id, counter, office, cashier, status, opened_at as "openedAt", closed_at as "closedAt", counted, float,
  float_from as "floatFrom", is_leaving as "isLeaving", declared, difference, difference_reason as "differenceReason",
  difference_approved_by as "differenceApprovedBy"`;

export type OpenSession = {
  readonly counter: string;
  readonly office?: string | undefined;
  /** Change to begin with, and who handed it: custody only, the books do not move. */
  readonly float?:
    { readonly amount: Paise; readonly from: string; readonly denominations?: Denominations } | undefined;
};

/**
 * Opens a counter for the acting cashier. Raises SESSION_OPEN_ALREADY, COUNTER_TAKEN, COUNTER_DAY_CLOSED, FLOAT_GIVER, FLOAT_COUNT,
 * DENOMINATION_UNKNOWN.
 */
export async function openCounterSession(tx: Tx, options: OpenSession): Promise<CounterSession> {
  const office = options.office?.trim() ?? "";
  const float = options.float?.amount ?? ZERO;
  const giver = options.float?.from.trim() ?? "";
  if (float < 0n || (float > 0n && (giver === "" || giver === tx.actor.id)))
    throw counterErrors.FLOAT_GIVER({ float: formatIndian(float) });
  if (options.float?.denominations) {
    const counted = countDrawer(options.float.denominations);
    if (counted !== float)
      throw counterErrors.FLOAT_COUNT({ float: formatIndian(float), counted: formatIndian(counted) });
  }
  await refuseClosedDay(tx, office, dateInIndia(tx.clock()));
  try {
    const row = await tx.queryOne<CounterSession>(
      `insert into collections.counter_sessions (ulb_id, session_id, counter, office, cashier, opened_at, float, float_from, float_denominations)
       values (:ulb, :id, :counter, :office, :cashier, :now, :float, :float_from, :pieces)
       on conflict (ulb_id, cashier) where status = 'open' do nothing
       returning ${COLUMNS}`,
      {
        ulb: tx.ulb.id,
        id: newId(),
        counter: options.counter.trim(),
        office,
        cashier: tx.actor.id,
        now: tx.clock(),
        float,
        float_from: float > 0n ? giver : null,
        pieces: options.float?.denominations ? JSON.stringify(options.float.denominations) : null,
      },
    );
    if (row) {
      if (float > 0n) {
        await audit(tx, {
          action: "take-float",
          subject: "counter-session",
          subjectId: row.id,
          after: { float: toRupees(float), from: giver },
        });
      }
      return row;
    }
  } catch (error) {
    if (violatedRule(error) === "one_open_session_per_counter")
      throw counterErrors.COUNTER_TAKEN({ counter: options.counter.trim(), cashier: "another cashier" });
    throw error;
  }
  const open = await currentSession(tx);
  throw collectionErrors.SESSION_OPEN_ALREADY({
    cashier: tx.actor.id,
    counter: open?.counter ?? "?",
    since: open ? formatMoment(open.openedAt) : "?",
  });
}

async function refuseClosedDay(tx: Tx, office: string, day: LocalDate): Promise<void> {
  const closed = await tx.queryOne(
    "select 1 from collections.counter_days where ulb_id = :ulb and office = :office and day = :on_day::date",
    { ulb: tx.ulb.id, office, on_day: day },
  );
  if (closed)
    throw counterErrors.COUNTER_DAY_CLOSED({ office: office === "" ? "the office" : office, day: formatDate(day) });
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

/** Sessions that were opened on a day, or are open: of all offices, in order of opening; at most 500. */
export async function listSessions(read: Read, day: LocalDate): Promise<CounterSession[]> {
  return read.query<CounterSession>(
    `select ${COLUMNS} from collections.counter_sessions
     where ulb_id = :ulb and (status = 'open' or (opened_at at time zone 'Asia/Kolkata')::date = :on_day::date) order by opened_at, session_id limit 500`,
    { ulb: read.ulb.id, on_day: day },
  );
}

/** What the session took so far, by mode; cancelled receipts and replacements after a transfer are left out. */
export async function sessionTotals(
  read: Read,
  sessionId: string,
): Promise<{ readonly mode: string; readonly receipts: bigint; readonly amount: Paise }[]> {
  return read.query(
    `select mode, count(*) as receipts, sum(amount)::bigint as amount from (
       select mode, amount from collections.receipts
       where ulb_id = :ulb and session_id = :id::uuid and status <> 'cancelled' and kind = 'original'
         and not exists (select 1 from collections.acknowledgements a where a.ulb_id = receipts.ulb_id and a.receipt_id = receipts.receipt_id)
       union all
       select mode, amount from collections.acknowledgements where ulb_id = :ulb and session_id = :id::uuid and status <> 'cancelled'
     ) as taken group by mode order by mode`,
    { ulb: read.ulb.id, id: sessionId },
  );
}

/** Holds the acting cashier's session of today, so that it is not closed meanwhile. Raises SESSION_*. */
export async function lockSession(tx: Tx, sessionId: string, today: LocalDate): Promise<CounterSession> {
  const session = await holdSession(tx, sessionId, "no key update");
  if (session.isLeaving) throw counterErrors.SESSION_LEFT({ counter: session.counter });
  refuseDeclared(session);
  const opened = dateInIndia(session.openedAt);
  if (opened !== today) {
    throw collectionErrors.SESSION_OF_ANOTHER_DAY({
      counter: session.counter,
      opened: formatDate(opened),
      today: formatDate(today),
    });
  }
  return session;
}

async function holdSession(tx: Tx, sessionId: string, strength: "no key update" | "update"): Promise<CounterSession> {
  await tx.query(
    `select 1 from collections.counter_sessions where ulb_id = :ulb and session_id = :id::uuid for ${strength}`,
    { ulb: tx.ulb.id, id: sessionId },
  );
  const session = await getSession(tx, sessionId);
  if (session.cashier !== tx.actor.id)
    throw collectionErrors.SESSION_OF_ANOTHER({ counter: session.counter, cashier: session.cashier });
  refuseClosed(session);
  return session;
}

function refuseClosed(session: CounterSession): void {
  if (session.closedAt)
    throw collectionErrors.SESSION_CLOSED({ counter: session.counter, closed: formatMoment(session.closedAt) });
}

function refuseDeclared(session: CounterSession): void {
  if (session.declared)
    throw counterErrors.SESSION_DECLARED({
      counter: session.counter,
      difference: `a count of ${session.declared.counted}`,
    });
}

/** The session of the acting cashier, held for his handing over. Raises SESSION_*. */
export async function holdOwnSession(tx: Tx, sessionId: string): Promise<CounterSession> {
  const session = await holdSession(tx, sessionId, "update");
  refuseDeclared(session);
  return session;
}

async function refuseWaiting(tx: Tx, sessionId: string): Promise<void> {
  const waiting = await tx.queryOne<{ amount: bigint; to_cashier: string }>(
    `select amount::bigint as amount, to_cashier from collections.handovers
     where ulb_id = :ulb and from_session = :id::uuid and status = 'given' order by given_at limit 1`,
    { ulb: tx.ulb.id, id: sessionId },
  );
  if (waiting)
    throw counterErrors.HANDOVER_WAITING({ amount: formatIndian(paise(waiting.amount)), to: waiting.to_cashier });
}

/**
 * Closes the session when the drawer was counted and tallies to the paisa with float, cash receipts and handovers; otherwise the refusal says how
 * much is short or over and the session stays open. Raises SESSION_*, HANDOVER_WAITING, DENOMINATION_UNKNOWN, DRAWER_MISMATCH.
 */
export async function closeCounterSession(
  tx: Tx,
  sessionId: string,
  denominations: Denominations,
): Promise<CounterSession> {
  const session = await holdSession(tx, sessionId, "update");
  refuseDeclared(session);
  await refuseWaiting(tx, sessionId);
  const counted = countDrawer(denominations);
  const { expected } = await drawerOf(tx, sessionId);
  const d = difference(expected, counted);
  if (d.kind !== "tallies") {
    throw collectionErrors.DRAWER_MISMATCH({
      expected: formatIndian(expected),
      counted: formatIndian(counted),
      difference: formatIndian(d.amount),
      kind: d.kind,
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

/**
 * The cashier says that his drawer does not tally, and why: it takes no more money and waits for another person's approval.
 * Raises SESSION_*, HANDOVER_WAITING, DENOMINATION_UNKNOWN, DIFFERENCE_NONE, DIFFERENCE_REASON.
 */
export async function declareDifference(
  tx: Tx,
  sessionId: string,
  denominations: Denominations,
  reason: string,
): Promise<CounterSession> {
  const session = await holdSession(tx, sessionId, "update");
  refuseDeclared(session);
  await refuseWaiting(tx, sessionId);
  if (reason.trim().length < 5) throw counterErrors.DIFFERENCE_REASON({ reason: reason.trim() });
  const counted = countDrawer(denominations);
  const { expected } = await drawerOf(tx, sessionId);
  if (counted === expected) throw counterErrors.DIFFERENCE_NONE({ counted: formatIndian(counted) });
  await tx.query(
    "update collections.counter_sessions set declared = :declared, declared_at = :now where ulb_id = :ulb and session_id = :id::uuid",
    {
      ulb: tx.ulb.id,
      id: sessionId,
      now: tx.clock(),
      declared: JSON.stringify({ counted: toRupees(counted), denominations, reason: reason.trim() }),
    },
  );
  await audit(tx, {
    action: "declare-difference",
    subject: "counter-session",
    subjectId: sessionId,
    reason: reason.trim(),
    after: { difference: differenceText(expected, counted), denominations },
  });
  return getSession(tx, sessionId);
}

/** Sends the cashier back to count again: nothing is booked. Raises SESSION_NOT_DECLARED, DIFFERENCE_OWN. */
export async function rejectDifference(tx: Tx, sessionId: string): Promise<CounterSession> {
  await holdDeclared(tx, sessionId);
  await tx.query(
    "update collections.counter_sessions set declared = null, declared_at = null where ulb_id = :ulb and session_id = :id::uuid",
    { ulb: tx.ulb.id, id: sessionId },
  );
  await audit(tx, { action: "reject-difference", subject: "counter-session", subjectId: sessionId });
  return getSession(tx, sessionId);
}

async function holdDeclared(tx: Tx, sessionId: string): Promise<CounterSession> {
  await tx.query(
    "select 1 from collections.counter_sessions where ulb_id = :ulb and session_id = :id::uuid for update",
    { ulb: tx.ulb.id, id: sessionId },
  );
  const session = await getSession(tx, sessionId);
  if (session.cashier === tx.actor.id) throw counterErrors.DIFFERENCE_OWN({ person: tx.actor.id });
  refuseClosed(session);
  if (!session.declared) throw counterErrors.SESSION_NOT_DECLARED({ counter: session.counter });
  return session;
}

/**
 * Another person approves the difference: the session is closed with what was counted. What is short is recoverable from the cashier, what is over
 * is a liability until its owner is known; never silently. Raises SESSION_NOT_DECLARED, DIFFERENCE_OWN, and the ledger's refusals.
 */
export async function approveDifference(tx: Tx, sessionId: string): Promise<CounterSession> {
  const session = await holdDeclared(tx, sessionId);
  const declared = session.declared ?? { counted: "0", denominations: {}, reason: "" };
  const counted = countDrawer(declared.denominations);
  const { expected } = await drawerOf(tx, sessionId);
  const d = difference(expected, counted);
  const on = dateInIndia(tx.clock());
  await tx.query(
    `update collections.counter_sessions set status = 'closed', closed_at = :now, counted = :counted, denominations = :denominations,
       difference = :difference, difference_reason = :reason, difference_approved_by = :actor
     where ulb_id = :ulb and session_id = :id::uuid`,
    {
      ulb: tx.ulb.id,
      id: sessionId,
      now: tx.clock(),
      counted,
      denominations: JSON.stringify(declared.denominations),
      difference: counted - expected,
      reason: declared.reason,
      actor: tx.actor.id,
    },
  );
  await audit(tx, {
    action: "approve-difference",
    subject: "counter-session",
    subjectId: sessionId,
    reason: declared.reason,
    after: { expected: toRupees(expected), counted: toRupees(counted) },
  });
  if (d.kind === "tallies") return getSession(tx, sessionId); // a receipt was cancelled since: nothing is left to book
  const accounts = await postingAccounts(tx, "cash-in-hand", "cash-short", "cash-over");
  const money =
    d.kind === "short"
      ? await shortParts(tx, sessionId, d.amount)
      : [{ fund: "01", amount: d.amount, isOfFloat: false }];
  await tx.query(
    `insert into collections.cash_differences (ulb_id, difference_id, session_id, fund, amount, is_of_float, booked_on)
     select :ulb, d.id, :session::uuid, d.fund, d.amount, d.of_float, :on_date::date
     from unnest(:ids::uuid[], :funds::text[], :amounts::bigint[], :floats::boolean[]) as d (id, fund, amount, of_float)`,
    {
      ulb: tx.ulb.id,
      session: sessionId,
      on_date: on,
      ids: money.map(() => newId()),
      funds: money.map((m) => m.fund),
      amounts: money.map((m) => (d.kind === "short" ? -m.amount : m.amount)),
      floats: money.map((m) => m.isOfFloat),
    },
  );
  const party = { type: "cashier", id: session.cashier };
  await postEntry(tx, {
    voucher: d.kind === "short" ? "payment" : "receipt",
    date: on,
    narration: `Counter ${session.counter}: cash ${d.kind} by ${toRupees(d.amount)}: ${declared.reason}`,
    source: { type: "cash-difference", id: sessionId },
    lines:
      d.kind === "short"
        ? cashShortLines({ cash: accounts["cash-in-hand"], short: accounts["cash-short"] }, party, money)
        : cashOverLines({ cash: accounts["cash-in-hand"], over: accounts["cash-over"] }, party, d.amount),
  });
  return getSession(tx, sessionId);
}

/** Out of which funds' cash a shortage is: the session's own, then the municipal fund's; what no cash covers is the float's. */
async function shortParts(
  tx: Tx,
  sessionId: string,
  short: Paise,
): Promise<{ readonly fund: string; readonly amount: Paise; readonly isOfFloat: boolean }[]> {
  const rows = await tx.query<{ fund: string; amount: bigint }>(
    `select f.key as fund, sum(f.value::bigint)::bigint as amount
     from collections.receipts r
     join collections.instruments i on i.ulb_id = r.ulb_id and i.receipt_id = r.receipt_id and i.status = 'received'
     cross join lateral jsonb_each_text(i.funds) as f
     where r.ulb_id = :ulb and r.session_id = :id::uuid and r.mode = 'cash' group by f.key`,
    { ulb: tx.ulb.id, id: sessionId },
  );
  const { funds, ofFloat } = spreadShortage(short, new Map(rows.map((r) => [r.fund, paise(r.amount)])));
  return [
    ...[...funds].map(([fund, amount]) => ({ fund, amount, isOfFloat: false })),
    ...(ofFloat > 0n ? [{ fund: "01", amount: ofFloat, isOfFloat: true }] : []),
  ];
}
