import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear, localDate } from "../kernel/dates.ts";
import { paise, rupees, toRupees } from "../kernel/money.ts";
import {
  allowOverBudget,
  approveReappropriation,
  approveVoucher,
  budgetForecast,
  budgetVariance,
  budgetWarnings,
  commitBudget,
  consumeCommitment,
  cr,
  dr,
  draftVoucher,
  getCommitment,
  importBudget,
  postEntries,
  postEntry,
  proposeReappropriation,
  rejectReappropriation,
  releaseCommitment,
  restoreCommitment,
  reverseEntry,
  rollUp,
  setBudgetSetting,
  submitVoucher,
  type BudgetMode,
  type BudgetSetting,
  type EntryDraft,
} from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { useOf } from "./control.ts";
import { lineFor, type BudgetLine } from "./lines.ts";

const app = await testApp({ clock: () => new Date("2026-07-15T05:00:00Z") });
const FY = financialYear("2026-27");
const from = { startsOn: localDate("2026-04-01") };
const HEADER = "fy,budget_head,account_prefix,function,fund,version,amount,sanction,date";
const BUDGET = `${HEADER}
2026-27,GA-01,2201,00,01,original,1000.00,Resolution 12 of 28.02.2026,2026-04-01
2026-27,GA-02,22011,00,01,original,300.00,Resolution 12 of 28.02.2026,2026-04-01
2026-27,PW-01,230,24,01,original,500.00,Resolution 12 of 28.02.2026,2026-04-01
2026-27,PT-01,11001,,01,original,9000.00,Resolution 12 of 28.02.2026,2026-04-01
`;
let made = 0;
const spend = (
  account: string,
  amount: string,
  more: { function?: string; date?: string; fund?: string } = {},
): EntryDraft => ({
  voucher: "journal",
  date: localDate(more.date ?? "2026-07-10"),
  narration: "Expenditure of a test",
  source: { type: "budget-test", id: `b-${(made += 1)}` },
  lines: [
    dr(account, rupees(amount), { function: more.function ?? "00", fund: more.fund ?? "01" }),
    cr("3501001", rupees(amount), { fund: more.fund ?? "01" }),
  ],
});
const setting = (mode: BudgetMode, more: Partial<BudgetSetting> = {}): BudgetSetting => ({
  mode,
  thresholdPercent: 100,
  allowsOverride: false,
  coversUnbudgeted: false,
  ...more,
});
async function town(mode?: BudgetMode, more: Partial<BudgetSetting> = {}): Promise<TestUlb> {
  const books = await testUlb(app, from);
  const report = await books.tx("accountant", (tx) => importBudget(tx, BUDGET, { fileName: "budget.csv" }));
  expect(report).toMatchObject({ status: "imported", rows: 4, added: 4 });
  if (mode) await books.tx("admin", (tx) => setBudgetSetting(tx, FY, setting(mode, more), "council resolution 12"));
  return books;
}
const post = (books: TestUlb, draft: EntryDraft) => books.tx("accountant", (tx) => postEntry(tx, draft));
const rows = async (books: TestUlb) =>
  new Map((await books.tx("auditor", (tx) => budgetVariance(tx, FY))).rows.map((r) => [r.budgetHead, r]));
const lineId = async (books: TestUlb, head: string): Promise<bigint> => (await rows(books)).get(head)?.id ?? 0n;
const balance = async (books: TestUlb, head: string) => toRupees((await rows(books)).get(head)?.balance ?? paise(-1n));

test("with refuse, what goes beyond the budget is refused with every figure, and nothing is written", async () => {
  const books = await town("refuse");
  await post(books, spend("2201001", "600"));
  await books.tx("accountant", (tx) =>
    commitBudget(tx, {
      reference: "WO/7",
      account: "2201002",
      function: "00",
      description: "Rates of the office",
      amount: rupees("150"),
      date: localDate("2026-07-01"),
    }),
  );
  const before = await bookMarks(app, books.ulb);
  const draft = spend("2201001", "300.50");
  await expect(post(books, draft)).rejects.toThrow(
    `BUDGET_EXCEEDED: journal voucher budget-test ${draft.source.id} goes beyond the budget of GA-01 (2201), 2026-27: sanctioned 1,000.00, spent 600.00, committed 150.00, this entry 300.50, short by 50.50`,
  );
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  await post(books, spend("2201001", "250"));
  expect(await balance(books, "GA-01")).toBe("0.00");
  // The longer prefix has its own budget; another function has none here, and is not held to it.
  await post(books, spend("2201101", "300"));
  await expect(post(books, spend("2201101", "0.01"))).rejects.toThrow(/BUDGET_EXCEEDED: .*GA-02 \(22011\)/);
  await post(books, spend("2201001", "5000", { function: "24" }));
  // A set is judged as if posted one by one.
  await expect(
    books.tx("accountant", (tx) =>
      postEntries(tx, [spend("2305001", "400", { function: "24" }), spend("2305001", "200", { function: "24" })]),
    ),
  ).rejects.toThrow(/spent 400.00, committed 0.00, this entry 200.00, short by 100.00/);
});

test("the same fact asked for again is not counted twice; a reversal gives the budget back", async () => {
  const books = await town("refuse");
  const whole = spend("2201001", "1000");
  const posted = await post(books, whole);
  expect(await post(books, whole)).toMatchObject({ id: posted.id, isNew: false });
  await expect(post(books, spend("2201001", "1"))).rejects.toThrow(/BUDGET_EXCEEDED/);
  await books.tx("checker", (tx) =>
    reverseEntry(tx, { entryId: posted.id, date: localDate("2026-07-11"), reason: "wrong head" }),
  );
  expect(await balance(books, "GA-01")).toBe("1000.00");
  await post(books, spend("2201001", "1000"));
});

test("two postings for the last rupee at once: one is posted, the other refused", async () => {
  const books = await town("refuse");
  await post(books, spend("2201001", "990"));
  const results = await Promise.allSettled(Array.from({ length: 6 }, () => post(books, spend("2201001", "10"))));
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
  for (const r of results)
    if (r.status === "rejected") expect(String(r.reason)).toMatch(/BUDGET_EXCEEDED: .*spent 1,000.00.*short by 10.00/);
  expect(await balance(books, "GA-01")).toBe("0.00");
});

test("with warn, the posting passes and the warning is kept; with off, and without a budget, nothing is asked", async () => {
  const books = await town("warn", { thresholdPercent: 90 });
  await post(books, spend("2201001", "900"));
  const warned = await post(books, spend("2201001", "50"));
  const [warning, ...others] = await books.tx("auditor", (tx) => budgetWarnings(tx, { fy: FY }));
  expect(others).toEqual([]);
  expect(warning).toMatchObject({
    budgetHead: "GA-01",
    entryId: warned.id,
    limit: 90000n,
    spent: 90000n,
    amount: 5000n,
    overBy: 5000n,
    overriddenBy: null,
    actor: "accountant@test",
  });
  await books.tx("admin", (tx) => setBudgetSetting(tx, FY, setting("off"), "the budget is being revised"));
  await post(books, spend("2201001", "5000"));
  expect(await books.tx("auditor", (tx) => budgetWarnings(tx, { fy: FY }))).toHaveLength(1);
  const bare = await testUlb(app, from);
  await post(bare, spend("2201001", "5000"));
  for (const threshold of [0, 201, 1.5])
    await expect(
      books.tx("admin", (tx) => setBudgetSetting(tx, FY, setting("warn", { thresholdPercent: threshold }), "a reason")),
    ).rejects.toThrow(/^BUDGET_SETTING/);
});

test("expenditure without a budget line is held to nil where the ULB says so", async () => {
  const books = await town("refuse", { coversUnbudgeted: true });
  await expect(post(books, spend("2305001", "5", { function: "00" }))).rejects.toThrow(
    /BUDGET_EXCEEDED: .*2305001 \(no budget line\), 2026-27: sanctioned 0.00/,
  );
  expect((await books.tx("auditor", (tx) => budgetVariance(tx, FY))).unbudgeted).toEqual([]);
});

test("a checker lets one voucher pass where the ULB allows it, with name and reason; its maker cannot, and without leave nobody", async () => {
  const books = await town("refuse", { allowsOverride: true });
  const voucher = await books.tx("accountant", async (tx) => {
    const { source: _source, ...input } = spend("2201001", "1200");
    const draft = await draftVoucher(tx, { ...input, voucher: "journal" });
    return submitVoucher(tx, draft.id, draft.version);
  });
  const source = { type: "voucher", id: voucher.id };
  expect(await books.tx("checker", (tx) => budgetForecast(tx, { ...spend("2201001", "1200"), source }))).toEqual([
    "GA-01: sanctioned 1,000.00, spent 0.00, committed 0.00, this voucher 1,200.00, beyond the limit by 200.00; the budget of 2026-27 is set to refuse",
  ]);
  await expect(books.tx("checker", (tx) => approveVoucher(tx, voucher.id, voucher.version))).rejects.toThrow(
    /BUDGET_EXCEEDED/,
  );
  await expect(books.tx("accountant", (tx) => allowOverBudget(tx, FY, source, "urgent repair"))).rejects.toThrow(
    /^MAKER_IS_CHECKER/,
  );
  await expect(books.tx("checker", (tx) => allowOverBudget(tx, FY, source, "no"))).rejects.toThrow(/^REASON_MISSING/);
  await books.tx("checker", (tx) => allowOverBudget(tx, FY, source, "flood relief, mayor's order 4"));
  await expect(books.tx("checker", (tx) => allowOverBudget(tx, FY, source, "flood relief again"))).rejects.toThrow(
    /^BUDGET_OVERRIDE_TWICE/,
  );
  await books.tx("checker", (tx) => approveVoucher(tx, voucher.id, voucher.version));
  expect(await books.tx("auditor", (tx) => budgetWarnings(tx, { source }))).toMatchObject([
    { overriddenBy: "checker@test", reason: "flood relief, mayor's order 4", overBy: 20000n },
  ]);
  const strict = await town("refuse");
  await expect(
    strict.tx("checker", (tx) => allowOverBudget(tx, FY, { type: "voucher", id: "x" }, "urgent repair")),
  ).rejects.toThrow(/^BUDGET_OVERRIDE_NOT_ALLOWED/);
});

test("a commitment is used up by bills, given back by what is cancelled, released at the end, and never negative", async () => {
  const books = await town("refuse");
  const order = {
    reference: "WO/1",
    account: "2201001",
    function: "00",
    description: "Hire of premises",
    amount: rupees("800"),
    date: localDate("2026-07-01"),
  };
  const { id } = await books.tx("accountant", (tx) => commitBudget(tx, order));
  expect(await balance(books, "GA-01")).toBe("200.00");
  await expect(books.tx("accountant", (tx) => commitBudget(tx, { ...order, amount: rupees("1") }))).rejects.toThrow(
    /^COMMITMENT_REFERENCE_USED/,
  );
  await expect(
    books.tx("accountant", (tx) => commitBudget(tx, { ...order, reference: "WO/2", amount: rupees("201") })),
  ).rejects.toThrow(/^BUDGET_EXCEEDED: the commitment WO\/2 .*committed 800.00.*short by 1.00/);
  await expect(
    books.tx("accountant", (tx) => commitBudget(tx, { ...order, reference: "WO/3", account: "2305001" })),
  ).rejects.toThrow(/^BUDGET_LINE_NOT_FOUND/);
  const use = (amount: string, bill: string) => (tx: Parameters<typeof consumeCommitment>[0]) =>
    consumeCommitment(tx, { commitmentId: id, amount: rupees(amount), source: { type: "bill", id: bill } });
  // A bill and its entry in one transaction: what was committed becomes spent, the budget is used once.
  await books.tx("accountant", async (tx) => {
    await use("500", "B1")(tx);
    await postEntry(tx, spend("2201001", "500"));
  });
  expect([await balance(books, "GA-01"), toRupees((await rows(books)).get("GA-01")?.committed ?? paise(0n))]).toEqual([
    "200.00",
    "300.00",
  ]);
  expect((await books.tx("accountant", use("500", "B1"))).open).toBe(rupees("300"));
  await expect(books.tx("accountant", use("400", "B1"))).rejects.toThrow(/^COMMITMENT_MOVE_CONFLICT/);
  await expect(books.tx("accountant", use("300.01", "B2"))).rejects.toThrow(
    /^COMMITMENT_OVERDRAWN: WO\/1 has 300.00 left/,
  );
  const give = (tx: Parameters<typeof restoreCommitment>[0]) =>
    restoreCommitment(tx, { commitmentId: id, source: { type: "bill", id: "B1" } });
  expect((await books.tx("accountant", give)).open).toBe(rupees("800"));
  expect((await books.tx("accountant", give)).open).toBe(rupees("800"));
  await expect(books.tx("accountant", (tx) => releaseCommitment(tx, id, "no"))).rejects.toThrow(/^REASON_MISSING/);
  await books.tx("accountant", (tx) => releaseCommitment(tx, id, "the work was given up"));
  expect((await books.tx("auditor", (tx) => getCommitment(tx, id))).open).toBe(0n);
  await expect(
    books.tx("accountant", (tx) => tx.query("update ledger.commitments set open_amount = -1")),
  ).rejects.toThrow(/commitment_is_never_negative/);
});

test("many bills at once never draw more than was committed", async () => {
  const books = await town();
  const { id } = await books.tx("accountant", (tx) =>
    commitBudget(tx, {
      reference: "WO/9",
      account: "2201001",
      function: "00",
      description: "Hire",
      amount: rupees("100"),
      date: localDate("2026-07-01"),
    }),
  );
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) =>
      books.tx("accountant", (tx) =>
        consumeCommitment(tx, { commitmentId: id, amount: rupees("30"), source: { type: "bill", id: `X${i}` } }),
      ),
    ),
  );
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(3);
  expect((await books.tx("auditor", (tx) => getCommitment(tx, id))).open).toBe(rupees("10"));
});

test("a re-appropriation needs two people and takes no more than the head has left, however late that turns out", async () => {
  const books = await town("refuse");
  const [ga, pw, pt] = await Promise.all(["GA-01", "PW-01", "PT-01"].map((h) => lineId(books, h)));
  const ask =
    (amount: string, to = pw) =>
    (tx: Parameters<typeof proposeReappropriation>[0]) =>
      proposeReappropriation(tx, {
        from: ga ?? 0n,
        to: to ?? 0n,
        amount: rupees(amount),
        sanction: "Resolution 40",
        reason: "roads after the rains",
        inForceFrom: localDate("2026-07-15"),
      });
  await post(books, spend("2201001", "700"));
  await expect(books.tx("accountant", ask("300.01"))).rejects.toThrow(
    /^REAPPROPRIATION_OVER_BALANCE: GA-01 \(2201\) has 300.00 left \(sanctioned 1,000.00, spent 700.00, committed 0.00\)/,
  );
  await expect(books.tx("accountant", ask("0"))).rejects.toThrow(/^REAPPROPRIATION_AMOUNT/);
  await expect(books.tx("accountant", ask("1", ga))).rejects.toThrow(/^REAPPROPRIATION_LINES: .*same line/);
  await expect(books.tx("accountant", ask("1", pt))).rejects.toThrow(/^REAPPROPRIATION_LINES: .*only expenditure/);
  const first = await books.tx("accountant", ask("200"));
  const second = await books.tx("accountant", ask("200"));
  await expect(books.tx("accountant", (tx) => approveReappropriation(tx, first.id))).rejects.toThrow(
    /^MAKER_IS_CHECKER/,
  );
  await books.tx("checker", (tx) => approveReappropriation(tx, first.id));
  const [x, y] = [(await rows(books)).get("GA-01"), (await rows(books)).get("PW-01")];
  expect([x?.reappropriated, x?.sanctioned, y?.reappropriated, y?.sanctioned]).toEqual([
    -20000n,
    80000n,
    20000n,
    70000n,
  ]);
  await expect(books.tx("checker", (tx) => approveReappropriation(tx, second.id))).rejects.toThrow(
    /^REAPPROPRIATION_OVER_BALANCE: .*has 100.00 left/,
  );
  await expect(books.tx("checker", (tx) => approveReappropriation(tx, first.id))).rejects.toThrow(
    /^REAPPROPRIATION_DECIDED/,
  );
  await books.tx("checker", (tx) => rejectReappropriation(tx, second.id, "nothing is left"));
  await post(books, spend("2305001", "700", { function: "24", date: "2026-07-16" }));
  // Dated before it or after: what was moved away is gone.
  for (const date of ["2026-07-01", "2026-07-16"])
    await expect(post(books, spend("2201001", "101", { date }))).rejects.toThrow(
      /BUDGET_EXCEEDED: .*sanctioned 800.00/,
    );
  await post(books, spend("2201001", "100"));
});

test("versions: a revised estimate replaces, a supplementary adds, and each counts from its date", async () => {
  const books = await town("refuse");
  const more = `${HEADER}
2026-27,GA-01,2201,00,01,revised,1500,Resolution 30,2026-09-01
2026-27,GA-01,2201,00,01,supplementary,100,Resolution 31,2026-10-01
2026-27,GA-01,2201,00,01,re-appropriation,-50,Resolution 32,2026-10-01
2026-27,PW-01,230,24,01,re-appropriation,50,Resolution 32,2026-10-01
`;
  expect(await books.tx("accountant", (tx) => importBudget(tx, more))).toMatchObject({ status: "imported", added: 4 });
  await expect(post(books, spend("2201001", "1200", { date: "2026-08-31" }))).rejects.toThrow(/sanctioned 1,000.00/);
  await post(books, spend("2201001", "1200", { date: "2026-09-01" }));
  const ga = (await rows(books)).get("GA-01");
  expect(
    [ga?.original, ga?.revised, ga?.reappropriated, ga?.sanctioned, ga?.actual, ga?.balance].map((a) =>
      toRupees(a ?? paise(0n)),
    ),
  ).toEqual(["1000.00", "1600.00", "-50.00", "1550.00", "1200.00", "350.00"]);
  await expect(books.tx("admin", (tx) => tx.query("update ledger.budget_amounts set amount = 1"))).rejects.toThrow();
});

test("a budget file is read whole or not at all: every bad row is told with line, column and rule; the same file again adds nothing", async () => {
  const books = await testUlb(app, from);
  const bad = `${HEADER}
2026-28,GA-01,2201,00,01,original,1000,Resolution 12,2026-04-01
2026-27,,9999,XX,77,first,12.345,,2026-02-30
2026-27,GA-01,2201,00,01,original,-5,Resolution 12,2026-04-01
2026-27,GA-02,22011,00,01,original,5,Resolution 12,2027-04-01
2026-27,GA-03,23,00,01,original,5,Resolution 12,2026-04-01
2026-27,GA-04,23,00,01,original,5,Resolution 12,2026-04-01
2026-27,GA-03,23,00,01,re-appropriation,5,Resolution 13,2026-04-01
`;
  const before = await bookMarks(app, books.ulb);
  const report = await books.tx("accountant", (tx) => importBudget(tx, bad));
  expect(report.status).toBe("refused");
  expect(report.problems.map((p) => [p.line, p.column, p.code])).toEqual([
    [2, "fy", "FINANCIAL_YEAR_FORMAT"],
    [3, "amount", "MONEY_DECIMALS"],
    [3, "date", "DATE_FORMAT"],
    [3, "budget_head", "BUDGET_HEAD"],
    [3, "account_prefix", "BUDGET_ACCOUNT"],
    [3, "function", "BUDGET_FUNCTION"],
    [3, "fund", "BUDGET_FUND"],
    [3, "version", "BUDGET_VERSION"],
    [3, "sanction", "BUDGET_SANCTION"],
    [4, "amount", "BUDGET_NEGATIVE"],
    [5, "date", "BUDGET_DATE"],
    [7, "budget_head", "BUDGET_HEAD_DIFFERS"],
    [7, "version", "BUDGET_TWICE"],
    [8, "amount", "BUDGET_REAPPROPRIATION"],
  ]);
  expect((await books.tx("auditor", (tx) => budgetVariance(tx, FY))).rows).toEqual([]);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  for (const [text, code] of [
    ["fy,budget_head\n2026-27,X\n", "CSV_COLUMN"],
    [`${HEADER}\n`, "CSV_EMPTY"],
  ])
    expect((await books.tx("accountant", (tx) => importBudget(tx, text ?? ""))).problems[0]?.code).toBe(code);

  const take = (csv: string) => books.tx("accountant", (tx) => importBudget(tx, csv));
  expect(await take(BUDGET)).toMatchObject({ status: "imported", added: 4, unchanged: 0 });
  expect(await take(BUDGET)).toMatchObject({ status: "already-imported", added: 0 });
  const longer = `${BUDGET}2026-27,GA-09,2205,00,01,original,40,Resolution 12,2026-04-01\n`;
  expect(await take(longer)).toMatchObject({ status: "imported", added: 1, unchanged: 4 });
  const other = `${HEADER}\n2026-27,GA-01,2201,00,01,original,7,Resolution 14,2026-04-01\n`;
  expect((await take(other)).problems.map((p) => p.code)).toEqual(["BUDGET_ORIGINAL_TWICE"]);
});

test("budget against actual: income and expenditure by head, before and after the roll-up, without opening balances and closings", async () => {
  const books = await town();
  await books.tx("accountant", (tx) =>
    postEntries(tx, [
      ...["2026-04-01", "2026-04-02"].map((date) => ({
        ...spend("2201001", "1"),
        voucher: "opening" as const,
        date: localDate(date),
        lines: [dr("4102001", rupees("90")), cr("3101001", rupees("90"))],
      })),
      spend("2201001", "10"),
      spend("2201101", "20"),
      spend("2305001", "30", { function: "00" }),
      {
        ...spend("2201001", "1"),
        lines: [dr("4311001", rupees("70")), cr("1100101", rupees("70"), { function: "91" })],
      },
    ]),
  );
  await books.tx("accountant", (tx) =>
    importBudget(tx, `${HEADER}\n2026-27,CW-01,41,,01,original,1000,Resolution 12,2026-04-01\n`),
  );
  const told = async () => {
    const v = await books.tx("auditor", (tx) => budgetVariance(tx, FY));
    return [
      ...v.rows.map((r) => [r.budgetHead, r.side, toRupees(r.actual)]),
      ...v.unbudgeted.map((u) => [u.account, u.side, toRupees(u.actual)]),
    ];
  };
  const expected = [
    ["PT-01", "income", "70.00"],
    ["GA-01", "expenditure", "10.00"],
    ["GA-02", "expenditure", "20.00"],
    ["PW-01", "expenditure", "0.00"],
    ["CW-01", "expenditure", "0.00"],
    ["2305001", "expenditure", "30.00"],
  ];
  expect(await told()).toEqual(expected);
  await books.tx("system", (tx) => rollUp(tx));
  expect(await told()).toEqual(expected);
});

test("random budgets and spending: SQL and TypeScript find the same line, and the control's spent is the report's actual", async () => {
  const prefix = fc.constantFrom("2", "22", "2201", "22011", "2201001", "230", "23050");
  const line = fc.record({
    prefix,
    function: fc.constantFrom("", "00", "24"),
    fund: fc.constantFrom("01", "02"),
    functionary: fc.constantFrom("", "", "", "F1"),
  });
  const entry = fc.record({
    account: fc.constantFrom("2201001", "2201101", "2305001"),
    function: fc.constantFrom("00", "24"),
    fund: fc.constantFrom("01", "02"),
    functionary: fc.constantFrom(undefined, "F1"),
    amount: fc.integer({ min: 1, max: 9999 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(line, { minLength: 1, maxLength: 8, selector: (l) => Object.values(l).join("|") }),
      fc.array(entry, { minLength: 1, maxLength: 12 }),
      fc.nat(12),
      async (lines, entries, rolled) => {
        const books = await testUlb(app, from);
        const csv = `${HEADER},functionary\n${lines.map((l, i) => `2026-27,H${i},${l.prefix},${l.function},${l.fund},original,100,Resolution 1,2026-04-01,${l.functionary}`).join("\n")}\n`;
        expect((await books.tx("accountant", (tx) => importBudget(tx, csv))).problems).toEqual([]);
        await books.tx("accountant", (tx) =>
          postEntries(
            tx,
            entries.map((e) => {
              const amount = rupees(`${e.amount}.10`);
              return {
                ...spend(e.account, "1"),
                lines: [
                  dr(e.account, amount, { function: e.function, fund: e.fund, functionary: e.functionary }),
                  cr("3501001", amount, { fund: e.fund }),
                ],
              };
            }),
          ),
        );
        // Part of it, all or nothing is rolled up.
        if (rolled > 0) await books.tx("system", (tx) => rollUp(tx, rolled));
        await books.tx("auditor", async (tx) => {
          const { rows: all, unbudgeted } = await budgetVariance(tx, FY);
          const used = await useOf(
            tx,
            FY,
            all.map((r) => r.id),
            localDate("2027-03-31"),
          );
          for (const r of all) expect([r.budgetHead, used.get(r.id)?.spent]).toEqual([r.budgetHead, r.actual]);
          const total = entries.reduce((a, e) => a + BigInt(e.amount) * 100n + 10n, 0n);
          expect(all.reduce((a, r) => a + r.actual, 0n) + unbudgeted.reduce((a, u) => a + u.actual, 0n)).toBe(total);
          for (const e of entries) {
            const of = { account: e.account, function: e.function, fund: e.fund, functionary: e.functionary ?? "" };
            const sql = await tx.queryOne<{ id: bigint | null }>(
              "select ledger.budget_line_of(:ulb, :fy, :account, :function, :fund, :functionary) as id",
              { ulb: tx.ulb.id, fy: FY, ...of },
            );
            expect(sql?.id ?? undefined).toBe(lineFor(all as readonly BudgetLine[], of)?.id);
          }
        });
      },
    ),
    { numRuns: 20 },
  );
}, 60_000);
