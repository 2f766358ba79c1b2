import { createHash } from "node:crypto";
import readSheets, { readSheet } from "read-excel-file/node";
import { expect, test } from "vitest";
import { paise } from "../../ledger/kernel/money.ts";
import type { ReportRow, ReportTable } from "../report-table.ts";
import { toXlsx, type XlsxSheet } from "./xlsx.ts";

const OPTIONS = { ulbName: "Nagar Palika Testpur", createdAt: new Date("2026-04-30T06:30:00Z") };

async function workbook(
  sheets: readonly XlsxSheet[],
  more: { rowsAtMost?: number; isLocal?: boolean } = {},
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of toXlsx(sheets, { ...OPTIONS, ...more })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const tableOf = (rows: ReportTable["rows"], over: Partial<ReportTable> = {}): ReportTable => ({
  title: "Balance sheet",
  titleLocal: "तुलन पत्र",
  subtitle: ["As on 31/03/2026"],
  columns: [
    { key: "code", label: "Code", kind: "text" },
    { key: "date", label: "Date", kind: "date" },
    { key: "name", label: "Particulars", labelLocal: "विवरण", kind: "text", weight: 5, isIndented: true },
    { key: "count", label: "Count", kind: "count" },
    { key: "amount", label: "Amount", kind: "amount" },
  ],
  rows,
  of: "2026-03-31",
  ...over,
});

test("a workbook that is read back has the same texts, dates and amounts", async () => {
  const rows: ReportRow[] = [
    { kind: "heading", cells: { code: "LIABILITIES" } },
    {
      level: 2,
      cells: {
        code: "00123",
        date: "2026-03-31",
        name: 'A & B <"x"> _x0041_ \u0007',
        count: 3,
        amount: paise(-1_234_567_890n),
      },
    },
    { cells: { code: "310", name: "=1+1", amount: paise(29n) }, local: { name: "नगर निधि" } },
    { kind: "total", cells: { name: "Total", amount: paise(999_999_999_999_999n) } },
    { cells: { name: "beyond 15 digits", amount: paise(-9_007_199_254_740_993n) } },
  ];
  const book = await workbook([{ table: tableOf(rows, { notes: ["Exact to the paisa."] }) }], { isLocal: true });
  expect(await readSheet(book, 1)).toEqual([
    ["Nagar Palika Testpur", null, null, null, null],
    ["Balance sheet / तुलन पत्र", null, null, null, null],
    ["As on 31/03/2026", null, null, null, null],
    [null, null, null, null, null],
    ["Code", "Date", "Particulars / विवरण", "Count", "Amount"],
    ["LIABILITIES", null, null, null, null],
    ["00123", new Date("2026-03-31T00:00:00Z"), 'A & B <"x"> _x0041_', 3, -12_345_678.9],
    ["310", null, "=1+1 / नगर निधि", null, 0.29],
    [null, null, "Total", null, 9_999_999_999_999.99],
    [null, null, "beyond 15 digits", null, "-90071992547409.93"],
    [null, null, null, null, null],
    ["Exact to the paisa.", null, null, null, null],
  ]);
});

test("the same tables give the same bytes", async () => {
  const hash = async (): Promise<string> =>
    createHash("sha256")
      .update(await workbook([{ table: tableOf([{ cells: { code: "1" } }]) }]))
      .digest("hex");
  expect(await hash()).toBe(await hash());
});

test("a pack has a sheet for each table; names of tabs are short and different", async () => {
  const long = "Receipts and payments account of the year: consolidated";
  const book = await workbook([
    { table: tableOf([{ cells: { code: "1" } }], { title: long }) },
    { table: tableOf([{ cells: { code: "2" } }], { title: long }) },
    { name: "B-1/B-2", table: tableOf([]) },
  ]);
  const sheets = await readSheets(book);
  expect(sheets.map((s) => s.sheet)).toEqual([
    "Receipts and payments account o",
    "Receipts and payments accou (2)",
    "B-1 B-2",
  ]);
});

test("a table longer than a sheet goes on in the next; no row is lost or doubled", async () => {
  async function* rows(): AsyncGenerator<ReportRow> {
    for (let i = 1; i <= 25; i += 1) {
      await Promise.resolve();
      yield { cells: { code: String(i), amount: paise(BigInt(i)) } };
    }
  }
  // Five rows of title and header leave ten.
  const sheets = await readSheets(await workbook([{ table: tableOf(rows()) }], { rowsAtMost: 15 }));
  expect(sheets.map((s) => s.data.slice(5).map((row) => row[0]))).toEqual([
    Array.from({ length: 10 }, (_, i) => String(i + 1)),
    Array.from({ length: 10 }, (_, i) => String(i + 11)),
    Array.from({ length: 5 }, (_, i) => String(i + 21)),
  ]);
});

test("an error of the rows reaches whoever reads the workbook", async () => {
  async function* rows(): AsyncGenerator<ReportRow> {
    yield { cells: { code: "1" } };
    await Promise.resolve();
    throw new Error("the query failed");
  }
  await expect(workbook([{ table: tableOf(rows()) }])).rejects.toThrow("the query failed");
});

test("100,000 rows stream: memory does not grow with them", async () => {
  function* rows(): Generator<ReportRow> {
    for (let i = 0; i < 100_000; i += 1)
      yield {
        cells: { code: String(i), date: "2026-03-31", name: "प्राप्ति और भुगतान", count: i, amount: paise(BigInt(i)) },
      };
  }
  let bytes = 0;
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  for await (const chunk of toXlsx([{ table: tableOf(rows()) }], OPTIONS)) {
    bytes += chunk.length;
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(most).toBeLessThan(100 * 1024 * 1024);
});
