import fc from "fast-check";
import { expect, test } from "vitest";
import { unitsFor } from "./decimals.ts";
import { apportionAsUpyog, type UpyogHead, type UpyogPeriod, type UpyogRequest } from "./upyog-v2.ts";

const KINDS = ["CHARGE", "PENALTY", "REBATE", "ADVANCE_CARRYFORWARD"] as const;

/** Bills with charges, rebates and advances, nothing settled before; the totals are those of the heads, no two heads share an order. */
const anyRequest: fc.Arbitrary<UpyogRequest> = fc
  .record({
    paid: fc.bigInt({ min: 0n, max: 400_000n }),
    isAdvanceAllowed: fc.boolean(),
    periods: fc.array(
      fc.array(fc.record({ kind: fc.constantFrom(...KINDS), size: fc.bigInt({ min: 0n, max: 90_000n }) }), {
        maxLength: 6,
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ paid, isAdvanceAllowed, periods }) => ({
    businessService: "WS",
    amountPaid: paid,
    isAdvanceAllowed,
    advanceHead: "WS_ADVANCE_CARRYFORWARD",
    periods: periods.map((heads, p): UpyogPeriod => {
      const made = heads.map((h, order): UpyogHead => ({
        taxHeadCode: `WS_${h.kind}`,
        amount: h.kind === "REBATE" || h.kind === "ADVANCE_CARRYFORWARD" ? -h.size : h.size,
        adjustedAmount: 0n,
        order,
      }));
      return {
        fromPeriod: p,
        amountToBePaid: made.reduce((t, h) => t + h.amount, 0n),
        amountPaid: 0n,
        heads: made,
      };
    }),
  }));

const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

test("nothing is lost: what is adjusted and what became an advance sum to what was paid", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      fc.pre(request.periods.length > 0);
      const done = apportionAsUpyog(request);
      const heads = done.periods.flatMap((p) => p.heads);
      const before = request.periods.flatMap((p) => p.heads);
      const enlarged = total(heads.map((h) => h.amount)) - total(before.map((h) => h.amount));
      const asAdvance = -enlarged - (done.newAdvance?.amount ?? 0n);
      expect(asAdvance >= 0n).toBe(true);
      expect(total(heads.map((h) => h.adjustedAmount)) + asAdvance).toBe(request.amountPaid);
    }),
  );
});

test("no head is adjusted beyond its amount, and never with the other sign", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      for (const h of apportionAsUpyog(request).periods.flatMap((p) => p.heads)) {
        expect(h.amount >= 0n ? h.adjustedAmount >= 0n : h.adjustedAmount <= 0n).toBe(true);
        expect(h.amount >= 0n ? h.adjustedAmount <= h.amount : h.adjustedAmount >= h.amount).toBe(true);
      }
    }),
  );
});

test("the order of periods and heads in the request does not matter", () => {
  fc.assert(
    fc.property(anyRequest, fc.integer(), (request, seed) => {
      // An advance that is used in part is taken in the order of the heads, so one period holds one advance here.
      fc.pre(request.periods.every((p) => p.heads.filter((h) => h.taxHeadCode.includes("ADVANCE")).length <= 1));
      const turned: UpyogRequest = {
        ...request,
        periods: [...request.periods].reverse().map((p) => ({ ...p, heads: rotated(p.heads, seed) })),
      };
      const straight = apportionAsUpyog(request);
      const other = apportionAsUpyog(turned);
      const said = (req: UpyogRequest, done: typeof straight) =>
        req.periods
          .map((p, i) => ({
            from: p.fromPeriod,
            paid: done.periods[i]?.amountPaid,
            heads: p.heads
              .map((h, j) => ({ order: h.order, ...done.periods[i]?.heads[j] }))
              .sort((a, b) => (a.order ?? 0) - (b.order ?? 0)),
          }))
          .sort((a, b) => a.from - b.from);
      expect(said(turned, other)).toEqual(said(request, straight));
      expect(other.newAdvance?.amount).toBe(straight.newAdvance?.amount);
    }),
  );
});

test("twice is once: paying nothing on what is apportioned changes no head, unless it all sums to nothing", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      fc.pre(total(request.periods.map((p) => p.amountToBePaid)) !== 0n);
      const done = apportionAsUpyog({ ...request, isAdvanceAllowed: false });
      const again = apportionAsUpyog({
        ...request,
        isAdvanceAllowed: false,
        amountPaid: 0n,
        periods: request.periods.map((p, i) => ({
          ...p,
          heads: p.heads.map((h, j) => ({ ...h, ...done.periods[i]?.heads[j] })),
        })),
      });
      expect(again.periods.map((p) => p.heads)).toEqual(done.periods.map((p) => p.heads));
      expect(again.newAdvance).toBeNull();
    }),
  );
});

test("a request is not changed by being apportioned", () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const before = structuredClone(request);
      apportionAsUpyog(request);
      expect(request).toEqual(before);
    }),
  );
});

test("every JSON number comes back as itself, and sums are those of decimals", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 })), (numbers) => {
      const units = unitsFor(numbers);
      // −0 is 0 to every reader of JSON numbers.
      for (const n of numbers) expect(units.toNumber(units.of(n))).toBe(n === 0 ? 0 : n);
    }),
  );
  const units = unitsFor([0.1, 0.2, 0.3]);
  expect(units.of(0.1) + units.of(0.2)).toBe(units.of(0.3));
});

function rotated<T>(list: readonly T[], by: number): T[] {
  if (list.length === 0) return [];
  const at = ((by % list.length) + list.length) % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
