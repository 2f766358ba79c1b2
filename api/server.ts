import path from "node:path";
import { dateInIndia, financialYearOf, period, periodStart, systemClock, type Clock } from "../ledger/kernel/dates.ts";
import { defineErrors } from "../ledger/kernel/errors.ts";
import { inTransaction, type App, type Ulb } from "../ledger/kernel/tx.ts";
import { findUlb, getUlb, listUlbs, openFinancialYear } from "../ledger/index.ts";
import {
  createGateway,
  createGatewayRouter,
  createSimulator,
  receiveWebhook,
  type CollectionsApp,
  type Gateway,
  type Simulator,
} from "../collections/index.ts";
import { newToken } from "../ledger/kernel/ids.ts";
import { createWebApp, formSecret } from "./app.ts";
import type { WebApp } from "./web-app.ts";
import type { Config } from "./config.ts";
import { demoBankOpening, demoClock, runDemoMonth } from "./demo/month.ts";
import { keepSimulator, keptSimulatorState } from "./demo/simulator-state.ts";
import { configuredGateway } from "./gateway.ts";
import { gatewaySealingKey } from "./gateway-key.ts";
import { duties, handlers } from "./jobs/handlers.ts";
import { startJobs, type Jobs, type JobsLog } from "./jobs/jobs.ts";
import { consoleService, fileService, httpSmsService, readSmsGateway } from "./message-services/index.ts";
import type { MessageService } from "./messages.ts";
import { openSystem } from "./system.ts";
import { createUser } from "./users.ts";

const errors = defineErrors({
  PORT_IN_USE: {
    status: 500,
    message: (f: { host: string; port: number }) =>
      `${f.host}:${f.port} is used by another program; stop it, or set PORT to another number`,
  },
});

export const DEMO_ULB = "kosalpur";
const SIMULATOR = "/__sim/razorpay";

/** Starts what is asked for and returns when it is stopped by SIGINT or SIGTERM. Leaves no process behind. */
export async function serve(
  config: Config,
  options: { readonly demo: boolean; readonly web: boolean; readonly jobs: boolean },
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const system = await openSystem(config, { serve: options.web });
  const closers: (() => Promise<void>)[] = [() => system.close()];
  try {
    const localUrl = `http://${config.host}:${config.port}`;
    const baseUrl = config.publicUrl ?? localUrl;
    const simulated = options.demo && config.gateway === undefined;
    // While the demo city is made the simulator lives in its month; afterwards in the present.
    let simulatorClock: Clock = systemClock;
    let deliverTo: ((body: Buffer, headers: Readonly<Record<string, string>>) => Promise<number>) | undefined;
    const kept = simulated ? await keptSimulatorState(system.app) : undefined;
    const simulator: Simulator | undefined = simulated
      ? createSimulator({
          clock: () => simulatorClock(),
          mountPath: SIMULATOR,
          merchantName: "Kosalpur Nagar Palika",
          bankOpening: Number(demoBankOpening),
          autoDeliver: true,
          // A demo that slept for a day goes on hearing its webhooks.
          autoDisable: false,
          publicUrl: localUrl,
          ...(kept === undefined ? {} : { snapshot: kept }),
          sendWebhook: ({ body, headers }) => deliverTo?.(body, headers) ?? Promise.resolve(0),
        })
      : undefined;
    const gateway: Gateway = simulator ? createGateway(simulator.gatewayConfig(localUrl)) : configuredGateway(config);
    closers.push(() => Promise.resolve(gateway.close()));
    const gateways = createGatewayRouter(system.app, {
      usual: gateway,
      key: gatewaySealingKey(config.dataDir),
      isProduction: process.env["NODE_ENV"] === "production",
      allowSimulator: process.env["ALLOW_SIMULATOR"] === "1" || process.env["NODE_ENV"] !== "production",
    });
    closers.push(() => Promise.resolve(gateways.close()));
    const app: WebApp = {
      ...system.app,
      gateway,
      gateways,
      demo: options.demo,
      baseUrl,
      defaultUlb: async () => {
        const ulbs = await listUlbs(system.app);
        const demo = options.demo ? await demoUlbCode(system.app) : undefined;
        return ulbs.find((u) => u.code === demo) ?? ulbs[0] ?? (await getUlb(system.app, DEMO_ULB));
      },
    };
    const log: JobsLog = {
      info: (message) => console.log(message),
      error: (message, error) => console.error(message, error instanceof Error ? error.message : error),
    };

    // Closed after the web server: no request changes what is kept last.
    const keeper =
      simulator &&
      keepSimulator(system.app, simulator, {
        kept,
        failed: (error) => log.error("the simulator's state could not be kept; it tries again", error),
      });
    if (keeper) closers.push(() => keeper.close());

    if (options.web) {
      const web = await createWebApp({
        app,
        secret: await formSecret(app),
        log: process.env["NAGARKOSH_LOG"] === "1",
        ...(simulator === undefined
          ? {}
          : { mounted: { prefix: "/__sim/", handle: (req, res) => simulator.handle(req, res) } }),
      });
      try {
        await web.listen({ host: config.host, port: config.port });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
          throw errors.PORT_IN_USE({ host: config.host, port: config.port });
        throw error;
      }
      closers.push(() => web.close());
      if (options.demo) {
        const password = await demoPassword(app);
        let code = await demoUlbCode(app);
        if (simulator && code === undefined) {
          code = await freeDemoCode(app);
          const ulbCode = code;
          const month = period("2026-07");
          const clock = demoClock(new Date(`${periodStart(month)}T02:30:00Z`));
          simulatorClock = clock.now;
          const then: CollectionsApp = { ...app, clock: clock.now };
          deliverTo = async (body, headers) => {
            await receiveWebhook(then, await getUlb(then, ulbCode), body, headers);
            return 200;
          };
          console.log("making the demo city (once): a month of bills, payments, deposits and a bank statement …");
          const { ulb } = await runDemoMonth({
            app: then,
            clock,
            simulator,
            demo: { code, properties: 600, connections: 250, seed: 1, month },
            progress: () => undefined,
          });
          await demoUsers(app, ulb, password);
          await keepSecret(app, "demo-ulb", code);
          // The month had its accidents; from here on the gateway behaves.
          simulator.webhookPlan({});
          simulatorClock = systemClock;
          simulator.setClock(systemClock());
        }
        await openThisYear(app, await getUlb(app, code ?? DEMO_ULB));
        console.log(`demo logins: ${DEMO_LOGINS.map((l) => l.login).join(", ")}`);
        console.log(`demo password: ${password}`);
      }
      await keeper?.start();
      // From here on webhooks come over HTTP, as the gateway's do.
      deliverTo = async (body, headers) => {
        const response = await fetch(`${localUrl}/webhooks/razorpay/${(await demoUlbCode(app)) ?? DEMO_ULB}`, {
          method: "POST",
          body: new Uint8Array(body),
          headers,
        });
        return response.status;
      };
      if (simulator) settleAtTheGateway(simulator, app.clock, closers);
      console.log(`Nagarkosh is at ${baseUrl}`);
    }
    if (options.jobs) {
      const jobs: Jobs = await startJobs({
        app: system.app,
        address: system.address,
        redisUrl: config.redisUrl,
        handlers: handlers(app, messageService(config, options.demo)),
        duties: duties(app),
        log,
      });
      closers.push(() => jobs.close());
    }
    await stopped;
    console.log("stopping …");
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Who carries messages: what MESSAGES names; else a file in demo mode, and nobody in a city, which must know that it has not sent any. */
function messageService(config: Config, isDemo: boolean): MessageService | undefined {
  switch (config.messages ?? (isDemo ? "file" : "none")) {
    case "file":
      return fileService(path.join(config.dataDir, "messages.jsonl"));
    case "console":
      return consoleService((line) => console.log(line));
    case "sms":
      return httpSmsService(readSmsGateway(config.smsGatewayFile ?? ""));
    case "none":
      return undefined;
  }
}

export const DEMO_LOGINS = [
  { login: "accountant@demo", name: "Asha (accountant)", role: "accountant" },
  { login: "checker@demo", name: "Chetan (checker)", role: "checker" },
  { login: "cashier@demo", name: "Kavita (cashier)", role: "cashier" },
  { login: "superintendent@demo", name: "Suman (tax superintendent)", role: "superintendent" },
  { login: "auditor@demo", name: "Anil (auditor)", role: "auditor" },
  { login: "state@demo", name: "State officer", role: "state" },
  { login: "admin@demo", name: "Administrator", role: "admin" },
] as const;

/** A value made once for this database: whoever comes first decides. */
async function keepSecret(app: App, name: string, value: string): Promise<string> {
  await app.db.batch.query("insert into api.secrets (name, value) values ($1, $2) on conflict do nothing", [
    name,
    value,
  ]);
  return (await readSecret(app, name)) ?? value;
}

async function readSecret(app: App, name: string): Promise<string | undefined> {
  const { rows } = await app.db.batch.query<{ value: string }>("select value from api.secrets where name = $1", [name]);
  return rows[0]?.value;
}

/** One password for all demo logins. */
const demoPassword = (app: App): Promise<string> => keepSecret(app, "demo-password", `demo-${newToken().slice(0, 12)}`);

/** The demo city whose making was finished; one that was stopped in the middle is left alone and a fresh one takes its place. */
const demoUlbCode = (app: App): Promise<string | undefined> => readSecret(app, "demo-ulb");

async function freeDemoCode(app: App): Promise<string> {
  for (let n = 1; ; n++) {
    const code = n === 1 ? DEMO_ULB : `${DEMO_ULB}-${n}`;
    if (!(await findUlb(app, code))) return code;
  }
}

/** In a live demo the simulator pays out by itself, once a working day, what is due. */
function settleAtTheGateway(simulator: Simulator, clock: Clock, closers: (() => Promise<void>)[]): void {
  const settle = (): void => void simulator.runSettlement(dateInIndia(clock()));
  settle();
  const timer = setInterval(settle, 3_600_000);
  closers.push(() => Promise.resolve(clearInterval(timer)));
}

export async function demoUsers(app: App, ulb: Ulb, password: string): Promise<void> {
  // Logins of a demo city that was stopped in the last second of its making belong to nothing: they are made anew.
  const logins = DEMO_LOGINS.map((l) => l.login);
  for (const table of ["sessions", "user_roles", "users"]) {
    await app.db.batch.query(
      `delete from api.${table} where user_id in (select user_id from api.users where login = any($1))`,
      [logins],
    );
  }
  for (const { login, name, role } of DEMO_LOGINS)
    await createUser(app, { login, name, password, roles: [{ ulb, role }] });
}

/** A live demo takes payments today: this year's months are open. */
async function openThisYear(app: App, ulb: Ulb): Promise<void> {
  const today = dateInIndia(app.clock());
  await inTransaction(app, { ulb, actor: { id: "system:demo", roles: ["system"] } }, (tx) =>
    openFinancialYear(tx, financialYearOf(today)),
  );
}
