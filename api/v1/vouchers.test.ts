import { expect, test } from "vitest";
import { setVoucherRules } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { newKey, testServer, testTown, type TestTown } from "./testing.ts";

const on = await testServer();
const PDF = Buffer.from("%PDF-1.7\n1 0 obj\nendobj\n");
const journal = (over: object = {}) => ({
  voucher: "journal",
  date: "2026-07-10",
  narration: "Provision for July",
  lines: [
    { side: "debit", account: "2203001", amount: "1000.00", function: "91" },
    { side: "credit", account: "3501001", amount: "1000.00" },
  ],
  ...over,
});
const submitted = async (town: TestTown, over: object = {}) => {
  const { id } = (await town.call("accountant", "POST /v1/vouchers", { body: journal(over) })).json();
  const answer = await town.call("accountant", `POST /v1/vouchers/${id}/submit`, { ifMatch: '"1"' });
  expect(answer.statusCode, answer.body).toBe(200);
  return id as string;
};

test("a voucher is sent back, changed, submitted again, and its history told; a draft is cancelled", async () => {
  const town = await testTown(on);
  const paper = { fileNumber: "ACC/12/2026", sanction: { number: "S-9", date: "2026-07-01" } };
  const id = await submitted(town, paper);
  const back = await town.call("checker", `POST /v1/vouchers/${id}/send-back`, {
    ifMatch: '"2"',
    body: { reason: "the bill is not attached" },
  });
  expect(back.json()).toMatchObject({ status: "sent-back", version: 3, ...paper });
  const changed = await town.call("accountant", `PUT /v1/vouchers/${id}`, {
    ifMatch: '"3"',
    body: journal({ ...paper, narration: "Provision for July, bill attached" }),
  });
  expect(changed.json()).toMatchObject({ status: "sent-back", version: 4 });
  const cancelled = await town.call("accountant", `POST /v1/vouchers/${id}/cancel`, {
    ifMatch: '"4"',
    body: { reason: "not needed any more" },
  });
  expect(cancelled.json()).toMatchObject({ status: "cancelled", decisionReason: "not needed any more" });
  const steps = (await town.call("auditor", `GET /v1/vouchers/${id}/steps`)).json();
  expect((steps.items as { step: string }[]).map((s) => s.step)).toEqual([
    "drafted",
    "submitted",
    "sent-back",
    "changed",
    "cancelled",
  ]);
});

test("lists of vouchers are filtered and go page by page", async () => {
  const town = await testTown(on);
  for (const date of ["2026-07-10", "2026-07-20", "2026-07-11"])
    await town.call("accountant", "POST /v1/vouchers", { body: journal({ date }) });
  const page = async (more: string) =>
    (await town.call("auditor", `GET /v1/vouchers?status=draft&${more}`)).json<{
      items: { date: string }[];
      next: string;
    }>();
  const first = await page("limit=2");
  expect(first.items.map((v) => v.date)).toEqual(["2026-07-10", "2026-07-11"]);
  const second = await page(`limit=2&cursor=${first.next}`);
  expect([second.items.length, second.items[0]?.date, second.next]).toEqual([1, "2026-07-20", null]);
  expect((await page("backDated=true")).items).toHaveLength(2);
  expect((await page("voucher=payment")).items).toEqual([]);
});

test("above the set amount one person signs and another approves", async () => {
  const town = await testTown(on);
  await town.city.tx("admin", (t) =>
    setVoucherRules(t, { from: localDate("2026-04-01"), secondSignatureAbove: rupees("500"), backDateDays: null }),
  );
  const id = await submitted(town);
  const early = await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"2"', key: newKey() });
  expect(early.json()).toMatchObject({ status: 409, code: "SECOND_SIGNATURE_MISSING" });
  const signed = await town.call("checker", `POST /v1/vouchers/${id}/sign`, { ifMatch: '"2"' });
  expect(signed.json()).toMatchObject({ status: "submitted", firstSignatory: "checker@test" });
  const twice = await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"3"', key: newKey() });
  expect(twice.json()).toMatchObject({ status: 403, code: "SIGNATORY_TWICE" });
});

test("a file is attached in base64 and comes back byte for byte; what is no paper is refused", async () => {
  const town = await testTown(on);
  const id = await submitted(town);
  const attach = (content: string, fileName = "bill.pdf") =>
    town.call("accountant", `POST /v1/vouchers/${id}/attachments`, { body: { fileName, content } });
  const made = await attach(PDF.toString("base64"));
  expect(made.statusCode, made.body).toBe(201);
  expect(made.json()).toMatchObject({ number: 1, mediaType: "application/pdf", bytes: PDF.length });
  expect((await attach(Buffer.from("<html>").toString("base64"), "x.pdf")).json()).toMatchObject({
    code: "ATTACHMENT_TYPE",
  });
  expect((await attach("not base64!")).json()).toMatchObject({ code: "REQUEST_INVALID" });
  const list = (await town.call("auditor", `GET /v1/vouchers/${id}/attachments`)).json();
  expect(list.items).toEqual([made.json()]);
  const file = await town.call("auditor", `GET /v1/vouchers/${id}/attachments/1`);
  expect([file.rawPayload.equals(PDF), file.headers["content-type"]]).toEqual([true, "application/pdf"]);
  expect((await town.call("auditor", `GET /v1/vouchers/${id}/attachments/9`)).json()).toMatchObject({
    code: "ATTACHMENT_NOT_FOUND",
  });
  const ten = await attach(Buffer.concat([PDF, Buffer.alloc(10 * 1024 * 1024 - PDF.length)]).toString("base64"));
  expect(ten.statusCode).toBe(201);
});

test("an event is previewed and drafted from its template; the drafts are vouchers as any other", async () => {
  const town = await testTown(on);
  const list = (await town.call("auditor", "GET /v1/voucher-templates")).json();
  expect(list.items).toHaveLength(110);
  const rule = (await town.call("auditor", "GET /v1/voucher-templates/PT-01")).json();
  expect(rule.vouchers[0].legs[0]).toMatchObject({ leg: 1, side: "debit", kind: "balance", account: "4311001" });
  const body = {
    date: "2026-07-10",
    demandYear: "2026-27",
    lines: [
      { leg: 2, amount: "1100.00" },
      { leg: 7, amount: "88.00" },
    ],
  };
  const preview = (await town.call("accountant", "POST /v1/voucher-templates/PT-01/preview", { body })).json();
  expect(preview.items).toHaveLength(1);
  expect(preview.items[0]).toMatchObject({ voucher: "journal", refusal: null });
  expect(
    (preview.items[0].lines as { side: string; account: string; amount: string }[]).map((l) => [l.account, l.amount]),
  ).toEqual([
    ["4311001", "1188.00"],
    ["1100101", "1100.00"],
    ["4319100", "88.00"],
  ]);
  const late = await town.call("accountant", "POST /v1/voucher-templates/PT-01/preview", {
    body: { ...body, date: "2031-07-10" },
  });
  expect(late.json().items[0].refusal.code).toBe("PERIOD_MISSING");
  expect((await town.call("auditor", "GET /v1/vouchers?status=draft")).json().items).toEqual([]);
  const made = await town.call("accountant", "POST /v1/voucher-templates/PT-01/vouchers", { body, key: newKey() });
  expect(made.statusCode, made.body).toBe(201);
  expect(made.json().items[0]).toMatchObject({ template: "PT-01", status: "draft", debits: "1188.00" });
  const missing = await town.call("accountant", "POST /v1/voucher-templates/PT-01/vouchers", {
    body: { ...body, lines: [] },
  });
  expect(missing.json()).toMatchObject({ status: 422, code: "TEMPLATE_LEG_MISSING" });
});

test("the reversal of an entry is drafted with a reason and approved by another person", async () => {
  const town = await testTown(on);
  const id = await submitted(town);
  const { entry } = (
    await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"2"', key: newKey() })
  ).json();
  const made = await town.call("accountant", "POST /v1/voucher-reversals", {
    body: { entryId: entry.id, date: "2026-07-11", reason: "wrong-head", remarks: "It belongs to another head" },
  });
  expect(made.statusCode, made.body).toBe(201);
  const draft = made.json();
  expect(draft).toMatchObject({ status: "draft", reverses: { entryId: entry.id, reason: "wrong-head" } });
  await town.call("accountant", `POST /v1/vouchers/${draft.id}/submit`, { ifMatch: '"1"' });
  const done = await town.call("checker", `POST /v1/vouchers/${draft.id}/approve`, { ifMatch: '"2"', key: newKey() });
  expect(done.statusCode, done.body).toBe(200);
  expect((await town.call("auditor", `GET /v1/journal-entries/${entry.id}`)).json().reversedBy).toBe(
    done.json().entry.id,
  );
});
