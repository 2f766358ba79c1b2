import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluate, misplaced, parseCodes, parseFormula, parseLayout, sumCodes } from "./language.ts";

const row = (line: number, over: Record<string, string>): Record<string, string> => ({
  line: String(line),
  level: "1",
  kind: "line",
  side: "Cr",
  label: `line ${line}`,
  ...over,
});

test("codes are prefixes that add, take away and leave out, or take one side alone", () => {
  const amounts = [
    { account: "3501001", debit: 10n, credit: 100n },
    { account: "3501201", debit: 0n, credit: 7n },
    { account: "4101001", debit: 50n, credit: 20n },
  ];
  expect(sumCodes(parseCodes("350"), "Cr", amounts)).toBe(97n);
  expect(sumCodes(parseCodes("350 !35012"), "Cr", amounts)).toBe(90n);
  expect(sumCodes(parseCodes("350 410"), "Cr", amounts)).toBe(67n);
  expect(sumCodes(parseCodes("-350"), "Cr", amounts)).toBe(-97n);
  expect(sumCodes(parseCodes("410"), "Dr", amounts)).toBe(30n);
  expect(sumCodes(parseCodes("410.dr"), "Dr", amounts)).toBe(50n);
  expect(sumCodes(parseCodes("410.dr"), "Cr", amounts)).toBe(-50n);
  expect(sumCodes(parseCodes("410.cr"), "Cr", amounts)).toBe(20n);
});

test("a formula is a sum of lines", () => {
  expect(parseFormula("3..5 + 9 - 11")).toEqual([
    { line: 3, sign: 1n },
    { line: 4, sign: 1n },
    { line: 5, sign: 1n },
    { line: 9, sign: 1n },
    { line: 11, sign: -1n },
  ]);
});

test.each(["35x", "!350.dr", "350.net", "12345678", "350,360"])(
  "codes that cannot be read are refused: %s",
  (codes) => {
    expect(() => parseLayout("test", [row(1, { codes })])).toThrow("is not a prefix of account codes");
  },
);

test.each([
  ["3 4", "is not a sum of lines"],
  ["3 +", "ends with a sign"],
  ["+ + 3", "a sign without a line"],
  ["5..3", "runs backwards"],
])("formulas that cannot be read are refused: %s", (formula, why) => {
  expect(() => parseFormula(formula)).toThrow(why);
});

test("everything wrong with a layout is listed at once", () => {
  const records = [
    row(1, { kind: "heading", codes: "1" }),
    row(2, { side: "", codes: "110" }),
    row(4, { kind: "total", formula: "9 + 1 + 4" }),
    row(4, { kind: "sum" }),
  ];
  expect(() => parseLayout("test", records)).toThrow(
    "layout test: line 1: a heading holds no amount; line 2: a line says whether it counts credits or debits; line 4: stands in place 3; " +
      'line 4: "sum" is not heading, line or total; line 4: adds line 9, which is not there; line 4: adds line 1, a heading; ' +
      "line 4: adds line 4, which does not stand above it",
  );
});

test("totals add what stands above them, with their signs", () => {
  const layout = parseLayout("test", [
    row(1, { codes: "1" }),
    row(2, { codes: "2", side: "Dr" }),
    row(3, { kind: "total", formula: "1 - 2", side: "" }),
  ]);
  const amounts = [
    { account: "1100101", debit: 0n, credit: 100n },
    { account: "2100101", debit: 30n, credit: 0n },
  ];
  expect([...evaluate(layout, { "": amounts })]).toEqual([
    [1, 100n],
    [2, 30n],
    [3, 70n],
  ]);
});

test("an account in no line, or in two, is named", () => {
  const layout = parseLayout("test", [row(1, { codes: "350" }), row(2, { codes: "3501 360" })]);
  expect(misplaced(layout, ["3502001", "3501001", "3601001", "3701001"])).toEqual([
    "account 3501001 stands in lines 1, 2 of test",
    "account 3701001 stands in no line of test",
  ]);
});

test("where lines take parts, an account's debits and credits each come to one", () => {
  const layout = parseLayout("test", [
    row(1, { codes: "2" }),
    row(2, { codes: "-272" }),
    row(3, { codes: "272 410.dr" }),
    row(4, { codes: "410.cr" }),
    row(5, { codes: "411.cr" }),
  ]);
  expect(misplaced(layout, ["2722000", "2101001", "4101001", "4112001"], { inParts: true })).toEqual([
    "account 4112001 counts 0 times in debits and 1 times in credits of test (lines 5)",
  ]);
});

test("where every account comes to one, the lines add up to credits less debits, whatever was booked", () => {
  const layout = parseLayout("test", [
    row(1, { codes: "2" }),
    row(2, { codes: "-272" }),
    row(3, { codes: "272 410.dr" }),
    row(4, { codes: "410.cr" }),
    row(5, { kind: "total", formula: "1..4" }),
  ]);
  const accounts = ["2722000", "2101001", "4101001"];
  expect(misplaced(layout, accounts, { inParts: true })).toEqual([]);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          account: fc.constantFrom(...accounts),
          debit: fc.bigInt(0n, 10n ** 15n),
          credit: fc.bigInt(0n, 10n ** 15n),
        }),
      ),
      (amounts) => {
        const net = amounts.reduce((sum, a) => sum + a.credit - a.debit, 0n);
        expect(evaluate(layout, { "": amounts }).get(5)).toBe(net);
      },
    ),
  );
});
