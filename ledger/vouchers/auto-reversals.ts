import { periodOf, type LocalDate, type Period } from "../kernel/dates.ts";
import { invariant, Refusal, type Problem } from "../kernel/errors.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getEntry, postEntry } from "../entries.ts";
import { lockVoucher, recordStep } from "./steps.ts";
import { readVouchers, type Voucher } from "./vouchers.ts";

/**
 * Posts the mirror of an approved voucher on its day, once: the source of the entry names the voucher. False while the month of that day is
 * not open. Who approved the voucher approved this with it. An entry that a person reversed meanwhile is left as it is.
 */
export async function autoReverse(tx: Tx, voucher: Voucher, period: Period): Promise<boolean> {
  invariant(
    voucher.entryId !== null && voucher.autoReverseOn !== undefined,
    "an approved voucher with a day is reversed",
  );
  const open = await tx.queryOne<{ status: string }>(
    "select status from ledger.periods where ulb_id = :ulb and period = :month",
    { ulb: tx.ulb.id, month: period },
  );
  if (open?.status !== "open") return false;
  const entry = await getEntry(tx, voucher.entryId);
  const reversal =
    entry.reversedBy ??
    (
      await postEntry(tx, {
        voucher: entry.voucher,
        date: voucher.autoReverseOn,
        narration: `Reversal of ${entry.number} on its day: ${entry.narration}`,
        source: { type: "auto-reversal", id: voucher.id },
        reverses: entry.id,
        lines: entry.lines.map(({ lineNo: _no, accountName: _name, ...l }) => ({
          ...l,
          side: l.side === "debit" ? "credit" : "debit",
        })),
      })
    ).id;
  await tx.query(
    "update ledger.vouchers set auto_reversal_entry_id = :entry, version = version + 1 where ulb_id = :ulb and voucher_id = :id",
    { ulb: tx.ulb.id, id: voucher.id, entry: reversal },
  );
  await recordStep(tx, voucher.id, "auto-reversed", voucher.version + 1);
  return true;
}

/** Approved vouchers whose mirror is due by that day and not posted, because its month was not open; at most 200. */
export async function listAutoReversalsDue(read: Read, day: LocalDate): Promise<Voucher[]> {
  return readVouchers(
    read,
    "v.status = 'approved' and v.auto_reverse_on <= :on_day and v.auto_reversal_entry_id is null",
    { on_day: day },
    200,
  );
}

export type AutoReversalRun = { readonly posted: number; readonly problems: readonly Problem[] };

/**
 * Posts the mirrors that are due by that day and whose month is open by now; safe to run twice and side by side. One that the books refuse (its
 * head was closed meanwhile) holds up no other: it is listed with its reason.
 */
export async function postDueAutoReversals(tx: Tx, day: LocalDate): Promise<AutoReversalRun> {
  let posted = 0;
  const problems: Problem[] = [];
  for (const { id } of await listAutoReversalsDue(tx, day)) {
    const voucher = await lockVoucher(tx, id, undefined, ["approved"], "reversed");
    // Another run may have posted it while this one waited for the row.
    if (voucher.autoReversalEntryId !== null || voucher.autoReverseOn === undefined) continue;
    try {
      if (await autoReverse(tx, voucher, periodOf(voucher.autoReverseOn))) posted += 1;
    } catch (error) {
      // A refusal of the books is an answer, not an error of the database: nothing of it was written, and the transaction goes on.
      if (!(error instanceof Refusal)) throw error;
      problems.push({ code: error.code, message: `voucher ${id}: ${error.detail}` });
    }
  }
  return { posted, problems };
}
