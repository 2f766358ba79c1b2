import { groupBy } from "../kernel/group.ts";
import { max, min, paise, percentOf, rate, subtract, sum, ZERO, type Paise } from "../kernel/money.ts";
import { cr, dr, type Line } from "../entries.ts";
import { provisionRate, REVENUES, type ProvisionNorms, type Revenue } from "./norms.ts";
import type { FundReceivableAge } from "./receivable-ages.ts";

export type ProvisionRow = FundReceivableAge & {
  readonly ratePercent: string;
  /** What is to be provided on all that is outstanding, and the State's share of it. */
  readonly provision: Paise;
  readonly provisionCess: Paise;
};

export type ProvisionAccounts = {
  readonly provision: string;
  /** 432-91, -92, -99: what the State bears of the provision; none for a revenue without cess. */
  readonly cessShare: string | null;
  readonly expense: string;
  readonly writtenBack: string;
};

/** What stands provided in the books for a revenue and fund: the credit of 432, and the debit of its cess head. */
export type Provided = {
  readonly revenue: Revenue;
  readonly fund: string;
  readonly gross: Paise;
  readonly cess: Paise;
};

/** What each year of each revenue needs. Credit balances (advances paid in, over-payments) need none and lessen none. */
export function requiredProvision(ages: readonly FundReceivableAge[], norms: ProvisionNorms): ProvisionRow[] {
  return ages.map((a) => {
    const ratePercent = a.yearsOld === null ? "0" : provisionRate(a.revenue, a.yearsOld, norms);
    const gross = max(ZERO, a.gross);
    const cess = min(gross, max(ZERO, a.cess));
    const provision = percentOf(gross, rate(ratePercent));
    const provisionCess = min(provision, percentOf(cess, rate(ratePercent)));
    return { ...a, ratePercent, provision, provisionCess };
  });
}

/**
 * PT-18, PT-19, WC-05: brings what is provided to what is required, per revenue and fund. The own share is charged (270-10) or written back
 * (180-60), the State's share goes to or comes from its own head (432-91). Increases and decreases are never netted: not between revenues, and
 * not between the two shares of one.
 */
export function provisionFor(
  rows: readonly ProvisionRow[],
  provided: readonly Provided[],
  accountsOf: (revenue: Revenue) => ProvisionAccounts,
  otherwiseFunction: string,
): { readonly lines: readonly Line[]; readonly required: Paise; readonly increase: Paise; readonly decrease: Paise } {
  const lines: Line[] = [];
  const key = (of: { readonly revenue: Revenue; readonly fund: string }): string => `${of.revenue} ${of.fund}`;
  const needed = groupBy(rows, key);
  const known = new Map(provided.map((p) => [key(p), p]));
  const funds = [...new Set([...rows, ...provided].map((r) => r.fund))].sort();
  let increase = 0n;
  let decrease = 0n;
  for (const revenue of REVENUES) {
    for (const fund of funds) {
      const of = needed.get(key({ revenue, fund })) ?? [];
      const before = known.get(key({ revenue, fund }));
      const { provision, cessShare, expense, writtenBack } = accountsOf(revenue);
      const gross = sum(of.map((r) => r.provision));
      const cess = cessShare === null ? ZERO : sum(of.map((r) => r.provisionCess));
      const own = subtract(gross, cess);
      const ownBefore = before === undefined ? ZERO : subtract(before.gross, before.cess);
      const at = { fund, function: of.find((r) => r.function !== null)?.function ?? otherwiseFunction };
      const up: Line[] = [];
      const down: Line[] = [];
      const ownChange = own - ownBefore;
      const cessChange = cess - (before?.cess ?? 0n);
      if (ownChange > 0n) up.push(dr(expense, paise(ownChange), at));
      if (ownChange < 0n) down.push(cr(writtenBack, paise(-ownChange), at));
      if (cessShare !== null && cessChange > 0n) up.push(dr(cessShare, paise(cessChange), { fund }));
      if (cessShare !== null && cessChange < 0n) down.push(cr(cessShare, paise(-cessChange), { fund }));
      const [rise, fall] = [sum(up.map((l) => l.amount)), sum(down.map((l) => l.amount))];
      if (up.length > 0) lines.push(...up, cr(provision, rise, { fund }));
      if (down.length > 0) lines.push(dr(provision, fall, { fund }), ...down);
      increase += rise;
      decrease += fall;
    }
  }
  return { lines, required: sum(rows.map((r) => r.provision)), increase: paise(increase), decrease: paise(decrease) };
}
