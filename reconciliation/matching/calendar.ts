import { invariant } from "../../ledger/kernel/errors.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";

const known = new Map<string, number>();

/** Days since 1 January 1970. Statements have few distinct days and many lines, so each day is worked out once. */
export function dayOf(date: LocalDate): number {
  let day = known.get(date);
  if (day === undefined) {
    day = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / 86_400_000;
    if (known.size > 50_000) known.clear();
    known.set(date, day);
  }
  return day;
}

const FIRST = Date.UTC(1990, 0, 1) / 86_400_000;
const LAST = Date.UTC(2100, 0, 1) / 86_400_000;
// Closed everywhere, by the Negotiable Instruments Act: Republic Day, Independence Day, Gandhi Jayanti.
const NATIONAL = new Set(["1-26", "8-15", "10-2"]);

/**
 * The working days of a bank: closed are Sundays, the second and the fourth Saturday of a month (RBI, since September 2015), the national
 * holidays and the given ones. Distances are counted in working days; a holiday stands where the working day before it stands.
 */
export class BankCalendar {
  private readonly ordinals: Int32Array;

  constructor(holidays: Iterable<LocalDate> = []) {
    const closed = new Set<number>();
    for (const h of holidays) closed.add(dayOf(h));
    this.ordinals = new Int32Array(LAST - FIRST);
    let n = 0;
    for (let day = FIRST; day < LAST; day++) {
      if (!closed.has(day) && !isUsuallyClosed(day)) n += 1;
      this.ordinals[day - FIRST] = n;
    }
  }

  /** How many working days lie after `from`, up to and with `to`; negative when `to` is earlier. Days since 1970. */
  workingDays(from: number, to: number): number {
    return this.ordinal(to) - this.ordinal(from);
  }

  /** Whether the same days are working days. */
  equals(other: BankCalendar): boolean {
    return this === other || this.ordinals.every((n, i) => n === other.ordinals[i]);
  }

  isWorking(day: number): boolean {
    return this.ordinal(day) > this.ordinal(day - 1);
  }

  /** The day itself if the bank works, else the next day on which it does. */
  nextWorking(day: number): number {
    let d = day;
    while (!this.isWorking(d)) d += 1;
    return d;
  }

  /** The working day that many working days after a day. */
  plusWorking(day: number, count: number): number {
    let d = day;
    for (let left = count; left > 0; left--) d = this.nextWorking(d + 1);
    return d;
  }

  private ordinal(day: number): number {
    const n = this.ordinals[day - FIRST];
    invariant(n !== undefined, "a bank day lies between 1990 and 2100");
    return n;
  }
}

function isUsuallyClosed(day: number): boolean {
  const date = new Date(day * 86_400_000);
  const weekday = date.getUTCDay();
  if (weekday === 0) return true;
  const ofMonth = date.getUTCDate();
  if (weekday === 6) {
    const nth = Math.ceil(ofMonth / 7);
    if (nth === 2 || nth === 4) return true;
  }
  return NATIONAL.has(`${date.getUTCMonth() + 1}-${ofMonth}`);
}

/** Without a list of holidays. */
export const USUAL_CALENDAR = new BankCalendar();
