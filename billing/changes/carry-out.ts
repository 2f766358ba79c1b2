import { postEntry, type Line } from "../../ledger/index.ts";
import { financialYearOf, formatDate, type LocalDate } from "../../ledger/kernel/dates.ts";
import { newId } from "../../ledger/kernel/ids.ts";
import { formatIndian, proportion, sum, ZERO, type Paise } from "../../ledger/kernel/money.ts";
import type { Tx } from "../../ledger/kernel/tx.ts";
import { checkDemand, loadMasters, raiseDemands, type DemandDraft } from "../demands.ts";
import { lineKey, outstandingOf } from "../due.ts";
import { lateFacts } from "../dues.ts";
import { insertDemands, lockConsumers, need, type LockedConsumer, type Raised } from "../register.ts";
import { cancelDemands } from "./cancel.ts";
import type { ChangeContent, DemandChange } from "./change.ts";
import { changeLines, transferLines } from "./entries.ts";
import { changeErrors } from "./errors.ts";
import { askedOf, planReduction, planTransfer, type ChangedLine, type Exceeds, type LineChange } from "./plan.ts";
import {
  changeAccounts,
  lockDemands,
  nameOfLine,
  settledOf,
  writeLineChanges,
  type DemandsToChange,
} from "./register.ts";

/** The source of the entries of changes; what raises demands is posted as a demand batch of the change's id. */
export const CHANGE_SOURCE = "demand-change";

/** What a change will do, decided under locks of its consumers. */
export type PlannedChange = { readonly consumerId: string } & (
  | { readonly does: "raise"; readonly kind: "supplementary" | "regular"; readonly demands: readonly DemandDraft[] }
  | { readonly does: "take-off"; readonly changes: readonly LineChange[]; readonly consumer: LockedConsumer }
  | { readonly does: "cancel"; readonly demandIds: readonly string[] }
  | {
      readonly does: "transfer";
      readonly changes: readonly LineChange[];
      readonly from: LockedConsumer;
      readonly to: LockedConsumer;
    }
);

/**
 * Decides what a change does, and refuses what cannot be. Writes nothing. Raises DEMAND_NOT_FOUND, DEMAND_CHANGE_CONSUMERS, DEMAND_CHANGE_AMOUNT,
 * DEMAND_CHANGE_LINE_TWICE, DEMAND_CHANGE_DATE, DEMAND_CHANGE_EXCEEDS_DUE, DEMAND_CHANGE_REMISSION_HEAD, DEMAND_CANCELLED, RETROSPECTIVE_YEAR,
 * RETROSPECTIVE_BEFORE_BOOKS, TRANSFER_CONSUMER, CONSUMER_NOT_FOUND, and what raising a demand raises.
 */
export async function planChange(tx: Tx, content: ChangeContent, on: LocalDate): Promise<PlannedChange> {
  switch (content.kind) {
    case "debit-note":
      return planDebitNote(tx, content, on);
    case "credit-note":
    case "remission":
    case "exemption":
      return planTakingOff(tx, content, on);
    case "cancellation": {
      const demands = await lockDemands(tx, content.demandIds, on);
      return { does: "cancel", consumerId: oneConsumer(demands).id, demandIds: content.demandIds };
    }
    case "retrospective":
      return planRetrospective(tx, content, on);
    case "transfer":
      return planTransferring(tx, content, on);
  }
}

/** Does what was planned: changes the register and posts the entry. The ledger's refusals are raised. */
export async function carryOut(tx: Tx, change: DemandChange, planned: PlannedChange): Promise<void> {
  const source = { type: CHANGE_SOURCE, id: change.id };
  const narration = narrationOf(change);
  switch (planned.does) {
    case "raise":
      await raiseDemands(tx, {
        batchId: change.id,
        kind: planned.kind,
        date: change.date,
        narration,
        detail: "by-consumer",
        demands: planned.demands,
      });
      return;
    case "cancel":
      await cancelDemands(tx, {
        source,
        date: change.date,
        demandIds: planned.demandIds,
        reason: change.reason,
        detail: "by-consumer",
      });
      return;
    case "take-off": {
      await writeLineChanges(tx, planned.changes, { source, date: change.date });
      const posted = planned.changes.map((c) => ({ change: c, payer: planned.consumer }));
      const accounts = await changeAccounts(tx, change.date);
      await post(tx, change, changeLines(posted, accounts, change.date, "by-consumer"), narration);
      return;
    }
    case "transfer":
      await post(tx, change, await transfer(tx, change, planned), narration);
  }
}

async function post(tx: Tx, change: DemandChange, lines: readonly Line[], narration: string): Promise<void> {
  if (lines.length === 0) return; // dues on receipt basis do not stand in the books until they are paid
  const source = { type: CHANGE_SOURCE, id: change.id };
  await postEntry(tx, { voucher: "journal", date: change.date, narration, source, lines });
}

const TITLES: Readonly<Record<ChangeContent["kind"], string>> = {
  "debit-note": "Debit note",
  "credit-note": "Credit note",
  remission: "Remission",
  exemption: "Exemption",
  cancellation: "Cancellation",
  retrospective: "Retrospective demand",
  transfer: "Transfer of arrears",
};

function narrationOf(change: DemandChange): string {
  const order = change.order ? ` under order ${change.order.number} of ${formatDate(change.order.date)}` : "";
  return `${TITLES[change.content.kind]}${order}: ${change.reason}`;
}

// ---------------------------------------------------------------- deciding

async function planDebitNote(
  tx: Tx,
  content: Extract<ChangeContent, { kind: "debit-note" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const demands = await lockDemands(tx, [content.demandId], on);
  const consumer = oneConsumer(demands);
  const [line] = demands.lines;
  const { periodFrom, periodTo, demandYear } = need(line, content.demandId);
  const draft: DemandDraft = {
    consumerId: consumer.id,
    periodFrom,
    periodTo,
    demandYear,
    dueDate: content.dueDate,
    lines: content.lines,
  };
  checkDemand(draft, "supplementary", on, consumer, await loadMasters(tx, on));
  return { does: "raise", consumerId: consumer.id, kind: "supplementary", demands: [draft] };
}

async function planRetrospective(
  tx: Tx,
  content: Extract<ChangeContent, { kind: "retrospective" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const { consumerId } = content;
  const consumer = need((await lockConsumers(tx, [consumerId])).get(consumerId), consumerId);
  const masters = await loadMasters(tx, on);
  const starts = financialYearOf(tx.ulb.startsOn);
  const current = financialYearOf(on);
  const demands = content.periods.map((period): DemandDraft => {
    const draft = { ...period, consumerId };
    const year = period.demandYear ?? financialYearOf(period.periodFrom);
    if (year < starts) throw changeErrors.RETROSPECTIVE_BEFORE_BOOKS({ consumer: consumer.code, year, starts });
    if (year >= current) throw changeErrors.RETROSPECTIVE_YEAR({ consumer: consumer.code, year, current });
    checkDemand(draft, "regular", on, consumer, masters);
    return draft;
  });
  return { does: "raise", consumerId, kind: "regular", demands };
}

async function planTakingOff(
  tx: Tx,
  content: Extract<ChangeContent, { kind: "credit-note" | "remission" | "exemption" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const demands = await lockDemands(
    tx,
    content.items.map((i) => i.demandId),
    on,
  );
  const consumer = oneConsumer(demands);
  const accounts = await changeAccounts(tx, on);
  const kind = content.kind === "credit-note" ? "reduction" : "remission";
  const reach = content.kind !== "credit-note" && content.intoPaid === true ? "paid" : "due";
  const lineOf = lineFinder(demands);
  const changes = content.items.map((item): LineChange => {
    const line = lineOf(item);
    const name = nameOfLine(line, demands.consumers);
    if (item.own < 0n || (item.cess ?? 0n) < 0n || item.own + (item.cess ?? 0n) <= 0n) {
      throw changeErrors.DEMAND_CHANGE_AMOUNT({ line: name, amount: formatIndian(item.own) });
    }
    const asked = askedOf(line, item.own, item.cess);
    const planned = planReduction(line, settledOf(demands, line), asked, kind, reach);
    if ("exceeds" in planned) {
      const help =
        reach === "paid"
          ? "take off no more than both together; a rebate or a write-off that settled the rest stays"
          : kind === "remission"
            ? "ask for it to reach into what is paid (that money becomes the consumer's advance), or take off less"
            : "take off less, cancel the demand, or have a remission sanctioned that gives paid money back";
      throw exceeds(name, planned, sum([asked.own, asked.cess]), asked, help);
    }
    const isOfThisYear = kind === "remission" && line.demandYear >= financialYearOf(on);
    if (isOfThisYear && line.basis === "accrual" && planned.amount > planned.cess) {
      if (accounts.remission(line.taxHead) === null)
        throw changeErrors.DEMAND_CHANGE_REMISSION_HEAD({ taxHead: line.taxHead });
    }
    return planned;
  });
  return { does: "take-off", consumerId: consumer.id, changes, consumer };
}

async function planTransferring(
  tx: Tx,
  content: Extract<ChangeContent, { kind: "transfer" }>,
  on: LocalDate,
): Promise<PlannedChange> {
  const demands = await lockDemands(
    tx,
    content.items.map((i) => i.demandId),
    on,
    [content.toConsumerId],
  );
  const from = oneConsumer(demands);
  const to = need(demands.consumers.get(content.toConsumerId), content.toConsumerId);
  const refuse = (problem: string) => changeErrors.TRANSFER_CONSUMER({ from: from.code, to: to.code, problem });
  if (from.id === to.id) throw refuse("it is the same consumer; name the one that takes them over");
  if (from.service !== to.service)
    throw refuse(`it is a ${to.service} consumer, they are dues of ${from.service}; choose one of that service`);
  const lineOf = lineFinder(demands);
  const changes = content.items.map((item): LineChange => {
    const line = lineOf(item);
    const name = nameOfLine(line, demands.consumers);
    const amount = item.amount ?? outstandingOf(line);
    if (amount <= 0n) throw changeErrors.DEMAND_CHANGE_AMOUNT({ line: name, amount: formatIndian(amount) });
    const planned = planTransfer(line, amount);
    if ("exceeds" in planned)
      throw exceeds(name, planned, amount, { own: amount, cess: ZERO }, "only what is due passes to another consumer");
    return planned;
  });
  return { does: "transfer", consumerId: from.id, changes, from, to };
}

function exceeds(
  line: string,
  planned: Exceeds,
  asked: Paise,
  parts: { readonly own: Paise; readonly cess: Paise },
  help: string,
) {
  return changeErrors.DEMAND_CHANGE_EXCEEDS_DUE({
    line,
    asked: formatIndian(asked),
    own: formatIndian(parts.own),
    cess: formatIndian(parts.cess),
    due: formatIndian(planned.due),
    paid: formatIndian(planned.paid),
    help,
  });
}

/** The consumer whose demands these are; a change concerns one. */
function oneConsumer(demands: DemandsToChange): LockedConsumer {
  const ids = [...new Set(demands.lines.map((l) => l.consumerId))];
  const all = ids.map((id) => need(demands.consumers.get(id), id));
  const [one, ...others] = all;
  if (others.length > 0) throw changeErrors.DEMAND_CHANGE_CONSUMERS({ consumers: all.map((c) => c.code).sort() });
  return need(one, "the consumer of a demand");
}

/** The line that an item names, each once. */
function lineFinder(demands: DemandsToChange) {
  const lines = new Map(demands.lines.map((l) => [lineKey(l), l]));
  const seen = new Set<string>();
  return (item: { readonly demandId: string; readonly taxHead: string }): ChangedLine => {
    const key = lineKey(item);
    const line = lines.get(key);
    if (!line) throw changeErrors.DEMAND_NOT_FOUND({ demand: key });
    if (seen.has(key)) throw changeErrors.DEMAND_CHANGE_LINE_TWICE({ line: nameOfLine(line, demands.consumers) });
    seen.add(key);
    return line;
  };
}

// ---------------------------------------------------------------- transferring

/**
 * What is due passes over as demands of the new consumer with the same period, year and due date, so that they are settled in their place and
 * penalty runs on; the penalty charged so far goes with them, in proportion. Gives the lines to post.
 */
async function transfer(
  tx: Tx,
  change: DemandChange,
  planned: Extract<PlannedChange, { does: "transfer" }>,
): Promise<Line[]> {
  const source = { type: CHANGE_SOURCE, id: change.id };
  const { changes, from, to } = planned;
  const charged = (
    await lateFacts(
      tx,
      changes.map((c) => c.line),
      change.date,
    )
  ).charged;
  const ids = new Map(changes.map((c) => [c.line.demandId, newId(tx.clock().getTime())]));
  const moved = changes.map((c) => ({
    from: c,
    payer: from,
    to: takenOver(c, need(ids.get(c.line.demandId), c.line.demandId), to, change.date),
    newPayer: to,
    penalties: [...(charged.get(lineKey(c.line)) ?? [])].map(([head, all]) => ({
      head,
      amount: proportion(all, c.amount, outstandingOf(c.line)),
    })),
  }));
  const raised = [...ids.values()].map((demandId): Raised => {
    const lines = moved.map((m) => m.to).filter((l) => l.demandId === demandId);
    const first = need(lines[0], demandId);
    const { demandYear, rebateUntil, terms } = first;
    return { demandId, consumerId: to.id, draft: first, demandYear, rebateUntil, terms, late: null, lines };
  });
  await insertDemands(tx, raised, { kind: "transferred", date: change.date, source });
  await writeLineChanges(tx, changes, { source, date: change.date });
  await tx.query(
    `insert into billing.transferred_details (ulb_id, to_demand_id, tax_head, from_demand_id, source_type, source_id, amount, cess)
     select :ulb::integer, t.to_id, t.head, t.from_id, :source_type, :source_id, t.amount, t.cess
     from unnest(:to_ids::uuid[], :heads::text[], :from_ids::uuid[], :amounts::bigint[], :cesses::bigint[])
       as t (to_id, head, from_id, amount, cess)`,
    {
      ulb: tx.ulb.id,
      source_type: source.type,
      source_id: source.id,
      to_ids: moved.map((m) => m.to.demandId),
      heads: moved.map((m) => m.to.taxHead),
      from_ids: moved.map((m) => m.from.line.demandId),
      amounts: moved.map((m) => m.from.amount),
      cesses: moved.map((m) => m.from.cess),
    },
  );
  const penalties = moved.flatMap((m) => m.penalties.filter((p) => p.amount > 0n).map((p) => ({ ...p, moved: m })));
  if (penalties.length > 0) {
    await tx.query(
      `insert into billing.transferred_penalties (ulb_id, to_demand_id, tax_head, penalty_head, from_demand_id, amount)
       select :ulb::integer, t.to_id, t.head, t.penalty_head, t.from_id, t.amount
       from unnest(:to_ids::uuid[], :heads::text[], :penalty_heads::text[], :from_ids::uuid[], :amounts::bigint[])
         as t (to_id, head, penalty_head, from_id, amount)`,
      {
        ulb: tx.ulb.id,
        to_ids: penalties.map((p) => p.moved.to.demandId),
        heads: penalties.map((p) => p.moved.to.taxHead),
        penalty_heads: penalties.map((p) => p.head),
        from_ids: penalties.map((p) => p.moved.from.line.demandId),
        amounts: penalties.map((p) => p.amount),
      },
    );
  }
  return transferLines(moved);
}

function takenOver(
  { line, amount, cess }: LineChange,
  demandId: string,
  to: LockedConsumer,
  on: LocalDate,
): ChangedLine {
  const { reduced: _reduced, ...same } = line;
  return {
    ...same,
    demandId,
    consumerId: to.id,
    amount,
    cess,
    cessHead: cess > 0n ? line.cessHead : null,
    cessVersion: cess > 0n ? line.cessVersion : null,
    settled: ZERO,
    cessSettled: ZERO,
    ward: to.ward,
    demandKind: "transferred",
    raisedOn: on,
  };
}
