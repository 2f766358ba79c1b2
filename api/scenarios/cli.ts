import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { openDatabase } from "../../ledger/kernel/database.ts";
import { readScenarios, type Scenario } from "./read.ts";
import { runScenario, type Outcome } from "./run.ts";
import { openWorld, stageClock, throwAwayDatabase } from "./world.ts";
import { FIRST_DAY } from "./fixture.ts";

/** npm run scenarios -- PATH…: runs scenario files and says what differs. Exit 0 all pass, 1 some fail, 2 a file cannot be read. */
export async function main(args: readonly string[]): Promise<number> {
  const only = args.flatMap((a) => (a.startsWith("--only=") ? a.slice(7).split(",") : []));
  const most = args.find((a) => a.startsWith("--rounds="));
  const named = args.filter((a) => !a.startsWith("--"));
  const paths = named.length > 0 ? named : [path.join(import.meta.dirname, "files")];
  let scenarios: Scenario[];
  const faults: string[] = [];
  try {
    scenarios = paths
      .flatMap(filesAt)
      .flatMap((file) =>
        readScenarios(path.relative(process.cwd(), file), readFileSync(file, "utf8"), (fault) =>
          faults.push(fault.message),
        ),
      );
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  if (only.length > 0) scenarios = scenarios.filter((s) => only.includes(s.id));
  for (const fault of faults) console.log(`FAULT ${fault}`);
  if (scenarios.length === 0) {
    console.error(`no scenario at ${paths.join(", ")}`);
    return 2;
  }
  const database = await throwAwayDatabase();
  const db = openDatabase(database.address);
  const outcomes: Outcome[] = [];
  try {
    const clock = stageClock(FIRST_DAY);
    const world = await openWorld(
      { db, clock: clock.now },
      clock,
      most === undefined ? {} : { mostRounds: Number(most.slice(9)) },
    );
    for (const scenario of scenarios) {
      const outcome = await runScenario(world, scenario);
      outcomes.push(outcome);
      console.log(
        `${outcome.problems.length === 0 ? "pass " : "FAIL "} ${outcome.id} ${outcome.title} (${outcome.ms} ms)`,
      );
      for (const problem of outcome.problems) console.log(`        ${problem}`);
    }
    await world.server.close();
  } finally {
    await db.close();
    await database.close();
  }
  const failed = outcomes.filter((o) => o.problems.length > 0).length;
  console.log(
    `${outcomes.length - failed} pass, ${failed} fail${faults.length > 0 ? `, ${faults.length} cannot be read` : ""}`,
  );
  return faults.length > 0 ? 2 : failed > 0 ? 1 : 0;
}

function filesAt(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name) && !/(^|\/)pending\.yaml$/.test(name))
    .sort()
    .map((name) => path.join(place, name));
}

process.exitCode = await main(process.argv.slice(2));
