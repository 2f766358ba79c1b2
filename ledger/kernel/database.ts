import knexModule, { type Knex } from "knex";
import pg from "pg";
import { invariant } from "./errors.ts";

// CommonJS interop: under some loaders the function is on `.default`.
const makeKnex = (knexModule as unknown as { default?: typeof knexModule }).default ?? knexModule;

/**
 * The roles of the database, each with no more than it needs (README of this folder):
 * owner runs migrations; app is under row-level security; batch bypasses it for bulk work that always filters by ULB;
 * jobs owns only the schema of the job queue.
 */
export const ROLES = {
  owner: "nagarkosh_owner",
  app: "nagarkosh_app",
  batch: "nagarkosh_batch",
  jobs: "nagarkosh_jobs",
} as const;
export type DatabaseRole = keyof typeof ROLES;

/**
 * Where the database is. `login`: every role logs in with this password (embedded: we made the cluster).
 * `url`: we log in as the URL's user and step down to the role at connection start, so RESET ROLE cannot climb back.
 */
export type DatabaseAddress =
  | {
      readonly kind: "login";
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly admin: string;
      readonly password: string;
    }
  | { readonly kind: "url"; readonly url: string };

// bigint and date come back exactly: int8 as BigInt, date as its own text (pg would shift it by the zone), numeric as text.
const types = new pg.TypeOverrides();
types.setTypeParser(20, BigInt);
types.setTypeParser(1082, (value: string) => value);
types.setTypeParser(1016, (value: string) =>
  value === "{}"
    ? []
    : value
        .slice(1, -1)
        .split(",")
        .map((v) => (v === "NULL" ? null : BigInt(v))),
);
types.setTypeParser(1182, (value: string) => (value === "{}" ? [] : value.slice(1, -1).split(",")));

/** The pg configuration with which `role` connects. */
export function connectionConfig(address: DatabaseAddress, role: DatabaseRole | "admin"): pg.PoolConfig {
  const common = { types, application_name: `nagarkosh ${role}` } as const;
  if (address.kind === "login") {
    const user = role === "admin" ? address.admin : ROLES[role];
    return {
      ...common,
      host: address.host,
      port: address.port,
      database: address.database,
      user,
      password: address.password,
    };
  }
  return {
    ...common,
    connectionString: address.url,
    ...(role === "admin" ? {} : { options: `-c role=${ROLES[role]}` }),
  };
}

/** The same server, another database. */
export function withDatabaseName(address: DatabaseAddress, database: string): DatabaseAddress {
  if (address.kind === "login") return { ...address, database };
  const url = new URL(address.url);
  url.pathname = `/${database}`;
  return { kind: "url", url: url.href };
}

/** The open database: knex for the application's transactions, and plain pools for lanes and batch work. */
export type Database = {
  readonly address: DatabaseAddress;
  /** Interactive work, under row-level security. */
  readonly app: Knex;
  /** Single postings sent by the lanes: one prepared call, one commit. */
  readonly lanes: pg.Pool;
  /** Bulk work and relays: no row-level security; every statement names its ULB. */
  readonly batch: pg.Pool;
  close(): Promise<void>;
};

/**
 * A process that stops in the middle of a transaction (suspended, cut off) holds the rows of a citizen's account. After so long without a word the
 * server ends its session: another takes the job, and when it goes on, its commit is refused (case S105). Nothing of ours computes that long in between.
 */
const IDLE_IN_TRANSACTION_MS = 300_000;

export function openDatabase(
  address: DatabaseAddress,
  options: { readonly poolSize?: number; readonly idleInTransactionMs?: number } = {},
): Database {
  const size = options.poolSize ?? 12;
  const app = makeKnex({
    client: "pg",
    connection: {
      ...connectionConfig(address, "app"),
      idle_in_transaction_session_timeout: options.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: size },
    acquireConnectionTimeout: 30_000,
  });
  const lanes = quietPool(connectionConfig(address, "app"), 4);
  const batch = quietPool(connectionConfig(address, "batch"), 4);
  return {
    address,
    app,
    lanes,
    batch,
    close: async () => {
      await Promise.all([app.destroy(), lanes.end(), batch.end()]);
    },
  };
}

function quietPool(config: pg.PoolConfig, max: number): pg.Pool {
  const pool = new pg.Pool({ ...config, max });
  // An idle connection lost (server restart) is replaced on next use; without a listener Node would exit.
  pool.on("error", () => undefined);
  return pool;
}

/** Runs `fn` on one connection of `role`, closed afterwards. For set-up and tools, not for requests. */
export async function withConnection<T>(
  address: DatabaseAddress,
  role: DatabaseRole | "admin",
  fn: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connectionConfig(address, role));
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

/**
 * Tells the planner what the tables hold now. After a bulk load it would otherwise guess until autovacuum comes by
 * (measured: the dashboard 1.6 s instead of 64 ms right after the demo city was made).
 */
export async function refreshStatistics(address: DatabaseAddress): Promise<void> {
  await withConnection(address, "owner", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where tableowner = current_user`,
    );
    for (const { name } of rows) await client.query(`analyze ${name}`);
  });
}

/**
 * Makes the roles if they are missing and lets the owner create schemas in this database.
 * The connecting user must be a superuser (only one may create a role that bypasses row-level security).
 */
export async function prepareRoles(address: DatabaseAddress): Promise<void> {
  await withConnection(address, "admin", async (client) => {
    // Roles are cluster-wide: two databases prepared at the same time must not race.
    await client.query("select pg_advisory_lock(7244001)");
    try {
      for (const [role, name] of Object.entries(ROLES)) {
        const login = address.kind === "login" ? `login password ${pg.escapeLiteral(address.password)}` : "nologin";
        const exists = await client.query("select 1 from pg_roles where rolname = $1", [name]);
        if (exists.rowCount === 0) {
          await client.query(
            `create role ${name} ${login} nosuperuser nocreatedb nocreaterole ${role === "batch" ? "bypassrls" : "nobypassrls"}`,
          );
        }
        if (address.kind === "url") await client.query(`grant ${name} to current_user`);
      }
      const database = (await client.query<{ name: string }>("select current_database() as name")).rows[0]?.name;
      invariant(database, "a connection has a database");
      const quoted = pg.escapeIdentifier(database);
      await client.query(`grant create, connect, temporary on database ${quoted} to ${ROLES.owner}, ${ROLES.jobs}`);
      await client.query(`grant connect, temporary on database ${quoted} to ${ROLES.app}, ${ROLES.batch}`);
      await client.query(`create schema if not exists bullmq authorization ${ROLES.jobs}`);
      // Lets the owner give the posting function its SET clause (ledger/migrations/001_ledger.sql); PostgreSQL 15 or later.
      await client.query(`grant set on parameter nagarkosh.posting to ${ROLES.owner}`);
    } finally {
      await client.query("select pg_advisory_unlock(7244001)");
    }
  });
}
