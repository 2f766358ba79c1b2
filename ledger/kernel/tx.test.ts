import { expect, test } from "vitest";
import { withConnection } from "./database.ts";
import { testApp, testTenant } from "./testing.ts";
import {
  bind,
  inDryRun,
  inSnapshot,
  inTransaction,
  onceInSnapshot,
  pgArray,
  type App,
  type Read,
  type Tx,
} from "./tx.ts";

const app = await testApp({ poolSize: 4 });
await withConnection(app.db.address, "owner", (c) =>
  c.query(`create schema play; grant usage on schema play to nagarkosh_app;
    create table play.jars (ulb_id integer not null, jar text not null, coins bigint not null, primary key (ulb_id, jar));
    call kernel.protect('play.jars')`),
);
const put = (tx: Tx, jar: string, coins: bigint): Promise<unknown[]> =>
  tx.query(
    `insert into play.jars as j (ulb_id, jar, coins) values (:ulb, :jar, :coins)
     on conflict (ulb_id, jar) do update set coins = j.coins + excluded.coins`,
    { ulb: tx.ulb.id, jar, coins },
  );
const jars = "select jar, coins from play.jars order by jar";

test("what fails is rolled back whole", async () => {
  const who = testTenant();
  await expect(
    inTransaction(app, who, async (tx) => {
      await put(tx, "a", 1n);
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([]);
});

test("two transactions that deadlock both succeed: the loser runs again, whole, from nothing", async () => {
  const who = testTenant();
  await inTransaction(app, who, async (tx) => {
    await put(tx, "a", 0n);
    await put(tx, "b", 0n);
  });
  let attempts = 0;
  let arrived = 0;
  let meet: () => void = () => undefined;
  const met = new Promise<void>((r) => (meet = r));
  const move = (first: string, second: string): Promise<void> =>
    inTransaction(app, who, async (tx) => {
      attempts += 1;
      await put(tx, first, 1n);
      if (++arrived === 2) meet();
      await met;
      await put(tx, second, 10n);
    });
  await Promise.all([move("a", "b"), move("b", "a")]);
  expect(attempts).toBe(3);
  expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([
    { jar: "a", coins: 11n },
    { jar: "b", coins: 11n },
  ]);
});

test("a serialization failure is tried eight times, then refused; nothing of any attempt stays", async () => {
  const who = testTenant();
  let attempts = 0;
  await expect(
    inTransaction(app, who, async (tx) => {
      attempts += 1;
      await put(tx, "a", 1n);
      await tx.query("do $$ begin raise exception 'conflict' using errcode = 'serialization_failure'; end $$");
    }),
  ).rejects.toThrow(/^TRY_AGAIN: .*8 times in a row; nothing was written/);
  expect(attempts).toBe(8);
  expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([]);
});

test("other database errors are not tried again", async () => {
  let attempts = 0;
  await expect(
    inTransaction(app, testTenant(), async (tx) => {
      attempts += 1;
      await tx.query("select 1 / 0");
    }),
  ).rejects.toThrow(/division by zero/);
  expect(attempts).toBe(1);
});

test("a snapshot sees one instant, whatever commits meanwhile, and writes nothing", async () => {
  const who = testTenant();
  await inTransaction(app, who, (tx) => put(tx, "a", 1n));
  await inSnapshot(app, who, async (read) => {
    expect(await read.query(jars)).toEqual([{ jar: "a", coins: 1n }]);
    await inTransaction(app, who, (tx) => put(tx, "a", 1n));
    expect(await read.query(jars)).toEqual([{ jar: "a", coins: 1n }]);
  });
  expect(await inSnapshot(app, who, (read) => read.query(jars))).toEqual([{ jar: "a", coins: 2n }]);
  await expect(inSnapshot(app, who, (read) => put(read as Tx, "b", 1n))).rejects.toThrow(/read-only transaction/);
});

test("a dry run gives its result and leaves nothing; its refusal is the refusal", async () => {
  const who = testTenant();
  const seen = await inDryRun(app, who, async (tx) => {
    await put(tx, "a", 5n);
    return tx.query(jars);
  });
  expect(seen).toEqual([{ jar: "a", coins: 5n }]);
  expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([]);
  await expect(inDryRun(app, who, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
});

test("the ULB of a transaction is gone for the connection's next user, after commit and after rollback", async () => {
  // One connection: whoever comes next gets the very same.
  const single: App = await testApp({ poolSize: 1 });
  for (const end of ["commit", "rollback"]) {
    const who = testTenant();
    await inTransaction(single, who, async (tx) => {
      expect((await tx.queryOne<{ ulb: string }>("select current_setting('nagarkosh.ulb') as ulb"))?.ulb).toBe(
        String(who.ulb.id),
      );
      if (end === "rollback") throw new Error("end");
    }).catch(() => undefined);
    const after = await single.db.app.raw<{ rows: { ulb: string | null; actor: string | null }[] }>(
      "select current_setting('nagarkosh.ulb', true) as ulb, current_setting('nagarkosh.actor', true) as actor",
    );
    expect([after.rows[0]?.ulb || null, after.rows[0]?.actor || null], end).toEqual([null, null]);
    await expect(single.db.app.raw("select * from kernel.outbox"), end).rejects.toThrow(
      /nagarkosh.ulb|invalid input syntax/,
    );
  }
});

test("many transactions of many ULBs on few connections never see one another's rows", async () => {
  const towns = Array.from({ length: 10 }, () => testTenant());
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const who = towns[i % towns.length] as (typeof towns)[number];
      await inTransaction(app, who, (tx) => put(tx, `jar-${who.ulb.id}`, 1n));
    }),
  );
  for (const who of towns)
    expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([{ jar: `jar-${who.ulb.id}`, coins: 10n }]);
  // Nor write there.
  const [one, two] = towns;
  if (!one || !two) throw new Error("ten towns");
  await expect(inTransaction(app, one, (tx) => put({ ...tx, ulb: two.ulb }, "x", 1n))).rejects.toThrow(
    /row-level security/,
  );
});

test("an actor's name is a value, whatever stands in it", async () => {
  const who = testTenant();
  const name = "o'hara\\'; reset role; --@test";
  const seen = await inTransaction(app, { ...who, actor: { id: name, roles: ["cashier"] } }, (tx) =>
    tx.queryOne<{ actor: string }>("select current_setting('nagarkosh.actor') as actor"),
  );
  expect(seen?.actor).toBe(name);
});

test("named parameters become numbers; casts and other colons stay", () => {
  expect(bind("select :a, :b, :a", { a: 1, b: "x" })).toEqual({ text: "select $1, $2, $1", values: [1, "x"] });
  expect(bind("select :days::date, '12:30', x::text from t", { days: "2026-04-01" })).toEqual({
    text: "select $1::date, '12:30', x::text from t",
    values: ["2026-04-01"],
  });
  expect(bind("select a[1:2], :ulb_id", { ulb_id: 7 }).text).toBe("select a[1:2], $1");
  // Equal SQL with other names of parameters is another statement.
  expect(bind("select :x", { x: 1 }).values).toEqual([1]);
  expect(bind("select :x", { x: 2 }).values).toEqual([2]);
  expect(() => bind("select :a", { a: 1, b: 2 })).toThrow(/every parameter is used: b/);
});

test("values come back exactly: bigint, numeric, date, and null", async () => {
  const row = await inTransaction(app, testTenant(), (tx) =>
    tx.queryOne(
      `select 9223372036854775807::bigint as big, 0.10::numeric as rate, date '2026-04-01' as day, null::bigint as none,
         array[1, null, 9007199254740993]::bigint[] as bigs, array[date '2026-03-31'] as days, array[]::bigint[] as no`,
    ),
  );
  expect(row).toEqual({
    big: 9223372036854775807n,
    rate: "0.10",
    day: "2026-04-01",
    none: null,
    bigs: [1n, null, 9007199254740993n],
    days: ["2026-03-31"],
    no: [],
  });
});

test("a column laid out as text is the same array", async () => {
  const words = ["plain", "", "NULL", 'a "quoted" one', "back\\slash", "{a,b}", "two\nlines", "ವಾರ್ಡ್", null];
  const rows = await inSnapshot(app, testTenant(), (read) =>
    read.query<{ words: (string | null)[]; figures: bigint[]; nothing: string[] }>(
      "select :words::text[] as words, :figures::bigint[] as figures, :nothing::text[] as nothing",
      { words: pgArray(words), figures: pgArray([1, -9_007_199_254_740_993n]), nothing: pgArray([]) },
    ),
  );
  expect(rows).toEqual([{ words, figures: [1n, -9_007_199_254_740_993n], nothing: [] }]);
});

test("more than one row where one was asked for is a defect", async () => {
  await expect(inTransaction(app, testTenant(), (tx) => tx.queryOne("select generate_series(1, 2)"))).rejects.toThrow(
    /at most one row/,
  );
});

test("a stream gives all rows in order, and the connection is free again when it is left early", async () => {
  await inTransaction(app, testTenant(), async (tx) => {
    let n = 0;
    for await (const row of tx.stream<{ i: number }>("select i from generate_series(1, 5000) as i"))
      expect(row.i).toBe(++n);
    expect(n).toBe(5000);
    for await (const row of tx.stream<{ i: number }>("select i from generate_series(1, 5000) as i"))
      if (row.i === 10) break;
    expect(await tx.queryOne("select 1 as one")).toEqual({ one: 1 });
  });
});

test("a snapshot asks a question once, also when two ask at once; a transaction asks every time and sees what it wrote", async () => {
  const who = testTenant();
  let asked = 0;
  const all = (read: Read): Promise<{ jar: string; coins: bigint }[]> =>
    onceInSnapshot(read, "jars", () => {
      asked += 1;
      return read.query<{ jar: string; coins: bigint }>(jars);
    });
  await inTransaction(app, who, async (tx) => {
    expect(await all(tx)).toEqual([]);
    await put(tx, "a", 1n);
    expect(await all(tx)).toEqual([{ jar: "a", coins: 1n }]);
  });
  expect(asked).toBe(2);
  await inSnapshot(app, who, async (read) => {
    const [one, two] = await Promise.all([all(read), all(read)]);
    expect([one, two, await all(read)]).toEqual([one, one, one]);
    expect(one).toEqual([{ jar: "a", coins: 1n }]);
    expect(await onceInSnapshot(read, "another question", () => Promise.resolve(7))).toBe(7);
  });
  expect(asked).toBe(3);
  await inSnapshot(app, who, all);
  expect(asked).toBe(4);
});

test("a transaction whose failed statement was swallowed does not pass for committed", async () => {
  const who = testTenant();
  const swallowing = inTransaction(app, who, async (tx) => {
    await put(tx, "a", 1n);
    await tx.query("select 1 / 0").catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow("no statement of a transaction that commits has failed");
  expect(await inTransaction(app, who, (tx) => tx.query(jars))).toEqual([]);
});

test("a connection that broke is not handed out again", async () => {
  const who = testTenant();
  const broken = inTransaction(app, who, async (tx) => {
    const [own] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await withConnection(app.db.address, "admin", (c) => c.query("select pg_terminate_backend($1)", [own?.pid]));
    await tx.query("select 1");
  });
  await expect(broken).rejects.toThrow();
  expect(await Promise.all([1, 2, 3, 4, 5].map(() => inTransaction(app, who, (tx) => tx.query(jars))))).toHaveLength(5);
});
