import { audit } from "../kernel/audit.ts";
import { financialYear, financialYearOf, period, periodStart } from "../kernel/dates.ts";
import { ledgerErrors } from "../errors.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { CHECKLIST, checklistItem, type ChecklistItem, type Severity } from "./checklist-data.ts";
import { closeErrors } from "./errors.ts";

export type Attestation = {
  readonly item: string;
  readonly subject: string;
  readonly verdict: "done" | "nil" | "not-applicable" | "withdrawn";
  readonly remark: string;
  /** Name and office, as signed. */
  readonly signedAs: string;
  readonly actor: string;
  readonly at: Date;
};

const COLUMNS = `item, subject, verdict, remark, signed_as as "signedAs", actor, at`;

/**
 * A named person says that an item of the checklist was done (or that there was nothing to do) in a month or year. Rows are only added:
 * a later word replaces the earlier and both stay. Raises CHECKLIST_ITEM_UNKNOWN, CHECKLIST_ITEM_COMPUTED, ATTESTATION_SUBJECT,
 * ATTESTATION_REMARK, SIGNATURE_MISSING, SUBJECT_CLOSED.
 */
export async function attest(
  tx: Tx,
  attestation: {
    readonly item: string;
    readonly subject: string;
    readonly verdict: "done" | "nil" | "not-applicable";
    readonly remark: string;
    readonly signedAs: string;
  },
): Promise<void> {
  const item = checklistItem(attestation.item);
  if (item.attestation === undefined) throw closeErrors.CHECKLIST_ITEM_COMPUTED({ item: item.id, task: item.task });
  if (attestation.remark.trim().length < 3) throw closeErrors.ATTESTATION_REMARK({ item: item.id });
  if (attestation.signedAs.trim().length < 3)
    throw closeErrors.SIGNATURE_MISSING({ what: `the attestation of ${item.id}` });
  await writeRow(tx, item, attestation.subject, attestation.verdict, attestation.remark, attestation.signedAs);
}

/** Takes an attestation back, with a reason; what was said stays on record. Raises ATTESTATION_NOT_THERE, REASON_MISSING, SUBJECT_CLOSED. */
export async function withdrawAttestation(tx: Tx, item: string, subject: string, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `withdrawing the attestation of ${item}` });
  const found = checklistItem(item);
  const now = (await liveAttestations(tx, subject)).get(found.id);
  if (!now) throw closeErrors.ATTESTATION_NOT_THERE({ item: found.id, subject });
  await writeRow(tx, found, subject, "withdrawn", reason, now.signedAs);
}

async function writeRow(
  tx: Tx,
  item: ChecklistItem,
  subject: string,
  verdict: Attestation["verdict"],
  remark: string,
  signedAs: string,
): Promise<void> {
  await refuseClosed(tx, item, subject);
  // One at a time for a ULB: the number counts the rows of the item.
  await tx.query("select pg_advisory_xact_lock(7244009, :ulb::integer)", { ulb: tx.ulb.id });
  await tx.query(
    `insert into ledger.attestations (ulb_id, item, subject, attestation_no, verdict, remark, signed_as, actor, at)
     select :ulb, :item, :subject, 1 + coalesce(max(attestation_no), 0), :verdict, :remark, :signed, :actor, :now
     from ledger.attestations where ulb_id = :ulb and item = :item and subject = :subject`,
    {
      ulb: tx.ulb.id,
      item: item.id,
      subject,
      verdict,
      remark: remark.trim().slice(0, 1000),
      signed: signedAs.trim().slice(0, 200),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: verdict === "withdrawn" ? "withdraw" : "attest",
    subject: "checklist-item",
    subjectId: `${item.id} ${subject}`,
    after: { verdict, signedAs: signedAs.trim() },
    reason: remark.trim(),
  });
}

/** A month's items are attested for months, the annual ones for years; what is closed is closed. */
async function refuseClosed(tx: Tx, item: ChecklistItem, subject: string): Promise<void> {
  const isYear = item.kind === "annual";
  const wrong = (): Error =>
    closeErrors.ATTESTATION_SUBJECT({ item: item.id, kind: item.kind, subject: subject.slice(0, 20) });
  if (!(isYear ? /^\d{4}-\d{2}$/ : /^\d{4}-(0[1-9]|1[0-2])$/).test(subject)) throw wrong();
  if (isYear) {
    const fy = financialYear(subject);
    const year = await tx.queryOne<{ status: string }>(
      "select status from ledger.years where ulb_id = :ulb and fy = :fy",
      { ulb: tx.ulb.id, fy },
    );
    if (year && year.status !== "open") throw closeErrors.SUBJECT_CLOSED({ item: item.id, subject });
    return;
  }
  const month = period(subject);
  const row = await tx.queryOne<{ status: string }>(
    "select status from ledger.periods where ulb_id = :ulb and period = :month",
    { ulb: tx.ulb.id, month },
  );
  if (!row) throw closeErrors.YEAR_MISSING({ fy: financialYearOf(periodStart(month)) });
  if (row.status !== "open") throw closeErrors.SUBJECT_CLOSED({ item: item.id, subject });
}

/** What stands attested for a month or year, by item; withdrawn ones are left out. */
export async function liveAttestations(read: Read, subject: string): Promise<ReadonlyMap<string, Attestation>> {
  const rows = await read.query<Attestation>(
    `select distinct on (item) ${COLUMNS} from ledger.attestations
     where ulb_id = :ulb and subject = :subject order by item, attestation_no desc`,
    { ulb: read.ulb.id, subject },
  );
  return new Map(rows.filter((r) => r.verdict !== "withdrawn").map((r) => [r.item, r]));
}

/** Everything that was ever attested for a month or year, oldest first. */
export async function attestationHistory(read: Read, subject: string): Promise<Attestation[]> {
  return read.query<Attestation>(
    `select ${COLUMNS} from ledger.attestations where ulb_id = :ulb and subject = :subject order by at, item, attestation_no limit 500`,
    { ulb: read.ulb.id, subject },
  );
}

export type CloseSetting = { readonly computed: Severity; readonly attestation: Severity };

/** What this ULB insists on, where it differs from the checklist's own word. */
export async function closeSettings(read: Read): Promise<ReadonlyMap<string, CloseSetting>> {
  const rows = await read.query<CloseSetting & { item: string }>(
    "select item, computed, attestation from ledger.close_settings where ulb_id = :ulb",
    { ulb: read.ulb.id },
  );
  return new Map(rows.map((r) => [r.item, r]));
}

/**
 * Sets whether an item refuses the close or is only said, with a reason. What the books need to agree with themselves always refuses.
 * Raises CHECKLIST_ITEM_UNKNOWN, CHECKLIST_SETTING_FIXED, REASON_MISSING.
 */
export async function setCloseSetting(tx: Tx, id: string, setting: CloseSetting, reason: string): Promise<void> {
  const item = checklistItem(id);
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `the setting of ${item.id}` });
  if (setting.computed === "warn" && isFixed(item)) throw closeErrors.CHECKLIST_SETTING_FIXED({ item: item.id });
  await tx.query(
    `insert into ledger.close_settings (ulb_id, item, computed, attestation, reason, changed_by, changed_at)
     values (:ulb, :item, :computed, :attestation, :reason, :actor, :now)
     on conflict (ulb_id, item) do update set computed = excluded.computed, attestation = excluded.attestation,
       reason = excluded.reason, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
    {
      ulb: tx.ulb.id,
      item: item.id,
      computed: setting.computed,
      attestation: setting.attestation,
      reason: reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "close-setting",
    subjectId: item.id,
    after: { computed: setting.computed, attestation: setting.attestation },
    reason: reason.trim(),
  });
}

/** Items that no ULB can make a mere warning: balanced books, months in order, numbers without gaps, the carried opening. */
export function isFixed(item: ChecklistItem): boolean {
  return item.checks.some((c) =>
    ["ledger:books-balanced", "ledger:number-gaps", "ledger:months-closed", "ledger:opening-carried"].includes(c),
  );
}

/** The items of the checklist with what this ULB insists on. */
export async function listCloseSettings(
  read: Read,
): Promise<readonly { readonly item: ChecklistItem; readonly setting: CloseSetting; readonly isFixed: boolean }[]> {
  const own = await closeSettings(read);
  return CHECKLIST.map((item) => ({ item, setting: own.get(item.id) ?? defaultOf(item), isFixed: isFixed(item) }));
}

export function defaultOf(item: ChecklistItem): CloseSetting {
  return {
    // A question that a caller brings for an item without one of its own is asked in earnest.
    computed: item.computed ?? "refuse",
    attestation: item.attestation === "refuse" ? "refuse" : "warn",
  };
}
