import { randomBytes } from "node:crypto";
import { afterAll, inject } from "vitest";
import { openDatabase, withConnection, withDatabaseName } from "./kernel/database.ts";
import { financialYearOf, localDate, systemClock, type Clock, type LocalDate } from "./kernel/dates.ts";
import { inTransaction, type Actor, type App, type Role, type Tx, type Ulb, type Who } from "./kernel/tx.ts";
import { openFinancialYear } from "./periods.ts";
import { dropDatabase } from "./testing-database.ts";
import { createUlb } from "./ulbs.ts";

/** An App on a database of this test file's own, dropped when the file is done. Call at the top of the file, with await. */
export async function testApp(options: { readonly clock?: Clock; readonly poolSize?: number } = {}): Promise<App> {
  const server = inject("database");
  const template = inject("template");
  const name = `t_${randomBytes(6).toString("hex")}`;
  await withConnection(server, "admin", async (client) => {
    await client.query(`create database ${name} template ${template}`);
    await client.query(`grant connect, temporary, create on database ${name} to nagarkosh_owner, nagarkosh_jobs`);
    await client.query(`grant connect, temporary on database ${name} to nagarkosh_app, nagarkosh_batch`);
  });
  const db = openDatabase(
    withDatabaseName(server, name),
    options.poolSize === undefined ? {} : { poolSize: options.poolSize },
  );
  afterAll(async () => {
    await db.close();
    await dropDatabase(server, name);
  });
  return { db, clock: options.clock ?? systemClock };
}

export type TestUlb = {
  readonly ulb: Ulb;
  /** Who acts, in this ULB: `as("accountant")` is accountant@test. */
  as(role: Role, name?: string): Who;
  /** One transaction as that person. */
  tx<T>(role: Role, fn: (tx: Tx) => Promise<T>): Promise<T>;
};

let made = 0;

/** A ULB of the test's own, with chart, posting map, and the months of 2025-26 and 2026-27 (or from `startsOn`) open. */
export async function testUlb(
  app: App,
  options: { readonly startsOn?: LocalDate; readonly years?: readonly LocalDate[] } = {},
): Promise<TestUlb> {
  const startsOn = options.startsOn ?? localDate("2025-04-01");
  made += 1;
  const ulb = await createUlb(app, {
    code: `test-${process.pid}-${made}-${randomBytes(3).toString("hex")}`,
    name: "Nagar Palika Parishad Testpur",
    nameLocal: "नगर पालिका परिषद् टेस्टपुर",
    state: "Testpradesh",
    startsOn,
  });
  const actor = (role: Role, name: string): Actor => ({ id: `${name}@test`, roles: [role] });
  const as = (role: Role, name: string = role): Who => ({ ulb, actor: actor(role, name) });
  const tx = <T>(role: Role, fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(app, as(role), fn);
  await tx("admin", async (t) => {
    for (const day of options.years ?? [localDate("2026-04-01")]) await openFinancialYear(t, financialYearOf(day));
  });
  return { ulb, as, tx };
}
