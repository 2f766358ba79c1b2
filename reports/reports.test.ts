import { expect, test } from "vitest";
import { rupees, toRupees, type Paise } from "../ledger/kernel/money.ts";
import { financialYear, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { inSnapshot, type Read, type Ulb } from "../ledger/kernel/tx.ts";
import { cr, dr, postEntry } from "../ledger/index.ts";
import { testApp, type TestUlb } from "../ledger/testing.ts";
import { testConsumer, testDemand } from "../billing/testing.ts";
import {
  cancelReceipt,
  closeCounterSession,
  depositInstruments,
  dishonour,
  openCounterSession,
  publicKeys,
  receiveAtCounter,
  type Receipt,
  type Tender,
  verifyReceiptCode,
} from "../collections/index.ts";
import { testCity, testClock } from "../collections/testing.ts";
import { bankUlb } from "../reconciliation/testing.ts";
import {
  allTies,
  brokenTies,
  collectionDashboard,
  collectionRegisterView,
  dashboardTie,
  exportReport,
  listReports,
  receiptPdf,
  receiptView,
  setCollectionTarget,
  trialBalanceView,
  writeReport,
} from "./index.ts";
import { pdfPages, textOf } from "./testing.ts";

const clock = testClock("2026-07-01T05:00:00Z");
const app = await testApp({ clock });
const ulbs = new Map<string, Ulb>();
const day = localDate;
const july = { from: day("2026-07-01"), to: day("2026-07-31") };

type Town = { city: TestUlb; property: string; water: string; receipts: Receipt[] };

let forms = 0;
async function receive(
  city: TestUlb,
  consumerId: string,
  amount: string,
  tender: Tender,
  on: string,
): Promise<Receipt> {
  clock.set(`${on}T05:00:00Z`);
  const session = await city.tx("cashier", (tx) => openCounterSession(tx, { counter: "C-1" }));
  const receipt = await city.tx("cashier", (tx) =>
    receiveAtCounter(tx, {
      sessionId: session.id,
      consumerId,
      amount: rupees(amount),
      tender,
      acceptAdvance: true,
      idempotencyKey: `form-${process.pid}-${++forms}`,
    }),
  );
  const whole = amount.split(".")[0] ?? "0";
  await city.tx("cashier", (tx) =>
    closeCounterSession(tx, session.id, tender.kind === "cash" ? { "1": Number(whole) } : {}),
  );
  return receipt;
}
const cheque = (number: string, date: string): Tender => ({
  kind: "cheque",
  number,
  bank: "110002003",
  date: day(date),
});

/**
 * July of a town: two cash receipts and one cheque for property tax (with the State's cess) in W01, one for water in W02 with an advance; the
 * cheque is deposited and bounces with a charge of the bank and one for the payer. Last July one receipt of 4,000.
 */
async function town(): Promise<Town> {
  clock.set("2025-04-01T05:00:00Z");
  const city = await testCity(app, ulbs, { startsOn: day("2025-04-01") });
  const [property, water] = await city.tx("accountant", async (tx) => {
    const house = await testConsumer(tx);
    const tap = await testConsumer(tx, { service: "water", ward: "W02" });
    await testDemand(tx, house, "20000+1600");
    await testDemand(tx, tap, "900");
    return [house.id, tap.id];
  });
  await receive(city, property, "4000", { kind: "cash" }, "2025-07-10");
  const receipts = [
    await receive(city, property, "5000", { kind: "cash" }, "2026-07-02"),
    await receive(city, property, "3000", cheque("000451", "2026-07-02"), "2026-07-03"),
    await receive(city, water, "1000", { kind: "cash" }, "2026-07-03"),
  ];
  await city.tx("cashier", (tx) =>
    depositInstruments(tx, { kind: "cheques", slipNumber: "7", date: day("2026-07-04") }),
  );
  clock.set("2026-07-20T05:00:00Z");
  const bounced = receipts[1];
  await city.tx("accountant", (tx) =>
    dishonour(tx, {
      instrumentId: bounced?.instrument.id ?? "",
      date: day("2026-07-20"),
      reason: "Funds insufficient",
      bankCharge: rupees("118.00"),
      payerCharge: rupees("300.00"),
    }),
  );
  clock.set("2026-08-01T06:30:00Z");
  return { city, property, water, receipts };
}
const read = <T>(t: Town, fn: (read: Read) => Promise<T>): Promise<T> => inSnapshot(app, t.city.as("auditor"), fn);
const plain = (slices: readonly { key: string; amount: Paise }[]): Record<string, string> =>
  Object.fromEntries(slices.map((s) => [s.key, toRupees(s.amount)]));

test("net collection is receipts less what was taken back; a bank's charge and a payer's charge are no collection", async () => {
  const t = await town();
  const page = await read(t, (r) => collectionDashboard(r, july));
  expect(toRupees(page.total)).toBe("6000.00");
  expect(page).toMatchObject({ receipts: 3, reversals: 1, grain: "day", target: null, achievement: null });
  expect(plain(page.byService)).toEqual({ "property-tax": "5000.00", water: "1000.00" });
  expect(plain(page.byWard)).toEqual({ W01: "5000.00", W02: "1000.00" });
  expect(plain(page.byMode)).toEqual({ cash: "6000.00", cheque: "0.00" });
  const days = Object.fromEntries(page.series.map((p) => [p.key, toRupees(p.amount)]));
  expect(page.series).toHaveLength(31);
  expect(days).toMatchObject({
    "2026-07-02": "5000.00",
    "2026-07-03": "4000.00",
    "2026-07-20": "-3000.00",
    "2026-07-31": "0.00",
  });
  expect(page.lastYear).toEqual({ from: "2025-07-01", to: "2025-07-31", total: rupees("4000") });
  expect(page.change).toBe("50.0");
  expect(page.series.find((p) => p.key === "2026-07-10")?.lastYear).toBe(rupees("4000"));
});

test("slices of the page sum to its total, and filters are slices", async () => {
  const t = await town();
  await read(t, async (r) => {
    const all = await collectionDashboard(r, july);
    for (const slices of [all.byService, all.byWard, all.byMode, all.series])
      expect(slices.reduce((sum, s) => sum + s.amount, 0n)).toBe(all.total);
    const ward = await collectionDashboard(r, { ...july, ward: "W02" });
    expect([toRupees(ward.total), ward.receipts]).toEqual(["1000.00", 1]);
    const service = await collectionDashboard(r, { ...july, service: "property-tax" });
    expect(toRupees(service.total)).toBe("5000.00");
    expect(toRupees((await collectionDashboard(r, { ...july, ward: "W01", service: "water" })).total)).toBe("0.00");
  });
});

test("the page's total equals the trial balance, and what else moved money is listed", async () => {
  const t = await town();
  await t.city.tx("accountant", (tx) =>
    postEntry(tx, {
      voucher: "payment",
      date: day("2026-07-25"),
      narration: "Stationery",
      source: { type: "test", id: "stationery" },
      lines: [dr("2202101", rupees("700"), { function: "03" }), cr("4501001", rupees("700"))],
    }),
  );
  await read(t, async (r) => {
    const tie = await dashboardTie(r, july);
    expect(tie).toMatchObject({ dashboard: rupees("6000"), trialBalance: rupees("6000"), difference: 0n });
    expect(tie.otherMovements.map((m) => [m.source, toRupees(m.amount)])).toEqual([
      ["charges on returned receipts", "-118.00"],
      ["test", "-700.00"],
    ]);
    expect(toRupees(tie.moneyMoved)).toBe("5182.00");
  });
});

test("money that comes by a hand-made voucher is seen in the tie and is not collection", async () => {
  const t = await town();
  await t.city.tx("accountant", (tx) =>
    postEntry(tx, {
      voucher: "receipt",
      date: day("2026-07-25"),
      narration: "Grant received",
      source: { type: "voucher", id: "grant" },
      lines: [dr("4502101", rupees("50000")), cr("3201001", rupees("50000"))],
    }),
  );
  await read(t, async (r) => {
    expect(toRupees((await collectionDashboard(r, july)).total)).toBe("6000.00");
    const tie = await dashboardTie(r, july);
    expect(tie.difference).toBe(0n);
    expect(tie.otherMovements).toContainEqual({ source: "voucher", amount: rupees("50000") });
  });
});

test("a target is shared out over its year by days; without one there is no achievement", async () => {
  const t = await town();
  await t.city.tx("accountant", async (tx) => {
    await setCollectionTarget(tx, { fy: financialYear("2026-27"), service: "property-tax", amount: rupees("36500") });
    await setCollectionTarget(tx, {
      fy: financialYear("2026-27"),
      service: "water",
      ward: "W02",
      amount: rupees("7300"),
    });
    await setCollectionTarget(tx, {
      fy: financialYear("2026-27"),
      service: "water",
      ward: "W02",
      amount: rupees("3650"),
    });
  });
  await read(t, async (r) => {
    const page = await collectionDashboard(r, july);
    // 31 of 365 days of 36,500 + 3,650.
    expect([page.target, page.targetOfYear]).toEqual([rupees("3410"), rupees("40150")]);
    expect(page.achievement).toBe("176.0");
    expect((await collectionDashboard(r, { ...july, ward: "W02" })).target).toBe(rupees("310"));
    expect((await collectionDashboard(r, { ...july, ward: "W01" })).target).toBeNull();
    // Across two years, one of which has none: no figure rather than a flattering one.
    expect((await collectionDashboard(r, { from: day("2026-03-01"), to: day("2026-04-30") })).target).toBeNull();
  });
});

test("a long range is shown by month, and last year is blank where the books did not exist", async () => {
  const t = await town();
  const page = await read(t, (r) => collectionDashboard(r, { from: day("2026-01-01"), to: day("2026-07-31") }));
  expect(page.grain).toBe("month");
  expect(
    page.series.map((p) => [p.key, toRupees(p.amount), p.lastYear === null ? null : toRupees(p.lastYear)]),
  ).toEqual([
    ["2026-01", "0.00", null],
    ["2026-02", "0.00", null],
    ["2026-03", "0.00", null],
    ["2026-04", "0.00", "0.00"],
    ["2026-05", "0.00", "0.00"],
    ["2026-06", "0.00", "0.00"],
    ["2026-07", "6000.00", "4000.00"],
  ]);
  const first = await read(t, (r) => collectionDashboard(r, { from: day("2025-07-01"), to: day("2025-07-31") }));
  expect([first.lastYear, first.change]).toEqual([null, null]);
});

test("the collection register adds up to the page: receipts on their day, the bounced cheque again on the day of its return", async () => {
  const t = await town();
  await read(t, async (r) => {
    const view = await collectionRegisterView(r, july);
    expect(
      view.rows.map((row) => [row.date, row.receiptNo, row.status, row.mode, row.counter, toRupees(row.amount)]),
    ).toEqual([
      ["2026-07-02", "RC/2026-27/000001", "issued", "cash", "C-1", "5000.00"],
      ["2026-07-03", "RC/2026-27/000002", "issued", "cheque", "C-1", "3000.00"],
      ["2026-07-03", "RC/2026-27/000003", "issued", "cash", "C-1", "1000.00"],
      ["2026-07-20", "RC/2026-27/000002", "dishonoured", "cheque", "C-1", "-3000.00"],
    ]);
    expect(view.total).toBe((await collectionDashboard(r, july)).total);
    for (const sums of [view.byDay, view.byMode, view.byCounter, view.byHead])
      expect(sums.reduce((total, s) => total + s.amount, 0n)).toBe(view.total);
    const ward = await collectionRegisterView(r, { ...july, ward: "W02" });
    expect(toRupees(ward.total)).toBe("1000.00");
  });
});

test("a cancelled receipt leaves the collection of its day", async () => {
  const t = await town();
  clock.set("2026-07-30T05:00:00Z");
  const session = await t.city.tx("cashier", (tx) => openCounterSession(tx, { counter: "C-2" }));
  const receipt = await t.city.tx("cashier", (tx) =>
    receiveAtCounter(tx, {
      sessionId: session.id,
      consumerId: t.property,
      amount: rupees("10"),
      tender: { kind: "cash" },
      idempotencyKey: `form-${process.pid}-${++forms}`,
    }),
  );
  await t.city.tx("checker", (tx) =>
    cancelReceipt(tx, { receiptId: receipt.id, reason: "Wrong consumer", requestedBy: "cashier@test" }),
  );
  await read(t, async (r) => {
    const page = await collectionDashboard(r, july);
    expect([toRupees(page.total), page.receipts, page.reversals]).toEqual(["6000.00", 4, 2]);
    expect((await dashboardTie(r, july)).difference).toBe(0n);
  });
});

test("all ties hold, each says what it compares, and each compares something", async () => {
  const t = await town();
  const ties = await read(t, (r) => allTies(r, day("2026-07-31")));
  expect(brokenTies(ties)).toEqual([]);
  const names = ties.map((tie) => tie.name).join("\n");
  for (const part of [
    "trial balance",
    "fund 01",
    "receivable 4311001 2025-26 = demand register",
    "advance 3504105",
    "cess control",
    "gateway clearing",
    "cash in hand",
    "cheques in hand",
    "card slips 4501006",
    "cheques not yet realised 3408000",
    "receipts and refund notes",
    "settlements in transit",
    "voucher numbers",
    "collection page = trial balance",
  ])
    expect(names).toContain(part);
  expect(ties.filter((tie) => tie.left !== 0n).length).toBeGreaterThan(8);
  // Far in the future, as verify asks: the same.
  expect(brokenTies(await read(t, (r) => allTies(r, day("9999-12-31"))))).toEqual([]);
});

test("a tie that does not hold is found: an entry that bypasses the demand register", async () => {
  const t = await town();
  await t.city.tx("accountant", (tx) =>
    postEntry(tx, {
      voucher: "journal",
      date: day("2026-07-25"),
      narration: "Receivable without a demand",
      source: { type: "test", id: "bypass" },
      lines: [
        dr("4311001", rupees("1"), { demandYear: financialYear("2026-27") }),
        cr("1100101", rupees("1"), { function: "91" }),
      ],
    }),
  );
  const broken = brokenTies(await read(t, (r) => allTies(r, day("2026-07-31"))));
  expect(broken.map((tie) => [tie.name, tie.difference])).toEqual([
    ["receivable 4311001 2026-27 = demand register", 100n],
  ]);
});

test("a receipt is printed from what was recorded: heads by year, cess apart, entry number, state", async () => {
  const t = await town();
  const [cash, bounced] = t.receipts;
  const view = await read(t, (r) => receiptView(r, cash?.token ?? "", (token) => `https://x.example/receipt/${token}`));
  expect(view).toMatchObject({
    number: "RC/2026-27/000001",
    state: { status: "issued" },
    counter: "C-1",
    mode: "cash",
    amount: rupees("5000"),
  });
  // The address of the page, and the signed words themselves.
  expect(view.verifyUrl).toMatch(new RegExp(`^https://x\\.example/receipt/${cash?.token}\\?s=NK1\\.`));
  expect(verifyReceiptCode(view.verifyUrl, await read(t, publicKeys))).toMatchObject({ amount: rupees("5000") });
  expect(view.entryNumber).toMatch(/^R\/2026-27\/\d{6}$/);
  expect(view.lines.reduce((sum, line) => sum + line.amount, 0n) + view.advance).toBe(view.amount);
  expect(view.lines.map((line) => [line.head, line.year, line.headLocal])).toContainEqual([
    "General property tax",
    "2025-26",
    "सामान्य संपत्ति कर",
  ]);
  const returned = await read(t, (r) => receiptView(r, bounced?.id ?? "", () => "https://x.example"));
  expect(returned.state).toEqual({ status: "dishonoured", on: "2026-07-20", reason: "Funds insufficient" });
  expect(pdfPages(await receiptPdf(returned, "pa"))).toHaveLength(1);
});

test("the trial balance as CSV has the agreed columns and is compared whole", async () => {
  const t = await town();
  let text = "";
  const file = await writeReport(
    app,
    t.city.as("auditor"),
    { name: "trial-balance", format: "csv", options: july },
    (piece) => void (text += piece.toString()),
  );
  expect(file).toEqual({
    fileName: `${t.city.ulb.code}_trial-balance_2026-07-01_2026-07-31.csv`,
    contentType: "text/csv; charset=utf-8",
  });
  expect(text).toMatchInlineSnapshot(`
    "code,name,open_dr,open_cr,dr,cr,close_dr,close_cr
    1808002,Miscellaneous Income-Bounced Cheques Realization Charges,0.00,0.00,0.00,300.00,0.00,300.00
    2407001,Bank Charges-Miscellaneous Bank Charges,0.00,0.00,118.00,0.00,118.00,0.00
    3109000,Excess of Income over Expenditure,0.00,20900.00,0.00,0.00,0.00,20900.00
    3503001,Government Dues payable-Library Cess,0.00,296.30,222.22,592.59,0.00,666.67
    3504105,Advance Collection - Water charges,0.00,0.00,0.00,100.00,0.00,100.00
    4311001,Receivables for Property Taxes-Private Properties,17600.00,0.00,3000.00,8000.00,12600.00,0.00
    4313001,Receivable for Fees and User Charges-Water Supply,900.00,0.00,0.00,900.00,0.00,0.00
    4314006,Receivable from other sources - cheque dishonour charges,0.00,0.00,300.00,0.00,300.00,0.00
    4319100,State Govt Cess/ levies in Property Taxes - Control account-State Govt Cess/ levies in Property Taxes - Control account,0.00,1303.70,592.59,222.22,0.00,933.33
    4501001,Cash-Cash On Hand,4000.00,0.00,6000.00,0.00,10000.00,0.00
    4501051,Cash-Cheques-in-hand,0.00,0.00,3000.00,3000.00,0.00,0.00
    4502101,Nationalised Banks-State Bank of India,0.00,0.00,3000.00,3118.00,0.00,118.00
    "
  `);
});

test("the trial balance says that it balances, in total and for a fund", async () => {
  const t = await town();
  await read(t, async (r) => {
    const view = await trialBalanceView(r, july);
    expect([view.balances, view.differences]).toEqual([true, { opening: 0n, period: 0n, closing: 0n }]);
    expect(view.totals.closeDebit).toBe(view.totals.closeCredit);
    expect((await trialBalanceView(r, { ...july, fund: "02" })).rows).toEqual([]);
  });
});

test("every report that is offered is made, in every format that is offered, also of an empty ULB", async () => {
  const t = await town();
  const empty = await testCity(app, ulbs);
  for (const { name, formats } of listReports())
    for (const format of formats) {
      if (name === "brs") continue; // needs a bank account with a statement: see below
      for (const who of [t.city.as("auditor"), empty.as("auditor")]) {
        let size = 0;
        const options = { ...july, ...(name === "account-ledger" ? { account: "4501001" } : {}) };
        const file = await writeReport(app, who, { name, format, options }, (piece) => void (size += piece.length));
        expect(file.fileName).toMatch(/\.(csv|json|xlsx|pdf|hledger|beancount|xml)$/);
        expect(size, `${name} ${format}`).toBeGreaterThan(2);
      }
    }
}, 120_000);

test("what is not offered is refused with what there is", async () => {
  const t = await town();
  await read(t, async (r) => {
    await expect(exportReport(r, "balance", july, "csv")).rejects.toThrow(
      /REPORT_UNKNOWN: there is no report "balance"; there are: .*trial-balance, day-book, account-ledger/,
    );
    await expect(exportReport(r, "trial-balance", july, "hledger")).rejects.toThrow(
      'REPORT_FORMAT: the report "trial-balance" is not made as "hledger"; it is made as: csv, xlsx, json, pdf',
    );
    await expect(exportReport(r, "constructor", july, "csv")).rejects.toThrow("REPORT_UNKNOWN");
    await expect(exportReport(r, "trial-balance", july, "toString")).rejects.toThrow("REPORT_FORMAT");
    await expect(exportReport(r, "trial-balance", {}, "csv")).rejects.toThrow(
      'REPORT_OPTION_MISSING: the report "trial-balance" needs --from, --to, such as --from 2026-04-01 --to 2026-08-01',
    );
    await expect(exportReport(r, "account-ledger", july, "csv")).rejects.toThrow("needs --account, such as 4502101");
    await expect(exportReport(r, "dcb", { from: july.to, to: july.from }, "csv")).rejects.toThrow("REPORT_RANGE");
  });
});

test("a range may be a year or a day: the year up to it", async () => {
  const t = await town();
  await read(t, async (r) => {
    const byYear = await exportReport(r, "trial-balance", { fy: financialYear("2026-27") }, "csv");
    expect(byYear.fileName).toContain("2026-04-01_2027-03-31");
    const byDay = await exportReport(r, "trial-balance", { asOf: "2026-07-31" as LocalDate }, "csv");
    expect(byDay.fileName).toContain("2026-04-01_2026-07-31");
    expect(await textOf(byDay.body)).toContain("code,name,open_dr");
  });
});

test("a bank reconciliation is exported as CSV and PDF from what reconciliation found", async () => {
  const bank = await bankUlb(app);
  await bank.book("2026-07-02", "1000.00", "Deposit slip 7");
  await bank.book("2026-07-30", "250.00", "Deposit slip 8");
  await bank.bank("0.00", [["2026-07-02", "1000.00", "CASH DEPOSIT SLIP 7"]], { through: day("2026-07-31") });
  const options = { asOf: day("2026-07-31") };
  const who = bank.as("auditor");
  let text = "";
  const file = await writeReport(
    app,
    who,
    { name: "brs", format: "csv", options },
    (piece) => void (text += piece.toString()),
  );
  expect(file.fileName).toBe(`${bank.ulb.code}_brs_4502101_2026-07-31.csv`);
  expect(text).toMatchInlineSnapshot(`
    "line,date,reference,particulars,age,item_amount,amount
    A,,,Balance as per Bank Book,,,1250.00
    B,,,Add: cheques / DD issued but not presented,,,0.00
    C,,,"Add: other instruments issued, not debited by bank",,,0.00
    D,,,"Add: credits by bank not in Bank Book (interest, direct credits)",,,1000.00
    F,,,Sub-total (A+B+C+D),,,2250.00
    G,,,Less: cheques deposited but not cleared,,,0.00
    H,,,"Less: other instruments deposited, not credited",,,1250.00
    I,,,Less: charges and other debits by bank not in Bank Book,,,0.00
    J,,,Net total (F−G−H−I),,,1000.00
    K,,,"Bank errors: wrong credits (+) / wrong debits (−), not yet reversed",,,0.00
    L,,,Balance as per bank statement,,,1000.00
    M,,,Unexplained difference (J+K−L),,,0.00
    D,2026-07-02,,CASH DEPOSIT SLIP 7,up to 30 days,1000.00,
    H,2026-07-02,R/2026-27/000001,"R/2026-27/000001, Deposit slip 7",up to 30 days,1000.00,
    H,2026-07-30,R/2026-27/000002,"R/2026-27/000002, Deposit slip 8",up to 30 days,250.00,
    "
  `);
  const pdf: Buffer[] = [];
  await writeReport(app, who, { name: "brs", format: "pdf", options: { ...options, language: "pa" } }, (piece) => {
    pdf.push(Buffer.from(piece));
  });
  const page = pdfPages(Buffer.concat(pdf)).join("").replaceAll("|", "");
  expect(page).toContain("Balance as per bank statement");
});
