import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear } from "../../ledger/kernel/dates.ts";
import { paise, sum } from "../../ledger/kernel/money.ts";
import { apportion, DEFAULT_ORDER, type ApportionOrder } from "./dues.ts";
import { lineKey, outstandingOf } from "../due.ts";
import { anyLines } from "../testing-lines.ts";

const year = financialYear("2025-26");
const dues = anyLines.map((lines) => lines.map((l) => ({ ...l, outstanding: outstandingOf(l) })));
const amount = fc.bigInt({ min: 0n, max: 3_000_000n }).map(paise);
const order: fc.Arbitrary<ApportionOrder> = fc.constantFrom<ApportionOrder[]>(
  "nmam",
  "master-order",
  "upyog-v2",
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

test("by nmam no arrear waits for a current due, and no penalty for either", () => {
  fc.assert(
    fc.property(dues, amount, (d, a) => {
      const { lines } = apportion(d, a, "nmam", year);
      expect(lines).toEqual(apportion(d, a, DEFAULT_ORDER, year).lines);
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

test("by the oldest period first: no due gets anything while one of an older period is open", () => {
  fc.assert(
    fc.property(dues, amount, fc.constantFrom<ApportionOrder>("master-order", "upyog-v2"), (d, a, o) => {
      const got = new Map(apportion(d, a, o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      const isOpen = (x: (typeof d)[number]) => (got.get(lineKey(x)) ?? 0n) < x.outstanding;
      for (const x of d) {
        for (const y of d) if (x.periodFrom < y.periodFrom && isOpen(x)) expect(got.get(lineKey(y))).toBeUndefined();
      }
    }),
  );
});

test("within a period master-order goes by the head's order, upyog-v2 by the amount, then by the head's order", () => {
  fc.assert(
    fc.property(dues, amount, (d, a) => {
      for (const order of ["master-order", "upyog-v2"] as const) {
        const got = new Map(apportion(d, a, order, year).lines.map((l) => [lineKey(l.due), l.amount]));
        const isOpen = (x: (typeof d)[number]) => (got.get(lineKey(x)) ?? 0n) < x.outstanding;
        for (const x of d) {
          for (const y of d) {
            const before =
              order === "master-order"
                ? x.priority < y.priority
                : x.outstanding < y.outstanding || (x.outstanding === y.outstanding && x.priority < y.priority);
            if (x.periodFrom === y.periodFrom && before && isOpen(x)) expect(got.get(lineKey(y))).toBeUndefined();
          }
        }
      }
    }),
  );
});

test("a payment in two parts settles in all what it settles at once, by every policy that does not look at amounts", () => {
  fc.assert(
    fc.property(dues, amount, amount, fc.constantFrom<ApportionOrder>("nmam", "master-order"), (d, a, b, o) => {
      const first = new Map(apportion(d, a, o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      const rest = d.map((x) => ({ ...x, outstanding: paise(x.outstanding - (first.get(lineKey(x)) ?? 0n)) }));
      const second = new Map(apportion(rest, b, o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      const once = new Map(apportion(d, paise(a + b), o, year).lines.map((l) => [lineKey(l.due), l.amount]));
      const all = d.map((x) => (first.get(lineKey(x)) ?? 0n) + (second.get(lineKey(x)) ?? 0n));
      // What the first part left over is not carried here; both sides then settle everything.
      if (sum(first.values()) === a) expect(all).toEqual(d.map((x) => once.get(lineKey(x)) ?? 0n));
    }),
  );
});
