import type { Command } from "commander";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import {
  dateInIndia,
  financialYear,
  localDate,
  period,
  type FinancialYear,
  type LocalDate,
} from "../../ledger/kernel/dates.ts";
import { inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { closePeriod, closeProblems, createUlb, getUlb, listUlbs } from "../../ledger/index.ts";
import { allTies, listReports, writeReport } from "../../reports/index.ts";
import { seedTaxHeads } from "../../billing/index.ts";
import { closeChecks } from "../close-checks.ts";
import { printTies } from "./print.ts";
import { COMMAND_LINE, withSystem, withUlb } from "./common.ts";

type ExportOptions = {
  ulb?: string;
  from?: LocalDate;
  to?: LocalDate;
  asOf?: LocalDate;
  fy?: FinancialYear;
  account?: string;
  fund?: string;
  service?: string;
  ward?: string;
  format: string;
  out?: string;
};

/** migrate, ulb create, close, verify: what a person does to the books from a command line. */
export function registerBooks(program: Command): void {
  program
    .command("migrate")
    .description("bring the database to this program's schema; safe to run twice")
    .action(async () => {
      await withSystem(({ migrations }) => {
        for (const name of migrations) console.log(name);
        console.log(migrations.length === 0 ? "the database is up to date" : `${migrations.length} migrations ran`);
        return Promise.resolve();
      });
    });

  program
    .command("ulb")
    .description("the municipalities whose books are kept here")
    .command("create")
    .description("a new ULB with the NMAM chart")
    .argument("<code>", "short name, such as kosalpur")
    .requiredOption("--name <name>", "full name in English")
    .option("--name-local <name>", "full name in the local language")
    .requiredOption("--state <state>")
    .requiredOption("--from <date>", "first day of its books", localDate)
    .action(
      async (
        code: string,
        options: { name: string; nameLocal?: string; state: string; from: ReturnType<typeof localDate> },
      ) => {
        await withSystem(async ({ app }) => {
          const ulb = await createUlb(app, {
            code,
            name: options.name,
            ...(options.nameLocal === undefined ? {} : { nameLocal: options.nameLocal }),
            state: options.state,
            startsOn: options.from,
          });
          await inTransaction(app, { ulb, actor: COMMAND_LINE }, (tx) => seedTaxHeads(tx));
          console.log(`${ulb.code}: ${ulb.name}, books from ${ulb.startsOn}`);
        });
      },
    );

  program
    .command("close")
    .description("the close checklist of a month, then the close")
    .requiredOption("--ulb <code>")
    .requiredOption("--period <month>", "such as 2026-07", period)
    .option("--dry-run", "run the checks, close nothing")
    .action(async (options: { ulb: string; period: ReturnType<typeof period>; dryRun?: boolean }) => {
      await withUlb(options.ulb, async (app, who) => {
        if (options.dryRun) {
          const problems = await inSnapshot(app, who, (read) => closeProblems(read, options.period, closeChecks));
          for (const p of problems) console.log(`${p.code}: ${p.message}`);
          console.log(
            problems.length === 0 ? `${options.period} is ready to be closed` : `${problems.length} problems`,
          );
          if (problems.length > 0) process.exitCode = 1;
          return;
        }
        await inTransaction(app, who, (tx) => closePeriod(tx, options.period, closeChecks));
        console.log(`${options.period} is closed`);
      });
    });

  program
    .command("export")
    .description("a report as a file; without arguments, which there are")
    .argument("[report]")
    .option("--ulb <code>")
    .option("--from <date>", "first day", localDate)
    .option("--to <date>", "last day", localDate)
    .option("--as-of <date>", "at the end of this day", localDate)
    .option("--fy <year>", "a financial year, such as 2026-27", financialYear)
    .option("--account <code>", "for account-ledger and brs")
    .option("--fund <code>")
    .option("--service <name>")
    .option("--ward <name>")
    .option("--format <format>", "csv, json, pdf, hledger, beancount", "csv")
    .option("--out <file>", "a file; standard output unless named")
    .action(async (name: string | undefined, options: ExportOptions) => {
      if (name === undefined) {
        for (const r of listReports())
          console.log(`${r.name.padEnd(22)} ${r.formats.join(", ").padEnd(32)} ${r.description}`);
        return;
      }
      if (options.ulb === undefined)
        program.error("error: required option '--ulb <code>' not specified", { exitCode: 2 });
      const { ulb, format, out, ...range } = options;
      await withUlb(ulb, async (app, who) => {
        const target = out === undefined ? process.stdout : createWriteStream(out);
        const written = await writeReport(app, who, { name, format, options: range }, async (piece) => {
          if (!target.write(piece)) await once(target, "drain");
        });
        if (out === undefined) return;
        target.end();
        await once(target, "finish");
        console.error(`${written.fileName} -> ${out}`);
      });
    });

  program
    .command("verify")
    .description("all ties: what must agree, recomputed")
    .option("--ulb <code>", "one ULB; all of them unless named")
    .action(async (options: { ulb?: string }) => {
      await withSystem(async ({ app }) => {
        const ulbs = options.ulb === undefined ? await listUlbs(app) : [await getUlb(app, options.ulb)];
        const today = dateInIndia(app.clock());
        for (const ulb of ulbs) {
          const ties = await inSnapshot(app, { ulb, actor: COMMAND_LINE }, (read) => allTies(read, today));
          console.log(`${ulb.code}: ${ulb.name}`);
          if (!printTies(ties)) process.exitCode = 1;
        }
      });
    });
}
