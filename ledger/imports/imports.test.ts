import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { inDryRun, inSnapshot } from "../kernel/tx.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { accountStatement } from "../balances.ts";
import { findEntryBySource, reverseEntry } from "../entries.ts";
import { closePeriod } from "../periods.ts";
import { period } from "../kernel/dates.ts";
import { importOpeningBalances, type OpeningOptions } from "./opening.ts";
import { importVouchers, type VoucherImportOptions } from "./vouchers.ts";
import { OPENING, trialText, vouchersCsv, VOUCHERS } from "./testing-files.ts";

const app = await testApp({ clock: () => new Date("2025-12-01T06:00:00Z") });
const opening = (city: TestUlb, csv: string | Uint8Array = OPENING, options: OpeningOptions = {}) =>
  city.tx("accountant", (tx) => importOpeningBalances(tx, csv, options));
const vouchers = (city: TestUlb, csv: string | Uint8Array = VOUCHERS, options: VoucherImportOptions = {}) =>
  city.tx("accountant", (tx) => importVouchers(tx, csv, options));
const trial = (city: TestUlb) => inSnapshot(app, city.as("auditor"), (read) => trialText(read));

test("opening balances are what the year begins with, not a movement of it", async () => {
  const city = await testUlb(app);
  const report = await opening(city);
  expect(report).toMatchObject({ status: "imported", rows: 11, problems: [], debits: 29996000n, credits: 29996000n });
  expect(report.posted.map((p) => [p.number, p.date])).toEqual([["O/2025-26/000001", "2025-04-01"]]);
  expect(await trial(city)).toEqual([
    "3101001 0.00 287400.00 0.00 0.00 0.00 287400.00",
    "3401002 0.00 12000.00 0.00 0.00 0.00 12000.00",
    "4311004 7560.00 0.00 0.00 0.00 7560.00 0.00",
    "4313001 900.00 0.00 0.00 0.00 900.00 0.00",
    "4319100 0.00 560.00 0.00 0.00 0.00 560.00",
    "4501001 1500.00 0.00 0.00 0.00 1500.00 0.00",
    "4502101 290000.00 0.00 0.00 0.00 290000.00 0.00",
  ]);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    const entry = await findEntryBySource(read, { type: "import-opening", id: report.hash });
    expect(entry?.lines.filter((l) => l.party ?? l.demandYear).map((l) => [l.account, l.party, l.demandYear])).toEqual([
      ["4311004", undefined, "2023-24"],
      ["4311004", { type: "consumer", id: "A1" }, "2024-25"],
      ["3401002", { type: "other", id: "C-0012" }, undefined],
      ["4313001", undefined, "2024-25"],
    ]);
    const range = { from: localDate("2025-04-01"), to: localDate("2026-03-31") };
    const cash = await accountStatement(read, { account: "4501001", ...range });
    expect([cash.opening, cash.lines.length]).toEqual([150000n, 0]);
  });
});

test("vouchers of a file are posted as entries, wherever their rows stand, and keep what they were called", async () => {
  const city = await testUlb(app);
  await opening(city);
  const report = await vouchers(city);
  expect(report).toMatchObject({ status: "imported", rows: 9, unchanged: 0, problems: [], warnings: [] });
  expect(report.posted.map((p) => p.number)).toEqual([
    "J/2025-26/000001",
    "R/2025-26/000001",
    "C/2025-26/000001",
    "P/2025-26/000001",
  ]);
  expect(await trial(city)).toEqual([
    "1100101 0.00 0.00 0.00 10000.00 0.00 10000.00",
    "2303001 0.00 0.00 350.50 0.00 350.50 0.00",
    "3101001 0.00 287400.00 0.00 0.00 0.00 287400.00",
    "3401002 0.00 12000.00 0.00 0.00 0.00 12000.00",
    "4311001 0.00 0.00 10800.00 0.00 10800.00 0.00",
    "4311004 7560.00 0.00 0.00 1080.00 6480.00 0.00",
    "4313001 900.00 0.00 0.00 0.00 900.00 0.00",
    "4319100 0.00 560.00 0.00 800.00 0.00 1360.00",
    "4501001 1500.00 0.00 1080.00 1000.00 1580.00 0.00",
    "4502101 290000.00 0.00 1000.00 350.50 290649.50 0.00",
  ]);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    const entry = await findEntryBySource(read, { type: "import-voucher", id: "2025-26/V-2" });
    expect(entry?.narration).toBe("Arrears of A1");
    expect(entry?.lines.map((l) => [l.side, l.account, l.ward])).toEqual([
      ["debit", "4501001", "W1"],
      ["credit", "4311004", "W1"],
    ]);
    const references = await read.query(
      `select line_no, reference, source_id from ledger.import_references where ulb_id = :ulb and kind = 'vouchers' order by line_no`,
      { ulb: read.ulb.id },
    );
    expect(references).toEqual([
      { line_no: 2, reference: "V-1", source_id: "2025-26/V-1" },
      { line_no: 5, reference: "V-2", source_id: "2025-26/V-2" },
      { line_no: 6, reference: "V-3", source_id: "2025-26/V-3" },
      { line_no: 9, reference: "V-4", source_id: "2025-26/V-4" },
    ]);
  });
});

test("vouchers that close the year to 310-90 are left out and named, so that its income and expenditure stay to be read", async () => {
  const city = await testUlb(app);
  await opening(city);
  const closing = vouchersCsv(
    "C-1,2026-03-31,Journal,01,91,,1,Dr,1100101,,10000.00,,Income closed",
    "C-1,2026-03-31,Journal,01,,,2,Cr,3109000,,10000.00,,Income closed",
    "C-2,2026-03-31,Journal,02,51,,1,Cr,2303001,,350.50,,Expenditure closed",
    "C-2,2026-03-31,Journal,02,,,2,Dr,3109000,,350.50,,Expenditure closed",
    "C-3,2026-03-31,Journal,01,,,1,Dr,3109000,,10000.00,,To the Municipal Fund",
    "C-3,2026-03-31,Journal,01,,,2,Cr,3101001,,10000.00,,To the Municipal Fund",
  );
  const report = await vouchers(city, `${VOUCHERS}${closing.slice(closing.indexOf("\n") + 1)}`);
  expect([report.status, report.posted.length]).toEqual(["imported", 4]);
  expect(report.warnings.map((w) => [w.line, w.code])).toEqual([
    [11, "CLOSING_LEFT_OUT"],
    [13, "CLOSING_LEFT_OUT"],
    [15, "CLOSING_LEFT_OUT"],
  ]);
  expect(report.warnings[0]?.message).toBe(
    'line 11, voucher: voucher C-1 of 2026-03-31 over 10,000.00 closes the year to 3109000 and is not posted; close the year with "close --year 2025-26", which makes these entries from the balances',
  );
  expect((await trial(city)).filter((row) => /^[12]|^310/.test(row))).toEqual([
    "1100101 0.00 0.00 0.00 10000.00 0.00 10000.00",
    "2303001 0.00 0.00 350.50 0.00 350.50 0.00",
    "3101001 0.00 287400.00 0.00 0.00 0.00 287400.00",
  ]);
  // Last year's surplus that goes to the Municipal Fund, without a closing beside it, is a voucher as any other.
  const alone = await vouchers(
    city,
    vouchersCsv(
      "T-1,2026-03-31,Journal,01,,,1,Dr,3109000,,500.00,,Surplus of 2024-25",
      "T-1,2026-03-31,Journal,01,,,2,Cr,3101001,,500.00,,Surplus of 2024-25",
    ),
  );
  expect([alone.posted.length, alone.warnings]).toEqual([1, []]);
});

test("the same file twice adds nothing; a longer one adds only what is new; other content is named with both", async () => {
  const city = await testUlb(app);
  await opening(city);
  await vouchers(city);
  const before = await bookMarks(app, city.ulb);
  expect(await opening(city)).toMatchObject({ status: "already-imported", posted: [], unchanged: 11 });
  expect(await vouchers(city)).toMatchObject({ status: "already-imported", posted: [], unchanged: 4 });
  expect(await bookMarks(app, city.ulb)).toEqual(before);

  const longer = `${VOUCHERS}V-5,2026-05-02,Receipt,1,0,,1,Dr,4501001,,10,,Form\nV-5,2026-05-02,Receipt,1,0,,2,Cr,1501101,,10,,Form\n`;
  const more = await vouchers(city, longer);
  expect(more).toMatchObject({ status: "imported", unchanged: 4 });
  expect(more.posted.map((p) => p.number)).toEqual(["R/2026-27/000001"]);

  const changed = await vouchers(city, VOUCHERS.replaceAll("350.50", "350.75"));
  expect(changed.status).toBe("refused");
  expect(changed.problems.map((p) => p.message)).toEqual([
    "line 9, voucher: voucher V-4 of 2025-05-02 over 350.75 is in the books as P/2025-26/000001 of 2025-05-02 over 350.50, with other content; a voucher is imported once, corrections are new vouchers",
  ]);
});

test("a dry run says what would become and leaves nothing; months of a later year are opened by the import itself", async () => {
  const city = await testUlb(app, { years: [] });
  const later = vouchersCsv(
    "N-1,2026-04-02,Receipt,01,,,1,Dr,4501001,,5,,x",
    "N-1,2026-04-02,Receipt,01,,,2,Cr,3504101,,5,A9,x",
  );
  const before = await bookMarks(app, city.ulb);
  const dry = await inDryRun(app, city.as("accountant"), (tx) => importVouchers(tx, later));
  expect(dry.posted.map((p) => p.number)).toEqual(["R/2026-27/000001"]);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  expect((await vouchers(city, later)).status).toBe("imported");
});

test("accounts that are missing are added below their minor head when that is asked for, with a line in the audit trail", async () => {
  const city = await testUlb(app);
  const csv = vouchersCsv(
    "N-1,2025-04-02,Receipt,01,,,1,Dr,4501077,Cash at the zoo,5.00,,x",
    "N-1,2025-04-02,Receipt,01,91,,2,Cr,1501177,Sale of zoo tickets,5.00,,x",
  );
  const refused = await vouchers(city, csv);
  expect(refused.problems.map((p) => p.message)).toEqual([
    "line 2, code: account 4501077 is not in the chart; correct the code, or import with --add-accounts, which adds it below 45010 Cash",
    "line 3, code: account 1501177 is not in the chart; correct the code, or import with --add-accounts, which adds it below 15011 Sale of Forms and Publications",
  ]);
  const done = await vouchers(city, csv, { addAccounts: true, fileName: "zoo.csv" });
  expect(done).toMatchObject({ status: "imported", accountsAdded: ["1501177", "4501077"] });
  await inSnapshot(app, city.as("auditor"), async (read) => {
    expect(
      await read.query(
        "select code, name, type, is_cash_bank, needs_function, level from ledger.accounts where ulb_id = :ulb and code in ('1501177', '4501077') order by code",
        { ulb: read.ulb.id },
      ),
    ).toEqual([
      {
        code: "1501177",
        name: "Sale of zoo tickets",
        type: "income",
        is_cash_bank: false,
        needs_function: true,
        level: 3,
      },
      { code: "4501077", name: "Cash at the zoo", type: "asset", is_cash_bank: true, needs_function: false, level: 3 },
    ]);
    const trail = await read.query(
      "select action, subject_id, reason from kernel.audit_trail where ulb_id = :ulb order by audit_id",
      {
        ulb: read.ulb.id,
      },
    );
    expect(trail).toEqual([
      { action: "add", subject_id: "1501177", reason: "stands in zoo.csv" },
      { action: "add", subject_id: "4501077", reason: "stands in zoo.csv" },
    ]);
  });
});

test("an opening that does not balance is refused with both sums, and put to the fund only when that is asked for", async () => {
  const city = await testUlb(app);
  const csv = "code,debit,credit\n4501001,100.00,\n3401002,,30.00\n";
  const before = await bookMarks(app, city.ulb);
  const refused = await opening(city, csv);
  expect(refused).toMatchObject({ status: "refused", debits: 10000n, credits: 3000n });
  expect(refused.problems.map((p) => p.message)).toEqual([
    "line 1: debits 100.00, credits 30.00, difference 70.00; correct the file, or import it with --balance-to-fund, which posts the difference to 3101001",
  ]);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const done = await opening(city, csv, { balanceToFund: true });
  expect(done.warnings.map((w) => w.code)).toEqual(["OPENING_BALANCED_TO_FUND"]);
  expect(await trial(city)).toEqual([
    "3101001 0.00 70.00 0.00 0.00 0.00 70.00",
    "3401002 0.00 30.00 0.00 0.00 0.00 30.00",
    "4501001 100.00 0.00 0.00 0.00 100.00 0.00",
  ]);
});

test("a balance opposite to its normal side is entered as it stands, with a warning", async () => {
  const city = await testUlb(app);
  const done = await opening(city, "code,debit,credit\n4501001,,12.62\n4319100,12.62,\n");
  expect(done.status).toBe("imported");
  expect(done.warnings.map((w) => w.message)).toEqual([
    "line 2, credit: 4501001 Cash-Cash On Hand has a credit balance of 12.62; its normal side is Dr. It is entered as it stands",
    "line 3, debit: 4319100 State Govt Cess/ levies in Property Taxes - Control account-State Govt Cess/ levies in Property Taxes - Control account has a debit balance of 12.62; its normal side is Cr. It is entered as it stands",
  ]);
});

test("a corrected opening is refused while the first stands, and taken once it is reversed", async () => {
  const city = await testUlb(app);
  const first = await opening(city);
  const corrected = OPENING.replace("1500.00", "1400.00").replace("246500.00", "246400.00");
  const again = await opening(city, corrected);
  expect(again.status).toBe("refused");
  expect(again.problems[0]?.message).toBe(
    "line 2, code: 4501001 has an opening balance in entry O/2025-26/000001 already; reverse that entry before a corrected file is imported",
  );
  await city.tx("accountant", (tx) =>
    reverseEntry(tx, { entryId: first.posted[0]?.id ?? 0n, date: localDate("2025-04-01"), reason: "wrong cash" }),
  );
  expect((await opening(city, corrected)).status).toBe("imported");
  expect((await trial(city))[5]).toBe("4501001 1400.00 0.00 0.00 0.00 1400.00 0.00");
});

test("books that start within a year take its income and expenditure as a journal of that year", async () => {
  const city = await testUlb(app, { startsOn: localDate("2025-10-01"), years: [] });
  const csv =
    "code,debit,credit,function\n4501001,900.00,,\n1100101,,1200.00,91\n2201101,400.00,,02\n3101001,,100.00,\n";
  expect((await opening(city, csv)).posted.map((p) => p.number)).toEqual(["O/2025-26/000001", "J/2025-26/000001"]);
  expect(await trial(city)).toEqual([
    "1100101 0.00 0.00 0.00 1200.00 0.00 1200.00",
    "2201101 0.00 0.00 400.00 0.00 400.00 0.00",
    "3101001 0.00 100.00 0.00 0.00 0.00 100.00",
    "3109000 0.00 800.00 800.00 0.00 0.00 0.00",
    "4501001 900.00 0.00 0.00 0.00 900.00 0.00",
  ]);
});

type Refused = {
  readonly rule: string;
  readonly run: (city: TestUlb) => ReturnType<typeof opening>;
  readonly says: string[];
};
const two = (a: string, b: string): string => vouchersCsv(a, b);
const dr = "X-1,2025-04-02,Receipt,01,,,1,Dr,4501001,,10.00,,x";
const cr = "X-1,2025-04-02,Receipt,01,91,,2,Cr,1402010,,10.00,,x";
const REFUSED: readonly Refused[] = [
  {
    rule: "a voucher that does not balance",
    run: (city) => vouchers(city, two(dr, cr.replace("10.00", "9.99"))),
    says: ["line 2, amount: voucher X-1 does not balance: debits 10.00, credits 9.99, difference 0.01"],
  },
  {
    rule: "a third decimal",
    run: (city) => vouchers(city, two(dr.replace("10.00", "10.005"), cr)),
    says: ['line 2, amount: "10.005" has 3 decimals; an amount has at most two (paise)'],
  },
  {
    rule: "an amount of nothing, or less",
    run: (city) => vouchers(city, two(dr.replace("10.00", "0.00"), cr.replace("10.00", "-1"))),
    says: [
      "line 2, amount: 0.00 is not an amount of a line; it is more than 0.00 and at most 1,00,00,00,00,00,000.00",
      "line 3, amount: -1.00 is not an amount of a line; it is more than 0.00 and at most 1,00,00,00,00,00,000.00",
    ],
  },
  {
    rule: "an account that is not in the chart, once for all its rows",
    run: (city) =>
      vouchers(city, vouchersCsv(dr.replace("4501001", "9999999"), cr, dr.replace("4501001", "9999999"), cr)),
    says: [
      "line 2, code: account 9999999 is not in the chart (2 rows); a detailed head has seven digits and stands below a minor head of the chart",
    ],
  },
  {
    rule: "a heading",
    run: (city) => vouchers(city, two(dr.replace("4501001", "45010"), cr)),
    says: [
      "line 2, code: account 45010 Cash is a heading; entries go to the heads below it (4501001, 4501002, 4501003 …)",
    ],
  },
  {
    rule: "a closed month",
    run: async (city) => {
      await city.tx("accountant", (tx) => closePeriod(tx, period("2025-04")));
      return vouchers(city, two(dr, cr));
    },
    says: [
      "line 2, date: 2025-04 is closed; date the voucher in an open month, or have the month reopened with a reason",
    ],
  },
  {
    rule: "a day before the books start, and one that no calendar has",
    run: (city) =>
      vouchers(
        city,
        vouchersCsv(
          dr.replace("2025-04-02", "2025-03-31"),
          cr.replace("2025-04-02", "2025-03-31"),
          dr.replaceAll("X-1,2025-04-02", "X-2,02/04/2025"),
          cr.replaceAll("X-1,2025-04-02", "X-2,02/04/2025"),
        ),
      ),
    says: [
      "line 2, date: 2025-03-31 lies before the first day of these books, 2025-04-01",
      'line 4, date: "02/04/2025" is not a date; write it like 2026-04-01',
    ],
  },
  {
    rule: "income without a function",
    run: (city) => vouchers(city, two(dr, cr.replace(",91,", ",,"))),
    says: [
      "line 3, function: 1402010 Penalty - Property Tax (late payment) is income and needs a function; give one in the row, or import with --default-function",
    ],
  },
  {
    rule: "a fund and a function that the ULB has not",
    run: (city) => vouchers(city, two(dr.replace(",01,", ",77,"), cr.replace(",91,", ",9999,"))),
    says: [
      "line 2, fund: fund 77 is not one of this ULB's funds (01, 02, 03, 04, 05, 06)",
      "line 3, function: function 9999 is not one of this ULB's functions",
    ],
  },
  {
    rule: "two funds that do not each balance",
    run: (city) => vouchers(city, two(dr.replace(",01,", ",02,"), cr)),
    says: [
      "line 2, fund: voucher X-1 balances in total but not in fund 02 (debits 10.00, credits 0.00, difference 10.00) and fund 01 (debits 0.00, credits 10.00, difference -10.00); money between funds passes through 470-20 in each",
    ],
  },
  {
    rule: "a type and a side that are none, and rows of one voucher that differ",
    run: (city) =>
      vouchers(city, two(dr.replace("Receipt", "Bill").replace(",Dr,", ",X,"), cr.replace("2025-04-02", "2025-04-03"))),
    says: [
      'line 2, type: "Bill" is not Receipt, Payment, Contra or Journal',
      'line 2, side: "X" is neither Dr nor Cr',
      'line 3, date: voucher X-1 is "2025-04-02" on line 2 and "2025-04-03" here; rows of one voucher have one date',
      'line 3, type: voucher X-1 is "Bill" on line 2 and "Receipt" here; rows of one voucher have one type',
    ],
  },
  {
    rule: "a journal voucher with a bank line",
    run: (city) => vouchers(city, two(dr.replace("Receipt", "Journal"), cr.replace("Receipt", "Journal"))),
    says: [
      "line 2, type: voucher X-1 is a journal voucher but has a cash or bank line (450); use a receipt, payment or contra voucher",
    ],
  },
  {
    rule: "a year whose halves do not follow each other",
    run: (city) => vouchers(city, two(dr, cr.replace("10.00,,", "10.00,2024-26,"))),
    says: ['line 3, subledger: "2024-26" is not a financial year; write it like 2026-27'],
  },
  {
    rule: "a file that was cut off",
    run: (city) => vouchers(city, two(dr, cr).slice(0, -16)),
    says: ["line 3: 9 cells where the header has 13; the line or the file was cut off"],
  },
  {
    rule: "another encoding",
    run: (city) => vouchers(city, Buffer.from(two(dr, cr.replace(",x", ",caf\u00e9")), "latin1")),
    says: ['near line 1: the file is not UTF-8; save it from the spreadsheet as "CSV UTF-8"'],
  },
  {
    rule: "a column that is missing",
    run: (city) => vouchers(city, "voucher,date,type,code,amount\n1,2025-04-01,Receipt,4501001,5\n"),
    says: ["line 1: the column side is missing"],
  },
  {
    rule: "income in the opening of a year, both sides in a row, less than nothing",
    run: (city) => opening(city, "code,debit,credit\n1100101,,5.00\n4501001,5.00,4.00\n4502101,-5.00,\n"),
    says: [
      "line 2, code: 1100101 Property Tax-Properties – General is income: a year begins without any; its balance of earlier years stands in 310",
      "line 3, credit: the row has a debit (5.00) and a credit (4.00); a balance stands on one side",
      "line 4, debit: -5.00 is less than 0.00; write it in the other column",
    ],
  },
];

test.for(REFUSED)("refused whole, with line, column and rule: $rule", async ({ run, says }) => {
  const city = await testUlb(app);
  const before = await bookMarks(app, city.ulb);
  const report = await run(city);
  expect(report.status).toBe("refused");
  expect(report.problems.map((p) => p.message)).toEqual(says);
  const after = await bookMarks(app, city.ulb);
  expect({ ...after, audited: 0n }).toEqual({ ...before, audited: 0n });
  expect(report.problems.every((p) => p.line !== undefined || p.code === "CSV_TOO_LONG")).toBe(true);
});
