import fc from "fast-check";
import { expect, test } from "vitest";
import { addDays, financialYear, localDate, period, periodOf, type LocalDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { inTransaction, systemActor } from "../kernel/tx.ts";
import {
  addRecurring,
  approveVoucher,
  cancelVoucher,
  closePeriod,
  cr,
  dr,
  draftDueRecurring,
  draftVoucher,
  EVERY,
  getEntry,
  getVoucher,
  listAutoReversalsDue,
  listRecurring,
  openFinancialYear,
  postDueAutoReversals,
  recurringDue,
  reopenPeriod,
  reverseEntry,
  stopRecurring,
  submitVoucher,
  type Every,
  type RecurringInput,
} from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { dueDates } from "./recurring.ts";

const app = await testApp();
const rent: RecurringInput = {
  title: "Rent of the ward office",
  voucher: "journal",
  narration: "Rent of the ward office",
  externalReference: "agreement 4",
  lines: [dr("2201001", rupees("1180.00"), { function: "02" }), cr("3501003", rupees("1180.00"))],
  every: "month",
  dayOfMonth: 31,
  startsOn: localDate("2026-04-10"),
  endsOn: localDate("2026-12-31"),
};

test("a day of the month that a month has not is its last day; due days begin at the start and stop at the end", () => {
  expect(dueDates(rent, localDate("2026-07-15"))).toEqual(["2026-04-30", "2026-05-31", "2026-06-30"]);
  expect(dueDates({ ...rent, dayOfMonth: 5, every: "quarter" }, localDate("2027-12-31"))).toEqual([
    "2026-05-05",
    "2026-08-05",
    "2026-11-05",
  ]);
  expect(dueDates({ ...rent, every: "year", endsOn: null }, localDate("2028-05-01"))).toEqual([
    "2026-04-30",
    "2027-04-30",
    "2028-04-30",
  ]);
  const any = fc.record({
    every: fc.constantFrom<Every>("month", "quarter", "half-year", "year"),
    dayOfMonth: fc.integer({ min: 1, max: 31 }),
    startsOn: fc.integer({ min: 0, max: 2000 }).map((d) => addDays(localDate("2024-01-01"), d)),
    length: fc.option(fc.integer({ min: 0, max: 900 })),
    upTo: fc.integer({ min: 0, max: 1500 }),
  });
  fc.assert(
    fc.property(any, ({ length, upTo, ...r }) => {
      const recurring = { ...r, endsOn: length === null ? null : addDays(r.startsOn, length) };
      const until = addDays(r.startsOn, upTo);
      const days = dueDates(recurring, until);
      const months = (d: LocalDate): number => Number(d.slice(0, 4)) * 12 + Number(d.slice(5, 7));
      days.forEach((day, i) => {
        expect(day >= r.startsOn && day <= until && (recurring.endsOn === null || day <= recurring.endsOn)).toBe(true);
        // The wanted day, or the last of a shorter month.
        expect(Number(day.slice(8)) === r.dayOfMonth || periodOf(addDays(day, 1)) !== periodOf(day)).toBe(true);
        const next = days[i + 1];
        if (next) expect(months(next) - months(day)).toBe(EVERY[r.every]);
      });
      // Looking again later changes nothing of what was due before.
      expect(dueDates(recurring, addDays(until, 400)).slice(0, days.length)).toEqual(days);
    }),
  );
});

test("what is due is drafted once for each day, however many run at once, and nothing is posted", async () => {
  const town = await testUlb(app);
  const made = await town.tx("accountant", (t) => addRecurring(t, rent));
  const day = localDate("2026-07-15");
  const due = await town.tx("auditor", (t) => recurringDue(t, day));
  expect(due.map((d) => d.dueOn)).toEqual(["2026-04-30", "2026-05-31", "2026-06-30"]);
  const runs = await Promise.all(
    Array.from({ length: 6 }, () =>
      inTransaction(app, { ulb: town.ulb, actor: systemActor("recurring") }, (t) => draftDueRecurring(t, day)),
    ),
  );
  const drafts = runs.flat();
  expect(drafts.map((v) => v.date).sort()).toEqual(["2026-04-30", "2026-05-31", "2026-06-30"]);
  expect(drafts[0]).toMatchObject({ status: "draft", externalReference: "agreement 4", recurring: { id: made.id } });
  expect(await bookMarks(app, town.ulb)).toMatchObject({ vouchers: 3n, entries: 0n });
  // A draft that is given up is not drafted again.
  const [first] = drafts;
  await town.tx("accountant", (t) => cancelVoucher(t, first?.id ?? "", 1, "rent is waived"));
  expect(await town.tx("accountant", (t) => draftDueRecurring(t, day))).toEqual([]);
  expect(await town.tx("accountant", (t) => recurringDue(t, day))).toEqual([]);
});

test("who wrote a recurring voucher does not approve what is drafted from it, whoever ran the drafting", async () => {
  const town = await testUlb(app);
  await inTransaction(app, town.as("checker", "both"), (t) => addRecurring(t, { ...rent, dayOfMonth: 10 }));
  const [draft] = await town.tx("accountant", (t) => draftDueRecurring(t, localDate("2026-04-10")));
  const sent = await town.tx("accountant", (t) => submitVoucher(t, draft?.id ?? "", 1));
  await expect(
    inTransaction(app, town.as("checker", "both"), (t) => approveVoucher(t, sent.id, sent.version)),
  ).rejects.toThrow(/^MAKER_IS_CHECKER: both@test/);
  const { entry } = await town.tx("checker", (t) => approveVoucher(t, sent.id, sent.version));
  expect(entry.number).toBe("J/2026-27/000001");
});

test("a recurring voucher is stopped with a reason and drafts no more; one that makes no sense is refused", async () => {
  const town = await testUlb(app);
  const { id } = await town.tx("accountant", (t) => addRecurring(t, rent));
  await expect(town.tx("accountant", (t) => stopRecurring(t, id, "no"))).rejects.toThrow(/^REASON_MISSING/);
  await town.tx("accountant", (t) => stopRecurring(t, id, "the office moved"));
  await expect(town.tx("accountant", (t) => stopRecurring(t, id, "the office moved"))).rejects.toThrow(
    /^RECURRING_STOPPED/,
  );
  expect(await town.tx("accountant", (t) => draftDueRecurring(t, localDate("2026-12-31")))).toEqual([]);
  expect((await town.tx("auditor", (t) => listRecurring(t)))[0]).toMatchObject({
    status: "stopped",
    stopReason: "the office moved",
  });
  const wrong = (over: Partial<RecurringInput>) => town.tx("accountant", (t) => addRecurring(t, { ...rent, ...over }));
  await expect(wrong({ dayOfMonth: 32 })).rejects.toThrow(/^RECURRING_RANGE: .* \(not 32\)/);
  await expect(wrong({ endsOn: localDate("2026-04-01") })).rejects.toThrow(/^RECURRING_RANGE/);
  await expect(wrong({ narration: " " })).rejects.toThrow(/^NARRATION_MISSING/);
  await expect(
    town.tx("accountant", (t) => stopRecurring(t, "0198f000-0000-7000-8000-000000000000", "unknown")),
  ).rejects.toThrow(/^RECURRING_NOT_FOUND/);
});

// ---------------------------------------------------------------- vouchers that reverse themselves

async function accrual(town: TestUlb, account = "2201001") {
  const made = await town.tx("accountant", async (t) => {
    const draft = await draftVoucher(t, {
      voucher: "journal",
      date: localDate("2026-03-31"),
      narration: "Electricity of March, not billed",
      autoReverseOn: localDate("2026-04-01"),
      lines: [dr(account, rupees("500"), { function: "02" }), cr("3601002", rupees("500"))],
    });
    return submitVoucher(t, draft.id, draft.version);
  });
  return town.tx("checker", (t) => approveVoucher(t, made.id, made.version));
}

test("an accrual of 31 March is reversed on 1 April when it is approved, if April is open", async () => {
  const town = await testUlb(app);
  const { voucher, entry } = await accrual(town);
  const back = await town.tx("auditor", (t) => getEntry(t, voucher.autoReversalEntryId ?? 0n));
  expect([back.number, back.date, back.reverses, back.source]).toEqual([
    "J/2026-27/000001",
    "2026-04-01",
    entry.id,
    { type: "auto-reversal", id: voucher.id },
  ]);
  expect((await town.tx("accountant", (t) => postDueAutoReversals(t, localDate("2026-04-01")))).posted).toBe(0);
});

test("while April is not open the reversal waits, and is then posted once, however many run at once", async () => {
  const town = await testUlb(app, { years: [] });
  const { voucher } = await accrual(town);
  expect(voucher.autoReversalEntryId).toBeNull();
  const day = localDate("2026-04-02");
  expect((await town.tx("auditor", (t) => listAutoReversalsDue(t, day))).map((v) => v.id)).toEqual([voucher.id]);
  expect((await town.tx("accountant", (t) => postDueAutoReversals(t, day))).posted).toBe(0);
  await town.tx("admin", (t) => openFinancialYear(t, financialYear("2026-27")));
  expect((await town.tx("accountant", (t) => postDueAutoReversals(t, localDate("2026-03-31")))).posted).toBe(0);
  const runs = await Promise.all(
    Array.from({ length: 5 }, () =>
      inTransaction(app, { ulb: town.ulb, actor: systemActor("auto-reversal") }, (t) => postDueAutoReversals(t, day)),
    ),
  );
  expect(runs.reduce((n, run) => n + run.posted, 0)).toBe(1);
  expect(await bookMarks(app, town.ulb)).toMatchObject({ entries: 2n });
  expect((await town.tx("auditor", (t) => getVoucher(t, voucher.id))).autoReversalEntryId).not.toBeNull();
});

test("a closed April takes no reversal until it is opened again; what a person reversed meanwhile is not reversed twice", async () => {
  const town = await testUlb(app, { startsOn: localDate("2025-04-01") });
  await town.tx("admin", (t) =>
    t.query("update ledger.periods set status = 'closed' where ulb_id = :ulb and period < '2026-03'", {
      ulb: town.ulb.id,
    }),
  );
  await town.tx("admin", (t) =>
    t.query("update ledger.periods set status = 'closed' where ulb_id = :ulb and period = '2026-04'", {
      ulb: town.ulb.id,
    }),
  );
  const { voucher, entry } = await accrual(town);
  expect(voucher.autoReversalEntryId).toBeNull();
  const byHand = await town.tx("checker", (t) =>
    reverseEntry(t, { entryId: entry.id, date: localDate("2026-05-01"), reason: "April was closed" }),
  );
  await town.tx("checker", (t) => reopenPeriod(t, period("2026-04"), "for the accruals"));
  expect((await town.tx("accountant", (t) => postDueAutoReversals(t, localDate("2026-05-02")))).posted).toBe(1);
  const now = await town.tx("auditor", (t) => getVoucher(t, voucher.id));
  expect(now.autoReversalEntryId).toBe(byHand.id);
  expect(await bookMarks(app, town.ulb)).toMatchObject({ entries: 2n });
  await town.tx("checker", (t) => closePeriod(t, period("2026-03")));
});

test("a reversal that the books refuse is told, and holds up no other", async () => {
  const town = await testUlb(app, { years: [] });
  const first = await accrual(town);
  const second = await accrual(town, "2203001");
  await town.tx("admin", (t) => openFinancialYear(t, financialYear("2026-27")));
  await town.tx("admin", (t) =>
    t.query("update ledger.accounts set is_active = false where ulb_id = :ulb and code = '2201001'", {
      ulb: town.ulb.id,
    }),
  );
  const run = await town.tx("accountant", (t) => postDueAutoReversals(t, localDate("2026-04-01")));
  expect([run.posted, run.problems.map((p) => p.code)]).toEqual([1, ["ACCOUNT_INACTIVE"]]);
  expect(run.problems[0]?.message).toContain(first.voucher.id);
  expect((await town.tx("auditor", (t) => getVoucher(t, second.voucher.id))).autoReversalEntryId).not.toBeNull();
  expect(await bookMarks(app, town.ulb)).toMatchObject({ entries: 3n });
});

test("the day of the reversal comes after the voucher", async () => {
  const town = await testUlb(app);
  await expect(
    town.tx("accountant", (t) =>
      draftVoucher(t, {
        voucher: "journal",
        date: localDate("2026-04-01"),
        narration: "x",
        autoReverseOn: localDate("2026-04-01"),
        lines: [],
      }),
    ),
  ).rejects.toThrow(/^AUTO_REVERSAL_DATE/);
});
