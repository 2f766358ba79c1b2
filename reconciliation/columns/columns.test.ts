import fc from "fast-check";
import { expect, test } from "vitest";
import { rupees, toRupees } from "../../ledger/kernel/money.ts";
import { inSnapshot } from "../../ledger/kernel/tx.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { testApp } from "../../ledger/testing.ts";
import { listBankAccounts } from "../bank-accounts.ts";
import { columnLabels, normalise } from "../parsers/cells.ts";
import { bankLines, importStatement } from "../statements.ts";
import { previewTable } from "../parsers/preview.ts";
import { xlsxOf } from "../parsers/testing.ts";
import { BANK, bankUlb, type BankUlb } from "../testing.ts";
import {
  guessChoice,
  holdFile,
  importByColumns,
  listOwnProfiles,
  tryColumns,
  type ColumnChoice,
  type ColumnsInput,
  type ColumnsReport,
} from "./index.ts";

const app = await testApp();

/** A bank that no profile knows: Swedish titles, two amount columns, a balance, and one column nobody needs. */
const HEAD = "Dag,Tekst,Gren,Ut,In,Saldo";
const APRIL = [
  "Town Co-operative Bank,,,,,",
  HEAD,
  "02/04/2026,NEFT CR TESTN26092000111,Main,,250.50,1250.50",
  "03/04/2026,CLG 000321,Main,100.00,,1150.50",
  "04/04/2026,BY CASH,Main,,49.50,1200.00",
];
const CHOICE: ColumnChoice = {
  headerLine: 2,
  columns: { date: 0, narration: 1, debit: 3, credit: 4, balance: 5 },
  dates: "dd/mm/yyyy",
};
const bytes = (rows: readonly string[]): Buffer => Buffer.from(rows.join("\n"));
const hold = async (town: BankUlb, content: Uint8Array, fileName = "april.csv"): Promise<string> =>
  (await town.tx("accountant", (tx) => holdFile(tx, { account: BANK, fileName, bytes: content }))).id;
const attempt = (town: BankUlb, uploadId: string, more: Partial<ColumnsInput> = {}) =>
  inSnapshot(app, town.as("accountant"), (read) =>
    tryColumns(read, { uploadId, choice: CHOICE, bank: "Town Co-operative Bank", ...more }),
  );
const importIt = (town: BankUlb, uploadId: string, more: Partial<ColumnsInput> = {}): Promise<ColumnsReport> =>
  town.tx("accountant", (tx) =>
    importByColumns(tx, { uploadId, choice: CHOICE, bank: "Town Co-operative Bank", ...more }),
  );
const stored = (town: BankUlb) =>
  inSnapshot(app, town.as("auditor"), async (read) =>
    (await bankLines(read, { account: BANK, from: localDate("2026-01-01"), to: localDate("2026-12-31") })).map(
      (l) => `${l.date} ${toRupees(l.amount)} ${toRupees(l.balance)} ${l.narration}`,
    ),
  );
const profiles = (town: BankUlb) =>
  inSnapshot(app, town.as("auditor"), async (read) =>
    (await listOwnProfiles(read)).map((p) => `${p.id}@${p.version} ${p.dates.join()} by ${p.createdBy}`),
  );
const upload = (town: BankUlb, rows: readonly string[], fileName = "next.csv") =>
  town.tx("accountant", (tx) => importStatement(tx, { account: BANK, csv: bytes(rows), fileName }));

test("a person names the columns: the preview shows the lines and the proof and writes nothing; importing saves the profile, and later files need no naming", async () => {
  const town = await bankUlb(app);
  expect(await upload(town, APRIL)).toMatchObject({ status: "refused", problems: [{ code: "STATEMENT_FORMAT" }] });
  const id = await hold(town, bytes(APRIL));
  const trial = await attempt(town, id);
  expect(trial).toMatchObject({
    profile: "town-co-operative-bank@1",
    problems: [],
    proof: {
      opening: rupees("1000.00"),
      debits: rupees("100.00"),
      credits: rupees("300.00"),
      closing: rupees("1200.00"),
      lines: 3,
      newLines: 3,
    },
  });
  expect(trial.lines.map((l) => l.narration)).toEqual(["NEFT CR TESTN26092000111", "CLG 000321", "BY CASH"]);
  expect([await stored(town), await profiles(town)]).toEqual([[], []]);

  expect(await importIt(town, id)).toMatchObject({
    status: "imported",
    linesAdded: 3,
    savedProfile: "town-co-operative-bank@1",
    profile: "town-co-operative-bank@1",
  });
  expect(await stored(town)).toEqual([
    "2026-04-02 250.50 1250.50 NEFT CR TESTN26092000111",
    "2026-04-03 -100.00 1150.50 CLG 000321",
    "2026-04-04 49.50 1200.00 BY CASH",
  ]);
  expect(await profiles(town)).toEqual([`town-co-operative-bank@1 dd/mm/yyyy by ${town.as("accountant").actor.id}`]);
  const [account] = await inSnapshot(app, town.as("auditor"), listBankAccounts);
  expect(account?.profile).toBe("town-co-operative-bank");
  // The file is not held any longer, and the next month of the bank is read without asking.
  await expect(attempt(town, id)).rejects.toMatchObject({ code: "UPLOAD_UNKNOWN" });
  expect(await upload(town, [HEAD, "05/05/2026,BY CASH,Main,,10.00,1210.00"])).toMatchObject({
    status: "imported",
    profile: "town-co-operative-bank@1",
  });
  // An account that has a profile of its own still takes what another profile reads.
  expect(
    await upload(town, [
      "date,value_date,narration,reference,debit,credit,balance",
      "2026-05-06,2026-05-06,X,,,1.00,1211.00",
    ]),
  ).toMatchObject({ status: "imported", profile: "generic@1" });
  expect(await upload(town, APRIL)).toMatchObject({ status: "unchanged" });
});

test("titles and days are guessed for a person to correct", async () => {
  const guess = async (...rows: string[]) => {
    const preview = await previewTable(bytes(rows));
    return preview && guessChoice(preview);
  };
  expect(await guess("Some bank", "Value Date,Particulars,Amount,Dr/Cr,Balance", "2026-04-02,X,1.00,Cr,1.00")).toEqual({
    headerLine: 2,
    columns: { date: 0, narration: 1, amount: 2, mark: 3, balance: 4 },
    dates: "dd/mm/yyyy",
  });
  expect(
    await guess("Date,Cheque No,Debit,Credit,Amount", "04/13/2026,1,,1.00,1.00", "04/02/2026,1,,1.00,1.00"),
  ).toEqual({
    headerLine: 1,
    columns: { date: 0, narration: 1, debit: 2, credit: 3 },
    dates: "mm/dd/yyyy",
  });
});

test("a spreadsheet is read in the same way, its amounts in one column with a mark", async () => {
  const town = await bankUlb(app);
  const sheet = await xlsxOf([
    ["Town bank"],
    ["Dag", "Tekst", "Belopp", "Typ", "Saldo"],
    [{ serial: 46114 }, "NEFT", 250.5, "C", 1250.5],
    [{ serial: 46115 }, "CLG", 100, "D", 1150.5],
  ]);
  const choice: ColumnChoice = {
    headerLine: 2,
    columns: { date: 0, narration: 1, amount: 2, mark: 3, balance: 4 },
    dates: "dd/mm/yyyy",
  };
  const id = await hold(town, sheet, "april.xlsx");
  expect(await importIt(town, id, { choice })).toMatchObject({ status: "imported", linesAdded: 2 });
  expect((await stored(town)).map((l) => l.slice(0, 26))).toEqual([
    "2026-04-02 250.50 1250.50 ",
    "2026-04-03 -100.00 1150.50",
  ]);
});

test("what is wrong is said with the row and the figures, and nothing is saved", async () => {
  const town = await bankUlb(app);
  const id = await hold(town, bytes(APRIL));
  const codes = async (columns: ColumnChoice["columns"], more: Partial<ColumnChoice> = {}) =>
    (await attempt(town, id, { choice: { ...CHOICE, columns, ...more } })).problems.map((p) => [p.code, p.message]);
  const { columns } = CHOICE;
  expect(await codes({ narration: 1, debit: 3, balance: 5 })).toEqual([
    ["COLUMNS_DATE", "say which column has the date on which the bank booked a line"],
    ["COLUMNS_AMOUNT", "the debit has a column and the credit has none"],
  ]);
  expect(await codes({ ...columns, reference: 5 })).toEqual([
    ["COLUMNS_TWICE", "column 6 (Saldo) is said to be the reference and the balance; it is one of them"],
  ]);
  expect((await codes({ ...columns, amount: 4 }))[1]?.[0]).toBe("COLUMNS_AMOUNT");
  expect((await codes(columns, { headerLine: 1 }))[0]?.[1]).toBe(
    "line 1 names 1 columns; choose the line in which the columns are named",
  );
  expect((await codes(columns, { headerLine: 99 }))[0]?.[1]).toBe("line 99 is not among the first 5 rows of the file");
  expect((await codes({ ...columns, balance: 17 }))[0]?.[1]).toBe(
    "the balance is said to stand in column 18; line 2 has 6",
  );
  // The date form is the person's word: read otherwise, the rows are named.
  const dates = await attempt(town, id, { choice: { ...CHOICE, dates: "mm/dd/yyyy" } });
  expect(dates.problems).toEqual([]);
  const late = await hold(town, bytes([HEAD, "13/04/2026,X,,,1.00,1.00"]));
  expect((await attempt(town, late, { choice: { ...CHOICE, headerLine: 1, dates: "mm/dd/yyyy" } })).problems).toEqual([
    {
      code: "STATEMENT_DATE",
      message: '"13/04/2026" is not a date of the form mm/dd/yyyy',
      line: 2,
      column: "Dag",
    },
  ]);
  // The wrong column as the balance: the chain breaks, and the line and the figures are named.
  const broken = await attempt(town, id, {
    choice: { ...CHOICE, columns: { date: 0, narration: 1, debit: 3, credit: 5, balance: 4 } },
  });
  expect(broken.problems[0]?.code).toMatch(/^STATEMENT_/);
  const [chain] = (await attempt(town, await hold(town, bytes(APRIL.with(3, "03/04/2026,CLG,Main,100.00,,1150.00")))))
    .problems;
  expect([chain?.code, chain?.line, chain?.message]).toEqual([
    "STATEMENT_CHAIN",
    4,
    "balance 1,250.50 − 100.00 = 1,150.50, but the file shows 1,150.00: difference -0.50; a line is missing, doubled or changed",
  ]);
  expect(await importIt(town, id, { choice: { ...CHOICE, columns: { date: 0 } } })).toMatchObject({
    status: "refused",
  });
  await expect(attempt(town, id, { bank: " - " })).rejects.toMatchObject({ code: "PROFILE_BANK" });
  expect([await stored(town), await profiles(town)]).toEqual([[], []]);
});

test("a file that proves but does not continue the account is refused with the difference; nothing is saved and the file is still held", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", [["2026-03-02", "1.00", "X"]]);
  const id = await hold(town, bytes(APRIL));
  const trial = await attempt(town, id);
  expect(trial.proof).toMatchObject({ opening: rupees("1000.00"), newLines: undefined });
  expect(trial.problems.map((p) => p.code)).toEqual(["STATEMENT_GAP"]);
  expect(await importIt(town, id)).toMatchObject({
    status: "refused",
    problems: [{ code: "STATEMENT_GAP", message: expect.stringContaining("difference -4,001.00") as string }],
  });
  expect(await profiles(town)).toEqual([]);
  expect((await attempt(town, id)).problems).toHaveLength(1);
});

test("versions are only added: another choice is the next version, the same choice is the version there is, and an old layout is still read", async () => {
  const town = await bankUlb(app);
  await importIt(town, await hold(town, bytes(APRIL)));
  const same = [HEAD, "05/04/2026,BY CASH,Main,,1.00,1201.00"];
  expect(await importIt(town, await hold(town, bytes(same)), { choice: { ...CHOICE, headerLine: 1 } })).toMatchObject({
    savedProfile: "town-co-operative-bank@1",
  });
  const may = ["Dag;Tekst;Ref;Belopp;Saldo", "05/05/2026;BY CASH;;10.00;1211.00", "06/05/2026;CHQ;321;-11.00;1200.00"];
  const choice: ColumnChoice = {
    headerLine: 1,
    columns: { date: 0, narration: 1, reference: 2, amount: 3, balance: 4 },
    dates: "dd/mm/yyyy",
  };
  expect(await importIt(town, await hold(town, bytes(may)), { choice })).toMatchObject({
    savedProfile: "town-co-operative-bank@2",
    linesAdded: 2,
  });
  expect(await profiles(town)).toHaveLength(2);
  expect(await upload(town, [HEAD, "07/05/2026,BY CASH,Main,,5.00,1205.00"])).toMatchObject({
    profile: "town-co-operative-bank@1",
  });
  expect(await upload(town, ["Dag;Tekst;Ref;Belopp;Saldo", "08/05/2026;X;;1.00;1206.00"])).toMatchObject({
    profile: "town-co-operative-bank@2",
  });
  for (const sql of ["update reconciliation.bank_profiles set bank = 'x'", "delete from reconciliation.bank_profiles"])
    await expect(town.tx("admin", (tx) => tx.query(sql))).rejects.toThrow(/permission denied|refused/);
});

test("six people save the same bank at once: there is one version, and no line is stored twice", async () => {
  const town = await bankUlb(app);
  const id = await hold(town, bytes(APRIL));
  const done = await Promise.allSettled(Array.from({ length: 6 }, () => importIt(town, id)));
  // Whoever comes after the first finds everything stored, or the file gone.
  const told = done.map((d) => (d.status === "fulfilled" ? d.value.status : (d.reason as { code: string }).code));
  expect(told.filter((s) => s === "imported")).toHaveLength(1);
  expect(told.filter((s) => s !== "imported" && s !== "unchanged" && s !== "UPLOAD_UNKNOWN")).toEqual([]);
  expect(await profiles(town)).toHaveLength(1);
  expect(await stored(town)).toHaveLength(3);
});

test("the same title twice, no title, and titles in Hindi: each column is told from the others", async () => {
  expect(columnLabels(["Amount", "", "Amount", "amount", "Amount (2)"])).toEqual([
    "Amount",
    "Column 2",
    "Amount (3)",
    "amount (4)",
    "Amount (2)",
  ]);
  fc.assert(
    fc.property(fc.array(fc.constantFrom("", "A", "a", "A (2)", "Column 2", "तिथि", " ")), (titles) => {
      const names = columnLabels(titles).map(normalise);
      expect(new Set(names).size).toBe(names.length);
      expect(names).not.toContain("");
    }),
  );
  const town = await bankUlb(app);
  const rows = [
    ",,,,,",
    "तिथि,विवरण,,राशि,राशि,शेष",
    "02/04/2026,NEFT,x,,250.50,1250.50",
    "03/04/2026,CLG,x,100.00,,1150.50",
    "04/04/2026,CASH,x,,49.50,1200.00",
  ];
  const choice: ColumnChoice = {
    headerLine: 2,
    columns: { date: 0, narration: 1, reference: 2, debit: 3, credit: 4, balance: 5 },
    dates: "dd/mm/yyyy",
  };
  const id = await hold(town, bytes(rows));
  expect(await importIt(town, id, { choice, bank: "नगर सहकारी बैंक" })).toMatchObject({
    linesAdded: 3,
    savedProfile: "नगर-सहकारी-बैंक@1",
  });
  expect((await stored(town))[0]).toBe("2026-04-02 250.50 1250.50 NEFT");
  expect(await upload(town, [...rows.slice(0, 2), "05/04/2026,CASH,x,,1.00,1201.00"])).toMatchObject({ linesAdded: 1 });
});

test("a file without balances enters by columns against a closing balance, and continues the statement before", async () => {
  const town = await bankUlb(app);
  await town.bank("900.00", [["2026-04-01", "100.00", "X"]]);
  const rows = ["Dag,Tekst,Ut,In", "02/04/2026,NEFT,,250.50", "03/04/2026,CLG,100.00,"];
  const choice: ColumnChoice = {
    headerLine: 1,
    columns: { date: 0, narration: 1, debit: 2, credit: 3 },
    dates: "dd/mm/yyyy",
  };
  const id = await hold(town, bytes(rows));
  expect((await attempt(town, id, { choice })).problems).toEqual([
    {
      code: "STATEMENT_UNPROVED",
      message:
        "the file states no opening balance and no closing balance (its lines sum to 150.50), so nothing shows that no line is missing; give the closing balance of the bank's page",
      line: 1,
    },
  ]);
  expect(
    (await attempt(town, id, { choice, expected: { closing: rupees("1150.00") } })).problems[0]?.message,
  ).toContain("opens at 999.50, but what is known of the account ends on 01/04/2026 with 1,000.00: difference -0.50");
  expect(await importIt(town, id, { choice, expected: { closing: rupees("1150.50") } })).toMatchObject({
    linesAdded: 2,
    opening: rupees("1000.00"),
  });
});

test("another ULB sees neither profiles nor held files; a message of a bank has no columns to name", async () => {
  const [town, other] = [await bankUlb(app), await bankUlb(app)];
  const id = await hold(town, bytes(APRIL));
  await expect(attempt(other, id)).rejects.toMatchObject({ code: "UPLOAD_UNKNOWN" });
  await importIt(town, id);
  expect(await profiles(other)).toEqual([]);
  expect(await upload(other, APRIL)).toMatchObject({ status: "refused" });
  for (const content of [":20:X\n:25:1234\n:28C:1/1\n:60F:C260401INR1,00\n:62F:C260401INR1,00\n-", "a,b\nc,d", ""])
    await expect(hold(town, Buffer.from(content))).rejects.toMatchObject({ code: "UPLOAD_NO_TABLE" });
});

/** No header anywhere: a note, then lines of six columns. */
const BARE = [
  "Town Co-operative Bank",
  "02/04/2026,NEFT CR TESTN26092000111,Main,,250.50,1250.50",
  "03/04/2026,CLG 000321,Main,100.00,,1150.50",
  "04/04/2026,BY CASH,Main,,49.50,1200.00",
];
const BY_PLACE: ColumnChoice = { ...CHOICE, headerLine: 0 };

test("a file without a header is named by place; the account's later files are read by it, another account's and another width are not", async () => {
  const town = await bankUlb(app);
  expect(await upload(town, BARE)).toMatchObject({ status: "refused" });
  const id = await hold(town, bytes(BARE));
  // Line 1 is a note and names nothing; no header is a choice of its own.
  expect((await attempt(town, id, { choice: { ...CHOICE, headerLine: 1 } })).problems.map((p) => p.code)).toContain(
    "COLUMNS_HEADER",
  );
  expect(
    (await attempt(town, id, { choice: { ...BY_PLACE, columns: { ...CHOICE.columns, balance: 6 } } })).problems.map(
      (p) => p.message,
    ),
  ).toContain("the balance is said to stand in column 7; the file has 6");
  // A wrong place is told by the balances.
  const swapped = { ...BY_PLACE, columns: { ...CHOICE.columns, balance: 4, credit: 5 } };
  expect((await attempt(town, id, { choice: swapped })).problems).not.toEqual([]);
  const trial = await attempt(town, id, { choice: BY_PLACE });
  expect(trial).toMatchObject({
    problems: [],
    proof: { opening: rupees("1000.00"), closing: rupees("1200.00"), lines: 3, newLines: 3 },
  });
  expect(await importIt(town, id, { choice: BY_PLACE })).toMatchObject({
    status: "imported",
    savedProfile: "town-co-operative-bank@1",
  });
  expect((await stored(town))[1]).toBe("2026-04-03 -100.00 1150.50 CLG 000321");

  expect(await upload(town, ["05/04/2026;BY CASH;Main;;10.00;1210.00"])).toMatchObject({
    status: "imported",
    linesAdded: 1,
  });
  const sheet = await xlsxOf([["06/04/2026", "BY CASH", "Main", "", "5.00", "1215.00"]]);
  expect(
    await town.tx("accountant", (tx) => importStatement(tx, { account: BANK, csv: sheet, fileName: "april.xlsx" })),
  ).toMatchObject({ status: "imported", linesAdded: 1 });
  expect(await upload(town, ["07/04/2026,BY CASH,,5.00,1220.00"])).toMatchObject({
    status: "refused",
    problems: [{ code: "STATEMENT_FORMAT" }],
  });
  // A header that is known goes before.
  expect(
    await upload(town, [
      "date,value_date,narration,reference,debit,credit,balance",
      "2026-04-07,2026-04-07,BY CASH,,,5.00,1220.00",
    ]),
  ).toMatchObject({ status: "imported", linesAdded: 1 });
  const other = await bankUlb(app);
  expect(await upload(other, BARE)).toMatchObject({ status: "refused", problems: [{ code: "STATEMENT_FORMAT" }] });
});

test("a file whose first row is a line is guessed to have no header, and its date is found", async () => {
  const guess = async (rows: readonly string[]) => {
    const preview = await previewTable(bytes(rows));
    return preview && guessChoice(preview);
  };
  expect(await guess(BARE.slice(1))).toEqual({ headerLine: 0, columns: { date: 0 }, dates: "dd/mm/yyyy" });
  expect((await guess(APRIL.slice(1)))?.headerLine).toBe(1);
});
