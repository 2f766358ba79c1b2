import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { paise, rupees, toRupees, type Paise } from "../../ledger/kernel/money.ts";
import type { Line } from "../../ledger/index.ts";
import type { Json } from "../../ledger/kernel/audit.ts";
import type { ExceptionSubject, Resolution } from "./templates.ts";

/** What a person has to decide. */
export type BankException = {
  readonly id: string;
  readonly account: string;
  readonly subject: ExceptionSubject;
  readonly subjectId: string;
  readonly kind: string;
  /** Signed as the bank, or the book, moved. */
  readonly amount: Paise;
  readonly date: LocalDate;
  readonly particulars: string;
  readonly reference: string;
  readonly candidates: readonly string[];
  readonly template: string | null;
  readonly status: "open" | "proposed" | "closed";
  readonly owner: string | null;
  readonly dueOn: LocalDate;
  readonly note: string | null;
  readonly isBankError: boolean;
  readonly proposalId: string | null;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  readonly resolution: string | null;
  /** Days since its date, as of today. */
  readonly ageDays: number;
};

/** One line of the entry that a proposal drafted. */
export type DraftLine = {
  readonly side: "debit" | "credit";
  readonly account: string;
  readonly amount: Paise;
  readonly party: string | null;
};

export type Proposal = {
  readonly id: string;
  readonly exceptionId: string;
  readonly resolution: Resolution;
  readonly draft: readonly DraftLine[];
  readonly reason: string;
  readonly proposedAt: Date;
  readonly proposedBy: string;
  readonly decision: {
    readonly outcome: "approved" | "rejected" | "withdrawn";
    readonly by: string;
    readonly at: Date;
    readonly reason: string | null;
    readonly entryId: bigint | null;
    readonly matchId: string | null;
  } | null;
};

export function draftLines(lines: readonly Pick<Line, "side" | "account" | "amount" | "party">[]): DraftLine[] {
  return lines.map((l) => ({
    side: l.side,
    account: l.account,
    amount: l.amount,
    party: l.party ? `${l.party.type} ${l.party.id}` : null,
  }));
}

/** "Dr 2407001 118.00, Cr 4502101 118.00". */
export function draftText(draft: readonly DraftLine[]): string {
  return draft.length === 0
    ? "no entry"
    : draft.map((l) => `${l.side === "debit" ? "Dr" : "Cr"} ${l.account} ${toRupees(l.amount)}`).join(", ");
}

export function draftToJson(draft: readonly DraftLine[]): Json {
  return draft.map((l) => ({ ...l, amount: toRupees(l.amount) }));
}
export function draftFromJson(json: readonly (Omit<DraftLine, "amount"> & { readonly amount: string })[]): DraftLine[] {
  return json.map((l) => ({ ...l, amount: rupees(l.amount) }));
}

export function resolutionToJson(resolution: Resolution): Json {
  return Object.fromEntries(
    Object.entries(resolution)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]): [string, Json] => [key, typeof value === "bigint" ? String(value) : (value as Json)]),
  );
}

/** The reverse; `kind` and what it asks for were checked when it was written. */
export function resolutionFromJson(json: Record<string, unknown>): Resolution {
  if (json["kind"] !== "cheque-returned") return json as Resolution;
  const textOf = (name: string): string => (typeof json[name] === "string" ? json[name] : "");
  const amountOf = (name: string): Paise => paise(BigInt(textOf(name)));
  return {
    kind: "cheque-returned",
    instrumentId: textOf("instrumentId"),
    bankCharge: amountOf("bankCharge"),
    payerCharge: amountOf("payerCharge"),
  };
}
