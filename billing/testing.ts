import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { rupees } from "../ledger/kernel/money.ts";
import type { App, Tx } from "../ledger/kernel/tx.ts";
import { testUlb, type TestUlb } from "../ledger/testing.ts";
import { addConsumer, type Consumer, type ConsumerDraft } from "./consumers/consumers.ts";
import { raiseDemands, type DemandDraft, type RaisedDemands } from "./demands.ts";
import { seedTaxHeads, type SeedOptions } from "./tax-heads.ts";

/** A ULB of the test's own with the tax heads of property tax and water; no rebate and no penalty unless asked for. */
export async function testBillingUlb(
  app: App,
  options: SeedOptions & { readonly startsOn?: LocalDate } = {},
): Promise<TestUlb> {
  const city = await testUlb(app, options.startsOn ? { startsOn: options.startsOn } : {});
  await city.tx("admin", (tx) => seedTaxHeads(tx, options));
  return city;
}

let made = 0;

/** A property-tax consumer in ward W01, or as `over` says. */
export async function testConsumer(tx: Tx, over: Partial<ConsumerDraft> = {}): Promise<Consumer> {
  made += 1;
  return addConsumer(tx, {
    service: "property-tax",
    code: `A${String(made).padStart(4, "0")}`,
    name: `Owner ${made}`,
    address: `${made}, Test Road`,
    ward: "W01",
    ...over,
  });
}

/** "1100+88" of property tax (or "500" of water) for the first half of 2025-26, or as `over` says. */
export function demandDraft(
  consumer: Pick<Consumer, "id" | "service">,
  amounts: string,
  over: Partial<Omit<DemandDraft, "consumerId" | "lines">> = {},
): DemandDraft {
  const [own = "0", cess] = amounts.split("+");
  const isWater = consumer.service === "water";
  return {
    consumerId: consumer.id,
    periodFrom: localDate("2025-04-01"),
    periodTo: localDate("2025-09-30"),
    dueDate: localDate("2025-09-30"),
    ...over,
    lines: [
      { taxHead: isWater ? "WS_CHARGE" : "PT_TAX", amount: rupees(own) },
      ...(cess === undefined ? [] : [{ taxHead: "PT_LIBRARY_CESS", amount: rupees(cess) }]),
    ],
  };
}

/** Raises one demand on 1 April 2025, or as `over` says. */
export async function testDemand(
  tx: Tx,
  consumer: Pick<Consumer, "id" | "service">,
  amounts: string,
  over: Partial<Omit<DemandDraft, "consumerId" | "lines">> & { readonly date?: LocalDate } = {},
): Promise<RaisedDemands> {
  const { date, ...draft } = over;
  return raiseDemands(tx, {
    date: date ?? localDate("2025-04-01"),
    detail: "by-consumer",
    demands: [demandDraft(consumer, amounts, draft)],
  });
}

export { newVersion, ruleOf, testRuleFile, type SmallFile } from "./rates/testing.ts";
