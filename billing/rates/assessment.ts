import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { Paise } from "../../ledger/kernel/money.ts";

export type AssessedPeriod = { readonly from: LocalDate; readonly to: LocalDate };

/** A piece of a step's result; the pieces of a step add up to it. Figures are exact decimals as text. */
export type Part =
  | {
      readonly what: "slab";
      readonly from: string;
      readonly to: string | null;
      readonly quantity: string;
      readonly rate: string;
      readonly value: string;
    }
  | { readonly what: "term" | "minimum" | "maximum" | "rounding"; readonly value: string }
  | {
      readonly what: "days";
      readonly days: number;
      readonly of: number;
      readonly full: string;
      readonly value: string;
    };

/** One rule at work: what it saw and what it gave. JSON, kept with the demand; `explain` puts it into words. */
export type Step = {
  readonly rule: string;
  readonly version: number;
  /** The part of the period, from 1, when a rule changed inside it. */
  readonly stretch?: number;
  /** The item of the rule's list, from 1. */
  readonly item?: number;
  readonly head?: string;
  readonly figures: Readonly<Record<string, string | boolean>>;
  readonly parts: readonly Part[];
  readonly result: string;
};

export type HeadAmount = { readonly head: string; readonly amount: Paise };

/** A rebate that paying on the day earns, until that day. */
export type Early = { readonly rule: string; readonly amount: Paise; readonly until: LocalDate };
/** A late charge under its head, on this period's demand or on an arrear of the period that began then. */
export type Late = {
  readonly rule: string;
  readonly head: string;
  readonly amount: Paise;
  readonly periodFrom: LocalDate;
};

/** What is demanded for a period, and what is to be paid on a day, with the arithmetic. */
export type Assessment = {
  readonly service: string;
  readonly file: string;
  readonly fileVersion: number;
  readonly fileHash: string;
  readonly period: AssessedPeriod;
  readonly asOf: LocalDate;
  readonly dueDate: LocalDate;
  /** The demand: heads that are not nil, in the file's order. */
  readonly heads: readonly HeadAmount[];
  readonly demand: Paise;
  /** What exemptions took off; it is not in the heads. */
  readonly exempted: Paise;
  readonly paid: Paise;
  readonly arrears: Paise;
  /** Off, if all is paid on the day. */
  readonly rebates: readonly Early[];
  readonly late: readonly Late[];
  readonly rounding: Paise;
  /** demand − paid + arrears − rebates + late + rounding. */
  readonly payable: Paise;
  readonly steps: readonly Step[];
};
