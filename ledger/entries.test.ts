import { expect, test } from "vitest";
import { withConnection } from "./kernel/database.ts";
import { financialYearOf, localDate, period } from "./kernel/dates.ts";
import { rupees, ZERO, paise } from "./kernel/money.ts";
import { inTransaction } from "./kernel/tx.ts";
import {
  accountBalance,
  accountStatement,
  closePeriod,
  cr,
  createLanes,
  dayBook,
  dr,
  getEntry,
  postEntries,
  postEntry,
  reopenPeriod,
  reverseEntry,
  rollUp,
  seriesGaps,
  trialBalance,
  trialBalanceTotals,
  type EntryDraft,
} from "./index.ts";
import { testApp, testUlb } from "./testing.ts";

const app = await testApp();
const CASH = "4501001";
const RECEIVABLE = "4311001";
const INCOME = "1100101";
const taxes = { function: "91" };

let n = 0;
/** A sound receipt; each call is another fact. */
function receipt(over: Partial<EntryDraft> = {}): EntryDraft {
  n += 1;
  return {
    voucher: "receipt",
    date: localDate("2026-05-10"),
    narration: "Property tax, ward 3",
    source: { type: "test", id: `fact-${n}` },
    lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"))],
    ...over,
  };
}

test("an entry is posted with a gapless number and reads back as it was written", async () => {
  const { tx } = await testUlb(app);
  const draft = receipt({
    lines: [
      dr(CASH, rupees("1188.00")),
      cr(RECEIVABLE, rupees("1188.00"), {
        ward: "3",
        party: { type: "consumer", id: "A1" },
        demandYear: "2025-26" as never,
      }),
    ],
  });
  const posted = await tx("cashier", (t) => postEntry(t, draft));
  expect(posted.number).toBe("R/2026-27/000001");
  expect(posted.isNew).toBe(true);
  const entry = await tx("accountant", (t) => getEntry(t, posted.id));
  expect(entry.lines.map((l) => [l.side, l.account, l.amount, l.ward, l.party?.id, l.demandYear, l.fund])).toEqual([
    ["debit", CASH, 118800n, undefined, undefined, undefined, "01"],
    ["credit", RECEIVABLE, 118800n, "3", "A1", "2025-26", "01"],
  ]);
  expect(entry.postedBy).toBe("cashier@test");
});

test("the same source with the same content gives the entry that is there; with other content it is a conflict", async () => {
  const { tx } = await testUlb(app);
  const draft = receipt();
  const first = await tx("cashier", (t) => postEntry(t, draft));
  const again = await tx("cashier", (t) => postEntry(t, draft));
  expect([again.id, again.number, again.isNew]).toEqual([first.id, first.number, false]);
  const other = { ...draft, lines: [dr(CASH, rupees("101.00")), cr(RECEIVABLE, rupees("101.00"))] };
  await expect(tx("cashier", (t) => postEntry(t, other))).rejects.toThrow(/ENTRY_SOURCE_CONFLICT.*posted before/);
});

test("two callers posting the same fact at once get one entry", async () => {
  const { tx } = await testUlb(app);
  const draft = receipt();
  const all = await Promise.all(Array.from({ length: 20 }, () => tx("cashier", (t) => postEntry(t, draft))));
  expect(new Set(all.map((p) => p.id)).size).toBe(1);
  expect(all.filter((p) => p.isNew)).toHaveLength(1);
});

test("a batch posts all of its entries or none", async () => {
  const { tx } = await testUlb(app);
  const good = receipt();
  const bad = receipt({ lines: [dr("9999999", rupees("1.00")), cr(RECEIVABLE, rupees("1.00"))] });
  await expect(tx("cashier", (t) => postEntries(t, [good, bad]))).rejects.toThrow(/ACCOUNT_UNKNOWN: account 9999999/);
  expect(
    await tx("cashier", (t) => dayBook(t, { from: localDate("2026-04-01"), to: localDate("2027-03-31") })),
  ).toEqual([]);
  const three = await tx("cashier", (t) => postEntries(t, [good, receipt(), receipt()]));
  expect(three.map((p) => p.number)).toEqual(["R/2026-27/000001", "R/2026-27/000002", "R/2026-27/000003"]);
});

test("in a set over the year end every entry is numbered in the year of its own date", async () => {
  const { tx } = await testUlb(app);
  const days = ["2026-04-01", "2026-03-31", "2026-04-02", "2026-03-30"].map(localDate);
  const drafts = days.flatMap((date) => [
    receipt({ date }),
    receipt({ date, voucher: "payment" }),
    receipt({ date, voucher: "journal", lines: [dr(RECEIVABLE, rupees("1.00")), cr(INCOME, rupees("1.00"), taxes)] }),
  ]);
  const posted = await tx("cashier", (t) => postEntries(t, drafts));
  expect(posted.map((p) => p.number.slice(0, 9))).toEqual(
    days.flatMap((d) => ["R", "P", "J"].map((v) => `${v}/${financialYearOf(d)}`)),
  );
  for (const p of posted) expect((await tx("auditor", (t) => getEntry(t, p.id))).number).toBe(p.number);
  expect(await tx("auditor", (t) => seriesGaps(t))).toEqual([]);
});

test("a lane gives each of many callers his own answer", async () => {
  const { ulb, as, tx } = await testUlb(app);
  const lanes = createLanes(app.db);
  const drafts = Array.from({ length: 300 }, (_, i) =>
    i % 50 === 7 ? receipt({ lines: [dr("4501", rupees("1.00")), cr(RECEIVABLE, rupees("1.00"))] }) : receipt(),
  );
  const twice = drafts[0] as EntryDraft;
  const results = await Promise.allSettled([...drafts, twice, twice].map((d) => lanes.post(as("cashier"), d)));
  const refused = results.filter((r) => r.status === "rejected");
  expect(refused).toHaveLength(6);
  for (const r of refused) expect(String(r.reason)).toMatch(/ACCOUNT_(UNKNOWN|NOT_POSTING)/);
  expect(await tx("accountant", (t) => seriesGaps(t))).toEqual([]);
  const balance = await tx("accountant", (t) => accountBalance(t, CASH, localDate("2026-05-31")));
  expect(balance).toBe(paise(294n * 10000n));
  expect(ulb.code).toMatch(/^test-/);
});

test("a reversal mirrors the entry, names it, and can be made once", async () => {
  const { tx } = await testUlb(app);
  const posted = await tx("cashier", (t) => postEntry(t, receipt()));
  const reversal = { entryId: posted.id, date: localDate("2026-05-11"), reason: "entered for the wrong consumer" };
  const back = await tx("accountant", (t) => reverseEntry(t, reversal));
  const entry = await tx("accountant", (t) => getEntry(t, back.id));
  expect(entry.reverses).toBe(posted.id);
  expect((await tx("accountant", (t) => getEntry(t, posted.id))).reversedBy).toBe(back.id);
  expect(await tx("accountant", (t) => accountBalance(t, CASH, localDate("2026-05-31")))).toBe(ZERO);
  // Said again it is the same fact; said for another reason by another source it is refused.
  expect((await tx("accountant", (t) => reverseEntry(t, reversal))).isNew).toBe(false);
  await expect(
    tx("accountant", (t) => reverseEntry(t, { ...reversal, source: { type: "test", id: "second" } })),
  ).rejects.toThrow(/ENTRY_ALREADY_REVERSED/);
  await expect(tx("accountant", (t) => reverseEntry(t, { ...reversal, reason: " " }))).rejects.toThrow(
    /REASON_MISSING/,
  );
});

test("trial balance, account statement and balances agree, before and after the roll-up", async () => {
  const { tx } = await testUlb(app);
  await tx("cashier", (t) =>
    postEntries(t, [
      {
        ...receipt(),
        voucher: "journal",
        date: localDate("2026-04-02"),
        lines: [dr(RECEIVABLE, rupees("500.00")), cr(INCOME, rupees("500.00"), taxes)],
      },
      receipt({ date: localDate("2026-04-20") }),
      receipt({ date: localDate("2026-05-20") }),
    ]),
  );
  const may = { from: localDate("2026-05-01"), to: localDate("2026-05-31") };
  const look = () =>
    tx("accountant", async (t) => ({
      rows: (await trialBalance(t, may)).map((r) => [
        r.code,
        r.openDebit,
        r.openCredit,
        r.debit,
        r.credit,
        r.closeDebit,
        r.closeCredit,
      ]),
      totals: trialBalanceTotals(await trialBalance(t, may)),
      balance: await accountBalance(t, RECEIVABLE, localDate("2026-05-31")),
      statement: (await accountStatement(t, { account: RECEIVABLE, ...may })).lines.map((l) => [
        l.date,
        l.amount,
        l.balance,
      ]),
    }));
  const before = await look();
  expect(before.rows).toEqual([
    [INCOME, 0n, 50000n, 0n, 0n, 0n, 50000n],
    [RECEIVABLE, 40000n, 0n, 0n, 10000n, 30000n, 0n],
    [CASH, 10000n, 0n, 10000n, 0n, 20000n, 0n],
  ]);
  expect(before.totals.closeDebit).toBe(before.totals.closeCredit);
  expect(before.balance).toBe(30000n);
  expect(before.statement).toEqual([["2026-05-20", 10000n, 30000n]]);
  expect(await tx("accountant", (t) => rollUp(t))).toBe(3);
  expect(await tx("accountant", (t) => rollUp(t))).toBe(0);
  expect(await look()).toEqual(before);
  // A late entry into a rolled-up month is seen at once, and after the next roll-up.
  await tx("cashier", (t) => postEntry(t, receipt({ date: localDate("2026-04-25") })));
  const late = await look();
  expect(late.balance).toBe(20000n);
  await tx("accountant", (t) => rollUp(t, 1));
  expect(await look()).toEqual(late);
});

test("a closed month takes no entry until it is reopened with a reason", async () => {
  const { tx } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  await tx("accountant", (t) => closePeriod(t, period("2026-04")));
  const april = receipt({ date: localDate("2026-04-30") });
  await expect(tx("cashier", (t) => postEntry(t, april))).rejects.toThrow(/PERIOD_CLOSED: 2026-04 is closed/);
  await expect(tx("accountant", (t) => reopenPeriod(t, period("2026-04"), ""))).rejects.toThrow(/REASON_MISSING/);
  await tx("accountant", (t) => reopenPeriod(t, period("2026-04"), "bank charge of 28 April arrived late"));
  expect((await tx("cashier", (t) => postEntry(t, april))).isNew).toBe(true);
});

test("a close waits for postings under way, and a posting that waited for a close is refused", async () => {
  const { as, tx } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  let posted: () => void = () => undefined;
  const hasPosted = new Promise<void>((r) => (posted = r));
  let release: () => void = () => undefined;
  const held = new Promise<void>((r) => (release = r));
  const first = inTransaction(app, as("cashier"), async (t) => {
    await postEntry(t, receipt({ date: localDate("2026-04-10") }));
    posted();
    await held;
  });
  await hasPosted;
  const close = tx("accountant", (t) => closePeriod(t, period("2026-04")));
  await new Promise((r) => setTimeout(r, 50));
  // Awaited at the end, but heard from the start: a rejection that nobody has asked for yet would end the run.
  const second = expect(tx("cashier", (t) => postEntry(t, receipt({ date: localDate("2026-04-11") })))).rejects.toThrow(
    /PERIOD_CLOSED/,
  );
  release();
  await first;
  await close;
  await second;
});

test("one ULB never sees another, and a query without a ULB is an error", async () => {
  const one = await testUlb(app);
  const two = await testUlb(app);
  const posted = await one.tx("cashier", (t) => postEntry(t, receipt()));
  await expect(two.tx("auditor", (t) => getEntry(t, posted.id))).rejects.toThrow(/ENTRY_NOT_FOUND/);
  expect(await two.tx("auditor", (t) => t.query("select 1 from ledger.entries"))).toEqual([]);
  await expect(app.db.app.raw("select * from ledger.entries")).rejects.toThrow(/nagarkosh.ulb|invalid input syntax/);
  await expect(
    two.tx("cashier", (t) => t.query("select ledger.take_numbers(:ulb, 'x', '2026-27', 1)", { ulb: one.ulb.id })),
  ).rejects.toThrow(/in a transaction of ULB/);
});

test("the owner of the database is refused too", async () => {
  const { tx, ulb } = await testUlb(app);
  await tx("cashier", (t) => postEntry(t, receipt()));
  await withConnection(app.db.address, "owner", async (client) => {
    for (const sql of [
      `insert into ledger.lines select ulb_id, entry_id, 9, entry_date, account, 5, 0, fund from ledger.lines where ulb_id = ${ulb.id} limit 1`,
      `update ledger.lines set debit = debit + 1 where ulb_id = ${ulb.id} and debit > 0`,
      `update ledger.entries set narration = 'changed' where ulb_id = ${ulb.id}`,
      `delete from ledger.lines where ulb_id = ${ulb.id}`,
      "truncate ledger.lines",
      "truncate ledger.entries cascade",
    ]) {
      await expect(client.query(sql), sql).rejects.toThrow(/is refused|cannot truncate a table referenced/);
    }
  });
});
