import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { bookMarks } from "../../ledger/testing.ts";
import { getVoucher, listVouchers } from "../../ledger/index.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { testApp, testUlb } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const now = new Date("2026-06-15T05:00:00Z");
const app = await testApp({ clock: () => now });
const town = await testUlb(app);
const web = await createWebApp({
  app: {
    ...app,
    gateway: noGateway,
    demo: false,
    baseUrl: "http://127.0.0.1:1",
    defaultUlb: () => Promise.resolve(town.ulb),
  },
  secret: await formSecret(app),
  log: false,
});
const PASSWORD = "a long enough password";

let visitors = 0;
async function at(role: Exclude<Role, "citizen" | "system">) {
  const login = `${role}${(visitors += 1)}@test`;
  await createUser(app, { login, name: role, password: PASSWORD, roles: [{ ulb: town.ulb, role }] });
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
    upload: (url: string, fileName: string, content: Buffer, token = csrf) =>
      ask(
        "POST",
        url,
        Buffer.concat([
          Buffer.from(
            `--x\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n${token}\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="${fileName}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
          ),
          content,
          Buffer.from("\r\n--x--\r\n"),
        ]),
        "multipart/form-data; boundary=x",
      ),
  };
}
const accountant = await at("accountant");
const checker = await at("checker");
const second = await at("checker");
const admin = await at("admin");
const auditor = await at("auditor");

const rent = {
  type: "journal",
  date: "2026-06-15",
  narration: "Rent of hired premises, bill 17",
  fileNumber: "ACC/12/2026",
  sanctionNumber: "S-9",
  sanctionDate: "2026-06-01",
  rows: "6",
  "account-0": "2201001 Rent",
  "debit-0": "1,180.00",
  "function-0": "02",
  "budgetHead-0": "B7",
  "account-1": "3501003",
  "credit-1": "1180",
  "party-1": "other P-9",
  then: "submit",
};
const idIn = (answer: LightMyRequestResponse): string =>
  /([0-9a-f-]{36})$/.exec(answer.headers.location ?? "")?.[1] ?? "";
const version = (page: string): string => /name="version" value="(\d+)"/.exec(page)?.[1] ?? "";
const PDF = Buffer.from("%PDF-1.7\n1 0 obj\nendobj\n");

test("a voucher goes back and forth between its maker and a checker, and every step is on its page", async () => {
  const saved = await accountant.post("/books/vouchers", rent);
  expect(saved.statusCode, saved.body).toBe(303);
  const id = idIn(saved);
  const url = `/books/vouchers/${id}`;
  let page = (await checker.get(url)).body;
  for (const text of [
    "ACC/12/2026",
    "S-9 of 01/06/2026",
    "other P-9",
    "budget B7",
    "Approve and post",
    "of any amount",
  ])
    expect(page, text).toContain(text);
  const short = await checker.post(`${url}/send-back`, { version: version(page), reason: "no" });
  expect(short.statusCode).toBe(422);
  expect(short.body).toContain("needs a reason");
  await checker.post(`${url}/send-back`, { version: version(page), reason: "the bill is not attached" });
  page = (await accountant.get(url)).body;
  expect(page).toContain("the bill is not attached");
  // The form holds everything that the voucher holds.
  const edit = (await accountant.get(`${url}/edit`)).body;
  for (const text of ['value="other P-9"', 'value="B7"', 'value="ACC/12/2026"', 'value="1180.00"'])
    expect(edit, text).toContain(text);
  const attached = await accountant.upload(`${url}/files`, "bill 17.pdf", PDF);
  expect(attached.statusCode, attached.body).toBe(303);
  await accountant.post(`${url}/edit`, { ...rent, version: version(edit), narration: "Rent, bill 17 attached" });
  page = (await checker.get(url)).body;
  expect(page).toContain("bill 17.pdf");
  const done = await checker.post(`${url}/approve`, { version: version(page) });
  expect(done.statusCode, done.body).toBe(303);
  page = (await auditor.get(url)).body;
  for (const step of ["drafted", "submitted", "sent back", "attached", "changed", "approved"])
    expect(page, step).toContain(`>${step}</td>`);
  const voucher = await town.tx("auditor", (t) => getVoucher(t, id));
  expect(voucher.lines[1]?.party).toEqual({ type: "other", id: "P-9" });
});

test("a file is what its bytes are: a wrong one is refused beside the form, a forged form takes none, and it is saved, not shown", async () => {
  const url = `/books/vouchers/${idIn(await accountant.post("/books/vouchers", { ...rent, then: "save" }))}`;
  const wrong = await accountant.upload(`${url}/files`, "bill.pdf", Buffer.from("<html><script>alert(1)</script>"));
  expect(wrong.statusCode).toBe(422);
  expect(wrong.body).toContain("ATTACHMENT_TYPE");
  expect((await accountant.upload(`${url}/files`, "bill.pdf", PDF, "forged")).statusCode).toBe(403);
  const large = Buffer.concat([PDF, Buffer.alloc(10 * 1024 * 1024)]);
  expect((await accountant.upload(`${url}/files`, "big.pdf", large)).body).toContain("ATTACHMENT_SIZE");
  expect((await auditor.upload(`${url}/files`, "bill.pdf", PDF)).statusCode).toBe(403);
  await accountant.upload(`${url}/files`, "bill.pdf", PDF);
  const file = await auditor.get(`${url}/files/1`);
  expect([file.rawPayload.equals(PDF), file.headers["content-type"], file.headers["x-content-type-options"]]).toEqual([
    true,
    "application/pdf",
    "nosniff",
  ]);
  expect(file.headers["content-disposition"]).toBe("attachment; filename*=UTF-8''bill.pdf");
  expect((await accountant.post(`${url}/files/1/remove`)).statusCode).toBe(303);
  expect((await accountant.get(`${url}/files/1`)).statusCode).toBe(404);
});

test("limits and signatures are set by an administrator, and the checker's page says what he may do", async () => {
  expect((await accountant.post("/books/vouchers/limits", { upTo: "1" })).statusCode).toBe(403);
  const bad = await admin.post("/books/vouchers/limits", { upTo: "x", from: "2026-04-01", kind: "any" });
  expect(bad.statusCode).toBe(422);
  expect(bad.body).toMatch(/name="upTo"[^>]*value="x"/);
  const limit = { kind: "journal", upTo: "5,000", from: "2026-04-01", person: checker.login };
  expect((await admin.post("/books/vouchers/limits", limit)).statusCode).toBe(303);
  const rules = { above: "2000", days: "10", rulesFrom: "2026-04-01" };
  expect((await admin.post("/books/vouchers/rules", rules)).statusCode).toBe(303);
  const shown = (await auditor.get("/books/vouchers/limits")).body;
  for (const text of ["Two people sign above 2,000.00", "5,000.00", "A reason beyond 10 days"])
    expect(shown).toContain(text);

  const large = { ...rent, "debit-0": "5000.01", "credit-1": "5000.01" };
  const url = `/books/vouchers/${idIn(await accountant.post("/books/vouchers", large))}`;
  let page = (await checker.get(url)).body;
  expect(page).toContain("up to 5,000.00");
  expect(page).toContain("Sign first");
  expect(page).not.toContain("Approve and post");
  await checker.post(`${url}/sign`, { version: version(page) });
  page = (await checker.get(url)).body;
  expect(page).toContain("You signed first");
  const twice = await checker.post(`${url}/approve`, {
    version: /\/send-back[\s\S]*?name="version" value="(\d+)"/.exec(page)?.[1] ?? "",
  });
  expect(twice.body).toContain("SIGNATORY_TWICE");
  page = (await second.get(url)).body;
  expect((await second.post(`${url}/approve`, { version: version(page) })).statusCode).toBe(303);

  // Dated back by more than ten days: the form asks why.
  const late = await accountant.post("/books/vouchers", { ...rent, date: "2026-06-01" });
  expect(late.statusCode).toBe(422);
  expect(late.body).toContain("BACK_DATE_REASON_MISSING");
  const why = await accountant.post("/books/vouchers", {
    ...rent,
    date: "2026-06-01",
    backDateReason: "the bill came late",
  });
  expect(why.statusCode).toBe(303);
  expect((await auditor.get(why.headers.location ?? "")).body).toContain("the bill came late");
  const list = (await auditor.get("/books/vouchers?status=submitted&back=yes")).body;
  expect(list).toContain("dated back");
  await admin.post("/books/vouchers/rules", { above: "", days: "", rulesFrom: "2026-04-02" });
});

test("an event is found, filled in, shown before it is booked, and becomes drafts; what is refused keeps what was typed", async () => {
  const all = (await auditor.get("/books/vouchers/templates")).body;
  expect(all.match(/href="\/books\/vouchers\/templates\/[A-Z]{2}-\d{2}"/g)).toHaveLength(110);
  const found = (await accountant.get("/books/vouchers/templates?q=mobilisation")).body;
  expect(found).toContain("/books/vouchers/templates/BL-01");
  expect(found).not.toContain("/books/vouchers/templates/PT-01");
  const url = "/books/vouchers/templates/PT-01";
  const form = (await accountant.get(url)).body;
  for (const text of ["general tax", "4311001", 'id="accounts-2"', "Year of the demand", "Show the entries"])
    expect(form, text).toContain(text);
  expect((await auditor.get(url)).body).not.toContain("Show the entries");

  const filled = { date: "2026-06-15", year: "2026-27", "amount-2-0": "1,100", "amount-7-0": "88" };
  const before = await bookMarks(app, town.ulb);
  const preview = await accountant.post(url, { ...filled, then: "preview" });
  expect(preview.statusCode, preview.body).toBe(200);
  for (const text of ["Would be posted as it stands", "1,188.00", "1,100.00", 'value="1,100"'])
    expect(preview.body).toContain(text);
  const wrong = await accountant.post(url, { ...filled, year: "", then: "save" });
  expect(wrong.statusCode).toBe(422);
  expect(wrong.body).toContain("TEMPLATE_DIMENSION_MISSING");
  expect(wrong.body).toContain('value="1,100"');
  const late = await accountant.post(url, { ...filled, date: "2031-01-01", then: "preview" });
  expect(late.body).toContain("PERIOD_MISSING");
  expect(await bookMarks(app, town.ulb)).toEqual(before);

  // Arrears of two years are two lines of one leg.
  const more = await accountant.post("/books/vouchers/templates/PT-03", { then: "more-2", "amount-2-0": "10" });
  expect(more.body).toContain('name="amount-2-1"');
  const made = await accountant.post("/books/vouchers/templates/PT-03", {
    date: "2026-06-15",
    "rows-2": "2",
    "amount-2-0": "10",
    "year-2-0": "2025-26",
    "amount-2-1": "20",
    "year-2-1": "2026-27",
    then: "submit",
  });
  expect(made.statusCode, made.body).toBe(303);
  const voucher = await town.tx("auditor", (t) => getVoucher(t, idIn(made)));
  expect([voucher.template, voucher.status, voucher.lines.map((l) => [l.account, l.amount, l.demandYear])]).toEqual([
    "PT-03",
    "submitted",
    [
      ["4501001", 3000n, undefined],
      ["4311001", 1000n, "2025-26"],
      ["4311001", 2000n, "2026-27"],
    ],
  ]);

  const two = await accountant.post("/books/vouchers/templates/BL-06", {
    date: "2026-06-15",
    party: "contractor C-0012",
    "amount-1-0": "100",
    "amount-3-0": "40",
    then: "save",
  });
  expect(two.headers.location).toBe("/books/vouchers?status=draft");
  const drafts = await town.tx("auditor", (t) => listVouchers(t, "draft", { search: "advance" }));
  expect(drafts.map((v) => v.voucher).sort()).toEqual(["journal", "payment"]);
  expect((await accountant.get("/books/vouchers/templates/XX-99")).statusCode).toBe(404);
});

test("an entry is reversed on request of the accountant, with a reason, by the word of a checker", async () => {
  const url = `/books/vouchers/${idIn(await accountant.post("/books/vouchers", rent))}`;
  await checker.post(`${url}/approve`, { version: "2" });
  const entry = /href="(\/books\/entries\/\d+)"/.exec((await auditor.get(url)).body)?.[1] ?? "";
  expect((await checker.get(entry)).body).toContain("a checker approves it");
  expect((await accountant.get(entry)).body).toContain("Wrong head of account");
  expect((await checker.post(`${entry}/reverse`, {})).statusCode).toBe(403);
  const asked = { date: "2026-06-15", reason: "duplicate", remarks: "Bill 17 was booked twice" };
  const short = await accountant.post(`${entry}/reverse`, { ...asked, remarks: "x" });
  expect([short.statusCode, short.body.includes("needs a reason")]).toEqual([422, true]);
  const sent = await accountant.post(`${entry}/reverse`, asked);
  expect(sent.statusCode, sent.body).toBe(303);
  expect((await accountant.post(`${entry}/reverse`, asked)).body).toContain("REVERSAL_UNDER_WAY");
  const mirror = sent.headers.location ?? "";
  const page = (await checker.get(mirror)).body;
  expect(page).toContain("Entered twice");
  expect((await checker.post(`${mirror}/approve`, { version: version(page) })).statusCode).toBe(303);
  expect((await auditor.get(entry)).body).toContain("This entry was reversed by");
});

test("a voucher that comes again is drafted once for each day that is due, by a button", async () => {
  const id = idIn(await accountant.post("/books/vouchers", { ...rent, then: "save" }));
  const bad = await accountant.post(`/books/vouchers/${id}/repeat`, {
    every: "month",
    day: "40",
    from: "2026-04-01",
    title: "Rent",
  });
  expect(bad.body).toContain("RECURRING_RANGE");
  const repeat = { every: "month", day: "10", from: "2026-04-01", to: "", title: "Rent of the ward office" };
  expect((await accountant.post(`/books/vouchers/${id}/repeat`, repeat)).headers.location).toBe(
    "/books/vouchers/recurring",
  );
  const due = (await auditor.get("/books/vouchers/recurring")).body;
  for (const day of ["10/04/2026", "10/05/2026", "10/06/2026"]) expect(due).toContain(day);
  expect((await auditor.get("/books/vouchers")).body).toContain("(3 due)");
  expect((await accountant.post("/books/vouchers/recurring/draft")).headers.location).toContain("done=drafted-3");
  expect((await accountant.post("/books/vouchers/recurring/draft")).headers.location).toContain("done=drafted-0");
  const drafted = (await town.tx("auditor", (t) => listVouchers(t, "draft"))).filter((v) => v.recurring);
  const recurring = drafted[0]?.recurring?.id ?? "";
  const stopped = await accountant.post(`/books/vouchers/recurring/${recurring}/stop`, { reason: "the office moved" });
  expect(stopped.statusCode).toBe(303);
  expect((await auditor.get("/books/vouchers/recurring")).body).toContain("the office moved");
});

test("an accrual whose next month is not open waits on the page, and is reversed by a button when it is", async () => {
  const month = (status: string) =>
    town.tx("admin", (t) =>
      t.query("update ledger.periods set status = :status where ulb_id = :ulb and period = '2026-06'", {
        ulb: town.ulb.id,
        status,
      }),
    );
  await month("closed");
  const accrual = { ...rent, date: "2026-05-31", narration: "Electricity of May", autoReverseOn: "2026-06-01" };
  const saved = await accountant.post("/books/vouchers", accrual);
  const url = `/books/vouchers/${idIn(saved)}`;
  expect((await second.post(`${url}/approve`, { version: "2" })).statusCode).toBe(303);
  expect((await auditor.get(url)).body).toContain("on 01/06/2026");
  const desk = "/books/vouchers/recurring";
  expect((await accountant.get(desk)).body).toContain("Electricity of May");
  expect((await accountant.post(`${desk}/reverse`)).headers.location).toContain("done=posted-0");
  await month("open");
  const close = (active: boolean) =>
    town.tx("admin", (t) =>
      t.query("update ledger.accounts set is_active = :active where ulb_id = :ulb and code = '2201001'", {
        ulb: town.ulb.id,
        active,
      }),
    );
  await close(false);
  const refused = await accountant.post(`${desk}/reverse`);
  expect([refused.statusCode, refused.body.includes("ACCOUNT_INACTIVE")]).toEqual([409, true]);
  await close(true);
  expect((await accountant.post(`${desk}/reverse`)).headers.location).toContain("done=posted-1");
  expect((await auditor.get(url)).body).toContain("posted</a>");
});

test("lists go page by page, and every page of the desk opens for those who may read the books", async () => {
  for (let i = 0; i < 101; i++)
    await accountant.post("/books/vouchers", { ...rent, narration: `Many ${i}`, then: "save" });
  const first = (await auditor.get("/books/vouchers?status=draft&q=Many")).body;
  const next = /href="([^"]*after=[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(first.match(/>Many \d+</g)).toHaveLength(100);
  expect((await auditor.get(next)).body.match(/>Many \d+</g)).toHaveLength(1);
  for (const status of ["draft", "submitted", "sent-back", "approved", "rejected", "cancelled"])
    expect(
      (await auditor.get(`/books/vouchers?status=${status}&type=journal&from=2026-01-01&to=2026-12-31`)).statusCode,
    ).toBe(200);
  expect((await auditor.get("/books/vouchers?from=yesterday")).statusCode).toBe(422);
  for (const url of ["/books/vouchers/templates/IU-01", "/books/vouchers/templates/OB-01", "/books/vouchers/new"])
    expect((await accountant.get(url)).statusCode, url).toBe(200);
});
