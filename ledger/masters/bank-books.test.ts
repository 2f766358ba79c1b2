import { expect, test } from "vitest";
import { localDate } from "../kernel/dates.ts";
import { rupees } from "../kernel/money.ts";
import { cr, dr, postEntry } from "../index.ts";
import { bookMarks, testApp, testUlb } from "../testing.ts";
import {
  addBankBook,
  addChequeBook,
  addMaster,
  chequeNumber,
  closeBankBook,
  listBankBooks,
  listChequeBooks,
  setChequeBookStatus,
} from "./index.ts";

const now = new Date("2026-05-10T05:00:00Z");
const app = await testApp({ clock: () => now });
const BANK = "4502101";
const sbi = { account: BANK, bank: "State Bank of India", ifsc: "sbin0001234", number: "0000 0012 345678" };
const why = { reason: "Account closed at the bank" };

test("a bank account stands on a cash or bank head, once; only the end of its number is kept", async () => {
  const { tx } = await testUlb(app);
  const made = await tx("admin", (t) => addBankBook(t, sbi));
  expect(made).toMatchObject({ numberMasked: "XXXXXXXX5678", ifsc: "SBIN0001234", fund: "01", isActive: true });
  await expect(tx("admin", (t) => addBankBook(t, sbi))).rejects.toMatchObject({ code: "MASTER_EXISTS" });
  await expect(
    tx("admin", (t) => addBankBook(t, { account: "3501001", bank: " ", number: "12", ifsc: "SBI1" })),
  ).rejects.toMatchObject({
    facts: {
      problems: [
        expect.stringContaining("3501001 Creditors-Suppliers is not"),
        "it needs the name of the bank",
        expect.stringContaining("last four characters"),
        expect.stringContaining('IFSC "SBI1"'),
      ],
    },
  });
  await expect(tx("admin", (t) => addBankBook(t, { ...sbi, account: "4502104", fund: "88" }))).rejects.toThrow(
    /fund 88 is not/,
  );
  expect(await tx("auditor", (t) => listBankBooks(t))).toHaveLength(1);
});

test("a leaf is in one book: overlapping books of one account are refused, other prefixes and accounts are not", async () => {
  const { tx, ulb } = await testUlb(app);
  await tx("admin", async (t) => {
    await addBankBook(t, sbi);
    await addBankBook(t, { ...sbi, account: "4502104", bank: "Canara Bank" });
  });
  const add = (firstLeaf: number, lastLeaf: number, more: { prefix?: string; account?: string } = {}) =>
    tx("accountant", (t) => addChequeBook(t, { account: BANK, firstLeaf, lastLeaf, ...more }));
  const book = await add(101, 200);
  expect([book.first, book.last, chequeNumber(book, 150)]).toEqual(["000101", "000200", "000150"]);
  const before = await bookMarks(app, ulb);
  for (const [first, last] of [
    [200, 250],
    [50, 101],
    [120, 130],
    [1, 999],
  ] as const) {
    await expect(add(first, last)).rejects.toMatchObject({
      code: "CHEQUE_BOOK_OVERLAPS",
      message: expect.stringContaining("000101 to 000200"),
    });
  }
  await expect(add(300, 299)).rejects.toThrow(/last leaf 299 comes before its first 300/);
  await expect(add(1_000, 20_000)).rejects.toThrow(/19001 leaves/);
  await expect(add(1, 2, { account: "4502001" })).rejects.toMatchObject({ code: "BANK_BOOK_UNKNOWN" });
  expect(await bookMarks(app, ulb)).toEqual(before);
  await add(201, 300);
  await add(101, 200, { prefix: "A" });
  await add(101, 200, { account: "4502104" });
  expect(await tx("auditor", (t) => listChequeBooks(t, BANK))).toHaveLength(3);
  // The table refuses it without the program, too.
  await expect(
    tx("admin", (t) =>
      t.query(
        `insert into ledger.cheque_books (ulb_id, book_id, account, first_leaf, last_leaf, received_on)
         values (:ulb, gen_random_uuid(), :account, 150, 160, '2026-05-01')`,
        { ulb: t.ulb.id, account: BANK },
      ),
    ),
  ).rejects.toMatchObject({ constraint: "cheque_books_do_not_overlap" });
});

test("two people taking in the same cheque book at once: one of them is told", async () => {
  const { tx } = await testUlb(app);
  await tx("admin", (t) => addBankBook(t, sbi));
  const both = await Promise.allSettled(
    [1, 2].map(() => tx("accountant", (t) => addChequeBook(t, { account: BANK, firstLeaf: 1, lastLeaf: 50 }))),
  );
  expect(both.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("a cheque book goes from stock into use and is finished or cancelled there, with a reason for the latter", async () => {
  const { tx } = await testUlb(app);
  await tx("admin", (t) => addBankBook(t, sbi));
  const { id } = await tx("accountant", (t) => addChequeBook(t, { account: BANK, firstLeaf: 1, lastLeaf: 50 }));
  const set = (status: "in-use" | "finished" | "cancelled" | "in-stock", reason?: string) =>
    tx("accountant", (t) => setChequeBookStatus(t, id, status, reason));
  await expect(set("finished")).rejects.toMatchObject({ code: "CHEQUE_BOOK_STATUS" });
  await set("in-use");
  await expect(set("in-stock")).rejects.toMatchObject({ code: "CHEQUE_BOOK_STATUS" });
  await expect(set("cancelled", "")).rejects.toMatchObject({ code: "REASON_MISSING" });
  expect(await set("cancelled", "Lost on the way to the zone office")).toMatchObject({
    statusReason: "Lost on the way to the zone office",
  });
  await expect(set("in-use")).rejects.toMatchObject({ code: "CHEQUE_BOOK_STATUS" });
});

test("a bank account with money or an open cheque book is not closed; a closed one takes no cheque book", async () => {
  const { tx } = await testUlb(app);
  await tx("admin", (t) => addMaster(t, "schemes", { code: "SBM", name: "SBM", fund: "01", source: "09" }));
  await tx("admin", (t) => addBankBook(t, { ...sbi, scheme: "SBM" }));
  const move = (id: string, side: typeof dr, other: typeof dr) =>
    tx("accountant", (t) =>
      postEntry(t, {
        voucher: "receipt",
        date: localDate("2026-05-01"),
        narration: "Test",
        source: { type: "test", id },
        lines: [side(BANK, rupees("9.00")), other("3401001", rupees("9.00"))],
      }),
    );
  await move("1", dr, cr);
  const close = () => tx("admin", (t) => closeBankBook(t, BANK, why));
  await expect(close()).rejects.toMatchObject({ code: "MASTER_HAS_BALANCE" });
  await move("2", cr, dr);
  const { id } = await tx("accountant", (t) => addChequeBook(t, { account: BANK, firstLeaf: 1, lastLeaf: 50 }));
  await expect(close()).rejects.toThrow(/cheque book 000001 to 000050 \(in-stock\)/);
  await tx("accountant", (t) => setChequeBookStatus(t, id, "cancelled", "Returned to the bank"));
  expect(await close()).toMatchObject({ isActive: false });
  await expect(close()).rejects.toMatchObject({ code: "MASTER_CLOSED" });
  await expect(
    tx("accountant", (t) => addChequeBook(t, { account: BANK, firstLeaf: 60, lastLeaf: 70 })),
  ).rejects.toMatchObject({
    code: "MASTER_CLOSED",
  });
});
