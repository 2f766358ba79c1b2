import { expect, test } from "vitest";
import { rupees } from "../../ledger/kernel/money.ts";
import { previewTable, profileOf } from "./preview.ts";
import { parseStatementFile } from "./read.ts";
import { accepted, bytesOf, refusals, shown, xlsOf, xlsxOf, zipOf, type Cell } from "./testing.ts";

const HEAD = ["Txn Date", "Value Date", "Description", "Ref No./Cheque No.", "Debit", "Credit", "Balance"];
const SHEET: readonly (readonly Cell[])[] = [
  ["Account Number", "00000000004321"],
  ["Balance as on 1 Apr 2026", 1000],
  [],
  HEAD,
  [{ serial: 46114 }, { serial: 46114 }, "NEFT TESTN26092000111 A & B", "TESTN26092000111", undefined, 250.5, 1250.5],
  [{ serial: 46115.75 }, { serial: 46115 }, "CLG ₹ 321", 321, { formula: 100.1 }, undefined, 1150.3999999999999],
  [
    { serial: 46116 },
    { serial: 46116 },
    { formula: "RTGS TESTR52026040300000011" },
    "",
    undefined,
    30854545.07,
    30855695.47,
  ],
];
const TRUTH = [
  "sbi@1 oldest-first 2026-04-02..2026-04-04 1000.00 -> 30855695.47",
  "2026-04-02 2026-04-02 250.50 1250.50 [TESTN26092000111] NEFT TESTN26092000111 A & B",
  "2026-04-03 2026-04-03 -100.10 1150.40 [321] CLG ₹ 321",
  "2026-04-04 2026-04-04 30854545.07 30855695.47 [] RTGS TESTR52026040300000011",
];

test(".xlsx: typed days, binary fractions and stored results of formulas", async () => {
  expect(shown(await accepted(await xlsxOf(SHEET)))).toEqual(TRUTH);
});

test("true .xls: shared strings, RK and double numbers, typed days, stored results of formulas", async () => {
  expect(shown(await accepted(xlsOf(SHEET)))).toEqual(TRUTH);
});

test("true .xls: strings that go on in the next record, in the middle of a letter's width", async () => {
  for (const cutAt of [24, 25, 31, 64]) expect(shown(await accepted(xlsOf(SHEET, { cutAt })))).toEqual(TRUTH);
});

test("an HTML table and an XML spreadsheet named .xls", async () => {
  const text = (c: Cell): string =>
    typeof c === "object" && "serial" in c
      ? ["02", "03", "04"][Math.floor(c.serial) - 46114] + "/04/2026"
      : typeof c === "object"
        ? String(c.formula)
        : String(c ?? "");
  const fixed = (c: Cell): string => text(c === 1150.3999999999999 ? 1150.4 : c).replaceAll("&", "&amp;");
  const html = `<html><head><style>td{color:red}</style><script>if (a < b) x("<td>")</script></head><body><table><tr><td colspan=2>${SHEET.map((r) => `<tr>${r.map((c) => `<td nowrap>${fixed(c)}</td>`).join("\n")}</tr>`).join("\n")}</table></body></html>`;
  expect(shown(await accepted(html))).toEqual(TRUTH);
  const xml = `<?xml version="1.0"?><Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>${SHEET.map((r) => `<Row>${r.map((c, i) => (fixed(c) === "" ? "" : `<Cell ss:Index="${i + 1}"><Data ss:Type="String">${fixed(c)}</Data></Cell>`)).join("")}</Row>`).join("")}</Table></Worksheet></Workbook>`;
  expect(
    shown(await accepted(xml.replace("Balance</Data></Cell></Row><Row>", "Balance</Data></Cell></Row>\n<Row>"))),
  ).toEqual(TRUTH);
});

test("a workbook that is damaged, protected, too large or of another kind is refused with the reason", async () => {
  const xlsx = await xlsxOf(SHEET);
  const xls = xlsOf(SHEET);
  expect((await refusals(xlsx.subarray(0, 900))).join()).toContain("archive is damaged: it was cut off");
  expect((await refusals(await zipOf({ "a.txt": "hello" }))).join()).toContain("not an .xlsx workbook");
  expect(
    (await refusals(overlapping(await zipOf({ "xl/workbook.xml": Buffer.alloc(32 * 1024 * 1024) }), 9))).join(),
  ).toContain("the workbook unpacks to more than 268435456 bytes");
  expect((await refusals(xls.subarray(0, 1600))).join()).toContain("STATEMENT_TRUNCATED");
  expect((await refusals(xlsOf(SHEET, { isEncrypted: true }))).join()).toContain("protected by a password");
  expect((await refusals(bytesOf("%PDF-1.7 …"))).join()).toContain("this is a PDF");
  expect(
    (await refusals(await xlsxOf(SHEET.with(4, [...(SHEET[4] ?? []).slice(0, 5), 250.505, 1250.5])))).join(),
  ).toContain("3 decimals");
});

/** An archive whose directory names its one part many times, so that a few bytes unpack to a lot. */
function overlapping(zip: Buffer, times: number): Buffer {
  const end = zip.length - 22;
  const start = zip.readUInt32LE(end + 16);
  const tail = Buffer.from(zip.subarray(end));
  tail.writeUInt16LE(times, 8);
  tail.writeUInt16LE(times, 10);
  return Buffer.concat([
    zip.subarray(0, start),
    ...Array.from({ length: times }, () => zip.subarray(start, end)),
    tail,
  ]);
}

// ------------------------------------------------------------------------------------------------ layouts of banks

const CHAIN = ["1250.50", "1150.50", "1151.50"];
test.each([
  [
    "Axis",
    [
      "Tran Date,CHQNO,PARTICULARS,DR,CR,BAL,SOL",
      "02-04-2026, ,NEFT, ,250.50,1250.50,1",
      "03-04-2026,000321,CLG,100.00, ,1150.50,1",
      "04-04-2026, ,X, ,1.00,1151.50,1",
      "",
      "Unless the constituent notifies the bank",
    ],
  ],
  [
    "Bank of Baroda",
    [
      "Serial No,Transaction Date,Value Date,Description,Cheque No,Debit,Credit,Balance",
      '1,01-04-2026,01-04-2026,Opening Balance,-,-,-,"1,000.00Cr"',
      '2,02-04-2026,02-04-2026,NEFT,-,-,250.50,"1,250.50Cr"',
      '3,03-04-2026,03-04-2026,CLG,321,100.00,-,"1,150.50Cr"',
      '4,04-04-2026,04-04-2026,X,-,-,1.00,"1,151.50Cr"',
      '5,04-04-2026,04-04-2026,Closing Balance,-,-,-,"1,151.50Cr"',
    ],
  ],
  [
    "Kotak",
    [
      "Sl. No.,Date,Description,Chq / Ref number,Amount,Dr / Cr,Balance,Dr / Cr",
      "1,02-04-2026,NEFT,,250.50,CR,1250.50,CR",
      "2,03-04-2026,CLG,321,100.00,DR,1150.50,CR",
      "3,04-04-2026,X,,1.00,CR,1151.50,CR",
      "",
      ",Opening balance,,,1000.00",
      ",Closing balance,,,1151.50",
    ],
  ],
  [
    "ICICI corporate",
    [
      "No.,Transaction ID,Value Date,Txn Posted Date,ChequeNo.,Description,Cr/Dr,Transaction Amount(INR),Available Balance(INR)",
      "1,S1,02/04/2026,02/04/2026 10:01:02 AM,-,NEFT,CR,250.50,1250.50",
      "2,S2,03/04/2026,03/04/2026 01:02:03 PM,321,CLG,DR,100.00,1150.50",
      "3,S3,04/04/2026,04/04/2026 01:02:03 PM,-,X,CR,1.00,1151.50",
    ],
  ],
  [
    "Union",
    [
      "Date,Transaction Id,Remarks,Amount(Rs.),Balance(Rs.)",
      "02/04/2026,T1,NEFT,250.50 (Cr),1250.50 (Cr)",
      "03/04/2026,T2,CLG,100.00 (Dr),1150.50 (Cr)",
      "04/04/2026,T3,X,1.00 (Cr),1151.50 (Cr)",
    ],
  ],
  [
    "an unknown bank, by its usual titles",
    [
      "Post Date;Particulars;Instrument No;Withdrawals (Rs.);Deposits (Rs.);Running Balance (Rs.)",
      "02-Apr-26;NEFT;;;250.50;1,250.50",
      "03-Apr-26;CLG;321;100.00;;1,150.50",
      "04-Apr-26;X;;;1.00;1,151.50",
      "Grand Total;;;100.00;251.50;",
    ],
  ],
  [
    "signed amounts, brackets for debits",
    [
      "Date|Details|Amount|Balance",
      "02/04/2026|NEFT|250.50|1250.50",
      "03/04/2026|CLG|(100.00)|1150.50",
      "04/04/2026|X|+1.00|1151.50",
    ],
  ],
  [
    "titles of debit and credit over each other's columns",
    [
      "Transaction Date,Cheque Number,Deposit,Withdrawal,Balance,Narration",
      "04/04/2026,,,1.00,1151.50 Cr.,X",
      "03/04/2026,321,100.00,,1150.50 Cr.,CLG",
      "02/04/2026,,,250.50,1250.50 Cr.,NEFT",
    ],
  ],
  [
    "debits with a minus of their own",
    [
      "Date,Narration,Debit,Credit,Balance",
      "02/04/2026,NEFT,,250.50,1250.50",
      "03/04/2026,CLG,-100.00,,1150.50",
      "04/04/2026,X,,1.00,1151.50",
    ],
  ],
  [
    "pages with repeated headers and narrations over several rows",
    [
      "Date,Narration,Debit,Credit,Balance",
      "02/04/2026,NEFT,,250.50,1250.50",
      ",FROM A RATEPAYER,,,",
      "Date,Narration,Debit,Credit,Balance",
      "03/04/2026,CLG,100.00,,1150.50",
      "04/04/2026,X,,1.00,1151.50",
      "",
      "Page total,,100.00,251.50,",
    ],
  ],
])("%s", async (_, rows) => {
  const s = await accepted(rows);
  expect(s.lines.map((l) => l.balance)).toEqual(CHAIN.map(rupees));
  expect(s.lines.map((l) => l.amount)).toEqual(["250.50", "-100.00", "1.00"].map(rupees));
  expect(s.lines.map((l) => l.date)).toEqual(["2026-04-02", "2026-04-03", "2026-04-04"]);
});

test("a bank that writes the value date with a month in letters, the day of the entry with the time", async () => {
  const s = await accepted([
    "Transaction Date,Value Date,Branch,Cheque No.,Description,Debit,Credit,Balance",
    "02-04-2026 10:00:00,03-Apr-2026,1,,A,,10.00,110.00",
    "03-04-26,03-Apr-26,1,,B,5.00,,105.00",
  ]);
  expect(s.lines.map((l) => [l.date, l.valueDate])).toEqual([
    ["2026-04-02", "2026-04-03"],
    ["2026-04-03", "2026-04-03"],
  ]);
});

test("an overdrawn account goes below nothing by its mark", async () => {
  const s = await accepted([
    "Date,Narration,Debit,Credit,Balance",
    "02/04/2026,A,500.00,,400.00 Dr",
    "03/04/2026,B,,600.00,200.00 Cr",
  ]);
  expect([s.opening, s.closing]).toEqual([rupees("100.00"), rupees("200.00")]);
});

test("a table without a balance enters only against the closing balance of the bank's page", async () => {
  const rows = ["Date,Narration,Ref No,Debit,Credit", "02/04/2026,NEFT,N1,,250.50", "03/04/2026,CLG,321,100.00,"];
  expect((await refusals(rows)).join()).toContain("no opening balance");
  expect((await accepted(rows, { expected: { closing: rupees("1150.50") } })).opening).toBe(rupees("1000.00"));
});

test("a person may say what the columns are; the preview shows the header and what is guessed", async () => {
  const file = bytesOf([
    "Town bank",
    "Dag,Tekst,Ut,In,Saldo",
    "02/04/2026,NEFT,,250.50,1250.50",
    "03/04/2026,CLG,100.00,,1150.50",
  ]);
  const preview = await previewTable(
    bytesOf(["Town bank", "Date,Narration,Debit,Credit,Balance", "02/04/2026,X,,1,1"]),
  );
  expect([preview?.headerRow, preview?.roles]).toEqual([1, ["date", "narration", "debit", "credit", "balance"]]);
  const mapping = {
    id: "town-bank",
    version: 3,
    dates: ["dd/mm/yyyy"] as const,
    bank: "Town bank",
    titles: ["Dag", "Tekst", "Ut", "In", "Saldo"],
    roles: ["date", "narration", "debit", "credit", "balance"] as const,
  };
  const profile = profileOf(mapping);
  if (!profile) throw new Error("the columns make a statement");
  const result = await parseStatementFile(file, { profiles: [profile], profile: profile.id });
  expect(result.ok && shown(result.statement)[0]).toBe(
    "town-bank@3 oldest-first 2026-04-02..2026-04-03 1000.00 -> 1150.50",
  );
  expect(profileOf({ ...mapping, roles: ["date", "narration"] })).toBeUndefined();
  expect((await refusals(file)).join()).toContain("STATEMENT_FORMAT");
});
