import { addDays, type LocalDate } from "../ledger/kernel/dates.ts";

/** Whether banks and the gateway work: not on Sundays, nor on the second and fourth Saturday of a month. Holidays are not known here. */
export function isWorkingDay(day: LocalDate): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  if (weekday === 0) return false;
  const saturday = Math.ceil(Number(day.slice(8, 10)) / 7);
  return weekday !== 6 || (saturday !== 2 && saturday !== 4);
}

/** The first working day after that day. */
export function nextWorkingDay(day: LocalDate): LocalDate {
  let next = addDays(day, 1);
  while (!isWorkingDay(next)) next = addDays(next, 1);
  return next;
}
