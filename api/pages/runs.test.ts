import { expect, test } from "vitest";
import {
  addConsumer,
  continueRun,
  dcb,
  enterOwners,
  findDemands,
  getRun,
  listRuns,
  openRuns,
  setTaxHead,
  startRun,
  taxHeads,
} from "../../billing/index.ts";
import { testHouses, testRatedUlb, YEAR } from "../../billing/demand-run/testing.ts";
import { testDemand } from "../../billing/testing.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { bookMarks, testApp } from "../../ledger/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { noGateway } from "../gateway.ts";
import { continueRuns } from "../jobs/demand-runs.ts";
import { createUser, type UserRole } from "../users.ts";

let now = new Date("2025-05-02T06:00:00Z");
const app = await testApp({ clock: () => now });
const later = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1000);
};
const PASSWORD = "a long enough password";
const RUNS = "/demand/runs";

let visitors = 0;
/** A city of twelve houses in three wards, two of them unknown to the rates, and people at their desks. */
async function office() {
  const city = await testRatedUlb(app);
  const houses = await city.tx("admin", (tx) => testHouses(tx, 12, [4, 11]));
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
  const at = async (...roles: readonly UserRole[]) => {
    const login = `${roles.join("-")}${(visitors += 1)}@runs`;
    if (roles.length > 0) {
      await createUser(app, {
        login,
        name: login,
        password: PASSWORD,
        roles: roles.map((role) => ({ ulb: city.ulb, role })),
      });
    }
    const remoteAddress = `10.5.0.${visitors}`;
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
      upload: (content: string) =>
        ask(
          "POST",
          "/demand/facts",
          `--x\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n${csrf}\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="zones.csv"\r\ncontent-type: text/csv\r\n\r\n${content}\r\n--x--\r\n`,
          "multipart/form-data; boundary=x",
        ),
    };
  };
  return { city, houses, at };
}

/** What a page says: its text, without marks and with one space between words. */
const said = (page: string): string =>
  page
    .replace(/<[^>]+>/g, " ")
    .replace(/&amp;/g, "&")
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, " ")
    .replace(/ ([,:;.)])/g, "$1");
const WANTED = { service: "property-tax", period: "2025-26", ward: "", date: "2025-05-01" };
const query = (over: Partial<typeof WANTED> = {}): string =>
  `${RUNS}/preview?${new URLSearchParams({ ...WANTED, ...over }).toString()}`;
const idIn = (location: unknown): string => /runs\/([0-9a-f-]{36})/.exec(String(location))?.[1] ?? "";

test("a preview says by ward and head what a run would raise, beside last year, and writes nothing", async () => {
  const { city, houses, at } = await office();
  await city.tx("accountant", (tx) =>
    testDemand(tx, { id: houses[0] ?? "", service: "property-tax" }, "150+12", {
      periodFrom: localDate("2024-04-01"),
      periodTo: localDate("2025-03-31"),
    }),
  );
  const superintendent = await at("superintendent");
  expect(said((await superintendent.get(RUNS)).body)).toContain("Property tax 2025-26");
  const before = await bookMarks(app, city.ulb);
  const page = await superintendent.get(query({ period: "" }));
  expect(page.statusCode).toBe(200);
  const text = said(page.body);
  for (const part of [
    "Active consumers 12",
    "Demanded already 0",
    "Cannot be charged 2",
    "nothing is known of the consumer that the rates ask for 2 RULES_FACTS",
    "P00005 W02",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).toMatch(/W01 4 [\d.,]+ 1 162\.00 \+[\d.,]+ \+[\d.]+ %/);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  expect(await inSnapshot(app, city.as("auditor"), (read) => listRuns(read))).toEqual([]);
});

test("a wrong period, an unknown ward, a day without books and a second run while one is open are refused beside the form", async () => {
  const { at } = await office();
  const superintendent = await at("superintendent");
  for (const [over, code] of [
    [{ period: "next year" }, "PERIOD_UNKNOWN"],
    [{ period: "2025-26/H1" }, "RUN_PERIOD"],
    [{ ward: "W99" }, "RUN_NOBODY"],
    [{ date: "2025-05-32" }, "DATE_FORMAT"],
    [{ date: "2031-05-01" }, "PERIOD_MISSING"],
    [{ service: "water" }, "RULES_NOT_IN_FORCE"],
  ] as const) {
    for (const answer of [
      await superintendent.get(query(over)),
      await superintendent.post(RUNS, { ...WANTED, ...over }),
    ]) {
      expect(answer.statusCode, code).toBeGreaterThanOrEqual(400);
      expect(answer.body).toContain(code);
    }
  }
  expect((await superintendent.post(RUNS, WANTED)).statusCode).toBe(303);
  const second = await superintendent.post(RUNS, { ...WANTED, ward: "W01" });
  expect([second.statusCode, second.body.includes("RUN_OPEN")]).toEqual([409, true]);
});

test("the duty finishes what was begun, also behind a batch that was done before a kill; refusals are read as a page and as CSV", async () => {
  const { city, at } = await office();
  const superintendent = await at("superintendent");
  const id = idIn((await superintendent.post(RUNS, WANTED)).headers.location);
  // One batch, and whoever did it is gone.
  await continueRun(app, city.as("system"), id, { batchSize: 5, atMostMs: 0 });
  const going = await superintendent.get(`${RUNS}/${id}`);
  expect(going.headers["refresh"]).toBe("5");
  expect(said(going.body)).toContain("going on, 5 of 12");
  expect((await superintendent.get(`${RUNS}/${id}?still=1`)).headers["refresh"]).toBeUndefined();
  const duty = continueRuns();
  await duty(app, city.ulb);
  expect((await inSnapshot(app, city.as("auditor"), (read) => getRun(read, id))).done).toBe(5);
  later(90);
  expect(said((await superintendent.get(`${RUNS}/${id}`)).body)).toContain("stopped at 5 of 12");
  await duty(app, city.ulb);
  expect(await inSnapshot(app, city.as("auditor"), openRuns)).toEqual([]);
  const page = await superintendent.get(`${RUNS}/${id}`);
  expect(page.headers["refresh"]).toBeUndefined();
  expect(said(page.body)).toContain("State finished Raised 10 demands");
  const csv = await superintendent.get(`${RUNS}/${id}/refusals.csv`);
  expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(csv.body.replace("\uFEFF", "").trim().split("\n")).toEqual([
    "consumer,ward,code,message",
    "P00005,W02,RULES_FACTS,nothing is known of the consumer that the rates ask for",
    "P00012,W03,RULES_FACTS,nothing is known of the consumer that the rates ask for",
  ]);
  expect(said((await superintendent.get(RUNS)).body)).toContain("Property tax 2025-26, whole city finished 10 2");
});

test("another person with the role checker cancels a run with a reason; its starter and the superintendent do not", async () => {
  const { city, at } = await office();
  const both = await at("superintendent", "checker");
  const id = idIn((await both.post(RUNS, { ...WANTED, ward: "W01" })).headers.location);
  later(10);
  await continueRuns()(app, city.ulb);
  const cancel = { reason: "wrong zone rates", date: "2025-05-02" };
  const own = await both.post(`${RUNS}/${id}/cancel`, cancel);
  expect([own.statusCode, own.body.includes("RUN_STARTER_IS_CANCELLER")]).toEqual([409, true]);
  expect((await (await at("superintendent")).post(`${RUNS}/${id}/cancel`, cancel)).statusCode).toBe(403);
  const checker = await at("checker");
  const empty = await checker.post(`${RUNS}/${id}/cancel`, { ...cancel, reason: "" });
  expect([empty.statusCode, empty.body.includes("RUN_REASON")]).toEqual([422, true]);
  expect((await checker.post(`${RUNS}/${id}/cancel`, cancel)).statusCode).toBe(303);
  const page = said((await checker.get(`${RUNS}/${id}`)).body);
  expect(page).toContain("State cancelled");
  expect(page).toContain("Reason wrong zone rates");
  expect(page).not.toContain("Finish the cancellation");
});

test("cashiers and citizens see no run and begin none; readers look and begin none", async () => {
  const { city, at } = await office();
  const run = await city.tx("accountant", (tx) =>
    startRun(tx, { service: "property-tax", period: YEAR, date: localDate("2025-05-01") }),
  );
  const pages = [RUNS, `${RUNS}/${run.id}`, `${RUNS}/${run.id}/refusals.csv`];
  const [citizen, cashier, auditor] = [await at(), await at("cashier"), await at("auditor")];
  for (const page of pages) {
    expect((await citizen.get(page)).statusCode, page).toBe(303);
    expect((await cashier.get(page)).statusCode, page).toBe(403);
    expect((await auditor.get(page)).statusCode, page).toBe(200);
  }
  for (const person of [cashier, auditor]) {
    expect((await person.get(query())).statusCode).toBe(403);
    expect((await person.post(RUNS, WANTED)).statusCode).toBe(403);
    expect((await person.post(`${RUNS}/${run.id}/continue`)).statusCode).toBe(403);
    expect((await person.get("/demand/facts")).statusCode).toBe(403);
  }
  expect((await citizen.post(RUNS, WANTED)).statusCode).toBe(403);
  expect((await inSnapshot(app, city.as("auditor"), (read) => listRuns(read))).map((r) => r.id)).toEqual([run.id]);
});

test("a file of facts is entered whole, or every error of it is listed with its line", async () => {
  const { at } = await office();
  const superintendent = await at("superintendent");
  const head = "service,consumer_code,valid_from,list,zone,use,area\n";
  const bad = await superintendent.upload(
    `${head}property-tax,P99999,2025-04-01,,A,,\nproperty-tax,P00005,2025-04-01,garden,,,3\nproperty-tax,P00012,2025-04-31,,A,,\n`,
  );
  expect(bad.statusCode).toBe(422);
  const text = said(bad.body);
  expect(text).toContain("nothing of zones.csv was entered");
  expect(text).toContain("Line 2, consumer_code: there is no property-tax consumer P99999");
  expect(text).toMatch(/Line 3, list: "garden" is not a list/);
  expect(text).toContain("Line 4");
  const good = await superintendent.upload(
    `${head}property-tax,P00005,2025-04-01,,A,,\nproperty-tax,P00005,2025-04-01,units,,HOME,50\n`,
  );
  expect(good.statusCode).toBe(200);
  expect(said(good.body)).toContain("zones.csv: 2 rows were entered");
  expect(said((await superintendent.get(query())).body)).toContain("Cannot be charged 1");
});

test("a citizen reads why a demand is what it is, equal to the bill; what is not on that bill is not explained", async () => {
  const { city, houses, at } = await office();
  await city.tx("accountant", (tx) =>
    startRun(tx, { service: "property-tax", period: YEAR, date: localDate("2025-05-01") }),
  );
  later(10);
  await continueRuns()(app, city.ulb);
  const [house = "", other = ""] = houses;
  const byHand = await city.tx("accountant", async (tx) => {
    const consumer = await addConsumer(tx, {
      service: "property-tax",
      code: "H1",
      name: "By Hand",
      address: "1",
      ward: "W01",
    });
    await testDemand(tx, consumer, "100+8", { date: localDate("2025-05-01") });
    return consumer.id;
  });
  const demandOf = async (consumer: string): Promise<string> =>
    inSnapshot(
      app,
      city.as("auditor"),
      async (read) => (await findDemands(read, { consumerIds: [consumer] }))[0]?.id ?? "",
    );
  const citizen = await at();
  const bill = (await citizen.get(`/pay/${house}`)).body;
  const why = `/pay/${house}/why/${await demandOf(house)}`;
  expect(bill).toContain(`href="${why}"`);
  const page = await citizen.get(why);
  const text = said(page.body);
  for (const part of [
    "Property tax 200.00 Library cess 16.00 Demand of the period 216.00",
    "This is the amount on your bill.",
    "Tax: ₹200.00",
    "tax 1",
    "small-tax, version 1",
    "Made up",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("Owner 1");
  expect(said((await citizen.get(`${why}?lang=hi`)).body)).toContain("कर: ₹200.00");
  await citizen.get("/?lang=en");
  expect(said((await citizen.get(`/pay/${byHand}/why/${await demandOf(byHand)}`)).body)).toContain(
    "This demand was not made by rules.",
  );
  expect((await citizen.get(`/pay/${house}/why/${await demandOf(other)}`)).statusCode).toBe(404);
  expect((await citizen.get(`/pay/${house}/why/x`)).statusCode).toBe(404);
});

// ---------------------------------------------------------------- changes and notices: the desk beside the runs

/** The fields of a form that lead on, as the page has them. */
const hidden = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map((m) => [m[1] ?? "", m[2] ?? ""]),
  );

test("a change is shown with dues and entry before it is proposed; its maker approves nothing, another person does, and the register and books move", async () => {
  const { city, houses, at } = await office();
  const [house = ""] = houses;
  await city.tx("accountant", (tx) => testDemand(tx, { id: house, service: "property-tax" }, "1100+88"));
  const both = await at("superintendent", "checker");
  expect(said((await both.get("/demand/changes/new?q=P00001")).body)).toContain("P00001 Owner 1 Property tax W01");
  const url = `/demand/changes/new?consumer=${house}&kind=credit-note`;
  const form = (await both.get(url)).body;
  const own = /name="(own-[^"]+)"/.exec(form)?.[1] ?? "";
  const typed = { ...hidden(form), date: "2025-05-02", reason: "Area measured again", [own]: "2,000" };
  const tooMuch = await both.post("/demand/changes/new", { ...typed, do: "preview" });
  expect(tooMuch.statusCode).toBe(422);
  expect(said(tooMuch.body)).toContain("1,188.00 is due and 0.00 is paid");
  expect(tooMuch.body).toMatch(/value="2,000"/);
  expect(tooMuch.body).toContain('value="Area measured again"');

  const before = await bookMarks(app, city.ulb);
  const preview = await both.post("/demand/changes/new", { ...typed, [own]: "100", do: "preview" });
  const shown = said(preview.body);
  expect(shown).toContain("1,188.00 1,080.00 (108.00)");
  expect(shown).toMatch(/1100101 .* 100\.00/);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  expect(said((await both.get("/demand/changes")).body)).toContain("There is no such change.");

  const made = await both.post("/demand/changes/new", { ...typed, [own]: "100", do: "propose" });
  const page = String(made.headers.location).replace("?done=propose", "");
  // The same form again is the same change.
  expect(
    (await both.post("/demand/changes/new", { ...typed, [own]: "100", do: "propose" })).headers.location,
  ).toContain(page);
  const self = await both.post(`${page}/approve`);
  expect([self.statusCode, self.body.includes("MAKER_IS_CHECKER")]).toEqual([403, true]);
  const superintendent = await at("superintendent");
  expect((await superintendent.post(`${page}/approve`)).statusCode).toBe(403);
  const checker = await at("checker");
  expect(said((await checker.get("/demand/changes?status=waiting")).body)).toContain(
    "Property tax P00001, Owner 1 waiting",
  );
  const silent = await checker.post(`${page}/reject`, { reason: "no" });
  expect([silent.statusCode, silent.body.includes("DEMAND_CHANGE_REASON")]).toEqual([422, true]);
  expect(await bookMarks(app, city.ulb)).toEqual({ ...before, audited: before.audited + 1n });
  expect((await checker.post(`${page}/approve`)).statusCode).toBe(303);
  const done = said((await superintendent.get(page)).body);
  expect(done).toContain("State approved");
  expect(done).toContain("Taken off ₹ 108.00");
  const [row] = await inSnapshot(app, city.as("auditor"), (read) =>
    dcb(read, { from: localDate("2025-04-01"), to: localDate("2026-03-31") }),
  );
  expect([row?.demandRaised, row?.reduced, row?.closingBalance]).toEqual([118800n, 10800n, 108000n]);

  const second = await both.post("/demand/changes/new", { ...typed, change: "", [own]: "50", do: "propose" });
  const other = String(second.headers.location).replace("?done=propose", "");
  expect((await superintendent.post(`${other}/withdraw`, { reason: "not mine to take back" })).statusCode).toBe(403);
  expect((await both.post(`${other}/withdraw`, { reason: "typed twice" })).statusCode).toBe(303);
  expect((await checker.post(`${other}/approve`)).statusCode).toBe(409);
});

test("a mutation is proposed on its form and approved by another person: the consumer has the new name and owners, and its history says both", async () => {
  const { city, houses, at } = await office();
  const [house = "", neighbour = ""] = houses;
  await city.tx("accountant", async (tx) => {
    await testDemand(tx, { id: house, service: "property-tax" }, "1100+88");
    await enterOwners(tx, house, { validFrom: localDate("2020-04-01"), owners: [{ name: "Owner 1", share: "1" }] });
  });
  const both = await at("superintendent", "checker");
  const page = `/demand/consumers/${house}`;
  expect((await both.get("/demand/consumers?q=ownar+1")).body).toContain(`href="${page}"`);
  const shown = said((await both.get(page)).body);
  expect(shown).toContain("Due ₹ 1,188.00, without the penalty up to today Advance ₹ 0.00");
  const form = (await both.get(`${page}/mutation`)).body;
  expect(form).toMatch(/name="name0"[^>]* value="Owner 1"/);
  const typed = {
    ...Object.fromEntries(
      [...form.matchAll(/<input[^>]* name="([\w-]+)"[^>]* value="([^"]*)"/g)].map((m) => [m[1] ?? "", m[2] ?? ""]),
    ),
    ...{ date: "2025-05-01", documentNumber: "Deed 17", documentDate: "2025-04-30", reason: "Sale of the house" },
    ...{
      mobile: "9876543210",
      name0: "Meena",
      share0: "1/2",
      name1: "Gita",
      share1: "1/3",
      keepName: "",
      do: "propose",
    },
  };
  const lacking = await both.post(`${page}/mutation`, typed);
  expect([lacking.statusCode, lacking.body.includes("CONSUMER_OWNER_SHARES")]).toEqual([422, true]);
  for (const kept of ["Gita", "9876543210", "Deed 17", "Sale of the house"]) {
    expect(lacking.body).toContain(`value="${kept}"`);
  }
  const made = await both.post(`${page}/mutation`, { ...typed, share1: "50 %" });
  const proposal = String(made.headers.location).replace("?done=propose", "");
  const self = await both.post(`${proposal}/approve`);
  expect([self.statusCode, self.body.includes("MAKER_IS_CHECKER")]).toEqual([403, true]);

  const checker = await at("checker");
  expect((await checker.post(`${page}/mutation`, typed)).statusCode).toBe(403);
  expect((await checker.get("/demand/consumers/changes")).body).toContain(`href="${proposal}"`);
  const waiting = said((await checker.get(proposal)).body);
  expect(waiting).toContain("Name Owner 1 Meena and Gita Mobile 9876543210 Owners Owner 1 1 Meena 1/2; Gita 50 %");
  const silent = await checker.post(`${proposal}/reject`, { reason: "no" });
  expect([silent.statusCode, silent.body.includes("CONSUMER_CHANGE_REASON")]).toEqual([422, true]);
  expect((await checker.post(`${proposal}/approve`)).statusCode).toBe(303);
  const done = said((await both.get(page)).body);
  expect(done).toContain("Name Meena and Gita Mobile 9876543210 Address 1, Test Road Ward W01");
  expect(done).toContain("Meena 1/2 Gita 50 %");
  expect(done).toContain("Mutation 01/05/2025 Name: Owner 1 → Meena and Gita Owners: Owner 1 1 → Meena 1/2; Gita 50 %");
  expect(said((await both.get("/demand/consumers/changes")).body)).toContain("Nothing waits for a decision.");

  const form2 = { ...typed, change: "", into: "P00001" };
  const merged = await both.post(`/demand/consumers/${neighbour}/merge`, form2);
  const merge = String(merged.headers.location).replace("?done=propose", "");
  expect(said((await checker.get(merge)).body)).toContain("P00001, Meena and Gita: Dues (₹) 1,188.00 1,188.00");
  expect((await both.post(`${merge}/withdraw`, { reason: "the wrong house" })).statusCode).toBe(303);

  const splitForm = (await both.get(`${page}/split`)).body;
  const due = /name="(due0-[^"]+)"/.exec(splitForm)?.[1] ?? "";
  const part = {
    code0: "P1-A",
    name0: "Gita",
    address0: "1A, Test Road",
    ward0: "W01",
    owners0: "Gita 1/1",
    share0: "",
  };
  const parts = { ...typed, ...part, change: "", name1: "", [due]: "1,189", mobile: "" };
  const tooMuch = await both.post(`${page}/split`, parts);
  expect([tooMuch.statusCode, tooMuch.body.includes("1,188.00 is due")]).toEqual([422, true]);
  expect(tooMuch.body).toContain('value="1,189"');
  const halved = await both.post(`${page}/split`, { ...parts, [due]: "100" });
  const split = String(halved.headers.location).replace("?done=propose", "");
  expect(said((await checker.get(split)).body)).toContain(
    "Gita; 1A, Test Road; ward W01; owners Gita 1/1; ₹ 100.00 of",
  );
  expect((await checker.post(`${split}/approve`)).statusCode).toBe(303);
  expect(said((await both.get(page)).body)).toContain("Due ₹ 1,088.00");
});

test("defaulters of a ward are counted before they get notices with the fee that was set; a notice is printed, and served once, on a day and by a way that can be", async () => {
  const { city, houses, at } = await office();
  const due = { dueDate: localDate("2025-04-15") };
  await city.tx("accountant", async (tx) => {
    for (const id of [houses[0], houses[3], houses[1]]) {
      await testDemand(tx, { id: id ?? "", service: "property-tax" }, "100", due);
    }
    const like = (await taxHeads(tx, tx.ulb.startsOn)).get("PT_DISHONOUR_CHARGE");
    if (!like) throw new Error("no head to copy");
    await setTaxHead(tx, { ...like, code: "PT_NOTICE_FEE", name: "Notice fee", incomeAccount: "1404007" });
  });
  const admin = await at("admin");
  const terms = { service: "property-tax", kind: "demand-notice", validFrom: "2025-04-01", days: "10", fee: "50" };
  const noHead = await admin.post("/demand/notices/terms", terms);
  expect([
    noHead.statusCode,
    noHead.body.includes("NOTICE_TERMS_INVALID"),
    /name="fee" value="50"/.test(noHead.body),
  ]).toEqual([422, true, true]);
  expect((await admin.post("/demand/notices/terms", { ...terms, taxHead: "PT_NOTICE_FEE" })).statusCode).toBe(303);
  const wrong = await admin.post("/demand/notices/upi-address", { upiFrom: "2025-04-01", vpa: "city at bank" });
  expect([wrong.statusCode, wrong.body.includes("UPI_ADDRESS_INVALID")]).toEqual([422, true]);
  await admin.post("/demand/notices/upi-address", { upiFrom: "2025-04-01", vpa: "city@bank" });
  const set = said((await admin.get("/demand/notices/terms")).body);
  expect(set).toContain("Demand notice 01/04/2025 10 50.00 PT_NOTICE_FEE");
  expect(set).toContain("city@bank");

  const superintendent = await at("superintendent");
  expect((await superintendent.post("/demand/notices/terms", terms)).statusCode).toBe(403);
  const asked = { kind: "demand-notice", service: "property-tax", code: "", ward: "W01", date: "2025-05-02" };
  const before = await bookMarks(app, city.ulb);
  const preview = said((await superintendent.post("/demand/notices/issue", { ...asked, do: "preview" })).body);
  expect(preview).toContain("Notices 2 They call for ₹ 200.00 Fees ₹ 100.00");
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  const issued = await superintendent.post("/demand/notices/issue", { ...asked, do: "issue" });
  expect(said(issued.body)).toContain("2 notices were issued, which call for ₹ 200.00 and fees of ₹ 100.00");
  expect(said((await superintendent.post("/demand/notices/issue", { ...asked, do: "preview" })).body)).toContain(
    "Have it already 2",
  );
  const nobody = await superintendent.post("/demand/notices/issue", { ...asked, ward: "", do: "issue" });
  expect([nobody.statusCode, nobody.body.includes("NOTICE_TO_WHOM")]).toEqual([422, true]);
  const paid = await superintendent.post("/demand/notices/issue", { ...asked, code: "P00003", do: "issue" });
  expect([paid.statusCode, paid.body.includes("NOTICE_NOTHING_OVERDUE")]).toEqual([409, true]);

  const list = (await superintendent.get("/demand/notices?ward=W01&served=no")).body;
  expect(said(list)).toContain("DN/2025-26/000001 Demand notice 02/05/2025 Property tax P00001, Owner 1 W01 150.00");
  const notice = /\/demand\/notices\/[0-9a-f-]{36}/.exec(list)?.[0] ?? "";
  const pdf = await superintendent.get(`${notice}/pdf?lang=pa`);
  expect([pdf.headers["content-type"], pdf.rawPayload.subarray(0, 5).toString()]).toEqual(["application/pdf", "%PDF-"]);
  for (const [servedOn, how, code] of [
    ["2025-05-01", "by hand", "NOTICE_SERVICE_DATE"],
    ["2025-05-03", "by hand", "NOTICE_SERVICE_DATE"],
    ["2025-05-02", " ", "NOTICE_SERVICE_HOW"],
  ] as const) {
    const refused = await superintendent.post(`${notice}/service`, { servedOn, how });
    expect([refused.statusCode, refused.body.includes(code)], code).toEqual([422, true]);
  }
  expect((await superintendent.post(`${notice}/service`, { servedOn: "2025-05-02", how: "by hand" })).statusCode).toBe(
    303,
  );
  expect(said((await (await at("auditor")).get(notice)).body)).toContain("Served on 02/05/2025, by hand");
});
