import type { LocalDate } from "../kernel/dates.ts";
import { invariant } from "../kernel/errors.ts";
import { paise, sum, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import type { Dimensions, EntryDraft, Line, VoucherType } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";

export const VOUCHER_STATUSES = ["draft", "submitted", "sent-back", "approved", "rejected", "cancelled"] as const;
export type VoucherStatus = (typeof VOUCHER_STATUSES)[number];

/** What its maker writes. A draft may be unbalanced; a submitted voucher may not. */
export type VoucherInput = {
  /** "opening" is for the first accrual balance sheet alone (OB-01). */
  readonly voucher: VoucherType;
  readonly date: LocalDate;
  readonly narration: string;
  readonly externalReference?: string | undefined;
  readonly fileNumber?: string | undefined;
  readonly sanction?: { readonly number: string; readonly date: LocalDate } | undefined;
  /** Why it is dated before the day on which it is drafted; needed beyond the days that the ULB has set. */
  readonly backDateReason?: string | undefined;
  /** On this later day its mirror is posted (accruals of 31 March); approved together with it. */
  readonly autoReverseOn?: LocalDate | undefined;
  /** The event of the posting rules from which it was written ("PT-01"). */
  readonly template?: string | undefined;
  readonly lines: readonly Line[];
};

export type Voucher = VoucherInput & {
  readonly id: string;
  readonly status: VoucherStatus;
  /** Grows with every change; give it back with yours, so that two people do not overwrite each other. */
  readonly version: number;
  readonly createdBy: string;
  readonly draftedOn: LocalDate;
  /** Dated before the day on which it was drafted; follows from the dates. */
  readonly isBackDated: boolean;
  /** Who drafted, changed or submitted it: none of them may sign or decide. */
  readonly makers: readonly string[];
  readonly submittedBy: string | null;
  /** The first of two signatories; the second is who approved. */
  readonly firstSignatory: string | null;
  readonly decidedBy: string | null;
  /** Why it was rejected or cancelled. */
  readonly decisionReason: string | null;
  readonly entryId: bigint | null;
  /** The entry that it takes back, with the code of the reason. */
  readonly reverses: { readonly entryId: bigint; readonly reason: string } | null;
  readonly autoReversalEntryId: bigint | null;
  readonly recurring: { readonly id: string; readonly dueOn: LocalDate } | null;
};

/** Debits of a voucher: what limits and signatures look at. */
export function voucherAmount(voucher: Pick<VoucherInput, "lines">): Paise {
  return sum(voucher.lines.filter((l) => l.side === "debit").map((l) => l.amount));
}

/** The entry that a voucher asks for. */
export function draftOf(voucher: Voucher): EntryDraft {
  return {
    voucher: voucher.voucher,
    date: voucher.date,
    narration: voucher.narration,
    source: { type: "voucher", id: voucher.id },
    lines: voucher.lines,
    ...(voucher.reverses === null ? {} : { reverses: voucher.reverses.entryId }),
  };
}

/** Raises VOUCHER_NOT_FOUND. */
export async function getVoucher(read: Read, id: string): Promise<Voucher> {
  const [voucher] = await readVouchers(read, "v.voucher_id = :id", { id }, 1);
  if (!voucher) throw ledgerErrors.VOUCHER_NOT_FOUND({ voucher: id });
  return voucher;
}

export type VoucherFilter = {
  readonly kind?: VoucherType | undefined;
  readonly from?: LocalDate | undefined;
  readonly to?: LocalDate | undefined;
  /** Part of the narration, reference, file or sanction number. */
  readonly search?: string | undefined;
  readonly isBackDated?: boolean | undefined;
  /** The last voucher of the page before. */
  readonly after?: { readonly date: LocalDate; readonly id: string } | undefined;
  readonly limit?: number | undefined;
};

/** Vouchers in a status, oldest first; at most 200 at a time, the next ones `after` the last. */
export async function listVouchers(read: Read, status: VoucherStatus, filter: VoucherFilter = {}): Promise<Voucher[]> {
  return readVouchers(
    read,
    `v.status = :status
     and (:kind::text is null or v.voucher = :kind)
     and (:from_day::date is null or v.entry_date >= :from_day)
     and (:to_day::date is null or v.entry_date <= :to_day)
     and (:search::text is null or concat_ws(' ', v.narration, v.external_reference, v.file_number, v.sanction_number) ilike :search)
     and (:back_dated::boolean is null or v.is_back_dated = :back_dated)
     and (:after_day::date is null or (v.entry_date, v.voucher_id) > (:after_day::date, :after_id::uuid))`,
    {
      status,
      kind: filter.kind ?? null,
      from_day: filter.from ?? null,
      to_day: filter.to ?? null,
      search: filter.search === undefined ? null : `%${filter.search.replace(/[\\%_]/g, "\\$&")}%`,
      back_dated: filter.isBackDated ?? null,
      after_day: filter.after?.date ?? null,
      after_id: filter.after?.id ?? null,
    },
    Math.min(filter.limit ?? 200, 200),
  );
}

export type VoucherStepName =
  | "drafted"
  | "changed"
  | "submitted"
  | "sent-back"
  | "signed"
  | "approved"
  | "rejected"
  | "cancelled"
  | "attached"
  | "detached"
  | "auto-reversed";

export type VoucherStep = {
  readonly step: VoucherStepName;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly version: number;
};

/** Everything that was done with a voucher, oldest first; at most the last 500 steps. */
export async function voucherSteps(read: Read, id: string): Promise<VoucherStep[]> {
  const rows = await read.query<VoucherStep>(
    `select step, at, actor, reason, version from ledger.voucher_steps
     where ulb_id = :ulb and voucher_id = :id order by step_no desc limit 500`,
    { ulb: read.ulb.id, id },
  );
  return rows.reverse();
}

type Row = {
  voucher_id: string;
  voucher: VoucherType;
  entry_date: LocalDate;
  narration: string;
  external_reference: string | null;
  file_number: string | null;
  sanction_number: string | null;
  sanction_date: LocalDate | null;
  back_date_reason: string | null;
  auto_reverse_on: LocalDate | null;
  template: string | null;
  status: VoucherStatus;
  version: number;
  created_by: string;
  drafted_on: LocalDate;
  is_back_dated: boolean;
  makers: string[];
  submitted_by: string | null;
  first_signatory: string | null;
  decided_by: string | null;
  decision_reason: string | null;
  entry_id: bigint | null;
  reverses_entry_id: bigint | null;
  reversal_reason: string | null;
  auto_reversal_entry_id: bigint | null;
  recurring_id: string | null;
  due_on: LocalDate | null;
};

/** Vouchers with their lines, by date. For the files of this folder. */
export async function readVouchers(
  read: Read,
  where: string,
  params: Record<string, unknown>,
  limit: number,
): Promise<Voucher[]> {
  const rows = await read.query<Row>(
    `select v.voucher_id, v.voucher, v.entry_date, v.narration, v.external_reference, v.file_number, v.sanction_number, v.sanction_date,
       v.back_date_reason, v.auto_reverse_on, v.template, v.status, v.version, v.created_by, v.drafted_on, v.is_back_dated, v.makers,
       v.submitted_by, v.first_signatory, v.decided_by, v.decision_reason, v.entry_id, v.reverses_entry_id, v.reversal_reason,
       v.auto_reversal_entry_id, v.recurring_id, v.due_on
     from ledger.vouchers v
     where v.ulb_id = :ulb and ${where}
     order by v.entry_date, v.voucher_id
     limit :row_limit`,
    { ...params, ulb: read.ulb.id, row_limit: limit },
  );
  if (rows.length === 0) return [];
  const lines = await read.query<{
    voucher_id: string;
    account: string;
    side: "debit" | "credit";
    amount: bigint;
    dimensions: Dimensions;
  }>(
    `select voucher_id, account, side, amount, dimensions from ledger.voucher_lines
     where ulb_id = :ulb and voucher_id = any(:ids::uuid[]) order by voucher_id, line_no`,
    { ulb: read.ulb.id, ids: rows.map((r) => r.voucher_id) },
  );
  const byVoucher = new Map<string, Line[]>(rows.map((r) => [r.voucher_id, []]));
  for (const l of lines) {
    byVoucher.get(l.voucher_id)?.push({ ...l.dimensions, account: l.account, side: l.side, amount: paise(l.amount) });
  }
  return rows.map((r) => voucherOf(r, byVoucher.get(r.voucher_id) ?? []));
}

function voucherOf(r: Row, lines: readonly Line[]): Voucher {
  invariant(r.status !== "approved" || r.entry_id !== null, "an approved voucher has its entry");
  return {
    id: r.voucher_id,
    voucher: r.voucher,
    date: r.entry_date,
    narration: r.narration,
    externalReference: r.external_reference ?? undefined,
    fileNumber: r.file_number ?? undefined,
    sanction:
      r.sanction_number !== null && r.sanction_date !== null
        ? { number: r.sanction_number, date: r.sanction_date }
        : undefined,
    backDateReason: r.back_date_reason ?? undefined,
    autoReverseOn: r.auto_reverse_on ?? undefined,
    template: r.template ?? undefined,
    status: r.status,
    version: r.version,
    createdBy: r.created_by,
    draftedOn: r.drafted_on,
    isBackDated: r.is_back_dated,
    makers: r.makers,
    submittedBy: r.submitted_by,
    firstSignatory: r.first_signatory,
    decidedBy: r.decided_by,
    decisionReason: r.decision_reason,
    entryId: r.entry_id,
    reverses:
      r.reverses_entry_id !== null && r.reversal_reason !== null
        ? { entryId: r.reverses_entry_id, reason: r.reversal_reason }
        : null,
    autoReversalEntryId: r.auto_reversal_entry_id,
    recurring: r.recurring_id !== null && r.due_on !== null ? { id: r.recurring_id, dueOn: r.due_on } : null,
    lines,
  };
}
