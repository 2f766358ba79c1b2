import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { add, formatIndian, paise, rupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";
import { counterErrors } from "./errors.ts";

/** Income-tax Act 2025 s.186 (before it s.269ST of 1961): from this sum on, nothing may be received in cash. */
export const CASH_LIMIT = rupees("200000");

/** As whom a payer of cash is known: any of them makes him the same person. */
export type CashPayer = {
  readonly consumerIds: readonly string[];
  readonly mobile: string | null;
  readonly pan: string | null;
  readonly billIds: readonly string[];
};

export type CashPermission = { readonly reason: string; readonly allowedBy: string };

/** "9876543210" or null; raises PAYER_IDENTITY. */
export function mobileOf(text: string | undefined): string | null {
  const digits = (text ?? "").replace(/[\s-]/g, "").replace(/^(\+91|0)(?=\d{10}$)/, "");
  if (digits === "") return null;
  if (!/^[6-9]\d{9}$/.test(digits))
    throw counterErrors.PAYER_IDENTITY({ what: "a mobile number", value: digits.slice(0, 20) });
  return digits;
}

/** "ABCPE1234F" or null; raises PAYER_IDENTITY. */
export function panOf(text: string | undefined): string | null {
  const pan = (text ?? "").trim().toUpperCase();
  if (pan === "") return null;
  if (!/^[A-Z]{5}\d{4}[A-Z]$/.test(pan)) throw counterErrors.PAYER_IDENTITY({ what: "a PAN", value: pan.slice(0, 20) });
  return pan;
}

/**
 * Refuses cash with which the same payer (a consumer, a mobile number or a PAN) would have given the limit or more on the day, at whatever counters,
 * or for the same bill on any day; unless a permission for it waits, which is then used up. The consumers' rows are locked by the caller; mobile
 * and PAN are locked here. Raises CASH_LIMIT.
 */
export async function checkCash(
  tx: Tx,
  payer: CashPayer,
  amount: Paise,
  day: LocalDate,
  tenderId: string,
): Promise<CashPermission | null> {
  for (const identity of [payer.mobile, payer.pan]) {
    if (identity === null) continue;
    await tx.query("select pg_advisory_xact_lock(hashtextextended('cash:' || :ulb::text || ':' || :identity, 0))", {
      ulb: tx.ulb.id,
      identity,
    });
  }
  const row = await tx.queryOne<{ earlier: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as earlier from collections.receipts
     where ulb_id = :ulb and mode = 'cash' and status <> 'cancelled' and kind = 'original'
       and ((value_date = :on_day::date and (consumer_id = any(:consumers::uuid[]) or payer_mobile = :mobile::text or payer_pan = :pan::text))
         or bill_id = any(:bills::uuid[]))`,
    {
      ulb: tx.ulb.id,
      on_day: day,
      consumers: payer.consumerIds,
      mobile: payer.mobile,
      pan: payer.pan,
      bills: payer.billIds,
    },
  );
  const earlier = paise(row?.earlier ?? 0n);
  const total = add(earlier, amount);
  if (total < CASH_LIMIT) return null;
  const permission = await tx.queryOne<{ id: string; reason: string; allowedBy: string }>(
    `select permission_id as id, reason, allowed_by as "allowedBy" from collections.cash_permissions
     where ulb_id = :ulb and day = :on_day::date and tender_id is null and up_to >= :total and allowed_by <> :actor
       and ((payer_kind = 'consumer' and payer = any(:consumers::text[])) or (payer_kind = 'mobile' and payer = :mobile::text)
         or (payer_kind = 'pan' and payer = :pan::text))
     order by allowed_at, permission_id limit 1 for update`,
    {
      ulb: tx.ulb.id,
      on_day: day,
      total,
      actor: tx.actor.id,
      consumers: payer.consumerIds,
      mobile: payer.mobile,
      pan: payer.pan,
    },
  );
  if (!permission) {
    throw collectionErrors.CASH_LIMIT({
      amount: formatIndian(amount),
      earlier: formatIndian(earlier),
      total: formatIndian(total),
      on: formatDate(day),
    });
  }
  await tx.query(
    "update collections.cash_permissions set tender_id = :tender where ulb_id = :ulb and permission_id = :id::uuid",
    { ulb: tx.ulb.id, tender: tenderId, id: permission.id },
  );
  return { reason: permission.reason, allowedBy: permission.allowedBy };
}

/**
 * A superior allows cash above the limit from one payer on one day, once, with his reason (a court's order, an exempted payer). The receipt says
 * so and stands on the list of exceptions. Raises PAYER_IDENTITY, CANCEL_REASON.
 */
export async function allowCash(
  tx: Tx,
  permission: {
    readonly payerKind: "consumer" | "mobile" | "pan";
    readonly payer: string;
    readonly upTo: Paise;
    readonly day: LocalDate;
    readonly reason: string;
  },
): Promise<string> {
  if (permission.reason.trim().length < 5) throw collectionErrors.CANCEL_REASON({ reason: permission.reason.trim() });
  const payer =
    permission.payerKind === "mobile"
      ? mobileOf(permission.payer)
      : permission.payerKind === "pan"
        ? panOf(permission.payer)
        : permission.payer;
  if (payer === null || payer === "")
    throw counterErrors.PAYER_IDENTITY({ what: `a ${permission.payerKind}`, value: "" });
  const id = newId();
  await tx.query(
    `insert into collections.cash_permissions (ulb_id, permission_id, day, payer_kind, payer, up_to, reason, allowed_by, allowed_at)
     values (:ulb, :id, :on_day, :kind, :payer, :up_to, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      on_day: permission.day,
      kind: permission.payerKind,
      payer,
      up_to: permission.upTo,
      reason: permission.reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "allow-cash",
    subject: "cash-limit",
    subjectId: id,
    reason: permission.reason.trim(),
    after: { payer, upTo: formatIndian(permission.upTo) },
  });
  return id;
}

export type CashException = {
  readonly receiptId: string;
  readonly fy: string;
  readonly number: bigint;
  readonly day: LocalDate;
  readonly payerName: string;
  readonly consumerCode: string | null;
  readonly amount: Paise;
  readonly reason: string;
  readonly allowedBy: string;
};

/** Receipts of cash above the limit, with who allowed it and why: what the auditor asks for. At most 1,000. */
export async function cashExceptions(read: Read, from: LocalDate, to: LocalDate): Promise<CashException[]> {
  return read.query<CashException>(
    `select receipt_id as "receiptId", fy, number, value_date as day, payer_name as "payerName", consumer_code as "consumerCode", amount,
       limit_reason as reason, limit_allowed_by as "allowedBy"
     from collections.receipts
     where ulb_id = :ulb and limit_reason is not null and value_date between :from_day::date and :to_day::date
     order by value_date, number limit 1000`,
    { ulb: read.ulb.id, from_day: from, to_day: to },
  );
}
