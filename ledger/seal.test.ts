import { expect, test } from "vitest";
import { withConnection } from "./kernel/database.ts";
import { localDate } from "./kernel/dates.ts";
import { paise } from "./kernel/money.ts";
import { cr, dr, listSeals, postEntries, postEntry, seal, verifySeals, type EntryDraft } from "./index.ts";
import { canonicalEntry, merkleRoot } from "./seal.ts";
import { testApp, testUlb, type TestUlb } from "./testing.ts";

const app = await testApp();
let n = 0;
const draft = (over: Partial<EntryDraft> = {}): EntryDraft => ({
  voucher: "receipt",
  date: localDate("2026-05-10"),
  narration: `Property tax ${++n}`,
  source: { type: "test", id: `s${n}` },
  lines: [dr("4501001", paise(BigInt(100 + n))), cr("4311001", paise(BigInt(100 + n)))],
  ...over,
});
const post = (books: TestUlb, count: number) =>
  books.tx("cashier", (t) =>
    postEntries(
      t,
      Array.from({ length: count }, () => draft()),
    ),
  );
const sealNow = (books: TestUlb) => books.tx("system", (t) => seal(t));
const check = (books: TestUlb) => books.tx("auditor", (t) => verifySeals(t));

/** What only the owner of the database can do: switch the guards off, change the rows, switch them on again. */
async function tamper(sql: string): Promise<void> {
  await withConnection(app.db.address, "owner", async (c) => {
    await c.query(
      "begin; alter table ledger.entries disable trigger user; alter table ledger.lines disable trigger user; alter table ledger.seals disable trigger user",
    );
    await c.query("alter table ledger.seals no force row level security");
    await c.query(sql);
    await c.query(
      "alter table ledger.entries enable trigger user; alter table ledger.lines enable trigger user; alter table ledger.seals enable trigger user",
    );
    await c.query("alter table ledger.seals force row level security; commit");
  });
}

test("committed entries are sealed once, new ones go into the next block, and untouched books verify", async () => {
  const books = await testUlb(app);
  expect(await sealNow(books)).toBeUndefined();
  await post(books, 5);
  const first = await sealNow(books);
  expect([first?.block, first?.entryCount, first?.previousHash]).toEqual([1, 5, "0".repeat(64)]);
  expect(await sealNow(books)).toBeUndefined();
  await post(books, 2);
  await books.tx("accountant", (t) =>
    postEntry(
      t,
      draft({
        voucher: "journal",
        date: localDate("2026-03-30"),
        lines: [dr("4311001", paise(5n)), cr("1100101", paise(5n), { function: "91" })],
      }),
    ),
  );
  const second = await sealNow(books);
  expect(second?.previousHash).toBe(first?.hash);
  expect(second?.ranges.map((r) => [r.voucher, r.fy, r.from, r.to])).toEqual([
    ["journal", "2025-26", 1n, 1n],
    ["receipt", "2026-27", 6n, 7n],
  ]);
  expect(await check(books)).toEqual([]);
});

const tampering: readonly (readonly [string, (ulb: number) => string, RegExp])[] = [
  [
    "an amount",
    (u) =>
      `update ledger.lines set debit = debit + 1 where ulb_id = ${u} and debit > 0 and entry_id = (select min(entry_id) from ledger.entries where ulb_id = ${u})`,
    /changed after it was sealed/,
  ],
  [
    "an account",
    (u) => `update ledger.lines set account = '4311004' where ulb_id = ${u} and credit > 0`,
    /changed after it was sealed/,
  ],
  [
    "a narration",
    (u) => `update ledger.entries set narration = narration || ' ' where ulb_id = ${u}`,
    /changed after it was sealed/,
  ],
  [
    "who posted it",
    (u) => `update ledger.entries set posted_by = 'nobody' where ulb_id = ${u}`,
    /changed after it was sealed/,
  ],
  [
    "a deleted entry",
    (u) =>
      `delete from ledger.lines where ulb_id = ${u} and entry_id = (select min(entry_id) from ledger.entries where ulb_id = ${u}); delete from ledger.entries where ulb_id = ${u} and entry_id = (select min(entry_id) from ledger.entries where ulb_id = ${u})`,
    /sealed with 4 entries, there are 3/,
  ],
  [
    "a line moved to another day",
    (u) => `update ledger.lines set entry_date = '2026-06-01' where ulb_id = ${u}`,
    /changed after it was sealed/,
  ],
  [
    "the seal's own root",
    (u) => `update ledger.seals set merkle_root = sha256('x') where ulb_id = ${u} and block = 1`,
    /itself changed|changed after/,
  ],
  ["a removed block", (u) => `delete from ledger.seals where ulb_id = ${u} and block = 1`, /blocks are missing/],
];
for (const [what, sql, message] of tampering) {
  test(`tampering by the database's owner is found: ${what}`, async () => {
    const books = await testUlb(app);
    await post(books, 4);
    await sealNow(books);
    await post(books, 1);
    await sealNow(books);
    await tamper(sql(books.ulb.id));
    const problems = await check(books);
    expect(problems.map((p) => p.problem).join("; ")).toMatch(message);
  });
}

test("sealing while others post leaves nothing out and nothing in twice", async () => {
  const books = await testUlb(app);
  await Promise.all([
    ...Array.from({ length: 40 }, () => post(books, 3)),
    ...Array.from({ length: 10 }, () => sealNow(books)),
  ]);
  await sealNow(books);
  expect(await check(books)).toEqual([]);
  const seals = await books.tx("auditor", (t) => listSeals(t));
  expect(seals.reduce((a, s) => a + s.entryCount, 0)).toBe(120);
});

test("two different entries never have the same bytes, and a pair of leaves never passes for one", () => {
  const entry = { voucher: "receipt", fy: "2026-27", number: 1n, head: ["a", "bc"], lines: [["1", "x"]] };
  const bytes = canonicalEntry(entry);
  expect(canonicalEntry({ ...entry, head: ["ab", "c"] })).not.toBe(bytes);
  expect(canonicalEntry({ ...entry, head: ["a", "bc", ""] })).not.toBe(bytes);
  expect(canonicalEntry({ ...entry, lines: [["1"], ["x"]] })).not.toBe(bytes);
  expect(merkleRoot(["a", "b", "c"]).equals(merkleRoot(["a", "b"]))).toBe(false);
});
