import type { Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { getVoucher, type Voucher, type VoucherStatus, type VoucherStepName } from "./vouchers.ts";

/** Adds a step to the history of a voucher whose row this transaction holds (or has just made). */
export async function recordStep(
  tx: Tx,
  id: string,
  step: VoucherStepName,
  version: number,
  reason?: string,
): Promise<void> {
  await tx.query(
    `insert into ledger.voucher_steps (ulb_id, voucher_id, step_no, step, at, actor, reason, version)
     select :ulb, :id, coalesce(max(s.step_no), 0) + 1, :step, :now, :actor, :reason, :version
     from ledger.voucher_steps s
     where s.ulb_id = :ulb and s.voucher_id = :id`,
    { ulb: tx.ulb.id, id, step, now: tx.clock(), actor: tx.actor.id, reason: reason ?? null, version },
  );
}

/** Holds a voucher for one step. Raises VOUCHER_NOT_FOUND, VOUCHER_STATUS, VOUCHER_CHANGED (when a version is given). */
export async function lockVoucher(
  tx: Tx,
  id: string,
  version: number | undefined,
  statuses: readonly VoucherStatus[],
  step: string,
): Promise<Voucher> {
  await tx.query("select 1 from ledger.vouchers where ulb_id = :ulb and voucher_id = :id for update", {
    ulb: tx.ulb.id,
    id,
  });
  const voucher = await getVoucher(tx, id);
  if (!statuses.includes(voucher.status))
    throw ledgerErrors.VOUCHER_STATUS({ voucher: id, status: voucher.status, step });
  if (version !== undefined && voucher.version !== version)
    throw ledgerErrors.VOUCHER_CHANGED({ voucher: id, expected: version, found: voucher.version });
  return voucher;
}
