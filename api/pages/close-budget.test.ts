import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testBillingUlb } from "../../billing/testing.ts";
import {
  cr,
  dr,
  listPeriodEvents,
  periodStatus,
  postEntries,
  postEntry,
  yearStatus,
  type EntryDraft,
} from "../../ledger/index.ts";
import { financialYear, localDate, period, periodsOf } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const app = await testApp({ clock: () => new Date("2026-04-10T05:00:00Z") });
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
const FY = financialYear("2025-26");

let visitors = 0;
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
      remoteAddress: `10.2.0.${visitors}`,
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
    login,
    get: (url: string) => ask("GET", url),
    post: (url: string, fields: Record<string, string> = {}) => form(url, csrf, fields),
    upload: (url: string, csv: string, token = csrf) =>
      ask(
        "POST",
        url,
        Buffer.from(
          `--x\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n${token}\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="budget.csv"\r\ncontent-type: text/csv\r\n\r\n${csv}\r\n--x--\r\n`,
        ),
        "multipart/form-data; boundary=x",
      ),
  };
}
let made = 0;
const entry = (date: string, lines: EntryDraft["lines"], voucher: EntryDraft["voucher"] = "journal"): EntryDraft => ({
  voucher,
  date: localDate(date),
  narration: "Entry of a test",
  source: { type: "test", id: `t-${(made += 1)}` },
  lines,
});
await city.tx("accountant", (tx) =>
  postEntries(tx, [
    entry("2025-05-10", [dr("3501001", rupees("1000")), cr("1808002", rupees("1000"), { function: "00" })]),
    entry("2025-06-10", [dr("2201001", rupees("400"), { function: "00" }), cr("3501001", rupees("400"))]),
    entry("2026-04-01", [dr("4501001", rupees("750")), cr("3501001", rupees("750"))], "receipt"),
  ]),
);
const accountant = await at("accountant");
const checker = await at("checker");
const admin = await at("admin");
const auditor = await at("auditor");
const ok = (answer: LightMyRequestResponse): void =>
  expect([answer.statusCode, answer.body.slice(0, 400)]).toEqual([303, ""]);

test("a month is closed in the browser: the checklist shows every item, an attestation is signed and shown, the close and its figures are kept", async () => {
  const page = await accountant.get("/books/periods/2025-04");
  expect(page.statusCode).toBe(200);
  for (const shown of ["M-01", "M-04", "revenue officer", "Nobody has attested it yet", "Dry run: every check holds"])
    expect(page.body).toContain(shown);
  const refused = await accountant.post("/books/periods/2025-04/attest", {
    item: "M-05",
    verdict: "done",
    remark: "",
    signedAs: "K. Iyer",
  });
  expect([
    refused.statusCode,
    refused.body.includes("ATTESTATION_REMARK"),
    refused.body.includes('value="K. Iyer"'),
  ]).toEqual([422, true, true]);
  ok(
    await accountant.post("/books/periods/2025-04/attest", {
      item: "M-05",
      verdict: "nil",
      remark: "nothing was due",
      signedAs: "K. Iyer, Accountant",
    }),
  );
  expect((await auditor.get("/books/periods/2025-04")).body).toContain("nothing was due (K. Iyer, Accountant");
  ok(await accountant.post("/books/periods/2025-04/close"));
  const closed = await auditor.get("/books/periods/2025-04");
  expect(closed.body).toContain("Every close and reopening");
  expect((await auditor.post("/books/periods/2025-04/reopen", { reason: "looked at again" })).statusCode).toBe(403);
  expect((await accountant.post("/books/periods/2025-04/reopen", { reason: "looked at again" })).statusCode).toBe(403);
  ok(await checker.post("/books/periods/2025-04/reopen", { reason: "looked at again" }));
  ok(await checker.post("/books/periods/2025-04/close"));
  const events = await city.tx("auditor", (tx) => listPeriodEvents(tx, "2025-04"));
  expect(events.map((e) => [e.event, e.actor])).toEqual([
    ["closed", accountant.login],
    ["reopened", checker.login],
    ["closed", checker.login],
  ]);
});

test("an administrator makes an item compulsory with a reason; the month then waits for the attestation", async () => {
  expect((await accountant.post("/books/periods/settings", { item: "M-03" })).statusCode).toBe(403);
  const refused = await admin.post("/books/periods/settings", {
    item: "M-03",
    computed: "warn",
    attestation: "refuse",
    reason: "",
  });
  expect([refused.statusCode, refused.body.includes("REASON_MISSING")]).toEqual([422, true]);
  ok(
    await admin.post("/books/periods/settings", {
      item: "M-03",
      computed: "warn",
      attestation: "refuse",
      reason: "audit para 4",
    }),
  );
  const blocked = await accountant.post("/books/periods/2025-05/close");
  expect([blocked.statusCode, blocked.body.includes("M-03")]).toEqual([409, true]);
  ok(
    await accountant.post("/books/periods/2025-05/attest", {
      item: "M-03",
      verdict: "nil",
      remark: "no stores here",
      signedAs: "K. Iyer",
    }),
  );
  ok(await accountant.post("/books/periods/2025-05/close"));
  ok(
    await admin.post("/books/periods/settings", {
      item: "M-03",
      computed: "warn",
      attestation: "warn",
      reason: "audit para settled",
    }),
  );
});

test("a year is closed by two people in the browser, reopened with a reason, closed again, compared, and marked as audited for ever", async () => {
  expect((await accountant.get("/books/years")).body).toContain("/books/years/2025-26");
  const early = await accountant.post("/books/years/2025-26/propose", { proposalRemark: "done" });
  expect([early.statusCode, early.body.includes("YEAR_CLOSE_REFUSED"), early.body.includes('value="done"')]).toEqual([
    409,
    true,
    true,
  ]);
  for (const month of periodsOf(FY).slice(2, 11)) ok(await accountant.post(`/books/periods/${month}/close`));
  expect((await checker.post("/books/years/2025-26/propose")).statusCode).toBe(403);
  ok(await accountant.post("/books/years/2025-26/propose", { proposalRemark: "all done" }));
  expect((await accountant.post("/books/years/2025-26/close")).statusCode).toBe(403);
  const waiting = await checker.get("/books/years/2025-26");
  expect(waiting.body).toContain("Approve and close 2025-26");
  ok(await checker.post("/books/years/2025-26/close"));
  const closed = await auditor.get("/books/years/2025-26");
  for (const shown of [
    "closed, provisional",
    "600.00",
    `prepared by ${accountant.login}, approved by ${checker.login}`,
  ])
    expect(closed.body).toContain(shown);
  expect((await city.tx("auditor", (tx) => periodStatus(tx, period("2026-03")))).status).toBe("closed");
  const month = await checker.post("/books/periods/2026-02/reopen", { reason: "a bill was found" });
  expect([month.statusCode, month.body.includes("YEAR_CLOSED")]).toEqual([409, true]);

  ok(await checker.post("/books/years/2025-26/reopen", { reason: "a bill of February was found" }));
  ok(await checker.post("/books/periods/2026-02/reopen", { reason: "a bill of February was found" }));
  await city.tx("accountant", (tx) =>
    postEntry(tx, entry("2026-02-20", [dr("2201001", rupees("60"), { function: "00" }), cr("3501001", rupees("60"))])),
  );
  ok(await accountant.post("/books/periods/2026-02/close"));
  ok(await accountant.post("/books/years/2025-26/propose"));
  ok(await checker.post("/books/years/2025-26/close"));
  const twice = await checker.get("/books/years/2025-26");
  for (const shown of [
    "What changed from version 1 to version 2",
    "2201001",
    "Entries that did it",
    "a bill of February was found",
  ])
    expect(twice.body).toContain(shown);
  expect((await checker.get("/books/years/2025-26?fromVersion=1&toVersion=7")).body).toContain("VERSION_NOT_FOUND");

  const bare = await checker.post("/books/years/2025-26/audited", { certificate: "", auditor: "Local Fund Audit" });
  expect([
    bare.statusCode,
    bare.body.includes("CERTIFICATE_MISSING"),
    bare.body.includes('value="Local Fund Audit"'),
  ]).toEqual([422, true, true]);
  ok(
    await checker.post("/books/years/2025-26/audited", {
      certificate: "LFA/118",
      certificateDate: "2026-04-09",
      auditor: "Local Fund Audit",
    }),
  );
  const again = await checker.post("/books/years/2025-26/reopen", { reason: "an error was found" });
  expect([again.statusCode, again.body.includes("YEAR_AUDITED"), again.body.includes("/books/vouchers/new")]).toEqual([
    409,
    true,
    true,
  ]);
  expect((await city.tx("auditor", (tx) => yearStatus(tx, FY))).status).toBe("audited");
});

test("a day is counted, signed and closed; the refusal keeps what was counted; the checker opens it again with a reason", async () => {
  const refused = await accountant.post("/books/days/2026-04-09/close", { d500: "1", signedAs: "K. Iyer" });
  expect([
    refused.statusCode,
    refused.body.includes("DAY_COUNT_DIFFERS"),
    /name="d500"[^>]*value="1"|value="1"[^>]*name="d500"/.test(refused.body),
  ]).toEqual([409, true, true]);
  const wrong = await accountant.post("/books/days/2026-04-09/close", { d500: "one", signedAs: "K. Iyer" });
  expect([wrong.statusCode, wrong.body.includes("DAY_COUNT_FORM")]).toEqual([422, true]);
  ok(
    await accountant.post("/books/days/2026-04-09/close", {
      d500: "1",
      d200: "1",
      d50: "1",
      signedAs: "K. Iyer, Accountant",
    }),
  );
  const page = await auditor.get("/books/days?day=2026-04-09");
  for (const shown of ["signed up to 09/04/2026", "K. Iyer, Accountant", "750.00"]) expect(page.body).toContain(shown);
  expect((await accountant.post("/books/days/2026-04-09/reopen", { reason: "a receipt was found" })).statusCode).toBe(
    403,
  );
  ok(await checker.post("/books/days/2026-04-09/reopen", { reason: "a receipt was found" }));
  expect((await auditor.get("/books/days?month=2026-04")).body).toContain("a receipt was found");
});

test("a budget is uploaded, moved by two people, committed and held at posting; what was typed stays beside a refusal", async () => {
  const csv = `fy,budget_head,account_prefix,function,fund,version,amount,sanction,date
2026-27,GA-01,2201,00,01,original,1000,Resolution 12,2026-04-01
2026-27,GA-02,2301,00,01,original,500,Resolution 12,2026-04-01
`;
  const at = "/books/budget/2026-27";
  expect((await auditor.get("/books/budget")).body).toContain("No budget of expenditure was entered for 2026-27");
  expect((await accountant.upload(`${at}/file`, csv, "no token")).statusCode).toBe(403);
  const bad = await accountant.upload(`${at}/file`, csv.replace("1000", "10.001"));
  expect([bad.statusCode, bad.body.includes("MONEY_DECIMALS")]).toEqual([422, true]);
  const taken = await accountant.upload(`${at}/file`, csv);
  expect([taken.statusCode, taken.body.includes("2 rows, 2 added")]).toEqual([200, true]);
  const page = await accountant.get("/books/budget?fy=2026-27");
  const lines = [...page.body.matchAll(/\/books\/budget\/2026-27\/lines\/(\d+)">(GA-0\d)/g)].map((m) => m[1] ?? "");
  expect(lines).toHaveLength(2);
  expect((await auditor.get(`${at}/lines/${lines[0]}`)).body).toContain("/books/accounts/2201001?");
  expect((await auditor.get(`${at}/lines/999999`)).statusCode).toBe(404);

  const ask = {
    from: lines[0] ?? "",
    to: lines[1] ?? "",
    sanction: "Resolution 40",
    why: "roads after the rains",
    inForceFrom: "2026-04-10",
  };
  const over = await accountant.post(`${at}/reappropriate`, { ...ask, amount: "1,000.01" });
  expect([
    over.statusCode,
    over.body.includes("REAPPROPRIATION_OVER_BALANCE"),
    over.body.includes('value="1,000.01"'),
  ]).toEqual([409, true, true]);
  ok(await accountant.post(`${at}/reappropriate`, { ...ask, amount: "200" }));
  const waiting = await checker.get("/books/budget?fy=2026-27");
  const id = /<option value="([0-9a-f-]{36})"/.exec(waiting.body)?.[1] ?? "";
  expect((await accountant.post(`${at}/decide`, { id, then: "approve" })).statusCode).toBe(403);
  ok(await checker.post(`${at}/decide`, { id, then: "approve" }));

  expect((await accountant.post(`${at}/setting`, { mode: "refuse" })).statusCode).toBe(403);
  const unsure = await admin.post(`${at}/setting`, { mode: "refuse", threshold: "0", settingReason: "resolution 13" });
  expect([unsure.statusCode, unsure.body.includes("BUDGET_SETTING")]).toEqual([422, true]);
  ok(
    await admin.post(`${at}/setting`, {
      mode: "refuse",
      threshold: "100",
      allows: "yes",
      covers: "no",
      settingReason: "resolution 13",
    }),
  );
  const order = {
    reference: "WO/1",
    description: "Hire",
    account: "2201001",
    function: "00",
    commitDate: "2026-04-10",
  };
  const tooMuch = await accountant.post(`${at}/commit`, { ...order, commitAmount: "801" });
  expect([tooMuch.statusCode, tooMuch.body.includes("BUDGET_EXCEEDED")]).toEqual([409, true]);
  ok(await accountant.post(`${at}/commit`, { ...order, commitAmount: "500" }));
  await expect(
    city.tx("accountant", (tx) =>
      postEntry(
        tx,
        entry("2026-04-10", [dr("2201001", rupees("301"), { function: "00" }), cr("3501001", rupees("301"))]),
      ),
    ),
  ).rejects.toThrow(
    /BUDGET_EXCEEDED: .*sanctioned 800.00, spent 0.00, committed 500.00, this entry 301.00, short by 1.00/,
  );
  const commitment =
    /name="commitment"><option value="([0-9a-f-]{36})"/.exec(
      (await checker.get("/books/budget?fy=2026-27")).body,
    )?.[1] ?? "";
  ok(await checker.post(`${at}/release`, { commitment, releaseReason: "the order was given up" }));
});

test("readers see every page of closing and budget, and nobody else does", async () => {
  const cashier = await at("cashier");
  for (const url of [
    "/books/periods",
    "/books/periods/settings",
    "/books/periods/2026-04",
    "/books/years",
    "/books/years/2026-27",
    "/books/days",
    "/books/budget",
  ]) {
    for (const who of [accountant, checker, auditor, admin]) {
      const answer = await who.get(url);
      expect([url, who.login, answer.statusCode]).toEqual([url, who.login, 200]);
      expect(answer.body).toMatch(/^<!doctype html><html lang="en">/);
      // A label belongs to one field.
      const ids = [...answer.body.matchAll(/ id="(f-[^"]+)"/g)].map((m) => m[1]);
      expect([url, ids.filter((id, i) => ids.indexOf(id) !== i)]).toEqual([url, []]);
    }
    expect([url, (await cashier.get(url)).statusCode]).toEqual([url, 403]);
  }
});
