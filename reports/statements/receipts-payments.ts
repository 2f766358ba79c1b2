import { paise, type Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { areOf, holds, type LayoutLine } from "../layouts/language.ts";
import type { Range } from "../ranges.ts";
import { balances, placed, readBooks, type Books, type StatementSlice } from "./books.ts";

export type ReceiptsPaymentsRow = { readonly code: string; readonly receipts: Paise; readonly payments: Paise };
export type ReceiptsPaymentsSection = {
  readonly line: LayoutLine;
  readonly rows: readonly ReceiptsPaymentsRow[];
  readonly receipts: Paise;
  readonly payments: Paise;
};
export type ReceiptsPayments = {
  readonly books: Books;
  readonly sections: readonly ReceiptsPaymentsSection[];
  /** Opening balances and receipts; payments and closing balances: the same. */
  readonly receipts: Paise;
  readonly payments: Paise;
};

type Counter = { readonly account: string; readonly debit: bigint; readonly credit: bigint };

/**
 * What came in and what went out, by the heads that stand against cash and bank. A credit in an entry with cash is a receipt under its head, a
 * debit a payment: so are fees that were kept back. What takes an entry back takes it off its own side. Transfers between cash and banks
 * (contra) have no such head and do not appear; transfers between funds cancel where all funds are shown together.
 */
export async function receiptsPayments(
  read: Read,
  range: Range,
  options: StatementSlice & { readonly presentation?: "minor-head" | "revenue-head" | undefined } = {},
): Promise<ReceiptsPayments> {
  const { presentation = "minor-head", ...slice } = options;
  const books = await readBooks(read, range, slice);
  const { receiptsPayments: layout, revenueHeads, groups } = books.layouts;
  const counters = (await countersOf(read, range, slice.fund)).map((counter) =>
    // What one fund pays another is no receipt of the town.
    slice.fund === undefined && areOf(groups["inter-fund"], counter.account) ? netted(counter) : counter,
  );
  placed(layout, [counters], { measure: "receipts" });
  placed(layout, [counters], { measure: "payments" });

  const shownAs = (account: string): string =>
    (presentation === "revenue-head" ? longest(revenueHeads, account) : undefined) ?? account;
  const sections = layout.lines.map((line): ReceiptsPaymentsSection => {
    const sums = new Map<string, bigint>();
    const put = (account: string, amount: bigint): void => {
      const code = account.slice(0, 5);
      sums.set(code, (sums.get(code) ?? 0n) + amount);
    };
    if (line.measure === "opening" || line.measure === "closing")
      for (const { account, debit, credit } of balances(books, line.measure))
        if (holds(line, account)) put(account, debit - credit);
    if (line.measure === "receipts" || line.measure === "payments")
      for (const counter of counters) {
        const shown = shownAs(counter.account);
        const amount = line.measure === "receipts" ? counter.credit : counter.debit;
        if (holds(line, shown)) put(shown, amount);
      }
    const isReceipt = line.measure === "opening" || line.measure === "receipts";
    const rows = [...sums]
      .filter(([, amount]) => amount !== 0n)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, amount]) => ({
        code,
        receipts: paise(isReceipt ? amount : 0n),
        payments: paise(isReceipt ? 0n : amount),
      }));
    return { line, rows, receipts: total(rows, "receipts"), payments: total(rows, "payments") };
  });
  return { books, sections, receipts: total(sections, "receipts"), payments: total(sections, "payments") };
}

function total(
  rows: readonly { readonly receipts: Paise; readonly payments: Paise }[],
  key: "receipts" | "payments",
): Paise {
  return paise(rows.reduce((sum, row) => sum + row[key], 0n));
}

/** The head that an account is shown under: of the longest prefix that the list knows. */
function longest(
  heads: readonly { readonly posted: string; readonly shown: string }[],
  account: string,
): string | undefined {
  return heads.filter(({ posted }) => account.startsWith(posted)).sort((a, b) => b.posted.length - a.posted.length)[0]
    ?.shown;
}

/**
 * The heads against cash and bank: one pass over the lines of the range, so that no estimate of the planner can make it a pass for each entry.
 * Opening vouchers of the first day are opening balances, not receipts.
 */
async function countersOf(read: Read, range: Range, fund: string | undefined): Promise<Counter[]> {
  return read.query<Counter>(
    `with line as materialized (
       select l.entry_id, l.account, l.debit, l.credit, a.is_cash_bank,
         bool_or(a.is_cash_bank) over (partition by l.entry_id) as is_beside_cash
       from ledger.lines l
       join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
       where l.ulb_id = :ulb and l.entry_date between :from_day::date and :to_day::date
         and (:fund::text is null or l.fund = :fund)
     )
     select line.account,
       sum(case when e.reverses_entry_id is null then line.debit else -line.credit end)::bigint as debit,
       sum(case when e.reverses_entry_id is null then line.credit else -line.debit end)::bigint as credit
     from line
     join ledger.entries e on e.ulb_id = :ulb and e.entry_id = line.entry_id
     where line.is_beside_cash and not line.is_cash_bank and not (e.voucher = 'opening' and e.entry_date = :starts_on::date)
     group by line.account
     order by line.account`,
    {
      ulb: read.ulb.id,
      from_day: range.from,
      to_day: range.to,
      fund: fund ?? null,
      starts_on: read.ulb.startsOn,
    },
  );
}

function netted(counter: Counter): Counter {
  const net = counter.credit - counter.debit;
  return { ...counter, debit: net < 0n ? -net : 0n, credit: net > 0n ? net : 0n };
}
