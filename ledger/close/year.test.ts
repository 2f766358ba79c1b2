import fc from "fast-check";
import { expect, test } from "vitest";
import { financialYear, localDate, nextFinancialYear, period, periodsOf } from "../kernel/dates.ts";
import { rupees, toRupees } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import {
  accountBalance,
  attest,
  closePeriod,
  closeYear,
  cr,
  declineYearClose,
  dr,
  draftVoucher,
  getEntry,
  listPeriodEvents,
  listPeriods,
  markAudited,
  movements,
  openingDifferences,
  postEntry,
  proposeYearClose,
  reopenPeriod,
  reopenYear,
  reverseEntry,
  rollUp,
  setCloseSetting,
  yearCloseProblems,
  yearStatus,
  yearVersionDiff,
  type CloseCheck,
} from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { closeMonths, FY, journal, NO_CHECKS, postOne, postYear } from "./testing-year.ts";

const app = await testApp();
const NEXT = nextFinancialYear(FY);
const march = period("2026-03");
const range = { from: localDate("2025-04-01"), to: localDate("2026-03-31") };
const all = (read: Read, closing: "in" | "out" = "out") =>
  movements(read, { ...range, by: ["fund", "function", "ward"], closing });

async function yearOfBooks(months = 12): Promise<TestUlb> {
  const books = await testUlb(app);
  await books.tx("accountant", postYear);
  await closeMonths(books, months);
  return books;
}
async function close(books: TestUlb) {
  await books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS));
  return books.tx("checker", (tx) => closeYear(tx, FY, NO_CHECKS));
}

test("a year is closed by two people: income and expenditure end at nil in every fund, function and ward, and the surplus joins the Municipal Fund", async () => {
  const books = await yearOfBooks(11);
  const before = await books.tx("auditor", (tx) => all(tx));
  const closed = await close(books);
  expect([closed.version, toRupees(closed.surplus)]).toEqual([1, "664.50"]);
  await books.tx("auditor", async (tx) => {
    const after = await all(tx, "in");
    for (const r of after.filter((m) => /^[12]/.test(m.account)))
      expect([r.account, r.fund, r.function, r.ward, r.opening + r.debit - r.credit]).toEqual([
        r.account,
        r.fund,
        r.function,
        r.ward,
        0n,
      ]);
    // 310-90 holds nothing after it, in either fund; 310-10 holds the surplus of one fund and the deficit of the other.
    expect(toRupees(await accountBalance(tx, "3109000", range.to))).toBe("0.00");
    const fund = (code: string) =>
      after
        .filter((r) => r.account === "3101001" && r.fund === code)
        .reduce((a, r) => a + r.opening + r.debit - r.credit, 0n);
    expect([fund("01"), fund("02")]).toEqual([-(500000n + 78450n), 12000n]);
    // What the statements of the year say is what they said before it was closed.
    expect(await all(tx)).toEqual(before);
    // The next year opens with what this one ended with, by every dimension, and its months are there.
    expect(await openingDifferences(tx, FY)).toEqual([]);
    expect((await listPeriods(tx)).filter((p) => p.period > "2026-03")).toHaveLength(12);
    const kinds = [];
    for (const e of closed.entries) kinds.push(await getEntry(tx, e.id));
    expect(kinds.map((e) => [e.source.id, e.date, e.lines.length, e.postedBy])).toEqual([
      ["2025-26/v1/income-1", "2026-03-31", 3, "checker@test"],
      ["2025-26/v1/expenditure-1", "2026-03-31", 6, "checker@test"],
      ["2025-26/v1/fund", "2026-03-31", 4, "checker@test"],
    ]);
    const state = await yearStatus(tx, FY);
    expect(state).toMatchObject({ status: "provisional", openMonths: [], proposal: undefined });
    expect(state.versions).toMatchObject([
      { version: 1, kind: "provisional", closedBy: "accountant@test", approvedBy: "checker@test", entryCount: 7n },
    ]);
  });
  await books.tx("system", (tx) => rollUp(tx));
  expect(await books.tx("auditor", (tx) => openingDifferences(tx, FY))).toEqual([]);
  // March closed with the year: nothing enters it.
  await expect(
    postOne(books, journal("2026-03-31", [dr("4311001", rupees("1")), cr("3501001", rupees("1"))])),
  ).rejects.toThrow(/^PERIOD_CLOSED: 2026-03/);
});

test("nobody approves his own proposal, in TypeScript or in SQL; without a proposal there is nothing to approve; a refusal leaves nothing", async () => {
  const books = await yearOfBooks();
  const before = await bookMarks(app, books.ulb);
  await expect(books.tx("checker", (tx) => closeYear(tx, FY, NO_CHECKS))).rejects.toThrow(
    /^YEAR_NOT_PROPOSED: nobody has proposed/,
  );
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  await books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS, "all done"));
  await expect(books.tx("accountant", (tx) => closeYear(tx, FY, NO_CHECKS))).rejects.toThrow(
    /^MAKER_IS_CHECKER: accountant@test/,
  );
  await expect(books.tx("checker", (tx) => proposeYearClose(tx, FY, NO_CHECKS))).rejects.toThrow(
    /^YEAR_PROPOSED_ALREADY: accountant@test has proposed/,
  );
  await expect(
    books.tx("checker", (tx) =>
      tx.query("update ledger.year_proposals set status = 'approved', decided_by = proposed_by where fy = '2025-26'"),
    ),
  ).rejects.toThrow(/maker_is_not_checker/);
  await books.tx("checker", (tx) => declineYearClose(tx, FY, "the cess is not booked"));
  await expect(books.tx("checker", (tx) => closeYear(tx, FY, NO_CHECKS))).rejects.toThrow(/YEAR_NOT_PROPOSED/);
  expect((await books.tx("auditor", (tx) => yearStatus(tx, FY))).status).toBe("open");
});

test("a close that is refused names all problems: months, drafts, inter-unit balances, and what a caller asks of the year", async () => {
  const books = await testUlb(app);
  await books.tx("accountant", async (tx) => {
    await postYear(tx);
    await draftVoucher(tx, { voucher: "journal", date: localDate("2025-12-31"), narration: "Rent", lines: [] });
    await postEntry(tx, journal("2025-07-01", [dr("4702000", rupees("7")), cr("3501001", rupees("7"))]));
  });
  await closeMonths(books, 3);
  const asked: CloseCheck = {
    name: "all ties hold at the end of the year",
    run: (_read, p) => Promise.resolve([{ code: "TIE", message: `asked about ${p}` }]),
  };
  const problems = await books.tx("auditor", (tx) => yearCloseProblems(tx, FY, { month: [], year: [asked] }));
  expect(problems.map((p) => p.message)).toEqual([
    "47020: the balance of all funds together is 7.00 Dr; it must be nil",
    "asked about 2026-03",
    "1 vouchers dated in 2025-26 are neither approved nor rejected",
    ...["2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"].map(
      (m) => `${m} is still open; months are closed before their year`,
    ),
  ]);
  await expect(books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS))).rejects.toThrow(
    /^YEAR_CLOSE_REFUSED: the year 2025-26 is not ready.*47020.*2025-12 is still open/,
  );
});

test("closed twice is refused; a later year is closed after the earlier one", async () => {
  const books = await yearOfBooks();
  await expect(books.tx("accountant", (tx) => proposeYearClose(tx, NEXT, NO_CHECKS))).rejects.toThrow(
    /YEAR_CLOSE_REFUSED.*2025-26 is still open; years are closed in order/,
  );
  await close(books);
  await expect(books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS))).rejects.toThrow(
    /^YEAR_NOT_OPEN: the year 2025-26 is provisional/,
  );
  await expect(books.tx("checker", (tx) => closeYear(tx, FY, NO_CHECKS))).rejects.toThrow(/^YEAR_NOT_OPEN/);
  await expect(books.tx("auditor", (tx) => yearStatus(tx, financialYear("2031-32")))).rejects.toThrow(/^YEAR_MISSING/);
});

test("a month of a closed year is opened only after the year, in SQL too; a reopened year takes back its closing and keeps its version", async () => {
  const books = await yearOfBooks();
  await close(books);
  await expect(books.tx("checker", (tx) => reopenPeriod(tx, march, "a bill was found"))).rejects.toThrow(
    /^YEAR_CLOSED: 2026-03 belongs to the closed year 2025-26/,
  );
  await expect(
    books.tx("checker", (tx) =>
      tx.query("update ledger.periods set status = 'open', reason = 'by hand' where period = '2026-03'"),
    ),
  ).rejects.toThrow(/belongs to a closed year/);
  await expect(books.tx("checker", (tx) => reopenYear(tx, FY, "no"))).rejects.toThrow(/^REASON_MISSING/);
  await books.tx("checker", (tx) => reopenYear(tx, FY, "a bill of February was found"));
  const state = await books.tx("auditor", (tx) => yearStatus(tx, FY));
  expect([state.status, state.openMonths, state.versions.length]).toEqual(["open", [], 1]);
  await expect(
    postOne(books, journal("2026-02-20", [dr("4311001", rupees("1")), cr("3501001", rupees("1"))])),
  ).rejects.toThrow(/PERIOD_CLOSED/);
  expect(
    (await books.tx("auditor", (tx) => listPeriodEvents(tx, FY))).map((e) => [e.event, e.actor, e.reason]),
  ).toEqual([
    ["closed", "checker@test", null],
    ["reopened", "checker@test", "a bill of February was found"],
  ]);

  // The adjustment before the audit: the month is reopened, changed and closed, and the year closed again; the versions tell what changed.
  await books.tx("checker", (tx) => reopenPeriod(tx, period("2026-02"), "a bill of February was found"));
  const bill = await postOne(
    books,
    journal("2026-02-20", [dr("2201001", rupees("60"), { function: "00" }), cr("3501001", rupees("60"))]),
  );
  await books.tx("accountant", (tx) => closePeriod(tx, period("2026-02")));
  const second = await close(books);
  expect([second.version, toRupees(second.surplus)]).toEqual([2, "604.50"]);
  const diff = await books.tx("auditor", (tx) => yearVersionDiff(tx, FY, 1, 2));
  expect(diff.differences.map((d) => [d.account, d.fund, toRupees(d.change)])).toEqual([
    ["2201001", "01", "60.00"],
    ["3501001", "01", "-60.00"],
  ]);
  expect(diff.entries.map((e) => e.id)).toEqual([bill.id]);
  await expect(books.tx("auditor", (tx) => yearVersionDiff(tx, FY, 1, 9))).rejects.toThrow(/^VERSION_NOT_FOUND/);
  expect(await books.tx("auditor", (tx) => openingDifferences(tx, FY))).toEqual([]);
});

test("an audited year is never opened again, in SQL too: the refusal says to book a prior-period item and where", async () => {
  const books = await yearOfBooks();
  const certificate = {
    certificateNumber: "LFA/2026/118",
    date: localDate("2026-10-20"),
    auditor: "Local Fund Audit, Testpur",
  };
  await expect(books.tx("checker", (tx) => markAudited(tx, FY, certificate))).rejects.toThrow(/^YEAR_NOT_PROVISIONAL/);
  await close(books);
  await expect(
    books.tx("checker", (tx) => markAudited(tx, FY, { ...certificate, certificateNumber: " ", date: undefined })),
  ).rejects.toThrow(/^CERTIFICATE_MISSING: .*the number and the date is missing/);
  await expect(books.tx("accountant", (tx) => markAudited(tx, FY, certificate))).rejects.toThrow(/^MAKER_IS_CHECKER/);
  expect(await books.tx("checker", (tx) => markAudited(tx, FY, certificate))).toEqual({ version: 2 });
  for (const again of [
    () => books.tx("checker", (tx) => reopenYear(tx, FY, "an error was found")),
    () => books.tx("checker", (tx) => reopenPeriod(tx, march, "an error was found")),
  ])
    await expect(again()).rejects.toThrow(
      /^YEAR_AUDITED: .*LFA\/2026\/118.*prior-period item \(280\) in the open year: \/books\/vouchers\/new/,
    );
  await expect(
    books.tx("checker", (tx) => tx.query("update ledger.years set status = 'open' where fy = '2025-26'")),
  ).rejects.toThrow(/is audited: it is never changed/);
  // The adjustment after the audit stands in the open year.
  await postOne(
    books,
    journal("2026-05-01", [dr("2808000", rupees("9"), { function: "00" }), cr("3501001", rupees("9"))]),
  );
  const state = await books.tx("auditor", (tx) => yearStatus(tx, FY));
  expect(state.status).toBe("audited");
  expect(state.versions.map((v) => [v.version, v.kind, v.hash])).toEqual([
    [1, "provisional", state.versions[0]?.hash],
    [2, "audited", state.versions[0]?.hash],
  ]);
});

test("a year on which a closed year rests is not opened", async () => {
  const books = await yearOfBooks();
  await close(books);
  for (const month of periodsOf(NEXT)) await books.tx("accountant", (tx) => closePeriod(tx, month));
  await books.tx("accountant", (tx) => proposeYearClose(tx, NEXT, NO_CHECKS));
  await books.tx("checker", (tx) => closeYear(tx, NEXT, NO_CHECKS));
  await expect(books.tx("checker", (tx) => reopenYear(tx, FY, "an error was found"))).rejects.toThrow(
    /^LATER_YEAR_CLOSED: the year 2026-27 rests on 2025-26/,
  );
});

test("an attestation that the ULB made compulsory refuses the year until somebody signs it", async () => {
  const books = await yearOfBooks();
  await books.tx("admin", (tx) =>
    setCloseSetting(tx, "Y-01", { computed: "warn", attestation: "refuse" }, "council resolution 12"),
  );
  await expect(books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS))).rejects.toThrow(
    /Y-01 \(Physical verification.*is not attested; it is the work of the head of office/,
  );
  await books.tx("checker", (tx) =>
    attest(tx, {
      item: "Y-01",
      subject: FY,
      verdict: "done",
      remark: "cash and stores counted on 31 March",
      signedAs: "R. Rao, CMO",
    }),
  );
  expect((await close(books)).version).toBe(1);
  await expect(
    books.tx("checker", (tx) =>
      attest(tx, { item: "Y-01", subject: FY, verdict: "nil", remark: "nothing", signedAs: "R. Rao, CMO" }),
    ),
  ).rejects.toThrow(/^SUBJECT_CLOSED/);
});

test("an entry that calls itself a closing entry is found before the year is closed", async () => {
  const books = await testUlb(app);
  await books.tx("accountant", postYear);
  await books.tx("accountant", (tx) =>
    postEntry(tx, {
      ...journal("2025-07-01", [dr("1100101", rupees("5"), { function: "91" }), cr("3501001", rupees("5"))]),
      source: { type: "year-close", id: "2025-26/v1/income-9" },
    }),
  );
  await closeMonths(books);
  await expect(books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS))).rejects.toThrow(
    /calls itself a closing entry of 2025-26, but no close of that year made it/,
  );
});

test("postings while a year closes are before it or refused: the version's count is the year's count for ever", async () => {
  const books = await yearOfBooks(11);
  await books.tx("accountant", (tx) => proposeYearClose(tx, FY, NO_CHECKS));
  const work = Array.from({ length: 24 }, (_, i) =>
    i === 12
      ? books.tx("checker", async (tx) => void (await closeYear(tx, FY, NO_CHECKS)))
      : postOne(
          books,
          journal("2026-03-30", [dr("4311001", rupees("1")), cr("1100101", rupees("1"), { function: "91" })]),
        ),
  );
  const results = await Promise.allSettled(work);
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toMatch(/PERIOD_CLOSED: 2026-03/);
  const landed = results.filter((r) => r.status === "fulfilled").length - 1;
  const state = await books.tx("auditor", (tx) => yearStatus(tx, FY));
  expect(state.versions[0]?.entryCount).toBe(BigInt(7 + landed));
  expect(await books.tx("auditor", (tx) => openingDifferences(tx, FY))).toEqual([]);
});

type Step = "close-month" | "reopen-month" | "close-year" | "reopen-year" | "post" | "reverse" | "roll-up";
const CLOSE_CHANGE_CLOSE = (
  ["post", "close-year", "reopen-year", "reopen-month", "post", "close-year"] satisfies Step[]
).map((kind) => ({ kind, month: 11, amount: 4_200, account: "1100101" as const, fund: "01" as const }));
test("closing and reopening any number of times changes no figure; whatever happens between, the opening of next year is the closing of this", async () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom<Step>(
        "close-month",
        "reopen-month",
        "close-year",
        "reopen-year",
        "close-year",
        "post",
        "reverse",
        "roll-up",
      ),
      month: fc.integer({ min: 9, max: 11 }),
      amount: fc.integer({ min: 1, max: 90_000 }),
      account: fc.constantFrom("1100101", "2201001", "2808000", "1404006"),
      fund: fc.constantFrom("01", "02"),
    }),
    { minLength: 4, maxLength: 14 },
  );
  const seen = { closed: 0, reopened: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const books = await yearOfBooks(9);
      const posted: bigint[] = [];
      for (const s of history) {
        const month = periodsOf(FY)[s.month] ?? march;
        const before = await books.tx("auditor", (tx) => all(tx));
        const changes = s.kind === "post" || s.kind === "reverse";
        try {
          if (s.kind === "close-month") await books.tx("accountant", (tx) => closePeriod(tx, month));
          if (s.kind === "reopen-month") await books.tx("checker", (tx) => reopenPeriod(tx, month, "looked at again"));
          if (s.kind === "reopen-year") {
            await books.tx("checker", (tx) => reopenYear(tx, FY, "looked at again"));
            seen.reopened += 1;
          }
          if (s.kind === "close-year") {
            for (const m of (await books.tx("auditor", (tx) => yearStatus(tx, FY))).openMonths)
              await books.tx("accountant", (tx) => closePeriod(tx, m));
            await close(books);
            seen.closed += 1;
          }
          if (s.kind === "roll-up") await books.tx("system", (tx) => rollUp(tx));
          if (s.kind === "post") {
            const [side, other] = s.account.startsWith("1") ? [cr, dr] : [dr, cr];
            const amount = rupees(`${s.amount}.25`);
            const made = await postOne(
              books,
              journal(`${month}-15`, [
                side(s.account, amount, { function: "00", fund: s.fund }),
                other("3501001", amount, { fund: s.fund }),
              ]),
            );
            posted.push(made.id);
          }
          const last = s.kind === "reverse" ? posted.pop() : undefined;
          if (last !== undefined)
            await books.tx("checker", (tx) =>
              reverseEntry(tx, { entryId: last, date: localDate(`${month}-28`), reason: "made in error" }),
            );
        } catch (error) {
          expect(String(error)).toMatch(
            /PERIOD_NOT_OPEN|PERIOD_NOT_CLOSED|PERIOD_CLOSED|YEAR_CLOSED|YEAR_NOT_PROVISIONAL|YEAR_NOT_OPEN|ALREADY_REVERSED|PERIOD_CLOSE_REFUSED/,
          );
        }
        if (!changes) expect(await books.tx("auditor", (tx) => all(tx))).toEqual(before);
        const state = await books.tx("auditor", (tx) => yearStatus(tx, FY));
        if (state.status === "provisional")
          expect(await books.tx("auditor", (tx) => openingDifferences(tx, FY))).toEqual([]);
        // Two closes with nothing posted between them say the same.
        const events = await books.tx("auditor", (tx) => listPeriodEvents(tx, FY));
        for (const [i, e] of events.entries()) if (e.event === "reopened") expect(e.hash).toBe(events[i - 1]?.hash);
      }
    }),
    // The first history is given, so that at least one year is closed, reopened, changed and closed again in every run.
    { numRuns: 8, examples: [[CLOSE_CHANGE_CLOSE]] },
  );
  expect(seen.closed).toBeGreaterThan(1);
  expect(seen.reopened).toBeGreaterThan(0);
}, 120_000);
