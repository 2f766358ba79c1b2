import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { isUuid, newId } from "../ledger/kernel/ids.ts";
import type { Paise } from "../ledger/kernel/money.ts";
import type { Tx } from "../ledger/kernel/tx.ts";
import type { Service } from "./due.ts";
import type { ConsumerLine, LateHead, ReckonedPenalty } from "./dues.ts";
import type { KeptTerms } from "./demand-terms.ts";
import { billingErrors } from "./errors.ts";

/* The writing part of the demand register: locks and set-based inserts. What to write is decided elsewhere, by pure functions. */

export type LockedConsumer = {
  readonly id: string;
  readonly code: string;
  readonly service: Service;
  readonly ward: string;
  readonly advance: Paise;
};

/**
 * Locks consumers, in the order of their ids so that two transactions never wait for each other. Everything that settles or raises dues does
 * this first, so that what it then reads stays true until commit. Raises CONSUMER_NOT_FOUND.
 */
export async function lockConsumers(tx: Tx, ids: Iterable<string>): Promise<ReadonlyMap<string, LockedConsumer>> {
  const wanted = [...new Set(ids)].sort();
  const malformed = wanted.find((id) => !isUuid(id));
  if (malformed !== undefined) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: malformed.slice(0, 60) });
  const rows = await tx.query<LockedConsumer>(
    `select consumer_id as id, code, service, ward, advance from billing.consumers
     where ulb_id = :ulb and consumer_id = any(:ids::uuid[])
     order by consumer_id for no key update`,
    { ulb: tx.ulb.id, ids: wanted },
  );
  const found = new Map(rows.map((r) => [r.id, r]));
  const missing = wanted.find((id) => !found.has(id));
  if (missing !== undefined) throw billingErrors.CONSUMER_NOT_FOUND({ consumer: missing });
  return found;
}

export type RaisedLine = ConsumerLine & { readonly headVersion: LocalDate; readonly cessVersion: LocalDate | null };
export type Raised = {
  readonly demandId: string;
  readonly consumerId: string;
  readonly draft: { readonly periodFrom: LocalDate; readonly periodTo: LocalDate; readonly dueDate: LocalDate };
  readonly demandYear: FinancialYear;
  readonly rebateUntil: LocalDate | null;
  readonly terms?: KeptTerms | undefined;
  readonly late: { readonly demandId: string; readonly taxHead: string } | null;
  readonly lines: readonly RaisedLine[];
};
type Source = { readonly type: string; readonly id: string };

/** Set-based: as many demands as a batch has. */
export async function insertDemands(
  tx: Tx,
  raised: readonly Raised[],
  fact: {
    readonly kind: "regular" | "opening" | "supplementary" | "charge" | "penalty" | "transferred";
    readonly date: LocalDate;
    readonly source: Source;
  },
): Promise<void> {
  await tx.query(
    `insert into billing.demands (ulb_id, demand_id, consumer_id, kind, period_from, period_to, demand_year, due_date, rebate_until, raised_on,
       source_type, source_id, late_demand_id, late_tax_head, terms_id, created_at, revision)
     select :ulb::integer, d.id, d.consumer_id, :kind, d.period_from, d.period_to, d.demand_year, d.due_date, d.rebate_until, :on_date::date,
       :source_type, :source_id, d.late_demand_id, d.late_tax_head, d.terms_id, :now::timestamptz,
       -- A period whose demand was cancelled is demanded again under the next number; see demand_follows_a_cancelled_one.
       case when :kind in ('regular', 'opening') then coalesce((
         select max(c.revision) + 1 from billing.cancelled_demands c
         where c.ulb_id = :ulb and c.consumer_id = d.consumer_id and c.period_from = d.period_from and c.period_to = d.period_to
       ), 0) else 0 end
     from unnest(:ids::uuid[], :consumers::uuid[], :froms::date[], :tos::date[], :years::text[], :dues::date[], :rebates::date[],
       :late_ids::uuid[], :late_heads::text[], :terms::uuid[])
       as d (id, consumer_id, period_from, period_to, demand_year, due_date, rebate_until, late_demand_id, late_tax_head, terms_id)`,
    {
      ulb: tx.ulb.id,
      kind: fact.kind,
      on_date: fact.date,
      source_type: fact.source.type,
      source_id: fact.source.id,
      now: tx.clock(),
      ids: raised.map((r) => r.demandId),
      consumers: raised.map((r) => r.consumerId),
      froms: raised.map((r) => r.draft.periodFrom),
      tos: raised.map((r) => r.draft.periodTo),
      years: raised.map((r) => r.demandYear),
      dues: raised.map((r) => r.draft.dueDate),
      rebates: raised.map((r) => r.rebateUntil),
      late_ids: raised.map((r) => r.late?.demandId ?? null),
      late_heads: raised.map((r) => r.late?.taxHead ?? null),
      terms: raised.map((r) => r.terms?.id ?? null),
    },
  );
  const lines = raised.flatMap((r) => r.lines);
  await tx.query(
    `insert into billing.demand_details (ulb_id, demand_id, tax_head, head_version, consumer_id, basis, amount, cess_head, cess_version, cess,
       receivable_account, income_account, ward)
     select :ulb::integer, l.demand_id, l.tax_head, l.head_version, l.consumer_id, l.basis, l.amount, l.cess_head, l.cess_version, l.cess,
       l.receivable_account, l.income_account, l.ward
     from unnest(:demands::uuid[], :heads::text[], :versions::date[], :consumers::uuid[], :bases::text[], :amounts::bigint[], :cess_heads::text[],
       :cess_versions::date[], :cesses::bigint[], :receivables::text[], :incomes::text[], :wards::text[])
       as l (demand_id, tax_head, head_version, consumer_id, basis, amount, cess_head, cess_version, cess, receivable_account, income_account, ward)`,
    {
      ulb: tx.ulb.id,
      demands: lines.map((l) => l.demandId),
      heads: lines.map((l) => l.taxHead),
      versions: lines.map((l) => l.headVersion),
      consumers: lines.map((l) => l.consumerId),
      bases: lines.map((l) => l.basis),
      amounts: lines.map((l) => l.amount),
      cess_heads: lines.map((l) => l.cessHead),
      cess_versions: lines.map((l) => l.cessVersion),
      cesses: lines.map((l) => l.cess),
      receivables: lines.map((l) => l.accounts.receivable),
      incomes: lines.map((l) => l.accounts.income),
      wards: lines.map((l) => l.ward),
    },
  );
}

/** Penalties that a payment found reckoned to its date become demands on receipt basis; they post nothing until paid. */
export async function insertPenalties(
  tx: Tx,
  penalties: readonly ReckonedPenalty[],
  heads: ReadonlyMap<string, LateHead>,
  fact: { readonly date: LocalDate; readonly source: Source },
): Promise<void> {
  if (penalties.length === 0) return;
  const raised = penalties.map((p): Raised => ({
    demandId: p.demandId,
    consumerId: p.consumerId,
    draft: p,
    demandYear: p.demandYear,
    rebateUntil: null,
    late: { demandId: p.lateDemandId, taxHead: p.lateTaxHead },
    lines: [{ ...p, headVersion: need(heads.get(p.taxHead), p.taxHead).validFrom, cessVersion: null }],
  }));
  await insertDemands(tx, raised, { kind: "penalty", ...fact });
}

export type AllocationRow = {
  readonly id?: string;
  readonly consumerId: string;
  readonly line: { readonly demandId: string; readonly taxHead: string };
  readonly kind: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly date: LocalDate;
  readonly amount: Paise;
  readonly cess: Paise;
  readonly reverses: string | null;
};

/** Set-based; the database settles the details from these rows and refuses what is beyond them. Gives the ids. */
export async function insertAllocations(tx: Tx, rows: readonly AllocationRow[]): Promise<string[]> {
  const ids = rows.map((r) => r.id ?? newId());
  if (rows.length === 0) return ids;
  await tx.query(
    `insert into billing.allocations (ulb_id, allocation_id, consumer_id, demand_id, tax_head, kind, source_type, source_id, on_date, amount, cess,
       reverses_allocation_id, made_at, made_by)
     select :ulb::integer, a.id, a.consumer_id, a.demand_id, a.tax_head, a.kind, a.source_type, a.source_id, a.on_date, a.amount, a.cess,
       a.reverses, :now::timestamptz, :actor
     from unnest(:ids::uuid[], :consumers::uuid[], :demands::uuid[], :heads::text[], :kinds::text[], :source_types::text[], :source_ids::text[],
       :dates::date[], :amounts::bigint[], :cesses::bigint[], :reverses::uuid[])
       as a (id, consumer_id, demand_id, tax_head, kind, source_type, source_id, on_date, amount, cess, reverses)`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      ids,
      consumers: rows.map((r) => r.consumerId),
      demands: rows.map((r) => r.line.demandId),
      heads: rows.map((r) => r.line.taxHead),
      kinds: rows.map((r) => r.kind),
      source_types: rows.map((r) => r.source.type),
      source_ids: rows.map((r) => r.source.id),
      dates: rows.map((r) => r.date),
      amounts: rows.map((r) => r.amount),
      cesses: rows.map((r) => r.cess),
      reverses: rows.map((r) => r.reverses),
    },
  );
  return ids;
}

export type AdvanceRow = {
  readonly consumerId: string;
  readonly kind: "received" | "adjusted" | "refunded" | "taken-back" | "restored" | "handed-over" | "taken-over";
  readonly account: string;
  readonly source: { readonly type: string; readonly id: string };
  readonly date: LocalDate;
  readonly amount: Paise;
};

/** Set-based; the database keeps the balance of each consumer from these rows and refuses one below nothing. */
export async function insertAdvances(tx: Tx, rows: readonly AdvanceRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into billing.advances (ulb_id, advance_id, consumer_id, kind, account, source_type, source_id, on_date, amount, made_at, made_by)
     select :ulb::integer, a.id, a.consumer_id, a.kind, a.account, a.source_type, a.source_id, a.on_date, a.amount, :now::timestamptz, :actor
     from unnest(:ids::uuid[], :consumers::uuid[], :kinds::text[], :accounts::text[], :source_types::text[], :source_ids::text[], :dates::date[],
       :amounts::bigint[]) as a (id, consumer_id, kind, account, source_type, source_id, on_date, amount)`,
    {
      ulb: tx.ulb.id,
      now: tx.clock(),
      actor: tx.actor.id,
      ids: rows.map(() => newId()),
      consumers: rows.map((r) => r.consumerId),
      kinds: rows.map((r) => r.kind),
      accounts: rows.map((r) => r.account),
      source_types: rows.map((r) => r.source.type),
      source_ids: rows.map((r) => r.source.id),
      dates: rows.map((r) => r.date),
      amounts: rows.map((r) => r.amount),
    },
  );
}

/** What must be known by now; its absence is a defect of this program. */
export function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`invariant broken: ${what} is known`);
  return value;
}
