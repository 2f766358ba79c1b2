import { daysBetween, financialYearOf, periodOf, type LocalDate } from "../ledger/kernel/dates.ts";
import { negate, subtract, sum, type Paise } from "../ledger/kernel/money.ts";
import type { EntryTemplate } from "./entries.ts";
import { isStale, type ItemKind } from "./match.ts";

/** A book item that the bank does not show yet; positive is a debit of the bank book. */
export type BrsItem = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly kind: ItemKind;
  /** Voucher number, for the annexure. */
  readonly voucher: string;
  /** Cheque number, UTR or settlement id. */
  readonly reference: string;
  readonly text: string;
};

/** A statement line that the books do not show yet; positive is a credit by the bank. */
export type BrsLine = {
  readonly id: string;
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly text: string;
  readonly reference: string;
  /** What it looks like: the entry that would book it. */
  readonly template?: EntryTemplate | undefined;
  readonly isBankError?: boolean;
};

export type BrsGroupKey =
  | "cheques-issued"
  | "other-issued"
  | "interest"
  | "other-credits"
  | "unidentified-credits"
  | "cheques-deposited"
  | "settlements-in-transit"
  | "other-deposited"
  | "charges"
  | "other-debits"
  | "bank-errors"
  | "opening";

export type BrsAge = "up to 30 days" | "31 to 90 days" | "91 to 180 days" | "over 180 days" | "earlier year";

export type BrsDetail = {
  readonly id: string;
  readonly date: LocalDate;
  /** Signed as it enters the group's total. */
  readonly amount: Paise;
  readonly voucher: string;
  readonly reference: string;
  readonly text: string;
  readonly ageDays: number;
  readonly age: BrsAge;
  readonly isEarlierMonth: boolean;
  /** An issued cheque past its validity: it stays listed until the books cancel it. */
  readonly isStale: boolean;
};

export type BrsGroup = {
  readonly key: BrsGroupKey;
  /** "Add: …" or "Less: …", as the form says it. */
  readonly label: string;
  /** Positive for additions, negative for deductions. */
  readonly total: Paise;
  readonly details: readonly BrsDetail[];
};

export type Brs = {
  readonly account: string;
  readonly asOf: LocalDate;
  readonly bookBalance: Paise;
  readonly groups: readonly BrsGroup[];
  /** Book balance with all groups: what the bank should say. */
  readonly computedBalance: Paise;
  readonly statementBalance: Paise;
  /** computed − statement; a reconciliation with a difference is not one. */
  readonly difference: Paise;
  readonly isProved: boolean;
};

const LABELS: Record<BrsGroupKey, string> = {
  "cheques-issued": "Add: cheques issued but not presented",
  "other-issued": "Add: other payments issued, not debited by bank",
  interest: "Add: interest credited by bank, not in book",
  "other-credits": "Add: amounts credited by bank, not in book",
  "unidentified-credits": "Add: amounts credited by bank, not in book (unidentified)",
  "cheques-deposited": "Less: cheques deposited but not credited",
  "settlements-in-transit": "Less: gateway settlements not yet credited",
  "other-deposited": "Less: other deposits not yet credited",
  charges: "Less: bank charges debited, not in book",
  "other-debits": "Less: other amounts debited by bank, not in book",
  "bank-errors": "Add or less: errors of the bank, not yet reversed",
  opening: "Add or less: opening balance of the first statement, not yet agreed with the book",
};

/**
 * Composes the bank reconciliation statement of one bank book at a date: from the book balance through every item of either side to what
 * the bank should say, which must be what it says. Items stay listed however old they are; groups without items are left out.
 */
export function composeBrs(input: {
  readonly account: string;
  readonly asOf: LocalDate;
  readonly bookBalance: Paise;
  readonly statementBalance: Paise;
  readonly items: readonly BrsItem[];
  readonly lines: readonly BrsLine[];
  /** The balance with which the first statement opened, while nobody has agreed it with the book. */
  readonly openingUnmatched?: { readonly amount: Paise; readonly date: LocalDate };
}): Brs {
  const byKey = new Map<BrsGroupKey, BrsDetail[]>();
  const put = (key: BrsGroupKey, detail: BrsDetail): void => {
    const list = byKey.get(key);
    if (list) list.push(detail);
    else byKey.set(key, [detail]);
  };
  for (const item of input.items) {
    // The book has it, the bank has not: the bank's balance is the book's without it.
    put(
      itemGroup(item),
      detailOf(
        input.asOf,
        item,
        negate(item.amount),
        item.voucher,
        item.kind === "cheque-issued" && isStale(item.date, input.asOf),
      ),
    );
  }
  for (const line of input.lines) put(lineGroup(line), detailOf(input.asOf, line, line.amount, "", false));
  if (input.openingUnmatched && input.openingUnmatched.amount !== 0n) {
    const { amount, date } = input.openingUnmatched;
    put(
      "opening",
      detailOf(
        input.asOf,
        { id: "opening", date, reference: "", text: "opening balance of the first statement" },
        amount,
        "",
        false,
      ),
    );
  }
  const groups = (Object.keys(LABELS) as BrsGroupKey[]).flatMap((key): BrsGroup[] => {
    const details = byKey.get(key);
    if (!details) return [];
    details.sort((a, b) => (a.date === b.date ? (a.id < b.id ? -1 : 1) : a.date < b.date ? -1 : 1));
    return [{ key, label: LABELS[key], total: sum(details.map((d) => d.amount)), details }];
  });
  const computedBalance = sum([input.bookBalance, ...groups.map((g) => g.total)]);
  const difference = subtract(computedBalance, input.statementBalance);
  return {
    account: input.account,
    asOf: input.asOf,
    bookBalance: input.bookBalance,
    groups,
    computedBalance,
    statementBalance: input.statementBalance,
    difference,
    isProved: difference === 0n,
  };
}

/** Pure: items that are no part of the statement (they stand in another head), with their age at the day, the oldest first. */
export function memorandumOf(asOf: LocalDate, items: readonly BrsItem[]): BrsDetail[] {
  return items
    .map((i) => detailOf(asOf, i, i.amount, i.voucher, false))
    .sort((a, b) => (a.date === b.date ? (a.id < b.id ? -1 : 1) : a.date < b.date ? -1 : 1));
}

function itemGroup(item: BrsItem): BrsGroupKey {
  if (item.amount < 0n) return item.kind === "cheque-issued" ? "cheques-issued" : "other-issued";
  if (item.kind === "cheque-deposited") return "cheques-deposited";
  return item.kind === "settlement" ? "settlements-in-transit" : "other-deposited";
}

function lineGroup(line: BrsLine): BrsGroupKey {
  if (line.isBankError) return "bank-errors";
  if (line.amount < 0n) return line.template === "bank-charge" ? "charges" : "other-debits";
  if (line.template === "bank-interest") return "interest";
  return line.template === "unidentified-credit" ? "unidentified-credits" : "other-credits";
}

function detailOf(
  asOf: LocalDate,
  from: { readonly id: string; readonly date: LocalDate; readonly reference: string; readonly text: string },
  amount: Paise,
  voucher: string,
  stale: boolean,
): BrsDetail {
  const ageDays = daysBetween(from.date, asOf);
  return {
    id: from.id,
    date: from.date,
    amount,
    voucher,
    reference: from.reference,
    text: from.text,
    ageDays,
    age: ageOf(from.date, asOf, ageDays),
    isEarlierMonth: periodOf(from.date) < periodOf(asOf),
    isStale: stale,
  };
}

function ageOf(date: LocalDate, asOf: LocalDate, days: number): BrsAge {
  if (financialYearOf(date) < financialYearOf(asOf)) return "earlier year";
  return days <= 30 ? "up to 30 days" : days <= 90 ? "31 to 90 days" : days <= 180 ? "91 to 180 days" : "over 180 days";
}
