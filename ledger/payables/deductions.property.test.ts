import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../kernel/errors.ts";
import { formatIndian, paise, rupees, ZERO, type Paise } from "../kernel/money.ts";
import { computeDeductions, type DeductionInput, type SectionTerms } from "./deductions.ts";

const CONTRACTOR: SectionTerms = {
  code: "TDS-CONTRACTOR",
  kind: "tds",
  section: "393(1)",
  description: "Contractor who is a firm, company or other",
  rate: "2",
  thresholdSingle: rupees("30000"),
  thresholdYear: rupees("100000"),
  account: "3502025",
};
const CGST: SectionTerms = {
  ...CONTRACTOR,
  code: "GST-TDS-CGST",
  kind: "gst-tds",
  section: "51",
  rate: "1",
  thresholdSingle: rupees("250000"),
  thresholdYear: null,
  account: "3503008",
};
const CESS: SectionTerms = {
  ...CONTRACTOR,
  code: "BOCW",
  kind: "cess",
  rate: "1",
  thresholdSingle: null,
  thresholdYear: null,
};
const bill = (value: string, over: Partial<DeductionInput> = {}): DeductionInput => ({
  gross: rupees(value),
  taxable: rupees(value),
  contractValue: null,
  sections: [CONTRACTOR],
  earlier: new Map(),
  advances: [],
  others: [],
  ...over,
});
const tax = (input: DeductionInput, code = "TDS-CONTRACTOR"): Paise =>
  computeDeductions(input).deductions.find((d) => d.code === code)?.amount ?? ZERO;
const earlier = (taxable: string, undeducted: string) =>
  new Map([["TDS-CONTRACTOR", { taxable: rupees(taxable), undeducted: rupees(undeducted) }]]);

test("a bill of a contractor: TDS, GST-TDS, cess and retention on the value without GST, an advance and a penalty from the gross", () => {
  const found = computeDeductions(
    bill("590000", {
      taxable: rupees("500000"),
      contractValue: rupees("2000000"),
      sections: [CONTRACTOR, CGST, { ...CGST, code: "GST-TDS-SGST", account: "3503009" }, CESS],
      retention: { percent: "5", account: "3401002" },
      advances: [
        {
          itemId: "a",
          what: "advance of May",
          account: "4604002",
          outstanding: rupees("80000"),
          recover: rupees("50000"),
        },
      ],
      others: [
        {
          kind: "income",
          code: "penalty",
          label: "Delay",
          account: "1808005",
          amount: rupees("1500.50"),
          function: "20",
        },
      ],
    }),
  );
  expect(found.deductions.map((d) => [d.code, formatIndian(d.base), formatIndian(d.amount)])).toEqual([
    ["TDS-CONTRACTOR", "5,00,000.00", "10,000.00"],
    ["GST-TDS-CGST", "5,00,000.00", "5,000.00"],
    ["GST-TDS-SGST", "5,00,000.00", "5,000.00"],
    ["BOCW", "5,00,000.00", "5,000.00"],
    ["retention", "5,00,000.00", "25,000.00"],
    ["advance", "80,000.00", "50,000.00"],
    ["penalty", "1,500.50", "1,500.50"],
  ]);
  expect(formatIndian(found.net)).toBe("4,88,499.50");
});

test("thresholds are exceeded, not reached: 30,000 in one bill, 1,00,000 in the year, a contract of 2,50,000", () => {
  expect(tax(bill("30000"))).toBe(0n);
  expect(tax(bill("30001"))).toBe(rupees("600"));
  expect(tax(bill("20000", { earlier: earlier("80000", "80000") }))).toBe(0n);
  expect(tax(bill("250000", { sections: [CGST] }), "GST-TDS-CGST")).toBe(0n);
  expect(tax(bill("1000", { sections: [CGST], contractValue: rupees("250000.01") }), "GST-TDS-CGST")).toBe(
    rupees("10"),
  );
});

test("the bill that takes the year above its limit is deducted from for the earlier bills that escaped", () => {
  const found = computeDeductions(bill("25000", { earlier: earlier("80000", "80000") }));
  expect(found.deductions[0]?.base).toBe(rupees("105000"));
  expect(found.deductions[0]?.amount).toBe(rupees("2100"));
  expect(found.deductions[0]?.rule).toBe(
    "2 % of 1,05,000.00: value without GST; the year's bills come to 1,05,000.00, above 1,00,000.00, and 80,000.00 of earlier bills was not deducted from",
  );
  expect(tax(bill("25000", { earlier: earlier("105000", "0") }))).toBe(rupees("500"));
});

test("what is below the limits says so with the figures", () => {
  expect(computeDeductions(bill("20000", { earlier: earlier("5000", "5000") })).considered).toEqual([
    {
      code: "TDS-CONTRACTOR",
      rule: "nothing: this bill 20,000.00, limit 30,000.00; the year 25,000.00, limit 1,00,000.00",
    },
  ]);
});

test("taxes are rounded to the rupee, 50 paise up", () => {
  expect(tax(bill("40024.99"))).toBe(rupees("800"));
  expect(tax(bill("40025.00"))).toBe(rupees("801"));
});

test("more cannot be recovered from an advance than is outstanding", () => {
  const advances = [
    { itemId: "a", what: "advance of May", account: "4604002", outstanding: rupees("100"), recover: rupees("100.01") },
  ];
  expect(() => computeDeductions(bill("1000", { advances }))).toThrow(
    "ADVANCE_EXCEEDS_OUTSTANDING: 100.01 cannot be recovered from advance of May: 100.00 is outstanding",
  );
});

const amount = fc.bigInt({ min: 1n, max: 10_000_000_000n }).map(paise);
const inputs = fc
  .record({
    taxable: amount,
    gst: fc.bigInt({ min: 0n, max: 1_000_000_000n }),
    contract: fc.option(amount),
    sections: fc.subarray([CONTRACTOR, CGST, CESS]),
    before: fc.bigInt({ min: 0n, max: 50_000_000n }),
    escaped: fc.bigInt({ min: 0n, max: 100n }),
    retention: fc.option(fc.constantFrom("2.5", "5", "10")),
    advance: fc.option(amount),
    other: fc.option(amount),
  })
  .map((r): DeductionInput => ({
    gross: paise(r.taxable + r.gst),
    taxable: r.taxable,
    contractValue: r.contract,
    sections: r.sections,
    earlier: new Map([
      ["TDS-CONTRACTOR", { taxable: paise(r.before), undeducted: paise((r.before * r.escaped) / 100n) }],
    ]),
    ...(r.retention === null ? {} : { retention: { percent: r.retention, account: "3401002" } }),
    advances:
      r.advance === null
        ? []
        : [{ itemId: "a", what: "advance", account: "4604002", outstanding: r.advance, recover: r.advance }],
    others:
      r.other === null ? [] : [{ kind: "recovery", code: "PF", label: "PF", account: "3502001", amount: r.other }],
  }));

test("gross is net and deductions, and net is never negative: the refusal shows by how much it would be", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      try {
        const found = computeDeductions(input);
        expect(found.net + found.total).toBe(input.gross);
        expect(found.deductions.reduce((a, d) => a + d.amount, 0n)).toBe(found.total);
        expect(found.net >= 0n && found.deductions.every((d) => d.amount > 0n)).toBe(true);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        expect(error.code).toBe("DEDUCTIONS_EXCEED_BILL");
        expect(BigInt(String(error.facts["deductions"]))).toBeGreaterThan(input.gross);
      }
    }),
  );
});

test("thresholds are monotone: a larger bill, contract or year is never taxed less", () => {
  fc.assert(
    fc.property(inputs, amount, fc.constantFrom("taxable", "year", "contract"), (input, more, what) => {
      const plain: DeductionInput = { ...input, gross: paise(10n ** 15n), advances: [], others: [] };
      const before = input.earlier.get("TDS-CONTRACTOR") ?? { taxable: ZERO, undeducted: ZERO };
      const larger: DeductionInput = {
        ...plain,
        ...(what === "taxable" ? { taxable: paise(plain.taxable + more) } : {}),
        ...(what === "year"
          ? { earlier: new Map([["TDS-CONTRACTOR", { ...before, taxable: paise(before.taxable + more) }]]) }
          : {}),
        ...(what === "contract" && plain.contractValue !== null
          ? { contractValue: paise(plain.contractValue + more) }
          : {}),
      };
      for (const s of plain.sections) {
        // A bill without a contract is its own contract: its value grows with it.
        expect(tax(larger, s.code) >= tax(plain, s.code)).toBe(true);
      }
    }),
  );
});
