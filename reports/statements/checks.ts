import { movements, trialBalance, trialBalanceTotals } from "../../ledger/index.ts";
import { addDays } from "../../ledger/kernel/dates.ts";
import type { Read } from "../../ledger/kernel/tx.ts";
import { sumCodes } from "../layouts/language.ts";
import type { Range } from "../ranges.ts";
import { balances, readBooks, withRange, yearBefore, yearTo, type Amounts } from "./books.ts";
import { receiptsPayments } from "./receipts-payments.ts";
import { scheduleCode, schedulesOf } from "./schedules.ts";
import {
  balanceSheetOf,
  cashFlowOf,
  cashOf,
  functionWise,
  incomeExpenditureOf,
  lastFigure,
  totalsOf,
  type Statement,
} from "./statements.ts";

/** Two figures of the statements that must be equal. */
export type StatementCheck = { readonly name: string; readonly left: bigint; readonly right: bigint };

/** What the statements of a range must agree on, with each other and with the trial balance. Each statement is read once. */
export async function statementChecks(read: Read, range: Range, fund?: string): Promise<StatementCheck[]> {
  const slice = fund === undefined ? {} : { fund };
  const trial = trialBalanceTotals(await trialBalance(read, { ...range, fund }));
  const year = await readBooks(read, range, slice);
  const whole = yearTo(range.to);
  const sheetBooks = whole.from === range.from ? year : await withRange(read, year, whole);
  const before = await withRange(read, year, yearBefore(range));
  const sheet = balanceSheetOf(sheetBooks);
  const account = incomeExpenditureOf(year, before);
  const flow = cashFlowOf(year);
  const cash = await receiptsPayments(read, range, slice);
  const functions = await functionWise(read, range, slice);
  const schedules = schedulesOf({ sheet: sheetBooks, year, yearBefore: before });
  const next = await withRange(read, year, { from: addDays(range.to, 1), to: addDays(range.to, 1) });
  const closing = balances(year, "closing");
  // The entries that close a year move its result on to 310-10: the next day opens after them.
  const carried = balances({ ...year, rows: await movements(read, { ...range, ...slice, closing: "in" }) }, "closing");

  const { liabilities, assets } = totalsOf(sheet);
  const b17 = cashOf(year, "closing");
  const closingOf = cash.sections.filter((s) => s.line.measure === "closing").reduce((sum, s) => sum + s.payments, 0n);
  const interFund = sumCodes(year.layouts.groups["inter-fund"], "Dr", closing);
  const net = functions.rows.reduce((sum, row) => sum + row.income - row.expenditure, 0n);
  return [
    { name: "trial balance: opening debits = credits", left: trial.openDebit, right: trial.openCredit },
    { name: "trial balance: debits = credits", left: trial.debit, right: trial.credit },
    { name: "trial balance: closing debits = credits", left: trial.closeDebit, right: trial.closeCredit },
    { name: "balance sheet: liabilities = assets", left: liabilities, right: assets },
    { name: "cash flow: cash at the end = schedule B-17", left: lastFigure(flow), right: b17 },
    { name: "receipts and payments: closing balances = schedule B-17", left: closingOf, right: b17 },
    { name: "receipts and payments: both sides", left: cash.receipts, right: cash.payments },
    { name: "function-wise net = income and expenditure account", left: net, right: lastFigure(account) },
    { name: "schedules = face of the balance sheet", ...faces(sheet, schedules) },
    { name: "schedules = face of the income and expenditure account", ...faces(account, schedules) },
    {
      name: "closing balances = opening balances of the next day",
      left: BigInt(differing(carried, balances(next, "opening"))),
      right: 0n,
    },
    // One fund owes another what the other is owed: only all funds together come to nothing.
    ...(fund === undefined ? [{ name: "inter-fund accounts come to nil", left: interFund, right: 0n }] : []),
  ];
}

/** The first schedule that does not come to its lines; or both sides added up, when all do. */
function faces(
  statement: Statement,
  schedules: ReturnType<typeof schedulesOf>,
): { readonly left: bigint; readonly right: bigint } {
  const codes = new Set(statement.lines.filter((line) => line.kind === "line").map(scheduleCode));
  const pairs = [...codes].map((code) => ({
    left: schedules.find((schedule) => schedule.code === code)?.amount ?? 0n,
    right: statement.lines
      .filter((line) => line.kind === "line" && scheduleCode(line) === code)
      .reduce((sum, line) => sum + line.amount, 0n),
  }));
  const sum = (side: "left" | "right"): bigint => pairs.reduce((total, pair) => total + pair[side], 0n);
  return pairs.find((pair) => pair.left !== pair.right) ?? { left: sum("left"), right: sum("right") };
}

/** How many accounts have another balance. */
function differing(a: readonly Amounts[], b: readonly Amounts[]): number {
  const net = (amounts: readonly Amounts[]): Map<string, bigint> =>
    new Map(amounts.map(({ account, debit, credit }) => [account, debit - credit]));
  const [left, right] = [net(a), net(b)];
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (code) => (left.get(code) ?? 0n) !== (right.get(code) ?? 0n),
  ).length;
}
