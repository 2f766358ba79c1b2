import fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, formatIndian, inWords, paise, percentOf, proportion, rate, rupees, sum, toRupees } from "./money.ts";

const MAX = 9_223_372_036_854_775_807n;
const amount = fc.bigInt({ min: -MAX, max: MAX }).map(paise);
const positive = fc.bigInt({ min: 0n, max: MAX }).map(paise);
const weights = fc
  .array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 30 })
  .filter((w) => w.some((x) => x > 0n));

test("what is written in rupees is read back as the same paise", () => {
  fc.assert(
    fc.property(amount, (a) => {
      expect(rupees(toRupees(a))).toBe(a);
    }),
  );
});

test("a grouped amount without its commas is the amount", () => {
  fc.assert(
    fc.property(amount, (a) => {
      expect(rupees(formatIndian(a).replaceAll(",", ""))).toBe(a);
      expect(formatIndian(a)).toMatch(/^-?\d{1,3}(,\d{3})?\.\d\d$|^-?\d{1,2}(,\d{2})+,\d{3}\.\d\d$/);
    }),
  );
});

test("any amount with more than two decimals is refused", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.stringMatching(/^\d{3,20}$/), (whole, decimals) => {
      expect(() => rupees(`${whole}.${decimals}`)).toThrow(/^MONEY_DECIMALS/);
    }),
  );
});

test("parts sum to the whole, and each is within a paisa of its exact share", () => {
  fc.assert(
    fc.property(amount, weights, (total, w) => {
      const parts = allocate(total, w);
      const all = w.reduce((a, b) => a + b, 0n);
      expect(parts).toHaveLength(w.length);
      expect(sum(parts)).toBe(total);
      parts.forEach((part, i) => {
        const off = part * all - total * (w[i] ?? 0n);
        expect(off < all && off > -all).toBe(true);
      });
    }),
  );
});

test("a part that weighs nothing gets nothing", () => {
  fc.assert(
    fc.property(amount, weights, (total, w) => {
      const parts = allocate(total, [...w, 0n]);
      expect(parts.at(-1)).toBe(0n);
    }),
  );
});

test("a proportion is the nearest paisa, halves away from zero", () => {
  fc.assert(
    fc.property(amount, fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.bigInt({ min: 1n, max: 10n ** 6n }), (a, n, d) => {
      fc.pre(n <= d);
      const p = proportion(a, n, d);
      const twice = 2n * (p * d - a * n);
      expect(twice <= d && twice >= -d).toBe(true);
      if (twice === d) expect(a >= 0n).toBe(true);
      if (twice === -d) expect(a <= 0n).toBe(true);
    }),
  );
});

test("a percentage of p/100 equals the proportion p in a hundred", () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 100 }), (a, p) => {
      expect(percentOf(a, rate(String(p)))).toBe(proportion(a, BigInt(p), 100n));
    }),
  );
});

test("different amounts have different words", () => {
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      expect(inWords(a) === inWords(b)).toBe(a === b);
      expect(inWords(a)).not.toMatch(/ {2}|undefined/);
    }),
  );
});
