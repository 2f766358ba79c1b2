import { once } from "node:events";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import cliProgress from "cli-progress";
import { InvalidArgumentError, type Command } from "commander";
import {
  financialYearOf,
  financialYearStart,
  period,
  periodEnd,
  periodStart,
  type Period,
} from "../../ledger/kernel/dates.ts";
import { defineErrors } from "../../ledger/kernel/errors.ts";
import { inSnapshot, type App, type Who } from "../../ledger/kernel/tx.ts";
import { findUlb, getUlb, postingAccount } from "../../ledger/index.ts";
import {
  createGateway,
  listReceipts,
  receiveWebhook,
  startSimulator,
  type CollectionsApp,
} from "../../collections/index.ts";
import { allTies, receiptsPdf, receiptViews, writeReport } from "../../reports/index.ts";
import { demoBankOpening, demoClock, runDemoMonth } from "../demo/month.ts";
import { COMMAND_LINE, withSystem } from "./common.ts";
import { printTies } from "./print.ts";

const errors = defineErrors({
  DEMO_ULB_EXISTS: {
    status: 409,
    message: (f: { code: string }) =>
      `the ULB "${f.code}" is there already, and the demo makes its own; name another with --ulb, or set NAGARKOSH_DATA to an empty folder`,
  },
});

const whole = (value: string): number => {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 0 || n > 1_000_000) throw new InvalidArgumentError("a whole number is needed");
  return n;
};

type DemoArguments = {
  properties: number;
  connections: number;
  seed: number;
  month: Period;
  out: string;
  ulb: string;
  receipts: number;
};

/** demo: a whole month of a demo city through every room, on an empty ULB; prints the ties and fails if one does. */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description(
      "a month of a demo city: demands, payments with faults, settlements, bank statement, close; prints the ties",
    )
    .option("--properties <n>", "properties", whole, 5000)
    .option("--connections <n>", "water connections", whole, 2000)
    .option("--seed <n>", "the same seed makes the same city", whole, 1)
    .option("--month <month>", "which month", period, period("2026-07"))
    .option("--ulb <code>", "the ULB that is made", "demo")
    .option("--receipts <n>", "how many receipts are printed into receipts.pdf, at most 500", whole, 200)
    .option("--out <dir>", "where statements, receipts and journals go", "out")
    .action(runDemo);
}

async function runDemo(options: DemoArguments): Promise<void> {
  await withSystem(async (system) => {
    if (await findUlb(system.app, options.ulb)) throw errors.DEMO_ULB_EXISTS({ code: options.ulb });
    const clock = demoClock(new Date(`${periodStart(options.month)}T02:30:00Z`));
    const simulator = await startSimulator(0, {
      clock: clock.now,
      seed: `demo-${options.seed}`,
      merchantName: "Kosalpur Nagar Palika",
      bankOpening: Number(demoBankOpening),
      sendWebhook: async ({ body, headers }) => {
        await receiveWebhook(app, await getUlb(app, options.ulb), body, headers);
        return 200;
      },
    });
    const app: CollectionsApp = {
      ...system.app,
      clock: clock.now,
      gateway: createGateway(simulator.gatewayConfig(simulator.url)),
    };
    const started = performance.now();
    const bar = process.stdout.isTTY
      ? new cliProgress.SingleBar(
          { format: "{bar} {value}/{total} {what}", hideCursor: true, clearOnComplete: true },
          cliProgress.Presets.shades_classic,
        )
      : undefined;
    try {
      const report = await runDemoMonth({
        app,
        clock,
        simulator,
        demo: { ...options, code: options.ulb },
        progress: (done, of, what) => {
          if (!bar) console.log(`${String(done).padStart(2)}/${of} ${what}`);
          else if (done === 0) bar.start(of, 0, { what });
          else bar.update(done, { what });
        },
      });
      bar?.stop();
      console.log(
        `${report.ulb.name}, ${options.month}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
      for (const [what, count] of report.facts) console.log(`  ${count.padStart(7)}  ${what}`);
      mkdirSync(options.out, { recursive: true });
      for (const [name, text] of report.files) writeFileSync(path.join(options.out, name), text);
      const who = { ulb: report.ulb, actor: COMMAND_LINE };
      await writeReports(app, who, options);
      const ties = await inSnapshot(app, who, (read) => allTies(read, periodEnd(options.month)));
      console.log(`statements, receipts and journals are in ${path.resolve(options.out)}`);
      console.log(`ties at the end of ${options.month}:`);
      if (!printTies(ties)) process.exitCode = 1;
    } finally {
      bar?.stop();
      await simulator.close();
      app.gateway.close();
    }
  });
}

async function writeReports(app: App, who: Who, options: DemoArguments): Promise<void> {
  const month = { from: periodStart(options.month), to: periodEnd(options.month) };
  const year = { from: financialYearStart(financialYearOf(month.from)), to: month.to };
  const account = await inSnapshot(app, who, (read) => postingAccount(read, "bank-main"));
  const wanted = [
    ["trial-balance", year, ["csv", "pdf"]],
    ["day-book", month, ["csv"]],
    ["collection-register", month, ["csv", "pdf"]],
    ["dcb", year, ["csv", "pdf"]],
    ["brs", { asOf: month.to, account }, ["csv", "pdf"]],
    ["journal", year, ["hledger", "beancount"]],
  ] as const;
  for (const [name, range, formats] of wanted) {
    for (const format of formats) {
      const file = createWriteStream(path.join(options.out, `${name}.${format}`));
      await writeReport(app, who, { name, format, options: range }, async (piece) => {
        if (!file.write(piece)) await once(file, "drain");
      });
      file.end();
      await once(file, "finish");
    }
  }
  if (options.receipts === 0) return;
  const views = await inSnapshot(app, who, async (read) =>
    receiptViews(
      read,
      await listReceipts(read, { ...month, limit: options.receipts }),
      (token) => `http://127.0.0.1:8080/receipt/${token}`,
    ),
  );
  if (views.length > 0) writeFileSync(path.join(options.out, "receipts.pdf"), await receiptsPdf(views, "hi"));
}
