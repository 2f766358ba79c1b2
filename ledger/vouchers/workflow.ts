import { audit } from "../kernel/audit.ts";
import { daysBetween, periodOf } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../kernel/tx.ts";
import { postEntry, type Line, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { autoReverse } from "./auto-reversals.ts";
import { checkVoucher } from "./check.ts";
import { voucherErrors } from "./errors.ts";
import { approvalLimit, today, voucherRules } from "./limits.ts";
import { lockVoucher, recordStep } from "./steps.ts";
import { draftOf, getVoucher, voucherAmount, type Voucher, type VoucherInput } from "./vouchers.ts";

/** Where a draft comes from, when it is not simply written. */
export type DraftOrigin = {
  readonly reverses?: { readonly entryId: bigint; readonly reason: string };
  readonly recurring?: { readonly id: string; readonly dueOn: string };
  /** Others who had a hand in what it says. */
  readonly makers?: readonly string[];
};

/** Saves a new draft. Raises LINE_AMOUNT, AUTO_REVERSAL_DATE. */
export async function draftVoucher(tx: Tx, input: VoucherInput): Promise<Voucher> {
  const id = await insertDraft(tx, input, {});
  return getVoucher(tx, id as string);
}

/** Writes a draft and its first step. Undefined when the recurring voucher was drafted for that day already. */
export async function insertDraft(tx: Tx, input: VoucherInput, origin: DraftOrigin): Promise<string | undefined> {
  checkDates(input);
  const id = newId(tx.clock().getTime());
  const made = await tx.query(
    `insert into ledger.vouchers (ulb_id, voucher_id, voucher, entry_date, narration, external_reference, file_number, sanction_number,
       sanction_date, back_date_reason, auto_reverse_on, template, reverses_entry_id, reversal_reason, recurring_id, due_on, drafted_on, makers,
       created_by, created_at)
     values (:ulb, :id, :voucher, :entry_date, :narration, :reference, :file_number, :sanction_number, :sanction_date, :back_date_reason,
       :auto_reverse_on, :template, :reverses, :reversal_reason, :recurring, :due_on, :drafted_on, :makers::text[], :actor, :now)
     on conflict (ulb_id, recurring_id, due_on) where recurring_id is not null do nothing
     returning 1`,
    {
      ulb: tx.ulb.id,
      id,
      ...columnsOf(input),
      reverses: origin.reverses?.entryId ?? null,
      reversal_reason: origin.reverses?.reason ?? null,
      recurring: origin.recurring?.id ?? null,
      due_on: origin.recurring?.dueOn ?? null,
      drafted_on: today(tx),
      makers: [...new Set([tx.actor.id, ...(origin.makers ?? [])])],
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  if (made.length === 0) return undefined;
  await writeLines(tx, id, input.lines);
  await recordStep(tx, id, "drafted", 1);
  return id;
}

/** Replaces a draft, or a voucher that was sent back. Raises VOUCHER_NOT_FOUND, VOUCHER_STATUS, VOUCHER_CHANGED, REVERSAL_LINES_FIXED. */
export async function changeVoucher(tx: Tx, id: string, version: number, input: VoucherInput): Promise<Voucher> {
  const now = await lockVoucher(tx, id, version, ["draft", "sent-back"], "changed");
  checkDates(input);
  if (now.reverses && (input.voucher !== now.voucher || lineKeys(input.lines) !== lineKeys(now.lines)))
    throw voucherErrors.REVERSAL_LINES_FIXED({ voucher: id, entry: String(now.reverses.entryId) });
  await tx.query(
    `update ledger.vouchers
     set voucher = :voucher, entry_date = :entry_date, narration = :narration, external_reference = :reference, file_number = :file_number,
       sanction_number = :sanction_number, sanction_date = :sanction_date, back_date_reason = :back_date_reason,
       auto_reverse_on = :auto_reverse_on, template = :template, version = version + 1,
       makers = case when :actor = any(makers) then makers else makers || :actor::text end
     where ulb_id = :ulb and voucher_id = :id`,
    {
      ulb: tx.ulb.id,
      id: now.id,
      ...columnsOf({ ...input, template: input.template ?? now.template }),
      actor: tx.actor.id,
    },
  );
  await tx.query("delete from ledger.voucher_lines where ulb_id = :ulb and voucher_id = :id", { ulb: tx.ulb.id, id });
  await writeLines(tx, id, input.lines);
  await recordStep(tx, id, "changed", version + 1);
  return getVoucher(tx, id);
}

/**
 * Submits a draft, or again a voucher that was sent back. It must be sound by now. Raises the refusals of `checkVoucher`,
 * BACK_DATE_REASON_MISSING.
 */
export async function submitVoucher(tx: Tx, id: string, version: number): Promise<Voucher> {
  const voucher = await lockVoucher(tx, id, version, ["draft", "sent-back"], "submitted");
  await checkVoucher(tx, voucher);
  const { backDateDays } = await voucherRules(tx, today(tx));
  const days = daysBetween(voucher.date, voucher.draftedOn);
  if (backDateDays !== null && days > backDateDays && (voucher.backDateReason ?? "").trim().length < 5) {
    throw voucherErrors.BACK_DATE_REASON_MISSING({
      voucher: id,
      date: voucher.date,
      drafted: voucher.draftedOn,
      days,
      allowed: backDateDays,
    });
  }
  await tx.query(
    `update ledger.vouchers
     set status = 'submitted', submitted_by = :actor, submitted_at = :now, version = version + 1,
       makers = case when :actor = any(makers) then makers else makers || :actor::text end
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock() },
  );
  await recordStep(tx, id, "submitted", version + 1);
  await audit(tx, { action: "submit", subject: "voucher", subjectId: id });
  return getVoucher(tx, id);
}

/**
 * The first of two signatures on a voucher above the amount that the ULB has set. Raises MAKER_IS_CHECKER, SIGNATURE_NOT_NEEDED.
 */
export async function signVoucher(tx: Tx, id: string, version: number): Promise<Voucher> {
  const voucher = await lockVoucher(tx, id, version, ["submitted"], "signed");
  refuseMaker(tx, voucher);
  if (!(await needsTwo(tx, voucher)) || voucher.firstSignatory !== null)
    throw voucherErrors.SIGNATURE_NOT_NEEDED({ voucher: id, amount: String(voucherAmount(voucher)) });
  await tx.query(
    `update ledger.vouchers set first_signatory = :actor, first_signed_at = :now, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock() },
  );
  await recordStep(tx, id, "signed", version + 1);
  await audit(tx, { action: "sign", subject: "voucher", subjectId: id });
  return getVoucher(tx, id);
}

/**
 * Approves a submitted voucher: entry, number and audit in one commit, and with it the mirror of a voucher that reverses itself, if the month
 * of that day is open. Raises MAKER_IS_CHECKER, SECOND_SIGNATURE_MISSING, SIGNATORY_TWICE, APPROVAL_LIMIT_EXCEEDED and the refusals of postEntry.
 */
export async function approveVoucher(
  tx: Tx,
  id: string,
  version: number,
): Promise<{ voucher: Voucher; entry: PostedEntry }> {
  const voucher = await lockVoucher(tx, id, version, ["submitted"], "approved");
  refuseMaker(tx, voucher);
  await refuseUnsigned(tx, voucher);
  const amount = voucherAmount(voucher);
  const limit = await approvalLimit(tx, tx.actor, voucher.voucher, today(tx));
  if (limit !== null && amount > limit) {
    throw voucherErrors.APPROVAL_LIMIT_EXCEEDED({
      voucher: id,
      kind: voucher.voucher,
      amount: String(amount),
      limit: String(limit),
      actor: tx.actor.id,
    });
  }
  await audit(tx, { action: "approve", subject: "voucher", subjectId: id });
  await recordStep(tx, id, "approved", version + 1);
  const entry = await postEntry(tx, draftOf(voucher));
  await tx.query(
    `update ledger.vouchers set status = 'approved', decided_by = :actor, decided_at = :now, entry_id = :entry, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), entry: entry.id },
  );
  const approved = await getVoucher(tx, id);
  if (approved.autoReverseOn !== undefined && (await autoReverse(tx, approved, periodOf(approved.autoReverseOn))))
    return { voucher: await getVoucher(tx, id), entry };
  return { voucher: approved, entry };
}

/**
 * Sends a submitted voucher back to its maker, who may change it and submit it again; signatures so far are void.
 * Raises MAKER_IS_CHECKER, REASON_MISSING.
 */
export async function sendBackVoucher(tx: Tx, id: string, version: number, reason: string): Promise<Voucher> {
  const why = reasonOf(reason, `sending voucher ${id} back`);
  const voucher = await lockVoucher(tx, id, version, ["submitted"], "sent back");
  refuseMaker(tx, voucher);
  await tx.query(
    `update ledger.vouchers set status = 'sent-back', first_signatory = null, first_signed_at = null, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id },
  );
  await recordStep(tx, id, "sent-back", version + 1, why);
  await audit(tx, { action: "send-back", subject: "voucher", subjectId: id, reason: why });
  return getVoucher(tx, id);
}

/** Rejects a submitted voucher for good, with a reason. Raises MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectVoucher(tx: Tx, id: string, version: number, reason: string): Promise<Voucher> {
  const why = reasonOf(reason, `rejecting voucher ${id}`);
  const voucher = await lockVoucher(tx, id, version, ["submitted"], "rejected");
  refuseMaker(tx, voucher);
  await tx.query(
    `update ledger.vouchers set status = 'rejected', decided_by = :actor, decided_at = :now, decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: why },
  );
  await recordStep(tx, id, "rejected", version + 1, why);
  await audit(tx, { action: "reject", subject: "voucher", subjectId: id, reason: why });
  return getVoucher(tx, id);
}

/** A maker gives up a draft, or a voucher that was sent back; it stays on record with the reason. Raises REASON_MISSING. */
export async function cancelVoucher(tx: Tx, id: string, version: number, reason: string): Promise<Voucher> {
  const why = reasonOf(reason, `cancelling voucher ${id}`);
  await lockVoucher(tx, id, version, ["draft", "sent-back"], "cancelled");
  await tx.query(
    `update ledger.vouchers set status = 'cancelled', decision_reason = :reason, version = version + 1
     where ulb_id = :ulb and voucher_id = :id`,
    { ulb: tx.ulb.id, id, reason: why },
  );
  await recordStep(tx, id, "cancelled", version + 1, why);
  await audit(tx, { action: "cancel", subject: "voucher", subjectId: id, reason: why });
  return getVoucher(tx, id);
}

/** Whether two people sign this voucher, by the rules of today. */
export async function needsTwo(tx: Parameters<typeof voucherRules>[0], voucher: Voucher): Promise<boolean> {
  const { secondSignatureAbove } = await voucherRules(tx, today(tx));
  return secondSignatureAbove !== null && voucherAmount(voucher) > secondSignatureAbove;
}

async function refuseUnsigned(tx: Tx, voucher: Voucher): Promise<void> {
  if (voucher.firstSignatory === tx.actor.id)
    throw voucherErrors.SIGNATORY_TWICE({ voucher: voucher.id, actor: tx.actor.id });
  const { secondSignatureAbove } = await voucherRules(tx, today(tx));
  const amount = voucherAmount(voucher);
  if (secondSignatureAbove !== null && amount > secondSignatureAbove && voucher.firstSignatory === null) {
    throw voucherErrors.SECOND_SIGNATURE_MISSING({
      voucher: voucher.id,
      amount: String(amount),
      above: String(secondSignatureAbove),
    });
  }
}

function refuseMaker(tx: Tx, voucher: Voucher): void {
  if (voucher.makers.includes(tx.actor.id))
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: voucher.id, actor: tx.actor.id });
}

function reasonOf(reason: string, what: string): string {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what });
  return reason.trim();
}

function checkDates(input: VoucherInput): void {
  if (input.autoReverseOn !== undefined && input.autoReverseOn <= input.date)
    throw voucherErrors.AUTO_REVERSAL_DATE({ date: input.date, reverseOn: input.autoReverseOn });
}

const columnsOf = (input: VoucherInput) => ({
  voucher: input.voucher,
  entry_date: input.date,
  narration: input.narration,
  reference: input.externalReference ?? null,
  file_number: input.fileNumber ?? null,
  sanction_number: input.sanction?.number ?? null,
  sanction_date: input.sanction?.date ?? null,
  back_date_reason: input.backDateReason ?? null,
  auto_reverse_on: input.autoReverseOn ?? null,
  template: input.template ?? null,
});

/** Equal for equal lines, whatever the order of their dimensions. */
function lineKeys(lines: readonly Line[]): string {
  return JSON.stringify(
    lines.map((l) => [
      l.side,
      l.account,
      String(l.amount),
      l.fund ?? "01",
      l.function ?? "",
      l.ward ?? "",
      l.functionary ?? "",
      l.budgetHead ?? "",
      l.scheme ?? "",
      l.party?.type ?? "",
      l.party?.id ?? "",
      l.demandYear ?? "",
    ]),
  );
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
