import { financialYear, localDate, periodsOf } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import type { Tx } from "../kernel/tx.ts";
import { closePeriod, cr, dr, postEntries, postEntry, type EntryDraft, type Line } from "../index.ts";
import type { TestUlb } from "../testing.ts";
import type { YearChecks } from "./year.ts";

export const FY = financialYear("2025-26");
export const NO_CHECKS: YearChecks = { month: [], year: [] };

let posted = 0;
export const journal = (
  date: string,
  lines: readonly Line[],
  voucher: EntryDraft["voucher"] = "journal",
): EntryDraft => ({
  voucher,
  date: localDate(date),
  narration: "Entry of a test year",
  source: { type: "year-test", id: `y-${(posted += 1)}` },
  lines,
});

/** Income and expenditure of two functions in two funds, with a prior-period item, a reserve, cash and debtors. */
export async function postYear(tx: Tx): Promise<void> {
  await postEntries(tx, [
    journal("2025-04-01", [dr("4502101", rupees("5000")), cr("3101001", rupees("5000"))], "opening"),
    journal("2025-05-10", [
      dr("4311001", rupees("1000")),
      cr("1100101", rupees("1000"), { function: "91", ward: "W01" }),
    ]),
    journal("2025-06-10", [
      dr("4311001", rupees("300")),
      cr("1100101", rupees("300"), { function: "91", ward: "W02" }),
    ]),
    journal("2025-08-10", [dr("2201001", rupees("450.50"), { function: "00" }), cr("3501001", rupees("450.50"))]),
    journal("2025-09-01", [
      dr("2305001", rupees("120"), { function: "24", fund: "02" }),
      cr("3501001", rupees("120"), { fund: "02" }),
    ]),
    journal("2026-02-01", [dr("2808000", rupees("40"), { function: "00" }), cr("3501001", rupees("40"))]),
    journal("2026-03-31", [dr("2902001", rupees("25"), { function: "00" }), cr("3111001", rupees("25"))]),
  ]);
}

/** Closes April to `until` (all twelve, or all but March). */
export async function closeMonths(books: TestUlb, count = 12): Promise<void> {
  for (const month of periodsOf(FY).slice(0, count)) await books.tx("accountant", (tx) => closePeriod(tx, month));
}

export const postOne = (books: TestUlb, draft: EntryDraft) => books.tx("accountant", (tx) => postEntry(tx, draft));
