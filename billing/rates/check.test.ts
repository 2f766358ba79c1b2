import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { rulePack, RULE_PACKS } from "./packs.ts";
import { checkRuleFile } from "./read.ts";
import { newVersion, ruleOf, testRuleFile, type SmallFile } from "./testing.ts";

const said = (change: (file: SmallFile) => void): string[] =>
  checkRuleFile(testRuleFile(change)).map((p) => `${p.where}: ${p.message}`);

test.each(RULE_PACKS)("the pack %s is sound and gives the figures of its examples", (name) => {
  expect(checkRuleFile(rulePack(name))).toEqual([]);
  expect((JSON.parse(rulePack(name)) as { examples: unknown[] }).examples.length).toBeGreaterThan(0);
});

test("an example that differs refuses the file, with both figures", () => {
  expect(said((f) => (ruleOf(f, "cess")["amount"] = { percent: ["9", "tax"] }))).toEqual([
    "examples.home and shop: PT_LIBRARY_CESS: the example says 29.12, the rules give 32.76",
    "examples.home and shop: payable: the example says 393.12, the rules give 396.76",
  ]);
});

const slabs = (...bands: [string, string | undefined][]) => ({
  kind: "slabs",
  id: "unitRate",
  version: 1,
  validFrom: "2025-04-01",
  per: "units",
  of: "area",
  mode: "telescopic",
  tables: [{ slabs: bands.map(([from, to]) => ({ from, ...(to === undefined ? {} : { to }), rate: "1" })) }],
  text: { en: "{result}", hi: "{result}" },
});
const withSlabs =
  (...bands: [string, string | undefined][]) =>
  (f: SmallFile): void => {
    f.rules = f.rules.map((r) => (r["id"] === "unitRate" ? slabs(...bands) : r));
  };
const having =
  (id: string, over: Record<string, unknown>) =>
  (f: SmallFile): void => {
    Object.assign(ruleOf(f, id), over);
  };

const CASES: [string, (f: SmallFile) => void, string[]][] = [
  [
    "slabs with a gap",
    withSlabs(["0", "10"], ["12", undefined]),
    ["rules.unitRate 1, table 1: gap: no slab from 10 to 12"],
  ],
  [
    "slabs that overlap",
    withSlabs(["0", "10"], ["8", undefined]),
    ["rules.unitRate 1, table 1: slabs overlap from 8 to 10"],
  ],
  [
    "slabs that begin late and end",
    withSlabs(["1", "10"], ["10", "20"]),
    [
      "rules.unitRate 1, table 1: the first slab begins at 1, not at 0",
      "rules.unitRate 1, table 1: nothing is said above 20; the last slab is open",
    ],
  ],
  [
    "versions that overlap",
    (f) => newVersion(f, "cess", "2025-12-31", "2025-12-01", {}),
    ["rules.cess: versions 1 and 2 overlap: one holds to 2025-12-31, the other from 2025-12-01"],
  ],
  [
    "versions with days between them",
    (f) => newVersion(f, "cess", "2025-12-31", "2026-02-01", {}),
    ["rules.cess: no version holds between 2025-12-31 (version 1) and 2026-02-01 (version 2)"],
  ],
  [
    "a rule that ends before those that need it",
    having("unitRate", { validTo: "2025-12-31" }),
    ["rules.unitTax 1: unitRate is neither an attribute nor a rule in force on 01/01/2026"],
  ],
  [
    "a table without a row for an allowed value",
    (f) => (ruleOf(f, "unitRate")["rows"] as unknown[]).splice(1, 1),
    ["rules.unitRate 1: no row matches use HOME, zone B"],
  ],
  [
    "a table with two rows for one case",
    (f) => (ruleOf(f, "unitRate")["rows"] as unknown[]).push({ when: { zone: "B" }, value: "3" }),
    ["rules.unitRate 1: more than one row matches use HOME, zone B (rows 2 and 4); use SHOP, zone B (rows 3 and 4)"],
  ],
  [
    "bands of a number with a gap",
    having("unitRate", {
      rows: [
        { when: { area: { upTo: "50" } }, value: "1" },
        { when: { area: { above: "60" } }, value: "2" },
      ],
    }),
    ["rules.unitRate 1: no row matches area 60"],
  ],
  [
    "an attribute and a value that the file does not know",
    having("unitRate", {
      rows: [
        { when: { use: ["HOME", "OFFICE"] }, value: "1" },
        { when: { use: "SHOP", storey: "1" }, value: "2" },
      ],
    }),
    [
      "rules.unitRate 1: storey is neither an attribute nor a rule in force on 01/04/2025",
      'rules.unitRate 1: row 1: use "OFFICE" is not one of its values (HOME, SHOP)',
    ],
  ],
  [
    "rules in a circle",
    having("unitRate", { kind: "value", amount: { plus: ["unitTax", "1"] }, rows: undefined }),
    ["rules: unitTax needs unitRate needs unitTax: rules in a circle on 01/04/2025"],
  ],
  [
    "a head that no list names, and one that no rule gives",
    having("cess", { head: "PT_OTHER_CESS" }),
    ["rules.cess 1: PT_OTHER_CESS is not among the heads", "heads.PT_LIBRARY_CESS: no rule gives this head"],
  ],
  [
    "a head that is not rounded",
    having("tax", { round: undefined }),
    ["rules.tax 1: charges under a head and does not say how it is rounded"],
  ],
  [
    "a division that is not rounded",
    having("unitTax", { amount: { over: ["area", "3"] } }),
    ["rules.unitTax 1: divides and does not say how the result is rounded"],
  ],
  [
    "figures that are no text, and operations that there are not",
    (f) => {
      ruleOf(f, "unitTax")["amount"] = { times: ["area", 2] };
      ruleOf(f, "cess")["amount"] = { power: ["tax", "2"] };
    },
    [
      'rules.unitTax 1: amount: 2 is not an expression; figures are text, like "7.5"',
      'rules.cess 1: amount: "power" is not an operation',
    ],
  ],
  [
    "a figure of each unit where one figure is needed",
    having("tax", { amount: { plus: ["unitTax", "1"] } }),
    ["rules.tax 1: unitTax is reckoned for each of units; say whether its sum, mean, highest or lowest is meant"],
  ],
  [
    "texts that leave out or do not say",
    (f) => {
      ruleOf(f, "tax")["text"] = { en: "Tax", hi: "कर {result}" };
      ruleOf(f, "lateness")["text"] = { en: "{tax}", hi: "{tax}" };
    },
    [
      "rules.tax 1: the English text leaves out {result}",
      "rules.tax 1: the text does not say {result}",
      "rules.lateness 1: the text names {tax}; it may name percent, base, due, since, asOf, result",
    ],
  ],
  [
    "a missing text",
    (f) => (ruleOf(f, "tax")["text"] = { en: "Tax {result}" }),
    ["rules.tax.text: must have required properties hi"],
  ],
  ["a day that does not exist", having("tax", { validTo: "2026-02-30" }), ['rules.tax 1: "2026-02-30" is not a date']],
  [
    "no rule for the due date",
    (f) => (f.rules = f.rules.filter((r) => r["kind"] !== "due")),
    ["rules: no rule says when a demand is due on 01/04/2025"],
  ],
  [
    "one name for two things",
    (f) => Object.assign(f.inputs, { tax: f.inputs.zone }),
    ["rules.tax: tax is the name of inputs.tax already"],
  ],
  [
    "a name that no expression could name",
    (f) => Object.assign(f.inputs, { "Bad Name": f.inputs.zone }),
    ["inputs.Bad Name: is not known here"],
  ],
  [
    "a penalty that depends on a figure",
    having("lateness", { when: { tax: { above: "100" } } }),
    ["rules.lateness 1: tax is a rule; when it applies may depend on attributes only"],
  ],
  [
    "a kind of rule that there is not",
    having("tax", { kind: "guess" }),
    ["rules.tax: kind is one of value, table, slabs, due, rebate, late"],
  ],
];

test.each(CASES)("%s: said with its place", (_, change, expected) => {
  expect(said(change).sort()).toEqual([...expected].sort());
});

test("all problems of a file are listed at once", () => {
  const found = said((f) => {
    withSlabs(["0", "10"], ["12", undefined])(f);
    having("cess", { head: "PT_OTHER_CESS" })(f);
    newVersion(f, "tax", "2025-12-31", "2025-12-01", {});
  });
  expect(found.length).toBe(4);
});

test("what is not JSON, and what is no rule file, is said so", () => {
  expect(checkRuleFile("{")[0]?.message).toMatch(/^is not JSON/);
  expect(checkRuleFile("[]").length).toBeGreaterThan(0);
  expect(checkRuleFile("null").length).toBeGreaterThan(0);
});

test("the example of the README is a sound file", () => {
  const page = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "README.md"), "utf8");
  const [, example = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
  expect(checkRuleFile(example)).toEqual([]);
});
