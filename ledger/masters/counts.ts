import { dateInIndia } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import type { Read } from "../kernel/tx.ts";
import { LIST_NAMES, LISTS, type ListName } from "./lists.ts";

type Counted = "accounts" | ListName | "parties" | "bank-books" | "tax-sections" | "posting-map";
export type MasterCounts = {
  /** How many rows of each master are in use, and how many are closed. */
  readonly masters: Readonly<Record<Counted, { readonly open: number; readonly closed: number }>>;
  /** Changes that wait for a second person. */
  readonly proposed: number;
};

/** How much stands in each master today. */
export async function masterCounts(read: Read): Promise<MasterCounts> {
  const today = ":today::date";
  const tables: Record<Counted, { readonly table: string; readonly open: string }> = {
    accounts: { table: "accounts", open: "is_active" },
    ...(Object.fromEntries(LIST_NAMES.map((l) => [l, { table: LISTS[l].table, open: "is_active" }])) as Record<
      ListName,
      { table: string; open: string }
    >),
    parties: {
      table: "parties",
      open: `status = 'active' and valid_from <= ${today} and coalesce(valid_to, 'infinity') >= ${today}`,
    },
    "bank-books": { table: "bank_books", open: "is_active" },
    "tax-sections": {
      table: "tax_sections",
      open: `valid_from <= ${today} and coalesce(valid_to, 'infinity') >= ${today}`,
    },
    "posting-map": { table: "posting_map", open: "true" },
  };
  const rows = await read.query<{ master: Counted; open: bigint; closed: bigint }>(
    Object.entries(tables)
      .map(
        ([master, { table, open }]) =>
          `select '${master}' as master, count(*) filter (where ${open}) as open, count(*) filter (where not (${open})) as closed
           from ledger.${table} where ulb_id = :ulb`,
      )
      .join(" union all "),
    { ulb: read.ulb.id, today: dateInIndia(read.clock()) },
  );
  const proposed = await read.queryOne<{ n: bigint }>(
    "select count(*) as n from ledger.master_changes where ulb_id = :ulb and status = 'proposed'",
    { ulb: read.ulb.id },
  );
  invariant(proposed && rows.length === Object.keys(tables).length, "every master is counted");
  return {
    masters: Object.fromEntries(
      rows.map((r) => [r.master, { open: Number(r.open), closed: Number(r.closed) }]),
    ) as MasterCounts["masters"],
    proposed: Number(proposed.n),
  };
}
