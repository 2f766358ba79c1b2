import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { formatDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportOptions, ReportRow, ReportTable, TableReport } from "../report-table.ts";
import { amount, date, money, rangeLine, registerRange, text } from "./payable-range.ts";

type Row = {
  opened_on: LocalDate;
  code: string;
  section: string | null;
  payment_code: string | null;
  party_id: string;
  name: string | null;
  pan: string | null;
  bill: string | null;
  base: bigint | null;
  rate: string | null;
  amount: bigint;
  open: bigint;
  cancelled: bigint;
  due_on: LocalDate | null;
  challans: string | null;
};

async function* rows(read: Read, from: LocalDate, to: LocalDate): AsyncGenerator<ReportRow> {
  const found = read.stream<Row>(
    `select i.opened_on, i.code, s.section, s.payment_code, i.party_id, p.name, p.pan, b.number as bill, i.base, i.rate::text as rate, i.amount, i.open,
       coalesce((select -sum(m.amount) from ledger.payable_movements m
         where m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.why = 'bill cancelled'), 0)::bigint as cancelled,
       i.due_on,
       (select string_agg(distinct coalesce(y.challan_number || ' of ' || to_char(y.challan_date, 'DD/MM/YYYY'), 'paid, challan awaited'), '; ')
        from ledger.payment_lines l
        join ledger.payments y on y.ulb_id = l.ulb_id and y.payment_id = l.payment_id and y.status = 'issued'
        where l.ulb_id = i.ulb_id and l.item_id = i.item_id) as challans
     from ledger.payable_items i
     left join ledger.parties p on p.ulb_id = i.ulb_id and p.party_type = i.party_type and p.party_id = i.party_id
     left join ledger.bills b on b.ulb_id = i.ulb_id and b.bill_id = i.bill_id
     left join lateral (select t.section, t.payment_code from ledger.tax_sections t
       where t.ulb_id = i.ulb_id and t.code = i.code and t.valid_from <= i.opened_on order by t.valid_from desc limit 1) as s on true
     where i.ulb_id = :ulb and i.kind = 'recovery' and i.opened_on between :from_day::date and :to_day::date
     order by s.section nulls last, i.code, i.opened_on, i.party_id, i.item_id`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
  for await (const r of found) {
    yield {
      cells: {
        section: r.section ?? r.code,
        payment_code: r.payment_code ?? "",
        code: r.code,
        date: r.opened_on,
        party: `${r.party_id} ${r.name ?? ""}`.trim(),
        pan: r.pan ?? "PAN missing",
        bill: r.bill ?? "",
        base: r.base === null ? null : money(r.base),
        rate: r.rate ?? "",
        amount: money(r.amount - r.cancelled),
        remitted: money(r.amount - r.cancelled - r.open),
        balance: money(r.open),
        due_on: r.due_on === null ? "" : formatDate(r.due_on),
        challan: r.challans ?? "",
      },
    };
  }
}

async function build(read: Read, options: ReportOptions): Promise<ReportTable> {
  const range = registerRange("tds-register", options);
  return Promise.resolve({
    title: "Register of tax and other deductions",
    subtitle: [rangeLine(range), "By the day on which the bill was passed"],
    columns: [
      text("section", "Section", 1.5),
      text("payment_code", "Payment code"),
      text("code", "Code", 2),
      date("date", "Deducted"),
      text("party", "Party", 3),
      text("pan", "PAN", 1.6),
      text("bill", "Bill", 1.5),
      amount("base", "Value", false),
      text("rate", "Rate %", 0.8),
      amount("amount", "Deducted"),
      amount("remitted", "Remitted"),
      amount("balance", "To be remitted"),
      text("due_on", "Due", 1.3),
      text("challan", "Challan", 3),
    ],
    rows: rows(read, range.from, range.to),
    signatures: ["Accountant", "Accounts Officer"],
    of: `${range.from}_${range.to}`,
  });
}

export const tdsRegister: TableReport = {
  name: "tds-register",
  description: "TDS, GST-TDS, cess and other recoveries: section, PAN, value, rate, amount, challan",
  build,
};
