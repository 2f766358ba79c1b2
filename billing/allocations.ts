import { cr, dr, type Dimensions, type Line } from "../ledger/index.ts";
import type { LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { newId } from "../ledger/kernel/ids.ts";
import { formatIndian, min, negate, paise, subtract, sum, ZERO, type Paise } from "../ledger/kernel/money.ts";
import { invariant } from "../ledger/kernel/errors.ts";
import type { Read, Tx } from "../ledger/kernel/tx.ts";
import { lineKey } from "./due.ts";
import {
  addCharged,
  lateFacts,
  linesOf,
  mayBeCharged,
  noLateFacts,
  openLines,
  reckonPenalties,
  type ConsumerLine,
  type LateFacts,
  type ReckonedPenalty,
} from "./dues.ts";
import { advanceLines, merge, netCredit, reversalLines, settlementLines } from "./entries.ts";
import { billingErrors } from "./errors.ts";
import {
  insertAdvances,
  insertAllocations,
  insertPenalties,
  lockConsumers,
  need,
  type AllocationRow,
  type LockedConsumer,
} from "./register.ts";
import { settle, takeBack, type AllocationKind } from "./settle.ts";
import { services } from "./tax-heads.ts";

export type Source = { readonly type: string; readonly id: string };

/** Money that came for a consumer. `source` names the fact (a receipt); it is applied once. */
export type Payment = {
  readonly consumerId: string;
  readonly amount: Paise;
  /** The date of the receipt's entry. */
  readonly date: LocalDate;
  /** The day on which the payer paid, where that is another: rebate and penalty are reckoned on it. */
  readonly reckonedOn?: LocalDate;
  readonly source: Source;
  readonly billId?: string | null;
  /** What is more than the dues becomes the consumer's advance, or is left for the caller to book (a refund payable, case C09). */
  readonly excess?: "advance" | "leave";
};

/** One part of a receipt: what of the money went where. `own` + `cess` = `amount`. */
export type Allocation = {
  readonly id: string;
  readonly demandId: string;
  readonly taxHead: string;
  readonly cessHead: string | null;
  readonly kind: AllocationKind;
  readonly demandYear: ConsumerLine["demandYear"];
  readonly periodFrom: LocalDate;
  readonly periodTo: LocalDate;
  readonly amount: Paise;
  readonly own: Paise;
  readonly cess: Paise;
};

export type AppliedPayment = {
  readonly consumerId: string;
  readonly source: Source;
  readonly allocations: readonly Allocation[];
  /** What became the consumer's advance. */
  readonly advance: Paise;
  /** With `excess: "leave"`: what the caller has to book. */
  readonly excess: Paise;
  /** Credits (and the pairs for cess and rebate) to post in the receipt's entry; net they are `amount` less `excess`. */
  readonly ledgerLines: readonly Line[];
};

/**
 * Applies one payment to what its consumer owes: the write step of a receipt, in the receipt's transaction. Penalties are reckoned to the date,
 * a rebate that it earns is granted, the excess becomes an advance: money taken is never refused. Posts nothing: the caller posts
 * `ledgerLines` with its own debit. Raises CONSUMER_NOT_FOUND, PAYMENT_AMOUNT, PAYMENT_APPLIED.
 */
export async function applyPayment(tx: Tx, payment: Payment): Promise<AppliedPayment> {
  const [applied] = await applyPayments(tx, [payment]);
  invariant(applied, "one payment is applied once");
  return applied;
}

/** The same for a batch, in the order given, with a handful of statements however many they are; a consumer may occur several times. */
export async function applyPayments(tx: Tx, payments: readonly Payment[]): Promise<AppliedPayment[]> {
  if (payments.length === 0) return [];
  for (const p of payments) if (p.amount <= 0n) throw billingErrors.PAYMENT_AMOUNT({ amount: formatIndian(p.amount) });
  const consumers = await lockConsumers(
    tx,
    payments.map((p) => p.consumerId),
  );
  await insertAppliedPayments(tx, payments);

  const dates = [...new Set(payments.map((p) => p.date))];
  const setups = new Map<LocalDate, Awaited<ReturnType<typeof services>>>();
  for (const date of dates) setups.set(date, await services(tx, date));
  const lines = new Map(
    [...groupBy(await openLines(tx, [...consumers.keys()]), (l) => l.consumerId)].map(([id, own]) => [
      id,
      own as readonly ConsumerLine[],
    ]),
  );
  const late = await lateFactsFor(tx, payments, [...lines.values()].flat(), setups);

  const rows: AllocationRow[] = [];
  const advances: Parameters<typeof insertAdvances>[1][number][] = [];
  const penalties: { readonly penalty: ReckonedPenalty; readonly payment: Payment }[] = [];
  const applied: AppliedPayment[] = [];
  for (const payment of payments) {
    const consumer = need(consumers.get(payment.consumerId), payment.consumerId);
    const setup = setups.get(payment.date)?.get(consumer.service);
    if (!setup) throw billingErrors.SERVICE_UNKNOWN({ service: consumer.service });
    const open = lines.get(consumer.id) ?? [];
    const reckonedOn = payment.reckonedOn ?? payment.date;
    const reckoned = reckonPenalties(open, late, setup, reckonedOn);
    const settled = settle([...open, ...reckoned], payment.amount, reckonedOn, setup.terms);
    const toAdvance = payment.excess === "leave" ? ZERO : settled.excess;

    for (const penalty of reckoned) {
      penalties.push({ penalty, payment });
      addCharged(late.charged, `${penalty.lateDemandId}/${penalty.lateTaxHead}`, penalty.taxHead, penalty.amount);
    }
    const made = settled.allocations.map((a) => ({ ...a, id: newId() }));
    for (const a of made) {
      rows.push({ ...a, consumerId: consumer.id, source: payment.source, date: payment.date, reverses: null });
      const key = lineKey(a.line);
      late.history.set(key, [...(late.history.get(key) ?? []), { date: payment.date, amount: a.amount, cess: a.cess }]);
    }
    if (toAdvance > 0n) {
      advances.push({
        consumerId: consumer.id,
        kind: "received",
        account: setup.advanceAccount,
        source: payment.source,
        date: payment.date,
        amount: toAdvance,
      });
    }
    lines.set(
      consumer.id,
      settled.lines.map((l) => ({ ...l, consumerId: consumer.id })),
    );
    applied.push({
      consumerId: consumer.id,
      source: payment.source,
      allocations: made.map((a) => ({
        id: a.id,
        demandId: a.line.demandId,
        taxHead: a.line.taxHead,
        cessHead: a.line.cessHead,
        kind: a.kind,
        demandYear: a.line.demandYear,
        periodFrom: a.line.periodFrom,
        periodTo: a.line.periodTo,
        amount: a.amount,
        own: subtract(a.amount, a.cess),
        cess: a.cess,
      })),
      advance: toAdvance,
      excess: payment.excess === "leave" ? settled.excess : ZERO,
      ledgerLines: merge([
        ...settlementLines(made.map((a) => ({ ...a, payer: consumer }))),
        ...(toAdvance > 0n
          ? advanceLines([{ account: setup.advanceAccount, amount: toAdvance, payer: consumer, fund: setup.fund }])
          : []),
      ]),
    });
  }
  for (const [, group] of groupBy(penalties, (p) => `${p.payment.source.type}/${p.payment.source.id}`)) {
    const [first] = group;
    if (!first) continue;
    await insertPenalties(
      tx,
      group.map((g) => g.penalty),
      late.heads,
      first.payment,
    );
  }
  await insertAllocations(tx, rows);
  await insertAdvances(tx, advances);
  return applied;
}

/** Facts of lateness are read only where the terms of these lines charge any. */
async function lateFactsFor(
  tx: Tx,
  payments: readonly Payment[],
  lines: readonly ConsumerLine[],
  setups: ReadonlyMap<LocalDate, Awaited<ReturnType<typeof services>>>,
): Promise<LateFacts> {
  const charging = lines.filter((l) =>
    [...setups].some(([day, services]) => {
      const setup = services.get(l.service);
      return setup !== undefined && mayBeCharged([l], setup, day);
    }),
  );
  if (charging.length === 0) return noLateFacts();
  const latest = payments.map((p) => p.date).reduce((a, b) => (a > b ? a : b));
  return lateFacts(tx, charging, latest);
}

async function insertAppliedPayments(tx: Tx, payments: readonly Payment[]): Promise<void> {
  const rows = await tx.query<{ source_type: string; source_id: string }>(
    `insert into billing.applied_payments (ulb_id, source_type, source_id, consumer_id, bill_id, on_date, amount, made_at, made_by)
     select :ulb::integer, p.source_type, p.source_id, p.consumer_id, p.bill_id, p.on_date, p.amount, :now::timestamptz, :actor
     from unnest(:source_types::text[], :source_ids::text[], :consumers::uuid[], :bills::uuid[], :dates::date[], :amounts::bigint[])
       as p (source_type, source_id, consumer_id, bill_id, on_date, amount)
     on conflict (ulb_id, source_type, source_id) do nothing
     returning source_type, source_id`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      source_types: payments.map((p) => p.source.type),
      source_ids: payments.map((p) => p.source.id),
      consumers: payments.map((p) => p.consumerId),
      bills: payments.map((p) => p.billId ?? null),
      dates: payments.map((p) => p.date),
      amounts: payments.map((p) => p.amount),
    },
  );
  if (rows.length === payments.length) return;
  const made = new Set(rows.map((r) => `${r.source_type} ${r.source_id}`));
  const seen = new Set<string>();
  for (const p of payments) {
    const name = `${p.source.type} ${p.source.id}`;
    if (!made.has(name) || seen.has(name)) throw billingErrors.PAYMENT_APPLIED({ source: name });
    seen.add(name);
  }
}

type Taken = {
  readonly id: string;
  readonly demand_id: string;
  readonly tax_head: string;
  readonly kind: AllocationKind;
  readonly on_date: LocalDate;
  readonly amount: bigint;
  readonly cess: bigint;
};

/** What is left of allocations after what was taken back of them, newest first. */
export async function netAllocations(tx: Read, where: string, params: Record<string, unknown>): Promise<Taken[]> {
  return tx.query<Taken>(
    `select a.allocation_id as id, a.demand_id, a.tax_head, a.kind, a.on_date, (a.amount + coalesce(r.amount, 0))::bigint as amount,
       (a.cess + coalesce(r.cess, 0))::bigint as cess
     from billing.allocations a
     left join lateral (
       select sum(amount) as amount, sum(cess) as cess from billing.allocations r
       where r.ulb_id = a.ulb_id and r.reverses_allocation_id = a.allocation_id
     ) as r on true
     where a.ulb_id = :ulb and a.amount > 0 and a.amount + coalesce(r.amount, 0) > 0 and ${where}
     order by a.made_at desc, a.allocation_id desc`,
    { ...params, ulb: tx.ulb.id },
  );
}

/**
 * Takes a payment back (its cheque was dishonoured, the gateway charged back): its dues are open again, with rebates that leaned on it, and its
 * advance is gone, also the advance that it became when its demand was cancelled or remitted; if that advance was adjusted meanwhile, the
 * newest adjustments are undone as far as needed. What was settled stays on record. Gives the ledger lines, which net to a debit of the
 * payment's amount. Raises PAYMENT_NOT_APPLIED, PAYMENT_REVERSED, ADVANCE_GIVEN_BACK.
 */
export async function reversePayment(
  tx: Tx,
  source: Source,
  reversal: { readonly date: LocalDate; readonly newSource: Source },
): Promise<{ readonly consumerId: string; readonly amount: Paise; readonly ledgerLines: readonly Line[] }> {
  const name = `${source.type} ${source.id}`;
  const find = () =>
    tx.queryOne<{ consumer_id: string; amount: bigint; reversed: boolean }>(
      `select p.consumer_id, p.amount, r.source_id is not null as reversed
       from billing.applied_payments p
       left join billing.applied_payments r on r.ulb_id = p.ulb_id and r.reverses_type = p.source_type and r.reverses_id = p.source_id
       where p.ulb_id = :ulb and p.source_type = :source_type and p.source_id = :source_id and p.amount > 0`,
      { ulb: tx.ulb.id, source_type: source.type, source_id: source.id },
    );
  const first = await find();
  if (!first) throw billingErrors.PAYMENT_NOT_APPLIED({ source: name });
  const heirs = await mergedInto(tx, first.consumer_id);
  const locked = await lockConsumers(tx, [first.consumer_id, ...heirs]);
  const consumer = need(locked.get(first.consumer_id), first.consumer_id);
  const payment = await find(); // again, now that nobody else can take it back
  if (!payment || payment.reversed) throw billingErrors.PAYMENT_REVERSED({ source: name });

  const own = await netAllocations(tx, "a.source_type = :source_type and a.source_id = :source_id", {
    source_type: source.type,
    source_id: source.id,
  });
  const credited = await creditedBy(tx, source);
  const undone: { readonly taken: Taken; readonly part: Paise }[] = [];
  let missing = paise(sum(credited.map((c) => paise(c.amount))) - consumer.advance);
  if (missing > 0n) {
    for (const a of await netAllocations(tx, "a.kind = 'advance' and a.consumer_id = :consumer::uuid", {
      consumer: consumer.id,
    })) {
      if (missing <= 0n) break;
      const part = min(missing, paise(a.amount));
      undone.push({ taken: a, part });
      missing = subtract(missing, part);
    }
  }
  // The advance of a merged consumer went over: it comes back from whoever has it now.
  const handedBack: { readonly heir: LockedConsumer; readonly part: Paise }[] = [];
  for (const id of heirs) {
    const heir = need(locked.get(id), id);
    const part = min(missing, heir.advance);
    if (part <= 0n) continue;
    handedBack.push({ heir, part });
    missing = subtract(missing, part);
  }
  if (missing > 0n) {
    throw billingErrors.ADVANCE_GIVEN_BACK({
      source: name,
      amount: formatIndian(paise(payment.amount)),
      missing: formatIndian(missing),
    });
  }
  // A rebate was for the demand paid in full: without this payment it was not, whoever completed it.
  const rebates = await netAllocations(
    tx,
    "a.kind = 'rebate' and a.demand_id = any(:ids::uuid[]) and not a.allocation_id = any(:known::uuid[])",
    {
      ids: [...new Set([...own, ...undone.map((u) => u.taken)].map((a) => a.demand_id))],
      known: own.map((a) => a.id),
    },
  );
  const back = [...[...own, ...rebates].map((a) => ({ taken: a, part: paise(a.amount) })), ...undone];
  const restored = sum(back.filter((b) => b.taken.kind === "advance").map((b) => b.part));

  const lineByKey = new Map(
    (await linesOf(tx, [...new Set(back.map((b) => b.taken.demand_id))])).map((l) => [lineKey(l), l]),
  );
  const taken = back.map(({ taken: a, part }) => {
    const line = need(lineByKey.get(`${a.demand_id}/${a.tax_head}`), a.demand_id);
    return { id: a.id, line, kind: a.kind, ...takeBack({ amount: paise(a.amount), cess: paise(a.cess) }, part) };
  });
  await insertTakenBack(tx, source, reversal, consumer.id, payment.amount);
  await insertAllocations(
    tx,
    taken.map((t) => ({
      ...t,
      id: newId(),
      consumerId: consumer.id,
      source: reversal.newSource,
      date: reversal.date,
      reverses: t.id,
    })),
  );
  const advanceOf = (
    kind: "restored" | "taken-back" | "handed-over" | "taken-over",
    account: string,
    amount: Paise,
  ) => ({
    consumerId: consumer.id,
    kind,
    account,
    source: reversal.newSource,
    date: reversal.date,
    amount,
  });
  const advanceAccount = credited[0]?.account;
  const handOver = advanceAccount ? handedBack.map((h) => ({ ...h, account: advanceAccount })) : [];
  await insertAdvances(tx, [
    ...handOver.flatMap(({ heir, part, account }) => [
      { ...advanceOf("handed-over", account, negate(part)), consumerId: heir.id },
      advanceOf("taken-over", account, part),
    ]),
    ...(restored > 0n && advanceAccount ? [advanceOf("restored", advanceAccount, restored)] : []),
    ...credited.map((c) => advanceOf("taken-back", c.account, negate(paise(c.amount)))),
  ]);
  const mirrored = taken.map((t) => ({
    line: t.line,
    payer: consumer,
    kind: t.kind,
    amount: negate(t.amount),
    cess: negate(t.cess),
  }));
  const ledgerLines = merge([
    ...reversalLines(settlementLines(mirrored)),
    ...credited.map((c) => dr(c.account, paise(c.amount), ofConsumer(consumer))),
    ...handOver.flatMap(({ heir, part, account }) => [
      dr(account, part, ofConsumer(heir)),
      cr(account, part, ofConsumer(consumer)),
    ]),
  ]);
  return { consumerId: consumer.id, amount: negate(netCredit(ledgerLines)), ledgerLines };
}

const ofConsumer = (c: LockedConsumer): Dimensions => ({ ward: c.ward, party: { type: "consumer", id: c.code } });

/** The consumer that a merged one went into, and the one that that went into, and so on. */
async function mergedInto(read: Read, consumerId: string): Promise<string[]> {
  const rows = await read.query<{ id: string }>(
    `with recursive heirs as (
       select l.to_consumer_id as id, 1 as place
       from billing.consumer_lineage l
       where l.ulb_id = :ulb and l.from_consumer_id = :consumer::uuid and l.kind = 'merge'
       union all
       select l.to_consumer_id, h.place + 1
       from heirs h
       join billing.consumer_lineage l on l.ulb_id = :ulb and l.from_consumer_id = h.id and l.kind = 'merge'
       where h.place < 100
     )
     select id from heirs order by place`,
    { ulb: read.ulb.id, consumer: consumerId },
  );
  return rows.map((r) => r.id);
}

/**
 * The advance that came of a payment, by account: its excess, and what a change of a demand (a cancellation, a remission of what was paid) took
 * out of its allocations: that stands in the consumer's advance under the change.
 */
async function creditedBy(read: Read, source: Source): Promise<{ account: string; amount: bigint }[]> {
  return read.query(
    `select account, sum(amount)::bigint as amount
     from (
       select account, amount from billing.advances
       where ulb_id = :ulb and source_type = :source_type and source_id = :source_id
       union all
       select v.account, -r.amount
       from billing.allocations a
       join billing.allocations r on r.ulb_id = a.ulb_id and r.reverses_allocation_id = a.allocation_id
       join lateral (
         select account from billing.advances v
         where v.ulb_id = r.ulb_id and v.source_type = r.source_type and v.source_id = r.source_id and v.consumer_id = r.consumer_id
           and v.kind = 'restored'
         limit 1
       ) as v on true
       where a.ulb_id = :ulb and a.source_type = :source_type and a.source_id = :source_id and a.kind = 'payment'
     ) as credit
     group by account having sum(amount) > 0 order by account`,
    { ulb: read.ulb.id, source_type: source.type, source_id: source.id },
  );
}

async function insertTakenBack(
  tx: Tx,
  source: Source,
  reversal: { readonly date: LocalDate; readonly newSource: Source },
  consumerId: string,
  amount: bigint,
): Promise<void> {
  await tx.query(
    `insert into billing.applied_payments (ulb_id, source_type, source_id, consumer_id, on_date, amount, reverses_type, reverses_id, made_at, made_by)
     values (:ulb, :source_type, :source_id, :consumer, :on_date, :amount, :reverses_type, :reverses_id, :now, :actor)`,
    {
      ulb: tx.ulb.id,
      source_type: reversal.newSource.type,
      source_id: reversal.newSource.id,
      consumer: consumerId,
      on_date: reversal.date,
      amount: -amount,
      reverses_type: source.type,
      reverses_id: source.id,
      now: tx.clock(),
      actor: tx.actor.id,
    },
  );
}

/** What a payment settled, as it was recorded: for receipts and registers. */
export async function allocationsOf(read: Read, source: Source): Promise<Allocation[]> {
  const rows = await read.query<Omit<Allocation, "own">>(
    `select a.allocation_id as id, a.demand_id as "demandId", a.tax_head as "taxHead", t.cess_head as "cessHead", a.kind,
       d.demand_year as "demandYear", d.period_from as "periodFrom", d.period_to as "periodTo", a.amount, a.cess
     from billing.allocations a
     join billing.demand_details t on t.ulb_id = a.ulb_id and t.demand_id = a.demand_id and t.tax_head = a.tax_head
     join billing.demands d on d.ulb_id = a.ulb_id and d.demand_id = a.demand_id
     where a.ulb_id = :ulb and a.source_type = :source_type and a.source_id = :source_id
     order by a.made_at, a.allocation_id`,
    { ulb: read.ulb.id, source_type: source.type, source_id: source.id },
  );
  return rows.map((r) => ({ ...r, own: subtract(r.amount, r.cess) }));
}

/**
 * Gives a consumer's credit back: takes it out of the advance and gives the debit line; the caller posts it with its own credit (a refund
 * payable, a bank). Raises PAYMENT_AMOUNT if the credit is less.
 */
export async function refundAdvance(
  tx: Tx,
  refund: { readonly consumerId: string; readonly amount: Paise; readonly date: LocalDate; readonly source: Source },
): Promise<{ readonly ledgerLines: readonly Line[] }> {
  const consumer = need((await lockConsumers(tx, [refund.consumerId])).get(refund.consumerId), refund.consumerId);
  if (refund.amount <= 0n || refund.amount > consumer.advance)
    throw billingErrors.PAYMENT_AMOUNT({ amount: formatIndian(refund.amount) });
  const setup = (await services(tx, refund.date)).get(consumer.service);
  if (!setup) throw billingErrors.SERVICE_UNKNOWN({ service: consumer.service });
  await insertAdvances(tx, [
    {
      consumerId: consumer.id,
      kind: "refunded",
      account: setup.advanceAccount,
      source: refund.source,
      date: refund.date,
      amount: negate(refund.amount),
    },
  ]);
  return {
    ledgerLines: [
      dr(setup.advanceAccount, refund.amount, {
        fund: setup.fund,
        ward: consumer.ward,
        party: { type: "consumer", id: consumer.code },
      }),
    ],
  };
}
