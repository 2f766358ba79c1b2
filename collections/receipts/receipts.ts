import { findEntryBySource } from "../../ledger/index.ts";
import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { sum, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";

export type ReceiptMode =
  "cash" | "cheque" | "dd" | "postal-order" | "bank-transfer" | "challan" | "pos" | "upi" | "gateway";

export type ReceiptStatus = "issued" | "dishonoured" | "cancelled" | "transferred" | "reversed";

export type ReceiptLine = {
  /**
   * tax, charge, fee, penalty, interest, cess, advance, rounding, head, convenience-fee, unidentified, refundable: these sum to the amount. rebate is
   * shown beside them.
   */
  readonly kind: string;
  readonly taxHead: string | null;
  readonly title: string;
  readonly demandYear: FinancialYear | null;
  readonly periodFrom: LocalDate | null;
  readonly periodTo: LocalDate | null;
  readonly amount: Paise;
  /** The head of account of a line that is no consumer's: rounding, miscellaneous receipts. */
  readonly account?: string | null;
};

/** A receipt as it is printed and verified. */
export type Receipt = {
  readonly id: string;
  /** "RC/2026-27/000123". */
  readonly number: string;
  readonly token: string;
  readonly fy: FinancialYear;
  readonly consumerId: string | null;
  readonly consumerCode: string | null;
  readonly service: string | null;
  readonly ward: string | null;
  readonly payerName: string;
  readonly billId: string | null;
  readonly channel: "online" | "counter" | "external";
  readonly mode: ReceiptMode;
  readonly amount: Paise;
  readonly paidAt: Date;
  readonly valueDate: LocalDate;
  readonly entryDate: LocalDate;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly status: ReceiptStatus;
  readonly statusReason: string | null;
  readonly statusDate: LocalDate | null;
  readonly sessionId: string | null;
  readonly paymentId: string | null;
  readonly printCount: number;
  /** A replacement takes the place of a receipt that was transferred to the right consumer; its money is that one's. */
  readonly kind: "original" | "replacement";
  readonly replaces: string | null;
  /** The payment at the counter that it is part of. */
  readonly tenderId: string | null;
  readonly bookNo: string | null;
  readonly leafNo: string | null;
  readonly instrument: {
    readonly id: string;
    readonly kind: ReceiptMode;
    readonly number: string | null;
    readonly bank: string | null;
    readonly branch: string | null;
    readonly date: LocalDate | null;
    readonly status: string;
    readonly acquirer: string | null;
  };
  /** How the payer paid online: UPI with its RRN, a card's network and last four digits, a bank. */
  readonly online: {
    readonly method: string;
    readonly reference: string | null;
    readonly bank: string | null;
    readonly cardNetwork: string | null;
    readonly cardLast4: string | null;
  } | null;
  readonly lines: readonly ReceiptLine[];
  /** Where its line is refundable: the refund note that gives the money back. */
  readonly refundNote: { readonly id: string; readonly number: string } | null;
};

/** What of a receipt is refundable: money that was set against no due, a liability until it is given back. Nothing on all others. */
export function refundableOf(receipt: Pick<Receipt, "lines">): Paise {
  return sum(receipt.lines.filter((l) => l.kind === "refundable").map((l) => l.amount));
}

/** "RN/2026-27/000004". */
export function refundNumber(fy: string, number: bigint): string {
  return `RN/${fy}/${number.toString().padStart(6, "0")}`;
}

export function receiptNumber(fy: string, number: bigint): string {
  return `RC/${fy}/${number.toString().padStart(6, "0")}`;
}

type ReceiptRow = Omit<Receipt, "number" | "lines" | "instrument" | "online" | "refundNote"> & {
  readonly serial: bigint;
  readonly instrumentId: string;
  readonly instrumentNumber: string | null;
  readonly instrumentBank: string | null;
  readonly instrumentBranch: string | null;
  readonly instrumentDate: LocalDate | null;
  readonly instrumentStatus: string;
  readonly instrumentAcquirer: string | null;
  readonly method: string | null;
  readonly reference: string | null;
  readonly bank: string | null;
  readonly cardNetwork: string | null;
  readonly cardLast4: string | null;
  readonly noteId: string | null;
  readonly noteFy: string | null;
  readonly noteSerial: bigint | null;
};

const RECEIPTS = `
  select r.receipt_id as id, r.fy, r.number as serial, r.token, r.consumer_id as "consumerId", r.consumer_code as "consumerCode", r.service, r.ward,
    r.payer_name as "payerName", r.bill_id as "billId", r.channel, r.mode, r.amount, r.paid_at as "paidAt", r.value_date as "valueDate",
    r.entry_date as "entryDate", r.issued_at as "issuedAt", r.issued_by as "issuedBy", r.status, r.status_reason as "statusReason",
    r.status_date as "statusDate", r.session_id as "sessionId", r.payment_id as "paymentId", r.print_count as "printCount",
    r.kind, r.replaces, r.tender_id as "tenderId", r.book_no as "bookNo", r.leaf_no as "leafNo", i.acquirer as "instrumentAcquirer",
    i.instrument_id as "instrumentId", i.number as "instrumentNumber", i.bank as "instrumentBank", i.branch as "instrumentBranch",
    i.instrument_date as "instrumentDate", i.status as "instrumentStatus",
    p.method, p.reference, p.bank, p.card_network as "cardNetwork", p.card_last4 as "cardLast4",
    n.refund_id as "noteId", n.fy as "noteFy", n.number as "noteSerial"
  from collections.receipts r
  join collections.instruments i on i.ulb_id = r.ulb_id and i.receipt_id = coalesce(r.original_id, r.receipt_id)
  left join collections.payments p on p.ulb_id = r.ulb_id and p.payment_id = r.payment_id
  left join collections.refunds n on n.ulb_id = p.ulb_id and n.refund_id = p.refund_id
  where r.ulb_id = :ulb`;

export async function readReceipts(read: Read, where: string, params: Record<string, unknown>): Promise<Receipt[]> {
  const rows = await read.query<ReceiptRow>(`${RECEIPTS} and ${where}`, { ...params, ulb: read.ulb.id });
  if (rows.length === 0) return [];
  const lines = await read.query<ReceiptLine & { receiptId: string }>(
    `select receipt_id as "receiptId", kind, tax_head as "taxHead", title, demand_year as "demandYear", period_from as "periodFrom",
       period_to as "periodTo", amount, account
     from collections.receipt_lines where ulb_id = :ulb and receipt_id = any(:ids::uuid[]) order by receipt_id, line_no`,
    { ulb: read.ulb.id, ids: rows.map((r) => r.id) },
  );
  const byReceipt = groupBy(lines, (l) => l.receiptId);
  return rows.map((r) => {
    const {
      serial,
      instrumentId,
      instrumentNumber,
      instrumentBank,
      instrumentBranch,
      instrumentDate,
      instrumentStatus,
      instrumentAcquirer,
      method,
      reference,
      bank,
      cardNetwork,
      cardLast4,
      noteId,
      noteFy,
      noteSerial,
      ...receipt
    } = r;
    return {
      ...receipt,
      number: receiptNumber(r.fy, serial),
      instrument: {
        id: instrumentId,
        kind: r.mode,
        number: instrumentNumber,
        bank: instrumentBank,
        branch: instrumentBranch,
        date: instrumentDate,
        status: instrumentStatus,
        acquirer: instrumentAcquirer,
      },
      online: method === null ? null : { method, reference, bank, cardNetwork, cardLast4 },
      refundNote:
        noteId === null || noteFy === null || noteSerial === null
          ? null
          : { id: noteId, number: refundNumber(noteFy, noteSerial) },
      lines: (byReceipt.get(r.id) ?? []).map(({ receiptId: _own, ...line }) => line),
    };
  });
}

/** A receipt by its id, or by the token of its QR code. Raises RECEIPT_NOT_FOUND. */
export async function getReceipt(read: Read, idOrToken: string): Promise<Receipt> {
  const [receipt] = isUuid(idOrToken)
    ? await readReceipts(read, "r.receipt_id = :id::uuid", { id: idOrToken })
    : await readReceipts(read, "r.token = :token", { token: idOrToken });
  if (!receipt) throw collectionErrors.RECEIPT_NOT_FOUND({ receipt: idOrToken.slice(0, 60) });
  return receipt;
}

/** The entry of a receipt, and the entry that took it back, if any; of a replacement the entry of its transfer. */
export async function receiptEntry(read: Read, receiptId: string): ReturnType<typeof findEntryBySource> {
  return (
    (await findEntryBySource(read, { type: "receipt", id: receiptId })) ??
    findEntryBySource(read, { type: "receipt-transfer", id: receiptId })
  );
}

/** Receipts of the dates in the books, by number, after the cursor; at most `limit` (500). */
export async function listReceipts(
  read: Read,
  options: {
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly consumerId?: string;
    readonly sessionId?: string;
    readonly service?: string;
    readonly ward?: string;
    readonly after?: { readonly date: LocalDate; readonly number: string };
    readonly limit?: number;
  },
): Promise<Receipt[]> {
  return readReceipts(
    read,
    `r.entry_date between :from_day and :to_day
     and (r.entry_date, r.number) > (:after_day::date, :after_number::bigint)
     and (:consumer::uuid is null or r.consumer_id = :consumer::uuid)
     and (:session::uuid is null or r.session_id = :session::uuid)
     and (:service::text is null or r.service = :service)
     and (:ward::text is null or r.ward = :ward)
     order by r.entry_date, r.number limit :row_limit`,
    {
      from_day: options.from,
      to_day: options.to,
      after_day: options.after?.date ?? "0001-01-01",
      after_number: options.after === undefined ? 0n : BigInt(options.after.number.split("/").at(-1) ?? "0"),
      consumer: options.consumerId ?? null,
      session: options.sessionId ?? null,
      service: options.service ?? null,
      ward: options.ward ?? null,
      row_limit: Math.min(options.limit ?? 100, 500),
    },
  );
}

/** Counts a print, so that every copy after the first is marked as a duplicate. Gives how many copies there are now. */
export async function countPrint(tx: Tx, receiptId: string): Promise<number> {
  const row = await tx.queryOne<{ n: number }>(
    `update collections.receipts set print_count = print_count + 1 where ulb_id = :ulb and receipt_id = :id::uuid returning print_count as n`,
    { ulb: tx.ulb.id, id: receiptId },
  );
  if (!row) throw collectionErrors.RECEIPT_NOT_FOUND({ receipt: receiptId });
  return row.n;
}

/** Marks a receipt as dishonoured, cancelled, transferred or reversed (its money went back), once. It stays visible with its number. */
export async function markReceipt(
  tx: Tx,
  receiptId: string,
  status: Exclude<ReceiptStatus, "issued">,
  on: LocalDate,
  reason: string,
): Promise<void> {
  const rows = await tx.query(
    `update collections.receipts set status = :status, status_reason = :reason, status_date = :on_date
     where ulb_id = :ulb and receipt_id = :id::uuid and status = 'issued' returning receipt_id`,
    { ulb: tx.ulb.id, id: receiptId, status, reason, on_date: on },
  );
  if (rows.length === 0) {
    const receipt = await getReceipt(tx, receiptId);
    throw collectionErrors.RECEIPT_STATUS({ receipt: receipt.number, status: receipt.status, wanted: "issued" });
  }
}

/** "property-tax" -> "Property tax". */
export function serviceName(service: string): string {
  const text = service.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
