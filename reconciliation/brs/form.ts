import { negate, subtract, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Brs, BrsAge, BrsDetail, BrsGroupKey } from "../brs.ts";

/** Lines of the form as the manual numbers them; E is left out on purpose, O stands only while the first statement's opening is not agreed. */
export type BrsLetter = "A" | "B" | "C" | "D" | "F" | "G" | "H" | "I" | "J" | "K" | "O" | "L" | "M";

export type BrsFormLine = {
  readonly letter: BrsLetter;
  readonly label: string;
  /** As printed: what is added and what is deducted are both positive, errors of the bank are signed. */
  readonly amount: Paise;
  readonly kind: "balance" | "add" | "less" | "sum" | "signed";
};

export type BrsAnnexure = {
  readonly letter: BrsLetter;
  readonly title: string;
  readonly total: Paise;
  readonly count: number;
  readonly bands: readonly {
    readonly age: BrsAge;
    readonly total: Paise;
    /** Signed as the group's total is printed. */
    readonly items: readonly BrsDetail[];
  }[];
};

export type BrsForm = {
  readonly lines: readonly BrsFormLine[];
  readonly annexures: readonly BrsAnnexure[];
  /** M: 0 when it reconciles. */
  readonly unexplained: Paise;
};

const GROUPS: Readonly<Record<"B" | "C" | "D" | "G" | "H" | "I" | "K" | "O", readonly BrsGroupKey[]>> = {
  B: ["cheques-issued"],
  C: ["other-issued"],
  D: ["interest", "other-credits", "unidentified-credits"],
  G: ["cheques-deposited"],
  H: ["settlements-in-transit", "other-deposited"],
  I: ["charges", "other-debits"],
  K: ["bank-errors"],
  O: ["opening"],
};
type Listed = keyof typeof GROUPS;
const LESS: readonly Listed[] = ["G", "H", "I"];

const LABELS: Readonly<Record<BrsLetter, string>> = {
  A: "Balance as per Bank Book",
  B: "Add: cheques / DD issued but not presented",
  C: "Add: other instruments issued, not debited by bank",
  D: "Add: credits by bank not in Bank Book (interest, direct credits)",
  F: "Sub-total (A+B+C+D)",
  G: "Less: cheques deposited but not cleared",
  H: "Less: other instruments deposited, not credited",
  I: "Less: charges and other debits by bank not in Bank Book",
  J: "Net total (F−G−H−I)",
  K: "Bank errors: wrong credits (+) / wrong debits (−), not yet reversed",
  O: "Opening balance of the first statement, not yet agreed with the Bank Book",
  L: "Balance as per bank statement",
  M: "Unexplained difference (J+K−L)",
};

const TITLES: Readonly<Record<Listed, string>> = {
  B: "Cheques / DD issued but not presented",
  C: "Other instruments issued, not debited by bank",
  D: "Credits by bank not in Bank Book",
  G: "Cheques deposited but not cleared",
  H: "Other instruments deposited, not credited",
  I: "Charges and other debits by bank not in Bank Book",
  K: "Errors of the bank, not yet reversed",
  O: "Opening balance of the first statement",
};

const AGES: readonly BrsAge[] = ["up to 30 days", "31 to 90 days", "91 to 180 days", "over 180 days", "earlier year"];

/** The items of each age band that has any, with their sum. */
export function bandsOf(items: readonly BrsDetail[]): BrsAnnexure["bands"] {
  return AGES.flatMap((age) => {
    const own = items.filter((d) => d.age === age);
    return own.length === 0 ? [] : [{ age, total: sum(own.map((d) => d.amount)), items: own }];
  });
}

/**
 * The bank reconciliation statement in its form, A to M, with an annexure for each figure by age band. Pure: what it prints follows from the statement
 * alone, and M is computed from the printed lines, not copied.
 */
export function brsForm(brs: Brs): BrsForm {
  const totals = new Map<Listed, Paise>();
  const details = new Map<Listed, BrsDetail[]>();
  for (const letter of Object.keys(GROUPS) as Listed[]) {
    const groups = brs.groups.filter((g) => GROUPS[letter].includes(g.key));
    const sign = LESS.includes(letter) ? negate : (a: Paise) => a;
    totals.set(letter, sign(sum(groups.map((g) => g.total))));
    details.set(
      letter,
      groups
        .flatMap((g) => g.details)
        .map((d) => ({ ...d, amount: sign(d.amount) }))
        .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.id < b.id ? -1 : 1)),
    );
  }
  const of = (letter: Listed): Paise => totals.get(letter) ?? ZERO;
  const f = sum([brs.bookBalance, of("B"), of("C"), of("D")]);
  const j = subtract(f, sum([of("G"), of("H"), of("I")]));
  const unexplained = subtract(sum([j, of("K"), of("O")]), brs.statementBalance);
  const line = (letter: BrsLetter, amount: Paise, kind: BrsFormLine["kind"]): BrsFormLine => ({
    letter,
    label: letter === "M" && of("O") !== 0n ? "Unexplained difference (J+K+O−L)" : LABELS[letter],
    amount,
    kind,
  });
  return {
    lines: [
      line("A", brs.bookBalance, "balance"),
      line("B", of("B"), "add"),
      line("C", of("C"), "add"),
      line("D", of("D"), "add"),
      line("F", f, "sum"),
      line("G", of("G"), "less"),
      line("H", of("H"), "less"),
      line("I", of("I"), "less"),
      line("J", j, "sum"),
      line("K", of("K"), "signed"),
      ...(of("O") === 0n ? [] : [line("O", of("O"), "signed")]),
      line("L", brs.statementBalance, "balance"),
      line("M", unexplained, "sum"),
    ],
    annexures: (Object.keys(GROUPS) as Listed[]).flatMap((letter): BrsAnnexure[] => {
      const items = details.get(letter) ?? [];
      if (items.length === 0) return [];
      return [{ letter, title: TITLES[letter], total: of(letter), count: items.length, bands: bandsOf(items) }];
    }),
    unexplained,
  };
}
