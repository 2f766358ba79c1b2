import { audit } from "../kernel/audit.ts";
import { localDate, type LocalDate } from "../kernel/dates.ts";
import { isUuid, newId } from "../kernel/ids.ts";
import { rupees } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { addAccount, closeAccount, renameAccount, reopenAccount } from "./accounts.ts";
import { masterErrors } from "./errors.ts";
import { reasonOf } from "./history.ts";
import { addMaster, closeMaster, LISTS, renameMaster, reopenMaster, type ListName } from "./lists.ts";
import { isPostingKey, setEventAccount, setPostingAccount } from "./posting.ts";
import { addTaxSection, endTaxSection, type TaxKind } from "./tax-sections.ts";

/** A change of the masters that decide where money is booked: one person proposes it, another confirms it. Amounts are text in rupees. */
export type MasterChange =
  | {
      readonly kind: "add-account";
      readonly code: string;
      readonly name: string;
      readonly nameLocal?: string;
      readonly parent: string;
    }
  | { readonly kind: "rename-account"; readonly code: string; readonly name: string; readonly from?: string }
  | { readonly kind: "close-account" | "reopen-account"; readonly code: string; readonly from?: string }
  | {
      readonly kind: "add-item";
      readonly list: ListName;
      readonly code: string;
      readonly item: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "rename-item";
      readonly list: ListName;
      readonly code: string;
      readonly name: string;
      readonly from?: string;
    }
  | {
      readonly kind: "close-item" | "reopen-item";
      readonly list: ListName;
      readonly code: string;
      readonly from?: string;
    }
  | { readonly kind: "posting-account"; readonly key: string; readonly account: string }
  | { readonly kind: "event-account"; readonly rule: string; readonly leg: number; readonly account: string }
  | {
      readonly kind: "add-tax-section";
      readonly code: string;
      readonly tax: TaxKind;
      readonly section: string;
      readonly paymentCode?: string;
      readonly description: string;
      readonly ratePercent: string;
      readonly thresholdSingle?: string;
      readonly thresholdYear?: string;
      readonly account: string;
      readonly payeeKind?: "individual" | "other";
      readonly validFrom: string;
      readonly validTo?: string;
    }
  | { readonly kind: "end-tax-section"; readonly code: string; readonly lastDay: string };

export type MasterProposal = {
  readonly id: string;
  readonly change: MasterChange;
  /** The change in words. */
  readonly summary: string;
  readonly reason: string;
  readonly status: "proposed" | "confirmed" | "rejected";
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
};

/** The change in words, as both people read it. */
export function describeChange(c: MasterChange): string {
  const since = "from" in c && c.from !== undefined ? ` from ${c.from}` : "";
  switch (c.kind) {
    case "add-account":
      return `add account ${c.code} "${c.name}" under ${c.parent}`;
    case "rename-account":
      return `rename account ${c.code} to "${c.name}"${since}`;
    case "close-account":
      return `close account ${c.code}${since}`;
    case "reopen-account":
      return `open account ${c.code} again${since}`;
    case "add-item":
      return `add ${LISTS[c.list].noun} ${c.code} "${c.item["name"] ?? ""}"`;
    case "rename-item":
      return `rename ${LISTS[c.list].noun} ${c.code} to "${c.name}"${since}`;
    case "close-item":
      return `close ${LISTS[c.list].noun} ${c.code}${since}`;
    case "reopen-item":
      return `open ${LISTS[c.list].noun} ${c.code} again${since}`;
    case "posting-account":
      return `let "${c.key}" of the posting map use account ${c.account}`;
    case "event-account":
      return `let leg ${c.leg} of event ${c.rule} use account ${c.account}`;
    case "add-tax-section":
      return `add tax section ${c.code} (${c.section}, ${c.ratePercent} %) from ${c.validFrom}`;
    case "end-tax-section":
      return `end tax section ${c.code} with ${c.lastDay}`;
  }
}

const dayOf = (text: string | undefined): LocalDate | undefined => (text ? localDate(text) : undefined);

/** Makes the change. Raises what its own function raises. */
async function makeChange(tx: Tx, c: MasterChange, reason: string): Promise<void> {
  switch (c.kind) {
    case "add-account":
      await addAccount(tx, c);
      return;
    case "rename-account":
      await renameAccount(tx, c.code, { name: c.name }, { from: dayOf(c.from), reason });
      return;
    case "close-account":
      await closeAccount(tx, c.code, { from: dayOf(c.from), reason });
      return;
    case "reopen-account":
      await reopenAccount(tx, c.code, { from: dayOf(c.from), reason });
      return;
    case "add-item":
      // What a list needs is judged by addMaster; here it is text from a form.
      await addMaster(tx, c.list, { ...c.item, code: c.code, name: c.item["name"] ?? "" });
      return;
    case "rename-item":
      await renameMaster(tx, c.list, c.code, { name: c.name }, { from: dayOf(c.from), reason });
      return;
    case "close-item":
      await closeMaster(tx, c.list, c.code, { from: dayOf(c.from), reason });
      return;
    case "reopen-item":
      await reopenMaster(tx, c.list, c.code, { from: dayOf(c.from), reason });
      return;
    case "posting-account":
      if (!isPostingKey(c.key)) throw masterErrors.MASTER_UNKNOWN({ what: `posting map "${c.key.slice(0, 40)}"` });
      await setPostingAccount(tx, c.key, c.account, reason);
      return;
    case "event-account":
      await setEventAccount(tx, c.rule, c.leg, c.account, reason);
      return;
    case "add-tax-section":
      await addTaxSection(
        tx,
        {
          ...c,
          kind: c.tax,
          thresholdSingle: c.thresholdSingle === undefined ? undefined : rupees(c.thresholdSingle),
          thresholdYear: c.thresholdYear === undefined ? undefined : rupees(c.thresholdYear),
          validFrom: localDate(c.validFrom),
          validTo: dayOf(c.validTo),
        },
        reason,
      );
      return;
    case "end-tax-section":
      await endTaxSection(tx, c.code, localDate(c.lastDay), reason);
  }
}

/** Proposes a change. It is tried and taken back at once, so what could not be confirmed is refused here: raises what the change would raise. */
export async function proposeMasterChange(tx: Tx, change: MasterChange, reason: string): Promise<MasterProposal> {
  const why = reasonOf(describeChange(change), reason);
  await tx.query("savepoint trial");
  await makeChange(tx, change, why);
  await tx.query("rollback to savepoint trial");
  const id = newId(tx.clock().getTime());
  const summary = describeChange(change);
  await tx.query(
    `insert into ledger.master_changes (ulb_id, change_id, change, summary, reason, proposed_by, proposed_at)
     values (:ulb, :id, :change, :summary, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      change: JSON.stringify(change),
      summary,
      reason: why,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "propose",
    subject: "master-change",
    subjectId: id,
    after: change,
    reason: why,
  });
  return getMasterChange(tx, id);
}

/** Another person confirms: the change is made in the same commit. Raises CHANGE_NOT_FOUND, CHANGE_DECIDED, MAKER_IS_CHECKER, and what it raises. */
export async function confirmMasterChange(tx: Tx, id: string): Promise<MasterProposal> {
  const proposal = await lockOpen(tx, id);
  await makeChange(tx, proposal.change, `${proposal.reason} (proposed by ${proposal.proposedBy})`);
  await decide(tx, id, "confirmed", null);
  await audit(tx, { action: "confirm", subject: "master-change", subjectId: id, after: proposal.change });
  return getMasterChange(tx, id);
}

/** Another person rejects, with a reason. Raises CHANGE_NOT_FOUND, CHANGE_DECIDED, MAKER_IS_CHECKER, REASON_MISSING. */
export async function rejectMasterChange(tx: Tx, id: string, reason: string): Promise<MasterProposal> {
  const why = reasonOf("rejecting a change of the masters", reason);
  await lockOpen(tx, id);
  await decide(tx, id, "rejected", why);
  await audit(tx, { action: "reject", subject: "master-change", subjectId: id, reason: why });
  return getMasterChange(tx, id);
}

async function lockOpen(tx: Tx, id: string): Promise<MasterProposal> {
  if (isUuid(id)) {
    await tx.query("select 1 from ledger.master_changes where ulb_id = :ulb and change_id = :id for update", {
      ulb: tx.ulb.id,
      id,
    });
  }
  const proposal = await getMasterChange(tx, id);
  if (proposal.status !== "proposed")
    throw masterErrors.CHANGE_DECIDED({
      summary: proposal.summary,
      status: proposal.status,
      by: proposal.decidedBy ?? "",
    });
  if (proposal.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `"${proposal.summary}"`, actor: tx.actor.id });
  return proposal;
}

async function decide(tx: Tx, id: string, status: "confirmed" | "rejected", reason: string | null): Promise<void> {
  await tx.query(
    `update ledger.master_changes set status = :status, decided_by = :actor, decided_at = :now, decision_reason = :reason
     where ulb_id = :ulb and change_id = :id`,
    { ulb: tx.ulb.id, id, status, actor: tx.actor.id, now: tx.clock(), reason },
  );
}

const COLUMNS = `change_id as id, change, summary, reason, status, proposed_by as "proposedBy", proposed_at as "proposedAt",
  decided_by as "decidedBy", decided_at as "decidedAt", decision_reason as "decisionReason"`;

/** Raises CHANGE_NOT_FOUND. */
export async function getMasterChange(read: Read, id: string): Promise<MasterProposal> {
  const found = isUuid(id)
    ? await read.queryOne<MasterProposal>(
        `select ${COLUMNS} from ledger.master_changes where ulb_id = :ulb and change_id = :id`,
        { ulb: read.ulb.id, id },
      )
    : undefined;
  if (!found) throw masterErrors.CHANGE_NOT_FOUND({ id: id.slice(0, 40) });
  return found;
}

/** Proposals in a status: open ones oldest first, decided ones newest first; at most 100. */
export async function listMasterChanges(read: Read, status: MasterProposal["status"]): Promise<MasterProposal[]> {
  return read.query<MasterProposal>(
    `select ${COLUMNS} from ledger.master_changes where ulb_id = :ulb and status = :status
     order by ${status === "proposed" ? "proposed_at, change_id" : "decided_at desc, change_id desc"} limit 100`,
    { ulb: read.ulb.id, status },
  );
}
