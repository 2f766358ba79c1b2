import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import type { Bill } from "./bills.ts";
import { earlyTermsOf, lateTermsOf, type EarlyTerms, type DemandTerms } from "./demand-terms.ts";
import type { Basis } from "./due.ts";
import { penaltyHoldsUntil } from "./interest.ts";
import { rebateUntil as rebateUntilOf } from "./rebate.ts";
import { need } from "./register.ts";
import { serviceOn, type ServiceSetup } from "./tax-heads.ts";

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
  const ids = bills.flatMap((b) => b.lines.flatMap((l) => l.demandId ?? []));
  const demands = new Map(
    (
      await read.query<{
        id: string;
        until: LocalDate | null;
        basis: Basis;
        tax_head: string;
        terms: DemandTerms | null;
      }>(
        `select d.demand_id as id, d.rebate_until as until, t.tax_head, t.basis, m.terms
         from billing.demands d
         join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
         left join billing.demand_terms m on m.ulb_id = d.ulb_id and m.terms_id = d.terms_id
         where d.ulb_id = :ulb and d.demand_id = any(:ids::uuid[])`,
        { ulb: read.ulb.id, ids: [...new Set(ids)] },
      )
    ).map((d) => [`${d.id}/${d.tax_head}`, d]),
  );
  const services = new Map<string, ServiceSetup>();
  for (const bill of bills) {
    const key = `${bill.consumer.service}/${bill.asOf}`;
    if (!services.has(key)) services.set(key, await serviceOn(read, bill.consumer.service, bill.asOf));
  }
  return new Map(
    bills.map((bill) => {
      const { terms } = need(services.get(`${bill.consumer.service}/${bill.asOf}`), bill.consumer.service);
      const lines = bill.lines.flatMap((l) => {
        const known = demands.get(`${l.demandId}/${l.taxHead}`);
        return known
          ? [{ ...l, basis: known.basis, rebateUntil: known.until, ...(known.terms && { terms: known.terms }) }]
          : [];
      });
      const rebateUntil = earliest(
        lines
          .filter((l) => l.rebate > 0n)
          .flatMap((l) => earlyTermsOf(l, terms, bill.asOf).map((early) => rebateDay(early, l))),
      );
      const penaltyUntil = earliest(
        lines.flatMap((l) => lateTermsOf(l, terms).map((late) => penaltyHoldsUntil(late, l.dueDate, bill.asOf))),
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

/** The service's own rebate was fixed for the demand when it was raised. */
function rebateDay(
  early: EarlyTerms,
  line: { readonly terms?: DemandTerms; readonly rebateUntil: LocalDate | null; readonly periodFrom: LocalDate },
): LocalDate | null {
  return line.terms ? rebateUntilOf(early, line.periodFrom) : line.rebateUntil;
}

function earliest(days: readonly (LocalDate | null)[]): LocalDate | null {
  return days.reduce<LocalDate | null>(
    (first, day) => (day !== null && (first === null || day < first) ? day : first),
    null,
  );
}
