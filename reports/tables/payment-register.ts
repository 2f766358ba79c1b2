import { entryNumber, type VoucherType } from "../../ledger/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amount, date, money, rangeLine, registerRange, text } from "./payable-range.ts";

type Row = {
  payment_date: LocalDate;
  voucher: VoucherType;
  fy: string;
  number: bigint;
  kind: string;
  leaf: string | null;
  advice: string | null;
  account: string;
  payee: string;
  narration: string;
  amount: bigint;
  status: string;
};

async function* rows(read: Read, from: LocalDate, to: LocalDate): AsyncGenerator<ReportRow> {
  const found = read.stream<Row>(
    `select y.payment_date, e.voucher, e.fy, e.number, y.kind, y.leaf, a.number as advice, y.account, y.payee, y.narration, y.amount, y.status
     from ledger.payments y
     join ledger.entries e on e.ulb_id = y.ulb_id and e.entry_id = y.entry_id
     left join ledger.advices a on a.ulb_id = y.ulb_id and a.payment_id = y.payment_id
     where y.ulb_id = :ulb and y.payment_date between :from_day::date and :to_day::date
     order by y.payment_date, e.number`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
  for await (const r of found) {
    yield {
      cells: {
        date: r.payment_date,
        voucher: entryNumber(r.voucher, r.fy, r.number),
        kind: r.kind,
        instrument: r.leaf === null ? (r.advice ?? "") : `cheque ${r.leaf}`,
        bank: r.account,
        payee: r.payee,
        particulars: r.narration,
        amount: money(r.status === "cancelled" ? 0n : r.amount),
        cancelled: money(r.status === "cancelled" ? r.amount : 0n),
        status: r.status,
      },
    };
  }
}

async function build(read: Read, options: ReportOptions): Promise<ReportTable> {
  const range = registerRange("payment-register", options);
  return Promise.resolve({
    title: "Register of payment orders (GEN-14)",
    subtitle: [rangeLine(range)],
    columns: [
      date("date", "Date"),
      text("voucher", "Voucher", 2),
      text("kind", "Kind", 1.2),
      text("instrument", "Cheque or advice", 2),
      text("bank", "Bank book"),
      text("payee", "Payee", 3),
      text("particulars", "Particulars", 4),
      amount("amount", "Paid"),
      amount("cancelled", "Cancelled"),
      text("status", "Status"),
    ],
    rows: rows(read, range.from, range.to),
    signatures: ["Accountant", "Accounts Officer"],
    of: `${range.from}_${range.to}`,
  });
}

export const paymentRegister: TableReport = {
  name: "payment-register",
  description: "Payments that were approved, with voucher, cheque or advice (GEN-14)",
  build,
};
