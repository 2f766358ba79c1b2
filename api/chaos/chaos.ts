import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startSimulator, type RunningSimulator } from "../../collections/index.ts";
import { prepareDatabase } from "../../ledger/index.ts";
import { openDatabase, withConnection, type DatabaseAddress } from "../../ledger/kernel/database.ts";
import { systemClock } from "../../ledger/kernel/dates.ts";
import { startEmbeddedPostgres } from "../../ledger/kernel/embedded-postgres.ts";
import type { App } from "../../ledger/kernel/tx.ts";
import { audit, booksOf, differences, unreceipted } from "./audit.ts";
import { pay } from "./payer.ts";
import { keepRunning, killPostgres, untilReady, type Kept } from "./processes.ts";
import { makeTown, planPayments, type Planned, type Town } from "./town.ts";

export type ChaosOptions = {
  readonly payments: number;
  /** The share of what the gateway says that goes wrong. */
  readonly faults: number;
  /** How often each of the web server, the worker and PostgreSQL is killed. */
  readonly kills: number;
  readonly seed: number;
  /** How long the storm may last, and how long the drain. */
  readonly stormMs: number;
  readonly drainMs: number;
  readonly say: (text: string) => void;
};

export type ChaosResult = {
  /** What does not hold; [] when all is well. */
  readonly wrong: readonly string[];
  readonly payments: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Captures whose receipt came by asking for the order, after every webhook was lost. */
  readonly nudged: number;
  /** How often payers had to ask again for their order. */
  readonly askedAgain: number;
};

const AT_ONCE = 12;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes the same payments twice, in a storm and in calm weather, and compares. Leaves no process and no file behind. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const random = mulberry32(options.seed);
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-chaos-"));
  chmodSync(dir, 0o755);
  const { address } = await startEmbeddedPostgres({ dataDir: dir });
  await prepareDatabase(address);
  let app: App = { db: openDatabase(address, { poolSize: 6 }), clock: systemClock };
  const plan = planPayments(options.payments, random);
  const towns = { storm: await makeTown(app, "toofanpur", plan), calm: await makeTown(app, "shantipur", plan) };
  options.say(`two towns of ${plan.length} payers each are made`);
  // Pools of this process would only see the server die.
  await app.db.close();

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const simulator = await startSimulator(0, {
    seed: `chaos-${options.seed}`,
    webhookUrl: `${url}/webhooks/razorpay/{ulb}`,
    autoDeliver: true,
  });
  const env = {
    NAGARKOSH_DATA: dir,
    PORT: String(port),
    DATABASE_URL: "",
    RAZORPAY_KEY_ID: simulator.keyId,
    RAZORPAY_KEY_SECRET: simulator.keySecret,
    RAZORPAY_WEBHOOK_SECRET: simulator.webhookSecret,
    RAZORPAY_BASE_URL: simulator.url,
  };
  const web = keepRunning(["serve", "--no-jobs"], env);
  const worker = keepRunning(["worker"], env);
  const started = Date.now();
  try {
    await untilReady(url, 60_000);
    const server = { url, simulator, until: started + options.stormMs };
    setFaults(simulator, options.faults);
    const progress = { paid: 0 };
    const storm = stormOver({
      web,
      worker,
      dir,
      kills: options.kills,
      random,
      say: options.say,
      url,
      paid: () => progress.paid / plan.length,
    });
    const payers = await payAll(server, towns.storm, plan, options.say, progress);
    const kills = await storm.end();
    simulator.clearFaults();
    simulator.webhookPlan({});
    options.say(`the storm is over after ${seconds(started)} s: ${JSON.stringify(kills)} kills; draining`);

    await untilReady(url, 60_000);
    app = { db: openDatabase(address, { poolSize: 6 }), clock: systemClock };
    const nudged = await drain(app, towns.storm, simulator, url, options.drainMs);
    const calmServer = { url, simulator, until: Date.now() + options.stormMs };
    await payAll(calmServer, towns.calm, plan, options.say);
    await drain(app, towns.calm, simulator, url, options.drainMs);
    await rollUp(address);
    const wrong = [
      ...(await audit(app, towns.storm.ulb, simulator)),
      ...(await audit(app, towns.calm.ulb, simulator)).map((w) => `in calm weather: ${w}`),
      ...differences(await booksOf(app, towns.storm.ulb), await booksOf(app, towns.calm.ulb)),
    ];
    if (wrong.length > 0) options.say(`web:\n${web.tail()}\nworker:\n${worker.tail()}`);
    return {
      wrong,
      payments: payers.length,
      kills,
      seconds: seconds(started),
      nudged,
      askedAgain: payers.reduce((t, p) => t + p.asked - 1, 0),
    };
  } finally {
    await Promise.all([web.stop(), worker.stop()]);
    await app.db.close().catch(() => undefined);
    await simulator.close();
    (await startEmbeddedPostgres({ dataDir: dir })).stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const seconds = (since: number): number => Math.round((Date.now() - since) / 1000);

/** The share is spread over what may go wrong with calls; webhooks are lost, doubled and mixed up as often. */
function setFaults(simulator: RunningSimulator, share: number): void {
  const kinds = ["drop_before", "drop_after", "html_502", "html_after", "truncate_body", "rate_limit"] as const;
  // One rule after the other decides, so each takes its part of what the ones before it left.
  kinds.forEach((kind, i) => {
    simulator.addFault({ match: "", do: kind, share: share / kinds.length / (1 - (share * i) / kinds.length) });
  });
  simulator.webhookPlan({ drop: share / 2, duplicate: share, again: share / 2, reorder: true });
}

type Storm = { end(): Promise<Readonly<Record<string, number>>> };

/** Kills one after the other, spread over the payments by chance, until each has had its kills or the storm is ended. */
function stormOver(o: {
  readonly web: Kept;
  readonly worker: Kept;
  readonly dir: string;
  readonly url: string;
  readonly kills: number;
  readonly random: () => number;
  readonly say: (text: string) => void;
  /** The share of the payments that was paid. */
  readonly paid: () => number;
}): Storm {
  const kills = { web: 0, worker: 0, postgres: 0 };
  let over = false;
  const run = async (): Promise<void> => {
    const left = Object.keys(kills).flatMap((k) => Array.from({ length: o.kills }, () => k as keyof typeof kills));
    const moments = left.map(() => o.random() * 0.95).sort((a, b) => b - a);
    while (left.length > 0) {
      while (!over && o.paid() < (moments.at(-1) ?? 0)) await sleep(20);
      moments.pop();
      await sleep(over ? 0 : o.random() * 500);
      const [victim] = left.splice(Math.floor(o.random() * left.length), 1);
      if (victim === undefined) break;
      if (victim === "postgres") {
        if (!killPostgres(o.dir)) {
          left.push(victim);
          await sleep(200);
          continue;
        }
      } else o[victim].kill();
      kills[victim] += 1;
      o.say(`killed ${victim}`);
      // A storm that kills what never came up proves nothing.
      await untilReady(o.url, 60_000);
    }
  };
  // A storm that cannot go on ends the run where it is awaited.
  const running = run().catch((error: unknown) => error);
  return {
    end: async () => {
      over = true;
      const trouble = await running;
      if (trouble instanceof Error)
        throw new Error(`${trouble.message}\nweb:\n${o.web.tail()}\nworker:\n${o.worker.tail()}`);
      return kills;
    },
  };
}

async function payAll(
  server: Parameters<typeof pay>[0],
  town: Town,
  plan: readonly Planned[],
  say: (text: string) => void,
  progress = { paid: 0 },
): Promise<{ readonly asked: number }[]> {
  const payers: { readonly asked: number }[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    for (let planned = plan[next++]; planned; planned = plan[next++]) {
      payers.push(await pay(server, town, planned));
      progress.paid = payers.length;
      if (payers.length % 1000 === 0) say(`${payers.length} paid`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return payers;
}

/**
 * Waits until every capture has its receipt. Webhooks that wait for their next attempt are sent, and what stays without a receipt for a while is
 * asked for as the payer's page would. Gives for how many that was needed.
 */
async function drain(app: App, town: Town, simulator: RunningSimulator, url: string, ms: number): Promise<number> {
  const until = Date.now() + ms;
  const nudged = new Set<string>();
  for (let round = 0; Date.now() < until; round++) {
    const missing = await unreceipted(app, town.ulb, simulator);
    const { rows } = await app.db.batch.query<{ n: bigint }>(
      "select count(*) as n from collections.gateway_events where ulb_id = $1 and state = 'new'",
      [town.ulb.id],
    );
    if (missing.length === 0 && (rows[0]?.n ?? 0n) === 0n) break;
    if (round >= 6) {
      for (const id of missing) {
        const order = simulator.payments.get(id)?.order_id ?? "";
        const own = await app.db.batch.query<{ id: string }>(
          "select order_id as id from collections.orders where ulb_id = $1 and provider_order_id = $2",
          [town.ulb.id, order],
        );
        nudged.add(id);
        await fetch(`${url}/v1/orders/${own.rows[0]?.id ?? ""}/poll`, {
          method: "POST",
          headers: { authorization: `Bearer ${town.token}` },
          signal: AbortSignal.timeout(20_000),
        }).catch(() => undefined);
      }
    }
    await sleep(1000);
  }
  return nudged.size;
}

/** The verifying reads look at statistics-dependent plans; a town that was just made has none. */
async function rollUp(address: DatabaseAddress): Promise<void> {
  await withConnection(address, "admin", (client) => client.query("analyze"));
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === "object") resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

/** A small generator of numbers from 0 to 1: the same seed gives the same. */
function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
