import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import type { ReportRow, ReportTable } from "../report-table.ts";
import { amount, date, money, text } from "./payable-range.ts";

type Row = {
  account: string;
  party_id: string;
  name: string;
  code: string;
  what: string;
  opened_on: LocalDate;
  amount: bigint;
  first: bigint;
  second: bigint;
  other: bigint;
  open: bigint;
};

/**
 * A register of items at the end of a day: what came, what went (by two named causes and the rest), what is left; an item that is settled stays
 * in the register of the year in which it was, as GEN-16 and GEN-18 keep it.
 */
export function itemRegister(
  read: Read,
  register: {
    readonly kind: "advance" | "deposit";
    readonly title: string;
    readonly day: LocalDate;
    readonly opened: string;
    readonly causes: readonly [CauseColumn, CauseColumn];
    readonly rest: string;
  },
): ReportTable {
  const [first, second] = register.causes;
  return {
    title: register.title,
    subtitle: [`As of ${formatDate(register.day)}`],
    columns: [
      text("account", "Head"),
      text("party", "Party", 3),
      text("code", "Sort", 1.2),
      text("particulars", "Particulars", 4),
      date("date", register.opened),
      amount("amount", "Amount"),
      amount(first.key, first.label),
      amount(second.key, second.label),
      amount("other", register.rest),
      amount("balance", "Balance"),
    ],
    rows: rows(read, register.kind, register.day, first, second),
    notes: [
      "The balance of each head is the balance of its control account where nothing was posted beside the register.",
    ],
    signatures: ["Accountant", "Accounts Officer"],
    of: register.day,
  };
}

type CauseColumn = { readonly key: string; readonly label: string; readonly whys: readonly string[] };

async function* rows(
  read: Read,
  kind: string,
  day: LocalDate,
  first: CauseColumn,
  second: CauseColumn,
): AsyncGenerator<ReportRow> {
  const found = read.stream<Row>(
    `select i.account, i.party_id, coalesce(p.name, '') as name, i.code, i.what, i.opened_on,
       coalesce(sum(m.amount) filter (where m.movement_id = o.opening), 0)::bigint as amount,
       coalesce(-sum(m.amount) filter (where m.movement_id <> o.opening and m.why = any(:first::text[])), 0)::bigint as first,
       coalesce(-sum(m.amount) filter (where m.movement_id <> o.opening and m.why = any(:second::text[])), 0)::bigint as second,
       coalesce(-sum(m.amount) filter (where m.movement_id <> o.opening and m.why <> all(:first::text[]) and m.why <> all(:second::text[])), 0)::bigint as other,
       coalesce(sum(m.amount), 0)::bigint as open
     from ledger.payable_items i
     join ledger.payable_movements m on m.ulb_id = i.ulb_id and m.item_id = i.item_id and m.on_date <= :day::date
     join lateral (select min(movement_id) as opening from ledger.payable_movements x where x.ulb_id = i.ulb_id and x.item_id = i.item_id) as o on true
     left join ledger.parties p on p.ulb_id = i.ulb_id and p.party_type = i.party_type and p.party_id = i.party_id
     where i.ulb_id = :ulb and i.kind = :kind
     group by i.account, i.party_id, p.name, i.code, i.what, i.opened_on, i.item_id, o.opening
     having sum(m.amount) <> 0 or max(m.on_date) >= (:day::date - interval '1 year')::date
     order by i.account, i.party_id, i.opened_on, i.item_id`,
    { ulb: read.ulb.id, kind, day, first: first.whys, second: second.whys },
  );
  for await (const r of found) {
    yield {
      cells: {
        account: r.account,
        party: `${r.party_id} ${r.name}`.trim(),
        code: r.code,
        particulars: r.what,
        date: r.opened_on,
        amount: money(r.amount),
        [first.key]: money(r.first),
        [second.key]: money(r.second),
        other: money(r.other),
        balance: money(r.open),
      },
    };
  }
}
