import fc from "fast-check";
import { expect, test } from "vitest";
import {
  approveVoucher,
  cancelVoucher,
  closePeriod,
  closeYear,
  cr,
  dr,
  draftVoucher,
  getVoucher,
  importVouchers,
  listPeriods,
  movements,
  openingDifferences,
  postEntry,
  proposeYearClose,
  rejectVoucher,
  reopenPeriod,
  reopenYear,
  reverseEntry,
  rollUp,
  seal,
  submitVoucher,
  trialBalance,
  yearStatus,
  type Line,
} from "../../ledger/index.ts";
import { financialYear, localDate, periodEnd, periodsOf, type Period } from "../../ledger/kernel/dates.ts";
import { Refusal } from "../../ledger/kernel/errors.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { paise, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import { testApp, testUlb, type TestUlb } from "../../ledger/testing.ts";
import { allTies, brokenTies, statementTies } from "../../reports/index.ts";
import { closeChecks, yearChecks } from "../close-checks.ts";

const app = await testApp();
const FY = financialYear("2025-26");
const months = periodsOf(FY);

/** A pair of heads that a journal, receipt or payment may move between; income and expenditure under a function. */
const PAIRS = [
  { type: "journal", debit: "4311001", credit: "1100101" },
  { type: "receipt", debit: "4502101", credit: "4311001" },
  { type: "receipt", debit: "4501001", credit: "1404006" },
  { type: "payment", debit: "2201101", credit: "4502101" },
  { type: "journal", debit: "2723000", credit: "4113001" },
  { type: "journal", debit: "2305001", credit: "3501002" },
  { type: "payment", debit: "3501002", credit: "4502101" },
  { type: "journal", debit: "2808000", credit: "3501002" },
  { type: "contra", debit: "4502101", credit: "4501001" },
  { type: "receipt", debit: "4502101", credit: "3201001" },
  { type: "journal", debit: "4120011", credit: "3501002" },
] as const;
type Pair = (typeof PAIRS)[number];

const isResult = (account: string): boolean => /^[12]/.test(account);
const lines = (pair: Pair, amount: Paise, fund: string): Line[] => {
  const of = (account: string) => ({ fund, ...(isResult(account) ? { function: "00" } : {}) });
  return [dr(pair.debit, amount, of(pair.debit)), cr(pair.credit, amount, of(pair.credit))];
};

type Step = {
  readonly kind:
    "post" | "voucher" | "import" | "reverse" | "close" | "reopen" | "close-year" | "reopen-year" | "roll-up" | "seal";
  readonly pair: Pair;
  readonly month: number;
  readonly amount: Paise;
  readonly fund: "01" | "02";
};

const stepOf = (...kinds: readonly Step["kind"][]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    pair: fc.constantFrom(...PAIRS),
    month: fc.integer({ min: 0, max: 11 }),
    amount: fc.bigInt({ min: 1n, max: 99_999_999n }).map(paise),
    fund: fc.constantFrom("01", "02"),
  });

/** A year begins with bookings; then anything comes. */
const year: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(stepOf("post", "voucher", "import"), { minLength: 8, maxLength: 12 }),
    fc.array(
      stepOf(
        "post",
        "voucher",
        "import",
        "reverse",
        "close",
        "close",
        "reopen",
        "reopen",
        "close-year",
        "reopen-year",
        "reopen-year",
        "roll-up",
        "seal",
      ),
      { minLength: 10, maxLength: 26 },
    ),
  )
  .map(([first, then]) => [...first, ...then]);

const LIVED: Step[] = (
  ["post", "voucher", "import", "close", "seal", "reopen", "reverse", "close-year", "reopen-year", "post"] as const
).map((kind, i) => ({ kind, pair: PAIRS[i % PAIRS.length] as Pair, month: i, amount: paise(1_00_25n), fund: "01" }));

/** What the model expects of each account and fund: debit positive. Only what was accepted counts. */
type Model = Map<string, bigint>;
function book(model: Model, pair: Pair, amount: bigint, fund: string): void {
  for (const [account, sign] of [
    [pair.debit, 1n],
    [pair.credit, -1n],
  ] as const)
    model.set(`${account}|${fund}`, (model.get(`${account}|${fund}`) ?? 0n) + sign * amount);
}

async function balances(books: TestUlb): Promise<Model> {
  const rows = await books.tx("auditor", (tx) =>
    movements(tx, { from: localDate("2025-04-01"), to: localDate("2026-03-31"), by: ["fund"] }),
  );
  return new Map(rows.map((r) => [`${r.account}|${r.fund}`, r.opening + r.debit - r.credit]));
}
const withoutNil = (model: Model): Model => new Map([...model].filter(([, v]) => v !== 0n));

const REFUSED = /^(PERIOD_|YEAR_|ENTRY_ALREADY_REVERSED|VOUCHER_|LATER_YEAR|EARLIER_YEAR)/;

test("a random year of vouchers, imports, reversals, closes and reopenings is what a model of sums says, and keeps every tie", async () => {
  const seen = { accepted: 0, closed: 0, reopened: 0, yearsClosed: 0, yearsReopened: 0, imported: 0 };
  await fc.assert(
    fc.asyncProperty(year, async (steps) => {
      const books = await testUlb(app);
      const model: Model = new Map();
      const posted: { readonly id: bigint; readonly pair: Pair; readonly amount: bigint; readonly fund: string }[] = [];
      let n = 0;
      for (const s of steps) {
        const month = months[s.month] as Period;
        const date = localDate(`${month}-1${s.month % 9}`);
        const before = await balances(books);
        n += 1;
        try {
          switch (s.kind) {
            case "post":
            case "voucher": {
              const draft = {
                voucher: s.pair.type,
                date,
                narration: `Voucher ${n}`,
                lines: lines(s.pair, s.amount, s.fund),
              };
              const id =
                s.kind === "post"
                  ? (
                      await books.tx("accountant", (tx) =>
                        postEntry(tx, { ...draft, source: { type: "random-year", id: String(n) } }),
                      )
                    ).id
                  : await approved(books, draft);
              posted.push({ id, pair: s.pair, amount: s.amount, fund: s.fund });
              book(model, s.pair, s.amount, s.fund);
              seen.accepted += 1;
              break;
            }
            case "import": {
              const csv = fileOf(`IMP-${n}`, s, date);
              const found = await books.tx("accountant", (tx) => importVouchers(tx, csv, { fileName: `${n}.csv` }));
              if (found.status === "refused") {
                expect(found.problems.map((p) => p.code)).toEqual(found.problems.map(() => "PERIOD_CLOSED"));
                break;
              }
              book(model, s.pair, s.amount, s.fund);
              seen.imported += 1;
              const again = await books.tx("accountant", (tx) => importVouchers(tx, csv, { fileName: `${n}.csv` }));
              expect(again.status).toBe("already-imported");
              break;
            }
            case "reverse": {
              const last = posted.at(-1);
              if (!last) break;
              await books.tx("checker", (tx) =>
                reverseEntry(tx, { entryId: last.id, date, reason: "booked in error" }),
              );
              posted.pop();
              book(model, last.pair, -last.amount, last.fund);
              break;
            }
            case "close": {
              const open = await books.tx("accountant", (tx) => listPeriods(tx));
              const first = open.find((p) => p.status === "open" && p.period <= (months.at(-1) ?? ""));
              if (first) await books.tx("accountant", (tx) => closePeriod(tx, first.period, closeChecks));
              seen.closed += first ? 1 : 0;
              break;
            }
            case "reopen": {
              const all = await books.tx("checker", (tx) => listPeriods(tx));
              const last = all.findLast((p) => p.status === "closed");
              if (!last) break;
              await books.tx("checker", (tx) => reopenPeriod(tx, last.period, "a late voucher came"));
              seen.reopened += 1;
              break;
            }
            case "close-year":
              await wholeYearClosed(books);
              seen.yearsClosed += 1;
              break;
            case "reopen-year":
              await books.tx("checker", (tx) => reopenYear(tx, FY, "the auditor found a voucher"));
              seen.yearsReopened += 1;
              break;
            case "roll-up":
              await books.tx("system", (tx) => rollUp(tx));
              break;
            case "seal":
              await books.tx("system", (tx) => seal(tx));
              break;
          }
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.code).toMatch(REFUSED);
        }
        const after = await balances(books);
        if (!["post", "voucher", "import", "reverse"].includes(s.kind)) expect(after).toEqual(before);
        expect(withoutNil(after)).toEqual(withoutNil(model));
      }
      // However it was left, the year can be closed, and that changes no figure.
      if ((await books.tx("auditor", (tx) => yearStatus(tx, FY))).status === "open") await wholeYearClosed(books);
      expect(withoutNil(await balances(books))).toEqual(withoutNil(model));
      await inSnapshot(app, books.as("auditor"), async (read) => {
        expect(brokenTies(await allTies(read, periodEnd(months.at(-1) as Period)))).toEqual([]);
        expect(brokenTies(await statementTies(read, FY))).toEqual([]);
        expect(await openingDifferences(read, FY)).toEqual([]);
        // The year's close moves nothing between the two years: what the next opens with is what this one ends with.
        const next = await trialBalance(read, { from: localDate("2026-04-01"), to: localDate("2026-04-01") });
        const results = [...model].filter(([k]) => isResult(k)).reduce((a, [, v]) => a + v, 0n);
        const own = next
          .filter((r) => /^3(101001|109000)$/.test(r.code))
          .reduce((a, r) => a + r.openDebit - r.openCredit, 0n);
        expect(toRupees(paise(own))).toBe(toRupees(paise(results)));
      });
    }),
    // The first year is given, so that every run imports, closes and reopens.
    { numRuns: 4, endOnFailure: true, examples: [[LIVED]] },
  );
  // The year was lived, not only refused.
  expect(seen.accepted).toBeGreaterThan(15);
  expect(Math.min(seen.imported, seen.closed, seen.reopened + seen.yearsReopened)).toBeGreaterThan(0);
}, 180_000);

async function wholeYearClosed(books: TestUlb): Promise<void> {
  const { openMonths } = await books.tx("auditor", (tx) => yearStatus(tx, FY));
  for (const m of openMonths) await books.tx("accountant", (tx) => closePeriod(tx, m, closeChecks));
  await books.tx("accountant", (tx) => proposeYearClose(tx, FY, yearChecks));
  await books.tx("checker", (tx) => closeYear(tx, FY, yearChecks));
}

/** Drafted, submitted and approved by two people; a voucher that a closed month refuses is given up, or it would stand before every close. */
async function approved(books: TestUlb, draft: Parameters<typeof draftVoucher>[1]): Promise<bigint> {
  const made = await books.tx("accountant", (tx) => draftVoucher(tx, draft));
  try {
    const sent = await books.tx("accountant", (tx) => submitVoucher(tx, made.id, made.version));
    return (await books.tx("checker", (tx) => approveVoucher(tx, sent.id, sent.version))).entry.id;
  } catch (error) {
    const now = await books.tx("checker", (tx) => getVoucher(tx, made.id));
    await books.tx("checker", (tx) =>
      now.status === "submitted"
        ? rejectVoucher(tx, now.id, now.version, "its month is closed")
        : cancelVoucher(tx, now.id, now.version, "its month is closed"),
    );
    throw error;
  }
}

function fileOf(name: string, s: Step, date: string): string {
  const type = `${s.pair.type.slice(0, 1).toUpperCase()}${s.pair.type.slice(1)}`;
  const row = (leg: number, side: string, code: string): string =>
    [
      name,
      date,
      type,
      s.fund,
      isResult(code) ? "00" : "",
      "",
      leg,
      side,
      code,
      "",
      toRupees(s.amount),
      "",
      `Voucher of a file ${name}`,
    ].join(",");
  return [
    "voucher,date,type,fund,function,ward,leg,side,code,name,amount,subledger,narration",
    row(1, "Dr", s.pair.debit),
    row(2, "Cr", s.pair.credit),
    "",
  ].join("\n");
}
