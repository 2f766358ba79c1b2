import { reversePayment } from "../../billing/index.ts";
import type { EntryLine, Line } from "../../ledger/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { receiptEntry, type Receipt } from "../receipts/receipts.ts";

export type TakenBack = {
  /** What was settled is due again; what was received against heads and as rounding is taken off them. Debits net, in each fund. */
  readonly lines: readonly Line[];
  /** The entry that is taken back. */
  readonly entry: bigint | undefined;
  readonly consumerId: string | null;
};

/** Undoes what a receipt settled, whatever it was: the step that a dishonour, a cancellation and a transfer share. Posts nothing itself. */
export async function takeBack(
  tx: Tx,
  receipt: Receipt,
  undo: { readonly date: LocalDate; readonly newSource: { readonly type: string; readonly id: string } },
): Promise<TakenBack> {
  const entry = await receiptEntry(tx, receipt.id);
  const own = new Map<string, bigint>();
  for (const line of receipt.lines) {
    if (line.account) own.set(line.account, (own.get(line.account) ?? 0n) + line.amount);
  }
  // Lines that are no consumer's are swapped as they were posted, with their fund, function and party.
  const swapped: Line[] = [];
  for (const line of entry?.lines ?? []) {
    const left = own.get(line.account) ?? 0n;
    if (line.side !== "credit" || left < line.amount) continue;
    own.set(line.account, left - line.amount);
    swapped.push({ ...plain(line), side: "debit" });
  }
  if (receipt.consumerId === null) return { lines: swapped, entry: entry?.id, consumerId: null };
  const back = await reversePayment(tx, { type: "receipt", id: receipt.id }, undo);
  return { lines: [...back.ledgerLines, ...swapped], entry: entry?.id, consumerId: back.consumerId };
}

function plain({ lineNo: _no, accountName: _name, ...line }: EntryLine): Line {
  return line;
}
