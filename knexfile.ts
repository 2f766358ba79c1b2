import type { Knex } from "knex";
import { migrationSource } from "./ledger/kernel/sql-migrations.ts";

/** For the knex command line against a server of yours; `npx nagarkosh migrate` does the same and also makes the roles. */
const config: Knex.Config = {
  client: "pg",
  connection: {
    connectionString: process.env["DATABASE_URL"],
    options: "-c role=nagarkosh_owner",
  } as Knex.PgConnectionConfig,
  migrations: { migrationSource, tableName: "migrations", schemaName: "kernel" },
};
export default config;
