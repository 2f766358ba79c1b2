import { createHash } from "node:crypto";
import { audit } from "../../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { isUuid, newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, rupees, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../../ledger/kernel/tx.ts";
import { lockBankAccount } from "../bank-accounts.ts";
import { brs, type BankReconciliation } from "../brs-read.ts";
import { composeText } from "./content.ts";
import { brsErrors } from "./errors.ts";
import { brsIdentity } from "./identity.ts";

export type BrsStatus = "prepared" | "checked" | "approved" | "withdrawn";

/** A reconciliation as people signed it. */
export type SignedBrs = {
  readonly id: string;
  readonly account: string;
  readonly asOf: LocalDate;
  readonly status: BrsStatus;
  readonly sha256: string;
  readonly preparedBy: string;
  readonly preparedAt: Date;
  readonly checkedBy: string | null;
  readonly checkedAt: Date | null;
  readonly approvedBy: string | null;
  readonly approvedAt: Date | null;
  readonly withdrawnBy: string | null;
  readonly withdrawnAt: Date | null;
  readonly reason: string | null;
};

const COLUMNS = `brs_id as id, account, as_of as "asOf", status, sha256, prepared_by as "preparedBy", prepared_at as "preparedAt",
  checked_by as "checkedBy", checked_at as "checkedAt", approved_by as "approvedBy", approved_at as "approvedAt",
  withdrawn_by as "withdrawnBy", withdrawn_at as "withdrawnAt", reason`;

/**
 * Prepares the reconciliation of an account at a day for signing: what it says now is kept as it is. It must prove, both ways, and the bank's
 * statements must reach to the day. Raises BRS_NOT_PROVED, BRS_NOT_COVERED, BRS_EXISTS, BANK_ACCOUNT_UNKNOWN, STATEMENT_MISSING.
 */
export async function prepareBrs(tx: Tx, account: string, asOf: LocalDate): Promise<SignedBrs> {
  await lockBankAccount(tx, account);
  const found = await brs(tx, account, asOf);
  await refuseUnproved(tx, found);
  if (found.statementTo < asOf)
    throw brsErrors.BRS_NOT_COVERED({ account, asOf: formatDate(asOf), to: formatDate(found.statementTo) });
  const content = composeText(found);
  const id = newId(tx.clock().getTime());
  await tx.query("savepoint signing");
  try {
    await tx.query(
      `insert into reconciliation.brs_statements (ulb_id, brs_id, account, as_of, content, sha256, difference, status, prepared_by, prepared_at)
       values (:ulb, :id::uuid, :account, :as_of, :content, :hash, :difference, 'prepared', :actor, :now)`,
      {
        ulb: tx.ulb.id,
        id,
        account,
        as_of: asOf,
        content,
        hash: hashOf(content),
        difference: found.difference,
        actor: tx.actor.id,
        now: tx.clock(),
      },
    );
  } catch (error) {
    if (violatedRule(error) !== "brs_is_signed_once") throw error;
    await tx.query("rollback to savepoint signing");
    const there = await signedBrsAt(tx, account, asOf);
    throw brsErrors.BRS_EXISTS({
      account,
      asOf: formatDate(asOf),
      status: there?.status ?? "prepared",
      by: there?.approvedBy ?? there?.checkedBy ?? there?.preparedBy ?? "",
    });
  }
  await audit(tx, {
    action: "prepare",
    subject: "brs",
    subjectId: id,
    after: { account, asOf, sha256: hashOf(content), balance: toRupees(found.statementBalance) },
  });
  return getSignedBrs(tx, id);
}

/** Another person checks it. Raises BRS_NOT_FOUND, BRS_STATUS, BRS_SIGNED_BY, BRS_CHANGED. */
export async function checkBrs(tx: Tx, id: string): Promise<SignedBrs> {
  const signed = await lockSigned(tx, id, ["prepared"], "prepared");
  if (signed.preparedBy === tx.actor.id)
    throw brsErrors.BRS_SIGNED_BY({ step: "check", actor: tx.actor.id, done: "prepared" });
  await refuseChanged(tx, signed);
  return step(tx, signed, "check", "status = 'checked', checked_by = :actor, checked_at = :now");
}

/**
 * A third person approves it: from now on it says for ever what it says, whatever is un-matched later.
 * Raises BRS_NOT_FOUND, BRS_STATUS, BRS_SIGNED_BY, BRS_CHANGED.
 */
export async function approveBrs(tx: Tx, id: string): Promise<SignedBrs> {
  const signed = await lockSigned(tx, id, ["checked"], "checked");
  for (const [who, done] of [
    [signed.preparedBy, "prepared"],
    [signed.checkedBy, "checked"],
  ] as const)
    if (who === tx.actor.id) throw brsErrors.BRS_SIGNED_BY({ step: "approve", actor: tx.actor.id, done });
  await refuseChanged(tx, signed);
  return step(tx, signed, "approve", "status = 'approved', approved_by = :actor, approved_at = :now");
}

/** Takes back one that is not approved yet, with a reason. Raises BRS_NOT_FOUND, BRS_STATUS, BRS_REASON. */
export async function withdrawBrs(tx: Tx, id: string, reason: string): Promise<SignedBrs> {
  const signed = await lockSigned(tx, id, ["prepared", "checked"], "waiting for its approval");
  if (reason.trim().length < 5) throw brsErrors.BRS_REASON({ account: signed.account, asOf: formatDate(signed.asOf) });
  return step(
    tx,
    signed,
    "withdraw",
    "status = 'withdrawn', withdrawn_by = :actor, withdrawn_at = :now, reason = :reason, checked_by = null, checked_at = null",
    reason.trim().slice(0, 500),
  );
}

async function step(tx: Tx, signed: SignedBrs, action: string, set: string, reason?: string): Promise<SignedBrs> {
  await tx.query(`update reconciliation.brs_statements set ${set} where ulb_id = :ulb and brs_id = :id::uuid`, {
    ulb: tx.ulb.id,
    id: signed.id,
    actor: tx.actor.id,
    now: tx.clock(),
    ...(reason === undefined ? {} : { reason }),
  });
  await audit(tx, {
    action,
    subject: "brs",
    subjectId: signed.id,
    ...(reason === undefined ? {} : { reason }),
    after: { account: signed.account, asOf: signed.asOf, sha256: signed.sha256 },
  });
  return getSignedBrs(tx, signed.id);
}

async function refuseUnproved(tx: Tx, found: BankReconciliation): Promise<void> {
  const identity = await brsIdentity(tx, found, found.asOf);
  if (found.isProved && identity.holds) return;
  throw brsErrors.BRS_NOT_PROVED({
    account: found.account,
    asOf: formatDate(found.asOf),
    computed: String(found.computedBalance),
    statement: String(found.statementBalance),
    difference: String(found.difference),
  });
}

async function refuseChanged(tx: Tx, signed: SignedBrs): Promise<void> {
  const change = await changedSince(tx, signed);
  if (change) throw brsErrors.BRS_CHANGED({ account: signed.account, asOf: formatDate(signed.asOf), ...change });
}

/** How what the books say at the day now differs from what was signed; undefined when it does not. */
export async function changedSince(
  read: Read,
  signed: Pick<SignedBrs, "id" | "account" | "asOf">,
): Promise<{ readonly was: string; readonly now: string } | undefined> {
  const before = (await readContent(read, signed.id)).statement;
  const after = await brs(read, signed.account, signed.asOf);
  const text = (s: { readonly bookBalance: Paise; readonly statementBalance: Paise; readonly open: number }) =>
    `book ${formatIndian(s.bookBalance)}, bank ${formatIndian(s.statementBalance)}, ${s.open} open`;
  const keys = (groups: BankReconciliation["groups"]): string =>
    groups.map((g) => `${g.key}:${g.details.map((d) => `${d.id}=${d.amount}`).join()}`).join(";");
  if (
    before.bookBalance === after.bookBalance &&
    before.statementBalance === after.statementBalance &&
    keys(before.groups) === keys(after.groups)
  )
    return undefined;
  const count = (groups: BankReconciliation["groups"]): number => groups.reduce((n, g) => n + g.details.length, 0);
  return {
    was: text({ ...before, open: count(before.groups) }),
    now: text({ ...after, open: count(after.groups) }),
  };
}

async function lockSigned(tx: Tx, id: string, wanted: readonly BrsStatus[], says: string): Promise<SignedBrs> {
  const { account } = await getSignedBrs(tx, id);
  await lockBankAccount(tx, account);
  const signed = await getSignedBrs(tx, id);
  if (!wanted.includes(signed.status))
    throw brsErrors.BRS_STATUS({ account, asOf: formatDate(signed.asOf), status: signed.status, wanted: says });
  return signed;
}

/** Raises BRS_NOT_FOUND. */
export async function getSignedBrs(read: Read, id: string): Promise<SignedBrs> {
  const row = isUuid(id)
    ? await read.queryOne<SignedBrs>(
        `select ${COLUMNS} from reconciliation.brs_statements where ulb_id = :ulb and brs_id = :id::uuid`,
        { ulb: read.ulb.id, id },
      )
    : undefined;
  if (!row) throw brsErrors.BRS_NOT_FOUND({ brs: id.slice(0, 60) });
  return row;
}

/** The one of an account at a day that is not withdrawn; undefined when nobody prepared one. */
export async function signedBrsAt(read: Read, account: string, asOf: LocalDate): Promise<SignedBrs | undefined> {
  return read.queryOne<SignedBrs>(
    `select ${COLUMNS} from reconciliation.brs_statements
     where ulb_id = :ulb and account = :account and as_of = :as_of::date and status <> 'withdrawn'`,
    { ulb: read.ulb.id, account, as_of: asOf },
  );
}

/** All of an account, the newest day first, withdrawn ones too; at most 200. */
export async function listSignedBrs(read: Read, account: string): Promise<SignedBrs[]> {
  return read.query<SignedBrs>(
    `select ${COLUMNS} from reconciliation.brs_statements where ulb_id = :ulb and account = :account
     order by as_of desc, prepared_at desc limit 200`,
    { ulb: read.ulb.id, account },
  );
}

/** What was signed, as it was then. Raises BRS_NOT_FOUND. */
export async function readSignedBrs(
  read: Read,
  id: string,
): Promise<{ readonly signed: SignedBrs; readonly statement: BankReconciliation }> {
  const signed = await getSignedBrs(read, id);
  return { signed, statement: (await readContent(read, id)).statement };
}

async function readContent(read: Read, id: string): Promise<{ readonly statement: BankReconciliation }> {
  const row = await read.queryOne<{ content: string }>(
    "select content from reconciliation.brs_statements where ulb_id = :ulb and brs_id = :id::uuid",
    { ulb: read.ulb.id, id },
  );
  if (!row) throw brsErrors.BRS_NOT_FOUND({ brs: id });
  const kept = JSON.parse(row.content, (key, value: unknown) =>
    AMOUNTS.has(key) && typeof value === "string" ? rupees(value) : value,
  ) as BankReconciliation;
  // A statement that was signed before cheques in clearing stood on it says nothing of them.
  return { statement: { ...NOT_TOLD, ...kept } };
}

const NOT_TOLD = { chequesInClearing: [], chequesInClearingTotal: ZERO } as const;

const AMOUNTS: ReadonlySet<string> = new Set([
  "amount",
  "total",
  "bookBalance",
  "computedBalance",
  "statementBalance",
  "difference",
  "settlementsInTransitTotal",
  "chequesInClearingTotal",
]);

const hashOf = (content: string): string => createHash("sha256").update(content).digest("hex");
