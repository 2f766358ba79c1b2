import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { localDate } from "../../../ledger/kernel/dates.ts";
import { rupees } from "../../../ledger/kernel/money.ts";
import type { Role } from "../../../ledger/kernel/tx.ts";
import { accountBalance, addBankBook, addChequeBook, addParty, listItems, payableTies } from "../../../ledger/index.ts";
import { testApp, testUlb } from "../../../ledger/testing.ts";
import { pdfPages } from "../../../reports/testing.ts";
import { createWebApp, formSecret } from "../../app.ts";
import { noGateway } from "../../gateway.ts";
import { createUser } from "../../users.ts";

const now = new Date("2026-06-15T05:00:00Z");
const app = await testApp({ clock: () => now });
const city = await testUlb(app);
const BANK = "4502101";
await city.tx("admin", async (tx) => {
  const validFrom = localDate("2025-04-01");
  await addParty(tx, {
    type: "contractor",
    id: "C-0001",
    name: "Shri Balaji Constructions",
    pan: "AABFS1234K",
    bankAccount: "30211445566",
    bankIfsc: "SBIN0000123",
    validFrom,
  });
  await addParty(tx, {
    type: "supplier",
    id: "S-0001",
    name: "Narmada Traders & Sons",
    bankAccount: "50100223344",
    bankIfsc: "HDFC0000456",
    validFrom,
  });
  await addParty(tx, { type: "employee", id: "E-0001", name: "Asha Verma", validFrom });
  await addBankBook(tx, {
    account: BANK,
    bank: "State Bank of India",
    branch: "Main Branch",
    number: "00000012345678",
    validFrom,
  });
  await addChequeBook(tx, { account: BANK, firstLeaf: 321, lastLeaf: 340, receivedOn: validFrom });
});
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
async function at(role: Exclude<Role, "citizen" | "system">, ...more: Exclude<Role, "citizen" | "system">[]) {
  const login = `${role}${(visitors += 1)}@test`;
  await createUser(app, {
    login,
    name: role,
    password: PASSWORD,
    roles: [role, ...more].map((r) => ({ ulb: city.ulb, role: r })),
  });
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
const both = await at("accountant", "checker");

const ROOT = "/books/payables";
const bill = (over: Record<string, string> = {}): Record<string, string> => ({
  kind: "contractor",
  party: "contractor/C-0001",
  number: "17/2026",
  billDate: "2026-06-01",
  receivedOn: "2026-06-05",
  narration: "Repair of by-lane roads, ward 7",
  fund: "01",
  "account-0": "2305002",
  "amount-0": "1,18,000",
  "function-0": "20",
  gst: "18000",
  "section-TDS-CONTRACTOR": "yes",
  "section-GST-TDS-CGST": "yes",
  retention: "5",
  ...over,
});
const version = async (who: { get: (url: string) => Promise<LightMyRequestResponse> }, url: string): Promise<string> =>
  /name="version" value="(\d+)"/.exec((await who.get(url)).body)?.[1] ?? "";
const openItems = (kind: "creditor" | "recovery" | "deposit" | "advance") =>
  city.tx("auditor", (tx) => listItems(tx, { kind }));

test("a bill is computed and explained before it is saved; nothing is written by that", async () => {
  const page = await accountant.post(`${ROOT}/bills`, bill({ then: "compute" }));
  expect(page.statusCode).toBe(200);
  for (const words of [
    "2 % of 1,00,000.00: value without GST, above 30,000.00 in one bill",
    "GST-TDS-CGST: nothing: the value of the supply is 1,00,000.00 without GST, not above 2,50,000.00",
    "5 % of 1,00,000.00, held until the defect liability period ends",
    "1,11,000.00",
  ])
    expect(page.body).toContain(words);
  expect(page.body).toMatch(/name="number"[^>]*value="17\/2026"|value="17\/2026"[^>]*name="number"/);
  expect((await accountant.get(`${ROOT}/bills?status=draft`)).body).toContain("No bill is draft.");
});

test("what is wrong in a bill is said beside the form, and what was typed is kept", async () => {
  for (const [over, code, status] of [
    [{ party: "C-0099" }, "BILL_INPUT", 422],
    [{ "amount-0": "12x" }, "MONEY_FORMAT", 422],
    [{ billDate: "2026-07-01" }, "BILL_INPUT", 422],
    [{ penalty: "120000", penaltyFunction: "20" }, "DEDUCTIONS_EXCEED_BILL", 422],
    [{ "other-code-0": "XYZ", "other-amount-0": "5" }, "BILL_INPUT", 422],
  ] as const) {
    const page = await accountant.post(`${ROOT}/bills`, bill({ ...over, then: "save" }));
    expect([page.statusCode, page.body.includes(code)], code).toEqual([status, true]);
    expect(page.body).toContain("Repair of by-lane roads, ward 7");
  }
});

let billUrl = "";
test("a bill is submitted by one, passed by another; its maker is refused, and the same bill is not taken in again", async () => {
  const saved = await accountant.post(`${ROOT}/bills`, bill({ then: "submit" }));
  expect(saved.statusCode).toBe(303);
  billUrl = String(saved.headers.location);
  const duplicate = await accountant.post(`${ROOT}/bills`, bill({ then: "save" }));
  expect(duplicate.statusCode).toBe(409);
  expect(duplicate.body).toContain("BILL_DUPLICATE");
  const own = await both.post(`${ROOT}/bills`, bill({ number: "18/2026", then: "submit" }));
  const ownUrl = String(own.headers.location);
  const refused = await both.post(`${ownUrl}/pass`, {
    version: await version(accountant, ownUrl).then(() => "2"),
    date: "2026-06-10",
  });
  expect(refused.statusCode).toBe(403);
  expect(refused.body).toContain("MAKER_IS_CHECKER");
  expect((await accountant.post(`${billUrl}/pass`, { version: "2" })).statusCode).toBe(403);
  const noReason = await checker.post(`${billUrl}/back`, { version: await version(checker, billUrl), reason: "x" });
  expect([noReason.statusCode, noReason.body.includes("REASON_MISSING")]).toEqual([422, true]);
  const passed = await checker.post(`${billUrl}/pass`, {
    version: await version(checker, billUrl),
    date: "2026-06-10",
  });
  expect(passed.headers.location).toBe(billUrl);
  const page = (await accountant.get(billUrl)).body;
  expect(page).toContain("/books/entries/");
  expect(page).toContain("PB/2026-27/000001");
  expect((await openItems("creditor")).map((i) => i.open)).toEqual([rupees("111000")]);
  await checker.post(`${ownUrl}/reject`, { version: await version(checker, ownUrl), reason: "entered twice" });
});

let paymentUrl = "";
test("a payment beyond what is payable is refused beside the form; a right one waits for another person and issues the leaf", async () => {
  const [item] = await openItems("creditor");
  const id = item?.id ?? "";
  const form = (amount: string, over: Record<string, string> = {}) => ({
    kind: "bills",
    party: "contractor/C-0001",
    account: BANK,
    mode: "cheque",
    date: "2026-06-12",
    [`pay-${id}`]: "yes",
    [`amount-${id}`]: amount,
    ...over,
  });
  const page = (await accountant.get(`${ROOT}/payments/new?kind=bills&party=contractor/C-0001`)).body;
  expect(page).toContain("next leaf 000321");
  expect(page).toContain('value="111000.00"');
  const refused = await accountant.post(`${ROOT}/payments`, form("1,11,000.01"));
  expect(refused.statusCode).toBe(409);
  expect(refused.body).toContain("1,11,000.01 is more than is payable for bill 17/2026");
  expect(refused.body).toContain('value="1,11,000.01"');
  const made = await accountant.post(`${ROOT}/payments`, form("100000"));
  paymentUrl = String(made.headers.location);
  expect((await accountant.get(ROOT)).body).toContain("Shri Balaji Constructions");
  const approved = await checker.post(`${paymentUrl}/approve`, { version: await version(checker, paymentUrl) });
  expect(approved.statusCode).toBe(303);
  const twice = await accountant.post(`${ROOT}/payments`, form("1000", { leaf: "321" }));
  expect(twice.statusCode).toBe(409);
  expect(twice.body).toContain(
    "Leaf 000321 of 4502101 was used for Shri Balaji Constructions, 1,00,000.00, on 12/06/2026 (issued)",
  );
  const order = await auditor().then((a) => a.get(`${paymentUrl}/order.pdf`));
  expect(order.headers["content-type"]).toBe("application/pdf");
  expect(pdfPages(order.rawPayload).join("").replaceAll("|", "")).toContain("Rupees One Lakh Only");
});
const auditor = (() => {
  let made: ReturnType<typeof at> | undefined;
  return () => (made ??= at("auditor"));
})();

test("a cheque is delivered, brought back, and cancelled by a checker; its bill is payable again", async () => {
  const list = (await accountant.get(`${ROOT}/cheques`)).body;
  const cheque = /\/books\/payables\/cheques\/([0-9a-f-]{36})/.exec(list)?.[1] ?? "";
  const at = `${ROOT}/cheques/${cheque}`;
  expect((await accountant.post(`${at}/deliver`, { to: "Mohan Lal", date: "2026-06-11" })).body).toContain(
    "CHEQUE_DATE",
  );
  expect((await accountant.post(`${at}/deliver`, { to: "Mohan Lal", date: "2026-06-13" })).statusCode).toBe(303);
  const cancel = async (reason: string) =>
    checker.post(`${paymentUrl}/cancel`, { version: await version(checker, paymentUrl), reason, date: "2026-06-15" });
  const early = await cancel("lost in the post");
  expect(early.statusCode).toBe(409);
  expect(early.body).toContain("CHEQUE_STATUS");
  expect(early.body).toContain('value="lost in the post"');
  expect((await accountant.post(`${at}/take-back`, { reason: "name misspelt", date: "2026-06-14" })).statusCode).toBe(
    303,
  );
  expect((await cancel("name misspelt")).statusCode).toBe(303);
  expect((await openItems("creditor")).map((i) => i.open)).toEqual([rupees("111000")]);
  expect((await accountant.get(at)).body).toContain("take back");
  const spoiled = await accountant.post(`${ROOT}/cheques/spoil`, {
    account: BANK,
    leaf: "322",
    reason: "torn in the printer",
  });
  expect(spoiled.statusCode).toBe(303);
  const again = await accountant.post(`${ROOT}/cheques/spoil`, {
    account: BANK,
    leaf: "322",
    reason: "torn in the printer",
  });
  expect([again.statusCode, again.body.includes("CHEQUE_ISSUED_ALREADY")]).toEqual([409, true]);
});

test("a transfer advice goes out as a letter with words and signatories and as a file for the bank", async () => {
  const second = await accountant.post(
    `${ROOT}/bills`,
    bill({
      kind: "supplier",
      party: "supplier/S-0001",
      number: "N-9",
      "amount-0": "250000",
      gst: "",
      retention: "",
      "account-0": "2302001",
      then: "submit",
    }),
  );
  const url = String(second.headers.location);
  await checker.post(`${url}/pass`, { version: await version(checker, url), date: "2026-06-10" });
  const items = (await openItems("creditor")).sort((a, b) => a.party.id.localeCompare(b.party.id));
  const made = await accountant.post(`${ROOT}/payments`, {
    kind: "bills",
    account: BANK,
    mode: "transfer",
    date: "2026-06-15",
    ...Object.fromEntries(
      items.flatMap((i) => [
        [`pay-${i.id}`, "yes"],
        [`amount-${i.id}`, (Number(i.open) / 100).toFixed(2)],
      ]),
    ),
  });
  const at = String(made.headers.location);
  expect((await accountant.get(`${at}/advice.csv`)).statusCode).toBe(404);
  await checker.post(`${at}/approve`, { version: await version(checker, at) });
  const csv = await accountant.get(`${at}/advice.csv`);
  expect(csv.headers["content-disposition"]).toContain("PA-2026-27-000001.csv");
  expect(csv.body).toBe(
    "beneficiary_name,account_number,ifsc,amount,method,remarks\n" +
      "Shri Balaji Constructions,30211445566,SBIN0000123,111000.00,NEFT,PA202627000001\n" +
      "Narmada Traders Sons,50100223344,HDFC0000456,245000.00,RTGS,PA202627000001\n",
  );
  const pdf = await accountant.get(`${at}/advice.pdf`);
  const text = pdfPages(pdf.rawPayload).join("").replaceAll("|", "");
  for (const words of [
    "PA/2026-27/000001",
    "State Bank of India",
    "Rupees Three Lakh Fifty-Six Thousand Only",
    "Accounts Officer",
    "Executive Officer",
    "3,56,000.00",
  ])
    expect(text).toContain(words);
  const sent = await accountant.post(`${at}/sent`, { date: "2026-06-15" });
  expect(sent.statusCode).toBe(303);
  const back = await accountant.post(`${at}/return`, { line: "2", date: "2026-06-16", reason: "account closed" });
  expect(back.statusCode).toBe(303);
  expect((await accountant.get(at)).body).toContain("16/06/2026: account closed");
});

test("deductions are remitted with their challan; deposits and advances come, go and are decided by a second person", async () => {
  const remit = (await accountant.get(`${ROOT}/remittances`)).body;
  expect(remit).toContain("TDS-CONTRACTOR");
  expect(remit).toContain("07/07/2026");
  const recoveries = await openItems("recovery");
  const [tds] = recoveries;
  const made = await accountant.post(`${ROOT}/payments`, {
    kind: "remittance",
    account: BANK,
    mode: "cheque",
    date: "2026-06-15",
    [`pay-${tds?.id ?? ""}`]: "yes",
    [`amount-${tds?.id ?? ""}`]: (Number(tds?.open) / 100).toFixed(2),
  });
  const at = String(made.headers.location);
  await checker.post(`${at}/approve`, { version: await version(checker, at) });
  await accountant.post(`${at}/challan`, { number: "0510002/123", date: "2026-06-15" });
  expect((await accountant.get(at)).body).toContain("0510002/123");

  const deposit = {
    party: "C-0001",
    sort: "emd",
    what: "EMD for tender 12, DD 445566",
    amount: "10000",
    bank: BANK,
    date: "2026-06-15",
  };
  expect((await accountant.post(`${ROOT}/deposits`, { ...deposit, amount: "0" })).statusCode).toBe(422);
  expect((await accountant.post(`${ROOT}/deposits`, deposit)).statusCode).toBe(303);
  const emd = (await openItems("deposit")).find((i) => i.code === "emd");
  const order = {
    itemId: emd?.id ?? "",
    kind: "forfeit",
    amount: "4000",
    reason: "order 17 of the commissioner",
    date: "2026-06-15",
  };
  const tooMuch = await accountant.post(`${ROOT}/deposits/orders`, { ...order, amount: "10000.01" });
  expect([tooMuch.statusCode, tooMuch.body.includes("PAYMENT_EXCEEDS_PAYABLE")]).toEqual([409, true]);
  await accountant.post(`${ROOT}/deposits/orders`, order);
  const orderUrl =
    /action="(\/books\/payables\/deposits\/orders\/[0-9a-f-]{36})"/.exec(
      (await checker.get(`${ROOT}/deposits`)).body,
    )?.[1] ?? "";
  expect((await checker.post(orderUrl, { then: "approve" })).statusCode).toBe(303);

  const advance = await accountant.post(`${ROOT}/payments`, {
    kind: "advance",
    party: "E-0001",
    purpose: "imprest",
    what: "imprest of the water works",
    amount: "5000",
    account: BANK,
    mode: "cheque",
    date: "2026-06-15",
  });
  const advanceUrl = String(advance.headers.location);
  await checker.post(`${advanceUrl}/approve`, { version: await version(checker, advanceUrl) });
  const [imprest] = await openItems("advance");
  const back = { itemId: imprest?.id ?? "", bank: "4501001", what: "unspent", date: "2026-06-15" };
  const more = await accountant.post(`${ROOT}/advances`, { ...back, amount: "5000.01" });
  expect([more.statusCode, more.body.includes("ADVANCE_EXCEEDS_OUTSTANDING")]).toEqual([422, true]);
  expect((await accountant.post(`${ROOT}/advances`, { ...back, amount: "2000" })).statusCode).toBe(303);
  expect((await accountant.get(`${ROOT}/advances`)).body).toContain("3,000.00");
  expect(await city.tx("auditor", (tx) => accountBalance(tx, "1801001", localDate("2026-06-30")))).toBe(
    rupees("-4000"),
  );
});

test("the sub-ledger page says that every party agrees, and the ties say so too", async () => {
  const page = await (await auditor()).get(`${ROOT}/ties?day=2026-06-30`);
  expect(page.body).toContain("Every party&#39;s sub-ledger is its control account".replace("&#39;", "'"));
  expect(
    (await city.tx("auditor", (tx) => payableTies(tx, localDate("2026-06-30")))).filter((t) => t.difference !== 0n),
  ).toEqual([]);
});

test("stale cheques of a day are listed for everybody and booked by a checker alone", async () => {
  const page = (await accountant.get(`${ROOT}/cheques/due?day=2026-09-15`)).body;
  expect(page).toContain("A checker approves this list and books it.");
  const mine = (await checker.get(`${ROOT}/cheques/due?day=2026-09-15`)).body;
  const ids = [...mine.matchAll(/name="c-([0-9a-f-]{36})"/g)].map((m) => m[1] ?? "");
  expect(ids.length).toBeGreaterThan(0);
  const early = await checker.post(`${ROOT}/cheques/due`, { day: "2026-09-14", [`c-${ids[0] ?? ""}`]: "yes" });
  expect([early.statusCode, early.body.includes("CHEQUE_NOT_DUE")]).toEqual([409, true]);
  const booked = await checker.post(`${ROOT}/cheques/due`, {
    day: "2026-09-15",
    ...Object.fromEntries(ids.map((id) => [`c-${id}`, "yes"])),
  });
  expect(booked.headers.location).toContain(`booked=${ids.length}`);
});

test("settings are changed by an administrator, wrong ones are refused; others read", async () => {
  const admin = await at("admin");
  const settings = {
    staleMonths: "6",
    lapseYears: "3",
    depositLapseYears: "3",
    rtgsFrom: "2,00,000",
    incomeFunction: "03",
    firstSignatory: "Accounts Officer",
    secondSignatory: "Commissioner",
    reason: "order of the State",
  };
  expect((await accountant.post(`${ROOT}/settings`, settings)).statusCode).toBe(403);
  const bad = await admin.post(`${ROOT}/settings`, { ...settings, staleMonths: "0" });
  expect([bad.statusCode, bad.body.includes("PAYABLE_SETTING")]).toEqual([422, true]);
  expect((await admin.post(`${ROOT}/settings`, settings)).statusCode).toBe(303);
  expect((await admin.get(`${ROOT}/settings`)).body).toContain("Commissioner");
  expect((await admin.post(`${ROOT}/settings/terms`, { code: "BOCW", dueDay: "30", payee: "" })).statusCode).toBe(422);
});

test("every page of the room opens for an auditor, and pages that write do not", async () => {
  const reader = await auditor();
  for (const page of [
    "",
    "/bills?status=passed",
    "/payments?status=issued",
    "/cheques",
    "/cheques/due",
    "/remittances",
    "/deposits",
    "/advances",
    "/ties",
    "/settings",
  ])
    expect((await reader.get(ROOT + page)).statusCode, page).toBe(200);
  for (const page of ["/bills/new", "/payments/new?kind=bills"])
    expect((await reader.get(ROOT + page)).statusCode, page).toBe(403);
  expect((await reader.get(`${ROOT}/bills/not-an-id`)).statusCode).toBe(404);
});
