import fc from "fast-check";
import { expect, test } from "vitest";
import {
  cr,
  dr,
  listAccounts,
  postEntries,
  reverseEntry,
  rollUp,
  type Account,
  type EntryDraft,
  type Line,
} from "../ledger/index.ts";
import { addDays, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { paise, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { functionWise, incomeExpenditure, lastFigure } from "./statements/statements.ts";
import { statementChecks } from "./statements/checks.ts";
import { reading, testBooks } from "./testing-books.ts";

const app = await testApp();
const FIRST = localDate("2024-04-01");

/** A leg before it is known which account it means: the chart is asked when the entry is made. */
type Leg = {
  readonly pick: number;
  readonly amount: Paise;
  readonly fund: string;
  readonly fn: string;
  readonly ward: string;
};
type Draft = {
  readonly day: number;
  readonly pairs: readonly (readonly [Leg, Leg])[];
  readonly wantsCash: boolean;
  readonly isPayment: boolean;
};

const leg = fc.record({
  pick: fc.nat(1_000_000),
  amount: fc.bigInt(1n, 10_000_000_00n).map(paise),
  fund: fc.constantFrom("01", "02", "05"),
  fn: fc.constantFrom("03", "21", "51", "91"),
  ward: fc.constantFrom("", "W1", "W2"),
});
const draft: fc.Arbitrary<Draft> = fc.record({
  // Two whole years, so that every statement has something before it.
  day: fc.nat(729),
  pairs: fc.array(fc.tuple(leg, leg), { minLength: 1, maxLength: 3 }),
  wantsCash: fc.boolean(),
  isPayment: fc.boolean(),
});

/** Makes an entry that the ledger takes: each pair balances in its fund, and the voucher fits the accounts. Heads of every kind meet. */
function entryFrom(one: Draft, i: number, chart: readonly Account[]): EntryDraft {
  const cash = chart.filter((a) => a.isCashBank);
  const other = chart.filter((a) => !a.isCashBank);
  const at = (from: readonly Account[], pick: number): Account => from[pick % from.length] as Account;
  const lines = one.pairs.flatMap(([a, b], n): Line[] => {
    const accounts = [at(one.wantsCash && n === 0 ? cash : other, a.pick), at(other, b.pick)] as const;
    const dims = (account: Account, l: Leg) => ({
      fund: a.fund,
      function: account.needsFunction ? l.fn : undefined,
      ward: l.ward === "" ? undefined : l.ward,
    });
    const [debit, credit] = one.isPayment ? [accounts[1], accounts[0]] : accounts;
    return [dr(debit.code, a.amount, dims(debit, a)), cr(credit.code, a.amount, dims(credit, b))];
  });
  return {
    voucher: one.wantsCash ? (one.isPayment ? "payment" : "receipt") : "journal",
    date: addDays(FIRST, one.day),
    narration: `random ${i}`,
    source: { type: "random", id: String(i) },
    lines,
  };
}

const RANGES: readonly (readonly [LocalDate, LocalDate])[] = [
  [localDate("2024-04-01"), localDate("2025-03-31")],
  [localDate("2025-04-01"), localDate("2026-03-31")],
  [localDate("2025-04-01"), localDate("2025-09-30")],
  [localDate("2025-10-01"), localDate("2026-03-31")],
  [localDate("2025-07-14"), localDate("2025-08-02")],
  [localDate("2024-04-01"), localDate("2026-03-31")],
];

/** Checks that fail, over every range and fund, with what they are about. */
async function failures(read: Read): Promise<string[]> {
  const found: string[] = [];
  for (const [from, to] of RANGES) {
    for (const fund of [undefined, "01", "02", "05"])
      for (const check of await statementChecks(read, { from, to }, fund)) {
        // Random entries use the inter-fund accounts as any other.
        if (check.left !== check.right && !check.name.startsWith("inter-fund"))
          found.push(`${from} ${to} ${fund ?? "all"}: ${check.name}: ${check.left} ${check.right}`);
      }
    const whole = lastFigure(await incomeExpenditure(read, { from, to }));
    const byWard = (await functionWise(read, { from, to }, {}, true)).rows;
    const sum = byWard.reduce((total, row) => total + row.income - row.expenditure, 0n);
    if (sum !== whole) found.push(`${from} ${to}: by function and ward ${sum}, income and expenditure ${whole}`);
  }
  return found;
}

test("whatever is booked on any heads, the statements of a year, a half-year, a few days and of each fund agree", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(draft, { minLength: 1, maxLength: 60 }), fc.boolean(), async (drafts, isRolled) => {
      const city = await testBooks(app, []);
      const chart = (await reading(app, city, listAccounts)).filter((a) => a.isPosting && a.isActive);
      await city.tx("accountant", async (tx) => {
        const posted = await postEntries(
          tx,
          drafts.map((one, i) => entryFrom(one, i, chart)),
        );
        const [first] = posted;
        if (first) await reverseEntry(tx, { entryId: first.id, date: localDate("2026-02-10"), reason: "taken back" });
      });
      if (isRolled) await city.tx("admin", (tx) => rollUp(tx));
      expect(await reading(app, city, failures)).toEqual([]);
    }),
    { numRuns: 5 },
  );
}, 240_000);

test("every head of the chart can be booked against cash and against each other, and the statements agree", async () => {
  const city = await testBooks(app, []);
  const chart = (await reading(app, city, listAccounts)).filter((a) => a.isPosting && a.isActive && !a.isCashBank);
  const dims = (account: Account) => (account.needsFunction ? { function: "03" } : {});
  await city.tx("accountant", (tx) =>
    postEntries(
      tx,
      chart.flatMap((account, i): EntryDraft[] => {
        const amount = paise(BigInt(i + 1) * 101n);
        const next = chart[(i + 7) % chart.length] as Account;
        const of = (kind: string, voucher: EntryDraft["voucher"], lines: readonly Line[]): EntryDraft => ({
          voucher,
          date: addDays(FIRST, (i * 13) % 700),
          narration: kind,
          source: { type: kind, id: account.code },
          lines,
        });
        return [
          of("received", "receipt", [dr("4502101", amount), cr(account.code, amount, dims(account))]),
          of("paid", "payment", [
            dr(account.code, paise(amount + 5n), dims(account)),
            cr("4501001", paise(amount + 5n)),
          ]),
          of("transferred", "journal", [dr(account.code, amount, dims(account)), cr(next.code, amount, dims(next))]),
        ];
      }),
    ),
  );
  expect(await reading(app, city, failures)).toEqual([]);
}, 120_000);
