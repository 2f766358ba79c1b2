import { CLOSING_SOURCE } from "../balances.ts";
import { postEntries, reverseEntry, type PostedEntry } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { audit } from "../kernel/audit.ts";
import {
  financialYearEnd,
  nextFinancialYear,
  periodOf,
  periodsOf,
  previousFinancialYear,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "../kernel/dates.ts";
import { invariant, type Problem } from "../kernel/errors.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { closeChecked, closeProblems, lockPeriod, openFinancialYear } from "../periods.ts";
import { postingAccounts } from "../posting-map.ts";
import { checklist, refusing, warnings, type Checklist, type CloseCheck } from "./checklist.ts";
import { scopeOfYear } from "./computed.ts";
import { closingEntries, surplusByFund, type YearBooks } from "./entries.ts";
import { closeErrors } from "./errors.ts";
import { figuresOf, recordEvent, type Figures } from "./figures.ts";
import { auditedRefusal, yearStatus, type YearStatus } from "./year-status.ts";

/** What the callers ask before a close: the questions of a month, and those that are only asked of a year. */
export type YearChecks = { readonly month: readonly CloseCheck[]; readonly year: readonly CloseCheck[] };

const lastMonth = (fy: FinancialYear): Period => periodOf(financialYearEnd(fy));

/** The closing checklist of a year: its annual items, and what is said without refusing. */
export async function yearChecklist(
  read: Read,
  fy: FinancialYear,
  checks: YearChecks,
): Promise<Checklist & { readonly warnings: readonly Problem[] }> {
  const found = await checklist(read, scopeOfYear(fy), checks.year);
  return { ...found, warnings: warnings(found) };
}

/**
 * Everything that stands in the way of closing a year, all of it: the year before it, its months (March may be closed in the same act, and
 * is then asked all questions of a month), and its annual checklist. Raises YEAR_MISSING, YEAR_NOT_OPEN.
 */
export async function yearCloseProblems(read: Read, fy: FinancialYear, checks: YearChecks): Promise<Problem[]> {
  const year = await yearStatus(read, fy);
  if (year.status !== "open") throw closeErrors.YEAR_NOT_OPEN({ fy, status: year.status });
  const problems = await earlierYearProblems(read, fy);
  const march = lastMonth(fy);
  // An earlier month that is open is told once, by the annual item, not again by March.
  if (year.openMonths.includes(march))
    problems.push(
      ...(await closeProblems(read, march, checks.month)).filter(
        (p) => p.code !== "EARLIER_PERIOD_OPEN" || year.openMonths.length === 1,
      ),
    );
  problems.push(...refusing(await checklist(read, scopeOfYear(fy), checks.year)));
  const seen = new Set<string>();
  return problems.filter((p) => {
    const key = `${p.code} ${p.message}`;
    return !seen.has(key) && seen.add(key);
  });
}

async function earlierYearProblems(read: Read, fy: FinancialYear): Promise<Problem[]> {
  const before = previousFinancialYear(fy);
  const row = await read.queryOne<{ period: Period; status: string | null }>(
    `select p.period, y.status from ledger.periods p
     left join ledger.years y on y.ulb_id = p.ulb_id and y.fy = :fy
     where p.ulb_id = :ulb and p.period = :april`,
    { ulb: read.ulb.id, fy: before, april: periodsOf(before)[0] },
  );
  return row && (row.status ?? "open") === "open"
    ? [{ code: "EARLIER_YEAR_OPEN", message: `the year ${before} is still open; years are closed in order` }]
    : [];
}

/**
 * The accountant says that a year is ready. Another person approves (`closeYear`). Raises YEAR_MISSING, YEAR_NOT_OPEN,
 * YEAR_PROPOSED_ALREADY, and YEAR_CLOSE_REFUSED with all problems.
 */
export async function proposeYearClose(tx: Tx, fy: FinancialYear, checks: YearChecks, remark = ""): Promise<void> {
  await lockYear(tx, fy);
  const year = await yearStatus(tx, fy);
  if (year.proposal) throw closeErrors.YEAR_PROPOSED_ALREADY({ fy, by: year.proposal.proposedBy });
  await refuseProblems(tx, fy, checks);
  await tx.query(
    `insert into ledger.year_proposals (ulb_id, fy, proposal_no, proposed_by, proposed_at, remark)
     select :ulb, :fy, 1 + coalesce(max(proposal_no), 0), :actor, :now, :remark
     from ledger.year_proposals where ulb_id = :ulb and fy = :fy`,
    { ulb: tx.ulb.id, fy, actor: tx.actor.id, now: tx.clock(), remark: remark.trim().slice(0, 1000) },
  );
  await audit(tx, { action: "propose", subject: "year-close", subjectId: fy });
}

/** Sends a proposal back (another person) or withdraws one's own, with a reason. Raises YEAR_NOT_PROPOSED, REASON_MISSING. */
export async function declineYearClose(tx: Tx, fy: FinancialYear, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `declining to close ${fy}` });
  await lockYear(tx, fy);
  const { proposal } = await yearStatus(tx, fy);
  if (!proposal) throw closeErrors.YEAR_NOT_PROPOSED({ fy });
  const step = proposal.proposedBy === tx.actor.id ? "withdrawn" : "rejected";
  await decideProposal(tx, fy, proposal.no, step, reason.trim());
  await audit(tx, {
    action: step === "withdrawn" ? "withdraw" : "reject",
    subject: "year-close",
    subjectId: fy,
    reason: reason.trim(),
  });
}

/**
 * Closes a year that another person proposed: March with it if it is still open, the closing entries dated 31 March, the months of the next
 * year if they are missing, and a version of the year's figures, in one transaction. Postings under way land before it or are refused.
 * Raises YEAR_NOT_PROPOSED, MAKER_IS_CHECKER, YEAR_NOT_OPEN, and YEAR_CLOSE_REFUSED with all problems.
 */
export async function closeYear(
  tx: Tx,
  fy: FinancialYear,
  checks: YearChecks,
): Promise<{ readonly version: number; readonly surplus: Paise; readonly entries: readonly PostedEntry[] }> {
  await lockYear(tx, fy);
  const year = await yearStatus(tx, fy);
  if (year.status !== "open") throw closeErrors.YEAR_NOT_OPEN({ fy, status: year.status });
  const { proposal } = year;
  if (!proposal) throw closeErrors.YEAR_NOT_PROPOSED({ fy });
  if (proposal.proposedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${fy} (year close)`, actor: tx.actor.id });
  await refuseProblems(tx, fy, checks);
  const march = lastMonth(fy);
  if (year.openMonths.includes(march)) await closeChecked(tx, march);
  await openFinancialYear(tx, nextFinancialYear(fy));

  const version = (year.versions.at(-1)?.version ?? 0) + 1;
  const scope = scopeOfYear(fy);
  const figures = await figuresOf(tx, scope.from, scope.to);
  const books = await yearBooks(tx, fy, version, figures);
  const surplus = paise([...surplusByFund(books).values()].reduce((a, b) => a + b, 0n));
  await decideProposal(tx, fy, proposal.no, "approved", null);
  await writeVersion(tx, year, figures, {
    version,
    kind: "provisional",
    closedBy: proposal.proposedBy,
    approvedBy: tx.actor.id,
    surplus,
  });
  await audit(tx, {
    action: "close",
    subject: "year",
    subjectId: fy,
    after: { version, preparedBy: proposal.proposedBy, surplus: String(surplus), hash: figures.hash },
  });
  const entries = await inClosedMarch(tx, fy, () => postEntries(tx, closingEntries(books)));
  await setYear(tx, fy, "provisional", version);
  await recordEvent(tx, { subject: fy, event: "closed" }, figures);
  return { version, surplus, entries };
}

/**
 * Opens a closed year that is not audited, with a reason: its closing entries are reversed under the same name, its months stay closed and
 * are reopened one by one. Its version stays. Raises REASON_MISSING, YEAR_NOT_PROVISIONAL, YEAR_AUDITED, LATER_YEAR_CLOSED.
 */
export async function reopenYear(tx: Tx, fy: FinancialYear, reason: string): Promise<void> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `reopening the year ${fy}` });
  await lockYear(tx, fy);
  const year = await yearStatus(tx, fy);
  if (year.status === "audited") throw await auditedRefusal(tx, fy);
  if (year.status !== "provisional")
    throw closeErrors.YEAR_NOT_PROVISIONAL({ fy, status: year.status, step: "reopened" });
  const later = await tx.queryOne<{ fy: string | null }>(
    "select min(fy) as fy from ledger.years where ulb_id = :ulb and fy > :fy and status <> 'open'",
    { ulb: tx.ulb.id, fy },
  );
  if (later?.fy) throw closeErrors.LATER_YEAR_CLOSED({ fy, later: later.fy });
  const scope = scopeOfYear(fy);
  const version = year.versions.at(-1)?.version ?? 0;
  await recordEvent(
    tx,
    { subject: fy, event: "reopened", reason: reason.trim() },
    await figuresOf(tx, scope.from, scope.to),
  );
  await audit(tx, { action: "reopen", subject: "year", subjectId: fy, reason: reason.trim(), before: { version } });
  await setYear(tx, fy, "open", version);
  const made = await tx.query<{ entry_id: bigint; source_id: string }>(
    `select e.entry_id, e.source_id from ledger.entries e
     where e.ulb_id = :ulb and e.source_type = '${CLOSING_SOURCE}' and e.fy = :fy and e.reverses_entry_id is null
       and not exists (select 1 from ledger.entries r where r.ulb_id = e.ulb_id and r.reverses_entry_id = e.entry_id)
     order by e.entry_id`,
    { ulb: tx.ulb.id, fy },
  );
  await inClosedMarch(tx, fy, async () => {
    for (const entry of made)
      await reverseEntry(tx, {
        entryId: entry.entry_id,
        date: financialYearEnd(fy),
        reason: `the year is reopened: ${reason.trim()}`,
        source: { type: CLOSING_SOURCE, id: `${entry.source_id}/reversal` },
      });
  });
}

/**
 * Records that the closed year was audited: from now on it is never opened again, and what is found later is a prior-period item of an open
 * year. The one who records it is not the one who prepared the close. Raises CERTIFICATE_MISSING, YEAR_NOT_PROVISIONAL, YEAR_AUDITED,
 * YEAR_FIGURES_CHANGED, MAKER_IS_CHECKER.
 */
export async function markAudited(
  tx: Tx,
  fy: FinancialYear,
  certificate: {
    readonly certificateNumber: string;
    readonly date: LocalDate | undefined;
    readonly auditor: string;
    readonly remarks?: string;
  },
): Promise<{ readonly version: number }> {
  const missing = [
    ...(certificate.certificateNumber.trim() === "" ? ["the number"] : []),
    ...(certificate.date === undefined ? ["the date"] : []),
    ...(certificate.auditor.trim() === "" ? ["the auditor's name"] : []),
  ];
  if (missing.length > 0) throw closeErrors.CERTIFICATE_MISSING({ fy, missing: missing.join(" and ") });
  await lockYear(tx, fy);
  const year = await yearStatus(tx, fy);
  if (year.status === "audited") throw await auditedRefusal(tx, fy);
  const last = year.versions.at(-1);
  if (year.status !== "provisional" || !last)
    throw closeErrors.YEAR_NOT_PROVISIONAL({ fy, status: year.status, step: "marked as audited" });
  if (last.closedBy === tx.actor.id)
    throw ledgerErrors.MAKER_IS_CHECKER({ voucher: `${fy} (year close)`, actor: tx.actor.id });
  const scope = scopeOfYear(fy);
  const figures = await figuresOf(tx, scope.from, scope.to);
  if (figures.hash !== last.hash) throw closeErrors.YEAR_FIGURES_CHANGED({ fy, version: last.version });
  const version = last.version + 1;
  await writeVersion(tx, year, figures, {
    version,
    kind: "audited",
    closedBy: last.closedBy,
    approvedBy: tx.actor.id,
    surplus: last.surplus,
    certificate: {
      number: certificate.certificateNumber.trim().slice(0, 100),
      date: certificate.date ?? null,
      auditor: certificate.auditor.trim().slice(0, 200),
      remarks: certificate.remarks?.trim().slice(0, 2000) ?? null,
    },
  });
  await setYear(tx, fy, "audited", version);
  await recordEvent(tx, { subject: fy, event: "audited", reason: certificate.certificateNumber.trim() }, figures);
  await audit(tx, {
    action: "mark-audited",
    subject: "year",
    subjectId: fy,
    after: { version, certificate: certificate.certificateNumber.trim(), auditor: certificate.auditor.trim() },
  });
  return { version };
}

// All twelve months alone, in order: no posting of the year is under way, and nobody reopens a month while its year closes.
async function lockYear(tx: Tx, fy: FinancialYear): Promise<void> {
  for (const month of periodsOf(fy)) await lockPeriod(tx, month);
}

async function refuseProblems(tx: Tx, fy: FinancialYear, checks: YearChecks): Promise<void> {
  const problems = await yearCloseProblems(tx, fy, checks);
  if (problems.length > 0) throw closeErrors.YEAR_CLOSE_REFUSED({ fy, problems: problems.map((p) => p.message) });
}

/**
 * Posts into March while it is closed for everybody else: the month's lock is ours alone, so that nobody sees it open between these
 * statements, and it is closed again before anybody can.
 */
async function inClosedMarch<T>(tx: Tx, fy: FinancialYear, post: () => Promise<T>): Promise<T> {
  const march = lastMonth(fy);
  const was = await tx.queryOne<{
    status: string;
    changed_at: Date | null;
    changed_by: string | null;
    reason: string | null;
  }>(
    "select status, changed_at, changed_by, reason from ledger.periods where ulb_id = :ulb and period = :month for update",
    { ulb: tx.ulb.id, month: march },
  );
  invariant(was?.status === "closed", "March of a year that closes is closed");
  await tx.query(
    "update ledger.periods set status = 'open', reason = 'year close' where ulb_id = :ulb and period = :month",
    { ulb: tx.ulb.id, month: march },
  );
  const done = await post();
  await tx.query(
    "update ledger.periods set status = 'closed', reason = :reason where ulb_id = :ulb and period = :month",
    { ulb: tx.ulb.id, month: march, reason: was.reason },
  );
  return done;
}

async function yearBooks(read: Read, fy: FinancialYear, version: number, figures: Figures): Promise<YearBooks> {
  const accounts = await read.query<{ code: string; type: ReturnType<YearBooks["typeOf"]> }>(
    "select code, type from ledger.accounts where ulb_id = :ulb and is_posting",
    { ulb: read.ulb.id },
  );
  const types = new Map(accounts.map((a) => [a.code, a.type]));
  const { surplus, "municipal-fund": municipalFund } = await postingAccounts(read, "surplus", "municipal-fund");
  return {
    fy,
    version,
    rows: figures.rows,
    typeOf: (account) => {
      const type = types.get(account);
      invariant(type, `account ${account} of a balance is in the chart`);
      return type;
    },
    surplus,
    municipalFund,
  };
}

async function decideProposal(
  tx: Tx,
  fy: FinancialYear,
  no: number,
  status: "approved" | "rejected" | "withdrawn",
  reason: string | null,
): Promise<void> {
  await tx.query(
    `update ledger.year_proposals set status = :status, decided_by = :actor, decided_at = :now, decision_reason = :reason
     where ulb_id = :ulb and fy = :fy and proposal_no = :no`,
    { ulb: tx.ulb.id, fy, no, status, actor: tx.actor.id, now: tx.clock(), reason },
  );
}

async function setYear(tx: Tx, fy: FinancialYear, status: YearStatus["status"], version: number): Promise<void> {
  await tx.query(
    `insert into ledger.years (ulb_id, fy, status, version, changed_at, changed_by) values (:ulb, :fy, :status, :version, :now, :actor)
     on conflict (ulb_id, fy) do update set status = excluded.status, version = excluded.version, changed_at = excluded.changed_at,
       changed_by = excluded.changed_by`,
    { ulb: tx.ulb.id, fy, status, version, now: tx.clock(), actor: tx.actor.id },
  );
}

async function writeVersion(
  tx: Tx,
  year: YearStatus,
  figures: Figures,
  v: {
    readonly version: number;
    readonly kind: "provisional" | "audited";
    readonly closedBy: string;
    readonly approvedBy: string;
    readonly surplus: Paise;
    readonly certificate?: {
      readonly number: string;
      readonly date: LocalDate | null;
      readonly auditor: string;
      readonly remarks: string | null;
    };
  },
): Promise<void> {
  await tx.query(
    `insert into ledger.year_versions (ulb_id, fy, version, kind, closed_by, approved_by, at, entry_count, last_entry_id, debit, credit, surplus,
       balances_hash, seal_block, certificate_number, certificate_date, auditor, remarks)
     values (:ulb, :fy, :version, :kind, :closed_by, :approved_by, :now, :entries, :last_entry, :debit, :credit, :surplus, :hash, :block,
       :certificate, :certificate_day, :auditor, :remarks)`,
    {
      ulb: tx.ulb.id,
      fy: year.fy,
      version: v.version,
      kind: v.kind,
      closed_by: v.closedBy,
      approved_by: v.approvedBy,
      now: tx.clock(),
      entries: figures.entryCount,
      last_entry: figures.lastEntryId,
      debit: figures.debit,
      credit: figures.credit,
      surplus: v.surplus,
      hash: figures.hash,
      block: figures.sealBlock,
      certificate: v.certificate?.number ?? null,
      certificate_day: v.certificate?.date ?? null,
      auditor: v.certificate?.auditor ?? null,
      remarks: v.certificate?.remarks ?? null,
    },
  );
  const { rows } = figures;
  await tx.query(
    `insert into ledger.year_version_balances (ulb_id, fy, version, account, fund, function, ward, opening, debit, credit)
     select :ulb, :fy, :version, b.account, b.fund, b.function, b.ward, b.opening, b.debit, b.credit
     from unnest(:accounts::text[], :funds::text[], :functions::text[], :wards::text[], :openings::bigint[], :debits::bigint[], :credits::bigint[])
       as b (account, fund, function, ward, opening, debit, credit)`,
    {
      ulb: tx.ulb.id,
      fy: year.fy,
      version: v.version,
      accounts: rows.map((r) => r.account),
      funds: rows.map((r) => r.fund),
      functions: rows.map((r) => r.function),
      wards: rows.map((r) => r.ward),
      openings: rows.map((r) => r.opening.toString()),
      debits: rows.map((r) => r.debit.toString()),
      credits: rows.map((r) => r.credit.toString()),
    },
  );
}
