import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, expect, test } from "vitest";
import { ZipFile } from "yazl";
import { withConnection } from "../../ledger/kernel/database.ts";
import { localDate } from "../../ledger/kernel/dates.ts";
import { paise } from "../../ledger/kernel/money.ts";
import {
  CLOSING_SOURCE,
  cr,
  dr,
  draftVoucher,
  listSeals,
  postEntries,
  reverseEntry,
  rollUp,
  seal,
  type EntryDraft,
} from "../../ledger/index.ts";
import { testApp, testUlb, type TestUlb } from "../../ledger/testing.ts";
import { bookFaults, verifyPack, writePack, type PackProblem } from "../index.ts";
import { openPack, READ_LIMITS } from "./pack-reader.ts";

const app = await testApp();
const folder = mkdtempSync(path.join(tmpdir(), "nagarkosh-pack-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const fileName = (): string => path.join(folder, `pack-${++made}.zip`);
const YEAR = { from: localDate("2026-04-01"), to: localDate("2027-03-31") };

/** A small town of two years: openings, sealed and unsealed entries, two funds, a reversal, a year's closing, a voucher in draft. */
async function town(): Promise<TestUlb> {
  const books = await testUlb(app);
  let n = 0;
  const draft = (over: Partial<EntryDraft> & Pick<EntryDraft, "voucher" | "date" | "lines">): EntryDraft => ({
    narration: `=entry "${++n}", नगर`,
    source: { type: "test", id: `t${n}` },
    ...over,
  });
  const receipt = (date: string, amount: bigint, fund = "01"): EntryDraft =>
    draft({
      voucher: "receipt",
      date: localDate(date),
      lines: [
        dr("4502101", paise(amount), { fund, ward: "3" }),
        cr("1100101", paise(amount), { fund, function: "91", ward: "3" }),
      ],
    });
  const expense = (date: string, amount: bigint): EntryDraft =>
    draft({
      voucher: "journal",
      date: localDate(date),
      lines: [
        dr("2101001", paise(amount), { function: "03" }),
        cr("3504101", paise(amount), { party: { type: "contractor", id: "C-0012" } }),
      ],
    });
  await books.tx("accountant", async (t) => {
    await postEntries(t, [
      draft({
        voucher: "opening",
        date: localDate("2025-04-01"),
        lines: [dr("4502101", paise(900_000n)), cr("3101001", paise(900_000n))],
      }),
      receipt("2025-06-10", 55_555n),
      expense("2025-07-01", 12_345n),
    ]);
  });
  await books.tx("system", (t) => seal(t));
  await books.tx("accountant", async (t) => {
    await postEntries(t, [
      receipt("2026-04-05", 10_001n),
      receipt("2026-05-05", 20_002n, "02"),
      expense("2026-05-06", 7_007n),
      draft({ voucher: "journal", date: localDate("2026-03-31"), source: { type: CLOSING_SOURCE, id: "2025-26" }, lines: [dr("1100101", paise(55_555n), { function: "91" }), cr("3109000", paise(55_555n))] }),
    ]);
    const [wrong] = await postEntries(t, [receipt("2026-06-01", 5_000n)]);
    if (wrong) await reverseEntry(t, { entryId: wrong.id, date: localDate("2026-06-02"), reason: "booked to the wrong head" });
  }); // prettier-ignore
  await books.tx("system", (t) => seal(t));
  await books.tx("system", (t) => rollUp(t));
  await books.tx("accountant", async (t) => {
    await postEntries(t, [receipt("2026-07-01", 30_003n), expense("2026-08-01", 4_004n)]);
    await draftVoucher(t, {
      voucher: "journal",
      date: localDate("2026-08-02"),
      narration: "not posted yet",
      lines: [dr("2101001", paise(5n), { function: "03" }), cr("3504101", paise(5n))],
    });
  });
  return books;
}

async function pack(books: TestUlb, range = YEAR): Promise<string> {
  const file = fileName();
  await writePack(app, books.as("auditor"), range, createWriteStream(file));
  return file;
}

async function contents(file: string): Promise<Map<string, Buffer>> {
  const reader = await openPack(file);
  const all = new Map<string, Buffer>();
  for (const name of reader.names) {
    const parts: Buffer[] = [];
    for await (const piece of (await reader.open(name)) as AsyncIterable<Buffer>) parts.push(piece);
    all.set(name, Buffer.concat(parts));
  }
  reader.close();
  return all;
}

async function zipped(files: Iterable<readonly [string, Buffer]>, compress = false): Promise<string> {
  const file = fileName();
  const zip = new ZipFile();
  for (const [name, bytes] of files) zip.addBuffer(bytes, name, { compress });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
  return file;
}

const sha = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
type Manifest = { files: { name: string; bytes: number; sha256: string }[]; entries: number };

/** What somebody does who changes a file and makes the manifest fit again: only what the books say of themselves can tell. */
async function forged(
  file: string,
  change: (files: Map<string, Buffer>, manifest: Manifest) => void,
  compress = false,
): Promise<string> {
  const files = await contents(file);
  const manifest = JSON.parse(files.get("manifest.json")?.toString() ?? "") as Manifest;
  change(files, manifest);
  for (const f of manifest.files) {
    const bytes = files.get(f.name);
    if (bytes) [f.bytes, f.sha256] = [bytes.length, sha(bytes)];
  }
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  files.set("manifest.json", text);
  files.set("manifest.sha256", Buffer.from(`${sha(text)}  manifest.json\n`));
  return zipped(files, compress);
}
const edit = (name: string, change: (text: string) => string) =>
  (files: Map<string, Buffer>): void => {
    const before = files.get(name)?.toString() ?? "";
    const after = change(before);
    if (after === before) throw new Error(`nothing to change in ${name}`);
    files.set(name, Buffer.from(after));
  }; // prettier-ignore

const told = (problems: readonly PackProblem[]): string[] =>
  problems.map((p) =>
    [p.file, p.entry, p.block === undefined ? undefined : `block ${p.block}`, p.problem]
      .filter((x) => x !== undefined)
      .join(" | "),
  );
const check = async (file: string, options: Parameters<typeof verifyPack>[1] = {}) =>
  told((await verifyPack(file, options)).problems);

const books = await town();
const good = await pack(books);
/** The same pack without most statements and registers: as sound, and quick to look through a hundred times. */
const small = await forged(
  good,
  (files, manifest) => {
    const isKept = (name: string): boolean =>
      !/^(statements|registers)\//.test(name) || /\/(trial-balance|balance-sheet|income-expenditure|vouchers|periods)\.csv$/.test(name);
    for (const name of [...files.keys()]) if (!isKept(name)) files.delete(name);
    manifest.files = manifest.files.filter((f) => isKept(f.name));
  },
  true,
); // prettier-ignore

test("a pack holds what an auditor needs, and verifies from the file alone", async () => {
  const verdict = await verifyPack(good);
  expect(told(verdict.problems)).toEqual([]);
  expect([verdict.entries, verdict.lines, verdict.blocks, verdict.manifest?.unsealedEntries]).toEqual([7, 14, 2, 2]);
  const [last] = (await books.tx("auditor", (t) => listSeals(t))).slice(-1);
  expect(verdict.manifest?.lastBlock).toEqual({ block: 2, hash: last?.hash });
  const files = await contents(good);
  const names = [...files.keys()];
  for (const name of ["README.txt", "journal.jsonl", "seals.jsonl", "chart-of-accounts.csv", "opening-balances.csv", "trial-balance.csv",
    "statements/trial-balance.csv", "statements/trial-balance.pdf", "statements/journal.hledger", "registers/periods.csv", "registers/vouchers.csv",
    "registers/audit-trail.csv", "registers/posting-map.csv"]) expect(names).toContain(name); // prettier-ignore
  expect(names.slice(-2)).toEqual(["manifest.json", "manifest.sha256"]);
  expect(verdict.manifest?.files.map((f) => f.name)).toEqual(names.slice(0, -2));
  expect(files.get("registers/vouchers.csv")?.toString()).toContain("not posted yet");
  // The earlier year's income is in the surplus account, closed or not; the bank is carried on.
  expect(files.get("opening-balances.csv")?.toString()).toMatch(/3109000,[^\n]*,01,0\.00,432\.10\n/);
  expect(files.get("journal.jsonl")?.toString().split("\n")[0]).toMatch(
    /^\{"entry":"J\/2026-27\/000001","voucher":"journal"/,
  );
  // What cannot be made for a range alone is said, not silently missing.
  expect(verdict.manifest?.leftOut.map((l) => l.report)).toContain("account-ledger");
});

test("a pack of part of a year, of several years, and of books without a seal verifies", async () => {
  for (const [from, to] of [["2026-05-05", "2026-06-01"], ["2025-04-01", "2026-08-31"], ["2025-09-01", "2027-03-31"], ["2026-08-02", "2026-08-02"]] as const)
    expect(await check(await pack(books, { from: localDate(from), to: localDate(to) })), `${from} ${to}`).toEqual([]); // prettier-ignore
  const empty = await testUlb(app);
  expect(await check(await pack(empty))).toEqual([]);
  await expect(pack(books, { from: localDate("2026-05-05"), to: localDate("2026-05-04") })).rejects.toThrow(
    /ends before it/,
  );
});

test("one byte changed in any file of the pack is found, and exactly the files that were changed are named", async () => {
  const files = await contents(good);
  const flipped = (bytes: Buffer, where: number): Buffer => {
    const changed = Buffer.from(bytes);
    const at = Math.min(Math.floor(bytes.length * where), bytes.length - 1);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };
  // The manifest and its hash stand for all others, and are changed alone.
  for (const name of ["manifest.json", "manifest.sha256"])
    for (const where of [0, 0.5, 1]) {
      const { problems } = await verifyPack(
        await zipped(new Map(files).set(name, flipped(files.get(name) ?? Buffer.of(), where))),
      );
      expect(problems.map((p) => p.file), `${name} at ${where}`).toContain(name); // prettier-ignore
    }
  const names = [...files.keys()].filter((name) => !name.startsWith("manifest."));
  expect(names.length).toBeGreaterThan(100);
  for (const where of [0, 0.5, 1])
    for (const half of [0, 1]) {
      const changed = names.filter((_, i) => i % 2 === half);
      const { problems } = await verifyPack(
        await zipped([...files].map(([name, b]) => [name, changed.includes(name) ? flipped(b, where) : b] as const)),
      );
      const told = problems.filter((p) => p.problem.startsWith("was changed: its SHA-256")).map((p) => p.file);
      expect(told.sort(), `at ${where}`).toEqual(changed.sort());
    }
});

test("bytes changed in the zip itself never give a changed file that verifies", async () => {
  const bytes = readFileSync(small);
  const before = await contents(small);
  for (let i = 0; i < 150; i++) {
    const changed = Buffer.from(bytes);
    const at = Math.floor((i * bytes.length) / 150) + (i % 7);
    changed[at] = (changed[at] ?? 0) ^ (1 << (i % 8));
    const file = fileName();
    writeFileSync(file, changed);
    if ((await check(file)).length === 0) expect(await contents(file)).toEqual(before);
    rmSync(file);
  }
});

const FORGERIES: readonly (readonly [string, (files: Map<string, Buffer>, manifest: Manifest) => void, readonly RegExp[]])[] = [
  ["an amount and its counterpart", edit("journal.jsonl", (t) => t.replaceAll('"10001"', '"90001"')),
    [/^journal.jsonl \| R\/2026-27\/000001 \| block 2 \| was changed after it was sealed$/, /^trial-balance.csv \| account 1100101, cr says/]],
  ["one amount", edit("journal.jsonl", (t) => t.replace('"10001"', '"10002"')),
    [/R\/2026-27\/000001 \| block 2 \| was changed after/, /R\/2026-27\/000001 \| does not balance: debits less credits are 1 paise/]],
  ["a narration", edit("journal.jsonl", (t) => t.replace("नगर", "नगरी")), [/\| block 2 \| was changed after it was sealed/]],
  ["a fund of one line", edit("journal.jsonl", (t) => t.replace('"fund":"02"', '"fund":"01"')),
    [/R\/2026-27\/000002 \| block 2 \| was changed/, /R\/2026-27\/000002 \| does not balance in fund 01/]],
  ["a sealed entry dropped", (files, m) => { edit("journal.jsonl", (t) => t.split("\n").filter((l) => !l.includes('"R/2026-27/000002"')).join("\n"))(files); m.entries -= 1; },
    [/^journal.jsonl \| R\/2026-27\/000002 \| block 2 \| was sealed and is not there$/, /^trial-balance.csv \| account 1100101, cr says 650.06, openings and journal give 450.04/]],
  ["an unsealed entry dropped", (files, m) => { edit("journal.jsonl", (t) => t.split("\n").filter((l) => !l.includes('"J/2026-27/000002"')).join("\n"))(files); m.entries -= 1; },
    [/holds 1 entries that no seal covers, the manifest says 2/, /^trial-balance.csv \| account 2101001/]],
  ["two entries reordered", edit("journal.jsonl", (t) => { const l = t.split("\n"); [l[1], l[2]] = [l[2] ?? "", l[1] ?? ""]; return l.join("\n"); }),
    [/^journal.jsonl \| R\/2026-27\/000001 \| stands out of its order, after R\/2026-27\/000002$/]],
  ["two entries that changed numbers", edit("journal.jsonl", (t) => t.replaceAll("R/2026-27/000001", "X").replaceAll("R/2026-27/000002", "R/2026-27/000001").replaceAll("X", "R/2026-27/000002")),
    [/calls itself R\/2026-27\/000002/, /calls itself R\/2026-27\/000001/]],
  ["an entry twice", (files, m) => { edit("journal.jsonl", (t) => { const l = t.split("\n"); return [l[0], ...l].join("\n"); })(files); m.entries += 1; },
    [/J\/2026-27\/000001 \| stands in the journal twice/]],
  ["an entry of another year", edit("journal.jsonl", (t) => t.replace('"fy":"2026-27","number":"5"', '"fy":"2024-25","number":"5"')),
    [/R\/2024-25\/000005 \| is of 2024-25, which is not a year of this pack/]],
  ["a gap after the last seal", edit("journal.jsonl", (t) => t.replace('"entry":"R/2026-27/000005","voucher":"receipt","fy":"2026-27","number":"5"', '"entry":"R/2026-27/000007","voucher":"receipt","fy":"2026-27","number":"7"')),
    [/R\/2026-27\/000005 \| was given out and is not there/, /R\/2026-27\/000006 \| was given out and is not there/]],
  ["a line that is no JSON", edit("journal.jsonl", (t) => t.replace('{"entry":"J', '{"entry:"J')), [/journal.jsonl \| line 1 is not JSON/, /J\/2026-27\/000001 \| block 2 \| was sealed and is not there/]],
  ["a field more", edit("journal.jsonl", (t) => t.replace('{"line":"1",', '{"line":"1","note":"x",')), [/line 1 has a line with other fields/]],
  ["a seal's hash", edit("seals.jsonl", (t) => t.replace(/"hash":"./, (m) => `${m.slice(0, -1)}${m.endsWith("0") ? "1" : "0"}`)),
    [/seals.jsonl \| block 1 \| was itself changed after it was made/, /seals.jsonl \| block 2 \| does not stand on the block before it/]],
  ["a block removed", edit("seals.jsonl", (t) => t.slice(t.indexOf("\n") + 1)), [/seals.jsonl \| block 2 \| follows block 0; blocks are missing/]],
  ["the last block removed", edit("seals.jsonl", (t) => t.slice(0, t.indexOf("\n") + 1)), [/seals.jsonl \| ends with block 1, the manifest says 2/]],
  ["leaves removed", edit("seals.jsonl", (t) => t.replaceAll(/"leaves":"[^"]*"/g, '"leaves":""')), [/block 2 \| has lost its leaves/]],
  ["an entry with its leaf", (files) => {
    edit("journal.jsonl", (t) => t.replaceAll('"10001"', '"90001"'))(files);
    edit("seals.jsonl", (t) => { const l = t.split("\n"); l[1] = (l[1] ?? "").replace(/"leaves":"./, (m) => `${m.slice(0, -1)}${m.endsWith("0") ? "1" : "0"}`); return l.join("\n"); })(files);
  }, [/seals.jsonl \| block 2 \| keeps other leaves than it was sealed with/]],
  ["the trial balance", edit("trial-balance.csv", (t) => t.replace("600.06", "600.07")), [/^trial-balance.csv \| account \d+, .* says .*, openings and journal give/]],
  ["an account left out of the trial balance", edit("trial-balance.csv", (t) => t.split("\n").filter((l) => !l.startsWith("2101001")).join("\n")),
    [/^trial-balance.csv \| account 2101001 is not in it/]],
  ["an opening balance", edit("opening-balances.csv", (t) => t.replace("9555.55", "9555.56")),
    [/opening-balances.csv \| does not balance in fund 01: debits less credits are 1 paise/, /trial-balance.csv \| account 4502101, open_dr/]],
  ["an account taken out of the chart", edit("chart-of-accounts.csv", (t) => t.split("\n").filter((l) => !l.startsWith("2101001")).join("\n")),
    [/J\/2026-27\/000001 \| posts to account 2101001, which the chart does not know/]],
  ["an account made a heading", edit("chart-of-accounts.csv", (t) => t.split("\n").map((l) => (l.startsWith("2101001") ? l.replace(",true,", ",false,") : l)).join("\n")),
    [/J\/2026-27\/000001 \| posts to account 2101001, which is a heading/]],
]; // prettier-ignore

test.each(FORGERIES)("a pack whose hashes were made to fit is found out: %s", async (_what, change, expected) => {
  const problems = await check(await forged(small, change));
  for (const pattern of expected) expect(problems.join("\n"), pattern.source).toMatch(new RegExp(pattern.source, "m"));
});

test("figures of income and expenditure and of the balance sheet are recomputed, where a pack has them", async () => {
  const statement = (amounts: Record<string, string>): Buffer =>
    Buffer.from(`schedule,head,line,amount,previous\n${Object.entries(amounts).map(([head, a]) => `x,${head},text,${a},`).join("\n")}\n,,TOTAL,1.00,\n`); // prettier-ignore
  const withThem = (income: Record<string, string>, sheet: Record<string, string>) =>
    forged(small, (files, manifest) => {
      for (const [name, bytes] of [["statements/income-expenditure.csv", statement(income)], ["statements/balance-sheet.csv", statement(sheet)]] as const) {
        files.set(name, bytes);
        if (!manifest.files.some((f) => f.name === name)) manifest.files.push({ name, bytes: 0, sha256: "" });
      }
    }); // prettier-ignore
  expect(
    await check(
      await withThem({ "110": "600.06", "210": "110.11" }, { "310": "9922.05", "350": "233.56", "450": "10155.61" }),
    ),
  ).toEqual([]);
  expect(
    await check(await withThem({ "110": "600.07", "210": "110.11" }, { "310": "9922.05", "350": "0.00", "450": "x" })),
  ).toEqual([
    "statements/income-expenditure.csv | head 110 says 600.07, openings and journal give 600.06",
    'statements/balance-sheet.csv | 450 says "x", which is no amount',
    "statements/balance-sheet.csv | head 350 says 0.00, openings and journal give 233.56",
    "statements/balance-sheet.csv | head 450 says 0.00, openings and journal give 10155.61",
  ]);
});

test("what somebody holds from elsewhere shows a chain or a pack that was made anew", async () => {
  const seals = await books.tx("auditor", (t) => listSeals(t));
  expect(await check(good, { known: seals })).toEqual([]);
  expect(await check(good, { known: [{ block: 2, hash: "a".repeat(64) }] })).toEqual([
    `seals.jsonl | block 2 | is not the block that is known outside as ${"a".repeat(64)}`,
  ]);
  expect(await check(good, { known: [{ block: 9, hash: "b".repeat(64) }] })).toHaveLength(1);
  const { manifestHash } = await verifyPack(good);
  expect(await check(good, { manifestHash })).toEqual([]);
  const again = await pack(books);
  const { manifestHash: other } = await verifyPack(again);
  expect(await check(again, { manifestHash })).toEqual(
    other === manifestHash ? [] : [`manifest.json | is not the manifest that is known outside as ${manifestHash}`],
  );
});

/** What only the owner of the database can do. */
async function tamper(sql: string): Promise<void> {
  await withConnection(app.db.address, "owner", async (c) => {
    await c.query(
      "begin; alter table ledger.entries disable trigger user; alter table ledger.lines disable trigger user",
    );
    await c.query(sql);
    await c.query(
      "alter table ledger.entries enable trigger user; alter table ledger.lines enable trigger user; commit",
    );
  });
}

test.each([
  ["one amount", (u: number, e: string) => `update ledger.lines set debit = debit + 1 where ulb_id = ${u} and entry_id = ${e} and line_no = 1`,
    [/R\/2026-27\/000002 \| block 2 \| was changed after it was sealed/, /R\/2026-27\/000002 \| does not balance/],
    [/^R\/2026-27\/000002, block 2 was changed after it was sealed/m, /^R\/2026-27\/000002: debits less credits of fund 02 are 1 paise/m, /roll-up 2026-05-05 4502101/]],
  ["an entry dropped", (u: number, e: string) => `delete from ledger.lines where ulb_id = ${u} and entry_id = ${e}; delete from ledger.entries where ulb_id = ${u} and entry_id = ${e}`,
    [/R\/2026-27\/000002 \| block 2 \| was sealed and is not there/, /trial-balance.csv \| account/],
    [/^R\/2026-27\/000002, block 2 was sealed and is not there/m]],
  ["two entries reordered", (u: number) => `update ledger.entries set number = 99 where ulb_id = ${u} and voucher = 'receipt' and fy = '2026-27' and number = 1;
    update ledger.entries set number = 1 where ulb_id = ${u} and voucher = 'receipt' and fy = '2026-27' and number = 2; update ledger.entries set number = 2 where ulb_id = ${u} and number = 99`,
    [/R\/2026-27\/000001 \| block 2 \| was changed/, /R\/2026-27\/000002 \| block 2 \| was changed/],
    [/^R\/2026-27\/000001, block 2 was changed/m, /^R\/2026-27\/000002, block 2 was changed/m]],
] as const)("the database's owner is found out in a new pack and in the books: %s", async (_what, sql, inPack, inBooks) => {
  const own = await town();
  const entry = `(select entry_id from ledger.entries where ulb_id = ${own.ulb.id} and voucher = 'receipt' and fy = '2026-27' and number = 2)`;
  await tamper(sql(own.ulb.id, entry));
  const problems = (await check(await pack(own))).join("\n");
  for (const pattern of inPack) expect(problems).toMatch(pattern);
  const faults = await own.tx("auditor", (t) => bookFaults(t));
  const all = [...faults.seals, ...faults.entries, ...faults.rollUp].join("\n");
  for (const pattern of inBooks) expect(all).toMatch(pattern);
}); // prettier-ignore

test("what is no pack is refused with its reason, and unpacked no further than its limits", async () => {
  const bytes = readFileSync(good);
  const file = fileName();
  for (const length of [0, 10, bytes.length >> 1, bytes.length - 5]) {
    writeFileSync(file, bytes.subarray(0, length));
    expect(await check(file), String(length)).toEqual([
      expect.stringMatching(/^the pack \| cannot be (opened|read) as a zip/),
    ]);
  }
  expect(await check(path.join(folder, "nothing.zip"))).toEqual([
    expect.stringMatching(/cannot be opened as a zip: ENOENT/),
  ]);
  expect(await check(await zipped([["letter.txt", Buffer.from("hello")]]))).toEqual([
    "manifest.json | is not in the pack; this is no auditors' pack",
  ]);
  const files = await contents(good);
  const renamed = async (name: string): Promise<string[]> => {
    // The zip's own writer refuses such names; they are put in afterwards.
    const plain = await zipped([...files, ["x".repeat(name.length), Buffer.from("x")]]);
    writeFileSync(
      plain,
      Buffer.from(readFileSync(plain).toString("latin1").replaceAll("x".repeat(name.length), name), "latin1"),
    );
    return check(plain);
  };
  expect(await renamed("../../etc/passwd")).toEqual([
    expect.stringMatching(/invalid relative path|name that no pack has/),
  ]);
  expect(await renamed("/absolute/path")).toEqual([expect.stringMatching(/absolute path|name that no pack has/)]);
  expect(await renamed("registers\\odd.csv")).toEqual([
    expect.stringMatching(/invalid characters|name that no pack has/),
  ]);
  expect(await renamed("journal.jsonl")).toEqual(["journal.jsonl | stands in the zip twice"]);
  expect(await check(await zipped([...files, ["extra.txt", Buffer.from("x")]]))).toEqual([
    "extra.txt | is in the pack and not in its manifest",
  ]);
  const missing = new Map(files);
  missing.delete("registers/periods.csv");
  expect(await check(await zipped(missing))).toEqual([
    "registers/periods.csv | is in the manifest and not in the pack",
  ]);
  // 64 MB of zeros in 64 KB; a zip of many files; a pack over the size asked for.
  expect(await check(await zipped([["bomb.txt", Buffer.alloc(64 * 2 ** 20)]], true))).toEqual([
    "bomb.txt | unpacks to more than 250 times its size",
  ]);
  expect(await check(good, { limits: { ...READ_LIMITS, bytes: 1000 } })).toEqual([
    expect.stringMatching(/takes the pack over 1000 bytes/),
  ]);
  expect(await check(good, { limits: { ...READ_LIMITS, files: 5 } })).toEqual(["the pack | holds more than 5 files"]);
  // A directory that says less than the file unpacks to.
  const lied = Buffer.from(bytes);
  const at = lied.lastIndexOf(Buffer.from("journal.jsonl")) - 46;
  expect(lied.readUInt32LE(at)).toBe(0x02014b50);
  lied.writeUInt32LE(100, at + 24);
  writeFileSync(file, lied);
  expect((await check(file)).join("\n")).toMatch(/^journal.jsonl \| cannot be unpacked: /m);
});

test("a reader who goes away ends the making of the pack", async () => {
  const out = new PassThrough();
  out.once("data", () => out.destroy());
  await expect(writePack(app, books.as("auditor"), YEAR, out)).rejects.toThrow();
});

const python = spawnSync("python3", ["--version"]).status === 0;
test.skipIf(!python)("a plain Python program, written from the README of the pack alone, comes to the same verdict", async () => {
  const script = path.resolve(import.meta.dirname, "../../docs/verify-pack.py");
  const run = (file: string, ...more: string[]) => spawnSync("python3", [script, file, ...more], { encoding: "utf8" });
  expect(execFileSync("python3", [script, good], { encoding: "utf8" })).toMatch(/the pack verifies\n$/);
  for (const [what, change, expected] of [
    ["amount", edit("journal.jsonl", (t) => t.replaceAll('"10001"', '"90001"')), /R\/2026-27\/000001.*was changed after it was sealed/],
    ["dropped", edit("journal.jsonl", (t) => t.split("\n").filter((l) => !l.includes('"R/2026-27/000002"')).join("\n")), /R\/2026-27\/000002.*was sealed and is not there/],
    ["seal", edit("seals.jsonl", (t) => t.replace(/"hash":"./, (m) => `${m.slice(0, -1)}${m.endsWith("0") ? "1" : "0"}`)), /block 1.*hash/],
    ["balance", edit("trial-balance.csv", (t) => t.replace("600.06", "600.07")), /trial-balance.csv.*account/],
    ["order", edit("journal.jsonl", (t) => { const l = t.split("\n"); [l[1], l[2]] = [l[2] ?? "", l[1] ?? ""]; return l.join("\n"); }), /R\/2026-27\/000001.*order/],
  ] as const) {
    const { stdout, status } = run(await forged(small, change));
    expect([what, status]).toEqual([what, 1]);
    expect(stdout).toMatch(expected);
  }
  const files = await contents(small);
  const changed = new Map(files).set("statements/trial-balance.csv", Buffer.from("x"));
  expect(run(await zipped(changed)).stdout).toMatch(/statements\/trial-balance.csv.*SHA-256/);
  expect(run(small, "--known", `2:${"a".repeat(64)}`).status).toBe(1);
}, 60_000); // prettier-ignore
