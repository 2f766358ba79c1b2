import type { AmountColumns, BankProfile } from "../profiles.ts";
import { normalise } from "./cells.ts";

/** What a column of a statement is, by its title. */
export type ColumnRole =
  | "date"
  | "value-date"
  | "narration"
  | "reference"
  | "debit"
  | "credit"
  | "amount"
  | "mark"
  | "balance"
  | "balance-mark";

// The titles banks use, in English and Hindi, without blanks, points, brackets and the currency.
const ROLES: readonly (readonly [ColumnRole, RegExp])[] = [
  ["value-date", /^value(date|dt|dat|d)?$|^मूल्यतिथि$/],
  [
    "date",
    /^(txn|tran|trans|transaction|post|posting|posted|txnposted|transactionposted|booking|entry|book)?(date|dt|datetime|dateandtime)$|^dateof(transaction|txn|posting)$|^(लेनदेन)?(दिनांक|तारीख|तिथि)$/,
  ],
  [
    "mark",
    /^((dr|debit)(or)?(cr|credit)|(cr|credit)(or)?(dr|debit))(indicator|flag)?$|^(txn|tran|transaction)?type(drcr|crdr)?$|^(dc|cd)(flag|indicator)?$|^(withdrawal|withdrawals)(dr)?(or)?(deposit|deposits)(cr)?$/,
  ],
  [
    "balance",
    /^(closing|running|available|ledger|current|account|book|total)?(balance|bal)(amount|amt)?$|^(शेष|बकाया)(राशि)?$/,
  ],
  [
    "debit",
    /^(debit|debits|dr|withdrawal|withdrawals|withdrawl|withdraws|paidout|payments?)(dr|debit)?(amount|amt)?$|^amount(debit|dr|withdrawn)$|^(नामे|आहरण|निकासी)(राशि)?$/,
  ],
  [
    "credit",
    /^(credit|credits|cr|deposit|deposits|paidin|receipts?|lodgement)(cr|credit)?(amount|amt)?$|^amount(credit|cr|deposited)$|^जमा(राशि)?$/,
  ],
  ["amount", /^(txn|tran|transaction|trans)?(amount|amt)$|^राशि$/],
  [
    "narration",
    /^(transaction|txn|tran|trans)?(narration|naration|description|desc|particulars?|remarks?|details?)+(of(the)?transactions?)?$|^(विवरण|ब्यौरा)$/,
  ],
  [
    "reference",
    /^(cheque|chq|check|chque|inst|instrument|instr|ref|reference|utr|rrn|tran|transaction|txn|bankref|customerref)+(no|number|num|id)?(cheque|chq|ref|reference|utr|instrument)?(no|number|num|id)?$|^(संदर्भ|चेक)(संख्या)?$/,
  ],
];

/** The role of each title in a row, in the row's order; undefined where the title means none. */
export function columnsIn(titles: readonly string[]): (ColumnRole | undefined)[] {
  return titles.map((title) => {
    // "Withdrawal (Rs)" is a withdrawal; "Particulars" ends in the same letters and is itself.
    const whole = normalise(title);
    const plain = whole.replace(/(in)?(inr|rs|rupees)$/, "");
    return ROLES.find(([, pattern]) => pattern.test(whole) || pattern.test(plain))?.[0];
  });
}

/**
 * A profile from named columns: for a bank that none of the versioned profiles knows. Days come before months, as every Indian bank writes
 * them; the balance chain of the file must still prove what is read. Undefined when the columns are not enough for a statement: a date,
 * a narration or reference, and amounts with their direction.
 */
export function profileFromTitles(
  roles: readonly (ColumnRole | undefined)[],
  titles: readonly string[],
  id = "usual-titles",
): BankProfile | undefined {
  const of = (role: ColumnRole): string | undefined => {
    const at = roles.indexOf(role);
    return at < 0 ? undefined : titles[at];
  };
  const date = of("date") ?? of("value-date");
  const narration = of("narration") ?? of("reference");
  const amount = amountColumns(of);
  const balance = of("balance");
  if (date === undefined || narration === undefined || amount === undefined) return undefined;
  const valueDate = of("value-date");
  const reference = of("reference");
  const balanceMark = of("balance-mark");
  const marks = roles.flatMap((r, i) => (r === "mark" ? [i] : []));
  const behindBalance = marks.find((i) => balance !== undefined && i > roles.indexOf("balance"));
  return {
    id,
    version: 1,
    bank: "Any bank, by the usual titles of the columns",
    dates: ["dd/mm/yyyy", "dd/mm/yy", "d mmm yyyy", "yyyy-mm-dd"],
    date,
    narration,
    amount,
    ...(valueDate === undefined || valueDate === date ? {} : { valueDate }),
    ...(reference === undefined || reference === narration ? {} : { reference }),
    ...(balance === undefined ? {} : { balance }),
    ...(balanceMark !== undefined
      ? { balanceMark }
      : behindBalance !== undefined && marks.length > 1
        ? { balanceMark: titles[behindBalance] ?? "" }
        : {}),
    opening: /^opening bal(ance)?\b/i,
    closing: /^closing bal(ance)?\b/i,
  };
}

function amountColumns(of: (role: ColumnRole) => string | undefined): AmountColumns | undefined {
  const [debit, credit, amount, mark] = [of("debit"), of("credit"), of("amount"), of("mark")];
  if (debit !== undefined && credit !== undefined) return { kind: "two-columns", debit, credit };
  if (amount !== undefined && mark !== undefined) return { kind: "marked", amount, mark };
  // One column "Debit/Credit": its figures have a sign or a suffix.
  const only = amount ?? mark;
  return only === undefined ? undefined : { kind: "signed", amount: only };
}
