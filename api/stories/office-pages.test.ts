import { expect, test } from "vitest";
import { loadRuleFile, rulePack } from "../../billing/index.ts";
import { TABLE_REPORTS } from "../../reports/index.ts";
import { accessibilityProblems, DESKTOP, overflow, picture, screenshot, visit } from "../testing-browser.ts";
import { PASSWORD, webCity } from "../testing-city.ts";
import { furnishOffice } from "../testing-office.ts";

const { city, web, browser, debtor } = await webCity();
const office = await furnishOffice(city);
const owner = await debtor("PT-1");
const [property, water] = await city.tx("superintendent", async (tx) => [
  await loadRuleFile(tx, rulePack("punjab-property-tax")),
  await loadRuleFile(tx, rulePack("punjab-water")),
]);
/** A phone of the usual size; narrower ones are looked at in pages.test.ts. */
const PHONE = { width: 390, height: 844 };

const under = (root: string, paths: readonly string[]): string[] => paths.map((path) => root + path);
/** Registers of bills, cheques and budgets have their figures in the running year. */
const ofItsYear = (path: string): string =>
  `${path}?fy=${/register|budget|sub-ledger|ageing|cheque/.test(path) ? "2026-27" : "2025-26"}`;
const PAGES: Readonly<Record<string, { readonly role: string; readonly paths: readonly string[] }>> = {
  masters: {
    role: "admin",
    paths: under("/books/masters", [
      "",
      "/accounts?search=bank",
      "/accounts/3501003",
      "/lists/functions/91",
      "/lists/funds",
      "/lists/schemes",
      "/lists/budget-heads",
      "/parties",
      "/parties/new",
      "/parties/contractor/C-0001",
      "/banks",
      "/banks/4502101",
      "/tax-sections",
      "/posting-map",
      "/changes",
    ]),
  },
  rates: {
    role: "superintendent",
    paths: [
      "/demand/rates",
      "/demand/rates/new",
      "/demand/rates/new?pack=punjab-water",
      `/demand/rates/${property.id}`,
      `/demand/rates/${water.id}`,
      `/demand/rates/${property.id}/try`,
      `/demand/rates/${property.id}/try?example=1`,
      "/demand/runs",
      "/demand/facts",
      "/demand/consumers?q=vandna",
      `/demand/consumers/${owner.id}/mutation`,
    ],
  },
  vouchers: {
    role: "accountant",
    paths: [
      ...under("/books/vouchers", ["", "/new", "/templates", "/templates/PT-03", "/recurring", "/limits"]),
      "/books/imports",
      `/books/imports/${office.importDraft}`,
    ],
  },
  payables: {
    role: "accountant",
    paths: under("/books/payables", [
      "",
      "/bills",
      "/bills/new",
      `/bills/${office.bill}`,
      `/bills/${office.draftBill}/edit`,
      "/payments",
      "/payments/new?kind=bills",
      `/payments/${office.cheque}`,
      `/payments/${office.transfer}`,
      "/cheques",
      "/cheques/due",
      "/remittances",
      "/deposits",
      "/advances",
      "/ties",
      "/settings",
    ]),
  },
  checker: {
    role: "checker",
    paths: [
      `/books/payables/payments/${office.waitingPayment}`,
      `/books/imports/${office.importDraft}`,
      `/demand/rates/${water.id}`,
    ],
  },
  registers: {
    role: "accountant",
    paths: under("/books/registers", [
      "",
      "/grant",
      "/grant/item?id=G-1",
      "/grant/new",
      "/loan/item?id=L-1",
      "/asset",
      "/act/new?kind=grant-receipt&item=G-1",
      `/acts/${office.act}`,
      "/depreciation",
      "/provisions",
      "/classes",
    ]),
  },
  control: {
    role: "accountant",
    paths: [
      "/books",
      "/books/budget",
      "/books/days?day=2026-06-15",
      "/books/periods",
      "/books/periods/settings",
      "/books/periods/2026-06",
      "/books/years",
      "/books/years/2025-26",
    ],
  },
  statements: {
    role: "auditor",
    paths: ["/audit", ...under("/books/statements", ["", ...TABLE_REPORTS.map((r) => `/${r.name}`)]).map(ofItsYear)],
  },
};

/**
 * Reports are one frame around one table: the rules of accessibility are run on these of them, and on every page that is none; whether it can be
 * read at both widths is asked of all.
 */
const RULES_ON = new Set([
  "balance-sheet",
  "trial-balance",
  "cash-book",
  "ratios",
  "schedules",
  "sub-ledger",
  "tds-register",
]);
const needsRules = (path: string): boolean => {
  const report = /^\/books\/statements\/([a-z-]+)/.exec(path)?.[1];
  return report === undefined || RULES_ON.has(report);
};

/** Two windows at once keep both the browser and the server at work. */
const LANES = 2;

test.each(Object.entries(PAGES))(
  "every page of the office can be read, at 1280 and at 390 pixels: %s",
  async (_part, { role, paths }) => {
    const wrong: string[] = [];
    const waiting = [...paths];
    const look = async (): Promise<void> => {
      const { page, context, complaints, signIn } = await visit(browser, web.url, { rules: true });
      await signIn(`${role}@test`, PASSWORD);
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        const status = (await page.goto(path))?.status();
        if (status !== 200) wrong.push(`${path} answers ${status}`);
        const name = `office${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "id").replace(/[^a-z0-9]+/gi, "-")}-${role}`;
        for (const viewport of [PHONE, DESKTOP]) {
          await page.setViewportSize(viewport);
          await screenshot(page, `${name}-${viewport.width}`);
          const over = await overflow(page);
          if (over > 0) wrong.push(`${path} is ${over} pixels wider than ${viewport.width}`);
        }
        if (needsRules(path)) wrong.push(...(await accessibilityProblems(page)).map((p) => `${path} ${p}`));
      }
      wrong.push(...complaints.map((c) => `${role}: ${c}`));
      await context.close();
    };
    await Promise.all(Array.from({ length: LANES }, look));
    expect(wrong).toEqual([]);
  },
  300_000,
);

test.skipIf(process.env["NAGARKOSH_PICTURES"] === undefined)("pictures for the documentation", async () => {
  const { page, context, signIn } = await visit(browser, web.url);
  await signIn("accountant@test", PASSWORD);
  for (const [path, name] of [
    ["/books/periods/2026-06", "month-checklist"],
    ["/books/statements/balance-sheet?fy=2025-26", "balance-sheet"],
    [`/books/payables/payments/${office.transfer}`, "payment-advice"],
  ] as const) {
    await page.goto(path);
    await picture(page, name);
  }
  await context.close();
});
