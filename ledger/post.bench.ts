import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { connectionConfig, openDatabase, withConnection, type DatabaseAddress } from "./kernel/database.ts";
import { localDate, systemClock } from "./kernel/dates.ts";
import { startEmbeddedPostgres } from "./kernel/embedded-postgres.ts";
import { paise } from "./kernel/money.ts";
import { inTransaction, type App, type Who } from "./kernel/tx.ts";
import { trialBalance, trialBalanceTotals } from "./balances.ts";
import { prepareDatabase } from "./charts.ts";
import { cr, dr, postEntries, postEntry, type EntryDraft } from "./entries.ts";
import { createLanes } from "./lanes.ts";
import { rollUp } from "./rollup.ts";
import { createUlb } from "./ulbs.ts";

/**
 * Durable single postings per second on the project's own path, against the least SQL that stores the same rows durably, in the same run,
 * rounds interleaved; medians. Then the trial balance over a million lines. A fresh cluster with fsync on is made for it.
 */
export async function runPostBench(args: readonly string[]): Promise<void> {
  const rounds = numberArg(args, "--rounds", 3);
  const seconds = numberArg(args, "--seconds", 3);
  const lines = numberArg(args, "--lines", 1_000_000);
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-bench-"));
  chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    await prepareDatabase(server.address);
    await bench(server.address, dir, rounds, seconds, lines, args);
  } finally {
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function numberArg(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(name);
  return at < 0 ? fallback : Number(args[at + 1]);
}

// The same rows in the same columns, primary keys only, no rule: one function call, one commit.
const BARE = `
create schema bare;
create sequence bare.id;
create table bare.entries (like ledger.entries);
alter table bare.entries add primary key (ulb_id, entry_id);
create table bare.lines (like ledger.lines);
alter table bare.lines add primary key (ulb_id, entry_id, line_no);
create function bare.post(p_ulb integer, p_source text, p_debit text, p_credit text, p_amount bigint) returns bigint language plpgsql as $$
declare v_id bigint := nextval('bare.id');
begin
  insert into bare.entries (ulb_id, entry_id, voucher, fy, number, entry_date, value_date, posted_at, posted_by, source_type, source_id, narration)
  values (p_ulb, v_id, 'receipt', '2026-27', v_id, '2026-05-10', '2026-05-10', clock_timestamp(), 'bench@test', 'bench', p_source, 'Property tax, ward 3');
  insert into bare.lines (ulb_id, entry_id, line_no, entry_date, account, debit, credit, fund, ward)
  values (p_ulb, v_id, 1, '2026-05-10', p_debit, p_amount, 0, '01', '3'), (p_ulb, v_id, 2, '2026-05-10', p_credit, 0, p_amount, '01', '3');
  return v_id;
end $$;
create function bare.post_batch(p_ulb integer, p_sources text[], p_debits text[], p_credits text[], p_amounts bigint[]) returns void language sql as $$
  with e as materialized (
    select nextval('bare.id') as id, s, d, c, a from unnest(p_sources, p_debits, p_credits, p_amounts) as t (s, d, c, a)
  ), header as (
    insert into bare.entries (ulb_id, entry_id, voucher, fy, number, entry_date, value_date, posted_at, posted_by, source_type, source_id, narration)
    select p_ulb, id, 'receipt', '2026-27', id, '2026-05-10'::date, '2026-05-10'::date, clock_timestamp(), 'bench@test', 'bench', s, 'Property tax, ward 3' from e
  )
  insert into bare.lines (ulb_id, entry_id, line_no, entry_date, account, debit, credit, fund, ward)
  select p_ulb, id, 1, '2026-05-10'::date, d, a, 0, '01', '3' from e union all select p_ulb, id, 2, '2026-05-10'::date, c, 0, a, '01', '3' from e
$$;
grant usage on schema bare to public;`;

type Case = { readonly name: string; readonly run: (seconds: number) => Promise<number> };

async function bench(
  address: DatabaseAddress,
  dir: string,
  rounds: number,
  seconds: number,
  targetLines: number,
  args: readonly string[],
): Promise<void> {
  await withConnection(address, "admin", (c) => c.query(BARE));
  const app: App = { db: openDatabase(address, { poolSize: 40 }), clock: systemClock };
  const ulb = await createUlb(app, { code: "bench", name: "Bench", state: "Bench", startsOn: localDate("2026-04-01") });
  const who: Who = { ulb, actor: { id: "bench@test", roles: ["cashier"] } };
  // A second town: what two lanes, or two batch clients, do side by side.
  const town = await createUlb(app, {
    code: "bench-2",
    name: "Bench",
    state: "Bench",
    startsOn: localDate("2026-04-01"),
  });
  const whos: readonly Who[] = [who, { ulb: town, actor: who.actor }];
  let turn = 0;
  const either = (): Who => whos[turn++ % 2] ?? who;
  const { rows } = await app.db.batch.query<{ code: string }>(
    "select code from ledger.accounts where ulb_id = $1 and is_posting and code like '431%' order by code",
    [ulb.id],
  );
  const cold = rows.map((r) => r.code);
  let fact = 0;
  const draft = (debit: string, credit: string): EntryDraft => ({
    voucher: "receipt",
    date: localDate("2026-05-10"),
    narration: "Property tax, ward 3",
    source: { type: "bench", id: `f${++fact}` },
    lines: [
      dr(debit, paise(BigInt(100 + (fact % 9973))), { ward: "3" }),
      cr(credit, paise(BigInt(100 + (fact % 9973))), { ward: "3" }),
    ],
  });
  const any = (): string => cold[fact % cold.length] ?? "4311001";
  const coldDraft = (): EntryDraft => draft("4501001", any());
  const hotDraft = (): EntryDraft => draft("4501001", "4311001");
  const lanes = createLanes(app.db);
  const bare = new pg.Pool({ ...connectionConfig(address, "admin"), max: 32 });

  const callers =
    (count: number, once: () => Promise<unknown>, per = 1) =>
    async (secs: number): Promise<number> => {
      const end = performance.now() + secs * 1000;
      let done = 0;
      const start = performance.now();
      await Promise.all(
        Array.from({ length: count }, async () => {
          while (performance.now() < end) {
            await once();
            done += per;
          }
        }),
      );
      return done / ((performance.now() - start) / 1000);
    };
  const bareOne = () => {
    fact += 1;
    return bare.query({
      name: "bare",
      text: "select bare.post($1, $2, $3, $4, $5)",
      values: [ulb.id, `f${fact}`, "4501001", any(), 100 + (fact % 9973)],
    });
  };
  const bareBatch = (size: number) => () => {
    const at = fact;
    fact += size;
    const each = <T>(f: (i: number) => T): T[] => Array.from({ length: size }, (_, i) => f(at + i));
    return bare.query({
      name: "bare_batch",
      text: "select bare.post_batch($1, $2, $3, $4, $5)",
      values: [
        ulb.id,
        each((i) => `f${i}`),
        each(() => "4501001"),
        each((i) => cold[i % cold.length]),
        each((i) => 100 + (i % 9973)),
      ],
    });
  };
  const batch = (size: number) => () =>
    inTransaction(app, either(), (tx) => postEntries(tx, Array.from({ length: size }, coldDraft)));
  let closePeer = (): Promise<void> => Promise.resolve();
  const cases: Case[] = [
    { name: "bare function, one commit each, 8 clients (Node)", run: callers(8, bareOne) },
    {
      name: "one transaction each (knex), 1 caller",
      run: callers(1, () => inTransaction(app, who, (tx) => postEntry(tx, coldDraft()))),
    },
    {
      name: "one transaction each (knex), 8 callers",
      run: callers(8, () => inTransaction(app, who, (tx) => postEntry(tx, coldDraft()))),
    },
    {
      name: "one transaction each (knex), 32 callers",
      run: callers(32, () => inTransaction(app, who, (tx) => postEntry(tx, coldDraft()))),
    },
    { name: "lane, 1 caller", run: callers(1, () => lanes.post(who, coldDraft())) },
    { name: "lane, 8 callers", run: callers(8, () => lanes.post(who, coldDraft())) },
    { name: "lane, 32 callers", run: callers(32, () => lanes.post(who, coldDraft())) },
    { name: "lane, 256 callers", run: callers(256, () => lanes.post(who, coldDraft())) },
    { name: "two ULBs, a lane each, 256 callers", run: callers(256, () => lanes.post(either(), coldDraft())) },
    { name: "lane, 32 callers, hot account", run: callers(32, () => lanes.post(who, hotDraft())) },
    { name: "lane, 256 callers, hot account", run: callers(256, () => lanes.post(who, hotDraft())) },
    { name: "bare batch of 1,000, 2 clients", run: callers(2, bareBatch(1000), 1000) },
    { name: "batch of 1,000 (one transaction), two ULBs", run: callers(2, batch(1000), 1000) },
  ];
  const pgbench = findPgbench();
  if (pgbench && address.kind === "login") {
    const script = path.join(dir, "bare.sql");
    writeFileSync(
      script,
      `\\set a random(100, 9999)\n\\set r random(1, 1000000000)\nselect bare.post(${ulb.id}, 'f' || :r, '4501001', '4311001', :a);\n`,
    );
    cases.unshift({
      name: "bare function, one commit each, 8 clients (pgbench)",
      run: (secs) => {
        const out = execFileSync(
          pgbench,
          [
            "-n",
            "-M",
            "prepared",
            "-c",
            "8",
            "-j",
            "2",
            "-T",
            String(Math.max(1, Math.round(secs))),
            "-f",
            script,
            "-h",
            address.host,
            "-p",
            String(address.port),
            "-U",
            address.admin,
            "postgres",
          ],
          {
            encoding: "utf8",
            env: { ...process.env, PGPASSWORD: address.password },
            stdio: ["ignore", "pipe", "ignore"],
          },
        );
        return Promise.resolve(Number(/tps = ([\d.]+)/.exec(out)?.[1] ?? Number.NaN));
      },
    });
  }
  const peer = args.indexOf("--pgledger");
  const peerFile = args[peer + 1];
  if (peer >= 0 && peerFile !== undefined) {
    // pgledger, the leading SQL-only ledger, fetched by hand: 1,000 accounts, a transfer a commit.
    await withConnection(address, "admin", async (c) => {
      await c.query(`create schema pgledger; set search_path = pgledger, public; ${readFileSync(peerFile, "utf8")}`);
      await c.query("select (pgledger_create_account('a' || g, 'INR')).id from generate_series(1, 1000) g");
    });
    const other = new pg.Pool({
      ...connectionConfig(address, "admin"),
      max: 8,
      options: "-c search_path=pgledger,public",
    });
    const { rows: ids } = await other.query<{ id: string }>("select id from pgledger_accounts order by id");
    const account = (): string => ids[Math.floor(Math.random() * ids.length)]?.id ?? "";
    const transfer = (from: () => string) => () => {
      const a = from();
      let b = account();
      while (b === a) b = account();
      return other.query({
        name: "transfer",
        text: "select id from pgledger_create_transfer($1, $2, 12.34)",
        values: [a, b],
      });
    };
    cases.push({ name: "pgledger, 8 clients", run: callers(8, transfer(account)) });
    cases.push({
      name: "pgledger, 8 clients, hot account",
      run: callers(
        8,
        transfer(() => ids[0]?.id ?? ""),
      ),
    });
    closePeer = () => other.end();
  }
  const only = args.indexOf("--only");
  const chosen =
    only < 0
      ? cases
      : cases.filter((c) => new RegExp(args[only + 1] ?? ".").test(c.name) || c.name.startsWith("bare function"));
  const results = new Map<string, number[]>();
  for (const c of chosen) await c.run(0.5); // warm up: connections, plans
  for (let round = 0; round < rounds; round++) {
    await bare.query("checkpoint");
    for (const c of chosen) results.set(c.name, [...(results.get(c.name) ?? []), await c.run(seconds)]);
  }
  const median = (name: string): number => {
    const sorted = [...(results.get(name) ?? [])].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const limitName = cases.find((c) => c.name.startsWith("bare function"))?.name ?? "";
  const limit = median(limitName);
  const batchLimit = median("bare batch of 1,000, 2 clients");
  console.log(
    `postings per second, durable, median of ${rounds} rounds of ${seconds} s; ratio to "${limitName}" (batches: to the bare batch)`,
  );
  for (const c of chosen) {
    const value = median(c.name);
    const to = c.name.includes("batch") ? batchLimit : limit;
    console.log(`${c.name.padEnd(56)} ${value.toFixed(0).padStart(8)}   ${(value / to).toFixed(2)}`);
  }
  await verify(app, who);
  if (targetLines > 0) await trialBalanceBench(app, who, targetLines, coldDraft);
  await closePeer();
  await bare.end();
  await app.db.close();
}

/** What was posted is sound: balanced, gapless, every acknowledged posting there. */
async function verify(app: App, who: Who): Promise<void> {
  const { rows } = await app.db.batch.query<{ entries: bigint; numbers: bigint; off: bigint }>(
    `select count(*) as entries, max(number) as numbers, (select coalesce(sum(debit - credit), 0)::bigint from ledger.lines where ulb_id = $1) as off
     from ledger.entries where ulb_id = $1`,
    [who.ulb.id],
  );
  const r = rows[0];
  if (!r || r.entries !== r.numbers || r.off !== 0n)
    throw new Error(`the books do not agree after the bench: ${JSON.stringify(r, (_k, v: unknown) => String(v))}`);
  console.log(`checked: ${r.entries} entries, numbers 1 to ${r.numbers} without a gap, debits = credits`);
}

async function trialBalanceBench(app: App, who: Who, target: number, draft: () => EntryDraft): Promise<void> {
  const count = async (): Promise<number> =>
    Number(
      (
        await app.db.batch.query<{ n: bigint }>("select count(*) as n from ledger.lines where ulb_id = $1", [
          who.ulb.id,
        ])
      ).rows[0]?.n,
    );
  for (let n = await count(); n < target; n += 4000) {
    await inTransaction(app, who, (tx) => postEntries(tx, Array.from({ length: 2000 }, draft)));
  }
  const range = { from: localDate("2026-05-01"), to: localDate("2026-05-31") };
  const time = async (): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      const totals = trialBalanceTotals(await inTransaction(app, who, (tx) => trialBalance(tx, range)));
      if (totals.closeDebit !== totals.closeCredit) throw new Error("the trial balance does not balance");
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[2] ?? Number.NaN;
  };
  await app.db.batch.query("select 1");
  const lines = await count();
  const unrolled = await time();
  const start = performance.now();
  const rolled = await inTransaction(app, who, (tx) => rollUp(tx, 10_000_000));
  const rollTime = performance.now() - start;
  const after = await time();
  const bareStart = performance.now();
  await app.db.batch.query(
    "select account, sum(debit), sum(credit) from ledger.lines where ulb_id = $1 group by account",
    [who.ulb.id],
  );
  const bareTime = performance.now() - bareStart;
  console.log(
    `trial balance over ${lines} lines: all in the tail ${unrolled.toFixed(0)} ms; rolled up ${after.toFixed(1)} ms (the roll-up of ${rolled} entries took ${rollTime.toFixed(0)} ms);`,
  );
  console.log(
    `  plain aggregate of the lines, the least a peer can do: ${bareTime.toFixed(0)} ms; rolled up is ${(bareTime / after).toFixed(0)} times faster`,
  );
}

function findPgbench(): string | undefined {
  for (const candidate of ["pgbench", ...[18, 17, 16, 15].map((v) => `/usr/lib/postgresql/${v}/bin/pgbench`)]) {
    try {
      execFileSync(candidate, ["--version"], { stdio: "ignore" });
      return candidate;
    } catch {
      // not there; the Node client is the limit then, and the output names it
    }
  }
  return undefined;
}
