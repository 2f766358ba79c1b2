// The rejection cases of fixtures/rejection-cases.json, each through the public functions: the refusal shows its facts and figures, and
// nothing is written. X12 (two payments for the last 766.00) and X15 (a write-off without resolution) are rules of the demand register:
// their tests are in billing.
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { withConnection } from "./kernel/database.ts";
import { localDate, period } from "./kernel/dates.ts";
import { paise, rupees } from "./kernel/money.ts";
import { Refusal } from "./kernel/errors.ts";
import { inTransaction } from "./kernel/tx.ts";
import {
  approveVoucher,
  closePeriod,
  cr,
  createLanes,
  dr,
  draftVoucher,
  postEntries,
  postEntry,
  rejectVoucher,
  reopenPeriod,
  reverseEntry,
  seriesGaps,
  submitVoucher,
  type EntryDraft,
} from "./index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "./testing.ts";

type Case = { readonly id: string; readonly input: string; readonly expected: string };
const cases = JSON.parse(
  readFileSync(new URL("./fixtures/rejection-cases.json", import.meta.url), "utf8"),
) as readonly Case[];
const title = (id: string): string => {
  const found = cases.find((c) => c.id === id);
  if (!found) throw new Error(`${id} is not one of the cases`);
  tested.add(id);
  return `${id}: ${found.input}: ${found.expected}`;
};
const tested = new Set<string>();

const app = await testApp();
const lanes = createLanes(app.db);
const CASH = "4501001";
const BANK = "4502101";
const RECEIVABLE = "4311001";
const INCOME = "1100101";
const FEE = "2407001";
const WATER_FUND = "02";

let n = 0;
function draft(over: Partial<EntryDraft> = {}): EntryDraft {
  n += 1;
  return {
    voucher: "receipt",
    date: localDate("2026-05-10"),
    narration: "Property tax, ward 3",
    source: { type: "test", id: `case-${n}` },
    lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"))],
    ...over,
  };
}

/** Refused alone, in a batch after a sound one, and in a lane, with the same words; the books are what they were. */
async function refused(books: TestUlb, bad: EntryDraft, message: RegExp): Promise<void> {
  const before = await bookMarks(app, books.ulb);
  await expect(books.tx("accountant", (t) => postEntry(t, bad))).rejects.toThrow(message);
  await expect(books.tx("accountant", (t) => postEntries(t, [draft(), bad, draft()]))).rejects.toThrow(message);
  await expect(lanes.post(books.as("accountant"), bad)).rejects.toThrow(message);
  await expect(lanes.post(books.as("accountant"), bad)).rejects.toBeInstanceOf(Refusal);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
}

test(title("X01"), async () => {
  const books = await testUlb(app);
  const bad = draft({ lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("99.99"))] });
  await refused(
    books,
    bad,
    /^ENTRY_UNBALANCED: debits 100\.00, credits 99\.99, difference 0\.01 \(receipt voucher test case-\d+\)$/,
  );
});

test(title("X02"), async () => {
  const books = await testUlb(app);
  const zero = draft({ lines: [dr(CASH, rupees("0.00")), cr(RECEIVABLE, rupees("0.00"))] });
  await refused(
    books,
    zero,
    /^LINE_AMOUNT: line 1 \(4501001\) of receipt voucher test case-\d+ is 0\.00; .*more than 0\.00/,
  );
  const negative = draft({
    lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("150.00")), cr(RECEIVABLE, rupees("-50.00"))],
  });
  await refused(books, negative, /^LINE_AMOUNT: line 3 \(4311001\) of .* is -50\.00; .*more than 0\.00/);
});

test(title("X03"), async () => {
  const books = await testUlb(app);
  for (const heading of ["431", "43110"]) {
    const bad = draft({ lines: [dr(CASH, rupees("100.00")), cr(heading, rupees("100.00"))] });
    await refused(
      books,
      bad,
      new RegExp(`^ACCOUNT_NOT_POSTING: account ${heading} is a heading; .*detailed heads.*case-\\d+`),
    );
  }
});

test(title("X04"), async () => {
  const books = await testUlb(app, { startsOn: localDate("2026-04-01") });
  await books.tx("accountant", (t) => closePeriod(t, period("2026-04")));
  const bad = draft({ date: localDate("2026-04-30") });
  await refused(
    books,
    bad,
    /^PERIOD_CLOSED: 2026-04 is closed \(receipt voucher test case-\d+\); .*open month.*reopened with a reason/,
  );
  // Dated in the open month it goes through, with its value date kept; and in April once that is reopened.
  const late = await books.tx("accountant", (t) =>
    postEntry(t, draft({ date: localDate("2026-05-01"), valueDate: localDate("2026-04-30") })),
  );
  expect(late.isNew).toBe(true);
  await expect(books.tx("accountant", (t) => reopenPeriod(t, period("2026-04"), "  no "))).rejects.toThrow(
    /^REASON_MISSING/,
  );
  await books.tx("accountant", (t) => reopenPeriod(t, period("2026-04"), "bank charge of 28 April arrived late"));
  expect((await books.tx("accountant", (t) => postEntry(t, bad))).isNew).toBe(true);
  // A year that was never opened is no period at all.
  await refused(
    books,
    draft({ date: localDate("2031-04-01") }),
    /^PERIOD_MISSING: 2031-04 is not a period .*open the financial year first/,
  );
});

test(title("X05"), async () => {
  const books = await testUlb(app);
  const once = draft();
  const first = await books.tx("cashier", (t) => postEntry(t, once));
  const before = await bookMarks(app, books.ulb);
  const again = await books.tx("cashier", (t) => postEntry(t, once));
  const inOneSet = await books.tx("cashier", (t) => postEntries(t, [once, once]));
  const inLane = await lanes.post(books.as("cashier"), once);
  for (const p of [again, inLane, ...inOneSet]) expect(p).toEqual({ ...first, isNew: false });
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  // Also where the first of the two is new in the same set.
  const fresh = draft();
  const [one, two] = await books.tx("cashier", (t) => postEntries(t, [fresh, fresh]));
  expect([one?.isNew, two?.isNew, one?.id === two?.id, one?.number === two?.number]).toEqual([true, false, true, true]);
});

test(title("X06"), async () => {
  const books = await testUlb(app);
  const once = draft({ lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3" })] });
  const first = await books.tx("cashier", (t) => postEntry(t, once));
  const conflict = new RegExp(
    `^ENTRY_SOURCE_CONFLICT: (?:receipt|payment) voucher test case-\\d+ was posted before, as entry ${first.id}, with other content`,
  );
  const others: Partial<EntryDraft>[] = [
    { lines: [dr(CASH, rupees("101.00")), cr(RECEIVABLE, rupees("101.00"), { ward: "3" })] },
    { lines: [dr(BANK, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3" })] },
    { lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "4" })] },
    { lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3", scheme: "AMRUT" })] },
    { lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3", functionary: "07" })] },
    { lines: [dr(CASH, rupees("100.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3", budgetHead: "B1" })] },
    {
      lines: [
        dr(CASH, rupees("100.00")),
        cr(RECEIVABLE, rupees("100.00"), { ward: "3", party: { type: "consumer", id: "A1" } }),
      ],
    },
    { lines: [dr(CASH, rupees("50.00")), dr(CASH, rupees("50.00")), cr(RECEIVABLE, rupees("100.00"), { ward: "3" })] },
    { date: localDate("2026-05-11") },
    { valueDate: localDate("2026-05-09") },
    { voucher: "payment" },
    { reverses: first.id },
  ];
  for (const other of others) await refused(books, { ...once, ...other }, conflict);
  // Two different contents under one new name in one set: neither is posted.
  const name = draft();
  const before = await bookMarks(app, books.ulb);
  await expect(
    books.tx("cashier", (t) => postEntries(t, [name, { ...name, date: localDate("2026-05-12") }])),
  ).rejects.toThrow(/^ENTRY_SOURCE_CONFLICT/);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
});

test(title("X07"), async () => {
  const books = await testUlb(app);
  const posted = await books.tx("cashier", (t) => postEntry(t, draft()));
  const before = await bookMarks(app, books.ulb);
  // The application may not: it has no such privilege. The owner of the tables may not: a trigger refuses it.
  for (const sql of [
    `update ledger.entries set narration = 'changed' where entry_id = ${posted.id}`,
    `update ledger.lines set debit = debit + 1 where entry_id = ${posted.id} and debit > 0`,
    `delete from ledger.lines where entry_id = ${posted.id}`,
    `delete from ledger.entries where entry_id = ${posted.id}`,
  ]) {
    await expect(
      books.tx("admin", (t) => t.query(sql)),
      sql,
    ).rejects.toThrow(/permission denied/);
    await withConnection(app.db.address, "owner", async (owner) => {
      await expect(owner.query(sql), sql).rejects.toThrow(
        /is refused: what is posted is never changed, post a reversal/,
      );
    });
  }
  const reversal = { entryId: posted.id, date: localDate("2026-05-11") };
  await expect(books.tx("accountant", (t) => reverseEntry(t, { ...reversal, reason: "  oops" }))).rejects.toThrow(
    new RegExp(`^REASON_MISSING: the reversal of entry ${posted.id} needs a reason`),
  );
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  const back = await books.tx("accountant", (t) => reverseEntry(t, { ...reversal, reason: "wrong consumer" }));
  expect(back.number).toBe("R/2026-27/000002");
});

test(title("X08"), async () => {
  const books = await testUlb(app);
  const amount = rupees("100.00");
  for (const voucher of ["receipt", "payment"] as const) {
    await refused(
      books,
      draft({ voucher, lines: [dr(RECEIVABLE, amount), cr(INCOME, amount, { function: "91" })] }),
      new RegExp(
        `^VOUCHER_RULE: ${voucher} voucher test case-\\d+ is a ${voucher} voucher but has no cash or bank line \\(450\\)`,
      ),
    );
  }
  await refused(
    books,
    draft({ voucher: "journal" }),
    /^VOUCHER_RULE: journal voucher test case-\d+ is a journal voucher but has a cash or bank line \(450\)/,
  );
  const contra =
    /^VOUCHER_RULE: contra voucher test case-\d+ is a contra voucher; .*only fees \(240\) may stand beside/;
  await refused(books, draft({ voucher: "contra" }), contra);
  await refused(
    books,
    draft({ voucher: "contra", lines: [dr(BANK, rupees("90.00")), dr(RECEIVABLE, rupees("10.00")), cr(CASH, amount)] }),
    contra,
  );
  // A fee alone is no movement between cash and bank.
  await refused(
    books,
    draft({ voucher: "contra", lines: [dr(FEE, amount, { function: "00" }), cr(BANK, amount)] }),
    contra,
  );
  const sound = draft({
    voucher: "contra",
    lines: [dr(BANK, rupees("99.00")), dr(FEE, rupees("1.00"), { function: "00" }), cr(CASH, amount)],
  });
  expect((await books.tx("accountant", (t) => postEntry(t, sound))).number).toBe("C/2026-27/000001");
});

test(title("X09"), async () => {
  const books = await testUlb(app);
  const amount = rupees("100.00");
  const income = draft({ voucher: "journal", lines: [dr(RECEIVABLE, amount), cr(INCOME, amount)] });
  await refused(
    books,
    income,
    /^FUNCTION_MISSING: account 1100101 is income or expenditure: its line needs a function \(journal voucher test/,
  );
  const expense = draft({ voucher: "payment", lines: [dr(FEE, amount), cr(BANK, amount)] });
  await refused(books, expense, /^FUNCTION_MISSING: account 2407001 is income or expenditure/);
  const unknown = draft({
    voucher: "journal",
    lines: [dr(RECEIVABLE, amount), cr(INCOME, amount, { function: "zz" })],
  });
  await refused(books, unknown, /^FUNCTION_UNKNOWN: the function on the line of account 1100101/);
});

test(title("X10"), async () => {
  const books = await testUlb(app);
  const amount = rupees("100.00");
  const across = draft({
    voucher: "payment",
    lines: [dr(RECEIVABLE, amount, { fund: WATER_FUND }), cr(BANK, amount)],
  });
  await refused(
    books,
    across,
    /^FUND_UNBALANCED: payment voucher test case-\d+ balances in total but not in fund 02: debits less credits 100\.00; .*470-20/,
  );
  await refused(
    books,
    draft({ lines: [dr(CASH, amount, { fund: "77" }), cr(RECEIVABLE, amount, { fund: "77" })] }),
    /^FUND_UNKNOWN: fund 77 is not one of this ULB's funds/,
  );
  const through = draft({
    voucher: "payment",
    lines: [
      dr("4702051", amount),
      cr(BANK, amount),
      dr(RECEIVABLE, amount, { fund: WATER_FUND }),
      cr("4702051", amount, { fund: WATER_FUND }),
    ],
  });
  expect((await books.tx("accountant", (t) => postEntry(t, through))).isNew).toBe(true);
});

test(title("X11"), () => {
  expect(() => rupees("0.005")).toThrow(/^MONEY_DECIMALS: "0\.005" has 3 decimals; an amount has at most two/);
  expect(() => rupees("100.000")).toThrow(/^MONEY_DECIMALS/);
  expect(() => rupees("1,000.00")).toThrow(/^MONEY_FORMAT/);
});

test(title("X13"), async () => {
  const books = await testUlb(app);
  const maker = books.as("accountant", "asha");
  const input = {
    voucher: "journal" as const,
    date: localDate("2026-05-10"),
    narration: "Correction of head",
    lines: [dr(RECEIVABLE, rupees("5.00")), cr("4311004", rupees("5.00"))],
  };
  const voucher = await inTransaction(app, maker, (t) => draftVoucher(t, input));
  const submitted = await inTransaction(app, maker, (t) => submitVoucher(t, voucher.id, voucher.version));
  const before = await bookMarks(app, books.ulb);
  const own = new RegExp(
    `^MAKER_IS_CHECKER: asha@test made or submitted voucher ${voucher.id}; another person must approve`,
  );
  await expect(inTransaction(app, maker, (t) => approveVoucher(t, voucher.id, submitted.version))).rejects.toThrow(own);
  await expect(
    inTransaction(app, maker, (t) => rejectVoucher(t, voucher.id, submitted.version, "not needed after all")),
  ).rejects.toThrow(own);
  // Nor when somebody else submitted it for him, and nor may that one.
  const helper = books.as("accountant", "bela");
  const second = await inTransaction(app, maker, (t) => draftVoucher(t, input));
  const sent = await inTransaction(app, helper, (t) => submitVoucher(t, second.id, second.version));
  for (const who of [maker, helper])
    await expect(inTransaction(app, who, (t) => approveVoucher(t, second.id, sent.version))).rejects.toThrow(
      /^MAKER_IS_CHECKER/,
    );
  expect((await bookMarks(app, books.ulb)).entries).toBe(before.entries);
  const checker = books.as("checker", "charu");
  const { entry } = await inTransaction(app, checker, (t) => approveVoucher(t, voucher.id, submitted.version));
  expect(entry.number).toBe("J/2026-27/000001");
});

test(title("X14"), async () => {
  const books = await testUlb(app);
  const first = await books.tx("cashier", (t) => postEntry(t, draft()));
  expect(first.number).toBe("R/2026-27/000001");
  await expect(
    books.tx("cashier", async (t) => {
      expect((await postEntry(t, draft())).number).toBe("R/2026-27/000002");
      throw new Error("the receipt failed after its number was taken");
    }),
  ).rejects.toThrow("after its number was taken");
  expect((await books.tx("cashier", (t) => postEntry(t, draft()))).number).toBe("R/2026-27/000002");

  const results = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      books.tx("cashier", async (t) => {
        const posted = await postEntry(
          t,
          draft({ lines: [dr(CASH, paise(BigInt(i + 1))), cr(RECEIVABLE, paise(BigInt(i + 1)))] }),
        );
        if (i % 3 === 1) throw new Error("rolled back");
        return posted;
      }),
    ),
  );
  const numbers = results.flatMap((r) => (r.status === "fulfilled" ? [r.value.number] : [])).sort();
  const kept = Array.from({ length: 50 }, (_, i) => i).filter((i) => i % 3 !== 1).length;
  expect(numbers).toEqual(Array.from({ length: kept }, (_, i) => `R/2026-27/${String(i + 3).padStart(6, "0")}`));
  expect(await books.tx("auditor", (t) => seriesGaps(t))).toEqual([]);
});

afterAll(() => {
  expect([...tested].sort()).toEqual(cases.map((c) => c.id));
});
