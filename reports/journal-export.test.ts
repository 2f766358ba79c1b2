import { expect, test } from "vitest";
import { localDate } from "../ledger/kernel/dates.ts";
import { paise } from "../ledger/kernel/money.ts";
import { inSnapshot, inTransaction } from "../ledger/kernel/tx.ts";
import { rollUp, trialBalance } from "../ledger/index.ts";
import { testApp, testUlb } from "../ledger/testing.ts";
import { beancountJournal, hledgerJournal, journalLines, writeReport } from "./index.ts";
import { exampleUlb, textOf } from "./testing.ts";

const clock = () => new Date("2026-08-01T06:30:00Z");
const app = await testApp({ clock });
const { as } = await exampleUlb(app, "kosalpur");
const july = { from: localDate("2026-07-01"), to: localDate("2026-07-31") };
const EXAMPLE = "../docs/examples/journal";

// What hledger and beancount say of these two files stands beside them; a person runs those programs (see its README).
test("the journal for hledger is the committed one, to the letter", async () => {
  const text = await inSnapshot(app, as("auditor"), (read) => textOf(hledgerJournal(read, july)));
  await expect(text).toMatchFileSnapshot(`${EXAMPLE}/journal.hledger`);
});

test("the journal for beancount is the committed one, to the letter", async () => {
  const text = await inSnapshot(app, as("auditor"), (read) => textOf(beancountJournal(read, july)));
  await expect(text).toMatchFileSnapshot(`${EXAMPLE}/journal.beancount`);
});

test("the trial balance of the same month is the committed one", async () => {
  let text = "";
  await writeReport(app, as("auditor"), { name: "trial-balance", format: "csv", options: july }, (piece) => {
    text += piece.toString();
  });
  await expect(text).toMatchFileSnapshot(`${EXAMPLE}/trial-balance.csv`);
});

/** Adds the postings of an hledger journal up without any of our sums: what a stranger would do. */
function sumsOf(journal: string): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const match of journal.matchAll(/^ {4}\S+?:.*?(\d{7}) [^:]*? {2}(-?)(\d+)\.(\d\d) INR {2};/gm)) {
    const [, code = "", sign, whole = "0", fraction = "0"] = match;
    const amount = BigInt(whole) * 100n + BigInt(fraction);
    sums.set(code, (sums.get(code) ?? 0n) + (sign === "-" ? -amount : amount));
  }
  return sums;
}

test("the postings of the journal, added up by themselves, are the closing balances of the trial balance", async () => {
  await inSnapshot(app, as("auditor"), async (read) => {
    const sums = sumsOf(await textOf(hledgerJournal(read, july)));
    const rows = await trialBalance(read, july);
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows)
      expect([row.code, sums.get(row.code)]).toEqual([row.code, row.closeDebit - row.closeCredit]);
    expect([...sums.values()].reduce((a, b) => a + b)).toBe(0n);
  });
});

test("rolling balances up changes nothing of the journal", async () => {
  const before = await inSnapshot(app, as("auditor"), (read) => textOf(beancountJournal(read, july)));
  await inTransaction(app, as("system"), (tx) => rollUp(tx));
  expect(await inSnapshot(app, as("auditor"), (read) => textOf(beancountJournal(read, july)))).toBe(before);
});

test("the journal keeps what an entry says: value date, reversal, party, year, fund", async () => {
  const lines = await inSnapshot(app, as("auditor"), async (read) => {
    const all = [];
    for await (const line of journalLines(read, july)) all.push(line);
    return all;
  });
  expect(lines.find((l) => l.number === "R/2026-27/000003")).toMatchObject({
    date: "2026-07-03",
    valueDate: "2026-06-30",
  });
  const returned = lines.filter((l) => l.number === "P/2026-27/000001");
  expect(returned[0]).toMatchObject({
    reverses: "R/2026-27/000002",
    account: "4311004",
    debit: paise(1_800_000n),
    party: "consumer:A0002",
    demandYear: "2025-26",
  });
  expect(new Set(lines.map((l) => l.fund))).toEqual(new Set(["01", "02"]));
});

test("a ULB without entries has a journal that says so and no assertion; a range that runs backwards is refused", async () => {
  const town = await testUlb(app);
  const text = await inSnapshot(app, town.as("auditor"), (read) => textOf(hledgerJournal(read, july)));
  expect(text).toContain("commodity 1000.00 INR");
  expect(text).not.toContain("Closing balances");
  const backwards = { from: july.to, to: july.from };
  await inSnapshot(app, town.as("auditor"), (read) =>
    expect(textOf(beancountJournal(read, backwards))).rejects.toThrow(
      "REPORT_RANGE: the range begins on 2026-07-31 and ends before it, on 2026-07-01",
    ),
  );
});

test("one ULB's journal holds nothing of another", async () => {
  const town = await testUlb(app);
  const text = await inSnapshot(app, town.as("auditor"), (read) => textOf(hledgerJournal(read, july)));
  expect(text).not.toContain("A0001");
});
