import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { createBillLanes } from "./bill-lanes.ts";
import { getBill, listBills } from "./bills.ts";
import { raiseDemands } from "./demands.ts";
import { demandDraft, testBillingUlb, testConsumer } from "./testing.ts";

const app = await testApp();
const on = localDate("2025-05-01");

test("bills that many ask for at once are each issued once, numbered without a gap; who is refused is refused alone", async () => {
  const city = await testBillingUlb(app);
  const ids = await city.tx("accountant", async (tx) => {
    const made: string[] = [];
    for (let i = 0; i < 30; i++) made.push((await testConsumer(tx)).id);
    const demands = made.slice(1).map((id, i) => demandDraft({ id, service: "property-tax" }, `${100 + i}+8`));
    await raiseDemands(tx, { date: on, demands });
    return made;
  });
  const lanes = createBillLanes(app);
  const ask = (who: "cashier" | "accountant", id: string) => lanes.billFor(city.as(who), id, on);
  const nobody = newId();
  // The first owes nothing, one is not there, and everybody asks twice, at two desks.
  const [refused, unknown, ...bills] = await Promise.allSettled([
    ask("cashier", ids[0] ?? ""),
    ask("cashier", nobody),
    ...ids.slice(1).flatMap((id) => [ask("cashier", id), ask("accountant", id)]),
  ]);
  expect(refused).toMatchObject({ reason: { code: "BILL_NOTHING_DUE" } });
  expect(unknown).toMatchObject({ reason: { code: "CONSUMER_NOT_FOUND" } });
  const issued = bills.map((b) => {
    if (b.status === "rejected") throw b.reason;
    return b.value;
  });
  const numbers = [...new Set(issued.map((b) => b.number))].sort();
  expect(numbers).toEqual(ids.slice(1).map((_, i) => `B/2025-26/${String(i + 1).padStart(6, "0")}`));
  await inSnapshot(app, city.as("auditor"), async (read) => {
    for (const [i, id] of ids.slice(1).entries()) {
      const own = issued.filter((b) => b.consumer.id === id);
      expect(own.map((b) => toRupees(b.total))).toEqual(Array<string>(2).fill(`${108 + i}.00`));
      const [stored, ...others] = await listBills(read, id);
      expect(others).toEqual([]);
      // What was given from memory is what was written.
      for (const bill of own) expect(bill).toEqual(stored);
      expect(await getBill(read, own[0]?.id ?? "")).toEqual(stored);
    }
  });
});
