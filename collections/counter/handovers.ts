import { audit } from "../../ledger/kernel/audit.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";
import { countDrawer, drawerOf, type Denominations } from "./drawer.ts";
import { counterErrors } from "./errors.ts";
import { currentSession, holdOwnSession } from "./sessions.ts";

export type Handover = {
  readonly id: string;
  readonly fromSession: string;
  readonly fromCashier: string;
  readonly toCashier: string;
  readonly amount: Paise;
  readonly denominations: Denominations;
  readonly givenAt: Date;
  readonly status: "given" | "accepted" | "refused";
  readonly toSession: string | null;
  readonly answeredAt: Date | null;
};

const COLUMNS = `handover_id as id, from_session as "fromSession", from_cashier as "fromCashier", to_cashier as "toCashier", amount, denominations,
  given_at as "givenAt", status, to_session as "toSession", answered_at as "answeredAt"`;

/**
 * Hands cash of the acting cashier's drawer to another: it is out of his drawer at once, and in the other's when he accepts it. With `leaves` the
 * counter takes no more money, and the other may open it under its name. Raises SESSION_*, HANDOVER_TO, HANDOVER_TOO_MUCH, DENOMINATION_UNKNOWN.
 */
export async function handOver(
  tx: Tx,
  handover: {
    readonly sessionId: string;
    readonly to: string;
    readonly denominations: Denominations;
    readonly leaves?: boolean | undefined;
  },
): Promise<Handover> {
  const session = await holdOwnSession(tx, handover.sessionId);
  const to = handover.to.trim().toLowerCase();
  if (to === "" || to.length > 120 || to === nameOf(tx)) throw counterErrors.HANDOVER_TO({ to: to.slice(0, 60) });
  const amount = countDrawer(handover.denominations);
  const drawer = await drawerOf(tx, session.id);
  if (amount <= 0n || amount > drawer.expected) {
    throw counterErrors.HANDOVER_TOO_MUCH({ amount: formatIndian(amount), drawer: formatIndian(drawer.expected) });
  }
  const id = newId();
  await tx.query(
    `insert into collections.handovers (ulb_id, handover_id, from_session, from_cashier, to_cashier, amount, denominations, given_at)
     values (:ulb, :id, :session, :actor, :to_cashier, :amount, :denominations, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      session: session.id,
      actor: tx.actor.id,
      to_cashier: to,
      amount,
      denominations: JSON.stringify(handover.denominations),
      now: tx.clock(),
    },
  );
  if (handover.leaves === true) {
    await tx.query(
      "update collections.counter_sessions set is_leaving = true where ulb_id = :ulb and session_id = :id::uuid",
      { ulb: tx.ulb.id, id: session.id },
    );
  }
  await audit(tx, { action: "hand-over", subject: "handover", subjectId: id, after: { amount: toRupees(amount), to } });
  return getHandover(tx, id);
}

/** Names of cashiers are compared without regard to capitals, as they sign in. */
const nameOf = (read: Read): string => read.actor.id.toLowerCase();

/** Raises HANDOVER_NOT_FOUND. */
export async function getHandover(read: Read, id: string): Promise<Handover> {
  const row = await read.queryOne<Handover>(
    `select ${COLUMNS} from collections.handovers where ulb_id = :ulb and handover_id = :id::uuid`,
    { ulb: read.ulb.id, id },
  );
  if (!row) throw counterErrors.HANDOVER_NOT_FOUND({ handover: id });
  return row;
}

/** What was handed to the acting cashier and waits for his answer. */
export async function waitingHandovers(read: Read): Promise<Handover[]> {
  return read.query<Handover>(
    `select ${COLUMNS} from collections.handovers where ulb_id = :ulb and to_cashier = :actor and status = 'given' order by given_at`,
    { ulb: read.ulb.id, actor: nameOf(read) },
  );
}

/** Handovers out of or into a session, in order. */
export async function handoversOf(read: Read, sessionId: string): Promise<Handover[]> {
  return read.query<Handover>(
    `select ${COLUMNS} from collections.handovers where ulb_id = :ulb and (from_session = :id::uuid or to_session = :id::uuid)
     order by given_at, handover_id`,
    { ulb: read.ulb.id, id: sessionId },
  );
}

/**
 * The receiver says that he has counted it and has it: from now on it is in his own open drawer.
 * Raises HANDOVER_*, SESSION_NOT_FOUND (he has no drawer open), DENOMINATION_UNKNOWN.
 */
export async function acceptHandover(tx: Tx, id: string, denominations: Denominations): Promise<Handover> {
  const own = await currentSession(tx);
  if (!own) throw collectionErrors.SESSION_NOT_FOUND({ session: `of ${tx.actor.id}` });
  await holdOwnSession(tx, own.id);
  const handover = await holdGiven(tx, id);
  const counted = countDrawer(denominations);
  if (counted !== handover.amount) {
    throw counterErrors.HANDOVER_COUNT({ given: formatIndian(handover.amount), counted: formatIndian(counted) });
  }
  return answer(tx, id, "accepted", own.id);
}

/**
 * The receiver says that he does not have it, or the giver takes back what nobody has accepted (a name may be misspelt, a colleague gone home): it
 * is back in the giver's drawer, who takes money again. Raises HANDOVER_*.
 */
export async function refuseHandover(tx: Tx, id: string): Promise<Handover> {
  const handover = await holdGiven(tx, id, true);
  const refused = await answer(tx, id, "refused", null);
  await tx.query(
    `update collections.counter_sessions s set is_leaving = false where ulb_id = :ulb and session_id = :session::uuid and status = 'open'
       and not exists (select 1 from collections.counter_sessions o
         where o.ulb_id = s.ulb_id and o.office = s.office and lower(o.counter) = lower(s.counter) and o.status = 'open' and not o.is_leaving)`,
    { ulb: tx.ulb.id, session: handover.fromSession },
  );
  return refused;
}

async function holdGiven(tx: Tx, id: string, mayBeGiver = false): Promise<Handover> {
  await tx.query("select 1 from collections.handovers where ulb_id = :ulb and handover_id = :id::uuid for update", {
    ulb: tx.ulb.id,
    id,
  });
  const handover = await getHandover(tx, id);
  const isGiver = handover.fromCashier === tx.actor.id;
  if (handover.toCashier !== nameOf(tx) && !(mayBeGiver && isGiver))
    throw counterErrors.HANDOVER_OF_ANOTHER({ to: handover.toCashier });
  if (handover.status !== "given") throw counterErrors.HANDOVER_ANSWERED({ status: handover.status });
  return handover;
}

async function answer(tx: Tx, id: string, status: "accepted" | "refused", toSession: string | null): Promise<Handover> {
  await tx.query(
    `update collections.handovers set status = :status, to_session = :session, answered_at = :now
     where ulb_id = :ulb and handover_id = :id::uuid`,
    { ulb: tx.ulb.id, id, status, session: toSession, now: tx.clock() },
  );
  await audit(tx, { action: status === "accepted" ? "accept" : "refuse", subject: "handover", subjectId: id });
  return getHandover(tx, id);
}
