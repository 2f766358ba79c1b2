import { expect, test } from "vitest";
import { postEntries } from "../ledger/index.ts";
import { addDays, localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { entryOfItem, splitByDays, statementOf } from "./generator/books.ts";
import { generateCity, type CityAccount, type TrueItem, type TrueLine } from "./generator/city.ts";
import { Random } from "./generator/random.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { ref } from "./tokens.ts";
import { bankUlb, BANK, type BankUlb } from "./testing.ts";
import { importStatement } from "./statements.ts";

const app = await testApp();
const FIRST = localDate("2026-04-01");
const OPENING = 10_000_000_000n;

const post = (town: BankUlb, items: readonly TrueItem[]) =>
  town.tx("accountant", (tx) =>
    postEntries(
      tx,
      items.map((i) => entryOfItem(i, BANK, "3101001", "")),
    ),
  );
const run = (town: BankUlb) => town.tx("accountant", (tx) => reconcile(tx, BANK));

/** Live matches, in words that are the same in every ULB. */
async function matches(town: BankUlb): Promise<string[]> {
  const rows = await inSnapshot(app, town.as("auditor"), (read) =>
    read.query<{ id: string; legs: string[] }>(
      `select g.match_id as id, array_agg(coalesce(e.source_id, 'line ' || b.position - p.first) order by coalesce(e.source_id, ''), b.position) as legs
       from reconciliation.live_legs g
       cross join (select min(position) as first from reconciliation.bank_lines where ulb_id = :ulb) p
       left join reconciliation.bank_lines b on b.ulb_id = g.ulb_id and b.line_id = g.line_id
       left join ledger.entries e on e.ulb_id = g.ulb_id and e.entry_id = g.entry_id
       where g.ulb_id = :ulb group by g.match_id`,
      { ulb: read.ulb.id },
    ),
  );
  return rows.map((r) => r.legs.join(" ")).sort();
}

type Step = (town: BankUlb) => Promise<unknown>;

/** Files in the order given, each part of the books before or after them, with a run after every one. */
async function play(
  account: CityAccount,
  files: readonly number[],
  cuts: number,
  isBooksLate: boolean,
): Promise<BankUlb> {
  const town = await bankUlb(app);
  const days = Array.from({ length: cuts }, (_, i) => addDays(FIRST, Math.floor(((i + 1) * 12) / (cuts + 1))));
  const parts = splitByDays(account.lines, days);
  const books = splitByDays(account.items, days);
  const openings: bigint[] = [];
  let balance = OPENING;
  for (const p of parts) {
    openings.push(balance);
    balance = statementOf(balance, p).closing;
  }
  const steps: Step[] = files.flatMap((n): Step[] => {
    const load: Step = (t) =>
      t.tx("accountant", (tx) =>
        importStatement(tx, {
          account: BANK,
          csv: statementOf(openings[n] ?? 0n, parts[n] ?? []).csv,
          fileName: `part-${n}.csv`,
        }),
      );
    const book: Step = (t) => post(t, books[n] ?? []);
    return isBooksLate ? [load, run, book, run] : [book, run, load, run];
  });
  for (const step of steps) await step(town);
  return town;
}

/** A world in which references, amounts and slips collide all the time, also over the borders of files. */
function collisions(seed: number): CityAccount {
  const random = new Random(seed);
  const refs = ["HDFCN26061000111", "HDFCN26061000112", "624512345678", "ABCDR52026040269592117"];
  const amounts = [25_075n, 25_076n, 990_037n, 50_112n];
  const at = (): number => random.below(12);
  const lines = Array.from({ length: 26 }, (_, n): TrueLine => {
    const full = random.pick(refs);
    const text = random.pick([
      full,
      full,
      full.slice(-9),
      full.slice(0, 13),
      `REV ${full}`,
      "BY CASH SLIP/2026/0001",
      "BY CASH",
    ]);
    const amount = random.pick(amounts) * (text.startsWith("REV") ? -1n : 1n);
    return { id: `L${n}`, date: addDays(FIRST, at()), amount, narration: text, reference: "", truth: 0 };
  });
  const items = Array.from({ length: 24 }, (_, n): TrueItem => {
    const isCash = random.isHit(0.3);
    return {
      id: `I${n}`,
      date: addDays(FIRST, at()),
      amount: random.pick(amounts),
      kind: isCash ? "cash" : "transfer",
      refs: isCash ? [] : [ref("utr", random.pick(refs))],
      truth: 0,
      ...(isCash ? { group: "SLIP20260001" } : {}),
    };
  });
  const byDate = (a: { date: string }, b: { date: string }): number => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0);
  return { lines: lines.sort(byDate), items: items.sort(byDate) };
}

test.each([1, 2, 3, 4])(
  "world %i: any order of files, any split of the period and late books end in the same matches",
  async (seed) => {
    const account = collisions(seed);
    const once = await matches(await play(account, [0], 0, false));
    expect(await matches(await play(account, [0, 1, 2], 2, false))).toEqual(once);
    expect(await matches(await play(account, [3, 2, 1, 0], 3, true))).toEqual(once);
  },
);

/** References of one bank and day, cut and mistyped: each may be the one that another must be alone with. */
function neighbours(seed: number): CityAccount {
  const random = new Random(seed);
  const refs = ["KLMBN26091428090", "KLMBN26091428017", "KLMBN26092115511", "586993714455", "586993714466"];
  const amounts = [500_000n, 25_075n, 990_000n];
  const at = (): LocalDate => addDays(FIRST, random.below(12));
  const lines = Array.from({ length: 14 }, (_, n): TrueLine => {
    const full = random.pick(refs);
    const text = random.pick([full, full.slice(0, -4), full.slice(0, -4), `${full.slice(0, 9)}7${full.slice(10)}`]);
    const isReversal = random.isHit(0.15);
    return {
      id: `L${n}`,
      date: at(),
      amount: random.pick(amounts) * (isReversal ? -1n : 1n),
      narration: isReversal ? `REV ${text}` : text,
      reference: "",
      truth: 0,
    };
  });
  const items = Array.from({ length: 9 }, (_, n): TrueItem => ({
    id: `I${n}`,
    date: at(),
    amount: random.pick(amounts),
    kind: "transfer",
    refs: random.isHit(0.2) ? [] : [ref("utr", random.pick(refs))],
    truth: 0,
  }));
  const byDate = (a: { date: string }, b: { date: string }): number => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0);
  return { lines: lines.sort(byDate), items: items.sort(byDate) };
}

test("references that begin alike end in the same matches in any order of files and with late books", async () => {
  let partial = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const account = neighbours(seed);
    const town = await play(account, [0], 0, false);
    const once = await matches(town);
    expect(await matches(await play(account, [0, 1, 2], 2, false)), `world ${seed}`).toEqual(once);
    expect(await matches(await play(account, [3, 2, 1, 0], 3, true)), `world ${seed}, late books`).toEqual(once);
    partial += await partialMatches(town);
  }
  expect(partial).toBeGreaterThan(3);
});

async function partialMatches(town: BankUlb): Promise<number> {
  const [row] = await inSnapshot(app, town.as("auditor"), (read) =>
    read.query<{ n: number }>(
      "select count(*)::integer as n from reconciliation.matches where ulb_id = :ulb and pass in ('P0', 'P2')",
      { ulb: read.ulb.id },
    ),
  );
  return row?.n ?? 0;
}

test("a generated city ends in the same matches whether it is loaded at once or in parts, and after everything is taken back and run again", async () => {
  const city = generateCity({ receipts: 1200, days: 12, seed: 77, profile: "hard" });
  const shift = <T extends TrueLine | TrueItem>(of: readonly T[]): T[] =>
    of.map((x) => ({ ...x, date: addDays(x.date, 365) }));
  const [whole] = city.accounts;
  const account = { lines: shift(whole?.lines ?? []), items: shift(whole?.items ?? []) };
  const town = await play(account, [0], 0, false);
  const once = await matches(town);
  expect(once.length).toBeGreaterThan(50);
  expect(await matches(await play(account, [2, 1, 0], 2, true))).toEqual(once);
  const live = await inSnapshot(app, town.as("auditor"), (read) =>
    read.query<{ id: string }>("select distinct match_id as id from reconciliation.live_legs where ulb_id = :ulb", {
      ulb: read.ulb.id,
    }),
  );
  await town.tx("accountant", async (tx) => {
    for (const m of live) await unmatch(tx, m.id, "checking the matches once more");
  });
  expect(await matches(town)).toEqual([]);
  const again = await run(town);
  expect(await matches(town)).toEqual(once);
  expect(again.takenBack).toEqual([]);
});

test("a match that no longer holds is taken back with the reason, and its history stays", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", "NEFT, UTR HDFCN26061000111");
  await town.bank("0.00", [["2026-04-02", "1000.00", "NEFT-HDFCN26061000111-A2"]]);
  const first = await run(town);
  expect(first.confirmed).toMatchObject([{ pass: "P1" }]);
  await town.bank("1000.00", [["2026-04-03", "1000.00", "NEFT-HDFCN26061000111-A2"]], { name: "next.csv" });
  const second = await run(town);
  expect(second.takenBack).toEqual([first.confirmed[0]?.matchId]);
  expect(second.confirmed).toEqual([]);
  expect(second.exceptions.filter((e) => e.kind === "ambiguous")).toHaveLength(3);
  await town.book("2026-04-03", "1000.00", "NEFT again, UTR HDFCN26061000111");
  expect((await run(town)).confirmed).toMatchObject([{ pass: "P1b" }]);
  expect((await run(town)).confirmed).toEqual([]);
});

test.each(["KLMBN250914280", "KLMBN25O91428090"])(
  "part of a reference (%s) proves nothing once another begins alike, whichever of them comes first",
  async (part) => {
    const [first, then] = [await bankUlb(app), await bankUlb(app)];
    await first.book("2026-04-01", "5000.00", "NEFT, UTR KLMBN25091428090");
    await first.bank("0.00", [["2026-04-02", "5000.00", `NEFT*${part}*R ROY`]]);
    const confirmed = (await run(first)).confirmed;
    expect(confirmed).toMatchObject([{ pass: "P2" }]);
    await first.book("2026-04-02", "70.00", "NEFT, UTR KLMBN25091428017");
    expect((await run(first)).takenBack).toEqual([confirmed[0]?.matchId]);

    await then.book("2026-04-02", "70.00", "NEFT, UTR KLMBN25091428017");
    await then.bank("0.00", [["2026-04-02", "70.00", "NEFT*KLMBN25091428017*R ROY"]]);
    expect((await run(then)).confirmed).toMatchObject([{ pass: "P1" }]);
    await then.book("2026-04-01", "5000.00", "NEFT, UTR KLMBN25091428090");
    await then.bank("70.00", [["2026-04-03", "5000.00", `NEFT*${part}*R ROY`]], { name: "next.csv" });
    expect((await run(then)).confirmed).toEqual([]);
  },
);
