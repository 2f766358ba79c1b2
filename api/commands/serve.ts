import { InvalidArgumentError, type Command } from "commander";
import { readConfig } from "../config.ts";
import { startSimulator } from "../../collections/index.ts";

type SimulatorArguments = {
  readonly port: string;
  readonly seed?: string;
  readonly clock?: string;
  readonly webhookUrl?: string;
  readonly controlToken?: string;
  readonly settle?: boolean;
};

function moment(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError("a moment is like 2026-06-01T10:00:00+05:30");
  return at;
}
function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("a port is a number up to 65535");
  return port;
}

/** serve, worker and simulator: what runs until it is stopped. */
export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("the web server, with a job worker in the same process")
    .option("--demo", "a demo city, demo logins, and the built-in payment gateway simulator")
    .option("--no-jobs", "no job worker in this process; run `nagarkosh worker` elsewhere")
    .action(async (options: { demo?: boolean; jobs: boolean }) => {
      // Loaded when needed: the other commands do not wait for the web.
      const { serve } = await import("../server.ts");
      await serve(readConfig(), { demo: options.demo ?? false, web: true, jobs: options.jobs });
    });
  program
    .command("worker")
    .description("a job worker without the web; any number of them may run on one database")
    .action(async () => {
      const { serve } = await import("../server.ts");
      await serve(readConfig(), { demo: false, web: false, jobs: true });
    });
  program
    .command("simulator")
    .description("the Razorpay simulator on its own, on the loopback")
    .option("--port <port>", "where it listens", "8090")
    .option("--seed <seed>", "the same seed and the same calls give the same ids")
    .option("--clock <moment>", "its time at the start, such as 2026-06-01T10:00:00+05:30; it runs on from there")
    .option("--webhook-url <url>", "where webhooks go; {ulb} is taken from the order's notes")
    .option("--control-token <token>", "the control API takes only who says it in X-Sim-Token")
    .option("--settle", "pay out by itself every working day")
    .action(async (options: SimulatorArguments) => {
      const start = options.clock === undefined ? undefined : moment(options.clock);
      const begun = Date.now();
      const port = portOf(options.port);
      const simulator = await startSimulator(port, {
        autoDeliver: true,
        autoSettle: options.settle === true,
        publicUrl: `http://127.0.0.1:${port}`,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        ...(start === undefined ? {} : { clock: () => new Date(start.getTime() + Date.now() - begun) }),
        ...(options.webhookUrl === undefined ? {} : { webhookUrl: options.webhookUrl }),
        ...(options.controlToken === undefined ? {} : { controlToken: options.controlToken }),
      });
      console.log(`Razorpay simulator at ${simulator.url} (control API under ${simulator.url}/__sim/)`);
      console.log(`key ${simulator.keyId}, secret ${simulator.keySecret}, webhook secret ${simulator.webhookSecret}`);
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      await simulator.close();
    });
}
