import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStatementFile, readStatementFile } from "./read.ts";
import { paise } from "../../ledger/kernel/money.ts";
import type { ParseResult } from "./prove.ts";
import { bytesOf, xlsOf, xlsxOf } from "./testing.ts";

// Small files of every format, all with the same three movements, whose bytes are changed at random places.
const ROWS: readonly (readonly (string | number | undefined)[])[] = [
  ["Txn Date", "Description", "Debit", "Credit", "Balance"],
  ["02/04/2026", "NEFT TESTN26092000111", undefined, 250.5, 1250.5],
  ["03/04/2026", "CLG 321", 100, undefined, 1150.5],
  ["04/04/2026", "CASH", undefined, 1, 1151.5],
];
const ntry = (amount: string, mark: string): string =>
  `<Ntry><Amt Ccy="INR">${amount}</Amt><CdtDbtInd>${mark}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-04-02</Dt></BookgDt></Ntry>`;
const bal = (kind: string, amount: string): string =>
  `<Bal><Tp><CdOrPrtry><Cd>${kind}</Cd></CdOrPrtry></Tp><Amt Ccy="INR">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`;
const FILES: Readonly<Record<string, () => Promise<Buffer> | Buffer>> = {
  mt940: () =>
    bytesOf([
      ":20:S",
      ":25:4321",
      ":28C:1",
      ":60F:C260331INR1000,",
      ":61:260402CR250,5NTRFX",
      ":86:NEFT",
      ":61:260403DR100,NCHK321",
      ":61:260404CR1,NTRFY",
      ":62F:C260404INR1151,5",
      "-",
    ]),
  camt: () =>
    bytesOf(
      `<Document><BkToCstmrStmt><Stmt>${bal("OPBD", "1000.00")}${bal("CLBD", "1151.50")}${ntry("250.50", "CRDT")}${ntry("100", "DBIT")}${ntry("1", "CRDT")}</Stmt></BkToCstmrStmt></Document>`,
    ),
  bai2: () =>
    bytesOf([
      "01,A,B,260404,0001,1,,,2/",
      "02,B,A,1,260404,,INR,2/",
      "03,4321,INR,010,100000,,,015,115150,,/",
      "16,195,25050,0,N1,,NEFT/",
      "16,475,10000,0,,321,CLG/",
      "16,195,100,0,,,CASH/",
      "49,250300,5/",
      "98,250300,1,7/",
      "99,250300,1,9/",
    ]),
  csv: () => bytesOf(ROWS.map((r) => r.map((c) => String(c ?? "")).join(","))),
  html: () =>
    bytesOf(
      `<table>${ROWS.map((r) => `<tr>${r.map((c) => `<td>${String(c ?? "")}</td>`).join("")}</tr>`).join("")}</table>`,
    ),
  xls: () => xlsOf(ROWS),
  xlsx: () => xlsxOf(ROWS),
};

/** Opening and lines give the closing balance, each balance follows from the one before, every line moves money. */
function holdsTogether(result: ParseResult): boolean {
  if (!result.ok) return result.problems.length > 0 && result.problems.every((p) => p.message !== "");
  const { opening, closing, lines } = result.statement;
  let balance: bigint = opening;
  for (const line of lines) {
    balance += line.amount;
    if (line.balance !== balance || line.amount === 0n) return false;
  }
  return lines.length > 0 && balance === closing;
}

const change = fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.constantFrom("set", "cut", "drop", "double") });
type Change = { readonly at: number; readonly byte: number; readonly kind: "set" | "cut" | "drop" | "double" };

function changed(bytes: Buffer, changes: readonly Change[]): Buffer {
  let now = Buffer.from(bytes);
  for (const { at, byte, kind } of changes) {
    const i = now.length === 0 ? 0 : at % now.length;
    if (kind === "set" && now.length > 0) now[i] = byte;
    if (kind === "cut") now = now.subarray(0, Math.max(1, i));
    if (kind === "drop") now = Buffer.concat([now.subarray(0, i), now.subarray(i + 1 + (byte % 40))]);
    if (kind === "double")
      now = Buffer.concat([now.subarray(0, i), now.subarray(Math.max(0, i - (byte % 40)), i), now.subarray(i)]);
  }
  return now;
}

test.each(Object.keys(FILES))(
  "%s: a damaged file is refused with a reason or proves itself; it never throws",
  async (format) => {
    const file = await FILES[format]?.();
    if (!file) throw new Error(format);
    // Undamaged it is accepted, so the damage is what is tried.
    expect((await parseStatementFile(file)).ok).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) =>
        holdsTogether(await parseStatementFile(changed(file, changes))),
      ),
      { numRuns: 150, seed: 2604, endOnFailure: true },
    );
  },
);

test("every change of one digit of an amount or a balance is refused", async () => {
  for (const format of ["mt940", "camt", "bai2", "csv", "html"] as const) {
    const text = String(await FILES[format]?.());
    // The figures of lines and balances; what a digit of a day or a reference means no balance can tell.
    for (const figure of ["250.5", "250,5", "25050", "1151.5", "1151,5", "115150", "1250.5"]) {
      const at = text.indexOf(figure);
      if (at < 0) continue;
      for (let i = at; i < at + figure.length; i++) {
        const digit = text[i] ?? "";
        if (!/\d/.test(digit)) continue;
        const other = text.slice(0, i) + String((Number(digit) + 3) % 10) + text.slice(i + 1);
        const expected = { closing: paise(115_150n), opening: paise(100_000n) };
        expect([format, figure, i - at, (await parseStatementFile(bytesOf(other), { expected })).ok]).toEqual([
          format,
          figure,
          i - at,
          false,
        ]);
      }
    }
  }
});

test("no bytes make the readers throw, whatever format they begin like", async () => {
  const start = fc.constantFrom(
    [],
    [0x50, 0x4b, 3, 4],
    [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
    [0x09, 0x08, 0x10, 0, 0, 6, 5, 0],
    [0xff, 0xfe],
    ...[
      ":20:",
      "01,A,B/\n03,1,",
      "<OFX><STMTRS><STMTTRN>",
      "<Document><BkToCstmrStmt>",
      "<table><tr><td>",
      '{"items":[',
      "Date,Narration,Debit,Credit,Balance\n",
    ].map((s) => [...Buffer.from(s)]),
  );
  await fc.assert(
    fc.asyncProperty(start, fc.uint8Array({ maxLength: 600 }), async (head, tail) => {
      const reading = await readStatementFile(Buffer.concat([Buffer.from(head), tail]));
      return reading.ok || reading.problems.length > 0;
    }),
    { numRuns: 600, seed: 2604 },
  );
});

test("long files of nothing but marks are answered at once", async () => {
  const hostile = [
    "<",
    "<OFX>" + "<A>",
    ":61:",
    "(",
    ",",
    '"',
    "88,",
    "&#x",
    "<td ",
    "<!--",
    "?20",
    "1,1,",
    "Amount,",
    "{4:",
    "]]>",
  ];
  for (const piece of hostile) {
    const reading = await readStatementFile(bytesOf(piece.repeat(Math.floor(200_000 / piece.length))));
    expect(reading.ok ? reading.statements.length : reading.problems.length).toBeGreaterThan(0);
  }
}, 20_000);
