import { rupees, toRupees, paise } from "../../ledger/kernel/money.ts";
import { TRIAL_BALANCE } from "./format.ts";
import type { Say, Sums } from "./journal-check.ts";

type Row = Readonly<Record<string, string>>;

const STATEMENTS = {
  trialBalance: "statements/trial-balance.csv",
  incomeExpenditure: "statements/income-expenditure.csv",
  balanceSheet: "statements/balance-sheet.csv",
} as const;

/** Whether the file is one whose figures are recomputed. */
export function isStatement(name: string): boolean {
  return (Object.values(STATEMENTS) as string[]).includes(name);
}

const COLUMNS = ["open_dr", "open_cr", "dr", "cr", "close_dr", "close_cr"] as const;

/** Holds trial balance, income and expenditure and balance sheet against what openings and journal give; each figure that differs is named. */
export function checkStatements(pack: {
  readonly tables: ReadonlyMap<string, readonly Row[]>;
  readonly closing: ReadonlyMap<string, Sums>;
  readonly chart: readonly Row[];
  readonly say: Say;
}): void {
  const { tables, closing, say } = pack;
  for (const file of [TRIAL_BALANCE, STATEMENTS.trialBalance]) {
    const rows = tables.get(file);
    if (rows) checkTrialBalance(file, rows, closing, say);
  }
  const types = new Map(pack.chart.map((a) => [a["code"] ?? "", a["type"] ?? ""]));
  const isNominal = (account: string): boolean => ["income", "expense"].includes(types.get(account) ?? "");
  /** Debit positive, of the accounts whose code begins so. */
  const headOf = (head: string, of: (s: Sums) => bigint): bigint =>
    [...closing].filter(([account]) => account.startsWith(head)).reduce((a, [, s]) => a + of(s), 0n);
  const surplus = [...closing]
    .filter(([account]) => isNominal(account))
    .reduce((a, [, s]) => a + s.before + s.debit - s.credit, 0n);

  const compare = (file: string, expected: (head: string) => bigint): void => {
    const heads = new Map<string, bigint>();
    for (const row of tables.get(file) ?? []) {
      const head = row["head"] ?? "";
      if (!/^[1-4]\d\d$/.test(head)) continue;
      heads.set(head, (heads.get(head) ?? 0n) + (amountOf(file, head, row["amount"], say) ?? 0n));
    }
    for (const [head, amount] of heads) {
      const own = expected(head);
      // Which side a head stands on is the layout's choice; how much, is not.
      if (amount !== own && amount !== -own)
        say({
          file,
          problem: `head ${head} says ${show(amount)}, openings and journal give ${show(own < 0n ? -own : own)}`,
        });
    }
  };
  compare(STATEMENTS.incomeExpenditure, (head) => headOf(head, (s) => s.debit - s.credit));
  // The year's surplus so far stands in the Municipal Fund.
  compare(
    STATEMENTS.balanceSheet,
    (head) => headOf(head, (s) => s.before + s.debit - s.credit) + (head === "310" ? surplus : 0n),
  );
}

function checkTrialBalance(file: string, rows: readonly Row[], closing: ReadonlyMap<string, Sums>, say: Say): void {
  const seen = new Set<string>();
  for (const row of rows) {
    const account = row["code"] ?? "";
    if (seen.has(account)) {
      say({ file, problem: `account ${account} stands in it twice` });
      continue;
    }
    seen.add(account);
    const s = closing.get(account) ?? { before: 0n, debit: 0n, credit: 0n };
    const end = s.before + s.debit - s.credit;
    const side = (n: bigint): bigint => (n > 0n ? n : 0n);
    const own = [side(s.before), side(-s.before), s.debit, s.credit, side(end), side(-end)];
    COLUMNS.forEach((column, i) => {
      const said = amountOf(file, `account ${account}, ${column}`, row[column], say);
      if (said !== undefined && said !== own[i])
        say({
          file,
          problem: `account ${account}, ${column} says ${show(said)}, openings and journal give ${show(own[i] ?? 0n)}`,
        });
    });
  }
  for (const [account, s] of closing)
    if (!seen.has(account) && (s.before !== 0n || s.debit !== 0n || s.credit !== 0n))
      say({ file, problem: `account ${account} is not in it, openings and journal have it` });
}

const show = (amount: bigint): string => toRupees(paise(amount));

/** Paise of an amount as CSV has it; what is none is named, and gives undefined. */
export function amountOf(file: string, what: string, text: string | undefined, say: Say): bigint | undefined {
  try {
    return text ? rupees(text) : 0n;
  } catch {
    say({ file, problem: `${what} says "${(text ?? "").slice(0, 30)}", which is no amount` });
    return undefined;
  }
}
