import {
  financialYearOf,
  periodsOf,
  periodStart,
  type FinancialYear,
  type LocalDate,
  type Period,
} from "../kernel/dates.ts";
import type { Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { closeErrors } from "./errors.ts";

export type YearState = "open" | "provisional" | "audited";

/** The figures of a year as they stood at one close. */
export type YearVersion = {
  readonly version: number;
  readonly kind: "provisional" | "audited";
  readonly closedBy: string;
  readonly approvedBy: string;
  readonly at: Date;
  readonly entryCount: bigint;
  readonly lastEntryId: bigint;
  readonly debit: Paise;
  readonly credit: Paise;
  /** Income less expenditure. */
  readonly surplus: Paise;
  readonly hash: string;
  readonly sealBlock: number | null;
  readonly certificateNumber: string | null;
  readonly certificateDate: LocalDate | null;
  readonly auditor: string | null;
  readonly remarks: string | null;
};

export type YearProposal = {
  readonly no: number;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly remark: string;
  readonly status: "waiting" | "approved" | "rejected" | "withdrawn";
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
};

/** Where a financial year stands: open -> provisional (closed) -> audited. */
export type YearStatus = {
  readonly fy: FinancialYear;
  readonly status: YearState;
  readonly openMonths: readonly Period[];
  /** Who has proposed to close it, while that waits for another person. */
  readonly proposal: YearProposal | undefined;
  /** Oldest first. */
  readonly versions: readonly YearVersion[];
};

/** Raises YEAR_MISSING. */
export async function yearStatus(read: Read, fy: FinancialYear): Promise<YearStatus> {
  const months = await read.query<{ period: Period; status: string }>(
    "select period, status from ledger.periods where ulb_id = :ulb and period = any(:months::text[]) order by period",
    { ulb: read.ulb.id, months: periodsOf(fy) },
  );
  if (months.length === 0) throw closeErrors.YEAR_MISSING({ fy });
  const year = await read.queryOne<{ status: YearState }>(
    "select status from ledger.years where ulb_id = :ulb and fy = :fy",
    { ulb: read.ulb.id, fy },
  );
  return {
    fy,
    status: year?.status ?? "open",
    openMonths: months.filter((m) => m.status === "open").map((m) => m.period),
    proposal: (await yearProposals(read, fy)).find((p) => p.status === "waiting"),
    versions: await yearVersions(read, fy),
  };
}

/** All years of the books, oldest first. */
export async function listYears(read: Read): Promise<YearStatus[]> {
  const months = await read.query<{ period: Period }>(
    "select period from ledger.periods where ulb_id = :ulb and period like '%-04' order by period limit 100",
    { ulb: read.ulb.id },
  );
  const years: YearStatus[] = [];
  for (const { period } of months) years.push(await yearStatus(read, financialYearOf(periodStart(period))));
  return years;
}

/** Who proposed to close the year and what became of it, newest first. */
export async function yearProposals(read: Read, fy: FinancialYear): Promise<YearProposal[]> {
  return read.query<YearProposal>(
    `select proposal_no as no, proposed_by as "proposedBy", proposed_at as "proposedAt", remark, status, decided_by as "decidedBy",
       decided_at as "decidedAt", decision_reason as "decisionReason"
     from ledger.year_proposals where ulb_id = :ulb and fy = :fy order by proposal_no desc limit 50`,
    { ulb: read.ulb.id, fy },
  );
}

export async function yearVersions(read: Read, fy: FinancialYear): Promise<YearVersion[]> {
  return read.query<YearVersion>(
    `select version, kind, closed_by as "closedBy", approved_by as "approvedBy", at, entry_count as "entryCount",
       last_entry_id as "lastEntryId", debit, credit, surplus, balances_hash as hash, seal_block as "sealBlock",
       certificate_number as "certificateNumber", certificate_date as "certificateDate", auditor, remarks
     from ledger.year_versions where ulb_id = :ulb and fy = :fy order by version`,
    { ulb: read.ulb.id, fy },
  );
}

/** A month of a closed year is not opened: the year is reopened first, and an audited year never. Raises YEAR_CLOSED, YEAR_AUDITED. */
export async function refuseClosedYear(read: Read, period: Period): Promise<void> {
  const fy = financialYearOf(periodStart(period));
  const year = await read.queryOne<{ status: YearState }>(
    "select status from ledger.years where ulb_id = :ulb and fy = :fy",
    { ulb: read.ulb.id, fy },
  );
  if (year?.status === "audited") throw await auditedRefusal(read, fy);
  if (year?.status === "provisional") throw closeErrors.YEAR_CLOSED({ fy, period });
}

/** What to do instead of opening an audited year. */
export async function auditedRefusal(read: Read, fy: FinancialYear): Promise<Error> {
  const audited = (await yearVersions(read, fy)).find((v) => v.kind === "audited");
  return closeErrors.YEAR_AUDITED({
    fy,
    certificate: audited?.certificateNumber ?? "unknown",
    link: "/books/vouchers/new",
  });
}
