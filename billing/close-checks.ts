import type { CloseCheck } from "../ledger/index.ts";
import { periodEnd } from "../ledger/kernel/dates.ts";
import type { Problem } from "../ledger/kernel/errors.ts";
import { formatIndian } from "../ledger/kernel/money.ts";
import { advanceTie, cessTie, receivableTie, registerSelfTie, type TieRow } from "./ties.ts";

function problems(code: string, what: string, rows: readonly TieRow[]): Problem[] {
  return rows
    .filter((r) => r.difference !== 0n)
    .map((r) => ({
      code,
      message: `${what}, account ${r.account}${r.demandYear ? ` of ${r.demandYear}` : ""}: ledger ${formatIndian(r.ledger)}, register ${formatIndian(r.register)}, difference ${formatIndian(r.difference)}`,
    }));
}

/** What billing asks before a month is closed. */
export const billingCloseChecks: readonly CloseCheck[] = [
  {
    name: "receivable accounts equal the demand register, per account and demand year",
    run: async (read, period) =>
      problems("TIE_RECEIVABLE", "receivables", await receivableTie(read, periodEnd(period))),
  },
  {
    name: "advance accounts equal the unapplied credit of consumers",
    run: async (read, period) => problems("TIE_ADVANCE", "advances", await advanceTie(read, periodEnd(period))),
  },
  {
    name: "cess control heads equal the cess inside what is receivable",
    run: async (read, period) => problems("TIE_CESS", "cess not yet collected", await cessTie(read, periodEnd(period))),
  },
  {
    name: "running totals of the register equal the allocations and advances that made them",
    run: async (read) =>
      (await registerSelfTie(read)).map((r) => ({
        code: "TIE_REGISTER",
        message: `${r.subject}: kept ${formatIndian(r.kept)}, sum of what made it ${formatIndian(r.summed)}`,
      })),
  },
];
