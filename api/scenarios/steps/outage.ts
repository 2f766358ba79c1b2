import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { withConnection, withDatabaseName } from "../../../ledger/kernel/database.ts";
import type { Gateway } from "../../../collections/index.ts";
import type { Stage } from "../stage.ts";
import type { StepKinds } from "../step.ts";
import { fieldsOf, optionalText, ScenarioFault, textOf, Unmet, plain } from "../values.ts";

/** What dies or is away while a scenario goes on. */
export const outageSteps: StepKinds = {
  /** {at: after_call_before_commit, during: [steps]}: the program dies at that point of the steps; what comes after the death is the next start's. */
  kill: {
    keys: ["during", "at"],
    run: async (stage, { value, fields, where }) => {
      const f = fieldsOf(typeof value === "string" ? { at: value, during: fields["during"] ?? null } : value, where, [
        "at",
        "during",
        "what",
      ]);
      const at = optionalText(f["at"], where) ?? "after_call_before_commit";
      const death = DEATHS[at];
      if ((f["during"] ?? null) === null)
        throw new ScenarioFault(`${where}: during which steps? {at: ${at}, during: [{drain: inbox}]}`);
      if (!death) throw new ScenarioFault(`${where}: at "${at}" is not ${Object.keys(DEATHS).join(", ")}`);
      const undo = await death(stage);
      try {
        await stage.perform(f["during"], where);
      } catch (error) {
        // Who is killed says nothing; what he left behind is looked at afterwards.
        if (error instanceof ScenarioFault || error instanceof Unmet) throw error;
        stage.troubles.push(`killed ${at}: ${error instanceof Error ? error.message : plain(error)}`);
      } finally {
        await undo();
      }
      return {};
    },
  },
  /** The server is stopped and started again on the same database: what it held in memory is gone. */
  restart: {
    keys: [],
    run: async (stage) => {
      await stage.world.restart();
      return {};
    },
  },
  /**
   * A worker of its own process takes the inbox's job and is stopped (SIGSTOP) with it; after its lease the steps inside are done, then it is woken and
   * must end: what it does late is refused, or nothing.
   */
  pause_worker: {
    keys: [],
    run: async (stage, { value, where }) => {
      const worker = await startPausedWorker(stage);
      try {
        await new Promise((resolve) => setTimeout(resolve, LEASE_MS * 2));
        await stage.perform(value, where);
      } finally {
        worker.wake();
      }
      const said = await worker.ended;
      stage.vars.set("late_worker", said);
      return { said };
    },
  },
  /** down: every connection is cut and none is taken; up: it is there again. */
  database: {
    keys: [],
    run: async (stage, { value, where }) => {
      const how = textOf(value, where);
      if (how !== "down" && how !== "up") throw new ScenarioFault(`${where}: the database goes down or up, not ${how}`);
      await setDatabase(stage, how === "up");
      if (how === "down") stage.closing.push(() => setDatabase(stage, true));
      return {};
    },
  },
};

/** How long the server bears a worker of this step that says nothing within a transaction. */
const LEASE_MS = 500;

async function startPausedWorker(stage: Stage): Promise<{ wake(): void; readonly ended: Promise<string> }> {
  const { simulator, world } = stage;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("../paused-worker.ts", import.meta.url))],
    {
      env: {
        ...process.env,
        PAUSED_WORKER: JSON.stringify({
          address: world.app.db.address,
          ulb: stage.ulb.code,
          now: world.clock.now().toISOString(),
          gateway: { ...simulator.gatewayConfig(simulator.url), timeoutMs: 1000 },
          idleMs: LEASE_MS,
        }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  const hear = (text: Buffer): void => void (said += text.toString());
  child.stderr.on("data", hear);
  const ended = new Promise<string>((resolve) => child.once("exit", () => resolve(said)));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => {
      hear(text);
      if (said.includes("stopped")) resolve();
    });
    child.once("exit", () => reject(new Error(`the worker ended before it had a job: ${said.slice(0, 500)}`)));
  });
  return { wake: () => void child.kill("SIGCONT"), ended };
}

/** Ways to die; each gives what makes the program whole again. */
const DEATHS: Readonly<Record<string, (stage: Stage) => Promise<() => Promise<void>>>> = {
  before_call: async ({ world }) => {
    const honest = world.app.gateway;
    world.app.gateway = new Proxy(honest, {
      get: (target, name) =>
        typeof target[name as keyof Gateway] === "function"
          ? () => Promise.reject(new Error("killed before the call"))
          : target[name as keyof Gateway],
    });
    await Promise.resolve();
    return async () => {
      await Promise.resolve();
      world.app.gateway = honest;
    };
  },
  after_call_before_commit: async ({ world }) => {
    const { address } = world.app.db;
    // A sequence keeps its count through a rollback: the first commit dies, later ones do not.
    await withConnection(address, "owner", async (client) => {
      await client.query(`
        create sequence kernel.scenario_deaths;
        create function kernel.scenario_death() returns trigger language plpgsql security definer as $$
        begin
          if nextval('kernel.scenario_deaths') = 1 then
            raise exception 'killed before the commit' using errcode = 'admin_shutdown';
          end if;
          return null;
        end $$;
        create constraint trigger scenario_death after insert or update on collections.payments
          deferrable initially deferred for each row execute function kernel.scenario_death();
        create constraint trigger scenario_death after insert or update on collections.refunds
          deferrable initially deferred for each row execute function kernel.scenario_death();
        create constraint trigger scenario_death after insert or update on collections.receipts
          deferrable initially deferred for each row execute function kernel.scenario_death();`);
    });
    return () =>
      withConnection(address, "owner", async (client) => {
        await client.query("drop function kernel.scenario_death() cascade; drop sequence kernel.scenario_deaths");
      });
  },
  after_commit_before_ack: async ({ world }) => {
    await Promise.resolve();
    world.faults.losesAnswers = true;
    return async () => {
      await Promise.resolve();
      world.faults.losesAnswers = false;
    };
  },
};

async function setDatabase({ world }: Stage, isUp: boolean): Promise<void> {
  const { address } = world.app.db;
  const name = address.kind === "login" ? address.database : new URL(address.url).pathname.slice(1);
  await withConnection(withDatabaseName(address, "postgres"), "admin", async (client) => {
    await client.query(`alter database ${client.escapeIdentifier(name)} allow_connections ${isUp ? "true" : "false"}`);
    if (!isUp)
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
        [name],
      );
  });
}
