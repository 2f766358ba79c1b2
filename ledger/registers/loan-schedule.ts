import { addMonths, type LocalDate } from "../kernel/dates.ts";
import { add, max, min, paise, percentOf, rate, subtract, ZERO, type Paise } from "../kernel/money.ts";

export type LoanTerms = {
  readonly amount: Paise;
  readonly ratePercent: string;
  readonly method: "equal-principal" | "emi" | "bullet";
  readonly instalments: number;
  readonly everyMonths: number;
  readonly firstDue: LocalDate;
};

export type Instalment = {
  readonly no: number;
  readonly due: LocalDate;
  readonly principal: Paise;
  readonly interest: Paise;
  readonly total: Paise;
  /** After it is paid. */
  readonly outstanding: Paise;
};

/**
 * The instalments of a loan: interest of each is the rate of its months on what is outstanding. `equal-principal`: the same principal each
 * time; `emi`: the same total; `bullet`: all of the principal with the last. The principal parts sum to the loan; the last takes the remainder.
 */
export function loanSchedule(terms: LoanTerms): Instalment[] {
  const { amount, method, instalments, everyMonths, firstDue } = terms;
  const percentEach = rate(terms.ratePercent).times(everyMonths).div(12);
  const part = paise(amount / BigInt(instalments));
  const each = method === "emi" ? equalInstalment(amount, terms) : ZERO;
  const rows: Instalment[] = [];
  let outstanding = amount;
  for (let no = 1; no <= instalments; no++) {
    const interest = percentOf(outstanding, percentEach);
    const regular =
      method === "bullet" ? ZERO : method === "equal-principal" ? part : max(ZERO, subtract(each, interest));
    const principal = no === instalments ? outstanding : min(outstanding, regular);
    outstanding = subtract(outstanding, principal);
    rows.push({
      no,
      due: addMonths(firstDue, (no - 1) * everyMonths),
      principal,
      interest,
      total: add(principal, interest),
      outstanding,
    });
  }
  return rows;
}

/** amount × r ÷ (1 − (1 + r)^−n), to the paisa. */
function equalInstalment(amount: Paise, { ratePercent, everyMonths, instalments }: LoanTerms): Paise {
  const r = rate(ratePercent).times(everyMonths).div(1200);
  if (r.isZero()) return paise(amount / BigInt(instalments));
  const grown = r.plus(1).pow(instalments);
  return percentOf(amount, r.times(grown).div(grown.minus(1)).times(100));
}
