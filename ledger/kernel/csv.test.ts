import { expect, test } from "vitest";
import { readCsv, streamCsv, type CsvRow } from "./csv.ts";

const COLUMNS = ["code", "name", "address"] as const;
const cells = [
  '"Corner ""Stone"" House"',
  '"3, Test Road\nnear, the tank"',
  'plain 5" pipe',
  '""',
  '"a ""quoted"""',
  "x",
];
const line = (i: number) => `P${i},${cells[i % 6] ?? ""},${cells[(i * 5 + 1) % 6] ?? ""}`;
const text = `code,name,address\r\n${Array.from({ length: 30_000 }, (_, i) => line(i)).join("\r\n")}\r\n`;

async function* chunks(whole: string, size: number) {
  const bytes = new TextEncoder().encode(whole);
  await Promise.resolve();
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function streamed(whole: string, mostProblems = 10) {
  const rows: CsvRow<(typeof COLUMNS)[number]>[] = [];
  let largest = 0;
  const end = await streamCsv(chunks(whole, 9_973), COLUMNS, [], { batch: 500, mostProblems }, (batch) => {
    rows.push(...batch);
    largest = Math.max(largest, batch.length);
    return Promise.resolve();
  });
  return { ...end, taken: rows, largest };
}

test("a streamed file is read as one that is read whole: the same rows on the same lines, the same hash, in batches", async () => {
  const [whole, parts] = [await readCsv(text, COLUMNS), await streamed(text)];
  expect([parts.taken.length, parts.rows]).toEqual([30_000, 30_000]);
  expect(parts.taken).toEqual(whole.rows);
  expect([parts.hash, parts.largest, parts.problems]).toEqual([whole.hash, 500, []]);
});

test("of a streamed file every bad line counts, the first are listed; an unclosed quote ends it with the line on which it stands", async () => {
  const short = Array.from({ length: 30_000 }, (_, i) => (i % 10 === 7 ? `P${i},x` : line(i)));
  const bad = await streamed(`code,name,address\n${short.join("\n")}\n`);
  expect([bad.problems.length, bad.problems[0]?.code, bad.moreProblems, bad.rows]).toEqual([
    10,
    "CSV_TRUNCATED",
    2990,
    27_000,
  ]);
  const lines = `code,name,address\n${"A,B,C\n".repeat(90_000)}X,"never closed,\n${"A,B,C\n".repeat(900_000)}`;
  const cut = await streamed(lines);
  expect([cut.rows, cut.problems.map((p) => [p.code, p.line])]).toEqual([90_000, [["CSV_QUOTE", 90_002]]]);
});
