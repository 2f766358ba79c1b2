import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { bankCalendar, declareBankHolidays, listBankHolidays, withdrawBankHoliday } from "./bank-holidays.ts";
import { dayOf } from "./matching/calendar.ts";
import { BANK, bankUlb } from "./testing.ts";

const app = await testApp();

test("a holiday counts for the bank it is declared for, or for all; declared again it takes the new name; withdrawn it is a working day", async () => {
  const town = await bankUlb(app);
  const [all, own, other] = ["2026-04-14", "2026-04-15", "2026-04-16"].map(localDate);
  if (!all || !own || !other) throw new Error("three days");
  await town.tx("accountant", (tx) =>
    addBankAccount(tx, { account: "4502201", bank: "Another Bank", name: "Second account", number: "5678" }),
  );
  await town.tx("accountant", (tx) =>
    declareBankHolidays(tx, [
      { day: all, name: "Ambedkar Jayanti", bank: null },
      { day: own, name: "Settlement of accounts", bank: "State Bank of India" },
      { day: other, name: "Local festival", bank: "Another Bank" },
    ]),
  );
  const closed = async (): Promise<boolean[]> => {
    const calendar = await inSnapshot(app, town.as("auditor"), (read) => bankCalendar(read, BANK));
    return [all, own, other].map((d) => !calendar.isWorking(dayOf(d)));
  };
  expect(await closed()).toEqual([true, true, false]);
  await town.tx("accountant", (tx) => declareBankHolidays(tx, [{ day: all, name: "Tamil New Year", bank: null }]));
  const listed = await inSnapshot(app, town.as("auditor"), listBankHolidays);
  expect(listed.map((h) => h.name)).toEqual(["Tamil New Year", "Settlement of accounts", "Local festival"]);
  await town.tx("accountant", (tx) => withdrawBankHoliday(tx, all));
  expect(await closed()).toEqual([false, true, false]);
});

test("one ULB does not see another's holidays", async () => {
  const [a, b] = [await bankUlb(app), await bankUlb(app)];
  await a.tx("accountant", (tx) =>
    declareBankHolidays(tx, [{ day: localDate("2026-04-14"), name: "Ambedkar Jayanti", bank: null }]),
  );
  expect(await inSnapshot(app, b.as("auditor"), listBankHolidays)).toEqual([]);
});

test("a holiday without a name, or of a bank at which the ULB has no account, is refused", async () => {
  const town = await bankUlb(app);
  const declare = (name: string, bank: string | null) =>
    town.tx("accountant", (tx) => declareBankHolidays(tx, [{ day: localDate("2026-08-28"), name, bank }]));
  await expect(declare(" ", null)).rejects.toThrow(
    "BANK_HOLIDAY: the holiday of 28/08/2026 was not declared: it has no name",
  );
  await expect(declare("Raksha Bandhan", "Bank of Nowhere")).rejects.toThrow(
    'no account of the ULB is with "Bank of Nowhere"',
  );
  expect(await town.tx("auditor", listBankHolidays)).toEqual([]);
});
