import { audit } from "../kernel/audit.ts";
import { addMonths, type LocalDate } from "../kernel/dates.ts";
import { rupees, toRupees, type Paise } from "../kernel/money.ts";
import { paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { payableErrors } from "./errors.ts";

export type PayableSettings = {
  /** Months after which an own cheque is stale (BK-03). */
  readonly staleMonths: number;
  /** Years in the stale cheques' head after which the claim lapses (BK-05). */
  readonly lapseYears: number;
  /** Years after which a deposit nobody claims may be lapsed (DP-05). */
  readonly depositLapseYears: number;
  /** From this amount on a transfer goes by RTGS. */
  readonly rtgsFrom: Paise;
  /** The function of lapsed and forfeited amounts. */
  readonly incomeFunction: string;
  readonly firstSignatory: string;
  readonly secondSignatory: string;
};

/** What a ULB without a row of its own has. */
export const DEFAULT_PAYABLE_SETTINGS: PayableSettings = {
  staleMonths: 3,
  lapseYears: 3,
  depositLapseYears: 3,
  rtgsFrom: rupees("200000"),
  incomeFunction: "03",
  firstSignatory: "Accounts Officer",
  secondSignatory: "Executive Officer",
};

export async function payableSettings(read: Read): Promise<PayableSettings> {
  const row = await read.queryOne<{
    stale_months: number;
    lapse_years: number;
    deposit_lapse_years: number;
    rtgs_from: bigint;
    income_function: string;
    first_signatory: string;
    second_signatory: string;
  }>(
    `select stale_months, lapse_years, deposit_lapse_years, rtgs_from, income_function, first_signatory, second_signatory
     from ledger.payable_settings where ulb_id = :ulb`,
    { ulb: read.ulb.id },
  );
  if (!row) return DEFAULT_PAYABLE_SETTINGS;
  return {
    staleMonths: row.stale_months,
    lapseYears: row.lapse_years,
    depositLapseYears: row.deposit_lapse_years,
    rtgsFrom: paise(row.rtgs_from),
    incomeFunction: row.income_function,
    firstSignatory: row.first_signatory,
    secondSignatory: row.second_signatory,
  };
}

/** Changes the ULB's settings, with the trail of what they were. Raises PAYABLE_SETTING. */
export async function setPayableSettings(tx: Tx, settings: PayableSettings, reason: string): Promise<void> {
  const within = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;
  if (!within(settings.staleMonths, 36))
    throw payableErrors.PAYABLE_SETTING({ what: "cheques become stale after 1 to 36 months" });
  if (!within(settings.lapseYears, 30) || !within(settings.depositLapseYears, 30))
    throw payableErrors.PAYABLE_SETTING({ what: "claims and deposits lapse after 1 to 30 years" });
  if (settings.rtgsFrom <= 0n)
    throw payableErrors.PAYABLE_SETTING({ what: "the amount from which transfers go by RTGS is more than 0.00" });
  if (settings.firstSignatory.trim() === "" || settings.secondSignatory.trim() === "")
    throw payableErrors.PAYABLE_SETTING({ what: "an advice is signed by two: name both signatories" });
  const before = await payableSettings(tx);
  await tx.query(
    `insert into ledger.payable_settings (ulb_id, stale_months, lapse_years, deposit_lapse_years, rtgs_from, income_function, first_signatory,
       second_signatory, changed_by, changed_at)
     values (:ulb, :stale, :lapse, :deposit, :rtgs, :income_function, :first, :second, :actor, :now)
     on conflict (ulb_id) do update set stale_months = excluded.stale_months, lapse_years = excluded.lapse_years,
       deposit_lapse_years = excluded.deposit_lapse_years, rtgs_from = excluded.rtgs_from, income_function = excluded.income_function,
       first_signatory = excluded.first_signatory, second_signatory = excluded.second_signatory, changed_by = excluded.changed_by,
       changed_at = excluded.changed_at`,
    {
      ulb: tx.ulb.id,
      stale: settings.staleMonths,
      lapse: settings.lapseYears,
      deposit: settings.depositLapseYears,
      rtgs: settings.rtgsFrom,
      income_function: settings.incomeFunction,
      first: settings.firstSignatory.trim(),
      second: settings.secondSignatory.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  const json = (s: PayableSettings) => ({ ...s, rtgsFrom: toRupees(s.rtgsFrom) });
  await audit(tx, {
    action: "change",
    subject: "payable-settings",
    subjectId: String(tx.ulb.id),
    before: json(before),
    after: json(settings),
    reason,
  });
}

export type RecoveryTerms = { readonly dueDay: number; readonly payee: string };

/** The law's days: TDS by the 7th of the next month, GST-TDS by the 10th, provident fund and the rest by the 15th. */
const KIND_TERMS: Record<string, RecoveryTerms> = {
  tds: { dueDay: 7, payee: "Income Tax Department" },
  "gst-tds": { dueDay: 10, payee: "GST Department" },
  cess: { dueDay: 15, payee: "Building and Other Construction Workers Welfare Board" },
  recovery: { dueDay: 15, payee: "" },
};

/** When and to whom recoveries of these codes are remitted; the ULB's own terms go before those of the kind. */
export async function recoveryTerms(
  read: Read,
  recoveries: readonly { readonly code: string; readonly kind: string }[],
): Promise<Map<string, RecoveryTerms>> {
  const own = await read.query<{ code: string; due_day: number; payee: string }>(
    "select code, due_day, payee from ledger.recovery_terms where ulb_id = :ulb and code = any(:codes::text[])",
    { ulb: read.ulb.id, codes: recoveries.map((r) => r.code) },
  );
  const found = new Map(own.map((r) => [r.code, { dueDay: r.due_day, payee: r.payee }]));
  return new Map(recoveries.map((r) => [r.code, found.get(r.code) ?? KIND_TERMS[r.kind] ?? { dueDay: 15, payee: "" }]));
}

/** Sets on which day of the next month a recovery is due, and who gets it. Raises PAYABLE_SETTING. */
export async function setRecoveryTerms(tx: Tx, code: string, terms: RecoveryTerms): Promise<void> {
  if (!Number.isInteger(terms.dueDay) || terms.dueDay < 1 || terms.dueDay > 28)
    throw payableErrors.PAYABLE_SETTING({ what: "a recovery is due on day 1 to 28 of the next month" });
  await tx.query(
    `insert into ledger.recovery_terms (ulb_id, code, due_day, payee, changed_by, changed_at)
     values (:ulb, :code, :due_day, :payee, :actor, :now)
     on conflict (ulb_id, code) do update set due_day = excluded.due_day, payee = excluded.payee, changed_by = excluded.changed_by,
       changed_at = excluded.changed_at`,
    { ulb: tx.ulb.id, code, due_day: terms.dueDay, payee: terms.payee.trim(), actor: tx.actor.id, now: tx.clock() },
  );
  await audit(tx, { action: "change", subject: "recovery-terms", subjectId: code, after: { ...terms } });
}

/** The due day in the month after the one in which it was deducted. */
export function dueDate(deductedOn: LocalDate, dueDay: number): LocalDate {
  const next = addMonths(`${deductedOn.slice(0, 7)}-01` as LocalDate, 1);
  return `${next.slice(0, 7)}-${String(dueDay).padStart(2, "0")}` as LocalDate;
}
