import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import {
  createOrder,
  depositInstruments,
  handOver,
  listReceipts,
  openCounterSession,
  processInbox,
  takePayment,
  type Tender,
} from "../../collections/index.ts";
import { brokenTies, testCity, testClock, testGateway } from "../../collections/testing.ts";
import { addBankBook } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { inTransaction, type Role, type Ulb } from "../../ledger/kernel/tx.ts";
import { testApp, type TestUlb } from "../../ledger/testing.ts";
import { pdfPages } from "../../reports/testing.ts";
import { createWebApp, formSecret } from "../app.ts";
import { HOSTILE, IMPOSSIBLE, NAMES, rowsOf } from "../testing-hostile.ts";
import { createUser } from "../users.ts";

/*
 * Every form on the pages where money comes in, as it is drawn: each of its fields is sent with hostile texts and Indian names, hidden fields and
 * choices too, since nobody keeps a stranger from writing into them.
 */

const clock = testClock("2026-07-15T05:00:00Z");
const base = await testApp({ clock, poolSize: 8 });
const ulbs = new Map<string, Ulb>();
const { app, simulator } = await testGateway(base, ulbs, { seed: "hostile" });
const rows = await rowsOf(base);
const PASSWORD = "a long enough password";
const BANK = "4502101";
/** Longer than any field takes, and cut at any even place it leaves half a character. */
const LONG = `a${"👪".repeat(400)}`;
const TEXTS = [...HOSTILE, ...NAMES, IMPOSSIBLE[0] ?? "", LONG];
const MARKUP = "<script>alert(1)";

type Form = {
  readonly action: string;
  readonly isUpload: boolean;
  readonly fields: ReadonlyMap<string, string>;
};

const decode = (text: string): string =>
  text
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s>/])`).exec(tag);
  return found ? decode(found[1] ?? "") : undefined;
};
/** The forms of a page that send something, with what stands in their fields; what must be filled in is filled in. */
function formsIn(page: string): Form[] {
  return [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].flatMap(([, head = "", inside = ""]) => {
    if (attribute(`${head}>`, "method") !== "post") return [];
    const fields = new Map<string, string>();
    for (const [tag] of inside.matchAll(/<input\b[^>]*>/g)) {
      const name = attribute(tag, "name");
      const type = attribute(tag, "type") ?? "text";
      if (name === undefined || name === "_csrf" || type === "file") continue;
      if ((type === "radio" || type === "checkbox") && fields.has(name)) continue;
      fields.set(name, attribute(tag, "value") || (FILL[name] ?? ""));
    }
    for (const [, tag = "", text = ""] of inside.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g))
      fields.set(attribute(`${tag}>`, "name") ?? "", decode(text) || "a reason that says why");
    for (const [, tag = "", options = ""] of inside.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g))
      fields.set(
        attribute(`${tag}>`, "name") ?? "",
        attribute(/<option\b[^>]*>/.exec(options)?.[0] ?? "", "value") ?? "",
      );
    return [
      {
        action: attribute(`${head}>`, "action") ?? "",
        isUpload: attribute(`${head}>`, "enctype") === "multipart/form-data",
        fields,
      },
    ];
  });
}
const FILL: Readonly<Record<string, string>> = {
  amount: "100",
  reason: "a reason that says why",
  consumer: "A1",
  counter: "2",
  number: "000451",
  bank: "SBI",
  date: "2026-07-15",
  reference: "SBIN226195000077",
  to: "somebody@test",
  account: BANK,
};

type Person = {
  get(url: string): Promise<LightMyRequestResponse>;
  send(form: Form, fields: ReadonlyMap<string, string>): Promise<LightMyRequestResponse>;
};
let visitors = 0;
let served: ReturnType<typeof createWebApp> | undefined;
const webOf = (ulb: Ulb): ReturnType<typeof createWebApp> =>
  (served ??= formSecret(app).then((secret) =>
    createWebApp({
      app: { ...app, demo: false, baseUrl: "http://127.0.0.1:1", defaultUlb: () => Promise.resolve(ulb) },
      secret,
      log: false,
    }),
  ));

async function visit(
  city: TestUlb,
  roles: readonly Exclude<Role, "citizen" | "system">[],
  name: string,
): Promise<Person> {
  const web = await webOf(city.ulb);
  visitors += 1;
  const jar = new Map<string, string>();
  const ask = async (method: "GET" | "POST", url: string, payload?: string, type?: string) => {
    // Every request from an address of its own: the limit of requests is not what is looked at here.
    visitors += 1;
    const answer = await web.inject({
      method,
      url,
      remoteAddress: `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}`,
      ...(payload === undefined ? {} : { payload }),
      headers: { accept: "text/html", ...(type === undefined ? {} : { "content-type": type }) },
      cookies: Object.fromEntries(jar),
    });
    for (const c of answer.cookies as { name: string; value: string }[]) jar.set(c.name, c.value);
    return answer;
  };
  const FORM = "application/x-www-form-urlencoded";
  const tokenIn = (page: string): string => /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  let csrf = tokenIn((await ask("GET", "/signin")).body);
  if (roles.length > 0) {
    const login = `${name}@${city.ulb.code}`;
    await createUser(base, { login, name, password: PASSWORD, roles: roles.map((role) => ({ ulb: city.ulb, role })) });
    await ask(
      "POST",
      "/signin",
      new URLSearchParams({ _csrf: csrf, login, password: PASSWORD, next: "/" }).toString(),
      FORM,
    );
    csrf = tokenIn((await ask("GET", "/")).body);
  }
  return {
    get: (url) => ask("GET", url),
    send: (form, fields) => {
      const all = [["_csrf", csrf] as const, ...fields];
      if (!form.isUpload)
        return ask("POST", form.action, new URLSearchParams(all.map(([k, v]) => [k, v])).toString(), FORM);
      const boundary = "----paper";
      const parts = all.map(([k, v]) => `--${boundary}\r\ncontent-disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`);
      return ask(
        "POST",
        form.action,
        `${parts.join("")}--${boundary}--\r\n`,
        `multipart/form-data; boundary=${boundary}`,
      );
    },
  };
}

async function property(city: TestUlb, over: Parameters<typeof testConsumer>[1] = {}): Promise<string> {
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, over);
    await testDemand(tx, consumer, "5000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer.id;
  });
}

/** A town in the middle of its day, and the pages on which its people stand. */
async function town() {
  const city = await testCity(base, ulbs, { startsOn: localDate("2026-04-01") });
  const bank = { bank: "State Bank of India", branch: "Main Branch", number: "00000012345678" };
  await city.tx("admin", (tx) => addBankBook(tx, { account: BANK, ...bank, validFrom: localDate("2026-04-01") }));
  const consumerId = await property(city, { code: "A1" });
  const people = {
    cashier: await visit(city, ["cashier"], "cashier"),
    fresh: await visit(city, ["cashier"], "fresh"),
    accountant: await visit(city, ["accountant"], "accountant"),
    checker: await visit(city, ["checker"], "checker"),
    admin: await visit(city, ["admin"], "admin"),
    stranger: await visit(city, [], "stranger"),
  };
  const cashier = `cashier@${city.ulb.code}`;
  const who = { ulb: city.ulb, actor: { id: cashier, roles: ["cashier" as const] } };
  const other = city.as("cashier", "other");
  let n = 0;
  const take = (by: typeof who, sessionId: string, tender: Tender) =>
    property(city).then((id) =>
      inTransaction(app, by, (tx) =>
        takePayment(tx, {
          sessionId,
          tender,
          consumers: [{ consumerId: id, amount: rupees("100.00") }],
          idempotencyKey: newId(),
        }),
      ),
    );
  const cheque = (): Tender => ({
    kind: "cheque",
    number: String((n += 1)).padStart(6, "0"),
    bank: "SBI",
    date: localDate("2026-07-10"),
  });
  const session = await inTransaction(app, who, (tx) => openCounterSession(tx, { counter: "1" }));
  const cash = await take(who, session.id, { kind: "cash" });
  const atBank = await take(who, session.id, cheque());
  const deposited = await take(who, session.id, cheque());
  await city.tx("accountant", (tx) =>
    depositInstruments(tx, {
      kind: "cheques",
      slipNumber: "S1",
      date: localDate("2026-07-15"),
      instrumentIds: [deposited.receipts[0]?.instrument.id ?? ""],
    }),
  );
  const theirs = await inTransaction(app, other, (tx) => openCounterSession(tx, { counter: "9" }));
  await take(other as typeof who, theirs.id, { kind: "cash" });
  const handover = await inTransaction(app, other, (tx) =>
    handOver(tx, { sessionId: theirs.id, to: cashier, denominations: { "100": 1 } }),
  );
  const order = await createOrder(app, city.as("citizen"), {
    consumerId,
    amount: rupees("5000.00"),
    idempotencyKey: newId(),
  });
  const at = order.providerOrderId ?? "";
  const first = simulator.payOrder(at, { method: "netbanking" }).payment.id;
  const second = simulator.payOrder(at, { method: "netbanking", force: true }).payment.id;
  simulator.payOrder(simulator.createOrder({ amount: 50_000, notes: { ulb: city.ulb.code } }).id);
  const dispute = simulator.openDispute(first);
  await simulator.deliverWebhooks();
  await processInbox(app, city.ulb);
  const receipts = await city.tx("auditor", (tx) =>
    listReceipts(tx, { from: localDate("2026-04-01"), to: localDate("2027-03-31") }),
  );
  const paidOnline = receipts.find((r) => r.paymentId === second);
  const unknown = receipts.find((r) => r.consumerId === null);
  const pages: readonly (readonly [keyof typeof people, string])[] = [
    ["fresh", "/counter"],
    ["cashier", "/counter"],
    ["cashier", `/counter/take/${consumerId}`],
    ["cashier", `/counter/basket?ids=${consumerId}`],
    ["cashier", `/counter/handovers/${handover.id}`],
    ["cashier", "/counter/handover"],
    ["cashier", "/counter/close"],
    ["accountant", "/books/counters"],
    ["checker", "/books/counters"],
    ["admin", "/books/counters"],
    ["accountant", "/books/cheques"],
    ["accountant", "/books/money"],
    ["accountant", `/books/receipts/${deposited.receipts[0]?.id ?? ""}`],
    ["checker", `/books/receipts/${cash.receipts[0]?.id ?? ""}`],
    ["checker", `/books/receipts/${atBank.receipts[0]?.id ?? ""}`],
    ["accountant", `/books/refunds/new?of=${second}`],
    ["accountant", "/books/requests"],
    ["admin", "/books/online"],
    ["admin", "/books/online/partners"],
    ["accountant", "/books/online/partners"],
    ["accountant", "/books/unidentified"],
    ["checker", "/books/unidentified"],
    ["accountant", `/books/disputes/${dispute.id}`],
    ["accountant", "/books/tasks"],
    ["stranger", `/pay/${await property(city, { code: "A9" })}`],
    ["stranger", `/receipt/${paidOnline?.token ?? ""}`],
  ];
  expect(unknown).toBeDefined();
  return { city, people, pages, cashier };
}

test(
  "every field of every form where money comes in takes any text: it is kept, shown and refused as text, and the neighbour's rows stay as they are",
  { timeout: 300_000 },
  async () => {
    const t = await town();
    const neighbour = await testCity(base, ulbs);
    await property(neighbour);
    const untouched = await rows.print(neighbour.ulb);
    const sent = new Set<string>();
    const taken = new Set<string>();
    for (const [name, url] of t.pages) {
      const person = t.people[name];
      const page = await person.get(url);
      expect([page.statusCode, url]).toEqual([200, url]);
      const forms = formsIn(page.body).filter((f) => f.action !== "/signout");
      for (const form of forms) {
        for (const at of form.fields.keys()) {
          for (const text of TEXTS) {
            const answer = await person.send(form, new Map([...form.fields, [at, text]]));
            const told = `${name} ${url} -> ${form.action} ${at}=${text.slice(0, 50)}: ${answer.statusCode}`;
            sent.add(`${form.action.replace(/[0-9a-f-]{36}|(disp|pay)_\w+|(?<=\/receipt\/)[^/]+/g, ":id")} ${at}`);
            expect(answer.statusCode, `${told} ${answer.body.slice(0, 400)}`).toBeLessThan(500);
            expect(answer.body, told).not.toContain(MARKUP);
            const next = answer.headers.location;
            if (answer.statusCode === 303 && next !== undefined && next.startsWith("/")) {
              taken.add(form.action);
              const shown = await person.get(next);
              expect(shown.statusCode, `${told} ${next}`).toBeLessThan(500);
              expect(shown.body, `${told} ${next}`).not.toContain(MARKUP);
            }
          }
        }
      }
    }
    expect(sent.size).toBeGreaterThan(80);
    expect(taken.size).toBeGreaterThan(10);
    // What was kept is shown as text wherever it is listed.
    for (const [name, url] of [
      ...t.pages,
      ["checker", "/books/refunds"],
      ["checker", "/books/disputes"],
      ["accountant", "/audit"],
    ] as const) {
      const page = await t.people[name].get(url);
      expect(page.statusCode, url).toBeLessThan(500);
      expect(page.body, url).not.toContain(MARKUP);
    }
    expect(await rows.print(neighbour.ulb)).toEqual(untouched);
    expect(await t.city.tx("auditor", brokenTies)).toEqual([]);
  },
);

test("a payer's name stands on the receipt's page as he writes it, and on the paper in the scripts that papers are set in", async () => {
  const t = await town();
  const consumerId = await property(t.city);
  for (const name of [...NAMES, "ਗੁਰਪ੍ਰੀਤ ਕੌਰ (ਦੁਕਾਨ 4)", HOSTILE[1] ?? ""]) {
    const page = await t.people.cashier.get(`/counter/take/${consumerId}`);
    const form = formsIn(page.body).find((f) => f.action === `/counter/take/${consumerId}`) ?? expect.fail("a form");
    const given = new Map([
      ...form.fields,
      ["tender", "cash"],
      ["amount", "10"],
      ["payer", name],
      ["isAnother", "yes"],
    ]);
    const answer = await t.people.cashier.send(form, given);
    expect([answer.statusCode, name], answer.body.slice(0, 2000)).toEqual([303, name]);
    const at = String(answer.headers.location);
    const shown = await t.people.cashier.get(at);
    expect(decode(shown.body)).toContain(name);
    if (name.includes("<")) expect(shown.body).not.toContain(name);
    const paper = await t.people.cashier.get(`${at}/print`);
    expect(paper.headers["content-type"]).toBe("application/pdf");
    if (!/^[\u0000-\u00ff\u0900-\u097f\u0a00-\u0a7f\s]*$/.test(name)) continue;
    const letters = pdfPages(paper.rawPayload).join("");
    // Shaping reorders and joins: each letter is on the paper, in whatever order it is drawn. A joiner is drawn by what it joins.
    const lost = [...name].filter((c) => !/[\s\u200c\u200d]/.test(c) && !letters.includes(c));
    expect([lost, name]).toEqual([[], name]);
  }
});
