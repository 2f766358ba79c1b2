import { spawnSync } from "node:child_process";
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { openDatabase, refreshStatistics, withConnection } from "./kernel/database.ts";
import {
  addDays,
  daysBetween,
  financialYear,
  localDate,
  systemClock,
  type FinancialYear,
  type LocalDate,
} from "./kernel/dates.ts";
import { startEmbeddedPostgres } from "./kernel/embedded-postgres.ts";
import { paise } from "./kernel/money.ts";
import { inSnapshot, inTransaction, type App, type Read, type Who } from "./kernel/tx.ts";
import { accountStatement, movements, trialBalance, trialBalanceTotals, type StatementCursor } from "./balances.ts";
import { prepareDatabase } from "./charts.ts";
import { cr, dayBook, dr, postEntries, type EntryDraft } from "./entries.ts";
import { openFinancialYear } from "./periods.ts";
import { recheckEntries, rollUpFaults } from "./recheck.ts";
import { rollUp } from "./rollup.ts";
import { seal, sealLag, verifySeals } from "./seal.ts";
import { createUlb } from "./ulbs.ts";

const FIRST = localDate("2021-04-01");
const YEARS = ["2021-22", "2022-23", "2023-24", "2024-25", "2025-26"].map(financialYear);
const LAST = localDate("2026-03-31");

/**
 * The books of one large city: by default ten million lines of five years are posted through `postEntries` in sets of 5,000, rolled up and sealed;
 * then trial balance, balance sheet, a year of one account and a page of the day book, each against the plainest SQL over the same lines in the
 * same run, and against hledger and ledger on a million exported lines where they are installed. A fresh cluster with fsync on is made for it.
 */
export async function runBooksBench(args: readonly string[]): Promise<void> {
  const at = args.indexOf("--lines");
  const lines = at < 0 ? 10_000_000 : Number(args[at + 1]);
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-books-"));
  chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    await prepareDatabase(server.address);
    const app: App = { db: openDatabase(server.address, { poolSize: 8 }), clock: systemClock };
    try {
      await bench(app, dir, lines);
    } finally {
      await app.db.close();
    }
  } finally {
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const rss = (): number => Math.round(process.memoryUsage().rss / 1_048_576);
const show = (n: number): string => Math.round(n).toLocaleString("en-IN");
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function bench(app: App, dir: string, target: number): Promise<void> {
  const ulb = await createUlb(app, { code: "books", name: "Books", state: "Bench", startsOn: FIRST });
  const who: Who = { ulb, actor: { id: "bench@test", roles: ["accountant", "system"] } };
  await inTransaction(app, who, async (tx) => {
    for (const fy of YEARS.slice(1)) await openFinancialYear(tx, fy);
  });
  const city = await inSnapshot(app, who, cityOf);
  console.log(
    `${city.accounts} accounts, ${city.functions.length} functions, 3 funds, 40 wards, every day of ${YEARS.join(", ")}`,
  );

  // ---------------------------------------------------------------- post
  const days = daysBetween(FIRST, LAST) + 1;
  let [lines, entries] = [0, 0];
  const postStart = performance.now();
  let spent = 0;
  for (let set: EntryDraft[] = []; lines < target;) {
    const day = addDays(FIRST, Math.min(days - 1, Math.floor((lines / target) * days)));
    const draft = city.draft(day, entries);
    set.push(draft);
    lines += draft.lines.length;
    entries += 1;
    if (set.length < 5000 && lines < target) continue;
    const start = performance.now();
    const posting = set;
    await inTransaction(app, who, (tx) => postEntries(tx, posting));
    spent += performance.now() - start;
    set = [];
    if (entries % 500_000 === 0)
      console.log(
        `  ${show(entries)} entries, ${show(lines)} lines, ${seconds(performance.now() - postStart)}, RSS ${rss()} MB`,
      );
  }
  const postRate = (entries / spent) * 1000;
  console.log(
    `posted: ${show(entries)} entries, ${show(lines)} lines in ${seconds(spent)}: ${show(postRate)} entries/s, in sets of 5,000, one after the other`,
  );
  await refreshStatistics(app.db.address);

  // ---------------------------------------------------------------- roll up and seal
  const rolled = await steadily("rolled up", entries, postRate, () =>
    inTransaction(app, who, (tx) => rollUp(tx, 50_000)),
  );
  const sealed = await steadily(
    "sealed",
    entries,
    postRate,
    async () => (await inTransaction(app, who, (tx) => seal(tx)))?.entryCount ?? 0,
  );
  const lag = await inSnapshot(app, who, sealLag);
  if (rolled !== entries || sealed !== entries || lag.entries !== 0n)
    throw new Error(`rolled ${rolled}, sealed ${sealed} of ${entries}`);
  await refreshStatistics(app.db.address);
  await withConnection(app.db.address, "owner", (c) => c.query("checkpoint").catch(() => undefined));
  const { rows: sizes } = await app.db.batch.query<{ name: string; rows: bigint; size: string }>(
    `select relname as name, reltuples::bigint as rows, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class
     where oid in ('ledger.lines'::regclass, 'ledger.entries'::regclass, 'ledger.balance_daily'::regclass, 'ledger.balance_sums'::regclass, 'ledger.seals'::regclass)
     order by pg_total_relation_size(oid) desc`,
  );
  console.log(`tables: ${sizes.map((s) => `${s.name} ${show(Number(s.rows))} rows ${s.size}`).join(", ")}`);

  // ---------------------------------------------------------------- read
  const read = <T>(fn: (read: Read) => Promise<T>) => inSnapshot(app, who, fn);
  const year = { from: localDate("2025-04-01"), to: LAST };
  const middle = localDate("2025-11-17");
  console.log(
    `load average ${loadavg()
      .map((l) => l.toFixed(1))
      .join(", ")} on ${cpus().length} cores`,
  );
  console.log(
    "\nmedian of 9, warm; the plain aggregate is one SQL statement over the lines, median of 5, as a role without row-level security",
  );
  const plainYear = await timed(5, () => plain(app, ulb.id, year.from, year.to));
  const own = await timed(9, () => read((r) => trialBalance(r, year)));
  const totals = trialBalanceTotals(own.value);
  if (totals.closeDebit !== totals.closeCredit) throw new Error("the trial balance does not balance");
  const debits = plainYear.value.reduce((a, r) => a + r.debit, 0n);
  if (debits !== totals.debit)
    throw new Error(`the plain aggregate has debits of ${debits}, the trial balance ${totals.debit}`);
  report("trial balance of 2025-26", own, plainYear, 50);
  for (const [name, from, to] of [
    ["trial balance of 7 May to 17 November 2025", localDate("2025-05-07"), middle],
    ["trial balance of five years, to a mid-month day", FIRST, localDate("2026-03-30")],
  ] as const) {
    const aggregate = await timed(5, () => plain(app, ulb.id, from, to));
    report(name, await timed(9, () => read((r) => trialBalance(r, { from, to }))), aggregate, 50);
  }
  const plainDay = await timed(5, () => plain(app, ulb.id, year.from, middle));
  for (const day of [middle, localDate("2025-12-31"), localDate("2023-08-30")]) {
    const from = localDate(`${Number(day.slice(0, 4)) - (day.slice(5) < "04" ? 1 : 0)}-04-01`);
    const sheet = await timed(9, () => read((r) => movements(r, { from, to: day })));
    report(`balances of the balance sheet at ${day}`, sheet, plainDay, 50);
  }
  report(
    "the same at 2025-11-17, by fund",
    await timed(9, () => read((r) => movements(r, { ...year, to: middle, by: ["fund"] }))),
    plainDay,
  );
  report(
    "the same at 2025-11-17, by function",
    await timed(9, () => read((r) => movements(r, { ...year, to: middle, by: ["function"] }))),
    plainDay,
  );
  report(
    "the same at 2025-11-17, of one ward",
    await timed(9, () => read((r) => movements(r, { ...year, to: middle, ward: "7" }))),
    plainDay,
  );
  report(
    "the same at 2025-11-17, by ward",
    await timed(9, () => read((r) => movements(r, { ...year, to: middle, by: ["ward"] }))),
    plainDay,
  );

  for (const account of ["4311001", city.cold]) {
    const plainLines = await timed(5, async () => (await app.db.batch.query<{ n: bigint }>(
      "select count(*) as n, sum(balance) from (select sum(debit - credit) over (order by entry_date, entry_id, line_no) as balance from ledger.lines where ulb_id = $1 and account = $2 and entry_date between $3 and $4) as l",
      [ulb.id, account, year.from, year.to],
    )).rows[0]?.n); // prettier-ignore
    const memory = rss();
    const pages = await timed(account === city.cold ? 9 : 3, () =>
      read((r) => allPages(r, account, year.from, year.to)),
    );
    report(
      `account ${account}: its year, ${show(pages.value)} lines in pages of 1,000 (RSS ${memory} -> ${rss()} MB)`,
      pages,
      plainLines,
    );
    const page = await timed(9, () =>
      read((r) => accountStatement(r, { account, from: localDate("2025-12-10"), to: year.to })),
    );
    report(`account ${account}: a page of 200 from 10 December`, page, plainLines);
  }
  const cursor = { date: localDate("2025-12-09"), id: 1n << 60n };
  const plainPage = await timed(5, () => app.db.batch.query(
    `select e.*, l.* from (select entry_id from ledger.entries where ulb_id = $1 and entry_date between $2 and $3 order by entry_date, entry_id
       offset (select count(*) from ledger.entries where ulb_id = $1 and entry_date between $2 and '2025-12-09') limit 100) as p
     join ledger.entries e on e.ulb_id = $1 and e.entry_id = p.entry_id join ledger.lines l on l.ulb_id = $1 and l.entry_id = p.entry_id`,
    [ulb.id, year.from, year.to],
  )); // prettier-ignore
  report(
    "day book: a page of 100 entries from 10 December (plain: by offset)",
    await timed(9, () => read((r) => dayBook(r, { ...year, after: cursor, limit: 100 }))),
    plainPage,
  );

  // ---------------------------------------------------------------- a back-dated day, and what checks the books
  const late = Array.from({ length: 1000 }, (_, i) => city.draft(addDays(FIRST, 17 + i), entries + i));
  await inTransaction(app, who, (tx) => postEntries(tx, late));
  report(
    "trial balance of 2025-26 with 1,000 back-dated entries in the tail",
    await timed(9, () => read((r) => trialBalance(r, year))),
    plainYear,
  );
  const rollStart = performance.now();
  const caughtUp = await inTransaction(app, who, (tx) => rollUp(tx));
  console.log(`rolling up ${caughtUp} entries of as many old days: ${(performance.now() - rollStart).toFixed(0)} ms`);
  await inTransaction(app, who, (tx) => seal(tx));
  for (const [name, check] of [
    ["roll-up against itself (cheap)", (r: Read) => rollUpFaults(r, "cheap")],
    ["roll-up against every line (whole)", (r: Read) => rollUpFaults(r, "whole")],
    ["every entry judged again", recheckEntries],
    ["every seal recomputed", verifySeals],
  ] as const) {
    const before = rss();
    const start = performance.now();
    const faults = await read<readonly unknown[]>(check);
    const took = performance.now() - start;
    if (faults.length > 0) throw new Error(`${name}: ${JSON.stringify(faults.slice(0, 3))}`);
    console.log(
      `${name.padEnd(60)} ${seconds(took).padStart(10)}   ${show((entries / took) * 1000)} entries/s, RSS ${before} -> ${rss()} MB`,
    );
  }
  await againstPlainText(app, ulb.id, dir, own.median);
}

type Timed<T> = { readonly median: number; readonly best: number; readonly value: T };
async function timed<T>(times: number, fn: () => Promise<T>): Promise<Timed<T>> {
  let value = await fn(); // warm
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    value = await fn();
    took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  return { median: took[Math.floor(times / 2)] ?? Number.NaN, best: took[0] ?? Number.NaN, value };
}

function report(name: string, ours: Timed<unknown>, others: Timed<unknown>, goal?: number): void {
  const [own, plain] = [ours.median, others.median];
  const ratio = plain / own;
  const verdict =
    goal === undefined
      ? ""
      : own < 50 && ratio > goal
        ? `   goal: under 50 ms and 1/${goal}: met`
        : `   goal: under 50 ms and 1/${goal}: MISSED`;
  console.log(
    `${name.padEnd(72)} ${own.toFixed(1).padStart(8)} ms (best ${ours.best.toFixed(1)})   plain ${plain.toFixed(0).padStart(6)} ms (best ${others.best.toFixed(0)})   1/${ratio.toFixed(ratio < 10 ? 1 : 0)}${verdict}`,
  );
}

/** Repeats `step` until it does nothing; says its rate against posting, and the process's memory on the way. */
async function steadily(name: string, all: number, postRate: number, step: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const memory: number[] = [];
  let done = 0;
  for (;;) {
    const some = await step();
    if (some === 0) break;
    done += some;
    memory.push(rss());
  }
  const rate = (done / (performance.now() - start)) * 1000;
  const at = (share: number): number => memory[Math.floor((memory.length - 1) * share)] ?? 0;
  console.log(
    `${name}: ${show(done)} of ${show(all)} entries in ${seconds(performance.now() - start)}: ${show(rate)} entries/s, ${(rate / postRate).toFixed(2)} of the posting rate; ` +
      `RSS ${[0.1, 0.25, 0.5, 0.75, 1].map((s) => at(s)).join(" / ")} MB at 10 / 25 / 50 / 75 / 100 %`,
  );
  return done;
}

/** The least that answers it: opening, debits and credits of each account, straight from the lines. */
async function plain(
  app: App,
  ulbId: number,
  from: LocalDate,
  to: LocalDate,
): Promise<{ account: string; debit: bigint }[]> {
  const { rows } = await app.db.batch.query<{ account: string; debit: bigint }>(
    `select account, coalesce(sum(debit - credit) filter (where entry_date < $2), 0)::bigint as opening,
       coalesce(sum(debit) filter (where entry_date >= $2), 0)::bigint as debit, coalesce(sum(credit) filter (where entry_date >= $2), 0)::bigint as credit
     from ledger.lines where ulb_id = $1 and entry_date <= $3 group by account`,
    [ulbId, from, to],
  );
  return rows;
}

async function allPages(read: Read, account: string, from: LocalDate, to: LocalDate): Promise<number> {
  let count = 0;
  let after: StatementCursor | undefined;
  do {
    const page = await accountStatement(read, { account, from, to, after, limit: 1000 });
    count += page.lines.length;
    after = page.next;
  } while (after);
  return count;
}

type City = {
  readonly accounts: number;
  readonly functions: readonly string[];
  readonly cold: string;
  draft(day: LocalDate, n: number): EntryDraft;
};

/** A city's mixture: mostly receipts against demands, then other income, payments with deductions, and journals; few accounts are hot. */
async function cityOf(read: Read): Promise<City> {
  const some = async (pattern: string, limit: number): Promise<string[]> =>
    (
      await read.query<{ code: string }>(
        "select code from ledger.accounts where ulb_id = :ulb and is_posting and code ~ :pattern order by code limit :row_limit",
        { ulb: read.ulb.id, pattern, row_limit: limit },
      )
    ).map((r) => r.code);
  const income = await some("^1[1-8]0", 70);
  const expense = await some("^2[1-7]0", 90);
  const receivable = await some("^4311|^4313|^4314", 12);
  const payable = await some("^3[45]0", 60);
  const assets = await some("^4(10|12|30|60)", 60);
  const functions = (
    await read.query<{ code: string }>("select code from ledger.functions where ulb_id = :ulb order by code limit 15", {
      ulb: read.ulb.id,
    })
  ).map((r) => r.code);
  let state = 20_260_401;
  const random = (): number => {
    // xorshift: the same city in every run.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
  /** The first ones often, the last ones seldom. */
  const of = (list: readonly string[]): string => list[Math.floor(random() ** 3 * list.length)] ?? "";
  const banks = ["4502101", "4501001", "4501005"];
  return {
    accounts: income.length + expense.length + receivable.length + payable.length + assets.length + banks.length,
    functions,
    cold: assets[30] ?? "",
    draft: (day, n) => {
      const ward = String(1 + Math.floor(random() * 40));
      const fund = random() < 0.85 ? "01" : random() < 0.6 ? "02" : "03";
      const amount = BigInt(100 + Math.floor(random() ** 2 * 5_000_000));
      const kind = random();
      const named = { fund, ward };
      const source = { type: "bench", id: `e${n}` };
      if (kind < 0.68) {
        const party = { type: "consumer", id: `C-${Math.floor(random() * 200_000)}` };
        const demandYear = YEARS[Math.floor(random() * YEARS.length)] as FinancialYear;
        return {
          voucher: "receipt",
          date: day,
          source,
          narration: `Property tax, ward ${ward}`,
          lines: [
            dr(of(banks), paise(amount), named),
            cr(of(receivable), paise(amount), { ...named, party, demandYear }),
          ],
        };
      }
      const share = amount / 10n + 1n;
      if (kind < 0.8)
        return {
          voucher: "receipt",
          date: day,
          source,
          narration: `Fees and charges, ward ${ward}`,
          lines: [
            dr(of(banks), paise(amount + share), named),
            cr(of(income), paise(amount), { ...named, function: of(functions) }),
            cr(of(payable), paise(share), named),
          ],
        };
      if (kind < 0.9)
        return {
          voucher: "payment",
          date: day,
          source,
          narration: "Bill of a contractor, with deductions",
          lines: [
            dr(of(payable), paise(amount + share), { fund }),
            cr("4502101", paise(amount), { fund }),
            cr(of(payable), paise(share), { fund }),
          ],
        };
      return {
        voucher: "journal", date: day, source, narration: "Bill passed and asset taken over",
        lines: [
          dr(of(expense), paise(amount), { ...named, function: of(functions) }), cr(of(payable), paise(amount), { fund }),
          dr(of(assets), paise(share), { fund }), cr(of(payable), paise(share), { fund }),
        ],
      }; // prettier-ignore
    },
  };
}

/** A million lines as plain text accounting reads them, and the balance report of those who do nothing else. */
async function againstPlainText(app: App, ulbId: number, dir: string, own: number): Promise<void> {
  const programs = [["hledger", ["bal", "-N", "--flat", "-f"]], ["ledger", ["bal", "--no-total", "--flat", "-f"]]] as const; // prettier-ignore
  const installed = programs.filter(([program]) => spawnSync(program, ["--version"]).status === 0);
  for (const [program] of programs.filter((p) => !installed.includes(p)))
    console.log(`${program}: not installed (apt-get install ${program})`);
  if (installed.length === 0) return;
  const file = path.join(dir, "million.journal");
  const out = createWriteStream(file);
  const client = await app.db.batch.connect();
  let written = 0;
  try {
    for (let after = 0n; written < 1_000_000;) {
      const { rows } = await client.query<{ entry_id: bigint; text: string; lines: bigint }>(
        `select e.entry_id, e.entry_date || ' (' || e.voucher || '/' || e.fy || '/' || e.number || ') ' || e.narration || E'\\n'
           || string_agg('    A:' || l.account || '  ' || ((l.debit - l.credit) / 100.00)::numeric(20, 2), E'\\n' order by l.line_no) || E'\\n\\n' as text, count(*) as lines
         from (select * from ledger.entries where ulb_id = $1 and entry_id > $2 order by entry_id limit 5000) as e
         join ledger.lines l on l.ulb_id = e.ulb_id and l.entry_id = e.entry_id
         group by e.entry_id, e.entry_date, e.voucher, e.fy, e.number, e.narration order by e.entry_id`,
        [ulbId, after],
      );
      if (rows.length === 0) break;
      for (const r of rows) {
        if (!out.write(r.text)) await once(out, "drain");
        written += Number(r.lines);
        after = r.entry_id;
      }
    }
  } finally {
    client.release();
  }
  out.end();
  await once(out, "finish");
  for (const [program, options] of installed) {
    const start = performance.now();
    const run = spawnSync(program, [...options, file], { encoding: "utf8", maxBuffer: 1 << 26 });
    const took = performance.now() - start;
    if (run.status !== 0) console.log(`${program}: ${run.stderr.slice(0, 300)}`);
    else
      console.log(
        `${program}: balances of ${show(written)} exported lines (${run.stdout.trim().split("\n").length} accounts) in ${seconds(took)}; our trial balance of all lines takes 1/${show(took / own)} of it`,
      );
  }
}
