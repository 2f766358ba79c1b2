import { advanceTie, cessTie, receivableTie, registerSelfTie } from "../billing/index.ts";
import { collectionTies } from "../collections/index.ts";
import {
  fundDifferences,
  recheckEntries,
  rollUpFaults,
  seriesGaps,
  trialBalance,
  trialBalanceTotals,
  verifySeals,
  type KnownBlock,
} from "../ledger/index.ts";
import { financialYearEnd, financialYearStart, type FinancialYear, type LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bankSelfTie, bankTie, settlementTransitTie } from "../reconciliation/index.ts";
import { dashboardTie } from "./metrics/collection.ts";
import { statementChecks } from "./statements/checks.ts";

/** Two figures that must be equal. Amounts are paise; where `unit` is "count" they are numbers of documents. */
export type Tie = {
  readonly name: string;
  readonly unit: "paise" | "count";
  readonly left: bigint;
  readonly right: bigint;
  readonly difference: bigint;
  readonly ok: boolean;
};

function tie(name: string, left: bigint, right: bigint, unit: "paise" | "count" = "paise"): Tie {
  return { name, unit, left, right, difference: left - right, ok: left === right };
}

/**
 * All ties that exist so far, at the end of a day: the demo prints them, the close and `verify` refuse when one fails. Read it in a
 * snapshot, so that both sides of every tie are of the same instant. "quick" leaves out those that read every line ever posted (seals, roll-up,
 * the re-check of entries): pages show it, and the nightly check does the rest. Faults that were found just now are not looked for again.
 */
export async function allTies(
  read: Read,
  asOf: LocalDate,
  how: "quick" | "whole" | BookFaults = "whole",
): Promise<Tie[]> {
  // Since the books began: a tie that looks at one year would never see what went wrong before it.
  const range = { from: read.ulb.startsOn, to: asOf };
  const totals = trialBalanceTotals(await trialBalance(read, range));
  const funds = await fundDifferences(read, asOf);
  const gaps = await seriesGaps(read);
  const series = await read.query<{ series: string; fy: string; last: bigint; entries: bigint }>(
    `select e.voucher as series, e.fy, max(e.number) as last, count(*) as entries from ledger.entries e
     where e.ulb_id = :ulb group by e.voucher, e.fy order by e.fy, e.voucher`,
    { ulb: read.ulb.id },
  );
  const dashboard = await dashboardTie(read, range);
  const registerFaults = await registerSelfTie(read);
  const bankFaults = await bankSelfTie(read);

  return [
    tie("trial balance: opening debits = credits", totals.openDebit, totals.openCredit),
    tie("trial balance: debits = credits of all periods", totals.debit, totals.credit),
    tie("trial balance: closing debits = credits", totals.closeDebit, totals.closeCredit),
    ...[...funds].map(([fund, difference]) => tie(`fund ${fund}: debits − credits = 0`, difference, 0n)),
    ...(await receivableTie(read, asOf)).map((row) =>
      tie(
        `receivable ${row.account} ${row.demandYear ?? "without a year"} = demand register`,
        row.ledger,
        row.register,
      ),
    ),
    ...(await advanceTie(read, asOf)).map((row) =>
      tie(`advance ${row.account} = unapplied credit of consumers`, row.ledger, row.register),
    ),
    ...(await cessTie(read, asOf)).map((row) =>
      tie(`cess control ${row.account} = cess not yet collected`, row.ledger, row.register),
    ),
    tie("demand register: running totals that do not add up", BigInt(registerFaults.length), 0n, "count"),
    ...(await collectionTies(read, asOf)).map((row) => tie(row.name, row.left, row.right, row.unit)),
    ...(await settlementTransitTie(read, asOf)).map((row) =>
      tie(`settlements in transit ${row.account} = settlements not yet at the bank`, row.ledger, row.register),
    ),
    ...(await bankTie(read, asOf)).map((row) =>
      tie(`bank ${row.account}: book with the items of the reconciliation = statement`, row.ledger, row.register),
    ),
    tie("bank statements: lines or matches that do not add up", BigInt(bankFaults.length), 0n, "count"),
    ...series.map((row) =>
      tie(`voucher numbers ${row.series} ${row.fy}: last = entries`, row.last, row.entries, "count"),
    ),
    tie("voucher numbers: series with gaps", BigInt(gaps.length), 0n, "count"),
    ...(how === "quick" ? [] : bookTies(how === "whole" ? await bookFaults(read) : how)),
    tie("collection page = trial balance", dashboard.dashboard, dashboard.trialBalance),
  ];
}

/** What the statements of a year must agree on, over all funds together. Read it in a snapshot. */
export async function statementTies(read: Read, fy: FinancialYear): Promise<Tie[]> {
  const checks = await statementChecks(read, { from: financialYearStart(fy), to: financialYearEnd(fy) });
  return checks.map(({ name, left, right }) => tie(name, left, right));
}

/** What is wrong with the posted books themselves, each named: "R/2026-27/000123 was changed after it was sealed". */
export type BookFaults = {
  readonly seals: readonly string[];
  readonly rollUp: readonly string[];
  readonly entries: readonly string[];
};

/** Recomputes every seal, the whole roll-up and every entry's rules from the lines. Reads all of them: for the night, a close, and `verify`. */
export async function bookFaults(read: Read, known: readonly KnownBlock[] = []): Promise<BookFaults> {
  const named = (faults: readonly { readonly where: string; readonly problem: string }[]): string[] =>
    faults.map((f) => `${f.where}: ${f.problem}`);
  return {
    seals: (await verifySeals(read, known)).map((p) =>
      `${[...(p.entry === undefined ? [] : [p.entry]), ...(p.block > 0 ? [`block ${p.block}`] : [])].join(", ")} ${p.problem}`.trim(),
    ),
    rollUp: named(await rollUpFaults(read, "whole")),
    entries: named(await recheckEntries(read)),
  };
}

function bookTies(faults: BookFaults): Tie[] {
  const none = (name: string, list: readonly string[]): Tie => tie(name, BigInt(list.length), 0n, "count");
  return [
    none("seals: blocks that do not verify", faults.seals),
    none("roll-up: balances that are not those of the lines", faults.rollUp),
    none("entries: rules that do not hold any more", faults.entries),
  ];
}

/** The ties that do not hold. */
export function brokenTies(ties: readonly Tie[]): Tie[] {
  return ties.filter((t) => !t.ok);
}
