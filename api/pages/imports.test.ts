import { expect, test } from "vitest";
import type { Role } from "../../ledger/kernel/tx.ts";
import { listImportDrafts, listImportFiles } from "../../ledger/index.ts";
import { bookMarks, testApp, testUlb } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { createUser } from "../users.ts";

const app = await testApp({ clock: () => new Date("2025-07-15T05:00:00Z") });
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
async function at(...roles: readonly Exclude<Role, "citizen" | "system">[]) {
  const login = `${roles.join("-")}${(visitors += 1)}@test`;
  await createUser(app, {
    login,
    name: login,
    password: PASSWORD,
    roles: roles.map((role) => ({ ulb: city.ulb, role })),
  });
  const jar = new Map<string, string>();
  const ask = async (method: "GET" | "POST", url: string, payload?: string | Buffer, type?: string) => {
    const answer = await web.inject({
      method,
      url,
      remoteAddress: `10.4.0.${visitors}`,
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
    handIn: (csv: string, fields: Record<string, string>) => {
      const part = (name: string, value: string, more = ""): string =>
        `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
      const body = [
        part("_csrf", csrf),
        ...Object.entries(fields).map(([name, value]) => part(name, value)),
        part("file", csv, '; filename="year.csv"\r\ncontent-type: text/csv'),
        "--x--\r\n",
      ].join("");
      return ask("POST", "/books/imports", Buffer.from(body), "multipart/form-data; boundary=x");
    },
  };
}
const accountant = await at("accountant");
const checker = await at("checker");
const HEAD = "voucher,date,type,side,code,amount,function\n";
const SOUND = `${HEAD}V-1,2025-05-02,Receipt,Dr,4501001,10.00,\nV-1,2025-05-02,Receipt,Cr,1501101,10.00,02\n`;

test("a file is handed in by one person, who sees what it comes to, and imported by another", async () => {
  const before = await bookMarks(app, city.ulb);
  const handed = await accountant.handIn(SOUND, { kind: "vouchers", defaultFunction: "" });
  expect(handed.statusCode).toBe(303);
  const page = String(handed.headers.location);
  const seen = await accountant.get(page);
  expect(seen.body).toContain("1 new entries");
  expect(seen.body).toContain("Another person imports it.");
  expect((await bookMarks(app, city.ulb)).entries).toBe(before.entries);
  expect((await accountant.post(`${page}/import`)).statusCode).toBe(403);

  expect((await checker.get(page)).body).toContain("Import into the books");
  const imported = await checker.post(`${page}/import`);
  expect([imported.statusCode, imported.headers.location]).toEqual([303, `${page}?done=import`]);
  expect((await bookMarks(app, city.ulb)).entries).toBe(before.entries + 1n);
  const again = await checker.post(`${page}/import`);
  expect(again.statusCode).toBe(409);
  expect(again.body).toContain("IMPORT_DRAFT_DECIDED");
  const [file] = await city.tx("auditor", listImportFiles);
  expect([file?.fileName, file?.rows, file?.preparedBy]).toEqual(["year.csv", 2, "accountant1@test"]);
});

test("who handed a file in does not import it, though he may check others'", async () => {
  const both = await at("accountant", "checker");
  const page = String((await both.handIn(SOUND.replaceAll("V-1", "V-2"), { kind: "vouchers" })).headers.location);
  const refused = await both.post(`${page}/import`);
  expect(refused.statusCode).toBe(403);
  expect(refused.body).toContain("IMPORT_MAKER_IS_CHECKER");
});

test("a file that is not sound shows its rows and cannot be imported; it is declined with a reason", async () => {
  const page = String(
    (
      await accountant.handIn(SOUND.replace("Dr,4501001,10.00", "Dr,4501001,9.00").replaceAll("V-1", "V-3"), {
        kind: "vouchers",
      })
    ).headers.location,
  );
  const seen = await checker.get(page);
  expect(seen.body).toContain("voucher V-3 does not balance: debits 9.00, credits 10.00, difference -1.00");
  expect(seen.body).not.toContain("Import into the books");
  const refused = await checker.post(`${page}/import`);
  expect(refused.statusCode).toBe(422);
  expect((await checker.post(`${page}/decline`, { reason: "no" })).statusCode).toBe(422);
  expect((await checker.post(`${page}/decline`, { reason: "does not balance" })).statusCode).toBe(303);
  const drafts = await city.tx("auditor", listImportDrafts);
  expect(drafts.map((d) => [d.status, d.reason])).toContainEqual(["declined", "does not balance"]);
});

test("what is typed wrong beside the file is said at the form, and kept", async () => {
  const refused = await accountant.handIn("code,line,previous_year,current_year\n", {
    kind: "published-income",
    fy: "2024-26",
    defaultFunction: "02",
  });
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toContain("FINANCIAL_YEAR_FORMAT");
  expect(refused.body).toContain('value="02"');
});
