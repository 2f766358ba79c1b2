import fc from "fast-check";
import { expect, test } from "vitest";
import { withConnection } from "./kernel/database.ts";
import { addDays, financialYearOf, financialYearStart, localDate, type LocalDate } from "./kernel/dates.ts";
import { paise } from "./kernel/money.ts";
import type { Read } from "./kernel/tx.ts";
import {
  accountBalances,
  accountStatement,
  CLOSING_SOURCE,
  cr,
  dr,
  fundDifferences,
  movements,
  postEntries,
  recheckEntries,
  rollUp,
  rollUpFaults,
  type EntryDraft,
  type Movement,
  type MovementOptions,
} from "./index.ts";
import { piecesOf } from "./rollup.ts";
import { testApp, testUlb } from "./testing.ts";

const app = await testApp();
const FIRST = localDate("2022-04-01");
const LAST = localDate("2027-03-31");
const day = fc.integer({ min: 0, max: 5 * 365 }).map((n) => addDays(FIRST, n));

test("a range is cut into years, months and days that hold each of its days once", () => {
  const ends = {
    day: (d: LocalDate) => d,
    month: monthEnd,
    year: (d: LocalDate) => localDate(`${Number(d.slice(0, 4)) + 1}-03-31`),
  };
  fc.assert(
    fc.property(day, fc.integer({ min: -3, max: 1500 }), (from, length) => {
      const to = addDays(from, length);
      const pieces = piecesOf(from, to);
      let at = from;
      for (const p of pieces.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
        expect(p.from).toBe(at);
        at = addDays(ends[p.span](p.to as LocalDate), 1);
      }
      expect(at).toBe(length < 0 ? from : addDays(to, 1));
      expect(pieces.length).toBeLessThanOrEqual(5);
    }),
  );
  expect(piecesOf(undefined, localDate("2026-06-15")).map((p) => p.span)).toEqual(["year", "month", "day"]);
  expect(piecesOf(undefined, localDate("9999-12-31")).at(-1)).toEqual({
    span: "month",
    from: "9999-04-01",
    to: "9999-12-01",
  });
  expect(piecesOf(localDate("2025-04-01"), localDate("9999-12-31")).map((p) => p.span)).toEqual(["year", "month"]);
});
const monthEnd = (d: LocalDate): LocalDate => {
  let end = d;
  while (addDays(end, 1).slice(0, 7) === d.slice(0, 7)) end = addDays(end, 1);
  return end;
};

/** The definition, over the lines alone. */
async function naive(read: Read, o: MovementOptions): Promise<Movement[]> {
  const by = (d: "fund" | "function" | "ward"): string => (o.by?.includes(d) ? `coalesce(l.${d}, '')` : "''");
  const rows = await read.query<Movement & { opening: bigint }>(
    `with line as (
       select case when f.folded then '3109000' else l.account end as account, ${by("fund")} as fund,
         case when f.folded then '' else ${by("function")} end as function, case when f.folded then '' else ${by("ward")} end as ward,
         l.entry_date, l.debit, l.credit,
         l.entry_date < :since::date or (e.voucher = 'opening' and l.entry_date = :began::date and l.entry_date >= :since::date) as is_opening
       from ledger.lines l
       join ledger.entries e using (ulb_id, entry_id)
       join ledger.accounts a on a.ulb_id = l.ulb_id and a.code = l.account
       cross join lateral (select l.entry_date < :start::date and a.type in ('income', 'expense') as folded) as f
       where l.ulb_id = :ulb and l.entry_date <= :until::date
         and (e.source_type <> '${CLOSING_SOURCE}' or l.entry_date < :start::date or :closing)
         and (:fund::text is null or l.fund = :fund) and (:function::text is null or coalesce(l.function, '') = :function)
         and (:ward::text is null or coalesce(l.ward, '') = :ward)
     )
     select account, fund, function, ward, coalesce(sum(debit - credit) filter (where is_opening), 0)::bigint as opening,
       coalesce(sum(debit) filter (where not is_opening), 0)::bigint as debit,
       coalesce(sum(credit) filter (where not is_opening), 0)::bigint as credit
     from line group by 1, 2, 3, 4
     having coalesce(sum(debit - credit) filter (where is_opening), 0) <> 0 or count(*) filter (where not is_opening) > 0
     order by 1, 2, 3, 4`,
    {
      ulb: read.ulb.id,
      since: o.from,
      began: read.ulb.startsOn,
      until: o.to,
      start: financialYearStart(financialYearOf(o.from)),
      closing: o.closing === "in",
      fund: o.fund ?? null,
      function: o.function ?? null,
      ward: o.ward ?? null,
    },
  );
  return rows;
}

const ACCOUNTS = ["1100101", "1401101", "2101001", "2407001", "3109000", "4311001", "4502101", "3504101"];
const isNominal = (code: string): boolean => code < "3";
const drafted = fc.record({
  day: fc.oneof({ weight: 9, arbitrary: day }, { weight: 1, arbitrary: fc.constant(FIRST) }),
  debit: fc.constantFrom(...ACCOUNTS),
  credit: fc.constantFrom(...ACCOUNTS),
  fund: fc.constantFrom("01", "01", "02"),
  function: fc.constantFrom("03", "21"),
  wards: fc.tuple(fc.constantFrom(undefined, "1", "2"), fc.constantFrom(undefined, "1", "2")),
  amount: fc.integer({ min: 1, max: 1_000_000 }),
  isClosing: fc.boolean(),
  isOpening: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const question = fc.record({
  from: fc.oneof({ weight: 4, arbitrary: day }, { weight: 1, arbitrary: fc.constant(FIRST) }),
  length: fc.oneof(fc.integer({ min: -2, max: 40 }), fc.integer({ min: 0, max: 900 })),
  isWholeYear: fc.boolean(),
  by: fc.subarray(["fund", "function", "ward"] as const),
  closing: fc.constantFrom(undefined, "in" as const, "out" as const),
  fund: fc.constantFrom(undefined, undefined, "01", "02"),
  function: fc.constantFrom(undefined, undefined, "03", ""),
  ward: fc.constantFrom(undefined, undefined, "1", ""),
});

test("balances are those of the lines, for any range, slice and split, however much is rolled up", async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(drafted, { minLength: 20, maxLength: 60 }),
      fc.array(question, { minLength: 25, maxLength: 25 }),
      fc.array(fc.tuple(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 30 })), { maxLength: 4 }),
      async (drafts, questions, rolls) => {
        const books = await testUlb(app, {
          startsOn: FIRST,
          years: ["2023-04-01", "2024-04-01", "2025-04-01", "2026-04-01"].map(localDate),
        });
        const entries = drafts.map((d): EntryDraft => {
          n += 1;
          const more = (code: string, i: 0 | 1) => ({
            fund: d.fund,
            ward: d.wards[i],
            ...(isNominal(code) ? { function: d.function } : {}),
          });
          const isCash = [d.debit, d.credit].includes("4502101");
          const isContra = d.debit === "4502101" && d.credit === "4502101";
          return {
            voucher: d.day === FIRST || d.isOpening ? "opening" : isContra ? "contra" : isCash ? "receipt" : "journal",
            date: d.day,
            narration: "random",
            source: { type: d.isClosing && !isCash ? CLOSING_SOURCE : "test", id: `r${n}` },
            lines: [
              dr(d.debit, paise(BigInt(d.amount)), more(d.debit, 0)),
              cr(d.credit, paise(BigInt(d.amount)), more(d.credit, 1)),
            ],
          };
        });
        // Posted in pieces with roll-ups between them: later pieces reach back into months that are rolled up already.
        const cut = Math.ceil(entries.length / (rolls.length + 1));
        for (let i = 0; i <= rolls.length; i++) {
          await books.tx("accountant", (t) => postEntries(t, entries.slice(i * cut, (i + 1) * cut)));
          const roll = rolls[i];
          if (roll) await books.tx("system", (t) => rollUp(t, roll[1]));
        }
        await books.tx("auditor", async (t) => {
          expect(await rollUpFaults(t, "whole")).toEqual([]);
          expect(await recheckEntries(t)).toEqual([]);
          for (const q of questions) {
            const from = q.isWholeYear ? financialYearStart(financialYearOf(q.from)) : q.from;
            const to =
              q.isWholeYear && q.length > 100
                ? localDate(`${Number(from.slice(0, 4)) + 1}-03-31`)
                : addDays(q.from, q.length);
            const { length: _l, isWholeYear: _w, ...rest } = q;
            const options = { ...rest, from, to };
            expect(await movements(t, options), JSON.stringify(options)).toEqual(await naive(t, options));
          }
          const [q] = questions;
          if (!q) return;
          const balances = await accountBalances(t, ACCOUNTS, q.from, q.fund);
          const truth = await t.query<{ account: string; balance: bigint }>(
            `select account, sum(debit - credit)::bigint as balance from ledger.lines
             where ulb_id = :ulb and entry_date <= :until::date and (:fund::text is null or fund = :fund) group by account`,
            { ulb: t.ulb.id, until: q.from, fund: q.fund ?? null },
          );
          for (const account of ACCOUNTS) {
            expect(balances.get(account)).toBe(truth.find((r) => r.account === account)?.balance ?? 0n);
            const statement = await accountStatement(t, { account, from: q.from, to: LAST });
            const opened = (await naive(t, { from: q.from, to: q.from })).find((m) => m.account === account);
            expect(statement.opening).toBe(opened?.opening ?? 0n);
          }
          expect([...(await fundDifferences(t, q.from)).values()].every((v) => v === 0n)).toBe(true);
        });
      },
    ),
    { numRuns: 12 },
  );
}, 120_000);

const tamper = (sql: string): Promise<void> =>
  withConnection(app.db.address, "owner", async (c) => {
    await c.query(
      "begin; alter table ledger.entries disable trigger user; alter table ledger.lines disable trigger user",
    );
    await c.query(
      "alter table ledger.balance_daily no force row level security; alter table ledger.balance_sums no force row level security",
    );
    await c.query("alter table ledger.lines drop constraint line_is_debit_or_credit");
    await c.query(sql);
    await c.query("alter table ledger.entries enable trigger user; alter table ledger.lines enable trigger user");
    await c.query(
      "alter table ledger.balance_daily force row level security; alter table ledger.balance_sums force row level security",
    );
    await c.query(
      "alter table ledger.lines add constraint line_is_debit_or_credit check ((debit > 0 and credit = 0) or (credit > 0 and debit = 0)) not valid; commit",
    );
  });

const entry = (u: number, n: number): string =>
  `(select entry_id from ledger.entries where ulb_id = ${u} and number = ${n})`;
const faulty: readonly (readonly [string, (u: number) => string, readonly (readonly [string, RegExp])[]])[] = [
  ["an amount", (u) => `update ledger.lines set debit = debit + 1 where ulb_id = ${u} and line_no = 1 and entry_id = ${entry(u, 2)}`,
    [["R/2026-27/000002", /fund 01 are 1 paise, not 0/]]],
  ["a fund", (u) => `update ledger.lines set fund = '02' where ulb_id = ${u} and line_no = 1 and entry_id = ${entry(u, 2)}`,
    [["R/2026-27/000002", /fund 01 are -102 paise/], ["R/2026-27/000002", /fund 02 are 102 paise/]]],
  ["a deleted line", (u) => `delete from ledger.lines where ulb_id = ${u} and line_no = 2 and entry_id = ${entry(u, 3)}`,
    [["R/2026-27/000003", /fund 01 are 103 paise/], ["R/2026-27/000003", /has 1 lines; an entry has two at least/]]],
  ["the number of a line", (u) => `update ledger.lines set line_no = 7 where ulb_id = ${u} and line_no = 2 and entry_id = ${entry(u, 3)}`,
    [["R/2026-27/000003", /has 2 lines, the last is numbered 7/]]],
  ["the day of a line", (u) => `update ledger.lines set entry_date = '2026-06-01' where ulb_id = ${u} and line_no = 2 and entry_id = ${entry(u, 1)}`,
    [["R/2026-27/000001", /lines of different days/]]],
  ["a pair of lines of nothing", (u) => `update ledger.lines set debit = 0, credit = 0 where ulb_id = ${u} and entry_id = ${entry(u, 1)}`,
    [["R/2026-27/000001", /not a debit or a credit of more than zero/]]],
  ["an entry moved to another year", (u) => `update ledger.entries set fy = '2025-26' where ulb_id = ${u} and number = 1`,
    [["R/2025-26/000001", /series of 2025-26, its day lies in 2026-27/]]],
  ["an account that is none", (u) => `update ledger.lines set account = '9999999' where ulb_id = ${u} and line_no = 2 and entry_id = ${entry(u, 1)}`,
    [["account 9999999", /1 lines stand on it, and the chart does not know it/]]],
  ["a heading", (u) => `update ledger.lines set account = '43110' where ulb_id = ${u} and line_no = 2 and entry_id = ${entry(u, 1)}`,
    [["account 43110", /it is a heading/]]],
]; // prettier-ignore

test.each(faulty)(
  "the nightly re-check finds what broke a rule behind the posting function: %s",
  async (_what, sql, expected) => {
    const books = await testUlb(app);
    await books.tx("cashier", (t) =>
    postEntries(t, [1, 2, 3].map((n) => ({
      voucher: "receipt" as const,
      date: localDate("2026-05-10"),
      narration: "Property tax",
      source: { type: "test", id: `n${n}` },
      lines: [dr("4501001", paise(100n + BigInt(n))), cr("4311001", paise(100n + BigInt(n)))],
    }))),
  ); // prettier-ignore
    await books.tx("system", (t) => rollUp(t));
    await tamper(sql(books.ulb.id));
    const found = await books.tx("auditor", (t) => recheckEntries(t));
    expect(found.map((f) => f.where)).toEqual(expected.map(([where]) => where));
    found.forEach((f, i) => expect(f.problem).toMatch(expected[i]?.[1] ?? ""));
  },
);

test("a roll-up that is not that of the lines is found: the cheap way between its levels, the whole way to the day", async () => {
  const books = await testUlb(app);
  const u = books.ulb.id;
  const faults = (how: "cheap" | "whole") => books.tx("auditor", (t) => rollUpFaults(t, how));
  await books.tx("cashier", (t) =>
    postEntries(t, [1, 2].map((n) => ({
      voucher: "receipt" as const,
      date: localDate("2026-05-10"),
      narration: "Property tax",
      source: { type: "test", id: `n${n}` },
      lines: [dr("4501001", paise(500n), { ward: "3" }), cr("4311001", paise(500n), { ward: "3" })],
    }))),
  ); // prettier-ignore
  await books.tx("system", (t) => rollUp(t));
  expect([await faults("cheap"), await faults("whole")]).toEqual([[], []]);
  // Moved between accounts in one level: the sums stay, what they stand under does not.
  await tamper(
    `update ledger.balance_sums set account = '4501002' where ulb_id = ${u} and grain = 'fund' and span = 'month' and account = '4501001'`,
  );
  expect((await faults("cheap")).map((f) => f.where)).toEqual(["roll-up fund by month"]);
  await tamper(`update ledger.balance_sums set account = '4501001' where ulb_id = ${u} and account = '4501002'`);
  // The lines changed: only a recomputation can know.
  await tamper(
    `update ledger.lines set debit = 2 * debit, credit = 2 * credit where ulb_id = ${u} and entry_id = ${entry(u, 2)}`,
  );
  expect(await faults("cheap")).toEqual([]);
  expect((await faults("whole")).map((f) => [f.where, f.problem])).toEqual([
    ["roll-up 2026-05-10 4311001 fund 01 function  ward 3", "holds 0/1000/2, its lines are 0/1500/2"],
    ["roll-up 2026-05-10 4501001 fund 01 function  ward 3", "holds 1000/0/2, its lines are 1500/0/2"],
  ]);
});
