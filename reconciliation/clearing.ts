import { clearInstruments, creditInstruments, unclearInstruments, type LeafCredit } from "../collections/index.ts";
import { clearFromBank, unclearFromBank } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import { bookingDate } from "./booking-date.ts";

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

/**
 * Cheques, drafts and postal orders whose deposit these matches show as credited, leaf by leaf or with their slip: collections clears them on the day
 * on which the bank had the last of their money, and issues the receipt of one that was only acknowledged (on the next open day where that month is
 * closed). What was returned, or cleared from the pass book before, is left as it is.
 */
export async function clearDeposited(tx: Tx, matches: readonly string[]): Promise<void> {
  if (matches.length === 0) return;
  const leaves = await tx.query<{ id: string; entryId: bigint; number: string; isRealised: boolean; on: LocalDate }>(
    `with touched as (
       select distinct g.entry_id, g.account, l.party_id as number, e.source_id
       from reconciliation.live_legs g
       join ledger.entries e on e.ulb_id = g.ulb_id and e.entry_id = g.entry_id and e.source_type = 'remittance'
       join ledger.lines l on l.ulb_id = g.ulb_id and l.entry_id = g.entry_id and l.line_no = g.line_no and l.party_type = 'cheque'
       where g.ulb_id = :ulb and g.match_id = any(:matches::uuid[]) and g.kind = 'item'
     ), credited as (
       -- A leaf has a line for each fund it was received for, and two leaves of one slip may have the same number: all of them, or none yet.
       select t.entry_id, t.number, t.source_id, greatest(max(b.on_date), max(l.entry_date)) as on_date
       from touched t
       join ledger.lines l on l.ulb_id = :ulb and l.entry_id = t.entry_id and l.account = t.account
         and l.party_type = 'cheque' and l.party_id = t.number
       left join reconciliation.live_legs g on g.ulb_id = l.ulb_id and g.entry_id = l.entry_id and g.line_no = l.line_no
       left join reconciliation.live_legs b on b.ulb_id = :ulb and b.match_id = g.match_id and b.kind in ('line', 'opening')
       group by t.entry_id, t.number, t.source_id
       having bool_and(b.match_id is not null)
     )
     select i.instrument_id as id, c.entry_id as "entryId", c.number, i.ack_id is not null as "isRealised", c.on_date as on
     from credited c
     join collections.instruments i on i.ulb_id = :ulb and i.remittance_id = c.source_id::uuid and coalesce(i.number, '') = c.number
       and i.status = 'deposited'
     order by c.on_date, i.instrument_id`,
    { ulb: tx.ulb.id, matches },
  );
  for (const [day, of] of groupBy(leaves, (l) => l.on)) {
    await clearInstruments(
      tx,
      of.map((l) => l.id),
      day,
      await bookingDate(tx, day),
    );
  }
  await noteCleared(tx, leaves);
}

/**
 * The bank credited leaves that stood in clearing: collections books the credit (and the receipt of one that was only acknowledged) on the day on which
 * the bank had it. Gives what came into the bank's head, by the leaf.
 */
export async function creditLeaves(
  tx: Tx,
  leaves: readonly { readonly instrumentIds: readonly string[]; readonly on: LocalDate }[],
): Promise<ReadonlyMap<string, LeafCredit & { readonly bookedOn: LocalDate }>> {
  const credited = new Map<string, LeafCredit & { readonly bookedOn: LocalDate }>();
  for (const [day, of] of groupBy(leaves, (l) => l.on)) {
    const bookedOn = await bookingDate(tx, day);
    const ids = of.flatMap((l) => l.instrumentIds);
    const { credits } = await creditInstruments(tx, ids, day, bookedOn);
    for (const credit of credits) credited.set(credit.instrumentId, { ...credit, bookedOn });
  }
  await noteCleared(
    tx,
    [...credited.values()].map((c) => ({ ...c, id: c.instrumentId })),
  );
  return credited;
}

async function noteCleared(
  tx: Tx,
  leaves: readonly {
    readonly id: string;
    readonly entryId: bigint;
    readonly number: string;
    readonly isRealised: boolean;
  }[],
): Promise<void> {
  if (leaves.length === 0) return;
  await tx.query(
    `insert into reconciliation.cleared_leaves (ulb_id, instrument_id, entry_id, number, is_realised)
     select :ulb, t.* from unnest(:ids::uuid[], :entries::bigint[], :numbers::text[], :realised::boolean[]) as t`,
    {
      ulb: tx.ulb.id,
      ids: leaves.map((l) => l.id),
      entries: leaves.map((l) => l.entryId.toString()),
      numbers: leaves.map((l) => l.number),
      realised: leaves.map((l) => l.isRealised),
    },
  );
}

/**
 * A match was taken back: what it had cleared is on its way again, and credits out of clearing are reversed (`booked` says whether there were any).
 * Raises INSTRUMENT_REALISED.
 */
export async function unclearOf(tx: Tx, match: string): Promise<{ readonly booked: boolean }> {
  const rows = await tx.query<{ entry_id: bigint }>(
    `select distinct entry_id from reconciliation.match_legs
     where ulb_id = :ulb and match_id = :id::uuid and kind = 'item' order by entry_id`,
    { ulb: tx.ulb.id, id: match },
  );
  await unclearFromBank(
    tx,
    rows.map((r) => r.entry_id),
  );
  const leaves = await tx.query<{ id: string }>(
    `delete from reconciliation.cleared_leaves c
     using reconciliation.match_legs g, ledger.lines l
     where c.ulb_id = :ulb and g.ulb_id = :ulb and g.match_id = :id::uuid and g.kind = 'item'
       and l.ulb_id = :ulb and l.entry_id = g.entry_id and l.line_no = g.line_no and l.party_type = 'cheque'
       and c.entry_id = l.entry_id and c.number = l.party_id
     returning c.instrument_id as id`,
    { ulb: tx.ulb.id, id: match },
  );
  const reversed = await unclearInstruments(
    tx,
    leaves.map((l) => l.id),
  );
  return { booked: reversed > 0 };
}
