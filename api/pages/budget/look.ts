import {
  budgetSetting,
  budgetVariance,
  budgetWarnings,
  listCommitments,
  listReappropriations,
  type BudgetLine,
} from "../../../ledger/index.ts";
import type { FinancialYear } from "../../../ledger/kernel/dates.ts";
import { formatIndian } from "../../../ledger/kernel/money.ts";
import type { Who } from "../../../ledger/kernel/tx.ts";
import type { Desk, View } from "../kit.tsx";

/** What the page of a year shows, read at one instant. */
export type Looked = Awaited<ReturnType<typeof look>>;

export async function look(desk: Desk, who: Who, fy: FinancialYear) {
  return desk.read(who, async (read) => ({
    fy,
    variance: await budgetVariance(read, fy),
    setting: await budgetSetting(read, fy),
    moves: await listReappropriations(read, fy),
    commitments: await listCommitments(read, fy),
    warnings: await budgetWarnings(read, { fy }, 50),
    roles: who.actor.roles,
    actor: who.actor.id,
  }));
}

/** A line as people choose it. */
export const lineName = (l: BudgetLine): string =>
  `${l.budgetHead} (${l.accountPrefix}${l.function === "" ? "" : `, function ${l.function}`}, fund ${l.fund}${l.functionary === "" ? "" : `, ${l.functionary}`})`;

/** The year's page in parts: who looks, where it is, and what stood in a form that was refused. */
export type Part = Looked & {
  readonly view: View;
  readonly at: string;
  readonly typed: (name: string) => string | undefined;
};

/** The lines of which money is spent, as they are chosen in a form. */
export const spendOptions = (variance: Looked["variance"]): { readonly value: string; readonly label: string }[] =>
  variance.rows
    .filter((r) => r.side === "expenditure")
    .map((l) => ({ value: String(l.id), label: `${lineName(l)}: ${formatIndian(l.balance)} left` }));
