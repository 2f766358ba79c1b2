import { createHash } from "node:crypto";
import type { Tx } from "../ledger/kernel/tx.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { PenaltyTerms } from "./interest.ts";
import { rebateUntil, type RebateTerms } from "./rebate.ts";

/** A charge of late payment on the heads named (a cess by its own head); without names on every tax and charge that is accrued, by its own part. */
export type LateTerms = PenaltyTerms & { readonly on?: readonly string[] };
/** A rebate on the heads named; without names on every tax that is accrued. */
export type EarlyTerms = RebateTerms & { readonly on?: readonly string[] };

/**
 * The terms of early and late payment that a rule file gave a demand when it was raised: they stay with it, whatever later rules say. A demand
 * without them stands under the terms of its service on the day.
 */
export type DemandTerms = { readonly early: readonly EarlyTerms[]; readonly late: readonly LateTerms[] };
export type KeptTerms = DemandTerms & { readonly id: string };

/** What of a service's terms holds where the demand has none of its own. */
export type LateAndEarlyTerms = {
  readonly rebate: RebateTerms | null;
  readonly penalty: PenaltyTerms | null;
  readonly interest?: PenaltyTerms | null;
};

/** What of a demand line the terms look at. */
type Line = {
  readonly taxHead: string;
  readonly kind: string;
  readonly basis: string;
  readonly cessHead: string | null;
  readonly terms?: DemandTerms;
};

/** The charges that this line bears when it is late: penalty and interest stand side by side, each under its head. */
export function lateTermsOf(line: Line, service: LateAndEarlyTerms): readonly PenaltyTerms[] {
  const all = line.terms?.late ?? [service.penalty, service.interest ?? null].filter((t) => t !== null);
  return all.flatMap((terms: LateTerms): PenaltyTerms[] => {
    if (terms.on === undefined)
      return (line.kind === "tax" || line.kind === "charge") && line.basis === "accrual" ? [terms] : [];
    const onCess = line.cessHead !== null && terms.on.includes(line.cessHead);
    return terms.on.includes(line.taxHead) || onCess ? [{ ...terms, onCess }] : [];
  });
}

/** The rebates that paying the line's demand in full on that day is in time for. */
export function earlyTermsOf(
  line: { readonly terms?: DemandTerms; readonly rebateUntil: LocalDate | null; readonly periodFrom: LocalDate },
  service: Pick<LateAndEarlyTerms, "rebate">,
  on: LocalDate,
): readonly EarlyTerms[] {
  if (line.rebateUntil === null || on > line.rebateUntil) return [];
  if (!line.terms) return service.rebate ? [service.rebate] : [];
  return line.terms.early.filter((r) => on <= (rebateUntil(r, line.periodFrom) ?? on));
}

/** The last day on which a demand of the period earns any of these rebates; null without one. */
export function lastRebateDay(early: readonly EarlyTerms[], periodFrom: LocalDate): LocalDate | null {
  return early.reduce<LocalDate | null>((last, terms) => {
    const until = rebateUntil(terms, periodFrom);
    return until !== null && (last === null || until > last) ? until : last;
  }, null);
}

/** Terms under an id that is made of what they say: the same terms are kept once, however many demands have them. */
function kept(terms: DemandTerms): KeptTerms {
  const digest = createHash("sha256")
    .update(JSON.stringify([terms.early, terms.late]))
    .digest("hex");
  // A UUID of version 8 (RFC 9562): its makers' own.
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return { ...terms, id };
}

/** Keeps the terms of a batch of drafts; the answer is in their order, `undefined` for those without. One statement at most. */
export async function keepTerms(
  tx: Tx,
  drafts: readonly { readonly terms?: DemandTerms }[],
): Promise<(KeptTerms | undefined)[]> {
  // The rules give many demands one and the same object.
  const known = new Map<DemandTerms, KeptTerms>();
  const all = drafts.map(({ terms }) => {
    if (!terms) return undefined;
    const found = known.get(terms) ?? kept(terms);
    known.set(terms, found);
    return found;
  });
  const distinct = [...new Map([...known.values()].map((t) => [t.id, t])).values()];
  if (distinct.length > 0) {
    await tx.query(
      `insert into billing.demand_terms (ulb_id, terms_id, terms, kept_at)
       select :ulb::integer, t.id, t.terms::jsonb, :now::timestamptz
       from unnest(:ids::uuid[], :terms::text[]) as t (id, terms)
       on conflict (ulb_id, terms_id) do nothing`,
      {
        ulb: tx.ulb.id,
        now: tx.clock(),
        ids: distinct.map((t) => t.id),
        terms: distinct.map(({ early, late }) => JSON.stringify({ early, late })),
      },
    );
  }
  return all;
}
