import { expect, test } from "vitest";
import { localDate, period } from "../kernel/dates.ts";
import { rupees, toRupees } from "../kernel/money.ts";
import {
  cashBook,
  closeDay,
  cr,
  createLanes,
  dayEvents,
  dr,
  bookingDay,
  firstOpenDay,
  lockedTo,
  postEntries,
  postEntry,
  reopenDay,
} from "../index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "../testing.ts";
import { journal } from "./testing-year.ts";

const app = await testApp({ clock: () => new Date("2026-07-16T12:00:00Z") });
const from = { startsOn: localDate("2026-04-01") };
const day = (n: number) => localDate(`2026-07-${String(n).padStart(2, "0")}`);
const cash = (date: string, amount: string) =>
  journal(date, [dr("4501001", rupees(amount)), cr("4311001", rupees(amount))], "receipt");
const paid = (date: string, amount: string) =>
  journal(date, [dr("3501001", rupees(amount)), cr("4502101", rupees(amount))], "payment");
const post = (books: TestUlb, draft: ReturnType<typeof cash>) => books.tx("accountant", (tx) => postEntry(tx, draft));
const sign = (books: TestUlb, n: number, counts: Record<string, number>, remark?: string) =>
  books.tx("accountant", (tx) =>
    closeDay(tx, {
      day: day(n),
      counts,
      signedAs: "K. Iyer, Accountant",
      ...(remark === undefined ? {} : { remark }),
    }),
  );

test("the cash and bank book of a day: opening, receipts, payments and closing of every head", async () => {
  const books = await testUlb(app, from);
  await books.tx("accountant", (tx) =>
    postEntries(tx, [cash("2026-07-13", "700"), cash("2026-07-14", "50"), paid("2026-07-14", "20")]),
  );
  const book = await books.tx("auditor", (tx) => cashBook(tx, day(14)));
  expect(book.lines.map((l) => [l.account, ...[l.opening, l.receipts, l.payments, l.closing].map(toRupees)])).toEqual([
    ["4501001", "700.00", "50.00", "0.00", "750.00"],
    ["4502101", "0.00", "0.00", "20.00", "-20.00"],
  ]);
  expect([book.cashAccount, toRupees(book.cashInHand), toRupees(book.total.closing)]).toEqual([
    "4501001",
    "750.00",
    "730.00",
  ]);
});

test("after a day is signed, cash and bank heads take nothing dated on or before it; journals and later days go on", async () => {
  const books = await testUlb(app, from);
  await post(books, cash("2026-07-13", "750"));
  await sign(books, 14, { "500": 1, "200": 1, "50": 1 });
  const before = await bookMarks(app, books.ulb);
  for (const date of ["2026-07-14", "2026-07-02", "2026-05-31"])
    await expect(post(books, cash(date, "10"))).rejects.toThrow(
      new RegExp(`^DAY_CLOSED: the cash and bank book is signed up to 2026-07-14, so nothing is dated ${date}`),
    );
  await expect(createLanes(app.db).post(books.as("cashier"), cash("2026-07-14", "10"))).rejects.toThrow(/^DAY_CLOSED/);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  await post(books, journal("2026-07-14", [dr("4311001", rupees("5")), cr("3501001", rupees("5"))]));
  await post(books, cash("2026-07-15", "10"));
  // Money that the bank or the gateway says came on a closed day is booked on the next.
  expect(await books.tx("auditor", (tx) => firstOpenDay(tx, day(12)))).toBe("2026-07-15");
  expect(await books.tx("auditor", (tx) => firstOpenDay(tx, day(16)))).toBe("2026-07-16");
  expect(await books.tx("auditor", (tx) => bookingDay(tx, day(12), localDate("2026-08-03")))).toBe("2026-07-15");
  // Of a set that is posted together, the one is refused and with it all.
  await expect(
    books.tx("accountant", (tx) => postEntries(tx, [cash("2026-07-15", "1"), cash("2026-07-14", "1")])),
  ).rejects.toThrow(/^DAY_CLOSED/);
});

test("the count must be what the cash book says, or the remark says why not; it is signed by name, and no day is signed before it comes", async () => {
  const books = await testUlb(app, from);
  await post(books, cash("2026-07-13", "750"));
  await expect(sign(books, 14, { "500": 1 })).rejects.toThrow(
    /^DAY_COUNT_DIFFERS: cash counted on 2026-07-14 is 500.00, the cash book says 750.00, difference -250.00/,
  );
  await expect(sign(books, 14, { "500": 1.5 })).rejects.toThrow(/^DAY_COUNT_FORM: the number of pieces of 500 rupees/);
  await expect(sign(books, 14, { "500": Number.NaN })).rejects.toThrow(/^DAY_COUNT_FORM/);
  await expect(sign(books, 17, { "500": 1, "200": 1, "50": 1 })).rejects.toThrow(/^DAY_IN_FUTURE/);
  await expect(
    books.tx("accountant", (tx) => closeDay(tx, { day: day(14), counts: {}, signedAs: " " })),
  ).rejects.toThrow(/^SIGNATURE_MISSING/);
  expect(await books.tx("auditor", (tx) => lockedTo(tx))).toBeUndefined();
  await sign(books, 14, { "500": 1 }, "250.00 lent to the stores, to be recouped");
  await expect(sign(books, 13, {})).rejects.toThrow(/^DAY_CLOSED_ALREADY: 2026-07-13 is closed already/);
  await expect(
    books.tx("accountant", (tx) => tx.query("update ledger.day_closes set signed_as = 'nobody'")),
  ).rejects.toThrow();
});

test("a day is reopened with a reason that stays, and every closed day after it with it; then it takes entries and is signed again", async () => {
  const books = await testUlb(app, from);
  await post(books, cash("2026-07-13", "500"));
  for (const n of [13, 14, 15]) await sign(books, n, { "500": 1 });
  await expect(books.tx("checker", (tx) => reopenDay(tx, day(14), "no"))).rejects.toThrow(/^REASON_MISSING/);
  await expect(books.tx("checker", (tx) => reopenDay(tx, day(16), "a receipt was found"))).rejects.toThrow(
    /^DAY_NOT_CLOSED: 2026-07-16/,
  );
  expect(await books.tx("checker", (tx) => reopenDay(tx, day(14), "a receipt was found"))).toEqual([
    "2026-07-14",
    "2026-07-15",
  ]);
  await post(books, cash("2026-07-14", "100"));
  await expect(post(books, cash("2026-07-13", "100"))).rejects.toThrow(/^DAY_CLOSED/);
  await sign(books, 14, { "500": 1, "100": 1 });
  const events = await books.tx("auditor", (tx) => dayEvents(tx, period("2026-07")));
  expect(events.map((e) => [e.day, e.event, e.reason])).toEqual([
    ["2026-07-13", "closed", null],
    ["2026-07-14", "closed", null],
    ["2026-07-14", "reopened", "a receipt was found"],
    ["2026-07-14", "closed", null],
    ["2026-07-15", "closed", null],
    ["2026-07-15", "reopened", "a receipt was found"],
  ]);
});

test("postings while a day is signed are in its book or refused", async () => {
  const books = await testUlb(app, from);
  await post(books, cash("2026-07-01", "500"));
  const work = Array.from({ length: 24 }, (_, i) =>
    i === 12
      ? books.tx("accountant", async (tx) => {
          const book = await closeDay(tx, {
            day: day(14),
            counts: {},
            signedAs: "K. Iyer, Accountant",
            remark: "not counted in a test",
          });
          return book.cashInHand;
        })
      : post(books, cash("2026-07-14", "1")).then(() => undefined),
  );
  const results = await Promise.allSettled(work);
  const signed = results.flatMap((r) => (r.status === "fulfilled" && r.value !== undefined ? [r.value] : []));
  for (const r of results) if (r.status === "rejected") expect(String(r.reason)).toMatch(/DAY_CLOSED/);
  const book = await books.tx("auditor", (tx) => cashBook(tx, day(14)));
  expect(signed).toEqual([book.cashInHand]);
});
