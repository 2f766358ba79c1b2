import { subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";

type AdjustmentRow = {
  readonly type: string;
  readonly credit: Paise;
  readonly debit: Paise;
  readonly disputeId?: string | null;
  readonly description?: string | null;
};

/**
 * What the adjustments of a settlement give for refunds that failed at the bank after they were settled: the gateway clearing head knows them already,
 * by the entry that put each back. The rest of the adjustments has no entry yet. Lost disputes are rows of their own kind and not counted here.
 */
export async function knownAdjustments(tx: Tx, items: readonly AdjustmentRow[]): Promise<Paise> {
  const refundOf = (i: AdjustmentRow): string | undefined => /\brfnd_[A-Za-z0-9]{14}\b/.exec(i.description ?? "")?.[0];
  const adjustments = items.filter((i) => i.type === "adjustment" && (i.disputeId ?? null) === null);
  const refunds = adjustments.flatMap((i) => refundOf(i) ?? []);
  if (refunds.length === 0) return ZERO;
  const rows = await tx.query<{ id: string; amount: bigint }>(
    `select provider_refund_id as id, amount::bigint as amount from collections.refunds
     where ulb_id = :ulb and provider_refund_id = any(:refunds::text[]) and status = 'failed' and processed_on is not null and settlement_id is not null`,
    { ulb: tx.ulb.id, refunds },
  );
  const booked = new Map(rows.map((r) => [r.id, r.amount]));
  return sum(
    adjustments.flatMap((i) => {
      const of = refundOf(i);
      const gives = subtract(i.credit, i.debit);
      return of !== undefined && booked.get(of) === gives ? [gives] : [];
    }),
  );
}
