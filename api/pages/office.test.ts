import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testBillingUlb, testConsumer, testDemand } from "../../billing/testing.ts";
import { listReceipts } from "../../collections/index.ts";
import { brokenTies } from "../../collections/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { addBankAccount } from "../../reconciliation/index.ts";
import { BANK, statementCsv } from "../../reconciliation/testing.ts";
import { verifyPack } from "../../reports/index.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const now = new Date("2025-07-15T05:00:00Z");
const app = await testApp({ clock: () => now });
const city = await testBillingUlb(app);
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
const consumer = await city.tx("accountant", async (tx) => {
  await addBankAccount(tx, {
    account: BANK,
    bank: "State Bank of India",
    name: "Main account",
    number: "00000012345678",
  });
  const made = await testConsumer(tx, { code: "PT-1-00001" });
  await testDemand(tx, made, "1000+80");
  return made;
});

let visitors = 0;
/** Somebody at his desk: signed in, with the token of his forms. */
async function at(role: Exclude<Role, "citizen" | "system">) {
  const login = `${role}${(visitors += 1)}@test`;
  await createUser(app, { login, name: role, password: PASSWORD, roles: [{ ulb: city.ulb, role }] });
  const jar = new Map<string, string>();
  const ask = async (
    method: "GET" | "POST",
    url: string,
    payload?: string | Buffer,
    type?: string,
  ): Promise<LightMyRequestResponse> => {
    const answer = await web.inject({
      method,
      url,
      remoteAddress: `10.1.0.${visitors}`,
      ...(payload === undefined ? {} : { payload }),
      headers: { accept: "text/html", ...(type === undefined ? {} : { "content-type": type }) },
      cookies: Object.fromEntries(jar),
    });
    for (const c of answer.cookies as { name: string; value: string }[]) jar.set(c.name, c.value);
    return answer;
  };
  const tokenIn = (page: string): string => /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const form = (url: string, csrf: string, fields: Record<string, string>) =>
    ask("POST", url, new URLSearchParams({ _csrf: csrf, ...fields }).toString(), "application/x-www-form-urlencoded");
  await form("/signin", tokenIn((await ask("GET", "/signin")).body), { login, password: PASSWORD, next: "/" });
  const csrf = tokenIn((await ask("GET", "/")).body);
  return {
    get: (url: string) => ask("GET", url),
    post: (url: string, fields: Record<string, string> = {}) => form(url, csrf, fields),
    upload: (url: string, csv: string) => {
      const part = (name: string, value: string, more = ""): string =>
        `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
      const body = `${part("_csrf", csrf)}${part("profile", "")}${part("file", csv, '; filename="july.csv"\r\ncontent-type: text/csv')}--x--\r\n`;
      return ask("POST", url, Buffer.from(body), "multipart/form-data; boundary=x");
    },
  };
}
const receipts = () =>
  city.tx("cashier", (tx) =>
    listReceipts(tx, { from: localDate("2025-07-01"), to: localDate("2025-07-31"), limit: 500 }),
  );

const cashier = await at("cashier");
const accountant = await at("accountant");
const checker = await at("checker");

test("the same counter form sent twice is one receipt, and the second sending leads to it", async () => {
  await cashier.post("/counter/open", { counter: "Counter 1" });
  const fields = {
    amount: "500",
    tender: "cheque",
    number: "123456",
    bank: "SBIN0000001",
    date: "2025-07-14",
    key: "form-counter-0001",
  };
  const first = await cashier.post(`/counter/take/${consumer.id}`, fields);
  const second = await cashier.post(`/counter/take/${consumer.id}`, fields);
  expect([first.statusCode, second.statusCode]).toEqual([303, 303]);
  expect(second.headers.location).toBe(first.headers.location);
  expect(await receipts()).toHaveLength(1);
});

test("more than the dues is refused until the payer agrees to an advance; the form keeps its key", async () => {
  const fields = { amount: "1000.00", tender: "cash", key: "form-counter-0002" };
  const refused = await cashier.post(`/counter/take/${consumer.id}`, fields);
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("OVERPAYMENT");
  expect(refused.body).toContain('value="form-counter-0002"');
  expect(await receipts()).toHaveLength(1);
  const taken = await cashier.post(`/counter/take/${consumer.id}`, { ...fields, amount: "580" });
  expect(taken.statusCode).toBe(303);
});

test("the drawer must tally before the counter closes; the refusal says by how much it does not", async () => {
  const short = await cashier.post("/counter/close", { d500: "1" });
  expect(short.statusCode).toBe(409);
  expect(short.body).toContain("80.00 short");
  expect(short.body).toMatch(/name="d500"[^>]*value="1"/);
  const closed = await cashier.post("/counter/close", { d500: "1", d50: "1", d20: "1", d10: "1" });
  expect(closed.headers.location).toBe("/counter?closed=580.00");
});

test("cash and cheques are deposited by the accountant, each with its slip; an empty slip is refused beside the form", async () => {
  const page = (await accountant.get("/books/money")).body;
  const ids = [...page.matchAll(/name="i-([0-9a-f-]+)"/g)].map((m) => m[1] ?? "");
  expect(ids).toHaveLength(2);
  const [first = "", second = ""] = ids;
  // The cash comes first on the page, the cheque second.
  const refused = await accountant.post("/books/money/cash", { [`i-${first}`]: "yes", slip: "", date: "2025-07-15" });
  expect(refused.statusCode).toBe(422);
  const cash = await accountant.post("/books/money/cash", { [`i-${first}`]: "yes", slip: "CS1", date: "2025-07-15" });
  expect(cash.headers.location).toContain("/books/money?done=RM");
  const cheque = await accountant.post("/books/money/cheques", {
    [`i-${second}`]: "yes",
    slip: "CQ1",
    date: "2025-07-15",
  });
  expect(cheque.statusCode).toBe(303);
  expect((await accountant.get("/books/money")).body).not.toContain('name="i-');
});

test("a statement is uploaded, what its references prove is matched, a charge is booked, and the reconciliation proves", async () => {
  const rows = [
    ["2025-07-15", "580.00", "CASH DEPOSIT SLIP CS1", "CS1"],
    ["2025-07-16", "500.00", "CLG CHQ 123456", "123456"],
    ["2025-07-17", "-59.00", "SMS CHRG FOR QUARTER INCL GST"],
  ] as const;
  const broken = await accountant.upload(
    `/books/bank/${BANK}/statement`,
    statementCsv("0.00", rows).replace("500.00,1080.00", "501.00,1080.00"),
  );
  const csv = statementCsv("0.00", rows);
  expect(broken.statusCode).toBe(422);
  expect(broken.body).toContain("The statement was refused; nothing of it was stored.");
  const stored = await accountant.upload(`/books/bank/${BANK}/statement`, csv);
  expect(stored.statusCode).toBe(200);
  await accountant.post(`/books/bank/${BANK}/reconcile`);
  let page = (await accountant.get(`/books/bank/${BANK}`)).body;
  // Whatever a reference alone does not prove is proposed, and a person confirms it.
  for (const m of page.matchAll(/name="lines" value="([^"]+)"\/?><input type="hidden" name="items" value="([^"]+)"/g)) {
    await accountant.post(`/books/bank/${BANK}/confirm`, { lines: m[1] ?? "", items: m[2] ?? "" });
  }
  page = (await accountant.get(`/books/bank/${BANK}`)).body;
  // A charge is booked by two people: one proposes it, another approves it.
  const exception = new RegExp(`/books/bank/${BANK}/exceptions/[0-9a-f-]{36}`).exec(page)?.[0] ?? "";
  const proposal = { template: "bank-charge", reason: "quarterly charge of the bank" };
  expect((await accountant.post(`${exception}/propose`, { ...proposal, reason: "x" })).statusCode).toBe(422);
  const proposed = await accountant.post(`${exception}/propose`, proposal);
  expect(proposed.headers.location).toContain("done=propose");
  expect((await accountant.get(exception)).body).toContain("another person, a checker, approves or rejects it");
  expect((await accountant.post(`${exception}/approve`)).statusCode).toBe(403);
  expect((await checker.post(`${exception}/approve`)).headers.location).toContain("done=approve");
  expect((await checker.post(`${exception}/approve`)).statusCode).toBe(303);
  const statement = (await accountant.get(`/books/bank/${BANK}/brs?on=2025-07-31`)).body;
  expect(statement).toContain("Reconciled: what the bank should say is what it says.");
  expect(statement).toContain("1,021.00");
});

test("a returned cheque opens the dues again, and its receipt says so to whoever looks", async () => {
  const cheque = (await receipts()).find((r) => r.mode === "cheque");
  const url = `/books/receipts/${cheque?.id}`;
  expect((await accountant.get(url)).body).toContain("The bank returned it");
  const bad = await accountant.post(`${url}/dishonour`, {
    date: "2025-07-15",
    reason: "funds insufficient",
    bankCharge: "x",
    payerCharge: "0",
  });
  expect(bad.statusCode).toBe(422);
  // The bank had credited it on the 16th: it cannot come back before.
  const early = await accountant.post(`${url}/dishonour`, {
    date: "2025-07-15",
    reason: "funds insufficient",
    bankCharge: "59",
    payerCharge: "0",
  });
  expect(early.statusCode).toBe(422);
  expect(early.body).toContain("A cheque that the bank credited on 16/07/2025 is not returned on 15/07/2025.");
  const done = await accountant.post(`${url}/dishonour`, {
    date: "2025-07-17",
    reason: "funds insufficient",
    bankCharge: "59",
    payerCharge: "0",
  });
  expect(done.statusCode).toBe(303);
  expect((await web.inject({ url: `/receipt/${cheque?.token}`, headers: { accept: "text/html" } })).body).toContain(
    "DISHONOURED",
  );
  expect((await cashier.get("/counter/open")).statusCode).toBe(404);
  expect(await city.tx("auditor", brokenTies)).toEqual([]);
});

test("the checker cancels a receipt whose money is in the drawer; the cashier's own word is not enough", async () => {
  await cashier.post("/counter/open", { counter: "Counter 1" });
  await cashier.post(`/counter/take/${consumer.id}`, { amount: "100", tender: "cash", key: "form-counter-0003" });
  const last = (await receipts()).at(-1);
  const url = `/books/receipts/${last?.id}/cancel`;
  expect((await cashier.post(url, { reason: "typed wrongly" })).statusCode).toBe(403);
  const cancelled = await checker.post(url, { reason: "typed wrongly" });
  expect(cancelled.statusCode).toBe(303);
  expect((await receipts()).find((r) => r.id === last?.id)?.status).toBe("cancelled");
  expect((await cashier.post("/counter/close", {})).headers.location).toBe("/counter?closed=0.00");
});

test("the dashboard equals the trial balance to the rupee, in any unit and ward", async () => {
  for (const query of ["", "?unit=crore&from=2025-07-01&to=2025-07-31", "?ward=W01&service=property-tax"]) {
    const page = await checker.get(`/dashboard${query}`);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain("equals the trial balance to the rupee");
    expect(page.body).toContain("<svg");
  }
});

test("an auditor takes the whole pack away, sealed to the last entry, and it verifies; a range that ends before it begins is refused", async () => {
  const auditor = await at("auditor");
  expect((await auditor.get("/audit?from=2025-04-01&to=2025-07-31")).body).toContain("/audit/pack?from=2025-04-01");
  const answer = await auditor.get("/audit/pack?from=2025-04-01&to=2025-07-31");
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/zip"]);
  const folder = mkdtempSync(path.join(tmpdir(), "nagarkosh-office-"));
  const file = path.join(folder, "pack.zip");
  writeFileSync(file, answer.rawPayload);
  const verdict = await verifyPack(file);
  rmSync(folder, { recursive: true });
  expect([verdict.problems, verdict.manifest?.unsealedEntries]).toEqual([[], 0]);
  expect(verdict.blocks).toBeGreaterThan(0);
  expect((await auditor.get("/audit/pack?from=2025-07-31&to=2025-04-01")).statusCode).toBe(422);
  expect((await (await at("state")).get("/audit/pack?from=2025-04-01&to=2025-07-31")).statusCode).toBe(403);
});

test("an auditor takes every report away as a file, in the formats it has", async () => {
  const auditor = await at("auditor");
  const page = (await auditor.get("/audit?from=2025-04-01&to=2025-07-31")).body;
  const links = [...page.matchAll(/href="(\/audit\/export\/[^"]+)"/g)].map((m) =>
    (m[1] ?? "").replaceAll("&amp;", "&"),
  );
  expect(links.length).toBeGreaterThan(15);
  for (const link of links) {
    const file = await auditor.get(link);
    expect([link, file.statusCode]).toEqual([link, 200]);
    expect(file.rawPayload.length, link).toBeGreaterThan(10);
    expect(file.headers["content-disposition"], link).toContain("filename=");
    if (link.includes("format=pdf")) expect(file.rawPayload.subarray(0, 5).toString(), link).toBe("%PDF-");
  }
  const hledger = await auditor.get("/audit/export/journal?format=hledger&from=2025-04-01&to=2025-07-31");
  expect(hledger.body).toContain("4501001");
});

test("every page of the offices opens for the people it is for", async () => {
  const pages: readonly [Awaited<ReturnType<typeof at>>, readonly string[]][] = [
    [cashier, ["/counter", "/counter?q=PT-1", "/dashboard"]],
    [
      accountant,
      [
        "/books",
        "/books/day-book",
        "/books/trial-balance",
        "/books/accounts/4501001",
        "/books/vouchers",
        "/books/vouchers/new",
        "/books/money",
        "/books/refunds",
        "/books/periods",
        "/books/periods/2025-07",
        "/audit",
      ],
    ],
    [checker, ["/books/vouchers", "/books/refunds", "/dashboard"]],
  ];
  for (const [who, urls] of pages) {
    for (const url of urls) {
      const answer = await who.get(url);
      expect([url, answer.statusCode]).toEqual([url, 200]);
      expect(answer.body, url).toMatch(/^<!doctype html><html lang="en">/);
    }
  }
});
