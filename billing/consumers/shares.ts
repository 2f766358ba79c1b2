import { consumerErrors } from "./errors.ts";

/** A share exactly: so many parts of so many. */
export type Share = { readonly parts: bigint; readonly of: bigint };

const MOST_PARTS = 1_000_000n;

/** "1/3", "33.5 %", "1": a share of more than nothing and not more than the whole. Undefined for anything else. */
export function shareOf(text: string): Share | undefined {
  const said = text.trim();
  const fraction = /^(\d{1,7})(?:\s*\/\s*(\d{1,7}))?$/.exec(said);
  if (fraction) return proper(BigInt(fraction[1] ?? "0"), BigInt(fraction[2] ?? "1"));
  const percent = /^(\d{1,3})(?:\.(\d{1,4}))?\s*%$/.exec(said);
  if (!percent) return undefined;
  const decimals = percent[2] ?? "";
  return proper(BigInt(`${percent[1] ?? "0"}${decimals}`), 100n * 10n ** BigInt(decimals.length));
}

function proper(parts: bigint, of: bigint): Share | undefined {
  if (of < 1n || of > MOST_PARTS || parts < 1n || parts > of) return undefined;
  return lowest({ parts, of });
}

/** Each share in parts of one common whole. */
export function inPartsOfTheWhole(shares: readonly Share[]): { readonly whole: bigint; readonly parts: bigint[] } {
  const whole = shares.reduce((w, s) => (w / divisor(w, s.of)) * s.of, 1n);
  return { whole, parts: shares.map((s) => s.parts * (whole / s.of)) };
}

/** Refuses shares that do not make up the whole, with their sum and what is lacking or too much. Raises CONSUMER_OWNER_SHARES. */
export function checkShares(shares: readonly Share[], written: readonly string[]): void {
  const { whole, parts } = inPartsOfTheWhole(shares);
  const sum = parts.reduce((a, b) => a + b, 0n);
  if (sum === whole) return;
  const lacks = sum < whole;
  const difference = textOf(lowest({ parts: lacks ? whole - sum : sum - whole, of: whole }));
  throw consumerErrors.CONSUMER_OWNER_SHARES({
    shares: written,
    sum: textOf(lowest({ parts: sum, of: whole })),
    difference: `${difference} is ${lacks ? "missing" : "too much"}`,
  });
}

const textOf = (s: Share): string => (s.of === 1n ? String(s.parts) : `${s.parts}/${s.of}`);

function lowest(s: Share): Share {
  const by = divisor(s.parts, s.of);
  return { parts: s.parts / by, of: s.of / by };
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : divisor(b, a % b);
}
