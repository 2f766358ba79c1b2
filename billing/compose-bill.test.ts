import fc from "fast-check";
import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees, sum, toRupees } from "../ledger/kernel/money.ts";
import { composeBill } from "./compose-bill.ts";
import { outstandingOf } from "./due.ts";
import { settle, type ServiceTerms } from "./settle.ts";
import { anyLines, line, penaltyLine, PLAIN_TERMS } from "./testing-lines.ts";

const on = localDate("2025-04-28");
const rebate: ServiceTerms = { ...PLAIN_TERMS, rebate: { percent: "5", days: 30 } };

test("a bill says arrears, current, penalty and rebate apart, and its lines stand in the order in which they are settled", () => {
  const bill = composeBill(
    "c",
    [line({ demandId: "n" }), line({ demandId: "o", periodFrom: localDate("2024-04-01") })],
    [penaltyLine({ demandId: "p", amount: rupees("12.34") })],
    on,
    PLAIN_TERMS,
  );
  expect(bill.lines.map((l) => [l.part, l.demandId])).toEqual([
    ["penalty", null],
    ["arrears", "o"],
    ["current", "n"],
  ]);
  expect([bill.arrears, bill.current, bill.penalty, bill.rebate, bill.rounding, bill.total].map(toRupees)).toEqual([
    "1188.00",
    "1188.00",
    "12.34",
    "0.00",
    "0.00",
    "2388.34",
  ]);
});

test("C06: the bill of a half-year asks for the amount less the rebate, and exactly that settles it", () => {
  const a2 = line({
    demandId: "a2",
    amount: rupees("10800.00"),
    cess: rupees("800.00"),
    rebateUntil: localDate("2025-04-30"),
  });
  const bill = composeBill("c", [a2], [], on, rebate);
  expect([bill.current, bill.rebate, bill.total].map(toRupees)).toEqual(["10800.00", "500.00", "10300.00"]);
  expect(settle([a2], bill.total, on, rebate).lines.map(outstandingOf)).toEqual([0n]);
  expect(toRupees(composeBill("c", [a2], [], localDate("2025-05-01"), rebate).total)).toBe("10800.00");
});

test("in whole rupees, what is added is less than a rupee", () => {
  const bill = composeBill("c", [line({ demandId: "n", amount: rupees("100.01") })], [], on, {
    ...PLAIN_TERMS,
    roundTo: "rupee",
  });
  expect([bill.rounding, bill.total].map(toRupees)).toEqual(["0.99", "101.00"]);
});

test("paying the bill settles it; the excess is its rounding", () => {
  const terms = fc.constantFrom<ServiceTerms[]>(PLAIN_TERMS, rebate, { ...rebate, roundTo: "rupee" });
  fc.assert(
    fc.property(anyLines, terms, (lines, t) => {
      const bill = composeBill("c", lines, [], on, t);
      const paid = settle(lines, bill.total, on, t);
      expect(sum(paid.lines.map(outstandingOf))).toBe(0n);
      expect(paid.excess).toBe(bill.rounding);
      expect(composeBill("c", [...lines].reverse(), [], on, t).fingerprint).toBe(bill.fingerprint);
    }),
  );
});

test("the fingerprint changes with the dues and only with them", () => {
  const base = composeBill("c", [line({ demandId: "n" })], [], on, PLAIN_TERMS);
  expect(composeBill("c", [line({ demandId: "n" })], [], localDate("2025-05-05"), PLAIN_TERMS).fingerprint).toBe(
    base.fingerprint,
  );
  expect(
    composeBill("c", [line({ demandId: "n", settled: rupees("1.00") })], [], on, PLAIN_TERMS).fingerprint,
  ).not.toBe(base.fingerprint);
  expect(composeBill("d", [line({ demandId: "n" })], [], on, PLAIN_TERMS).fingerprint).not.toBe(base.fingerprint);
});
