// npm run bench -- NAME [options]: each bench prints its ratio to the physical limit or a peer measured in the same run.
import { runPostBench } from "../ledger/post.bench.ts";

const benches: Record<string, (args: readonly string[]) => Promise<void>> = { post: runPostBench };

const [name = "", ...args] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join(" | ")}`);
  process.exit(2);
}
await bench(args);
