import { postingAccounts } from "../../ledger/index.ts";
import { formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { groupBy } from "../../ledger/kernel/group.ts";
import { isUuid } from "../../ledger/kernel/ids.ts";
import { add, negate, paise, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { netAllocations, type Source } from "../allocations.ts";
import { lineKey } from "../due.ts";
import { linesOf } from "../dues.ts";
import { insertAdvances, insertAllocations, lockConsumers, need, type LockedConsumer } from "../register.ts";
import { taxHeads } from "../tax-heads.ts";
import type { ChangeAccounts } from "./entries.ts";
import { changeErrors } from "./errors.ts";
import { freedBy, type ChangedLine, type LineChange, type Settling } from "./plan.ts";

/* What changes read of the demand register, under locks, and what they write to it: a handful of statements however many demands they are. */

export type DemandsToChange = {
  readonly consumers: ReadonlyMap<string, LockedConsumer>;
  readonly lines: readonly ChangedLine[];
  /** By `lineKey`: what settles the line now, newest first. */
  readonly settled: ReadonlyMap<string, readonly Settling[]>;
};

/**
 * Locks the consumers of these demands (and others that are named) and reads the demands for a change on that day.
 * Raises DEMAND_NOT_FOUND, DEMAND_CANCELLED, DEMAND_CHANGE_DATE.
 */
export async function lockDemands(
  tx: Tx,
  demandIds: readonly string[],
  on: LocalDate,
  alsoLock: readonly string[] = [],
): Promise<DemandsToChange> {
  const ids = [...new Set(demandIds)];
  const malformed = ids.find((id) => !isUuid(id));
  if (malformed !== undefined) throw changeErrors.DEMAND_NOT_FOUND({ demand: malformed.slice(0, 60) });
  const owners = await tx.query<{ consumer_id: string }>(
    `select distinct consumer_id from billing.demands where ulb_id = :ulb and demand_id = any(:ids::uuid[])`,
    { ulb: tx.ulb.id, ids },
  );
  const consumers = await lockConsumers(tx, [...owners.map((o) => o.consumer_id), ...alsoLock]);
  const facts = await demandFacts(tx, ids);
  for (const id of ids) {
    const fact = facts.get(id);
    if (!fact) throw changeErrors.DEMAND_NOT_FOUND({ demand: id });
    const consumer = need(consumers.get(fact.consumerId), fact.consumerId);
    const demand = `the demand of ${consumer.service} ${consumer.code} for ${formatDate(fact.periodFrom)} to ${formatDate(fact.periodTo)}`;
    if (fact.cancelledOn !== null) {
      throw changeErrors.DEMAND_CANCELLED({
        demand,
        on: formatDate(fact.cancelledOn),
        by: fact.cancelledBy ?? "",
      });
    }
    // The register and the books are compared for any day: nothing is taken back before it was there.
    if (on < fact.movedOn) {
      throw changeErrors.DEMAND_CHANGE_DATE({ line: demand, on: formatDate(on), since: formatDate(fact.movedOn) });
    }
  }
  const lines = (await linesOf(tx, ids)).map((line): ChangedLine => {
    const fact = need(facts.get(line.demandId), line.demandId);
    const versions = need(fact.versions.get(line.taxHead), line.taxHead);
    return { ...line, ...versions, demandKind: fact.kind, raisedOn: fact.raisedOn };
  });
  const settled = await netAllocations(tx, "a.demand_id = any(:ids::uuid[])", { ids });
  return {
    consumers,
    lines,
    settled: groupBy(
      settled.map((s) => ({
        key: `${s.demand_id}/${s.tax_head}`,
        id: s.id,
        kind: s.kind,
        date: s.on_date,
        amount: paise(s.amount),
        cess: paise(s.cess),
      })),
      (s) => s.key,
    ),
  };
}

type DemandFact = {
  readonly consumerId: string;
  readonly kind: string;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly raisedOn: LocalDate;
  /** The last day on which the demand was raised or settled. */
  readonly movedOn: LocalDate;
  readonly cancelledOn: LocalDate | null;
  readonly cancelledBy: string | null;
  readonly versions: ReadonlyMap<string, Pick<ChangedLine, "headVersion" | "cessVersion">>;
};

async function demandFacts(read: Read, ids: readonly string[]): Promise<ReadonlyMap<string, DemandFact>> {
  const demands = await read.query<Omit<DemandFact, "versions"> & { id: string }>(
    `select d.demand_id as id, d.consumer_id as "consumerId", d.kind, d.period_from as "periodFrom", d.period_to as "periodTo",
       d.raised_on as "raisedOn", greatest(d.raised_on, a.last_on) as "movedOn", c.cancelled_on as "cancelledOn", c.cancelled_by as "cancelledBy"
     from billing.demands d
     left join billing.cancelled_demands c on c.ulb_id = d.ulb_id and c.demand_id = d.demand_id
     left join lateral (
       select max(on_date) as last_on from billing.allocations a where a.ulb_id = d.ulb_id and a.demand_id = d.demand_id
     ) as a on true
     where d.ulb_id = :ulb and d.demand_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids },
  );
  const heads = await read.query<{ id: string; head: string; headVersion: LocalDate; cessVersion: LocalDate | null }>(
    `select demand_id as id, tax_head as head, head_version as "headVersion", cess_version as "cessVersion"
     from billing.demand_details
     where ulb_id = :ulb and demand_id = any(:ids::uuid[])`,
    { ulb: read.ulb.id, ids },
  );
  const byDemand = groupBy(heads, (h) => h.id);
  return new Map(
    demands.map((d) => [
      d.id,
      {
        ...d,
        versions: new Map(
          (byDemand.get(d.id) ?? []).map((h) => [h.head, { headVersion: h.headVersion, cessVersion: h.cessVersion }]),
        ),
      },
    ]),
  );
}

/** Writes what was decided on lines, in two statements; gives what became advance. The caller posts the entry of the same date. */
export async function writeLineChanges(
  tx: Tx,
  changes: readonly LineChange[],
  fact: { readonly source: Source; readonly date: LocalDate },
): Promise<Paise> {
  await insertAllocations(
    tx,
    changes.flatMap((change) => {
      const common = { ...fact, consumerId: change.line.consumerId, line: change.line };
      return [
        ...change.taken.map((t) => ({
          ...common,
          kind: t.settling.kind,
          amount: negate(t.amount),
          cess: negate(t.cess),
          reverses: t.settling.id,
        })),
        ...(change.amount > 0n
          ? [{ ...common, kind: change.kind, amount: change.amount, cess: change.cess, reverses: null }]
          : []),
      ];
    }),
  );
  const freed = new Map<string, { readonly consumerId: string; readonly account: string; readonly amount: Paise }>();
  let total: Paise = ZERO;
  for (const change of changes) {
    const amount = freedBy(change);
    if (amount === ZERO) continue;
    const { consumerId, accounts } = change.line;
    const key = `${consumerId}/${accounts.advance}`;
    const known = freed.get(key)?.amount ?? ZERO;
    freed.set(key, { consumerId, account: accounts.advance, amount: add(known, amount) });
    total = add(total, amount);
  }
  await insertAdvances(
    tx,
    [...freed.values()].map((f) => ({ ...f, ...fact, kind: "restored" as const })),
  );
  return total;
}

/** The accounts that changes of that day use. Raises ACCOUNT_NOT_MAPPED. */
export async function changeAccounts(read: Read, on: LocalDate): Promise<ChangeAccounts> {
  const heads = await taxHeads(read, on);
  const mapped = await postingAccounts(
    read,
    "remission-earlier-years",
    "prior-period-revenue",
    "prior-period-other-income",
    "opening-balance",
  );
  return {
    remission: (head) => heads.get(head)?.rebateAccount ?? null,
    remissionEarlier: mapped["remission-earlier-years"],
    priorIncome: (head) => heads.get(head)?.priorIncomeAccount ?? null,
    priorRevenue: mapped["prior-period-revenue"],
    priorOtherIncome: mapped["prior-period-other-income"],
    openingBalance: mapped["opening-balance"],
  };
}

/** "property-tax A1 2025-26 PT_TAX", for messages. */
export function nameOfLine(line: ChangedLine, consumers: ReadonlyMap<string, LockedConsumer>): string {
  return `${line.service} ${need(consumers.get(line.consumerId), line.consumerId).code} ${line.demandYear} ${line.taxHead}`;
}

export const settledOf = (demands: DemandsToChange, line: ChangedLine): readonly Settling[] =>
  demands.settled.get(lineKey(line)) ?? [];
