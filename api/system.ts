import { mkdirSync } from "node:fs";
import { openDatabase, withConnection, type DatabaseAddress } from "../ledger/kernel/database.ts";
import { systemClock, type Clock } from "../ledger/kernel/dates.ts";
import { claimService, startEmbeddedPostgres } from "../ledger/kernel/embedded-postgres.ts";
import type { App } from "../ledger/kernel/tx.ts";
import { prepareDatabase } from "../ledger/index.ts";
import type { Config } from "./config.ts";

/** The running parts below the web: database prepared and open. */
export type System = {
  readonly app: App;
  readonly address: DatabaseAddress;
  /** Names of the migrations that ran just now. */
  readonly migrations: readonly string[];
  readonly embedded: boolean;
  /** Closes what this process opened; the embedded server stops with its last user. */
  close(): Promise<void>;
};

/**
 * Opens the database of the configuration, embedded if none is named, and brings its schema up to date.
 * `serve` claims it for this process alone; a command run beside the server shares it and leaves it running.
 */
export async function openSystem(
  config: Config,
  options: { readonly serve?: boolean; readonly clock?: Clock } = {},
): Promise<System> {
  const clock = options.clock ?? systemClock;
  if (config.databaseUrl) {
    const address: DatabaseAddress = { kind: "url", url: config.databaseUrl };
    const { migrations } = await prepareDatabase(address);
    const db = openDatabase(address);
    return { app: { db, clock }, address, migrations, embedded: false, close: () => db.close() };
  }
  mkdirSync(config.dataDir, { recursive: true });
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir });
  let claim: { release(): Promise<void> } | undefined;
  try {
    if (options.serve) claim = await claimService(server.address, config.dataDir);
    const { migrations } = await prepareDatabase(server.address);
    const db = openDatabase(server.address);
    const watch = options.serve ? keepUp(server.address, config.dataDir, (again) => (claim = again)) : undefined;
    return {
      app: { db, clock },
      address: server.address,
      migrations,
      embedded: true,
      close: async () => {
        await watch?.close();
        await db.close();
        await claim?.release();
        if (options.serve || !(await inUse(server.address))) server.stop();
      },
    };
  } catch (error) {
    await claim?.release();
    // A server that somebody else uses stays up.
    if (!server.adopted) server.stop();
    throw error;
  }
}

/**
 * Brings the embedded server up again when it died under the process that serves: on its old port, so that every pool finds it. What was not
 * committed is lost with it, what was committed is there: the callers of the requests in between were refused and ask again.
 */
function keepUp(
  address: DatabaseAddress,
  dataDir: string,
  claimed: (claim: { release(): Promise<void> }) => void,
): { close(): Promise<void> } {
  let closing = false;
  let pass: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      await withConnection(address, "admin", (client) => client.query("select 1"));
    } catch (error) {
      if (closing || (error as NodeJS.ErrnoException).code !== "ECONNREFUSED") return;
      console.error("the embedded PostgreSQL is gone; it is started again");
      try {
        await startEmbeddedPostgres({ dataDir });
        claimed(await claimService(address, dataDir));
        console.error("the embedded PostgreSQL is back");
      } catch (trouble) {
        console.error("the embedded PostgreSQL could not be started; it is tried again", trouble);
      }
    }
  };
  const timer = setInterval(() => {
    pass = pass.then(look);
  }, 2_000);
  return {
    close: async () => {
      closing = true;
      clearInterval(timer);
      await pass;
    },
  };
}

/** Whether another process of ours is connected: then the embedded server is not ours to stop. */
async function inUse(address: DatabaseAddress): Promise<boolean> {
  return withConnection(address, "admin", async (client) => {
    const { rows } = await client.query<{ n: bigint }>(
      "select count(*) as n from pg_stat_activity where application_name like 'nagarkosh%' and pid <> pg_backend_pid()",
    );
    return (rows[0]?.n ?? 0n) > 0n;
  });
}
