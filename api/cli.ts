import { CommanderError, InvalidArgumentError, type Command } from "commander";
import { Refusal } from "../ledger/kernel/errors.ts";
import { commandLine } from "./program.ts";

// Exit codes: 0 done, 1 refused or failed (the reason on stderr), 2 wrong usage.
const program = commandLine();

/** Sub-commands do not inherit exitOverride. */
function overrideAll(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) overrideAll(sub);
}
overrideAll(program);

/** A file that was named and cannot be read or written is the caller's to mend: one line, without a stack. */
function fileTrouble(error: unknown): string | undefined {
  const says: Partial<Record<string, string>> = {
    ENOENT: "there is no such file or folder",
    EISDIR: "this is a folder, not a file",
    EACCES: "this may not be read or written",
    ENOTDIR: "there is no such folder",
  };
  const { code = "", path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const what = says[code];
  return what === undefined ? undefined : `${path ?? "the file that was named"}: ${what} (${code})`;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof InvalidArgumentError) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    console.error(error instanceof Refusal ? error.message : (fileTrouble(error) ?? error));
    process.exitCode = 1;
  }
}
