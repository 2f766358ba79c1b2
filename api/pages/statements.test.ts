import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testApp } from "../../ledger/testing.ts";
import { TABLE_REPORTS } from "../../reports/index.ts";
import { testBooks, YEAR } from "../../reports/testing-books.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const app = await testApp({ clock: () => new Date("2026-03-31T06:00:00Z") });
const city = await testBooks(app, YEAR);
const web = await createWebApp({
  app: {
    ...app,
    gateway: noGateway,
    demo: false,
    baseUrl: "http://127.0.0.1:1",
    defaultUlb: () => Promise.resolve(city.ulb),
  },
  secret: await formSecret(app),
  log: false,
});
const PASSWORD = "a long enough password";

let visitors = 0;
/** Somebody signed in, who only reads. */
async function at(role: "auditor" | "accountant" | "cashier") {
  const login = `${role}${(visitors += 1)}-${process.pid}@test`;
  await createUser(app, { login, name: role, password: PASSWORD, roles: [{ ulb: city.ulb, role }] });
  const jar = new Map<string, string>();
  const ask = async (method: "GET" | "POST", url: string, payload?: string): Promise<LightMyRequestResponse> => {
    const answer = await web.inject({
      method,
      url,
      remoteAddress: `10.2.0.${visitors}`,
      ...(payload === undefined ? {} : { payload }),
      headers: {
        accept: "text/html",
        ...(payload === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      cookies: Object.fromEntries(jar),
    });
    for (const c of answer.cookies as { name: string; value: string }[]) jar.set(c.name, c.value);
    return answer;
  };
  const csrf = /name="_csrf" value="([^"]+)"/.exec((await ask("GET", "/signin")).body)?.[1] ?? "";
  await ask("POST", "/signin", new URLSearchParams({ _csrf: csrf, login, password: PASSWORD, next: "/" }).toString());
  return { get: (url: string) => ask("GET", url) };
}
/** The address of the first link around a text. */
const linkOf = (page: string, text: string): string => {
  const before = page.slice(0, page.indexOf(`>${text}<`));
  return /^href="([^"]+)"/.exec(before.slice(before.lastIndexOf('href="')))?.[1]?.replaceAll("&amp;", "&") ?? "";
};

test("a figure leads from the balance sheet to its schedule, the account, the entry and what it was made from", async () => {
  const auditor = await at("auditor");
  const sheet = (await auditor.get("/books/statements/balance-sheet?fy=2025-26")).body;
  expect(sheet).toContain("Total liabilities equal total assets.");
  const schedule = linkOf(sheet, "9,60,725.06");
  expect(schedule).toBe("/books/statements/schedules?from=2025-04-01&to=2026-03-31&schedule=B-17");
  const b17 = (await auditor.get(schedule)).body;
  expect(b17).toContain("Total B-17");
  const account = linkOf(b17, "4502102");
  expect(account).toBe("/books/accounts/4502102?from=2025-04-01&to=2026-03-31");
  const ledger = (await auditor.get(account)).body;
  const entry = linkOf(ledger, "P/2025-26/000013");
  expect(entry).toMatch(/^\/books\/entries\/\d+$/);
  expect((await auditor.get(entry)).body).toContain("water pumping");
});

test("every statement opens, on nothing and on a year, and is offered as files that open", async () => {
  const auditor = await at("auditor");
  const list = (await auditor.get("/books/statements?fy=2025-26")).body;
  for (const { name } of TABLE_REPORTS) {
    expect(list, name).toContain(`/books/statements/${name}?from=2025-04-01&amp;to=2026-03-31`);
    for (const range of ["from=2024-04-01&to=2024-04-01", "from=2025-04-01&to=2026-03-31"]) {
      const answer = await auditor.get(`/books/statements/${name}?${range}`);
      expect([name, answer.statusCode]).toEqual([name, 200]);
    }
  }
  const page = (await auditor.get("/books/statements/cash-flow?fy=2025-26&fund=02")).body;
  for (const format of ["pdf", "xlsx", "csv", "json"]) {
    const href = linkOf(page, format.toUpperCase());
    expect(href).toBe(`/audit/export/cash-flow?format=${format}&from=2025-04-01&to=2026-03-31&fund=02`);
    expect((await auditor.get(href)).statusCode).toBe(200);
  }
}, 60_000);

test("what was chosen stays chosen: fund and dates go along, and the form shows them", async () => {
  const accountant = await at("accountant");
  const page = (
    await accountant.get("/books/statements/receipts-payments?fy=2025-26&fund=02&presentation=revenue-head")
  ).body;
  expect(page).toContain('<option value="02" selected');
  expect(page).toContain('name="presentation" value="revenue-head"');
  expect(linkOf(page, "Apr–Sep")).toContain("fund=02&presentation=revenue-head");
  expect(linkOf(page, "Statements")).toBe("/books/statements");
  const dues = (
    await accountant.get("/books/statements/defaulters?fy=2025-26&ward=W1&minimum=500.50&demandYear=2024-25")
  ).body;
  expect(dues).toContain('name="minimum" value="500.50"');
  expect(linkOf(dues, "CSV")).toContain("ward=W1&demandYear=2024-25&minimum=500.50");
  expect(linkOf(dues, "ward by ward")).toContain("minimum=500.50&by=ward");
});

test("a balance sheet of one ward is refused beside the form, with the reason and what was typed", async () => {
  const accountant = await at("accountant");
  const answer = await accountant.get("/books/statements/balance-sheet?fy=2025-26&ward=W1");
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toContain("REPORT_SLICE");
  expect(answer.body).toContain('value="W1"');
});

test("statements are for those who read the books; an unknown one is not found", async () => {
  expect((await (await at("cashier")).get("/books/statements")).statusCode).toBe(403);
  expect((await (await at("auditor")).get("/books/statements/constructor")).statusCode).toBe(404);
});
