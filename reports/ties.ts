import { advanceTie, cessTie, receivableTie, registerSelfTie } from "../billing/index.ts";
import { collectionTies } from "../collections/index.ts";
import { fundDifferences, seriesGaps, trialBalance, trialBalanceTotals, verifySeals } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { bankSelfTie, bankTie, settlementTransitTie } from "../reconciliation/index.ts";
import { dashboardTie } from "./metrics/collection.ts";

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
 * snapshot, so that both sides of every tie are of the same instant.
 */
export async function allTies(read: Read, asOf: LocalDate): Promise<Tie[]> {
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
  const brokenSeals = await verifySeals(read);

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
    tie("seals: blocks that do not verify", BigInt(brokenSeals.length), 0n, "count"),
    tie("voucher numbers: series with gaps", BigInt(gaps.length), 0n, "count"),
    tie("collection page = trial balance", dashboard.dashboard, dashboard.trialBalance),
  ];
}

/** The ties that do not hold. */
export function brokenTies(ties: readonly Tie[]): Tie[] {
  return ties.filter((t) => !t.ok);
}
