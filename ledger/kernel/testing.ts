import { randomBytes } from "node:crypto";
import { afterAll, inject } from "vitest";
import { openDatabase, withConnection, withDatabaseName, type DatabaseAddress } from "./database.ts";
import { localDate, systemClock, type Clock } from "./dates.ts";
import type { App, Role, Ulb, Who } from "./tx.ts";

declare module "vitest" {
  interface ProvidedContext {
    database: DatabaseAddress;
    template: string;
  }
}

export async function dropDatabase(address: DatabaseAddress, name: string): Promise<void> {
  await withConnection(address, "admin", async (client) => {
    await client.query(`drop database if exists ${name} with (force)`);
  });
}

/** A database of this test file's own, made from the migrated template and dropped when the file is done. */
export async function testDatabase(): Promise<DatabaseAddress> {
  const server = inject("database");
  const template = inject("template");
  const name = `t_${randomBytes(6).toString("hex")}`;
  await withConnection(server, "admin", async (client) => {
    await client.query(`create database ${name} template ${template}`);
    await client.query(`grant connect, temporary, create on database ${name} to nagarkosh_owner, nagarkosh_jobs`);
    await client.query(`grant connect, temporary on database ${name} to nagarkosh_app, nagarkosh_batch`);
  });
  afterAll(() => dropDatabase(server, name));
  return withDatabaseName(server, name);
}

/** An App on a database of this test file's own. Call at the top of the file, with await. */
export async function testApp(options: { readonly clock?: Clock; readonly poolSize?: number } = {}): Promise<App> {
  const address = await testDatabase();
  const db = openDatabase(address, options.poolSize === undefined ? {} : { poolSize: options.poolSize });
  afterAll(() => db.close());
  return { db, clock: options.clock ?? systemClock };
}

let tenants = 0;

/** Somebody in a ULB that is only a number: enough for the kernel's own tables. A ULB with books is `testUlb` of the ledger. */
export function testTenant(role: Role = "system"): Who {
  tenants += 1;
  const id = 500_000 + tenants;
  const ulb: Ulb = {
    id,
    code: `tenant-${id}`,
    name: "Testpur",
    nameLocal: null,
    state: "Testpradesh",
    startsOn: localDate("2026-04-01"),
  };
  return { ulb, actor: { id: `${role}@test`, roles: [role] } };
}
