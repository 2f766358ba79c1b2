import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { testApp, testUlb, type TestUlb } from "../testing.ts";
import { BANK, done, enter, GRANT_BANK, legs } from "./testing.ts";
import { registerTies } from "./ties.ts";

const app = await testApp();
const differences = async (city: TestUlb) =>
  (await city.tx("auditor", (t) => registerTies(t, localDate("2027-03-31"))))
    .filter((t) => t.difference !== 0n)
    .map((t) => `${t.name} ${t.difference}`);

test("GR-02 … GR-07: a grant is a liability until used; interest adds to it, use and return take from it", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1", { purpose: "revenue" });
  const act = async (kind: string, facts: Record<string, string>) =>
    legs(city, await done(city, kind, "G-1", { date: "2025-06-01", mode: "post", ...facts }));
  expect(await act("grant-receipt", { amount: "1000" })).toEqual([
    `receipt: Dr ${GRANT_BANK} 1000.00, Cr 3201003 1000.00`,
  ]);
  expect(await act("grant-interest", { amount: "12.50" })).toEqual([
    `receipt: Dr ${GRANT_BANK} 12.50, Cr 3201003 12.50`,
  ]);
  expect(await act("grant-revenue-use", { amount: "900" })).toEqual(["journal: Dr 3201003 900.00, Cr 1601006 900.00"]);
  await expect(act("grant-revenue-use", { amount: "112.51" })).rejects.toThrow(
    /GRANT_UNSPENT_SHORT: grant G-1 has 112.50 unspent, 112.51 is asked/,
  );
  await expect(act("grant-refund", { amount: "112.51" })).rejects.toThrow(/GRANT_UNSPENT_SHORT/);
  expect(await act("grant-claim", { amount: "50" })).toEqual(["journal: Dr 4315001 50.00, Cr 1602002 50.00"]);
  expect(await act("grant-refund", { amount: "100" })).toEqual(["journal: Dr 3201003 100.00, Cr 3504004 100.00"]);
  expect(await act("grant-refund", { amount: "12.50", account: GRANT_BANK })).toEqual([
    "journal: Dr 3201003 12.50, Cr 3504004 12.50",
    `payment: Dr 3504004 12.50, Cr ${GRANT_BANK} 12.50`,
  ]);
  expect(await differences(city)).toEqual([]);
});

test("a capital grant is not income, a revenue grant buys no asset", async () => {
  const city = await testUlb(app);
  await enter(city, "grant", "G-1");
  await done(city, "grant-receipt", "G-1", { date: "2025-06-01", amount: "1000", mode: "post" });
  await expect(
    done(city, "grant-revenue-use", "G-1", { date: "2025-06-01", amount: "1", mode: "post" }),
  ).rejects.toThrow(/GRANT_PURPOSE: grant G-1 was given for capital/);
});

test("DW-01 … DW-03: somebody else's money is held, spent, adjusted with the charge, and the rest given back", async () => {
  const city = await testUlb(app);
  await enter(city, "deposit-work", "D-1");
  const act = async (kind: string, facts: Record<string, string>) =>
    legs(city, await done(city, kind, "D-1", { date: "2025-06-01", mode: "post", ...facts }));
  expect(await act("deposit-receipt", { amount: "5000", account: BANK })).toEqual([
    `receipt: Dr ${BANK} 5000.00, Cr 3411002 5000.00`,
  ]);
  await expect(act("deposit-completion", { charge: "10" })).rejects.toThrow(/DEPOSIT_WORK_UNSPENT/);
  expect(await act("deposit-spend", { amount: "4000", account: "3501002" })).toEqual([
    "journal: Dr 4701001 4000.00, Cr 3501002 4000.00",
  ]);
  await expect(act("deposit-refund", {})).rejects.toThrow(/DEPOSIT_WORK_OPEN.*4,000.00/);
  await expect(act("deposit-completion", { charge: "1000.01" })).rejects.toThrow(/DEPOSIT_WORK_SHORT.*5,000.00/);
  expect(await act("deposit-completion", { charge: "600" })).toEqual([
    "journal: Dr 3411002 4600.00, Cr 4701001 4000.00, Cr 1407008 600.00",
  ]);
  await expect(act("deposit-refund", { amount: "401" })).rejects.toThrow(/DEPOSIT_HELD_SHORT/);
  expect(await act("deposit-refund", { account: BANK })).toEqual([
    "journal: Dr 3411002 400.00, Cr 3504005 400.00",
    `payment: Dr 3504005 400.00, Cr ${BANK} 400.00`,
  ]);
  expect(await differences(city)).toEqual([]);
});

test("LN-01 … LN-04: drawn within the sanction, interest due and accrued, repaid no more than is owed", async () => {
  const city = await testUlb(app);
  await enter(city, "loan", "L-1", { amount: "1000" });
  const act = async (kind: string, facts: Record<string, string>) =>
    legs(city, await done(city, kind, "L-1", { date: "2025-06-01", mode: "post", ...facts }));
  expect(await act("loan-drawdown", { amount: "800", account: BANK })).toEqual([
    `receipt: Dr ${BANK} 800.00, Cr 3305001 800.00`,
  ]);
  await expect(act("loan-drawdown", { amount: "200.01", account: BANK })).rejects.toThrow(
    /LOAN_NOT_SANCTIONED.*1,000.00 is sanctioned and 800.00 drawn/,
  );
  expect(await act("loan-interest", { due: "0", accrued: "30" })).toEqual([
    "journal: Dr 2405000 30.00, Cr 3602001 30.00",
  ]);
  expect(await act("loan-interest", { due: "50", accrued: "10" })).toEqual([
    "journal: Dr 2405000 30.00, Dr 3602001 30.00, Cr 3501204 50.00, Cr 3602001 10.00",
  ]);
  await expect(act("loan-repayment", { principal: "0", interest: "60.01", account: BANK })).rejects.toThrow(
    /LOAN_INTEREST_SHORT.*60.00 booked/,
  );
  expect(await act("loan-repayment", { principal: "300", interest: "55", account: BANK })).toEqual([
    `payment: Dr 3305001 300.00, Dr 3501204 50.00, Dr 3602001 5.00, Cr ${BANK} 355.00`,
  ]);
  await expect(act("loan-repayment", { principal: "500.01", interest: "0", account: BANK })).rejects.toThrow(
    /LOAN_OUTSTANDING_SHORT: loan L-1 has 500.00 outstanding/,
  );
  expect(await act("loan-sinking-fund", { amount: "100", account: "3115001" })).toEqual([
    "journal: Dr 2902001 100.00, Cr 3115001 100.00",
  ]);
  expect(await differences(city)).toEqual([]);
});

test("IV-01 … IV-03: bought, accrued, received, fallen in value, sold at a profit and at a loss", async () => {
  const city = await testUlb(app);
  await enter(city, "investment", "I-1");
  const act = async (kind: string, facts: Record<string, string>, item = "I-1") =>
    legs(city, await done(city, kind, item, { date: "2025-06-01", mode: "post", ...facts }));
  expect(await act("investment-purchase", { amount: "1000", account: BANK })).toEqual([
    `payment: Dr 4208001 1000.00, Cr ${BANK} 1000.00`,
  ]);
  expect(await act("investment-accrual", { amount: "20" })).toEqual(["journal: Dr 4314003 20.00, Cr 1701001 20.00"]);
  expect(await act("investment-interest", { amount: "35", account: BANK })).toEqual([
    `receipt: Dr ${BANK} 35.00, Cr 4314003 20.00, Cr 1701001 15.00`,
  ]);
  expect(await act("investment-decline", { amount: "100" })).toEqual(["journal: Dr 2713000 100.00, Cr 4209001 100.00"]);
  expect(await act("investment-sale", { proceeds: "500", cost: "400", account: BANK })).toEqual([
    `receipt: Dr ${BANK} 500.00, Dr 4209001 40.00, Cr 4208001 400.00, Cr 1704001 140.00`,
  ]);
  await expect(act("investment-sale", { proceeds: "1", cost: "600.01", account: BANK })).rejects.toThrow(
    /INVESTMENT_COST_SHORT.*stands at 600.00/,
  );
  expect(await act("investment-sale", { proceeds: "500", account: BANK })).toEqual([
    `receipt: Dr ${BANK} 500.00, Dr 4209001 60.00, Dr 2712001 40.00, Cr 4208001 600.00`,
  ]);
  await expect(act("investment-sale", { proceeds: "500", account: BANK })).rejects.toThrow(/INVESTMENT_COST_SHORT/);
  expect(await differences(city)).toEqual([]);
});

test("what an earmarked fund's investment earns belongs to that fund, not to income", async () => {
  const city = await testUlb(app);
  await enter(city, "investment", "I-1", {
    account: "4218001",
    declineAccount: "4219001",
    specialFundAccount: "3115001",
  });
  const act = async (kind: string, facts: Record<string, string>) =>
    legs(city, await done(city, kind, "I-1", { date: "2025-06-01", mode: "post", account: BANK, ...facts }));
  await act("investment-purchase", { amount: "1000" });
  expect(await act("investment-interest", { amount: "35" })).toEqual([`receipt: Dr ${BANK} 35.00, Cr 3115001 35.00`]);
  expect(await act("investment-sale", { proceeds: "990" })).toEqual([
    `receipt: Dr ${BANK} 990.00, Dr 3115001 10.00, Cr 4218001 1000.00`,
  ]);
  expect(await differences(city)).toEqual([]);
});

test("IU-01, IU-02: one act posts both funds; dues are nothing in total and match by fund; no more is settled than is due", async () => {
  const city = await testUlb(app);
  const act = async (kind: string, facts: Record<string, string>) =>
    legs(city, await done(city, kind, "", { date: "2025-06-01", payer: "01", receiver: "02", ...facts }));
  const pay = { amount: "900", account: BANK, purpose: "2308001", function: "51", narration: "chlorine", mode: "post" };
  expect(await act("inter-fund-payment", { ...pay, purpose: "4106002", function: "" })).toEqual([
    `payment: Dr 4702051 900.00, Cr ${BANK} 900.00`,
    "journal: Dr 4106002 900.00/02, Cr 4702051 900.00/02",
  ]);
  const ties = await city.tx("auditor", (t) => registerTies(t, localDate("2026-03-31")));
  expect(
    ties.filter((t) => t.register === "inter-fund").map((t) => [t.fund, t.ledger, t.registered, t.difference]),
  ).toEqual([
    ["", 0n, 0n, 0n],
    ["01", 90000n, 90000n, 0n],
    ["02", -90000n, -90000n, 0n],
  ]);
  await expect(act("inter-fund-payment", { ...pay, receiver: "01" })).rejects.toThrow(/INTER_FUND_SAME/);
  await expect(act("inter-fund-settlement", { amount: "900.01", from: "4502102", to: BANK })).rejects.toThrow(
    /INTER_FUND_SHORT: fund 02 owes fund 01 900.00/,
  );
  expect(await act("inter-fund-settlement", { from: "4502102", to: BANK })).toEqual([
    "payment: Dr 4702051 900.00/02, Cr 4502102 900.00/02",
    `receipt: Dr ${BANK} 900.00, Cr 4702051 900.00`,
  ]);
  expect((await differences(city)).filter((d) => d.startsWith("Dues"))).toEqual([]);
});

test("CL-01, CL-02: what belongs to an earlier year stands under 280 with its year and reason; a year that is not over is refused", async () => {
  const city = await testUlb(app);
  const act = (facts: Record<string, string>) =>
    done(city, "prior-period-item", "", {
      date: "2025-06-01",
      year: "2023-24",
      amount: "700",
      function: "02",
      fund: "01",
      reason: "Bill of March 2024 was not passed",
      reference: "Audit para 14",
      ...facts,
    });
  const expense = await act({ of: "expense", account: "3501003" });
  expect(await legs(city, expense)).toEqual(["journal: Dr 2808000 700.00, Cr 3501003 700.00"]);
  expect(expense.drafts[0]?.narration).toBe("Item of 2023-24: Bill of March 2024 was not passed; Audit para 14");
  expect(await legs(city, await act({ of: "expense", account: BANK }))).toEqual([
    `payment: Dr 2808000 700.00, Cr ${BANK} 700.00`,
  ]);
  expect(await legs(city, await act({ of: "revenue", account: "4314001" }))).toEqual([
    "journal: Dr 4314001 700.00, Cr 2802000 700.00",
  ]);
  expect(await legs(city, await act({ of: "other-income", account: "4314001" }))).toEqual([
    "journal: Dr 4314001 700.00, Cr 2804000 700.00",
  ]);
  await expect(act({ of: "expense", account: BANK, year: "2025-26" })).rejects.toThrow(/PRIOR_PERIOD_YEAR/);
});
