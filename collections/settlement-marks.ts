import { addDays, dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import { formatIndian, paise, type Paise } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { collectionErrors } from "./errors.ts";
import { closeTasks, setTasks } from "./tasks.ts";
import { isWorkingDay } from "./working-days.ts";

/**
 * Notes that these payments (pay_…), refunds (rfnd_…) and lost disputes (disp_…) were netted in a settlement whose entry is dated `on`: the caller
 * has booked it, in this transaction. Saying it again changes nothing. Raises SETTLED_UNBOOKED for one that is not booked here (adopt it first with
 * observePayments), SETTLED_ELSEWHERE for one that is in another settlement.
 */
export async function markSettled(
  tx: Tx,
  entityIds: readonly string[],
  settlementId: string,
  on?: LocalDate,
): Promise<void> {
  if (entityIds.length === 0) return;
  const params = { ulb: tx.ulb.id, ids: entityIds, settlement: settlementId, on_date: on ?? dateInIndia(tx.clock()) };
  await tx.query(
    `update collections.payments set settlement_id = :settlement, settled_on = :on_date
     where ulb_id = :ulb and payment_id = any(:ids::text[]) and booked_as is not null and settlement_id is null`,
    params,
  );
  await tx.query(
    `update collections.refunds set settlement_id = :settlement, settled_on = :on_date
     where ulb_id = :ulb and provider_refund_id = any(:ids::text[]) and status = 'processed' and settlement_id is null`,
    params,
  );
  await tx.query(
    `update collections.disputes set settlement_id = :settlement, settled_on = :on_date
     where ulb_id = :ulb and dispute_id = any(:ids::text[]) and booked_on is not null and settlement_id is null`,
    params,
  );
  const rows = await tx.query<{ id: string; settlement_id: string }>(
    `select payment_id as id, settlement_id from collections.payments
     where ulb_id = :ulb and payment_id = any(:ids::text[]) and settlement_id is not null
     union all
     select provider_refund_id, settlement_id from collections.refunds
     where ulb_id = :ulb and provider_refund_id = any(:ids::text[]) and settlement_id is not null
     union all
     select dispute_id, settlement_id from collections.disputes
     where ulb_id = :ulb and dispute_id = any(:ids::text[]) and settlement_id is not null`,
    { ulb: tx.ulb.id, ids: entityIds },
  );
  const marked = new Map(rows.map((r) => [r.id, r.settlement_id]));
  for (const entity of entityIds) {
    const other = marked.get(entity);
    if (other === undefined) throw collectionErrors.SETTLED_UNBOOKED({ entity, settlement: settlementId });
    if (other !== settlementId) throw collectionErrors.SETTLED_ELSEWHERE({ entity, settlement: settlementId, other });
  }
  await closeTasks(tx, "unsettled", entityIds, `settled in ${settlementId}`);
}

/** A settlement failed and its entry was taken back: what it had netted is not settled again. Gives how many items that was. */
export async function unmarkSettled(tx: Tx, settlementId: string): Promise<number> {
  const params = { ulb: tx.ulb.id, settlement: settlementId };
  const rows = await tx.query(
    `with p as (
       update collections.payments set settlement_id = null, settled_on = null where ulb_id = :ulb and settlement_id = :settlement returning 1
     ), r as (
       update collections.refunds set settlement_id = null, settled_on = null where ulb_id = :ulb and settlement_id = :settlement returning 1
     ), d as (
       update collections.disputes set settlement_id = null, settled_on = null where ulb_id = :ulb and settlement_id = :settlement
         and held_in is distinct from :settlement returning 1
     )
     select * from p union all select * from r union all select * from d`,
    params,
  );
  return rows.length;
}

/** The gateway owes a settlement on the second working day; two more are its own to be late. */
const LATE_AFTER = 4;

/** Tasks for captured money that no settlement brought by the fourth working day after it was booked, once for each payment. */
export async function alertUnsettled(tx: Tx): Promise<void> {
  let last = dateInIndia(tx.clock());
  // The latest day from which four working days have begun.
  for (let passed = 0; passed < LATE_AFTER; last = addDays(last, -1)) if (isWorkingDay(last)) passed += 1;
  const late = (await unsettledMoney(tx, dateInIndia(tx.clock()))).filter(
    (u) => u.kind === "payment" && u.bookedOn <= last,
  );
  await setTasks(
    tx,
    late.slice(0, 1000).map((u) => ({
      kind: "unsettled" as const,
      subject: u.id,
      message: `${u.id} of ${formatIndian(u.amount)}, booked on ${u.bookedOn}, is not settled after ${LATE_AFTER} working days: ask the gateway whether it is on hold`,
    })),
  );
}

export type UnsettledMoney = {
  /** pay_…, rfnd_… or disp_…. */
  readonly id: string;
  readonly kind: "payment" | "refund" | "dispute";
  /** What it puts into the clearing account; negative for a refund. */
  readonly amount: Paise;
  readonly bookedOn: LocalDate;
};

/** What stands in the gateway clearing account on a day, item by item, oldest first: captured or refunded and not settled by then. */
export async function unsettledMoney(read: Read, asOf: LocalDate): Promise<UnsettledMoney[]> {
  const rows = await read.query<{
    id: string;
    kind: "payment" | "refund" | "dispute";
    amount: bigint;
    booked_on: LocalDate;
  }>(
    `select id, kind, amount, booked_on from (${CLEARING_ITEMS}) as item
     where booked_on <= :as_of::date and (gone_on is null or gone_on > :as_of::date)
     order by booked_on, id`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  return rows.map((r) => ({ id: r.id, kind: r.kind, amount: paise(r.amount), bookedOn: r.booked_on }));
}

/** What the gateway will take for payments that were captured and not settled at the end of a day; fee without its tax. */
export async function unsettledFees(
  read: Read,
  asOf: LocalDate,
): Promise<readonly { readonly id: string; readonly fee: Paise; readonly tax: Paise; readonly isKnown: boolean }[]> {
  const rows = await read.query<{ id: string; fee: bigint | null; tax: bigint | null }>(
    `select item.id, p.fee::bigint as fee, p.tax::bigint as tax from (${CLEARING_ITEMS}) as item
     join collections.payments p on p.ulb_id = :ulb and p.payment_id = item.id
     where item.kind = 'payment' and item.booked_on <= :as_of::date and (item.gone_on is null or item.gone_on > :as_of::date)
     order by item.id`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  // The gateway's fee includes its tax; until it has said one, nothing is assumed.
  return rows.map((r) => ({
    id: r.id,
    fee: paise((r.fee ?? 0n) - (r.tax ?? 0n)),
    tax: paise(r.tax ?? 0n),
    isKnown: r.fee !== null,
  }));
}

/** Since when captured money waits for its settlement; undefined when none does. */
export async function unsettledSince(read: Read): Promise<LocalDate | undefined> {
  const row = await read.queryOne<{ day: LocalDate | null }>(
    `select min(booked_on) as day from (${CLEARING_ITEMS}) as item where kind = 'payment' and gone_on is null`,
    { ulb: read.ulb.id },
  );
  return row?.day ?? undefined;
}

/** Each payment, refund and lost dispute with the day it entered the clearing account and the day it left. */
export const CLEARING_ITEMS = `
  select p.payment_id as id, 'payment' as kind, p.amount::bigint as amount, coalesce(r.entry_date, n.entry_date) as booked_on, p.settled_on as gone_on
  from collections.payments p
  left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id
  left join collections.refunds n on n.ulb_id = p.ulb_id and n.refund_id = p.refund_id
  where p.ulb_id = :ulb and p.booked_as is not null
  union all
  select provider_refund_id, 'refund', -amount::bigint, processed_on, least(settled_on, failed_on)
  from collections.refunds where ulb_id = :ulb and processed_on is not null
  union all
  select dispute_id, 'dispute', -amount_deducted::bigint, booked_on, settled_on
  from collections.disputes where ulb_id = :ulb and booked_on is not null`;
