import { entryNumber, type VoucherType } from "../../ledger/index.ts";
import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";

export type MatchLeg = {
  readonly kind: "line" | "item" | "opening";
  /** The line's id, or "entry:<id>:<line>". */
  readonly id: string;
  readonly amount: Paise;
  readonly date: LocalDate;
  readonly text: string;
  readonly reference: string;
  readonly entryId: bigint | null;
};

/** Lines and items of a match, of one that was taken back too; [] for an id that is none. */
export async function matchLegs(read: Read, matchId: string): Promise<MatchLeg[]> {
  if (!isUuid(matchId)) return [];
  const rows = await read.query<{
    kind: MatchLeg["kind"];
    line_id: string | null;
    entry_id: bigint | null;
    line_no: number | null;
    amount: Paise;
    on_date: LocalDate;
    narration: string | null;
    reference: string | null;
    words: string | null;
    voucher: VoucherType | null;
    fy: string | null;
    number: bigint | null;
  }>(
    `select g.kind, g.line_id::text as line_id, g.entry_id, g.line_no, g.amount, g.on_date, b.narration, b.reference, e.narration as words,
       e.voucher, e.fy, e.number
     from reconciliation.match_legs g
     left join reconciliation.bank_lines b on b.ulb_id = g.ulb_id and b.line_id = g.line_id
     left join ledger.entries e on e.ulb_id = g.ulb_id and e.entry_id = g.entry_id
     where g.ulb_id = :ulb and g.match_id = :id::uuid
     order by g.leg_no`,
    { ulb: read.ulb.id, id: matchId },
  );
  return rows.map((r) => ({
    kind: r.kind,
    id: r.line_id ?? (r.entry_id === null ? "opening" : `entry:${r.entry_id}:${r.line_no}`),
    amount: r.amount,
    date: r.on_date,
    text: r.narration ?? r.words ?? "opening balance of the first statement",
    reference:
      r.reference ??
      (r.voucher !== null && r.fy !== null && r.number !== null ? entryNumber(r.voucher, r.fy, r.number) : ""),
    entryId: r.entry_id,
  }));
}
