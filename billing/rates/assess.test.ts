import { expect, test } from "vitest";
import { localDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, ZERO } from "../../ledger/kernel/money.ts";
import { penaltyTo } from "../interest.ts";
import { rebateUntil } from "../rebate.ts";
import { USUAL_PENALTY, USUAL_REBATE } from "../tax-heads.ts";
import { assess, periodAround } from "./assess.ts";
import { explain } from "./explain.ts";
import { factsFromJson, type ConsumerFacts } from "./facts.ts";
import { assessmentJson } from "./read.ts";
import { expectExample, newVersion, packRules, smallRules } from "./testing.ts";

const year = { from: localDate("2025-04-01"), to: localDate("2026-03-31") };
const july = { from: localDate("2025-07-01"), to: localDate("2025-07-31") };
const homeAndShop: ConsumerFacts = {
  attributes: { zone: "A" },
  lists: {
    units: [
      { use: "HOME", area: "100" },
      { use: "SHOP", area: "20.5" },
    ],
  },
};
const heads = (a: ReturnType<typeof assess>) => a.heads.map((h) => `${h.head} ${toRupees(h.amount)}`);

test("a citizen can follow the arithmetic, in English and in Hindi", () => {
  const rules = packRules("punjab-water");
  const facts = { attributes: { connection: "METERED", use: "RESIDENTIAL", consumption: "45" } };
  const done = assess(rules, facts, july, localDate("2025-08-20"));
  const said = (language: "en" | "hi") => explain(rules, done, language).flatMap((e) => [e.text, ...e.below]);
  expect(said("en")).toEqual([
    "Water used: 45 kl, by slabs = ₹320.00",
    "0 to 10: 10 × ₹2 = ₹20.00",
    "10 to 20: 10 × ₹2.5 = ₹25.00",
    "20 to 30: 10 × ₹8 = ₹80.00",
    "30 to 40: 10 × ₹12 = ₹120.00",
    "above 40: 5 × ₹15 = ₹75.00",
    "Water charge: ₹320.00",
    "Water cess: 5% of ₹320.00 = ₹16.00",
    "Interest, once: 5% of ₹320.00, unpaid since 16/08/2025 = ₹16.00",
    "Penalty: 10% of ₹320.00, unpaid since 16/08/2025 = ₹32.00",
  ]);
  expect(said("hi").slice(0, 2)).toEqual(["जल उपभोग: 45 किलोलीटर, स्लैब के अनुसार = ₹320.00", "0 से 10: 10 × ₹2 = ₹20.00"]);
  expect(toRupees(done.payable)).toBe("384.00");
});

test("a charge below the least charge is raised to it, and that is said", () => {
  const rules = packRules("punjab-water");
  const facts = { attributes: { connection: "METERED", use: "RESIDENTIAL", consumption: "0" } };
  const done = assess(rules, facts, july, july.to);
  expect(heads(done)).toEqual(["WS_CHARGE 100.00", "WS_WATER_CESS 5.00"]);
  expect(explain(rules, done, "en")[0]?.below).toContain("raised to the least charge by ₹100.00");
});

test("every attribute that is missing or not allowed is named, none is guessed", () => {
  const facts = {
    attributes: { zone: "C" },
    lists: {
      units: [
        { use: "HOME" },
        { use: "SHED", area: "12.345" },
        { use: "HOME", area: 12.5 },
        { area: "-1", use: "HOME" },
      ],
    },
  };
  expect(() => assess(smallRules(), facts, year, year.from)).toThrow(
    'RULES_FACTS: zone: "C" is not allowed (A, B); units 1: area is missing; units 2: use: "SHED" is not allowed (HOME, SHOP); ' +
      'units 2: area: 12.345 has 3 decimals, at most 2 are allowed; units 3: area: "12.5" is not a number as text, like "12.50"; ' +
      "units 4: area: -1 is not allowed (0 to 100000)",
  );
  expect(() => assess(smallRules(), { attributes: { zone: "A" } }, year, year.from)).toThrow(
    "RULES_FACTS: units has 0 items (1 to 20 are allowed)",
  );
});

test("an attribute that only some consumers have is asked of those alone", () => {
  const rules = packRules("punjab-water");
  const at = (attributes: Record<string, string>) => () => assess(rules, { attributes }, july, july.to);
  expect(at({ connection: "METERED", use: "RESIDENTIAL" })).toThrow("RULES_FACTS: consumption is missing");
  expect(at({ connection: "NON_METERED", use: "RESIDENTIAL" })).toThrow(
    "RULES_FACTS: basis is missing; outlets is missing",
  );
});

test("a rule that needs what a consumer was not asked is refused by name, not guessed", () => {
  const rules = smallRules((f) => {
    Object.assign(f.lists.units.inputs.use, { neededWhen: { zone: "A" } });
  });
  const facts = { attributes: { zone: "B" }, lists: { units: [{ area: "10" }] } };
  expect(() => assess(rules, facts, year, year.from)).toThrow("RULES_FACTS: use is missing, rule unitRate needs it");
});

test("a rate that changes inside the period counts by days, and is told so", () => {
  const rules = smallRules((f) => {
    newVersion(f, "tax", "2025-06-30", "2025-07-01", { amount: { times: ["2", { sum: "unitTax", of: "units" }] } });
    expectExample(f, { PT_TAX: "637.25", PT_LIBRARY_CESS: "50.98" }, "688.23");
  });
  const done = assess(rules, homeAndShop, year, localDate("2025-08-01"));
  // 364 × 91/365 + 728 × 274/365 = 637.249…; the cess is 8 % of each, by the same days: 50.979….
  expect(heads(done)).toEqual(["PT_TAX 637.25", "PT_LIBRARY_CESS 50.98"]);
  const shares = explain(rules, done, "en").filter((e) => e.below.some((b) => b.includes("of 365 days")));
  expect(shares.map((s) => [s.text, ...s.below])).toEqual([
    ["Property tax = ₹637.25", "₹364.00 for 91 of 365 days = ₹90.75", "₹728.00 for 274 of 365 days = ₹546.50"],
    ["Library cess = ₹50.98", "₹29.12 for 91 of 365 days = ₹7.26", "₹58.24 for 274 of 365 days = ₹43.72"],
  ]);
});

test("or the rule of the first day holds for the whole period, where the file says so", () => {
  const rules = smallRules((f) => {
    f.onChange = "first-day";
    newVersion(f, "tax", "2025-06-30", "2025-07-01", { amount: { times: ["2", { sum: "unitTax", of: "units" }] } });
  });
  expect(heads(assess(rules, homeAndShop, year, year.from))).toEqual(["PT_TAX 364.00", "PT_LIBRARY_CESS 29.12"]);
});

test("a period that the file does not cover is refused", () => {
  const before = { from: localDate("2025-03-01"), to: localDate("2025-04-30") };
  expect(() => assess(smallRules(), homeAndShop, before, year.from)).toThrow(
    "RULES_PERIOD: the period 01/03/2025 to 30/04/2025 cannot be assessed by small-tax 1, which holds from 01/04/2025 to 31/12/9999",
  );
});

test("rebate and penalty are those of billing itself, on any day", () => {
  const rules = smallRules();
  const own = rupees("364.00");
  for (const day of [
    "2025-04-01",
    "2025-04-30",
    "2025-05-01",
    "2025-09-30",
    "2025-10-01",
    "2025-10-31",
    "2027-01-01",
  ]) {
    const asOf = localDate(day);
    const done = assess(rules, homeAndShop, year, asOf);
    const due = { amount: own, cess: ZERO, dueDate: localDate("2025-09-30") };
    const until = rebateUntil(USUAL_REBATE, year.from);
    expect([day, ...done.late.map((l) => toRupees(l.amount))]).toEqual([
      day,
      ...[penaltyTo(USUAL_PENALTY, due, [], asOf)].filter((p) => p > 0n).map(toRupees),
    ]);
    expect([day, ...done.rebates.map((r) => toRupees(r.amount))]).toEqual([
      day,
      ...(until && asOf <= until ? ["18.20"] : []),
    ]);
  }
});

test("a rebate is lost while an arrear is open, and the arrear bears its own penalty", () => {
  const facts = factsFromJson({
    ...homeAndShop,
    arrears: [
      {
        head: "PT_TAX",
        periodFrom: "2024-04-01",
        dueDate: "2024-09-30",
        amount: "300.00",
        paid: [{ date: "2025-01-15", amount: "100.00" }],
      },
    ],
  });
  const done = assess(smallRules(), facts, year, localDate("2025-04-10"));
  expect(done.rebates).toEqual([]);
  expect(toRupees(done.arrears)).toBe("200.00");
  // October to January on 300.00 (paid on the 15th), February to April on 200.00.
  expect(done.late.map((l) => [l.head, toRupees(l.amount), l.periodFrom])).toEqual([
    ["PT_PENALTY", "18.00", "2024-04-01"],
  ]);
  expect(toRupees(done.payable)).toBe("611.12");
});

test("what was paid is off, and stops bearing", () => {
  const paid = [{ date: localDate("2025-10-15"), amount: rupees("200.00"), cess: ZERO }];
  const done = assess(smallRules(), { ...homeAndShop, paid }, year, localDate("2025-11-30"));
  // October on 364.00, November on 164.00.
  expect(done.late.map((l) => toRupees(l.amount))).toEqual(["5.28"]);
  expect(toRupees(done.payable)).toBe("198.40");
});

test("what is nil is refused where the file says that a demand is more than nothing", () => {
  const facts = { attributes: {}, lists: { amounts: [{ category: "CH_PARKING", amount: "0" }] } };
  expect(() => assess(packRules("challans"), facts, year, year.from)).toThrow(
    "RULES_NOTHING: by challans 1 nothing is to be charged",
  );
});

test("a head below nothing is refused with its figure", () => {
  const rules = smallRules((f) => {
    const tax = f.rules.find((r) => r["id"] === "tax");
    Object.assign(tax ?? {}, { amount: { minus: [{ sum: "unitTax", of: "units" }, "300"] } });
    expectExample(f, { PT_TAX: "64", PT_LIBRARY_CESS: "5.12" }, "69.12");
  });
  const facts = { attributes: { zone: "A" }, lists: { units: [{ use: "HOME", area: "100" }] } };
  expect(() => assess(rules, facts, year, year.from)).toThrow("RULES_NEGATIVE: PT_TAX comes to -100.00 by rule tax");
});

test("an assessment is kept as JSON with the file's hash and every rule's version, and is told from there", () => {
  const rules = smallRules();
  const done = assess(rules, homeAndShop, year, year.from);
  const kept = JSON.parse(JSON.stringify(assessmentJson(done))) as ReturnType<typeof assessmentJson> & {
    steps: typeof done.steps;
  };
  expect([kept["file"], kept["fileVersion"], kept["fileHash"], kept["demand"]]).toEqual([
    "small-tax",
    1,
    rules.hash,
    "393.12",
  ]);
  expect(kept.steps.every((s) => s.version === 1)).toBe(true);
  expect(explain(rules, kept, "hi")).toEqual(explain(rules, done, "hi"));
});

test("the period around a day follows the cycle of the financial year", () => {
  const at = (cycle: Parameters<typeof periodAround>[0], day: string) =>
    Object.values(periodAround(cycle, localDate(day)));
  expect(at("year", "2026-03-31")).toEqual(["2025-04-01", "2026-03-31"]);
  expect(at("half-year", "2026-01-05")).toEqual(["2025-10-01", "2026-03-31"]);
  expect(at("quarter", "2025-12-31")).toEqual(["2025-10-01", "2025-12-31"]);
  expect(at("month", "2024-02-29")).toEqual(["2024-02-01", "2024-02-29"]);
});
