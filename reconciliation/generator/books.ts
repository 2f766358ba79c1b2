import { cr, dr, type EntryDraft } from "../../ledger/index.ts";
import { toRupees, paise } from "../../ledger/kernel/money.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { TrueItem, TrueLine } from "./city.ts";

/** The journal entry that puts a generated item into the bank book, with its references in the words that the books use. */
export function entryOfItem(item: TrueItem, bank: string, against: string, source: string): EntryDraft {
  const amount = paise(item.amount < 0n ? -item.amount : item.amount);
  const words = item.refs.map((r) =>
    r.kind === "cheque" ? `cheque ${r.value}` : r.kind === "settlement" ? "" : `${r.kind.toUpperCase()} ${r.value}`,
  );
  if (item.group !== undefined) words.push(`slip ${item.group}`);
  return {
    voucher: item.amount < 0n ? "payment" : "receipt",
    date: item.date,
    narration: [item.amount < 0n ? "Paid" : "Received", ...words.filter((w) => w !== "")].join(", "),
    source: { type: item.kind === "cash" ? "remittance" : "bank-generator", id: `${source}${item.id}` },
    lines: item.amount < 0n ? [dr(against, amount), cr(bank, amount)] : [dr(bank, amount), cr(against, amount)],
  };
}

/** Lines in the bank's order as a statement in the generic layout, with the balance after each; says at what balance it closes. */
export function statementOf(
  opening: bigint,
  lines: readonly TrueLine[],
): { readonly csv: string; readonly closing: bigint } {
  let balance = opening;
  const rows = ["date,value_date,narration,reference,debit,credit,balance"];
  for (const l of lines) {
    balance += l.amount;
    const [debit, credit] = l.amount < 0n ? [toRupees(paise(-l.amount)), ""] : ["", toRupees(paise(l.amount))];
    rows.push(`${l.date},${l.date},${l.narration},${l.reference},${debit},${credit},${toRupees(paise(balance))}`);
  }
  return { csv: rows.join("\n"), closing: balance };
}

/** Splits what is sorted by date at the first of the given days, each part from its day on. */
export function splitByDays<T extends { readonly date: LocalDate }>(
  of: readonly T[],
  days: readonly LocalDate[],
): T[][] {
  const parts: T[][] = [[]];
  let next = 0;
  for (const x of of) {
    let day = days[next];
    while (day !== undefined && x.date >= day) {
      parts.push([]);
      next += 1;
      day = days[next];
    }
    parts.at(-1)?.push(x);
  }
  return parts;
}
