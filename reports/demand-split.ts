import type { FinancialYear } from "../ledger/kernel/dates.ts";
import type { DemandPart } from "./demand-parts.ts";

/** A line of an entry, as the demand register sees it; amounts in paise, one of the two is 0. */
export type SplitLine = {
  readonly part: DemandPart;
  readonly demandYear: FinancialYear | null;
  readonly debit: bigint;
  readonly credit: bigint;
};

/** What an entry did to the receivables of one demand year. demand − collected − reduced = debits − credits on them, to the paisa. */
export type YearSplit = {
  readonly demandYear: FinancialYear;
  readonly demand: bigint;
  /** Money and advances, less what was taken back (a returned cheque, an over-payment that became an advance). */
  readonly collected: bigint;
  /** Rebates, remissions and write-offs, less what of them was taken back. */
  readonly reduced: bigint;
};

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const excess = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n);

/**
 * Tells what an entry did to receivables that name a demand year. Pure.
 *
 * The entry says what stands on each side, not which line answers which; so the sides are matched in this order, and what is left at the
 * end is collection or demand. The State's cess that becomes payable with a collection (Dr control, Cr Government dues) cancels first.
 * - Credits of receivables: reductions as far as remission, prior-period and write-off heads are debited (with the cess inside them); money
 *   as far as cash, bank, advances or refunds are debited; demand withdrawn as far as income is debited; transfers between receivables;
 *   what is left was collected by other means (a deposit, a suspense head, tax deducted by the payer).
 * - Debits of receivables, the mirror: reductions taken back; demand as far as income, prior-period income or cess is credited; money given
 *   back; transfers; what is left is demand (GST of a rent bill).
 * A current year's remission (110-90 and the like) concerns the newest years of the entry, a write-off and a prior-period item the oldest.
 */
export function splitEntry(lines: readonly SplitLine[]): YearSplit[] {
  const own = lines.filter((l) => l.part === "receivable" && l.demandYear !== null);
  if (own.length === 0) return [];
  const years = [...new Set(own.map((l) => l.demandYear as FinancialYear))].sort();
  const sumOf = (side: "debit" | "credit", ...parts: readonly DemandPart[]): bigint =>
    lines.reduce((total, l) => total + (parts.includes(l.part) ? l[side] : 0n), 0n);

  const debits = new Map(years.map((y) => [y, 0n]));
  const credits = new Map(years.map((y) => [y, 0n]));
  for (const l of own) {
    const year = l.demandYear as FinancialYear;
    debits.set(year, (debits.get(year) ?? 0n) + l.debit);
    credits.set(year, (credits.get(year) ?? 0n) + l.credit);
  }
  const totalOf = (by: ReadonlyMap<FinancialYear, bigint>): bigint => [...by.values()].reduce((a, b) => a + b, 0n);

  // Cess: what passes between its control head and the Government's dues goes with money, not with a demand.
  const paid = lesser(sumOf("debit", "cess"), sumOf("credit", "government"));
  const returned = lesser(sumOf("credit", "cess"), sumOf("debit", "government"));
  const cessDebit = sumOf("debit", "cess") - paid;
  const cessCredit = sumOf("credit", "cess") - returned;

  const creditLeft = new Map(credits);
  const debitLeft = new Map(debits);
  const result = new Map(years.map((y) => [y, { demand: 0n, collected: 0n, reduced: 0n }]));
  /** Takes up to `most` from the years in this order, and tells each year's part. */
  const take = (
    from: Map<FinancialYear, bigint>,
    most: bigint,
    order: "oldest" | "newest",
    give: (year: FinancialYear, amount: bigint) => void,
  ): void => {
    let left = most;
    for (const year of order === "oldest" ? years : [...years].reverse()) {
      const amount = lesser(left, from.get(year) ?? 0n);
      if (amount <= 0n) continue;
      from.set(year, (from.get(year) ?? 0n) - amount);
      give(year, amount);
      left -= amount;
    }
  };
  const add = (key: "demand" | "collected" | "reduced", sign: bigint) => (year: FinancialYear, amount: bigint) => {
    const row = result.get(year);
    if (row) row[key] += sign * amount;
  };

  const unnamed = lines.reduce((t, l) => t + (l.part === "receivable" && l.demandYear === null ? l.debit : 0n), 0n);

  // Credits.
  const remitted = sumOf("debit", "remission");
  const writtenOff = sumOf("debit", "write-off", "prior");
  const cessOf = (isThere: boolean): bigint => (isThere ? cessDebit : 0n);
  take(creditLeft, remitted + cessOf(remitted > 0n && writtenOff === 0n), "newest", add("reduced", 1n));
  take(creditLeft, writtenOff + cessOf(writtenOff > 0n), "oldest", add("reduced", 1n));
  take(creditLeft, sumOf("debit", "money"), "oldest", add("collected", 1n));
  const withdrawn = sumOf("debit", "income") + cessOf(remitted + writtenOff === 0n);
  take(creditLeft, withdrawn, "newest", add("demand", -1n));

  // Debits.
  take(debitLeft, sumOf("credit", "remission"), "newest", add("reduced", -1n));
  take(debitLeft, sumOf("credit", "write-off"), "oldest", add("reduced", -1n));
  take(debitLeft, sumOf("credit", "prior"), "oldest", add("demand", 1n));
  // A receivable without a year takes its own share of the income first: the charge for a returned cheque in the entry of the return.
  const demanded = excess(sumOf("credit", "income") + cessCredit, unnamed);
  take(debitLeft, demanded, "newest", add("demand", 1n));
  take(debitLeft, sumOf("credit", "money"), "oldest", add("collected", -1n));

  // Transfers between receivables change a year's balance and nothing else: the register shows them as demand that moves.
  const moved = lesser(totalOf(debitLeft), totalOf(creditLeft));
  take(creditLeft, moved, "oldest", add("demand", -1n));
  take(debitLeft, moved, "oldest", add("demand", 1n));
  take(creditLeft, totalOf(creditLeft), "oldest", add("collected", 1n));
  take(debitLeft, totalOf(debitLeft), "oldest", add("demand", 1n));
  return years.map((demandYear) => ({
    demandYear,
    ...(result.get(demandYear) ?? { demand: 0n, collected: 0n, reduced: 0n }),
  }));
}
