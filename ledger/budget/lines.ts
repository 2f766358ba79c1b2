import type { FinancialYear, LocalDate } from "../kernel/dates.ts";
import { paise, type Paise } from "../kernel/money.ts";
import type { Read } from "../kernel/tx.ts";
import { budgetErrors } from "./errors.ts";

/** One line of the budget: what a head may spend (or is to earn) under an account, a function and a fund. */
export type BudgetLine = {
  readonly id: bigint;
  readonly fy: FinancialYear;
  readonly budgetHead: string;
  /** A posting line belongs here if its account begins so, and to no line with a longer prefix. */
  readonly accountPrefix: string;
  /** Empty: any. */
  readonly function: string;
  readonly fund: string;
  /** Empty: any. */
  readonly functionary: string;
  readonly side: "income" | "expenditure";
};

/** What was sanctioned on a line, in force on a day. */
export type Sanction = {
  readonly original: Paise;
  /** The revised estimate (the original where there is none) and supplementary grants. */
  readonly revised: Paise;
  readonly reappropriated: Paise;
  readonly sanctioned: Paise;
};

/** What a posting line says about itself, for finding its budget line. */
export type Spending = {
  readonly account: string;
  readonly function: string;
  readonly fund: string;
  readonly functionary: string;
};

const COLUMNS = `line_id as id, fy, budget_head as "budgetHead", account_prefix as "accountPrefix", function, fund, functionary, side`;

export async function budgetLines(read: Read, fy: FinancialYear): Promise<BudgetLine[]> {
  return read.query<BudgetLine>(
    `select ${COLUMNS} from ledger.budget_lines where ulb_id = :ulb and fy = :fy
     order by side desc, account_prefix, fund, function, functionary`,
    { ulb: read.ulb.id, fy },
  );
}

/** Raises BUDGET_LINE_UNKNOWN. */
export async function getBudgetLine(read: Read, id: bigint): Promise<BudgetLine> {
  const line = await read.queryOne<BudgetLine>(
    `select ${COLUMNS} from ledger.budget_lines where ulb_id = :ulb and line_id = :id`,
    { ulb: read.ulb.id, id },
  );
  if (!line) throw budgetErrors.BUDGET_LINE_UNKNOWN({ line: String(id) });
  return line;
}

/** The budget line of a posting line: the longest account prefix, then its own function, then its own functionary. As ledger.budget_line_of. */
export function lineFor(lines: readonly BudgetLine[], of: Spending): BudgetLine | undefined {
  let best: BudgetLine | undefined;
  const rank = (l: BudgetLine): number =>
    l.accountPrefix.length * 4 + (l.function === "" ? 0 : 2) + (l.functionary === "" ? 0 : 1);
  for (const l of lines) {
    if (!of.account.startsWith(l.accountPrefix) || l.fund !== of.fund) continue;
    if ((l.function !== "" && l.function !== of.function) || (l.functionary !== "" && l.functionary !== of.functionary))
      continue;
    if (!best || rank(l) > rank(best)) best = l;
  }
  return best;
}

/** What is sanctioned on lines and in force on a day; lines without amounts are left out. */
export async function sanctions(
  read: Read,
  lines: readonly bigint[],
  asOf: LocalDate,
): Promise<ReadonlyMap<bigint, Sanction>> {
  const rows = await read.query<{
    line_id: bigint;
    original: bigint;
    revised: bigint | null;
    supplementary: bigint;
    reappropriated: bigint;
  }>(
    `select line_id,
       coalesce(sum(amount) filter (where version = 'original'), 0)::bigint as original,
       (array_agg(amount::bigint order by in_force_from desc, amount_id desc) filter (where version = 'revised'))[1] as revised,
       coalesce(sum(amount) filter (where version = 'supplementary'), 0)::bigint as supplementary,
       coalesce(sum(amount) filter (where version = 'reappropriation'), 0)::bigint as reappropriated
     from ledger.budget_amounts
     where ulb_id = :ulb and line_id = any(:lines::bigint[]) and in_force_from <= :as_of::date
     group by line_id`,
    { ulb: read.ulb.id, lines, as_of: asOf },
  );
  return new Map(
    rows.map((r) => {
      const revised = (r.revised ?? r.original) + r.supplementary;
      return [
        r.line_id,
        {
          original: paise(r.original),
          revised: paise(revised),
          reappropriated: paise(r.reappropriated),
          sanctioned: paise(revised + r.reappropriated),
        },
      ];
    }),
  );
}

/** Open commitments by line. */
export async function openCommitments(read: Read, lines: readonly bigint[]): Promise<ReadonlyMap<bigint, Paise>> {
  const rows = await read.query<{ line_id: bigint; open: bigint }>(
    `select line_id, sum(open_amount)::bigint as open from ledger.commitments
     where ulb_id = :ulb and line_id = any(:lines::bigint[]) group by line_id`,
    { ulb: read.ulb.id, lines },
  );
  return new Map(rows.map((r) => [r.line_id, paise(r.open)]));
}
