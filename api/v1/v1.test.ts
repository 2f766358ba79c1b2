import { expect, test } from "vitest";
import { testDemand } from "../../billing/testing.ts";
import { processInbox } from "../../collections/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { addBankAccount } from "../../reconciliation/index.ts";
import { newKey, testServer, testTown, type Answer, type TestTown } from "./testing.ts";

const on = await testServer();

/** The counter opened and a receipt of that tender, as the answers' JSON. */
async function receive(town: TestTown, amount: string, tender: object) {
  const session = (await town.call("cashier", "POST /v1/counter-sessions", { body: { counter: "1" } })).json();
  const receipt = await town.call("cashier", `POST /v1/counter-sessions/${session.id}/receipts`, {
    key: newKey(),
    body: { consumerId: town.consumer.id, amount, tender },
  });
  expect(receipt.statusCode, receipt.body).toBe(201);
  return { session, receipt: receipt.json() };
}

test("a consumer is found, his dues and bill are read, and the bill while the same is due is the same bill", async () => {
  const town = await testTown(on);
  const found = (await town.call("cashier", `GET /v1/consumers?query=${town.consumer.code}`)).json();
  expect(found).toMatchObject({
    items: [{ id: town.consumer.id, code: town.consumer.code, advance: "0.00" }],
    next: null,
  });
  expect((await town.call("auditor", `GET /v1/consumers/${town.consumer.id}`)).json()).toEqual(found.items[0]);
  const owned = (await town.call("auditor", `GET /v1/consumers/${town.consumer.id}/owners?on=2026-07-15`)).json();
  expect(owned).toEqual({ consumer: found.items[0], on: "2026-07-15", owners: [] });
  const history = (await town.call("auditor", `GET /v1/consumers/${town.consumer.id}/history`)).json();
  expect(history).toMatchObject({ items: [{ kind: "entered", approvedBy: null, from: [], to: [] }], next: null });
  const dues = (await town.call("cashier", `GET /v1/consumers/${town.consumer.id}/dues`)).json();
  expect(dues).toMatchObject({
    outstanding: "1188.00",
    items: [{ taxHead: "PT_TAX", outstanding: "1188.00", cessOutstanding: "88.00", demandYear: "2026-27" }],
  });
  const bill = await town.call("cashier", `POST /v1/consumers/${town.consumer.id}/bills`, {
    body: { asOf: "2026-07-15" },
  });
  expect(bill.statusCode).toBe(201);
  expect(bill.json()).toMatchObject({ number: "B/2026-27/000001", total: "1188.00", isLatest: true });
  const again = await town.call("cashier", `POST /v1/consumers/${town.consumer.id}/bills`, {
    body: { asOf: "2026-07-15" },
  });
  expect(again.json().id).toBe(bill.json().id);
  expect((await town.call("auditor", `GET ${bill.headers.location}`)).json()).toEqual(bill.json());
});

test("consumers of a service are listed page by page, each once", async () => {
  const town = await testTown(on);
  const rows = Array.from({ length: 5 }, (_, i) => `property-tax,Z-${i},Owner ${i},,,,Road,W01`);
  const csv = `service,code,name,name_local,mobile,email,address,ward\n${rows.join("\n")}\n`;
  expect((await town.call("admin", "POST /v1/imports/consumers", { body: csv })).json()).toMatchObject({
    status: "imported",
    added: 5,
  });
  const codes: string[] = [];
  for (let cursor = ""; ;) {
    const page = (await town.call("auditor", `GET /v1/consumers?service=property-tax&limit=2${cursor}`)).json();
    codes.push(...(page.items as { code: string }[]).map((c) => c.code));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(codes).toEqual([town.consumer.code, "Z-0", "Z-1", "Z-2", "Z-3", "Z-4"]);
});

test("an order is paid at the gateway: its webhook is stored, the receipt follows, and a poll changes nothing", async () => {
  const town = await testTown(on);
  const made = await town.call("system", "POST /v1/orders", {
    key: newKey(),
    body: { consumerId: town.consumer.id, amount: "1188.00" },
  });
  expect(made.statusCode, made.body).toBe(201);
  const order = made.json();
  expect(order).toMatchObject({ state: "confirmed", status: "created", amount: "1188.00" });
  on.simulator.payOrder(order.providerOrderId, { method: "upi" });
  await on.simulator.deliverWebhooks();
  await processInbox(on.app, town.city.ulb);
  expect((await town.call("auditor", `GET /v1/orders/${order.id}`)).json().status).toBe("paid");
  const poll = (await town.call("cashier", `POST /v1/orders/${order.id}/poll`)).json();
  expect(poll.status).toBe("paid");
  const list = (await town.call("auditor", "GET /v1/receipts?from=2026-04-01&to=2027-03-31")).json();
  expect(list.items).toHaveLength(1);
  expect(list.items[0]).toMatchObject({ id: poll.receiptId, channel: "online", amount: "1188.00", status: "issued" });
});

test("cash and a cheque at the counter, the drawer counted, both deposited, the cheque returned: every step by its address", async () => {
  const town = await testTown(on);
  const { session, receipt } = await receive(town, "500.00", { kind: "cash" });
  expect(receipt).toMatchObject({
    number: "RC/2026-27/000001",
    mode: "cash",
    amount: "500.00",
    issuedBy: "cashier@test",
  });
  const cheque = (
    await town.call("cashier", `POST /v1/counter-sessions/${session.id}/receipts`, {
      key: newKey(),
      body: {
        consumerId: town.consumer.id,
        amount: "688.00",
        tender: { kind: "cheque", number: "000123", bank: "Test Bank", date: "2026-07-14" },
      },
    })
  ).json();
  const seen = (await town.call("auditor", `GET /v1/counter-sessions/${session.id}`)).json();
  expect(seen.totals).toEqual([
    { mode: "cash", receipts: 1, amount: "500.00" },
    { mode: "cheque", receipts: 1, amount: "688.00" },
  ]);
  const short = await town.call("cashier", `POST /v1/counter-sessions/${session.id}/close`, {
    key: newKey(),
    body: { denominations: { "100": 4 } },
  });
  expect(short.json()).toMatchObject({ status: 409, code: "DRAWER_MISMATCH" });
  expect(short.json().detail).toContain("100.00 short");
  const closed = await town.call("cashier", `POST /v1/counter-sessions/${session.id}/close`, {
    key: newKey(),
    body: { denominations: { "500": 1 } },
  });
  expect(closed.json()).toMatchObject({ status: "closed", counted: "500.00" });

  expect((await town.call("accountant", "GET /v1/instruments-in-hand")).json().items).toHaveLength(2);
  for (const kind of ["cash", "cheques"]) {
    const deposit = await town.call("accountant", "POST /v1/remittances", {
      key: newKey(),
      body: { kind, slipNumber: `S-${kind}`, date: "2026-07-15" },
    });
    expect(deposit.statusCode, deposit.body).toBe(201);
    expect(deposit.json()).toMatchObject({ kind, amount: kind === "cash" ? "500.00" : "688.00", instruments: 1 });
  }
  const returned = await town.call("accountant", `POST /v1/cheques/${cheque.instrument.id}/dishonour`, {
    key: newKey(),
    body: { date: "2026-07-15", reason: "funds insufficient", bankCharge: "118.00" },
  });
  expect(returned.statusCode, returned.body).toBe(200);
  expect(returned.json()).toMatchObject({ receipt: { status: "dishonoured" }, noticeBy: "2026-08-14" });
  expect((await town.call("cashier", `GET /v1/consumers/${town.consumer.id}/dues`)).json().outstanding).toBe("688.00");
  const ties = (await town.call("auditor", "GET /v1/ties?asOf=2026-07-31")).json();
  expect((ties.items as { ok: boolean }[]).filter((t) => !t.ok)).toEqual([]);
  expect(ties.ok).toBe(true);
  const board = (await town.call("auditor", "GET /v1/dashboard?from=2026-07-01&to=2026-07-31")).json();
  expect(board).toMatchObject({ total: "500.00", receipts: 2, tie: { ok: true, difference: "0.00" } });
});

test("a receipt whose money is in the drawer is cancelled once, by another than asked for it; its dues are open again", async () => {
  const town = await testTown(on);
  const session = (await town.call("cashier", "POST /v1/counter-sessions", { body: { counter: "1" } })).json();
  const taken = await town.call("cashier", `POST /v1/counter-sessions/${session.id}/receipts`, {
    key: newKey(),
    body: { consumerId: town.consumer.id, amount: "1188.00", tender: { kind: "cash" } },
  });
  const { id, number } = taken.json<{ id: string; number: string }>();
  const cancel = (who: "cashier" | "checker", key: string, requestedBy = "cashier@test", reason = "keyed twice") =>
    town.call(who, `POST /v1/receipts/${id}/cancellation`, { key, body: { reason, requestedBy } });
  const codeOf = (a: Answer): [number, string] => [a.statusCode, a.json<{ code: string }>().code];
  expect(codeOf(await cancel("cashier", newKey()))).toEqual([403, "ROLE_REQUIRED"]);
  expect(codeOf(await cancel("checker", newKey(), "checker@test"))).toEqual([403, "CANCEL_OWN"]);
  expect(codeOf(await cancel("checker", newKey(), "cashier@test", "no"))).toEqual([422, "CANCEL_REASON"]);
  const key = newKey();
  const done = await cancel("checker", key);
  expect([done.statusCode, done.json()]).toMatchObject([
    200,
    { id, number, status: "cancelled", statusReason: "keyed twice" },
  ]);
  expect((await cancel("checker", key)).body).toBe(done.body);
  expect(codeOf(await cancel("checker", newKey()))).toEqual([409, "RECEIPT_STATUS"]);
  expect((await town.call("cashier", `GET /v1/consumers/${town.consumer.id}/dues`)).json()).toMatchObject({
    outstanding: "1188.00",
  });
});

test("a receipt is given as PDF", async () => {
  const town = await testTown(on);
  const { receipt } = await receive(town, "1188.00", { kind: "cash" });
  const pdf = await town.call("auditor", `GET /v1/receipts/${receipt.id}/pdf?lang=en`);
  expect(pdf.statusCode, pdf.body.slice(0, 300)).toBe(200);
  expect(pdf.headers["content-type"]).toBe("application/pdf");
  expect(pdf.rawPayload.subarray(0, 5).toString()).toBe("%PDF-");
  const prints = await town.call("cashier", `POST /v1/receipts/${receipt.id}/prints`);
  expect(prints.json()).toEqual({ copies: 1 });
});

test("a voucher is drafted, changed under If-Match, submitted, approved by another, and reversed", async () => {
  const town = await testTown(on);
  const body = {
    voucher: "payment",
    date: "2026-07-10",
    narration: "Electricity of the water works",
    lines: [
      { side: "debit", account: "2203001", amount: "1000", function: "55" },
      { side: "credit", account: "4502101", amount: "1000.00" },
    ],
  };
  const chart = (await town.call("accountant", "GET /v1/accounts?query=22030&posting=true")).json();
  expect(chart.items.length).toBeGreaterThan(0);
  body.lines[0] = { side: "debit", account: chart.items[0].code, amount: "1000", function: "91" };
  const draft = await town.call("accountant", "POST /v1/vouchers", { body });
  expect(draft.statusCode, draft.body).toBe(201);
  expect(draft.headers.etag).toBe('"1"');
  const at = `/v1/vouchers/${draft.json().id}`;
  const changed = await town.call("accountant", `PUT ${at}`, {
    ifMatch: draft.headers.etag,
    body: { ...body, narration: "Electricity of the water works, June" },
  });
  expect(changed.headers.etag).toBe('"2"');
  const late = await town.call("accountant", `PUT ${at}`, { ifMatch: '"1"', body });
  expect(late.json()).toMatchObject({ status: 412, code: "VOUCHER_CHANGED" });
  const submitted = await town.call("accountant", `POST ${at}/submit`, { ifMatch: '"2"' });
  expect(submitted.json()).toMatchObject({ status: "submitted", version: 3, debits: "1000.00", credits: "1000.00" });
  const waiting = (await town.call("checker", "GET /v1/vouchers?status=submitted")).json();
  expect(waiting.items).toHaveLength(1);
  const approved = await town.call("checker", `POST ${at}/approve`, { ifMatch: '"3"', key: newKey() });
  expect(approved.statusCode, approved.body).toBe(200);
  expect(approved.json()).toMatchObject({ voucher: { status: "approved" }, entry: { number: "P/2026-27/000001" } });
  const entry = (await town.call("auditor", `GET /v1/journal-entries/${approved.json().entry.id}`)).json();
  expect(entry).toMatchObject({ total: "1000.00", source: { type: "voucher" }, reversedBy: null });
  const mirror = await town.call("accountant", "POST /v1/voucher-reversals", {
    body: { entryId: entry.id, date: "2026-07-15", reason: "wrong-head", remarks: "It is of another function" },
  });
  const mirrored = `/v1/vouchers/${mirror.json().id}`;
  await town.call("accountant", `POST ${mirrored}/submit`, { ifMatch: '"1"' });
  const reversed = await town.call("checker", `POST ${mirrored}/approve`, { ifMatch: '"2"', key: newKey() });
  expect(reversed.json().entry).toMatchObject({ number: "P/2026-27/000002", date: "2026-07-15" });
  const statement = (
    await town.call("auditor", `GET /v1/accounts/4502101/statement?from=2026-07-01&to=2026-07-31&limit=1`)
  ).json();
  expect(statement).toMatchObject({ opening: "0.00", items: [{ balance: "-1000.00" }], closing: "-1000.00" });
  const rest = (
    await town.call(
      "auditor",
      `GET /v1/accounts/4502101/statement?from=2026-07-01&to=2026-07-31&cursor=${statement.next}`,
    )
  ).json();
  expect(rest).toMatchObject({ items: [{ balance: "0.00" }], closing: "0.00", next: null });
});

test("an entry that stands for a receipt is not reversed past its register", async () => {
  const town = await testTown(on);
  await receive(town, "100.00", { kind: "cash" });
  const entries = (await town.call("auditor", "GET /v1/journal-entries?from=2026-07-15&to=2026-07-15")).json();
  const refused = await town.call("accountant", "POST /v1/voucher-reversals", {
    body: { entryId: entries.items[0].id, date: "2026-07-15", reason: "wrong-amount", remarks: "mistaken amount" },
  });
  expect(refused.json()).toMatchObject({ status: 409, code: "REVERSAL_OF_ANOTHER_PAPER" });
});

test("the day book is read page by page, and the trial balance has equal sides", async () => {
  const town = await testTown(on);
  await receive(town, "100.00", { kind: "cash" });
  const numbers: string[] = [];
  for (let cursor = ""; ;) {
    const page = (
      await town.call("auditor", `GET /v1/journal-entries?from=2026-04-01&to=2026-07-31&limit=1${cursor}`)
    ).json();
    numbers.push(...(page.items as { number: string }[]).map((e) => e.number));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(numbers).toEqual(["J/2026-27/000001", "R/2026-27/000001"]);
  const tb = (await town.call("auditor", "GET /v1/trial-balance?from=2026-04-01&to=2026-07-31")).json();
  expect(tb.totals.closeDebit).toBe(tb.totals.closeCredit);
  expect(tb.rows).toContainEqual({
    code: "4501001",
    name: expect.any(String),
    openDebit: "0.00",
    openCredit: "0.00",
    debit: "100.00",
    credit: "0.00",
    closeDebit: "100.00",
    closeCredit: "0.00",
  });
});

test("a month is closed after a dry run that changes nothing, and reopened with a reason", async () => {
  const town = await testTown(on);
  const dry = await town.call("accountant", "POST /v1/periods/2026-04/close", { body: { dryRun: true } });
  expect(dry.json()).toMatchObject({ dryRun: true, period: { period: "2026-04", status: "closed" } });
  const status = async () => {
    const periods = (await town.call("auditor", "GET /v1/periods")).json<{
      items: { period: string; status: string }[];
    }>();
    return periods.items.find((p) => p.period === "2026-04")?.status;
  };
  expect(await status()).toBe("open");
  const closed = await town.call("accountant", "POST /v1/periods/2026-04/close", { body: {} });
  expect(closed.statusCode, closed.body).toBe(200);
  expect(await status()).toBe("closed");
  const skipping = await town.call("accountant", "POST /v1/periods/2026-06/close", { body: {} });
  expect(skipping.json()).toMatchObject({ status: 409, code: "PERIOD_CLOSE_REFUSED" });
  expect(skipping.json().detail).toContain("2026-05 is still open");
  const reopened = await town.call("checker", "POST /v1/periods/2026-04/reopen", {
    body: { reason: "late bank charges" },
  });
  expect(reopened.json().period).toMatchObject({
    status: "open",
    reason: "late bank charges",
    changedBy: "checker@test",
  });
});

test("demands are imported once: a dry run writes nothing, the same file again says so", async () => {
  const town = await testTown(on);
  const csv =
    "service,consumer_code,tax_period_from,tax_period_to,demand_year,due_date,tax_head,amount\n" +
    `property-tax,${town.consumer.code},2026-10-01,2027-03-31,2026-27,2027-03-31,PT_TAX,1100.00\n`;
  const dry = await town.call("admin", "POST /v1/imports/demands?dryRun=true&date=2026-07-15", {
    key: newKey(),
    body: csv,
  });
  expect(dry.json()).toMatchObject({ status: "imported", dryRun: true, added: 1 });
  const done = await town.call("admin", "POST /v1/imports/demands?date=2026-07-15", { key: newKey(), body: csv });
  expect(done.json()).toMatchObject({
    status: "imported",
    dryRun: false,
    added: 1,
    entries: [{ number: "J/2026-27/000002" }],
  });
  const again = await town.call("admin", "POST /v1/imports/demands?date=2026-07-15", { key: newKey(), body: csv });
  expect(again.json()).toMatchObject({ status: "already-imported", added: 0 });
});

test("a bank statement is imported, matched, and reconciled to what the bank says", async () => {
  const town = await testTown(on);
  const { session } = await receive(town, "1188.00", { kind: "cash" });
  await town.call("cashier", `POST /v1/counter-sessions/${session.id}/close`, {
    key: newKey(),
    body: { denominations: { "500": 2, "100": 1, "50": 1, "20": 1, "10": 1, "5": 1, "2": 1, "1": 1 } },
  });
  const deposit = await town.call("accountant", "POST /v1/remittances", {
    key: newKey(),
    body: { kind: "cash", slipNumber: "SLIP77", date: "2026-07-15" },
  });
  expect(deposit.statusCode, deposit.body).toBe(201);
  await town.city.tx("admin", (tx) =>
    addBankAccount(tx, { account: "4502101", bank: "Test Bank", name: "Main account", number: "000011112222" }),
  );
  expect((await town.call("auditor", "GET /v1/bank-accounts")).json().items).toMatchObject([{ account: "4502101" }]);
  const csv =
    "date,value_date,narration,reference,debit,credit,balance\n" +
    "2026-07-16,2026-07-16,CASH DEPOSIT SLIP77,SLIP77,,1188.00,1188.00\n";
  const at = "POST /v1/bank-statements?account=4502101&fileName=july.csv";
  const imported = await town.call("accountant", at, { body: csv });
  expect(imported.statusCode, imported.body).toBe(200);
  expect(imported.json()).toMatchObject({ status: "imported", linesAdded: 1, closing: "1188.00" });
  expect((await town.call("accountant", at, { body: csv })).json()).toMatchObject({
    status: "unchanged",
    linesAdded: 0,
  });
  const matched = await town.call("accountant", "POST /v1/bank-accounts/4502101/reconcile", { key: newKey() });
  expect(matched.statusCode, matched.body).toBe(200);
  const lines = (await town.call("auditor", "GET /v1/bank-lines?account=4502101&from=2026-07-01&to=2026-07-31")).json();
  expect(lines.items).toMatchObject([{ amount: "1188.00", reference: "SLIP77" }]);
  const found = (await town.call("auditor", "GET /v1/brs?account=4502101&asOf=2026-07-31")).json();
  expect(found).toMatchObject({
    bookBalance: "1188.00",
    statementBalance: "1188.00",
    difference: "0.00",
    isProved: true,
  });
  expect((await town.call("auditor", "GET /v1/bank-statements?account=4502101")).json().items).toHaveLength(1);
});

test("a change of a demand is previewed, proposed, and approved once by another person; notices are issued once for the same dues, printed and served", async () => {
  const town = await testTown(on);
  const due = await town.city.tx("accountant", (tx) =>
    testDemand(tx, town.consumer, "500+40", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-10-01"),
      periodTo: localDate("2027-03-31"),
      dueDate: localDate("2026-06-30"),
    }),
  );
  const items = (own: string) => [{ demandId: due.demandIds[0], taxHead: "PT_TAX", own }];
  const body = (own: string) => ({
    date: "2026-07-15",
    reason: "Area measured again",
    content: { kind: "credit-note", items: items(own) },
  });
  const preview = await town.call("accountant", "POST /v1/demand-changes/preview", { body: body("100.00") });
  expect(preview.json()).toMatchObject({ reduced: "108.00", advance: "0.00" });
  expect(preview.json<{ dues: object[] }>().dues).toContainEqual(
    expect.objectContaining({ before: "540.00", after: "432.00" }),
  );
  const much = await town.call("accountant", "POST /v1/demand-changes", { body: body("900.00") });
  expect(much.json()).toMatchObject({ status: 422, code: "DEMAND_CHANGE_EXCEEDS_DUE", facts: { due: "540.00" } });
  const made = await town.call("accountant", "POST /v1/demand-changes", { body: body("100.00"), key: newKey() });
  expect(made.statusCode, made.body).toBe(201);
  expect(made.json()).toMatchObject({ status: "waiting", content: { kind: "credit-note", items: items("100.00") } });
  const { id } = made.json<{ id: string }>();
  expect((await town.call("auditor", "GET /v1/demand-changes?status=waiting")).json()).toMatchObject({
    items: [{ id }],
    next: null,
  });
  const key = newKey();
  const done = await town.call("checker", `POST /v1/demand-changes/${id}/approve`, { key });
  expect(done.json()).toMatchObject({
    change: { status: "approved" },
    reduced: "108.00",
    entry: { date: "2026-07-15" },
  });
  const again = await town.call("checker", `POST /v1/demand-changes/${id}/approve`, { key });
  expect([again.headers["idempotency-replayed"], again.body]).toEqual(["true", done.body]);
  const late = await town.call("accountant", `POST /v1/demand-changes/${id}/withdraw`, {
    body: { reason: "a mistake" },
  });
  expect(late.json()).toMatchObject({ status: 409, code: "DEMAND_CHANGE_DECIDED" });

  const notice = { kind: "demand-notice", consumerIds: [town.consumer.id] };
  const issued = await town.call("accountant", "POST /v1/notices", { body: notice, key: newKey() });
  expect(issued.json()).toMatchObject({ notices: [{ isNew: true }], refused: [], dues: "432.00", fees: "0.00" });
  const [first] = issued.json<{ notices: { id: string }[] }>().notices;
  expect((await town.call("accountant", "POST /v1/notices", { body: notice, key: newKey() })).json()).toMatchObject({
    notices: [{ id: first?.id, isNew: false }],
  });
  const warrant = await town.call("accountant", "POST /v1/notices", {
    body: { ...notice, kind: "warrant" },
    key: newKey(),
  });
  expect(warrant.json()).toMatchObject({ notices: [], refused: [{ code: "NOTICE_NOT_SERVED" }] });
  const pdf = await town.call("auditor", `GET /v1/notices/${first?.id}/pdf?lang=en`);
  expect(pdf.headers["content-type"]).toBe("application/pdf");
  const served = await town.call("accountant", `POST /v1/notices/${first?.id}/service`, {
    body: { servedOn: "2026-07-15", how: "by hand" },
  });
  expect(served.json()).toMatchObject({ servedOn: "2026-07-15", how: "by hand", number: "DN/2026-27/000001" });
  expect((await town.call("auditor", "GET /v1/notices?served=false")).json()).toEqual({ items: [], next: null });
});
