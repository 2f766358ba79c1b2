import { expect, test } from "vitest";
import {
  addItem,
  approveAct,
  ASSET_CLASSES,
  cr,
  dr,
  postEntry,
  proposeAct,
  registerOf,
  setAssetRate,
  type Typed,
} from "../../ledger/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { testApp, testUlb, type TestUlb } from "../../ledger/testing.ts";
import type { ReportCell, ReportOptions, ReportRow } from "../report-table.ts";
import { registerReports } from "./registers.ts";

const app = await testApp();
const BANK = "4502101";

const done = async (city: TestUlb, kind: string, item: string, facts: Typed): Promise<void> => {
  const act = await city.tx("accountant", (tx) => proposeAct(tx, { kind, item, facts: { mode: "post", ...facts } }));
  await city.tx("checker", (tx) => approveAct(tx, act.id, act.version));
};
const enter = (city: TestUlb, register: string, id: string, typed: Typed) =>
  city.tx("accountant", async (tx) => {
    const kind = registerOf(register).items;
    if (kind) await addItem(tx, kind, id, { fund: "01", function: "51", ...typed });
  });
const shown = (cell: ReportCell): string =>
  typeof cell === "bigint" ? toRupees(cell) : cell === null || cell === undefined ? "" : String(cell);
/** The report as text, a row a line: every column of it. */
async function table(city: TestUlb, name: string, options: ReportOptions): Promise<string[]> {
  const report = registerReports.find((r) => r.name === name);
  return city.tx("auditor", async (read) => {
    const built = await report?.build(read, options);
    const rows: ReportRow[] = [];
    for await (const row of built?.rows ?? []) rows.push(row);
    const lines = rows.map((r) => (built?.columns ?? []).map((c) => shown(r.cells[c.key])).join("|"));
    return [(built?.columns ?? []).map((c) => c.key).join("|"), ...lines, ...(built?.notes ?? [])];
  });
}

test("a year of a grant is in the register, and as the figures of its utilisation certificate", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1", {
    name: "AMRUT 2.0",
    source: "Government of India",
    purpose: "revenue",
    sanctionNo: "AMR/7",
    sanctionedOn: "2025-05-01",
    amount: "1000",
    account: "3201003",
    bankAccount: "4506101",
  });
  await done(city, "grant-receipt", "G-1", { date: "2025-06-01", amount: "600" });
  await done(city, "grant-receipt", "G-1", { date: "2026-04-10", amount: "400" });
  await done(city, "grant-interest", "G-1", { date: "2026-06-30", amount: "15" });
  await done(city, "grant-revenue-use", "G-1", { date: "2026-07-01", amount: "700" });
  await done(city, "grant-refund", "G-1", { date: "2026-08-01", amount: "15" });
  expect(await table(city, "grant-register", { fy: financialYear("2026-27") })).toEqual([
    "grant|scheme|source|purpose|sanction_no|sanctioned_on|sanctioned|account|opening|received|interest|used_revenue|used_capital|refunded|unspent",
    "G-1|AMRUT 2.0|Government of India|revenue|AMR/7|2025-05-01|1000.00|3201003|600.00|400.00|15.00|700.00|0.00|15.00|300.00",
  ]);
  expect((await table(city, "utilisation", { asOf: localDate("2026-07-15") })).slice(0, 2)).toEqual([
    "grant|scheme|sanction_no|sanctioned_on|sanctioned|unspent_brought_forward|received|interest|available|utilised|refunded|carried_forward",
    "G-1|AMRUT 2.0|AMR/7|2025-05-01|1000.00|600.00|400.00|15.00|1015.00|700.00|0.00|315.00",
  ]);
});

test("the asset register shows the year's additions, charge and disposals, asset by asset; what left earlier is not in it", async () => {
  const city = await testUlb(app);
  await city.tx("admin", async (tx) => {
    await addItem(tx, ASSET_CLASSES, "VEHICLE", {
      name: "Vehicles",
      account: "4105005",
      accumulatedAccount: "4115005",
      depreciationAccount: "2725000",
    });
    await setAssetRate(tx, {
      class: "VEHICLE",
      validFrom: localDate("2020-04-01"),
      percent: "10",
      reason: "State order",
    });
  });
  const buy = (asset: string, on: string) =>
    done(city, "asset-purchase", "", {
      date: on,
      asset,
      name: `Lorry ${asset}`,
      class: "VEHICLE",
      location: "Depot",
      acquiredOn: on,
      residual: "1",
      fund: "01",
      function: "42",
      ward: "4",
      amount: "1000",
      account: BANK,
    });
  await buy("V-1", "2025-05-01");
  await buy("V-2", "2025-05-01");
  await done(city, "depreciation", "", { date: "2026-03-31", fy: "2025-26" });
  await buy("V-3", "2026-12-01");
  await done(city, "asset-disposal", "V-2", { date: "2026-06-01", proceeds: "900", buyer: "a dealer" });
  await done(city, "depreciation", "", { date: "2027-03-31", fy: "2026-27" });
  expect(await table(city, "asset-register", { fy: financialYear("2026-27") })).toEqual([
    "asset|name|class|location|ward|function|fund|acquired_on|rate_percent|cost_opening|additions|disposals|cost|depreciation_opening|depreciation_for_year|depreciation_withdrawn|depreciation|book_value|met_from_grants|residual",
    "V-1|Lorry V-1|VEHICLE|Depot|4|42|01|2025-05-01|10|1000.00|0.00|0.00|1000.00|100.00|100.00|0.00|200.00|800.00|0.00|1.00",
    "V-2|Lorry V-2|VEHICLE|Depot|4|42|01|2025-05-01|10|1000.00|0.00|1000.00|0.00|100.00|0.00|100.00|0.00|0.00|0.00|1.00",
    "V-3|Lorry V-3|VEHICLE|Depot|4|42|01|2026-12-01|10|0.00|1000.00|0.00|1000.00|0.00|50.00|0.00|50.00|950.00|0.00|1.00",
  ]);
  expect(await table(city, "asset-register", { asOf: localDate("2027-04-01") })).toHaveLength(3);
});

test("loans, investments and deposit works: what moved in the year and what is left", async () => {
  const city = await testUlb(app);
  await enter(city, "loan", "L-1", {
    name: "State Bank",
    sanctionNo: "L/1",
    sanctionedOn: "2025-05-01",
    amount: "1200",
    account: "3305001",
    interestAccount: "2405000",
    interestDueAccount: "3501204",
    ratePercent: "10",
    method: "equal-principal",
    instalments: "12",
    everyMonths: "12",
    firstDue: "2026-03-31",
  });
  await done(city, "loan-drawdown", "L-1", { date: "2025-06-01", amount: "1200", account: BANK });
  await done(city, "loan-interest", "L-1", { date: "2026-03-31", due: "120", accrued: "0" });
  await done(city, "loan-repayment", "L-1", { date: "2026-03-31", principal: "100", interest: "20", account: BANK });
  expect((await table(city, "loan-register", { fy: financialYear("2025-26") }))[1]).toBe(
    "L-1|State Bank|L/1|2025-05-01|1200.00|10|equal-principal|3305001|0.00|1200.00|100.00|1100.00|100.00|0.00|2027-03-31|100.00|110.00",
  );
  await enter(city, "investment", "I-1", {
    name: "Fixed deposit",
    institution: "Cooperative Bank",
    reference: "FD 881",
    account: "4208001",
    declineAccount: "4209001",
    ratePercent: "7.1",
    madeOn: "2025-06-01",
  });
  await done(city, "investment-purchase", "I-1", { date: "2025-06-01", amount: "500", account: BANK });
  await done(city, "investment-accrual", "I-1", { date: "2026-03-31", amount: "30" });
  await done(city, "investment-sale", "I-1", { date: "2026-03-31", proceeds: "210", cost: "200", account: BANK });
  expect((await table(city, "investment-register", { fy: financialYear("2025-26") }))[1]).toBe(
    "I-1|Fixed deposit|Cooperative Bank|FD 881|4208001||7.1|2025-06-01||0.00|500.00|200.00|300.00|0.00|300.00|30.00",
  );
  await enter(city, "deposit-work", "D-1", {
    name: "Approach road",
    depositor: "Transport Corporation",
    agreementNo: "DW/3",
    agreedOn: "2025-05-01",
    estimate: "500",
    account: "3411002",
    spendAccount: "4701001",
  });
  await done(city, "deposit-receipt", "D-1", { date: "2025-06-01", amount: "500", account: BANK });
  await done(city, "deposit-spend", "D-1", { date: "2025-07-01", amount: "400", account: BANK });
  await done(city, "deposit-completion", "D-1", { date: "2025-08-01", charge: "40" });
  await done(city, "deposit-refund", "D-1", { date: "2025-08-02" });
  expect((await table(city, "deposit-works-register", { fy: financialYear("2025-26") }))[1]).toBe(
    "D-1|Approach road|Transport Corporation|DW/3|2025-05-01|500.00|500.00|400.00|440.00|60.00|0.00|0.00",
  );
  // Before anything happened there is nothing, however the register stands today.
  expect((await table(city, "loan-register", { asOf: localDate("2025-05-31") }))[1]).toContain("|0.00|0.00|0.00|0.00|");
});

test("the provision statement shows what the norms require beside what is provided", async () => {
  const city = await testUlb(app);
  await city.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "opening",
      date: localDate("2025-04-01"),
      narration: "Opening balances",
      source: { type: "test", id: "1" },
      lines: [
        dr("4311004", rupees("1080.00"), { demandYear: financialYear("2023-24") }),
        cr("4319100", rupees("80.00"), { demandYear: financialYear("2023-24") }),
        dr("4313001", rupees("500.00"), { fund: "02", demandYear: financialYear("2022-23") }),
        cr("3101001", rupees("500.00"), { fund: "02" }),
        cr("4321000", rupees("100.00")),
        cr("3101001", rupees("900.00")),
      ],
    }),
  );
  expect(await table(city, "provision-statement", { asOf: localDate("2026-03-31") })).toEqual([
    "revenue|demand_year|years_old|gross_outstanding|state_cess_inside|own_share|rate_percent|provision_gross|provision_cess_share",
    "property-tax|2023-24|2|1080.00|80.00|1000.00|25|270.00|20.00",
    "fees-and-charges|2022-23|3|500.00|0.00|500.00|100|500.00|0.00",
    "Required 770.00, provided in the books 100.00, difference 670.00.",
  ]);
});
