import type { Settleable, World } from "./world.ts";

/** What something adds to the balance: a payment less its fee, a refund taken away, an adjustment as it is. */
export function worth(x: Settleable): number {
  return "capturedAt" in x ? x.amount - (x.fee ?? 0) : "payment_id" in x ? -x.amount : x.amount;
}

export type Books = Record<
  "captured" | "fees" | "refunded" | "disputed" | "adjusted" | "settled" | "available",
  number
>;

/** The simulator's own books: captured − fees − refunded − disputed + adjusted − settled = available. */
export function books(w: World): Books {
  let captured = 0;
  let fees = 0;
  for (const p of w.payments.values()) {
    if (!p.captured) continue;
    captured += p.amount;
    fees += p.fee ?? 0;
  }
  let refunded = 0;
  for (const r of w.refunds.values()) {
    // A refund that failed after it was settled is given back by an adjustment; before that it never was.
    if (!r.isOfUncaptured && (r.status !== "failed" || r.settlementId !== null)) refunded += r.amount;
  }
  let disputed = 0;
  let adjusted = 0;
  for (const a of w.adjustments) {
    if (a.disputeId === undefined) adjusted += a.amount;
    else disputed -= a.amount;
  }
  let settled = 0;
  for (const s of w.settlements.values()) if (s.status !== "failed") settled += s.amount;
  return {
    captured,
    fees,
    refunded,
    disputed,
    adjusted,
    settled,
    available: captured - fees - refunded - disputed + adjusted - settled,
  };
}

export type Check = { readonly name: string; readonly left: number; readonly right: number; readonly ok: boolean };

/** What must hold whatever was done: the balance two ways, every settlement its items, the bank what was settled, no refund above its payment. */
export function checkBooks(w: World): Check[] {
  const sums = books(w);
  const check = (name: string, left: number, right: number): Check => ({ name, left, right, ok: left === right });
  const bySettlement = new Map<string, number>();
  const add = (x: Settleable): void => {
    if (x.settlementId !== null) bySettlement.set(x.settlementId, (bySettlement.get(x.settlementId) ?? 0) + worth(x));
  };
  for (const p of w.payments.values()) if (p.captured) add(p);
  for (const r of w.refunds.values()) if (!r.isOfUncaptured) add(r);
  for (const a of w.adjustments) add(a);
  let unlike = 0;
  for (const s of w.settlements.values()) if (s.status !== "failed" && bySettlement.get(s.id) !== s.amount) unlike++;
  const refundedOf = new Map<string, number>();
  for (const r of w.refunds.values())
    if (r.status !== "failed") refundedOf.set(r.payment_id, (refundedOf.get(r.payment_id) ?? 0) + r.amount);
  let over = 0;
  let mismatch = 0;
  for (const p of w.payments.values()) {
    if (p.amountRefunded > p.amount) over++;
    if ((refundedOf.get(p.id) ?? 0) !== p.amountRefunded) mismatch++;
  }
  const paidOut = w.bank.reduce((sum, l) => sum + (l.isSettlement === true ? (l.credit ?? 0) - (l.debit ?? 0) : 0), 0);
  return [
    check(
      "available = what is still to be settled",
      sums.available,
      w.unsettled.reduce((sum, x) => sum + worth(x), 0),
    ),
    check("settlements that are not the sum of their items", unlike, 0),
    check("what the bank received = what was settled", paidOut, sums.settled),
    check("payments refunded above their amount", over, 0),
    check("payments whose refunds do not add up", mismatch, 0),
  ];
}
