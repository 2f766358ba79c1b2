import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { rupees } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { raiseDemands } from "./demands.ts";
import { linesOf } from "./dues.ts";
import { insertDemands, need, type Raised } from "./register.ts";
import { demandDraft, testBillingUlb, testConsumer } from "./testing.ts";

const app = await testApp();
const on = localDate("2025-05-01");

test("a detail stands on a demand and on versions of tax heads that are there, whoever writes it; heads are never changed", async () => {
  const city = await testBillingUlb(app);
  const { consumerId, line } = await city.tx("accountant", async (tx) => {
    const consumer = await testConsumer(tx);
    const raised = await raiseDemands(tx, { date: on, demands: [demandDraft(consumer, "1100+88")] });
    return { consumerId: consumer.id, line: need((await linesOf(tx, raised.demandIds))[0], "the line") };
  });
  const write = (over: Partial<Raised["lines"][number]>) =>
    city.tx("accountant", async (tx: Tx) => {
      const demandId = newId();
      const versions = { headVersion: tx.ulb.startsOn, cessVersion: tx.ulb.startsOn };
      await insertDemands(
        tx,
        [
          {
            demandId,
            consumerId,
            draft: { periodFrom: localDate("2025-10-01"), periodTo: localDate("2026-03-31"), dueDate: on },
            demandYear: line.demandYear,
            rebateUntil: null,
            late: null,
            lines: [{ ...line, ...versions, amount: rupees("1188"), demandId, ...over }],
          },
        ],
        { kind: "supplementary", date: on, source: { type: "test", id: demandId } },
      );
    });
  await write({});
  await expect(write({ demandId: newId() })).rejects.toMatchObject({ constraint: "detail_of_a_demand" });
  for (const over of [
    { taxHead: "PT_NONE" },
    { headVersion: localDate("2030-04-01") },
    { cessHead: "PT_NONE" },
    { cessVersion: localDate("2030-04-01") },
  ])
    await expect(write(over)).rejects.toMatchObject({ constraint: "detail_names_a_tax_head" });
  await expect(write({ cessVersion: null })).rejects.toMatchObject({ constraint: "cess_has_a_version" });
  for (const sql of ["update billing.tax_heads set priority = 1", "delete from billing.tax_heads"])
    await expect(city.tx("admin", (tx) => tx.query(sql))).rejects.toThrow(/permission denied|never changed/);
});
