import { audit } from "../ledger/kernel/audit.ts";
import {
  daysBetween,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  nextFinancialYear,
  type FinancialYear,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { add, proportion, sum, toRupees, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";

/** What a ULB means to collect in a year; `ward` "" is the whole town. */
export type CollectionTarget = {
  readonly fy: FinancialYear;
  readonly service: string;
  readonly ward: string;
  readonly amount: Paise;
};

/** Sets or changes a target, on record. */
export async function setCollectionTarget(
  tx: Tx,
  target: Omit<CollectionTarget, "ward"> & { readonly ward?: string },
): Promise<void> {
  const key = { ulb: tx.ulb.id, fy: target.fy, service: target.service, ward: target.ward ?? "" };
  const before = await tx.queryOne<{ amount: Paise }>(
    `select amount from reports.collection_targets where ulb_id = :ulb and fy = :fy and service = :service and ward = :ward for update`,
    key,
  );
  await tx.query(
    `insert into reports.collection_targets (ulb_id, fy, service, ward, amount, set_at, set_by)
     values (:ulb, :fy, :service, :ward, :amount, :now, :actor)
     on conflict (ulb_id, fy, service, ward) do update set amount = excluded.amount, set_at = excluded.set_at, set_by = excluded.set_by`,
    { ...key, amount: target.amount, now: tx.clock(), actor: tx.actor.id },
  );
  await audit(tx, {
    action: "set",
    subject: "collection-target",
    subjectId: [key.fy, key.service, key.ward].filter(Boolean).join("/"),
    ...(before ? { before: { amount: toRupees(before.amount) } } : {}),
    after: { amount: toRupees(target.amount) },
  });
}

export async function listCollectionTargets(read: Read, fy: FinancialYear): Promise<CollectionTarget[]> {
  return read.query(
    `select fy, service, ward, amount from reports.collection_targets where ulb_id = :ulb and fy = :fy order by service, ward`,
    { ulb: read.ulb.id, fy },
  );
}

/**
 * The target of a range: each year's target × days of the range in that year ÷ days of the year. Null when a year of the range has none: an
 * achievement against half a target would flatter. A town's target is its own row, or else the sum of its wards' rows.
 */
export async function targetFor(
  read: Read,
  range: {
    readonly from: LocalDate;
    readonly to: LocalDate;
    readonly service?: string | undefined;
    readonly ward?: string | undefined;
  },
): Promise<{ readonly range: Paise | null; readonly year: Paise | null }> {
  const lastYear = financialYearOf(range.to);
  let total: Paise | null = ZERO;
  let year: Paise | null = null;
  for (let fy = financialYearOf(range.from); fy <= lastYear; fy = nextFinancialYear(fy)) {
    const whole = wholeYear(await listCollectionTargets(read, fy), range.service, range.ward);
    const first = financialYearStart(fy);
    const last = financialYearEnd(fy);
    const from = range.from > first ? range.from : first;
    const to = range.to < last ? range.to : last;
    const days = BigInt(daysBetween(from, to) + 1);
    total =
      whole === null || total === null
        ? null
        : add(total, proportion(whole, days, BigInt(daysBetween(first, last) + 1)));
    year = whole;
  }
  return { range: total, year };
}

function wholeYear(targets: readonly CollectionTarget[], service?: string, ward?: string): Paise | null {
  const own = targets.filter((t) => service === undefined || t.service === service);
  const chosen = [...new Set(own.map((t) => t.service))].flatMap((name) => {
    const rows = own.filter((t) => t.service === name);
    if (ward !== undefined) return rows.filter((t) => t.ward === ward);
    const town = rows.filter((t) => t.ward === "");
    return town.length > 0 ? town : rows;
  });
  return chosen.length === 0 ? null : sum(chosen.map((t) => t.amount));
}
