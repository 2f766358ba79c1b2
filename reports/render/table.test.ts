import { expect, test } from "vitest";
import { paise } from "../../ledger/kernel/money.ts";
import type { ReportTable } from "../report-table.ts";
import { tableCsv, tableJson } from "./table.ts";

const table: ReportTable = {
  title: "Income",
  titleLocal: "आय",
  subtitle: ["01/04/2025 to 31/03/2026"],
  columns: [
    { key: "head", label: "Head", kind: "text" },
    { key: "line", label: "Line", kind: "text", isIndented: true },
    { key: "amount", label: "Amount", kind: "amount" },
    { key: "previous", label: "Previous year", kind: "amount", isPrintOnly: true },
  ],
  rows: [
    { kind: "heading", cells: { line: "INCOME" } },
    {
      level: 1,
      cells: { head: "110", line: "Tax, revenue", amount: paise(-5n), previous: paise(100n) },
      local: { line: "कर" },
    },
    { kind: "total", cells: { line: "Total", amount: paise(-5n), previous: paise(100n) } },
  ],
  notes: ["Exact."],
  of: "2025-26",
};

async function whole(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += chunk;
  return text;
}

test("a table's CSV has its published columns alone, lines and totals, no headings", async () => {
  expect(await whole(tableCsv(table))).toBe('head,line,amount\n110,"Tax, revenue",-0.05\n,Total,-0.05\n');
});

test("a table's JSON has everything, exact", async () => {
  const text = await whole(tableJson(table, { ulb: "kosalpur", report: "income" }));
  expect(JSON.parse(text)).toEqual({
    ulb: "kosalpur",
    report: "income",
    title: "Income",
    titleLocal: "आय",
    subtitle: ["01/04/2025 to 31/03/2026"],
    columns: [
      { key: "head", label: "Head", kind: "text" },
      { key: "line", label: "Line", kind: "text" },
      { key: "amount", label: "Amount", kind: "amount" },
      { key: "previous", label: "Previous year", kind: "amount" },
    ],
    rows: [
      { kind: "heading", head: null, line: "INCOME", amount: null, previous: null },
      { kind: "line", level: 1, head: "110", line: "Tax, revenue", amount: "-0.05", previous: "1.00" },
      { kind: "total", head: null, line: "Total", amount: "-0.05", previous: "1.00" },
    ],
    notes: ["Exact."],
  });
  expect(JSON.parse(await whole(tableJson({ ...table, rows: [] }, { ulb: "k", report: "r" })))).toMatchObject({
    rows: [],
  });
});
