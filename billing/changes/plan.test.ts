import fc from "fast-check";
import { expect, test } from "vitest";
import type { Line } from "../../ledger/index.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import {
  add,
  min,
  paise,
  proportion,
  rupees,
  subtract,
  sum,
  toRupees,
  ZERO,
  type Paise,
} from "../../ledger/kernel/money.ts";
import { cessWithin } from "../cess.ts";
import { demandedOf, outstandingOf } from "../due.ts";
import { settledBy, type AllocationKind } from "../settle.ts";
import { line as demandLine } from "../testing-lines.ts";
import { againstOf, changeLines, net, transferLines, type ChangeAccounts } from "./entries.ts";
import {
  afterChange,
  askedOf,
  freedBy,
  planCancellation,
  planReduction,
  planTransfer,
  type ChangedLine,
  type LineChange,
  type Settling,
} from "./plan.ts";
import { legs } from "./testing.ts";

const on = localDate("2025-07-01");
const payer = { code: "A1", ward: "W01" };
const accounts: ChangeAccounts = {
  remission: () => "1109004",
  remissionEarlier: "2805000",
  priorIncome: () => "2801000",
  priorRevenue: "2802000",
  priorOtherIncome: "2804000",
  openingBalance: "3101001",
};

function changed(over: Partial<ChangedLine> = {}): ChangedLine {
  return {
    ...demandLine({ demandId: "d" }),
    consumerId: "c",
    headVersion: localDate("2025-04-01"),
    cessVersion: localDate("2025-04-01"),
    demandKind: "regular",
    raisedOn: localDate("2025-04-01"),
    ...over,
  };
}

/** A line that was settled by these kinds, one after the other, each by a share of what was due; as the register would say it. */
function settledLine(
  amount: Paise,
  cess: Paise,
  parts: readonly { readonly kind: AllocationKind; readonly permille: number }[],
  over: Partial<ChangedLine> = {},
): { line: ChangedLine; settled: Settling[] } {
  let line = changed({ amount, cess, cessHead: cess > 0n ? "PT_LIBRARY_CESS" : null, ...over });
  const settled: Settling[] = [];
  for (const [i, part] of parts.entries()) {
    const due = outstandingOf(line);
    const share = proportion(due, BigInt(part.permille), 1000n);
    const ownDue = subtract(due, subtract(line.cess, line.cessSettled));
    const taken = part.kind === "rebate" ? min(share, ownDue) : share;
    if (taken === ZERO) continue;
    const settling = {
      id: `s${i}`,
      kind: part.kind,
      date: localDate("2025-05-01"),
      amount: taken,
      cess: part.kind === "rebate" ? ZERO : cessWithin(line, taken),
    };
    settled.unshift(settling);
    line = settledBy(line, settling) as ChangedLine;
    if (part.kind === "remission") {
      const before = line.reduced ?? { amount: ZERO, cess: ZERO };
      line = { ...line, reduced: { amount: add(before.amount, taken), cess: add(before.cess, settling.cess) } };
    }
  }
  return { line, settled };
}

const anySettledLine = fc
  .record({
    amount: fc.bigInt({ min: 1n, max: 500_000n }),
    permille: fc.bigInt({ min: 0n, max: 1000n }),
    parts: fc.array(
      fc.record({
        kind: fc.constantFrom<AllocationKind>("payment", "advance", "rebate", "write-off", "remission"),
        permille: fc.constantFrom(1, 50, 333, 500, 1000),
      }),
      { maxLength: 5 },
    ),
    earlier: fc.boolean(),
  })
  .map(({ amount, permille, parts, earlier }) =>
    settledLine(paise(amount), paise((amount * permille) / 1000n), parts, {
      raisedOn: localDate(earlier ? "2025-03-01" : "2025-04-01"),
    }),
  );

const money = (settled: readonly Settling[]) =>
  sum(settled.filter((s) => s.kind === "payment" || s.kind === "advance").map((s) => s.amount));

const sideSum = (lines: readonly Line[], side: Line["side"]) =>
  sum(lines.filter((l) => l.side === side).map((l) => l.amount));
const balanceOf = (lines: readonly Line[], account: string): bigint =>
  lines.filter((l) => l.account === account).reduce((t, l) => t + (l.side === "debit" ? l.amount : -l.amount), 0n);

/** What the books must say of a change, whatever it is: it balances, and receivable, cess and advance move as the register does. */
function checkBooks(change: LineChange): void {
  const lines = changeLines([{ change, payer }], accounts, on, "by-consumer");
  const after = afterChange(change);
  expect(sideSum(lines, "debit")).toBe(sideSum(lines, "credit"));
  expect(balanceOf(lines, "4311001")).toBe(outstandingOf(after) - outstandingOf(change.line));
  const cessOpen = (l: ChangedLine) => l.cess - l.cessSettled;
  expect(balanceOf(lines, "4319100")).toBe(cessOpen(change.line) - cessOpen(after));
  expect(-balanceOf(lines, "3504101")).toBe(freedBy(change));
}

test("a reduction takes off what was asked, or is refused with what there is; the money beyond the dues is free, and the books follow", () => {
  let planned = 0;
  let intoPaid = 0;
  fc.assert(
    fc.property(
      anySettledLine,
      fc.bigInt({ min: 1n, max: 500_000n }),
      fc.constantFrom("due", "paid" as const),
      ({ line, settled }, own, reach) => {
        const asked = askedOf(line, paise(own));
        const amount = asked.own + asked.cess;
        const due = outstandingOf(line);
        const change = planReduction(line, settled, asked, "remission", reach);
        const most = due + (reach === "paid" ? money(settled) : 0n);
        expect("exceeds" in change).toBe(amount > most);
        if ("exceeds" in change) {
          expect([change.due, change.paid]).toEqual([due, money(settled)]);
          return;
        }
        planned += 1;
        if (change.taken.length > 0) intoPaid += 1;
        expect(change.amount).toBe(amount);
        expect(freedBy(change)).toBe(amount > due ? amount - due : 0n);
        for (const t of change.taken) {
          expect(t.amount <= t.settling.amount && t.cess <= t.settling.cess).toBe(true);
          expect(t.amount - t.cess <= t.settling.amount - t.settling.cess).toBe(true);
        }
        // Only the last allocation that is reached is taken in part.
        expect(change.taken.slice(0, -1).every((t) => t.amount === t.settling.amount)).toBe(true);
        checkBooks(change);
      },
    ),
    {
      numRuns: 500,
      examples: [
        [
          settledLine(rupees("1188.00"), rupees("88.00"), [{ kind: "payment", permille: 1000 }]),
          rupees("300.00"),
          "paid",
        ],
        [settledLine(rupees("1188.00"), rupees("88.00"), []), rupees("300.00"), "due"],
      ],
    },
  );
  expect(planned).toBeGreaterThan(1);
  expect(intoPaid).toBeGreaterThan(0);
});

test("a cancellation frees every rupee of money and leaves nothing due; rebates fall, write-offs and remissions stay", () => {
  fc.assert(
    fc.property(anySettledLine, ({ line, settled }) => {
      const change = planCancellation(line, settled);
      const after = afterChange(change);
      expect([outstandingOf(after), after.cess - after.cessSettled]).toEqual([0n, 0n]);
      expect(freedBy(change)).toBe(money(settled));
      const stays = sum(settled.filter((s) => s.kind === "write-off" || s.kind === "remission").map((s) => s.amount));
      expect(change.amount).toBe(line.amount - stays);
      checkBooks(change);
    }),
    { numRuns: 300 },
  );
});

test("cancelling undoes what raising and settling posted: own tax, cess, rebate and receivable are as if the demand had never been", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 500_000n }),
      fc.bigInt({ min: 0n, max: 1000n }),
      fc.array(
        fc.record({
          kind: fc.constantFrom<AllocationKind>("payment", "rebate"),
          permille: fc.constantFrom(1, 333, 1000),
        }),
        {
          maxLength: 4,
        },
      ),
      (amount, permille, parts) => {
        const cess = paise((amount * permille) / 1000n);
        const { line, settled } = settledLine(paise(amount), cess, parts);
        const lines = changeLines([{ change: planCancellation(line, settled), payer }], accounts, on, "summary");
        const rebates = sum(settled.filter((s) => s.kind === "rebate").map((s) => s.amount));
        const cessPaid = sum(settled.map((s) => s.cess));
        expect(balanceOf(lines, "1100101")).toBe(amount - cess);
        expect(balanceOf(lines, "1109004")).toBe(-rebates);
        expect(balanceOf(lines, "3503001")).toBe(cessPaid);
        expect(balanceOf(lines, "4319100")).toBe(cess - cessPaid);
      },
    ),
    { numRuns: 300 },
  );
});

test("what passes to another consumer is what the one is credited; more than is due does not pass", () => {
  fc.assert(
    fc.property(anySettledLine, fc.bigInt({ min: 1n, max: 500_000n }), ({ line, settled: _ }, amount) => {
      const change = planTransfer(line, paise(amount));
      expect("exceeds" in change).toBe(amount > outstandingOf(line));
      if ("exceeds" in change) return;
      const after = afterChange(change);
      expect(outstandingOf(line) - outstandingOf(after)).toBe(amount);
      const to = { ...line, amount: change.amount, cess: change.cess, ward: "W02" };
      const lines = transferLines([{ from: change, payer, to, newPayer: { code: "A2", ward: "W02" } }]);
      expect(legs(lines)).toEqual([
        `Cr 4311001 ${toRupees(paise(amount))} A1/2025-26`,
        `Dr 4311001 ${toRupees(paise(amount))} A2/2025-26`,
      ]);
    }),
    { numRuns: 200 },
  );
});

test("an own amount goes with its share of the cess, and all that is due of the one with all of the other", () => {
  fc.assert(
    fc.property(anySettledLine, fc.bigInt({ min: 1n, max: 500_000n }), ({ line }, own) => {
      const demanded = demandedOf(line);
      const cessDue = subtract(line.cess, line.cessSettled);
      const asked = askedOf(line, paise(own));
      expect(asked.cess >= 0n).toBe(true);
      if (line.cess === line.amount) {
        expect(asked).toEqual({ own: 0n, cess: own });
        return;
      }
      expect(asked.cess <= demanded.cess).toBe(true);
      const ownDue = subtract(outstandingOf(line), cessDue);
      if (ownDue > 0n) expect(askedOf(line, ownDue)).toEqual({ own: ownDue, cess: cessDue });
    }),
    { numRuns: 300 },
  );
  expect(askedOf(changed(), rupees("300.00"), rupees("1.00"))).toEqual({ own: 30000n, cess: 100n });
});

test.each([
  ["remission", "2025-26", "2025-04-01", "regular", "1109004"],
  ["remission", "2024-25", "2025-04-01", "regular", "2805000"],
  ["reduction", "2025-26", "2025-04-01", "regular", "1100101"],
  ["reduction", "2024-25", "2025-03-31", "regular", "2801000"],
  ["cancelled", "2025-26", "2025-04-01", "regular", "1100101"],
  ["cancelled", "2024-25", "2025-03-31", "regular", "2801000"],
  ["cancelled", "2023-24", "2025-04-01", "opening", "3101001"],
  ["cancelled", "2023-24", "2025-03-31", "opening", "2801000"],
  ["cancelled", "2025-26", "2025-05-01", "transferred", "1100101"],
  ["cancelled", "2024-25", "2025-05-01", "transferred", "2801000"],
] as const)("%s of a %s demand raised on %s (%s) is borne by %s", (kind, demandYear, raisedOn, demandKind, account) => {
  const line = changed({
    demandYear: demandYear as ChangedLine["demandYear"],
    raisedOn: localDate(raisedOn),
    demandKind,
  });
  const change: LineChange = { line, taken: [], kind, amount: rupees("108.00"), cess: rupees("8.00") };
  expect(againstOf(change, accounts, on)).toBe(account);
});

test("money of an earlier year is given back against the prior-period account where it was income when it came", () => {
  const penalty = changed({
    basis: "receipt",
    kind: "penalty",
    amount: rupees("20.00"),
    cess: ZERO,
    cessHead: null,
    settled: rupees("20.00"),
    accounts: { ...changed().accounts, receivable: null, income: "1402010", cessControl: null, cessPayable: null },
  });
  const cancel = (date: string, prior: string | null) =>
    legs(
      changeLines(
        [
          {
            change: planCancellation(penalty, [
              { id: "s", kind: "payment", date: localDate(date), amount: rupees("20.00"), cess: ZERO },
            ]),
            payer,
          },
        ],
        { ...accounts, priorIncome: () => prior },
        on,
        "by-consumer",
      ),
    );
  expect(cancel("2025-05-01", null)).toEqual(["Cr 3504101 20.00 A1", "Dr 1402010 20.00"]);
  expect(cancel("2025-03-31", null)).toEqual(["Cr 3504101 20.00 A1", "Dr 2804000 20.00"]);
});

test("netting keeps the balance of every account and leaves one line for each", () => {
  const anyLine = fc.record({
    side: fc.constantFrom<Line["side"]>("debit", "credit"),
    account: fc.constantFrom("4311001", "1100101", "3504101"),
    amount: fc.bigInt({ min: 1n, max: 9n }).map(paise),
  });
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 20 }), (lines) => {
      const netted = net(lines);
      for (const account of ["4311001", "1100101", "3504101"]) {
        expect(balanceOf(netted, account)).toBe(balanceOf(lines, account));
        expect(netted.filter((l) => l.account === account).length).toBeLessThanOrEqual(1);
      }
      expect(netted.every((l) => l.amount > 0n)).toBe(true);
    }),
  );
});
