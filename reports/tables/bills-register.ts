import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amount, date, money, rangeLine, registerRange, text } from "./payable-range.ts";

type Row = {
  register_number: string | null;
  received_on: LocalDate;
  number: string;
  bill_date: LocalDate;
  party_id: string;
  name: string;
  narration: string;
  contract_ref: string | null;
  gross: bigint;
  net: bigint;
  paid: bigint;
  status: string;
  booked_on: LocalDate | null;
};

async function* rows(read: Read, from: LocalDate, to: LocalDate): AsyncGenerator<ReportRow> {
  const found = read.stream<Row>(
    `select b.register_number, b.received_on, b.number, b.bill_date, b.party_id, p.name, b.narration, b.contract_ref, b.gross, b.net, b.status,
       b.booked_on,
       coalesce((select -sum(m.amount) from ledger.payable_items i
         join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.why in ('paid', 'payment cancelled', 'returned')
         where i.ulb_id = b.ulb_id and i.bill_id = b.bill_id and i.kind = 'creditor'), 0)::bigint as paid
     from ledger.bills b
     join ledger.parties p on p.ulb_id = b.ulb_id and p.party_type = b.party_type and p.party_id = b.party_id
     where b.ulb_id = :ulb and b.status <> 'draft' and b.received_on between :from_day::date and :to_day::date
     order by b.received_on, b.register_number, b.bill_id`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
  for await (const r of found) {
    const counts = r.status === "passed";
    yield {
      cells: {
        register_number: r.register_number ?? "",
        received_on: r.received_on,
        party: `${r.party_id} ${r.name}`,
        bill: r.number,
        bill_date: r.bill_date,
        particulars: r.contract_ref === null ? r.narration : `${r.narration} (${r.contract_ref})`,
        gross: money(r.gross),
        deductions: money(r.gross - r.net),
        net: money(r.net),
        passed_on: counts ? r.booked_on : null,
        paid: money(r.paid),
        balance: money(counts ? r.net - r.paid : 0n),
        status: r.status,
      },
    };
  }
}

async function build(read: Read, options: ReportOptions): Promise<ReportTable> {
  const range = registerRange("bills-register", options);
  return Promise.resolve({
    title: "Register of bills for payment (GEN-13)",
    subtitle: [rangeLine(range), "By the day on which the bill was received"],
    columns: [
      text("register_number", "No.", 2),
      date("received_on", "Received"),
      text("party", "Party", 3),
      text("bill", "Bill", 1.5),
      date("bill_date", "Bill date"),
      text("particulars", "Particulars", 4),
      amount("gross", "Gross"),
      amount("deductions", "Deductions"),
      amount("net", "Net"),
      date("passed_on", "Passed"),
      amount("paid", "Paid"),
      amount("balance", "Payable"),
      text("status", "Status"),
    ],
    rows: rows(read, range.from, range.to),
    notes: ["Payable is what passed bills of these days still wait for."],
    signatures: ["Accountant", "Accounts Officer"],
    of: `${range.from}_${range.to}`,
  });
}

export const billsRegister: TableReport = {
  name: "bills-register",
  description: "Bills received, their deductions, and what was paid of them (GEN-13)",
  build,
};
