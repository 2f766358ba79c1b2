import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear } from "../ledger/kernel/dates.ts";
import { demandPart, type DemandPart } from "./demand-parts.ts";
import { splitEntry, type SplitLine } from "./demand-split.ts";

const PARTS: readonly DemandPart[] = [
  "receivable",
  "cess",
  "government",
  "money",
  "income",
  "remission",
  "write-off",
  "prior",
  "other",
];
const year = fc.constantFrom(null, ...["2022-23", "2023-24", "2024-25", "2025-26"].map((y) => financialYear(y)));
const line: fc.Arbitrary<SplitLine> = fc
  .record({ part: fc.constantFrom(...PARTS), demandYear: year, amount: fc.bigInt(1n, 10_000n), isDebit: fc.boolean() })
  .map(({ part, demandYear, amount, isDebit }) => ({
    part,
    demandYear,
    debit: isDebit ? amount : 0n,
    credit: isDebit ? 0n : amount,
  }));

/** Balanced, as every entry is. */
const entry = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines): SplitLine[] => {
  const rest = lines.reduce((t, l) => t + l.debit - l.credit, 0n);
  if (rest === 0n) return lines;
  return [...lines, { part: "other", demandYear: null, debit: rest < 0n ? -rest : 0n, credit: rest > 0n ? rest : 0n }];
});

test("whatever an entry holds, each year's demand less collection less reduction is what its receivables moved by, to the paisa", () => {
  fc.assert(
    fc.property(entry, (lines) => {
      const split = splitEntry(lines);
      const years = new Set(
        lines.filter((l) => l.part === "receivable" && l.demandYear !== null).map((l) => l.demandYear),
      );
      expect(new Set(split.map((s) => s.demandYear))).toEqual(years);
      for (const s of split) {
        const moved = lines
          .filter((l) => l.part === "receivable" && l.demandYear === s.demandYear)
          .reduce((t, l) => t + l.debit - l.credit, 0n);
        expect(s.demand - s.collected - s.reduced).toBe(moved);
      }
    }),
    { numRuns: 500 },
  );
});

test("the order of an entry's lines changes nothing", () => {
  fc.assert(
    fc.property(
      entry.chain((lines) =>
        fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length })),
      ),
      ([lines, shuffled]) => {
        expect(splitEntry(shuffled)).toEqual(splitEntry(lines));
      },
    ),
  );
});

const dr = (account: string, amount: number, demandYear?: string): SplitLine => ({
  part: demandPart(account),
  demandYear: demandYear === undefined ? null : financialYear(demandYear),
  debit: BigInt(amount),
  credit: 0n,
});
const cr = (account: string, amount: number, demandYear?: string): SplitLine => {
  const line = dr(account, amount, demandYear);
  return { ...line, debit: 0n, credit: line.debit };
};
const of = (...lines: SplitLine[]): string[] =>
  splitEntry(lines).map((s) => `${s.demandYear} ${s.demand} ${s.collected} ${s.reduced}`);

test.for<[string, SplitLine[], string[]]>([
  ["a demand with cess", [dr("4311001", 108, "2025-26"), cr("1100101", 100), cr("4319100", 8)], ["2025-26 108 0 0"]],
  [
    "a collection of arrears and current year, with the cess that becomes payable",
    [
      dr("4501001", 200),
      cr("4311004", 108, "2024-25"),
      cr("4311001", 80, "2025-26"),
      cr("1402010", 12),
      dr("4319100", 14),
      cr("3503001", 14),
    ],
    ["2024-25 0 108 0", "2025-26 0 80 0"],
  ],
  [
    "a rebate within a receipt, of the current year though arrears are paid too",
    [dr("4502101", 203), dr("1109004", 5), cr("4311004", 108, "2024-25"), cr("4311001", 100, "2025-26")],
    ["2024-25 0 108 0", "2025-26 0 95 5"],
  ],
  [
    "an advance adjusted in the entry of the demand",
    [
      dr("4311001", 108, "2025-26"),
      cr("1100101", 100),
      cr("4319100", 8),
      dr("3504101", 42),
      cr("4311001", 42, "2025-26"),
      dr("4319100", 3),
      cr("3503001", 3),
    ],
    ["2025-26 108 42 0"],
  ],
  [
    "a returned cheque with the charge for it: collection is taken back, the charge is demand",
    [
      dr("4311001", 540, "2025-26"),
      dr("4314006", 25, "2025-26"),
      dr("2407001", 11),
      cr("4502101", 551),
      cr("1808002", 25),
      dr("3503001", 40),
      cr("4319100", 40),
    ],
    ["2025-26 25 -540 0"],
  ],
  [
    "a write-off with its cess, oldest year first",
    [
      dr("4321000", 162),
      cr("4311004", 54, "2020-21"),
      cr("4311004", 108, "2021-22"),
      dr("4319100", 12),
      cr("4329100", 12),
    ],
    ["2020-21 0 0 54", "2021-22 0 0 108"],
  ],
  [
    "a write-off taken back",
    [cr("4321000", 108), dr("4311004", 108, "2021-22"), cr("4319100", 8), dr("4329100", 8)],
    ["2021-22 0 0 -108"],
  ],
  [
    "a remission of own tax and cess",
    [dr("1109001", 100), dr("4319100", 8), cr("4311001", 108, "2025-26")],
    ["2025-26 0 0 108"],
  ],
  [
    "a demand for earlier years",
    [dr("4311004", 54, "2023-24"), dr("4311004", 54, "2024-25"), cr("2801000", 100), cr("4319100", 8)],
    ["2023-24 54 0 0", "2024-25 54 0 0"],
  ],
  ["a demand withdrawn", [cr("4311001", 108, "2025-26"), dr("1100101", 100), dr("4319100", 8)], ["2025-26 -108 0 0"]],
  [
    "the current head's dues moved to the arrears head: nothing happened to the year",
    [dr("4311004", 70, "2024-25"), cr("4311001", 70, "2024-25")],
    ["2024-25 0 0 0"],
  ],
  [
    "rent with GST, and its receipt with tax deducted by the tenant",
    [
      dr("4314001", 100, "2025-26"),
      dr("4314007", 18, "2025-26"),
      cr("1301015", 100),
      cr("3502034", 9),
      cr("3502035", 9),
    ],
    ["2025-26 118 0 0"],
  ],
  ["an over-payment that becomes an advance", [dr("4311001", 30, "2025-26"), cr("3504101", 30)], ["2025-26 0 -30 0"]],
  ["a credit from a suspense head", [dr("3508006", 30), cr("4313001", 30, "2025-26")], ["2025-26 0 30 0"]],
])("%s", ([, lines, says]) => {
  expect(of(...lines)).toEqual(says);
});
