import { dayBook, type Entry } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { ZERO } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { reportErrors } from "./errors.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { DayBookView } from "./pdf/statements.ts";

const PAGE = 500;
/** What a PDF of the day book can hold (its limit of pages), with room for entries of several lines. */
const ENTRIES_AT_MOST = 20_000;

/** All entries of a range in order of date and number, read a page at a time. Raises REPORT_RANGE. */
export async function* entriesOf(
  read: Read,
  range: { readonly from: LocalDate; readonly to: LocalDate },
): AsyncGenerator<Entry> {
  checkRange(range);
  let after: { date: LocalDate; id: bigint } | undefined;
  for (;;) {
    const page = await dayBook(read, { from: range.from, to: range.to, limit: PAGE, ...(after ? { after } : {}) });
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    after = { date: last.date, id: last.id };
  }
}

/** The day book of a range for printing. Raises REPORT_RANGE, REPORT_TOO_MANY_ROWS (CSV has no limit). */
export async function dayBookView(
  read: Read,
  options: { readonly from: LocalDate; readonly to: LocalDate; readonly language?: Language },
): Promise<DayBookView> {
  const entries: DayBookView["entries"][number][] = [];
  for await (const entry of entriesOf(read, options)) {
    if (entries.length === ENTRIES_AT_MOST)
      throw reportErrors.REPORT_TOO_MANY_ROWS({ report: "day book", atMost: ENTRIES_AT_MOST });
    entries.push({
      number: entry.number,
      date: entry.date,
      voucher: entry.voucher,
      narration: entry.narration,
      source: `${entry.source.type}:${entry.source.id}`,
      lines: entry.lines.map((line) => ({
        account: line.account,
        name: line.accountName,
        debit: line.side === "debit" ? line.amount : ZERO,
        credit: line.side === "credit" ? line.amount : ZERO,
      })),
    });
  }
  return { ...headOf(read, options.language), from: options.from, to: options.to, entries };
}
