import { createReadStream } from "node:fs";
import path from "node:path";
import { Option, type Command } from "commander";
import { refreshStatistics } from "../../ledger/kernel/database.ts";
import { financialYear, localDate, type FinancialYear, type LocalDate } from "../../ledger/kernel/dates.ts";
import { inDryRun, inTransaction, type App, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { formatIndian } from "../../ledger/kernel/money.ts";
import {
  importOpeningBalances,
  importPublishedBalances,
  importPublishedIncome,
  importVouchers,
  OPENING_CSV,
  VOUCHER_CSV,
  type BookImport,
} from "../../ledger/index.ts";
import { sealOrSay, withUlb } from "./common.ts";

type BookOptions = {
  ulb: string;
  format?: "csv" | "published";
  dryRun?: boolean;
  date?: LocalDate;
  fy?: FinancialYear;
  entity?: string;
  column?: "current" | "previous";
  balanceToFund?: boolean;
  addAccounts?: boolean;
  defaultFunction?: string;
};

/** import opening-balances, import vouchers: a year of books from files, whole or not at all. Warnings on stdout, problems on stderr. */
export function registerBookImports(root: Command): void {
  root
    .command("opening-balances")
    .description(OPENING_CSV.join(","))
    .argument("<file>", "CSV, UTF-8, with a header row; name, subledger, fund, function and ward may be missing")
    .requiredOption("--ulb <code>")
    .option("--dry-run", "read, check and report; write nothing")
    .option("--date <date>", "the day on which the balances stand; the first day of the books unless named", localDate)
    .option(
      "--balance-to-fund",
      "post a difference to the opening-balance account (310-10) instead of refusing the file",
    )
    .option("--add-accounts", "add accounts that are missing below their minor head, named as in the file")
    .option("--default-function <code>", "for income and expenditure of books that start within a year")
    .addOption(formats("published: a balance sheet as a ULB printed it, by major heads"))
    .option("--entity <name>", "with --format published: whose balance sheet, if the file has several")
    .action((file: string, options: BookOptions) =>
      take(file, options, (tx, fileName) =>
        options.format === "published"
          ? importPublishedBalances(tx, createReadStream(file), {
              fileName,
              entity: options.entity,
              date: options.date,
            })
          : importOpeningBalances(tx, createReadStream(file), {
              fileName,
              date: options.date,
              balanceToFund: options.balanceToFund,
              addAccounts: options.addAccounts,
              defaultFunction: options.defaultFunction,
            }),
      ),
    );

  root
    .command("vouchers")
    .description(VOUCHER_CSV.join(","))
    .argument("<file>", "CSV, UTF-8, with a header row, columns in any order")
    .requiredOption("--ulb <code>")
    .option("--dry-run", "read, check and report; write nothing")
    .option("--default-function <code>", "the function of income and expenditure rows that name none")
    .option("--add-accounts", "add accounts that are missing below their minor head, named as in the file")
    .addOption(formats("published: an income side as a ULB printed it, by minor heads"))
    .option(
      "--fy <year>",
      "with --format published: the year of the file's current column, such as 2012-13",
      financialYear,
    )
    .addOption(
      new Option("--column <column>", "with --format published: which year is read")
        .choices(["current", "previous"])
        .default("current"),
    )
    .action((file: string, options: BookOptions, command: Command) => {
      if (options.format === "published" && options.fy === undefined)
        command.error("error: --format published needs --fy, the year of the file's current column", { exitCode: 2 });
      return take(file, options, (tx, fileName) =>
        options.format === "published" && options.fy !== undefined
          ? importPublishedIncome(tx, createReadStream(file), {
              fileName,
              fy: options.fy,
              column: options.column,
              function: options.defaultFunction,
            })
          : importVouchers(tx, createReadStream(file), {
              fileName,
              defaultFunction: options.defaultFunction,
              addAccounts: options.addAccounts,
            }),
      );
    });
}

function formats(published: string): Option {
  return new Option("--format <format>", published).choices(["csv", "published"]).default("csv");
}

async function take(
  file: string,
  options: BookOptions,
  read: (tx: Tx, fileName: string) => Promise<BookImport>,
): Promise<void> {
  const fileName = path.basename(file);
  await withUlb(options.ulb, async (app: App, who: Who) => {
    const run = options.dryRun ? inDryRun : inTransaction;
    const result = await run(app, who, (tx) => read(tx, fileName));
    if (!printImport(result, options.dryRun ?? false)) process.exitCode = 1;
    else if (!options.dryRun) {
      await refreshStatistics(app.db.address);
      await sealOrSay(app, who.ulb);
    }
  });
}

/** Says what became of a file; tells whether it was taken. */
function printImport(result: BookImport, isDryRun: boolean): boolean {
  for (const w of result.warnings) console.log(`warning: ${w.message} (${w.code})`);
  if (result.moreWarnings > 0) console.log(`warning: … and ${result.moreWarnings} more`);
  for (const p of result.problems) console.error(`${p.message} (${p.code})`);
  if (result.moreProblems > 0) console.error(`… and ${result.moreProblems} more`);
  const count = result.problems.length + result.moreProblems;
  if (result.status === "refused") {
    console.error(
      `${result.fileName}: refused, nothing was written (${count} ${count === 1 ? "problem" : "problems"} in ${result.rows} rows)`,
    );
    return false;
  }
  if (result.status === "already-imported") {
    console.log(`${result.fileName}: was imported before; nothing was added`);
    return true;
  }
  const dry = isDryRun ? " (dry run: nothing was written)" : "";
  console.log(
    `${result.fileName}: ${result.rows} rows, debits ${formatIndian(result.debits)}, credits ${formatIndian(result.credits)}${dry}`,
  );
  if (result.accountsAdded.length > 0) console.log(`  accounts added: ${result.accountsAdded.join(", ")}`);
  if (result.unchanged > 0)
    console.log(`  ${result.unchanged} vouchers were in the books already, with the same content`);
  console.log(
    `  ${result.posted.length} ${result.posted.length === 1 ? "entry" : "entries"}${result.posted.length === 0 ? "" : `: ${spans(result.posted)}`}`,
  );
  return true;
}

/** "R/2025-26/000001 to 000120, J/2025-26/000001": numbers are given in order, so first and last say all of a series. */
function spans(posted: BookImport["posted"]): string {
  const series = new Map<string, { first: string; last: string }>();
  for (const { number } of posted) {
    const at = number.lastIndexOf("/");
    const name = number.slice(0, at);
    const own = number.slice(at + 1);
    const known = series.get(name);
    if (known) known.last = own;
    else series.set(name, { first: own, last: own });
  }
  return [...series]
    .map(([name, { first, last }]) => `${name}/${first}${first === last ? "" : ` to ${last}`}`)
    .join(", ");
}
