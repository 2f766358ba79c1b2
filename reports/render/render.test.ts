import { expect, test } from "vitest";
import { paise } from "../../ledger/kernel/money.ts";
import { chartSvg } from "../charts.ts";
import { toCsv, type CsvRow } from "./csv.ts";
import { toJson, toJsonRows } from "./json.ts";

async function whole(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += chunk;
  return text;
}

test("CSV has a header, exact amounts, quotes where needed, and empty cells for nothing", async () => {
  const rows: CsvRow[] = [
    { code: "4311001", name: 'Taxes, "private"', amount: paise(-123_450n) },
    { code: "4311002", name: null, amount: paise(9_223_372_036_854_775_807n), more: "left out" },
  ];
  expect(await whole(toCsv(["code", "name", "amount"], rows))).toBe(
    'code,name,amount\n4311001,"Taxes, ""private""",-1234.50\n4311002,,92233720368547758.07\n',
  );
});

test("a CSV without rows is its header; a byte order mark comes only when asked for", async () => {
  expect(await whole(toCsv(["code", "name"], []))).toBe("code,name\n");
  expect(await whole(toCsv(["code"], [], { bom: true }))).toBe("\ufeffcode\n");
});

test.each(["=1+1", "+91", "-x", "@sum", "\tx"])("text that a spreadsheet would run is disarmed: %j", async (name) => {
  expect(await whole(toCsv(["name"], [{ name }]))).toBe(`name\n'${name}\n`);
  expect(await whole(toCsv(["name"], [{ name }], { escapeFormulas: false }))).toBe(`name\n${name}\n`);
});

test("an error of the rows reaches the reader of the CSV", async () => {
  async function* rows(): AsyncGenerator<CsvRow> {
    yield { a: "1" };
    await Promise.resolve();
    throw new Error("the query failed");
  }
  await expect(whole(toCsv(["a"], rows()))).rejects.toThrow("the query failed");
});

test("100,000 rows stream through in bounded pieces, none lost", async () => {
  function* rows(): Generator<CsvRow> {
    for (let i = 0; i < 100_000; i += 1) yield { n: i, name: "प्राप्ति" };
  }
  let lines = 0;
  for await (const chunk of toCsv(["n", "name"], rows())) {
    expect(chunk.length).toBeLessThan(1_000_000);
    lines += chunk.split("\n").length - 1;
  }
  expect(lines).toBe(100_001);
});

test("JSON keeps amounts exact, as strings in rupees", async () => {
  expect(JSON.parse(toJson({ amount: paise(9_007_199_254_740_993n) }))).toEqual({ amount: "90071992547409.93" });
  expect(await whole(toJsonRows([{ a: paise(5n) }, { a: null }]))).toBe('[\n{"a":"0.05"},\n{"a":null}\n]\n');
  expect(JSON.parse(await whole(toJsonRows([])))).toEqual([]);
});

test("a chart is an SVG that says its figures to a screen reader, exact, with blanks as blanks", () => {
  const svg = chartSvg({
    description: "Collection by day.",
    categories: ["01/07", "02/07", "अप्रैल"],
    unit: "lac",
    series: [
      { name: 'This "year"', kind: "bar", values: [paise(123_456_789n), null, paise(10n)] },
      { name: "Last year", kind: "line", values: [paise(1n), paise(0n), paise(2n)] },
    ],
  });
  expect(svg).toMatch(
    /^<svg role="img" aria-label="Collection by day\. This &quot;year&quot;: 01\/07: 12\.35; 02\/07: no figure;/,
  );
  expect(svg).toContain("अप्रैल");
  expect(svg.match(/<svg /g)).toHaveLength(1);
  expect(svg).not.toMatch(/NaN|undefined/);
});

test("a chart without figures is drawn, not a crash", () => {
  expect(chartSvg({ description: "Nothing yet.", categories: [], unit: "unit", series: [] })).toContain("Nothing yet.");
});
