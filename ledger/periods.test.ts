import { expect, test } from "vitest";
import { financialYear, localDate, period } from "./kernel/dates.ts";
import { rupees } from "./kernel/money.ts";
import { inDryRun, inTransaction } from "./kernel/tx.ts";
import {
  bookingDay,
  closePeriod,
  closeProblems,
  cr,
  dr,
  draftVoucher,
  firstOpenPeriod,
  listPeriods,
  openFinancialYear,
  periodStatus,
  postEntry,
  reopenPeriod,
  type CloseCheck,
  type EntryDraft,
} from "./index.ts";
import { bookMarks, testApp, testUlb } from "./testing.ts";

const app = await testApp();
const april = period("2026-04");
const may = period("2026-05");
const from = { startsOn: localDate("2026-04-01") };
let n = 0;
const receipt = (date: string): EntryDraft => ({
  voucher: "receipt",
  date: localDate(date),
  narration: "Property tax",
  source: { type: "period-test", id: `p-${++n}` },
  lines: [dr("4501001", rupees("1.00")), cr("4311001", rupees("1.00"))],
});

test("a close that is refused names all problems, of the books and of every folder, and closes nothing", async () => {
  const { tx, ulb } = await testUlb(app, from);
  await tx("accountant", (t) =>
    draftVoucher(t, {
      voucher: "journal",
      date: localDate("2026-05-31"),
      narration: "Rent",
      lines: [dr("2201001", rupees("5.00"))],
    }),
  );
  const asked: string[] = [];
  const checks: CloseCheck[] = ["bank", "counter"].map((name) => ({
    name,
    run: (_read, p) => {
      asked.push(`${name} ${p}`);
      return Promise.resolve([
        { code: "NOT_DONE", message: `${name} is not reconciled` },
        { code: "NOT_SIGNED", message: `${name} is not signed` },
      ]);
    },
  }));
  const before = await bookMarks(app, ulb);
  const refusal = await tx("accountant", (t) => closePeriod(t, may, checks)).catch((e: unknown) => e);
  expect(refusal).toMatchObject({
    code: "PERIOD_CLOSE_REFUSED",
    facts: {
      period: "2026-05",
      problems: [
        "1 vouchers dated in 2026-05 are neither approved nor rejected",
        "2026-04 is still open; months are closed in order",
        "bank is not reconciled",
        "bank is not signed",
        "counter is not reconciled",
        "counter is not signed",
      ],
    },
  });
  expect(asked).toEqual(["bank 2026-05", "counter 2026-05"]);
  expect(await bookMarks(app, ulb)).toEqual(before);
  expect((await tx("auditor", (t) => periodStatus(t, may))).status).toBe("open");
  expect((await tx("auditor", (t) => closeProblems(t, may, []))).map((p) => p.code)).toEqual([
    "VOUCHERS_PENDING",
    "EARLIER_PERIOD_OPEN",
  ]);
});

test("a close is on record with who and when; a reopening with its reason too", async () => {
  const { tx } = await testUlb(app, from);
  await tx("checker", (t) => closePeriod(t, april));
  const closed = await tx("auditor", (t) => periodStatus(t, april));
  expect([closed.status, closed.changedBy, closed.changedAt instanceof Date]).toEqual(["closed", "checker@test", true]);
  expect(await tx("auditor", (t) => firstOpenPeriod(t, april))).toBe("2026-05");
  await expect(tx("checker", (t) => closePeriod(t, april))).rejects.toThrow(
    /^PERIOD_NOT_OPEN: 2026-04 is closed, so it cannot be closed/,
  );
  await expect(tx("checker", (t) => reopenPeriod(t, may, "nothing to reopen"))).rejects.toThrow(
    /^PERIOD_NOT_CLOSED: 2026-05 is open/,
  );
  await tx("admin", (t) => reopenPeriod(t, april, "bank charge of 28 April"));
  expect(await tx("auditor", (t) => periodStatus(t, april))).toMatchObject({
    status: "open",
    reason: "bank charge of 28 April",
    changedBy: "admin@test",
  });
  const trail = await tx("auditor", (t) =>
    t.query("select actor, action, reason from kernel.audit_trail order by audit_id"),
  );
  expect(trail).toEqual([
    { actor: "checker@test", action: "close", reason: null },
    { actor: "admin@test", action: "reopen", reason: "bank charge of 28 April" },
  ]);
});

test("a dry run of a close says what the close would say and changes nothing", async () => {
  const { tx, as, ulb } = await testUlb(app, from);
  const before = await bookMarks(app, ulb);
  await inDryRun(app, as("checker"), (t) => closePeriod(t, april));
  expect((await tx("auditor", (t) => periodStatus(t, april))).status).toBe("open");
  expect(await bookMarks(app, ulb)).toEqual(before);
  await expect(inDryRun(app, as("checker"), (t) => closePeriod(t, may))).rejects.toThrow(
    /PERIOD_CLOSE_REFUSED.*2026-04 is still open/,
  );
});

test("two closes of a month at once: one closes it, the other is told", async () => {
  const { tx } = await testUlb(app, from);
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => tx("checker", (t) => closePeriod(t, april))),
  );
  expect(results.filter((r) => r.status === "fulfilled")).toHaveLength(1);
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toMatch(/PERIOD_NOT_OPEN/);
});

test("postings and a close at once: what was posted is before the close, all else is refused, and no number is lost", async () => {
  const { tx } = await testUlb(app, from);
  const closed: { lines?: bigint } = {};
  const count = "select count(*) as n from ledger.lines where entry_date < date '2026-05-01'";
  const work = Array.from({ length: 40 }, async (_, i) => {
    if (i === 20) {
      await tx("checker", async (t) => {
        await closePeriod(t, april);
        closed.lines = (await t.queryOne<{ n: bigint }>(count))?.n ?? 0n;
      });
      return undefined;
    }
    return tx("cashier", (t) => postEntry(t, receipt("2026-04-30")));
  });
  const results = await Promise.allSettled(work);
  const posted = results.flatMap((r) => (r.status === "fulfilled" && r.value ? [r.value.number] : []));
  for (const r of results)
    if (r.status === "rejected") expect(String(r.reason)).toMatch(/PERIOD_CLOSED: 2026-04 is closed/);
  expect(new Set(posted).size).toBe(posted.length);
  // The closer saw every line that the month has, then and now.
  const now = await tx("auditor", (t) => t.queryOne<{ n: bigint }>(count));
  expect(now?.n).toBe(closed.lines);
  expect(now?.n).toBe(BigInt(posted.length) * 2n);
});

test("a close of one month does not wait for postings of another, nor of another ULB", async () => {
  const one = await testUlb(app, from);
  const two = await testUlb(app, from);
  let done: () => void = () => undefined;
  const held = new Promise<void>((r) => (done = r));
  let posted: () => void = () => undefined;
  const both = new Promise<void>((r) => (posted = r));
  let waiting = 2;
  const hold = (books: typeof one, date: string): Promise<void> =>
    inTransaction(app, books.as("cashier"), async (t) => {
      await postEntry(t, receipt(date));
      if (--waiting === 0) posted();
      await held;
    });
  const holders = [hold(one, "2026-05-02"), hold(two, "2026-04-02")];
  await both;
  await one.tx("checker", (t) => closePeriod(t, april));
  done();
  await Promise.all(holders);
});

test("opening a year twice is opening it once, and leaves closed months closed", async () => {
  const { tx } = await testUlb(app, from);
  await tx("checker", (t) => closePeriod(t, april));
  await tx("admin", (t) => openFinancialYear(t, financialYear("2026-27")));
  await tx("admin", (t) => openFinancialYear(t, financialYear("2027-28")));
  const all = await tx("auditor", (t) => listPeriods(t));
  expect(all).toHaveLength(24);
  expect(all.filter((p) => p.status === "closed").map((p) => p.period)).toEqual(["2026-04"]);
  await expect(tx("auditor", (t) => periodStatus(t, period("2031-01")))).rejects.toThrow(
    /^PERIOD_MISSING: 2031-01 is not a period/,
  );
});

test("a fact of a closed month is booked on the day on which it is found, whatever months between are open; of an open one on its own day", async () => {
  const { tx } = await testUlb(app, { startsOn: localDate("2026-04-01") });
  await tx("checker", (t) => closePeriod(t, period("2026-04")));
  const at = (day: string, found: string) => tx("auditor", (t) => bookingDay(t, localDate(day), localDate(found)));
  expect(await at("2026-04-20", "2026-07-02")).toBe("2026-07-02");
  expect(await at("2026-05-20", "2026-07-02")).toBe("2026-05-20");
  // Found before any open month: the first one.
  expect(await at("2026-04-20", "2026-04-25")).toBe("2026-05-01");
  await tx("checker", (t) => closePeriod(t, period("2026-05")));
  await tx("checker", (t) => closePeriod(t, period("2026-06")));
  await tx("checker", (t) => closePeriod(t, period("2026-07")));
  expect(await at("2026-04-20", "2026-07-02")).toBe("2026-08-01");
  // The books of the day on which it was found are not opened yet.
  expect(await at("2026-04-20", "2031-07-02")).toBe("2026-08-01");
});
