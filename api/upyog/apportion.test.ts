import { expect, test } from "vitest";
import { testApp } from "../../ledger/testing.ts";
import { upyogTown } from "./testing.ts";

const app = await testApp({ clock: () => new Date("2025-07-15T05:00:00Z") });
const { call, tenantId } = await upyogTown(app);
const BILL = {
  id: "b1",
  businessService: "WS",
  tenantId,
  amountPaid: 50,
  isAdvanceAllowed: true,
  totalAmount: 450,
  consumerCode: "WS/400/2021-22/0368",
  billNumber: "BILLNO-WS-0396",
  billDate: 1_631_123_411_505,
  billDetails: [
    {
      id: "d1",
      tenantId,
      demandId: "ae7b",
      billId: "b1",
      expiryDate: 1_632_441_599_505,
      amount: 350,
      fromPeriod: 1_617_235_200_000,
      toPeriod: 1_622_399_400_000,
      billAccountDetails: [
        {
          id: "a1",
          tenantId,
          demandDetailId: "e5ac",
          order: 0,
          amount: 350,
          adjustedAmount: 0,
          taxHeadCode: "WS_CHARGE",
        },
      ],
    },
    {
      id: "d2",
      amount: 100,
      fromPeriod: 1_622_399_400_000,
      toPeriod: 1_624_991_400_000,
      billAccountDetails: [{ amount: 100, taxHeadCode: "WS_CHARGE", order: 0, adjustedAmount: 0 }],
    },
  ],
};
const apportion = (bill: object) =>
  call("cashier", "/apportion-service/v2/bill/_apportion", { tenantId, Bills: [bill] });

test("a bill comes back with what was paid divided over its periods; fields that are not ours pass through", async () => {
  const [first, second] = BILL.billDetails;
  expect(await apportion(BILL)).toEqual({
    status: 200,
    body: {
      ResponseInfo: {
        apiId: "Rainmaker",
        ver: ".01",
        ts: 1_717_058_721_822,
        resMsgId: "uief87324",
        msgId: "20170310130900|en_IN",
        status: "successful",
      },
      tenantId,
      Bills: [
        {
          ...BILL,
          billDetails: [
            {
              ...first,
              amountPaid: 50,
              billAccountDetails: [{ ...first?.billAccountDetails[0], adjustedAmount: 50 }],
            },
            { ...second, amountPaid: 0 },
          ],
        },
      ],
    },
  });
});

test("an excess comes back as the service's advance head on the newest period", async () => {
  const { body } = await apportion({ ...BILL, amountPaid: 500 });
  expect(body).toMatchObject({
    Bills: [
      {
        billDetails: [
          { amountPaid: 350 },
          {
            amountPaid: 150,
            billAccountDetails: [
              { adjustedAmount: 100 },
              {
                taxHeadCode: "WS_ADVANCE_CARRYFORWARD",
                amount: -50,
                adjustedAmount: null,
                purpose: "ADVANCE_AMOUNT",
                order: -1,
              },
            ],
          },
        ],
      },
    ],
  });
});

test("property names are read in any case", async () => {
  const { body } = await call("cashier", "/apportion-service/v2/bill/_apportion", {
    TenantID: tenantId,
    bills: [
      {
        BusinessService: "WS",
        AMOUNTPAID: 5,
        isadvanceallowed: false,
        BillDetails: [{ amount: 5, FromPeriod: 1, billaccountdetails: [{ TAXHEADCODE: "WS_CHARGE", amount: 5 }] }],
      },
    ],
  });
  expect(body).toMatchObject({ tenantId, Bills: [{ billDetails: [{ billAccountDetails: [{ adjustedAmount: 5 }] }] }] });
});

test("demands come back under the lower-case key, with old advances put against new dues", async () => {
  const demand = (taxPeriodFrom: number, taxHeadMasterCode: string, taxAmount: number, collectionAmount: number) => ({
    tenantId,
    consumerCode: "W1",
    businessService: "WS",
    taxPeriodFrom,
    demandDetails: [{ id: taxHeadMasterCode, taxHeadMasterCode, taxAmount, collectionAmount }],
  });
  const { status, body } = await call("accountant", "/apportion-service/v2/demand/_apportion", {
    tenantId,
    Demands: [demand(2, "WS_CHARGE", 550, 0), demand(1, "WS_ADVANCE_CARRYFORWARD", -9750, -550)],
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    demands: [
      { taxPeriodFrom: 1, demandDetails: [{ collectionAmount: -1100 }] },
      { taxPeriodFrom: 2, demandDetails: [{ collectionAmount: 550 }] },
    ],
  });
});

test("faults are HTTP 400 in the shape and the words of UPYOG", async () => {
  const errors = (code: string, message: string) => ({
    status: 400,
    body: { ResponseInfo: null, Errors: [{ code, message, description: null, params: null }] },
  });
  expect(await apportion({ ...BILL, businessService: "TL", amountPaid: 500 })).toEqual(
    errors("NO TAXHEAD FOUND", "No Advance taxHead found for businessService: TL"),
  );
  expect(await apportion({ ...BILL, amountPaid: null })).toEqual(
    errors("NotNull.apportionRequest.bills[0].amountPaid", "must not be null"),
  );
  expect(await apportion({ ...BILL, amountPaid: "much" })).toEqual(
    errors("JsonMappingException", "Failed to deserialize certain JSON fields"),
  );
  expect(
    await call("cashier", "/apportion-service/v2/demand/_apportion", {
      Demands: [
        { businessService: "WS", taxPeriodFrom: 1, demandDetails: [{ taxHeadMasterCode: "WS_X", taxAmount: 1 }] },
      ],
    }),
  ).toEqual(errors("INVALID_TAXHEAD_CODE", "Order is null or taxHead is not found for code: WS_X"));
  const tie = { amount: 5, order: null, taxHeadCode: "WS_CHARGE" };
  expect(
    await apportion({ ...BILL, billDetails: [{ amount: 10, fromPeriod: 1, billAccountDetails: [tie, tie] }] }),
  ).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "NullPointerException", message: "An unhandled exception occurred on the server" }] },
  });
});

test("a caller is told by his token, in the header or in RequestInfo, and not by what he says of himself", async () => {
  const path = "/apportion-service/v2/bill/_apportion";
  expect((await call("cashier", path, { Bills: [] }, "header")).status).toBe(200);
  expect((await call("cashier", path, { Bills: [] }, "body")).status).toBe(200);
  expect(
    await call(null, path, { RequestInfo: { userInfo: { roles: [{ code: "SUPERUSER" }] } }, Bills: [] }),
  ).toMatchObject({
    status: 401,
    body: { ResponseInfo: null, Errors: [{ code: "InvalidAccessTokenException" }] },
  });
  expect((await call(null, path, { RequestInfo: { authToken: "nk_1_x" } })).status).toBe(401);
  expect(await call("state", path, { Bills: [] })).toMatchObject({
    status: 403,
    body: { Errors: [{ code: "CustomException", message: "You are not authorized to access this resource" }] },
  });
});
