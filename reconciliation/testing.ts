import { cr, dr, postEntry, type PostedEntry } from "../ledger/index.ts";
import { localDate, type LocalDate } from "../ledger/kernel/dates.ts";
import { negate, paise, rupees, toRupees, type Paise } from "../ledger/kernel/money.ts";
import type { App, Tx } from "../ledger/kernel/tx.ts";
import { testUlb, type TestUlb } from "../ledger/testing.ts";
import { addBankAccount } from "./bank-accounts.ts";
import { importStatement, type StatementReport } from "./statements.ts";

/** The bank account of the fixtures. */
export const BANK = "4502101";

export type BankUlb = TestUlb & {
  /** A receipt (positive) or payment (negative) in the bank book. */
  book(date: string, amount: string, narration: string): Promise<PostedEntry>;
  /** Imports a statement made of lines. */
  bank(
    opening: string,
    lines: readonly BankRow[],
    options?: { readonly name?: string; readonly through?: LocalDate },
  ): Promise<StatementReport>;
};

/** Date, signed amount, narration, reference. */
export type BankRow = readonly [date: string, amount: string, narration: string, reference?: string];

/** A ULB with one bank account, and short words for what happens in its book and at its bank. */
export async function bankUlb(app: App): Promise<BankUlb> {
  const town = await testUlb(app);
  await town.tx("accountant", (tx) =>
    addBankAccount(tx, {
      account: BANK,
      bank: "State Bank of India",
      branch: "Testpur",
      name: "Main account",
      number: "00000012345678",
    }),
  );
  return {
    ...town,
    book: (date, amount, narration) => town.tx("accountant", (tx) => bookMovement(tx, date, amount, narration)),
    bank: (opening, lines, options = {}) =>
      town.tx("accountant", (tx) =>
        importStatement(tx, {
          account: BANK,
          csv: statementCsv(opening, lines),
          fileName: options.name ?? "statement.csv",
          ...(options.through ? { through: options.through } : {}),
        }),
      ),
  };
}

let facts = 0;

/** Posts a receipt into the bank book, or a payment out of it, against the ULB's opening balance head. */
async function bookMovement(tx: Tx, date: string, amount: string, narration: string): Promise<PostedEntry> {
  const value = rupees(amount);
  const out = value < 0n;
  const sum: Paise = out ? negate(value) : value;
  facts += 1;
  return postEntry(tx, {
    voucher: out ? "payment" : "receipt",
    date: localDate(date),
    narration,
    source: { type: "test", id: `${facts}` },
    lines: out ? [dr("3101001", sum), cr(BANK, sum)] : [dr(BANK, sum), cr("3101001", sum)],
  });
}

/** A statement in the generic layout, with a right balance chain. */
export function statementCsv(opening: string, lines: readonly BankRow[]): string {
  let balance: bigint = rupees(opening);
  const rows = lines.map(([date, amount, narration, reference = ""]) => {
    const value = rupees(amount);
    balance += value;
    const [debit, credit] = value < 0n ? [toRupees(negate(value)), ""] : ["", toRupees(value)];
    return `${date},${date},${narration},${reference},${debit},${credit},${toRupees(paise(balance))}`;
  });
  return ["date,value_date,narration,reference,debit,credit,balance", ...rows].join("\n");
}
