import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { testApp } from "../../ledger/testing.ts";
import { FIRST_DAY } from "./fixture.ts";
import { readScenarios } from "./read.ts";
import { runScenario } from "./run.ts";
import { openWorld, stageClock } from "./world.ts";

/*
 * Every scenario of files/ on one server, each in a ULB of its own. What the product does not do yet stands in pending.yaml with the reason, and must
 * really fail: what begins to pass is taken off that list.
 */

const folder = path.join(import.meta.dirname, "files");
const pending = (parse(readFileSync(path.join(folder, "pending.yaml"), "utf8")) ?? {}) as Record<string, string>;
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml") && name !== "pending.yaml")
  .sort()
  .flatMap((name) => readScenarios(name, readFileSync(path.join(folder, name), "utf8")));

const clock = stageClock(FIRST_DAY);
const world = await openWorld(await testApp({ clock: clock.now }), clock, { mostRounds: 5 });
afterAll(() => world.server.close());

describe.sequential("scenarios of payments", () => {
  for (const scenario of scenarios) {
    const reason = pending[scenario.id];
    test(`${scenario.id} ${scenario.title}${reason === undefined ? "" : ` (pending: ${reason})`}`, async () => {
      const { problems } = await runScenario(world, scenario);
      if (reason === undefined) expect(problems).toEqual([]);
      else expect(problems, `${scenario.id} passes now: take it off pending.yaml`).not.toEqual([]);
    });
  }

  test("what pending.yaml names is there", () => {
    const known = new Set(scenarios.map((s) => s.id));
    expect(Object.keys(pending).filter((id) => !known.has(id))).toEqual([]);
  });
});

describe("a scenario file", () => {
  test("is never empty", () => {
    const read = new Set(scenarios.map((s) => s.file));
    expect(readdirSync(folder).filter((name) => name !== "pending.yaml" && !read.has(name))).toEqual([]);
  });

  test("variables in a flow mapping need no quotes", () => {
    const [one] = readScenarios(
      "x.yaml",
      "id: X\nsteps:\n  - sim: POST /__sim/payments\n    body: {order_of_intent: ${intent}, method: upi}\n",
    );
    expect(one?.steps[0]?.kind).toBe("sim");
  });

  test("that cannot be read does not keep the others of its file from being read", () => {
    const faults: string[] = [];
    const text = "id: A\n---\nid: B\nweather: rain\n---\nid: C\n---\n- id: D\n- id: E\n  steps:\n    - teleport: B1\n";
    const read = readScenarios("x.yaml", text, (fault) => faults.push(fault.message));
    expect([read.map((s) => s.id), faults.length]).toEqual([["A", "C", "D"], 2]);
    expect(faults.join(" ")).toMatch(/B: unknown "weather".*E: step 1.*"teleport"/);
  });

  test.each([
    ["a key of the top", "id: X\nstep: []\n", /unknown "step"/],
    ["a kind of step", "id: X\nsteps:\n  - teleport: B1\n", /no known kind of step among "teleport"/],
    ["a key beside a step", "id: X\nsteps:\n  - drain: all\n    until: noon\n", /unknown "until"/],
    ["an expectation", "id: X\nexpect: {ledgers: []}\n", /unknown "ledgers"/],
    ["a given", "id: X\ngiven: {weather: rain}\n", /unknown "weather"/],
  ])("%s that is not known is an error that names it", (_what, text, message) => {
    expect(() => readScenarios("x.yaml", text)).toThrow(message);
  });

  test("an expectation that is not met is told with both figures, whatever else is well", async () => {
    const text =
      'id: X\nsteps:\n  - pay: B2, upi\n  - drain: all\nexpect:\n  balances: { GWC: "1600.00" }\n  receipts: { original: 2 }\n  ledger: ["Dr GWC 1500.00 · Cr ADV 1500.00"]\n';
    const [one] = readScenarios("x.yaml", text);
    const { problems } = one ? await runScenario(world, one) : { problems: [] };
    expect(problems).toEqual([
      "balances.GWC: expected 160000 (1600.00), got 150000 (1500.00)",
      "receipts.original: expected 2, got 1",
      "receipts are: B2 150000 issued",
      'ledger: expected 1 × "Dr GWC 1500.00 · Cr ADV 1500.00", got 0',
      'ledger has: 1 × "Dr GWC 1500.00 · Cr RCV 1500.00"',
    ]);
  });

  test.each([
    ["a setting's word", "given: { settings: { capture: manul } }", /capture is auto or manual, not manul/],
    ["a setting's kind", "given: { settings: { settlement_days: two } }", /settlement_days is a number/],
    ["a policy's field", "given: { policies: { B4: { policy: HOLD, limt: 1 } } }", /unknown "limt"/],
    ["a tax head", "expect: { bill: { B1: { heads: { generl tax: 0 } } } }", /unknown "generl tax"/],
    ["a bill", "expect: { receipts: { of: { B99: 0 } } }", /unknown "B99"/],
    ["an account's letter", "expect: { never_negative: GCW }", /unknown "GCW"/],
    ["a status", "expect: { intents: { SUCCEDED: 0 } }", /unknown "SUCCEDED"/],
    [
      "a receipt's field",
      "steps: [{ cash: { bill: B2, amount: 1.00 } }]\nexpect: { receipt: { payr: { not: X } } }",
      /"payr"/,
    ],
  ])("%s that is misspelt is refused by its name when it runs", async (_what, text, message) => {
    const [one] = readScenarios("x.yaml", `id: X\n${text}\n`);
    expect(one && (await runScenario(world, one)).problems.join(" ")).toMatch(message);
  });

  test.each([
    ["within kill", "{ kill: { at: before_call, during: [{ expect: { receipts: 7 } }] } }", "expected 7, got 0"],
    ["within try", "{ try: [{ expect: { receipts: 7 } }] }", "expected 7, got 0"],
    ["no voucher", "{ cash: { bill: B2, amount: 1.00 } }, { expect: { ledger: [] } }", "not expected 1 ×"],
    [
      "more of one voucher",
      "{ cash: { bill: B2, amount: 1.00 } }, { expect: { ledger: { contains: [Dr CSH 1.00 · Cr RCV 1.00, Dr CSH 1.00 · Cr RCV 1.00] } } }",
      "it is not there",
    ],
    ["rupees at least", "{ expect: { bill: { B2: { due: { at_least: 1500.01 } } } } }", "at least 1500.01"],
    [
      "two receipts of one",
      "{ cash: { bill: B2, amount: 1.00 } }, { expect: { receipt: [{ amount: 1.00 }, { amount: 1.00 }] } }",
      "there is none besides",
    ],
  ])("a false expectation is told: %s", async (_what, steps, message) => {
    const [one] = readScenarios("x.yaml", `id: X\nsteps: [${steps}]\n`);
    expect(one && (await runScenario(world, one)).problems.join(" ")).toContain(message);
  });
});
