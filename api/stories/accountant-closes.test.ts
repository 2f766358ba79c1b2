import { expect, test } from "vitest";
import { financialYear, localDate, periodsOf } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { closePeriod, cr, dr, postEntry } from "../../ledger/index.ts";
import { accessibilityProblems, overflow, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser } = await webCity();
await city.tx("accountant", (tx) =>
  postEntry(tx, {
    voucher: "opening",
    date: localDate("2025-04-01"),
    narration: "Opening balance of the bank",
    source: { type: "opening-balance", id: "bank" },
    lines: [dr("4502101", rupees("100000")), cr("3101001", rupees("100000"))],
  }),
);

test("a voucher is written by one person, refused while it does not balance, approved by another, and then stands in the books", async () => {
  const maker = await visit(browser, web.url);
  await maker.signIn("accountant@test", PASSWORD);
  const { page } = maker;
  await page.goto("/books/vouchers/new");
  await page.locator('select[name="type"]').selectOption("payment");
  await page.locator('input[name="date"]').fill("2025-04-10");
  await page.locator('input[name="narration"]').fill("Bank charges of April");
  const account = page.locator('.lines-input input[aria-label^="Account"]');
  const debit = page.locator('.lines-input input[aria-label^="Debit"]');
  const credit = page.locator('.lines-input input[aria-label^="Credit"]');
  await account.nth(0).fill("2407001");
  await debit.nth(0).fill("118.00");
  await page.locator('.lines-input input[aria-label^="Function"]').nth(0).fill("91");
  await account.nth(1).fill("4502101");
  await credit.nth(1).fill("117.50");
  await page.getByRole("button", { name: "Save and submit for approval" }).click();
  // The refusal shows the arithmetic, and what was typed is still there.
  await expect
    .poll(() => page.getByRole("alert").textContent())
    .toContain("Debits 118.00, credits 117.50, difference 0.50");
  await screenshot(page, "voucher-unbalanced");
  expect(await accessibilityProblems(page)).toEqual([]);
  await credit.nth(1).fill("118.00");
  await page.getByRole("button", { name: "Save and submit for approval" }).click();
  await page.waitForURL(/\/books\/vouchers\/[0-9a-f-]{36}/);
  await screenshot(page, "voucher-submitted");
  expect(await page.getByRole("button", { name: "Approve and post" }).count()).toBe(0);
  const address = page.url().split("?")[0] ?? "";

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto(address);
  await screenshot(checker.page, "voucher-to-approve");
  await checker.page.getByRole("button", { name: "Approve and post" }).click();
  await checker.page.getByRole("link", { name: "in the day book" }).click();
  await checker.page.getByRole("heading", { name: "Entry P/2025-26/000001" }).waitFor();
  expect(await checker.page.getByRole("main").textContent()).toContain("Bank charges of April");
  expect([...maker.complaints, ...checker.complaints]).toEqual([]);
  await maker.context.close();
  await checker.context.close();
});

test("a month is closed when every check holds; then it takes no entry, and is reopened only with a reason that stays on record", async () => {
  const office = await visit(browser, web.url);
  await office.signIn("accountant@test", PASSWORD);
  const { page } = office;
  await page.goto("/books/periods/2025-05");
  // Months are closed in order: May waits for April, and says where to look.
  expect(await page.getByRole("main").textContent()).toContain("2025-04 is still open");
  expect(await page.getByRole("button", { name: "Close May 2025" }).isDisabled()).toBe(true);
  await page.goto("/books/periods/2025-04");
  await page.getByRole("button", { name: "Close April 2025" }).click();
  await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).toContain("closed");
  await screenshot(page, "period-closed");
  await picture(page, "month-closed");
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await page.getByRole("button", { name: "Reopen April 2025" }).count()).toBe(0);
  await expect(
    city.tx("accountant", (tx) =>
      postEntry(tx, {
        voucher: "journal",
        date: localDate("2025-04-20"),
        narration: "too late",
        source: { type: "test", id: "late" },
        lines: [dr("3101001", rupees("1")), cr("3504008", rupees("1"))],
      }),
    ),
  ).rejects.toThrow("PERIOD_CLOSED");

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto("/books/periods/2025-04");
  await checker.page.locator('input[name="reason"]').fill("oh");
  await checker.page.getByRole("button", { name: "Reopen April 2025" }).click();
  await expect.poll(() => checker.page.getByRole("alert").textContent()).toContain("needs a reason");
  await checker.page.locator('input[name="reason"]').fill("A bill of April was found in the drawer");
  await checker.page.getByRole("button", { name: "Reopen April 2025" }).click();
  await expect.poll(() => checker.page.getByRole("heading", { level: 1 }).textContent()).toContain("open");
  expect(await checker.page.getByRole("main").textContent()).toContain("A bill of April was found in the drawer");
  expect([...office.complaints, ...checker.complaints]).toEqual([]);
  await office.context.close();
  await checker.context.close();
});

test("a year is closed by two people: one proposes it from its checklist, the other approves, and the books say so", async () => {
  for (const month of periodsOf(financialYear("2025-26")).slice(0, 11))
    await city.tx("accountant", (tx) => closePeriod(tx, month));
  const maker = await visit(browser, web.url);
  await maker.signIn("accountant@test", PASSWORD);
  const { page } = maker;
  await page.goto("/books/years");
  await page.getByRole("link", { name: "Check and close 2025-26" }).click();
  expect(await page.getByRole("main").textContent()).toContain("Dry run: every check holds");
  await screenshot(page, "year-checklist");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.locator('select[name="item"]').selectOption("Y-01");
  await page.locator('input[name="remark"]').fill("Cash, stores and receipt books were counted on 31 March");
  await page.locator('input[name="signedAs"]').fill("A. Deshmukh, Chief Officer");
  await page.getByRole("button", { name: "Attest" }).click();
  expect(await page.getByRole("main").textContent()).toContain("A. Deshmukh, Chief Officer");
  await page.getByRole("button", { name: "Propose to close 2025-26" }).click();
  await page.getByText("Another person must approve it").waitFor();
  expect(await page.getByRole("button", { name: "Approve and close 2025-26" }).count()).toBe(0);

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto("/books/years/2025-26");
  await checker.page.getByRole("button", { name: "Approve and close 2025-26" }).click();
  await expect
    .poll(() => checker.page.getByRole("heading", { level: 1 }).textContent())
    .toContain("closed, provisional");
  await screenshot(checker.page, "year-closed");
  await picture(checker.page, "year-closed");
  expect(await accessibilityProblems(checker.page)).toEqual([]);
  const said = await checker.page.getByRole("main").textContent();
  expect(said).toContain("prepared by accountant@test, approved by checker@test");
  await checker.page.setViewportSize({ width: 390, height: 844 });
  expect(await overflow(checker.page)).toBe(0);
  expect([...maker.complaints, ...checker.complaints]).toEqual([]);
  await maker.context.close();
  await checker.context.close();
});
