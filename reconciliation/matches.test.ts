import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  accountBalance,
  accountBalances,
  closePeriod,
  closeProblems,
  cr,
  dr,
  postEntry,
  reverseEntry,
} from "../ledger/index.ts";
import { addDays, dateInIndia, localDate, period, type LocalDate } from "../ledger/kernel/dates.ts";
import { withConnection } from "../ledger/kernel/database.ts";
import { formatIndian, rupees, toRupees, ZERO } from "../ledger/kernel/money.ts";
import { inSnapshot } from "../ledger/kernel/tx.ts";
import { testApp } from "../ledger/testing.ts";
import { brs } from "./brs-read.ts";
import { closeChecks } from "./close-checks.ts";
import { cancelStaleCheque, confirmProposal, postBankLine } from "./by-hand.ts";
import { comparison } from "./comparison.ts";
import { listMatches } from "./matches.ts";
import { agreeOpening } from "./opening.ts";
import { reconcile } from "./reconcile.ts";
import { unmatch } from "./unmatch.ts";
import { openItems } from "./open-items.ts";
import { bankLines } from "./statements.ts";
import { bankSelfTie, bankTie } from "./ties.ts";
import { BANK, bankUlb, type BankRow, type BankUlb } from "./testing.ts";

const app = await testApp();
const UTR = "HDFCN26092000001";

const lines = (town: BankUlb) =>
  inSnapshot(app, town.as("auditor"), (read) =>
    bankLines(read, { account: BANK, from: localDate("2025-01-01"), to: localDate("2027-12-31") }),
  );
const items = (town: BankUlb) =>
  inSnapshot(app, town.as("auditor"), (read) => openItems(read, BANK, localDate("2027-03-31")));
const run = (town: BankUlb) => town.tx("accountant", (tx) => reconcile(tx, BANK));
const statement = (town: BankUlb, day: string) =>
  inSnapshot(app, town.as("auditor"), (read) => brs(read, BANK, localDate(day)));
async function proves(town: BankUlb, ...days: string[]): Promise<void> {
  for (const day of days) {
    const found = await statement(town, day);
    expect(`${day} ${toRupees(found.difference)}`).toBe(`${day} 0.00`);
  }
  expect(await inSnapshot(app, town.as("auditor"), bankSelfTie)).toEqual([]);
}

test("a reference and the exact amount are matched and written once", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", `NEFT from A2, UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", `NEFT-${UTR}-A2`]]);
  expect((await run(town)).confirmed).toMatchObject([{ pass: "P1" }]);
  expect((await run(town)).confirmed).toEqual([]);
  expect(await items(town)).toEqual([]);
  await proves(town, "2026-04-01", "2026-04-02", "2026-04-30");
});

test("an item matched with a line of the next month is outstanding at the month's end, also when asked later", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-30", "1000.00", `NEFT UTR ${UTR}`);
  await town.bank("0.00", [
    ["2026-04-02", "5.00", "X"],
    ["2026-05-02", "1000.00", `NEFT-${UTR}`],
  ]);
  await run(town);
  const april = await statement(town, "2026-04-30");
  expect(april.groups.map((g) => `${g.key} ${toRupees(g.total)}`)).toEqual([
    "unidentified-credits 5.00",
    "other-deposited -1000.00",
  ]);
  expect((await statement(town, "2026-05-31")).groups.map((g) => g.key)).toEqual(["unidentified-credits"]);
  await proves(town, "2026-04-30", "2026-05-31");
});

test("ambiguous amounts are left to a person, who may match what only a person knows", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "123.45", "from A");
  await town.book("2026-04-01", "123.45", "from B");
  await town.bank("0.00", [["2026-04-02", "123.45", "BY TRF"]]);
  const report = await run(town);
  expect([report.confirmed, report.proposed]).toEqual([[], []]);
  const [a] = await items(town);
  const [line] = await lines(town);
  await town.tx("accountant", (tx) =>
    confirmProposal(tx, { account: BANK, lines: [line?.id ?? ""], items: [a?.id ?? ""], evidence: "told by A" }),
  );
  expect((await items(town)).map((i) => i.text)).toEqual(["from B"]);
  await proves(town, "2026-04-30");
});

test("a proposal is confirmed by a person; sums that differ are refused with the difference", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "123.45", "from A");
  await town.book("2026-04-01", "10.00", "from B");
  await town.bank("0.00", [["2026-04-02", "123.45", "BY TRF"]]);
  const { proposed } = await run(town);
  expect(proposed).toMatchObject([{ pass: "P5" }]);
  const wrong = { account: BANK, lines: proposed[0]?.lines ?? [], items: (await items(town)).map((i) => i.id) };
  await expect(town.tx("accountant", (tx) => confirmProposal(tx, wrong))).rejects.toThrow(
    "MATCH_UNBALANCED: statement lines 123.45, book items 133.45, difference -10.00",
  );
  await town.tx("accountant", (tx) =>
    confirmProposal(tx, { account: BANK, lines: proposed[0]?.lines ?? [], items: proposed[0]?.items ?? [] }),
  );
  await expect(
    town.tx("accountant", (tx) =>
      confirmProposal(tx, { account: BANK, lines: proposed[0]?.lines ?? [], items: proposed[0]?.items ?? [] }),
    ),
  ).rejects.toThrow("BANK_LINE_MATCHED");
});

test("un-matching keeps the history, with reason and person, and opens both sides again", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", `UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", UTR]]);
  const [made] = (await run(town)).confirmed;
  const id = made?.matchId ?? "";
  await expect(town.tx("accountant", (tx) => unmatch(tx, id, "no"))).rejects.toThrow("REASON_MISSING_FOR_UNMATCH");
  await town.tx("accountant", (tx) => unmatch(tx, id, "wrong payer"));
  await expect(town.tx("accountant", (tx) => unmatch(tx, id, "once more"))).rejects.toThrow("MATCH_UNKNOWN");
  expect(await items(town)).toHaveLength(1);
  const history = await inSnapshot(app, town.as("auditor"), (read) => listMatches(read, BANK));
  expect(history.map((m) => [m.pass, m.isLive, m.reason, m.reversesMatchId === id, m.madeBy])).toContainEqual([
    "unmatch",
    false,
    "wrong payer",
    true,
    "accountant@test",
  ]);
  expect(history).toHaveLength(2);
  expect((await run(town)).confirmed).toHaveLength(1);
  await proves(town, "2026-04-01", "2026-04-30");
});

test("a line is in at most one live match, whoever writes: the database refuses the second", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", `UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", UTR]]);
  await run(town);
  await expect(
    town.tx("accountant", (tx) =>
      tx.query(
        `insert into reconciliation.live_legs (ulb_id, match_id, leg_no, account, kind, line_id, amount, on_date)
         select ulb_id, match_id, leg_no + 50, account, kind, line_id, amount, on_date from reconciliation.live_legs where kind = 'line'`,
      ),
    ),
  ).rejects.toThrow("line_is_in_one_live_match");
  await expect(
    town.tx("accountant", (tx) =>
      tx.query(
        `insert into reconciliation.match_legs (ulb_id, match_id, leg_no, account, kind, amount, on_date)
         select ulb_id, match_id, leg_no + 50, account, 'opening', 1, on_date from reconciliation.live_legs where kind = 'line'`,
      ),
    ),
  ).rejects.toThrow("does not balance");
});

test("charges, interest and unidentified credits are booked from the line, dated by it, and taken back by un-matching", async () => {
  const town = await bankUlb(app);
  await town.bank("1000.00", [
    ["2026-04-02", "-354.00", "CHARGES INCL GST"],
    ["2026-04-03", "1843.00", "SB INTEREST"],
    ["2026-04-04", "900.00", "UPI/624512345678/UNKNOWN"],
  ]);
  const { proposedEntries, exceptions } = await run(town);
  expect(proposedEntries.map((p) => p.template)).toEqual(["bank-charge", "bank-interest"]);
  const [charge, interest, credit] = await lines(town);
  expect(exceptions).toMatchObject([{ id: credit?.id, kind: "unidentified-credit", template: "unidentified-credit" }]);
  await expect(
    town.tx("accountant", (tx) => postBankLine(tx, { lineId: charge?.id ?? "", template: "bank-interest" })),
  ).rejects.toThrow(/TEMPLATE_DIRECTION: .* is -354.00; "bank-interest" is for money the bank credited/);
  const post = (line: typeof charge, template: "bank-charge" | "bank-interest" | "unidentified-credit") =>
    town.tx("accountant", (tx) => postBankLine(tx, { lineId: line?.id ?? "", template }));
  const posted = [
    await post(charge, "bank-charge"),
    await post(interest, "bank-interest"),
    await post(credit, "unidentified-credit"),
  ];
  expect(posted.map((p) => p.number)).toEqual(["P/2026-27/000001", "R/2026-27/000001", "R/2026-27/000002"]);
  const balances = () =>
    inSnapshot(app, town.as("auditor"), async (read) => {
      const accounts = ["2407001", "1711001", "3508006", BANK];
      const found = await accountBalances(read, accounts, localDate("2026-04-30"));
      return accounts.map((a) => toRupees(found.get(a) ?? ZERO));
    });
  expect(await balances()).toEqual(["354.00", "-1843.00", "-900.00", "2389.00"]);
  await expect(
    town.tx("accountant", (tx) => postBankLine(tx, { lineId: charge?.id ?? "", template: "bank-charge" })),
  ).rejects.toThrow("BANK_LINE_MATCHED");
  await town.tx("accountant", (tx) => unmatch(tx, posted[2]?.matchId ?? "", "the payer was found"));
  expect(await balances()).toEqual(["354.00", "-1843.00", "0.00", "1489.00"]);
  expect(await items(town)).toEqual([]);
  expect((await lines(town)).map((l) => l.matchId !== null)).toEqual([true, true, false]);
  await proves(town, "2026-04-02", "2026-04-30");
});

test("an entry and its reversal cancel each other in the book, without the bank", async () => {
  const town = await bankUlb(app);
  const entry = await town.book("2026-04-01", "77.00", "mistaken");
  await town.tx("accountant", (tx) =>
    reverseEntry(tx, {
      entryId: entry.id,
      date: localDate("2026-05-03"),
      reason: "mistaken",
      source: { type: "test-reversal", id: `${entry.id}` },
    }),
  );
  await town.bank("0.00", [["2026-04-02", "5.00", "X"]]);
  await run(town);
  expect(await items(town)).toEqual([]);
  expect((await statement(town, "2026-04-30")).groups.map((g) => g.key)).toEqual([
    "unidentified-credits",
    "other-deposited",
  ]);
  await proves(town, "2026-04-30", "2026-05-31");
});

test("a stale cheque is cancelled by its own entry and leaves the statement", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "-12000.00", "cheque 599871 contractor");
  await town.bank("20000.00", [["2026-04-02", "5.00", "X"]]);
  const [cheque] = await items(town);
  await town.tx("accountant", (tx) =>
    cancelStaleCheque(tx, { account: BANK, item: cheque?.id ?? "", date: localDate("2026-08-01") }),
  );
  expect(await items(town)).toEqual([]);
  expect(
    await inSnapshot(app, town.as("auditor"), (read) => accountBalance(read, "3508001", localDate("2026-08-31"))),
  ).toBe(rupees("-12000.00"));
  expect((await statement(town, "2026-07-31")).groups.map((g) => g.key)).toContain("cheques-issued");
  expect((await statement(town, "2026-08-31")).groups.map((g) => g.key)).not.toContain("cheques-issued");
  await proves(town, "2026-07-31", "2026-08-31");
});

test("one leaf received for two funds is one item at the bank", async () => {
  const town = await bankUlb(app);
  const cheque = { type: "cheque", id: "000998" };
  await town.tx("accountant", (tx) =>
    postEntry(tx, {
      voucher: "contra",
      date: localDate("2026-04-01"),
      narration: "Deposit of cheques 100.00, slip 000777",
      source: { type: "remittance", id: "r1" },
      lines: (["01", "02"] as const).flatMap((fund) => [
        dr(BANK, rupees("50.00"), { fund, party: cheque }),
        cr("4501051", rupees("50.00"), { fund, party: cheque }),
      ]),
    }),
  );
  await town.bank("0.00", [["2026-04-03", "100.00", "CLG 000998"]]);
  expect((await run(town)).confirmed).toMatchObject([{ pass: "P1" }]);
  await proves(town, "2026-04-30");
});

// ------------------------------------------------------------------------------------------------ the fixture, on the database

type Fixture = {
  statement_opening_1_mar: string;
  book: { id: string; date: string; side: "Dr" | "Cr"; amount: string; text: string; ref: string }[];
  statement: { date: string; narration: string; withdrawal: string; deposit: string }[];
  expected_matches: [string, string, string][];
  expected_brs: [string, string][];
};
const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/bank-reconciliation.json", import.meta.url), "utf8"),
) as Fixture;

async function march(): Promise<BankUlb> {
  const town = await bankUlb(app);
  await town.book("2025-04-01", fixture.statement_opening_1_mar, "Opening balance of the bank");
  for (const b of fixture.book)
    await town.book(b.date, `${b.side === "Cr" ? "-" : ""}${b.amount}`, [b.text, b.ref].filter(Boolean).join(", "));
  await town.bank(
    fixture.statement_opening_1_mar,
    fixture.statement.map((s): BankRow => [s.date, s.deposit === "" ? `-${s.withdrawal}` : s.deposit, s.narration]),
  );
  return town;
}

test("March 2026 through the database: the expected matches and the statement to the paisa, the cheque of November kept", async () => {
  const town = await march();
  const cheque = (await items(town)).find((i) => i.text.includes("599871"));
  await expect(town.tx("accountant", (tx) => agreeOpening(tx, BANK))).rejects.toThrow(
    "OPENING_NOT_PROVED: account 4502101: the first statement opens at 2,62,000.00, the book items before it that are not named as outstanding sum to 2,50,000.00, difference 12,000.00",
  );
  await town.tx("accountant", (tx) => agreeOpening(tx, BANK, [cheque?.id ?? ""]));
  const report = await run(town);
  expect(report.confirmed.map((m) => m.pass)).toEqual(["P1", "P1", "P1", "P1"]);
  const found = await statement(town, "2026-03-31");
  expect([
    toRupees(found.bookBalance),
    ...found.groups.map((g) => toRupees(g.total)),
    toRupees(found.statementBalance),
  ]).toEqual(fixture.expected_brs.map(([, amount]) => amount));
  expect([formatIndian(found.bookBalance), formatIndian(found.computedBalance), found.isProved]).toEqual([
    "2,35,679.49",
    "2,60,618.99",
    true,
  ]);
  expect(report.exceptions.find((e) => e.kind === "stale-cheque")?.id).toBe(cheque?.id);
  expect(await inSnapshot(app, town.as("auditor"), (read) => bankTie(read, localDate("2026-03-31")))).toEqual([
    { account: BANK, ledger: rupees("260618.99"), register: rupees("260618.99"), difference: 0n },
  ]);
  await proves(town, "2026-03-01", "2026-03-05", "2026-03-12", "2026-03-30");
});

test("un-reconciling all and reconciling again gives the same matches", async () => {
  const town = await march();
  const pairs = async () => (await run(town)).confirmed.map((m) => `${m.lines.join()}=${m.items.join()}`).sort();
  const first = await pairs();
  for (const m of await inSnapshot(app, town.as("auditor"), (read) => listMatches(read, BANK))) {
    if (m.isLive) await town.tx("accountant", (tx) => unmatch(tx, m.id, "once again from the start"));
  }
  expect(await pairs()).toEqual(first);
});

test("a month closes only with a statement of it", async () => {
  const town = await bankUlb(app);
  await town.book("2025-04-03", "1000.00", `UTR ${UTR}`);
  const problems = () =>
    inSnapshot(app, town.as("auditor"), async (read) =>
      (await closeProblems(read, period("2025-04"), closeChecks)).map((p) => p.code),
    );
  expect(await problems()).toEqual(["BANK_STATEMENT_MISSING"]);
  await town.bank("0.00", [["2025-04-04", "1000.00", UTR]]);
  expect(await problems()).toEqual([]);
  await town.tx("checker", (tx) => closePeriod(tx, period("2025-04"), closeChecks));
});

test("what the bank did in a month that is closed is booked on the day on which it is found, with its value date", async () => {
  const town = await bankUlb(app);
  await town.bank("0.00", [["2025-04-30", "10.00", "SB INTEREST"]]);
  await town.tx("checker", (tx) => closePeriod(tx, period("2025-04")));
  const [line] = await lines(town);
  await town.tx("accountant", (tx) => postBankLine(tx, { lineId: line?.id ?? "", template: "bank-interest" }));
  const today = dateInIndia(app.clock());
  const balanceOn = (day: LocalDate) => inSnapshot(app, town.as("auditor"), (read) => accountBalance(read, BANK, day));
  expect([await balanceOn(addDays(today, -1)), await balanceOn(today)]).toEqual([0n, rupees("10.00")]);
  await proves(town, "2025-04-30", addDays(today, -1), today);
});

test("another ULB's items and lines are never candidates", async () => {
  const [town, other] = [await bankUlb(app), await bankUlb(app)];
  await other.book("2026-04-01", "1000.00", `UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", UTR]]);
  expect((await run(town)).confirmed).toEqual([]);
  const [line] = await lines(town);
  await expect(
    other.tx("accountant", (tx) => postBankLine(tx, { lineId: line?.id ?? "", template: "unidentified-credit" })),
  ).rejects.toThrow("BANK_LINE_UNKNOWN");
});

test("a BRS before the first statement is refused, and one of an unknown account too", async () => {
  const town = await bankUlb(app);
  await expect(statement(town, "2026-04-30")).rejects.toThrow("STATEMENT_MISSING");
  await town.bank("0.00", [["2026-04-04", "1000.00", "X"]]);
  await expect(statement(town, "2026-04-02")).rejects.toThrow("STATEMENT_MISSING");
  expect((await statement(town, "2026-04-03")).isProved).toBe(true);
  await expect(
    inSnapshot(app, town.as("auditor"), (read) => brs(read, "4501001", localDate("2026-04-30"))),
  ).rejects.toThrow("BANK_ACCOUNT_UNKNOWN");
});

test("six people reconcile at once: every match is written once", async () => {
  const town = await bankUlb(app);
  const rows: BankRow[] = [];
  for (let i = 0; i < 20; i++) {
    await town.book("2026-04-01", "10.00", `UTR HDFCN260920${String(i).padStart(5, "0")}`);
    rows.push(["2026-04-02", "10.00", `HDFCN260920${String(i).padStart(5, "0")}`]);
  }
  await town.bank("0.00", rows);
  const reports = await Promise.all(Array.from({ length: 6 }, () => run(town)));
  expect(reports.reduce((n, r) => n + r.confirmed.length, 0)).toBe(20);
  const { result } = await inSnapshot(app, town.as("auditor"), (read) => comparison(read, BANK));
  expect(result.exceptions).toEqual([]);
});

test("a leg names a match, a statement line and an entry line that are there, also when all are looked at together", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", `NEFT from A2, UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", `NEFT-${UTR}-A2`]]);
  await run(town);
  const nobody = "00000000-0000-7000-8000-000000000000";
  const again = (change: Record<string, string>) => {
    const columns = ["match_id", "leg_no", "account", "kind", "line_id", "entry_id", "line_no", "amount", "on_date"];
    return app.db.batch.query(
      `insert into reconciliation.match_legs (ulb_id, ${columns.join(", ")})
       select ulb_id, ${columns.map((c) => change[c] ?? (c === "leg_no" ? "leg_no + 10" : c)).join(", ")}
       from reconciliation.match_legs where ulb_id = $1`,
      [town.ulb.id],
    );
  };
  await expect(again({ match_id: `'${nobody}'::uuid` })).rejects.toThrow("a leg names the match");
  await expect(again({ line_id: `case when kind = 'line' then '${nobody}'::uuid end` })).rejects.toThrow(
    "a leg names the statement line",
  );
  await expect(again({ line_no: "line_no + 90" })).rejects.toThrow(/a leg names the entry line \d+ line 9\d/);
  await expect(
    app.db.batch.query(
      `insert into reconciliation.live_legs select ulb_id, match_id, leg_no + 10, account, 'opening', null, null, null, amount, on_date
       from reconciliation.live_legs where ulb_id = $1 and kind = 'line'`,
      [town.ulb.id],
    ),
  ).rejects.toThrow("a live leg names the leg");
});

test("a statement line names a statement, and a match a bank account, that are there and stay", async () => {
  const town = await bankUlb(app);
  await town.book("2026-04-01", "1000.00", `NEFT from A2, UTR ${UTR}`);
  await town.bank("0.00", [["2026-04-02", "1000.00", `NEFT-${UTR}-A2`]]);
  await run(town);
  const columns = async (table: string, change: Record<string, string>) => {
    const { rows } = await app.db.batch.query<{ name: string }>(
      "select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum",
      [table],
    );
    return app.db.batch.query(
      `insert into ${table} select ${rows.map((r) => change[r.name] ?? r.name).join(", ")} from ${table} where ulb_id = $1`,
      [town.ulb.id],
    );
  };
  const aside = { line_id: "gen_random_uuid()", position: "position + 10", occurrence: "occurrence + 10" };
  await expect(
    columns("reconciliation.bank_lines", { ...aside, statement_id: "'00000000-0000-7000-8000-000000000000'::uuid" }),
  ).rejects.toThrow("a line names the statement 00000000-0000-7000-8000-000000000000, which is not there");
  await expect(
    columns("reconciliation.matches", { match_id: "gen_random_uuid()", account: "'4509999'" }),
  ).rejects.toThrow("a match names the bank account 4509999, which is not there");
  for (const sql of [
    "delete from reconciliation.bank_accounts",
    "update reconciliation.bank_accounts set account = '4502109'",
  ])
    await expect(
      withConnection(app.db.address, "owner", async (client) => {
        await client.query(`set nagarkosh.ulb = '${town.ulb.id}'`);
        await client.query(sql);
      }),
    ).rejects.toThrow("is refused");
});
