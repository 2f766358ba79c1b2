import type { TaxHead } from "../tax-heads.ts";

/*
 * The city of the bench: a property tax on annual rental value with five heads and a library cess inside the first, one to three units a
 * property, forty wards. Figures are made up.
 */

const words = (en: string, hi = en) => ({ en, hi });
const FROM = "2025-04-01";

/** The five heads beside the cess, each a percentage of the annual value. */
export const BENCH_HEADS = [
  { code: "PT_TAX", percent: "10", name: "General property tax" },
  { code: "PT_WATER_TAX", percent: "3", name: "Water tax" },
  { code: "PT_SEWERAGE_TAX", percent: "2.5", name: "Sewerage tax" },
  { code: "PT_LIGHTING_TAX", percent: "1.25", name: "Lighting tax" },
  { code: "PT_CONSERVANCY_TAX", percent: "2", name: "Conservancy tax" },
] as const;

/** The further heads, made after the general tax. */
export function benchHeads(like: TaxHead): TaxHead[] {
  return BENCH_HEADS.slice(1).map((h, i) => ({ ...like, code: h.code, name: h.name, priority: like.priority + 1 + i }));
}

const common = { version: 1, validFrom: FROM };

export const benchRuleFile = JSON.stringify({
  format: 1,
  id: "bench-tax",
  version: 1,
  service: "property-tax",
  title: words("Property tax of the bench"),
  source: "Made up",
  validFrom: FROM,
  cycle: "year",
  onChange: "apportion",
  mayBeNil: true,
  inputs: {
    zone: {
      type: "choice",
      label: words("Zone"),
      values: { A: words("zone A"), B: words("zone B"), C: words("zone C") },
    },
  },
  lists: {
    units: {
      label: words("Unit"),
      min: 1,
      max: 20,
      inputs: {
        use: { type: "choice", label: words("Use"), values: { HOME: words("living"), SHOP: words("trade") } },
        occupancy: { type: "choice", label: words("Occupancy"), values: { SELF: words("own"), LET: words("let") } },
        area: { type: "number", label: words("Area"), min: "0", max: "100000", decimals: 2 },
      },
    },
  },
  heads: [
    ...BENCH_HEADS.map((h) => ({ code: h.code, kind: "tax", name: words(h.name) })),
    { code: "PT_LIBRARY_CESS", kind: "cess", name: words("Library cess") },
    { code: "PT_PENALTY", kind: "penalty", name: words("Penalty") },
  ],
  rules: [
    {
      ...common,
      kind: "table",
      id: "monthlyRate",
      per: "units",
      rows: [
        { when: { use: "HOME", zone: "A" }, value: "2" },
        { when: { use: "HOME", zone: "B" }, value: "1.5" },
        { when: { use: "HOME", zone: "C" }, value: "1" },
        { when: { use: "SHOP", zone: "A" }, value: "8" },
        { when: { use: "SHOP", zone: ["B", "C"] }, value: "5.25" },
      ],
      text: words("{use}: {result:rs} a square metre and month"),
    },
    {
      ...common,
      kind: "value",
      id: "unitValue",
      per: "units",
      amount: { times: ["area", "monthlyRate", "12"] },
      text: words("{area} sq m × {monthlyRate:rs} × 12 = {result:rs}"),
    },
    {
      ...common,
      kind: "value",
      id: "ownUse",
      per: "units",
      when: { occupancy: "SELF" },
      isExemption: true,
      amount: { percent: ["25", "unitValue"] },
      text: words("Own use: {result:rs} less"),
    },
    {
      ...common,
      kind: "value",
      id: "annualValue",
      amount: {
        minus: [
          { sum: "unitValue", of: "units" },
          { sum: "ownUse", of: "units" },
        ],
      },
      text: words("Annual value: {result:rs}"),
    },
    ...BENCH_HEADS.map((h, i) => ({
      ...common,
      kind: "value",
      id: `head${i + 1}`,
      amount: { percent: [h.percent, "annualValue"] },
      head: h.code,
      round: { to: "1", mode: "half-up" },
      text: words(`${h.name}: ${h.percent}% of {annualValue:rs} = {result:rs}`),
    })),
    {
      ...common,
      kind: "value",
      id: "cess",
      amount: { percent: ["8", "head1"] },
      head: "PT_LIBRARY_CESS",
      round: { to: "0.01", mode: "half-up" },
      text: words("8% of {head1:rs} = {result:rs}"),
    },
    { ...common, kind: "due", id: "dueDate", onDay: "09-30", text: words("Due by 30 September") },
    {
      ...common,
      kind: "rebate",
      id: "early",
      on: BENCH_HEADS.map((h) => h.code),
      percent: "5",
      days: 30,
      text: words("{percent}% of {base:rs} until {until} = {result:rs}"),
    },
    {
      ...common,
      kind: "late",
      id: "lateness",
      head: "PT_PENALTY",
      on: BENCH_HEADS.map((h) => h.code),
      charge: "monthly",
      percent: "1",
      text: words("{percent}% a month on {base:rs} since {since} = {result:rs}"),
    },
  ],
  examples: [
    {
      name: "home in zone A",
      facts: { attributes: { zone: "A" }, lists: { units: [{ use: "HOME", occupancy: "LET", area: "100" }] } },
      period: { from: "2025-04-01", to: "2026-03-31" },
      asOf: "2025-06-30",
      heads: {
        PT_TAX: "240",
        PT_WATER_TAX: "72",
        PT_SEWERAGE_TAX: "60",
        PT_LIGHTING_TAX: "30",
        PT_CONSERVANCY_TAX: "48",
        PT_LIBRARY_CESS: "19.20",
      },
    },
  ],
});
