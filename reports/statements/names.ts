import type { Read } from "../../ledger/kernel/tx.ts";

async function names(read: Read, sql: string): Promise<ReadonlyMap<string, string>> {
  const rows = await read.query<{ code: string; name: string }>(sql, { ulb: read.ulb.id });
  return new Map(rows.map((row) => [row.code, row.name]));
}

/** The names of the ULB's functions by code. */
export function functionNames(read: Read): Promise<ReadonlyMap<string, string>> {
  return names(read, "select code, name from ledger.functions where ulb_id = :ulb order by code");
}

/** The names of the ULB's funds by code. */
export function fundNames(read: Read): Promise<ReadonlyMap<string, string>> {
  return names(read, "select code, name from ledger.funds where ulb_id = :ulb order by code");
}
