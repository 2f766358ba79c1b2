// The database alone refuses what TypeScript would refuse: the posting function is called with bad sets, and rows are written raw, by every
// role that the program connects as, and by the owner of the tables.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionConfig, withConnection, type DatabaseRole } from "./kernel/database.ts";
import { localDate, period, type LocalDate } from "./kernel/dates.ts";
import { paise, rupees } from "./kernel/money.ts";
import { inSnapshot } from "./kernel/tx.ts";
import { MAX_LINE, POST_SQL, postValues, type PostResult } from "./entries.ts";
import { closePeriod, cr, dr, postEntry, takeNumbers, type EntryDraft, type Line } from "./index.ts";
import { bookMarks, testApp, testUlb, type TestUlb } from "./testing.ts";

const app = await testApp();
const CASH = "4501001";
const RECEIVABLE = "4311001";
const INCOME = "1100101";
const ARGUMENTS =
  "p_ulb p_actor p_voucher p_date p_value_date p_source_type p_source_id p_reverses p_narration d_fund d_function d_ward d_functionary d_budget_head d_scheme l_entry l_no l_account l_debit l_credit l_dim l_party_type l_party_id l_demand_year".split(
    " ",
  );
type Changes = Readonly<Record<string, unknown>>;

let books: TestUlb;
let other: TestUlb;
let asApp: pg.Client;
beforeAll(async () => {
  books = await testUlb(app);
  other = await testUlb(app);
  await books.tx("accountant", (t) => closePeriod(t, period("2025-04")));
  await books.tx("cashier", (t) => postEntry(t, draft()));
  asApp = new pg.Client(connectionConfig(app.db.address, "app"));
  await asApp.connect();
});
afterAll(() => asApp.end());

let n = 0;
function draft(lines: readonly Line[] = sound, over: Partial<EntryDraft> = {}): EntryDraft {
  n += 1;
  return {
    voucher: "receipt",
    date: localDate("2026-05-10"),
    narration: "Property tax, ward 3",
    source: { type: "guard", id: `g-${n}` },
    lines,
    ...over,
  };
}
const amount = rupees("100.00");
const sound: readonly Line[] = [dr(CASH, amount), cr(RECEIVABLE, amount)];

/** ledger.post as the application's role, past every check of TypeScript; `changes` replaces arguments by name. */
async function raw(drafts: readonly EntryDraft[], changes: Changes = {}): Promise<PostResult> {
  const values = postValues(books.ulb.id, "guard@test", drafts);
  for (const [name, value] of Object.entries(changes)) {
    const at = ARGUMENTS.indexOf(name);
    if (at < 0) throw new Error(`ledger.post has no argument ${name}`);
    values[at] = value;
  }
  const { rows } = await asApp.query<PostResult>(POST_SQL, values);
  return rows[0] as PostResult;
}

/** The call answers with this refusal, and writes nothing; a sound entry beside it is posted all the same. */
async function answers(bad: EntryDraft, status: string, detail: string | RegExp, changes: Changes = {}): Promise<void> {
  const before = await bookMarks(app, books.ulb);
  const alone = await raw([bad], changes);
  expect([alone.status, alone.entry_id, alone.number]).toEqual([[status], [null], [null]]);
  expect(alone.detail[0]).toMatch(detail);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
  if (Object.keys(changes).length > 0) return;
  const mixed = await raw([draft(), bad, draft()]);
  expect(mixed.status).toEqual(["posted", status, "posted"]);
  expect(await bookMarks(app, books.ulb)).toEqual({
    ...before,
    entries: before.entries + 2n,
    lines: before.lines + 4n,
    numbers: before.numbers + 2n,
  });
}

/** The whole call is an error, and nothing is written. */
async function raises(run: () => Promise<unknown>, message: RegExp): Promise<void> {
  const before = await bookMarks(app, books.ulb);
  await expect(run()).rejects.toThrow(message);
  expect(await bookMarks(app, books.ulb)).toEqual(before);
}

const journal = (lines: readonly Line[], over: Partial<EntryDraft> = {}): EntryDraft =>
  draft(lines, { voucher: "journal", ...over });

test.each<[string, () => EntryDraft, string, string | RegExp]>([
  ["no line", () => draft([]), "LINES", "0"],
  ["one line", () => draft([dr(CASH, amount)]), "LINES", "1"],
  [
    "debits that are not the credits",
    () => draft([dr(CASH, amount), cr(RECEIVABLE, rupees("99.99"))]),
    "UNBALANCED",
    "10000:9999",
  ],
  ["lines of zero", () => draft([dr(CASH, paise(0n)), cr(RECEIVABLE, paise(0n))]), "AMOUNT", /^4/],
  ["negative lines", () => draft([dr(CASH, paise(-5n)), cr(RECEIVABLE, paise(-5n))]), "AMOUNT", /^4/],
  [
    "a line larger than any treasury",
    () => draft([dr(CASH, paise(MAX_LINE + 1n)), cr(RECEIVABLE, paise(MAX_LINE + 1n))]),
    "AMOUNT",
    /^4/,
  ],
  ["an unknown account", () => draft([dr("4509999", amount), cr(RECEIVABLE, amount)]), "ACCOUNT_UNKNOWN", "4509999"],
  ["a heading", () => draft([dr("45010", amount), cr(RECEIVABLE, amount)]), "ACCOUNT_NOT_POSTING", "45010"],
  [
    "an unknown fund",
    () => draft([dr(CASH, amount, { fund: "77" }), cr(RECEIVABLE, amount, { fund: "77" })]),
    "FUND_UNKNOWN",
    ":77",
  ],
  [
    "income without a function",
    () => journal([dr(RECEIVABLE, amount), cr(INCOME, amount)]),
    "FUNCTION_MISSING",
    INCOME,
  ],
  [
    "an unknown function",
    () => journal([dr(RECEIVABLE, amount), cr(INCOME, amount, { function: "zz" })]),
    "FUNCTION_UNKNOWN",
    INCOME,
  ],
  [
    "a fund that does not balance",
    () => draft([dr(CASH, amount, { fund: "02" }), cr(RECEIVABLE, amount)]),
    "FUND_UNBALANCED",
    /^0[12]:-?10000$/,
  ],
  [
    "a receipt without cash or bank",
    () => draft([dr(RECEIVABLE, amount), cr("4311004", amount)]),
    "VOUCHER_RULE",
    "receipt",
  ],
  [
    "a payment without cash or bank",
    () => draft([dr(RECEIVABLE, amount), cr("4311004", amount)], { voucher: "payment" }),
    "VOUCHER_RULE",
    "payment",
  ],
  ["a journal with cash", () => journal(sound), "VOUCHER_RULE", "journal"],
  ["a contra with another head", () => draft(sound, { voucher: "contra" }), "VOUCHER_RULE", "contra"],
  ["a voucher of no kind", () => draft(sound, { voucher: "gift" as never }), "VOUCHER_UNKNOWN", "gift"],
  ["a closed month", () => draft(sound, { date: localDate("2025-04-30") }), "PERIOD_CLOSED", "2025-04"],
  ["a month that is not there", () => draft(sound, { date: localDate("2031-04-01") }), "PERIOD_MISSING", "2031-04"],
  ["a month of before Christ", () => draft(sound, { date: "2026-05-10 BC" as LocalDate }), "PERIOD_MISSING", "2026-05"],
  ["no narration", () => draft(sound, { narration: " \n" }), "NARRATION", ""],
  ["a source without a name", () => draft(sound, { source: { type: "guard", id: "" } }), "SOURCE", ""],
  ["a reversal of nothing", () => draft(sound, { reverses: 987654321n }), "REVERSAL", "unknown:987654321"],
])("the posting function refuses %s, and posts what stands beside it", async (_title, make, status, detail) => {
  await answers(make(), status, detail);
});

test("the posting function refuses a line that is debit and credit, and one that is neither", async () => {
  await answers(draft(), "AMOUNT", CASH, { l_debit: ["10000", "0"], l_credit: ["10000", "10000"] });
  await answers(draft(), "AMOUNT", RECEIVABLE, { l_debit: ["10000", "0"], l_credit: ["0", "0"] });
  await answers(draft(), "AMOUNT", /^4/, {
    l_debit: ["9223372036854775807", "0"],
    l_credit: ["9223372036854775807", "0"],
  });
});

test("null elements are refused, whichever they are", async () => {
  for (const [name, status] of Object.entries({
    p_voucher: "VOUCHER_UNKNOWN",
    p_date: "PERIOD_MISSING",
    p_source_type: "SOURCE",
    p_source_id: "SOURCE",
    p_narration: "NARRATION",
  }))
    await answers(draft(), status, /.*/, { [name]: [null] });
  await answers(draft(), "AMOUNT", CASH, { l_debit: [null, "0"] });
  await answers(draft(), "AMOUNT", RECEIVABLE, { l_credit: ["0", null] });
  await answers(draft(), "ACCOUNT_UNKNOWN", /.*/, { l_account: [null, RECEIVABLE] });
  await answers(draft(), "FUND_UNKNOWN", /.*/, { d_fund: [null] });
  for (const change of [
    { l_no: [1, null] },
    { l_dim: [1, null] },
    { l_entry: [1, null] },
    { p_ulb: null },
    { p_actor: null },
  ])
    await raises(() => raw([draft()], change), /./);
});

test("arrays of different lengths are refused: no line is lost on the way", async () => {
  const two = (): EntryDraft[] => [draft(), draft()];
  const values = postValues(books.ulb.id, "guard@test", two());
  const malformed = /one element per (entry|line|dimension set)|a line belongs to one of the entries/;
  for (const [at, name] of ARGUMENTS.entries()) {
    const value = values[at];
    if (!Array.isArray(value) || name === "p_voucher") continue;
    await raises(() => raw(two(), { [name]: (value as unknown[]).slice(0, -1) }), malformed);
    await raises(() => raw(two(), { [name]: [...(value as unknown[]), value[0] as unknown] }), malformed);
    await raises(() => raw(two(), { [name]: null }), malformed);
  }
  await raises(() => raw(two(), { p_voucher: ["receipt"] }), malformed);
  await raises(() => raw(two(), { l_entry: [1, 1, 2, 3] }), malformed);
  await raises(() => raw(two(), { l_entry: [0, 1, 2, 2] }), malformed);
  await raises(() => raw(two(), { l_dim: [1, 1, 1, 2] }), malformed);
  await raises(() => raw(two(), { l_dim: [0, 1, 1, 1] }), malformed);
  await raises(() => raw(two(), { l_no: [1, 1, 1, 2] }), /lines_pkey/);
});

test("arrays that count from another number than 1, or have two dimensions, are refused", async () => {
  // A subscript would take another element than the one that was judged: an unknown fund, or lines dated in a closed month.
  const malformed = /one element per/;
  await raises(() => raw([draft()], { d_fund: "[0:0]={01}" }), malformed);
  await raises(
    () =>
      raw([draft()], {
        d_fund: "[0:1]={01,77}",
        d_function: "[0:1]={NULL,NULL}",
        d_ward: "[0:1]={NULL,NULL}",
        d_functionary: "[0:1]={NULL,NULL}",
        d_budget_head: "[0:1]={NULL,NULL}",
        d_scheme: "[0:1]={NULL,NULL}",
      }),
    malformed,
  );
  await raises(() => raw([draft(), draft()], { p_date: "[0:1]={2026-05-10,2025-04-01}" }), malformed);
  await raises(() => raw([draft(), draft()], { p_date: "{{2026-05-10},{2026-05-10}}" }), malformed);
});

test("a batch has 1 to 5,000 entries", async () => {
  await raises(() => raw([]), /a batch has 1 to 5000 entries, not 0/);
  await raises(() => raw([draft()], { p_voucher: null }), /a batch has 1 to 5000 entries, not 0/);
  const many = Array.from({ length: 5001 }, () => draft());
  await raises(() => raw(many), /a batch has 1 to 5000 entries, not 5001/);
});

test("the same source twice in one call of the posting function is refused whole", async () => {
  const once = draft();
  await raises(() => raw([once, once]), /entry_posted_once_per_source/);
});

test("two reversals of one entry are refused, in one call and one after the other", async () => {
  const { id } = await books.tx("cashier", (t) => postEntry(t, draft()));
  const back = (): EntryDraft => draft([dr(RECEIVABLE, amount), cr(CASH, amount)], { reverses: id });
  await raises(() => raw([back(), back()]), /entry_reversed_once/);
  await raw([back()]);
  await answers(back(), "REVERSAL", `again:${id}`);
});

test("posting for another ULB is refused, whoever asks and however", async () => {
  await raises(async () => {
    await asApp.query("begin");
    try {
      await asApp.query(`set local nagarkosh.ulb = '${other.ulb.id}'`);
      await raw([draft()]);
    } finally {
      await asApp.query("rollback");
    }
  }, /posting for ULB \d+ in a transaction of ULB \d+/);
  await raises(async () => {
    await asApp.query("begin");
    try {
      // Without a ULB the call takes the one it names, for the rest of the transaction.
      await raw([draft()]);
      await asApp.query(POST_SQL, postValues(other.ulb.id, "guard@test", [draft()]));
    } finally {
      await asApp.query("rollback");
    }
  }, /posting for ULB \d+ in a transaction of ULB \d+/);
  await expect(
    other.tx("cashier", (t) => t.query("select ledger.take_numbers(:ulb, 'x', '2026-27', 1)", { ulb: books.ulb.id })),
  ).rejects.toThrow(/numbers for ULB \d+ in a transaction of ULB/);
  // An entry of another ULB cannot be reversed: it is not there.
  const theirs = await other.tx("cashier", (t) => postEntry(t, draft()));
  await answers(draft(sound, { reverses: theirs.id }), "REVERSAL", `unknown:${theirs.id}`);
});

test("a transaction that does not read what others committed is refused", async () => {
  for (const level of ["repeatable read", "serializable"])
    await raises(async () => {
      await asApp.query(`begin isolation level ${level}`);
      try {
        await raw([draft()]);
      } finally {
        await asApp.query("rollback");
      }
    }, /ledger\.post runs in READ COMMITTED/);
  await raises(
    () => inSnapshot(app, books.as("cashier"), (read) => postEntry(read as never, draft())),
    /READ COMMITTED|read-only transaction/,
  );
});

test("numbers of entries are not given out by themselves", async () => {
  for (const series of ["receipt", "payment", "contra", "journal", "opening"])
    await raises(
      () => books.tx("admin", (t) => takeNumbers(t, series, "2026-27" as never, 1)),
      new RegExp(`series ${series} is numbered by ledger.post`),
    );
  await raises(
    () => books.tx("admin", (t) => takeNumbers(t, "bill-no", "2026-27" as never, 0)),
    /numbered by ledger\.post|at least one/,
  );
});

const WRITES: readonly [table: string, insert: string, update: string][] = [
  [
    "ledger.entries",
    `insert into ledger.entries select ulb_id, 999999999, voucher, fy, 999999, entry_date, value_date, posted_at, posted_by, 'raw', 'raw', null, narration
     from ledger.entries limit 1`,
    "update ledger.entries set narration = 'changed'",
  ],
  [
    "ledger.lines",
    "insert into ledger.lines select ulb_id, entry_id, 9, entry_date, account, 5, 0, fund from ledger.lines limit 1",
    "update ledger.lines set debit = debit + 1 where debit > 0",
  ],
];

async function asRole<T>(role: DatabaseRole, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  return withConnection(app.db.address, role, async (client) => {
    await client.query(`set nagarkosh.ulb = '${books.ulb.id}'`);
    return fn(client);
  });
}

test.each<[DatabaseRole, RegExp]>([
  ["app", /permission denied/],
  ["batch", /permission denied/],
  ["jobs", /permission denied/],
  ["owner", /is refused|cannot truncate a table referenced/],
])("role %s cannot INSERT, UPDATE, DELETE or TRUNCATE entries and lines", async (role, message) => {
  await asRole(role, async (client) => {
    for (const [table, insert, update] of WRITES)
      for (const sql of [insert, update, `delete from ${table}`, `truncate ${table}`, `truncate ${table} cascade`])
        await raises(() => client.query(sql), message);
  });
});

test("the flag of the posting function gives nobody a privilege, and lets nobody change or delete", async () => {
  for (const role of ["app", "batch"] as const)
    await asRole(role, async (client) => {
      await client.query("set nagarkosh.posting = 'on'");
      for (const [table, insert, update] of WRITES)
        for (const sql of [insert, update, `delete from ${table}`, `truncate ${table} cascade`])
          await raises(() => client.query(sql), /permission denied/);
    });
  await asRole("owner", async (client) => {
    await client.query("set nagarkosh.posting = 'on'");
    for (const [table, , update] of WRITES)
      for (const sql of [update, `delete from ${table}`, `truncate ${table} cascade`])
        await raises(() => client.query(sql), /is refused: what is posted is never changed/);
  });
  // Gone when the function returns: what follows in the same transaction is raw again.
  await asRole("owner", async (client) => {
    await client.query("begin");
    await client.query(POST_SQL, postValues(books.ulb.id, "guard@test", [draft()]));
    await expect(client.query(WRITES[1]?.[1] ?? "")).rejects.toThrow(/entries are made by ledger\.post alone/);
    await client.query("rollback");
  });
});

test("series, seals and the audit trail are not the application's to change", async () => {
  await asRole("app", async (client) => {
    for (const sql of [
      "update ledger.series set next_number = 1",
      "insert into ledger.series (ulb_id, series, fy) values (current_setting('nagarkosh.ulb')::integer, 'receipt', '2030-31')",
      "delete from ledger.series",
      "update ledger.seals set entry_count = 1",
      "delete from ledger.seals",
      "truncate ledger.seals",
      "update kernel.audit_trail set reason = 'none'",
      "delete from kernel.audit_trail",
      "delete from ledger.vouchers",
      "alter table ledger.lines disable trigger all",
      "create or replace function ledger.fy_of(day date) returns text language sql as $$ select '2020-21' $$",
      "set session_replication_role = replica",
      // On a server of yours the roles step down from the login of DATABASE_URL, which keeps its own power (docs/reference/configuration.md).
      ...(app.db.address.kind === "login" ? ["set role nagarkosh_owner"] : []),
    ])
      await raises(() => client.query(sql), /permission denied|must be owner/);
  });
  await asRole("owner", async (client) => {
    for (const sql of [
      "update ledger.seals set entry_count = 1",
      "delete from kernel.audit_trail",
      "truncate ledger.seals",
    ])
      await raises(() => client.query(sql), /is refused/);
    await expect(client.query("set session_replication_role = replica")).rejects.toThrow(/permission denied/);
  });
});

test("the caller's temporary types and tables are not what the posting function means", async () => {
  await withConnection(app.db.address, "app", async (client) => {
    // Were pg_temp looked at first, "text" in the function's body would be this domain, and its check would run as the owner.
    await client.query(
      "create function pg_temp.spy(v pg_catalog.text) returns boolean language plpgsql as $$ begin raise exception 'ran as %', current_user; end $$",
    );
    await client.query("create domain pg_temp.text as pg_catalog.text check (pg_temp.spy(value))");
    await client.query("create temporary table entries (ulb_id integer)");
    const { rows } = await client.query<PostResult>(POST_SQL, postValues(books.ulb.id, "guard@test", [draft()]));
    expect(rows[0]?.status).toEqual(["posted"]);
    await client.query("begin");
    await client.query(`set local nagarkosh.ulb = '${books.ulb.id}'`);
    await client.query("select ledger.take_numbers($1, 'bill-no', '2026-27', 1)", [books.ulb.id]);
    await client.query("commit");
  });
});

test("a refused posting leaves no series behind", async () => {
  const fresh = await testUlb(app);
  await asApp.query(
    POST_SQL,
    postValues(fresh.ulb.id, "guard@test", [draft(sound, { date: localDate("2031-04-01") })]),
  );
  const { rows } = await app.db.batch.query("select series, fy from ledger.series where ulb_id = $1", [fresh.ulb.id]);
  expect(rows).toEqual([]);
});

test("posting a batch that is there already costs no more than posting it", async () => {
  const many = Array.from({ length: 2000 }, () => draft());
  const time = async (): Promise<number> => {
    const start = performance.now();
    await raw(many);
    return performance.now() - start;
  };
  const first = await time();
  const again = await time();
  expect(again).toBeLessThan(first * 3 + 200);
});
