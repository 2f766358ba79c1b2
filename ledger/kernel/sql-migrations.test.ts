import { expect, inject, test } from "vitest";
import { randomBytes } from "node:crypto";
import { withConnection, withDatabaseName, ROLES } from "./database.ts";
import { listMigrations, migrate, migrationSource } from "./sql-migrations.ts";
import { dropDatabase } from "./testing.ts";

test("migrations are in order of the imports, and their names have no extension", () => {
  const names = listMigrations().map((m) => m.name);
  expect(names.slice(0, 2)).toEqual(["ledger/kernel/001_kernel", "ledger/001_ledger"]);
  for (const name of names) expect(name).toMatch(/^[a-z/]+\/\d{3}_[a-z0-9_]+$/);
  expect(new Set(names).size).toBe(names.length);
  const order = ["ledger/kernel", "ledger", "billing", "collections", "reconciliation", "reports", "api"];
  const folders = names.map((n) => order.indexOf(n.slice(0, n.lastIndexOf("/"))));
  expect(folders).toEqual([...folders].sort((a, b) => a - b));
  expect(folders).not.toContain(-1);
});

test("migrations run once: the second time there is nothing to do", async () => {
  const server = inject("database");
  const name = `m_${randomBytes(6).toString("hex")}`;
  await withConnection(server, "admin", (c) => c.query(`create database ${name}`));
  try {
    const address = withDatabaseName(server, name);
    const first = await migrate(address);
    expect(first).toEqual(listMigrations().map((m) => m.name));
    expect(await migrate(address)).toEqual([]);
    await withConnection(address, "owner", async (c) => {
      const { rows } = await c.query<{ name: string }>("select name from kernel.migrations order by id");
      expect(rows.map((r) => r.name)).toEqual(first);
      // What was made belongs to the owner, who is no superuser; the application owns nothing.
      const owned = await c.query("select distinct tableowner from pg_tables where schemaname in ('kernel', 'ledger')");
      expect(owned.rows).toEqual([{ tableowner: ROLES.owner }]);
      const roles = await c.query<{ rolname: string; rolsuper: boolean; rolbypassrls: boolean }>(
        "select rolname, rolsuper, rolbypassrls from pg_roles where rolname like 'nagarkosh\\_%' and rolname <> 'nagarkosh_admin' order by rolname",
      );
      expect(roles.rows.map((r) => [r.rolname, r.rolsuper, r.rolbypassrls])).toEqual([
        ["nagarkosh_app", false, false],
        ["nagarkosh_batch", false, true],
        ["nagarkosh_jobs", false, false],
        ["nagarkosh_owner", false, false],
      ]);
    });
  } finally {
    await dropDatabase(server, name);
  }
});

test("there is no way back", async () => {
  const [first] = listMigrations();
  if (!first) throw new Error("there are migrations");
  const migration = await migrationSource.getMigration(first);
  await expect(migration.down?.(undefined as never)).rejects.toThrow(/migrations go forward/);
});

test("every tenant table has row-level security, and the ULB first in its primary key", async () => {
  const server = withDatabaseName(inject("database"), inject("template"));
  await withConnection(server, "admin", async (c) => {
    const { rows } = await c.query<{ name: string; secured: boolean; first: string | null }>(
      `select n.nspname || '.' || t.relname as name, t.relrowsecurity as secured,
         (select a.attname from pg_index i join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
          where i.indrelid = t.oid and i.indisprimary) as first
       from pg_class t join pg_namespace n on n.oid = t.relnamespace
       where t.relkind in ('r', 'p') and n.nspname in ('kernel', 'ledger', 'billing', 'collections', 'reconciliation', 'reports')
         and exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'ulb_id') and t.relname <> 'ulbs'`,
    );
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((r) => !r.secured || r.first !== "ulb_id")).toEqual([]);
  });
});

test("no function of the books that runs with its owner's rights looks at the caller's temporary objects first", async () => {
  const server = withDatabaseName(inject("database"), inject("template"));
  await withConnection(server, "admin", async (c) => {
    const { rows } = await c.query<{ name: string; path: string | undefined }>(
      `select p.oid::regprocedure::text as name, (select s from unnest(p.proconfig) as s where s like 'search_path=%') as path
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where p.prosecdef and n.nspname in ('kernel', 'ledger')`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((r) => !r.path?.endsWith(", pg_temp"))).toEqual([]);
  });
});
