import { accountStatement, type StatementCursor, type StatementLine } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { reportErrors } from "./errors.ts";
import { checkRange, headOf } from "./head.ts";
import type { Language } from "./labels.ts";
import type { AccountLedgerView } from "./pdf/statements.ts";

type Options = { readonly account: string; readonly from: LocalDate; readonly to: LocalDate };

const PAGE = 1000;
const LINES_AT_MOST = 20_000;

/** All lines of an account in a range with their running balance, read a page at a time. Raises ACCOUNT_NOT_FOUND, REPORT_RANGE. */
export async function* accountLines(read: Read, options: Options): AsyncGenerator<StatementLine> {
  checkRange(options);
  let after: StatementCursor | undefined;
  do {
    const page = await accountStatement(read, { ...options, after, limit: PAGE });
    yield* page.lines;
    after = page.next;
  } while (after);
}

/** The ledger of one account for printing. Raises ACCOUNT_NOT_FOUND, REPORT_RANGE, REPORT_TOO_MANY_ROWS. */
export async function accountLedgerView(
  read: Read,
  options: Options & { readonly language?: Language },
): Promise<AccountLedgerView> {
  const { account, opening } = await accountStatement(read, { ...options, limit: 1 });
  const lines: AccountLedgerView["lines"][number][] = [];
  let closing: Paise = opening;
  for await (const line of accountLines(read, options)) {
    if (lines.length === LINES_AT_MOST)
      throw reportErrors.REPORT_TOO_MANY_ROWS({ report: "account ledger", atMost: LINES_AT_MOST });
    lines.push({
      date: line.date,
      number: line.number,
      narration: line.narration,
      debit: line.side === "debit" ? line.amount : ZERO,
      credit: line.side === "credit" ? line.amount : ZERO,
      balance: line.balance,
    });
    closing = line.balance;
  }
  return {
    ...headOf(read, options.language),
    account: { code: account.code, name: account.name },
    from: options.from,
    to: options.to,
    opening,
    lines,
    closing,
  };
}
