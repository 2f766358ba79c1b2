import { expect, test } from "vitest";
import { setVoucherRules } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { accessibilityProblems, overflow, PHONE, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser } = await webCity();

test("an event is booked from its template: found, filled in, shown before posting, submitted with its paper, signed by two people", async () => {
  await city.tx("admin", (tx) =>
    setVoucherRules(tx, { from: localDate("2025-04-01"), secondSignatureAbove: rupees("1000"), backDateDays: null }),
  );
  const maker = await visit(browser, web.url);
  await maker.signIn("accountant@test", PASSWORD);
  const { page } = maker;
  await page.goto("/books/vouchers/templates");
  await page.getByLabel("Search").fill("retrospective");
  await page.getByRole("button", { name: "Show" }).click();
  await screenshot(page, "voucher-templates");
  await page.getByRole("link", { name: "Retrospective demand for earlier years" }).click();
  await page.getByLabel("Date", { exact: true }).fill("2025-05-10");
  await page.getByLabel("Year of the demand", { exact: true }).fill("2024-25");
  await page.getByLabel("Amount, own tax of earlier years").fill("1,100");
  await page.getByLabel("Amount, State cess in it").fill("88");
  await page.getByRole("button", { name: "Show the entries" }).click();
  const preview = page.getByRole("region", { name: "The entries" });
  await expect.poll(() => preview.textContent()).toContain("1,188.00");
  await screenshot(page, "voucher-template-preview");
  await picture(page, "voucher-template");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole("button", { name: "Save and submit for approval" }).click();
  await page.waitForURL(/\/books\/vouchers\/[0-9a-f-]{36}/);
  await page.locator('input[type="file"]').setInputFiles({
    name: "resolution.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from("%PDF-1.7\n1 0 obj\nendobj\n"),
  });
  await page.getByRole("button", { name: "Attach", exact: true }).click();
  await page.getByRole("link", { name: "resolution.pdf" }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  const address = page.url();

  const checker = await visit(browser, web.url);
  await checker.signIn("checker@test", PASSWORD);
  await checker.page.goto(address);
  await checker.page.getByRole("button", { name: "Sign first" }).click();
  await expect.poll(() => checker.page.getByRole("main").textContent()).toContain("You signed first");
  await screenshot(checker.page, "voucher-signed");
  expect(await accessibilityProblems(checker.page)).toEqual([]);
  expect([...maker.complaints, ...checker.complaints]).toEqual([]);
  await maker.context.close();
  await checker.context.close();
}, 90_000);

test("the pages of the voucher desk fit a phone", async () => {
  const office = await visit(browser, web.url, { viewport: PHONE });
  await office.signIn("accountant@test", PASSWORD);
  const { page } = office;
  for (const url of [
    "/books/vouchers",
    "/books/vouchers/new",
    "/books/vouchers/templates",
    "/books/vouchers/templates/BL-06",
    "/books/vouchers/templates/FA-04",
    "/books/vouchers/recurring",
    "/books/vouchers/limits",
  ]) {
    await page.goto(url);
    expect(await overflow(page), url).toBe(0);
    await screenshot(page, `phone${url.replaceAll("/", "-")}`);
  }
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(office.complaints).toEqual([]);
  await office.context.close();
}, 90_000);
