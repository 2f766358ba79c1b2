import { audit } from "../kernel/audit.ts";
import { dateInIndia, type LocalDate } from "../kernel/dates.ts";
import { paise, toRupees, type Paise } from "../kernel/money.ts";
import type { Actor, Read, Role, Tx } from "../kernel/tx.ts";
import type { VoucherType } from "../entries.ts";

export type ApprovalLimit = {
  readonly role: Role;
  /** Null: everybody in the role. */
  readonly actor: string | null;
  readonly voucherType: VoucherType | "any";
  readonly from: LocalDate;
  /** Null: no limit. */
  readonly upTo: Paise | null;
  readonly setBy: string;
};

/** All limits, newest first within a role; those of the past too. At most 500. */
export async function listApprovalLimits(read: Read): Promise<ApprovalLimit[]> {
  const rows = await read.query<{
    role: Role;
    actor: string;
    voucher_type: VoucherType | "any";
    valid_from: LocalDate;
    up_to: bigint | null;
    set_by: string;
  }>(
    `select role, actor, voucher_type, valid_from, up_to, set_by from ledger.approval_limits
     where ulb_id = :ulb order by role, actor, voucher_type, valid_from desc limit 500`,
    { ulb: read.ulb.id },
  );
  return rows.map((r) => ({
    role: r.role,
    actor: r.actor === "" ? null : r.actor,
    voucherType: r.voucher_type,
    from: r.valid_from,
    upTo: r.up_to === null ? null : paise(r.up_to),
    setBy: r.set_by,
  }));
}

/** Sets how much a role, or one person in it, may approve from a day on. Earlier limits stay on record; the change is audited. */
export async function setApprovalLimit(
  tx: Tx,
  limit: Pick<ApprovalLimit, "role" | "voucherType" | "from" | "upTo"> & { readonly actor?: string | undefined },
): Promise<void> {
  await tx.query(
    `insert into ledger.approval_limits (ulb_id, role, actor, voucher_type, valid_from, up_to, set_by, set_at)
     values (:ulb, :role, :person, :kind, :from_day, :up_to, :actor, :now)
     on conflict (ulb_id, role, actor, voucher_type, valid_from) do update
     set up_to = excluded.up_to, set_by = excluded.set_by, set_at = excluded.set_at`,
    {
      ulb: tx.ulb.id,
      role: limit.role,
      person: limit.actor ?? "",
      kind: limit.voucherType,
      from_day: limit.from,
      up_to: limit.upTo,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "approval-limit",
    subjectId: [limit.role, limit.actor ?? "all", limit.voucherType].join(" "),
    after: { from: limit.from, upTo: limit.upTo === null ? null : toRupees(limit.upTo) },
  });
}

/**
 * How much somebody may approve on a day; null is no limit. A limit of his own goes before his role's, one for the kind of voucher before one
 * for any. Of several roles the highest counts. Where nothing is set for any of his roles there is no limit.
 */
export async function approvalLimit(
  read: Read,
  actor: Actor,
  voucherType: VoucherType,
  day: LocalDate,
): Promise<Paise | null> {
  const rows = await read.query<{ up_to: bigint | null }>(
    `select distinct on (role) up_to from ledger.approval_limits
     where ulb_id = :ulb and role = any(:roles::text[]) and actor in ('', :person) and voucher_type in ('any', :kind) and valid_from <= :on_day
     order by role, (actor <> '') desc, (voucher_type <> 'any') desc, valid_from desc`,
    { ulb: read.ulb.id, roles: actor.roles, person: actor.id, kind: voucherType, on_day: day },
  );
  let highest: bigint | undefined;
  for (const { up_to } of rows) {
    if (up_to === null) return null;
    if (highest === undefined || up_to > highest) highest = up_to;
  }
  return highest === undefined ? null : paise(highest);
}

export type VoucherRules = {
  /** Above it two people sign; null: one is enough. */
  readonly secondSignatureAbove: Paise | null;
  /** Days that a voucher may be dated back without a reason; null: any. */
  readonly backDateDays: number | null;
};

/** The rules of the voucher desk on a day; where none was set one signature is enough and no back date needs a reason. */
export async function voucherRules(read: Read, day: LocalDate): Promise<VoucherRules> {
  const row = await read.queryOne<{ second_signature_above: bigint | null; back_date_days: number | null }>(
    `select second_signature_above, back_date_days from ledger.voucher_rules
     where ulb_id = :ulb and valid_from <= :on_day order by valid_from desc limit 1`,
    { ulb: read.ulb.id, on_day: day },
  );
  return {
    secondSignatureAbove: row?.second_signature_above == null ? null : paise(row.second_signature_above),
    backDateDays: row?.back_date_days ?? null,
  };
}

/** Sets the rules from a day on. What held before stays on record; the change is audited. */
export async function setVoucherRules(tx: Tx, rules: VoucherRules & { readonly from: LocalDate }): Promise<void> {
  await tx.query(
    `insert into ledger.voucher_rules (ulb_id, valid_from, second_signature_above, back_date_days, set_by, set_at)
     values (:ulb, :from_day, :above, :days, :actor, :now)
     on conflict (ulb_id, valid_from) do update
     set second_signature_above = excluded.second_signature_above, back_date_days = excluded.back_date_days,
       set_by = excluded.set_by, set_at = excluded.set_at`,
    {
      ulb: tx.ulb.id,
      from_day: rules.from,
      above: rules.secondSignatureAbove,
      days: rules.backDateDays,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "voucher-rules",
    subjectId: rules.from,
    after: {
      secondSignatureAbove: rules.secondSignatureAbove === null ? null : toRupees(rules.secondSignatureAbove),
      backDateDays: rules.backDateDays,
    },
  });
}

/** The day on which limits and rules are looked up: the day of the deed, in India. */
export const today = (read: Read): LocalDate => dateInIndia(read.clock());
