import { expect, test } from "vitest";
import {
  applyPayment,
  cancelDemands,
  demandRegister,
  getConsumerByCode,
  setUpyogService,
  upyogServices,
  USUAL_REBATE,
} from "../../billing/index.ts";

import { testConsumer } from "../../billing/testing.ts";
import { dr, postEntry } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees } from "../../ledger/kernel/money.ts";
import { bookMarks, testApp } from "../../ledger/testing.ts";
import { upyogTown } from "./testing.ts";

let now = "2025-04-10T05:00:00Z";
const app = await testApp({ clock: () => new Date(now) });
const town = await upyogTown(app, { rebate: USUAL_REBATE, roundTo: "rupee" });
const { call, city, tenantId } = town;
const consumer = (service: string, code: string, mobile: string) =>
  city.tx("accountant", (tx) => testConsumer(tx, { service, code, name: "Ishita Rao", mobile }));

const APRIL = Date.parse("2025-04-01T00:00:00+05:30");
const MARCH = Date.parse("2026-03-31T23:59:59+05:30");
function demand(
  over: object = {},
  details: object[] = [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 350, collectionAmount: 0 }],
) {
  return {
    tenantId,
    consumerCode: "WS/400/2025-26/0368",
    consumerType: "waterConnection",
    businessService: "WS",
    payer: { uuid: "5641d0b4-0000-4000-8000-000000000000" },
    taxPeriodFrom: APRIL,
    taxPeriodTo: MARCH,
    billExpiryTime: 1_296_000_000,
    fixedBillExpiryDate: null,
    minimumAmountPayable: 0,
    status: "ACTIVE",
    demandDetails: details,
    ...over,
  };
}
const create = (...demands: object[]) => call("accountant", "/billing-service/demand/_create", { Demands: demands });
const fault = (code: string, message: string) => ({
  status: 400,
  body: { ResponseInfo: null, Errors: [{ code, message, description: null, params: null }] },
});

test("a demand is raised, found again, and fetched as a bill with its number", async () => {
  now = "2025-04-10T05:00:00Z";
  await consumer("water", "WS/400/2025-26/0368", "9999900001");
  const made = await create(demand());
  expect(made).toMatchObject({
    status: 201,
    body: {
      ResponseInfo: { apiId: "Rainmaker", msgId: "20170310130900|en_IN", status: "201 CREATED" },
      Demands: [
        {
          tenantId,
          consumerCode: "WS/400/2025-26/0368",
          businessService: "WS",
          payer: { name: "Ishita Rao", mobileNumber: "9999900001", type: "CITIZEN" },
          taxPeriodFrom: APRIL,
          taxPeriodTo: MARCH,
          isPaymentCompleted: false,
          status: "ACTIVE",
          demandDetails: [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 350, collectionAmount: 0, tenantId }],
        },
      ],
      CollectedReceipt: null,
    },
  });
  const query = `?tenantId=${tenantId}&businessService=WS&consumerCode=WS/400/2025-26/0368,WS/none&status=ACTIVE`;
  const found = await call("auditor", `/billing-service/demand/_search${query}`);
  expect(found).toMatchObject({ status: 200, body: { ResponseInfo: { status: "200 OK" } } });
  expect((found.body as { Demands: unknown }).Demands).toEqual((made.body as { Demands: unknown }).Demands);

  const fetched = await call("cashier", `/billing-service/bill/v2/_fetchbill${query}`);
  expect(fetched).toMatchObject({
    status: 201,
    body: {
      ResposneInfo: null,
      Bill: [
        {
          status: "ACTIVE",
          totalAmount: 350,
          businessService: "WS",
          billNumber: "B/2025-26/000001",
          billDate: Date.parse(now),
          consumerCode: "WS/400/2025-26/0368",
          billDetails: [
            {
              expiryDate: Date.parse("2025-04-10T23:59:59+05:30"),
              amount: 350,
              amountPaid: null,
              fromPeriod: APRIL,
              toPeriod: MARCH,
              billAccountDetails: [{ order: 0, amount: 350, adjustedAmount: 0, taxHeadCode: "WS_CHARGE" }],
            },
          ],
        },
      ],
    },
  });
  // The same is due: the same bill again.
  expect(
    await call(
      "cashier",
      `/billing-service/bill/v2/_fetchbill?tenantId=${tenantId}&businessService=WS&mobileNumber=9999900001`,
    ),
  ).toEqual(fetched);
});

test("a bill adds up: cess apart, rebate as a negative head, rounding as a head; paid, it is PAID and nothing is due", async () => {
  now = "2025-04-10T05:00:00Z";
  await consumer("property-tax", "PT-7", "9999900007");
  await create(
    demand({ businessService: "PT", consumerCode: "PT-7", consumerType: "BUILTUP" }, [
      { taxHeadMasterCode: "PT_TAX", taxAmount: 1010.1 },
      { taxHeadMasterCode: "PT_LIBRARY_CESS", taxAmount: 80.81, collectionAmount: 0 },
      { taxHeadMasterCode: "PT_ROUNDOFF", taxAmount: 0, collectionAmount: 0 },
    ]),
  );
  const path = `/billing-service/bill/v2/_fetchbill?tenantId=${tenantId}&businessService=PT&consumerCode=PT-7`;
  const { body } = await call("cashier", path);
  const [bill] = (
    body as {
      Bill: {
        id: string;
        totalAmount: number;
        billDetails: { amount: number; billAccountDetails: { taxHeadCode: string; amount: number }[] }[];
      }[];
    }
  ).Bill;
  expect(bill?.billDetails[0]?.billAccountDetails.map((h) => [h.taxHeadCode, h.amount])).toEqual([
    ["PT_TAX", 1010.1],
    ["PT_LIBRARY_CESS", 80.81],
    ["PT_TIME_REBATE", -50.51],
    ["PT_ROUNDOFF", 0.6],
  ]);
  expect([bill?.totalAmount, bill?.billDetails[0]?.amount]).toEqual([1041, 1041]);

  await city.tx("cashier", async (tx) => {
    const payer = await getConsumerByCode(tx, "property-tax", "PT-7");
    const source = { type: "receipt", id: "r-pt-7" };
    const date = localDate("2025-04-10");
    const paid = await applyPayment(tx, {
      consumerId: payer.id,
      amount: rupees("1041"),
      date,
      source,
      billId: bill?.id ?? "",
    });
    await postEntry(tx, {
      voucher: "receipt",
      date,
      narration: "Property tax, PT-7",
      source,
      lines: [dr("4501001", rupees("1041")), ...paid.ledgerLines],
    });
  });
  expect(await call("cashier", path)).toEqual({ status: 201, body: { ResposneInfo: null, Bill: [] } });
  expect(
    await call("auditor", `/billing-service/bill/v2/_search?tenantId=${tenantId}&billId=${bill?.id ?? ""}`),
  ).toMatchObject({
    status: 200,
    body: { ResposneInfo: { status: "200 OK" }, Bill: [{ id: bill?.id, status: "PAID", totalAmount: 1041 }] },
  });
  const search = `/billing-service/demand/_search?tenantId=${tenantId}&businessService=PT&consumerCode=PT-7`;
  expect(await call("auditor", search)).toMatchObject({
    body: {
      Demands: [
        {
          isPaymentCompleted: true,
          demandDetails: [
            { taxHeadMasterCode: "PT_TAX", taxAmount: 1010.1, collectionAmount: 1010.1 },
            { taxHeadMasterCode: "PT_LIBRARY_CESS", taxAmount: 80.81, collectionAmount: 80.81 },
          ],
        },
      ],
    },
  });
  expect(await call("auditor", `${search}&isPaymentCompleted=false`)).toMatchObject({ body: { Demands: [] } });
});

test("a bill whose place a later one has taken is EXPIRED, and is found by consumer and service", async () => {
  now = "2025-04-10T05:00:00Z";
  const made = await consumer("water", "W-9", "9999900009");
  await create(demand({ consumerCode: "W-9" }));
  const path = `/billing-service/bill/v2/_fetchbill?tenantId=${tenantId}&businessService=WS&consumerCode=W-9`;
  await call("cashier", path);
  await create(demand({ consumerCode: "W-9", taxPeriodFrom: MARCH, taxPeriodTo: MARCH }));
  await call("cashier", path);
  const found = await call(
    "auditor",
    `/billing-service/bill/v2/_search?tenantId=${tenantId}&service=WS&consumerCode=W-9`,
  );
  expect(
    (found.body as { Bill: { status: string; totalAmount: number }[] }).Bill.map((b) => [b.status, b.totalAmount]),
  ).toEqual([
    ["ACTIVE", 700],
    ["EXPIRED", 350],
  ]);
  expect(await city.tx("auditor", (tx) => demandRegister(tx, made.id))).toHaveLength(2);
});

test("what is wrong with a demand is answered in UPYOG's words, and nothing is written", async () => {
  now = "2025-04-10T05:00:00Z";
  await consumer("water", "W-3", "9999900003");
  await create(demand({ consumerCode: "W-3" }));
  const before = await bookMarks(app, city.ulb);
  expect(await create(demand({ consumerCode: "W-3" }))).toEqual(
    fault(
      "EG_BS_DUPLICATE_CONSUMERCODE",
      "Demand already exists in the same period with the same businessService for the given consumercodes : [W-3]",
    ),
  );
  const next = { consumerCode: "W-3", taxPeriodFrom: APRIL + 86_400_000 };
  expect(await create(demand({ ...next, taxPeriodTo: MARCH + 86_400_000 }))).toEqual(
    fault(
      "EG_BS_TAXPERIODS_DEMAND",
      `No Tax Periods Found for the given demand with fromDate : ${APRIL + 86_400_000} and toDate : ${MARCH + 86_400_000}`,
    ),
  );
  expect(await create(demand({ ...next, businessService: "WS'; drop table x" }))).toEqual(
    fault("EG_BS_BUSINESSSERVICE_NOTFOUND", "No Business Service masters found for give codes [WS'; drop table x]"),
  );
  const detail = (over: object) => [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 100, collectionAmount: 0, ...over }];
  expect(await create(demand(next, detail({ taxHeadMasterCode: "WS_X" })))).toEqual(
    fault("EG_BS_TAXHEADS_NOTFOUND", "No TaxHead masters found for give codes [WS_X]"),
  );
  expect(await create(demand(next, detail({ collectionAmount: 101 })))).toEqual(
    fault(
      "EG_DEMAND_DEATIL_INVALID",
      "Invalid demand details found with following Values : [collection amount : 101, cannot not be greater than taxAmount or Negative in case of positive tax : 100]",
    ),
  );
  expect(await create(demand(next, detail({ taxAmount: -5, collectionAmount: -4 })))).toEqual(
    fault(
      "EG_DEMAND_DEATIL_INVALID",
      "Invalid demand details found with following Values : [collection amount : -4, should be equal to 'ZERO' or tax amount : -5 in case of negative Tax]",
    ),
  );
  expect(await create(demand({ ...next, consumerCode: "W-none" }))).toEqual(
    fault("EG_BS_CONSUMER_NOTFOUND", "No consumers found for following consumercodes : [W-none]"),
  );
  expect(await create(demand({ ...next, consumerType: null, tenantId: undefined }))).toMatchObject({
    status: 400,
    body: {
      Errors: [
        { code: "NotNull.demandRequest.demands[0].consumerType", message: "must not be null" },
        { code: "NotNull.demandRequest.demands[0].tenantId", message: "must not be null" },
      ],
    },
  });
  expect(await create(demand({ ...next, tenantId: "pb.elsewhere" }))).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "EG_BS_INVALID_TENANTID" }] },
  });
  expect(await create(demand(next, detail({ taxAmount: 1.005 })))).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "MONEY_DECIMALS" }] },
  });
  expect((await call("cashier", "/billing-service/demand/_create", { Demands: [demand(next)] })).status).toBe(403);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
});

test("a search that names too little is refused in UPYOG's words", async () => {
  const ask = (path: string) => call("cashier", `/billing-service/${path}`);
  expect(await ask(`bill/v2/_fetchbill?tenantId=${tenantId}&businessService=WS`)).toEqual(
    fault(
      "BILL_GEN_MANDATORY_FIELDS_MISSING",
      "Valid search criteria fields missing, please give some valid criteria like mobileNumber/email OR 'businessService & consumerCode' OR demandId",
    ),
  );
  expect(await ask("bill/v2/_fetchbill?businessService=WS")).toEqual(
    fault("NotNull.generateBillCriteria.tenantId", "must not be null"),
  );
  expect(await ask(`bill/v2/_search?tenantId=${tenantId}&consumerCode=A`)).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "BILL_SEARCH_CONSUMERCODE_BUSINESSSERVICE" }] },
  });
  expect(await ask(`bill/v2/_search?tenantId=${tenantId}`)).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "EGBS_MANDATORY_FIELDS_ERROR" }] },
  });
  expect(await ask("bill/v2/_search?tenantId=pb&billId=x")).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "EG_BS_INVALID_TENANTID" }] },
  });
  expect(await ask(`bill/v2/_search?tenantId=${tenantId}&billId=nobody`)).toMatchObject({
    status: 200,
    body: { Bill: [] },
  });
  expect(await ask(`demand/_search?tenantId=${tenantId}&businessService=WS`)).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "EGBS_MANDATORY_FIELDS_ERROR" }] },
  });
});

test("business services and tax heads are those of the ULB, in UPYOG's shape; a city's own master takes the place of the usual one", async () => {
  const ask = (path: string) => call("auditor", `/billing-service/${path}`);
  expect(await ask(`businessservices/_search?tenantId=${tenantId}&businessService=PT`)).toMatchObject({
    status: 200,
    body: {
      BusinessServiceDetails: [
        {
          businessService: "Property Tax",
          code: "PT",
          partPaymentAllowed: true,
          isAdvanceAllowed: false,
          type: "Adhoc",
        },
      ],
    },
  });
  expect(await ask(`taxheads/_search?tenantId=${tenantId}&service=PT&code=PT_TAX`)).toMatchObject({
    status: 200,
    body: { TaxHeadMasters: [{ category: "TAX", service: "PT", code: "PT_TAX", order: "0" }] },
  });
  const other = await upyogTown(app);
  await other.city.tx("admin", async (tx) => {
    const usual = (await upyogServices(tx)).get("PT");
    if (usual) await setUpyogService(tx, { ...usual, isAdvanceAllowed: true });
  });
  const services = (t: typeof other) =>
    t.call("auditor", `/billing-service/businessservices/_search?tenantId=${t.tenantId}&businessService=PT`);
  expect(await services(other)).toMatchObject({ body: { BusinessServiceDetails: [{ isAdvanceAllowed: true }] } });
  expect(await services(town)).toMatchObject({ body: { BusinessServiceDetails: [{ isAdvanceAllowed: false }] } });
});

test("idgen gives numbers by a format, several at once, and answers faults as UPYOG does", async () => {
  now = "2025-04-10T05:00:00Z";
  const generate = (...idRequests: object[]) => call("cashier", "/egov-idgen/id/_generate", { idRequests });
  const receipt = { idName: "WS.receipt.id", tenantId, format: "WS/[fy:yyyy-yy]/[SEQ_RCPT_WS]" };
  expect(await generate({ ...receipt, count: 2 }, receipt)).toMatchObject({
    status: 200,
    body: {
      responseInfo: { apiId: "Rainmaker", resMsgId: "uief87324" },
      idResponses: [{ id: "WS/2025-26/000001" }, { id: "WS/2025-26/000002" }, { id: "WS/2025-26/000003" }],
    },
  });
  expect(await generate({ ...receipt, format: null })).toEqual(
    fault("ID_NOT_FOUND", "No Format is available in the MDMS for the given name and tenant"),
  );
  // One wrong request of several: none draws a number.
  expect((await generate(receipt, { ...receipt, format: "[fy:x]" })).status).toBe(400);
  expect(await generate(receipt)).toMatchObject({ body: { idResponses: [{ id: "WS/2025-26/000004" }] } });
  expect(await generate({ tenantId })).toEqual(
    fault("NotNull.idGenerationRequest.idRequests[0].idName", "must not be null"),
  );
});

test("a cancelled demand has the status CANCELLED and demands nothing; its period may be raised again", async () => {
  now = "2025-04-10T05:00:00Z";
  await consumer("water", "WS/400/2025-26/0999", "9999900009");
  const one = demand({ consumerCode: "WS/400/2025-26/0999" });
  const made = (await create(one)).body as { Demands: { id: string }[] };
  await city.tx("checker", (tx) =>
    cancelDemands(tx, {
      source: { type: "test", id: "0999" },
      date: localDate("2025-04-10"),
      demandIds: made.Demands.map((d) => d.id),
      reason: "Connection does not exist",
    }),
  );
  const search = (status: string) =>
    call(
      "auditor",
      `/billing-service/demand/_search?tenantId=${tenantId}&businessService=WS&consumerCode=WS/400/2025-26/0999&status=${status}`,
    );
  expect((await search("ACTIVE")).body).toMatchObject({ Demands: [] });
  expect((await search("CANCELLED")).body).toMatchObject({
    Demands: [
      {
        isPaymentCompleted: true,
        status: "CANCELLED",
        demandDetails: [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 0, collectionAmount: 0 }],
      },
    ],
  });
  expect(await create(one)).toMatchObject({ status: 201, body: { Demands: [{ status: "ACTIVE" }] } });
});

test("a demand is updated by another in its place while it is unpaid; paid in part it only grows, once, and not below what was collected", async () => {
  now = "2025-04-10T05:00:00Z";
  const { id: consumerId } = await consumer("water", "WS-UP", "9999900077");
  type Made = { id: string; status: string; demandDetails: { taxAmount: number; collectionAmount: number }[] };
  const demandsIn = (answer: { body: unknown }): Made[] => (answer.body as { Demands: Made[] }).Demands;
  const said = (answer: { body: unknown }) =>
    demandsIn(answer).map((d) => [d.status, ...d.demandDetails.map((h) => [h.taxAmount, h.collectionAmount])]);
  const [first] = demandsIn(await create(demand({ consumerCode: "WS-UP" })));
  const update = (
    id: string | undefined,
    taxAmount: number,
    over: object = {},
    role: "system" | "accountant" = "system",
  ) =>
    call(role, "/billing-service/demand/_update", {
      Demands: [
        demand({ id, consumerCode: "WS-UP", ...over }, [
          { taxHeadMasterCode: "WS_CHARGE", taxAmount, collectionAmount: 0 },
        ]),
      ],
    });
  expect((await update(first?.id, 300, {}, "accountant")).status).toBe(403);
  const lower = await update(first?.id, 300);
  expect([lower.status, said(lower)]).toEqual([201, [["ACTIVE", [300, 0]]]]);
  const id = demandsIn(lower)[0]?.id;
  expect((await update(first?.id, 200)).body).toMatchObject({ Errors: [{ code: "DEMAND_CANCELLED" }] });
  await city.tx("cashier", async (tx) => {
    const [amount, date, source] = [rupees("100"), localDate("2025-04-10"), { type: "receipt", id: "WS-UP" }];
    const { ledgerLines } = await applyPayment(tx, { consumerId, amount, date, source });
    const lines = [dr("4501001", amount), ...ledgerLines];
    await postEntry(tx, { voucher: "receipt", date, narration: "Receipt", source, lines });
  });
  expect(await update(id, 50)).toEqual(
    fault(
      "EG_DEMAND_DEATIL_INVALID",
      "Invalid demand details found with following Values : [collection amount : 100, cannot not be greater than taxAmount or Negative in case of positive tax : 50]",
    ),
  );
  expect((await update(id, 200)).body).toMatchObject({ Errors: [{ code: "DEMAND_RESTATED_LESS" }] });
  const more = await update(id, 340);
  expect(said(more)).toEqual(
    expect.arrayContaining([
      ["ACTIVE", [300, 100]],
      ["ACTIVE", [40, 0]],
    ]),
  );
  await update(id, 340);
  const standing = `?tenantId=${tenantId}&businessService=WS&consumerCode=WS-UP&status=ACTIVE`;
  expect(said(await call("auditor", `/billing-service/demand/_search${standing}`))).toHaveLength(2);
  expect(await update(first?.id.replace(/^./, "f"), 1)).toMatchObject({
    body: { Errors: [{ code: "EG_BS_DEMANDS_NOT_FOUND" }] },
  });

  const [other] = demandsIn(
    await create(demand({ consumerCode: "WS-UP", taxPeriodTo: Date.parse("2025-04-30T23:59:59+05:30") })),
  );
  const gone = await update(other?.id, 350, {
    taxPeriodTo: Date.parse("2025-04-30T23:59:59+05:30"),
    status: "CANCELLED",
  });
  expect(demandsIn(gone)).toMatchObject([{ id: other?.id, status: "CANCELLED" }]);
});

test("a bill that is cancelled stays on record, what is due stays due, and the next one takes another number; a paid one is not cancelled", async () => {
  now = "2025-04-10T05:00:00Z";
  await consumer("water", "WS/C/1", "9999900055");
  await create(demand({ consumerCode: "WS/C/1" }, [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: 350 }]));
  const query = `tenantId=${tenantId}&businessService=WS&consumerCode=WS/C/1`;
  const fetch = async () => {
    const { body } = await call("cashier", `/billing-service/bill/v2/_fetchbill?${query}`);
    return (body as { Bill: { id: string; billNumber: string; totalAmount: number; status: string }[] }).Bill[0];
  };
  const cancel = (
    consumerCodes: string[],
    additionalDetails: object = { reason: "OTHER", reasonMessage: "wrong name" },
  ) =>
    call("cashier", "/billing-service/bill/v2/_cancelbill", {
      UpdateBillCriteria: { tenantId, businessService: "WS", consumerCodes, additionalDetails },
    });
  const none = { status: 400, body: { Message: "No Active bills found for cancellation for the given criteria" } };
  expect(await cancel(["WS/C/1"])).toMatchObject(none);
  const first = await fetch();
  expect(await cancel(["WS/C/1"], {})).toMatchObject({ status: 400 });
  expect(await cancel(["WS/C/1", "WS/C/2"])).toMatchObject({ status: 400 });
  expect(await cancel(["WS/C/1"])).toMatchObject({
    status: 200,
    body: { Message: "Successfully cancelled 1 Active bills for given consumer codes" },
  });
  expect(await cancel(["WS/C/1"])).toMatchObject(none);
  expect(await cancel(["WS/NONE"])).toMatchObject(none);
  const searched = await call("cashier", `/billing-service/bill/v2/_search?tenantId=${tenantId}&billId=${first?.id}`);
  expect(searched).toMatchObject({ body: { Bill: [{ status: "CANCELLED", billNumber: first?.billNumber }] } });
  const second = await fetch();
  expect([second?.status, second?.totalAmount]).toEqual(["ACTIVE", 350]);
  expect(second?.billNumber).not.toBe(first?.billNumber);
  expect(await fetch()).toEqual(second);
  await city.tx("cashier", async (tx) => {
    const payer = await getConsumerByCode(tx, "water", "WS/C/1");
    const source = { type: "receipt", id: "r-ws-c-1" };
    await applyPayment(tx, {
      consumerId: payer.id,
      amount: rupees("350"),
      date: localDate("2025-04-10"),
      source,
      billId: second?.id ?? "",
    });
  });
  expect(await cancel(["WS/C/1"])).toMatchObject(none);
});
