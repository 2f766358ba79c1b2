import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, localDate } from "../../ledger/kernel/dates.ts";
import { rate, sum, toRupees } from "../../ledger/kernel/money.ts";
import { assess } from "./assess.ts";
import type { Assessment } from "./assessment.ts";
import { readRules } from "./read.ts";
import {
  expectExample,
  newVersion,
  packRules,
  ruleOf,
  smallFile,
  smallRules,
  testRuleFile,
  type SmallFile,
} from "./testing.ts";

const year = { from: localDate("2025-04-01"), to: localDate("2026-03-31") };
const area = fc
  .integer({ min: 0, max: 10_000_000 })
  .map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, "0")}`);
const facts = fc.record({
  attributes: fc.record({ zone: fc.constantFrom("A", "B") }),
  lists: fc.record({
    units: fc.array(fc.record({ use: fc.constantFrom("HOME", "SHOP"), area }), { minLength: 1, maxLength: 6 }),
  }),
});
const asOf = fc.integer({ min: 0, max: 1500 }).map((n) => addDays(year.from, n));
const figures = (a: Assessment) => [a.heads, a.rebates, a.late, a.payable].map((x) => JSON.stringify(x, big));
const big = (_: string, v: unknown): unknown => (typeof v === "bigint" ? v.toString() : v);

const rules = smallRules();
/** One band of small steps and one without an end, so that bands of all kinds of widths come up. */
const bands = fc
  .array(fc.record({ width: fc.integer({ min: 1, max: 5000 }), price: fc.integer({ min: 0, max: 20_000 }) }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((all) => {
    let from = 0;
    return all.map((b, i) => {
      const slab = {
        from: String(from),
        ...(i === all.length - 1 ? {} : { to: String(from + b.width) }),
        rate: (b.price / 1000).toFixed(3),
      };
      from += b.width;
      return slab;
    });
  });
const telescopic = (slabs: object[]) =>
  smallRules((f: SmallFile) => {
    f.rules = f.rules.map((r) =>
      r["id"] === "unitTax"
        ? { ...r, kind: "slabs", amount: undefined, of: "area", mode: "telescopic", tables: [{ slabs }] }
        : r,
    );
    f.examples = [];
    f.examples.push({
      name: "nil",
      facts: { attributes: { zone: "A" }, lists: { units: [{ use: "HOME", area: "0" }] } },
      period: year,
      asOf: year.from,
      heads: {},
    });
  });
const exactTax = (r: ReturnType<typeof telescopic>, quantity: string) => {
  const done = assess(
    r,
    { attributes: { zone: "A" }, lists: { units: [{ use: "HOME", area: quantity }] } },
    year,
    year.from,
  );
  return rate(done.steps.find((s) => s.rule === "unitTax")?.result ?? "");
};

test("telescopic slabs never fall as the quantity grows, and never jump: a hundredth more costs a hundredth of some rate", () => {
  fc.assert(
    fc.property(bands, fc.integer({ min: 0, max: 3_000_000 }), (slabs, hundredths) => {
      const r = telescopic(slabs);
      const at = (n: number) => exactTax(r, `${Math.floor(n / 100)}.${String(n % 100).padStart(2, "0")}`);
      const grown = at(hundredths + 1).minus(at(hundredths));
      expect(grown.gte(0)).toBe(true);
      expect(slabs.some((s) => grown.eq(rate(s.rate).div(100)))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("telescopic slabs are the sum over whole units of the rate that holds for each", () => {
  fc.assert(
    fc.property(bands, fc.integer({ min: 0, max: 400 }), (slabs, units) => {
      let total = rate("0");
      for (let unit = 1; unit <= units; unit++) {
        const slab = slabs.find((s) => !("to" in s) || unit <= Number(s.to));
        total = total.plus(rate(slab?.rate ?? "0"));
      }
      expect(exactTax(telescopic(slabs), String(units)).eq(total)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("the pieces of every step add up to its result, the steps of a head to its amount, the heads to the demand", () => {
  const split = smallRules((f) => {
    newVersion(f, "unitRate", "2025-08-12", "2025-08-13", { rows: rowsAt("3.335") });
    expectExample(f, { PT_TAX: "448.49", PT_LIBRARY_CESS: "35.88" }, "484.37");
  });
  fc.assert(
    fc.property(facts, asOf, fc.boolean(), (f, day, isSplit) => {
      const done = assess(isSplit ? split : rules, f, year, day);
      for (const step of done.steps) {
        const pieces = step.parts.reduce((all, p) => all.plus(rate(p.value)), rate("0"));
        expect([step.rule, pieces.toFixed()]).toEqual([step.rule, rate(step.result).toFixed()]);
      }
      for (const { head, amount } of done.heads) {
        // With shares by days those are the last word on the head.
        const own = done.steps.filter((s) => s.head === head && s.stretch === undefined);
        expect(own.reduce((all, s) => all.plus(rate(s.result)), rate("0")).toFixed(2)).toBe(toRupees(amount));
      }
      expect(sum(done.heads.map((h) => h.amount))).toBe(done.demand);
      const rebates = sum(done.rebates.map((r) => r.amount));
      const late = sum(done.late.map((l) => l.amount));
      expect(done.demand - done.paid + done.arrears - rebates + late + done.rounding).toBe(done.payable);
    }),
  );
});

const rowsAt = (home: string) => [
  { when: { use: "HOME", zone: "A" }, value: home },
  { when: { use: "HOME", zone: "B" }, value: "1.255" },
  { when: { use: "SHOP" }, value: "8" },
];

test("amounts are exact: the tax is what whole numbers give, rounded once", () => {
  fc.assert(
    fc.property(facts, (f) => {
      const price = (use: string) => (use === "SHOP" ? 8000n : f.attributes.zone === "A" ? 2000n : 1255n);
      // Hundredths of area × thousandths of a rupee: 10^-5 rupees, so 10^3 to a paisa.
      const total = f.lists.units.reduce((all, u) => all + BigInt(u.area.replace(".", "")) * price(u.use), 0n);
      const tax = (total + 500n) / 1000n;
      const cess = (tax * 8n + 50n) / 100n;
      const got = new Map(assess(rules, f, year, year.from).heads.map((h) => [h.head, h.amount]));
      expect([got.get("PT_TAX") ?? 0n, got.get("PT_LIBRARY_CESS") ?? 0n]).toEqual([tax, cess]);
    }),
  );
});

test("the order of rules, rows, bands of attributes and units does not matter", () => {
  fc.assert(
    fc.property(
      facts,
      asOf,
      fc.shuffledSubarray(smallFile.rules, { minLength: smallFile.rules.length }),
      fc.shuffledSubarray(rowsAt("2"), { minLength: 3 }),
      (f, day, shuffled, rows) => {
        const other = readRules(
          testRuleFile((file) => {
            file.rules = structuredClone(shuffled);
            ruleOf(file, "unitRate")["rows"] = rows;
          }),
        );
        const turned = { ...f, lists: { units: [...f.lists.units].reverse() } };
        expect(figures(assess(other, turned, year, day))).toEqual(figures(assess(rules, f, year, day)));
      },
    ),
    { numRuns: 50 },
  );
});

test("a rule split at any day into two equal versions changes nothing", () => {
  fc.assert(
    fc.property(
      facts,
      asOf,
      fc.integer({ min: 0, max: 363 }),
      fc.subarray(
        smallFile.rules.map((r) => String(r["id"])),
        { minLength: 1 },
      ),
      (f, day, at, ids) => {
        const until = addDays(year.from, at);
        const split = smallRules((file) => {
          for (const id of ids) newVersion(file, id, until, addDays(until, 1), {});
        });
        expect(figures(assess(split, f, year, day))).toEqual(figures(assess(rules, f, year, day)));
      },
    ),
    { numRuns: 50 },
  );
});

test("the same facts give the same, steps and all; and nothing is changed by assessing", () => {
  const water = packRules("punjab-water");
  fc.assert(
    fc.property(
      area,
      fc.constantFrom("RESIDENTIAL", "NONRESIDENTIAL", "PARTLY_COMMERCIAL"),
      asOf,
      (consumption, use, day) => {
        const f = Object.freeze({ attributes: Object.freeze({ connection: "METERED", use, consumption }) });
        const month = { from: localDate("2025-07-01"), to: localDate("2025-07-31") };
        expect(assess(water, f, month, day)).toEqual(assess(water, f, month, day));
      },
    ),
  );
});

test("lateness never falls as days pass", () => {
  fc.assert(
    fc.property(facts, asOf, fc.nat(400), (f, day, more) => {
      const late = (d: typeof day) => sum(assess(rules, f, year, d).late.map((l) => l.amount));
      expect(late(addDays(day, more)) >= late(day)).toBe(true);
    }),
  );
});
