import { expect, test } from "vitest";
import { billFor, openDuesOf, setUpyogService, upyogServices } from "../../../billing/index.ts";
import { testConsumer, testDemand } from "../../../billing/testing.ts";
import { brokenTies } from "../../../collections/testing.ts";
import { localDate } from "../../../ledger/kernel/dates.ts";
import { sum, toRupees } from "../../../ledger/kernel/money.ts";
import { testApp } from "../../../ledger/testing.ts";
import { upyogTown } from "../testing.ts";

let now = "2026-07-15T05:00:00Z";
const TODAY = localDate("2026-07-15");
const app = await testApp({ clock: () => new Date(now) });
const { call, city, tenantId } = await upyogTown(app);

type Billed = { readonly id: string; readonly consumerId: string; readonly code: string; readonly total: number };
type Seen = {
  id: string;
  totalAmountPaid: number;
  paymentStatus: string;
  instrumentStatus: string;
  paidBy: string;
  paymentDetails: { receiptNumber: string; billId: string; totalAmountPaid: number; bill: unknown }[];
};

async function bill(code: string, amount = "2500"): Promise<Billed> {
  return city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx, { code, name: "Ishita Rao", mobile: "9876500001" });
    await testDemand(tx, consumer, amount, {
      date: localDate("2026-04-01"),
      periodFrom: localDate("2026-04-01"),
      periodTo: localDate("2027-03-31"),
      dueDate: localDate("2026-09-30"),
    });
    const made = await billFor(tx, consumer.id, TODAY);
    return { id: made.id, consumerId: consumer.id, code, total: Number(toRupees(made.total)) };
  });
}

const payment = (bills: readonly Billed[], over: object = {}, paid: readonly number[] = bills.map((b) => b.total)) => ({
  Payment: {
    tenantId,
    totalDue: bills.reduce((t, b) => t + b.total, 0),
    totalAmountPaid: paid.reduce((t, p) => t + p, 0),
    paymentMode: "CASH",
    paidBy: "M/s Gupta & Sons",
    mobileNumber: "9876500001",
    paymentDetails: bills.map((b, i) => ({
      businessService: "PT",
      billId: b.id,
      totalDue: b.total,
      totalAmountPaid: paid[i],
    })),
    ...over,
  },
});
const create = (...args: Parameters<typeof payment>) =>
  call("cashier", "/collection-services/payments/_create", payment(...args));
const seen = (answer: { body: unknown }): Seen[] => (answer.body as { Payments: Seen[] }).Payments;
const cheque = (number: string) => ({
  paymentMode: "CHEQUE",
  instrumentNumber: number,
  instrumentDate: Date.parse("2026-07-10T00:00:00+05:30"),
  ifscCode: "SBIN0002814",
});
const act = (
  role: "cashier" | "accountant" | "system",
  paymentId: string,
  action: string,
  reason = "Entered for another account",
) =>
  call(role, "/collection-services/payments/PT/_workflow", {
    PaymentWorkflows: [{ paymentId, action, tenantId, reason }],
  });
const dueOf = (b: Billed): Promise<string> =>
  city.tx("accountant", async (tx) =>
    toRupees(sum(((await openDuesOf(tx, [b.consumerId])).get(b.consumerId) ?? []).map((d) => d.outstanding))),
  );
const faults = (answer: { body: unknown }): string[] =>
  (answer.body as { Errors: { code: string }[] }).Errors.map((e) => e.code);

test("a payment for two bills is one money with a receipt for each, found again by bill, receipt number, consumer and mobile", async () => {
  const [a, b] = [await bill("PT/1"), await bill("PT/2", "1200.50")];
  const made = await create([a, b]);
  expect(made.status).toBe(200);
  const [paid] = seen(made);
  expect(paid).toMatchObject({
    totalAmountPaid: 3700.5,
    paymentStatus: "NEW",
    instrumentStatus: "APPROVED",
    paidBy: "M/s Gupta & Sons",
    paymentDetails: [
      { billId: a.id, totalAmountPaid: 2500, receiptNumber: expect.stringMatching(/2026-27/) as string },
      {
        billId: b.id,
        totalAmountPaid: 1200.5,
        bill: { amountPaid: 1200.5, status: "PAID", billDetails: [{ amountPaid: 1200.5 }] },
      },
    ],
  });
  expect(await dueOf(a)).toBe("0.00");
  for (const criterion of [
    `billIds=${b.id}`,
    `receiptNumbers=${encodeURIComponent(paid?.paymentDetails[0]?.receiptNumber ?? "")}`,
    "consumerCodes=PT/2",
    `ids=${paid?.id ?? ""}`,
  ]) {
    const found = await call("auditor", `/collection-services/payments/PT/_search?tenantId=${tenantId}&${criterion}`);
    expect(seen(found).map((p) => [p.id, p.paymentDetails.length])).toEqual([[paid?.id, 2]]);
  }
  const count = await call(
    "auditor",
    `/collection-services/payments/_search?tenantId=${tenantId}&consumerCodes=PT/1&isCountRequest=true`,
  );
  expect(count.body).toMatchObject({ Count: 1 });
});

test("a bill is paid once, also when two payments for it come together", async () => {
  const b = await bill("PT/3");
  const answers = await Promise.all([create([b]), create([b])]);
  expect(answers.map((a) => a.status).sort()).toEqual([200, 400]);
  expect(faults(answers.find((a) => a.status === 400) ?? answers[0])).toEqual(["BILL_ALREADY_PAID"]);
});

test("the header must be the sum of its details", async () => {
  const b = await bill("PT/4");
  expect(faults(await create([b], { totalAmountPaid: 9999 }))).toEqual(["INVALID_PAYMENT"]);
  expect(await dueOf(b)).toBe("2500.00");
});

test("depositing a cheque leaves its bill paid; a cheque that comes back makes it due, and it may be paid again", async () => {
  const b = await bill("PT/5");
  const [paid] = seen(await create([b], cheque("004512")));
  const id = paid?.id ?? "";
  expect(seen(await act("accountant", id, "REMIT"))).toMatchObject([
    { paymentStatus: "DEPOSITED", instrumentStatus: "REMITTED" },
  ]);
  expect(await dueOf(b)).toBe("0.00");
  expect(seen(await act("accountant", id, "DISHONOUR", "Funds insufficient"))).toMatchObject([
    { paymentStatus: "DISHONOURED", instrumentStatus: "DISHONOURED" },
  ]);
  expect(await dueOf(b)).toBe("2500.00");
  expect((await create([b])).status).toBe(200);
  expect(await dueOf(b)).toBe("0.00");
});

test("a search by status finds the payments of that status and no others", async () => {
  const [inDrawer, atBank, back] = [await bill("PT/21"), await bill("PT/22"), await bill("PT/23")];
  await create([inDrawer]);
  const [deposited] = seen(await create([atBank], cheque("004521")));
  await act("accountant", deposited?.id ?? "", "REMIT");
  const [returned] = seen(await create([back], cheque("004522")));
  await act("accountant", returned?.id ?? "", "REMIT");
  await act("accountant", returned?.id ?? "", "DISHONOUR", "Funds insufficient");
  const codes = "consumerCodes=PT/21,PT/22,PT/23";
  const found = async (criterion: string): Promise<string[]> =>
    seen(await call("auditor", `/collection-services/payments/PT/_search?tenantId=${tenantId}&${codes}&${criterion}`))
      .map((p) => p.paymentDetails[0]?.billId ?? "")
      .sort();
  expect(await found("status=NEW")).toEqual([inDrawer.id]);
  expect(await found("status=DEPOSITED")).toEqual([atBank.id]);
  expect(await found("status=DISHONOURED")).toEqual([back.id]);
  expect(await found("status=NEW,DISHONOURED")).toEqual([inDrawer.id, back.id].sort());
  expect(await found("instrumentStatus=REMITTED")).toEqual([atBank.id]);
  expect(await found("instrumentStatus=APPROVED")).toEqual([inDrawer.id]);
  expect(await found("status=PAID")).toEqual([]);
});

test("a receipt is cancelled by another person only, keeps its number, and its bill may be paid again", async () => {
  const b = await bill("PT/6");
  const [paid] = seen(await create([b]));
  expect(faults(await act("cashier", paid?.id ?? "", "CANCEL"))).toEqual(["CANCEL_OWN"]);
  expect(seen(await act("system", paid?.id ?? "", "CANCEL"))).toMatchObject([{ paymentStatus: "CANCELLED" }]);
  expect(await dueOf(b)).toBe("2500.00");
  expect(faults(await act("system", paid?.id ?? "", "CANCEL"))).toEqual(["PAYMENT_WORKFLOW_INVALID_PAYMENT"]);
  expect((await create([b])).status).toBe(200);
});

test("what is wrong with a payment is said by UPYOG's codes; _validate says the same, and neither keeps anything", async () => {
  const b = await bill("PT/7");
  const validate = (...args: Parameters<typeof payment>) =>
    call("system", "/collection-services/payments/_validate", payment(...args));
  for (const [over, paid, codes] of [
    [{}, [2600], ["INVALID_PAYMENTDETAIL"]],
    [
      { ...cheque("004513"), instrumentDate: Date.parse("2026-07-16T00:00:00+05:30") },
      [2500],
      ["CHEQUE_DD_DATE_WITH_FUTURE_DATE"],
    ],
    [
      { ...cheque("004513"), instrumentDate: Date.parse("2026-03-16T00:00:00+05:30") },
      [2500],
      ["CHEQUE_DD_DATE_WITH_FUTURE_DATE"],
    ],
    [{ paymentMode: "DD" }, [2500], ["INVALID_INST_DATE", "INVALID_INST_NUMBER"]],
    [{ paymentMode: "CARD" }, [2500], ["INVALID_TXN_NUMBER", "INVALID_INSTRUMENT_NUMBER"]],
    [{ paymentMode: "SHELLS" }, [2500], ["JsonMappingException"]],
    [{ paidBy: null }, [2500], ["NotNull.paymentRequest.payment.paidBy"]],
  ] as const) {
    expect(faults(await create([b], over, paid))).toEqual(codes);
    expect(faults(await validate([b], over, paid))).toEqual(codes);
  }
  expect(faults(await create([b, b]))).toEqual(["DUPLICATE_BILLID"]);
  expect(faults(await create([{ ...b, id: "none" }]))).toEqual(["INVALID_BILL_ID"]);
  expect(seen(await validate([b], {}, [1000]))).toMatchObject([
    { totalAmountPaid: 1000, paymentDetails: [{ billId: b.id }] },
  ]);
  expect(await dueOf(b)).toBe("2500.00");
});

test("yesterday's bill is not paid: it is regenerated; a service's modes and part payments hold", async () => {
  const b = await bill("PT/8");
  now = "2026-07-16T05:00:00Z";
  expect(faults(await create([b]))).toEqual(["BILL_EXPIRED"]);
  now = "2026-07-15T06:00:00Z";
  await city.tx("admin", async (tx) => {
    const usual = (await upyogServices(tx)).get("PT");
    if (!usual) throw new Error("PT is usual");
    await setUpyogService(tx, { ...usual, partPaymentAllowed: false, collectionModesNotAllowed: ["DD"] });
  });
  expect(faults(await create([b], {}, [100]))).toEqual(["INVALID_PAYMENTDETAIL"]);
  expect(faults(await create([b], { ...cheque("004514"), paymentMode: "DD" }))).toEqual(["INVALID_PAYMENTDETAIL"]);
  expect((await create([b])).status).toBe(200);
});

test("a bank transfer, a postal order and a card are the instruments they are called, and the ties of collections hold after all of this", async () => {
  for (const [code, over] of [
    [
      "PT/9",
      {
        paymentMode: "OFFLINE_RTGS",
        instrumentNumber: "SBINR52026071500000123",
        instrumentDate: Date.parse("2026-07-14T00:00:00+05:30"),
      },
    ],
    [
      "PT/10",
      {
        paymentMode: "POSTAL_ORDER",
        instrumentNumber: "11F 123456",
        instrumentDate: Date.parse("2026-07-14T00:00:00+05:30"),
      },
    ],
    [
      "PT/11",
      { paymentMode: "CARD", instrumentNumber: "4412", transactionNumber: "619512345678", ifscCode: "HDFC0000001" },
    ],
  ] as const) {
    const made = await create([await bill(code)], over);
    expect([made.status, seen(made)[0]?.paymentStatus]).toEqual([
      200,
      over.paymentMode === "POSTAL_ORDER" ? "NEW" : "DEPOSITED",
    ]);
  }
  expect(
    faults(
      await create([await bill("PT/12")], { paymentMode: "ONLINE", instrumentNumber: "x", transactionNumber: "x" }),
    ),
  ).toEqual(["INVALID_PAYMENT_MODE"]);
  expect(await city.tx("auditor", (tx) => brokenTies(tx))).toEqual([]);
});
