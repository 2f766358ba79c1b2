import { entryNumber, type VoucherType } from "../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amount, date, money, rangeLine, registerRange, text } from "./payable-range.ts";

type Row = {
  issued_on: LocalDate;
  account: string;
  number: string;
  payee: string;
  amount: bigint;
  status: string;
  delivered_on: LocalDate | null;
  delivered_to: string | null;
  cleared_on: LocalDate | null;
  ended_on: LocalDate | null;
  reason: string | null;
  voucher: VoucherType | null;
  fy: string | null;
  entry: bigint | null;
};

async function* rows(
  read: Read,
  from: LocalDate,
  to: LocalDate,
  account: string | undefined,
): AsyncGenerator<ReportRow> {
  const found = read.stream<Row>(
    `select c.issued_on, c.account, c.number, c.payee, c.amount, c.status, c.delivered_on, c.delivered_to, c.cleared_on, c.ended_on, c.reason,
       e.voucher, e.fy, e.number as entry
     from ledger.cheques c
     left join ledger.payments y on y.ulb_id = c.ulb_id and y.payment_id = c.payment_id
     left join ledger.entries e on e.ulb_id = c.ulb_id and e.entry_id = y.entry_id
     where c.ulb_id = :ulb and c.issued_on between :from_day::date and :to_day::date and c.account = coalesce(:account, c.account)
     order by c.account, c.number`,
    { ulb: read.ulb.id, from_day: from, to_day: to, account: account ?? null },
  );
  for await (const r of found) {
    const isOut = r.status === "issued" || r.status === "delivered";
    yield {
      cells: {
        bank: r.account,
        cheque: r.number,
        date: r.issued_on,
        payee: r.payee,
        voucher: r.voucher === null || r.fy === null || r.entry === null ? "" : entryNumber(r.voucher, r.fy, r.entry),
        amount: money(r.amount),
        outstanding: money(isOut ? r.amount : 0n),
        delivered: r.delivered_on === null ? "" : `${formatDate(r.delivered_on)} ${r.delivered_to ?? ""}`.trim(),
        cleared_on: r.cleared_on,
        status: r.status,
        remark: [r.ended_on === null ? "" : formatDate(r.ended_on), r.reason ?? ""].filter(Boolean).join(" "),
      },
    };
  }
}

async function build(read: Read, options: ReportOptions): Promise<ReportTable> {
  const range = registerRange("cheque-register", options);
  return Promise.resolve({
    title: "Cheque issue register (GEN-15)",
    subtitle: [rangeLine(range), ...(options.account === undefined ? [] : [`Bank book ${options.account}`])],
    columns: [
      text("bank", "Bank book"),
      text("cheque", "Cheque", 1.2),
      date("date", "Issued"),
      text("payee", "Payee", 3),
      text("voucher", "Voucher", 2),
      amount("amount", "Amount"),
      amount("outstanding", "Not yet cleared"),
      text("delivered", "Delivered", 2.5),
      date("cleared_on", "Cleared"),
      text("status", "Status"),
      text("remark", "Remark", 2.5),
    ],
    rows: rows(read, range.from, range.to, options.account),
    signatures: ["Accountant", "Accounts Officer"],
    of: `${range.from}_${range.to}`,
  });
}

export const chequeRegister: TableReport = {
  name: "cheque-register",
  description: "Every leaf of the cheque books that was used: to whom, and what became of it (GEN-15)",
  build,
};
