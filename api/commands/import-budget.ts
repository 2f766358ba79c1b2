import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { inDryRun, inTransaction } from "../../ledger/kernel/tx.ts";
import { BUDGET_CSV, importBudget } from "../../ledger/index.ts";
import { withUlb } from "./common.ts";

/** import budget FILE: a sanctioned budget, all of it or nothing. Stands beside the other kinds of `import`. */
export function registerImportBudget(program: Command): void {
  program.commands
    .find((c) => c.name() === "import")
    ?.command("budget")
    .description(BUDGET_CSV.join(","))
    .argument("<file>", "CSV, UTF-8, with a header row")
    .requiredOption("--ulb <code>")
    .option("--dry-run", "read, check and report; write nothing")
    .action(async (file: string, options: { ulb: string; dryRun?: boolean }) => {
      await withUlb(options.ulb, async (app, who) => {
        const run = options.dryRun ? inDryRun : inTransaction;
        const report = await run(app, who, (tx) =>
          importBudget(tx, readFileSync(file, "utf8"), { fileName: path.basename(file) }),
        );
        for (const p of report.problems) console.error(`${p.message} (${p.code})`);
        if (report.moreProblems > 0) console.error(`… and ${report.moreProblems} more`);
        if (report.status === "refused") {
          console.error(
            `${report.fileName}: refused, nothing was written (${report.problems.length + report.moreProblems} problems)`,
          );
          process.exitCode = 1;
          return;
        }
        const said =
          report.status === "already-imported"
            ? "was imported before; nothing was added"
            : `${report.added} added, ${report.unchanged} were there`;
        console.log(
          `${report.fileName}: ${report.rows} rows, ${said}${options.dryRun ? " (dry run: nothing was written)" : ""}`,
        );
      });
    });
}
