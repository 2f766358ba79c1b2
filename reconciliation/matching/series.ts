import { digitCount } from "../tokens.ts";

/**
 * References that are numbered one after the other, or given out on one day by one bank, begin alike. Part of a reference is a proof only where no
 * other reference begins as it does: a token and the reference that it may be are alone in each of the series returned. None are returned where no
 * solitude would make it a proof.
 */
export function seriesBetween(token: string, full: string): readonly string[] {
  const [short, long] = token.length <= full.length ? [token, full] : [full, token];
  if (short.length < long.length) {
    if (!long.startsWith(short)) return [];
    if (isFigures(long)) return short.length >= FIGURES ? [short.slice(0, FIGURES)] : [];
    return short.length >= MIXED && digitCount(short) >= 7 && isNearlyAll(short, long) ? [short.slice(0, MIXED)] : [];
  }
  const at = misreadAt(short, long);
  // One wrong figure is no proof: among the transfers that a bank sends in a day some serial numbers differ in one. A letter for a figure is nobody's number.
  return at !== undefined && short.length >= LONG && at < short.length - 2
    ? [short.slice(0, -2), long.slice(0, -2)]
    : [];
}

/** The series in which a reference stands, whatever it is compared with. */
export function seriesOf(reference: string): readonly string[] {
  const found: string[] = [];
  if (reference.length >= FIGURES && isFigures(reference)) found.push(reference.slice(0, FIGURES));
  if (reference.length >= MIXED) found.push(reference.slice(0, MIXED));
  // Whole, or without its last one or two places: what is cut there begins alike too.
  if (reference.length >= LONG - 2) found.push(reference, reference.slice(0, -1), reference.slice(0, -2));
  return found;
}

/** All series in which the references of a match by part of a reference must be alone. */
export function seriesOfMatch(tokens: readonly string[], references: readonly string[]): string[] {
  return [...new Set(tokens.flatMap((t) => references.flatMap((r) => (t === r ? [] : seriesBetween(t, r)))))];
}

/** One text is the beginning of the other, as banks cut references, long enough to name bank and day and more. */
export function isBeginning(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.length >= MIXED && digitCount(short) >= 7 && long.startsWith(short);
}

/** A shorter beginning of a reference that names bank and day may hold nothing of its serial number (13 of 22 figures of RTGS name a month). */
export function isMostOf(short: string, long: string): boolean {
  return short.length * 4 >= long.length * 3;
}

/**
 * No more than an eighth is missing: of a transfer's sixteen characters, ten of which name bank and day, four figures of the serial number are there.
 * Three are borne by chance: a year of a large city had such a pair, whose true reference the books did not know and whose other line was mistyped.
 */
const isNearlyAll = (short: string, long: string): boolean => short.length * 8 >= long.length * 7;

// A reference of figures alone (UPI, IMPS: twelve) is drawn at random or counted by the second; others name bank and day first.
const FIGURES = 8;
const MIXED = 12;
const LONG = 16;

export const isFigures = (text: string): boolean => digitCount(text) === text.length;

/** The only place in which two references of one length differ, if an eye takes one for the other there: O for 0, I for 1. */
function misreadAt(a: string, b: string): number | undefined {
  let at: number | undefined;
  for (let i = 0; i < a.length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    if (at !== undefined) return undefined;
    at = i;
  }
  if (at === undefined) return undefined;
  const [x, y] = [a.charAt(at), b.charAt(at)];
  return MISREAD.has(x + y) || MISREAD.has(y + x) ? at : undefined;
}

const MISREAD = new Set(["O0", "I1"]);
