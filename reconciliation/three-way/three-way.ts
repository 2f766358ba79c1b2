import { receiptNumber } from "../../collections/index.ts";
import { addDays, dateInIndia, type LocalDate } from "../../ledger/kernel/dates.ts";
import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";

/** Days after which a captured payment should be in a settlement: the gateway pays on the second working day, holidays may double it. */
export const SETTLED_WITHIN_DAYS = 5;

/** A settlement between the citizen's receipts and the bank's line. */
export type ThreeWay = {
  readonly id: string;
  readonly settledOn: LocalDate;
  readonly utr: string | null;
  readonly amount: Paise;
  readonly payments: number;
  readonly gross: Paise;
  readonly refunds: Paise;
  readonly fee: Paise;
  readonly tax: Paise;
  readonly adjustments: Paise;
  readonly entryId: bigint | null;
  /** exception: it does not add up; in transit: paid out, not seen; arrived: the bank shows it; differs: the bank shows another sum. */
  readonly state: "exception" | "in-transit" | "arrived" | "differs";
  readonly exceptionId: string | null;
  readonly message: string | null;
  /** The statement lines that brought it, and their sum. */
  readonly lines: readonly string[];
  readonly atBank: Paise | null;
  readonly arrivedOn: LocalDate | null;
};

/** Settlements of some days with the bank's lines, the newest first; at most 200, the next ones `after` the last. */
export async function threeWay(
  read: Read,
  options: {
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly state?: ThreeWay["state"] | undefined;
    readonly id?: string | undefined;
    readonly after?: { readonly settledOn: LocalDate; readonly id: string } | undefined;
    readonly limit?: number | undefined;
  },
): Promise<ThreeWay[]> {
  return read.query<ThreeWay>(
    `with settled as (
       select s.*, x.exception_id, x.particulars as message, l.lines, l.at_bank, l.arrived,
         (select count(*) from reconciliation.settlement_items i
           where i.ulb_id = s.ulb_id and i.settlement_id = s.settlement_id and i.type = 'payment')::integer as paid,
         (select coalesce(sum(w.amount) filter (where w.type = 'payment'), 0) from reconciliation.settlement_waiting_items w
           where w.ulb_id = s.ulb_id and w.settlement_id = s.settlement_id)::bigint as waiting_gross,
         (select count(*) filter (where w.type = 'payment') from reconciliation.settlement_waiting_items w
           where w.ulb_id = s.ulb_id and w.settlement_id = s.settlement_id)::integer as waiting_paid
       from reconciliation.settlements s
       left join reconciliation.bank_exceptions x on x.ulb_id = s.ulb_id and x.subject = 'settlement' and x.subject_id = s.settlement_id
         and x.status <> 'closed'
       left join lateral (
         select array_agg(distinct b.line_id::text) as lines, sum(b.amount)::bigint as at_bank, max(b.booked_on) as arrived
         from reconciliation.live_legs g
         join reconciliation.bank_lines b on b.ulb_id = g.ulb_id and b.line_id = g.line_id
         where g.ulb_id = s.ulb_id and g.kind = 'line' and g.match_id in (
           select s.arrival_match_id
           union all
           select i.match_id from reconciliation.live_legs i where i.ulb_id = s.ulb_id and i.entry_id = s.entry_id)
       ) as l on true
       where s.ulb_id = :ulb and s.settled_on between :from_day::date and :to_day::date
         and (:id::text is null or s.settlement_id = :id)
     ), judged as (
       select *, case when status = 'exception' then 'exception' when lines is null then 'in-transit'
           when at_bank <> amount and (
             select count(*) from reconciliation.settlements o where o.ulb_id = settled.ulb_id and o.arrival_match_id = settled.arrival_match_id) = 1
             then 'differs'
           else 'arrived' end as state
       from settled
     )
     select settlement_id as id, settled_on as "settledOn", utr, amount, greatest(coalesce(payments, 0), paid, waiting_paid) as payments,
       coalesce(gross, waiting_gross)::bigint as gross, coalesce(refunds, 0)::bigint as refunds, coalesce(fee, 0)::bigint as fee,
       coalesce(tax, 0)::bigint as tax, adjustments, entry_id as "entryId", state, exception_id::text as "exceptionId", message,
       coalesce(lines, '{}') as lines, at_bank as "atBank", arrived as "arrivedOn"
     from judged
     where (:state::text is null or state = :state)
       and (:after_day::date is null or (settled_on, settlement_id) < (:after_day::date, :after_id::text))
     order by settled_on desc, settlement_id desc
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      from_day: options.from,
      to_day: options.to,
      id: options.id ?? null,
      state: options.state ?? null,
      after_day: options.after?.settledOn ?? null,
      after_id: options.after?.id ?? null,
      row_limit: Math.min(options.limit ?? 100, 201),
    },
  );
}

/** A row of a settlement with the receipt behind it. */
export type ThreeWayRow = {
  readonly entityId: string;
  readonly type: string;
  readonly amount: Paise;
  readonly fee: Paise;
  readonly tax: Paise;
  /** What it moved in the payout: positive for us. */
  readonly net: Paise;
  readonly isOnHold: boolean;
  readonly receiptId: string | null;
  readonly receipt: string | null;
  readonly payer: string | null;
  /** What stands in our books for it; null where we know nothing of it. */
  readonly booked: Paise | null;
};

/** The rows of a settlement, booked or waiting, with what our books have for each; at most 200, the next ones `after` the last. */
export async function threeWayRows(
  read: Read,
  settlementId: string,
  page: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<ThreeWayRow[]> {
  const rows = await read.query<Omit<ThreeWayRow, "receipt"> & { fy: string | null; number: bigint | null }>(
    `select i.entity_id as "entityId", i.type, i.amount, i.fee, i.tax, (i.credit - i.debit)::bigint as net, i.is_on_hold as "isOnHold",
       r.receipt_id::text as "receiptId", r.fy, r.number, r.payer_name as payer,
       coalesce(case when p.booked_as is not null then p.amount end, case when f.processed_on is not null then f.amount end)::bigint as booked
     from (
       select entity_id, type, amount, fee, tax, credit, debit, false as is_on_hold from reconciliation.settlement_items
       where ulb_id = :ulb and settlement_id = :id
       union all
       select entity_id, type, amount, fee, tax, credit, debit, is_on_hold from reconciliation.settlement_waiting_items
       where ulb_id = :ulb and settlement_id = :id
     ) as i
     left join collections.payments p on p.ulb_id = :ulb and p.payment_id = i.entity_id
     left join collections.receipts r on r.ulb_id = :ulb and r.receipt_id = p.receipt_id
     left join collections.refunds f on f.ulb_id = :ulb and f.provider_refund_id = i.entity_id
     where (:after::text is null or i.entity_id > :after)
     order by i.entity_id
     limit :row_limit`,
    { ulb: read.ulb.id, id: settlementId, after: page.after ?? null, row_limit: Math.min(page.limit ?? 100, 201) },
  );
  return rows.map(({ fy, number, ...r }) => ({
    ...r,
    receipt: fy !== null && number !== null ? receiptNumber(fy, number) : null,
  }));
}

/** A captured payment that no booked settlement holds. */
export type Unsettled = {
  readonly paymentId: string;
  readonly amount: Paise;
  readonly capturedOn: LocalDate;
  readonly receiptId: string | null;
  readonly receipt: string | null;
  readonly payer: string | null;
  readonly ageDays: number;
  /** on hold: the gateway holds it; in exception: it stands in a settlement that does not add up; late: longer than usual. */
  readonly state: "on hold" | "in exception" | "late" | "waiting";
  readonly settlementId: string | null;
};

/** Payments that are booked and not settled, the oldest first; at most 200, the next ones `after` the last. */
export async function unsettledPayments(
  read: Read,
  page: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<Unsettled[]> {
  const today = dateInIndia(read.clock());
  const rows = await read.query<Omit<Unsettled, "receipt"> & { fy: string | null; number: bigint | null }>(
    `select p.payment_id as "paymentId", p.amount, (p.captured_at at time zone 'Asia/Kolkata')::date as "capturedOn",
       r.receipt_id::text as "receiptId", r.fy, r.number, r.payer_name as payer,
       greatest(0, :today::date - (p.captured_at at time zone 'Asia/Kolkata')::date) as "ageDays",
       case when w.is_on_hold then 'on hold' when w.settlement_id is not null then 'in exception'
         when (p.captured_at at time zone 'Asia/Kolkata')::date < :late::date then 'late' else 'waiting' end as state,
       w.settlement_id as "settlementId"
     from collections.payments p
     left join collections.receipts r on r.ulb_id = p.ulb_id and r.receipt_id = p.receipt_id
     left join lateral (
       select x.settlement_id, x.is_on_hold from reconciliation.settlement_waiting_items x
       where x.ulb_id = p.ulb_id and x.entity_id = p.payment_id order by x.settlement_id limit 1
     ) as w on true
     where p.ulb_id = :ulb and p.booked_as is not null and p.settlement_id is null
       and (:after::text is null or (p.captured_at, p.payment_id) > (
         select a.captured_at, a.payment_id from collections.payments a where a.ulb_id = :ulb and a.payment_id = :after))
     order by p.captured_at, p.payment_id
     limit :row_limit`,
    {
      ulb: read.ulb.id,
      today,
      late: addDays(today, -SETTLED_WITHIN_DAYS),
      after: page.after ?? null,
      row_limit: Math.min(page.limit ?? 100, 201),
    },
  );
  return rows.map(({ fy, number, ...r }) => ({
    ...r,
    receipt: fy !== null && number !== null ? receiptNumber(fy, number) : null,
  }));
}

/** What stands where between the citizens and the bank, in sums. */
export type ThreeWayTotals = {
  readonly unsettled: Paise;
  readonly unsettledPayments: number;
  readonly inTransit: Paise;
  readonly inTransitSettlements: number;
  readonly inException: Paise;
  readonly exceptions: number;
};

export async function threeWayTotals(read: Read): Promise<ThreeWayTotals> {
  const row = await read.queryOne<{
    n: number;
    unsettled: bigint;
    t: number;
    transit: bigint;
    x: number;
    exception: bigint;
  }>(
    `select p.n, p.unsettled, s.t, s.transit, s.x, s.exception
     from (select count(*)::integer as n, coalesce(sum(amount), 0)::bigint as unsettled from collections.payments
         where ulb_id = :ulb and booked_as is not null and settlement_id is null) as p,
       (select count(*) filter (where status = 'booked' and arrival_match_id is null and not matched)::integer as t,
           coalesce(sum(amount) filter (where status = 'booked' and arrival_match_id is null and not matched), 0)::bigint as transit,
           count(*) filter (where status = 'exception')::integer as x,
           coalesce(sum(amount) filter (where status = 'exception'), 0)::bigint as exception
         from (select z.*, exists (
             select 1 from reconciliation.live_legs g where g.ulb_id = z.ulb_id and g.entry_id = z.entry_id) as matched
           from reconciliation.settlements z where z.ulb_id = :ulb) as y) as s`,
    { ulb: read.ulb.id },
  );
  return {
    unsettled: paise(row?.unsettled ?? 0n),
    unsettledPayments: row?.n ?? 0,
    inTransit: paise(row?.transit ?? 0n),
    inTransitSettlements: row?.t ?? 0,
    inException: paise(row?.exception ?? 0n),
    exceptions: row?.x ?? 0,
  };
}
