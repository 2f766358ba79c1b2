import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { issueBills, issueNotices } from "../billing/index.ts";
import { testBillingUlb, testConsumer, testDemand } from "../billing/testing.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { testApp } from "../ledger/testing.ts";
import { printPapers, type PapersToPrint } from "./print-papers.ts";

const app = await testApp();
const COUNT = Number(process.env["PRINT_COUNT"] ?? 7);

test("papers of a city or a ward go into one zip, some in each PDF, by ward and code, each consumer's once", async () => {
  const city = await testBillingUlb(app);
  const ids = await city.tx("accountant", async (tx) => {
    const made: string[] = [];
    for (let i = 0; i < COUNT; i++) {
      const consumer = await testConsumer(tx, { code: `C${String(i).padStart(5, "0")}`, ward: i % 2 ? "W1" : "W2" });
      await testDemand(tx, consumer, "100");
      made.push(consumer.id);
    }
    return made;
  });
  const on = localDate("2025-11-10");
  await city.tx("accountant", (tx) => issueBills(tx, ids, on));
  await city.tx("accountant", (tx) => issueNotices(tx, { kind: "demand-notice", consumerIds: ids.slice(0, 3), on }));
  const print = async (what: Partial<PapersToPrint>): Promise<[number, string[]]> => {
    const pieces: Buffer[] = [];
    const out = new Writable({
      write: (piece: Buffer, _, done) => {
        pieces.push(piece);
        done();
      },
    });
    const count = await printPapers(
      app,
      city.as("auditor"),
      { papers: { kind: "bills" }, service: "property-tax", language: "hi", payUrl: (id) => id, inOne: 3, ...what },
      out,
    );
    const zip = Buffer.concat(pieces).toString("latin1");
    return [count, [...new Set(zip.match(/\d{4}_W\d-C\d{5}\.pdf/g))]];
  };
  const started = performance.now();
  const [count, files] = await print(COUNT > 100 ? { inOne: 200 } : {});
  if (COUNT > 100)
    process.stderr.write(
      `${COUNT} bills: ${((performance.now() - started) / COUNT).toFixed(1)} ms each, peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`,
    );
  expect(count).toBe(COUNT);
  if (COUNT > 100) return;
  expect(files).toEqual(["0001_W1-C00001.pdf", "0002_W2-C00000.pdf", "0003_W2-C00006.pdf"]);
  expect(await print({ ward: "W1" })).toEqual([3, ["0001_W1-C00001.pdf"]]);
  expect(await print({ papers: { kind: "notices", step: "demand-notice" } })).toEqual([
    3,
    ["0001_W1-C00001.pdf", "0002_W2-C00000.pdf"],
  ]);
  expect(await print({ papers: { kind: "notices", step: "warrant" } })).toEqual([0, []]);
});
