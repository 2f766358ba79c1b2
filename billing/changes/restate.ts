import type { LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { add, formatIndian, subtract, toRupees, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Read, Tx } from "../../ledger/kernel/tx.ts";
import { raiseDemands, type DemandDraft } from "../demands.ts";
import { demandedOf } from "../due.ts";
import { need } from "../register.ts";
import { cancelDemands, checkReason } from "./cancel.ts";
import { changeErrors } from "./errors.ts";
import type { ChangedLine } from "./plan.ts";
import { lockDemands } from "./register.ts";

export type Restatement = {
  readonly demandId: string;
  /** What shall be demanded for its period, cess heads beside their taxes; none cancels it. */
  readonly lines: DemandDraft["lines"];
  /** By default the demand's own. */
  readonly dueDate?: LocalDate;
  /** The date of the entries. */
  readonly date: LocalDate;
  readonly reason: string;
};

/**
 * Makes the demand of a period what a program says that it is, without editing anything. While nothing is settled of it, it is cancelled with
 * its supplementary demands and raised again; otherwise what is more is a supplementary demand, and less is refused. The same statement again
 * changes nothing. Gives the demands that stand for the period then. Who may do it is the caller's affair. Raises DEMAND_CHANGE_REASON,
 * DEMAND_NOT_FOUND, DEMAND_CANCELLED, DEMAND_CHANGE_DATE, DEMAND_RESTATED_*, what raising a demand raises, and the ledger's refusals.
 */
export async function restateDemand(tx: Tx, restatement: Restatement): Promise<readonly string[]> {
  const { demandId, date, reason } = restatement;
  checkReason("a restatement", reason);
  const [named] = (await lockDemands(tx, [demandId], date)).lines;
  const { consumerId, demandKind, periodFrom, periodTo, demandYear, dueDate } = need(named, demandId);
  if (demandKind !== "regular") throw changeErrors.DEMAND_RESTATED_KIND({ demand: demandId, kind: demandKind });
  const demandIds = [demandId, ...(await supplementsOf(tx, demandId))];
  const { lines } = await lockDemands(tx, demandIds, date);
  const demanded = byHead(lines, demandedOf);
  const settled = byHead(lines, (line) => ({
    amount: subtract(line.settled, line.reduced?.amount ?? ZERO),
    cess: subtract(line.cessSettled, line.reduced?.cess ?? ZERO),
  }));
  const wanted = new Map<string, Paise>();
  for (const l of restatement.lines) wanted.set(l.taxHead, add(wanted.get(l.taxHead) ?? ZERO, l.amount));

  const heads = [...new Set([...demanded.keys(), ...wanted.keys()])];
  const changes = heads.flatMap((taxHead) => {
    const now = wanted.get(taxHead) ?? ZERO;
    const paid = settled.get(taxHead) ?? ZERO;
    if (now < paid) {
      throw changeErrors.DEMAND_RESTATED_BELOW_SETTLED({ taxHead, amount: toRupees(now), settled: toRupees(paid) });
    }
    const amount = subtract(now, demanded.get(taxHead) ?? ZERO);
    return amount === ZERO ? [] : [{ taxHead, amount }];
  });
  if (changes.length === 0) return demandIds;
  const draft = { consumerId, periodFrom, periodTo, demandYear, dueDate: restatement.dueDate ?? dueDate };
  const raise = async (kind: "regular" | "supplementary", of: DemandDraft["lines"]): Promise<readonly string[]> =>
    (await raiseDemands(tx, { kind, date, detail: "by-consumer", demands: [{ ...draft, lines: of }] })).demandIds;

  if ([...settled.values()].some((amount) => amount > 0n)) {
    const less = changes.find((c) => c.amount < 0n);
    if (less) {
      throw changeErrors.DEMAND_RESTATED_LESS({
        taxHead: less.taxHead,
        demanded: formatIndian(demanded.get(less.taxHead) ?? ZERO),
        amount: formatIndian(wanted.get(less.taxHead) ?? ZERO),
      });
    }
    return [...demandIds, ...(await raise("supplementary", changes))];
  }
  await cancelDemands(tx, {
    source: { type: "demand-restatement", id: newId(tx.clock().getTime()) },
    date,
    demandIds,
    reason,
    detail: "by-consumer",
  });
  const again = [...wanted].flatMap(([taxHead, amount]) => (amount === ZERO ? [] : [{ taxHead, amount }]));
  return again.length === 0 ? [] : raise("regular", again);
}

/** Supplementary demands of the same consumer and period that stand. */
async function supplementsOf(read: Read, demandId: string): Promise<string[]> {
  const rows = await read.query<{ id: string }>(
    `select s.demand_id as id
     from billing.demands d
     join billing.demands s on s.ulb_id = d.ulb_id and s.consumer_id = d.consumer_id and s.kind = 'supplementary'
       and s.period_from = d.period_from and s.period_to = d.period_to
     where d.ulb_id = :ulb and d.demand_id = :id::uuid
       and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = s.ulb_id and c.demand_id = s.demand_id)
     order by s.demand_id`,
    { ulb: read.ulb.id, id: demandId },
  );
  return rows.map((r) => r.id);
}

/** The own tax under its head, the cess in it under its own. */
function byHead(
  lines: readonly ChangedLine[],
  of: (line: ChangedLine) => { readonly amount: Paise; readonly cess: Paise },
): Map<string, Paise> {
  const sums = new Map<string, Paise>();
  for (const line of lines) {
    const { amount, cess } = of(line);
    const isWhollyCess = line.amount === line.cess;
    const parts: [string, Paise][] = isWhollyCess
      ? [[line.taxHead, amount]]
      : [
          [line.taxHead, subtract(amount, cess)],
          ...(line.cessHead === null ? [] : [[line.cessHead, cess] satisfies [string, Paise]]),
        ];
    for (const [head, part] of parts) sums.set(head, add(sums.get(head) ?? ZERO, part));
  }
  return sums;
}
