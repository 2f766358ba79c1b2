import { expect, test } from "vitest";
import {
  createGateway,
  openTasks,
  receiveWebhook,
  startSimulator,
  type CollectionsApp,
} from "../../collections/index.ts";
import { getUlb, listPeriods } from "../../ledger/index.ts";
import { period, periodEnd } from "../../ledger/kernel/dates.ts";
import { inSnapshot, systemActor, type App, type Who } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { brs, openExceptions } from "../../reconciliation/index.ts";
import { allTies, brokenTies, writeReport } from "../../reports/index.ts";
import { demoBankOpening, demoClock, runDemoMonth, type DemoReport } from "./month.ts";

const MONTH = period("2026-07");
const here = await testApp();
const elsewhere = await testApp();

type Town = { readonly app: App; readonly who: Who; readonly report: DemoReport };

/** A small town lives through July 2026. */
async function live(base: App, code: string, seed: number): Promise<Town> {
  const clock = demoClock(new Date("2026-07-01T02:30:00Z"));
  const simulator = await startSimulator(0, {
    clock: clock.now,
    seed: `demo-${seed}`,
    bankOpening: Number(demoBankOpening),
    sendWebhook: async ({ body, headers }) => {
      await receiveWebhook(app, await getUlb(app, code), body, headers);
      return 200;
    },
  });
  const app: CollectionsApp = {
    ...base,
    clock: clock.now,
    gateway: createGateway(simulator.gatewayConfig(simulator.url)),
  };
  try {
    const demo = { code, properties: 60, connections: 25, seed, month: MONTH };
    const report = await runDemoMonth({ app, clock, simulator, demo, progress: () => undefined });
    return { app, who: { ulb: report.ulb, actor: systemActor("test") }, report };
  } finally {
    await simulator.close();
    app.gateway.close();
  }
}

async function trialBalanceText({ app, who }: Town): Promise<string> {
  let text = "";
  const options = { from: who.ulb.startsOn, to: periodEnd(MONTH) };
  await writeReport(app, who, { name: "trial-balance", format: "csv", options }, (piece) => {
    text += String(piece);
  });
  return text;
}

const broken = ({ app, who }: Town) =>
  inSnapshot(app, who, async (read) => brokenTies(await allTies(read, periodEnd(MONTH))).map((t) => t.name));

test("a month of a small town ends closed, with every tie between books and registers holding", async () => {
  const town = await live(here, "demo", 1);
  const facts = Object.fromEntries(town.report.facts.map(([what, count]) => [what, Number(count)]));
  expect(facts).toMatchObject({ consumers: 85, exceptions: expect.any(Number) as number });
  for (const what of ["paid online", "receipts at the counters", "settlements booked", "matched by reference"])
    expect([what, facts[what]]).toEqual([what, expect.toSatisfy((n: number) => n > 0)]);

  await inSnapshot(town.app, town.who, async (read) => {
    const months = (await listPeriods(read)).map((p) => `${p.period} ${p.status}`);
    expect(months.slice(0, 5)).toEqual([
      "2026-04 closed",
      "2026-05 closed",
      "2026-06 closed",
      "2026-07 closed",
      "2026-08 open",
    ]);
    expect((await allTies(read, periodEnd(MONTH))).length).toBeGreaterThan(20);
    expect(await openExceptions(read)).toEqual([]);
    const statement = await brs(read, "4502101", periodEnd(MONTH));
    expect(statement.difference).toBe(0n);
    // Nothing that was captured waits to be booked, and no order is in the dark.
    const dark = await read.query(
      `select payment_id as id from collections.payments where ulb_id = :ulb and rank >= 3 and booked_as is null
       union all select order_id::text from collections.orders where ulb_id = :ulb and state in ('planned', 'unknown')`,
      { ulb: read.ulb.id },
    );
    expect(dark).toEqual([]);
    expect((await openTasks(read)).filter((t) => t.kind !== "refund-payable")).toEqual([]);
  });
  expect(await broken(town)).toEqual([]);
}, 120_000);

test("the same seed gives the same month: two trial balances alike to the letter; another town beside it changes nothing", async () => {
  const first = await live(elsewhere, "twin-town", 7);
  const text = await trialBalanceText(first);
  const neighbour = await live(elsewhere, "neighbour", 8);
  const second = await live(here, "twin-town", 7);
  expect(await trialBalanceText(second)).toBe(text);
  expect(second.report.facts).toEqual(first.report.facts);
  // The bank's statement too, its references aside: those are the gateway's, given in the order of the calls.
  const filesOf = ({ report }: Town) =>
    [...report.files].map(([name, csv]) => [name, csv.replaceAll(/AXISN\d+/g, "UTR")]);
  expect(filesOf(second)).toEqual(filesOf(first));
  expect(await trialBalanceText(first)).toBe(text);
  expect(await trialBalanceText(neighbour)).not.toBe(text);
  for (const town of [first, second, neighbour]) expect(await broken(town)).toEqual([]);
}, 120_000);
