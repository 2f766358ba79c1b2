import { expect, test } from "vitest";
import { addParty, getAccount, getParty, listChequeBooks, postingAccount } from "../../ledger/index.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { bookMarks, testApp, testUlb } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const now = new Date("2026-05-15T05:00:00Z");
const app = await testApp({ clock: () => now });
const city = await testUlb(app);
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
/** Somebody at his desk: signed in, with the token of his forms. */
async function at(role: Exclude<Role, "citizen" | "system">) {
  const login = `${role}${(visitors += 1)}@test`;
  await createUser(app, { login, name: role, password: PASSWORD, roles: [{ ulb: city.ulb, role }] });
  const jar = new Map<string, string>();
  const ask = async (method: "GET" | "POST", url: string, payload?: string) => {
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
    login,
    get: (url: string) => ask("GET", url),
    post: (url: string, fields: Record<string, string> = {}) => form(url, csrf, fields),
  };
}

const admin = await at("admin");
const checker = await at("checker");
const accountant = await at("accountant");
const auditor = await at("auditor");
const M = "/books/masters";
const PAGES = [
  "",
  "/accounts",
  "/accounts/3501003",
  "/accounts?search=bank&from=100",
  "/lists/functions",
  "/lists/functions/91",
  "/lists/funds",
  "/lists/functionaries",
  "/lists/fields",
  "/lists/fund-sources",
  "/lists/schemes",
  "/lists/budget-heads",
  "/parties",
  "/banks",
  "/tax-sections",
  "/posting-map",
  "/changes",
];
const openProposal = async (): Promise<string> =>
  /changes\/([0-9a-f-]{36})\/confirm/.exec((await checker.get(`${M}/changes`)).body)?.[1] ?? "";

test("every page of the masters opens for those who read the books, with unique ids and a label for each field", async () => {
  for (const page of PAGES) {
    for (const person of [admin, auditor]) {
      const answer = await person.get(`${M}${page}`);
      expect(answer.statusCode, page).toBe(200);
      const ids = [...answer.body.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]);
      expect(
        ids.filter((id, i) => ids.indexOf(id) !== i),
        page,
      ).toEqual([]);
      const unlabelled = [...answer.body.matchAll(/<(?:input|select)(?![^>]*type="hidden")[^>]*>/g)]
        .map((m) => /id="([^"]+)"/.exec(m[0])?.[1])
        .filter((id) => id !== undefined && !answer.body.includes(`for="${id}"`));
      expect(unlabelled, page).toEqual([]);
    }
  }
  const nobody = await at("cashier");
  expect((await nobody.get(M)).statusCode).toBe(403);
  for (const page of ["/lists/nonsense", "/accounts/9", "/parties/contractor/C-9", "/parties/alien/1", "/banks/9"]) {
    expect((await admin.get(`${M}${page}`)).statusCode, page).toBe(404);
  }
});

test("an account is added by two people: one proposes it, the other confirms it, and the day's chart has it", async () => {
  const wrong = await admin.post(`${M}/accounts`, {
    parent: "22052",
    code: "2205",
    name: "Drone survey",
    "add-reason": "Order 12/2026",
  });
  expect(wrong.statusCode).toBe(422);
  expect(wrong.body).toContain("ACCOUNT_PLACE");
  expect(wrong.body).toMatch(/name="name"[^>]*value="Drone survey"/);
  const proposed = await admin.post(`${M}/accounts`, {
    parent: "22052",
    code: "2205210",
    name: "Drone survey",
    "add-reason": "Order 12/2026",
  });
  expect(proposed.headers.location).toContain("/books/masters/changes?done=");
  expect((await admin.get(`${M}/changes`)).body).not.toContain("/confirm");
  const id = await openProposal();
  expect((await admin.post(`${M}/changes/${id}/confirm`)).body).toContain("MAKER_IS_CHECKER");
  expect((await accountant.post(`${M}/changes/${id}/confirm`)).statusCode).toBe(403);
  expect((await checker.post(`${M}/changes/${id}/confirm`)).statusCode).toBe(303);
  expect((await auditor.get(`${M}/accounts?search=drone`)).body).toContain("2205210");
});

test("a rename shows in the history with the old name; closing an account in use says what names it", async () => {
  await admin.post(`${M}/accounts/2205201/rename`, {
    name: "Counsel",
    "rename-from": "2026-04-01",
    "rename-reason": "Order 13/2026",
  });
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  const page = (await auditor.get(`${M}/accounts/2205201`)).body;
  expect(page).toContain("Counsel");
  expect(page).toContain("Consultancy Charges to Counsel");
  const refused = await admin.post(`${M}/accounts/2408003/close`, {
    "close-from": "2026-05-15",
    "close-reason": "Order 14/2026",
  });
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("gateway-fee");
  expect(refused.body).toMatch(/name="close-reason"[^>]*value="Order 14\/2026"/);
  const noDate = await admin.post(`${M}/accounts/2205202/close`, {
    "close-from": "yesterday",
    "close-reason": "Order 14/2026",
  });
  expect([noDate.statusCode, noDate.body.includes("DATE_FORMAT")]).toEqual([422, true]);
});

test("a rejected change needs a reason, and the chart stays as it was", async () => {
  await admin.post(`${M}/accounts/2205202/close`, { "close-from": "2026-05-15", "close-reason": "Order 15/2026" });
  const id = await openProposal();
  const without = await checker.post(`${M}/changes/${id}/reject`, { [`reason-${id}`]: "" });
  expect([without.statusCode, without.body.includes("REASON_MISSING")]).toEqual([422, true]);
  await checker.post(`${M}/changes/${id}/reject`, { [`reason-${id}`]: "Still used by the zones" });
  expect((await auditor.get(`${M}/changes`)).body).toContain("Still used by the zones");
  expect(await city.tx("auditor", (t) => getAccount(t, "2205202"))).toMatchObject({ isActive: true });
});

test("wards are added, renamed, closed and opened by the administrator alone; a refusal keeps what was typed", async () => {
  expect((await accountant.post(`${M}/lists/fields`, { code: "W-07", name: "Ward 7", kind: "ward" })).statusCode).toBe(
    403,
  );
  const refused = await admin.post(`${M}/lists/fields`, { code: "W-07", name: "Ward 7", kind: "ward", parent: "Z9" });
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toMatch(/name="parent"[^>]*value="Z9"/);
  expect((await admin.post(`${M}/lists/fields`, { code: "W/07", name: "Ward 7", kind: "ward" })).headers.location).toBe(
    `${M}/lists/fields/W%2F07`,
  );
  const ward = `${M}/lists/fields/W%2F07`;
  expect(
    (await admin.post(`${ward}/rename`, { name: "Gandhi Nagar", "rename-from": "", "rename-reason": "Council 4/26" }))
      .statusCode,
  ).toBe(303);
  expect(
    (await admin.post(`${ward}/close`, { "close-from": "2026-05-15", "close-reason": "Merged with W-08" })).statusCode,
  ).toBe(303);
  expect((await auditor.get(ward)).body).toContain("from Ward 7 to Gandhi Nagar");
  expect((await admin.post(`${ward}/reopen`, { "close-reason": "Merger taken back" })).statusCode).toBe(303);
});

test("a function needs two people, a fund with what hangs on it is not closed", async () => {
  const proposed = await admin.post(`${M}/lists/functions`, {
    code: "67",
    name: "Rivers",
    parent: "60",
    "add-reason": "Order 16/2026",
  });
  expect(proposed.headers.location).toContain("changes");
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  expect((await auditor.get(`${M}/lists/functions/67`)).body).toContain("Rivers");
  await admin.post(`${M}/lists/schemes`, { code: "AMRUT", name: "AMRUT 2.0", fund: "05", source: "09" });
  const refused = await admin.post(`${M}/lists/funds/05/close`, { "close-reason": "No longer needed" });
  expect([refused.statusCode, refused.body.includes("scheme AMRUT")]).toEqual([409, true]);
});

test("the accountant adds a party; the same PAN again is pointed out first; only the administrator bars it", async () => {
  const before = await bookMarks(app, city.ulb);
  const wrong = await accountant.post(`${M}/parties`, { type: "contractor", name: "Kaveri Infra", pan: "AAPDU0939F" });
  expect([wrong.statusCode, wrong.body.includes("no kind of holder")]).toEqual([422, true]);
  expect(wrong.body).toMatch(/name="pan"[^>]*value="AAPDU0939F"/);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const added = await accountant.post(`${M}/parties`, { type: "contractor", name: "Kaveri Infra", pan: "AAPFU0939F" });
  expect(added.headers.location).toBe(`${M}/parties/contractor/C-0001`);
  const again = { type: "contractor", name: "Kaveri Infra Pvt", pan: "AAPFU0939F" };
  const warned = await accountant.post(`${M}/parties`, again);
  expect([warned.statusCode, warned.body.includes("C-0001 Kaveri Infra")]).toEqual([409, true]);
  expect((await accountant.post(`${M}/parties`, { ...again, alike: "seen" })).statusCode).toBe(303);
  const party = `${M}/parties/contractor/C-0001`;
  expect(
    (await accountant.post(`${party}/status`, { status: "blacklisted", "status-reason": "Vigilance 4/26" })).statusCode,
  ).toBe(403);
  const bare = await admin.post(`${party}/status`, { status: "blacklisted", "status-reason": "" });
  expect([bare.statusCode, bare.body.includes("REASON_MISSING")]).toEqual([422, true]);
  await admin.post(`${party}/status`, {
    status: "blacklisted",
    "status-from": "2026-05-10",
    "status-reason": "Vigilance 4/26",
  });
  const page = (await auditor.get(party)).body;
  expect(page).toContain("Vigilance 4/26");
  expect(page).toContain("status: from active to blacklisted");
  const changed = await accountant.post(`${party}/change`, {
    name: "Kaveri Infra Ltd",
    mobile: "9876543210",
    "change-from": "2026-05-15",
    "change-reason": "Incorporated",
  });
  expect(changed.statusCode).toBe(303);
  expect(await city.tx("auditor", (t) => getParty(t, "contractor", "C-0001"))).toMatchObject({
    name: "Kaveri Infra Ltd",
    status: "blacklisted",
  });
  await admin.post(`${party}/end`, { last: "2026-05-20", "end-reason": "Firm dissolved" });
  expect((await auditor.get(party)).body).toContain("20/05/2026");
});

test("more parties than a page holds are shown page by page, and a search finds one of them", async () => {
  await city.tx("accountant", async (t) => {
    for (let i = 0; i < 105; i++) await addParty(t, { type: "employee", name: `Worker ${String(i).padStart(3, "0")}` });
  });
  const first = (await auditor.get(`${M}/parties?type=employee`)).body;
  expect([first.includes("Worker 099"), first.includes("Worker 100")]).toEqual([true, false]);
  const next = /href="([^"]+)" rel="next"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const second = (await auditor.get(next)).body;
  expect([second.includes("Worker 104"), second.includes("Worker 099")]).toEqual([true, false]);
  expect((await auditor.get(`${M}/parties?search=worker+042`)).body).toContain("E-0043");
  expect((await auditor.get(`${M}/parties?search=zzz`)).body).toContain("No party fits.");
});

test("a bank account and its cheque books are kept; an overlapping book is refused beside the form", async () => {
  const bank = await admin.post(`${M}/banks`, {
    account: "4502101 SBI",
    bank: "State Bank of India",
    number: "00000012345678",
    ifsc: "SBIN0001234",
  });
  expect(bank.headers.location).toBe(`${M}/banks/4502101`);
  const book = (first: string, last: string) =>
    accountant.post(`${M}/banks/4502101/cheque-books`, { first, last, received: "2026-05-15" });
  expect((await book("101", "200")).statusCode).toBe(303);
  const refused = await book("150", "250");
  expect([refused.statusCode, refused.body.includes("000101 to 000200")]).toEqual([409, true]);
  expect(refused.body).toMatch(/name="first"[^>]*value="150"/);
  expect((await book("x", "250")).body).toContain("MASTER_DETAILS");
  const [stock] = await city.tx("auditor", (t) => listChequeBooks(t, "4502101"));
  const own = `${M}/banks/4502101/cheque-books/${stock?.id}`;
  expect((await accountant.post(own, { status: "in-use" })).statusCode).toBe(303);
  expect((await accountant.post(own, { status: "cancelled", reason: "" })).statusCode).toBe(422);
  const closed = await admin.post(`${M}/banks/4502101/close`, { "close-reason": "Moved to another bank" });
  expect(closed.body).toContain("cheque book 000101 to 000200 (in-use)");
});

test("the posting map and the tax sections are changed by two people", async () => {
  expect((await admin.get(`${M}/posting-map?key=bank-main`)).body).toMatch(
    /<option[^>]*value="bank-main"[^>]*selected|selected[^>]*value="bank-main"/,
  );
  const refused = await admin.post(`${M}/posting-map`, {
    key: "bank-main",
    account: "3501001 Creditors",
    "map-reason": "Order 17/2026",
  });
  expect([refused.statusCode, refused.body.includes("cash or bank")]).toEqual([422, true]);
  await admin.post(`${M}/posting-map`, {
    key: "bank-main",
    account: "4502104 Canara Bank",
    "map-reason": "Order 17/2026",
  });
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  expect(await city.tx("auditor", (t) => postingAccount(t, "bank-main"))).toBe("4502104");
  await admin.post(`${M}/posting-map/events`, {
    rule: "PT-01",
    leg: "2",
    eventAccount: "1100102",
    "event-reason": "Order 18/2026",
  });
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  expect((await auditor.get(`${M}/posting-map`)).body).toContain("PT-01");
  const tax = {
    code: "TDS-PROF",
    tax: "tds",
    section: "393(1)",
    description: "Professional fees",
    ratePercent: "10",
    thresholdYear: "50,000",
    account: "3502025",
    validFrom: "2026-05-15",
    "tax-reason": "Finance Act",
  };
  const noRate = await admin.post(`${M}/tax-sections`, { ...tax, ratePercent: "ten" });
  expect([noRate.statusCode, noRate.body.includes("RATE_FORMAT")]).toEqual([422, true]);
  expect((await admin.post(`${M}/tax-sections`, tax)).statusCode).toBe(303);
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  expect((await auditor.get(`${M}/tax-sections`)).body).toContain("50,000.00");
  await admin.post(`${M}/tax-sections/end`, {
    endCode: "TDS-PROF",
    lastDay: "2026-06-30",
    "end-reason": "Finance Act",
  });
  await checker.post(`${M}/changes/${await openProposal()}/confirm`);
  expect((await auditor.get(`${M}/tax-sections`)).body).toContain("30/06/2026");
});
