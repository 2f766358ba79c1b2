import { expect, test } from "vitest";
import {
  add,
  formatIndian,
  formatInUnit,
  formatStatement,
  groupIndian,
  inWords,
  max,
  min,
  negate,
  paise,
  percentOf,
  proportion,
  rate,
  roundToRupee,
  rupees,
  subtract,
  sum,
  toRupees,
  ZERO,
} from "./money.ts";

// amount, 3-2-2 grouping, words: constructed cases, from nothing to ten thousand crore.
const NUMBER_FORMAT: readonly (readonly [string, string, string])[] = [
  ["0", "0.00", "Rupees Zero Only"],
  ["0.05", "0.05", "Rupees Zero and Paise Five Only"],
  ["1", "1.00", "Rupees One Only"],
  ["99.90", "99.90", "Rupees Ninety-Nine and Paise Ninety Only"],
  ["999", "999.00", "Rupees Nine Hundred Ninety-Nine Only"],
  ["1000", "1,000.00", "Rupees One Thousand Only"],
  ["10000", "10,000.00", "Rupees Ten Thousand Only"],
  ["99999.99", "99,999.99", "Rupees Ninety-Nine Thousand Nine Hundred Ninety-Nine and Paise Ninety-Nine Only"],
  ["100000", "1,00,000.00", "Rupees One Lakh Only"],
  [
    "1234567.50",
    "12,34,567.50",
    "Rupees Twelve Lakh Thirty-Four Thousand Five Hundred Sixty-Seven and Paise Fifty Only",
  ],
  ["10000000", "1,00,00,000.00", "Rupees One Crore Only"],
  [
    "12345678.90",
    "1,23,45,678.90",
    "Rupees One Crore Twenty-Three Lakh Forty-Five Thousand Six Hundred Seventy-Eight and Paise Ninety Only",
  ],
  [
    "1234567890",
    "1,23,45,67,890.00",
    "Rupees One Hundred Twenty-Three Crore Forty-Five Lakh Sixty-Seven Thousand Eight Hundred Ninety Only",
  ],
  ["100000000000", "1,00,00,00,00,000.00", "Rupees Ten Thousand Crore Only"],
];

test.each(NUMBER_FORMAT)("%s is printed %s and in words as lakh and crore", (amount, formatted, words) => {
  expect(formatIndian(rupees(amount))).toBe(formatted);
  expect(inWords(rupees(amount))).toBe(words);
});

test("a negative amount has a minus sign in lists and brackets on statements", () => {
  expect(formatIndian(rupees("-12345678.90"))).toBe("-1,23,45,678.90");
  expect(formatStatement(rupees("-12345678.90"))).toBe("(1,23,45,678.90)");
  expect(formatStatement(rupees("12345678.90"))).toBe("1,23,45,678.90");
  expect(toRupees(rupees("-0.05"))).toBe("-0.05");
});

test("the sum in words is printed for no negative amount", () => {
  expect(() => inWords(rupees("-1"))).toThrow("invariant broken");
});

test("digits are grouped three, then by two", () => {
  expect(["1", "12", "123", "1234", "12345", "123456", "1234567", "12345678901"].map(groupIndian)).toEqual([
    "1",
    "12",
    "123",
    "1,234",
    "12,345",
    "1,23,456",
    "12,34,567",
    "12,34,56,78,901",
  ]);
});

test.each([["0.005"], ["100.999"], ["1.000"], ["-3.141"]])("%s has a third decimal and is refused", (input) => {
  expect(() => rupees(input)).toThrow(/^MONEY_DECIMALS: .* has 3 decimals; an amount has at most two/);
});

test.each([[""], ["1,000.00"], ["₹5"], [" 5"], ["5."], [".5"], ["1e3"], ["+1"], ["--1"], ["0x10"], ["१२"], ["NaN"]])(
  "%j is not an amount",
  (input) => {
    expect(() => rupees(input)).toThrow(/^MONEY_FORMAT: /);
  },
);

test("an amount beyond a PostgreSQL bigint is refused, the largest is held", () => {
  expect(toRupees(rupees("92233720368547758.07"))).toBe("92233720368547758.07");
  expect(() => rupees("92233720368547758.08")).toThrow(/^MONEY_RANGE: /);
  expect(() => rupees("9".repeat(40))).toThrow(/^MONEY_RANGE: /);
  expect(() => add(rupees("92233720368547758.07"), paise(1n))).toThrow(/^MONEY_RANGE: /);
});

test("29 paise is 29 paise: no float is on the way", () => {
  expect(rupees("0.29")).toBe(29n);
  expect(rupees("-0.29")).toBe(-29n);
  expect(rupees("1234.5")).toBe(123450n);
});

test("a share is rounded half away from zero to the paisa", () => {
  // 770.00 of a demand of 2,160.00 that holds 160.00 of cess.
  expect(proportion(rupees("770.00"), rupees("160.00"), rupees("2160.00"))).toBe(rupees("57.04"));
  expect(proportion(rupees("422.00"), rupees("88.00"), rupees("1188.00"))).toBe(rupees("31.26"));
  expect(proportion(paise(1n), 1n, 2n)).toBe(1n);
  expect(proportion(paise(-1n), 1n, 2n)).toBe(-1n);
  expect(proportion(paise(1n), 1n, 3n)).toBe(0n);
  expect(() => proportion(paise(1n), 1n, 0n)).toThrow("invariant broken");
});

test("percentages have any number of digits and one rounding", () => {
  expect(percentOf(rupees("10000.00"), rate("5"))).toBe(rupees("500.00"));
  expect(percentOf(rupees("100.00"), rate("8.125"))).toBe(rupees("8.13"));
  expect(percentOf(rupees("-100.00"), rate("8.125"))).toBe(rupees("-8.13"));
  expect(percentOf(rupees("92233720368547758.07"), rate("100"))).toBe(rupees("92233720368547758.07"));
  expect(() => rate("8%")).toThrow(/^RATE_FORMAT: /);
});

test("rounding to the rupee takes 50 paise up", () => {
  expect(["0.49", "0.50", "1.49", "-0.50", "-0.49"].map((a) => toRupees(roundToRupee(rupees(a))))).toEqual([
    "0.00",
    "1.00",
    "1.00",
    "-1.00",
    "0.00",
  ]);
});

test("the small arithmetic", () => {
  const a = rupees("2.50");
  const b = rupees("1.25");
  expect([sum([]), sum([a, b]), add(a, b), subtract(a, b), negate(a), min(a, b), max(a, b)].map(toRupees)).toEqual([
    "0.00",
    "3.75",
    "3.75",
    "1.25",
    "-2.50",
    "1.25",
    "2.50",
  ]);
  expect(ZERO).toBe(0n);
});

test("dashboards show lac and crore with two decimals", () => {
  expect(formatInUnit(rupees("123456789.00"), "crore")).toBe("12.35");
  expect(formatInUnit(rupees("123456789.00"), "lac")).toBe("1,234.57");
  expect(formatInUnit(rupees("123456789.00"), "unit")).toBe("12,34,56,789.00");
});
