import { audit } from "../../ledger/kernel/audit.ts";
import { formatIndian, paise, rupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { collectionErrors } from "../errors.ts";

/** How the ULB's account at the gateway works. Every version stays on record; the last one counts. */
export type MerchantSettings = {
  /** "acc_…"; null: events are not told apart by account. */
  readonly accountId: string | null;
  /** manual: payments are only authorised, and captured by us if something is still due. */
  readonly capture: "auto" | "manual";
  /** payer: the gateway adds its fee to what the payer pays, and the ULB recovers it. */
  readonly feeBearer: "ulb" | "payer";
  /** Whether rebate and penalty look at the day of the attempt or of the capture. */
  readonly rebateDate: "attempt" | "capture";
};

const USUAL: MerchantSettings = { accountId: null, capture: "auto", feeBearer: "ulb", rebateDate: "attempt" };

/** The settings in force. */
export async function merchantSettings(read: Read): Promise<MerchantSettings> {
  const row = await read.queryOne<MerchantSettings>(
    `select account_id as "accountId", capture, fee_bearer as "feeBearer", rebate_date as "rebateDate"
     from collections.merchant_settings where ulb_id = :ulb order by setting_id desc limit 1`,
    { ulb: read.ulb.id },
  );
  return row ?? USUAL;
}

/** One version of the settings: who decided it, and when. */
export type MerchantSettingsVersion = MerchantSettings & { readonly setAt: Date; readonly setBy: string };

/** The versions, the newest first; at most 200. Empty where the usual settings were never changed. */
export async function listMerchantSettings(read: Read): Promise<MerchantSettingsVersion[]> {
  return read.query<MerchantSettingsVersion>(
    `select account_id as "accountId", capture, fee_bearer as "feeBearer", rebate_date as "rebateDate", set_at as "setAt", set_by as "setBy"
     from collections.merchant_settings where ulb_id = :ulb order by setting_id desc limit 200`,
    { ulb: read.ulb.id },
  );
}

/** Changes settings, on record. Raises MERCHANT_ACCOUNT for an account id that is none. */
export async function setMerchantSettings(tx: Tx, change: Partial<MerchantSettings>): Promise<MerchantSettings> {
  const before = await merchantSettings(tx);
  const after = { ...before, ...change };
  if (after.accountId !== null && !/^acc_[A-Za-z0-9]{14}$/.test(after.accountId))
    throw collectionErrors.MERCHANT_ACCOUNT({ account: after.accountId.slice(0, 40) });
  await tx.query(
    `insert into collections.merchant_settings (ulb_id, account_id, capture, fee_bearer, rebate_date, set_at, set_by)
     values (:ulb, :account, :capture, :fee_bearer, :rebate_date, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      account: after.accountId,
      capture: after.capture,
      fee_bearer: after.feeBearer,
      rebate_date: after.rebateDate,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
  await audit(tx, { action: "set", subject: "merchant-settings", subjectId: "gateway", before, after });
  return after;
}

/**
 * What becomes of a payment of what was paid already. ADVANCE: the consumer's credit, which he may ask back. AUTO_REFUND: given back the way it
 * came, without a person, up to a limit and within some days. HOLD: a refund note, and a person decides.
 */
export type ExcessPolicy =
  | { readonly policy: "ADVANCE" | "HOLD" }
  | { readonly policy: "AUTO_REFUND"; readonly limit: Paise; readonly windowDays: number };

/** Services whose next demand is sure to come: what is paid too much pays it. All others are paid once. */
const RECURRING = new Set([
  "property-tax",
  "vacant-land-tax",
  "water",
  "sewerage",
  "solid-waste",
  "advertisement",
  "rent",
]);
const USUAL_LIMIT = rupees("50000.00");
const USUAL_DAYS = 7;

/** What counts where the ULB has decided nothing: an advance for recurring dues, an automatic refund for fees that are paid once. */
export function usualExcessPolicy(service: string): ExcessPolicy {
  return RECURRING.has(service)
    ? { policy: "ADVANCE" }
    : { policy: "AUTO_REFUND", limit: USUAL_LIMIT, windowDays: USUAL_DAYS };
}

/** The policies in force of these services. */
export async function excessPolicies(
  read: Read,
  services: readonly string[],
): Promise<ReadonlyMap<string, ExcessPolicy>> {
  if (services.length === 0) return new Map();
  const rows = await read.query<PolicyRow>(
    `select distinct on (service) service, policy, limit_amount, window_days
     from collections.excess_policies
     where ulb_id = :ulb and service = any(:services::text[])
     order by service, policy_id desc`,
    { ulb: read.ulb.id, services: [...new Set(services)] },
  );
  const set = new Map(rows.map((r): [string, ExcessPolicy] => [r.service, policyOfRow(r)]));
  return new Map(services.map((s) => [s, set.get(s) ?? usualExcessPolicy(s)]));
}

/** One version of a service's policy: who decided it, and when. */
export type ExcessPolicyVersion = {
  readonly service: string;
  readonly policy: ExcessPolicy;
  readonly setAt: Date;
  readonly setBy: string;
};

/** The versions of all services, the newest first; at most 200. */
export async function listExcessPolicies(read: Read): Promise<ExcessPolicyVersion[]> {
  const rows = await read.query<PolicyRow & { setAt: Date; setBy: string }>(
    `select service, policy, limit_amount, window_days, set_at as "setAt", set_by as "setBy"
     from collections.excess_policies where ulb_id = :ulb order by policy_id desc limit 200`,
    { ulb: read.ulb.id },
  );
  return rows.map((r) => ({ service: r.service, policy: policyOfRow(r), setAt: r.setAt, setBy: r.setBy }));
}

type PolicyRow = {
  readonly service: string;
  readonly policy: ExcessPolicy["policy"];
  readonly limit_amount: bigint | null;
  readonly window_days: number;
};
const policyOfRow = (r: PolicyRow): ExcessPolicy =>
  r.policy === "AUTO_REFUND"
    ? { policy: r.policy, limit: paise(r.limit_amount ?? 0n), windowDays: r.window_days }
    : { policy: r.policy };

/** Decides what becomes of excess money of a service, on record. Raises EXCESS_POLICY for a limit or a window that makes no sense. */
export async function setExcessPolicy(tx: Tx, service: string, policy: ExcessPolicy): Promise<void> {
  const limit = policy.policy === "AUTO_REFUND" ? policy.limit : null;
  const days = policy.policy === "AUTO_REFUND" ? policy.windowDays : 0;
  if ((limit !== null && limit <= 0n) || !Number.isInteger(days) || days < 0 || days > 180) {
    throw collectionErrors.EXCESS_POLICY({
      service: service.slice(0, 60),
      limit: limit === null ? "none" : formatIndian(limit),
      days: String(days),
    });
  }
  await tx.query(
    `insert into collections.excess_policies (ulb_id, service, policy, limit_amount, window_days, set_at, set_by)
     values (:ulb, :service, :policy, :limit, :days, :now, :actor)`,
    { ulb: tx.ulb.id, service, policy: policy.policy, limit, days, now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, {
    action: "set",
    subject: "excess-policy",
    subjectId: service,
    after: { policy: policy.policy, ...(limit === null ? {} : { limit: limit.toString(), days }) },
  });
}
