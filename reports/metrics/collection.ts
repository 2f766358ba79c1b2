import { trialBalance } from "../../ledger/index.ts";
import { addDays, addMonths, daysBetween, periodOf, type LocalDate } from "../../ledger/kernel/dates.ts";
import { negate, paise, subtract, sum, ZERO, type Paise, type Unit } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { checkRange } from "../head.ts";
import { targetFor } from "../targets.ts";

/*
 * NET COLLECTION, version 1. Over the journal entries with an entry date in the range whose fact is a receipt, or which take such an
 * entry back (dishonour, cancellation, reversal):
 *
 *   Σ (credit − debit) of every line that is neither cash or bank (an account marked so in the chart) nor finance charges (240…).
 *
 * A receipt counts what it settled: receivables, advances, income on receipt basis, unidentified credits; the pairs for cess and the
 * rebate cancel out within the entry. A receipt that was transferred to the right consumer counts once. A bounced cheque counts against the day of its return. What the bank charged for it is no
 * collection. A second payment that is refundable was collected like an advance, and its refund, like an advance's, is a
 * payment; one that was booked as a refund note alone is none. Vouchers typed by hand are not collection.
 *
 * Service and mode are the receipt's; ward is the line's. All from posted lines: nothing is counted that the trial balance has not.
 */
export const COLLECTION_DEFINITION = "net-collection/1";

const LINES = `
  select e.entry_date as day, e.entry_id, coalesce(o.entry_id, e.entry_id) = e.entry_id as is_receipt,
    coalesce(r.service, '') as service, coalesce(l.ward, '') as ward, coalesce(r.mode, '') as mode, l.credit - l.debit as amount
  from ledger.entries e
  left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
  left join ledger.entries oo on oo.ulb_id = o.ulb_id and oo.entry_id = o.reverses_entry_id
  join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
  join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
  -- By key: comparing receipt_id as text, a planner without statistics read all receipts once per entry (measured: 7 s for 2,700).
  left join collections.receipts r on r.ulb_id = e.ulb_id and r.receipt_id = case
    when coalesce(oo.source_id, o.source_id, e.source_id) ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$' then coalesce(oo.source_id, o.source_id, e.source_id)::uuid end
  where e.ulb_id = :ulb and e.entry_date between :from_day::date and :to_day::date
    and coalesce(oo.source_type, o.source_type, e.source_type) = 'receipt'
    and not a.is_cash_bank and l.account not like '240%'
    -- A cheque that was acknowledged counts when it is realised; until then it stood as a liability, which its receipt clears.
    and not (coalesce(l.party_type, '') = 'cheque' and l.account = (select m.account from ledger.posting_map m
      where m.ulb_id = e.ulb_id and m.key = 'cheques-provisional'))`;

export type CollectionFilter = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly ward?: string | undefined;
  readonly service?: string | undefined;
};

export type CollectionSlice = { readonly key: string; readonly amount: Paise; readonly receipts: number };

export type CollectionPoint = {
  /** A day ("2026-07-14") or a month ("2026-07"). */
  readonly key: string;
  readonly amount: Paise;
  /** The same day or month a year before; null where the books did not exist yet. */
  readonly lastYear: Paise | null;
};

export type CollectionDashboard = {
  readonly definition: typeof COLLECTION_DEFINITION;
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly ward: string | null;
  readonly service: string | null;
  /** How the page shows amounts; the figures here are exact paise. */
  readonly unit: Unit;
  readonly total: Paise;
  /** Receipts issued in the range, and those taken back. */
  readonly receipts: number;
  readonly reversals: number;
  readonly target: Paise | null;
  readonly targetOfYear: Paise | null;
  /** Percent of the range's target with one decimal, "87.5"; null without a target. */
  readonly achievement: string | null;
  readonly lastYear: { readonly from: LocalDate; readonly to: LocalDate; readonly total: Paise } | null;
  /** Change against last year in percent, "-4.2"; null where last year has nothing to compare with ("new"). */
  readonly change: string | null;
  readonly grain: "day" | "month";
  readonly series: readonly CollectionPoint[];
  readonly byService: readonly CollectionSlice[];
  readonly byWard: readonly CollectionSlice[];
  readonly byMode: readonly CollectionSlice[];
};

/** Up to this many days the series is by day, above by month. */
const DAYS_AT_MOST = 62;

/** The figures of the collection page, from posted lines (see the definition above). Raises REPORT_RANGE. */
export async function collectionDashboard(
  read: Read,
  options: CollectionFilter & { readonly unit?: Unit },
): Promise<CollectionDashboard> {
  checkRange(options);
  const { from, to } = options;
  const filter: CollectionFilter = { from, to, ward: options.ward, service: options.service };
  const grain = daysBetween(from, to) < DAYS_AT_MOST ? "day" : "month";
  const figures = await figuresOf(read, filter, grain);
  const target = await targetFor(read, filter);

  const before = { from: addMonths(from, -12), to: addMonths(to, -12) };
  const hasLastYear = before.to >= read.ulb.startsOn;
  const last = hasLastYear ? await figuresOf(read, { ...filter, ...before }, grain) : null;

  return {
    definition: COLLECTION_DEFINITION,
    from,
    to,
    ward: options.ward ?? null,
    service: options.service ?? null,
    unit: options.unit ?? "unit",
    total: figures.total,
    receipts: figures.receipts,
    reversals: figures.reversals,
    target: target.range,
    targetOfYear: target.year,
    achievement: target.range === null ? null : percent(figures.total, target.range),
    lastYear: last ? { ...before, total: last.total } : null,
    change: last === null ? null : percent(subtract(figures.total, last.total), last.total),
    grain,
    series: keysOf(from, to, grain).map((key) => {
      const earlier = keyAYearBefore(key, grain);
      const exists =
        last !== null && (grain === "day" ? earlier >= read.ulb.startsOn : `${earlier}-31` >= read.ulb.startsOn);
      return {
        key,
        amount: figures.series.get(key) ?? ZERO,
        lastYear: exists ? (last.series.get(earlier) ?? ZERO) : null,
      };
    }),
    byService: figures.byService,
    byWard: figures.byWard,
    byMode: figures.byMode,
  };
}

type Figures = {
  readonly total: Paise;
  readonly receipts: number;
  readonly reversals: number;
  readonly series: ReadonlyMap<string, Paise>;
  readonly byService: readonly CollectionSlice[];
  readonly byWard: readonly CollectionSlice[];
  readonly byMode: readonly CollectionSlice[];
};

async function figuresOf(read: Read, filter: CollectionFilter, grain: "day" | "month"): Promise<Figures> {
  const rows = await read.query<{
    grouped: number;
    day: LocalDate | null;
    service: string | null;
    ward: string | null;
    mode: string | null;
    amount: bigint;
    receipts: bigint;
    reversals: bigint;
  }>(
    `select grouping(day, service, ward, mode) as grouped, day, service, ward, mode, coalesce(sum(amount), 0)::bigint as amount,
       count(distinct entry_id) filter (where is_receipt) as receipts, count(distinct entry_id) filter (where not is_receipt) as reversals
     from (${LINES}) as line
     where (:ward::text is null or ward = :ward) and (:service::text is null or service = :service)
     group by grouping sets ((day), (service), (ward), (mode), ())
     order by grouped, day, service, ward, mode`,
    {
      ulb: read.ulb.id,
      from_day: filter.from,
      to_day: filter.to,
      ward: filter.ward ?? null,
      service: filter.service ?? null,
    },
  );
  // grouping() has a bit for each column that is summed over: 0111 is by day, 1011 by service, 1101 by ward, 1110 by mode, 1111 all.
  const of = (grouped: number) => rows.filter((row) => row.grouped === grouped);
  const slices = (grouped: number, keyOf: (row: (typeof rows)[number]) => string | null): CollectionSlice[] =>
    of(grouped).map((row) => ({ key: keyOf(row) ?? "", amount: paise(row.amount), receipts: Number(row.receipts) }));
  const series = new Map<string, Paise>();
  for (const row of of(0b0111)) {
    if (row.day === null) continue;
    const key = grain === "day" ? row.day : periodOf(row.day);
    series.set(key, paise((series.get(key) ?? 0n) + row.amount));
  }
  const [all] = of(0b1111);
  return {
    total: paise(all?.amount ?? 0n),
    receipts: Number(all?.receipts ?? 0n),
    reversals: Number(all?.reversals ?? 0n),
    series,
    byService: slices(0b1011, (row) => row.service),
    byWard: slices(0b1101, (row) => row.ward),
    byMode: slices(0b1110, (row) => row.mode),
  };
}

function keysOf(from: LocalDate, to: LocalDate, grain: "day" | "month"): string[] {
  const keys: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const key = grain === "day" ? day : periodOf(day);
    if (keys.at(-1) !== key) keys.push(key);
  }
  return keys;
}

function keyAYearBefore(key: string, grain: "day" | "month"): string {
  return grain === "day" ? addMonths(key as LocalDate, -12) : `${Number(key.slice(0, 4)) - 1}${key.slice(4)}`;
}

/** a ÷ b in percent with one decimal, half away from zero; null when there is nothing to divide by. */
function percent(a: Paise, b: Paise): string | null {
  if (b <= 0n) return null;
  const negative = a < 0n;
  const tenths = (2000n * (negative ? negate(a) : a) + b) / (2n * b);
  return `${negative && tenths > 0n ? "-" : ""}${tenths / 10n}.${tenths % 10n}`;
}

export type DashboardTie = {
  /** The total of the page for the range, all wards and services. */
  readonly dashboard: Paise;
  /** What cash and bank moved by in the trial balance, less what moved it that is not collection. */
  readonly trialBalance: Paise;
  readonly difference: Paise;
  /** Debits less credits of all cash and bank accounts in the trial balance of the range. */
  readonly moneyMoved: Paise;
  /** The part of it that is not collection, by kind of fact: payments, settlement fees, deposits (nil), refunds, opening balances … */
  readonly otherMovements: readonly { readonly source: string; readonly amount: Paise }[];
};

/**
 * The tie of the collection page: its total, which is summed from what receipts settled, equals what the trial balance says cash and bank
 * moved by, less the movements by other facts, which are listed. The two sides share no line: one sums what was settled, the other money.
 */
export async function dashboardTie(
  read: Read,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<DashboardTie> {
  checkRange(range);
  const { total } = await figuresOf(read, range, "month");
  const money = new Set(
    (
      await read.query<{ code: string }>("select code from ledger.accounts where ulb_id = :ulb and is_cash_bank", {
        ulb: read.ulb.id,
      })
    ).map((row) => row.code),
  );
  const moneyMoved = sum(
    (await trialBalance(read, range))
      .filter((row) => money.has(row.code))
      .map((row) => subtract(row.debit, row.credit)),
  );
  const other = await read.query<{ source: string; amount: bigint }>(
    `select case when x.is_collection then 'charges on returned receipts' else x.source_type end as source, sum(x.amount)::bigint as amount
     from (
       select e.source_type, coalesce(oo.source_type, o.source_type, e.source_type) = 'receipt' as is_collection,
         case when coalesce(oo.source_type, o.source_type, e.source_type) <> 'receipt' then
           case when a.is_cash_bank then l.debit - l.credit else 0 end
         else case when not a.is_cash_bank and l.account like '240%' then l.credit - l.debit else 0 end end as amount
       from ledger.entries e
       left join ledger.entries o on o.ulb_id = e.ulb_id and o.entry_id = e.reverses_entry_id
       left join ledger.entries oo on oo.ulb_id = o.ulb_id and oo.entry_id = o.reverses_entry_id
       join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
       join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
       where e.ulb_id = :ulb and e.entry_date between :from_day::date and :to_day::date
         and (a.is_cash_bank or l.account like '240%')
         -- What the books began with is an opening balance of the trial balance, no movement of it.
         and not (e.voucher = 'opening' and e.entry_date = :starts_on::date)
     ) as x
     group by 1 having sum(x.amount) <> 0 order by 1`,
    { ulb: read.ulb.id, from_day: range.from, to_day: range.to, starts_on: read.ulb.startsOn },
  );
  const otherMovements = other.map((row) => ({ source: row.source, amount: paise(row.amount) }));
  const collected = subtract(moneyMoved, sum(otherMovements.map((movement) => movement.amount)));
  return {
    dashboard: total,
    trialBalance: collected,
    difference: subtract(total, collected),
    moneyMoved,
    otherMovements,
  };
}
