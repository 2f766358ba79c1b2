import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import knexModule, { type Knex } from "knex";
import { connectionConfig, prepareRoles, withConnection, type DatabaseAddress } from "./database.ts";
import { invariant } from "./errors.ts";

const makeKnex = (knexModule as unknown as { default?: typeof knexModule }).default ?? knexModule;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Folders with migrations, in the order of the imports: what is below is there before what stands on it. */
const FOLDERS = ["ledger/kernel", "ledger", "billing", "collections", "reconciliation", "reports", "api"] as const;

type SqlMigration = { readonly name: string; readonly file: string };

/** All `<folder>/migrations/NNN_name.sql`. The name has no extension, so that it stays the same however the code is run. */
export function listMigrations(): SqlMigration[] {
  const found = FOLDERS.flatMap((folder) => {
    const directory = path.join(root, folder, "migrations");
    let files: string[];
    try {
      files = readdirSync(directory);
    } catch {
      return []; // a folder need not have migrations
    }
    return files
      .filter((f) => f.endsWith(".sql"))
      .sort()
      .map((f) => ({ name: `${folder}/${f.slice(0, -4)}`, file: path.join(directory, f) }));
  });
  invariant(found.length > 0, "migrations are shipped with the program");
  return found;
}

/** Knex reads our .sql files; `?` is escaped because knex would take it for a binding, in literals and comments too. */
export const migrationSource: Knex.MigrationSource<SqlMigration> = {
  getMigrations: () => Promise.resolve(listMigrations()),
  getMigrationName: (m) => m.name,
  getMigration: (m) =>
    Promise.resolve({
      up: (knex: Knex) => knex.raw(readFileSync(m.file, "utf8").replaceAll("?", "\\?")),
      down: () => Promise.reject(new Error("migrations go forward; restore a backup to go back")),
    }),
};

/** Brings the database to this program's schema; returns the names of the migrations that ran now. Safe to run twice. */
export async function migrate(address: DatabaseAddress): Promise<string[]> {
  await prepareRoles(address);
  await withConnection(address, "owner", async (client) => {
    await client.query("create schema if not exists kernel");
  });
  const knex = makeKnex({
    client: "pg",
    connection: connectionConfig(address, "owner") as Knex.PgConnectionConfig,
    pool: { min: 0, max: 2 },
  });
  try {
    const [, names] = (await knex.migrate.latest({
      migrationSource,
      tableName: "migrations",
      schemaName: "kernel",
    })) as [number, string[]];
    return names;
  } finally {
    await knex.destroy();
  }
}
