import { checkDraft } from "../entries.ts";
import { ledgerErrors } from "../errors.ts";
import type { Read } from "../kernel/tx.ts";
import { draftOf, type Voucher } from "./vouchers.ts";

/**
 * What the books will refuse at approval, told to the maker while he can still change it: sums, accounts, funds, functions and the rule of
 * the voucher, each with the number of its line. Whether the month is open is asked at approval alone: it may be open by then.
 * Raises NARRATION_MISSING, ENTRY_LINES, LINE_AMOUNT, ENTRY_UNBALANCED, FUND_UNBALANCED, ACCOUNT_UNKNOWN, ACCOUNT_NOT_POSTING,
 * ACCOUNT_INACTIVE, FUND_UNKNOWN, FUNCTION_MISSING, FUNCTION_UNKNOWN, VOUCHER_RULE.
 */
export async function checkVoucher(read: Read, voucher: Voucher): Promise<void> {
  checkDraft(draftOf(voucher));
  const lines = voucher.lines;
  const accounts = await read.query<{
    code: string;
    is_posting: boolean;
    is_active: boolean;
    is_cash_bank: boolean;
    needs_function: boolean;
  }>(
    `select code, is_posting, is_active, is_cash_bank, needs_function from ledger.accounts
     where ulb_id = :ulb and code = any(:codes::text[])`,
    { ulb: read.ulb.id, codes: [...new Set(lines.map((l) => l.account))] },
  );
  const known = new Map(accounts.map((a) => [a.code, a]));
  const functions = await codesOf(read, "functions", [...new Set(lines.flatMap((l) => l.function ?? []))]);
  const funds = await codesOf(read, "funds", [...new Set(lines.map((l) => l.fund ?? "01"))]);
  let cash = 0;
  let others = 0;
  lines.forEach((line, i) => {
    const what = `line ${i + 1} of ${voucher.voucher} voucher ${voucher.id}`;
    const account = known.get(line.account);
    if (!account) throw ledgerErrors.ACCOUNT_UNKNOWN({ what, account: line.account });
    if (!account.is_posting) throw ledgerErrors.ACCOUNT_NOT_POSTING({ what, account: line.account });
    if (!account.is_active) throw ledgerErrors.ACCOUNT_INACTIVE({ what, account: line.account });
    if (!funds.has(line.fund ?? "01")) throw ledgerErrors.FUND_UNKNOWN({ what, fund: line.fund ?? "01" });
    if (account.needs_function && line.function === undefined)
      throw ledgerErrors.FUNCTION_MISSING({ what, account: line.account });
    if (line.function !== undefined && !functions.has(line.function))
      throw ledgerErrors.FUNCTION_UNKNOWN({ what, account: line.account });
    if (account.is_cash_bank) cash += 1;
    else if (!line.account.startsWith(FEES)) others += 1;
  });
  const isOff =
    ((voucher.voucher === "receipt" || voucher.voucher === "payment") && cash === 0) ||
    (voucher.voucher === "journal" && cash > 0) ||
    (voucher.voucher === "contra" && (others > 0 || cash < 2));
  if (isOff)
    throw ledgerErrors.VOUCHER_RULE({ what: `${voucher.voucher} voucher ${voucher.id}`, voucher: voucher.voucher });
}

// The rule of ledger.post: beside the cash and bank heads of a contra stand only interest and finance charges.
const FEES = "240";

async function codesOf(read: Read, table: "functions" | "funds", codes: readonly string[]): Promise<Set<string>> {
  if (codes.length === 0) return new Set();
  const rows = await read.query<{ code: string }>(
    `select code from ledger.${table} where ulb_id = :ulb and code = any(:codes::text[])`,
    { ulb: read.ulb.id, codes },
  );
  return new Set(rows.map((r) => r.code));
}
