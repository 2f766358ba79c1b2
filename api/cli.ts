import { Command, CommanderError, InvalidArgumentError } from "commander";
import { Refusal } from "../ledger/kernel/errors.ts";
import { registerBooks } from "./commands/books.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerImport } from "./commands/import.ts";
import { registerPeople } from "./commands/people.ts";
import { registerServe } from "./commands/serve.ts";

// Exit codes: 0 done, 1 refused or failed (the reason on stderr), 2 wrong usage.
const program = new Command("nagarkosh")
  .description(
    "The books of a city: what is owed, what was paid, whether it reached the bank, and what the accounts say.",
  )
  .version("0.1.0")
  .showHelpAfterError()
  .exitOverride();
registerServe(program);
registerDemo(program);
registerImport(program);
registerBooks(program);
registerPeople(program);

/** Sub-commands do not inherit exitOverride. */
function overrideAll(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) overrideAll(sub);
}
overrideAll(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof InvalidArgumentError) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    console.error(error instanceof Refusal ? error.message : error);
    process.exitCode = 1;
  }
}
