import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { openDatabase, refreshStatistics, withConnection, type DatabaseAddress } from "../../ledger/kernel/database.ts";
import { localDate, systemClock } from "../../ledger/kernel/dates.ts";
import { startEmbeddedPostgres } from "../../ledger/kernel/embedded-postgres.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type App, type Ulb, type Who } from "../../ledger/kernel/tx.ts";
import { createUlb, openFinancialYear, prepareDatabase } from "../../ledger/index.ts";
import { financialYear } from "../../ledger/kernel/dates.ts";
import { approveRuleFile, loadRuleFile } from "../rates/files.ts";
import { seedTaxHeads, setTaxHead, taxHeads, USUAL_PENALTY } from "../tax-heads.ts";
import { advanceTie, cessTie, receivableTie } from "../ties.ts";
import { benchHeads, benchRuleFile } from "./bench-city.ts";
import { periodNamed } from "./period.ts";
import { continueRun, getRun, startRun, type DemandRun } from "./run.ts";

const PERIOD = periodNamed("2025-26");
const ON = localDate("2025-04-15");
const BATCH = 2000;

/**
 * A demand run over a city: by default a million properties of five heads. In the same run the plainest SQL stores the same rows once more, in
 * tables with the same columns and indexes and without our constraints (`bare`), and into our own tables (`same tables`). With `--kills K` (5) the
 * run of a second, equal city is killed with SIGKILL K times on the way and continued, and its register is compared with the undisturbed one.
 * `afterwards` measures what stands on the register of such a city.
 */
export async function runDemandRunBench(
  args: readonly string[],
  afterwards: (app: App, city: Who) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const worker = args.indexOf("--worker");
  if (worker >= 0) return work(args.slice(worker + 1));
  const of = (name: string, usual: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? usual : Number(args[at + 1]);
  };
  const properties = of("--properties", 1_000_000);
  const kills = of("--kills", 5);
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-demands-"));
  chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    await prepareDatabase(server.address);
    const app: App = { db: openDatabase(server.address, { poolSize: 8 }), clock: systemClock };
    try {
      await bench(app, properties, kills, afterwards);
    } finally {
      await app.db.close();
    }
  } finally {
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const show = (n: number): string => Math.round(n).toLocaleString("en-IN");
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mb = (): number => Math.round(process.memoryUsage().rss / 1_048_576);

async function bench(
  app: App,
  properties: number,
  kills: number,
  afterwards: (app: App, city: Who) => Promise<void>,
): Promise<void> {
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? ""}), load ${loadavg()[0]?.toFixed(1) ?? ""}, ${show(properties)} properties in 40 wards`,
  );
  const city = await makeCity(app, "undisturbed", properties);
  const run = await inTransaction(app, city, (tx) =>
    startRun(tx, { service: "property-tax", period: PERIOD, date: ON }),
  );
  let most = mb();
  let told = 0;
  const start = performance.now();
  const done = await continueRun(app, city, run.id, {
    batchSize: BATCH,
    onProgress: (p) => {
      most = Math.max(most, mb());
      if (p.done - told < properties / 10) return;
      told = p.done;
      const per = p.done / (performance.now() - start);
      console.log(
        `  ${show(p.done)} done, ${show(per * 1000)}/s, ${seconds((p.of - p.done) / per)} left, RSS ${mb()} MB`,
      );
    },
  });
  const ms = performance.now() - start;
  const rate = (done.raised / ms) * 1000;
  console.log(
    `run: ${show(done.raised)} demands of ${formatIndian(done.total)} in ${seconds(ms)}: ${show(rate)} demands/s, ${done.batches} batches of ${show(BATCH)}, RSS at most ${most} MB`,
  );
  await ties(app, city);
  await peers(app, city, done, rate);
  await afterwards(app, city);
  if (kills > 0) await killed(app, city, properties, kills);
}

async function makeCity(app: App, code: string, properties: number): Promise<Who> {
  const ulb = await createUlb(app, { code, name: "City of the bench", state: "Bench", startsOn: PERIOD.from });
  const who: Who = { ulb, actor: { id: "superintendent@bench", roles: ["superintendent", "system"] } };
  await inTransaction(app, who, async (tx) => {
    await openFinancialYear(tx, financialYear("2026-27"));
    await seedTaxHeads(tx, { penalty: USUAL_PENALTY });
    const like = (await taxHeads(tx, PERIOD.from)).get("PT_TAX");
    if (!like) throw new Error("the seed has PT_TAX");
    for (const head of benchHeads(like)) await setTaxHead(tx, head);
  });
  const file = await inTransaction(app, who, (tx) => loadRuleFile(tx, benchRuleFile));
  const checker: Who = { ulb, actor: { id: "checker@bench", roles: ["checker"] } };
  await inTransaction(app, checker, (tx) => approveRuleFile(tx, file.id));
  await inTransaction(app, who, (tx) =>
    tx.query(
      `insert into billing.consumers (ulb_id, consumer_id, service, code, name, address, ward, created_at, created_by)
       select :ulb::integer, gen_random_uuid(), 'property-tax', 'P' || lpad(i::text, 7, '0'), 'Owner ' || i, i || ', Bench Road',
         'W' || lpad((i % 40 + 1)::text, 2, '0'), now(), 'bench'
       from generate_series(1, :count::integer) as i`,
      { ulb: ulb.id, count: properties },
    ),
  );
  await app.db.batch.query(
    `insert into billing.consumer_facts (ulb_id, consumer_id, valid_from, version, facts, authority, set_at, set_by)
     select c.ulb_id, c.consumer_id, '2025-04-01', 1, jsonb_build_object(
         'attributes', jsonb_build_object('zone', chr(65 + n % 3)),
         'lists', jsonb_build_object('units', (
           select jsonb_agg(jsonb_build_object('use', case when u = 3 then 'SHOP' else 'HOME' end,
             'occupancy', case when (n + u) % 2 = 0 then 'SELF' else 'LET' end, 'area', (30 + (n * 37 + u * 11) % 220)::text || '.25'))
           from generate_series(1, 1 + n % 3) as u))), 'bench', now(), 'bench'
     from (select *, substr(code, 2)::integer as n from billing.consumers where ulb_id = $1) as c`,
    [ulb.id],
  );
  await refreshStatistics(app.db.address);
  return who;
}

async function ties(app: App, who: Who): Promise<void> {
  await inSnapshot(app, who, async (read) => {
    const all = [...(await receivableTie(read, ON)), ...(await advanceTie(read, ON)), ...(await cessTie(read, ON))];
    const broken = all.filter((t) => t.difference !== 0n);
    if (broken.length > 0) throw new Error(`${broken.length} ties do not hold`);
    console.log(`  ${all.length} ties of register and ledger hold`);
  });
}

/** The same rows stored by plain SQL, by one statement for each table in chunks as large as the run's batches would be ten times over. */
async function peers(app: App, city: Who, done: DemandRun, rate: number): Promise<void> {
  const stored = ["demands", "demand_details", "assessments"] as const;
  await withConnection(app.db.address, "admin", async (client) => {
    await client.query("create schema bare");
    for (const t of stored) await client.query(`create table bare.${t} (like billing.${t} including all)`);
    const columns = async (t: string): Promise<string> => {
      const { rows } = await client.query<{ names: string }>(
        `select string_agg(attname, ', ' order by attnum) as names from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [`billing.${t}`],
      );
      return rows[0]?.names ?? "";
    };
    await client.query("checkpoint").catch(() => undefined);
    const start = performance.now();
    for (const t of stored) {
      const names = await columns(t);
      await client.query(`insert into bare.${t} (${names}) select ${names} from billing.${t} where ulb_id = $1`, [
        city.ulb.id,
      ]);
    }
    const ms = performance.now() - start;
    const bare = (done.raised / ms) * 1000;
    const { rows } = await client.query<{ n: bigint }>("select count(*) as n from bare.demand_details");
    console.log(
      `bare SQL, the same ${show(done.raised)} demands and ${show(Number(rows[0]?.n ?? 0))} details in three statements, no foreign keys, no ledger: ${seconds(ms)}, ${show(bare)} demands/s; the run is ${(rate / bare).toFixed(2)} of it`,
    );
    await client.query("drop schema bare cascade");
  });
  await intoOurTables(app, city, done, rate);
}

/** With every constraint, rolled back at the end: the periods are shifted by a year, so that the register stays as it was. */
async function intoOurTables(app: App, city: Who, done: DemandRun, rate: number): Promise<void> {
  const client = await app.db.batch.connect();
  try {
    await client.query("begin");
    await client.query(
      `create temporary table twin on commit drop as select demand_id as old, gen_random_uuid() as new from billing.demands where ulb_id = $1`,
      [city.ulb.id],
    );
    await client.query("create index on twin (old); analyze twin");
    const start = performance.now();
    await client.query(
      `insert into billing.demands (ulb_id, demand_id, consumer_id, kind, period_from, period_to, demand_year, due_date, rebate_until, raised_on,
         source_type, source_id, created_at)
       select d.ulb_id, t.new, d.consumer_id, d.kind, d.period_from + 365, d.period_to + 365, '2026-27', d.due_date, d.rebate_until, d.raised_on,
         d.source_type, d.source_id, d.created_at
       from billing.demands d join twin t on t.old = d.demand_id where d.ulb_id = $1`,
      [city.ulb.id],
    );
    await client.query(
      `insert into billing.demand_details (ulb_id, demand_id, tax_head, head_version, consumer_id, basis, amount, cess_head, cess_version, cess,
         receivable_account, income_account, ward)
       select d.ulb_id, t.new, d.tax_head, d.head_version, d.consumer_id, d.basis, d.amount, d.cess_head, d.cess_version, d.cess,
         d.receivable_account, d.income_account, d.ward
       from billing.demand_details d join twin t on t.old = d.demand_id where d.ulb_id = $1`,
      [city.ulb.id],
    );
    const ms = performance.now() - start;
    const plain = (done.raised / ms) * 1000;
    console.log(
      `plain SQL into the very tables, with their constraints, without arithmetic and ledger: ${seconds(ms)}, ${show(plain)} demands/s; the run is ${(rate / plain).toFixed(2)} of it`,
    );
  } finally {
    await client.query("rollback");
    client.release();
  }
}

/** A second city of the same figures; its run is a process of its own that is killed again and again. */
async function killed(app: App, undisturbed: Who, properties: number, kills: number): Promise<void> {
  const city = await makeCity(app, "killed", properties);
  const run = await inTransaction(app, city, (tx) =>
    startRun(tx, { service: "property-tax", period: PERIOD, date: ON }),
  );
  const start = performance.now();
  for (let k = 1; ; k++) {
    const child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        process.argv[1] ?? "",
        "demand-run",
        "--worker",
        JSON.stringify(app.db.address),
        JSON.stringify(city.ulb),
        run.id,
      ],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
    const wanted = k <= kills ? Math.ceil((properties * k) / (kills + 1)) : Number.POSITIVE_INFINITY;
    let isOver = false;
    void ended.then(() => (isOver = true));
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { done } = await inSnapshot(app, city, (read) => getRun(read, run.id));
      if (done < wanted) continue;
      child.kill("SIGKILL");
      console.log(`  killed after ${show(done)} consumers`);
      break;
    }
    const code = await ended;
    if (k <= kills) continue;
    if (code !== 0) throw new Error(`the run ended with ${code}`);
    break;
  }
  const [a, b] = [await registerHash(app, undisturbed.ulb), await registerHash(app, city.ulb)];
  if (a !== b) throw new Error(`the register of the run that was killed ${kills} times differs`);
  await ties(app, city);
  console.log(
    `killed with SIGKILL ${kills} times and continued: the register of ${show(properties)} properties is that of the undisturbed run (${a.slice(0, 12)}…), ${seconds(performance.now() - start)} in all`,
  );
}

async function registerHash(app: App, ulb: Ulb): Promise<string> {
  const { rows } = await app.db.batch.query<{ hash: string }>(
    `select encode(sha256(string_agg(h, '' order by code)::bytea), 'hex') as hash from (
       select c.code, md5(string_agg(concat_ws('|', t.tax_head, t.amount, t.cess, d.period_from, d.due_date, t.ward), ';' order by t.tax_head)) as h
       from billing.demand_details t
       join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
       join billing.consumers c on c.ulb_id = t.ulb_id and c.consumer_id = t.consumer_id
       where t.ulb_id = $1 group by c.code
     ) as r`,
    [ulb.id],
  );
  return rows[0]?.hash ?? "";
}

async function work([address = "", ulb = "", runId = ""]: readonly string[]): Promise<void> {
  const app: App = {
    db: openDatabase(JSON.parse(address) as DatabaseAddress, { poolSize: 4 }),
    clock: systemClock,
  };
  const who: Who = {
    ulb: JSON.parse(ulb) as Ulb,
    actor: { id: "superintendent@bench", roles: ["superintendent", "system"] },
  };
  await continueRun(app, who, runId, { batchSize: BATCH });
  await app.db.close();
}
