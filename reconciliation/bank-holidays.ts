import { audit } from "../ledger/kernel/audit.ts";
import { formatDate, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { reconciliationErrors } from "./errors.ts";
import { BankCalendar, USUAL_CALENDAR } from "./matching/calendar.ts";

export type BankHoliday = {
  readonly day: LocalDate;
  readonly name: string;
  /** The bank as its accounts name it; null: all banks of the ULB. */
  readonly bank: string | null;
};

/**
 * Declares days on which a bank is closed, beside Sundays, second and fourth Saturdays and the national holidays, as the State's notification under
 * the Negotiable Instruments Act lists them. A day declared again takes the new name. Raises BANK_HOLIDAY for a day without a name, or of a bank at
 * which the ULB has no account.
 */
export async function declareBankHolidays(tx: Tx, holidays: readonly BankHoliday[]): Promise<void> {
  if (holidays.length === 0) return;
  // One row per bank and day, or the statement would touch a row twice.
  const rows = [...new Map(holidays.map((h) => [`${h.bank ?? ""}|${h.day}`, h])).values()];
  const banks = await tx.query<{ bank: string }>(
    "select distinct bank from reconciliation.bank_accounts where ulb_id = :ulb",
    { ulb: tx.ulb.id },
  );
  for (const { day, name, bank } of rows) {
    if (name.trim() === "")
      throw reconciliationErrors.BANK_HOLIDAY({ day: formatDate(day), problem: "it has no name" });
    if (bank !== null && !banks.some((b) => b.bank === bank))
      throw reconciliationErrors.BANK_HOLIDAY({
        day: formatDate(day),
        problem: `no account of the ULB is with "${bank.slice(0, 60)}"`,
      });
  }
  await tx.query(
    `insert into reconciliation.bank_holidays (ulb_id, bank, day, name, created_by, created_at)
     select :ulb, bank, day, name, :actor, :now
     from unnest(:banks::text[], :days::date[], :names::text[]) as t (bank, day, name)
     on conflict on constraint bank_holiday_is_declared_once do update set name = excluded.name`,
    {
      ulb: tx.ulb.id,
      banks: rows.map((h) => h.bank ?? ""),
      days: rows.map((h) => h.day),
      names: rows.map((h) => h.name),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "declare",
    subject: "bank-holidays",
    subjectId: rows[0]?.day ?? "",
    after: rows.map((h) => ({ day: h.day, name: h.name, bank: h.bank })),
  });
}

/** Takes a declared holiday back; a day that was not declared is left as it is. */
export async function withdrawBankHoliday(tx: Tx, day: LocalDate, bank: string | null = null): Promise<void> {
  const rows = await tx.query<{ name: string }>(
    "delete from reconciliation.bank_holidays where ulb_id = :ulb and bank = :bank and day = :day::date returning name",
    { ulb: tx.ulb.id, bank: bank ?? "", day },
  );
  const [gone] = rows;
  if (!gone) return;
  await audit(tx, {
    action: "withdraw",
    subject: "bank-holidays",
    subjectId: day,
    before: { day, name: gone.name, bank },
  });
}

/** Declared holidays in order of their days; at most 1,000. */
export async function listBankHolidays(read: Read): Promise<BankHoliday[]> {
  return read.query<BankHoliday>(
    `select day, name, nullif(bank, '') as bank from reconciliation.bank_holidays
     where ulb_id = :ulb order by day, bank limit 1000`,
    { ulb: read.ulb.id },
  );
}

/** The working days of the bank behind an account: what holds for all banks of the ULB, and what was declared for this one. */
export async function bankCalendar(read: Read, account: string): Promise<BankCalendar> {
  const rows = await read.query<{ day: LocalDate }>(
    `select h.day from reconciliation.bank_holidays h
     where h.ulb_id = :ulb and h.bank in ('', (select b.bank from reconciliation.bank_accounts b where b.ulb_id = :ulb and b.account = :account))`,
    { ulb: read.ulb.id, account },
  );
  return rows.length === 0 ? USUAL_CALENDAR : new BankCalendar(rows.map((r) => r.day));
}
