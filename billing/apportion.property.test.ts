import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear } from "../ledger/kernel/dates.ts";
import { paise, sum } from "../ledger/kernel/money.ts";
import { apportion, DEFAULT_ORDER, type ApportionOrder } from "./apportion.ts";
import { lineKey, outstandingOf } from "./due.ts";
import { anyLines } from "./testing-lines.ts";

const year = financialYear("2025-26");
const dues = anyLines.map((lines) => lines.map((l) => ({ ...l, outstanding: outstandingOf(l) })));
const amount = fc.bigInt({ min: 0n, max: 3_000_000n }).map(paise);
const order: fc.Arbitrary<ApportionOrder> = fc.constantFrom<ApportionOrder[]>(
  DEFAULT_ORDER,
  [],
  [{ age: "current" }, { age: "arrears" }],
  [{ kinds: ["tax"] }, { kinds: ["penalty"] }],
);

test("parts and excess sum to the payment", () => {
  fc.assert(
    fc.property(dues, amount, order, (d, a, o) => {
      const { lines, excess } = apportion(d, a, o, year);
      expect(sum([...lines.map((l) => l.amount), excess])).toBe(a);
    }),
  );
});

test("no due gets more than is outstanding, and each at most once", () => {
  fc.assert(
    fc.property(dues, amount, order, (d, a, o) => {
      const { lines } = apportion(d, a, o, year);
      expect(new Set(lines.map((l) => lineKey(l.due))).size).toBe(lines.length);
      for (const l of lines) expect(l.amount > 0n && l.amount <= l.due.outstanding).toBe(true);
    }),
  );
});

test("there is excess only when everything is settled", () => {
  fc.assert(
    fc.property(dues, amount, order, (d, a, o) => {
      const { lines, excess } = apportion(d, a, o, year);
      const due = sum(d.map((x) => x.outstanding));
      expect(excess).toBe(a > due ? a - due : 0n);
      if (excess > 0n) expect(sum(lines.map((l) => l.amount))).toBe(due);
    }),
  );
});

test("the order in which dues are given does not matter", () => {
  fc.assert(
    fc.property(
      dues.chain((d) => fc.tuple(fc.constant(d), fc.shuffledSubarray(d, { minLength: d.length }))),
      amount,
      order,
      ([d, shuffled], a, o) => {
        const said = (x: typeof d) => apportion(x, a, o, year).lines.map((l) => [lineKey(l.due), l.amount]);
        expect(said(shuffled)).toEqual(said(d));
      },
    ),
  );
});

test("a larger payment never settles less of any due", () => {
  fc.assert(
    fc.property(dues, amount, amount, order, (d, a, more, o) => {
      const small = new Map(apportion(d, a, o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      const large = new Map(apportion(d, paise(a + more), o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      for (const [key, part] of small) expect((large.get(key) ?? 0n) >= part).toBe(true);
    }),
  );
});

test("by the default order no arrear waits for a current due, and no penalty for either", () => {
  fc.assert(
    fc.property(dues, amount, (d, a) => {
      const { lines } = apportion(d, a, DEFAULT_ORDER, year);
      const got = new Map(lines.map((l) => [lineKey(l.due), l.amount]));
      const rank = (x: (typeof d)[number]) => (x.kind === "penalty" ? 0 : x.demandYear < year ? 1 : 2);
      const full = (x: (typeof d)[number]) => (got.get(lineKey(x)) ?? 0n) === x.outstanding;
      for (const x of d) for (const y of d) if (rank(x) < rank(y) && got.has(lineKey(y))) expect(full(x)).toBe(true);
      for (const x of d) {
        for (const y of d) {
          if (rank(x) === rank(y) && x.periodFrom < y.periodFrom && got.has(lineKey(y))) expect(full(x)).toBe(true);
        }
      }
    }),
  );
});
