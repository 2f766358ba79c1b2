import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { withConnection } from "./kernel/database.ts";
import { localDate } from "./kernel/dates.ts";
import { paise } from "./kernel/money.ts";
import {
  cr,
  dr,
  leavesOf,
  listSeals,
  postEntries,
  postEntry,
  readRanges,
  reverseEntry,
  seal,
  verifyChain,
  verifySeals,
  type EntryDraft,
  type SealedEntry,
} from "./index.ts";
import { canonicalEntry, leafOf, merkleRoot } from "./seal.ts";
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

const entryOf = (u: number, number: number): string =>
  `(select entry_id from ledger.entries where ulb_id = ${u} and voucher = 'receipt' and number = ${number})`;
const CHANGED = "was changed after it was sealed";
const GONE = "was sealed and is not there";
const SECOND = "R/2026-27/000002";
type Found = readonly [block: number, entry: string | undefined, problem: string | RegExp];

const tampering: readonly (readonly [string, (ulb: number) => string, readonly Found[]])[] = [
  [
    "an amount, and its counterpart",
    (u) =>
      `update ledger.lines set debit = debit + (debit > 0)::int, credit = credit + (credit > 0)::int where ulb_id = ${u} and entry_id = ${entryOf(u, 2)}`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "an account",
    (u) =>
      `update ledger.lines set account = '4311004' where ulb_id = ${u} and credit > 0 and entry_id = ${entryOf(u, 2)}`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "a narration",
    (u) => `update ledger.entries set narration = narration || ' ' where ulb_id = ${u} and number in (2, 5)`,
    [
      [1, SECOND, CHANGED],
      [2, "R/2026-27/000005", CHANGED],
    ],
  ],
  [
    "who posted it",
    (u) => `update ledger.entries set posted_by = 'nobody' where ulb_id = ${u} and number = 2`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "the moment at which it was posted, by a microsecond",
    (u) =>
      `update ledger.entries set posted_at = posted_at + interval '1 microsecond' where ulb_id = ${u} and number = 2`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "a word moved from one field to the next",
    (u) =>
      `update ledger.entries set source_type = source_type || left(source_id, 1), source_id = substr(source_id, 2) where ulb_id = ${u} and number = 2`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "two entries that changed numbers",
    (u) =>
      `update ledger.entries set number = 99 where ulb_id = ${u} and number = 2; update ledger.entries set number = 2 where ulb_id = ${u} and number = 3;
       update ledger.entries set number = 3 where ulb_id = ${u} and number = 99`,
    [
      [1, SECOND, CHANGED],
      [1, "R/2026-27/000003", CHANGED],
    ],
  ],
  [
    "a deleted entry",
    (u) =>
      `delete from ledger.lines where ulb_id = ${u} and entry_id = ${entryOf(u, 2)}; delete from ledger.entries where ulb_id = ${u} and number = 2`,
    [
      [1, undefined, /sealed with 4 entries, there are 3/],
      [1, SECOND, GONE],
    ],
  ],
  [
    "an entry put in the place of another",
    (u) =>
      `set nagarkosh.posting = 'on'; update ledger.entries set number = 99, source_id = 'away' where ulb_id = ${u} and number = 2;
       insert into ledger.entries select ulb_id, 900000000 + ulb_id, voucher, fy, 2, entry_date, value_date, posted_at, posted_by, 'test', 'mine', null, 'mine'
       from ledger.entries where ulb_id = ${u} and number = 99;
       insert into ledger.lines select ulb_id, 900000000 + ulb_id, line_no, entry_date, account, debit, credit, fund from ledger.lines where ulb_id = ${u} and entry_id = ${entryOf(u, 99)}`,
    [
      [1, SECOND, CHANGED],
      [0, "R/2026-27/000099", "stands under a number that was never given out"],
    ],
  ],
  [
    "an entry of a series that never was",
    (u) =>
      `insert into ledger.entries select ulb_id, 910000000 + ulb_id, voucher, '2019-20', 1, entry_date, value_date, posted_at, posted_by, 'test', 'old', null, 'old'
       from ledger.entries where ulb_id = ${u} and number = 2`,
    [[0, "R/2019-20/000001", "stands under a number that was never given out"]],
  ],
  [
    "a pair of lines put into an entry",
    (u) =>
      `insert into ledger.lines select ulb_id, entry_id, line_no + 2, entry_date, account, debit, credit, fund from ledger.lines where ulb_id = ${u} and entry_id = ${entryOf(u, 2)}`,
    [[1, SECOND, CHANGED]],
  ],
  [
    "lines of no entry at all",
    (u) =>
      `insert into ledger.lines select ulb_id, 920000000 + ulb_id, line_no, entry_date, account, debit, credit, fund from ledger.lines where ulb_id = ${u} and entry_id = ${entryOf(u, 2)}`,
    [[0, undefined, /^2 lines say that they belong to entry 92\d+, which is not there or of another day/]],
  ],
  [
    "a line moved to another day",
    (u) =>
      `update ledger.lines set entry_date = '2026-06-01' where ulb_id = ${u} and line_no = 1 and entry_id = ${entryOf(u, 2)}`,
    [
      [1, SECOND, CHANGED],
      [0, undefined, /^1 lines say that they belong to entry \d+, which is not there or of another day/],
    ],
  ],
  [
    "the seal's own root",
    (u) => `update ledger.seals set merkle_root = sha256('x') where ulb_id = ${u} and block = 1`,
    [
      [1, undefined, "was itself changed after it was made"],
      [1, undefined, /keeps other leaves/],
      [1, undefined, "holds an entry that was changed after it was sealed"],
    ],
  ],
  [
    "the time of a seal",
    (u) => `update ledger.seals set sealed_at = sealed_at - interval '1 day' where ulb_id = ${u} and block = 2`,
    [[2, undefined, "was itself changed after it was made"]],
  ],
  [
    "an entry together with its leaf",
    (u) =>
      `update ledger.entries set narration = 'x' where ulb_id = ${u} and number = 2; update ledger.seals set leaves = overlay(leaves placing sha256('x') from 33) where ulb_id = ${u} and block = 1`,
    [
      [1, undefined, /keeps other leaves than it was sealed with/],
      [1, undefined, "holds an entry that was changed after it was sealed"],
    ],
  ],
  [
    "a removed block",
    (u) => `delete from ledger.seals where ulb_id = ${u} and block = 1`,
    [
      [2, undefined, "follows block 0; blocks are missing"],
      [2, undefined, "numbers before receipt 2026-27 5 are in no block"],
      [2, undefined, "does not stand on the block before it"],
    ],
  ],
  [
    "a range that was widened",
    (u) =>
      `update ledger.seals set ranges = jsonb_set(ranges, '{0,to}', '"999999999999"') where ulb_id = ${u} and block = 2`,
    [
      [2, undefined, "was itself changed after it was made"],
      [2, undefined, "names 999999999995 numbers but counts 1 entries"],
    ],
  ],
];

test.each(tampering)("tampering by the database's owner is found and named: %s", async (_what, sql, expected) => {
  const books = await testUlb(app);
  await post(books, 4);
  await sealNow(books);
  await post(books, 1);
  await sealNow(books);
  await post(books, 1); // the unsealed tail
  await tamper(sql(books.ulb.id));
  const problems = await check(books);
  expect(problems.map((p) => [p.block, p.entry])).toEqual(expected.map(([block, entry]) => [block, entry]));
  problems.forEach((p, i) => expect(p.problem).toMatch(expected[i]?.[2] ?? ""));
});

test("a chain made anew after tampering, or cut short, does not fit a block that is known outside", async () => {
  const books = await testUlb(app);
  await post(books, 4);
  const first = await sealNow(books);
  await post(books, 1);
  const second = await sealNow(books);
  if (!first || !second) throw new Error("two blocks");
  expect(await books.tx("auditor", (t) => verifySeals(t, [first, second]))).toEqual([]);
  await tamper(
    `update ledger.entries set narration = 'mine' where ulb_id = ${books.ulb.id} and number = 5; delete from ledger.seals where ulb_id = ${books.ulb.id} and block = 2`,
  );
  expect(await check(books)).toEqual([
    {
      block: 0,
      problem: "receipt 2026-27 was sealed up to 5, the blocks hold it up to 4; blocks are missing at the end",
    },
  ]);
  await tamper(`alter table ledger.seal_marks no force row level security;
    update ledger.seal_marks set sealed_to = 4 where ulb_id = ${books.ulb.id}; alter table ledger.seal_marks force row level security`);
  expect(await check(books)).toEqual([]); // the database by itself cannot know any more that the chain was longer
  expect(await books.tx("auditor", (t) => verifySeals(t, [first, second]))).toEqual([
    { block: 2, problem: `is not the block that is known outside as ${second.hash}` },
  ]);
  await sealNow(books);
  expect(await check(books)).toEqual([]);
  expect(await books.tx("auditor", (t) => verifySeals(t, [second]))).toHaveLength(1);
});

test("an entry that was deleted before it was sealed stops the sealing, and is named", async () => {
  const books = await testUlb(app);
  await post(books, 3);
  await tamper(`delete from ledger.lines where ulb_id = ${books.ulb.id} and entry_id = ${entryOf(books.ulb.id, 2)};
    delete from ledger.entries where ulb_id = ${books.ulb.id} and number = 2`);
  await expect(sealNow(books)).rejects.toThrow(
    /entry R\/2026-27\/000002 was given out and is not there; nothing is sealed over a gap/,
  );
  expect(await books.tx("auditor", (t) => listSeals(t))).toEqual([]);
});

test("exported data alone verifies, and names what was changed in the files", async () => {
  const books = await testUlb(app);
  await post(books, 6);
  await sealNow(books);
  const posted = await books.tx("cashier", (t) => postEntry(t, draft({ narration: "नगर निगम, ward 3: \u20b9 5" })));
  await books.tx("accountant", (t) =>
    reverseEntry(t, { entryId: posted.id, date: localDate("2026-05-12"), reason: "wrong head" }),
  );
  await sealNow(books);
  const exported = await books.tx("auditor", async (t) => {
    const blocks = [];
    const entries: SealedEntry[] = [];
    for (const s of await listSeals(t)) {
      blocks.push({ ...s, leaves: await leavesOf(t, s.block) });
      entries.push(...(await readRanges(t, s.ranges)));
    }
    return { blocks, entries };
  });
  // Through text, as a file is.
  const text = JSON.stringify(exported.entries, (_k, v: unknown) => (typeof v === "bigint" ? String(v) : v));
  const read = (JSON.parse(text) as (Omit<SealedEntry, "number"> & { number: string })[]).map((e) => ({
    ...e,
    number: BigInt(e.number),
  }));
  const byNumber = new Map(read.map((e) => [`R/${e.fy}/${String(e.number).padStart(6, "0")}`, e]));
  const blocks = exported.blocks.map(({ leaves, ...b }) => (leaves ? { ...b, leaves } : b));
  expect(verifyChain(blocks, byNumber, exported.blocks)).toEqual([]);
  const withoutLeaves = blocks.map((b) => ({ ...b, leaves: undefined })).map(({ leaves: _leaves, ...b }) => b);
  expect(verifyChain(withoutLeaves, byNumber)).toEqual([]);

  const eighth = byNumber.get("R/2026-27/000008");
  if (!eighth) throw new Error("there are eight entries");
  const changed = new Map(byNumber).set("R/2026-27/000008", {
    ...eighth,
    lines: eighth.lines.map((l) => [...l.slice(0, 2), ...l.slice(2).reverse()]),
  });
  expect(verifyChain(blocks, changed)).toEqual([{ block: 2, entry: "R/2026-27/000008", problem: CHANGED }]);
  expect(verifyChain(withoutLeaves, changed)).toEqual([
    { block: 2, problem: "holds an entry that was changed after it was sealed" },
  ]);
  const gone = new Map(byNumber);
  gone.delete("R/2026-27/000001");
  expect(verifyChain(blocks, gone).map((p) => [p.block, p.entry])).toEqual([
    [1, undefined],
    [1, "R/2026-27/000001"],
  ]);
  expect(verifyChain(blocks.slice(1), byNumber).map((p) => p.problem)).toContain("follows block 0; blocks are missing");
  // What the reversal takes back is part of what is sealed.
  expect(eighth.head[6]).toBe("receipt/2026-27/7");
});

test("somebody else's program, written from the README alone, gets the same hashes", async () => {
  const books = await testUlb(app);
  await post(books, 5);
  const sealed = await sealNow(books);
  const rows = await books.tx("auditor", (t) =>
    t.query<{ e: Record<string, string | null>; l: Record<string, string | null>[] }>(
      `select to_jsonb(e) || jsonb_build_object('at', to_char(e.posted_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US')) as e,
         (select jsonb_agg(to_jsonb(l) order by l.line_no) from ledger.lines l where l.entry_id = e.entry_id) as l
       from ledger.entries e order by e.number`,
    ),
  );
  const sha = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
  const net = (b: Buffer): Buffer => Buffer.concat([Buffer.from(`${b.length}:`), b, Buffer.from(",")]);
  const list = (...items: (string | number | null | undefined | Buffer)[]): Buffer =>
    Buffer.concat(items.map((i) => net(Buffer.isBuffer(i) ? i : Buffer.from(String(i ?? "")))));
  const leaves = rows.map(({ e, l }) =>
    sha(
      Buffer.of(0),
      list(
        list(
          e["voucher"],
          e["fy"],
          e["number"],
          e["entry_date"],
          e["value_date"],
          e["at"],
          e["posted_by"],
          e["source_type"],
          e["source_id"],
          "",
          e["narration"],
        ),
        ...l.map(
          (x) =>
          list(
            x["line_no"], x["account"], x["debit"], x["credit"], x["fund"], x["function"], x["ward"], x["functionary"], x["budget_head"], x["scheme"],
            x["party_type"], x["party_id"], x["demand_year"], x["entry_date"],
          ), // prettier-ignore
        ),
      ),
    ),
  );
  const [a, b, c, d, e] = leaves as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const one = Buffer.of(1);
  const root = sha(one, sha(one, sha(one, a, b), sha(one, c, d)), e);
  expect(root.toString("hex")).toBe(sealed?.merkleRoot);
  const hash = sha(
    Buffer.alloc(32),
    root,
    list(1, sealed?.sealedAt.toISOString(), list("receipt", "2026-27", 1, 5), 5),
  );
  expect(hash.toString("hex")).toBe(sealed?.hash);
});

test("the tree is that of RFC 6962: its published roots", () => {
  const leaves = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ].map((h) => leafOf(Buffer.from(h, "hex")));
  const root = (n: number): string => merkleRoot(leaves.slice(0, n)).toString("hex");
  expect(root(1)).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  expect(root(2)).toBe("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  expect(root(3)).toBe("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
  expect(root(8)).toBe("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
});

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
  const [a, b, c] = ["a", "b", "c"].map(leafOf) as [Buffer, Buffer, Buffer];
  expect(merkleRoot([a, b, c]).equals(merkleRoot([a, b]))).toBe(false);
  expect(leafOf(Buffer.concat([a, b])).equals(merkleRoot([a, b]))).toBe(false);
});
