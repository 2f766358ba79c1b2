import type { Read } from "../kernel/tx.ts";
import type { PartyTypes } from "./chart.ts";

/** The kinds of the parties that a file names by code alone, from the masters. A code that two kinds of party share is left out. */
export async function partyTypes(read: Read, cells: readonly string[]): Promise<PartyTypes> {
  const ids = new Set(cells.map((cell) => cell.replace(/\/\d{4}-\d{2}$/, "")).filter((id) => id !== ""));
  if (ids.size === 0) return new Map();
  const rows = await read.query<{ party_id: string; party_type: string }>(
    `select party_id, min(party_type) as party_type from ledger.parties
     where ulb_id = :ulb and party_id = any(:ids::text[])
     group by party_id
     having count(distinct party_type) = 1`,
    { ulb: read.ulb.id, ids: [...ids] },
  );
  return new Map(rows.map((r) => [r.party_id, r.party_type]));
}
