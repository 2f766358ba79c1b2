import { localDate } from "../../ledger/kernel/dates.ts";
import type { App, Tx } from "../../ledger/kernel/tx.ts";
import type { TestUlb } from "../../ledger/testing.ts";
import { insertConsumers } from "../consumers/consumers.ts";
import { approveRuleFile, loadRuleFile } from "../rates/files.ts";
import { testRuleFile } from "../rates/testing.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { testBillingUlb } from "../testing.ts";
import { setConsumerFacts, type FactsDraft } from "./facts.ts";

export const YEAR = { from: localDate("2025-04-01"), to: localDate("2026-03-31") };

/** A ULB whose property tax is charged by the small rule file: 2 rupees a square metre to live on, 8 to trade on, 8 % library cess. */
export async function testRatedUlb(app: App): Promise<TestUlb> {
  const city = await testBillingUlb(app);
  const loaded = await city.tx("accountant", (tx) =>
    loadRuleFile(
      tx,
      testRuleFile((f) => f),
    ),
  );
  await city.tx("checker", (tx) => approveRuleFile(tx, loaded.id));
  return city;
}

/** Houses P00001 … in wards W01, W02, W03 in turn, each of 100 square metres and one more for its number. */
export async function testHouses(tx: Tx, count: number, without: readonly number[] = []): Promise<string[]> {
  const houses = Array.from({ length: count }, (_, i) => ({
    id: newId(),
    service: "property-tax",
    code: `P${String(i + 1).padStart(5, "0")}`,
    name: `Owner ${i + 1}`,
    address: `${i + 1}, Test Road`,
    ward: `W0${(i % 3) + 1}`,
  }));
  await insertConsumers(tx, houses);
  const known = houses.filter((_, i) => !without.includes(i));
  await setConsumerFacts(
    tx,
    known.map((h, i): FactsDraft => houseFacts(h.id, String(100 + i))),
  );
  return houses.map((h) => h.id);
}

/** A house of that area in zone A. */
export function houseFacts(consumerId: string, area: string, validFrom = localDate("2025-04-01")): FactsDraft {
  return {
    consumerId,
    validFrom,
    attributes: { zone: "A" },
    lists: { units: [{ use: "HOME", area }] },
    authority: "survey of 2024",
  };
}
