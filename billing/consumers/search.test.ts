import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withConnection } from "../../ledger/kernel/database.ts";
import { bind, inSnapshot } from "../../ledger/kernel/tx.ts";
import { testApp } from "../../ledger/testing.ts";
import { testBillingUlb, testConsumer } from "../testing.ts";
import { insertConsumers } from "./consumers.ts";
import { findConsumers, searchStatement } from "./search.ts";
import { newId } from "../../ledger/kernel/ids.ts";

const app = await testApp();

/** The spelling keys of many words in one question. */
async function keysOf(words: readonly string[]): Promise<string[]> {
  const { rows } = await app.db.batch.query<{ key: string }>(
    "select billing.spelling_key(w) as key from unnest($1::text[]) with ordinality as t (w, n) order by n",
    [words],
  );
  return rows.map((r) => r.key);
}

test.each([
  ["Chaudhary Choudhury Chowdhary Chaudhri Chowdhury Choudhari चौधरी ਚੌਧਰੀ"],
  ["Agarwal Aggarwal Agrawal अग्रवाल"],
  ["Mohammed Muhammad Mohd Mohammad Md Muhammed मोहम्मद"],
  ["Sharma Sarma Sharmaa शर्मा ਸ਼ਰਮਾ"],
  ["Singh Sing सिंह ਸਿੰਘ"],
  ["Rajeev Rajiv Raajeev राजीव"],
  ["Phool Fool Phul फूल"],
  ["Lakshmi Laxmi Lakshmee लक्ष्मी"],
  ["Vishwakarma Wishwakarma Biswakarma विश्वकर्मा"],
  ["Ziauddin Jiyauddin Ziaudin"],
  ["Gandhi Gandi Ghandi गांधी गाँधी"],
  ["Ambedkar Anbedkar आंबेडकर"],
  ["Mahesh Mahes महेश"],
  ["Eshwar Ishwar Ishvar ईश्वर"],
  ["Kaur ਕੌਰ कौर"],
])("spelled otherwise it is the same name: %s", async (line) => {
  const words = line
    .toLowerCase()
    .split(" ")
    .map((w) => w.normalize("NFKD").replace(/[\u093c\u0a3c]/g, ""));
  expect(new Set(await keysOf(words)).size, (await keysOf(words)).join(" ")).toBe(1);
});

test("other names stay other names, and a name is no less itself doubled, aspirated or lengthened", async () => {
  const names = [
    "sharma",
    "verma",
    "singh",
    "kumar",
    "gupta",
    "yadav",
    "khan",
    "devi",
    "patel",
    "das",
    "reddy",
    "iyer",
  ];
  expect(new Set(await keysOf(names)).size).toBe(names.length);
  const consonant = fc.constantFrom("k", "g", "c", "j", "t", "d", "n", "p", "b", "m", "r", "l", "s");
  const syllable = fc.tuple(consonant, fc.constantFrom("a", "e", "i", "o", "u"));
  const word = fc.array(syllable, { minLength: 2, maxLength: 4 });
  const spelled = fc.tuple(word, fc.array(fc.nat(3), { minLength: 4, maxLength: 4 })).map(([syllables, ways]) => [
    syllables.map((s) => s.join("")).join(""),
    // Doubled consonants, aspirates, long vowels: "c" and "p" aspirated are other sounds (ch, f).
    syllables
      .map(([c, v], i) => {
        const way = i === 0 ? 3 : (ways[i] ?? 0);
        if (way === 0) return `${c}${c}${v}`;
        if (way === 1 && c !== "c" && c !== "p") return `${c}h${v}`;
        return `${c}${v}${v}`;
      })
      .join(""),
  ]);
  const pairs = fc.sample(spelled, { numRuns: 300, seed: 7 });
  const [plain, other] = [await keysOf(pairs.map((p) => p[0] ?? "")), await keysOf(pairs.map((p) => p[1] ?? ""))];
  expect(pairs.filter((_, i) => plain[i] !== other[i])).toEqual([]);
});

test("consumers are found by any part of name, number, address and mobile; the number first, then words as written, then spellings", async () => {
  const city = await testBillingUlb(app);
  await city.tx("cashier", async (tx) => {
    const add = (code: string, name: string, more = {}) => testConsumer(tx, { code, name, address: "x", ...more });
    await add("PT-01-000123", "Ram Kumar Sharma", { nameLocal: "राम कुमार शर्मा", mobile: "9876543210" });
    await add("PT-01-000124", "Ramkumar Sarma");
    await add("PT-02-000001", "Mohd. Salim Choudhury", { address: "12/3-A, Gandhi Mohalla" });
    await add("PT-02-000002", "Mohammed Saleem Chaudhary");
    await add("KUMAR", "Zeta", { ward: "W02" });
    const codes = async (query: string, more = {}) => (await findConsumers(tx, { query, ...more })).map((c) => c.code);
    expect(await codes("KUMAR")).toEqual(["KUMAR", "PT-01-000123", "PT-01-000124"]);
    expect(await codes("sharma")).toEqual(["PT-01-000123", "PT-01-000124"]);
    expect(await codes("ram sharma")).toEqual(["PT-01-000123", "PT-01-000124"]);
    expect(await codes("शर्मा")).toEqual(["PT-01-000123", "PT-01-000124"]);
    expect((await codes("Muhammad Chowdhary")).sort()).toEqual(["PT-02-000001", "PT-02-000002"]);
    expect(await codes("chaudhary")).toEqual(["PT-02-000002", "PT-02-000001"]);
    expect(await codes("gandi muhalla")).toEqual(["PT-02-000001"]);
    expect(await codes("3210")).toEqual(["PT-01-000123"]);
    expect(await codes("98765")).toEqual(["PT-01-000123"]);
    expect(await codes("123")).toEqual(["PT-01-000123"]);
    expect(await codes("pt01000124")).toEqual(["PT-01-000124"]);
    expect(await codes("PT-02-0000")).toEqual(["PT-02-000001", "PT-02-000002"]);
    expect(await codes("hury")).toEqual(["PT-02-000001"]);
    expect(await codes("kumar", { ward: "W02" })).toEqual(["KUMAR"]);
    expect(await codes("sharma singh")).toEqual([]);
    expect(await codes("!? \u0001 %")).toEqual([]);
  });
});

test("what a changed consumer was called is forgotten, and the words of the migration are those of the triggers", async () => {
  const city = await testBillingUlb(app);
  const consumer = await city.tx("cashier", (tx) =>
    testConsumer(tx, { code: "B1", name: "Asha Devi", address: "Tank Road" }),
  );
  await city.tx("accountant", (tx) =>
    tx.query("update billing.consumers set name = 'Ravi Devi' where ulb_id = :ulb and consumer_id = :id::uuid", {
      ulb: city.ulb.id,
      id: consumer.id,
    }),
  );
  const found = (query: string) =>
    inSnapshot(app, city.as("auditor"), async (read) => (await findConsumers(read, { query })).map((c) => c.name));
  expect([await found("Asha"), await found("Ravi"), await found("tank devi")]).toEqual([
    [],
    ["Ravi Devi"],
    ["Ravi Devi"],
  ]);
  const words = async () =>
    (await app.db.batch.query("select * from billing.consumer_words order by ulb_id, word, consumer_id"))
      .rows as unknown[];
  const before = await words();
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "../migrations/007_consumers.sql");
  const backfill = readFileSync(file, "utf8").split("-- backfill")[1] ?? "";
  await withConnection(app.db.address, "owner", async (client) => {
    await client.query("begin");
    await client.query(
      "alter table billing.consumer_words no force row level security; delete from billing.consumer_words",
    );
    await client.query(`-- ${backfill}`);
    await client.query("commit");
  });
  expect(await words()).toEqual(before);
});

test("a search reads indexes, not the register: no table is gone through for one of thousands", async () => {
  const city = await testBillingUlb(app);
  await city.tx("accountant", async (tx) => {
    const houses = Array.from({ length: 3000 }, (_, i) => ({
      id: newId(),
      service: "property-tax",
      code: `PT-${String(i).padStart(6, "0")}`,
      name: `Owner${String.fromCharCode(97 + (i % 26))}${String.fromCharCode(97 + ((i / 26) % 26))} Sharma`,
      address: `${i}, Test Road`,
      ward: "W01",
    }));
    await insertConsumers(tx, houses);
    await tx.query("set local enable_seqscan = off");
    const asked = (token: string, words: string[], known = 1) => ({ token, words, known });
    const { sql, params } = searchStatement({
      ulb: city.ulb.id,
      said: "ownerab 12 sarma",
      asked: [asked("ownerab", ["ownerab"]), asked("12", []), asked("sarma", ["sharma"], 60_000)],
      service: null,
      ward: null,
      limit: 20,
    });
    const { text, values } = bind(`explain (format json) ${sql}`, params);
    const [row] = await tx.prepared<{ "QUERY PLAN": unknown }>("", text, values);
    const plan = JSON.stringify(row?.["QUERY PLAN"]);
    // The words by their range, under row-level security; the consumers by their key.
    expect(plan).toMatch(/"Index Cond":"\(\(ulb_id = [^"]*\(word = /);
    expect(plan).toMatch(/"Index Cond":"\(\(ulb_id = [^"]*\(word >= [^"]*\(word < /);
    expect(plan).not.toMatch(/"Node Type":"Seq Scan"/);
    expect((await findConsumers(tx, { query: "ownerab sarma" })).length).toBeGreaterThan(0);
  });
});
