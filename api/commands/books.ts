import type { Command } from "commander";
import { localDate, period } from "../../ledger/kernel/dates.ts";
import { inDryRun, inSnapshot, inTransaction } from "../../ledger/kernel/tx.ts";
import { closePeriod, closeProblems, createUlb } from "../../ledger/index.ts";
import { allTies } from "../../reports/index.ts";
import { seedTaxHeads } from "../../billing/index.ts";
import { listUlbs } from "../../ledger/index.ts";
import { closeChecks } from "../close-checks.ts";
import { printTies } from "./print.ts";
import { COMMAND_LINE, withSystem, withUlb } from "./common.ts";

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
    .command("verify")
    .description("all ties: what must agree, recomputed")
    .option("--ulb <code>", "one ULB; all of them unless named")
    .action(async (options: { ulb?: string }) => {
      await withSystem(async ({ app }) => {
        const ulbs = (await listUlbs(app)).filter((u) => options.ulb === undefined || u.code === options.ulb);
        for (const ulb of ulbs) {
          const ties = await inDryRun(app, { ulb, actor: COMMAND_LINE }, (tx) => allTies(tx, localDate("9999-12-31")));
          console.log(`${ulb.code}: ${ulb.name}`);
          if (!printTies(ties)) process.exitCode = 1;
        }
      });
    });
}
