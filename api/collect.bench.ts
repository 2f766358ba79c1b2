import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { AddressInfo } from "node:net";
import { createGateway, processInbox, receiveWebhook, type CollectionsApp } from "../collections/index.ts";
import { getUlb, prepareDatabase } from "../ledger/index.ts";
import { openDatabase, refreshStatistics, withConnection, type DatabaseAddress } from "../ledger/kernel/database.ts";
import { systemClock } from "../ledger/kernel/dates.ts";
import { startEmbeddedPostgres } from "../ledger/kernel/embedded-postgres.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { toRupees } from "../ledger/kernel/money.ts";
import { inTransaction, type App, type Who } from "../ledger/kernel/tx.ts";
import { createWebApp, formSecret } from "./app.ts";
import { makeTown, planPayments, type Planned, type Town } from "./chaos/town.ts";
import { duties, handlers } from "./jobs/handlers.ts";
import { startJobs } from "./jobs/jobs.ts";
import { createAccessToken } from "./v1/index.ts";

const SECRET = "bench-webhook-secret";
const GATEWAY = { keyId: "rzp_test_Bench000000001", keySecret: "bench-key", webhookSecrets: [{ secret: SECRET }] };
/** Webhooks a second at which their acceptance is timed: a city's busiest evening is a tenth of it. */
const RATE = 200;
/** Payments that a town has behind it before the others are measured. */
const LIVED_IN = 1_000;
const show = (n: number): string => Math.round(n).toLocaleString("en-IN");
const mb = (): number => Math.round(process.memoryUsage().rss / 1_048_576);

/**
 * Webhooks to receipts: `--payments N` (20,000) captures of as many consumers are worked off by one worker and by two; then webhooks come over HTTP at
 * a steady rate while the server's own jobs, in a process of their own, make the receipts, with the queue in PostgreSQL and (`--redis URL`) in Redis; then
 * cashiers take cash over HTTP. In the same run the plainest SQL writes the same rows, with the same columns and indexes and without constraints and
 * decisions.
 */
export async function runCollectBench(args: readonly string[]): Promise<void> {
  const of = (name: string, usual: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? usual : Number(args[at + 1]);
  };
  const worker = args.indexOf("--worker");
  if (worker >= 0) return work(JSON.parse(args[worker + 1] ?? "{}") as WorkerTask);
  const redis = args.indexOf("--redis") < 0 ? undefined : args[args.indexOf("--redis") + 1];
  const payments = of("--payments", 20_000);
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-collect-"));
  chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: dir });
  try {
    await prepareDatabase(server.address);
    const app: App = { db: openDatabase(server.address, { poolSize: 12 }), clock: systemClock };
    try {
      await bench(app, server.address, payments, redis);
    } finally {
      await app.db.close();
    }
  } finally {
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function bench(
  app: App,
  address: DatabaseAddress,
  payments: number,
  redisUrl: string | undefined,
): Promise<void> {
  console.log(`${cpus().length} cores (${cpus()[0]?.model ?? "?"}), load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
  const plan = planPayments(LIVED_IN + payments, Math.random);
  const gateway = createGateway(GATEWAY);
  const collecting: CollectionsApp = { ...app, gateway };
  const one = await backlog(collecting, "one", plan, (town) => processInbox(collecting, town.ulb, { limit: payments }));
  console.log(`1 worker: ${one.says}, RSS ${mb()} MB`);
  const limit = await plainest(app, one.town, plan.length);
  console.log(
    `plainest SQL, the same rows in sets of 200, no constraints, no decisions: ${show(limit)} receipts/s; ours is ${(one.speed / limit).toFixed(2)} of it`,
  );
  const workers = await Promise.all([1, 2].map(() => startWorker({ address, do: "inbox" })));
  const two = await backlog(collecting, "two", plan, (town) =>
    Promise.all(workers.map((w) => w.workOff(town.ulb.code))),
  );
  console.log(`2 workers, processes of their own: ${two.says}; ${(two.speed / limit).toFixed(2)} of the plainest SQL`);
  await Promise.all(workers.map((w) => w.end()));
  const some = plan.slice(0, Math.min(plan.length, RATE * 30));
  await acceptance(collecting, "pg", some, undefined);
  if (redisUrl !== undefined) await acceptance(collecting, "redis", some, redisUrl);
  await cashiers(collecting, plan.slice(0, Math.min(plan.length, 2_000)));
  gateway.close();
}

/**
 * A town's webhooks are accepted, and then worked off: what the second takes. A first thousand went before, as in a town that has lived a day: for
 * that long the database does not know the town's tables, and plans badly.
 */
async function backlog(
  app: CollectionsApp,
  name: string,
  plan: readonly Planned[],
  workOff: (town: Town) => Promise<unknown>,
): Promise<{ readonly town: Town; readonly speed: number; readonly says: string }> {
  const town = await makeTown(app, `bench-${name}`, plan);
  await openOrders(app, town, plan);
  await acceptAll(app, town, plan, 0, LIVED_IN);
  await workOff(town);
  await settleDown(app);
  const measured = plan.length - LIVED_IN;
  const accepting = performance.now();
  await acceptAll(app, town, plan, LIVED_IN);
  const accepted = (performance.now() - accepting) / 1000;
  await settleDown(app);
  const start = performance.now();
  await workOff(town);
  const seconds = (performance.now() - start) / 1000;
  const receipts = await countReceipts(app, town);
  if (receipts !== plan.length) throw new Error(`${receipts} receipts for ${plan.length} payments`);
  const speed = measured / seconds;
  const says =
    `${show(measured)} webhooks to receipts in ${seconds.toFixed(1)} s: ${show(speed)} receipts/s; ` +
    `accepted before at ${show(measured / accepted)}/s`;
  return { town, speed, says };
}

/** What a town's making left to write would be charged to what is measured next. */
async function settleDown(app: App): Promise<void> {
  await refreshStatistics(app.db.address);
  await withConnection(app.db.address, "admin", (client) => client.query("checkpoint"));
}

const idOf = (prefix: string, town: Town, i: number): string =>
  `${prefix}_B${town.ulb.id.toString(36).padStart(3, "0")}${String(i).padStart(10, "0")}`;

/** The orders as they are when the gateway has confirmed them: what comes before a webhook is not measured here. */
async function openOrders(app: App, town: Town, plan: readonly Planned[]): Promise<void> {
  await app.db.batch.query(
    `insert into collections.orders (ulb_id, order_id, receipt, consumer_id, amount, state, provider_order_id, requested_by, created_at, attempted_at,
       confirmed_at, next_poll_at)
     select $1, o.id, replace(o.id::text, '-', ''), o.consumer, o.amount, 'confirmed', o.provider, 'bench', now(), now(), now(), now() + interval '1 day'
     from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[]) as o (id, consumer, amount, provider)`,
    [
      town.ulb.id,
      plan.map(() => newId()),
      plan.map((p) => town.consumers.get(p.code)),
      plan.map((p) => p.amount),
      plan.map((_, i) => idOf("order", town, i)),
    ],
  );
}

function webhookOf(town: Town, plan: readonly Planned[], i: number): { body: Buffer; headers: Record<string, string> } {
  const now = Math.floor(Date.now() / 1000);
  const p = plan[i];
  const body = Buffer.from(
    JSON.stringify({
      entity: "event",
      account_id: "acc_Bench000000001",
      event: "payment.captured",
      contains: ["payment"],
      payload: {
        payment: {
          entity: {
            id: idOf("pay", town, i),
            entity: "payment",
            amount: Number(p?.amount ?? 0n),
            currency: "INR",
            status: "captured",
            order_id: idOf("order", town, i),
            invoice_id: null,
            international: false,
            method: "upi",
            amount_refunded: 0,
            refund_status: null,
            captured: true,
            description: null,
            card_id: null,
            bank: null,
            wallet: null,
            vpa: "payer@okbank",
            email: "void@razorpay.com",
            contact: "+919876500001",
            notes: { ulb: town.ulb.code },
            fee: 0,
            tax: 0,
            error_code: null,
            error_description: null,
            error_source: null,
            error_step: null,
            error_reason: null,
            acquirer_data: { rrn: String(620000000000 + i) },
            created_at: now,
          },
        },
      },
      created_at: now,
    }),
  );
  return {
    body,
    headers: {
      "content-type": "application/json",
      "x-razorpay-event-id": idOf("evt", town, i),
      "x-razorpay-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
    },
  };
}

async function acceptAll(
  app: CollectionsApp,
  town: Town,
  plan: readonly Planned[],
  from: number,
  to = plan.length,
): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let i = next++; i < to; i = next++) {
        const { body, headers } = webhookOf(town, plan, i);
        await receiveWebhook(app, town.ulb, body, headers);
      }
    }),
  );
}

async function countReceipts(app: App, town: Town): Promise<number> {
  const { rows } = await app.db.batch.query<{ n: bigint }>(
    "select count(*) as n from collections.receipts where ulb_id = $1",
    [town.ulb.id],
  );
  return Number(rows[0]?.n ?? 0n);
}

// ---------------------------------------------------------------- a worker of its own

/** `inbox`: works off the inbox of the ULB that it is told of, and says so. `jobs`: all that the server does in the background, until it is ended. */
type WorkerTask = {
  readonly address: DatabaseAddress;
  readonly do: "inbox" | "jobs";
  readonly redisUrl?: string | undefined;
};
type WorkerProcess = { workOff(ulb: string): Promise<void>; end(): Promise<void> };

async function startWorker(task: WorkerTask): Promise<WorkerProcess> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? "", "collect", "--worker", JSON.stringify(task)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async (word: string): Promise<void> => {
    const next = await lines.next();
    if (next.value !== word) throw new Error(`a worker said ${next.value ?? "nothing"}, not ${word}`);
  };
  await heard("ready");
  return {
    workOff: async (ulb) => {
      child.stdin.write(`${ulb}\n`);
      await heard("done");
    },
    end: async () => {
      const gone = once(child, "exit");
      child.stdin.end();
      const [code] = (await gone) as [number];
      if (code !== 0) throw new Error(`a worker ended with ${code}`);
    },
  };
}

async function work(task: WorkerTask): Promise<void> {
  const app: App = { db: openDatabase(task.address, { poolSize: 8 }), clock: systemClock };
  const gateway = createGateway(GATEWAY);
  const collecting: CollectionsApp = { ...app, gateway };
  const jobs =
    task.do === "jobs"
      ? await startJobs({
          app,
          address: task.address,
          redisUrl: task.redisUrl,
          handlers: handlers({ baseUrl: "http://127.0.0.1" }),
          duties: duties(collecting).filter((d) => d.name === "gateway-inbox" || d.name === "roll-up"),
          log: { info: () => undefined, error: (message, error) => console.error(message, error) },
        })
      : undefined;
  console.log("ready");
  for await (const code of createInterface({ input: process.stdin })) {
    const ulb = await getUlb(app, code);
    while ((await processInbox(collecting, ulb)).processed > 0);
    console.log("done");
  }
  await jobs?.close();
  gateway.close();
  await app.db.close();
}

// ---------------------------------------------------------------- the limit

/** Every table in which a receipt of the gateway leaves rows, with the column that says whose they are. */
const WRITTEN = [
  "collections.receipts",
  "collections.receipt_lines",
  "collections.instruments",
  "collections.payments",
  "collections.payment_observations",
  "billing.applied_payments",
  "billing.allocations",
  "ledger.entries",
  "ledger.lines",
  "kernel.outbox",
] as const;

/**
 * Copies of the tables with their columns and indexes only, filled with the same rows, 200 receipts' worth in a transaction. The rows are read from
 * memory tables made before, so that only writing is timed. Gives receipts a second.
 */
async function plainest(app: App, town: Town, payments: number): Promise<number> {
  const sets = Math.ceil(payments / 200);
  return withConnection(app.db.address, "admin", async (client) => {
    await client.query("create schema bare");
    for (const table of WRITTEN) {
      const copy = `bare.${table.replace(".", "_")}`;
      await client.query(`create table ${copy} (like ${table} including indexes including defaults)`);
      await client.query(
        `create temp table src_${table.replace(".", "_")} as
         select t.*, ntile(${sets}) over (order by t.ctid) as bench_set from ${table} t where t.ulb_id = $1`,
        [town.ulb.id],
      );
      await client.query(`create index on src_${table.replace(".", "_")} (bench_set)`);
      await client.query(`analyze src_${table.replace(".", "_")}`);
    }
    const columns = new Map<string, string>();
    for (const table of WRITTEN) {
      const [schema, name] = table.split(".");
      const { rows } = await client.query<{ c: string }>(
        `select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as c from pg_attribute a
         where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''`,
        [`${schema ?? ""}.${name ?? ""}`],
      );
      columns.set(table, rows[0]?.c ?? "");
    }
    await client.query("checkpoint");
    const start = performance.now();
    for (let set = 1; set <= sets; set++) {
      await client.query("begin");
      for (const table of WRITTEN) {
        const name = table.replace(".", "_");
        await client.query(
          `insert into bare.${name} (${columns.get(table) ?? ""}) overriding system value
           select ${columns.get(table) ?? ""} from src_${name} where bench_set = $1`,
          [set],
        );
      }
      await client.query("commit");
    }
    const seconds = (performance.now() - start) / 1000;
    await client.query("drop schema bare cascade");
    return payments / seconds;
  });
}

// ---------------------------------------------------------------- over HTTP

async function serving<T>(app: CollectionsApp, town: Town, fn: (port: number) => Promise<T>): Promise<T> {
  const web = await createWebApp({
    app: { ...app, baseUrl: "http://127.0.0.1", demo: false, defaultUlb: () => Promise.resolve(town.ulb) },
    secret: await formSecret(app),
    log: false,
  });
  await web.listen({ host: "127.0.0.1", port: 0 });
  try {
    return await fn((web.server.address() as AddressInfo).port);
  } finally {
    await web.close();
  }
}

/** Webhooks at a steady rate, open loop, from a process of its own, while the server's jobs in another process turn them into receipts. */
async function acceptance(
  app: CollectionsApp,
  queue: "pg" | "redis",
  plan: readonly Planned[],
  redisUrl: string | undefined,
): Promise<void> {
  const town = await makeTown(app, `bench-http-${queue}`, plan);
  await openOrders(app, town, plan);
  await settleDown(app);
  const requests = plan.map((_, i) => {
    const { body, headers } = webhookOf(town, plan, i);
    return { path: `/webhooks/razorpay/${town.ulb.code}`, headers, body: body.toString() };
  });
  const worker = await startWorker({ address: app.db.address, do: "jobs", redisUrl });
  await serving(app, town, (port) =>
    client(`webhooks accepted while the jobs (queue: ${queue}) make the receipts`, port, RATE, requests),
  );
  const left = performance.now();
  while ((await countReceipts(app, town)) < plan.length) {
    if (performance.now() - left > 60_000) throw new Error("a minute later there are still webhooks without a receipt");
    await new Promise((r) => setTimeout(r, 20));
  }
  const { rows } = await app.db.batch.query<{ half: number; most: number }>(
    `select percentile_cont(0.5) within group (order by s) as half, percentile_cont(0.99) within group (order by s) as most
     from (select extract(epoch from r.issued_at - e.received_at)::float8 as s
           from collections.receipts r
           join collections.payment_observations o on o.ulb_id = r.ulb_id and o.payment_id = r.payment_id
           join collections.gateway_events e on e.ulb_id = o.ulb_id and e.event_key = o.event_key
           where r.ulb_id = $1) t`,
    [town.ulb.id],
  );
  await worker.end();
  console.log(
    `  all ${show(plan.length)} have their receipt, p50 ${rows[0]?.half.toFixed(1) ?? "?"} s and p99 ${rows[0]?.most.toFixed(1) ?? "?"} s after the webhook`,
  );
}

/** Four cashiers, each as fast as the answers come. */
async function cashiers(app: CollectionsApp, plan: readonly Planned[]): Promise<void> {
  const town = await makeTown(app, "bench-counter", plan);
  await settleDown(app);
  const who: Who = { ulb: town.ulb, actor: { id: "admin@bench", roles: ["admin"] } };
  const tokens = await Promise.all(
    [1, 2, 3, 4].map(async (n) => {
      const made = await inTransaction(app, who, (tx) =>
        createAccessToken(tx, {
          name: `cashier ${n}`,
          actor: `cashier${n}@bench`,
          roles: ["cashier"],
          expiresAt: new Date("2100-01-01"),
        }),
      );
      return made.token;
    }),
  );
  await serving(app, town, async (port) => {
    const url = `http://127.0.0.1:${port}`;
    const post = async (token: string, at: string, body: object, key: string): Promise<{ id: string }> => {
      const answer = await fetch(`${url}${at}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return (await answer.json()) as { id: string };
    };
    const sessions = await Promise.all(
      tokens.map((token, n) => post(token, "/v1/counter-sessions", { counter: `C${n}` }, `open-counter-${n}`)),
    );
    const took: number[] = [];
    let next = 0;
    const start = performance.now();
    await Promise.all(
      tokens.map(async (token, n) => {
        for (let planned = plan[next++]; planned; planned = plan[next++]) {
          const began = performance.now();
          await post(
            token,
            `/v1/counter-sessions/${sessions[n]?.id ?? ""}/receipts`,
            {
              consumerId: town.consumers.get(planned.code),
              amount: toRupees(planned.amount),
              tender: { kind: "cash" },
              acceptAdvance: true,
            },
            `cash-${planned.code}`,
          );
          took.push(performance.now() - began);
        }
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    took.sort((a, b) => a - b);
    const at = (p: number): string => (took[Math.min(took.length - 1, Math.floor(took.length * p))] ?? 0).toFixed(1);
    console.log(
      `4 cashiers over HTTP: ${show(took.length / seconds)} receipts/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (asking shares the process)`,
    );
  });
}

async function client(what: string, port: number, rate: number, requests: readonly object[]): Promise<void> {
  const child = spawn(process.execPath, ["-e", CLIENT, String(port), String(rate)], {
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, WHAT: what },
  });
  child.stdin.end(JSON.stringify(requests));
  await once(child, "exit");
}

/** A process of its own, so that asking costs the server nothing but its half of the machine. */
const CLIENT = `
const http = require("node:http");
const [port, rate] = process.argv.slice(1);
let text = "";
process.stdin.on("data", (c) => (text += c)).on("end", async () => {
  const requests = JSON.parse(text), agent = new http.Agent({ keepAlive: true, maxSockets: 64 }), took = [];
  let failed = 0;
  const ask = ({ path, headers, body }) => new Promise((resolve) => {
    const start = performance.now();
    const r = http.request({ port, agent, method: "POST", path, headers: { ...headers, "content-length": Buffer.byteLength(body) } }, (res) => {
      let all = "";
      res.on("data", (c) => (all += c)).on("end", () => {
        took.push(performance.now() - start);
        if (res.statusCode !== 200) { failed += 1; if (failed === 1) console.error(res.statusCode, all.slice(0, 300)); }
        resolve();
      });
    });
    r.on("error", () => { failed += 1; resolve(); });
    r.end(body);
  });
  const start = performance.now(), all = [];
  for (let i = 0; i < requests.length; i++) {
    const wait = start + (i * 1000) / rate - performance.now();
    if (wait > 1) await new Promise((r) => setTimeout(r, wait));
    all.push(ask(requests[i]));
  }
  await Promise.all(all);
  const seconds = (performance.now() - start) / 1000;
  took.splice(0, 100);
  took.sort((a, b) => a - b);
  const at = (p) => took[Math.min(took.length - 1, Math.floor(took.length * p))].toFixed(1);
  console.log(process.env.WHAT + ": " + requests.length + " at " + (requests.length / seconds).toFixed(0) + "/s, " + failed + " failed; ms p50 " +
    at(0.5) + ", p95 " + at(0.95) + ", p99 " + at(0.99) + ", most " + at(1));
});
`;
