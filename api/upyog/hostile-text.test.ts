import { expect, test } from "vitest";
import { billFor } from "../../billing/index.ts";
import { testConsumer, testDemand } from "../../billing/testing.ts";
import { brokenTies } from "../../collections/testing.ts";
import { createGateway, startSimulator } from "../../collections/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { testApp } from "../../ledger/testing.ts";
import { HOSTILE, IMPOSSIBLE, NAMES, rowsOf } from "../testing-hostile.ts";
import { upyogTown } from "./testing.ts";

/* Every text of UPYOG's requests that take money, and of their searches, one at a time in an otherwise good request. */

const TODAY = localDate("2026-07-15");
const app = await testApp({ clock: () => new Date("2026-07-15T05:00:00Z") });
const simulator = await startSimulator(0, { seed: "hostile", clock: app.clock });
const gateway = createGateway({ ...simulator.gatewayConfig(simulator.url), timeoutMs: 1000 });
const { call, city, tenantId } = await upyogTown(app, {}, gateway);
const neighbour = await upyogTown(app);
const rows = await rowsOf(app);
const TEXTS = [...HOSTILE, ...NAMES, ...IMPOSSIBLE];

let made = 0;
async function bill(): Promise<{ readonly id: string; readonly code: string }> {
  made += 1;
  const code = `H/${made}`;
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code });
    await testDemand(tx, consumer, "100", {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2027-03-31"),
      dueDate: localDate("2026-09-30"),
    });
    return { id: (await billFor(tx, consumer.id, TODAY)).id, code };
  });
}
const payment = async (): Promise<object> => ({
  Payment: {
    tenantId,
    totalDue: 100,
    totalAmountPaid: 100,
    paymentMode: "CHEQUE",
    instrumentNumber: String(100000 + made),
    instrumentDate: Date.parse("2026-07-10T00:00:00+05:30"),
    ifscCode: "SBIN0002814",
    transactionNumber: "1",
    paidBy: "Asha Rao",
    payerName: "Asha Rao",
    payerEmail: "asha@example.org",
    payerAddress: "Road 1",
    mobileNumber: "9876500001",
    paymentDetails: [
      {
        businessService: "PT",
        billId: (await bill()).id,
        totalDue: 100,
        totalAmountPaid: 100,
        manualReceiptNumber: "",
      },
    ],
  },
});
const transaction = async (): Promise<object> => {
  const { id, code } = await bill();
  return {
    Transaction: {
      tenantId,
      txnAmount: "100.00",
      module: "PT",
      billId: id,
      consumerCode: code,
      productInfo: "Property tax",
      gateway: "RAZORPAY",
      callbackUrl: "http://127.0.0.1:1/back",
      taxAndPayments: [{ billId: id, amountPaid: 100, taxAmount: 100 }],
      user: {
        uuid: "u1",
        userName: "asha",
        name: "Asha Rao",
        mobileNumber: "9876500001",
        emailId: "a@example.org",
        tenantId,
      },
      additionalDetails: { note: "n" },
    },
  };
};

const leaves = (value: unknown, at = ""): string[] =>
  typeof value === "string"
    ? [at]
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([k, v]) => leaves(v, at === "" ? k : `${at}.${k}`))
      : [];
function withText(body: object, at: string, text: string): object {
  const copy = structuredClone(body) as Record<string, unknown>;
  const steps = at.split(".");
  let inner: Record<string, unknown> = copy;
  for (const step of steps.slice(0, -1)) inner = inner[step] as Record<string, unknown>;
  inner[steps.at(-1) ?? ""] = text;
  return copy;
}
type Faults = { readonly Errors?: readonly { readonly code: string }[] };

test.each([
  ["cashier", "/collection-services/payments/_create", payment],
  ["system", "/collection-services/payments/_validate", payment],
  ["system", "/pg-service/transaction/v1/_create", transaction],
] as const)("%s %s takes any text as text", { timeout: 120_000 }, async (role, path, good) => {
  const untouched = await rows.print(neighbour.city.ulb);
  let kept = 0;
  for (const at of leaves(await good())) {
    for (const text of TEXTS) {
      const { status, body } = await call(role, path, withText(await good(), at, text));
      const told = `${path} ${at} ${JSON.stringify(text)}: ${status} ${JSON.stringify(body).slice(0, 300)}`;
      expect(status, told).toBeLessThan(500);
      if (status >= 400) expect((body as Faults).Errors?.[0]?.code, told).toBeTruthy();
      else expect(IMPOSSIBLE, told).not.toContain(text);
      if (status < 300 && at.endsWith("paidBy") && path.endsWith("_create")) {
        kept += 1;
        expect(JSON.stringify(body), told).toContain(JSON.stringify(text));
        expect(await rows.holds(city.ulb, text), told).toBe(true);
      }
    }
  }
  if (path.endsWith("payments/_create")) expect(kept).toBe(HOSTILE.length + NAMES.length);
  expect(await rows.print(neighbour.city.ulb)).toEqual(untouched);
  expect(await city.tx("auditor", (tx) => brokenTies(tx))).toEqual([]);
});

test("searches by any text find nothing and change nothing", async () => {
  const before = await rows.print(city.ulb);
  for (const [path, names] of [
    [
      "/collection-services/payments/PT/_search",
      [
        "ids",
        "billIds",
        "receiptNumbers",
        "consumerCodes",
        "mobileNumber",
        "status",
        "instrumentStatus",
        "transactionNumber",
        "payerIds",
      ],
    ],
    ["/pg-service/transaction/v1/_search", ["txnId", "billId", "consumerCode", "txnStatus", "receipt", "userUuid"]],
    ["/pg-service/transaction/v1/_update", ["transactionId", "eg_pg_txnid"]],
    ["/collection-services/payments/PT/_workflow", ["paymentId"]],
  ] as const) {
    for (const name of names) {
      for (const text of [...HOSTILE, ...NAMES]) {
        const at = `${path}?tenantId=${tenantId}&${name}=${encodeURIComponent(text)}`;
        const { status, body } = await call("system", at, {});
        expect(status, `${at} ${JSON.stringify(body).slice(0, 300)}`).toBeLessThan(500);
      }
    }
  }
  expect(await rows.print(city.ulb)).toEqual(before);
});
