import { bookingDay } from "../ledger/index.ts";
import { dateInIndia, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";

/**
 * The day under which a fact of `date` can stand in the books: that day while its month is open and its cash book not signed, else the next such day,
 * and for a closed month the day on which it is found (the entry keeps the value date). What the bank says happened, happened: a closed day delays
 * it, nothing refuses it.
 */
export async function bookingDate(read: Read, date: LocalDate): Promise<LocalDate> {
  // Without an open month the ledger refuses the day itself, which says more than an invented one.
  return (await bookingDay(read, date, dateInIndia(read.clock()))) ?? date;
}
