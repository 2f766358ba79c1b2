import { createReadStream, readFileSync } from "node:fs";
import path from "node:path";
import { Option, type Command } from "commander";
import { refreshStatistics } from "../../ledger/kernel/database.ts";
import { localDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, type Paise } from "../../ledger/kernel/money.ts";
import { inDryRun, inTransaction, type App, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { importParties, PARTY_CSV, postingAccount } from "../../ledger/index.ts";
import {
  FACTS_CSV,
  importConsumerFacts,
  importConsumers,
  importDemands,
  type ImportReport,
} from "../../billing/index.ts";
import { importStatement, reconcileAccount } from "../../reconciliation/index.ts";
import { sealOrSay, withUlb } from "./common.ts";
import { registerBookImports } from "./import-books.ts";
import { registerSettlementImport } from "./import-settlements.ts";

type ImportOptions = {
  ulb: string;
  format?: string;
  dryRun?: boolean;
  date?: LocalDate;
  account?: string;
  opening?: Paise;
  closing?: Paise;
};

/** import KIND FILE: all or nothing per file; every bad row is listed with line, column and rule; a file read before adds nothing. */
export function registerImport(program: Command): void {
  const root = program
    .command("import")
    .description("read a file into the books: all of it, or nothing and a list of what is wrong");
  registerBookImports(root);
  registerSettlementImport(root);
  const kind = (
    name: string,
    description: string,
    take: (app: App, who: Who, file: string, options: ImportOptions) => Promise<boolean>,
    fileIs = "CSV, UTF-8, with a header row",
  ): void => {
    root
      .command(name)
      .description(description)
      .argument("<file>", fileIs)
      .requiredOption("--ulb <code>")
      .option("--dry-run", "read, check and report; write nothing")
      .addOption(new Option("--date <date>", "date of the entry; today unless named").argParser(localDate))
      .option("--format <profile>", "bank profile of a statement; recognised by its header unless named")
      .option("--account <code>", "bank account head; the ULB's main bank unless named")
      .addOption(
        new Option("--opening <amount>", "opening balance of the bank's page, held against a statement").argParser(
          rupees,
        ),
      )
      .addOption(
        new Option(
          "--closing <amount>",
          "closing balance of the bank's page; a statement without balances of its own needs it",
        ).argParser(rupees),
      )
      .action(async (file: string, options: ImportOptions) => {
        await withUlb(options.ulb, async (app, who) => {
          if (!(await take(app, who, file, options))) process.exitCode = 1;
          else {
            await refreshStatistics(app.db.address);
            if (!options.dryRun) await sealOrSay(app, who.ulb);
          }
        });
      });
  };
  kind("consumers", "service,code,name,name_local,mobile,email,address,ward", (app, who, file, options) =>
    report(app, who, options, (tx) =>
      // A file of any size: it is read as it is taken, and every attempt of the transaction reads it anew.
      importConsumers(tx, createReadStream(file, { highWaterMark: 256 * 1024 }), {
        fileName: path.basename(file),
        limit: null,
        mostProblems: 10_000,
      }),
    ),
  );
  kind(
    "consumer-facts",
    `${FACTS_CSV.join(",")} and a column for each attribute that the rule file asks for`,
    (app, who, file, options) =>
      report(app, who, options, (tx) =>
        importConsumerFacts(tx, readFileSync(file, "utf8"), { fileName: path.basename(file) }),
      ),
  );
  kind(
    "demands",
    "service,consumer_code,tax_period_from,tax_period_to,demand_year,due_date,tax_head,amount",
    (app, who, file, options) =>
      report(app, who, options, (tx) =>
        importDemands(tx, readFileSync(file, "utf8"), {
          fileName: path.basename(file),
          ...(options.date === undefined ? {} : { date: options.date }),
        }),
      ),
  );
  kind("parties", PARTY_CSV.join(","), (app, who, file, options) =>
    report(app, who, options, async (tx) => ({
      ...(await importParties(tx, readFileSync(file, "utf8"))),
      fileName: path.basename(file),
      batches: [],
    })),
  );
  kind(
    "bank-statement",
    "a statement as the bank gives it; lines are matched at once",
    bankStatement,
    "MT940, MT942, camt.052/.053/.054, BAI2, OFX, CSV or tab-separated text, .xlsx, .xls or an HTML table; told by its content",
  );
}

const run = <T>(app: App, who: Who, options: ImportOptions, fn: (tx: Tx) => Promise<T>): Promise<T> =>
  options.dryRun ? inDryRun(app, who, fn) : inTransaction(app, who, fn);

async function report(
  app: App,
  who: Who,
  options: ImportOptions,
  fn: (tx: Tx) => Promise<ImportReport>,
): Promise<boolean> {
  const result = await run(app, who, options, fn);
  for (const p of result.problems)
    console.error(
      p.message.startsWith("line ")
        ? `${p.message} (${p.code})`
        : `line ${p.line ?? "?"}${p.column ? `, ${p.column}` : ""}: ${p.message} (${p.code})`,
    );
  if (result.moreProblems > 0) console.error(`… and ${result.moreProblems} more`);
  if (result.status === "refused") {
    console.error(
      `${result.fileName}: refused, nothing was written (${result.problems.length + result.moreProblems} problems)`,
    );
    return false;
  }
  const said =
    result.status === "already-imported"
      ? "was imported before; nothing was added"
      : `${result.added} added, ${result.unchanged} were there`;
  console.log(
    `${result.fileName}: ${result.rows} rows, ${said}${options.dryRun ? " (dry run: nothing was written)" : ""}`,
  );
  for (const batch of result.batches)
    if (batch.entry) console.log(`  entry ${batch.entry.number} of ${batch.entry.date}`);
  return true;
}

async function bankStatement(app: App, who: Who, file: string, options: ImportOptions): Promise<boolean> {
  const bytes = readFileSync(file);
  const account = options.account ?? (await inTransaction(app, who, (tx) => postingAccount(tx, "bank-main")));
  const result = await run(app, who, options, (tx) =>
    importStatement(tx, {
      account,
      csv: bytes,
      fileName: path.basename(file),
      ...(options.format === undefined ? {} : { profile: options.format }),
      expected: {
        ...(options.opening === undefined ? {} : { opening: options.opening }),
        ...(options.closing === undefined ? {} : { closing: options.closing }),
      },
    }),
  );
  for (const p of result.problems)
    console.error(`${p.line === undefined ? "" : `line ${p.line}: `}${p.message} (${p.code})`);
  if (result.status === "refused") {
    console.error(`${path.basename(file)}: refused, nothing was written`);
    return false;
  }
  console.log(
    `${path.basename(file)}: ${result.linesInFile} lines, ${result.linesAdded} new${options.dryRun ? " (dry run: nothing was written)" : ""}`,
  );
  if (options.dryRun) return true;
  const matched = await inTransaction(app, who, (tx) => reconcileAccount(tx, account));
  console.log(
    `  matched ${matched.confirmed.length}${matched.autoPosted.length > 0 ? `, booked by rule ${matched.autoPosted.length}` : ""}, proposed ${matched.proposed.length + matched.proposedEntries.length}, exceptions ${matched.exceptions.length} (${matched.opened} new, ${matched.closed} settled)`,
  );
  return true;
}
