import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { cr, dr, getEntry, postEntry } from "../../ledger/index.ts";
import { financialYear, localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { bookMarks, testApp, testUlb } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const app = await testApp({ clock: () => new Date("2026-04-15T05:00:00Z") });
const city = await testUlb(app);
const web = await createWebApp({
  app: { ...app, gateway: noGateway, demo: false, baseUrl: "http://127.0.0.1:1", defaultUlb: async () => city.ulb },
  secret: await formSecret(app),
  log: false,
});
const PASSWORD = "a long enough password";
const BANK = "4502101";

let visitors = 0;
async function at(role: Exclude<Role, "citizen" | "system">) {
  const login = `${role}${(visitors += 1)}@test`;
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
  const tokenIn = (page: string): string => /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const form = (url: string, csrf: string, fields: Record<string, string>) =>
    ask("POST", url, new URLSearchParams({ _csrf: csrf, ...fields }).toString());
  await form("/signin", tokenIn((await ask("GET", "/signin")).body), { login, password: PASSWORD, next: "/" });
  const csrf = tokenIn((await ask("GET", "/")).body);
  return {
    get: (url: string) => ask("GET", url),
    post: (url: string, fields: Record<string, string> = {}) => form(url, csrf, fields),
  };
}
const accountant = await at("accountant");
const checker = await at("checker");
const admin = await at("admin");
const auditor = await at("auditor");

/** Proposes by the form and approves by the checker's; gives the page of the act. */
async function done(kind: string, item: string, facts: Record<string, string>): Promise<string> {
  const proposed = await accountant.post("/books/registers/act", {
    kind,
    item,
    then: "propose",
    mode: "post",
    ...facts,
  });
  const path = String(proposed.headers.location);
  expect([proposed.statusCode, path]).toEqual([
    303,
    expect.stringMatching(/^\/books\/registers\/acts\/[0-9a-f-]{36}$/),
  ]);
  expect((await accountant.get(path)).body).not.toContain("Approve and post");
  expect((await checker.get(path)).body).toContain("Approve and post");
  expect((await checker.post(`${path}/approve`, { version: "1" })).headers.location).toBe(path);
  return (await auditor.get(path)).body;
}

test("a grant is entered, received by two people's forms, and every figure leads to its paper", async () => {
  const grant = {
    id: "G-1",
    name: "AMRUT 2.0",
    source: "Government of India",
    purpose: "revenue",
    sanctionNo: "AMR/7",
    sanctionedOn: "2025-05-01",
    amount: "10,00,000",
    account: "3201003 Finance Commission grant",
    bankAccount: "4506101",
    fund: "01",
    function: "51",
  };
  const refused = await accountant.post("/books/registers/grant/new", { ...grant, account: "3411001" });
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toContain("REGISTER_FIELD");
  expect(refused.body).toMatch(/name="name" value="AMRUT 2.0"/);
  expect((await accountant.post("/books/registers/grant/new", grant)).headers.location).toBe(
    "/books/registers/grant/item?id=G-1",
  );
  const form = (await accountant.get("/books/registers/act/new?kind=grant-receipt&item=G-1")).body;
  expect(form).toContain("Instalment received");
  expect(form).toContain("GR-02");
  const facts = { kind: "grant-receipt", item: "G-1", date: "2025-06-01", amount: "4,00,000", mode: "post" };
  const before = await bookMarks(app, city.ulb);
  const preview = await accountant.post("/books/registers/act", { ...facts, then: "preview" });
  expect(preview.body).toContain("What it would post");
  expect(preview.body).toContain("4506101");
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const page = await done("grant-receipt", "G-1", facts);
  const entry = /\/books\/entries\/(\d+)/.exec(page)?.[1] ?? "";
  expect((await city.tx("auditor", (t) => getEntry(t, BigInt(entry)))).total).toBe(rupees("400000"));
  const item = (await auditor.get("/books/registers/grant/item?id=G-1")).body;
  expect(item).toContain("4,00,000.00");
  expect(item).toContain(`/books/entries/${entry}`);
  const spent = await accountant.post("/books/registers/act", {
    kind: "grant-revenue-use",
    item: "G-1",
    date: "2025-07-01",
    amount: "400000.01",
    mode: "post",
    then: "propose",
  });
  expect(spent.statusCode).toBe(409);
  expect(spent.body).toContain("GRANT_UNSPENT_SHORT");
  expect(spent.body).toMatch(/name="amount" value="400000.01"/);
});

test("the overview shows books, register and what is not in it; the lines of a difference are listed until an act takes them", async () => {
  const posted = await city.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "receipt",
      date: localDate("2025-09-01"),
      narration: "Second instalment, booked as a voucher",
      source: { type: "test", id: "voucher" },
      lines: [dr("4506101", rupees("25000")), cr("3201003", rupees("25000"))],
    }),
  );
  const overview = (await auditor.get("/books/registers")).body;
  expect(overview).toMatch(/href="\/books\/registers\/grant\/missing"><span class="amount">25,000.00/);
  const missing = (await auditor.get("/books/registers/grant/missing")).body;
  expect(missing).toContain(posted.number);
  await done("grant-receipt", "G-1", { date: "2025-09-01", amount: "25000", mode: "entry", entry: String(posted.id) });
  expect((await auditor.get("/books/registers/grant/missing")).body).toContain("Every line on the control accounts");
  expect((await accountant.post("/books/registers/grant/keep", { from: "2025-04-01" })).statusCode).toBe(403);
  expect((await admin.post("/books/registers/grant/keep", { from: "2025-04-01" })).statusCode).toBe(303);
  expect((await auditor.get("/books/registers/grant")).body).toContain("from 01/04/2025");
});

test("assets: a class and its rate, a purchase, the run previewed and approved, a sale; the second run and the second sale are refused", async () => {
  const group = { id: "VEHICLE", name: "Vehicles", account: "4105005", accumulatedAccount: "4115005" };
  const half = await admin.post("/books/registers/classes", { ...group, depreciationAccount: "nonsense" });
  expect([half.statusCode, half.body.includes("ACCOUNT_UNKNOWN")]).toEqual([422, true]);
  expect((await admin.post("/books/registers/classes", { ...group, depreciationAccount: "2725000" })).statusCode).toBe(
    303,
  );
  const rate = { class: "VEHICLE", validFrom: "2020-04-01", percent: "12.5", reason: "Order of the State" };
  expect((await admin.post("/books/registers/classes/rate", { ...rate, percent: "x" })).statusCode).toBe(422);
  expect((await admin.post("/books/registers/classes/rate", rate)).statusCode).toBe(303);
  expect((await auditor.get("/books/registers/classes")).body).toContain("12.5 from 01/04/2020");
  await done("asset-purchase", "", {
    date: "2025-06-01",
    asset: "V-1",
    name: "Water tanker",
    class: "VEHICLE",
    location: "Depot",
    acquiredOn: "2025-06-01",
    residual: "1",
    fund: "01",
    function: "51",
    amount: "8,00,000",
    account: BANK,
  });
  const preview = (await accountant.get("/books/registers/depreciation")).body;
  expect(preview).toContain("Depreciation of 2025-26");
  expect(preview).toContain("1,00,000.00");
  await done("depreciation", "", { date: "2026-03-31", fy: "2025-26" });
  expect((await accountant.get("/books/registers/depreciation?fy=2025-26")).body).toContain(
    "No asset is to be charged",
  );
  const again = await accountant.post("/books/registers/act", {
    kind: "depreciation",
    item: "",
    date: "2026-03-31",
    fy: "2025-26",
    then: "propose",
  });
  expect([again.statusCode, again.body.includes("DEPRECIATION_NOTHING")]).toEqual([409, true]);
  const sale = { date: "2026-04-10", proceeds: "750000", buyer: "Sharma Motors", account: BANK };
  const page = await done("asset-disposal", "V-1", sale);
  expect(page).toContain("50,000.00");
  const twice = await accountant.post("/books/registers/act", {
    kind: "asset-disposal",
    item: "V-1",
    then: "propose",
    ...sale,
  });
  expect([twice.statusCode, twice.body.includes("ASSET_DISPOSED")]).toEqual([409, true]);
});

test("loans: the schedule stands with the loan; repaying more than is outstanding is refused beside the form", async () => {
  const made = await accountant.post("/books/registers/loan/new", {
    id: "L-1",
    name: "State Bank, water mains",
    sanctionNo: "L/1",
    sanctionedOn: "2025-05-01",
    amount: "1200000",
    account: "3305001",
    interestAccount: "2405000",
    interestDueAccount: "3501204",
    ratePercent: "9",
    method: "equal-principal",
    instalments: "12",
    everyMonths: "3",
    firstDue: "2025-09-30",
    fund: "01",
    function: "51",
  });
  expect(made.statusCode).toBe(303);
  await done("loan-drawdown", "L-1", { date: "2025-06-01", amount: "1200000", account: BANK });
  const page = (await auditor.get("/books/registers/loan/item?id=L-1")).body;
  expect(page).toContain("Instalments of the sanctioned amount");
  expect(page).toContain("30/09/2025");
  const refused = await accountant.post("/books/registers/act", {
    kind: "loan-repayment",
    item: "L-1",
    date: "2025-09-30",
    principal: "1200000.01",
    interest: "0",
    account: BANK,
    mode: "post",
    then: "propose",
  });
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("12,00,000.00 outstanding");
});

test("provisions: previewed by age, proposed, approved by another; norms are set by the administrator with a reason", async () => {
  await city.tx("accountant", (t) =>
    postEntry(t, {
      voucher: "opening",
      date: localDate("2025-04-01"),
      narration: "Opening balances",
      source: { type: "test", id: "opening" },
      lines: [
        dr("4311004", rupees("1080"), { demandYear: financialYear("2023-24"), function: "91" }),
        cr("4319100", rupees("80"), { demandYear: financialYear("2023-24"), function: "91" }),
        cr("3101001", rupees("1000")),
      ],
    }),
  );
  const preview = (await accountant.get("/books/registers/provisions?date=2026-03-31")).body;
  expect(preview).toContain("270.00");
  const norms = { revenue: "property-tax", validFrom: "2026-03-31", steps: "2 30, 3 60", reason: "" };
  expect((await admin.post("/books/registers/norms", norms)).body).toContain("REASON_MISSING");
  expect((await admin.post("/books/registers/norms", { ...norms, reason: "State order 44" })).statusCode).toBe(303);
  const page = await done("provision", "", { date: "2026-03-31", function: "03" });
  expect(page).toContain("324.00");
  const again = await accountant.post("/books/registers/act", {
    kind: "provision",
    item: "",
    date: "2026-03-31",
    function: "03",
    then: "propose",
  });
  expect(again.body).toContain("PROVISION_NOTHING");
});

test("an act is taken back by the same two steps; one's own act, a wrong reason and a wrong address are refused", async () => {
  const list = (await auditor.get("/books/registers/grant/item?id=G-1")).body;
  const ids = [...list.matchAll(/\/books\/registers\/acts\/([0-9a-f-]{36})/g)].map((m) => m[1] ?? "");
  const taken = ids[0] ?? "";
  expect((await accountant.get(`/books/registers/act/new?kind=take-back&item=${taken}`)).body).toContain(
    "Take an act back",
  );
  const both = await at("accountant");
  const own = await both.post("/books/registers/act", {
    kind: "take-back",
    item: taken,
    date: "2026-04-15",
    reason: "belongs to another grant",
    then: "propose",
  });
  // The entry was posted by a voucher: the register was kept from before it, and its month is open.
  expect(own.statusCode).toBe(303);
  const path = String(own.headers.location);
  expect((await both.post(`${path}/approve`, { version: "1" })).statusCode).toBe(403);
  const silent = await checker.post(`${path}/reject`, { version: "1", reason: "no" });
  expect([silent.statusCode, silent.body.includes("REASON_MISSING")]).toEqual([422, true]);
  expect((await checker.post(`${path}/approve`, { version: "1" })).statusCode).toBe(303);
  expect((await auditor.get(`/books/registers/acts/${taken}`)).body).toContain("It was taken back by");
  expect((await auditor.get("/books/registers/acts/nonsense")).statusCode).toBe(404);
  expect((await auditor.get("/books/registers/cattle")).statusCode).toBe(404);
  expect((await auditor.get("/books/registers/grant/item?id=G-9")).statusCode).toBe(404);
});

test("every page of the registers opens for its readers, and no form for them", async () => {
  for (const name of [
    "grant",
    "loan",
    "deposit-work",
    "asset",
    "work",
    "investment",
    "inter-fund",
    "provision",
    "prior-period",
  ]) {
    const page = await auditor.get(`/books/registers/${name}`);
    expect([name, page.statusCode]).toEqual([name, 200]);
    expect(page.body).not.toContain("/books/registers/act/new");
    expect((await auditor.get(`/books/registers/${name}/missing`)).statusCode).toBe(200);
  }
  for (const name of ["deposit-work", "work", "investment"])
    expect((await accountant.get(`/books/registers/${name}/new`)).statusCode).toBe(200);
  for (const kind of ["inter-fund-payment", "inter-fund-settlement", "prior-period-item", "asset-gift"])
    expect((await accountant.get(`/books/registers/act/new?kind=${kind}`)).statusCode).toBe(200);
  expect((await auditor.get("/books/registers/grant/new")).statusCode).toBe(403);
  expect((await accountant.get("/books/registers/asset/new")).statusCode).toBe(404);
});
