import { createHmac } from "node:crypto";
import type { LightMyRequestResponse } from "fastify";
import { expect, test } from "vitest";
import { billFor, getConsumer } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import {
  approveRefund,
  askRefund,
  closeCounterSession,
  createOrder,
  currentSession,
  depositInstruments,
  handOver,
  openCounterSession,
  pollDueOrders,
  processInbox,
  setPartner,
  takePayment,
  type Tender,
} from "../../collections/index.ts";
import { brokenTies } from "../../collections/testing.ts";
import { addBankBook } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { inTransaction, type Role } from "../../ledger/kernel/tx.ts";
import { HOSTILE, IMPOSSIBLE, NAMES, rowsOf } from "../testing-hostile.ts";
import { newKey, testServer, testTown, type TestTown } from "./testing.ts";

/*
 * Every text field of every address that takes or moves incoming money, from the OpenAPI document: hostile texts and Indian names, one field at a
 * time in an otherwise good request. A new address without a good request here fails the test.
 */

const on = await testServer();
const rows = await rowsOf(on.app, ["api.idempotency_keys"]);
const TAGS = new Set([
  "Online payments",
  "Payment requests",
  "Refunds and disputes",
  "BBPS and portals",
  "Unidentified money",
  "Payment settings",
  "Receipts",
  "Counter",
  "Remittances",
]);
const BANK = "4502101";

/** A good request: where to, as whom, with what. Made anew for each text, since many deeds are done once. */
type Good = { readonly role: Role; readonly params?: Record<string, string>; readonly body: Record<string, unknown> };
type Make = (t: TestTown) => Promise<Good>;

let made = 0;
const next = (digits: number): string => String((made += 1)).padStart(digits, "0");
const newConsumer = (t: TestTown): Promise<string> =>
  t.city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    await testDemand(tx, consumer, "1000", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2026-09-30"),
      dueDate: localDate("2026-09-30"),
    });
    return consumer.id;
  });
const session = (t: TestTown): Promise<string> =>
  t.city.tx("cashier", async (tx) => {
    const open = await currentSession(tx);
    return (open ?? (await openCounterSession(tx, { counter: "1" }))).id;
  });
/** A cashier of his own with an open counter and 500.00 in cash. */
async function otherCashier(t: TestTown): Promise<{ readonly name: string; readonly sessionId: string }> {
  const name = `cashier${next(4)}`;
  const consumerId = await newConsumer(t);
  return inTransaction(on.app, t.city.as("cashier", name), async (tx) => {
    const { id } = await openCounterSession(tx, { counter: name });
    await takePayment(tx, {
      sessionId: id,
      tender: { kind: "cash" },
      consumers: [{ consumerId, amount: rupees("500.00") }],
      idempotencyKey: newId(),
    });
    return { name: `${name}@test`, sessionId: id };
  });
}
async function taken(t: TestTown, tender: Tender): Promise<{ receiptId: string; instrumentId: string }> {
  const consumerId = await newConsumer(t);
  const sessionId = await session(t);
  return t.city.tx("cashier", async (tx) => {
    const { receipts } = await takePayment(tx, {
      sessionId,
      tender,
      consumers: [{ consumerId, amount: rupees("100.00") }],
      idempotencyKey: newId(),
    });
    return { receiptId: receipts[0]?.id ?? "", instrumentId: receipts[0]?.instrument.id ?? "" };
  });
}
const cheque = (): Tender => ({ kind: "cheque", number: next(6), bank: "SBI", date: localDate("2026-07-10") });
async function deposited(t: TestTown): Promise<string> {
  const { instrumentId } = await taken(t, cheque());
  await t.city.tx("accountant", (tx) =>
    depositInstruments(tx, {
      kind: "cheques",
      slipNumber: `S${next(4)}`,
      date: localDate("2026-07-15"),
      instrumentIds: [instrumentId],
    }),
  );
  return instrumentId;
}
async function paidTwice(t: TestTown): Promise<{ orderId: string; second: string }> {
  const consumerId = await newConsumer(t);
  const order = await createOrder(on.app, t.city.as("citizen"), {
    consumerId,
    amount: rupees("1000.00"),
    idempotencyKey: newId(),
  });
  const at = order.providerOrderId ?? "";
  on.simulator.payOrder(at, { method: "netbanking" });
  const second = on.simulator.payOrder(at, { method: "netbanking", force: true }).payment.id;
  await drain(t);
  return { orderId: order.id, second };
}
async function drain(t: TestTown): Promise<void> {
  await on.simulator.deliverWebhooks();
  await processInbox(on.app, t.city.ulb);
}
async function refund(t: TestTown, status: "asked" | "bank-due"): Promise<string> {
  const { second } = await paidTwice(t);
  const { id } = await t.city.tx("accountant", (tx) =>
    askRefund(tx, { paymentId: second, amount: rupees("100.00"), origin: "advance", reason: "paid twice" }),
  );
  if (status === "asked") return id;
  await t.city.tx("checker", (tx) => approveRefund(tx, id));
  await t.city.tx("system", (tx) =>
    tx.query(
      "update collections.refunds set status = 'bank-due', next_send_at = null where ulb_id = :ulb and refund_id = :id",
      {
        ulb: tx.ulb.id,
        id,
      },
    ),
  );
  return id;
}
async function unidentified(t: TestTown): Promise<string> {
  on.simulator.payOrder(on.simulator.createOrder({ amount: 50_000, notes: { ulb: t.city.ulb.code } }).id);
  await drain(t);
  const list = await t.call("auditor", "GET /v1/unidentified-receipts");
  return list.json<{ items: { id: string }[] }>().items.at(-1)?.id ?? "";
}
const namePartner = (t: TestTown): Promise<unknown> =>
  t.city.tx("admin", (tx) =>
    setPartner(tx, { partner: "portal", name: "Portal", channel: "portal", actor: "system@test" }),
  );
const codeOf = (t: TestTown, id: string): Promise<string> =>
  t.city.tx("auditor", async (tx) => (await getConsumer(tx, id)).code);

/** A payment of 100.00 that the portal posted; gives its reference. */
async function portalPayment(t: TestTown): Promise<string> {
  await namePartner(t);
  const reference = `PORTAL-${next(6)}`;
  const consumerCode = await codeOf(t, await newConsumer(t));
  const body = { service: t.consumer.service, consumerCode, amount: "100.00", reference };
  expect((await t.call("system", "POST /v1/external-payments", { body })).statusCode).toBe(201);
  return reference;
}

/** Every address with a body, as a caller would use it; several where a field stands in one kind of request only. */
const GOOD: Readonly<Record<string, readonly Make[]>> = {
  "POST /v1/orders": [
    async (t) => {
      const { id, consumerId } = await bill(t);
      return { role: "cashier", body: { consumerId, amount: "500.00", billId: id } };
    },
  ],
  "POST /v1/orders/{id}/evidence": [
    async (t) => ({ role: "cashier", params: { id: (await paidTwice(t)).orderId }, body: { note: "a message" } }),
  ],
  "POST /v1/payment-requests": [
    async (t) => ({
      role: "accountant",
      body: { kind: "link", consumerId: await newConsumer(t), amount: "500.00", usage: "single" },
    }),
    async (t) => ({
      role: "accountant",
      body: { kind: "link", consumerId: await newConsumer(t), amount: "500.00", firstPart: "100.00" },
    }),
  ],
  "POST /v1/payment-requests/{id}/close": [
    async (t) => {
      const body = { kind: "qr", consumerId: await newConsumer(t), amount: "500.00" };
      const open = await t.call("cashier", "POST /v1/payment-requests", { key: newKey(), body });
      return { role: "cashier", params: { id: open.json<{ id: string }>().id }, body: { reason: "he paid in cash" } };
    },
  ],
  "POST /v1/bbps/bills/fetch": [
    async (t) => {
      await namePartner(t);
      const attributeValue = await codeOf(t, await newConsumer(t));
      return { role: "system", body: { customerIdentifiers: [{ attributeName: "Consumer Number", attributeValue }] } };
    },
  ],
  "POST /v1/bbps/bills/fetchReceipt": [
    async (t) => {
      await namePartner(t);
      const consumerId = await newConsumer(t);
      const bill = await t.city.tx("cashier", (tx) => billFor(tx, consumerId, localDate("2026-07-15")));
      return {
        role: "system",
        body: {
          platformBillID: "HGAMV001",
          billerBillID: bill.number,
          paymentDetails: {
            amountPaid: { value: 10_000 },
            uniquePaymentRefID: `BB${next(8)}`,
            platformTransactionRefID: "TX1",
            instrument: "UPI",
            transactionTimestamp: "2026-07-15T04:00:00Z",
          },
        },
      };
    },
  ],
  "POST /v1/bbps/payments/reverse": [
    async (t) => ({
      role: "system",
      body: {
        uniquePaymentRefID: await portalPayment(t),
        reversalRefID: `RV${next(8)}`,
        amount: { value: 10_000 },
        reason: "failed at the customer's unit",
        reversalTimestamp: "2026-07-15T04:00:00Z",
      },
    }),
  ],
  "POST /v1/external-payments/{reference}/reversal": [
    async (t) => ({
      role: "system",
      params: { reference: await portalPayment(t) },
      body: {
        reversalReference: `RV${next(8)}`,
        amount: "100.00",
        reason: "the payer's bank took it back",
        reversedAt: "2026-07-15T04:00:00Z",
      },
    }),
  ],
  "POST /v1/external-payments": [
    async (t) => {
      await namePartner(t);
      return {
        role: "system",
        body: {
          service: t.consumer.service,
          consumerCode: await codeOf(t, await newConsumer(t)),
          amount: "100.00",
          reference: `PORTAL-${next(6)}`,
          instrument: "UPI",
          paidAt: "2026-07-14T10:00:00+05:30",
          networkReference: "NET1",
        },
      };
    },
  ],
  "PUT /v1/partners/{code}": [
    () =>
      Promise.resolve({
        role: "admin",
        params: { code: `p-${next(5)}` },
        body: {
          name: "Portal",
          channel: "portal",
          actor: `actor-${next(5)}`,
          clearingAccount: "4313001",
          isActive: true,
        },
      }),
  ],
  "POST /v1/partners/{code}/settlements": [
    async (t) => {
      await namePartner(t);
      return {
        role: "accountant",
        params: { code: "portal" },
        body: {
          reference: `SET-${next(6)}`,
          date: "2026-07-15",
          bankAccount: BANK,
          amount: "100.00",
          items: [{ reference: `NEVER-${next(6)}`, amount: "100.00" }],
        },
      };
    },
  ],
  "POST /v1/unidentified-receipts/{id}/owner": [
    async (t) => ({
      role: "accountant",
      params: { id: await unidentified(t) },
      body: { consumerId: await newConsumer(t), reason: "his bank's letter" },
    }),
  ],
  "POST /v1/owner-proposals/{id}/decision": [
    async (t) => {
      const made = await t.call("accountant", `POST /v1/unidentified-receipts/${await unidentified(t)}/owner`, {
        key: newKey(),
        body: { consumerId: await newConsumer(t), reason: "his bank's letter" },
      });
      const { id } = made.json<{ id: string }>();
      return { role: "checker", params: { id }, body: { isApproved: false, reason: "it is not his" } };
    },
  ],
  "PUT /v1/payment-settings/merchant": [
    () =>
      Promise.resolve({
        role: "admin",
        body: { accountId: null, capture: "auto", feeBearer: "ulb", rebateDate: "attempt" },
      }),
    () => Promise.resolve({ role: "admin", body: { accountId: "acc_ABCDEFGH123456" } }),
  ],
  "PUT /v1/payment-settings/excess/{service}": [
    (t) =>
      Promise.resolve({
        role: "admin",
        params: { service: t.consumer.service },
        body: { policy: "AUTO_REFUND", limit: "100.00", windowDays: 3 },
      }),
  ],
  "PUT /v1/payment-settings/upi-limit": [
    () => Promise.resolve({ role: "admin", body: { amount: "500000.00", basis: "the bank's letter" } }),
  ],
  "POST /v1/refunds": [
    async (t) => ({
      role: "accountant",
      body: { paymentId: (await paidTwice(t)).second, amount: "10.00", origin: "advance", reason: "paid twice" },
    }),
  ],
  "POST /v1/refunds/{id}/decision": [
    async (t) => ({
      role: "checker",
      params: { id: await refund(t, "asked") },
      body: { isApproved: false, reason: "it is not his" },
    }),
  ],
  "POST /v1/refunds/{id}/bank-payment": [
    async (t) => ({
      role: "checker",
      params: { id: await refund(t, "bank-due") },
      body: { bankAccount: BANK, reference: `SBIN${next(8)}`, date: "2026-07-15" },
    }),
  ],
  "POST /v1/disputes/{id}/answer": [
    async (t) => {
      const { id } = on.simulator.openDispute((await paidTwice(t)).second);
      await drain(t);
      return {
        role: "accountant",
        params: { id },
        body: {
          action: "draft",
          summary: "The receipt was issued.",
          documents: [{ name: "r.pdf", type: "application/pdf", base64: Buffer.from("%PDF-1.7").toString("base64") }],
        },
      };
    },
  ],
  "POST /v1/receipts/{id}/cancellation": [
    async (t) => ({
      role: "checker",
      params: { id: (await taken(t, { kind: "cash" })).receiptId },
      body: { reason: "keyed with a wrong amount", requestedBy: "cashier.two" },
    }),
  ],
  "POST /v1/receipts/{id}/transfer": [
    async (t) => ({
      role: "checker",
      params: { id: (await taken(t, { kind: "cash" })).receiptId },
      body: { toConsumerId: await newConsumer(t), reason: "keyed to the neighbour", requestedBy: "cashier.two" },
    }),
  ],
  "POST /v1/counter-sessions": [
    async (t) => {
      // One open counter a cashier: the one of before is closed, empty as it is.
      const open = await t.city.tx("cashier", (tx) => currentSession(tx));
      if (open) await t.city.tx("cashier", (tx) => closeCounterSession(tx, open.id, { "100": 1 }));
      return {
        role: "cashier",
        body: { counter: `C${next(6)}`, office: "Town hall", float: { amount: "100.00", from: "head.cashier" } },
      };
    },
  ],
  "POST /v1/counter-sessions/{id}/receipts": [
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: { consumerId: await newConsumer(t), amount: "100.00", tender: { kind: "cash" }, payerName: "Asha" },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        consumerId: await newConsumer(t),
        amount: "100.00",
        tender: { ...cheque(), branch: "Main" },
        billId: (await bill(t)).id,
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        consumerId: await newConsumer(t),
        amount: "100.00",
        tender: { kind: "pos", rrn: next(12), acquirer: "SBI", batchNo: "71" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        consumerId: await newConsumer(t),
        amount: "100.00",
        tender: { kind: "challan", utr: `SBINN5202607${next(6)}`, date: "2026-07-15" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        consumerId: await newConsumer(t),
        amount: "100.00",
        tender: { kind: "postal-order", number: `11F ${next(6)}`, date: "2026-07-15" },
      },
    }),
  ],
  "POST /v1/counter-sessions/{id}/payments": [
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { ...cheque(), branch: "Main" },
        consumers: [{ consumerId: await newConsumer(t), amount: "100.00", billId: (await bill(t)).id }],
        payer: { name: "Asha", mobile: "9876500001", pan: "ABCDE1234F" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "cash" },
        consumers: [],
        heads: [
          { account: "3401001", amount: "10.00", purpose: "Deposit", party: { type: "contractor", id: "K-1" } },
          { account: "1401103", amount: "10.00", purpose: "Copy", function: "91", fund: "01" },
        ],
        payer: { name: "Asha" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "cash" },
        consumers: [],
        heads: [{ account: "1401103", amount: "10.00", purpose: "Copy", function: "91", fund: "01" }],
        payer: { name: "Asha" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "upi", rrn: next(12), acquirer: "SBI", batchNo: "71" },
        consumers: [{ consumerId: await newConsumer(t), amount: "100.00" }],
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "cash" },
        consumers: [{ consumerId: await newConsumer(t), amount: "100.00" }],
        book: { book: "MB-1", leaf: next(4), date: "2026-07-14" },
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "bank-transfer", utr: `SBINN5202607${next(6)}`, date: "2026-07-15" },
        consumers: [{ consumerId: await newConsumer(t), amount: "100.00" }],
      },
    }),
    async (t) => ({
      role: "cashier",
      params: { id: await session(t) },
      body: {
        tender: { kind: "postal-order", number: `11F ${next(6)}`, date: "2026-07-15" },
        consumers: [{ consumerId: await newConsumer(t), amount: "100.00" }],
      },
    }),
  ],
  "POST /v1/counter-sessions/{id}/close": [
    async (t) => ({ role: "cashier", params: { id: await session(t) }, body: { denominations: { "100": 1 } } }),
  ],
  "POST /v1/counter-sessions/{id}/handovers": [
    async (t) => {
      await taken(t, { kind: "cash" });
      const other = await otherCashier(t);
      return {
        role: "cashier",
        params: { id: await session(t) },
        body: { to: other.name, denominations: { "100": 1 }, leaves: false },
      };
    },
  ],
  "POST /v1/handovers/{id}/answer": [
    async (t) => {
      await session(t);
      const other = await otherCashier(t);
      const who = { ...t.city.as("cashier"), actor: { id: other.name, roles: ["cashier" as const] } };
      const { id } = await inTransaction(on.app, who, (tx) =>
        handOver(tx, { sessionId: other.sessionId, to: "cashier@test", denominations: { "100": 1 } }),
      );
      return { role: "cashier", params: { id }, body: { isAccepted: true, denominations: { "100": 1 } } };
    },
  ],
  "POST /v1/counter-sessions/{id}/difference": [
    async (t) => {
      // A counter of its own each time: once declared it waits for the supervisor.
      await t.city.tx("cashier", (tx) =>
        tx.query("update collections.counter_sessions set declared = null, declared_at = null where ulb_id = :ulb", {
          ulb: tx.ulb.id,
        }),
      );
      return {
        role: "cashier",
        params: { id: await session(t) },
        body: { denominations: { "500": 999 }, reason: "wrong change" },
      };
    },
  ],
  "POST /v1/counter-sessions/{id}/difference/decision": [
    async (t) => ({ role: "checker", params: { id: await session(t) }, body: { isApproved: true } }),
  ],
  "POST /v1/counter-days": [
    () => Promise.resolve({ role: "accountant", body: { office: "Town hall", day: "2026-07-15" } }),
  ],
  "POST /v1/remittances": [
    async (t) => ({
      role: "cashier",
      body: {
        kind: "cheques",
        slipNumber: `S${next(6)}`,
        date: "2026-07-15",
        instrumentIds: [(await taken(t, cheque())).instrumentId],
        bankAccount: BANK,
      },
    }),
  ],
  "POST /v1/cheques/{id}/dishonour": [
    async (t) => ({
      role: "accountant",
      params: { id: await deposited(t) },
      body: { date: "2026-07-15", reason: "funds insufficient", bankCharge: "118.00", payerCharge: "150.00" },
    }),
    async (t) => ({
      role: "accountant",
      params: { id: await deposited(t) },
      body: { date: "2026-07-15", reason: "funds insufficient", reasonCode: "01" },
    }),
  ],
  "POST /v1/cheques/clear": [
    async (t) => ({ role: "accountant", body: { instrumentIds: [await deposited(t)], date: "2026-07-15" } }),
  ],
  "POST /v1/card-batches": [
    async (t) => {
      const rrn = next(12);
      await taken(t, { kind: "pos", rrn, acquirer: "SBI", batchNo: "71" });
      return {
        role: "accountant",
        body: {
          acquirer: "SBI",
          batchNo: "71",
          rrns: [rrn],
          gross: "100.00",
          fee: "0.00",
          feeGst: "0.00",
          utr: `SBIN${next(8)}`,
          date: "2026-07-15",
          bankAccount: BANK,
        },
      };
    },
  ],
};
async function bill(t: TestTown): Promise<{ readonly id: string; readonly consumerId: string }> {
  const consumerId = await newConsumer(t);
  const { id } = await t.city.tx("cashier", (tx) => billFor(tx, consumerId, localDate("2026-07-15")));
  return { id, consumerId };
}

// ---------------------------------------------------------------- the document

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};
type Operation = {
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
};
const document = JSON.parse(JSON.stringify(on.server.swagger())) as {
  readonly paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(document.paths)
  .flatMap(([address, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${address}`,
      address,
      method: method.toUpperCase(),
      operation,
    })),
  )
  .filter((o) => o.operation.tags?.some((t) => TAGS.has(t)));
const bodyOf = (o: Operation): Schema | undefined => o.requestBody?.content["application/json"]?.schema;

/** Where text stands in a body: "payer.name", "consumers.0.consumerId". */
function textsOf(schema: Schema, at = ""): ReadonlyMap<string, Schema> {
  const inside = (s: Schema, step: string) => textsOf(s, at === "" ? step : `${at}.${step}`);
  const parts: ReadonlyMap<string, Schema>[] = [
    ...Object.entries(schema.properties ?? {}).map(([name, s]) => inside(s, name)),
    ...(schema.items ? [inside(schema.items, "0")] : []),
    ...(schema.anyOf ?? []).map((s) => textsOf(s, at)),
  ];
  if (schema.type === "string" && schema.const === undefined) parts.push(new Map([[at, schema]]));
  return new Map(parts.flatMap((p) => [...p]));
}
const stepsOf = (at: string): string[] => at.split(".");
function valueAt(body: unknown, at: string): unknown {
  let value = body;
  for (const step of stepsOf(at)) value = (value as Record<string, unknown> | null | undefined)?.[step];
  return value;
}
function withText(body: Record<string, unknown>, at: string, text: string): Record<string, unknown> {
  const copy = structuredClone(body);
  const steps = stepsOf(at);
  let inner: Record<string, unknown> = copy;
  for (const step of steps.slice(0, -1)) inner = inner[step] as Record<string, unknown>;
  inner[steps.at(-1) ?? ""] = text;
  return copy;
}

/** Fields that name what must be there, or have a form of their own: a text that does not fit is refused, with its reason. */
const NAMES_SOMETHING = new Set([
  "POST /v1/bbps/bills/fetch customerIdentifiers.0.attributeValue",
  "POST /v1/bbps/bills/fetchReceipt billerBillID",
  "POST /v1/bbps/bills/fetchReceipt paymentDetails.uniquePaymentRefID",
  "POST /v1/bbps/payments/reverse uniquePaymentRefID",
  "POST /v1/bbps/payments/reverse reversalRefID",
  "POST /v1/external-payments/{reference}/reversal reversalReference",
  "POST /v1/external-payments/{reference}/reversal reversedAt",
  "POST /v1/external-payments consumerCode",
  "POST /v1/external-payments service",
  "POST /v1/external-payments reference",
  "POST /v1/external-payments paidAt",
  "POST /v1/partners/{code}/settlements reference",
  "PUT /v1/partners/{code} actor",
  "PUT /v1/payment-settings/merchant accountId",
  "POST /v1/counter-sessions/{id}/handovers to",
  "POST /v1/refunds paymentId",
  "POST /v1/refunds/{id}/bank-payment reference",
  "POST /v1/card-batches acquirer",
  "POST /v1/disputes/{id}/answer documents.0.type",
  "POST /v1/disputes/{id}/answer documents.0.base64",
]);
/** Read and answered, but not kept. */
const NOT_KEPT = new Set([
  "POST /v1/bbps/bills/fetch customerIdentifiers.0.attributeName",
  "POST /v1/bbps/bills/fetch customerIdentifiers.0.attributeValue",
  "POST /v1/bbps/bills/fetchReceipt paymentDetails.platformTransactionRefID",
  "POST /v1/bbps/bills/fetchReceipt paymentDetails.transactionTimestamp",
  "POST /v1/bbps/payments/reverse reversalTimestamp",
  // Stands in the sentence that says what does not fit.
  "POST /v1/partners/{code}/settlements items.0.reference",
  // Goes to the gateway with the document; we keep the id that the gateway gave it.
  "POST /v1/disputes/{id}/answer documents.0.name",
]);
/** Banks, references and sign-in names are kept in capitals or small letters, so that the same one is known again however it is typed. */
const ONE_CASE = /\.(bank|acquirer|utr|pan)$| (acquirer|utr|reference|to)$/;
const isKept = async (t: TestTown, where: string, text: string): Promise<boolean> =>
  (await rows.holds(t.city.ulb, text)) ||
  (ONE_CASE.test(where) &&
    ((await rows.holds(t.city.ulb, text.toUpperCase())) || (await rows.holds(t.city.ulb, text.toLowerCase()))));
/** What is told to the gateway leaves a note of the attempt, also when it is refused. */
const FLOWS = new Set(["POST /v1/orders", "POST /v1/payment-requests", "POST /v1/disputes/{id}/answer"]);

const bank = {
  account: BANK,
  bank: "State Bank of India",
  branch: "Main Branch",
  number: "00000012345678",
  validFrom: localDate("2026-04-01"),
};

test("every address that takes money has a good request here, with every text field of its schema", () => {
  const posts = operations.filter((o) => o.method !== "GET" && bodyOf(o.operation));
  expect(posts.map((o) => o.name).sort()).toEqual(Object.keys(GOOD).sort());
  expect(posts.length).toBeGreaterThan(30);
});

test.each(Object.keys(GOOD))("%s", { timeout: 120_000 }, async (name) => {
  const operation = operations.find((o) => o.name === name) ?? expect.fail(`${name} is in the document`);
  const schema = bodyOf(operation.operation) ?? {};
  const texts = textsOf(schema);
  const town = await testTown(on);
  const neighbour = await testTown(on);
  await town.city.tx("admin", (tx) => addBankBook(tx, bank));
  const untouched = await rows.print(neighbour.city.ulb);
  const unseen = new Set(texts.keys());
  const send = (good: Good, body: object) => {
    const target = name.replace(/\{(\w+)\}/g, (_, p: string) => encodeURIComponent(good.params?.[p] ?? ""));
    return town.call(good.role, target, { key: newKey(), body });
  };
  for (const make of GOOD[name] ?? []) {
    let good = await make(town);
    let before = await rows.print(town.city.ulb);
    // Everything is printed once after a row of refusals, not after each: printing all of a ULB's rows is what takes the time here.
    let refused: string[] = [];
    const settle = async (): Promise<void> => {
      if (refused.length > 0) expect(await rows.print(town.city.ulb), refused.join("\n")).toEqual(before);
      refused = [];
    };
    const renew = async (): Promise<void> => {
      good = await make(town);
      before = await rows.print(town.city.ulb);
    };
    for (const [at, field] of texts) {
      if (typeof valueAt(good.body, at) !== "string" || !unseen.delete(at)) continue;
      const where = `${name} ${at}`;
      // An amount, a date or an id has a form of its own: one text that does not fit is as good as all.
      const isFree = field.pattern === undefined;
      for (const text of isFree ? [...IMPOSSIBLE, ...HOSTILE, ...NAMES] : HOSTILE.slice(0, 1)) {
        const isImpossible = IMPOSSIBLE.includes(text);
        if (!isImpossible && refused.length === IMPOSSIBLE.length) await settle();
        const answer = await send(good, withText(good.body, at, text));
        const told = `${where} ${JSON.stringify(text)}: ${answer.statusCode} ${answer.body.slice(0, 300)}`;
        expect(answer.statusCode, told).toBeLessThan(500);
        if (answer.statusCode >= 300) {
          expect(answer.statusCode, told).toBeGreaterThanOrEqual(400);
          expect(answer.json<{ code: string }>().code, told).toMatch(/^[A-Z_]+$/);
          if (!FLOWS.has(name)) refused.push(told);
          if (NAMES.includes(text) && isFree && (field.maxLength ?? 0) >= 60)
            expect(NAMES_SOMETHING.has(where), told).toBe(true);
        } else {
          expect(isImpossible, told).toBe(false);
          if (!NOT_KEPT.has(where)) expect(await isKept(town, where, text), told).toBe(true);
          refused = [];
          await renew();
        }
      }
      await settle();
    }
  }
  expect([...unseen], "fields of the schema in no good request").toEqual([]);
  expect(await rows.print(neighbour.city.ulb)).toEqual(untouched);
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});

test("whatever stands in an address or a query, it is answered and changes nothing", async () => {
  const town = await testTown(on);
  const before = await rows.print(town.city.ulb);
  let asked = 0;
  for (const { name, address, method, operation } of operations) {
    if (method !== "GET") continue;
    const places = operation.parameters?.filter((p) => p.in === "path" || p.in === "query") ?? [];
    for (const place of places) {
      for (const text of [...HOSTILE, ...NAMES, "a\u0000b"]) {
        const fill = (p: string): string =>
          encodeURIComponent(place.in === "path" && place.name === p ? text : newId());
        const path = address.replace(/\{(\w+)\}/g, (_, p: string) => fill(p));
        const query = place.in === "query" ? `?${place.name}=${encodeURIComponent(text)}` : "";
        const answer = await town.call("auditor", `GET ${path}${query}`);
        asked += 1;
        expect(answer.statusCode, `${name} ${place.name} ${text}: ${answer.body.slice(0, 200)}`).toBeLessThan(500);
      }
    }
  }
  expect(asked).toBeGreaterThan(100);
  expect(await rows.print(town.city.ulb)).toEqual(before);
});

test("a signed event is answered whatever its texts are, and its captured money is receipted once", async () => {
  const town = await testTown(on);
  let events = 0;
  const send = (body: object): Promise<LightMyRequestResponse> => {
    const raw = Buffer.from(JSON.stringify(body));
    const signature = createHmac("sha256", on.simulator.webhookSecret).update(raw).digest("hex");
    events += 1;
    return on.server.inject({
      method: "POST",
      url: `/webhooks/razorpay/${town.city.ulb.code}`,
      payload: raw,
      headers: { "x-razorpay-signature": signature, "x-razorpay-event-id": `hostile-${events}` },
    });
  };
  const pay = async (): Promise<{ readonly body: Record<string, unknown>; readonly paymentId: string }> => {
    const order = await createOrder(on.app, town.city.as("citizen"), {
      consumerId: await newConsumer(town),
      amount: rupees("1000.00"),
      idempotencyKey: newId(),
    });
    on.simulator.webhookPlan({ drop: 1 });
    const { payment } = on.simulator.payOrder(order.providerOrderId ?? "", {
      method: "upi",
      contact: "+919876500001",
      notes: { note: "a note" },
    });
    await on.simulator.deliverWebhooks();
    on.simulator.webhookPlan({});
    const entity = JSON.parse(JSON.stringify(payment)) as Record<string, unknown>;
    const body = {
      entity: "event",
      account_id: on.simulator.accountId,
      event: "payment.captured",
      contains: ["payment"],
      payload: { payment: { entity } },
      created_at: Math.floor(on.clock().getTime() / 1000),
    };
    return { body, paymentId: payment.id };
  };
  const leaves = (value: unknown, at: string): string[] =>
    typeof value === "string" || value === null
      ? [at]
      : typeof value === "object"
        ? Object.entries(value).flatMap(([k, v]) => leaves(v, at === "" ? k : `${at}.${k}`))
        : [];
  const fields = leaves((await pay()).body, "");
  expect(fields.length).toBeGreaterThan(12);
  for (const at of fields) {
    for (const text of [HOSTILE[0] ?? "", NAMES[0] ?? "", ...IMPOSSIBLE]) {
      const { body, paymentId } = await pay();
      const answer = await send(withText(body, at, text));
      expect([answer.statusCode, at, text]).toEqual([200, at, text]);
      await processInbox(on.app, town.city.ulb);
      // What the event does not tell any more is told by the next poll.
      await town.city.tx("system", (tx) =>
        tx.query("update collections.orders set next_poll_at = :now where ulb_id = :ulb and next_poll_at is not null", {
          ulb: tx.ulb.id,
          now: tx.clock(),
        }),
      );
      await pollDueOrders(on.app, town.city.as("system"));
      const receipts = await town.city.tx("auditor", (tx) =>
        tx.query("select 1 from collections.receipts where ulb_id = :ulb and payment_id = :id", {
          ulb: tx.ulb.id,
          id: paymentId,
        }),
      );
      expect([receipts.length, at, text]).toEqual([1, at, text]);
    }
  }
  const open = await town.city.tx("auditor", (tx) =>
    tx.query(
      "select event_key, state, last_error from collections.gateway_events where ulb_id = :ulb and state = 'new'",
      {
        ulb: tx.ulb.id,
      },
    ),
  );
  expect(open).toEqual([]);
  expect(await town.city.tx("auditor", brokenTies)).toEqual([]);
});
