import { expect, test } from "vitest";
import { bookMarks, testApp, type TestUlb } from "../../ledger/testing.ts";
import { localDate, period } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type App } from "../../ledger/kernel/tx.ts";
import { applyPayment } from "../allocations.ts";
import { dcb } from "../dcb.ts";
import { demandRegister } from "../dues.ts";
import { demandDraft } from "../testing.ts";
import { raiseDemands } from "../demands.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie } from "../ties.ts";
import { closePeriod, dayBook, dr, postEntry } from "../../ledger/index.ts";
import { assessmentOf, explainDemand } from "./assessments.ts";
import { cancelRun } from "./cancel.ts";
import { setConsumerFacts } from "./facts.ts";
import { periodName, periodNamed } from "./period.ts";
import { previewRun } from "./preview.ts";
import { continueRun, getRun, listRuns, runRefusals, startRun } from "./run.ts";
import { houseFacts, testHouses, testRatedUlb, YEAR } from "./testing.ts";

const app = await testApp({ clock: () => new Date("2025-05-02T06:00:00Z") });
const on = localDate("2025-05-01");
const wanted = { service: "property-tax", period: YEAR, date: on };

const begin = (city: TestUlb, over: object = {}) => city.tx("accountant", (tx) => startRun(tx, { ...wanted, ...over }));
const go = (city: TestUlb, runId: string, batchSize = 7) =>
  continueRun(app, city.as("accountant"), runId, { batchSize });

/** Money comes to the counter: what it settles, or the advance that it is. */
const receive = (city: TestUlb, consumerId: string, amount: string, id: string) =>
  city.tx("accountant", async (tx) => {
    const source = { type: "receipt", id };
    const paid = await applyPayment(tx, { consumerId, amount: rupees(amount), date: on, source });
    const lines = [dr("4501001", rupees(amount)), ...paid.ledgerLines];
    await postEntry(tx, { voucher: "receipt", date: on, narration: "At the counter", source, lines });
  });

/** The register as figures: who was charged what, and what the books say. */
async function register(city: TestUlb, asOf = on) {
  return inSnapshot(app, city.as("auditor"), async (read) => {
    for (const ties of [await receivableTie(read, asOf), await advanceTie(read, asOf), await cessTie(read, asOf)])
      expect(ties.filter((t) => t.difference !== 0n)).toEqual([]);
    expect(await registerSelfTie(read)).toEqual([]);
    return read.query(
      `select c.code, t.tax_head, t.amount, t.cess, t.settled, d.period_from, d.due_date
       from billing.demand_details t join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
       join billing.consumers c on c.ulb_id = t.ulb_id and c.consumer_id = t.consumer_id
       where t.ulb_id = :ulb order by c.code, t.tax_head`,
      { ulb: read.ulb.id },
    );
  });
}

test("a run charges every consumer once, in batches with one summarised entry each; who cannot be charged is listed with the reason", async () => {
  const city = await testRatedUlb(app);
  const houses = await city.tx("admin", (tx) => testHouses(tx, 20, [4, 11]));
  await city.tx("accountant", (tx) =>
    raiseDemands(tx, {
      date: on,
      demands: [demandDraft({ id: houses[2] ?? "", service: "property-tax" }, "50+4")],
    }),
  );
  const run = await begin(city);
  expect([run.consumers, run.done, run.batches]).toEqual([20, 0, 0]);
  const told: number[] = [];
  const done = await continueRun(app, city.as("accountant"), run.id, {
    batchSize: 7,
    onProgress: (p) => told.push(p.done),
  });
  expect(told).toEqual([7, 14, 20]);
  // House i of those whose area is known has 100 + its place: 2 rupees a square metre and 8 % cess, in whole rupees.
  expect([done.raised, done.already, done.refused, done.batches]).toEqual([17, 1, 2, 3]);
  const rows = await register(city);
  expect(rows.filter((r) => (r as { code: string }).code === "P00001")).toMatchObject([
    { tax_head: "PT_TAX", amount: 216_00n, cess: 16_00n },
  ]);
  const refusals = await inSnapshot(app, city.as("auditor"), (read) => runRefusals(read, run.id));
  expect(refusals.map((r) => [r.consumer, r.code])).toEqual([
    ["P00005", "RULES_FACTS"],
    ["P00012", "RULES_FACTS"],
  ]);
  const book = await inSnapshot(app, city.as("auditor"), (read) => dayBook(read, { from: on, to: on }));
  const narrations = book.map((e) => e.narration);
  expect(narrations).toContain("Demand run property-tax 2025-26, batch 1, 7 demands");
  expect(narrations).toHaveLength(4);
  expect(done.finishedAt).not.toBeNull();
  await expect(go(city, run.id)).rejects.toThrow(/^RUN_ENDED: run .* was finished by accountant@test/);
  // The same period again raises nothing.
  const again = await go(city, (await begin(city)).id);
  expect([again.raised, again.already, again.refused]).toEqual([0, 18, 2]);
});

test("a preview writes nothing and says by ward and head what the run then raises, beside last year", async () => {
  const city = await testRatedUlb(app);
  const houses = await city.tx("admin", (tx) => testHouses(tx, 9, [8]));
  await city.tx("accountant", (tx) =>
    raiseDemands(tx, {
      date: on,
      demands: [
        demandDraft({ id: houses[0] ?? "", service: "property-tax" }, "150+12", {
          periodFrom: localDate("2024-04-01"),
          periodTo: localDate("2025-03-31"),
          dueDate: localDate("2024-09-30"),
        }),
      ],
    }),
  );
  const before = await bookMarks(app, city.ulb);
  const preview = await previewRun(app, city.as("accountant"), wanted);
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  expect(preview).toMatchObject({ consumers: 9, already: 0, refused: 1, ruleFile: "small-tax 1" });
  expect(preview.reasons).toEqual([
    { code: "RULES_FACTS", message: "nothing is known of the consumer that the rates ask for", count: 1 },
  ]);
  expect([...preview.byWard].map(([w, t]) => [w, t.demands, t.lastYearDemands, toRupees(t.lastYear)])).toEqual([
    ["W01", 3, 1, "162.00"],
    ["W02", 3, 0, "0.00"],
    ["W03", 2, 0, "0.00"],
  ]);
  expect([...preview.byHead].map(([h, t]) => [h, t.demands, toRupees(t.lastYear)])).toEqual([
    ["PT_TAX", 8, "150.00"],
    ["PT_LIBRARY_CESS", 8, "12.00"],
  ]);
  const done = await go(city, (await begin(city)).id);
  expect(toRupees(done.total)).toBe(toRupees(preview.total.amount));
  const collected = await inSnapshot(app, city.as("auditor"), (read) =>
    dcb(read, { from: localDate("2025-04-01"), to: localDate("2026-03-31"), ward: "W02" }),
  );
  expect(collected.at(-1)?.demandRaised).toBe(preview.byWard.get("W02")?.amount);
});

test("a run of one ward charges that ward; the city's run then charges the rest", async () => {
  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 9));
  const ward = await go(city, (await begin(city, { ward: "W02" })).id);
  expect([ward.consumers, ward.raised]).toEqual([3, 3]);
  const rest = await go(city, (await begin(city)).id);
  expect([rest.raised, rest.already]).toEqual([6, 3]);
});

test("whatever stops a run, continuing it ends with the register of a run that nothing disturbed", async () => {
  const undisturbed = await testRatedUlb(app);
  await undisturbed.tx("admin", (tx) => testHouses(tx, 40, [3]));
  await go(undisturbed, (await begin(undisturbed)).id);

  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 40, [3]));
  const run = await begin(city);
  for (const stopAfter of [1, 2, 1]) {
    let batches = 0;
    const stopped = continueRun(app, city.as("accountant"), run.id, {
      batchSize: 7,
      onProgress: () => {
        batches += 1;
        if (batches === stopAfter) throw new Error("the power failed");
      },
    });
    await expect(stopped).rejects.toThrow("the power failed");
  }
  const half = await city.tx("auditor", (tx) => getRun(tx, run.id));
  expect([half.done, half.finishedAt]).toEqual([28, null]);
  await expect(begin(city)).rejects.toThrow(
    /^RUN_OPEN: run .* has done 28 of 40 consumers; continue or cancel it first/,
  );
  await expect(begin(city, { ward: "W01" })).rejects.toThrow("RUN_OPEN");
  const done = await go(city, run.id);
  expect([done.raised, done.refused, done.batches]).toEqual([39, 1, 6]);
  expect(await register(city)).toEqual(await register(undisturbed));
});

test("a batch that fails half-way leaves nothing of itself, and the run waits where it was", async () => {
  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 10));
  const run = await begin(city, { date: localDate("2025-04-30") });
  const before = await bookMarks(app, city.ulb);
  const broken: App = { ...app, clock: () => new Date(Number.NaN) };
  await expect(continueRun(broken, city.as("accountant"), run.id, { batchSize: 4 })).rejects.toThrow();
  expect(await bookMarks(app, city.ulb)).toEqual(before);
  expect((await city.tx("auditor", (tx) => getRun(tx, run.id))).batches).toBe(0);
  expect((await go(city, run.id)).raised).toBe(10);
});

test("two who continue a run at once charge nobody twice: one of them is told that somebody is at work", async () => {
  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 60));
  const run = await begin(city);
  const results = await Promise.allSettled([go(city, run.id), go(city, run.id), go(city, run.id)]);
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toMatch(/RUN_AT_WORK|RUN_ENDED/);
  const after = await city.tx("auditor", (tx) => getRun(tx, run.id));
  if (after.finishedAt === null) await go(city, run.id);
  const done = await city.tx("auditor", (tx) => getRun(tx, run.id));
  expect([done.raised, done.done]).toEqual([60, 60]);
  expect(new Set((await register(city)).map((r) => (r as { code: string }).code)).size).toBe(60);
});

test("a run is cancelled as a whole by another person, what was paid becomes advances, and the period can be demanded again", async () => {
  const city = await testRatedUlb(app);
  const [first = ""] = await city.tx("admin", (tx) => testHouses(tx, 20, [4]));
  const run = await go(city, (await begin(city)).id);
  await receive(city, first, "100", "R-9");
  const cancellation = { date: localDate("2025-05-02"), reason: "the rates were those of another zone" };
  await expect(cancelRun(app, city.as("accountant"), run.id, cancellation)).rejects.toThrow("RUN_STARTER_IS_CANCELLER");
  await expect(cancelRun(app, city.as("checker"), run.id, { ...cancellation, reason: " no " })).rejects.toThrow(
    'RUN_REASON: a run is cancelled for a reason that stays on record, in some words; "no" is none',
  );
  let told = 0;
  const stopped = cancelRun(app, city.as("checker"), run.id, {
    ...cancellation,
    onProgress: () => {
      told += 1;
      if (told === 1) throw new Error("the power failed");
    },
  });
  await expect(stopped).rejects.toThrow("the power failed");
  await expect(go(city, run.id)).rejects.toThrow(/^RUN_ENDED: run .* was cancelled by checker@test/);
  const done = await cancelRun(app, city.as("checker"), run.id, cancellation);
  expect([done.run.cancelledBy, done.run.cancelReason]).toEqual(["checker@test", cancellation.reason]);
  expect(toRupees(done.advance)).toBe("100.00");
  expect((await cancelRun(app, city.as("checker"), run.id, cancellation)).demands).toBe(0);
  await register(city, localDate("2025-05-02"));
  const left = await inSnapshot(app, city.as("auditor"), (read) =>
    dcb(read, { from: YEAR.from, to: localDate("2025-05-02") }),
  );
  expect(left.map((r) => [toRupees(r.closingBalance), toRupees(r.collected)])).toEqual([["0.00", "0.00"]]);

  const again = await go(city, (await begin(city, { date: localDate("2025-05-02") })).id);
  expect([again.raised, again.already]).toEqual([19, 0]);
  expect(toRupees(again.total)).toBe(toRupees(run.total));
  await register(city, localDate("2025-05-02"));
  const dues = await city.tx("auditor", (tx) => demandRegister(tx, first));
  expect(dues.map((d) => toRupees(d.settled)).sort()).toEqual(["100.00", "216.00"]);
});

test("an advance is used for the demand of the run, in its entry", async () => {
  const city = await testRatedUlb(app);
  const [first = ""] = await city.tx("admin", (tx) => testHouses(tx, 3));
  await receive(city, first, "300", "R-1");
  await go(city, (await begin(city)).id);
  await register(city);
  const dues = await city.tx("auditor", (tx) => demandRegister(tx, first));
  expect(dues.map((d) => [toRupees(d.amount), toRupees(d.settled)])).toEqual([["216.00", "216.00"]]);
});

test("every demand of a run keeps its rules and its arithmetic, in words of both languages; one raised by hand says that it has none", async () => {
  const city = await testRatedUlb(app);
  const houses = await city.tx("admin", (tx) => testHouses(tx, 120));
  const hand = await city.tx("accountant", (tx) =>
    raiseDemands(tx, {
      date: on,
      kind: "supplementary",
      demands: [demandDraft({ id: houses[0] ?? "", service: "property-tax" }, "50+4")],
    }),
  );
  const run = await go(city, (await begin(city)).id, 75);
  const demands = await city.tx("auditor", (tx) =>
    tx.query<{ demand_id: string; amount: bigint }>(
      `select d.demand_id, sum(t.amount)::bigint as amount from billing.demands d
       join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
       where d.ulb_id = :ulb and d.kind = 'regular' group by d.demand_id`,
      { ulb: tx.ulb.id },
    ),
  );
  expect(demands).toHaveLength(120);
  await inSnapshot(app, city.as("auditor"), async (read) => {
    for (const d of demands) {
      const kept = await assessmentOf(read, d.demand_id);
      expect([kept.ruleFile.id, kept.demand]).toEqual([run.ruleFileId, toRupees(d.amount as never)]);
    }
    const [some] = demands;
    const said = await explainDemand(read, some?.demand_id ?? "", "hi");
    expect(said.lines.length).toBeGreaterThan(1);
    expect(said.lines.map((l) => l.rule)).toContain("unitTax 1");
    await expect(assessmentOf(read, hand.demandIds[0] ?? "")).rejects.toThrow("ASSESSMENT_NOT_FOUND");
    await expect(assessmentOf(read, "nonsense")).rejects.toThrow("ASSESSMENT_NOT_FOUND");
  });
});

test("facts of the first day of the period count; a consumer who came later is charged by what was known of him first", async () => {
  const city = await testRatedUlb(app);
  const [first = "", , third = ""] = await city.tx("admin", (tx) => testHouses(tx, 3, [2]));
  await city.tx("admin", (tx) =>
    setConsumerFacts(tx, [
      houseFacts(first, "500", localDate("2025-09-01")),
      houseFacts(third, "50", localDate("2025-07-01")),
      houseFacts(third, "60", localDate("2025-08-01")),
    ]),
  );
  await city.tx("admin", (tx) => setConsumerFacts(tx, [houseFacts(third, "55", localDate("2025-07-01"))]));
  await go(city, (await begin(city)).id);
  const rows = (await register(city)) as { code: string; amount: bigint; cess: bigint }[];
  expect(rows.map((r) => [r.code, r.amount - r.cess])).toEqual([
    ["P00001", 200_00n],
    ["P00002", 202_00n],
    ["P00003", 110_00n],
  ]);
});

test("a run is of a period of the rules' cycle, of a service with rules, and of somebody", async () => {
  const city = await testRatedUlb(app);
  await expect(begin(city)).rejects.toThrow("RUN_NOBODY: there is no active property-tax consumer in this ULB");
  await city.tx("admin", (tx) => testHouses(tx, 1));
  await expect(begin(city, { ward: "W99" })).rejects.toThrow("there is no active property-tax consumer in ward W99");
  await expect(begin(city, { period: periodNamed("2025-26/H1") })).rejects.toThrow(
    "RUN_PERIOD: small-tax 1 charges by the year: for 2025-26/H1 run 2025-26",
  );
  await expect(begin(city, { service: "water" })).rejects.toThrow("RULES_NOT_IN_FORCE");
  await expect(begin(city, { period: periodNamed("2024-25") })).rejects.toThrow("RULES_NOT_IN_FORCE");
  expect(await city.tx("auditor", (tx) => listRuns(tx))).toEqual([]);
});

test("a closed month refuses the run before anything is raised", async () => {
  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 2));
  await city.tx("accountant", (tx) => closePeriod(tx, period("2025-04")));
  const run = await begin(city, { date: localDate("2025-04-30") });
  await expect(go(city, run.id)).rejects.toThrow("PERIOD_CLOSED");
  expect(await register(city)).toEqual([]);
});

test("periods have names that people write", () => {
  for (const name of ["2026-27", "2026-27/H1", "2026-27/H2", "2026-27/Q1", "2026-27/Q4", "2026-07", "2027-02"])
    expect(periodName(periodNamed(name))).toBe(name);
  expect(periodNamed("2026-27/H2")).toEqual({ from: "2026-10-01", to: "2027-03-31" });
  expect(periodNamed("2028-02")).toEqual({ from: "2028-02-01", to: "2028-02-29" });
  for (const wrong of ["2026", "2026-28", "2026-27/H3", "2026-13", "", "2026-00", "2026-27/Q5"])
    expect(() => periodNamed(wrong)).toThrow("PERIOD_UNKNOWN");
});

test("in one transaction nothing of a run is seen before it is committed", async () => {
  const city = await testRatedUlb(app);
  await city.tx("admin", (tx) => testHouses(tx, 1));
  await expect(
    inTransaction(app, city.as("accountant"), async (tx) => {
      await startRun(tx, wanted);
      throw new Error("changed my mind");
    }),
  ).rejects.toThrow("changed my mind");
  expect(await city.tx("auditor", (tx) => listRuns(tx))).toEqual([]);
});
