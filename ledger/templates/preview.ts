import { Refusal } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { inDryRun, type App, type Who } from "../kernel/tx.ts";
import { getEntry, postEntry, type EntryLine } from "../entries.ts";
import type { VoucherInput } from "../vouchers/index.ts";

/** How a voucher would stand in the books, or why it would not. */
export type Preview = {
  readonly voucher: VoucherInput;
  /** The lines of the entry with the names of their accounts; empty when it would be refused. */
  readonly lines: readonly EntryLine[];
  readonly refusal: Refusal | undefined;
};

/**
 * The entries of some vouchers as they would be posted now, numbers excepted: the posting itself, each in a transaction that is rolled back,
 * so that what is shown is what the books would say. Refusals are given back, one for each voucher.
 */
export async function previewEntries(app: App, who: Who, vouchers: readonly VoucherInput[]): Promise<Preview[]> {
  const previews: Preview[] = [];
  for (const voucher of vouchers) {
    try {
      const lines = await inDryRun(app, who, async (tx) => {
        const { id } = await postEntry(tx, {
          voucher: voucher.voucher,
          date: voucher.date,
          narration: voucher.narration,
          source: { type: "voucher", id: newId(tx.clock().getTime()) },
          lines: voucher.lines,
        });
        return (await getEntry(tx, id)).lines;
      });
      previews.push({ voucher, lines, refusal: undefined });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      previews.push({ voucher, lines: [], refusal: error });
    }
  }
  return previews;
}
