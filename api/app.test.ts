import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testBillingUlb, testConsumer, testDemand } from "../billing/testing.ts";
import { knownErrors } from "../ledger/kernel/errors.ts";
import { postEntry, cr, dr, openFinancialYear, periodStatus } from "../ledger/index.ts";
import { financialYear, localDate, period } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import { testApp } from "../ledger/testing.ts";
import { createWebApp, formSecret } from "./app.ts";
import { noGateway } from "./gateway.ts";
import { CATALOGUES, HINDI_REFUSALS } from "./pages/i18n.ts";
import { createUser } from "./users.ts";
import type { WebApp } from "./web-app.ts";

let now = new Date("2026-07-15T05:00:00Z");
const app = await testApp({ clock: () => now });
const city = await testBillingUlb(app);
const webApp: WebApp = {
  ...app,
  gateway: noGateway,
  demo: false,
  baseUrl: "http://127.0.0.1:1",
  defaultUlb: () => Promise.resolve(city.ulb),
};
const web = await createWebApp({ app: webApp, secret: await formSecret(app), log: false });
const PASSWORD = "a long enough password";
for (const role of ["cashier", "accountant", "checker", "auditor", "admin"] as const) {
  await createUser(app, { login: `${role}@test`, name: role, password: PASSWORD, roles: [{ ulb: city.ulb, role }] });
}
const consumer = await city.tx("accountant", async (tx) => {
  const made = await testConsumer(tx, { code: "PT-1-00001" });
  await testDemand(tx, made, "1000+80");
  await openFinancialYear(tx, financialYear("2026-27"));
  return made;
});
const entry = await city.tx("accountant", (tx) =>
  postEntry(tx, {
    voucher: "opening",
    date: localDate("2025-04-01"),
    narration: "Opening balance of the bank",
    source: { type: "opening-balance", id: "bank" },
    lines: [dr("4502101", rupees("1000")), cr("3101001", rupees("1000"))],
  }),
);

const HTML = { accept: "text/html" };
type Jar = Map<string, string>;

/** One browser: keeps its cookies, finds the token in the form it was shown. */
function browser() {
  const jar: Jar = new Map();
  const ask = async (options: InjectOptions): Promise<LightMyRequestResponse> => {
    const answer = await web.inject({
      remoteAddress: `10.0.0.${Math.floor(Math.random() * 250) + 1}`,
      ...options,
      headers: { ...HTML, ...options.headers },
      cookies: Object.fromEntries(jar),
    });
    for (const c of answer.cookies as { name: string; value: string }[]) {
      if (c.value === "") jar.delete(c.name);
      else jar.set(c.name, c.value);
    }
    return answer;
  };
  const tokenAt = async (url: string): Promise<string> =>
    /name="_csrf" value="([^"]+)"/.exec((await ask({ url })).body)?.[1] ?? "";
  const post = (url: string, fields: Record<string, string>) =>
    ask({
      method: "POST",
      url,
      payload: new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
  return {
    jar,
    ask,
    post,
    tokenAt,
    signIn: async (login: string, password = PASSWORD) =>
      post("/signin", { _csrf: await tokenAt("/signin"), login, password, next: "/" }),
  };
}

test("both languages say everything, with the same values in every sentence", () => {
  expect(Object.keys(CATALOGUES.hi)).toEqual(Object.keys(CATALOGUES.en));
  const values = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "").sort();
  for (const [key, english] of Object.entries(CATALOGUES.en)) {
    const hindi = CATALOGUES.hi[key as keyof typeof CATALOGUES.hi];
    expect([key, values(hindi)]).toEqual([key, values(english)]);
    expect(hindi.trim(), key).not.toBe("");
  }
});

test("every refusal that is said in Hindi is a refusal that exists", () => {
  const known = knownErrors();
  expect(Object.keys(HINDI_REFUSALS).filter((code) => !known.has(code))).toEqual([]);
});

test("the session's cookie is out of reach of scripts and of other sites, and the table holds no more than its hash", async () => {
  const b = browser();
  const answer = await b.signIn("accountant@test");
  expect(answer.statusCode).toBe(303);
  const cookie = (answer.cookies as { name: string; httpOnly?: boolean; sameSite?: string; value: string }[]).find(
    (c) => c.name === "session",
  );
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const { rows } = await app.db.batch.query<{ row: string }>("select s::text as row from api.sessions s");
  expect(rows.length).toBeGreaterThan(0);
  for (const { row } of rows) expect(row).not.toContain(cookie?.value);
});

test("signing out ends the session on the server, not only in the browser", async () => {
  const b = browser();
  await b.signIn("accountant@test");
  const stolen = new Map(b.jar);
  const out = await b.post("/signout", { _csrf: await b.tokenAt("/books") });
  expect(out.statusCode).toBe(303);
  const thief = browser();
  for (const [k, v] of stolen) thief.jar.set(k, v);
  expect((await thief.ask({ url: "/books" })).statusCode).toBe(303);
});

test("a session that was idle for an hour is over", async () => {
  const b = browser();
  await b.signIn("auditor@test");
  expect((await b.ask({ url: "/books" })).statusCode).toBe(200);
  now = new Date(now.getTime() + 61 * 60_000);
  const later = await b.ask({ url: "/books" });
  expect(later.statusCode).toBe(303);
  expect(later.headers.location).toBe("/signin?next=%2Fbooks");
});

test("a form without this session's token is refused and does nothing, however it is encoded", async () => {
  const b = browser();
  await b.signIn("accountant@test");
  const other = browser();
  const foreign = await other.tokenAt("/signin");
  const at = "/books/periods/2025-04/close";
  const boundary = "x-x-x";
  const multipart = `--${boundary}\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--${boundary}--\r\n`;
  const attempts: InjectOptions[] = [
    { payload: "", headers: { "content-type": "application/x-www-form-urlencoded" } },
    { payload: `_csrf=${foreign}`, headers: { "content-type": "application/x-www-form-urlencoded" } },
    { payload: "_csrf[]=a&_csrf[]=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
    { payload: multipart, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } },
    { payload: "_csrf=x", headers: { "content-type": "text/plain" } },
    { payload: '{"_csrf":"x"}', headers: { "content-type": "application/json" } },
    {},
  ];
  for (const attempt of attempts) {
    const answer = await b.ask({ method: "POST", url: at, ...attempt });
    expect([attempt.headers?.["content-type"] ?? "no body", answer.statusCode]).toEqual([
      attempt.headers?.["content-type"] ?? "no body",
      403,
    ]);
    expect(answer.body).toContain("FORM_EXPIRED");
  }
  expect((await city.tx("accountant", (tx) => periodStatus(tx, period("2025-04")))).status).toBe("open");
});

test("an upload carries its token among its parts, and is refused without it", async () => {
  const b = browser();
  await b.signIn("accountant@test");
  const boundary = "x-x-x";
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\ncontent-type: text/csv\r\n\r\na,b\r\n--${boundary}--\r\n`;
  const answer = await b.ask({
    method: "POST",
    url: "/books/bank/4502101/statement",
    payload: file,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  });
  expect(answer.statusCode).toBe(403);
  expect(answer.body).toContain("FORM_EXPIRED");
});

test("each part is open to its own people: others are refused, strangers are asked to sign in and are led back", async () => {
  const rows: [string, string, number][] = [
    ["cashier@test", "/books", 403],
    ["cashier@test", "/books/vouchers/new", 403],
    ["cashier@test", "/audit", 403],
    ["auditor@test", "/counter", 403],
    ["auditor@test", "/books", 200],
    ["accountant@test", "/counter", 403],
    ["cashier@test", "/counter", 200],
    ["auditor@test", "/dashboard", 200],
  ];
  for (const [login, url, status] of rows) {
    const b = browser();
    await b.signIn(login);
    expect([login, url, (await b.ask({ url })).statusCode]).toEqual([login, url, status]);
  }
  const stranger = await browser().ask({ url: "/books/trial-balance?from=2026-04-01" });
  expect(stranger.statusCode).toBe(303);
  expect(stranger.headers.location).toBe("/signin?next=%2Fbooks%2Ftrial-balance%3Ffrom%3D2026-04-01");
});

test("an auditor changes nothing: every form of the books refuses him", async () => {
  const b = browser();
  await b.signIn("auditor@test");
  const token = await b.tokenAt("/books");
  for (const url of [
    "/books/vouchers",
    "/books/periods/2025-04/close",
    "/books/periods/2025-04/reopen",
    `/books/entries/${entry.id}/reverse`,
    "/counter/open",
    "/counter/close",
  ]) {
    expect([url, (await b.post(url, { _csrf: token, reason: "for no reason" })).statusCode]).toEqual([url, 403]);
  }
});

test("after the sign-in nobody is led to another site", async () => {
  for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
    const b = browser();
    const token = await b.tokenAt("/signin");
    const answer = await b.post("/signin", { _csrf: token, login: "auditor@test", password: PASSWORD, next });
    expect([next, answer.headers.location]).toEqual([next, "/audit"]);
  }
});

test("after eight wrong passwords the account is shut for ten minutes, for the right one too", async () => {
  const b = browser();
  for (let i = 0; i < 8; i++) expect((await b.signIn("admin@test", "wrong password")).statusCode).toBe(401);
  expect((await b.signIn("admin@test")).statusCode).toBe(401);
  now = new Date(now.getTime() + 11 * 60_000);
  expect((await b.signIn("admin@test")).statusCode).toBe(303);
});

test("who tries passwords fast is slowed down and told so", async () => {
  const b = browser();
  const token = await b.tokenAt("/signin");
  const statuses = new Set<number>();
  let last = "";
  for (let i = 0; i < 25; i++) {
    const answer = await b.ask({
      method: "POST",
      url: "/signin",
      remoteAddress: "10.9.9.9",
      payload: new URLSearchParams({ _csrf: token, login: "nobody@test", password: "guess" }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    statuses.add(answer.statusCode);
    last = answer.body;
  }
  expect([...statuses].sort()).toEqual([401, 429]);
  expect(last).toMatch(/too many/i);
});

test("a program with a session's cookie may read; a cookie that is no session's is refused, not a failure of ours", async () => {
  const b = browser();
  await b.signIn("accountant@test");
  const json = { accept: "application/json" };
  expect((await b.ask({ url: "/v1/periods", headers: json })).statusCode).toBe(200);
  const stranger = browser();
  stranger.jar.set("session", "AAAAAAAAAAAAAAAAAAAAAAAAAAA");
  const refused = await stranger.ask({ url: "/v1/periods", headers: json });
  expect(refused.statusCode).toBe(401);
  expect(refused.headers["content-type"]).toContain("application/problem+json");
});

test("addresses and dates that make no sense are answered as such: never with a failure, never with SQL", async () => {
  const b = browser();
  await b.signIn("accountant@test");
  const nonsense = ["%00", "%27%3B--", "999999999999999999999999", "-1", "%F0%9F%98%80", "x".repeat(300)];
  const addresses = [
    ...nonsense.flatMap((x) => [
      `/books/entries/${x}`,
      `/books/accounts/${x}`,
      `/books/vouchers/${x}`,
      `/books/receipts/${x}`,
      `/books/periods/${x}`,
      `/books/bank/${x}`,
      `/books/bank/${x}/brs`,
      `/receipt/${x}`,
      `/receipt/${x}/pdf`,
      `/pay/${x}`,
      `/pay/checkout/${x}`,
      `/pay/processing/${x}`,
      `/pay?q=${x}`,
      `/pay/search?q=${x}&service=${x}`,
      `/books/day-book?from=${x}`,
      `/books/day-book?after=${x}`,
      `/books/trial-balance?from=2026-04-01&to=2026-04-30&fund=${x}`,
      `/books/accounts/4502101?page=${x}`,
      `/dashboard?ward=${x}&service=${x}&unit=${x}`,
      `/audit/export/${x}`,
      `/audit/export/trial-balance?format=${x}`,
      `/audit/export/account-ledger?format=csv&account=${x}&from=2026-04-01&to=2026-04-30`,
      `/signin?login=${x}&next=${x}`,
    ]),
    "/books/trial-balance?from=2026-02-30",
    "/books/trial-balance?from=2026-07-31&to=2026-07-01",
    "/dashboard?from=2026-07-31&to=2026-07-01",
    "/books/day-book?from=a&from=b",
    "/pay?q=a&q=b",
    "/pay?q[]=a",
  ];
  const wrong: string[] = [];
  for (const url of addresses) {
    const answer = await b.ask({ url }).catch((error: unknown) => String(error));
    if (typeof answer === "string") {
      wrong.push(`${answer} ${url}`);
      continue;
    }
    if (answer.statusCode >= 500) wrong.push(`${answer.statusCode} ${url}`);
    if (
      /invalid input|syntax error at|\b(ledger|billing|collections|reconciliation|api)\.[a-z_]+\b/i.test(answer.body)
    ) {
      wrong.push(`SQL at ${url}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("a failure of ours says a number to report and nothing of its cause", async () => {
  const broken = await createWebApp({
    app: { ...webApp, defaultUlb: () => Promise.reject(new Error("select secret from ledger.ulbs")) },
    secret: "s",
    log: false,
  });
  for (const accept of ["text/html", "application/json"]) {
    const answer = await broken.inject({ url: "/pay", headers: { accept } });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("secret");
  }
  await broken.close();
});

test("pages allow no script and no style but our own files, and are not kept by anybody between", async () => {
  const answer = await browser().ask({ url: `/pay/${consumer.id}` });
  const policy = String(answer.headers["content-security-policy"]);
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer.body).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(answer.body).not.toMatch(/\son\w+=|<style/);
});

test("people get pages and programs get problem details for the same thing that is not there", async () => {
  const page = await browser().ask({ url: "/nothing" });
  expect(page.statusCode).toBe(404);
  expect(page.headers["content-type"]).toContain("text/html");
  const problem = await web.inject({ url: "/v1/nothing" });
  expect(problem.statusCode).toBe(404);
  expect(problem.headers["content-type"]).toContain("application/problem+json");
});

test("the language that was chosen stays, and refusals follow it", async () => {
  const b = browser();
  expect((await b.ask({ url: "/pay?lang=hi" })).body).toContain('<html lang="hi">');
  const refused = await b.ask({ url: "/receipt/AAAAAAAAAAAAAAAAAAAAAAAAAAA" });
  expect(refused.statusCode).toBe(404);
  expect(refused.body).toContain("ऐसी कोई रसीद नहीं है");
});
