import type { Read } from "../ledger/kernel/tx.ts";

/**
 * One database, as SQL. Rows are known by their numbers, and another database (a restored one, too) has others under the same numbers.
 */
export const SERVER = `concat_ws(' ', current_database(), (select oid from pg_catalog.pg_database where datname = current_database()),
  pg_postmaster_start_time())`;

const ACCOUNTS = 8;
const LARGEST = 100_000;

export type Known<Row> = { readonly server: string; readonly rows: ReadonlyMap<string, Row> };

/**
 * Open rows of bank accounts as a page read them last. Statement lines and book entries never change once they are committed, and most of what is
 * open was open a minute ago: it is enough to ask which are open and to read those that are not known (reading ten thousand lines and items took three
 * times as long as comparing them). The eight accounts used last, none with more than a hundred thousand rows.
 */
export class KnownRows<Row> {
  private readonly kept = new Map<string, Known<Row>>();

  of(read: Read, account: string): Known<Row> | undefined {
    return this.kept.get(keyOf(read, account));
  }

  /** Only of a snapshot: what a transaction wrote may not stay. */
  keep(read: Read, account: string, server: string, rows: ReadonlyMap<string, Row>): void {
    const key = keyOf(read, account);
    // What was used last stands at the end.
    this.kept.delete(key);
    if (rows.size <= LARGEST) this.kept.set(key, { server, rows });
    for (const oldest of this.kept.keys()) if (this.kept.size > ACCOUNTS) this.kept.delete(oldest);
  }
}

const keyOf = (read: Read, account: string): string => `${read.ulb.id} ${account}`;
