import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { brokenTies } from "../../collections/testing.ts";
import { accessibilityProblems, DESKTOP, overflow, PHONE, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { web, city, browser, debtor } = await webCity();

const cursorIn = (page: Page, field: string): Promise<void> =>
  expect.poll(() => page.evaluate("document.activeElement.name")).toBe(field);
const main = async (page: Page): Promise<string> => (await page.getByRole("main").textContent()) ?? "";

test("a cashier's day by the keyboard: float, cash, card, several accounts by one cheque, a head, the reading, a drawer that is short, the day closed", async () => {
  await debtor("PT-3-00201");
  await debtor("PT-3-00202");
  await debtor("PT-3-00203");
  const { page, context, complaints, signIn } = await visit(browser, web.url, { viewport: DESKTOP });
  await signIn("cashier@test", PASSWORD);
  await page.waitForURL(/\/counter/);
  await cursorIn(page, "counter");
  await page.keyboard.type("Counter 1");
  await page.locator("summary").press("Enter");
  await page.locator('input[name="float"]').fill("500");
  await page.locator('input[name="from"]').fill("treasurer@test");
  await screenshot(page, "counter-day-open");
  await page.locator('input[name="from"]').press("Enter");
  await page.getByRole("heading", { name: "Counter 1" }).waitFor();

  // A receipt: the code, Enter, and Enter on the amount that stands there.
  await cursorIn(page, "q");
  await page.keyboard.type("PT-3-00201");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/counter\/take\//);
  await cursorIn(page, "amount");
  expect(await page.locator('input[name="rrn"]').isVisible()).toBe(false);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/counter\/receipts\//);
  await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Print the receipt");
  const copies: string[] = [];
  const address = (await page.locator("a.button").first().getAttribute("href")) ?? "";
  for (let i = 0; i < 2; i++) copies.push(String((await page.request.get(address)).status()));
  expect(copies).toEqual(["200", "200"]);
  await page.reload();
  expect(await main(page)).toContain("Print duplicate copy 2");

  // The same account and amount again is asked about.
  await page.goto("/counter?q=PT-3-00202");
  await page.getByText("Card machine").click();
  await page.locator('input[name="amount"]').fill("70.00");
  await page.locator('input[name="rrn"]').fill("612345678901");
  await page.locator('input[name="acquirer"]').fill("SBI");
  await page.locator('input[name="batch"]').fill("71");
  await screenshot(page, "counter-day-card");
  await picture(page, "counter-payment");
  await page.locator('input[name="batch"]').press("Enter");
  await page.waitForURL(/\/counter\/receipts\//);
  await page.goto("/counter?q=PT-3-00202");
  await page.locator('input[name="amount"]').fill("70.00");
  await page.locator('input[name="amount"]').press("Enter");
  await expect.poll(() => page.getByRole("alert").textContent()).toContain("paid 70.00 already");
  await page.getByLabel("This is another payment of the same amount").check();
  await page.locator('input[name="amount"]').press("Enter");
  await page.waitForURL(/\/counter\/receipts\//);

  // Two accounts and a head by one cheque; names and words of every kind are text.
  await page.goto("/counter/basket");
  for (const code of ["PT-3-00202", "PT-3-00203"]) {
    await page.locator('input[name="add"]').fill(code);
    await page.locator('input[name="add"]').press("Enter");
    await page.getByLabel(`Paid now for ${code}`).waitFor();
  }
  await page.locator("summary", { hasText: "head of account" }).press("Enter");
  await page.locator('input[name="account"]').fill("1808006");
  await page.locator('input[name="headAmount"]').fill("25");
  await page.locator('input[name="purpose"]').fill("Forms'); drop table collections.receipts; --");
  await page.getByText("Cheque", { exact: true }).click();
  await page.locator('input[name="number"]').fill("000451");
  await page.locator('input[name="bank"]').fill("SBIN0000001");
  await page.locator('input[name="payer"]').fill("M/s गुप्ता & Sons");
  expect(await accessibilityProblems(page)).toEqual([]);
  await screenshot(page, "counter-day-basket");
  await page.locator('input[name="payer"]').press("Enter");
  await page.waitForURL(/\/counter\/payments\//);
  expect(await main(page)).toContain("drop table");
  await screenshot(page, "counter-day-payment");

  await page.goto("/counter/reading");
  expect(await main(page)).toMatch(/Must be in the drawer\s*6,240\.00/);
  await screenshot(page, "counter-day-reading");
  expect((await page.request.get("/counter/reading.pdf")).headers()["content-type"]).toBe("application/pdf");

  // Twenty rupees short: counted twice, declared, approved by another person.
  await page.goto("/counter/close");
  await page.locator('input[name="d500"]').fill("12");
  await page.locator('input[name="d20"]').fill("11");
  await page.locator('input[name="d20"]').press("Enter");
  await expect.poll(() => page.getByRole("alert").textContent()).toContain("20.00 short");
  await page.locator("summary").press("Enter");
  await page.locator('input[name="reason"]').fill("wrong change given");
  await screenshot(page, "counter-day-short");
  await page.getByRole("button", { name: "Declare the difference" }).press("Enter");
  await expect.poll(() => main(page)).toContain("waits for the supervisor");
  expect(complaints).toEqual([]);
  await context.close();

  const office = await visit(browser, web.url, { viewport: DESKTOP });
  await office.signIn("checker@test", PASSWORD);
  await office.page.goto("/books/counters");
  expect(await main(office.page)).toContain("wrong change given");
  await screenshot(office.page, "counter-day-approve");
  await office.page.getByRole("button", { name: "Approve and close Counter 1" }).press("Enter");
  await expect.poll(() => main(office.page)).toContain("Short by ₹ 20.00");
  await office.page.getByRole("button", { name: "Close the day" }).press("Enter");
  await expect.poll(() => main(office.page)).toContain("Closed by checker@test");
  expect(await accessibilityProblems(office.page)).toEqual([]);
  await screenshot(office.page, "counter-day-closed");
  await picture(office.page, "counter-day");
  expect((await office.page.request.get("/books/counters/day.pdf?day=2026-07-15&office=")).status()).toBe(200);
  await office.context.close();

  const accounts = await visit(browser, web.url, { viewport: PHONE });
  await accounts.signIn("accountant@test", PASSWORD);
  await accounts.page.goto("/books/money");
  for (const [kind, slip] of [
    ["cash", "11"],
    ["cheques", "12"],
  ] as const) {
    const form = accounts.page.locator(`form[action="/books/money/${kind}"]`);
    await form.locator('input[name="slip"]').fill(slip);
    await form.locator('input[name="slip"]').press("Enter");
    await accounts.page.waitForURL(/done=RM/);
  }
  await screenshot(accounts.page, "counter-day-deposits-phone");
  const print = (await accounts.page.getByRole("link", { name: "Print its pay-in slip" }).getAttribute("href")) ?? "";
  expect((await accounts.page.request.get(print)).headers()["content-type"]).toBe("application/pdf");
  await accounts.page.goto("/books/cheques");
  await screenshot(accounts.page, "counter-day-cheques-phone");
  expect(await overflow(accounts.page)).toBe(0);
  await accounts.page.locator('input[name="gross"]').fill("70");
  await accounts.page.locator('input[name="utr"]').fill("SBIN126196000077");
  await accounts.page.locator('input[name="utr"]').press("Enter");
  await expect.poll(() => main(accounts.page)).not.toContain("612345678901");
  expect(accounts.complaints).toEqual([]);
  await accounts.context.close();
  expect(await city.tx("auditor", brokenTies)).toEqual([]);
}, 120_000);

test("anybody checks a receipt's code by its signature; what was altered is invalid", async () => {
  const { page, context } = await visit(browser, web.url, { viewport: PHONE });
  await page.goto("/verify-receipt?code=NK1.abcdefghijkl.nothing");
  expect(await page.getByRole("alert").textContent()).toContain("Signature invalid");
  expect(await overflow(page)).toBe(0);
  const keys = (await (await page.request.get("/receipt-keys.json")).json()) as { keys: { fingerprint: string }[] };
  expect(keys.keys[0]?.fingerprint).toMatch(/^([0-9A-F]{4} ){3}[0-9A-F]{4}$/);
  await screenshot(page, "verify-receipt-phone");
  await context.close();
});
