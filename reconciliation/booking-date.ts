import { firstOpenPeriod, periodStatus } from "../ledger/index.ts";
import { periodOf, periodStart, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";

/**
 * The day under which a fact of `date` can stand in the books: that day while its month is open, else the first day of the next open
 * month (the entry keeps the value date). What the bank says happened, happened: a closed month delays it, nothing refuses it.
 */
export async function bookingDate(read: Read, date: LocalDate): Promise<LocalDate> {
  const month = periodOf(date);
  if ((await periodStatus(read, month)).status === "open") return date;
  const open = await firstOpenPeriod(read, month);
  // Without an open month the ledger refuses the day itself, which says more than an invented one.
  return open === undefined ? date : periodStart(open);
}
