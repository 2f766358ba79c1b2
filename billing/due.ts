import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { paise, type Paise } from "../ledger/kernel/money.ts";
import type { KeptTerms } from "./demand-terms.ts";

/** "property-tax", "water" …: what a consumer is billed for. Further services are data (service terms and tax heads). */
export type Service = string;

/** `cess` is levied for the State on top of another head and is never income of the ULB. */
export type HeadKind = "tax" | "charge" | "fee" | "penalty" | "interest" | "cess";

/** `accrual`: the demand posts income and a receivable. `receipt`: income when it is paid (NMAM: penalties, one-off charges). */
export type Basis = "accrual" | "receipt";

/** The accounts and dimensions that the entries of one demand line use, fixed when the demand was raised. */
export type LineAccounts = {
  /** Null on receipt basis: nothing is receivable in the books. */
  readonly receivable: string | null;
  /** Null when the line is wholly cess. */
  readonly income: string | null;
  readonly advance: string;
  readonly cessControl: string | null;
  readonly cessPayable: string | null;
  readonly rebate: string | null;
  readonly provision: string | null;
  readonly cessProvision: string | null;
  readonly writeOff: string | null;
  readonly fund: string;
  readonly function: string;
};

/**
 * One line of a demand: a tax head, what was demanded under it and what of it is settled. `amount` holds the cess demanded with
 * the head (`cess`), because they are paid, written off and aged together.
 */
export type DemandLine = {
  readonly demandId: string;
  readonly taxHead: string;
  readonly kind: HeadKind;
  readonly basis: Basis;
  readonly service: Service;
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
  /** Paid in full by this day, the demand earns the service's rebate. */
  readonly rebateUntil: LocalDate | null;
  /** Among heads of one period the lowest is settled first. */
  readonly priority: number;
  readonly amount: Paise;
  readonly cess: Paise;
  readonly cessHead: string | null;
  readonly settled: Paise;
  readonly cessSettled: Paise;
  /** What of `settled` was taken off after it was demanded (credit note, remission …): no penalty and no rebate on it. Absent: nothing. */
  readonly reduced?: { readonly amount: Paise; readonly cess: Paise };
  readonly ward: string;
  /** The terms of early and late payment that a rule file gave the demand. Absent: those of the service on the day hold. */
  readonly terms?: KeptTerms;
  readonly accounts: LineAccounts;
};

/** One per demand and head: the name under which a line is allocated to. */
export function lineKey(line: { readonly demandId: string; readonly taxHead: string }): string {
  return `${line.demandId}/${line.taxHead}`;
}

/** What is still to be paid of the line, in paise; never negative. */
export function outstandingOf(line: { readonly amount: Paise; readonly settled: Paise }): Paise {
  return paise(line.amount - line.settled);
}

/** What is demanded of the line after all that was taken off it. */
export function demandedOf(line: Pick<DemandLine, "amount" | "cess" | "reduced">): {
  readonly amount: Paise;
  readonly cess: Paise;
} {
  return {
    amount: paise(line.amount - (line.reduced?.amount ?? 0n)),
    cess: paise(line.cess - (line.reduced?.cess ?? 0n)),
  };
}

/**
 * Whether the line is owed because something else was not paid in time: penalty, interest, or the fee of a day (a returned cheque, a notice). A fee
 * of a period (a licence, GST on rent) is demanded like a tax.
 */
export function isOfLateness(line: Pick<DemandLine, "kind" | "periodFrom" | "periodTo">): boolean {
  return (
    line.kind === "penalty" || line.kind === "interest" || (line.kind === "fee" && line.periodFrom === line.periodTo)
  );
}
