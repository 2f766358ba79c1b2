import { rulePack, type RulePack } from "./packs.ts";
import { readRules } from "./read.ts";
import type { Rules } from "./compile.ts";

type Json = Record<string, unknown>;
const words = (en: string, hi = en): Json => ({ en, hi });

/** A property tax on two rates and a cess, small enough to be read at once: 8 rupees a square metre on trade, 2 on living, 8 % library cess. */
export const smallFile = {
  format: 1,
  id: "small-tax",
  version: 1,
  service: "property-tax",
  title: words("Small tax", "छोटा कर"),
  source: "Made up",
  validFrom: "2025-04-01",
  cycle: "year",
  onChange: "apportion",
  mayBeNil: true,
  inputs: {
    zone: {
      type: "choice",
      label: words("Zone"),
      values: { A: words("zone A", "क्षेत्र क"), B: words("zone B", "क्षेत्र ख") },
    },
  },
  lists: {
    units: {
      label: words("Unit", "इकाई"),
      min: 1,
      max: 20,
      inputs: {
        use: { type: "choice", label: words("Use"), values: { HOME: words("living"), SHOP: words("trade") } },
        area: { type: "number", label: words("Area"), min: "0", max: "100000", decimals: 2 },
      },
    },
  },
  heads: [
    { code: "PT_TAX", kind: "tax", name: words("Property tax", "संपत्ति कर") },
    { code: "PT_LIBRARY_CESS", kind: "cess", name: words("Library cess", "पुस्तकालय उपकर") },
    { code: "PT_PENALTY", kind: "penalty", name: words("Penalty", "शास्ति") },
  ],
  rules: [
    {
      kind: "table",
      id: "unitRate",
      version: 1,
      validFrom: "2025-04-01",
      per: "units",
      rows: [
        { when: { use: "HOME", zone: "A" }, value: "2" },
        { when: { use: "HOME", zone: "B" }, value: "1.255" },
        { when: { use: "SHOP" }, value: "8" },
      ],
      text: words("{use}: {result:rs}"),
    },
    {
      kind: "value",
      id: "unitTax",
      version: 1,
      validFrom: "2025-04-01",
      per: "units",
      amount: { times: ["area", "unitRate"] },
      text: words("{area} sq m × {unitRate:rs} = {result:rs}", "{area} वर्ग मीटर × {unitRate:rs} = {result:rs}"),
    },
    {
      kind: "value",
      id: "tax",
      version: 1,
      validFrom: "2025-04-01",
      amount: { sum: "unitTax", of: "units" },
      head: "PT_TAX",
      round: { to: "0.01", mode: "half-up" },
      text: words("Tax: {result:rs}", "कर: {result:rs}"),
    },
    {
      kind: "value",
      id: "cess",
      version: 1,
      validFrom: "2025-04-01",
      amount: { percent: ["8", "tax"] },
      head: "PT_LIBRARY_CESS",
      round: { to: "0.01", mode: "half-up" },
      text: words("8% of {tax:rs} = {result:rs}", "{tax:rs} का 8% = {result:rs}"),
    },
    {
      kind: "due",
      id: "dueDate",
      version: 1,
      validFrom: "2025-04-01",
      onDay: "09-30",
      text: words("Due by 30 September"),
    },
    {
      kind: "rebate",
      id: "early",
      version: 1,
      validFrom: "2025-04-01",
      on: ["PT_TAX"],
      percent: "5",
      days: 30,
      text: words("{percent}% of {base:rs} until {until} = {result:rs}"),
    },
    {
      kind: "late",
      id: "lateness",
      version: 1,
      validFrom: "2025-04-01",
      head: "PT_PENALTY",
      on: ["PT_TAX"],
      charge: "monthly",
      percent: "1",
      text: words("{percent}% a month on {base:rs} since {since} = {result:rs}"),
    },
  ] as Json[],
  examples: [
    {
      name: "home and shop",
      facts: {
        attributes: { zone: "A" },
        lists: {
          units: [
            { use: "HOME", area: "100" },
            { use: "SHOP", area: "20.5" },
          ],
        },
      },
      period: { from: "2025-04-01", to: "2026-03-31" },
      asOf: "2025-05-31",
      heads: { PT_TAX: "364.00", PT_LIBRARY_CESS: "29.12" },
      payable: "393.12",
    },
  ] as Json[],
} satisfies Json;

export type SmallFile = typeof smallFile;

/** The small file, changed by the test. */
export function testRuleFile(change: (file: SmallFile) => void = () => undefined): string {
  const file = structuredClone(smallFile);
  change(file);
  return JSON.stringify(file);
}

/** The rule of the small file with that id. */
export function ruleOf(file: SmallFile, id: string): Json {
  const found = file.rules.find((r) => r["id"] === id);
  if (!found) throw new Error(`the small file has no rule ${id}`);
  return found;
}

/** A second version of a rule from a day on; the first ends on the day before (`until`). */
export function newVersion(file: SmallFile, id: string, until: string, from: string, over: Json): void {
  const old = ruleOf(file, id);
  file.rules.push({ ...structuredClone(old), version: 2, validFrom: from, ...over });
  old["validTo"] = until;
}

/** What the small file's example gives after the test's change. */
export function expectExample(file: SmallFile, heads: Record<string, string>, payable: string): void {
  file.examples = file.examples.map((e) => ({ ...e, heads, payable }));
}

export const smallRules = (change?: (file: SmallFile) => void): Rules => readRules(testRuleFile(change));
export const packRules = (name: RulePack): Rules => readRules(rulePack(name));
