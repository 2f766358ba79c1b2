import { periodOf, type LocalDate, type Period } from "../../ledger/kernel/dates.ts";
import { add, formatIndian, negate, ZERO, type Paise } from "../../ledger/kernel/money.ts";

/** What a rule may book: what the bank charges, and what it pays. */
export const AUTO_POST_KINDS = ["bank-charge", "bank-interest"] as const;
export type AutoPostKind = (typeof AUTO_POST_KINDS)[number];

/** An approved version of a rule, as far as a line is asked whether it falls under it. */
export type RuleInForce = {
  readonly ruleId: string;
  readonly version: number;
  readonly name: string;
  readonly kind: AutoPostKind;
  /** All of them stand in the narration, each as whole words. */
  readonly words: readonly string[];
  /** Positive, of one line and of all lines of a month of the bank. */
  readonly lineLimit: Paise;
  readonly monthLimit: Paise;
  /** The first day of the bank whose lines this version books; the next version's lines are not its own. */
  readonly validFrom: LocalDate;
};

/** A line that the bank itself caused, with the kind that its words say; the amount is signed as the bank signs it. */
export type BankOwnLine = {
  readonly id: string;
  readonly kind: AutoPostKind;
  readonly bookedOn: LocalDate;
  readonly amount: Paise;
  readonly narration: string;
};

export type Posting = {
  readonly line: string;
  readonly rule: RuleInForce;
  readonly size: Paise;
  /** What the rule booked in the line's month, with this line. */
  readonly inMonth: Paise;
};
/** A line that a rule would book but for its figures, and why. */
export type HeldBack = { readonly line: string; readonly why: string };

/** What a rule has booked in a month already, without what was taken back. */
export type Spent = ReadonlyMap<string, Paise>;
export const spentKey = (ruleId: string, month: Period): string => `${ruleId} ${month}`;

/**
 * Which lines are booked by which rule, and which a rule leaves to a person, with the figures. Pure: versions count by the bank's day of the line; a line
 * under two rules is nobody's; no line is above the limit of a line, and the lines of a month together not above that of the month, the
 * earlier line first. The order of the input does not matter. A line that a rule booked before is not offered again (`before`).
 */
export function decidePostings(
  rules: readonly RuleInForce[],
  lines: readonly BankOwnLine[],
  spent: Spent,
  before: ReadonlySet<string>,
): { readonly postings: readonly Posting[]; readonly held: readonly HeldBack[] } {
  const postings: Posting[] = [];
  const held: HeldBack[] = [];
  const used = new Map(spent);
  const inOrder = lines.toSorted((a, b) =>
    a.bookedOn === b.bookedOn ? (a.id < b.id ? -1 : 1) : a.bookedOn < b.bookedOn ? -1 : 1,
  );
  for (const line of inOrder) {
    const [rule, ...others] = inForce(rules, line.bookedOn).filter((r) => coversWords(r, line));
    if (!rule) continue;
    const name = `rule "${rule.name}" (version ${rule.version})`;
    if (before.has(line.id)) {
      held.push({ line: line.id, why: "a rule booked it and a person took that back; a person decides" });
      continue;
    }
    if (others.length > 0) {
      const names = [rule, ...others].map((r) => `"${r.name}"`).sort();
      held.push({
        line: line.id,
        why: `it falls under ${names.join(" and ")}; a line under two rules is booked by none`,
      });
      continue;
    }
    const size = line.amount < 0n ? negate(line.amount) : line.amount;
    if (size > rule.lineLimit) {
      held.push({
        line: line.id,
        why: `${formatIndian(size)} is above the ${formatIndian(rule.lineLimit)} that ${name} books for one line`,
      });
      continue;
    }
    const month = periodOf(line.bookedOn);
    const key = spentKey(rule.ruleId, month);
    const inMonth = add(used.get(key) ?? ZERO, size);
    if (inMonth > rule.monthLimit) {
      held.push({
        line: line.id,
        why: `with ${formatIndian(size)} it would be ${formatIndian(inMonth)} in ${month}, above the ${formatIndian(rule.monthLimit)} that ${name} books in a month`,
      });
      continue;
    }
    used.set(key, inMonth);
    postings.push({ line: line.id, rule, size, inMonth });
  }
  return { postings, held };
}

/** Of each rule the newest approved version that holds on that day. */
function inForce(rules: readonly RuleInForce[], day: LocalDate): RuleInForce[] {
  const newest = new Map<string, RuleInForce>();
  for (const r of rules) {
    const known = newest.get(r.ruleId);
    if (r.validFrom <= day && (!known || r.version > known.version)) newest.set(r.ruleId, r);
  }
  return [...newest.values()];
}

function coversWords(rule: RuleInForce, line: BankOwnLine): boolean {
  const isItsWay = rule.kind === "bank-charge" ? line.amount < 0n : line.amount > 0n;
  const narration = ` ${plainWords(line.narration)} `;
  return rule.kind === line.kind && isItsWay && rule.words.every((w) => narration.includes(` ${plainWords(w)} `));
}

/** Upper case, letters and figures, single spaces: "SMS CHRG-JUL/26" is "SMS CHRG JUL 26". */
export function plainWords(text: string): string {
  return text
    .toUpperCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((w) => w !== "")
    .join(" ");
}
