import { subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import type { StoredItem } from "./settlements.ts";

/**
 * Adjustments of a settlement that the gateway clearing head knows already: a dispute whose loss is booked and that no settlement took yet, and a
 * refund that failed at the bank, which its own entry put back. `amount` is what they give, negative where they take; the rest of the adjustments
 * has no entry yet.
 */
export async function knownAdjustments(
  tx: Tx,
  items: readonly StoredItem[],
): Promise<{ readonly amount: Paise; readonly disputes: readonly string[] }> {
  const adjustments = items.filter((i) => i.type === "adjustment");
  if (adjustments.length === 0) return { amount: ZERO, disputes: [] };
  const refundOf = (i: StoredItem): string | undefined => /\brfnd_[A-Za-z0-9]{14}\b/.exec(i.description ?? "")?.[0];
  const rows = await tx.query<{ id: string; amount: bigint }>(
    `select dispute_id as id, -amount_deducted::bigint as amount from collections.disputes
     where ulb_id = :ulb and dispute_id = any(:disputes::text[]) and booked_on is not null and settlement_id is null
     union all
     select provider_refund_id, amount::bigint from collections.refunds
     where ulb_id = :ulb and provider_refund_id = any(:refunds::text[]) and status = 'failed' and processed_on is not null and settlement_id is not null`,
    {
      ulb: tx.ulb.id,
      disputes: adjustments.flatMap((i) => i.disputeId ?? []),
      refunds: adjustments.flatMap((i) => refundOf(i) ?? []),
    },
  );
  const booked = new Map(rows.map((r) => [r.id, r.amount]));
  const known = adjustments.filter((i) => {
    const of = i.disputeId ?? refundOf(i);
    return of !== undefined && booked.get(of) === subtract(i.credit, i.debit);
  });
  return {
    amount: sum(known.map((i) => subtract(i.credit, i.debit))),
    disputes: known.flatMap((i) => i.disputeId ?? []),
  };
}
