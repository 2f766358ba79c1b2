// npm run bench -- NAME [options]: each bench prints its ratio to the physical limit or a peer measured in the same run.
import { runCollectBench } from "./collect.bench.ts";
import { runBenchPageBench } from "./bench-page.bench.ts";
import { fetchBills } from "./bill.bench.ts";
import { runDemandRunBench } from "../billing/demand-run/demand-run.bench.ts";
import { runBooksBench } from "../ledger/books.bench.ts";
import { runPostBench } from "../ledger/post.bench.ts";
import { runReconcileBench } from "../reconciliation/reconcile.bench.ts";

const benches: Record<string, (args: readonly string[]) => Promise<void>> = {
  post: runPostBench,
  books: runBooksBench,
  reconcile: runReconcileBench,
  "bench-page": runBenchPageBench,
  collect: runCollectBench,
  "demand-run": (args) => runDemandRunBench(args, fetchBills),
};

const [name = "", ...args] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join(" | ")}`);
  process.exit(2);
}
await bench(args);
