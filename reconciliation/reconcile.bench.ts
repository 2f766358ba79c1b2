import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { createUlb, openFinancialYear, postEntries, prepareDatabase } from "../ledger/index.ts";
import { openDatabase, refreshStatistics } from "../ledger/kernel/database.ts";
import { financialYear, localDate, systemClock } from "../ledger/kernel/dates.ts";
import { startEmbeddedPostgres } from "../ledger/kernel/embedded-postgres.ts";
import { paise } from "../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type App, type Who } from "../ledger/kernel/tx.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { declareBankHolidays } from "./bank-holidays.ts";
import { entryOfItem, splitByDays, statementOf } from "./generator/books.ts";
import { CITY_HOLIDAYS, CITY_START, generateCity, type City, type TrueItem, type TrueLine } from "./generator/city.ts";
import type { NoiseProfile } from "./generator/profiles.ts";
import { CAUSES, scoreOf, type Score, type WayScore } from "./generator/score.ts";
import { match } from "./match.ts";
import { reconcile } from "./reconcile.ts";
import { checkSettlement, type SettlementRow } from "./settlement.ts";
import { importStatement } from "./statements.ts";
import { bankSelfTie } from "./ties.ts";

const ACCOUNTS = ["4502101", "4502102", "4502103", "4502104"] as const;
const YEAR_RECEIPTS = 5_000_000;
const show = (n: number): string => Math.round(n).toLocaleString("en-IN");
const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
const rss = (): number => Math.round(process.memoryUsage().rss / 1_048_576);

/**
 * The bank reconciliation of a generated city: the pure core account by account against the truth, beside the hash join on amount and date that a
 * spreadsheet does in the same run, and every settlement proved from its rows; then end to end through PostgreSQL: statements imported, matches
 * written with their legs and audit.
 * Options: --receipts N (default 300000, about 100,000 lines), --year (5,000,000 receipts: 1.6 million lines), --profile standard|hard|both,
 * --seeds 21,22, --core (no database), --database (no core), --database-receipts N (default as --receipts).
 */
export async function runReconcileBench(args: readonly string[]): Promise<void> {
  const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const receipts = args.includes("--year") ? YEAR_RECEIPTS : Number(option("--receipts") ?? 300_000);
  const wanted = option("--profile") ?? "both";
  const profiles = (["standard", "hard"] as const).filter((p) => wanted === "both" || wanted === p);
  const seeds = (option("--seeds") ?? "21").split(",").map(Number);
  console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, node ${process.version}`);
  if (!args.includes("--database"))
    for (const profile of profiles) for (const seed of seeds) core(profile, seed, receipts);
  if (!args.includes("--core"))
    await withDatabase((app) =>
      endToEnd(app, profiles[0] ?? "standard", seeds[0] ?? 21, Number(option("--database-receipts") ?? receipts)),
    );
}

// ------------------------------------------------------------------------------------------------ the pure core

function core(profile: NoiseProfile, seed: number, receipts: number): void {
  const scores: Score[] = [];
  let [seconds, cpu, items, peak, naiveSeconds, naiveMatches, naiveFalse] = [0, 0, 0, 0, 0, 0, 0];
  const gateway = { rows: 0, settlements: 0, wrong: 0, ms: 0 };
  for (let account = 0; account < ACCOUNTS.length; account++) {
    const city = generateCity({
      receipts,
      seed,
      profile,
      account,
      ...(account === 0 ? { onSettlement: (s) => proveSettlement(s, gateway) } : {}),
    });
    const { lines, items: book } = accountOf(city, account);
    const [started, before] = [performance.now(), process.cpuUsage()];
    const result = match(lines, book, city.asOf, { calendar: city.calendar });
    seconds += (performance.now() - started) / 1000;
    const used = process.cpuUsage(before);
    cpu += (used.user + used.system) / 1e6;
    peak = Math.max(peak, rss());
    items += book.length;
    scores.push(scoreOf(lines, book, result));
    const join = performance.now();
    const naive = naiveJoin(lines, book);
    naiveSeconds += (performance.now() - join) / 1000;
    naiveMatches += naive.matches;
    naiveFalse += naive.wrong;
  }
  const sum = (what: (s: Score) => number): number => scores.reduce((n, s) => n + what(s), 0);
  const lines = sum((s) => s.lines);
  const matchable = sum((s) => s.matchable);
  const confirmed = sum((s) => s.confirmedLines);
  console.log(
    `${profile}, seed ${seed}, ${show(receipts)} receipts: ${show(lines)} lines, ${show(items)} items, ` +
      `${show(lines / seconds)} lines/s (${seconds.toFixed(1)} s, CPU with garbage collection ${cpu.toFixed(1)} s), RSS ${peak} MB at most\n` +
      `  confirmed ${percent(confirmed, matchable)} of ${show(matchable)} matchable lines (${percent(
        sum((s) => s.confirmedReferenced),
        sum((s) => s.referenced),
      )} ` +
      `of those whose reference the books know), with proposals ${percent(confirmed + sum((s) => s.proposedLines), matchable)}\n` +
      `  false: ${sum((s) => s.wrongConfirmed.length)} of ${show(sum((s) => s.confirmed))} confirmed, ` +
      `${sum((s) => s.wrongProposed.length)} of ${show(sum((s) => s.proposed))} proposed; ` +
      `unidentified ${percent(
        sum((s) => s.unidentified * s.lines),
        lines,
      )}, without an outcome ${sum((s) => s.silent)}\n` +
      `  hash join on amount and date: ${show(lines / naiveSeconds)} lines/s, ${show(naiveMatches)} matches, ${show(naiveFalse)} of them false\n` +
      `  gateway: ${show(gateway.rows)} rows of ${gateway.settlements} settlements in ${(gateway.ms / 1000).toFixed(1)} s, not exact ${gateway.wrong}`,
  );
  console.log(breakdown(scores, matchable));
}

/** What was not confirmed, by the way the money moved and by the reason, in shares of all lines that could be matched. */
function breakdown(scores: readonly Score[], matchable: number): string {
  const rows = [...new Set(scores.flatMap((s) => [...s.ways.keys()]))].map((way) => {
    const of = scores.flatMap((s) => s.ways.get(way) ?? []);
    const sum = (what: (w: WayScore) => number): number => of.reduce((n, w) => n + what(w), 0);
    const causes = CAUSES.map((c) => sum((w) => w.causes.get(c) ?? 0));
    return { way, matchable: sum((w) => w.matchable), confirmed: sum((w) => w.confirmed), causes };
  });
  const lines = rows
    .sort((a, b) => b.matchable - b.confirmed - (a.matchable - a.confirmed))
    .map(({ way, matchable: of, confirmed, causes }) => {
      const why = CAUSES.flatMap((c, i) => (causes[i] ? `${c} ${percent(causes[i], matchable)}` : []));
      return `    ${way}: ${show(of)}, confirmed ${percent(confirmed, of)}${why.length > 0 ? `; else ${why.join(", ")}` : ""}`;
    });
  const totals = CAUSES.map(
    (c, i) =>
      `${c} ${percent(
        rows.reduce((n, r) => n + (r.causes[i] ?? 0), 0),
        matchable,
      )}`,
  );
  return [`  not confirmed, of all that could be matched: ${totals.join(", ")}`, ...lines].join("\n");
}

function accountOf(city: City, account: number): { lines: TrueLine[]; items: TrueItem[] } {
  const found = city.accounts[account];
  if (!found) throw new Error(`the city has no account ${account}`);
  return found;
}

/** Chargebacks are rows that a person must say something about; everything else adds up to the paisa. */
function proveSettlement(
  s: Parameters<NonNullable<Parameters<typeof generateCity>[0]["onSettlement"]>>[0],
  tally: { rows: number; settlements: number; wrong: number; ms: number },
): void {
  const rows = s.rows.map((r): SettlementRow => ({
    entityId: r.entityId,
    type: r.type,
    debit: paise(BigInt(r.debit)),
    credit: paise(BigInt(r.credit)),
    amount: paise(BigInt(r.amount)),
    fee: paise(BigInt(r.fee)),
    tax: paise(BigInt(r.tax)),
    isOnHold: false,
    settlementId: s.id,
  }));
  const started = performance.now();
  const check = checkSettlement({ id: s.id, amount: paise(BigInt(s.amount)) }, rows);
  tally.ms += performance.now() - started;
  tally.rows += rows.length;
  tally.settlements += 1;
  const held = rows.some((r) => r.type === "adjustment");
  if (!check.ok && !held) tally.wrong += 1;
}

/** What a lookup on amount and date in a spreadsheet does: the first that fits. */
function naiveJoin(lines: readonly TrueLine[], items: readonly TrueItem[]): { matches: number; wrong: number } {
  const waiting = new Map<string, TrueItem[]>();
  for (const i of items) {
    const key = `${i.amount}|${i.date}`;
    const list = waiting.get(key);
    if (list) list.push(i);
    else waiting.set(key, [i]);
  }
  let [matches, wrong] = [0, 0];
  for (const l of lines) {
    const item = waiting.get(`${l.amount}|${l.date}`)?.shift();
    if (!item) continue;
    matches += 1;
    if (l.truth <= 0 || item.truth !== l.truth) wrong += 1;
  }
  return { matches, wrong };
}

// ------------------------------------------------------------------------------------------------ end to end

async function withDatabase(work: (app: App) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-reconcile-"));
  chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    await prepareDatabase(server.address);
    const app: App = { db: openDatabase(server.address, { poolSize: 4 }), clock: systemClock };
    try {
      await work(app);
    } finally {
      await app.db.close();
    }
  } finally {
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function endToEnd(app: App, profile: NoiseProfile, seed: number, receipts: number): Promise<void> {
  const ulb = await createUlb(app, { code: "bench", name: "Bench", state: "Bench", startsOn: CITY_START });
  const who: Who = { ulb, actor: { id: "bench@test", roles: ["accountant", "system"] } };
  await inTransaction(app, who, async (tx) => {
    await openFinancialYear(tx, financialYear("2026-27"));
    await declareBankHolidays(
      tx,
      CITY_HOLIDAYS.map((day) => ({ day, name: "Bank holiday", bank: null })),
    );
  });
  let [lines, importing, matching, booking, entries, confirmed, peak] = [0, 0, 0, 0, 0, 0, 0];
  for (const [n, account] of ACCOUNTS.entries()) {
    const city = generateCity({ receipts, seed, profile, account: n });
    const { lines: atBank, items } = accountOf(city, n);
    await inTransaction(app, who, (tx) =>
      addBankAccount(tx, {
        account,
        bank: "Bank of the Bench",
        branch: "Main",
        name: `Account ${n + 1}`,
        number: `00000000000${n}`,
      }),
    );
    const booked = performance.now();
    for (let from = 0; from < items.length; from += 5000) {
      const part = items.slice(from, from + 5000).map((i) => entryOfItem(i, account, "3101001", `${account}-`));
      await inTransaction(app, who, (tx) => postEntries(tx, part));
    }
    booking += (performance.now() - booked) / 1000;
    entries += items.length;
    await refreshStatistics(app.db.address);
    let opening = 1_000_000_000_000n;
    for (const [m, part] of splitByDays(atBank, monthStarts()).entries()) {
      if (part.length === 0) continue;
      const { csv, closing } = statementOf(opening, part);
      opening = closing;
      const started = performance.now();
      const report = await inTransaction(app, who, (tx) =>
        importStatement(tx, { account, csv, fileName: `month-${m}.csv` }),
      );
      importing += (performance.now() - started) / 1000;
      if (report.status !== "imported") throw new Error(`month ${m}: ${report.problems[0]?.message}`);
      peak = Math.max(peak, rss());
    }
    await refreshStatistics(app.db.address);
    const started = performance.now();
    const report = await inTransaction(app, who, (tx) => reconcile(tx, account));
    matching += (performance.now() - started) / 1000;
    lines += atBank.length;
    confirmed += report.confirmed.reduce((sum, m) => sum + m.lines.length, 0);
    peak = Math.max(peak, rss());
  }
  const broken = await inSnapshot(app, who, bankSelfTie);
  console.log(
    `end to end, ${profile}, seed ${seed}: ${show(entries)} items booked in ${booking.toFixed(1)} s beforehand; ${show(lines)} lines imported at ` +
      `${show(lines / importing)}/s and matched and written at ${show(lines / matching)}/s, together ${show(lines / (importing + matching))} lines/s ` +
      `(${(importing + matching).toFixed(1)} s), ${show(confirmed)} lines confirmed, RSS ${peak} MB at most, broken chains ${broken.length}, ` +
      `load ${loadavg()[0]?.toFixed(1)}`,
  );
}

const monthStarts = () =>
  ["05", "06", "07", "08", "09", "10", "11", "12"]
    .map((m) => `2025-${m}-01`)
    .concat(["01", "02", "03", "04"].map((m) => `2026-${m}-01`))
    .map(localDate);
