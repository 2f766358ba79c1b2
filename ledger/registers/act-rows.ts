import type { LocalDate } from "../kernel/dates.ts";
import { isUuid } from "../kernel/ids.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { entryNumber, type Line, type VoucherType } from "../entries.ts";
import { registerErrors } from "./errors.ts";
import type { Typed } from "./fields.ts";
import type { Measure, Movement } from "./measures.ts";

/** The source type of every entry that an act posts; its id is the act's with the entry's place in it. */
export const ACT_SOURCE = "register";

export type ActStatus = "proposed" | "approved" | "rejected";

/** An entry of an act as it was shown to the checker. */
export type ActDraft = {
  readonly voucher: VoucherType;
  readonly date: LocalDate;
  readonly narration: string;
  readonly lines: readonly Line[];
};

export type Act = {
  readonly id: string;
  readonly kind: string;
  readonly register: string;
  readonly item: string;
  readonly date: LocalDate;
  readonly facts: Typed;
  readonly drafts: readonly ActDraft[];
  readonly status: ActStatus;
  readonly version: number;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  /** What it posted, in order. */
  readonly entries: readonly { readonly id: bigint; readonly number: string }[];
  readonly takenEntryId: bigint | null;
  readonly takesBack: string | null;
  readonly takenBackBy: string | null;
};

/** What is kept of an effect. Amounts are text: jsonb and JSON numbers lose digits. */
export type KeptEffect = {
  readonly drafts: readonly (Omit<ActDraft, "lines"> & {
    readonly lines: readonly (Omit<Line, "amount"> & { readonly amount: string })[];
  })[];
  readonly movements: string;
};

type Row = {
  act_id: string;
  kind: string;
  register: string;
  item_id: string;
  act_date: LocalDate;
  facts: Typed;
  effect: KeptEffect;
  status: ActStatus;
  version: number;
  made_by: string;
  made_at: Date;
  decided_by: string | null;
  decision_reason: string | null;
  taken_entry_id: bigint | null;
  takes_back: string | null;
  taken_back_by: string | null;
};

/** Raises REGISTER_ACT_UNKNOWN. */
export async function getAct(read: Read, id: string): Promise<Act> {
  const [act] = isUuid(id) ? await readActs(read, "a.act_id = :id", { id }, 1) : [];
  if (!act) throw registerErrors.REGISTER_ACT_UNKNOWN({ act: id.slice(0, 60) });
  return act;
}

/** Acts, newest first, at most 200: those in a status, of a register, of one item. */
export async function listActs(
  read: Read,
  of: {
    readonly status?: ActStatus | undefined;
    readonly register?: string | undefined;
    readonly item?: string | undefined;
    readonly from?: LocalDate | undefined;
    readonly to?: LocalDate | undefined;
  },
): Promise<Act[]> {
  // An item's acts are all that moved it: a work's cost that became an asset is in the history of both.
  return readActs(
    read,
    `(:status::text is null or a.status = :status) and (:register::text is null or a.register = :register or exists (
         select 1 from ledger.register_movements m
         where m.ulb_id = a.ulb_id and m.act_id = a.act_id and m.register = :register and (:item::text is null or m.item_id = :item)))
       and (:item::text is null or a.item_id = :item or exists (
         select 1 from ledger.register_movements m
         where m.ulb_id = a.ulb_id and m.act_id = a.act_id and m.register = :register and m.item_id = :item))
       and a.act_date between coalesce(:from_day::date, '-infinity') and coalesce(:to_day::date, 'infinity')`,
    {
      status: of.status ?? null,
      register: of.register ?? null,
      item: of.item ?? null,
      from_day: of.from ?? null,
      to_day: of.to ?? null,
    },
    200,
  );
}

async function readActs(read: Read, where: string, params: Record<string, unknown>, limit: number): Promise<Act[]> {
  const rows = await read.query<Row>(
    `select a.act_id, a.kind, a.register, a.item_id, a.act_date, a.facts, a.effect, a.status, a.version, a.made_by, a.made_at, a.decided_by,
       a.decision_reason, a.taken_entry_id, a.takes_back, b.act_id as taken_back_by
     from ledger.register_acts a
     left join ledger.register_acts b on b.ulb_id = a.ulb_id and b.takes_back = a.act_id and b.status = 'approved'
     where a.ulb_id = :ulb and ${where}
     order by a.act_date desc, a.act_id desc
     limit :row_limit`,
    { ...params, ulb: read.ulb.id, row_limit: limit },
  );
  const approved = rows.filter((r) => r.status === "approved");
  const sources = new Map<string, string>(
    approved.flatMap((r) => r.effect.drafts.map((_, n) => [`${r.act_id}/${n + 1}`, r.act_id] as const)),
  );
  const entries =
    sources.size === 0
      ? []
      : await read.query<{ source_id: string; entry_id: bigint; voucher: VoucherType; fy: string; number: bigint }>(
          `select source_id, entry_id, voucher, fy, number from ledger.entries
           where ulb_id = :ulb and source_type = :source and source_id = any(:ids::text[])
           order by entry_id`,
          { ulb: read.ulb.id, source: ACT_SOURCE, ids: [...sources.keys()] },
        );
  return rows.map((r) => ({
    id: r.act_id,
    kind: r.kind,
    register: r.register,
    item: r.item_id,
    date: r.act_date,
    facts: r.facts,
    drafts: r.effect.drafts.map((d) => ({
      ...d,
      lines: d.lines.map((l) => ({ ...l, amount: paise(BigInt(l.amount)) })),
    })),
    status: r.status,
    version: r.version,
    madeBy: r.made_by,
    madeAt: r.made_at,
    decidedBy: r.decided_by,
    decisionReason: r.decision_reason,
    entries: entries
      .filter((e) => sources.get(e.source_id) === r.act_id)
      .map((e) => ({ id: e.entry_id, number: entryNumber(e.voucher, e.fy, e.number) })),
    takenEntryId: r.taken_entry_id,
    takesBack: r.takes_back,
    takenBackBy: r.taken_back_by,
  }));
}

export type KeptMovement = Movement & { readonly kind: string; readonly act: string; readonly amount: Paise };

/** The movements of an act, or of an item up to a day, in the order in which they were made. */
export async function listMovements(
  read: Read,
  of: { readonly act?: string; readonly register?: string; readonly item?: string; readonly asOf?: LocalDate },
): Promise<KeptMovement[]> {
  return read.query<KeptMovement & { measure: Measure }>(
    `select act_id as act, item_id as item, measure, kind, account, fund, on_date as "on", amount from ledger.register_movements
     where ulb_id = :ulb and (:act::uuid is null or act_id = :act::uuid) and (:register::text is null or register = :register)
       and (:item::text is null or item_id = :item) and (:as_of::date is null or on_date <= :as_of::date)
     order by on_date, movement_id`,
    {
      ulb: read.ulb.id,
      act: of.act ?? null,
      register: of.register ?? null,
      item: of.item ?? null,
      as_of: of.asOf ?? null,
    },
  );
}
