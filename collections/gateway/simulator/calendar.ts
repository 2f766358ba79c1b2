const DAY_MS = 86_400_000;
const IST_MS = 5.5 * 3_600_000;

/** "2026-04-01", the day in India at that moment. */
export function dayOf(at: number): string {
  return new Date(at + IST_MS).toISOString().slice(0, 10);
}
/** The moment of `hour`:`minute` in India on that day. */
export function momentOf(day: string, hour: number, minute = 0): number {
  return Date.parse(`${day}T00:00:00Z`) - IST_MS + (hour * 60 + minute) * 60_000;
}
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
/** Day of the year, 1 to 366, as banks put it into a UTR. */
export function dayOfYear(day: string): number {
  return Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${day.slice(0, 4)}-01-01T00:00:00Z`)) / DAY_MS) + 1;
}
/** Banks rest on Sundays, on the second and fourth Saturday, and on holidays. */
export function isWorkingDay(day: string, holidays: ReadonlySet<string>): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  if (weekday === 0 || holidays.has(day)) return false;
  const week = Math.ceil(Number(day.slice(8, 10)) / 7);
  return !(weekday === 6 && (week === 2 || week === 4));
}
export function plusWorkingDays(day: string, count: number, holidays: ReadonlySet<string>): string {
  let result = day;
  for (let left = count; left > 0;) {
    result = plusDays(result, 1);
    if (isWorkingDay(result, holidays)) left--;
  }
  return result;
}
/** "01/04/2026". */
export function indianDate(day: string): string {
  return `${day.slice(8, 10)}/${day.slice(5, 7)}/${day.slice(0, 4)}`;
}
