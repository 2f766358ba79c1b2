import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { match } from "../match.ts";
import { ref } from "../tokens.ts";
import { BankCalendar, dayOf } from "./calendar.ts";

const day = (text: string): number => dayOf(localDate(text));

test("Sundays, second and fourth Saturdays, the national holidays and the given ones are closed", () => {
  const calendar = new BankCalendar([localDate("2026-04-14")]);
  const closed = ["2026-04-05", "2026-04-11", "2026-04-25", "2026-04-14", "2026-08-15", "2026-10-02"];
  expect(closed.map((d) => calendar.isWorking(day(d)))).toEqual(closed.map(() => false));
  const open = ["2026-04-04", "2026-04-18", "2026-05-30", "2026-04-13"];
  expect(open.map((d) => calendar.isWorking(day(d)))).toEqual(open.map(() => true));
});

test("distances are counted in working days, and a holiday stands where the working day before it stands", () => {
  const calendar = new BankCalendar();
  expect(calendar.workingDays(day("2026-04-10"), day("2026-04-13"))).toBe(1);
  expect(calendar.workingDays(day("2026-04-12"), day("2026-04-13"))).toBe(1);
  expect(calendar.workingDays(day("2026-04-13"), day("2026-04-10"))).toBe(-1);
  expect(calendar.plusWorking(day("2026-04-10"), 2)).toBe(day("2026-04-14"));
});

test("a deposit before a long holiday is still in its window, and would be out of it by the plain days", () => {
  const holidays = Array.from({ length: 5 }, (_, i) => localDate(`2026-10-${19 + i}`));
  const cheque = {
    id: "I",
    date: localDate("2026-10-08"),
    amount: 5n,
    kind: "cheque-deposited" as const,
    refs: [ref("cheque", "600101")],
  };
  const line = { id: "L", date: localDate("2026-10-28"), amount: 5n, narration: "CHQ DEP CLG 600101", reference: "" };
  const asOf = localDate("2026-10-31");
  expect(match([line], [cheque], asOf).confirmed).toEqual([]);
  expect(match([line], [cheque], asOf, { calendar: new BankCalendar(holidays) }).confirmed).toMatchObject([
    { pass: "P1" },
  ]);
});
