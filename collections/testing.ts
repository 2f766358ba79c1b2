import { afterAll } from "vitest";
import { testBillingUlb } from "../billing/testing.ts";
import { trialBalance } from "../ledger/index.ts";
import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { toRupees } from "../ledger/kernel/money.ts";
import { systemActor, type App, type Read, type Tx, type Ulb } from "../ledger/kernel/tx.ts";
import type { TestUlb } from "../ledger/testing.ts";
import type { CollectionsApp } from "./context.ts";
import { createGateway } from "./gateway/index.ts";
import { startSimulator, type RunningSimulator, type SimulatorOptions } from "./gateway/simulator/index.ts";
import { receiveWebhook } from "./online/gateway-events.ts";
import { collectionTies } from "./ties.ts";

/** A clock that stands still until it is set. */
export type TestClock = { (): Date; set(at: string): void };

export function testClock(start: string): TestClock {
  let now = new Date(start);
  return Object.assign(() => now, {
    set: (at: string) => {
      now = new Date(at);
    },
  });
}

export type TestGateway = { readonly app: CollectionsApp; readonly simulator: RunningSimulator };

/**
 * The app with a gateway: the real SDK over HTTP to a simulator of this test file's own, on the same clock. Its webhooks reach
 * `receiveWebhook` as bytes and headers when the test calls deliverWebhooks; `ulbs` tells which ULB an address names.
 */
export async function testGateway(
  app: App,
  ulbs: ReadonlyMap<string, Ulb>,
  options: SimulatorOptions = {},
): Promise<TestGateway> {
  const box: { app?: CollectionsApp } = {};
  const simulator = await startSimulator(0, {
    clock: app.clock,
    webhookUrl: "http://ulb.invalid/{ulb}",
    sendWebhook: async ({ url, headers, body }) => {
      const ulb = ulbs.get(decodeURIComponent(new URL(url).pathname.slice(1)));
      if (!ulb || !box.app) return 404;
      return receiveWebhook(box.app, ulb, body, headers).then(
        () => 200,
        () => 400,
      );
    },
    ...options,
  });
  const gateway = createGateway({ ...simulator.gatewayConfig(simulator.url), timeoutMs: 1000 });
  afterAll(async () => {
    gateway.close();
    await simulator.close();
  });
  box.app = { ...app, gateway };
  return { app: box.app, simulator };
}

/** A ULB with tax heads, known to the webhooks' receiver. */
export async function testCity(
  app: App,
  ulbs: Map<string, Ulb>,
  options: Parameters<typeof testBillingUlb>[1] = {},
): Promise<TestUlb> {
  const city = await testBillingUlb(app, options);
  ulbs.set(city.ulb.code, city.ulb);
  return city;
}

export const webhookActor = systemActor("webhook");

/** "Dr 4501005 3000.00 pay_…" for each line of the newest entry of that source: entries are compared whole. */
export async function entryText(read: Read, source: { readonly type: string; readonly id: string }): Promise<string[]> {
  const rows = await read.query<{
    side: string;
    account: string;
    amount: bigint;
    party: string | null;
    year: string | null;
  }>(
    `select case when l.debit > 0 then 'Dr' else 'Cr' end as side, l.account, (l.debit + l.credit)::bigint as amount, l.party_id as party,
       l.demand_year as year
     from ledger.entries e
     join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
     where e.ulb_id = :ulb and e.source_type = :source_type and e.source_id = :source_id
     order by l.line_no`,
    { ulb: read.ulb.id, source_type: source.type, source_id: source.id },
  );
  return rows.map((r) =>
    [
      r.side,
      r.account,
      toRupees(r.amount as never),
      ...(r.year ? [`${r.party ?? ""}/${r.year}`] : r.party ? [r.party] : []),
    ].join(" "),
  );
}

/** Closing balances that are not zero, debit positive, in rupees, by account. */
export async function balances(read: Read, to: LocalDate = localDate("2027-03-31")): Promise<Record<string, string>> {
  const rows = await trialBalance(read, { from: read.ulb.startsOn, to });
  return Object.fromEntries(
    rows
      .map((r) => [r.code, r.closeDebit - r.closeCredit] as const)
      .filter(([, net]) => net !== 0n)
      .map(([code, net]) => [code, toRupees(net as never)]),
  );
}

/** Names of the ties that do not hold; [] when all is well. */
export async function brokenTies(read: Read): Promise<string[]> {
  return (await collectionTies(read)).filter((t) => !t.ok).map((t) => `${t.name}: ${t.left} against ${t.right}`);
}

/** Rows of a table of this folder, in the ULB. */
export async function countRows(tx: Tx, table: string): Promise<number> {
  const row = await tx.queryOne<{ n: bigint }>(`select count(*) as n from ${table} where ulb_id = :ulb`, {
    ulb: tx.ulb.id,
  });
  return Number(row?.n ?? 0n);
}
