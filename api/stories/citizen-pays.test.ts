import { expect, test } from "vitest";
import { processInbox } from "../../collections/index.ts";
import { financialYear } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { setCollectionTarget } from "../../reports/index.ts";
import { screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser, debtor, count } = await webCity();
await debtor("PT-7-00042");
await city.tx("accountant", (tx) =>
  setCollectionTarget(tx, { fy: financialYear("2026-27"), service: "property-tax", amount: rupees("36500") }),
);

test("a citizen finds the bill, pays it on the gateway's page and holds a receipt; the accountant sees the same rupees on the dashboard, in the trial balance and in the entry", async () => {
  const citizen = await visit(browser, web.url);
  const { page } = citizen;

  await page.goto("/");
  await screenshot(page, "story-1-home");
  await page.getByRole("main").getByRole("link", { name: "Pay a bill" }).click();
  await page.getByLabel("Consumer code or mobile number").fill("PT-7-00042");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "See the bill PT-7-00042" }).click();

  // 2,700.00 of arrears and 2,970.00 of this year; each line says which part of it is the State's cess.
  await expect.poll(() => page.getByRole("main").textContent()).toContain("5,670.00");
  const bill = (await page.getByRole("main").textContent()) ?? "";
  for (const figure of ["2,700.00", "2,970.00", "200.00", "220.00"]) expect(bill).toContain(figure);
  await screenshot(page, "story-2-bill");

  await page.getByRole("button", { name: "Pay ₹ 5,670.00" }).click();
  await page.waitForURL(/\/__sim\/razorpay\//);
  await screenshot(page, "story-3-gateway");
  await page.getByRole("button", { name: "Pay ₹5,670.00" }).click();

  await page.waitForURL(/\/receipt\//);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Receipt RC/2026-27/000001");
  const receipt = (await page.getByRole("main").textContent()) ?? "";
  for (const text of ["Valid receipt", "PT-7-00042", "5,670.00", "Rupees Five Thousand Six Hundred Seventy Only"]) {
    expect(receipt).toContain(text);
  }
  await screenshot(page, "story-4-receipt");

  const address = await page.getByRole("link", { name: "Download the PDF" }).getAttribute("href");
  const pdf = await citizen.context.request.get(address ?? "");
  expect(pdf.headers()["content-type"]).toBe("application/pdf");
  expect((await pdf.body()).subarray(0, 5).toString()).toBe("%PDF-");

  // The webhook comes late, twice, and changes nothing: the callback has issued the receipt.
  await web.simulator.deliverWebhooks();
  await processInbox(web.app, city.ulb);
  expect(await count("receipts")).toBe(1);
  expect(await count("orders")).toBe(1);
  expect(citizen.complaints).toEqual([]);
  const receiptUrl = page.url();
  await citizen.context.close();

  const office = await visit(browser, web.url);
  await office.signIn("accountant@test", PASSWORD);
  await office.page.goto("/dashboard?from=2026-07-01&to=2026-07-31");
  const dashboard = (await office.page.getByRole("main").textContent()) ?? "";
  expect(dashboard).toMatch(/equals the trial balance to the rupee: ₹\s?5,670\.00/i);
  await screenshot(office.page, "story-5-dashboard");

  await office.page.goto("/books/trial-balance?from=2026-07-01&to=2026-07-31");
  await screenshot(office.page, "story-6-trial-balance");
  await office.page.getByRole("link", { name: "4501005" }).first().click();
  await screenshot(office.page, "story-7-account");
  await office.page.getByRole("link", { name: "R/2026-27/000001" }).first().click();
  const entry = (await office.page.getByRole("main").textContent()) ?? "";
  for (const text of ["R/2026-27/000001", "4501005", "5,670.00"]) expect(entry).toContain(text);
  await screenshot(office.page, "story-8-entry");

  // From the entry to the paper behind it, and that is the citizen's receipt.
  await office.page.getByRole("link", { name: /^receipt / }).click();
  await screenshot(office.page, "story-9-source");
  await office.page.getByRole("link", { name: "verify page and PDF" }).click();
  expect(office.page.url()).toBe(receiptUrl);
  expect(office.complaints).toEqual([]);
});
