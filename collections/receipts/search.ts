import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { readReceipts, type Receipt, type ReceiptMode, type ReceiptStatus } from "./receipts.ts";

/** Where the money of a receipt that stands is: with the cashier, on its way or at the bank, or seen on the bank's statement. */
export type MoneyStage = "in-hand" | "at-bank" | "cleared";

/** The stage of a receipt; what is taken back has none. The search below says the same in SQL. */
export function moneyStage(r: Pick<Receipt, "status" | "channel" | "mode" | "instrument">): MoneyStage | undefined {
  if (r.status !== "issued") return undefined;
  if (r.instrument.status === "cleared") return "cleared";
  const isElsewhere =
    r.channel !== "counter" || r.instrument.status === "deposited" || r.mode === "pos" || r.mode === "upi";
  return isElsewhere ? "at-bank" : "in-hand";
}

/** What a receipt is looked for by; all that is named must hold. */
export type ReceiptSearch = {
  readonly receiptIds?: readonly string[];
  readonly tenderIds?: readonly string[];
  readonly billIds?: readonly string[];
  /** As printed: "RC/2026-27/000123". */
  readonly numbers?: readonly string[];
  readonly consumerCodes?: readonly string[];
  readonly services?: readonly string[];
  /** Receipts of any of these statuses, or that stand with their money at any of these stages. */
  readonly statuses?: readonly ReceiptStatus[];
  readonly stages?: readonly MoneyStage[];
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
  and ((:statuses::text[] is null and :stages::text[] is null) or r.status = any(:statuses::text[]) or (
    r.status = 'issued' and :stages::text[] is not null and (
      select case
        when m.status = 'cleared' then 'cleared'
        when r.channel <> 'counter' or m.status = 'deposited' or r.mode in ('pos', 'upi') then 'at-bank'
        else 'in-hand' end
      from collections.instruments m
      where m.ulb_id = r.ulb_id and m.receipt_id = coalesce(r.original_id, r.receipt_id)
    ) = any(:stages::text[])
  ))
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
    stages: search.stages ?? null,
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
