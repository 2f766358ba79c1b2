import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { rupees, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { counterErrors } from "./errors.ts";

/** The ULB's rules of the counter. */
export type CounterPolicy = {
  /** A receipt at tender, subject to realisation; or an acknowledgement first and the receipt when the bank has the money (case S83). */
  readonly chequeReceipt: "at-tender" | "at-realisation";
  /** Cash in whole rupees, what is above the dues being a rounding (case S79). */
  readonly cashRounding: "none" | "up-to-rupee";
  /** After so many returns within twelve months that were the drawer's fault, no cheque of the consumer is taken; 0: never refused. */
  readonly chequeBlockAfter: number;
  /** What the payer is charged for a return that is his fault, unless said otherwise. */
  readonly dishonourCharge: Paise;
  /** Income-tax Act 2025 s.186; a ULB that its State exempts may switch it off. */
  readonly hasCashLimit: boolean;
  /**
   * From this day on a deposited cheque stands in a head of cheques in clearing until the bank credits it. Null: it goes
   * to the bank's head when it is deposited (NMAM IN-02), and the bank reconciliation statement lists it until then.
   */
  readonly clearingHeadFrom: LocalDate | null;
  /** How many days old a leaf of a manual receipt book may be when it is entered. */
  readonly manualDays: number;
};

/** What holds for a ULB that has never decided: those from before `startCounterPolicy` keep it. */
export const USUAL_POLICY: CounterPolicy = {
  chequeReceipt: "at-tender",
  cashRounding: "none",
  chequeBlockAfter: 3,
  dishonourCharge: ZERO,
  hasCashLimit: true,
  clearingHeadFrom: null,
  manualDays: 31,
};

/**
 * The first rules of a new ULB: a cheque is acknowledged, and its receipt given when the bank has the money, since a receipt at tender has more than once
 * stood for crores of cheques that bounced. The ULB may decide otherwise. Raises COUNTER_POLICY.
 */
export async function startCounterPolicy(tx: Tx): Promise<CounterPolicy> {
  return setCounterPolicy(tx, { chequeReceipt: "at-realisation" }, "the rule of a new ULB until it decides");
}

/** The rules in force. */
export async function counterPolicy(read: Read): Promise<CounterPolicy> {
  const row = await read.queryOne<CounterPolicy>(
    `select cheque_receipt as "chequeReceipt", cash_rounding as "cashRounding", cheque_block_after as "chequeBlockAfter",
       dishonour_charge as "dishonourCharge", has_cash_limit as "hasCashLimit", clearing_head_from as "clearingHeadFrom",
       manual_days as "manualDays"
     from collections.counter_policies where ulb_id = :ulb order by version desc limit 1`,
    { ulb: read.ulb.id },
  );
  return row ?? USUAL_POLICY;
}

/** Changes some of the rules, as a new version with its reason. Raises COUNTER_POLICY. */
export async function setCounterPolicy(tx: Tx, change: Partial<CounterPolicy>, reason: string): Promise<CounterPolicy> {
  const policy = { ...(await counterPolicy(tx)), ...change };
  const problem = problemOf(policy, reason);
  if (problem !== undefined) throw counterErrors.COUNTER_POLICY({ problem });
  await tx.query(
    `insert into collections.counter_policies (ulb_id, version, cheque_receipt, cash_rounding, cheque_block_after, dishonour_charge,
       has_cash_limit, clearing_head_from, manual_days, set_by, set_at, reason)
     select :ulb, coalesce(max(version), 0) + 1, :cheque, :rounding, :block::smallint, :charge::bigint, :has_limit::boolean, :clearing_from::date, :days::smallint,
       :actor, :now::timestamptz, :reason
     from collections.counter_policies where ulb_id = :ulb`,
    {
      ulb: tx.ulb.id,
      cheque: policy.chequeReceipt,
      rounding: policy.cashRounding,
      block: policy.chequeBlockAfter,
      charge: policy.dishonourCharge,
      has_limit: policy.hasCashLimit,
      clearing_from: policy.clearingHeadFrom,
      days: policy.manualDays,
      actor: tx.actor.id,
      now: tx.clock(),
      reason: reason.trim(),
    },
  );
  return policy;
}

function problemOf(p: CounterPolicy, reason: string): string | undefined {
  if (reason.trim().length < 5) return "give the resolution or the reason";
  if (!Number.isInteger(p.chequeBlockAfter) || p.chequeBlockAfter < 0 || p.chequeBlockAfter > 20)
    return `${p.chequeBlockAfter} returned cheques; write a whole number from 0 (never refused) to 20`;
  if (!Number.isInteger(p.manualDays) || p.manualDays < 1 || p.manualDays > 366)
    return `${p.manualDays} days; write a whole number from 1 to 366`;
  if (p.dishonourCharge < 0n || p.dishonourCharge > rupees("10000"))
    return `a charge of ${toRupees(p.dishonourCharge)}; write 0.00 to 10000.00`;
  return undefined;
}
