import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { closePeriod } from "../../ledger/index.ts";
import { period } from "../../ledger/kernel/dates.ts";
import { inTransaction } from "../../ledger/kernel/tx.ts";
import { createAccessToken, forgetIdempotencyKeys, revokeAccessToken } from "./index.ts";
import { footprint, newKey, testServer, testTown, type Answer, type TestTown } from "./testing.ts";

const on = await testServer();

const journal = (over: object = {}) => ({
  voucher: "journal",
  date: "2026-07-10",
  narration: "Provision for July",
  lines: [
    { side: "debit", account: "2203001", amount: "1000.00", function: "91" },
    { side: "credit", account: "3501001", amount: "999.50" },
  ],
  ...over,
});

type Listed = { code: string; detail: string; pointer: string; line: number; column: string };
type ProblemJson = { detail: string; facts: Record<string, unknown>; errors: Listed[]; incident?: string };

/** A problem in the form of RFC 9457, with our code; gives it back. */
function problem(answer: Answer, status: number, code: string): ProblemJson {
  expect(answer.statusCode, answer.body).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  const body = answer.json<ProblemJson>();
  expect(body).toMatchObject({
    type: `/v1/errors/${code}`,
    status,
    code,
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(body.facts).toBeTypeOf("object");
  return body;
}

async function nothingWritten(town: TestTown, fn: () => Promise<void>): Promise<void> {
  const before = await footprint(on.app, town.city.ulb);
  await fn();
  expect(await footprint(on.app, town.city.ulb)).toEqual(before);
}

// ---------------------------------------------------------------- 7. bad input

test("an unbalanced voucher cannot be submitted; the refusal shows both sums and the difference, and nothing is posted", async () => {
  const town = await testTown(on);
  const draft = (await town.call("accountant", "POST /v1/vouchers", { body: journal() })).json();
  expect(draft).toMatchObject({ debits: "1000.00", credits: "999.50", status: "draft" });
  await nothingWritten(town, async () => {
    const refused = await town.call("accountant", `POST /v1/vouchers/${draft.id}/submit`, {
      ifMatch: '"1"',
      key: newKey(),
    });
    const { detail, facts } = problem(refused, 422, "ENTRY_UNBALANCED");
    expect(detail).toContain("debits 1,000.00, credits 999.50, difference 0.50");
    expect(facts).toMatchObject({ debits: "100000", credits: "99950" });
  });
  expect((await town.call("auditor", `GET /v1/vouchers/${draft.id}`)).json()).toEqual(draft);
});

test("a third decimal is refused where it stands, and shown", async () => {
  const town = await testTown(on);
  await nothingWritten(town, async () => {
    const body = journal();
    body.lines[1] = { side: "credit", account: "3501001", amount: "1000.005" };
    const { errors, detail } = problem(
      await town.call("accountant", "POST /v1/vouchers", { body }),
      422,
      "REQUEST_INVALID",
    );
    expect(errors).toEqual([
      {
        code: "MONEY_DECIMALS",
        pointer: "#/lines/1/amount",
        detail: '"1000.005" has 3 decimals; an amount has at most two (paise)',
      },
    ]);
    expect(detail).toContain('#/lines/1/amount "1000.005" has 3 decimals');
    const order = await town.call("cashier", "POST /v1/orders", {
      key: newKey(),
      body: { consumerId: town.consumer.id, amount: "10.001" },
    });
    expect(problem(order, 422, "REQUEST_INVALID").errors[0]?.code).toBe("MONEY_DECIMALS");
  });
});

test("an amount is a string: a JSON number is refused and not rounded, text is not coerced", async () => {
  const town = await testTown(on);
  const body = { consumerId: town.consumer.id, amount: 1188 };
  const number = problem(
    await town.call("cashier", "POST /v1/orders", { key: newKey(), body }),
    422,
    "REQUEST_INVALID",
  );
  expect(number.errors).toEqual([
    { code: "TYPE", pointer: "#/amount", detail: 'is the number 1188; it must be a string (amounts too: "1234.50")' },
  ]);
  const close = await town.call("accountant", "POST /v1/periods/2026-04/close", { body: { dryRun: "true" } });
  expect(problem(close, 422, "REQUEST_INVALID").errors[0]?.pointer).toBe("#/dryRun");
});

test("what is unknown is not dropped: a misspelt field is named, and all problems are listed at once", async () => {
  const town = await testTown(on);
  const body = { consumerId: "x", amount: "1,188.00", bilId: "y" };
  const { errors } = problem(
    await town.call("cashier", "POST /v1/orders", { key: newKey(), body }),
    422,
    "REQUEST_INVALID",
  );
  expect(errors.map((e) => `${e.code} ${e.pointer}`).sort()).toEqual([
    "MONEY_FORMAT #/amount",
    "PATTERN #/consumerId",
    "UNKNOWN_PROPERTY #",
  ]);
});

test("a body of very many values is refused quickly, however wrong each is", async () => {
  const town = await testTown(on);
  const send = (lines: unknown[]) => town.call("accountant", "POST /v1/vouchers", { body: journal({ lines }) });
  const started = performance.now();
  const huge = problem(await send(new Array(300_000).fill({})), 422, "REQUEST_INVALID");
  expect(huge.detail).toBe("the body has more than 50000 values; split it");
  const large = problem(await send(new Array(49_000).fill(0)), 422, "REQUEST_INVALID");
  expect(large.errors).toHaveLength(50);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("an unknown account is refused when the voucher is submitted, by its code and line", async () => {
  const town = await testTown(on);
  const body = journal({
    lines: [
      { side: "debit", account: "9999999", amount: "10.00" },
      { side: "credit", account: "3501001", amount: "10.00" },
    ],
  });
  const { id } = (await town.call("accountant", "POST /v1/vouchers", { body })).json();
  await nothingWritten(town, async () => {
    const refused = await town.call("accountant", `POST /v1/vouchers/${id}/submit`, { ifMatch: '"1"' });
    expect(problem(refused, 422, "ACCOUNT_UNKNOWN").detail).toContain("account 9999999 is not in the chart (line 1 of");
  });
});

test("nothing enters a closed month, neither by voucher nor at the counter", async () => {
  const town = await testTown(on);
  const body = journal({
    date: "2026-04-10",
    lines: [
      { side: "debit", account: "4311001", amount: "10.00" },
      { side: "credit", account: "3501001", amount: "10.00" },
    ],
  });
  const { id } = (await town.call("accountant", "POST /v1/vouchers", { body })).json();
  await town.call("accountant", `POST /v1/vouchers/${id}/submit`, { ifMatch: '"1"' });
  // Closed without the questions of the close, which would find the waiting voucher.
  await on.app.db.batch.query("update ledger.periods set status = 'closed' where ulb_id = $1 and period = '2026-04'", [
    town.city.ulb.id,
  ]);
  await nothingWritten(town, async () => {
    const refused = await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"2"', key: newKey() });
    expect(problem(refused, 409, "PERIOD_CLOSED").detail).toContain("2026-04 is closed");
  });
  const receive = await till(town);
  await on.app.db.batch.query("update ledger.periods set status = 'closed' where ulb_id = $1 and period = '2026-07'", [
    town.city.ulb.id,
  ]);
  await nothingWritten(town, async () => {
    expect(problem(await receive(newKey()), 409, "PERIOD_CLOSED").detail).toContain("2026-07 is closed");
  });
});

test("closing with problems lists them all and closes nothing", async () => {
  const town = await testTown(on);
  await town.call("accountant", "POST /v1/vouchers", { body: journal({ date: "2026-04-10" }) });
  const refused = await town.call("accountant", "POST /v1/periods/2026-04/close", { body: {} });
  const { facts } = problem(refused, 409, "PERIOD_CLOSE_REFUSED");
  expect(facts.problems).toEqual(["1 vouchers dated in 2026-04 are neither approved nor rejected"]);
  await expect(
    inTransaction(on.app, town.city.as("accountant"), (tx) => closePeriod(tx, period("2026-04"))),
  ).rejects.toMatchObject({ code: "PERIOD_CLOSE_REFUSED" });
});

test("a webhook with a wrong signature is refused and stores no event; a right one is stored once", async () => {
  const town = await testTown(on);
  const body = Buffer.from('{"event":"payment.captured",  "payload":{}}');
  const send = (signature: string, id: string, ulb = town.city.ulb.code) =>
    on.server.inject({
      method: "POST",
      url: `/webhooks/razorpay/${ulb}`,
      headers: { "content-type": "application/json", "x-razorpay-signature": signature, "x-razorpay-event-id": id },
      payload: body,
    });
  const right = createHmac("sha256", on.simulator.webhookSecret).update(body).digest("hex");
  await nothingWritten(town, async () => {
    expect(problem(await send("00".repeat(32), "evt_000001"), 400, "WEBHOOK_SIGNATURE").detail).toContain("evt_000001");
    problem(await send(right, "evt_000001", "no-such-town"), 404, "ULB_NOT_FOUND");
  });
  expect((await send(right, "evt_000002")).json()).toEqual({ status: "stored" });
  expect((await send(right, "evt_000002")).json()).toEqual({ status: "known" });
});

test("a webhook above 256 KB is refused before it is read whole; one without a type is still bytes", async () => {
  const town = await testTown(on);
  const url = `/webhooks/razorpay/${town.city.ulb.code}`;
  const large = await on.server.inject({ method: "POST", url, payload: Buffer.alloc(262_145, 32) });
  problem(large, 413, "REQUEST_UNREADABLE");
  const body = Buffer.from("not json at all");
  const signature = createHmac("sha256", on.simulator.webhookSecret).update(body).digest("hex");
  const odd = await on.server.inject({
    method: "POST",
    url,
    payload: body,
    headers: { "x-razorpay-signature": signature, "content-type": "text/weird" },
  });
  expect(odd.json()).toEqual({ status: "stored" });
});

test("a truncated CSV is refused with the line where it breaks off, a bank statement with its arithmetic; nothing is written", async () => {
  const town = await testTown(on);
  await nothingWritten(town, async () => {
    const csv =
      "service,code,name,name_local,mobile,email,address,ward\nproperty-tax,X1,One,,,,Road,W01\nproperty-tax,X2,Tw";
    const { errors, detail } = problem(
      await town.call("admin", "POST /v1/imports/consumers", { body: csv }),
      422,
      "IMPORT_REFUSED",
    );
    expect(detail).toContain("nothing was written: 1 problem");
    expect(errors).toMatchObject([{ code: "CSV_TRUNCATED", line: 3 }]);
    expect(errors[0]?.detail).toContain("3 cells where the header has 8");
    const demands =
      "service,consumer_code,tax_period_from,tax_period_to,demand_year,due_date,tax_head,amount\n" +
      `property-tax,${town.consumer.code},2026-10-01,2027-03-31,2026-27,2027-03-31,PT_TAX,10.005\n` +
      "property-tax,NOBODY,2026-10-01,2027-03-31,2026-27,2027-02-30,PT_TAX,10.00\n";
    const bad = problem(
      await town.call("admin", "POST /v1/imports/demands", { body: demands, key: newKey() }),
      422,
      "IMPORT_REFUSED",
    );
    expect(bad.errors.map((e) => `${e.line} ${e.column} ${e.code}`)).toEqual([
      "2 amount MONEY_DECIMALS",
      "3 consumer_code CONSUMER_NOT_FOUND",
      "3 due_date DATE_FORMAT",
    ]);
    const dry = await town.call("admin", "POST /v1/imports/demands?dryRun=true", { body: demands, key: newKey() });
    problem(dry, 422, "IMPORT_REFUSED");
  });
});

test("a body cut off on the way is not taken for the whole", async () => {
  const town = await testTown(on);
  const csv = "service,code,name,name_local,mobile,email,address,ward\nproperty-tax,X1,One,,,,Road,W01\n";
  const answer = await town.call("admin", "POST /v1/imports/consumers", {
    body: csv,
    headers: { "content-length": "500" },
  });
  problem(answer, 400, "REQUEST_UNREADABLE");
});

test("broken JSON, a form, and an address that is not there are problems too", async () => {
  const town = await testTown(on);
  const broken = await town.call("accountant", "POST /v1/vouchers", {
    body: "{",
    headers: { "content-type": "application/json" },
  });
  problem(broken, 400, "REQUEST_UNREADABLE");
  const form = await town.call("accountant", "POST /v1/vouchers", {
    body: "voucher=journal",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  problem(form, 415, "REQUEST_UNREADABLE");
  problem(await town.call("auditor", "GET /v1/nothing-here"), 404, "ADDRESS_NOT_FOUND");
  problem(await town.call("auditor", "GET /v1/journal-entries?from=2026-02-30&to=2026-03-01"), 422, "DATE_FORMAT");
  problem(await town.call("auditor", "GET /v1/journal-entries?from=yesterday&to=2026-03-01"), 400, "REQUEST_INVALID");
  problem(await town.call("auditor", "GET /v1/accounts?cursor=abc"), 400, "CURSOR_INVALID");
  problem(await town.call("auditor", "GET /v1/journal-entries/99999999"), 404, "ENTRY_NOT_FOUND");
  const prototype = await town.call("accountant", "POST /v1/vouchers", {
    body: '{"__proto__":{"x":1}}',
    headers: { "content-type": "application/json" },
  });
  expect(prototype.statusCode).toBe(400);
});

test("a defect of ours is answered with an incident number, without SQL or stack; the log has it", async () => {
  const town = await testTown(on);
  const { db } = on.app;
  const real = db.batch.query.bind(db.batch);
  const before = on.logged.length;
  db.batch.query = () => real("select secret_column from kernel.outbox");
  const answer = await town.call("auditor", "GET /v1/periods");
  db.batch.query = real;
  const body = problem(answer, 500, "INTERNAL");
  expect(answer.body).not.toMatch(/secret|column|at .*\.ts/);
  expect(body.incident).toBeTruthy();
  expect(body.detail).toContain(body.incident);
  expect(on.logged.slice(before).join("")).toContain("secret_column");
});

test("a database that is away is 503 with Retry-After, for callers and for the gateway", async () => {
  const town = await testTown(on);
  const { db } = on.app;
  const real = db.batch.query.bind(db.batch);
  const away = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), { code: "ECONNREFUSED" });
  db.batch.query = () => Promise.reject(away);
  const api = await town.call("auditor", "GET /v1/periods");
  const hook = await on.server.inject({
    method: "POST",
    url: `/webhooks/razorpay/${town.city.ulb.code}`,
    payload: Buffer.from("{}"),
  });
  const ready = await on.server.inject("/readyz");
  const metrics = await on.server.inject("/metrics");
  db.batch.query = real;
  problem(api, 503, "DATABASE_DOWN");
  problem(hook, 503, "DATABASE_DOWN");
  expect(hook.headers["retry-after"]).toBe("30");
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toEqual({ status: "not ready", reasons: ["the database does not answer"] });
  expect(metrics.statusCode).toBe(200);
});

// ---------------------------------------------------------------- who may

test("every address under /v1 refuses a stranger, and every role that it does not name, before it reads the body", async () => {
  const town = await testTown(on);
  const roles = ["cashier", "accountant", "checker", "auditor", "state", "admin", "system"] as const;
  const document = (await on.server.inject("/nothing")) && (on.server.swagger() as Document);
  let denied = 0;
  for (const [address, methods] of Object.entries(document.paths)) {
    if (!address.startsWith("/v1/") || address === "/v1/errors/{code}") continue;
    for (const [method, operation] of Object.entries(methods)) {
      const target = `${method.toUpperCase()} ${address.replace(/\{[^}]+\}/g, "0")}`;
      problem(await town.call(undefined, target), 401, "UNAUTHENTICATED");
      const may = /Roles: (.*)\.$/.exec(operation.description ?? "")?.[1]?.split(", ") ?? [];
      expect(may.length, target).toBeGreaterThan(0);
      for (const role of roles) {
        const answer = await town.call(role, target);
        if (may.includes(role)) expect([401, 403], `${role} ${target}`).not.toContain(answer.statusCode);
        else {
          expect(problem(answer, 403, "ROLE_REQUIRED").facts).toMatchObject({ actor: `${role}@test`, needed: may });
          denied += 1;
        }
      }
    }
  }
  expect(denied).toBeGreaterThan(150);
});
type Document = { paths: Record<string, Record<string, { description?: string }>> };

test("who may do what is said once and is this", () => {
  const document = on.server.swagger() as Document;
  const table = Object.entries(document.paths)
    .flatMap(([address, methods]) =>
      Object.entries(methods).map(([method, o]) => [
        `${method.toUpperCase()} ${address}`,
        /Roles: (.*)\.$/.exec(o.description ?? "")?.[1] ?? "all",
      ]),
    )
    .filter(([target]) => !target?.startsWith("GET "));
  expect(Object.fromEntries(table)).toEqual({
    "POST /webhooks/razorpay/{ulb}": "all",
    "POST /v1/consumers/{id}/bills": "cashier, accountant, system",
    "POST /v1/demand-changes": "superintendent, accountant",
    "POST /v1/demand-changes/preview": "superintendent, accountant",
    "POST /v1/demand-changes/{id}/approve": "checker",
    "POST /v1/demand-changes/{id}/reject": "checker",
    "POST /v1/demand-changes/{id}/withdraw": "superintendent, accountant",
    "POST /v1/notices": "superintendent, accountant",
    "POST /v1/notices/{id}/service": "superintendent, accountant",
    "POST /v1/orders": "cashier, system",
    "POST /v1/orders/{id}/poll": "cashier, system",
    "POST /v1/orders/{id}/evidence": "cashier, system",
    "POST /v1/payment-requests": "cashier, accountant, system",
    "POST /v1/payment-requests/{id}/poll": "cashier, accountant, system",
    "POST /v1/payment-requests/{id}/close": "cashier, accountant, system",
    "PUT /v1/partners/{code}": "admin",
    "POST /v1/partners/{code}/settlements": "accountant",
    "POST /v1/external-payments": "system",
    "POST /v1/external-payments/{reference}/reversal": "system",
    "POST /v1/unidentified-receipts/{id}/owner": "accountant",
    "POST /v1/owner-proposals/{id}/decision": "checker",
    "PUT /v1/payment-settings/merchant": "admin",
    "PUT /v1/payment-settings/excess/{service}": "admin",
    "PUT /v1/payment-settings/upi-limit": "admin",
    "POST /v1/bbps/bills/fetch": "system",
    "POST /v1/bbps/bills/fetchReceipt": "system",
    "POST /v1/bbps/payments/reverse": "system",
    "POST /v1/refunds": "accountant",
    "POST /v1/refunds/{id}/decision": "checker",
    "POST /v1/refunds/{id}/send": "accountant, checker",
    "POST /v1/refunds/{id}/bank-payment": "accountant, checker",
    "POST /v1/disputes/{id}/answer": "accountant, checker",
    "POST /v1/disputes/{id}/acceptance": "checker",
    "POST /v1/bank-accounts/{account}/rules": "accountant",
    "POST /v1/bank-rules/{id}/approve": "checker",
    "POST /v1/bank-rules/{id}/reject": "checker",
    "POST /v1/bank-rules/{id}/end": "accountant, checker",
    "POST /v1/bank-holidays": "accountant",
    "POST /v1/bank-holidays/withdraw": "accountant",
    "POST /v1/receipts/{id}/prints": "cashier",
    "POST /v1/counter-sessions": "cashier",
    "POST /v1/counter-sessions/{id}/receipts": "cashier",
    "POST /v1/counter-sessions/{id}/close": "cashier",
    "POST /v1/counter-sessions/{id}/payments": "cashier",
    "POST /v1/counter-sessions/{id}/handovers": "cashier",
    "POST /v1/counter-sessions/{id}/difference": "cashier",
    "POST /v1/counter-sessions/{id}/difference/decision": "checker",
    "POST /v1/handovers/{id}/answer": "cashier",
    "POST /v1/counter-days": "accountant, checker",
    "POST /v1/receipts/{id}/cancellation": "checker",
    "POST /v1/receipts/{id}/transfer": "checker",
    "POST /v1/cheques/clear": "accountant",
    "POST /v1/card-batches": "accountant",
    "POST /v1/remittances": "cashier, accountant",
    "POST /v1/cheques/{id}/dishonour": "accountant",
    "POST /v1/vouchers": "accountant",
    "PUT /v1/vouchers/{id}": "accountant",
    "POST /v1/vouchers/{id}/submit": "accountant",
    "POST /v1/vouchers/{id}/approve": "checker",
    "POST /v1/vouchers/{id}/reject": "checker",
    "POST /v1/vouchers/{id}/send-back": "checker",
    "POST /v1/vouchers/{id}/sign": "checker",
    "POST /v1/vouchers/{id}/cancel": "accountant",
    "POST /v1/vouchers/{id}/attachments": "accountant",
    "POST /v1/voucher-reversals": "accountant",
    "POST /v1/voucher-templates/{rule}/preview": "accountant",
    "POST /v1/voucher-templates/{rule}/vouchers": "accountant",
    "POST /v1/payables/bills/preview": "accountant",
    "POST /v1/payables/bills": "accountant",
    "PUT /v1/payables/bills/{id}": "accountant",
    "POST /v1/payables/bills/{id}/submit": "accountant",
    "POST /v1/payables/bills/{id}/pass": "checker",
    "POST /v1/payables/bills/{id}/send-back": "checker",
    "POST /v1/payables/bills/{id}/reject": "checker",
    "POST /v1/payables/bills/{id}/cancel": "checker",
    "POST /v1/payables/payments": "accountant",
    "POST /v1/payables/payments/{id}/approve": "checker",
    "POST /v1/payables/payments/{id}/reject": "checker",
    "POST /v1/payables/payments/{id}/cancel": "checker",
    "POST /v1/payables/payments/{id}/challan": "accountant",
    "POST /v1/payables/payments/{id}/advice/send": "accountant",
    "POST /v1/payables/payments/{id}/advice/returns": "accountant",
    "POST /v1/payables/cheques/{id}/deliver": "accountant",
    "POST /v1/payables/cheques/{id}/take-back": "accountant",
    "POST /v1/payables/cheques/{id}/clear": "accountant",
    "POST /v1/payables/spoiled-leaves": "accountant",
    "POST /v1/payables/cheques-due": "checker",
    "POST /v1/payables/deposits": "accountant",
    "POST /v1/payables/deposit-orders": "accountant",
    "POST /v1/payables/deposit-orders/{id}/decide": "checker",
    "POST /v1/payables/advances/{id}/refund": "accountant",
    "POST /v1/periods/{period}/close": "accountant, checker",
    "POST /v1/periods/{period}/reopen": "checker",
    "POST /v1/imports/consumers": "admin",
    "POST /v1/imports/demands": "admin",
    "POST /v1/bank-statements": "accountant",
    "POST /v1/bank-statement-uploads": "accountant",
    "POST /v1/bank-statement-uploads/{id}/try": "accountant",
    "POST /v1/bank-statement-uploads/{id}/import": "accountant",
    "POST /v1/bank-statement-uploads/{id}/discard": "accountant",
    "POST /v1/bank-accounts/{account}/reconcile": "accountant",
    "POST /v1/bank-accounts/{account}/matches": "accountant",
    "POST /v1/bank-matches/{id}/undo": "accountant",
    "POST /v1/bank-matches/{id}/split": "accountant",
    "POST /v1/bank-matches/merge": "accountant",
    "POST /v1/bank-exceptions/{id}/assign": "accountant",
    "POST /v1/bank-exceptions/{id}/propose": "accountant",
    "POST /v1/bank-exceptions/{id}/approve": "checker",
    "POST /v1/bank-exceptions/{id}/reject": "checker",
    "POST /v1/bank-exceptions/{id}/withdraw": "accountant",
    "POST /v1/brs-statements": "accountant",
    "POST /v1/brs-statements/{id}/check": "accountant, checker",
    "POST /v1/brs-statements/{id}/approve": "checker",
    "POST /v1/brs-statements/{id}/withdraw": "accountant, checker",
  });
});

test("a token speaks for its own ULB only, and not after it expired, was revoked or was changed", async () => {
  const here = await testTown(on);
  const there = await testTown(on);
  problem(await here.call("auditor", `GET /v1/consumers/${there.consumer.id}`), 404, "CONSUMER_NOT_FOUND");
  const ask = (token: string) =>
    on.server.inject({ url: "/v1/periods", headers: { authorization: `Bearer ${token}` } });
  const made = await here.city.tx("admin", (tx) =>
    createAccessToken(tx, {
      name: "t",
      actor: "robot@test",
      roles: ["auditor"],
      expiresAt: new Date("2026-07-15T06:00:00Z"),
    }),
  );
  expect((await ask(made.token)).statusCode).toBe(200);
  problem(await ask(`${made.token.slice(0, -1)}${made.token.endsWith("A") ? "B" : "A"}`), 401, "UNAUTHENTICATED");
  problem(await ask(made.token.replace(`nk_${here.city.ulb.id}_`, `nk_${there.city.ulb.id}_`)), 401, "UNAUTHENTICATED");
  problem(await ask("nonsense"), 401, "UNAUTHENTICATED");
  on.clock.set("2026-07-15T06:00:00Z");
  problem(await ask(made.token), 401, "UNAUTHENTICATED");
  on.clock.set("2026-07-15T05:00:00Z");
  expect((await ask(made.token)).statusCode).toBe(200);
  await here.city.tx("admin", (tx) => revokeAccessToken(tx, made.id, "lost"));
  const refused = await ask(made.token);
  problem(refused, 401, "UNAUTHENTICATED");
  expect(refused.headers["www-authenticate"]).toContain("Bearer");
  await expect(here.city.tx("admin", (tx) => revokeAccessToken(tx, made.id, "lost"))).rejects.toMatchObject({
    code: "TOKEN_NOT_FOUND",
  });
  await expect(
    here.city.tx("admin", (tx) =>
      createAccessToken(tx, { name: "t", actor: "x@test", roles: [], expiresAt: new Date("2027-01-01T00:00:00Z") }),
    ),
  ).rejects.toMatchObject({ code: "TOKEN_ROLES" });
});

test("the table of tokens holds no token", async () => {
  const town = await testTown(on);
  const { rows } = await on.app.db.batch.query<{ row: string }>(
    "select encode(token_hash, 'hex') || ' ' || name || ' ' || actor as row from api.access_tokens where ulb_id = $1",
    [town.city.ulb.id],
  );
  expect(rows).toHaveLength(7);
  const secret = town.tokens.admin.split("_").at(-1) ?? "?";
  expect(rows.map((r) => r.row).join()).not.toContain(secret);
});

// ---------------------------------------------------------------- once

/** Opens the counter and gives a function that asks for a receipt under a key. */
async function till(town: TestTown) {
  const { id } = (await town.call("cashier", "POST /v1/counter-sessions", { body: { counter: "1" } })).json();
  return (key: string | undefined, amount = "100.00") =>
    town.call("cashier", `POST /v1/counter-sessions/${id}/receipts`, {
      ...(key === undefined ? {} : { key }),
      body: { consumerId: town.consumer.id, amount, tender: { kind: "cash" } },
    });
}

test("money moves only under an Idempotency-Key", async () => {
  const town = await testTown(on);
  const receive = await till(town);
  problem(await receive(undefined), 400, "IDEMPOTENCY_KEY_MISSING");
  problem(await receive("short"), 400, "REQUEST_INVALID");
});

test("the same key with the same request gives the stored answer byte for byte; with another it is refused", async () => {
  const town = await testTown(on);
  const receive = await till(town);
  const key = newKey();
  const first = await receive(key);
  expect(first.headers["idempotency-replayed"]).toBeUndefined();
  const second = await receive(key);
  expect(second.statusCode).toBe(201);
  expect(second.body).toBe(first.body);
  expect(second.headers["idempotency-replayed"]).toBe("true");
  expect(second.headers.location).toBe(first.headers.location);
  const { detail } = problem(await receive(key, "200.00"), 409, "IDEMPOTENCY_KEY_REUSED");
  expect(detail).toContain(key);
  // The key belongs to who used it and to the address: another deed under it is another request.
  const other = await town.call("cashier", "POST /v1/orders", {
    key,
    body: { consumerId: town.consumer.id, amount: "100.00" },
  });
  problem(other, 409, "IDEMPOTENCY_KEY_REUSED");
  const list = (await town.call("auditor", "GET /v1/receipts?from=2026-04-01&to=2027-03-31")).json();
  expect(list.items).toHaveLength(1);
});

test("the order of fields says nothing: it is the same request", async () => {
  const town = await testTown(on);
  const key = newKey();
  const { id } = town.consumer;
  const a = await town.call("cashier", "POST /v1/orders", { key, body: { consumerId: id, amount: "500.00" } });
  const b = await town.call("cashier", "POST /v1/orders", { key, body: { amount: "500.00", consumerId: id } });
  expect(b.body).toBe(a.body);
  expect(b.headers["idempotency-replayed"]).toBe("true");
});

test("20 at once under one key: one receipt, one entry, 20 equal answers", async () => {
  const town = await testTown(on);
  const receive = await till(town);
  const key = newKey();
  const answers = await Promise.all(Array.from({ length: 20 }, () => receive(key)));
  expect(new Set(answers.map((a) => a.statusCode))).toEqual(new Set([201]));
  expect(new Set(answers.map((a) => a.body)).size).toBe(1);
  expect(answers.filter((a) => a.headers["idempotency-replayed"] === undefined)).toHaveLength(1);
  const after = await footprint(on.app, town.city.ulb);
  expect(after).toMatchObject({ "collections.receipts": 1, "ledger.entries": 2, "api.idempotency_keys": 1 });
});

test("20 orders at once under one key: one order here and at the gateway", async () => {
  const town = await testTown(on);
  const key = newKey();
  const body = { consumerId: town.consumer.id, amount: "1188.00" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => town.call("system", "POST /v1/orders", { key, body })),
  );
  expect(new Set(answers.map((a) => a.statusCode))).toEqual(new Set([201]));
  expect(new Set(answers.map((a) => a.json<{ providerOrderId: string }>().providerOrderId)).size).toBe(1);
  expect((await footprint(on.app, town.city.ulb))["collections.orders"]).toBe(1);
  const later = await town.call("system", "POST /v1/orders", { key, body });
  expect(later.headers["idempotency-replayed"]).toBe("true");
});

test("a refused deed leaves its key free: corrected circumstances, same key, and it is done", async () => {
  const town = await testTown(on);
  const key = newKey();
  const body = { kind: "cash", slipNumber: "S1", date: "2026-07-15" };
  problem(await town.call("accountant", "POST /v1/remittances", { key, body }), 422, "REMITTANCE_EMPTY");
  const receive = await till(town);
  const { sessionId } = (await receive(newKey())).json();
  await town.call("cashier", `POST /v1/counter-sessions/${sessionId}/close`, {
    key: newKey(),
    body: { denominations: { "100": 1 } },
  });
  expect((await town.call("accountant", "POST /v1/remittances", { key, body })).statusCode).toBe(201);
});

test("an approval sent twice under its key is one entry", async () => {
  const town = await testTown(on);
  const body = journal({
    lines: [
      { side: "debit", account: "4311001", amount: "10.00" },
      { side: "credit", account: "3501001", amount: "10.00" },
    ],
  });
  const { id } = (await town.call("accountant", "POST /v1/vouchers", { body })).json();
  await town.call("accountant", `POST /v1/vouchers/${id}/submit`, { ifMatch: '"1"' });
  const key = newKey();
  const both = await Promise.all(
    [1, 2].map(() => town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"2"', key })),
  );
  expect(both.map((a) => a.statusCode)).toEqual([200, 200]);
  expect(both[0]?.body).toBe(both[1]?.body);
  problem(
    await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: '"2"', key: newKey() }),
    409,
    "VOUCHER_STATUS",
  );
  problem(await town.call("checker", `POST /v1/vouchers/${id}/approve`, { key: newKey() }), 428, "IF_MATCH_MISSING");
  problem(
    await town.call("checker", `POST /v1/vouchers/${id}/approve`, { ifMatch: "*", key: newKey() }),
    400,
    "IF_MATCH_INVALID",
  );
});

test("keys are forgotten by age", async () => {
  const town = await testTown(on);
  const receive = await till(town);
  const key = newKey();
  await receive(key);
  const forget = (before: string) => town.city.tx("admin", (tx) => forgetIdempotencyKeys(tx, new Date(before)));
  expect(await forget("2026-07-15T05:00:00Z")).toBe(0);
  expect(await forget("2026-07-15T05:00:01Z")).toBe(1);
});
