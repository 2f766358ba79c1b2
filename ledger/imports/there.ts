import type { LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { lineOf, type EntryDraft, type Line, type LineRow, type VoucherType } from "../entries.ts";

/** An entry that is in the books, as far as a draft of the same fact is compared with it. */
export type KnownEntry = {
  readonly voucher: VoucherType;
  readonly date: LocalDate;
  readonly fy: string;
  readonly number: bigint;
  readonly debits: Paise;
  /** Its lines as one text, whatever their order. */
  readonly said: string;
};

/** Entries are compared this many at a time: their lines are held at once. */
const AT_ONCE = 5000;

/** The entries of these facts that are there already, by source id. */
export async function vouchersThere(
  read: Read,
  sourceType: string,
  ids: readonly string[],
): Promise<Map<string, KnownEntry>> {
  const known = new Map<string, KnownEntry>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const entries = await read.query<{
      entry_id: bigint;
      source_id: string;
      voucher: VoucherType;
      entry_date: LocalDate;
      fy: string;
      number: bigint;
    }>(
      `select e.entry_id, e.source_id, e.voucher, e.entry_date, e.fy, e.number
       from unnest(:ids::text[]) as n (id)
       join ledger.entries e on e.ulb_id = :ulb and e.source_type = :source_type and e.source_id = n.id`,
      { ulb: read.ulb.id, source_type: sourceType, ids: ids.slice(at, at + AT_ONCE) },
    );
    if (entries.length === 0) continue;
    const lines = await read.query<LineRow>(
      `select entry_id, line_no, account, '' as account_name, debit, credit, fund, function, ward, functionary, budget_head, scheme, party_type,
         party_id, demand_year
       from ledger.lines
       where ulb_id = :ulb and entry_id = any(:ids::bigint[])`,
      { ulb: read.ulb.id, ids: entries.map((e) => e.entry_id) },
    );
    const byEntry = new Map<bigint, Line[]>();
    for (const row of lines) {
      const own = byEntry.get(row.entry_id);
      if (own) own.push(lineOf(row));
      else byEntry.set(row.entry_id, [lineOf(row)]);
    }
    for (const e of entries) {
      const own = byEntry.get(e.entry_id) ?? [];
      known.set(e.source_id, {
        voucher: e.voucher,
        date: e.entry_date,
        fy: e.fy,
        number: e.number,
        debits: paise(own.reduce((total, l) => total + (l.side === "debit" ? l.amount : 0n), 0n)),
        said: saidOf(own),
      });
    }
  }
  return known;
}

/**
 * Whether a draft says what the entry that is there says; the narration only words the fact, and what kind of party a code names may have
 * become known since.
 */
export function saysTheSame(draft: EntryDraft, known: KnownEntry): boolean {
  return draft.voucher === known.voucher && draft.date === known.date && saidOf(draft.lines) === known.said;
}

function saidOf(lines: readonly Line[]): string {
  return lines
    .map((l) =>
      [
        l.account,
        l.side,
        l.amount,
        l.fund ?? "01",
        l.function ?? "",
        l.ward ?? "",
        l.party?.id ?? "",
        l.demandYear ?? "",
      ].join("\u0001"),
    )
    .sort()
    .join("\n");
}
