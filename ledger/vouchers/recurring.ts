import { audit } from "../kernel/audit.ts";
import { addMonths, periodEnd, periodOf, type LocalDate } from "../kernel/dates.ts";
import { newId } from "../kernel/ids.ts";
import { paise } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import type { Line } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import { voucherErrors } from "./errors.ts";
import { getVoucher, type Voucher, type VoucherInput } from "./vouchers.ts";
import { insertDraft } from "./workflow.ts";

export const EVERY = { month: 1, quarter: 3, "half-year": 6, year: 12 } as const;
export type Every = keyof typeof EVERY;

export type RecurringInput = {
  readonly title: string;
  readonly voucher: VoucherInput["voucher"];
  readonly narration: string;
  readonly externalReference?: string | undefined;
  readonly lines: readonly Line[];
  readonly every: Every;
  /** The last day of the month where the month is shorter. */
  readonly dayOfMonth: number;
  readonly startsOn: LocalDate;
  readonly endsOn: LocalDate | null;
};

export type RecurringVoucher = RecurringInput & {
  readonly id: string;
  readonly status: "active" | "stopped";
  readonly createdBy: string;
  readonly stopReason: string | null;
};

/** A catch-up drafts at most so many at once; the next run goes on. */
const MOST_DUE = 120;

/** The days on which it is due, up to and with a day: its day of the month every so many months, never before its start or after its end. */
export function dueDates(
  recurring: Pick<RecurringInput, "every" | "dayOfMonth" | "startsOn" | "endsOn">,
  upTo: LocalDate,
): LocalDate[] {
  const last = recurring.endsOn !== null && recurring.endsOn < upTo ? recurring.endsOn : upTo;
  const dayIn = (month: LocalDate): LocalDate => {
    const end = periodEnd(periodOf(month));
    const wanted = `${month.slice(0, 8)}${String(recurring.dayOfMonth).padStart(2, "0")}` as LocalDate;
    return wanted < end ? wanted : end;
  };
  const first = `${recurring.startsOn.slice(0, 8)}01` as LocalDate;
  // Where the day has passed in the month of the start, the first is due a month later.
  const from = dayIn(first) < recurring.startsOn ? addMonths(first, 1) : first;
  const days: LocalDate[] = [];
  for (let month = from; dayIn(month) <= last; month = addMonths(month, EVERY[recurring.every]))
    days.push(dayIn(month));
  return days;
}

/** Saves a voucher that comes again. Nothing is drafted yet. Raises RECURRING_RANGE, LINE_AMOUNT, NARRATION_MISSING. */
export async function addRecurring(tx: Tx, input: RecurringInput): Promise<RecurringVoucher> {
  const { dayOfMonth, startsOn, endsOn } = input;
  if (!Number.isInteger(dayOfMonth) || dayOfMonth < 1 || dayOfMonth > 31 || (endsOn !== null && endsOn < startsOn))
    throw voucherErrors.RECURRING_RANGE({ day: dayOfMonth, from: startsOn, to: endsOn ?? "open end" });
  if (input.narration.trim() === "") throw ledgerErrors.NARRATION_MISSING({ what: "the recurring voucher" });
  input.lines.forEach((l, i) => {
    if (l.amount <= 0n)
      throw ledgerErrors.LINE_AMOUNT({
        what: "the recurring voucher",
        line: i + 1,
        account: l.account,
        amount: String(l.amount),
      });
  });
  const id = newId(tx.clock().getTime());
  await tx.query(
    `insert into ledger.recurring_vouchers (ulb_id, recurring_id, title, voucher, narration, external_reference, lines, every_months,
       day_of_month, starts_on, ends_on, created_by, created_at)
     values (:ulb, :id, :title, :voucher, :narration, :reference, :lines, :months, :month_day, :starts_on, :ends_on, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      id,
      title: input.title.trim() === "" ? input.narration.slice(0, 80) : input.title.trim(),
      voucher: input.voucher,
      narration: input.narration,
      reference: input.externalReference ?? null,
      lines: JSON.stringify(input.lines.map((l) => ({ ...l, amount: l.amount.toString() }))),
      months: EVERY[input.every],
      month_day: dayOfMonth,
      starts_on: startsOn,
      ends_on: endsOn,
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, { action: "add", subject: "recurring-voucher", subjectId: id });
  return getRecurring(tx, id);
}

/** Ends a recurring voucher; what was drafted stays. Raises RECURRING_NOT_FOUND, RECURRING_STOPPED, REASON_MISSING. */
export async function stopRecurring(tx: Tx, id: string, reason: string): Promise<RecurringVoucher> {
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `stopping recurring voucher ${id}` });
  const stopped = await tx.query(
    `update ledger.recurring_vouchers set status = 'stopped', stopped_by = :actor, stopped_at = :now, stop_reason = :reason
     where ulb_id = :ulb and recurring_id = :id and status = 'active' returning 1`,
    { ulb: tx.ulb.id, id, actor: tx.actor.id, now: tx.clock(), reason: reason.trim() },
  );
  const now = await getRecurring(tx, id);
  if (stopped.length === 0) throw voucherErrors.RECURRING_STOPPED({ recurring: id });
  await audit(tx, { action: "stop", subject: "recurring-voucher", subjectId: id, reason: reason.trim() });
  return now;
}

/** All recurring vouchers, active ones first; at most 500. */
export async function listRecurring(read: Read): Promise<RecurringVoucher[]> {
  return readRecurring(read, "true", {});
}

export type DueRecurring = { readonly recurring: RecurringVoucher; readonly dueOn: LocalDate };

/** What is due by a day and not drafted yet, oldest first. */
export async function recurringDue(read: Read, day: LocalDate): Promise<DueRecurring[]> {
  const active = await readRecurring(read, "status = 'active' and starts_on <= :on_day", { on_day: day });
  if (active.length === 0) return [];
  const drafted = await read.query<{ recurring_id: string; due_on: LocalDate }>(
    "select recurring_id, due_on from ledger.vouchers where ulb_id = :ulb and recurring_id = any(:ids::uuid[])",
    { ulb: read.ulb.id, ids: active.map((r) => r.id) },
  );
  const there = new Set(drafted.map((d) => `${d.recurring_id} ${d.due_on}`));
  return active
    .flatMap((recurring) => dueDates(recurring, day).map((dueOn) => ({ recurring, dueOn })))
    .filter((d) => !there.has(`${d.recurring.id} ${d.dueOn}`))
    .sort((a, b) => (a.dueOn < b.dueOn ? -1 : a.dueOn > b.dueOn ? 1 : a.recurring.id < b.recurring.id ? -1 : 1));
}

/**
 * Drafts what is due by a day, each once for ever (the index `recurring_voucher_drafted_once` decides between two runs at once); people check,
 * submit and approve the drafts. Nothing is posted. Gives the drafts that this run made, at most 120.
 */
export async function draftDueRecurring(tx: Tx, day: LocalDate): Promise<Voucher[]> {
  const made: Voucher[] = [];
  for (const { recurring, dueOn } of (await recurringDue(tx, day)).slice(0, MOST_DUE)) {
    const id = await insertDraft(
      tx,
      {
        voucher: recurring.voucher,
        date: dueOn,
        narration: recurring.narration,
        externalReference: recurring.externalReference,
        lines: recurring.lines,
      },
      // Who wrote what it says does not approve it, whoever runs this.
      { recurring: { id: recurring.id, dueOn }, makers: [recurring.createdBy] },
    );
    if (id !== undefined) made.push(await getVoucher(tx, id));
  }
  return made;
}

async function getRecurring(read: Read, id: string): Promise<RecurringVoucher> {
  const [found] = await readRecurring(read, "recurring_id = :id", { id });
  if (!found) throw voucherErrors.RECURRING_NOT_FOUND({ recurring: id });
  return found;
}

async function readRecurring(read: Read, where: string, params: Record<string, unknown>): Promise<RecurringVoucher[]> {
  const rows = await read.query<{
    recurring_id: string;
    title: string;
    voucher: VoucherInput["voucher"];
    narration: string;
    external_reference: string | null;
    lines: readonly (Omit<Line, "amount"> & { readonly amount: string })[];
    every_months: number;
    day_of_month: number;
    starts_on: LocalDate;
    ends_on: LocalDate | null;
    status: "active" | "stopped";
    created_by: string;
    stop_reason: string | null;
  }>(
    `select recurring_id, title, voucher, narration, external_reference, lines, every_months, day_of_month, starts_on, ends_on, status,
       created_by, stop_reason
     from ledger.recurring_vouchers where ulb_id = :ulb and ${where} order by status, title, recurring_id limit 500`,
    { ...params, ulb: read.ulb.id },
  );
  return rows.map((r) => ({
    id: r.recurring_id,
    title: r.title,
    voucher: r.voucher,
    narration: r.narration,
    externalReference: r.external_reference ?? undefined,
    lines: r.lines.map((l) => ({ ...l, amount: paise(BigInt(l.amount)) })),
    every: (Object.keys(EVERY) as Every[]).find((e) => EVERY[e] === r.every_months) ?? "month",
    dayOfMonth: r.day_of_month,
    startsOn: r.starts_on,
    endsOn: r.ends_on,
    status: r.status,
    createdBy: r.created_by,
    stopReason: r.stop_reason,
  }));
}
