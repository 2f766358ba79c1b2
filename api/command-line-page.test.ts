import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { offeredReports } from "./commands/export.ts";
import { commandLine } from "./program.ts";

const PAGE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../docs/reference/command-line.md");

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (piece) => void (text += piece), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text.trimEnd();
}

/** Every verb with its name in full; what only groups others is shown as well, `help` is not. */
function* verbs(command: Command, before = ""): Generator<readonly [string, Command]> {
  const name = `${before}${command.name()}`;
  yield [name, command];
  for (const sub of command.commands) if (sub.name() !== "help") yield* verbs(sub, `${name} `);
}

test("docs/reference/command-line.md says what the program says of itself: every verb, option and report", async () => {
  const parts = [...verbs(commandLine())].map(
    ([name, command]) => `## \`${name}\`\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`,
  );
  const reports = offeredReports().map((r) => `| \`${r.name}\` | ${r.description} | ${r.formats.join(", ")} |`);
  await expect(
    [
      "# Command line\n",
      "`npx nagarkosh <verb>`: exit code 0 done, 1 refused or failed (the reason on stderr), 2 wrong usage.\n",
      ...parts,
      "## Reports\n",
      "| Report | What it holds | Formats |\n|---|---|---|",
      ...reports,
      "",
    ].join("\n"),
  ).toMatchFileSnapshot(PAGE);
});
