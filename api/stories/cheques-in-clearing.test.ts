import { expect, test } from "vitest";
import { depositInstruments, openCounterSession, setCounterPolicy, takePayment } from "../../collections/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { addBankAccount, importStatement, reconcileAccount } from "../../reconciliation/index.ts";
import { BANK, statementCsv } from "../../reconciliation/testing.ts";
import { accessibilityProblems, overflow, PHONE, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser, debtor } = await webCity();
const TODAY = localDate("2026-07-15");

test("a cheque that the bank keeps too long is a memorandum of the statement and an exception of who deposited it", async () => {
  const payer = await debtor("CLG-1");
  await city.tx("admin", (tx) => setCounterPolicy(tx, { clearingHeadFrom: TODAY }, "resolution 17 of 2026"));
  await city.tx("accountant", (tx) =>
    addBankAccount(tx, { account: BANK, bank: "State Bank of India", name: "Main account", number: "00000012345678" }),
  );
  await city.tx("cashier", async (tx) => {
    const session = await openCounterSession(tx, { counter: "Ward office 1" });
    await takePayment(tx, {
      sessionId: session.id,
      consumers: [{ consumerId: payer.id, amount: rupees("5400.00") }],
      isAnother: true,
      tender: { kind: "cheque", number: "000321", bank: "110002003", date: TODAY },
      idempotencyKey: "clearing-0001",
    });
    await depositInstruments(tx, { kind: "cheques", slipNumber: "DS/2026/0001", date: TODAY });
  });
  await city.tx("accountant", async (tx) => {
    await importStatement(tx, {
      account: BANK,
      csv: statementCsv("0.00", [["2026-08-10", "10.00", "BY TRANSFER"]]),
      fileName: "august.csv",
    });
    await reconcileAccount(tx, BANK);
  });

  const office = await visit(browser, web.url, { viewport: PHONE });
  await office.signIn("accountant@test", PASSWORD);
  const { page } = office;
  await page.goto(`/books/bank/${BANK}/brs?on=2026-08-10`);
  const memorandum = await page.getByRole("region", { name: "Cheques in clearing" }).first().textContent();
  for (const part of ["000321", "26 days (up to 30 days)", "5,400.00"]) expect(memorandum).toContain(part);
  expect(await overflow(page)).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  await screenshot(page, "phone-bank-brs-clearing");
  await page.goto(`/books/bank/${BANK}/exceptions?kind=overdue`);
  await page.getByRole("main").getByRole("link", { name: "Overdue at the bank", exact: true }).click();
  await page.getByText("The bank has not credited the cheque within its working days").waitFor();
  expect(await page.getByRole("main").textContent()).toContain("cashier@test");
  expect(await page.getByRole("form", { name: "Propose" }).count()).toBe(0);
  await screenshot(page, "phone-bank-exception-clearing");
  expect(office.complaints).toEqual([]);
  await office.context.close();
}, 60_000);
