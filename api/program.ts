import { Command } from "commander";
import { registerBooks } from "./commands/books.ts";
import { registerClose } from "./commands/close.ts";
import { registerDemandRun } from "./commands/demand-run.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerExport } from "./commands/export.ts";
import { registerGateway } from "./commands/gateway.ts";
import { registerImportBudget } from "./commands/import-budget.ts";
import { registerImport } from "./commands/import.ts";
import { registerNotices } from "./commands/notices.ts";
import { registerPeople } from "./commands/people.ts";
import { registerPrint } from "./commands/print-papers.ts";
import { registerRates } from "./commands/rates.ts";
import { registerServe } from "./commands/serve.ts";
import { registerServices } from "./commands/services.ts";
import { registerVerify } from "./commands/verify.ts";
import { registerVerifyReceipt } from "./commands/verify-receipt.ts";

/** The command line with all its verbs; `cli.ts` runs it, docs/reference/command-line.md shows it. */
export function commandLine(): Command {
  const program = new Command("nagarkosh")
    .description(
      "The books of a city: what is owed, what was paid, whether it reached the bank, and what the accounts say.",
    )
    .version("0.1.0")
    .showHelpAfterError();
  registerServe(program);
  registerDemo(program);
  registerImport(program);
  registerImportBudget(program);
  registerBooks(program);
  registerClose(program);
  registerExport(program);
  registerPrint(program);
  registerVerify(program);
  registerVerifyReceipt(program);
  registerServices(program);
  registerRates(program);
  registerDemandRun(program);
  registerNotices(program);
  registerPeople(program);
  registerGateway(program);
  return program;
}
