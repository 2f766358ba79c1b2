import { invariant } from "../ledger/kernel/errors.ts";
import type { App, Ulb } from "../ledger/kernel/tx.ts";

/*
 * Texts that nobody should have to fear, for tests that send them through every text field. Composites, so that a field meets all of it in few
 * requests; each fits into 40 characters, the short ones into ten.
 */

/** SQL, markup, a formula of a spreadsheet, placeholders of ours and of the database. */
export const HOSTILE: readonly string[] = [
  `x'); drop table collections.receipts;--`,
  `"><script>alert(1)</script>:ulb $1 ?? %s`,
  `';--<b>&`,
];
/** Names as they are in India: firms, initials, scripts with conjuncts and joiners, right to left, an emoji beyond the first plane. */
export const NAMES: readonly string[] = [
  `M/s Gupta & Sons (O'Brien), गुप्ता`,
  `ਗੁਰਪ੍ਰੀਤ ਕੌਰ · முத்துலட்சுமி`,
  `ക്ഷമാ‍ ಶ್ರೀ বন্দ্যো محمد اقبال 👪`,
];
/** What no text may hold: PostgreSQL stores neither, and half a character is none. */
export const IMPOSSIBLE: readonly string[] = ["a\u0000b'; --", "half \ud83d"];

/** Tables with a column ulb_id: what belongs to one ULB. */
async function tablesOf(app: App): Promise<readonly string[]> {
  const { rows } = await app.db.batch.query<{ name: string }>(
    `select format('%I.%I', c.table_schema, c.table_name) as name
     from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.column_name = 'ulb_id' and t.table_type = 'BASE TABLE' and c.table_schema not like 'pg\\_%'
       and not exists (select from pg_inherits i where i.inhrelid = format('%I.%I', c.table_schema, c.table_name)::regclass)
     order by 1`,
  );
  invariant(rows.length > 40, "the program has many tables of a ULB");
  return rows.map((r) => r.name);
}

/** What one can ask of everything that a ULB has in the database. */
export type Rows = {
  /** A print of every row of the ULB: equal before and after means that no row came, went or changed. */
  print(ulb: Ulb): Promise<Record<string, string>>;
  /** Whether a text stands somewhere in the ULB's rows, letter by letter and by itself, in a column or within JSON. */
  holds(ulb: Ulb, text: string): Promise<boolean>;
};

/** Except tables that a refused request may write: the keys of requests and what a stranger's attempt leaves. */
export async function rowsOf(app: App, except: readonly string[] = []): Promise<Rows> {
  const tables = (await tablesOf(app)).filter((t) => !except.includes(t));
  const prints = tables
    .map(
      (
        t,
      ) => `select '${t}' as name, count(*)::text || ' ' || coalesce(sum(hashtextextended(r::text, 0)), 0)::text as print
      from ${t} r where ulb_id = $1`,
    )
    .join(" union all ");
  const finds = tables
    .map(
      (t) => `exists (select from ${t} r where ulb_id = $1
      and jsonb_path_exists(to_jsonb(r), '$.** ? (@ == $text)', jsonb_build_object('text', $2::text)))`,
    )
    .join(" or ");
  return {
    print: async (ulb) => {
      const { rows } = await app.db.batch.query<{ name: string; print: string }>(prints, [ulb.id]);
      return Object.fromEntries(rows.map((r) => [r.name, r.print]));
    },
    holds: async (ulb, text) => {
      const { rows } = await app.db.batch.query<{ found: boolean }>(`select ${finds} as found`, [ulb.id, text]);
      return rows[0]?.found ?? false;
    },
  };
}
