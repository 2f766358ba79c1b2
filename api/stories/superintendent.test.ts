import { expect, test } from "vitest";
import { testHouses } from "../../billing/demand-run/testing.ts";
import { approveRuleFile, loadRuleFile } from "../../billing/index.ts";
import { testRuleFile } from "../../billing/testing.ts";
import { continueRuns } from "../jobs/demand-runs.ts";
import { accessibilityProblems, overflow, PHONE, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";

const { city, web, browser, app } = await webCity();
const rules = await city.tx("superintendent", (tx) => loadRuleFile(tx, testRuleFile()));
await city.tx("checker", (tx) => approveRuleFile(tx, rules.id));
const houses = await city.tx("admin", (tx) => testHouses(tx, 30, [3]));

test("the superintendent tries a rule, previews and runs a ward; a citizen reads why the amount is what it is, in both languages", async () => {
  const office = await visit(browser, web.url);
  await office.signIn("superintendent@test", PASSWORD);
  const { page } = office;
  await page.goto(`/demand/rates/${rules.id}/try?example=1`);
  await expect.poll(() => page.getByRole("main").textContent()).toContain("393.12");
  await page.getByRole("link", { name: "Demand runs" }).click();
  await page.getByLabel("Ward").selectOption("W01");
  await page.getByLabel("Period").press("Enter");
  await page.waitForURL(/\/preview/);
  await screenshot(page, "demand-run-preview");
  await picture(page, "demand-run");
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.getByRole("button", { name: /^Run: 9 demands/ }).press("Enter");
  await page.waitForURL(/\/demand\/runs\/[0-9a-f-]{36}/);
  expect(await page.getByRole("main").textContent()).toContain("going on, 0 of 10");
  await screenshot(page, "demand-run-going");
  expect(await accessibilityProblems(page)).toEqual([]);
  const duty = continueRuns();
  await expect
    .poll(async () => duty(app, city.ulb).then(() => page.getByRole("main").textContent()), { timeout: 15_000 })
    .toContain("finished");
  await screenshot(page, "demand-run-finished");
  await page.setViewportSize(PHONE);
  expect(await overflow(page)).toBe(0);
  await screenshot(page, "demand-run-phone");

  const citizen = await visit(browser, web.url, { lang: "hi" });
  await citizen.page.goto(`/pay/${houses[0] ?? ""}`);
  await citizen.page.getByRole("link", { name: /^यह राशि क्यों/ }).press("Enter");
  await citizen.page.waitForURL(/\/why\//);
  expect(await citizen.page.getByRole("main").textContent()).toContain("यही राशि आपके बिल में है।");
  await screenshot(citizen.page, "why-hi");
  expect(await accessibilityProblems(citizen.page)).toEqual([]);
  await citizen.page.locator("a[hreflang=en]").press("Enter");
  await expect.poll(() => citizen.page.getByRole("main").textContent()).toContain("This is the amount on your bill.");
  await screenshot(citizen.page, "why-en");
  await picture(citizen.page, "why-this-amount");
  await citizen.page.setViewportSize(PHONE);
  expect(await overflow(citizen.page)).toBe(0);
  await screenshot(citizen.page, "why-phone");
  expect([...office.complaints, ...citizen.complaints]).toEqual([]);
}, 60_000);
