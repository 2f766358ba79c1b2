import type { FinancialYear, LocalDate } from "../ledger/kernel/dates.ts";
import { groupBy } from "../ledger/kernel/group.ts";
import { add, paise, subtract, ZERO, type Paise } from "../ledger/kernel/money.ts";
import type { Read } from "../ledger/kernel/tx.ts";
import { demandedOf, lineKey, outstandingOf, type Basis, type DemandLine, type HeadKind } from "./due.ts";
import { lateTermsOf, type DemandTerms } from "./demand-terms.ts";
import { penaltyTo, type Settlement } from "./interest.ts";
import { REDUCING_KINDS } from "./settle.ts";
import { taxHeads, type ServiceSetup, type TaxHead } from "./tax-heads.ts";
import { newId } from "../ledger/kernel/ids.ts";

/** A demand line with its consumer. */
export type ConsumerLine = DemandLine & { readonly consumerId: string };

/** What is still to be paid under one head of one demand. `outstanding` holds `cessOutstanding`. */
export type OpenDue = ConsumerLine & {
  readonly outstanding: Paise;
  readonly cessOutstanding: Paise;
  readonly receivableAccount: string | null;
  readonly function: string;
};

export type LineRow = {
  demand_id: string;
  consumer_id: string;
  tax_head: string;
  kind: HeadKind;
  basis: Basis;
  service: string;
  demand_year: FinancialYear;
  period_from: LocalDate;
  period_to: LocalDate;
  due_date: LocalDate;
  rebate_until: LocalDate | null;
  priority: number;
  amount: bigint;
  cess: bigint;
  cess_head: string | null;
  settled: bigint;
  cess_settled: bigint;
  reduced: bigint;
  cess_reduced: bigint;
  ward: string;
  terms_id: string | null;
  terms: DemandTerms | null;
  receivable_account: string | null;
  income_account: string | null;
  advance_account: string;
  cess_control_account: string | null;
  cess_payable_account: string | null;
  rebate_account: string | null;
  provision_account: string | null;
  cess_provision_account: string | null;
  write_off_account: string | null;
  fund: string;
  function: string;
};

// The accounts of a line are those of the head's version under which it was demanded; the advance account is the service's newest.
// `amounts` is how an amount is given: as it is, or as text where the row becomes JSON.
export const linesSql = (amounts: (column: string) => string): string => `
  select d.demand_id, d.consumer_id, t.tax_head, h.kind, t.basis, h.service, d.demand_year, d.period_from, d.period_to, d.due_date, d.rebate_until,
    h.priority, ${amounts("t.amount")}, ${amounts("t.cess")}, t.cess_head, ${amounts("t.settled")}, ${amounts("t.cess_settled")},
    ${amounts("t.reduced")}, ${amounts("t.cess_reduced")}, t.ward, d.terms_id, m.terms, t.receivable_account, t.income_account,
    s.advance_account, s.fund, h.function, coalesce(c.cess_control_account, h.cess_control_account) as cess_control_account,
    coalesce(c.cess_payable_account, h.cess_payable_account) as cess_payable_account, h.rebate_account, h.provision_account,
    coalesce(c.cess_provision_account, h.cess_provision_account) as cess_provision_account, h.write_off_account
  from billing.demand_details t
  join billing.demands d on d.ulb_id = t.ulb_id and d.demand_id = t.demand_id
  join billing.tax_heads h on h.ulb_id = t.ulb_id and h.code = t.tax_head and h.valid_from = t.head_version
  left join billing.demand_terms m on m.ulb_id = d.ulb_id and m.terms_id = d.terms_id
  left join billing.tax_heads c on c.ulb_id = t.ulb_id and c.code = t.cess_head and c.valid_from = t.cess_version
  join lateral (
    select advance_account, fund from billing.service_terms s
    where s.ulb_id = t.ulb_id and s.service = h.service order by valid_from desc limit 1
  ) as s on true
  where t.ulb_id = :ulb`;

const asIs = (column: string): string => column;
const LINES = linesSql(asIs);

/** The line of a row of `linesSql`. */
export function lineOf(r: LineRow): ConsumerLine {
  return {
    demandId: r.demand_id,
    consumerId: r.consumer_id,
    taxHead: r.tax_head,
    kind: r.kind,
    basis: r.basis,
    service: r.service,
    demandYear: r.demand_year,
    periodFrom: r.period_from,
    periodTo: r.period_to,
    dueDate: r.due_date,
    rebateUntil: r.rebate_until,
    priority: r.priority,
    amount: paise(r.amount),
    cess: paise(r.cess),
    cessHead: r.cess_head,
    settled: paise(r.settled),
    cessSettled: paise(r.cess_settled),
    ...(r.reduced > 0n && { reduced: { amount: paise(r.reduced), cess: paise(r.cess_reduced) } }),
    ward: r.ward,
    ...(r.terms_id !== null && r.terms !== null && { terms: { ...r.terms, id: r.terms_id } }),
    accounts: {
      receivable: r.receivable_account,
      income: r.income_account,
      advance: r.advance_account,
      cessControl: r.cess_control_account,
      cessPayable: r.cess_payable_account,
      rebate: r.rebate_account,
      provision: r.provision_account,
      cessProvision: r.cess_provision_account,
      writeOff: r.write_off_account,
      fund: r.fund,
      function: r.function,
    },
  };
}

/** The open lines of these consumers. Inside a transaction lock the consumers first, or the answer may be old when you use it. */
export async function openLines(read: Read, consumerIds: readonly string[]): Promise<ConsumerLine[]> {
  const rows = await read.query<LineRow>(
    `${LINES} and t.consumer_id = any(:ids::uuid[]) and t.settled < t.amount
     order by d.demand_year, d.period_from, h.priority, d.demand_id`,
    { ulb: read.ulb.id, ids: consumerIds },
  );
  return rows.map(lineOf);
}

/** These lines of these demands, open or not. */
export async function linesOf(read: Read, demandIds: readonly string[]): Promise<ConsumerLine[]> {
  const rows = await read.query<LineRow>(
    `${LINES} and t.demand_id = any(:ids::uuid[]) order by d.demand_id, h.priority`,
    {
      ulb: read.ulb.id,
      ids: demandIds,
    },
  );
  return rows.map(lineOf);
}

/** Everything that was ever demanded of a consumer, oldest first: the demand register of one account. */
export async function demandRegister(read: Read, consumerId: string): Promise<OpenDue[]> {
  const rows = await read.query<LineRow>(
    `${LINES} and t.consumer_id = :consumer::uuid order by d.demand_year, d.period_from, h.priority, d.demand_id`,
    { ulb: read.ulb.id, consumer: consumerId },
  );
  return rows.map((r) => dueOf(lineOf(r)));
}

/** What the consumer owes now, as registered, oldest first. Penalty reckoned to a day comes with the bill. */
export async function openDues(read: Read, consumerId: string): Promise<OpenDue[]> {
  return (await openLines(read, [consumerId])).map(dueOf);
}

/** The same for many consumers at once. */
export async function openDuesOf(read: Read, consumerIds: readonly string[]): Promise<ReadonlyMap<string, OpenDue[]>> {
  return groupBy((await openLines(read, consumerIds)).map(dueOf), (d) => d.consumerId);
}

function dueOf(line: ConsumerLine): OpenDue {
  return {
    ...line,
    outstanding: outstandingOf(line),
    cessOutstanding: subtract(line.cess, line.cessSettled),
    receivableAccount: line.accounts.receivable,
    function: line.accounts.function,
  };
}

/** A penalty reckoned on a late line; it becomes a demand when a payment comes. */
export type ReckonedPenalty = ConsumerLine & { readonly lateDemandId: string; readonly lateTaxHead: string };

/** What a charge of lateness takes from its tax head. */
export type LateHead = Pick<
  TaxHead,
  "code" | "validFrom" | "isActive" | "kind" | "basis" | "priority" | "function" | "incomeAccount"
>;

/** What reduced the lines and what was charged on their lateness so far: the facts from which penalties are reckoned. */
export type LateFacts = {
  readonly history: Map<string, Settlement[]>;
  /** By line, then by the head under which it was charged. */
  readonly charged: Map<string, Map<string, Paise>>;
  readonly heads: ReadonlyMap<string, LateHead>;
};

export type TouchRow = {
  readonly demand_id: string;
  readonly tax_head: string;
  readonly on_date: LocalDate;
  readonly amount: bigint;
  readonly cess: bigint;
};
export type ChargedRow = {
  readonly demand_id: string;
  readonly tax_head: string;
  readonly penalty_head: string;
  readonly amount: bigint;
};

/**
 * What settled lines of the demands whose ids `ids` (SQL, an array) gives. An allocation that was taken back counts less what was taken back: the
 * clock runs as if that money had never come. What took off the demand itself is no settlement of a day: the penalty is reckoned on what
 * is demanded after it.
 */
export const historySql = (ids: string, amounts: (column: string) => string): string => `
  select a.demand_id, a.tax_head, a.on_date, ${amounts("(a.amount + coalesce(r.amount, 0))::bigint")} as amount,
    ${amounts("(a.cess + coalesce(r.cess, 0))::bigint")} as cess
  from billing.allocations a
  left join lateral (
    select sum(amount) as amount, sum(cess) as cess from billing.allocations r
    where r.ulb_id = a.ulb_id and r.reverses_allocation_id = a.allocation_id
  ) as r on true
  where a.ulb_id = :ulb and a.demand_id = any(${ids}) and a.amount > 0 and a.amount + coalesce(r.amount, 0) <> 0
    and a.kind not in (${REDUCING_KINDS.map((k) => `'${k}'`).join(", ")})`;

/**
 * What was charged on the lateness of demands. A penalty that was taken off is charged all the same, or it would come back; one that was charged
 * before arrears went over to another consumer went with them.
 */
export const chargedSql = (ids: string, amounts: (column: string) => string): string => `
  select demand_id, tax_head, penalty_head, ${amounts("sum(amount)::bigint")} as amount
  from (
    select d.late_demand_id as demand_id, d.late_tax_head as tax_head, t.tax_head as penalty_head, t.amount
    from billing.demands d
    join billing.demand_details t on t.ulb_id = d.ulb_id and t.demand_id = d.demand_id
    where d.ulb_id = :ulb and d.late_demand_id = any(${ids})
    union all
    select to_demand_id, tax_head, penalty_head, amount from billing.transferred_penalties
    where ulb_id = :ulb and to_demand_id = any(${ids})
    union all
    select from_demand_id, tax_head, penalty_head, -amount from billing.transferred_penalties
    where ulb_id = :ulb and from_demand_id = any(${ids})
  ) as p
  group by demand_id, tax_head, penalty_head`;

/** Reads the facts for those of `lines` that are late on `asOf`; where none bears a charge, nothing need be read (`mayBeCharged`). */
export async function lateFacts(read: Read, lines: readonly DemandLine[], asOf: LocalDate): Promise<LateFacts> {
  const heads = await taxHeads(read, asOf);
  const late = lines.filter((l) => l.dueDate < asOf);
  if (late.length === 0) return lateFactsOf([], [], heads);
  // What nothing has settled has no history.
  const touched = late.filter((l) => l.settled > 0n).map((l) => l.demandId);
  const ulb = read.ulb.id;
  const history =
    touched.length === 0 ? [] : await read.query<TouchRow>(historySql(":ids::uuid[]", asIs), { ulb, ids: touched });
  const charged = await read.query<ChargedRow>(chargedSql(":ids::uuid[]", asIs), {
    ulb,
    ids: late.map((l) => l.demandId),
  });
  return lateFactsOf(history, charged, heads);
}

/** The facts that rows of `historySql` and `chargedSql` tell. */
export function lateFactsOf(
  touched: readonly TouchRow[],
  penalties: readonly ChargedRow[],
  heads: ReadonlyMap<string, LateHead>,
): LateFacts {
  const history = new Map<string, Settlement[]>();
  for (const r of touched) {
    const key = `${r.demand_id}/${r.tax_head}`;
    const settlement = { date: r.on_date, amount: paise(r.amount), cess: paise(r.cess) };
    history.set(key, [...(history.get(key) ?? []), settlement]);
  }
  const charged: LateFacts["charged"] = new Map();
  for (const p of penalties) addCharged(charged, `${p.demand_id}/${p.tax_head}`, p.penalty_head, paise(p.amount));
  return { history, charged, heads };
}

/** Notes that so much more was charged on a line under a head. */
export function addCharged(charged: LateFacts["charged"], line: string, head: string, amount: Paise): void {
  const byHead = charged.get(line) ?? new Map<string, Paise>();
  byHead.set(head, add(byHead.get(head) ?? ZERO, amount));
  charged.set(line, byHead);
}

/** Whether lateness of any of these lines is charged at all on that day. */
export function mayBeCharged(lines: readonly DemandLine[], service: ServiceSetup, asOf: LocalDate): boolean {
  return lines.some((l) => l.dueDate < asOf && lateTermsOf(l, service.terms).length > 0);
}

export const noLateFacts = (): LateFacts => ({ history: new Map(), charged: new Map(), heads: new Map() });

/**
 * What lateness costs to `asOf` on open lines, penalty and interest each under its head, less what was charged before, as lines that can be
 * billed and paid.
 */
export function reckonPenalties(
  lines: readonly ConsumerLine[],
  facts: LateFacts,
  service: ServiceSetup,
  asOf: LocalDate,
): ReckonedPenalty[] {
  return lines.flatMap((line): ReckonedPenalty[] => {
    if (line.dueDate >= asOf || outstandingOf(line) === ZERO) return [];
    const key = lineKey(line);
    const demanded = { ...demandedOf(line), dueDate: line.dueDate };
    const reckoned = new Map<string, Paise>();
    for (const terms of lateTermsOf(line, service.terms)) {
      const amount = penaltyTo(terms, demanded, facts.history.get(key) ?? [], asOf);
      reckoned.set(terms.taxHead, add(reckoned.get(terms.taxHead) ?? ZERO, amount));
    }
    return [...reckoned].flatMap(([code, all]): ReckonedPenalty[] => {
      const head = facts.heads.get(code);
      const amount = subtract(all, facts.charged.get(key)?.get(code) ?? ZERO);
      return head && amount > 0n ? [lateLine(line, head, amount, asOf)] : [];
    });
  });
}

/** What is charged on a late line, as a line of its own demand. */
function lateLine(line: ConsumerLine, head: LateHead, amount: Paise, asOf: LocalDate): ReckonedPenalty {
  return {
    demandId: newId(),
    consumerId: line.consumerId,
    taxHead: head.code,
    kind: head.kind,
    basis: head.basis,
    service: line.service,
    demandYear: line.demandYear,
    periodFrom: line.periodFrom,
    periodTo: line.periodTo,
    dueDate: asOf,
    rebateUntil: null,
    priority: head.priority,
    amount,
    cess: ZERO,
    cessHead: null,
    settled: ZERO,
    cessSettled: ZERO,
    ward: line.ward,
    accounts: {
      ...line.accounts,
      receivable: null,
      income: head.incomeAccount,
      cessControl: null,
      cessPayable: null,
      rebate: null,
      function: head.function,
    },
    lateDemandId: line.demandId,
    lateTaxHead: line.taxHead,
  };
}
