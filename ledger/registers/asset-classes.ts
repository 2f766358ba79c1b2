import { audit } from "../kernel/audit.ts";
import type { LocalDate } from "../kernel/dates.ts";
import { violatedRule, type Read, type Tx } from "../kernel/tx.ts";
import { ledgerErrors } from "../errors.ts";
import { registerErrors } from "./errors.ts";
import { code, optional, percent, text } from "./fields.ts";
import { itemKind } from "./items.ts";

/** A class of assets with its three heads: cost 410, accumulated depreciation 411, the yearly charge 272. Land has the first alone. */
export const assetClasses = itemKind({
  kind: "asset-class",
  table: "asset_classes",
  title: "asset class",
  plural: "Asset classes",
  fields: {
    name: text("Class"),
    account: code("Asset account", { hint: "A head below 410", below: ["control-assets"] }),
    accumulatedAccount: optional(
      code("Accumulated depreciation account", {
        hint: "A head below 411; none for land",
        below: ["control-depreciation"],
      }),
    ),
    depreciationAccount: optional(code("Depreciation account", { hint: "A head below 272; none for land" })),
  },
});

export type AssetRate = {
  readonly class: string;
  readonly validFrom: LocalDate;
  readonly percent: string;
  readonly reason: string;
};

/** Every version of every class's rate, newest first within a class. */
export async function listAssetRates(read: Read): Promise<AssetRate[]> {
  return read.query(
    `select class_id as class, valid_from as "validFrom", trim_scale(rate_percent)::text as percent, reason from ledger.asset_rates
     where ulb_id = :ulb order by class_id, valid_from desc`,
    { ulb: read.ulb.id },
  );
}

/** The rates in force on a day, by class. */
export async function assetRatesOn(read: Read, on: LocalDate): Promise<ReadonlyMap<string, string>> {
  const rates = await listAssetRates(read);
  const inForce = new Map<string, string>();
  for (const r of rates) if (r.validFrom <= on && !inForce.has(r.class)) inForce.set(r.class, r.percent);
  return inForce;
}

/**
 * Sets a class's rate from a day on, on record: percent of cost a year. Years that are charged stay as they are. Raises
 * REGISTER_ITEM_UNKNOWN, REGISTER_FIELD, REASON_MISSING, ASSET_RATE_EXISTS.
 */
export async function setAssetRate(tx: Tx, of: AssetRate): Promise<void> {
  await assetClasses.get(tx, of.class);
  if (of.reason.trim().length < 5) throw ledgerErrors.REASON_MISSING({ what: `the rate of ${of.class}` });
  const parsed = percent("Rate").parse(of.percent);
  if (parsed === "0") throw registerErrors.REGISTER_FIELD({ field: "Rate", rule: "more than 0" });
  await tx
    .query(
      `insert into ledger.asset_rates (ulb_id, class_id, valid_from, rate_percent, reason, set_by, set_at)
       values (:ulb, :class, :valid_from, :percent, :reason, :actor, :now)`,
      {
        ulb: tx.ulb.id,
        class: of.class,
        valid_from: of.validFrom,
        percent: parsed,
        reason: of.reason.trim(),
        actor: tx.actor.id,
        now: tx.clock(),
      },
    )
    .catch((error: unknown) => {
      throw violatedRule(error) === "asset_rates_pkey"
        ? registerErrors.ASSET_RATE_EXISTS({ class: of.class, from: of.validFrom })
        : error;
    });
  await audit(tx, {
    action: "set",
    subject: "asset-rate",
    subjectId: `${of.class}/${of.validFrom}`,
    after: { percent: parsed },
    reason: of.reason.trim(),
  });
}
