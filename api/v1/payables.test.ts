import { expect, test } from "vitest";
import { payableTies } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { furnish } from "../../ledger/payables/testing.ts";
import { newKey, testServer, testTown, type TestTown } from "./testing.ts";

const on = await testServer();
async function town(): Promise<TestTown> {
  const made = await testTown(on);
  await furnish(made.city);
  return made;
}
const bill = (over: object = {}) => ({
  kind: "contractor",
  party: { type: "contractor", id: "C-0001" },
  number: "17/2026",
  billDate: "2026-07-01",
  receivedOn: "2026-07-05",
  narration: "Repair of by-lane roads, ward 7",
  gst: "18000.00",
  lines: [{ account: "2305002", amount: "118000.00", function: "20" }],
  deduct: { sections: ["TDS-CONTRACTOR"], retentionPercent: "5" },
  ...over,
});
type Item = { id: string; kind: string; code: string; open: string };
const open = async (at: TestTown, kind: string) =>
  (await at.call("auditor", `GET /v1/payables/items?kind=${kind}`)).json<{ items: Item[] }>().items;
const pay = (over: object) => ({ kind: "bills", mode: "cheque", account: "4502101", date: "2026-07-12", ...over });
/** Written by the accountant, approved by the checker. */
async function paid(at: TestTown, over: object) {
  const made = await at.call("accountant", "POST /v1/payables/payments", { body: pay(over) });
  expect(made.statusCode, made.body).toBe(201);
  const { id } = made.json<{ id: string }>();
  const done = await at.call("checker", `POST /v1/payables/payments/${id}/approve`, { ifMatch: '"1"', key: newKey() });
  expect(done.statusCode, done.body).toBe(200);
  return done.json<{ payment: { id: string; chequeId: string; version: number } }>().payment;
}
async function passed(at: TestTown, over: object = {}) {
  const { id } = (await at.call("accountant", "POST /v1/payables/bills", { body: bill(over) })).json<{ id: string }>();
  await at.call("accountant", `POST /v1/payables/bills/${id}/submit`, { ifMatch: '"1"' });
  const done = await at.call("checker", `POST /v1/payables/bills/${id}/pass`, {
    ifMatch: '"2"',
    key: newKey(),
    body: { date: "2026-07-10" },
  });
  expect(done.statusCode, done.body).toBe(200);
  return id;
}
const agrees = async (at: TestTown) =>
  expect(
    (await at.city.tx("auditor", (tx) => payableTies(tx, localDate("2026-07-31")))).filter((t) => t.difference !== 0n),
  ).toEqual([]);

test("a bill is computed, taken in, passed and paid by cheque by two people, each step by its address", async () => {
  const at = await town();
  const shown = await at.call("accountant", "POST /v1/payables/bills/preview", { body: bill() });
  expect(shown.json()).toMatchObject({ gross: "118000.00", taxable: "100000.00", net: "111000.00" });
  const id = await passed(at);
  expect((await at.call("auditor", `GET /v1/payables/bills/${id}`)).json()).toMatchObject({
    status: "passed",
    registerNumber: "PB/2026-27/000001",
    net: "111000.00",
  });
  const [item] = await open(at, "creditor");
  const payment = await paid(at, { items: [{ itemId: item?.id, amount: "111000.00" }] });
  const cheque = `/v1/payables/cheques/${payment.chequeId}`;
  await at.call("accountant", `POST ${cheque}/deliver`, { body: { date: "2026-07-13", note: "Mohan Lal" } });
  const cleared = await at.call("accountant", `POST ${cheque}/clear`, { body: { date: "2026-07-14" } });
  expect(cleared.json()).toMatchObject({ number: "000101", status: "cleared", deliveredTo: "Mohan Lal" });
  await agrees(at);
});

test("what may not be done is refused with the figures: own bill, more than is payable, a leaf twice, a remittance twice, more than the deposit", async () => {
  const at = await town();
  const refused = async (answer: ReturnType<TestTown["call"]>, code: string, words: string) => {
    const body = (await answer).json<{ code: string; detail: string }>();
    expect([body.code, body.detail.includes(words)], body.detail).toEqual([code, true]);
  };
  await passed(at);
  await refused(
    at.call("accountant", "POST /v1/payables/bills", { body: bill() }),
    "BILL_DUPLICATE",
    "bill 17/2026 of C-0001 is there already: 1,18,000.00",
  );
  const [item] = await open(at, "creditor");
  const write = (over: object) => at.call("accountant", "POST /v1/payables/payments", { body: pay(over) });
  await refused(
    write({ items: [{ itemId: item?.id, amount: "111000.01" }] }),
    "PAYMENT_EXCEEDS_PAYABLE",
    "1,11,000.01 is more than is payable",
  );
  await paid(at, { items: [{ itemId: item?.id, amount: "1000.00" }] });
  await refused(
    write({ items: [{ itemId: item?.id, amount: "1000.00" }], leaf: "101" }),
    "CHEQUE_ISSUED_ALREADY",
    "leaf 000101 of 4502101 was used for Shri Balaji Constructions, 1,000.00, on 12/07/2026 (issued)",
  );
  const [tds] = await open(at, "recovery");
  const remittance = { kind: "remittance", items: [{ itemId: tds?.id, amount: "2000.00" }] };
  const remitted = await paid(at, remittance);
  const challan = await at.call("accountant", `POST /v1/payables/payments/${remitted.id}/challan`, {
    body: { number: "0510002/123", date: "2026-07-12" },
  });
  expect(challan.json()).toMatchObject({ challanNumber: "0510002/123", challanDate: "2026-07-12" });
  await refused(write(remittance), "PAYMENT_EXCEEDS_PAYABLE", "it is settled in full already");
  const deposit = await at.call("accountant", "POST /v1/payables/deposits", {
    key: newKey(),
    body: {
      sort: "emd",
      party: { type: "contractor", id: "C-0001" },
      date: "2026-07-02",
      amount: "10000.00",
      bank: "4502101",
      what: "EMD for tender 12",
    },
  });
  const { itemId } = deposit.json<{ itemId: string }>();
  await refused(
    write({ kind: "deposit", items: [{ itemId, amount: "10000.01" }] }),
    "PAYMENT_EXCEEDS_PAYABLE",
    "10,000.01 is more than is payable for EMD for tender 12 (Shri Balaji Constructions): 10,000.00; pay at most that",
  );
  await agrees(at);
});

test("an advice is read, sent and returned; the beneficiary is payable again", async () => {
  const at = await town();
  await passed(at);
  const [item] = await open(at, "creditor");
  const { id } = await paid(at, { mode: "transfer", items: [{ itemId: item?.id, amount: "111000.00" }] });
  const advice = `/v1/payables/payments/${id}/advice`;
  expect((await at.call("auditor", `GET ${advice}`)).json()).toMatchObject({
    number: "PA/2026-27/000001",
    status: "issued",
    lines: [{ line: 1, ifsc: "SBIN0000123", method: "NEFT", amount: "111000.00" }],
  });
  await at.call("accountant", `POST ${advice}/send`, { body: { date: "2026-07-12" } });
  const back = await at.call("accountant", `POST ${advice}/returns`, {
    key: newKey(),
    body: { line: 1, date: "2026-07-14", reason: "account closed" },
  });
  expect(back.json()).toMatchObject({ lines: [{ returnedOn: "2026-07-14", returnReason: "account closed" }] });
  expect((await open(at, "creditor")).map((i) => i.open)).toEqual(["111000.00"]);
  await agrees(at);
});

test("a payment that is rejected, or cancelled before its cheque is delivered, leaves what it would have paid payable", async () => {
  const at = await town();
  await passed(at);
  const [item] = await open(at, "creditor");
  const whole = { items: [{ itemId: item?.id, amount: "111000.00" }] };
  const written = await at.call("accountant", "POST /v1/payables/payments", { body: pay(whole) });
  const rejected = await at.call("checker", `POST /v1/payables/payments/${written.json<{ id: string }>().id}/reject`, {
    ifMatch: '"1"',
    body: { reason: "the wrong bank book" },
  });
  expect(rejected.json(), rejected.body).toMatchObject({ status: "rejected", decisionReason: "the wrong bank book" });
  const payment = await paid(at, whole);
  expect(await open(at, "creditor")).toEqual([]);
  const cancelled = await at.call("checker", `POST /v1/payables/payments/${payment.id}/cancel`, {
    ifMatch: `"${payment.version}"`,
    key: newKey(),
    body: { reason: "name misspelt", date: "2026-07-13" },
  });
  expect(cancelled.json(), cancelled.body).toMatchObject({ status: "cancelled" });
  expect((await open(at, "creditor")).map((i) => i.open)).toEqual(["111000.00"]);
  await agrees(at);
});

test("a deposit is forfeited in part by order of a second person; an advance comes back in money; a spoiled leaf is used up", async () => {
  const at = await town();
  const party = { type: "contractor", id: "C-0001" };
  const received = await at.call("accountant", "POST /v1/payables/deposits", {
    key: newKey(),
    body: { sort: "emd", party, date: "2026-07-02", amount: "10000.00", bank: "4502101", what: "EMD for tender 12" },
  });
  const { itemId } = received.json<{ itemId: string }>();
  const asked = await at.call("accountant", "POST /v1/payables/deposit-orders", {
    body: { kind: "forfeit", itemId, amount: "4000.00", date: "2026-07-05", reason: "order 17 of the commissioner" },
  });
  expect(asked.json(), asked.body).toMatchObject({ status: "submitted", amount: "4000.00", entryId: null });
  const decide = { key: newKey(), body: { approve: true } };
  const order = await at.call(
    "checker",
    `POST /v1/payables/deposit-orders/${asked.json<{ id: string }>().id}/decide`,
    decide,
  );
  expect(order.json(), order.body).toMatchObject({ status: "approved" });
  expect((await open(at, "deposit")).map((i) => i.open)).toEqual(["6000.00"]);

  await paid(at, {
    kind: "advance",
    advance: { party, purpose: "contractor", what: "Mobilisation", amount: "5000.00" },
  });
  const [advance] = await open(at, "advance");
  const back = await at.call("accountant", `POST /v1/payables/advances/${advance?.id}/refund`, {
    key: newKey(),
    body: { date: "2026-07-14", amount: "2000.00", bank: "4502101", what: "unspent" },
  });
  expect(back.statusCode, back.body).toBe(201);
  expect((await open(at, "advance")).map((i) => i.open)).toEqual(["3000.00"]);

  const leaf = { account: "4502101", leaf: "105", reason: "torn in the printer" };
  const spoiled = await at.call("accountant", "POST /v1/payables/spoiled-leaves", { body: leaf });
  expect(spoiled.json(), spoiled.body).toMatchObject({ number: "000105", status: "spoiled" });
  await agrees(at);
});

test("lists go page by page, each row once; a party is named whole or not at all", async () => {
  const at = await town();
  for (const number of ["1/2026", "2/2026", "3/2026"]) await passed(at, { number });
  const seen: string[] = [];
  for (let cursor = ""; ;) {
    const page = (await at.call("auditor", `GET /v1/payables/bills?limit=2${cursor}`)).json<{
      items: { number: string }[];
      next: string | null;
    }>();
    seen.push(...page.items.map((b) => b.number));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(seen.sort()).toEqual(["1/2026", "2/2026", "3/2026"]);
  const half = await at.call("auditor", "GET /v1/payables/items?partyType=contractor");
  expect(half.json()).toMatchObject({ status: 422, code: "REQUEST_INVALID" });
});
