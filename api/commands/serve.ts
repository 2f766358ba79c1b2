import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { startSimulator } from "../../collections/index.ts";

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
    .action(async (options: { port: string }) => {
      const simulator = await startSimulator(Number(options.port), { autoDeliver: true });
      console.log(`Razorpay simulator at ${simulator.url} (control API under ${simulator.url}/__sim/)`);
      console.log(`key ${simulator.keyId}, secret ${simulator.keySecret}, webhook secret ${simulator.webhookSecret}`);
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      await simulator.close();
    });
}
