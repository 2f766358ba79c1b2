import { clearFromBank, unclearFromBank } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Tx } from "../ledger/kernel/tx.ts";

/**
 * Own cheques and transfer advices that these matches show as paid: they are cleared on the day on which the bank booked the last of their money.
 * An advice has a line in the bank book for each beneficiary and is cleared once all of them are matched; what only cancels in the book (an entry
 * and its reversal) never reached the bank and clears nothing.
 */
export async function clearPaid(tx: Tx, matches: readonly string[]): Promise<void> {
  if (matches.length === 0) return;
  const seen = await tx.query<{ entryId: bigint; on: LocalDate }>(
    `with touched as (
       select distinct g.entry_id, g.account from reconciliation.live_legs g
       join ledger.entries e on e.ulb_id = g.ulb_id and e.entry_id = g.entry_id and e.source_type = 'payment'
       where g.ulb_id = :ulb and g.match_id = any(:matches::uuid[]) and g.kind = 'item'
     )
     select t.entry_id as "entryId", max(b.on_date) as on
     from touched t
     join ledger.lines l on l.ulb_id = :ulb and l.entry_id = t.entry_id and l.account = t.account
     left join reconciliation.live_legs g on g.ulb_id = :ulb and g.entry_id = l.entry_id and g.line_no = l.line_no
     left join reconciliation.live_legs b on b.ulb_id = :ulb and b.match_id = g.match_id and b.kind in ('line', 'opening')
     group by t.entry_id
     having bool_and(g.match_id is not null) and max(b.on_date) is not null
     order by t.entry_id`,
    { ulb: tx.ulb.id, matches },
  );
  await clearFromBank(tx, seen);
}

/** A match was taken back: what it had cleared is on its way again. */
export async function unclearOf(tx: Tx, match: string): Promise<void> {
  const rows = await tx.query<{ entry_id: bigint }>(
    `select distinct entry_id from reconciliation.match_legs
     where ulb_id = :ulb and match_id = :id::uuid and kind = 'item' order by entry_id`,
    { ulb: tx.ulb.id, id: match },
  );
  await unclearFromBank(
    tx,
    rows.map((r) => r.entry_id),
  );
}
