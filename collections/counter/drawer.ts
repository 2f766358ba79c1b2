import { formatIndian, paise, rupees, sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";

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

/** What went into a drawer and out of it. */
export type DrawerFacts = {
  readonly float: Paise;
  /** Cash of receipts, those cancelled since included. */
  readonly received: Paise;
  /** Cash given back for receipts that were cancelled. */
  readonly cancelled: Paise;
  readonly handedIn: Paise;
  /** Handed to others, whether they have accepted it yet or not; what they refused came back. */
  readonly handedOut: Paise;
};
export type Drawer = DrawerFacts & { readonly expected: Paise };

/** What must be in the drawer: float + cash received − cash given back + handed in − handed out. */
export function expectedIn(d: DrawerFacts): Paise {
  return paise(d.float + d.received - d.cancelled + d.handedIn - d.handedOut);
}

/** Counted against expected: nothing, so much short, or so much over. */
export function difference(
  expected: Paise,
  counted: Paise,
): { readonly kind: "tallies" | "short" | "over"; readonly amount: Paise } {
  if (counted === expected) return { kind: "tallies", amount: paise(0n) };
  return counted < expected
    ? { kind: "short", amount: paise(expected - counted) }
    : { kind: "over", amount: paise(counted - expected) };
}

/**
 * Spreads a shortage over the funds whose cash the drawer held, the largest first, so that no fund is short of more than it had. What no fund's
 * cash covers is missing of the float.
 */
export function spreadShortage(
  short: Paise,
  byFund: ReadonlyMap<string, Paise>,
): { readonly funds: ReadonlyMap<string, Paise>; readonly ofFloat: Paise } {
  const funds = new Map<string, Paise>();
  let left: bigint = short;
  const largestFirst = [...byFund].sort(([f, a], [g, b]) => (a === b ? (f < g ? -1 : 1) : a < b ? 1 : -1));
  for (const [fund, amount] of largestFirst) {
    const part = left < amount ? left : BigInt(amount);
    if (part <= 0n) continue;
    funds.set(fund, paise(part));
    left -= part;
  }
  return { funds, ofFloat: paise(left) };
}

/** The drawer of a session as its papers say. */
export async function drawerOf(read: Read, sessionId: string): Promise<Drawer> {
  const row = await read.queryOne<{
    float: bigint;
    received: bigint;
    cancelled: bigint;
    handed_in: bigint;
    handed_out: bigint;
  }>(
    `select s.float::bigint as float,
       (select coalesce(sum(r.amount), 0)::bigint from collections.receipts r
        where r.ulb_id = s.ulb_id and r.session_id = s.session_id and r.mode = 'cash' and r.kind = 'original') as received,
       (select coalesce(sum(r.amount), 0)::bigint from collections.receipts r
        where r.ulb_id = s.ulb_id and r.session_id = s.session_id and r.mode = 'cash' and r.kind = 'original' and r.status = 'cancelled') as cancelled,
       (select coalesce(sum(h.amount), 0)::bigint from collections.handovers h
        where h.ulb_id = s.ulb_id and h.to_session = s.session_id and h.status = 'accepted') as handed_in,
       (select coalesce(sum(h.amount), 0)::bigint from collections.handovers h
        where h.ulb_id = s.ulb_id and h.from_session = s.session_id and h.status <> 'refused') as handed_out
     from collections.counter_sessions s where s.ulb_id = :ulb and s.session_id = :id::uuid`,
    { ulb: read.ulb.id, id: sessionId },
  );
  if (!row) throw collectionErrors.SESSION_NOT_FOUND({ session: sessionId });
  const facts: DrawerFacts = {
    float: paise(row.float),
    received: paise(row.received),
    cancelled: paise(row.cancelled),
    handedIn: paise(row.handed_in),
    handedOut: paise(row.handed_out),
  };
  return { ...facts, expected: expectedIn(facts) };
}

/** "1,200.00 short": for sentences. */
export function differenceText(expected: Paise, counted: Paise): string {
  const d = difference(expected, counted);
  return d.kind === "tallies" ? "0.00" : `${formatIndian(d.amount)} ${d.kind}`;
}
