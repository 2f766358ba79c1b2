import { randomBytes } from "node:crypto";
import { mkdtempSync, chmodSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { withConnection, withDatabaseName, type DatabaseAddress } from "./kernel/database.ts";
import { startEmbeddedPostgres } from "./kernel/embedded-postgres.ts";
import { dropDatabase } from "./kernel/testing.ts";
import { prepareDatabase } from "./charts.ts";

/**
 * Once per test run: a real PostgreSQL (embedded, or NAGARKOSH_TEST_DATABASE_URL), migrated into a template from which every test file
 * gets a database of its own. Commits are not made durable here: that is what the benches and the crash tests look at.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env["NAGARKOSH_TEST_DATABASE_URL"];
  const template = `nagarkosh_template_${randomBytes(5).toString("hex")}`;
  if (url) {
    const address: DatabaseAddress = { kind: "url", url };
    await prepareTemplate(address, template);
    project.provide("database", address);
    project.provide("template", template);
    return () => dropDatabase(address, template);
  }
  const dir = mkdtempSync(path.join(tmpdir(), "nagarkosh-test-"));
  chmodSync(dir, 0o755); // as root the cluster runs as another user, who must reach it
  const server = await startEmbeddedPostgres({
    dataDir: dir,
    flags: ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
  });
  await prepareTemplate(server.address, template);
  project.provide("database", server.address);
  project.provide("template", template);
  return async () => {
    await Promise.resolve();
    server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}

async function prepareTemplate(address: DatabaseAddress, name: string): Promise<void> {
  await withConnection(address, "admin", async (client) => {
    await client.query(`create database ${name}`);
  });
  await prepareDatabase(withDatabaseName(address, name));
}
