import { cr, dr, type Line, type PostingKey, type VoucherType } from "../../ledger/index.ts";
import { invariant } from "../../ledger/kernel/errors.ts";
import { negate, subtract, type Paise } from "../../ledger/kernel/money.ts";

/*
 * The ways out of an exception, as pure functions: which fit what, and the entry that each drafts. Accounts come by their role from the posting
 * map, or a person names the head; no code of an account stands here.
 */

/** What an exception is about: a statement line, a book item, a settlement, or money held among unidentified credits. */
export type ExceptionSubject = "line" | "item" | "settlement" | "held";

export const RESOLUTION_KINDS = [
  "bank-charge",
  "bank-interest",
  "unidentified-credit",
  "named-head",
  "receipt",
  "cheque-returned",
  "bank-error",
  "wrong-account",
  "difference",
  "stale-cheque",
  "reverse-entry",
  "settlement-adjusted",
] as const;
export type ResolutionKind = (typeof RESOLUTION_KINDS)[number];

/** Where a difference goes: to a role of the posting map, or to the head against which the item was booked. */
export const DIFFERENCE_ROLES = ["cash-shortage", "cash-excess", "bank-claims", "bank-charges", "item-entry"] as const;
export type DifferenceRole = (typeof DIFFERENCE_ROLES)[number];

/** What the adjustments of a settlement are. */
export const ADJUSTMENT_ROLES = ["bank-claims", "gateway-fee", "cash-excess"] as const;
export type AdjustmentRole = (typeof ADJUSTMENT_ROLES)[number];

/** What the maker decides; everything else follows from the exception. */
export type Resolution =
  | { readonly kind: "bank-charge" | "bank-interest" | "unidentified-credit" | "bank-error" }
  | { readonly kind: "stale-cheque" | "reverse-entry" }
  /** A head that the maker names: a direct grant, interest on a deposit, a payment that the books missed. */
  | { readonly kind: "named-head"; readonly account: string; readonly function?: string | undefined }
  /** The payer is known: a receipt through the register of receipts, under the bank's reference. */
  | { readonly kind: "receipt"; readonly consumerId: string; readonly utr: string }
  | {
      readonly kind: "cheque-returned";
      readonly instrumentId: string;
      /** Part of this line that is the bank's charge; usually a line of its own. */
      readonly bankCharge: Paise;
      readonly payerCharge: Paise;
    }
  /** The money stands in this account, the book waits for it in another: a contra between the two. */
  | { readonly kind: "wrong-account"; readonly otherAccount: string; readonly otherItem: string }
  | { readonly kind: "difference"; readonly items: readonly string[]; readonly role: DifferenceRole }
  | { readonly kind: "settlement-adjusted"; readonly role: AdjustmentRole };

/** A deposited leaf in clearing: its exception names it as the open item does. */
export const isLeaf = (subjectId: string): boolean => subjectId.startsWith("leaf:");

/** The templates that fit an exception, the likeliest first. */
export function fitting(exception: {
  readonly subject: ExceptionSubject;
  readonly subjectId: string;
  readonly kind: string;
  readonly amount: Paise;
  readonly template: string | null;
}): readonly ResolutionKind[] {
  // Only the bank ends the wait for a leaf in clearing: by its credit, or by its return.
  if (isLeaf(exception.subjectId)) return [];
  const all = allFitting(exception.subject, exception.amount);
  const first = all.filter((k) => k === exception.template || k === exception.kind);
  return [...first, ...all.filter((k) => !first.includes(k))];
}

function allFitting(subject: ExceptionSubject, amount: Paise): readonly ResolutionKind[] {
  switch (subject) {
    case "line":
      return amount < 0n
        ? ["bank-charge", "cheque-returned", "difference", "named-head", "wrong-account", "bank-error"]
        : [
            "bank-interest",
            "receipt",
            "unidentified-credit",
            "difference",
            "named-head",
            "wrong-account",
            "bank-error",
          ];
    case "item":
      return amount < 0n ? ["stale-cheque", "reverse-entry"] : ["reverse-entry"];
    case "held":
      return ["receipt", "named-head"];
    case "settlement":
      return ["settlement-adjusted"];
  }
}

/** The posting-map key behind each simple template. */
export const ROLE_OF = {
  "bank-charge": "bank-charges",
  "bank-interest": "bank-interest",
  "unidentified-credit": "unidentified-credits",
} as const satisfies Partial<Record<ResolutionKind, PostingKey>>;

/** Income and expense of banks are the business of Finance, Accounts and Audit (NMAM function 03). */
export const FINANCE_FUNCTION = "03";
const NEEDS_FUNCTION: ReadonlySet<string> = new Set(["bank-charge", "bank-interest"]);

export type Draft = { readonly voucher: VoucherType; readonly lines: readonly Line[] };

/**
 * What a line of the bank moved, booked against one head: Dr bank, Cr head when the bank credited us, the other way round when it debited us.
 * `amount` is the line's, signed.
 */
export function againstHead(
  amount: Paise,
  heads: { readonly bank: string; readonly other: string },
  dims: { readonly fund: string; readonly function?: string | undefined; readonly party?: Line["party"] },
): Draft {
  invariant(amount !== 0n, "a bank line moves money");
  const { fund } = dims;
  const side = {
    fund,
    ...(dims.function ? { function: dims.function } : {}),
    ...(dims.party ? { party: dims.party } : {}),
  };
  return amount > 0n
    ? { voucher: "receipt", lines: [dr(heads.bank, amount, { fund }), cr(heads.other, amount, side)] }
    : { voucher: "payment", lines: [dr(heads.other, negate(amount), side), cr(heads.bank, negate(amount), { fund })] };
}

/** The function that a simple template's head is booked under. */
export const functionOf = (kind: ResolutionKind): string | undefined =>
  NEEDS_FUNCTION.has(kind) ? FINANCE_FUNCTION : undefined;

/**
 * The entry of a difference between the bank and the book: with it the items come to what the bank shows. Positive: the bank has more.
 */
export function differenceDraft(
  atBank: Paise,
  inBook: Paise,
  heads: { readonly bank: string; readonly other: string },
  dims: { readonly fund: string; readonly function?: string | undefined },
): Draft {
  return againstHead(subtract(atBank, inBook), heads, dims);
}

/** Money of one bank book that stands in another: Dr where it is, Cr where it was expected (or the other way round for a debit). */
export function contraDraft(amount: Paise, here: string, there: string, fund: string): Draft {
  return amount > 0n
    ? { voucher: "contra", lines: [dr(here, amount, { fund }), cr(there, amount, { fund })] }
    : { voucher: "contra", lines: [cr(here, negate(amount), { fund }), dr(there, negate(amount), { fund })] };
}

/** Unidentified credits that are explained without a receipt: Dr unidentified credits, Cr the head. A journal: no bank moves. */
export function heldDraft(
  amount: Paise,
  heads: { readonly unidentified: string; readonly other: string },
  dims: { readonly fund: string; readonly function?: string | undefined },
): Draft {
  const { fund } = dims;
  return {
    voucher: "journal",
    lines: [
      dr(heads.unidentified, amount, { fund }),
      cr(heads.other, amount, { fund, ...(dims.function ? { function: dims.function } : {}) }),
    ],
  };
}
