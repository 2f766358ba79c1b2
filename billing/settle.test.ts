import fc from "fast-check";
import { expect, test } from "vitest";
import { addMonths, localDate } from "../ledger/kernel/dates.ts";
import { paise, rupees, sum, toRupees, ZERO } from "../ledger/kernel/money.ts";
import { lineKey, outstandingOf, type DemandLine } from "./due.ts";
import { settle, settledBy, takeBack, type ServiceTerms } from "./settle.ts";
import { anyLines, line, penaltyLine, PLAIN_TERMS } from "./testing-lines.ts";

/** Plain terms under each policy of apportioning. */
const anyTerms = fc
  .constantFrom<ServiceTerms["order"]>("nmam", "master-order", "upyog-v2")
  .map((order): ServiceTerms => ({ ...PLAIN_TERMS, order }));

const said = (s: ReturnType<typeof settle>) =>
  s.allocations.map((a) => [a.line.demandYear, a.line.taxHead, a.kind, toRupees(a.amount), toRupees(a.cess)]);

const y2023 = line({
  demandId: "a",
  periodFrom: localDate("2023-04-01"),
  amount: rupees("1080.00"),
  cess: rupees("80.00"),
});
const y2024 = line({
  demandId: "b",
  periodFrom: localDate("2024-04-01"),
  amount: rupees("2160.00"),
  cess: rupees("160.00"),
});
const h1 = line({ demandId: "c" });
const penalty = penaltyLine({ demandId: "p", amount: rupees("150.00"), periodFrom: localDate("2023-04-01") });

test("C02: a part payment settles penalty, oldest arrears, newer arrears; its cess is 137.04", () => {
  const s = settle([h1, y2024, y2023, penalty], rupees("2000.00"), localDate("2025-04-10"), PLAIN_TERMS);
  expect(said(s)).toEqual([
    ["2023-24", "PT_PENALTY", "payment", "150.00", "0.00"],
    ["2023-24", "PT_TAX", "payment", "1080.00", "80.00"],
    ["2024-25", "PT_TAX", "payment", "770.00", "57.04"],
  ]);
  expect(toRupees(sum(s.allocations.map((a) => a.cess)))).toBe("137.04");
  expect(s.excess).toBe(0n);
});

test("C03, C05, C11: the last payment of a demand takes the cess that is left", () => {
  const after = settle([h1, y2024, y2023, penalty], rupees("2000.00"), localDate("2025-04-10"), PLAIN_TERMS).lines;
  const c03 = settle(after, rupees("3000.00"), localDate("2025-04-15"), PLAIN_TERMS);
  expect(said(c03)).toEqual([
    ["2024-25", "PT_TAX", "payment", "1390.00", "102.96"],
    ["2025-26", "PT_TAX", "payment", "1188.00", "88.00"],
  ]);
  expect(toRupees(sum(c03.allocations.map((a) => a.cess)))).toBe("190.96");
  expect(toRupees(c03.excess)).toBe("422.00");

  const h2 = line({ demandId: "d", periodFrom: localDate("2025-10-01"), periodTo: localDate("2026-03-31") });
  const c05 = settle([...c03.lines, h2], c03.excess, localDate("2025-10-01"), PLAIN_TERMS, "advance");
  expect(said(c05)).toEqual([["2025-26", "PT_TAX", "advance", "422.00", "31.26"]]);
  const c11 = settle(c05.lines, rupees("766.00"), localDate("2026-03-31"), PLAIN_TERMS);
  expect(said(c11)).toEqual([["2025-26", "PT_TAX", "payment", "766.00", "56.74"]]);
});

const rebateTerms: ServiceTerms = { ...PLAIN_TERMS, rebate: { percent: "5", days: 30 } };
const a2 = line({
  demandId: "a2",
  amount: rupees("10800.00"),
  cess: rupees("800.00"),
  rebateUntil: localDate("2025-04-30"),
});

test("C06: the half-year paid in full by 30 April earns 5% of the own tax, nothing on the cess", () => {
  const s = settle([a2], rupees("10300.00"), localDate("2025-04-28"), rebateTerms);
  expect(said(s)).toEqual([
    ["2025-26", "PT_TAX", "rebate", "500.00", "0.00"],
    ["2025-26", "PT_TAX", "payment", "10300.00", "800.00"],
  ]);
  expect(s.excess).toBe(0n);
  expect(s.lines.map(outstandingOf)).toEqual([0n]);
});

test.each([
  ["a paisa short", "10299.99", "2025-04-28"],
  ["a day late", "10300.00", "2025-05-01"],
])("%s earns no rebate", (_why, amount, on) => {
  const s = settle([a2], rupees(amount), localDate(on), rebateTerms);
  expect(s.allocations.map((a) => a.kind)).toEqual(["payment"]);
});

test("the rebate is refused while an earlier demand is open, though the payment settles both", () => {
  const s = settle(
    [y2024, h1].map((l) => ({ ...l, rebateUntil: l.demandId === "c" ? localDate("2025-04-30") : null })),
    rupees("9000.00"),
    localDate("2025-04-15"),
    rebateTerms,
  );
  expect(s.allocations.map((a) => a.kind)).toEqual(["payment", "payment"]);
  expect(toRupees(s.excess)).toBe("5652.00");
});

test("paid in two parts in time, the second part earns the rebate", () => {
  const first = settle([a2], rupees("10000.00"), localDate("2025-04-10"), rebateTerms);
  expect(first.allocations.map((a) => a.kind)).toEqual(["payment"]);
  const second = settle(first.lines, rupees("300.00"), localDate("2025-04-28"), rebateTerms);
  expect(said(second).map((r) => [r[2], r[3]])).toEqual([
    ["rebate", "500.00"],
    ["payment", "300.00"],
  ]);
  expect(toRupees(sum([...first.allocations, ...second.allocations].map((a) => a.cess)))).toBe("800.00");
});

const terms = fc.constantFrom<ServiceTerms[]>(PLAIN_TERMS, rebateTerms, {
  ...PLAIN_TERMS,
  rebate: { percent: "100", days: 180, needsNoArrears: false },
});
const on = fc.integer({ min: 0, max: 60 }).map((m) => addMonths(localDate("2021-05-01"), m));

test("money and rebates equal allocations and excess; nothing is settled beyond its amount; all cess goes with the last paisa", () => {
  fc.assert(
    fc.property(anyLines, fc.bigInt({ min: 1n, max: 3_000_000n }), on, terms, (lines, amount, day, t) => {
      const s = settle(lines, paise(amount), day, t);
      const money = sum(s.allocations.filter((a) => a.kind === "payment").map((a) => a.amount));
      expect(money + s.excess).toBe(amount);
      for (const a of s.allocations) expect(a.cess >= 0n && a.cess <= a.amount).toBe(true);
      for (const l of s.lines) {
        expect(l.settled <= l.amount && l.cessSettled <= l.cess).toBe(true);
        if (l.settled === l.amount) expect(l.cessSettled).toBe(l.cess);
      }
      if (s.excess > 0n) expect(s.lines.every((l) => l.settled === l.amount)).toBe(true);
    }),
  );
});

test("many small payments recognise the same cess as one, within the rounding of the share, and leave no residue", () => {
  fc.assert(
    fc.property(
      anyLines,
      anyTerms,
      fc.array(fc.bigInt({ min: 1n, max: 90_000n }), { maxLength: 12 }),
      (start, terms, payments) => {
        let lines: readonly DemandLine[] = start;
        for (const p of payments) lines = settle(lines, paise(p), localDate("2026-03-31"), terms).lines;
        const rest = sum(lines.map(outstandingOf));
        if (rest > 0n) lines = settle(lines, rest, localDate("2026-03-31"), terms).lines;
        for (const l of lines) expect([l.settled, l.cessSettled]).toEqual([l.amount, l.cess]);
      },
    ),
  );
});

test("a payment taken back, in whichever order, restores what it settled; what is paid later still closes to zero cess", () => {
  fc.assert(
    fc.property(
      anyLines,
      anyTerms,
      fc.array(fc.bigInt({ min: 1n, max: 90_000n }), { minLength: 2, maxLength: 6 }),
      fc.nat(5),
      (start, terms, payments, which) => {
        let lines: readonly DemandLine[] = start;
        const made = payments.map((p) => {
          const s = settle(lines, paise(p), localDate("2026-03-31"), terms);
          lines = s.lines;
          return s.allocations;
        });
        for (const a of made[which % made.length] ?? []) {
          lines = lines.map((l) => (lineKey(l) === lineKey(a.line) ? settledBy(l, takeBack(a, a.amount)) : l));
        }
        const rest = sum(lines.map(outstandingOf));
        if (rest === ZERO) return;
        for (let part = rest / 3n; part > 0n; part = part / 3n) {
          lines = settle(lines, paise(part), localDate("2026-03-31"), terms).lines;
        }
        lines = settle(lines, sum(lines.map(outstandingOf)), localDate("2026-03-31"), terms).lines;
        for (const l of lines) expect([l.settled, l.cessSettled]).toEqual([l.amount, l.cess]);
      },
    ),
  );
});

test("however many small payments are taken back, no part holds negative cess or more cess than itself, and nothing is left over", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 60n }),
      fc.bigInt({ min: 0n, max: 60n }),
      fc.array(fc.record({ pay: fc.bigInt({ min: 1n, max: 3n }), back: fc.boolean() }), {
        minLength: 5,
        maxLength: 40,
      }),
      (amount, cess, steps) => {
        fc.pre(cess <= amount);
        let now: DemandLine = line({ demandId: "x", amount: paise(amount), cess: paise(cess) });
        const pay = (sum: bigint) => {
          const s = settle([now], paise(sum), localDate("2025-06-01"), PLAIN_TERMS);
          for (const a of s.allocations) expect(a.cess >= 0n && a.cess <= a.amount).toBe(true);
          now = s.lines[0] ?? now;
          return s.allocations;
        };
        const made = steps.flatMap((s) => pay(s.pay).map((a) => ({ a, back: s.back })));
        for (const m of made) if (m.back) now = settledBy(now, takeBack(m.a, m.a.amount));
        for (let i = 0n; i < amount; i++) pay(1n);
        expect([now.settled, now.cessSettled]).toEqual([now.amount, now.cess]);
      },
    ),
    { numRuns: 500 },
  );
});
