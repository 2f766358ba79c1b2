import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGateway, startSimulator, type SimulatorOptions } from "../../collections/index.ts";
import { prepareDatabase } from "../../ledger/index.ts";
import { withConnection, withDatabaseName, type DatabaseAddress } from "../../ledger/kernel/database.ts";
import { startEmbeddedPostgres } from "../../ledger/kernel/embedded-postgres.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import type { App } from "../../ledger/kernel/tx.ts";
import { getUlb } from "../../ledger/index.ts";
import { createWebApp, formSecret } from "../app.ts";
import type { Stage, StageApp, StageClock, World } from "./stage.ts";

export const BASE_URL = "https://pay.demo.example";
/** The merchant account of the scenarios' ULB at the gateway. */
export const ACCOUNT_ID = "acc_DEMONP00000001";

let keys = 0;

export function stageClock(at: Date): StageClock {
  let now = at;
  return { now: () => now, set: (to) => void (now = to) };
}

/** The server of a run on a prepared database: the whole web application, as `serve` makes it, without a port. */
export async function openWorld(
  app: App,
  clock: StageClock,
  options: { readonly mostRounds?: number } = {},
): Promise<World> {
  // The gateway is each scenario's own; this one only lets the server start.
  const gateway = createGateway({
    keyId: "rzp_test_Simulator00001",
    keySecret: "never-used-secret-of-a-start",
    webhookSecrets: [{ secret: "never-used-secret-of-a-start" }],
    baseUrl: "http://127.0.0.1:9",
    allowSimulator: true,
  });
  const box: { current?: Stage } = {};
  const stageApp: StageApp = {
    ...app,
    gateway,
    demo: false,
    baseUrl: BASE_URL,
    defaultUlb: async () => {
      invariant(box.current, "a scenario is on stage");
      return getUlb(app, box.current.ulb.code);
    },
  };
  const start = async () => {
    const server = await createWebApp({ app: stageApp, secret: await formSecret(app), log: false });
    await server.ready();
    return server;
  };
  const first = await start();
  gateway.close();
  const world: World = {
    app: stageApp,
    clock,
    server: first,
    restart: async () => {
      await world.server.close();
      world.server = await start();
    },
    mostRounds: options.mostRounds,
    faults: { losesAnswers: false },
    onStage: (stage) => void (box.current = stage),
  };
  return world;
}

/** A simulator of the scenario's own on the scenario's clock; its webhooks go to the server as bytes and headers. */
export async function openGateway(
  world: World,
  options: SimulatorOptions,
): Promise<Pick<Stage, "simulator"> & { readonly gateway: ReturnType<typeof createGateway> }> {
  const simulator = await startSimulator(0, {
    clock: world.clock.now,
    accountId: ACCOUNT_ID,
    // A key of its own: sweepers pace themselves by the key, and no scenario's clock may hold up the next one's.
    keyId: `rzp_test_Sim${String(++keys).padStart(11, "0")}`,
    // Before the scenarios' day begins at ten: a day passed is a day settled.
    settlementHour: 9,
    webhookUrl: `${BASE_URL}/webhooks/razorpay/{ulb}`,
    sendWebhook: async ({ url, headers, body }) => {
      const answer = await world.server.inject({ method: "POST", url: new URL(url).pathname, headers, payload: body });
      // Killed after the commit: what was answered never arrives.
      if (world.faults.losesAnswers) throw new Error("the connection was reset");
      return answer.statusCode;
    },
    ...options,
  });
  return { simulator, gateway: createGateway({ ...simulator.gatewayConfig(simulator.url), timeoutMs: 1000 }) };
}

/** A database for a run outside the tests: embedded in a folder that is thrown away, or beside NAGARKOSH_TEST_DATABASE_URL. */
export async function throwAwayDatabase(): Promise<{ readonly address: DatabaseAddress; close(): Promise<void> }> {
  const url = process.env["NAGARKOSH_TEST_DATABASE_URL"];
  const name = `scenarios_${randomBytes(5).toString("hex")}`;
  const make = (server: DatabaseAddress) =>
    withConnection(server, "admin", async (client) => void (await client.query(`create database ${name}`)));
  if (url !== undefined) {
    const server: DatabaseAddress = { kind: "url", url };
    await make(server);
    const address = withDatabaseName(server, name);
    await prepareDatabase(address);
    return {
      address,
      close: () =>
        withConnection(
          server,
          "admin",
          async (client) => void (await client.query(`drop database if exists ${name} with (force)`)),
        ),
    };
  }
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-scenarios-"));
  chmodSync(dir, 0o755); // as root the cluster runs as another user, who must reach it
  const server = await startEmbeddedPostgres({
    dataDir: dir,
    flags: ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
  });
  await make(server.address);
  const address = withDatabaseName(server.address, name);
  await prepareDatabase(address);
  return {
    address,
    close: async () => {
      await Promise.resolve();
      server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
