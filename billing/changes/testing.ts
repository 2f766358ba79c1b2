import { cr, dr, getEntry, postEntry, type Line } from "../../ledger/index.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import type { TestUlb } from "../../ledger/testing.ts";
import { applyPayment, reversePayment } from "../allocations.ts";
import { openDues } from "../dues.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie } from "../ties.ts";
import { approveChange, type ChangeOutcome } from "./approve.ts";
import type { ChangeContent, ChangeProposal } from "./change.ts";
import { proposeChange } from "./proposals.ts";

/** "Dr 1100101 100.00", "Cr 4311001 108.00 A1/2025-26": the legs of lines, sorted. */
export function legs(lines: readonly Line[]): string[] {
  return lines
    .map((l) => {
      const sub = [l.party?.id, l.demandYear].filter(Boolean).join("/");
      return `${l.side === "debit" ? "Dr" : "Cr"} ${l.account} ${toRupees(l.amount)}${sub ? ` ${sub}` : ""}`;
    })
    .sort();
}

export async function legsOf(read: Read, entry: { readonly id: bigint } | null): Promise<string[]> {
  return entry === null ? [] : legs((await getEntry(read, entry.id)).lines);
}

/** A receipt as collections writes it. */
export async function pay(
  tx: Tx,
  consumer: { readonly id: string },
  amount: string,
  date: string,
  id: string = newId(),
): Promise<string> {
  const source = { type: "receipt", id };
  const applied = await applyPayment(tx, {
    consumerId: consumer.id,
    amount: rupees(amount),
    date: localDate(date),
    source,
  });
  await postEntry(tx, {
    voucher: "receipt",
    date: localDate(date),
    narration: "Receipt",
    source,
    lines: [dr("4501001", rupees(amount)), ...applied.ledgerLines],
  });
  return id;
}

/** The payment's cheque comes back; gives the legs of billing. */
export async function dishonour(tx: Tx, id: string, date: string): Promise<string[]> {
  const newSource = { type: "dishonour", id: newId() };
  const back = await reversePayment(tx, { type: "receipt", id }, { date: localDate(date), newSource });
  await postEntry(tx, {
    voucher: "payment",
    date: localDate(date),
    narration: "Cheque returned",
    source: newSource,
    lines: [...back.ledgerLines, cr("4501001", back.amount)],
  });
  return legs(back.ledgerLines);
}

export const ORDER = { number: "RO/12", date: localDate("2025-05-01") };

/** The accountant proposes, the checker approves. */
export async function change(
  city: TestUlb,
  content: ChangeContent,
  date: string,
  over: Partial<ChangeProposal> = {},
): Promise<ChangeOutcome> {
  const proposed = await city.tx("accountant", (tx) =>
    proposeChange(tx, { content, date: localDate(date), reason: "Survey of the ward", order: ORDER, ...over }),
  );
  return city.tx("checker", (tx) => approveChange(tx, proposed.id));
}

/** Differences between register and books on a day: none. */
export async function untied(read: Read, asOf: LocalDate): Promise<unknown[]> {
  const rows = [
    ...(await receivableTie(read, asOf)),
    ...(await advanceTie(read, asOf)),
    ...(await cessTie(read, asOf)),
  ];
  return [...rows.filter((r) => r.difference !== 0n), ...(await registerSelfTie(read))];
}

/** What a consumer owes, as "2025-26 PT_TAX 1188.00". */
export async function dues(read: Read, consumer: { readonly id: string }): Promise<string[]> {
  return (await openDues(read, consumer.id)).map((d) => `${d.demandYear} ${d.taxHead} ${toRupees(d.outstanding)}`);
}
