import { formatIndian, max, paise, percentOf, rate, sum, ZERO, type Paise } from "../kernel/money.ts";
import { payableErrors } from "./errors.ts";

/** A tax section or cess as it stands on the day of the bill. */
export type SectionTerms = {
  readonly code: string;
  readonly kind: "tds" | "gst-tds" | "cess" | "other";
  /** "393(1)", as challans and certificates name it. */
  readonly section: string;
  readonly description: string;
  /** Per cent, "1" or "0.1". */
  readonly rate: string;
  /** What must be exceeded before it is deducted; null is from the first rupee. For GST-TDS it is the value of the contract. */
  readonly thresholdSingle: Paise | null;
  readonly thresholdYear: Paise | null;
  readonly account: string;
};

/** Earlier passed bills of the party in the financial year on which the section was looked at: their value, and the part not deducted from. */
export type Earlier = { readonly taxable: Paise; readonly undeducted: Paise };

type Payee = { readonly type: string; readonly id: string };

export type OtherDeduction = {
  /** "recovery" is owed on to somebody; "income" stays with the ULB (penalty for delay, interest on an advance). */
  readonly kind: "recovery" | "income";
  readonly code: string;
  readonly label: string;
  readonly account: string;
  readonly amount: Paise;
  /** Income needs a function. */
  readonly function?: string | undefined;
  /** From whose pay it is taken, in a bill of many; the bill's party otherwise. */
  readonly party?: Payee | undefined;
};

export type AdvanceRecovery = {
  readonly itemId: string;
  readonly what: string;
  readonly account: string;
  readonly outstanding: Paise;
  readonly recover: Paise;
  readonly party?: Payee | undefined;
};

export type DeductionInput = {
  readonly gross: Paise;
  /** Value without GST. */
  readonly taxable: Paise;
  /** Without GST; null when the bill stands alone, its own value counts then. */
  readonly contractValue: Paise | null;
  readonly sections: readonly SectionTerms[];
  readonly earlier: ReadonlyMap<string, Earlier>;
  readonly retention?: { readonly percent: string; readonly account: string } | undefined;
  readonly advances: readonly AdvanceRecovery[];
  readonly others: readonly OtherDeduction[];
};

export type Deduction = {
  readonly kind: "tds" | "gst-tds" | "cess" | "retention" | "advance" | "recovery" | "income";
  readonly code: string;
  readonly label: string;
  readonly base: Paise;
  readonly rate: string | null;
  readonly amount: Paise;
  readonly account: string;
  readonly function?: string | undefined;
  readonly party?: Payee | undefined;
  readonly itemId?: string | undefined;
  /** The rule in words, with its figures. */
  readonly rule: string;
};

export type Deductions = {
  readonly deductions: readonly Deduction[];
  /** What was looked at and came to nothing, and why. */
  readonly considered: readonly { readonly code: string; readonly rule: string }[];
  readonly total: Paise;
  readonly net: Paise;
};

/**
 * What is deducted from a bill. Taxes and cess are rounded to the rupee, 50 paise up, as the Acts have it, and computed on the value without
 * GST. Gross is net and deductions, always. Raises DEDUCTIONS_EXCEED_BILL, ADVANCE_EXCEEDS_OUTSTANDING.
 */
export function computeDeductions(input: DeductionInput): Deductions {
  const judged = input.sections.map((section) => sectionDeduction(input, section));
  const found = judged.filter((j) => j.amount > 0n);
  const deductions: Deduction[] = [
    ...found,
    ...(input.retention === undefined ? [] : retentionOf(input.taxable, input.retention)),
    ...input.advances.filter((a) => a.recover > 0n).map(advanceOf),
    ...input.others.filter((o) => o.amount > 0n).map(otherOf),
  ];
  const total = sum(deductions.map((d) => d.amount));
  if (total > input.gross) {
    throw payableErrors.DEDUCTIONS_EXCEED_BILL({
      of: "the bill",
      gross: String(input.gross),
      deductions: String(total),
    });
  }
  return {
    deductions,
    considered: judged.filter((j) => j.amount === 0n).map(({ code, rule }) => ({ code, rule })),
    total,
    net: paise(input.gross - total),
  };
}

function sectionDeduction(input: DeductionInput, section: SectionTerms): Deduction {
  const { base, why } = baseOf(input, section);
  const name = `${section.section} ${section.description}`;
  return {
    kind: section.kind === "other" ? "recovery" : section.kind,
    code: section.code,
    label: name,
    base,
    rate: section.rate,
    amount: wholeRupees(base, section.rate),
    account: section.account,
    rule: base > 0n ? `${section.rate} % of ${formatIndian(base)}: ${why}` : `nothing: ${why}`,
  };
}

/** A percentage rounded once, to the rupee, 50 paise up: rounded to the paisa first, 800.4998 would become 801. */
function wholeRupees(base: Paise, percent: string): Paise {
  return paise(percentOf(base, rate(percent).div(100)) * 100n);
}

function baseOf(input: DeductionInput, section: SectionTerms): { readonly base: Paise; readonly why: string } {
  const { taxable } = input;
  const { thresholdSingle: single, thresholdYear: year } = section;
  if (section.kind === "gst-tds") {
    const value = input.contractValue ?? taxable;
    const whose = input.contractValue === null ? "the value of the supply" : "the contract";
    if (single !== null && value <= single)
      return { base: ZERO, why: `${whose} is ${formatIndian(value)} without GST, not above ${formatIndian(single)}` };
    return { base: taxable, why: `value without GST, ${whose} is ${formatIndian(value)}` };
  }
  if (single === null && year === null) return { base: taxable, why: "value without GST" };
  const earlier = input.earlier.get(section.code) ?? { taxable: ZERO, undeducted: ZERO };
  const ofYear = paise(earlier.taxable + taxable);
  if (year !== null && ofYear > year) {
    // Once the year's total is above the limit, the tax is due on all of it: what earlier bills escaped is caught up here.
    const caughtUp = max(earlier.undeducted, ZERO);
    return {
      base: paise(taxable + caughtUp),
      why:
        `value without GST; the year's bills come to ${formatIndian(ofYear)}, above ${formatIndian(year)}` +
        (caughtUp > 0n ? `, and ${formatIndian(caughtUp)} of earlier bills was not deducted from` : ""),
    };
  }
  if (single !== null && taxable > single)
    return { base: taxable, why: `value without GST, above ${formatIndian(single)} in one bill` };
  return {
    base: ZERO,
    why: [
      ...(single === null ? [] : [`this bill ${formatIndian(taxable)}, limit ${formatIndian(single)}`]),
      ...(year === null ? [] : [`the year ${formatIndian(ofYear)}, limit ${formatIndian(year)}`]),
    ].join("; "),
  };
}

function retentionOf(taxable: Paise, terms: { readonly percent: string; readonly account: string }): Deduction[] {
  const amount = wholeRupees(taxable, terms.percent);
  if (amount <= 0n) return [];
  return [
    {
      kind: "retention",
      code: "retention",
      label: "Retention money",
      base: taxable,
      rate: terms.percent,
      amount,
      account: terms.account,
      rule: `${terms.percent} % of ${formatIndian(taxable)}, held until the defect liability period ends`,
    },
  ];
}

function advanceOf(advance: AdvanceRecovery): Deduction {
  if (advance.recover > advance.outstanding) {
    throw payableErrors.ADVANCE_EXCEEDS_OUTSTANDING({
      what: advance.what,
      outstanding: String(advance.outstanding),
      asked: String(advance.recover),
    });
  }
  return {
    kind: "advance",
    code: "advance",
    label: advance.what,
    base: advance.outstanding,
    rate: null,
    amount: advance.recover,
    account: advance.account,
    ...(advance.party === undefined ? {} : { party: advance.party }),
    itemId: advance.itemId,
    rule: `${formatIndian(advance.recover)} of ${formatIndian(advance.outstanding)} outstanding`,
  };
}

function otherOf(other: OtherDeduction): Deduction {
  return {
    kind: other.kind,
    code: other.code,
    label: other.label,
    base: other.amount,
    rate: null,
    amount: other.amount,
    account: other.account,
    ...(other.function === undefined ? {} : { function: other.function }),
    ...(other.party === undefined ? {} : { party: other.party }),
    rule: other.kind === "income" ? "kept by the ULB as income" : "as fixed, to be remitted",
  };
}
