import { readSheet } from "read-excel-file/node";
import { expect, test } from "vitest";
import {
  closePeriod,
  closeYear,
  cr,
  dr,
  getAccount,
  listAccounts,
  postEntries,
  proposeYearClose,
  reverseEntry,
} from "../ledger/index.ts";
import { withConnection } from "../ledger/kernel/database.ts";
import { financialYear, localDate, periodsOf } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import { testApp } from "../ledger/testing.ts";
import { writeReport } from "./exports.ts";
import { loadLayouts } from "./layouts/index.ts";
import { misplaced } from "./layouts/language.ts";
import type { ReportOptions } from "./report-table.ts";
import { statementTies } from "./ties.ts";
import { entryOf, reading, reportText, testBooks, YEAR } from "./testing-books.ts";
import { pdfPages } from "./testing.ts";

const app = await testApp();
const city = await testBooks(app, YEAR);
const fy = financialYear("2025-26");
const text = (name: string, options: ReportOptions = { fy }, format = "csv"): Promise<string> =>
  reportText(app, city, name, options, format);
/** The rows of a CSV that hold a text, so that a test can look at a part. */
const rowsWith = async (part: string, name: string, options: ReportOptions = { fy }): Promise<string[]> =>
  (await text(name, options)).split("\n").filter((line) => line.includes(part));
async function bytes(name: string, format: string, options: ReportOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  await writeReport(
    app,
    city.as("auditor"),
    { name, format, options },
    (piece) => void pieces.push(Buffer.from(piece)),
  );
  return Buffer.concat(pieces);
}

test("every account of the chart stands in exactly one line of each statement", async () => {
  const layouts = loadLayouts("nmam-1");
  expect(layouts).toBeDefined();
  if (!layouts) return;
  const chart = (await reading(app, city, listAccounts)).filter((a) => a.isPosting);
  const codes = (keep: (a: (typeof chart)[number]) => boolean): string[] => chart.filter(keep).map((a) => a.code);
  const isOfYear = (a: (typeof chart)[number]): boolean => a.type === "income" || a.type === "expense";
  expect(chart.length).toBeGreaterThan(900);
  expect(
    misplaced(
      layouts.balanceSheet,
      codes((a) => !isOfYear(a)),
    ),
  ).toEqual([]);
  expect(misplaced(layouts.incomeExpenditure, codes(isOfYear))).toEqual([]);
  expect(
    misplaced(
      layouts.cashFlow,
      codes((a) => !a.isCashBank),
      { inParts: true },
    ),
  ).toEqual([]);
  const counters = codes((a) => !a.isCashBank);
  expect(misplaced(layouts.receiptsPayments, counters, { measure: "receipts" })).toEqual([]);
  expect(misplaced(layouts.receiptsPayments, counters, { measure: "payments" })).toEqual([]);
  const cash = codes((a) => a.isCashBank);
  expect(misplaced(layouts.receiptsPayments, cash, { measure: "opening" })).toEqual([]);
  expect(misplaced(layouts.receiptsPayments, cash, { measure: "closing" })).toEqual([]);
});

test("the income and expenditure account of a year", async () => {
  expect(await text("income-expenditure")).toMatchInlineSnapshot(`
    "schedule,head,line,amount
    I-1,110,Tax Revenue,295000.00
    I-2,120,Assigned Revenues & Compensations,0.00
    I-3,130,Rental Income from Municipal Properties,0.00
    I-4,140,Fees & User Charges,12000.50
    I-5,150,Sale & Hire Charges,0.00
    I-6,160,"Revenue Grants, Contributions & Subsidies",25000.00
    I-7,170,Income from Investments,3500.00
    I-8,171,Interest Earned,1234.56
    I-9,180,Other Income,8000.00
    ,,A. Total - INCOME,344735.06
    I-10,210,Establishment Expenses,60000.00
    I-11,220,Administrative Expenses,0.00
    I-12,230,Operations & Maintenance,55000.00
    I-13,240,Interest & Finance Charges,33510.00
    I-14,250,Programme Expenses,0.00
    I-15,260,"Revenue Grants, Contributions & Subsidies (paid)",0.00
    I-16,270,Provisions & Write off,2500.00
    I-17,271,Miscellaneous Expenses,0.00
    (face),272,Depreciation,5000.00
    ,,B. Total - EXPENDITURE,156010.00
    ,,A-B. Gross surplus/(deficit) of income over expenditure before prior period items,188725.06
    I-18,280,Add/Less: Prior period items (net),2000.00
    ,,Gross surplus/(deficit) after prior period items,190725.06
    (face),290,Less: Transfer to Reserve Funds,6000.00
    ,,Net balance being surplus/(deficit) carried over to Municipal Fund,184725.06
    "
  `);
});

test("the balance sheet of a year: deductions negative, the surplus so far in the Municipal Fund", async () => {
  expect(await text("balance-sheet")).toMatchInlineSnapshot(`
    "schedule,head,line,amount,previous
    B-1,310,Municipal (General) Fund,294725.06,110000.00
    B-2,311,Earmarked Funds,6000.00,0.00
    B-3,312,Reserves,60000.00,0.00
    ,,Total Reserves & Surplus,360725.06,110000.00
    B-4,320,"Grants, Contributions for specific purposes",415000.00,500000.00
    B-5,330,Secured loans,750000.00,800000.00
    B-6,331,Unsecured loans,0.00,0.00
    ,,Total Loans,750000.00,800000.00
    B-7,340,Deposits received,19000.00,15000.00
    B-8,341,Deposit works,20000.00,0.00
    B-9,350,Other liabilities (Sundry Creditors),33727.27,10000.00
    B-10,360,Provisions,1500.00,0.00
    ,,Total Current Liabilities and Provisions,74227.27,25000.00
    ,,TOTAL LIABILITIES,1599952.33,1435000.00
    B-11,410,Gross Block,400000.00,300000.00
    B-11,411,Less: Accumulated Depreciation,-5000.00,0.00
    B-11,,Net Block,395000.00,300000.00
    B-11,412,Capital Work-in-Progress,0.00,0.00
    ,,Total Fixed Assets,395000.00,300000.00
    B-12,420,Investment - General Fund,70000.00,0.00
    B-13,421,Investment - Other Funds,0.00,0.00
    ,,Total Investments,70000.00,0.00
    B-14,430,Stock in hand (Inventories),5000.00,0.00
    B-15,431,Sundry Debtors (Receivables) - gross amount outstanding,159727.27,90000.00
    B-15,432,Less: Accumulated provision against bad & doubtful receivables,-2500.00,0.00
    B-16,440,Prepaid expenses,0.00,0.00
    B-17,450,Cash and Bank Balances,960725.06,1045000.00
    B-18,460,"Loans, advances and deposits",5000.00,0.00
    B-18,461,Less: Accumulated provision against loans,0.00,0.00
    ,,"Total Current Assets, Loans & Advances",1127952.33,1135000.00
    B-19,470,Other Assets,7000.00,0.00
    B-20,480,Miscellaneous Expenditure (to the extent not written off),0.00,0.00
    ,,TOTAL ASSETS,1599952.33,1435000.00
    "
  `);
});

test("the receipts and payments account of a year: fees that were kept back are payments, contra entries do not appear", async () => {
  expect(await text("receipts-payments")).toMatchInlineSnapshot(`
    "section,code,line,receipts,payments
    Opening balances,45021,Nationalised Banks (Balance with Bank - Municipal Funds),545000.00,
    Opening balances,45061,Nationalised Banks (Balance with Bank - Grant Funds),500000.00,
    Operating receipts,14011,Licensing Fees,12000.50,
    Operating receipts,17010,Interest,3500.00,
    Operating receipts,17110,Interest from Bank Accounts,1234.56,
    Operating receipts,43110,Receivables for Property Taxes,251000.00,
    Non-operating receipts,34110,Civil works,20000.00,
    Non-operating receipts,35090,Sale Proceeds,30000.00,
    Operating payments,23010,Power and Fuel,,11000.00
    Operating payments,24050,Interest on Loans from Banks and Other Financial Institutions,,32000.00
    Operating payments,24080,Other Finance Expenses,,10.00
    Operating payments,35010,Creditors,,36000.00
    Operating payments,35011,Employee liabilities,,54000.00
    Operating payments,43010,Stores,,9000.00
    Non-operating payments,33050,Loans from Banks and Other Financial Institutions (Secured Loans),,50000.00
    Non-operating payments,35020,Recoveries payable,,6000.00
    Non-operating payments,41050,Vehicles (Fixed Assets),,22000.00
    Non-operating payments,41200,General,,100000.00
    Non-operating payments,42080,Other Investments (Investments - General Fund),,70000.00
    Non-operating payments,46010,Loans and advances to employees,,5000.00
    Non-operating payments,47010,Deposit Works – Expenditure,,7000.00
    Closing balances,45021,Nationalised Banks (Balance with Bank - Municipal Funds),,460725.06
    Closing balances,45061,Nationalised Banks (Balance with Bank - Grant Funds),,500000.00
    Total,,TOTAL,1362735.06,1362735.06
    "
  `);
});

test("the receipts and payments account is made in one pass, whatever the planner believes of the tables", async () => {
  const busy = await testBooks(app, []);
  await busy.tx("accountant", async (tx) => {
    const entries = Array.from({ length: 4000 }, (_, i) =>
      entryOf(`2025-0${4 + (i % 6)}-1${i % 9} receipt 4502101 Dr ${i + 1}.00 / 1404006 Cr ${i + 1}.00`),
    );
    for (let at = 0; at < entries.length; at += 1000) await postEntries(tx, entries.slice(at, at + 1000));
    // As autovacuum may do at the worst moment: it sees none of the lines that are not committed, and says so until it comes by again.
    await withConnection(app.db.address, "owner", async (c) => {
      await c.query("analyze ledger.lines");
      await c.query("analyze ledger.entries");
    });
  });
  const total = (4000 * 4001) / 2;
  expect(await reportText(app, busy, "receipts-payments", { fy })).toContain(`,TOTAL,${total}.00,${total}.00`);
}, 20_000);

test("collections can be shown under the head of income collected, payments of creditors under the head of expense", async () => {
  const lines = (await text("receipts-payments", { fy, presentation: "revenue-head" })).split("\n");
  expect(lines.filter((line) => /,(11001|431|21010|350|23050)/.test(line))).toMatchInlineSnapshot(`
    [
      "Operating receipts,11001,Property Tax,251000.00,",
      "Operating receipts,17010,Interest,3500.00,",
      "Non-operating receipts,35090,Sale Proceeds,30000.00,",
      "Operating payments,21010,"Salaries, Wages and Bonus",,54000.00",
      "Operating payments,23050,Repairs and maintenance Infrastructure Assets,,36000.00",
      "Non-operating payments,35020,Recoveries payable,,6000.00",
    ]
  `);
});

test("the cash flow statement of a year: what each line adds to cash", async () => {
  expect(await text("cash-flow")).toMatchInlineSnapshot(`
    "section,line,amount
    A,Gross surplus/(deficit) over expenditure,190725.06
    A,Add: Depreciation,5000.00
    A,Add: Interest & finance expenses,33510.00
    A,Less: Profit on disposal of assets,-8000.00
    A,Less: Dividend income,0.00
    A,Less: Investment income,-4734.56
    A,Adjusted income before changes in current assets and liabilities,216500.50
    A,(Increase)/decrease in Sundry debtors,-67227.27
    A,(Increase)/decrease in Stock in hand,-5000.00
    A,(Increase)/decrease in Prepaid expenses,0.00
    A,(Increase)/decrease in Other current assets,-7000.00
    A,(Decrease)/increase in Deposits received,4000.00
    A,(Decrease)/increase in Deposit works,20000.00
    A,(Decrease)/increase in Other current liabilities,23727.27
    A,(Decrease)/increase in Provisions,0.00
    A,Extra-ordinary items,0.00
    A,Net cash generated from/(used in) operating activities [A],185000.50
    B,(Purchase) of fixed assets & CWIP,-122000.00
    B,(Increase)/decrease in special funds/grants,-25000.00
    B,(Increase)/decrease in earmarked funds,0.00
    B,(Purchase) of investments,-70000.00
    B,Add: Proceeds from disposal of assets,30000.00
    B,Add: Proceeds from disposal of investments,0.00
    B,Add: Investment income received,3500.00
    B,Add: Interest income received,1234.56
    B,Net cash from investing activities [B],-182265.44
    C,Add: Loans from banks/others received,0.00
    C,Less: Loans repaid,-50000.00
    C,Less: Loans & advances to employees (net),-5000.00
    C,Less: Loans to others (net),0.00
    C,Less: Finance expenses paid,-32010.00
    C,Net cash from financing activities [C],-87010.00
    ,Net increase/(decrease) in cash and cash equivalents (A+B+C),-84274.94
    ,Cash and cash equivalents at beginning,1045000.00
    ,Cash and cash equivalents at end (cash; bank; scheduled co-op banks; post offices; others),960725.06
    "
  `);
});

test("the function-wise statement comes to the income and expenditure account", async () => {
  expect(await text("function-wise")).toMatchInlineSnapshot(`
    "function,income,expenditure,net
    03,37734.56,104500.00,-66765.44
    15,12000.50,0.00,12000.50
    21,0.00,44000.00,-44000.00
    51,0.00,11000.00,-11000.00
    91,295000.00,510.00,294490.00
    "
  `);
  expect(await rowsWith("91,", "function-wise", { fy, by: "ward" })).toMatchInlineSnapshot(`
    [
      "91,,0.00,510.00,-510.00",
      "91,W1,195000.00,0.00,195000.00",
      "91,W2,100000.00,0.00,100000.00",
    ]
  `);
});

test("a schedule splits its line by minor head and account, and comes to the face", async () => {
  expect(await text("schedules", { fy, schedule: "b-15" })).toMatchInlineSnapshot(`
    "schedule,code,name,amount,previous
    B-15,43110,Receivables for Property Taxes,177000.00,100000.00
    B-15,4311001,Receivables for Property Taxes-Private Properties,177000.00,100000.00
    B-15,43191,State Govt Cess/ levies in Property Taxes - Control account,-17272.73,-10000.00
    B-15,4319100,State Govt Cess/ levies in Property Taxes - Control account-State Govt Cess/ levies in Property Taxes - Control account,-17272.73,-10000.00
    B-15,43210,Provision for outstanding Property Taxes,-2750.00,0.00
    B-15,4321000,Provision for outstanding Property Taxes-Provision for outstanding Property Taxes,-2750.00,0.00
    B-15,43291,State Govt Cess/ levies in Property Taxes - Provision account,250.00,0.00
    B-15,4329100,State Govt Cess/ levies in Property Taxes - Provision account-State Govt Cess/ levies in Property Taxes - Provision account,250.00,0.00
    B-15,,Total B-15,157227.27,90000.00
    "
  `);
  // Lines that stand on the face alone have their accounts under the number of their head.
  expect(await rowsWith("272", "schedules")).toMatchInlineSnapshot(`
    [
      "B-9,35030,Government Dues payable,32727.27,10000.00",
      "B-9,3503001,Government Dues payable-Library Cess,32727.27,10000.00",
      "B-15,43191,State Govt Cess/ levies in Property Taxes - Control account,-17272.73,-10000.00",
      "B-15,4319100,State Govt Cess/ levies in Property Taxes - Control account-State Govt Cess/ levies in Property Taxes - Control account,-17272.73,-10000.00",
      "272,27220,Buildings,5000.00,0.00",
      "272,2722000,Buildings-Buildings,5000.00,0.00",
      "272,,Total 272,5000.00,0.00",
    ]
  `);
});

test("the cash book and the bank book have each account with heads, vouchers and running balance", async () => {
  expect(await text("cash-book")).toMatchInlineSnapshot(`
    "account,date,entry,particulars,narration,receipt,payment,balance
    4501001,2025-04-01,,Opening balance,,,,0.00
    4501001,2025-05-12,R/2025-26/000002,1401101 Licensing Fees-Trade License,licence fees,12000.50,,12000.50
    4501001,2025-05-13,C/2025-26/000001,4502101 Nationalised Banks-State Bank of India,cash banked,,12000.50,0.00
    4501001,2026-03-31,,Closing balance,,12000.50,12000.50,0.00
    "
  `);
  const book = await text("bank-book", { fy, account: "4502102" });
  expect(book).toMatchInlineSnapshot(`
    "account,date,entry,particulars,narration,receipt,payment,balance
    4502102,2025-04-01,,Opening balance,,,,0.00
    4502102,2026-03-03,R/2025-26/000008,4702051 Inter Unit Accounts-Inter Fund Transfer,between funds,40000.00,,40000.00
    4502102,2026-03-04,P/2025-26/000013,2301001 Power and Fuel-Power Charges for Street Lighting,water pumping,,11000.00,29000.00
    4502102,2026-03-31,,Closing balance,,40000.00,11000.00,29000.00
    "
  `);
  await expect(text("bank-book", { fy, account: "4501001" })).rejects.toThrow(
    "REPORT_ACCOUNT: the account 4501001 does not stand in the bank-book; its accounts are: 4502001, 4502101",
  );
});

test("ratios show the two amounts that they divide", async () => {
  expect(await text("ratios")).toMatchInlineSnapshot(`
    "ratio,numerator,denominator,value,unit
    Tax revenue / total income,295000.00,344735.06,85.57,percent
    Assigned revenue / total income,0.00,344735.06,0.00,percent
    Rental income / total income,0.00,344735.06,0.00,percent
    Fees & user charges / total income,12000.50,344735.06,3.48,percent
    Revenue grants / total income,25000.00,344735.06,7.25,percent
    Establishment / total revenue expenditure,60000.00,156010.00,38.46,percent
    Administrative / total revenue expenditure,0.00,156010.00,0.00,percent
    Operations & maintenance / total revenue expenditure,55000.00,156010.00,35.25,percent
    Capital grants / total receipts,0.00,317735.06,0.00,percent
    Capital expenditure / total expenditure,122000.00,278010.00,43.88,percent
    Own source revenue share,319735.06,344735.06,92.75,percent
    Grant dependency,25000.00,344735.06,7.25,percent
    Cost recovery (own revenue / revenue expenditure),319735.06,156010.00,204.95,percent
    Debt to total assets,750000.00,1599952.33,46.88,percent
    Debt to own revenue,750000.00,319735.06,234.57,percent
    Interest service coverage,227235.06,33510.00,6.78,times
    Quick asset ratio,1117952.33,54227.27,20.62,times
    Property tax collection efficiency - current,0.00,0.00,,percent
    Property tax collection efficiency - arrears,0.00,0.00,,percent
    "
  `);
});

test("all cross-checks of a year hold, and are ties", async () => {
  expect((await rowsWith("differs", "cross-checks")).concat(await rowsWith("equal", "cross-checks"))).toHaveLength(12);
  expect(await rowsWith("differs", "cross-checks")).toEqual([]);
  const ties = await reading(app, city, (read) => statementTies(read, fy));
  expect(ties.map((t) => t.ok)).toEqual(ties.map(() => true));
});

test("the cross-checks of a year hold as well once it is closed, and its next year opens with what it closed with", async () => {
  const closed = await testBooks(app, [
    "2024-04-05 receipt 4502101 Dr 900.00 / 1404006 Cr 900.00",
    "2024-06-10 payment 2201101 Dr 250.50 / 4502101 Cr 250.50",
  ]);
  const of = financialYear("2024-25");
  const none = { month: [], year: [] };
  for (const month of periodsOf(of)) await closed.tx("accountant", (tx) => closePeriod(tx, month, []));
  await closed.tx("accountant", (tx) => proposeYearClose(tx, of, none));
  await closed.tx("checker", (tx) => closeYear(tx, of, none));
  const ties = await reading(app, closed, (read) => statementTies(read, of));
  expect(ties.filter((tie) => !tie.ok)).toEqual([]);
});

test("one fund has its own statements; over all funds what one owes another is nil", async () => {
  expect(await rowsWith("TOTAL", "balance-sheet", { fy, fund: "02" })).toEqual([
    ",,TOTAL LIABILITIES,-11000.00,0.00",
    ",,TOTAL ASSETS,-11000.00,0.00",
  ]);
  expect(await rowsWith("47020", "receipts-payments", { fy, fund: "02" })).toEqual([
    "Non-operating receipts,47020,Inter Unit Accounts,40000.00,",
  ]);
  expect(await rowsWith("47020", "receipts-payments")).toEqual([]);
  expect(await rowsWith("differs", "cross-checks", { fy, fund: "02" })).toEqual([]);
});

test("income and expenditure can be had of one ward or function; a balance sheet of one is refused with the reason", async () => {
  expect(await rowsWith("Tax Revenue", "income-expenditure", { fy, ward: "W2" })).toEqual([
    "I-1,110,Tax Revenue,100000.00",
  ]);
  expect(await rowsWith("Operations", "income-expenditure", { fy, function: "21" })).toEqual([
    "I-12,230,Operations & Maintenance,44000.00",
  ]);
  for (const name of ["balance-sheet", "receipts-payments", "cash-flow", "cross-checks"])
    await expect(text(name, { fy, ward: "W2" }), name).rejects.toThrow(
      `REPORT_SLICE: the report "${name}" cannot be made for one ward: entries balance in each fund`,
    );
  await expect(text("schedules", { fy, schedule: "B-99" })).rejects.toThrow(
    'SCHEDULE_UNKNOWN: there is no schedule "B-99"; there are: B-1',
  );
});

test("a half-year and a day have statements that agree as those of a year do", async () => {
  const halves = [
    { from: localDate("2025-04-01"), to: localDate("2025-09-30") },
    { from: localDate("2025-10-01"), to: localDate("2026-03-31") },
  ];
  for (const half of halves) expect(await rowsWith("differs", "cross-checks", half)).toEqual([]);
  expect(await rowsWith("Tax Revenue", "income-expenditure", halves[0])).toEqual(["I-1,110,Tax Revenue,295000.00"]);
  // A balance sheet stands beside the end of the year before, whatever its day.
  expect(await rowsWith("Municipal", "balance-sheet", { asOf: localDate("2025-09-30") })).toEqual([
    "B-1,310,Municipal (General) Fund,316990.50,110000.00",
  ]);
});

test("what takes an entry back takes it off its own side of the receipts and payments account", async () => {
  const own = await testBooks(app, []);
  await own.tx("accountant", async (tx) => {
    const [first] = await postEntries(tx, [
      entryOf("2025-05-10 receipt wrong 4502101 Dr 100.00 / 4311001 Cr 100.00"),
      entryOf("2025-05-10 receipt right 4502101 Dr 70.00 / 4311001 Cr 70.00"),
    ]);
    if (first) await reverseEntry(tx, { entryId: first.id, date: localDate("2025-05-12"), reason: "wrong account" });
  });
  expect(await reportText(app, own, "receipts-payments", { fy })).toBe(
    "section,code,line,receipts,payments\nOperating receipts,43110,Receivables for Property Taxes,70.00,\n" +
      "Closing balances,45021,Nationalised Banks (Balance with Bank - Municipal Funds),,70.00\nTotal,,TOTAL,70.00,70.00\n",
  );
});

test("the sub-ledger has each account by party and demand year, and can be asked for one", async () => {
  const own = await testBooks(app, []);
  const party = { type: "contractor", id: "C-0012" };
  await own.tx("accountant", (tx) =>
    postEntries(tx, [
      {
        voucher: "journal",
        date: localDate("2024-05-01"),
        narration: "bill",
        source: { type: "test", id: "bill" },
        lines: [dr("2305001", rupees("900"), { function: "21" }), cr("3501002", rupees("900"), { party })],
      },
      {
        voucher: "payment",
        date: localDate("2025-05-01"),
        narration: "payment",
        source: { type: "test", id: "payment" },
        lines: [dr("3501002", rupees("400"), { party }), cr("4502101", rupees("400"))],
      },
      {
        voucher: "journal",
        date: localDate("2025-06-01"),
        narration: "demand",
        source: { type: "test", id: "demand" },
        lines: [
          dr("4311001", rupees("50"), { demandYear: financialYear("2023-24") }),
          cr("1100101", rupees("50"), { function: "91" }),
        ],
      },
    ]),
  );
  expect(await reportText(app, own, "sub-ledger", { fy })).toBe(
    "account,party_type,party,demand_year,opening,dr,cr,closing\n" +
      "3501002,contractor,C-0012,,-900.00,400.00,0.00,-500.00\n" +
      "4311001,,,2023-24,0.00,50.00,0.00,50.00\n",
  );
  const one = await reportText(app, own, "sub-ledger", { fy, partyType: "contractor", party: "C-0012" });
  expect(one.split("\n")).toHaveLength(3);
});

test("a balance on an account that no line of the layout holds is refused, never left out", async () => {
  const own = await testBooks(app, []);
  await own.tx("admin", async (tx) => {
    const like = await getAccount(tx, "4708001").catch(() => getAccount(tx, "4701001"));
    await tx.query(
      `insert into ledger.accounts (ulb_id, code, name, parent, type, normal_side, level, is_contra, is_posting, is_cash_bank, needs_function)
       values (:ulb, '4850001', 'A head of this town alone', null, :type, 'Dr', 3, false, true, false, false)`,
      { ulb: tx.ulb.id, type: like.type },
    );
  });
  await own.tx("accountant", (tx) =>
    postEntries(tx, [entryOf("2025-05-10 journal odd 4850001 Dr 100.00 / 3101001 Cr 100.00")]),
  );
  await expect(reportText(app, own, "balance-sheet", { fy })).rejects.toThrow(
    "LAYOUT_ACCOUNT_UNPLACED: a statement would leave out or double an amount: account 4850001 stands in no line of nmam-1/balance-sheet",
  );
});

test("the same figures stand in JSON, in a workbook and on paper, in two languages", async () => {
  const json = JSON.parse(await text("balance-sheet", { fy }, "json")) as {
    rows: Record<string, unknown>[];
    title: string;
  };
  expect(json.rows.at(-1)).toMatchObject({
    kind: "total",
    line: "TOTAL ASSETS",
    amount: "1599952.33",
    previous: "1435000.00",
  });
  const sheet = await readSheet(await bytes("balance-sheet", "xlsx", { fy }), 1);
  expect(sheet.find((row) => row[2] === "TOTAL ASSETS")).toEqual([null, null, "TOTAL ASSETS", 1599952.33, 1435000]);
  expect(sheet.find((row) => row[1] === "411")).toEqual(["B-11", "411", "Less: Accumulated Depreciation", -5000, 0]);
  const pages = pdfPages(await bytes("balance-sheet", "pdf", { fy, language: "hi" }));
  expect(pages).toHaveLength(1);
  for (const part of ["Balance sheet / ", "Less: Accumulated Depreciation", "(5,000.00)", "15,99,952.33"])
    expect(pages[0]).toContain(part);
  expect(pages[0]?.replaceAll("|", "")).toContain("Total liabilities equal total assets.");
});

test("whole rupees are rounded figure by figure, and totals from exact sums", async () => {
  const own = await testBooks(app, [
    "2025-05-10 receipt a 4502101 Dr 10.40 / 1401101 Cr 10.40",
    "2025-05-11 receipt b 4502101 Dr 10.40 / 1501101 Cr 10.40",
  ]);
  const pieces: Uint8Array[] = [];
  const report = { name: "income-expenditure", format: "pdf", options: { fy, inRupees: true } };
  await writeReport(app, own.as("auditor"), report, (piece) => void pieces.push(Buffer.from(piece)));
  const [page = ""] = pdfPages(Buffer.concat(pieces));
  expect(page).toMatch(/Fees & User Charges\|10\|0\|.*Sale & Hire Charges\|10\|0\|.*Total - INCOME\|21\|0\|/);
  expect(page.replaceAll("|", "")).toContain("each figure is rounded by itself");
});

test("the annual accounts are one workbook with a sheet for each statement", async () => {
  const { default: readSheets } = await import("read-excel-file/node");
  const sheets = await readSheets(await bytes("annual-accounts", "xlsx", { fy }));
  expect(sheets.map((s) => s.sheet)).toEqual([
    "Balance sheet",
    "Income and expenditure",
    "Schedules",
    "Receipts and payments",
    "Cash flows",
    "Function-wise",
    "Ratios",
    "Cross-checks",
  ]);
});
