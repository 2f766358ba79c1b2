import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../nagarkosh.mjs", import.meta.url));

/** A process of ours that is started again whenever it dies, as a service manager does. */
export type Kept = {
  /** SIGKILL, now. It starts again by itself. */
  kill(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
  /** What it wrote last, for when something does not hold. */
  tail(): string;
};

/** Keeps `nagarkosh …args` running with that environment. */
export function keepRunning(args: readonly string[], env: Readonly<Record<string, string>>): Kept {
  let child: ChildProcess | undefined;
  let stopping = false;
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const hear = (text: Buffer): void => {
      said = (said + text.toString()).slice(-4000);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", () => {
      child = undefined;
      if (!stopping) timer = setTimeout(start, 200);
    });
  };
  start();
  return {
    kill: () => void child?.kill("SIGKILL"),
    stop: () =>
      new Promise((resolve) => {
        stopping = true;
        clearTimeout(timer);
        if (!child) return resolve();
        const force = setTimeout(() => child?.kill("SIGKILL"), 10_000);
        child.once("exit", () => {
          clearTimeout(force);
          resolve();
        });
        child.kill("SIGTERM");
      }),
    tail: () => said,
  };
}

/** SIGKILL to the postmaster of an embedded server: its backends die with it, and nothing is flushed that was not. */
export function killPostgres(dataDir: string): boolean {
  try {
    const pid = Number(readFileSync(path.join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false; // it is down already
  }
}

/** Waits until the server answers. */
export async function untilReady(url: string, ms: number): Promise<void> {
  const until = Date.now() + ms;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (Date.now() > until) throw new Error(`${url} did not come up within ${Math.round(ms / 1000)} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
