import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { withConnection, type DatabaseAddress } from "./database.ts";
import { claimService, startEmbeddedPostgres } from "./embedded-postgres.ts";

const dataDir = mkdtempSync(path.join(tmpdir(), "nagarkosh-embedded-"));
chmodSync(dataDir, 0o755);
const flags = ["fsync=off"];
const start = () => startEmbeddedPostgres({ dataDir, flags });
afterAll(async () => {
  (await start()).stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const rows = (address: DatabaseAddress, sql: string): Promise<unknown[]> =>
  withConnection(address, "admin", async (c) => (await c.query(sql)).rows as unknown[]);

/** Another process of ours that serves this data; ends only when it is killed. */
async function otherProcess(body: string): Promise<{ kill(): Promise<void> }> {
  const script = `
    const { startEmbeddedPostgres, claimService } = await import(${JSON.stringify(new URL("./embedded-postgres.ts", import.meta.url).href)});
    const dataDir = ${JSON.stringify(dataDir)};
    const server = await startEmbeddedPostgres({ dataDir, flags: ["fsync=off"] });
    ${body}
    console.log("ready");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => {
      if (text.includes("ready")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the other process ended with ${code}`)));
  });
  return {
    kill: () =>
      new Promise((resolve) => {
        child.removeAllListeners("exit");
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

test("a server starts on an empty folder, stops, and keeps its data; nobody gets in without the password", async () => {
  const first = await start();
  expect(first.adopted).toBe(false);
  await rows(first.address, "create table kept as select 42 as answer");
  await expect(rows({ ...first.address, password: "guess" } as DatabaseAddress, "select 1")).rejects.toThrow(
    /password authentication failed/,
  );
  expect(
    await rows(
      first.address,
      "select current_setting('listen_addresses') as a, current_setting('unix_socket_directories') as u",
    ),
  ).toEqual([{ a: "127.0.0.1", u: "" }]);
  first.stop();
  await expect(rows(first.address, "select 1")).rejects.toThrow(/ECONNREFUSED/);
  const second = await start();
  expect(second.adopted).toBe(false);
  expect(await rows(second.address, "select answer from kept")).toEqual([{ answer: 42 }]);
  second.stop();
  second.stop(); // once more is nothing
});

test("a server left behind by a process that was killed is adopted, with its data, and can be stopped", async () => {
  const other = await otherProcess("");
  await other.kill();
  const adopted = await start();
  expect(adopted.adopted).toBe(true);
  expect(await rows(adopted.address, "select answer from kept")).toEqual([{ answer: 42 }]);
  adopted.stop();
  await expect(rows(adopted.address, "select 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("one process serves a database; a second is refused until the first has gone, however it went", async () => {
  const other = await otherProcess("await claimService(server.address, dataDir);");
  const here = await start();
  expect(here.adopted).toBe(true);
  await expect(claimService(here.address, dataDir)).rejects.toThrow(
    /^DATABASE_ALREADY_SERVED: another Nagarkosh is already serving the data in .*; stop it first, or set NAGARKOSH_DATA/,
  );
  await other.kill();
  // The server notices that the connection is gone a moment after the process is.
  let mine: Awaited<ReturnType<typeof claimService>> | undefined;
  for (let i = 0; i < 100 && !mine; i++) {
    mine = await claimService(here.address, dataDir).catch(() => undefined);
    if (!mine) await new Promise((r) => setTimeout(r, 50));
  }
  expect(mine).toBeDefined();
  await expect(claimService(here.address, dataDir)).rejects.toThrow(/^DATABASE_ALREADY_SERVED/);
  await mine?.release();
  await (await claimService(here.address, dataDir)).release();
  here.stop();
});

test("a server that was killed at work starts again on its old port, with all that was committed", async () => {
  const server = await start();
  await rows(server.address, "create table survivors (n integer)");
  await rows(server.address, "insert into survivors values (7)");
  const postmaster = Number(readFileSync(path.join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
  process.kill(postmaster, "SIGKILL");
  const again = await start();
  expect(again.adopted).toBe(false);
  expect(again.address).toEqual(server.address);
  expect(await rows(again.address, "select n from survivors")).toEqual([{ n: 7 }]);
});

test("data of another PostgreSQL version is refused before it is touched", async () => {
  const file = path.join(dataDir, "postgres", "PG_VERSION");
  const right = readFileSync(file, "utf8");
  writeFileSync(file, "14\n");
  await expect(start()).rejects.toThrow(
    new RegExp(`^DATABASE_VERSION: the data in .* was made by PostgreSQL 14, this program carries ${right.trim()}\\.`),
  );
  writeFileSync(file, right);
  const server = await start();
  expect(await rows(server.address, "select answer from kept")).toEqual([{ answer: 42 }]);
  server.stop();
});
