import { getEntry, type Entry } from "../../ledger/index.ts";
import type { FinancialYear, LocalDate } from "../../ledger/kernel/dates.ts";
import { ZERO, type Paise } from "../../ledger/kernel/money.ts";
import { inDryRun, type App, type Tx, type Who } from "../../ledger/kernel/tx.ts";
import { consumersOf, type Consumer } from "../consumers/consumers.ts";
import { lineKey } from "../due.ts";
import { openDuesOf, type OpenDue } from "../dues.ts";
import { need } from "../register.ts";
import { changeOutcome, type ChangeOutcome } from "./approve.ts";
import { carryOut, planChange } from "./carry-out.ts";
import type { ChangeProposal, DemandChange } from "./change.ts";
import { decidedAlready, lockChange, proposeChange } from "./proposals.ts";

/** What is due under a head of a demand, before a change and after it. */
export type DueBeforeAndAfter = {
  readonly consumerId: string;
  readonly demandId: string;
  readonly taxHead: string;
  readonly demandYear: FinancialYear;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly before: Paise;
  readonly after: Paise;
};

/** What a change would do if it were approved now. */
export type ChangePreview = Pick<ChangeOutcome, "reduced" | "advance"> & {
  /** The consumer, and for a transfer the one who takes the arrears over; their advances as they are now. */
  readonly consumers: readonly (Consumer & { readonly advanceAfter: Paise })[];
  /** All that is due before or after, the oldest first. */
  readonly dues: readonly DueBeforeAndAfter[];
  /** The lines of the entry; none if what it changes does not stand in the books. */
  readonly entryLines: Entry["lines"];
};

/**
 * Carries a proposal out whole and takes everything back: what it shows is what approval does if nothing happens in between.
 * Raises what `proposeChange` and `approveChange` raise.
 */
export async function previewChange(app: App, who: Who, proposal: ChangeProposal): Promise<ChangePreview> {
  const { changeId: _, ...content } = proposal;
  return inDryRun(app, who, async (tx) => seen(tx, await proposeChange(tx, content)));
}

/** The same for a change that waits for its decision. Raises DEMAND_CHANGE_DECIDED too. */
export async function previewProposed(app: App, who: Who, id: string): Promise<ChangePreview> {
  return inDryRun(app, who, async (tx) => {
    const change = await lockChange(tx, id);
    if (change.decision) throw decidedAlready(change);
    return seen(tx, change);
  });
}

async function seen(tx: Tx, change: DemandChange): Promise<ChangePreview> {
  const { content } = change;
  const ids = [change.consumerId, ...(content.kind === "transfer" ? [content.toConsumerId] : [])];
  const consumers = await consumersOf(tx, ids);
  const before = await openDuesOf(tx, ids);
  await carryOut(tx, change, await planChange(tx, content, change.date));
  const advances = new Map((await consumersOf(tx, ids)).map((c) => [c.id, c.advance]));
  const after = await openDuesOf(tx, ids);
  const { entry, reduced, advance } = await changeOutcome(tx, change.id);
  return {
    reduced,
    advance,
    consumers: ids.map((id) => {
      const consumer = need(
        consumers.find((c) => c.id === id),
        id,
      );
      return { ...consumer, advanceAfter: need(advances.get(id), id) };
    }),
    dues: ids.flatMap((id) => duesBetween(before.get(id) ?? [], after.get(id) ?? [])),
    entryLines: entry === null ? [] : (await getEntry(tx, entry.id)).lines,
  };
}

function duesBetween(before: readonly OpenDue[], after: readonly OpenDue[]): DueBeforeAndAfter[] {
  const was = new Map(before.map((d) => [lineKey(d), d.outstanding]));
  const is = new Map(after.map((d) => [lineKey(d), d.outstanding]));
  const all = new Map([...before, ...after].map((d) => [lineKey(d), d]));
  return [...all]
    .map(([key, { consumerId, demandId, taxHead, demandYear, periodFrom, periodTo }]) => ({
      ...{ consumerId, demandId, taxHead, demandYear, periodFrom, periodTo },
      before: was.get(key) ?? ZERO,
      after: is.get(key) ?? ZERO,
    }))
    .sort((a, b) => (a.periodFrom < b.periodFrom ? -1 : a.periodFrom > b.periodFrom ? 1 : 0));
}
