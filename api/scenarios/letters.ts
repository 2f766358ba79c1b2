/**
 * The account letters of the scenarios, and what they are here: a key of the posting map, or the accounts that the fixture's services use.
 * A letter may stand for several accounts (receivables by head); their lines are added up.
 */
type Meaning = { readonly keys?: readonly string[]; readonly prefixes?: readonly string[]; readonly what: string };

export const LETTERS = {
  GWC: { keys: ["gateway-clearing"], what: "gateway clearing" },
  SIT: { keys: ["settlement-in-transit"], what: "settlement in transit" },
  BNK: { keys: ["bank-main"], what: "bank" },
  CSH: { keys: ["cash-in-hand"], what: "cash" },
  CQH: { keys: ["cheques-in-hand"], what: "cheques in hand" },
  CQC: { keys: ["cheques-in-clearing", "cheques-clearing"], what: "cheques in clearing" },
  CQS: { keys: ["cheques-provisional"], what: "cheques provisional (liability)" },
  POS: { keys: ["pos-clearing"], what: "POS clearing" },
  BBC: { keys: ["bbps-clearing"], what: "BBPS clearing" },
  RCV: { prefixes: ["431"], what: "receivables, all heads" },
  ADV: { prefixes: ["35041"], what: "advance collections" },
  RFP: { keys: ["refunds-payable"], what: "refunds payable" },
  SUS: { keys: ["unidentified-credits"], what: "unidentified receipts" },
  FEE: { keys: ["gateway-fee"], what: "gateway charges" },
  GSTX: { keys: ["gateway-fee-gst"], what: "GST on gateway charges" },
  CFR: { keys: ["convenience-fee"], what: "convenience fee recovered" },
  BCH: { keys: ["bank-charges"], what: "bank charges" },
  DCH: { keys: ["dishonour-charge-income"], what: "dishonour charge income" },
  GWA: { keys: ["gateway-adjustments"], what: "gateway adjustments" },
  REB: { prefixes: ["1109", "1409"], what: "rebate" },
  CSO: { keys: ["cash-short", "cash-over", "cash-short-over"], what: "cash short or over" },
  RND: { keys: ["rounding", "rounding-difference"], what: "rounding difference" },
  FPY: { keys: ["gateway-fees-payable"], what: "gateway fees payable" },
} as const satisfies Readonly<Record<string, Meaning>>;

export type Letter = keyof typeof LETTERS;
export const isLetter = (text: string): text is Letter => Object.hasOwn(LETTERS, text);

/** Says which letter an account of the ULB goes under; an account without a letter goes by its code. */
export type LetterOf = (account: string) => string;

/** Reads the ULB's posting map once: exact keys before prefixes. */
export function letterOf(map: ReadonlyMap<string, string>): LetterOf {
  const exact = new Map<string, string>();
  for (const [letter, meaning] of Object.entries(LETTERS) as [Letter, Meaning][]) {
    for (const key of meaning.keys ?? []) {
      const account = map.get(key);
      if (account !== undefined && !exact.has(account)) exact.set(account, letter);
    }
  }
  const prefixes = (Object.entries(LETTERS) as [Letter, Meaning][]).flatMap(([letter, m]) =>
    (m.prefixes ?? []).map((prefix) => ({ letter, prefix })),
  );
  return (account) =>
    exact.get(account) ?? prefixes.find(({ prefix }) => account.startsWith(prefix))?.letter ?? account;
}
