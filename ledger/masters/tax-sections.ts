import { audit } from "../kernel/audit.ts";
import { addDays, dateInIndia, type LocalDate } from "../kernel/dates.ts";
import { paise, rate, type Paise } from "../kernel/money.ts";
import { violatedRule, type Read, type Tx } from "../kernel/tx.ts";
import { getAccount } from "../balances.ts";
import { masterErrors } from "./errors.ts";
import { codeProblems, reasonOf } from "./history.ts";

export type TaxKind = "tds" | "gst-tds" | "cess" | "other";

/** One dated rule of a deduction. The same code has one row for a day at most; a new Act or rate is a new row. */
export type TaxSection = {
  readonly code: string;
  readonly kind: TaxKind;
  readonly section: string;
  readonly paymentCode: string | null;
  readonly description: string;
  /** "2" is 2 %: give it to `rate()` and `percentOf()`. */
  readonly ratePercent: string;
  /** Deducted when one payment or contract exceeds this; null: from the first rupee. */
  readonly thresholdSingle: Paise | null;
  /** Or when all of a financial year exceed this. */
  readonly thresholdYear: Paise | null;
  /** Where the deduction waits until it is paid over. */
  readonly account: string;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate | null;
  /** From whom: individuals and Hindu undivided families, others, or (null) everybody. */
  readonly payeeKind: "individual" | "other" | null;
};
export type TaxSectionInput = Omit<
  TaxSection,
  "paymentCode" | "thresholdSingle" | "thresholdYear" | "validTo" | "payeeKind"
> & {
  readonly paymentCode?: string | undefined;
  readonly thresholdSingle?: Paise | undefined;
  readonly thresholdYear?: Paise | undefined;
  readonly validTo?: LocalDate | undefined;
  readonly payeeKind?: "individual" | "other" | undefined;
};

type Row = Omit<TaxSection, "thresholdSingle" | "thresholdYear"> & {
  readonly thresholdSingle: bigint | null;
  readonly thresholdYear: bigint | null;
};
const COLUMNS = `code, kind, section, payment_code as "paymentCode", description, rate_percent::text as "ratePercent",
  threshold_single as "thresholdSingle", threshold_year as "thresholdYear", account, valid_from as "validFrom", valid_to as "validTo",
  payee_kind as "payeeKind"`;
const sectionOf = (r: Row): TaxSection => ({
  ...r,
  thresholdSingle: r.thresholdSingle === null ? null : paise(r.thresholdSingle),
  thresholdYear: r.thresholdYear === null ? null : paise(r.thresholdYear),
});

/** The sections in force on a day, in order of code. */
export async function taxSectionsOn(read: Read, day: LocalDate): Promise<TaxSection[]> {
  const rows = await read.query<Row>(
    `select ${COLUMNS} from ledger.tax_sections
     where ulb_id = :ulb and valid_from <= :day::date and coalesce(valid_to, 'infinity') >= :day::date order by code`,
    { ulb: read.ulb.id, day },
  );
  return rows.map(sectionOf);
}

/** All rows of all codes, newest of each first; at most 500. */
export async function listTaxSections(read: Read): Promise<TaxSection[]> {
  const rows = await read.query<Row>(
    `select ${COLUMNS} from ledger.tax_sections where ulb_id = :ulb order by code, valid_from desc limit 500`,
    { ulb: read.ulb.id },
  );
  return rows.map(sectionOf);
}

/** The section of that code on a day. Raises TAX_SECTION_UNKNOWN. */
export async function getTaxSection(read: Read, code: string, day: LocalDate): Promise<TaxSection> {
  const found = (await taxSectionsOn(read, day)).find((s) => s.code === code);
  if (!found) throw masterErrors.TAX_SECTION_UNKNOWN({ code: code.slice(0, 40), day });
  return found;
}

/** Adds a dated row. Raises MASTER_DETAILS, TAX_SECTION_OVERLAPS, ACCOUNT_NOT_FOUND, REASON_MISSING. */
export async function addTaxSection(tx: Tx, input: TaxSectionInput, reason: string): Promise<TaxSection> {
  const what = `tax section ${input.code}`;
  const why = reasonOf(what, reason);
  const percent = rate(input.ratePercent);
  const account = await getAccount(tx, input.account);
  const problems = [
    ...codeProblems(input.code),
    ...(input.section.trim() === "" ? ["it needs the section of the Act"] : []),
    ...(input.description.trim() === "" ? ["it needs a description"] : []),
    ...(percent.lte(0) || percent.gt(100)
      ? [`a rate of ${input.ratePercent} % is not more than 0 and at most 100`]
      : []),
    ...(account.isPosting && account.type === "liability"
      ? []
      : [`account ${account.code} is not a detailed head of liabilities`]),
    ...(input.validTo !== undefined && input.validTo < input.validFrom
      ? [`it ends on ${input.validTo}, before it begins on ${input.validFrom}`]
      : []),
    ...([input.thresholdSingle, input.thresholdYear].some((t) => t !== undefined && t <= 0n)
      ? ["a threshold is more than 0.00, or left empty"]
      : []),
  ];
  if (problems.length > 0) throw masterErrors.MASTER_DETAILS({ what, problems });
  const overlap = (await listTaxSections(tx)).find(
    (s) =>
      s.code === input.code &&
      (input.validTo === undefined || s.validFrom <= input.validTo) &&
      (s.validTo === null || s.validTo >= input.validFrom),
  );
  const overlaps = (other: string) =>
    masterErrors.TAX_SECTION_OVERLAPS({ code: input.code, from: input.validFrom, other });
  if (overlap) throw overlaps(overlap.validFrom);
  await tx
    .query(
      `insert into ledger.tax_sections (ulb_id, code, valid_from, valid_to, kind, section, payment_code, description, rate_percent,
         threshold_single, threshold_year, account, payee_kind)
       values (:ulb, :code, :valid_from, :valid_to, :kind, :section, :payment_code, :description, :rate_percent, :single, :year, :account,
         :payee_kind)`,
      {
        ulb: tx.ulb.id,
        code: input.code,
        valid_from: input.validFrom,
        valid_to: input.validTo ?? null,
        kind: input.kind,
        section: input.section.trim(),
        payment_code: input.paymentCode ?? null,
        description: input.description.trim(),
        rate_percent: input.ratePercent,
        single: input.thresholdSingle ?? null,
        year: input.thresholdYear ?? null,
        account: input.account,
        payee_kind: input.payeeKind ?? null,
      },
    )
    .catch((error: unknown) => {
      // Somebody else's row, committed between our look and our insert.
      if (["tax_sections_of_a_code_do_not_overlap", "tax_sections_pkey"].includes(violatedRule(error) ?? ""))
        throw overlaps("just added by somebody else");
      throw error;
    });
  await audit(tx, {
    action: "add",
    subject: "tax-section",
    subjectId: `${input.code}/${input.validFrom}`,
    after: { section: input.section, ratePercent: input.ratePercent, account: input.account },
    reason: why,
  });
  return getTaxSection(tx, input.code, input.validFrom);
}

/**
 * Ends the row of a code that is in force on `lastDay`, so that its successor may begin the day after.
 * Raises TAX_SECTION_UNKNOWN, REASON_MISSING.
 */
export async function endTaxSection(tx: Tx, code: string, lastDay: LocalDate, reason: string): Promise<TaxSection> {
  const why = reasonOf(`ending tax section ${code}`, reason);
  const now = await getTaxSection(tx, code, lastDay);
  await tx.query(
    `update ledger.tax_sections set valid_to = :last_day, changed_from = :today, change_reason = :reason
     where ulb_id = :ulb and code = :code and valid_from = :valid_from`,
    {
      ulb: tx.ulb.id,
      code,
      valid_from: now.validFrom,
      last_day: lastDay,
      today: dateInIndia(tx.clock()),
      reason: why,
    },
  );
  await audit(tx, {
    action: "close",
    subject: "tax-section",
    subjectId: `${code}/${now.validFrom}`,
    before: { validTo: now.validTo },
    after: { validTo: lastDay, next: addDays(lastDay, 1) },
    reason: why,
  });
  return getTaxSection(tx, code, lastDay);
}
