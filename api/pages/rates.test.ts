import { expect, test } from "vitest";
import { rulePack, setTaxHead, taxHeads } from "../../billing/index.ts";
import { newVersion, testBillingUlb, testRuleFile } from "../../billing/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import type { Role } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser, type UserRole } from "../users.ts";

const now = new Date("2026-05-15T05:00:00Z");
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
const NEW = "/demand/rates/new";

let visitors = 0;
/** Somebody at his desk: signed in, with the token of his forms. */
async function at(...roles: readonly UserRole[]) {
  const login = `${roles.join("-")}${(visitors += 1)}@test`;
  await createUser(app, {
    login,
    name: login,
    password: PASSWORD,
    roles: roles.map((role) => ({ ulb: city.ulb, role })),
  });
  const remoteAddress = `10.4.0.${visitors}`;
  const jar = new Map<string, string>();
  const ask = async (method: "GET" | "POST", url: string, payload?: string, type?: string) => {
    const answer = await web.inject({
      method,
      url,
      remoteAddress,
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
    /** The form of a new file: pasted text, or an uploaded file beside it. */
    send: (deed: "check" | "load", content: string, file?: string, token = csrf) => {
      const part = (name: string, value: string, more = ""): string =>
        `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
      const body = [
        part("_csrf", token),
        part("content", content),
        part(
          "file",
          file ?? "",
          `; filename="${file === undefined ? "" : "rates.json"}"\r\ncontent-type: application/json`,
        ),
        part("do", deed),
        "--x--\r\n",
      ].join("");
      return ask("POST", NEW, body, "multipart/form-data; boundary=x");
    },
  };
}

const superintendent = await at("superintendent");
const checker = await at("checker");
const auditor = await at("auditor");
/** What a page says: its text, without marks and with one space between words. */
const said = (page: string): string =>
  page
    .replace(/<[^>]+>/g, " ")
    .replace(/&amp;/g, "&")
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, " ")
    .replace(/ ([,:;.)])/g, "$1");
const idIn = (location: string | string[] | undefined): string =>
  /\/demand\/rates\/([0-9a-f-]{36})/.exec(String(location))?.[1] ?? "";
const load = async (content: string): Promise<string> => {
  const answer = await superintendent.send("load", content);
  expect(answer.statusCode).toBe(303);
  return idIn(answer.headers.location);
};

test("the superintendent checks a ready file, loads it and reads it in words; the file is given back letter by letter", async () => {
  const pack = rulePack("punjab-water");
  const started = await superintendent.get(`${NEW}?pack=punjab-water`);
  expect(started.body).toContain("&quot;id&quot;: &quot;punjab-water&quot;");
  // A browser sends a pasted text with two characters at the end of each line.
  const checked = await superintendent.send("check", pack.replaceAll("\n", "\r\n"));
  expect(checked.statusCode).toBe(200);
  expect(said(checked.body)).toContain(
    "The file is sound; all 9 examples come out as written. Nothing was loaded yet.",
  );
  expect((await auditor.get("/demand/rates")).body).not.toContain("punjab-water");

  const id = await load(pack.replaceAll("\n", "\r\n"));
  expect((await auditor.get(`/demand/rates/${id}/file`)).body).toBe(pack);
  const list = said((await auditor.get("/demand/rates")).body);
  expect(list).toContain("punjab-water 1 01/04/2021 waits for approval");
  const page = said((await auditor.get(`/demand/rates/${id}`)).body);
  expect(page).toContain(
    "Use: residential; at least ₹ 100 Above Up to Rate (₹) 0 10 2 10 20 2.5 20 30 8 30 40 12 40 no end 15",
  );
  expect(page).toContain("जल प्रभार (पंजाब)");
  expect(page).toContain("Version 1, from 01/04/2021");
  expect(page).toContain("A checker approves this file.");
  const own = said((await superintendent.get(`/demand/rates/${id}`)).body);
  expect(own).toContain("You loaded this file. Another person, a checker, approves it.");
});

test("a broken file is refused with every problem and its place, and nothing of it is kept", async () => {
  const broken = testRuleFile((file) => {
    file.id = "broken-tax";
    newVersion(file, "unitRate", "2026-03-31", "2026-01-01", {});
    file.rules.push({
      kind: "slabs",
      id: "stalls",
      version: 1,
      validFrom: "2025-04-01",
      of: "tax",
      mode: "telescopic",
      tables: [
        {
          slabs: [
            { from: "0", to: "10", rate: "1" },
            { from: "20", rate: "2" },
          ],
        },
      ],
      round: { to: "1", mode: "half-up" },
      text: { en: "{result:rs}", hi: "{result:rs}" },
    });
  });
  for (const deed of ["check", "load"] as const) {
    const answer = await superintendent.send(deed, broken);
    expect(answer.statusCode).toBe(deed === "load" ? 422 : 200);
    const page = said(answer.body);
    expect(page).toContain(
      "rules.unitRate versions 1 and 2 overlap: one holds to 2026-03-31, the other from 2026-01-01",
    );
    expect(page).toContain("gap: no slab from 10 to 20");
    expect(page).toMatch(/rules\.stalls 1\S* /);
    // What was sent stands in the form again.
    expect(answer.body).toContain("broken-tax");
  }
  expect((await auditor.get("/demand/rates")).body).not.toContain("broken-tax");
  expect(said((await superintendent.send("check", "{")).body)).toContain("file is not JSON");
  // An uploaded file takes the place of what was pasted.
  expect(said((await superintendent.send("check", "{", rulePack("sewerage"))).body)).toContain("The file is sound");
  const wrongExample = testRuleFile((file) => Object.assign(file.examples[0] ?? {}, { payable: "400.00" }));
  expect(said((await superintendent.send("check", wrongExample)).body)).toContain(
    "payable: the example says 400.00, the rules give 393.12",
  );
});

test("rules are tried on typed facts: the figures of an example, the reasons in the language of the page", async () => {
  const id = await load(rulePack("annual-rental-value"));
  const tryAt = `/demand/rates/${id}/try`;
  const first = (await auditor.get(tryAt)).body;
  expect(first).toMatch(/<select[^>]*name="a-zone"/);
  expect(first).toContain('name="l-floors-0-area"');
  expect(first).not.toContain('name="l-floors-1-area"');

  const one = { from: "2025-04-01", to: "", on: "2025-04-30", "a-zone": "B", "a-age": "15", "rows-floors": "1" };
  const floor = { "l-floors-0-building": "PUCCA", "l-floors-0-occupied": "OWNER", "l-floors-0-area": "100" };
  const more = (await auditor.post(tryAt, { ...one, ...floor, do: "add-floors" })).body;
  expect(more).toContain('name="l-floors-1-area"');
  expect(more).toMatch(/name="l-floors-0-area"[^>]*value="100"/);
  const two = { "l-floors-1-building": "PUCCA", "l-floors-1-occupied": "TENANT", "l-floors-1-area": "80" };
  const typed = { ...one, ...floor, ...two, "rows-floors": "2" };
  const fewer = (await auditor.post(tryAt, { ...typed, do: "remove-floors-0" })).body;
  expect(fewer).toMatch(/name="l-floors-0-area"[^>]*value="80"/);
  expect(fewer).not.toContain('name="l-floors-1-area"');

  const answer = await auditor.post(tryAt, { ...typed, do: "try" });
  expect(answer.statusCode).toBe(200);
  const page = said(answer.body);
  expect(page).toContain("To pay on 30/04/2025: ₹ 833.06");
  expect(page).toContain("Demand of 01/04/2025 to 31/03/2026");
  expect(page).toContain("Property tax 808.80 Library cess 64.70 Demand 873.50");
  expect(page).toContain("Due date 30/09/2025");
  expect(page).toContain("by rebate (40.44)");
  expect(page).toContain("Library cess: 8% of ₹808.80 = ₹64.70 rounding ₹0.00 libraryCess 1");
  // The link to the other language leads to the same trial.
  const hindi = /href="([^"]*lang=hi[^"]*)"/.exec(answer.body)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const inHindi = said((await auditor.get(hindi)).body);
  expect(inHindi).toContain("पुस्तकालय उपकर: ₹808.80 का 8% = ₹64.70 पूर्णांकन ₹0.00 libraryCess 1");
  await auditor.get("/?lang=en");

  const example = await auditor.get(`${tryAt}?example=1`);
  expect(said(example.body)).toContain("To pay on 30/04/2025: ₹ 833.06");
});

test("wrong facts are refused all at once, beside what was typed", async () => {
  const id = await load(testRuleFile((file) => Object.assign(file, { id: "tried-tax" })));
  const answer = await auditor.post(`/demand/rates/${id}/try`, {
    from: "2025-04-01",
    to: "",
    on: "2025-05-31",
    "rows-units": "2",
    "l-units-0-use": "HOME",
    "l-units-0-area": "-5",
    "l-units-1-area": "1.234",
    do: "try",
  });
  expect(answer.statusCode).toBe(422);
  const page = said(answer.body);
  for (const problem of [
    "4 things are missing or not allowed",
    "Zone: is missing",
    "Unit 1, Area: -5 is not allowed (0 to 100000)",
    "Unit 2, Use: is missing",
    "Unit 2, Area: 1.234 has 3 decimals, at most 2 are allowed",
  ]) {
    expect(page).toContain(problem);
  }
  expect(answer.body).toMatch(/id="f-l-units-0-area-wrong"[^>]*>-5 is not allowed/);
  expect(answer.body).toMatch(/name="l-units-0-area"[^>]*value="-5"[^>]*aria-invalid="true"/);
  const none = await auditor.post(`/demand/rates/${id}/try`, {
    from: "2025-04-31",
    "a-zone": "A",
    "rows-units": "0",
    do: "try",
  });
  expect(said(none.body)).toContain("has 0 items (1 to 20 are allowed)");
  const day = await auditor.post(`/demand/rates/${id}/try`, {
    from: "2025-04-31",
    on: "2025-05-31",
    "a-zone": "A",
    "rows-units": "1",
    "l-units-0-use": "HOME",
    "l-units-0-area": "1,000",
    do: "try",
  });
  expect([day.statusCode, day.body.includes("DATE_FORMAT")]).toEqual([422, true]);
});

test("another person approves, once; an overlapping file is refused in words, and replaces the first when that is said", async () => {
  const first = await load(testRuleFile());
  expect((await superintendent.post(`/demand/rates/${first}/approve`)).statusCode).toBe(403);
  const both = await at("superintendent", "checker");
  const own = testRuleFile((file) => Object.assign(file, { version: 3 }));
  const third = idIn((await both.send("load", own)).headers.location);
  const refused = await both.post(`/demand/rates/${third}/approve`);
  expect([refused.statusCode, refused.body.includes("another person must approve it")]).toEqual([403, true]);

  expect((await checker.get(`/demand/rates/${first}`)).body).toContain(`/demand/rates/${first}/approve`);
  const approved = await checker.post(`/demand/rates/${first}/approve`);
  expect(approved.headers.location).toBe(`/demand/rates/${first}?done=approve`);
  expect(said((await auditor.get("/demand/rates")).body)).toContain("small-tax 1 01/04/2025 in force");
  const again = await checker.post(`/demand/rates/${first}/approve`);
  expect([again.statusCode, again.body.includes("RULE_FILE_APPROVED")]).toEqual([409, true]);
  expect(said(again.body)).toContain("Small-tax 1 was approved already by");

  const second = await load(testRuleFile((file) => Object.assign(file, { version: 2 })));
  const overlaps = await checker.post(`/demand/rates/${second}/approve`);
  expect(overlaps.statusCode).toBe(409);
  expect(said(overlaps.body)).toContain(
    "Small-tax 2 holds from 01/04/2025, but small-tax 1 holds from 01/04/2025 already",
  );
  expect(said(overlaps.body)).toContain("It takes the place of small-tax 1, which holds from the same day");
  expect((await checker.post(`/demand/rates/${second}/approve`, { replaces: first })).statusCode).toBe(303);
  const list = said((await auditor.get("/demand/rates")).body);
  expect(list).toContain("small-tax 2 01/04/2025 in force");
  expect(list).toContain("small-tax 1 01/04/2025 replaced by small-tax 2");
  const other = await superintendent.send(
    "load",
    testRuleFile((file) => Object.assign(file, { source: "Another" })),
  );
  expect([other.statusCode, other.body.includes("RULE_FILE_EXISTS")]).toEqual([409, true]);
});

test("heads that the ULB does not have are named, and the file is approved once they are there", async () => {
  const water = JSON.parse(rulePack("punjab-water").replaceAll("2021-04-01", "2025-04-01")) as object;
  const id = await load(JSON.stringify({ ...water, version: 2 }));
  const missing = await checker.post(`/demand/rates/${id}/approve`);
  expect([missing.statusCode, missing.body.includes("RULE_FILE_HEADS")]).toEqual([422, true]);
  expect(said(missing.body)).toContain(
    "charges under WS_WATER_CESS, WS_INTEREST, which on 01/04/2025 are no tax heads",
  );
  await city.tx("admin", async (tx) => {
    const known = await taxHeads(tx, localDate("2025-04-01"));
    for (const [code, like] of [
      ["WS_WATER_CESS", "WS_CHARGE"],
      ["WS_INTEREST", "WS_PENALTY"],
    ] as const) {
      const head = known.get(like);
      if (!head) throw new Error(`there is no ${like}`);
      await setTaxHead(tx, { ...head, code });
    }
  });
  expect((await checker.post(`/demand/rates/${id}/approve`)).statusCode).toBe(303);
  expect(said((await auditor.get(`/demand/rates/${id}`)).body)).toContain("State in force");
});

test("the checker adds the heads of a ready service that are missing, and approves; nobody else is offered it", async () => {
  const id = await load(rulePack("municipal-rents"));
  const at = `/demand/rates/${id}`;
  expect(said((await checker.get(at)).body)).toContain(
    "On 01/07/2017 the ULB does not have RENT, RENT_CGST, RENT_SGST, RENT_INTEREST.",
  );
  expect((await checker.get(at)).body).toContain("Add the missing heads");
  for (const person of [superintendent, auditor]) {
    expect((await person.get(at)).body).not.toContain("Add the missing heads");
    expect((await person.post(`${at}/heads`)).statusCode).toBe(403);
  }
  expect((await checker.post(`${at}/heads`)).headers.location).toBe(`${at}?done=heads`);
  const page = (await checker.get(`${at}?done=heads`)).body;
  expect(said(page)).toContain("The missing heads are added; the file can be approved.");
  expect(page).not.toContain("Add the missing heads");
  expect((await checker.post(`${at}/approve`)).statusCode).toBe(303);
  // A head that is only in the file is offered nothing: no ready service has it.
  const own = await load(
    testRuleFile((file) => {
      file.heads = file.heads.map((h) => (h.code === "PT_TAX" ? { ...h, code: "PT_OWN" } : h));
      for (const rule of file.rules) if ("head" in rule && rule.head === "PT_TAX") rule.head = "PT_OWN";
      const text = JSON.stringify(file).replaceAll('"PT_TAX"', '"PT_OWN"');
      Object.assign(file, JSON.parse(text), { id: "own-tax" });
    }),
  );
  const ownPage = (await checker.get(`/demand/rates/${own}`)).body;
  expect(said(ownPage)).toContain("the ULB does not have PT_OWN");
  expect(ownPage).not.toContain("Add the missing heads");
});

test("citizens, cashiers and the state are refused; readers load nothing; the superintendent has no voucher", async () => {
  const id = await load(rulePack("solid-waste"));
  const pages = ["/demand/rates", `/demand/rates/${id}`, `/demand/rates/${id}/try`, `/demand/rates/${id}/file`];
  for (const page of pages) {
    const answer = await web.inject({ method: "GET", url: page, headers: { accept: "text/html" } });
    expect([answer.statusCode, String(answer.headers.location).startsWith("/signin")], page).toEqual([303, true]);
  }
  for (const role of ["cashier", "state"] as const) {
    const person = await at(role);
    for (const page of [...pages, NEW]) expect((await person.get(page)).statusCode, page).toBe(403);
    expect((await person.get("/")).body).not.toContain('<a href="/demand"');
  }
  for (const role of ["accountant", "checker", "auditor", "admin"] as const satisfies readonly Role[]) {
    const person = await at(role);
    for (const page of pages) expect((await person.get(page)).statusCode, page).toBe(200);
    expect((await person.get(NEW)).statusCode).toBe(403);
    expect((await person.send("load", testRuleFile())).statusCode).toBe(403);
    expect((await person.get("/")).body).toContain('<a href="/demand"');
  }
  for (const page of ["/books", "/books/vouchers", "/counter", "/audit", "/dashboard"]) {
    expect((await superintendent.get(page)).statusCode, page).toBe(403);
  }
  expect((await superintendent.get("/demand")).headers.location).toBe("/demand/rates");
  expect((await superintendent.get("/demand/rates/0196d2aa-0000-7000-8000-000000000000")).statusCode).toBe(404);
  // A form without its token writes nothing.
  expect((await superintendent.send("load", rulePack("challans"), undefined, "forged")).statusCode).toBe(403);
});

test("every page of the rates has unique ids and a label for each field", async () => {
  const id = await load(rulePack("punjab-property-tax"));
  for (const page of [
    "/demand/rates",
    NEW,
    `/demand/rates/${id}`,
    `/demand/rates/${id}/try`,
    `/demand/rates/${id}/try?example=1`,
  ]) {
    const answer = await superintendent.get(page);
    expect(answer.statusCode, page).toBe(200);
    const ids = [...answer.body.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]);
    expect(
      ids.filter((i, n) => ids.indexOf(i) !== n),
      page,
    ).toEqual([]);
    const unlabelled = [...answer.body.matchAll(/<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*>/g)]
      .map((m) => /id="([^"]+)"/.exec(m[0])?.[1])
      .filter((i) => i !== undefined && !answer.body.includes(`for="${i}"`));
    expect(unlabelled, page).toEqual([]);
  }
});
