import { expect, test } from "vitest";
import { findDemands, getConsumerByCode } from "../../billing/index.ts";
import { testConsumer } from "../../billing/testing.ts";
import { testApp } from "../../ledger/testing.ts";
import { upyogTown } from "./testing.ts";

const app = await testApp({ clock: () => new Date("2025-07-10T05:00:00Z") });
const { call, city, tenantId } = await upyogTown(app);
const APRIL = Date.parse("2025-04-01T00:00:00+05:30");
const SEPTEMBER = Date.parse("2025-09-30T23:59:59+05:30");
const MARCH = Date.parse("2026-03-31T23:59:59+05:30");

async function connection(
  code: string,
  periods: readonly [number, number, number][] = [[APRIL, MARCH, 350]],
): Promise<void> {
  await city.tx("accountant", (tx) =>
    testConsumer(tx, { service: "water", code, name: "Ishita Rao", mobile: "9999900001" }),
  );
  for (const [from, to, amount] of periods) {
    const made = await call("accountant", "/billing-service/demand/_create", {
      Demands: [
        {
          tenantId,
          consumerCode: code,
          consumerType: "waterConnection",
          businessService: "WS",
          taxPeriodFrom: from,
          taxPeriodTo: to,
          demandDetails: [{ taxHeadMasterCode: "WS_CHARGE", taxAmount: amount, collectionAmount: 0 }],
        },
      ],
    });
    expect(made.status).toBe(201);
  }
}

const amendment = (consumerCode: string, taxAmount: number, over: object = {}) => ({
  Amendment: {
    tenantId,
    consumerCode,
    businessService: "WS",
    amendmentReason: "DCB_CORRECTION",
    reasonDocumentNumber: "WS/Misc/12",
    demandDetails: [{ taxHeadMasterCode: "WS_CHARGE", taxAmount }],
    documents: [{ documentType: "ORDER", fileStoreId: "a1" }],
    ...over,
  },
});
const create = (code: string, amount: number, over: object = {}) =>
  call("accountant", "/billing-service/amendment/_create", amendment(code, amount, over));
const decide = (role: "system" | "accountant", amendmentId: string, action: string) =>
  call(role, "/billing-service/amendment/_update", {
    AmendmentUpdate: {
      amendmentId,
      tenantId,
      amendmentReason: "DCB_CORRECTION",
      workflow: { action, comment: "not proved" },
    },
  });
const idOf = (answer: { body: unknown }): string =>
  (answer.body as { Amendments: { amendmentId: string }[] }).Amendments[0]?.amendmentId ?? "";

async function dueOf(code: string): Promise<string[]> {
  return city.tx("accountant", async (tx) => {
    const consumer = await getConsumerByCode(tx, "water", code);
    const demands = await findDemands(tx, { consumerIds: [consumer.id] });
    return demands.flatMap((d) => d.lines.map((l) => String(l.amount - l.settled)));
  });
}

test("less is proposed as DN, changes nothing until another person approves it, and is then off the newest demand", async () => {
  await connection("WS/1");
  const made = await create("WS/1", -120.5);
  expect(made).toMatchObject({ status: 201, body: { Amendments: [{ status: "INWORKFLOW", consumerCode: "WS/1" }] } });
  const id = idOf(made);
  expect(id).toMatch(/^BS\/DN\/2025-26\//);
  expect(await dueOf("WS/1")).toEqual(["35000"]);

  expect(await decide("accountant", id, "APPROVE")).toMatchObject({
    status: 403,
    body: { Errors: [{ code: "MAKER_IS_CHECKER" }] },
  });
  expect(await decide("system", id, "APPROVE")).toMatchObject({
    status: 200,
    body: { Amendments: [{ amendmentId: id, status: "CONSUMED" }] },
  });
  expect(await dueOf("WS/1")).toEqual(["22950"]);
  // Twice is once.
  expect((await decide("system", id, "APPROVE")).status).toBe(200);
  expect(await dueOf("WS/1")).toEqual(["22950"]);
});

test("less than several demands owe is taken from the newest first, and more than all of them is refused with the figures", async () => {
  await connection("WS/2", [
    [APRIL, SEPTEMBER, 100],
    [SEPTEMBER + 1000, MARCH, 350],
  ]);
  expect((await create("WS/2", -450.01)).body).toMatchObject({ Errors: [{ code: "DEMAND_CHANGE_EXCEEDS_DUE" }] });
  const id = idOf(await create("WS/2", -400));
  await decide("system", id, "APPROVE");
  expect(await dueOf("WS/2")).toEqual(["5000", "0"]);
});

test("an amendment larger than the due is refused with what is due, and nothing is kept", async () => {
  await connection("WS/3");
  const refused = await create("WS/3", -350.01);
  expect(refused).toMatchObject({ status: 400, body: { Errors: [{ code: "DEMAND_CHANGE_EXCEEDS_DUE" }] } });
  expect(JSON.stringify(refused.body)).toContain("350.00");
  expect(await search("WS/3")).toEqual([]);
});

test("more is proposed as CN and is a supplementary demand of the newest demand's period once approved", async () => {
  await connection("WS/4");
  const id = idOf(await create("WS/4", 75));
  expect(id).toMatch(/^BS\/CN\/2025-26\//);
  await decide("system", id, "APPROVE");
  expect((await dueOf("WS/4")).sort()).toEqual(["35000", "7500"]);
});

test("one amendment of a consumer is in workflow at a time; a rejected one makes room", async () => {
  await connection("WS/5");
  const id = idOf(await create("WS/5", -10));
  expect(await create("WS/5", -20)).toMatchObject({
    status: 400,
    body: { Errors: [{ code: "EG_BS_AMENDMENT_CREATE_ERROR" }] },
  });
  expect(await decide("system", id, "REJECT")).toMatchObject({ body: { Amendments: [{ status: "INACTIVE" }] } });
  expect((await create("WS/5", -20)).status).toBe(201);
  expect((await search("WS/5")).map((a) => a.status)).toEqual(["INWORKFLOW", "INACTIVE"]);
});

test("amounts of both signs, unknown reasons, heads and consumers are refused by name", async () => {
  await connection("WS/6");
  const both = { demandDetails: [-1, 1].map((taxAmount) => ({ taxHeadMasterCode: "WS_CHARGE", taxAmount })) };
  for (const [answer, code] of [
    [await create("WS/6", 1, both), "EG_BS_AMENDMENT_TAX_ERROR"],
    [await create("WS/6", 1, { amendmentReason: "BECAUSE" }), "EG_BS_AMENDMENT_REASON_ERROR"],
    [await create("WS/6", 1, { effectiveFrom: 2, effectiveTill: 1 }), "EG_BS_AMENDMENT_PERIOD_ERROR"],
    [await create("WS/none", 1), "EG_BS_CONSUMER_NOTFOUND"],
    [
      await create("WS/6", 1, { demandDetails: [{ taxHeadMasterCode: "PT_TAX", taxAmount: 1 }] }),
      "EG_BS_TAXHEADS_NOTFOUND",
    ],
    [await create("WS/6", 1, { documents: null }), "NotNull.amendmentRequest.amendment.documents"],
  ] as const) {
    expect(answer).toMatchObject({ status: 400, body: { Errors: [{ code }] } });
  }
});

async function search(code: string): Promise<{ status: string }[]> {
  const found = await call("auditor", `/billing-service/amendment/_search?tenantId=${tenantId}&consumerCode=${code}`);
  return (found.body as { Amendments: { status: string }[] }).Amendments;
}
