import { describe, expect, test } from "vitest";
import { readScenarios } from "./read.ts";
import { differences, moneyDifferences, paiseOf, type Value } from "./values.ts";

const read = (text: string) => readScenarios("x.yaml", `id: X\n${text}`)[0];
const stepOf = (text: string): Value => read(`steps:\n  - ${text}\n`)?.steps[0]?.value ?? null;

describe("money in a file", () => {
  test.each([
    ["amount: 1000000", 1_000_000n],
    ["amount: 1_000_000", 1_000_000n],
    ["amount: 10000.00", 1_000_000n],
    ['amount: "10000.00"', 1_000_000n],
    ["amount: 10,000.00", 1_000_000n],
    ["amount: Rs 1,00,000", 10_000_000n],
    ["amount: Rs. 1,00,000.50, advance: true", 10_000_050n],
    ["amount: ₹1,500", 150_000n],
    ["amount: 1,500/-", 150_000n],
    ["amount: INR 1500.00", 150_000n],
    ["amount: -10,000.00", -1_000_000n],
    ["amount: ₹ -59.00", -5900n],
  ])("%s is %d paise, with and without quotes around the fields beside it", (written, paise) => {
    const value = stepOf(`cash: { bill: B1, ${written} }`) as { readonly amount: Value };
    expect(paiseOf(value.amount, "amount")).toBe(paise);
  });

  test.each(["10,000", "1e5", "100.5", "ten", ""])("%s is refused: it could be either, or is no money", (text) => {
    expect(() => paiseOf(text, "amount")).toThrow(/^amount/);
  });

  test("digits of a number that is no money are kept as they are written", () => {
    expect(stepOf("cheque: { number: 000451, utr: 12E5, reference: 20260603000000000123 }")).toEqual({
      number: "000451",
      utr: "12E5",
      reference: "20260603000000000123",
    });
  });

  test("an amount within quotes or a comment is left alone", () => {
    expect(read('title: "due: 10,000.00, paid" # owes: 1,000.00, or so\n')?.title).toBe("due: 10,000.00, paid");
  });
});

test("a call with commas is one word also within a flow mapping or list", () => {
  const scenario = read(
    "steps: [pay(B1, upi), {sim: POST /__sim/faults, body: {match: GET /v1/orders, do: status(502, html), nth: 1}}]\n",
  );
  expect(scenario?.steps.map((s) => s.fields)).toEqual([
    { pay: "B1, upi" },
    { sim: "POST /__sim/faults", body: { match: "GET /v1/orders", do: "status(502, html)", nth: 1 } },
  ]);
});

describe("what is expected of a sum", () => {
  test.each<[Value, bigint, boolean]>([
    ["5000.00", 500_000n, true],
    ["5000.00", 500_001n, false],
    [{ at_least: "5000.00" }, 500_000n, true],
    [{ at_least: "5000.00" }, 499_999n, false],
    [{ at_most: "5000.00" }, 500_001n, false],
    [{ between: ["50.00", "60.00"] }, 5500n, true],
    [{ between: ["50.00", "60.00"] }, 6001n, false],
    [{ not: "5000.00" }, 500_000n, false],
    [{ one_of: ["1.00", "2.00"] }, 200n, true],
    ["none", 0n, true],
    ["none", 1n, false],
    ["any", 7n, true],
  ])("%j against %d paise holds: %s", (expected, found, holds) => {
    expect(moneyDifferences("due", expected, found).length === 0).toBe(holds);
  });

  test("both figures are told, in paise and in rupees", () => {
    expect(moneyDifferences("due", "1.00", 99n)).toEqual(["due: expected 100 (1.00), got 99 (0.99)"]);
  });
});

describe("what is expected of other things", () => {
  test.each<[Value, unknown, boolean]>([
    // The gateway says money in whole paise.
    ["1500.00", 150_000, true],
    ["1500.00", 1500, false],
    ["0.20", 0.2, true],
    ["none", [], true],
    ["none", [1], false],
    ["none", undefined, false],
    ["any", undefined, false],
    ["any", "x", true],
    [{ at_most: 3 }, undefined, false],
    [{ at_most: 3 }, null, false],
    [{ at_least: 1, at_most: 3 }, 2, true],
    [{ min: 1 }, 2, false],
  ])("%j against %j holds: %s", (expected, found, holds) => {
    expect(differences("it", expected, found).length === 0).toBe(holds);
  });
});

describe("what is expected may be", () => {
  test("fields or a list of them", () => {
    expect(read("expect:\n  - receipts: 1\n  - vouchers: 1\n")?.expect).toEqual([{ receipts: 1 }, { vouchers: 1 }]);
  });

  test.each([
    ["nothing", "expect:\n  ledger:\n", /"ledger" says nothing/],
    ["no field", "expect: { balances: {} }\n", /"balances" says nothing/],
    ["a misspelt word in between", "steps:\n  - expect: { recepts: 1 }\n", /step 1 \(expect\): unknown "recepts"/],
    ["an exception that no check has", "global_except: { inbxo: late }\n", /unknown "inbxo"/],
    [
      "a misspelt word within other steps",
      "steps:\n  - repeat: { times: 0, steps: [{ together: [{ cash: { bill: B1 }, untill: noon }] }] }\n",
      /unknown "untill"/,
    ],
  ])("but not %s", (_what, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
