import type { PoolClient } from "pg";
import QueryStream from "pg-query-stream";
import type { Database } from "./database.ts";
import { systemClock, type Clock, type LocalDate } from "./dates.ts";
import { defineErrors, invariant } from "./errors.ts";

export const txErrors = defineErrors({
  TRY_AGAIN: {
    status: 503,
    message: (f: { attempts: number }) =>
      `the database was busy with conflicting work ${f.attempts} times in a row; nothing was written, please try again`,
  },
});

/** A municipality: every row of the books belongs to exactly one. */
export type Ulb = {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly nameLocal: string | null;
  readonly state: string;
  readonly startsOn: LocalDate;
};

export type Role =
  "citizen" | "cashier" | "superintendent" | "accountant" | "checker" | "auditor" | "state" | "admin" | "system";

/** Who acts: a user's sign-in name, or "system:…" for the program's own work. */
export type Actor = { readonly id: string; readonly roles: readonly Role[] };

export type Who = { readonly ulb: Ulb; readonly actor: Actor };

export function systemActor(part: string): Actor {
  return { id: `system:${part}`, roles: ["system"] };
}

export type Params = Readonly<Record<string, unknown>>;

/** A handle that only reads, in one ULB. */
export type Read = Who & {
  readonly clock: Clock;
  /** Runs one statement with named parameters (`:name`); never name one like a type (`:date`), `x::date` would be rewritten. */
  query<Row>(sql: string, params?: Params): Promise<Row[]>;
  /** The one row, or undefined. More than one is a defect. */
  queryOne<Row>(sql: string, params?: Params): Promise<Row | undefined>;
  /**
   * The same as `query` with a plan that the connection keeps under this name: for the statements of the hot paths, whose text never varies.
   * Values in an array stand for $1, $2 … of the text.
   */
  prepared<Row>(name: string, sql: string, params: Params | readonly unknown[]): Promise<Row[]>;
  /** Rows through a cursor, in bounded memory. */
  stream<Row>(sql: string, params?: Params): AsyncIterable<Row>;
};

declare const txMark: unique symbol;

/** A handle that writes, atomically: it carries the transaction, the ULB, the actor and the clock. Only `inTransaction` makes one. */
export type Tx = Read & { readonly [txMark]: true };

/** What a flow needs besides transactions: the open database and the clock. Folders above add their own parts. */
export type App = { readonly db: Database; readonly clock: Clock };

type Statement = { readonly text: string; readonly names: readonly string[] };
const statements = new Map<string, Statement>();

/** `:name` -> `$n`. Casts (`::date`) and names that are not parameters are left alone; a parameter never used is a defect. */
export function bind(sql: string, params: Params): { text: string; values: unknown[] } {
  const keys = Object.keys(params);
  const cacheKey = `${keys.join(",")}|${sql}`;
  let statement = statements.get(cacheKey);
  if (!statement) {
    const names: string[] = [];
    const text = sql.replace(/(?<![:\w]):([a-z_][a-z0-9_]*)/gi, (whole, name: string) => {
      if (!Object.hasOwn(params, name)) return whole;
      let index = names.indexOf(name);
      if (index < 0) index = names.push(name) - 1;
      return `$${index + 1}`;
    });
    invariant(
      names.length === keys.length,
      `every parameter is used: ${keys.filter((k) => !names.includes(k)).join(", ")}`,
    );
    statement = { text, names };
    statements.set(cacheKey, statement);
  }
  return { text: statement.text, values: statement.names.map((n) => params[n]) };
}

/**
 * An array parameter as PostgreSQL reads it (`{"a",NULL}`), for the columns of large sets: made when it is called, and not when the connection gets to
 * the statement, so that the next set is laid out while the database writes the one before. The statement names the type (`:ids::uuid[]`).
 */
export function pgArray(of: readonly (string | number | bigint | null)[]): string {
  const parts = of.map((x) => {
    if (x === null) return "NULL";
    if (typeof x !== "string") return String(x);
    return /["\\]/.test(x) ? `"${x.replace(/["\\]/g, "\\$&")}"` : `"${x}"`;
  });
  return `{${parts.join(",")}}`;
}

const MAX_ATTEMPTS = 8;
const RETRIED = new Set(["40001", "40P01"]); // serialization failure, deadlock

function sqlState(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** SQLSTATE of a database error that was raised by a named rule of the schema. */
export function violatedRule(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "constraint" in error && typeof error.constraint === "string"
    ? error.constraint
    : undefined;
}

/**
 * Runs `fn` in one transaction of that ULB: all of it commits, or nothing. On a serialization failure or deadlock the whole of `fn` runs
 * again, so it must do nothing outside the database. Raises TRY_AGAIN when the database stays busy.
 * With `byKey` every row is looked up by an index and plans are kept: for hot paths of a few rows each. A plan that was made while a table was
 * empty would otherwise read all of it until the database's own statistics run (measured: bills of a new ULB stalled for five seconds).
 */
export async function inTransaction<T>(
  app: App,
  who: Who,
  fn: (tx: Tx) => Promise<T>,
  options: { readonly byKey?: boolean } = {},
): Promise<T> {
  const begin = options.byKey === true ? BEGIN_BY_KEY : "begin";
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(app, who, begin, fn);
    } catch (error) {
      if (!RETRIED.has(sqlState(error) ?? "")) throw error;
      if (attempt >= MAX_ATTEMPTS) throw txErrors.TRY_AGAIN({ attempts: attempt });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt));
    }
  }
}

/** Reads at one instant: every page of a pack ties to the same moment. */
export async function inSnapshot<T>(app: App, who: Who, fn: (read: Read) => Promise<T>): Promise<T> {
  return transact(app, who, "begin isolation level repeatable read read only", (read) => {
    answered.set(read, new Map());
    return fn(read);
  });
}

const answered = new WeakMap<Read, Map<string, Promise<unknown>>>();

/**
 * Asks once for a snapshot, however many statements of it need the answer: a snapshot stands still. A transaction may have written between two
 * questions and is asked every time. The answer is shared, so nobody may change it; `question` says everything that it depends on.
 */
export function onceInSnapshot<T>(read: Read, question: string, ask: () => Promise<T>): Promise<T> {
  const answers = answered.get(read);
  if (!answers) return ask();
  const known = answers.get(question);
  if (known) return known as Promise<T>;
  const answer = ask();
  answers.set(question, answer);
  return answer;
}

/** A dry run: `fn` runs whole, its result is returned, and everything it wrote is rolled back. */
export async function inDryRun<T>(app: App, who: Who, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const box: { result?: { readonly value: T } } = {};
  const stop = new Error("dry run");
  try {
    await inTransaction(app, who, async (tx) => {
      box.result = { value: await fn(tx) };
      throw stop;
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  invariant(box.result, "a dry run that did not throw has a result");
  return box.result.value;
}

const BEGIN_BY_KEY = "begin; set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan";

/** What the pool hands out, and the mark by which it throws a connection away. */
type PooledConnection = PoolClient & { __knex__disposed?: unknown };
type ConnectionPool = {
  acquireConnection(): Promise<PooledConnection>;
  releaseConnection(connection: PooledConnection): Promise<void>;
};

/**
 * One transaction on a connection of knex's pool. Its beginning and its ULB go out in one message (every round trip counts where a page asks a
 * dozen times), and its connection can prepare, stream and copy, which knex's own transaction does not offer.
 */
async function transact<T>(app: App, who: Who, begin: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
  invariant(Number.isSafeInteger(who.ulb.id), "a ULB has an integer id");
  const pool = app.db.app.client as ConnectionPool;
  const connection = await pool.acquireConnection();
  try {
    // SET LOCAL, not set_config: only the former is passed on to the workers of a cluster.
    await connection.query(
      `${begin}; set local nagarkosh.ulb = '${who.ulb.id}'; set local nagarkosh.actor = '${who.actor.id.replaceAll("'", "''")}'`,
    );
    const result = await fn(makeTx(app, who, connection));
    const { command } = await connection.query("commit");
    invariant(command === "COMMIT", "no statement of a transaction that commits has failed");
    return result;
  } catch (error) {
    // A connection that cannot even roll back is broken; the pool makes another in its place.
    await connection.query("rollback").catch((broken: unknown) => (connection.__knex__disposed = broken));
    throw error;
  } finally {
    await pool.releaseConnection(connection);
  }
}

const isPositional = (params: Params | readonly unknown[]): params is readonly unknown[] => Array.isArray(params);

function makeTx(app: App, who: Who, connection: PooledConnection): Tx {
  const query = async <Row>(sql: string, params: Params = {}): Promise<Row[]> => {
    const { text, values } = bind(sql, params);
    return (await connection.query(text, values)).rows as Row[];
  };
  return {
    ulb: who.ulb,
    actor: who.actor,
    clock: app.clock ?? systemClock,
    query,
    queryOne: async <Row>(sql: string, params: Params = {}) => {
      const rows = await query<Row>(sql, params);
      invariant(rows.length <= 1, "this query gives at most one row");
      return rows[0];
    },
    prepared: async <Row>(name: string, sql: string, params: Params | readonly unknown[]) => {
      const { text, values } = isPositional(params) ? { text: sql, values: [...params] } : bind(sql, params);
      return (await connection.query({ name, text, values })).rows as Row[];
    },
    stream: <Row>(sql: string, params: Params = {}): AsyncIterable<Row> => {
      const { text, values } = bind(sql, params);
      return connection.query(new QueryStream(text, values, { batchSize: 1000 })) as AsyncIterable<Row>;
    },
  } as Tx;
}
