import cliProgress from "cli-progress";
import type { Command } from "commander";
import {
  cancelRun,
  continueRun,
  getRun,
  listRuns,
  periodName,
  periodNamed,
  previewRun,
  runRefusals,
  startRun,
  type DemandRun,
  type RunPreview,
  type RunTotal,
} from "../../billing/index.ts";
import { refreshStatistics } from "../../ledger/kernel/database.ts";
import { dateInIndia, localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { formatIndian, subtract } from "../../ledger/kernel/money.ts";
import { inSnapshot, inTransaction, type App, type Who } from "../../ledger/kernel/tx.ts";
import { sealOrSay, withUlb } from "./common.ts";

type RunOptions = {
  ulb: string;
  service: string;
  period: string;
  ward?: string;
  date?: LocalDate;
  preview?: boolean;
  cancel?: string;
  reason?: string;
};

/** Who cancels on the command line what the command line started; the audit trail names the command all the same. */
const CANCELLER = { id: "system:command-line-approver", roles: ["system" as const] };
const SHOWN = 20;

/** demand-run: the demand of a service and period for all its consumers; a run that was stopped is continued by the same command. */
export function registerDemandRun(program: Command): void {
  program
    .command("demand-run")
    .description("raise the demand of a service and period for all its consumers; continues a run that was stopped")
    .requiredOption("--ulb <code>")
    .requiredOption("--service <name>", "such as property-tax")
    .requiredOption("--period <period>", "2026-27, 2026-27/H1, 2026-27/Q3 or 2026-07")
    .option("--ward <ward>", "one ward; the whole city unless named")
    .option("--date <date>", "date of the entries; today unless named", localDate)
    .option("--preview", "what would be raised, by ward and head, against last year; nothing is written")
    .option("--cancel <run>", "take back this run as a whole (with --reason)")
    .option("--reason <text>", "why a run is cancelled; it stays on record")
    .action(async (options: RunOptions) => {
      await withUlb(options.ulb, async (app, who) => {
        const date = options.date ?? dateInIndia(app.clock());
        if (options.cancel !== undefined) await cancel(app, who, options.cancel, date, options.reason ?? "");
        else if (options.preview) await preview(app, who, options, date);
        else await run(app, who, options, date);
      });
    });
}

/** A bar on stderr where there is a terminal; nothing in a file. */
function bar(of: number): { update(done: number): void; stop(): void } {
  const made = new cliProgress.SingleBar({
    format: "{bar} {value} of {total} consumers, {speed}/s, {eta_formatted} left",
    noTTYOutput: false,
    stream: process.stderr,
  });
  const start = performance.now();
  made.start(of, 0, { speed: 0 });
  return {
    update: (done) => made.update(done, { speed: Math.round((done / (performance.now() - start)) * 1000) }),
    stop: () => made.stop(),
  };
}

async function preview(app: App, who: Who, options: RunOptions, date: LocalDate): Promise<void> {
  const period = periodNamed(options.period);
  const progress = bar(0);
  const found = await previewRun(
    app,
    who,
    { service: options.service, period, ward: options.ward ?? null, date },
    (p) => progress.update(p.done),
  ).finally(() => progress.stop());
  printPreview(found);
}

function printPreview(p: RunPreview): void {
  console.log(
    `${p.service} ${periodName(p.period)} by ${p.ruleFile}: ${p.consumers} consumers, ${p.total.demands} would be charged, ${p.already} are demanded already, ${p.refused} cannot be charged`,
  );
  const row = (name: string, t: RunTotal): void => {
    const change = subtract(t.amount, t.lastYear);
    console.log(
      `  ${name.padEnd(24)} ${String(t.demands).padStart(9)} ${formatIndian(t.amount).padStart(18)} ${formatIndian(t.lastYear).padStart(18)} ${formatIndian(change).padStart(18)}`,
    );
  };
  console.log(
    `  ${"".padEnd(24)} ${"demands".padStart(9)} ${"rupees".padStart(18)} ${"last year".padStart(18)} ${"change".padStart(18)}`,
  );
  for (const [ward, t] of p.byWard) row(ward, t);
  for (const [head, t] of p.byHead) row(head, t);
  row("total", p.total);
  for (const r of p.reasons) console.log(`  not charged: ${r.count} × ${r.message} (${r.code})`);
}

async function run(app: App, who: Who, options: RunOptions, date: LocalDate): Promise<void> {
  const period = periodNamed(options.period);
  const ward = options.ward ?? null;
  const open = (await inSnapshot(app, who, (read) => listRuns(read, options.service))).find(
    (r) =>
      r.finishedAt === null &&
      r.cancelledAt === null &&
      r.periodFrom === period.from &&
      r.periodTo === period.to &&
      r.ward === ward,
  );
  if (open) console.log(`run ${open.id} is continued after ${open.done} of ${open.consumers} consumers`);
  const started =
    open ?? (await inTransaction(app, who, (tx) => startRun(tx, { service: options.service, period, ward, date })));
  if (!open) console.log(`run ${started.id}: ${started.consumers} consumers`);
  const progress = bar(started.consumers);
  const start = performance.now();
  const done = await continueRun(app, who, started.id, { onProgress: (p) => progress.update(p.done) }).finally(() =>
    progress.stop(),
  );
  const seconds = (performance.now() - start) / 1000;
  await refreshStatistics(app.db.address);
  await sealOrSay(app, who.ulb);
  console.log(
    `${done.raised} demands of ${formatIndian(done.total)} in ${done.batches} batches, ${done.already} were demanded already, ${done.refused} not charged; ${Math.round((done.done - started.done) / seconds)} consumers/s`,
  );
  await printRefusals(app, who, done);
}

async function printRefusals(app: App, who: Who, done: DemandRun): Promise<void> {
  const refusals = await inSnapshot(app, who, (read) => runRefusals(read, done.id, { limit: SHOWN }));
  for (const r of refusals) console.error(`  ${r.consumer} (${r.ward}): ${r.message} (${r.code})`);
  if (done.refused > refusals.length) console.error(`  … and ${done.refused - refusals.length} more`);
}

async function cancel(app: App, who: Who, runId: string, date: LocalDate, reason: string): Promise<void> {
  const { batches } = await inSnapshot(app, who, (read) => getRun(read, runId));
  const progress = bar(batches);
  const done = await cancelRun(app, { ...who, actor: CANCELLER }, runId, {
    date,
    reason,
    onProgress: (p) => progress.update(p.done),
  }).finally(() => progress.stop());
  await sealOrSay(app, who.ulb);
  console.log(
    `run ${runId} is cancelled: ${done.demands} demands of ${formatIndian(done.cancelled)} taken back, ${formatIndian(done.advance)} that was paid on them is the consumers' advance`,
  );
}
