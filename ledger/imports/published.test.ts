import { expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { inSnapshot } from "../kernel/tx.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { importPublishedBalances, importPublishedIncome } from "./published.ts";
import { trialText } from "./testing-files.ts";

const app = await testApp({ clock: () => new Date("2025-12-01T06:00:00Z") });

const BALANCES = `ulb_and_date,source,side,nmam_schedule,head,line,amount
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Liability,B-1,310,Municipal (General) Fund,900.30
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Liability,B-9,350,Other Liabilities,100.00
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Liability,,,TOTAL,1000.30
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-11,410,Fixed Assets (gross block),800.00
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-11,411,Accumulated Depreciation,-70.00
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-15,431,Sundry Debtors,-20.00
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-15,432,Less: provision,5.00
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-17,450,Cash and Bank,287.92
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,B-20,480,Misc. Expenditure,-2.62
"Kosalpur Nagar Palika (Testpradesh), 31-03-2025",printed,Asset,,,TOTAL,1000.30
"Ramnagar (Testpradesh), 31-03-2024",printed,Asset,B-17,450,Cash and Bank,1.00
`;
const INCOME = `code,line,previous_year,current_year
11001,Property Tax,800,1000
11090,Tax Remission and Refund,10,20.50
16040,Release of capital contribution,5.25,0
,TOTAL INCOME (published),815.25,1020.50
`;
const balances = (city: TestUlb, csv: string, entity?: string) =>
  city.tx("accountant", (tx) => importPublishedBalances(tx, csv, { entity }));
const income = (city: TestUlb, csv: string, column: "current" | "previous" = "current") =>
  city.tx("accountant", (tx) => importPublishedIncome(tx, csv, { fy: financialYear("2025-26"), column }));

test("a published balance sheet is entered with the signs as printed; deductions are usual, other odd signs are warned of", async () => {
  const city = await testUlb(app);
  const report = await balances(city, BALANCES, "kosalpur");
  expect(report).toMatchObject({ status: "imported", problems: [], debits: 109292n, credits: 109292n });
  expect(report.posted.map((p) => [p.number, p.date])).toEqual([["O/2025-26/000001", "2025-04-01"]]);
  expect(report.warnings.map((w) => w.message)).toEqual([
    "the books start on 2025-04-01, the day after the balance sheet; it is entered as their opening",
    "line 7, amount: 431 Sundry Debtors (Receivables) is printed as -20.00, opposite to its normal side. It is entered as printed: a credit",
    "line 8, amount: 432 Accumulated Provisions against Debtors (Receivables) is normally deducted, and is printed as 5.00 without a minus. It is entered as printed: a debit",
    "line 10, amount: 480 Miscellaneous Expenditure to be written off is printed as -2.62, opposite to its normal side. It is entered as printed: a credit",
  ]);
  expect(await inSnapshot(app, city.as("auditor"), (read) => trialText(read))).toEqual([
    "3100000 0.00 900.30 0.00 0.00 0.00 900.30",
    "3500000 0.00 100.00 0.00 0.00 0.00 100.00",
    "4100000 800.00 0.00 0.00 0.00 800.00 0.00",
    "4110000 0.00 70.00 0.00 0.00 0.00 70.00",
    "4310000 0.00 20.00 0.00 0.00 0.00 20.00",
    "4320000 5.00 0.00 0.00 0.00 5.00 0.00",
    "4500000 287.92 0.00 0.00 0.00 287.92 0.00",
    "4800000 0.00 2.62 0.00 0.00 0.00 2.62",
  ]);
  expect(await balances(city, BALANCES, "kosalpur")).toMatchObject({ status: "already-imported", posted: [] });
});

test("a published total that its lines do not add up to is refused with both figures, and nothing is written", async () => {
  const city = await testUlb(app);
  const before = await bookMarks(app, city.ulb);
  const refused = await balances(city, BALANCES.replace("287.92", "287.90"), "Kosalpur");
  expect(refused.status).toBe("refused");
  expect(refused.problems.map((p) => p.message)).toEqual([
    "line 2: assets are 1,000.28, liabilities 1,000.30",
    "line 11, amount: the printed total of assets is 1,000.30, its lines add up to 1,000.28",
  ]);
  const income1 = await income(city, INCOME.replace("1020.50", "979.50"));
  expect(income1.problems.map((p) => p.message)).toEqual([
    "line 5, current_year: the printed total is 979.50, the heads add up to 1,020.50",
  ]);
  expect((await balances(city, BALANCES)).problems.map((p) => p.code)).toEqual(["ENTITY_UNCLEAR"]);
  expect((await balances(city, BALANCES, "Ramnagar")).problems.map((p) => p.code)).toEqual([
    "DATE_BEFORE_BOOKS",
    "PUBLISHED_UNBALANCED",
  ]);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
});

test("a published income side is one journal of the year's last day, every head as printed", async () => {
  const city = await testUlb(app, { startsOn: localDate("2024-04-01"), years: [] });
  const report = await income(city, INCOME);
  expect(report.posted.map((p) => [p.number, p.date])).toEqual([["J/2025-26/000001", "2026-03-31"]]);
  expect(report.warnings.map((w) => w.message)).toEqual([
    "line 3, current_year: 11090 Tax Remission and Refund is normally deducted from income; here 20.50 is printed as an addition. It is entered as printed",
  ]);
  expect((await income(city, INCOME, "previous")).posted.map((p) => p.date)).toEqual(["2025-03-31"]);
  const trial = await inSnapshot(app, city.as("auditor"), (read) => trialText(read));
  expect(trial).toEqual([
    "1100100 0.00 0.00 0.00 1000.00 0.00 1000.00",
    "1109000 0.00 0.00 0.00 20.50 0.00 20.50",
    "3101001 815.25 0.00 1020.50 0.00 1835.75 0.00",
    "3109000 0.00 815.25 0.00 0.00 0.00 815.25",
  ]);
});
