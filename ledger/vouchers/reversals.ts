import type { LocalDate } from "../kernel/dates.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { getEntry, type Entry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { IMPORTED } from "../origins.ts";
import { voucherErrors } from "./errors.ts";
import { getVoucher, type Voucher } from "./vouchers.ts";
import { insertDraft } from "./workflow.ts";

export type ReversalReason = { readonly code: string; readonly name: string };

/** Why an entry may be taken back: the reasons that are in use. */
export async function reversalReasons(read: Read): Promise<ReversalReason[]> {
  return read.query<ReversalReason>("select code, name from ledger.reversal_reasons where is_active order by name");
}

const BY_PEOPLE: ReadonlySet<string> = new Set(["voucher", "voucher-import", ...IMPORTED]);

/** Entries that people wrote, here or in a file; all others are taken back by what made them, so that their register follows. */
export function isReversible(entry: Pick<Entry, "source" | "reversedBy" | "reverses">): boolean {
  return BY_PEOPLE.has(entry.source.type) && entry.reversedBy === null && entry.reverses === null;
}

/**
 * Drafts the voucher that takes an entry back: its mirror, which another person approves as any voucher. Raises ENTRY_NOT_FOUND,
 * ENTRY_ALREADY_REVERSED, REVERSAL_OF_ANOTHER_PAPER, REVERSAL_REASON_UNKNOWN, REASON_MISSING, REVERSAL_UNDER_WAY.
 */
export async function draftReversal(
  tx: Tx,
  reversal: {
    readonly entryId: bigint;
    readonly date: LocalDate;
    /** A code of `reversalReasons`. */
    readonly reason: string;
    /** In words, for the auditor. */
    readonly remarks: string;
    readonly fileNumber?: string | undefined;
  },
): Promise<Voucher> {
  if (reversal.remarks.trim().length < 5)
    throw ledgerErrors.REASON_MISSING({ what: `the reversal of entry ${reversal.entryId}` });
  const reason = (await reversalReasons(tx)).find((r) => r.code === reversal.reason);
  if (!reason) throw voucherErrors.REVERSAL_REASON_UNKNOWN({ reason: reversal.reason });
  const entry = await getEntry(tx, reversal.entryId);
  if (entry.reversedBy !== null) throw ledgerErrors.ENTRY_ALREADY_REVERSED({ entry: String(entry.id) });
  if (!isReversible(entry))
    throw voucherErrors.REVERSAL_OF_ANOTHER_PAPER({
      entry: entry.number,
      source: (entry.reverses === null ? entry.source.type : "reversal").replaceAll("-", " "),
    });
  // Two people at once: the second waits for the first's lock and then sees the draft.
  await tx.query("select pg_advisory_xact_lock(:ulb::integer, hashtext(:entry))", {
    ulb: tx.ulb.id,
    entry: `reversal ${entry.id}`,
  });
  const pending = await tx.queryOne<{ voucher_id: string }>(
    `select voucher_id from ledger.vouchers
     where ulb_id = :ulb and reverses_entry_id = :entry and status not in ('rejected', 'cancelled')`,
    { ulb: tx.ulb.id, entry: entry.id },
  );
  if (pending) throw voucherErrors.REVERSAL_UNDER_WAY({ entry: entry.number, voucher: pending.voucher_id });
  const id = await insertDraft(
    tx,
    {
      voucher: entry.voucher,
      date: reversal.date,
      narration: `Reversal of ${entry.number} (${reason.name.toLowerCase()}): ${reversal.remarks.trim()}`,
      fileNumber: reversal.fileNumber,
      lines: entry.lines.map(({ lineNo: _no, accountName: _name, ...l }) => ({
        ...l,
        side: l.side === "debit" ? "credit" : "debit",
      })),
    },
    { reverses: { entryId: entry.id, reason: reason.code } },
  );
  return getVoucher(tx, id as string);
}
