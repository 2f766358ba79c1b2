import { postEntry, postingAccount, type Line, type PostedEntry } from "../ledger/index.ts";
import {
  financialYear,
  financialYearEnd,
  financialYearOf,
  financialYearStart,
  type FinancialYear,
  type LocalDate,
} from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { add, formatIndian, negate, percentOf, rate, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { keepTerms, lastRebateDay, type DemandTerms, type KeptTerms } from "./demand-terms.ts";
import type { Service } from "./due.ts";
import { openLines, type ConsumerLine } from "./dues.ts";
import { demandLines, merge, openingLines, settlementLines, type Detail } from "./entries.ts";
import { billingErrors } from "./errors.ts";
import {
  insertAdvances,
  insertAllocations,
  insertDemands,
  lockConsumers,
  need,
  type LockedConsumer,
  type Raised,
  type RaisedLine,
} from "./register.ts";
import { settle, type PlannedAllocation } from "./settle.ts";
import { services, taxHeads, type ServiceSetup, type TaxHead } from "./tax-heads.ts";

export type DemandKind = "regular" | "opening" | "supplementary" | "charge";

/** What one consumer is to pay for one period. Cess heads are named beside the head on which they are levied. */
export type DemandDraft = {
  readonly consumerId: string;
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  /** The year of the register; by default that of `periodFrom`. */
  readonly demandYear?: FinancialYear;
  readonly dueDate: LocalDate;
  readonly lines: readonly { readonly taxHead: string; readonly amount: Paise }[];
  /** What the rules say of early and late payment of this demand; without, the service's terms hold. */
  readonly terms?: DemandTerms;
};

export type DemandBatch = {
  /** Names the fact: the same batch is raised once. */
  readonly batchId?: string;
  readonly kind?: DemandKind;
  /** Date of the entry. */
  readonly date: LocalDate;
  readonly narration?: string;
  /** How the entry shows receivables; `summary` by default, because no accountant reads a city's run line by line. */
  readonly detail?: Detail;
  readonly demands: readonly DemandDraft[];
};

export type RaisedDemands = {
  readonly batchId: string;
  readonly demandIds: readonly string[];
  readonly total: Paise;
  /** What came out of advances at once. */
  readonly advanceAdjusted: Paise;
  /** Null if every line is on receipt basis: then nothing is posted until it is paid. */
  readonly entry: PostedEntry | null;
};

/**
 * Raises the demands of a batch with one journal entry, summarised by account, fund, function, ward and year; advances that the consumers have
 * are adjusted in the same entry. All or nothing. A demand of an earlier year is booked in the arrears head; unless it is an opening
 * receivable its income is of a prior period (NMAM 280-10). Raises CONSUMER_NOT_FOUND, TAX_HEAD_UNKNOWN, DEMAND_* and the ledger's refusals.
 */
export async function raiseDemands(tx: Tx, batch: DemandBatch): Promise<RaisedDemands> {
  const kind = batch.kind ?? "regular";
  if (batch.demands.length === 0) throw billingErrors.DEMAND_EMPTY({ what: "the batch" });
  const batchId = batch.batchId ?? newId();
  const consumers = await lockConsumers(
    tx,
    batch.demands.map((d) => d.consumerId),
  );
  const masters = await loadMasters(tx, batch.date);
  const terms = await keepTerms(tx, batch.demands);
  const raised = batch.demands.map((draft, i) => assess(draft, kind, batch.date, consumers, masters, terms[i]));
  if (kind === "regular" || kind === "opening") await refuseSecondDemand(tx, batch.demands, consumers);
  await insertDemands(tx, raised, { kind, date: batch.date, source: { type: "demand-batch", id: batchId } });

  const planned = await adjustAdvances(tx, consumers, masters.services, batch.date, batchId);
  const lines = raised.flatMap((r) => r.lines);
  const total = sum(lines.map((l) => l.amount));
  const adjusted = sum(planned.filter((a) => a.kind === "advance").map((a) => a.amount));
  const narration =
    batch.narration ??
    (kind === "opening"
      ? `Opening receivables, ${batch.demands.length} demands`
      : `Demand of ${batch.demands.length} bills, ${formatIndian(total)}${adjusted > 0n ? `, ${formatIndian(adjusted)} from advances` : ""}`);
  await tx.query(
    `insert into billing.demand_batches (ulb_id, batch_id, kind, demand_date, narration, demand_count, total, advance_adjusted, created_at, created_by)
     values (:ulb, :batch, :kind, :on_date, :narration, :demand_count, :total, :adjusted, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      batch: batchId,
      kind,
      on_date: batch.date,
      narration,
      demand_count: raised.length,
      total,
      adjusted,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );

  const payerOf = (consumerId: string): LockedConsumer => need(consumers.get(consumerId), consumerId);
  const demanded = lines.map((line) => ({ line, payer: payerOf(line.consumerId) }));
  const entryLines = merge([
    ...(kind === "opening"
      ? openingLines(demanded, await postingAccount(tx, "opening-balance"), batch.detail)
      : demandLines(demanded, batch.detail)),
    ...settlementLines(
      planned.map((a) => ({ ...a, payer: payerOf(a.line.consumerId) })),
      batch.detail ?? "summary",
    ),
  ]);
  const entry =
    entryLines.length === 0
      ? null
      : await postEntry(tx, {
          voucher: kind === "opening" ? "opening" : "journal",
          date: batch.date,
          narration,
          source: { type: "demand-batch", id: batchId },
          lines: entryLines,
        });
  return { batchId, demandIds: raised.map((r) => r.demandId), total, advanceAdjusted: adjusted, entry };
}

/** Receivables of years before the books start (case C00): Dr arrears per consumer and year, Cr cess control, Cr opening balance. */
export async function openReceivables(
  tx: Tx,
  opening: {
    readonly batchId?: string;
    readonly date?: LocalDate;
    readonly detail?: Detail;
    readonly demands: readonly DemandDraft[];
  },
): Promise<RaisedDemands> {
  const starts = financialYearOf(tx.ulb.startsOn);
  for (const d of opening.demands) {
    const year = d.demandYear ?? financialYearOf(d.periodFrom);
    if (year >= starts) throw billingErrors.OPENING_YEAR({ consumer: d.consumerId, year, starts });
  }
  return raiseDemands(tx, { ...opening, kind: "opening", date: opening.date ?? tx.ulb.startsOn });
}

/**
 * Registers a single charge (a dishonour charge, a notice fee) and gives back the ledger lines, so that it stands in the entry of the fact
 * that caused it. Posts nothing itself.
 */
export async function raiseCharge(
  tx: Tx,
  charge: {
    readonly consumerId: string;
    readonly taxHead: string;
    readonly amount: Paise;
    readonly date: LocalDate;
    readonly source: { readonly type: string; readonly id: string };
  },
): Promise<{ readonly demandId: string; readonly ledgerLines: readonly Line[] }> {
  const { demandIds, ledgerLines } = await raiseCharges(tx, [charge], charge);
  return { demandId: need(demandIds[0], charge.consumerId), ledgerLines };
}

/** Charges of one fact on many consumers, as `raiseCharge` makes one; `demandIds` are in the order of the charges. Posts nothing itself. */
export async function raiseCharges(
  tx: Tx,
  charges: readonly { readonly consumerId: string; readonly taxHead: string; readonly amount: Paise }[],
  fact: { readonly date: LocalDate; readonly source: { readonly type: string; readonly id: string } },
): Promise<{ readonly demandIds: readonly string[]; readonly ledgerLines: readonly Line[] }> {
  if (charges.length === 0) return { demandIds: [], ledgerLines: [] };
  const { date, source } = fact;
  const consumers = await lockConsumers(
    tx,
    charges.map((c) => c.consumerId),
  );
  const masters = await loadMasters(tx, date);
  const raised = charges.map(({ consumerId, taxHead, amount }) =>
    assess(
      { consumerId, periodFrom: date, periodTo: date, dueDate: date, lines: [{ taxHead, amount }] },
      "charge",
      date,
      consumers,
      masters,
    ),
  );
  await insertDemands(tx, raised, { kind: "charge", date, source });
  const lines = raised.flatMap((r) => r.lines);
  return {
    demandIds: raised.map((r) => r.demandId),
    ledgerLines: demandLines(
      lines.map((line) => ({ line, payer: need(consumers.get(line.consumerId), line.consumerId) })),
      "by-consumer",
    ),
  };
}

/** The lines of a demand with the cess that its heads bear at their percentages: for demand runs that know only the own tax. */
export function withCess(
  lines: DemandDraft["lines"],
  heads: ReadonlyMap<string, TaxHead>,
): { readonly taxHead: string; readonly amount: Paise }[] {
  return lines.flatMap((line) => [
    line,
    ...[...heads.values()]
      .filter((h) => h.kind === "cess" && h.cessOn === line.taxHead && h.cessPercent !== null)
      .map((h) => ({ taxHead: h.code, amount: percentOf(line.amount, rate(h.cessPercent ?? "0")) }))
      .filter((l) => l.amount > 0n),
  ]);
}

/** Tax heads and service terms in force on a day. */
export type Masters = {
  readonly heads: ReadonlyMap<string, TaxHead>;
  readonly services: ReadonlyMap<Service, ServiceSetup>;
};

/** Tax heads and service terms in force on a day. */
export async function loadMasters(read: Read, on: LocalDate): Promise<Masters> {
  return { heads: await taxHeads(read, on), services: await services(read, on) };
}

/** Raises what raiseDemands would raise for this draft alone; writes nothing. */
export function checkDemand(
  draft: DemandDraft,
  kind: DemandKind,
  date: LocalDate,
  consumer: LockedConsumer,
  masters: Masters,
): void {
  assess(draft, kind, date, new Map([[consumer.id, consumer]]), masters);
}

/** Checks a draft and makes its lines: every cess goes into the line of the head on which it is levied. */
function assess(
  draft: DemandDraft,
  kind: DemandKind,
  date: LocalDate,
  consumers: ReadonlyMap<string, LockedConsumer>,
  masters: Masters,
  terms?: KeptTerms,
): Raised {
  const consumer = need(consumers.get(draft.consumerId), draft.consumerId);
  const service = masters.services.get(consumer.service);
  if (!service) throw billingErrors.SERVICE_UNKNOWN({ service: consumer.service });
  const period = `${draft.periodFrom} to ${draft.periodTo}`;
  const demandYear = draft.demandYear ? financialYear(draft.demandYear) : financialYearOf(draft.periodFrom);
  if (
    draft.periodFrom > draft.periodTo ||
    draft.periodFrom < financialYearStart(demandYear) ||
    draft.periodTo > financialYearEnd(demandYear)
  ) {
    throw billingErrors.DEMAND_PERIOD({ consumer: consumer.code, from: draft.periodFrom, to: draft.periodTo });
  }
  if (draft.lines.length === 0)
    throw billingErrors.DEMAND_EMPTY({ what: `the demand of ${consumer.code} for ${period}` });
  const isArrears = demandYear < financialYearOf(date);
  const demandId = newId();
  const early = terms?.early ?? (service.terms.rebate ? [service.terms.rebate] : []);
  const rebateBy = kind === "regular" ? lastRebateDay(early, draft.periodFrom) : null;

  const seen = new Set<string>();
  const own: { head: TaxHead; amount: Paise }[] = [];
  const cesses: { head: TaxHead; amount: Paise }[] = [];
  for (const line of draft.lines) {
    const head = masters.heads.get(line.taxHead);
    if (!head) throw billingErrors.TAX_HEAD_UNKNOWN({ taxHead: line.taxHead, on: date });
    if (head.service !== consumer.service) {
      throw billingErrors.DEMAND_HEAD_SERVICE({
        consumer: consumer.code,
        taxHead: head.code,
        service: consumer.service,
      });
    }
    if (seen.has(head.code))
      throw billingErrors.DEMAND_HEAD_TWICE({ consumer: consumer.code, taxHead: head.code, period });
    seen.add(head.code);
    if (line.amount <= 0n) {
      throw billingErrors.DEMAND_AMOUNT({
        consumer: consumer.code,
        taxHead: head.code,
        amount: formatIndian(line.amount),
      });
    }
    (head.kind === "cess" ? cesses : own).push({ head, amount: line.amount });
  }
  const bare = (head: TaxHead, amount: Paise): RaisedLine => ({
    demandId,
    consumerId: consumer.id,
    taxHead: head.code,
    headVersion: head.validFrom,
    kind: head.kind,
    basis: head.basis,
    service: consumer.service,
    demandYear,
    periodFrom: draft.periodFrom,
    periodTo: draft.periodTo,
    dueDate: draft.dueDate,
    rebateUntil: rebateBy,
    priority: head.priority,
    amount,
    cess: ZERO,
    cessHead: null,
    cessVersion: null,
    settled: ZERO,
    cessSettled: ZERO,
    ward: consumer.ward,
    ...(terms && { terms }),
    accounts: {
      receivable: head.basis === "receipt" ? null : isArrears ? head.arrearsAccount : head.receivableAccount,
      income:
        isArrears && kind !== "opening" && head.basis === "accrual"
          ? (head.priorIncomeAccount ?? head.incomeAccount)
          : head.incomeAccount,
      advance: service.advanceAccount,
      cessControl: head.cessControlAccount,
      cessPayable: head.cessPayableAccount,
      rebate: head.rebateAccount,
      provision: head.provisionAccount,
      cessProvision: head.cessProvisionAccount,
      writeOff: head.writeOffAccount,
      fund: service.fund,
      function: head.function,
    },
  });
  const lines = new Map(own.map(({ head, amount }) => [head.code, bare(head, amount)]));
  for (const { head, amount } of cesses) {
    const bearer = lines.get(head.cessOn ?? "");
    if (!bearer)
      throw billingErrors.DEMAND_CESS_ALONE({
        consumer: consumer.code,
        taxHead: head.code,
        cessOn: head.cessOn ?? "its head",
      });
    const carried = {
      cess: amount,
      cessHead: head.code,
      cessVersion: head.validFrom,
      accounts: {
        ...bearer.accounts,
        cessControl: head.cessControlAccount,
        cessPayable: head.cessPayableAccount,
        cessProvision: head.cessProvisionAccount,
      },
    };
    // A second cess on the same head stands as a line of its own that is wholly cess.
    if (bearer.cess > 0n)
      lines.set(head.code, {
        ...bare(head, amount),
        ...carried,
        accounts: { ...bare(head, amount).accounts, income: null },
      });
    else lines.set(bearer.taxHead, { ...bearer, ...carried, amount: add(bearer.amount, amount) });
  }
  return {
    demandId,
    consumerId: consumer.id,
    draft,
    demandYear,
    rebateUntil: rebateBy,
    terms,
    late: null,
    lines: [...lines.values()],
  };
}

async function refuseSecondDemand(
  tx: Tx,
  drafts: readonly DemandDraft[],
  consumers: ReadonlyMap<string, LockedConsumer>,
): Promise<void> {
  const keys = new Set<string>();
  for (const d of drafts) {
    const key = `${d.consumerId}/${d.periodFrom}/${d.periodTo}`;
    if (keys.has(key)) throw alreadyDemanded(d, consumers);
    keys.add(key);
  }
  // Each consumer's own demands are looked up: what the planner believes of a table that a run has just filled must not make it read them all.
  const there = await tx.queryOne<{ consumer_id: string; period_from: LocalDate; period_to: LocalDate }>(
    `select d.consumer_id, d.period_from, d.period_to
     from unnest(:ids::uuid[], :froms::date[], :tos::date[]) as n (consumer_id, period_from, period_to)
     cross join lateral (
       select d.consumer_id, d.period_from, d.period_to from billing.demands d
       where d.ulb_id = :ulb and d.consumer_id = n.consumer_id and d.period_from = n.period_from and d.period_to = n.period_to
         and d.kind in ('regular', 'opening')
         and not exists (select 1 from billing.cancelled_demands c where c.ulb_id = d.ulb_id and c.demand_id = d.demand_id)
       limit 1
     ) as d
     limit 1`,
    {
      ulb: tx.ulb.id,
      ids: drafts.map((d) => d.consumerId),
      froms: drafts.map((d) => d.periodFrom),
      tos: drafts.map((d) => d.periodTo),
    },
  );
  if (there) {
    throw alreadyDemanded(
      { consumerId: there.consumer_id, periodFrom: there.period_from, periodTo: there.period_to },
      consumers,
    );
  }
}

function alreadyDemanded(
  d: Pick<DemandDraft, "consumerId" | "periodFrom" | "periodTo">,
  consumers: ReadonlyMap<string, LockedConsumer>,
) {
  return billingErrors.DEMAND_EXISTS({
    consumer: consumers.get(d.consumerId)?.code ?? d.consumerId,
    period: `${d.periodFrom} to ${d.periodTo}`,
  });
}

type PlannedFor = PlannedAllocation & { readonly line: ConsumerLine };

/** Case C05: consumers with credit have it adjusted against what they owe, oldest first, as soon as a demand is raised. */
async function adjustAdvances(
  tx: Tx,
  consumers: ReadonlyMap<string, LockedConsumer>,
  setups: ReadonlyMap<Service, ServiceSetup>,
  date: LocalDate,
  batchId: string,
): Promise<PlannedFor[]> {
  const withAdvance = [...consumers.values()].filter((c) => c.advance > 0n);
  if (withAdvance.length === 0) return [];
  const lines = groupBy(
    await openLines(
      tx,
      withAdvance.map((c) => c.id),
    ),
    (l) => l.consumerId,
  );
  const planned: PlannedFor[] = [];
  const used: { consumerId: string; amount: Paise; account: string }[] = [];
  for (const consumer of withAdvance) {
    const setup = need(setups.get(consumer.service), consumer.service);
    const { allocations } = settle(lines.get(consumer.id) ?? [], consumer.advance, date, setup.terms, "advance");
    const own = allocations.map((a) => ({ ...a, line: { ...a.line, consumerId: consumer.id } }));
    planned.push(...own);
    const amount = sum(own.filter((a) => a.kind === "advance").map((a) => a.amount));
    if (amount > 0n) used.push({ consumerId: consumer.id, amount, account: setup.advanceAccount });
  }
  const source = { type: "demand-batch", id: batchId };
  await insertAllocations(
    tx,
    planned.map((a) => ({ ...a, consumerId: a.line.consumerId, date, source, reverses: null })),
  );
  await insertAdvances(
    tx,
    used.map((u) => ({
      consumerId: u.consumerId,
      kind: "adjusted",
      account: u.account,
      source,
      date,
      amount: negate(u.amount),
    })),
  );
  return planned;
}
