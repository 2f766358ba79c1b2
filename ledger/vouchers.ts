import { audit } from "./kernel/audit.ts";
import type { LocalDate } from "./kernel/dates.ts";
import { invariant } from "./kernel/errors.ts";
import { newId } from "./kernel/ids.ts";
import { paise, type Paise } from "./kernel/money.ts";
import type { Read, Tx } from "./kernel/tx.ts";
import {
  checkDraft,
  postEntry,
  type Dimensions,
  type EntryDraft,
  type Line,
  type PostedEntry,
  type VoucherType,
} from "./entries.ts";
import { ledgerErrors } from "./errors.ts";

export type VoucherStatus = "draft" | "submitted" | "approved" | "rejected";

/** What its maker writes. A draft may be unbalanced; a submitted voucher may not. */
export type VoucherInput = {
  readonly voucher: Exclude<VoucherType, "opening">;
  readonly date: LocalDate;
  readonly narration: string;
  readonly externalReference?: string | undefined;
  readonly lines: readonly Line[];
};

export type Voucher = VoucherInput & {
  readonly id: string;
  readonly status: VoucherStatus;
  /** Grows with every change; give it back with yours, so that two people do not overwrite each other. */
  readonly version: number;
  readonly createdBy: string;
  readonly submittedBy: string | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly entryId: bigint | null;
};

/** Saves a new draft. */
export async function draftVoucher(tx: Tx, input: VoucherInput): Promise<Voucher> {
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.vouchers (ulb_id, voucher_id, voucher, entry_date, narration, external_reference, created_by, created_at)
     values (:ulb, :id, :voucher, :entry_date, :narration, :reference, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      voucher: input.voucher,
      entry_date: input.date,
      narration: input.narration,
      reference: input.externalReference ?? null,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await writeLines(tx, id, input.lines);
  return getVoucher(tx, id);
}

/** Replaces a draft. Raises VOUCHER_NOT_FOUND, VOUCHER_STATUS, VOUCHER_CHANGED. */
export async function changeVoucher(tx: Tx, id: string, version: number, input: VoucherInput): Promise<Voucher> {
  const now = await lockVoucher(tx, id, version, "draft", "changed");
  await tx.query(
    `update ledger.vouchers set voucher = :voucher, entry_date = :entry_date, narration = :narration, external_reference = :reference, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    {
      ulb: tx.ulb.id,
      id: now.id,
      voucher: input.voucher,
      entry_date: input.date,
      narration: input.narration,
      reference: input.externalReference ?? null,
    },
  );
  await tx.query("delete from ledger.voucher_lines where ulb_id = :ulb and voucher_id = :id", { ulb: tx.ulb.id, id });
  await writeLines(tx, id, input.lines);
  return getVoucher(tx, id);
}

async function writeLines(tx: Tx, id: string, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  lines.forEach((line, i) => {
    if (line.amount <= 0n) {
      throw ledgerErrors.LINE_AMOUNT({
        what: "the voucher",
        line: i + 1,
        account: line.account,
        amount: String(line.amount),
      });
    }
  });
  await tx.query(
    `insert into ledger.voucher_lines (ulb_id, voucher_id, line_no, account, side, amount, dimensions)
     select :ulb, :id, no, account, side, amount, dims
     from unnest(:accounts::text[], :sides::text[], :amounts::bigint[], :dims::jsonb[]) with ordinality as l (account, side, amount, dims, no)`,
    {
      ulb: tx.ulb.id,
      id,
      accounts: lines.map((l) => l.account),
      sides: lines.map((l) => l.side),
      amounts: lines.map((l) => l.amount.toString()),
      dims: lines.map(({ account: _account, side: _side, amount: _amount, ...dims }) => JSON.stringify(dims)),
    },
  );
}

/** Raises VOUCHER_NOT_FOUND. */
export async function getVoucher(read: Read, id: string): Promise<Voucher> {
  const [voucher] = await readVouchers(read, "v.voucher_id = :id", { id });
  if (!voucher) throw ledgerErrors.VOUCHER_NOT_FOUND({ voucher: id });
  return voucher;
}

/** Vouchers in a status, oldest first; at most 200. */
export async function listVouchers(read: Read, status: VoucherStatus): Promise<Voucher[]> {
  return readVouchers(read, "v.status = :status", { status });
}

/** Submits a draft for approval. It must be sound by now: raises what postEntry would, as far as it can be seen without posting. */
export async function submitVoucher(tx: Tx, id: string, version: number): Promise<Voucher> {
  const voucher = await lockVoucher(tx, id, version, "draft", "submitted");
  checkDraft(draftOf(voucher));
  await tx.query(
    `update ledger.vouchers set status = 'submitted', submitted_by = :actor, submitted_at = :now, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock() },
  );
  await audit(tx, { action: "submit", subject: "voucher", subjectId: id });
  return getVoucher(tx, id);
}

/** Approves a submitted voucher: entry, number and audit in one commit. Raises MAKER_IS_CHECKER and the refusals of postEntry. */
export async function approveVoucher(
  tx: Tx,
  id: string,
  version: number,
): Promise<{ voucher: Voucher; entry: PostedEntry }> {
  const voucher = await lockVoucher(tx, id, version, "submitted", "approved");
  refuseOwn(tx, voucher);
  await audit(tx, { action: "approve", subject: "voucher", subjectId: id });
  const entry = await postEntry(tx, draftOf(voucher));
  await tx.query(
    `update ledger.vouchers set status = 'approved', decided_by = :actor, decided_at = :now, entry_id = :entry, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), entry: entry.id },
  );
  return { voucher: await getVoucher(tx, id), entry };
}

/** Sends a submitted voucher back, with a reason. Raises MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectVoucher(tx: Tx, id: string, version: number, reason: string): Promise<Voucher> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `rejecting voucher ${id}` });
  const voucher = await lockVoucher(tx, id, version, "submitted", "rejected");
  refuseOwn(tx, voucher);
  await tx.query(
    `update ledger.vouchers set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: reason.trim() },
  );
  await audit(tx, { action: "reject", subject: "voucher", subjectId: id, reason: reason.trim() });
  return getVoucher(tx, id);
}

function refuseOwn(tx: Tx, voucher: Voucher): void {
  if (tx.actor.id === voucher.createdBy || tx.actor.id === voucher.submittedBy) {
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: voucher.id, actor: tx.actor.id });
  }
}

function draftOf(voucher: Voucher): EntryDraft {
  return {
    voucher: voucher.voucher,
    date: voucher.date,
    narration: voucher.narration,
    source: { type: "voucher", id: voucher.id },
    lines: voucher.lines,
  };
}

async function lockVoucher(tx: Tx, id: string, version: number, status: VoucherStatus, step: string): Promise<Voucher> {
  await tx.query("select 1 from ledger.vouchers where ulb_id = :ulb and voucher_id = :id for update", {
    ulb: tx.ulb.id,
    id,
  });
  const voucher = await getVoucher(tx, id);
  if (voucher.status !== status) throw ledgerErrors.VOUCHER_STATUS({ voucher: id, status: voucher.status, step });
  if (voucher.version !== version)
    throw ledgerErrors.VOUCHER_CHANGED({ voucher: id, expected: version, found: voucher.version });
  return voucher;
}

async function readVouchers(read: Read, where: string, params: Record<string, unknown>): Promise<Voucher[]> {
  const rows = await read.query<{
    voucher_id: string;
    voucher: VoucherInput["voucher"];
    entry_date: LocalDate;
    narration: string;
    external_reference: string | null;
    status: VoucherStatus;
    version: number;
    created_by: string;
    submitted_by: string | null;
    decided_by: string | null;
    decision_reason: string | null;
    entry_id: bigint | null;
  }>(
    `select v.voucher_id, v.voucher, v.entry_date, v.narration, v.external_reference, v.status, v.version, v.created_by, v.submitted_by,
       v.decided_by, v.decision_reason, v.entry_id
     from ledger.vouchers v where v.ulb_id = :ulb and ${where} order by v.entry_date, v.voucher_id limit 200`,
    { ...params, ulb: read.ulb.id },
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
  return rows.map((r) => {
    invariant(r.status !== "approved" || r.entry_id !== null, "an approved voucher has its entry");
    return {
      id: r.voucher_id,
      voucher: r.voucher,
      date: r.entry_date,
      narration: r.narration,
      externalReference: r.external_reference ?? undefined,
      status: r.status,
      version: r.version,
      createdBy: r.created_by,
      submittedBy: r.submitted_by,
      decidedBy: r.decided_by,
      decisionReason: r.decision_reason,
      entryId: r.entry_id,
      lines: lines
        .filter((l) => l.voucher_id === r.voucher_id)
        .map((l): Line & { amount: Paise } => ({
          ...l.dimensions,
          account: l.account,
          side: l.side,
          amount: paise(l.amount),
        })),
    };
  });
}
