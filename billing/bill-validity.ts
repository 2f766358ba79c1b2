import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { Bill } from "./bills.ts";
import { LATE_KINDS } from "./due.ts";
import { penaltyHoldsUntil } from "./interest.ts";
import { serviceOn } from "./tax-heads.ts";

export type BillValidity = {
  /** The earliest due date from the bill's day on; null when everything is overdue. */
  readonly dueBy: LocalDate | null;
  /** The last day on which the rebate of the bill is earned; null without a rebate. */
  readonly rebateUntil: LocalDate | null;
  /** The last day on which the total is what must be paid; null where nothing changes it by itself. */
  readonly validUntil: LocalDate | null;
};

/**
 * Until when what each bill asks for is right: its rebate lapses, its lines fall due, its penalties grow. By bill id; the days of the rebates
 * are read with one query, however many the bills are.
 */
export async function billValidity(read: Read, bills: readonly Bill[]): Promise<ReadonlyMap<string, BillValidity>> {
  const demands = bills.flatMap((b) => b.lines.filter((l) => l.rebate > 0n && l.demandId !== null));
  const rebates = new Map(
    (
      await read.query<{ id: string; until: LocalDate }>(
        `select demand_id as id, rebate_until as until from billing.demands
         where ulb_id = :ulb and demand_id = any(:ids::uuid[]) and rebate_until is not null`,
        { ulb: read.ulb.id, ids: [...new Set(demands.map((l) => l.demandId))] },
      )
    ).map((d) => [d.id, d.until]),
  );
  const penalties = new Map<string, Awaited<ReturnType<typeof serviceOn>>["terms"]["penalty"]>();
  for (const bill of bills) {
    const key = `${bill.consumer.service}/${bill.asOf}`;
    if (!penalties.has(key))
      penalties.set(key, (await serviceOn(read, bill.consumer.service, bill.asOf)).terms.penalty);
  }
  return new Map(
    bills.map((bill) => {
      const terms = penalties.get(`${bill.consumer.service}/${bill.asOf}`) ?? null;
      const rebateUntil = earliest(
        bill.lines.map((l) => (l.rebate > 0n && l.demandId !== null ? (rebates.get(l.demandId) ?? null) : null)),
      );
      const penaltyUntil = earliest(
        bill.lines
          .filter((l) => terms !== null && !LATE_KINDS.includes(l.kind))
          .map((l) => (terms === null ? null : penaltyHoldsUntil(terms, l.dueDate, bill.asOf))),
      );
      return [
        bill.id,
        {
          dueBy: earliest(
            bill.lines.filter((l) => l.dueDate >= bill.asOf && l.demandId !== null).map((l) => l.dueDate),
          ),
          rebateUntil,
          validUntil: earliest([rebateUntil, penaltyUntil]),
        },
      ];
    }),
  );
}

function earliest(days: readonly (LocalDate | null)[]): LocalDate | null {
  return days.reduce<LocalDate | null>(
    (first, day) => (day !== null && (first === null || day < first) ? day : first),
    null,
  );
}
