import type { Resolution, ResolutionKind } from "../../../reconciliation/index.ts";

/** Kinds of exceptions, in the words of the office. */
const KINDS: Readonly<Record<string, string>> = {
  "bank-charge": "Bank charge",
  "bank-interest": "Interest of the bank",
  "unidentified-credit": "Credit not identified",
  "unidentified-debit": "Debit not identified",
  "unidentified-held": "Held, payer not known",
  "cheque-returned": "Cheque returned",
  "stale-cheque": "Stale cheque",
  ambiguous: "Ambiguous",
  "amount-differs": "Amount differs",
  "short-deposit": "Short or split deposit",
  overdue: "Overdue at the bank",
  settlement: "Gateway settlement",
  proposed: "Proposed match",
  proved: "Proved, to be written",
  outstanding: "On its way",
};
export const kindName = (kind: string): string => KINDS[kind] ?? kind.replaceAll("-", " ");
export const KIND_OPTIONS: readonly { readonly value: string; readonly label: string }[] = Object.entries(KINDS).map(
  ([value, label]) => ({ value, label }),
);

export const TEMPLATE_NAMES: Readonly<Record<ResolutionKind, string>> = {
  "bank-charge": "Bank charge",
  "bank-interest": "Interest of the bank",
  "unidentified-credit": "Hold it as an unidentified credit",
  "named-head": "Book it against a head",
  receipt: "Receipt: the payer is known",
  "cheque-returned": "A deposited cheque came back",
  "bank-error": "An error of the bank",
  "wrong-account": "Booked by the bank in the wrong account",
  difference: "Match it, and book the difference",
  "stale-cheque": "Take the stale cheque back",
  "reverse-entry": "Take the book's entry back",
  "settlement-adjusted": "Book the settlement with its adjustments",
};

export const ROLE_NAMES: Readonly<Record<string, string>> = {
  "cash-shortage": "Cash short, to be recovered",
  "cash-excess": "Cash or money in excess",
  "bank-claims": "Claim on the bank or the gateway (also a chargeback)",
  "bank-charges": "Charge that the bank kept back",
  "item-entry": "The book's entry has a wrong amount: correct it",
  "gateway-fee": "Fee of the gateway",
};

/** What was proposed, in one sentence. */
export function resolutionText(r: Resolution): string {
  const name = TEMPLATE_NAMES[r.kind];
  switch (r.kind) {
    case "named-head":
      return `${name}: ${r.account}${r.function === undefined ? "" : `, function ${r.function}`}`;
    case "receipt":
      return `${name}, reference ${r.utr}`;
    case "difference":
    case "settlement-adjusted":
      return `${name}: ${ROLE_NAMES[r.role] ?? r.role}`;
    case "wrong-account":
      return `${name}: the book of ${r.otherAccount} waits for it`;
    default:
      return name;
  }
}
