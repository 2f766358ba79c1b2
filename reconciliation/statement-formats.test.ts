import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { rupees, toRupees } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { xlsOf, xlsxOf } from "./parsers/testing.ts";
import { bankLines, importStatement, listStatements, type StatementImport } from "./statements.ts";
import { BANK, bankUlb, type BankUlb } from "./testing.ts";
import { bankSelfTie } from "./ties.ts";

const app = await testApp();

const MT940 = [
  ":20:APRIL",
  ":25:TESTBANK/00000000012345678",
  ":28C:1/1",
  ":60F:C260331INR1000,00",
  ":61:2604020402CR250,50NTRFNONREF//TESTN26092000111",
  ":86:NEFT-TESTN26092000111-A RATEPAYER",
  ":61:2604030403CR10,00NTRFNONREF",
  ":86:CASH",
  ":61:2604030403CR10,00NTRFNONREF",
  ":86:CASH",
  ":62F:C260430INR1270,50",
].join("\n");
const CAMT =
  `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>00000000012345678</Id></Othr></Id></Acct>` +
  `<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="INR">1270.50</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>` +
  `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="INR">1170.50</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>` +
  `<Ntry><Amt Ccy="INR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-05-02</Dt></BookgDt><AcctSvcrRef>000321</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>`;
const HEAD = ["Txn Date", "Value Date", "Description", "Ref No./Cheque No.", "Debit", "Credit", "Balance"];
const OFX =
  "<OFX><STMTRS><CURDEF>INR<BANKACCTFROM><ACCTID>00000000012345678</BANKACCTFROM><BANKTRANLIST>" +
  "<STMTTRN><DTPOSTED>20260801<TRNAMT>5.00<FITID>1<NAME>INT</STMTTRN></BANKTRANLIST></STMTRS></OFX>";

const take = (town: BankUlb, csv: string | Uint8Array, more: Partial<StatementImport> = {}) =>
  town.tx("accountant", (tx) => importStatement(tx, { account: BANK, csv, fileName: "statement.pdf", ...more }));
const balances = async (town: BankUlb): Promise<string[]> =>
  (
    await inSnapshot(app, town.as("auditor"), (read) =>
      bankLines(read, { account: BANK, from: localDate("2026-01-01"), to: localDate("2026-12-31") }),
    )
  ).map((l) => `${l.date} ${toRupees(l.amount)} ${toRupees(l.balance)}`);

test("files of five formats continue one account, whatever they are called; each a second time adds nothing", async () => {
  const town = await bankUlb(app);
  const xlsx = await xlsxOf([HEAD, [{ serial: 46174 }, { serial: 46174 }, "X", "", undefined, 1.1, 1171.6]]);
  const xls = xlsOf([HEAD, [{ serial: 46204 }, { serial: 46204 }, "Y", "", 0.6, undefined, 1171]]);
  const typed = { expected: { closing: rupees("1176.00") } };
  const files: readonly (readonly [string | Uint8Array, Partial<StatementImport>])[] = [
    [MT940, {}],
    [CAMT, {}],
    [xlsx, {}],
    [xls, {}],
    [OFX, typed],
  ];
  for (const [file, more] of files) expect(await take(town, file, more)).toMatchObject({ status: "imported" });
  for (const [file, more] of files)
    expect(await take(town, file, more)).toMatchObject({ status: "unchanged", linesAdded: 0 });
  expect(await balances(town)).toEqual([
    "2026-04-02 250.50 1250.50",
    "2026-04-03 10.00 1260.50",
    "2026-04-03 10.00 1270.50",
    "2026-05-02 -100.00 1170.50",
    "2026-06-01 1.10 1171.60",
    "2026-07-01 -0.60 1171.00",
    "2026-08-01 5.00 1176.00",
  ]);
  expect(await inSnapshot(app, town.as("auditor"), bankSelfTie)).toEqual([]);
});

test("a statement that does not prove, is of another account or is no statement: nothing is written", async () => {
  const town = await bankUlb(app);
  const refused: readonly (readonly [string | Uint8Array, string])[] = [
    [MT940.replace("250,50", "250,00"), "STATEMENT_TOTAL"],
    [MT940.replace("12345678", "12340000"), "STATEMENT_ACCOUNT"],
    [MT940.replaceAll("INR", "USD"), "STATEMENT_CURRENCY"],
    [OFX, "STATEMENT_UNPROVED"],
    [CAMT.slice(0, -40), "STATEMENT_FORMAT"],
    ['{"entity":"collection","count":0,"items":[]}', "STATEMENT_FORMAT"],
    [Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), "STATEMENT_TRUNCATED"],
  ];
  for (const [file, code] of refused) {
    const report = await take(town, file);
    expect([report.status, report.problems.map((p) => p.code)]).toEqual(["refused", [code]]);
  }
  expect(await balances(town)).toEqual([]);
  expect(await inSnapshot(app, town.as("auditor"), (read) => listStatements(read, BANK))).toEqual([]);
});

test("a month that is missing between two files of the bank is refused with the difference", async () => {
  const town = await bankUlb(app);
  await take(town, MT940);
  const report = await take(town, CAMT.replace("1270.50", "1300.00").replace("1170.50", "1200.00"));
  expect(report.problems.map((p) => p.message)).toEqual([
    "the file opens at 1,300.00, but what is known of the account ends on 03/04/2026 with 1,270.50: difference 29.50; a statement between them is missing",
  ]);
});

const withBalance = (ofx: string, closing: string): string =>
  ofx.replace("</BANKTRANLIST>", `</BANKTRANLIST><LEDGERBAL><BALAMT>${closing}<DTASOF>20260831</LEDGERBAL>`);

test("a file that states only its closing balance enters against the opening balance that a person knows, and is refused with the figures when they do not meet", async () => {
  const town = await bankUlb(app);
  const file = withBalance(OFX, "1176.00");
  expect((await take(town, file)).problems).toEqual([
    {
      code: "STATEMENT_UNPROVED",
      message:
        "the file states no opening balance (its own last balance is 1176.00, its lines sum to 5.00), so nothing shows that no line is missing; give the opening balance of the bank's page",
      line: 1,
    },
  ]);
  expect((await take(town, file, { expected: { opening: rupees("1170.00") } })).problems.map((p) => p.message)).toEqual(
    ["opening 1170.00 + movements 5.00 = 1175.00, but the statement closes at 1176.00: difference 1.00"],
  );
  expect(await balances(town)).toEqual([]);
  expect(await take(town, file, { expected: { opening: rupees("1171.00") } })).toMatchObject({
    status: "imported",
    opening: rupees("1171.00"),
    closing: rupees("1176.00"),
  });
});

test("a file that states only its closing balance continues the statement before by itself; where a line is missing, the difference is told", async () => {
  const town = await bankUlb(app);
  await take(town, MT940);
  const missing = await take(town, withBalance(OFX, "1285.50"));
  expect(missing.problems.map((p) => [p.code, p.message])).toEqual([
    [
      "STATEMENT_GAP",
      "the file opens at 1,280.50, but what is known of the account ends on 03/04/2026 with 1,270.50: difference 10.00; a statement between them is missing",
    ],
  ]);
  const file = withBalance(OFX, "1275.50");
  expect(await take(town, file)).toMatchObject({ status: "imported", opening: rupees("1270.50"), linesAdded: 1 });
  expect(await take(town, file)).toMatchObject({ status: "unchanged" });
  // A longer file of the same days adds what is new.
  const longer = file
    .replace("</BANKTRANLIST>", "<STMTTRN><DTPOSTED>20260802<TRNAMT>-1.00<FITID>2<NAME>FEE</STMTTRN></BANKTRANLIST>")
    .replace("1275.50", "1274.50");
  expect(await take(town, longer)).toMatchObject({ status: "imported", linesAdded: 1 });
  // What comes before all that is known is proved by nothing: its closing balance meets, but lines of it may be missing.
  const earlier = withBalance(OFX.replace("20260801", "20260301"), "1000.00").replace("20260831", "20260331");
  expect((await take(town, earlier)).problems.map((p) => p.code)).toEqual(["STATEMENT_UNPROVED"]);
  expect(await take(town, earlier, { expected: { opening: rupees("995.00") } })).toMatchObject({ linesAdded: 1 });
  expect(await inSnapshot(app, town.as("auditor"), bankSelfTie)).toEqual([]);
});

test("a table without balances needs the closing balance of the bank's page, whatever is known before it; with both, they must meet", async () => {
  const town = await bankUlb(app);
  const csv = "Date,Narration,Debit,Credit\n01/08/2026,CASH,,5.00\n02/08/2026,FEE,1.00,\n";
  expect((await take(town, csv, { expected: { opening: rupees("100.00") } })).problems.map((p) => p.message)).toEqual([
    "the file states no closing balance, so nothing shows that no line is missing: opening 100.00 + movements 4.00 = 104.00; give the closing balance of the bank's page, which must be that",
  ]);
  const both = (opening: string) =>
    take(town, csv, { expected: { opening: rupees(opening), closing: rupees("104.00") } });
  expect((await both("99.00")).problems.map((p) => p.message)).toEqual([
    "the opening balance is stated as 99.00, the lines give 100.00: difference 1.00",
  ]);
  expect(await both("100.00")).toMatchObject({ status: "imported", opening: rupees("100.00") });
  const next = csv.replaceAll("/08/", "/09/");
  expect((await take(town, next)).problems.map((p) => p.code)).toEqual(["STATEMENT_UNPROVED"]);
  expect((await take(town, next, { expected: { closing: rupees("109.00") } })).problems.map((p) => p.message)).toEqual([
    "the file opens at 105.00, but what is known of the account ends on 02/08/2026 with 104.00: difference 1.00; a statement between them is missing",
  ]);
  expect(await take(town, next, { expected: { closing: rupees("108.00") } })).toMatchObject({ linesAdded: 2 });
});
