import type { LocalDate } from "../ledger/kernel/dates.ts";
import { paise, sum, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { receiptNumber } from "../collections/index.ts";
import { reportErrors } from "./errors.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { CollectionRegisterLine, CollectionRegisterView, CollectionSummary } from "./pdf/statements.ts";

export type CollectionRegisterOptions = {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly service?: string;
  readonly ward?: string;
};

/*
 * One row per receipt on the day of its entry, and one more, negative, on the day on which it was cancelled or dishonoured: the register
 * adds up to the net collection of the range, and a receipt of an earlier month that bounced is seen in the month that bears it.
 */
const DOCUMENTS = `
  select r.receipt_id, r.entry_date as day, r.fy, r.number, 1 as sign, 'issued' as status, r.consumer_code, r.payer_name, r.ward, r.service, r.mode,
    r.channel, r.session_id, r.amount, r.entry_date, coalesce(r.original_id, r.receipt_id) as money_of
  from collections.receipts r
  where r.ulb_id = :ulb and r.entry_date between :from_day::date and :to_day::date
  union all
  select r.receipt_id, r.status_date, r.fy, r.number, -1, r.status, r.consumer_code, r.payer_name, r.ward, r.service, r.mode,
    r.channel, r.session_id, -r.amount, r.entry_date, coalesce(r.original_id, r.receipt_id)
  from collections.receipts r
  where r.ulb_id = :ulb and r.status <> 'issued' and r.status_date between :from_day::date and :to_day::date`;
const FILTER = "(:service::text is null or d.service = :service) and (:ward::text is null or d.ward = :ward)";

type Row = {
  day: LocalDate;
  fy: string;
  number: bigint;
  status: string;
  consumer_code: string | null;
  payer_name: string;
  ward: string | null;
  service: string | null;
  mode: string;
  counter: string | null;
  instrument: string | null;
  amount: bigint;
};

function paramsOf(read: Read, options: CollectionRegisterOptions): Record<string, unknown> {
  return {
    ulb: read.ulb.id,
    from_day: options.from,
    to_day: options.to,
    service: options.service ?? null,
    ward: options.ward ?? null,
  };
}

/** The rows of the register, streamed, in order of day and number. Raises REPORT_RANGE. */
export async function* collectionRegisterRows(
  read: Read,
  options: CollectionRegisterOptions,
): AsyncGenerator<CollectionRegisterLine> {
  checkRange(options);
  const rows = read.stream<Row>(
    `select d.day, d.fy, d.number, d.status, d.consumer_code, d.payer_name, d.ward, d.service, d.mode,
       coalesce(s.counter, d.channel) as counter, i.number as instrument, d.amount
     from (${DOCUMENTS}) as d
     join collections.instruments i on i.ulb_id = :ulb and i.receipt_id = d.money_of
     left join collections.counter_sessions s on s.ulb_id = :ulb and s.session_id = d.session_id
     where ${FILTER}
     order by d.day, d.fy, d.number, d.sign desc`,
    paramsOf(read, options),
  );
  for await (const row of rows)
    yield {
      date: row.day,
      receiptNo: receiptNumber(row.fy, row.number),
      consumerCode: row.consumer_code ?? "",
      consumerName: row.payer_name,
      ward: row.ward ?? "",
      service: row.service ?? "",
      mode: row.mode,
      counter: row.counter ?? "",
      instrument: row.instrument ?? "",
      status: row.status,
      amount: paise(row.amount),
    };
}

/** What of the register was which tax head, reversals taken off; sums to the register's total. */
async function headSums(read: Read, options: CollectionRegisterOptions): Promise<CollectionSummary[]> {
  const rows = await read.query<{ label: string; count: bigint; amount: bigint }>(
    `select l.title as label, count(distinct d.receipt_id) as count, sum(l.amount * d.sign)::bigint as amount
     from (${DOCUMENTS}) as d
     join collections.receipt_lines l on l.ulb_id = :ulb and l.receipt_id = d.receipt_id and l.kind <> 'rebate'
     where ${FILTER}
     group by l.title order by l.title`,
    paramsOf(read, options),
  );
  return rows.map((row) => ({ label: row.label, count: Number(row.count), amount: paise(row.amount) }));
}

const ROWS_AT_MOST = 20_000;

/** The collection register of a range for printing, with its sums by day, mode, counter and head. Raises REPORT_RANGE, REPORT_TOO_MANY_ROWS. */
export async function collectionRegisterView(
  read: Read,
  options: CollectionRegisterOptions & { readonly language?: Language },
): Promise<CollectionRegisterView> {
  const rows: CollectionRegisterLine[] = [];
  for await (const row of collectionRegisterRows(read, options)) {
    if (rows.length === ROWS_AT_MOST)
      throw reportErrors.REPORT_TOO_MANY_ROWS({ report: "collection register", atMost: ROWS_AT_MOST });
    rows.push(row);
  }
  return {
    ...headOf(read, options.language),
    from: options.from,
    to: options.to,
    rows,
    byDay: summaries(rows, (row) => row.date),
    byMode: summaries(rows, (row) => row.mode),
    byCounter: summaries(rows, (row) => row.counter),
    byHead: await headSums(read, options),
    total: sum(rows.map((row) => row.amount)),
  };
}

function summaries(
  rows: readonly CollectionRegisterLine[],
  labelOf: (row: CollectionRegisterLine) => string,
): CollectionSummary[] {
  const sums = new Map<string, { count: number; amount: Paise }>();
  for (const row of rows) {
    const known = sums.get(labelOf(row)) ?? { count: 0, amount: paise(0n) };
    sums.set(labelOf(row), { count: known.count + 1, amount: paise(known.amount + row.amount) });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ label: name, ...value }));
}
