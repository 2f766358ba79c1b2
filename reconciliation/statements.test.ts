import { expect, test } from "vitest";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { localDate } from "../ledger/kernel/dates.ts";
import { addBankBook } from "../ledger/index.ts";
import { testApp } from "../ledger/testing.ts";
import { listBankAccounts } from "./bank-accounts.ts";
import { brs } from "./brs-read.ts";
import { bankLines, importStatement, listStatements, type StatementReport } from "./statements.ts";
import { bankSelfTie } from "./ties.ts";
import { BANK, bankUlb, statementCsv, type BankRow, type BankUlb } from "./testing.ts";

const app = await testApp();

const APRIL: BankRow[] = [
  ["2026-04-02", "1000.00", "NEFT HDFCN26092000001"],
  ["2026-04-02", "250.00", "UPI/CR/624512345678"],
  ["2026-04-05", "-118.00", "SMS CHARGES"],
  ["2026-04-09", "500.00", "CLG 000321"],
];
const range = { account: BANK, from: localDate("2026-01-01"), to: localDate("2026-12-31") };
const stored = (town: BankUlb) =>
  inSnapshot(app, town.as("auditor"), async (read) =>
    (await bankLines(read, range)).map((l) => `${l.date} ${l.amount} ${l.balance}`),
  );
const codes = (r: StatementReport) => r.problems.map((p) => p.code);

test("a statement is stored with its lines in the bank's order", async () => {
  const town = await bankUlb(app);
  const report = await town.bank("5000.00", APRIL);
  expect(report).toMatchObject({
    status: "imported",
    linesInFile: 4,
    linesAdded: 4,
    opening: 500000n,
    closing: 663200n,
  });
  expect(await stored(town)).toEqual([
    "2026-04-02 100000 600000",
    "2026-04-02 25000 625000",
    "2026-04-05 -11800 613200",
    "2026-04-09 50000 663200",
  ]);
});

test("the same file twice adds nothing", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  expect(await town.bank("5000.00", APRIL)).toMatchObject({ status: "unchanged", linesAdded: 0 });
  expect(await stored(town)).toHaveLength(4);
  expect(await inSnapshot(app, town.as("auditor"), (read) => listStatements(read, BANK))).toHaveLength(1);
});

test("overlapping files add only what is new, on either side", async () => {
  const town = await bankUlb(app);
  await town.bank("6250.00", APRIL.slice(2, 3));
  expect(await town.bank("6000.00", APRIL.slice(1, 4))).toMatchObject({ status: "imported", linesAdded: 2 });
  expect(await town.bank("5000.00", APRIL)).toMatchObject({ linesAdded: 1 });
  const whole = await bankUlb(app);
  await whole.bank("5000.00", APRIL);
  expect(await stored(town)).toEqual(await stored(whole));
  expect(await inSnapshot(app, town.as("auditor"), bankSelfTie)).toEqual([]);
});

test("two equal movements are two lines, and stay two when the file comes again", async () => {
  const town = await bankUlb(app);
  const twin: BankRow = ["2026-04-02", "1000.00", "NEFT HDFCN26092000001"];
  const twins: BankRow[] = [twin, twin, ["2026-04-02", "-2000.00", "REV"], twin, twin];
  expect(await town.bank("0.00", twins)).toMatchObject({ linesAdded: 5 });
  expect(await town.bank("0.00", [...twins, ["2026-04-03", "1.00", "MORE"]])).toMatchObject({ linesAdded: 1 });
  expect(await stored(town)).toHaveLength(6);
});

test("a newest-first file of the same lines adds nothing", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  const [head = "", ...rows] = statementCsv("5000.00", APRIL).split("\n");
  const csv = [head, ...rows.reverse()].join("\n");
  const report = await town.tx("accountant", (tx) =>
    importStatement(tx, { account: BANK, csv, fileName: "again.csv" }),
  );
  expect(report).toMatchObject({ status: "unchanged", linesAdded: 0 });
});

test("a statement that does not continue the last one is refused with the difference", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  const report = await town.bank("6000.00", [["2026-05-02", "1.00", "MAY"]]);
  expect(report).toMatchObject({ status: "refused", linesAdded: 0 });
  expect(report.problems).toEqual([
    {
      code: "STATEMENT_GAP",
      message:
        "the file opens at 6,000.00, but what is known of the account ends on 09/04/2026 with 6,632.00: difference -632.00; a statement between them is missing",
    },
  ]);
  expect(await town.bank("6632.00", [["2026-05-02", "1.00", "MAY"]])).toMatchObject({ status: "imported" });
});

test("an older statement may come later, when it leads to the first known balance", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  expect(codes(await town.bank("4000.00", [["2026-03-30", "900.00", "MARCH"]]))).toEqual(["STATEMENT_GAP"]);
  expect(await town.bank("4000.00", [["2026-03-30", "1000.00", "MARCH"]])).toMatchObject({
    linesAdded: 1,
    status: "imported",
  });
  expect((await stored(town))[0]).toBe("2026-03-30 100000 500000");
});

test("a file in which the bank tells the same days otherwise is refused", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  const other = APRIL.toSpliced(1, 0, ["2026-04-02", "7.00", "LATE"]);
  expect(codes(await town.bank("5000.00", other))).toEqual(["STATEMENT_CONTRADICTS"]);
  expect(await stored(town)).toHaveLength(4);
});

test("a truncated file, a wrong balance: nothing is written", async () => {
  const town = await bankUlb(app);
  const good = statementCsv("5000.00", APRIL);
  const bad = [good.slice(0, good.length - 12), good.replace("6250.00", "6251.00")];
  for (const csv of bad) {
    const report = await town.tx("accountant", (tx) =>
      importStatement(tx, { account: BANK, csv, fileName: "bad.csv" }),
    );
    expect(report.status).toBe("refused");
    expect(report.problems[0]?.line).toBeGreaterThan(1);
  }
  expect(await stored(town)).toEqual([]);
  expect(await inSnapshot(app, town.as("auditor"), (read) => listStatements(read, BANK))).toEqual([]);
});

test("a statement of another account is refused by its last digits", async () => {
  const town = await bankUlb(app);
  const csv = `Account No: 00000099990000\n${statementCsv("5000.00", APRIL)}`;
  const report = await town.tx("accountant", (tx) =>
    importStatement(tx, { account: BANK, csv, fileName: "other.csv" }),
  );
  expect(report.problems).toEqual([
    {
      code: "STATEMENT_ACCOUNT",
      message: "the file is a statement of an account ending in 0000; account 4502101 is XXXXXXXXXX5678",
    },
  ]);
});

test("an account that is not a bank account of the ULB is refused", async () => {
  const town = await bankUlb(app);
  await expect(
    town.tx("accountant", (tx) =>
      importStatement(tx, { account: "4501001", csv: statementCsv("0.00", APRIL), fileName: "x.csv" }),
    ),
  ).rejects.toThrow("BANK_ACCOUNT_UNKNOWN");
});

test("a bank head that nobody has set up becomes a bank account with its first statement, and a refused one leaves nothing", async () => {
  const town = await bankUlb(app);
  const account = "4502201";
  const take = (csv: string, profile?: string) =>
    town.tx("accountant", (tx) =>
      importStatement(tx, { account, csv, fileName: "icici.csv", ...(profile === undefined ? {} : { profile }) }),
    );
  const setUp = () => inSnapshot(app, town.as("auditor"), listBankAccounts);
  expect(await take("Date,Nothing\n01/04/2026,x\n")).toMatchObject({ status: "refused" });
  expect((await setUp()).map((a) => a.account)).toEqual([BANK]);
  await expect(
    inSnapshot(app, town.as("auditor"), (read) => brs(read, account, localDate("2026-04-30"))),
  ).rejects.toThrow("STATEMENT_MISSING");
  // The statement does not print its number: none is made up.
  expect(await take(statementCsv("5000.00", APRIL))).toMatchObject({ status: "imported", linesAdded: 4 });
  expect((await setUp()).find((a) => a.account === account)).toMatchObject({
    bank: "Other Scheduled Banks-ICICI Bank",
    numberMasked: "",
    fund: "01",
  });
  expect(await take(statementCsv("5000.00", APRIL))).toMatchObject({ status: "unchanged" });
  // One whose number and bank the masters know is what they say, and a statement of another number is refused.
  await town.tx("admin", (tx) =>
    addBankBook(tx, { account: "4502203", bank: "HDFC Bank", branch: "Main", number: "112233445678", fund: "02" }),
  );
  const other = await town.tx("accountant", (tx) =>
    importStatement(tx, {
      account: "4502203",
      csv: `Account No: 00000099990000\n${statementCsv("5000.00", APRIL)}`,
      fileName: "hdfc.csv",
    }),
  );
  expect(other.problems.map((p) => p.code)).toEqual(["STATEMENT_ACCOUNT"]);
  await town.tx("accountant", (tx) =>
    importStatement(tx, { account: "4502203", csv: statementCsv("5000.00", APRIL), fileName: "hdfc.csv" }),
  );
  expect((await setUp()).find((a) => a.account === "4502203")).toMatchObject({
    bank: "HDFC Bank",
    branch: "Main",
    numberMasked: "XXXXXXXX5678",
    fund: "02",
  });
});

test("another ULB sees nothing of it", async () => {
  const town = await bankUlb(app);
  const other = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  expect(await stored(other)).toEqual([]);
  expect(await other.bank("5000.00", APRIL)).toMatchObject({ status: "imported", linesAdded: 4 });
});

test("lines of a statement cannot be changed or deleted, not by the application and not by the owner", async () => {
  const town = await bankUlb(app);
  await town.bank("5000.00", APRIL);
  for (const sql of ["update reconciliation.bank_lines set amount = 1", "delete from reconciliation.bank_lines"]) {
    await expect(town.tx("admin", (tx) => tx.query(sql))).rejects.toThrow(/permission denied|refused/);
  }
});

test("two imports of one file at the same moment store it once", async () => {
  const town = await bankUlb(app);
  const reports = await Promise.all(Array.from({ length: 6 }, () => town.bank("5000.00", APRIL)));
  expect(reports.map((r) => r.linesAdded).sort()).toEqual([0, 0, 0, 0, 0, 4]);
  expect(await stored(town)).toHaveLength(4);
});
