import { invariant } from "../../ledger/kernel/errors.ts";
import {
  formatIndian,
  paise,
  paiseOf,
  rate,
  rateOf,
  roundRate,
  sum,
  type Paise,
  type Rate,
} from "../../ledger/kernel/money.ts";
import type { AssessedPeriod } from "./assessment.ts";
import { assess } from "./assess.ts";
import { holds } from "./conditions.ts";
import type { Rules } from "./compile.ts";
import { figure, ZERO_RATE } from "./expression.ts";
import { readFacts, type ConsumerFacts } from "./facts.ts";
import type { Slab, SlabsRule, Texts } from "./format.ts";

// What UPYOG's calculators really give, for a parallel run: the figures to compare with, never figures to charge. Their classes reckon
// quantities and rates as doubles; so does this file, because their noise is lifted to a paisa by the rounding up.

const CEILING = (value: Rate): Rate =>
  value.lt(0) ? roundRate(value, figure("0.01"), "down") : roundRate(value, figure("0.01"), "up");

/** How one slab was gone through: what was left, and what was charged for it; `null` is a slab that was passed over. */
export type UpyogSlab = { readonly slab: Slab; readonly left: number; readonly charged: Rate | null };
export type UpyogWater = {
  readonly charge: Paise;
  readonly cess: Paise;
  /** To whole rupees, 50 paise up. */
  readonly roundOff: Paise;
  readonly total: Paise;
  readonly path: readonly UpyogSlab[];
};

/**
 * UPYOG's metered water bill. What is left after each slab is compared with the next slab's upper bound counted from nought, not with its
 * width, and what equals the bound is passed on to the dearer slab. No water used is no charge at all, whatever the least charge.
 */
export function upyogWaterBill(
  table: { readonly slabs: readonly Slab[]; readonly minimum?: string | undefined },
  units: string,
  cessPercent = "5",
): UpyogWater {
  const path: UpyogSlab[] = [];
  let left = Number(units);
  let charge = ZERO_RATE;
  if (left !== 0) {
    for (const slab of table.slabs) {
      const from = Number(slab.from);
      const to = slab.to === undefined ? 1_000_000_000 : Number(slab.to);
      const price = Number(slab.rate);
      if (left > to) {
        const charged = rate(String((to - from) * price));
        path.push({ slab, left, charged });
        charge = charge.plus(charged);
        left -= to - from;
      } else if (left < to) {
        const charged = rate(String(left * price));
        path.push({ slab, left, charged });
        charge = charge.plus(charged);
        break;
      } else path.push({ slab, left, charged: null });
    }
    const least = figure(table.minimum ?? "0");
    if (least.gt(charge)) charge = least;
  }
  const water = paiseOf(CEILING(charge));
  const cess = upyogApplicable(water, { rate: cessPercent });
  const before = sum([water, cess]);
  const roundOff = upyogRoundOff(before);
  return { charge: water, cess, roundOff, total: sum([before, roundOff]), path };
}

/** UPYOG's `calculateApplicables`: a percentage, capped by the highest amount (if there is one) or else lifted to the least; or a flat amount. */
export function upyogApplicable(
  base: Paise,
  master: {
    readonly rate?: string;
    readonly maxAmount?: string;
    readonly minAmount?: string;
    readonly flatAmount?: string;
  },
): Paise {
  const amount = rateOf(base);
  if (master.rate === undefined) {
    const flat = figure(master.flatAmount ?? "0");
    return paiseOf(CEILING(flat.gt(amount) ? amount : flat));
  }
  const share = amount.times(figure(master.rate)).div(100);
  const most = figure(master.maxAmount ?? "0");
  const least = figure(master.minAmount ?? "0");
  if (most.gt(0)) return paiseOf(CEILING(share.gt(most) ? most : share));
  return paiseOf(CEILING(share.lt(least) ? least : share));
}

/** UPYOG's round-off head: 50 paise and more go up, less goes down. The trade licence leaves exactly 50 paise standing. */
export function upyogRoundOff(total: Paise, service: "trade-licence" | "other" = "other"): Paise {
  const part = total % 100n;
  if (part === 50n && service === "trade-licence") return paise(0n);
  return paise(part >= 50n ? 100n - part : -part);
}

/** A property-tax bill with a round-off head from before: once the tax is whole, UPYOG leaves the old head standing in the bill. */
export function upyogPropertyTaxBill(tax: Paise, roundOffBefore: Paise): Paise {
  if (tax % 100n === 0n) return sum([tax, roundOffBefore]);
  return sum([tax, upyogRoundOff(tax)]);
}

/**
 * UPYOG's property-tax interest in rupees with all its digits: whole days from the start to the end of the day of reckoning, one more as
 * soon as there is one (so that the first day costs nothing and the second two days), over 365, the fraction to six digits half down.
 */
export function upyogInterest(amount: Paise, percentOfYear: string, wholeDaysElapsed: number): string {
  const days = wholeDaysElapsed >= 1 ? wholeDaysElapsed + 1 : 0;
  const fraction = roundRate(rate(String(days)).div(365), figure("0.000001"), "half-down");
  return rateOf(amount).times(figure(percentOfYear)).div(100).times(fraction).toFixed();
}

/** Our water bill beside UPYOG's, and why they differ. */
export type WaterComparison = {
  readonly units: string;
  readonly ours: Paise;
  readonly upyog: Paise;
  /** UPYOG's charge less ours: more than nil where the consumer is overcharged there. */
  readonly difference: Paise;
  readonly reason: Texts;
};

/**
 * Compares the metered water charge (without cess and rounding) of one consumer. Raises what `assess` raises; the file has a telescopic rule
 * that applies to him.
 */
export function compareWaterBill(rules: Rules, facts: ConsumerFacts, period: AssessedPeriod): WaterComparison {
  const assessed = assess(rules, facts, period, period.to);
  const { global } = readFacts(rules.file, facts);
  const isTelescopic = (r: { kind: string }): r is SlabsRule =>
    r.kind === "slabs" && "mode" in r && r.mode === "telescopic";
  const stretch = rules.stretches.find((s) => s.from <= period.from && s.to >= period.from);
  const step = assessed.steps.find((s) => stretch?.computed.some((r) => r.id === s.rule && isTelescopic(r)));
  const rule = stretch?.computed.find((r) => r.id === step?.rule);
  invariant(step && rule && isTelescopic(rule), "a telescopic rule applies to the consumer");
  const table = rule.tables.find((t) => holds(t.when, (n) => global.get(n)));
  invariant(table, "the rule has slabs for the consumer");
  const units = step.parts
    .reduce((all, p) => (p.what === "slab" ? all.plus(rate(p.quantity)) : all), ZERO_RATE)
    .toFixed();
  const theirs = upyogWaterBill(table, units);
  const ours = paiseOf(rate(step.result));
  const difference = paise(theirs.charge - ours);
  return { units, ours, upyog: theirs.charge, difference, reason: reasonOf(theirs, units, difference) };
}

function reasonOf(theirs: UpyogWater, units: string, difference: Paise): Texts {
  if (difference === 0n) return { en: "Both come to the same.", hi: "दोनों समान हैं।" };
  const passed = theirs.path.find((p) => p.charged === null);
  const last = theirs.path.at(-1);
  const off = formatIndian(paise(difference < 0n ? -difference : difference));
  const sign = difference > 0n ? { en: "more", hi: "अधिक" } : { en: "less", hi: "कम" };
  const said = { en: `₹${off} ${sign.en} in UPYOG`, hi: `UPYOG में ₹${off} ${sign.hi}` };
  if (!last) {
    return {
      en: `${said.en}: it charges nothing when no water is used, not even the least charge.`,
      hi: `${said.hi}: जल उपभोग न होने पर वह न्यूनतम प्रभार भी नहीं लेता।`,
    };
  }
  const price = last.slab.rate;
  if (passed) {
    return {
      en: `${said.en}: of ${units} kl it had ${passed.left} left, exactly the upper bound of the slab to ${passed.slab.to}; it passed that slab over and charged all ${last.left} at ₹${price}.`,
      hi: `${said.hi}: ${units} कि.ली. में से ${passed.left} शेष थे, जो ${passed.slab.to} तक के स्लैब की ऊपरी सीमा के बराबर हैं; उसने वह स्लैब छोड़कर सभी ${last.left} पर ₹${price} लगाए।`,
    };
  }
  return {
    en: `${said.en}: of ${units} kl it had ${last.left} left and compared them with the bound ${last.slab.to ?? "of the last slab"} counted from nought, not with the width of the slab; so all ${last.left} were charged at ₹${price}.`,
    hi: `${said.hi}: ${units} कि.ली. में से ${last.left} शेष थे; उसने उन्हें स्लैब की चौड़ाई से नहीं, शून्य से गिनी सीमा ${last.slab.to ?? "(अंतिम स्लैब)"} से मिलाया; इसलिए सभी ${last.left} पर ₹${price} लगे।`,
  };
}

/** Of many bills: how many differ, and by how much in all, over and under. */
export function summariseComparison(all: readonly WaterComparison[]): {
  readonly bills: number;
  readonly overcharged: number;
  readonly undercharged: number;
  readonly overchargedBy: Paise;
  readonly underchargedBy: Paise;
} {
  const over = all.filter((c) => c.difference > 0n);
  const under = all.filter((c) => c.difference < 0n);
  return {
    bills: all.length,
    overcharged: over.length,
    undercharged: under.length,
    overchargedBy: sum(over.map((c) => c.difference)),
    underchargedBy: sum(under.map((c) => paise(-c.difference))),
  };
}
