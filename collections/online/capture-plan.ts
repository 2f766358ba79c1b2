import type { Tx } from "../../ledger/kernel/tx.ts";
import type { Claim } from "./orders.ts";
import { merchantSettings } from "./payment-settings.ts";

/** Notes that authorised payments are to be captured, where the ULB captures by itself. Once per payment. */
export async function planCaptures(
  tx: Tx,
  authorised: readonly { readonly paymentId: string; readonly claim: Claim }[],
): Promise<void> {
  if (authorised.length === 0 || (await merchantSettings(tx)).capture !== "manual") return;
  await tx.query(
    `insert into collections.capture_commands (ulb_id, payment_id, next_at, decided_at)
     select :ulb, id, :now::timestamptz, :now::timestamptz from unnest(:ids::text[]) as p (id)
     on conflict do nothing`,
    { ulb: tx.ulb.id, now: tx.clock(), ids: authorised.map((a) => a.paymentId) },
  );
}
