import { expect, test } from "vitest";
import { addDays, localDate } from "../ledger/kernel/dates.ts";
import { Refusal } from "../ledger/kernel/errors.ts";
import { formatIndian, paise, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { acceptMatches, bench, mergeMatches, splitMatch, undoMatch } from "./bench/index.ts";
import { comparison } from "./comparison.ts";
import { reconcileAccount } from "./exceptions/index.ts";
import { Random } from "./generator/random.ts";
import { listMatches } from "./matches.ts";
import { openItems } from "./open-items.ts";
import { openLines } from "./statements.ts";
import { BANK, bankUlb, type BankRow, type BankUlb } from "./testing.ts";
import { bankSelfTie, bankTie } from "./ties.ts";

const app = await testApp();

/** What must hold after every step, asked of the tables and not of the code that wrote them. */
async function holds(town: BankUlb): Promise<void> {
  await inSnapshot(app, town.as("auditor"), async (read) => {
    const ulb = { ulb: read.ulb.id };
    const broken = await read.query<{ id: string; lines: bigint; items: bigint }>(
      `select match_id::text as id, coalesce(sum(amount) filter (where kind <> 'item'), 0)::bigint as lines,
         coalesce(sum(amount) filter (where kind = 'item'), 0)::bigint as items
       from reconciliation.match_legs where ulb_id = :ulb group by 1
       having coalesce(sum(amount) filter (where kind <> 'item'), 0) <> coalesce(sum(amount) filter (where kind = 'item'), 0)`,
      ulb,
    );
    expect(
      broken.map((b) => `${b.id}: lines ${formatIndian(paise(b.lines))}, items ${formatIndian(paise(b.items))}`),
    ).toEqual([]);
    const shared = await read.query(
      `select coalesce(line_id::text, entry_id || ':' || line_no, kind) as leg from reconciliation.live_legs where ulb_id = :ulb
       group by 1 having count(*) > 1`,
      ulb,
    );
    expect(shared).toEqual([]);
    // A match is live whole or not at all, and exactly while no record takes it back.
    const halves = await read.query(
      `select m.match_id from reconciliation.matches m
       where m.ulb_id = :ulb and m.reverses_match_id is null
         and (select count(*) from reconciliation.live_legs g where g.ulb_id = m.ulb_id and g.match_id = m.match_id)
           <> case when exists (select 1 from reconciliation.matches r where r.ulb_id = m.ulb_id and r.reverses_match_id = m.match_id) then 0
                else (select count(*) from reconciliation.match_legs g where g.ulb_id = m.ulb_id and g.match_id = m.match_id) end`,
      ulb,
    );
    expect(halves).toEqual([]);
    expect(await bankSelfTie(read)).toEqual([]);
    for (const tie of await bankTie(read, localDate("2026-06-30"))) expect(toRupees(tie.difference)).toBe("0.00");
    // What pages show, kept from before or not, is what there is.
    const shown = await bench(read, BANK, {}, { limit: 200 });
    const { lines, items, result } = await comparison(read, BANK);
    expect([shown.progress.open, shown.progress.openItems, shown.progress.proved, shown.progress.proposed]).toEqual([
      lines.size,
      items.size,
      result.confirmed.length,
      result.proposed.length,
    ]);
    expect(shown.lines.rows.map((r) => r.subject.id)).toEqual([...lines.keys()].slice(0, 200));
    expect(shown.items.rows.map((r) => r.subject.id)).toEqual([...items.keys()].slice(0, 200));
    // What is known of open rows is what the tables say of them.
    const day = localDate("2026-06-30");
    const ids = await read.query<{ id: string }>(
      `select line_id::text as id from reconciliation.bank_lines where ulb_id = :ulb
       union all select 'entry:' || entry_id || ':' || line_no from ledger.lines where ulb_id = :ulb`,
      ulb,
    );
    const all = ids.map((r) => r.id);
    expect(await openLines(read, BANK, day)).toEqual(await openLines(read, BANK, day, all));
    expect(await openItems(read, BANK, day)).toEqual(await openItems(read, BANK, day, { only: all }));
  });
}

const FIRST = localDate("2026-04-01");
const REFS = ["HDFCN26092000111", "HDFCN26092000112", "624512345678", "SBIN426093000777"];
const AMOUNTS = ["250.75", "250.75", "990.37", "1500.00"];

test.each([1, 2, 3])(
  "world %i: whatever people and the engine do, lines equal items in every match, a line is in one live match at most, and the statement ties",
  async (seed) => {
    const random = new Random(seed);
    const town = await bankUlb(app);
    let [day, balance] = [0, 0n];
    const live = async () =>
      (await inSnapshot(app, town.as("auditor"), (read) => listMatches(read, BANK))).filter(
        (m) => m.isLive && m.pass !== "opening" && m.pass !== "reversal",
      );
    const open = () => inSnapshot(app, town.as("auditor"), (read) => comparison(read, BANK));
    const write = (fn: Parameters<typeof town.tx<unknown>>[1]) => town.tx("accountant", fn);
    const steps: readonly (() => Promise<unknown>)[] = [
      () => town.book(addDays(FIRST, day), random.pick(AMOUNTS), `NEFT, UTR ${random.pick(REFS)}`),
      async () => {
        const rows = Array.from({ length: 1 + random.below(3) }, (): BankRow => [
          addDays(FIRST, day),
          random.pick(AMOUNTS),
          random.pick([`NEFT-${random.pick(REFS)}`, "BY TRANSFER", `REF ${random.pick(REFS).slice(-9)}`]),
        ]);
        const report = await town.bank(toRupees(paise(balance)), rows, { name: `${day}.csv` });
        if (report.status === "imported") balance = report.closing;
      },
      () => write((tx) => reconcileAccount(tx, BANK)),
      async () => {
        const { result } = await open();
        const [proposal] = result.proposed;
        if (proposal) await write((tx) => acceptMatches(tx, BANK, [proposal]));
      },
      async () => {
        // By hand, and often wrong: it is refused with the difference, or it agrees to the paisa.
        const { lines, items } = await open();
        const [l, i] = [[...lines.keys()], [...items.keys()]];
        if (l.length > 0 && i.length > 0)
          await write((tx) =>
            acceptMatches(tx, BANK, [{ lines: l.slice(0, 1 + random.below(2)), items: [random.pick(i)] }]),
          );
      },
      async () => {
        const matches = await live();
        if (matches.length > 0) await write((tx) => undoMatch(tx, random.pick(matches).id, "looked at once more"));
      },
      async () => {
        const matches = await live();
        if (matches.length > 1)
          await write((tx) =>
            mergeMatches(
              tx,
              matches.slice(0, 2).map((m) => m.id),
              "one deposit after all",
            ),
          );
      },
      async () => {
        const [match] = await live();
        if (match) await write((tx) => splitMatch(tx, match.id, [], "two deposits after all"));
      },
    ];
    let refused = 0;
    for (let n = 0; n < 40; n++) {
      day = Math.floor(n / 2);
      try {
        await steps[n < 6 ? n % 2 : random.below(steps.length)]?.();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused += 1;
      }
      await holds(town);
    }
    expect(refused).toBeLessThan(40);
    // From here everything is taken back, and run anew it comes to the same, twice.
    const pairs = async (): Promise<string[]> =>
      (
        (await write((tx) => reconcileAccount(tx, BANK))) as { confirmed: { lines: string[]; items: string[] }[] }
      ).confirmed
        .map((m) => `${m.lines.toSorted().join()}=${m.items.toSorted().join()}`)
        .sort();
    const undoAll = async (): Promise<void> => {
      for (const m of await live()) await write((tx) => undoMatch(tx, m.id, "once again from the start"));
      expect(await live()).toEqual([]);
    };
    await undoAll();
    const first = await pairs();
    await holds(town);
    await undoAll();
    expect(await pairs()).toEqual(first);
  },
  60_000,
);
