import type { Command } from "commander";
import { localDate } from "../../ledger/kernel/dates.ts";
import { inTransaction } from "../../ledger/kernel/tx.ts";
import { createUlb } from "../../ledger/index.ts";
import { seedTaxHeads } from "../../billing/index.ts";
import { startCounterPolicy } from "../../collections/index.ts";
import { COMMAND_LINE, withSystem } from "./common.ts";

/** migrate, ulb create: what a person does to the books from a command line before they are kept. */
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
          await inTransaction(app, { ulb, actor: COMMAND_LINE }, async (tx) => {
            await seedTaxHeads(tx);
            await startCounterPolicy(tx);
          });
          console.log(`${ulb.code}: ${ulb.name}, books from ${ulb.startsOn}`);
        });
      },
    );
}
