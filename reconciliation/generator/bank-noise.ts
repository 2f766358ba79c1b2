import type { NoiseRates } from "./profiles.ts";
import type { Random } from "./random.ts";

/** How the bank prints a movement: the reference in a column of its own or lost, cut at either end, the narration cut by its printer. */
export function bankLineOf(
  random: Random,
  rates: NoiseRates,
  account: number,
  words: (reference: string) => string,
  full: string,
): { narration: string; reference: string } {
  let reference = full;
  let inWords = full;
  if (rates.poorAccounts && account === 3) reference = inWords = full.slice(-8);
  else if (random.isHit(rates.noRef)) reference = "";
  else if (full.length >= 10 && random.isHit(rates.trunc))
    reference = random.isHit(0.5) ? full.slice(-16) : full.slice(0, -4);
  // Some banks cut it before they print it at all.
  if (reference !== full && reference !== "" && random.isHit(0.2)) inWords = reference;
  let narration = words(inWords);
  if (rates.poorAccounts && account === 2) {
    narration = narration.slice(0, 30);
    if (random.isHit(0.8)) reference = "";
  } else if (random.isHit(rates.narrCut)) narration = narration.slice(0, random.isHit(0.5) ? 35 : 50);
  return { narration, reference };
}
