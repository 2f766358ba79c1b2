import type { LocalDate } from "../../ledger/kernel/dates.ts";
import type { EntryTemplate } from "../entries.ts";
import type { Ref } from "../tokens.ts";
import type { BankCalendar } from "./calendar.ts";

/** A bank statement line to be matched; amount in paise, positive when the bank credited us. */
export type MatchLine = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: bigint;
  readonly narration: string;
  readonly reference: string;
};

export type ItemKind = "cheque-issued" | "cheque-deposited" | "transfer" | "settlement" | "cash" | "other";

/** Something the books expect at the bank; amount in paise, positive when the bank book was (or will be) debited. */
export type MatchItem = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: bigint;
  readonly kind: ItemKind;
  readonly refs: readonly Ref[];
  /** Slip, bulk batch or settlement under which the bank books several items as one line (compared like a reference). */
  readonly group?: string | undefined;
};

export type Pass = "P0" | "P1" | "P1b" | "P1c" | "P2" | "P3" | "P4" | "P5" | "P6" | "manual" | "opening";

export type Match = {
  readonly pass: Pass;
  readonly lines: readonly string[];
  readonly items: readonly string[];
  /** What proves (or suggests) it, for a person to read. */
  readonly evidence: string;
};

export type ProposedEntry = {
  readonly pass: "P3";
  readonly line: string;
  readonly template: EntryTemplate;
  readonly evidence: string;
};

export type ExceptionKind =
  | "ambiguous" // several lines or items share the evidence: nobody is taken
  | "amount-differs" // the reference is there, the amount is another
  | "deposit-differs" // the slip or batch is there, its sum is another
  | "cheque-returned"
  | "bank-error" // the bank's own correction, whose other half is not found
  | "direct-grant" // a grant or scheme money credited by a government
  | "unidentified-credit"
  | "unidentified-debit"
  | "stale-cheque" // issued, not presented within its validity
  | "overdue"; // deposited or sent, not at the bank within its window

export type Exception = {
  readonly subject: "line" | "item";
  readonly id: string;
  readonly kind: ExceptionKind;
  /** The other side's ids that share the evidence; at most twenty. */
  readonly candidates: readonly string[];
  /** The entry that would settle it, when there is a usual one. */
  readonly template?: EntryTemplate;
};

export type MatchResult = {
  readonly rules: string;
  /** Proved by reference: may be booked without a person. */
  readonly confirmed: readonly Match[];
  /** Likely: a person accepts or not. */
  readonly proposed: readonly Match[];
  /** Bank-originated lines with the entry that would book them. */
  readonly proposedEntries: readonly ProposedEntry[];
  readonly exceptions: readonly Exception[];
  /** Items that are simply on their way: cheques not yet presented, deposits not yet credited. */
  readonly outstanding: readonly string[];
};

export type MatchOptions = {
  /** The bank's working days; without it Sundays, second and fourth Saturdays and the three national holidays are closed. */
  readonly calendar?: BankCalendar;
};
