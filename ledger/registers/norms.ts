import { audit } from "../kernel/audit.ts";
import type { FinancialYear, LocalDate } from "../kernel/dates.ts";
import { rate } from "../kernel/money.ts";
import type { Read, Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { registerErrors } from "./errors.ts";

/** What is receivable, by what it is for: the kinds that the chart keeps a provision head for. */
export const REVENUES = ["property-tax", "other-taxes", "cess", "fees-and-charges", "other"] as const;
export type Revenue = (typeof REVENUES)[number];

/** From this age on (years since the demand year), until the next step, this percentage is provided for. */
export type NormStep = { readonly yearsOld: number; readonly percent: string };
export type ProvisionNorms = Readonly<Record<Revenue, readonly NormStep[]>>;

const OTHERS: readonly NormStep[] = [
  { yearsOld: 2, percent: "50" },
  { yearsOld: 3, percent: "100" },
];

/**
 * The norms of Kerala GO(Ms) 152/2011, an order that follows NMAM: property tax over 2 to 3 years 25 %, 3 to 4 50 %, 4 to 5 75 %, over 5
 * 100 %; water and other charges over 2 to 3 years 50 %, over 3 100 %. A State that has its own sets them with `setProvisionNorms`.
 */
export const PROVISION_NORMS: ProvisionNorms = {
  "property-tax": [
    { yearsOld: 2, percent: "25" },
    { yearsOld: 3, percent: "50" },
    { yearsOld: 4, percent: "75" },
    { yearsOld: 5, percent: "100" },
  ],
  "other-taxes": OTHERS,
  cess: OTHERS,
  "fees-and-charges": OTHERS,
  other: OTHERS,
};

/** The age of a demand year at a balance sheet: its financial year less the demand year; 2 means "over 2 to 3 years". */
export function yearsOld(balanceSheet: FinancialYear, demandYear: FinancialYear): number {
  return Number(balanceSheet.slice(0, 4)) - Number(demandYear.slice(0, 4));
}

/** The percentage ("25") of a revenue's dues of that age that is provided for; "0" for what is younger than every step. */
export function provisionRate(revenue: Revenue, age: number, norms: ProvisionNorms = PROVISION_NORMS): string {
  const reached = norms[revenue].filter((s) => s.yearsOld <= age);
  return reached.reduce((best, s) => (s.yearsOld > best.yearsOld ? s : best), { yearsOld: -1, percent: "0" }).percent;
}

/** The norms in force on a day: the ULB's own where it has set them, the program's otherwise. */
export async function provisionNorms(read: Read, asOf: LocalDate): Promise<ProvisionNorms> {
  const rows = await read.query<{ revenue: Revenue; steps: NormStep[] }>(
    `select distinct on (revenue) revenue, steps from ledger.provision_norms
     where ulb_id = :ulb and valid_from <= :as_of::date
     order by revenue, valid_from desc`,
    { ulb: read.ulb.id, as_of: asOf },
  );
  return { ...PROVISION_NORMS, ...Object.fromEntries(rows.map((r) => [r.revenue, r.steps])) };
}

/** Sets a version of a revenue's norms, on record. Raises PROVISION_NORM, RATE_FORMAT, REASON_MISSING. */
export async function setProvisionNorms(
  tx: Tx,
  norms: {
    readonly revenue: Revenue;
    readonly validFrom: LocalDate;
    readonly steps: readonly NormStep[];
    readonly reason: string;
  },
): Promise<void> {
  const { revenue, validFrom, steps, reason } = norms;
  if (reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `the norms of provision for ${revenue}` });
  let last: NormStep | undefined;
  for (const step of steps) {
    const percent = rate(step.percent);
    if (percent.lt(0) || percent.gt(100))
      throw registerErrors.PROVISION_NORM({ revenue, rule: `${step.percent} % is not between 0 and 100` });
    if (last && (step.yearsOld <= last.yearsOld || percent.lt(rate(last.percent))))
      throw registerErrors.PROVISION_NORM({
        revenue,
        rule: `after ${last.percent} % from ${last.yearsOld} years, the next step is older and not less, which ${step.percent} % from ${step.yearsOld} years is not`,
      });
    last = step;
  }
  await tx.query(
    `insert into ledger.provision_norms (ulb_id, revenue, valid_from, steps, reason, set_by, set_at)
     values (:ulb, :revenue, :valid_from, :steps, :reason, :actor, :now)`,
    {
      ulb: tx.ulb.id,
      revenue,
      valid_from: validFrom,
      steps: JSON.stringify(steps),
      reason: reason.trim(),
      actor: tx.actor.id,
      now: tx.clock(),
    },
  );
  await audit(tx, {
    action: "set",
    subject: "provision-norms",
    subjectId: `${revenue}/${validFrom}`,
    after: steps.map((s) => ({ ...s })),
    reason: reason.trim(),
  });
}
