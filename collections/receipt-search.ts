import type { LocalDate } from "../ledger/kernel/dates.ts";
import { isUuid } from "../ledger/kernel/ids.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { readReceipts, type Receipt, type ReceiptMode, type ReceiptStatus } from "./receipts.ts";

/** What a receipt is looked for by; all that is named must hold. */
export type ReceiptSearch = {
  readonly receiptIds?: readonly string[];
  readonly tenderIds?: readonly string[];
  readonly billIds?: readonly string[];
  /** As printed: "RC/2026-27/000123". */
  readonly numbers?: readonly string[];
  readonly consumerCodes?: readonly string[];
  readonly services?: readonly string[];
  readonly statuses?: readonly ReceiptStatus[];
  readonly modes?: readonly ReceiptMode[];
  /** The payer's mobile number, as he gave it. */
  readonly mobile?: string;
  /** Number of the cheque, slip or transfer, or the gateway's id of the payment. */
  readonly reference?: string;
  readonly from?: LocalDate;
  readonly to?: LocalDate;
  readonly limit?: number;
  readonly offset?: number;
};

const CONDITIONS = `
  (:ids::uuid[] is null or r.receipt_id = any(:ids::uuid[]) )
  and (:tenders::uuid[] is null or r.tender_id = any(:tenders::uuid[]) or (r.tender_id is null and r.receipt_id = any(:tenders::uuid[])))
  and (:bills::uuid[] is null or r.bill_id = any(:bills::uuid[]))
  and (:numbers::text[] is null or r.fy || '/' || r.number::text = any(:numbers::text[]))
  and (:codes::text[] is null or r.consumer_code = any(:codes::text[]))
  and (:services::text[] is null or r.service = any(:services::text[]))
  and (:statuses::text[] is null or r.status = any(:statuses::text[]))
  and (:modes::text[] is null or r.mode = any(:modes::text[]))
  and (:mobile::text is null or r.payer_mobile = :mobile::text or r.consumer_id in (
    select c.consumer_id from billing.consumers c where c.ulb_id = :ulb and c.mobile = :mobile::text
  ))
  and (:reference::text is null or r.payment_id = :reference::text or exists (
    select 1 from collections.instruments i where i.ulb_id = r.ulb_id and i.receipt_id = r.receipt_id and i.number = :reference::text
  ))
  and (:from_day::date is null or r.entry_date >= :from_day::date)
  and (:to_day::date is null or r.entry_date <= :to_day::date)`;

function paramsOf(search: ReceiptSearch): Record<string, unknown> {
  return {
    ids: search.receiptIds?.filter(isUuid) ?? null,
    tenders: search.tenderIds?.filter(isUuid) ?? null,
    bills: search.billIds?.filter(isUuid) ?? null,
    numbers:
      search.numbers?.map((n) =>
        n
          .split("/")
          .slice(-2)
          .join("/")
          .replace(/\/0*(?=\d)/, "/"),
      ) ?? null,
    codes: search.consumerCodes ?? null,
    services: search.services ?? null,
    statuses: search.statuses ?? null,
    modes: search.modes ?? null,
    mobile: search.mobile ?? null,
    reference: search.reference ?? null,
    from_day: search.from ?? null,
    to_day: search.to ?? null,
  };
}

/** Receipts by what is known of them, the newest first; at most `limit` (500). */
export async function findReceipts(read: Read, search: ReceiptSearch): Promise<Receipt[]> {
  return readReceipts(
    read,
    `${CONDITIONS} order by r.issued_at desc, r.number desc limit :row_limit offset :row_offset`,
    {
      ...paramsOf(search),
      row_limit: Math.min(search.limit ?? 100, 500),
      row_offset: search.offset ?? 0,
    },
  );
}

/** How many there are, without the limit. */
export async function countReceipts(read: Read, search: ReceiptSearch): Promise<number> {
  const row = await read.queryOne<{ n: bigint }>(
    `select count(*) as n from collections.receipts r where r.ulb_id = :ulb and ${CONDITIONS}`,
    { ulb: read.ulb.id, ...paramsOf(search) },
  );
  return Number(row?.n ?? 0n);
}
